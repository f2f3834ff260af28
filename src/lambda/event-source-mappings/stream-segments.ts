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
  splitFrom?: PolledBatch['splitFrom'];
  /** Invocation that closes a tumbling window. */
  final?: { terminatedEarly: boolean };
  /** Of the last invocation. */
  last?: { executionId: string; executedVersion: string; functionError: string | null };
}

/** A part of a segment that follows nothing of it. @param newId For its own batch. */
export function partOf(segment: Segment, items: readonly StreamItem[], newId: string, by: NonNullable<PolledBatch['splitFrom']>['by'], attempts: number): Segment {
  const isEnd = items.at(-1) === segment.items.at(-1);
  const { last, ...rest } = segment;
  return {
    ...rest, items, batchId: newId, attempts, throttles: 0, filtered: 0, splitFrom: { batchId: segment.batchId, by },
    after: isEnd ? segment.after : { kind: 'after', sequenceNumber: (items.at(-1) as StreamItem).record.sequenceNumber },
    ...(by === 'record-age' && last !== undefined ? { last } : {}),
  };
}
