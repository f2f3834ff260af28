/** An endpoint with a Lambda that answers what a test says, and a client that shows raw HTTP. */
import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { Agent, request, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { Endpoint, type EndpointOptions } from '../../../src/endpoint/endpoint.ts';
import type { InvokeInput, InvokeOutput, LambdaApi, LambdaOperation, OperationResult } from '../../../src/contracts/lambda-api.ts';
import type { Logger } from '../../../src/contracts/logger.ts';

export class FakeLambda implements LambdaApi {
  readonly invocations: InvokeInput[] = [];
  readonly calls: { operation: LambdaOperation; input: Readonly<Record<string, unknown>> }[] = [];
  onInvoke: (input: InvokeInput) => Promise<InvokeOutput> | InvokeOutput = (input) => ({
    statusCode: 200, payload: input.payload, executedVersion: '$LATEST', requestId: 'e7a4f3a0-0000-4000-8000-000000000001',
  });
  onCall: (operation: LambdaOperation, input: Readonly<Record<string, unknown>>) => OperationResult = () => ({ status: 200, body: {} });

  async invoke(input: InvokeInput): Promise<InvokeOutput> {
    this.invocations.push(input);
    return this.onInvoke(input);
  }

  async call(operation: LambdaOperation, input: Readonly<Record<string, unknown>>): Promise<OperationResult> {
    this.calls.push({ operation, input });
    return this.onCall(operation, input);
  }

  cancel(): boolean {
    return false;
  }
}

export class RecordingLogger implements Logger {
  readonly entries: { level: string; message: string; error?: unknown }[] = [];
  debug(message: string): void { this.entries.push({ level: 'debug', message }); }
  info(message: string): void { this.entries.push({ level: 'info', message }); }
  warn(message: string): void { this.entries.push({ level: 'warn', message }); }
  error(message: string, error?: unknown): void { this.entries.push({ level: 'error', message, error }); }
}

export const credentials = { accessKeyId: 'LKIALOCALLAMBDA00001', secretAccessKey: 'a/secret+with=signs' };
export const token = 'the-token';

/** The hash constructor that `@smithy/signature-v4` wants. */
export class Sha256 {
  readonly #state: Hash | Hmac;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#state = secret === undefined ? createHash('sha256') : createHmac('sha256', bytes(secret));
  }
  update(data: string | ArrayBuffer | ArrayBufferView): void { this.#state.update(bytes(data)); }
  digest(): Promise<Uint8Array> { return Promise.resolve(this.#state.digest()); }
  reset(): void { throw new Error('not used'); }
}

function bytes(data: string | ArrayBuffer | ArrayBufferView): string | Buffer {
  if (typeof data === 'string') return data;
  return data instanceof ArrayBuffer ? Buffer.from(data) : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}

export interface Reply {
  status: number;
  headers: IncomingHttpHeaders;
  rawHeaders: string[];
  body: Buffer;
  text: string;
  json: Record<string, unknown>;
}

export interface Sent {
  method?: string;
  headers?: Record<string, string | string[]>;
  body?: string | Buffer;
}

export class Fixture {
  readonly lambda = new FakeLambda();
  readonly logger = new RecordingLogger();
  readonly endpoint: Endpoint;
  readonly agent = new Agent({ keepAlive: true });
  port = 0;

  constructor(options: Partial<EndpointOptions> = {}) {
    this.endpoint = new Endpoint({
      lambda: this.lambda, credentials, token, logger: this.logger, ownRoutes: new Map(),
      requireSignatures: () => false, region: () => 'us-east-1', accountId: () => '123456789012', ...options,
    });
  }

  static async start(options: Partial<EndpointOptions> = {}): Promise<Fixture> {
    const fixture = new Fixture(options);
    fixture.port = await fixture.endpoint.listen(0);
    return fixture;
  }

  async stop(): Promise<void> {
    this.agent.destroy();
    await this.endpoint.close();
  }

  send(path: string, { method = 'GET', headers = {}, body }: Sent = {}): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const outgoing = request({
        host: '127.0.0.1', port: this.port, path, method, agent: this.agent,
        headers: { ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }), ...headers },
      }, (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('error', reject);
        incoming.on('end', () => resolve(reply(incoming.statusCode ?? 0, incoming.headers, incoming.rawHeaders, Buffer.concat(chunks))));
      });
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }

  invoke(body: string | Buffer = '{}', headers: Sent['headers'] = {}): Promise<Reply> {
    return this.send('/2015-03-31/functions/greet/invocations', { method: 'POST', headers, body });
  }

  /** Writes bytes as they are and resolves with all that comes back until the socket closes. */
  async raw(text: string | Buffer): Promise<string> {
    const socket = connect(this.port, '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk: Buffer) => { answer += chunk.toString('latin1'); });
    socket.on('error', () => {});
    socket.write(text);
    await new Promise((resolve) => { socket.once('close', resolve); });
    return answer;
  }
}

function reply(status: number, headers: IncomingHttpHeaders, rawHeaders: string[], body: Buffer): Reply {
  const text = body.toString();
  return { status, headers, rawHeaders, body, text, get json() { return JSON.parse(text) as Record<string, unknown>; } };
}
