/** A Lambda service on a scripted runner, with everything else in memory. */
import { DatabaseSync } from 'node:sqlite';
import type { Cancellation } from '../../../src/contracts/cancellation.ts';
import { defaultSettings } from '../../../src/contracts/default-settings.ts';
import type { EventSources } from '../../../src/contracts/event-sources.ts';
import { UserError } from '../../../src/contracts/faults.ts';
import type { DocumentStore } from '../../../src/contracts/documents.ts';
import type { EventQueue } from '../../../src/contracts/event-queue.ts';
import type { Execution, ExecutionHistory } from '../../../src/contracts/executions.ts';
import type { FunctionDefinition } from '../../../src/contracts/functions.ts';
import type { QueueMessage } from '../../../src/contracts/resources.ts';
import type { CodeStore, EnvironmentInfo, FunctionRunner, RunObserver, RunOutcome, RunRequest, RunResult } from '../../../src/contracts/runner.ts';
import type { EngineSettings } from '../../../src/contracts/settings.ts';
import { embeddedSources } from '../../../src/host/embedded-sources.ts';
import { PausingGate } from '../../../src/host/pausing-gate.ts';
import { LambdaService } from '../../../src/lambda/lambda-service.ts';
import { dynamodbEvents } from '../../../src/sources/dynamodb.ts';
import { kinesisEvents } from '../../../src/sources/kinesis.ts';
import { sqsEvents } from '../../../src/sources/sqs.ts';
import { eventQueueSchema, SqliteEventQueue } from '../../../src/store/event-queue.ts';
import { FakeClock } from '../../support/fake-clock.ts';

export const account = '123456789012';
export const arnOf = (name: string) => `arn:aws:lambda:us-east-1:${account}:function:${name}`;
export const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
export const parse = (bytes: Uint8Array) => JSON.parse(new TextDecoder().decode(bytes)) as unknown;

export function memoryDocuments(): DocumentStore {
  const collections = new Map<string, Map<string, string>>();
  return {
    collection: <T>(name: string) => {
      const map = collections.get(name) ?? new Map<string, string>();
      collections.set(name, map);
      return {
        get: (key) => (map.has(key) ? (JSON.parse(map.get(key) as string) as T) : undefined),
        put: (key, value) => { map.set(key, JSON.stringify(value)); },
        delete: (key) => map.delete(key),
        entries: (prefix = '') => [...map].filter(([key]) => key.startsWith(prefix)).sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([key, value]) => [key, JSON.parse(value) as T]),
      };
    },
    transaction: (work) => work(),
  };
}

export function memoryHistory(): ExecutionHistory {
  const executions = new Map<string, Execution>();
  const parts = new Map<string, { request?: string; response?: string; log: string }>();
  const part = (id: string) => {
    const found = parts.get(id) ?? { log: '' };
    parts.set(id, found);
    return found;
  };
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  let sequence = 0;
  return {
    nextSequence: () => { sequence += 1; return sequence; },
    save: (execution) => { executions.set(execution.id, execution); },
    saveRequest: (id, payload) => { part(id).request = text(payload); },
    saveResponse: (id, payload) => { part(id).response = text(payload); },
    appendLog: (id, more) => { part(id).log += more; },
    list: ({ status, causedBy, functionName, before = Number.MAX_SAFE_INTEGER }) => [...executions.values()].reverse().filter((execution) => (
      execution.sequence < before && (status ?? execution.status) === execution.status && (causedBy ?? execution.causedBy) === execution.causedBy
      && (functionName ?? execution.functionName) === execution.functionName)),
    get: (id) => executions.get(id),
    bySegment: (segment) => [...executions.values()].find(({ id }) => id.replaceAll('-', '').startsWith(segment)),
    content: (id) => {
      const { request = '', response, log } = part(id);
      return { request, ...(response === undefined ? {} : { response }), log, logTruncated: false };
    },
    count: () => executions.size,
    lastByFunction: () => new Map(),
    clear: () => executions.clear(),
    exportTo: () => Promise.reject(new Error('not part of these tests')),
    flush: () => {},
  };
}

export function memoryQueue(database = new DatabaseSync(':memory:')): EventQueue {
  database.exec(eventQueueSchema);
  return new SqliteEventQueue(database);
}

function targets(made: Harness) {
  let count = 0;
  const take = (port: Harness['delivered'][number]['port'], arn: string, what: object): string => {
    const refused = made.refusing.get(arn);
    if (refused) throw refused;
    made.delivered.push({ port, arn, what: { ...what } });
    return `${port}-${count += 1}`;
  };
  return {
    queues: { send: (arn: string, message: QueueMessage) => ({ messageId: take('queue', arn, message) }) },
    topics: { publish: (arn: string, message: object) => ({ messageId: take('topic', arn, message) }) },
    buses: { put: (arn: string, event: object) => ({ eventId: take('bus', arn, event) }) },
    buckets: { put: (arn: string, key: string, body: Uint8Array) => { take('bucket', arn, { key, body: Buffer.from(body).toString() }); } },
  };
}

