/**
 * Messages between the records panel (browser code in `webview/`) and its host in the extension, over VS Code's
 * `postMessage`. The host treats the panel as untrusted and checks every message (`src/ui/panel-validation.ts`).
 */
import type { ClockState } from '../contracts/clock.ts';
import type { AsynchronousState, BatchEnd, BatchRecordOutcome, Execution, ExecutionStatus } from '../contracts/executions.ts';
import type { BatchDetail, BatchRow } from './panel-batch.ts';

/** Raised when messages or the saved state change their meaning; older saved states are then dropped. */
export const panelVersion = 1;

/** View type of the webview panel, part of what VS Code saves across reloads. */
export const panelViewType = 'localLambda.records';

/** Most rows that one page may hold (the engine's own limit is 1000). */
export const maxPageSize = 1000;

/** Longest text that the panel may put on the clipboard, characters. */
export const maxCopyLength = 10_000;

/** Longest filter text, characters. */
export const maxFilterLength = 200;

/** Which of an execution's texts: the function's answer, its log, the event it got, the AWS invocation record. */
export type ExecutionPart = 'result' | 'logs' | 'event' | 'record';

/** Absent members do not restrict. */
export interface ExecutionFilter {
  /** Case-insensitive text in id, function name, error type or message; 1 to `maxFilterLength` characters. */
  text?: string;
  status?: ExecutionStatus;
  functionName?: string;
}

/** What the list shows of an execution: small, because there are thousands. */
export type ExecutionRow = Pick<
  Execution,
  | 'id' | 'sequence' | 'functionName' | 'qualifier' | 'invocationType' | 'source' | 'replayOf' | 'status' | 'receivedAt'
  | 'finishedAt' | 'durationMs' | 'errorType' | 'errorMessage' | 'causedBy'
> & {
  /** True when any attempt had to start an execution environment. */
  coldStart: boolean;
  /** The trace that it belongs to: executions of one chain share it. */
  chain: string;
  /** Only of asynchronous invocations. */
  event?: RowEvent;
  /** Only of invocations by an event source mapping: its records, and what the poller did then. */
  batch?: { size: number; end?: BatchEnd['kind'] };
};

/** What the list shows of the asynchronous side of an execution. */
export interface RowEvent extends Pick<AsynchronousState, 'wait' | 'condition' | 'invokeCount' | 'throttles' | 'duplicate'> {
  failedDeliveries: number;
}

/** One execution of a chain of cause and consequence. */
export interface ChainLink extends Pick<
  Execution,
  'id' | 'sequence' | 'functionName' | 'qualifier' | 'status' | 'source' | 'invocationType' | 'durationMs' | 'errorType'
> {
  /** Steps from the first cause that the history still has. */
  depth: number;
}

/** A text cut for display. */
export interface BoundedText {
  text: string;
  /** Characters of the whole text. */
  length: number;
  /** True when `text` is only a part: the first for JSON, the last for logs. */
  cut: boolean;
}

/** The texts of the selected execution. */
export interface DetailContent {
  event: BoundedText;
  /** Absent while it runs, or when there was none. */
  result?: BoundedText;
  log: BoundedText;
  /** The engine had to drop the middle of a log that was too large. */
  logTruncated: boolean;
  /** Absent until the execution has finished. */
  record?: BoundedText;
}

/** Why there may be nothing to show. `untrusted` and `no-folder` go before the engine's own states. */
export type PanelEngineState = 'untrusted' | 'no-folder' | 'stopped' | 'starting' | 'ready' | 'failed';

/** What can be done to one execution by the host. */
export type ExecutionAction =
  | 'replay' | 'replay-async' | 'replay-sync' | 'cancel' | 'copy-as-cli' | 'save-as-test-event'
  | 'try-now' | 'expire-now' | 'deliver-twice';

/** What can be done to the whole. */
export type PanelAction = 'export' | 'clear' | 'start-engine' | 'show-log' | 'manage-trust' | 'open-folder' | 'resume';

/** From the panel to the host. */
export type PanelRequest = { version: typeof panelVersion } & (
  /** Sent once by each new document; nothing reaches the panel before it. */
  | { type: 'ready' }
  /** Asks for the rows below `before`, newest first. A changed filter also redirects the live updates. */
  | { type: 'list'; request: number; before?: number; limit: number; filter: ExecutionFilter }
  /** Follows this execution from now on; without an id none. */
  | { type: 'select'; executionId?: string }
  | { type: 'execution-action'; action: ExecutionAction; executionId: string }
  | { type: 'open-part'; executionId: string; part: ExecutionPart }
  /** Asks for records of the selected execution's batch: 1 to `maxBatchRows`, of one outcome when it is given. */
  | { type: 'batch-rows'; executionId: string; from: number; limit: number; outcome?: BatchRecordOutcome }
  /** Shows a queue, topic, bus, bucket, stream, function or event source mapping where it stands in the editor. */
  | { type: 'open-target'; arn: string }
  | { type: 'copy'; text: string }
  | { type: 'action'; action: PanelAction }
  /** An error in the panel's own code, for the log. */
  | { type: 'problem'; message: string }
);

/** From the host to the panel. */
export type PanelMessage = { version: typeof panelVersion } & (
  | { type: 'engine'; state: PanelEngineState; failure?: string; functionNames: readonly string[]; endpoint?: string }
  /** Answers `list`; `complete` when nothing older is left. */
  | { type: 'page'; request: number; rows: readonly ExecutionRow[]; complete: boolean }
  | { type: 'page-failed'; request: number; message: string }
  /** Coalesced: rows that match the filter, and ids of those that no longer do. */
  | { type: 'rows-changed'; rows: readonly ExecutionRow[]; removed: readonly string[] }
  | { type: 'cleared' }
  /** Answers `select`, and follows again when the execution finishes. */
  | { type: 'detail'; execution: Execution; content: DetailContent }
  /** The history no longer has the selected execution. */
  | { type: 'detail-missing'; executionId: string }
  | { type: 'detail-failed'; executionId: string; message: string }
  /** The selected execution changed; its texts did not. */
  | { type: 'execution-changed'; execution: Execution }
  /**
   * What caused the selected execution and what it caused, each cause before its consequences; empty when it stands
   * alone. `cut` when there are more.
   */
  | { type: 'chain'; executionId: string; links: readonly ChainLink[]; cut: boolean }
  /** The batch of the selected execution, when it is a polled one; sent again when anything about it changes. */
  | { type: 'batch'; executionId: string; batch: BatchDetail }
  /** Answers `batch-rows`; `total`: how many there are to ask for. */
  | { type: 'batch-rows'; executionId: string; from: number; outcome?: BatchRecordOutcome; rows: readonly BatchRow[]; total: number }
  /** How fast waits pass; `now` is when this was sent. While paused, what was received before `pausedSince` waits. */
  | { type: 'clock'; clock: ClockState; pausedSince?: number }
  /** New log lines of the selected execution while it runs. */
  | { type: 'log'; executionId: string; lines: readonly string[] }
  /** Selects an execution and shows its detail. */
  | { type: 'reveal'; executionId: string }
);

/** A request without the version that every message carries. */
export type PanelRequestBody = WithoutVersion<PanelRequest>;
export type PanelMessageBody = WithoutVersion<PanelMessage>;
type WithoutVersion<T> = T extends unknown ? Omit<T, 'version'> : never;
