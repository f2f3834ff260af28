/**
 * The Lambda Runtime API over HTTP on loopback (lambda-facts §6.1), for `bootstrap` programs and official runtime
 * interface clients. Each environment has a port of its own, because clients send nothing else that tells them apart.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import type { Logger } from '../contracts/logger.ts';
import { responseLimitBytes, type Delivery, type Transport, type TransportListener } from './transport.ts';

const prefix = '/2018-06-01/runtime/';
/** What a process posted before it ended has arrived by then, milliseconds. */
const lastWords = 50;
/** Error bodies are small; a larger one is refused like a response. */
const errorLimitBytes = responseLimitBytes;

interface Pending extends Delivery {
  invocationId: string;
}

export async function openRuntimeApi(listener: TransportListener, logger: Logger): Promise<Transport> {
  let queued: Pending | undefined;
  let current: Pending | undefined;
  let poll: ServerResponse | undefined;
  let ready = false;

  const hand = (response: ServerResponse, pending: Pending): void => {
    queued = undefined;
    current = pending;
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-length': pending.payload.length,
      'lambda-runtime-aws-request-id': pending.requestId,
      'lambda-runtime-deadline-ms': String(pending.deadline),
      'lambda-runtime-invoked-function-arn': pending.invokedFunctionArn,
      'lambda-runtime-trace-id': pending.traceId,
      'lambda-runtime-invocation-id': pending.invocationId,
      ...(pending.clientContext === undefined ? {} : { 'lambda-runtime-client-context': headerSafe(pending.clientContext) }),
    });
    response.end(pending.payload);
  };

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = (request.url ?? '').split('?', 1)[0] ?? '';
    if (!path.startsWith(prefix)) return refuse(response, 404, 'InvalidRequest', `There is no ${path} in the Runtime API.`);
    const route = path.slice(prefix.length);

    if (route === 'invocation/next' && request.method === 'GET') {
      if (!ready) {
        ready = true;
        listener.onReady();
      }
      poll = response;
      response.once('close', () => { if (poll === response) poll = undefined; });
      if (queued) {
        poll = undefined;
        hand(response, queued);
      }
      return;
    }
    if (route === 'restore/next' && request.method === 'GET') {
      // Nothing is ever restored from a snapshot here, so a client that asks goes straight on.
      response.writeHead(200, { 'content-length': 0 }).end();
      return;
    }
    if (request.method !== 'POST') return refuse(response, 403, 'InvalidStateTransition', `${request.method} is not allowed for ${path}.`);

    if (route === 'init/error' || route === 'restore/error') {
      const body = await read(request, errorLimitBytes);
      if (body.tooLarge !== undefined) return refuse(response, 413, 'RequestEntityTooLarge', 'The error body is too large.');
      if (ready && route === 'init/error') return refuse(response, 403, 'InvalidStateTransition', 'Init is over: post the error to its invocation.');
      listener.onInitError(errorTypeOf(request, body.bytes), body.bytes);
      return accepted(response);
    }

    const match = /^invocation\/([^/]+)\/(response|error)$/.exec(route);
    if (!match) return refuse(response, 404, 'InvalidRequest', `There is no ${path} in the Runtime API.`);
    const id = decodeURIComponent(match[1] as string);
    const invocation = current;
    if (!invocation || invocation.requestId !== id) {
      request.resume();
      return refuse(response, 400, 'InvalidRequestID', 'Invalid request ID');
    }
    const echoed = request.headers['lambda-runtime-invocation-id'];
    if (echoed !== undefined && echoed !== invocation.invocationId) {
      request.resume();
      return refuse(response, 400, 'InvalidInvocationId', 'Invalid invocation ID');
    }
    const body = await read(request, responseLimitBytes);
    // A second answer that raced this one has been dealt with while the body arrived.
    if (current !== invocation) return refuse(response, 400, 'InvalidRequestID', 'Invalid request ID');
    current = undefined;
    if (body.tooLarge !== undefined) {
      refuse(response, 413, 'RequestEntityTooLarge', `Exceeded maximum allowed payload size (${responseLimitBytes} bytes).`);
      listener.onResponseTooLarge(id, body.tooLarge);
      return;
    }
    accepted(response);
    const streamedError = request.trailers['lambda-runtime-function-error-type'];
    if (match[2] === 'error') listener.onError(id, errorTypeOf(request, body.bytes), body.bytes);
    else if (typeof streamedError === 'string') {
      const encoded = request.trailers['lambda-runtime-function-error-body'];
      listener.onError(id, streamedError, Buffer.from(typeof encoded === 'string' ? encoded : '', 'base64'));
    } else listener.onResponse(id, body.bytes);
  };

  const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0 }, (request, response) => {
    handle(request, response).catch((error: unknown) => {
      logger.debug(`Runtime API: ${String(error)}`);
      response.destroy();
    });
  });
  const port = await listen(server);

  return {
    environment: { AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${port}` },
    deliver(delivery) {
      queued = { ...delivery, invocationId: randomUUID() };
      if (poll) {
        const response = poll;
        poll = undefined;
        hand(response, queued);
      }
    },
    drained: () => setTimeout(lastWords),
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  server.unref();
  return (server.address() as AddressInfo).port;
}

async function read(request: IncomingMessage, limit: number): Promise<{ bytes: Buffer; tooLarge?: number }> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    // The rest is read and dropped, so that the client hears the answer instead of a broken connection.
    if (bytes <= limit) chunks.push(chunk);
  }
  return bytes > limit ? { bytes: Buffer.alloc(0), tooLarge: bytes } : { bytes: Buffer.concat(chunks) };
}

function errorTypeOf(request: IncomingMessage, body: Buffer): string {
  const header = request.headers['lambda-runtime-function-error-type'];
  if (typeof header === 'string' && header !== '') return header;
  try {
    const { errorType } = JSON.parse(body.toString()) as { errorType?: unknown };
    if (typeof errorType === 'string') return errorType;
  } catch {
    // AWS does not require a body.
  }
  return 'Runtime.Unknown';
}

/** HTTP headers hold Latin-1 only: characters beyond ASCII become JSON escapes, which mean the same. */
function headerSafe(json: string): string {
  return json.replace(/[\u0080-\uffff]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`).replace(/[\r\n]/g, ' ');
}

function accepted(response: ServerResponse): void {
  json(response, 202, { status: 'OK' });
}

function refuse(response: ServerResponse, status: number, errorType: string, errorMessage: string): void {
  json(response, status, { errorMessage, errorType });
}

function json(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.end(text);
}
