/** Settings of asynchronous invocation, from whichever format: MaximumRetryAttempts, MaximumEventAgeInSeconds, destinations. */
import type { EventInvokeConfigDefinition } from '../contracts/functions.ts';
import { deliveryTarget } from './delivery-targets.ts';
import type { FileDiagnostics } from './diagnostics.ts';
import { textOf } from './intrinsics.ts';
import type { TextRange } from './nodes.ts';

export interface EventInvokeConfigSource {
  qualifier: string;
  /** Of the function, unqualified. */
  functionArn: string;
  /** Resolved values as they stand; undefined for what is not set. */
  values: Readonly<Record<EventInvokeConfigPart, unknown>>;
  place(part: EventInvokeConfigPart): TextRange;
}

export type EventInvokeConfigPart = 'MaximumRetryAttempts' | 'MaximumEventAgeInSeconds' | 'OnSuccess' | 'OnFailure';

/** lambda-facts §2.1. */
const limits = {
  MaximumRetryAttempts: { least: 0, most: 2, unit: '' },
  MaximumEventAgeInSeconds: { least: 60, most: 21_600, unit: ' seconds' },
} as const;

/** Undefined when nothing (usable) is set: AWS wants at least one setting. */
export function readEventInvokeConfig(source: EventInvokeConfigSource, diagnostics: FileDiagnostics): EventInvokeConfigDefinition | undefined {
  const { values, functionArn, qualifier } = source;
  const maximumRetryAttempts = limited('MaximumRetryAttempts', source, diagnostics);
  const maximumEventAgeInSeconds = limited('MaximumEventAgeInSeconds', source, diagnostics);
  const target = (part: 'OnSuccess' | 'OnFailure') => deliveryTarget({
    what: part === 'OnSuccess' ? 'The on-success destination' : 'The on-failure destination',
    value: values[part],
    // Buckets take failures only (lambda-facts §2.2).
    services: part === 'OnSuccess' ? ['sqs', 'sns', 'lambda', 'events'] : ['sqs', 'sns', 'lambda', 'events', 's3'],
    functionArn,
    range: source.place(part),
  }, diagnostics);
  const onSuccess = target('OnSuccess');
  const onFailure = target('OnFailure');
  if ([maximumRetryAttempts, maximumEventAgeInSeconds, onSuccess, onFailure].every((each) => each === undefined)) return undefined;
  return {
    qualifier,
    ...(maximumRetryAttempts === undefined ? {} : { maximumRetryAttempts }),
    ...(maximumEventAgeInSeconds === undefined ? {} : { maximumEventAgeInSeconds }),
    ...(onSuccess === undefined ? {} : { onSuccess }),
    ...(onFailure === undefined ? {} : { onFailure }),
  };
}

function limited(part: keyof typeof limits, { values, place }: EventInvokeConfigSource, diagnostics: FileDiagnostics): number | undefined {
  const value = values[part];
  if (value === undefined || value === null) return undefined;
  const { least, most, unit } = limits[part];
  const number = Number(textOf(value) || Number.NaN);
  if (Number.isInteger(number) && number >= least && number <= most) return number;
  diagnostics.add('error', `${part} must be a whole number from ${least} to ${most}${unit}, not ${textOf(value) ?? 'a map or list'}, so it is left out.`, place(part));
  return undefined;
}

/** Adds a config unless its qualifier has one: CloudFormation refuses the second. */
export function addEventInvokeConfig(
  configs: EventInvokeConfigDefinition[],
  config: EventInvokeConfigDefinition | undefined,
  range: TextRange,
  diagnostics: FileDiagnostics,
): void {
  if (config === undefined) return;
  if (configs.some(({ qualifier }) => qualifier === config.qualifier)) {
    diagnostics.add('error', `${config.qualifier} of this function has an EventInvokeConfig already, so this one is left out: AWS allows one for each version or alias.`, range);
  } else configs.push(config);
}
