/** What can be subscribed, attributes of subscriptions, and what GetSubscriptionAttributes answers. */
import { isArnOf } from './arns.ts';
import { effectiveSubscriptionPolicy, subscriptionDeliveryPolicy } from './delivery-policy.ts';
import { invalidParameter } from './faults.ts';
import { checkFilterPolicy, checkScope, defaultScope, jsonProblem, type FilterPolicyScope } from './filter-policy.ts';
import type { Attributes } from '../overlay.ts';
import type { Subscription } from './subscription-registry.ts';
import { defaultMessageBytes } from './topic-attributes.ts';
import type { Topic } from './topic-registry.ts';

/** Protocols that AWS has and that are delivered here. */
const deliveredProtocols: readonly string[] = ['sqs', 'lambda', 'http', 'https'];
const awsProtocols: readonly string[] = [...deliveredProtocols, 'email', 'email-json', 'sms', 'application', 'firehose'];
const attributeNames = new Set([
  'DeliveryPolicy', 'FilterPolicy', 'FilterPolicyScope', 'RawMessageDelivery', 'RedrivePolicy', 'SubscriptionRoleArn', 'ReplayPolicy',
]);

export function isHttp(protocol: string): boolean {
  return protocol === 'http' || protocol === 'https';
}

/**
 * Whether this endpoint can be subscribed to this topic.
 * @throws AwsFault InvalidParameter, in AWS's words where AWS would refuse it too.
 */
export function checkEndpoint(topic: Topic, protocol: string, endpoint: string | undefined): string {
  if (!awsProtocols.includes(protocol)) throw invalidParameter(`Amazon SNS does not support this protocol string: ${protocol}`);
  if (topic.fifo && protocol !== 'sqs') throw invalidParameter(`Invalid protocol type: ${protocol}`);
  if (!deliveredProtocols.includes(protocol)) throw invalidParameter(`Protocol Reason: ${undeliverable(protocol, '') ?? ''}`);
  if (endpoint === undefined || endpoint === '') throw invalidParameter('Endpoint Reason: no value for required parameter');
  if (protocol === 'sqs') {
    if (!isArnOf(endpoint, 'sqs')) throw invalidParameter('SQS endpoint ARN');
    if (endpoint.endsWith('.fifo') && !topic.fifo) {
      throw invalidParameter('Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics');
    }
  }
  if (protocol === 'lambda' && !isArnOf(endpoint, 'lambda')) throw invalidParameter('Lambda endpoint ARN');
  if (isHttp(protocol)) {
    checkUrl(protocol, endpoint);
    if (Number(topic.attributes['MaximumMessageSize'] ?? 0) > defaultMessageBytes) {
      throw invalidParameter(`Protocol Reason: topics with a MaximumMessageSize above ${defaultMessageBytes} do not support ${protocol}`);
    }
  }
  return endpoint;
}

/** Why nothing is delivered to such an endpoint here; undefined when it is. Templates may well subscribe them. */
export function undeliverable(protocol: string, endpoint: string): string | undefined {
  if (!deliveredProtocols.includes(protocol)) {
    return `Local Lambda does not deliver to ${protocol}: only to sqs, lambda, and http and https on this machine.`;
  }
  const host = isHttp(protocol) && URL.canParse(endpoint) ? new URL(endpoint).hostname : undefined;
  return host === undefined || isLoopback(host) ? undefined : `Local Lambda posts to this machine only (127.0.0.1, localhost, [::1]), not to ${host}.`;
}

/** Names of this machine: nothing is posted to any other. */
function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname.endsWith('.localhost') || /^127\.\d+\.\d+\.\d+$/.test(hostname) || hostname === '[::1]';
}

/**
 * An attribute's value as it is kept; undefined when the value takes it away.
 * @param scope The scope that a filter policy is for.
 * @param prefix `Attributes Reason: ` in Subscribe.
 * @throws AwsFault InvalidParameter
 */
