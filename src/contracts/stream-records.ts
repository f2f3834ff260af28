/** Records of streams, shard by shard, kept so that a stream of millions costs no more memory than an empty one. */

/** One shard's records, by a number of its own. */
export type ShardKey = number;

export interface NewStreamRecord {
  partitionKey: string;
  data: Uint8Array;
  /** Epoch milliseconds. What is stored is never before the shard's newest record, also when the clock was set back. */
  arrivedAt: number;
}

export interface StoredStreamRecord extends NewStreamRecord {
  /** Grows with every record of any stream. */
  position: number;
}

export interface ShardCounts {
  records: number;
  /** Data only. */
  bytes: number;
}

/** All methods are synchronous and join the open transaction. */
export interface StreamRecordStore {
  transaction<R>(work: () => R): R;
  /** Makes a shard without records. */
  open(): ShardKey;
  /** Puts all records of the shard out of sight; `sweep` deletes them. */
  retire(key: ShardKey): void;
  /** Deletes at most `limit` records of retired shards; false when none is left. */
  sweep(limit: number): boolean;

  add(key: ShardKey, record: NewStreamRecord): Pick<StoredStreamRecord, 'position' | 'arrivedAt'>;
  /** Records after a position, oldest first: at most `limit`, and no more than `bytes` of data, but always the first. */
  read(key: ShardKey, after: number, limit: number, bytes: number): StoredStreamRecord[];
  /** Records before a position, newest first. */
  readBack(key: ShardKey, before: number, limit: number): StoredStreamRecord[];
  first(key: ShardKey): Pick<StoredStreamRecord, 'position' | 'arrivedAt'> | undefined;
  last(key: ShardKey): Pick<StoredStreamRecord, 'position' | 'arrivedAt'> | undefined;
  /** Position of the first record that arrived at that time or later. */
  positionAt(key: ShardKey, at: number): number | undefined;
  /** Removes records that arrived before `before`, at most `limit`. Returns how many. */
  trim(key: ShardKey, before: number, limit: number): number;
  counts(key: ShardKey): ShardCounts;
}
