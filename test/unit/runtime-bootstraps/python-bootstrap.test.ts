/** What our Python bootstrap does beyond AWS's: the channel, output, files, memory, child processes. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { processes } from './bootstrap-process.ts';

describe('Python bootstrap', function () {
  this.timeout(60_000);
  const start = processes({ runtime: 'python3.13' });
  const source = (...lines: string[]) => `import os, sys\n\ndef handler(event, context):\n${lines.map((line) => `    ${line}\n`).join('')}`;
  const handler = (...lines: string[]) => start({ files: { 'index.py': source(...lines) } });

  it('takes the channel out of the environment before the function runs', async () => {
    const process = await handler('return [name for name in os.environ if name.startswith("LOCAL_LAMBDA")]');
    assert.deepEqual(await process.result(), []);
  });

  it('starts without json, logging, socket, traceback and importlib.util', async () => {
    const process = await start({ files: { 'index.py': `import sys\nloaded = [name for name in ("json", "logging", "socket", "traceback", "importlib.util") if name in sys.modules]\ndef handler(event, context):\n    return loaded\n` }, binaryArguments: ['-S'] });
    assert.deepEqual(await process.result(), []);
  });

  it('searches the function\'s folder first, and keeps its own names out of the way', async () => {
    const process = await start({ files: {
      'index.py': source('import bootstrap, lambda_context, lambda_faults', 'return [sys.path[0], bootstrap.own, lambda_context.own, lambda_faults.own]'),
      'bootstrap.py': 'own = 1', 'lambda_context.py': 'own = 2', 'lambda_faults.py': 'own = 3',
    } });
    assert.deepEqual(await process.result(), [process.folder, 1, 2, 3]);
  });

  it('has what AWS\'s runtime has loaded before the function\'s folder is searched, whatever stands there', async () => {
    const process = await start({ files: {
      'index.py': 'import json, types\nfrom decimal import Decimal\n\ndef handler(event, context):\n    return [json.dumps(event), Decimal("1.5"), hasattr(types, "own")]\n',
      'json.py': 'own = 1', 'types.py': 'own = 1', 'traceback.py': 'own = 1', 'decimal.py': 'own = 1', 're.py': 'own = 1', 'logging/__init__.py': 'own = 1',
    } });
    assert.deepEqual(await process.result({ a: 1 }), ['{"a": 1}', 1.5, false]);
  });

  it('sends output in the order it was written, before the answer', async () => {
    const process = await handler('print("a", end="")', 'sys.stderr.write("é")', 'sys.stdout.buffer.write(b"c")', 'print("d", flush=True)');
    await process.invoke();
    assert.equal(process.timeline.join('|'), '<ready>|a|2:é|c|d|\n|<response>');
    assert.equal(process.raw, '');
  });

  it('has streams that behave as text streams do', async () => {
    const process = await handler(
      'sys.stdout.reconfigure(line_buffering=True)', 'sys.stdout.writelines(["a", "\\n"])', 'print("\\ud800")',
      'import contextlib, io', 'with contextlib.redirect_stdout(io.StringIO()) as text:', '    print("caught")',
      'return [sys.stdout.isatty(), sys.stdout.encoding, sys.stdout.writable(), sys.stdout.name, sys.stdout.fileno(), text.getvalue()]',
    );
    assert.deepEqual(await process.result(), [false, 'utf-8', true, '<stdout>', 1, 'caught\n']);
    assert.equal(process.logs, 'a\n\\ud800\n');
  });

  it('leaves output behind when the handler ends the process', async () => {
    const process = await handler('print("last words", end="")', 'os._exit(7)');
    assert.deepEqual(await process.invoke(), { kind: 'exit', payload: '', code: 7 });
    assert.equal(process.logs, 'last words');
  });

  it('shows the message of sys.exit', async () => {
    const process = await handler('sys.exit("giving up")');
    assert.deepEqual(await process.invoke(), { kind: 'exit', payload: '', code: 1 });
    assert.equal(process.timeline.slice(1).join(''), '2:giving up2:\n');
  });

  it('reports endless recursion and lives on', async () => {
    const process = await handler('return handler(event, context)');
    const fault = await process.result<{ errorType: string; stackTrace: string[] }>();
    assert.equal(fault.errorType, 'RecursionError');
    assert.ok(fault.stackTrace.some((line) => /Previous line repeated \d+ more times/.test(line)));
    assert.equal((await process.invoke()).errorType, 'RecursionError');
  });

  it('reports an exception that has no text', async () => {
    const process = await start({ files: { 'index.py': 'class Mute(Exception):\n    def __str__(self):\n        raise ValueError()\n\ndef handler(event, context):\n    raise Mute()\n' } });
    const fault = await process.result();
    assert.deepEqual([fault['errorType'], fault['errorMessage']], ['Mute', '<unprintable Mute object>']);
  });

  it('keeps its memory through 100 MB of output, all of which arrives', async () => {
    const process = await handler(
      'line = "x" * 9_999 + "\\n"', 'for _ in range(10_000):', '    sys.stdout.write(line)', 'sys.stdout.write("y" * 1_000_000)',
      'import resource', 'return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss',
    );
    await process.result();
    assert.equal(process.logs.length, 101_000_000);
    assert.ok(Math.max(...process.memory) < 200 * 1024 * 1024, String(process.memory));
  });

  it('takes events of 6 MB and sends responses of any size whole', async () => {
    const process = await handler('return event["text"] * event["repeat"] if "repeat" in event else len(event["text"])');
    assert.equal(await process.result({ text: 'é'.repeat(3_000_000) }), 3_000_000);
    assert.deepEqual(await process.invoke({ text: 'x'.repeat(1000), repeat: 8000 }), { kind: 'too-large', payload: '', bytes: 8_000_002 });
    assert.equal((await process.result<string>({ text: 'x'.repeat(1000), repeat: 6000 })).length, 6_000_000, 'and the channel is in step');
  });

  it('answers decimals as numbers, digit by digit', async () => {
    const process = await handler('from decimal import Decimal', 'return {"price": Decimal("10.50"), "many": [Decimal("1E+3"), 1]}');
    assert.equal((await process.invoke()).payload, '{"price": 10.50, "many": [1E+3, 1]}');
  });

  it('answers bytes as they are', async () => {
    assert.equal((await (await handler('return b\'{"raw": 1}\'')).invoke()).payload, '{"raw": 1}');
  });

  it('escapes what is not ASCII up to python3.11 only', async () => {
    const files = { 'index.py': source('return "é"') };
    assert.equal((await (await start({ files })).invoke()).payload, '"é"');
    assert.equal((await (await start({ files, runtime: 'python3.11' })).invoke()).payload, '"\\u00e9"');
  });

  it('tells with an answer that child processes may have printed, and with no other', async () => {
    const process = await start({ files: { 'index.py': 'def handler(event, context):\n    if event.get("child"):\n        import subprocess\n        subprocess.run(["echo", "from a child"])\n' } });
    await process.invoke({});
    assert.equal(process.rawAnswers, 0);
    await process.invoke({ child: true });
    assert.equal(process.rawAnswers, 1);
  });

  it('ends when the engine goes away', async () => {
    const process = await handler('pass');
    await process.init;
    process.disconnect();
    assert.equal(await process.exit, 0);
  });

  it('ends in the middle of a handler that writes when the engine has gone', async () => {
    const process = await handler('while True:', '    print("still here")');
    const running = process.nextLog();
    void process.invoke();
    await running;
    process.disconnect();
    assert.equal(await process.exit, 1);
  });

  it('tells which files of the function are loaded, and again when there are more', async () => {
    const process = await start({ files: { 'index.py': 'import first\n\ndef handler(event, context):\n    if event.get("more"):\n        from pkg import second\n', 'first.py': '', 'pkg/__init__.py': '', 'pkg/second.py': '' } });
    await process.init;
    assert.deepEqual(process.files, [['first.py', 'index.py'].map((name) => join(process.folder, name))]);
    await process.invoke();
    const more = process.nextFiles();
    await process.invoke({ more: true });
    const names = (await more).map((file) => file.slice(process.folder.length + 1));
    assert.deepEqual(names, ['first.py', 'index.py', join('pkg', '__init__.py'), join('pkg', 'second.py')]);
  });

  it('reports its memory with an answer, not with every one', async function () {
    if (process.platform === 'win32') this.skip();
    const one = await handler('pass');
    for (let n = 0; n < 20; n++) await one.invoke();
    assert.ok(one.memory.length > 0 && one.memory.length < 20, String(one.memory.length));
    assert.ok(one.memory[0]! > 3 * 1024 * 1024 && one.memory[0]! < 60 * 1024 * 1024, String(one.memory[0]));
  });

  it('keeps the lines of many threads whole', async () => {
    const process = await handler(
      'import threading', 'def work(n):', '    for _ in range(50):', '        sys.stdout.write(str(n) * 300_000 + "\\n")',
      'threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]', '[thread.start() for thread in threads]', '[thread.join() for thread in threads]',
    );
    assert.equal((await process.invoke()).kind, 'response');
    assert.equal(process.logs.length, 4 * 50 * 300_001);
  });

  it('lets forked children write without getting into its frames', async function () {
    if (process.platform === 'win32') this.skip();
    const one = await handler(
      'child = os.fork()', 'if child == 0:', '    print("from the child", flush=True)', '    os._exit(0)', 'os.waitpid(child, 0)', 'print("from the parent")', 'return child > 0',
    );
    assert.equal(await one.result(), true);
    await one.invoke();
    assert.equal(one.logs, 'from the parent\n'.repeat(2));
    assert.equal(one.raw, 'from the child\n'.repeat(2));
  });

  it('answers once when a forked child comes back out of the handler too', async function () {
    if (globalThis.process.platform === 'win32') this.skip();
    const process = await start({ files: { 'index.py': 'import os\ndef handler(event, context):\n    if event.get("fork"):\n        if os.fork() == 0 and event.get("fail"):\n            raise ValueError("in the child")\n    return os.getpid()\n' } });
    const own = await process.result<number>();
    for (const event of [{ fork: true }, { fork: true, fail: true }]) {
      assert.equal(await process.result<number>(event), own);
      assert.equal(await process.result<number>(), own);
    }
  });

  it('lets multiprocessing start a fresh interpreter', async () => {
    const process = await start({ files: { 'index.py': [
      'import multiprocessing', '', 'def double(n):', '    return n * 2', '', 'def handler(event, context):',
      '    with multiprocessing.get_context("spawn").Pool(1) as pool:', '        return pool.map(double, [1, 2])', '',
    ].join('\n') } });
    assert.deepEqual(await process.result(), [2, 4]);
  });
});
