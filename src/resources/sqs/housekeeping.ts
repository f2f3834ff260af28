/** Work that nobody waits for, in slices: purged and deleted queues, messages past their retention, old deduplication keys. */
import type { CancelTimer, Clock } from '../../contracts/clock.ts';
import type { Logger } from '../../contracts/logger.ts';
import type { QueueMessageStore } from '../../contracts/queue-messages.ts';
import type { Queue, QueueRegistry } from './queue-registry.ts';

/** Rows of one slice: some milliseconds. */
const slice = 500;
/** Between slices, milliseconds: callers get most of the time. */
const pause = 20;
/** Between rounds, milliseconds. */
const round = 60_000;
const deduplicationKept = 5 * 60_000;

export class Housekeeping {
  readonly #parts: { clock: Clock; messages: QueueMessageStore; registry: QueueRegistry; logger: Logger; changed: (queue: string) => void };
  #cancel: CancelTimer | undefined;
  #next = Number.POSITIVE_INFINITY;
  #closed = false;

  /** @param parts.changed Messages of a queue have expired. */
  constructor(parts: { clock: Clock; messages: QueueMessageStore; registry: QueueRegistry; logger: Logger; changed: (queue: string) => void }) {
    this.#parts = parts;
  }

  /** Begins, or goes on soon when there is new work. */
  start(): void {
    this.#schedule(pause);
  }

  close(): void {
    this.#closed = true;
    this.#cancel?.();
  }

  /** Deletes a slice of what is past the queue's retention period; false while more is left, which then is done soon. */
  expire(queue: Queue): boolean {
    const { clock, messages, changed } = this.#parts;
    const before = clock.now() - Number(queue.attributes.MessageRetentionPeriod) * 1000;
    const oldest = messages.oldest(queue.key);
    if (oldest === undefined || oldest >= before) return true;
    const done = messages.expire(queue.key, before, slice) < slice;
    changed(queue.name);
    if (!done) this.#schedule(pause);
    return done;
  }

  #schedule(milliseconds: number): void {
    const at = this.#parts.clock.now() + milliseconds;
    if (this.#closed || at >= this.#next) return;
    this.#cancel?.();
    this.#next = at;
    this.#cancel = this.#parts.clock.after(milliseconds, () => this.#run());
  }

  #run(): void {
    this.#next = Number.POSITIVE_INFINITY;
    const { clock, messages, registry, logger } = this.#parts;
    let more = false;
    try {
      more = messages.sweep(slice);
      for (const queue of registry.all()) if (!messages.transaction(() => this.expire(queue))) more = true;
      if (messages.forget(clock.now() - deduplicationKept, slice)) more = true;
    } catch (error) {
      logger.error('Old messages of queues could not be cleared away; it is tried again.', error);
    }
    this.#schedule(more ? pause : round);
  }
}
