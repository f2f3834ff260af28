/** `destinations`, `maximumRetryAttempts`, `maximumEventAge`, `onError` and `deadLetter` of a function in serverless.yml. */
import type { EventInvokeConfigDefinition } from '../contracts/functions.ts';
import { deadLetterTarget } from './delivery-targets.ts';
import { readEventInvokeConfig } from './event-invoke-config.ts';
import { record } from './function-properties.ts';
import { textOf } from './intrinsics.ts';
import { member, rangeAt, scalarText } from './nodes.ts';
import type { MapEntry } from './nodes.ts';
import { functionArnOf } from './physical-ids.ts';
import { deadLetterLogicalId } from './serverless-events.ts';
import type { OpenServerless } from './serverless.ts';

const partPaths = {
  MaximumRetryAttempts: ['maximumRetryAttempts'],
  MaximumEventAgeInSeconds: ['maximumEventAge'],
  OnSuccess: ['destinations', 'onSuccess'],
  OnFailure: ['destinations', 'onFailure'],
} as const;

export function serverlessEventInvokeConfig(open: OpenServerless, entry: MapEntry, functionArn: string): EventInvokeConfigDefinition | undefined {
  const { resolver, diagnostics } = open;
  const own = (key: string) => resolver.value(member(entry.value, key));
  const destinations = record(own('destinations'));
  return readEventInvokeConfig({
    qualifier: '$LATEST',
    functionArn,
    values: {
      MaximumRetryAttempts: own('maximumRetryAttempts'),
      MaximumEventAgeInSeconds: own('maximumEventAge'),
      OnSuccess: destinationArn(open, destinations['onSuccess']),
      OnFailure: destinationArn(open, destinations['onFailure']),
    },
    place: (part) => rangeAt(entry.value, partPaths[part], entry.keyRange),
  }, diagnostics);
}

/** An ARN, an object with one, or the name of a function: its key in this file, else as it is deployed. */
function destinationArn({ functions, stack }: OpenServerless, value: unknown): unknown {
  const written = textOf(value);
  if (written === undefined) return value === undefined ? undefined : (record(value)['arn'] ?? value);
  if (!/^[\w-]{1,64}$/.test(written)) return written;
  return functionArnOf(stack, functions.find(({ entry }) => entry.key === written)?.name ?? written);
}

/** `onError` of the framework; `deadLetter` of the plugins of that name, which make a queue or topic where it names none. */
export function serverlessDeadLetterTarget(open: OpenServerless, entry: MapEntry, functionArn: string): string | undefined {
  const { resolver, table, diagnostics } = open;
  const deadLetter = member(entry.value, 'deadLetter');
  const range = rangeAt(entry.value, [deadLetter === undefined ? 'onError' : 'deadLetter'], entry.keyRange);
  const named = scalarText(member(member(deadLetter, 'targetArn'), 'GetResourceArn'));
  const value = () => {
    if (deadLetter === undefined) return resolver.value(member(entry.value, 'onError'));
    if (member(deadLetter, 'sqs') !== undefined) return table.attribute(deadLetterLogicalId(entry.key, 'Queue'), 'Arn', range);
    if (member(deadLetter, 'sns') !== undefined) return table.ref(deadLetterLogicalId(entry.key, 'Topic'), range);
    if (named === undefined) return resolver.value(member(deadLetter, 'targetArn'));
    return table.resources.get(named)?.type === 'AWS::SNS::Topic' ? table.ref(named, range) : table.attribute(named, 'Arn', range);
  };
  return deadLetterTarget(value(), functionArn, range, diagnostics);
}
