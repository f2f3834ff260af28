/** Amazon SNS, embedded: its operations, the port of deliveries inside the engine, and what templates declare. */
import type { Clock } from '../../contracts/clock.ts';
import type { DocumentStore } from '../../contracts/documents.ts';
import { AwsFault } from '../../contracts/faults.ts';
import type { Logger } from '../../contracts/logger.ts';
import type { TopicSummary } from '../../contracts/resource-views.ts';
import type { CallContext, EventInvoker, QueuePort, ResourceDefinition, ServiceInput, ServiceOutput, TopicHost, TopicPort } from '../../contracts/resources.ts';
import type { ResumeGate } from '../../contracts/resume-gate.ts';
import type { HttpPoster, TopicStore } from '../../contracts/topics.ts';
import type { Place } from './arns.ts';
import { readBaseline } from './baseline.ts';
import { batchFault, invalidParameter } from './faults.ts';
import { HttpDeliveries } from './http-deliveries.ts';
import { maps, optionalText, requiredText } from './input.ts';
import { MessageSigner, type StoredKey } from './message-signer.ts';
import { acceptMessage, messageLimit, type AcceptedMessage } from './publish-input.ts';
import { Publisher, type Published } from './publisher.ts';
import { deadLetterArn, isRaw, scopeOf } from './subscription-attributes.ts';
import { SubscriptionOperations, type EndedSubscription } from './subscription-operations.ts';
import { SubscriptionRegistry, type StoredSubscription, type Subscription } from './subscription-registry.ts';
import { TopicOperations } from './topic-operations.ts';
import { TopicRegistry, type StoredTopic, type Topic } from './topic-registry.ts';

export interface SnsServiceParts {
  documents: DocumentStore;
  store: TopicStore;
  queues: QueuePort;
  functions: EventInvoker;
  poster: HttpPoster;
  clock: Clock;
  gate: ResumeGate;
  logger: Logger;
  ids: { uuid(): string; hex(bytes: number): string };
  account: () => Place;
  /** `http://127.0.0.1:<port>`, for the URLs in messages. */
  endpoint: () => string;
  /** Something that views show has changed. */
  changed: () => void;
}

type Operation = (input: ServiceInput, context: CallContext) => ServiceOutput;

const mostEntries = 10;
const entryIdPattern = /^[a-zA-Z0-9_-]{1,80}$/;

/** Operations that only read: views need not be told. */
const reading = new Set([
  'ListTopics', 'GetTopicAttributes', 'ListTagsForResource', 'ListSubscriptions', 'ListSubscriptionsByTopic', 'GetSubscriptionAttributes',
]);

export class SnsService implements TopicHost {
  readonly signingName = 'sns';
  readonly #parts: SnsServiceParts;
  readonly #topics: TopicRegistry;
  readonly #subscriptions: SubscriptionRegistry;
  readonly #topicOperations: TopicOperations;
  readonly #subscriptionOperations: SubscriptionOperations;
  readonly #http: HttpDeliveries;
  readonly #publisher: Publisher;
  readonly #signer: MessageSigner;
  readonly #operations: ReadonlyMap<string, Operation>;
  #problems: ReadonlySet<string> = new Set();
  #started = false;

  constructor(parts: SnsServiceParts) {
    this.#parts = parts;
    const { documents, store, queues, functions, poster, clock, gate, logger, ids, account, endpoint, changed } = parts;
    const topics = this.#topics = new TopicRegistry(documents.collection<StoredTopic>('sns-topics'), account, logger);
    const subscriptions = this.#subscriptions = new SubscriptionRegistry(documents.collection<StoredSubscription>('sns-subscriptions'), logger);
    const signer = this.#signer = new MessageSigner(documents.collection<StoredKey>('sns-signing'), clock);
    const http = this.#http = new HttpDeliveries({ store, poster, queues, clock, gate, logger, changed, subscription: (arn) => subscriptions.get(arn) });
    this.#publisher = new Publisher({ store, subscriptions, queues, functions, http, signer, clock, logger, uuid: ids.uuid, endpoint });
    const topicOperations = this.#topicOperations = new TopicOperations({ topics, subscriptions, store, place: account });
    const ended = documents.collection<EndedSubscription>('sns-ended-subscriptions');
    this.#subscriptionOperations = new SubscriptionOperations({ topics, subscriptions, ended, topicOperations, store, http, signer, clock, ids, place: account, endpoint });
    this.#operations = this.#allOperations();
  }

