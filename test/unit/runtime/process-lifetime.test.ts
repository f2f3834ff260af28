import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { answerOf, functionIn, isAlive, openWorkbench, until } from './fixture.ts';

describe('Lifetime of processes', () => {
  it('runs at most maxProcesses at once and serves the waiting in order', async () => {
    const bench = openWorkbench({ maxProcesses: 1 });
    try {
      bench.place.write('one/index.js', 'exports.handler = async ({ n }) => { await new Promise((r) => setTimeout(r, 20)); return n; };');
      const fn = functionIn(bench.place, 'one');
      // Runs that come while the code is first prepared have no order yet.
      assert.ok(await bench.preparer.prepare(fn));
      const order: unknown[] = [];
      let most = 0;
      await Promise.all([1, 2, 3, 4].map(async (n) => {
        const result = await bench.call(fn, { n }, { onStart: () => { most = Math.max(most, bench.runner.processCount); } });
        order.push(answerOf(result));
      }));
      assert.deepEqual(order, [1, 2, 3, 4]);
      assert.equal(most, 1);
    } finally {
      await bench.close();
    }
  });

  it('never exceeds maxProcesses when cold starts come all at once', async () => {
    const bench = openWorkbench({ maxProcesses: 2 });
    try {
      bench.place.write('many/index.js', 'exports.handler = async ({ n }) => n;');
      const fn = functionIn(bench.place, 'many');
      let most = 0;
      const answers = await Promise.all([...Array(8).keys()].map(async (n) => answerOf(await bench.call(fn, { n }, {
        onStart: () => { most = Math.max(most, bench.runner.processCount); },
      }))));
      assert.deepEqual(answers, [0, 1, 2, 3, 4, 5, 6, 7]);
      assert.ok(most <= 2, `${most} processes at once`);
    } finally {
      await bench.close();
    }
  });

  it('hears the answer of a process that ends right after it', async () => {
    const bench = openWorkbench();
    try {
      // A new function each time: an environment that is about to end would fail its next invocation, as on AWS.
      for (let turn = 0; turn < 4; turn += 1) {
        bench.place.write(`brief${turn}/index.js`, 'exports.handler = async ({ n }) => { setImmediate(() => process.exit(0)); return n; };');
        const fn = functionIn(bench.place, `brief${turn}`);
        const answers = await Promise.all([0, 1, 2].map(async (n) => answerOf(await bench.call(fn, { n }))));
        assert.deepEqual(answers, [0, 1, 2]);
      }
    } finally {
      await bench.close();
    }
  });

  it('a function that wakes up does not interrupt the engine (SCHED_BATCH)', async function () {
    if (process.platform !== 'linux' || spawnSync('chrt', ['--version']).error) this.skip();
    const bench = openWorkbench();
    try {
      // The policy is field 41 of /proc/PID/stat, whose second field may hold spaces.
      bench.place.write('policy/index.js', `exports.handler = async () => {
        const stat = require('node:fs').readFileSync('/proc/self/stat', 'latin1');
        return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[38];
      };`);
      assert.equal(answerOf(await bench.call(functionIn(bench.place, 'policy'))), '3');
    } finally {
      await bench.close();
    }
  });

  it('another function gets the place of an idle environment', async () => {
    const bench = openWorkbench({ maxProcesses: 1 });
    try {
      bench.place.write('a/index.js', 'exports.handler = async () => "a";');
      bench.place.write('b/index.js', 'exports.handler = async () => "b";');
      const [a, b] = [functionIn(bench.place, 'a'), functionIn(bench.place, 'b')];
      for (const [fn, answer] of [[a, 'a'], [b, 'b'], [a, 'a']] as const) assert.equal(answerOf(await bench.call(fn)), answer);
      assert.equal(bench.runner.processCount, 1);
    } finally {
      await bench.close();
    }
  });

  it('ends environments that were idle for too long', async () => {
    let idle = 60_000;
    const bench = openWorkbench({ idleMilliseconds: () => idle });
    try {
      bench.place.write('rest/index.js', 'exports.handler = async () => 1;');
      const { environment } = await bench.call(functionIn(bench.place, 'rest'));
      assert.equal(bench.runner.processCount, 1);
      idle = 0;
      await until(() => bench.runner.processCount === 0, 'the idle environment is reaped');
      await until(() => !isAlive(environment?.pid ?? 0), 'its process is gone');
    } finally {
      await bench.close();
    }
  });

  it('ends an environment that passes MemorySize only when it is told to', async () => {
    const bench = openWorkbench();
    try {
      bench.place.write('hungry/index.js', 'exports.handler = async () => { const kept = Buffer.alloc(400 * 1048576, 1); await new Promise((resolve) => setTimeout(resolve, 1500)); return kept.length; };');
      const fn = functionIn(bench.place, 'hungry', { memorySize: 256 });
      const reported = await bench.call(fn);
      assert.equal(answerOf(reported), 400 * 1_048_576);
      assert.ok(reported.maxMemoryUsedMb > 400, `${reported.maxMemoryUsedMb} MB reported`);
      bench.settings.enforceMemory = true;
      assert.deepEqual((await bench.call(fn)).outcome, { kind: 'out-of-memory' });
    } finally {
      await bench.close();
    }
  });

  it('leaves no process behind when it is closed, busy or idle, nor what functions started', async function () {
    if (process.platform === 'win32') this.skip();
    const bench = openWorkbench();
    bench.place.write('fork/index.js', "const { spawn } = require('node:child_process'); exports.handler = async ({ spin }) => { const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' }); while (spin); return child.pid; };");
    const fn = functionIn(bench.place, 'fork', { timeout: 60 });
    const idle = await bench.call(fn);
    const grandchild = answerOf(idle) as number;
    assert.ok(isAlive(grandchild));
    let busy = 0;
    const started = Promise.withResolvers<void>();
    const spinning = bench.call(fn, { spin: true }, { onStart: (pid) => { busy = pid; started.resolve(); } });
    await started.promise;
    await bench.close();
    assert.equal((await spinning).outcome.kind, 'exit');
    for (const pid of [busy, grandchild, idle.environment?.pid ?? 0]) await until(() => !isAlive(pid), `process ${pid} is gone`);
  });

  it('what a function detached ends with its environment, also when the function left first', async function () {
    if (process.platform !== 'linux') this.skip();
    const bench = openWorkbench();
    try {
      bench.place.write('detach/index.js', `
const { spawn } = require('node:child_process');
exports.handler = async ({ leave }) => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true, stdio: 'ignore' });
  child.unref();
  console.log(child.pid);
  if (leave) process.exit(1);
};`);
      const fn = functionIn(bench.place, 'detach');
      const pids: number[] = [];
      const onLog = (text: string) => { if (/\tINFO\t\d+$/.test(text)) pids.push(Number(text.split('\t').at(-1))); };
      await bench.call(fn, { leave: true }, { onLog });
      await until(() => pids.length === 1 && !isAlive(pids[0] as number), 'the first is gone');
      await bench.call(fn, {}, { onLog });
      assert.ok(isAlive(pids[1] as number));
      bench.runner.retire('detach');
      await until(() => !isAlive(pids[1] as number), 'the second is gone');
    } finally {
      await bench.close();
    }
  });

  it('a kill -9 of the engine takes spinning functions along', async function () {
    if (process.platform === 'win32') this.skip();
    const engine = spawn(process.execPath, [fileURLToPath(new URL('engine-double.ts', import.meta.url))], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = await once(createInterface({ input: engine.stdout }), 'line') as [string];
    const { pid, root } = JSON.parse(line) as { pid: number; root: string };
    try {
      assert.ok(isAlive(pid));
      engine.kill('SIGKILL');
      await once(engine, 'exit');
      await until(() => !isAlive(pid), 'the spinning function is gone');
    } finally {
      engine.kill('SIGKILL');
      rmSync(root, { recursive: true, force: true });
    }
  });

  it('a supervisor that was killed is replaced', async function () {
    if (process.platform === 'win32') this.skip();
    const bench = openWorkbench();
    try {
      bench.place.write('parent/index.js', 'exports.handler = async () => process.ppid;');
      const fn = functionIn(bench.place, 'parent');
      const supervisor = answerOf(await bench.call(fn)) as number;
      process.kill(supervisor, 'SIGKILL');
      await until(() => bench.runner.processCount === 0, 'the environments are given up');
      assert.notEqual(answerOf(await bench.call(fn)), supervisor);
    } finally {
      await bench.close();
    }
  });
});
