/** Reads one shard, or the part of it whose partition keys fall to this lane, and hands its batches on (lambda-facts §3.2, §3.4). */
import { createHash } from 'node:crypto';
import type { StreamPosition, StreamRead, StreamRecord, StreamSource } from '../../contracts/event-sources.ts';
import { compareSequences } from './checkpoints.ts';
import { mostFilteredIds } from './polled-invocations.ts';
import { collecting, largestEvent } from './poller.ts';
import type { Segment, StreamItem } from './stream-segments.ts';
import { StreamWork, type StreamWorkParts } from './stream-work.ts';
import { windowStart } from './tumbling-windows.ts';

export interface StreamLaneParts extends StreamWorkParts {
  source: Pick<StreamSource, 'onRecords'>;
  /** Reads the shard. */
  read(position: StreamPosition, limit: number, signal: AbortSignal): Promise<StreamRead>;
  /** Of the function, for records. */
  roleArn: () => string;
  /** How often the source has told of records so far. */
  told(): number;
  /**
   * Resolves when the source tells of records, or has done so since `told` was `seen`; after that much real time; at that place
   * on the wait axis; when the signal aborts.
   */
  news(signal: AbortSignal, seen: number, milliseconds: number, due: number | undefined): Promise<void>;
}

/** How often a shard is looked at when nobody says that there are records, milliseconds of real time. */
const pollInterval = { kinesis: 1000, dynamodb: 250 } as const;
/** The same of a source that tells. */
const toldInterval = 5000;
/** Records of one read at most. */
const largestRead = 10_000;
/** The same of a batch that had failed before. */
const takenUpAtOnce = 1000;
/** Reads without a record, one after the other, after which what is sought has been trimmed away. */
const mostEmptyReads = 20;
/** `{"Records":[]}` and the members of a tumbling window but its state. */
const eventFrame = 600;

export class StreamLane {
  readonly work: StreamWork;
  readonly #parts: StreamLaneParts;
  /** Newest read, behind the newest of the shard. */
  behindMilliseconds: number | undefined;
  /** Where on the wait axis the batching window began. */
  #windowFrom: number;

  constructor(parts: StreamLaneParts) {
    this.#parts = parts;
    this.work = new StreamWork(parts);
    this.#windowFrom = parts.poller.clock.waitNow();
  }

  get number(): number {
    return this.#parts.lane;
  }

  get ended(): boolean {
    return this.work.checkpoint.ended === true && this.work.pending.length === 0;
  }

  /** Until the shard ends or polling stops. @throws what the source throws */
  async run(signal: AbortSignal): Promise<void> {
    this.#windowFrom = this.#parts.poller.clock.waitNow();
    await this.#takeUp(signal);
    while (!signal.aborted && !this.ended) {
      if (this.work.pending.length === 0) await this.#gather(signal, false);
      await this.work.run(signal, false);
      this.#windowFrom = this.#parts.poller.clock.waitNow();
    }
  }

  /** One batch, one attempt. */
  async once(): Promise<void> {
    const { signal } = new AbortController();
    await this.#takeUp(signal);
    if (this.work.pending.length === 0) await this.#gather(signal, true);
    await this.work.run(signal, true);
  }

