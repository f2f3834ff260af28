/** One engine per data folder, by a lock that the operating system drops when its process ends, however it ends. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { UserError } from '../contracts/faults.ts';

export interface Ownership {
  release(): void;
}

const sqliteBusy = 5;

/**
 * Takes the lock, or answers undefined when a living engine holds it.
 *
 * @throws UserError when the data folder cannot be made or written.
 */
export function takeOwnership(file: string): Ownership | undefined {
  try {
    return takeLock(file);
  } catch (error) {
    throw new UserError(`The data folder ${dirname(file)} cannot be used (${(error as Error).message}): make it writable, or choose another one.`);
  }
}

function takeLock(file: string): Ownership | undefined {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const database = new DatabaseSync(file);
  try {
    // A rollback journal, not WAL: in that mode an exclusive transaction is an exclusive lock on the file itself.
    database.exec('PRAGMA busy_timeout = 0; PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (((error as { errcode?: number }).errcode ?? 0) % 256 === sqliteBusy) return undefined;
    throw error;
  }
  return {
    release() {
      if (database.isOpen) database.close();
    },
  };
}
