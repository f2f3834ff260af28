/** How an attempt of an event ends: in a next wait, or for good, with what is delivered then (lambda-facts §2.1 to §2.5). */
import type { Clock } from '../contracts/clock.ts';
import type { EventQueue, QueuedEvent } from '../contracts/event-queue.ts';
import type { EventWait, Execution, ExecutionHistory, InvocationCondition } from '../contracts/executions.ts';
import type { AwsFault } from '../contracts/faults.ts';
import type { RunnableFunction } from '../contracts/functions.ts';
import { errorMessageLimit } from './attempt.ts';
import type { Destinations, FinishedEvent } from './destinations.ts';
import { stateOf } from './event-execution.ts';
import type { Settlement } from './event-settlement.ts';
import { afterRefusal, type Decision, type RetryRules } from './retry-rules.ts';

export interface EventRules extends RetryRules {
  onSuccess?: string;
  onFailure?: string;
  /** `RecursiveLoop: Allow`. */
  mayLoop: boolean;
}

export interface EventEndsOptions {
  queue: EventQueue;
  clock: Clock;
  history: ExecutionHistory;
  destinations: Destinations;
  /** What runs for a qualifier now: code and configuration of queued events are those of the moment. @throws AwsFault */
  target(functionName: string, qualifier: string | undefined): RunnableFunction;
  rules(functionName: string, qualifier: string | undefined): EventRules;
  /** Takes nothing more of a function until then on the wait axis. */
  hold(functionName: string, due: number): void;
  settle(settlement: Settlement): void;
}

export class EventEnds {
  readonly #options: EventEndsOptions;

  constructor(options: EventEndsOptions) {
    this.#options = options;
  }

  refuse(event: QueuedEvent, execution: Execution, kind: 'throttle' | 'system-error', fault: AwsFault): void {
    const { rules } = this.#options;
    const after: QueuedEvent = { ...event, throttles: event.throttles + (kind === 'throttle' ? 1 : 0), throttlesInARow: event.throttlesInARow + 1 };
    const refused = { ...execution, errorType: fault.name, errorMessage: fault.message.slice(0, errorMessageLimit) };
    this.decide(after, refused, kind, afterRefusal(after.throttlesInARow, after.ageMs, rules(event.functionName, event.qualifier)));
  }

  decide(event: QueuedEvent, execution: Execution, kind: 'retry' | 'throttle' | 'system-error', decision: Decision, response?: Uint8Array): void {
    if ('end' in decision) {
      this.end(event, execution, decision.end, response);
      return;
    }
    const { clock, hold } = this.#options;
    const now = clock.now();
    const wait: EventWait = {
      kind, awsSeconds: decision.waitSeconds, due: clock.repeatDue(decision.waitSeconds * 1000), notBefore: now, since: now,
    };
    if (kind !== 'retry') hold(event.functionName, wait.due);
    const waiting = { ...event, wait };
    this.#settle({
      event: waiting,
      execution: { ...execution, status: 'queued', asynchronous: { ...stateOf(waiting, execution), wait } },
      ...(response === undefined ? {} : { response }),
    });
  }

  /** @param response Of the attempt that ended just now; the last one before is in the queue. */
  end(event: QueuedEvent, before: Execution, condition: InvocationCondition, response?: Uint8Array): void {
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
  endFailed(event: QueuedEvent, before: Execution, error: Error): void {
    this.#settle({
      event, deliver: () => [],
      execution: {
        ...before, status: 'failed', finishedAt: this.#options.clock.now(), errorType: error.name,
        errorMessage: error.message.slice(0, errorMessageLimit), asynchronous: stateOf(event, before),
      },
    });
  }

  endCancelled(event: QueuedEvent, before: Execution, response?: Uint8Array): void {
    this.#settle({
      event, deliver: () => [], ...(response === undefined ? {} : { response }),
      execution: { ...before, status: 'cancelled', finishedAt: this.#options.clock.now(), asynchronous: stateOf(event, before) },
    });
  }

  #settle(settlement: Settlement): void {
    const { history } = this.#options;
    // An event that never ran has its payload in the queue only, which it now leaves.
    if (settlement.deliver && settlement.execution.attempts.length === 0) {
      const payload = this.#options.queue.payload(settlement.event.id);
      if (payload) history.saveRequest(settlement.event.id, payload);
    }
    this.#options.settle(settlement);
  }
}

function deadLetterTarget(target: () => RunnableFunction): string | undefined {
  try {
    return target().configuration.deadLetterTargetArn || undefined;
  } catch {
    return undefined;
  }
}
