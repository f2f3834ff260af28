/** Records: put, read, iterators, what pollers and views get. */
import assert from 'node:assert/strict';
import { SourceNotFound } from '../../../../src/contracts/event-sources.ts';
import { account, arnOf, Harness, hours, shardId } from './harness.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('Kinesis records', () => {
  let at: Harness;
  beforeEach(() => {
    at = new Harness();
    at.create('s');
  });
  afterEach(() => at.close());

  it('sequence numbers have 56 digits and rise, also when the clock is set back', () => {
    const first = at.put('s', 'a');
    at.clock.time -= hours(2);
    const second = at.put('s', 'b');
    assert.match(first.SequenceNumber, /^49\d{54}$/);
    assert.ok(BigInt(second.SequenceNumber) > BigInt(first.SequenceNumber));
    const times = at.read(at.iterator('s')).Records.map(({ ApproximateArrivalTimestamp }) => ApproximateArrivalTimestamp);
    assert.equal(times[0], times[1]);
  });

  it('PutRecords answers each record in its place; more than 500 or 10 MB are refused whole', () => {
    const answer = at.call<{ FailedRecordCount: number; Records: { ShardId: string }[] }>('PutRecords', { StreamName: 's', Records: ['a', 'b'].map((text) => ({ Data: base64(text), PartitionKey: text })) });
    assert.deepEqual([answer.FailedRecordCount, answer.Records.length], [0, 2]);
    const record = (bytes: number) => ({ Data: Buffer.alloc(bytes).toString('base64'), PartitionKey: 'p' });
    assert.equal(at.fails('PutRecords', { StreamName: 's', Records: Array.from({ length: 501 }, () => record(1)) }),
      "ValidationException: 1 validation error detected: Value at 'records' failed to satisfy constraint: Member must have length less than or equal to 500");
    assert.equal(at.fails('PutRecords', { StreamName: 's', Records: Array.from({ length: 10 }, () => record(1_048_576)) }), 'InvalidArgumentException: Records size exceeds 10 MB limit');
    assert.equal(at.fails('PutRecords', { StreamName: 's', Records: [record(1), record(1_048_577)] }),
      "ValidationException: 1 validation error detected: Value at 'records.2.member.data' failed to satisfy constraint: Member must have length less than or equal to 1048576");
    assert.deepEqual(at.texts('s'), ['a', 'b']);
  });

  it('a record that cannot be stored fails alone', () => {
    at.database.exec("CREATE TRIGGER refuse BEFORE INSERT ON stream_records WHEN NEW.partition_key = 'bad' BEGIN SELECT raise(ABORT, 'no'); END");
    const { FailedRecordCount, Records } = at.call<{ FailedRecordCount: number; Records: Record<string, string>[] }>('PutRecords', {
      StreamName: 's', Records: ['good', 'bad', 'fine'].map((PartitionKey) => ({ Data: base64(PartitionKey), PartitionKey })),
    });
    assert.equal(FailedRecordCount, 1);
    assert.deepEqual(Records[1], { ErrorCode: 'InternalFailure', ErrorMessage: 'Internal Service Failure' });
    assert.deepEqual(at.texts('s'), ['good', 'fine']);
  });

  it('a stream may take records up to 10 MiB when it says so', () => {
    at.call('UpdateMaxRecordSize', { StreamARN: arnOf('s'), MaxRecordSizeInKiB: 2048 });
    at.put('s', 'x'.repeat(2 * 1024 * 1024));
    assert.match(at.fails('PutRecord', { StreamName: 's', PartitionKey: 'p', Data: Buffer.alloc(2 * 1024 * 1024 + 1).toString('base64') }), /^ValidationException/);
  });

  it('GetRecords stops at its limit and at 10 MB, and says how far behind it is', async () => {
    for (let count = 0; count < 12; count += 1) at.put('s', `${count}`.padEnd(1_000_000));
    await at.clock.pass(5000);
    const page = at.read(at.iterator('s'));
    assert.deepEqual([page.Records.length, page.MillisBehindLatest], [10, 5000]);
    const rest = at.read(page.NextShardIterator as string);
    assert.deepEqual([rest.Records.length, rest.MillisBehindLatest], [2, 0]);
    assert.equal(at.read(at.iterator('s'), { Limit: 3 }).Records.length, 3);
    assert.match(at.fails('GetRecords', { ShardIterator: at.iterator('s'), Limit: 10_001 }), /^ValidationException/);
  });

  it('an iterator lasts five minutes', () => {
    const iterator = at.iterator('s');
    at.clock.time += 300_000;
    at.read(iterator);
    at.clock.time += 1;
    assert.equal(at.fails('GetRecords', { ShardIterator: iterator }), 'ExpiredIteratorException: Iterator expired. The iterator was created at time Mon Nov 23 12:00:00 UTC 2026 '
      + 'while right now it is Mon Nov 23 12:05:00 UTC 2026 which is further in the future than the tolerated delay of 300000 milliseconds.');
    for (const wrong of ['x', 'AAAAAAAAAAE=', `${iterator}A`]) assert.equal(at.fails('GetRecords', { ShardIterator: wrong }), 'InvalidArgumentException: Invalid ShardIterator.');
  });

  it('iterators want what their type wants', () => {
    const { SequenceNumber } = at.put('s', 'a');
    const ask = (ShardIteratorType: string, more = {}) => ['GetShardIterator', { StreamName: 's', ShardId: shardId(0), ShardIteratorType, ...more }] as const;
    assert.match(at.fails(...ask('AT_SEQUENCE_NUMBER')), /^InvalidArgumentException: Must either specify/);
    assert.match(at.fails(...ask('LATEST', { StartingSequenceNumber: SequenceNumber })), /Request specified LATEST and also a StartingSequenceNumber\.$/);
    assert.match(at.fails(...ask('AT_TIMESTAMP')), /timestamp/);
    assert.equal(at.fails(...ask('AT_TIMESTAMP', { Timestamp: at.clock.now() / 1000 + 1 })),
      `InvalidArgumentException: The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. timestampInMillis: ${at.clock.now() + 1000}, currentTimestampInMillis: ${at.clock.now()}`);
    assert.match(at.fails(...ask('SOMEWHERE')), /Member must satisfy enum value set/);
    assert.equal(at.fails('GetShardIterator', { StreamName: 's', ShardId: shardId(7), ShardIteratorType: 'LATEST' }), `ResourceNotFoundException: Shard ${shardId(7)} in stream s under account ${account} does not exist`);
    at.create('other', 2);
    const foreign = at.put('other', 'x', 'b').SequenceNumber;
    assert.equal(at.fails(...ask('AT_SEQUENCE_NUMBER', { StartingSequenceNumber: foreign })),
      `InvalidArgumentException: Invalid StartingSequenceNumber. It encodes ${shardId(1)}, while it was used in a call to a shard with ${shardId(0)}`);
    assert.match(at.fails(...ask('AT_SEQUENCE_NUMBER', { StartingSequenceNumber: '17' })), /is invalid\.$/);
  });

  it('AT_TIMESTAMP begins with the first record of that time or later, LATEST with the next to come', async () => {
    at.put('s', 'a');
    await at.clock.pass(1000);
    const middle = at.clock.now() / 1000;
    at.put('s', 'b');
    const latest = at.iterator('s', 0, 'LATEST');
    at.put('s', 'c');
    const read = (iterator: string) => at.read(iterator).Records.map(({ Data }) => Buffer.from(Data, 'base64').toString());
    assert.deepEqual(read(at.iterator('s', 0, 'AT_TIMESTAMP', { Timestamp: middle })), ['b', 'c']);
    assert.deepEqual(read(latest), ['c']);
    await at.clock.pass(1000);
    const none = at.iterator('s', 0, 'AT_TIMESTAMP', { Timestamp: at.clock.now() / 1000 });
    at.put('s', 'd');
    assert.deepEqual(read(none), ['d']);
  });

  it('a closed shard is read to its end, which names the children', () => {
    at.put('s', 'a');
    at.call('SplitShard', { StreamName: 's', ShardToSplit: shardId(0), NewStartingHashKey: '100' });
    const first = at.read(at.iterator('s'), { Limit: 1 });
    assert.equal(first.NextShardIterator, undefined);
    assert.deepEqual(first.ChildShards?.map((child) => [child.ShardId, (child as unknown as { ParentShards: string[] }).ParentShards]), [[shardId(1), [shardId(0)]], [shardId(2), [shardId(0)]]]);
  });

  it('lambda-facts §3.4: what a poller reads is the value of `kinesis` in AWS\'s order', async () => {
    at.clock.time = 1_545_084_650_987;
    const { SequenceNumber } = at.put('s', 'Hello', 'a "key"');
    at.clock.time = 1_545_084_651_000;
    at.put('s', 'x');
    const { records } = await at.kinesis.read(arnOf('s'), shardId(0), { kind: 'trim-horizon' }, 10);
    assert.equal(records[0]?.json, `{"kinesisSchemaVersion":"1.0","partitionKey":"a \\"key\\"","sequenceNumber":"${SequenceNumber}","data":"SGVsbG8=","approximateArrivalTimestamp":1545084650.987}`);
    assert.match(records[1]?.json ?? '', /"approximateArrivalTimestamp":1545084651\.0\}$/);
    assert.deepEqual([records[0]?.partitionKey, records[0]?.arrivedAt, records[0]?.sequenceNumber], ['a "key"', 1_545_084_650_987, SequenceNumber]);
  });

  it('latest and timestamps become positions that last: nothing between two reads is skipped', async () => {
    const before = at.put('s', 'before');
    await at.clock.pass(1000);
    const latest = await at.kinesis.read(arnOf('s'), shardId(0), { kind: 'latest' }, 10);
    assert.equal(latest.records.length, 0);
    assert.deepEqual(latest.next, { kind: 'after', sequenceNumber: before.SequenceNumber });
    await at.clock.pass(1000);
    const { SequenceNumber } = at.put('s', 'between');
    const between = await at.kinesis.read(arnOf('s'), shardId(0), latest.next, 10);
    assert.equal(between.records.length, 1);
    // Nothing new: the position goes on naming the record as its writer knows it.
    const nothing = await at.kinesis.read(arnOf('s'), shardId(0), between.next, 10);
    assert.deepEqual([nothing.records.length, nothing.next], [0, { kind: 'after', sequenceNumber: SequenceNumber }]);
    const future = await at.kinesis.read(arnOf('s'), shardId(0), { kind: 'timestamp', at: at.clock.now() + 1000 }, 10);
    assert.equal(future.next.kind, 'timestamp');
    await at.clock.pass(1000);
    at.put('s', 'then');
    assert.equal((await at.kinesis.read(arnOf('s'), shardId(0), future.next, 10)).records.length, 1);
  });

  it('pollers are woken after records and after resharding, and know when there is no such stream', async () => {
    let woken = 0;
    const stop = at.kinesis.onRecords(arnOf('s'), () => { woken += 1; });
    at.call('PutRecords', { StreamName: 's', Records: ['a', 'b'].map((text) => ({ Data: base64(text), PartitionKey: text })) });
    await Promise.resolve();
    assert.equal(woken, 1, 'once for all records of one call');
    at.call('SplitShard', { StreamName: 's', ShardToSplit: shardId(0), NewStartingHashKey: '100' });
    await Promise.resolve();
    assert.equal(woken, 2);
    stop();
    at.put('s', 'x');
    await Promise.resolve();
    assert.equal(woken, 2);
    await assert.rejects(at.kinesis.shards(arnOf('none')), SourceNotFound);
    await assert.rejects(at.kinesis.read(arnOf('s'), shardId(8), { kind: 'latest' }, 1), SourceNotFound);
    assert.deepEqual((await at.kinesis.shards(arnOf('s'))).map((shard) => [shard.shardId, shard.parentShardIds, shard.endingSequenceNumber !== undefined]), [
      [shardId(0), [], true], [shardId(1), [shardId(0)], false], [shardId(2), [shardId(0)], false],
    ]);
  });

  it('a position that was trimmed away reads from the oldest record', async () => {
    const { SequenceNumber } = at.put('s', 'old');
    await at.clock.pass(hours(25));
    at.put('s', 'new');
    const { records } = await at.kinesis.read(arnOf('s'), shardId(0), { kind: 'at', sequenceNumber: SequenceNumber }, 10);
    assert.deepEqual(records.map(({ json }) => Buffer.from((JSON.parse(json) as { data: string }).data, 'base64').toString()), ['new']);
  });

  it('people see records newest or oldest first, by shard or all, as text where they are', () => {
    at.create('two', 2);
    at.kinesis.put(arnOf('two'), { partitionKey: 'a', text: '{"n":1}' });
    at.kinesis.put(arnOf('two'), { partitionKey: 'b', text: 'zwei' });
    at.call('PutRecord', { StreamName: 'two', PartitionKey: 'a', Data: '/w==' });
    const shown = (options: object) => at.kinesis.peek(arnOf('two'), { order: 'newest', limit: 10, ...options }).map(({ text, base64: bytes }) => text ?? bytes);
    assert.deepEqual(shown({}), ['/w==', 'zwei', '{"n":1}']);
    assert.deepEqual(shown({ order: 'oldest', limit: 2 }), ['{"n":1}', 'zwei']);
    assert.deepEqual(shown({ shardId: shardId(1) }), ['zwei']);
    const [newest] = at.kinesis.peek(arnOf('two'), { order: 'newest', limit: 1, shardId: shardId(0) });
    assert.deepEqual(shown({ shardId: shardId(0), after: newest?.sequenceNumber }), ['{"n":1}']);
    assert.ok(at.changes > 0);
  });
});
