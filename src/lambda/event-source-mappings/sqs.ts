/** The poller of queues: receive, filter, batch, invoke; how many batches at once (lambda-facts §3.2, §3.3). */
import type { PolledMessage, QueueEventShape, QueueSource } from '../../contracts/event-sources.ts';
import { isFifoQueue } from './mapping.ts';
import { PollConcurrency } from './poll-concurrency.ts';
import { collecting, largestEvent, sourceText, type Fate, type Fates, type Poller, type PollerParts } from './poller.ts';
import { mostFilteredIds } from './polled-invocations.ts';
import { QueueBatches, type KeptOut, type QueueRecord } from './sqs-batches.ts';
import { SourceTrouble } from './source-trouble.ts';
import { pause } from './waits.ts';

/** Long polling, milliseconds of real time. */
const longPoll = 20_000;
/** Batches that one receive fetches at most, where there is room for so many. */
const mostBatchesAtOnce = 20;
/** While all slots are taken, how often it is looked whether concurrency has grown, milliseconds of real time. */
const growthLook = 200;
/** The part of a queue that may fail. */
const polls = 'polls';
/** `{"Records":[]}` */
const eventFrame = 14;

export class QueuePoller implements Poller {
  readonly #parts: PollerParts;
  readonly #source: QueueSource;
  readonly #shape: QueueEventShape;
  readonly #concurrency: PollConcurrency;
  readonly #fates: Fates;
  readonly #collecting: Fate;
  readonly #batches: QueueBatches;
  readonly #arn: string;
  readonly #fifo: boolean;
  readonly #trouble: SourceTrouble;
  #polling: { stop: AbortController; done: Promise<void> } | undefined;
  /** Settles when a slot comes free or polling stops. */
  #slotFree: (() => void) | undefined;
  /** Where on the wait axis the batching window began. */
  #windowFrom: number;
  readonly #inFlight = new Set<Promise<void>>();

  constructor(parts: PollerParts, source: QueueSource, shape: QueueEventShape) {
    this.#parts = parts;
    this.#fates = parts.fates;
    this.#collecting = collecting('message', parts.configuration);
    this.#source = source;
    this.#shape = shape;
    this.#arn = parts.configuration.eventSourceArn;
    this.#fifo = isFifoQueue(this.#arn);
    this.#trouble = new SourceTrouble(parts, sourceText('Queue', this.#arn, parts.place), 'polled');
    this.#concurrency = new PollConcurrency(parts.configuration, parts.clock, parts.processes);
    this.#windowFrom = parts.clock.waitNow();
    this.#batches = new QueueBatches(parts, source, { fates: this.#fates, slowDown: () => this.#concurrency.slowDown() });
  }

  start(): void {
    if (this.#polling) return;
    const stop = new AbortController();
    this.#windowFrom = this.#parts.clock.waitNow();
    this.#polling = { stop, done: this.#poll(stop.signal) };
  }

  async stop(): Promise<void> {
    const polling = this.#polling;
    this.#polling = undefined;
    polling?.stop.abort();
    this.#slotFree?.();
    await polling?.done;
    while (this.#inFlight.size > 0) await Promise.all(this.#inFlight);
  }

  async pollOnce(): Promise<number> {
    const before = this.#parts.counts.received;
    const begun: Promise<void>[] = [];
    await this.#gather(new AbortController().signal, begun);
    await Promise.all(begun);
    return this.#parts.counts.received - before;
  }

  async leftOver(): Promise<boolean> {
    return (await this.#source.describe(this.#arn)).messages > 0;
  }

  status(): { backlog?: number; batchesInFlight: number; concurrency: number } {
    const backlog = this.#source.backlog?.(this.#arn);
    return { ...(backlog === undefined ? {} : { backlog }), batchesInFlight: this.#concurrency.inFlight, concurrency: this.#concurrency.limit };
  }

  fate(id: string): Fate | undefined {
    const known = this.#fates.get(id);
    if (known && known.fate !== 'hidden') return known;
    const place = this.#source.find?.(this.#arn, id);
    if (!place) return known;
    const { state, visibleAt, receiveCount } = place;
    if (state === 'visible') return { fate: 'behind', sentence: 'The message is visible in the queue and will be received in its turn.' };
    const why = known?.sentence ?? (state === 'delayed' ? 'The message is delayed.' : `Somebody has received the message (${receiveCount} times so far) and it is invisible.`);
    return { ...known, fate: 'hidden', sentence: why, ...(visibleAt === undefined ? {} : { until: visibleAt }) };
  }

  async #poll(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#slot(signal);
      if (signal.aborted) return;
      try {
        await this.#gather(signal);
      } catch (error) {
        if (signal.aborted) return;
        await pause(this.#parts.clock, this.#trouble.failed(polls, error as Error), signal);
      }
    }
  }

  /** Waits for room for one more batch. */
  async #slot(signal: AbortSignal): Promise<void> {
    while (this.#concurrency.free === 0 && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const cancel = this.#parts.clock.after(growthLook, resolve);
        this.#slotFree = () => { cancel(); resolve(); };
      });
      this.#slotFree = undefined;
    }
  }

