/** The engine's own routes, `/_local-lambda/…`: for scripts and CI. They want `Authorization: Bearer <token>`. */
import type { ExecutionHistory } from '../contracts/executions.ts';
import type { LambdaHost } from '../contracts/lambda-api.ts';
import type { EngineSettings } from '../contracts/settings.ts';
import type { WorkspaceReader } from '../contracts/workspace.ts';
import { dialects } from '../patterns/dialects.ts';
import { isDialect, testPattern } from '../patterns/test-pattern.ts';
import type { EngineInfo } from '../protocol/engine.ts';

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
  lambda: LambdaHost;
  history: ExecutionHistory;
  settings: () => EngineSettings;
  reader: WorkspaceReader;
}

export function ownRoutes({ info, lambda, history, reader }: OwnRouteParts): ReadonlyMap<string, (request: OwnRouteRequest) => OwnRouteResponse> {
  const started = Date.now();
  return new Map<string, (request: OwnRouteRequest) => OwnRouteResponse>([
    ['GET /_local-lambda/health', () => ({
      status: 200,
      body: { status: 'ok', version: info.version, pid: info.pid, uptimeSeconds: Math.floor((Date.now() - started) / 1000), ...lambda.status() },
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
      return { status: 200, body: { execution, content: history.content(id) } };
    }],
    ['POST /_local-lambda/patterns/test', ({ body }) => testPatternRoute(body)],
  ]);
}

/** `{"dialect","pattern","event"}`, pattern and event as texts, so that nothing of their spelling is lost. */
function testPatternRoute(body: Buffer): OwnRouteResponse {
  const { dialect, pattern, event } = parseObject(body);
  if (!isDialect(dialect)) return { status: 400, body: { message: `dialect is one of ${dialects.join(', ')}.` } };
  if (typeof pattern !== 'string' || typeof event !== 'string') return { status: 400, body: { message: 'pattern and event are the texts to match, as strings.' } };
  return { status: 200, body: testPattern(dialect, pattern, event) };
}

/** Empty for what is no JSON object. */
function parseObject(body: Buffer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body.toString());
    return typeof value === 'object' && value !== null ? value as Record<string, unknown> : {};
  } catch {
    return {};
  }
}
