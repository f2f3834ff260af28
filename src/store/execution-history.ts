/** Execution history in SQLite: group commits, bounds, search, export. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { isFinal, type Execution, type ExecutionContent, type ExecutionHistory, type ExecutionQuery } from '../contracts/executions.ts';
import type { Logger } from '../contracts/logger.ts';
import { TransientMap } from '../contracts/transient-map.ts';
import { Checkpointer } from './checkpointer.ts';
import { inTransaction, openDatabase } from './database.ts';
import { exportHistory } from './history-export.ts';
import { HistoryPruning, type HistoryBounds } from './history-pruning.ts';
import { selectExecutions } from './history-query.ts';
import { bytesText, interrupted, searchText } from './history-rows.ts';
import { historyMigrations, prepareHistory } from './history-schema.ts';
import { LogText } from './log-text.ts';

/** What has not been committed yet, of one execution. */
interface Pending {
  execution?: Execution;
  request?: Uint8Array;
  response?: Uint8Array;
}

/** What one transaction writes, noted down only once it is committed. */
interface Group {
  /** Sequences of new rows. */
  added: number[];
  logs: { log: OpenLog; length: number }[];
  /** Bytes of contents. */
  grown: number;
  /** Rows of executions written. */
  rows: number;
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

/** About what a row of an execution and its indexes take in the log, bytes. */
const rowBytes = 3000;
/** Of the file: cheaper by a sixth than pages of 8 KB for some hundred executions at once, and not much dearer for a single one. */
const pageBytes = 16_384;
/** What even the smallest commit writes: a page of each table and index. */
const commitBytes = 5 * pageBytes;
/** Longest time that a write waits for its group, milliseconds. */
const groupMilliseconds = 50;
/** After a failure, milliseconds. */
const retryMilliseconds = 1000;
/** A group this large is committed at once, bytes. */
const groupBytes = 8 * 1024 * 1024;

export class SqliteExecutionHistory implements ExecutionHistory {
  /** Where a damaged file was moved to, when that happened at opening. */
  readonly setAside: string | undefined;
  readonly #database: DatabaseSync;
  readonly #logger: Logger;
  readonly #statements: ReturnType<typeof prepareHistory>;
  readonly #pruning: HistoryPruning;
  readonly #checkpointer: Checkpointer;
  readonly #pending = new TransientMap<Pending>();
  /** Logs of executions that have not finished, or are not committed. */
  readonly #logs = new TransientMap<OpenLog>();
  /** Executions that run or are not committed; queued ones may be very many and are read from the database. */
  readonly #open = new TransientMap<Execution>();
  /** Sequences given out whose execution has no row yet. */
  readonly #unwritten = new Set<number>();
  #pendingBytes = 0;
  /** The file could not be written at the last attempt. */
  #stuck = false;
  #timer: NodeJS.Timeout | undefined;
  #sequence: number;
  #count: number;
  #bytes: number;

