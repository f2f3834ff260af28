/** Buses on a real store in memory, with queues, topics, functions and time that a test commands. */
import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { AwsFault } from '../../../../src/contracts/faults.ts';
import type { BusSummary } from '../../../../src/contracts/resource-views.ts';
import type { CallContext, QueueMessage, ResourceDefinition, ServiceInput } from '../../../../src/contracts/resources.ts';
import { PausingGate } from '../../../../src/host/pausing-gate.ts';
import { EventBridgeService } from '../../../../src/resources/eventbridge/eventbridge-service.ts';
import { busStoreSchema, SqliteBusStore } from '../../../../src/store/bus-store.ts';
import { documentsSchema, SqliteDocumentStore } from '../../../../src/store/document-store.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

export const account = '123456789012';
export const region = 'us-east-1';
export const busArn = (name: string) => `arn:aws:events:${region}:${account}:event-bus/${name}`;
export const ruleArn = (path: string) => `arn:aws:events:${region}:${account}:rule/${path}`;
export const queueArn = (name: string) => `arn:aws:sqs:${region}:${account}:${name}`;
export const topicArn = (name: string) => `arn:aws:sns:${region}:${account}:${name}`;
export const functionArn = (name: string) => `arn:aws:lambda:${region}:${account}:function:${name}`;
/** Any role: nothing here assumes it. */
export const role = `arn:aws:iam::${account}:role/events`;

export interface Invocation {
  functionArn: string;
  payload: string;
  source: string;
  traceHeader?: string;
}

export class Fixture {
  readonly database: DatabaseSync;
  readonly clock: FakeClock;
  readonly gate = new PausingGate(false);
  readonly queues = new Map<string, QueueMessage[]>();
  readonly topics = new Map<string, { message: string; subject?: string; traceHeader?: string }[]>();
  readonly functions = new Set<string>();
  readonly invocations: Invocation[] = [];
  readonly log: string[] = [];
  changes = 0;
  /** When set, whatever is sent to a queue fails like this. */
  queueError: Error | undefined;
  service: EventBridgeService;
  #numbers = 0;

  constructor({ database = new DatabaseSync(':memory:'), clock = new FakeClock(Date.UTC(2026, 10, 24, 12, 0, 0), 60) }: { database?: DatabaseSync; clock?: FakeClock } = {}) {
    this.database = database;
    this.clock = clock;
    if (!database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'documents'").get()) database.exec(`${documentsSchema}; ${busStoreSchema}`);
    this.service = this.restart();
  }

  /** The service as the next run of the engine makes it. */
  restart(): EventBridgeService {
    this.service?.close();
    const note = (level: string) => (message: string) => { this.log.push(`${level}: ${message}`); };
    this.service = new EventBridgeService({
      documents: new SqliteDocumentStore(this.database), store: new SqliteBusStore(this.database), clock: this.clock, gate: this.gate,
      queues: { send: (arn, message) => this.#send(arn, message) },
      topics: { publish: (arn, message) => {
        const topic = this.topics.get(arn);
        if (!topic) throw new AwsFault('NotFound', 404, 'Topic does not exist');
        topic.push(message);
        return { messageId: this.#uuid() };
      } },
      functions: { invokeAsync: (arn, payload, { source, traceHeader }) => {
        if (!this.functions.has(arn)) throw new AwsFault('ResourceNotFoundException', 404, `Function not found: ${arn}`);
        this.invocations.push({ functionArn: arn, payload: Buffer.from(payload).toString(), source, ...(traceHeader === undefined ? {} : { traceHeader }) });
        return { requestId: this.#uuid() };
      } },
      logger: { debug: note('debug'), info: note('info'), warn: note('warn'), error: (message, error) => { throw new Error(message, { cause: error }); } },
      uuid: () => this.#uuid(), account: () => ({ accountId: account, region }), changed: () => { this.changes += 1; },
    });
    this.service.start();
    return this.service;
  }

  close(): void {
    this.service.close();
    this.database.close();
  }

  call<R = Record<string, unknown>>(operation: string, input: ServiceInput = {}, context: Partial<CallContext> = {}): R {
    return this.service.call(operation, input, { requestId: 'r', endpoint: 'http://127.0.0.1:4000', ...context }) as R;
  }

  /** The error's code and message. */
  refusal(operation: string, input: ServiceInput = {}): string {
    try {
      this.call(operation, input);
    } catch (error) {
      if (error instanceof AwsFault) return `${error.name}: ${error.message}`;
      throw error;
    }
    throw new Error(`${operation} was not refused`);
  }

  bus(Name = 'orders'): string {
    this.call('CreateEventBus', { Name });
    return Name;
  }

  /** A rule that matches events of the source `shop`. */
  rule(Name: string, more: ServiceInput = {}): string {
    return this.call<{ RuleArn: string }>('PutRule', { Name, EventPattern: '{"source":["shop"]}', ...more }).RuleArn;
  }

  target(Rule: string, target: ServiceInput, more: ServiceInput = {}): void {
    this.call('PutTargets', { Rule, Targets: [{ Id: 'one', ...target }], ...more });
  }

  put(entry: ServiceInput = {}, context: Partial<CallContext> = {}): { EventId?: string; ErrorCode?: string; ErrorMessage?: string } {
    const { Entries } = this.call<{ Entries: { EventId?: string }[] }>('PutEvents', { Entries: [{ Source: 'shop', DetailType: 'Order Placed', Detail: '{"id":1}', ...entry }] }, context);
    return Entries[0] ?? {};
  }

  queue(name: string): string {
    this.queues.set(queueArn(name), []);
    return queueArn(name);
  }

  topic(name: string): string {
    this.topics.set(topicArn(name), []);
    return topicArn(name);
  }

  fn(name: string): string {
    this.functions.add(functionArn(name));
    return functionArn(name);
  }

  /** Messages of a queue, taken out of it. */
  messages(name: string): QueueMessage[] {
    return this.queues.get(queueArn(name))?.splice(0) ?? [];
  }

  bodies(name: string): string[] {
    return this.messages(name).map(({ body }) => body);
  }

  summary(name = 'default'): BusSummary {
    const found = this.service.summaries().find((bus) => bus.name === name);
    assert.ok(found, `there is no bus ${name}`);
    return found;
  }

  #send(arn: string, message: QueueMessage): { messageId: string } {
    if (this.queueError) throw this.queueError;
    const queue = this.queues.get(arn);
    if (!queue) throw new AwsFault('QueueDoesNotExist', 400, 'The specified queue does not exist.');
    queue.push(message);
    return { messageId: this.#uuid() };
  }

  #uuid(): string {
    this.#numbers += 1;
    return `00000000-0000-4000-8000-${String(this.#numbers).padStart(12, '0')}`;
  }
}

export function busDefinition(name: string, properties: Record<string, unknown> = {}): ResourceDefinition {
  return { type: 'AWS::Events::EventBus', name, arn: busArn(name), origin: { kind: 'sam', logicalId: name }, properties: { Name: name, ...properties } };
}

export function ruleDefinition(name: string, properties: Record<string, unknown> = {}): ResourceDefinition {
  return { type: 'AWS::Events::Rule', name, arn: ruleArn(name), origin: { kind: 'sam', logicalId: name }, properties };
}
