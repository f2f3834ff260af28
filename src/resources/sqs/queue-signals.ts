/** Who waits for messages, and the timers that make hidden messages visible again at their moment. */
import type { CancelTimer, Clock } from '../../contracts/clock.ts';
import type { Logger } from '../../contracts/logger.ts';
import type { QueueMessageStore } from '../../contracts/queue-messages.ts';
import type { Queue, QueueRegistry } from './queue-registry.ts';

/** Messages that become visible in one go; of more, the others follow at once. */
export const promoteSlice = 1000;
/** Between two slices of long work, milliseconds of real time, so that callers get their turn. */
export const sliceGap = 2;

/** A receive that waits. */
export interface Waiter {
  /** Tries to receive; true when it has been answered and waits no more. */
  attempt(): boolean;
  /** Ends the wait without messages, or with an error. */
  end(error?: Error): void;
}

interface Armed {
  at: number;
  cancel: CancelTimer;
}

export class QueueSignals {
  readonly #clock: Clock;
  readonly #messages: QueueMessageStore;
  readonly #registry: QueueRegistry;
  readonly #logger: Logger;
  readonly #changed: () => void;
  readonly #waiters = new Map<string, Set<Waiter>>();
  readonly #timers = new Map<string, { real?: Armed; wait?: Armed }>();
  readonly #announced = new Set<string>();
  #closed = false;

  /** @param parts.changed Called when counts of a queue may have changed. */
  constructor(parts: { clock: Clock; messages: QueueMessageStore; registry: QueueRegistry; logger: Logger; changed: () => void }) {
    this.#clock = parts.clock;
    this.#messages = parts.messages;
    this.#registry = parts.registry;
    this.#logger = parts.logger;
    this.#changed = parts.changed;
  }

  /**
   * Says that a queue may have a message to receive. Waiters get their turn after the present work, so that what it wrote is
   * committed by then, or undone.
   */
  announce(name: string): void {
    this.#changed();
    if (this.#announced.has(name) || this.#closed) return;
    if (!this.#waiters.has(name)) return;
    this.#announced.add(name);
    queueMicrotask(() => {
      this.#announced.delete(name);
      if (!this.#closed) this.#wake(name);
    });
  }

  /** Says that messages of a queue changed without any becoming visible. */
  note(): void {
    this.#changed();
  }

  /** Makes ready what is due. A receive calls it first, so that it needs no timer to be right. */
  promote(queue: Queue): number {
    return this.#messages.promote(queue.key, this.#clock.now(), this.#clock.waitNow(), promoteSlice);
  }

  /** Has the timers follow the queue's hidden messages. `next` spares the look into the store when only that may be sooner. */
  watch(queue: Queue, next = this.#messages.nextVisible(queue.key, this.#clock.waitNow())): void {
    if (this.#closed) return;
    const timers = this.#timers.get(queue.name) ?? {};
    this.#timers.set(queue.name, timers);
    const { real, wait } = next;
    if (real !== undefined && !(timers.real && timers.real.at <= real)) {
      timers.real?.cancel();
      timers.real = { at: real, cancel: this.#clock.after(Math.max(1, Math.ceil(real - this.#clock.now())), () => this.#due(queue.name, 'real')) };
    }
    if (wait !== undefined && !(timers.wait && timers.wait.at <= wait)) {
      timers.wait?.cancel();
      timers.wait = { at: wait, cancel: this.#clock.afterWait(wait, () => this.#due(queue.name, 'wait')) };
    }
  }

  /** True when nobody is woken any more. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Adds a receive that waits. Returns how to take it off again. */
  wait(name: string, waiter: Waiter): () => void {
    return enlist(this.#waiters, name, waiter);
  }

  /** The queue is gone. */
  forget(name: string, error: Error): void {
    this.#disarm(name);
    for (const waiter of this.#waiters.get(name) ?? []) waiter.end(error);
    this.#waiters.delete(name);
    this.#changed();
  }

  /** Ends every wait without messages. */
  close(): void {
    this.#closed = true;
    for (const name of [...this.#timers.keys()]) this.#disarm(name);
    for (const waiters of this.#waiters.values()) for (const waiter of waiters) waiter.end();
    this.#waiters.clear();
  }

  #disarm(name: string): void {
    const timers = this.#timers.get(name);
    timers?.real?.cancel();
    timers?.wait?.cancel();
    this.#timers.delete(name);
  }

  #due(name: string, which: 'real' | 'wait'): void {
    const queue = this.#registry.get(name);
    delete this.#timers.get(name)?.[which];
    if (!queue || this.#closed) return;
    try {
      const promoted = this.#messages.transaction(() => this.promote(queue));
      if (promoted > 0) this.announce(name);
      if (promoted >= promoteSlice) this.#clock.after(sliceGap, () => this.#due(name, which));
      else this.watch(queue);
    } catch (error) {
      this.#logger.error(`Messages of queue ${name} could not be made visible; it is tried again.`, error);
      this.#clock.after(1000, () => this.#due(name, which));
    }
  }

  #wake(name: string): void {
    // The longest waiting receive is served first. One that stays empty leaves nothing for the others either.
    for (const waiter of this.#waiters.get(name) ?? []) if (!waiter.attempt()) return;
  }
}

function enlist<T>(table: Map<string, Set<T>>, name: string, item: T): () => void {
  const items = table.get(name) ?? new Set<T>();
  table.set(name, items);
  items.add(item);
  return () => {
    items.delete(item);
    if (items.size === 0 && table.get(name) === items) table.delete(name);
  };
}
