import type { RunnableFunction } from '../contracts/functions.ts';

/** A program and the code it will run, ready for an execution environment to be started. */
export interface PreparedCode {
  kind: 'ready';
  /** Which bootstrap speaks for the function: our own for Node and Python, the function's own program for `provided.*`. */
  flavor: 'node' | 'python' | 'provided';
  /** Absolute path of the interpreter, or of the `bootstrap` program. */
  binary: string;
  /** Reported when probed; empty for `provided`. */
  binaryVersion: string;
  /** Arguments for the interpreter that precede the bootstrap (for example `--max-old-space-size=112`). */
  binaryArguments: readonly string[];
  /** Absolute path of the program that `AWS_LAMBDA_EXEC_WRAPPER` names: it is started with the interpreter and its arguments. */
  wrapper?: string;
  /** Value of `LAMBDA_TASK_ROOT` and working directory: absolute. */
  taskRoot: string;
  /** Value of `_HANDLER`, resolvable by the bootstrap below `taskRoot` (a bundle's path may differ from the template's). */
  handler: string;
  /**
   * Changes whenever code, dependencies, layers, interpreter or environment files change. An idle environment with
   * another code revision is ended and never used again.
   */
  codeRevision: string;
  /** The whole environment of the process but what only the environment itself knows (log stream, Runtime API, token). */
  environment: Readonly<Record<string, string>>;
  /** Why binary and declared runtime differ, and other things the record must show. */
  note?: string;
}

export type PreparationFailure =
  | { kind: 'build-error'; message: string; details: readonly string[] }
  | { kind: 'no-runtime'; message: string }
  | { kind: 'invalid-entrypoint'; searched: readonly string[] };

/** Turns a function into something that can be started; knows interpreters, bundling, layers, `.env` files, watching. */
export interface CodePreparer {
  /**
   * Cheap when nothing changed: some 2 µs for each source file, shared by calls that come at once. Concurrent calls for one
   * function share the work, too. Never stale: an edit saved before the call is seen by it.
   */
  prepare(fn: RunnableFunction): Promise<PreparedCode | PreparationFailure>;
  /** Synchronous fast path for functions of few source files: the current preparation when it is known to be fresh, else undefined. */
  fresh(fn: RunnableFunction): PreparedCode | undefined;
  /** A Python environment tells which files it has imported, so that a change to one of them reloads the function. */
  noteLoadedFiles(fn: RunnableFunction, codeRevision: string, files: readonly string[]): void;
  /** Called with the function's name when its code changed on disk, once per change (bursts are merged). */
  onDidChange(listener: (functionName: string) => void): () => void;
  /** Forgets a function: stops watching it. */
  forget(functionName: string): void;
  close(): Promise<void>;
}
