/**
 * Asynchronous invocation (`InvocationType: Event`): events are accepted durably, run when due, tried again as AWS does, and
 * their results go to destinations and dead-letter queues (lambda-facts §2).
 */
import type { EventQueue, QueuedEvent } from '../contracts/event-queue.ts';
import type { EventWait, Execution, InvocationCondition, InvocationSource } from '../contracts/executions.ts';
import { AwsFault } from '../contracts/faults.ts';
import type { RunnableFunction } from '../contracts/functions.ts';
import type { Logger } from '../contracts/logger.ts';
import type { ResumeGate } from '../contracts/resume-gate.ts';
import { Attempt, errorMessageLimit, failureOf, type AttemptResult, type AttemptServices } from './attempt.ts';
import type { Destinations, FinishedEvent } from './destinations.ts';
import { EventDispatcher } from './event-dispatcher.ts';
import { afterWait, executionOf, stateOf } from './event-execution.ts';
import { EventSettlements, type Settlement } from './event-settlement.ts';
import type { InjectedFaults } from './injected-faults.ts';
import { afterFunctionError, afterRefusal, beforeAttempt, type Decision, type RetryRules } from './retry-rules.ts';
import { invocationsInChain, recursionLimit, traceFor } from './trace.ts';

export interface AsynchronousOptions extends AttemptServices {
  queue: EventQueue;
  gate: ResumeGate;
  logger: Logger;
  ids: { uuid(): string; hex(bytes: number): string };
  destinations: Destinations;
  faults: InjectedFaults;
  limits: () => { perFunction: number; total: number };
  /** What runs for a qualifier now: code and configuration of queued events are those of the moment. @throws AwsFault */
  target(functionName: string, qualifier: string | undefined): RunnableFunction;
  rules(functionName: string, qualifier: string | undefined): RetryRules & { onSuccess?: string; onFailure?: string; mayLoop: boolean };
  /** Takes one unit of concurrency; the returned function gives it back. @throws AwsFault TooManyRequestsException */
  acquire(functionName: string): () => void;
  executionChanged(execution: Execution): void;
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
  readonly #running = new Map<string, Attempt>();
  readonly #cancelled = new Set<string>();
  /** Waits that a person cut short, to be told as such. */
  readonly #hurried = new Set<string>();
  /** Waits that ended before do not age: nothing could run then. Wait axis. */
  #agesFrom: number;
  #arriving: { event: QueuedEvent; accepted: AcceptedEvent; resolve: (execution: Execution) => void; reject: (error: Error) => void }[] = [];
  #closing = false;

