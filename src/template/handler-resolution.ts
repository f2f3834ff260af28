/** From a `Handler` string and a code folder to the source file a person edits. */
import { statSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { basename, extname, isAbsolute, join, relative, resolve, sep } from 'node:path';

export interface HandlerQuery {
  /** Absolute path of the code folder. */
  folder: string;
  /** As in the template, for example `src/app.handler`. */
  handler: string;
  /** For example `nodejs22.x`; decides the language. */
  runtime: string;
  /** Absolute path of the workspace folder: sources are searched no higher. */
  root: string;
  /** SAM's `Metadata.BuildProperties.EntryPoints`, relative to `folder`. */
  entryPoints?: readonly string[];
}

export interface ResolvedHandler {
  /** Absolute path. */
  handlerFile: string;
  /** Name of the exported function; `a.b` for a member of an exported object. */
  handlerExport: string;
}

export type RuntimeLanguage = 'node' | 'python' | 'provided' | 'other';

/** TypeScript first: where both stand side by side, the JavaScript is what was built from it. */
const nodeExtensions = ['.ts', '.mts', '.cts', '.tsx', '.js', '.mjs', '.cjs'];
const typeScriptExtensions = nodeExtensions.slice(0, 4);
/** Folder names that hold built code. */
const outputFolders = new Set(['dist', 'build', 'lib', 'out', 'output', '.build', '.dist', '.esbuild', 'bundle', '.webpack', 'target']);
/** Where sources stand instead, tried in this order; the empty one is the folder that holds the output. */
const sourceFolders = ['src', '', 'source', 'lambda', 'lambdas', 'functions', 'handlers', 'src/handlers', 'src/functions'];

export function languageOf(runtime: string): RuntimeLanguage {
  if (runtime.startsWith('nodejs')) return 'node';
  if (runtime.startsWith('python')) return 'python';
  return runtime.startsWith('provided') ? 'provided' : 'other';
}

/** Undefined when no file was found, and for runtimes whose handler names no file. */
export function resolveHandler(query: HandlerQuery): ResolvedHandler | undefined {
  const language = languageOf(query.runtime);
  // Without a runtime (container images, broken templates) the file may still tell.
  if (language === 'node') return resolveNode(query);
  if (language === 'python') return resolvePython(query);
  return query.runtime === '' ? (resolveNode(query) ?? resolvePython(query)) : undefined;
}

/** `folder/module` and the export's name, split as the Node runtime does: at the first dot of the last path segment. */
export function splitNodeHandler(handler: string): { module: string; name: string } | undefined {
  const match = /^((?:.*[/\\])?)([^./\\]*)\.(.+)$/.exec(handler.trim());
  return match === null || match[2] === '' ? undefined : { module: `${match[1]}${match[2]}`, name: match[3]! };
}

function resolveNode(query: HandlerQuery): ResolvedHandler | undefined {
  const parts = splitNodeHandler(query.handler);
  if (parts === undefined) return undefined;
  const target = resolve(query.folder, parts.module);
  const file = entryPointFile(query, parts.module)
    ?? typeScriptFile(target)
    ?? sourceOfBuilt(target, query.root)
    ?? firstFile(target, nodeExtensions);
  return file === undefined ? undefined : { handlerFile: file, handlerExport: parts.name };
}

function resolvePython(query: HandlerQuery): ResolvedHandler | undefined {
  const handler = query.handler.trim();
  const dot = handler.lastIndexOf('.');
  if (dot <= 0) return undefined;
  // The Python runtime reads `a/b.f` and `a.b.f` alike.
  const module = handler.slice(0, dot).replaceAll('.', '/');
  const target = resolve(query.folder, module);
  const file = [`${target}.py`, join(target, '__init__.py')].find(isFile);
  return file === undefined ? undefined : { handlerFile: file, handlerExport: handler.slice(dot + 1) };
}

/** With SAM's esbuild the handler names the bundle, and the entry point of the same name is the source. */
function entryPointFile(query: HandlerQuery, module: string): string | undefined {
  const entries = query.entryPoints ?? [];
  const stem = (path: string) => path.slice(0, path.length - extname(path).length).replaceAll('\\', '/').replace(/^\.\//, '');
  const entry = entries.find((each) => stem(each) === module)
    ?? entries.find((each) => basename(stem(each)) === basename(module))
    ?? (entries.length === 1 ? entries[0] : undefined);
  if (entry === undefined) return undefined;
  const path = resolve(query.folder, entry);
  return isFile(path) ? path : firstFile(resolve(query.folder, stem(entry)), nodeExtensions);
}

function typeScriptFile(target: string): string | undefined {
  return firstFile(target, typeScriptExtensions);
}

/** `<any>/dist/orders/app` -> `<any>/src/orders/app.ts`, and the like, when that file stands there. */
function sourceOfBuilt(target: string, root: string): string | undefined {
  const inside = relative(root, target);
  if (inside === '' || inside.startsWith('..') || isAbsolute(inside)) return undefined;
  const segments = inside.split(sep);
  for (let at = segments.length - 2; at >= 0; at -= 1) {
    if (!outputFolders.has(segments[at]!)) continue;
    const base = join(root, ...segments.slice(0, at));
    const rest = segments.slice(at + 1);
    for (const path of sourceShapes(rest)) {
      for (const folder of sourceFolders) {
        const file = typeScriptFile(join(base, folder, path));
        if (file !== undefined) return file;
      }
    }
  }
  return undefined;
}

/** What a bundle at `orders/index` may have been made from: `orders/index`, `orders`; and with its first folders dropped. */
function sourceShapes(segments: readonly string[]): string[] {
  const shapes = [segments];
  if (segments.at(-1) === 'index' && segments.length > 1) shapes.push(segments.slice(0, -1));
  if (segments[0] === 'src' && segments.length > 1) shapes.push(segments.slice(1));
  return shapes.map((shape) => join(...shape));
}

function firstFile(target: string, extensions: readonly string[]): string | undefined {
  return extensions.map((extension) => `${target}${extension}`).find(isFile);
}

export function isFile(path: string): boolean {
  return statsOf(path)?.isFile() ?? false;
}

export function isFolder(path: string): boolean {
  return statsOf(path)?.isDirectory() ?? false;
}

/** A path that the system refuses (a NUL in it, a folder that may not be entered) leads to nothing, like one that is not there. */
function statsOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

