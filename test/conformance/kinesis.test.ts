/** Amazon Kinesis as its own client sees it: the SDK for JavaScript, over HTTP/2 as it comes, against a whole engine. */
import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import {
  CreateStreamCommand, DecreaseStreamRetentionPeriodCommand, DeleteStreamCommand, DeregisterStreamConsumerCommand, DescribeStreamCommand,
  DescribeStreamConsumerCommand, DescribeStreamSummaryCommand, ExpiredIteratorException, GetRecordsCommand, GetShardIteratorCommand,
  IncreaseStreamRetentionPeriodCommand, InvalidArgumentException, KinesisClient, ListShardsCommand, ListStreamConsumersCommand, ListStreamsCommand,
  ListTagsForStreamCommand, MergeShardsCommand, PutRecordCommand, PutRecordsCommand, RegisterStreamConsumerCommand, RemoveTagsFromStreamCommand,
  ResourceInUseException, ResourceNotFoundException, SplitShardCommand, SubscribeToShardCommand, UpdateShardCountCommand, AddTagsToStreamCommand, ValidationException,
  waitUntilStreamExists, type _Record,
} from '@aws-sdk/client-kinesis';
import { NodeHttp2Handler } from '@smithy/node-http-handler';
import { startEngineProcess, type EngineProcess } from '../support/engine-process.ts';

const files = {
  'template.yaml': `
Resources:
  Orders: { Type: AWS::Kinesis::Stream, Properties: { Name: orders, ShardCount: 2, RetentionPeriodHours: 48, Tags: [{ Key: team, Value: sales }] } }
`,
};

const clientParts = ({ info }: EngineProcess) => ({
  endpoint: info.endpoint, region: info.region, maxAttempts: 1, credentials: { accessKeyId: info.accessKeyId, secretAccessKey: info.secretAccessKey },
});
const clientOf = (engine: EngineProcess) => new KinesisClient(clientParts(engine));

const bytes = (text: string): Buffer => Buffer.from(text);

