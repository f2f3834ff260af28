/** SQS on a clock that moves by hand and a database in memory, or in a file that can be opened again. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import type { AwsFault } from '../../../../src/contracts/faults.ts';
import type { Logger } from '../../../../src/contracts/logger.ts';
import type { ResourceDefinition, ServiceInput, ServiceOutput } from '../../../../src/contracts/resources.ts';
import { SqsService } from '../../../../src/resources/sqs/sqs-service.ts';
import { documentsSchema, SqliteDocumentStore } from '../../../../src/store/document-store.ts';
import { SqliteQueueMessages } from '../../../../src/store/queue-messages.ts';
import { queueMessagesSchema } from '../../../../src/store/queue-messages-schema.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

export const account = '123456789012';
export const endpoint = 'http://127.0.0.1:4000';
export const arnOf = (name: string) => `arn:aws:sqs:us-east-1:${account}:${name}`;
export const urlOf = (name: string) => `${endpoint}/${account}/${name}`;

export interface ReceivedMessage {
  MessageId: string;
  ReceiptHandle: string;
  Body: string;
  MD5OfBody: string;
  Attributes: Record<string, string>;
  MD5OfMessageAttributes?: string;
  MessageAttributes?: Record<string, { DataType: string; StringValue?: string; BinaryValue?: string }>;
}

export class Harness {
  readonly clock: FakeClock;
  readonly database: DatabaseSync;
  readonly log: string[] = [];
  changes = 0;
  sqs: SqsService;

  constructor({ database = new DatabaseSync(':memory:'), clock = new FakeClock() }: { database?: DatabaseSync; clock?: FakeClock } = {}) {
    this.clock = clock;
    this.database = database;
    if (!database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'documents'").get()) database.exec(`${documentsSchema};${queueMessagesSchema}`);
    this.sqs = this.#open();
  }

  /** What a restart of the engine does to queues. */
  restart(): void {
    this.sqs.close();
    this.sqs = this.#open();
  }

  close(): void {
    this.sqs.close();
    this.database.close();
  }

  call(operation: string, input: ServiceInput = {}, context: { traceHeader?: string; signal?: AbortSignal } = {}): ServiceOutput | Promise<ServiceOutput> {
    return this.sqs.call(operation, input, { requestId: 'r', endpoint, ...context });
  }

  /** An operation that answers at once. */
  now<T = ServiceOutput>(operation: string, input: ServiceInput = {}, context = {}): T {
    const output = this.call(operation, input, context);
    assert.ok(!(output instanceof Promise), `${operation} waits`);
    return output as T;
  }

  fails(operation: string, input: ServiceInput): AwsFault {
    let fault: AwsFault | undefined;
    assert.throws(() => this.now(operation, input), (error) => { fault = error as AwsFault; return true; });
    return fault as AwsFault;
  }

  create(name: string, Attributes: Record<string, string> = {}): string {
    return this.now<{ QueueUrl: string }>('CreateQueue', { QueueName: name, Attributes: { ...(name.endsWith('.fifo') ? { FifoQueue: 'true' } : {}), ...Attributes } }).QueueUrl;
  }

  /** @returns URLs of a queue and its dead-letter queue. */
  createWithDeadLetters(maxReceiveCount: number, suffix = '', attributes: Record<string, string> = {}): [queue: string, dead: string] {
    const dead = this.create(`dead${suffix}`);
    return [this.create(`q${suffix}`, { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: arnOf(`dead${suffix}`), maxReceiveCount }), ...attributes }), dead];
  }

  send(QueueUrl: string, MessageBody: string, more: ServiceInput = {}): { MessageId: string; SequenceNumber?: string; MD5OfMessageAttributes?: string } {
    return this.now('SendMessage', { QueueUrl, MessageBody, ...more });
  }

  receive(QueueUrl: string, more: ServiceInput = {}): ReceivedMessage[] {
    return this.now<{ Messages?: ReceivedMessage[] }>('ReceiveMessage', { QueueUrl, AttributeNames: ['All'], MessageAttributeNames: ['All'], WaitTimeSeconds: 0, ...more }).Messages ?? [];
  }

  bodies(QueueUrl: string, more: ServiceInput = {}): string[] {
    return this.receive(QueueUrl, { MaxNumberOfMessages: 10, ...more }).map(({ Body }) => Body);
  }

  delete(QueueUrl: string, { ReceiptHandle }: ReceivedMessage): void {
    this.now('DeleteMessage', { QueueUrl, ReceiptHandle });
  }

  /** As a poller does with the messages of a batch that failed; done when it returns. */
  giveBack(QueueUrl: string, { MessageId, ReceiptHandle }: ReceivedMessage): void {
    void this.sqs.source.giveBack(arnOf(QueueUrl.slice(QueueUrl.lastIndexOf('/') + 1)), [{ messageId: MessageId, receiptHandle: ReceiptHandle }]);
  }

  attributes(QueueUrl: string): Record<string, string> {
    return this.now<{ Attributes: Record<string, string> }>('GetQueueAttributes', { QueueUrl, AttributeNames: ['All'] }).Attributes;
  }

  /** Visible, in flight, delayed. */
  counts(QueueUrl: string): [number, number, number] {
    const all = this.attributes(QueueUrl);
    return ['', 'NotVisible', 'Delayed'].map((kind) => Number(all[`ApproximateNumberOfMessages${kind}`])) as [number, number, number];
  }

  declare(...queues: [name: string, properties: Record<string, unknown>][]): void {
    this.sqs.setBaseline(queues.map(([name, properties]): ResourceDefinition => ({
      type: 'AWS::SQS::Queue', name, arn: arnOf(name), origin: { kind: 'sam', logicalId: name }, properties,
    })));
  }

  #open(): SqsService {
    const say = (message: string): void => { this.log.push(message); };
    const logger: Logger = { debug: say, info: say, warn: say, error: (message, error) => say(`${message} ${String(error)}`) };
    const sqs = new SqsService({
      clock: this.clock, documents: new SqliteDocumentStore(this.database), messages: new SqliteQueueMessages(this.database),
      account: () => ({ accountId: account, region: 'us-east-1' }), endpoint: () => endpoint, scale: () => this.clock.scale,
      logger, uuid: randomUUID, changed: () => { this.changes += 1; },
      executionOf: (traceHeader) => (traceHeader.includes('Parent=') ? 'execution-1' : undefined),
    });
    sqs.start();
    return sqs;
  }
}
