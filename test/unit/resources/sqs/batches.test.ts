/** Batches and message attributes, as recorded from AWS. */
import assert from 'node:assert/strict';
import { Harness, type ReceivedMessage } from './harness.ts';

interface BatchAnswer {
  Successful: { Id: string; MessageId?: string; MD5OfMessageBody?: string; MD5OfMessageAttributes?: string }[];
  Failed: { Id: string; Code: string; SenderFault: boolean; Message: string }[];
}

const text = (StringValue: string, DataType = 'String') => ({ DataType, StringValue });

describe('SQS: a batch', () => {
  let t: Harness;
  let url: string;
  beforeEach(() => { t = new Harness(); url = t.create('q'); });
  afterEach(() => { t.close(); });
  const send = (Entries: object[]) => t.now<BatchAnswer>('SendMessageBatch', { QueueUrl: url, Entries });

  it('sends each entry, and says which failed', () => {
    const answer = send([{ Id: 'a', MessageBody: 'x' }, { Id: 'b', MessageBody: '\u0000' }, { Id: 'c', MessageBody: '' }, { Id: 'd', MessageBody: 'y', DelaySeconds: 901 }]);
    assert.deepEqual(answer.Successful.map(({ Id }) => Id), ['a']);
    assert.deepEqual(answer.Failed.map(({ Id, Code, SenderFault }) => [Id, Code, SenderFault]), [
      ['b', 'InvalidMessageContents', true], ['c', 'MissingParameter', true], ['d', 'InvalidParameterValue', true],
    ]);
    assert.deepEqual(t.bodies(url), ['x']);
  });

  it('is refused as a whole when its form is wrong', () => {
    const fails = (Entries: object[]) => t.fails('SendMessageBatch', { QueueUrl: url, Entries });
    const entry = (Id: string) => ({ Id, MessageBody: 'x' });
    assert.deepEqual([fails([]).name, fails([]).message], ['EmptyBatchRequest', 'There should be at least one SendMessageBatchRequestEntry in the request.']);
    const many = fails(Array.from({ length: 20 }, (_, at) => entry(String(at))));
    assert.deepEqual([many.queryCode, many.message], ['AWS.SimpleQueueService.TooManyEntriesInBatchRequest', 'Maximum number of entries per request are 10. You have sent 20.']);
    for (const id of ['', 'invalid:id', 'testLongId'.repeat(10)]) {
      const fault = fails([entry(id)]);
      assert.deepEqual([fault.queryCode, fault.message], ['AWS.SimpleQueueService.InvalidBatchEntryId', 'A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.']);
    }
    assert.equal(fails([entry('a'), entry('a')]).queryCode, 'AWS.SimpleQueueService.BatchEntryIdsNotDistinct');
    const large = fails([{ Id: 'a', MessageBody: 'x'.repeat(1_048_576) }, { Id: 'b', MessageBody: 'y' }]);
    assert.deepEqual([large.name, large.message], ['BatchRequestTooLong', 'Batch requests cannot be longer than 1048576 bytes. You have sent 1048577 bytes.']);
    for (const operation of ['DeleteMessageBatch', 'ChangeMessageVisibilityBatch']) {
      assert.match(t.fails(operation, { QueueUrl: url, Entries: [] }).message, new RegExp(`at least one ${operation}RequestEntry`));
    }
  });

  it('to a FIFO queue is refused as a whole when an entry lacks its group or deduplication id', () => {
    url = t.create('q.fifo');
    const fails = (entry: object) => t.fails('SendMessageBatch', { QueueUrl: url, Entries: [{ Id: 'ok', MessageBody: 'x', MessageGroupId: 'g', MessageDeduplicationId: '1' }, { Id: 'b', MessageBody: 'x', ...entry }] }).message;
    assert.equal(fails({ MessageDeduplicationId: '2' }), 'The request must contain the parameter MessageGroupId.');
    assert.equal(fails({ MessageGroupId: 'g' }), 'The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly');
    assert.deepEqual(t.counts(url), [0, 0, 0]);
  });

  it('deletes and changes visibility entry by entry', () => {
    send(['a', 'b', 'c'].map((Id) => ({ Id, MessageBody: Id })));
    const [a, b] = t.receive(url, { MaxNumberOfMessages: 10 }) as [ReceivedMessage, ReceivedMessage];
    const deleted = t.now<BatchAnswer>('DeleteMessageBatch', { QueueUrl: url, Entries: [{ Id: '1', ReceiptHandle: a.ReceiptHandle }, { Id: '2', ReceiptHandle: 'nonsense' }] });
    assert.deepEqual([deleted.Successful, deleted.Failed.map(({ Id, Code }) => [Id, Code])], [[{ Id: '1' }], [['2', 'ReceiptHandleIsInvalid']]]);
    const changed = t.now<BatchAnswer>('ChangeMessageVisibilityBatch', { QueueUrl: url, Entries: [{ Id: '1', ReceiptHandle: b.ReceiptHandle, VisibilityTimeout: 0 }, { Id: '2', ReceiptHandle: b.ReceiptHandle }] });
    assert.deepEqual([changed.Successful, changed.Failed.map(({ Id, Code }) => [Id, Code])], [[{ Id: '1' }], [['2', 'MissingParameter']]]);
    assert.deepEqual(t.bodies(url), ['b']);
  });

  it('answers MD5 of body and attributes', () => {
    const [sent] = send([{ Id: '1', MessageBody: 'a', MessageAttributes: { Foo: text('Bar') } }]).Successful as [BatchAnswer['Successful'][0]];
    assert.deepEqual([sent.MD5OfMessageBody, sent.MD5OfMessageAttributes], ['0cc175b9c0f1b6a831c399e269772661', 'ae7155c6026991b6d54b11589678bf9c']);
  });
});

