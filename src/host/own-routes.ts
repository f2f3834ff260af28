/** The engine's own routes, `/_local-lambda/…`: for scripts and CI. They want `Authorization: Bearer <token>`. */
import type { WaitTime } from '../contracts/clock.ts';
import type { ExecutionHistory } from '../contracts/executions.ts';
import { UserError } from '../contracts/faults.ts';
import type { EventAction, FaultSettings, LambdaHost } from '../contracts/lambda-api.ts';
import type { TableStreamPort } from '../contracts/resources.ts';
import type { ResumeGate } from '../contracts/resume-gate.ts';
import type { EngineSettings } from '../contracts/settings.ts';
import type { WorkspaceReader } from '../contracts/workspace.ts';
import { dialects } from '../patterns/dialects.ts';
import { isDialect, testPattern } from '../patterns/test-pattern.ts';
import type { EngineInfo } from '../protocol/engine.ts';
import { changeClock } from './client-handlers.ts';

/** What the endpoint hands to a route: already authorised. */
export interface OwnRouteRequest {
  query: URLSearchParams;
  body: Buffer;
}

export interface OwnRouteResponse {
  status: number;
  body: unknown;
}

export interface OwnRouteParts {
  info: EngineInfo;
  clock: WaitTime;
  gate: ResumeGate;
  lambda: LambdaHost;
  history: ExecutionHistory;
  settings: () => EngineSettings;
  reader: WorkspaceReader;
  tableStreams: TableStreamPort;
}

type OwnRoute = (request: OwnRouteRequest) => OwnRouteResponse | Promise<OwnRouteResponse>;

export function ownRoutes({ info, clock, gate, lambda, history, reader, tableStreams }: OwnRouteParts): ReadonlyMap<string, OwnRoute> {
  const started = Date.now();
  return new Map<string, OwnRoute>([
    ['GET /_local-lambda/health', () => ({
      status: 200,
      body: { status: 'ok', version: info.version, pid: info.pid, uptimeSeconds: Math.floor((Date.now() - started) / 1000), ...lambda.status(), paused: gate.paused },
    })],
    ['GET /_local-lambda/functions', () => ({ status: 200, body: { functions: lambda.listSummaries(), diagnostics: reader.model.diagnostics } })],
    ['GET /_local-lambda/executions', ({ query }) => {
      const limit = Number(query.get('limit') ?? 100);
      const functionName = query.get('function');
      if (!Number.isInteger(limit) || limit < 1 || limit > 1000) return { status: 400, body: { message: 'limit is a whole number from 1 to 1000.' } };
      return { status: 200, body: { executions: history.list({ limit, ...(functionName === null ? {} : { functionName }) }) } };
    }],
    ['GET /_local-lambda/execution', ({ query }) => {
      const id = query.get('id') ?? '';
      const execution = history.get(id);
      if (!execution) return { status: 404, body: { message: `There is no execution ${id} in the history.` } };
      return { status: 200, body: { execution, content: lambda.content(id) } };
    }],
    ['GET /_local-lambda/record', ({ query }) => {
      const record = lambda.invocationRecord(query.get('id') ?? '');
      if (record === undefined) return { status: 404, body: { message: `There is no record of ${query.get('id') ?? ''}: it is not finished or not in the history.` } };
      return { status: 200, body: JSON.parse(record) as unknown };
    }],
    ['POST /_local-lambda/event', ({ body }) => {
      const { id, action } = object(body);
      if (typeof id !== 'string' || !eventActions.includes(action as EventAction)) throw new UserError(`The body is {"id": …, "action": …} with an action of ${eventActions.join(', ')}.`);
      return { status: 200, body: { done: lambda.actOnEvent(id, action as EventAction) } };
    }],
    ['POST /_local-lambda/faults', ({ body }) => {
      const { functionName, faults } = object(body);
      if (typeof functionName !== 'string') throw new UserError('The body is {"functionName": …, "faults": {"throttle", "fail", "delay", "delayMs", "duplicate"}}; without faults the injection ends.');
      lambda.setFaults(functionName, (faults ?? undefined) as FaultSettings | undefined);
      return { status: 200, body: {} };
    }],
    ['GET /_local-lambda/mappings', () => ({ status: 200, body: { mappings: lambda.mappings.summaries() } })],
    ['POST /_local-lambda/mapping', ({ body }) => mappingRoute(lambda, body)],
    ['GET /_local-lambda/why', ({ query }) => {
      const id = query.get('id');
      if (!id) return { status: 400, body: { message: 'id is a message id or sequence number; source is the ARN of its queue or stream.' } };
      return { status: 200, body: { fates: lambda.mappings.why(id, query.get('source') ?? undefined) } };
    }],
    ['GET /_local-lambda/clock', () => ({ status: 200, body: clock.state() })],
    ['POST /_local-lambda/clock', ({ body }) => {
      const { scale, advanceSeconds } = object(body);
      if (scale === undefined && advanceSeconds === undefined) throw new UserError('The body is {"scale": …}, {"advanceSeconds": …} or both.');
      return { status: 200, body: changeClock(clock, { ...numeric('scale', scale), ...numeric('advanceSeconds', advanceSeconds) }) };
    }],
    ['POST /_local-lambda/table-change', ({ body }) => {
      const { streamArn, ...change } = object(body);
      if (typeof streamArn !== 'string') throw new UserError('The body is {"streamArn": …, "oldImage": …, "newImage": …, "expired": …}, images in DynamoDB JSON; streamArn is of the stream, as DescribeStream shows it.');
      return { status: 200, body: tableStreams.record(streamArn, change) ?? {} };
    }],
    ['POST /_local-lambda/patterns/test', ({ body }) => testPatternRoute(body)],
  ]);
}

