/** One synchronous invocation (`RequestResponse`): its single attempt, its answer and its execution. */
import type { Execution, ExecutionAttempt } from '../contracts/executions.ts';
import type { RunnableFunction } from '../contracts/functions.ts';
import { Attempt, errorMessageLimit, failureOf, type AttemptServices } from './attempt.ts';
import type { InvocationAnswer } from './platform-errors.ts';

export interface SynchronousInvocationOptions extends AttemptServices {
  /** As it is before the attempt. */
  execution: Execution;
  payload: Uint8Array;
  target: RunnableFunction;
  executionChanged(execution: Execution): void;
}

export interface SynchronousAnswer {
  payload: Uint8Array;
  functionError?: string;
  logResult?: string;
}

export class SynchronousInvocation {
  /** Settles when the invocation is over; never rejects. */
  readonly finished: Promise<void>;
  readonly #options: SynchronousInvocationOptions;
  readonly #attempt: Attempt;
  readonly #finish: () => void;
  #execution: Execution;

  constructor(options: SynchronousInvocationOptions) {
    this.#options = options;
    const { execution, payload, target } = options;
    this.#attempt = new Attempt(options, {
      execution, number: 1, payload, target,
      begun: (attempt) => {
        options.history.saveRequest(execution.id, payload);
        this.#save({}, attempt);
      },
      changed: (attempt) => this.#save({}, attempt),
    });
    this.#execution = execution;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.finished = promise;
    this.#finish = resolve;
  }

  cancel(): void {
    this.#attempt.cancel();
  }

  /**
   * Settles when the answer is there and the execution is noted as finished.
   * @param onAnswer Called before it is noted; not with a tail, whose last lines the note brings.
   * @throws AwsFault when the platform itself cannot run the function (no interpreter, not trusted).
   */
  async run(withTail: boolean, onAnswer?: (answer: SynchronousAnswer) => void): Promise<SynchronousAnswer> {
    const { history, clock } = this.#options;
    try {
      const answered = await this.#attempt.answered();
      if (onAnswer && !withTail) {
        onAnswer(answerOf(answered.answer));
        // Whoever waits for the answer goes first.
        await undefined;
      }
      const { answer, attempt } = this.#attempt.conclude(answered);
      history.saveResponse(this.#execution.id, answer.payload);
      this.#save({
        ...failureOf(answer), status: attempt.status, finishedAt: attempt.finishedAt ?? clock.now(), statusCode: 200,
        durationMs: attempt.durationMs ?? 0, responseBytes: answer.payload.length,
        ...(answer.errorMessage === undefined ? {} : { errorMessage: answer.errorMessage.slice(0, errorMessageLimit) }),
      }, attempt);
      return { ...answerOf(answer), ...(withTail ? { logResult: this.#attempt.logResult } : {}) };
    } catch (error) {
      const { name, message, status } = error as Error & { status?: number };
      this.#save({
        status: 'failed', finishedAt: clock.now(), statusCode: status ?? 500, errorType: name, errorMessage: message.slice(0, errorMessageLimit),
      }, this.#attempt.current);
      throw error;
    } finally {
      this.#finish();
    }
  }

  #save(changes: Partial<Execution>, attempt: ExecutionAttempt): void {
    this.#execution = { ...this.#execution, ...changes, attempts: [attempt] };
    this.#options.history.save(this.#execution);
    this.#options.executionChanged(this.#execution);
  }
}

function answerOf({ payload, functionError }: InvocationAnswer): SynchronousAnswer {
  return functionError === undefined ? { payload } : { payload, functionError };
}
