/** Long polling, limits of a receive, and the way to the dead-letter queue. */
import assert from 'node:assert/strict';
import { settle } from '../../../support/fake-clock.ts';
import { arnOf, Harness, type ReceivedMessage } from './harness.ts';

type Answer = { Messages?: ReceivedMessage[] };

describe('SQS: receiving', () => {
  let t: Harness;
  let url: string;
  beforeEach(() => { t = new Harness(); url = t.create('q'); });
  afterEach(() => { t.close(); });

  /** A receive that waits, and what became of it. */
  function poll(input: Record<string, unknown> = {}, signal?: AbortSignal): { answer?: Answer; error?: Error } {
    const state: { answer?: Answer; error?: Error } = {};
    const output = t.call('ReceiveMessage', { QueueUrl: url, WaitTimeSeconds: 20, ...input }, signal ? { signal } : {});
    void Promise.resolve(output).then((answer) => { state.answer = answer; }, (error: Error) => { state.error = error; });
    return state;
  }
  const bodiesOf = ({ answer }: { answer?: Answer }) => answer?.Messages?.map(({ Body }) => Body);

  it('answers at once, empty, without a wait', () => {
    assert.deepEqual(t.now('ReceiveMessage', { QueueUrl: url }), {});
  });

  it('waits for real time, whatever the scale', async () => {
    t.clock.scale = 60;
    const waiting = poll();
    await t.clock.pass(19_999);
    assert.equal(waiting.answer, undefined);
    await t.clock.pass(1);
    assert.deepEqual(waiting.answer, {});
  });

  it('is woken at once by a send', async () => {
    const waiting = poll();
    t.send(url, 'x');
    await settle();
    assert.deepEqual(bodiesOf(waiting), ['x']);
  });

  it('is woken by a message that becomes visible, whether held or delayed', async () => {
    t.send(url, 'held');
    t.receive(url, { VisibilityTimeout: 5 });
    const first = poll();
    await t.clock.pass(5000);
    assert.deepEqual(bodiesOf(first), ['held']);
    t.send(url, 'delayed', { DelaySeconds: 7 });
    const second = poll();
    await t.clock.pass(7000);
    assert.deepEqual(bodiesOf(second), ['delayed']);
  });

  it('gives each message to one of those who wait, the longest waiting first', async () => {
    const first = poll();
    const second = poll();
    t.send(url, 'a');
    await settle();
    assert.deepEqual([bodiesOf(first), second.answer], [['a'], undefined]);
    t.send(url, 'b');
    await settle();
    assert.deepEqual(bodiesOf(second), ['b']);
  });

  it('gives two messages that become visible together to two who wait', async () => {
    t.send(url, 'a');
    t.send(url, 'b');
    t.receive(url, { MaxNumberOfMessages: 10, VisibilityTimeout: 5 });
    const waiting = [poll(), poll()];
    await t.clock.pass(5000);
    assert.deepEqual(waiting.map(bodiesOf).flat().sort(), ['a', 'b']);
  });

  it('gives nothing to a caller who has gone', async () => {
    const gone = new AbortController();
    const waiting = poll({}, gone.signal);
    gone.abort();
    t.send(url, 'x');
    await settle();
    assert.deepEqual(waiting.answer, {});
    assert.deepEqual(t.counts(url), [1, 0, 0]);
  });

  it('ends empty when the engine ends, and with an error when the queue is deleted', async () => {
    const other = t.create('other');
    const here = poll();
    const there = poll({ QueueUrl: other });
    t.now('DeleteQueue', { QueueUrl: other });
    await settle();
    assert.equal(there.error?.name, 'QueueDoesNotExist');
    t.sqs.close();
    await settle();
    assert.deepEqual(here.answer, {});
  });

  it('waits as long as the queue says when the caller does not', async () => {
    const patient = t.create('patient', { ReceiveMessageWaitTimeSeconds: '3' });
    const waiting = poll({ QueueUrl: patient, WaitTimeSeconds: undefined });
    await t.clock.pass(2999);
    assert.equal(waiting.answer, undefined);
    await t.clock.pass(1);
    assert.deepEqual(waiting.answer, {});
  });

  it('refuses what is out of range, in AWS\'s words', () => {
    const refused = (input: Record<string, unknown>) => t.fails('ReceiveMessage', { QueueUrl: url, ...input }).message;
    assert.equal(refused({ MaxNumberOfMessages: 11 }), 'Value 11 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.');
    assert.equal(refused({ MaxNumberOfMessages: 0 }), 'Value 0 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.');
    assert.equal(refused({ WaitTimeSeconds: 21 }), 'Value 21 for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided.');
    assert.equal(refused({ VisibilityTimeout: 43_201 }), 'Value 43201 for parameter VisibilityTimeout is invalid. Reason: Must be between 0 and 43200, if provided.');
    assert.equal(t.fails('ReceiveMessage', { QueueUrl: url, WaitTimeSeconds: 'soon' }).name, 'SerializationException');
  });

  it('takes at most as many as were asked for, one by default', () => {
    for (let at = 0; at < 12; at += 1) t.send(url, String(at));
    assert.equal(t.receive(url).length, 1);
    assert.equal(t.receive(url, { MaxNumberOfMessages: 10 }).length, 10);
    assert.equal(t.receive(url, { MaxNumberOfMessages: 10 }).length, 1);
  });

  it('lets a message that came back wait behind those that have waited longer', () => {
    for (const body of ['a', 'b', 'c']) { t.send(url, body); t.clock.time += 1; }
    const [first] = t.receive(url) as [ReceivedMessage];
    t.now('ChangeMessageVisibility', { QueueUrl: url, ReceiptHandle: first.ReceiptHandle, VisibilityTimeout: 0 });
    assert.deepEqual(t.bodies(url), ['b', 'c', 'a']);
  });

  it('holds 120,000 messages in flight at most: OverLimit, but not for a long poll', async () => {
    t.send(url, 'x');
    // Counting is what is tested; so many messages would take a while.
    t.database.exec('UPDATE queue_partitions SET in_flight = 120000');
    const fault = t.fails('ReceiveMessage', { QueueUrl: url });
    assert.deepEqual([fault.name, fault.status], ['OverLimit', 403]);
    const waiting = poll({ WaitTimeSeconds: 1 });
    await t.clock.pass(1000);
    assert.deepEqual(waiting.answer, {});
    t.database.exec('UPDATE queue_partitions SET in_flight = 119999');
    assert.equal(t.receive(url).length, 1);
    t.database.exec('UPDATE queue_partitions SET in_flight = 1');
  });
});

