/** Amazon SNS as its own clients see it: the SDK for JavaScript against a whole engine, functions, queues and HTTP endpoints. */
import assert from 'node:assert/strict';
import { createHash, createHmac, createVerify, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import {
  ConfirmSubscriptionCommand, CreateTopicCommand, DeleteTopicCommand, GetSubscriptionAttributesCommand, GetTopicAttributesCommand,
  InvalidParameterException, InvalidParameterValueException, ListSubscriptionsByTopicCommand, ListTagsForResourceCommand, ListTopicsCommand, NotFoundException,
  PublishBatchCommand, PublishCommand, SetSubscriptionAttributesCommand, SNSClient, SubscribeCommand, TagResourceCommand, TooManyEntriesInBatchRequestException,
  UnsubscribeCommand, paginateListTopics,
} from '@aws-sdk/client-sns';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Execution } from '../../src/contracts/executions.ts';
import { startEngineProcess, type EngineProcess } from '../support/engine-process.ts';

const files = {
  'template.yaml': `
Transform: AWS::Serverless-2016-10-31
Resources:
  Notices: { Type: AWS::SNS::Topic, Properties: { TopicName: notices, DisplayName: Notices } }
  Listener:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: code/
      Handler: listener.handler
      Runtime: nodejs24.x
      Events: { Notice: { Type: SNS, Properties: { Topic: !Ref Notices, FilterPolicy: { kind: [order] } } } }
  Failures: { Type: AWS::SNS::Topic, Properties: { TopicName: failures } }
  Failing:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: code/
      Handler: failing.handler
      Runtime: nodejs24.x
      DeadLetterQueue: { Type: SNS, TargetArn: !Ref Notices }
      EventInvokeConfig: { MaximumRetryAttempts: 0, DestinationConfig: { OnFailure: { Type: SNS, Destination: !Ref Failures } } }
  Announcer: { Type: AWS::Serverless::Function, Properties: { CodeUri: code/, Handler: announcer.handler, Runtime: nodejs24.x } }
`,
  'code/listener.js': 'exports.handler = async (event) => event;\n',
  'code/failing.js': "exports.handler = async () => { throw new Error('Test exception (this is intentional)'); };\n",
  // As an SDK does: the trace of the invocation goes on with the call.
  'code/announcer.js': `
exports.handler = async ({ topic }) => {
  const attribute = { 'MessageAttributes.entry.1.Name': 'kind', 'MessageAttributes.entry.1.Value.DataType': 'String', 'MessageAttributes.entry.1.Value.StringValue': 'order' };
  const body = new URLSearchParams({ Action: 'Publish', Version: '2010-03-31', TopicArn: topic, Message: 'from a function', ...attribute });
  const answer = await fetch(process.env.AWS_ENDPOINT_URL, { method: 'POST', headers: { 'X-Amzn-Trace-Id': process.env._X_AMZN_TRACE_ID }, body });
  return answer.text();
};
`,
};

