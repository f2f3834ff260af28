/** Amazon DynamoDB Streams as its own client sees it: the SDK for JavaScript against a whole engine whose template has a table. */
import assert from 'node:assert/strict';
import {
  DescribeStreamCommand, DynamoDBStreamsClient, GetRecordsCommand, GetShardIteratorCommand, ListStreamsCommand, ResourceNotFoundException,
} from '@aws-sdk/client-dynamodb-streams';
import { startEngineProcess, type EngineProcess } from '../support/engine-process.ts';

const files = {
  'template.yaml': `
Resources:
  Orders:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: orders
      AttributeDefinitions: [{ AttributeName: id, AttributeType: S }]
      KeySchema: [{ AttributeName: id, KeyType: HASH }]
      BillingMode: PAY_PER_REQUEST
      StreamSpecification: { StreamViewType: NEW_AND_OLD_IMAGES }
  Plain:
    Type: AWS::DynamoDB::Table
    Properties: { TableName: plain, KeySchema: [{ AttributeName: id, KeyType: HASH }] }
`,
};

describe('Amazon DynamoDB Streams, by the AWS SDK for JavaScript', function () {
  this.timeout(60_000);
  let engine: EngineProcess;
  let streams: DynamoDBStreamsClient;
  before(async () => {
    engine = await startEngineProcess({ files });
    const { endpoint, region, accessKeyId, secretAccessKey } = engine.info;
    streams = new DynamoDBStreamsClient({ endpoint, region, maxAttempts: 1, credentials: { accessKeyId, secretAccessKey } });
  });
  after(async () => {
    streams.destroy();
    await engine.stop();
  });

  const change = (body: object): Promise<Response> => fetch(`${engine.info.endpoint}/_local-lambda/table-change`, {
    method: 'POST', headers: { authorization: `Bearer ${engine.info.token}` }, body: JSON.stringify(body),
  });

  it('changes put by hand are read back as records, times, sizes and binary values intact', async () => {
    const { Streams } = await streams.send(new ListStreamsCommand({}));
    assert.deepEqual(Streams?.map(({ TableName }) => TableName), ['orders']);
    const StreamArn = Streams?.[0]?.StreamArn as string;
    const { StreamDescription } = await streams.send(new DescribeStreamCommand({ StreamArn }));
    assert.deepEqual([StreamDescription?.StreamStatus, StreamDescription?.StreamViewType, StreamDescription?.KeySchema], ['ENABLED', 'NEW_AND_OLD_IMAGES', [{ AttributeName: 'id', KeyType: 'HASH' }]]);
    const ShardId = StreamDescription?.Shards?.[0]?.ShardId;
    const { ShardIterator } = await streams.send(new GetShardIteratorCommand({ StreamArn, ShardId, ShardIteratorType: 'LATEST' }));
    const item = { id: { S: '1' }, total: { N: '12.5' }, picture: { B: 'AP8=' } };
    for (const body of [{ newImage: item }, { oldImage: item, newImage: item }, { oldImage: item, newImage: { ...item, total: { N: '13' } } }, { oldImage: { id: { S: '1' } }, expired: true }]) {
      assert.equal((await change({ streamArn: StreamArn, ...body })).status, 200);
    }
    const { Records, NextShardIterator } = await streams.send(new GetRecordsCommand({ ShardIterator }));
    assert.deepEqual(Records?.map(({ eventName }) => eventName), ['INSERT', 'MODIFY', 'REMOVE']);
    const inserted = Records?.[0];
    assert.deepEqual(inserted?.dynamodb?.NewImage?.picture?.B, new Uint8Array([0, 255]));
    assert.deepEqual([inserted?.eventVersion, inserted?.eventSource, inserted?.awsRegion, inserted?.dynamodb?.Keys], ['1.1', 'aws:dynamodb', 'us-east-1', { id: { S: '1' } }]);
    const created = inserted?.dynamodb?.ApproximateCreationDateTime as Date;
    assert.equal(created.getTime() % 1000, 0);
    assert.ok(Math.abs(created.getTime() - Date.now()) < 60_000);
    assert.deepEqual(Records?.[2]?.userIdentity, { PrincipalId: 'dynamodb.amazonaws.com', Type: 'Service' });
    assert.equal((await streams.send(new GetRecordsCommand({ ShardIterator: NextShardIterator }))).Records?.length, 0);
  });

  it('refuses by name and text, by hand too', async () => {
    const StreamArn = `arn:aws:dynamodb:us-east-1:${engine.info.accountId}:table/none/stream/2020-01-01T00:00:00.000`;
    await assert.rejects(streams.send(new DescribeStreamCommand({ StreamArn })), (error) =>
      error instanceof ResourceNotFoundException && error.message === `Requested resource not found: Stream: ${StreamArn} not found`);
    const wrong = await change({ streamArn: StreamArn.replace('none', 'orders'), newImage: { name: { S: 'x' } } });
    assert.equal(wrong.status, 400);
    assert.match(((await wrong.json()) as { message: string }).message, /Missing the key id in the item$/);
  });
});
