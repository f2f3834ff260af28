/** Checks and normalises the properties of one resource: numbers and flags as such, JSON as objects, out-of-range values left out. */
import type { ResourceType } from '../contracts/resources.ts';
import type { FileDiagnostics } from './diagnostics.ts';
import { list, record } from './function-properties.ts';
import type { Properties } from './function-properties.ts';
import { isSymbolic, textOf } from './intrinsics.ts';
import type { TextRange } from './nodes.ts';

interface Limit {
  least: number;
  most: number;
  unit?: string;
}

const seconds = (least: number, most: number): Limit => ({ least, most, unit: ' seconds' });

/** CloudFormation reference of each type. MaximumMessageSize is up to 1 MiB since 2025. */
const numbers: Readonly<Partial<Record<ResourceType, Readonly<Record<string, Limit>>>>> = {
  'AWS::SQS::Queue': {
    DelaySeconds: seconds(0, 900),
    MaximumMessageSize: { least: 1024, most: 1_048_576, unit: ' bytes' },
    MessageRetentionPeriod: seconds(60, 1_209_600),
    ReceiveMessageWaitTimeSeconds: seconds(0, 20),
    VisibilityTimeout: seconds(0, 43_200),
    KmsDataKeyReusePeriodSeconds: seconds(60, 86_400),
  },
  'AWS::Kinesis::Stream': {
    ShardCount: { least: 1, most: 10_000 },
    RetentionPeriodHours: { least: 24, most: 8760, unit: ' hours' },
    MaxRecordSizeInKiB: { least: 1024, most: 10_240, unit: ' KiB' },
  },
};

const flags: Readonly<Partial<Record<ResourceType, readonly string[]>>> = {
  'AWS::SQS::Queue': ['FifoQueue', 'ContentBasedDeduplication', 'SqsManagedSseEnabled'],
  'AWS::SNS::Topic': ['FifoTopic', 'ContentBasedDeduplication'],
  'AWS::SNS::Subscription': ['RawMessageDelivery'],
};

/** Properties that are JSON: written as an object, or as text of one. */
const documents: Readonly<Partial<Record<ResourceType, readonly string[]>>> = {
  'AWS::SQS::Queue': ['RedrivePolicy', 'RedriveAllowPolicy'],
  'AWS::SNS::Subscription': ['FilterPolicy', 'RedrivePolicy', 'DeliveryPolicy', 'ReplayPolicy'],
  'AWS::Events::Rule': ['EventPattern'],
};

const targetLimits = { MaximumRetryAttempts: { least: 0, most: 185 }, MaximumEventAgeInSeconds: seconds(60, 86_400) } as const;

