/** `EventInvokeConfig` of a SAM function, with the queues and topics that SAM makes for destinations without an ARN. */
import type { EventInvokeConfigDefinition } from '../contracts/functions.ts';
import type { FileDiagnostics } from './diagnostics.ts';
import type { EmbeddedResources } from './embedded-resources.ts';
import { readEventInvokeConfig } from './event-invoke-config.ts';
import type { EventInvokeConfigPart } from './event-invoke-config.ts';
import { record } from './function-properties.ts';
import { textOf } from './intrinsics.ts';
import { rangeAt } from './nodes.ts';
import type { TemplateNode, TextRange } from './nodes.ts';
import { destinationLogicalId } from './sam-references.ts';

export interface SamDestinationContext {
  functionLogicalId: string;
  functionArn: string;
  /** Alias that SAM publishes: it has the config then, not `$LATEST`. */
  alias: string | undefined;
  /** The function's properties with Globals below them. */
  node: TemplateNode | undefined;
  /** Of the function, for what stands nowhere else. */
  range: TextRange;
  diagnostics: FileDiagnostics;
  resources: EmbeddedResources;
}

const destinationTypes = ['SQS', 'SNS', 'EventBridge', 'Lambda', 'S3Bucket'];

/** `value` is the resolved `EventInvokeConfig`. */
export function readSamEventInvokeConfig(value: unknown, context: SamDestinationContext): EventInvokeConfigDefinition | undefined {
  if (value === undefined || value === null) return undefined;
  const config = record(value);
  const destinations = record(config['DestinationConfig']);
  const place = (part: EventInvokeConfigPart, ...below: readonly string[]) => {
    const path = part === 'OnSuccess' || part === 'OnFailure' ? ['DestinationConfig', part, ...below] : [part];
    return rangeAt(context.node, ['EventInvokeConfig', ...path], context.range);
  };
  const destination = (part: 'OnSuccess' | 'OnFailure') => {
    if (destinations[part] === undefined || destinations[part] === null) return undefined;
    const { Type, Destination } = record(destinations[part]);
    const type = textOf(Type) ?? '';
    if (type !== '' && !destinationTypes.includes(type)) {
      context.diagnostics.add('error', `Type of a destination must be one of ${destinationTypes.join(', ')}, not ${type}.`, place(part, 'Type'));
    }
    if (Destination !== undefined) return Destination;
    if (type === 'SQS' || type === 'SNS') return madeDestination(part, type, place(part), context);
    context.diagnostics.add('error', 'A destination must have a Destination unless its Type is SQS or SNS, so it is left out.', place(part));
    return undefined;
  };
  return readEventInvokeConfig({
    qualifier: context.alias ?? '$LATEST',
    functionArn: context.functionArn,
    values: {
      MaximumRetryAttempts: config['MaximumRetryAttempts'],
      MaximumEventAgeInSeconds: config['MaximumEventAgeInSeconds'],
      OnSuccess: destination('OnSuccess'),
      OnFailure: destination('OnFailure'),
    },
    place: (part) => place(part, 'Destination'),
  }, context.diagnostics);
}

function madeDestination(part: 'OnSuccess' | 'OnFailure', type: 'SQS' | 'SNS', range: TextRange, { functionLogicalId, resources }: SamDestinationContext): string | undefined {
  const logicalId = destinationLogicalId(functionLogicalId, part, type);
  return resources.add({ logicalId, type: type === 'SQS' ? 'AWS::SQS::Queue' : 'AWS::SNS::Topic', properties: {}, range })?.arn;
}