describe('Amazon Kinesis, by the AWS SDK for JavaScript', function () {
  this.timeout(60_000);
  let engine: EngineProcess;
  let kinesis: KinesisClient;
  before(async () => {
    engine = await startEngineProcess({ files });
    kinesis = clientOf(engine);
  });
  after(async () => {
    kinesis.destroy();
    await engine.stop();
  });

  /** All records of a shard, read in pages until there are no more just now. */
  async function drain(StreamName: string, ShardId: string, Limit = 100): Promise<{ records: _Record[]; ended: boolean; children: string[] }> {
    let { ShardIterator } = await kinesis.send(new GetShardIteratorCommand({ StreamName, ShardId, ShardIteratorType: 'TRIM_HORIZON' }));
    const records: _Record[] = [];
    for (;;) {
      const page = await kinesis.send(new GetRecordsCommand({ ShardIterator, Limit }));
      records.push(...page.Records ?? []);
      if (page.NextShardIterator === undefined) return { records, ended: true, children: (page.ChildShards ?? []).map((child) => String(child.ShardId)) };
      if (page.Records?.length === 0 && page.MillisBehindLatest === 0) return { records, ended: false, children: [] };
      ShardIterator = page.NextShardIterator;
    }
  }

  it('speaks HTTP/2: the request handler of the SDK is its default one', () => {
    assert.equal((kinesis.config.requestHandler as { metadata?: { handlerProtocol?: string } }).metadata?.handlerProtocol, 'h2');
  });

  it('creates, describes, lists and deletes streams', async () => {
    await kinesis.send(new CreateStreamCommand({ StreamName: 'made', ShardCount: 3 }));
    await waitUntilStreamExists({ client: kinesis, maxWaitTime: 20 }, { StreamName: 'made' });
    const { StreamDescription: stream } = await kinesis.send(new DescribeStreamCommand({ StreamName: 'made' }));
    assert.equal(stream?.StreamStatus, 'ACTIVE');
    assert.equal(stream?.StreamARN, `arn:aws:kinesis:us-east-1:${engine.info.accountId}:stream/made`);
    assert.ok(Math.abs((stream?.StreamCreationTimestamp as Date).getTime() - Date.now()) < 60_000);
    assert.deepEqual(stream?.Shards?.map(({ ShardId, HashKeyRange }) => [ShardId, HashKeyRange?.StartingHashKey]), [
      ['shardId-000000000000', '0'], ['shardId-000000000001', '113427455640312821154458202477256070485'], ['shardId-000000000002', '226854911280625642308916404954512140970'],
    ]);
    const summary = (await kinesis.send(new DescribeStreamSummaryCommand({ StreamARN: stream?.StreamARN }))).StreamDescriptionSummary;
    assert.deepEqual([summary?.OpenShardCount, summary?.RetentionPeriodHours, summary?.StreamModeDetails, summary?.EncryptionType], [3, 24, { StreamMode: 'PROVISIONED' }, 'NONE']);
    await assert.rejects(kinesis.send(new CreateStreamCommand({ StreamName: 'made', ShardCount: 1 })), (error) =>
      error instanceof ResourceInUseException && error.message === `Stream made under account ${engine.info.accountId} already exists.`);
    assert.deepEqual((await kinesis.send(new ListStreamsCommand({}))).StreamNames, ['made', 'orders']);
    await kinesis.send(new DeleteStreamCommand({ StreamName: 'made' }));
    await assert.rejects(kinesis.send(new DescribeStreamCommand({ StreamName: 'made' })), (error) =>
      error instanceof ResourceNotFoundException && error.message === `Stream made under account ${engine.info.accountId} not found.`);
  });

  it('the template is the baseline; retention and tags are changed over it', async () => {
    const hours = async () => (await kinesis.send(new DescribeStreamSummaryCommand({ StreamName: 'orders' }))).StreamDescriptionSummary?.RetentionPeriodHours;
    assert.equal(await hours(), 48);
    await kinesis.send(new IncreaseStreamRetentionPeriodCommand({ StreamName: 'orders', RetentionPeriodHours: 72 }));
    assert.equal(await hours(), 72);
    await assert.rejects(kinesis.send(new IncreaseStreamRetentionPeriodCommand({ StreamName: 'orders', RetentionPeriodHours: 25 })), InvalidArgumentException);
    await kinesis.send(new DecreaseStreamRetentionPeriodCommand({ StreamName: 'orders', RetentionPeriodHours: 48 }));
    await kinesis.send(new AddTagsToStreamCommand({ StreamName: 'orders', Tags: { a: '1', b: '' } }));
    await kinesis.send(new RemoveTagsFromStreamCommand({ StreamName: 'orders', TagKeys: ['a'] }));
    assert.deepEqual((await kinesis.send(new ListTagsForStreamCommand({ StreamName: 'orders' }))).Tags, [{ Key: 'b', Value: '' }, { Key: 'team', Value: 'sales' }]);
  });

  it('puts and reads records in order, one by one and many, bytes and times intact', async () => {
    const StreamName = 'orders';
    const before = Date.now();
    const odd = Buffer.from([0, 255, 128, 10]);
    const one = await kinesis.send(new PutRecordCommand({ StreamName, PartitionKey: 'k', Data: odd }));
    assert.match(one.SequenceNumber ?? '', /^49\d{54}$/);
    const many = await kinesis.send(new PutRecordsCommand({ StreamName, Records: Array.from({ length: 40 }, (_, index) => ({ PartitionKey: 'k', Data: bytes(`r${index}`) })) }));
    assert.equal(many.FailedRecordCount, 0);
    const { records } = await drain(StreamName, one.ShardId as string, 7);
    assert.deepEqual(Buffer.from(records[0]?.Data as Uint8Array), odd);
    assert.deepEqual(records.slice(1).map(({ Data }) => Buffer.from(Data as Uint8Array).toString()), Array.from({ length: 40 }, (_, index) => `r${index}`));
    assert.deepEqual(records.map(({ SequenceNumber }) => SequenceNumber), [one.SequenceNumber, ...many.Records?.map(({ SequenceNumber }) => SequenceNumber) ?? []]);
    const arrived = (records[0]?.ApproximateArrivalTimestamp as Date).getTime();
    assert.ok(arrived >= before && arrived <= Date.now());
    const explicit = await kinesis.send(new PutRecordCommand({ StreamName, PartitionKey: 'k', ExplicitHashKey: '340282366920938463463374607431768211455', Data: bytes('last') }));
    assert.equal(explicit.ShardId, 'shardId-000000000001');
  });

  it('iterators of all five types', async () => {
    await kinesis.send(new CreateStreamCommand({ StreamName: 'iterators', ShardCount: 1 }));
    const put = async (text: string) => (await kinesis.send(new PutRecordCommand({ StreamName: 'iterators', PartitionKey: 'p', Data: bytes(text) }))).SequenceNumber;
    const [first] = [await put('a'), await put('b')];
    const place = { StreamName: 'iterators', ShardId: 'shardId-000000000000' } as const;
    const iterator = async (input: Omit<ConstructorParameters<typeof GetShardIteratorCommand>[0], 'ShardId'>) =>
      (await kinesis.send(new GetShardIteratorCommand({ ...place, ...input }))).ShardIterator;
    const read = async (ShardIterator: string | undefined) =>
      ((await kinesis.send(new GetRecordsCommand({ ShardIterator }))).Records ?? []).map(({ Data }) => Buffer.from(Data as Uint8Array).toString());
    const latest = await iterator({ ShardIteratorType: 'LATEST' });
    await put('c');
    assert.deepEqual(await read(latest), ['c']);
    assert.deepEqual(await read(await iterator({ ShardIteratorType: 'TRIM_HORIZON' })), ['a', 'b', 'c']);
    assert.deepEqual(await read(await iterator({ ShardIteratorType: 'AT_SEQUENCE_NUMBER', StartingSequenceNumber: first })), ['a', 'b', 'c']);
    assert.deepEqual(await read(await iterator({ ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', StartingSequenceNumber: first })), ['b', 'c']);
    assert.deepEqual(await read(await iterator({ ShardIteratorType: 'AT_TIMESTAMP', Timestamp: new Date(Date.now() - 3_600_000) })), ['a', 'b', 'c']);
    await assert.rejects(iterator({ ShardIteratorType: 'AT_SEQUENCE_NUMBER' }), InvalidArgumentException);
    await assert.rejects(kinesis.send(new GetRecordsCommand({ ShardIterator: 'AAAA' })), (error) => error instanceof InvalidArgumentException && error.message === 'Invalid ShardIterator.');
    const old = Buffer.concat([Buffer.from([0, 0, 0, 0, 0, 0, 0, 1]), Buffer.from([Date.now() - 300_100, 'iterators', 0, 1, 0].join('\n'))]).toString('base64');
    await assert.rejects(kinesis.send(new GetRecordsCommand({ ShardIterator: old })), ExpiredIteratorException);
  });

  it('splits, merges and scales: parents end with a number, children are named at the end', async () => {
    const StreamName = 'resharded';
    await kinesis.send(new CreateStreamCommand({ StreamName, ShardCount: 1 }));
    await kinesis.send(new PutRecordCommand({ StreamName, PartitionKey: 'p', Data: bytes('parent') }));
    await kinesis.send(new SplitShardCommand({ StreamName, ShardToSplit: 'shardId-000000000000', NewStartingHashKey: '170141183460469231731687303715884105728' }));
    const parent = await drain(StreamName, 'shardId-000000000000');
    assert.deepEqual([parent.ended, parent.records.length, parent.children], [true, 1, ['shardId-000000000001', 'shardId-000000000002']]);
    await kinesis.send(new MergeShardsCommand({ StreamName, ShardToMerge: 'shardId-000000000001', AdjacentShardToMerge: 'shardId-000000000002' }));
    const scaled = await kinesis.send(new UpdateShardCountCommand({ StreamName, TargetShardCount: 2, ScalingType: 'UNIFORM_SCALING' }));
    assert.deepEqual([scaled.CurrentShardCount, scaled.TargetShardCount], [1, 2]);
    const { Shards } = await kinesis.send(new ListShardsCommand({ StreamName }));
    assert.deepEqual(Shards?.map(({ ShardId, ParentShardId, AdjacentParentShardId, SequenceNumberRange }) =>
      [ShardId?.slice(-1), ParentShardId?.slice(-1), AdjacentParentShardId?.slice(-1), SequenceNumberRange?.EndingSequenceNumber !== undefined]), [
      ['0', undefined, undefined, true], ['1', '0', undefined, true], ['2', '0', undefined, true], ['3', '1', '2', true],
      ['4', '3', undefined, false], ['5', '3', undefined, false],
    ]);
    const { Shards: latest } = await kinesis.send(new ListShardsCommand({ StreamName, ShardFilter: { Type: 'AT_LATEST' } }));
    assert.deepEqual(latest?.map(({ ShardId }) => ShardId?.slice(-1)), ['4', '5']);
    const { Shards: page, NextToken } = await kinesis.send(new ListShardsCommand({ StreamName, MaxResults: 4 }));
    assert.equal(page?.length, 4);
    assert.deepEqual((await kinesis.send(new ListShardsCommand({ NextToken }))).Shards?.map(({ ShardId }) => ShardId?.slice(-1)), ['4', '5']);
  });

  it('consumers are registered and described; SubscribeToShard is refused by name', async () => {
    const StreamARN = `arn:aws:kinesis:us-east-1:${engine.info.accountId}:stream/orders`;
    const { Consumer } = await kinesis.send(new RegisterStreamConsumerCommand({ StreamARN, ConsumerName: 'fan' }));
    assert.match(Consumer?.ConsumerARN ?? '', /:stream\/orders\/consumer\/fan:\d{10}$/);
    assert.equal((await kinesis.send(new DescribeStreamConsumerCommand({ ConsumerARN: Consumer?.ConsumerARN }))).ConsumerDescription?.ConsumerStatus, 'ACTIVE');
    assert.equal((await kinesis.send(new ListStreamConsumersCommand({ StreamARN }))).Consumers?.length, 1);
    await assert.rejects(kinesis.send(new SubscribeToShardCommand({ ConsumerARN: Consumer?.ConsumerARN, ShardId: 'shardId-000000000000', StartingPosition: { Type: 'LATEST' } })), /does not have SubscribeToShard/);
    await kinesis.send(new DeregisterStreamConsumerCommand({ ConsumerARN: Consumer?.ConsumerARN }));
  });

  it('refuses what AWS refuses, by name and text', async () => {
    await assert.rejects(kinesis.send(new PutRecordCommand({ StreamName: 'orders', PartitionKey: 'x'.repeat(257), Data: bytes('') })), (error) =>
      error instanceof ValidationException && /^1 validation error detected: Value 'x+' at 'partitionKey' failed to satisfy constraint: Member must have length less than or equal to 256$/.test(error.message));
    await assert.rejects(kinesis.send(new PutRecordCommand({ StreamName: 'orders', PartitionKey: 'x', Data: Buffer.alloc(1_048_577) })), (error) =>
      error instanceof ValidationException && /Member must have length less than or equal to 1048576$/.test(error.message));
    await assert.rejects(kinesis.send(new PutRecordCommand({ StreamName: 'orders', PartitionKey: 'x', Data: bytes(''), ExplicitHashKey: '340282366920938463463374607431768211456' })), (error) =>
      error instanceof InvalidArgumentException && error.message === 'Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was 340282366920938463463374607431768211456');
    const Records = Array.from({ length: 11 }, () => ({ PartitionKey: 'x', Data: Buffer.alloc(1_000_000) }));
    await assert.rejects(kinesis.send(new PutRecordsCommand({ StreamName: 'orders', Records })), InvalidArgumentException);
  });

  it('a wrong signature is refused over HTTP/2 too', async () => {
    const wrong = new KinesisClient({
      endpoint: engine.info.endpoint, region: 'us-east-1', maxAttempts: 1, credentials: { accessKeyId: engine.info.accessKeyId, secretAccessKey: 'wrong' },
    });
    await assert.rejects(wrong.send(new ListStreamsCommand({})), { name: 'InvalidSignatureException' });
    wrong.destroy();
  });

  it('calls side by side go over as many connections as the client likes: one for each, as it comes, or one for all', async () => {
    const concurrent = new KinesisClient({ ...clientParts(engine), requestHandler: new NodeHttp2Handler({ disableConcurrentStreams: false }) });
    for (const [client, most] of [[kinesis, 60], [concurrent, 1]] as const) {
      let connections = 0;
      const count = () => { connections += 1; };
      subscribe('net.client.socket', count);
      try {
        await Promise.all(Array.from({ length: 60 }, (_, index) => client.send(new PutRecordCommand({ StreamName: 'orders', PartitionKey: `side-${index}`, Data: bytes('x') }))));
      } finally {
        unsubscribe('net.client.socket', count);
      }
      assert.ok(connections > most / 2 && connections <= most, `${connections} connections`);
    }
    concurrent.destroy();
  });

  it('what was accepted outlives a kill -9 of the engine, in order', async () => {
    let own = await startEngineProcess({ files });
    const { workspace, data } = own;
    let client = clientOf(own);
    try {
      const sent = await Promise.all(Array.from({ length: 50 }, async (_, index) =>
        (await client.send(new PutRecordCommand({ StreamName: 'orders', PartitionKey: 'one', Data: bytes(`${index}`) }))).SequenceNumber as string));
      client.destroy();
      const ended = once(own.child, 'exit');
      own.child.kill('SIGKILL');
      await ended;
      own = await startEngineProcess({ workspace, data });
      client = clientOf(own);
      const { Shards } = await client.send(new ListShardsCommand({ StreamName: 'orders' }));
      const read = await Promise.all((Shards ?? []).map(async ({ ShardId }) => {
        const { ShardIterator } = await client.send(new GetShardIteratorCommand({ StreamName: 'orders', ShardId, ShardIteratorType: 'TRIM_HORIZON' }));
        return (await client.send(new GetRecordsCommand({ ShardIterator }))).Records?.map(({ SequenceNumber }) => SequenceNumber as string) ?? [];
      }));
      assert.deepEqual(read.flat(), sent.toSorted());
    } finally {
      client.destroy();
      await own.stop();
      rmSync(dirname(workspace), { recursive: true, force: true });
    }
  });
});
