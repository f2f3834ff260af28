/** Streams in memory, as pollers see them: shards that split and merge, trimming, reading in pages. */
import { SourceNotFound, type Shard, type StreamPosition, type StreamRead, type StreamRecord, type StreamSource } from '../../../src/contracts/event-sources.ts';

interface MemoryShard {
  shardId: string;
  parents: string[];
  records: StreamRecord[];
  closed: boolean;
  /** Records before it were trimmed away. */
  from: number;
}

export class MemoryStream implements StreamSource {
  readonly #streams = new Map<string, MemoryShard[]>();
  readonly #listeners = new Set<() => void>();
  #sequence = 0;
  reads = 0;
  /** Makes reads fail while it is set. */
  trouble: Error | undefined;

  create(streamArn: string, shards: number): void {
    this.#streams.set(streamArn, Array.from({ length: shards }, (_, index) => this.#shard(index, [])));
  }

  /** Puts a record and gives its sequence number. */
  put(streamArn: string, data: string, { shard = 0, key = 'k', at = 0, json }: { shard?: number; key?: string; at?: number; json?: (sequenceNumber: string) => string } = {}): string {
    const target = this.#of(streamArn)[shard];
    if (!target || target.closed) throw new Error(`no open shard ${shard}`);
    this.#sequence += 1;
    const sequenceNumber = `4959${String(this.#sequence).padStart(20, '0')}`;
    const text = json?.(sequenceNumber) ?? JSON.stringify({
      kinesisSchemaVersion: '1.0', partitionKey: key, sequenceNumber, data: Buffer.from(data).toString('base64'), approximateArrivalTimestamp: at / 1000,
    });
    target.records.push({ sequenceNumber, partitionKey: key, arrivedAt: at, json: text });
    for (const listener of this.#listeners) listener();
    return sequenceNumber;
  }

  split(streamArn: string, shard: number): void {
    const shards = this.#of(streamArn);
    const parent = shards[shard] as MemoryShard;
    parent.closed = true;
    shards.push(this.#shard(shards.length, [parent.shardId]), this.#shard(shards.length + 1, [parent.shardId]));
    for (const listener of this.#listeners) listener();
  }

  /** Trims the oldest records of a shard away. */
  trim(streamArn: string, shard: number, count: number): void {
    (this.#of(streamArn)[shard] as MemoryShard).from += count;
  }

  remove(streamArn: string): void {
    this.#streams.delete(streamArn);
  }

  shards(streamArn: string): Promise<Shard[]> {
    try {
      if (this.trouble) throw this.trouble;
      return Promise.resolve(this.#of(streamArn).map(({ shardId, parents, closed, records }) => ({
        shardId, parentShardIds: parents, ...(closed ? { endingSequenceNumber: records.at(-1)?.sequenceNumber ?? '0' } : {}),
      })));
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  read(streamArn: string, shardId: string, position: StreamPosition, limit: number): Promise<StreamRead> {
    this.reads += 1;
    try {
      if (this.trouble) throw this.trouble;
      const shard = this.#of(streamArn).find((each) => each.shardId === shardId);
      if (!shard) throw new SourceNotFound(`no shard ${shardId}`);
      const start = Math.max(shard.from, this.#index(shard, position));
      const records = shard.records.slice(start, start + limit);
      const last = records.at(-1);
      const before = shard.records[start - 1];
      const next: StreamPosition = last ? { kind: 'after', sequenceNumber: last.sequenceNumber } : before ? { kind: 'after', sequenceNumber: before.sequenceNumber } : { kind: 'trim-horizon' };
      const end = start + records.length;
      const newest = shard.records.at(-1);
      return Promise.resolve({
        records, next, ended: shard.closed && end >= shard.records.length,
        behindMilliseconds: newest && end < shard.records.length ? newest.arrivedAt - (last ?? newest).arrivedAt : 0,
      });
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  onRecords(_streamArn: string, listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #index({ records }: MemoryShard, position: StreamPosition): number {
    const found = (test: (record: StreamRecord) => boolean) => {
      const index = records.findIndex(test);
      return index < 0 ? records.length : index;
    };
    switch (position.kind) {
      case 'trim-horizon': return 0;
      case 'latest': return records.length;
      case 'timestamp': return found(({ arrivedAt }) => arrivedAt >= position.at);
      case 'after': return found(({ sequenceNumber }) => sequenceNumber > position.sequenceNumber);
      case 'at': return found(({ sequenceNumber }) => sequenceNumber >= position.sequenceNumber);
    }
  }

  #of(streamArn: string): MemoryShard[] {
    const shards = this.#streams.get(streamArn);
    if (!shards) throw new SourceNotFound(`no stream ${streamArn}`);
    return shards;
  }

  #shard(index: number, parents: string[]): MemoryShard {
    return { shardId: `shardId-${String(index).padStart(12, '0')}`, parents, records: [], closed: false, from: 0 };
  }
}
