/** Streams and shards: names, ranges, retention, resharding, templates. */
import assert from 'node:assert/strict';
import { account, arnOf, Harness, hours, shardId } from './harness.ts';

describe('Kinesis streams', () => {
  let at: Harness;
  beforeEach(() => { at = new Harness(); });
  afterEach(() => at.close());

  it('a stream needs a name that is one and a number of shards, or on-demand mode', () => {
    assert.equal(at.fails('CreateStream', { StreamName: 'a b', ShardCount: 0 }), "ValidationException: 2 validation errors detected: Value 'a b' at 'streamName' failed to satisfy constraint: "
      + "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+; Value '0' at 'shardCount' failed to satisfy constraint: Member must have value greater than or equal to 1");
    assert.match(at.fails('CreateStream', { StreamName: 'a' }), /^ValidationException/);
    assert.equal(at.fails('CreateStream', { StreamName: 1, ShardCount: 1 }), 'SerializationException: class java.math.BigDecimal can not be converted to an String');
    at.call('CreateStream', { StreamName: 'demand', StreamModeDetails: { StreamMode: 'ON_DEMAND' } });
    assert.equal(at.shards('demand').length, 4);
    assert.match(at.fails('SplitShard', { StreamName: 'demand', ShardToSplit: shardId(0), NewStartingHashKey: '5' }), /ON_DEMAND/);
  });

  it('hash key ranges are equal and leave no gap', () => {
    at.create('s', 3);
    const ranges = at.shards('s').map(({ HashKeyRange }) => [BigInt(HashKeyRange.StartingHashKey), BigInt(HashKeyRange.EndingHashKey)] as const);
    assert.equal(ranges[0]?.[0], 0n);
    assert.equal(ranges[2]?.[1], (1n << 128n) - 1n);
    for (const index of [0, 1]) assert.equal((ranges[index]?.[1] as bigint) + 1n, ranges[index + 1]?.[0]);
  });

  it('the MD5 of the partition key chooses the shard, an explicit hash key before it', () => {
    at.create('s', 2);
    // MD5("a") begins with 0c, MD5("b") with 92.
    assert.equal(at.put('s', 'x', 'a').ShardId, shardId(0));
    assert.equal(at.put('s', 'x', 'b').ShardId, shardId(1));
    assert.equal(at.put('s', 'x', 'a', { ExplicitHashKey: '340282366920938463463374607431768211455' }).ShardId, shardId(1));
  });

  it('a stream is named by its name, its ARN, or both alike', () => {
    at.create('s');
    assert.equal(at.call<{ StreamDescriptionSummary: { StreamARN: string } }>('DescribeStreamSummary', { StreamARN: arnOf('s'), StreamName: 's' }).StreamDescriptionSummary.StreamARN, arnOf('s'));
    assert.match(at.fails('DescribeStreamSummary', { StreamARN: arnOf('s'), StreamName: 't' }), /^InvalidArgumentException/);
    assert.match(at.fails('DescribeStreamSummary'), /^InvalidArgumentException/);
    assert.equal(at.fails('DescribeStreamSummary', { StreamARN: arnOf('s').replace('us-east-1', 'eu-west-1') }), `ResourceNotFoundException: Stream s under account ${account} not found.`);
  });

  it('retention is 24 to 8760 hours, and each operation goes its way only', () => {
    at.create('s');
    const set = (operation: 'Increase' | 'Decrease', RetentionPeriodHours: number) => [`${operation}StreamRetentionPeriod`, { StreamName: 's', RetentionPeriodHours }] as const;
    assert.equal(at.fails(...set('Increase', 23)), 'InvalidArgumentException: Minimum allowed retention period is 24 hours. Requested retention period (23 hours) is too short.');
    assert.equal(at.fails(...set('Increase', 8761)), 'InvalidArgumentException: Maximum allowed retention period is 8760 hours. Requested retention period (8761 hours) is too long.');
    at.call(...set('Increase', 8760));
    assert.match(at.fails(...set('Increase', 48)), /can not be shorter than existing retention period \(8760 hours\)\. Use DecreaseRetentionPeriod API\.$/);
    at.call(...set('Decrease', 24));
    assert.match(at.fails(...set('Decrease', 48)), /can not be longer than existing/);
  });

  it('records past their retention are not seen, and cleared away in slices', async () => {
    at.create('s');
    for (let count = 0; count < 1200; count += 1) at.put('s', `old ${count}`);
    await at.clock.pass(hours(1));
    at.put('s', 'young');
    await at.clock.pass(hours(23) - 1);
    assert.equal(at.texts('s').length, 1201);
    at.clock.time += 2;
    assert.deepEqual(at.texts('s'), ['young'], 'before anything was cleared away');
    await at.clock.pass(62_000);
    assert.equal(at.kinesis.summaries()[0]?.records, 1);
  });

  it('splitting closes the parent, whose children halve its range; their numbers are all larger', () => {
    at.create('s');
    const before = at.put('s', 'x');
    at.call('SplitShard', { StreamName: 's', ShardToSplit: shardId(0), NewStartingHashKey: '100' });
    const [parent, low, high] = at.shards('s');
    assert.equal(parent?.SequenceNumberRange.EndingSequenceNumber?.length, 56);
    assert.ok(BigInt(parent?.SequenceNumberRange.EndingSequenceNumber ?? 0) > BigInt(before.SequenceNumber));
    assert.deepEqual([low?.ParentShardId, high?.ParentShardId, low?.HashKeyRange.EndingHashKey, high?.HashKeyRange.StartingHashKey], [shardId(0), shardId(0), '99', '100']);
    const after = at.put('s', 'y');
    assert.equal(after.ShardId, shardId(2));
    assert.ok(BigInt(after.SequenceNumber) > BigInt(parent?.SequenceNumberRange.EndingSequenceNumber ?? 0));
    assert.equal(at.fails('SplitShard', { StreamName: 's', ShardToSplit: shardId(0), NewStartingHashKey: '50' }),
      `InvalidArgumentException: Shard ${shardId(0)} in stream s under account ${account} has already been merged or split, and thus is not eligible for merging or splitting.`);
    assert.match(at.fails('SplitShard', { StreamName: 's', ShardToSplit: shardId(1), NewStartingHashKey: '1' }), /is not both greater than one plus the shard's StartingHashKey 0 and less than the shard's EndingHashKey 99\.$/);
    assert.equal(at.fails('SplitShard', { StreamName: 's', ShardToSplit: shardId(9), NewStartingHashKey: '1' }), `ResourceNotFoundException: Could not find shard ${shardId(9)} in stream s under account ${account}.`);
  });

  it('only neighbours merge, and the child has both as parents', () => {
    at.create('s', 3);
    assert.match(at.fails('MergeShards', { StreamName: 's', ShardToMerge: shardId(0), AdjacentShardToMerge: shardId(2) }), /are not an adjacent pair of shards eligible for merging$/);
    at.call('MergeShards', { StreamName: 's', ShardToMerge: shardId(1), AdjacentShardToMerge: shardId(0) });
    const child = at.shards('s').at(-1);
    assert.deepEqual([child?.ShardId, child?.ParentShardId, child?.AdjacentParentShardId], [shardId(3), shardId(0), shardId(1)]);
  });

  it('scaling reaches equal shards, at most doubles and at least halves', () => {
    at.create('s', 4);
    const scale = (TargetShardCount: number) => ['UpdateShardCount', { StreamName: 's', TargetShardCount, ScalingType: 'UNIFORM_SCALING' }] as const;
    assert.equal(at.fails(...scale(9)), 'LimitExceededException: UpdateShardCount cannot scale up over double your current open shard count. Current open shard count: 4, Target shard count: 9');
    assert.equal(at.fails(...scale(1)), 'LimitExceededException: UpdateShardCount cannot scale down below half your current open shard count. Current open shard count: 4, Target shard count: 1');
    for (const count of [8, 5, 3, 6]) {
      at.call(...scale(count));
      const ranges = at.shards('s', { ShardFilter: { Type: 'AT_LATEST' } }).map(({ HashKeyRange }) => BigInt(HashKeyRange.StartingHashKey)).sort((a, b) => (a < b ? -1 : 1));
      assert.deepEqual(ranges, Array.from({ length: count }, (_, index) => (1n << 128n) / BigInt(count) * BigInt(index)), `${count}`);
    }
  });

  it('ListShards filters by place and time, pages, and forgets its tokens after five minutes', async () => {
    at.create('s');
    const made = at.clock.now();
    await at.clock.pass(hours(10));
    at.call('SplitShard', { StreamName: 's', ShardToSplit: shardId(0), NewStartingHashKey: '100' });
    const ids = (ShardFilter: Record<string, unknown>) => at.shards('s', { ShardFilter }).map(({ ShardId }) => Number(ShardId.slice(-1)));
    assert.deepEqual(ids({ Type: 'AT_LATEST' }), [1, 2]);
    assert.deepEqual(ids({ Type: 'AT_TRIM_HORIZON' }), [0]);
    assert.deepEqual(ids({ Type: 'FROM_TRIM_HORIZON' }), [0, 1, 2]);
    assert.deepEqual(ids({ Type: 'AFTER_SHARD_ID', ShardId: shardId(1) }), [2]);
    assert.deepEqual(ids({ Type: 'AT_TIMESTAMP', Timestamp: made / 1000 + 60 }), [0]);
    assert.deepEqual(ids({ Type: 'FROM_TIMESTAMP', Timestamp: at.clock.now() / 1000 + 1 }), [1, 2]);
    assert.match(at.fails('ListShards', { StreamName: 's', ShardFilter: { Type: 'AT_TIMESTAMP' } }), /^InvalidArgumentException/);
    const { NextToken } = at.call<{ NextToken: string }>('ListShards', { StreamName: 's', MaxResults: 2 });
    assert.equal(at.fails('ListShards', { StreamName: 's', NextToken }), 'InvalidArgumentException: NextToken and StreamName cannot be provided together.');
    assert.deepEqual(at.call<{ Shards: { ShardId: string }[] }>('ListShards', { NextToken }).Shards.map(({ ShardId }) => ShardId), [shardId(2)]);
    at.clock.time += 300_001;
    assert.match(at.fails('ListShards', { NextToken }), /^ExpiredNextTokenException/);
    await at.clock.pass(hours(25));
    assert.deepEqual(at.shards('s').map(({ ShardId }) => ShardId), [shardId(1), shardId(2)], 'a closed shard goes when all its records are past their retention');
  });

  it('DescribeStream shows 100 shards at most, and says when there are more', () => {
    at.create('s', 120);
    const page = at.call<{ StreamDescription: { Shards: { ShardId: string }[]; HasMoreShards: boolean } }>('DescribeStream', { StreamName: 's', Limit: 500 }).StreamDescription;
    assert.deepEqual([page.Shards.length, page.HasMoreShards], [100, true]);
    const rest = at.call<{ StreamDescription: { Shards: unknown[]; HasMoreShards: boolean } }>('DescribeStream', { StreamName: 's', ExclusiveStartShardId: page.Shards.at(-1)?.ShardId }).StreamDescription;
    assert.deepEqual([rest.Shards.length, rest.HasMoreShards], [20, false]);
  });

  it('streams are listed by name, page by page', () => {
    for (const name of ['c', 'a', 'b']) at.create(name);
    const first = at.call<{ StreamNames: string[]; HasMoreStreams: boolean; NextToken: string }>('ListStreams', { Limit: 2 });
    assert.deepEqual([first.StreamNames, first.HasMoreStreams], [['a', 'b'], true]);
    assert.deepEqual(at.call<{ StreamNames: string[] }>('ListStreams', { NextToken: first.NextToken }).StreamNames, ['c']);
    assert.deepEqual(at.call<{ StreamNames: string[] }>('ListStreams', { ExclusiveStartStreamName: 'a' }).StreamNames, ['b', 'c']);
  });

  it('a deleted stream is gone with its records, and one of the same name is another', async () => {
    at.create('s');
    at.put('s', 'x');
    const iterator = at.iterator('s');
    at.call('DeleteStream', { StreamName: 's' });
    assert.equal(at.fails('GetRecords', { ShardIterator: iterator }), `ResourceNotFoundException: Shard ${shardId(0)} in stream s under account ${account} does not exist`);
    at.create('s');
    assert.deepEqual(at.texts('s'), []);
    assert.equal(at.fails('GetRecords', { ShardIterator: iterator }), 'InvalidArgumentException: Invalid ShardIterator.');
    await at.clock.pass(1000);
    assert.equal((at.database.prepare('SELECT count(*) AS n FROM stream_records').get() as { n: number }).n, 0);
  });

  it('a stream with consumers is deleted only when that is enforced', () => {
    at.create('s');
    at.call('RegisterStreamConsumer', { StreamARN: arnOf('s'), ConsumerName: 'c' });
    assert.match(at.fails('RegisterStreamConsumer', { StreamARN: arnOf('s'), ConsumerName: 'c' }), /^ResourceInUseException/);
    assert.match(at.fails('DeleteStream', { StreamName: 's' }), /^ResourceInUseException/);
    at.call('DeleteStream', { StreamName: 's', EnforceConsumerDeletion: true });
  });
});

