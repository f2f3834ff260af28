/** Works off the batches of one lane of a shard, in order: invokes, retries, splits, gives up, checkpoints (lambda-facts §3.6). */
import { writeOutcomes, type OutcomeRun } from '../../contracts/batch-outcomes.ts';
import type { StreamEventShape, StreamPosition } from '../../contracts/event-sources.ts';
import type { BatchEnd, EventDelivery, PolledBatch } from '../../contracts/executions.ts';
import { AwsFault } from '../../contracts/faults.ts';
import type { Checkpoints, LaneCheckpoint, RetryWait } from './checkpoints.ts';
import type { FailureCondition, FailureDeliveries } from './failure-records.ts';
import { functionOf, type StreamConfiguration } from './mapping.ts';
import type { PolledAnswer } from './polled-invocations.ts';
import { results, throttleBackoff, type Fates, type PollerParts } from './poller.ts';
import { RecordAge } from './record-age.ts';
import { mostAlike, RepeatedFailures } from './repeated-failures.ts';
import { firstFailure, judgeAnswer, type JudgedAnswer } from './stream-answers.ts';
import { partOf, restoredSegments, storedSegments, type Segment, type StreamItem } from './stream-segments.ts';
import { largestState, windowMembers, windowTimes } from './tumbling-windows.ts';
import { waitUntil } from './waits.ts';

/**
 * Wait before the first retry of a batch, AWS milliseconds; doubled each time. DOUBT: not published. One recording has 8
 * attempts within a record age of 60 seconds, which any value from 240 to 470 gives (lambda-facts §3.6, §C9).
 */
const firstRetryBackoff = 400;
const longestRetryBackoff = 60_000;

export interface StreamWorkParts {
  poller: PollerParts;
  shape: StreamEventShape;
  stream: StreamConfiguration;
  streamArn: string;
  shardId: string;
  lane: number;
  lanes: number;
  checkpoints: Checkpoints;
  checkpoint: LaneCheckpoint;
  deliveries: FailureDeliveries;
  fates: Fates;
}

type Attempted = JudgedAnswer & { answer: PolledAnswer };

export class StreamWork {
  /** What is left of the batches that were read, in order. */
  readonly pending: Segment[] = [];
  checkpoint: LaneCheckpoint;
  /** Whether the function runs now. */
  running = false;
  readonly #parts: StreamWorkParts;
  readonly #repeated = new RepeatedFailures();
  readonly #age: RecordAge;

  constructor(parts: StreamWorkParts) {
    this.#parts = parts;
    this.checkpoint = parts.checkpoint;
    this.#age = new RecordAge(parts.poller.clock, parts.checkpoint.waits);
  }

  /** Sequence number up to which a batch reaches that had failed when polling ended; undefined when there is none. */
  get leftOverThrough(): string | undefined {
    return this.pending.length > 0 ? undefined : this.checkpoint.pending?.findLast(({ through }) => through !== undefined)?.through;
  }

  /** Goes on with the batch that had failed, where it was. @param items Its records, read again. */
  takeUp(items: readonly StreamItem[]): void {
    const { invocations, newId } = this.#parts.poller;
    this.pending.push(...restoredSegments(this.checkpoint.pending ?? [], items, ({ executionId, previous }) => {
      // One that ran when the engine ended counts as no attempt: nobody knows how it would have ended.
      const before = invocations.hasRun(executionId) ? executionId : previous;
      return { executionId: newId(), ...(before === undefined ? {} : { previous: before }) };
    }));
    this.#keep();
  }

  save(checkpoint: LaneCheckpoint): void {
    const { checkpoints, shardId, lane, lanes } = this.#parts;
    checkpoints.save(shardId, lane, checkpoint, lanes);
    this.checkpoint = checkpoint;
  }

