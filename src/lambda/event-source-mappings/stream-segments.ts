/** Pieces of a shard on their way to the function: a batch as it was read, and the parts that it was split into. */
import type { StreamPosition, StreamRecord } from '../../contracts/event-sources.ts';
import type { PolledBatch } from '../../contracts/executions.ts';
import { compareSequences } from './checkpoints.ts';

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

/** A segment that was tried or split, as a checkpoint keeps it: its records stay in the stream. */
export interface StoredSegment extends Omit<Segment, 'items' | 'throttles'> {
  /** Its last record; absent for the final invocation of a tumbling window. */
  through?: string;
}

/** What has to outlive the engine so that attempts are counted on and parts of a split stay apart; undefined when there is nothing of it. */
export function storedSegments(segments: readonly Segment[]): readonly StoredSegment[] | undefined {
  if (!segments.some(({ attempts, splitFrom }) => attempts > 0 || splitFrom !== undefined)) return undefined;
  return segments.map(({ items, throttles: _, ...rest }) => {
    const through = items.at(-1)?.record.sequenceNumber;
    return { ...rest, ...(through === undefined ? {} : { through }) };
  });
}

/**
 * Segments with the records that the stream still has of them; one that lost all of its records is left out.
 * @param items What was read again, in order.
 * @param begun Gives the ids of a segment's next invocation and of the one before it.
 */
export function restoredSegments(
  stored: readonly StoredSegment[],
  items: readonly StreamItem[],
  begun: (segment: StoredSegment) => Pick<Segment, 'executionId' | 'previous'>,
): Segment[] {
  let from = 0;
  return stored.flatMap((each) => {
    const { through, ...rest } = each;
    const end = through === undefined ? from : from + items.slice(from).filter(({ record }) => compareSequences(record.sequenceNumber, through) <= 0).length;
    const own = items.slice(from, end);
    from = end;
    return own.length === 0 && rest.final === undefined ? [] : [{ ...rest, ...begun(each), items: own, throttles: 0 }];
  });
}
