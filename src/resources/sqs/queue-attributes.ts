/** Attributes of a queue: which there are, their ranges and defaults, and what a template says in other words. */
import { invalidAttributeName, invalidAttributeValue, invalidParameter } from './faults.ts';
import { canonicalRedriveAllowPolicy, canonicalRedrivePolicy } from './redrive-policy.ts';

/** By AWS name. What is absent has its default. */
export type QueueAttributes = Readonly<Record<string, string>>;

export const isFifoName = (name: string): boolean => name.endsWith('.fifo');

const ranges: Readonly<Record<string, readonly [minimum: number, maximum: number, fallback: number]>> = {
  VisibilityTimeout: [0, 43_200, 30],
  MaximumMessageSize: [1024, 1_048_576, 1_048_576],
  MessageRetentionPeriod: [60, 1_209_600, 345_600],
  DelaySeconds: [0, 900, 0],
  ReceiveMessageWaitTimeSeconds: [0, 20, 0],
  KmsDataKeyReusePeriodSeconds: [60, 86_400, 300],
};

const fifoOnly: Readonly<Record<string, readonly string[]>> = {
  ContentBasedDeduplication: ['false', 'true'],
  DeduplicationScope: ['queue', 'messageGroup'],
  FifoThroughputLimit: ['perQueue', 'perMessageGroupId'],
};

/** Attributes that are computed, and so cannot be set. */
const computed = new Set([
  'QueueArn', 'ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible', 'ApproximateNumberOfMessagesDelayed',
  'CreatedTimestamp', 'LastModifiedTimestamp',
]);

const settable = new Set([...Object.keys(ranges), ...Object.keys(fifoOnly), 'FifoQueue', 'Policy', 'RedrivePolicy', 'RedriveAllowPolicy', 'KmsMasterKeyId', 'SqsManagedSseEnabled']);

/** In the order in which AWS answers `All`. */
export const attributeNames = [
  'QueueArn', 'ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible', 'ApproximateNumberOfMessagesDelayed',
  'CreatedTimestamp', 'LastModifiedTimestamp', 'VisibilityTimeout', 'MaximumMessageSize', 'MessageRetentionPeriod', 'DelaySeconds',
  'Policy', 'RedrivePolicy', 'RedriveAllowPolicy', 'ReceiveMessageWaitTimeSeconds', 'KmsMasterKeyId', 'KmsDataKeyReusePeriodSeconds',
  'SqsManagedSseEnabled', 'FifoQueue', 'DeduplicationScope', 'FifoThroughputLimit', 'ContentBasedDeduplication',
];

/**
 * Attributes as a caller gave them, in the form they are kept in: policies canonical, an empty text for what is to be removed.
 *
 * @throws AwsFault InvalidAttributeName, InvalidAttributeValue, InvalidParameterValueException
 */
export function checkedAttributes(given: QueueAttributes, fifo: boolean): Record<string, string> {
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, checkedAttribute(name, value, fifo)]));
}

function checkedAttribute(name: string, value: string, fifo: boolean): string {
  if (computed.has(name) || !settable.has(name)) throw invalidAttributeName(`Unknown Attribute ${name}.`);
  const range = ranges[name];
  if (range) return withinRange(name, value, range);
  const values = fifoOnly[name];
  if (values) {
    if (!fifo) throw invalidAttributeName(name === 'ContentBasedDeduplication' ? `Unknown Attribute ${name}.` : `You can specify the ${name} only when FifoQueue is set to true.`);
    return oneOf(name, value, values);
  }
  switch (name) {
    case 'FifoQueue':
      if (!fifo) throw invalidAttributeName('Unknown Attribute FifoQueue.');
      return oneOf(name, value, ['true']);
    case 'SqsManagedSseEnabled': return oneOf(name, value, ['true', 'false']);
    case 'RedrivePolicy': return value === '' ? '' : canonicalRedrivePolicy(value);
    case 'RedriveAllowPolicy': return value === '' ? '' : canonicalRedriveAllowPolicy(value);
    case 'Policy': return value === '' ? '' : checkedPolicy(value);
    default: return value;
  }
}

