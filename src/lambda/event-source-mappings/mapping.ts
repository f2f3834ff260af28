/** What one event source mapping is: its configuration in our spelling, and the source behind its ARN. */
import type { MappingSource } from '../../contracts/event-source-mappings.ts';

/** `batchItemFailures` in the function's answer count. */
const reportBatchItemFailures = 'ReportBatchItemFailures';

export interface MappingConfiguration {
  /** As it was given, expanded to a full ARN: `:$LATEST`, a version or an alias stay (lambda-facts §3.1). */
  functionArn: string;
  eventSourceArn: string;
  enabled: boolean;
  /** 1-10000. */
  batchSize: number;
  /** 0-300. */
  maximumBatchingWindowInSeconds: number;
  /** Patterns, JSON text. */
  filters: readonly string[];
  functionResponseTypes: readonly string[];
  metrics?: readonly string[];
  tags: Readonly<Record<string, string>>;
  /** Queues only. */
  maximumConcurrency?: number;
  /** Queues only; excludes `maximumConcurrency`. */
  provisionedPollers?: { minimum?: number; maximum?: number };
  /** Streams only. */
  stream?: StreamConfiguration;
}

export interface StreamConfiguration {
  startingPosition: 'TRIM_HORIZON' | 'LATEST' | 'AT_TIMESTAMP';
  /** Epoch seconds. */
  startingPositionTimestamp?: number;
  /** 1-10. */
  parallelizationFactor: number;
  /** ARN of a queue, topic or bucket. */
  onFailure?: string;
  /** -1 for no limit, else 60-604800. */
  maximumRecordAgeInSeconds: number;
  /** -1 for no limit, else 0-10000. */
  maximumRetryAttempts: number;
  bisectBatchOnFunctionError: boolean;
  /** 0 for none, else 1-900. */
  tumblingWindowInSeconds: number;
}

/** Sources that AWS has and that are not polled here yet, by the service in their ARN. */
const laterSources: Readonly<Record<string, string>> = { kafka: 'Amazon MSK', mq: 'Amazon MQ', rds: 'Amazon DocumentDB' };

/** The source of an ARN; undefined for one that no mapping can have. */
export function sourceOf(arn: string): MappingSource | undefined {
  const [, , service, , , ...rest] = arn.split(':');
  const resource = rest.join(':');
  if (service === 'sqs') return resource === '' ? undefined : 'sqs';
  if (service === 'kinesis') return resource.startsWith('stream/') ? 'kinesis' : undefined;
  if (service === 'dynamodb') return /^table\/[^/]+\/stream\//.test(resource) ? 'dynamodb' : undefined;
  return undefined;
}

/** The name of a source that is not polled here yet. */
export function laterSourceOf(arn: string): string | undefined {
  return laterSources[arn.split(':')[2] ?? ''];
}

/** A mapping may name a stream's consumer; what is read is the stream. */
export function streamArnOf(eventSourceArn: string): string {
  return eventSourceArn.replace(/\/consumer\/[^/]+$/, '');
}

export function isFifoQueue(eventSourceArn: string): boolean {
  return eventSourceArn.endsWith('.fifo');
}

/** `arn:…:function:name[:qualifier]` in parts. */
export function functionOf(arn: string): { name: string; qualifier?: string } {
  const [name = '', qualifier] = arn.split(':').slice(6);
  return qualifier === undefined ? { name } : { name, qualifier };
}

/** Whether the answer of the function may name records that failed. */
export function reportsFailures({ functionResponseTypes }: MappingConfiguration): boolean {
  return functionResponseTypes.includes(reportBatchItemFailures);
}
