import assert from 'node:assert/strict';
import fc from 'fast-check';
import { retryDelays } from '../../../../src/resources/sns/delivery-policy.ts';
import { base, Fixture, parse, queueArn, type Post } from './fixture.ts';

const url = 'http://127.0.0.1:9/hook';

describe('SNS: HTTP endpoints', () => {
  let sns: Fixture;
  let topic: string;
  beforeEach(() => {
    sns = new Fixture();
    sns.service.start();
    topic = sns.topic('orders');
  });
  const publish = (Message = 'hello') => sns.call<{ MessageId: string }>('Publish', { TopicArn: topic, Message }).MessageId;
  const token = (post: Post | undefined) => String(parse(post?.body)['Token']);
  const last = () => sns.service.summaries()[0]?.lastMessages[0];

  async function subscribed(Attributes: Record<string, string> = {}): Promise<string> {
    const arn = sns.subscribe(topic, 'http', url, Attributes);
    await sns.clock.pass(0);
    sns.call('ConfirmSubscription', { TopicArn: topic, Token: token(sns.posts.pop()) }, { anonymous: true });
    return arn;
  }

  it('a new endpoint gets a SubscriptionConfirmation with AWS\'s headers and fields (recorded)', async () => {
    const arn = sns.subscribe(topic, 'http', url, { DeliveryPolicy: JSON.stringify({ requestPolicy: { headerContentType: 'text/csv' } }) });
    await sns.clock.pass(0);
    const [post] = sns.posts as [Post];
    const body = parse<Record<string, string>>(post.body);
    assert.equal(post.url, url);
    assert.deepEqual(post.headers, {
      'x-amz-sns-message-type': 'SubscriptionConfirmation', 'x-amz-sns-message-id': body['MessageId'], 'x-amz-sns-topic-arn': topic, 'Content-Type': 'text/plain; charset=UTF-8',
    });
    assert.deepEqual(Object.keys(body), ['Type', 'MessageId', 'Token', 'TopicArn', 'Message', 'SubscribeURL', 'Timestamp', 'SignatureVersion', 'Signature', 'SigningCertURL']);
    assert.equal(body['Message'], `You have chosen to subscribe to the topic ${topic}.\nTo confirm the subscription, visit the SubscribeURL included in this message.`);
    assert.equal(body['SubscribeURL'], `${base}/?Action=ConfirmSubscription&TopicArn=${topic}&Token=${body['Token']}`);
    assert.match(String(body['Token']), /^[0-9a-f]{288}$/);

    publish();
    await sns.clock.pass(0);
    assert.equal(sns.posts.length, 1);
    assert.equal(last()?.missed[0]?.reason, 'The subscription is not confirmed yet.');
    assert.deepEqual(sns.call('ConfirmSubscription', { TopicArn: topic, Token: body['Token'] }), { SubscriptionArn: arn });
    assert.deepEqual(sns.call('ConfirmSubscription', { TopicArn: topic, Token: body['Token'] }), { SubscriptionArn: arn });
    assert.equal(sns.attributes('GetSubscriptionAttributes', arn)['ConfirmationWasAuthenticated'], 'true');
  });

  it('notifications come with AWS\'s headers, raw ones say so (recorded)', async () => {
    const arn = await subscribed();
    const id = publish('test_external_http_endpoint');
    await sns.clock.pass(0);
    const headers = { 'x-amz-sns-message-type': 'Notification', 'x-amz-sns-message-id': id, 'x-amz-sns-topic-arn': topic, 'x-amz-sns-subscription-arn': arn };
    assert.deepEqual(sns.posts[0]?.headers, { ...headers, 'Content-Type': 'text/plain; charset=UTF-8' });
    assert.deepEqual(Object.keys(parse(sns.posts[0]?.body)), ['Type', 'MessageId', 'TopicArn', 'Message', 'Timestamp', 'SignatureVersion', 'Signature', 'SigningCertURL', 'UnsubscribeURL']);

    sns.call('SetSubscriptionAttributes', { SubscriptionArn: arn, AttributeName: 'RawMessageDelivery', AttributeValue: 'true' });
    sns.call('SetSubscriptionAttributes', { SubscriptionArn: arn, AttributeName: 'DeliveryPolicy', AttributeValue: '{"requestPolicy":{"headerContentType":"text/csv"}}' });
    const raw = publish('a,b');
    await sns.clock.pass(0);
    assert.deepEqual(sns.posts[1]?.headers, { ...headers, 'x-amz-sns-message-id': raw, 'x-amz-sns-rawdelivery': 'true', 'Content-Type': 'text/csv' });
    assert.equal(sns.posts[1]?.body, 'a,b');
  });

  it('a token is valid for two days, and sent again until then', async () => {
    sns.subscribe(topic, 'http', url);
    await sns.clock.pass(48 * 3600 * 1000 - 1);
    sns.subscribe(topic, 'http', url);
    await sns.clock.pass(0);
    assert.equal(token(sns.posts[1]), token(sns.posts[0]));
    await sns.clock.pass(2);
    assert.equal(sns.refusal('ConfirmSubscription', { TopicArn: topic, Token: token(sns.posts[0]) }), 'InvalidParameter: Invalid parameter: Token');
    sns.subscribe(topic, 'http', url);
    await sns.clock.pass(0);
    assert.notEqual(token(sns.posts[2]), token(sns.posts[0]));
  });

  it('an unsigned Unsubscribe is announced, and can be taken back within two days (recorded)', async () => {
    const arn = await subscribed({ RawMessageDelivery: 'true' });
    sns.call('Unsubscribe', { SubscriptionArn: arn }, { anonymous: true });
    await sns.clock.pass(0);
    const [post] = sns.posts as [Post];
    assert.equal(post.headers['x-amz-sns-message-type'], 'UnsubscribeConfirmation');
    assert.equal(post.headers['x-amz-sns-subscription-arn'], arn);
    assert.equal(parse(post.body)['Message'], `You have chosen to deactivate subscription ${arn}.\nTo cancel this operation and restore the subscription, visit the SubscribeURL included in this message.`);
    assert.equal(sns.refusal('GetSubscriptionAttributes', { SubscriptionArn: arn }), 'NotFound: Subscription does not exist');
    assert.deepEqual(sns.call('ConfirmSubscription', { TopicArn: topic, Token: token(post) }, { anonymous: true }), { SubscriptionArn: arn });
    const attributes = sns.attributes('GetSubscriptionAttributes', arn);
    assert.deepEqual([attributes['PendingConfirmation'], attributes['RawMessageDelivery'], attributes['ConfirmationWasAuthenticated']], ['false', 'true', 'false']);
  });

  it('a signed Unsubscribe is not announced; AuthenticateOnUnsubscribe forbids the unsigned one', async () => {
    const arn = sns.subscribe(topic, 'http', url);
    await sns.clock.pass(0);
    sns.call('ConfirmSubscription', { TopicArn: topic, Token: token(sns.posts.pop()), AuthenticateOnUnsubscribe: 'true' });
    assert.match(sns.refusal('Unsubscribe', { SubscriptionArn: arn }, { anonymous: true }), /^AuthorizationError: /);
    sns.call('Unsubscribe', { SubscriptionArn: arn });
    await sns.clock.pass(0);
    assert.deepEqual(sns.posts, []);
  });

  it('a failing endpoint is tried three times more, 20 AWS seconds apart, at any scale (recorded policy)', async () => {
    for (const scale of [1, 60]) {
      sns = new Fixture();
      sns.service.start();
      topic = sns.topic('orders');
      sns.clock.scale = scale;
      await subscribed();
      publish();
      const begin = sns.clock.waitNow();
      const waits: number[] = [];
      sns.answer = () => {
        waits.push((sns.clock.waitNow() - begin) / 1000);
        return { status: 503 };
      };
      await sns.clock.pass(70_000);
      assert.equal(waits.length, 4);
      waits.forEach((seconds, place) => assert.ok(Math.abs(seconds - place * 20) < 1, `attempt ${place} after ${seconds} AWS seconds`));
      assert.match(last()?.missed[0]?.reason ?? '', /^The endpoint answered with status 503\. It was tried 4 times\. There is no dead-letter queue for it\.$/);
    }
  });

  it('no repeat comes sooner than 250 ms of real time, however fast waits pass', async () => {
    sns.clock.scale = 3600;
    await subscribed({ DeliveryPolicy: JSON.stringify({ healthyRetryPolicy: { numRetries: 5, numNoDelayRetries: 5 } }) });
    sns.answer = () => ({ failure: 'connect ECONNREFUSED 127.0.0.1:9' });
    publish();
    await sns.clock.pass(10_000);
    const gaps = sns.posts.slice(1).map(({ at }, place) => at - (sns.posts[place]?.at ?? 0));
    assert.equal(sns.posts.length, 6);
    assert.ok(gaps.every((gap) => gap >= 250), String(gaps));
    assert.match(last()?.missed[0]?.reason ?? '', /^The endpoint did not answer: connect ECONNREFUSED/);
  });

  it('what fails for good goes to the dead-letter queue: after the last retry, or at once for a 4xx', async () => {
    const dlq = sns.queue('dlq');
    await subscribed({ RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dlq }) });
    sns.answer = () => ({ status: 404 });
    const id = publish('not found');
    await sns.clock.pass(0);
    assert.equal(sns.posts.length, 1);
    assert.equal(parse(sns.receive(dlq)[0]?.body)['MessageId'], id);
    sns.answer = () => ({ status: 429 });
    publish('throttled');
    await sns.clock.pass(70_000);
    assert.equal(sns.posts.length, 5);
    assert.equal(parse(sns.receive(dlq)[0]?.body)['Message'], 'throttled');
    assert.match(last()?.missed[0]?.reason ?? '', /status 429\. It was tried 4 times\. It is in the dead-letter queue arn:aws:sqs:us-east-1:123456789012:dlq\./);
    assert.deepEqual([last()?.delivered, sns.service.summaries()[0]?.subscriptions[0]?.waiting], [0, 0]);
  });

  it('a retry that succeeds ends it', async () => {
    await subscribed();
    const answers = [{ status: 500 }, { failure: 'no answer within 15 seconds' }, { status: 204 }];
    sns.answer = () => answers.shift() ?? { status: 999 };
    publish();
    await sns.clock.pass(500);
    assert.equal(sns.service.summaries()[0]?.subscriptions[0]?.waiting, 1);
    await sns.clock.pass(60_000);
    assert.equal(sns.posts.length, 3);
    assert.deepEqual([last()?.delivered, last()?.missed], [1, []]);
  });

  it('deliveries survive the end of the engine, with the attempts that they had', async () => {
    await subscribed();
    sns.answer = () => ({ status: 500 });
    publish();
    await sns.clock.pass(300);
    assert.equal(sns.posts.length, 1);
    sns.restart().start();
    sns.answer = () => ({ status: 200 });
    await sns.clock.pass(70_000);
    assert.equal(sns.posts.length, 2);
    assert.ok((sns.posts[1] as Post).at - (sns.posts[0] as Post).at >= 333);
    assert.equal(sns.posts[1]?.body, sns.posts[0]?.body);
  });

  it('while the engine is paused, what was left over waits, and what comes now goes out', async () => {
    await subscribed();
    sns.answer = () => ({ status: 500 });
    publish('left over');
    await sns.clock.pass(0);
    sns.posts.length = 0;
    sns.answer = () => ({ status: 200 });
    sns.gate.pause();
    sns.restart().start();
    publish('new');
    await sns.clock.pass(3_600_000);
    assert.deepEqual(sns.posts.map(({ body }) => parse(body)['Message']), ['new']);
    sns.gate.resume();
    await sns.clock.pass(0);
    assert.deepEqual(sns.posts.map(({ body }) => parse(body)['Message']), ['new', 'left over']);
  });

  it('nothing is posted before the service starts: an untrusted workspace does nothing to the world', async () => {
    await subscribed();
    sns.restart();
    publish();
    await sns.clock.pass(60_000);
    assert.equal(sns.posts.length, 0);
    sns.service.start();
    await sns.clock.pass(0);
    assert.equal(sns.posts.length, 1);
  });

  it('after Unsubscribe nothing more is posted, not even what was owed', async () => {
    const arn = await subscribed();
    sns.answer = () => ({ status: 500 });
    publish();
    await sns.clock.pass(0);
    sns.call('Unsubscribe', { SubscriptionArn: arn });
    await sns.clock.pass(3_600_000);
    assert.equal(sns.posts.length, 1);
  });

  it('at most 32 posts are under way, and all come through', async () => {
    const service = new Fixture();
    service.service.start();
    const arn = service.topic();
    service.subscribe(arn, 'http', url);
    await service.clock.pass(0);
    service.call('ConfirmSubscription', { TopicArn: arn, Token: token(service.posts.pop()) });
    for (let number = 0; number < 100; number += 1) service.call('Publish', { TopicArn: arn, Message: String(number) });
    await service.clock.pass(0);
    for (let turn = 0; turn < 10; turn += 1) await service.clock.pass(1);
    assert.deepEqual(service.posts.map(({ body }) => Number(parse(body)['Message'])), Array.from({ length: 100 }, (_, number) => number));
  });

  it('a published message waits in no queue of another topic\'s dead-letter target that does not exist, and says so', async () => {
    await subscribed({ RedrivePolicy: JSON.stringify({ deadLetterTargetArn: queueArn('nowhere') }) });
    sns.answer = () => ({ status: 400 });
    publish();
    await sns.clock.pass(0);
    assert.match(last()?.missed[0]?.reason ?? '', /The dead-letter queue .*:nowhere did not take it: The specified queue does not exist\./);
  });
});

