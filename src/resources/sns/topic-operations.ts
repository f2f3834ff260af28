/** Operations on topics themselves. */
import type { ServiceInput, ServiceOutput } from '../../contracts/resources.ts';
import type { TopicStore } from '../../contracts/topics.ts';
import { checkTopicArn, type Place } from './arns.ts';
import { invalidParameter, resourceNotFound, tagLimitExceeded, topicNotFound } from './faults.ts';
import { maps, optionalText, requiredText, textMap, texts } from './input.ts';
import { page } from './paging.ts';
import type { SubscriptionRegistry } from './subscription-registry.ts';
import { checkTopicName, fullTopicAttributes, topicAttribute, withPermission, withoutPermission } from './topic-attributes.ts';
import type { Topic, TopicRegistry } from './topic-registry.ts';

const mostTags = 50;

export interface TopicOperationParts {
  topics: TopicRegistry;
  subscriptions: SubscriptionRegistry;
  store: TopicStore;
  place: () => Place;
}

export class TopicOperations {
  readonly #parts: TopicOperationParts;

  constructor(parts: TopicOperationParts) {
    this.#parts = parts;
  }

  /** @throws AwsFault NotFound, or InvalidParameter for what names no topic of this region. */
  find(arn: string, parameter = 'TopicArn'): Topic {
    const topic = this.#parts.topics.byArn(checkTopicArn(arn, this.#parts.place(), parameter));
    if (!topic) throw topicNotFound();
    return topic;
  }

  create(input: ServiceInput): ServiceOutput {
    const name = requiredText(input, 'Name');
    const { FifoTopic, ...given } = textMap(input, 'Attributes');
    const fifo = FifoTopic?.toLowerCase() === 'true';
    checkTopicName(name, fifo);
    const attributes: Record<string, string> = {};
    for (const [attribute, value] of Object.entries(given)) {
      const checked = topicAttribute(attribute, value, fifo, 'Attributes Reason: ');
      if (checked !== undefined) attributes[attribute] = checked;
    }
    const tags = input['Tags'] === undefined ? undefined : tagsOf(input);
    const existing = this.#parts.topics.get(name);
    if (!existing) return { TopicArn: this.#parts.topics.create(name, attributes, tags ?? {}).arn };
    if (tags && !sameEntries(tags, existing.tags)) throw invalidParameter('Tags Reason: Topic already exists with different tags');
    if (Object.entries(attributes).some(([attribute, value]) => existing.attributes[attribute] !== value)) {
      throw invalidParameter('Attributes Reason: Topic already exists with different attributes');
    }
    return { TopicArn: existing.arn };
  }

  /** Deleting what is not there is no error. */
  delete(input: ServiceInput): ServiceOutput {
    const { topics, subscriptions, store, place } = this.#parts;
    const topic = topics.byArn(checkTopicArn(requiredText(input, 'TopicArn'), place()));
    if (topic) {
      store.transaction(() => {
        // A template's own subscriptions are out of sight with their topic, and come back with it.
        for (const subscription of subscriptions.of(topic.arn)) if (!subscription.origin) subscriptions.delete(subscription);
        topics.delete(topic);
        store.removeTopic(topic.arn);
      });
    }
    return {};
  }

  list(input: ServiceInput): ServiceOutput {
    const { items, NextToken } = page(this.#parts.topics.all(), ({ arn }) => arn, optionalText(input, 'NextToken'));
    return { Topics: items.map(({ arn }) => ({ TopicArn: arn })), ...NextToken };
  }

  attributes(input: ServiceInput): ServiceOutput {
    const topic = this.find(requiredText(input, 'TopicArn'));
    const subscriptions = this.#parts.subscriptions.of(topic.arn);
    const pending = subscriptions.filter((subscription) => subscription.pending).length;
    const counts = { confirmed: subscriptions.length - pending, pending, deleted: topic.deletedSubscriptions };
    return { Attributes: fullTopicAttributes(topic, this.#parts.place().accountId, counts) };
  }

  setAttribute(input: ServiceInput): ServiceOutput {
    const topic = this.find(requiredText(input, 'TopicArn'));
    const name = requiredText(input, 'AttributeName');
    this.#parts.topics.setAttribute(topic, name, topicAttribute(name, optionalText(input, 'AttributeValue') ?? '', topic.fifo));
    return {};
  }

  addPermission(input: ServiceInput): ServiceOutput {
    const topic = this.find(requiredText(input, 'TopicArn'));
    const permission = { label: requiredText(input, 'Label'), accounts: texts(input, 'AWSAccountId'), actions: texts(input, 'ActionName') };
    const policy = withPermission(topic.attributes['Policy'], topic, this.#parts.place().accountId, permission);
    this.#parts.topics.setAttribute(topic, 'Policy', policy);
    return {};
  }

  removePermission(input: ServiceInput): ServiceOutput {
    const topic = this.find(requiredText(input, 'TopicArn'));
    const policy = topic.attributes['Policy'];
    if (policy !== undefined) this.#parts.topics.setAttribute(topic, 'Policy', withoutPermission(policy, requiredText(input, 'Label')));
    return {};
  }

  tags(input: ServiceInput): ServiceOutput {
    return { Tags: Object.entries(this.#tagged(input).tags).map(([Key, Value]) => ({ Key, Value })) };
  }

  tag(input: ServiceInput): ServiceOutput {
    const topic = this.#tagged(input);
    const tags = { ...topic.tags, ...tagsOf(input) };
    if (Object.keys(tags).length > mostTags) throw tagLimitExceeded();
    this.#parts.topics.setTags(topic, tags);
    return {};
  }

  untag(input: ServiceInput): ServiceOutput {
    const topic = this.#tagged(input);
    const gone = new Set(texts(input, 'TagKeys'));
    this.#parts.topics.setTags(topic, Object.fromEntries(Object.entries(topic.tags).filter(([key]) => !gone.has(key))));
    return {};
  }

  #tagged(input: ServiceInput): Topic {
    const topic = this.#parts.topics.byArn(checkTopicArn(requiredText(input, 'ResourceArn'), this.#parts.place(), 'ResourceArn'));
    if (!topic) throw resourceNotFound();
    return topic;
  }
}

function tagsOf(input: ServiceInput): Record<string, string> {
  const tags: Record<string, string> = {};
  for (const tag of maps(input, 'Tags')) {
    const key = requiredText(tag, 'Key');
    if (Object.hasOwn(tags, key)) throw invalidParameter('Duplicated keys are not allowed.');
    tags[key] = optionalText(tag, 'Value') ?? '';
  }
  if (Object.keys(tags).length > mostTags) throw tagLimitExceeded();
  return tags;
}

function sameEntries(one: Readonly<Record<string, string>>, other: Readonly<Record<string, string>>): boolean {
  return Object.keys(one).length === Object.keys(other).length && Object.entries(one).every(([key, value]) => other[key] === value);
}