class Sha256 {
  readonly #state;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#state = secret === undefined ? createHash('sha256') : createHmac('sha256', secret as string);
  }
  update(data: string | ArrayBuffer | ArrayBufferView): void { this.#state.update(data as string); }
  digest(): Promise<Uint8Array> { return Promise.resolve(this.#state.digest()); }
  reset(): void { throw new Error('not used'); }
}

const clientOf = ({ info }: EngineProcess) => new SNSClient({
  endpoint: info.endpoint, region: info.region, maxAttempts: 1, credentials: { accessKeyId: info.accessKeyId, secretAccessKey: info.secretAccessKey },
});

async function sqs<R>({ info }: EngineProcess, operation: string, input: object): Promise<R> {
  const { host, hostname, port } = new URL(info.endpoint);
  const body = JSON.stringify(input);
  const signer = new SignatureV4({ service: 'sqs', region: info.region, credentials: info, sha256: Sha256 });
  const { headers } = await signer.sign({
    method: 'POST', protocol: 'http:', hostname, port: Number(port), path: '/', body, query: {},
    headers: { host, 'x-amz-target': `AmazonSQS.${operation}`, 'content-type': 'application/x-amz-json-1.0' },
  });
  const answer = await fetch(info.endpoint, { method: 'POST', headers, body });
  assert.ok(answer.ok, `${operation}: ${await answer.clone().text()}`);
  return await answer.json() as R;
}

interface Message {
  Body: string;
  MessageAttributes?: Record<string, { DataType: string; StringValue: string }>;
  Attributes: Record<string, string>;
}

async function queue(engine: EngineProcess, QueueName: string): Promise<{ url: string; arn: string; receive: () => Promise<Message[]> }> {
  const { QueueUrl } = await sqs<{ QueueUrl: string }>(engine, 'CreateQueue', { QueueName, Attributes: QueueName.endsWith('.fifo') ? { FifoQueue: 'true' } : {} });
  return {
    url: QueueUrl,
    arn: `arn:aws:sqs:${engine.info.region}:${engine.info.accountId}:${QueueName}`,
    receive: async () => (await sqs<{ Messages?: Message[] }>(engine, 'ReceiveMessage', { QueueUrl, MaxNumberOfMessages: 10, MessageAttributeNames: ['All'], MessageSystemAttributeNames: ['All'] })).Messages ?? [],
  };
}

async function own<T>({ info }: EngineProcess, path: string, body?: unknown): Promise<T> {
  const answer = await fetch(`${info.endpoint}/_local-lambda/${path}`, {
    headers: { authorization: `Bearer ${info.token}` }, ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  });
  assert.ok(answer.ok, `${path}: ${answer.status}`);
  return await answer.json() as T;
}

async function until<T>(what: string, look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (let turn = 0; turn < 400; turn += 1) {
    const found = await look();
    if (found !== undefined) return found;
    await delay(50);
  }
  return assert.fail(`waited in vain: ${what}`);
}

interface Received {
  headers: IncomingHttpHeaders;
  body: string;
}

/** An HTTP endpoint of the test. */
class Hook {
  readonly received: Received[] = [];
  status = 200;
  readonly #server: Server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => { body += String(chunk); });
    request.on('end', () => {
      this.received.push({ headers: request.headers, body });
      response.writeHead(this.status).end();
    });
  });

  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hook`;
  }

  next(type: string): Promise<Received> {
    return until(type, () => {
      const place = this.received.findIndex(({ headers }) => headers['x-amz-sns-message-type'] === type);
      return place === -1 ? undefined : this.received.splice(place, 1)[0];
    });
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

const fields = (received: { body: string } | { Body: string }) => JSON.parse('body' in received ? received.body : received.Body) as Record<string, string>;

describe('Amazon SNS, by the AWS SDK', () => {
  let engine: EngineProcess;
  let client: SNSClient;
  before(async () => {
    engine = await startEngineProcess({ files });
    client = clientOf(engine);
  });
  after(async () => {
    client.destroy();
    await engine.stop();
  });
  /** The same workspace and data in a new engine; the one before has ended. */
  async function next(parameters: string[] = []): Promise<void> {
    const started = await startEngineProcess({ workspace: engine.workspace, data: engine.data, parameters });
    const { stop } = engine;
    client.destroy();
    client = clientOf(started);
    // The scratch folder is the first engine's to remove.
    engine = { ...started, stop: async (options) => { await started.stop({ keep: true }); return stop(options); } };
  }

  const topic = async (Name: string, Attributes?: Record<string, string>) => (await client.send(new CreateTopicCommand({ Name, Attributes }))).TopicArn as string;

  it('topics: created, tagged, listed in pages, deleted', async () => {
    const { TopicArn } = await client.send(new CreateTopicCommand({ Name: 'tagged', Attributes: { DisplayName: 'x & "y" <z>' }, Tags: [{ Key: 'k', Value: 'v+1' }] }));
    await client.send(new TagResourceCommand({ ResourceArn: TopicArn, Tags: [{ Key: 'more', Value: '' }] }));
    assert.deepEqual((await client.send(new ListTagsForResourceCommand({ ResourceArn: TopicArn }))).Tags, [{ Key: 'k', Value: 'v+1' }, { Key: 'more', Value: '' }]);
    const { Attributes } = await client.send(new GetTopicAttributesCommand({ TopicArn }));
    assert.equal(Attributes?.DisplayName, 'x & "y" <z>');
    await Promise.all(Array.from({ length: 110 }, (_, number) => topic(`page-${number}`)));
    const arns = new Set<string>();
    for await (const page of paginateListTopics({ client }, {})) for (const { TopicArn: arn } of page.Topics ?? []) arns.add(arn as string);
    assert.equal(arns.size, 113);
    await Promise.all([...arns].filter((arn) => !/:(notices|failures)$/.test(arn)).map((arn) => client.send(new DeleteTopicCommand({ TopicArn: arn }))));
    assert.deepEqual((await client.send(new ListTopicsCommand({}))).Topics?.map((one) => one.TopicArn?.split(':').pop()), ['failures', 'notices']);
  });

  it('errors arrive as the SDK\'s own exceptions', async () => {
    const TopicArn = `arn:aws:sns:us-east-1:123456789012:none`;
    await assert.rejects(client.send(new PublishCommand({ TopicArn, Message: 'x' })), (error) => error instanceof NotFoundException && error.message === 'Topic does not exist' && error.$metadata.httpStatusCode === 404);
    await assert.rejects(client.send(new CreateTopicCommand({ Name: 'a b' })), (error) => error instanceof InvalidParameterException && error.message === 'Invalid parameter: Topic Name');
    const arn = await topic('errors');
    await assert.rejects(client.send(new PublishCommand({ TopicArn: arn, Message: 'x', MessageAttributes: { a: { DataType: 'String' } } })), InvalidParameterValueException);
    const PublishBatchRequestEntries = Array.from({ length: 11 }, (_, number) => ({ Id: String(number), Message: 'x' }));
    await assert.rejects(client.send(new PublishBatchCommand({ TopicArn: arn, PublishBatchRequestEntries })), TooManyEntriesInBatchRequestException);
  });

  it('publishes to a queue what its filter policy lets pass, in the envelope, signed with the certificate of the endpoint', async () => {
    const { arn, receive } = await queue(engine, 'filtered');
    const TopicArn = await topic('filtered');
    const { SubscriptionArn } = await client.send(new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint: arn, Attributes: { FilterPolicy: '{"kind":["a"]}' } }));
    const send = (Message: string, kind: string) => client.send(new PublishCommand({
      TopicArn, Message, Subject: 'Größe', MessageAttributes: { kind: { DataType: 'String', StringValue: kind }, bytes: { DataType: 'Binary', BinaryValue: new Uint8Array([2, 3, 4]) } },
    }));
    await send('dropped', 'b');
    const { MessageId } = await send('line one\n"line" two + ü', 'a');
    const messages = await receive();
    assert.equal(messages.length, 1);
    const envelope = fields(messages[0] as Message);
    assert.deepEqual([envelope.MessageId, envelope.Message, envelope.Subject], [MessageId, 'line one\n"line" two + ü', 'Größe']);
    assert.deepEqual(envelope.MessageAttributes as unknown, { bytes: { Type: 'Binary', Value: 'AgME' }, kind: { Type: 'String', Value: 'a' } });
    const answer = await fetch(String(envelope.SigningCertURL));
    assert.equal(answer.status, 200);
    const signed = ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type'].map((name) => `${name}\n${envelope[name]}\n`).join('');
    assert.equal(createVerify('RSA-SHA1').update(signed).verify(new X509Certificate(await answer.text()).publicKey, String(envelope.Signature), 'base64'), true);

    await client.send(new SetSubscriptionAttributesCommand({ SubscriptionArn, AttributeName: 'RawMessageDelivery', AttributeValue: 'true' }));
    await send('raw', 'a');
    const [raw] = await receive();
    assert.equal(raw?.Body, 'raw');
    assert.deepEqual(raw?.MessageAttributes?.kind, { DataType: 'String', StringValue: 'a' });
  });

  it('publishes batches in order to a FIFO queue, repeats once', async () => {
    const { arn, receive } = await queue(engine, 'orders.fifo');
    const TopicArn = await topic('orders.fifo', { FifoTopic: 'true', ContentBasedDeduplication: 'true' });
    await client.send(new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint: arn, Attributes: { RawMessageDelivery: 'true' } }));
    const batch = new PublishBatchCommand({ TopicArn, PublishBatchRequestEntries: ['1', '2', '3'].map((Message) => ({ Id: Message, Message, MessageGroupId: 'g' })) });
    const [first, second] = [await client.send(batch), await client.send(batch)];
    assert.deepEqual(first.Failed, []);
    assert.deepEqual(second.Successful, first.Successful);
    const messages = await receive();
    assert.deepEqual(messages.map(({ Body, Attributes }) => [Body, Attributes.MessageGroupId]), [['1', 'g'], ['2', 'g'], ['3', 'g']]);
    assert.deepEqual(messages.map(({ Attributes }) => Attributes.MessageDeduplicationId), ['1', '2', '3'].map((text) => createHash('sha256').update(text).digest('hex')));
  });

  it('invokes the function that a template subscribes, with its filter policy', async () => {
    const TopicArn = 'arn:aws:sns:us-east-1:123456789012:notices';
    assert.equal((await client.send(new GetTopicAttributesCommand({ TopicArn }))).Attributes?.DisplayName, 'Notices');
    const publish = (kind: string) => client.send(new PublishCommand({ TopicArn, Message: kind, MessageAttributes: { kind: { DataType: 'String', StringValue: kind } } }));
    await publish('other');
    const { MessageId } = await publish('order');
    const execution = await until('an execution of Listener', async () => {
      const { executions } = await own<{ executions: Execution[] }>(engine, 'executions?function=Listener');
      return executions.find(({ status }) => status === 'succeeded');
    });
    const { content } = await own<{ content: { request: string } }>(engine, `execution?id=${execution.id}`);
    const event = JSON.parse(content.request) as { Records: { EventSource: string; Sns: Record<string, unknown> }[] };
    assert.deepEqual([event.Records.length, event.Records[0]?.EventSource, event.Records[0]?.Sns.MessageId, event.Records[0]?.Sns.Message], [1, 'aws:sns', MessageId, 'order']);
    assert.equal((await own<{ executions: Execution[] }>(engine, 'executions?function=Listener')).executions.length, 1);
  });

  it('a function\'s failed event reaches its dead-letter topic and its destination, as recorded', async () => {
    const [dead, failed] = [await queue(engine, 'dead-letters'), await queue(engine, 'failures')];
    for (const [name, { arn }] of [['notices', dead], ['failures', failed]] as const) {
      await client.send(new SubscribeCommand({ TopicArn: `arn:aws:sns:us-east-1:123456789012:${name}`, Protocol: 'sqs', Endpoint: arn }));
    }
    const lambda = new LambdaClient({ endpoint: engine.info.endpoint, region: engine.info.region, credentials: engine.info });
    await lambda.send(new InvokeCommand({ FunctionName: 'Failing', InvocationType: 'Event', Payload: '{"raise_error": 1}' }));
    lambda.destroy();
    const first = ({ receive }: typeof dead) => until('a message', async () => (await receive())[0]);
    const letter = fields(await first(dead));
    assert.equal(letter.Message, '{"raise_error": 1}');
    const { RequestID, ...attributes } = letter.MessageAttributes as unknown as Record<string, { Type: string; Value: string }>;
    assert.deepEqual(attributes, { ErrorCode: { Type: 'Number', Value: '200' }, ErrorMessage: { Type: 'String', Value: 'Test exception (this is intentional)' } });
    const envelope = fields(await first(failed));
    assert.deepEqual([envelope.Subject, envelope.MessageAttributes], [undefined, undefined]);
    const record = JSON.parse(String(envelope.Message)) as { requestContext: { condition: string; requestId: string } };
    assert.deepEqual([record.requestContext.condition, record.requestContext.requestId], ['RetriesExhausted', RequestID?.Value]);
  });

  it('an execution that a function\'s message caused knows its cause', async () => {
    await engine.stop({ keep: true });
    await next(['--no-sign']);
    const answer = await fetch(`${engine.info.endpoint}/2015-03-31/functions/Announcer/invocations`, {
      method: 'POST', body: JSON.stringify({ topic: 'arn:aws:sns:us-east-1:123456789012:notices' }),
    });
    assert.match(await answer.text(), /<MessageId>/);
    const caused = await until('a caused execution', async () => {
      const { executions } = await own<{ executions: Execution[] }>(engine, 'executions?function=Listener');
      return executions.find(({ causedBy }) => causedBy !== undefined);
    });
    const { executions } = await own<{ executions: Execution[] }>(engine, 'executions?function=Announcer');
    assert.deepEqual([caused.causedBy, caused.source], [executions[0]?.id, 'sns']);
    await engine.stop({ keep: true });
    await next();
  });

  it('what was accepted before a kill -9 is in the queues, once in each', async () => {
    const [one, other] = [await queue(engine, 'crash-one'), await queue(engine, 'crash-other')];
    const TopicArn = await topic('crash');
    for (const Endpoint of [one.arn, other.arn]) await client.send(new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint, Attributes: { RawMessageDelivery: 'true' } }));
    const accepted: string[] = [];
    let killed = false;
    const publisher = async (name: string) => {
      for (let number = 0; !killed; number += 1) {
        const Message = `${name}-${number}`;
        await client.send(new PublishCommand({ TopicArn, Message })).then(() => accepted.push(Message), (error: unknown) => { if (!killed) throw error; });
      }
    };
    const publishers = ['a', 'b', 'c', 'd'].map(publisher);
    await until('some accepted messages', () => (accepted.length > 40 ? true : undefined));
    const exited = once(engine.child, 'exit');
    killed = engine.child.kill('SIGKILL');
    await Promise.all([exited, ...publishers]);
    await next();
    const contents = await Promise.all([one, other].map(async ({ url }) => {
      const bodies: string[] = [];
      for (;;) {
        const { Messages = [] } = await sqs<{ Messages?: Message[] }>(engine, 'ReceiveMessage', { QueueUrl: url, MaxNumberOfMessages: 10 });
        if (Messages.length === 0) return bodies.sort();
        bodies.push(...Messages.map(({ Body }) => Body));
      }
    }));
    assert.deepEqual(contents[0], contents[1]);
    assert.equal(new Set(contents[0]).size, contents[0]?.length);
    assert.deepEqual(accepted.filter((message) => !contents[0]?.includes(message)), []);
    // At most the call that each publisher had under way was accepted without an answer.
    assert.ok((contents[0]?.length ?? 0) - accepted.length <= publishers.length);
  });

  describe('with an HTTP endpoint', () => {
    let hook: Hook;
    let url: string;
    let TopicArn: string;
    beforeEach(async () => {
      hook = new Hook();
      url = await hook.listen();
      TopicArn = await topic(`hooked-${url.split(/[:/]/)[4]}`);
    });
    afterEach(() => hook.close());

    async function subscribed(Attributes?: Record<string, string>): Promise<string> {
      const { SubscriptionArn } = await client.send(new SubscribeCommand({ TopicArn, Protocol: 'http', Endpoint: url, Attributes }));
      assert.equal(SubscriptionArn, 'pending confirmation');
      const confirmation = await hook.next('SubscriptionConfirmation');
      const answer = await fetch(String(fields(confirmation).SubscribeURL));
      const [, arn] = /<SubscriptionArn>(.*)<\/SubscriptionArn>/.exec(await answer.text()) ?? [];
      assert.equal(answer.status, 200);
      return arn as string;
    }

    it('asks it to confirm, notifies it, and lets it unsubscribe by the URL in the message, all without signatures', async () => {
      const arn = await subscribed();
      const { MessageId } = await client.send(new PublishCommand({ TopicArn, Message: 'test_external_http_endpoint' }));
      const { headers, body } = await hook.next('Notification');
      assert.deepEqual(Object.fromEntries(['content-type', 'user-agent', 'accept-encoding', 'x-amz-sns-message-id', 'x-amz-sns-topic-arn', 'x-amz-sns-subscription-arn'].map((name) => [name, headers[name]])), {
        'content-type': 'text/plain; charset=UTF-8', 'user-agent': 'Amazon Simple Notification Service Agent', 'accept-encoding': 'gzip,deflate',
        'x-amz-sns-message-id': MessageId, 'x-amz-sns-topic-arn': TopicArn, 'x-amz-sns-subscription-arn': arn,
      });
      const { UnsubscribeURL, Message } = fields({ body });
      assert.equal(Message, 'test_external_http_endpoint');
      assert.equal((await fetch(String(UnsubscribeURL))).status, 200);
      const goodbye = fields(await hook.next('UnsubscribeConfirmation'));
      assert.deepEqual((await client.send(new ListSubscriptionsByTopicCommand({ TopicArn }))).Subscriptions, []);
      const { SubscriptionArn } = await client.send(new ConfirmSubscriptionCommand({ TopicArn, Token: goodbye.Token, AuthenticateOnUnsubscribe: 'true' }));
      assert.equal(SubscriptionArn, arn);
      const refused = await fetch(String(UnsubscribeURL));
      assert.equal(refused.status, 403);
      assert.match(await refused.text(), /<Code>AuthorizationError<\/Code>/);
      await client.send(new UnsubscribeCommand({ SubscriptionArn }));
      await assert.rejects(client.send(new GetSubscriptionAttributesCommand({ SubscriptionArn })), NotFoundException);
    });

    it('nothing else is answered without a signature', async () => {
      const unsigned = await fetch(`${engine.info.endpoint}/?Action=Publish&Version=2010-03-31&TopicArn=${TopicArn}&Message=x`);
      assert.equal(unsigned.status, 403);
      const foreign = await fetch(`${engine.info.endpoint}/?Action=Unsubscribe&SubscriptionArn=${TopicArn}:x`, { headers: { origin: 'http://example.com' } });
      assert.equal(foreign.status, 403);
      assert.equal((await fetch(`${engine.info.endpoint}/SimpleNotificationService-00.pem`)).status, 404);
    });

    it('tries again after a server error, also in the next run of a killed engine', async () => {
      await subscribed();
      hook.status = 503;
      const { MessageId } = await client.send(new PublishCommand({ TopicArn, Message: 'stubborn' }));
      await hook.next('Notification');
      const exited = once(engine.child, 'exit');
      engine.child.kill('SIGKILL');
      await exited;
      hook.status = 200;
      await next();
      const again = fields(await hook.next('Notification'));
      assert.deepEqual([again.MessageId, again.Message], [MessageId, 'stubborn']);
    });
  });
});
