/** Runs due events: one attempt each, whatever the attempt comes to. */
import type { EventQueue, QueuedEvent } from '../contracts/event-queue.ts';
import type { Execution } from '../contracts/executions.ts';
import { AwsFault } from '../contracts/faults.ts';
import type { RunnableFunction } from '../contracts/functions.ts';
import type { ResumeGate } from '../contracts/resume-gate.ts';
import { TransientMap } from '../contracts/transient-map.ts';
import { Attempt, errorMessageLimit, failureOf, type AttemptResult, type AttemptServices } from './attempt.ts';
import type { EventEnds, EventEndsOptions } from './event-ends.ts';
import { afterWait, executionOf, stateOf } from './event-execution.ts';
import type { InjectedFaults } from './injected-faults.ts';
import { afterFunctionError, beforeAttempt } from './retry-rules.ts';
import { invocationsInChain, recursionLimit } from './trace.ts';

export interface EventRunsOptions extends AttemptServices, Pick<EventEndsOptions, 'target' | 'rules'> {
  queue: EventQueue;
  gate: ResumeGate;
  faults: InjectedFaults;
  /** Takes one unit of concurrency; the returned function gives it back. @throws AwsFault TooManyRequestsException */
  acquire(functionName: string): () => void;
  executionChanged(execution: Execution): void;
}

export class EventRuns {
  /** Waits that a person cut short, to be told as such. */
  readonly hurried = new Set<string>();
  readonly #options: EventRunsOptions;
  readonly #ends: EventEnds;
  readonly #running = new TransientMap<Attempt>();
  readonly #cancelled = new Set<string>();
  /** Waits that ended before do not age: nothing could run then. Wait axis. */
  #agesFrom: number;
  #closing = false;

  constructor(options: EventRunsOptions, ends: EventEnds) {
    this.#options = options;
    this.#ends = ends;
    this.#agesFrom = options.clock.waitNow();
    options.gate.onDidChange(() => { this.#agesFrom = options.clock.waitNow(); });
  }

  /** Of each attempt. */
  get functionNames(): string[] {
    return this.#running.values().map(({ functionName }) => functionName);
  }

  get count(): number {
    return this.#running.size;
  }

  /** Ends the attempt of a running event, and with it the event. False when it does not run. */
  cancel(id: string): boolean {
    const attempt = this.#running.get(id);
    if (!attempt) return false;
    this.#cancelled.add(id);
    attempt.cancel();
    return true;
  }

  /** Ends attempts: their events stay in the queue. */
  async close(): Promise<void> {
    this.#closing = true;
    for (const attempt of this.#running.values()) attempt.cancel();
    while (this.#running.size > 0) await new Promise<void>((resolve) => { this.#options.clock.after(5, resolve); });
  }

  /** Runs a due event. Resolves with whether it took concurrency that is free again now. */
  async run(event: QueuedEvent): Promise<boolean> {
    const { clock, faults, target, rules, acquire } = this.#options;
    const startedAt = clock.now();
    const ageMs = event.ageMs + event.wait.awsSeconds * 1000 + clock.overdue(Math.max(event.wait.due, this.#agesFrom));
    const current: QueuedEvent = { ...event, ageMs };
    const execution = this.afterWait(event, false);
    let runnable: RunnableFunction;
    try {
      runnable = target(event.functionName, event.qualifier);
    } catch (error) {
      this.#ends.endFailed(current, execution, error as Error);
      return false;
    }
    const rule = rules(event.functionName, event.qualifier);
    const tooLate = beforeAttempt(ageMs, rule);
    if (tooLate) {
      this.#ends.end(current, execution, tooLate);
      return false;
    }
    if (!rule.mayLoop && invocationsInChain(runnable.functionArn, event.traceId) > recursionLimit) {
      // The event goes where failures go; that it counts as RetriesExhausted is not recorded (docs/fidelity.md).
      this.#ends.end(current, { ...execution, errorType: 'RecursiveInvocationException', errorMessage: recursionMessage }, 'RetriesExhausted');
      return false;
    }
    let release: () => void;
    try {
      release = acquire(event.functionName);
    } catch (error) {
      this.#ends.refuse(current, execution, 'throttle', error as AwsFault);
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
      this.#ends.refuse(current, execution, 'throttle', error);
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
      this.#ends.refuse({ ...event, ageMs: event.ageMs + clock.now() - startedAt }, refused, 'system-error', error);
      return;
    } finally {
      this.#running.delete(event.id);
    }
    execution = { ...execution, attempts: [...before.attempts, result.attempt] };
    const byHand = this.#cancelled.delete(event.id);
    if (result.cancelled && !byHand) {
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
    if (cancelled) this.#ends.endCancelled(event, execution, answer.payload);
    else if (answer.functionError === undefined) this.#ends.end(event, execution, 'Success', answer.payload);
    else {
      const rules = this.#options.rules(event.functionName, event.qualifier);
      this.#ends.decide(event, execution, 'retry', afterFunctionError(event.invokeCount, event.ageMs, rules), answer.payload);
    }
  }

  /** The execution of an event whose wait is over. */
  afterWait(event: QueuedEvent, cutShort: boolean): Execution {
    const { history, clock } = this.#options;
    const hurried = this.hurried.delete(event.id);
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

  /** The engine ends: the event stays in the queue and is run again. */
  #interrupted(event: QueuedEvent, execution: Execution): void {
    const attempts = execution.attempts.map((attempt) => (attempt.status === 'cancelled' ? { ...attempt, status: 'interrupted' as const } : attempt));
    this.#options.history.save({ ...execution, status: 'queued', attempts, asynchronous: { ...stateOf(event, execution), wait: event.wait } });
  }
}

const recursionMessage = `Lambda stopped a recursive loop: the function was invoked more than ${recursionLimit} times in one chain of requests.`;
