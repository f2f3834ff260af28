/** Finds the files of a workspace that declare functions, without looking where builds and packages stand. */
import { open, readdir, stat } from 'node:fs/promises';
import type { Dirent } from 'node:fs';
import { basename, join, relative } from 'node:path';
import type { Logger } from '../contracts/logger.ts';
import { anyGlob } from './globs.ts';

export type DiscoveredKind = 'template' | 'serverless' | 'registered';

export interface DiscoveredFile {
  kind: DiscoveredKind;
  /** Absolute path. */
  file: string;
  /** Absolute path of the workspace folder that holds it. */
  folder: string;
}

export interface DiscoveryOptions {
  /** Globs relative to a workspace folder. */
  templateGlobs: readonly string[];
  excludeGlobs: readonly string[];
  logger: Logger;
  /** Called with every folder before it is read, so that it can be watched from then on. */
  onFolder?: (folder: string) => void;
}

/** Bounds of one search, over all workspace folders. CloudFormation takes templates of up to `namedBytes`. */
export const discoveryLimits = { folders: 5000, depth: 12, sniffedFiles: 200, sniffDepth: 4, sniffBytes: 64 * 1024, namedBytes: 1_000_000, files: 500 } as const;

const excludedNames = new Set([
  'node_modules', 'bower_components', 'dist', 'build', 'out', 'target', 'coverage', 'venv', 'env', 'site-packages', '__pycache__', 'vendor',
]);
const registeredFolder = '.local-lambda';
const registeredFile = 'functions.json';
const templateName = /^(?:template|sam)\.(?:ya?ml|json)$|\.template\.(?:ya?ml|json)$/i;
const serverlessName = /^serverless\.ya?ml$/i;
/** Copies that tools make of templates: staged CDK assets, what `sam package` writes. */
const copyName = /^asset\.|^packaged/i;
const yamlName = /\.ya?ml$/i;

/** Names of files that are read whatever stands in them. */
export function isTemplateName(name: string): boolean {
  return templateName.test(name) || serverlessName.test(name) || name === registeredFile;
}

/** Folders whose content declares nothing: packages, builds, caches and all that hides behind a dot. */
export function isExcludedName(name: string): boolean {
  return excludedNames.has(name) || (name.startsWith('.') && name !== registeredFolder) || /^asset\.[0-9a-f]{8}/.test(name);
}

/** In workspace folder order; in each, files nearer to its top first. Folders that cannot be read are logged and left out. */
export async function discoverTemplates(folders: readonly string[], options: DiscoveryOptions): Promise<DiscoveredFile[]> {
  const search = new Search(options);
  // A workspace folder inside another one owns its files.
  const roots = new Set(folders);
  for (const folder of roots) await search.walk(folder, roots);
  return search.found;
}

class Search {
  readonly found: DiscoveredFile[] = [];
  readonly #options: DiscoveryOptions;
  readonly #isTemplateGlob: (path: string) => boolean;
  readonly #isExcludedGlob: (path: string) => boolean;
  #folders = 0;
  #sniffed = 0;

  constructor(options: DiscoveryOptions) {
    this.#options = options;
    this.#isTemplateGlob = anyGlob(options.templateGlobs);
    this.#isExcludedGlob = anyGlob(options.excludeGlobs);
  }

  async walk(root: string, roots: ReadonlySet<string>): Promise<void> {
    let level = [root];
    for (let depth = 0; depth <= discoveryLimits.depth && level.length > 0; depth += 1) {
      const next: string[] = [];
      for (const folder of level) {
        if (this.#folders >= discoveryLimits.folders || this.found.length >= discoveryLimits.files) {
          this.#options.logger.warn(`The search for templates stopped in ${root} after ${this.#folders} folders and ${this.found.length} files; exclude folders with localLambda.template.exclude.`);
          return;
        }
        this.#folders += 1;
        next.push(...await this.#readFolder(root, folder, depth, roots));
      }
      level = next;
    }
  }

  async #readFolder(root: string, folder: string, depth: number, roots: ReadonlySet<string>): Promise<string[]> {
    this.#options.onFolder?.(folder);
    let entries: Dirent[];
    try {
      entries = await readdir(folder, { withFileTypes: true });
    } catch (error) {
      this.#options.logger.debug(`Not searched for templates: ${folder} (${error instanceof Error ? error.message : String(error)})`);
      return [];
    }
    entries.sort((a, b) => (a.name < b.name ? -1 : 1));
    const below: string[] = [];
    for (const entry of entries) {
      const path = join(folder, entry.name);
      const inside = relative(root, path).replaceAll('\\', '/');
      if (this.#isExcludedGlob(inside)) continue;
      if (entry.isDirectory()) {
        const hidden = basename(folder) === registeredFolder;
        if (!hidden && !isExcludedName(entry.name) && !roots.has(path)) below.push(path);
      } else if (entry.isFile() || (entry.isSymbolicLink() && await isFileBehindLink(path))) {
        const kind = await this.#kindOf(path, inside, entry.name, depth);
        if (kind !== undefined) this.found.push({ kind, file: path, folder: root });
      }
    }
    return below;
  }

  async #kindOf(path: string, inside: string, name: string, depth: number): Promise<DiscoveredKind | undefined> {
    if (name === registeredFile) return basename(join(path, '..')) === registeredFolder ? 'registered' : undefined;
    if (serverlessName.test(name)) return 'serverless';
    if (this.#isTemplateGlob(inside)) return 'template';
    if (inside.startsWith(`${registeredFolder}/`) || copyName.test(name)) return undefined;
    const named = templateName.test(name);
    if (!named) {
      if (!yamlName.test(name) || depth > discoveryLimits.sniffDepth || this.#sniffed >= discoveryLimits.sniffedFiles) return undefined;
      this.#sniffed += 1;
    }
    // What makes a template may stand below a thousand parameters; its name is reason enough to look for it there.
    const text = await this.#start(path, named ? discoveryLimits.namedBytes : discoveryLimits.sniffBytes);
    if (text === undefined) return undefined;
    // A template that is being written may be empty for now; a file of another tool with the same name is not.
    return looksLikeTemplate(text) || (named && text.trim() === '') ? 'template' : undefined;
  }

  async #start(path: string, most: number): Promise<string | undefined> {
    try {
      const file = await open(path);
      try {
        const length = Math.min((await file.stat()).size, most);
        const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, 0);
        return buffer.toString('utf8', 0, bytesRead);
      } finally {
        await file.close();
      }
    } catch (error) {
      this.#options.logger.debug(`Not read: ${path} (${error instanceof Error ? error.message : String(error)})`);
      return undefined;
    }
  }
}

/** What every CloudFormation template has near its start, in YAML or JSON, also when it is broken elsewhere. */
export function looksLikeTemplate(text: string): boolean {
  if (/^\s*["']?AWSTemplateFormatVersion["']?\s*:/m.test(text)) return true;
  if (/["']?Transform["']?\s*:[^:]*AWS::(Serverless|LanguageExtensions)/.test(text)) return true;
  return /(^|[{,]\s*)["']?Resources["']?\s*:/m.test(text) && /AWS::\w+::\w+/.test(text);
}

async function isFileBehindLink(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    // A link to nothing is no file.
    return false;
  }
}
