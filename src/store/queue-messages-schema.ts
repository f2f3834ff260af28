/** The tables of queues' messages and the statements on them. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { MessageState } from '../contracts/queue-messages.ts';

/** Numbers of MessageState in the tables. */
export const states = ['ready', 'held', 'delayed', 'returning'] as const satisfies MessageState[];
export const [ready, held, delayed, returning] = [0, 1, 2, 3];

/**
 * A partition holds what one queue has between two purges; its number is the upper part of its messages' ids, so that they lie
 * together, in the order in which they came. `message_id` is the UUID's 16 bytes. A group of a FIFO queue is open when none of
 * its messages is hidden; `head` is its first ready message.
 *
 * Most messages of a standard queue are received once, in order, and deleted: until then they have no state (NULL), are found
 * by their place (none lies before `fresh`), and no index but that of ids knows them. A row is as long after a receive as
 * before, so that it is changed where it lies. `stray` is 1 for a message that was sent before one that came earlier: one that was
 * moved here, or sent after the clock was set back. All others are in the order of `sent`.
 */
export const queueMessagesSchema = `
  CREATE TABLE queue_partitions (
    id INTEGER PRIMARY KEY AUTOINCREMENT, queue TEXT, fifo INTEGER NOT NULL,
    ready INTEGER NOT NULL DEFAULT 0, in_flight INTEGER NOT NULL DEFAULT 0, delayed INTEGER NOT NULL DEFAULT 0,
    last INTEGER NOT NULL DEFAULT 0, fresh INTEGER NOT NULL DEFAULT 0, newest_sent INTEGER NOT NULL DEFAULT 0);
  CREATE UNIQUE INDEX queue_partitions_queue ON queue_partitions (queue) WHERE queue IS NOT NULL;
  CREATE INDEX queue_partitions_retired ON queue_partitions (id) WHERE queue IS NULL;
  CREATE TABLE queue_messages (
    id INTEGER PRIMARY KEY, partition INTEGER NOT NULL, state INTEGER, at REAL NOT NULL,
    not_before INTEGER NOT NULL DEFAULT 0, message_id BLOB NOT NULL, sent INTEGER NOT NULL, stray INTEGER, receives INTEGER NOT NULL DEFAULT 0,
    first_received INTEGER NOT NULL, last_received INTEGER NOT NULL, group_id TEXT, deduplication_id TEXT, source TEXT, trace TEXT,
    md5 TEXT NOT NULL, attributes TEXT, body TEXT NOT NULL);
  CREATE INDEX queue_messages_visible ON queue_messages (partition, state, at) WHERE state IS NOT NULL;
  CREATE INDEX queue_messages_stray ON queue_messages (partition, sent) WHERE stray IS NOT NULL;
  CREATE INDEX queue_messages_message ON queue_messages (message_id);
  CREATE INDEX queue_messages_group ON queue_messages (partition, group_id, state) WHERE group_id IS NOT NULL;
  CREATE TABLE queue_groups (
    partition INTEGER NOT NULL, name TEXT NOT NULL, hidden INTEGER NOT NULL, head INTEGER,
    PRIMARY KEY (partition, name)) WITHOUT ROWID;
  CREATE INDEX queue_groups_open ON queue_groups (partition, head) WHERE hidden = 0 AND head IS NOT NULL;
  CREATE TABLE queue_deduplication (
    queue TEXT NOT NULL, key TEXT NOT NULL, sent INTEGER NOT NULL, message_id BLOB NOT NULL, position INTEGER NOT NULL,
    PRIMARY KEY (queue, key)) WITHOUT ROWID;
  CREATE INDEX queue_deduplication_sent ON queue_deduplication (sent)`;

const columns = 'id, state, at, not_before, message_id, sent, receives, first_received, last_received, group_id, deduplication_id, source, trace, md5, attributes, body';

