/** An embedded service on the wire in AWS's JSON protocols (awsJson1.0 and 1.1): `X-Amz-Target: <prefix>.<Operation>`. */
import { randomUUID } from 'node:crypto';
import { AwsFault } from '../contracts/faults.ts';
import type { EmbeddedService } from '../contracts/resources.ts';
import type { Answer, RequestHead, ServiceCall } from './service-protocol.ts';

export interface JsonProtocol {
  /** Before the dot in `X-Amz-Target`, for example `AmazonSQS`. */
  targetPrefix: string;
  contentType: 'application/x-amz-json-1.0' | 'application/x-amz-json-1.1';
  /** Stands before the error's name in `__type`, for example `com.amazonaws.sqs#`; empty for most services. */
  errorNamespace: string | ((name: string) => string);
  /** Services that once spoke the Query protocol repeat the older code in a header. */
  queryErrors: boolean;
  /** Largest body in bytes. */
  maxBodyBytes: number;
  /** Another way to write the same bodies, for requests whose Content-Type begins with it. */
  codec?: BodyCodec;
}

export interface BodyCodec {
  contentType: string;
  /** @throws AwsFault SerializationException */
  decode(body: Buffer): unknown;
  encode(output: unknown): Uint8Array;
}

const plain: Pick<BodyCodec, 'decode'> & { encode(output: unknown): string } = {
  decode(body) {
    try {
      return JSON.parse(body.toString('utf8')) as unknown;
    } catch (error) {
      throw new AwsFault('SerializationException', 400, `The request body is not JSON: ${(error as Error).message}`, malformed);
    }
  },
  encode: (output) => JSON.stringify(output),
};

function codecOf({ codec }: JsonProtocol, head: RequestHead): BodyCodec | undefined {
  return codec !== undefined && head.headers['content-type']?.startsWith(codec.contentType) ? codec : undefined;
}

export function isJsonRequest(head: RequestHead, { targetPrefix }: JsonProtocol): boolean {
  const target = head.headers['x-amz-target'];
  return typeof target === 'string' && target.startsWith(`${targetPrefix}.`);
}

/** @param endpoint Base URL as the caller reached it. @throws AwsFault when there is no such operation. */
export function openJson(service: EmbeddedService, protocol: JsonProtocol, head: RequestHead, endpoint: string): ServiceCall {
  const target = String(head.headers['x-amz-target'] ?? '');
  const operation = target.slice(protocol.targetPrefix.length + 1);
  if (!isJsonRequest(head, protocol) || !service.hasOperation(operation)) {
    throw new AwsFault('UnknownOperationException', 400, `Local Lambda does not have the operation ${operation || target} of ${service.signingName}.`, { queryCode: 'InvalidAction' });
  }
  return {
    operation,
    maxBodyBytes: protocol.maxBodyBytes,
    tooLarge: () => new AwsFault('RequestEntityTooLargeException', 413, `Request must be smaller than ${protocol.maxBodyBytes} bytes for the ${operation} operation`),
    async answer(body, signal): Promise<Answer> {
      const requestId = randomUUID();
      const traceHeader = head.headers['x-amzn-trace-id'];
      const codec = codecOf(protocol, head);
      const output = await service.call(operation, parsed(body, codec ?? plain), {
        requestId, endpoint, ...(signal === undefined ? {} : { signal }), ...(typeof traceHeader === 'string' ? { traceHeader } : {}),
      });
      return {
        status: 200, headers: ['Content-Type', codec?.contentType ?? protocol.contentType, 'x-amzn-RequestId', requestId],
        body: (codec ?? plain).encode(output),
      };
    },
  };
}

/** @param head Of the request, for protocols that have more than one way to write bodies. */
export function jsonFault(protocol: JsonProtocol, error: unknown, requestId: string, head?: RequestHead): Answer {
  const codec = head && codecOf(protocol, head);
  const fault = asFault(error, requestId);
  const side = fault.status < 500 ? 'Sender' : 'Receiver';
  const namespace = typeof protocol.errorNamespace === 'string' ? protocol.errorNamespace : protocol.errorNamespace(fault.name);
  return {
    status: fault.status,
    headers: [
      'Content-Type', codec?.contentType ?? protocol.contentType, 'x-amzn-RequestId', requestId,
      ...(protocol.queryErrors ? ['x-amzn-query-error', `${fault.queryCode ?? fault.name};${side}`] : []),
    ],
    body: (codec ?? plain).encode({ __type: `${namespace}${fault.name}`, ...fault.fields, [fault.messageKey]: fault.message }),
  };
}

/** Errors that are no AwsFault become the service's internal error. */
export function asFault(error: unknown, requestId: string): AwsFault {
  return error instanceof AwsFault ? error
    : new AwsFault('InternalFailure', 500, `Local Lambda failed to answer; its log has the error under request ${requestId}.`);
}

const malformed = { queryCode: 'MalformedInput' };

function parsed(body: Buffer, codec: Pick<BodyCodec, 'decode'>): Record<string, unknown> {
  if (body.length === 0) return {};
  const value = codec.decode(body);
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw new AwsFault('SerializationException', 400, 'The request body must be a JSON object.', malformed);
  return value as Record<string, unknown>;
}
