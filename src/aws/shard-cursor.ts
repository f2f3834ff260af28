/**
 * Reads one shard of AWS or of a compatible server from one place on. Keeps the iterator and what was read ahead, so that small
 * batches and several lanes cost no more calls than AWS allows (5 GetRecords a second and shard).
 */
import type { Clock } from '../contracts/clock.ts';
import { SourceUnavailable, type StreamPosition, type StreamRead, type StreamRecord } from '../contracts/event-sources.ts';
import { abortable, pause } from './waiting.ts';

/** One service's calls on one shard. */
export interface ShardCalls {
  /** @throws SourceNotFound, SourceUnavailable; code TrimmedDataAccessException for a position that was trimmed away. */
  iterator(position: StreamPosition): Promise<ShardIterator>;
  /** One GetRecords, as many as it gives. @throws SourceUnavailable; code ExpiredIteratorException, TrimmedDataAccessException */
  records(iterator: string): Promise<{ records: StreamRecord[]; next: string | undefined; behindMilliseconds?: number }>;
}

export interface ShardIterator {
  iterator: string;
  /** Earlier records are not wanted, epoch milliseconds. */
  skipBefore?: number;
  /** As Answer's. */
  serverTime?: number;
}

/** Keeps calls of one shard apart. */
export class ShardPace {
  readonly #clock: Clock;
  #free = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves when GetRecords may be called. */
  async turn(): Promise<void> {
    const now = this.#clock.now();
    const at = Math.max(now, this.#free);
    this.#free = at + betweenReads;
    if (at > now) await pause(this.#clock, at - now);
  }
}

/** Pages without a record that one read looks through. */
const mostEmptyPages = 10;
/** Milliseconds between two GetRecords of a shard: AWS allows 5 a second. */
const betweenReads = 200;

export class ShardCursor {
  readonly #clock: Clock;
  readonly #calls: ShardCalls;
  readonly #pace: ShardPace;
  /** Before the first of `#records`. */
  #start: StreamPosition;
  #records: StreamRecord[] = [];
  /** Number of the first of `#records`, counted from where the cursor began. */
  #first = 0;
  /** The same of the page that was read last. */
  #page = 0;
  readonly #places = new Map<string, number>();
  #next: ShardIterator | undefined;
  #ended = false;
  /** Of the end of what was read. */
  #behind: number | undefined;
  #fetching: Promise<void> | undefined;
  usedAt: number;

  /** @param next An iterator of that position, where there is one. */
  constructor({ clock, calls, pace }: { clock: Clock; calls: ShardCalls; pace: ShardPace }, start: StreamPosition, next?: ShardIterator) {
    this.#clock = clock;
    this.#calls = calls;
    this.#pace = pace;
    this.#start = start;
    this.#next = next;
    this.usedAt = clock.now();
  }

  covers(position: StreamPosition): boolean {
    return this.#place(position) !== undefined;
  }

  /** @param position One that is covered. */
  async read(position: StreamPosition, limit: number, signal: AbortSignal | undefined): Promise<StreamRead> {
    this.usedAt = this.#clock.now();
    if (this.#place(position) === this.#end && !this.#ended) {
      this.#fetching ??= this.#fetch().finally(() => { this.#fetching = undefined; });
      await abortable(this.#fetching, signal);
    }
    // Another reader may have gone on meanwhile, so that what follows the position is no more at hand.
    const place = this.#place(position);
    if (place === undefined) return { records: [], next: position, ended: false };
    const records = this.#records.slice(place - this.#first, place - this.#first + limit);
    const after = place + records.length;
    const last = records.at(-1);
    const behind = this.#behindAt(last, after === this.#end);
    return {
      records, next: last ? { kind: 'after', sequenceNumber: last.sequenceNumber } : position, ended: this.#ended && after === this.#end,
      ...(behind === undefined ? {} : { behindMilliseconds: behind }),
    };
  }

  get #end(): number {
    return this.#first + this.#records.length;
  }

  /** Number of the first record from the position on; undefined when it is not at hand. */
  #place(position: StreamPosition): number | undefined {
    if (samePlace(position, this.#start)) return this.#first;
    if (position.kind !== 'after' && position.kind !== 'at') return undefined;
    const place = this.#places.get(position.sequenceNumber);
    return place === undefined ? undefined : position.kind === 'at' ? place : place + 1;
  }

  /** One page; the next one, too, while there is nothing on it and the service says that there is more. */
  async #fetch(): Promise<void> {
    let records: StreamRecord[] = [];
    for (let page = 0; records.length === 0 && page < mostEmptyPages; page += 1) {
      const read = await this.#readPage();
      ({ records } = read);
      this.#next = read.next === undefined ? undefined : { ...read.from, iterator: read.next };
      this.#ended = read.next === undefined;
      this.#behind = read.behindMilliseconds;
      if (this.#ended || !this.#behind) break;
    }
    if (records.length === 0) return;
    this.#drop(this.#page);
    this.#page = this.#end;
    for (const [index, { sequenceNumber }] of records.entries()) this.#places.set(sequenceNumber, this.#page + index);
    this.#records.push(...records);
  }

  async #readPage(): Promise<{ records: StreamRecord[]; next: string | undefined; behindMilliseconds?: number; from: ShardIterator }> {
    const position = this.#endPosition();
    try {
      const from = this.#next ?? await this.#calls.iterator(position);
      await this.#pace.turn();
      return this.#wanted(await this.#calls.records(from.iterator), from);
    } catch (error) {
      const code = error instanceof SourceUnavailable ? error.code : '';
      const expired = code === 'ExpiredIteratorException';
      // Nobody refused the iterator when there was no answer.
      if (!(error instanceof SourceUnavailable) || error.kind === 'other') this.#next = undefined;
      if (!expired && code !== 'TrimmedDataAccessException') throw error;
      const from = await this.#fromHere(expired ? position : { kind: 'trim-horizon' });
      await this.#pace.turn();
      return this.#wanted(await this.#calls.records(from.iterator), from);
    }
  }

  /** What was trimmed away while the iterator had its time is read from the oldest record. */
  async #fromHere(position: StreamPosition): Promise<ShardIterator> {
    try {
      return await this.#calls.iterator(position);
    } catch (error) {
      if (!(error instanceof SourceUnavailable) || error.code !== 'TrimmedDataAccessException' || position.kind === 'trim-horizon') throw error;
      return this.#calls.iterator({ kind: 'trim-horizon' });
    }
  }

  /** Without records that are before what is wanted; once one is wanted, all that follow are. */
  #wanted(read: { records: StreamRecord[]; next: string | undefined; behindMilliseconds?: number }, from: ShardIterator) {
    const { skipBefore, ...rest } = from;
    if (skipBefore === undefined) return { ...read, from };
    const begin = read.records.findIndex(({ arrivedAt }) => arrivedAt >= skipBefore);
    return begin < 0 ? { ...read, records: [], from } : { ...read, records: read.records.slice(begin), from: rest };
  }

  #endPosition(): StreamPosition {
    const last = this.#records.at(-1);
    return last ? { kind: 'after', sequenceNumber: last.sequenceNumber } : this.#start;
  }

  /** Forgets the records before that number. */
  #drop(upTo: number): void {
    const dropped = this.#records.splice(0, upTo - this.#first);
    const last = dropped.at(-1);
    if (!last) return;
    for (const { sequenceNumber } of dropped) this.#places.delete(sequenceNumber);
    this.#start = { kind: 'after', sequenceNumber: last.sequenceNumber };
    this.#first = upTo;
  }

  #behindAt(last: StreamRecord | undefined, atEnd: boolean): number | undefined {
    const newest = this.#records.at(-1);
    if (this.#behind === undefined || atEnd || !newest) return this.#behind;
    return this.#behind + Math.max(0, newest.arrivedAt - (last ?? newest).arrivedAt);
  }
}

function samePlace(one: StreamPosition, other: StreamPosition): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
