/**
 * Asynchronous invocation (`InvocationType: Event`): events are accepted durably, run when due, tried again as AWS does, and
 * their results go to destinations and dead-letter queues (lambda-facts §2).
 */
import type { QueuedEvent } from '../contracts/event-queue.ts';
import type { Execution, InvocationSource } from '../contracts/executions.ts';
import type { Logger } from '../contracts/logger.ts';
import type { Destinations } from './destinations.ts';
import { EventDispatcher } from './event-dispatcher.ts';
import { EventEnds } from './event-ends.ts';
import { executionOf } from './event-execution.ts';
import { EventRuns, type EventRunsOptions } from './event-runs.ts';
import { EventSettlements } from './event-settlement.ts';
import { traceFor } from './trace.ts';

export interface AsynchronousOptions extends EventRunsOptions {
  logger: Logger;
  ids: { uuid(): string; hex(bytes: number): string };
  destinations: Destinations;
  limits: () => { perFunction: number; total: number };
  /** The number of a function's queued events went from or to zero. */
  queueChanged(): void;
}

export interface AcceptedEvent {
  functionName: string;
  qualifier?: string;
  invokedFunctionArn: string;
  /** Unqualified. */
  functionArn: string;
  payload: Uint8Array;
  source: InvocationSource;
  traceHeader?: string;
  causedBy?: string;
  replayOf?: string;
  /** The event that this one repeats. */
  duplicateOf?: { requestId: string; traceId: string };
}

const reconcileSlice = 200;

export class Asynchronous {
  readonly #options: AsynchronousOptions;
  readonly #dispatcher: EventDispatcher;
  readonly #settlements: EventSettlements;
  readonly #ends: EventEnds;
  readonly #runs: EventRuns;
  #arriving: { event: QueuedEvent; accepted: AcceptedEvent; resolve: (execution: Execution) => void; reject: (error: Error) => void }[] = [];
  #closing = false;