  /** Until nothing is left, or polling stops: what is left then waits here. @param once Stops at the first failure. */
  async run(signal: AbortSignal, once: boolean): Promise<void> {
    if (this.checkpoint.wait && this.pending.length > 0 && !once) await this.#finish(this.checkpoint.wait, signal);
    while (this.pending.length > 0 && !signal.aborted) {
      if (this.#discardTooOld()) continue;
      const segment = this.pending[0] as Segment;
      const attempted = await this.#attempt(segment);
      if (!attempted) {
        if (once) return;
        await this.#wait(throttleBackoff((this.pending[0] as Segment).throttles), signal);
        continue;
      }
      const wait = this.#conclude(segment, attempted);
      if (wait === undefined) continue;
      if (once) {
        this.#keep();
        return;
      }
      await this.#wait(wait, signal);
    }
  }

  /** Invokes once; undefined when the function could not be invoked. */
  async #attempt(segment: Segment): Promise<Attempted | undefined> {
    const { poller, fates } = this.#parts;
    const { invocations, configuration, counts } = poller;
    const payload = Buffer.from(this.#event(segment));
    for (const { record } of segment.items) fates.set(record.sequenceNumber, { fate: 'running', sentence: 'The function has it now.' });
    this.running = true;
    poller.changed();
    try {
      const answer = await invocations.run({ functionArn: configuration.functionArn, payload, batch: this.#batch(segment), executionId: segment.executionId });
      poller.problem(undefined);
      counts.batches += 1;
      return { answer, ...judgeAnswer(answer, segment.items, configuration, segment.final !== undefined) };
    } catch (error) {
      if (!(error instanceof AwsFault)) throw error;
      counts.throttled += 1;
      poller.problem(`${functionOf(configuration.functionArn).name} cannot be invoked now, and is tried again: ${error.message}`);
      this.#replaceFirst({ ...this.#notRun(segment, error), throttles: segment.throttles + 1 });
      for (const { record } of segment.items) {
        fates.set(record.sequenceNumber, { fate: 'throttled', sentence: 'The function cannot be invoked now (throttled, or not able to run); the batch waits and is tried again.' });
      }
      return undefined;
    } finally {
      this.running = false;
    }
  }

  /** An invocation that the platform could not bring to an end stands in the history; the next one is another. */
  #notRun(segment: Segment, fault: AwsFault): Segment {
    const { invocations, newId } = this.#parts.poller;
    const { executionId, items } = segment;
    if (!invocations.hasRun(executionId)) return segment;
    const next = newId();
    invocations.conclude(executionId, { outcomes: writeOutcomes([{ count: items.length, outcome: 'failed' }]), end: { kind: 'not-run', why: fault.message }, next: [next] });
    return { ...segment, executionId: next, previous: executionId };
  }

  /** Gives AWS milliseconds to wait before what is left is tried again; undefined when there is nothing to wait for. */
  #conclude(before: Segment, { answer, failures, state }: Attempted): number | undefined {
    const { poller, stream } = this.#parts;
    const { counts, result, newId } = poller;
    const segment: Segment = { ...before, throttles: 0, last: { executionId: answer.executionId, executedVersion: answer.executedVersion, functionError: answer.failure ? 'Unhandled' : null, size: before.items.length, place: 0 } };
    if (failures.kind === 'none') {
      counts.succeeded += 1;
      result(results.ok);
      this.#repeated.forget();
      this.#done(segment, state);
      return undefined;
    }
    counts.failed += 1;
    result(results.failed);
    const firstFailed = firstFailure(failures, segment.items);
    if (firstFailed > 0) {
      // Progress begins a new count of attempts with what is left.
      this.#progress(segment, firstFailed, state);
      this.#repeated.forget();
      return firstRetryBackoff;
    }
    if (failures.kind === 'all' && stream.bisectBatchOnFunctionError && segment.items.length > 1) {
      const middle = Math.ceil(segment.items.length / 2);
      const halves = [segment.items.slice(0, middle), segment.items.slice(middle)];
      // A split uses up no attempt.
      const parts = halves.map((items) => partOf(segment, items, { batch: newId(), execution: newId() }, 'bisect', segment.attempts));
      this.pending.splice(0, 1, ...parts);
      this.#again(segment, { kind: 'split', why: failures.reason }, parts);
      return firstRetryBackoff;
    }
    const attempts = segment.attempts + 1;
    const why = failures.kind === 'all' ? failures.reason : 'The function named its first record in batchItemFailures.';
    if (stream.maximumRetryAttempts >= 0 && attempts > stream.maximumRetryAttempts) {
      this.#discard({ ...segment, attempts }, 'RetryAttemptsExhausted', why);
      return undefined;
    }
    const next: Segment = { ...segment, attempts, executionId: newId(), previous: answer.executionId };
    this.#replaceFirst(next);
    this.#again(segment, { kind: 'retried', why }, [next]);
    this.#pauseIfHopeless(segment, answer, why);
    return Math.min(longestRetryBackoff, firstRetryBackoff * 2 ** (attempts - 1));
  }

  /** The whole segment is done. */
  #done(segment: Segment, state: string | undefined): void {
    const { poller, fates, stream } = this.#parts;
    const { window } = this.checkpoint;
    const tooLarge = state !== undefined && Buffer.byteLength(state) > largestState;
    const open = stream.tumblingWindowInSeconds === 0 || !window ? undefined
      : segment.final ? (segment.final.terminatedEarly ? { start: window.start, state: '{}' } : undefined)
        : { start: window.start, state: state ?? window.state };
    this.#advance(segment, segment.after, open, this.pending.slice(1));
    this.pending.shift();
    // DOUBT: after an early end the rest of the window begins with an empty state.
    if (tooLarge && !segment.final) this.pending.unshift({ items: [], after: segment.after, batchId: poller.newId(), executionId: poller.newId(), attempts: 0, throttles: 0, filtered: 0, final: { terminatedEarly: true } });
    for (const { record } of segment.items) fates.set(record.sequenceNumber, { fate: 'delivered', sentence: 'The function had it.', executionId: segment.last?.executionId ?? '' });
    this.#tell(segment, [{ count: segment.items.length, outcome: 'checkpointed' }], { end: { kind: 'done' } });
  }

