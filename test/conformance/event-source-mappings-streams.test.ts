/** Event source mappings of Kinesis and DynamoDB streams: every fact of lambda-facts §3.4 to §3.7 that applies. */
import assert from 'node:assert/strict';
import { definition, FunctionFailure, Mappings, type Answer } from '../unit/lambda/mapping-harness.ts';
import { MemoryStream } from '../unit/lambda/memory-stream.ts';

const kinesisArn = 'arn:aws:kinesis:us-east-1:123456789012:stream/s';
const tableArn = 'arn:aws:dynamodb:us-east-1:123456789012:table/t/stream/2026-11-24T00:00:00.000';
const queueArn = 'arn:aws:sqs:us-east-1:123456789012:failures';
const topicArn = 'arn:aws:sns:us-east-1:123456789012:failures';
const bucketArn = 'arn:aws:s3:::failures';
const made: Mappings[] = [];

interface KinesisRecord {
  kinesis: { sequenceNumber: string; partitionKey: string; data: string };
  eventID: string;
}

interface Options {
  arn?: string;
  mapping?: object;
  answer?: Answer;
  shards?: number;
  scale?: number;
  before?: (streams: MemoryStream, now: number) => void;
}

async function mapped({ arn = kinesisArn, mapping = {}, answer, shards = 1, scale, before }: Options = {}) {
  const streams = new MemoryStream();
  streams.create(arn, shards);
  const of = new Mappings({ streams, ...(scale === undefined ? {} : { scale }) });
  made.push(of);
  if (answer) of.answer = answer;
  before?.(streams, of.clock.time);
  of.start([definition('fn')]);
  const uuid = await of.create({ EventSourceArn: arn, StartingPosition: 'TRIM_HORIZON', ...mapping });
  const put = (data: string, more: Parameters<MemoryStream['put']>[2] = {}) => streams.put(arn, data, { at: of.clock.time, ...more });
  return { of, streams, uuid, put };
}

const records = (event: { Records: unknown[] } | undefined) => (event?.Records ?? []) as KinesisRecord[];
const text = ({ kinesis }: KinesisRecord) => Buffer.from(kinesis.data, 'base64').toString();
const batches = (of: Mappings) => of.events.map((event) => records(event).map(text));
const fail: Answer = () => { throw new FunctionFailure('no'); };
const failOn = (poison: string): Answer => (event) => { if (records(event).some((record) => text(record) === poison)) throw new FunctionFailure('no'); };
const body = (of: Mappings, index = 0) => JSON.parse(of.lambda.delivered[index]?.what['body'] as string) as Record<string, Record<string, unknown>>;
const onFailure = (Destination = queueArn) => ({ DestinationConfig: { OnFailure: { Destination } } });
const report = { FunctionResponseTypes: ['ReportBatchItemFailures'] };

afterEach(async () => {
  for (const of of made.splice(0)) await of.close();
});

describe('lambda-facts §3.4: records of Kinesis', () => {
  it('have the recorded members in wire order', async () => {
    const { of, put } = await mapped();
    const sequence = put('hello', { key: 'test', at: 1_545_084_650_987 });
    await of.clock.pass(0);
    assert.equal(Buffer.from(of.lambda.requests[0]?.payload ?? []).toString(), `{"Records":[{"kinesis":{"kinesisSchemaVersion":"1.0","partitionKey":"test","sequenceNumber":"${sequence}","data":"aGVsbG8=","approximateArrivalTimestamp":1545084650.987},`
      + `"eventSource":"aws:kinesis","eventVersion":"1.0","eventID":"shardId-000000000000:${sequence}","eventName":"aws:kinesis:record","invokeIdentityArn":"arn:aws:iam::123456789012:role/r","awsRegion":"us-east-1","eventSourceARN":"${kinesisArn}"}]}`);
  });

  it('a mapping of a consumer reads its stream, whose ARN its records have', async () => {
    const { of, put } = await mapped({ mapping: { EventSourceArn: `${kinesisArn}/consumer/c:1` } });
    put('x');
    await of.clock.pass(0);
    assert.deepEqual(batches(of), [['x']]);
    assert.match(Buffer.from(of.lambda.requests[0]?.payload ?? []).toString(), new RegExp(`"eventSourceARN":"${kinesisArn}"`));
  });

  it('one batch at a time per shard, and a batch holds records of one shard only', async () => {
    let running = 0;
    let most = 0;
    const { of, put } = await mapped({ shards: 2, mapping: { BatchSize: 1 } });
    of.answer = async () => {
      most = Math.max(most, running += 1);
      await new Promise<void>((resolve) => { of.clock.after(100, resolve); });
      running -= 1;
    };
    for (const index of [0, 1, 2]) for (const shard of [0, 1]) put(`${shard}${index}`, { shard });
    await of.clock.pass(1000);
    assert.equal(most, 2);
    for (const shard of ['0', '1']) assert.deepEqual(batches(of).flat().filter((data) => data.startsWith(shard)), [`${shard}0`, `${shard}1`, `${shard}2`]);
  });

  it('ParallelizationFactor: several batches of a shard at once, order kept per partition key', async () => {
    let running = 0;
    let most = 0;
    const { of, put } = await mapped({ mapping: { BatchSize: 2, ParallelizationFactor: 4 } });
    of.answer = async () => {
      most = Math.max(most, running += 1);
      await new Promise<void>((resolve) => { of.clock.after(100, resolve); });
      running -= 1;
    };
    for (let index = 0; index < 5; index += 1) for (const key of 'abcdefgh') put(`${key}${index}`, { key });
    await of.clock.pass(5000);
    assert.ok(most > 1 && most <= 4, String(most));
    for (const key of 'abcdefgh') assert.deepEqual(batches(of).flat().filter((data) => data.startsWith(key)), [0, 1, 2, 3, 4].map((index) => `${key}${index}`));
    assert.equal(batches(of).flat().length, 40);
  });
});

