/** How far a mapping has come in each shard: durable, so that nothing is skipped whatever happens to the engine. */
import type { DocumentCollection, DocumentStore } from '../../contracts/documents.ts';
import type { StreamPosition } from '../../contracts/event-sources.ts';
import type { PastWait } from './record-age.ts';
import type { StoredSegment } from './stream-segments.ts';

/** The tumbling window that is open. */
export interface OpenWindow {
  /** Epoch milliseconds. */
  start: number;
  /** What the function returned last, JSON text of an object. */
  state: string;
}

/** A wait before a retry that has begun. */
export interface RetryWait {
  /** Epoch milliseconds. */
  from: number;
  /** Place on the wait axis where it began, and where it ends. */
  begun: number;
  due: number;
  /** AWS milliseconds. */
  length: number;
}

/** One part of a shard: its records whose partition keys fall to it, in order. */
export interface LaneCheckpoint {
  /** Everything before it is done. */
  position: StreamPosition;
  /** Read to the end of a closed shard. */
  ended?: boolean;
  window?: OpenWindow;
  /** What is left of a batch that failed, in order, with its attempts. */
  pending?: readonly StoredSegment[];
  /** What it waits for before it is tried again. */
  wait?: RetryWait;
  /** Waits that the records from here on have behind them. */
  waits?: readonly PastWait[];
}

interface ShardCheckpoints {
  lanes: LaneCheckpoint[];
}

/** Where reading of a shard began: what lies before is not the mapping's. */
export interface ReadingStart {
  sequenceNumber: string;
  /** Whether the record with that number lies before, too. */
  including: boolean;
}

export class Checkpoints {
  readonly #documents: DocumentStore;
  readonly #shards: DocumentCollection<ShardCheckpoints>;
  readonly #begun: DocumentCollection<boolean>;
  readonly #starts: DocumentCollection<Readonly<Record<string, ReadingStart>>>;
  readonly #uuid: string;
  /** The mapping, and where its source lives when it is not embedded: positions of one stream mean nothing in another. */
  readonly #id: string;

  /** @param place Key of the place where the source lives; absent for an embedded one. */
  constructor(documents: DocumentStore, uuid: string, place?: string) {
    this.#documents = documents;
    this.#shards = documents.collection('stream-checkpoints');
    this.#begun = documents.collection('stream-mappings-begun');
    this.#starts = documents.collection('stream-mapping-starts');
    this.#uuid = uuid;
    this.#id = place === undefined ? uuid : `${uuid}@${place}`;
  }

  /** Whether the starting position was applied: shards that appear from then on are read from their beginning. */
  get begun(): boolean {
    return this.#begun.get(this.#id) === true;
  }

  /** Applies the starting position to the shards of that moment. */
  begin(shards: ReadonlyMap<string, StreamPosition>, lanes: number, starts: Readonly<Record<string, ReadingStart>>): void {
    this.#documents.transaction(() => {
      for (const [shardId, position] of shards) this.#shards.put(this.#key(shardId), { lanes: Array.from({ length: lanes }, () => ({ position })) });
      this.#begun.put(this.#id, true);
      this.#starts.put(this.#id, starts);
    });
  }

  /** Whether a record lies before the places where reading began; those of shards that came later do not. */
  startedAfter(sequenceNumber: string): boolean {
    const starts = Object.values(this.#starts.get(this.#id) ?? {});
    return starts.length > 0 && starts.every((start) => compareSequences(sequenceNumber, start.sequenceNumber) < (start.including ? 1 : 0));
  }

  /** The lanes of a shard. With another number of lanes than before all begin at the earliest place: nothing is skipped. */
  lanes(shardId: string, count: number): LaneCheckpoint[] {
    const stored = this.#shards.get(this.#key(shardId));
    if (!stored) return Array.from({ length: count }, () => ({ position: { kind: 'trim-horizon' } }));
    if (stored.lanes.length === count) return stored.lanes;
    const open = stored.lanes.filter(({ ended }) => !ended);
    if (open.length === 0) return Array.from({ length: count }, () => stored.lanes[0] as LaneCheckpoint);
    const earliest = open.reduce((first, lane) => (isBefore(lane.position, first.position) ? lane : first));
    return Array.from({ length: count }, () => ({ position: earliest.position }));
  }

  save(shardId: string, lane: number, checkpoint: LaneCheckpoint, count: number): void {
    const lanes = [...this.lanes(shardId, count)];
    lanes[lane] = checkpoint;
    this.#shards.put(this.#key(shardId), { lanes });
  }

  transaction<R>(work: () => R): R {
    return this.#documents.transaction(work);
  }

  /** Forgets shards that are gone. */
  keep(shardIds: ReadonlySet<string>): void {
    const prefix = `${this.#id}/`;
    for (const [key] of this.#shards.entries(prefix)) if (!shardIds.has(key.slice(prefix.length))) this.#shards.delete(key);
  }

  forget(): void {
    this.#documents.transaction(() => {
      this.keep(new Set());
      this.#begun.delete(this.#id);
      this.#starts.delete(this.#id);
    });
  }

  /** The same, wherever the source has lived. */
  forgetEverywhere(): void {
    this.#documents.transaction(() => {
      for (const collection of [this.#shards, this.#begun, this.#starts]) for (const [key] of collection.entries(this.#uuid)) collection.delete(key);
    });
  }

  #key(shardId: string): string {
    return `${this.#id}/${shardId}`;
  }
}

/** Whether one place in a shard comes before another. */
function isBefore(a: StreamPosition, b: StreamPosition): boolean {
  if (a.kind === 'trim-horizon' || b.kind === 'latest') return b.kind !== 'trim-horizon';
  if (b.kind === 'trim-horizon' || a.kind === 'latest') return false;
  if ('sequenceNumber' in a && 'sequenceNumber' in b) return compareSequences(a.sequenceNumber, b.sequenceNumber) < 0;
  return a.kind === 'timestamp';
}

/** Sequence numbers are long decimal numbers. */
export function compareSequences(a: string, b: string): number {
  if (!/^\d+$/.test(a) || !/^\d+$/.test(b)) return a < b ? -1 : Number(a > b);
  const [x, y] = [BigInt(a), BigInt(b)];
  return x < y ? -1 : Number(x > y);
}
