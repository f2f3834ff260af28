/**
 * Runs functions in execution environments: one process per concurrent invocation, reused warm (the most recently used
 * first), reaped when idle, never reused after its code or configuration changed.
 */
import type { Cancellation } from '../contracts/cancellation.ts';
import type { RunnableFunction } from '../contracts/functions.ts';
import type { Logger } from '../contracts/logger.ts';
import type { FunctionRunner, RunObserver, RunOutcome, RunRequest, RunResult } from '../contracts/runner.ts';
import { BusyWait } from './busy-wait.ts';
import { ChannelServer } from './channel-server.ts';
import { Environment, type EnvironmentParts, type InitOutcome } from './environment.ts';
import type { CodePreparer, PreparedCode } from './prepared-code.ts';
import { SupervisorClient } from './supervisor-client.ts';

/** Seconds that AWS gives the init phase before it starts over at the first invocation (lambda-facts §1.2). */
const initLimitMilliseconds = 10_000;

export interface FunctionRunnerOptions {
  preparer: CodePreparer;
  logger: Logger;
  /** Runs the supervisor: the Node that runs the engine. */
  nodeBinary: string;
  supervisorEntry: string;
  /** Folder with `node/bootstrap.cjs` and `python/bootstrap.py`. */
  bootstrapFolder: string;
  /** Path of the socket that environments connect to; a loopback port without one. */
  channelPath?: string;
  /** Processes at once; further runs wait in order. */
  maxProcesses: () => number;
  idleMilliseconds: () => number;
  /** Ends an environment whose resident memory passes MemorySize. */
  enforceMemory: () => boolean;
  /** Of the init phase; AWS's 10 seconds unless a test is in a hurry. */
  initLimitMilliseconds?: number;
}

/** Environments of one version of one function with one revision of its code. */
interface Pool {
  idle: Environment[];
}

export function createFunctionRunner(options: FunctionRunnerOptions): FunctionRunner {
  return new ProcessRunner(options);
}

class ProcessRunner implements FunctionRunner {
  readonly #options: FunctionRunnerOptions;
  readonly #supervisor: SupervisorClient;
  readonly #channel: ChannelServer;
  readonly #parts: EnvironmentParts;
  readonly #pools = new Map<string, Pool>();
  readonly #all = new Set<Environment>();
  /** Runs that wait for a process to end or to become idle, oldest first. */
  readonly #waiting: (() => void)[] = [];
  /** Places that `#room` has given and whose environment is about to be made. */
  #reserved = 0;
  readonly #busyWait = new BusyWait();
  readonly #reaper: NodeJS.Timeout;
  readonly #stopListening: () => void;
  #closed = false;

