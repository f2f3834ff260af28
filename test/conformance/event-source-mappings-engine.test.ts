/** Event source mappings of a whole engine, through the AWS SDK. */
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { LambdaClient } from '@aws-sdk/client-lambda';
import type { EventSourceMappingSummary, RecordFate } from '../../src/contracts/event-source-mappings.ts';
import type { Execution } from '../../src/contracts/executions.ts';
import { startEngineProcess, type EngineProcess } from '../support/engine-process.ts';

const files = {
  'template.yaml': `Transform: AWS::Serverless-2016-10-31
Resources:
  Orders: { Type: AWS::SQS::Queue, Properties: { QueueName: orders, RedrivePolicy: { deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 3 } } }
  Dead: { Type: AWS::SQS::Queue, Properties: { QueueName: dead } }
  Free: { Type: AWS::SQS::Queue, Properties: { QueueName: free } }
  Out: { Type: AWS::SQS::Queue, Properties: { QueueName: out } }
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: worker
      CodeUri: code/
      Handler: index.handler
      Runtime: nodejs24.x
      Events:
        Orders:
          Type: SQS
          Properties:
            Queue: !GetAtt Orders.Arn
            FunctionResponseTypes: [ReportBatchItemFailures]
            FilterCriteria: { Filters: [{ Pattern: '{"body":{"kind":["order"]}}' }] }
  Brief: { Type: AWS::SQS::Queue, Properties: { QueueName: brief, VisibilityTimeout: 3 } }
  Slow:
    Type: AWS::Serverless::Function
    Properties: { FunctionName: slow, CodeUri: code/, Handler: index.slow, Runtime: nodejs24.x, Timeout: 3, Events: { Brief: { Type: SQS, Properties: { Queue: !GetAtt Brief.Arn } } } }
  Clicks: { Type: AWS::Kinesis::Stream, Properties: { Name: clicks, ShardCount: 1 } }
  Poisoned: { Type: AWS::SQS::Queue, Properties: { QueueName: poisoned } }
  Counter:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: counter
      CodeUri: code/
      Handler: index.counter
      Runtime: nodejs24.x
      Events:
        Clicks:
          Type: Kinesis
          Properties:
            Stream: !GetAtt Clicks.Arn
            StartingPosition: TRIM_HORIZON
            BisectBatchOnFunctionError: true
            MaximumRetryAttempts: 1
            DestinationConfig: { OnFailure: { Destination: !GetAtt Poisoned.Arn } }
  Plain: { Type: AWS::Serverless::Function, Properties: { FunctionName: plain, CodeUri: code/, Handler: index.plain, Runtime: nodejs24.x } }
`,
  'code/index.js': `
exports.handler = async ({ Records }) => ({ batchItemFailures: Records.filter(({ body }) => JSON.parse(body).poison).map(({ messageId }) => ({ itemIdentifier: messageId })) });
exports.slow = () => new Promise((resolve) => setTimeout(resolve, 1500));
exports.counter = async ({ Records }) => {
  for (const { kinesis } of Records) if (Buffer.from(kinesis.data, 'base64').toString() === 'poison') throw new Error('poison');
};
exports.plain = async ({ Records }) => Records.map(({ body }) => body);
`,
};

