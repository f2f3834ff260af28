import assert from 'node:assert/strict';
import { account, Fixture, parse, topicArn } from './fixture.ts';

describe('SNS: topics', () => {
  let sns: Fixture;
  beforeEach(() => { sns = new Fixture(); });

  it('CreateTopic is idempotent: the same name is the same topic', () => {
    assert.equal(sns.topic('orders'), topicArn('orders'));
    assert.equal(sns.topic('orders'), topicArn('orders'));
    assert.deepEqual(sns.call('ListTopics'), { Topics: [{ TopicArn: topicArn('orders') }] });
  });

  it('CreateTopic of an existing topic with other tags or attributes is refused (recorded)', () => {
    sns.call('CreateTopic', { Name: 'orders', Tags: [{ Key: 'k', Value: 'v' }], Attributes: { DisplayName: 'AlreadySet' } });
    sns.call('CreateTopic', { Name: 'orders', Tags: [{ Key: 'k', Value: 'v' }] });
    assert.equal(sns.refusal('CreateTopic', { Name: 'orders', Tags: [{ Key: 'k', Value: 'v' }, { Key: 'more', Value: '' }] }),
      'InvalidParameter: Invalid parameter: Tags Reason: Topic already exists with different tags');
    assert.equal(sns.refusal('CreateTopic', { Name: 'orders', Attributes: { DisplayName: 'Other' } }),
      'InvalidParameter: Invalid parameter: Attributes Reason: Topic already exists with different attributes');
    assert.equal(sns.attributes('GetTopicAttributes', topicArn('orders'))['DisplayName'], 'AlreadySet');
  });

  it('names: 1 to 256 letters, digits, hyphens and underscores (recorded)', () => {
    assert.equal(sns.topic('x'.repeat(256)), topicArn('x'.repeat(256)));
    for (const name of ['', 'x'.repeat(257), ...[':', ';', '!', '@', '|', '^', '%', ' '].map((sign) => `bad${sign}name`), 'no-attribute.fifo']) {
      assert.equal(sns.refusal('CreateTopic', { Name: name }), 'InvalidParameter: Invalid parameter: Topic Name', name);
    }
    assert.match(sns.refusal('CreateTopic', { Name: 'plain', Attributes: { FifoTopic: 'true' } }), /Fifo Topic names must end with \.fifo/);
  });

  it('GetTopicAttributes of a standard topic is as recorded', () => {
    const arn = sns.topic('orders');
    const { Policy, EffectiveDeliveryPolicy, ...rest } = sns.attributes('GetTopicAttributes', arn);
    assert.deepEqual(rest, { DisplayName: '', Owner: account, SubscriptionsConfirmed: '0', SubscriptionsDeleted: '0', SubscriptionsPending: '0', TopicArn: arn });
    assert.deepEqual(parse(EffectiveDeliveryPolicy), { http: {
      defaultHealthyRetryPolicy: {
        minDelayTarget: 20, maxDelayTarget: 20, numRetries: 3, numMaxDelayRetries: 0, numNoDelayRetries: 0, numMinDelayRetries: 0, backoffFunction: 'linear',
      },
      disableSubscriptionOverrides: false,
      defaultRequestPolicy: { headerContentType: 'text/plain; charset=UTF-8' },
    } });
    assert.deepEqual(parse<{ Statement: unknown[] }>(Policy).Statement, [{
      Sid: '__default_statement_ID', Effect: 'Allow', Principal: { AWS: '*' },
      Action: ['GetTopicAttributes', 'SetTopicAttributes', 'AddPermission', 'RemovePermission', 'DeleteTopic', 'Subscribe', 'ListSubscriptionsByTopic', 'Publish'].map((name) => `SNS:${name}`),
      Resource: arn, Condition: { StringEquals: { 'AWS:SourceOwner': account } },
    }]);
  });

  it('GetTopicAttributes of a FIFO topic says so (recorded)', () => {
    const attributes = sns.attributes('GetTopicAttributes', sns.topic('orders.fifo', { SignatureVersion: '2' }));
    assert.equal(attributes['FifoTopic'], 'true');
    assert.equal(attributes['ContentBasedDeduplication'], 'false');
    assert.equal(attributes['SignatureVersion'], '2');
  });

  it('an unknown topic, a malformed ARN and another region are told apart (recorded)', () => {
    assert.equal(sns.refusal('GetTopicAttributes', { TopicArn: topicArn('none') }), 'NotFound: Topic does not exist');
    assert.equal(sns.refusal('GetTopicAttributes', { TopicArn: 'orders' }),
      'InvalidParameter: Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not 1');
    assert.equal(sns.refusal('SetTopicAttributes', { TopicArn: topicArn('orders').replace('us-east-1', 'eu-west-1'), AttributeName: 'DisplayName' }),
      'InvalidParameter: Invalid parameter: TopicArn');
  });

  it('SetTopicAttributes refuses FifoTopic and what is no attribute (recorded), and wrong values', () => {
    const arn = sns.topic('orders');
    for (const AttributeName of ['FifoTopic', 'Nonsense']) {
      assert.equal(sns.refusal('SetTopicAttributes', { TopicArn: arn, AttributeName, AttributeValue: 'false' }), 'InvalidParameter: Invalid parameter: AttributeName');
    }
    assert.match(sns.refusal('SetTopicAttributes', { TopicArn: arn, AttributeName: 'MaximumMessageSize', AttributeValue: '1048577' }), /Invalid value \[1048577\]/);
    assert.match(sns.refusal('SetTopicAttributes', { TopicArn: arn, AttributeName: 'SignatureVersion', AttributeValue: '3' }), /Must be 1 or 2/);
    assert.match(sns.refusal('SetTopicAttributes', { TopicArn: arn, AttributeName: 'ContentBasedDeduplication', AttributeValue: 'true' }), /only be set for FIFO topics/);
  });

  it('a topic\'s DeliveryPolicy is kept and completed as recorded', () => {
    const arn = sns.topic('orders', { DeliveryPolicy: JSON.stringify({ http: { defaultRequestPolicy: { headerContentType: 'application/json' } } }) });
    const read = () => {
      const { DeliveryPolicy, EffectiveDeliveryPolicy } = sns.attributes('GetTopicAttributes', arn);
      return [DeliveryPolicy === undefined ? undefined : parse(DeliveryPolicy), parse<{ http: Record<string, unknown> }>(EffectiveDeliveryPolicy).http] as const;
    };
    assert.deepEqual(read()[0], { http: { disableSubscriptionOverrides: false, defaultRequestPolicy: { headerContentType: 'application/json' } } });
    assert.deepEqual(read()[1]['defaultRequestPolicy'], { headerContentType: 'application/json' });

    const set = (AttributeValue: string) => sns.call('SetTopicAttributes', { TopicArn: arn, AttributeName: 'DeliveryPolicy', AttributeValue });
    set(JSON.stringify({ http: { defaultHealthyRetryPolicy: { minDelayTarget: 5, maxDelayTarget: 6, numRetries: 1 } } }));
    assert.deepEqual(read()[0], { http: { defaultHealthyRetryPolicy: { minDelayTarget: 5, maxDelayTarget: 6, numRetries: 1 }, disableSubscriptionOverrides: false } });
    assert.deepEqual(read()[1]['defaultHealthyRetryPolicy'], {
      minDelayTarget: 5, maxDelayTarget: 6, numRetries: 1, numMaxDelayRetries: 0, numNoDelayRetries: 0, numMinDelayRetries: 0, backoffFunction: 'linear',
    });
    set(JSON.stringify({ http: { defaultHealthyRetryPolicy: null } }));
    assert.deepEqual(read()[0], { http: { disableSubscriptionOverrides: false } });
    set('');
    assert.equal(read()[0], undefined);
    for (const wrong of ['{', '{"http":{"defaultHealthyRetryPolicy":{"numRetries":101}}}', '{"http":{"defaultHealthyRetryPolicy":{"minDelayTarget":30}}}',
      '{"http":{"defaultHealthyRetryPolicy":{"minDelayTarget":3000,"maxDelayTarget":3000}}}']) {
      assert.match(sns.refusal('SetTopicAttributes', { TopicArn: arn, AttributeName: 'DeliveryPolicy', AttributeValue: wrong }), /^InvalidParameter: Invalid parameter: DeliveryPolicy: /);
    }
  });

  it('DeleteTopic takes its subscriptions along and is no error the second time (recorded)', () => {
    const arn = sns.topic('orders');
    const subscription = sns.subscribe(arn, 'sqs', sns.queue('q'));
    assert.deepEqual(sns.call('DeleteTopic', { TopicArn: arn }), {});
    assert.deepEqual(sns.call('DeleteTopic', { TopicArn: arn }), {});
    assert.deepEqual(sns.call('ListSubscriptions'), { Subscriptions: [] });
    assert.equal(sns.refusal('GetSubscriptionAttributes', { SubscriptionArn: subscription }), 'NotFound: Subscription does not exist');
    sns.topic('orders');
    assert.deepEqual(sns.call('ListSubscriptions'), { Subscriptions: [] });
  });

  it('ListTopics comes in pages of 100', () => {
    for (let number = 0; number < 105; number += 1) sns.topic(`t${number}`);
    const first = sns.call<{ Topics: unknown[]; NextToken: string }>('ListTopics');
    const second = sns.call<{ Topics: unknown[]; NextToken?: string }>('ListTopics', { NextToken: first.NextToken });
    assert.deepEqual([first.Topics.length, second.Topics.length, second.NextToken], [100, 5, undefined]);
    assert.equal(new Set([...first.Topics, ...second.Topics].map((topic) => JSON.stringify(topic))).size, 105);
    assert.equal(sns.refusal('ListTopics', { NextToken: 'nonsense' }), 'InvalidParameter: Invalid parameter: NextToken');
  });

  it('tags: listed, overwritten, removed; duplicate keys refused (recorded)', () => {
    const ResourceArn = sns.topic('orders');
    assert.equal(sns.refusal('TagResource', { ResourceArn, Tags: [{ Key: 'k1', Value: 'v1' }, { Key: 'k1', Value: 'v2' }] }),
      'InvalidParameter: Invalid parameter: Duplicated keys are not allowed.');
    sns.call('TagResource', { ResourceArn, Tags: [{ Key: 'k1', Value: 'v1' }, { Key: 'k2', Value: 'v2' }] });
    sns.call('UntagResource', { ResourceArn, TagKeys: ['k1'] });
    sns.call('TagResource', { ResourceArn, Tags: [{ Key: 'k2', Value: 'v2b' }] });
    assert.deepEqual(sns.call('ListTagsForResource', { ResourceArn }), { Tags: [{ Key: 'k2', Value: 'v2b' }] });
    assert.equal(sns.refusal('ListTagsForResource', { ResourceArn: topicArn('none') }), 'ResourceNotFound: Resource does not exist');
    const many = Array.from({ length: 51 }, (_, number) => ({ Key: `k${number}`, Value: '' }));
    assert.match(sns.refusal('TagResource', { ResourceArn, Tags: many }), /^TagLimitExceeded: /);
  });

  it('AddPermission adds a statement to the policy, RemovePermission takes it away', () => {
    const arn = sns.topic('orders');
    const permission = { TopicArn: arn, Label: 'let-them', AWSAccountId: ['111111111111'], ActionName: ['Publish', 'Subscribe'] };
    sns.call('AddPermission', permission);
    const statements = () => parse<{ Statement: { Sid: string }[] }>(sns.attributes('GetTopicAttributes', arn)['Policy']).Statement;
    assert.deepEqual(statements()[1], {
      Sid: 'let-them', Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::111111111111:root' }, Action: ['SNS:Publish', 'SNS:Subscribe'], Resource: arn,
    });
    assert.match(sns.refusal('AddPermission', permission), /Statement already exists/);
    sns.call('RemovePermission', { TopicArn: arn, Label: 'let-them' });
    assert.deepEqual(statements().map(({ Sid }) => Sid), ['__default_statement_ID']);
  });

  it('topics, subscriptions and counts outlive the engine', () => {
    const arn = sns.topic('orders', { DisplayName: 'Orders' });
    const queue = sns.queue('q');
    const subscription = sns.subscribe(arn, 'sqs', queue, { RawMessageDelivery: 'true' });
    sns.call('Publish', { TopicArn: arn, Message: 'one' });
    const before = sns.service.summaries();
    sns.restart();
    assert.deepEqual(sns.service.summaries(), before);
    assert.equal(sns.attributes('GetTopicAttributes', arn)['DisplayName'], 'Orders');
    assert.equal(sns.attributes('GetSubscriptionAttributes', subscription)['RawMessageDelivery'], 'true');
    sns.call('Publish', { TopicArn: arn, Message: 'two' });
    assert.deepEqual(sns.receive(queue).map(({ body }) => body), ['one', 'two']);
    assert.equal(sns.service.summaries()[0]?.published, 2);
  });
});
