/** Amazon Kinesis Data Streams on the wire: JSON, and CBOR, which the SDK for Java speaks. */
import type { EmbeddedService } from '../contracts/resources.ts';
import { decodeCbor, encodeCbor } from './cbor.ts';
import { isJsonRequest, jsonFault, openJson, type JsonProtocol } from './json-service.ts';
import type { Answer, RequestHead, ServiceCall, ServiceProtocol } from './service-protocol.ts';

/** As the service model says; the names are the same in every operation. */
const cborMembers = {
  blobs: new Set(['Data']),
  timestamps: new Set(['ApproximateArrivalTimestamp', 'StreamCreationTimestamp', 'ConsumerCreationTimestamp', 'Timestamp']),
};

const json: JsonProtocol = {
  targetPrefix: 'Kinesis_20131202',
  contentType: 'application/x-amz-json-1.1',
  errorNamespace: '',
  queryErrors: false,
  // 10 MiB in base64, with 500 partition keys.
  maxBodyBytes: 16 * 1024 * 1024,
  codec: { contentType: 'application/x-amz-cbor-1.1', decode: decodeCbor, encode: (output) => encodeCbor(output, cborMembers) },
};

export class KinesisProtocol implements ServiceProtocol {
  readonly signingName = 'kinesis';
  readonly #service: EmbeddedService;
  readonly #endpoint: () => string;

  constructor(service: EmbeddedService, endpoint: () => string) {
    this.#service = service;
    this.#endpoint = endpoint;
  }

  recognises(head: RequestHead): boolean {
    return isJsonRequest(head, json);
  }

  open(head: RequestHead): ServiceCall {
    return openJson(this.#service, json, head, this.#endpoint());
  }

  fault(error: unknown, requestId: string, head: RequestHead): Answer {
    return jsonFault(json, error, requestId, head);
  }
}
