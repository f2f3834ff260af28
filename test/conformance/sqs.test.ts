/** Amazon SQS on a whole engine: the SDK for JavaScript, the Query protocol over plain HTTP, and a killed engine. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import {
  AddPermissionCommand, BatchEntryIdsNotDistinct, CancelMessageMoveTaskCommand, ChangeMessageVisibilityBatchCommand, ChangeMessageVisibilityCommand,
  CreateQueueCommand, DeleteMessageBatchCommand, DeleteMessageCommand, DeleteQueueCommand, EmptyBatchRequest, GetQueueAttributesCommand,
  GetQueueUrlCommand, ListDeadLetterSourceQueuesCommand, ListMessageMoveTasksCommand, ListQueueTagsCommand, ListQueuesCommand, paginateListQueues,
  PurgeQueueCommand, PurgeQueueInProgress, QueueDoesNotExist, QueueNameExists, ReceiptHandleIsInvalid, ReceiveMessageCommand, RemovePermissionCommand,
  ResourceNotFoundException, SendMessageBatchCommand, SendMessageCommand, SetQueueAttributesCommand, SQSClient, StartMessageMoveTaskCommand,
  TagQueueCommand, UntagQueueCommand, type SQSServiceException,
} from '@aws-sdk/client-sqs';
import { projectRoot, startEngineProcess, type EngineProcess } from '../support/engine-process.ts';

function clientOf({ info }: EngineProcess): SQSClient {
  return new SQSClient({ endpoint: info.endpoint, region: info.region, maxAttempts: 1, credentials: { accessKeyId: info.accessKeyId, secretAccessKey: info.secretAccessKey } });
}

async function received(client: SQSClient, QueueUrl: string, more: object = {}) {
  const { Messages = [] } = await client.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, MessageSystemAttributeNames: ['All'], MessageAttributeNames: ['All'], ...more }));
  return Messages;
}

describe('Amazon SQS, by the SDK for JavaScript', () => {
  let engine: EngineProcess;
  let client: SQSClient;
  before(async () => {
    engine = await startEngineProcess({ files: { 'template.yaml': 'Resources: {}\n' } });
    client = clientOf(engine);
  });
  after(async () => {
    client.destroy();
    await engine.stop();
  });

  const create = async (QueueName: string, Attributes: Record<string, string> = {}): Promise<string> =>
    (await client.send(new CreateQueueCommand({ QueueName, Attributes }))).QueueUrl as string;
  const attributesOf = async (QueueUrl: string) => (await client.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }))).Attributes ?? {};

  it('sends, receives and deletes; the SDK checks every MD5', async () => {
    const QueueUrl = await create('plain');
    const sent = await client.send(new SendMessageCommand({
      QueueUrl, MessageBody: 'grüße \u{1f600}',
      MessageAttributes: { text: { DataType: 'String', StringValue: 'ä' }, number: { DataType: 'Number.int', StringValue: '7' }, bytes: { DataType: 'Binary', BinaryValue: Uint8Array.of(0, 255, 10) } },
      MessageSystemAttributes: { AWSTraceHeader: { DataType: 'String', StringValue: 'Root=1-5759e988-bd862e3fe1be46a994272793' } },
    }));
    assert.ok(sent.MD5OfMessageSystemAttributes);
    const [message] = await received(client, QueueUrl);
    assert.equal(message?.MessageId, sent.MessageId);
    assert.equal(message?.Body, 'grüße \u{1f600}');
    assert.deepEqual(message?.MessageAttributes?.bytes?.BinaryValue, Uint8Array.of(0, 255, 10));
    assert.equal(message?.Attributes?.AWSTraceHeader, 'Root=1-5759e988-bd862e3fe1be46a994272793');
    await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message?.ReceiptHandle as string }));
    assert.equal((await attributesOf(QueueUrl)).ApproximateNumberOfMessagesNotVisible, '0');
  });

  it('works in batches', async () => {
    const QueueUrl = await create('batches');
    const sent = await client.send(new SendMessageBatchCommand({ QueueUrl, Entries: Array.from({ length: 10 }, (_, at) => ({ Id: `e${at}`, MessageBody: at === 3 ? '\u0001' : String(at) })) }));
    assert.equal(sent.Successful?.length, 9);
    assert.deepEqual(sent.Failed?.map(({ Id, Code, SenderFault }) => [Id, Code, SenderFault]), [['e3', 'InvalidMessageContents', true]]);
    const messages = await received(client, QueueUrl);
    const entries = messages.map(({ ReceiptHandle }, at) => ({ Id: String(at), ReceiptHandle: ReceiptHandle as string }));
    assert.equal((await client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries: entries.map((entry) => ({ ...entry, VisibilityTimeout: 0 })) }))).Successful?.length, 9);
    const again = (await received(client, QueueUrl)).map(({ ReceiptHandle }, at) => ({ Id: String(at), ReceiptHandle: ReceiptHandle as string }));
    assert.equal((await client.send(new DeleteMessageBatchCommand({ QueueUrl, Entries: again }))).Successful?.length, 9);
    await assert.rejects(client.send(new SendMessageBatchCommand({ QueueUrl, Entries: [] })), EmptyBatchRequest);
    await assert.rejects(client.send(new SendMessageBatchCommand({ QueueUrl, Entries: [{ Id: 'a', MessageBody: 'x' }, { Id: 'a', MessageBody: 'y' }] })), BatchEntryIdsNotDistinct);
  });

  it('takes a message of 1 MiB whatever its characters, and no more', async () => {
    const QueueUrl = await create('large');
    await client.send(new SendMessageCommand({ QueueUrl, MessageBody: '"'.repeat(1_048_576) }));
    assert.equal((await received(client, QueueUrl))[0]?.Body?.length, 1_048_576);
    await assert.rejects(client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x'.repeat(1_048_577) })), { message: 'One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes.' });
  });

  it('wakes a long poll with the message that is sent meanwhile', async () => {
    const QueueUrl = await create('polled');
    const waiting = received(client, QueueUrl, { WaitTimeSeconds: 20 });
    await delay(200);
    await client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x' }));
    assert.deepEqual((await waiting).map(({ Body }) => Body), ['x']);
  });

  it('gives nothing to a caller who has hung up', async () => {
    const QueueUrl = await create('hung-up');
    const gone = new AbortController();
    const waiting = client.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 }), { abortSignal: gone.signal });
    await delay(200);
    gone.abort();
    await assert.rejects(waiting, { name: 'AbortError' });
    await delay(100);
    await client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x' }));
    assert.equal((await attributesOf(QueueUrl)).ApproximateNumberOfMessages, '1');
  });

  it('lets a delay pass at the chosen scale', async () => {
    const QueueUrl = await create('delayed');
    await client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x', DelaySeconds: 900 }));
    assert.equal((await attributesOf(QueueUrl)).ApproximateNumberOfMessagesDelayed, '1');
    const waiting = received(client, QueueUrl, { WaitTimeSeconds: 20 });
    await fetch(`${engine.info.endpoint}/_local-lambda/clock`, { method: 'POST', headers: { authorization: `Bearer ${engine.info.token}` }, body: JSON.stringify({ advanceSeconds: 900 }) });
    assert.equal((await waiting).length, 1);
  });

  it('redrives to a dead-letter queue and back', async () => {
    const dead = await create('dead');
    const QueueUrl = await create('source', { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: (await attributesOf(dead)).QueueArn, maxReceiveCount: 1 }) });
    const { MessageId } = await client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'poison' }));
    for (const count of [1, 0]) assert.equal((await received(client, QueueUrl, { VisibilityTimeout: 0 })).length, count);
    const [message] = await received(client, dead, { VisibilityTimeout: 0 });
    assert.equal(message?.MessageId, MessageId);
    assert.equal(message?.Attributes?.DeadLetterQueueSourceArn, (await attributesOf(QueueUrl)).QueueArn);
    assert.deepEqual((await client.send(new ListDeadLetterSourceQueuesCommand({ QueueUrl: dead }))).queueUrls, [QueueUrl]);
    const SourceArn = (await attributesOf(dead)).QueueArn as string;
    const { TaskHandle } = await client.send(new StartMessageMoveTaskCommand({ SourceArn }));
    assert.ok(TaskHandle);
    assert.equal((await received(client, QueueUrl, { WaitTimeSeconds: 20 }))[0]?.Body, 'poison');
    const { Results } = await client.send(new ListMessageMoveTasksCommand({ SourceArn }));
    assert.deepEqual([Results?.[0]?.Status, Results?.[0]?.ApproximateNumberOfMessagesMoved], ['COMPLETED', 1]);
    await assert.rejects(client.send(new CancelMessageMoveTaskCommand({ TaskHandle })), ResourceNotFoundException);
  });

  it('keeps the order of groups and drops duplicates in a FIFO queue', async () => {
    const QueueUrl = await create('orders.fifo', { FifoQueue: 'true', ContentBasedDeduplication: 'true' });
    const sent = [];
    for (const [MessageBody, MessageGroupId] of [['1', 'a'], ['2', 'a'], ['1', 'a'], ['3', 'b']] as const) sent.push(await client.send(new SendMessageCommand({ QueueUrl, MessageBody, MessageGroupId })));
    assert.equal(sent[2]?.MessageId, sent[0]?.MessageId);
    assert.match(sent[0]?.SequenceNumber ?? '', /^\d{20}$/);
    const [first, third] = await received(client, QueueUrl, { MaxNumberOfMessages: 1 }).then(async (one) => [...one, ...await received(client, QueueUrl)]);
    assert.deepEqual([first?.Body, third?.Body], ['1', '3']);
    await client.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle: first?.ReceiptHandle as string, VisibilityTimeout: 0 }));
    assert.deepEqual((await received(client, QueueUrl)).map(({ Body }) => Body), ['1', '2']);
  });

  it('finds, lists, tags, permits, purges and deletes queues', async () => {
    for (const name of ['list-1', 'list-2', 'list-3']) await create(name);
    const pages: number[] = [];
    for await (const page of paginateListQueues({ client, pageSize: 2 }, { QueueNamePrefix: 'list-' })) pages.push(page.QueueUrls?.length ?? 0);
    assert.deepEqual(pages, [2, 1]);
    const { QueueUrl } = await client.send(new GetQueueUrlCommand({ QueueName: 'list-1' }));
    await client.send(new TagQueueCommand({ QueueUrl, Tags: { a: '1', b: '2' } }));
    await client.send(new UntagQueueCommand({ QueueUrl, TagKeys: ['a'] }));
    assert.deepEqual((await client.send(new ListQueueTagsCommand({ QueueUrl }))).Tags, { b: '2' });
    await client.send(new AddPermissionCommand({ QueueUrl, Label: 'l', AWSAccountIds: ['111111111111'], Actions: ['SendMessage'] }));
    assert.ok((await attributesOf(QueueUrl as string)).Policy);
    await client.send(new RemovePermissionCommand({ QueueUrl, Label: 'l' }));
    await client.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { VisibilityTimeout: '5' } }));
    assert.equal((await attributesOf(QueueUrl as string)).VisibilityTimeout, '5');
    await client.send(new PurgeQueueCommand({ QueueUrl }));
    await assert.rejects(client.send(new PurgeQueueCommand({ QueueUrl })), PurgeQueueInProgress);
    await client.send(new DeleteQueueCommand({ QueueUrl }));
    await assert.rejects(client.send(new GetQueueUrlCommand({ QueueName: 'list-1' })), QueueDoesNotExist);
    assert.equal((await client.send(new ListQueuesCommand({ QueueNamePrefix: 'list-' }))).QueueUrls?.length, 2);
  });

  it('throws the errors that the SDK knows', async () => {
    const QueueUrl = await create('errors', { DelaySeconds: '1' });
    await assert.rejects(client.send(new CreateQueueCommand({ QueueName: 'errors', Attributes: { DelaySeconds: '2' } })), QueueNameExists);
    await assert.rejects(client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: 'x' })), ReceiptHandleIsInvalid);
    await assert.rejects(client.send(new ReceiveMessageCommand({ QueueUrl: `${QueueUrl}-not` })), (error: SQSServiceException & { Code?: string; Type?: string }) => {
      assert.ok(error instanceof QueueDoesNotExist);
      assert.equal(error.message, 'The specified queue does not exist.');
      return error.$metadata.httpStatusCode === 400;
    });
    await assert.rejects(client.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 11 })), { message: 'Value 11 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.' });
  });
});

describe('Amazon SQS, by the Query protocol', () => {
  let engine: EngineProcess;
  before(async () => { engine = await startEngineProcess({ files: { 'template.yaml': 'Resources: {}\n' }, parameters: ['--no-sign'] }); });
  after(() => engine.stop());
  beforeEach(async () => { await ask({ Action: 'CreateQueue', Version, QueueName: 'q' }); });
  afterEach(async () => { await ask({ Action: 'DeleteQueue', Version }, { path }); });

  async function ask(parameters: Record<string, string>, { path = '/', method = 'POST' }: { path?: string; method?: 'GET' | 'POST' } = {}): Promise<{ status: number; type: string | null; body: string }> {
    const form = new URLSearchParams(parameters);
    const answer = method === 'GET'
      ? await fetch(`${engine.info.endpoint}${path}?${form}`)
      : await fetch(`${engine.info.endpoint}${path}`, { method, body: form });
    return { status: answer.status, type: answer.headers.get('content-type'), body: await answer.text() };
  }
  const Version = '2012-11-05';
  const path = '/123456789012/q';
  const inner = (body: string, name: string) => new RegExp(`<${name}>(.*?)</${name}>`, 's').exec(body)?.[1] ?? '';

  it('creates a queue and answers its URL in AWS\'s elements', async () => {
    const { status, type, body } = await ask({ Action: 'CreateQueue', Version, QueueName: 'tagged', 'Attribute.1.Name': 'VisibilityTimeout', 'Attribute.1.Value': '40', 'Tag.1.Key': 'k', 'Tag.1.Value': 'v' });
    assert.deepEqual([status, type], [200, 'text/xml']);
    assert.match(body, /^<\?xml version="1\.0"[^>]*\?>\s*<CreateQueueResponse xmlns="http:\/\/queue\.amazonaws\.com\/doc\/2012-11-05\/"><CreateQueueResult><QueueUrl>http:\/\/127\.0\.0\.1:\d+\/123456789012\/tagged<\/QueueUrl><\/CreateQueueResult><ResponseMetadata><RequestId>[0-9a-f-]{36}<\/RequestId><\/ResponseMetadata><\/CreateQueueResponse>$/);
    assert.equal(inner((await ask({ Action: 'ListQueueTags', Version }, { path: '/123456789012/tagged' })).body, 'Tag'), '<Key>k</Key><Value>v</Value>');
    assert.equal(inner((await ask({ Action: 'ListQueues', Version, QueueNamePrefix: 'q' }, { method: 'GET' })).body, 'ListQueuesResult'), `<QueueUrl>${engine.info.endpoint}${path}</QueueUrl>`);
  });

  it('sends and receives on the queue\'s own path, by form and by GET', async () => {
    const sent = await ask({
      Action: 'SendMessage', Version, MessageBody: '<a & b> é + %',
      'MessageAttribute.1.Name': 'n', 'MessageAttribute.1.Value.DataType': 'Number', 'MessageAttribute.1.Value.StringValue': '1',
      'MessageAttribute.2.Name': 'b', 'MessageAttribute.2.Value.DataType': 'Binary', 'MessageAttribute.2.Value.BinaryValue': 'AP8=',
    }, { path });
    const [, md5, id] = /^<MD5OfMessageAttributes>[0-9a-f]{32}<\/MD5OfMessageAttributes><MD5OfMessageBody>([0-9a-f]{32})<\/MD5OfMessageBody><MessageId>([0-9a-f-]{36})<\/MessageId>$/.exec(inner(sent.body, 'SendMessageResult')) ?? [];
    const got = await ask({ Action: 'ReceiveMessage', Version, 'AttributeName.1': 'ApproximateReceiveCount', 'MessageAttributeName.1': 'All', VisibilityTimeout: '0' }, { path, method: 'GET' });
    const message = inner(got.body, 'Message');
    assert.equal(inner(message, 'MessageId'), id);
    assert.equal(inner(message, 'MD5OfBody'), md5);
    assert.equal(inner(message, 'Body'), '&lt;a &amp; b&gt; é + %');
    assert.equal(inner(message, 'Attribute'), '<Name>ApproximateReceiveCount</Name><Value>1</Value>');
    assert.match(message, /<MessageAttribute><Name>n<\/Name><Value><StringValue>1<\/StringValue><DataType>Number<\/DataType><\/Value><\/MessageAttribute>/);
    assert.match(message, /<MessageAttribute><Name>b<\/Name><Value><BinaryValue>AP8=<\/BinaryValue><DataType>Binary<\/DataType><\/Value><\/MessageAttribute>/);
    const again = await ask({ Action: 'ReceiveMessage', Version, QueueUrl: `https://sqs.us-east-1.amazonaws.com${path}` });
    const deleted = await ask({ Action: 'DeleteMessage', Version, ReceiptHandle: inner(again.body, 'ReceiptHandle') }, { path });
    assert.match(deleted.body, /<DeleteMessageResponse xmlns="[^"]+"><ResponseMetadata>/);
    const counts = await ask({ Action: 'GetQueueAttributes', Version, 'AttributeName.1': 'ApproximateNumberOfMessages', 'AttributeName.2': 'ApproximateNumberOfMessagesNotVisible' }, { path });
    assert.match(counts.body, /<Attribute><Name>ApproximateNumberOfMessages<\/Name><Value>0<\/Value><\/Attribute><Attribute><Name>ApproximateNumberOfMessagesNotVisible<\/Name><Value>0<\/Value><\/Attribute>/);
  });

  it('works in batches', async () => {
    const { body } = await ask({
      Action: 'SendMessageBatch', Version,
      'SendMessageBatchRequestEntry.1.Id': 'a', 'SendMessageBatchRequestEntry.1.MessageBody': 'x', 'SendMessageBatchRequestEntry.1.MessageAttribute.1.Name': 'n',
      'SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.DataType': 'String', 'SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.StringValue': 'v',
      'SendMessageBatchRequestEntry.2.Id': 'b', 'SendMessageBatchRequestEntry.2.MessageBody': 'y', 'SendMessageBatchRequestEntry.2.DelaySeconds': '901',
    }, { path });
    assert.match(inner(body, 'SendMessageBatchResultEntry'), /^<Id>a<\/Id><MD5OfMessageAttributes>/);
    assert.match(inner(body, 'BatchResultErrorEntry'), /^<Id>b<\/Id><SenderFault>true<\/SenderFault><Code>InvalidParameterValue<\/Code><Message>Value 901 /);
    const message = (await ask({ Action: 'ReceiveMessage', Version, MaxNumberOfMessages: '10' }, { path })).body;
    const deleted = await ask({ Action: 'DeleteMessageBatch', Version, 'DeleteMessageBatchRequestEntry.1.Id': '1', 'DeleteMessageBatchRequestEntry.1.ReceiptHandle': inner(message, 'ReceiptHandle') }, { path });
    assert.equal(inner(deleted.body, 'DeleteMessageBatchResult'), '<DeleteMessageBatchResultEntry><Id>1</Id></DeleteMessageBatchResultEntry>');
  });

  it('answers errors by their older codes and words', async () => {
    const { status, body } = await ask({ Action: 'SendMessage', Version, MessageBody: 'x' }, { path: '/123456789012/nowhere' });
    assert.equal(status, 400);
    assert.match(body, /<ErrorResponse xmlns="http:\/\/queue\.amazonaws\.com\/doc\/2012-11-05\/"><Error><Type>Sender<\/Type><Code>AWS\.SimpleQueueService\.NonExistentQueue<\/Code><Message>The specified queue does not exist for this wsdl version\.<\/Message><Detail\/><\/Error>/);
    assert.match((await ask({ Action: 'Frobnicate', Version })).body, /<Code>InvalidAction<\/Code>/);
    assert.match((await ask({ Action: 'CreateQueue', Version, QueueName: 'q', 'Attribute.1.Name': 'VisibilityTimeout', 'Attribute.1.Value': '41' })).body, /<Code>QueueAlreadyExists<\/Code>/);
  });

  it('takes a form of 1 MiB, percent-encoded', async () => {
    const { status } = await ask({ Action: 'SendMessage', Version, MessageBody: '"'.repeat(1_048_576) }, { path });
    assert.equal(status, 200);
  });

  it('answers unsigned requests in both protocols with an error where signatures are wanted', async () => {
    const strict = await startEngineProcess({ files: { 'template.yaml': 'Resources: {}\n' } });
    try {
      const form = await fetch(strict.info.endpoint, { method: 'POST', body: new URLSearchParams({ Action: 'ListQueues', Version }) });
      assert.equal(form.status, 403);
      assert.match(await form.text(), /<Code>MissingAuthenticationToken(Exception)?<\/Code>/);
      const json = await fetch(strict.info.endpoint, { method: 'POST', headers: { 'x-amz-target': 'AmazonSQS.ListQueues', 'content-type': 'application/x-amz-json-1.0' }, body: '{}' });
      assert.equal(json.status, 403);
    } finally {
      await strict.stop();
    }
  });

  it('writes errors of the JSON protocol with namespace and older code', async () => {
    const post = async (operation: string, body: string) => {
      const answer = await fetch(engine.info.endpoint, { method: 'POST', headers: { 'x-amz-target': `AmazonSQS.${operation}`, 'content-type': 'application/x-amz-json-1.0' }, body });
      return [answer.status, answer.headers.get('x-amzn-query-error'), (await answer.json() as { __type: string }).__type];
    };
    assert.deepEqual(await post('GetQueueUrl', '{"QueueName":"none"}'), [400, 'AWS.SimpleQueueService.NonExistentQueue;Sender', 'com.amazonaws.sqs#QueueDoesNotExist']);
    assert.deepEqual(await post('SendMessage', '{"QueueUrl":"/123456789012/q","MessageBody":""}'), [400, 'MissingParameter;Sender', 'com.amazon.coral.service#MissingRequiredParameterException']);
    assert.deepEqual(await post('ReceiveMessage', '{"QueueUrl":"/123456789012/q","MaxNumberOfMessages":11}'), [400, 'InvalidParameterValue;Sender', 'com.amazon.coral.service#InvalidParameterValueException']);
    assert.deepEqual((await post('Frobnicate', '{}')).slice(0, 2), [400, 'InvalidAction;Sender']);
    assert.deepEqual((await post('SendMessage', '[')).slice(0, 2), [400, 'MalformedInput;Sender']);
  });
});

describe('Amazon SQS, queues of a template', () => {
  const template = (timeout: number) => `Resources:
  Dead: { Type: AWS::SQS::Queue }
  Jobs:
    Type: AWS::SQS::Queue
    Properties: { QueueName: jobs, VisibilityTimeout: ${timeout}, RedrivePolicy: { deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 3 } }
  Sender:
    Type: AWS::Lambda::Function
    Properties:
      FunctionName: Sender
      Handler: index.handler
      Runtime: nodejs24.x
      Code: code
      Role: r
      Timeout: 30
      Environment: { Variables: { QUEUE_URL: !Ref Jobs, SDK: ${JSON.stringify(join(projectRoot, 'node_modules/@aws-sdk/client-sqs'))} } }
`;
  const code = `const { SQSClient, SendMessageCommand } = require(process.env.SDK);
exports.handler = async () => {
  await new SQSClient({ maxAttempts: 1 }).send(new SendMessageCommand({ QueueUrl: process.env.QUEUE_URL, MessageBody: 'from inside' }));
  return process.env._X_AMZN_TRACE_ID;
};
`;
  let engine: EngineProcess;
  let client: SQSClient;
  before(async () => {
    engine = await startEngineProcess({ files: { 'template.yaml': template(60), 'code/index.js': code } });
    client = clientOf(engine);
  });
  after(async () => {
    client.destroy();
    await engine.stop();
  });
  const jobs = () => `${engine.info.endpoint}/123456789012/jobs`;

  it('are there, with their redrive policy, and follow the template', async () => {
    const attributes = async () => (await client.send(new GetQueueAttributesCommand({ QueueUrl: jobs(), AttributeNames: ['All'] }))).Attributes ?? {};
    const { RedrivePolicy, VisibilityTimeout } = await attributes();
    assert.equal(VisibilityTimeout, '60');
    const { deadLetterTargetArn, maxReceiveCount } = JSON.parse(RedrivePolicy ?? '') as { deadLetterTargetArn: string; maxReceiveCount: number };
    assert.equal(maxReceiveCount, 3);
    const { QueueUrl } = await client.send(new GetQueueUrlCommand({ QueueName: deadLetterTargetArn.split(':').at(-1) }));
    assert.deepEqual((await client.send(new ListDeadLetterSourceQueuesCommand({ QueueUrl }))).queueUrls, [jobs()]);
    writeFileSync(join(engine.workspace, 'template.yaml'), template(90));
    for (let turn = 0; turn < 100 && (await attributes()).VisibilityTimeout !== '90'; turn += 1) await delay(50);
    assert.equal((await attributes()).VisibilityTimeout, '90');
  });

  it('are reached by the URL that Ref gives, from an SDK inside a function, with the function\'s trace', async () => {
    const lambda = new LambdaClient({ endpoint: engine.info.endpoint, region: engine.info.region, maxAttempts: 1, credentials: { accessKeyId: engine.info.accessKeyId, secretAccessKey: engine.info.secretAccessKey } });
    const { Payload, FunctionError } = await lambda.send(new InvokeCommand({ FunctionName: 'Sender' }));
    lambda.destroy();
    const answer = Buffer.from(Payload ?? []).toString();
    assert.equal(FunctionError, undefined, answer);
    const [message] = await received(client, jobs());
    assert.equal(message?.Body, 'from inside');
    assert.equal(message?.Attributes?.AWSTraceHeader, JSON.parse(answer));
  });
});

describe('Amazon SQS, when the engine is killed', () => {
  it('loses no message that was accepted, and frees what was held', async function () {
    this.timeout(60_000);
    const files = { 'template.yaml': 'Resources: {}\n' };
    let engine = await startEngineProcess({ files });
    let client = clientOf(engine);
    const { QueueUrl } = await client.send(new CreateQueueCommand({ QueueName: 'survivor', Attributes: { VisibilityTimeout: '1' } }));
    const accepted = new Set<string>();
    const deleted = new Set<string>();
    let killed = false;
    const senders = Array.from({ length: 4 }, async (_, sender) => {
      for (let at = 0; !killed; at += 1) {
        const body = `${sender}-${at}`;
        try {
          await client.send(new SendMessageCommand({ QueueUrl, MessageBody: body }));
          accepted.add(body);
          for (const { ReceiptHandle, Body } of at % 3 === 0 ? await received(client, QueueUrl as string, { MaxNumberOfMessages: 1 }) : []) {
            deleted.add(Body as string);
            await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: ReceiptHandle as string }));
          }
        } catch {
          // Whether this one arrived is open.
        }
      }
    });
    // In the midst of it, however slow the machine is.
    while (accepted.size < 60) await delay(5);
    engine.child.kill('SIGKILL');
    await once(engine.child, 'exit');
    killed = true;
    await Promise.all(senders);
    client.destroy();
    const { workspace, data } = engine;
    const old = engine;
    engine = await startEngineProcess({ workspace, data });
    client = clientOf(engine);
    try {
      const found = new Set<string>();
      for (let empty = 0; empty < 2;) {
        const messages = await received(client, QueueUrl as string, { WaitTimeSeconds: 2 });
        empty = messages.length === 0 ? empty + 1 : 0;
        for (const { Body, ReceiptHandle } of messages) {
          found.add(Body as string);
          await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: ReceiptHandle as string }));
        }
      }
      assert.deepEqual([...accepted].filter((body) => !found.has(body) && !deleted.has(body)), []);
    } finally {
      client.destroy();
      await engine.stop();
      await old.stop();
    }
  });
});
