import assert from 'node:assert/strict';
import { Fixture, functionArn, parse, queueArn, template, topicArn } from './fixture.ts';

describe('SNS: what templates declare', () => {
  let sns: Fixture;
  beforeEach(() => { sns = new Fixture(); });
  const orders = topicArn('orders');
  const subscription = (more: Record<string, unknown> = {}) =>
    template('AWS::SNS::Subscription', 'Sub', { TopicArn: orders, Protocol: 'sqs', Endpoint: queueArn('q'), ...more });
  const [topic, named] = [template('AWS::SNS::Topic', 'orders'), (DisplayName: string) => template('AWS::SNS::Topic', 'orders', { DisplayName })];
  const displayName = () => sns.attributes('GetTopicAttributes', orders)['DisplayName'];
  const summary = () => sns.service.summaries()[0];
  const set = (AttributeValue: string) => sns.call('SetTopicAttributes', { TopicArn: orders, AttributeName: 'DisplayName', AttributeValue });

  it('topics with their attributes, tags and inline subscriptions', () => {
    sns.service.setBaseline([template('AWS::SNS::Topic', 'orders', {
      DisplayName: 'Orders', SignatureVersion: 2, Tags: [{ Key: 'team', Value: 'a' }],
      Subscription: [{ Protocol: 'sqs', Endpoint: queueArn('q') }, { Protocol: 'lambda', Endpoint: functionArn('f') }],
    })]);
    assert.equal(displayName(), 'Orders');
    assert.equal(sns.attributes('GetTopicAttributes', orders)['SignatureVersion'], '2');
    assert.deepEqual(sns.call('ListTagsForResource', { ResourceArn: orders }), { Tags: [{ Key: 'team', Value: 'a' }] });
    assert.deepEqual(summary()?.subscriptions.map(({ protocol, endpoint, pending }) => [protocol, endpoint, pending]).sort(), [['lambda', functionArn('f'), false], ['sqs', queueArn('q'), false]]);
    assert.deepEqual(summary()?.origin, topic.origin);
    assert.deepEqual(summary()?.changed, []);
  });

  it('subscriptions of their own, documents as objects, flags as booleans', () => {
    const queue = sns.queue('q');
    sns.service.setBaseline([topic, subscription({
      RawMessageDelivery: true, FilterPolicy: { kind: ['a'] }, FilterPolicyScope: 'MessageBody', RedrivePolicy: { deadLetterTargetArn: queueArn('dlq') },
    })]);
    assert.deepEqual(summary()?.subscriptions.map(({ arn: _arn, ...rest }) => rest), [{
      protocol: 'sqs', endpoint: queue, pending: false, waiting: 0, rawMessageDelivery: true, filterPolicy: '{"kind":["a"]}', filterPolicyScope: 'MessageBody', deadLetterTargetArn: queueArn('dlq'),
    }]);
    sns.call('Publish', { TopicArn: orders, Message: '{"kind":"a"}' });
    assert.deepEqual(sns.receive(queue), [{ body: '{"kind":"a"}' }]);
  });

  it('a subscription\'s ARN stays the same from run to run', () => {
    sns.service.setBaseline([topic, subscription()]);
    const arn = summary()?.subscriptions[0]?.arn;
    assert.match(String(arn), new RegExp(`^${orders}:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$`));
    sns.restart().setBaseline([topic, subscription({ RawMessageDelivery: 'true' })]);
    assert.equal(summary()?.subscriptions[0]?.arn, arn);
  });

  it('an API call is an overlay: shown as changed, kept over restarts, gone when it says what the template says', () => {
    sns.service.setBaseline([named('one')]);
    set('mine');
    assert.deepEqual([displayName(), summary()?.changed], ['mine', ['DisplayName']]);
    sns.restart().setBaseline([named('one')]);
    assert.deepEqual([displayName(), summary()?.changed], ['mine', ['DisplayName']]);
    set('one');
    assert.deepEqual([displayName(), summary()?.changed], ['one', []]);
  });

  it('when the template changes the same attribute, the template wins and says so', () => {
    sns.service.setBaseline([named('one')]);
    set('mine');
    sns.service.setBaseline([named('two')]);
    assert.deepEqual([displayName(), summary()?.changed], ['two', []]);
    assert.ok(sns.log.includes('info: The template changed DisplayName of the topic orders: the changes made here are dropped.'));
  });

  it('the same holds for subscriptions', () => {
    sns.service.setBaseline([topic, subscription({ FilterPolicy: { kind: ['a'] } })]);
    const SubscriptionArn = summary()?.subscriptions[0]?.arn ?? '';
    sns.call('SetSubscriptionAttributes', { SubscriptionArn, AttributeName: 'FilterPolicy', AttributeValue: '{"kind":["mine"]}' });
    sns.call('SetSubscriptionAttributes', { SubscriptionArn, AttributeName: 'RawMessageDelivery', AttributeValue: 'true' });
    sns.service.setBaseline([topic, subscription({ FilterPolicy: { kind: ['a'] } })]);
    assert.equal(summary()?.subscriptions[0]?.filterPolicy, '{"kind":["mine"]}');
    sns.service.setBaseline([topic, subscription({ FilterPolicy: { kind: ['b'] } })]);
    assert.deepEqual([summary()?.subscriptions[0]?.filterPolicy, summary()?.subscriptions[0]?.rawMessageDelivery], ['{"kind":["b"]}', true]);
    assert.ok(sns.log.some((line) => line.startsWith('info: The template changed FilterPolicy of the subscription of arn:aws:sqs:')));
  });

  it('what was deleted here stays deleted until its template entry changes', () => {
    sns.service.setBaseline([topic, subscription()]);
    sns.call('Unsubscribe', { SubscriptionArn: summary()?.subscriptions[0]?.arn });
    sns.restart().setBaseline([topic, subscription()]);
    assert.deepEqual(summary()?.subscriptions, []);
    sns.service.setBaseline([topic, subscription({ RawMessageDelivery: true })]);
    assert.equal(summary()?.subscriptions.length, 1);

    sns.call('DeleteTopic', { TopicArn: orders });
    sns.restart().setBaseline([topic, subscription({ RawMessageDelivery: true })]);
    assert.deepEqual(sns.service.summaries(), []);
    assert.deepEqual(sns.call('ListSubscriptions'), { Subscriptions: [] });
    sns.service.setBaseline([named('new'), subscription({ RawMessageDelivery: true })]);
    assert.equal(summary()?.subscriptions.length, 1);
  });

  it('what API calls made outlives a template that is broken for a while', () => {
    const queue = sns.queue('mine');
    sns.service.setBaseline([topic]);
    sns.subscribe(orders, 'sqs', queue);
    set('mine');
    sns.service.setBaseline([]);
    assert.deepEqual(sns.service.summaries(), []);
    sns.service.setBaseline([topic]);
    assert.deepEqual([displayName(), summary()?.subscriptions.map(({ endpoint }) => endpoint)], ['mine', [queue]]);
  });

  it('CreateTopic of a template\'s topic answers its ARN', () => {
    sns.service.setBaseline([named('one')]);
    assert.equal(sns.topic('orders'), orders);
    assert.deepEqual(summary()?.changed, []);
  });

  it('an endpoint that is not served here stays in sight, and the topic tells why it gets nothing', () => {
    sns.service.setBaseline([topic, subscription({ Protocol: 'email', Endpoint: 'a@example.com' }), template('AWS::SNS::Subscription', 'Hook', { TopicArn: orders, Protocol: 'https', Endpoint: 'https://example.com/hook' })]);
    assert.deepEqual(summary()?.subscriptions.map(({ pending }) => pending), [true, true]);
    sns.call('Publish', { TopicArn: orders, Message: 'x' });
    assert.deepEqual(summary()?.lastMessages[0]?.missed.map(({ reason }) => reason).sort(), [
      'Local Lambda does not deliver to email: only to sqs, lambda, and http and https on this machine.',
      'Local Lambda posts to this machine only (127.0.0.1, localhost, [::1]), not to example.com.',
    ]);
  });

  it('broken entries are left out with one warning, however often the template is read', () => {
    const broken = [topic, subscription({ FilterPolicy: { kind: 'a' } }), template('AWS::SNS::Subscription', 'Lost', { TopicArn: topicArn('none'), Protocol: 'sqs', Endpoint: queueArn('q') })];
    sns.service.setBaseline(broken);
    sns.service.setBaseline(broken);
    assert.deepEqual(summary()?.subscriptions, []);
    assert.deepEqual(sns.log, [
      `warn: The subscription of ${queueArn('q')} (sqs) in Sub is left out: Invalid parameter: FilterPolicy: "kind" must be an object or an array`,
      `warn: The subscription Lost is left out: there is no topic ${topicArn('none')} here.`,
    ]);
  });

  it('an HTTP endpoint of a template is asked once to confirm: held while paused, and kept when it has confirmed', async () => {
    const hook = template('AWS::SNS::Subscription', 'Hook', { TopicArn: orders, Protocol: 'http', Endpoint: 'http://127.0.0.1:9/hook' });
    sns.gate.pause();
    sns.service.setBaseline([topic, hook]);
    sns.service.start();
    await sns.clock.pass(60_000);
    assert.equal(sns.posts.length, 0);
    sns.gate.resume();
    await sns.clock.pass(0);
    assert.equal(sns.posts.length, 1);
    sns.call('ConfirmSubscription', { TopicArn: orders, Token: parse(sns.posts[0]?.body)['Token'] }, { anonymous: true });
    sns.restart().setBaseline([topic, hook]);
    sns.service.start();
    await sns.clock.pass(60_000);
    assert.equal(sns.posts.length, 1);
    assert.deepEqual([summary()?.subscriptions[0]?.pending, summary()?.changed], [false, []]);
  });
});
