import assert from 'node:assert/strict';
import { Cancellation } from '../../../src/contracts/cancellation.ts';
import { answerOf, functionIn, isAlive, openWorkbench, until, type Workbench } from './fixture.ts';

/** A runtime interface client in a few lines: what a compiled `bootstrap` does. */
const bootstrapProgram = `#!${process.execPath}
const base = 'http://' + process.env.AWS_LAMBDA_RUNTIME_API + '/2018-06-01/runtime/';
let count = 0;
for (;;) {
  const next = await fetch(base + 'invocation/next');
  const id = next.headers.get('lambda-runtime-aws-request-id');
  const event = await next.json();
  console.log('got ' + JSON.stringify(event));
  count += 1;
  await fetch(base + 'invocation/' + id + '/response', { method: 'POST', body: JSON.stringify({ count, event, pid: process.pid, cwd: process.cwd(), execution: process.env.AWS_EXECUTION_ENV ?? null }) });
}
`;

describe('Function runner over prepared code', () => {
  let bench: Workbench;
  beforeEach(() => { bench = openWorkbench(); });
  afterEach(async () => bench.close());

  it('runs CommonJS and reuses the environment warm', async () => {
    bench.place.write('cjs/index.js', 'let n = 0; exports.handler = async (event) => ({ n: ++n, event, pid: process.pid });');
    const fn = functionIn(bench.place, 'cjs');
    const first = await bench.call(fn, { a: 'ä' });
    const second = await bench.call(fn, { a: 2 });
    assert.deepEqual(answerOf(first), { n: 1, event: { a: 'ä' }, pid: first.environment?.pid });
    assert.deepEqual(answerOf(second), { n: 2, event: { a: 2 }, pid: first.environment?.pid });
    assert.equal(first.environment?.coldStart, true);
    assert.equal(second.environment?.coldStart, false);
    assert.ok((first.initDurationMs ?? 0) > 0);
    assert.equal(second.initDurationMs, undefined);
  });

  it('runs ES modules', async () => {
    bench.place.write('esm/util.mjs', 'export const twice = (n) => n * 2;');
    bench.place.write('esm/index.mjs', "import { twice } from './util.mjs'; export const handler = async ({ n }) => twice(n);");
    assert.equal(answerOf(await bench.call(functionIn(bench.place, 'esm'), { n: 21 })), 42);
  });

  it('runs TypeScript with enums and extensionless imports, and traces name the .ts line', async () => {
    bench.place.write('ts/colour.ts', 'export enum Colour { Red = 7 }\nexport function fail(): never {\n  throw new TypeError("no blue");\n}\n');
    const entry = bench.place.write('ts/app.ts', "import { Colour, fail } from './colour';\nexport const handler = async (event: { fail?: boolean }): Promise<Colour> => {\n  if (event.fail) fail();\n  return Colour.Red;\n};\n");
    const fn = functionIn(bench.place, 'ts', { handler: 'app.handler', code: { handlerFile: entry, handlerExport: 'handler' } });
    assert.equal(answerOf(await bench.call(fn)), 7);
    const { outcome } = await bench.call(fn, { fail: true });
    assert.equal(outcome.kind, 'function-error');
    assert.match(Buffer.from((outcome as { payload: Uint8Array }).payload).toString(), /colour\.ts:3:/);
  });

  it('runs Python', async () => {
    bench.place.write('py/app.py', 'import os\ndef handler(event, context):\n    return {"sum": event["a"] + event["b"], "root": os.environ["LAMBDA_TASK_ROOT"]}\n');
    const result = await bench.call(functionIn(bench.place, 'py', { runtime: 'python3.13', handler: 'app.handler' }), { a: 1, b: 2 });
    assert.deepEqual(answerOf(result), { sum: 3, root: bench.place.path('py') });
    assert.match(result.environment?.binaryVersion ?? '', /^3\.\d+\.\d+$/);
  });

  it('runs a bootstrap of the function\'s own over the Runtime API', async function () {
    if (process.platform === 'win32') this.skip();
    bench.place.write('own/bootstrap', bootstrapProgram, 0o755);
    bench.place.write('own/package.json', '{"type":"module"}');
    const fn = functionIn(bench.place, 'own', { runtime: 'provided.al2023', handler: 'whatever' });
    const lines: string[] = [];
    const first = await bench.call(fn, { x: 1 }, { onLog: (text) => lines.push(text) });
    const second = await bench.call(fn, { x: 2 });
    assert.deepEqual(answerOf(first), { count: 1, event: { x: 1 }, pid: first.environment?.pid, cwd: bench.place.path('own'), execution: null });
    assert.equal((answerOf(second) as { count: number }).count, 2);
    assert.deepEqual(lines, ['got {"x":1}']);
  });

  it('lambda-facts §1.4: a provided runtime without bootstrap names both places that were searched', async () => {
    bench.place.write('none/readme.txt', '');
    const { outcome } = await bench.call(functionIn(bench.place, 'none', { runtime: 'provided.al2023' }));
    assert.deepEqual(outcome, { kind: 'invalid-entrypoint', searched: ['/var/task/bootstrap', '/opt/bootstrap'] });
  });

  it('ends a busy loop at its timeout, and the next call starts afresh', async () => {
    bench.place.write('spin/index.js', 'exports.handler = async ({ spin }) => { while (spin); return process.pid; };');
    const fn = functionIn(bench.place, 'spin', { timeout: 1 });
    const spun = await bench.call(fn, { spin: true });
    assert.deepEqual(spun.outcome, { kind: 'timeout', phase: 'invoke' });
    if (process.platform !== 'win32') assert.ok(spun.maxMemoryUsedMb > 0, 'what it used until then is told');
    const after = await bench.call(fn, {});
    assert.equal(after.environment?.coldStart, true);
    assert.notEqual(answerOf(after), spun.environment?.pid);
    await until(() => !isAlive(spun.environment?.pid ?? 0), 'the spinning process is gone');
  });

  it('tells exits apart by code, and a crash by its signal', async function () {
    bench.place.write('exit/index.js', 'exports.handler = async ({ code, signal }) => { if (signal) process.kill(process.pid, signal); else process.exit(code); await new Promise(() => {}); };');
    const fn = functionIn(bench.place, 'exit');
    assert.deepEqual((await bench.call(fn, { code: 0 })).outcome, { kind: 'exit', phase: 'invoke', code: 0, signal: null });
    assert.deepEqual((await bench.call(fn, { code: 3 })).outcome, { kind: 'exit', phase: 'invoke', code: 3, signal: null });
    if (process.platform !== 'win32') {
      assert.deepEqual((await bench.call(fn, { signal: 'SIGKILL' })).outcome, { kind: 'exit', phase: 'invoke', code: null, signal: 'SIGKILL' });
    }
  });

  it('cancels a running call and ends its process', async () => {
    bench.place.write('slow/index.js', 'exports.handler = async () => new Promise(() => { setInterval(() => {}, 1000); });');
    const cancellation = new Cancellation();
    let pid = 0;
    const running = bench.call(functionIn(bench.place, 'slow'), {}, { cancellation, onStart: (started) => { pid = started; cancellation.cancel(); } });
    assert.deepEqual((await running).outcome, { kind: 'cancelled' });
    assert.ok(pid > 0);
    await until(() => !isAlive(pid), 'the cancelled process is gone');
    await until(() => bench.runner.processCount === 0, 'no process is counted');
  });

  it('what child processes print is in the log before the answer, every time', async function () {
    if (process.platform === 'win32') this.skip();
    bench.place.write('child/index.js', "const { execSync } = require('node:child_process'); exports.handler = async (n) => { execSync(`echo child ${n}`, { stdio: 'inherit' }); };");
    bench.place.write('snake/app.py', 'import subprocess\ndef handler(event, context):\n    subprocess.run(["echo", "child", str(event)])\n');
    for (const fn of [functionIn(bench.place, 'child'), functionIn(bench.place, 'snake', { runtime: 'python3.11', handler: 'app.handler' })]) {
      for (let n = 0; n < 5; n += 1) {
        const lines: string[] = [];
        await bench.call(fn, n, { onLog: (text) => lines.push(text) });
        assert.deepEqual(lines, [`child ${n}`]);
      }
    }
  });

  it('a flood of output that does not fit into the channel is in the log before the answer', async () => {
    bench.place.write('flood/index.js', "exports.handler = async () => { const line = 'x'.repeat(999) + '\\n'; for (let n = 0; n < 20000; n += 1) process.stdout.write(line); };");
    let characters = 0;
    await bench.call(functionIn(bench.place, 'flood'), {}, { onLog: (text) => { characters += text.length + 1; } });
    assert.equal(characters, 20_000_000);
  });

  it('a function that replaces JSON.stringify is answered with what it makes of its result', async () => {
    bench.place.write('patched/index.js', "const { stringify } = JSON; JSON.stringify = (value) => (typeof value === 'bigint' ? `\"${value}\"` : 'null'); exports.handler = async () => 5n;");
    assert.equal(answerOf(await bench.call(functionIn(bench.place, 'patched'))), '5');
  });

  for (const [what, frame] of [
    ['an answer whose header is no JSON', '[0, 0, 0, 8, 19, 0, 0, 0, 2, 123, 123, 49]'],
    ['an answer that is shorter than its header says', '[0, 0, 0, 3, 19, 0, 0]'],
    ['a list of files that is none', '[0, 0, 0, 5, 22, 110, 117, 108, 108]'],
  ] as const) {
    it(`a function that sends ${what} ends itself and harms nobody`, async () => {
      bench.place.write('broken/index.js', `const { Socket } = require('node:net');
const { write } = Socket.prototype;
exports.handler = async () => {
  Socket.prototype.write = function () { return write.call(this, Buffer.from(${frame})); };
  console.log('through the channel');
  await new Promise((resolve) => setTimeout(resolve, 5000));
};`);
      bench.place.write('sound/index.js', 'exports.handler = async () => 1;');
      const { outcome } = await bench.call(functionIn(bench.place, 'broken'));
      assert.equal(outcome.kind, 'exit');
      assert.match(bench.logger.problems.join(), /sent what is no frame/);
      assert.equal(answerOf(await bench.call(functionIn(bench.place, 'sound'))), 1);
    });
  }

  it('a function that prints 100 MB harms nobody and its answer arrives', async () => {
    bench.place.write('loud/index.js', "const line = 'x'.repeat(1023) + '\\n'; exports.handler = async () => { for (let i = 0; i < 102400; i++) process.stdout.write(line); return 'done'; };");
    let bytes = 0;
    const result = await bench.call(functionIn(bench.place, 'loud', { timeout: 25, memorySize: 1024 }), {}, { onLog: (text) => { bytes += text.length + 1; } });
    assert.equal(answerOf(result), 'done');
    assert.ok(bytes <= 100 * 1024 * 1024 + 1024, `no more than was printed, got ${bytes}`);
    assert.ok(bytes > 0);
  });
});
