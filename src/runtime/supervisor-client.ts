/** The engine's side of the supervisor: one process, started when first needed, replaced when it dies. */
import { spawn, type ChildProcess } from 'node:child_process';
import type { Logger } from '../contracts/logger.ts';
import { FrameReader, FrameType, bytesFrame, jsonFrame } from './channel.ts';
import { killTrees, markOf } from './process-tree.ts';
import type { SpawnRequest } from './supervisor.ts';

/** What the engine hears of one supervised process. */
export interface SupervisedProcess {
  onSpawned(pid: number): void;
  /** It could not be started. */
  onSpawnFailed(code: string, message: string): void;
  /** Raw output that did not come over the channel. */
  onOutput(stream: 1 | 2, bytes: Buffer): void;
  onExit(code: number | null, signal: string | null): void;
}

interface Entry {
  listener: SupervisedProcess;
  mark: string | undefined;
  pid?: number;
}

export class SupervisorClient {
  readonly #nodeBinary: string;
  readonly #entry: string;
  readonly #logger: Logger;
  readonly #processes = new Map<number, Entry>();
  readonly #syncs = new Map<number, () => void>();
  #child: ChildProcess | undefined;
  #nextId = 1;
  #nextSync = 1;
  #closed = false;

  /** `entry` is the supervisor's script; `nodeBinary` may be VS Code's own, run as Node. */
  constructor(nodeBinary: string, entry: string, logger: Logger) {
    this.#nodeBinary = nodeBinary;
    this.#entry = entry;
    this.#logger = logger;
  }

  /** Starts a process; its listener is called from later turns of the event loop. */
  spawn(request: Omit<SpawnRequest, 'id'>, listener: SupervisedProcess): number {
    const id = this.#nextId++;
    this.#processes.set(id, { listener, mark: markOf(request.environment) });
    this.#send(jsonFrame(FrameType.spawn, { ...request, id }));
    return id;
  }

  /** Ends a process and all it started. `onExit` follows. */
  kill(id: number): void {
    const body = Buffer.allocUnsafe(4);
    body.writeUInt32BE(id, 0);
    if (this.#processes.has(id)) this.#send(bytesFrame(FrameType.kill, body));
  }

  /** Resolves when all that the process had printed so far has been delivered. */
  sync(id: number): Promise<void> {
    if (!this.#processes.has(id)) return Promise.resolve();
    const token = this.#nextSync++ >>> 0;
    const body = Buffer.allocUnsafe(8);
    body.writeUInt32BE(id, 0);
    body.writeUInt32BE(token, 4);
    return new Promise((resolve) => {
      this.#syncs.set(token, resolve);
      this.#send(bytesFrame(FrameType.sync, body));
    });
  }

  /** Starts the supervisor ahead of the first function, which saves its start from the first cold start. */
  warm(): void {
    this.#running();
  }

  /** Ends every process and the supervisor. */
  async close(): Promise<void> {
    this.#closed = true;
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.stdin?.end();
    await exited;
  }

  #send(frame: Buffer): void {
    this.#running().stdin?.write(frame);
  }

  #running(): ChildProcess {
    if (this.#child) return this.#child;
    const child = spawn(this.#nodeBinary, [this.#entry], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ELECTRON_RUN_AS_NODE: '1', NODE_OPTIONS: '' },
      windowsHide: true,
    });
    this.#child = child;
    const reader = new FrameReader((type, body) => this.#receive(type, body));
    child.stdout?.on('data', (chunk: Buffer) => reader.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => this.#logger.error(`supervisor: ${chunk.toString().trimEnd()}`));
    child.stdin?.on('error', (error) => this.#logger.debug(`supervisor's pipe: ${error.message}`));
    child.once('error', (error) => {
      this.#logger.error(`The supervisor process could not be started with ${this.#nodeBinary}.`, error);
      this.#lost(child, error.message);
    });
    child.once('exit', (code, signal) => this.#lost(child, `ended with ${signal ?? code}`));
    return child;
  }

  #receive(type: number, body: Buffer): void {
    if (type === FrameType.output) {
      this.#processes.get(body.readUInt32BE(0))?.listener.onOutput(body[4] as 1 | 2, body.subarray(5));
    } else if (type === FrameType.synced) {
      const token = body.readUInt32BE(4);
      this.#syncs.get(token)?.();
      this.#syncs.delete(token);
    } else {
      const message = JSON.parse(body.toString()) as { id: number; pid: number; code: never; signal: string | null; message: string };
      const entry = this.#processes.get(message.id);
      if (!entry) return;
      if (type === FrameType.spawned) {
        entry.pid = message.pid;
        entry.listener.onSpawned(message.pid);
        return;
      }
      this.#processes.delete(message.id);
      if (type === FrameType.spawnFailed) entry.listener.onSpawnFailed(message.code, message.message);
      else entry.listener.onExit(message.code, message.signal);
    }
  }

  /** The supervisor is gone: end what it left behind; the next spawn starts another. */
  #lost(child: ChildProcess, reason: string): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    if (!this.#closed) this.#logger.warn(`The supervisor process ${reason}; its functions are ended and it will be started again.`);
    for (const resolve of this.#syncs.values()) resolve();
    this.#syncs.clear();
    const orphans = [...this.#processes.values()];
    this.#processes.clear();
    killTrees(orphans.flatMap(({ pid, mark }) => (pid === undefined ? [] : [{ pid, mark }])));
    for (const { pid, listener } of orphans) {
      if (pid === undefined && !this.#closed) listener.onSpawnFailed('SUPERVISOR', reason);
      else listener.onExit(null, 'SIGKILL');
    }
  }
}
