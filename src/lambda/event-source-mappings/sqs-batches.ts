/** Batches of a queue's messages: each invocation, and what becomes of the messages after it (lambda-facts §3.3). */
import { writeOutcomes } from '../../contracts/batch-outcomes.ts';
import type { PolledMessage, QueueSource } from '../../contracts/event-sources.ts';
import type { BatchEnd, PolledBatch } from '../../contracts/executions.ts';
import { AwsFault } from '../../contracts/faults.ts';
import { readItemFailures, type ItemFailures } from './batch-item-failures.ts';
import { functionOf, reportsFailures } from './mapping.ts';
import type { PolledAnswer } from './polled-invocations.ts';
import { results, throttleBackoff, type Fate, type Fates, type PollerParts } from './poller.ts';
import { mostAlike, RepeatedFailures } from './repeated-failures.ts';
import { waitUntil } from './waits.ts';

/** A message that goes to the function. */
export interface QueueRecord {
  message: PolledMessage;
  /** As it stands in the event. */
  json: string;
  bytes: number;
}

/** Records that filters kept out while a batch was gathered. */
export interface KeptOut {
  count: number;
  /** The first ones. */
  ids: readonly string[];
}

/** Earlier deliveries of its messages that an execution names. */
const mostPrevious = 10;

export interface QueueBatchesParts {
  fates: Fates;
  slowDown(): void;
}

export class QueueBatches {
  readonly #parts: PollerParts;
  readonly #source: QueueSource;
  readonly #own: QueueBatchesParts;
  readonly #arn: string;
  readonly #failures = new RepeatedFailures();

  constructor(parts: PollerParts, source: QueueSource, own: QueueBatchesParts) {
    this.#parts = parts;
    this.#source = source;
    this.#own = own;
    this.#arn = parts.configuration.eventSourceArn;
  }

  /**
   * Runs batches one after the other; what follows a failure of its own message group goes back to the queue.
   * @param signal Aborts when polling stops: a batch that waits is given back.
   * @param answered The last one was processed, and its deletion is under way: the next receive may join it.
   */
  async run(batches: readonly QueueRecord[][], filtered: KeptOut, signal: AbortSignal, answered: () => void): Promise<void> {
    const failedGroups = new Set<string>();
    for (const [index, batch] of batches.entries()) {
      const blocked = batch.filter(({ message }) => failedGroups.has(groupOf(message)));
      if (blocked.length > 0) await this.giveBack(blocked, 'An earlier message of its group failed.');
      const records = await this.#unlooped(batch.filter((record) => !blocked.includes(record)));
      if (records.length === 0) continue;
      const back = await this.#runOne(records, index === 0 ? filtered : undefined, signal, index === batches.length - 1 ? answered : undefined);
      for (const { message } of back) if (message.attributes['MessageGroupId'] !== undefined) failedGroups.add(groupOf(message));
    }
  }

  async giveBack(records: readonly QueueRecord[], why: string, executionId?: string): Promise<void> {
    if (records.length === 0) return;
    const sentence = `${why} The message comes back when its visibility timeout ends.`;
    for (const { message } of records) this.#own.fates.set(message.messageId, { fate: 'hidden', sentence, ...(executionId === undefined ? {} : { executionId }) });
    await this.#source.giveBack(this.#arn, records.map(({ message }) => message));
  }

