/** Delivery policies of topics and HTTP subscriptions: when a failed POST is tried again, and with which content type. */
import { invalidParameter } from './faults.ts';

interface RetryPolicy {
  /** AWS seconds. */
  minDelayTarget: number;
  maxDelayTarget: number;
  /** All retries; those that no phase names stand in the backoff phase. */
  numRetries: number;
  numMaxDelayRetries: number;
  numNoDelayRetries: number;
  numMinDelayRetries: number;
  backoffFunction: string;
}

type Json = Readonly<Record<string, unknown>>;

/** As recorded of topics without a policy. */
const defaultRetryPolicy: RetryPolicy = {
  minDelayTarget: 20, maxDelayTarget: 20, numRetries: 3, numMaxDelayRetries: 0, numNoDelayRetries: 0, numMinDelayRetries: 0, backoffFunction: 'linear',
};
const defaultRequestPolicy = { headerContentType: 'text/plain; charset=UTF-8' };
const longestRetrySeconds = 3600;
const mostRetries = 100;

/**
 * A topic's `DeliveryPolicy` as AWS keeps it; undefined when the text takes it away.
 * @throws AwsFault InvalidParameter
 */
export function topicDeliveryPolicy(text: string): string | undefined {
  if (text === '') return undefined;
  const http = object(parsed(text)['http'], 'http');
  const retry = optional(http['defaultHealthyRetryPolicy'], 'http.defaultHealthyRetryPolicy');
  if (retry) checkRetryPolicy(retry, 'http.defaultHealthyRetryPolicy');
  const request = optional(http['defaultRequestPolicy'], 'http.defaultRequestPolicy');
  const throttle = optional(http['defaultThrottlePolicy'], 'http.defaultThrottlePolicy');
  return JSON.stringify({ http: {
    ...(retry ? { defaultHealthyRetryPolicy: retry } : {}),
    disableSubscriptionOverrides: http['disableSubscriptionOverrides'] === true,
    ...(throttle ? { defaultThrottlePolicy: throttle } : {}),
    ...(request ? { defaultRequestPolicy: request } : {}),
  } });
}

/** A subscription's, in the same way. */
export function subscriptionDeliveryPolicy(text: string): string | undefined {
  if (text === '') return undefined;
  const policy = parsed(text);
  const healthy = optional(policy['healthyRetryPolicy'], 'healthyRetryPolicy');
  if (healthy) checkRetryPolicy(healthy, 'healthyRetryPolicy');
  return JSON.stringify({
    healthyRetryPolicy: healthy ?? null,
    sicklyRetryPolicy: optional(policy['sicklyRetryPolicy'], 'sicklyRetryPolicy') ?? null,
    throttlePolicy: optional(policy['throttlePolicy'], 'throttlePolicy') ?? null,
    requestPolicy: optional(policy['requestPolicy'], 'requestPolicy') ?? null,
    guaranteed: policy['guaranteed'] === true,
  });
}

/** `EffectiveDeliveryPolicy` of a topic. */
export function effectiveTopicPolicy(topicPolicy: string | undefined): string {
  const { retry, request, disableSubscriptionOverrides } = ofTopic(topicPolicy);
  return JSON.stringify({ http: { defaultHealthyRetryPolicy: retry, disableSubscriptionOverrides, defaultRequestPolicy: request } });
}

/** `EffectiveDeliveryPolicy` of an HTTP subscription. */
export function effectiveSubscriptionPolicy(subscriptionPolicy: string | undefined, topicPolicy: string | undefined): string {
  const { retry, request, own } = ofSubscription(subscriptionPolicy, topicPolicy);
  return JSON.stringify({
    healthyRetryPolicy: retry,
    sicklyRetryPolicy: own['sicklyRetryPolicy'] ?? null,
    throttlePolicy: own['throttlePolicy'] ?? null,
    requestPolicy: request,
    guaranteed: own['guaranteed'] ?? false,
  });
}

/** AWS seconds to wait before each retry of a POST to this subscription. */
export function retryDelays(subscriptionPolicy: string | undefined, topicPolicy: string | undefined): number[] {
  return delaysOf(ofSubscription(subscriptionPolicy, topicPolicy).retry);
}

export function contentType(subscriptionPolicy: string | undefined, topicPolicy: string | undefined): string {
  return String(ofSubscription(subscriptionPolicy, topicPolicy).request['headerContentType'] ?? defaultRequestPolicy.headerContentType);
}

