/** A message on its way from a topic to its subscriptions: who gets it, in which form, and why the others do not. */
import type { Clock } from '../../contracts/clock.ts';
import type { Logger } from '../../contracts/logger.ts';
import type { PublishedMessage } from '../../contracts/resource-views.ts';
import type { EventInvoker, QueueMessage, QueuePort } from '../../contracts/resources.ts';
import type { TopicStore } from '../../contracts/topics.ts';
import { contentType, retryDelays } from './delivery-policy.ts';
import { lambdaEvent, notificationText, notificationToSign, type Notification } from './envelope.ts';
import { FilterPolicies } from './filter-policy.ts';
import { isRefusal, sendDeadLetter, type HttpDeliveries } from './http-deliveries.ts';
import type { MessageSigner } from './message-signer.ts';
import type { AcceptedMessage } from './publish-input.ts';
import { deadLetterArn, isHttp, isRaw, scopeOf, undeliverable } from './subscription-attributes.ts';
import type { Subscription, SubscriptionRegistry } from './subscription-registry.ts';
import type { Topic } from './topic-registry.ts';
import { signingCertificateUrl, unsubscribeUrl } from './urls.ts';

/** AWS ignores a repeat of a FIFO message for five minutes, of real time. */
export const deduplicationMilliseconds = 300_000;
/** Messages of a topic whose fate is kept, and what is kept of each. */
const keptMessages = 20;
const previewLength = 200;
const mostMissed = 100;
/** Of the subscriptions whose filter policy refused a message, those that are told in detail why. */
const mostExplained = 10;

export interface PublisherParts {
  store: TopicStore;
  subscriptions: SubscriptionRegistry;
  queues: QueuePort;
  functions: EventInvoker;
  http: HttpDeliveries;
  signer: MessageSigner;
  clock: Clock;
  logger: Logger;
  uuid: () => string;
  /** `http://127.0.0.1:<port>` */
  endpoint: () => string;
}

export interface Published {
  messageId: string;
  sequenceNumber?: string;
}

/** What all deliveries of one message share. */
interface Departure {
  topic: Topic;
  accepted: AcceptedMessage;
  messageId: string;
  traceHeader: string | undefined;
  /** How many filter policies were explained. */
  explained: number;
  /** Signed once for each text that goes out. */
  notification(protocol: string): Notification;
}

type Missed = PublishedMessage['missed'][number];

export class Publisher {
  readonly #parts: PublisherParts;
  readonly #filters = new FilterPolicies();

  constructor(parts: PublisherParts) {
    this.#parts = parts;
  }

  /** The message and all its deliveries commit together, or with the open transaction. */
  publish(topic: Topic, accepted: AcceptedMessage, traceHeader: string | undefined): Published {
    return this.#parts.store.transaction(() => this.#publish(topic, accepted, traceHeader));
  }

  #publish(topic: Topic, accepted: AcceptedMessage, traceHeader: string | undefined): Published {
    const { store, clock, subscriptions } = this.#parts;
    const now = clock.now();
    const key = deduplicationKey(topic, accepted);
    if (key !== undefined) {
      const earlier = store.duplicateOf(topic.arn, key, now - deduplicationMilliseconds);
      if (earlier) return earlier;
    }
    const number = store.countMessage(topic.arn);
    const published: Published = { messageId: this.#parts.uuid(), ...(topic.fifo ? { sequenceNumber: sequenceNumber(number) } : {}) };
    if (key !== undefined) {
      store.forgetMessages(now - deduplicationMilliseconds);
      store.rememberMessage(topic.arn, key, { messageId: published.messageId, sequenceNumber: sequenceNumber(number) }, now);
    }
    const departure = this.#departure(topic, accepted, published, traceHeader, now);
    const all = subscriptions.of(topic.arn);
    const missed = all.flatMap((subscription) => this.#deliver(subscription, departure) ?? []);
    store.noteMessage(topic.arn, number, {
      messageId: published.messageId, publishedAt: now, preview: accepted.message.slice(0, previewLength),
      ...(accepted.subject === undefined ? {} : { subject: accepted.subject }), delivered: all.length - missed.length,
      missed: missed.slice(0, mostMissed),
    }, keptMessages);
    return published;
  }

  #departure(topic: Topic, accepted: AcceptedMessage, { messageId, sequenceNumber }: Published, traceHeader: string | undefined, now: number): Departure {
    const { signer, endpoint } = this.#parts;
    const notifications = new Map<string, Notification>();
    return {
      topic, accepted, messageId, traceHeader, explained: 0,
      notification: (protocol) => {
        const message = accepted.messageFor(protocol);
        const known = notifications.get(message);
        if (known) return known;
        const notification: Notification = {
          messageId, topicArn: topic.arn, message, timestamp: new Date(now).toISOString(), attributes: accepted.attributes,
          ...(sequenceNumber === undefined ? {} : { sequenceNumber }),
          ...(accepted.subject === undefined ? {} : { subject: accepted.subject }),
        };
        if (!topic.fifo) {
          const version = topic.attributes['SignatureVersion'] ?? '1';
          notification.signature = {
            version, value: signer.sign(notificationToSign(notification), version), certificateUrl: signingCertificateUrl(endpoint(), signer),
          };
        }
        notifications.set(message, notification);
        return notification;
      },
    };
  }

