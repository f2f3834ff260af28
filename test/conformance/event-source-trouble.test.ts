/** Sources that cannot be polled, or that live elsewhere: what mappings say of them, how they back off and go on. */
import assert from 'node:assert/strict';
import { SourceNotFound, SourceUnavailable, type SourcePlace } from '../../src/contracts/event-sources.ts';
import { definition, Mappings, queueArn, queueUrl } from '../unit/lambda/mapping-harness.ts';
import { MemoryStream } from '../unit/lambda/memory-stream.ts';

const streamArn = 'arn:aws:kinesis:us-east-1:123456789012:stream/s';
const server: SourcePlace = { kind: 'server', label: 'server at http://127.0.0.1:4566', key: 'k1' };
const aws: SourcePlace = { kind: 'aws', label: 'AWS account of profile dev, eu-west-1', key: 'k2' };
const made: Mappings[] = [];

const refused = (code = 'ECONNREFUSED') => new SourceUnavailable('There is no answer: connect ECONNREFUSED 127.0.0.1:4566', { kind: 'connection', code });

async function queueMapping(options: ConstructorParameters<typeof Mappings>[0] = {}, input: object = {}) {
  const of = new Mappings(options);
  made.push(of);
  of.queues.create('orders', {});
  of.start([definition('fn')]);
  const uuid = await of.create({ EventSourceArn: queueArn('orders'), ...input });
  return { of, uuid };
}

async function streamMapping(options: ConstructorParameters<typeof Mappings>[0] = {}, input: object = {}, shards = 1) {
  const streams = new MemoryStream();
  streams.create(streamArn, shards);
  const of = new Mappings({ streams, ...options });
  made.push(of);
  of.start([definition('fn')]);
  const uuid = await of.create({ EventSourceArn: streamArn, StartingPosition: 'TRIM_HORIZON', ...input });
  return { of, uuid, streams };
}

