/** A topic service on a real store in memory, with queues, functions, HTTP endpoints and time that a test commands. */
import { createHash } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import type { Clock } from '../../../../src/contracts/clock.ts';
import { AwsFault } from '../../../../src/contracts/faults.ts';
import type { CallContext, QueueMessage, ResourceDefinition, ServiceInput } from '../../../../src/contracts/resources.ts';
import { PausingGate } from '../../../../src/host/pausing-gate.ts';
import { MessageSigner, type StoredKey } from '../../../../src/resources/sns/message-signer.ts';
import { SnsService } from '../../../../src/resources/sns/sns-service.ts';
import { documentsSchema, SqliteDocumentStore } from '../../../../src/store/document-store.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { SqliteTopicStore, topicStoreSchema } from '../../../../src/store/topic-store.ts';

export const account = '123456789012';
export const region = 'us-east-1';
export const base = 'http://127.0.0.1:4000';
export const topicArn = (name: string) => `arn:aws:sns:${region}:${account}:${name}`;
export const queueArn = (name: string) => `arn:aws:sqs:${region}:${account}:${name}`;
export const functionArn = (name: string) => `arn:aws:lambda:${region}:${account}:function:${name}`;

/** One key for all tests: to make one takes a while. */
let sharedKey: StoredKey | undefined;

function signingKey(clock: Clock): StoredKey {
  if (!sharedKey) {
    const store = { get: () => undefined, put: (_key: string, made: StoredKey) => { sharedKey = made; }, delete: () => false, entries: () => [] };
    new MessageSigner(store, clock).certificate();
  }
  return sharedKey as StoredKey;
}

export interface Post {
  url: string;
  headers: Readonly<Record<string, string>>;
  body: string;
  /** Real time. */
  at: number;
}

export class Fixture {
  readonly database = new DatabaseSync(':memory:');
  readonly clock = new FakeClock(Date.UTC(2026, 10, 24, 12), 60);
  readonly gate = new PausingGate(false);
  readonly queues = new Map<string, QueueMessage[]>();
  readonly invocations: { functionArn: string; payload: string; traceHeader?: string; source: string }[] = [];
  readonly functions = new Set<string>();
  readonly posts: Post[] = [];
  readonly log: string[] = [];
  readonly store: SqliteTopicStore;
  changes = 0;
  /** What HTTP endpoints answer. */
  answer: (post: Post) => { status: number } | { failure: string } = () => ({ status: 200 });
  service: SnsService;
  #numbers = 0;

  constructor() {
    this.database.exec(`${documentsSchema}; ${topicStoreSchema}`);
    this.store = new SqliteTopicStore(this.database);
    new SqliteDocumentStore(this.database).collection<StoredKey>('sns-signing').put('key', signingKey(this.clock));
    this.service = this.restart();
  }

  /** The service as the next run of the engine makes it. */
  restart(): SnsService {
    this.service?.close();
    const note = (level: string) => (message: string) => { this.log.push(`${level}: ${message}`); };
    return this.service = new SnsService({
      documents: new SqliteDocumentStore(this.database), store: this.store, clock: this.clock, gate: this.gate,
      queues: { send: (arn, message) => this.#send(arn, message) },
      functions: { invokeAsync: (arn, payload, { source, traceHeader }) => {
        if (!this.functions.has(arn)) throw new AwsFault('ResourceNotFoundException', 404, `Function not found: ${arn}`);
        this.invocations.push({ functionArn: arn, payload: Buffer.from(payload).toString(), source, ...(traceHeader === undefined ? {} : { traceHeader }) });
        return { requestId: 'r' };
      } },
      poster: { post: (url, headers, body) => {
        const post = { url, headers, body, at: this.clock.now() };
        this.posts.push(post);
        return Promise.resolve(this.answer(post));
      } },
      logger: { debug: note('debug'), info: note('info'), warn: note('warn'), error: (message, error) => { throw new Error(message, { cause: error }); } },
      ids: { uuid: () => this.#uuid(), hex: (bytes) => this.#hex(bytes) },
      account: () => ({ accountId: account, region }), endpoint: () => base, changed: () => { this.changes += 1; },
    });
  }

  call<R = Record<string, unknown>>(operation: string, input: ServiceInput = {}, context: Partial<CallContext> = {}): R {
    return this.service.call(operation, input, { requestId: 'r', endpoint: base, ...context }) as R;
  }

  /** The error's code and message, as the Query protocol shows them. */
  refusal(operation: string, input: ServiceInput, context: Partial<CallContext> = {}): string {
    try {
      this.call(operation, input, context);
    } catch (error) {
      if (error instanceof AwsFault) return `${error.queryCode ?? error.name}: ${error.message}`;
      throw error;
    }
    throw new Error(`${operation} was not refused`);
  }

  topic(name = 'orders', attributes: Record<string, string> = {}): string {
    const fifo = name.endsWith('.fifo') ? { FifoTopic: 'true' } : {};
    return this.call<{ TopicArn: string }>('CreateTopic', { Name: name, Attributes: { ...fifo, ...attributes } }).TopicArn;
  }

  queue(name: string): string {
    this.queues.set(queueArn(name), []);
    return queueArn(name);
  }

  fn(name: string): string {
    this.functions.add(functionArn(name));
    return functionArn(name);
  }

  subscribe(TopicArn: string, Protocol: string, Endpoint: string, Attributes: Record<string, string> = {}): string {
    return this.call<{ SubscriptionArn: string }>('Subscribe', { TopicArn, Protocol, Endpoint, Attributes, ReturnSubscriptionArn: true }).SubscriptionArn;
  }

  /** Messages of a queue, taken out of it. */
  receive(arn: string): QueueMessage[] {
    return this.queues.get(arn)?.splice(0) ?? [];
  }

  attributes(operation: 'GetTopicAttributes' | 'GetSubscriptionAttributes', arn: string): Record<string, string> {
    return this.call<{ Attributes: Record<string, string> }>(operation, { [operation === 'GetTopicAttributes' ? 'TopicArn' : 'SubscriptionArn']: arn }).Attributes;
  }

  #send(arn: string, message: QueueMessage): { messageId: string } {
    const queue = this.queues.get(arn);
    if (!queue) throw new AwsFault('QueueDoesNotExist', 400, 'The specified queue does not exist.', { queryCode: 'AWS.SimpleQueueService.NonExistentQueue' });
    queue.push(message);
    return { messageId: this.#uuid() };
  }

  #uuid(): string {
    this.#numbers += 1;
    return `00000000-0000-4000-8000-${String(this.#numbers).padStart(12, '0')}`;
  }

  #hex(bytes: number): string {
    this.#numbers += 1;
    return createHash('shake256', { outputLength: bytes }).update(String(this.#numbers)).digest('hex');
  }
}

export function template(type: ResourceDefinition['type'], name: string, properties: Record<string, unknown> = {}): ResourceDefinition {
  return { type, name, arn: type === 'AWS::SNS::Topic' ? topicArn(name) : '', origin: { kind: 'sam', folder: '/w' }, properties };
}

export function parse<T = Record<string, unknown>>(text: string | undefined): T {
  return JSON.parse(text ?? '') as T;
}
