/** Looks at records without a position: for people. */
import type { PeekedRecord, PeekRecords, ShardSummary, StreamPlace } from '../contracts/resource-views.ts';
import type { ShardKey, StoredStreamRecord, StreamRecordStore } from '../contracts/stream-records.ts';
import { readShard } from './shard-reading.ts';

const shownCharacters = 65_536;
const largestPage = 1000;
/** Of one shard in one page, bytes. */
const pageBytes = 16 * 1024 * 1024;

/** What a view shows of a shard's records. @param numberOf Its sequence number. */
export function shardCounts(
  store: StreamRecordStore,
  key: ShardKey,
  numberOf: (position: number, arrivedAt: number) => string,
): Pick<ShardSummary, 'records' | 'bytes' | 'oldest' | 'newest'> {
  const place = (found: { position: number; arrivedAt: number }): StreamPlace => ({ sequenceNumber: numberOf(found.position, found.arrivedAt), arrivedAt: found.arrivedAt });
  const [first, last] = [store.first(key), store.last(key)];
  return { ...store.counts(key), ...(first ? { oldest: place(first) } : {}), ...(last ? { newest: place(last) } : {}) };
}

/** Records of several shards, in the order in which they arrived, or against it. */
export function peekShards<S extends { key: ShardKey }>(
  store: StreamRecordStore,
  shards: readonly S[],
  { order, limit: wanted, place, horizon }: PeekRecords & { place?: number; horizon: number },
): { shard: S; record: StoredStreamRecord }[] {
  const limit = Math.min(Math.max(1, Math.trunc(wanted)), largestPage);
  const found = shards.flatMap((shard) => {
    const records = order === 'oldest'
      ? readShard(store, shard.key, { after: place ?? 0, limit, bytes: pageBytes, horizon }).records
      : store.readBack(shard.key, place ?? Number.MAX_SAFE_INTEGER, limit).filter(({ arrivedAt }) => arrivedAt >= horizon);
    return records.map((record) => ({ shard, record }));
  });
  const sign = order === 'oldest' ? 1 : -1;
  return found.sort((a, b) => sign * (a.record.position - b.record.position)).slice(0, limit);
}

/** Data as text when it is UTF-8, else in base64. */
export function peekedData(data: Uint8Array): Pick<PeekedRecord, 'bytes' | 'text' | 'base64'> {
  const bytes = data.length;
  try {
    return { bytes, text: new TextDecoder('utf-8', { fatal: true }).decode(data).slice(0, shownCharacters) };
  } catch {
    // Not UTF-8: shown as bytes.
    return { bytes, base64: Buffer.from(data.subarray(0, shownCharacters * 3 / 4)).toString('base64') };
  }
}
