/** Deletes records past their retention, and those of deleted streams, in slices that nobody waits for. */
import type { CancelTimer, Clock } from '../contracts/clock.ts';
import type { Logger } from '../contracts/logger.ts';
import type { ShardKey, StreamRecordStore } from '../contracts/stream-records.ts';

/** Rows of one slice: some milliseconds. */
const slice = 500;
/** Between slices, milliseconds: callers get most of the time. */
const pause = 20;
/** Between rounds, milliseconds. */
const round = 60_000;

export interface TrimmedShard {
  key: ShardKey;
  /** Records that arrived before are past their retention, epoch milliseconds. */
  before: number;
}

export interface TrimmingParts {
  clock: Clock;
  records: StreamRecordStore;
  logger: Logger;
  /** All shards there are. */
  shards: () => Iterable<TrimmedShard>;
  /** Other work of a round, which takes little time. */
  also: () => void;
  /** Records have gone. */
  changed: () => void;
}

export class RecordTrimming {
  readonly #parts: TrimmingParts;
  #cancel: CancelTimer | undefined;
  #next = Number.POSITIVE_INFINITY;
  #closed = false;

  constructor(parts: TrimmingParts) {
    this.#parts = parts;
  }

  /** Begins, or goes on soon when there is new work. */
  start(): void {
    this.#schedule(pause);
  }

  close(): void {
    this.#closed = true;
    this.#cancel?.();
  }

  #schedule(milliseconds: number): void {
    const at = this.#parts.clock.now() + milliseconds;
    if (this.#closed || at >= this.#next) return;
    this.#cancel?.();
    this.#next = at;
    this.#cancel = this.#parts.clock.after(milliseconds, () => this.#run());
  }

  #run(): void {
    this.#next = Number.POSITIVE_INFINITY;
    const { records, logger, shards, also, changed } = this.#parts;
    let more = false;
    let trimmed = 0;
    try {
      also();
      more = records.sweep(slice);
      for (const { key, before } of shards()) {
        if (trimmed >= slice) break;
        const first = records.first(key);
        if (first !== undefined && first.arrivedAt < before) trimmed += records.trim(key, before, slice - trimmed);
      }
      if (trimmed > 0) changed();
    } catch (error) {
      logger.error('Old records of streams could not be cleared away; it is tried again.', error);
    }
    this.#schedule(more || trimmed >= slice ? pause : round);
  }
}
