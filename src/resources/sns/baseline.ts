/** Topics and subscriptions as templates declare them, in the form in which the registries take them. */
import { AwsFault } from '../../contracts/faults.ts';
import type { ResourceDefinition } from '../../contracts/resources.ts';
import { topicArn, type Place } from './arns.ts';
import type { Attributes } from '../overlay.ts';
import { checkEndpoint, subscriptionAttributes, undeliverable } from './subscription-attributes.ts';
import type { SubscriptionDefinition } from './subscription-registry.ts';
import { topicAttribute } from './topic-attributes.ts';
import type { Topic, TopicDefinition } from './topic-registry.ts';

type Properties = ResourceDefinition['properties'];

/** Properties that CloudFormation spells as SNS spells its attributes. */
const topicProperties = [
  'DisplayName', 'KmsMasterKeyId', 'SignatureVersion', 'TracingConfig', 'ContentBasedDeduplication', 'FifoThroughputScope', 'ArchivePolicy',
  'DeliveryPolicy', 'MaximumMessageSize',
];
const subscriptionProperties = ['DeliveryPolicy', 'FilterPolicy', 'FilterPolicyScope', 'RawMessageDelivery', 'RedrivePolicy', 'ReplayPolicy', 'SubscriptionRoleArn'];

export interface Baseline {
  topics: TopicDefinition[];
  subscriptions: SubscriptionDefinition[];
  /** One sentence for each part that was left out. */
  problems: string[];
}

/** @param apiTopic A topic that only an API call made: templates may subscribe to it. */
export function readBaseline(definitions: readonly ResourceDefinition[], place: Place, apiTopic: (arn: string) => Topic | undefined): Baseline {
  const problems: string[] = [];
  const topics = definitions.filter(({ type }) => type === 'AWS::SNS::Topic').map((definition) => topicOf(definition, problems));
  const byArn = new Map(topics.map((topic) => [topicArn(place, topic.name), topic]));
  const known = (arn: string): Topic | undefined => {
    const topic = byArn.get(arn);
    return topic ? { ...topic, arn, fifo: topic.name.endsWith('.fifo'), changed: [], deletedSubscriptions: 0 } : apiTopic(arn);
  };
  const subscriptions = definitions.flatMap((definition) => subscribedBy(definition, place)).flatMap(({ definition, properties, arn }) => {
    const topic = known(arn);
    if (!topic) {
      problems.push(`The subscription ${definition.name} is left out: there is no topic ${arn} here.`);
      return [];
    }
    return subscriptionOf(topic, definition, properties, problems) ?? [];
  });
  return { topics, subscriptions, problems };
}

function topicOf({ name, properties, origin }: ResourceDefinition, problems: string[]): TopicDefinition {
  const attributes: Record<string, string> = {};
  for (const [attribute, value] of Object.entries(textsOf(properties, topicProperties))) {
    try {
      const checked = topicAttribute(attribute, value, name.endsWith('.fifo'));
      if (checked !== undefined) attributes[attribute] = checked;
    } catch (error) {
      if (!(error instanceof AwsFault)) throw error;
      problems.push(`${attribute} of the topic ${name} is left out: ${error.message}`);
    }
  }
  return { name, attributes, tags: tagsOf(properties['Tags']), origin };
}

/** A subscription of its own, or those that stand in its topic. */
function subscribedBy(definition: ResourceDefinition, place: Place): { definition: ResourceDefinition; properties: Properties; arn: string }[] {
  const { type, name, properties } = definition;
  if (type === 'AWS::SNS::Subscription') return [{ definition, properties, arn: String(properties['TopicArn'] ?? '') }];
  const inline = Array.isArray(properties['Subscription']) ? properties['Subscription'] as unknown[] : [];
  return inline.filter((item): item is Properties => item !== null && typeof item === 'object')
    .map((item) => ({ definition, properties: item, arn: topicArn(place, name) }));
}

function subscriptionOf(topic: Topic, { name, origin }: ResourceDefinition, properties: Properties, problems: string[]): SubscriptionDefinition | undefined {
  const protocol = String(properties['Protocol'] ?? '');
  const endpoint = String(properties['Endpoint'] ?? '');
  try {
    // What is not delivered here stays in sight: it may well be delivered on AWS.
    if (undeliverable(protocol, endpoint) === undefined || topic.fifo) checkEndpoint(topic, protocol, endpoint);
    const attributes = subscriptionAttributes(textsOf(properties, subscriptionProperties), { topic, protocol, endpoint }, '');
    return { topicArn: topic.arn, protocol, endpoint, attributes, origin };
  } catch (error) {
    if (!(error instanceof AwsFault)) throw error;
    problems.push(`The subscription of ${endpoint} (${protocol}) in ${name} is left out: ${error.message}`);
    return undefined;
  }
}

/** CloudFormation writes documents as objects and flags as booleans; the API has texts for all. */
function textsOf(properties: Properties, names: readonly string[]): Attributes {
  const found: Record<string, string> = {};
  for (const name of names) {
    const value = properties[name];
    if (value === undefined || value === null) continue;
    found[name] = typeof value === 'object' ? JSON.stringify(value) : String(value);
  }
  return found;
}

function tagsOf(tags: unknown): Record<string, string> {
  const found: Record<string, string> = {};
  for (const tag of Array.isArray(tags) ? tags as unknown[] : []) {
    const { Key, Value } = (tag ?? {}) as { Key?: unknown; Value?: unknown };
    if (typeof Key === 'string') found[Key] = String(Value ?? '');
  }
  return found;
}
