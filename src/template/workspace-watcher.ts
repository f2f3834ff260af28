/**
 * Says when something changed that the workspace model may depend on. Folders are watched by the system; the known files
 * are also looked at regularly, because some file systems (network shares, container mounts) report nothing.
 */
import { watch } from 'node:fs';
import type { FSWatcher, WatchEventType } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import type { Logger } from '../contracts/logger.ts';
import { isExcludedName, isTemplateName } from './template-discovery.ts';

export interface WatcherOptions {
  logger: Logger;
  /** Called once for changes that follow each other closely. */
  onChange: () => void;
  /**
   * One watch for a whole workspace folder, where the system does that by itself. Linux does not: Node would watch every
   * file, packages too, so there each searched folder gets a watch of its own.
   */
  recursive?: boolean;
  /** Milliseconds of quiet before `onChange`, default 100. */
  debounce?: number;
  /** Milliseconds between looks at the known files, default 800. */
  pollInterval?: number;
}

/** Watches on single folders, at most: systems limit them, and the poll covers the known files beyond. */
const maximumWatches = 3000;
/** A stream of changes is reported this often at least, in multiples of the debounce time. */
const longestWait = 4;
const sourceExtensions = new Set(['.ts', '.mts', '.cts', '.tsx', '.js', '.mjs', '.cjs', '.py', '.zip', '']);
const templateExtensions = new Set(['.yaml', '.yml']);

export class WorkspaceWatcher {
  readonly #options: Required<WatcherOptions>;
  readonly #watches = new Map<string, FSWatcher>();
  /** Modification time and size of known files; empty text for one that is missing. */
  #known = new Map<string, string>();
  #pending: NodeJS.Timeout | undefined;
  #firstChange = 0;
  #poll: NodeJS.Timeout | undefined;
  #disposed = false;

  constructor(options: WatcherOptions) {
    this.#options = { recursive: process.platform !== 'linux', debounce: 100, pollInterval: 800, ...options };
  }

  /** Watches a folder from now on; without effect for one that is watched or has a recursive watch above it. */
  watchFolder(folder: string, root: string): void {
    const watched = this.#options.recursive ? root : folder;
    if (this.#disposed || this.#watches.has(watched) || this.#watches.size >= maximumWatches) return;
    try {
      const watcher = watch(watched, { recursive: this.#options.recursive, persistent: false });
      watcher.on('change', (type, name) => this.#onEvent(type as WatchEventType, watched, name));
      watcher.on('error', (error) => this.#drop(watched, error));
      this.#watches.set(watched, watcher);
    } catch (error) {
      this.#options.logger.debug(`Not watched: ${watched} (${String(error)}); known files are still looked at.`);
    }
  }

  /** Ends the watches of folders that are no longer searched, and takes the files to look at. */
  async settle(folders: ReadonlySet<string>, roots: ReadonlySet<string>, files: readonly string[]): Promise<void> {
    for (const [folder, watcher] of this.#watches) {
      if (this.#options.recursive ? roots.has(folder) : folders.has(folder)) continue;
      watcher.close();
      this.#watches.delete(folder);
    }
    const known = new Map<string, string>();
    for (const file of files) known.set(file, this.#known.get(file) ?? (await fingerprint(file)));
    if (this.#disposed) return;
    this.#known = known;
    this.#poll ??= setInterval(() => void this.#look(), this.#options.pollInterval).unref();
  }

  dispose(): void {
    this.#disposed = true;
    clearTimeout(this.#pending);
    clearInterval(this.#poll);
    for (const watcher of this.#watches.values()) watcher.close();
    this.#watches.clear();
  }

  #drop(folder: string, error: Error): void {
    // A folder that was deleted ends its watch this way on Windows.
    this.#options.logger.debug(`Watch of ${folder} ended: ${error.message}`);
    this.#watches.get(folder)?.close();
    this.#watches.delete(folder);
    this.#changed();
  }

  #onEvent(type: WatchEventType, folder: string, name: string | Buffer | null): void {
    const path = name === null ? undefined : join(folder, name.toString());
    if (path !== undefined && !this.#matters(type, path, name!.toString())) return;
    this.#changed();
  }

  #matters(type: WatchEventType, path: string, inside: string): boolean {
    if (inside.split(/[/\\]/).some(isExcludedName)) return false;
    if (this.#known.has(path)) return true;
    const extension = extname(path).toLowerCase();
    if (templateExtensions.has(extension) || isTemplateName(basename(path))) return true;
    // Sources that come and go change which file a handler stands for; their content does not.
    return type === 'rename' && sourceExtensions.has(extension);
  }

  async #look(): Promise<void> {
    for (const [file, before] of this.#known) {
      const now = await fingerprint(file);
      if (this.#disposed) return;
      if (now === before || this.#known.get(file) !== before) continue;
      this.#known.set(file, now);
      this.#changed();
    }
  }

  #changed(): void {
    if (this.#disposed) return;
    const now = performance.now();
    if (this.#pending === undefined) this.#firstChange = now;
    else if (now - this.#firstChange > longestWait * this.#options.debounce) return;
    clearTimeout(this.#pending);
    this.#pending = setTimeout(() => {
      this.#pending = undefined;
      this.#options.onChange();
    }, this.#options.debounce);
  }
}

async function fingerprint(file: string): Promise<string> {
  try {
    const { mtimeMs, size, ino } = await stat(file);
    return `${mtimeMs} ${size} ${ino}`;
  } catch {
    // Missing is a state like any other: the file may come back.
    return '';
  }
}
