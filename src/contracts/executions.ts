import type { DeliverySource } from './resources.ts';

/** How an invocation reached the engine. */
export type InvocationSource = 'editor' | 'endpoint' | 'replay' | 'event-source-mapping' | DeliverySource;
export type InvocationType = 'RequestResponse' | 'Event' | 'DryRun';

/**
 * `queued`: an event that was accepted and waits for its first attempt, a repeat or its turn. `interrupted`: the engine
 * ended while it ran. `throttled`: refused before any attempt.
 */
export type ExecutionStatus = 'queued' | 'running' | 'succeeded' | 'failed' | 'throttled' | 'cancelled' | 'interrupted';

/** Whether nothing more will happen to it. */
export function isFinal(status: ExecutionStatus): boolean {
  return status !== 'queued' && status !== 'running';
}

/** Why an asynchronous invocation ended, as in its invocation record (lambda-facts §2.3). */
export type InvocationCondition = 'Success' | 'RetriesExhausted' | 'EventAgeExceeded' | 'ZeroReservedConcurrency';

/** What an event waits for. `turn`: nothing but a free execution environment. */
export interface EventWait {
  kind: 'retry' | 'throttle' | 'system-error' | 'turn' | 'fault-delay';
  /** Length of the wait in AWS seconds; 0 for `turn`. */
  awsSeconds: number;
  /** Where the wait ends on the wait axis (`ClockState.waitNow`), AWS milliseconds. */
  due: number;
  /** Epoch milliseconds of real time before which it never ends. */
  notBefore: number;
  /** Epoch milliseconds. */
  since: number;
}

/** A wait that is over, as the record tells it. */
export interface PastWait {
  kind: Exclude<EventWait['kind'], 'turn'>;
  /** Its length in AWS seconds, as it was set. */
  awsSeconds: number;
  /** Epoch milliseconds of real time. */
  since: number;
  until: number;
  /** Ended by "Try now", "Expire now" or "Cancel" before its time. */
  cutShort?: boolean;
}

/** One delivery of a result or an event to a destination or dead-letter queue. */
export interface EventDelivery {
  kind: 'OnSuccess' | 'OnFailure' | 'DeadLetterQueue';
  targetArn: string;
  /** Epoch milliseconds. */
  at: number;
  status: 'delivered' | 'failed';
  /** Id of the message or event, key of the object, or request id of the invocation that it became. */
  deliveredId?: string;
  /** One sentence. */
  error?: string;
  /** The record was too large for the target, so its payloads were left out. */
  payloadDropped?: boolean;
  /** What AWS would have denied, with the missing statement (IAM is not enforced here). */
  hint?: string;
}

/** The asynchronous side of an execution whose `invocationType` is `Event`. */
export interface AsynchronousState {
  /** Present while `status` is `queued`. */
  wait?: EventWait;
  /** Waits that are over, oldest first; of more than 40 the oldest are left out. */
  waits?: readonly PastWait[];
  /** Age: waits in AWS time plus work in real time, milliseconds. */
  ageMs: number;
  /** Set when it is over. */
  condition?: InvocationCondition;
  /** Attempts that reached the function (`approximateInvokeCount`). */
  invokeCount: number;
  /** Times that it was turned away by a throttle. */
  throttles: number;
  deliveries: readonly EventDelivery[];
  /** A second delivery of an event that was already delivered: asked for, or by the fault setting. */
  duplicate?: boolean;
}

/**
 * What became of one record of a polled batch. Queues: `deleted`, or `given-back` to the queue. Streams: `checkpointed`
 * (done, never read again), `failed` (tried again), `discarded` (given up, with or without a destination).
 */
export type BatchRecordOutcome = 'deleted' | 'given-back' | 'checkpointed' | 'failed' | 'discarded';

/** What the poller did with a batch when the function had answered. */
export interface BatchEnd {
  /**
   * - `done`: every record is.
   * - `returned`: what failed went back to the queue.
   * - `progressed`: the first records are done, the others are tried again (streams).
   * - `split`: each half is tried by itself (streams).
   * - `retried`: the same records are tried again (streams).
   * - `given-up`: it is not tried again (streams).
   * - `not-run`: the function could not be invoked.
   * - `not-redriven`: it failed again after a redrive by hand.
   */
  kind: 'done' | 'returned' | 'progressed' | 'split' | 'retried' | 'given-up' | 'not-run' | 'not-redriven';
  /** Why not every record is done: one sentence. */
  why?: string;
  condition?: 'RetryAttemptsExhausted' | 'RecordAgeExceeded' | 'MaximumPayloadSizeExceeded';
  /** Queues: when what went back can be received again, at the scale of that moment. Epoch milliseconds. */
  visibleAt?: number;
}

