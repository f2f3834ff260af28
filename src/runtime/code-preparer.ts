/** Turns a function into something that can be started, and notices when that is out of date. */
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, extname, join, relative, resolve, sep } from 'node:path';
import { UserError } from '../contracts/faults.ts';
import type { FunctionConfiguration, RunnableFunction } from '../contracts/functions.ts';
import type { Logger } from '../contracts/logger.ts';
import type { RealAwsAccess } from '../contracts/real-aws.ts';
import type { EngineSettings } from '../contracts/settings.ts';
import { missingCode } from './code-folder.ts';
import { FolderWatcher } from './code-watcher.ts';
import { environmentFilesOf, functionEnvironment, readEnvironmentFiles, type EndpointContext } from './process-environment.ts';
import { HandlerBundle, isTypeScript, moduleGraph, stopEsbuild } from './esbuild-bundle.ts';
import { Interpreters, parseRuntime } from './interpreters.ts';
import type { CodePreparer, PreparationFailure, PreparedCode } from './prepared-code.ts';
import { SharedLooks } from './shared-looks.ts';

export interface CodePreparerOptions {
  dataFolder: string;
  settings: () => EngineSettings;
  endpoint: () => EndpointContext;
  /** Services of AWS itself that functions reach; undefined for none. @throws UserError when the profile gives no credentials. */
  realAws: () => Promise<RealAwsAccess | undefined>;
  workspaceFolders: () => readonly string[];
  bootstrapFolder: string;
  /** The Node that runs the engine. */
  engineNode: string;
  logger: Logger;
}

interface Entry {
  fn: RunnableFunction;
  settings: EngineSettings;
  endpoint: string;
  realAws?: RealAwsAccess | undefined;
  prepared?: PreparedCode;
  /** Source files and their time stamps. */
  inputs: Map<string, Stamp>;
  /** False until it is known which source files matter: then every source of the folder does. */
  graphKnown: boolean;
  dirty: boolean;
  /** Counts changes of files that are read at run time. */
  generation: number;
  bundle?: HandlerBundle;
  work?: Promise<PreparedCode | PreparationFailure>;
}

const sourceExtensions = new Set(['.js', '.mjs', '.cjs', '.jsx', '.ts', '.mts', '.cts', '.tsx', '.py']);
/** Files of a code folder that no function reads. */
const indifferent = /(^|[\\/])(template\.(ya?ml|json)|samconfig\.toml|serverless\.ya?ml|README[^\\/]*|[^\\/]*\.(log|md|map|pyc|swp|tmp)|[^\\/]*~|package-lock\.json|\.[^\\/]*)$/i;
/** Bursts of changes within this many milliseconds are one change. */
const burst = 30;
/** More input files than these are looked at together for all calls that come at once. */
const fewFiles = 16;
/** AWS gives the heap about this part of MemorySize. */
const heapShare = 0.9;

export function createCodePreparer(options: CodePreparerOptions): CodePreparer {
  return new Preparer(options);
}

