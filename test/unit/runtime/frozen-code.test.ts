import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { strToU8, zipSync } from 'fflate';
import { AwsFault } from '../../../src/contracts/faults.ts';
import type { CodeStore } from '../../../src/contracts/runner.ts';
import { createCodeStore } from '../../../src/runtime/frozen-code.ts';
import { readZip } from '../../../src/runtime/zip.ts';
import { answerOf, functionIn, openWorkbench, type Workbench } from './fixture.ts';

const unreadable = (error: unknown) => error instanceof AwsFault && error.name === 'InvalidParameterValueException'
  && error.message === 'Could not unzip uploaded file. Please check your file, then try to upload again.';
const unix = (mode: number) => ({ os: 3, attrs: (mode << 16) >>> 0 });

describe('Deployment packages', () => {
  it('keep names, bytes and executable bits', () => {
    const zip = zipSync({ 'bootstrap': [strToU8('#!'), unix(0o100755)], 'lib/ä.js': strToU8('1'), 'empty/': new Uint8Array() });
    assert.deepEqual(readZip(zip).map(({ path, bytes, executable }) => [path, Buffer.from(bytes).toString(), executable]), [
      ['bootstrap', '#!', true], ['lib/ä.js', '1', false],
    ]);
  });

  for (const [what, name] of [['the folder above', '../evil.js'], ['an absolute path', '/etc/evil'], ['a drive', 'C:/evil'], ['backslashes', '..\\evil.js'], ['a path in disguise', 'a/../../evil']] as const) {
    it(`refuse an entry that leaves its folder by ${what}`, () => {
      assert.throws(() => readZip(zipSync({ [name]: strToU8('x') })), unreadable);
    });
  }

  it('refuse symbolic links', () => {
    assert.throws(() => readZip(zipSync({ link: [strToU8('/etc/passwd'), unix(0o120777)] })), unreadable);
  });

  it('refuse what is no zip, what is cut short, and nothing at all', () => {
    const zip = zipSync({ 'index.js': strToU8('exports.handler = 1;'.repeat(50)) });
    for (const bytes of [strToU8('hello'), zip.subarray(0, zip.length - 30), zip.subarray(40), new Uint8Array()]) assert.throws(() => readZip(bytes), unreadable);
  });

  it('refuse more than the limit when unzipped, before inflating it', () => {
    const bomb = zipSync({ 'zeros.bin': new Uint8Array(1_000_000) });
    assert.throws(() => readZip(bomb, 999_999), /Unzipped size must be smaller than 999999 bytes/);
    assert.equal(readZip(bomb, 1_000_000).length, 1);
  });

  it('refuse a package whose directory understates its size', () => {
    const bomb = zipSync({ 'zeros.bin': new Uint8Array(1_000_000) });
    const view = new DataView(bomb.buffer, bomb.byteOffset);
    const directory = view.getUint32(bomb.length - 22 + 16, true);
    view.setUint32(directory + 24, 10, true);
    assert.throws(() => readZip(bomb, 1000), unreadable);
  });

  it('refuse damaged content', () => {
    const zip = zipSync({ 'index.js': [strToU8('exports.handler = 1;'), { level: 0 }] });
    const at = Buffer.from(zip.buffer, zip.byteOffset).indexOf('handler = 1');
    zip[at] = (zip[at] as number) ^ 1;
    assert.throws(() => readZip(zip), unreadable);
  });
});

