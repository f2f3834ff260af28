import type { EventWait, InvocationSource } from './executions.ts';

/** An event that was accepted for asynchronous invocation and is not finished yet. */
export interface QueuedEvent {
  /** Id of its execution. */
  id: string;
  /** The AWS request id, the same for every attempt and every duplicate. */
  requestId: string;
  functionName: string;
  /** As the caller gave it: version, alias or absent. */
  qualifier?: string;
  /** Value of `X-Amzn-Trace-Id` for the function. */
  traceId: string;
  source: InvocationSource;
  causedBy?: string;
  replayOf?: string;
  duplicate?: boolean;
  /** Place in the history (`Execution.sequence`). */
  executionSequence: number;
  /** Epoch milliseconds. */
  acceptedAt: number;
  requestBytes: number;
  /** Attempts that reached the function. */
  invokeCount: number;
  /** Times that a throttle turned it away, in all and since the last attempt. */
  throttles: number;
  throttlesInARow: number;
  /** Age up to `wait.since`: waits in AWS time plus work in real time, milliseconds. */
  ageMs: number;
  wait: EventWait;
  /** The last attempt's answer, for the record of an event that ends while it waits. */
  lastAnswer?: { executedVersion: string; functionError?: string; errorMessage?: string };
}

/**
 * The durable queue of asynchronous invocation. Every call that writes is committed when it returns, or with the open
 * transaction of the state database. Which events run now is not stored: after a crash all of them are waiting again.
 */
export interface EventQueue {
  add(event: QueuedEvent, payload: Uint8Array): void;
  get(id: string): QueuedEvent | undefined;
  payload(id: string): Uint8Array | undefined;
  /** Answer of the last attempt, as it was. */
  lastResponse(id: string): Uint8Array | undefined;
  /** Replaces what is stored about a waiting event. */
  update(event: QueuedEvent, lastResponse?: Uint8Array): void;
  /** The event counts as accepted by this run from now on: it is not held. */
  letGo(id: string): void;
  remove(id: string): void;
  /** Events that were accepted at this time or before. */
  countUpTo(acceptedAt: number): number;
  /**
   * Events of a function whose wait has ended, the longest due first, without those in `running`.
   * @param waitNow Place on the wait axis.
   * @param acceptedAfter Only events accepted by this run of the engine, when given (the ones before are held).
   */
  due(functionName: string, waitNow: number, limit: number, running: ReadonlySet<string>, acceptedAfter?: number): QueuedEvent[];
  /** Where the next wait of a function ends, without those in `running`; undefined when nothing waits. */
  nextDue(functionName: string, running: ReadonlySet<string>): number | undefined;
  /** Events by function name. Kept, not counted. */
  counts(): ReadonlyMap<string, number>;
  /** All writes inside commit together or not at all. */
  transaction<R>(work: () => R): R;
}
