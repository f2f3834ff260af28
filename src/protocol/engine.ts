/** Messages between the engine process and its clients (extension windows, the CLI), over `vscode-jsonrpc`. */
import { NotificationType, RequestType, RequestType0 } from 'vscode-jsonrpc';
import type { Execution, ExecutionContent, ExecutionQuery } from '../contracts/executions.ts';
import type { BatchRedrive, EventSourceMappingSummary, RecordFate, RecordSample, ResetPosition } from '../contracts/event-source-mappings.ts';
import type { ClockState } from '../contracts/clock.ts';
import type { EventAction, FaultSettings, FunctionSummary } from '../contracts/lambda-api.ts';
import type { BucketObject, EventExplanation, PeekedMessage, PeekedRecord, PeekRecords, ResourcesSnapshot } from '../contracts/resource-views.ts';
import type { ServiceInput, ServiceOutput, TableChange } from '../contracts/resources.ts';
import type { EngineSettings } from '../contracts/settings.ts';
import type { WorkspaceDiagnostic } from '../contracts/workspace.ts';

/** The line that `local-lambda start` prints, and what the discovery file holds beside the socket. */
export interface EndpointInfo {
  /** `http://127.0.0.1:<port>`; empty string while the workspace is not trusted. */
  endpoint: string;
  region: string;
  accountId: string;
  accessKeyId: string;
  secretAccessKey: string;
  /** Bearer token of `/_local-lambda/…`. */
  token: string;
}

export interface EngineInfo extends EndpointInfo {
  pid: number;
  /** Version of this project. */
  version: string;
  dataFolder: string;
  /** Node that runs the engine. */
  nodeVersion: string;
  /** What the user should know, one sentence each (for example a damaged database that was set aside). */
  notices: readonly string[];
}

export interface InitializeParams {
  client: 'vscode' | 'cli';
  /** From the discovery file, which only the engine's own user can read. */
  secret: string;
  /** Absolute folder paths. Windows on one workspace send the same. */
  folders: readonly string[];
  /** Only what differs from the defaults. */
  settings: Partial<EngineSettings>;
  /** False: read and browse only. */
  trusted: boolean;
}

export interface WorkspaceUpdate {
  folders?: readonly string[];
  settings?: Partial<EngineSettings>;
  trusted?: boolean;
}

export interface InvokeParams {
  functionName: string;
  qualifier?: string;
  invocationType: 'RequestResponse' | 'Event' | 'DryRun';
  logType: 'None' | 'Tail';
  /** JSON text, not base64. */
  clientContext?: string;
  /** JSON text. */
  payload: string;
  /** Chosen by the caller so that it can follow the execution before it is answered. */
  replayOf?: string;
}

export interface InvokeResult {
  executionId: string;
  statusCode: number;
  functionError?: string;
  /** JSON text. */
  payload: string;
  executedVersion?: string;
}

/** An error answer's `data`, when the engine answered with an AWS fault or a sentence for the user. */
export interface ErrorData {
  name: string;
  status?: number;
}

export interface EngineStatus {
  /** Executions running now. */
  inFlight: number;
  /** Events waiting for an attempt. */
  queued: number;
  /** What was left over from last time waits for `resumeEngine`. */
  paused: boolean;
  /** Epoch milliseconds; absent while nothing is paused. Events accepted until then wait, later ones do not. */
  pausedSince?: number;
  /** Events that wait for it. */
  held: number;
  processes: number;
  /** Running executions by function name. */
  inFlightByFunction: Readonly<Record<string, number>>;
  /** Events that wait, by function name. */
  queuedByFunction: Readonly<Record<string, number>>;
}

export interface LogBatch {
  executionId: string;
  functionName: string;
  lines: readonly string[];
}

