/** Execution history in SQLite: group commits, bounds, search, export. */
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { once } from 'node:events';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { isFinal, type Execution, type ExecutionContent, type ExecutionHistory, type ExecutionQuery } from '../contracts/executions.ts';
import type { Logger } from '../contracts/logger.ts';
import { inTransaction, openDatabase, type Migrations } from './database.ts';
import { LogText } from './log-text.ts';

const migrations: Migrations = [
  `CREATE TABLE executions (
     sequence INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, function_name TEXT NOT NULL, status TEXT NOT NULL,
     search TEXT NOT NULL, document TEXT NOT NULL);
   CREATE INDEX executions_by_function ON executions (function_name, sequence);
   CREATE INDEX executions_by_status ON executions (status, sequence);
   CREATE TABLE contents (
     sequence INTEGER PRIMARY KEY, request BLOB, response BLOB, log TEXT NOT NULL DEFAULT '',
     log_truncated INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL DEFAULT 0)`,
  `ALTER TABLE executions ADD COLUMN caused_by TEXT;
   ALTER TABLE executions ADD COLUMN final INTEGER NOT NULL DEFAULT 1;
   UPDATE executions SET final = 0 WHERE status = 'running';
   CREATE INDEX executions_by_cause ON executions (caused_by, sequence) WHERE caused_by IS NOT NULL;
   CREATE INDEX executions_by_final ON executions (final, sequence)`,
];

export interface HistoryBounds {
  maxExecutions: number;
  maxMegabytes: number;
}

/** What has not been committed yet, of one execution. */
interface Pending {
  execution?: Execution;
  request?: Uint8Array;
  response?: Uint8Array;
}

interface OpenLog {
  text: LogText;
  dirty: boolean;
  /** Characters that the database holds of it. */
  storedLength: number;
  /** Monotonic milliseconds. */
  writtenAt: number;
}

/** While a function runs, its log is rewritten at most this often, in milliseconds: it matters only if the engine dies. */
const runningLogMilliseconds = 1000;

/** Longest time that a write waits for its group, milliseconds. */
const groupMilliseconds = 50;
/** A group this large is committed at once, bytes. */
const groupBytes = 8 * 1024 * 1024;
/** Rows removed in one slice, so that pruning never holds the engine up. */
const pruneSlice = 500;

export class SqliteExecutionHistory implements ExecutionHistory {
  /** Where a damaged file was moved to, when that happened at opening. */
  readonly setAside: string | undefined;
  readonly #database: DatabaseSync;
  readonly #bounds: () => HistoryBounds;
  readonly #logger: Logger;
  readonly #statements: ReturnType<typeof prepare>;
  readonly #pending = new Map<string, Pending>();
  /** Logs of executions that have not finished, or are not committed. */
  readonly #logs = new Map<string, OpenLog>();
  /** Executions that run or are not committed; queued ones may be very many and are read from the database. */
  readonly #open = new Map<string, Execution>();
  #pendingBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #sequence: number;
  #count: number;
  #bytes: number;

  /** @throws UserError when a newer version wrote the file. */
  constructor(file: string, bounds: () => HistoryBounds, logger: Logger) {
    const { database, setAside } = openDatabase(file, migrations);
    this.#database = database;
    this.setAside = setAside;
    this.#bounds = bounds;
    this.#logger = logger;
    this.#statements = prepare(database);
    const totals = database.prepare(
      `SELECT (SELECT coalesce(max(sequence), 0) FROM executions) AS sequence, (SELECT count(*) FROM executions) AS count,
              (SELECT coalesce(sum(bytes), 0) FROM contents) AS bytes`,
    ).get() as { sequence: number; count: number; bytes: number };
    this.#sequence = totals.sequence;
    this.#count = totals.count;
    this.#bytes = totals.bytes;
    this.#markInterrupted();
  }

  nextSequence(): number {
    this.#sequence += 1;
    return this.#sequence;
  }

  save(execution: Execution): void {
    this.#pendingFor(execution.id).execution = execution;
    this.#open.set(execution.id, execution);
    this.#schedule(256);
  }

  saveRequest(id: string, payload: Uint8Array): void {
    this.#pendingFor(id).request = payload;
    this.#schedule(payload.length);
  }

  saveResponse(id: string, payload: Uint8Array): void {
    this.#pendingFor(id).response = payload;
    this.#schedule(payload.length);
  }

