/** One attempt to run a function: its log, its figures, and the answer that AWS would give. */
import { Cancellation } from '../contracts/cancellation.ts';
import type { Clock } from '../contracts/clock.ts';
import type { Execution, ExecutionAttempt, ExecutionHistory } from '../contracts/executions.ts';
import type { RunnableFunction } from '../contracts/functions.ts';
import type { EnvironmentInfo, FunctionRunner, InitFailure, LogLine, RunObserver, RunResult } from '../contracts/runner.ts';
import { PlatformLog } from './log-lines.ts';
import { LogTail } from './log-tail.ts';
import { answerFor, type InvocationAnswer } from './platform-errors.ts';

/** What an attempt needs of the service around it. */
export interface AttemptServices {
  clock: Clock;
  runner: FunctionRunner;
  history: ExecutionHistory;
  logWritten(executionId: string, functionName: string, lines: readonly string[]): void;
}

export interface AttemptOptions {
  execution: Execution;
  /** 1 and up. */
  number: number;
  payload: Uint8Array;
  target: RunnableFunction;
  /** Called once, before anything else is told: the attempt is under way. */
  begun(attempt: ExecutionAttempt): void;
  /** The attempt as it is now; called for every change between the first and the last. */
  changed(attempt: ExecutionAttempt): void;
}

/** What the function made of it, not yet noted down. */
export interface AttemptAnswer {
  result: RunResult;
  answer: InvocationAnswer;
}

export interface AttemptResult {
  attempt: ExecutionAttempt;
  answer: InvocationAnswer;
  cancelled: boolean;
}

export class Attempt implements RunObserver {
  readonly #services: AttemptServices;
  readonly #options: AttemptOptions;
  readonly #requestId: string;
  readonly #log: PlatformLog;
  readonly #tail: LogTail = new LogTail();
  readonly #cancellation = new Cancellation();
  #attempt: ExecutionAttempt;
  #begun = false;
  #started = false;

  constructor(services: AttemptServices, options: AttemptOptions) {
    this.#services = services;
    this.#options = options;
    const { target, execution, number } = options;
    this.#requestId = execution.requestId ?? execution.id;
    this.#log = new PlatformLog(target.configuration, target.version, this.#requestId);
    this.#attempt = { number, startedAt: services.clock.now(), status: 'running', executedVersion: target.version, coldStart: false };
  }

  get functionName(): string {
    return this.#options.execution.functionName;
  }

  get current(): ExecutionAttempt {
    return this.#attempt;
  }

  /** The last 4 KB of the log, base64. */
  get logResult(): string {
    return this.#tail.base64();
  }

  cancel(): void {
    this.#cancellation.cancel();
  }

  /** @throws AwsFault when the platform itself cannot run the function (no interpreter, not trusted): `current` says so. */
  async run(): Promise<AttemptResult> {
    return this.conclude(await this.answered());
  }

  /**
   * Settles as soon as the function has answered: writing that down, with `conclude`, need not keep the caller waiting.
   * @throws as `run` does.
   */
  async answered(): Promise<AttemptAnswer> {
    const { target, payload, execution } = this.#options;
    try {
      const running = this.#services.runner.run({
        function: target, requestId: this.#requestId, invokedFunctionArn: execution.invokedFunctionArn, payload, traceId: execution.traceId,
        ...(execution.clientContext === undefined ? {} : { clientContext: execution.clientContext }),
      }, this, this.#cancellation);
      // A warm environment is at work by now: nothing that history needs kept it waiting.
      this.#begin();
      const result = await running;
      return { result, answer: answerFor(result.outcome, this.#requestId, target.configuration.timeout) };
    } catch (error) {
      this.#attempt = { ...this.#attempt, status: 'failed', finishedAt: this.#services.clock.now(), errorType: (error as Error).name };
      throw error;
    }
  }

  /** Writes down what came of the attempt: once. */
  conclude({ result, answer }: AttemptAnswer): AttemptResult {
    this.#finish(result, answer);
    return { attempt: this.#attempt, answer, cancelled: result.outcome.kind === 'cancelled' };
  }

  #begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#options.begun(this.#attempt);
  }

  onInit(environment: EnvironmentInfo): void {
    this.#begin();
    this.#write([this.#log.initStart(this.#services.clock.now(), environment.binaryVersion)]);
  }

  onStart(environment: EnvironmentInfo): void {
    this.#describe(environment);
    // A warm environment is known before anything is noted, so that one note says it all.
    const noted = this.#begun;
    this.#begin();
    this.#start();
    if (noted) this.#options.changed(this.#attempt);
  }

  onInitFailed(failure: InitFailure): void {
    this.#write([this.#log.initReport(this.#services.clock.now(), failure)]);
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
    this.#write([this.#log.start(this.#services.clock.now())]);
  }

  #finish(result: RunResult, answer: InvocationAnswer): void {
    const now = this.#services.clock.now();
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
    this.#attempt = {
      ...this.#attempt, ...figures, ...failureOf(answer), finishedAt: now,
      status: result.outcome.kind === 'cancelled' ? 'cancelled' : answer.functionError === undefined ? 'succeeded' : 'failed',
    };
  }

  #write(lines: readonly string[]): void {
    for (const line of lines) this.#tail.add(line);
    const { execution } = this.#options;
    this.#services.history.appendLog(execution.id, `${lines.join('\n')}\n`);
    this.#services.logWritten(execution.id, execution.functionName, lines);
  }
}

/** What an execution and its attempt show of a function error. */
export function failureOf(answer: InvocationAnswer): { functionError?: string; errorType?: string } {
  return {
    ...(answer.functionError === undefined ? {} : { functionError: answer.functionError }),
    ...(answer.errorType === undefined ? {} : { errorType: answer.errorType }),
  };
}

/** Characters of an error message that lists and records of executions keep. */
export const errorMessageLimit = 300;
