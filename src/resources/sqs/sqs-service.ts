/** Amazon SQS, embedded: its API, and what the engine itself asks of queues. */
import type { Clock } from '../../contracts/clock.ts';
import type { DocumentStore } from '../../contracts/documents.ts';
import type { MessagePlace, QueueSource } from '../../contracts/event-sources.ts';
import type { Logger } from '../../contracts/logger.ts';
import type { QueueMessageStore, StoredMessage } from '../../contracts/queue-messages.ts';
import type { PeekedMessage, QueueSummary } from '../../contracts/resource-views.ts';
import type { CallContext, QueueHost, QueueMessage, ResourceDefinition, ServiceInput, ServiceOutput } from '../../contracts/resources.ts';
import { invalidParameter, queueDoesNotExist } from './faults.ts';
import { Housekeeping } from './housekeeping.ts';
import { MessageOperations } from './message-operations.ts';
import { MoveTasks } from './move-tasks.ts';
import { QueueOperations } from './queue-operations.ts';
import { EmbeddedQueueSource } from './queue-source.ts';
import { QueueRegistry, type AccountContext, type Queue } from './queue-registry.ts';
import { QueueSignals } from './queue-signals.ts';
import { Receipts } from './receipts.ts';
import { Receiver, systemAttributesOf } from './receiving.ts';
import { optional, Sender } from './sending.ts';

export interface SqsParts {
  clock: Clock;
  documents: DocumentStore;
  messages: QueueMessageStore;
  account: () => AccountContext;
  /** `http://127.0.0.1:<port>`, for URLs in summaries; empty while there is none. */
  endpoint: () => string;
  /** AWS time that passes in one unit of real time while something waits. */
  scale: () => number;
  logger: Logger;
  uuid: () => string;
  /** Something that views show has changed. */
  changed: () => void;
  /** Id of the execution to which a trace header's segment belongs. */
  executionOf: (traceHeader: string) => string | undefined;
}

type Operation = (input: ServiceInput, context: CallContext) => ServiceOutput | Promise<ServiceOutput>;

export class SqsService implements QueueHost {
  readonly signingName = 'sqs';
  /** As pollers see the queues. */
  readonly source: QueueSource;
  readonly #parts: SqsParts;
  readonly #registry: QueueRegistry;
  readonly #signals: QueueSignals;
  readonly #housekeeping: Housekeeping;
  readonly #sender: Sender;
  readonly #queues: QueueOperations;
  readonly #moves: MoveTasks;
  readonly #operations: ReadonlyMap<string, Operation>;