describe('Kinesis streams of templates', () => {
  let at: Harness;
  beforeEach(() => { at = new Harness(); });
  afterEach(() => at.close());
  const summary = () => at.kinesis.summaries()[0];

  it('the template is the baseline, an API call an overlay that is shown and lasts', () => {
    at.declare(['s', { ShardCount: 2, RetentionPeriodHours: 48 }]);
    at.put('s', 'kept');
    at.call('IncreaseStreamRetentionPeriod', { StreamName: 's', RetentionPeriodHours: 72 });
    at.restart();
    at.declare(['s', { ShardCount: 2, RetentionPeriodHours: 48 }]);
    assert.deepEqual([summary()?.retentionHours, summary()?.changed, summary()?.records], [72, ['RetentionPeriodHours'], 1]);
  });

  it('when the template changes the same attribute it wins and says so', () => {
    at.declare(['s', { RetentionPeriodHours: 48 }]);
    at.call('IncreaseStreamRetentionPeriod', { StreamName: 's', RetentionPeriodHours: 72 });
    at.declare(['s', { RetentionPeriodHours: 96 }]);
    assert.deepEqual([summary()?.retentionHours, summary()?.changed], [96, []]);
    assert.ok(at.log.some((line) => line.includes('The template changed RetentionPeriodHours of stream s')));
  });

  it('another ShardCount in the template scales the stream, as an update of the stack does', () => {
    at.declare(['s', { ShardCount: 1 }]);
    at.put('s', 'x');
    at.declare(['s', { ShardCount: 2 }]);
    assert.deepEqual(summary()?.shards.map(({ open }) => open), [false, true, true]);
  });

  it('a deleted one stays away until its entry changes', () => {
    at.declare(['s', { ShardCount: 1 }]);
    at.call('DeleteStream', { StreamName: 's' });
    at.restart();
    at.declare(['s', { ShardCount: 1 }]);
    assert.equal(summary(), undefined);
    at.declare(['s', { ShardCount: 2 }]);
    assert.equal(summary()?.shards.length, 2);
  });
});
