/**
 * The state that must survive, in one SQLite file: so that an outcome, its deliveries and the end of its event commit
 * together or not at all. Each kind of state is a file beside this one, which brings its own tables.
 */
import type { DatabaseSync } from 'node:sqlite';
import { inTransaction, openDatabase, type OpenedDatabase } from './database.ts';
import { documentsSchema } from './document-store.ts';

/** Opens or makes the file. @throws UserError when a newer version wrote it. */
export function openState(file: string): OpenedDatabase {
  return openDatabase(file, [documentsSchema]);
}

/** All writes inside commit together or not at all; joins a transaction that is already open. */
export function stateTransaction(database: DatabaseSync): <R>(work: () => R) => R {
  return (work) => inTransaction(database, work);
}
