/** Streams of AWS or of a compatible server, as pollers see them: Kinesis and DynamoDB Streams alike. */
import type { Clock } from '../contracts/clock.ts';
import type { Shard, StreamPosition, StreamRead, StreamSource } from '../contracts/event-sources.ts';
import { ShardCursor, ShardPace, type ShardCalls } from './shard-cursor.ts';
import { abortable } from './waiting.ts';

/** One service's calls. */
export interface StreamCalls {
  /** In any order. @throws SourceNotFound, SourceUnavailable */
  shards(streamArn: string): Promise<Shard[]>;
  shard(streamArn: string, shardId: string): ShardCalls;
}

/** Places of one shard that are read from at once: lanes of one mapping, and other mappings of the stream. */
const mostCursors = 12;
/** A place that nobody read from for so long is forgotten, milliseconds. */
const idleTime = 600_000;

interface KnownShard {
  calls: ShardCalls;
  pace: ShardPace;
  cursors: ShardCursor[];
}

export class RemoteStreams implements StreamSource {
  readonly #clock: Clock;
  readonly #calls: StreamCalls;
  readonly #shards = new Map<string, KnownShard>();

  constructor(clock: Clock, calls: StreamCalls) {
    this.#clock = clock;
    this.#calls = calls;
  }

  async shards(streamArn: string, signal?: AbortSignal): Promise<Shard[]> {
    const shards = parentsFirst(await abortable(this.#calls.shards(streamArn), signal));
    const keys = new Set(shards.map(({ shardId }) => keyOf(streamArn, shardId)));
    for (const key of this.#shards.keys()) if (key.startsWith(keyOf(streamArn, '')) && !keys.has(key)) this.#shards.delete(key);
    return shards;
  }

  async read(streamArn: string, shardId: string, position: StreamPosition, limit: number, signal?: AbortSignal): Promise<StreamRead> {
    const shard = this.#shard(streamArn, shardId);
    if (position.kind === 'latest') return abortable(this.#fromNow(shard), signal);
    return this.#cursor(shard, position).read(position, limit, signal);
  }

  /**
   * LATEST has no sequence number yet: what lasts is the server's time, to the second. The iterator that was given now goes on
   * from exactly here, as long as the engine runs.
   */
  async #fromNow(shard: KnownShard): Promise<StreamRead> {
    const made = await shard.calls.iterator({ kind: 'latest' });
    const position: StreamPosition = { kind: 'timestamp', at: made.serverTime ?? this.#clock.now() };
    if (!shard.cursors.some((cursor) => cursor.covers(position))) this.#add(shard, new ShardCursor({ clock: this.#clock, ...shard }, position, { iterator: made.iterator }));
    return { records: [], next: position, ended: false };
  }

  #cursor(shard: KnownShard, position: StreamPosition): ShardCursor {
    return shard.cursors.find((cursor) => cursor.covers(position)) ?? this.#add(shard, new ShardCursor({ clock: this.#clock, ...shard }, position));
  }

  #add(shard: KnownShard, cursor: ShardCursor): ShardCursor {
    const now = this.#clock.now();
    shard.cursors = [cursor, ...shard.cursors.filter(({ usedAt }) => now - usedAt < idleTime).toSorted((one, other) => other.usedAt - one.usedAt)].slice(0, mostCursors);
    return cursor;
  }

  #shard(streamArn: string, shardId: string): KnownShard {
    const key = keyOf(streamArn, shardId);
    let shard = this.#shards.get(key);
    if (!shard) this.#shards.set(key, shard = { calls: this.#calls.shard(streamArn, shardId), pace: new ShardPace(this.#clock), cursors: [] });
    return shard;
  }
}

const keyOf = (streamArn: string, shardId: string) => `${streamArn} ${shardId}`;

function parentsFirst(shards: readonly Shard[]): Shard[] {
  const waiting = new Map(shards.map((shard) => [shard.shardId, shard]));
  const ordered: Shard[] = [];
  const take = (shard: Shard): void => {
    if (!waiting.delete(shard.shardId)) return;
    for (const parent of shard.parentShardIds) {
      const found = waiting.get(parent);
      if (found) take(found);
    }
    ordered.push(shard);
  };
  for (const shard of shards) take(shard);
  return ordered;
}
