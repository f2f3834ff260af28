/** Streams of tables: what makes a record, what it holds, and who reads it. */
import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { SourceNotFound } from '../../../../src/contracts/event-sources.ts';
import type { AwsFault } from '../../../../src/contracts/faults.ts';
import type { StreamViewType } from '../../../../src/contracts/resource-views.ts';
import type { ResourceDefinition, ServiceInput, TableChange } from '../../../../src/contracts/resources.ts';
import { DynamoDbStreamsService } from '../../../../src/resources/dynamodb-streams/dynamodb-streams-service.ts';
import { documentsSchema, SqliteDocumentStore } from '../../../../src/store/document-store.ts';
import { SqliteStreamRecords, streamRecordsSchema } from '../../../../src/store/stream-records.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

const tableArn = (name: string) => `arn:aws:dynamodb:us-east-1:123456789012:table/${name}`;
const arn = (name = 't') => `${tableArn(name)}/stream/2020-01-01T00:00:00.000`;
const hours = (count: number) => count * 3_600_000;
const id = (text: string) => ({ id: { S: text } });

interface ApiRecord {
  eventID: string;
  eventName: string;
  dynamodb: { SequenceNumber: string; SizeBytes: number; ApproximateCreationDateTime: number; NewImage?: object; OldImage?: object };
  userIdentity?: object;
}

