/** Operations on subscriptions, and the messages that HTTP endpoints get about them. */
import type { Clock } from '../../contracts/clock.ts';
import type { CallContext, ServiceInput, ServiceOutput } from '../../contracts/resources.ts';
import type { DocumentCollection } from '../../contracts/documents.ts';
import type { TopicStore } from '../../contracts/topics.ts';
import { checkSubscriptionArn, isTopicArn, type Place } from './arns.ts';
import { retryDelays } from './delivery-policy.ts';
import { confirmationText, confirmationToSign, type Confirmation } from './envelope.ts';
import { authorizationError, invalidParameter, invalidToken, subscriptionNotFound } from './faults.ts';
import { checkScope } from './filter-policy.ts';
import type { HttpDeliveries } from './http-deliveries.ts';
import { flag, optionalText, requiredText, textMap } from './input.ts';
import type { MessageSigner } from './message-signer.ts';
import { page } from './paging.ts';
import {
  checkEndpoint, fullSubscriptionAttributes, isHttp, sameAttributes, scopeOf, subscriptionAttribute, subscriptionAttributes, undeliverable,
} from './subscription-attributes.ts';
import type { StoredSubscription, Subscription, SubscriptionRegistry } from './subscription-registry.ts';
import { defaultMessageBytes } from './topic-attributes.ts';
import type { TopicOperations } from './topic-operations.ts';
import type { Topic, TopicRegistry } from './topic-registry.ts';
import { signingCertificateUrl, subscribeUrl } from './urls.ts';

/** Tokens are valid for two days, of real time. */
const tokenMilliseconds = 2 * 24 * 3600 * 1000;
/** AWS's tokens are 288 hexadecimal digits. */
const tokenBytes = 144;
const mostSubscriptionsOfLargeTopic = 100;

/** A subscription that an HTTP endpoint was told the end of: it may take it back. By token. */
export interface EndedSubscription {
  arn: string;
  topicArn: string;
  stored: StoredSubscription;
  /** Epoch milliseconds. */
  endedAt: number;
}

export interface SubscriptionOperationParts {
  topics: TopicRegistry;
  subscriptions: SubscriptionRegistry;
  ended: DocumentCollection<EndedSubscription>;
  topicOperations: TopicOperations;
  store: TopicStore;
  http: HttpDeliveries;
  signer: MessageSigner;
  clock: Clock;
  ids: { uuid(): string; hex(bytes: number): string };
  place: () => Place;
  endpoint: () => string;
}

export class SubscriptionOperations {
  readonly #parts: SubscriptionOperationParts;

  constructor(parts: SubscriptionOperationParts) {
    this.#parts = parts;
  }