function withinRange(name: string, value: string, [minimum, maximum]: readonly [number, number, number]): string {
  const number = /^\d+$/.test(value.trim()) ? Number(value) : Number.NaN;
  if (!(number >= minimum && number <= maximum)) throw invalidAttributeValue(name);
  return String(number);
}

function oneOf(name: string, value: string, values: readonly string[]): string {
  const found = values.find((candidate) => candidate.toLowerCase() === value.toLowerCase());
  if (found === undefined) throw invalidAttributeValue(name);
  return found;
}

function checkedPolicy(value: string): string {
  try {
    const policy: unknown = JSON.parse(value);
    if (policy !== null && typeof policy === 'object' && !Array.isArray(policy)) return value;
  } catch {
    // Said below.
  }
  throw invalidAttributeValue('Policy');
}

/** All attributes with the defaults of their kind of queue; removed ones left out. */
export function withDefaults(attributes: QueueAttributes, fifo: boolean): Record<string, string> {
  const all: Record<string, string> = {};
  for (const [name, [, , fallback]] of Object.entries(ranges)) if (name !== 'KmsDataKeyReusePeriodSeconds') all[name] = String(fallback);
  if (fifo) {
    all.FifoQueue = 'true';
    for (const [name, [fallback]] of Object.entries(fifoOnly)) all[name] = fallback as string;
  }
  for (const [name, value] of Object.entries(attributes)) if (value !== '') all[name] = value;
  // Encryption by SQS itself is on unless a key of KMS does it.
  all.SqsManagedSseEnabled ??= all.KmsMasterKeyId === undefined ? 'true' : 'false';
  if (all.KmsMasterKeyId !== undefined && attributes.SqsManagedSseEnabled !== 'true') all.SqsManagedSseEnabled = 'false';
  return all;
}

/** @throws AwsFault where two attributes do not go together. */
export function checkCombination(effective: QueueAttributes): void {
  if (effective.KmsMasterKeyId !== undefined && effective.SqsManagedSseEnabled === 'true') {
    throw invalidAttributeName('You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE.');
  }
  if (effective.FifoThroughputLimit === 'perMessageGroupId' && effective.DeduplicationScope !== 'messageGroup') {
    throw invalidParameter('Value perMessageGroupId for parameter FifoThroughputLimit is invalid. Reason: The perMessageGroupId value is allowed only when the value for DeduplicationScope is messageGroup.');
  }
}

/** @throws AwsFault InvalidParameterValueException */
export function checkQueueName(name: string, fifo: boolean): void {
  if (fifo && !isFifoName(name)) {
    throw invalidParameter('The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length.');
  }
  const plain = fifo ? name.slice(0, -'.fifo'.length) : name;
  if (name.length > 80 || !/^[A-Za-z0-9_-]+$/.test(plain)) {
    throw invalidParameter('Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length');
  }
}

/**
 * CloudFormation's properties of `AWS::SQS::Queue` as attributes.
 *
 * @returns Attributes that hold, and a sentence about each property that does not.
 */
export function attributesOfTemplate(properties: Readonly<Record<string, unknown>>, fifo: boolean): { attributes: QueueAttributes; problems: string[] } {
  const attributes: Record<string, string> = {};
  const problems: string[] = [];
  for (const [name, value] of Object.entries(properties)) {
    if (!settable.has(name) || name === 'FifoQueue' || value === undefined || value === null || value === '') continue;
    try {
      attributes[name] = checkedAttribute(name, typeof value === 'object' ? JSON.stringify(value) : String(value), fifo);
    } catch (error) {
      problems.push(`${name}: ${(error as Error).message}`);
    }
  }
  return { attributes, problems };
}

export function tagsOfTemplate(properties: Readonly<Record<string, unknown>>): Record<string, string> {
  const tags = Array.isArray(properties.Tags) ? properties.Tags as { Key?: unknown; Value?: unknown }[] : [];
  return Object.fromEntries(tags.filter((tag) => typeof tag?.Key === 'string').map(({ Key, Value }) => [String(Key), String(Value ?? '')]));
}
