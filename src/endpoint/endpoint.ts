/** The AWS-compatible HTTP endpoint on loopback: who may ask, whose request it is, and one answer for each. */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { AwsFault, UserError } from '../contracts/faults.ts';
import type { LambdaApi } from '../contracts/lambda-api.ts';
import type { Logger } from '../contracts/logger.ts';
import { refusal } from './caller-checks.ts';
import { Http2Sessions, sortConnection } from './http2-sessions.ts';
import { LambdaRestJson } from './lambda-rest-json.ts';
import { answerOwn, isOwnPath, json, ownBodyLimit, refuseOwn, type OwnRoutes } from './own-routes.ts';
import { serviceOf, serviceOfForm } from './protocols.ts';
import { BodyAborted, BodyTooLarge, framedLimit, isFramed, isWrapped, readBody, unwrapBody } from './request-body.ts';
import type { Answer, RequestHead, ServiceCall, ServiceProtocol } from './service-protocol.ts';
import { SignatureCheck, type Credentials } from './signature-check.ts';
import type { SignatureClaim } from './signature-claim.ts';

export interface EndpointOptions {
  lambda: LambdaApi;
  credentials: Credentials;
  /** Bearer token of `/_local-lambda/…`. */
  token: string;
  /** False lets unsigned and wrongly signed requests in; every other check stays. */
  requireSignatures: () => boolean;
  region: () => string;
  /** 12 digits. Lambda takes the account from its own settings; the services that hold resources will want it here. */
  accountId: () => string;
  logger: Logger;
  ownRoutes: OwnRoutes;
  /** Services beside Lambda, in the order in which they are asked whose an unsigned request is. */
  services?: readonly ServiceProtocol[];
  /** Epoch milliseconds; the system's clock unless a test brings its own. */
  now?: () => number;
  limits?: Partial<EndpointLimits>;
}

export interface EndpointLimits {
  /** Request line and headers in bytes; AWS's own limit is 1 MB (lambda-facts §1.2). */
  headerBytes: number;
  connections: number;
  /** Milliseconds until a request's headers must be complete. */
  headersTimeout: number;
  /** Milliseconds until the whole request must have arrived. Running functions are not counted. */
  requestTimeout: number;
  /** Milliseconds that running requests are given when the endpoint closes. */
  closeGrace: number;
}

const defaultLimits: EndpointLimits = { headerBytes: 1_048_576, connections: 2048, headersTimeout: 20_000, requestTimeout: 60_000, closeGrace: 2_000 };
type Incoming = IncomingMessage | Http2ServerRequest;
type Outgoing = ServerResponse | Http2ServerResponse;

/** Longer than SDKs keep an idle socket, so that it is they who close it and no request meets a closing one. */
const keepAliveTimeout = 65_000;

export class Endpoint {
  readonly #options: EndpointOptions;
  readonly #limits: EndpointLimits;
  readonly #lambda: ServiceProtocol;
  readonly #services: ReadonlyMap<string, ServiceProtocol>;
  readonly #signatures: SignatureCheck;
  /** Sockets that have not sent a request yet; Node does not count them as idle. */
  readonly #fresh = new Set<Socket>();
  /** Answers whose client waits for leave to send a body. Without it the body may never come, so the socket must close. */
  readonly #waiting = new WeakSet<Outgoing>();
  readonly #http2: Http2Sessions;
  #server: Server | undefined;
  #closing = false;

  constructor(options: EndpointOptions) {
    this.#options = options;
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#lambda = new LambdaRestJson(options.lambda);
    this.#services = new Map([this.#lambda, ...(options.services ?? [])].map((service) => [service.signingName, service]));
    this.#signatures = new SignatureCheck({ credentials: options.credentials, region: options.region, now: options.now ?? Date.now });
    this.#http2 = new Http2Sessions({ ...this.#limits, keepAliveTimeout }, (...exchange) => this.#accept(...exchange));
  }