  constructor(options: FunctionRunnerOptions) {
    this.#options = options;
    this.#supervisor = new SupervisorClient(options.nodeBinary, options.supervisorEntry, options.logger);
    this.#channel = new ChannelServer(options.logger, options.channelPath);
    this.#parts = {
      supervisor: this.#supervisor,
      channel: this.#channel,
      bootstrapFolder: options.bootstrapFolder,
      logger: options.logger,
      onFiles: (fn, codeRevision, files) => options.preparer.noteLoadedFiles(fn, codeRevision, files),
    };
    this.#stopListening = options.preparer.onDidChange((functionName) => this.retire(functionName));
    this.#reaper = setInterval(() => this.#reap(), 1000);
    this.#reaper.unref();
    this.#supervisor.warm();
  }

  get processCount(): number {
    return this.#all.size;
  }

  async run(request: RunRequest, observer: RunObserver, cancellation?: Cancellation): Promise<RunResult> {
    const fn = request.function;
    const prepared = this.#options.preparer.fresh(fn) ?? await this.#options.preparer.prepare(fn);
    if (prepared.kind !== 'ready') return { outcome: prepared, durationMs: 0, maxMemoryUsedMb: 0 };
    if (cancellation?.cancelled) return { outcome: { kind: 'cancelled' }, durationMs: 0, maxMemoryUsedMb: 0 };

    let environment = this.#takeIdle(fn, prepared);
    let initDurationMs: number | undefined;
    // Time that init took beyond its own limit counts against the function's timeout, as on AWS.
    let spentMs = 0;
    if (!environment) {
      const cold = await this.#coldStart(fn, prepared, observer, cancellation);
      if ('outcome' in cold) return cold;
      ({ environment, initDurationMs, spentMs } = cold);
    }
    const result = await this.#invoke(environment, request, observer, cancellation, spentMs);
    if (initDurationMs !== undefined) result.initDurationMs = initDurationMs;
    return result;
  }

  retire(functionName: string): void {
    for (const environment of this.#all) {
      if (environment.function.configuration.functionName === functionName) environment.retired = true;
    }
    for (const [key, pool] of this.#pools) {
      if (!key.startsWith(`${functionName}\n`)) continue;
      for (const environment of pool.idle.splice(0)) environment.end();
      this.#pools.delete(key);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#reaper);
    this.#stopListening();
    for (const environment of this.#all) environment.end();
    await this.#supervisor.close();
    this.#channel.close();
    for (const wake of this.#waiting.splice(0)) wake();
  }

  #takeIdle(fn: RunnableFunction, code: PreparedCode): Environment | undefined {
    const idle = this.#pools.get(poolKey(fn, code))?.idle;
    for (let environment = idle?.pop(); environment; environment = idle?.pop()) {
      if (!environment.ended && !environment.retired) return environment;
      environment.end();
    }
    return undefined;
  }

  async #coldStart(
    fn: RunnableFunction,
    code: PreparedCode,
    observer: RunObserver,
    cancellation: Cancellation | undefined,
  ): Promise<RunResult | { environment: Environment; initDurationMs: number | undefined; spentMs: number }> {
    const freed = await this.#room(fn, code, cancellation);
    if (freed === 'closed') throw new Error('The engine is stopping.');
    if (freed === 'cancelled') return { outcome: { kind: 'cancelled' }, durationMs: 0, maxMemoryUsedMb: 0 };
    if (freed instanceof Environment) return { environment: freed, initDurationMs: undefined, spentMs: 0 };

    // Init that outlasts its phase starts over at the invocation, under the function's own timeout (lambda-facts §1.2).
    for (const phase of ['init', 'invoke'] as const) {
      const limit = phase === 'init' ? this.#options.initLimitMilliseconds ?? initLimitMilliseconds : fn.configuration.timeout * 1000;
      const environment = new Environment(fn, code, this.#parts, (ended) => this.#left(ended));
      this.#all.add(environment);
      if (phase === 'init') this.#reserved -= 1;
      await this.#channel.listen();
      environment.follow((line) => observer.onLog(line));
      observer.onInit?.(environment.info);
      const started = performance.now();
      const init = await withLimit(environment.start(), limit, cancellation);
      const initDurationMs = performance.now() - started;
      if (typeof init !== 'string' && init.kind === 'ready') {
        return { environment, initDurationMs, spentMs: phase === 'init' ? 0 : initDurationMs };
      }
      environment.end();
      const ended = (outcome: RunOutcome): RunResult => ({
        outcome,
        durationMs: phase === 'init' ? 0 : initDurationMs,
        initDurationMs,
        maxMemoryUsedMb: environment.maxMemoryMb,
        environment: environment.info,
      });
      if (init === 'cancelled') return ended({ kind: 'cancelled' });
      await environment.settleOutput();
      observer.onInitFailed?.({ phase, durationMs: initDurationMs, ...(init === 'timeout' ? { status: 'timeout' } : { status: 'error', errorType: errorTypeOf(init) }) });
      if (init !== 'timeout') return ended(init);
      if (phase === 'invoke') return ended({ kind: 'timeout', phase: 'init' });
    }
    throw new Error('unreachable');
  }

  async #invoke(
    environment: Environment,
    request: RunRequest,
    observer: RunObserver,
    cancellation: Cancellation | undefined,
    spentMs: number,
  ): Promise<RunResult> {
    const { configuration } = environment.function;
    const timeoutMs = Math.max(0, configuration.timeout * 1000 - spentMs);
    environment.follow((line) => observer.onLog(line));
    const started = performance.now();
    const answer = environment.invoke({
      requestId: request.requestId,
      invokedFunctionArn: request.invokedFunctionArn,
      deadline: Date.now() + Math.round(timeoutMs),
      traceId: request.traceId,
      ...(request.clientContext === undefined ? {} : { clientContext: request.clientContext }),
      payload: request.payload,
    });
    // The function is at work already; what it says is heard in a later turn.
    observer.onStart({ ...environment.info });
    const { coldStart } = environment.info;
    environment.info.coldStart = false;
    environment.deadline.set(timeoutMs);
    cancellation?.follow(() => environment.end({ kind: 'cancelled' }));
    if (this.#options.enforceMemory() || environment.code.flavor === 'provided') this.#watchMemory(environment);
    this.#busyWait.begin();
    // It settles, whatever happens to the process.
    const outcome = await answer;
    this.#busyWait.end();
    const durationMs = performance.now() - started;
    environment.deadline.clear();
    cancellation?.follow(undefined);
    environment.stopWatchingMemory();
    if (environment.code.flavor === 'provided') {
      await environment.sampleMemory();
      await environment.settleOutput();
    }
    if (outcome.kind === 'response' || outcome.kind === 'function-error' || outcome.kind === 'response-too-large') {
      this.#release(environment);
    }
    return {
      outcome,
      durationMs: outcome.kind === 'timeout' ? Math.max(durationMs, timeoutMs) : durationMs,
      maxMemoryUsedMb: environment.maxMemoryMb,
      environment: { ...environment.info, coldStart },
    };
  }

  #watchMemory(environment: Environment): void {
    const limit = environment.function.configuration.memorySize;
    environment.watchMemory((megabytes) => {
      if (this.#options.enforceMemory() && megabytes > limit) environment.end({ kind: 'out-of-memory' });
    });
  }

  #release(environment: Environment): void {
    if (environment.ended || environment.retired || this.#closed) {
      environment.end();
      return;
    }
    const key = poolKey(environment.function, environment.code);
    let pool = this.#pools.get(key);
    if (!pool) this.#pools.set(key, pool = { idle: [] });
    environment.idleSince = performance.now();
    pool.idle.push(environment);
    this.#waiting.shift()?.();
  }

  /** Called once for each environment whose process is gone. */
  #left(environment: Environment): void {
    this.#all.delete(environment);
    const key = poolKey(environment.function, environment.code);
    const idle = this.#pools.get(key)?.idle;
    const at = idle?.indexOf(environment) ?? -1;
    if (at >= 0) idle?.splice(at, 1);
    if (idle?.length === 0) this.#pools.delete(key);
    this.#waiting.shift()?.();
  }

  /** Waits until one more process may run. An environment that became free for this very code meanwhile is handed over. */
  async #room(fn: RunnableFunction, code: PreparedCode, cancellation: Cancellation | undefined): Promise<'room' | 'cancelled' | 'closed' | Environment> {
    let firstTime = true;
    while (this.#all.size + this.#reserved >= this.#options.maxProcesses()) {
      const oldest = this.#oldestIdle();
      if (oldest) oldest.end();
      const { promise, resolve } = Promise.withResolvers<void>();
      // Who was woken and did not get the place keeps its turn.
      if (firstTime) this.#waiting.push(resolve);
      else this.#waiting.unshift(resolve);
      firstTime = false;
      cancellation?.follow(resolve);
      await promise;
      cancellation?.follow(undefined);
      const at = this.#waiting.indexOf(resolve);
      if (at >= 0) this.#waiting.splice(at, 1);
      if (this.#closed) return 'closed';
      if (cancellation?.cancelled) {
        // The wake-up may have been meant for a run that still wants it.
        this.#waiting.shift()?.();
        return 'cancelled';
      }
      const freed = this.#takeIdle(fn, code);
      if (freed) return freed;
    }
    if (this.#closed) return 'closed';
    this.#reserved += 1;
    return 'room';
  }

  #oldestIdle(): Environment | undefined {
    let oldest: Environment | undefined;
    let home: Pool | undefined;
    for (const pool of this.#pools.values()) {
      const first = pool.idle[0];
      if (first && (!oldest || first.idleSince < oldest.idleSince)) {
        oldest = first;
        home = pool;
      }
    }
    home?.idle.shift();
    return oldest;
  }

  #reap(): void {
    const limit = performance.now() - this.#options.idleMilliseconds();
    for (const pool of this.#pools.values()) {
      while (pool.idle[0] && pool.idle[0].idleSince < limit) pool.idle.shift()?.end();
    }
  }
}

function errorTypeOf(init: InitOutcome): string {
  if (init.kind === 'init-error') return init.errorType;
  return init.kind === 'invalid-entrypoint' ? 'Runtime.InvalidEntrypoint' : 'Runtime.ExitError';
}

/** Made once for each preparation, which is that of one revision of one version: it is looked up for every invocation. */
const poolKeys = new WeakMap<PreparedCode, string>();

function poolKey(fn: RunnableFunction, code: PreparedCode): string {
  let key = poolKeys.get(code);
  if (key === undefined) {
    key = `${fn.configuration.functionName}\n${fn.version}\n${fn.revisionId}\n${code.codeRevision}`;
    poolKeys.set(code, key);
  }
  return key;
}

async function withLimit<T>(work: Promise<T>, milliseconds: number, cancellation: Cancellation | undefined): Promise<T | 'timeout' | 'cancelled'> {
  const { promise, resolve } = Promise.withResolvers<'timeout' | 'cancelled'>();
  const timer = setTimeout(() => resolve('timeout'), milliseconds);
  cancellation?.follow(() => resolve('cancelled'));
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
    cancellation?.follow(undefined);
  }
}
