/** One execution environment: a process, its connection, and the one invocation it may be busy with. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { RunnableFunction } from '../contracts/functions.ts';
import type { EnvironmentInfo, LogLine, RunOutcome } from '../contracts/runner.ts';
import type { ChannelServer } from './channel-server.ts';
import { Deadline } from './deadline.ts';
import { LineSplitter } from './line-splitter.ts';
import { residentMegabytes } from './memory-sampling.ts';
import type { PreparedCode } from './prepared-code.ts';
import { openRuntimeApi } from './runtime-api.ts';
import type { SupervisorClient } from './supervisor-client.ts';
import type { Delivery, Transport, TransportListener } from './transport.ts';
import type { Logger } from '../contracts/logger.ts';

export interface EnvironmentParts {
  supervisor: SupervisorClient;
  channel: ChannelServer;
  /** Folder with `node/bootstrap.cjs` and `python/bootstrap.py`. */
  bootstrapFolder: string;
  logger: Logger;
  onFiles(fn: RunnableFunction, codeRevision: string, files: readonly string[]): void;
}

/** How init went. */
export type InitOutcome = { kind: 'ready' } | Extract<RunOutcome, { kind: 'init-error' | 'exit' | 'invalid-entrypoint' }>;

/** Memory of a process that does not report it is sampled this often, in milliseconds. */
const memorySampleInterval = 200;

