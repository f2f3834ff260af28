/** An embedded service on the wire in AWS's Query protocol: a form of `Action`, `Version` and parameters in, XML out. */
import { randomUUID } from 'node:crypto';
import { AwsFault } from '../contracts/faults.ts';
import type { EmbeddedService, ServiceInput, ServiceOutput } from '../contracts/resources.ts';
import { escapeXml } from './error-shapes.ts';
import { asFault } from './json-service.ts';
import { parseQuery } from './lambda-operations.ts';
import type { Answer, RequestHead, ServiceCall } from './service-protocol.ts';

/** Parameters by their full name: `Entries.member.1.Id`. */
export type QueryParameters = Readonly<Record<string, string>>;

export interface QueryProtocol {
  /** For example `2012-11-05`. */
  version: string;
  /** For example `http://queue.amazonaws.com/doc/2012-11-05/`. */
  namespace: string;
  maxBodyBytes: number;
  /** Errors carry an empty `Detail` element, as SQS's do, unless this is false. */
  errorDetail?: boolean;
  /** The input that the service's operation takes. `path` is the request's, which names the queue in older SQS calls. */
  input(action: string, parameters: QueryParameters, path: string): ServiceInput;
  /** XML inside `<ActionResult>`; undefined when the answer has no result element. */
  result(action: string, output: ServiceOutput): string | undefined;
}

/** Recognises a request without credential scope: by the version in its query. A form says so in its body only. */
export function isQueryRequest(head: RequestHead, { version }: QueryProtocol): boolean {
  return head.query !== '' && parseQuery(head.query).Version === version;
}

export function openQuery(service: EmbeddedService, protocol: QueryProtocol, head: RequestHead, endpoint: string): ServiceCall {
  return {
    operation: parseQuery(head.query).Action ?? `${service.signingName} (Query)`,
    maxBodyBytes: protocol.maxBodyBytes,
    tooLarge: () => new AwsFault('RequestEntityTooLarge', 413, `Request must be smaller than ${protocol.maxBodyBytes} bytes`),
    async answer(body, signal): Promise<Answer> {
      const requestId = randomUUID();
      // In a form a plus sign is a space.
      const parameters = { ...parseQuery(head.query), ...parseQuery(body.toString('utf8').replaceAll('+', '%20')) };
      const action = parameters.Action ?? '';
      if (!service.hasOperation(action)) {
        throw new AwsFault('InvalidAction', 400, action === ''
          ? 'The request has no Action.' : `Local Lambda does not have the action ${action} of ${service.signingName}.`);
      }
      const traceHeader = head.headers['x-amzn-trace-id'];
      const output = await service.call(action, protocol.input(action, parameters, head.path), {
        requestId, endpoint, ...(signal === undefined ? {} : { signal }), ...(typeof traceHeader === 'string' ? { traceHeader } : {}),
      });
      const result = protocol.result(action, output);
      const inner = result === undefined ? '' : `<${action}Result>${result}</${action}Result>`;
      return xml(200, requestId, `<${action}Response xmlns="${protocol.namespace}">${inner}<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata></${action}Response>`);
    },
  };
}

export function queryFault(protocol: QueryProtocol, error: unknown, requestId: string): Answer {
  const fault = asFault(error, requestId);
  const type = fault.status < 500 ? 'Sender' : 'Receiver';
  return xml(fault.status, requestId,
    `<ErrorResponse xmlns="${protocol.namespace}"><Error><Type>${type}</Type><Code>${escapeXml(fault.queryCode ?? fault.name)}</Code>`
    + `<Message>${escapeXml(fault.message)}</Message>${protocol.errorDetail === false ? '' : '<Detail/>'}</Error><RequestId>${requestId}</RequestId></ErrorResponse>`);
}

/** One element; nothing for an undefined value. */
export function element(name: string, value: string | number | boolean | undefined): string {
  return value === undefined ? '' : `<${name}>${escapeXml(String(value))}</${name}>`;
}

/**
 * Parameters below a prefix as a list of maps: `Entry.1.Id`, `Entry.1.Body`, `Entry.2.Id` below `Entry` become two maps
 * with `Id` and `Body`; a bare `Name.1` has its value below the empty key. In number order; gaps close.
 */
export function listOf(parameters: QueryParameters, prefix: string): QueryParameters[] {
  const items = new Map<number, Record<string, string>>();
  for (const [name, value] of Object.entries(parameters)) {
    if (!name.startsWith(`${prefix}.`)) continue;
    const rest = name.slice(prefix.length + 1);
    const dot = rest.indexOf('.');
    const place = Number(dot === -1 ? rest : rest.slice(0, dot));
    if (!Number.isInteger(place)) continue;
    const item = items.get(place) ?? {};
    items.set(place, item);
    item[dot === -1 ? '' : rest.slice(dot + 1)] = value;
  }
  return [...items].sort(([a], [b]) => a - b).map(([, item]) => item);
}

function xml(status: number, requestId: string, document: string): Answer {
  return {
    status, headers: ['Content-Type', 'text/xml', 'x-amzn-RequestId', requestId],
    body: `<?xml version="1.0"?>\n${document}`,
  };
}
