/** Finds the program that runs a declared runtime: candidates are probed by running them. */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join, sep } from 'node:path';
import { promisify } from 'node:util';
import type { RunnableFunction } from '../contracts/functions.ts';
import type { EngineSettings } from '../contracts/settings.ts';

export interface Interpreter {
  /** Absolute path that the program itself reported. */
  binary: string;
  version: string;
}

export type InterpreterChoice = { kind: 'found'; interpreter: Interpreter; note?: string } | { kind: 'no-runtime'; message: string };

type Language = 'node' | 'python';

const run = promisify(execFile);
const windows = process.platform === 'win32';

/** `nodejs22.x` → node 22; `python3.13` → python 3.13; undefined for other languages. */
export function parseRuntime(runtime: string): { language: Language; version: string } | undefined {
  const node = /^nodejs(\d*)(\.x)?$/.exec(runtime);
  if (node) return { language: 'node', version: node[1] ?? '' };
  const python = /^python(\d+\.\d+)$/.exec(runtime);
  return python ? { language: 'python', version: python[1] as string } : undefined;
}

export class Interpreters {
  readonly #settings: () => EngineSettings;
  readonly #engineNode: string;
  readonly #probes = new Map<string, Promise<Interpreter | undefined>>();

  /** `engineNode` is the Node that runs the engine: the last candidate for Node functions. */
  constructor(settings: () => EngineSettings, engineNode: string) {
    this.#settings = settings;
    this.#engineNode = engineNode;
  }

  async choose(fn: RunnableFunction, workspaceFolders: readonly string[]): Promise<InterpreterChoice> {
    const { runtime } = fn.configuration;
    const parsed = parseRuntime(runtime);
    if (!parsed) {
      return { kind: 'no-runtime', message: `${runtime || 'A function without Runtime'} cannot be run here: nodejs*, python3.* and provided.* can (set Runtime in the template).` };
    }
    const { language, version } = parsed;
    const settings = this.#settings();
    const named = settings.runtimes[runtime] ?? settings.runtimes[language === 'node' ? 'nodejs' : 'python'];
    if (named !== undefined) {
      const interpreter = await this.#probe(language, named);
      if (interpreter) return this.#accept(runtime, version, interpreter);
      return { kind: 'no-runtime', message: `${named} (setting localLambda.runtimes) could not be run as ${language}: correct the setting.` };
    }
    const preferred = language === 'python' ? await this.#workspacePython(fn, settings, workspaceFolders) : undefined;
    if (preferred) return this.#accept(runtime, version, preferred);
    const found = (await Promise.all(this.#candidates(language, version).map((candidate) => this.#probe(language, candidate))))
      .filter((interpreter) => interpreter !== undefined);
    const nearest = found.toSorted((a, b) => distance(a.version, version) - distance(b.version, version))[0];
    if (nearest) return this.#accept(runtime, version, nearest);
    const label = language === 'node' ? 'Node.js' : 'Python';
    return {
      kind: 'no-runtime',
      message: `${label} is not installed, so ${fn.configuration.functionName} (${runtime}) cannot run: install it, or name its program in the setting localLambda.runtimes.`,
    };
  }

  #accept(runtime: string, version: string, interpreter: Interpreter): InterpreterChoice {
    if (matches(interpreter.version, version)) return { kind: 'found', interpreter };
    if (this.#settings().strictRuntimes) {
      return { kind: 'no-runtime', message: `${runtime} is not installed (the nearest is ${interpreter.version}) and localLambda.strictRuntimes refuses another version.` };
    }
    return { kind: 'found', interpreter, note: `${runtime} is not installed: version ${interpreter.version} ran it instead.` };
  }

  async #workspacePython(fn: RunnableFunction, settings: EngineSettings, folders: readonly string[]): Promise<Interpreter | undefined> {
    const root = folders.find((folder) => fn.configuration.code.folder === folder || fn.configuration.code.folder.startsWith(folder + sep));
    for (let folder = fn.configuration.code.folder; ; folder = dirname(folder)) {
      for (const name of ['.venv', 'venv', 'env']) {
        const binary = windows ? join(folder, name, 'Scripts', 'python.exe') : join(folder, name, 'bin', 'python');
        if (!existsSync(binary)) continue;
        const interpreter = await this.#probe('python', binary);
        if (interpreter) return interpreter;
      }
      if (root === undefined || folder === root || folder === dirname(folder)) break;
    }
    const chosen = root === undefined ? undefined : settings.pythonInterpreters[root];
    return chosen === undefined ? undefined : this.#probe('python', chosen);
  }

  #candidates(language: Language, version: string): string[] {
    const ending = windows ? '.exe' : '';
    const names = language === 'node' ? ['node'] : [`python${version}`, 'python3', 'python'];
    const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
    const candidates = folders.flatMap((folder) => names.map((name) => join(folder, name + ending)));
    if (language === 'node') {
      candidates.push(...versionManagers(), this.#engineNode);
    } else if (existsSync(join(homedir(), '.pyenv', 'versions'))) {
      candidates.push(...readdirSync(join(homedir(), '.pyenv', 'versions')).map((name) => join(homedir(), '.pyenv', 'versions', name, 'bin', 'python')));
    }
    return [...new Set(candidates)].filter((candidate) => existsSync(candidate));
  }

  #probe(language: Language, candidate: string): Promise<Interpreter | undefined> {
    let probe = this.#probes.get(candidate);
    if (!probe) {
      probe = runProbe(language, candidate).then((interpreter) => {
        // A program that could not be run may be there the next time.
        if (!interpreter) this.#probes.delete(candidate);
        return interpreter;
      });
      this.#probes.set(candidate, probe);
    }
    return probe;
  }
}

async function runProbe(language: Language, candidate: string): Promise<Interpreter | undefined> {
  const script = language === 'node'
    ? ['-p', 'JSON.stringify([process.execPath, process.versions.node])']
    : ['-c', 'import json, sys; print(json.dumps([sys.executable, "%d.%d.%d" % sys.version_info[:3]]))'];
  try {
    const { stdout } = await run(candidate, script, { timeout: 10_000, windowsHide: true });
    const [binary, version] = JSON.parse(stdout) as [string, string];
    // In a virtual environment sys.executable is the environment's own program, which is the one to run.
    return { binary: binary === '' ? candidate : binary, version };
  } catch {
    return undefined;
  }
}

function versionManagers(): string[] {
  const home = homedir();
  const roots: [string, string[]][] = [
    [join(process.env['NVM_DIR'] ?? join(home, '.nvm'), 'versions', 'node'), ['bin', 'node']],
    [join(home, '.local', 'share', 'fnm', 'node-versions'), ['installation', 'bin', 'node']],
    [join(home, '.volta', 'tools', 'image', 'node'), ['bin', 'node']],
    [join(home, '.asdf', 'installs', 'nodejs'), ['bin', 'node']],
  ];
  return roots.flatMap(([root, rest]) => (existsSync(root) ? readdirSync(root).map((name) => join(root, name, ...rest)) : []));
}

function matches(found: string, declared: string): boolean {
  return declared === '' || found === declared || found.startsWith(`${declared}.`);
}

/** How far two versions are apart; the same one is nearest, newer ones before older ones. */
function distance(found: string, declared: string): number {
  if (matches(found, declared)) return 0;
  const [a = 0, b = 0] = found.split('.').map(Number);
  const [c = 0, d = 0] = declared.split('.').map(Number);
  const gap = (a - c) * 100 + (declared.includes('.') ? b - d : 0);
  return gap >= 0 ? gap : -gap + 0.5;
}
