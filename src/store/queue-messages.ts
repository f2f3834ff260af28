/** Messages of queues in SQLite: found by place or index whatever their number, counted as they change, never all in memory. */
import type { DatabaseSync } from 'node:sqlite';
import type {
  MessageCounts, MessageState, MovedMessage, NewMessage, NextVisible, QueueKey, QueueMessageStore, StoredMessage,
} from '../contracts/queue-messages.ts';
import type { MessageAttribute } from '../contracts/resources.ts';
import { inTransaction } from './database.ts';
import { delayed, held, prepareQueueMessages, ready, returning, states, type QueueStatements } from './queue-messages-schema.ts';

/** Positions that one partition has room for. */
const partitionRoom = 2 ** 32;

interface Row {
  id: number;
  state: number | null;
  at: number;
  not_before: number;
  message_id: Uint8Array;
  sent: number;
  receives: number;
  /** Both mean nothing before the first receive. */
  first_received: number;
  last_received: number;
  group_id: string | null;
  deduplication_id: string | null;
  source: string | null;
  trace: string | null;
  md5: string;
  attributes: string | null;
  body: string;
}

export class SqliteQueueMessages implements QueueMessageStore {
  readonly #database: DatabaseSync;
  readonly #statements: QueueStatements;
  readonly #fifo = new Set<QueueKey>();

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#statements = prepareQueueMessages(database);
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
      if (this.#statements.sweep.run(...placesOf(row.id), limit).changes === limit) return;
      this.#statements.sweepGroups.run(row.id);
      this.#statements.dropPartition.run(row.id);
      this.#fifo.delete(row.id);
    });
    return true;
  }

  add(key: QueueKey, message: NewMessage): number {
    const { sentAt, delayedUntil } = message;
    const isDelayed = delayedUntil !== undefined;
    const { id, stray, newestSent } = this.#place(key, sentAt, isDelayed);
    this.#statements.add.run(
      id, key, isDelayed ? delayed : this.#fifo.has(key) ? ready : null, delayedUntil ?? newestSent, uuidBytes(message.messageId), sentAt, stray, sentAt, sentAt,
      message.groupId ?? null, message.deduplicationId ?? null, message.traceHeader ?? null, message.bodyMd5, message.attributes ?? null, message.body,
    );
    this.#refresh(key, [message.groupId]);
    return id;
  }

  promote(key: QueueKey, now: number, waitNow: number, limit: number): number {
    const earliest = (state: number) => (this.#statements.next.get(key, state) as { at: number | null }).at ?? Number.POSITIVE_INFINITY;
    const none: { group_id: string | null }[] = [];
    const all = (rows: unknown[]) => rows as typeof none;
    // Mostly nothing is due, and looking costs less than trying.
    const wasHeld = earliest(held) > now ? none : all(this.#statements.promoteHeld.all(key, now, limit));
    const wasDelayed = earliest(delayed) > waitNow ? none : all(this.#statements.promoteDelayed.all(now, key, waitNow, limit));
    const wasReturning = earliest(returning) > waitNow ? none : all(this.#statements.promoteReturning.all(now, key, waitNow, now, limit));
    const rows = [...wasHeld, ...wasDelayed, ...wasReturning];
    if (rows.length === 0) return 0;
    this.#statements.count.run(rows.length, -wasHeld.length - wasReturning.length, -wasDelayed.length, key);
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
    if (!this.#fifo.has(key)) return this.#readyUngrouped(key, limit).map(messageOf);
    const found: StoredMessage[] = [];
    for (const { name } of this.#statements.openGroups.all(key, limit) as { name: string }[]) {
      const rows = this.#statements.readyInGroup.all(key, name, limit - found.length) as unknown as Row[];
      found.push(...rows.map(messageOf));
      if (found.length >= limit) break;
    }
    return found;
  }

  receive(key: QueueKey, messages: readonly StoredMessage[], now: number, until: number): void {
    if (messages.length === 0) return;
    const isHeld = until > now;
    for (const { from, to } of runsOf(messages)) this.#statements.receive.run(isHeld ? held : ready, until, now, now, from, to);
    if (isHeld) this.#statements.count.run(-messages.length, messages.length, 0, key);
    this.#refresh(key, messages.map(({ groupId }) => groupId));
  }

  reschedule(key: QueueKey, position: number, state: MessageState, at: number, notBefore = 0): void {
    const row = this.#statements.stateOf.get(position, key) as Pick<Row, 'state' | 'group_id'> | undefined;
    if (!row) return;
    const to = states.indexOf(state);
    this.#statements.reschedule.run(to, at, notBefore, position);
    this.#changed(key, [row], [{ ...row, state: to }]);
  }

  find(key: QueueKey, messageId: string): StoredMessage | undefined {
    const row = this.#statements.find.get(uuidBytes(messageId), key) as Row | undefined;
    return row && messageOf(row);
  }

  remove(key: QueueKey, position: number): void {
    this.#changed(key, this.#statements.remove.all(position, key) as unknown as Removed[]);
  }

  removeReceived(key: QueueKey, received: readonly { position: number; receives: number }[]): number[] {
    const kept: number[] = [];
    let removed = 0;
    for (const { from, to, receives } of runsOf(received.filter(({ position }) => isOf(key, position)))) {
      const gone = Number(this.#statements.removeHeld.run(from, to, receives).changes);
      removed += gone;
      if (gone === to - from + 1) continue;
      for (let position = from; position <= to; position += 1) {
        const row = this.#statements.receivesOf.get(position, key) as Pick<Row, 'receives'> | undefined;
        if (row?.receives === receives) this.remove(key, position);
        else if (row) kept.push(position);
      }
    }
    if (removed > 0) this.#statements.count.run(0, -removed, 0, key);
    return kept;
  }

  move(from: QueueKey, position: number, to: QueueKey, changes: MovedMessage): number {
    return this.transaction(() => {
      const row = this.#statements.moved.get(position) as Pick<Row, 'source' | 'sent'> | undefined;
      const sent = changes.sentAt ?? row?.sent ?? 0;
      const { id, stray } = this.#place(to, sent, false);
      this.#statements.move.run(
        id, to, changes.at, changes.messageId === undefined ? null : uuidBytes(changes.messageId), sent, stray,
        changes.receives ?? null, changes.sourceArn === undefined ? row?.source ?? null : changes.sourceArn, position,
      );
      const removed = this.#statements.remove.all(position, from) as unknown as Removed[];
      this.#changed(from, removed);
      this.#refresh(to, removed.map(({ group_id }) => group_id));
      return id;
    });
  }

  shiftDelays(key: QueueKey, by: number): void {
    this.#statements.shiftDelays.run(by, key);
  }

  counts(key: QueueKey): MessageCounts {
    return { ...(this.#statements.counts.get(key) as MessageCounts | undefined ?? { ready: 0, inFlight: 0, delayed: 0 }) };
  }

  oldest(key: QueueKey): number | undefined {
    const first = this.#statements.first.get(...placesOf(key)) as { sent: number } | undefined;
    if (!first) return undefined;
    const stray = (this.#statements.oldestStray.get(key) as { sent: number | null }).sent;
    return Math.min(first.sent, stray ?? first.sent);
  }

  expire(key: QueueKey, before: number, limit: number): number {
    const rows = this.#statements.expireStrays.all(key, before, limit) as unknown as Removed[];
    if (rows.length < limit) rows.push(...this.#statements.expire.all(...placesOf(key), limit - rows.length, before) as unknown as Removed[]);
    this.#changed(key, rows);
    return rows.length;
  }

  list(key: QueueKey, limit: number, after = 0): StoredMessage[] {
    const [first, last] = placesOf(key);
    return (this.#statements.list.all(Math.max(first, after + 1), last, limit) as unknown as Row[]).map(messageOf);
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

  /** The place of one more message, counted as ready or delayed. */
  #place(key: QueueKey, sentAt: number, isDelayed: boolean): { id: number; stray: 1 | null; newestSent: number } {
    const { last, newestSent } = this.#statements.place.get(sentAt, Number(!isDelayed), Number(isDelayed), key) as { last: number; newestSent: number };
    return { id: key * partitionRoom + last, stray: sentAt < newestSent ? 1 : null, newestSent };
  }

  /** Longest visible first: what became visible again, and what nobody received yet. */
  #readyUngrouped(key: QueueKey, limit: number): Row[] {
    const again = this.#statements.ready.all(key, limit) as unknown as Row[];
    const [first, last] = placesOf(key);
    const from = Math.max(first, (this.#statements.freshFrom.get(key) as { fresh: number } | undefined)?.fresh ?? 0);
    const fresh = this.#statements.fresh.all(from, last, limit) as unknown as Row[];
    const next = fresh[0]?.id;
    // Passing a few over again costs less than writing each time.
    if (next !== undefined && next - from > fewPassedOver) this.#statements.setFresh.run(next, key);
    if (again.length === 0) return fresh;
    return [...again, ...fresh].sort((a, b) => a.at - b.at || a.id - b.id).slice(0, limit);
  }

  /** Counts rows that changed, and looks at their groups. @param now As they are; absent when they are gone. */
  #changed(key: QueueKey, before: readonly Removed[], now: readonly Removed[] = []): void {
    if (before.length === 0) return;
    const counts = [0, 0, 0] as [number, number, number];
    for (const { state } of before) counts[countOf(state)] -= 1;
    for (const { state } of now) counts[countOf(state)] += 1;
    this.#statements.count.run(...counts, key);
    this.#refresh(key, before.map(({ group_id }) => group_id));
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

type Removed = Pick<Row, 'state' | 'group_id'>;

/** Received messages that a look for new ones passes over rather than note down where those begin. */
const fewPassedOver = 32;

/** First and last position of a partition. */
function placesOf(key: QueueKey): [number, number] {
  return [key * partitionRoom, (key + 1) * partitionRoom - 1];
}

const isOf = (key: QueueKey, position: number): boolean => Math.floor(position / partitionRoom) === key;

/** Which count a state belongs to: ready, in flight, delayed. */
const countOf = (state: number | null): 0 | 1 | 2 => (state === held || state === returning ? 1 : state === delayed ? 2 : 0);

/** Runs without gaps, so that a statement over a run touches what was meant and nothing else; each of messages with as many receives. */
function runsOf(messages: readonly { position: number; receives: number }[]): { from: number; to: number; receives: number }[] {
  const runs: { from: number; to: number; receives: number }[] = [];
  let run: (typeof runs)[number] | undefined;
  for (const { position, receives } of [...messages].sort((a, b) => a.position - b.position)) {
    if (run && run.receives === receives && position === run.to + 1) run.to = position;
    else if (run?.receives !== receives || position !== run.to) runs.push(run = { from: position, to: position, receives });
  }
  return runs;
}

function messageOf(row: Row): StoredMessage {
  return {
    position: row.id, messageId: uuidText(row.message_id), body: row.body, bodyMd5: row.md5, sentAt: row.sent,
    attributes: row.attributes === null ? {} : JSON.parse(row.attributes) as Record<string, MessageAttribute>,
    state: states[row.state ?? ready] as MessageState, at: row.at, notBefore: row.not_before, receives: row.receives,
    ...(row.trace === null ? {} : { traceHeader: row.trace }),
    ...(row.group_id === null ? {} : { groupId: row.group_id }),
    ...(row.deduplication_id === null ? {} : { deduplicationId: row.deduplication_id }),
    ...(row.receives === 0 ? {} : { firstReceivedAt: row.first_received, lastReceivedAt: row.last_received }),
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
