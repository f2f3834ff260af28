/** Queues, streams and checkpoints in a database file, whose engine can be killed: what was not committed by then is gone. */
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { KinesisService } from '../../../src/resources/kinesis/kinesis-service.ts';
import { SqliteDocumentStore } from '../../../src/store/document-store.ts';
import { openState } from '../../../src/store/state-database.ts';
import { SqliteStreamRecords } from '../../../src/store/stream-records.ts';
import type { FakeClock } from '../../support/fake-clock.ts';
import { account, Harness as Queues } from '../resources/sqs/harness.ts';
import type { MappingStores } from './mapping-harness.ts';

interface Opened {
  database: DatabaseSync;
  queues: Queues;
  documents: SqliteDocumentStore;
  streams: KinesisService;
}

export class StoresInFiles implements MappingStores {
  readonly #clock: FakeClock;
  readonly #folder = mkdtempSync(join(tmpdir(), 'local-lambda-stores-'));
  /** Of engines that were killed: nobody closed them. */
  readonly #dead: Opened[] = [];
  #opened: Opened;

  constructor(clock: FakeClock) {
    this.#clock = clock;
    this.#opened = this.#open();
  }

  get queues(): Queues {
    return this.#opened.queues;
  }

  get documents(): SqliteDocumentStore {
    return this.#opened.documents;
  }

  get streams(): KinesisService {
    return this.#opened.streams;
  }

  restart(killed: boolean): void {
    this.#opened.queues.sqs.close();
    this.#opened.streams.close();
    if (!killed) {
      this.#opened.database.close();
      this.#opened = this.#open();
      return;
    }
    // The dead engine's connection keeps its file; what a new one finds is what stood on the disk.
    const before = this.#file;
    this.#dead.push(this.#opened);
    for (const part of ['', '-wal']) if (existsSync(before + part)) copyFileSync(before + part, this.#file + part);
    this.#opened = this.#open();
  }

  close(): void {
    this.#opened.queues.sqs.close();
    this.#opened.streams.close();
    for (const { database } of [...this.#dead, this.#opened]) database.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get #file(): string {
    return join(this.#folder, `state-${this.#dead.length}.sqlite`);
  }

  #open(): Opened {
    const { database } = openState(this.#file);
    // A process that is killed takes nothing from the system's cache: waiting for the disk would tell these tests nothing.
    database.exec('PRAGMA synchronous = OFF');
    const documents = new SqliteDocumentStore(database);
    const silent = { debug() {}, info() {}, warn() {}, error(message: string, error?: unknown) { throw new Error(message, { cause: error }); } };
    const streams = new KinesisService({
      clock: this.#clock, documents, records: new SqliteStreamRecords(database), account: () => ({ accountId: account, region: 'us-east-1' }), logger: silent, changed: () => {},
    });
    streams.start();
    return { database, documents, streams, queues: new Queues({ database, clock: this.#clock }) };
  }
}
