/** How an invocation reached the engine. */
export type InvocationSource = 'editor' | 'endpoint' | 'replay';
export type InvocationType = 'RequestResponse' | 'Event' | 'DryRun';

/** `interrupted`: the engine ended while it ran. `throttled`: refused before any attempt. */
export type ExecutionStatus = 'running' | 'succeeded' | 'failed' | 'throttled' | 'cancelled' | 'interrupted';

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
  /** The AWS request id. */
  id: string;
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
  /** Execution whose function made this call. */
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
  content(id: string): ExecutionContent | undefined;
  count(): number;
  /** Newest finished execution of each function. */
  lastByFunction(): Map<string, Execution>;
  /** Removes all but running ones. */
  clear(): void;
  /** Writes everything as JSON Lines, oldest first, in slices. Returns the number of executions. */
  exportTo(file: string): Promise<number>;
  /** Commits what is pending. */
  flush(): void;
}
