/** Where a workspace's engine keeps its state, and how its clients find it. */
import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import envPaths from 'env-paths';

/** Overrides the folder that holds all data folders. */
export const dataHomeVariable = 'LOCAL_LAMBDA_DATA_HOME';

/** Folder that holds the data folders of all workspaces of this user. */
export function dataHome(): string {
  return process.env[dataHomeVariable] ?? envPaths('local-lambda', { suffix: '' }).data;
}

/**
 * The data folder of a workspace: the same for every window and CLI that opens the same folders, in any order.
 * Nothing is created.
 */
export function dataFolderFor(folders: readonly string[], home = dataHome()): string {
  const real = folders.map(canonical).sort();
  const hash = createHash('sha256').update(real.join('\0')).digest('hex').slice(0, 12);
  const name = basename(real[0] ?? 'empty').replaceAll(/[^\p{L}\p{N}._-]+/gu, '-').slice(0, 40) || 'root';
  return join(home, `${name}-${hash}`);
}

/** Whether two paths lead to one folder. */
export function isSameFolder(one: string, other: string): boolean {
  return canonical(one) === canonical(other);
}

function canonical(folder: string): string {
  const absolute = resolve(folder);
  try {
    return realpathSync.native(absolute);
  } catch {
    return absolute;
  }
}

/** What stands where inside a data folder. */
export function dataFiles(folder: string) {
  return {
    /** Held locked by the engine that owns the folder. */
    owner: join(folder, 'owner.sqlite'),
    /** Tells clients how to reach the engine; readable by its user only. */
    discovery: join(folder, 'engine.json'),
    state: join(folder, 'state.sqlite'),
    history: join(folder, 'history.sqlite'),
    /** Folder of the bodies of objects in buckets. */
    objects: join(folder, 'objects'),
    log: join(folder, 'engine.log'),
  };
}
