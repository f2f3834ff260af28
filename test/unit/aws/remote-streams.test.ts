/** Streams elsewhere: iterators, reading ahead, positions that last, and what becomes of Kinesis's and DynamoDB's answers. */
import assert from 'node:assert/strict';
import type { StreamPosition, StreamRead } from '../../../src/contracts/event-sources.ts';
import { dynamodbStreamsCalls } from '../../../src/aws/dynamodb-streams-calls.ts';
import { kinesisCalls } from '../../../src/aws/kinesis-calls.ts';
import { RemoteStreams } from '../../../src/aws/remote-streams.ts';
import type { DynamoDbStreamsOperations, KinesisOperations } from '../../../src/aws/source-clients.ts';
import { FakeClock, settle } from '../../support/fake-clock.ts';
import { FakeClient, sdkError } from './fake-client.ts';

const arn = 'arn:aws:kinesis:eu-west-1:111122223333:stream/clicks';
const tableArn = 'arn:aws:dynamodb:eu-west-1:111122223333:table/customers/stream/2026-11-25T00:00:00.000';
const shard = 'shardId-000000000000';

/** One shard. An iterator is `<generation> <number of the next record>`; a new generation has all old ones expired. */
class FakeShard {
  readonly clock = new FakeClock();
  readonly records: { number: string; at: number; data: string }[] = [];
  /** Records before it were trimmed away. */
  from = 0;
  closed = false;
  generation = 0;
  /** Records of one page. */
  page = 1000;
  /** Made to fail while it is set. */
  trouble: Error | undefined;
  readonly kinesis = new FakeClient<KinesisOperations>((operation, input) => this.#answer(operation, input, 'StartingSequenceNumber', 'Timestamp'));
  readonly dynamodb = new FakeClient<DynamoDbStreamsOperations>((operation, input) => this.#answer(operation, input, 'SequenceNumber', 'none'));
  readonly stream = new RemoteStreams(this.clock, kinesisCalls({ client: this.kinesis.client, target: () => ({ StreamName: 'clicks' }) }));
  readonly table = new RemoteStreams(this.clock, dynamodbStreamsCalls({ client: this.dynamodb.client }));

  put(...datas: string[]): this {
    for (const data of datas) this.records.push({ number: String(100 + this.records.length), at: this.clock.now(), data });
    return this;
  }

  /** Reads, and lets the pace's time pass. */
  async read(position: StreamPosition, limit = 100, stream = this.stream): Promise<StreamRead> {
    const read = stream.read(stream === this.stream ? arn : tableArn, shard, position, limit);
    read.catch(() => {});
    await this.clock.pass(200);
    return read;
  }

  #answer(operation: string, input: Record<string, unknown>, sequence: string, time: string): unknown {
    if (this.trouble) throw this.trouble;
    if (operation === 'GetShardIterator') return { ShardIterator: `${this.generation} ${this.#start(input, sequence, time)}`, serverTime: Math.floor(this.clock.now() / 1000) * 1000 };
    if (operation !== 'GetRecords') throw new Error(operation);
    const [generation, start] = String(input['ShardIterator']).split(' ').map(Number) as [number, number];
    if (generation !== this.generation) throw sdkError('ExpiredIteratorException', 'Iterator expired.');
    if (start < this.from) throw sdkError('TrimmedDataAccessException', 'beyond the trim horizon');
    const records = this.records.slice(start, start + Math.min(this.page, Number(input['Limit'])));
    const end = start + records.length;
    return {
      Records: records.map(({ number, at, data }) => (sequence === 'SequenceNumber' ? change(number, at) : {
        SequenceNumber: number, PartitionKey: `key ${data}`, Data: Buffer.from(data), ApproximateArrivalTimestamp: new Date(at),
      })),
      NextShardIterator: this.closed && end >= this.records.length ? undefined : `${this.generation} ${end}`,
      MillisBehindLatest: end >= this.records.length ? 0 : this.clock.now() - (this.records[end - 1]?.at ?? 0),
    };
  }

  #start(input: Record<string, unknown>, sequence: string, time: string): number {
    const found = (test: (record: { number: string; at: number }) => boolean) => {
      const index = this.records.findIndex(test);
      return index < 0 ? this.records.length : index;
    };
    const number = Number(input[sequence]);
    switch (input['ShardIteratorType']) {
      case 'TRIM_HORIZON': return this.from;
      case 'LATEST': return this.records.length;
      case 'AT_TIMESTAMP': return found(({ at }) => at >= (input[time] as Date).getTime());
      default: {
        if (number < 100 + this.from - 1) throw sdkError('TrimmedDataAccessException');
        if (number > 9000) throw sdkError('InvalidArgumentException', 'did not come from this stream');
        return found((record) => Number(record.number) > number - (input['ShardIteratorType'] === 'AT_SEQUENCE_NUMBER' ? 1 : 0));
      }
    }
  }
}

