/** Events of asynchronous invocation in SQLite: found by function and due time, never all in memory. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { EventQueue, QueuedEvent } from '../contracts/event-queue.ts';
import { inTransaction } from './database.ts';

export const eventQueueSchema = `
  CREATE TABLE events (
    id TEXT PRIMARY KEY, function_name TEXT NOT NULL, due REAL NOT NULL, accepted_at INTEGER NOT NULL,
    document TEXT NOT NULL, payload BLOB NOT NULL, response BLOB);
  CREATE INDEX events_due ON events (function_name, due)`;

/** Compares larger than any due time. */
const noBound = -1;

export class SqliteEventQueue implements EventQueue {
  readonly #database: DatabaseSync;
  readonly #counts = new Map<string, number>();
  readonly #statements: Readonly<Record<'add' | 'letGo' | 'upTo' | 'get' | 'payload' | 'response' | 'update' | 'updateResponse' | 'remove' | 'due' | 'next', StatementSync>>;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#statements = {
      add: database.prepare('INSERT INTO events (id, function_name, due, accepted_at, document, payload) VALUES (?, ?, ?, ?, ?, ?)'),
      letGo: database.prepare('UPDATE events SET accepted_at = ? WHERE id = ?'),
      upTo: database.prepare('SELECT count(*) AS count FROM events WHERE accepted_at <= ?'),
      get: database.prepare('SELECT document FROM events WHERE id = ?'),
      payload: database.prepare('SELECT payload AS bytes FROM events WHERE id = ?'),
      response: database.prepare('SELECT response AS bytes FROM events WHERE id = ?'),
      update: database.prepare('UPDATE events SET due = ?, document = ? WHERE id = ?'),
      updateResponse: database.prepare('UPDATE events SET response = ? WHERE id = ?'),
      remove: database.prepare('DELETE FROM events WHERE id = ? RETURNING function_name AS name'),
      due: database.prepare('SELECT document FROM events WHERE function_name = ? AND due <= ? AND accepted_at > ? ORDER BY due, rowid LIMIT ?'),
      next: database.prepare('SELECT id, due FROM events WHERE function_name = ? ORDER BY due LIMIT ?'),
    };
    const rows = database.prepare('SELECT function_name AS name, count(*) AS count FROM events GROUP BY function_name').all() as { name: string; count: number }[];
    for (const { name, count } of rows) this.#counts.set(name, count);
  }

  add(event: QueuedEvent, payload: Uint8Array): void {
    this.#statements.add.run(event.id, event.functionName, event.wait.due, event.acceptedAt, JSON.stringify(event), payload);
    this.#count(event.functionName, 1);
  }

  get(id: string): QueuedEvent | undefined {
    return parsed(this.#statements.get.get(id));
  }

  payload(id: string): Uint8Array | undefined {
    return bytes(this.#statements.payload.get(id));
  }

  lastResponse(id: string): Uint8Array | undefined {
    return bytes(this.#statements.response.get(id));
  }

  update(event: QueuedEvent, lastResponse?: Uint8Array): void {
    this.#statements.update.run(event.wait.due, JSON.stringify(event), event.id);
    if (lastResponse) this.#statements.updateResponse.run(lastResponse, event.id);
  }

  letGo(id: string): void {
    this.#statements.letGo.run(Number.MAX_SAFE_INTEGER, id);
  }

  countUpTo(acceptedAt: number): number {
    return (this.#statements.upTo.get(acceptedAt) as { count: number }).count;
  }

  remove(id: string): void {
    const row = this.#statements.remove.get(id) as { name: string } | undefined;
    if (row) this.#count(row.name, -1);
  }

  due(functionName: string, waitNow: number, limit: number, running: ReadonlySet<string>, acceptedAfter = noBound): QueuedEvent[] {
    const rows = this.#statements.due.all(functionName, waitNow, acceptedAfter, limit + running.size);
    return rows.map((row) => parsed(row) as QueuedEvent).filter(({ id }) => !running.has(id)).slice(0, limit);
  }

  nextDue(functionName: string, running: ReadonlySet<string>): number | undefined {
    const rows = this.#statements.next.all(functionName, running.size + 1) as { id: string; due: number }[];
    return rows.find(({ id }) => !running.has(id))?.due;
  }

  counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }

  transaction<R>(work: () => R): R {
    const before = new Map(this.#counts);
    try {
      return inTransaction(this.#database, work);
    } catch (error) {
      this.#counts.clear();
      for (const [name, count] of before) this.#counts.set(name, count);
      throw error;
    }
  }

  #count(name: string, change: number): void {
    const count = (this.#counts.get(name) ?? 0) + change;
    if (count > 0) this.#counts.set(name, count);
    else this.#counts.delete(name);
  }
}

function parsed(row: unknown): QueuedEvent | undefined {
  return row === undefined ? undefined : (JSON.parse((row as { document: string }).document) as QueuedEvent);
}

function bytes(row: unknown): Uint8Array | undefined {
  return (row as { bytes: Uint8Array | null } | undefined)?.bytes ?? undefined;
}
