import assert from 'node:assert/strict';
import { account, Fixture, functionArn, parse, queueArn, topicArn } from './fixture.ts';

describe('SNS: subscriptions', () => {
  let sns: Fixture;
  let topic: string;
  beforeEach(() => {
    sns = new Fixture();
    topic = sns.topic('orders');
  });
  const refused = (Protocol: string, Endpoint: string | undefined, Attributes: Record<string, string> = {}, TopicArn = topic) =>
    sns.refusal('Subscribe', { TopicArn, Protocol, Endpoint, Attributes });

  it('an SQS subscription is confirmed at once and has the recorded attributes', () => {
    const arn = sns.subscribe(topic, 'sqs', queueArn('q'), { RawMessageDelivery: 'true' });
    assert.match(arn, new RegExp(`^${topic}:[0-9a-f-]{36}$`));
    assert.deepEqual(sns.attributes('GetSubscriptionAttributes', arn), {
      ConfirmationWasAuthenticated: 'true', Endpoint: queueArn('q'), Owner: account, PendingConfirmation: 'false', Protocol: 'sqs', RawMessageDelivery: 'true',
      SubscriptionArn: arn, SubscriptionPrincipal: `arn:aws:iam::${account}:root`, TopicArn: topic,
    });
    assert.deepEqual(sns.call('ListSubscriptionsByTopic', { TopicArn: topic }), {
      Subscriptions: [{ Endpoint: queueArn('q'), Owner: account, Protocol: 'sqs', SubscriptionArn: arn, TopicArn: topic }],
    });
    assert.equal(sns.attributes('GetTopicAttributes', topic)['SubscriptionsConfirmed'], '1');
  });

  it('FilterPolicyScope shows only beside a policy, and then by default MessageAttributes (recorded)', () => {
    const arn = sns.subscribe(topic, 'sqs', queueArn('q'), { FilterPolicyScope: 'MessageBody' });
    assert.equal(sns.attributes('GetSubscriptionAttributes', arn)['FilterPolicyScope'], undefined);
    sns.call('SetSubscriptionAttributes', { SubscriptionArn: arn, AttributeName: 'FilterPolicy', AttributeValue: '{"attr": ["match-this"]}' });
    assert.equal(sns.attributes('GetSubscriptionAttributes', arn)['FilterPolicyScope'], 'MessageBody');
    const other = sns.subscribe(topic, 'sqs', queueArn('r'), { FilterPolicy: '{"attr1":[{"numeric":[">",0,"<=",100]}]}' });
    assert.equal(sns.attributes('GetSubscriptionAttributes', other)['FilterPolicyScope'], 'MessageAttributes');
  });

  it('Subscribe is idempotent, but not with other attributes (recorded)', () => {
    const arn = sns.subscribe(topic, 'sqs', queueArn('q'), { RawMessageDelivery: 'true' });
    for (const attributes of [{ RawMessageDelivery: 'true' }, {}]) assert.equal(sns.subscribe(topic, 'sqs', queueArn('q'), attributes), arn);
    assert.equal(refused('sqs', queueArn('q'), { RawMessageDelivery: 'false' }),
      'InvalidParameter: Invalid parameter: Attributes Reason: Subscription already exists with different attributes');
  });

  it('endpoints are checked by protocol, in AWS\'s words', () => {
    assert.equal(refused('test-protocol', 'x'), 'InvalidParameter: Invalid parameter: Amazon SNS does not support this protocol string: test-protocol');
    assert.equal(refused('sqs', 'http://127.0.0.1:4000/123456789012/q'), 'InvalidParameter: Invalid parameter: SQS endpoint ARN');
    assert.equal(refused('lambda', 'fn'), 'InvalidParameter: Invalid parameter: Lambda endpoint ARN');
    assert.equal(refused('http', 'https://127.0.0.1/hook'), 'InvalidParameter: Invalid parameter: Endpoint must match the specified protocol');
    assert.equal(refused('sqs', queueArn('q.fifo')),
      'InvalidParameter: Invalid parameter: Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics');
    assert.equal(refused('sqs', queueArn('q'), {}, topicArn('none')), 'NotFound: Topic does not exist');
    assert.equal(refused('sqs', queueArn('q'), {}, 'a:b:c:d:e'), 'InvalidParameter: Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not 5');
  });

  it('a queue that does not exist can be subscribed (recorded)', () => {
    assert.match(sns.subscribe(topic, 'sqs', queueArn('later')), /:[0-9a-f-]{36}$/);
  });

  it('what is not delivered here is refused with a clear sentence', () => {
    assert.match(refused('email', 'a@example.com'), /Local Lambda does not deliver to email: only to sqs, lambda, and http and https on this machine\./);
    assert.match(refused('https', 'https://example.com/hook'), /Local Lambda posts to this machine only .* not to example\.com\./);
    for (const endpoint of ['http://169.254.169.254/latest', 'http://127.0.0.1.example.com/', 'http://10.0.0.1/', 'http://[fe80::1]/']) {
      assert.match(refused('http', endpoint), /this machine only/, endpoint);
    }
    for (const endpoint of ['http://127.0.0.1:9/x', 'http://localhost:9/x', 'http://[::1]:9/x', 'http://app.localhost:9/x']) sns.subscribe(topic, 'http', endpoint);
  });

  it('a FIFO topic takes SQS queues only, of both kinds', () => {
    const fifo = sns.topic('orders.fifo');
    assert.equal(refused('lambda', functionArn('f'), {}, fifo), 'InvalidParameter: Invalid parameter: Invalid protocol type: lambda');
    assert.equal(refused('http', 'http://127.0.0.1:9/', {}, fifo), 'InvalidParameter: Invalid parameter: Invalid protocol type: http');
    sns.subscribe(fifo, 'sqs', queueArn('q.fifo'));
    sns.subscribe(fifo, 'sqs', queueArn('q'));
  });

  it('a topic for messages above 256 KiB takes no HTTP endpoint and at most 100 subscriptions', () => {
    const large = sns.topic('large', { MaximumMessageSize: '1048576' });
    assert.match(refused('http', 'http://127.0.0.1:9/', {}, large), /above 262144 do not support http/);
    for (let number = 0; number < 100; number += 1) sns.subscribe(large, 'sqs', queueArn(`q${number}`));
    assert.match(refused('sqs', queueArn('one-more'), {}, large), /support up to 100 subscriptions/);
  });

  it('attributes are checked, with AWS\'s texts for Subscribe and SetSubscriptionAttributes (recorded)', () => {
    const set = (AttributeName: string, AttributeValue: string) => sns.refusal('SetSubscriptionAttributes', { SubscriptionArn: arn, AttributeName, AttributeValue });
    const arn = sns.subscribe(topic, 'sqs', queueArn('q'));
    const wrong = 'InvalidParameter: Invalid parameter: ';
    assert.equal(refused('sqs', queueArn('r'), { RawMessageDelivery: 'wrongvalue' }), `${wrong}Attributes Reason: RawMessageDelivery: Invalid value [wrongvalue]. Must be true or false.`);
    assert.equal(set('FakeAttribute', 'x'), `${wrong}AttributeName`);
    assert.equal(set('RawMessageDelivery', 'test-ValUe'), `${wrong}RawMessageDelivery: Invalid value [test-ValUe]. Must be true or false.`);
    assert.equal(set('RawMessageDelivery', ''), `${wrong}RawMessageDelivery: Invalid value []. Must be true or false.`);
    assert.equal(set('FilterPolicyScope', 'RandomValue'), `${wrong}FilterPolicyScope: Invalid value [RandomValue]. Please use either MessageBody or MessageAttributes`);
    assert.equal(set('RedrivePolicy', '{"deadLetterTargetArn": "fake-arn"}'), `${wrong}RedrivePolicy: deadLetterTargetArn is an invalid arn`);
    const notJson = "failed to parse JSON. Unexpected character ('i' (code 105)): was expecting double-quote to start field name";
    assert.equal(set('RedrivePolicy', '{invalidjson}'), `${wrong}RedrivePolicy: ${notJson}`);
    assert.equal(set('FilterPolicy', '{invalidjson}'), `${wrong}FilterPolicy: ${notJson}`);
    assert.match(refused('sqs', queueArn('r'), { FilterPolicy: 'invalid' }), /Attributes Reason: FilterPolicy: failed to parse JSON\. Unrecognized token 'invalid'/);
    assert.match(refused('lambda', functionArn('f'), { RawMessageDelivery: 'true' }), /Delivery protocol \[lambda\] does not support raw message delivery\./);
    assert.equal(sns.refusal('SetSubscriptionAttributes', { SubscriptionArn: `${topic}:00000000-0000-4000-8000-999999999999`, AttributeName: 'RawMessageDelivery', AttributeValue: 'true' }),
      'NotFound: Subscription does not exist');
  });

  it('filter policies: nesting needs the body, five keys, 150 combinations (recorded)', () => {
    const arn = sns.subscribe(topic, 'sqs', queueArn('q'));
    const input = (AttributeName: string, AttributeValue: string) => ({ SubscriptionArn: arn, AttributeName, AttributeValue });
    const nested = '{"object": {"key": [{"prefix": "auto-"}]}}';
    const refusal = 'InvalidParameter: Invalid parameter: Filter policy scope MessageAttributes does not support nested filter policy';
    assert.equal(sns.refusal('SetSubscriptionAttributes', input('FilterPolicy', nested)), refusal);
    sns.call('SetSubscriptionAttributes', input('FilterPolicyScope', 'MessageBody'));
    sns.call('SetSubscriptionAttributes', input('FilterPolicy', nested));
    assert.equal(sns.refusal('SetSubscriptionAttributes', input('FilterPolicyScope', 'MessageAttributes')), refusal);
    const keys = JSON.stringify(Object.fromEntries('abcdef'.split('').map((key) => [`key_${key}`, ['value']])));
    assert.equal(sns.refusal('SetSubscriptionAttributes', input('FilterPolicy', keys)), 'InvalidParameter: Invalid parameter: FilterPolicy: Filter policy can not have more than 5 keys');
    const values = JSON.stringify({ one: Array.from({ length: 151 }, (_, number) => number) });
    assert.equal(refused('sqs', queueArn('r'), { FilterPolicy: values }), 'InvalidParameter: Invalid parameter: Attributes Reason: FilterPolicy: Filter policy is too complex');
    sns.call('SetSubscriptionAttributes', input('FilterPolicy', ''));
    assert.equal(sns.attributes('GetSubscriptionAttributes', arn)['FilterPolicy'], undefined);
  });

  it('a FIFO subscription of a FIFO topic needs a FIFO dead-letter queue (recorded)', () => {
    const fifo = sns.topic('orders.fifo');
    const policy = (name: string) => ({ RedrivePolicy: JSON.stringify({ deadLetterTargetArn: queueArn(name) }) });
    assert.equal(refused('sqs', queueArn('q.fifo'), policy('dlq'), fifo),
      'InvalidParameter: Invalid parameter: Attributes Reason: RedrivePolicy: must use a FIFO queue as DLQ for a FIFO Subscription to a FIFO Topic.');
    const arn = sns.subscribe(fifo, 'sqs', queueArn('q.fifo'), policy('dlq.fifo'));
    assert.deepEqual(parse(sns.attributes('GetSubscriptionAttributes', arn)['RedrivePolicy']), { deadLetterTargetArn: queueArn('dlq.fifo') });
  });

  it('Unsubscribe is idempotent; malformed ARNs are not (recorded)', () => {
    const arn = sns.subscribe(topic, 'sqs', queueArn('q'));
    assert.deepEqual(sns.call('Unsubscribe', { SubscriptionArn: arn }), {});
    assert.deepEqual(sns.call('Unsubscribe', { SubscriptionArn: arn }), {});
    assert.deepEqual(sns.call('ListSubscriptionsByTopic', { TopicArn: topic }), { Subscriptions: [] });
    assert.equal(sns.attributes('GetTopicAttributes', topic)['SubscriptionsDeleted'], '1');
    const refusal = (SubscriptionArn?: string) => sns.refusal('Unsubscribe', { SubscriptionArn });
    assert.equal(refusal('randomstring'), 'InvalidParameter: Invalid parameter: SubscriptionArn Reason: An ARN must have at least 6 elements, not 1');
    assert.equal(refusal('arn:aws:sns:us-east-1:random'), 'InvalidParameter: Invalid parameter: SubscriptionArn Reason: An ARN must have at least 6 elements, not 5');
    assert.equal(refusal(topic), 'InvalidParameter: Invalid parameter: SubscriptionId');
    assert.equal(refusal(), 'InvalidParameter: Invalid parameter: SubscriptionArn Reason: no value for required parameter');
  });

  it('ListSubscriptions and ListSubscriptionsByTopic come in pages of 100', () => {
    for (let number = 0; number < 101; number += 1) sns.subscribe(topic, 'sqs', queueArn(`q${number}`));
    sns.subscribe(sns.topic('other'), 'sqs', queueArn('q'));
    for (const [operation, rest] of [['ListSubscriptions', 2], ['ListSubscriptionsByTopic', 1]] as const) {
      const first = sns.call<{ Subscriptions: unknown[]; NextToken: string }>(operation, { TopicArn: topic });
      const second = sns.call<{ Subscriptions: unknown[]; NextToken?: string }>(operation, { TopicArn: topic, NextToken: first.NextToken });
      assert.deepEqual([first.Subscriptions.length, second.Subscriptions.length, second.NextToken], [100, rest, undefined]);
    }
  });

  describe('with an HTTP endpoint', () => {
    const url = 'http://127.0.0.1:9/hook';

    it('wait for confirmation: "pending confirmation" unless the ARN is asked for (recorded)', () => {
      assert.deepEqual(sns.call('Subscribe', { TopicArn: topic, Protocol: 'http', Endpoint: url }), { SubscriptionArn: 'pending confirmation' });
      const arn = sns.subscribe(topic, 'http', url);
      assert.match(arn, /:[0-9a-f-]{36}$/);
      const attributes = sns.attributes('GetSubscriptionAttributes', arn);
      assert.deepEqual([attributes['PendingConfirmation'], attributes['ConfirmationWasAuthenticated']], ['true', 'false']);
      assert.deepEqual(sns.call<{ Subscriptions: { SubscriptionArn: string }[] }>('ListSubscriptions').Subscriptions.map(({ SubscriptionArn }) => SubscriptionArn), ['PendingConfirmation']);
      assert.equal(sns.attributes('GetTopicAttributes', topic)['SubscriptionsPending'], '1');
    });

    it('delivery policies are completed as recorded', () => {
      const arn = sns.subscribe(topic, 'http', url, { DeliveryPolicy: JSON.stringify({ requestPolicy: { headerContentType: 'text/csv' } }) });
      const { DeliveryPolicy, EffectiveDeliveryPolicy } = sns.attributes('GetSubscriptionAttributes', arn);
      assert.deepEqual(parse(DeliveryPolicy), { healthyRetryPolicy: null, sicklyRetryPolicy: null, throttlePolicy: null, requestPolicy: { headerContentType: 'text/csv' }, guaranteed: false });
      assert.deepEqual(parse(EffectiveDeliveryPolicy), {
        healthyRetryPolicy: { minDelayTarget: 20, maxDelayTarget: 20, numRetries: 3, numMaxDelayRetries: 0, numNoDelayRetries: 0, numMinDelayRetries: 0, backoffFunction: 'linear' },
        sicklyRetryPolicy: null, throttlePolicy: null, requestPolicy: { headerContentType: 'text/csv' }, guaranteed: false,
      });
      assert.match(refused('sqs', queueArn('q'), { DeliveryPolicy: '{}' }), /can only be set for HTTP/);
    });

    it('ConfirmSubscription: wrong topics and tokens are told apart (recorded)', () => {
      sns.subscribe(topic, 'http', url);
      const token = 'ab'.repeat(144);
      assert.equal(sns.refusal('ConfirmSubscription', { TopicArn: topic, Token: 'randomtoken' }), 'InvalidParameter: Invalid token');
      assert.equal(sns.refusal('ConfirmSubscription', { TopicArn: topic, Token: token }), 'InvalidParameter: Invalid parameter: Token');
      assert.equal(sns.refusal('ConfirmSubscription', { TopicArn: topicArn('none'), Token: token }), 'InvalidParameter: Invalid parameter: Token');
      assert.equal(sns.refusal('ConfirmSubscription', { TopicArn: topic.replace('us-east-1', 'eu-west-1'), Token: token }), 'InvalidParameter: Invalid parameter: Topic');
    });
  });
});
