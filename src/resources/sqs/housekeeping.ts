/** Clears away purged and deleted queues, messages past their retention, old deduplication keys. */
import type { Clock } from '../../contracts/clock.ts';
import type { Logger } from '../../contracts/logger.ts';
import type { QueueMessageStore } from '../../contracts/queue-messages.ts';
import { Rounds, slice } from '../rounds.ts';
import type { Queue, QueueRegistry } from './queue-registry.ts';

const deduplicationKept = 5 * 60_000;

export class Housekeeping {
  readonly #parts: { clock: Clock; messages: QueueMessageStore; registry: QueueRegistry; logger: Logger; changed: (queue: string) => void };
  readonly #rounds: Rounds;

  /** @param parts.changed Messages of a queue have expired. */
  constructor(parts: { clock: Clock; messages: QueueMessageStore; registry: QueueRegistry; logger: Logger; changed: (queue: string) => void }) {
    this.#parts = parts;
    this.#rounds = new Rounds({
      clock: parts.clock, logger: parts.logger, failure: 'Old messages of queues could not be cleared away; it is tried again.', work: () => this.#work(),
    });
  }

  /** Begins, or goes on soon when there is new work. */
  start(): void {
    this.#rounds.start();
  }

  close(): void {
    this.#rounds.close();
  }

  /** Deletes a slice of what is past the queue's retention period; false while more is left, which then is done soon. */
  expire(queue: Queue): boolean {
    const { clock, messages, changed } = this.#parts;
    const before = clock.now() - Number(queue.attributes.MessageRetentionPeriod) * 1000;
    const oldest = messages.oldest(queue.key);
    if (oldest === undefined || oldest >= before) return true;
    const done = messages.expire(queue.key, before, slice) < slice;
    changed(queue.name);
    if (!done) this.#rounds.start();
    return done;
  }

  #work(): boolean {
    const { clock, messages, registry } = this.#parts;
    let more = messages.sweep(slice);
    for (const queue of registry.all()) if (!messages.transaction(() => this.expire(queue))) more = true;
    if (messages.forget(clock.now() - deduplicationKept, slice)) more = true;
    return more;
  }
}
