/** How resources read in the view "Destinations": descriptions beside names, and names of targets. No VS Code. */
import type { BucketSummary, PeekedMessage, PublishedMessage, QueueSummary, TopicSummary } from '../../contracts/resource-views.ts';
import { waitText } from '../../protocol/wait-clock.ts';
import { defaultAgeSeconds, defaultRetries, type BusEvent, type DestinationKind, type Rule, type Section, type Subscription } from './nodes.ts';

export const sectionTitles: Readonly<Record<Section, string>> = {
  functions: 'Functions', queues: 'SQS Queues', topics: 'SNS Topics', buses: 'EventBridge', buckets: 'S3 Buckets',
};

export const destinationTitles: Readonly<Record<DestinationKind, string>> = {
  OnSuccess: 'On success', OnFailure: 'On failure', DeadLetterQueue: 'Dead-letter queue',
};

export function count(number: number, noun: string): string {
  return `${number.toLocaleString('en-US')} ${noun}${number === 1 ? '' : 's'}`;
}

/** `3 messages · 1 in flight · oldest 5 min`; `sinceRead`: milliseconds since the snapshot was taken. */
export function queueDescription({ visible, inFlight, delayed, oldestAgeSeconds }: QueueSummary, sinceRead = 0): string {
  return [
    visible > 0 || (inFlight === 0 && delayed === 0) ? visible === 0 ? 'empty' : count(visible, 'message') : false,
    inFlight > 0 && `${inFlight.toLocaleString('en-US')} in flight`,
    delayed > 0 && `${delayed.toLocaleString('en-US')} delayed`,
    oldestAgeSeconds !== undefined && `oldest ${age(oldestAgeSeconds * 1000 + sinceRead)}`,
  ].filter((part) => part !== false).join(' · ');
}