  /**
   * Fills one batch, or several at once where neither order nor a window keeps them apart, and lets them run.
   * @param once Gets what runs; makes this one poll that does not wait.
   */
  async #gather(signal: AbortSignal, once?: Promise<void>[]): Promise<void> {
    const { maximumBatchingWindowInSeconds: window } = this.#parts.configuration;
    const filling = new Filling(this.#parts.configuration.batchSize);
    let end: WindowEnd | undefined;
    try {
      for (;;) {
        const maximum = this.#fifo || window > 0 || once ? filling.room : filling.room * Math.max(1, Math.min(this.#concurrency.free, mostBatchesAtOnce));
        const messages = await this.#source.receive(this.#arn, { maximum, waitMilliseconds: once || this.#trouble.failing(polls) ? 0 : longPoll, signal: end?.signal ?? signal });
        this.#trouble.over(polls);
        filling.add(await this.#keep(messages, filling.keptOut));
        // A long poll that ends with nothing was long, unless the queue is being closed.
        if (messages.length === 0 && !once) await pause(this.#parts.clock, 10, end?.signal ?? signal);
        if (filling.size > 0 && window > 0) end ??= this.#windowEnd(signal);
        if (filling.full || once || signal.aborted || end?.signal.aborted || (filling.size > 0 && window === 0)) break;
      }
    } catch (error) {
      await this.#batches.giveBack(filling.batches.flat(), 'The queue could not be polled on, so the batch was given up.');
      throw error;
    } finally {
      end?.cancel();
    }
    if (filling.size === 0) return;
    this.#windowFrom = this.#parts.clock.waitNow();
    // The batches of a FIFO queue follow each other: they may be of one group.
    for (const batches of this.#fifo ? [filling.batches] : filling.batches.map((batch) => [batch])) {
      const run = this.#run(batches, filling.takeFiltered(), signal);
      once?.push(run);
    }
  }

  /** The records that a filter matches; the other messages are deleted. */
  async #keep(messages: readonly PolledMessage[], keptOut: { count: number; ids: string[] }): Promise<QueueRecord[]> {
    const { filters, filtered, counts, clock, configuration } = this.#parts;
    const kept: QueueRecord[] = [];
    const dropped: PolledMessage[] = [];
    for (const message of messages) {
      const json = this.#shape.record(message, this.#arn, configuration.maximumBatchingWindowInSeconds);
      if (filters.matches(json)) {
        kept.push({ message, json, bytes: Buffer.byteLength(json) });
        this.#fates.set(message.messageId, this.#collecting);
      } else {
        dropped.push(message);
        filtered.add(message.messageId, json, clock.now());
      }
    }
    counts.received += messages.length;
    counts.matched += kept.length;
    counts.filtered += dropped.length;
    if (dropped.length > 0) {
      keptOut.count += dropped.length;
      for (const { messageId } of dropped) if (keptOut.ids.length < mostFilteredIds) keptOut.ids.push(messageId);
      await this.#source.delete(this.#arn, dropped);
      this.#parts.changed();
    }
    return kept;
  }

  /**
   * When the batching window ends that is open now. Windows follow each other from when polling began or the invocation before
   * finished, whether or not a message arrives in them.
   */
  #windowEnd(signal: AbortSignal): WindowEnd {
    const { clock, configuration } = this.#parts;
    const length = configuration.maximumBatchingWindowInSeconds * 1000;
    const passed = Math.max(0, clock.waitNow() - this.#windowFrom);
    const ending = new AbortController();
    const cancel = clock.afterWait(this.#windowFrom + (Math.floor(passed / length) + 1) * length, () => ending.abort());
    return { signal: AbortSignal.any([ending.signal, signal]), cancel };
  }

  #run(batches: readonly QueueRecord[][], filtered: KeptOut, signal: AbortSignal): Promise<void> {
    this.#concurrency.begin();
    let held = true;
    const letGo = (): void => {
      if (!held) return;
      held = false;
      this.#concurrency.end();
      this.#windowFrom = this.#parts.clock.waitNow();
      this.#slotFree?.();
    };
    const run = this.#batches.run(batches, filtered, signal, letGo)
      .catch((error: unknown) => this.#parts.logger.error(`A batch of queue ${this.#arn} was not brought to its end; its messages come back.`, error))
      .finally(() => {
        this.#inFlight.delete(run);
        letGo();
        this.#parts.changed();
      });
    this.#inFlight.add(run);
    return run;
  }
}

interface WindowEnd {
  /** Aborts when the window ends, or polling stops. */
  signal: AbortSignal;
  cancel(): void;
}

/** Batches while they fill. A batch ends when it has its size, or when one more record would make its event too large. */
class Filling {
  readonly batches: QueueRecord[][] = [];
  readonly #batchSize: number;
  keptOut: { count: number; ids: string[] } = { count: 0, ids: [] };
  #bytes = 0;

  constructor(batchSize: number) {
    this.#batchSize = batchSize;
  }

  get size(): number {
    return this.batches.length;
  }

  /** Records that the batch at hand has room for. */
  get room(): number {
    return this.#batchSize - (this.batches.at(-1)?.length ?? 0);
  }

  get full(): boolean {
    return this.batches.length > 1 || (this.batches.length === 1 && (this.room === 0 || this.#bytes >= largestEvent));
  }

  add(records: readonly QueueRecord[]): void {
    for (const record of records) {
      const batch = this.batches.at(-1);
      if (batch && batch.length < this.#batchSize && this.#bytes + record.bytes + 1 <= largestEvent) {
        batch.push(record);
        this.#bytes += record.bytes + 1;
      } else {
        this.batches.push([record]);
        this.#bytes = eventFrame + record.bytes;
      }
    }
  }

  /** How many records were filtered out meanwhile; told once. */
  takeFiltered(): KeptOut {
    const filtered = this.keptOut;
    this.keptOut = { count: 0, ids: [] };
    return filtered;
  }
}
