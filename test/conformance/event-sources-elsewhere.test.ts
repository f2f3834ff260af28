/** Mappings that poll sources elsewhere: servers of others over real HTTP, killed and come back, and a second engine. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { EventSourceMappingSummary, RecordFate } from '../../src/contracts/event-source-mappings.ts';
import { startEngineProcess, type EngineProcess } from '../support/engine-process.ts';
import { startFauxqs, startKinesalite, type ThirdPartyServer } from '../support/third-party-servers.ts';

const template = `Transform: AWS::Serverless-2016-10-31
Resources:
  Orders: { Type: AWS::SQS::Queue, Properties: { QueueName: orders } }
  Clicks: { Type: AWS::Kinesis::Stream, Properties: { Name: clicks, ShardCount: 2 } }
  Customers:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: customers
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{ AttributeName: id, AttributeType: S }]
      KeySchema: [{ AttributeName: id, KeyType: HASH }]
      StreamSpecification: { StreamViewType: NEW_AND_OLD_IMAGES }
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: worker
      CodeUri: code/
      Handler: index.handler
      Runtime: nodejs24.x
      Events:
        Orders: { Type: SQS, Properties: { Queue: !GetAtt Orders.Arn, FunctionResponseTypes: [ReportBatchItemFailures] } }
        Clicks: { Type: Kinesis, Properties: { Stream: !GetAtt Clicks.Arn, StartingPosition: TRIM_HORIZON, BatchSize: 3 } }
        Customers: { Type: DynamoDB, Properties: { Stream: !GetAtt Customers.StreamArn, StartingPosition: TRIM_HORIZON } }
`;
/** Notes every record; a message that says "poison" is given back the first time. */
const code = `const { appendFileSync } = require('node:fs');
exports.handler = async ({ Records }) => {
  for (const record of Records) appendFileSync(process.env.SEEN, JSON.stringify(record) + '\\n');
  return { batchItemFailures: Records.filter(({ body, attributes }) => body === 'poison' && attributes.ApproximateReceiveCount === '1').map(({ messageId }) => ({ itemIdentifier: messageId })) };
};
`;
const source = `Resources:
  Orders: { Type: AWS::SQS::Queue, Properties: { QueueName: orders } }
  Customers:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: customers
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{ AttributeName: id, AttributeType: S }]
      KeySchema: [{ AttributeName: id, KeyType: HASH }]
      StreamSpecification: { StreamViewType: NEW_AND_OLD_IMAGES }
`;

interface Seen {
  messageId?: string;
  body?: string;
  messageAttributes?: Record<string, unknown>;
  attributes?: Record<string, string>;
  eventID?: string;
  eventName?: string;
  eventSource: string;
  eventSourceARN: string;
  kinesis?: { data: string; partitionKey: string; sequenceNumber: string; approximateArrivalTimestamp: number };
  dynamodb?: Record<string, unknown>;
}

