/** Records of streams in SQLite: found by index whatever their number, counted by triggers, never all in memory. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { NewStreamRecord, ShardCounts, ShardKey, StoredStreamRecord, StreamRecordStore } from '../contracts/stream-records.ts';
import { inTransaction } from './database.ts';

const counted = (sign: '+' | '-', row: 'NEW' | 'OLD') =>
  `UPDATE stream_shards SET records = records ${sign} 1, bytes = bytes ${sign} length(${row}.data) WHERE id = ${row}.shard;`;

/** `arrived` never falls within a shard, so that both indexes hold its records in one order. */
export const streamRecordsSchema = `
  CREATE TABLE stream_shards (
    id INTEGER PRIMARY KEY AUTOINCREMENT, retired INTEGER NOT NULL DEFAULT 0,
    records INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL DEFAULT 0);
  CREATE INDEX stream_shards_retired ON stream_shards (id) WHERE retired = 1;
  CREATE TABLE stream_records (
    id INTEGER PRIMARY KEY AUTOINCREMENT, shard INTEGER NOT NULL, arrived INTEGER NOT NULL, partition_key TEXT NOT NULL, data BLOB NOT NULL);
  CREATE INDEX stream_records_order ON stream_records (shard, id);
  CREATE INDEX stream_records_arrived ON stream_records (shard, arrived);
  CREATE TRIGGER stream_records_added AFTER INSERT ON stream_records BEGIN ${counted('+', 'NEW')} END;
  CREATE TRIGGER stream_records_removed AFTER DELETE ON stream_records BEGIN ${counted('-', 'OLD')} END`;

interface Row {
  id: number;
  arrived: number;
  partition_key: string;
  data: Uint8Array;
}

type Place = Pick<Row, 'id' | 'arrived'>;

const columns = 'id, arrived, partition_key, data';

const sql = {
  open: 'INSERT INTO stream_shards DEFAULT VALUES RETURNING id',
  retire: 'UPDATE stream_shards SET retired = 1 WHERE id = ?',
  retired: 'SELECT id FROM stream_shards WHERE retired = 1 LIMIT 1',
  sweep: 'DELETE FROM stream_records WHERE id IN (SELECT id FROM stream_records INDEXED BY stream_records_order WHERE shard = ? LIMIT ?)',
  drop: 'DELETE FROM stream_shards WHERE id = ?',
  add: 'INSERT INTO stream_records (shard, arrived, partition_key, data) VALUES (?, ?, ?, ?)',
  read: `SELECT ${columns} FROM stream_records INDEXED BY stream_records_order WHERE shard = ? AND id > ? ORDER BY id LIMIT ?`,
  readBack: `SELECT ${columns} FROM stream_records INDEXED BY stream_records_order WHERE shard = ? AND id < ? ORDER BY id DESC LIMIT ?`,
  first: 'SELECT id, arrived FROM stream_records INDEXED BY stream_records_order WHERE shard = ? ORDER BY id LIMIT 1',
  last: 'SELECT id, arrived FROM stream_records INDEXED BY stream_records_order WHERE shard = ? ORDER BY id DESC LIMIT 1',
  positionAt: 'SELECT id FROM stream_records INDEXED BY stream_records_arrived WHERE shard = ? AND arrived >= ? ORDER BY arrived, id LIMIT 1',
  trim: `DELETE FROM stream_records WHERE id IN
    (SELECT id FROM stream_records INDEXED BY stream_records_arrived WHERE shard = ? AND arrived < ? ORDER BY arrived, id LIMIT ?)`,
  counts: 'SELECT records, bytes FROM stream_shards WHERE id = ?',
} as const;

/** Records that are read before it is known how large they are. */
const firstSlice = 16;

export class SqliteStreamRecords implements StreamRecordStore {
  readonly #database: DatabaseSync;
  readonly #statements: Readonly<Record<keyof typeof sql, StatementSync>>;
  /** When the newest record of each shard arrived, as far as it was asked for. */
  readonly #newest = new Map<ShardKey, number>();

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#statements = Object.fromEntries(Object.entries(sql).map(([name, text]) => [name, database.prepare(text)])) as Record<keyof typeof sql, StatementSync>;
  }

  transaction<R>(work: () => R): R {
    return inTransaction(this.#database, work);
  }

  open(): ShardKey {
    return (this.#statements.open.get() as { id: number }).id;
  }

  retire(key: ShardKey): void {
    this.#statements.retire.run(key);
    this.#newest.delete(key);
  }

  sweep(limit: number): boolean {
    const row = this.#statements.retired.get() as { id: number } | undefined;
    if (!row) return false;
    this.transaction(() => {
      if (this.#statements.sweep.run(row.id, limit).changes < limit) this.#statements.drop.run(row.id);
    });
    return true;
  }

  add(key: ShardKey, { partitionKey, data, arrivedAt }: NewStreamRecord): Pick<StoredStreamRecord, 'position' | 'arrivedAt'> {
    const arrived = Math.max(arrivedAt, this.#newest.get(key) ?? this.last(key)?.arrivedAt ?? 0);
    this.#newest.set(key, arrived);
    const { lastInsertRowid } = this.#statements.add.run(key, arrived, partitionKey, data);
    return { position: Number(lastInsertRowid), arrivedAt: arrived };
  }

  read(key: ShardKey, after: number, limit: number, bytes: number): StoredStreamRecord[] {
    const found: StoredStreamRecord[] = [];
    let size = 0;
    // In slices of about what is still wanted, so that neither many small records nor a few large ones cost more than they must.
    for (let slice = firstSlice; ; ) {
      const wanted = Math.min(slice, limit - found.length);
      const rows = this.#statements.read.all(key, found.at(-1)?.position ?? after, wanted) as unknown as Row[];
      for (const row of rows) {
        size += row.data.length;
        if (size > bytes && found.length > 0) return found;
        found.push(recordOf(row));
      }
      if (rows.length < wanted || found.length === limit) return found;
      slice = Math.min(slice * 8, Math.ceil((bytes - size) * found.length / Math.max(1, size)) + 1);
    }
  }

  readBack(key: ShardKey, before: number, limit: number): StoredStreamRecord[] {
    return (this.#statements.readBack.all(key, before, limit) as unknown as Row[]).map(recordOf);
  }

  first(key: ShardKey): Pick<StoredStreamRecord, 'position' | 'arrivedAt'> | undefined {
    return placeOf(this.#statements.first.get(key) as Place | undefined);
  }

  last(key: ShardKey): Pick<StoredStreamRecord, 'position' | 'arrivedAt'> | undefined {
    return placeOf(this.#statements.last.get(key) as Place | undefined);
  }

  positionAt(key: ShardKey, at: number): number | undefined {
    return (this.#statements.positionAt.get(key, at) as { id: number } | undefined)?.id;
  }

  trim(key: ShardKey, before: number, limit: number): number {
    return Number(this.#statements.trim.run(key, before, limit).changes);
  }

  counts(key: ShardKey): ShardCounts {
    return { ...(this.#statements.counts.get(key) as ShardCounts | undefined ?? { records: 0, bytes: 0 }) };
  }
}

const recordOf = ({ id, arrived, partition_key, data }: Row): StoredStreamRecord =>
  ({ position: id, arrivedAt: arrived, partitionKey: partition_key, data });

const placeOf = (place: Place | undefined): Pick<StoredStreamRecord, 'position' | 'arrivedAt'> | undefined =>
  place && { position: place.id, arrivedAt: place.arrived };