const change = (SequenceNumber: string, at: number) => ({
  eventID: `id ${SequenceNumber}`, eventName: 'INSERT', eventVersion: '1.1', eventSource: 'aws:dynamodb', awsRegion: 'eu-west-1',
  dynamodb: { SequenceNumber, ApproximateCreationDateTime: new Date(Math.floor(at / 1000) * 1000), Keys: { id: { S: SequenceNumber } }, SizeBytes: 9, StreamViewType: 'KEYS_ONLY' },
});
const datas = (read: StreamRead) => read.records.map(({ json }) => Buffer.from((JSON.parse(json) as { data: string }).data, 'base64').toString());
const numbers = (read: StreamRead) => read.records.map(({ sequenceNumber }) => sequenceNumber);
const letters = (count: number) => Array.from({ length: count }, (_, index) => `r${index}`);
const horizon = { kind: 'trim-horizon' } as const;

describe('a stream elsewhere', () => {
  it('is read in small batches from one page that was read ahead, with one iterator', async () => {
    const fake = new FakeShard().put(...letters(10));
    const seen: string[] = [];
    let position: StreamPosition = horizon;
    for (let batch = 0; batch < 5; batch += 1) {
      const read = await fake.read(position, 2);
      seen.push(...datas(read));
      position = read.next;
    }
    assert.deepEqual(seen, letters(10));
    assert.deepEqual([fake.kinesis.inputs('GetShardIterator').length, fake.kinesis.inputs('GetRecords').length], [1, 1]);
    assert.deepEqual(datas(await fake.put('more').read(position)), ['more']);
    assert.deepEqual([fake.kinesis.inputs('GetShardIterator').length, fake.kinesis.inputs('GetRecords').length], [1, 2]);
  });

  it('is asked for records at most five times a second and shard, whoever reads', async () => {
    const fake = new FakeShard();
    const reads = [fake.stream.read(arn, shard, horizon, 1), fake.stream.read(arn, shard, horizon, 1)];
    await settle();
    assert.equal(fake.kinesis.inputs('GetRecords').length, 1, 'two lanes at one place share the call');
    await Promise.all(reads);
    void fake.stream.read(arn, shard, horizon, 1);
    void fake.stream.read(arn, shard, { kind: 'after', sequenceNumber: '100' }, 1).catch(() => {});
    await fake.clock.pass(199);
    assert.equal(fake.kinesis.inputs('GetRecords').length, 1);
    await fake.clock.pass(1);
    assert.equal(fake.kinesis.inputs('GetRecords').length, 2);
    await fake.clock.pass(200);
    assert.equal(fake.kinesis.inputs('GetRecords').length, 3);
  });

  it('serves a lane that lags and one that is ahead from the same records', async () => {
    const fake = new FakeShard().put(...letters(6));
    const first = await fake.read(horizon, 6);
    const behind: StreamPosition = { kind: 'after', sequenceNumber: '101' };
    assert.deepEqual(datas(await fake.read(behind, 2)), ['r2', 'r3']);
    assert.deepEqual(datas(await fake.read({ kind: 'at', sequenceNumber: '105' }, 2)), ['r5']);
    assert.equal(fake.kinesis.inputs('GetRecords').length, 1);
    assert.equal(first.records.length, 6);
  });

  it('is read anew where a lane is that lags more than a page', async () => {
    const fake = new FakeShard().put(...letters(9));
    fake.page = 3;
    let position: StreamPosition = horizon;
    for (let page = 0; page < 3; page += 1) position = (await fake.read(position, 3)).next;
    assert.deepEqual(datas(await fake.read({ kind: 'after', sequenceNumber: '100' }, 9)), ['r1', 'r2', 'r3']);
    assert.deepEqual(fake.kinesis.inputs('GetShardIterator').at(-1), { StreamName: 'clicks', ShardId: shard, ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', StartingSequenceNumber: '100' });
  });

  it('gets another iterator when the one that was kept has expired: after the last record, nothing twice', async () => {
    const fake = new FakeShard().put('a', 'b');
    const { next } = await fake.read(horizon);
    fake.generation += 1;
    assert.deepEqual(datas(await fake.put('c').read(next)), ['c']);
    assert.deepEqual(fake.kinesis.inputs('GetShardIterator').at(-1)?.['StartingSequenceNumber'], '101');
  });

  it('is read from the oldest record when the position was trimmed away', async () => {
    const fake = new FakeShard().put(...letters(5));
    const { next } = await fake.read(horizon, 1);
    fake.from = 3;
    fake.generation += 1;
    const other = new RemoteStreams(fake.clock, kinesisCalls({ client: fake.kinesis.client, target: () => ({ StreamName: 'clicks' }) }));
    const read = other.read(arn, shard, next, 10);
    await fake.clock.pass(200);
    assert.deepEqual(datas(await read), ['r3', 'r4']);
  });

  it('trimmed while its iterator had expired is read from the oldest record too', async () => {
    const fake = new FakeShard().put(...letters(2));
    const { next } = await fake.read(horizon);
    fake.put('lost', 'kept');
    fake.from = 3;
    fake.generation += 1;
    assert.deepEqual(datas(await fake.read(next)), ['kept']);
  });

  it('LATEST lasts: nothing that comes before the first record is read, or the engine starts anew, is skipped', async () => {
    const fake = new FakeShard().put('old');
    await fake.clock.pass(5000);
    const begun = await fake.read({ kind: 'latest' });
    assert.deepEqual([begun.records, begun.next.kind], [[], 'timestamp']);
    assert.deepEqual(datas(await fake.put('new').read(begun.next)), ['new']);
    const afterRestart = new RemoteStreams(fake.clock, kinesisCalls({ client: fake.kinesis.client, target: () => ({ StreamName: 'clicks' }) }));
    const read = afterRestart.read(arn, shard, begun.next, 10);
    await fake.clock.pass(200);
    assert.deepEqual(datas(await read), ['new']);
    assert.equal(fake.kinesis.inputs('GetShardIterator').at(-1)?.['ShardIteratorType'], 'AT_TIMESTAMP');
  });

  it('LATEST leaves out even what came in the same second, while the engine runs', async () => {
    const fake = new FakeShard().put('just before');
    const { next } = await fake.read({ kind: 'latest' });
    assert.deepEqual(datas(await fake.put('after').read(next)), ['after']);
  });

  it('tells the end of a closed shard with its last record, and how far behind it is', async () => {
    const fake = new FakeShard().put('a');
    await fake.clock.pass(3000);
    fake.put('b', 'c');
    fake.closed = true;
    const first = await fake.read(horizon, 1);
    assert.deepEqual([datas(first), first.ended, first.behindMilliseconds], [['a'], false, 3000]);
    const rest = await fake.read(first.next, 5);
    assert.deepEqual([datas(rest), rest.ended, rest.behindMilliseconds], [['b', 'c'], true, 0]);
    const over = await fake.read(rest.next, 5);
    assert.deepEqual([datas(over), over.ended], [[], true]);
  });

  it('keeps its iterator through an outage', async () => {
    const fake = new FakeShard().put('a');
    const { next } = await fake.read(horizon);
    fake.trouble = sdkError('Error', 'connect ECONNREFUSED', { code: 'ECONNREFUSED' });
    await assert.rejects(fake.read(next), { name: 'SourceUnavailable', kind: 'connection' });
    fake.trouble = sdkError('ProvisionedThroughputExceededException');
    await assert.rejects(fake.read(next), { kind: 'throttled' });
    fake.trouble = undefined;
    assert.deepEqual(datas(await fake.put('b').read(next)), ['b']);
    assert.equal(fake.kinesis.inputs('GetShardIterator').length, 1);
  });

  it('ends a read that waits when polling stops', async () => {
    const fake = new FakeShard();
    await fake.read(horizon);
    const stop = new AbortController();
    await fake.read(horizon);
    const [one, two] = [fake.stream.read(arn, shard, horizon, 1), fake.stream.read(arn, shard, horizon, 1, stop.signal)];
    stop.abort();
    await assert.rejects(two);
    await fake.clock.pass(400);
    assert.deepEqual((await one).records, []);
  });

  it('says that a checkpoint is of another stream, as after it was made anew', async () => {
    const fake = new FakeShard().put('a');
    await assert.rejects(fake.read({ kind: 'after', sequenceNumber: '9999' }), /Its checkpoint 9999 is of no record of shardId-000000000000 as it is now.*reset the mapping's position/);
  });

  it('whose answers are garbage says so, and is not taken for ended', async () => {
    const fake = new FakeShard();
    const garbage = new FakeClient<KinesisOperations>((operation) => (operation === 'GetShardIterator' ? { ShardIterator: 'i' } : {}));
    const stream = new RemoteStreams(fake.clock, kinesisCalls({ client: garbage.client, target: () => ({ StreamName: 'clicks' }) }));
    await assert.rejects(stream.read(arn, shard, horizon, 1), /GetRecords is not one that AWS would give: it has no Records/);
    await assert.rejects(stream.shards(arn), /ListShards is not one that AWS would give: it has no Shards/);
  });
});

describe('Kinesis elsewhere', () => {
  it('lists shards page by page, without naming the stream beside a token; parents come first', async () => {
    const pages = [
      { Shards: [{ ShardId: 'c', ParentShardId: 'b', AdjacentParentShardId: 'a' }, { ShardId: 'b', SequenceNumberRange: { StartingSequenceNumber: '1', EndingSequenceNumber: '9' } }], NextToken: 'next' },
      { Shards: [{ ShardId: 'a', SequenceNumberRange: { StartingSequenceNumber: '1' } }] },
    ];
    const fake = new FakeClient<KinesisOperations>(() => pages.shift());
    const stream = new RemoteStreams(new FakeClock(), kinesisCalls({ client: fake.client, target: (StreamARN) => ({ StreamARN }) }));
    assert.deepEqual(await stream.shards(arn), [
      { shardId: 'b', parentShardIds: [], endingSequenceNumber: '9' }, { shardId: 'a', parentShardIds: [] }, { shardId: 'c', parentShardIds: ['b', 'a'] },
    ]);
    assert.deepEqual(fake.inputs('ListShards'), [{ StreamARN: arn }, { NextToken: 'next' }]);
  });

  it('gives records as functions get them (lambda-facts §3.4)', async () => {
    const fake = new FakeShard();
    fake.clock.time = 1_545_084_650_987;
    const { records } = await fake.put('ÿ"').read(horizon);
    assert.deepEqual(records, [{
      sequenceNumber: '100', partitionKey: 'key ÿ"', arrivedAt: 1_545_084_650_987,
      json: '{"kinesisSchemaVersion":"1.0","partitionKey":"key ÿ\\"","sequenceNumber":"100","data":"w78i","approximateArrivalTimestamp":1545084650.987}',
    }]);
  });
});

describe('DynamoDB Streams elsewhere', () => {
  it('lists shards page by page', async () => {
    const pages = [
      { StreamDescription: { Shards: [{ ShardId: 'a', SequenceNumberRange: { EndingSequenceNumber: '9' } }], LastEvaluatedShardId: 'a' } },
      { StreamDescription: { Shards: [{ ShardId: 'b', ParentShardId: 'a' }] } },
    ];
    const fake = new FakeClient<DynamoDbStreamsOperations>(() => pages.shift());
    const table = new RemoteStreams(new FakeClock(), dynamodbStreamsCalls({ client: fake.client }));
    assert.deepEqual(await table.shards(tableArn), [{ shardId: 'a', parentShardIds: [], endingSequenceNumber: '9' }, { shardId: 'b', parentShardIds: ['a'] }]);
    assert.deepEqual(fake.inputs('DescribeStream'), [{ StreamArn: tableArn }, { StreamArn: tableArn, ExclusiveStartShardId: 'a' }]);
  });

  it('finds the newest stream of a table that a template here names, and looks again when it is gone', async () => {
    let streams = ['2026-01-01', '2026-03-01', '2026-02-01'];
    let gone = false;
    const fake = new FakeClient<DynamoDbStreamsOperations>((operation) => {
      if (operation === 'ListStreams') return { Streams: streams.map((label) => ({ StreamArn: `arn of ${label}`, StreamLabel: label })) };
      if (gone) throw sdkError('ResourceNotFoundException', 'Requested resource not found');
      return { StreamDescription: { Shards: [] } };
    });
    const table = new RemoteStreams(new FakeClock(), dynamodbStreamsCalls({ client: fake.client }));
    const local = 'arn:aws:dynamodb:us-east-1:123456789012:table/customers/stream/2020-01-01T00:00:00.000';
    await table.shards(local);
    await table.shards(local);
    assert.deepEqual([fake.inputs('ListStreams'), fake.inputs('DescribeStream').at(-1)], [[{ TableName: 'customers' }], { StreamArn: 'arn of 2026-03-01' }]);
    gone = true;
    await assert.rejects(table.shards(local), { name: 'SourceNotFound' });
    gone = false;
    streams = [...streams, '2026-04-01'];
    await table.shards(local);
    assert.deepEqual(fake.inputs('DescribeStream').at(-1), { StreamArn: 'arn of 2026-04-01' });
    streams = [];
    const none = new RemoteStreams(new FakeClock(), dynamodbStreamsCalls({ client: fake.client }));
    await assert.rejects(none.shards(local), { name: 'SourceNotFound', message: 'Table customers has no stream.' });
  });

  it('LATEST lasts, though there is no iterator for a time: what is older is passed over, from the second on', async () => {
    const fake = new FakeShard().put('old', 'older');
    await fake.clock.pass(5000);
    const { next } = await fake.read({ kind: 'latest' }, 10, fake.table);
    assert.deepEqual(numbers(await fake.put('new').read(next, 10, fake.table)), ['102']);
    const afterRestart = new RemoteStreams(fake.clock, dynamodbStreamsCalls({ client: fake.dynamodb.client }));
    fake.page = 1;
    let read: StreamRead | undefined;
    for (let page = 0; page < 3; page += 1) {
      const reading = afterRestart.read(tableArn, shard, read?.next ?? next, 10);
      await fake.clock.pass(200);
      read = await reading;
    }
    assert.deepEqual(numbers(read as StreamRead), ['102']);
    assert.equal(fake.dynamodb.inputs('GetShardIterator').at(-1)?.['ShardIteratorType'], 'TRIM_HORIZON');
  });

  it('gives records as functions get them: AWS\'s order, numbers as text, binary values in base64 (lambda-facts §3.5)', async () => {
    const bytes = new Uint8Array([0, 255]);
    const image = {
      id: { S: 'x' }, n: { N: '1.50' }, b: { B: bytes }, bs: { BS: [bytes, bytes] }, ns: { NS: ['1', '2'] }, nothing: { NULL: true },
      m: { M: { l: { L: [{ B: bytes }, { BOOL: false }] } } },
    };
    const fake = new FakeClient<DynamoDbStreamsOperations>((operation) => (operation === 'GetShardIterator' ? { ShardIterator: 'i' } : {
      Records: [{
        // Not in AWS's order.
        userIdentity: { PrincipalId: 'dynamodb.amazonaws.com', Type: 'Service' },
        dynamodb: { StreamViewType: 'NEW_AND_OLD_IMAGES', SizeBytes: 59, SequenceNumber: '300', OldImage: image, Keys: { z: { N: '1' }, id: { S: 'x' } }, ApproximateCreationDateTime: new Date(1_764_086_807_000) },
        eventSource: 'aws:dynamodb', eventVersion: '1.1', eventName: 'REMOVE', eventID: 'c4ca', awsRegion: 'us-east-1',
      }],
      NextShardIterator: 'i',
    }));
    const table = new RemoteStreams(new FakeClock(), dynamodbStreamsCalls({ client: fake.client }));
    const { records: [record] } = await table.read(tableArn, shard, horizon, 10);
    assert.equal(record?.json, '{"eventID":"c4ca","eventName":"REMOVE","eventVersion":"1.1","eventSource":"aws:dynamodb","awsRegion":"us-east-1",'
      + '"dynamodb":{"ApproximateCreationDateTime":1764086807.0,"Keys":{"z":{"N":"1"},"id":{"S":"x"}},'
      + '"OldImage":{"id":{"S":"x"},"n":{"N":"1.50"},"b":{"B":"AP8="},"bs":{"BS":["AP8=","AP8="]},"ns":{"NS":["1","2"]},"nothing":{"NULL":true},"m":{"M":{"l":{"L":[{"B":"AP8="},{"BOOL":false}]}}}},'
      + '"SequenceNumber":"300","SizeBytes":59,"StreamViewType":"NEW_AND_OLD_IMAGES"},"userIdentity":{"type":"Service","principalId":"dynamodb.amazonaws.com"}}');
    assert.deepEqual([record?.partitionKey, record?.arrivedAt], ['[["id",{"S":"x"}],["z",{"N":"1"}]]', 1_764_086_807_000]);
  });
});
