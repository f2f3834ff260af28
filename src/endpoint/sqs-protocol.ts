/** Amazon SQS on the wire: the JSON protocol, and the Query protocol that older clients speak. */
import { AwsFault } from '../contracts/faults.ts';
import type { EmbeddedService, MessageAttribute, ServiceInput, ServiceOutput } from '../contracts/resources.ts';
import { isJsonRequest, jsonFault, openJson, type JsonProtocol } from './json-service.ts';
import { element, isQueryRequest, listOf, openQuery, queryFault, type QueryParameters, type QueryProtocol } from './query-service.ts';
import type { Answer, RequestHead, ServiceCall, ServiceProtocol } from './service-protocol.ts';

/** A batch of 1 MiB, with room for its escapes. */
const maxBodyBytes = 8 * 1024 * 1024;

/** Errors that the service model does not have come from AWS's common ones. */
const commonErrors = new Set(['InvalidParameterValueException', 'MissingRequiredParameterException', 'SerializationException', 'UnknownOperationException', 'InternalFailure']);

const json: JsonProtocol = {
  targetPrefix: 'AmazonSQS',
  contentType: 'application/x-amz-json-1.0',
  errorNamespace: (name) => (commonErrors.has(name) ? 'com.amazon.coral.service#' : 'com.amazonaws.sqs#'),
  queryErrors: true,
  maxBodyBytes,
};

const query: QueryProtocol = {
  version: '2012-11-05',
  namespace: 'http://queue.amazonaws.com/doc/2012-11-05/',
  maxBodyBytes,
  input: inputOf,
  result: resultOf,
};

/** `/<account>/<queue>`: where older clients send what is meant for a queue. */
const queuePath = /^\/\d{12}\/[A-Za-z0-9_-]+(?:\.fifo)?\/?$/;

export class SqsProtocol implements ServiceProtocol {
  readonly signingName = 'sqs';
  readonly waits = true;
  readonly queryVersion = query.version;
  readonly #service: EmbeddedService;
  readonly #endpoint: () => string;

  /** @param endpoint Base URL for queue URLs when a request does not say how it reached us. */
  constructor(service: EmbeddedService, endpoint: () => string) {
    this.#service = service;
    this.#endpoint = endpoint;
  }

  recognises(head: RequestHead): boolean {
    return isJsonRequest(head, json) || isQueryRequest(head, query) || queuePath.test(head.path);
  }

