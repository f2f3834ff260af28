import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { NewMessage } from '../../../src/contracts/queue-messages.ts';
import { inTransaction } from '../../../src/store/database.ts';
import { SqliteQueueMessages } from '../../../src/store/queue-messages.ts';
import { openState } from '../../../src/store/state-database.ts';

let folder: string;
let database: DatabaseSync;

function reopen(): SqliteQueueMessages {
  if (database?.isOpen) database.close();
  database = openState(join(folder, 'state.sqlite')).database;
  return new SqliteQueueMessages(database);
}

let ids = 0;
function message(body: string, more: Partial<NewMessage> = {}): NewMessage {
  ids += 1;
  return { messageId: `00000000-0000-4000-8000-${String(ids).padStart(12, '0')}`, body, bodyMd5: 'm', sentAt: 1000, ...more };
}

const bodies = (messages: readonly { body: string }[]) => messages.map(({ body }) => body);

describe('queue messages in SQLite', () => {
  beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'local-lambda-messages-')); });
  afterEach(() => {
    database.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('are all there when the file is opened again', () => {
    const store = reopen();
    const key = store.open('q', false);
    store.add(key, message('a', { attributes: '{"n":{"DataType":"Number","StringValue":"1"}}', traceHeader: 'Root=1', groupId: 'g' }));
    store.add(key, message('b', { delayedUntil: 5000 }));
    store.receive(key, store.ready(key, 1), 2000, 3000);
    const again = reopen();
    assert.equal(again.open('q', false), key);
    assert.deepEqual(again.counts(key), { ready: 0, inFlight: 1, delayed: 1 });
    assert.deepEqual(again.nextVisible(key, 0), { real: 3000, wait: 5000 });
    const [a] = again.list(key, 10);
    assert.deepEqual([a?.body, a?.attributes, a?.traceHeader, a?.groupId, a?.receives, a?.firstReceivedAt, a?.at], ['a', { n: { DataType: 'Number', StringValue: '1' } }, 'Root=1', 'g', 1, 2000, 3000]);
  });

  it('become ready in slices, the earliest first', () => {
    const store = reopen();
    const key = store.open('q', false);
    for (const until of [30, 10, 20, 99]) store.add(key, message(String(until), { delayedUntil: until }));
    assert.equal(store.promote(key, 1000, 30, 2), 2);
    assert.deepEqual(bodies(store.ready(key, 10)), ['10', '20']);
    assert.equal(store.promote(key, 1000, 30, 2), 1);
    assert.deepEqual(store.counts(key), { ready: 3, inFlight: 0, delayed: 1 });
  });

  it('that return wait for both the wait axis and real time', () => {
    const store = reopen();
    const key = store.open('q', false);
    const position = store.add(key, message('a'));
    store.reschedule(key, position, 'returning', 100, 2000);
    assert.deepEqual(store.counts(key), { ready: 0, inFlight: 1, delayed: 0 });
    assert.deepEqual(store.nextVisible(key, 50), { wait: 100 });
    assert.deepEqual(store.nextVisible(key, 100), { real: 2000 });
    assert.equal(store.promote(key, 1999, 100, 10), 0);
    assert.equal(store.promote(key, 2000, 99, 10), 0);
    assert.equal(store.promote(key, 2000, 100, 10), 1);
  });

  it('of a group are offered only while none of them is hidden, across reopening', () => {
    const store = reopen();
    const key = store.open('q.fifo', true);
    for (const [body, groupId] of [['a1', 'a'], ['b1', 'b'], ['a2', 'a']] as const) store.add(key, message(body, { groupId }));
    store.receive(key, store.ready(key, 1), 1000, 2000);
    const again = reopen();
    assert.deepEqual(bodies(again.ready(key, 10)), ['b1']);
    again.promote(key, 2000, 0, 10);
    assert.deepEqual(bodies(again.ready(key, 10)), ['a1', 'a2', 'b1']);
    assert.deepEqual(bodies(again.ready(key, 2)), ['a1', 'a2']);
  });

  it('are out of sight at once when the queue is emptied, and are swept in slices', () => {
    const store = reopen();
    const key = store.open('q', false);
    for (let at = 0; at < 5; at += 1) store.add(key, message(String(at)));
    store.retire('q');
    const fresh = store.open('q', false);
    assert.notEqual(fresh, key);
    assert.deepEqual(store.counts(fresh), { ready: 0, inFlight: 0, delayed: 0 });
    store.add(fresh, message('new'));
    assert.equal(store.sweep(3), true);
    const again = reopen();
    assert.equal(again.sweep(3), true);
    assert.equal(again.sweep(3), false);
    assert.equal((database.prepare('SELECT count(*) AS n FROM queue_messages').get() as { n: number }).n, 1);
    assert.deepEqual(bodies(again.ready(again.open('q', false), 10)), ['new']);
  });

  it('never get a position twice, whatever was deleted', () => {
    const store = reopen();
    const first = store.add(store.open('q', false), message('a'));
    store.retire('q');
    while (store.sweep(10));
    const again = reopen();
    assert.ok(again.add(again.open('q', false), message('b')) > first);
  });

  it('move to the end of another queue with what they carry', () => {
    const store = reopen();
    const [from, to] = [store.open('q', false), store.open('dead', false)];
    const position = store.add(from, message('a', { traceHeader: 'Root=1' }));
    store.receive(from, store.ready(from, 1), 1000, 1000);
    const moved = store.move(from, position, to, { at: 2000, sourceArn: 'arn:q' });
    assert.ok(moved > position);
    const [there] = store.ready(to, 10);
    assert.deepEqual([there?.receives, there?.sentAt, there?.sourceArn, there?.traceHeader], [1, 1000, 'arn:q', 'Root=1']);
    assert.deepEqual([store.counts(from).ready, store.counts(to).ready], [0, 1]);
    store.move(to, moved, from, { at: 3000, sentAt: 3000, receives: 0, sourceArn: null, messageId: message('x').messageId });
    const [back] = store.ready(from, 10);
    assert.deepEqual([back?.receives, back?.sentAt, back?.sourceArn, back?.firstReceivedAt], [0, 3000, undefined, undefined]);
  });

  it('and their counts are undone with the transaction that wrote them', () => {
    const store = reopen();
    const key = store.open('q.fifo', true);
    assert.throws(() => inTransaction(database, () => {
      store.add(key, message('a', { groupId: 'g' }));
      throw new Error('no');
    }));
    assert.deepEqual(store.counts(key), { ready: 0, inFlight: 0, delayed: 0 });
    assert.deepEqual(store.ready(key, 1), []);
  });

  it('expire in slices, the oldest first', () => {
    const store = reopen();
    const key = store.open('q', false);
    for (const sentAt of [3, 1, 2, 9]) store.add(key, message(String(sentAt), { sentAt }));
    assert.equal(store.oldest(key), 1);
    assert.equal(store.expire(key, 4, 2), 2);
    assert.equal(store.expire(key, 4, 2), 1);
    assert.deepEqual(bodies(store.ready(key, 10)), ['9']);
  });

  it('are known by their deduplication key for a while', () => {
    const store = reopen();
    const { messageId } = message('a');
    store.remember('q', 'd', 100, messageId, 7);
    assert.deepEqual(reopen().duplicate('q', 'd', 100), { messageId, position: 7 });
    const again = reopen();
    assert.equal(again.duplicate('q', 'd', 101), undefined);
    assert.equal(again.duplicate('other', 'd', 0), undefined);
    again.forget(101, 10);
    assert.equal(again.duplicate('q', 'd', 0), undefined);
  });
});
