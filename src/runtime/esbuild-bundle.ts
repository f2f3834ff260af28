/** TypeScript without set-up: bundles a handler with esbuild, and tells which files a handler is made of. */
import { createRequire } from 'node:module';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, extname, join, resolve } from 'node:path';
import type * as esbuildModule from 'esbuild';
import type { BuildContext, BuildFailure, Message, Plugin } from 'esbuild';

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

/** The SDK is there on AWS without being installed: a missing one must not fail the build. */
const optionalSdk: Plugin = {
  name: 'optional-sdk',
  setup(build) {
    build.onResolve({ filter: /^(@aws-sdk\/|@smithy\/|aws-sdk$)/ }, async (parameters) => {
      if (parameters.pluginData === 'inside') return undefined;
      const { importer, resolveDir, kind } = parameters;
      const result = await build.resolve(parameters.path, { importer, resolveDir, kind, pluginData: 'inside' });
      return result.errors.length > 0 ? { path: parameters.path, external: true } : result;
    });
  },
};

/** One handler's bundle, rebuilt in place. */
export class HandlerBundle {
  readonly #entry: string;
  readonly #outputFolder: string;
  #context: BuildContext<{ metafile: true }> | undefined;

  constructor(entry: string, outputFolder: string) {
    this.#entry = entry;
    this.#outputFolder = outputFolder;
  }

  async build(): Promise<BundleResult> {
    const esm = isModule(this.#entry);
    const file = join(this.#outputFolder, `handler${esm ? '.mjs' : '.cjs'}`);
    const esbuild = await loadEsbuild(this.#entry);
    try {
      this.#context ??= await esbuild.context({
        entryPoints: [this.#entry],
        outfile: file,
        absWorkingDir: dirname(this.#entry),
        bundle: true,
        platform: 'node',
        target: 'node20',
        format: esm ? 'esm' : 'cjs',
        sourcemap: 'linked',
        sourcesContent: false,
        metafile: true,
        logLevel: 'silent',
        keepNames: true,
        loader: { '.node': 'copy' },
        plugins: [optionalSdk],
        ...(esm ? { banner: { js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);" } } : {}),
      });
      const { metafile } = await this.#context.rebuild();
      return { kind: 'built', file, inputs: absolute(Object.keys(metafile.inputs), dirname(this.#entry)) };
    } catch (error) {
      const failure = error as Partial<BuildFailure>;
      if (!failure.errors) throw error;
      const details = failure.errors.map((message) => describe(message, dirname(this.#entry)));
      const files = failure.errors.flatMap(({ location }) => (location ? [location.file] : []));
      return { kind: 'failed', message: details[0] ?? 'The build failed.', details, inputs: [this.#entry, ...absolute(files, dirname(this.#entry))] };
    }
  }

  async dispose(): Promise<void> {
    await this.#context?.dispose();
  }
}

/** Source files that a JavaScript handler imports, outside packages; undefined when they cannot be told. */
export async function moduleGraph(entry: string): Promise<string[] | undefined> {
  try {
    const esbuild = await loadEsbuild(entry);
    const { metafile } = await esbuild.build({
      entryPoints: [entry], bundle: true, write: false, metafile: true, packages: 'external', platform: 'node', format: 'esm',
      outfile: 'graph.mjs', logLevel: 'silent', absWorkingDir: dirname(entry), loader: { '.node': 'empty' },
    });
    return absolute(Object.keys(metafile.inputs), dirname(entry));
  } catch {
    return undefined;
  }
}

function absolute(files: readonly string[], folder: string): string[] {
  return [...new Set(files.filter((file) => !/^[a-z-]+:/.test(file) || /^[A-Za-z]:[\\/]/.test(file)).map((file) => resolve(folder, file)))];
}

function describe({ text, location }: Message, folder: string): string {
  return location ? `${resolve(folder, location.file)}:${location.line}:${location.column + 1}: ${text}` : text;
}
