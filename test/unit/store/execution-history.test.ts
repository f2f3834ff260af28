import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Execution } from '../../../src/contracts/executions.ts';
import { SqliteDocumentStore } from '../../../src/store/document-store.ts';
import { SqliteExecutionHistory } from '../../../src/store/execution-history.ts';
import { historyMigrations } from '../../../src/store/history-schema.ts';
import { openState } from '../../../src/store/state-database.ts';
import { keptCharacters } from '../../../src/store/log-text.ts';

const logger = { debug() {}, info() {}, warn() {}, error(message: string, error?: unknown) { throw new Error(message, { cause: error }); } };

let folder: string;
let open: { close(): void | Promise<void> }[] = [];
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'history é ')); });
afterEach(async () => {
  for (const item of open) await item.close();
  open = [];
  rmSync(folder, { recursive: true, force: true });
});

function history(bounds = { maxExecutions: 10_000, maxMegabytes: 500 }) {
  const made = new SqliteExecutionHistory(join(folder, 'history.sqlite'), () => bounds, logger);
  open.push(made);
  return made;
}

function execution(id: string, sequence: number, more: Partial<Execution> = {}): Execution {
  return {
    id, sequence, functionName: 'PlaceOrder', invokedFunctionArn: 'arn', executedVersion: '$LATEST',
    invocationType: 'RequestResponse', logType: 'None', source: 'endpoint', traceId: '1-a-b', status: 'succeeded',
    receivedAt: sequence, requestBytes: 2, attempts: [], ...more,
  };
}

