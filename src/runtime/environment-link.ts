/** How an execution environment talks with the runtime inside it: over our channel, or over the HTTP Runtime API. */

export interface Invocation {
  /** Counts the invocations of one environment. */
  sequence: number;
  requestId: string;
  invokedFunctionArn: string;
  traceId: string;
  /** JSON text; absent when the caller sent none. */
  clientContext?: string;
  /** Epoch milliseconds. */
  deadline: number;
  payload: Uint8Array;
}

export type Answer = (
  | { kind: 'response'; payload: Uint8Array }
  | { kind: 'function-error'; errorType: string; payload: Uint8Array }
  | { kind: 'response-too-large'; bytes: number }
) & {
  /** Resident memory that the runtime reports, kilobytes; 0 when it does not. */
  residentKilobytes: number;
  /** The process ends after this answer and must not be used again. */
  ending: boolean;
};

export type OutputSource = 'log' | 'stdout' | 'stderr';

/** What the runtime tells its environment, in the order in which it happened. */
export interface LinkListener {
  ready(): void;
  initError(errorType: string, payload: Uint8Array): void;
  answer(sequence: number, answer: Answer): void;
  output(source: OutputSource, bytes: Buffer): void;
  loadedFiles(files: readonly string[]): void;
  /** The process announces its end; `lastAccepted` is the last invocation that it has read. */
  exiting(lastAccepted: number): void;
  /** The runtime broke the protocol: it has to be ended. */
  broken(reason: string): void;
}

export interface RuntimeLink {
  /** Variables that the process needs to find us. */
  readonly environment: Readonly<Record<string, string>>;
  /** Whether lines written before an answer are only certain to be here after a round trip with the supervisor. */
  readonly outputComesApart: boolean;
  invoke(invocation: Invocation): void;
  /** False when it is certain that the runtime never got the invocation. */
  wasDelivered(sequence: number): boolean;
  /** Resolves when everything that a process sent before it ended has been heard, at latest after `milliseconds`. */
  drained(milliseconds: number): Promise<void>;
  close(): void;
}
