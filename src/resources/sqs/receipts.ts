/** What the holder of a receipt handle may do: delete its message, change for how long it is hidden, give it back. */
import { shortestRepeat, type Clock } from '../../contracts/clock.ts';
import type { QueueMessageStore, StoredMessage } from '../../contracts/queue-messages.ts';
import { invalidValue } from './faults.ts';
import type { Queue, QueueRegistry } from './queue-registry.ts';
import type { QueueSignals } from './queue-signals.ts';
import { readReceiptHandle } from './receipt-handles.ts';

/** Longest time a message may be hidden after one receive, seconds. */
export const longestVisibility = 43_200;

const none: ReadonlySet<string> = new Set();

export class Receipts {
  readonly #parts: { clock: Clock; messages: QueueMessageStore; registry: QueueRegistry; signals: QueueSignals };

  constructor(parts: { clock: Clock; messages: QueueMessageStore; registry: QueueRegistry; signals: QueueSignals }) {
    this.#parts = parts;
  }

  /**
   * In a standard queue a handle of an earlier receive deletes nothing, and that is no error. A FIFO queue refuses a handle
   * whose time is over.
   *
   * @returns Whether the message is gone.
   * @throws AwsFault ReceiptHandleIsInvalid, InvalidParameterValueException
   */
  delete(queue: Queue, handle: string): boolean {
    const { messages, signals } = this.#parts;
    if (!queue.fifo) return messages.transaction(() => this.deleteTogether(queue, [handle]).size === 0);
    return messages.transaction(() => {
      const { message, current } = this.#find(queue, handle);
      if (!message) return true;
      if (!(current && this.#isHidden(message))) throw invalidValue(handle, 'ReceiptHandle', 'The receipt handle has expired.');
      messages.remove(queue.key, message.position);
      // The next message of the group may be received now.
      signals.announce(queue.name);
      return true;
    });
  }

  /**
   * The same for many messages of a standard queue. Joins the open transaction.
   * @returns Ids of messages that stay because they were received again since.
   * @throws AwsFault ReceiptHandleIsInvalid
   */
  deleteTogether(queue: Queue, handles: readonly string[]): ReadonlySet<string> {
    const { messages, signals, registry } = this.#parts;
    const arn = registry.arnOf(queue.name);
    const receipts = handles.map((handle) => readReceiptHandle(handle, arn));
    const kept = new Set(messages.removeReceived(queue.key, receipts.map(({ position, receive }) => ({ position, receives: receive }))));
    signals.note();
    return kept.size === 0 ? none : new Set(receipts.filter(({ position }) => kept.has(position)).map(({ messageId }) => messageId));
  }

  /** @param seconds 0-43,200. @throws AwsFault ReceiptHandleIsInvalid, InvalidParameterValueException */
  changeVisibility(queue: Queue, handle: string, seconds: number): void {
    const { clock, messages, signals } = this.#parts;
    if (seconds < 0 || seconds > longestVisibility) throw invalidValue(seconds, 'VisibilityTimeout', `Must be between 0 and ${longestVisibility}, if provided.`);
    messages.transaction(() => {
      const { message, current } = this.#find(queue, handle);
      if (!message || !current) throw invalidValue(handle, 'ReceiptHandle', 'Message does not exist or is not available for visibility timeout change.');
      if (queue.fifo && !this.#isHidden(message)) throw invalidValue(handle, 'ReceiptHandle', 'The receipt handle has expired.');
      const now = clock.now();
      const until = now + seconds * 1000;
      if (until - (message.lastReceivedAt ?? now) > longestVisibility * 1000) {
        throw invalidValue(seconds, 'VisibilityTimeout', `Total VisibilityTimeout for the message is beyond the limit [${longestVisibility} seconds].`);
      }
      messages.reschedule(queue.key, message.position, seconds === 0 ? 'ready' : 'held', until);
      if (seconds === 0) signals.announce(queue.name);
      else {
        signals.note();
        signals.watch(queue, { real: until });
      }
    });
  }

  /**
   * What a poller does when its batch failed. The rest of the visibility timeout becomes a wait, so it passes at the chosen
   * scale, but never sooner than the shortest repeat in real time. Handles that are out of date are passed over.
   */
  giveBack(queue: Queue, handles: readonly string[]): void {
    const { clock, messages, signals } = this.#parts;
    const now = clock.now();
    messages.transaction(() => {
      for (const handle of handles) {
        const { message, current } = this.#find(queue, handle);
        if (!message || !current || message.state !== 'held') continue;
        messages.reschedule(queue.key, message.position, 'returning', clock.repeatDue(Math.max(0, message.at - now)), now + shortestRepeat);
      }
    });
    signals.note();
    signals.watch(queue);
  }

  #find(queue: Queue, handle: string): { message?: StoredMessage; current: boolean } {
    const { messages, registry } = this.#parts;
    const { messageId, receive } = readReceiptHandle(handle, registry.arnOf(queue.name));
    const message = messages.find(queue.key, messageId);
    return message ? { message, current: message.receives === receive } : { current: false };
  }

  #isHidden({ state, at }: StoredMessage): boolean {
    return state === 'returning' || (state === 'held' && at > this.#parts.clock.now());
  }
}
