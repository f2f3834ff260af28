/** Watches code folders: directories only, without packages and other people's state, so that it stays small. */
import { existsSync, readdirSync, watch, type FSWatcher } from 'node:fs';
import { join } from 'node:path';

const ignoredFolders = /^(\.git|\.hg|\.svn|\.aws-sam|\.serverless|cdk\.out|\.venv|venv|__pycache__|\.vscode|\.idea|\.local-lambda|coverage|\.pytest_cache)$/;
const packageFolder = 'node_modules';
/** A folder with more directories than this is watched in part; freshness of known sources is checked by time stamps too. */
const maxDirectories = 400;

export class FolderWatcher {
  readonly #watchers = new Map<string, FSWatcher>();
  readonly #withPackages: boolean;
  readonly #onChange: (file: string) => void;

  /** @param withPackages whether installed packages are what the folder is there for, as in a layer */
  constructor(folder: string, withPackages: boolean, onChange: (file: string) => void) {
    this.#withPackages = withPackages;
    this.#onChange = onChange;
    this.#add(folder);
  }

  close(): void {
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #add(folder: string): void {
    if (this.#watchers.has(folder) || this.#watchers.size >= maxDirectories) return;
    let entries;
    try {
      entries = readdirSync(folder, { withFileTypes: true });
      const watcher = watch(folder, { persistent: false }, (_event, name) => {
        if (name === null) return;
        const path = join(folder, name);
        if (this.#ignores(name)) return;
        if (existsSync(path)) this.#addIfFolder(path);
        this.#onChange(path);
      });
      watcher.on('error', () => this.#drop(folder));
      this.#watchers.set(folder, watcher);
    } catch {
      return;
    }
    for (const entry of entries) {
      if (entry.isDirectory() && !this.#ignores(entry.name)) this.#add(join(folder, entry.name));
    }
  }

  #ignores(name: string): boolean {
    return ignoredFolders.test(name) || (name === packageFolder && !this.#withPackages);
  }

  #addIfFolder(path: string): void {
    try {
      readdirSync(path);
    } catch {
      return;
    }
    this.#add(path);
  }

  #drop(folder: string): void {
    this.#watchers.get(folder)?.close();
    this.#watchers.delete(folder);
  }
}
