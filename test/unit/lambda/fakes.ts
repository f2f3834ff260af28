/** A Lambda service on a scripted runner, with everything else in memory. */
import type { Clock } from '../../../src/contracts/clock.ts';
import { defaultSettings } from '../../../src/contracts/default-settings.ts';
import type { DocumentStore } from '../../../src/contracts/documents.ts';
import type { Execution, ExecutionHistory } from '../../../src/contracts/executions.ts';
import type { FunctionDefinition } from '../../../src/contracts/functions.ts';
import type { CodeStore, EnvironmentInfo, FunctionRunner, RunObserver, RunOutcome, RunRequest, RunResult } from '../../../src/contracts/runner.ts';
import type { EngineSettings } from '../../../src/contracts/settings.ts';
import { LambdaService } from '../../../src/lambda/lambda-service.ts';

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
    list: () => [...executions.values()].reverse(),
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

export type Script = (request: RunRequest, observer: RunObserver, signal?: AbortSignal) => RunOutcome | Promise<RunOutcome>;

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
}

export const environment: EnvironmentInfo = {
  environmentId: 'e1', logStreamName: '2026/11/23/[$LATEST]00', coldStart: false, pid: 1, binary: '/usr/bin/node', binaryVersion: '24.0.0',
};

export function harness(settings: Partial<EngineSettings> = {}, documents = memoryDocuments()): Harness {
  let hex = 0;
  let uuid = 0;
  const made: Harness = {
    service: undefined as unknown as LambdaService, history: memoryHistory(), settings: { ...defaultSettings, ...settings }, requests: [], changes: [],
    script: () => ({ kind: 'response', payload: json('ok') }), draw: 0, time: Date.UTC(2026, 10, 23, 12),
  };
  const clock: Clock = { now: () => made.time, monotonic: () => made.time, after: () => () => {}, waitNow: () => made.time, afterWait: () => () => {} };
  const runner: FunctionRunner = {
    async run(request, observer, signal): Promise<RunResult> {
      made.requests.push(request);
      observer.onStart(environment);
      return { outcome: await made.script(request, observer, signal), durationMs: 3.005, maxMemoryUsedMb: 36, environment };
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
    clock, runner, codeStore, history: made.history, documents, settings: () => made.settings,
    ids: { uuid: () => `00000000-0000-4000-8000-${String(uuid += 1).padStart(12, '0')}`, hex: (bytes) => String(hex += 1).padStart(bytes * 2, '0'), random: () => made.draw },
    logger: { debug() {}, info() {}, warn() {}, error(message, error) { throw new Error(message, { cause: error }); } },
    events: { executionChanged: (execution) => made.changes.push(execution), logWritten: () => {}, functionsChanged: () => {} },
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
    aliases: [], eventInvokeConfigs: [], tags: {}, rest: {}, ...rest,
  };
}

export function invoke(made: Harness, functionName: string, more: object = {}) {
  return made.service.invoke({ functionName, invocationType: 'RequestResponse', logType: 'None', payload: json({}), source: 'endpoint', ...more });
}
