/** What is true of every message of a queue, from sending to deletion. */
import assert from 'node:assert/strict';
import { inTransaction } from '../../../../src/store/database.ts';
import { settle } from '../../../support/fake-clock.ts';
import { arnOf, Harness, urlOf, type ReceivedMessage } from './harness.ts';

describe('SQS: a message', () => {
  let t: Harness;
  let url: string;
  beforeEach(() => { t = new Harness(); url = t.create('q'); });
  afterEach(() => { t.close(); });

  it('is received with its id, body, MD5 and system attributes', () => {
    const { MessageId } = t.send(url, 'msg');
    const sentAt = t.clock.time;
    t.clock.time += 5;
    const [message] = t.receive(url) as [ReceivedMessage];
    assert.equal(message.MessageId, MessageId);
    assert.equal(message.MD5OfBody, '6e2baaf3b97dbeef01c0043275f9a0e7');
    assert.deepEqual(message.Attributes, {
      SenderId: message.Attributes.SenderId, ApproximateFirstReceiveTimestamp: String(sentAt + 5), ApproximateReceiveCount: '1', SentTimestamp: String(sentAt),
    });
    assert.match(message.Attributes.SenderId as string, /^AIDA[A-Z0-9]{17}$/);
  });

  it('carries only the system attributes that were asked for', () => {
    t.send(url, 'x');
    const [message] = t.receive(url, { AttributeNames: ['SenderId'], MessageSystemAttributeNames: ['SentTimestamp'] }) as [ReceivedMessage];
    assert.deepEqual(Object.keys(message.Attributes), ['SenderId', 'SentTimestamp']);
    t.send(url, 'y');
    assert.equal(t.receive(url, { AttributeNames: [] })[0]?.Attributes, undefined);
  });

  it('is hidden while somebody holds it, for the queue\'s visibility timeout of real time', async () => {
    t.clock.scale = 60;
    t.send(url, 'x');
    assert.equal(t.receive(url).length, 1);
    await t.clock.pass(29_999);
    assert.equal(t.receive(url).length, 0);
    await t.clock.pass(1);
    const [again] = t.receive(url) as [ReceivedMessage];
    assert.equal(again.Attributes.ApproximateReceiveCount, '2');
  });

  it('gets a new receipt handle with every receive, and the same id', async () => {
    t.send(url, 'x');
    const [first] = t.receive(url) as [ReceivedMessage];
    await t.clock.pass(30_000);
    const [second] = t.receive(url) as [ReceivedMessage];
    assert.equal(second.MessageId, first.MessageId);
    assert.notEqual(second.ReceiptHandle, first.ReceiptHandle);
    assert.equal(second.Attributes.ApproximateFirstReceiveTimestamp, first.Attributes.ApproximateFirstReceiveTimestamp);
  });

  it('of a standard queue is not deleted by the handle of an earlier receive, which is no error', async () => {
    t.send(url, 'x');
    const [first] = t.receive(url) as [ReceivedMessage];
    await t.clock.pass(30_000);
    const [second] = t.receive(url) as [ReceivedMessage];
    t.delete(url, first);
    assert.deepEqual(t.counts(url), [0, 1, 0]);
    t.delete(url, second);
    assert.deepEqual(t.counts(url), [0, 0, 0]);
    t.delete(url, second);
  });

  it('of a standard queue is deleted by its last handle after the visibility timeout, too', async () => {
    t.send(url, 'x');
    const [message] = t.receive(url) as [ReceivedMessage];
    await t.clock.pass(31_000);
    t.delete(url, message);
    assert.equal(t.receive(url).length, 0);
  });

  it('is not reached by a handle that is none, or another queue\'s', () => {
    const other = t.create('other');
    t.send(other, 'x');
    const [message] = t.receive(other) as [ReceivedMessage];
    for (const ReceiptHandle of ['nonsense', 'AQEBnonsense', message.ReceiptHandle]) {
      const fault = t.fails('DeleteMessage', { QueueUrl: url, ReceiptHandle });
      assert.equal(fault.name, 'ReceiptHandleIsInvalid');
      assert.equal(fault.status, 404);
      assert.equal(fault.message, `The input receipt handle "${ReceiptHandle}" is not a valid receipt handle.`);
    }
  });

  it('comes at once when its visibility timeout is set to zero, later when it is extended', async () => {
    t.send(url, 'x');
    const [message] = t.receive(url) as [ReceivedMessage];
    t.now('ChangeMessageVisibility', { QueueUrl: url, ReceiptHandle: message.ReceiptHandle, VisibilityTimeout: 100 });
    await t.clock.pass(99_000);
    assert.equal(t.receive(url).length, 0);
    t.now('ChangeMessageVisibility', { QueueUrl: url, ReceiptHandle: message.ReceiptHandle, VisibilityTimeout: 0 });
    assert.equal(t.receive(url).length, 1);
  });

  it('cannot be hidden for more than 12 hours after its receive', async () => {
    t.send(url, 'x');
    const [message] = t.receive(url, { VisibilityTimeout: 43_200 }) as [ReceivedMessage];
    await t.clock.pass(1000);
    const change = (VisibilityTimeout: number) => ({ QueueUrl: url, ReceiptHandle: message.ReceiptHandle, VisibilityTimeout });
    assert.match(t.fails('ChangeMessageVisibility', change(43_200)).message, /Total VisibilityTimeout for the message is beyond the limit \[43200 seconds\]/);
    assert.equal(t.fails('ChangeMessageVisibility', change(43_201)).message, 'Value 43201 for parameter VisibilityTimeout is invalid. Reason: Must be between 0 and 43200, if provided.');
    t.now('ChangeMessageVisibility', change(43_199));
  });

  it('that is gone has no visibility to change', () => {
    t.send(url, 'x');
    const [message] = t.receive(url) as [ReceivedMessage];
    t.delete(url, message);
    const fault = t.fails('ChangeMessageVisibility', { QueueUrl: url, ReceiptHandle: message.ReceiptHandle, VisibilityTimeout: 1 });
    assert.equal(fault.queryCode, 'InvalidParameterValue');
    assert.match(fault.message, /Reason: Message does not exist or is not available for visibility timeout change\.$/);
  });

  it('that is delayed waits in AWS time, at the chosen scale', async () => {
    t.clock.scale = 60;
    t.send(url, 'x', { DelaySeconds: 60 });
    assert.deepEqual(t.counts(url), [0, 0, 1]);
    await t.clock.pass(999);
    assert.equal(t.receive(url).length, 0);
    await t.clock.pass(1);
    assert.deepEqual(t.counts(url), [1, 0, 0]);
    assert.equal(t.receive(url).length, 1);
  });

  it('that is delayed comes at once when time is advanced by hand', async () => {
    t.send(url, 'x', { DelaySeconds: 900 });
    await t.clock.advance(900);
    assert.equal(t.receive(url).length, 1);
  });

  it('takes the queue\'s delay, or its own, which may be none', () => {
    const slow = t.create('slow', { DelaySeconds: '10' });
    t.send(slow, 'x');
    t.send(slow, 'y', { DelaySeconds: 0 });
    assert.deepEqual(t.counts(slow), [1, 0, 1]);
    assert.equal(t.fails('SendMessage', { QueueUrl: url, MessageBody: 'x', DelaySeconds: 901 }).message, 'Value 901 for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900.');
  });

  it('is gone after the retention period of real time', async () => {
    t.clock.scale = 3600;
    const short = t.create('short', { MessageRetentionPeriod: '60' });
    t.send(short, 'x');
    await t.clock.pass(60_000);
    assert.equal(t.counts(short)[0], 1);
    await t.clock.pass(1);
    assert.equal(t.receive(short).length, 0);
    assert.deepEqual(t.counts(short), [0, 0, 0]);
  });

  it('is committed with the transaction that sends it, or not at all', async () => {
    const received: ReceivedMessage[] = [];
    const waiting = t.call('ReceiveMessage', { QueueUrl: url, WaitTimeSeconds: 20 }) as Promise<{ Messages?: ReceivedMessage[] }>;
    void waiting.then(({ Messages }) => received.push(...(Messages ?? [])));
    assert.throws(() => inTransaction(t.database, () => {
      t.sqs.send(arnOf('q'), { body: 'undone' });
      throw new Error('no');
    }), /no/);
    await settle();
    assert.equal(received.length, 0);
    assert.deepEqual(t.counts(url), [0, 0, 0]);
    inTransaction(t.database, () => t.sqs.send(arnOf('q'), { body: 'done' }));
    await settle();
    assert.equal(received[0]?.Body, 'done');
  });

  it('survives a restart, in flight or not', async () => {
    t.send(url, 'held');
    t.receive(url);
    t.send(url, 'waiting');
    t.send(url, 'delayed', { DelaySeconds: 60 });
    t.restart();
    assert.deepEqual(t.counts(url), [1, 1, 1]);
    await t.clock.pass(60_000);
    assert.deepEqual(t.bodies(url).sort(), ['delayed', 'held', 'waiting']);
  });

  it('carries the trace of who sent it', () => {
    t.now('SendMessage', { QueueUrl: url, MessageBody: 'x' }, { traceHeader: 'Root=1-a;Parent=b' });
    t.now('SendMessage', { QueueUrl: url, MessageBody: 'y', MessageSystemAttributes: { AWSTraceHeader: { DataType: 'String', StringValue: 'Root=1-own' } } }, { traceHeader: 'Root=1-a' });
    t.sqs.send(arnOf('q'), { body: 'z', traceHeader: 'Root=1-engine' });
    assert.deepEqual(t.receive(url, { MaxNumberOfMessages: 10 }).map(({ Attributes }) => Attributes.AWSTraceHeader), ['Root=1-a;Parent=b', 'Root=1-own', 'Root=1-engine']);
  });

  it('is refused when it is empty, too large, or holds what XML cannot', () => {
    const empty = t.fails('SendMessage', { QueueUrl: url, MessageBody: '' });
    assert.deepEqual([empty.name, empty.queryCode, empty.message], ['MissingRequiredParameterException', 'MissingParameter', 'The request must contain the parameter MessageBody.']);
    const large = t.fails('SendMessage', { QueueUrl: url, MessageBody: 'x'.repeat(1_048_577) });
    assert.equal(large.message, 'One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes.');
    t.send(url, 'x'.repeat(1_048_576));
    for (const body of ['\u0000', 'a\u001f', '\ud800', '\uffff']) assert.equal(t.fails('SendMessage', { QueueUrl: url, MessageBody: body }).name, 'InvalidMessageContents');
    t.send(url, '\t\n\r \ud7ff\ue000\ufffd\u{1f600}');
    const small = t.create('small', { MaximumMessageSize: '1024' });
    assert.match(t.fails('SendMessage', { QueueUrl: small, MessageBody: 'é'.repeat(513) }).message, /shorter than 1024 bytes/);
    assert.match(t.fails('SendMessage', { QueueUrl: small, MessageBody: 'x'.repeat(1020), MessageAttributes: { a: { DataType: 'String', StringValue: 'b' } } }).message, /shorter than 1024 bytes/);
  });

  it('of a queue that does not exist is refused by its name', () => {
    const fault = t.fails('SendMessage', { QueueUrl: urlOf('nowhere'), MessageBody: 'x' });
    assert.deepEqual([fault.name, fault.queryCode, fault.status], ['QueueDoesNotExist', 'AWS.SimpleQueueService.NonExistentQueue', 400]);
    assert.throws(() => t.sqs.send(arnOf('nowhere'), { body: 'x' }), { name: 'QueueDoesNotExist' });
    assert.throws(() => t.sqs.send('arn:aws:sqs:eu-west-1:123456789012:q', { body: 'x' }), { name: 'QueueDoesNotExist' });
  });

  it('is found under any host that a queue URL names', () => {
    for (const prefix of ['https://sqs.us-east-1.amazonaws.com', 'http://localhost:1', 'https://us-east-1.queue.amazonaws.com', '']) t.send(`${prefix}/123456789012/q`, 'x');
    assert.equal(t.counts(url)[0], 4);
  });
});