const protocols = new Set(['sqs', 'lambda', 'http', 'https', 'email', 'email-json', 'sms', 'application', 'firehose']);
const streamModes = new Set(['PROVISIONED', 'ON_DEMAND']);
const viewTypes = new Set(['KEYS_ONLY', 'NEW_IMAGE', 'OLD_IMAGE', 'NEW_AND_OLD_IMAGES']);
const ruleStates = new Set(['ENABLED', 'DISABLED', 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS']);

type Path = readonly string[];

export class PropertyChecker {
  readonly #properties: Record<string, unknown>;
  readonly #diagnostics: FileDiagnostics;
  readonly #place: (path: Path) => TextRange;

  /** `place` finds where a property stands. */
  constructor(properties: Properties, diagnostics: FileDiagnostics, place: (path: Path) => TextRange) {
    this.#properties = { ...properties };
    this.#diagnostics = diagnostics;
    this.#place = place;
  }

  /** The properties; undefined when the resource is no use without what is wrong with it. */
  check(type: ResourceType): Properties | undefined {
    for (const [key, limit] of Object.entries(numbers[type] ?? {})) this.#number(this.#properties, [key], limit);
    for (const key of flags[type] ?? []) this.#flag(key);
    for (const key of documents[type] ?? []) this.#document(key);
    return this.#isUsable(type) ? this.#properties : undefined;
  }

  #isUsable(type: ResourceType): boolean {
    switch (type) {
      case 'AWS::SQS::Queue':
        this.#redrivePolicy('queue');
        return this.#fifo('QueueName', 'FifoQueue');
      case 'AWS::SNS::Topic':
        return this.#fifo('TopicName', 'FifoTopic');
      case 'AWS::SNS::Subscription':
        return this.#subscription();
      case 'AWS::Events::Rule':
        return this.#rule();
      case 'AWS::Kinesis::Stream':
        this.#choice('StreamModeDetails', 'StreamMode', streamModes);
        return true;
      case 'AWS::DynamoDB::Table':
        this.#choice('StreamSpecification', 'StreamViewType', viewTypes);
        return this.#keySchema();
      case 'AWS::Events::EventBus':
      case 'AWS::S3::Bucket':
        return true;
    }
  }

  #error(path: Path, message: string): false {
    this.#diagnostics.add('error', message, this.#place(path));
    return false;
  }

  #number(owner: Record<string, unknown>, path: Path, { least, most, unit = '' }: Limit): void {
    const key = path.at(-1)!;
    const value = owner[key];
    if (value === undefined) return;
    const number = Number(textOf(value) || Number.NaN);
    if (Number.isInteger(number) && number >= least && number <= most) owner[key] = number;
    else {
      delete owner[key];
      this.#error(path, `${key} must be a whole number from ${least} to ${most}${unit}, not ${textOf(value) ?? 'a map or list'}, so it is left out.`);
    }
  }

  #flag(key: string): void {
    const value = this.#properties[key];
    if (value === undefined) return;
    const text = textOf(value)?.toLowerCase();
    if (text === 'true' || text === 'false') this.#properties[key] = text === 'true';
    else {
      delete this.#properties[key];
      this.#error([key], `${key} must be true or false, not ${textOf(value) ?? 'a map or list'}, so it is left out.`);
    }
  }

  #document(key: string): void {
    const value = this.#properties[key];
    if (value === undefined || (typeof value === 'object' && value !== null && !Array.isArray(value))) return;
    const parsed = typeof value === 'string' ? parsedJson(value) : undefined;
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) this.#properties[key] = parsed;
    else {
      delete this.#properties[key];
      this.#error([key], `${key} must be a JSON object, so it is left out.`);
    }
  }

  /** A queue's policy needs a count; a subscription's has none. */
  #redrivePolicy(of: 'queue' | 'subscription'): void {
    const value = this.#properties['RedrivePolicy'];
    if (value === undefined) return;
    const policy = { ...record(value) };
    const arn = this.#target(policy['deadLetterTargetArn'], ['RedrivePolicy', 'deadLetterTargetArn'], /:sqs:/, 'deadLetterTargetArn must be the ARN of a queue, so RedrivePolicy is left out.');
    let counted = true;
    if (arn !== undefined && of === 'queue') {
      if (policy['maxReceiveCount'] === undefined) this.#error(['RedrivePolicy'], 'RedrivePolicy must have maxReceiveCount, so it is left out.');
      this.#number(policy, ['RedrivePolicy', 'maxReceiveCount'], { least: 1, most: 1000 });
      counted = policy['maxReceiveCount'] !== undefined;
    }
    if (arn === undefined || !counted) delete this.#properties['RedrivePolicy'];
    else {
      this.#properties['RedrivePolicy'] = policy;
      this.#diagnostics.refer(arn, 'The dead-letter queue', this.#place(['RedrivePolicy', 'deadLetterTargetArn']));
    }
  }

  /** Text of an ARN that is known and matches; anything else is reported. */
  #target(value: unknown, path: Path, pattern: RegExp, message: string): string | undefined {
    const arn = textOf(value);
    if (arn !== undefined && isSymbolic(arn)) {
      this.#diagnostics.add('information', `${path.at(-1)} ${arn} is known to a deployment only, so what needs it is left out here.`, this.#place(path));
      return undefined;
    }
    if (arn !== undefined && arn.startsWith('arn:') && pattern.test(arn)) return arn;
    this.#error(path, message);
    return undefined;
  }

  #fifo(nameKey: string, flagKey: string): boolean {
    const name = textOf(this.#properties[nameKey]);
    const fifo = this.#properties[flagKey] === true;
    if (name === undefined || name.endsWith('.fifo') === fifo) return true;
    return this.#error([nameKey], fifo
      ? `${nameKey} must end in .fifo because ${flagKey} is true, so this resource is left out.`
      : `${nameKey} ends in .fifo, which wants ${flagKey}: true, so this resource is left out.`);
  }

  #subscription(): boolean {
    const topic = this.#target(this.#properties['TopicArn'], ['TopicArn'], /:sns:/, 'TopicArn must be the ARN of a topic, so this subscription is left out.');
    if (topic === undefined) return false;
    const protocol = textOf(this.#properties['Protocol']) ?? '';
    if (!protocols.has(protocol)) return this.#error(['Protocol'], `Protocol must be one of ${[...protocols].join(', ')}, not "${protocol}", so this subscription is left out.`);
    const endpoint = textOf(this.#properties['Endpoint']) ?? '';
    if (isSymbolic(endpoint)) {
      this.#diagnostics.add('information', `Endpoint ${endpoint} is known to a deployment only, so this subscription is left out here.`, this.#place(['Endpoint']));
      return false;
    }
    const wanted = { sqs: /^arn:[^:]*:sqs:/, lambda: /^arn:[^:]*:lambda:/ }[protocol] ?? /./;
    if (!wanted.test(endpoint)) return this.#error(['Endpoint'], `Endpoint of protocol ${protocol} must be ${protocol === 'sqs' ? 'the ARN of a queue' : protocol === 'lambda' ? 'the ARN of a function' : 'set'}, so this subscription is left out.`);
    const scope = this.#properties['FilterPolicyScope'];
    if (scope !== undefined && scope !== 'MessageAttributes' && scope !== 'MessageBody') {
      delete this.#properties['FilterPolicyScope'];
      this.#error(['FilterPolicyScope'], 'FilterPolicyScope must be MessageAttributes or MessageBody, so it is left out.');
    }
    this.#redrivePolicy('subscription');
    this.#diagnostics.refer(topic, 'The topic of this subscription', this.#place(['TopicArn']));
    if (endpoint.startsWith('arn:')) this.#diagnostics.refer(endpoint, 'The endpoint of this subscription', this.#place(['Endpoint']));
    return true;
  }

  /** A property that holds one choice: left out whole when the choice is none. */
  #choice(key: string, member: string, choices: ReadonlySet<string>): void {
    const value = this.#properties[key];
    if (value === undefined || choices.has(textOf(record(value)[member]) ?? '')) return;
    delete this.#properties[key];
    this.#error([key, member], `${member} must be one of ${[...choices].join(', ')}, so ${key} is left out.`);
  }

  #keySchema(): boolean {
    const keys = list(this.#properties['KeySchema']).map(record);
    const types = keys.map((each) => textOf(each['KeyType']) ?? '');
    const named = keys.every((each) => (textOf(each['AttributeName']) ?? '') !== '');
    if (named && types[0] === 'HASH' && (types.length === 1 || (types.length === 2 && types[1] === 'RANGE'))) return true;
    return this.#error(['KeySchema'], 'KeySchema must name a HASH key and at most one RANGE key after it, so this table is left out.');
  }

  #rule(): boolean {
    const bus = textOf(this.#properties['EventBusName']);
    if (bus !== undefined && isSymbolic(bus)) {
      this.#diagnostics.add('information', `EventBusName ${bus} is known to a deployment only, so this rule is left out here.`, this.#place(['EventBusName']));
      return false;
    }
    const schedule = textOf(this.#properties['ScheduleExpression']);
    if (this.#properties['EventPattern'] === undefined && schedule === undefined) {
      return this.#error([], 'A rule must have an EventPattern or a ScheduleExpression, so this one is left out.');
    }
    if (schedule !== undefined && bus !== undefined && bus.split('/').at(-1) !== 'default') {
      return this.#error(['ScheduleExpression'], 'ScheduleExpression works on the default event bus only, so this rule is left out.');
    }
    const state = this.#properties['State'];
    if (state !== undefined && !ruleStates.has(textOf(state) ?? '')) {
      delete this.#properties['State'];
      this.#error(['State'], `State must be ENABLED or DISABLED, not ${textOf(state) ?? 'a map or list'}, so it is left out.`);
    }
    this.#properties['Targets'] = list(this.#properties['Targets']).map((each) => this.#ruleTarget(record(each))).filter((each) => each !== undefined);
    return true;
  }

  #ruleTarget(written: Properties): Properties | undefined {
    const arn = this.#target(written['Arn'], ['Targets', 'Arn'], /./, 'A target of a rule must have an Arn, so this one is left out.');
    if (arn === undefined) return undefined;
    const target: Record<string, unknown> = { ...written };
    this.#diagnostics.refer(arn, 'The target of this rule', this.#place(['Targets']));
    if (target['RetryPolicy'] !== undefined) {
      const policy = { ...record(target['RetryPolicy']) };
      for (const [key, limit] of Object.entries(targetLimits)) this.#number(policy, ['Targets', 'RetryPolicy', key], limit);
      target['RetryPolicy'] = policy;
    }
    const deadLetters = record(target['DeadLetterConfig'])['Arn'];
    if (deadLetters === undefined) delete target['DeadLetterConfig'];
    else {
      const queue = this.#target(deadLetters, ['Targets', 'DeadLetterConfig', 'Arn'], /:sqs:/, 'DeadLetterConfig of a target must name a queue, so it is left out.');
      if (queue === undefined) delete target['DeadLetterConfig'];
      else this.#diagnostics.refer(queue, 'The dead-letter queue of a target', this.#place(['Targets']));
    }
    for (const key of ['Input', 'InputPath']) {
      if (target[key] === undefined || typeof target[key] === 'string') continue;
      delete target[key];
      this.#error(['Targets'], `${key} of a target must be text, so it is left out.`);
    }
    return target;
  }
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Said by the caller: the property must be a JSON object.
    return undefined;
  }
}