  appendLog(id: string, text: string): void {
    let log = this.#logs.get(id);
    if (!log) {
      const stored = this.#open.has(id) ? undefined : this.content(id)?.log;
      log = { text: new LogText(), dirty: false, storedLength: stored?.length ?? 0, writtenAt: performance.now() };
      if (stored !== undefined) log.text.append(stored);
      this.#logs.set(id, log);
    }
    log.text.append(text);
    log.dirty = true;
    this.#pendingFor(id);
    this.#schedule(text.length);
  }

  list(query: ExecutionQuery): Execution[] {
    this.flush();
    const conditions = ['sequence < ?'];
    const values: (string | number)[] = [query.before ?? Number.MAX_SAFE_INTEGER];
    if (query.functionName !== undefined) {
      conditions.push('function_name = ?');
      values.push(query.functionName);
    }
    if (query.status !== undefined) {
      conditions.push('status = ?');
      values.push(query.status);
    }
    if (query.causedBy !== undefined) {
      conditions.push('caused_by = ?');
      values.push(query.causedBy);
    }
    if (query.text !== undefined && query.text !== '') {
      conditions.push("search LIKE ? ESCAPE '\\'");
      values.push(`%${query.text.toLowerCase().replaceAll(/[\\%_]/g, '\\$&')}%`);
    }
    const limit = Math.min(1000, Math.max(1, Math.trunc(query.limit)));
    const rows = this.#database
      .prepare(`SELECT document FROM executions WHERE ${conditions.join(' AND ')} ORDER BY sequence DESC LIMIT ${limit}`)
      .all(...values) as { document: string }[];
    return rows.map(({ document }) => JSON.parse(document) as Execution);
  }

  get(id: string): Execution | undefined {
    const open = this.#open.get(id);
    if (open) return open;
    const row = this.#statements.byId.get(id) as { document: string } | undefined;
    return row && (JSON.parse(row.document) as Execution);
  }

  bySegment(segment: string): Execution | undefined {
    const [prefix] = /^[0-9a-f]{16}$/.test(segment) ? [`${segment.slice(0, 8)}-${segment.slice(8, 12)}-${segment.slice(12)}-`] : [];
    if (prefix === undefined) return undefined;
    for (const [id, execution] of this.#open) if (id.startsWith(prefix)) return execution;
    const row = this.#statements.byPrefix.get(prefix, `${prefix}\u{ffff}`) as { document: string } | undefined;
    return row && (JSON.parse(row.document) as Execution);
  }

  content(id: string): ExecutionContent | undefined {
    this.flush();
    const row = this.#statements.content.get(id) as
      { request: Uint8Array | null; response: Uint8Array | null; log: string; log_truncated: number } | undefined;
    if (!row) return undefined;
    const live = this.#logs.get(id)?.text.read();
    return {
      request: row.request ? Buffer.from(row.request).toString('utf8') : '',
      ...(row.response ? { response: Buffer.from(row.response).toString('utf8') } : {}),
      log: live?.text ?? row.log,
      logTruncated: live?.truncated ?? row.log_truncated === 1,
    };
  }

  count(): number {
    this.flush();
    return this.#count;
  }

  lastByFunction(): Map<string, Execution> {
    this.flush();
    const names = this.#database.prepare('SELECT DISTINCT function_name AS name FROM executions').all() as { name: string }[];
    const last = this.#database.prepare(
      "SELECT document FROM executions WHERE function_name = ? AND final = 1 ORDER BY sequence DESC LIMIT 1",
    );
    const result = new Map<string, Execution>();
    for (const { name } of names) {
      const row = last.get(name) as { document: string } | undefined;
      if (row) result.set(name, JSON.parse(row.document) as Execution);
    }
    return result;
  }

  clear(): void {
    this.flush();
    inTransaction(this.#database, () => {
      this.#database.exec("DELETE FROM contents WHERE sequence IN (SELECT sequence FROM executions WHERE final = 1)");
      this.#database.exec("DELETE FROM executions WHERE final = 1");
    });
    this.#recount();
    this.#database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  }

