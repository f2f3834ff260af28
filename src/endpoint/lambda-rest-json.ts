/** The Lambda service on the wire: AWS REST JSON in, `LambdaApi` behind it, AWS's headers and error bodies out. */
import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { InvocationType } from '../contracts/executions.ts';
import { AwsFault, UserError } from '../contracts/faults.ts';
import type { InvokeInput, InvokeOutput, LambdaApi, LambdaOperation } from '../contracts/lambda-api.ts';
import { isAnswered, matchOperation, parseQuery, type PathParameters } from './lambda-operations.ts';
import type { Answer, RequestHead, ServiceCall, ServiceProtocol } from './service-protocol.ts';
import { isForeign } from './protocols.ts';
import { isSignatureFault } from './signature-faults.ts';

/** Bytes of a synchronous payload (lambda-facts §1.2). */
const payloadLimit = 6_291_456;
/**
 * What may come beyond the payload limit before the front door refuses it. Within it the service itself answers with the
 * exact size, as AWS was seen to do for payloads a few kilobytes too large.
 */
const invokeSlack = 128 * 1024;
/** Bytes of a request that carries a zip: AWS's own figure, 50 MB in base64 and a margin. */
const zipRequestLimit = 70_167_211;
const otherRequestLimit = 1_048_576;
/**
 * DOUBT: the API model and lambda-facts §1.5 say RequestTooLargeException for Invoke; field reports up to 2024 show this
 * text under RequestEntityTooLargeException, which is not modelled.
 */
const invokeTooLargeName = 'RequestTooLargeException';
const zipTooLargeName = 'RequestEntityTooLargeException';

const invocationTypes: readonly string[] = ['Event', 'RequestResponse', 'DryRun'] satisfies InvocationType[];
const logTypes: readonly string[] = ['None', 'Tail'];
const jsonType = ['Content-Type', 'application/json'] as const;

export class LambdaRestJson implements ServiceProtocol {
  readonly signingName = 'lambda';
  readonly #lambda: LambdaApi;

  constructor(lambda: LambdaApi) {
    this.#lambda = lambda;
  }

  recognises(head: RequestHead): boolean {
    return /^\/20\d\d-\d\d-\d\d\//.test(head.path) && !isForeign(head);
  }

  open(head: RequestHead): ServiceCall {
    const matched = matchOperation(head.method, head.path, head.query);
    if (matched === undefined) throw unknownOperation(`${head.method} ${head.path} is not an operation of Lambda.`);
    if (!isAnswered(matched.name)) throw unknownOperation(`Local Lambda does not have the operation ${matched.name}.`);
    if (matched.name === 'InvokeAsync') return new InvokeAsyncCall(this.#lambda, head, matched.parameters);
    if (matched.name === 'Invoke') return new InvokeCall(this.#lambda, head, matched.parameters);
    return new OperationCall(this.#lambda, matched.name, head, matched.parameters);
  }

  fault(error: unknown, requestId: string): Answer {
    const fault = error instanceof AwsFault ? error : serviceException(error, requestId);
    const headers = [...jsonType, 'x-amzn-RequestId', requestId, 'x-amzn-ErrorType', fault.name];
    for (const [name, value] of Object.entries(fault.headers)) headers.push(name, value);
    return { status: fault.status, headers, body: JSON.stringify(errorBody(fault)) };
  }
}

/** Wire order as recorded: `Reason` and its like, then `Type`, then the message. */
function errorBody(fault: AwsFault): Record<string, string> {
  const type = isSignatureFault(fault) ? undefined : { Type: fault.status < 500 ? 'User' : 'Server' };
  return { ...fault.fields, ...type, [fault.messageKey]: fault.message };
}

/** What AWS would not have a name for. Only sentences that were written for the user leave the engine. */
function serviceException(error: unknown, requestId: string): AwsFault {
  const message = error instanceof UserError ? error.message : `Local Lambda failed to answer; its log has the error under request ${requestId}.`;
  return new AwsFault('ServiceException', 500, message, { messageKey: 'Message' });
}

function unknownOperation(message: string): AwsFault {
  return new AwsFault('UnknownOperationException', 404, message);
}

class InvokeCall implements ServiceCall {
  readonly operation = 'Invoke';
  readonly maxBodyBytes = payloadLimit + invokeSlack;
  readonly #lambda: LambdaApi;
  readonly #input: Omit<InvokeInput, 'payload'>;
  #traceId: string | undefined;

  constructor(lambda: LambdaApi, head: RequestHead, parameters: PathParameters) {
    const { headers } = head;
    const qualifier = head.query === '' ? undefined : parseQuery(head.query).Qualifier;
    const clientContextBase64 = one(headers, 'x-amz-client-context');
    const traceHeader = one(headers, 'x-amzn-trace-id');
    this.#lambda = lambda;
    this.#input = {
      functionName: parameters.FunctionName ?? '',
      invocationType: enumerated(headers, 'x-amz-invocation-type', 'invocationType', invocationTypes, 'RequestResponse') as InvocationType,
      logType: enumerated(headers, 'x-amz-log-type', 'logType', logTypes, 'None') as 'None' | 'Tail',
      source: 'endpoint',
      ...(qualifier ? { qualifier } : undefined),
      ...(clientContextBase64 ? { clientContextBase64 } : undefined),
      ...(traceHeader ? { traceHeader } : undefined),
      onExecution: (execution) => { this.#traceId = execution.traceId; },
    };
  }

  tooLarge(): AwsFault {
    return new AwsFault(invokeTooLargeName, 413, `Request must be smaller than ${payloadLimit} bytes for the InvokeFunction operation`);
  }

  answer(body: Buffer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const answered = (output: InvokeOutput) => resolve(this.#answerOf(output));
      this.#lambda.invoke({ ...this.#input, payload: body, onAnswer: answered }).then(answered, reject);
    });
  }

  #answerOf(output: InvokeOutput): Answer {
    return { status: output.statusCode, headers: this.#headers(output), ...(output.statusCode === 200 ? { body: output.payload } : undefined) };
  }

  /** Order and spelling as recorded from AWS. Event and DryRun answers name no version and no content type. */
  #headers(output: InvokeOutput): string[] {
    const headers: string[] = output.statusCode === 200 ? [...jsonType] : [];
    headers.push('x-amzn-RequestId', output.requestId);
    if (output.functionError !== undefined) headers.push('X-Amz-Function-Error', output.functionError);
    headers.push('x-amzn-Remapped-Content-Length', '0');
    if (output.executedVersion !== undefined) headers.push('X-Amz-Executed-Version', output.executedVersion);
    if (output.logResult !== undefined) headers.push('X-Amz-Log-Result', output.logResult);
    const trace = traceAnswer(this.#traceId, this.#input.traceHeader);
    if (trace !== undefined) headers.push('X-Amzn-Trace-Id', trace);
    return headers;
  }
}

/** The older asynchronous call: 202 with nothing but the status, also in the body. */
class InvokeAsyncCall implements ServiceCall {
  readonly operation = 'InvokeAsync';
  readonly maxBodyBytes = payloadLimit + invokeSlack;
  readonly #lambda: LambdaApi;
  readonly #functionName: string;
  readonly #traceHeader: string | undefined;

  constructor(lambda: LambdaApi, head: RequestHead, parameters: PathParameters) {
    this.#lambda = lambda;
    this.#functionName = parameters.FunctionName ?? '';
    this.#traceHeader = one(head.headers, 'x-amzn-trace-id');
  }

  tooLarge(): AwsFault {
    return new AwsFault(invokeTooLargeName, 413, `Request must be smaller than ${payloadLimit} bytes for the InvokeAsync operation`);
  }

  async answer(body: Buffer): Promise<Answer> {
    const { requestId } = await this.#lambda.invoke({
      functionName: this.#functionName, invocationType: 'Event', logType: 'None', payload: body, source: 'endpoint',
      ...(this.#traceHeader === undefined ? {} : { traceHeader: this.#traceHeader }),
    });
    return { status: 202, headers: [...jsonType, 'x-amzn-RequestId', requestId], body: '{"Status":202}' };
  }
}

/** The trace that the invocation belongs to, as a header value. Without an execution (DryRun) it is the caller's own. */
function traceAnswer(traceId: string | undefined, incoming: string | undefined): string | undefined {
  if (traceId === undefined) return incoming;
  if (traceId.includes('=')) return traceId;
  return `Root=${traceId};Sampled=${incoming !== undefined && /Sampled=1/i.test(incoming) ? '1' : '0'}`;
}

class OperationCall implements ServiceCall {
  readonly operation: LambdaOperation;
  readonly maxBodyBytes: number;
  readonly #lambda: LambdaApi;
  readonly #head: RequestHead;
  readonly #parameters: PathParameters;

