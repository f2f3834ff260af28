/** Amazon SNS on the wire: the Query protocol, which its SDKs still speak, and the URLs that stand in its messages. */
import { AwsFault } from '../contracts/faults.ts';
import type { EmbeddedService, ServiceInput, ServiceOutput } from '../contracts/resources.ts';
import { parseQuery } from './lambda-operations.ts';
import { element, isQueryRequest, listOf, openQuery, queryFault, type QueryParameters, type QueryProtocol } from './query-service.ts';
import type { Answer, RequestHead, ServiceCall, ServiceProtocol } from './service-protocol.ts';

const version = '2010-03-31';
/** A batch of 1 MiB in which every byte is percent-encoded, and its names. */
const maxBodyBytes = 4 * 1024 * 1024;
/** What a URL in a message may ask for without a signature. */
const publicActions = new Set(['ConfirmSubscription', 'Unsubscribe']);

/** Operations whose answer has no result element. */
const silent = new Set(['AddPermission', 'DeleteTopic', 'RemovePermission', 'SetSubscriptionAttributes', 'SetTopicAttributes', 'Unsubscribe']);

const query: QueryProtocol = {
  version, namespace: 'http://sns.amazonaws.com/doc/2010-03-31/', maxBodyBytes, errorDetail: false,
  input: (_action, parameters) => inputOf(parameters),
  result: (action, output) => (silent.has(action) ? undefined : Object.entries(output).map(([name, value]) => xmlOf(name, value)).join('')),
};

export interface SigningCertificate {
  /** File name in URLs. */
  name: string;
  pem: string;
}

export class SnsProtocol implements ServiceProtocol {
  readonly signingName = 'sns';
  readonly queryVersion = version;
  readonly #service: EmbeddedService;
  readonly #anonymous: EmbeddedService;
  readonly #certificate: () => SigningCertificate;
  readonly #endpoint: () => string;

  /** @param endpoint Base URL of the endpoint. */
  constructor(service: EmbeddedService, certificate: () => SigningCertificate, endpoint: () => string) {
    this.#service = service;
    this.#anonymous = {
      signingName: service.signingName,
      hasOperation: (name) => publicActions.has(name) && service.hasOperation(name),
      call: (operation, input, context) => service.call(operation, input, { ...context, anonymous: true }),
    };
    this.#certificate = certificate;
    this.#endpoint = endpoint;
  }

  recognises(head: RequestHead): boolean {
    return isQueryRequest(head, query) || this.isPublic(head);
  }

  isPublic(head: RequestHead): boolean {
    if (head.method !== 'GET' || head.headers.authorization !== undefined) return false;
    return isCertificatePath(head.path) || publicActions.has(parseQuery(head.query).Action ?? '') && !/(?:^|&)X-Amz-Signature=/i.test(head.query);
  }

  open(head: RequestHead): ServiceCall {
    if (head.method === 'GET' && isCertificatePath(head.path)) return this.#openCertificate(head);
    return openQuery(this.isPublic(head) ? this.#anonymous : this.#service, query, head, this.#endpoint());
  }

  fault(error: unknown, requestId: string): Answer {
    return queryFault(query, error, requestId);
  }

  #openCertificate(head: RequestHead): ServiceCall {
    return {
      operation: 'GetSigningCertificate',
      maxBodyBytes,
      tooLarge: () => new AwsFault('RequestEntityTooLarge', 413, `Request must be smaller than ${maxBodyBytes} bytes`),
      answer: () => {
        const { name, pem } = this.#certificate();
        if (head.path !== `/${name}`) return Promise.reject(new AwsFault('NotFound', 404, `There is no certificate ${head.path}: the one in use is /${name}.`));
        return Promise.resolve({ status: 200, headers: ['Content-Type', 'application/x-pem-file'], body: pem });
      },
    };
  }
}

function isCertificatePath(path: string): boolean {
  return /^\/SimpleNotificationService-[0-9a-f]+\.pem$/.test(path);
}

/** Lists whose members are texts. The others hold structures. */
const textLists = new Set(['AWSAccountId', 'ActionName', 'TagKeys']);
const structureLists = new Set(['Tags', 'PublishBatchRequestEntries']);
const maps = new Set(['Attributes', 'MessageAttributes']);

/** `Action` and `Version` aside, every parameter begins with the name of a member of the input. */
function inputOf(parameters: QueryParameters): ServiceInput {
  const input: Record<string, unknown> = {};
  for (const name of new Set(Object.keys(parameters).map((parameter) => parameter.split('.', 1)[0] as string))) {
    if (textLists.has(name)) input[name] = listOf(parameters, `${name}.member`).map((item) => item[''] ?? '');
    else if (structureLists.has(name)) input[name] = listOf(parameters, `${name}.member`).map(inputOf);
    else if (name === 'MessageAttributes') input[name] = messageAttributesOf(parameters);
    else if (maps.has(name)) input[name] = Object.fromEntries(listOf(parameters, `${name}.entry`).map(({ key = '', value = '' }) => [key, value]));
    else if (parameters[name] !== undefined && name !== 'Action' && name !== 'Version') input[name] = parameters[name];
  }
  return input;
}

function messageAttributesOf(parameters: QueryParameters): ServiceInput {
  return Object.fromEntries(listOf(parameters, 'MessageAttributes.entry').map((entry) => [entry.Name ?? '', Object.fromEntries(
    ['DataType', 'StringValue', 'BinaryValue'].flatMap((member) => {
      const value = entry[`Value.${member}`];
      return value === undefined ? [] : [[member, value]];
    }),
  )]));
}

/** Lists become `member` elements, maps of texts `entry` elements with `key` and `value`. */
function xmlOf(name: string, value: unknown): string {
  if (Array.isArray(value)) return `<${name}>${value.map((item) => `<member>${structure(item as ServiceOutput)}</member>`).join('')}</${name}>`;
  if (value !== null && typeof value === 'object') {
    const entries = Object.entries(value as ServiceOutput).map(([key, item]) => `<entry>${element('key', key)}${element('value', String(item))}</entry>`);
    return `<${name}>${entries.join('')}</${name}>`;
  }
  return element(name, value as string | undefined);
}

function structure(item: ServiceOutput): string {
  return Object.entries(item).map(([name, value]) => element(name, value as string | boolean)).join('');
}
