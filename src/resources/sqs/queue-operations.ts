/** Operations on queues: create, find, list, attributes, tags, permissions, purge, delete. */
import type { Clock } from '../../contracts/clock.ts';
import { AwsFault } from '../../contracts/faults.ts';
import type { QueueMessageStore } from '../../contracts/queue-messages.ts';
import type { CallContext, ServiceInput, ServiceOutput } from '../../contracts/resources.ts';
import { invalidAttributeName, invalidParameter, invalidValue, missingParameter, purgeInProgress, queueDoesNotExist, queueNameExists } from './faults.ts';
import type { Housekeeping } from './housekeeping.ts';
import { optionalInteger, optionalText, optionalTextMap, optionalTexts, requiredText } from './input.ts';
import { attributeNames, checkCombination, checkedAttributes, checkQueueName, isFifoName, withDefaults, type QueueAttributes } from './queue-attributes.ts';
import type { AccountContext, Queue, QueueRegistry } from './queue-registry.ts';
import type { QueueSignals } from './queue-signals.ts';
import { allowsSource } from './redrive-policy.ts';

/** Real time between two purges of a queue. */
const purgePause = 60_000;
const largestPage = 1000;
const mostTags = 50;

/** Operations that a queue policy may name. */
const permittedActions = new Set([
  '*', 'SendMessage', 'ReceiveMessage', 'DeleteMessage', 'ChangeMessageVisibility', 'GetQueueAttributes', 'GetQueueUrl',
  'ListDeadLetterSourceQueues', 'PurgeQueue', 'ListQueueTags', 'StartMessageMoveTask', 'ListMessageMoveTasks', 'CancelMessageMoveTask',
]);

export interface QueueOperationParts {
  clock: Clock;
  messages: QueueMessageStore;
  registry: QueueRegistry;
  signals: QueueSignals;
  housekeeping: Housekeeping;
  account: () => AccountContext;
}

export class QueueOperations {
  readonly #parts: QueueOperationParts;
  readonly #purged = new Map<string, number>();

  constructor(parts: QueueOperationParts) {
    this.#parts = parts;
  }

  /** @throws AwsFault QueueDoesNotExist */
  queueOf(input: ServiceInput): Queue {
    const name = nameInUrl(optionalText(input, 'QueueUrl') ?? '');
    const queue = name === undefined ? undefined : this.#parts.registry.get(name);
    if (!queue) throw queueDoesNotExist();
    return queue;
  }

  urlOf(name: string, endpoint: string): string {
    return `${endpoint}/${this.#parts.account().accountId}/${name}`;
  }

  create(input: ServiceInput, { endpoint }: CallContext): ServiceOutput {
    const name = optionalText(input, 'QueueName');
    if (!name) throw invalidParameter('Value for parameter QueueName is invalid. Reason: Must specify a queue name.');
    const given = optionalTextMap(input, 'Attributes');
    const fifo = given.FifoQueue?.toLowerCase() === 'true';
    checkQueueName(name, fifo);
    const attributes = withoutRemoved(checkedAttributes(given, fifo));
    const tags = { ...optionalTextMap(input, 'tags'), ...optionalTextMap(input, 'Tags') };
    checkTags(tags);
    const existing = this.#parts.registry.get(name);
    if (existing) {
      const different = Object.entries(attributes).find(([attribute, value]) => existing.attributes[attribute] !== value);
      if (different) throw queueNameExists(different[0]);
    } else {
      checkCombination(withDefaults(attributes, fifo));
      this.#checkRedrive(name, attributes);
      this.#parts.registry.create(name, attributes, tags);
      this.#parts.signals.note();
    }
    return { QueueUrl: this.urlOf(name, endpoint) };
  }

  delete(input: ServiceInput): ServiceOutput {
    const queue = this.queueOf(input);
    this.#parts.registry.delete(queue);
    this.#purged.delete(queue.name);
    this.#parts.signals.forget(queue.name, queueDoesNotExist());
    this.#parts.housekeeping.start();
    return {};
  }

  purge(input: ServiceInput): ServiceOutput {
    const queue = this.queueOf(input);
    const { clock, registry, signals, housekeeping } = this.#parts;
    const last = this.#purged.get(queue.name);
    if (last !== undefined && clock.now() - last < purgePause) throw purgeInProgress(queue.name);
    this.#purged.set(queue.name, clock.now());
    registry.empty(queue);
    signals.note();
    housekeeping.start();
    return {};
  }

  list(input: ServiceInput, { endpoint }: CallContext): ServiceOutput {
    const prefix = optionalText(input, 'QueueNamePrefix') ?? '';
    const names = this.#parts.registry.all().map(({ name }) => name).filter((name) => name.startsWith(prefix));
    return this.#page('QueueUrls', names, input, endpoint, false);
  }