describe('SQS: the rest of a visibility timeout after a failed batch', () => {
  let t: Harness;
  let url: string;
  beforeEach(() => { t = new Harness(); url = t.create('q', { VisibilityTimeout: '60' }); });
  afterEach(() => { t.close(); });

  it('passes at the chosen scale', async () => {
    t.clock.scale = 60;
    t.send(url, 'x');
    const [message] = t.receive(url) as [ReceivedMessage];
    await t.clock.pass(30_000);
    t.giveBack(url, message);
    assert.deepEqual(t.counts(url), [0, 1, 0], 'it counts as in flight');
    await t.clock.pass(499);
    assert.equal(t.receive(url).length, 0);
    await t.clock.pass(1);
    assert.equal(t.receive(url)[0]?.Attributes.ApproximateReceiveCount, '2');
  });

  it('is never over sooner than 250 ms of real time, not even when time is advanced', async () => {
    t.clock.scale = 600;
    t.send(url, 'x');
    const [message] = t.receive(url) as [ReceivedMessage];
    t.giveBack(url, message);
    await t.clock.advance(3600);
    await t.clock.pass(249);
    assert.equal(t.receive(url).length, 0);
    await t.clock.pass(1);
    assert.equal(t.receive(url).length, 1);
  });

  it('goes on after a restart', async () => {
    t.send(url, 'x');
    const [message] = t.receive(url) as [ReceivedMessage];
    t.giveBack(url, message);
    t.restart();
    await t.clock.advance(60);
    await t.clock.pass(250);
    assert.equal(t.receive(url).length, 1);
  });

  it('leaves the message to whoever holds it by a newer handle', async () => {
    t.send(url, 'x');
    const [old] = t.receive(url) as [ReceivedMessage];
    await t.clock.pass(60_000);
    t.receive(url);
    t.giveBack(url, old);
    await t.clock.advance(60);
    await t.clock.pass(300);
    assert.equal(t.receive(url).length, 0);
  });

  it('can still be cut short by deleting the message', () => {
    t.send(url, 'x');
    const [message] = t.receive(url) as [ReceivedMessage];
    t.giveBack(url, message);
    t.delete(url, message);
    assert.deepEqual(t.counts(url), [0, 0, 0]);
  });
});