  constructor(parts: SqsParts) {
    this.#parts = parts;
    const { clock, messages, logger, documents, account, changed, uuid } = parts;
    const registry = this.#registry = new QueueRegistry({ documents, messages, clock, account, logger });
    const signals = this.#signals = new QueueSignals({ clock, messages, registry, logger, changed });
    const housekeeping = this.#housekeeping = new Housekeeping({ clock, messages, registry, logger, changed: (name) => signals.announce(name) });
    const queues = this.#queues = new QueueOperations({ clock, messages, registry, signals, housekeeping, account });
    const sender = this.#sender = new Sender({ clock, messages, signals, uuid });
    const receipts = new Receipts({ clock, messages, registry, signals });
    const receiver = new Receiver({ clock, messages, registry, signals, expire: (queue) => housekeeping.expire(queue) });
    this.source = new EmbeddedQueueSource({ clock, messages, registry, receiver, receipts, place: (queue, messageId) => this.#placeOf(queue, messageId) });
    const operations = new MessageOperations({ messages, queues, sender, receiver, receipts });
    const moves = this.#moves = new MoveTasks({ clock, messages, registry, signals, documents, logger, uuid });
    this.#operations = new Map<string, Operation>(Object.entries({
      CreateQueue: (input, context) => queues.create(input, context),
      DeleteQueue: (input) => queues.delete(input),
      ListQueues: (input, context) => queues.list(input, context),
      GetQueueUrl: (input, context) => queues.url(input, context),
      GetQueueAttributes: (input) => queues.attributes(input),
      SetQueueAttributes: (input) => queues.setAttributes(input),
      ListDeadLetterSourceQueues: (input, context) => queues.listSources(input, context),
      PurgeQueue: (input) => queues.purge(input),
      TagQueue: (input) => queues.tag(input),
      UntagQueue: (input) => queues.untag(input),
      ListQueueTags: (input) => queues.tags(input),
      AddPermission: (input) => queues.addPermission(input),
      RemovePermission: (input) => queues.removePermission(input),
      SendMessage: (input, context) => operations.send(input, context),
      SendMessageBatch: (input, context) => operations.sendBatch(input, context),
      ReceiveMessage: (input, context) => operations.receive(input, context),
      DeleteMessage: (input) => operations.delete(input),
      DeleteMessageBatch: (input) => operations.deleteBatch(input),
      ChangeMessageVisibility: (input) => operations.changeVisibility(input),
      ChangeMessageVisibilityBatch: (input) => operations.changeVisibilityBatch(input),
      StartMessageMoveTask: (input) => moves.begin(input),
      ListMessageMoveTasks: (input) => moves.list(input),
      CancelMessageMoveTask: (input) => moves.cancel(input),
    } satisfies Record<string, Operation>));
  }

  /** Goes on where the last run stopped. */
  start(): void {
    for (const queue of this.#registry.all()) this.#signals.watch(queue);
    this.#housekeeping.start();
    this.#moves.start();
  }

  /** Answers every waiting receive with nothing. */
  close(): void {
    this.#signals.close();
    this.#housekeeping.close();
    this.#moves.close();
  }

  hasOperation(name: string): boolean {
    return this.#operations.has(name);
  }

  call(operation: string, input: ServiceInput, context: CallContext): ServiceOutput | Promise<ServiceOutput> {
    const work = this.#operations.get(operation);
    if (!work) throw invalidParameter(`There is no operation ${operation}.`);
    return work(input, context);
  }

  send(queueArn: string, message: QueueMessage): { messageId: string } {
    const { messageId } = this.#sender.send(this.#require(queueArn), {
      body: message.body, attributes: message.attributes ?? {}, systemAttributes: {},
      ...optional('traceHeader', message.traceHeader), ...optional('groupId', message.groupId),
      ...optional('deduplicationId', message.deduplicationId), ...optional('delaySeconds', message.delaySeconds),
    });
    return { messageId };
  }

  setBaseline(definitions: readonly ResourceDefinition[]): void {
    this.#registry.setBaseline(definitions);
    this.#signals.note();
  }

  summaries(): QueueSummary[] {
    const { clock, messages, endpoint } = this.#parts;
    const now = clock.now();
    const sources = this.#registry.sourceArns();
    // Timers keep the counts true: nothing is written for a view.
    return this.#registry.all().map((queue) => {
      const { ready, inFlight, delayed } = messages.counts(queue.key);
      const oldest = messages.oldest(queue.key);
      const arn = this.#registry.arnOf(queue.name);
      return {
        kind: 'queue', name: queue.name, arn, url: this.#queues.urlOf(queue.name, endpoint()), fifo: queue.fifo,
        visible: ready, inFlight, delayed,
        ...(oldest === undefined ? {} : { oldestAgeSeconds: Math.max(0, Math.floor((now - oldest) / 1000)) }),
        visibilityTimeoutSeconds: Number(queue.attributes.VisibilityTimeout),
        ...(queue.redrive ?? {}),
        sourceArns: sources.get(arn) ?? [],
        ...optional('origin', queue.origin),
        changed: this.#registry.changesOf(queue),
      };
    });
  }

  peek(queueArn: string, limit: number, after?: string): PeekedMessage[] {
    const queue = this.#require(queueArn);
    const { messages } = this.#parts;
    messages.transaction(() => this.#signals.promote(queue));
    const place = after === undefined ? undefined : messages.find(queue.key, after)?.position;
    // A page after a message that has gone meanwhile is empty rather than the first page again.
    if (after !== undefined && place === undefined) return [];
    return messages.list(queue.key, limit, place).map((message) => this.#peeked(queue, message));
  }

  removeMessage(queueArn: string, messageId: string): boolean {
    const queue = this.#require(queueArn);
    const { messages } = this.#parts;
    return messages.transaction(() => {
      const message = messages.find(queue.key, messageId);
      if (!message) return false;
      messages.remove(queue.key, message.position);
      this.#signals.announce(queue.name);
      return true;
    });
  }

  #placeOf(queue: Queue, messageId: string): MessagePlace | undefined {
    const message = this.#parts.messages.find(queue.key, messageId);
    if (!message) return undefined;
    const { state, visibleAt, receiveCount } = this.#peeked(queue, message);
    return { state, receiveCount, ...optional('visibleAt', visibleAt) };
  }

  #require(queueArn: string): Queue {
    const queue = this.#registry.byArn(queueArn);
    if (!queue) throw queueDoesNotExist();
    return queue;
  }

  #peeked(queue: Queue, message: StoredMessage): PeekedMessage {
    const { state, at, notBefore } = message;
    const visibleAt = state === 'ready' ? undefined : state === 'held' ? at : Math.max(notBefore, this.#realTimeOf(at));
    const execution = message.traceHeader === undefined ? undefined : this.#parts.executionOf(message.traceHeader);
    return {
      messageId: message.messageId, body: message.body, sentAt: message.sentAt,
      state: state === 'ready' ? 'visible' : state === 'delayed' ? 'delayed' : 'in-flight',
      ...optional('visibleAt', visibleAt),
      receiveCount: message.receives,
      attributes: systemAttributesOf(queue, message),
      messageAttributes: message.attributes,
      ...optional('causedBy', execution),
    };
  }

  /** When a place on the wait axis is reached, at the present scale. */
  #realTimeOf(place: number): number {
    const { clock, scale } = this.#parts;
    return Math.round(clock.now() + Math.max(0, place - clock.waitNow()) / scale());
  }
}
