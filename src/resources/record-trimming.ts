/** Deletes records past their retention, and those of deleted streams. */
import type { Clock } from '../contracts/clock.ts';
import type { Logger } from '../contracts/logger.ts';
import type { ShardKey, StreamRecordStore } from '../contracts/stream-records.ts';
import { Rounds, slice } from './rounds.ts';

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

export function recordTrimming({ clock, records, logger, shards, also, changed }: TrimmingParts): Rounds {
  return new Rounds({
    clock, logger, failure: 'Old records of streams could not be cleared away; it is tried again.',
    work: () => {
      also();
      const more = records.sweep(slice);
      let trimmed = 0;
      for (const { key, before } of shards()) {
        if (trimmed >= slice) break;
        const first = records.first(key);
        if (first !== undefined && first.arrivedAt < before) trimmed += records.trim(key, before, slice - trimmed);
      }
      if (trimmed > 0) changed();
      return more || trimmed >= slice;
    },
  });
}
