import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import type { RunnableFunction } from '../../../src/contracts/functions.ts';
import { answerOf, functionIn, openWorkbench, type Workbench } from './fixture.ts';

describe('Hot reload', () => {
  let bench: Workbench;
  beforeEach(() => { bench = openWorkbench(); });
  afterEach(async () => bench.close());

  const changed = (name: string) => new Promise<void>((resolve) => {
    const stop = bench.preparer.onDidChange((functionName) => {
      if (functionName !== name) return;
      stop();
      resolve();
    });
  });
  const pidOf = async (fn: RunnableFunction) => (await bench.call(fn)).environment?.pid;

  it('an edit of a JavaScript handler shows in the very next call', async () => {
    const file = bench.place.write('js/index.js', 'exports.handler = async () => 1;');
    const fn = functionIn(bench.place, 'js');
    assert.equal(answerOf(await bench.call(fn)), 1);
    writeFileSync(file, 'exports.handler = async () => 22;');
    assert.equal(answerOf(await bench.call(fn)), 22);
  });

  it('so does one of a module that an ES module imports', async () => {
    const file = bench.place.write('esm/lib/value.mjs', 'export const value = 1;');
    bench.place.write('esm/index.mjs', "import { value } from './lib/value.mjs'; export const handler = async () => value;");
    const fn = functionIn(bench.place, 'esm');
    assert.equal(answerOf(await bench.call(fn)), 1);
    writeFileSync(file, 'export const value = 22;');
    assert.equal(answerOf(await bench.call(fn)), 22);
  });

  it('so does one of a function of many files, for each of the calls that come at once', async () => {
    const names = [...Array(40).keys()].map((index) => `part${index}`);
    const files = names.map((name) => bench.place.write(`many/lib/${name}.js`, 'module.exports = 1;'));
    bench.place.write('many/index.js', `const parts = [${names.map((name) => `require('./lib/${name}.js')`).join(', ')}];\nexports.handler = async () => parts.reduce((sum, part) => sum + part);`);
    const fn = functionIn(bench.place, 'many');
    assert.equal(answerOf(await bench.call(fn)), 40);
    for (const [turn, file] of [files[0], files[39]].entries()) {
      const before = [bench.call(fn), bench.call(fn)];
      writeFileSync(file as string, 'module.exports = 22;');
      const answers = (calls: Promise<Parameters<typeof answerOf>[0]>[]) => Promise.all(calls.map(async (call) => answerOf(await call)));
      const sum = 40 + 21 * (turn + 1);
      // Those that came before the edit may see either.
      assert.deepEqual(await answers([bench.call(fn), bench.call(fn), bench.call(fn)]), [sum, sum, sum]);
      for (const answer of await answers(before)) assert.ok(answer === sum || answer === sum - 21, String(answer));
    }
  });

  it('so does one of a module that TypeScript imports, and one back again', async () => {
    const file = bench.place.write('ts/value.ts', 'export const value: number = 1;');
    const entry = bench.place.write('ts/app.ts', "import { value } from './value'; export const handler = async () => value;");
    const fn = functionIn(bench.place, 'ts', { handler: 'app.handler', code: { handlerFile: entry } });
    for (const value of [1, 22, 333, 1]) {
      writeFileSync(file, `export const value: number = ${value};`);
      assert.equal(answerOf(await bench.call(fn)), value);
    }
  });

  for (const [kind, source] of [
    ['CommonJS', ['index.cjs', "const { value } = require('@shop/prices'); exports.handler = async () => value;"]],
    ['ES module', ['index.mjs', "import prices from '@shop/prices'; export const handler = async () => prices.value;"]],
  ] as const) {
    it(`so does one of a package of the workspace that node_modules links to, from a ${kind}`, async () => {
      bench.place.write('packages/prices/package.json', '{"name":"@shop/prices","main":"index.js"}');
      bench.place.write('packages/prices/index.js', "exports.value = require('./lib/value').value;");
      const file = bench.place.write('packages/prices/lib/value.js', 'exports.value = 1;');
      mkdirSync(bench.place.path('node_modules', '@shop'), { recursive: true });
      symlinkSync(bench.place.path('packages', 'prices'), bench.place.path('node_modules', '@shop', 'prices'), 'junction');
      bench.place.write(`services/api/${source[0]}`, source[1]);
      const fn = functionIn(bench.place, 'services/api');
      assert.equal(answerOf(await bench.call(fn)), 1);
      writeFileSync(file, 'exports.value = 22;');
      assert.equal(answerOf(await bench.call(fn)), 22);
    });
  }

  it('an edit in a layer reloads the functions that use it, and no others', async () => {
    const file = bench.place.write('layer/nodejs/node_modules/rates/index.js', 'module.exports = 1;');
    bench.place.write('layered/index.js', "exports.handler = async () => require('rates');");
    bench.place.write('plain/index.js', 'exports.handler = async () => 0;');
    const fn = functionIn(bench.place, 'layered', { layers: [bench.place.path('layer')] });
    const other = functionIn(bench.place, 'plain');
    assert.equal(answerOf(await bench.call(fn)), 1);
    const pid = await pidOf(other);
    const reloaded = changed('layered');
    writeFileSync(file, 'module.exports = 22;');
    await reloaded;
    assert.equal(answerOf(await bench.call(fn)), 22);
    assert.equal(await pidOf(other), pid);
  });

  it('a build error is the function\'s, names file and line, and goes when it is corrected', async () => {
    const entry = bench.place.write('broken/app.ts', 'export const handler = async () => {\n  return 1 +;\n};\n');
    const fn = functionIn(bench.place, 'broken', { handler: 'app.handler', code: { handlerFile: entry } });
    const { outcome } = await bench.call(fn);
    assert.equal(outcome.kind, 'build-error');
    assert.match((outcome as { details: readonly string[] }).details[0] ?? '', /app\.ts:2:\d+: /);
    writeFileSync(entry, 'export const handler = async () => 1;');
    assert.equal(answerOf(await bench.call(fn)), 1);
  });

  it('an edit of a Python module shows in the very next call, also within the same second and size', async () => {
    const file = bench.place.write('py/lib.py', 'value = 1\n');
    bench.place.write('py/app.py', 'import lib\ndef handler(event, context):\n    return lib.value\n');
    const fn = functionIn(bench.place, 'py', { runtime: 'python3.13', handler: 'app.handler' });
    assert.equal(answerOf(await bench.call(fn)), 1);
    writeFileSync(file, 'value = 2\n');
    assert.equal(answerOf(await bench.call(fn)), 2);
  });

  it('a file that is read at run time reloads the function when it changes', async () => {
    const file = bench.place.write('data/table.json', '{"rate":1}');
    bench.place.write('data/index.js', "const rate = JSON.parse(require('node:fs').readFileSync(__dirname + '/table.json')).rate; exports.handler = async () => rate;");
    const fn = functionIn(bench.place, 'data');
    assert.equal(answerOf(await bench.call(fn)), 1);
    const told = changed('data');
    writeFileSync(file, '{"rate":2}');
    await told;
    assert.equal(answerOf(await bench.call(fn)), 2);
  });

  it('a bootstrap program that is built anew is started anew', async function () {
    if (process.platform === 'win32') this.skip();
    const program = (value: number) => `#!${process.execPath}
const base = 'http://' + process.env.AWS_LAMBDA_RUNTIME_API + '/2018-06-01/runtime/invocation/';
(async () => { for (;;) {
  const next = await fetch(base + 'next');
  await next.text();
  await fetch(base + next.headers.get('lambda-runtime-aws-request-id') + '/response', { method: 'POST', body: '${value}' });
} })();`;
    const file = bench.place.write('own/bootstrap', program(1), 0o755);
    const fn = functionIn(bench.place, 'own', { runtime: 'provided.al2023' });
    assert.equal(answerOf(await bench.call(fn)), 1);
    writeFileSync(file, program(22));
    assert.equal(answerOf(await bench.call(fn)), 22);
  });

  it('does not touch another function, in the same code folder or not', async () => {
    const one = bench.place.write('shared/one.ts', 'export const handler = async () => 1;');
    const two = bench.place.write('shared/two.ts', 'export const handler = async () => 2;');
    bench.place.write('elsewhere/index.js', 'exports.handler = async () => 3;');
    const folder = bench.place.path('shared');
    const first = functionIn(bench.place, 'first', { handler: 'one.handler', code: { folder, handlerFile: one } });
    const second = functionIn(bench.place, 'second', { handler: 'two.handler', code: { folder, handlerFile: two } });
    const third = functionIn(bench.place, 'elsewhere');
    const before = [await pidOf(first), await pidOf(second), await pidOf(third)];
    const told: string[] = [];
    bench.preparer.onDidChange((name) => told.push(name));
    const heard = changed('first');
    writeFileSync(one, 'export const handler = async () => 11;');
    await heard;
    assert.equal(answerOf(await bench.call(first)), 11);
    assert.notEqual(await pidOf(first), before[0]);
    assert.deepEqual([await pidOf(second), await pidOf(third)], before.slice(1));
    assert.deepEqual(told, ['first']);
  });

  it('tells once of a burst of writes', async () => {
    const file = bench.place.write('burst/index.js', 'exports.handler = async () => 0;');
    const fn = functionIn(bench.place, 'burst');
    await bench.call(fn);
    let told = 0;
    bench.preparer.onDidChange(() => { told += 1; });
    const heard = changed('burst');
    for (let n = 1; n <= 10; n += 1) writeFileSync(file, `exports.handler = async () => ${n};`);
    await heard;
    assert.equal(answerOf(await bench.call(fn)), 10);
    assert.equal(told, 1);
  });

  it('answers twice from one preparation when nothing changed', async () => {
    bench.place.write('same/index.js', 'exports.handler = async () => 0;');
    const fn = functionIn(bench.place, 'same');
    await bench.call(fn);
    const prepared = bench.preparer.fresh(fn);
    assert.ok(prepared);
    assert.equal(bench.preparer.fresh(fn), prepared);
    assert.equal(await bench.preparer.prepare(fn), prepared);
  });
});
