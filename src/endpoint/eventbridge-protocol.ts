/** Amazon EventBridge on the wire: AWS's JSON protocol. */
import type { EmbeddedService } from '../contracts/resources.ts';
import { isJsonRequest, jsonFault, openJson, type JsonProtocol } from './json-service.ts';
import type { Answer, RequestHead, ServiceCall, ServiceProtocol } from './service-protocol.ts';

const protocol: JsonProtocol = {
  targetPrefix: 'AWSEvents',
  contentType: 'application/x-amz-json-1.1',
  errorNamespace: '',
  queryErrors: false,
  // Entries of 1 MB, with room for their escapes.
  maxBodyBytes: 8 * 1024 * 1024,
};

export class EventBridgeProtocol implements ServiceProtocol {
  readonly signingName = 'events';
  readonly #service: EmbeddedService;
  readonly #endpoint: () => string;

  constructor(service: EmbeddedService, endpoint: () => string) {
    this.#service = service;
    this.#endpoint = endpoint;
  }

  recognises(head: RequestHead): boolean {
    return isJsonRequest(head, protocol);
  }

  open(head: RequestHead): ServiceCall {
    return openJson(this.#service, protocol, head, this.#endpoint());
  }

  fault(error: unknown, requestId: string): Answer {
    return jsonFault(protocol, error, requestId);
  }
}