/** `{"uuid","action"}`: what a person may do to an event source mapping beside the Lambda API. */
async function mappingRoute({ mappings }: LambdaHost, body: Buffer): Promise<OwnRouteResponse> {
  const { uuid, action, at } = object(body);
  const actions: Record<string, (id: string) => unknown> = {
    'poll-once': (id) => mappings.pollOnce(id),
    pause: (id) => mappings.pause(id),
    resume: (id) => mappings.resume(id),
    reset: (id) => mappings.reset(id),
    'trim-horizon': (id) => mappings.resetPosition(id, { kind: 'TRIM_HORIZON' }),
    latest: (id) => mappings.resetPosition(id, { kind: 'LATEST' }),
    'at-timestamp': (id) => mappings.resetPosition(id, { kind: 'AT_TIMESTAMP', at: moment(at) }),
  };
  const work = typeof action === 'string' && Object.hasOwn(actions, action) ? actions[action] : undefined;
  if (typeof uuid !== 'string' || !work) throw new UserError(`The body is {"uuid": …, "action": …} with an action of ${Object.keys(actions).join(', ')}.`);
  return { status: 200, body: { result: await work(uuid) ?? null } };
}

function moment(at: unknown): number {
  if (typeof at !== 'number') throw new UserError('at-timestamp wants "at" beside it: epoch milliseconds, a number.');
  return at;
}

/** `{"dialect","pattern","event"}`, pattern and event as texts, so that nothing of their spelling is lost. */
function testPatternRoute(body: Buffer): OwnRouteResponse {
  const { dialect, pattern, event } = object(body);
  if (!isDialect(dialect)) return { status: 400, body: { message: `dialect is one of ${dialects.join(', ')}.` } };
  if (typeof pattern !== 'string' || typeof event !== 'string') return { status: 400, body: { message: 'pattern and event are the texts to match, as strings.' } };
  return { status: 200, body: testPattern(dialect, pattern, event) };
}

const eventActions: readonly EventAction[] = ['try-now', 'expire-now', 'cancel', 'deliver-twice'];

function object(body: Buffer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw new UserError('The body must be a JSON object.');
}

function numeric<K extends string>(name: K, value: unknown): Partial<Record<K, number>> {
  if (value === undefined) return {};
  if (typeof value !== 'number') throw new UserError(`${name} is a number.`);
  return { [name]: value } as Record<K, number>;
}