  async exportTo(file: string): Promise<number> {
    this.flush();
    const partial = `${file}.partial`;
    const stream = createWriteStream(partial, { encoding: 'utf8' });
    const failed = once(stream, 'error').then(([error]) => { throw error as Error; });
    failed.catch(() => {});
    let written = 0;
    let after = 0;
    try {
      await Promise.race([once(stream, 'open'), failed]);
      for (;;) {
        const rows = this.#statements.exportSlice.all(after) as
          { sequence: number; document: string; request: Uint8Array | null; response: Uint8Array | null; log: string | null }[];
        if (rows.length === 0) break;
        for (const row of rows) {
          after = row.sequence;
          written += 1;
          const line = `{"execution":${row.document},"request":${embedded(row.request)},"response":${embedded(row.response)},`
            + `"log":${JSON.stringify(row.log ?? '')}}\n`;
          if (!stream.write(line)) await Promise.race([once(stream, 'drain'), failed]);
        }
        await new Promise((resolve) => setImmediate(resolve));
      }
      stream.end();
      await Promise.race([once(stream, 'close'), failed]);
      await rename(partial, file);
    } catch (error) {
      stream.destroy();
      await rm(partial, { force: true });
      throw error;
    }
    return written;
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#pending.size === 0) return;
    const statements = this.#statements;
    let added = 0;
    let grown = 0;
    inTransaction(this.#database, () => {
      for (const [id, pending] of this.#pending) {
        const execution = pending.execution ?? this.#open.get(id);
        const sequence = execution?.sequence ?? (statements.sequenceOf.get(id) as { sequence: number } | undefined)?.sequence;
        if (sequence === undefined) continue;
        if (pending.execution) {
          const row = pending.execution;
          const search = [row.id, row.functionName, row.errorType, row.errorMessage].filter((part) => part !== undefined)
            .join('\n').toLowerCase();
          const document = JSON.stringify(row);
          const final = isFinal(row.status) ? 1 : 0;
          if (statements.update.run(row.status, search, document, final, sequence).changes === 0) {
            statements.insert.run(sequence, row.id, row.functionName, row.status, search, document, row.causedBy ?? null, final);
            added += 1;
          }
        }
        if (pending.request) grown += this.#put(statements.putRequest, sequence, pending.request);
        if (pending.response) grown += this.#put(statements.putResponse, sequence, pending.response);
        grown += this.#putLog(id, sequence);
      }
    });
    for (const id of this.#pending.keys()) {
      if (this.#open.get(id)?.status === 'running') continue;
      this.#open.delete(id);
      this.#logs.delete(id);
    }
    this.#pending.clear();
    this.#pendingBytes = 0;
    this.#count += added;
    this.#bytes += grown;
    this.#prune();
  }

  /** Commits what is pending and closes the file. */
  close(): void {
    this.flush();
    this.#database.close();
  }

