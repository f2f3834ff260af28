/** What pollers of event source mappings read: records in the form in which a function gets them. */
import { SourceNotFound, type StreamPosition, type StreamRead } from '../../contracts/event-sources.ts';
import type { StoredStreamRecord, StreamRecordStore } from '../../contracts/stream-records.ts';
import { positionBefore, readShard } from '../shard-reading.ts';
import { base64 } from './record-operations.ts';
import { readSequenceNumber, sequenceNumber } from './sequence-numbers.ts';
import { shardIdOf, type StoredShard } from './shards.ts';

/** Of one read, bytes, as GetRecords. */
const largestRead = 10 * 1024 * 1024;

/** @throws SourceNotFound for a sequence number that is of another shard, as after the stream was made anew. */
export function readPosition(
  store: StreamRecordStore,
  shard: StoredShard,
  position: StreamPosition,
  { limit, now, retention }: { limit: number; now: number; retention: number },
): StreamRead {
  const begin = beginOf(store, shard, position);
  // A time that is still to come stays the position: what arrives before it is not asked for.
  if (position.kind === 'timestamp' && position.at > now) return { records: [], next: position, ended: shard.closedAt !== undefined, behindMilliseconds: 0 };
  const read = readShard(store, shard.key, { after: begin, limit, bytes: largestRead, horizon: now - retention });
  // A sequence number holds the time of its record: one that stands for a record must be the very one that the record has.
  const stays = position.kind === 'after' && read.after === begin;
  const arrivedAt = read.arrivedAt ?? (read.caughtUp ? read.newestAt : undefined) ?? shard.createdAt;
  return {
    records: read.records.map((record) => pollerRecord(shard, record)),
    next: stays ? position : { kind: 'after', sequenceNumber: sequenceNumber(shard, read.after, arrivedAt) },
    ended: read.caughtUp && shard.closedAt !== undefined,
    behindMilliseconds: read.caughtUp ? 0 : Math.max(0, (read.newestAt ?? 0) - (read.arrivedAt ?? 0)),
  };
}

/** Position of the last record that is not wanted. */
function beginOf(store: StreamRecordStore, shard: StoredShard, position: StreamPosition): number {
  switch (position.kind) {
    case 'trim-horizon': return 0;
    case 'latest': return store.last(shard.key)?.position ?? 0;
    case 'timestamp': return positionBefore(store, shard.key, position.at);
    default: {
      const read = readSequenceNumber(position.sequenceNumber);
      if (!read || read.number !== shard.number || read.epoch !== shard.epoch) {
        throw new SourceNotFound(`Sequence number ${position.sequenceNumber} is not of ${shardIdOf(shard.number)} as it is now.`);
      }
      return position.kind === 'after' ? read.position : Math.max(0, read.position - 1);
    }
  }
}

/** lambda-facts §3.4: the value of `kinesis`, in AWS's order. */
function pollerRecord(shard: StoredShard, { position, arrivedAt, partitionKey, data }: StoredStreamRecord): StreamRead['records'][number] {
  const number = sequenceNumber(shard, position, arrivedAt);
  return {
    sequenceNumber: number, partitionKey, arrivedAt,
    json: `{"kinesisSchemaVersion":"1.0","partitionKey":${JSON.stringify(partitionKey)},"sequenceNumber":"${number}","data":"${base64(data)}","approximateArrivalTimestamp":${seconds(arrivedAt)}}`,
  };
}

/** A number with a fraction, as AWS's always is: some languages tell it from a whole one. */
const seconds = (at: number): string => (at % 1000 === 0 ? `${at / 1000}.0` : String(at / 1000));
