/**
 * What the pollers of event source mappings ask of queues and streams. The embedded services implement it, and so does the
 * adapter to a real AWS-compatible endpoint: pollers know no difference. Everything may take a while and may fail.
 */
import type { MessageAttribute } from './resources.ts';

/** A source that is not there (any more), as opposed to one that cannot be reached just now. */
export class SourceNotFound extends Error {
  override readonly name = 'SourceNotFound';
}

/** A source that gives no usable answer just now: it is asked again. */
export class SourceUnavailable extends Error {
  override readonly name = 'SourceUnavailable';
  readonly kind: 'connection' | 'access' | 'throttled' | 'other';
  /** AWS's error code, or the system's: `ThrottlingException`, `ECONNREFUSED`. */
  readonly code: string;

  /** @param message One sentence that says what is the matter. */
  constructor(message: string, { kind, code, cause }: { kind: SourceUnavailable['kind']; code: string; cause?: unknown }) {
    super(message, { cause });
    this.kind = kind;
    this.code = code;
  }
}

/** Where a source lives that is not embedded. */
export interface SourcePlace {
  kind: 'server' | 'aws';
  /** For people: `AWS account of profile dev, eu-west-1`, `server http://127.0.0.1:4566`. */
  label: string;
  /** Another one when something else is polled, or otherwise: all that was chosen. */
  key: string;
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
  /** Messages in it, whatever their state; approximate. */
  messages: number;
}

/** Where one message of a queue is now. */
export interface MessagePlace {
  state: 'visible' | 'in-flight' | 'delayed';
  /** Epoch milliseconds when it becomes visible, at the present scale; absent when it is. */
  visibleAt?: number;
  receiveCount: number;
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
  /** Resolves with the ids of messages that stay because their receipt handle is out of date. */
  delete(queueArn: string, messages: readonly Pick<PolledMessage, 'messageId' | 'receiptHandle'>[]): Promise<readonly string[]>;
  /**
   * The messages were not processed. They come back when their visibility timeout ends: Lambda itself does nothing. An
   * embedded queue turns what is left of the timeout into a wait, which passes at the chosen scale.
   */
  giveBack(queueArn: string, messages: readonly Pick<PolledMessage, 'messageId' | 'receiptHandle'>[]): Promise<void>;
  /** Messages that a receive could get now; undefined when it cannot be known. */
  backlog?(queueArn: string): number | undefined;
  /** Looks for a message without receiving it; undefined when it is not in the queue. */
  find?(queueArn: string, messageId: string): MessagePlace | undefined;
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
  /** Decimal digits; a later record of the same shard has a larger number. */
  sequenceNumber: string;
  /** Records of one key stay in order at any ParallelizationFactor: Kinesis's partition key, for DynamoDB the item's keys as text. */
  partitionKey: string;
  /** Epoch milliseconds: ApproximateArrivalTimestamp, ApproximateCreationDateTime. */
  arrivedAt: number;
  /**
   * JSON text of an object in AWS's key order. Kinesis: the value of `kinesis` (kinesisSchemaVersion, partitionKey,
   * sequenceNumber, data in base64, approximateArrivalTimestamp). DynamoDB: the whole record but `eventSourceARN` (eventID,
   * eventName, eventVersion, eventSource, awsRegion, dynamodb, and userIdentity where there is one).
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
  /** How far the end of this read is behind the newest record of the shard, milliseconds; absent when it cannot be known. */
  behindMilliseconds?: number;
}

export interface StreamSource {
  /** All shards that still have records or may get some, parents before children. @throws SourceNotFound */
  shards(streamArn: string, signal?: AbortSignal): Promise<Shard[]>;
  /**
   * Records from a position, at most `limit` (1-10000). `latest` and `timestamp` are turned into a position that lasts, so
   * that nothing is skipped when the first read finds nothing. A position that was trimmed away reads from the oldest record.
   * @throws SourceNotFound
   */
  read(streamArn: string, shardId: string, position: StreamPosition, limit: number, signal?: AbortSignal): Promise<StreamRead>;
  /**
   * Calls back when records were written or shards changed; an adapter that cannot know has none, and is polled. Returns the
   * unsubscribe function.
   */
  onRecords?(streamArn: string, listener: () => void): () => void;
}

/** The source of each kind for an ARN: embedded unless a setting says otherwise. */
export interface EventSources {
  /** @throws UserError when there is none of the kind here. */
  queue(queueArn: string): QueueSource;
  /** @param streamArn Of a stream, never of a stream consumer. @throws UserError when there is none of the kind here. */
  stream(streamArn: string): StreamSource;
  /** undefined for an embedded source. */
  place(sourceArn: string): SourcePlace | undefined;
}

// ---- how events look: the catalogue in src/sources/ ----

/** Records of a queue, as a function gets them. */
export interface QueueEventShape {
  /** JSON text of one record. @param batchingWindowSeconds Of the mapping. */
  record(message: PolledMessage, queueArn: string, batchingWindowSeconds: number): string;
}

/** Records of a stream, as a function gets them. */
export interface StreamEventShape {
  /** JSON text of one record. @param roleArn Of the function. */
  record(record: StreamRecord, place: { streamArn: string; shardId: string; roleArn: string }): string;
  /** Member of an on-failure record that says which batch it was. */
  batchInfo: 'KinesisBatchInfo' | 'DDBStreamBatchInfo';
  /** An arrival time in an on-failure record. @param at Epoch milliseconds. */
  arrival(at: number): string;
}

export interface EventShapes {
  sqs: QueueEventShape;
  kinesis: StreamEventShape;
  dynamodb: StreamEventShape;
}