export function subscriptionAttribute(
  name: string, value: string, { topic, protocol, endpoint, scope, prefix }: { topic: Topic; protocol: string; endpoint: string; scope: FilterPolicyScope; prefix: string },
): string | undefined {
  if (!attributeNames.has(name)) throw invalidParameter(prefix === '' ? 'AttributeName' : `${prefix}Unknown attribute: ${name}`);
  switch (name) {
    case 'RawMessageDelivery':
      if (!/^(true|false)$/i.test(value)) throw invalidParameter(`${prefix}RawMessageDelivery: Invalid value [${value}]. Must be true or false.`);
      if (protocol === 'lambda' && value.toLowerCase() === 'true') {
        throw invalidParameter(`${prefix}Delivery protocol [lambda] does not support raw message delivery.`);
      }
      return value.toLowerCase();
    case 'FilterPolicyScope': return checkScope(value, prefix);
    case 'FilterPolicy':
      if (value === '') return undefined;
      checkFilterPolicy(value, scope, prefix);
      return value;
    case 'RedrivePolicy':
      if (value === '') return undefined;
      checkRedrivePolicy(value, topic.fifo && endpoint.endsWith('.fifo'), prefix);
      return value;
    case 'DeliveryPolicy':
      if (value !== '' && !isHttp(protocol)) throw invalidParameter(`${prefix}DeliveryPolicy: can only be set for HTTP/HTTPS subscriptions`);
      return subscriptionDeliveryPolicy(value);
    default: return value === '' ? undefined : value;
  }
}

/**
 * All attributes of a new subscription.
 * @throws AwsFault InvalidParameter
 */
export function subscriptionAttributes(given: Attributes, about: { topic: Topic; protocol: string; endpoint: string }, prefix: string): Record<string, string> {
  const scope = given['FilterPolicyScope'] === undefined ? defaultScope : checkScope(given['FilterPolicyScope'], prefix);
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(given)) {
    const checked = subscriptionAttribute(name, value, { ...about, scope, prefix });
    if (checked !== undefined) kept[name] = checked;
  }
  return kept;
}

export function scopeOf({ attributes }: { attributes: Attributes }): FilterPolicyScope {
  return attributes['FilterPolicyScope'] === 'MessageBody' ? 'MessageBody' : defaultScope;
}

export function isRaw({ attributes }: { attributes: Attributes }): boolean {
  return attributes['RawMessageDelivery'] === 'true';
}

/** ARN of the queue for messages that could not be delivered. */
export function deadLetterArn({ attributes }: { attributes: Attributes }): string | undefined {
  const policy = attributes['RedrivePolicy'];
  return policy === undefined ? undefined : (JSON.parse(policy) as { deadLetterTargetArn: string }).deadLetterTargetArn;
}

/** Attributes that a subscription has without anyone setting them; the scope shows only beside a policy. */
export function fullSubscriptionAttributes(subscription: Subscription, topic: Topic | undefined, accountId: string): Record<string, string> {
  const { arn, topicArn, protocol, endpoint, attributes, pending, authenticated } = subscription;
  const { FilterPolicyScope: _scope, ...shown } = attributes;
  return {
    SubscriptionPrincipal: `arn:aws:iam::${accountId}:root`,
    Owner: accountId,
    RawMessageDelivery: 'false',
    TopicArn: topicArn,
    Endpoint: endpoint,
    Protocol: protocol,
    PendingConfirmation: String(pending),
    ConfirmationWasAuthenticated: String(!pending && (authenticated ?? !isHttp(protocol))),
    SubscriptionArn: arn,
    ...(isHttp(protocol) ? { EffectiveDeliveryPolicy: effectiveSubscriptionPolicy(attributes['DeliveryPolicy'], topic?.attributes['DeliveryPolicy']) } : {}),
    ...shown,
    ...(attributes['FilterPolicy'] === undefined ? {} : { FilterPolicyScope: scopeOf(subscription) }),
  };
}

/** Whether Subscribe asks for what is there already. */
export function sameAttributes(given: Attributes, existing: Attributes): boolean {
  const defaults: Attributes = { RawMessageDelivery: 'false', FilterPolicyScope: defaultScope };
  return Object.entries(given).every(([name, value]) => (existing[name] ?? defaults[name]) === value);
}

function checkUrl(protocol: string, endpoint: string): void {
  if (!URL.canParse(endpoint) || new URL(endpoint).protocol !== `${protocol}:`) throw invalidParameter('Endpoint must match the specified protocol');
  const reason = undeliverable(protocol, endpoint);
  if (reason !== undefined) throw invalidParameter(`Endpoint Reason: ${reason}`);
}

function checkRedrivePolicy(text: string, fifo: boolean, prefix: string): void {
  const problem = jsonProblem(text);
  if (problem !== undefined) throw invalidParameter(`${prefix}RedrivePolicy: ${problem}`);
  const target = (JSON.parse(text) as { deadLetterTargetArn?: unknown } | null)?.deadLetterTargetArn;
  if (typeof target !== 'string' || !isArnOf(target, 'sqs')) throw invalidParameter(`${prefix}RedrivePolicy: deadLetterTargetArn is an invalid arn`);
  if (fifo && !target.endsWith('.fifo')) {
    throw invalidParameter(`${prefix}RedrivePolicy: must use a FIFO queue as DLQ for a FIFO Subscription to a FIFO Topic.`);
  }
}
