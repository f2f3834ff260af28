import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { KeptEvent } from '../../../src/contracts/buses.ts';
import { busStoreSchema, SqliteBusStore } from '../../../src/store/bus-store.ts';

describe('the store of event buses', () => {
  let folder: string;
  let database: DatabaseSync;
  let store: SqliteBusStore;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'buses-'));
    open();
    database.exec(busStoreSchema);
  });
  afterEach(() => {
    database.close();
    rmSync(folder, { recursive: true, force: true });
  });

  function open(): void {
    database = new DatabaseSync(join(folder, 'state.db'));
    store = new SqliteBusStore(database);
  }

  const event = (id: string, more: Partial<KeptEvent> = {}): KeptEvent => ({
    id, time: '2026-11-24T12:00:00Z', source: 'shop', detailType: 'Order', matchedRules: ['r'], deliveries: [{ rule: 'r', targetId: 't', targetArn: 'arn', status: 'delivered' }], ...more,
  });

  it('keeps the last events of each bus, newest first, over a restart', () => {
    for (const id of ['1', '2', '3', '4']) store.noteEvent('one', event(id), 3);
    store.noteEvent('two', event('5'), 3);
    database.close();
    open();
    assert.deepEqual(store.lastEvents('one'), ['4', '3', '2'].map((id) => event(id)));
    assert.deepEqual(store.lastEvents('two'), [event('5')]);
    assert.deepEqual(store.lastEvents('three'), []);
  });

  it('gives the text of one event, and not with the list', () => {
    store.noteEvent('one', event('1', { text: '{"a":1}' }), 3);
    assert.deepEqual(store.event('one', '1'), event('1', { text: '{"a":1}' }));
    assert.deepEqual(store.lastEvents('one'), [event('1')]);
    assert.equal(store.event('two', '1'), undefined);
  });

  it('an event that came to a bus twice is the newer one', () => {
    store.noteEvent('one', event('1', { matchedRules: ['old'] }), 3);
    store.noteEvent('one', event('1', { matchedRules: ['new'] }), 3);
    assert.deepEqual(store.event('one', '1')?.matchedRules, ['new']);
  });

  it('counts matches, remembers runs, and forgets both with the rule', () => {
    store.countMatch('a');
    store.countMatch('a');
    store.countMatch('b');
    store.putScheduleRun('a', { expression: 'rate(1 minute)', since: 5 });
    store.putScheduleRun('b', { expression: 'rate(1 day)', since: 6, lastRun: 7 });
    assert.deepEqual([...store.matchCounts()], [['a', 2], ['b', 1]]);
    assert.deepEqual([store.scheduleRun('a'), store.scheduleRun('b')], [{ expression: 'rate(1 minute)', since: 5 }, { expression: 'rate(1 day)', since: 6, lastRun: 7 }]);
    store.removeRule('a');
    assert.deepEqual([[...store.matchCounts()], store.scheduleRun('a')], [[['b', 1]], undefined]);
  });

  it('forgets the events of a bus that is removed', () => {
    store.noteEvent('one', event('1'), 3);
    store.noteEvent('two', event('2'), 3);
    store.removeBus('one');
    assert.deepEqual([store.lastEvents('one'), store.lastEvents('two').length], [[], 1]);
  });

  it('a failed transaction leaves nothing', () => {
    assert.throws(() => store.transaction(() => {
      store.noteEvent('one', event('1'), 3);
      store.countMatch('a');
      throw new Error('full');
    }), /full/);
    assert.deepEqual([store.lastEvents('one'), [...store.matchCounts()]], [[], []]);
  });
});
