/** Messages of queues, kept so that a queue of millions costs no more memory than an empty one. */
import type { MessageAttribute } from './resources.ts';

/**
 * Where a message is:
 * - `ready`: a receive may have it.
 * - `held`: somebody received it; visible again at `at` in real time.
 * - `delayed`: sent with a delay; visible at `at` on the wait axis.
 * - `returning`: given back by a poller whose batch failed. What is left of its visibility timeout is a wait: visible at
 *   `at` on the wait axis, and not before `notBefore` in real time. It counts as in flight.
 */
export type MessageState = 'ready' | 'held' | 'delayed' | 'returning';

/** A message as it enters a queue. */
export interface NewMessage {
  messageId: string;
  body: string;
  bodyMd5: string;
  /** JSON text of a map of MessageAttribute; absent without attributes. */
  attributes?: string;
  traceHeader?: string;
  /** Epoch milliseconds. */
  sentAt: number;
  groupId?: string;
  deduplicationId?: string;
  /** End of its delay on the wait axis; absent when it is ready at once. */
  delayedUntil?: number;
}

export interface StoredMessage extends Omit<NewMessage, 'delayedUntil' | 'attributes'> {
  /** Grows with every message that enters the queue, and is never used again. */
  position: number;
  attributes: Readonly<Record<string, MessageAttribute>>;
  state: MessageState;
  /** For a ready message, since when it is; see MessageState for the others. */
  at: number;
  notBefore: number;
  receives: number;
  /** Epoch milliseconds; absent before the first receive. */
  firstReceivedAt?: number;
  lastReceivedAt?: number;
  /** Queue whose redrive policy moved it here. */
  sourceArn?: string;
}

export interface MessageCounts {
  ready: number;
  /** Held and returning. */
  inFlight: number;
  delayed: number;
}

/** When the next message that is not ready becomes so: at a moment in real time, or at a place on the wait axis. */
export interface NextVisible {
  real?: number;
  wait?: number;
}

/** One queue's messages, by a number that a purge renews: what was in the queue before is out of sight at once. */
export type QueueKey = number;

/**
 * All methods are synchronous and join the open transaction. In a FIFO queue a message that is not ready closes its group:
 * the later messages of the group are not offered.
 */
export interface QueueMessageStore {
  transaction<R>(work: () => R): R;
  /** The queue's key; the first call makes it. */
  open(queue: string, fifo: boolean): QueueKey;
  /** Puts all messages of the queue out of sight; `sweep` deletes them. The next `open` makes a new, empty key. */
  retire(queue: string): void;
  /** `retire`, for a queue that is deleted: its deduplication keys go as well. */
  drop(queue: string): void;
  /** Deletes at most `limit` messages that were put out of sight; false when none is left. */
  sweep(limit: number): boolean;

  /** Returns its position. */
  add(key: QueueKey, message: NewMessage): number;
  /** Makes messages ready whose time has come, at most `limit`. Returns how many. */
  promote(key: QueueKey, now: number, waitNow: number, limit: number): number;
  nextVisible(key: QueueKey, waitNow: number): NextVisible;
  /** At most `limit` messages that a receive may have, longest visible first; group by group in a FIFO queue. */
  ready(key: QueueKey, limit: number): StoredMessage[];
  /** Counts a receive of each and hides it until `until` in real time. A timeout of zero leaves it ready. */
  receive(key: QueueKey, messages: readonly StoredMessage[], now: number, until: number): void;
  /** Changes when a message is visible. */
  reschedule(key: QueueKey, position: number, state: MessageState, at: number, notBefore?: number): void;
  find(key: QueueKey, messageId: string): StoredMessage | undefined;
  remove(key: QueueKey, position: number): void;
  /** Standard queues: removes messages that were received so often. Gives the positions of those that were received again since and stay. */
  removeReceived(key: QueueKey, received: readonly { position: number; receives: number }[]): number[];
  /** Puts a message last into another queue, ready; what is given replaces its own values. Returns its new position. */
  move(from: QueueKey, position: number, to: QueueKey, changes: MovedMessage): number;
  /** Shifts the end of the delay of every delayed message, milliseconds on the wait axis. */
  shiftDelays(key: QueueKey, by: number): void;

  counts(key: QueueKey): MessageCounts;
  /** When the oldest message was sent; undefined when there is none. */
  oldest(key: QueueKey): number | undefined;
  /** Removes messages that were sent before `before`, at most `limit`. Returns how many. */
  expire(key: QueueKey, before: number, limit: number): number;
  /** Oldest position first, beginning after `after`. */
  list(key: QueueKey, limit: number, after?: number): StoredMessage[];

  /** What was sent with this deduplication key at or after `since`. */
  duplicate(queue: string, key: string, since: number): { messageId: string; position: number } | undefined;
  remember(queue: string, key: string, sentAt: number, messageId: string, position: number): void;
  /** Forgets deduplication keys older than `before`, at most `limit`; false when none is left. */
  forget(before: number, limit: number): boolean;
}

export interface MovedMessage {
  /** Since when it is ready there, epoch milliseconds. */
  at: number;
  messageId?: string;
  sentAt?: number;
  receives?: number;
  /** `null` takes the source away. */
  sourceArn?: string | null;
}