describe('DynamoDB streams', () => {
  let clock: FakeClock;
  let database: DatabaseSync;
  let streams: DynamoDbStreamsService;
  const open = (): DynamoDbStreamsService => {
    const logger = { debug: () => {}, info: () => {}, warn: () => {}, error: (message: string, error?: unknown) => { throw new Error(message, { cause: error }); } };
    const service = new DynamoDbStreamsService({
      clock, documents: new SqliteDocumentStore(database), records: new SqliteStreamRecords(database), logger,
      account: () => ({ accountId: '123456789012', region: 'us-east-1' }), changed: () => {},
    });
    service.start();
    return service;
  };
  beforeEach(() => {
    clock = new FakeClock();
    database = new DatabaseSync(':memory:');
    database.exec(`${documentsSchema};${streamRecordsSchema}`);
    streams = open();
  });
  afterEach(() => {
    streams.close();
    database.close();
  });

  const declare = (StreamViewType: StreamViewType = 'NEW_AND_OLD_IMAGES', properties: Record<string, unknown> = {}, name = 't') =>
    streams.setBaseline([{
      type: 'AWS::DynamoDB::Table', name, arn: tableArn(name), origin: { kind: 'sam', logicalId: name },
      properties: {
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }], AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        StreamSpecification: { StreamViewType }, ...properties,
      },
    } satisfies ResourceDefinition]);
  const call = <T>(operation: string, input: ServiceInput = {}): T => streams.call(operation, input) as T;
  const shard = () => streams.summaries()[0]?.shards[0]?.shardId;
  const iterator = (ShardIteratorType = 'TRIM_HORIZON', more = {}) =>
    call<{ ShardIterator: string }>('GetShardIterator', { StreamArn: arn(), ShardId: shard(), ShardIteratorType, ...more }).ShardIterator;
  const records = (from = iterator(), more = {}) => call<{ Records: ApiRecord[] }>('GetRecords', { ShardIterator: from, ...more }).Records;
  const fails = (work: () => unknown): string => {
    let fault: AwsFault | undefined;
    assert.throws(work, (error) => { fault = error as AwsFault; return true; });
    return `${fault?.name}: ${fault?.message}`;
  };
  const refused = (change: TableChange) => fails(() => streams.record(arn(), change));

  it('lambda-facts §3.5: the record of a function, in wire order; its time is a number with a fraction', async () => {
    declare();
    clock.time = 1_764_086_807_900;
    const sequence = streams.record(arn(), { newImage: id('x') })?.sequenceNumber;
    const { records: read } = await streams.read(arn(), String(shard()), { kind: 'trim-horizon' }, 10);
    const eventId = (JSON.parse(read[0]?.json ?? '') as { eventID: string }).eventID;
    assert.match(eventId, /^[0-9a-f]{32}$/);
    assert.equal(read[0]?.json, `{"eventID":"${eventId}","eventName":"INSERT","eventVersion":"1.1","eventSource":"aws:dynamodb","awsRegion":"us-east-1",`
      + '"dynamodb":{"ApproximateCreationDateTime":1764086807.0,"Keys":{"id":{"S":"x"}},"NewImage":{"id":{"S":"x"}},'
      + `"SequenceNumber":"${sequence}","SizeBytes":6,"StreamViewType":"NEW_AND_OLD_IMAGES"}}`);
    assert.match(sequence ?? '', /^1\d{20}$/);
    assert.deepEqual([read[0]?.partitionKey, read[0]?.arrivedAt], ['{"id":S"x"}', 1_764_086_807_900]);
  });

  it('lambda-facts §3.5: a TTL delete says so, in the spelling of each reader', async () => {
    declare();
    streams.record(arn(), { oldImage: id('x'), expired: true });
    const { records: read } = await streams.read(arn(), String(shard()), { kind: 'trim-horizon' }, 10);
    assert.match(read[0]?.json ?? '', /,"userIdentity":\{"type":"Service","principalId":"dynamodb\.amazonaws\.com"\}\}$/);
    assert.deepEqual(records()[0]?.userIdentity, { PrincipalId: 'dynamodb.amazonaws.com', Type: 'Service' });
    assert.match(refused({ newImage: id('x'), expired: true }), /^ValidationException/);
  });

  it('lambda-facts §3.5, insert_same_entry_twice: an identical item makes no record, whatever its order and spelling of numbers', () => {
    declare();
    const item = { ...id('x'), n: { N: '10' }, set: { NS: ['1', '2'] }, map: { M: { a: { BOOL: true }, b: { NULL: true } } } };
    const same = { map: { M: { b: { NULL: true }, a: { BOOL: true } } }, set: { NS: ['2.0', '1'] }, n: { N: '1.0e1' }, ...id('x') };
    assert.equal(streams.record(arn(), { oldImage: item, newImage: same }), undefined);
    assert.deepEqual(records(), []);
    assert.ok(streams.record(arn(), { oldImage: item, newImage: { ...item, list: { L: [] } } }));
  });

  it('recorded sizes: keys and the images that the view type shows', () => {
    const sizes = (viewType: StreamViewType, change: TableChange): [string, number, boolean, boolean] => {
      declare(viewType);
      const from = iterator('LATEST');
      streams.record(arn(), change);
      const [record] = records(from);
      return [record?.eventName ?? '', record?.dynamodb.SizeBytes ?? 0, record?.dynamodb.NewImage !== undefined, record?.dynamodb.OldImage !== undefined];
    };
    const named = { ...id('Fred'), name: { S: 'Fred' } };
    assert.deepEqual(sizes('NEW_AND_OLD_IMAGES', { newImage: id('Fred') }), ['INSERT', 12, true, false]);
    assert.deepEqual(sizes('NEW_AND_OLD_IMAGES', { oldImage: id('NewKey') }), ['REMOVE', 16, false, true]);
    assert.deepEqual(sizes('NEW_AND_OLD_IMAGES', { oldImage: id('Fred'), newImage: named }), ['MODIFY', 26, true, true]);
    assert.deepEqual(sizes('KEYS_ONLY', { oldImage: id('Fred'), newImage: named }), ['MODIFY', 6, false, false]);
    assert.deepEqual(sizes('NEW_IMAGE', { oldImage: id('Fred'), newImage: named }), ['MODIFY', 20, true, false]);
    assert.deepEqual(sizes('OLD_IMAGE', { oldImage: id('Fred'), newImage: named }), ['MODIFY', 12, false, true]);
    assert.deepEqual(sizes('NEW_IMAGE', { oldImage: id('Fred') }), ['REMOVE', 6, false, false]);
  });

  it('numbers are kept as DynamoDB keeps them', () => {
    declare();
    for (const [written, kept] of [['007', '7'], ['+1.50', '1.5'], ['-0', '0'], ['.5', '0.5'], ['1e3', '1000'], ['12e-4', '0.0012'], ['-1.20E1', '-12'], [`1${'0'.repeat(50)}`, `1${'0'.repeat(50)}`]] as const) {
      const from = iterator('LATEST');
      streams.record(arn(), { newImage: { ...id('x'), n: { N: written } } });
      assert.deepEqual(records(from)[0]?.dynamodb.NewImage, { ...id('x'), n: { N: kept } }, written);
    }
  });

  it('what DynamoDB refuses is refused in its words', () => {
    declare();
    const invalid = 'ValidationException: One or more parameter values were invalid: ';
    assert.equal(refused({ newImage: { other: { S: 'x' } } }), `${invalid}Missing the key id in the item`);
    assert.equal(refused({ newImage: { id: { N: '1' } } }), `${invalid}Type mismatch for key id expected: S actual: N`);
    assert.equal(refused({ oldImage: id('a'), newImage: id('b') }), `${invalid}Cannot update attribute id. This attribute is part of the key`);
    assert.equal(refused({ newImage: { ...id('x'), s: { SS: [] } } }), `${invalid}An string set  may not be empty`);
    assert.equal(refused({ newImage: { ...id('x'), s: { SS: ['a', 'a'] } } }), `${invalid}Input collection [a, a] contains duplicates.`);
    assert.equal(refused({ newImage: { ...id('x'), n: { NULL: false } } }), `${invalid}Null attribute value types must have the value of true`);
    assert.equal(refused({ newImage: { ...id('x'), n: { N: 'abc' } } }), 'ValidationException: The parameter cannot be converted to a numeric value: abc');
    assert.equal(refused({ newImage: { ...id('x'), n: { N: '1'.repeat(39) } } }), 'ValidationException: Attempting to store more than 38 significant digits in a Number');
    assert.match(refused({ newImage: { ...id('x'), n: { N: '1e126' } } }), /Number overflow/);
    assert.match(refused({ newImage: { ...id('x'), n: { N: '1e-131' } } }), /Number underflow/);
    assert.equal(refused({ newImage: { ...id('x'), v: {} } }), 'ValidationException: Supplied AttributeValue is empty, must contain exactly one of the supported datatypes');
    assert.equal(refused({ newImage: { ...id('x'), v: { S: 'a', N: '1' } } }), 'ValidationException: Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes');
    assert.match(refused({ newImage: id('') }), /cannot contain an empty string value\. Key: id$/);
    assert.equal(refused({ newImage: { ...id('x'), v: { S: 'x'.repeat(400 * 1024) } } }), 'ValidationException: Item size has exceeded the maximum allowed size');
    assert.match(refused({ newImage: { ...id('x'), v: { B: '***' } } }), /^ValidationException/);
    assert.match(refused({}), /^ValidationException/);
    const deep = Array.from({ length: 33 }).reduce<object>((value) => ({ L: [value] }), { S: 'x' });
    assert.match(refused({ newImage: { ...id('x'), deep } as TableChange['newImage'] & object }), /Nesting Levels/);
    assert.match(fails(() => streams.record(arn('none'), { newImage: id('x') })), /^ResourceNotFoundException/);
    assert.deepEqual(records(), []);
  });

  it('the API: list, describe, iterators of all types, pages, and the end of a lifetime', async () => {
    declare('NEW_IMAGE', { KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }, { AttributeName: 'at', KeyType: 'RANGE' }] });
    assert.deepEqual(call('ListStreams', { TableName: 'ttt' }), { Streams: [] });
    assert.deepEqual(call('ListStreams'), { Streams: [{ StreamArn: arn(), TableName: 't', StreamLabel: '2020-01-01T00:00:00.000' }] });
    const { StreamDescription } = call<{ StreamDescription: Record<string, unknown> }>('DescribeStream', { StreamArn: arn() });
    assert.deepEqual(StreamDescription, {
      StreamArn: arn(), StreamLabel: '2020-01-01T00:00:00.000', StreamStatus: 'ENABLED', StreamViewType: 'NEW_IMAGE', CreationRequestDateTime: clock.now() / 1000, TableName: 't',
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }, { AttributeName: 'at', KeyType: 'RANGE' }],
      Shards: [{ ShardId: shard(), SequenceNumberRange: { StartingSequenceNumber: '100000000000000000000' } }],
    });
    assert.match(String(shard()), /^shardId-\d{20}-[0-9a-f]{8}$/);
    const put = (text: string) => streams.record(arn(), { newImage: { ...id(text), at: { N: '1' } } })?.sequenceNumber;
    const first = put('a');
    put('b');
    const names = (from: string, more = {}) => records(from, more).map(({ dynamodb }) => (dynamodb.NewImage as { id: { S: string } }).id.S);
    assert.deepEqual(names(iterator('AT_SEQUENCE_NUMBER', { SequenceNumber: first })), ['a', 'b']);
    assert.deepEqual(names(iterator('AFTER_SEQUENCE_NUMBER', { SequenceNumber: first })), ['b']);
    assert.deepEqual(names(iterator(), { Limit: 1 }), ['a']);
    const latest = iterator('LATEST');
    put('c');
    assert.deepEqual(names(latest), ['c']);
    clock.time += 15 * 60_000 + 1;
    assert.match(fails(() => records(latest)), /^ExpiredIteratorException/);
    assert.match(fails(() => records('x')), /^ValidationException: Invalid ShardIterator/);
    assert.match(fails(() => call('GetRecords', { ShardIterator: iterator(), Limit: 1001 })), /^ValidationException/);
    await clock.pass(hours(24));
    put('d');
    assert.deepEqual(names(iterator()), ['d']);
    assert.equal(fails(() => iterator('AT_SEQUENCE_NUMBER', { SequenceNumber: first })), 'TrimmedDataAccessException: The operation attempted to read past the oldest stream record in a shard.');
  });

  it('pollers are woken, and what they were promised lasts through a restart', async () => {
    declare();
    let woken = 0;
    streams.onRecords(arn(), () => { woken += 1; });
    const { next } = await streams.read(arn(), String(shard()), { kind: 'latest' }, 10);
    streams.record(arn(), { newImage: id('x') });
    await Promise.resolve();
    assert.equal(woken, 1);
    const shardId = shard();
    streams.close();
    streams = open();
    declare();
    assert.equal(shard(), shardId);
    const read = await streams.read(arn(), String(shard()), next, 10);
    assert.deepEqual([read.records.length, read.ended], [1, false]);
    assert.deepEqual(await streams.shards(arn()), [{ shardId, parentShardIds: [] }]);
    await assert.rejects(streams.shards(arn('none')), SourceNotFound);
  });

  it('a table without a stream has none; a stream that left the template is disabled and goes a day later', async () => {
    declare('KEYS_ONLY', { StreamSpecification: undefined });
    assert.deepEqual(streams.summaries(), []);
    declare();
    streams.record(arn(), { newImage: id('x') });
    streams.setBaseline([]);
    assert.match(refused({ newImage: id('y') }), /is disabled/);
    assert.equal(records().length, 1);
    declare();
    assert.ok(streams.record(arn(), { newImage: id('y') }), 'the template has it again');
    streams.setBaseline([]);
    await clock.pass(hours(24) + 120_000);
    assert.deepEqual(streams.summaries(), []);
  });

  it('people see records as functions get them', () => {
    declare();
    streams.record(arn(), { newImage: id('a') });
    streams.record(arn(), { oldImage: id('a') });
    const [newest, oldest] = streams.peek(arn(), { order: 'newest', limit: 10 });
    assert.deepEqual([newest?.eventName, oldest?.eventName], ['REMOVE', 'INSERT']);
    assert.deepEqual((JSON.parse(oldest?.text ?? '') as { dynamodb: { NewImage: object } }).dynamodb.NewImage, id('a'));
  });
});
