/** What pollers have in common, and what they tell the mapping that owns them. */
import type { Clock } from '../../contracts/clock.ts';
import type { MappingSource, RecordFate, ResetPosition, ShardSummary } from '../../contracts/event-source-mappings.ts';
import type { SourcePlace } from '../../contracts/event-sources.ts';
import type { Logger } from '../../contracts/logger.ts';
import type { FilteredRecords, RecordFilters } from './filters.ts';
import type { MappingConfiguration } from './mapping.ts';
import type { PolledInvocations } from './polled-invocations.ts';

/** Records and batches since the engine started. */
export interface PollCounts {
  received: number;
  matched: number;
  filtered: number;
  batches: number;
  succeeded: number;
  failed: number;
  throttled: number;
}

export interface PollerParts {
  uuid: string;
  source: MappingSource;
  /** Where the source lives; undefined for an embedded one. */
  place: SourcePlace | undefined;
  configuration: MappingConfiguration;
  clock: Clock;
  logger: Logger;
  newId: () => string;
  /** From 0 up to 1. */
  random: () => number;
  invocations: PolledInvocations;
  filters: RecordFilters;
  filtered: FilteredRecords;
  /** Outlive the poller: whoever asks asks about what the configuration before did, too. */
  fates: Fates;
  counts: PollCounts;
  /** Processes that this machine runs at once. */
  processes: () => number;
  /** `OK` or `PROBLEM: Function call failed`. */
  result(text: string): void;
  /** What keeps the function from being invoked, one sentence; undefined when nothing does. */
  problem(text: string | undefined): void;
  /** What keeps the source from being polled; undefined when nothing does. */
  trouble(trouble: { sentence: string; result: string } | undefined): void;
  /** The mapping is to pause: a batch failed too often alike. */
  failing(message: string): void;
  /** Something that views show has changed. */
  changed(): void;
}

export type Fate = Omit<RecordFate, 'mappingUuid' | 'functionName'>;

export interface Poller {
  /** Begins to poll, or goes on. */
  start(): void;
  /** Ends polling; resolves when no batch is in flight. */
  stop(): Promise<void>;
  /** One poll, whether or not it is started. Resolves with the number of records when their batches are over. */
  pollOnce(): Promise<number>;
  /** Whether something waits that was there before. */
  leftOver(): Promise<boolean>;
  /** Streams only, while stopped: forgets the checkpoints and begins anew. */
  resetPosition?(position: ResetPosition): Promise<void>;
  /** The mapping is gone: nothing of it is to stay. */
  forget?(): void;
  status(): { backlog?: number; batchesInFlight: number; concurrency: number; shards?: ShardSummary[] };
  /** Streams only: records that it had given up were invoked by hand, and are done. */
  redriven?(sequenceNumbers: readonly string[], executionId: string): void;
  /** What became of a record, as far as this poller knows; undefined when it knows nothing of it. */
  fate(id: string): Fate | undefined;
}

/** `LastProcessingResult` (lambda-facts §3.1). */
export const results = { none: 'No records processed', ok: 'OK', failed: 'PROBLEM: Function call failed' } as const;

/** Event JSON of one invocation, bytes: 6 MB, as for any synchronous invocation. */
export const largestEvent = 6_291_456;

/** Fates of records that are remembered at least; at most twice as many. */
const mostFates = 5000;

/** What became of the newest records. */
export class Fates {
  #newest = new Map<string, Fate>();
  #before: ReadonlyMap<string, Fate> = new Map();

  set(id: string, fate: Fate): void {
    // Forgetting one for each that comes would keep the table's memory in motion.
    if (this.#newest.size >= mostFates && !this.#newest.has(id)) {
      this.#before = this.#newest;
      this.#newest = new Map();
    }
    this.#newest.set(id, fate);
  }

  get(id: string): Fate | undefined {
    return this.#newest.get(id) ?? this.#before.get(id);
  }
}

/** What it waits for, with the numbers of the mapping. */
export function collecting(what: 'message' | 'record', { batchSize, maximumBatchingWindowInSeconds: window }: MappingConfiguration): Fate {
  const until = window === 0 ? '' : ` or for the batching window of ${window} s to end`;
  return { fate: 'collecting', sentence: `The ${what} waits for its batch of ${batchSize} to fill${until}.` };
}

/** How long a throttled batch waits before it is tried again, AWS milliseconds. @param throttles In a row, from 1. */
export function throttleBackoff(throttles: number): number {
  return Math.min(longestThrottleBackoff, 1000 * 2 ** (throttles - 1));
}

/** DOUBT: not published (lambda-facts §C9). */
const longestThrottleBackoff = 60_000;

/** A source in texts. */
export function sourceText(what: 'Queue' | 'Stream', arn: string, place: SourcePlace | undefined): string {
  return place === undefined ? `${what} ${arn}` : `${what} ${arn} (${place.label})`;
}
