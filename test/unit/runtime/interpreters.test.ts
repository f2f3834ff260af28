import assert from 'node:assert/strict';
import { appendFileSync, chmodSync, existsSync, readFileSync, symlinkSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { InterpreterProbe } from '../../../src/runtime/interpreter-probe.ts';
import { Interpreters } from '../../../src/runtime/interpreters.ts';
import { defaultSettings } from '../../../src/contracts/default-settings.ts';
import type { EngineSettings } from '../../../src/contracts/settings.ts';
import { functionIn, KeptLogger, Place } from './fixture.ts';

const major = process.versions.node.split('.')[0] as string;

describe('Interpreters', function () {
  before(function () {
    // The doubles are scripts with a first line that names their interpreter.
    if (process.platform === 'win32') this.skip();
  });

  let place: Place;
  let path: string | undefined;
  beforeEach(() => {
    place = new Place();
    path = process.env.PATH;
  });
  afterEach(() => {
    process.env.PATH = path;
    place.dispose();
  });

  /** A program that answers like a Python or a Node of some version and notes that it was asked. */
  const double = (name: string, version: string, executable?: string) => {
    const file = place.path(name);
    place.write(name, `#!/bin/sh\necho asked >> "${place.path('asked')}"\necho "${executable ?? file}"\necho ${version}\n`, 0o755);
    return file;
  };
  const asked = () => (existsSync(place.path('asked')) ? readFileSync(place.path('asked'), 'utf8').trim().split('\n').length : 0);
  const choose = async (runtime: string, settings: Partial<EngineSettings> = {}, name = 'fn') => {
    place.write(`${name}/readme`, '');
    const interpreters = new Interpreters(() => ({ ...defaultSettings, ...settings }), process.execPath, place.path('.data'), new KeptLogger());
    const choice = await interpreters.choose(functionIn(place, name, { runtime }), [place.root]);
    await interpreters.close();
    return choice;
  };

  it('the engine\'s own Node runs its version without being asked, and others with a note', async () => {
    process.env.PATH = '';
    assert.deepEqual(await choose(`nodejs${major}.x`), { kind: 'found', interpreter: { binary: process.execPath, version: process.versions.node } });
    const other = await choose('nodejs99.x');
    assert.equal(other.kind, 'found');
    assert.match((other as { note: string }).note, /nodejs99\.x is not installed.*\d+\.\d+\.\d+/);
  });

  it('strict mode refuses another version by name of the setting', async () => {
    process.env.PATH = '';
    const choice = await choose('nodejs99.x', { strictRuntimes: true });
    assert.equal(choice.kind, 'no-runtime');
    assert.match((choice as { message: string }).message, /nodejs99\.x is not installed.*localLambda\.strictRuntimes/);
  });

  it('takes the exact version from PATH, else the nearest', async () => {
    double('bin/python3.12', '3.12.4');
    double('bin/python3', '3.9.1');
    process.env.PATH = place.path('bin') + ':/bin';
    const exact = await choose('python3.12');
    assert.deepEqual(exact, { kind: 'found', interpreter: { binary: place.path('bin', 'python3.12'), version: '3.12.4' } });
    process.env.PATH = place.path('bin');
    const nearest = await choose('python3.9');
    assert.equal((nearest as { interpreter: { version: string } }).interpreter.version, '3.9.1');
  });

  it('a virtual environment of the workspace goes before PATH', async () => {
    double('bin/python3.13', '3.13.0');
    const own = double('.venv/bin/python', '3.13.1');
    process.env.PATH = place.path('bin') + ':/bin';
    assert.deepEqual(await choose('python3.13'), { kind: 'found', interpreter: { binary: own, version: '3.13.1' } });
  });

  it('the interpreter that the Python extension has chosen for the folder goes before PATH, a virtual environment before it', async () => {
    const chosen = double('elsewhere/python', '3.9.2');
    process.env.PATH = place.path('bin');
    double('bin/python3.13', '3.13.1');
    const settings = { pythonInterpreters: { [place.root]: chosen } };
    const first = await choose('python3.13', settings);
    assert.equal(first.kind === 'found' && first.interpreter.binary, chosen);
    const own = double('.venv/bin/python', '3.12.3');
    const second = await choose('python3.13', settings);
    assert.equal(second.kind === 'found' && second.interpreter.binary, own);
  });

  it('a setting goes before everything, and a wrong one says so', async () => {
    const named = double('mine', '3.13.7');
    double('.venv/bin/python', '3.13.1');
    assert.deepEqual(await choose('python3.13', { runtimes: { python: named } }), { kind: 'found', interpreter: { binary: named, version: '3.13.7' } });
    const wrong = await choose('python3.13', { runtimes: { 'python3.13': place.path('missing') } });
    assert.equal(wrong.kind, 'no-runtime');
    assert.match((wrong as { message: string }).message, /missing.*localLambda\.runtimes/);
  });

  for (const runtime of ['java21', 'dotnet8', 'ruby3.4', 'go1.x']) {
    it(`${runtime} is refused in one sentence that says what can run`, async () => {
      const choice = await choose(runtime);
      assert.equal(choice.kind, 'no-runtime');
      assert.match((choice as { message: string }).message, new RegExp(`${runtime.replace('.', '\\.')}.*provided`));
    });
  }

  it('a language that is not installed is named together with its setting', async () => {
    process.env.PATH = place.path('nothing');
    const home = process.env.PYENV_ROOT;
    process.env.PYENV_ROOT = place.path('nothing');
    try {
      const choice = await choose('python3.13');
      assert.equal(choice.kind, 'no-runtime');
      assert.match((choice as { message: string }).message, /Python is not installed.*localLambda\.runtimes/);
    } finally {
      if (home === undefined) delete process.env.PYENV_ROOT;
      else process.env.PYENV_ROOT = home;
    }
  });

  describe('probe', () => {
    const probe = () => new InterpreterProbe(place.path('.data'), new KeptLogger());
    const ask = async (file: string, by = probe()) => {
      const answer = await by.ask(file, 'python', place.root);
      await by.settled();
      return answer;
    };

    it('asks a binary once, also over restarts, until the file changes', async () => {
      const file = double('python', '3.13.0');
      for (let n = 0; n < 3; n += 1) assert.deepEqual(await ask(file), { binary: file, version: '3.13.0' });
      assert.equal(asked(), 1);
      appendFileSync(file, '\n');
      utimesSync(file, new Date(), new Date(Date.now() + 5000));
      await ask(file);
      assert.equal(asked(), 2);
    });

    it('a shim answers with the real binary and is asked again after a restart', async () => {
      const real = double('versions/python3.13', '3.13.0');
      const shim = double('shims/python3.13', '3.13.0', real);
      assert.deepEqual(await ask(shim), { binary: real, version: '3.13.0' });
      await ask(shim);
      assert.equal(asked(), 2);
      const one = probe();
      await ask(shim, one);
      await ask(shim, one);
      assert.equal(asked(), 3);
    });

    it('what cannot be run, or answers something else, is nothing', async () => {
      const broken = place.write('broken', 'no program', 0o644);
      const other = double('other', 'hello');
      symlinkSync(place.path('gone'), place.path('dangling'));
      for (const file of [broken, other, place.path('dangling'), place.path('absent')]) assert.equal(await ask(file), undefined);
    });

    it('goes on when its memory is damaged', async () => {
      place.write(join('.data', 'interpreters.json'), '{ "half');
      const file = double('python', '3.13.0');
      chmodSync(file, 0o755);
      assert.deepEqual(await ask(file), { binary: file, version: '3.13.0' });
      assert.ok(JSON.parse(readFileSync(place.path('.data', 'interpreters.json'), 'utf8')));
    });
  });
});