describe('lambda-facts §3.5: records of DynamoDB streams', () => {
  it('have the recorded members in wire order', async () => {
    const { of, put } = await mapped({ arn: tableArn });
    put('', { json: (SequenceNumber) => JSON.stringify({
      eventID: 'c4ca', eventName: 'INSERT', eventVersion: '1.1', eventSource: 'aws:dynamodb', awsRegion: 'us-east-1',
      dynamodb: { ApproximateCreationDateTime: 1764086807, Keys: { id: { S: 'x' } }, NewImage: { id: { S: 'x' } }, SequenceNumber, SizeBytes: 59, StreamViewType: 'NEW_AND_OLD_IMAGES' },
    }) });
    await of.clock.pass(0);
    assert.deepEqual(Object.keys(of.events[0]?.Records[0] ?? {}), ['eventID', 'eventName', 'eventVersion', 'eventSource', 'awsRegion', 'dynamodb', 'eventSourceARN']);
    assert.equal((of.events[0]?.Records[0] as unknown as { eventSourceARN: string }).eventSourceARN, tableArn);
  });

  it('filters of DynamoDB: eventName and images; the iterator goes on over the others', async () => {
    const { of, put } = await mapped({ arn: tableArn, mapping: { FilterCriteria: { Filters: [{ Pattern: '{"eventName":["INSERT"],"dynamodb":{"NewImage":{"presentKey":{"S":["presentValue"]}}}}' }] } } });
    const item = (eventName: string, S: string) => put('', { json: (SequenceNumber) => JSON.stringify({ eventName, dynamodb: { NewImage: { presentKey: { S } }, SequenceNumber } }) });
    item('INSERT', 'presentValue');
    const other = item('INSERT', 'other');
    item('MODIFY', 'presentValue');
    await of.clock.pass(2000);
    assert.deepEqual([of.events.length, of.summary().counts.matched, of.summary().counts.filtered], [1, 1, 2]);
    assert.equal(of.summary().shards?.[0]?.checkpoint !== undefined, true);
    const [fate] = of.lambda.service.mappings.why(other);
    assert.equal(fate?.fate, 'filtered');
    assert.match(fate?.filters?.[0] ?? '', /presentKey/);
  });
});

describe('lambda-facts §3.1: starting positions', () => {
  const old = (streams: MemoryStream, now: number) => {
    streams.put(kinesisArn, 'first', { at: now - 10_000 });
    streams.put(kinesisArn, 'second', { at: now - 1000 });
  };

  it('TRIM_HORIZON, LATEST and AT_TIMESTAMP', async () => {
    for (const [mapping, seen] of [
      [{ StartingPosition: 'TRIM_HORIZON' }, ['first', 'second', 'new']], [{ StartingPosition: 'LATEST' }, ['new']],
      [{ StartingPosition: 'AT_TIMESTAMP', StartingPositionTimestamp: Math.floor(Date.UTC(2026, 10, 23, 12) / 1000) - 5 }, ['second', 'new']],
    ] as const) {
      const { of, put } = await mapped({ mapping, before: old });
      await of.clock.pass(1000);
      put('new');
      await of.clock.pass(2000);
      assert.deepEqual(batches(of).flat(), seen);
    }
  });

  it('a record before the position has that as its fate', async () => {
    let sequence = '';
    const { of } = await mapped({ mapping: { StartingPosition: 'LATEST' }, before: (streams) => { sequence = streams.put(kinesisArn, 'old'); } });
    await of.clock.pass(100);
    assert.equal(of.lambda.service.mappings.why(sequence, kinesisArn)[0]?.fate, 'position');
  });

  it('that fate is known after a restart, with a timestamp too, and not of what came later', async () => {
    const sequences: string[] = [];
    const start = Math.floor(Date.UTC(2026, 10, 23, 12) / 1000) - 5;
    const { of, put } = await mapped({
      mapping: { StartingPosition: 'AT_TIMESTAMP', StartingPositionTimestamp: start },
      before: (streams, now) => { for (const age of [10_000, 1000]) sequences.push(streams.put(kinesisArn, 'x', { at: now - age })); },
    });
    const fates = () => sequences.map((sequence) => of.lambda.service.mappings.why(sequence, kinesisArn)[0]?.fate);
    await of.clock.pass(1000);
    assert.deepEqual(fates(), ['position', 'delivered']);
    await of.restart();
    await of.clock.pass(1000);
    sequences.push(put('new'));
    await of.clock.pass(1000);
    assert.deepEqual(fates(), ['position', 'unknown', 'delivered']);
  });

  it('LATEST lasts: what comes while nobody polls is not skipped', async () => {
    const { of, uuid, put } = await mapped({ mapping: { StartingPosition: 'LATEST' } });
    await of.call('UpdateEventSourceMapping', { UUID: uuid, Enabled: false });
    await of.clock.pass(0);
    put('meanwhile');
    await of.restart();
    await of.call('UpdateEventSourceMapping', { UUID: uuid, Enabled: true });
    await of.clock.pass(1000);
    assert.deepEqual(batches(of), [['meanwhile']]);
  });

  it('the position can be set anew', async () => {
    const { of, uuid, put } = await mapped();
    put('a');
    await of.clock.pass(100);
    const reset = of.lambda.service.mappings.resetPosition(uuid, { kind: 'TRIM_HORIZON' });
    await of.clock.pass(100);
    await reset;
    assert.deepEqual(batches(of), [['a'], ['a']]);
  });
});