  constructor(options: AsynchronousOptions) {
    this.#options = options;
    const { queue, clock, gate, logger, limits, history } = options;
    this.#agesFrom = clock.waitNow();
    this.#dispatcher = new EventDispatcher({ queue, clock, gate, logger, limits, run: (event) => this.#run(event) });
    this.#settlements = new EventSettlements({
      queue, history, clock, logger,
      executionChanged: (execution) => options.executionChanged(execution),
      settled: ({ event }, final) => {
        this.#dispatcher.settled(event);
        if (final && !queue.counts().has(event.functionName)) options.queueChanged();
      },
    });
    gate.onDidChange(() => { this.#agesFrom = clock.waitNow(); });
  }

  /** Begins to dispatch, and puts right what the history says of events that were queued or ran when the engine ended. */
  start(): void {
    this.#dispatcher.start();
    this.#reconcile(undefined);
  }

  /** Events that wait or run. */
  get queued(): number {
    let sum = -this.#running.size;
    for (const count of this.#options.queue.counts().values()) sum += count;
    return Math.max(0, sum);
  }

  /** Events left over from last time that wait until a person resumes. */
  get held(): number {
    return this.#dispatcher.held;
  }

  queuedOf(functionName: string): number {
    return this.#options.queue.counts().get(functionName) ?? 0;
  }

  get running(): number {
    return this.#running.size;
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
    this.#hurried.add(id);
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
    const execution = this.#afterWait(event, true);
    this.#end(event, execution, 'EventAgeExceeded');
    this.#settlements.commit();
    return true;
  }

  /** Takes a waiting event out of the queue, or ends its attempt and takes it out: nothing is delivered. */
  cancel(id: string): boolean {
    const attempt = this.#running.get(id);
    if (attempt) {
      this.#cancelled.add(id);
      attempt.cancel();
      return true;
    }
    const event = this.#waiting(id);
    if (!event) return false;
    this.#endCancelled(event, this.#afterWait(event, true));
    this.#settlements.commit();
    return true;
  }

  /** Stops dispatching, and ends attempts: their events stay in the queue. */
  async close(): Promise<void> {
    this.#closing = true;
    if (this.#arriving.length > 0) this.#takeIn();
    this.#dispatcher.close();
    const running = [...this.#running.values()];
    for (const attempt of running) attempt.cancel();
    while (this.#running.size > 0) await new Promise<void>((resolve) => { this.#options.clock.after(5, resolve); });
    this.#settlements.commit();
  }

  #waiting(id: string): QueuedEvent | undefined {
    const event = this.#options.queue.get(id);
    return event && !this.#dispatcher.claims(event) ? event : undefined;
  }

  // ---- one event ----

  /** Resolves with whether it took concurrency that is free again now. */
  async #run(event: QueuedEvent): Promise<boolean> {
    const { clock, faults, target, rules, acquire } = this.#options;
    const startedAt = clock.now();
    const ageMs = event.ageMs + event.wait.awsSeconds * 1000 + clock.overdue(Math.max(event.wait.due, this.#agesFrom));
    const current: QueuedEvent = { ...event, ageMs };
    const execution = this.#afterWait(event, false);
    let runnable: RunnableFunction;
    try {
      runnable = target(event.functionName, event.qualifier);
    } catch (error) {
      this.#endFailed(current, execution, error as Error);
      return false;
    }
    const rule = rules(event.functionName, event.qualifier);
    const tooLate = beforeAttempt(ageMs, rule);
    if (tooLate) {
      this.#end(current, execution, tooLate);
      return false;
    }
    if (!rule.mayLoop && invocationsInChain(runnable.functionArn, event.traceId) > recursionLimit) {
      // The event goes where failures go; that it counts as RetriesExhausted is not recorded (docs/fidelity.md).
      this.#end(current, { ...execution, errorType: 'RecursiveInvocationException', errorMessage: recursionMessage }, 'RetriesExhausted');
      return false;
    }
    let release: () => void;
    try {
      release = acquire(event.functionName);
    } catch (error) {
      this.#refuse(current, execution, 'throttle', error as AwsFault);
      return false;
    }
    try {
      const delay = faults.delay(event.functionName);
      if (delay > 0) await new Promise<void>((resolve) => { clock.after(delay, resolve); });
      if (this.#closing) return false;
      faults.throttle(event.functionName);
      await this.#attempt(current, execution, runnable, startedAt);
    } catch (error) {
      if (!(error instanceof AwsFault)) throw error;
      this.#refuse(current, execution, 'throttle', error);
      return false;
    } finally {
      release();
    }
    return true;
  }

  async #attempt(event: QueuedEvent, before: Execution, runnable: RunnableFunction, startedAt: number): Promise<void> {
    const { clock, history, queue } = this.#options;
    const payload = queue.payload(event.id);
    if (!payload) throw new Error(`The payload of event ${event.id} is gone.`);
    let execution: Execution = { ...before, status: 'running', executedVersion: runnable.version };
    const show = (attempt: Attempt['current']) => {
      execution = { ...execution, attempts: [...before.attempts, attempt] };
      history.save(execution);
      this.#options.executionChanged(execution);
    };
    const attempt = new Attempt(this.#options, {
      execution, number: before.attempts.length + 1, payload, target: runnable, changed: show,
      begun: (first) => {
        history.saveRequest(event.id, payload);
        show(first);
      },
    });
    this.#running.set(event.id, attempt);
    let result: AttemptResult;
    try {
      result = await attempt.run();
    } catch (error) {
      if (!(error instanceof AwsFault)) throw error;
      // The platform could not run the function: that uses up no attempt.
      const refused = { ...before, attempts: [...before.attempts, attempt.current] };
      this.#refuse({ ...event, ageMs: event.ageMs + clock.now() - startedAt }, refused, 'system-error', error);
      return;
    } finally {
      this.#running.delete(event.id);
    }
    execution = { ...execution, attempts: [...before.attempts, result.attempt] };
    if (result.cancelled && !this.#cancelled.delete(event.id)) {
      this.#interrupted(event, execution);
      return;
    }
    const after: QueuedEvent = {
      ...event, ageMs: event.ageMs + clock.now() - startedAt, invokeCount: event.invokeCount + 1, throttlesInARow: 0,
      lastAnswer: {
        executedVersion: runnable.version,
        ...(result.answer.functionError === undefined ? {} : { functionError: result.answer.functionError }),
        ...(result.answer.errorMessage === undefined ? {} : { errorMessage: result.answer.errorMessage }),
      },
    };
    this.#answered(after, execution, result);
  }

  #answered(event: QueuedEvent, before: Execution, { answer, attempt, cancelled }: AttemptResult): void {
    const { errorType, errorMessage, functionError, ...rest } = before;
    const execution: Execution = {
      ...rest, ...failureOf(answer), statusCode: 200, durationMs: attempt.durationMs ?? 0, responseBytes: answer.payload.length,
      ...(answer.errorMessage === undefined ? {} : { errorMessage: answer.errorMessage.slice(0, errorMessageLimit) }),
    };
    if (cancelled) this.#endCancelled(event, execution, answer.payload);
    else if (answer.functionError === undefined) this.#end(event, execution, 'Success', answer.payload);
    else {
      const rules = this.#options.rules(event.functionName, event.qualifier);
      this.#decide(event, execution, 'retry', afterFunctionError(event.invokeCount, event.ageMs, rules), answer.payload);
    }
  }

  #refuse(event: QueuedEvent, execution: Execution, kind: 'throttle' | 'system-error', fault: AwsFault): void {
    const { rules } = this.#options;
    const after: QueuedEvent = { ...event, throttles: event.throttles + (kind === 'throttle' ? 1 : 0), throttlesInARow: event.throttlesInARow + 1 };
    const refused = { ...execution, errorType: fault.name, errorMessage: fault.message.slice(0, errorMessageLimit) };
    this.#decide(after, refused, kind, afterRefusal(after.throttlesInARow, after.ageMs, rules(event.functionName, event.qualifier)));
  }

  #decide(event: QueuedEvent, execution: Execution, kind: 'retry' | 'throttle' | 'system-error', decision: Decision, response?: Uint8Array): void {
    if ('end' in decision) {
      this.#end(event, execution, decision.end, response);
      return;
    }
    const { clock } = this.#options;
    const now = clock.now();
    const wait: EventWait = {
      kind, awsSeconds: decision.waitSeconds, due: clock.repeatDue(decision.waitSeconds * 1000), notBefore: now, since: now,
    };
    if (kind !== 'retry') this.#dispatcher.hold(event.functionName, wait.due);
    const waiting = { ...event, wait };
    this.#settle({
      event: waiting,
      execution: { ...execution, status: 'queued', asynchronous: { ...stateOf(waiting, execution), wait } },
      ...(response === undefined ? {} : { response }),
    });
  }

  /** @param response Of the attempt that ended just now; the last one before is in the queue. */
  #end(event: QueuedEvent, before: Execution, condition: InvocationCondition, response?: Uint8Array): void {
    const { clock, rules, target, destinations, queue } = this.#options;
    const now = clock.now();
    const success = condition === 'Success';
    const execution: Execution = {
      ...before, status: success ? 'succeeded' : 'failed', finishedAt: now,
      ...(!success && before.errorType === undefined ? { errorType: condition } : {}),
      asynchronous: { ...stateOf(event, before), condition },
    };
    const { onSuccess, onFailure } = rules(event.functionName, event.qualifier);
    this.#settle({
      event, execution,
      ...(response === undefined ? {} : { response }),
      deliver: () => {
        const destination = success ? onSuccess : onFailure;
        const deadLetters = success ? undefined : deadLetterTarget(() => target(event.functionName, event.qualifier));
        if (!destination && !deadLetters) return [];
        const finished = this.#finished(event, execution, condition, now, response ?? queue.lastResponse(event.id));
        return [
          ...(destination ? [destinations.deliverRecord(success ? 'OnSuccess' : 'OnFailure', destination, finished)] : []),
          ...(deadLetters ? [destinations.deliverDeadLetter(deadLetters, finished)] : []),
        ];
      },
    });
  }

  #finished(event: QueuedEvent, execution: Execution, condition: InvocationCondition, timestamp: number, response: Uint8Array | undefined): FinishedEvent {
    const text = Buffer.from(this.#options.queue.payload(event.id) ?? '{}').toString('utf8');
    const { lastAnswer } = event;
    return {
      timestamp, requestId: event.requestId, functionName: event.functionName, invokedFunctionArn: execution.invokedFunctionArn, condition,
      invokeCount: event.invokeCount, traceId: event.traceId, event: text, request: text,
      ...(lastAnswer === undefined ? {} : {
        response: {
          executedVersion: lastAnswer.executedVersion,
          ...(lastAnswer.functionError === undefined ? {} : { functionError: lastAnswer.functionError }),
        },
        responsePayload: response === undefined ? 'null' : Buffer.from(response).toString('utf8'),
        ...(lastAnswer.errorMessage === undefined ? {} : { errorMessage: lastAnswer.errorMessage }),
      }),
    };
  }

  /** The function is gone or cannot be resolved: there is no configuration that says where its events go. */
  #endFailed(event: QueuedEvent, before: Execution, error: Error): void {
    this.#settle({
      event, deliver: () => [],
      execution: {
        ...before, status: 'failed', finishedAt: this.#options.clock.now(), errorType: error.name,
        errorMessage: error.message.slice(0, errorMessageLimit), asynchronous: stateOf(event, before),
      },
    });
  }

  #endCancelled(event: QueuedEvent, before: Execution, response?: Uint8Array): void {
    this.#settle({
      event, deliver: () => [], ...(response === undefined ? {} : { response }),
      execution: { ...before, status: 'cancelled', finishedAt: this.#options.clock.now(), asynchronous: stateOf(event, before) },
    });
  }

  /** The engine ends: the event stays in the queue and is run again. */
  #interrupted(event: QueuedEvent, execution: Execution): void {
    const attempts = execution.attempts.map((attempt) => (attempt.status === 'cancelled' ? { ...attempt, status: 'interrupted' as const } : attempt));
    this.#options.history.save({ ...execution, status: 'queued', attempts, asynchronous: { ...stateOf(event, execution), wait: event.wait } });
  }

  #settle(settlement: Settlement): void {
    const { history } = this.#options;
    // An event that never ran has its payload in the queue only, which it now leaves.
    if (settlement.deliver && settlement.execution.attempts.length === 0) {
      const payload = this.#options.queue.payload(settlement.event.id);
      if (payload) history.saveRequest(settlement.event.id, payload);
    }
    this.#cancelled.delete(settlement.event.id);
    this.#settlements.add(settlement);
  }

  // ---- executions ----

  /** The execution of an event whose wait is over. */
  #afterWait(event: QueuedEvent, cutShort: boolean): Execution {
    const { history, clock } = this.#options;
    const hurried = this.#hurried.delete(event.id);
    return afterWait(history.get(event.id) ?? executionOf(event, this.#arnOf(event)), event, clock.now(), hurried || cutShort);
  }

  #arnOf({ functionName, qualifier }: QueuedEvent): string {
    try {
      const { functionArn } = this.#options.target(functionName, qualifier);
      return qualifier === undefined ? functionArn : `${functionArn}:${qualifier}`;
    } catch {
      return functionName;
    }
  }

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

const recursionMessage = `Lambda stopped a recursive loop: the function was invoked more than ${recursionLimit} times in one chain of requests.`;

function deadLetterTarget(target: () => RunnableFunction): string | undefined {
  try {
    return target().configuration.deadLetterTargetArn || undefined;
  } catch {
    return undefined;
  }
}