  subscribe(input: ServiceInput): ServiceOutput {
    const { subscriptions, store, ids } = this.#parts;
    const topic = this.#parts.topicOperations.find(requiredText(input, 'TopicArn'));
    const protocol = requiredText(input, 'Protocol');
    const endpoint = checkEndpoint(topic, protocol, optionalText(input, 'Endpoint'));
    const attributes = subscriptionAttributes(textMap(input, 'Attributes'), { topic, protocol, endpoint }, 'Attributes Reason: ');
    const answer = (arn: string, pending: boolean) => ({ SubscriptionArn: pending && !flag(input, 'ReturnSubscriptionArn') ? 'pending confirmation' : arn });
    const siblings = subscriptions.of(topic.arn);
    const existing = siblings.find((subscription) => subscription.protocol === protocol && subscription.endpoint === endpoint);
    if (existing) {
      if (!sameAttributes(attributes, existing.attributes)) {
        throw invalidParameter('Attributes Reason: Subscription already exists with different attributes');
      }
      if (existing.pending) store.transaction(() => this.#askToConfirm(existing, topic));
      return answer(existing.arn, existing.pending);
    }
    if (Number(topic.attributes['MaximumMessageSize'] ?? 0) > defaultMessageBytes && siblings.length >= mostSubscriptionsOfLargeTopic) {
      throw invalidParameter(`TopicArn Reason: topics with a MaximumMessageSize above ${defaultMessageBytes} support up to ${mostSubscriptionsOfLargeTopic} subscriptions`);
    }
    return store.transaction(() => {
      const created = subscriptions.create(`${topic.arn}:${ids.uuid()}`, { topicArn: topic.arn, protocol, endpoint, attributes }, { pending: isHttp(protocol) });
      if (created.pending) this.#askToConfirm(created, topic);
      return answer(created.arn, created.pending);
    });
  }

  /** Asks the HTTP endpoints of templates that were not asked before. Held while the engine is paused: nobody called for it now. */
  askTemplateEndpoints(): void {
    const { store, subscriptions, topics } = this.#parts;
    for (const subscription of subscriptions.all()) {
      const { origin, pending, token, protocol, endpoint, topicArn } = subscription;
      const topic = topics.byArn(topicArn);
      if (!origin || !pending || token !== undefined || !topic || undeliverable(protocol, endpoint) !== undefined) continue;
      store.transaction(() => this.#askToConfirm(subscription, topic, true));
    }
  }

  /** What can no longer be taken back. */
  forgetEnded(): void {
    for (const [token, { endedAt }] of this.#parts.ended.entries()) {
      if (this.#parts.clock.now() - endedAt > tokenMilliseconds) this.#parts.ended.delete(token);
    }
  }

  confirm(input: ServiceInput, context: CallContext): ServiceOutput {
    const { topics, subscriptions, store, clock } = this.#parts;
    const topicArn = requiredText(input, 'TopicArn');
    const token = requiredText(input, 'Token');
    if (!isTopicArn(topicArn, this.#parts.place())) throw invalidParameter('Topic');
    if (!/^[0-9a-f]{64,}$/i.test(token)) throw invalidToken();
    const found = subscriptions.of(topicArn).find((subscription) => subscription.token === token);
    const ended = this.#parts.ended.get(token);
    const sentAt = found ? found.tokenAt ?? 0 : ended?.topicArn === topicArn ? ended.endedAt : undefined;
    if (!topics.byArn(topicArn) || sentAt === undefined || clock.now() - sentAt > tokenMilliseconds) throw invalidParameter('Token');
    const authenticated = context.anonymous !== true;
    const arn = found?.arn ?? (ended as EndedSubscription).arn;
    store.transaction(() => {
      if (!found) {
        subscriptions.restore(arn, (ended as EndedSubscription).stored);
        this.#parts.ended.delete(token);
      }
      subscriptions.setConfirmation({ arn }, {
        pending: false, token, tokenAt: sentAt, authenticated,
        ...(authenticated && flag(input, 'AuthenticateOnUnsubscribe') ? { authenticateOnUnsubscribe: true } : {}),
      });
    });
    return { SubscriptionArn: arn };
  }

  /** Ending what is not there is no error. */
  unsubscribe(input: ServiceInput, context: CallContext): ServiceOutput {
    const { topics, subscriptions, store } = this.#parts;
    const subscription = this.#visible(checkSubscriptionArn(requiredText(input, 'SubscriptionArn')));
    if (!subscription) return {};
    const anonymous = context.anonymous === true;
    if (anonymous && subscription.authenticateOnUnsubscribe) throw authorizationError('This subscription can only be ended by a signed request.');
    const topic = topics.byArn(subscription.topicArn) as Topic;
    store.transaction(() => {
      const stored = subscriptions.delete(subscription);
      store.removeDeliveries(subscription.arn);
      topics.countDeletedSubscription(topic);
      // The owner of the topic knows what it did; anyone else may have been wrong.
      if (anonymous && isHttp(subscription.protocol) && !subscription.pending) this.#announceEnd(subscription, topic, stored);
    });
    return {};
  }

  list(input: ServiceInput): ServiceOutput {
    const visible = this.#parts.subscriptions.all().filter(({ topicArn }) => this.#parts.topics.byArn(topicArn));
    return this.#listed([...visible].sort((one, other) => (one.arn < other.arn ? -1 : 1)), input);
  }

  listByTopic(input: ServiceInput): ServiceOutput {
    const topic = this.#parts.topicOperations.find(requiredText(input, 'TopicArn'));
    return this.#listed(this.#parts.subscriptions.of(topic.arn), input);
  }

  attributes(input: ServiceInput): ServiceOutput {
    const subscription = this.#find(input);
    return { Attributes: fullSubscriptionAttributes(subscription, this.#parts.topics.byArn(subscription.topicArn), this.#parts.place().accountId) };
  }

  setAttribute(input: ServiceInput): ServiceOutput {
    const subscription = this.#find(input);
    const name = requiredText(input, 'AttributeName');
    const value = optionalText(input, 'AttributeValue') ?? '';
    const topic = this.#parts.topics.byArn(subscription.topicArn) as Topic;
    const about = { topic, protocol: subscription.protocol, endpoint: subscription.endpoint, prefix: '' };
    const checked = subscriptionAttribute(name, value, { ...about, scope: scopeOf(subscription) });
    const policy = subscription.attributes['FilterPolicy'];
    if (name === 'FilterPolicyScope' && policy !== undefined) subscriptionAttribute('FilterPolicy', policy, { ...about, scope: checkScope(value, '') });
    this.#parts.subscriptions.setAttribute(subscription, name, checked);
    return {};
  }

  #find(input: ServiceInput): Subscription {
    const subscription = this.#visible(checkSubscriptionArn(requiredText(input, 'SubscriptionArn')));
    if (!subscription) throw subscriptionNotFound();
    return subscription;
  }

  #visible(arn: string): Subscription | undefined {
    const subscription = this.#parts.subscriptions.get(arn);
    return subscription && this.#parts.topics.byArn(subscription.topicArn) ? subscription : undefined;
  }

  #listed(subscriptions: readonly Subscription[], input: ServiceInput): ServiceOutput {
    const { items, NextToken } = page(subscriptions, ({ arn }) => arn, optionalText(input, 'NextToken'));
    return {
      Subscriptions: items.map(({ arn, protocol, endpoint, topicArn, pending }) => ({
        SubscriptionArn: pending ? 'PendingConfirmation' : arn, Owner: this.#parts.place().accountId, Protocol: protocol, Endpoint: endpoint, TopicArn: topicArn,
      })),
      ...NextToken,
    };
  }

  /** Sends the token again while it is valid, else a new one. */
  #askToConfirm(subscription: Subscription, topic: Topic, held = false): void {
    const { clock, ids, subscriptions } = this.#parts;
    const now = clock.now();
    const fresh = subscription.token !== undefined && now - (subscription.tokenAt ?? 0) < tokenMilliseconds;
    const token = fresh && subscription.token !== undefined ? subscription.token : ids.hex(tokenBytes);
    subscriptions.setConfirmation(subscription, { pending: true, token, tokenAt: fresh ? subscription.tokenAt ?? now : now });
    this.#post(subscription, topic, {
      type: 'SubscriptionConfirmation', token,
      message: `You have chosen to subscribe to the topic ${topic.arn}.\nTo confirm the subscription, visit the SubscribeURL included in this message.`,
    }, held);
  }

  #announceEnd(subscription: Subscription, topic: Topic, stored: StoredSubscription): void {
    const { arn } = subscription;
    const token = this.#parts.ids.hex(tokenBytes);
    this.#parts.ended.put(token, { arn, topicArn: topic.arn, stored, endedAt: this.#parts.clock.now() });
    this.#post(subscription, topic, {
      type: 'UnsubscribeConfirmation', token,
      message: `You have chosen to deactivate subscription ${arn}.\nTo cancel this operation and restore the subscription, visit the SubscribeURL included in this message.`,
    }, false);
  }

  #post(subscription: Subscription, topic: Topic, { type, token, message }: Pick<Confirmation, 'type' | 'token' | 'message'>, held: boolean): void {
    const { http, signer, clock, ids, endpoint } = this.#parts;
    const confirmation: Confirmation = {
      type, token, message, messageId: ids.uuid(), topicArn: topic.arn,
      subscribeUrl: subscribeUrl(endpoint(), topic.arn, token), timestamp: new Date(clock.now()).toISOString(),
    };
    const version = topic.attributes['SignatureVersion'] ?? '1';
    const signature = { version, value: signer.sign(confirmationToSign(confirmation), version), certificateUrl: signingCertificateUrl(endpoint(), signer) };
    http.add({
      topicArn: topic.arn, subscriptionArn: subscription.arn, messageId: confirmation.messageId, url: subscription.endpoint,
      headers: {
        'x-amz-sns-message-type': type,
        'x-amz-sns-message-id': confirmation.messageId,
        'x-amz-sns-topic-arn': topic.arn,
        // Nothing but a confirmed subscription has an ARN for its endpoint.
        ...(type === 'UnsubscribeConfirmation' ? { 'x-amz-sns-subscription-arn': subscription.arn } : {}),
        'Content-Type': 'text/plain; charset=UTF-8',
      },
      body: confirmationText(confirmation, signature),
      retryDelays: retryDelays(undefined, topic.attributes['DeliveryPolicy']),
      attempts: 0,
    }, held);
  }
}