export class Environment {
  readonly function: RunnableFunction;
  readonly code: PreparedCode;
  readonly info: EnvironmentInfo;
  /** Monotonic time at which it became idle. */
  idleSince = 0;
  maxMemoryMb = 0;
  /** Set while it must not be used again; it is ended when its answer is in. */
  retired = false;
  ended = false;
  /** Of the running invocation. */
  readonly deadline = new Deadline(() => void this.#timedOut());

  readonly #parts: EnvironmentParts;
  #transport: Transport | undefined;
  #processId = 0;
  #init: { settle: (outcome: InitOutcome) => void; promise: Promise<InitOutcome> };
  #initialised = false;
  #answer: { requestId: string; settle: (outcome: RunOutcome) => void } | undefined;
  #sink: (line: LogLine) => void = () => {};
  /** Output of the running invocation may still be with the supervisor. */
  #rawOutput = false;
  readonly #splitters: Record<'channel1' | 'channel2' | 'raw1' | 'raw2', LineSplitter>;
  #memoryTimer: NodeJS.Timeout | undefined;
  readonly #onEnded: (environment: Environment) => void;

  constructor(fn: RunnableFunction, code: PreparedCode, parts: EnvironmentParts, onEnded: (environment: Environment) => void) {
    this.function = fn;
    this.code = code;
    this.#parts = parts;
    this.#onEnded = onEnded;
    const id = randomBytes(16).toString('hex');
    const day = new Date().toISOString().slice(0, 10).replaceAll('-', '/');
    this.info = {
      environmentId: id,
      logStreamName: `${day}/[${fn.version}]${id}`,
      coldStart: true,
      pid: 0,
      binary: code.binary,
      binaryVersion: code.binaryVersion,
      ...(code.note === undefined ? {} : { note: code.note }),
    };
    const { promise, resolve } = Promise.withResolvers<InitOutcome>();
    this.#init = { settle: resolve, promise };
    const splitter = () => new LineSplitter((text) => this.#sink({ time: Date.now(), text }));
    this.#splitters = { channel1: splitter(), channel2: splitter(), raw1: splitter(), raw2: splitter() };
  }

  /** Starts the process; resolves when it asks for its first invocation or has failed to get there. */
  async start(): Promise<InitOutcome> {
    const { flavor } = this.code;
    try {
      this.#transport = flavor === 'provided'
        ? await openRuntimeApi(this.#listener(), this.#parts.logger)
        : this.#parts.channel.open(this.info.environmentId, this.#listener());
    } catch (error) {
      this.#parts.logger.error('An execution environment could not open its connection.', error);
      this.#finish();
      return { kind: 'exit', phase: 'init', code: null, signal: null };
    }
    if (this.ended) return this.#init.promise;
    const bootstrap = flavor === 'node' ? join(this.#parts.bootstrapFolder, 'node', 'bootstrap.cjs')
      : flavor === 'python' ? join(this.#parts.bootstrapFolder, 'python', 'bootstrap.py') : undefined;
    this.#processId = this.#parts.supervisor.spawn(
      {
        command: this.code.wrapper ?? this.code.binary,
        arguments: [...(this.code.wrapper === undefined ? [] : [this.code.binary]), ...this.code.binaryArguments, ...(bootstrap === undefined ? [] : [bootstrap])],
        cwd: this.code.taskRoot,
        environment: {
          ...this.code.environment,
          ...this.#transport.environment,
          AWS_LAMBDA_LOG_STREAM_NAME: this.info.logStreamName,
          AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
        },
      },
      {
        onSpawned: (pid) => { this.info.pid = pid; },
        onSpawnFailed: (code, message) => this.#spawnFailed(code, message),
        onOutput: (stream, bytes) => this.#splitters[stream === 1 ? 'raw1' : 'raw2'].push(bytes),
        onExit: (code, signal) => this.#exited(code, signal),
      },
    );
    return this.#init.promise;
  }

  /** Log lines go to `sink` from now on, also those that arrive after the answer. */
  follow(sink: (line: LogLine) => void): void {
    this.#sink = sink;
  }

  /** Hands an invocation over; resolves with its outcome. Only one at a time. */
  invoke(delivery: Delivery): Promise<RunOutcome> {
    const { promise, resolve } = Promise.withResolvers<RunOutcome>();
    this.#answer = { requestId: delivery.requestId, settle: resolve };
    if (this.ended) this.#settle({ kind: 'exit', phase: 'invoke', code: null, signal: null });
    else this.#transport?.deliver(delivery);
    return promise;
  }

  /** Waits for output that was written before the answer but travels by another road. */
  async settleOutput(): Promise<void> {
    await this.#parts.supervisor.sync(this.#processId);
    for (const splitter of Object.values(this.#splitters)) splitter.flush();
  }

  /** Samples memory while a process runs that does not report its own; calls back with megabytes. */
  watchMemory(onSample: (megabytes: number) => void): void {
    if (this.#memoryTimer) return;
    this.#memoryTimer = setInterval(() => {
      void this.sampleMemory().then(() => onSample(this.maxMemoryMb));
    }, memorySampleInterval);
    this.#memoryTimer.unref();
  }

  stopWatchingMemory(): void {
    clearInterval(this.#memoryTimer);
    this.#memoryTimer = undefined;
  }

  async sampleMemory(): Promise<void> {
    if (this.info.pid && !this.ended) this.maxMemoryMb = Math.max(this.maxMemoryMb, await residentMegabytes(this.info.pid));
  }

  /** Ends the process and all it started. A running invocation settles as `outcome`, or as the exit it sees. */
  end(outcome?: RunOutcome): void {
    if (outcome) this.#settle(outcome);
    if (this.#processId !== 0) this.#parts.supervisor.kill(this.#processId);
    else this.#finish();
  }

  async #timedOut(): Promise<void> {
    const answer = this.#answer;
    // It can no longer tell how much it uses.
    await this.sampleMemory();
    if (this.#answer === answer) this.end({ kind: 'timeout', phase: 'invoke' });
  }

  #listener(): TransportListener {
    return {
      onReady: () => {
        this.#initialised = true;
        this.#init.settle({ kind: 'ready' });
      },
      onInitError: (errorType, payload) => this.#init.settle({ kind: 'init-error', errorType, payload }),
      onResponse: (id, payload) => this.#settleFor(id, { kind: 'response', payload }),
      onResponseTooLarge: (id, bytes) => this.#settleFor(id, { kind: 'response-too-large', bytes }),
      onError: (id, errorType, payload) => this.#settleFor(id, { kind: 'function-error', errorType, payload }),
      onRawOutput: () => { this.#rawOutput = true; },
      onLog: (stream, text) => this.#splitters[stream === 1 ? 'channel1' : 'channel2'].push(text),
      onFiles: (files) => this.#parts.onFiles(this.function, this.code.codeRevision, files),
      onMemory: (bytes) => { this.maxMemoryMb = Math.max(this.maxMemoryMb, Math.ceil(bytes / 1_048_576)); },
    };
  }

  #settleFor(requestId: string, outcome: RunOutcome): void {
    if (this.#answer?.requestId !== requestId) return;
    if (!this.#rawOutput) {
      this.#settle(outcome);
      return;
    }
    this.#rawOutput = false;
    const answer = this.#answer;
    void this.settleOutput().then(() => { if (this.#answer === answer) this.#settle(outcome); });
  }

  #settle(outcome: RunOutcome): void {
    const answer = this.#answer;
    this.#answer = undefined;
    answer?.settle(outcome);
  }

  #spawnFailed(code: string, message: string): void {
    this.#parts.logger.warn(`${this.code.wrapper ?? this.code.binary} could not be started: ${message}`);
    this.#finish();
    // As the shell that starts a wrapper on AWS would end (lambda-facts §1.4).
    if (this.code.wrapper !== undefined) this.#init.settle({ kind: 'exit', phase: 'init', code: code === 'ENOENT' ? 127 : 126, signal: null });
    else this.#init.settle(code === 'ENOENT' || code === 'EACCES' || code === 'ENOEXEC'
      ? { kind: 'invalid-entrypoint', searched: [this.code.binary] }
      : { kind: 'exit', phase: 'init', code: null, signal: null });
  }

  #exited(code: number | null, signal: string | null): void {
    // Its last answer may still be on its way.
    const heard = this.#transport?.drained() ?? Promise.resolve();
    this.#leave();
    void heard.then(() => this.#conclude(code, signal));
  }

  #conclude(code: number | null, signal: string | null): void {
    for (const splitter of Object.values(this.#splitters)) splitter.flush();
    this.#transport?.close();
    if (!this.#initialised) this.#init.settle({ kind: 'exit', phase: 'init', code, signal });
    this.#settle({ kind: 'exit', phase: 'invoke', code, signal });
  }

  #finish(): void {
    this.#leave();
    this.#transport?.close();
  }

  /** Nothing more is handed to it. */
  #leave(): void {
    if (this.ended) return;
    this.ended = true;
    this.deadline.close();
    this.stopWatchingMemory();
    this.#onEnded(this);
  }
}
