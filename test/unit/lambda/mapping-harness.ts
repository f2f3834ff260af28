/** A Lambda service whose event source mappings poll embedded queues, on a clock that moves by hand. */
import assert from 'node:assert/strict';
import type { DocumentStore } from '../../../src/contracts/documents.ts';
import type { EventSourceMappingSummary, MappingState } from '../../../src/contracts/event-source-mappings.ts';
import type { EventSources, QueueSource, SourcePlace, StreamSource } from '../../../src/contracts/event-sources.ts';
import type { FunctionDefinition } from '../../../src/contracts/functions.ts';
import type { RunOutcome, RunRequest } from '../../../src/contracts/runner.ts';
import { PausingGate } from '../../../src/host/pausing-gate.ts';
import { embeddedSources } from '../../../src/host/embedded-sources.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { Harness as Queues } from '../resources/sqs/harness.ts';
import { definition, harness, json, memoryDocuments, type Harness } from './fakes.ts';

export { definition, json } from './fakes.ts';
export { arnOf as queueArn, urlOf as queueUrl } from '../resources/sqs/harness.ts';

export interface SqsRecord {
  messageId: string;
  receiptHandle: string;
  body: string;
  attributes: Record<string, string>;
  messageAttributes: Record<string, unknown>;
  md5OfMessageAttributes?: string | null;
}

export type Answer = (event: { Records: SqsRecord[] } & Record<string, unknown>, request: RunRequest) => unknown;

/** Throw it from an answer to have the function fail. */
export class FunctionFailure extends Error {}

/** What outlives the service. */
export interface MappingStores {
  queues: Queues;
  documents: DocumentStore;
  streams?: StreamSource;
  /** Opens them again. @param killed What was not committed is gone. */
  restart(killed: boolean): void;
  close(): void;
}

function storesInMemory(clock: FakeClock, streams: StreamSource | undefined): MappingStores {
  const queues = new Queues({ clock });
  return { queues, documents: memoryDocuments(), ...(streams === undefined ? {} : { streams }), restart: () => queues.restart(), close: () => queues.close() };
}

export interface MappingsOptions {
  streams?: StreamSource;
  stores?: (clock: FakeClock) => MappingStores;
  paused?: boolean;
  scale?: number;
  place?: SourcePlace;
}

export class Mappings {
  readonly clock = new FakeClock();
  lambda: Harness;
  functions: FunctionDefinition[] = [definition('fn')];
  /** What the function answers from now on. */
  answer: Answer = () => null;
  readonly events: ({ Records: SqsRecord[] } & Record<string, unknown>)[] = [];
  #gate: PausingGate;
  readonly #stores: MappingStores;
  /** Where every source lives: embedded unless a test says otherwise. */
  place: SourcePlace | undefined;
  /** Makes receives fail while it is set. */
  queueTrouble: Error | undefined;
  receives = 0;
  /** Of the service that lives now. */
  #life = { over: false };

  constructor({ streams, stores, paused = false, scale = 1, place }: MappingsOptions = {}) {
    this.place = place;
    this.clock.scale = scale;
    this.#stores = stores?.(this.clock) ?? storesInMemory(this.clock, streams);
    this.#gate = new PausingGate(paused);
    this.lambda = this.#open();
  }

  get queues(): Queues {
    return this.#stores.queues;
  }

  get documents(): DocumentStore {
    return this.#stores.documents;
  }

  get gate(): PausingGate {
    return this.#gate;
  }

  start(functions = this.functions): this {
    this.functions = functions;
    this.lambda.service.setBaseline(functions);
    this.lambda.service.start();
    return this;
  }

  /** Ends the service as a killed process does, and starts another on what was stored. */
  async restart({ kill = true, paused = false } = {}): Promise<void> {
    const before = this.lambda;
    if (!kill) await before.service.close();
    this.#life.over = true;
    this.#life = { over: false };
    this.#gate = new PausingGate(paused);
    this.#stores.restart(kill);
    this.lambda = this.#open(before);
    this.start();
  }