describe('SQS: redrive to a dead-letter queue', () => {
  let t: Harness;
  beforeEach(() => { t = new Harness(); });
  afterEach(() => { t.close(); });

  it('moves a message at the receive that would exceed maxReceiveCount (lambda-facts §3.3)', () => {
    const [url, dead] = t.createWithDeadLetters(2);
    const { MessageId } = t.send(url, 'poison');
    for (const count of ['1', '2']) assert.equal(t.receive(url, { VisibilityTimeout: 0 })[0]?.Attributes.ApproximateReceiveCount, count);
    assert.deepEqual([t.counts(url), t.counts(dead)], [[1, 0, 0], [0, 0, 0]]);
    assert.deepEqual(t.receive(url), []);
    const [message] = t.receive(dead) as [ReceivedMessage];
    assert.deepEqual([message.MessageId, message.Body], [MessageId, 'poison']);
    assert.equal(message.Attributes.DeadLetterQueueSourceArn, arnOf('q'));
    assert.equal(message.Attributes.ApproximateReceiveCount, '3');
  });

  it('keeps attributes and the time of sending, adds no error attributes', () => {
    const [url, dead] = t.createWithDeadLetters(1);
    t.send(url, 'x', { MessageAttributes: { Foo: { DataType: 'String', StringValue: 'Bar' } } });
    const [first] = t.receive(url, { VisibilityTimeout: 0 }) as [ReceivedMessage];
    t.clock.time += 1000;
    t.receive(url);
    const [message] = t.receive(dead) as [ReceivedMessage];
    assert.deepEqual(message.MessageAttributes, { Foo: { DataType: 'String', StringValue: 'Bar' } });
    assert.equal(message.Attributes.SentTimestamp, first.Attributes.SentTimestamp);
  });

  it('still fills the receive with messages that are well', () => {
    const [url] = t.createWithDeadLetters(1);
    for (let at = 0; at < 15; at += 1) t.send(url, `bad ${at}`);
    for (let at = 0; at < 2; at += 1) t.receive(url, { MaxNumberOfMessages: 10, VisibilityTimeout: 0 });
    t.clock.time += 1;
    for (let at = 0; at < 3; at += 1) t.send(url, `good ${at}`);
    // Fifteen bad ones were each received once or not at all; a further receive moves those that were.
    const bodies: string[] = [];
    for (let turn = 0; turn < 10; turn += 1) bodies.push(...t.bodies(url));
    assert.deepEqual(bodies.filter((body) => body.startsWith('good')).length, 3);
    const [ready, held] = t.counts(url);
    assert.equal(ready + held + t.counts(t.create('dead'))[0], 18);
  });

  it('wakes those who wait at the dead-letter queue', async () => {
    const [url, dead] = t.createWithDeadLetters(1);
    const waiting = t.call('ReceiveMessage', { QueueUrl: dead, WaitTimeSeconds: 20 }) as Promise<Answer>;
    t.send(url, 'x');
    t.receive(url, { VisibilityTimeout: 0 });
    t.receive(url);
    assert.equal((await waiting).Messages?.[0]?.Body, 'x');
  });

  it('leaves messages where they are when the dead-letter queue is gone', () => {
    const [url, dead] = t.createWithDeadLetters(1);
    t.send(url, 'x');
    t.now('DeleteQueue', { QueueUrl: dead });
    t.receive(url, { VisibilityTimeout: 0 });
    assert.equal(t.receive(url).length, 1);
  });

  it('to the queue itself, and round two queues, ends each receive', () => {
    const self = t.create('self', { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: arnOf('self'), maxReceiveCount: 1 }) });
    t.send(self, 'x');
    t.receive(self, { VisibilityTimeout: 0 });
    assert.deepEqual(t.receive(self), []);
    assert.deepEqual(t.counts(self), [1, 0, 0]);
  });
});
