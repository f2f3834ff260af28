/** Messages of queues in SQLite: found by index whatever their number, counted by triggers, never all in memory. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type {
  MessageCounts, MessageState, MovedMessage, NewMessage, NextVisible, QueueKey, QueueMessageStore, StoredMessage,
} from '../contracts/queue-messages.ts';
import type { MessageAttribute } from '../contracts/resources.ts';
import { inTransaction } from './database.ts';

/** Numbers of MessageState in the tables. */
const states = ['ready', 'held', 'delayed', 'returning'] as const satisfies MessageState[];
const [ready, held, delayed, returning] = [0, 1, 2, 3];

const counted = (sign: '+' | '-', row: 'NEW' | 'OLD') => `
  UPDATE queue_partitions SET
    ready = ready ${sign} (${row}.state = ${ready}),
    in_flight = in_flight ${sign} (${row}.state IN (${held}, ${returning})),
    delayed = delayed ${sign} (${row}.state = ${delayed})
  WHERE id = ${row}.partition;`;

/**
 * A partition holds what one queue has between two purges. `message_id` is the UUID's 16 bytes. A group of a FIFO queue is
 * open when none of its messages is hidden; `head` is its first ready message.
 */
export const queueMessagesSchema = `
  CREATE TABLE queue_partitions (
    id INTEGER PRIMARY KEY AUTOINCREMENT, queue TEXT, fifo INTEGER NOT NULL,
    ready INTEGER NOT NULL DEFAULT 0, in_flight INTEGER NOT NULL DEFAULT 0, delayed INTEGER NOT NULL DEFAULT 0);
  CREATE UNIQUE INDEX queue_partitions_queue ON queue_partitions (queue) WHERE queue IS NOT NULL;
  CREATE INDEX queue_partitions_retired ON queue_partitions (id) WHERE queue IS NULL;
  CREATE TABLE queue_messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT, partition INTEGER NOT NULL, state INTEGER NOT NULL, at REAL NOT NULL,
    not_before INTEGER NOT NULL DEFAULT 0, message_id BLOB NOT NULL, sent INTEGER NOT NULL, receives INTEGER NOT NULL DEFAULT 0,
    first_received INTEGER, last_received INTEGER, group_id TEXT, deduplication_id TEXT, source TEXT, trace TEXT,
    md5 TEXT NOT NULL, attributes TEXT, body TEXT NOT NULL);
  CREATE INDEX queue_messages_visible ON queue_messages (partition, state, at);
  CREATE INDEX queue_messages_sent ON queue_messages (partition, sent);
  CREATE INDEX queue_messages_message ON queue_messages (message_id);
  CREATE INDEX queue_messages_group ON queue_messages (partition, group_id, state) WHERE group_id IS NOT NULL;
  CREATE TABLE queue_groups (
    partition INTEGER NOT NULL, name TEXT NOT NULL, hidden INTEGER NOT NULL, head INTEGER,
    PRIMARY KEY (partition, name)) WITHOUT ROWID;
  CREATE INDEX queue_groups_open ON queue_groups (partition, head) WHERE hidden = 0 AND head IS NOT NULL;
  CREATE TABLE queue_deduplication (
    queue TEXT NOT NULL, key TEXT NOT NULL, sent INTEGER NOT NULL, message_id BLOB NOT NULL, position INTEGER NOT NULL,
    PRIMARY KEY (queue, key)) WITHOUT ROWID;
  CREATE INDEX queue_deduplication_sent ON queue_deduplication (sent);
  CREATE TRIGGER queue_messages_added AFTER INSERT ON queue_messages BEGIN ${counted('+', 'NEW')} END;
  CREATE TRIGGER queue_messages_removed AFTER DELETE ON queue_messages BEGIN ${counted('-', 'OLD')} END;
  CREATE TRIGGER queue_messages_changed AFTER UPDATE OF state, partition ON queue_messages
  WHEN OLD.state <> NEW.state OR OLD.partition <> NEW.partition BEGIN ${counted('-', 'OLD')} ${counted('+', 'NEW')} END`;

interface Row {
  id: number;
  state: number;
  at: number;
  not_before: number;
  message_id: Uint8Array;
  sent: number;
  receives: number;
  first_received: number | null;
  last_received: number | null;
  group_id: string | null;
  deduplication_id: string | null;
  source: string | null;
  trace: string | null;
  md5: string;
  attributes: string | null;
  body: string;
}

const columns = 'id, state, at, not_before, message_id, sent, receives, first_received, last_received, group_id, deduplication_id, source, trace, md5, attributes, body';