describe('event sources elsewhere', function () {
  this.timeout(60_000);
  let folder: string;
  let kinesis: ThirdPartyServer;
  let sqs: ThirdPartyServer;
  let second: EngineProcess;
  let engine: EngineProcess;

  const settings = () => JSON.stringify({
    'localLambda.environment': { worker: { SEEN: join(folder, 'seen') } },
    'localLambda.eventSources': { orders: { endpoint: sqs.endpoint }, 'arn:aws:kinesis:*:stream/clicks': { endpoint: kinesis.endpoint }, customers: { endpoint: second.info.endpoint } },
  });
  const start = (kept: { workspace?: string; data?: string } = {}) => startEngineProcess({
    ...kept, files: { 'template.yaml': template, 'code/index.js': code, '.vscode/settings.json': settings() },
  });
  const seen = () => (existsSync(join(folder, 'seen')) ? readFileSync(join(folder, 'seen'), 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line) as Seen) : []);
  const until = async <T>(what: string, test: () => Promise<T | undefined | false> | T | undefined | false): Promise<T> => {
    for (let turn = 0; turn < 800; turn += 1) {
      const found = await test();
      if (found !== undefined && found !== false) return found;
      await delay(25);
    }
    assert.fail(`${what}\n${engine.log()}`);
  };
  const own = async <T>(path: string): Promise<T> => {
    const answer = await fetch(`${engine.info.endpoint}/_local-lambda/${path}`, { headers: { authorization: `Bearer ${engine.info.token}` } });
    assert.equal(answer.status, 200, await answer.clone().text());
    return await answer.json() as T;
  };
  const mapping = async (name: string) => {
    const { mappings } = await own<{ mappings: EventSourceMappingSummary[] }>('mappings');
    return mappings.find(({ eventSourceArn }) => eventSourceArn.includes(name)) ?? assert.fail(`no mapping of ${name}`);
  };
  const call = async <T>(endpoint: string, target: string, type: string, input: object): Promise<T> => {
    const answer = await fetch(endpoint, {
      method: 'POST', body: JSON.stringify(input),
      headers: {
        'X-Amz-Target': target, 'Content-Type': `application/x-amz-json-${type}`, 'X-Amz-Date': '20260101T000000Z',
        Authorization: 'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=00',
      },
    });
    assert.equal(answer.status, 200, await answer.clone().text());
    const text = await answer.text();
    return (text === '' ? {} : JSON.parse(text)) as T;
  };
  const toSqs = <T>(operation: string, input: object) => call<T>(sqs.endpoint, `AmazonSQS.${operation}`, '1.0', input);
  const toKinesis = <T>(operation: string, input: object) => call<T>(kinesis.endpoint, `Kinesis_20131202.${operation}`, '1.1', input);
  const put = async (data: string, key = 'k') => (await toKinesis<{ SequenceNumber: string }>('PutRecord', { StreamName: 'clicks', PartitionKey: key, Data: Buffer.from(data).toString('base64') })).SequenceNumber;
  const datas = () => seen().flatMap(({ kinesis: record }) => (record ? [Buffer.from(record.data, 'base64').toString()] : []));
  const bodies = () => seen().flatMap(({ body }) => (body === undefined ? [] : [body]));

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'local-lambda-elsewhere-'));
    [kinesis, sqs, second] = await Promise.all([startKinesalite(), startFauxqs(), startEngineProcess({ files: { 'template.yaml': source }, parameters: ['--no-sign'] })]);
    await toSqs('CreateQueue', { QueueName: 'orders', Attributes: { VisibilityTimeout: '5' } });
    await toKinesis('CreateStream', { StreamName: 'clicks', ShardCount: 2 });
    engine = await start();
  });
  after(async () => {
    await engine.stop();
    await Promise.all([second.stop(), kinesis.close(), sqs.close()]);
    rmSync(folder, { recursive: true, force: true });
  });

  it('a queue of a third-party server: messages with all their attributes reach the function and are deleted; one that failed comes back', async () => {
    const { QueueUrl } = await toSqs<{ QueueUrl: string }>('GetQueueUrl', { QueueName: 'orders' });
    await toSqs('SendMessage', {
      QueueUrl, MessageBody: 'first', MessageAttributes: { Weeks: { DataType: 'Number', StringValue: '6' }, Raw: { DataType: 'Binary', BinaryValue: Buffer.from([0, 255]).toString('base64') } },
    });
    const first = await until('the message did not come', () => seen().find(({ body }) => body === 'first'));
    assert.deepEqual(first.messageAttributes, {
      Weeks: { stringValue: '6', stringListValues: [], binaryListValues: [], dataType: 'Number' },
      Raw: { binaryValue: 'AP8=', stringListValues: [], binaryListValues: [], dataType: 'Binary' },
    });
    assert.deepEqual([first.eventSourceARN, first.attributes?.['ApproximateReceiveCount']], ['arn:aws:sqs:us-east-1:123456789012:orders', '1']);
    await toSqs('SendMessage', { QueueUrl, MessageBody: 'poison' });
    await until('the failed message did not come back after its visibility timeout', () => seen().filter(({ body }) => body === 'poison').some(({ attributes }) => attributes?.['ApproximateReceiveCount'] === '2'));
    assert.equal(bodies().filter((body) => body === 'first').length, 1);
  });

  it('a stream of a third-party server: batches of one shard in order, with the records\' own keys and times', async () => {
    const numbers = [];
    for (const data of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) numbers.push(await put(data));
    await until('the records did not come', () => datas().length >= 7);
    assert.deepEqual(datas(), ['a', 'b', 'c', 'd', 'e', 'f', 'g']);
    assert.deepEqual(seen().flatMap(({ kinesis: record }) => (record ? [record.sequenceNumber] : [])), numbers);
    const { eventID, eventSourceARN } = seen().find(({ kinesis: record }) => record) as Seen;
    assert.match(eventID ?? '', new RegExp(`^shardId-00000000000[01]:${numbers[0]}$`));
    assert.equal(eventSourceARN, 'arn:aws:kinesis:us-east-1:123456789012:stream/clicks');
  });

  it('a table\'s stream of another engine: found by the table\'s name, records as AWS words them (lambda-facts §3.5)', async () => {
    const change = async (body: object) => {
      const answer = await fetch(`${second.info.endpoint}/_local-lambda/table-change`, {
        method: 'POST', headers: { authorization: `Bearer ${second.info.token}` },
        body: JSON.stringify({ streamArn: 'arn:aws:dynamodb:us-east-1:123456789012:table/customers/stream/2020-01-01T00:00:00.000', ...body }),
      });
      assert.equal(answer.status, 200, await answer.clone().text());
    };
    const image = { id: { S: 'x' }, raw: { B: 'AP8=' }, tags: { BS: ['AQ==', 'Ag=='] }, age: { N: '42' }, deep: { M: { list: { L: [{ BOOL: true }, { B: 'AA==' }, { NULL: true }] } } } };
    await change({ newImage: image });
    await change({ oldImage: image, expired: true });
    const records = await until('the records did not come', () => {
      const found = seen().filter(({ dynamodb }) => dynamodb);
      return found.length === 2 && found;
    });
    const [inserted, removed] = records as [Seen & { userIdentity?: object }, Seen & { userIdentity?: object }];
    assert.deepEqual(Object.keys(inserted), ['eventID', 'eventName', 'eventVersion', 'eventSource', 'awsRegion', 'dynamodb', 'eventSourceARN']);
    assert.deepEqual(Object.keys(inserted.dynamodb ?? {}), ['ApproximateCreationDateTime', 'Keys', 'NewImage', 'SequenceNumber', 'SizeBytes', 'StreamViewType']);
    assert.deepEqual([inserted.eventName, inserted.dynamodb?.['Keys'], inserted.dynamodb?.['NewImage']], ['INSERT', { id: { S: 'x' } }, image]);
    assert.deepEqual([removed.eventName, removed.dynamodb?.['OldImage'], removed.userIdentity], ['REMOVE', image, { type: 'Service', principalId: 'dynamodb.amazonaws.com' }]);
  });

  it('labels what lives elsewhere, in summaries, in the log and where it is asked why nothing happened', async () => {
    const label = `server at ${sqs.endpoint}`;
    assert.equal((await mapping(':orders')).place?.label, label);
    assert.match(engine.log(), new RegExp(`polls arn:aws:sqs:us-east-1:123456789012:orders: ${label}\\.`));
    const { fates } = await own<{ fates: RecordFate[] }>('why?id=nothing&source=arn:aws:sqs:us-east-1:123456789012:orders');
    assert.match(fates[0]?.sentence ?? 'none', /lives elsewhere \(server at/);
    assert.equal(fates[0]?.place, label);
  });

  it('a server that is killed: says so once, backs off, and goes on by itself when it is back; nothing is skipped', async () => {
    await Promise.all([kinesis.interrupt(), sqs.interrupt()]);
    for (const [name, word] of [[':orders', 'polled'], ['/clicks', 'read']] as const) {
      const troubled = await until(`nothing was said of ${name}`, async () => {
        const found = await mapping(name);
        return found.problem === undefined ? undefined : found;
      });
      assert.match(troubled.problem ?? '', new RegExp(`\\(server at http://127.*cannot be ${word}: There is no answer: .*ECONN`));
      assert.equal(troubled.lastProcessingResult, 'PROBLEM: Connection error');
    }
    await Promise.all([kinesis.resume(), sqs.resume()]);
    await put('after the outage');
    const { QueueUrl } = await toSqs<{ QueueUrl: string }>('GetQueueUrl', { QueueName: 'orders' });
    await toSqs('SendMessage', { QueueUrl, MessageBody: 'after the outage' });
    await until('the record did not come', () => datas().includes('after the outage'));
    await until('the message did not come', () => bodies().includes('after the outage'));
    for (const name of [':orders', '/clicks']) {
      const mended = await until(`${name} still has a problem`, async () => {
        const found = await mapping(name);
        return found.problem === undefined ? found : undefined;
      });
      assert.equal(mended.lastProcessingResult, 'OK');
    }
    const warnings = engine.log().split('\n').filter((line) => /cannot be (polled|read)/.test(line));
    assert.ok(warnings.length >= 2 && warnings.length <= 6, warnings.join('\n'));
  });

  it('the position of a stream survives the engine: what was put meanwhile comes once, what was done does not come again', async () => {
    const before = datas().length;
    await engine.stop({ keep: true });
    await put('while it was away');
    const { workspace, data } = engine;
    writeFileSync(join(workspace, '.vscode', 'settings.json'), settings());
    engine = await start({ workspace, data });
    await until('the record did not come', () => datas().includes('while it was away'));
    await put('and after');
    await until('the next record did not come', () => datas().includes('and after'));
    assert.deepEqual(datas().slice(before), ['while it was away', 'and after']);
  });
});
