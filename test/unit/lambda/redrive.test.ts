/** A batch that was given up is read from its stream again and invoked by hand. */
import assert from 'node:assert/strict';
import { definition, FunctionFailure, Mappings, type Answer } from './mapping-harness.ts';
import { MemoryStream } from './memory-stream.ts';

const streamArn = 'arn:aws:kinesis:us-east-1:123456789012:stream/s';
const queueArn = 'arn:aws:sqs:us-east-1:123456789012:failures';
const made: Mappings[] = [];

interface KinesisRecord { kinesis: { sequenceNumber: string; data: string } }

const texts = (event: { Records: unknown[] } | undefined) => ((event?.Records ?? []) as KinesisRecord[]).map(({ kinesis }) => Buffer.from(kinesis.data, 'base64').toString());
const fails: Answer = () => { throw new FunctionFailure('no'); };

async function failed(mapping: object = {}, put = (streams: MemoryStream, at: number) => { for (const data of ['1', '2', '3']) streams.put(streamArn, data, { at }); }) {
  const streams = new MemoryStream();
  streams.create(streamArn, 1);
  const of = new Mappings({ streams });
  made.push(of);
  of.answer = fails;
  of.start([definition('fn')]);
  put(streams, of.clock.time);
  const uuid = await of.create({ EventSourceArn: streamArn, StartingPosition: 'TRIM_HORIZON', MaximumRetryAttempts: 0, DestinationConfig: { OnFailure: { Destination: queueArn } }, ...mapping });
  await of.clock.pass(10_000);
  const record = of.lambda.delivered[0]?.what['body'] as string;
  return { of, streams, uuid, record, redrive: (text = record) => of.lambda.service.mappings.redrive(text) };
}

afterEach(async () => {
  for (const of of made.splice(0)) await of.close();
});

describe('redriving a batch that a stream\'s mapping gave up', () => {
  it('invokes the function with the same event as the poller did, and ties both executions together', async () => {
    const { of, redrive } = await failed();
    of.answer = () => null;
    const result = await redrive();
    assert.deepEqual([result?.functionName, result?.records, result?.failed], ['fn', 3, 0]);
    assert.deepEqual(of.events[1], of.events[0]);
    const [again, before] = of.lambda.history.list({ limit: 5 });
    assert.deepEqual([again?.id, again?.polled?.redrive, again?.polled?.previous, again?.polled?.outcomes, again?.polled?.end], [result?.executionId, true, [before?.id], '3c', { kind: 'done' }]);
    assert.deepEqual(before?.polled?.next, [again?.id]);
  });

  it('is what "Why did nothing happen?" then tells of its records', async () => {
    const { of, redrive } = await failed();
    const id = (of.events[0]?.Records as unknown as KinesisRecord[])[0]?.kinesis.sequenceNumber ?? '';
    assert.equal(of.lambda.service.mappings.why(id)[0]?.fate, 'discarded');
    of.answer = () => null;
    const result = await redrive();
    const [fate] = of.lambda.service.mappings.why(id);
    assert.deepEqual([fate?.fate, fate?.executionId], ['delivered', result?.executionId]);
  });

  it('takes only the records that the mapping\'s filters and the lane of the batch let through', async () => {
    const { of, redrive } = await failed(
      { ParallelizationFactor: 2, FilterCriteria: { Filters: [{ Pattern: '{"data":{"kind":["good"]}}' }] } },
      (streams, at) => { for (const [kind, key] of [['good', 'a'], ['bad', 'a'], ['good', 'b'], ['good', 'c'], ['good', 'a']] as const) streams.put(streamArn, JSON.stringify({ kind, key }), { at, key }); },
    );
    const before = of.events.slice();
    of.answer = () => null;
    const redriven = [];
    for (const { what } of of.lambda.delivered.slice()) redriven.push(await redrive(what['body'] as string));
    assert.deepEqual(of.events.slice(before.length).map(texts).toSorted(), before.map(texts).toSorted());
    assert.deepEqual(redriven.map((each) => each?.failed), before.map(() => 0));
  });

  it('says what failed again, whole or from the record that the function names', async () => {
    const { of, redrive } = await failed({ FunctionResponseTypes: ['ReportBatchItemFailures'] });
    const whole = await redrive();
    assert.deepEqual([whole?.failed, whole?.why], [3, 'The function failed: Error.']);
    of.answer = (event) => ({ batchItemFailures: [{ itemIdentifier: (event.Records as unknown as KinesisRecord[])[1]?.kinesis.sequenceNumber }] });
    const partial = await redrive();
    assert.equal(partial?.failed, 2);
    const [execution] = of.lambda.history.list({ limit: 1 });
    assert.deepEqual([execution?.polled?.outcomes, execution?.polled?.end?.kind], ['1c2f', 'not-redriven']);
  });

  it('moves nothing in the stream: the mapping goes on where it was', async () => {
    const { of, streams, uuid, redrive } = await failed();
    const checkpoint = of.summary(uuid).shards?.[0]?.checkpoint;
    of.answer = () => null;
    await redrive();
    assert.equal(of.summary(uuid).shards?.[0]?.checkpoint, checkpoint);
    streams.put(streamArn, '4', { at: of.clock.time });
    await of.clock.pass(1000);
    assert.deepEqual(texts(of.events.at(-1)), ['4']);
  });

  it('of records that are trimmed away, all or the first, says so and invokes nothing', async () => {
    const { of, streams, redrive } = await failed();
    streams.trim(streamArn, 0, 1);
    await assert.rejects(redrive(), /first records of this batch are not in the stream any more/);
    streams.trim(streamArn, 0, 2);
    await assert.rejects(redrive(), /records of this batch are not in s any more: a stream keeps its records for its retention period only/);
    assert.equal(of.events.length, 1);
  });

  it('without a mapping says what to do', async () => {
    const { of, uuid, redrive } = await failed();
    await of.call('DeleteEventSourceMapping', { UUID: uuid });
    await of.clock.pass(100);
    await assert.rejects(redrive(), /No event source mapping of .*stream\/s to fn is here any more: create it again/);
  });

  it('a tumbling window\'s event has its window, and the answer its state', async () => {
    const { of, redrive } = await failed({ TumblingWindowInSeconds: 60 });
    of.answer = () => ({ state: { n: 1 } });
    assert.equal((await redrive())?.failed, 0);
    assert.deepEqual(of.events.at(-1)?.['window'], of.events[0]?.['window']);
  });

  it('passes over what is no record of a failed batch', async () => {
    const { redrive } = await failed();
    for (const text of ['', 'no JSON', 'null', '{}', '{"requestContext":{"functionArn":"arn:aws:lambda:us-east-1:123456789012:function:fn"},"requestPayload":{}}']) assert.equal(await redrive(text), undefined);
  });
});
