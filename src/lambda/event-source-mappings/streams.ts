/** The poller of streams: which shards are read, from where, and how many at once (lambda-facts §3.4 to §3.6). */
import type { DocumentStore } from '../../contracts/documents.ts';
import type { ResetPosition, ShardSummary } from '../../contracts/event-source-mappings.ts';
import type { Shard, StreamRead, StreamEventShape, StreamPosition, StreamSource } from '../../contracts/event-sources.ts';
import { Checkpoints, compareSequences, type ReadingStart } from './checkpoints.ts';
import type { FailureDeliveries } from './failure-records.ts';
import { streamArnOf, type StreamConfiguration } from './mapping.ts';
import { sourceText, type Fate, type Fates, type Poller, type PollerParts } from './poller.ts';
import { SourceTrouble } from './source-trouble.ts';
import { StreamLane } from './stream-lane.ts';
import { pause } from './waits.ts';

/** How often it is looked for new shards when nothing says that there are any, milliseconds of real time. */
const shardInterval = 10_000;
/** The part of a stream that may fail beside its shards. */
const listing = 'listing';

export interface StreamPollerServices {
  source: StreamSource;
  shape: StreamEventShape;
  documents: DocumentStore;
  deliveries: FailureDeliveries;
}

interface ShardReading {
  shard: Shard;
  lanes: StreamLane[];
  /** Settles when its lanes have ended or polling stopped; absent while nobody reads it. */
  done?: Promise<void>;
}

export class StreamPoller implements Poller {
  readonly #parts: PollerParts;
  readonly #services: StreamPollerServices;
  readonly #stream: StreamConfiguration;
  readonly #streamArn: string;
  readonly #checkpoints: Checkpoints;
  readonly #trouble: SourceTrouble;
  readonly #fates: Fates;
  readonly #shards = new Map<string, ShardReading>();
  readonly #waiting = new Set<() => void>();
  /** How often the source has told of records. */
  #told = 0;
  #polling: { stop: AbortController; done: Promise<void> } | undefined;
  /** What a person set instead of the starting position. */
  #override: StreamPosition | undefined;
  /** Has the children of a shard that ended looked for. */
  #shardEnded: (() => void) | undefined;

  constructor(parts: PollerParts, services: StreamPollerServices) {
    this.#parts = parts;
    this.#fates = parts.fates;
    this.#services = services;
    this.#stream = parts.configuration.stream as StreamConfiguration;
    this.#streamArn = streamArnOf(parts.configuration.eventSourceArn);
    this.#checkpoints = new Checkpoints(services.documents, parts.uuid, parts.place?.key);
    this.#trouble = new SourceTrouble(parts, sourceText('Stream', this.#streamArn, parts.place), 'read');
  }

