import type { Execution, ExecutionContent, InvocationSource, InvocationType } from './executions.ts';
import type { EventSourceMappingHost } from './event-source-mappings.ts';
import type { FunctionOrigin } from './functions.ts';

export interface InvokeInput {
  /** Name, partial or full ARN, as the caller wrote it. */
  functionName: string;
  qualifier?: string;
  invocationType: InvocationType;
  logType: 'None' | 'Tail';
  /** Base64 as in the header. */
  clientContextBase64?: string;
  payload: Uint8Array;
  source: InvocationSource;
  /** Value of an incoming `X-Amzn-Trace-Id` header. */
  traceHeader?: string;
  replayOf?: string;
  /** The caller went away. The function goes on, as on AWS; only an explicit cancel ends it. */
  onExecution?: (execution: Execution) => void;
  /**
   * Of RequestResponse without a log tail: called with the answer as soon as the function has given it, before the execution is
   * noted as finished. Must not throw.
   */
  onAnswer?: (output: InvokeOutput) => void;
}

export interface InvokeOutput {
  statusCode: 200 | 202 | 204;
  payload: Uint8Array;
  functionError?: string;
  /** Base64 of the last 4096 bytes. */
  logResult?: string;
  executedVersion?: string;
  requestId: string;
}

/** AWS operation names beside Invoke that the endpoint can route. */
export type LambdaOperation =
  | 'CreateFunction' | 'DeleteFunction' | 'GetFunction' | 'GetFunctionConfiguration' | 'ListFunctions'
  | 'UpdateFunctionCode' | 'UpdateFunctionConfiguration'
  | 'PublishVersion' | 'ListVersionsByFunction'
  | 'CreateAlias' | 'GetAlias' | 'ListAliases' | 'UpdateAlias' | 'DeleteAlias'
  | 'PutFunctionConcurrency' | 'GetFunctionConcurrency' | 'DeleteFunctionConcurrency'
  | 'PutFunctionEventInvokeConfig' | 'UpdateFunctionEventInvokeConfig' | 'GetFunctionEventInvokeConfig'
  | 'DeleteFunctionEventInvokeConfig' | 'ListFunctionEventInvokeConfigs'
  | 'PutFunctionRecursionConfig' | 'GetFunctionRecursionConfig'
  | 'CreateEventSourceMapping' | 'GetEventSourceMapping' | 'UpdateEventSourceMapping' | 'DeleteEventSourceMapping' | 'ListEventSourceMappings'
  | 'ListTags' | 'GetAccountSettings';

export interface OperationResult {
  status: number;
  /** JSON-serialisable; absent for 204. */
  body?: unknown;
}

/** The Lambda service as the endpoint and the editor see it. */
export interface LambdaApi {
  /** @throws AwsFault for everything that AWS answers with an error. */
  invoke(input: InvokeInput): Promise<InvokeOutput>;
  /** `input` has AWS member names (`FunctionName`, `Qualifier`, …) from path, query and body. @throws AwsFault */
  call(operation: LambdaOperation, input: Readonly<Record<string, unknown>>): Promise<OperationResult>;
  /** Ends a running invocation. False when it is not running. */
  cancel(executionId: string): boolean;
}

/** One asynchronous-invocation configuration as views show it. */
export interface EventInvokeConfigSummary {
  qualifier: string;
  maximumRetryAttempts?: number;
  maximumEventAgeInSeconds?: number;
  onSuccess?: string;
  onFailure?: string;
  /** An API call or edit put it over the template. */
  changed: boolean;
}

/** Faults that are injected on purpose: each rate is a probability from 0 to 1; absent means never. */
export interface FaultSettings {
  /** Refused with 429 before it runs. */
  throttle?: number;
  /** Ends with a function error without running. */
  fail?: number;
  /** Starts only after `delayMs`. */
  delay?: number;
  /** Milliseconds of real time, 0-900000. */
  delayMs?: number;
  /** An asynchronous event is delivered a second time. */
  duplicate?: number;
}

/** What a person may do to an event in the queue. `deliver-twice` also works on one that is finished. */
export type EventAction = 'try-now' | 'expire-now' | 'cancel' | 'deliver-twice';

/** A function as views show it. Environment values are absent on purpose. */
export interface FunctionSummary {
  name: string;
  arn: string;
  runtime: string;
  handler: string;
  handlerFile?: string;
  handlerExport?: string;
  codeFolder: string;
  origin: FunctionOrigin;
  description: string;
  timeout: number;
  memorySize: number;
  environmentNames: readonly string[];
  layers: readonly string[];
  versions: readonly string[];
  aliases: readonly { name: string; functionVersion: string; additionalVersionWeights: Readonly<Record<string, number>> }[];
  reservedConcurrency?: number;
  inFlight: number;
  /** Events in its queue: waiting for an attempt. */
  queued: number;
  deadLetterTargetArn?: string;
  eventInvokeConfigs: readonly EventInvokeConfigSummary[];
  recursiveLoop: 'Terminate' | 'Allow';
  /** Present only while faults are injected. */
  faults?: FaultSettings;
  /** AWS property names that an API call changed over the template. */
  changed: readonly string[];
  /** Newest finished execution. */
  last?: Execution;
}

/** What the engine's hosts (RPC, own routes) ask of the Lambda service beside the AWS API. */
export interface LambdaHost extends LambdaApi {
  readonly mappings: EventSourceMappingHost;
  listSummaries(): FunctionSummary[];
  /** The AWS invocation record as a destination would receive it, JSON text; undefined while running or unknown. */
  invocationRecord(executionId: string): string | undefined;
  /** What belongs to an execution; of a queued event also its payload. */
  content(executionId: string): ExecutionContent | undefined;
  status(): {
    inFlight: number; queued: number; held: number; processes: number;
    inFlightByFunction: Readonly<Record<string, number>>; queuedByFunction: Readonly<Record<string, number>>;
  };
  /** False when the event's state does not allow it. @throws UserError for an id that is not in the history. */
  actOnEvent(id: string, action: EventAction): boolean;
  /** `undefined` ends the injection. @throws UserError for values out of range, AwsFault for an unknown function. */
  setFaults(functionName: string, faults: FaultSettings | undefined): void;
  /** Drops what was set over the template. @throws AwsFault for an unknown function. */
  resetEventInvokeConfig(functionName: string, qualifier: string | undefined): void;
  /** Drops a dead-letter queue that was set or removed over the template. @throws AwsFault for an unknown function. */
  resetDeadLetterQueue(functionName: string): void;
}
