/** Attributes of topics: which there are, what they may be, and what GetTopicAttributes answers. */
import type { Attributes } from '../overlay.ts';
import { effectiveTopicPolicy, topicDeliveryPolicy } from './delivery-policy.ts';
import { invalidParameter } from './faults.ts';

/** Bytes of a message, its attributes included, where `MaximumMessageSize` says nothing else. */
export const defaultMessageBytes = 262_144;
export const largestMessageBytes = 1_048_576;
const smallestMessageBytes = 1_024;
const longestName = 256;
const longestDisplayName = 100;

const feedback = ['HTTP', 'SQS', 'Lambda', 'Firehose', 'Application']
  .flatMap((kind) => ['SuccessFeedbackRoleArn', 'SuccessFeedbackSampleRate', 'FailureFeedbackRoleArn'].map((name) => `${kind}${name}`));

/** Kept and answered; what they mean on AWS beyond that (encryption, archives, delivery logs) is not done here. */
const settable = new Set([
  'DisplayName', 'Policy', 'DeliveryPolicy', 'SignatureVersion', 'TracingConfig', 'KmsMasterKeyId', 'ContentBasedDeduplication',
  'FifoThroughputScope', 'ArchivePolicy', 'MaximumMessageSize', ...feedback,
]);

const fifoOnly = new Set(['ContentBasedDeduplication', 'FifoThroughputScope', 'ArchivePolicy']);

/** @throws AwsFault InvalidParameter */
export function checkTopicName(name: string, fifo: boolean): void {
  const stem = fifo && name.endsWith('.fifo') ? name.slice(0, -'.fifo'.length) : name;
  if (fifo && stem === name) {
    throw invalidParameter('Fifo Topic names must end with .fifo and must be made up of only uppercase and lowercase ASCII letters, numbers, underscores, and hyphens, and must be between 1 and 256 characters long.');
  }
  if (!/^[a-zA-Z0-9_-]+$/.test(stem) || name.length > longestName) throw invalidParameter('Topic Name');
}

/**
 * An attribute's value as it is kept; undefined when the value takes it away.
 * @param prefix `Attributes Reason: ` in CreateTopic.
 * @throws AwsFault InvalidParameter
 */
export function topicAttribute(name: string, value: string, fifo: boolean, prefix = ''): string | undefined {
  if (!settable.has(name)) throw invalidParameter(prefix === '' ? 'AttributeName' : `${prefix}Unknown attribute: ${name}`);
  if (fifoOnly.has(name) && !fifo) {
    throw invalidParameter(name === 'ContentBasedDeduplication'
      ? `${prefix}Content-based deduplication can only be set for FIFO topics` : `${prefix}${name} can only be set for FIFO topics`);
  }
  const wrong = (allowed: string) => invalidParameter(`${prefix}${name}: Invalid value [${value}]. Must be ${allowed}.`);
  switch (name) {
    case 'DeliveryPolicy': return topicDeliveryPolicy(value);
    case 'Policy':
      if (value === '') return undefined;
      if (!isJsonObject(value)) throw invalidParameter(`${prefix}Policy Error: null`);
      return value;
    case 'DisplayName':
      if (value.length > longestDisplayName) throw invalidParameter(`${prefix}DisplayName`);
      return value === '' ? undefined : value;
    case 'ContentBasedDeduplication':
      if (!/^(true|false)$/i.test(value)) throw wrong('true or false');
      return value.toLowerCase();
    case 'FifoThroughputScope':
      if (value !== 'Topic' && value !== 'MessageGroup') throw wrong('Topic or MessageGroup');
      return value;
    case 'SignatureVersion':
      if (value !== '1' && value !== '2') throw wrong('1 or 2');
      return value;
    case 'TracingConfig':
      if (value !== 'PassThrough' && value !== 'Active') throw wrong('PassThrough or Active');
      return value;
    case 'MaximumMessageSize':
      if (!/^\d{1,9}$/.test(value) || Number(value) < smallestMessageBytes || Number(value) > largestMessageBytes) {
        throw wrong(`a whole number from ${smallestMessageBytes} to ${largestMessageBytes}`);
      }
      return value;
    default: return value === '' ? undefined : value;
  }
}

/** Attributes that a topic has without anyone setting them. */
export function fullTopicAttributes(topic: { arn: string; fifo: boolean; attributes: Attributes }, accountId: string, counts: { confirmed: number; pending: number; deleted: number }): Record<string, string> {
  const { arn, fifo, attributes } = topic;
  return {
    Policy: JSON.stringify(defaultPolicy(arn, accountId)),
    Owner: accountId,
    SubscriptionsPending: String(counts.pending),
    TopicArn: arn,
    EffectiveDeliveryPolicy: effectiveTopicPolicy(attributes['DeliveryPolicy']),
    SubscriptionsConfirmed: String(counts.confirmed),
    DisplayName: '',
    SubscriptionsDeleted: String(counts.deleted),
    ...(fifo ? { FifoTopic: 'true', ContentBasedDeduplication: 'false' } : {}),
    ...attributes,
  };
}

interface PolicyStatement {
  Sid?: string;
  [name: string]: unknown;
}

/** The policy with one statement more, as AddPermission writes it. @throws AwsFault when the label is taken. */
export function withPermission(policyText: string | undefined, topic: { arn: string }, owner: string, permission: { label: string; accounts: readonly string[]; actions: readonly string[] }): string {
  const policy = (policyText === undefined ? defaultPolicy(topic.arn, owner) : JSON.parse(policyText)) as { Statement?: PolicyStatement[] };
  const statements = policy.Statement ?? [];
  if (statements.some(({ Sid }) => Sid === permission.label)) throw invalidParameter('Statement already exists');
  const principals = permission.accounts.map((account) => `arn:aws:iam::${account}:root`);
  const actions = permission.actions.map((action) => `SNS:${action}`);
  const only = (values: readonly string[]) => (values.length === 1 ? values[0] : values);
  return JSON.stringify({ ...policy, Statement: [...statements, {
    Sid: permission.label, Effect: 'Allow', Principal: { AWS: only(principals) }, Action: only(actions), Resource: topic.arn,
  }] });
}

/** The policy without the statement of that label; as it was when there is none. */
export function withoutPermission(policyText: string, label: string): string {
  const policy = JSON.parse(policyText) as { Statement?: PolicyStatement[] };
  return JSON.stringify({ ...policy, Statement: (policy.Statement ?? []).filter(({ Sid }) => Sid !== label) });
}

function defaultPolicy(topicArn: string, accountId: string): object {
  return {
    Version: '2008-10-17',
    Id: '__default_policy_ID',
    Statement: [{
      Sid: '__default_statement_ID',
      Effect: 'Allow',
      Principal: { AWS: '*' },
      Action: [
        'SNS:GetTopicAttributes', 'SNS:SetTopicAttributes', 'SNS:AddPermission', 'SNS:RemovePermission', 'SNS:DeleteTopic', 'SNS:Subscribe',
        'SNS:ListSubscriptionsByTopic', 'SNS:Publish',
      ],
      Resource: topicArn,
      Condition: { StringEquals: { 'AWS:SourceOwner': accountId } },
    }],
  };
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === 'object' && !Array.isArray(value);
  } catch {
    return false;
  }
}