  /** The endpoint listens: HTTP deliveries begin, and the HTTP endpoints of templates are asked to confirm. */
  start(): void {
    this.#started = true;
    this.#subscriptionOperations.forgetEnded();
    this.#subscriptionOperations.askTemplateEndpoints();
    this.#http.start();
  }

  close(): void {
    this.#http.close();
  }

  hasOperation(name: string): boolean {
    return this.#operations.has(name);
  }

  call(operation: string, input: ServiceInput, context: CallContext): ServiceOutput {
    const work = this.#operations.get(operation);
    if (!work) throw new AwsFault('InvalidAction', 400, `Local Lambda does not have the action ${operation} of sns.`);
    const output = this.#guarded(() => work(input, context));
    if (!reading.has(operation)) this.#parts.changed();
    return output;
  }

  publish(topicArn: string, { message, subject, attributes, traceHeader, groupId, deduplicationId }: Parameters<TopicPort['publish']>[1]): { messageId: string } {
    const topic = this.#topicOperations.find(topicArn);
    const accepted = accept(topic, { Message: message, Subject: subject, MessageAttributes: attributes, MessageGroupId: groupId, MessageDeduplicationId: deduplicationId });
    const { messageId } = this.#guarded(() => this.#publisher.publish(topic, accepted, traceHeader));
    this.#parts.changed();
    return { messageId };
  }

  setBaseline(definitions: readonly ResourceDefinition[]): void {
    const { topics, subscriptions, problems } = readBaseline(definitions, this.#parts.account(), (arn) => this.#topics.byArn(arn));
    for (const problem of problems) if (!this.#problems.has(problem)) this.#parts.logger.warn(problem);
    this.#problems = new Set(problems);
    this.#topics.setBaseline(topics);
    this.#subscriptions.setBaseline(subscriptions);
    if (this.#started) this.#subscriptionOperations.askTemplateEndpoints();
    this.#parts.changed();
  }

  summaries(): TopicSummary[] {
    const published = this.#parts.store.publishedCounts();
    const waiting = this.#parts.store.waitingDeliveries();
    return this.#topics.all().map((topic) => ({
      kind: 'topic',
      name: topic.name,
      arn: topic.arn,
      fifo: topic.fifo,
      published: published.get(topic.arn) ?? 0,
      subscriptions: this.#subscriptions.of(topic.arn).map((subscription) => summary(subscription, waiting.get(subscription.arn) ?? 0)),
      lastMessages: this.#parts.store.lastMessages(topic.arn),
      ...(topic.origin === undefined ? {} : { origin: topic.origin }),
      changed: topic.changed,
    }));
  }

  /** The certificate that messages are signed with, and its file name on the endpoint. */
  signingCertificate(): { name: string; pem: string } {
    return this.#signer.certificate();
  }

