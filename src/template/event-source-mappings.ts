/** Event source mappings, from whichever format: CloudFormation's properties, those of SAM events, those of serverless.yml. */
import type { EventSourceMappingDefinition } from '../contracts/functions.ts';
import type { FileDiagnostics } from './diagnostics.ts';
import { list, record } from './function-properties.ts';
import type { Properties } from './function-properties.ts';
import { isSymbolic, textOf } from './intrinsics.ts';
import { rangeAt } from './nodes.ts';
import type { TemplateNode, TextRange } from './nodes.ts';
import { defined } from './resolved-properties.ts';

/** SAM events that become mappings, with the property that names their source. */
export const polledEvents: Readonly<Record<string, string>> = { SQS: 'Queue', Kinesis: 'Stream', DynamoDB: 'Stream' };

/** SAM events that poll what is not here yet. */
export const laterEvents: Readonly<Record<string, string>> = { MSK: 'Amazon MSK', SelfManagedKafka: 'self-managed Apache Kafka', MQ: 'Amazon MQ', DocumentDB: 'Amazon DocumentDB' };

/** CloudFormation's names of what SAM calls otherwise. */
export const samNames: Readonly<Record<string, string>> = { Queue: 'EventSourceArn', Stream: 'EventSourceArn' };

/** CloudFormation's names of what the Serverless Framework calls otherwise. */
export const serverlessNames: Readonly<Record<string, string>> = {
  arn: 'EventSourceArn', batchSize: 'BatchSize', startingPosition: 'StartingPosition', startingPositionTimestamp: 'StartingPositionTimestamp', enabled: 'Enabled',
  maximumBatchingWindow: 'MaximumBatchingWindowInSeconds', batchWindow: 'MaximumBatchingWindowInSeconds', maximumRetryAttempts: 'MaximumRetryAttempts',
  bisectBatchOnFunctionError: 'BisectBatchOnFunctionError', maximumRecordAgeInSeconds: 'MaximumRecordAgeInSeconds', parallelizationFactor: 'ParallelizationFactor',
  tumblingWindowInSeconds: 'TumblingWindowInSeconds', functionResponseType: 'FunctionResponseTypes', filterPatterns: 'FilterCriteria.Filters',
  maximumConcurrency: 'ScalingConfig.MaximumConcurrency', destinations: 'DestinationConfig.OnFailure.Destination',
};

export interface WrittenMapping {
  /** Its properties as written; absent when a reader made the mapping. */
  node?: TemplateNode | undefined;
  /** Of the mapping itself. */
  range: TextRange;
  /** CloudFormation's names of properties that the format calls otherwise. */
  names?: Readonly<Record<string, string>>;
  diagnostics: FileDiagnostics;
}

/**
 * A mapping as it is to be used: it knows where it stands, and its source and destination are looked for. What is known to a
 * deployment only is said and left out; undefined when that is the source.
 */
export function locatedMapping(definition: EventSourceMappingDefinition, { node, range, names = {}, diagnostics }: WrittenMapping): EventSourceMappingDefinition | undefined {
  const ranges = new Map<string, TextRange>([['', range]]);
  gatherRanges(node, '', range, names, ranges);
  const placeOf = (path: string) => ranges.get(path) ?? range;
  const properties: Record<string, unknown> = { ...definition.properties };
  const unknown = (path: string, text: string, consequence: string) =>
    diagnostics.add('information', `${path.split('.').at(-1)} ${text} is known to a deployment only, so ${consequence}.`, placeOf(path));
  const source = textOf(properties['EventSourceArn']);
  if (source !== undefined && isSymbolic(source)) {
    unknown('EventSourceArn', source, 'this event source mapping is left out here');
    return undefined;
  }
  for (const [name, value] of Object.entries(properties)) {
    const text = textOf(value);
    if (text === undefined || name === 'FunctionName' || !isSymbolic(text)) continue;
    unknown(name, text, 'its default holds here');
    delete properties[name];
  }
  const destination = textOf(record(record(properties['DestinationConfig'])['OnFailure'])['Destination']);
  const destinationPath = 'DestinationConfig.OnFailure.Destination';
  if (destination !== undefined && isSymbolic(destination)) {
    unknown(destinationPath, destination, 'there is no destination here');
    delete properties['DestinationConfig'];
  } else if (destination?.startsWith('arn:')) diagnostics.refer(destination, 'The on-failure destination', placeOf(destinationPath));
  if (source?.startsWith('arn:')) diagnostics.refer(source.replace(/\/consumer\/.*$/, ''), 'The source of this event source mapping', placeOf('EventSourceArn'));
  const places = Object.fromEntries([...ranges].map(([path, each]) => [path, diagnostics.span(each)]));
  return { ...definition, properties, places };
}