export type Script = (request: RunRequest, observer: RunObserver, cancellation?: Cancellation) => RunOutcome | Promise<RunOutcome>;

export interface Harness {
  service: LambdaService;
  history: ExecutionHistory;
  settings: EngineSettings;
  requests: RunRequest[];
  changes: Execution[];
  /** What the runner does from now on. */
  script: Script;
  draw: number;
  time: number;
  clock: FakeClock;
  queue: EventQueue;
  gate: PausingGate;
  /** What reached queues, topics, buses and buckets, oldest first. */
  delivered: { port: 'queue' | 'topic' | 'bus' | 'bucket'; arn: string; what: Record<string, unknown> }[];
  /** What the service logged, with its level. */
  log: string[];
  /** Targets that refuse, by ARN. */
  refusing: Map<string, Error>;
}

export const environment: EnvironmentInfo = {
  environmentId: 'e1', logStreamName: '2026/11/23/[$LATEST]00', coldStart: false, pid: 1, binary: '/usr/bin/node', binaryVersion: '24.0.0',
};

let uuid = 0;

export function harness(settings: Partial<EngineSettings> = {}, documents = memoryDocuments(), kept: Partial<Pick<Harness, 'queue' | 'gate' | 'history' | 'clock' | 'delivered'> & { sources: EventSources }> = {}): Harness {
  let hex = 0;
  const clock = kept.clock ?? new FakeClock();
  const made: Harness = {
    clock, queue: kept.queue ?? memoryQueue(), gate: kept.gate ?? new PausingGate(false, () => clock.now()), delivered: kept.delivered ?? [], log: [], refusing: new Map(),
    get time() { return clock.time; },
    set time(time) { clock.time = time; },
    service: undefined as unknown as LambdaService, history: kept.history ?? memoryHistory(), settings: { ...defaultSettings, ...settings }, requests: [], changes: [],
    script: () => ({ kind: 'response', payload: json('ok') }), draw: 0,
  };
  const runner: FunctionRunner = {
    async run(request, observer, cancellation): Promise<RunResult> {
      made.requests.push(request);
      observer.onStart(environment);
      return { outcome: await made.script(request, observer, cancellation), durationMs: 3.005, maxMemoryUsedMb: 36, environment };
    },
    retire: () => {},
    processCount: 0,
    close: () => Promise.resolve(),
  };
  let code = 0;
  const codeStore: CodeStore = {
    unpack: (zip) => Promise.resolve({ folder: `/code/${code += 1}`, sha256: Buffer.from(zip).toString('base64'), size: zip.length, leftOut: [] }),
    freeze: (fn) => Promise.resolve({ folder: `/frozen/${code += 1}`, sha256: `sha ${fn.configuration.code.folder}`, size: 1, leftOut: [] }),
    describe: (fn) => Promise.resolve({ sha256: `sha ${fn.configuration.code.folder}`, size: 1 }),
    collect: () => Promise.resolve(),
  };
  made.service = new LambdaService({
    clock, runner, codeStore, history: made.history, documents, queue: made.queue, gate: made.gate,
    sources: kept.sources ?? embeddedSources({ queues: () => { throw new UserError('There are no queues in this test.'); } }),
    shapes: { sqs: sqsEvents, kinesis: kinesisEvents, dynamodb: dynamodbEvents }, targets: targets(made), deliveryHint: (name, arn) => (arn.includes('denied') ? `denied to ${name}` : undefined), settings: () => made.settings,
    ids: { uuid: () => `${String(uuid += 1).padStart(8, '0')}-0000-4000-8000-000000000000`, hex: (bytes) => String(hex += 1).padStart(bytes * 2, '0'), random: () => made.draw },
    logger: { debug() {}, info: (message) => { made.log.push(`info ${message}`); }, warn: (message) => { made.log.push(`warn ${message}`); }, error(message, error) { throw new Error(message, { cause: error }); } },
    events: { executionChanged: (execution) => made.changes.push(execution), logWritten: () => {}, functionsChanged: () => {}, mappingsChanged: () => {} },
  });
  return made;
}

export function definition(functionName: string, more: Partial<FunctionDefinition['configuration']> = {}, rest: Partial<FunctionDefinition> = {}): FunctionDefinition {
  return {
    origin: { kind: 'sam', folder: '/w' },
    configuration: {
      functionName, description: '', runtime: 'nodejs24.x', handler: 'index.handler', role: 'arn:aws:iam::123456789012:role/r', timeout: 3,
      memorySize: 128, environment: {}, layers: [], unresolvedLayers: [], architectures: ['x86_64'], ephemeralStorage: 512, packageType: 'Zip',
      tracing: 'PassThrough', loggingConfig: { logFormat: 'Text', logGroup: `/aws/lambda/${functionName}` }, code: { folder: '/w/src' }, ...more,
    },
    aliases: [], eventInvokeConfigs: [], eventSourceMappings: [], tags: {}, rest: {}, ...rest,
  };
}

export function invoke(made: Harness, functionName: string, more: object = {}) {
  return made.service.invoke({ functionName, invocationType: 'RequestResponse', logType: 'None', payload: json({}), source: 'endpoint', ...more });
}