  /** What a failed call changed was undone, so what was cached of it must go too. */
  #guarded<R>(work: () => R): R {
    try {
      return work();
    } catch (error) {
      this.#topics.forgetCache();
      this.#subscriptions.forgetCache();
      throw error;
    }
  }

  #publishOne(input: ServiceInput, { traceHeader }: CallContext): ServiceOutput {
    const topic = this.#target(input);
    return answer(this.#publisher.publish(topic, accept(topic, input), traceHeader));
  }

  /** @throws AwsFault */
  #target(input: ServiceInput): Topic {
    const phone = optionalText(input, 'PhoneNumber');
    if (phone !== undefined) {
      throw invalidParameter(/^\+[0-9]{7,15}$/.test(phone)
        ? 'PhoneNumber Reason: Local Lambda does not send SMS' : `PhoneNumber Reason: ${phone} is not valid to publish to`);
    }
    const target = optionalText(input, 'TargetArn');
    if (target !== undefined) {
      if (/^arn:[^:]*:sns:[^:]*:[^:]*:endpoint\//.test(target)) throw invalidParameter('TargetArn Reason: No endpoint found for the target arn specified');
      return this.#topicOperations.find(target, 'TargetArn');
    }
    const arn = optionalText(input, 'TopicArn');
    if (arn === undefined) throw invalidParameter('TopicArn or TargetArn Reason: no value for required parameter');
    return this.#topicOperations.find(arn);
  }

  #publishBatch(input: ServiceInput, { traceHeader }: CallContext): ServiceOutput {
    const topic = this.#topicOperations.find(requiredText(input, 'TopicArn'));
    const entries = maps(input, 'PublishBatchRequestEntries');
    if (entries.length === 0) throw batchFault('EmptyBatchRequest');
    if (entries.length > mostEntries) throw batchFault('TooManyEntriesInBatchRequest');
    const ids = entries.map((entry) => requiredText(entry, 'Id'));
    if (ids.some((id) => !entryIdPattern.test(id))) throw batchFault('InvalidBatchEntryId');
    if (new Set(ids).size < ids.length) throw batchFault('BatchEntryIdsNotDistinct');
    const judged = entries.map((entry, place) => acceptEntry(topic, entry, `publishBatchRequestEntries.${place + 1}.member.`));
    const bytes = judged.reduce((sum, entry) => sum + (entry instanceof AwsFault ? 0 : entry.bytes), 0);
    if (bytes > messageLimit(topic)) throw batchFault('BatchRequestTooLong');
    const Successful: object[] = [];
    const Failed: object[] = [];
    this.#parts.store.transaction(() => judged.forEach((entry, place) => {
      const Id = ids[place];
      if (entry instanceof AwsFault) Failed.push({ Id, Code: entry.queryCode ?? entry.name, Message: entry.message, SenderFault: true });
      else Successful.push({ Id, ...answer(this.#publisher.publish(topic, entry, traceHeader)) });
    }));
    return { Successful, Failed };
  }

  #allOperations(): ReadonlyMap<string, Operation> {
    const topics = this.#topicOperations;
    const subscriptions = this.#subscriptionOperations;
    return new Map<string, Operation>([
      ['CreateTopic', (input) => topics.create(input)],
      ['DeleteTopic', (input) => topics.delete(input)],
      ['ListTopics', (input) => topics.list(input)],
      ['GetTopicAttributes', (input) => topics.attributes(input)],
      ['SetTopicAttributes', (input) => topics.setAttribute(input)],
      ['AddPermission', (input) => topics.addPermission(input)],
      ['RemovePermission', (input) => topics.removePermission(input)],
      ['ListTagsForResource', (input) => topics.tags(input)],
      ['TagResource', (input) => topics.tag(input)],
      ['UntagResource', (input) => topics.untag(input)],
      ['Subscribe', (input) => subscriptions.subscribe(input)],
      ['ConfirmSubscription', (input, context) => subscriptions.confirm(input, context)],
      ['Unsubscribe', (input, context) => subscriptions.unsubscribe(input, context)],
      ['ListSubscriptions', (input) => subscriptions.list(input)],
      ['ListSubscriptionsByTopic', (input) => subscriptions.listByTopic(input)],
      ['GetSubscriptionAttributes', (input) => subscriptions.attributes(input)],
      ['SetSubscriptionAttributes', (input) => subscriptions.setAttribute(input)],
      ['Publish', (input, context) => this.#publishOne(input, context)],
      ['PublishBatch', (input, context) => this.#publishBatch(input, context)],
    ]);
  }
}

function accept(topic: Topic, input: ServiceInput): AcceptedMessage {
  const accepted = acceptMessage(topic, input);
  if (accepted.bytes > messageLimit(topic)) throw invalidParameter('Message too long');
  return accepted;
}

/** Faults that concern one entry alone. The others refuse the whole batch, as recorded. */
const ownFaults = new Set(['Invalid parameter: Empty message', 'Invalid parameter: Subject']);

function acceptEntry(topic: Topic, entry: ServiceInput, path: string): AcceptedMessage | AwsFault {
  try {
    return acceptMessage(topic, entry, path);
  } catch (error) {
    if (error instanceof AwsFault && ownFaults.has(error.message)) return error;
    throw error;
  }
}

function answer({ messageId, sequenceNumber }: Published): ServiceOutput {
  return { MessageId: messageId, ...(sequenceNumber === undefined ? {} : { SequenceNumber: sequenceNumber }) };
}

function summary(subscription: Subscription, waiting: number): TopicSummary['subscriptions'][number] {
  const { arn, protocol, endpoint, attributes, pending } = subscription;
  const policy = attributes['FilterPolicy'];
  const deadLetterTargetArn = deadLetterArn(subscription);
  return {
    arn, protocol, endpoint, pending, waiting, rawMessageDelivery: isRaw(subscription),
    ...(policy === undefined ? {} : { filterPolicy: policy, filterPolicyScope: scopeOf(subscription) }),
    ...(deadLetterTargetArn === undefined ? {} : { deadLetterTargetArn }),
  };
}