  /** @returns Why the subscription did not get it; undefined when it did. */
  #deliver(subscription: Subscription, departure: Departure): Missed | undefined {
    const { arn, protocol, endpoint, pending } = subscription;
    const reason = undeliverable(protocol, endpoint) ?? (pending ? 'The subscription is not confirmed yet.' : undefined)
      ?? this.#filtered(subscription, departure) ?? this.#send(subscription, departure);
    return reason === undefined ? undefined : { subscriptionArn: arn, protocol, endpoint, reason };
  }

  #filtered(subscription: Subscription, departure: Departure): string | undefined {
    const policy = subscription.attributes['FilterPolicy'];
    const scope = scopeOf(subscription);
    const { messageFor, attributes } = departure.accepted;
    const message = messageFor(subscription.protocol);
    if (policy === undefined || this.#filters.matches(policy, scope, message, attributes)) return undefined;
    departure.explained += 1;
    if (departure.explained > mostExplained) return `Its filter policy does not match the message's ${scope === 'MessageBody' ? 'body' : 'attributes'}.`;
    return this.#filters.explain(policy, scope, message, attributes);
  }

  #send(subscription: Subscription, departure: Departure): string | undefined {
    const { protocol, endpoint } = subscription;
    const { store, queues, functions, logger, endpoint: base } = this.#parts;
    if (isHttp(protocol)) {
      this.#queuePost(subscription, departure);
      return undefined;
    }
    try {
      store.transaction(() => {
        if (protocol === 'sqs') {
          queues.send(endpoint, queueMessage(subscription, departure, endpoint, base()));
          return;
        }
        const event = lambdaEvent(departure.notification(protocol), subscription.arn, unsubscribeUrl(base(), subscription.arn));
        functions.invokeAsync(endpoint, Buffer.from(event), { source: 'sns', ...trace(departure) });
      });
      return undefined;
    } catch (error) {
      // What the queue or function refuses is refused for good: AWS does not try again either.
      if (!isRefusal(error)) throw error;
      const target = deadLetterArn(subscription);
      const consolation = target === undefined ? 'There is no dead-letter queue for it.'
        : sendDeadLetter(queues, target, queueMessage(subscription, departure, target, base()));
      const reason = `${endpoint} refused it: ${error.message} ${consolation}`;
      logger.warn(`The message ${departure.messageId} of ${departure.topic.arn} was not delivered: ${reason}`);
      return reason;
    }
  }

  #queuePost(subscription: Subscription, departure: Departure): void {
    const { arn, protocol, endpoint, attributes } = subscription;
    const { topic, accepted, messageId, traceHeader } = departure;
    const raw = isRaw(subscription);
    const topicPolicy = topic.attributes['DeliveryPolicy'];
    const base = this.#parts.endpoint();
    this.#parts.http.add({
      topicArn: topic.arn, subscriptionArn: arn, messageId, url: endpoint,
      headers: {
        'x-amz-sns-message-type': 'Notification',
        'x-amz-sns-message-id': messageId,
        'x-amz-sns-topic-arn': topic.arn,
        'x-amz-sns-subscription-arn': arn,
        ...(raw ? { 'x-amz-sns-rawdelivery': 'true' } : {}),
        'Content-Type': contentType(attributes['DeliveryPolicy'], topicPolicy),
        ...(traceHeader === undefined ? {} : { 'X-Amzn-Trace-Id': traceHeader }),
      },
      body: raw ? accepted.messageFor(protocol) : notificationText(departure.notification(protocol), unsubscribeUrl(base, arn)),
      retryDelays: retryDelays(attributes['DeliveryPolicy'], topicPolicy),
      attempts: 0,
      deadLetter: queueMessage(subscription, departure, deadLetterArn(subscription) ?? '', base),
    });
  }
}

/** For the subscription's own queue or its dead-letter queue: the same message, raw or in the envelope. */
function queueMessage(subscription: Subscription, departure: Departure, queueArn: string, base: string): QueueMessage {
  const { protocol, arn } = subscription;
  const { topic, accepted } = departure;
  const raw = isRaw(subscription);
  // A standard queue gets the group only of a standard topic, for its fair queues.
  const grouped = topic.fifo === queueArn.endsWith('.fifo') && accepted.groupId !== undefined;
  return {
    body: raw ? accepted.messageFor(protocol) : notificationText(departure.notification(protocol), unsubscribeUrl(base, arn)),
    ...(raw && Object.keys(accepted.attributes).length > 0 ? { attributes: accepted.attributes } : {}),
    ...trace(departure),
    ...(grouped && accepted.groupId !== undefined ? { groupId: accepted.groupId } : {}),
    ...(grouped && accepted.deduplicationId !== undefined ? { deduplicationId: accepted.deduplicationId } : {}),
  };
}

function trace({ traceHeader }: Departure): { traceHeader?: string } {
  return traceHeader === undefined ? {} : { traceHeader };
}

/** Undefined for standard topics, which deliver repeats. */
function deduplicationKey(topic: Topic, { groupId, deduplicationId }: AcceptedMessage): string | undefined {
  if (deduplicationId === undefined) return undefined;
  return topic.attributes['FifoThroughputScope'] === 'MessageGroup' ? `${groupId ?? ''}\0${deduplicationId}` : deduplicationId;
}

/** Twenty digits that rise, as AWS's do. */
function sequenceNumber(number: number): string {
  return (10n ** 19n + BigInt(number) * 1000n).toString();
}
