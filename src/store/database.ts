/** One SQLite file of the data folder: opened in WAL mode, migrated forward, set aside when damaged. */
import { existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { UserError } from '../contracts/faults.ts';

/** SQL that brings the schema from one number to the next; the first entry makes schema 1. Never edit a released one. */
export type Migrations = readonly string[];

export interface OpenedDatabase {
  database: DatabaseSync;
  /** Where a damaged file was moved to, when that happened. */
  setAside?: string;
}

/** With 4 KB, SQLite's own, rows that hold payloads would leave almost half of each page empty. */
const defaultPageBytes = 8192;

/**
 * Opens (or makes) the file and migrates it.
 *
 * A damaged file is renamed beside itself, never overwritten, and a new one is begun.
 * @param pageBytes Of a new file: larger ones make many rows at once cheaper, and each commit dearer.
 * @throws UserError when a newer version of this project wrote the file, or when it cannot be written.
 */
export function openDatabase(file: string, migrations: Migrations, pageBytes = defaultPageBytes): OpenedDatabase {
  mkdirSync(dirname(file), { recursive: true });
  try {
    return { database: openAndMigrate(file, migrations, pageBytes) };
  } catch (error) {
    if (isUnwritable(error)) throw new UserError(`${file} cannot be written (${(error as Error).message}): make room or make it writable, or choose another data folder.`);
    if (!isDamaged(error)) throw error;
    const setAside = moveAside(file);
    return { database: openAndMigrate(file, migrations, pageBytes), setAside };
  }
}

function openAndMigrate(file: string, migrations: Migrations, pageBytes: number): DatabaseSync {
  const database = new DatabaseSync(file);
  try {
    database.exec(`PRAGMA page_size = ${pageBytes}; PRAGMA wal_autocheckpoint = 500;`);
    // NORMAL in WAL mode survives a killed process; FULL would only add safety against power loss, at an fsync a commit.
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 2000;');
    if (statSync(file).size <= checkedBytes) {
      const { quick_check: verdict } = database.prepare('PRAGMA quick_check(1)').get() as { quick_check: string };
      if (verdict !== 'ok') throw Object.assign(new Error(verdict), { errcode: sqliteCorrupt });
    }
    const { user_version: found } = database.prepare('PRAGMA user_version').get() as { user_version: number };
    if (found > migrations.length) {
      throw new UserError(
        `${file} was written by a newer Local Lambda (schema ${found}, this one knows ${migrations.length}): `
        + 'update Local Lambda, or choose another data folder.',
      );
    }
    for (let schema = found; schema < migrations.length; schema += 1) {
      database.exec(`BEGIN IMMEDIATE; ${migrations[schema]}; PRAGMA user_version = ${schema + 1}; COMMIT;`);
    }
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Checking reads the whole file; a larger one would hold up the start. */
const checkedBytes = 32 * 1024 * 1024;

const sqliteCorrupt = 11;
const sqliteNotADatabase = 26;

/** SQLITE_READONLY, SQLITE_IOERR, SQLITE_FULL, SQLITE_CANTOPEN. */
const sqliteUnwritable = [8, 10, 13, 14];

function isUnwritable(error: unknown): boolean {
  return sqliteUnwritable.includes(((error as { errcode?: number }).errcode ?? 0) & 0xff);
}

function isDamaged(error: unknown): boolean {
  const code = (error as { errcode?: number }).errcode;
  return code !== undefined && [sqliteCorrupt, sqliteNotADatabase].includes(code & 0xff);
}

function moveAside(file: string): string {
  const stamp = new Date().toISOString().replaceAll(/[:.]/g, '-');
  const target = `${file}.damaged-${stamp}`;
  for (const suffix of ['', '-wal', '-shm']) {
    if (existsSync(file + suffix)) renameSync(file + suffix, target + suffix);
  }
  return target;
}

/**
 * Runs `work` inside one transaction. Inside one that is already open it commits with that one; when it throws, only its own
 * writes are undone, so that the outer work can go on.
 */
export function inTransaction<R>(database: DatabaseSync, work: () => R): R {
  const statements = transactionsOf(database);
  if (database.isTransaction) return inSavepoint(database, statements, work);
  statements.begin.run();
  try {
    const result = work();
    statements.commit.run();
    return result;
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

function inSavepoint<R>(database: DatabaseSync, { savepoint, release }: TransactionStatements, work: () => R): R {
  savepoint.run();
  try {
    const result = work();
    release.run();
    return result;
  } catch (error) {
    // A full disk ends the whole transaction by itself.
    if (database.isTransaction) database.exec('ROLLBACK TO inner; RELEASE inner');
    throw error;
  }
}

/** Statements by their text, each prepared when it is first needed. */
export function statementsOf(database: DatabaseSync): (text: string) => StatementSync {
  const known = new Map<string, StatementSync>();
  return (text) => {
    let statement = known.get(text);
    if (!statement) known.set(text, statement = database.prepare(text));
    return statement;
  };
}

type TransactionStatements = Record<'begin' | 'commit' | 'savepoint' | 'release', StatementSync>;

const prepared = new WeakMap<DatabaseSync, TransactionStatements>();

/** Prepared once: small transactions are many. */
function transactionsOf(database: DatabaseSync): TransactionStatements {
  let statements = prepared.get(database);
  if (!statements) {
    statements = {
      begin: database.prepare('BEGIN IMMEDIATE'), commit: database.prepare('COMMIT'),
      savepoint: database.prepare('SAVEPOINT inner'), release: database.prepare('RELEASE inner'),
    };
    prepared.set(database, statements);
  }
  return statements;
}
