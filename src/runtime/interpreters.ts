/** Finds the program that runs a declared runtime: candidates are probed by running them. */
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join, sep } from 'node:path';
import type { RunnableFunction } from '../contracts/functions.ts';
import type { Logger } from '../contracts/logger.ts';
import type { EngineSettings } from '../contracts/settings.ts';
import { InterpreterProbe } from './interpreter-probe.ts';

export interface Interpreter {
  /** Absolute path that the program itself reported. */
  binary: string;
  version: string;
}

export type InterpreterChoice = { kind: 'found'; interpreter: Interpreter; note?: string } | { kind: 'no-runtime'; message: string };

export type Language = 'node' | 'python';

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
  readonly #probe: InterpreterProbe;

  /** `engineNode` is the Node that runs the engine, which needs no probe. What others answer is kept in `dataFolder`. */
  constructor(settings: () => EngineSettings, engineNode: string, dataFolder: string, logger: Logger) {
    this.#settings = settings;
    this.#engineNode = engineNode;
    this.#probe = new InterpreterProbe(dataFolder, logger);
  }

  /** Resolves when nothing is being written any more. */
  async close(): Promise<void> {
    await this.#probe.settled();
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
      const interpreter = await this.#probe.ask(named, language, fn.configuration.code.folder);
      if (interpreter) return this.#accept(runtime, version, interpreter);
      return { kind: 'no-runtime', message: `${named} (setting localLambda.runtimes) could not be run as ${language}: correct the setting.` };
    }
    const preferred = language === 'python' ? await this.#workspacePython(fn, settings, workspaceFolders) : undefined;
    if (preferred) return this.#accept(runtime, version, preferred);
    let nearest: Interpreter | undefined;
    for (const group of this.#candidates(language, version)) {
      const answers = await Promise.all(group.map(async (candidate) => this.#ask(language, candidate, fn.configuration.code.folder)));
      nearest = [...(nearest ? [nearest] : []), ...answers.filter((answer) => answer !== undefined)]
        .toSorted((one, other) => distance(one.version, version) - distance(other.version, version))[0];
      if (nearest && matches(nearest.version, version)) break;
    }
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
        const interpreter = await this.#probe.ask(binary, 'python', folder);
        if (interpreter) return interpreter;
      }
      if (root === undefined || folder === root || folder === dirname(folder)) break;
    }
    const chosen = root === undefined ? undefined : settings.pythonInterpreters[root];
    return chosen === undefined ? undefined : this.#probe.ask(chosen, 'python', fn.configuration.code.folder);
  }

  /** Likely places first: later groups are asked only when nothing exact was found before. */
  #candidates(language: Language, version: string): string[][] {
    const ending = windows ? '.exe' : '';
    const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
    const onPath = (...names: string[]) => folders.flatMap((folder) => names.map((name) => join(folder, name + ending)));
    const pyenv = join(process.env['PYENV_ROOT'] ?? join(homedir(), '.pyenv'), 'versions');
    const groups = language === 'node'
      ? [[this.#engineNode], onPath('node'), versionManagers()]
      : [onPath(`python${version}`), onPath('python3', 'python'), existsSync(pyenv) ? readdirSync(pyenv).map((name) => join(pyenv, name, 'bin', 'python')) : []];
    return groups.map((group) => [...new Set(group)].filter((candidate) => existsSync(candidate)));
  }

  async #ask(language: Language, candidate: string, folder: string): Promise<Interpreter | undefined> {
    if (language === 'node' && candidate === this.#engineNode && candidate === process.execPath) {
      return { binary: candidate, version: process.versions.node };
    }
    return this.#probe.ask(candidate, language, folder);
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