  constructor(options: AsynchronousOptions) {
    this.#options = options;
    const { queue, clock, gate, logger, limits, history } = options;
    this.#dispatcher = new EventDispatcher({ queue, clock, gate, logger, limits, run: (event) => this.#runs.run(event) });
    this.#settlements = new EventSettlements({
      queue, history, clock, logger,
      executionChanged: (execution) => options.executionChanged(execution),
      settled: ({ event }, final) => {
        this.#dispatcher.settled(event);
        if (final && !queue.counts().has(event.functionName)) options.queueChanged();
      },
    });
    this.#ends = new EventEnds({
      ...options, hold: (name, due) => this.#dispatcher.hold(name, due), settle: (settlement) => this.#settlements.add(settlement),
    });
    this.#runs = new EventRuns(options, this.#ends);
  }

  /** Begins to dispatch, and puts right what the history says of events that were queued or ran when the engine ended. */
  start(): void {
    this.#dispatcher.start();
    this.#reconcile(undefined);
  }

  /** Events that wait or run. */
  get queued(): number {
    let sum = -this.#runs.count;
    for (const count of this.#options.queue.counts().values()) sum += count;
    return Math.max(0, sum);
  }

  /** Events left over from last time that wait until a person resumes. */
  get held(): number {
    return this.#dispatcher.held;
  }

  /** Events that wait, by function; only functions that have any. */
  get queuedByFunction(): Record<string, number> {
    const waiting = new Map(this.#options.queue.counts());
    for (const functionName of this.#runs.functionNames) waiting.set(functionName, (waiting.get(functionName) ?? 0) - 1);
    return Object.fromEntries([...waiting].filter(([, count]) => count > 0));
  }

  queuedOf(functionName: string): number {
    return this.#options.queue.counts().get(functionName) ?? 0;
  }

  get running(): number {
    return this.#runs.count;
  }

  payloadOf(id: string): Uint8Array | undefined {
    return this.#options.queue.payload(id);
  }

  /** Queues an event; it is durable when this returns, or with the open transaction. @throws when the disk does not take it. */
  accept(accepted: AcceptedEvent): Execution {
    const event = this.#event(accepted);
    this.#options.queue.add(event, accepted.payload);
    return this.#accepted(event, accepted);
  }

  /** As `accept`, in one commit with what other callers send at the same time. */
  acceptSoon(accepted: AcceptedEvent): Promise<Execution> {
    this.#dispatcher.callersSend();
    return new Promise((resolve, reject) => {
      if (this.#arriving.push({ event: this.#event(accepted), accepted, resolve, reject }) === 1) this.#options.clock.soon(() => this.#takeIn());
    });
  }

  #takeIn(): void {
    const group = this.#arriving;
    this.#arriving = [];
    const { queue } = this.#options;
    try {
      queue.transaction(() => {
        for (const { event, accepted } of group) queue.add(event, accepted.payload);
      });
    } catch (error) {
      for (const { reject } of group) reject(error as Error);
      return;
    }
    for (const { event, accepted, resolve } of group) resolve(this.#accepted(event, accepted));
  }

  #event(accepted: AcceptedEvent): QueuedEvent {
    const { clock, ids, history } = this.#options;
    const id = ids.uuid();
    const now = clock.now();
    const { functionName, qualifier, source, causedBy, replayOf, duplicateOf } = accepted;
    return {
      id, requestId: duplicateOf?.requestId ?? id, functionName,
      ...(qualifier === undefined ? {} : { qualifier }),
      traceId: duplicateOf?.traceId ?? traceFor({ executionId: id, functionArn: accepted.functionArn, incoming: accepted.traceHeader, now, hex: ids.hex }),
      source,
      ...(causedBy === undefined ? {} : { causedBy }),
      ...(replayOf === undefined ? {} : { replayOf }),
      ...(duplicateOf === undefined ? {} : { duplicate: true }),
      executionSequence: history.nextSequence(), acceptedAt: now, requestBytes: accepted.payload.length, invokeCount: 0, throttles: 0, throttlesInARow: 0,
      ageMs: 0, wait: { kind: 'turn', awsSeconds: 0, due: clock.waitNow(), notBefore: now, since: now },
    };
  }

  #accepted(event: QueuedEvent, accepted: AcceptedEvent): Execution {
    const { queue, history, faults } = this.#options;
    const { functionName } = event;
    const execution = executionOf(event, accepted.invokedFunctionArn);
    history.save(execution);
    this.#options.executionChanged(execution);
    this.#dispatcher.wake(functionName);
    if (queue.counts().get(functionName) === 1) this.#options.queueChanged();
    if (!event.duplicate && faults.duplicates(functionName)) this.accept({ ...accepted, duplicateOf: event });
    return execution;
  }

  /** Concurrency of a function came free elsewhere. */
  released(functionName: string): void {
    this.#dispatcher.release(functionName);
  }

  /** Ends the wait of an event now, as if it had passed. False when it does not wait. */
  tryNow(id: string): boolean {
    const event = this.#waiting(id);
    const { clock, queue, gate } = this.#options;
    // An event that was left over from last time may be run by hand although the others wait.
    if (!event || (event.wait.kind === 'turn' && !gate.paused)) return false;
    this.#runs.hurried.add(id);
    queue.letGo(id);
    queue.update({ ...event, wait: { ...event.wait, due: clock.waitNow() } });
    this.#dispatcher.release(event.functionName);
    this.#dispatcher.wake(event.functionName);
    return true;
  }

  /** Ends a waiting event as one that has become too old. */
  expire(id: string): boolean {
    const event = this.#waiting(id);
    if (!event) return false;
    const execution = this.#runs.afterWait(event, true);
    this.#ends.end(event, execution, 'EventAgeExceeded');
    this.#settlements.commit();
    return true;
  }

  /** Takes a waiting event out of the queue, or ends its attempt and takes it out: nothing is delivered. */
  cancel(id: string): boolean {
    if (this.#runs.cancel(id)) return true;
    const event = this.#waiting(id);
    if (!event) return false;
    this.#ends.endCancelled(event, this.#runs.afterWait(event, true));
    this.#settlements.commit();
    return true;
  }

  /** Stops dispatching, and ends attempts: their events stay in the queue. */
  async close(): Promise<void> {
    this.#closing = true;
    if (this.#arriving.length > 0) this.#takeIn();
    this.#dispatcher.close();
    await this.#runs.close();
    this.#settlements.commit();
  }

  #waiting(id: string): QueuedEvent | undefined {
    const event = this.#options.queue.get(id);
    return event && !this.#dispatcher.claims(event) ? event : undefined;
  }

  // ---- executions ----

  /** In slices: the history may hold a hundred thousand queued executions. */
  #reconcile(before: number | undefined): void {
    if (this.#closing) return;
    const { history, queue, clock } = this.#options;
    const slice = history.list({ status: 'queued', limit: reconcileSlice, ...(before === undefined ? {} : { before }) });
    for (const execution of slice) {
      // Its outcome was committed, but the history lost the last moment before the engine died.
      if (!queue.get(execution.id)) history.save({ ...execution, status: 'interrupted', finishedAt: clock.now() });
    }
    const last = slice.at(-1);
    if (last && slice.length === reconcileSlice) clock.after(1, () => this.#reconcile(last.sequence));
  }
}
