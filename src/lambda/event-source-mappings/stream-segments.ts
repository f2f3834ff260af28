/** Pieces of a shard on their way to the function: a batch as it was read, and the parts that it was split into. */
import type { StreamPosition, StreamRecord } from '../../contracts/event-sources.ts';
import type { PolledBatch } from '../../contracts/executions.ts';

/** A record that goes to the function. */
export interface StreamItem {
  record: StreamRecord;
  /** As it stands in the event. */
  json: string;
  bytes: number;
}

export interface Segment {
  /** Empty for the final invocation of a tumbling window. */
  items: readonly StreamItem[];
  /** Where the shard is read on when this is done. */
  after: StreamPosition;
  batchId: string;
  /** Invocations that failed and count. */
  attempts: number;
  /** Times that the function could not be invoked, in all and since the last attempt. */
  throttles: number;
  filtered: number;
  filteredIds?: readonly string[];
  /** Of its next invocation. */
  executionId: string;
  /** Of the invocation before it that had these records. */
  previous?: string;
  splitFrom?: PolledBatch['splitFrom'];
  /** Invocation that closes a tumbling window. */
  final?: { terminatedEarly: boolean };
  /** Of the last invocation; `place` is that of this segment's first record among its `size`. */
  last?: { executionId: string; executedVersion: string; functionError: string | null; size: number; place: number };
}

/**
 * A part of a segment that follows nothing of it.
 * @param ids Of its own batch and of its first invocation; a part that is too old keeps the invocation it was to have.
 */
export function partOf(segment: Segment, items: readonly StreamItem[], ids: { batch: string; execution: string }, by: NonNullable<PolledBatch['splitFrom']>['by'], attempts: number): Segment {
  const isEnd = items.at(-1) === segment.items.at(-1);
  const { last, filteredIds: _, ...rest } = segment;
  const previous = by === 'record-age' ? segment.previous : last?.executionId;
  return {
    ...rest, items, batchId: ids.batch, executionId: ids.execution, attempts, throttles: 0, filtered: 0, splitFrom: { batchId: segment.batchId, by },
    after: isEnd ? segment.after : { kind: 'after', sequenceNumber: (items.at(-1) as StreamItem).record.sequenceNumber },
    ...(previous === undefined ? {} : { previous }),
    ...(by === 'record-age' && last !== undefined ? { last: { ...last, place: last.place + segment.items.indexOf(items[0] as StreamItem) } } : {}),
  };
}