  listSources(input: ServiceInput, { endpoint }: CallContext): ServiceOutput {
    const { registry } = this.#parts;
    const names = registry.sourcesOf(registry.arnOf(this.queueOf(input).name)).map(({ name }) => name);
    return this.#page('queueUrls', names, input, endpoint, true);
  }

  url(input: ServiceInput, { endpoint }: CallContext): ServiceOutput {
    const name = optionalText(input, 'QueueName');
    if (!name) throw invalidParameter('Value for parameter QueueName is invalid. Reason: Must specify a queue name.');
    if (!this.#parts.registry.get(name)) throw queueDoesNotExist();
    return { QueueUrl: this.urlOf(name, endpoint) };
  }

  attributes(input: ServiceInput): ServiceOutput {
    const queue = this.queueOf(input);
    const wanted = optionalTexts(input, 'AttributeNames');
    const unknown = wanted.find((name) => name !== 'All' && !attributeNames.includes(name));
    if (unknown !== undefined) throw invalidAttributeName(`Unknown Attribute ${unknown}.`);
    if (wanted.length === 0) return {};
    const all = this.#allAttributes(queue);
    const shown = attributeNames.filter((name) => all[name] !== undefined && (wanted.includes('All') || wanted.includes(name)));
    return shown.length === 0 ? {} : { Attributes: Object.fromEntries(shown.map((name) => [name, all[name]])) };
  }

  setAttributes(input: ServiceInput): ServiceOutput {
    const queue = this.queueOf(input);
    const given = optionalTextMap(input, 'Attributes');
    if (Object.keys(given).length === 0) throw missingParameter('Attribute.Name');
    if (queue.fifo && given.FifoQueue !== undefined && given.FifoQueue.toLowerCase() !== 'true') {
      throw new AwsFault('InvalidAttributeValue', 400, 'Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported.');
    }
    const attributes = checkedAttributes(given, queue.fifo);
    checkCombination({ ...withDefaults({ ...queue.stored.base, ...queue.stored.changes, ...attributes }, queue.fifo) });
    this.#checkRedrive(queue.name, attributes);
    const { messages, registry, signals } = this.#parts;
    const changed = messages.transaction(() => {
      const next = registry.setAttributes(queue, attributes);
      // In a FIFO queue a new delay holds for the messages that are there, too.
      const shift = Number(next.attributes.DelaySeconds) - Number(queue.attributes.DelaySeconds);
      if (queue.fifo && shift !== 0) messages.shiftDelays(queue.key, shift * 1000);
      return next;
    });
    signals.watch(changed);
    signals.announce(queue.name);
    return {};
  }

  tag(input: ServiceInput): ServiceOutput {
    const queue = this.queueOf(input);
    const tags = { ...queue.stored.tags, ...optionalTextMap(input, 'Tags') };
    checkTags(tags);
    this.#parts.registry.setTags(queue, tags);
    return {};
  }

  untag(input: ServiceInput): ServiceOutput {
    const queue = this.queueOf(input);
    const gone = optionalTexts(input, 'TagKeys');
    this.#parts.registry.setTags(queue, Object.fromEntries(Object.entries(queue.stored.tags).filter(([key]) => !gone.includes(key))));
    return {};
  }

  tags(input: ServiceInput): ServiceOutput {
    const { tags } = this.queueOf(input).stored;
    return Object.keys(tags).length === 0 ? {} : { Tags: tags };
  }

  addPermission(input: ServiceInput): ServiceOutput {
    const queue = this.queueOf(input);
    const label = requiredText(input, 'Label');
    if (!/^[A-Za-z0-9_-]{1,80}$/.test(label)) throw invalidValue(label, 'Label', 'Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length');
    const accounts = optionalTexts(input, 'AWSAccountIds');
    const actions = optionalTexts(input, 'Actions');
    if (accounts.length === 0) throw missingParameter('PrincipalId');
    if (actions.length === 0) throw missingParameter('ActionName');
    for (const action of actions) {
      if (!permittedActions.has(action)) throw invalidValue(`SQS:${action}`, 'ActionName', 'Please refer to the appropriate WSDL for a list of valid actions. ');
    }
    const policy = this.#policyOf(queue);
    if (policy.Statement.some(({ Sid }) => Sid === label)) throw invalidValue(label, 'Label', 'Already exists.');
    policy.Statement.push({
      Sid: label, Effect: 'Allow',
      Principal: { AWS: oneOrMany(accounts.map((account) => `arn:aws:iam::${account}:root`)) },
      Action: oneOrMany(actions.map((action) => `SQS:${action}`)),
      Resource: this.#parts.registry.arnOf(queue.name),
    });
    this.#parts.registry.setAttributes(queue, { Policy: JSON.stringify(policy) });
    return {};
  }

  removePermission(input: ServiceInput): ServiceOutput {
    const queue = this.queueOf(input);
    const label = requiredText(input, 'Label');
    const policy = this.#policyOf(queue);
    const left = policy.Statement.filter(({ Sid }) => Sid !== label);
    if (left.length === policy.Statement.length) throw invalidValue(label, 'Label', "can't find label.");
    this.#parts.registry.setAttributes(queue, { Policy: left.length === 0 ? '' : JSON.stringify({ ...policy, Statement: left }) });
    return {};
  }

  #allAttributes(queue: Queue): Record<string, string | undefined> {
    const { messages, registry, signals } = this.#parts;
    messages.transaction(() => signals.promote(queue));
    const counts = messages.counts(queue.key);
    return {
      ...queue.attributes,
      QueueArn: registry.arnOf(queue.name),
      ApproximateNumberOfMessages: String(counts.ready),
      ApproximateNumberOfMessagesNotVisible: String(counts.inFlight),
      ApproximateNumberOfMessagesDelayed: String(counts.delayed),
      CreatedTimestamp: String(Math.floor(queue.stored.createdAt / 1000)),
      LastModifiedTimestamp: String(Math.floor(queue.stored.modifiedAt / 1000)),
    };
  }