export const initialize = new RequestType<InitializeParams, EngineInfo, ErrorData>('initialize');
export const updateWorkspace = new RequestType<WorkspaceUpdate, void, ErrorData>('workspace/update');
export const listFunctions = new RequestType0<FunctionSummary[], ErrorData>('functions/list');
export const listDiagnostics = new RequestType0<WorkspaceDiagnostic[], ErrorData>('workspace/diagnostics');
/** Settles when the invocation has been answered. Rejects with ErrorData for AWS faults. */
export const invoke = new RequestType<InvokeParams, InvokeResult, ErrorData>('invoke');
export const cancelExecution = new RequestType<{ id: string }, boolean, ErrorData>('executions/cancel');
/** Runs the same event again (same qualifier, client context; same invocation type unless one is given); settles when answered. */
export const replayExecution = new RequestType<{ id: string; invocationType?: 'RequestResponse' | 'Event' }, InvokeResult, ErrorData>('executions/replay');
export const listExecutions = new RequestType<ExecutionQuery, Execution[], ErrorData>('executions/list');
export const getExecution = new RequestType<{ id: string }, Execution | null, ErrorData>('executions/get');
export const getExecutionContent = new RequestType<{ id: string }, ExecutionContent | null, ErrorData>('executions/content');
/** The AWS invocation record as a destination would receive it, JSON text; null when the execution is not finished. */
export const getInvocationRecord = new RequestType<{ id: string }, string | null, ErrorData>('executions/record');
export const clearExecutions = new RequestType0<void, ErrorData>('executions/clear');
export const exportExecutions = new RequestType<{ file: string }, number, ErrorData>('executions/export');
/** Ends the engine and deletes its data folder's state; the client starts a new one. */
export const resetEngine = new RequestType0<void, ErrorData>('engine/reset');
export const shutdownEngine = new RequestType0<void, ErrorData>('engine/shutdown');

/** What `statusChanged` tells, for a client that has just come. */
export const getStatus = new RequestType0<EngineStatus, ErrorData>('engine/getStatus');
/** Acts on an event of the asynchronous queue; false when its state does not allow it any more. */
export const actOnEvent = new RequestType<{ id: string; action: EventAction }, boolean, ErrorData>('events/act');
/** `faults: null` ends the injection. */
export const setFaults = new RequestType<{ functionName: string; faults: FaultSettings | null }, void, ErrorData>('functions/faults');
/** Drops what was set over the template's EventInvokeConfig. */
export const resetEventInvokeConfig = new RequestType<{ functionName: string; qualifier?: string }, void, ErrorData>('functions/reset-event-invoke-config');
/** Drops a dead-letter queue that was set or removed over the template. */
export const resetDeadLetterQueue = new RequestType<{ functionName: string }, void, ErrorData>('functions/reset-dead-letter-queue');
export const getClock = new RequestType0<ClockState, ErrorData>('clock/get');
export const setClock = new RequestType<{ scale?: number; advanceSeconds?: number }, ClockState, ErrorData>('clock/set');
/** Lets go what was left over from last time. */
export const resumeEngine = new RequestType0<void, ErrorData>('engine/resume');
export const pauseEngine = new RequestType0<void, ErrorData>('engine/pause');
export const listResources = new RequestType0<ResourcesSnapshot, ErrorData>('resources/list');
/**
 * Calls an operation of an embedded service (`sqs`, `sns`, `events`, `kinesis`, `lambda`) with the input of its JSON API, as an SDK
 * would: what the trees do goes the same way as what callers do.
 */
export const callService = new RequestType<{ service: string; operation: string; input: ServiceInput }, ServiceOutput, ErrorData>('services/call');
/** Looks at messages without receiving them, oldest first. `after` is the last message id of the page before. */
export const peekMessages = new RequestType<{ queueArn: string; limit: number; after?: string }, PeekedMessage[], ErrorData>('queues/peek');
/** Removes one message by its id, whether or not somebody holds it. */
export const deleteMessage = new RequestType<{ queueArn: string; messageId: string }, boolean, ErrorData>('queues/delete-message');
/** Looks at records of a stream or a table's stream. */
export const peekRecords = new RequestType<{ streamArn: string } & PeekRecords, PeekedRecord[], ErrorData>('streams/peek');
export const putStreamRecord = new RequestType<
  { streamArn: string; partitionKey: string; text: string; explicitHashKey?: string }, { shardId: string; sequenceNumber: string }, ErrorData
>('streams/put');
/** Writes a change of an item to a table's stream; null when both images are the same, which makes no record. */
export const putTableChange = new RequestType<{ streamArn: string } & TableChange, { sequenceNumber: string } | null, ErrorData>('table-streams/put');
export const listBucketObjects = new RequestType<{ bucketArn: string; limit: number }, BucketObject[], ErrorData>('buckets/list');
/** Text of an object. */
export const readBucketObject = new RequestType<{ bucketArn: string; key: string }, string, ErrorData>('buckets/read');
export const deleteBucketObject = new RequestType<{ bucketArn: string; key: string }, boolean, ErrorData>('buckets/delete-object');
/** A pattern and an event, both as texts, so that nothing of their spelling is lost. */
export interface PatternQuestion {
  /** `eventbridge`, `sns-attributes`, `sns-body`, `esm-sqs`, `esm-dynamodb` or `esm-kinesis`. */
  dialect: string;
  pattern: string;
  event: string;
}

