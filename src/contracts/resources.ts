/** Resources: queues, topics, buses and buckets where events wait or land. What other rooms know of them. */
import type { FunctionOrigin } from './functions.ts';
import type { PolicyStatement } from './permissions.ts';

/** One request to a service, beside its input. */
export interface CallContext {
  requestId: string;
  /** Value of an incoming `X-Amzn-Trace-Id` header. */
  traceHeader?: string;
  /** Aborts when the caller has gone away; only long polling looks at it. */
  signal?: AbortSignal;
  /** `http://127.0.0.1:<port>` as the caller reached the endpoint, for answers that hold URLs. */
  endpoint: string;
  /** A request without a signature, through a URL that AWS answers without one too (SNS's SubscribeURL and UnsubscribeURL). */
  anonymous?: boolean;
}

export type ServiceInput = Readonly<Record<string, unknown>>;
export type ServiceOutput = Record<string, unknown>;

/**
 * One AWS service embedded in the engine. Its operations take and answer what the service's JSON protocol does: AWS
 * member names, blobs as base64 strings, timestamps as epoch seconds. The endpoint and the editor both call it.
 */
export interface EmbeddedService {
  /** As in credential scopes: `sqs`, `sns`, `events`. */
  readonly signingName: string;
  hasOperation(name: string): boolean;
  /** @throws AwsFault for everything that the service answers with an error. */
  call(operation: string, input: ServiceInput, context: CallContext): ServiceOutput | Promise<ServiceOutput>;
}

/** As in the SQS API: `DataType` begins with String, Number or Binary. */
export interface MessageAttribute {
  DataType: string;
  StringValue?: string;
  /** Base64. */
  BinaryValue?: string;
}

export interface QueueMessage {
  body: string;
  attributes?: Readonly<Record<string, MessageAttribute>>;
  /** Becomes the system attribute `AWSTraceHeader`. */
  traceHeader?: string;
  groupId?: string;
  deduplicationId?: string;
  /** AWS seconds, 0-900. */
  delaySeconds?: number;
}

/*
 * The ports through which deliveries travel. They are synchronous and join the state database's open transaction: a
 * delivery and what caused it commit together or not at all. All throw the service's own AwsFault when the resource does
 * not exist or refuses.
 */

export interface QueuePort {
  send(queueArn: string, message: QueueMessage): { messageId: string };
}

/** What pollers of queues need beside the API. */
export interface QueuePoller {
  /** Calls `listener` whenever the queue may have messages to receive; it need not exist yet. Returns the unsubscribe function. */
  onMessages(queueArn: string, listener: () => void): () => void;
  /**
   * Gives messages back whose batch failed: what is left of their visibility timeout passes as a wait, at the chosen scale,
   * but in no less than `shortestRepeat` of real time. Handles that are out of date are passed over. @throws AwsFault
   */
  giveBack(queueArn: string, receiptHandles: readonly string[]): void;
}

export interface TopicPort {
  publish(topicArn: string, message: {
    message: string;
    subject?: string;
    attributes?: Readonly<Record<string, MessageAttribute>>;
    traceHeader?: string;
    groupId?: string;
    deduplicationId?: string;
  }): { messageId: string };
}

export interface EventBusPort {
  /** `detail` is JSON text. `detailType` and `source` as in the event; callers inside the engine may use any source. */
  put(busArn: string, event: {
    source: string;
    detailType: string;
    detail: string;
    resources: readonly string[];
    traceHeader?: string;
  }): { eventId: string };
}

export interface BucketPort {
  put(bucketArn: string, key: string, body: Uint8Array): void;
}

/** A change of one item of a table, as its stream records it. Images are DynamoDB JSON of the whole item. */
export interface TableChange {
  /** Absent when the item is new. */
  oldImage?: Readonly<Record<string, unknown>>;
  /** Absent when the item was removed. */
  newImage?: Readonly<Record<string, unknown>>;
  /** Removed because its time to live has passed. */
  expired?: boolean;
}

export interface TableStreamPort {
  /**
   * Writes the record of a change; none, and undefined, when both images are the same.
   * @param streamArn Of the stream, not of the table.
   */
  record(streamArn: string, change: TableChange): { sequenceNumber: string } | undefined;
}

/** What topics, rules and destinations ask of the Lambda service: queue an event, as `InvocationType: Event` does. */
export interface EventInvoker {
  /**
   * Durable when it returns (or when the open transaction commits).
   * @param functionArn Unqualified or qualified.
   * @throws AwsFault ResourceNotFoundException, RequestTooLargeException, …
   */
  invokeAsync(functionArn: string, payload: Uint8Array, options: { source: DeliverySource; traceHeader?: string }): { requestId: string };
}

