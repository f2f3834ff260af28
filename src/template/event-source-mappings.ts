/** Event source mappings, from whichever format: CloudFormation's properties, those of SAM events, those of serverless.yml. */
import type { EventSourceMappingDefinition } from '../contracts/functions.ts';
import { list, record } from './function-properties.ts';
import type { Properties } from './function-properties.ts';
import { textOf } from './intrinsics.ts';
import { defined } from './resolved-properties.ts';

/** SAM events that become mappings, with the property that names their source. */
export const polledEvents: Readonly<Record<string, string>> = { SQS: 'Queue', Kinesis: 'Stream', DynamoDB: 'Stream' };

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