  constructor(lambda: LambdaApi, operation: LambdaOperation, head: RequestHead, parameters: PathParameters) {
    this.operation = operation;
    this.maxBodyBytes = this.#carriesZip(operation) ? zipRequestLimit : otherRequestLimit;
    this.#lambda = lambda;
    this.#head = head;
    this.#parameters = parameters;
  }

  #carriesZip(operation: LambdaOperation): boolean {
    return operation === 'CreateFunction' || operation === 'UpdateFunctionCode';
  }

  tooLarge(): AwsFault {
    return new AwsFault(zipTooLargeName, 413, `Request must be smaller than ${this.maxBodyBytes} bytes for the ${this.operation} operation`, { messageKey: 'Message' });
  }

  async answer(body: Buffer): Promise<Answer> {
    const input = { ...parsedBody(body), ...typedQuery(this.#head.query), ...this.#parameters };
    const result = await this.#lambda.call(this.operation, input);
    const answered = result.body === undefined ? undefined : JSON.stringify(result.body);
    return { status: result.status, headers: [...jsonType, 'x-amzn-RequestId', randomUUID()], ...(answered === undefined ? undefined : { body: answered }) };
  }
}

function parsedBody(body: Buffer): Record<string, unknown> {
  if (body.length === 0) return {};
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch (error) {
    throw invalidContent((error as Error).message);
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw invalidContent('a JSON object was expected');
  return value as Record<string, unknown>;
}

function invalidContent(reason: string): AwsFault {
  return new AwsFault('InvalidRequestContentException', 400, `Could not parse request body into json: ${reason}`);
}

/** Query members are strings but for `MaxItems`. */
function typedQuery(query: string): Record<string, unknown> {
  const parameters: Record<string, unknown> = parseQuery(query);
  if (parameters.MaxItems === undefined) return parameters;
  const count = Number(parameters.MaxItems);
  if (!Number.isInteger(count)) {
    throw new AwsFault('SerializationException', 400, `MaxItems must be a whole number, got '${String(parameters.MaxItems)}'.`);
  }
  return { ...parameters, MaxItems: count };
}

function one(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
}

function enumerated(headers: IncomingHttpHeaders, header: string, member: string, values: readonly string[], otherwise: string): string {
  const value = headers[header];
  if (value === undefined) return otherwise;
  if (typeof value === 'string' && values.includes(value)) return value;
  throw new AwsFault(
    'ValidationException', 400,
    `1 validation error detected: Value '${String(value)}' at '${member}' failed to satisfy constraint: Member must satisfy enum value set: [${values.join(', ')}]`,
  );
}