  start(): void {
    if (this.#polling) return;
    const stop = new AbortController();
    this.#polling = { stop, done: this.#poll(stop.signal) };
  }

  async stop(): Promise<void> {
    const polling = this.#polling;
    this.#polling = undefined;
    polling?.stop.abort();
    await polling?.done;
  }

  /** While it polls anyway there is nothing more to poll. */
  async pollOnce(): Promise<number> {
    if (this.#polling) return 0;
    const before = this.#parts.counts.received;
    await this.#takeUpShards();
    await Promise.all(this.#readable().flatMap(({ lanes }) => lanes.filter(({ ended }) => !ended).map((lane) => lane.once())));
    this.#parts.changed();
    return this.#parts.counts.received - before;
  }

  async leftOver(): Promise<boolean> {
    const { source } = this.#services;
    const begun = this.#checkpoints.begun;
    if (!begun && this.#stream.startingPosition === 'LATEST') return false;
    for (const { shardId } of await source.shards(this.#streamArn)) {
      const positions = begun ? this.#checkpoints.lanes(shardId, this.#stream.parallelizationFactor).filter(({ ended }) => !ended).map(({ position }) => position) : [this.#startingPosition()];
      for (const position of positions) if ((await source.read(this.#streamArn, shardId, position, 1)).records.length > 0) return true;
    }
    return false;
  }

  async resetPosition(position: ResetPosition): Promise<void> {
    this.#checkpoints.forget();
    this.#shards.clear();
    this.#override = position.kind === 'TRIM_HORIZON' ? { kind: 'trim-horizon' } : position.kind === 'LATEST' ? { kind: 'latest' } : { kind: 'timestamp', at: position.at };
    await this.#takeUpShards();
  }

  forget(): void {
    this.#checkpoints.forgetEverywhere();
    this.#shards.clear();
  }

  status(): { batchesInFlight: number; concurrency: number; shards: ShardSummary[] } {
    const lanes = [...this.#shards.values()].flatMap((reading) => reading.lanes);
    return {
      batchesInFlight: lanes.filter(({ work }) => work.running).length,
      concurrency: lanes.filter(({ ended }) => !ended).length,
      shards: [...this.#shards.values()].map((reading) => this.#summary(reading)),
    };
  }

  redriven(sequenceNumbers: readonly string[], executionId: string): void {
    for (const id of sequenceNumbers) {
      if (this.#fates.get(id)?.fate === 'discarded') this.#fates.set(id, { fate: 'delivered', sentence: 'It was given up, then redriven by hand, and the function had it.', executionId });
    }
  }

  fate(id: string): Fate | undefined {
    const known = this.#fates.get(id);
    if (known || !/^\d+$/.test(id)) return known;
    if (this.#checkpoints.startedAfter(id)) return { fate: 'position', sentence: 'The mapping began to read after it: reset its position to have it read, too.' };
    const checkpoints = [...this.#shards.values()].flatMap(({ lanes }) => lanes.map(({ work }) => work.checkpoint.position));
    if (checkpoints.some((position) => position.kind === 'trim-horizon' || ('sequenceNumber' in position && compareSequences(id, position.sequenceNumber) > 0))) {
      return { fate: 'behind', sentence: 'If it is in the stream, earlier records of its shard come first.' };
    }
    return undefined;
  }

  async #poll(signal: AbortSignal): Promise<void> {
    const unsubscribe = this.#services.source.onRecords?.(this.#streamArn, () => this.#wake());
    try {
      while (!signal.aborted) {
        try {
          await this.#takeUpShards(signal);
          this.#trouble.over(listing);
          for (const reading of this.#readable()) if (isOpen(reading)) reading.done ??= this.#read(reading, signal);
          this.#parts.changed();
          await this.#shardsMayHaveChanged(signal);
        } catch (error) {
          if (signal.aborted) return;
          await pause(this.#parts.clock, this.#trouble.failed(listing, error as Error), signal);
        }
      }
    } finally {
      unsubscribe?.();
      this.#wake();
      await Promise.all([...this.#shards.values()].map(({ done }) => done));
    }
  }

  /** All lanes of one shard. What the source throws ends none of them: it is tried again. */
  async #read(reading: ShardReading, signal: AbortSignal): Promise<void> {
    await Promise.all(reading.lanes.map(async (lane) => {
      while (!signal.aborted && !lane.ended) {
        try {
          await lane.run(signal);
        } catch (error) {
          if (signal.aborted) return;
          await pause(this.#parts.clock, this.#trouble.failed(laneName(reading.shard, lane.number), error as Error), signal);
        }
      }
    }));
    delete reading.done;
    // Its children may be read now.
    this.#shardEnded?.();
  }

  async #shardsMayHaveChanged(signal: AbortSignal): Promise<void> {
    const ended = new AbortController();
    this.#shardEnded = () => ended.abort();
    // A shard may have ended before anybody listened.
    if (this.#readable().some((reading) => reading.done === undefined && isOpen(reading))) return;
    await pause(this.#parts.clock, shardInterval, AbortSignal.any([signal, ended.signal]));
  }

  async #takeUpShards(signal?: AbortSignal): Promise<void> {
    const { source } = this.#services;
    const shards = await source.shards(this.#streamArn, signal);
    if (!this.#checkpoints.begun) await this.#begin(shards, signal);
    const ids = new Set(shards.map(({ shardId }) => shardId));
    this.#checkpoints.keep(ids);
    for (const [shardId, { shard, lanes }] of this.#shards) {
      if (ids.has(shardId)) continue;
      this.#shards.delete(shardId);
      for (const { number } of lanes) this.#trouble.over(laneName(shard, number));
    }
    for (const shard of shards) {
      const reading = this.#shards.get(shard.shardId);
      if (reading) reading.shard = shard;
      else this.#shards.set(shard.shardId, { shard, lanes: this.#lanes(shard) });
    }
  }

  /** Applies the starting position. LATEST and a timestamp become places that last before anything else happens. */
  async #begin(shards: readonly Shard[], signal: AbortSignal | undefined): Promise<void> {
    const positions = new Map<string, StreamPosition>();
    const starts: Record<string, ReadingStart> = {};
    for (const { shardId } of shards) {
      const start = this.#startingPosition();
      const { records: [first], next } = start.kind === 'trim-horizon' ? { records: [], next: start } : await this.#services.source.read(this.#streamArn, shardId, start, 1, signal);
      const position = start.kind === 'latest' ? next : start;
      positions.set(shardId, position);
      if (start.kind === 'timestamp' && first) starts[shardId] = { sequenceNumber: first.sequenceNumber, including: false };
      else if ('sequenceNumber' in position) starts[shardId] = { sequenceNumber: position.sequenceNumber, including: position.kind === 'after' };
    }
    this.#checkpoints.begin(positions, this.#stream.parallelizationFactor, starts);
  }

  #startingPosition(): StreamPosition {
    if (this.#override) return this.#override;
    switch (this.#stream.startingPosition) {
      case 'TRIM_HORIZON': return { kind: 'trim-horizon' };
      case 'LATEST': return { kind: 'latest' };
      case 'AT_TIMESTAMP': return { kind: 'timestamp', at: (this.#stream.startingPositionTimestamp ?? 0) * 1000 };
    }
  }

  #lanes(shard: Shard): StreamLane[] {
    const { shardId } = shard;
    const { source, shape, deliveries } = this.#services;
    const lanes = this.#stream.parallelizationFactor;
    return this.#checkpoints.lanes(shardId, lanes).map((checkpoint, lane) => new StreamLane({
      poller: this.#parts, source, read: (position, limit, signal) => this.#watched(laneName(shard, lane), source.read(this.#streamArn, shardId, position, limit, signal)), shape, deliveries, stream: this.#stream, streamArn: this.#streamArn, shardId, lane, lanes, checkpoint,
      checkpoints: this.#checkpoints, fates: this.#fates, roleArn: () => this.#roleArn(),
      told: () => this.#told, news: (signal, seen, milliseconds, due) => this.#news(signal, seen, milliseconds, due),
    }));
  }

  async #watched(part: string, read: Promise<StreamRead>): Promise<StreamRead> {
    const done = await read;
    this.#trouble.over(part);
    return done;
  }

  /** Shards whose parents were read to their end, as far as they are still there. */
  #readable(): ShardReading[] {
    return [...this.#shards.values()].filter(({ shard }) => shard.parentShardIds.every((parent) => {
      const reading = this.#shards.get(parent);
      return !reading || !isOpen(reading);
    }));
  }

  #roleArn(): string {
    try {
      return this.#parts.invocations.target(this.#parts.configuration.functionArn).configuration.role;
    } catch {
      // A function that is not there gets no records either.
      return '';
    }
  }

  #wake(): void {
    this.#told += 1;
    for (const wake of [...this.#waiting]) wake();
  }

  #news(signal: AbortSignal, seen: number, milliseconds: number, due: number | undefined): Promise<void> {
    const { clock } = this.#parts;
    return new Promise((resolve) => {
      const over = (): void => {
        this.#waiting.delete(over);
        signal.removeEventListener('abort', over);
        cancel();
        cancelWait?.();
        resolve();
      };
      const cancel = clock.after(milliseconds, over);
      const cancelWait = due === undefined ? undefined : clock.afterWait(due, over);
      this.#waiting.add(over);
      signal.addEventListener('abort', over, { once: true });
      if (signal.aborted || this.#told !== seen) over();
    });
  }

  #summary({ shard, lanes, done }: ShardReading): ShardSummary {
    const retrying = lanes.map(({ work }) => work.pending[0]?.attempts ?? 0).reduce((most, attempts) => Math.max(most, attempts), 0);
    const open = lanes.filter(({ ended }) => !ended).map(({ work }) => work.checkpoint.position).filter((position) => 'sequenceNumber' in position).map(({ sequenceNumber }) => sequenceNumber);
    const checkpoint = open.sort(compareSequences)[0];
    const behind = lanes.map(({ behindMilliseconds }) => behindMilliseconds).filter((each) => each !== undefined);
    return {
      shardId: shard.shardId,
      state: !isOpen({ shard, lanes }) ? 'ended' : lanes.some(({ work }) => work.running) ? 'running' : retrying > 0 ? 'retrying' : done === undefined ? 'waiting' : 'reading',
      ...(checkpoint === undefined ? {} : { checkpoint }),
      ...(retrying > 0 ? { attempts: retrying } : {}),
      ...(behind.length === 0 ? {} : { behindMilliseconds: Math.max(...behind) }),
    };
  }
}

const laneName = ({ shardId }: Shard, lane: number) => `${shardId}/${lane}`;

function isOpen({ lanes }: ShardReading): boolean {
  return lanes.some(({ ended }) => !ended);
}
