/** What both roads between the engine and a function process have in common. */

/** An invocation as it is handed to the function. */
export interface Delivery {
  requestId: string;
  invokedFunctionArn: string;
  /** Epoch milliseconds. */
  deadline: number;
  traceId: string;
  clientContext?: string;
  payload: Uint8Array;
}

/** What a function process says. */
export interface TransportListener {
  /** Init is over: it asks for its first invocation. */
  onReady(): void;
  onInitError(errorType: string, payload: Buffer): void;
  onResponse(requestId: string, payload: Buffer): void;
  onResponseTooLarge(requestId: string, bytes: number): void;
  onError(requestId: string, errorType: string, payload: Buffer): void;
  /** Output may be on its way past this connection: it belongs before the answer that follows. */
  onRawOutput(): void;
  /** Output in the order it was written relative to the answers; may hold several or unfinished lines. */
  onLog(stream: 1 | 2, text: Buffer): void;
  /** Source files that are loaded now. */
  onFiles(files: readonly string[]): void;
  /** Resident memory in bytes. */
  onMemory(bytes: number): void;
}

/** One environment's connection, made before its process starts. */
export interface Transport {
  /** Variables that tell the process where to connect. */
  readonly environment: Readonly<Record<string, string>>;
  deliver(delivery: Delivery): void;
  /**
   * Resolves when all that a process said before it ended has been heard; soon at the latest. That it ended is told by
   * another road, which may be shorter.
   */
  drained(): Promise<void>;
  close(): void;
}

/** AWS's response limit: 6 MB and 100 bytes (lambda-facts §1.4). */
export const responseLimitBytes = 6_291_556;
