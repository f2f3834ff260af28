/**
 * Objects of buckets: what is known of them in SQLite, each body in a file of its own. A file is written before its row and
 * removed after it, so that a row never lacks its file; files whose rows were undone, or that a crash left, are swept up.
 */
import { randomUUID } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, readSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { ObjectHead, ObjectStore } from '../contracts/buckets.ts';
import { inTransaction, statementsOf } from './database.ts';

export const objectFilesSchema = `
  CREATE TABLE objects (
    number INTEGER PRIMARY KEY AUTOINCREMENT, bucket TEXT NOT NULL, key TEXT NOT NULL, file TEXT NOT NULL, bytes INTEGER NOT NULL,
    etag TEXT NOT NULL, modified_at INTEGER NOT NULL, headers TEXT NOT NULL);
  CREATE UNIQUE INDEX objects_key ON objects (bucket, key);
  CREATE INDEX objects_newest ON objects (bucket, number, bytes);
  CREATE UNIQUE INDEX objects_file ON objects (file)`;

interface Row {
  key: string;
  bytes: number;
  etag: string;
  modified_at: number;
  headers: string;
}

const columns = 'key, bytes, etag, modified_at, headers';
/** Behind a prefix, it sorts behind every key that goes on after the prefix: keys have at most 1024 bytes. */
const last = '\u{10ffff}'.repeat(256);

export class ObjectFiles implements ObjectStore {
  readonly #database: DatabaseSync;
  readonly #folder: string;
  readonly #sql: (text: string) => StatementSync;
  /** Files that may have no row: what a transaction wrote or replaced is only known once it has ended. */
  readonly #suspects = new Set<string>();

  /**
   * @param folder Made when the first object comes.
   * @param anew The database is a new one in the place of one that was damaged: files of the old one are set aside with it.
   */
  constructor(database: DatabaseSync, folder: string, { anew = false }: { anew?: boolean } = {}) {
    this.#database = database;
    this.#sql = statementsOf(database);
    this.#folder = folder;
    if (!existsSync(folder)) return;
    if (anew) renameSync(folder, `${folder}.damaged-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`);
    else for (const file of readdirSync(folder)) this.#suspects.add(file);
    this.#sweep();
  }

  put(bucket: string, { key, bytes, etag, modifiedAt, headers }: ObjectHead, body: Uint8Array): void {
    this.#sweep();
    mkdirSync(this.#folder, { recursive: true });
    const file = randomUUID();
    this.#suspects.add(file);
    writeFileSync(join(this.#folder, file), body, { flag: 'wx', mode: 0o600 });
    inTransaction(this.#database, () => {
      this.#remove(bucket, key);
      this.#sql('INSERT INTO objects (bucket, key, file, bytes, etag, modified_at, headers) VALUES (?, ?, ?, ?, ?, ?, ?)')
        .run(bucket, key, file, bytes, etag, modifiedAt, JSON.stringify(headers));
    });
    this.#sweep();
  }

  head(bucket: string, key: string): ObjectHead | undefined {
    const row = this.#sql(`SELECT ${columns} FROM objects WHERE bucket = ? AND key = ?`).get(bucket, key) as Row | undefined;
    return row && headOf(row);
  }

  read(bucket: string, key: string, part?: { start: number; length: number }): Uint8Array | undefined {
    const row = this.#sql('SELECT file FROM objects WHERE bucket = ? AND key = ?').get(bucket, key) as { file: string } | undefined;
    if (!row) return undefined;
    const path = join(this.#folder, row.file);
    return part ? readPart(path, part.start, part.length) : readFileSync(path);
  }

  delete(bucket: string, key: string): boolean {
    const removed = this.#remove(bucket, key);
    this.#sweep();
    return removed;
  }

  list(bucket: string, { prefix, after, group = false, limit }: { prefix: string; after: string; group?: boolean; limit: number }): ObjectHead[] {
    const rows = this.#sql(`SELECT ${columns} FROM objects WHERE bucket = ? AND key >= ? AND key > ? AND key <= ? ORDER BY key LIMIT ?`)
      .all(bucket, prefix, group ? after + last : after, prefix + last, limit) as unknown as Row[];
    return rows.map(headOf);
  }

  newest(bucket: string, limit: number): ObjectHead[] {
    const rows = this.#sql(`SELECT ${columns} FROM objects WHERE bucket = ? ORDER BY number DESC LIMIT ?`).all(bucket, limit) as unknown as Row[];
    return rows.map(headOf);
  }

  totals(): ReadonlyMap<string, { objects: number; bytes: number }> {
    this.#sweep();
    const rows = this.#sql('SELECT bucket, COUNT(*) AS objects, SUM(bytes) AS bytes FROM objects GROUP BY bucket').all() as { bucket: string; objects: number; bytes: number }[];
    return new Map(rows.map(({ bucket, objects, bytes }) => [bucket, { objects, bytes }]));
  }

  #remove(bucket: string, key: string): boolean {
    const row = this.#sql('DELETE FROM objects WHERE bucket = ? AND key = ? RETURNING file').get(bucket, key) as { file: string } | undefined;
    if (row) this.#suspects.add(row.file);
    return row !== undefined;
  }

  /** Removes files without a row, unless a transaction is open that may yet be undone. */
  #sweep(): void {
    if (this.#suspects.size === 0 || this.#database.isTransaction) return;
    for (const file of this.#suspects) {
      if (!this.#sql('SELECT 1 FROM objects WHERE file = ?').get(file)) rmSync(join(this.#folder, file), { recursive: true, force: true });
    }
    this.#suspects.clear();
  }
}

function headOf({ key, bytes, etag, modified_at: modifiedAt, headers }: Row): ObjectHead {
  return { key, bytes, etag, modifiedAt, headers: JSON.parse(headers) as Record<string, string> };
}

function readPart(path: string, start: number, length: number): Uint8Array {
  const part = Buffer.alloc(length);
  const file = openSync(path, 'r');
  try {
    let filled = 0;
    while (filled < length) {
      const read = readSync(file, part, filled, length - filled, start + filled);
      if (read === 0) break;
      filled += read;
    }
    return part.subarray(0, filled);
  } finally {
    closeSync(file);
  }
}