export interface PatternAnswer {
  result: 'match' | 'nomatch' | 'invalid';
  /** Why pattern or event are invalid, or why there is nothing to match; one sentence. */
  message?: string;
  /** Ways for the pattern to match: one, or one for each branch of `$or`. Empty when it is invalid. */
  alternatives: readonly {
    matched: boolean;
    fields: readonly {
      /** Names joined by dots. */
      path: string;
      /** The array of the pattern, as it is written there. */
      expected: string;
      /** What the event has there, as JSON. */
      found: readonly string[];
      matched: boolean;
      /** Why not; one sentence. */
      reason?: string;
    }[];
  }[];
}

/** Whether a pattern matches an event, and field by field why not. */
export const explainPattern = new RequestType<PatternQuestion, PatternAnswer, ErrorData>('patterns/explain');
/** Runs a schedule's targets now, whatever the time. */
export const fireRule = new RequestType<{ ruleArn: string }, void, ErrorData>('rules/fire');
/** Why the rules of a bus matched one of its last events or not. */
export const explainEvent = new RequestType<{ busArn: string; eventId: string }, EventExplanation, ErrorData>('buses/explain');

/** Event source mappings. What the Lambda API does goes through `callService`. */
export const listMappings = new RequestType0<EventSourceMappingSummary[], ErrorData>('mappings/list');
/** Polls once, whatever the mapping's state; answers with the number of records when their batches are over. */
export const pollMappingOnce = new RequestType<{ uuid: string }, number, ErrorData>('mappings/poll-once');
export const pauseMapping = new RequestType<{ uuid: string }, void, ErrorData>('mappings/pause');
/** Every enabled mapping; answers with how many were paused by it. */
export const pauseMappings = new RequestType0<number, ErrorData>('mappings/pause-all');
/** Whatever paused them; answers with how many were resumed by it. */
export const resumeMappings = new RequestType0<number, ErrorData>('mappings/resume-all');
export const resumeMapping = new RequestType<{ uuid: string }, void, ErrorData>('mappings/resume');
/** Streams only. */
export const resetMappingPosition = new RequestType<{ uuid: string; position: ResetPosition }, void, ErrorData>('mappings/reset-position');
/** Back to what the template says; false when nothing was changed. */
export const resetMapping = new RequestType<{ uuid: string }, boolean, ErrorData>('mappings/reset');
/**
 * Invokes a function again with a batch that its mapping gave up, by the record that the on-failure destination got; null when the
 * text is no such record.
 */
export const redriveBatch = new RequestType<{ record: string }, BatchRedrive | null, ErrorData>('mappings/redrive');
/** Records of a source as functions get them, to try filters with: what filters kept away, what is in the source, what functions had. */
export const sampleRecords = new RequestType<{ sourceArn: string; limit: number }, RecordSample[], ErrorData>('mappings/samples');
/** Why a message or record reached no function: one answer for each mapping that could have had it. */
export const explainRecord = new RequestType<{ id: string; sourceArn?: string }, RecordFate[], ErrorData>('mappings/why');

export const functionsChanged = new NotificationType<{ functions: FunctionSummary[] }>('functions/changed');
export const diagnosticsChanged = new NotificationType<{ diagnostics: WorkspaceDiagnostic[] }>('workspace/diagnosticsChanged');
/** Coalesced: at most one message per 50 ms, each execution in its newest state. */
export const executionsChanged = new NotificationType<{ executions: Execution[] }>('executions/changed');
export const executionsCleared = new NotificationType<Record<string, never>>('executions/cleared');
/** Coalesced function output, for the output channel and open details. */
export const logWritten = new NotificationType<{ batches: LogBatch[] }>('executions/log');
export const statusChanged = new NotificationType<EngineStatus>('engine/status');
export const clockChanged = new NotificationType<ClockState>('clock/changed');
/** Coalesced: at most one message per 250 ms. */
export const resourcesChanged = new NotificationType<ResourcesSnapshot>('resources/changed');
/** Coalesced: at most one message per 250 ms. */
export const mappingsChanged = new NotificationType<{ mappings: EventSourceMappingSummary[] }>('mappings/changed');
/** The engine's own log lines. */
export const engineLog = new NotificationType<{ level: 'debug' | 'info' | 'warn' | 'error'; message: string }>('engine/log');