const sql = {
  open: 'SELECT id FROM queue_partitions WHERE queue = ?',
  make: 'INSERT INTO queue_partitions (queue, fifo) VALUES (?, ?) RETURNING id',
  partitions: 'SELECT id, fifo FROM queue_partitions WHERE queue IS NOT NULL',
  retire: 'UPDATE queue_partitions SET queue = NULL WHERE queue = ?',
  forgetQueue: 'DELETE FROM queue_deduplication WHERE queue = ?',
  retired: 'SELECT id FROM queue_partitions WHERE queue IS NULL LIMIT 1',
  sweep: 'DELETE FROM queue_messages WHERE id IN (SELECT id FROM queue_messages WHERE id BETWEEN ? AND ? LIMIT ?)',
  sweepGroups: 'DELETE FROM queue_groups WHERE partition = ?',
  dropPartition: 'DELETE FROM queue_partitions WHERE id = ?',
  count: 'UPDATE queue_partitions SET ready = ready + ?, in_flight = in_flight + ?, delayed = delayed + ? WHERE id = ?',
  place: `UPDATE queue_partitions SET last = last + 1, newest_sent = max(newest_sent, ?), ready = ready + ?, delayed = delayed + ?
    WHERE id = ? RETURNING last, newest_sent AS newestSent`,
  add: `INSERT INTO queue_messages
    (id, partition, state, at, message_id, sent, stray, first_received, last_received, group_id, deduplication_id, trace, md5, attributes, body)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  promoteHeld: `UPDATE queue_messages SET state = ${ready} WHERE id IN
    (SELECT id FROM queue_messages WHERE partition = ? AND state = ${held} AND at <= ? ORDER BY at LIMIT ?) RETURNING group_id`,
  promoteDelayed: `UPDATE queue_messages SET state = ${ready}, at = ? WHERE id IN
    (SELECT id FROM queue_messages WHERE partition = ? AND state = ${delayed} AND at <= ? ORDER BY at LIMIT ?) RETURNING group_id`,
  promoteReturning: `UPDATE queue_messages SET state = ${ready}, at = ? WHERE id IN
    (SELECT id FROM queue_messages WHERE partition = ? AND state = ${returning} AND at <= ? AND not_before <= ? ORDER BY at LIMIT ?) RETURNING group_id`,
  next: 'SELECT min(at) AS at FROM queue_messages WHERE partition = ? AND state = ?',
  nextNotBefore: `SELECT min(not_before) AS at FROM queue_messages WHERE partition = ? AND state = ${returning} AND at <= ?`,
  ready: `SELECT ${columns} FROM queue_messages WHERE partition = ? AND state = ${ready} ORDER BY at, id LIMIT ?`,
  fresh: `SELECT ${columns} FROM queue_messages WHERE id BETWEEN ? AND ? AND state IS NULL ORDER BY id LIMIT ?`,
  freshFrom: 'SELECT fresh FROM queue_partitions WHERE id = ?',
  setFresh: 'UPDATE queue_partitions SET fresh = ? WHERE id = ?',
  openGroups: 'SELECT name FROM queue_groups WHERE partition = ? AND hidden = 0 AND head IS NOT NULL ORDER BY head LIMIT ?',
  readyInGroup: `SELECT ${columns} FROM queue_messages WHERE partition = ? AND group_id = ? AND state = ${ready} ORDER BY id LIMIT ?`,
  receive: `UPDATE queue_messages SET state = ?, at = ?, first_received = iif(receives = 0, ?, first_received), last_received = ?, receives = receives + 1
    WHERE id BETWEEN ? AND ?`,
  stateOf: 'SELECT state, group_id FROM queue_messages WHERE id = ? AND partition = ?',
  reschedule: 'UPDATE queue_messages SET state = ?, at = ?, not_before = ? WHERE id = ?',
  find: `SELECT ${columns} FROM queue_messages WHERE message_id = ? AND partition = ?`,
  remove: 'DELETE FROM queue_messages WHERE id = ? AND partition = ? RETURNING group_id, state',
  removeHeld: `DELETE FROM queue_messages WHERE id BETWEEN ? AND ? AND receives = ? AND state = ${held}`,
  receivesOf: 'SELECT receives FROM queue_messages WHERE id = ? AND partition = ?',
  move: `INSERT INTO queue_messages
    (id, partition, state, at, message_id, sent, stray, receives, first_received, last_received, group_id, deduplication_id, source, trace, md5, attributes, body)
    SELECT ?, ?, ${ready}, ?, coalesce(?, message_id), ?, ?, coalesce(?, receives), first_received, last_received, group_id, deduplication_id, ?, trace, md5, attributes, body
    FROM queue_messages WHERE id = ?`,
  moved: 'SELECT source, sent FROM queue_messages WHERE id = ?',
  shiftDelays: `UPDATE queue_messages SET at = at + ? WHERE partition = ? AND state = ${delayed}`,
  counts: 'SELECT ready, in_flight AS inFlight, delayed FROM queue_partitions WHERE id = ?',
  first: 'SELECT sent FROM queue_messages WHERE id BETWEEN ? AND ? ORDER BY id LIMIT 1',
  oldestStray: 'SELECT min(sent) AS sent FROM queue_messages WHERE partition = ? AND stray = 1',
  expireStrays: `DELETE FROM queue_messages WHERE id IN
    (SELECT id FROM queue_messages WHERE partition = ? AND stray = 1 AND sent < ? ORDER BY sent LIMIT ?) RETURNING group_id, state`,
  expire: `DELETE FROM queue_messages WHERE id IN
    (SELECT id FROM queue_messages WHERE id BETWEEN ? AND ? ORDER BY id LIMIT ?) AND sent < ? RETURNING group_id, state`,
  list: `SELECT ${columns} FROM queue_messages WHERE id BETWEEN ? AND ? ORDER BY id LIMIT ?`,
  groupHidden: `SELECT 1 FROM queue_messages WHERE partition = ? AND group_id = ? AND state > ${ready} LIMIT 1`,
  groupHead: `SELECT min(id) AS head FROM queue_messages WHERE partition = ? AND group_id = ? AND state = ${ready}`,
  putGroup: `INSERT INTO queue_groups VALUES (?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET hidden = excluded.hidden, head = excluded.head WHERE hidden <> excluded.hidden OR head IS NOT excluded.head`,
  dropGroup: 'DELETE FROM queue_groups WHERE partition = ? AND name = ?',
  duplicate: 'SELECT message_id, position FROM queue_deduplication WHERE queue = ? AND key = ? AND sent >= ?',
  remember: 'INSERT OR REPLACE INTO queue_deduplication VALUES (?, ?, ?, ?, ?)',
  forget: 'DELETE FROM queue_deduplication WHERE (queue, key) IN (SELECT queue, key FROM queue_deduplication WHERE sent < ? LIMIT ?)',
} as const;

export type QueueStatements = Readonly<Record<keyof typeof sql, StatementSync>>;

/** Statements are prepared once: parsing SQL costs more than most of them. */
export function prepareQueueMessages(database: DatabaseSync): QueueStatements {
  return Object.fromEntries(Object.entries(sql).map(([name, text]) => [name, database.prepare(text)])) as QueueStatements;
}
