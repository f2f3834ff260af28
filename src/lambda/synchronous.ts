/** One synchronous invocation (`RequestResponse`): its single attempt, its log, its answer and its execution. */
import type { Clock } from '../contracts/clock.ts';
import type { Execution, ExecutionAttempt, ExecutionHistory, ExecutionStatus } from '../contracts/executions.ts';
import type { RunnableFunction } from '../contracts/functions.ts';
import type { EnvironmentInfo, FunctionRunner, LogLine, RunObserver, RunResult } from '../contracts/runner.ts';
import { PlatformLog } from './log-lines.ts';
import { LogTail } from './log-tail.ts';
import { answerFor, type InvocationAnswer } from './platform-errors.ts';

export interface SynchronousInvocationOptions {
  /** As it is before the attempt. */
  execution: Execution;
  payload: Uint8Array;
  target: RunnableFunction;
  clock: Clock;
  runner: FunctionRunner;
  history: ExecutionHistory;
  events: {
    executionChanged(execution: Execution): void;
    logWritten(executionId: string, functionName: string, lines: readonly string[]): void;
  };
}

export interface SynchronousAnswer {
  payload: Uint8Array;
  functionError?: string;
  logResult?: string;
}

const errorMessageLimit = 300;

export class SynchronousInvocation implements RunObserver {
  /** Settles when the invocation is over; never rejects. */
  readonly finished: Promise<void>;
  readonly #options: SynchronousInvocationOptions;
  readonly #log: PlatformLog;
  readonly #tail: LogTail = new LogTail();
  readonly #abort = new AbortController();
  readonly #finish: () => void;
  #execution: Execution;
  #attempt: ExecutionAttempt;
  #begun = false;
  #started = false;

  constructor(options: SynchronousInvocationOptions) {
    this.#options = options;
    const { target, execution, clock } = options;
    this.#log = new PlatformLog(target.configuration, target.version, execution.id);
    this.#attempt = { number: 1, startedAt: clock.now(), status: 'running', executedVersion: target.version, coldStart: false };
    this.#execution = { ...execution, attempts: [this.#attempt] };
    const { promise, resolve } = Promise.withResolvers<void>();
    this.finished = promise;
    this.#finish = resolve;
  }

  cancel(): void {
    this.#abort.abort();
  }

  /** @throws AwsFault when the platform itself cannot run the function (no interpreter, not trusted). */
  async run(withTail: boolean): Promise<SynchronousAnswer> {
    const { runner, target, payload } = this.#options;
    try {
      const running = runner.run({
        function: target,
        requestId: this.#execution.id,
        invokedFunctionArn: this.#execution.invokedFunctionArn,
        payload,
        traceId: this.#execution.traceId,
        ...(this.#execution.clientContext === undefined ? {} : { clientContext: this.#execution.clientContext }),
      }, this, this.#abort.signal);
      // A warm environment is at work by now: nothing that history needs kept it waiting.
      this.#begin();
      const result = await running;
      const answer = answerFor(result.outcome, this.#execution.id, target.configuration.timeout);
      this.#succeed(result, answer);
      return {
        payload: answer.payload,
        ...(answer.functionError === undefined ? {} : { functionError: answer.functionError }),
        ...(withTail ? { logResult: this.#tail.base64() } : {}),
      };
    } catch (error) {
      this.#fail(error as Error);
      throw error;
    } finally {
      this.#finish();
    }
  }

  #begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#options.history.saveRequest(this.#execution.id, this.#options.payload);
    this.#save();
  }

  onInit(environment: EnvironmentInfo): void {
    this.#begin();
    this.#write([this.#log.initStart(this.#options.clock.now(), environment.binaryVersion)]);
  }

  onStart(environment: EnvironmentInfo): void {
    this.#describe(environment);
    this.#begin();
    this.#start();
    this.#save();
  }

  onLog({ text }: LogLine): void {
    this.#write([text]);
  }

  #describe(environment: EnvironmentInfo): void {
    this.#attempt = {
      ...this.#attempt,
      coldStart: environment.coldStart,
      environmentId: environment.environmentId,
      logStreamName: environment.logStreamName,
      binary: environment.binary,
      binaryVersion: environment.binaryVersion,
      ...(environment.note === undefined ? {} : { note: environment.note }),
    };
  }

  #start(): void {
    if (this.#started) return;
    this.#started = true;
    this.#write([this.#log.start(this.#options.clock.now())]);
  }

  #succeed(result: RunResult, answer: InvocationAnswer): void {
    const { clock, history } = this.#options;
    const now = clock.now();
    if (result.environment) this.#describe(result.environment);
    if (result.outcome.kind === 'build-error') this.#write([`${answer.errorType}: ${answer.errorMessage}`, ...result.outcome.details]);
    this.#start();
    const figures = {
      durationMs: result.durationMs,
      billedDurationMs: Math.max(1, Math.ceil(result.durationMs)),
      maxMemoryUsedMb: result.maxMemoryUsedMb,
      ...(result.initDurationMs === undefined ? {} : { initDurationMs: result.initDurationMs }),
    };
    this.#write(this.#log.finish(now, { ...figures, status: answer.status, ...(answer.errorType === undefined ? {} : { errorType: answer.errorType }) }));
    const status: ExecutionStatus = result.outcome.kind === 'cancelled' ? 'cancelled' : answer.functionError === undefined ? 'succeeded' : 'failed';
    const failure = {
      ...(answer.functionError === undefined ? {} : { functionError: answer.functionError }),
      ...(answer.errorType === undefined ? {} : { errorType: answer.errorType }),
    };
    this.#attempt = { ...this.#attempt, ...figures, ...failure, status, finishedAt: now };
    this.#execution = {
      ...this.#execution, ...failure, status, finishedAt: now, statusCode: 200, durationMs: result.durationMs,
      responseBytes: answer.payload.length,
      ...(answer.errorMessage === undefined ? {} : { errorMessage: answer.errorMessage.slice(0, errorMessageLimit) }),
    };
    history.saveResponse(this.#execution.id, answer.payload);
    this.#save();
  }

  #fail(error: Error & { status?: number }): void {
    const now = this.#options.clock.now();
    this.#attempt = { ...this.#attempt, status: 'failed', finishedAt: now, errorType: error.name };
    this.#execution = {
      ...this.#execution, status: 'failed', finishedAt: now, statusCode: error.status ?? 500, errorType: error.name,
      errorMessage: error.message.slice(0, errorMessageLimit),
    };
    this.#save();
  }

  #write(lines: readonly string[]): void {
    for (const line of lines) this.#tail.add(line);
    const { history, events } = this.#options;
    history.appendLog(this.#execution.id, `${lines.join('\n')}\n`);
    events.logWritten(this.#execution.id, this.#execution.functionName, lines);
  }

  #save(): void {
    this.#execution = { ...this.#execution, attempts: [this.#attempt] };
    this.#options.history.save(this.#execution);
    this.#options.events.executionChanged(this.#execution);
  }
}
