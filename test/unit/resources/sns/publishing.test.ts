import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { MessageAttribute } from '../../../../src/contracts/resources.ts';
import { base, Fixture, functionArn, parse, queueArn, topicArn } from './fixture.ts';

const attribute = (DataType: string, StringValue: string): MessageAttribute => ({ DataType, StringValue });

describe('SNS: publishing', () => {
  let sns: Fixture;
  let topic: string;
  let queue: string;
  beforeEach(() => {
    sns = new Fixture();
    topic = sns.topic('orders');
    queue = sns.queue('q');
  });
  const publish = (input: Record<string, unknown>, context = {}) => sns.call<{ MessageId: string; SequenceNumber?: string }>('Publish', { TopicArn: topic, Message: 'hello', ...input }, context);
  const bodies = (arn = queue) => sns.receive(arn).map(({ body }) => body);
  const last = () => sns.service.summaries().find(({ arn }) => arn === topic)?.lastMessages[0];

  it('an SQS envelope has the recorded fields in the recorded order; Subject only when there is one', () => {
    const subscription = sns.subscribe(topic, 'sqs', queue);
    const { MessageId } = publish({ Message: 'Test msg', MessageAttributes: { attr1: attribute('Number', '100.12') } });
    publish({ Message: 'text', Subject: 'A subject' });
    const [first, second] = bodies();
    const envelope = parse<Record<string, unknown>>(first);
    assert.deepEqual(Object.keys(envelope), [
      'Type', 'MessageId', 'TopicArn', 'Message', 'Timestamp', 'SignatureVersion', 'Signature', 'SigningCertURL', 'UnsubscribeURL', 'MessageAttributes',
    ]);
    assert.deepEqual({ ...envelope, Signature: '', SigningCertURL: '' }, {
      Type: 'Notification', MessageId, TopicArn: topic, Message: 'Test msg', Timestamp: '2026-11-24T12:00:00.000Z', SignatureVersion: '1', Signature: '', SigningCertURL: '',
      UnsubscribeURL: `${base}/?Action=Unsubscribe&SubscriptionArn=${subscription}`, MessageAttributes: { attr1: { Type: 'Number', Value: '100.12' } },
    });
    assert.match(String(envelope['SigningCertURL']), new RegExp(`^${base}/SimpleNotificationService-[0-9a-f]{32}\\.pem$`));
    assert.deepEqual(Object.keys(parse(second)).slice(0, 5), ['Type', 'MessageId', 'TopicArn', 'Subject', 'Message']);
    assert.equal(Object.hasOwn(parse(second), 'MessageAttributes'), false);
  });

  it('raw delivery sends the message itself, and its attributes as the queue\'s (recorded)', () => {
    sns.subscribe(topic, 'sqs', queue, { RawMessageDelivery: 'true' });
    const attributes = { store: { DataType: 'Binary', BinaryValue: 'AgME' }, attr1: attribute('Number', '99.12') };
    publish({ Message: 'This is a test message', Subject: 'never seen', MessageAttributes: attributes });
    publish({ Message: 'bare' });
    assert.deepEqual(sns.receive(queue), [{ body: 'This is a test message', attributes }, { body: 'bare' }]);
  });

  it('a function gets Records[0] as recorded: Url spelled so, Subject null, MessageAttributes always', () => {
    const subscription = sns.subscribe(topic, 'lambda', sns.fn('f'));
    const { MessageId } = publish({ Message: 'Hello world.' });
    const [{ payload, functionArn: invoked, source }] = sns.invocations as [Fixture['invocations'][number]];
    assert.deepEqual([invoked, source], [functionArn('f'), 'sns']);
    const record = parse<{ Records: { Sns: Record<string, unknown> }[] }>(payload).Records[0];
    assert.deepEqual(Object.keys(record ?? {}), ['EventSource', 'EventVersion', 'EventSubscriptionArn', 'Sns']);
    assert.deepEqual(Object.keys(record?.Sns ?? {}), [
      'Type', 'MessageId', 'TopicArn', 'Subject', 'Message', 'Timestamp', 'SignatureVersion', 'Signature', 'SigningCertUrl', 'UnsubscribeUrl', 'MessageAttributes',
    ]);
    assert.deepEqual({ ...record, Sns: { ...record?.Sns, Signature: '', SigningCertUrl: '' } }, {
      EventSource: 'aws:sns', EventVersion: '1.0', EventSubscriptionArn: subscription,
      Sns: {
        Type: 'Notification', MessageId, TopicArn: topic, Subject: null, Message: 'Hello world.', Timestamp: '2026-11-24T12:00:00.000Z', SignatureVersion: '1', Signature: '',
        SigningCertUrl: '', UnsubscribeUrl: `${base}/?Action=Unsubscribe&SubscriptionArn=${subscription}`, MessageAttributes: {},
      },
    });
  });

  const recorded = fileURLToPath(new URL('../../../../../shared/data/aws-recorded-shapes/sns.json', import.meta.url));
  it('the function\'s record has exactly the fields of the one that was recorded', function () {
    if (!existsSync(recorded)) this.skip();
    const [{ event }] = JSON.parse(readFileSync(recorded, 'utf8')) as [{ event: { Records: [{ Sns: object }] } }];
    sns.subscribe(topic, 'lambda', sns.fn('f'));
    publish({});
    const { Records: [record] } = parse<{ Records: [{ Sns: object }] }>(sns.invocations[0]?.payload);
    assert.deepEqual(Object.keys(record).sort(), Object.keys(event.Records[0]).sort());
    assert.deepEqual(Object.keys(record.Sns).sort(), Object.keys(event.Records[0].Sns).sort());
  });

  it('the trace goes on to queues and functions', () => {
    const traceHeader = 'Root=1-3152b799-8954dae64eda91bc9a23a7e8;Parent=7fa8c0f79203be72;Sampled=1';
    sns.subscribe(topic, 'sqs', queue);
    sns.subscribe(topic, 'lambda', sns.fn('f'));
    publish({}, { traceHeader });
    assert.equal(sns.receive(queue)[0]?.traceHeader, traceHeader);
    assert.equal(sns.invocations[0]?.traceHeader, traceHeader);
    sns.service.publish(topic, { message: 'from inside', traceHeader: 'Root=2' });
    assert.equal(sns.receive(queue)[0]?.traceHeader, 'Root=2');
  });

  it('the port inside the engine publishes as the API does, and throws the service\'s own faults', () => {
    sns.subscribe(topic, 'sqs', queue);
    const { messageId } = sns.service.publish(topic, { message: '{"a":1}', attributes: { ErrorCode: attribute('Number', '200') } });
    const envelope = parse(bodies()[0]);
    assert.deepEqual([envelope['MessageId'], envelope['Message'], envelope['MessageAttributes']], [messageId, '{"a":1}', { ErrorCode: { Type: 'Number', Value: '200' } }]);
    assert.throws(() => sns.service.publish(topicArn('none'), { message: 'x' }), { name: 'NotFoundException', status: 404, message: 'Topic does not exist' });
    assert.throws(() => sns.service.publish(topic, { message: 'x'.repeat(262_145) }), { name: 'InvalidParameterException', message: 'Invalid parameter: Message too long' });
  });

  it('publishes to the topic that TargetArn or TopicArn names, and says what is wrong with others (recorded)', () => {
    sns.subscribe(topic, 'sqs', queue);
    sns.call('Publish', { TargetArn: topic, Message: 'by target' });
    assert.equal(parse(bodies()[0])['Message'], 'by target');
    const refusal = (input: object) => sns.refusal('Publish', { Message: 'x', ...input });
    const wrong = 'InvalidParameter: Invalid parameter: ';
    assert.equal(refusal({ TopicArn: 'randomstring' }), `${wrong}TopicArn Reason: An ARN must have at least 6 elements, not 1`);
    assert.equal(refusal({ TopicArn: 'randomstring:1' }), `${wrong}TopicArn Reason: An ARN must have at least 6 elements, not 2`);
    assert.equal(refusal({ TopicArn: '' }), `${wrong}TopicArn Reason: An ARN must have at least 6 elements, not 1`);
    assert.equal(refusal({}), `${wrong}TopicArn or TargetArn Reason: no value for required parameter`);
    assert.equal(refusal({ TopicArn: topicArn('none') }), 'NotFound: Topic does not exist');
    assert.equal(refusal({ TopicArn: topic.replace('us-east-1', 'eu-west-1') }), `${wrong}TopicArn`);
    assert.equal(refusal({ TargetArn: 'arn:aws:sns:us-east-1:123456789012:endpoint/APNS/abcdef/0f7d5971' }), `${wrong}TargetArn Reason: No endpoint found for the target arn specified`);
    assert.equal(refusal({ PhoneNumber: '+1a234' }), `${wrong}PhoneNumber Reason: +1a234 is not valid to publish to`);
    assert.equal(refusal({ PhoneNumber: '+15551234567' }), `${wrong}PhoneNumber Reason: Local Lambda does not send SMS`);
  });

  it('empty messages, bad subjects and messages above 256 KiB are refused (recorded)', () => {
    const refusal = (input: object) => sns.refusal('Publish', { TopicArn: topic, Message: 'x', ...input });
    assert.equal(refusal({ Message: '' }), 'InvalidParameter: Invalid parameter: Empty message');
    for (const Subject of ['', 'x'.repeat(101), 'two\nlines']) assert.equal(refusal({ Subject }), 'InvalidParameter: Invalid parameter: Subject');
    publish({ Message: 'x'.repeat(262_144) });
    assert.equal(refusal({ Message: 'x'.repeat(262_145) }), 'InvalidParameter: Invalid parameter: Message too long');
    assert.equal(refusal({ Message: 'é'.repeat(131_073) }), 'InvalidParameter: Invalid parameter: Message too long');
    const MessageAttributes = { attr: attribute('String', 'v') };
    publish({ Message: 'x'.repeat(262_144 - 'attrStringv'.length), MessageAttributes });
    assert.equal(refusal({ Message: 'x'.repeat(262_145 - 'attrStringv'.length), MessageAttributes }), 'InvalidParameter: Invalid parameter: Message too long');
  });

  it('MaximumMessageSize moves the limit up to 1 MiB, or down', () => {
    const large = sns.topic('large', { MaximumMessageSize: '1048576' });
    sns.call('Publish', { TopicArn: large, Message: 'x'.repeat(1_048_576) });
    assert.match(sns.refusal('Publish', { TopicArn: large, Message: 'x'.repeat(1_048_577) }), /Message too long/);
    assert.match(sns.refusal('Publish', { TopicArn: sns.topic('small', { MaximumMessageSize: '1024' }), Message: 'x'.repeat(1_025) }), /Message too long/);
  });

  it('MessageStructure json: a message for each protocol, or the default (recorded)', () => {
    sns.subscribe(topic, 'sqs', queue, { RawMessageDelivery: 'true' });
    sns.subscribe(topic, 'lambda', sns.fn('f'));
    publish({ MessageStructure: 'json', Message: JSON.stringify({ default: 'default field', sqs: '{"field": "value"}', lambda: 7 }) });
    assert.deepEqual(bodies(), ['{"field": "value"}']);
    assert.equal(parse<{ Records: { Sns: { Message: string } }[] }>(sns.invocations[0]?.payload).Records[0]?.Sns.Message, 'default field');
    const refusal = (Message: string) => sns.refusal('Publish', { TopicArn: topic, Message, MessageStructure: 'json' });
    assert.equal(refusal('{"sqs": "x"}'), 'InvalidParameter: Invalid parameter: Message Structure - No default entry in JSON message body');
    assert.equal(refusal('{"default": {"object": "test"}}'), 'InvalidParameter: Invalid parameter: Message Structure - No default entry in JSON message body');
    assert.equal(refusal('{"default": {"object"}'), 'InvalidParameter: Invalid parameter: Message Structure - JSON message body failed to parse');
    publish({ MessageStructure: 'json', Message: '{"default": "one", "default": "two"}' });
  });

  it('message attributes are checked in AWS\'s words, alone and in a batch (recorded)', () => {
    const cases: [name: string, attribute: object, refusal: string][] = [
      ['attr1', { DataType: 'String', StringValue: '' }, "ParameterValueInvalid: The message attribute 'attr1' must contain non-empty message attribute value for message attribute type 'String'."],
      ['attr1', { DataType: 'String' }, "ParameterValueInvalid: The message attribute 'attr1' must contain non-empty message attribute value for message attribute type 'String'."],
      ['attr1', { DataType: 'Binary', BinaryValue: '' }, "ParameterValueInvalid: The message attribute 'attr1' must contain non-empty message attribute value for message attribute type 'Binary'."],
      ['attr1', { DataType: 'String', BinaryValue: 'AgME' }, "ParameterValueInvalid: The message attribute 'attr1' with type 'String' must use field 'String'."],
      ['attr1', { DataType: 'Number', BinaryValue: 'AgME' }, "ParameterValueInvalid: The message attribute 'attr1' with type 'Number' must use field 'String'."],
      ['attr1', { DataType: 'Binary', StringValue: '123' }, "ParameterValueInvalid: The message attribute 'attr1' with type 'Binary' must use field 'Binary'."],
      ['attr1', { DataType: 'InvalidType', StringValue: '123' }, "ParameterValueInvalid: The message attribute 'attr1' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String."],
      ['attr1', { DataType: 'Stringprefixed', StringValue: '123' }, "ParameterValueInvalid: The message attribute 'attr1' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String."],
      ['a'.repeat(257), attribute('String', 'x'), 'ParameterValueInvalid: Length of message attribute name must be less than 256 bytes.'],
      ['inv^alid', attribute('String', 'x'), "ParameterValueInvalid: Invalid non-alphanumeric character '#x5E' was found in the message attribute name. Can only include alphanumeric characters, hyphens, underscores, or dots."],
      ['.before', attribute('String', 'x'), "ParameterValueInvalid: Invalid message attribute name starting with character '.' was found."],
      ['after.', attribute('String', 'x'), "ParameterValueInvalid: Invalid message attribute name ending with character '.' was found."],
      ['in..side', attribute('String', 'x'), "ParameterValueInvalid: Message attribute name can not have successive '.' character."],
    ];
    for (const [name, value, refusal] of cases) {
      const input = { Message: 'x', MessageAttributes: { [name]: value } };
      assert.equal(sns.refusal('Publish', { TopicArn: topic, ...input }), refusal);
      assert.equal(sns.refusal('PublishBatch', { TopicArn: topic, PublishBatchRequestEntries: [{ Id: '1', ...input }] }), refusal);
    }
    const typeless = { Message: 'x', MessageAttributes: { attr1: { StringValue: '123' } } };
    const text = (path: string) => `ValidationError: 1 validation error detected: Value null at '${path}messageAttributes.attr1.member.dataType' failed to satisfy constraint: Member must not be null`;
    assert.equal(sns.refusal('Publish', { TopicArn: topic, ...typeless }), text(''));
    assert.equal(sns.refusal('PublishBatch', { TopicArn: topic, PublishBatchRequestEntries: [{ Id: '1', ...typeless }] }), text('publishBatchRequestEntries.1.member.'));
    for (const DataType of ['String.prefixed', 'String.', 'Number.java.lang.Long', 'String.Array']) publish({ MessageAttributes: { attr1: attribute(DataType, '1') } });
  });

  describe('with filter policies', () => {
    it('a policy on attributes decides who gets a message, and the topic tells why the others did not', () => {
      const subscription = sns.subscribe(topic, 'sqs', queue, { FilterPolicy: '{"attr1":[{"numeric":[">",0,"<=",100]}]}' });
      publish({ Message: 'in', MessageAttributes: { attr1: attribute('Number', '99.12') } });
      assert.deepEqual([last()?.delivered, last()?.missed], [1, []]);
      publish({ Message: 'out', MessageAttributes: { attr1: attribute('Number', '111') } });
      publish({ Message: 'bare' });
      assert.deepEqual(bodies().map((body) => parse(body)['Message']), ['in']);
      assert.deepEqual(last(), {
        messageId: last()?.messageId, publishedAt: sns.clock.now(), preview: 'bare', delivered: 0,
        missed: [{ subscriptionArn: subscription, protocol: 'sqs', endpoint: queue, reason: 'Its filter policy does not match the message\'s attributes: attr1 should be [{"numeric":[">",0,"<=",100]}] and is absent.' }],
      });
    });

    it('a policy on the body takes JSON objects only (recorded)', () => {
      sns.subscribe(topic, 'sqs', queue, { RawMessageDelivery: 'true', FilterPolicyScope: 'MessageBody', FilterPolicy: '{"object":{"key":[{"prefix":"auto-"},"hardcodedvalue"]}}' });
      const passing = ['{"object": {"key": "auto-test"}}', '{"object": {"key": "hardcodedvalue"}}'];
      for (const Message of [...passing, '{"object": {"key": "other"}}', 'plain text', '["auto-test"]', '"auto-test"', '1']) publish({ Message });
      assert.deepEqual(bodies(), passing);
      assert.equal(last()?.missed[0]?.reason, 'Its filter policy is for the body, and the message is not a JSON object.');
      publish({ Message: '{"object": {"key": "other"}}' });
      assert.equal(last()?.missed[0]?.reason, 'Its filter policy does not match the message\'s body: object.key should be [{"prefix":"auto-"},"hardcodedvalue"] and is "other".');
    });

    it('an empty policy lets all pass; a policy can change between two messages', () => {
      const subscription = sns.subscribe(topic, 'sqs', queue, { RawMessageDelivery: 'true', FilterPolicy: '{}' });
      publish({ Message: 'one' });
      sns.call('SetSubscriptionAttributes', { SubscriptionArn: subscription, AttributeName: 'FilterPolicy', AttributeValue: '{"store":[{"exists":true}]}' });
      publish({ Message: 'two' });
      sns.call('SetSubscriptionAttributes', { SubscriptionArn: subscription, AttributeName: 'FilterPolicy', AttributeValue: '{"store":[{"exists":false}]}' });
      publish({ Message: 'three' });
      assert.deepEqual(bodies(), ['one', 'three']);
    });

    it('of many subscriptions that a message misses the first ten are told in detail, and a hundred are kept', () => {
      for (let number = 0; number < 120; number += 1) sns.subscribe(topic, 'sqs', queueArn(`q${number}`), { FilterPolicy: '{"kind":["a"]}' });
      publish({ MessageAttributes: { kind: attribute('String', 'b') } });
      const reasons = last()?.missed.map(({ reason }) => reason) ?? [];
      assert.deepEqual([reasons.length, reasons.filter((reason) => reason.endsWith('kind should be ["a"] and is "b".')).length, last()?.delivered], [100, 10, 0]);
    });

    it('the log of a topic keeps the newest 20 messages', () => {
      for (let number = 1; number <= 25; number += 1) publish({ Message: `message ${number}` });
      const [summary] = sns.service.summaries();
      assert.equal(summary?.published, 25);
      assert.deepEqual(summary?.lastMessages.map(({ preview }) => preview), Array.from({ length: 20 }, (_, place) => `message ${25 - place}`));
    });
  });

  describe('to what refuses', () => {
    const redrive = () => ({ RedrivePolicy: JSON.stringify({ deadLetterTargetArn: sns.queue('dlq') }) });

    it('a queue that is gone: the message goes to the dead-letter queue as the queue would have got it (recorded)', () => {
      const MessageAttributes = { attr2: { DataType: 'Binary', BinaryValue: 'AgME' }, attr1: attribute('Number', '111') };
      sns.subscribe(topic, 'sqs', queueArn('gone'), { ...redrive(), RawMessageDelivery: 'true' });
      publish({ Message: 'raw', MessageAttributes });
      assert.deepEqual(sns.receive(queueArn('dlq')), [{ body: 'raw', attributes: MessageAttributes }]);
      assert.match(last()?.missed[0]?.reason ?? '', /refused it: The specified queue does not exist\. It is in the dead-letter queue arn:aws:sqs:us-east-1:123456789012:dlq\./);
    });

    it('a function that is gone: the dead-letter queue gets the SQS envelope, without attributes (recorded)', () => {
      const subscription = sns.subscribe(topic, 'lambda', functionArn('gone'), redrive());
      publish({ Message: 'test_redrive_policy', MessageAttributes: { attr1: attribute('Number', '1') } });
      const [message] = sns.receive(queueArn('dlq'));
      assert.equal(message?.attributes, undefined);
      const envelope = parse(message?.body);
      assert.deepEqual(Object.keys(envelope), ['Type', 'MessageId', 'TopicArn', 'Message', 'Timestamp', 'SignatureVersion', 'Signature', 'SigningCertURL', 'UnsubscribeURL', 'MessageAttributes']);
      assert.equal(envelope['UnsubscribeURL'], `${base}/?Action=Unsubscribe&SubscriptionArn=${subscription}`);
    });

    it('without a dead-letter queue the message is lost to that subscription, and the others get it', () => {
      sns.subscribe(topic, 'sqs', queueArn('gone'));
      sns.subscribe(topic, 'sqs', queue, { RawMessageDelivery: 'true' });
      publish({});
      assert.deepEqual(bodies(), ['hello']);
      assert.equal(last()?.delivered, 1);
      assert.match(last()?.missed[0]?.reason ?? '', /There is no dead-letter queue for it\./);
    });

    it('what fails otherwise fails the whole publish, and leaves nothing behind', () => {
      sns.subscribe(topic, 'sqs', queue);
      sns.queues.set(queue, { push: () => { throw new Error('database or disk is full'); } } as unknown as never[]);
      assert.throws(() => publish({}), /disk is full/);
      assert.deepEqual([sns.service.summaries()[0]?.published, last()], [0, undefined]);
    });
  });

  describe('in batches', () => {
    const batch = (entries: object[], TopicArn = topic) => ({ TopicArn, PublishBatchRequestEntries: entries });

    it('every entry has an answer of its own', () => {
      sns.subscribe(topic, 'sqs', queue, { RawMessageDelivery: 'true' });
      const { Successful, Failed } = sns.call<{ Successful: { Id: string; MessageId: string }[]; Failed: object[] }>('PublishBatch', batch([
        { Id: '1', Message: 'one' }, { Id: '2', Message: 'two', Subject: 'bad\nsubject' }, { Id: '3', Message: '' }, { Id: '4', Message: 'four' },
      ]));
      assert.deepEqual(Successful.map(({ Id }) => Id), ['1', '4']);
      assert.deepEqual(Failed, [
        { Id: '2', Code: 'InvalidParameter', Message: 'Invalid parameter: Subject', SenderFault: true },
        { Id: '3', Code: 'InvalidParameter', Message: 'Invalid parameter: Empty message', SenderFault: true },
      ]);
      assert.deepEqual(bodies(), ['one', 'four']);
    });

    it('what concerns the batch refuses it all (recorded)', () => {
      const refusal = (entries: object[], arn = topic) => sns.refusal('PublishBatch', batch(entries, arn));
      const entry = (Id: string, more: object = {}) => ({ Id, Message: 'x', ...more });
      assert.equal(refusal(Array.from({ length: 11 }, (_, place) => entry(String(place)))), 'TooManyEntriesInBatchRequest: The batch request contains more entries than permissible.');
      assert.equal(refusal([entry('1'), entry('1')]), 'BatchEntryIdsNotDistinct: Two or more batch entries in the request have the same Id.');
      assert.match(refusal([]), /^EmptyBatchRequest: /);
      assert.match(refusal([entry('not valid')]), /^InvalidBatchEntryId: /);
      assert.equal(refusal([entry('1')], topicArn('none')), 'NotFound: Topic does not exist');
      assert.equal(refusal([entry('1', { Message: 'x'.repeat(200_000) }), entry('2', { Message: 'x'.repeat(62_145) })]), 'BatchRequestTooLong: The length of all the messages put together is more than the limit.');
      assert.equal(refusal([entry('1', { MessageStructure: 'json', Message: '{"sqs":"x"}' })]), 'InvalidParameter: Invalid parameter: Message Structure - No default entry in JSON message body');
      const fifo = sns.topic('orders.fifo');
      assert.equal(refusal([entry('1')], fifo), 'InvalidParameter: Invalid parameter: The MessageGroupId parameter is required for FIFO topics');
      assert.equal(refusal([entry('1', { MessageGroupId: 'g' })], fifo),
        'InvalidParameter: Invalid parameter: The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly');
    });
  });

  describe('to FIFO topics', () => {
    let fifo: string;
    let fifoQueue: string;
    beforeEach(() => {
      fifo = sns.topic('orders.fifo', { ContentBasedDeduplication: 'true' });
      fifoQueue = sns.queue('q.fifo');
    });
    const send = (input: object) => sns.call<{ MessageId: string; SequenceNumber: string }>('Publish', { TopicArn: fifo, Message: 'Test', MessageGroupId: 'message-group-id-1', ...input });

    it('a FIFO queue gets group, deduplication id and an unsigned envelope with the sequence number (recorded)', () => {
      const subscription = sns.subscribe(fifo, 'sqs', fifoQueue);
      const { MessageId, SequenceNumber } = send({});
      const [message] = sns.receive(fifoQueue);
      assert.deepEqual([message?.groupId, message?.deduplicationId], ['message-group-id-1', '532eaabd9574880dbf76b9b8cc00832c20a6ec113d682299550d7a6e0f345e25']);
      assert.equal(JSON.stringify(parse(message?.body)), JSON.stringify({
        Type: 'Notification', MessageId, SequenceNumber, TopicArn: fifo, Message: 'Test', Timestamp: '2026-11-24T12:00:00.000Z',
        UnsubscribeURL: `${base}/?Action=Unsubscribe&SubscriptionArn=${subscription}`,
      }));
      assert.match(SequenceNumber, /^\d{20}$/);
    });

    it('a repeat within five minutes is accepted with the first one\'s ids and not delivered (recorded)', async () => {
      sns.subscribe(fifo, 'sqs', fifoQueue);
      const first = send({ MessageDeduplicationId: 'd' });
      await sns.clock.pass(299_999);
      assert.deepEqual({ ...send({ MessageDeduplicationId: 'd', Message: 'other text' }) }, { ...first });
      assert.equal(sns.receive(fifoQueue).length, 1);
      sns.restart();
      assert.deepEqual({ ...send({ MessageDeduplicationId: 'd' }) }, { ...first });
      await sns.clock.pass(1);
      assert.notEqual(send({ MessageDeduplicationId: 'd' }).MessageId, first.MessageId);
      assert.equal(sns.receive(fifoQueue).length, 1);
    });

    it('deduplication counts for the topic, or for each group with FifoThroughputScope MessageGroup', () => {
      sns.subscribe(fifo, 'sqs', fifoQueue);
      send({ MessageGroupId: 'a' });
      send({ MessageGroupId: 'b' });
      assert.equal(sns.receive(fifoQueue).length, 1);
      sns.call('SetTopicAttributes', { TopicArn: fifo, AttributeName: 'FifoThroughputScope', AttributeValue: 'MessageGroup' });
      send({ MessageGroupId: 'a', Message: 'new' });
      send({ MessageGroupId: 'b', Message: 'new' });
      send({ MessageGroupId: 'b', Message: 'new' });
      assert.equal(sns.receive(fifoQueue).length, 2);
    });

    it('sequence numbers rise with every message, batch or not', () => {
      const numbers = [send({ Message: '1' }).SequenceNumber];
      const { Successful } = sns.call<{ Successful: { SequenceNumber: string }[] }>('PublishBatch', {
        TopicArn: fifo, PublishBatchRequestEntries: ['2', '3'].map((Message) => ({ Id: Message, Message, MessageGroupId: 'g' })),
      });
      numbers.push(...Successful.map(({ SequenceNumber }) => SequenceNumber), send({ Message: '4' }).SequenceNumber);
      assert.deepEqual([...numbers].sort(), numbers);
      assert.equal(new Set(numbers).size, 4);
    });

    it('a standard queue gets neither group nor deduplication id of a FIFO topic, but the group of a standard one (recorded)', () => {
      sns.subscribe(fifo, 'sqs', queue, { RawMessageDelivery: 'true' });
      send({});
      assert.deepEqual(sns.receive(queue), [{ body: 'Test' }]);
      sns.subscribe(topic, 'sqs', queue, { RawMessageDelivery: 'true' });
      publish({ MessageGroupId: 'my-group-id-1' });
      assert.deepEqual(sns.receive(queue), [{ body: 'hello', groupId: 'my-group-id-1' }]);
    });

    it('its dead-letter queue gets group and deduplication id too (recorded)', () => {
      const dlq = sns.queue('dlq.fifo');
      sns.subscribe(fifo, 'sqs', queueArn('gone.fifo'), { RawMessageDelivery: 'true', RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dlq }) });
      send({ Message: 'test-message', MessageDeduplicationId: 'message-deduplication-id-1' });
      assert.deepEqual(sns.receive(dlq), [{ body: 'test-message', groupId: 'message-group-id-1', deduplicationId: 'message-deduplication-id-1' }]);
    });

    it('ids: required, valid, and none of deduplication for standard topics (recorded)', () => {
      const refusal = (input: object, TopicArn = fifo) => sns.refusal('Publish', { TopicArn, Message: 'x', ...input });
      const strict = sns.topic('strict.fifo');
      assert.equal(refusal({}), 'InvalidParameter: Invalid parameter: The MessageGroupId parameter is required for FIFO topics');
      assert.equal(refusal({ MessageGroupId: 'g' }, strict),
        'InvalidParameter: Invalid parameter: The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly');
      assert.equal(refusal({ MessageDeduplicationId: 'd' }, topic),
        'InvalidParameter: Invalid parameter: MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid for this topic type');
      assert.equal(refusal({ MessageGroupId: 'x'.repeat(129) }), 'InvalidParameter: Invalid parameter: MessageGroupId');
      assert.equal(refusal({ MessageGroupId: 'g', MessageDeduplicationId: 'two words' }), 'InvalidParameter: Invalid parameter: MessageDeduplicationId');
    });

    it('content-based deduplication hashes the message as it was sent', () => {
      sns.subscribe(fifo, 'sqs', fifoQueue, { RawMessageDelivery: 'true' });
      const Message = '{"default": "text"}';
      send({ Message, MessageStructure: 'json' });
      assert.deepEqual(sns.receive(fifoQueue).map(({ body, deduplicationId }) => [body, deduplicationId]), [['text', createHash('sha256').update(Message).digest('hex')]]);
    });
  });
});