/** What sent an event to a function, when it was not a caller. */
export type DeliverySource = 'destination' | 'sns' | 'eventbridge' | 'schedule' | 's3';

/** CloudFormation types that become embedded resources. */
export type ResourceType =
  | 'AWS::SQS::Queue' | 'AWS::SNS::Topic' | 'AWS::SNS::Subscription' | 'AWS::Events::EventBus' | 'AWS::Events::Rule'
  | 'AWS::S3::Bucket' | 'AWS::Kinesis::Stream' | 'AWS::DynamoDB::Table';

/** Stream ARNs of tables end in the time when the stream was made; a local one has no such time that would be stable. */
export const localStreamLabel = '2020-01-01T00:00:00.000';

/**
 * A resource as a template declares it: the baseline that API calls and edits overlay. Inline subscriptions of a topic are
 * resources of their own. A schedule of EventBridge Scheduler is a rule that has Scheduler's `GroupName` (and, when set,
 * `ScheduleExpressionTimezone`, `StartDate`, `EndDate`).
 */
export interface ResourceDefinition {
  type: ResourceType;
  /** Physical name; for a subscription a stable name of its own, for a rule the rule's name. */
  name: string;
  /** Empty for a subscription, which gets its ARN when it is made. */
  arn: string;
  origin: FunctionOrigin;
  /**
   * CloudFormation properties with every intrinsic resolved, SAM's own spellings translated to CloudFormation's. Numbers
   * and flags of queues, topics and subscriptions are such, policies and patterns are objects; what is out of range or
   * unknown is left out.
   */
  properties: Readonly<Record<string, unknown>>;
  /** Queues and topics: who may send, as their template says (nobody but the account when empty). Serves hints only. */
  policy?: readonly PolicyStatement[];
}

/** A delivery that a service makes in its own name, for which AWS looks at the policy of the target. */
export interface ServiceDelivery {
  /** For example `sns.amazonaws.com`. */
  principal: string;
  /** The topic or rule. */
  sourceArn: string;
  targetArn: string;
}

/** A durable embedded service that templates feed. */
export interface TemplateFed {
  /** Replaces what templates declare; overlays stay unless the template changed the same property (then it wins, and the log says so). */
  setBaseline(definitions: readonly ResourceDefinition[]): void;
}

// ---- what views show ----

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

// ---- what the engine's hosts ask of each service beside its AWS API ----

export interface QueueHost extends EmbeddedService, QueuePort, TemplateFed {
  summaries(): QueueSummary[];
  /** Oldest first. @throws AwsFault for an unknown queue. */
  peek(queueArn: string, limit: number, after?: string): PeekedMessage[];
  /** False when there is no such message. @throws AwsFault for an unknown queue. */
  removeMessage(queueArn: string, messageId: string): boolean;
}

export interface TopicHost extends EmbeddedService, TopicPort, TemplateFed {
  summaries(): TopicSummary[];
}

export interface BusHost extends EmbeddedService, EventBusPort, TemplateFed {
  summaries(): BusSummary[];
  /** Runs a schedule's targets now. @throws AwsFault for an unknown rule, UserError for one without a schedule. */
  fire(ruleArn: string): void;
  /** Answers "why did nothing happen?" for one of a bus's last events. @throws UserError when it is no longer kept. */
  explain(busArn: string, eventId: string): EventExplanation;
}

export interface BucketHost extends BucketPort, TemplateFed {
  summaries(): BucketSummary[];
  /** Newest first. */
  list(bucketArn: string, limit: number): BucketObject[];
  /** undefined when there is no such object. */
  read(bucketArn: string, key: string): Uint8Array | undefined;
  remove(bucketArn: string, key: string): boolean;
}

export interface StreamHost extends EmbeddedService, TemplateFed {
  summaries(): StreamSummary[];
  /** @throws AwsFault for an unknown stream or shard. */
  peek(streamArn: string, options: PeekRecords): PeekedRecord[];
  /** Puts text as it is. @throws AwsFault */
  put(streamArn: string, record: { partitionKey: string; text: string; explicitHashKey?: string }): { shardId: string; sequenceNumber: string };
}

export interface TableStreamHost extends EmbeddedService, TableStreamPort, TemplateFed {
  summaries(): TableStreamSummary[];
  /** @throws AwsFault for an unknown stream or shard. */
  peek(streamArn: string, options: PeekRecords): PeekedRecord[];
}

/** The embedded services of one engine. */
export interface ResourceHosts {
  streams: StreamHost;
  tableStreams: TableStreamHost;
  queues: QueueHost;
  topics: TopicHost;
  buses: BusHost;
  buckets: BucketHost;
}