  /** @throws UserError when a newer version wrote the file. */
  constructor(file: string, bounds: () => HistoryBounds, logger: Logger) {
    const { database, setAside } = openDatabase(file, historyMigrations, pageBytes);
    this.#database = database;
    this.setAside = setAside;
    this.#logger = logger;
    this.#statements = prepareHistory(database);
    this.#pruning = new HistoryPruning(database, this.#statements, bounds);
    // Its own checkpoints, in the way of everybody else, are left for when the checkpointer cannot keep up.
    database.exec('PRAGMA wal_autocheckpoint = 2000');
    this.#checkpointer = new Checkpointer(file, logger);
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
    this.#unwritten.add(this.#sequence);
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
      // Only what was tried before has a log already: between two attempts it is in the database alone.
      const open = this.#open.get(id);
      const stored = open && open.attempts.length <= 1 ? undefined : this.content(id)?.log;
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
    this.#flushForReading();
    const { sql, values } = selectExecutions(query);
    const rows = this.#database.prepare(sql).all(...values) as { document: string }[];
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
    for (const [id, execution] of this.#open.entries()) if (id.startsWith(prefix)) return execution;
    const row = this.#statements.byPrefix.get(prefix, `${prefix}\u{ffff}`) as { document: string } | undefined;
    return row && (JSON.parse(row.document) as Execution);
  }

  content(id: string): ExecutionContent | undefined {
    this.#flushForReading();
    const row = this.#statements.content.get(id) as
      { request: Uint8Array | null; response: Uint8Array | null; log: string; log_truncated: number } | undefined;
    // What cannot be written is still known.
    const pending = this.#stuck ? this.#pending.get(id) : undefined;
    if (!row && !pending) return undefined;
    const live = this.#logs.get(id)?.text.read();
    const response = bytesText(pending?.response ?? row?.response);
    return {
      request: bytesText(pending?.request ?? row?.request) ?? '',
      ...(response === undefined ? {} : { response }),
      log: live?.text ?? row?.log ?? '',
      logTruncated: live?.truncated ?? row?.log_truncated === 1,
    };
  }

  count(): number {
    this.#flushForReading();
    return this.#count;
  }

  lastByFunction(): Map<string, Execution> {
    this.#flushForReading();
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
    this.#flushForReading();
    inTransaction(this.#database, () => {
      this.#database.exec("DELETE FROM contents WHERE sequence IN (SELECT sequence FROM executions WHERE final = 1)");
      this.#database.exec("DELETE FROM executions WHERE final = 1");
    });
    this.#recount();
    this.#database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  }

  async exportTo(file: string): Promise<number> {
    this.#flushForReading();
    return exportHistory(this.#statements.exportSlice, file);
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#pending.size === 0) return;
    const group: Group = { added: [], logs: [], grown: 0, rows: this.#pending.size };
    inTransaction(this.#database, () => {
      for (const [id, pending] of this.#pending.entries()) {
        const sequence = (pending.execution ?? this.#open.get(id))?.sequence ?? this.#sequenceOf(id);
        if (sequence === undefined) continue;
        if (pending.execution && isFinal(pending.execution.status)) this.#pruning.finished(sequence);
        if (pending.execution && this.#unwritten.has(sequence)) this.#insert(pending.execution, pending, group);
        else this.#update(id, sequence, pending, group);
      }
    });
    const now = performance.now();
    for (const { log, length } of group.logs) Object.assign(log, { dirty: false, storedLength: length, writtenAt: now });
    for (const id of this.#pending.keys()) {
      if (this.#open.get(id)?.status === 'running') continue;
      this.#open.delete(id);
      this.#logs.delete(id);
    }
    for (const sequence of group.added) this.#unwritten.delete(sequence);
    this.#pending.clear();
    this.#pendingBytes = 0;
    this.#count += group.added.length;
    this.#bytes += group.grown;
    this.#checkpointer.written(commitBytes + group.grown + group.rows * rowBytes);
    if (this.#stuck) {
      this.#stuck = false;
      this.#logger.info('The execution history is written again.');
    }
    this.#prune();
  }

  /** Commits what is pending, when that is possible, and closes the file: at once, unless a checkpoint runs. */
  async close(): Promise<void> {
    this.#flushForReading();
    clearTimeout(this.#timer);
    const checkpoints = this.#checkpointer.close();
    if (checkpoints) await checkpoints;
    this.#database.close();
  }

  /** What cannot be written must not keep anybody from reading what was. */
  #flushForReading(): void {
    try {
      this.flush();
    } catch (error) {
      if (!this.#stuck) this.#logger.error('The execution history cannot be written; it is tried again every second.', error);
      this.#stuck = true;
      this.#forgetContentsWhenStuck();
      this.#timer ??= setTimeout(() => this.#flushForReading(), retryMilliseconds).unref();
    }
  }

  #sequenceOf(id: string): number | undefined {
    return (this.#statements.sequenceOf.get(id) as { sequence: number } | undefined)?.sequence;
  }

  /** A new execution with all that is known of it: two statements instead of five. */
  #insert(execution: Execution, { request, response }: Pending, group: Group): void {
    const { sequence, id, functionName, status } = execution;
    this.#statements.insert.run(
      sequence, isFinal(status) ? 1 : 0, status, id, functionName, execution.causedBy ?? null, searchText(execution), JSON.stringify(execution),
    );
    group.added.push(sequence);
    const log = this.#logs.get(id);
    if (!request && !response && !log) return;
    const { text, truncated } = log?.text.read() ?? { text: '', truncated: false };
    const bytes = (request?.length ?? 0) + (response?.length ?? 0) + text.length;
    this.#statements.insertContent.run(sequence, request ?? null, response ?? null, text, truncated ? 1 : 0, bytes);
    if (log) group.logs.push({ log, length: text.length });
    group.grown += bytes;
  }

  #update(id: string, sequence: number, { execution, request, response }: Pending, group: Group): void {
    const statements = this.#statements;
    if (execution) {
      const { status, functionName, causedBy } = execution;
      const [search, document, final] = [searchText(execution), JSON.stringify(execution), isFinal(status) ? 1 : 0];
      if (statements.update.run(status, search, document, final, sequence).changes === 0) {
        statements.insert.run(sequence, final, status, id, functionName, causedBy ?? null, search, document);
        group.added.push(sequence);
      }
    }
    if (request) this.#put(statements.putRequest, sequence, request, group);
    if (response) this.#put(statements.putResponse, sequence, response, group);
    this.#putLog(id, sequence, group);
  }

  #put(statement: StatementSync, sequence: number, payload: Uint8Array, group: Group): void {
    statement.run(sequence, payload, payload.length);
    group.grown += payload.length;
  }

  #putLog(id: string, sequence: number, group: Group): void {
    const log = this.#logs.get(id);
    const running = this.#open.get(id)?.status === 'running';
    if (!log?.dirty || (running && performance.now() - log.writtenAt < runningLogMilliseconds)) return;
    const { text, truncated } = log.text.read();
    const grown = text.length - log.storedLength;
    this.#statements.putLog.run(sequence, text, truncated ? 1 : 0, grown);
    group.logs.push({ log, length: text.length });
    group.grown += grown;
  }

  #pendingFor(id: string): Pending {
    let pending = this.#pending.get(id);
    if (!pending) this.#pending.set(id, pending = {});
    return pending;
  }