describe('execution history', () => {
  it('is read at once, newest first, and survives reopening', async () => {
    const first = history();
    for (let i = 0; i < 5; i += 1) first.save(execution(`e${i}`, first.nextSequence()));
    first.saveRequest('e1', Buffer.from('{"a":1}'));
    first.saveResponse('e1', Buffer.from('"ok"'));
    first.appendLog('e1', 'START\n');
    assert.deepEqual(first.list({ limit: 2 }).map(({ id }) => id), ['e4', 'e3']);
    assert.deepEqual(first.list({ limit: 10, before: 3 }).map(({ id }) => id), ['e1', 'e0']);
    await first.close();
    open = [];
    const second = history();
    assert.equal(second.count(), 5);
    assert.deepEqual(second.content('e1'), { request: '{"a":1}', response: '"ok"', log: 'START\n', logTruncated: false });
    assert.equal(second.nextSequence(), 6);
    assert.equal(second.content('unknown'), undefined);
  });

  it('keeps the log of every attempt, also when the event waited in the database between them', () => {
    const store = history();
    const attempt = (number: number) => ({ number, startedAt: number, status: 'failed' as const, executedVersion: '$LATEST', coldStart: false });
    const queued = execution('a', store.nextSequence(), { status: 'queued' });
    store.save(queued);
    for (const number of [1, 2, 3]) {
      const attempts = Array.from({ length: number }, (_, index) => attempt(index + 1));
      store.save({ ...queued, status: 'running', attempts });
      store.appendLog('a', `START ${number}\n`);
      store.flush();
      store.appendLog('a', `END ${number}\n`);
      store.save({ ...queued, attempts });
      store.flush();
    }
    assert.equal(store.content('a')?.log, 'START 1\nEND 1\nSTART 2\nEND 2\nSTART 3\nEND 3\n');
  });

  it('filters by function, status and text, taking % and _ as they are', () => {
    const store = history();
    store.save(execution('a', 1, { functionName: 'One', errorMessage: '100% wrong' }));
    store.save(execution('b', 2, { functionName: 'Two', status: 'failed', errorType: 'TypeError' }));
    assert.deepEqual(store.list({ limit: 9, functionName: 'One' }).map(({ id }) => id), ['a']);
    assert.deepEqual(store.list({ limit: 9, status: 'failed' }).map(({ id }) => id), ['b']);
    assert.deepEqual(store.list({ limit: 9, text: 'typeERROR' }).map(({ id }) => id), ['b']);
    assert.deepEqual(store.list({ limit: 9, text: '0%' }).map(({ id }) => id), ['a']);
    assert.deepEqual(store.list({ limit: 9, text: '_' }).map(({ id }) => id), []);
    assert.deepEqual([...store.lastByFunction()].map(([name, { id }]) => [name, id]), [['One', 'a'], ['Two', 'b']]);
  });

  it('drops the oldest beyond its bounds, never a running one', async () => {
    const store = history({ maxExecutions: 100, maxMegabytes: 500 });
    store.save(execution('running', store.nextSequence(), { status: 'running' }));
    for (let i = 0; i < 400; i += 1) store.save(execution(`e${i}`, store.nextSequence()));
    store.flush();
    await new Promise((resolve) => setImmediate(resolve));
    assert.ok(store.count() <= 101, `${store.count()} kept`);
    assert.equal(store.get('running')?.id, 'running');
    assert.equal(store.get('e399')?.id, 'e399');
    assert.equal(store.get('e0'), undefined);
  });

  it('drops the oldest beyond its size', () => {
    const store = history({ maxExecutions: 10_000, maxMegabytes: 2 });
    for (let i = 0; i < 6; i += 1) {
      store.save(execution(`e${i}`, store.nextSequence()));
      store.saveRequest(`e${i}`, Buffer.alloc(700_000, 0x20));
      store.flush();
    }
    assert.deepEqual(store.list({ limit: 10 }).map(({ id }) => id), ['e5', 'e4']);
  });

  it('marks what ran when the engine ended as interrupted', async () => {
    const first = history();
    const attempt = { number: 1, startedAt: 1, status: 'running' as const, executedVersion: '$LATEST', coldStart: true };
    first.save(execution('a', 1, { status: 'running', attempts: [attempt] }));
    first.save(execution('event', 2, { status: 'running', invocationType: 'Event', attempts: [attempt] }));
    await first.close();
    open = [];
    const again = history();
    assert.equal(again.get('a')?.status, 'interrupted');
    assert.equal(again.get('a')?.attempts[0]?.status, 'interrupted');
    // An event runs again.
    assert.deepEqual([again.get('event')?.status, again.get('event')?.attempts[0]?.status], ['queued', 'interrupted']);
  });

  it('keeps the first and the last part of a log of 100 MB', () => {
    const store = history();
    store.save(execution('a', 1, { status: 'running' }));
    store.appendLog('a', 'first line\n');
    const block = 'x'.repeat(1_000_000);
    for (let i = 0; i < 100; i += 1) store.appendLog('a', block);
    store.appendLog('a', 'last line\n');
    store.save(execution('a', 1));
    const content = store.content('a');
    assert.equal(content?.logTruncated, true);
    assert.ok(content.log.startsWith('first line\n') && content.log.endsWith('last line\n'));
    assert.ok(content.log.length < 2.1 * keptCharacters);
  });

  it('takes log lines that come after the execution was committed', () => {
    const store = history();
    store.save(execution('a', 1));
    store.appendLog('a', 'one\n');
    store.flush();
    store.appendLog('a', 'two\n');
    store.flush();
    assert.equal(store.content('a')?.log, 'one\ntwo\n');
  });

  it('serves what it has while it cannot be written, and catches up when it can', () => {
    const messages: string[] = [];
    const file = join(folder, 'history.sqlite');
    const store = new SqliteExecutionHistory(file, () => ({ maxExecutions: 100, maxMegabytes: 5 }), {
      ...logger, info: (message: string) => messages.push(message), error: (message: string) => messages.push(message),
    });
    open.push(store);
    store.save(execution('before', store.nextSequence()));
    store.flush();
    const other = new DatabaseSync(file);
    other.exec("CREATE TRIGGER full BEFORE INSERT ON executions BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END");
    store.save(execution('during', store.nextSequence()));
    store.saveRequest('during', Buffer.from('{"a":1}'));
    store.appendLog('during', 'START\n');
    assert.throws(() => store.flush(), /full/);
    assert.deepEqual(store.list({ limit: 9 }).map(({ id }) => id), ['before']);
    assert.equal(store.count(), 1);
    assert.equal(store.get('during')?.id, 'during');
    assert.deepEqual(store.content('during'), { request: '{"a":1}', log: 'START\n', logTruncated: false });
    other.exec('DROP TRIGGER full');
    other.close();
    assert.deepEqual(store.list({ limit: 9 }).map(({ id }) => id), ['during', 'before']);
    assert.deepEqual(store.content('during'), { request: '{"a":1}', log: 'START\n', logTruncated: false });
    assert.deepEqual(messages, ['The execution history cannot be written; it is tried again every second.', 'The execution history is written again.']);
  });

  it('clears all but running executions, and exports JSON Lines oldest first', async () => {
    const store = history();
    store.save(execution('a', 1));
    store.saveRequest('a', Buffer.from('{\n "x": 1}'));
    store.save(execution('b', 2, { status: 'running' }));
    const file = join(folder, 'out.jsonl');
    assert.equal(await store.exportTo(file), 2);
    const lines = readFileSync(file, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as { execution: Execution; request: unknown });
    assert.deepEqual(lines.map(({ execution: { id }, request }) => [id, request]), [['a', { x: 1 }], ['b', null]]);
    store.clear();
    assert.deepEqual(store.list({ limit: 10 }).map(({ id }) => id), ['b']);
    await assert.rejects(store.exportTo(join(folder, 'missing', 'out.jsonl')), /ENOENT/);
  });

  it('of a busy engine is checkpointed aside, and nothing holds the file when it is closed', async () => {
    const store = history({ maxExecutions: 2000, maxMegabytes: 500 });
    open = [];
    const file = join(folder, 'history.sqlite');
    const payload = Buffer.alloc(20_000, 'x');
    for (let group = 0; statSync(file).size < 2 * 1024 * 1024; group += 1) {
      assert.ok(group < 500, 'no checkpoint came');
      for (let i = 0; i < 20; i += 1) {
        store.save(execution(`e${group}-${i}`, store.nextSequence()));
        store.saveRequest(`e${group}-${i}`, payload);
      }
      store.flush();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await store.close();
    assert.deepEqual(readdirSync(folder), ['history.sqlite']);
  });

  it('drops what has finished among many that wait, also what finishes late', () => {
    const store = history({ maxExecutions: 40, maxMegabytes: 500 });
    const save = (status: Execution['status']) => {
      const sequence = store.nextSequence();
      const made = execution(`e${sequence}`, sequence, { status });
      store.save(made);
      return made;
    };
    const waiting = Array.from({ length: 60 }, () => save('queued'));
    store.flush();
    assert.equal(store.count(), 60);
    for (let i = 0; i < 5; i += 1) save('succeeded');
    store.flush();
    assert.deepEqual([store.count(), store.list({ limit: 1000, status: 'succeeded' })], [60, []]);
    // Older than all that was dropped.
    store.save({ ...waiting[0] as Execution, status: 'failed' });
    store.flush();
    assert.deepEqual([store.count(), store.get('e1')], [59, undefined]);
    assert.equal(store.list({ limit: 1000, status: 'queued' }).length, 59);
  });

  it('takes over what an earlier schema kept', () => {
    const file = join(folder, 'history.sqlite');
    const raw = new DatabaseSync(file);
    for (const sql of historyMigrations.slice(0, 2)) raw.exec(sql);
    raw.exec('PRAGMA user_version = 2');
    const insert = raw.prepare('INSERT INTO executions (sequence, id, function_name, status, search, document, caused_by, final) VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
    for (const [sequence, status] of (['succeeded', 'failed', 'running'] as const).entries()) {
      const made = execution(`0000000${sequence}-aaaa-4bbb-8ccc-dddddddddddd`, sequence + 1, { status, ...(sequence === 1 ? { causedBy: 'c' } : {}) });
      insert.run(made.sequence, made.id, made.functionName, status, made.id, JSON.stringify(made), made.causedBy ?? null, status === 'running' ? 0 : 1);
    }
    raw.exec("INSERT INTO contents (sequence, request, log) VALUES (2, x'7b7d', 'END')");
    raw.close();
    const store = history();
    assert.deepEqual(store.list({ limit: 10 }).map(({ sequence, status }) => [sequence, status]), [[3, 'interrupted'], [2, 'failed'], [1, 'succeeded']]);
    assert.deepEqual(store.content('00000001-aaaa-4bbb-8ccc-dddddddddddd'), { request: '{}', log: 'END', logTruncated: false });
    assert.equal(store.bySegment('00000001aaaa4bbb')?.sequence, 2);
    assert.deepEqual(store.list({ limit: 10, causedBy: 'c' }).map(({ sequence }) => sequence), [2]);
  });

  it('sets a damaged file aside and refuses a newer schema', async () => {
    writeFileSync(join(folder, 'history.sqlite'), 'this is not a database, but it is long enough to be read as one'.repeat(20));
    const store = history();
    assert.match(store.setAside ?? '', /damaged/);
    assert.ok(readdirSync(folder).some((name) => name.includes('damaged')));
    await store.close();
    open = [];
    const raw = new DatabaseSync(join(folder, 'history.sqlite'));
    raw.exec('PRAGMA user_version = 99');
    raw.close();
    assert.throws(() => history(), /newer Local Lambda/);
  });
});

describe('document store', () => {
  it('keeps documents by collection, in key order, and rolls a failed transaction back', () => {
    const { database } = openState(join(folder, 'state.sqlite'));
    open.push(database);
    const store = new SqliteDocumentStore(database);
    const aliases = store.collection<{ v: number }>('aliases');
    aliases.put('b', { v: 2 });
    aliases.put('a%', { v: 1 });
    store.collection('functions').put('a', 1);
    assert.deepEqual(aliases.entries(), [['a%', { v: 1 }], ['b', { v: 2 }]]);
    assert.deepEqual(aliases.entries('a%'), [['a%', { v: 1 }]]);
    assert.throws(() => store.transaction(() => { aliases.delete('b'); throw new Error('no'); }), /no/);
    assert.deepEqual(aliases.get('b'), { v: 2 });
    assert.equal(aliases.delete('b'), true);
    assert.equal(aliases.delete('b'), false);
  });
});