  /** Messages of a chain of requests that Lambda stops go back to the queue, whose redrive policy applies. */
  async #unlooped(records: QueueRecord[]): Promise<QueueRecord[]> {
    const { invocations, configuration } = this.#parts;
    const looping = records.filter(({ message }) => {
      const trace = message.attributes['AWSTraceHeader'];
      return trace !== undefined && invocations.wouldLoop(configuration.functionArn, trace);
    });
    if (looping.length === 0) return records;
    await this.giveBack(looping, 'Lambda stopped a recursive loop: the function was invoked too often in one chain of requests.');
    return records.filter((record) => !looping.includes(record));
  }

  /** Gives the records that went back to the queue. */
  async #runOne(records: readonly QueueRecord[], filtered: KeptOut | undefined, signal: AbortSignal, answered: (() => void) | undefined): Promise<readonly QueueRecord[]> {
    const { configuration, invocations, counts } = this.#parts;
    const payload = Buffer.from(`{"Records":[${records.map(({ json }) => json).join(',')}]}`);
    const previous = this.#previousOf(records);
    const batch: PolledBatch = {
      mappingUuid: this.#parts.uuid, sourceArn: this.#arn, batchId: this.#parts.newId(), attempt: 1, size: records.length,
      filtered: filtered?.count ?? 0, ...(filtered && filtered.count > 0 ? { filteredIds: filtered.ids } : {}), ...(previous.length === 0 ? {} : { previous }), throttles: 0,
    };
    const answer = await this.#answered(records, payload, batch, signal);
    if (!answer) return records;
    counts.batches += 1;
    const failures = this.#failuresOf(answer, records);
    const fails = ({ message }: QueueRecord) => failures.kind === 'all' || (failures.kind === 'some' && failures.ids.has(message.messageId));
    const failed = failures.kind === 'none' ? [] : records.filter(fails);
    const done = failures.kind === 'none' ? records : records.filter((record) => !fails(record));
    const deleting = done.length === 0 ? [] : this.#source.delete(this.#arn, done.map(({ message }) => message));
    if (failed.length === 0) answered?.();
    const kept = new Set(await deleting);
    const deleted: Fate = { fate: 'delivered', sentence: 'The function had it, and it was deleted.', executionId: answer.executionId };
    for (const { message: { messageId } } of done) {
      this.#failures.succeeded(messageId);
      this.#own.fates.set(messageId, kept.has(messageId)
        ? { fate: 'hidden', sentence: 'The function had it, but its visibility timeout ended before, so it could not be deleted and comes again.', executionId: answer.executionId }
        : deleted);
    }
    const why = answer.failure ? `The function failed: ${answer.failure.errorType}.` : failures.kind === 'all' ? failures.reason : 'The function named it in batchItemFailures.';
    await this.giveBack(failed, why, answer.executionId);
    for (const id of previous) invocations.conclude(id, { next: [answer.executionId] });
    const returns = (record: QueueRecord) => fails(record) || kept.has(record.message.messageId);
    invocations.conclude(answer.executionId, {
      outcomes: failed.length === 0 && kept.size === 0 ? writeOutcomes([{ count: records.length, outcome: 'deleted' }])
        : writeOutcomes(records.map((record) => ({ count: 1, outcome: returns(record) ? 'given-back' : 'deleted' }))),
      end: failed.length === 0 && kept.size === 0 ? { kind: 'done' } : this.#returned(failed, returnedWhy(failed.length, failures, why)),
    });
    this.#parts.problem(undefined);
    this.#judge(answer, failed, why);
    if (failed.length > 0 && !reportsFailures(configuration)) this.#own.slowDown();
    return failed;
  }

  /** Executions that had these messages before, and failed. */
  #previousOf(records: readonly QueueRecord[]): readonly string[] {
    if (this.#failures.none) return [];
    const found = new Set<string>();
    for (const { message } of records) {
      const id = this.#failures.executionOf(message.messageId);
      if (id !== undefined) found.add(id);
      if (found.size === mostPrevious) break;
    }
    return [...found];
  }

  #returned([first]: readonly QueueRecord[], why: string): BatchEnd {
    const visibleAt = first && this.#source.find?.(this.#arn, first.message.messageId)?.visibleAt;
    return { kind: 'returned', why, ...(visibleAt === undefined ? {} : { visibleAt }) };
  }

  /** Invokes until the function was reached; undefined when the batch went back to the queue before. */
  async #answered(records: readonly QueueRecord[], payload: Uint8Array, batch: PolledBatch, signal: AbortSignal): Promise<PolledAnswer | undefined> {
    const { invocations, configuration, clock, counts } = this.#parts;
    const begun = clock.now();
    const traceHeader = this.#traceOf(records);
    let waited = 0;
    let visibility: number | undefined;
    for (let throttles = 0; ; throttles += 1) {
      this.#note(records, throttles === 0 ? 'running' : 'throttled');
      try {
        return await invocations.run({
          functionArn: configuration.functionArn, payload, batch: throttles === 0 ? batch : { ...batch, throttles }, ...(traceHeader === undefined ? {} : { traceHeader }),
        });
      } catch (error) {
        if (!(error instanceof AwsFault)) {
          await this.giveBack(records, 'The engine failed.');
          throw error;
        }
        counts.throttled += 1;
        this.#own.slowDown();
        this.#parts.problem(`${functionOf(configuration.functionArn).name} cannot be invoked now, and is tried again: ${error.message}`);
        this.#note(records, 'throttled');
        visibility ??= (await this.#source.describe(this.#arn)).visibilityTimeoutSeconds * 1000;
        const wait = throttleBackoff(throttles + 1);
        waited += wait;
        // Waits in AWS time and work in real time: as long as the messages are invisible on AWS.
        if (signal.aborted || waited + clock.now() - begun >= visibility) {
          invocations.refused(configuration.functionArn, payload, {
            ...batch, throttles: throttles + 1, end: { kind: 'not-run', why: error.message }, outcomes: writeOutcomes([{ count: records.length, outcome: 'given-back' }]),
          }, error);
          await this.giveBack(records, `The function was throttled: ${error.message}`);
          return undefined;
        }
        await waitUntil(clock, clock.repeatDue(wait), signal);
      }
    }
  }

  #failuresOf(answer: PolledAnswer, records: readonly QueueRecord[]): ItemFailures {
    if (answer.failure) return { kind: 'all', reason: '' };
    if (!reportsFailures(this.#parts.configuration)) return { kind: 'none' };
    const ids = new Set(records.map(({ message }) => message.messageId));
    return readItemFailures(answer.payload, (id) => ids.has(id));
  }

  /** Counts, and pauses a mapping that only repeats the same failure. */
  #judge(answer: PolledAnswer, failed: readonly QueueRecord[], why: string): void {
    const { counts, result, failing } = this.#parts;
    if (failed.length === 0) {
      counts.succeeded += 1;
      result(results.ok);
      return;
    }
    counts.failed += 1;
    result(results.failed);
    const alike = answer.failure ? `${answer.failure.errorType}: ${answer.failure.errorMessage}` : why;
    let most = 0;
    for (const { message } of failed) most = Math.max(most, this.#failures.failed(message.messageId, alike, answer.executionId));
    if (most < mostAlike) return;
    this.#failures.forget();
    failing(`The same message failed ${mostAlike} times in the same way (${alike.slice(0, 200)}), so the mapping paused itself: mend the function or remove the message, then resume it.`);
  }

  #note(records: readonly QueueRecord[], fate: 'running' | 'throttled'): void {
    for (const { message } of records) this.#own.fates.set(message.messageId, noted[fate]);
  }

  /** The header that is furthest in its chain, so that a loop is seen whatever it is batched with. */
  #traceOf(records: readonly QueueRecord[]): string | undefined {
    let furthest: string | undefined;
    for (const { message } of records) {
      const header = message.attributes['AWSTraceHeader'];
      if (header !== undefined && (furthest === undefined || depth(header) > depth(furthest))) furthest = header;
    }
    return furthest;
  }
}

const noted = {
  running: { fate: 'running', sentence: 'The function has it now.' },
  throttled: { fate: 'throttled', sentence: 'The function cannot be invoked now (throttled, or not able to run); the batch waits and is tried again.' },
} as const;

function depth(traceHeader: string): number {
  return (/Lineage=([^;]*)/.exec(traceHeader)?.[1] ?? '').split('|').reduce((sum, entry) => sum + (Number(entry.split(':')[1]) || 0), 0);
}

function returnedWhy(failed: number, failures: ItemFailures, why: string): string {
  if (failed === 0) return 'Their visibility timeout ended before the function answered.';
  return failures.kind === 'some' && failed > 1 ? 'The function named them in batchItemFailures.' : why;
}

function groupOf(message: PolledMessage): string {
  return message.attributes['MessageGroupId'] ?? message.messageId;
}
