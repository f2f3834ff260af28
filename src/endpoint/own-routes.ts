/** The engine's own routes, `/_local-lambda/…`: bearer token in, JSON out. */
import { hash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { AwsFault, UserError } from '../contracts/faults.ts';
import type { Answer, RequestHead } from './service-protocol.ts';

/** A request that carried the token. */
export interface OwnRequest {
  method: string;
  /** Without query. */
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  /** At most 1 MB. */
  body: Buffer;
}

export interface OwnResponse {
  /** HTTP status. */
  status: number;
  /** JSON-serialisable; absent for an empty answer. */
  body?: unknown;
}

/** By method and path: `GET /_local-lambda/health`. */
export type OwnRoutes = ReadonlyMap<string, (request: OwnRequest) => Promise<OwnResponse> | OwnResponse>;

export const ownPrefix = '/_local-lambda';
export const ownBodyLimit = 1_048_576;

export function isOwnPath(path: string): boolean {
  return path.startsWith(ownPrefix) && (path.length === ownPrefix.length || path[ownPrefix.length] === '/');
}

/** Answers without reading the body when the token or the route is wrong; undefined when the route may be asked. */
export function refuseOwn(head: RequestHead, routes: OwnRoutes, token: string): Answer | undefined {
  if (!carriesToken(head.headers.authorization, token)) {
    const answer = json(401, { message: `Routes below ${ownPrefix} want the header 'Authorization: Bearer <token>'; the token is what 'local-lambda start' prints.` });
    answer.headers.push('WWW-Authenticate', 'Bearer');
    return answer;
  }
  if (!routes.has(`${head.method} ${head.path}`)) return json(404, { message: `There is no ${head.method} ${head.path}.` });
  return undefined;
}

/** @throws whatever the route throws, but for UserError, which becomes status 400, and AwsFault, which has its own. */
export async function answerOwn(head: RequestHead, routes: OwnRoutes, body: Buffer): Promise<Answer> {
  const route = routes.get(`${head.method} ${head.path}`);
  if (route === undefined) return json(404, { message: `There is no ${head.method} ${head.path}.` });
  try {
    const { status, body: answer } = await route({
      method: head.method, path: head.path, query: new URLSearchParams(head.query), headers: head.headers, body,
    });
    return answer === undefined ? { status, headers: [] } : json(status, answer);
  } catch (error) {
    if (error instanceof UserError) return json(400, { message: error.message });
    if (error instanceof AwsFault) return json(error.status, { message: `${error.name}: ${error.message}` });
    throw error;
  }
}

export function json(status: number, body: unknown): Answer {
  return { status, headers: ['Content-Type', 'application/json'], body: JSON.stringify(body) };
}

/** Compares hashes, so that neither the length nor the place of a difference shows in the time taken. */
function carriesToken(authorization: string | undefined, token: string): boolean {
  if (token === '' || authorization === undefined || !/^Bearer /i.test(authorization)) return false;
  return timingSafeEqual(hash('sha256', authorization.slice(7).trim(), 'buffer'), hash('sha256', token, 'buffer'));
}