  open(head: RequestHead): ServiceCall {
    const { host } = head.headers;
    const endpoint = host === undefined ? this.#endpoint() : `http://${host}`;
    return isJson(head) ? openJson(this.#service, json, head, endpoint) : openQuery(this.#service, query, head, endpoint);
  }

  fault(error: unknown, requestId: string, head: RequestHead): Answer {
    return isJson(head) ? jsonFault(json, error, requestId) : queryFault(query, worded(error), requestId);
  }
}

const isJson = ({ headers }: RequestHead): boolean => headers['x-amz-target'] !== undefined;

/** The older protocol says it with one more phrase. */
function worded(error: unknown): unknown {
  if (!(error instanceof AwsFault) || error.name !== 'QueueDoesNotExist') return error;
  return new AwsFault(error.name, error.status, 'The specified queue does not exist for this wsdl version.', { queryCode: error.queryCode as string });
}

// ---- Query input: numbered parameters ----

const plainTexts = [
  'QueueName', 'QueueOwnerAWSAccountId', 'QueueNamePrefix', 'NextToken', 'MessageBody', 'MessageDeduplicationId', 'MessageGroupId',
  'ReceiptHandle', 'Label', 'ReceiveRequestAttemptId', 'SourceArn', 'DestinationArn', 'TaskHandle',
];
const plainNumbers = ['MaxResults', 'DelaySeconds', 'MaxNumberOfMessages', 'VisibilityTimeout', 'WaitTimeSeconds', 'MaxNumberOfMessagesPerSecond'];
/** Parameter name of each list, by member. */
const lists: Readonly<Record<string, string>> = {
  AttributeNames: 'AttributeName', MessageSystemAttributeNames: 'MessageSystemAttributeName', MessageAttributeNames: 'MessageAttributeName',
  TagKeys: 'TagKey', AWSAccountIds: 'AWSAccountId', Actions: 'ActionName',
};

function inputOf(action: string, parameters: QueryParameters, path: string): ServiceInput {
  const input = plainInput(parameters);
  const url = parameters.QueueUrl ?? (queuePath.test(path) ? path : undefined);
  if (url !== undefined) input.QueueUrl = url;
  for (const [member, name] of Object.entries(lists)) {
    const values = listOf(parameters, name).map((item) => item[''] ?? '');
    if (values.length > 0) input[member] = values;
  }
  input.Attributes = pairs(parameters, 'Attribute', 'Name');
  input.Tags = pairs(parameters, 'Tag', 'Key');
  if (action.endsWith('Batch')) input.Entries = listOf(parameters, `${action}RequestEntry`).map(plainInput);
  return input;
}

function plainInput(parameters: QueryParameters): Record<string, unknown> {
  const input: Record<string, unknown> = {};
  for (const name of [...plainTexts, ...plainNumbers, 'Id']) if (parameters[name] !== undefined) input[name] = parameters[name];
  const attributes = messageAttributes(parameters, 'MessageAttribute');
  const system = messageAttributes(parameters, 'MessageSystemAttribute');
  if (attributes) input.MessageAttributes = attributes;
  if (system) input.MessageSystemAttributes = system;
  return input;
}

function pairs(parameters: QueryParameters, prefix: string, key: 'Name' | 'Key'): Record<string, string> {
  return Object.fromEntries(listOf(parameters, prefix).filter((item) => item[key] !== undefined).map((item) => [item[key] as string, item.Value ?? '']));
}

function messageAttributes(parameters: QueryParameters, prefix: string): Record<string, MessageAttribute> | undefined {
  const items = listOf(parameters, prefix).filter(({ Name }) => Name !== undefined);
  if (items.length === 0) return undefined;
  return Object.fromEntries(items.map((item) => [item.Name as string, {
    DataType: item['Value.DataType'] ?? '',
    ...(item['Value.StringValue'] === undefined ? {} : { StringValue: item['Value.StringValue'] }),
    ...(item['Value.BinaryValue'] === undefined ? {} : { BinaryValue: item['Value.BinaryValue'] }),
  }]));
}

// ---- Query output: XML ----

function resultOf(action: string, output: ServiceOutput): string | undefined {
  switch (action) {
    case 'ListQueues': return each(output.QueueUrls, (url) => element('QueueUrl', String(url))) + text(output, 'NextToken');
    case 'ListDeadLetterSourceQueues': return each(output.queueUrls, (url) => element('QueueUrl', String(url))) + text(output, 'NextToken');
    case 'CreateQueue': case 'GetQueueUrl': return text(output, 'QueueUrl');
    case 'GetQueueAttributes': return named('Attribute', 'Name', output.Attributes);
    case 'ListQueueTags': return named('Tag', 'Key', output.Tags);
    case 'SendMessage': return texts(output);
    case 'ReceiveMessage': return each(output.Messages, (message) => `<Message>${messageXml(message as ServiceOutput)}</Message>`);
    case 'SendMessageBatch': case 'DeleteMessageBatch': case 'ChangeMessageVisibilityBatch':
      return each(output.Successful, (entry) => `<${action}ResultEntry>${texts(entry as ServiceOutput)}</${action}ResultEntry>`)
        + each(output.Failed, (entry) => `<BatchResultErrorEntry>${texts(entry as ServiceOutput)}</BatchResultErrorEntry>`);
    case 'StartMessageMoveTask': case 'CancelMessageMoveTask': return texts(output);
    case 'ListMessageMoveTasks':
      return each(output.Results, (entry) => `<ListMessageMoveTasksResultEntry>${texts(entry as ServiceOutput)}</ListMessageMoveTasksResultEntry>`);
    default: return undefined;
  }
}

function messageXml(message: ServiceOutput): string {
  return ['MessageId', 'ReceiptHandle', 'MD5OfBody', 'Body'].map((name) => text(message, name)).join('')
    + named('Attribute', 'Name', message.Attributes)
    + text(message, 'MD5OfMessageAttributes')
    + Object.entries((message.MessageAttributes ?? {}) as Record<string, MessageAttribute>).map(([name, { DataType, StringValue, BinaryValue }]) =>
      `<MessageAttribute>${element('Name', name)}<Value>${element('StringValue', StringValue)}${element('BinaryValue', BinaryValue)}${element('DataType', DataType)}</Value></MessageAttribute>`).join('');
}

const each = (list: unknown, work: (item: unknown) => string): string => ((list ?? []) as unknown[]).map(work).join('');

const text = (output: ServiceOutput, name: string): string => element(name, output[name] as string | undefined);

const texts = (output: ServiceOutput): string => Object.keys(output).map((name) => text(output, name)).join('');

function named(name: string, key: string, map: unknown): string {
  return Object.entries((map ?? {}) as Record<string, string>).map(([k, value]) => `<${name}>${element(key, k)}${element('Value', value)}</${name}>`).join('');
}
