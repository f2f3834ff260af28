/**
 * What the pollers of event source mappings ask of queues and streams. The embedded services implement it, and so does the
 * adapter to a real AWS-compatible endpoint: pollers know no difference. Everything may take a while and may fail.
 */
import type { MessageAttribute } from './resources.ts';

/** A source that is not there (any more), as opposed to one that cannot be reached just now. */
export class SourceNotFound extends Error {
  override readonly name = 'SourceNotFound';
}

// ---- queues ----

/** A message as ReceiveMessage answers it, with all its attributes. */
export interface PolledMessage {
  messageId: string;
  receiptHandle: string;
  body: string;
  md5OfBody: string;
  /** System attributes, all strings. */
  attributes: Readonly<Record<string, string>>;
  messageAttributes: Readonly<Record<string, MessageAttribute>>;
  md5OfMessageAttributes?: string;
}

export interface QueueFacts {
  fifo: boolean;
  visibilityTimeoutSeconds: number;
}

export interface QueueSource {
  /** @throws SourceNotFound */
  describe(queueArn: string): Promise<QueueFacts>;
  /**
   * Up to `maximum` messages (any number: an adapter makes several calls of ten). Waits up to `waitMilliseconds` of real
   * time for the first; an embedded queue answers the moment one is sent.
   * @throws SourceNotFound
   */
  receive(queueArn: string, options: { maximum: number; waitMilliseconds: number; signal: AbortSignal }): Promise<PolledMessage[]>;
  delete(queueArn: string, messages: readonly Pick<PolledMessage, 'messageId' | 'receiptHandle'>[]): Promise<void>;
  /**
   * The messages were not processed. They come back when their visibility timeout ends: Lambda itself does nothing. An
   * embedded queue turns what is left of the timeout into a wait, which passes at the chosen scale.
   */
  giveBack(queueArn: string, messages: readonly Pick<PolledMessage, 'messageId' | 'receiptHandle'>[]): Promise<void>;
}

// ---- streams ----

export interface Shard {
  shardId: string;
  parentShardIds: readonly string[];
  /** Set once the shard is closed: after this record there are no more. */
  endingSequenceNumber?: string;
}

/** One record of a stream, ready for an event: everything but what depends on the mapping. */
export interface StreamRecord {
  sequenceNumber: string;
  /** Kinesis only. */
  partitionKey?: string;
  /** Epoch milliseconds. */
  arrivedAt: number;
  /**
   * The record's own member as the function gets it, JSON text with AWS's key order: the value of `kinesis`, or the
   * members of a DynamoDB record.
   */
  json: string;
}

export type StreamPosition =
  | { kind: 'trim-horizon' }
  | { kind: 'latest' }
  /** Epoch milliseconds. */
  | { kind: 'timestamp'; at: number }
  /** The first record after this one. */
  | { kind: 'after'; sequenceNumber: string }
  /** This record. */
  | { kind: 'at'; sequenceNumber: string };

export interface StreamRead {
  records: readonly StreamRecord[];
  /** Where to read on. */
  next: StreamPosition;
  /** The shard is closed and read to its end. */
  ended: boolean;
}

export interface StreamSource {
  /** @throws SourceNotFound */
  shards(streamArn: string): Promise<Shard[]>;
  /**
   * Records from a position, at most `limit` (1-10000). `latest` and `timestamp` are turned into a position that lasts, so
   * that nothing is skipped when the first read finds nothing. A position that was trimmed away reads from the oldest record.
   * @throws SourceNotFound
   */
  read(streamArn: string, shardId: string, position: StreamPosition, limit: number): Promise<StreamRead>;
  /** Calls back when records were written; an adapter that cannot know has none, and is polled. Returns the unsubscribe function. */
  onRecords?(streamArn: string, listener: () => void): () => void;
}

/** The source of each kind for an ARN: embedded unless the mapping says otherwise. */
export interface EventSources {
  queue(queueArn: string): QueueSource;
  stream(streamArn: string): StreamSource;
}
