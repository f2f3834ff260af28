import type { Cancellation } from './cancellation.ts';
import type { RunnableFunction } from './functions.ts';

/** One call of a function in one execution environment. */
export interface RunRequest {
  function: RunnableFunction;
  /** UUID, the same for every attempt of one event. */
  requestId: string;
  /** As `context.invokedFunctionArn` shows it. */
  invokedFunctionArn: string;
  /** JSON bytes exactly as the caller sent them. */
  payload: Uint8Array;
  /** Value of `X-Amzn-Trace-Id` / `_X_AMZN_TRACE_ID`. */
  traceId: string;
  /** Decoded JSON text of `X-Amz-Client-Context`. */
  clientContext?: string;
}

/** The execution environment that an attempt got. */
export interface EnvironmentInfo {
  /** Stable for the life of the process. */
  environmentId: string;
  /** AWS's form: `2026/11/23/[$LATEST]<32 hex>`. */
  logStreamName: string;
  /** True when this attempt is the first of the environment. */
  coldStart: boolean;
  pid: number;
  /** Absolute path of the program that really runs the code. */
  binary: string;
  /** Version it reported when probed (for example `24.21.0`); empty for a bootstrap. */
  binaryVersion: string;
  /** Visible note when declared runtime and binary differ, or something about the function had to be worked around. */
  note?: string;
}

export interface LogLine {
  /** Epoch milliseconds. */
  time: number;
  /** Without the trailing newline. May hold tabs and carriage returns. */
  text: string;
}

/** Receives what happens during a run, in order. Must not throw. */
export interface RunObserver {
  /** The environment is chosen and the payload is being handed over (after init when it was cold). */
  onStart(environment: EnvironmentInfo): void;
  /** A cold start has begun; lines logged from now until `onStart` belong to the init phase. */
  onInit?(environment: EnvironmentInfo): void;
  onLog(line: LogLine): void;
  /** The cold start failed; after a timeout of the phase `init` another one begins, in the phase `invoke`. */
  onInitFailed?(failure: InitFailure): void;
}

/** Milliseconds; `errorType` unless it timed out. */
export interface InitFailure {
  phase: 'init' | 'invoke';
  status: 'error' | 'timeout';
  errorType?: string;
  durationMs: number;
}

export type RunOutcome =
  | { kind: 'response'; payload: Uint8Array }
  /** The runtime posted to `/invocation/{id}/error`; `payload` is its JSON body. */
  | { kind: 'function-error'; errorType: string; payload: Uint8Array }
  /** The runtime posted to `/init/error`. */
  | { kind: 'init-error'; errorType: string; payload: Uint8Array }
  | { kind: 'timeout'; phase: 'init' | 'invoke' }
  /** The process ended without an answer. */
  | { kind: 'exit'; phase: 'init' | 'invoke'; code: number | null; signal: string | null }
  | { kind: 'invalid-entrypoint'; searched: readonly string[] }
  | { kind: 'response-too-large'; bytes: number }
  | { kind: 'out-of-memory' }
  | { kind: 'cancelled' }
  /** The source could not be built (TypeScript, syntax): the function's own fault. */
  | { kind: 'build-error'; message: string; details: readonly string[] }
  /** The language is not installed or strict mode refuses: one sentence naming language and setting. */
  | { kind: 'no-runtime'; message: string };

export interface RunResult {
  outcome: RunOutcome;
  /** Time between handing over the payload and the answer, milliseconds. */
  durationMs: number;
  /** Only after a cold start. */
  initDurationMs?: number;
  /** Largest resident memory sampled in this environment, megabytes; 0 when it could not be read. */
  maxMemoryUsedMb: number;
  environment?: EnvironmentInfo;
}

/** Runs functions in execution environments. One call occupies one environment until it settles. */
export interface FunctionRunner {
  /**
   * Never rejects for what the function does; rejects only for a fault of the engine. When it is cancelled, the
   * environment is ended and the outcome is `cancelled`.
   */
  run(request: RunRequest, observer: RunObserver, cancellation?: Cancellation): Promise<RunResult>;
  /** Ends all idle environments of a function, and busy ones once they have answered (it was deleted or changed). */
  retire(functionName: string): void;
  /** Processes alive now. */
  readonly processCount: number;
  /** Ends everything; resolves when no process is left. */
  close(): Promise<void>;
}

/** Code copied or unpacked so that nothing can change it any more. */
export interface FrozenCode {
  /** Absolute path inside the engine's data folder. */
  folder: string;
  /** Base64 SHA-256, as `CodeSha256`. */
  sha256: string;
  /** Bytes. */
  size: number;
  handlerFile?: string;
  handlerExport?: string;
  /** What was not copied, one sentence each (for example a virtual environment). */
  leftOut: readonly string[];
}

/** Content-addressed copies of code, for published versions and for functions made from a zip. */
export interface CodeStore {
  /** @throws AwsFault InvalidParameterValueException when the bytes are not a zip or would escape the folder. */
  unpack(zip: Uint8Array): Promise<FrozenCode>;
  /** Copies (or bundles, for TypeScript) the code of a function. */
  freeze(fn: RunnableFunction): Promise<FrozenCode>;
  /** Hash and size of the code as it stands now; cheap when nothing changed. */
  describe(fn: RunnableFunction): Promise<{ sha256: string; size: number }>;
  /** Removes copies that no given folder refers to. */
  collect(foldersInUse: ReadonlySet<string>): Promise<void>;
}