describe('event source mappings of a whole engine', () => {
  let engine: EngineProcess;
  let client: LambdaClient;
  before(async () => {
    engine = await startEngineProcess({ files, parameters: ['--no-sign'] });
    const { LambdaClient } = await import('@aws-sdk/client-lambda');
    client = new LambdaClient({ endpoint: engine.info.endpoint, region: 'us-east-1', credentials: { accessKeyId: engine.info.accessKeyId, secretAccessKey: engine.info.secretAccessKey } });
  });
  after(async () => {
    client.destroy();
    await engine.stop();
  });

  const own = async <T>(path: string, body?: object): Promise<T> => {
    const answer = await fetch(`${engine.info.endpoint}/_local-lambda/${path}`, {
      headers: { authorization: `Bearer ${engine.info.token}` }, ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    });
    assert.equal(answer.status, 200, await answer.clone().text());
    return await answer.json() as T;
  };
  const sqs = async <T>(operation: string, input: object): Promise<T> => {
    const answer = await fetch(engine.info.endpoint, {
      method: 'POST', headers: { 'X-Amz-Target': `AmazonSQS.${operation}`, 'Content-Type': 'application/x-amz-json-1.0' }, body: JSON.stringify(input),
    });
    assert.equal(answer.status, 200, await answer.clone().text());
    return await answer.json() as T;
  };
  const url = (name: string) => `${engine.info.endpoint}/123456789012/${name}`;
  const send = async (name: string, body: object) => (await sqs<{ MessageId: string }>('SendMessage', { QueueUrl: url(name), MessageBody: JSON.stringify(body) })).MessageId;
  const until = async (what: string, test: () => Promise<boolean>) => {
    for (let turn = 0; turn < 400; turn += 1) {
      if (await test()) return;
      await delay(25);
    }
    assert.fail(what);
  };
  const why = async (id: string) => (await own<{ fates: RecordFate[] }>(`why?id=${id}`)).fates[0];

  it('the mapping of the template polls: good messages are deleted, a poison message reaches the dead-letter queue, filtered ones tell why', async () => {
    const [good, poison, other] = [await send('orders', { kind: 'order' }), await send('orders', { kind: 'order', poison: true }), await send('orders', { kind: 'refund' })];
    await until('the poison message did not reach the dead-letter queue', async () => {
      const { Attributes } = await sqs<{ Attributes: Record<string, string> }>('GetQueueAttributes', { QueueUrl: url('dead'), AttributeNames: ['All'] });
      return Attributes['ApproximateNumberOfMessages'] === '1';
    });
    const { Messages } = await sqs<{ Messages: { MessageId: string }[] }>('ReceiveMessage', { QueueUrl: url('dead') });
    assert.equal(Messages[0]?.MessageId, poison);
    const fate = await why(good);
    assert.equal(fate?.fate, 'delivered');
    const { execution } = await own<{ execution: Execution }>(`execution?id=${fate?.executionId ?? ''}`);
    assert.deepEqual([execution.source, execution.functionName, execution.polled?.end?.kind], ['event-source-mapping', 'worker', 'done']);
    assert.match(execution.polled?.outcomes ?? '', /^\dd$/);
    const filtered = await why(other);
    assert.equal(filtered?.fate, 'filtered');
    assert.match(filtered?.filters?.[0] ?? '', /body\.kind/);
  });

  it('the AWS SDK creates, reads, changes, lists and deletes a mapping, and gets AWS\'s errors', async () => {
    const { CreateEventSourceMappingCommand, DeleteEventSourceMappingCommand, GetEventSourceMappingCommand, ListEventSourceMappingsCommand, UpdateEventSourceMappingCommand } = await import('@aws-sdk/client-lambda');
    const EventSourceArn = 'arn:aws:sqs:us-east-1:123456789012:free';
    const created = await client.send(new CreateEventSourceMappingCommand({ FunctionName: 'plain', EventSourceArn, BatchSize: 2 }));
    assert.deepEqual([created.$metadata.httpStatusCode, created.State, created.BatchSize, created.LastModified instanceof Date], [202, 'Creating', 2, true]);
    const get = () => client.send(new GetEventSourceMappingCommand({ UUID: created.UUID }));
    await until('the mapping was not enabled', async () => (await get()).State === 'Enabled');
    const id = await send('free', { a: 1 });
    await until('the message was not delivered', async () => (await why(id))?.fate === 'delivered');
    const updated = await client.send(new UpdateEventSourceMappingCommand({ UUID: created.UUID, Enabled: false, ScalingConfig: { MaximumConcurrency: 3 } }));
    assert.deepEqual([updated.State, updated.ScalingConfig], ['Disabling', { MaximumConcurrency: 3 }]);
    await until('the mapping was not disabled', async () => (await get()).State === 'Disabled');
    const listed = await client.send(new ListEventSourceMappingsCommand({ FunctionName: 'plain', MaxItems: 1 }));
    assert.deepEqual(listed.EventSourceMappings?.map(({ UUID }) => UUID), [created.UUID]);
    const duplicate = await client.send(new CreateEventSourceMappingCommand({ FunctionName: 'plain', EventSourceArn })).then(() => assert.fail(), (error: Error) => error);
    assert.equal(duplicate.name, 'ResourceConflictException');
    const mine = await send('free', { b: 1 });
    assert.deepEqual(await own('mapping', { uuid: created.UUID, action: 'poll-once' }), { result: 1 });
    assert.equal((await why(mine))?.fate, 'delivered');
    assert.equal((await client.send(new DeleteEventSourceMappingCommand({ UUID: created.UUID }))).State, 'Deleting');
    await until('the mapping was not deleted', async () => get().then(() => false, (error: Error) => error.name === 'ResourceNotFoundException'));
  });

  it('a poison record of a Kinesis stream is isolated by bisecting and reaches the failure queue; the others are done', async () => {
    const kinesis = async <T>(operation: string, input: object): Promise<T> => {
      const answer = await fetch(engine.info.endpoint, {
        method: 'POST', headers: { 'X-Amz-Target': `Kinesis_20131202.${operation}`, 'Content-Type': 'application/x-amz-json-1.1' }, body: JSON.stringify(input),
      });
      assert.equal(answer.status, 200, await answer.clone().text());
      return await answer.json() as T;
    };
    const { Records } = await kinesis<{ Records: { SequenceNumber: string }[] }>('PutRecords', {
      StreamName: 'clicks', Records: ['a', 'b', 'poison', 'c'].map((data) => ({ Data: Buffer.from(data).toString('base64'), PartitionKey: data })),
    });
    const { Messages } = await sqs<{ Messages?: { Body: string }[] }>('ReceiveMessage', { QueueUrl: url('poisoned'), WaitTimeSeconds: 20 });
    const record = JSON.parse(Messages?.[0]?.Body ?? '{}') as { requestContext: Record<string, unknown>; KinesisBatchInfo: Record<string, unknown> };
    assert.deepEqual([record.requestContext['condition'], record.requestContext['approximateInvokeCount'], record.KinesisBatchInfo['batchSize'], record.KinesisBatchInfo['startSequenceNumber']],
      ['RetryAttemptsExhausted', 2, 1, Records[2]?.SequenceNumber]);
    await until('the last record was not done', async () => (await why(Records[3]?.SequenceNumber ?? ''))?.fate === 'delivered');
    const fate = await why(Records[2]?.SequenceNumber ?? '');
    assert.equal(fate?.fate, 'discarded');
    const { execution } = await own<{ execution: Execution }>(`execution?id=${fate?.executionId ?? ''}`);
    assert.deepEqual([execution.polled?.splitFrom?.by, execution.polled?.deliveries?.map(({ status }) => status)], ['bisect', ['delivered']]);
  });

  it('a batch that the function had when the engine was killed comes again after the visibility timeout', async () => {
    const id = await send('brief', { a: 1 });
    await until('the function did not get it', async () => (await why(id))?.fate === 'running');
    engine.child.kill('SIGKILL');
    const { data, workspace } = engine;
    await until('it did not end', () => Promise.resolve(engine.child.signalCode !== null));
    engine = await startEngineProcess({ workspace, data, parameters: ['--no-sign'] });
    const { mappings } = await own<{ mappings: EventSourceMappingSummary[] }>('mappings');
    assert.deepEqual(mappings.map(({ functionName, state }) => [functionName, state]).sort(), [['counter', 'Enabled'], ['slow', 'Enabled'], ['worker', 'Enabled']]);
    await until('it was not delivered again', async () => {
      const { executions } = await own<{ executions: Execution[] }>('executions?function=slow');
      const done = executions.find(({ status, polled }) => status === 'succeeded' && polled?.outcomes === '1d');
      return done !== undefined && (await why(id))?.executionId === done.id;
    });
  });
});
