/** Amazon DynamoDB Streams on the wire. DynamoDB itself signs alike and comes to the same place: its operations are refused by its name. */
import { AwsFault } from '../contracts/faults.ts';
import type { EmbeddedService } from '../contracts/resources.ts';
import { isJsonRequest, jsonFault, openJson, type JsonProtocol } from './json-service.ts';
import type { Answer, RequestHead, ServiceCall, ServiceProtocol } from './service-protocol.ts';

const commonErrors = new Set(['ValidationException', 'SerializationException', 'UnknownOperationException', 'InternalFailure']);

const streams: JsonProtocol = {
  targetPrefix: 'DynamoDBStreams_20120810',
  contentType: 'application/x-amz-json-1.0',
  errorNamespace: (name) => (commonErrors.has(name) ? 'com.amazon.coral.service#' : 'com.amazonaws.dynamodb.v20120810#'),
  queryErrors: false,
  maxBodyBytes: 1_048_576,
};

const tables = /^DynamoDB_20120810\.(\w+)$/;

export class DynamoDbProtocol implements ServiceProtocol {
  readonly signingName = 'dynamodb';
  readonly #streams: EmbeddedService;
  readonly #endpoint: () => string;

  constructor(streamsService: EmbeddedService, endpoint: () => string) {
    this.#streams = streamsService;
    this.#endpoint = endpoint;
  }

  recognises(head: RequestHead): boolean {
    return isJsonRequest(head, streams) || tables.test(String(head.headers['x-amz-target'] ?? ''));
  }

  open(head: RequestHead): ServiceCall {
    const operation = tables.exec(String(head.headers['x-amz-target'] ?? ''))?.[1];
    if (operation !== undefined) {
      throw new AwsFault('UnknownOperationException', 400, `Local Lambda does not have DynamoDB, only its streams: ${operation} was refused here, and nothing was sent to AWS.`);
    }
    return openJson(this.#streams, streams, head, this.#endpoint());
  }

  fault(error: unknown, requestId: string, head: RequestHead): Answer {
    return jsonFault(streams, error, requestId, head);
  }
}