describe('Code store', () => {
  let bench: Workbench;
  let store: CodeStore;
  beforeEach(() => {
    bench = openWorkbench();
    store = createCodeStore({ dataFolder: bench.place.path('.data'), logger: bench.logger, settings: () => bench.settings });
  });
  afterEach(async () => bench.close());

  it('unpacks a zip once per content, hashed as AWS does, and its code runs', async () => {
    const zip = zipSync({ 'index.js': strToU8('exports.handler = async () => "from zip";') });
    const [first, second] = await Promise.all([store.unpack(zip), store.unpack(zip)]);
    assert.deepEqual(first, second);
    assert.equal(first.sha256, createHash('sha256').update(zip).digest('base64'));
    assert.equal(first.size, zip.length);
    assert.equal(answerOf(await bench.call(functionIn(bench.place, 'zipped', { code: { folder: first.folder } }))), 'from zip');
    assert.deepEqual(readdirSync(bench.place.path('.data', 'code')).filter((name) => name.startsWith('staging')), []);
  });

  it('CodeSha256 and CodeSize of a function made from a zip are those of the zip, as on AWS', async () => {
    const zip = zipSync({ 'index.js': strToU8('exports.handler = async () => 1;') });
    const { folder } = await store.unpack(zip);
    const made = { sha256: createHash('sha256').update(zip).digest('base64'), size: zip.length };
    assert.deepEqual(await store.describe(functionIn(bench.place, 'made', { code: { folder } })), made);
    const after = createCodeStore({ dataFolder: bench.place.path('.data'), logger: bench.logger, settings: () => bench.settings });
    assert.deepEqual(await after.describe(functionIn(bench.place, 'made', { code: { folder } })), made);
  });

  it('unpacks an executable bootstrap', async function () {
    if (process.platform === 'win32') this.skip();
    const { folder } = await store.unpack(zipSync({ bootstrap: [strToU8('#!/bin/sh\n'), unix(0o100755)] }));
    assert.equal(statSync(join(folder, 'bootstrap')).mode & 0o111, 0o111);
  });

  it('a frozen version goes on as it was while $LATEST moves', async () => {
    const file = bench.place.write('live/index.js', 'exports.handler = async () => 1;');
    const latest = functionIn(bench.place, 'live', { code: { handlerFile: file, handlerExport: 'handler' } });
    const { folder, handlerFile, sha256 } = await store.freeze(latest);
    assert.equal(sha256, (await store.describe(latest)).sha256);
    writeFileSync(file, 'exports.handler = async () => 22;');
    const version = functionIn(bench.place, 'live', { version: '1', code: { folder, ...(handlerFile === undefined ? {} : { handlerFile }) } });
    assert.equal(answerOf(await bench.call(latest)), 22);
    assert.equal(answerOf(await bench.call(version)), 1);
    assert.notEqual((await store.describe(latest)).sha256, sha256);
  });

  it('the hash follows content, not time, and leaves other tools\' folders out', async () => {
    const file = bench.place.write('hash/index.js', 'exports.handler = 1;');
    const fn = functionIn(bench.place, 'hash');
    const before = await store.describe(fn);
    writeFileSync(file, 'exports.handler = 1;');
    bench.place.write('hash/.git/HEAD', 'ref');
    bench.place.write('hash/__pycache__/a.pyc', 'x');
    bench.place.write('hash/node_modules/.cache/x', 'x');
    assert.deepEqual(await store.describe(fn), before);
    bench.place.write('hash/more.js', '');
    assert.notEqual((await store.describe(fn)).sha256, before.sha256);
  });

  it('freezes TypeScript as a bundle that uses packages where they stand', async () => {
    bench.place.write('node_modules/tiny/package.json', '{"name":"tiny","main":"index.js"}');
    bench.place.write('node_modules/tiny/index.js', 'exports.tiny = () => "tiny";');
    const shared = bench.place.write('shared/name.ts', 'export const name: string = "first";');
    const entry = bench.place.write('ts/app.ts', 'import { tiny } from "tiny"; import { name } from "../shared/name"; import { readFileSync } from "node:fs";\nexport const handler = async () => [tiny(), name, readFileSync("data.txt", "utf8")];');
    bench.place.write('ts/data.txt', 'one');
    const fn = functionIn(bench.place, 'ts', { handler: 'app.handler', code: { handlerFile: entry } });
    const frozen = await store.freeze(fn);
    writeFileSync(shared, 'export const name: string = "second";');
    bench.place.write('ts/data.txt', 'two');
    assert.deepEqual(frozen.leftOut, [`${bench.place.path('node_modules')} is not copied: this version uses it where it stands.`]);
    const version = functionIn(bench.place, 'ts', { version: '1', handler: 'app.handler', code: { folder: frozen.folder, handlerFile: frozen.handlerFile as string } });
    assert.deepEqual(answerOf(await bench.call(version)), ['tiny', 'first', 'one']);
  });

  it('traces of a published TypeScript version name the line of its own copy of the source', async () => {
    const entry = bench.place.write('trace/app.ts', 'enum Size { Small }\n\nexport const handler = async (): Promise<never> => {\n  throw new RangeError(Size[Size.Small]);\n};\n');
    const fn = functionIn(bench.place, 'trace', { handler: 'app.handler', code: { handlerFile: entry } });
    const frozen = await store.freeze(fn);
    writeFileSync(entry, '// moved down\n'.repeat(9));
    const version = functionIn(bench.place, 'trace', { version: '1', handler: 'app.handler', code: { folder: frozen.folder, handlerFile: frozen.handlerFile as string } });
    const { outcome } = await bench.call(version);
    assert.equal(outcome.kind, 'function-error');
    const { errorMessage, trace } = JSON.parse(Buffer.from((outcome as { payload: Uint8Array }).payload).toString()) as { errorMessage: string; trace: string[] };
    assert.equal(errorMessage, 'Small');
    assert.match(trace[1] as string, /app\.ts:4:9\)?$/);
    assert.ok(trace[1]?.includes(join(frozen.folder, 'app.ts')), trace[1]);
  });

  it('names a virtual environment that it leaves where it stands', async () => {
    bench.place.write('py/app.py', 'def handler(event, context):\n    return 1\n');
    bench.place.write('py/.venv/pyvenv.cfg', 'home = /nowhere\n');
    bench.place.write('py/.venv/bin/python', '');
    const frozen = await store.freeze(functionIn(bench.place, 'py', { runtime: 'python3.13', handler: 'app.handler' }));
    assert.deepEqual(frozen.leftOut, [`${bench.place.path('py', '.venv')} is not copied: this version uses it where it stands.`]);
    assert.ok(existsSync(join(frozen.folder, '.venv', 'pyvenv.cfg')));
    assert.equal(readFileSync(join(frozen.folder, 'app.py'), 'utf8'), 'def handler(event, context):\n    return 1\n');
  });

  it('functions in one folder share the look at it, and a look that has begun is nobody else\'s', async () => {
    const file = bench.place.write('shared/index.js', 'exports.handler = 1;');
    const code = { folder: bench.place.path('shared') };
    const [one, other] = [functionIn(bench.place, 'one', { code }), functionIn(bench.place, 'other', { code })];
    const looks = [store.describe(one), store.describe(other)];
    const [first, second] = await Promise.all(looks);
    assert.equal(first, second);
    const begun = store.describe(one);
    await new Promise(setImmediate);
    writeFileSync(file, 'exports.handler = 22;');
    const edited = await store.describe(other);
    assert.notDeepEqual(edited, first);
    await begun;
    assert.deepEqual(await store.describe(one), edited);
  });

  it('describes code that cannot be deployed, so that reading a configuration never fails', async () => {
    const missing = functionIn(bench.place, 'nowhere');
    assert.deepEqual(await store.describe(missing), { sha256: createHash('sha256').digest('base64'), size: 0 });
    await assert.rejects(store.freeze(missing), /The code folder .*nowhere of .* does not exist/);

    bench.place.write('large/index.js', 'exports.handler = 1;');
    const large = bench.place.write('large/data.bin', '');
    truncateSync(large, 270_000_000);
    const described = await store.describe(functionIn(bench.place, 'large'));
    assert.equal(described.size, 270_000_020);
    assert.match(described.sha256, /^[\w+/]{43}=$/);
    await assert.rejects(store.freeze(functionIn(bench.place, 'large')), /Unzipped size must be smaller than/);
  });

  it('says of code in an archive what to do', async () => {
    const zipped = functionIn(bench.place, 'code.zip');
    bench.place.write('code.zip', 'PK');
    await assert.rejects(store.freeze(zipped), /is the archive .*code\.zip: point CodeUri at the folder that the archive is made from\./);
    const failure = await bench.preparer.prepare(zipped);
    assert.equal(failure.kind, 'build-error');
    assert.match('message' in failure ? failure.message : '', /is the archive .*code\.zip: point CodeUri/);
  });

  it('freezes inline code', async () => {
    const fn = functionIn(bench.place, 'inline', { code: { inline: 'exports.handler = async () => "inline";' } });
    const { folder } = await store.freeze(fn);
    assert.equal(answerOf(await bench.call(functionIn(bench.place, 'inline', { version: '1', code: { folder } }))), 'inline');
  });

  it('follows a link that leads back to its own folder no further', async function () {
    if (process.platform === 'win32') this.skip();
    bench.place.write('loop/index.js', '');
    symlinkSync(bench.place.path('loop'), bench.place.path('loop', 'again'));
    const { folder } = await store.freeze(functionIn(bench.place, 'loop'));
    assert.deepEqual(readdirSync(folder), ['index.js']);
  });

  it('collects copies that nobody uses, without touching what they link to', async () => {
    bench.place.write('node_modules/tiny/index.js', 'kept');
    bench.place.write('a/index.js', '1');
    bench.place.write('b/index.js', '2');
    const [a, b] = [await store.freeze(functionIn(bench.place, 'a')), await store.freeze(functionIn(bench.place, 'b'))];
    mkdirSync(bench.place.path('.data', 'code', 'staging-now'));
    await store.collect(new Set([a.folder]));
    assert.ok(existsSync(a.folder));
    assert.ok(!existsSync(b.folder));
    assert.ok(existsSync(bench.place.path('.data', 'code', 'staging-now')), 'a copy that is being made stays');
    assert.equal(readFileSync(bench.place.path('node_modules', 'tiny', 'index.js'), 'utf8'), 'kept');
  });
});
