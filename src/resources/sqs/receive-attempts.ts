/** Receives of FIFO queues that may be asked for again, because their answer may have been lost on the way. */
import type { Clock } from '../../contracts/clock.ts';
import type { QueueMessageStore, StoredMessage } from '../../contracts/queue-messages.ts';
import type { Queue } from './queue-registry.ts';

/** Real time. */
const attemptKept = 5 * 60_000;

interface Attempt {
  at: number;
  messages: readonly StoredMessage[];
}

/** Kept in memory: who lost an answer to a restart waits for the visibility timeout. */
export class ReceiveAttempts {
  readonly #clock: Clock;
  readonly #messages: QueueMessageStore;
  readonly #attempts = new Map<string, Attempt>();

  constructor(clock: Clock, messages: QueueMessageStore) {
    this.#clock = clock;
    this.#messages = messages;
  }

  /**
   * What the attempt received, hidden anew until `until`; undefined when there was no such attempt, or when one of its
   * messages was deleted, became visible or was received again meanwhile.
   */
  repeat(queue: Queue, attemptId: string, until: number): readonly StoredMessage[] | undefined {
    const now = this.#clock.now();
    const attempt = this.#attempts.get(keyOf(queue, attemptId));
    if (!attempt || now - attempt.at > attemptKept) return undefined;
    const same = attempt.messages.every(({ messageId, receives }) => {
      const message = this.#messages.find(queue.key, messageId);
      return message?.receives === receives + 1 && message.state === 'held' && message.at > now;
    });
    if (!same) return undefined;
    for (const { position } of attempt.messages) this.#messages.reschedule(queue.key, position, until > now ? 'held' : 'ready', until);
    return attempt.messages;
  }

  /** @param messages As they were before this receive. */
  remember(queue: Queue, attemptId: string, messages: readonly StoredMessage[]): void {
    const now = this.#clock.now();
    for (const [key, { at }] of this.#attempts) {
      if (now - at <= attemptKept) break;
      this.#attempts.delete(key);
    }
    this.#attempts.delete(keyOf(queue, attemptId));
    this.#attempts.set(keyOf(queue, attemptId), { at: now, messages });
  }
}

const keyOf = (queue: Queue, attemptId: string): string => `${queue.key}\n${attemptId}`;
