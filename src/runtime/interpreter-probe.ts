/** Asks binaries for their version by running them, and remembers the answers while the binary stays the same file. */
import { execFile } from 'node:child_process';
import { mkdir, readFile, realpath, rename, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Logger } from '../contracts/logger.ts';
import type { Interpreter, Language } from './interpreters.ts';

/** A binary that has not said its version by then is passed over, in milliseconds. */
const probeLimit = 10_000;

/** What a shim answers may change with files elsewhere, and what failed may be mended: such answers are good for this long. */
const passingLife = 30_000;

/** Asked with `-S`: what site-packages would load makes the answer later and no different. */
const pythonQuestion = 'import sys; print(sys.executable); print(".".join(map(str, sys.version_info[:3])))';
const nodeQuestion = 'console.log(process.execPath + "\\n" + process.versions.node)';

interface Remembered extends Interpreter {
  /** Of the binary, at the time it was asked. */
  mtimeMs: number;
}

export class InterpreterProbe {
  readonly #file: string;
  readonly #logger: Logger;
  #remembered: Promise<Map<string, Remembered>> | undefined;
  readonly #running = new Map<string, Promise<Interpreter | undefined>>();
  /** Answers that are not kept on disk. */
  readonly #passing = new Map<string, { answer: Interpreter | undefined; mtimeMs: number; until: number }>();
  #saving: Promise<void> = Promise.resolve();
  #saveFailed = false;

  /** Answers are kept in `interpreters.json` of the data folder. */
  constructor(dataFolder: string, logger: Logger) {
    this.#file = join(dataFolder, 'interpreters.json');
    this.#logger = logger;
  }

  /**
   * What `path` is, or `undefined` when it cannot be run as `language`. `folder` is where it is asked: shims of version
   * managers answer by folder.
   */
  async ask(path: string, language: Language, folder: string): Promise<Interpreter | undefined> {
    const key = `${language} ${path} ${folder}`;
    let running = this.#running.get(key);
    if (!running) {
      running = this.#ask(path, language, folder).finally(() => this.#running.delete(key));
      this.#running.set(key, running);
    }
    return running;
  }

  /** Resolves when what was learnt is on disk. */
  async settled(): Promise<void> {
    await this.#saving;
  }

  async #ask(path: string, language: Language, folder: string): Promise<Interpreter | undefined> {
    let mtimeMs: number;
    try {
      ({ mtimeMs } = await stat(path));
    } catch {
      // The place exists in theory only.
      return undefined;
    }
    const remembered = await (this.#remembered ??= this.#load());
    const known = remembered.get(`${language} ${path}`);
    if (known?.mtimeMs === mtimeMs) return { binary: known.binary, version: known.version };
    const key = `${language} ${path} ${folder}`;
    const passing = this.#passing.get(key);
    if (passing?.mtimeMs === mtimeMs && performance.now() < passing.until) return passing.answer;
    const answer = await this.#run(path, language, folder);
    // What a shim runs depends on the folder and on the version manager's own files.
    if (!answer || !await sameProgram(path, answer.binary)) {
      this.#passing.set(key, { answer, mtimeMs, until: performance.now() + passingLife });
    } else {
      remembered.set(`${language} ${path}`, { ...answer, mtimeMs });
      this.#saving = this.#saving.then(() => this.#save(remembered));
    }
    return answer;
  }

  async #run(path: string, language: Language, folder: string): Promise<Interpreter | undefined> {
    const environment: NodeJS.ProcessEnv = { ...process.env, ELECTRON_RUN_AS_NODE: '1' };
    delete environment.NODE_OPTIONS;
    const parameters = language === 'python' ? ['-S', '-c', pythonQuestion] : ['-e', nodeQuestion];
    const output = await new Promise<string | undefined>((resolve) => {
      execFile(path, parameters, { cwd: folder, env: environment, timeout: probeLimit, windowsHide: true }, (error, stdout) => {
        if (error) this.#logger.debug(`${path} could not be run as ${language}: ${error.message}`);
        resolve(error ? undefined : stdout);
      });
    });
    const [executable, version] = output?.split(/\r?\n/) ?? [];
    if (!executable || !version || !/^\d+\.\d+\.\d+$/.test(version)) return undefined;
    return { binary: executable, version };
  }

  async #load(): Promise<Map<string, Remembered>> {
    try {
      return new Map(Object.entries(JSON.parse(await readFile(this.#file, 'utf8')) as Record<string, Remembered>));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.#logger.debug(`${this.#file} is not usable and will be written again.`);
      return new Map();
    }
  }

  async #save(remembered: ReadonlyMap<string, Remembered>): Promise<void> {
    const temporary = `${this.#file}.${process.pid}`;
    try {
      await mkdir(dirname(this.#file), { recursive: true });
      await writeFile(temporary, JSON.stringify(Object.fromEntries(remembered)));
      await rename(temporary, this.#file);
    } catch (error) {
      if (!this.#saveFailed) this.#logger.warn(`${this.#file} could not be written, so interpreters will be asked again at the next start: ${(error as Error).message}`);
      this.#saveFailed = true;
    }
  }
}

/** False for shims: they answer with the path of another program. */
async function sameProgram(path: string, executable: string): Promise<boolean> {
  if (path === executable) return true;
  try {
    // A virtual environment's python is a link too, but reports itself by its own folder.
    return await realpath(path) === await realpath(executable) && basename(dirname(path)) !== 'shims';
  } catch {
    return false;
  }
}