describe('a source that cannot be polled', () => {
  afterEach(async () => {
    for (const of of made.splice(0)) await of.close();
  });

  it('queue: says what is the matter and where, in AWS\'s manner as the last processing result, and recovers by itself', async () => {
    const { of } = await queueMapping({ place: server });
    of.queueTrouble = refused();
    of.queues.send(queueUrl('orders'), 'one');
    await of.clock.pass(30_000);
    assert.equal(of.summary().problem, `Queue ${queueArn('orders')} (server at http://127.0.0.1:4566) cannot be polled: There is no answer: connect ECONNREFUSED 127.0.0.1:4566.`);
    assert.equal(of.summary().lastProcessingResult, 'PROBLEM: Connection error');
    of.queues.send(queueUrl('orders'), 'two');
    of.queueTrouble = undefined;
    await of.clock.pass(30_000);
    assert.equal(of.summary().problem, undefined);
    assert.ok(of.bodies().flat().includes('two'));
    assert.equal(of.summary().lastProcessingResult, 'OK');
  });

  it('queue: is known to answer again at once, though nothing is in it', async () => {
    const { of } = await queueMapping({ place: server });
    of.queueTrouble = refused();
    await of.clock.pass(60_000);
    assert.notEqual(of.summary().problem, undefined);
    of.queueTrouble = undefined;
    await of.clock.pass(15_100);
    assert.deepEqual([of.summary().problem, of.summary().lastProcessingResult], [undefined, 'No records processed']);
  });

  it('backs off exponentially with jitter, up to 30 seconds', async () => {
    const { of } = await queueMapping();
    of.queueTrouble = refused();
    of.lambda.draw = 0.999;
    await of.clock.pass(120_000);
    const before = of.receives;
    await of.clock.pass(600_000);
    const slow = of.receives - before;
    assert.ok(slow >= 20 && slow <= 22, `${slow} attempts in ten minutes`);
    of.lambda.draw = 0;
    await of.clock.pass(600_000);
    const quick = of.receives - before - slow;
    assert.ok(quick >= 39 && quick <= 41, `${quick} attempts in ten minutes`);
  });

  it('is logged once for each kind of failure and once when it is over, not at each attempt', async () => {
    const { of } = await queueMapping();
    const log = () => of.lambda.log.filter((line) => /cannot be polled|polled again/.test(line)).map((line) => line.replace(/Event source mapping [\w-]+/, 'M'));
    of.queueTrouble = refused();
    await of.clock.pass(120_000);
    assert.equal(log().length, 1);
    of.queueTrouble = new SourceUnavailable('Requests are throttled (ThrottlingException).', { kind: 'throttled', code: 'ThrottlingException' });
    await of.clock.pass(120_000);
    assert.equal(of.summary().lastProcessingResult, 'PROBLEM: Event source throttled');
    of.queueTrouble = refused();
    await of.clock.pass(120_000);
    assert.equal(log().length, 2);
    of.queueTrouble = undefined;
    await of.clock.pass(30_000);
    assert.match(log()[2] ?? '', /^info M: Queue arn:aws:sqs:us-east-1:123456789012:orders is polled again\.$/);
    of.queueTrouble = refused();
    of.queues.send(queueUrl('orders'), 'wakes the poll that waits');
    await of.clock.pass(60_000);
    assert.equal(log().length, 4);
  });

  for (const [kind, result] of [['access', 'PROBLEM: Access denied'], ['other', 'PROBLEM: Event source call failed']] as const) {
    it(`says ${result}`, async () => {
      const { of } = await queueMapping();
      of.queueTrouble = new SourceUnavailable('x', { kind, code: 'X' });
      await of.clock.pass(30_000);
      assert.equal(of.summary().lastProcessingResult, result);
    });
  }

  it('that has vanished says so, and is polled when it is back', async () => {
    const { of } = await queueMapping({ place: server });
    of.queueTrouble = new SourceNotFound('gone');
    await of.clock.pass(30_000);
    assert.equal(of.summary().problem, `Queue ${queueArn('orders')} (server at http://127.0.0.1:4566) does not exist.`);
    assert.equal(of.summary().lastProcessingResult, 'PROBLEM: Event source not found');
  });

  it('stream: one shard that fails is a problem until that very shard is read again', async () => {
    const { of, streams } = await streamMapping({ place: server }, {}, 2);
    const read = streams.read.bind(streams);
    let failing = true;
    streams.read = (arn, shardId, position, limit) => (failing && shardId.endsWith('1') ? Promise.reject(refused()) : read(arn, shardId, position, limit));
    await of.clock.pass(30_000);
    assert.match(of.summary().problem ?? '', /^Stream .* \(server at .*\) cannot be read: There is no answer/);
    streams.put(streamArn, 'a', { at: of.clock.time });
    await of.clock.pass(100);
    assert.equal(of.events.length, 1, 'the other shard goes on');
    assert.equal(of.summary().lastProcessingResult, 'PROBLEM: Connection error', 'a good batch of another shard does not hide it');
    failing = false;
    await of.clock.pass(30_000);
    assert.deepEqual([of.summary().problem, of.summary().lastProcessingResult], [undefined, 'OK']);
  });

  it('CreateEventSourceMapping tells in AWS\'s manner that it was not reached', async () => {
    const of = new Mappings({ place: server });
    made.push(of);
    of.queueTrouble = new SourceUnavailable('Access was denied: AccessDenied: No.', { kind: 'access', code: 'AccessDenied' });
    of.start([definition('fn')]);
    await assert.rejects(of.create({ EventSourceArn: queueArn('orders') }), {
      name: 'InvalidParameterValueException', message: 'Error occurred while ReceiveMessage. SQS Error Code: AccessDenied. SQS Error Message: Access was denied: AccessDenied: No.',
    });
  });
});

