/** TypeScript without set-up: bundles a handler with esbuild, and tells which files a handler is made of. */
import { createRequire } from 'node:module';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, extname, join, resolve } from 'node:path';
import type * as esbuildModule from 'esbuild';
import type { BuildContext, BuildFailure, Message } from 'esbuild';
import { UserError } from '../contracts/faults.ts';
import { linkedPackages, loadedInPlace, optionalSdk, packageOf, sourcePlaceNames, sourcePlaces } from './bundle-plugins.ts';

export type Esbuild = typeof esbuildModule;

export type BundleResult =
  | { kind: 'built'; file: string; inputs: readonly string[] }
  | { kind: 'failed'; message: string; details: readonly string[]; inputs: readonly string[] };

const loaded = new Map<string, Promise<Esbuild>>();

/** The workspace's own esbuild, else the one that ships with this project (native, or WebAssembly in the universal package). */
export function loadEsbuild(from: string): Promise<Esbuild> {
  const own = createRequire(import.meta.url);
  const attempts: (() => string)[] = [
    () => createRequire(from).resolve('esbuild'), () => own.resolve('esbuild'), () => own.resolve('esbuild-wasm'),
  ];
  const load = async (): Promise<Esbuild> => {
    let reason: unknown;
    for (const attempt of attempts) {
      try {
        const path = attempt();
        let module = loaded.get(path);
        if (!module) {
          module = (async () => {
            const found = own(path) as Esbuild;
            // A copy whose binary is for another platform only fails when it is used.
            await found.transform('');
            return found;
          })();
          loaded.set(path, module);
        }
        return await module;
      } catch (error) {
        reason = error;
      }
    }
    throw new Error(`esbuild could not be loaded: ${String(reason)}`);
  };
  return load();
}

/** Ends esbuild's own processes. */
export async function stopEsbuild(): Promise<void> {
  for (const module of loaded.values()) {
    await module.then((esbuild) => esbuild.stop(), () => {});
  }
  loaded.clear();
}

export function isTypeScript(file: string): boolean {
  return ['.ts', '.mts', '.cts', '.tsx'].includes(extname(file));
}

/** Whether Node would take a file for an ES module. */
export function isModule(file: string): boolean {
  const extension = extname(file);
  if (extension === '.mts' || extension === '.mjs') return true;
  if (extension === '.cts' || extension === '.cjs') return false;
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const manifest = join(folder, 'package.json');
    if (existsSync(manifest)) {
      try {
        return (JSON.parse(readFileSync(manifest, 'utf8')) as { type?: string }).type === 'module';
      } catch {
        return false;
      }
    }
    if (folder === dirname(folder)) return false;
  }
}

/** One handler's bundle, rebuilt in place. */
export class HandlerBundle {
  readonly #entry: string;
  readonly #outputFolder: string;
  readonly #placeOf: (file: string) => string;
  #context: BuildContext<{ metafile: true }> | undefined;
  #format: 'esm' | 'cjs' | undefined;
  /** The source awaits at its top: what only an ES module can do, whatever its package says. */
  #awaitsAtTop = false;
  /** Packages that could not be bundled. */
  readonly #inPlace = new Set<string>();

  /** `placeOf` tells where a source file will stand when the bundle runs; where it stands now, unless said otherwise. */
  constructor(entry: string, outputFolder: string, placeOf: (file: string) => string = (file) => file) {
    this.#entry = entry;
    this.#outputFolder = outputFolder;
    this.#placeOf = placeOf;
  }