  /** Reads the records of a batch again that had failed when polling ended. */
  async #takeUp(signal: AbortSignal): Promise<void> {
    const { work } = this;
    const { poller } = this.#parts;
    if (work.pending.length > 0 || work.checkpoint.pending === undefined) return;
    const through = work.leftOverThrough;
    const items: StreamItem[] = [];
    const roleArn = this.#parts.roleArn();
    const comesAfter = ({ sequenceNumber }: StreamRecord) => compareSequences(sequenceNumber, through as string) > 0;
    for (let { position } = work.checkpoint, more = through !== undefined, empty = 0; more;) {
      const read = await this.#parts.read(position, takenUpAtOnce, signal);
      const own = read.records.filter((record) => !comesAfter(record));
      for (const record of own) {
        const json = this.#jsonOf(record, roleArn);
        if (json === undefined || !poller.filters.matches(json)) continue;
        items.push(itemOf(record, json));
        poller.counts.received += 1;
        poller.counts.matched += 1;
      }
      // A source elsewhere may answer with nothing though there is something.
      if (read.records.length === 0) more = !read.ended && read.behindMilliseconds !== 0 && (empty += 1) < mostEmptyReads;
      else more = own.length === read.records.length && own.at(-1)?.sequenceNumber !== through;
      position = read.next;
    }
    work.takeUp(items);
  }

  /** Reads until a batch is complete and puts it into the work, or what closes a tumbling window. */
  async #gather(signal: AbortSignal, once: boolean): Promise<void> {
    const { poller } = this.#parts;
    const { batchSize, maximumBatchingWindowInSeconds: seconds } = poller.configuration;
    const batch = new Gathering(this.work.checkpoint.position, this.work.checkpoint.window?.state.length ?? 0);
    let due: number | undefined;
    while (!signal.aborted) {
      const seen = this.#parts.told();
      const read = await this.#parts.read(batch.position, Math.min(largestRead, batchSize - batch.items.length), signal);
      this.behindMilliseconds = read.behindMilliseconds;
      const full = this.#take(batch, read.records, read.next);
      if (full || batch.items.length >= batchSize) break;
      if (read.ended) {
        batch.ended = true;
        break;
      }
      if (read.records.length > 0) continue;
      if (once || this.#windowIsOver()) break;
      if (batch.items.length > 0) {
        if (seconds === 0) break;
        due ??= this.#windowEnd(seconds * 1000);
        if (poller.clock.waitNow() >= due) break;
      } else this.#passOver(batch);
      await this.#parts.news(signal, seen, this.#longestWait(), due);
    }
    this.#hand(batch);
  }

  /** Takes records into the batch; true when it can take no more. */
  #take(batch: Gathering, records: readonly StreamRecord[], next: StreamPosition): boolean {
    const { poller, fates, stream } = this.#parts;
    const roleArn = this.#parts.roleArn();
    for (const record of records) {
      const json = this.#jsonOf(record, roleArn);
      if (json === undefined) {
        batch.pass(record);
        continue;
      }
      if (!poller.filters.matches(json)) {
        poller.counts.received += 1;
        poller.counts.filtered += 1;
        poller.filtered.add(record.sequenceNumber, json, poller.clock.now());
        batch.filtered += 1;
        if (batch.filtered <= mostFilteredIds) batch.filteredIds.push(record.sequenceNumber);
        batch.pass(record);
        continue;
      }
      const item = itemOf(record, json);
      if (batch.items.length > 0 && batch.bytes + item.bytes > largestEvent) return true;
      if (stream.tumblingWindowInSeconds > 0 && !this.#fitsWindow(batch, record)) {
        batch.windowPassed = true;
        return true;
      }
      poller.counts.received += 1;
      poller.counts.matched += 1;
      batch.add(item);
      fates.set(record.sequenceNumber, collecting('record', poller.configuration));
      if (batch.bytes > largestEvent) return true;
    }
    batch.position = next;
    return false;
  }

  /** As it stands in the event; undefined when its partition key falls to another lane. */
  #jsonOf(record: StreamRecord, roleArn: string): string | undefined {
    const { shape, streamArn, shardId, lane, lanes } = this.#parts;
    return lanes > 1 && laneOf(record.partitionKey, lanes) !== lane ? undefined : shape.record(record, { streamArn, shardId, roleArn });
  }

  /** A batch is of one tumbling window, which its first record opens. */
  #fitsWindow(batch: Gathering, record: StreamRecord): boolean {
    const start = windowStart(record.arrivedAt, this.#parts.stream.tumblingWindowInSeconds);
    const { window } = this.work.checkpoint;
    if (window) return start <= window.start;
    batch.opens ??= start;
    return start <= batch.opens;
  }

  #windowIsOver(): boolean {
    const { window } = this.work.checkpoint;
    const { stream, poller } = this.#parts;
    return window !== undefined && poller.clock.now() >= window.start + stream.tumblingWindowInSeconds * 1000;
  }

  #hand(batch: Gathering): void {
    const { poller, stream } = this.#parts;
    const { checkpoint } = this.work;
    const segment = (items: readonly StreamItem[], more: Partial<Segment> = {}): Segment => ({
      items, after: batch.position, batchId: poller.newId(), executionId: poller.newId(), attempts: 0, throttles: 0, filtered: batch.filtered,
      ...(batch.filtered === 0 ? {} : { filteredIds: batch.filteredIds }), ...more,
    });
    if (batch.items.length === 1 && batch.bytes > largestEvent) {
      this.work.discardOversize(segment(batch.items));
      return;
    }
    if (batch.items.length > 0) {
      if (batch.opens !== undefined && !checkpoint.window) this.work.save({ ...checkpoint, window: { start: batch.opens, state: '{}' } });
      this.work.pending.push(segment(batch.items));
      // What ended is seen again when the batch is done: the next read finds the end.
      return;
    }
    const { window } = checkpoint;
    if (window && stream.tumblingWindowInSeconds > 0 && (batch.ended || batch.windowPassed || this.#windowIsOver())) {
      this.work.pending.push(segment([], { final: { terminatedEarly: false } }));
      return;
    }
    if (batch.ended) this.work.save({ ...checkpoint, position: batch.position, ended: true });
    else this.#passOver(batch);
  }

  /** Records that are none of this lane, or that no filter matches, are never read again. */
  #passOver(batch: Gathering): void {
    if (!batch.passed) return;
    batch.passed = false;
    this.work.save({ ...this.work.checkpoint, position: batch.position });
    this.#parts.poller.changed();
  }

  /** As for queues: windows follow each other, whether or not a record arrives in them. */
  #windowEnd(length: number): number {
    const passed = Math.max(0, this.#parts.poller.clock.waitNow() - this.#windowFrom);
    return this.#windowFrom + (Math.floor(passed / length) + 1) * length;
  }

  /** Until the source is looked at again or the tumbling window ends, milliseconds of real time. */
  #longestWait(): number {
    const { poller, stream, source } = this.#parts;
    const { window } = this.work.checkpoint;
    const interval = source.onRecords ? toldInterval : pollInterval[poller.source === 'dynamodb' ? 'dynamodb' : 'kinesis'];
    return window === undefined ? interval : Math.min(interval, Math.max(1, window.start + stream.tumblingWindowInSeconds * 1000 - poller.clock.now()));
  }
}