describe('a source elsewhere', () => {
  afterEach(async () => {
    for (const of of made.splice(0)) await of.close();
  });

  it('is named in the summary, in the log when it is first polled, and where it is asked why nothing happened', async () => {
    const { of } = await queueMapping({ place: aws });
    assert.deepEqual(of.summary().place, aws);
    assert.equal(of.lambda.log.filter((line) => line.endsWith(`polls ${queueArn('orders')}: AWS account of profile dev, eu-west-1.`)).length, 1);
    const [fate] = of.lambda.service.mappings.why('unknown-id', queueArn('orders'));
    assert.deepEqual([fate?.fate, fate?.place], ['unknown', 'AWS account of profile dev, eu-west-1']);
    assert.match(fate?.sentence ?? '', /^The mapping has not seen it since the engine started\. Its source lives elsewhere \(AWS account of profile dev, eu-west-1\)/);
  });

  it('an embedded one is not', async () => {
    const { of } = await queueMapping();
    assert.equal(of.summary().place, undefined);
    assert.ok(!of.lambda.log.some((line) => line.includes(' polls ')));
  });

  it('in AWS: a folder that is opened takes nothing from it before somebody resumes', async () => {
    const { of } = await queueMapping({ place: aws });
    of.queues.send(queueUrl('orders'), 'before');
    await of.clock.pass(100);
    assert.deepEqual(of.bodies(), [['before']]);
    await of.restart({ paused: true });
    of.queues.send(queueUrl('orders'), 'not yet');
    await of.clock.pass(60_000);
    assert.deepEqual(of.bodies(), [['before']]);
    assert.deepEqual([of.summary().pause?.reason, of.summary().pause?.message], ['left-over', 'Its source is not local (AWS account of profile dev, eu-west-1): resume the mapping to poll it.']);
    of.gate.resume();
    await of.clock.pass(100);
    assert.deepEqual(of.bodies(), [['before'], ['not yet']]);
  });

  it('on a server: an empty queue is polled at once when a folder is opened, as an embedded one', async () => {
    const { of } = await queueMapping({ place: server });
    await of.restart({ paused: true });
    of.queues.send(queueUrl('orders'), 'at once');
    await of.clock.pass(100);
    assert.deepEqual(of.bodies(), [['at once']]);
  });

  it('moves when the setting changes, without a restart', async () => {
    const { of } = await queueMapping();
    of.place = server;
    of.lambda.service.mappings.sourcesChanged();
    await of.clock.pass(100);
    assert.deepEqual(of.summary().place, server);
    of.place = undefined;
    of.lambda.service.mappings.sourcesChanged();
    await of.clock.pass(100);
    assert.equal(of.summary().place, undefined);
  });

  it('stream: each place has a position of its own, and the old one is there when it moves back', async () => {
    const { of, streams, uuid } = await streamMapping();
    const batches = () => of.events.map(({ Records }) => Records.length);
    streams.put(streamArn, 'a', { at: of.clock.time });
    await of.clock.pass(100);
    assert.deepEqual(batches(), [1]);
    of.place = server;
    of.lambda.service.mappings.sourcesChanged();
    await of.clock.pass(100);
    assert.deepEqual(batches(), [1, 1], 'from the starting position of the mapping there');
    of.place = undefined;
    of.lambda.service.mappings.sourcesChanged();
    await of.clock.pass(20_000);
    streams.put(streamArn, 'b', { at: of.clock.time });
    await of.clock.pass(100);
    assert.deepEqual(batches(), [1, 1, 1], 'only what is new here');
    await of.call('DeleteEventSourceMapping', { UUID: uuid });
    await of.clock.pass(100);
    for (const name of ['stream-checkpoints', 'stream-mappings-begun']) assert.deepEqual(of.documents.collection(name).entries(), [], name);
  });

  it('a stream\'s consumer is read as the stream itself, and the log says so', async () => {
    const streams = new MemoryStream();
    streams.create(streamArn, 1);
    const of = new Mappings({ streams, place: server });
    made.push(of);
    of.start([definition('fn')]);
    await of.create({ EventSourceArn: `${streamArn}/consumer/mine:1545084650`, StartingPosition: 'TRIM_HORIZON' });
    streams.put(streamArn, 'a', { at: of.clock.time });
    await of.clock.pass(100);
    assert.equal(of.events.length, 1);
    assert.ok(of.lambda.log.some((line) => line.includes('The stream itself is polled: consumers have no enhanced fan-out here.')));
  });
});
