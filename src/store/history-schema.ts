/** The tables of the execution history and the statements on them. */
import type { DatabaseSync } from 'node:sqlite';
import type { Migrations } from './database.ts';

export const historyMigrations: Migrations = [
  `CREATE TABLE executions (
     sequence INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, function_name TEXT NOT NULL, status TEXT NOT NULL,
     search TEXT NOT NULL, document TEXT NOT NULL);
   CREATE INDEX executions_by_function ON executions (function_name, sequence);
   CREATE INDEX executions_by_status ON executions (status, sequence);
   CREATE TABLE contents (
     sequence INTEGER PRIMARY KEY, request BLOB, response BLOB, log TEXT NOT NULL DEFAULT '',
     log_truncated INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL DEFAULT 0)`,
  `ALTER TABLE executions ADD COLUMN caused_by TEXT;
   ALTER TABLE executions ADD COLUMN final INTEGER NOT NULL DEFAULT 1;
   UPDATE executions SET final = 0 WHERE status = 'running';
   CREATE INDEX executions_by_cause ON executions (caused_by, sequence) WHERE caused_by IS NOT NULL;
   CREATE INDEX executions_by_final ON executions (final, sequence)`,
  // Every index costs every execution: ids are found by their first characters, statuses when they are not the usual one.
  `ALTER TABLE executions RENAME TO former;
   CREATE TABLE executions (
     sequence INTEGER PRIMARY KEY, final INTEGER NOT NULL, status TEXT NOT NULL, id TEXT NOT NULL, function_name TEXT NOT NULL,
     caused_by TEXT, search TEXT NOT NULL, document TEXT NOT NULL);
   INSERT INTO executions SELECT sequence, final, status, id, function_name, caused_by, search, document FROM former;
   DROP TABLE former;
   CREATE INDEX executions_by_id ON executions (substr(id, 1, 8));
   CREATE INDEX executions_by_function ON executions (function_name, sequence);
   CREATE INDEX executions_by_cause ON executions (caused_by, sequence) WHERE caused_by IS NOT NULL;
   CREATE INDEX executions_by_status ON executions (status, sequence) WHERE status <> 'succeeded';
   CREATE INDEX executions_unfinished ON executions (sequence) WHERE final = 0`,
];

/** For the index: parameter 1 is an id, or begins with the first characters of one. */
const beginsAlike = 'substr(id, 1, 8) = substr(?1, 1, 8)';

/** Statements are prepared once: parsing SQL costs more than most of them. */
export function prepareHistory(database: DatabaseSync) {
  const upsert = (column: string) => database.prepare(
    `INSERT INTO contents (sequence, ${column}, bytes) VALUES (?1, ?2, ?3)
     ON CONFLICT DO UPDATE SET ${column} = excluded.${column}, bytes = bytes + excluded.bytes`,
  );
  return {
    insert: database.prepare(
      'INSERT INTO executions (sequence, final, status, id, function_name, caused_by, search, document) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    ),
    insertContent: database.prepare('INSERT INTO contents (sequence, request, response, log, log_truncated, bytes) VALUES (?, ?, ?, ?, ?, ?)'),
    update: database.prepare('UPDATE executions SET status = ?, search = ?, document = ?, final = ? WHERE sequence = ?'),
    byPrefix: database.prepare(`SELECT document FROM executions WHERE ${beginsAlike} AND id >= ?1 AND id < ?2 LIMIT 1`),
    byId: database.prepare(`SELECT document FROM executions WHERE ${beginsAlike} AND id = ?1`),
    sequenceOf: database.prepare(`SELECT sequence FROM executions WHERE ${beginsAlike} AND id = ?1`),
    content: database.prepare(
      `SELECT request, response, coalesce(log, '') AS log, coalesce(log_truncated, 0) AS log_truncated
       FROM executions LEFT JOIN contents USING (sequence) WHERE ${beginsAlike} AND id = ?1`,
    ),
    putRequest: upsert('request'),
    putResponse: upsert('response'),
    putLog: database.prepare(
      `INSERT INTO contents (sequence, log, log_truncated, bytes) VALUES (?1, ?2, ?3, ?4)
       ON CONFLICT DO UPDATE SET log = excluded.log, log_truncated = excluded.log_truncated, bytes = bytes + excluded.bytes`,
    ),
    /** From a sequence on, before which nothing has finished: what waits there may be very many. */
    oldest: database.prepare(
      `SELECT sequence, coalesce((SELECT bytes FROM contents WHERE contents.sequence = executions.sequence), 0) AS bytes
       FROM executions WHERE sequence >= ? AND final = 1 ORDER BY sequence LIMIT ?`,
    ),
    /** What waits or runs stays, however old. */
    removeContents: database.prepare(
      `DELETE FROM contents WHERE sequence BETWEEN ?1 AND ?2
       AND sequence NOT IN (SELECT sequence FROM executions WHERE sequence BETWEEN ?1 AND ?2 AND final = 0)`,
    ),
    remove: database.prepare('DELETE FROM executions WHERE sequence BETWEEN ? AND ? AND final = 1'),
    exportSlice: database.prepare(
      `SELECT sequence, document, request, response, log FROM executions LEFT JOIN contents USING (sequence)
       WHERE sequence > ? ORDER BY sequence LIMIT 100`,
    ),
  };
}
