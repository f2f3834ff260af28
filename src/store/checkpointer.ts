/** Brings the write-ahead log of a busy database into its file on a thread of its own: syncing a disk holds its caller up. */
import { Worker } from 'node:worker_threads';
import type { Logger } from '../contracts/logger.ts';

/** Bytes written between two checkpoints. */
const checkpointBytes = 4 * 1024 * 1024;

/**
 * A writer begins the log anew only when all of it is in the file, so what was committed meanwhile is fetched at once, while
 * the next group of writes is still gathering. Text, because a bundle has no files beside it.
 */
const source = `
const { parentPort, workerData } = require('node:worker_threads');
const { DatabaseSync } = require('node:sqlite');
const database = new DatabaseSync(workerData);
database.exec('PRAGMA synchronous = NORMAL');
const checkpoint = database.prepare('PRAGMA wal_checkpoint(PASSIVE)');
parentPort.on('message', (order) => {
  if (order === 'end') {
    database.close();
    parentPort.close();
    return;
  }
  for (let tries = 0; tries < 4; tries += 1) {
    const { log, checkpointed } = checkpoint.get();
    if (log === checkpointed) break;
  }
  parentPort.postMessage('done');
});
`;

export class Checkpointer {
  readonly #file: string;
  readonly #logger: Logger;
  #worker: Worker | undefined;
  #written = 0;
  #busy = false;
  /** The database's own checkpoints, which come later and on the caller's thread, are enough. */
  #failed = false;

  constructor(file: string, logger: Logger) {
    this.#file = file;
    this.#logger = logger;
  }

  /** `bytes` were committed. */
  written(bytes: number): void {
    this.#written += bytes;
    if (this.#written < checkpointBytes || this.#busy || this.#failed) return;
    this.#written = 0;
    this.#busy = true;
    this.#running().postMessage('checkpoint');
  }

  /** Resolves when the thread has let go of the file; undefined when there never was one. */
  close(): Promise<void> | undefined {
    const worker = this.#worker;
    if (!worker) return undefined;
    const ended = new Promise<void>((resolve) => { worker.once('exit', () => resolve()); });
    worker.ref();
    worker.postMessage('end');
    return ended;
  }

  #running(): Worker {
    if (this.#worker) return this.#worker;
    const worker = new Worker(source, { eval: true, workerData: this.#file, name: 'checkpoints', execArgv: [], env: {} });
    worker.unref();
    worker.on('message', () => { this.#busy = false; });
    worker.on('error', (error) => {
      this.#failed = true;
      this.#logger.debug(`Checkpoints on a thread of their own failed: ${error.message}`);
    });
    worker.once('exit', () => { this.#worker = undefined; });
    this.#worker = worker;
    return worker;
  }
}