/** Where each property stands: its value when that is written on one place, else its key. */
function gatherRanges(node: TemplateNode | undefined, above: string, range: TextRange, names: Readonly<Record<string, string>>, into: Map<string, TextRange>): void {
  const path = (key: string) => (above === '' ? names[key] ?? key : `${above}.${key}`);
  if (node?.kind === 'map') {
    for (const [key, entry] of node.entries) {
      const own = rangeAt(node, [key], range);
      into.set(path(key), own);
      gatherRanges(entry.value, path(key), own, {}, into);
    }
  } else if (node?.kind === 'list') {
    for (const [index, item] of node.items.entries()) {
      const [first] = item.kind === 'map' ? item.entries.values() : [];
      const own = item.kind === 'scalar' ? item.range : first?.keyRange ?? item.range;
      into.set(path(String(index)), own);
      gatherRanges(item, path(String(index)), own, {}, into);
    }
  }
}

/** What SAM makes of an event of one of these types. */
export function samMapping(logicalId: string, functionArn: string, type: string, properties: Properties): EventSourceMappingDefinition {
  const { Queue, Stream, DestinationConfig, ...rest } = properties;
  const destination = textOf(record(record(DestinationConfig)['OnFailure'])['Destination']);
  return {
    logicalId,
    properties: defined({
      ...rest, FunctionName: functionArn, EventSourceArn: type === 'SQS' ? Queue : Stream,
      DestinationConfig: destination === undefined ? undefined : { OnFailure: { Destination: destination } },
    }),
  };
}

/** What the Serverless Framework gives a stream that says nothing. */
const streamDefaults = { BatchSize: 10, StartingPosition: 'TRIM_HORIZON' } as const;

/** What the Serverless Framework makes of `sqs` and `stream`. @param value ARN, or the event's properties. */
export function serverlessMapping(key: string, kind: 'sqs' | 'stream', functionArn: string, value: unknown): EventSourceMappingDefinition {
  const own = typeof value === 'string' ? {} : record(value);
  const arn = typeof value === 'string' ? value : textOf(own['arn']);
  const onFailure = record(own['destinations'])['onFailure'];
  const destination = textOf(onFailure) ?? textOf(record(onFailure)['arn']);
  const patterns = list(own['filterPatterns']).map((pattern) => ({ Pattern: typeof pattern === 'string' ? pattern : JSON.stringify(pattern) }));
  return {
    logicalId: `${key}EventSourceMapping${kind === 'sqs' ? 'SQS' : ''}${(arn ?? '').replace(/^.*[:/]/, '').replace(/[^0-9A-Za-z]/g, '')}`,
    properties: defined({
      ...(kind === 'stream' ? streamDefaults : {}),
      ...defined({
        BatchSize: own['batchSize'], StartingPosition: own['startingPosition'], StartingPositionTimestamp: own['startingPositionTimestamp'],
        Enabled: own['enabled'], MaximumBatchingWindowInSeconds: kind === 'sqs' ? own['maximumBatchingWindow'] : own['batchWindow'],
        MaximumRetryAttempts: own['maximumRetryAttempts'], BisectBatchOnFunctionError: own['bisectBatchOnFunctionError'],
        MaximumRecordAgeInSeconds: own['maximumRecordAgeInSeconds'], ParallelizationFactor: own['parallelizationFactor'],
        TumblingWindowInSeconds: own['tumblingWindowInSeconds'],
      }),
      FunctionName: functionArn, EventSourceArn: arn,
      FunctionResponseTypes: own['functionResponseType'] === undefined ? undefined : [own['functionResponseType']],
      FilterCriteria: patterns.length === 0 ? undefined : { Filters: patterns },
      ScalingConfig: own['maximumConcurrency'] === undefined ? undefined : { MaximumConcurrency: own['maximumConcurrency'] },
      DestinationConfig: destination === undefined ? undefined : { OnFailure: { Destination: destination } },
    }),
  };
}