  /**
   * Listens on 127.0.0.1 and resolves with the port.
   *
   * @param port 0 lets the system choose.
   * @throws UserError when the port is taken or not allowed. It may be called again then.
   */
  async listen(port: number): Promise<number> {
    const server = this.#createServer();
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen({ host: '127.0.0.1', port, exclusive: true }, resolve);
      });
    } catch (error) {
      throw listenError(error as NodeJS.ErrnoException, port);
    }
    server.on('error', (error) => this.#options.logger.error('The endpoint has a problem.', error));
    this.#server = server;
    this.#closing = false;
    return (server.address() as AddressInfo).port;
  }

  /** Stops listening. Idle sockets are dropped at once, running requests are given a moment to be answered. */
  async close(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    this.#closing = true;
    const closed = new Promise<void>((resolve) => { server.close(() => resolve()); });
    server.closeIdleConnections();
    for (const socket of this.#fresh) socket.destroy();
    this.#http2.close();
    const timer = setTimeout(() => {
      server.closeAllConnections();
      this.#http2.destroy();
    }, this.#limits.closeGrace);
    await closed;
    clearTimeout(timer);
  }

  #createServer(): Server {
    const { headerBytes, connections, headersTimeout, requestTimeout } = this.#limits;
    const server = createServer({
      maxHeaderSize: headerBytes, headersTimeout, requestTimeout, keepAliveTimeout,
      connectionsCheckingInterval: Math.min(5_000, headersTimeout, requestTimeout),
    });
    server.maxConnections = connections;
    // Bounded in bytes above. A bound on their number would drop headers silently, an Origin among them.
    server.maxHeadersCount = 0;
    const [http1] = server.listeners('connection') as ((socket: Socket) => void)[];
    server.removeAllListeners('connection');
    server.on('connection', (socket) => {
      this.#fresh.add(socket);
      socket.once('close', () => this.#fresh.delete(socket));
      sortConnection(socket, headersTimeout, (taken) => http1?.call(server, taken), (taken) => {
        this.#fresh.delete(taken);
        this.#http2.accept(taken);
      });
    });
    server.on('request', (request, response) => this.#accept(request, response, false));
    server.on('checkContinue', (request, response) => this.#accept(request, response, true));
    server.on('clientError', (error: NodeJS.ErrnoException, socket) => refuseBroken(error, socket as Socket));
    server.once('drop', () => this.#options.logger.warn(`More than ${connections} connections to the endpoint at once: further ones are dropped.`));
    return server;
  }

  #accept(request: Incoming, response: Outgoing, expectsContinue: boolean): void {
    if (!isHttp2(request)) this.#fresh.delete(request.socket);
    const url = request.url as string;
    const mark = url.indexOf('?');
    const head: RequestHead = {
      method: request.method as string,
      path: mark === -1 ? url : url.slice(0, mark),
      query: mark === -1 ? '' : url.slice(mark + 1),
      headers: isHttp2(request) ? withHost(request.headers) : request.headers,
    };
    if (expectsContinue) this.#waiting.add(response);
    const refused = refusal(head.headers);
    if (isHttp2(request) && sizeOf(request.rawHeaders) > this.#limits.headerBytes) this.#send(response, json(431, { message: headersTooLarge }));
    else if (refused !== undefined) this.#send(response, refusalAnswer(403, 'AccessDeniedException', refused));
    else if (!url.startsWith('/')) this.#send(response, refusalAnswer(400, 'BadRequestException', 'The request target must be a path.'));
    else if (isOwnPath(head.path)) void this.#serveOwn(request, response, head, expectsContinue);
    else void this.#serve(request, response, head, expectsContinue);
  }

  /** Never rejects. */
  async #serve(request: Incoming, response: Outgoing, head: RequestHead, expectsContinue: boolean): Promise<void> {
    let service = this.#lambda;
    let call: ServiceCall | undefined;
    let answer: Answer;
    try {
      service = serviceOf(head, this.#services);
      const claim = this.#claim(service, head);
      call = service.open(head);
      if (expectsContinue) this.#continue(request, response, call.maxBodyBytes);
      let body = await readBody(request, isFramed(request) ? framedLimit(call.maxBodyBytes) : call.maxBodyBytes);
      if (claim !== undefined) this.#signatures.verify(claim, head, request.rawHeaders, body);
      if (isWrapped(request)) body = await unwrapBody(request, body, call.maxBodyBytes, service.storesCodings);
      const named = serviceOfForm(service, head, body, this.#services);
      if (named !== undefined) {
        service = named;
        this.#claim(service, head);
        call = service.open(head);
      }
      answer = await call.answer(body, service.waits ? goneSignal(response) : undefined);
    } catch (error) {
      if (error instanceof BodyAborted) return;
      answer = this.#faultAnswer(service, call, error, head);
    }
    this.#send(response, answer);
  }

  /** Services that are not here are told so whatever the signature: nothing is done that it would guard. */
  #claim(service: ServiceProtocol, head: RequestHead): SignatureClaim | undefined {
    if (!this.#services.has(service.signingName) || !this.#options.requireSignatures() || service.isPublic?.(head)) return undefined;
    return this.#signatures.open(head, service.signingName);
  }

  #faultAnswer(service: ServiceProtocol, call: ServiceCall | undefined, error: unknown, head: RequestHead): Answer {
    const requestId = randomUUID();
    const fault = error instanceof BodyTooLarge && call !== undefined ? call.tooLarge() : error;
    if (fault instanceof UserError) this.#options.logger.warn(`${call?.operation ?? service.signingName}: ${fault.message}`);
    else if (!(fault instanceof AwsFault)) this.#options.logger.error(`${call?.operation ?? service.signingName} failed (request ${requestId}).`, fault);
    return service.fault(fault, requestId, head);
  }

  /** Never rejects. */
  async #serveOwn(request: Incoming, response: Outgoing, head: RequestHead, expectsContinue: boolean): Promise<void> {
    const { ownRoutes, token, logger } = this.#options;
    let answer = refuseOwn(head, ownRoutes, token);
    if (answer === undefined) {
      try {
        if (expectsContinue) this.#continue(request, response, ownBodyLimit);
        answer = await answerOwn(head, ownRoutes, await readBody(request, ownBodyLimit));
      } catch (error) {
        if (error instanceof BodyAborted) return;
        if (error instanceof BodyTooLarge) answer = json(413, { message: `The request body must be smaller than ${ownBodyLimit} bytes.` });
        else {
          logger.error(`${head.method} ${head.path} failed.`, error);
          answer = json(500, { message: 'Local Lambda failed to answer; its log has the error.' });
        }
      }
    }
    this.#send(response, answer);
  }

  /** Tells a client that asked first to go on, unless what it announced would be refused anyway. */
  #continue(request: Incoming, response: Outgoing, limit: number): void {
    if (Number(request.headers['content-length'] ?? 0) > framedLimit(limit)) return;
    this.#waiting.delete(response);
    response.writeContinue();
  }

  #send(response: Outgoing, { status, headers, body, contentLength }: Answer): void {
    if ((isHttp2Answer(response) ? response.stream.destroyed : response.destroyed) || response.headersSent) return;
    if (status !== 204 && status !== 304) headers.push('Content-Length', String(contentLength ?? (body === undefined ? 0 : Buffer.byteLength(body))));
    if ((this.#closing || this.#waiting.has(response)) && !isHttp2Answer(response)) headers.push('Connection', 'close');
    try {
      if (isHttp2Answer(response)) {
        for (let index = 0; index < headers.length; index += 2) response.setHeader(headers[index] as string, headers[index + 1] as string);
        response.writeHead(status);
        response.end(body ?? '');
      } else {
        response.writeHead(status, headers);
        response.end(body);
      }
    } catch (error) {
      // A header value that HTTP cannot carry, for example from a handler's error type.
      this.#options.logger.error('An answer could not be sent.', error);
      if (isHttp2Answer(response)) response.stream.close();
      else response.destroy();
    }
  }
}

const isHttp2 = (request: Incoming): request is Http2ServerRequest => 'stream' in request;

const isHttp2Answer = (response: Outgoing): response is Http2ServerResponse => 'stream' in response;

/** HTTP/2 names the host in a field of its own. One that says two different hosts is answered as a foreign one. */
function withHost(headers: Http2ServerRequest['headers']): RequestHead['headers'] {
  const { ':authority': authority, host } = headers;
  if (authority === undefined) return headers;
  return { ...headers, host: host === undefined || host === authority ? authority : `${authority}, ${host}` };
}

/** Aborts when the client goes away before it was answered. */
function goneSignal(response: Outgoing): AbortSignal {
  const gone = new AbortController();
  response.once('close', () => { if (!response.writableEnded) gone.abort(); });
  return gone.signal;
}

function refusalAnswer(status: number, name: string, message: string): Answer {
  const answer = json(status, { Type: 'User', message });
  answer.headers.push('x-amzn-ErrorType', name);
  return answer;
}

/** Answers what never became a request: broken HTTP, headers without end, a client that is too slow. */
function refuseBroken(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, message] = error.code === 'HPE_HEADER_OVERFLOW' ? ['431 Request Header Fields Too Large', headersTooLarge]
    : error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? ['408 Request Timeout', 'The request took too long to arrive.']
    : ['400 Bad Request', 'The request is not well-formed HTTP.'];
  const body = JSON.stringify({ message });
  socket.end(`HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`, () => socket.destroy());
}

const headersTooLarge = 'The request line and headers are too large.';

/** Node bounds the headers of HTTP/2 by their number, and by their size only once the client has agreed. */
const sizeOf = (rawHeaders: readonly string[]): number => rawHeaders.reduce((sum, text) => sum + text.length, 0);

function listenError(error: NodeJS.ErrnoException, port: number): Error {
  if (error.code === 'EADDRINUSE') {
    return new UserError(`Port ${port} of 127.0.0.1 is in use by another program: end that program or choose another port.`);
  }
  if (error.code === 'EACCES' || error.code === 'ERR_SOCKET_BAD_PORT') {
    return new UserError(`Port ${port} cannot be used for the endpoint: choose one from 1024 to 65535, or 0 for any.`);
  }
  return error;
}
