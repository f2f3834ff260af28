/** Messages between the engine process and its clients (extension windows, the CLI), over `vscode-jsonrpc`. */
import { NotificationType, RequestType, RequestType0 } from 'vscode-jsonrpc';
import type { Execution, ExecutionContent, ExecutionQuery } from '../contracts/executions.ts';
import type { FunctionSummary } from '../contracts/lambda-api.ts';
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
  invocationType: 'RequestResponse' | 'DryRun';
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
  processes: number;
  /** Running executions by function name. */
  inFlightByFunction: Readonly<Record<string, number>>;
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
/** Runs the same event again (same qualifier, client context); settles when answered. */
export const replayExecution = new RequestType<{ id: string }, InvokeResult, ErrorData>('executions/replay');
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

export const functionsChanged = new NotificationType<{ functions: FunctionSummary[] }>('functions/changed');
export const diagnosticsChanged = new NotificationType<{ diagnostics: WorkspaceDiagnostic[] }>('workspace/diagnosticsChanged');
/** Coalesced: at most one message per 50 ms, each execution in its newest state. */
export const executionsChanged = new NotificationType<{ executions: Execution[] }>('executions/changed');
export const executionsCleared = new NotificationType<Record<string, never>>('executions/cleared');
/** Coalesced function output, for the output channel and open details. */
export const logWritten = new NotificationType<{ batches: LogBatch[] }>('executions/log');
export const statusChanged = new NotificationType<EngineStatus>('engine/status');
/** The engine's own log lines. */
export const engineLog = new NotificationType<{ level: 'debug' | 'info' | 'warn' | 'error'; message: string }>('engine/log');
