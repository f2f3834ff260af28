/** Redrive policies: where messages go that were received too often, and whose dead letters a queue takes. */
import { invalidParameter, invalidValue } from './faults.ts';

export interface RedrivePolicy {
  deadLetterTargetArn: string;
  /** 1-1000. */
  maxReceiveCount: number;
}

export interface RedriveAllowPolicy {
  redrivePermission: 'allowAll' | 'denyAll' | 'byQueue';
  sourceQueueArns?: string[];
}

const mostSources = 10;

/** @throws AwsFault InvalidParameterValueException */
export function canonicalRedrivePolicy(text: string): string {
  const policy = jsonMap(text, 'RedrivePolicy', 'Redrive policy is not a valid JSON map.');
  for (const name of ['deadLetterTargetArn', 'maxReceiveCount']) {
    if (policy[name] === undefined || policy[name] === null) throw invalidValue(text, 'RedrivePolicy', `Redrive policy does not contain mandatory attribute: ${name}.`);
  }
  const { deadLetterTargetArn: target, maxReceiveCount: count } = policy;
  if (typeof target !== 'string' || !/^arn:[^:]+:sqs:[^:]*:[^:]*:[^:]+$/.test(target)) throw invalidValue(text, 'RedrivePolicy', 'Invalid value for deadLetterTargetArn.');
  const number = typeof count === 'string' && /^\d+$/.test(count) ? Number(count) : count;
  if (typeof number !== 'number' || !Number.isInteger(number) || number < 1 || number > 1000) {
    throw invalidValue(text, 'RedrivePolicy', `Invalid value for maxReceiveCount: ${String(count)}, valid values are from 1 to 1000 both inclusive.`);
  }
  return JSON.stringify({ deadLetterTargetArn: target, maxReceiveCount: number } satisfies RedrivePolicy);
}

/** @throws AwsFault InvalidParameterValueException */
export function canonicalRedriveAllowPolicy(text: string): string {
  const policy = jsonMap(text, 'RedriveAllowPolicy', 'Amazon SQS can\'t create the redrive allow policy, as it’s in an unsupported format.');
  const { redrivePermission: permission, sourceQueueArns: sources } = policy;
  if (permission !== 'allowAll' && permission !== 'denyAll' && permission !== 'byQueue') {
    throw invalidValue(text, 'RedriveAllowPolicy', 'Amazon SQS can\'t create the redrive allow policy, as it’s in an unsupported format.');
  }
  if (permission !== 'byQueue') {
    if (sources !== undefined) throw invalidParameter('Value for parameter RedriveAllowPolicy is invalid. Reason: sourceQueueArns can only be specified when redrivePermission is byQueue.');
    return JSON.stringify({ redrivePermission: permission } satisfies RedriveAllowPolicy);
  }
  if (!Array.isArray(sources) || sources.length === 0 || sources.length > mostSources || sources.some((source) => typeof source !== 'string')) {
    throw invalidParameter(`Value for parameter RedriveAllowPolicy is invalid. Reason: byQueue wants 1 to ${mostSources} sourceQueueArns.`);
  }
  return JSON.stringify({ redrivePermission: permission, sourceQueueArns: sources as string[] } satisfies RedriveAllowPolicy);
}

/** Whether a queue with this policy takes the dead letters of `sourceArn`. */
export function allowsSource(policy: string | undefined, sourceArn: string): boolean {
  if (policy === undefined) return true;
  const { redrivePermission, sourceQueueArns = [] } = JSON.parse(policy) as RedriveAllowPolicy;
  return redrivePermission === 'allowAll' || (redrivePermission === 'byQueue' && sourceQueueArns.includes(sourceArn));
}

function jsonMap(text: string, parameter: string, reason: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Said below.
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw invalidValue(text, parameter, reason);
  return value as Record<string, unknown>;
}
