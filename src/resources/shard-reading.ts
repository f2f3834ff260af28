/** Reads a shard's records without those that are past their retention, whether or not they were cleared away yet. */
import type { ShardKey, StoredStreamRecord, StreamRecordStore } from '../contracts/stream-records.ts';

export interface ShardRead {
  records: StoredStreamRecord[];
  /** Position of the last record read, or where the read began. */
  after: number;
  /** Nothing is left behind `after` just now. */
  caughtUp: boolean;
  /** When the last record read arrived; absent when there was none. */
  arrivedAt?: number;
  /** When the shard's newest record arrived; absent when it has none. */
  newestAt?: number;
}

export interface ShardReadOptions {
  /** Position of the last record that was read before. */
  after: number;
  limit: number;
  /** Data of all records together, in bytes. */
  bytes: number;
  /** Records that arrived before are not seen, epoch milliseconds. */
  horizon: number;
}

export function readShard(store: StreamRecordStore, key: ShardKey, { after, limit, bytes, horizon }: ShardReadOptions): ShardRead {
  const last = store.last(key);
  if (last === undefined) return { records: [], after, caughtUp: true };
  const begin = Math.max(after, trimmedTo(store, key, horizon, last.position));
  const records = store.read(key, begin, limit, bytes);
  const end = records.at(-1);
  const place = end?.position ?? begin;
  return {
    records, after: place, caughtUp: place >= last.position, newestAt: last.arrivedAt,
    ...(end === undefined ? {} : { arrivedAt: end.arrivedAt }),
  };
}

/** Position before the first record that arrived at `at` or later. */
export function positionBefore(store: StreamRecordStore, key: ShardKey, at: number): number {
  const found = store.positionAt(key, at);
  return found === undefined ? store.last(key)?.position ?? 0 : found - 1;
}

/** Position of the last record that is past its retention. */
function trimmedTo(store: StreamRecordStore, key: ShardKey, horizon: number, last: number): number {
  const first = store.first(key);
  if (first === undefined || first.arrivedAt >= horizon) return 0;
  const kept = store.positionAt(key, horizon);
  return kept === undefined ? last : kept - 1;
}
