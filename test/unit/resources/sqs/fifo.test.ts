/** FIFO queues: order within groups, deduplication, sequence numbers. */
import assert from 'node:assert/strict';
import { settle } from '../../../support/fake-clock.ts';
import { arnOf, Harness, type ReceivedMessage } from './harness.ts';

describe('SQS: a FIFO queue', () => {
  let t: Harness;
  let url: string;
  beforeEach(() => { t = new Harness(); url = t.create('q.fifo', { ContentBasedDeduplication: 'true' }); });
  afterEach(() => { t.close(); });

  const send = (body: string, MessageGroupId = 'g', more = {}) => t.send(url, body, { MessageGroupId, ...more });

  it('gives messages of a group in the order of sending', () => {
    for (const body of ['1', '2', '3']) send(body);
    assert.deepEqual(t.bodies(url), ['1', '2', '3']);
  });

  it('closes a group while one of its messages is in flight', () => {
    send('a1', 'a');
    send('a2', 'a');
    send('b1', 'b');
    const [a1] = t.receive(url) as [ReceivedMessage];
    assert.equal(a1.Body, 'a1');
    assert.deepEqual(t.bodies(url), ['b1']);
    t.delete(url, a1);
    assert.deepEqual(t.bodies(url), ['a2']);
  });

  it('first gives what it can of one group, then of others', () => {
    for (const [body, group] of [['a1', 'a'], ['b1', 'b'], ['a2', 'a']] as const) send(body, group);
    assert.deepEqual(t.bodies(url), ['a1', 'a2', 'b1']);
  });

  it('begins again with the first message of the group when its visibility timeout is over', async () => {
    for (const body of ['1', '2', '3']) send(body);
    t.receive(url, { MaxNumberOfMessages: 2 });
    await t.clock.pass(30_000);
    assert.deepEqual(t.bodies(url), ['1', '2', '3']);
  });

  it('stays closed while any message of a batch is still held', async () => {
    for (const body of ['1', '2', '3']) send(body);
    const [first, second] = t.receive(url, { MaxNumberOfMessages: 2 }) as [ReceivedMessage, ReceivedMessage];
    t.now('ChangeMessageVisibility', { QueueUrl: url, ReceiptHandle: second.ReceiptHandle, VisibilityTimeout: 100 });
    t.delete(url, first);
    await t.clock.pass(30_000);
    assert.deepEqual(t.bodies(url), []);
    await t.clock.pass(70_000);
    assert.deepEqual(t.bodies(url), ['2', '3']);
  });

  it('wakes who waits when a group opens', async () => {
    send('1');
    send('2');
    const [first] = t.receive(url) as [ReceivedMessage];
    const waiting = t.call('ReceiveMessage', { QueueUrl: url, WaitTimeSeconds: 20 }) as Promise<{ Messages: ReceivedMessage[] }>;
    await settle();
    t.delete(url, first);
    assert.equal((await waiting).Messages[0]?.Body, '2');
  });

  it('returns group, deduplication id and sequence number', () => {
    const { SequenceNumber } = send('x', 'group-1', { MessageDeduplicationId: 'dedup-1' });
    assert.match(SequenceNumber as string, /^\d{20}$/);
    const [{ Attributes }] = t.receive(url) as [ReceivedMessage];
    assert.equal(Attributes.MessageGroupId, 'group-1');
    assert.equal(Attributes.MessageDeduplicationId, 'dedup-1');
    assert.equal(Attributes.SequenceNumber, SequenceNumber);
  });

  it('numbers its messages upwards, across a restart and a purge', () => {
    const numbers = [send('1').SequenceNumber, send('2').SequenceNumber];
    t.restart();
    numbers.push(send('3').SequenceNumber);
    t.now('PurgeQueue', { QueueUrl: url });
    numbers.push(send('4').SequenceNumber);
    assert.deepEqual(numbers, [...numbers].sort());
    assert.equal(new Set(numbers).size, 4);
  });

  it('takes a message with a known deduplication id for sent, for five minutes of real time', async () => {
    t.clock.scale = 60;
    const first = send('x', 'g', { MessageDeduplicationId: 'd' });
    await t.clock.pass(299_000);
    const again = send('other', 'h', { MessageDeduplicationId: 'd' });
    assert.deepEqual([again.MessageId, again.SequenceNumber], [first.MessageId, first.SequenceNumber]);
    assert.deepEqual(t.counts(url), [1, 0, 0]);
    await t.clock.pass(2000);
    assert.notEqual(send('x', 'g', { MessageDeduplicationId: 'd' }).MessageId, first.MessageId);
    assert.deepEqual(t.counts(url), [2, 0, 0]);
  });

  it('remembers deduplication ids after the message is deleted, and over a restart', () => {
    send('{"foo":"bar"}');
    t.delete(url, t.receive(url)[0] as ReceivedMessage);
    send('{"foo":"bar"}');
    assert.deepEqual(t.receive(url), []);
    t.restart();
    send('{"foo":"bar"}');
    assert.deepEqual(t.receive(url), []);
  });

  it('deduplicates by content when told to, by the SHA-256 of the body', () => {
    send('x');
    const [{ Attributes }] = t.receive(url) as [ReceivedMessage];
    assert.equal(Attributes.MessageDeduplicationId, '2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881');
  });

  it('deduplicates within a group when its scope says so', () => {
    url = t.create('h.fifo', { DeduplicationScope: 'messageGroup', FifoThroughputLimit: 'perMessageGroupId' });
    for (const group of ['a', 'b', 'a']) send('x', group, { MessageDeduplicationId: 'd' });
    assert.deepEqual(t.counts(url), [2, 0, 0]);
  });

  it('wants a group, a deduplication id, and no delay of a single message', () => {
    const missing = t.fails('SendMessage', { QueueUrl: url, MessageBody: 'x' });
    assert.deepEqual([missing.name, missing.queryCode, missing.message], ['MissingRequiredParameterException', 'MissingParameter', 'The request must contain the parameter MessageGroupId.']);
    assert.equal(
      t.fails('SendMessage', { QueueUrl: url, MessageBody: 'x', MessageGroupId: 'g', DelaySeconds: 2 }).message,
      'Value 2 for parameter DelaySeconds is invalid. Reason: The request include parameter that is not valid for this queue type.',
    );
    const plain = t.create('plain.fifo');
    assert.equal(
      t.fails('SendMessage', { QueueUrl: plain, MessageBody: 'x', MessageGroupId: 'g' }).message,
      'The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly',
    );
    assert.match(t.fails('SendMessage', { QueueUrl: url, MessageBody: 'x', MessageGroupId: 'a b' }).message, /MessageGroupId can only include alphanumeric and punctuation characters\. 1 to 128 in length\.$/);
    assert.throws(() => t.sqs.send(arnOf('q.fifo'), { body: 'x' }), { name: 'MissingRequiredParameterException' });
  });

  it('refuses a receipt handle whose time is over', async () => {
    send('g1-m1');
    const [{ ReceiptHandle }] = t.receive(url, { VisibilityTimeout: 1 }) as [ReceivedMessage];
    await t.clock.pass(1000);
    const fault = t.fails('DeleteMessage', { QueueUrl: url, ReceiptHandle });
    assert.deepEqual([fault.queryCode, fault.message], ['InvalidParameterValue', `Value ${ReceiptHandle} for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.`]);
    t.receive(url);
    assert.match(t.fails('DeleteMessage', { QueueUrl: url, ReceiptHandle }).message, /The receipt handle has expired\.$/);
  });

  it('delays all its messages by its own delay, and follows a change of it', async () => {
    url = t.create('slow.fifo', { DelaySeconds: '10', ContentBasedDeduplication: 'true' });
    send('1');
    t.now('SetQueueAttributes', { QueueUrl: url, Attributes: { DelaySeconds: '5' } });
    await t.clock.pass(5000);
    assert.deepEqual(t.bodies(url), ['1']);
  });

  it('moves dead letters to a FIFO queue, in order, and opens the group', () => {
    const [source, dead] = t.createWithDeadLetters(1, '2.fifo', { ContentBasedDeduplication: 'true' });
    for (const body of ['1', '2']) t.send(source, body, { MessageGroupId: 'g' });
    assert.equal(t.receive(source, { VisibilityTimeout: 0 })[0]?.Body, '1');
    assert.deepEqual(t.bodies(source), ['2'], 'the first one went, the next one is given');
    const [message] = t.receive(dead) as [ReceivedMessage];
    assert.deepEqual([message.Body, message.Attributes.MessageGroupId], ['1', 'g']);
  });

  it('and its dead-letter queue are of one kind', () => {
    t.create('standard');
    const policy = JSON.stringify({ deadLetterTargetArn: arnOf('standard'), maxReceiveCount: 1 });
    const fault = t.fails('SetQueueAttributes', { QueueUrl: url, Attributes: { RedrivePolicy: policy } });
    assert.equal(fault.message, `Value ${policy} for parameter RedrivePolicy is invalid. Reason: Dead-letter queue must be same type of queue as the source.`);
  });

  it('gives the same messages again to a retry with the same attempt id', async () => {
    send('1');
    send('2');
    const attempt = { ReceiveRequestAttemptId: 'attempt-1', VisibilityTimeout: 30 };
    const [first] = t.receive(url, attempt) as [ReceivedMessage];
    await t.clock.pass(20_000);
    const [again] = t.receive(url, attempt) as [ReceivedMessage];
    assert.deepEqual([again.Body, again.ReceiptHandle, again.Attributes.ApproximateReceiveCount], ['1', first.ReceiptHandle, '1']);
    await t.clock.pass(20_000);
    assert.deepEqual(t.receive(url), [], 'the retry began the visibility timeout anew');
    t.delete(url, again);
    assert.equal(t.receive(url, attempt)[0]?.Body, '2');
  });
});
