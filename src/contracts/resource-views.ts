/** Resources as views show them: queues, topics, buses, buckets and streams, and what is in them. */
import type { FunctionOrigin } from './functions.ts';
import type { MessageAttribute } from './resources.ts';

export interface QueueSummary {
  kind: 'queue';
  name: string;
  arn: string;
  url: string;
  fifo: boolean;
  /** Messages that a receive could get now. */
  visible: number;
  inFlight: number;
  delayed: number;
  /** Seconds of real time since the oldest message was sent; absent when the queue is empty. */
  oldestAgeSeconds?: number;
  visibilityTimeoutSeconds: number;
  /** From its redrive policy. */
  deadLetterTargetArn?: string;
  maxReceiveCount?: number;
  /** Queues whose redrive policy names this one. */
  sourceArns: readonly string[];
  /** Absent for a queue made by an API call. */
  origin?: FunctionOrigin;
  /** AWS attribute names that an API call changed over the template. */
  changed: readonly string[];
}

export interface TopicSummary {
  kind: 'topic';
  name: string;
  arn: string;
  fifo: boolean;
  published: number;
  subscriptions: readonly {
    arn: string;
    protocol: string;
    endpoint: string;
    rawMessageDelivery: boolean;
    /** JSON text. */
    filterPolicy?: string;
    filterPolicyScope?: string;
    deadLetterTargetArn?: string;
    /** `PendingConfirmation` for an HTTP subscription that has not confirmed yet. */
    pending: boolean;
    /** HTTP deliveries that wait for their first attempt or a retry. */
    waiting: number;
    /** "AWS would deny this", with the statement that the policy of its queue or function lacks. */
    hint?: string;
  }[];
  /** Newest first, at most 20. */
  lastMessages: readonly PublishedMessage[];
  origin?: FunctionOrigin;
  changed: readonly string[];
}

/** What became of one message of a topic, so that nobody has to guess why nothing happened. */
export interface PublishedMessage {
  messageId: string;
  /** Epoch milliseconds. */
  publishedAt: number;
  subject?: string;
  /** The beginning of the message. */
  preview: string;
  /** Subscriptions that it was handed to; an HTTP delivery counts when it is queued. */
  delivered: number;
  /** Subscriptions that did not get it, with one sentence why; at most 100. */
  missed: readonly { subscriptionArn: string; protocol: string; endpoint: string; reason: string }[];
}

export interface BusSummary {
  kind: 'bus';
  name: string;
  arn: string;
  rules: readonly {
    name: string;
    arn: string;
    enabled: boolean;
    /** JSON text. */
    pattern?: string;
    schedule?: string;
    /** Epoch milliseconds of the next run of a schedule. */
    nextRun?: number;
    /** Epoch milliseconds of its last run. */
    lastRun?: number;
    targetArns: readonly string[];
    /** Events that matched it, and runs of its schedule. */
    matched: number;
    /** Why it cannot work as it stands; one sentence. */
    problem?: string;
    /** "AWS would deny this", with the statements that the policies of its targets lack; by target ARN. */
    hints?: Readonly<Record<string, string>>;
    origin?: FunctionOrigin;
    /** What an API call changed over the template: AWS parameter names, `Target <Id>` for a target. */
    changed: readonly string[];
  }[];
  /** Newest first, at most 20. */
  lastEvents: readonly BusEvent[];
  origin?: FunctionOrigin;
  changed: readonly string[];
}

/** What became of one event of a bus. */
export interface BusEvent {
  id: string;
  /** As in the event: ISO 8601, whole seconds. */
  time: string;
  source: string;
  detailType: string;
  /** Names of rules. */
  matchedRules: readonly string[];
  /** One for each target of the rules that matched. */
  deliveries: readonly RuleDelivery[];
}

export interface RuleDelivery {
  rule: string;
  targetId: string;
  targetArn: string;
  /** `dead-lettered`: the target did not get it, its dead-letter queue did. */
  status: 'delivered' | 'dead-lettered' | 'failed';
  /** Message id, request id or event id at the target. */
  deliveredId?: string;
  /** Why the target did not get it; one sentence. */
  error?: string;
}

