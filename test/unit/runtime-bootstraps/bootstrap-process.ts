/** A bootstrap as the engine starts it: a child process that speaks to the real ChannelServer, on handlers written for the test. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Logger } from '../../../src/contracts/logger.ts';
import { ChannelServer } from '../../../src/runtime/channel-server.ts';
import type { Delivery, Transport } from '../../../src/runtime/transport.ts';

const bootstraps = fileURLToPath(new URL('../../../src/runtime/bootstraps', import.meta.url));
let python: string | undefined;

/** The interpreter itself: `python3` may be a shim that takes long to find it. */
export function pythonBinary(): string {
  python ??= execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim();
  return python;
}

export type Init = { kind: 'ready' } | { kind: 'init-error'; errorType: string; payload: string } | { kind: 'exit'; code: number | null };

export interface Answer {
  kind: 'response' | 'error' | 'too-large' | 'exit';
  /** Of an `error`. */
  errorType?: string;
  /** Of a `response` or an `error`. */
  payload: string;
  /** Of an `exit`. */
  code?: number | null;
  /** Of a `too-large` response. */
  bytes?: number;
}

export interface StartOptions {
  /** Files of the function, by path relative to its folder. */
  files: Record<string, string>;
  /** `AWS_EXECUTION_ENV` without its prefix; tells the language too. */
  runtime: string;
  handler?: string;
  environment?: Record<string, string>;
  binaryArguments?: readonly string[];
  /** The function's folder, to be made there; a temporary one with a space and a non-ASCII letter otherwise. */
  folder?: string;
}

const quiet: Logger = { error() {}, warn() {}, info() {}, debug() {} };

export class BootstrapProcess {
  readonly folder: string;
  /** Everything it said over the channel, in order: log text, `<ready>`, `<response>`, `<error>`. */
  readonly timeline: string[] = [];
  readonly files: string[][] = [];
  readonly memory: number[] = [];
  /** Written to the real streams, past the channel. */
  raw = '';
  /** Answers that told of output on its way past the channel. */
  rawAnswers = 0;
  readonly init: Promise<Init>;
  readonly exit: Promise<number | null>;
  readonly child: ChildProcess;
  readonly #server: ChannelServer;
  readonly #transport: Transport;
  #answered: ((answer: Answer) => void) | undefined;
  #onFiles: (() => void) | undefined;
  #onLog: (() => void) | undefined;
  #count = 0;