class Preparer implements CodePreparer {
  readonly #options: CodePreparerOptions;
  readonly #interpreters: Interpreters;
  readonly #entries = new Map<string, Entry>();
  readonly #looks = new SharedLooks<PreparedCode | undefined>();
  readonly #watchers = new Map<string, FolderWatcher>();
  readonly #listeners = new Set<(functionName: string) => void>();
  readonly #changed = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: CodePreparerOptions) {
    this.#options = options;
    this.#interpreters = new Interpreters(options.settings, options.engineNode, options.dataFolder, options.logger);
  }

  fresh(fn: RunnableFunction): PreparedCode | undefined {
    const entry = this.#entries.get(keyOf(fn));
    return entry && entry.inputs.size <= fewFiles && this.#isFresh(entry, fn) ? entry.prepared : undefined;
  }

  async prepare(fn: RunnableFunction): Promise<PreparedCode | PreparationFailure> {
    const key = keyOf(fn);
    let entry = this.#entries.get(key);
    if (entry) {
      const known = entry;
      const unchanged = await this.#looks.at(key, () => (isUnchanged(known.inputs) ? known.prepared : undefined));
      if (unchanged && unchanged === entry.prepared && this.#isCurrent(entry, fn)) return unchanged;
    }
    if (entry?.work && entry.fn.revisionId === fn.revisionId) {
      // What is being prepared may have read a file just before it was saved: look again when it is done.
      await entry.work;
      if (this.#isFresh(entry, fn)) return entry.prepared as PreparedCode;
    }
    const settings = this.#options.settings();
    if (entry && entry.fn.configuration.code.handlerFile !== fn.configuration.code.handlerFile) {
      await entry.bundle?.dispose();
      delete entry.bundle;
    }
    entry ??= { fn, settings, endpoint: '', inputs: new Map(), graphKnown: false, dirty: false, generation: 0 };
    entry.fn = fn;
    entry.settings = settings;
    entry.endpoint = this.#options.endpoint().endpoint;
    entry.dirty = false;
    this.#entries.set(key, entry);
    const work = this.#prepare(entry).then((result) => {
      if (result.kind === 'ready') entry.prepared = result;
      else delete entry.prepared;
      return result;
    }).finally(() => { if (entry.work === work) delete entry.work; });
    entry.work = work;
    return work;
  }

  noteLoadedFiles(fn: RunnableFunction, codeRevision: string, files: readonly string[]): void {
    const entry = this.#entries.get(keyOf(fn));
    if (entry?.prepared?.codeRevision !== codeRevision) return;
    for (const file of files) {
      if (file.startsWith(this.#options.dataFolder) || file.includes(`${sep}node_modules${sep}`)) continue;
      if (!entry.inputs.has(file)) entry.inputs.set(file, stamp(file));
    }
    if (fn.configuration.runtime.startsWith('python')) entry.graphKnown = true;
  }

  onDidChange(listener: (functionName: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  forget(functionName: string): void {
    for (const [key, entry] of this.#entries) {
      if (entry.fn.configuration.functionName !== functionName) continue;
      void entry.bundle?.dispose();
      this.#entries.delete(key);
    }
    const used = new Set([...this.#entries.values()].flatMap(({ fn: { configuration } }) => [configuration.code.folder, ...configuration.layers]));
    for (const [folder, watcher] of this.#watchers) {
      if (used.has(folder)) continue;
      watcher.close();
      this.#watchers.delete(folder);
    }
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
    await Promise.all([...this.#entries.values()].map((entry) => entry.bundle?.dispose()));
    this.#entries.clear();
    await Promise.all([stopEsbuild(), this.#interpreters.close()]);
  }

  #isFresh(entry: Entry, fn: RunnableFunction): boolean {
    return this.#isCurrent(entry, fn) && isUnchanged(entry.inputs);
  }

  #isCurrent(entry: Entry, fn: RunnableFunction): boolean {
    return entry.prepared !== undefined && !entry.dirty && entry.fn.revisionId === fn.revisionId && entry.settings === this.#options.settings()
      && entry.endpoint === this.#options.endpoint().endpoint && (entry.realAws?.expiresAt ?? Infinity) > Date.now();
  }

  async #prepare(entry: Entry): Promise<PreparedCode | PreparationFailure> {
    const { fn } = entry;
    const { configuration } = fn;
    if (configuration.packageType === 'Image') {
      return { kind: 'no-runtime', message: `${configuration.functionName} is a container image: only functions with PackageType Zip run here.` };
    }
    const folder = configuration.code.inline === undefined ? configuration.code.folder : this.#writeInline(fn);
    const missing = missingCode(configuration);
    if (missing !== undefined) return { kind: 'build-error', message: missing, details: [] };
    this.#watch(folder, false);
    for (const layer of configuration.layers) this.#watch(layer, true);
    const settings = this.#options.settings();
    const files = environmentFilesOf(fn, settings);
    let texts: string[];
    try {
      texts = readEnvironmentFiles(files);
    } catch (error) {
      return { kind: 'build-error', message: `The environment file of ${configuration.functionName} cannot be read (setting localLambda.environmentFiles): ${(error as Error).message}`, details: [] };
    }
    try {
      entry.realAws = await this.#options.realAws();
    } catch (error) {
      if (error instanceof UserError) return { kind: 'no-runtime', message: error.message };
      throw error;
    }
    const { realAws } = entry;
    const inputs = new Map(files.map((file) => [file, stamp(file)]));
    const { variables, refused } = functionEnvironment({
      fn, settings, endpoint: this.#options.endpoint(), taskRoot: folder, handler: configuration.handler, runtimeFolder: this.#options.bootstrapFolder, files: texts,
      ...(realAws === undefined ? {} : { realAws }),
    });
    const notes = notesOn(configuration, refused);
    if (configuration.runtime.startsWith('provided')) return this.#provided(entry, folder, variables, inputs, notes);
    const choice = await this.#interpreters.choose(fn, this.#options.workspaceFolders());
    if (choice.kind !== 'found') return choice;
    const { binary, version } = choice.interpreter;
    const note = noteOf(choice.note, realAws?.note, ...notes);
    const wrapper = wrapperOf(variables['AWS_LAMBDA_EXEC_WRAPPER'], folder, configuration.layers);
    if (wrapper.wrapper !== undefined) inputs.set(wrapper.wrapper, stamp(wrapper.wrapper));
    if (parseRuntime(configuration.runtime)?.language === 'python') {
      const source = configuration.code.handlerFile;
      if (source !== undefined) inputs.set(source, stamp(source));
      for (const [file] of entry.inputs) inputs.set(file, stamp(file));
      entry.inputs = inputs;
      return { kind: 'ready', flavor: 'python', binary, binaryVersion: version, binaryArguments: ['-u'], taskRoot: folder, handler: configuration.handler,
        environment: variables, codeRevision: revisionOf(entry, binary, texts), ...wrapper, ...note };
    }
    const source = configuration.code.handlerFile ?? findModule(folder, configuration.handler);
    let handlerFile: string | undefined;
    const graph = source === undefined || isTypeScript(source) ? undefined : await moduleGraph(source);
    if (source !== undefined && (isTypeScript(source) || graph?.needsBundle)) {
      const hash = createHash('sha256').update(`${keyOf(fn)}\0${source}`).digest('hex').slice(0, 16);
      entry.bundle ??= new HandlerBundle(source, join(this.#options.dataFolder, 'bundles', hash));
      // Stamps are taken before reading, so that an edit during the build is seen as one after it.
      const before = new Map([...entry.inputs.keys(), source].map((file) => [file, stamp(file)]));
      const result = await entry.bundle.build();
      if (result.kind === 'failed') return { kind: 'build-error', message: result.message, details: result.details };
      for (const file of result.inputs) if (!file.includes(`${sep}node_modules${sep}`)) inputs.set(file, before.get(file) ?? stamp(file));
      handlerFile = result.file;
      entry.graphKnown = true;
    } else if (source !== undefined) {
      entry.graphKnown = graph !== undefined;
      for (const file of graph?.files ?? [source]) inputs.set(file, stamp(file));
      if (configuration.code.handlerFile !== undefined) handlerFile = source;
    }
    entry.inputs = inputs;
    // A bundle is built here, or was when its version was published.
    const heap = Math.max(64, Math.floor(configuration.memorySize * heapShare));
    return {
      kind: 'ready', flavor: 'node', binary, binaryVersion: version, taskRoot: folder, handler: configuration.handler,
      binaryArguments: [`--max-old-space-size=${heap}`, ...(handlerFile !== undefined && (handlerFile !== source || handlerFile.startsWith(this.#options.dataFolder)) ? ['--enable-source-maps'] : [])],
      environment: { ...variables, ...(isElectron(binary) ? { ELECTRON_RUN_AS_NODE: '1' } : {}), ...(handlerFile === undefined ? {} : { LOCAL_LAMBDA_HANDLER_FILE: handlerFile }) },
      codeRevision: revisionOf(entry, binary, texts), ...wrapper, ...note,
    };
  }

  #provided(entry: Entry, folder: string, variables: Record<string, string>, inputs: Map<string, Stamp>, notes: readonly string[]): PreparedCode | PreparationFailure {
    const { configuration } = entry.fn;
    const names = process.platform === 'win32' ? ['bootstrap.exe', 'bootstrap'] : ['bootstrap'];
    for (const candidate of [folder, ...configuration.layers.toReversed()].flatMap((root) => names.map((name) => join(root, name)))) {
      try {
        accessSync(candidate, constants.X_OK);
      } catch {
        continue;
      }
      inputs.set(candidate, stamp(candidate));
      entry.inputs = inputs;
      return { kind: 'ready', flavor: 'provided', binary: candidate, binaryVersion: '', binaryArguments: [], taskRoot: folder, handler: configuration.handler,
        environment: variables, codeRevision: revisionOf(entry, candidate, []), ...noteOf(entry.realAws?.note, ...notes) };
    }
    return { kind: 'invalid-entrypoint', searched: ['/var/task/bootstrap', '/opt/bootstrap'] };
  }

  #writeInline(fn: RunnableFunction): string {
    const { code, runtime, handler } = fn.configuration;
    const text = code.inline ?? '';
    const folder = join(this.#options.dataFolder, 'inline', createHash('sha256').update(`${runtime}\0${handler}\0${text}`).digest('hex').slice(0, 16));
    const file = join(folder, `${handler.split('.')[0] || 'index'}${runtime.startsWith('python') ? '.py' : '.js'}`);
    if (!existsSync(file)) {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
    return folder;
  }

  #watch(folder: string, withPackages: boolean): void {
    if (this.#watchers.has(folder)) return;
    this.#watchers.set(folder, new FolderWatcher(folder, withPackages, (file) => this.#fileChanged(folder, file)));
  }

  #fileChanged(folder: string, file: string): void {
    if (file.startsWith(this.#options.dataFolder) && !folder.startsWith(this.#options.dataFolder)) return;
    const isSource = sourceExtensions.has(extname(file));
    for (const entry of this.#entries.values()) {
      const known = entry.inputs.get(file);
      const matters = known !== undefined ? !isSame(known, stamp(file))
        : !indifferent.test(file) && (inLayer(file, entry.fn) || (inside(file, entry.fn.configuration.code.folder) && (!isSource || !entry.graphKnown)));
      if (!matters || entry.dirty || !entry.prepared) continue;
      if (known === undefined) {
        // A directory's own time stamp changes when a file inside it does: the file's event says what matters.
        if (statSync(file, { throwIfNoEntry: false })?.isDirectory()) continue;
        entry.generation += 1;
      }
      entry.dirty = true;
      this.#changed.add(entry.fn.configuration.functionName);
    }
    if (this.#changed.size > 0) this.#timer ??= setTimeout(() => this.#announce(), burst);
  }

  #announce(): void {
    this.#timer = undefined;
    const names = [...this.#changed];
    this.#changed.clear();
    for (const name of names) {
      this.#options.logger.debug(`The code of ${name} changed.`);
      for (const listener of this.#listeners) listener(name);
    }
  }
}

/** What the record should show of a function beside its interpreter. */
function notesOn({ unresolvedLayers }: FunctionConfiguration, refused: readonly string[]): string[] {
  const notes: string[] = [];
  if (refused.length > 0) notes.push(`Reserved by Lambda, so their given values are not used: ${refused.join(', ')}.`);
  if (unresolvedLayers.length > 0) notes.push(`Without a folder here, and so missing: layer ${unresolvedLayers.join(', ')}.`);
  return notes;
}

/** VS Code's own binary runs as Node only when it is told to. */
function isElectron(binary: string): boolean {
  return process.versions['electron'] !== undefined && binary === process.execPath;
}

function keyOf(fn: RunnableFunction): string {
  return `${fn.configuration.functionName}\0${fn.version}`;
}

/** What tells a file from what it was. Numbers, because making a text of them takes longer than asking for them. */
interface Stamp {
  readonly mtimeMs: number;
  readonly size: number;
}

const missing: Stamp = { mtimeMs: -1, size: -1 };

function stamp(file: string): Stamp {
  return statSync(file, { throwIfNoEntry: false }) ?? missing;
}

function isSame(one: Stamp, other: Stamp): boolean {
  return one.mtimeMs === other.mtimeMs && one.size === other.size;
}

/** The watcher's message may still be on its way when a saved edit is followed by a call at once. */
function isUnchanged(inputs: ReadonlyMap<string, Stamp>): boolean {
  for (const [file, known] of inputs) {
    if (!isSame(stamp(file), known)) return false;
  }
  return true;
}

function inside(file: string, folder: string): boolean {
  const path = relative(folder, file);
  return path !== '' && !path.startsWith('..');
}

/** What a function takes from a layer is not known, so all of it matters. */
function inLayer(file: string, fn: RunnableFunction): boolean {
  return fn.configuration.layers.some((layer) => inside(file, layer));
}

function revisionOf(entry: Entry, binary: string, texts: readonly string[]): string {
  const stamps = [...entry.inputs].map(([file, known]) => [file, known.mtimeMs, known.size]);
  const hash = createHash('sha256').update(JSON.stringify([entry.fn.revisionId, binary, texts, stamps, entry.generation, entry.endpoint]));
  // Overrides from settings may be secret, so they are only ever hashed.
  hash.update(JSON.stringify([entry.settings.environment, entry.settings.region, entry.settings.accountId, entry.realAws]));
  return hash.digest('hex').slice(0, 32);
}

/** Paths in `/opt` are looked up in the layers, those in `/var/task` in the code folder. */
function wrapperOf(given: string | undefined, folder: string, layers: readonly string[]): { wrapper?: string } {
  if (given === undefined || given === '') return {};
  const [, root, path] = /^\/(opt|var\/task)\/(.*)$/.exec(given) ?? [];
  if (path === undefined) return { wrapper: resolve(folder, given) };
  const candidates = (root === 'opt' ? layers.toReversed() : [folder]).map((place) => join(place, path));
  return { wrapper: candidates.find((candidate) => existsSync(candidate)) ?? given };
}

function noteOf(...notes: readonly (string | undefined)[]): { note?: string } {
  const told = notes.filter((note) => note !== undefined);
  return told.length === 0 ? {} : { note: told.join(' ') };
}

/** The module that a handler string names, as the Node bootstrap would find it, TypeScript included. */
function findModule(folder: string, handler: string): string | undefined {
  const base = basename(handler);
  const module = join(folder, handler.slice(0, handler.length - base.length), base.split('.')[0] ?? '');
  return ['', '.js', '.mjs', '.cjs', '.ts', '.mts', '.cts', '.tsx'].map((extension) => module + extension)
    .find((file) => statSync(file, { throwIfNoEntry: false })?.isFile());
}