describe('lambda-facts §3.2: batching of streams', () => {
  it('batch size and batching window', async () => {
    const { of, put } = await mapped({ mapping: { BatchSize: 3, MaximumBatchingWindowInSeconds: 20 } });
    for (const data of ['a', 'b', 'c', 'd']) put(data);
    await of.clock.pass(100);
    assert.deepEqual(batches(of), [['a', 'b', 'c']]);
    await of.clock.pass(20_000);
    assert.deepEqual(batches(of), [['a', 'b', 'c'], ['d']]);
  });

  it('closes a batch before its event passes 6 MB', async () => {
    const { of, put } = await mapped();
    for (let index = 0; index < 8; index += 1) put('x'.repeat(1_000_000));
    await of.clock.pass(1000);
    assert.deepEqual(batches(of).map(({ length }) => length), [4, 4]);
    assert.ok(of.lambda.requests.every(({ payload }) => payload.length <= 6_291_456));
  });

  it('a record whose event is larger than 6 MB by itself goes to the on-failure destination, and the shard goes on', async () => {
    const { of, put } = await mapped({ mapping: onFailure() });
    put('x'.repeat(5_000_000));
    put('next');
    await of.clock.pass(1000);
    assert.deepEqual(batches(of), [['next']]);
    assert.deepEqual([body(of)['requestContext']?.['condition'], body(of)['requestContext']?.['approximateInvokeCount'], body(of)['responseContext']], ['MaximumPayloadSizeExceeded', 0, null]);
  });
});