/** `just now`, `40 s`, `5 min`, `3 h`, `2 days`: how long something has been there. */
export function age(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  if (seconds < 5) return 'just now';
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} days`;
}

export function topicDescription({ subscriptions, published }: TopicSummary): string {
  return [subscriptions.length === 0 ? 'no subscriptions' : count(subscriptions.length, 'subscription'), published > 0 && `${published.toLocaleString('en-US')} published`].filter(Boolean).join(' · ');
}

export function subscriptionName({ protocol, endpoint }: Subscription): string {
  return protocol === 'sqs' || protocol === 'lambda' ? targetName(endpoint) : endpoint;
}

export function subscriptionDescription({ protocol, filterPolicy, filterPolicyScope, rawMessageDelivery, pending, waiting, hint }: Subscription): string {
  return [
    protocol,
    filterPolicy !== undefined && (filterPolicyScope === 'MessageBody' ? 'filter on body' : 'filter on attributes'),
    rawMessageDelivery && 'raw',
    pending && 'pending confirmation',
    waiting > 0 && `${waiting.toLocaleString('en-US')} waiting`,
    hint !== undefined && deniedWords,
  ].filter((part) => part !== false).join(' · ');
}

/** Of a delivery that works here; the tooltip has the statement that is missing. */
export const deniedWords = 'AWS would deny it';

export function publishedDescription({ delivered, missed, publishedAt }: PublishedMessage, now: number): string {
  return [`delivered to ${delivered}`, missed.length > 0 && `missed ${missed.length}`, ago(publishedAt, now)].filter((part) => part !== false).join(' · ');
}

/** The beginning of a text on one line. */
export function preview(text: string, length = 60): string {
  const line = text.slice(0, 4 * length).replaceAll(/\s+/g, ' ').trim();
  return line.length > length ? `${line.slice(0, length)}…` : line === '' ? '(empty)' : line;
}

/** Longer bodies are not looked into, characters. */
const longestTitled = 300_000;

/** What a message is about: of invocation records, notifications and events what they tell, of others their beginning. */
export function messageTitle(body: string): string {
  if (body.length > longestTitled || !/^\s*\{/.test(body)) return preview(body);
  let value: {
    requestContext?: { functionArn?: unknown; condition?: unknown }; responsePayload?: { errorType?: unknown } | null;
    Type?: unknown; Subject?: unknown; Message?: unknown; 'detail-type'?: unknown; source?: unknown;
  };
  try {
    value = JSON.parse(body) as typeof value;
  } catch {
    // The beginning of an invocation record, as topics keep it.
    const name = /^\{"version":"1\.0",.*?"functionArn":"arn:[^"]*:function:([^":]+)/.exec(body)?.[1];
    return name === undefined ? preview(body) : `${name}: ${/"condition":"(\w+)"/.exec(body)?.[1] ?? 'invocation record'}`;
  }
  const { requestContext, responsePayload } = value;
  if (typeof requestContext?.functionArn === 'string' && typeof requestContext.condition === 'string') {
    const name = requestContext.functionArn.split(':')[6] ?? requestContext.functionArn;
    const error = typeof responsePayload?.errorType === 'string' ? `, ${responsePayload.errorType}` : '';
    return `${name}: ${requestContext.condition}${error}`;
  }
  if (value.Type === 'Notification' && typeof value.Message === 'string') return typeof value.Subject === 'string' ? preview(value.Subject) : messageTitle(value.Message);
  if (typeof value['detail-type'] === 'string' && typeof value.source === 'string') return `${value['detail-type']} (${value.source})`;
  return preview(body);
}

/** `rate(5 minutes) · next 14:05:00`, the sources that a pattern names, or that it is off. */
export function ruleDescription({ enabled, pattern, schedule, nextRun, matched, changed, problem }: Rule): string {
  return [
    !enabled && 'disabled',
    problem !== undefined && 'cannot work',
    schedule,
    enabled && nextRun !== undefined && `next ${new Date(nextRun).toLocaleTimeString('en-GB')}`,
    pattern !== undefined && preview(pattern, 50),
    matched > 0 && `matched ${matched.toLocaleString('en-US')}`,
    changed.length > 0 && 'changed',
  ].filter((part) => part !== false && part !== undefined).join(' · ');
}

export function busEventDescription({ source, time, matchedRules, deliveries }: BusEvent, now: number): string {
  const lost = deliveries.filter(({ status }) => status !== 'delivered').length;
  return [source, matchedRules.length === 0 ? 'no rule matched' : matchedRules.join(', '), lost > 0 && `${count(lost, 'target')} missed`, ago(Date.parse(time), now)].filter((part) => part !== false).join(' · ');
}

export function bucketDescription({ objects, bytes }: BucketSummary): string {
  return objects === 0 ? 'empty' : `${count(objects, 'object')} · ${size(bytes)}`;
}

export function messageDescription({ state, sentAt, visibleAt, receiveCount }: PeekedMessage, now: number): string {
  return [
    ago(sentAt, now),
    state === 'in-flight' && 'in flight',
    state === 'delayed' && 'delayed',
    visibleAt !== undefined && visibleAt > now && `visible in ${waitText(visibleAt - now)}`,
    receiveCount > 0 && `received ${receiveCount}×`,
  ].filter((part) => part !== false).join(' · ');
}

export function retriesText({ maximumRetryAttempts = defaultRetries, maximumEventAgeInSeconds = defaultAgeSeconds }: { maximumRetryAttempts?: number; maximumEventAgeInSeconds?: number }): string {
  return `${maximumRetryAttempts === 1 ? '1 retry' : `${maximumRetryAttempts} retries`} · at most ${waitText(maximumEventAgeInSeconds * 1000)} old`;
}

/** Last part of an ARN, with what kind of thing it is: `failed-payments (SQS)`. */
export function targetText(arn: string): string {
  return `${targetName(arn)} (${targetKind(arn)})`;
}

export function targetName(arn: string): string {
  return arn.split(':').slice(5).join(':').replace(/^(function:|event-bus\/)/, '') || arn;
}

export function targetKind(arn: string): string {
  switch (arn.split(':')[2]) {
    case 'sqs': return 'SQS';
    case 'sns': return 'SNS';
    case 'lambda': return 'Lambda';
    case 'events': return 'EventBridge';
    case 's3': return 'S3';
    default: return arn.split(':')[2] ?? 'unknown';
  }
}

export function size(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(1)} KB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

function ago(then: number, now: number): string {
  const text = age(Math.max(0, now - then));
  return text === 'just now' ? text : `${text} ago`;
}