const sql = {
  open: 'SELECT id FROM queue_partitions WHERE queue = ?',
  make: 'INSERT INTO queue_partitions (queue, fifo) VALUES (?, ?) RETURNING id',
  partitions: 'SELECT id, fifo FROM queue_partitions WHERE queue IS NOT NULL',
  retire: 'UPDATE queue_partitions SET queue = NULL WHERE queue = ?',
  forgetQueue: 'DELETE FROM queue_deduplication WHERE queue = ?',
  retired: 'SELECT id FROM queue_partitions WHERE queue IS NULL LIMIT 1',
  sweep: 'DELETE FROM queue_messages WHERE id IN (SELECT id FROM queue_messages WHERE partition = ? LIMIT ?)',
  sweepGroups: 'DELETE FROM queue_groups WHERE partition = ?',
  dropPartition: 'DELETE FROM queue_partitions WHERE id = ?',
  add: `INSERT INTO queue_messages (partition, state, at, message_id, sent, group_id, deduplication_id, trace, md5, attributes, body)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  promoteHeld: `UPDATE queue_messages SET state = ${ready} WHERE id IN
    (SELECT id FROM queue_messages WHERE partition = ? AND state = ${held} AND at <= ? ORDER BY at LIMIT ?) RETURNING group_id`,
  promoteDelayed: `UPDATE queue_messages SET state = ${ready}, at = ? WHERE id IN
    (SELECT id FROM queue_messages WHERE partition = ? AND state = ${delayed} AND at <= ? ORDER BY at LIMIT ?) RETURNING group_id`,
  promoteReturning: `UPDATE queue_messages SET state = ${ready}, at = ? WHERE id IN
    (SELECT id FROM queue_messages WHERE partition = ? AND state = ${returning} AND at <= ? AND not_before <= ? ORDER BY at LIMIT ?) RETURNING group_id`,
  next: 'SELECT min(at) AS at FROM queue_messages WHERE partition = ? AND state = ?',
  nextNotBefore: `SELECT min(not_before) AS at FROM queue_messages WHERE partition = ? AND state = ${returning} AND at <= ?`,
  ready: `SELECT ${columns} FROM queue_messages WHERE partition = ? AND state = ${ready} ORDER BY at, id LIMIT ?`,
  openGroups: 'SELECT name FROM queue_groups WHERE partition = ? AND hidden = 0 AND head IS NOT NULL ORDER BY head LIMIT ?',
  readyInGroup: `SELECT ${columns} FROM queue_messages WHERE partition = ? AND group_id = ? AND state = ${ready} ORDER BY id LIMIT ?`,
  receive: 'UPDATE queue_messages SET state = ?, at = ?, receives = receives + 1, first_received = coalesce(first_received, ?), last_received = ? WHERE id = ?',
  reschedule: 'UPDATE queue_messages SET state = ?, at = ?, not_before = ? WHERE id = ? AND partition = ? RETURNING group_id',
  find: `SELECT ${columns} FROM queue_messages WHERE message_id = ? AND partition = ?`,
  remove: 'DELETE FROM queue_messages WHERE id = ? AND partition = ? RETURNING group_id',
  removeReceived: 'DELETE FROM queue_messages WHERE message_id = ? AND partition = ? AND receives = ?',
  present: 'SELECT 1 FROM queue_messages WHERE message_id = ? AND partition = ?',
  move: `INSERT INTO queue_messages (partition, state, at, message_id, sent, receives, first_received, group_id, deduplication_id, source, trace, md5, attributes, body)
    SELECT ?, ${ready}, ?, coalesce(?, message_id), coalesce(?, sent), coalesce(?, receives), iif(? = 0, NULL, first_received), group_id, deduplication_id, ?, trace, md5, attributes, body
    FROM queue_messages WHERE id = ?`,
  source: 'SELECT source FROM queue_messages WHERE id = ?',
  shiftDelays: `UPDATE queue_messages SET at = at + ? WHERE partition = ? AND state = ${delayed}`,
  counts: 'SELECT ready, in_flight AS inFlight, delayed FROM queue_partitions WHERE id = ?',
  oldest: 'SELECT min(sent) AS sent FROM queue_messages WHERE partition = ?',
  expire: `DELETE FROM queue_messages WHERE id IN
    (SELECT id FROM queue_messages WHERE partition = ? AND sent < ? ORDER BY sent LIMIT ?) RETURNING group_id`,
  list: `SELECT ${columns} FROM queue_messages WHERE partition = ? AND id > ? ORDER BY id LIMIT ?`,
  groupHidden: `SELECT 1 FROM queue_messages WHERE partition = ? AND group_id = ? AND state > ${ready} LIMIT 1`,
  groupHead: `SELECT min(id) AS head FROM queue_messages WHERE partition = ? AND group_id = ? AND state = ${ready}`,
  putGroup: `INSERT INTO queue_groups VALUES (?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET hidden = excluded.hidden, head = excluded.head WHERE hidden <> excluded.hidden OR head IS NOT excluded.head`,
  dropGroup: 'DELETE FROM queue_groups WHERE partition = ? AND name = ?',
  duplicate: 'SELECT message_id, position FROM queue_deduplication WHERE queue = ? AND key = ? AND sent >= ?',
  remember: 'INSERT OR REPLACE INTO queue_deduplication VALUES (?, ?, ?, ?, ?)',
  forget: 'DELETE FROM queue_deduplication WHERE (queue, key) IN (SELECT queue, key FROM queue_deduplication WHERE sent < ? LIMIT ?)',
} as const;

export class SqliteQueueMessages implements QueueMessageStore {
  readonly #database: DatabaseSync;
  readonly #statements: Readonly<Record<keyof typeof sql, StatementSync>>;
  readonly #fifo = new Set<QueueKey>();

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#statements = Object.fromEntries(Object.entries(sql).map(([name, text]) => [name, database.prepare(text)])) as Record<keyof typeof sql, StatementSync>;
    for (const { id, fifo } of this.#statements.partitions.all() as { id: number; fifo: number }[]) if (fifo === 1) this.#fifo.add(id);
  }

  transaction<R>(work: () => R): R {
    return inTransaction(this.#database, work);
  }

  open(queue: string, fifo: boolean): QueueKey {
    const { id } = (this.#statements.open.get(queue) ?? this.#statements.make.get(queue, Number(fifo))) as { id: number };
    if (fifo) this.#fifo.add(id);
    return id;
  }

  retire(queue: string): void {
    this.#statements.retire.run(queue);
  }

  drop(queue: string): void {
    this.transaction(() => {
      this.retire(queue);
      this.#statements.forgetQueue.run(queue);
    });
  }

  sweep(limit: number): boolean {
    const row = this.#statements.retired.get() as { id: number } | undefined;
    if (!row) return false;
    this.transaction(() => {
      if (this.#statements.sweep.run(row.id, limit).changes === limit) return;
      this.#statements.sweepGroups.run(row.id);
      this.#statements.dropPartition.run(row.id);
      this.#fifo.delete(row.id);
    });
    return true;
  }

  add(key: QueueKey, message: NewMessage): number {
    const isDelayed = message.delayedUntil !== undefined;
    const { lastInsertRowid } = this.#statements.add.run(
      key, isDelayed ? delayed : ready, message.delayedUntil ?? message.sentAt, uuidBytes(message.messageId), message.sentAt,
      message.groupId ?? null, message.deduplicationId ?? null, message.traceHeader ?? null, message.bodyMd5, message.attributes ?? null, message.body,
    );
    this.#refresh(key, [message.groupId]);
    return Number(lastInsertRowid);
  }

  promote(key: QueueKey, now: number, waitNow: number, limit: number): number {
    const rows = [
      ...this.#statements.promoteHeld.all(key, now, limit),
      ...this.#statements.promoteDelayed.all(now, key, waitNow, limit),
      ...this.#statements.promoteReturning.all(now, key, waitNow, now, limit),
    ] as { group_id: string | null }[];
    this.#refresh(key, rows.map(({ group_id }) => group_id));
    return rows.length;
  }

  nextVisible(key: QueueKey, waitNow: number): NextVisible {
    const at = (row: unknown) => (row as { at: number | null }).at ?? undefined;
    const inReal = [at(this.#statements.next.get(key, held))];
    const inWait = [at(this.#statements.next.get(key, delayed))];
    const back = at(this.#statements.next.get(key, returning));
    // One whose wait is over still has to let the shortest real time pass.
    if (back !== undefined && back <= waitNow) inReal.push(at(this.#statements.nextNotBefore.get(key, waitNow)));
    else inWait.push(back);
    const [real, wait] = [smallest(inReal), smallest(inWait)];
    return { ...(real === undefined ? {} : { real }), ...(wait === undefined ? {} : { wait }) };
  }

  ready(key: QueueKey, limit: number): StoredMessage[] {
    if (!this.#fifo.has(key)) return (this.#statements.ready.all(key, limit) as unknown as Row[]).map(messageOf);
    const found: StoredMessage[] = [];
    for (const { name } of this.#statements.openGroups.all(key, limit) as { name: string }[]) {
      const rows = this.#statements.readyInGroup.all(key, name, limit - found.length) as unknown as Row[];
      found.push(...rows.map(messageOf));
      if (found.length >= limit) break;
    }
    return found;
  }

  receive(key: QueueKey, messages: readonly StoredMessage[], now: number, until: number): void {
    const state = until > now ? held : ready;
    for (const { position } of messages) this.#statements.receive.run(state, until, now, now, position);
    this.#refresh(key, messages.map(({ groupId }) => groupId));
  }

  reschedule(key: QueueKey, position: number, state: MessageState, at: number, notBefore = 0): void {
    const row = this.#statements.reschedule.get(states.indexOf(state), at, notBefore, position, key) as { group_id: string | null } | undefined;
    this.#refresh(key, [row?.group_id]);
  }

  find(key: QueueKey, messageId: string): StoredMessage | undefined {
    const row = this.#statements.find.get(uuidBytes(messageId), key) as Row | undefined;
    return row && messageOf(row);
  }

  remove(key: QueueKey, position: number): void {
    const row = this.#statements.remove.get(position, key) as { group_id: string | null } | undefined;
    this.#refresh(key, [row?.group_id]);
  }

  removeReceived(key: QueueKey, messageId: string, receives: number): boolean {
    const id = uuidBytes(messageId);
    return this.#statements.removeReceived.run(id, key, receives).changes > 0 || this.#statements.present.get(id, key) === undefined;
  }

  move(from: QueueKey, position: number, to: QueueKey, changes: MovedMessage): number {
    return this.transaction(() => {
      const source = changes.sourceArn === undefined
        ? (this.#statements.source.get(position) as { source: string | null } | undefined)?.source ?? null
        : changes.sourceArn;
      const { lastInsertRowid } = this.#statements.move.run(
        to, changes.at, changes.messageId === undefined ? null : uuidBytes(changes.messageId), changes.sentAt ?? null,
        changes.receives ?? null, changes.receives ?? null, source, position,
      );
      const row = this.#statements.remove.get(position, from) as { group_id: string | null } | undefined;
      this.#refresh(from, [row?.group_id]);
      this.#refresh(to, [row?.group_id]);
      return Number(lastInsertRowid);
    });
  }

  shiftDelays(key: QueueKey, by: number): void {
    this.#statements.shiftDelays.run(by, key);
  }

  counts(key: QueueKey): MessageCounts {
    return { ...(this.#statements.counts.get(key) as MessageCounts | undefined ?? { ready: 0, inFlight: 0, delayed: 0 }) };
  }

  oldest(key: QueueKey): number | undefined {
    return (this.#statements.oldest.get(key) as { sent: number | null }).sent ?? undefined;
  }

  expire(key: QueueKey, before: number, limit: number): number {
    const rows = this.#statements.expire.all(key, before, limit) as { group_id: string | null }[];
    this.#refresh(key, rows.map(({ group_id }) => group_id));
    return rows.length;
  }

  list(key: QueueKey, limit: number, after = 0): StoredMessage[] {
    return (this.#statements.list.all(key, after, limit) as unknown as Row[]).map(messageOf);
  }

  duplicate(queue: string, key: string, since: number): { messageId: string; position: number } | undefined {
    const row = this.#statements.duplicate.get(queue, key, since) as { message_id: Uint8Array; position: number } | undefined;
    return row && { messageId: uuidText(row.message_id), position: row.position };
  }

  remember(queue: string, key: string, sentAt: number, messageId: string, position: number): void {
    this.#statements.remember.run(queue, key, sentAt, uuidBytes(messageId), position);
  }

  forget(before: number, limit: number): boolean {
    return this.#statements.forget.run(before, limit).changes === limit;
  }

  /** Writes down for each group whether it is open, and with which message it begins. */
  #refresh(key: QueueKey, groups: readonly (string | null | undefined)[]): void {
    if (!this.#fifo.has(key)) return;
    for (const group of new Set(groups)) {
      if (group === null || group === undefined) continue;
      const hidden = this.#statements.groupHidden.get(key, group) === undefined ? 0 : 1;
      const { head } = this.#statements.groupHead.get(key, group) as { head: number | null };
      if (hidden === 0 && head === null) this.#statements.dropGroup.run(key, group);
      else this.#statements.putGroup.run(key, group, hidden, head);
    }
  }
}

function messageOf(row: Row): StoredMessage {
  return {
    position: row.id, messageId: uuidText(row.message_id), body: row.body, bodyMd5: row.md5, sentAt: row.sent,
    attributes: row.attributes === null ? {} : JSON.parse(row.attributes) as Record<string, MessageAttribute>,
    state: states[row.state] as MessageState, at: row.at, notBefore: row.not_before, receives: row.receives,
    ...(row.trace === null ? {} : { traceHeader: row.trace }),
    ...(row.group_id === null ? {} : { groupId: row.group_id }),
    ...(row.deduplication_id === null ? {} : { deduplicationId: row.deduplication_id }),
    ...(row.first_received === null ? {} : { firstReceivedAt: row.first_received }),
    ...(row.last_received === null ? {} : { lastReceivedAt: row.last_received }),
    ...(row.source === null ? {} : { sourceArn: row.source }),
  };
}

const uuidBytes = (uuid: string): Uint8Array => Buffer.from(uuid.replaceAll('-', ''), 'hex');

function uuidText(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

function smallest(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}