  #schedule(bytes: number): void {
    this.#pendingBytes += bytes;
    if (this.#stuck && this.#timer) return;
    const delay = this.#pendingBytes > groupBytes ? 0 : groupMilliseconds;
    if (this.#timer && delay > 0) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#flushForReading(), delay);
  }

  /** A full disk must not fill the memory too. */
  #forgetContentsWhenStuck(): void {
    if (this.#pendingBytes < 8 * groupBytes) return;
    for (const [id, pending] of this.#pending.entries()) {
      delete pending.request;
      delete pending.response;
      if (this.#open.get(id)?.status !== 'running') this.#logs.delete(id);
    }
    this.#pendingBytes = 0;
    this.#logger.warn('Payloads and logs of executions were left out of the history because it cannot be written.');
  }

  #prune(): void {
    const { removed, more } = this.#pruning.prune({ count: this.#count, bytes: this.#bytes });
    this.#count -= removed.count;
    this.#bytes -= removed.bytes;
    if (more) this.#schedulePruning();
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
    // The second condition says that the index has them all.
    const rows = this.#database.prepare("SELECT document FROM executions WHERE status = 'running' AND status <> 'succeeded'").all() as { document: string }[];
    for (const { document } of rows) {
      const execution = JSON.parse(document) as Execution;
      this.save(interrupted(execution));
    }
    this.flush();
  }
}
