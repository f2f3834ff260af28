import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { inTransaction } from '../../../src/store/database.ts';
import { ObjectFiles } from '../../../src/store/object-files.ts';
import { openState } from '../../../src/store/state-database.ts';

describe('objects of buckets in files', () => {
  let folder: string;
  let database: DatabaseSync;
  let store: ObjectFiles;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'objects-'));
    open();
  });
  afterEach(() => {
    database.close();
    rmSync(folder, { recursive: true, force: true });
  });

  function open(): void {
    database = openState(join(folder, 'state.sqlite')).database;
    store = new ObjectFiles(database, join(folder, 'objects'));
  }

  /** As the next run of the engine finds it. */
  function reopen(): void {
    database.close();
    open();
  }

  const files = () => (existsSync(join(folder, 'objects')) ? readdirSync(join(folder, 'objects')) : []);
  const put = (key: string, body = key, headers: Record<string, string> = {}) =>
    store.put('b', { key, bytes: Buffer.byteLength(body), etag: 'e', modifiedAt: 5000, headers }, Buffer.from(body));
  const text = (key: string) => { const body = store.read('b', key); return body && Buffer.from(body).toString(); };
  const keys = (query: Partial<Parameters<ObjectFiles['list']>[1]> = {}) => store.list('b', { prefix: '', after: '', limit: 1000, ...query }).map(({ key }) => key);

  it('makes no folder before the first object', () => {
    assert.deepEqual([existsSync(join(folder, 'objects')), [...store.totals()], store.newest('b', 5)], [false, [], []]);
  });

  it('are all there after a restart', () => {
    put('a/b', 'body', { 'content-type': 'text/plain' });
    put('empty', '');
    reopen();
    assert.deepEqual(store.head('b', 'a/b'), { key: 'a/b', bytes: 4, etag: 'e', modifiedAt: 5000, headers: { 'content-type': 'text/plain' } });
    assert.deepEqual([text('a/b'), text('empty'), text('none'), store.head('other', 'a/b')], ['body', '', undefined, undefined]);
    assert.deepEqual([...store.totals()], [['b', { objects: 2, bytes: 4 }]]);
  });

  it('parts of a body', () => {
    put('k', '0123456789');
    const part = (start: number, length: number) => Buffer.from(store.read('b', 'k', { start, length }) ?? []).toString();
    assert.deepEqual([part(0, 3), part(7, 3), part(9, 5)], ['012', '789', '9']);
  });

  it('a replaced object leaves no file, and is the newest', () => {
    put('one');
    put('two');
    put('one', 'again');
    assert.deepEqual([files().length, text('one'), store.newest('b', 5).map(({ key }) => key)], [2, 'again', ['one', 'two']]);
  });

  it('a deleted object leaves no file', () => {
    put('one');
    assert.deepEqual([store.delete('b', 'one'), store.delete('b', 'one'), files(), text('one')], [true, false, [], undefined]);
  });

  it('what a transaction undid is undone: new bodies go, replaced and deleted ones stay', () => {
    put('replaced', 'old');
    put('deleted');
    assert.throws(() => inTransaction(database, () => {
      put('replaced', 'new');
      put('fresh');
      store.delete('b', 'deleted');
      throw new Error('undone');
    }), /undone/);
    assert.deepEqual([text('replaced'), text('deleted'), text('fresh')], ['old', 'deleted', undefined]);
    store.totals();
    assert.equal(files().length, 2);
  });

  it('what a transaction did is there, and its old files go with the next look', () => {
    put('replaced', 'old');
    inTransaction(database, () => put('replaced', 'new'));
    store.totals();
    assert.deepEqual([text('replaced'), files().length], ['new', 1]);
  });

  it('an engine that was killed in a transaction lacks no body: files without rows are swept at the start', () => {
    put('kept');
    writeFileSync(join(folder, 'objects', 'left-over'), 'half a bo');
    reopen();
    assert.deepEqual([files().length, text('kept')], [1, 'kept']);
  });

  it('a body that cannot be written leaves no object', () => {
    writeFileSync(join(folder, 'objects'), 'in the way');
    assert.throws(() => put('k'), { code: 'EEXIST' });
    rmSync(join(folder, 'objects'));
    assert.equal(store.head('b', 'k'), undefined);
    put('k');
    assert.equal(text('k'), 'k');
  });

  it('when the database was damaged and set aside, the files are set aside too', () => {
    put('k', 'precious');
    const [file = ''] = files();
    database.close();
    rmSync(join(folder, 'state.sqlite'));
    database = openState(join(folder, 'state.sqlite')).database;
    store = new ObjectFiles(database, join(folder, 'objects'), { anew: true });
    const aside = readdirSync(folder).find((name) => name.startsWith('objects.damaged-')) ?? '';
    assert.deepEqual([readdirSync(join(folder, aside)), existsSync(join(folder, 'objects'))], [[file], false]);
  });

  it('folders that do not belong there go as well', () => {
    mkdirSync(join(folder, 'objects', 'x', 'y'), { recursive: true });
    reopen();
    assert.deepEqual(files(), []);
  });

  it('lists in the order of bytes, by prefix, behind a key, behind a group', () => {
    // U+E000 sorts before U+1F600 by bytes, behind it by UTF-16 units.
    for (const key of ['a', 'a/1', 'a/2', 'a/\u{10ffff}', 'ab', 'B', '\u{1f600}', '\ue000', 'é']) put(key);
    assert.deepEqual(keys(), ['B', 'a', 'a/1', 'a/2', 'a/\u{10ffff}', 'ab', 'é', '\ue000', '\u{1f600}']);
    assert.deepEqual(keys({ prefix: 'a/' }), ['a/1', 'a/2', 'a/\u{10ffff}']);
    assert.deepEqual(keys({ prefix: 'a', after: 'a/1', limit: 2 }), ['a/2', 'a/\u{10ffff}']);
    assert.deepEqual(keys({ after: 'a/', group: true }), ['ab', 'é', '\ue000', '\u{1f600}']);
    assert.deepEqual(store.list('other', { prefix: '', after: '', limit: 5 }), []);
  });

  it('property: a listing is what sorting finds', () => {
    const key = fc.string({ unit: fc.constantFrom('a', 'b', '/', '%', '_', 'é', '\u{1f600}'), minLength: 1, maxLength: 5 });
    fc.assert(fc.property(fc.uniqueArray(key, { maxLength: 12 }), key, fc.option(key, { nil: '' }), (stored, prefix, after) => {
      for (const one of stored) put(one);
      const sorted = stored.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      const past = (one: string) => Buffer.compare(Buffer.from(one), Buffer.from(after)) > 0;
      assert.deepEqual(keys({ prefix, after }), sorted.filter((one) => one.startsWith(prefix) && past(one)));
      for (const one of stored) store.delete('b', one);
    }), { numRuns: 50 });
  });
});