describe('SNS: delivery policies', () => {
  const policy = (retry: object) => JSON.stringify({ healthyRetryPolicy: retry });

  it('the phases follow each other: at once, pre-backoff, backoff, post-backoff', () => {
    assert.deepEqual(retryDelays(policy({ minDelayTarget: 1, maxDelayTarget: 9, numRetries: 8, numNoDelayRetries: 1, numMinDelayRetries: 2, numMaxDelayRetries: 2, backoffFunction: 'linear' }), undefined),
      [0, 1, 1, 1, 5, 9, 9, 9]);
  });

  it('disableSubscriptionOverrides makes the topic\'s policy count', () => {
    const topicPolicy = JSON.stringify({ http: { defaultHealthyRetryPolicy: { minDelayTarget: 2, maxDelayTarget: 2, numRetries: 1 }, disableSubscriptionOverrides: true } });
    assert.deepEqual(retryDelays(policy({ minDelayTarget: 5, maxDelayTarget: 5, numRetries: 2 }), topicPolicy), [2]);
  });

  it('property: as many retries as granted, each between the least and the most delay, in the backoff phase never shrinking', () => {
    fc.assert(fc.property(
      fc.integer({ min: 1, max: 3600 }), fc.integer({ min: 0, max: 3599 }), fc.integer({ min: 0, max: 100 }),
      fc.constantFrom('linear', 'arithmetic', 'geometric', 'exponential'),
      (least, spread, numRetries, backoffFunction) => {
        const most = Math.min(3600, least + spread);
        const delays = retryDelays(policy({ minDelayTarget: least, maxDelayTarget: most, numRetries, backoffFunction }), undefined);
        assert.equal(delays.length, numRetries);
        delays.forEach((delay, place) => {
          assert.ok(delay >= least - 1e-6 && delay <= most + 1e-6, `${delay} is not between ${least} and ${most}`);
          assert.ok(place === 0 || delay >= (delays[place - 1] ?? 0) - 1e-6);
        });
      },
    ));
  });
});