/** Why the rules of a bus matched an event or not, as they stand now. */
export interface EventExplanation {
  /** JSON text; absent when it was too large to be kept. */
  event?: string;
  rules: readonly {
    name: string;
    matched: boolean;
    /** Why not, field by field; sentences. */
    reasons: readonly string[];
  }[];
}

export interface BucketSummary {
  kind: 'bucket';
  name: string;
  arn: string;
  objects: number;
  bytes: number;
  origin?: FunctionOrigin;
}

/** A place in a shard. */
export interface StreamPlace {
  sequenceNumber: string;
  /** Epoch milliseconds. */
  arrivedAt: number;
}

export interface ShardSummary {
  shardId: string;
  /** False once it was split or merged. */
  open: boolean;
  parentShardIds: readonly string[];
  /** Decimal; absent for a table's stream. */
  startingHashKey?: string;
  endingHashKey?: string;
  records: number;
  /** Data of its records. */
  bytes: number;
  /** Absent when it has no records. */
  oldest?: StreamPlace;
  newest?: StreamPlace;
}

export interface StreamSummary {
  kind: 'stream';
  name: string;
  arn: string;
  status: 'ACTIVE';
  mode: 'PROVISIONED' | 'ON_DEMAND';
  retentionHours: number;
  /** Parents before children. */
  shards: readonly ShardSummary[];
  records: number;
  consumers: readonly { name: string; arn: string }[];
  origin?: FunctionOrigin;
  /** AWS attribute names that an API call changed over the template. */
  changed: readonly string[];
}

export type StreamViewType = 'KEYS_ONLY' | 'NEW_IMAGE' | 'OLD_IMAGE' | 'NEW_AND_OLD_IMAGES';

export interface TableStreamSummary {
  kind: 'table-stream';
  tableName: string;
  tableArn: string;
  /** Of the stream. */
  arn: string;
  /** False when its template has it no more; it goes with its last record. */
  enabled: boolean;
  viewType: StreamViewType;
  keySchema: readonly { name: string; keyType: 'HASH' | 'RANGE'; /** S, N or B, where the template says it. */ attributeType?: string }[];
  retentionHours: number;
  shards: readonly ShardSummary[];
  records: number;
  origin?: FunctionOrigin;
}

/** A record as a person looks at it. */
export interface PeekedRecord extends StreamPlace {
  shardId: string;
  partitionKey: string;
  /** Of its data. */
  bytes: number;
  /** The data as text, at most its first 65,536 characters; absent when it is not UTF-8. */
  text?: string;
  /** The data in base64 when it is not text, at most its first 65,536 characters. */
  base64?: string;
  /** Only of a table's stream. */
  eventName?: 'INSERT' | 'MODIFY' | 'REMOVE';
}

export interface PeekRecords {
  /** Absent for all shards. */
  shardId?: string;
  order: 'newest' | 'oldest';
  /** 1-1000. */
  limit: number;
  /** Sequence number of the last record of the page before; only together with a shard. */
  after?: string;
}

export interface ResourcesSnapshot {
  streams: readonly StreamSummary[];
  tableStreams: readonly TableStreamSummary[];
  queues: readonly QueueSummary[];
  topics: readonly TopicSummary[];
  buses: readonly BusSummary[];
  buckets: readonly BucketSummary[];
}

/** A message as a person looks at it: nothing is consumed, no receive is counted. */
export interface PeekedMessage {
  messageId: string;
  body: string;
  sentAt: number;
  state: 'visible' | 'in-flight' | 'delayed';
  /** Epoch milliseconds when it becomes visible, at the present scale; absent when it is. */
  visibleAt?: number;
  receiveCount: number;
  attributes: Readonly<Record<string, string>>;
  messageAttributes: Readonly<Record<string, MessageAttribute>>;
  /** Execution whose delivery or call sent it, when the trace header says so. */
  causedBy?: string;
}

/** An object of a bucket as a person looks at it. */
export interface BucketObject {
  key: string;
  bytes: number;
  /** Epoch milliseconds. */
  modifiedAt: number;
}