function itemOf(record: StreamRecord, json: string): StreamItem {
  return { record, json, bytes: Buffer.byteLength(json) + 1 };
}

/** Which lane of a shard a partition key falls to. */
export function laneOf(partitionKey: string, lanes: number): number {
  return createHash('md5').update(partitionKey).digest().readUInt32BE(0) % lanes;
}

/** A batch while it is read. */
class Gathering {
  readonly items: StreamItem[] = [];
  position: StreamPosition;
  bytes: number;
  filtered = 0;
  /** Of the first records that were filtered out. */
  readonly filteredIds: string[] = [];
  /** Records were passed over since the last checkpoint. */
  passed = false;
  ended = false;
  /** The next record is of a later tumbling window. */
  windowPassed = false;
  /** Start of the tumbling window that its first record opens. */
  opens: number | undefined;

  constructor(position: StreamPosition, stateBytes: number) {
    this.position = position;
    this.bytes = eventFrame + stateBytes;
  }

  add(item: StreamItem): void {
    this.items.push(item);
    this.bytes += item.bytes;
    this.position = { kind: 'after', sequenceNumber: item.record.sequenceNumber };
  }

  pass(record: StreamRecord): void {
    this.passed = true;
    this.position = { kind: 'after', sequenceNumber: record.sequenceNumber };
  }
}