  private constructor(server: ChannelServer, { files, runtime, handler = 'index.handler', environment, binaryArguments = [], folder }: StartOptions) {
    this.#server = server;
    this.folder = folder ?? realpathSync(mkdtempSync(join(tmpdir(), 'local lambda é-')));
    for (const [name, text] of Object.entries(files)) {
      const file = join(this.folder, name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
    const { promise, resolve } = Promise.withResolvers<Init>();
    this.init = promise;
    const answer = (kind: 'response' | 'error', payload: Buffer, errorType?: string) => {
      this.timeline.push(`<${kind}>`);
      this.#settle({ kind, payload: payload.toString(), ...(errorType === undefined ? {} : { errorType }) });
    };
    this.#transport = server.open('environment', {
      onReady: () => {
        this.timeline.push('<ready>');
        resolve({ kind: 'ready' });
      },
      onInitError: (errorType, payload) => resolve({ kind: 'init-error', errorType, payload: payload.toString() }),
      onResponse: (_id, payload) => answer('response', payload),
      onResponseTooLarge: (_id, bytes) => this.#settle({ kind: 'too-large', payload: '', bytes }),
      onError: (_id, errorType, payload) => answer('error', payload, errorType),
      onLog: (stream, text) => {
        this.timeline.push(stream === 2 ? `2:${text.toString()}` : text.toString());
        this.#onLog?.();
      },
      onFiles: (loaded) => {
        this.files.push([...loaded]);
        this.#onFiles?.();
      },
      onRawOutput: () => { this.rawAnswers += 1; },
      onMemory: (bytes) => this.memory.push(bytes),
    });
    const node = runtime.startsWith('nodejs');
    const bootstrap = join(bootstraps, node ? 'node/bootstrap.cjs' : 'python/bootstrap.py');
    this.child = spawn(node ? process.execPath : pythonBinary(), [...binaryArguments, bootstrap], {
      cwd: this.folder,
      env: {
        PATH: process.env['PATH'],
        SystemRoot: process.env['SystemRoot'],
        LAMBDA_TASK_ROOT: this.folder,
        _HANDLER: handler,
        AWS_EXECUTION_ENV: `AWS_Lambda_${runtime}`,
        AWS_LAMBDA_FUNCTION_NAME: 'orders',
        AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '128',
        AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/orders',
        AWS_LAMBDA_LOG_STREAM_NAME: '2026/11/24/[$LATEST]abc',
        PYTHONDONTWRITEBYTECODE: '1',
        ...environment,
        ...this.#transport.environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout!.on('data', (chunk: Buffer) => { this.raw += chunk.toString(); });
    this.child.stderr!.on('data', (chunk: Buffer) => { this.raw += chunk.toString(); });
    this.exit = once(this.child, 'close').then(([code]) => {
      resolve({ kind: 'exit', code: code as number | null });
      this.#settle({ kind: 'exit', payload: '', code: code as number | null });
      return code as number | null;
    });
  }

  static async start(options: StartOptions): Promise<BootstrapProcess> {
    const server = new ChannelServer(quiet);
    await server.listen();
    return new BootstrapProcess(server, options);
  }

  /** Log text of both streams so far. */
  get logs(): string {
    return this.timeline.filter((entry) => !entry.startsWith('<')).map((entry) => entry.replace(/^2:/, '')).join('');
  }

  /** Whole log lines so far. */
  get lines(): string[] {
    return this.logs.split('\n').slice(0, -1);
  }

  /** As the engine does, once init is over; an init that failed leaves the answer to the exit. */
  async invoke(event: unknown = {}, more: Partial<Delivery> = {}): Promise<Answer> {
    const init = await this.init;
    if (init.kind !== 'ready') return { kind: 'exit', payload: '', code: await this.exit };
    const { promise, resolve } = Promise.withResolvers<Answer>();
    this.#answered = resolve;
    this.#transport.deliver({
      requestId: `request-${++this.#count}`,
      invokedFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:orders',
      deadline: Date.now() + 30_000,
      traceId: 'Root=1-5759e988-bd862e3fe1be46a994272793',
      payload: Buffer.from(JSON.stringify(event)),
      ...more,
    });
    return promise;
  }

  /** What the answer's payload says. */
  async result<T = Record<string, unknown>>(event: unknown = {}, more: Partial<Delivery> = {}): Promise<T> {
    const answer = await this.invoke(event, more);
    if (answer.payload === '') throw new Error(`There was no answer but ${JSON.stringify(answer)}.\n${this.logs}\n${this.raw}`);
    return JSON.parse(answer.payload) as T;
  }

  /** The next report of loaded files. */
  nextFiles(): Promise<string[]> {
    const { promise, resolve } = Promise.withResolvers<string[]>();
    this.#onFiles = () => resolve(this.files.at(-1)!);
    return promise;
  }

  /** The next output over the channel. */
  nextLog(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onLog = resolve;
    return promise;
  }

  /** The engine goes away. */
  disconnect(): void {
    this.#server.close();
  }

  async stop(): Promise<void> {
    this.#transport.close();
    this.#server.close();
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGKILL');
    await this.exit;
    rmSync(this.folder, { recursive: true, force: true });
  }

  #settle(answer: Answer): void {
    this.#answered?.(answer);
    this.#answered = undefined;
  }
}

/** Processes of one suite, all ended after each of its tests. */
export function processes(defaults: Pick<StartOptions, 'runtime'>): (options: Omit<StartOptions, 'runtime'> & { runtime?: string }) => Promise<BootstrapProcess> {
  const running: BootstrapProcess[] = [];
  afterEach(async () => {
    await Promise.all(running.splice(0).map((one) => one.stop()));
  });
  return async (options) => {
    const started = await BootstrapProcess.start({ ...defaults, ...options });
    running.push(started);
    return started;
  };
}