  async build(): Promise<BundleResult> {
    const folder = dirname(this.#entry);
    const format = this.#awaitsAtTop || isModule(this.#entry) ? 'esm' : 'cjs';
    const file = join(this.#outputFolder, `handler.${format === 'esm' ? 'mjs' : 'cjs'}`);
    if (this.#format !== format) await this.dispose();
    this.#format = format;
    const esbuild = await loadEsbuild(this.#entry);
    for (;;) {
      try {
        this.#context ??= await esbuild.context(this.#options(format, file));
        const { metafile } = await this.#context.rebuild();
        return { kind: 'built', file, inputs: absolute(Object.keys(metafile.inputs), folder) };
      } catch (error) {
        const failure = error as Partial<BuildFailure>;
        if (!failure.errors) throw error;
        const unwritten = failure.errors.find(({ text, location }) => !location && text.startsWith('Failed to write'));
        if (unwritten) throw new UserError(`What ${this.#entry} is built into cannot be written: ${unwritten.text}`);
        if (this.#leaveToNode(failure.errors, folder)) continue;
        if (!this.#awaitsAtTop && failure.errors.every(({ text }) => /^Top-level await .* "cjs" output format$/.test(text))) {
          this.#awaitsAtTop = true;
          return this.build();
        }
        const details = failure.errors.map((message) => describe(message, folder));
        const files = failure.errors.flatMap(({ location }) => (location ? [location.file] : []));
        return { kind: 'failed', message: details[0] ?? 'The build failed.', details, inputs: [this.#entry, ...absolute(files, folder)] };
      }
    }
  }

  /** Packages with files that esbuild cannot read are loaded where they are installed. False when there are no more of them. */
  #leaveToNode(errors: readonly Message[], folder: string): boolean {
    const names = errors.map(({ location }) => (location ? packageOf(resolve(folder, location.file)) : undefined))
      .filter((name) => name !== undefined && !this.#inPlace.has(name));
    for (const name of names) this.#inPlace.add(name as string);
    return names.length > 0;
  }

  #options(format: 'esm' | 'cjs', outfile: string) {
    return {
      entryPoints: [this.#entry],
      outfile,
      absWorkingDir: dirname(this.#entry),
      bundle: true,
      platform: 'node',
      target: 'node20',
      format,
      sourcemap: 'linked',
      sourcesContent: false,
      metafile: true,
      logLevel: 'silent',
      keepNames: true,
      define: { ...sourcePlaceNames },
      loader: { '.node': 'copy' },
      plugins: [optionalSdk, loadedInPlace(this.#inPlace), sourcePlaces(this.#placeOf)],
      ...(format === 'esm' ? { banner: { js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);" } } : {}),
    } satisfies esbuildModule.BuildOptions & { metafile: true };
  }

  async dispose(): Promise<void> {
    const context = this.#context;
    this.#context = undefined;
    await context?.dispose();
  }
}

export interface ModuleGraph {
  /** Absolute paths, installed packages left out. */
  files: readonly string[];
  /** Node would not find or understand all of them: imports without their extension, or TypeScript. */
  needsBundle: boolean;
}

/** Source files that a JavaScript handler imports, those of linked packages too; undefined when they cannot be told. */
export async function moduleGraph(entry: string): Promise<ModuleGraph | undefined> {
  const folder = dirname(entry);
  try {
    const esbuild = await loadEsbuild(entry);
    const graph = (packages: Pick<esbuildModule.BuildOptions, 'packages' | 'plugins'>) => esbuild.build({
      entryPoints: [entry], bundle: true, write: false, metafile: true, platform: 'node', format: 'esm',
      outfile: 'graph.mjs', logLevel: 'silent', absWorkingDir: folder, loader: { '.node': 'empty' }, ...packages,
    });
    // A linked package that esbuild cannot read must not hide the function's own files.
    const { metafile } = await graph({ plugins: [linkedPackages] }).catch(() => graph({ packages: 'external' }));
    const files = absolute(Object.keys(metafile.inputs), folder);
    const inexact = Object.entries(metafile.inputs).some(([importer, { imports }]) => imports.some(({ path, kind, original, external }) => (
      !external && (kind === 'import-statement' || kind === 'dynamic-import') && /^\.\.?\//.test(original ?? '')
      && resolve(folder, dirname(importer), original ?? '') !== resolve(folder, path)
    )));
    return { files, needsBundle: inexact || files.some(isTypeScript) };
  } catch {
    // What is wrong with the source is for Node to say when it loads it.
    return undefined;
  }
}

function absolute(files: readonly string[], folder: string): string[] {
  return [...new Set(files.filter((file) => !/^[a-z-]+:/.test(file) || /^[A-Za-z]:[\\/]/.test(file)).map((file) => resolve(folder, file)))];
}

function describe({ text, location }: Message, folder: string): string {
  return location ? `${resolve(folder, location.file)}:${location.line}:${location.column + 1}: ${text}` : text;
}