  /** A dead-letter queue must exist, be of the same kind, and take this queue's messages. */
  #checkRedrive(name: string, { RedrivePolicy: text }: QueueAttributes): void {
    if (!text) return;
    const { registry } = this.#parts;
    const { deadLetterTargetArn } = JSON.parse(text) as { deadLetterTargetArn: string };
    // A queue may name itself, even while it is being made.
    if (deadLetterTargetArn === registry.arnOf(name)) return;
    const target = registry.byArn(deadLetterTargetArn);
    if (!target) throw invalidValue(text, 'RedrivePolicy', 'Dead letter target does not exist.');
    if (target.fifo !== isFifoName(name)) throw invalidValue(text, 'RedrivePolicy', 'Dead-letter queue must be same type of queue as the source.');
    if (!allowsSource(target.attributes.RedriveAllowPolicy, registry.arnOf(name))) {
      throw invalidValue(text, 'RedrivePolicy', 'Queue does not have permission to use the dead-letter queue: its RedriveAllowPolicy denies it.');
    }
  }

  #policyOf(queue: Queue): { Statement: { Sid?: string; [member: string]: unknown }[]; [member: string]: unknown } {
    const text = queue.attributes.Policy;
    const policy = text === undefined ? { Version: '2008-10-17', Id: `${this.#parts.registry.arnOf(queue.name)}/SQSDefaultPolicy` } : JSON.parse(text) as Record<string, unknown>;
    return { ...policy, Statement: 'Statement' in policy && Array.isArray(policy.Statement) ? [...policy.Statement] : [] };
  }

  /** Names in order as URLs. A token is given only to those who asked for pages, and names the last queue of the page. */
  #page(member: string, names: readonly string[], input: ServiceInput, endpoint: string, always: boolean): ServiceOutput {
    const size = optionalInteger(input, 'MaxResults');
    if (size !== undefined && (size < 1 || size > largestPage)) throw invalidValue(size, 'MaxResults', `MaxResults must be an integer between 1 and ${largestPage}.`);
    const token = optionalText(input, 'NextToken');
    const after = token ? Buffer.from(token, 'base64').toString() : '';
    if (token && Buffer.from(after).toString('base64') !== token) throw invalidParameter('Value for parameter NextToken is invalid.');
    const rest = names.filter((name) => name > after);
    const shown = rest.slice(0, size ?? largestPage);
    return {
      ...(shown.length === 0 && !always ? {} : { [member]: shown.map((name) => this.urlOf(name, endpoint)) }),
      ...(size !== undefined && shown.length < rest.length ? { NextToken: Buffer.from(shown.at(-1) as string).toString('base64') } : {}),
    };
  }
}

/** The queue's name in a URL of any host, or in a path, that ends in `/<account>/<name>`. */
export function nameInUrl(url: string): string | undefined {
  return /\/\d{12}\/([A-Za-z0-9_-]+(?:\.fifo)?)\/?$/.exec(url)?.[1];
}

const withoutRemoved = (attributes: QueueAttributes): QueueAttributes => Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== ''));

const oneOrMany = (values: readonly string[]): string | readonly string[] => (values.length === 1 ? values[0] as string : values);

function checkTags(tags: Record<string, string>): void {
  if (Object.keys(tags).length > mostTags) throw invalidParameter(`Too many tags added for queue: at most ${mostTags} are allowed.`);
  for (const [key, value] of Object.entries(tags)) {
    if (key === '' || key.length > 128) throw invalidParameter('Tag keys must be between 1 and 128 characters in length.');
    if (value.length > 256) throw invalidParameter('Tag values may not be longer than 256 characters.');
  }
}