  #put(statement: StatementSync, sequence: number, payload: Uint8Array): number {
    statement.run(sequence, payload, payload.length);
    return payload.length;
  }

  #putLog(id: string, sequence: number): number {
    const log = this.#logs.get(id);
    const now = performance.now();
    const running = this.#open.get(id)?.status === 'running';
    if (!log?.dirty || (running && now - log.writtenAt < runningLogMilliseconds)) return 0;
    const { text, truncated } = log.text.read();
    const grown = text.length - log.storedLength;
    this.#statements.putLog.run(sequence, text, truncated ? 1 : 0, grown);
    Object.assign(log, { dirty: false, storedLength: text.length, writtenAt: now });
    return grown;
  }

  #pendingFor(id: string): Pending {
    let pending = this.#pending.get(id);
    if (!pending) this.#pending.set(id, pending = {});
    return pending;
  }

  #schedule(bytes: number): void {
    this.#pendingBytes += bytes;
    const delay = this.#pendingBytes > groupBytes ? 0 : groupMilliseconds;
    if (this.#timer && delay > 0) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      try {
        this.flush();
      } catch (error) {
        this.#logger.error('Execution history could not be written; it is tried again.', error);
        this.#forgetContentsWhenStuck();
        this.#timer = setTimeout(() => { this.#timer = undefined; this.#schedule(0); }, 1000);
        this.#timer.unref();
      }
    }, delay);
  }

  /** A full disk must not fill the memory too. */
  #forgetContentsWhenStuck(): void {
    if (this.#pendingBytes < 8 * groupBytes) return;
    for (const [id, pending] of this.#pending) {
      delete pending.request;
      delete pending.response;
      if (this.#open.get(id)?.status !== 'running') this.#logs.delete(id);
    }
    this.#pendingBytes = 0;
    this.#logger.warn('Payloads and logs of executions were left out of the history because it cannot be written.');
  }

  #prune(): void {
    const { maxExecutions, maxMegabytes } = this.#bounds();
    const slack = Math.min(100, Math.ceil(maxExecutions / 100));
    if (this.#count <= maxExecutions + slack && this.#bytes <= maxMegabytes * 1_048_576) return;
    let surplus = this.#count - maxExecutions;
    let tooMany = this.#bytes - maxMegabytes * 1_048_576;
    const oldest = this.#database.prepare(
      `SELECT sequence, coalesce((SELECT bytes FROM contents WHERE contents.sequence = executions.sequence), 0) AS bytes
       FROM executions WHERE final = 1 ORDER BY sequence LIMIT ${pruneSlice}`,
    ).all() as { sequence: number; bytes: number }[];
    inTransaction(this.#database, () => {
      for (const { sequence, bytes } of oldest) {
        if (surplus <= 0 && tooMany <= 0) break;
        this.#statements.remove.run(sequence);
        this.#statements.removeContent.run(sequence);
        this.#count -= 1;
        this.#bytes -= bytes;
        surplus -= 1;
        tooMany -= bytes;
      }
    });
    if ((surplus > slack || tooMany > 0) && oldest.length === pruneSlice) this.#schedulePruning();
  }

  #schedulePruning(): void {
    setImmediate(() => {
      if (this.#database.isOpen) this.#prune();
    }).unref();
  }

  #recount(): void {
    const totals = this.#database.prepare(
      'SELECT (SELECT count(*) FROM executions) AS count, (SELECT coalesce(sum(bytes), 0) FROM contents) AS bytes',
    ).get() as { count: number; bytes: number };
    this.#count = totals.count;
    this.#bytes = totals.bytes;
  }

  /** What ran when the engine ended did not finish: it says so. */
  #markInterrupted(): void {
    const rows = this.#database.prepare("SELECT document FROM executions WHERE status = 'running'").all() as { document: string }[];
    for (const { document } of rows) {
      const execution = JSON.parse(document) as Execution;
      this.save({
        ...execution,
        status: 'interrupted',
        attempts: execution.attempts.map((attempt) => (attempt.status === 'running' ? { ...attempt, status: 'interrupted' } : attempt)),
      });
    }
    this.flush();
  }
}

function prepare(database: DatabaseSync) {
  const upsert = (column: string) => database.prepare(
    `INSERT INTO contents (sequence, ${column}, bytes) VALUES (?1, ?2, ?3)
     ON CONFLICT DO UPDATE SET ${column} = excluded.${column}, bytes = bytes + excluded.bytes`,
  );
  return {
    insert: database.prepare(
      'INSERT INTO executions (sequence, id, function_name, status, search, document, caused_by, final) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    ),
    update: database.prepare('UPDATE executions SET status = ?, search = ?, document = ?, final = ? WHERE sequence = ?'),
    byPrefix: database.prepare('SELECT document FROM executions WHERE id >= ? AND id < ? LIMIT 1'),
    byId: database.prepare('SELECT document FROM executions WHERE id = ?'),
    sequenceOf: database.prepare('SELECT sequence FROM executions WHERE id = ?'),
    content: database.prepare(
      `SELECT request, response, coalesce(log, '') AS log, coalesce(log_truncated, 0) AS log_truncated
       FROM executions LEFT JOIN contents USING (sequence) WHERE id = ?`,
    ),
    putRequest: upsert('request'),
    putResponse: upsert('response'),
    putLog: database.prepare(
      `INSERT INTO contents (sequence, log, log_truncated, bytes) VALUES (?1, ?2, ?3, ?4)
       ON CONFLICT DO UPDATE SET log = excluded.log, log_truncated = excluded.log_truncated, bytes = bytes + excluded.bytes`,
    ),
    remove: database.prepare('DELETE FROM executions WHERE sequence = ?'),
    removeContent: database.prepare('DELETE FROM contents WHERE sequence = ?'),
    exportSlice: database.prepare(
      `SELECT sequence, document, request, response, log FROM executions LEFT JOIN contents USING (sequence)
       WHERE sequence > ? ORDER BY sequence LIMIT 100`,
    ),
  };
}

/** JSON stays JSON; anything else becomes a string. */
function embedded(bytes: Uint8Array | null): string {
  if (!bytes) return 'null';
  const text = Buffer.from(bytes).toString('utf8');
  try {
    JSON.parse(text);
    return text.replaceAll(/[\r\n]+/g, ' ');
  } catch {
    return JSON.stringify(text);
  }
}