describe('lambda-facts §3.6: retries', () => {
  it('the shard blocks and the batch is retried until it succeeds; another shard goes on', async () => {
    let fails = 3;
    const { of, put } = await mapped({ shards: 2, mapping: { BatchSize: 1 }, answer: (event) => { if (records(event).some((record) => text(record) === 'bad') && fails-- > 0) throw new FunctionFailure('no'); } });
    put('bad');
    put('behind');
    put('other', { shard: 1 });
    await of.clock.pass(100);
    assert.deepEqual(batches(of), [['bad'], ['other']]);
    await of.clock.pass(60_000);
    assert.deepEqual(batches(of).flat(), ['bad', 'other', 'bad', 'bad', 'bad', 'behind']);
  });

  it('MaximumRetryAttempts: as many invocations as that plus one, then the on-failure record for SQS', async () => {
    const { of, put } = await mapped({ mapping: { MaximumRetryAttempts: 1, ...onFailure() }, answer: fail });
    const arrival = of.clock.time;
    const sequence = put('poison');
    await of.clock.pass(60_000);
    assert.equal(of.events.length, 2);
    const [delivered] = of.lambda.delivered;
    assert.deepEqual([delivered?.port, delivered?.arn, of.lambda.delivered.length], ['queue', queueArn, 1]);
    const record = body(of);
    assert.deepEqual(Object.keys(record), ['requestContext', 'responseContext', 'version', 'timestamp', 'KinesisBatchInfo']);
    assert.deepEqual(Object.keys(record['requestContext'] ?? {}), ['requestId', 'functionArn', 'condition', 'approximateInvokeCount']);
    assert.deepEqual([record['requestContext']?.['functionArn'], record['requestContext']?.['condition'], record['requestContext']?.['approximateInvokeCount']], ['arn:aws:lambda:us-east-1:123456789012:function:fn', 'RetryAttemptsExhausted', 2]);
    assert.deepEqual(record['responseContext'], { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' });
    assert.equal(record['version'], '1.0');
    assert.match(String(record['timestamp']), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.deepEqual(JSON.stringify(record['KinesisBatchInfo']), JSON.stringify({
      shardId: 'shardId-000000000000', startSequenceNumber: sequence, endSequenceNumber: sequence, approximateArrivalOfFirstRecord: new Date(arrival).toISOString(),
      approximateArrivalOfLastRecord: new Date(arrival).toISOString(), batchSize: 1, streamArn: kinesisArn,
    }));
  });

  it('DynamoDB: DDBStreamBatchInfo, and arrival times without milliseconds', async () => {
    const { of, put } = await mapped({ arn: tableArn, mapping: { MaximumRetryAttempts: 0, ...onFailure() }, answer: fail });
    put('', { at: Date.UTC(2025, 10, 25, 15, 53, 1, 123), json: (SequenceNumber) => JSON.stringify({ eventName: 'INSERT', dynamodb: { SequenceNumber } }) });
    await of.clock.pass(10_000);
    const record = body(of);
    assert.equal(record['DDBStreamBatchInfo']?.['approximateArrivalOfFirstRecord'], '2025-11-25T15:53:01Z');
    assert.equal(record['DDBStreamBatchInfo']?.['streamArn'], tableArn);
  });

  it('SNS gets the same record, without subject and attributes', async () => {
    const { of, put } = await mapped({ mapping: { MaximumRetryAttempts: 0, ...onFailure(topicArn) }, answer: fail });
    put('poison');
    await of.clock.pass(10_000);
    const [delivered] = of.lambda.delivered;
    assert.deepEqual([delivered?.port, Object.keys(delivered?.what ?? {})], ['topic', ['message']]);
    assert.equal((JSON.parse(delivered?.what['message'] as string) as { KinesisBatchInfo: { batchSize: number } }).KinesisBatchInfo.batchSize, 1);
  });

  it('S3 gets the record with the whole event as a string, under its key', async () => {
    const { of, put, uuid } = await mapped({ mapping: { MaximumRetryAttempts: 0, ...onFailure(bucketArn) }, answer: fail });
    put('poison');
    await of.clock.pass(10_000);
    const [delivered] = of.lambda.delivered;
    assert.match(delivered?.what['key'] as string, new RegExp(`^aws/lambda/${uuid}/shardId-000000000000/2026/11/23/2026-11-23T12\\.00\\.0\\d-[0-9a-f-]{36}$`));
    const record = JSON.parse(delivered?.what['body'] as string) as { payload: string };
    assert.equal(record.payload, Buffer.from(of.lambda.requests[0]?.payload ?? []).toString());
  });

  it('functionArn of the record is unqualified, whatever the mapping names', async () => {
    const { of, put } = await mapped({ mapping: { FunctionName: 'fn:$LATEST', MaximumRetryAttempts: 0, ...onFailure() }, answer: fail });
    put('poison');
    await of.clock.pass(10_000);
    assert.equal(body(of)['requestContext']?.['functionArn'], 'arn:aws:lambda:us-east-1:123456789012:function:fn');
  });

  it('a destination that refuses is a failed delivery, and the shard goes on', async () => {
    const { of, put } = await mapped({ mapping: { BatchSize: 1, MaximumRetryAttempts: 0, ...onFailure() }, answer: failOn('poison') });
    of.lambda.refusing.set(queueArn, new Error('gone'));
    put('poison');
    put('next');
    await of.clock.pass(10_000);
    assert.deepEqual(batches(of), [['poison'], ['next']]);
    const failed = of.lambda.history.list({ limit: 10 }).find(({ status }) => status === 'failed');
    assert.deepEqual(failed?.polled?.deliveries?.map(({ status, error }) => [status, error]), [['failed', 'gone']]);
    assert.deepEqual([failed?.polled?.outcomes, failed?.polled?.end?.kind, failed?.polled?.end?.condition], ['1x', 'given-up', 'RetryAttemptsExhausted']);
  });

  it('throttles do not count as attempts', async () => {
    const { of, put } = await mapped({ mapping: { MaximumRetryAttempts: 0, ...onFailure() } });
    await of.call('PutFunctionConcurrency', { FunctionName: 'fn', ReservedConcurrentExecutions: 0 });
    const sequence = put('x');
    await of.clock.pass(30_000);
    assert.deepEqual([of.events.length, of.lambda.delivered.length, of.lambda.service.mappings.why(sequence)[0]?.fate], [0, 0, 'throttled']);
    await of.call('DeleteFunctionConcurrency', { FunctionName: 'fn' });
    await of.clock.pass(60_000);
    assert.deepEqual(batches(of), [['x']]);
  });

  it('LastProcessingResult goes from none over PROBLEM to OK', async () => {
    let fails = 1;
    const { of, put } = await mapped({ answer: () => { if (fails-- > 0) throw new FunctionFailure('no'); } });
    const result = () => of.summary().configuration['LastProcessingResult'];
    assert.equal(result(), 'No records processed');
    put('x');
    await of.clock.pass(100);
    assert.equal(result(), 'PROBLEM: Function call failed');
    await of.clock.pass(10_000);
    assert.equal(result(), 'OK');
  });
});

describe('lambda-facts §3.6: record age', () => {
  it('expire-while-retrying: 8 attempts within 60 seconds, then RecordAgeExceeded without responseContext', async () => {
    for (const scale of [1, 60, 600]) {
      const { of, put } = await mapped({ scale, mapping: { MaximumRecordAgeInSeconds: 60, ...onFailure() }, answer: fail });
      put('poison');
      await of.clock.pass(200_000);
      assert.equal(of.events.length, 8, `at scale ${scale}`);
      const record = body(of);
      assert.deepEqual(Object.keys(record), ['requestContext', 'version', 'timestamp', 'KinesisBatchInfo']);
      assert.deepEqual([record['requestContext']?.['condition'], record['requestContext']?.['approximateInvokeCount']], ['RecordAgeExceeded', 8]);
    }
  });

  it('expire-before-ingestion: approximateInvokeCount is 1 although the function never had it', async () => {
    const { of } = await mapped({ mapping: { MaximumRecordAgeInSeconds: 60, ...onFailure() }, before: (streams, now) => { streams.put(kinesisArn, 'old', { at: now - 61_000 }); } });
    await of.clock.pass(1000);
    assert.deepEqual([of.events.length, body(of)['requestContext']?.['condition'], body(of)['requestContext']?.['approximateInvokeCount']], [0, 'RecordAgeExceeded', 1]);
  });

  it('a mixed batch: what is too old goes to the destination, the rest to the function', async () => {
    const { of } = await mapped({ mapping: { MaximumRecordAgeInSeconds: 60, ...onFailure() }, before: (streams, now) => {
      streams.put(kinesisArn, 'old', { at: now - 61_000 });
      streams.put(kinesisArn, 'new', { at: now });
    } });
    await of.clock.pass(1000);
    assert.deepEqual(batches(of), [['new']]);
    assert.equal(body(of)['KinesisBatchInfo']?.['batchSize'], 1);
  });
});

describe('lambda-facts §3.6: BisectBatchOnFunctionError', () => {
  it('splits isolate the poison record, use up no retry, and only it goes to the destination', async () => {
    const { of, put } = await mapped({ mapping: { BisectBatchOnFunctionError: true, MaximumRetryAttempts: 1, ...onFailure() }, answer: failOn('4') });
    const sequences = ['1', '2', '3', '4', '5', '6', '7', '8'].map((data) => put(data));
    await of.clock.pass(60_000);
    assert.deepEqual(batches(of), [
      ['1', '2', '3', '4', '5', '6', '7', '8'], ['1', '2', '3', '4'], ['1', '2'], ['3', '4'], ['3'], ['4'], ['4'], ['5', '6', '7', '8'],
    ]);
    assert.deepEqual([body(of)['KinesisBatchInfo']?.['startSequenceNumber'], body(of)['KinesisBatchInfo']?.['batchSize'], body(of)['requestContext']?.['approximateInvokeCount']], [sequences[3], 1, 2]);
    const executions = of.lambda.history.list({ limit: 20 }).reverse();
    const [first, second] = executions;
    assert.deepEqual(second?.polled?.splitFrom, { batchId: first?.polled?.batchId, by: 'bisect' });
    assert.deepEqual(executions.map(({ polled }) => polled?.end?.kind), ['split', 'split', 'done', 'split', 'done', 'retried', 'given-up', 'done']);
    assert.deepEqual(executions.map(({ polled }) => polled?.outcomes), ['8f', '4f', '2c', '2f', '1c', '1f', '1x', '4c']);
    // Every invocation names those that follow it, and they it.
    const ids = executions.map(({ id }) => id);
    const places = (of: readonly string[] = []) => of.map((id) => ids.indexOf(id));
    assert.deepEqual(executions.map(({ polled }) => places(polled?.next)), [[1, 7], [2, 3], [], [4, 5], [], [6], [], []]);
    assert.deepEqual(executions.map(({ polled }) => places(polled?.previous)), [[], [0], [1], [1], [3], [3], [5], [0]]);
    assert.deepEqual(executions.map(({ polled }) => polled?.checkpoint?.after), ['TRIM_HORIZON', 'TRIM_HORIZON', sequences[1], sequences[1], sequences[2], sequences[2], sequences[3], sequences[7]]);
  });
});

describe('lambda-facts §3.6: ReportBatchItemFailures of streams', () => {
  it('six records, batch 3, MaximumRetryAttempts 3, only #6 fails: delivered 5 times, batchSize 1, approximateInvokeCount 4, functionError null', async () => {
    const { of, put } = await mapped({ mapping: { BatchSize: 3, MaximumRetryAttempts: 3, ...report, ...onFailure() }, answer: (event) => ({
      batchItemFailures: records(event).filter((record) => text(record) === '6').map(({ kinesis }) => ({ itemIdentifier: kinesis.sequenceNumber })),
    }) });
    const sequences = ['1', '2', '3', '4', '5', '6'].map((data) => put(data));
    await of.clock.pass(60_000);
    assert.deepEqual(batches(of), [['1', '2', '3'], ['4', '5', '6'], ['6'], ['6'], ['6'], ['6']]);
    const record = body(of);
    assert.deepEqual([record['KinesisBatchInfo']?.['startSequenceNumber'], record['KinesisBatchInfo']?.['endSequenceNumber'], record['KinesisBatchInfo']?.['batchSize']], [sequences[5], sequences[5], 1]);
    assert.deepEqual([record['requestContext']?.['approximateInvokeCount'], record['responseContext']], [4, { statusCode: 200, executedVersion: '$LATEST', functionError: null }]);
  });

  it('the lowest returned sequence number is the checkpoint', async () => {
    let round = 0;
    const { of, put } = await mapped({ mapping: report, answer: (event) => ({
      batchItemFailures: round++ > 0 ? [] : records(event).filter((record) => ['2', '4'].includes(text(record))).reverse().map(({ kinesis }) => ({ itemIdentifier: kinesis.sequenceNumber })),
    }) });
    for (const data of ['1', '2', '3', '4']) put(data);
    await of.clock.pass(10_000);
    assert.deepEqual(batches(of), [['1', '2', '3', '4'], ['2', '3', '4']]);
    const first = of.lambda.history.list({ limit: 5 }).at(-1);
    assert.deepEqual([first?.polled?.outcomes, first?.polled?.end?.kind], ['1c3f', 'progressed']);
  });

  for (const [name, answer] of Object.entries<unknown>({
    'an empty list': [], null: null, 'an empty object': {}, 'an empty list of failures': { batchItemFailures: [] }, 'a null list of failures': { batchItemFailures: null }, 'an empty string': '',
  })) {
    it(`${name} is full success`, async () => {
      const { of, put } = await mapped({ mapping: { ...report, MaximumRetryAttempts: 2 }, answer: () => answer });
      put('a');
      await of.clock.pass(30_000);
      assert.equal(of.events.length, 1);
    });
  }

  for (const [name, entry] of Object.entries<object>({
    'an empty itemIdentifier': { itemIdentifier: '' }, 'a null itemIdentifier': { itemIdentifier: null }, 'no itemIdentifier': {}, 'a wrong key': { foo: 'x' },
    'a wrong key with null': { foo: null }, 'an itemIdentifier that is not of the batch': { itemIdentifier: '1' },
  })) {
    it(`${name} is full failure`, async () => {
      const { of, put } = await mapped({ mapping: { ...report, MaximumRetryAttempts: 2 }, answer: () => ({ batchItemFailures: [entry] }) });
      put('a');
      put('b');
      await of.clock.pass(30_000);
      assert.deepEqual(batches(of), [['a', 'b'], ['a', 'b'], ['a', 'b']]);
    });
  }

  it('an exception is full failure', async () => {
    const { of, put } = await mapped({ mapping: { ...report, MaximumRetryAttempts: 1 }, answer: fail });
    put('a');
    await of.clock.pass(30_000);
    assert.equal(of.events.length, 2);
  });

  it('with bisect: cut at the returned number, halved on a plain exception', async () => {
    const answers: Answer[] = [
      (event) => ({ batchItemFailures: [{ itemIdentifier: records(event)[2]?.kinesis.sequenceNumber }] }), fail, () => null, () => null,
    ];
    const { of, put } = await mapped({ mapping: { ...report, BisectBatchOnFunctionError: true }, answer: (...all) => answers.shift()?.(...all) });
    for (const data of ['1', '2', '3', '4']) put(data);
    await of.clock.pass(30_000);
    assert.deepEqual(batches(of), [['1', '2', '3', '4'], ['3', '4'], ['3'], ['4']]);
  });
});

describe('lambda-facts §3.6: tumbling windows', () => {
  type WindowEvent = { Records: unknown[]; window: { start: string; end: string }; state: Record<string, number>; isFinalInvokeForWindow: boolean; isWindowTerminatedEarly: boolean; shardId: string };
  const sum: Answer = (event) => ({ state: { count: ((event as unknown as WindowEvent).state['count'] ?? 0) + event.Records.length } });

  it('the event gains window, state, shard and flags; the state goes on and the final invocation has it', async () => {
    const { of, put } = await mapped({ mapping: { TumblingWindowInSeconds: 60, BatchSize: 2 }, answer: sum });
    for (const data of ['a', 'b', 'c']) put(data);
    await of.clock.pass(61_000);
    const events = of.events as unknown as WindowEvent[];
    assert.deepEqual(Object.keys(events[0] ?? {}), ['Records', 'window', 'state', 'shardId', 'eventSourceARN', 'isFinalInvokeForWindow', 'isWindowTerminatedEarly']);
    assert.deepEqual(events.map((event) => [event.Records.length, event.state, event.isFinalInvokeForWindow]), [[2, {}, false], [1, { count: 2 }, false], [0, { count: 3 }, true]]);
    assert.deepEqual(events[0]?.window, { start: '2026-11-23T12:00:00Z', end: '2026-11-23T12:01:00Z' });
    assert.equal(events[0]?.shardId, 'shardId-000000000000');
  });

  it('a record of the next window closes the one before it, and begins with an empty state', async () => {
    const { of, put } = await mapped({ mapping: { TumblingWindowInSeconds: 10 }, answer: sum });
    put('a');
    put('b', { at: of.clock.time + 10_000 });
    await of.clock.pass(100);
    assert.deepEqual((of.events as unknown as WindowEvent[]).map((event) => [event.Records.length, event.state, event.isFinalInvokeForWindow]), [[1, {}, false], [0, { count: 1 }, true], [1, {}, false]]);
  });

  it('an answer without state is a failed invocation', async () => {
    const { of, put } = await mapped({ mapping: { TumblingWindowInSeconds: 60, MaximumRetryAttempts: 1 }, answer: () => null });
    put('a');
    await of.clock.pass(5000);
    assert.equal(of.events.length, 2);
    assert.equal(of.summary().counts.failed, 2);
  });

  it('a state above 1 MB ends the window early', async () => {
    const { of, put } = await mapped({ mapping: { TumblingWindowInSeconds: 60 }, answer: (event) => ({ state: event.Records.length > 0 ? { big: 'x'.repeat(1_100_000) } : {} }) });
    put('a');
    await of.clock.pass(1000);
    assert.deepEqual((of.events as unknown as WindowEvent[]).map((event) => [event.isFinalInvokeForWindow, event.isWindowTerminatedEarly]), [[false, false], [true, true]]);
  });

  it('the state outlives the engine', async () => {
    const { of, put } = await mapped({ mapping: { TumblingWindowInSeconds: 60 }, answer: sum });
    put('a');
    await of.clock.pass(1000);
    await of.restart();
    put('b');
    await of.clock.pass(1000);
    assert.deepEqual((of.events.at(-1) as unknown as WindowEvent).state, { count: 1 });
  });

  it('a shard end closes the window, and the child begins a new one', async () => {
    const { of, put, streams } = await mapped({ mapping: { TumblingWindowInSeconds: 600 }, answer: sum });
    put('a');
    await of.clock.pass(1000);
    streams.split(kinesisArn, 0);
    put('b', { shard: 1 });
    await of.clock.pass(1000);
    assert.deepEqual((of.events as unknown as WindowEvent[]).map((event) => [event.Records.length, event.state, event.isFinalInvokeForWindow]), [[1, {}, false], [0, { count: 1 }, true], [1, {}, false]]);
  });
});

describe('streams: shards and positions that last', () => {
  it('children are read after their parent, from their beginning', async () => {
    let gate: () => void = () => {};
    const { of, put, streams } = await mapped({ mapping: { StartingPosition: 'LATEST', BatchSize: 1 } });
    of.answer = (event) => (records(event).some((record) => text(record) === 'last of parent') ? new Promise<void>((resolve) => { gate = resolve; }) : null);
    put('last of parent');
    await of.clock.pass(10);
    streams.split(kinesisArn, 0);
    put('left', { shard: 1 });
    put('right', { shard: 2 });
    await of.clock.pass(30_000);
    assert.deepEqual(batches(of), [['last of parent']]);
    gate();
    await of.clock.pass(1000);
    assert.deepEqual(batches(of).flat().sort(), ['last of parent', 'left', 'right']);
    assert.deepEqual(of.summary().shards?.map(({ state }) => state), ['ended', 'reading', 'reading']);
  });

  it('a killed process resumes from its checkpoint: what was done is not repeated, what was not is', async () => {
    const { of, put } = await mapped({ mapping: { BatchSize: 2 } });
    for (const data of ['a', 'b']) put(data);
    await of.clock.pass(100);
    of.answer = () => new Promise(() => {});
    for (const data of ['c', 'd']) put(data);
    await of.clock.pass(100);
    of.answer = () => null;
    await of.restart();
    await of.clock.pass(100);
    assert.deepEqual(batches(of), [['a', 'b'], ['c', 'd'], ['c', 'd']]);
  });

  describe('a batch that failed goes on where it was, whatever happens to the engine', () => {
    /** Passes time in small steps, with the process killed after every invocation that was begun. */
    async function killedAllTheTime(of: Mappings, seconds: number): Promise<void> {
      let seen = of.events.length;
      for (let step = 0; step < seconds * 2; step += 1) {
        await of.clock.pass(500);
        if (of.events.length === seen) continue;
        seen = of.events.length;
        await of.restart();
      }
    }

    it('MaximumRetryAttempts counts the attempts before, and the record on failure tells of all', async () => {
      const { of, put } = await mapped({ mapping: { MaximumRetryAttempts: 3, ...onFailure() }, answer: fail });
      const sequence = put('a');
      await killedAllTheTime(of, 60);
      assert.equal(of.events.length, 4);
      const record = body(of);
      assert.equal(record['requestContext']?.['condition'], 'RetryAttemptsExhausted');
      assert.equal(record['requestContext']?.['approximateInvokeCount'], 4);
      assert.equal(record['KinesisBatchInfo']?.['startSequenceNumber'], sequence);
      put('b');
      of.answer = () => null;
      await of.clock.pass(1000);
      assert.deepEqual(batches(of).at(-1), ['b']);
    });

    it('it is of the same records, also when more have come since, and its invocations follow each other', async () => {
      const { of, put } = await mapped({ mapping: { MaximumRetryAttempts: 2 }, answer: fail });
      put('a');
      await of.clock.pass(0);
      put('b');
      await of.restart();
      await of.clock.pass(60_000);
      assert.deepEqual(batches(of), [['a'], ['a'], ['a'], ['b'], ['b'], ['b']]);
      const polled = of.lambda.history.list({ limit: 10 }).map((execution) => execution.polled).reverse();
      assert.deepEqual(polled.map((each) => each?.attempt), [1, 2, 3, 1, 2, 3]);
      assert.equal(new Set(polled.slice(0, 3).map((each) => each?.batchId)).size, 1);
    });

    it('an attempt that a killed engine interrupted is not counted', async () => {
      const { of, put } = await mapped({ mapping: { MaximumRetryAttempts: 1 }, answer: fail });
      put('a');
      await of.clock.pass(0);
      of.answer = () => new Promise(() => {});
      await of.clock.pass(5000);
      assert.equal(of.events.length, 2);
      of.answer = fail;
      await of.restart();
      await of.clock.pass(60_000);
      assert.equal(of.events.length, 3);
    });

    it('parts of a split stay apart: a poison record is isolated in as many invocations as without a kill', async () => {
      const course = async (passes: (of: Mappings) => Promise<void>) => {
        const { of, put } = await mapped({ mapping: { MaximumRetryAttempts: 1, BisectBatchOnFunctionError: true, BatchSize: 8, MaximumBatchingWindowInSeconds: 1, ...onFailure() }, answer: failOn('e') });
        for (const data of 'abcdefgh') put(data);
        await passes(of);
        assert.equal(of.lambda.delivered.length, 1);
        assert.equal(body(of)['KinesisBatchInfo']?.['batchSize'], 1);
        return batches(of);
      };
      const undisturbed = await course((of) => of.clock.pass(60_000));
      assert.deepEqual(undisturbed, ['abcdefgh', 'abcd', 'efgh', 'ef', 'e', 'e', 'f', 'gh'].map((each) => [...each]));
      assert.deepEqual(await course((of) => killedAllTheTime(of, 60)), undisturbed);
    });

    it('the waits before count towards MaximumRecordAgeInSeconds, at any scale', async () => {
      const course = async (kill: boolean) => {
        const { of, put } = await mapped({ scale: 60, mapping: { MaximumRecordAgeInSeconds: 60, ...onFailure() }, answer: fail });
        put('a');
        if (kill) await killedAllTheTime(of, 30);
        else await of.clock.pass(30_000);
        assert.equal(body(of)['requestContext']?.['condition'], 'RecordAgeExceeded');
        return of.events.length;
      };
      const undisturbed = await course(false);
      assert.ok(undisturbed > 3 && undisturbed < 12, String(undisturbed));
      assert.equal(await course(true), undisturbed);
    });

    it('records that were trimmed away meanwhile are passed over', async () => {
      const { of, put, streams } = await mapped({ mapping: { BatchSize: 3, MaximumBatchingWindowInSeconds: 1, MaximumRetryAttempts: 5 }, answer: fail });
      for (const data of ['a', 'b', 'c']) put(data);
      await of.clock.pass(100);
      assert.deepEqual(batches(of), [['a', 'b', 'c']]);
      streams.trim(kinesisArn, 0, 2);
      of.answer = () => null;
      await of.restart();
      await of.clock.pass(1000);
      assert.deepEqual(batches(of).slice(1), [['c']]);
      streams.trim(kinesisArn, 0, 1);
      put('d');
      await of.restart();
      await of.clock.pass(5000);
      assert.deepEqual(batches(of).slice(2), [['d']]);
    });

    it('pausing and changing the mapping lose no attempts either', async () => {
      const { of, put, uuid } = await mapped({ mapping: { MaximumRetryAttempts: 3 }, answer: fail });
      put('a');
      await of.clock.pass(0);
      await of.call('UpdateEventSourceMapping', { UUID: uuid, Enabled: false });
      await of.clock.pass(5000);
      await of.call('UpdateEventSourceMapping', { UUID: uuid, Enabled: true, MaximumRetryAttempts: 2 });
      await of.clock.pass(60_000);
      assert.equal(of.events.length, 3);
    });
  });

  it('lanes of a shard wait beside each other: the waits of one do not age the records of another', async () => {
    const attempts = async (ParallelizationFactor: number, keys: string[]) => {
      const { of, put } = await mapped({ scale: 60, mapping: { ParallelizationFactor, BatchSize: 1, MaximumRecordAgeInSeconds: 60 }, answer: fail });
      for (const key of keys) put(key, { key });
      await of.clock.pass(30_000);
      return batches(of).filter(([data]) => data === 'a').length;
    };
    assert.equal(await attempts(10, ['a', 'b', 'c', 'd']), await attempts(1, ['a']));
  });

  it('another ParallelizationFactor begins at the earliest place: nothing is skipped', async () => {
    const { of, put, uuid } = await mapped({ mapping: { ParallelizationFactor: 2, BatchSize: 1 }, answer: failOn('bad') });
    put('bad', { key: 'a' });
    for (const [index, key] of ['b', 'c', 'd', 'e'].entries()) put(`x${index}`, { key });
    await of.clock.pass(1000);
    of.answer = () => null;
    await of.call('UpdateEventSourceMapping', { UUID: uuid, ParallelizationFactor: 3 });
    await of.clock.pass(120_000);
    assert.ok(['bad', 'x0', 'x1', 'x2', 'x3'].every((data) => batches(of).flat().includes(data)));
    assert.equal(batches(of).at(-1)?.includes('bad') || batches(of).slice(-5).flat().includes('bad'), true);
  });

  it('a source that fails is left alone for a while and taken up again by itself', async () => {
    const { of, put, streams } = await mapped();
    streams.trouble = new Error('too many requests');
    put('x');
    await of.clock.pass(5000);
    assert.match(of.summary().problem ?? '', /too many requests/);
    const { reads } = streams;
    await of.clock.pass(60_000);
    assert.ok(streams.reads - reads < 10, `${streams.reads - reads} reads of a source that fails`);
    streams.trouble = undefined;
    await of.clock.pass(60_000);
    assert.deepEqual([batches(of), of.summary().problem], [[['x']], undefined]);
  });

  it('a system clock that is set ahead or back loses nothing: retries go on in order, and only age looks at it', async () => {
    for (const hours of [1, -1]) {
      let fails = 3;
      const { of, put } = await mapped({ mapping: { BatchSize: 1 }, answer: () => { if (fails-- > 0) throw new FunctionFailure('no'); } });
      put('a');
      put('b');
      await of.clock.pass(100);
      await of.clock.jump(hours * 3_600_000);
      put('c');
      await of.clock.pass(60_000);
      assert.deepEqual(batches(of).flat(), ['a', 'a', 'a', 'a', 'b', 'c']);
    }
    const { of, put } = await mapped({ mapping: { MaximumRecordAgeInSeconds: 600, ...onFailure() }, answer: fail });
    put('old');
    await of.clock.pass(100);
    await of.clock.jump(3_600_000);
    await of.clock.pass(60_000);
    assert.equal(body(of)['requestContext']?.['condition'], 'RecordAgeExceeded');
  });

  it('a batch that failed 20 times alike pauses the mapping, which goes on where it was', async () => {
    const { of, put, uuid } = await mapped({ scale: 600, answer: fail });
    put('x');
    await of.clock.pass(60_000);
    assert.deepEqual([of.events.length, of.summary().pause?.reason], [20, 'failing']);
    of.answer = () => null;
    of.lambda.service.mappings.resume(uuid);
    await of.clock.pass(1000);
    assert.deepEqual([of.events.length, of.summary().pause, of.summary().counts.succeeded], [21, undefined, 1]);
  });

  it('records from last time wait for Resume; LATEST that never began has none', async () => {
    const { of, put, uuid } = await mapped();
    put('a');
    await of.clock.pass(100);
    await of.call('UpdateEventSourceMapping', { UUID: uuid, Enabled: false });
    await of.clock.pass(0);
    put('b');
    await of.call('UpdateEventSourceMapping', { UUID: uuid, Enabled: true });
    await of.restart({ paused: true });
    await of.clock.pass(1000);
    assert.equal(of.events.length <= 2, true);
    put('c');
    await of.restart({ paused: true });
    await of.clock.pass(100);
    const before = of.events.length;
    if (of.summary().pause) of.gate.resume();
    await of.clock.pass(1000);
    assert.ok(of.events.length >= before && batches(of).flat().includes('c'));
  });

  it('deleting a mapping forgets its position', async () => {
    const { of, put, uuid } = await mapped();
    put('a');
    await of.clock.pass(100);
    await of.call('DeleteEventSourceMapping', { UUID: uuid });
    await of.clock.pass(100);
    assert.deepEqual(of.documents.collection('stream-checkpoints').entries(), []);
    await of.create({ EventSourceArn: kinesisArn, StartingPosition: 'TRIM_HORIZON' });
    await of.clock.pass(100);
    assert.deepEqual(batches(of), [['a'], ['a']]);
  });

  it('"poll once" makes one attempt of one batch of a disabled mapping', async () => {
    const { of, put, uuid } = await mapped({ mapping: { Enabled: false, BatchSize: 2 } });
    for (const data of ['a', 'b', 'c']) put(data);
    const polled = of.lambda.service.mappings.pollOnce(uuid);
    await of.clock.pass(10);
    assert.equal(await polled, 2);
    assert.deepEqual(batches(of), [['a', 'b']]);
  });
});