  /** The records before `from` are done, the others begin anew. */
  #progress(segment: Segment, from: number, state: string | undefined): void {
    const { poller, fates } = this.#parts;
    const rest = segment.items.slice(from);
    const done = segment.items.slice(0, from);
    const { window } = this.checkpoint;
    const next = partOf(segment, rest, { batch: poller.newId(), execution: poller.newId() }, 'batch-item-failures', 0);
    const place: StreamPosition = { kind: 'after', sequenceNumber: done.at(-1)?.record.sequenceNumber ?? '' };
    this.#advance({ items: done }, place, window && state !== undefined ? { ...window, state } : window, [next, ...this.pending.slice(1)]);
    this.#replaceFirst(next);
    const executionId = segment.last?.executionId ?? '';
    for (const { record } of done) fates.set(record.sequenceNumber, { fate: 'delivered', sentence: 'The function had it.', executionId });
    this.#retrying(rest, executionId);
    this.#tell(segment, [{ count: from, outcome: 'checkpointed' }, { count: rest.length, outcome: 'failed' }], {
      end: { kind: 'progressed', why: 'The function named the next one in batchItemFailures.' }, next: [next.executionId],
    });
  }

  #advance({ items }: Pick<Segment, 'items'>, position: StreamPosition, window: LaneCheckpoint['window'], left: readonly Segment[]): void {
    const newest = items.at(-1)?.record.arrivedAt;
    if (newest !== undefined) this.#age.forgetBefore(newest);
    const { window: _, wait: __, ...before } = this.checkpoint;
    this.#keep({ ...before, position, ...(window === undefined ? {} : { window }) }, left);
  }

  /** Saves how far the lane is and what is left to be tried again: attempts are counted on whatever happens to the engine. */
  #keep({ pending: _, wait, waits: __, ...checkpoint }: LaneCheckpoint = this.checkpoint, left: readonly Segment[] = this.pending): void {
    const [pending, { waits }] = [storedSegments(left), this.#age];
    this.save({
      ...checkpoint, ...(waits.length === 0 ? {} : { waits: [...waits] }),
      ...(pending === undefined ? {} : { pending, ...(wait === undefined ? {} : { wait }) }),
    });
  }

  /** Gives records up that are too old for another attempt. True when there were any. */
  #discardTooOld(): boolean {
    const { stream, poller } = this.#parts;
    const segment = this.pending[0] as Segment;
    if (stream.maximumRecordAgeInSeconds < 0 || segment.items.length === 0) return false;
    const most = stream.maximumRecordAgeInSeconds * 1000;
    const young = segment.items.findIndex(({ record }) => this.#age.of(record.arrivedAt) <= most);
    if (young === 0) return false;
    if (young > 0) {
      const [old, rest] = [segment.items.slice(0, young), segment.items.slice(young)];
      const part = (items: Segment['items'], execution: string) => partOf(segment, items, { batch: poller.newId(), execution }, 'record-age', segment.attempts);
      this.pending.splice(0, 1, part(old, poller.newId()), part(rest, segment.executionId));
    }
    this.#discard(this.pending[0] as Segment, 'RecordAgeExceeded', `They are older than ${stream.maximumRecordAgeInSeconds} seconds.`);
    return true;
  }

  /** Gives the first segment up: to the destination, and on. Both commit together. */
  #discard(segment: Segment, condition: FailureCondition, why: string): void {
    const { checkpoints, deliveries, stream, poller, shape, shardId, streamArn, fates } = this.#parts;
    const { onFailure } = stream;
    let made: EventDelivery[] = [];
    checkpoints.transaction(() => {
      if (onFailure !== undefined && segment.items.length > 0) {
        made = [deliveries.deliver(onFailure, {
          requestId: segment.last?.executionId ?? poller.newId(), functionArn: poller.configuration.functionArn, condition,
          // Recorded: 1, also for records that were too old before the first attempt.
          invokeCount: condition === 'RecordAgeExceeded' ? Math.max(1, segment.attempts) : segment.attempts,
          ...(condition === 'RetryAttemptsExhausted' && segment.last ? { response: { executedVersion: segment.last.executedVersion, functionError: segment.last.functionError } } : {}),
          shardId, streamArn, records: segment.items.map(({ record }) => record), payload: this.#event(segment), timestamp: poller.clock.now(),
        }, shape, poller.uuid)];
      }
      const { window } = this.checkpoint;
      // DOUBT: a window keeps its state when a batch is given up, and is dropped with its final invocation.
      this.#advance(segment, segment.after, segment.final ? undefined : window, this.pending.slice(1));
    });
    this.pending.shift();
    this.#repeated.forget();
    const [delivery] = made;
    const where = delivery === undefined ? '' : delivery.status === 'delivered' ? ' Their record went to the on-failure destination.' : ` Their record did not reach the on-failure destination: ${delivery.error ?? ''}`;
    const sentence = `Given up (${condition}): ${why}${where}`;
    const { executionId, size = 0, place = 0 } = segment.last ?? {};
    for (const { record } of segment.items) fates.set(record.sequenceNumber, { fate: 'discarded', sentence, ...(executionId === undefined ? {} : { executionId }) });
    // Of an invocation whose records grow too old one after the other, those before this part are given up already.
    const through = place + segment.items.length;
    if (executionId !== undefined) {
      this.#tell(segment, [{ count: through, outcome: 'discarded' }, { count: size - through, outcome: 'failed' }], { end: { kind: 'given-up', why, condition }, deliveries: made });
    } else poller.changed();
  }

  /** Gives up a record whose event is too large by itself. */
  discardOversize(segment: Segment): void {
    this.pending.unshift(segment);
    this.#discard(segment, 'MaximumPayloadSizeExceeded', 'The event of this record alone is larger than 6 MB.');
  }

  /** What failed and is tried again. @param next What follows. */
  #again(segment: Segment, end: BatchEnd, next: readonly Segment[]): void {
    this.#retrying(segment.items, segment.last?.executionId ?? '');
    this.#tell(segment, [{ count: segment.items.length, outcome: 'failed' }], { end, next: next.map(({ executionId }) => executionId) });
  }

  /** Puts what an attempt came to into its execution. */
  #tell({ last }: Segment, outcomes: readonly OutcomeRun[], changes: Partial<PolledBatch>): void {
    const { poller } = this.#parts;
    poller.invocations.conclude(last?.executionId ?? '', { ...changes, outcomes: writeOutcomes(outcomes) }, placeText(this.checkpoint.position));
    poller.changed();
  }

  #retrying(items: Segment['items'], executionId: string): void {
    for (const { record } of items) this.#parts.fates.set(record.sequenceNumber, { fate: 'retrying', sentence: 'Its batch failed and waits to be tried again; the shard waits with it.', executionId });
  }

  #pauseIfHopeless(segment: Segment, answer: PolledAnswer, why: string): void {
    const alike = answer.failure ? `${answer.failure.errorType}: ${answer.failure.errorMessage}` : why;
    if (this.#repeated.failed(segment.batchId, alike) < mostAlike) return;
    this.#repeated.forget();
    this.#parts.poller.failing(`The same batch of ${this.#parts.shardId} failed ${mostAlike} times in the same way (${alike.slice(0, 200)}), so the mapping paused itself: mend the function, then resume it.`);
  }

  #replaceFirst(segment: Segment): void {
    this.pending[0] = segment;
  }

  async #wait(awsMilliseconds: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts.poller;
    const wait: RetryWait = { from: clock.now(), begun: clock.waitNow(), due: clock.repeatDue(awsMilliseconds), length: awsMilliseconds };
    this.#keep({ ...this.checkpoint, wait });
    await this.#finish(wait, signal);
  }

  /** Also of a wait that began before the engine was started: the wait axis went on meanwhile. */
  async #finish(wait: RetryWait, signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts.poller;
    await waitUntil(clock, wait.due, signal);
    if (signal.aborted) return;
    // What the wait counts is its AWS length; the shortest repeat may make it longer in real time.
    this.#age.waited(wait.from, Math.min(wait.length, clock.waitNow() - wait.begun));
    const { wait: _, ...over } = this.checkpoint;
    this.checkpoint = over;
  }

  #event({ items, final }: Segment): string {
    const { stream, shardId, streamArn } = this.#parts;
    const { window } = this.checkpoint;
    const members = stream.tumblingWindowInSeconds === 0 || !window ? '' : windowMembers({
      window, seconds: stream.tumblingWindowInSeconds, shardId, streamArn, final: final !== undefined, terminatedEarly: final?.terminatedEarly ?? false,
    });
    return `{"Records":[${items.map(({ json }) => json).join(',')}]${members}}`;
  }

  #batch(segment: Segment): PolledBatch {
    const { poller, shardId, stream } = this.#parts;
    const { window, position } = this.checkpoint;
    const { previous, filteredIds } = segment;
    return {
      mappingUuid: poller.uuid, sourceArn: poller.configuration.eventSourceArn, shardId, batchId: segment.batchId, attempt: segment.attempts + 1,
      ...(segment.splitFrom === undefined ? {} : { splitFrom: segment.splitFrom }),
      ...(previous === undefined ? {} : { previous: [previous] }),
      size: segment.items.length, filtered: segment.filtered, ...(filteredIds === undefined ? {} : { filteredIds }),
      throttles: segment.throttles, checkpoint: { before: placeText(position) },
      ...(window && stream.tumblingWindowInSeconds > 0 ? {
        window: { ...windowTimes(window, stream.tumblingWindowInSeconds), final: segment.final !== undefined, terminatedEarly: segment.final?.terminatedEarly ?? false },
      } : {}),
    };
  }
}

/** A place in a shard as executions tell it. */
function placeText(position: StreamPosition): string {
  switch (position.kind) {
    case 'after': case 'at': return position.sequenceNumber;
    case 'timestamp': return new Date(position.at).toISOString();
    case 'trim-horizon': return 'TRIM_HORIZON';
    case 'latest': return 'LATEST';
  }
}
