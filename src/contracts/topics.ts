/** What the SNS service asks of the store and of the network: it writes no SQL and speaks no HTTP itself. */
import type { PublishedMessage } from './resource-views.ts';
import type { QueueMessage } from './resources.ts';

/** A POST to a subscribed HTTP endpoint that is still owed. */
export interface HttpDelivery {
  topicArn: string;
  subscriptionArn: string;
  messageId: string;
  url: string;
  headers: Readonly<Record<string, string>>;
  body: string;
  /** AWS seconds to wait before each retry that its delivery policy grants. */
  retryDelays: readonly number[];
  /** Attempts that have failed. */
  attempts: number;
  /** As a dead-letter queue gets it when no retry is left; absent for confirmations. */
  deadLetter?: QueueMessage;
}

export interface QueuedDelivery extends HttpDelivery {
  id: number;
}

/** What is written with every message, in tables of its own. Each call joins the open transaction. */
export interface TopicStore {
  /** All writes inside commit together or not at all. */
  transaction<R>(work: () => R): R;
  /** Counts one more message of a topic and returns how many there are now. */
  countMessage(topicArn: string): number;
  /** Messages published so far, by topic ARN. */
  publishedCounts(): ReadonlyMap<string, number>;
  /** Keeps what became of a topic's message, and of its earlier ones the newest `keep - 1`. @param number from `countMessage` */
  noteMessage(topicArn: string, number: number, message: PublishedMessage, keep: number): void;
  /** Newest first. */
  lastMessages(topicArn: string): PublishedMessage[];
  /** Adds to what is kept of a message: a subscription that did not get it after all. */
  noteMissed(topicArn: string, messageId: string, missed: PublishedMessage['missed'][number]): void;
  /** The message that was published to a FIFO topic under this key after that time (epoch milliseconds). */
  duplicateOf(topicArn: string, key: string, after: number): { messageId: string; sequenceNumber: string } | undefined;
  rememberMessage(topicArn: string, key: string, message: { messageId: string; sequenceNumber: string }, now: number): void;
  /** Forgets deduplication keys up to that time. */
  forgetMessages(before: number): void;
  /** Forgets all about a topic. */
  removeTopic(topicArn: string): void;

  /** @param due Place on the wait axis. @param held Waits while the engine is paused. */
  addDelivery(delivery: HttpDelivery, due: number, held: boolean): void;
  /** Deliveries that are due, the longest due first, without those in `except`. @param withHeld Also those that are held. */
  dueDeliveries(waitNow: number, limit: number, except: ReadonlySet<number>, withHeld: boolean): QueuedDelivery[];
  /** Where the next wait ends, without those in `except`; undefined when nothing waits. */
  nextDelivery(except: ReadonlySet<number>, withHeld: boolean): number | undefined;
  postponeDelivery(id: number, attempts: number, due: number): void;
  /** False when it was removed meanwhile. */
  removeDelivery(id: number): boolean;
  removeDeliveries(subscriptionArn: string): void;
  /** Everything that waits now is held from now on: it was left over from the last run. */
  holdDeliveries(): void;
  /** Deliveries that wait, by subscription ARN. */
  waitingDeliveries(): ReadonlyMap<string, number>;
}

/** Posts to HTTP endpoints on this machine, and to no other. */
export interface HttpPoster {
  /**
   * Never rejects. Resolves with the answer's status, or with a sentence why there is none (refused connection, timeout).
   * @param url `http:` or `https:` on loopback.
   */
  post(url: string, headers: Readonly<Record<string, string>>, body: string): Promise<{ status: number } | { failure: string }>;
}