describe('SQS: message attributes', () => {
  let t: Harness;
  let url: string;
  beforeEach(() => { t = new Harness(); url = t.create('q', { VisibilityTimeout: '0' }); });
  afterEach(() => { t.close(); });

  it('have the MD5 that AWS was recorded to give, for text and bytes', () => {
    const three = { 'Help.Me': text('Me'), Hello: text('There'), General: text('Kenobi') };
    assert.equal(t.send(url, 'msg', { MessageAttributes: three }).MD5OfMessageAttributes, '4c360f3fdafd970e05fae2f149d997f5');
    const bytes = Buffer.from('traceparent\x1e00-774062d6c37081a5a0b9b5b88e30627c-2d2482211f6489da-01').toString('base64');
    assert.equal(t.send(url, 'test', { MessageAttributes: { attr1: { DataType: 'Binary', BinaryValue: bytes } } }).MD5OfMessageAttributes, '8cbe4db156db8a94db8b801b7addb984');
  });

  it('are chosen by name, prefix or all; the MD5 is of those that are returned', () => {
    t.send(url, 'msg', { MessageAttributes: { 'Help.Me': text('Me'), Hello: text('There'), General: text('Kenobi') } });
    const chosen = (...MessageAttributeNames: string[]) => {
      const [{ MessageAttributes, MD5OfMessageAttributes }] = t.receive(url, { MessageAttributeNames }) as [ReceivedMessage];
      return [MessageAttributes && Object.keys(MessageAttributes).sort(), MD5OfMessageAttributes];
    };
    const all = [['General', 'Hello', 'Help.Me'], '4c360f3fdafd970e05fae2f149d997f5'];
    for (const name of ['All', '*', '.*']) assert.deepEqual(chosen(name), all);
    assert.deepEqual(chosen(), [undefined, undefined]);
    assert.deepEqual(chosen('Foo', 'Bar'), [undefined, undefined]);
    assert.deepEqual(chosen('General', 'Hello'), [['General', 'Hello'], 'fca026605781cb4126a1e9044df24232']);
    assert.deepEqual(chosen('Foo', 'Hello'), [['Hello'], 'a311262e065454b75da111d535b8dacd']);
    assert.deepEqual(chosen('Hel.*'), [['Hello', 'Help.Me'], '83fee93c1bcd8b9a5a923ffacdc636c7']);
  });

  it('are refused where AWS refuses them', () => {
    const refused = (MessageAttributes: Record<string, object>) => t.fails('SendMessage', { QueueUrl: url, MessageBody: 'x', MessageAttributes });
    for (const name of ['', 'a b', 'AWS.x', 'amazon.x', '.a', 'a.', 'x'.repeat(257)]) assert.equal(refused({ [name]: text('x') }).queryCode, 'InvalidParameterValue', name);
    for (const value of [text('', 'String'), text('x', ''), text('x', 'Colour'), text('x', 'Number'), { DataType: 'Binary' }, { DataType: 'String', BinaryValue: 'eA==' }, text('\u0001')]) {
      assert.equal(refused({ a: value }).queryCode, 'InvalidParameterValue', JSON.stringify(value));
    }
    assert.equal(refused({ a: { DataType: 'String', StringListValues: ['x'] } }).name, 'UnsupportedOperation');
    assert.match(refused(Object.fromEntries(Array.from({ length: 11 }, (_, at) => [`a${at}`, text('x')]))).message, /\[11\] exceeds the allowed maximum \[10\]/);
    t.send(url, 'x', { MessageAttributes: { n: text('-1.5e3', 'Number'), c: text('{}', 'String.json'), 'ü-_.1': text('x') } });
  });

  it('of the system are one: AWSTraceHeader, with an MD5 of its own', () => {
    const sent = t.send(url, 'x', { MessageSystemAttributes: { AWSTraceHeader: text('Root=1') } }) as unknown as Record<string, string>;
    assert.match(sent.MD5OfMessageSystemAttributes as string, /^[0-9a-f]{32}$/);
    assert.equal(t.fails('SendMessage', { QueueUrl: url, MessageBody: 'x', MessageSystemAttributes: { Other: text('x') } }).queryCode, 'InvalidParameterValue');
  });
});