function delaysOf({ minDelayTarget: least, maxDelayTarget: most, ...policy }: RetryPolicy): number[] {
  const backoff = Math.max(0, policy.numRetries - policy.numNoDelayRetries - policy.numMinDelayRetries - policy.numMaxDelayRetries);
  return [
    ...Array<number>(policy.numNoDelayRetries).fill(0),
    ...Array<number>(policy.numMinDelayRetries).fill(least),
    ...Array.from({ length: backoff }, (_, place) => backoffDelay(policy.backoffFunction, least, most, backoff === 1 ? 1 : place / (backoff - 1))),
    ...Array<number>(policy.numMaxDelayRetries).fill(most),
  ];
}

/**
 * AWS draws the four functions but gives no formulas (DOUBT): each begins at the least and ends at the most delay.
 * @param progress 0-1 through the backoff phase.
 */
function backoffDelay(name: string, least: number, most: number, progress: number): number {
  switch (name) {
    case 'arithmetic': return least + (most - least) * progress ** 2;
    case 'geometric': return least * (most / least) ** progress;
    case 'exponential': return least + (most - least) * (2 ** (10 * progress) - 1) / (2 ** 10 - 1);
    default: return least + (most - least) * progress;
  }
}

function ofTopic(policy: string | undefined): { retry: RetryPolicy; request: Json; disableSubscriptionOverrides: boolean } {
  const http = policy === undefined ? {} : object((JSON.parse(policy) as Json)['http'], 'http');
  return {
    retry: { ...defaultRetryPolicy, ...http['defaultHealthyRetryPolicy'] as Partial<RetryPolicy> | undefined },
    request: { ...defaultRequestPolicy, ...http['defaultRequestPolicy'] as Json | undefined },
    disableSubscriptionOverrides: http['disableSubscriptionOverrides'] === true,
  };
}

function ofSubscription(subscriptionPolicy: string | undefined, topicPolicy: string | undefined): { retry: RetryPolicy; request: Json; own: Json } {
  const topic = ofTopic(topicPolicy);
  const own = subscriptionPolicy === undefined || topic.disableSubscriptionOverrides ? {} : JSON.parse(subscriptionPolicy) as Json;
  const retry = own['healthyRetryPolicy'] as Partial<RetryPolicy> | null | undefined;
  const request = own['requestPolicy'] as Json | null | undefined;
  return { own, retry: retry ? { ...defaultRetryPolicy, ...retry } : topic.retry, request: request ?? topic.request };
}

function checkRetryPolicy(given: Json, path: string): void {
  const policy = { ...defaultRetryPolicy, ...given };
  const whole = (name: keyof RetryPolicy, least: number, most: number): number => {
    const value: unknown = policy[name];
    if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
      throw invalidParameter(`DeliveryPolicy: ${path}.${name} must be a whole number from ${least} to ${most}`);
    }
    return value;
  };
  const least = whole('minDelayTarget', 1, longestRetrySeconds);
  const most = whole('maxDelayTarget', 1, longestRetrySeconds);
  if (least > most) throw invalidParameter(`DeliveryPolicy: ${path}.maxDelayTarget must be greater than or equal to minDelayTarget`);
  const retries = whole('numRetries', 0, mostRetries);
  const phases = whole('numNoDelayRetries', 0, mostRetries) + whole('numMinDelayRetries', 0, mostRetries) + whole('numMaxDelayRetries', 0, mostRetries);
  if (phases > retries) throw invalidParameter(`DeliveryPolicy: ${path}.numRetries must be greater than or equal to the sum of the retries of its phases`);
  if (!['linear', 'arithmetic', 'geometric', 'exponential'].includes(String(policy.backoffFunction))) {
    throw invalidParameter(`DeliveryPolicy: ${path}.backoffFunction must be one of linear, arithmetic, geometric, exponential`);
  }
  if (delaysOf(policy).reduce((sum, delay) => sum + delay, 0) > longestRetrySeconds) {
    throw invalidParameter(`DeliveryPolicy: ${path} retries for longer than ${longestRetrySeconds} seconds in all`);
  }
}

function parsed(text: string): Json {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalidParameter('DeliveryPolicy: failed to parse JSON.');
  }
  return object(value, 'the policy');
}

function optional(value: unknown, name: string): Json | undefined {
  return value === undefined || value === null ? undefined : object(value, name);
}

function object(value: unknown, name: string): Json {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw invalidParameter(`DeliveryPolicy: ${name} must be a JSON object`);
  return value as Json;
}
