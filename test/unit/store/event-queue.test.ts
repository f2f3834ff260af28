import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { QueuedEvent } from '../../../src/contracts/event-queue.ts';
import { inTransaction } from '../../../src/store/database.ts';
import { SqliteEventQueue } from '../../../src/store/event-queue.ts';
import { openState } from '../../../src/store/state-database.ts';

let folder: string;
let database: DatabaseSync;

function reopen(): SqliteEventQueue {
  database?.isOpen && database.close();
  database = openState(join(folder, 'state.sqlite')).database;
  return new SqliteEventQueue(database);
}

function event(id: string, due = 0, more: Partial<QueuedEvent> = {}): QueuedEvent {
  return {
    id, requestId: id, functionName: 'fn', traceId: 't', source: 'endpoint', executionSequence: 1, acceptedAt: 100, requestBytes: 2, invokeCount: 0,
    throttles: 0, throttlesInARow: 0, ageMs: 0, wait: { kind: 'turn', awsSeconds: 0, due, notBefore: 0, since: 100 }, ...more,
  };
}

const body = (text: string) => new TextEncoder().encode(text);
const ids = (events: readonly QueuedEvent[]) => events.map(({ id }) => id);
const none: ReadonlySet<string> = new Set();

describe('event queue in SQLite', () => {
  beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'local-lambda-queue-')); });
  afterEach(() => {
    database.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('hands out what is due, the longest due first, without what runs', () => {
    const queue = reopen();
    for (const [id, due] of [['b', 20], ['a', 10], ['later', 900]] as const) queue.add(event(id, due), body('{}'));
    queue.add(event('other', 1, { functionName: 'other' }), body('{}'));
    assert.deepEqual(ids(queue.due('fn', 100, 5, none)), ['a', 'b']);
    assert.deepEqual(ids(queue.due('fn', 100, 1, new Set(['a']))), ['b']);
    assert.equal(queue.nextDue('fn', new Set(['a', 'b'])), 900);
    assert.equal(queue.nextDue('other', new Set(['other'])), undefined);
  });

  it('keeps events, payloads, answers and counts across a reopening', () => {
    const queue = reopen();
    queue.add(event('a'), body('{"n":1.0}'));
    queue.update(event('a', 60_000, { invokeCount: 1 }), body('"failed"'));
    const again = reopen();
    assert.equal(again.get('a')?.invokeCount, 1);
    assert.equal(Buffer.from(again.payload('a') as Uint8Array).toString(), '{"n":1.0}');
    assert.equal(Buffer.from(again.lastResponse('a') as Uint8Array).toString(), '"failed"');
    assert.deepEqual([...again.counts()], [['fn', 1]]);
    again.remove('a');
    assert.equal(again.get('a'), undefined);
    assert.deepEqual([...again.counts()], []);
  });

  it('holds events of an earlier run when told to', () => {
    const queue = reopen();
    queue.add(event('old', 0, { acceptedAt: 100 }), body('{}'));
    queue.add(event('new', 0, { acceptedAt: 300 }), body('{}'));
    assert.deepEqual(ids(queue.due('fn', 100, 5, none, 200)), ['new']);
  });

  it('undoes a failed transaction with its counts, and only the inner part of a nested one', () => {
    const queue = reopen();
    assert.throws(() => queue.transaction(() => { queue.add(event('a'), body('{}')); throw new Error('no'); }), /no/);
    assert.equal(queue.counts().size, 0);
    queue.transaction(() => {
      queue.add(event('outer'), body('{}'));
      assert.throws(() => inTransaction(database, () => { database.exec("UPDATE events SET due = 5"); throw new Error('inner'); }), /inner/);
    });
    assert.equal(queue.nextDue('fn', none), 0);
  });
});
