/** Resources: queues, topics, buses and buckets where events wait or land. What other rooms know of them. */
import type { FunctionOrigin } from './functions.ts';
import type { PolicyStatement } from './permissions.ts';
import type {
  BucketObject, BucketSummary, BusSummary, EventExplanation, PeekRecords, PeekedMessage, PeekedRecord, QueueSummary, StreamSummary, TableStreamSummary, TopicSummary,
} from './resource-views.ts';

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
