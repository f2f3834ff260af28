/**
 * POSTs to subscribed HTTP endpoints: queued durably, tried again as the delivery policy says, and handed to the
 * subscription's dead-letter queue when no retry is left. What was left over from the last run waits while the engine is paused.
 */
import type { CancelTimer, Clock } from '../../contracts/clock.ts';
import { AwsFault, UserError } from '../../contracts/faults.ts';
import type { Logger } from '../../contracts/logger.ts';
import type { QueuePort } from '../../contracts/resources.ts';
import type { ResumeGate } from '../../contracts/resume-gate.ts';
import type { HttpDelivery, HttpPoster, QueuedDelivery, TopicStore } from '../../contracts/topics.ts';
import { deadLetterArn } from './subscription-attributes.ts';
import type { Subscription } from './subscription-registry.ts';

/** POSTs under way at once. */
const mostAtOnce = 32;

export interface HttpDeliveryParts {
  store: TopicStore;
  poster: HttpPoster;
  queues: QueuePort;
  clock: Clock;
  gate: ResumeGate;
  logger: Logger;
  subscription: (arn: string) => Subscription | undefined;
  /** A delivery has come to its end or waits for a retry. */
  changed: () => void;
}

export class HttpDeliveries {
  readonly #parts: HttpDeliveryParts;
  readonly #underWay = new Set<number>();
  readonly #stopListening: () => void;
  #cancelWait: CancelTimer | undefined;
  #running = false;
  #scheduled = false;

  constructor(parts: HttpDeliveryParts) {
    this.#parts = parts;
    parts.store.holdDeliveries();
    this.#stopListening = parts.gate.onDidChange(() => this.#soon());
  }

  /** Posts nothing before: an untrusted workspace does nothing to the world. */
  start(): void {
    this.#running = true;
    this.#soon();
  }

  /** Queues it, within the open transaction. @param held Waits while the engine is paused. */
  add(delivery: HttpDelivery, held = false): void {
    this.#parts.store.addDelivery(delivery, this.#parts.clock.waitNow(), held);
    this.#soon();
  }

  /** What is under way is not waited for: it is tried again when the engine is back. */
  close(): void {
    this.#running = false;
    this.#stopListening();
    this.#cancelWait?.();
  }

  /** After the open transaction. */
  #soon(): void {
    if (!this.#running || this.#scheduled) return;
    this.#scheduled = true;
    this.#parts.clock.soon(() => {
      this.#scheduled = false;
      this.#pump();
    });
  }

  #pump(): void {
    if (!this.#running) return;
    const { store, clock, gate } = this.#parts;
    this.#cancelWait?.();
    this.#cancelWait = undefined;
    const now = clock.waitNow();
    const room = mostAtOnce - this.#underWay.size;
    const due = store.dueDeliveries(now, room, this.#underWay, !gate.paused);
    for (const delivery of due) {
      this.#underWay.add(delivery.id);
      void this.#attempt(delivery);
    }
    if (due.length === room) return;
    const next = store.nextDelivery(this.#underWay, !gate.paused);
    if (next !== undefined) this.#cancelWait = clock.afterWait(next, () => this.#soon());
  }

  /** Never rejects. */
  async #attempt(delivery: QueuedDelivery): Promise<void> {
    const { url, headers, body } = delivery;
    const { logger, store, changed } = this.#parts;
    try {
      const outcome = await this.#parts.poster.post(url, headers, body);
      if (!this.#running) return;
      store.transaction(() => this.#settle(delivery, outcome));
    } catch (error) {
      logger.error(`The delivery of ${delivery.messageId} to ${url} could not be settled: it is tried again when the engine starts anew.`, error);
      return;
    }
    this.#underWay.delete(delivery.id);
    changed();
    this.#soon();
  }

  #settle(delivery: QueuedDelivery, outcome: { status: number } | { failure: string }): void {
    const { store, clock } = this.#parts;
    const verdict = judge(outcome);
    if (verdict.outcome === 'delivered') {
      store.removeDelivery(delivery.id);
      return;
    }
    const delay = verdict.outcome === 'again' ? delivery.retryDelays[delivery.attempts] : undefined;
    if (delay === undefined) {
      // Unsubscribed meanwhile: nobody waits for it.
      if (store.removeDelivery(delivery.id)) this.#giveUp(delivery, verdict.reason);
      return;
    }
    store.postponeDelivery(delivery.id, delivery.attempts + 1, clock.repeatDue(delay * 1000));
  }

  #giveUp(delivery: QueuedDelivery, reason: string): void {
    const { store, logger } = this.#parts;
    const { topicArn, subscriptionArn, messageId, url, attempts } = delivery;
    const tried = attempts === 0 ? 'once' : `${attempts + 1} times`;
    const sentence = `${reason} It was tried ${tried}. ${this.#toDeadLetterQueue(delivery)}`;
    logger.warn(`The message ${messageId} was not delivered to ${url}. ${sentence}`);
    store.noteMissed(topicArn, messageId, { subscriptionArn, protocol: new URL(url).protocol.slice(0, -1), endpoint: url, reason: sentence });
  }

  #toDeadLetterQueue({ subscriptionArn, deadLetter }: QueuedDelivery): string {
    const subscription = this.#parts.subscription(subscriptionArn);
    const target = subscription && deadLetterArn(subscription);
    if (target === undefined || deadLetter === undefined) return 'There is no dead-letter queue for it.';
    return sendDeadLetter(this.#parts.queues, target, deadLetter);
  }
}

/** @returns One sentence about what became of it. */
export function sendDeadLetter(queues: QueuePort, target: string, message: Parameters<QueuePort['send']>[1]): string {
  try {
    queues.send(target, message);
    return `It is in the dead-letter queue ${target}.`;
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return `The dead-letter queue ${target} did not take it: ${error.message}`;
  }
}

/** What a queue or function says of a message that it does not take; anything else is a problem of the engine's own. */
export function isRefusal(error: unknown): error is AwsFault | UserError {
  return error instanceof AwsFault || error instanceof UserError;
}

/**
 * AWS tries again after server errors, throttling and no answer. It documents 200-4xx as delivered, and reports 4xx as failed
 * in its delivery logs (DOUBT): here a 4xx is a failure that is not tried again.
 */
function judge(outcome: { status: number } | { failure: string }): { outcome: 'delivered' } | { outcome: 'again' | 'failed'; reason: string } {
  if ('failure' in outcome) return { outcome: 'again', reason: `The endpoint did not answer: ${outcome.failure}.` };
  const { status } = outcome;
  if (status >= 200 && status < 400) return { outcome: 'delivered' };
  return { outcome: status < 400 || status >= 500 || status === 429 ? 'again' : 'failed', reason: `The endpoint answered with status ${status}.` };
}
