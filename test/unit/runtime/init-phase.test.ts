import assert from 'node:assert/strict';
import type { InitFailure } from '../../../src/contracts/runner.ts';
import { answerOf, functionIn, openWorkbench, type Workbench } from './fixture.ts';

describe('Init phase', () => {
  let bench: Workbench;
  beforeEach(() => { bench = openWorkbench({ initLimitMilliseconds: 1000 }); });
  afterEach(async () => bench.close());

  /** The first process that loads it never gets ready. */
  const slowOnce = `
const fs = require('node:fs');
if (!fs.existsSync('tried')) { fs.writeFileSync('tried', ''); for (;;); }
exports.handler = async () => 'second';
`;

  it('lambda-facts §1.2: that outlasts its limit starts over at the invocation, under the timeout of the function', async () => {
    bench.place.write('slow/index.js', slowOnce);
    const failures: InitFailure[] = [];
    const result = await bench.call(functionIn(bench.place, 'slow', { timeout: 20 }), {}, { onInitFailed: (failure) => failures.push(failure) });
    assert.equal(answerOf(result), 'second');
    assert.deepEqual(failures.map(({ phase, status }) => [phase, status]), [['init', 'timeout']]);
    // As long as the limit, but for what a timer may come early.
    assert.ok(failures[0] && failures[0].durationMs > 900);
  });

  it('lambda-facts §1.2: that never ends is a timeout of the function, also when both limits are the same', async () => {
    bench.place.write('never/index.js', 'for (;;);');
    const failures: InitFailure[] = [];
    const fn = functionIn(bench.place, 'never', { timeout: 1 });
    const { outcome } = await bench.call(fn, {}, { onInitFailed: (failure) => failures.push(failure) });
    assert.deepEqual(outcome, { kind: 'timeout', phase: 'init' });
    assert.deepEqual(failures.map(({ phase, status }) => [phase, status]), [['init', 'timeout'], ['invoke', 'timeout']]);
    // The places of both processes are free again.
    bench.place.write('after/index.js', 'exports.handler = async () => 1;');
    assert.deepEqual(await Promise.all(Array.from({ length: 16 }, async () => answerOf(await bench.call(functionIn(bench.place, 'after'))))), Array(16).fill(1));
  });

  it('lambda-facts §6.4: that fails is told with its error type', async () => {
    bench.place.write('broken/index.js', "require('not-there');");
    bench.place.write('gone/index.js', 'process.exit(3);');
    const failures: InitFailure[] = [];
    for (const name of ['broken', 'gone']) await bench.call(functionIn(bench.place, name), {}, { onInitFailed: (failure) => failures.push(failure) });
    assert.deepEqual(failures.map(({ phase, status, errorType }) => [phase, status, errorType]), [
      ['init', 'error', 'Runtime.ImportModuleError'], ['init', 'error', 'Runtime.ExitError'],
    ]);
  });
});