  async call<T = Record<string, unknown>>(operation: Parameters<Harness['service']['call']>[0], input: object): Promise<T> {
    return (await this.lambda.service.call(operation, input as Record<string, unknown>)).body as T;
  }

  async create(input: object, settled = true): Promise<string> {
    const { UUID } = await this.call<{ UUID: string }>('CreateEventSourceMapping', { FunctionName: 'fn', ...input });
    if (settled) await this.clock.pass(0);
    return UUID;
  }

  async state(uuid: string): Promise<MappingState> {
    return (await this.call<{ State: MappingState }>('GetEventSourceMapping', { UUID: uuid })).State;
  }

  summary(uuid?: string): EventSourceMappingSummary {
    const summaries = this.lambda.service.mappings.summaries();
    return (uuid === undefined ? summaries[0] : summaries.find((each) => each.uuid === uuid)) ?? assert.fail('no such mapping');
  }

  bodies(): string[][] {
    return this.events.map(({ Records }) => Records.map(({ body }) => body));
  }

  async close(): Promise<void> {
    await this.lambda.service.close();
    this.#stores.close();
  }

  #troubled(source: QueueSource): QueueSource {
    return {
      describe: (arn) => (this.queueTrouble ? Promise.reject(this.queueTrouble) : source.describe(arn)),
      receive: (arn, options) => {
        this.receives += 1;
        return this.queueTrouble ? Promise.reject(this.queueTrouble) : source.receive(arn, options);
      },
      delete: (arn, messages) => source.delete(arn, messages),
      giveBack: (arn, messages) => source.giveBack(arn, messages),
      backlog: (arn) => source.backlog?.(arn),
      find: (arn, id) => source.find?.(arn, id),
    };
  }

  #open(before?: Harness): Harness {
    const life = this.#life;
    const queues = severable(this.#troubled(this.queues.sqs.source), life);
    const streams = this.#stores.streams && severable(this.#stores.streams, life);
    const sources: EventSources = {
      ...embeddedSources({ queues: () => queues, ...(streams === undefined ? {} : { kinesis: () => streams, dynamodb: () => streams }) }), place: () => this.place,
    };
    const made = harness({}, this.documents, {
      clock: mortal(this.clock, life), gate: this.#gate, sources, ...(before === undefined ? {} : { queue: before.queue, history: before.history, delivered: before.delivered }),
    });
    made.script = async (request): Promise<RunOutcome> => {
      if (life.over) await new Promise(() => {});
      const event = JSON.parse(Buffer.from(request.payload).toString()) as { Records: SqsRecord[] };
      this.events.push(event);
      try {
        const answer = await this.answer(event, request);
        if (life.over) await new Promise(() => {});
        return { kind: 'response', payload: answer instanceof Uint8Array ? answer : json(answer ?? null) };
      } catch (error) {
        if (!(error instanceof FunctionFailure)) throw error;
        return { kind: 'function-error', errorType: 'Error', payload: json({ errorType: 'Error', errorMessage: error.message }) };
      }
    };
    return made;
  }
}

/** A clock whose timers come to nothing once its engine is dead. */
function mortal(clock: FakeClock, life: { over: boolean }): FakeClock {
  return new Proxy(clock, {
    get: (target, name) => {
      const value = Reflect.get(target, name, target) as unknown;
      if (typeof value !== 'function') return value;
      return (...parameters: unknown[]): unknown => (value as (...all: unknown[]) => unknown).apply(target, parameters.map((each) => (typeof each === 'function'
        ? (): void => { if (!life.over) (each as () => void)(); } : each)));
    },
  });
}

/** A source that answers no more once its engine is dead. */
function severable<T extends object>(source: T, life: { over: boolean }): T {
  return new Proxy(source, {
    get: (target, name) => {
      const value = Reflect.get(target, name) as unknown;
      if (typeof value !== 'function') return value;
      return (...parameters: unknown[]): unknown => (life.over ? new Promise(() => {}) : (value as (...all: unknown[]) => unknown).apply(target, parameters));
    },
  });
}
