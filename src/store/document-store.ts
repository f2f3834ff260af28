/** Small durable collections: functions made by API, versions, aliases, settings of the data folder. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { DocumentCollection, DocumentStore } from '../contracts/documents.ts';
import { inTransaction } from './database.ts';

export const documentsSchema
  = 'CREATE TABLE documents (collection TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (collection, key)) WITHOUT ROWID';

export class SqliteDocumentStore implements DocumentStore {
  readonly #database: DatabaseSync;
  readonly #get: StatementSync;
  readonly #put: StatementSync;
  readonly #delete: StatementSync;
  readonly #entries: StatementSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#get = database.prepare('SELECT value FROM documents WHERE collection = ? AND key = ?');
    this.#put = database.prepare('INSERT INTO documents VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value');
    this.#delete = database.prepare('DELETE FROM documents WHERE collection = ? AND key = ?');
    this.#entries = database.prepare('SELECT key, value FROM documents WHERE collection = ? AND substr(key, 1, length(?2)) = ?2 ORDER BY key');
  }

  collection<T>(name: string): DocumentCollection<T> {
    return {
      get: (key) => {
        const row = this.#get.get(name, key) as { value: string } | undefined;
        return row && (JSON.parse(row.value) as T);
      },
      put: (key, value) => { this.#put.run(name, key, JSON.stringify(value)); },
      delete: (key) => this.#delete.run(name, key).changes > 0,
      entries: (prefix = '') => (this.#entries.all(name, prefix) as { key: string; value: string }[])
        .map(({ key, value }) => [key, JSON.parse(value) as T]),
    };
  }

  transaction<R>(work: () => R): R {
    return inTransaction(this.#database, work);
  }
}