/** The polled side of an execution whose source is `event-source-mapping`: its batch. Its records are those of the event. */
export interface PolledBatch {
  mappingUuid: string;
  sourceArn: string;
  /** Streams only. */
  shardId?: string;
  /** The same for every invocation with the same records, and a new one for each part of a split. */
  batchId: string;
  /** Which invocation of the batch it is, from 1. */
  attempt: number;
  /** Batch of which this one is a part, and how it came about. */
  splitFrom?: { batchId: string; by: 'bisect' | 'batch-item-failures' | 'record-age' };
  /** Executions that had its records before: a retry, the whole of which it is a part, earlier deliveries of its messages. */
  previous?: readonly string[];
  /** Executions that get its records next, in their order; one that has not begun yet is not in the history. */
  next?: readonly string[];
  /** Records in the event. */
  size: number;
  /** Records that the filters kept out of it while it was gathered. */
  filtered: number;
  /** Ids of the first of them, at most 20. */
  filteredIds?: readonly string[];
  /** What became of each record (`batch-outcomes.ts`). Absent while the function runs. */
  outcomes?: string;
  /** Times that a throttle turned the batch away before this invocation. */
  throttles: number;
  /** Tumbling windows only. */
  window?: { start: string; end: string; final: boolean; terminatedEarly: boolean };
  /** Streams: the checkpoint before and after it: a sequence number, `TRIM_HORIZON`, `LATEST` or a moment in ISO 8601. */
  checkpoint?: { before: string; after?: string };
  /** A person had the records of a failed batch read and invoked again; nothing moves in the stream. */
  redrive?: boolean;
  /** Set when the poller has acted on the answer. */
  end?: BatchEnd;
  /** On-failure destination of a stream's mapping. */
  deliveries?: readonly EventDelivery[];
}

/** One try to run the function. All times epoch milliseconds, all durations milliseconds. */
export interface ExecutionAttempt {
  /** 1 and up. */
  number: number;
  startedAt: number;
  finishedAt?: number;
  status: ExecutionStatus;
  executedVersion: string;
  coldStart: boolean;
  initDurationMs?: number;
  durationMs?: number;
  billedDurationMs?: number;
  maxMemoryUsedMb?: number;
  /** Present when the function failed: `Unhandled`. */
  functionError?: string;
  errorType?: string;
  environmentId?: string;
  logStreamName?: string;
  /** What really ran it: absolute path, version, and why it differs from the declared runtime. */
  binary?: string;
  binaryVersion?: string;
  note?: string;
}

/** Our history of one invocation: small enough to list by the ten thousand. Payloads and logs are fetched apart. */
export interface Execution {
  /** The AWS request id; of a duplicate an id of its own. */
  id: string;
  /** The AWS request id of a duplicate: that of the event it repeats. */
  requestId?: string;
  /** Order of arrival; later is larger. */
  sequence: number;
  functionName: string;
  /** As the caller gave it: version, alias or absent. */
  qualifier?: string;
  invokedFunctionArn: string;
  /** Resolved version. */
  executedVersion: string;
  invocationType: InvocationType;
  logType: 'None' | 'Tail';
  /** Decoded JSON text. */
  clientContext?: string;
  source: InvocationSource;
  /** Execution that this one replays. */
  replayOf?: string;
  /** Execution that made this call, or whose result was delivered as this event. */
  causedBy?: string;
  traceId: string;
  status: ExecutionStatus;
  receivedAt: number;
  finishedAt?: number;
  /** HTTP status of the Invoke answer (200 for function errors too). */
  statusCode?: number;
  functionError?: string;
  errorType?: string;
  /** First 300 characters. */
  errorMessage?: string;
  /** Of the last attempt. */
  durationMs?: number;
  /** Only of asynchronous invocations. */
  asynchronous?: AsynchronousState;
  /** Only of invocations by an event source mapping. */
  polled?: PolledBatch;
  requestBytes: number;
  responseBytes?: number;
  attempts: readonly ExecutionAttempt[];
}

/** What belongs to an execution and can be large. */
export interface ExecutionContent {
  /** JSON text as sent. */
  request: string;
  /** JSON text as answered (result or error payload); absent while running or when there was none. */
  response?: string;
  log: string;
  /** True when the stored log was cut at its limit. */
  logTruncated: boolean;
}

export interface ExecutionQuery {
  /** Only executions with a smaller sequence. */
  before?: number;
  /** 1-1000. */
  limit: number;
  functionName?: string;
  status?: ExecutionStatus;
  /** Only executions that this one caused directly. */
  causedBy?: string;
  /** Case-insensitive text in id, function name, error type or message. */
  text?: string;
}

/** Durable, bounded history. Writes return at once and are committed in groups; reads see them at once. */
export interface ExecutionHistory {
  /** Next value of `Execution.sequence`. */
  nextSequence(): number;
  /** Adds or replaces. */
  save(execution: Execution): void;
  saveRequest(id: string, payload: Uint8Array): void;
  saveResponse(id: string, payload: Uint8Array): void;
  /** Appends to the log; keeps the first and last parts of one that is too large. */
  appendLog(id: string, text: string): void;
  list(query: ExecutionQuery): Execution[];
  get(id: string): Execution | undefined;
  /** The execution whose trace segment this is: the first 16 hexadecimal digits of its id. */
  bySegment(segment: string): Execution | undefined;
  content(id: string): ExecutionContent | undefined;
  count(): number;
  /** Newest finished execution of each function. */
  lastByFunction(): Map<string, Execution>;
  /** Removes all but queued and running ones. */
  clear(): void;
  /** Writes everything as JSON Lines, oldest first, in slices. Returns the number of executions. */
  exportTo(file: string): Promise<number>;
  /** Commits what is pending. */
  flush(): void;
}
