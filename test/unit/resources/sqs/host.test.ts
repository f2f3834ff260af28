/** What the engine asks of queues beside their API: templates as baseline, summaries, looking without consuming. */
import assert from 'node:assert/strict';
import { arnOf, Harness, urlOf, type ReceivedMessage } from './harness.ts';

describe('SQS: queues of templates', () => {
  let t: Harness;
  beforeEach(() => { t = new Harness(); });
  afterEach(() => { t.close(); });
  const set = (name: string, Attributes: Record<string, string>) => t.now('SetQueueAttributes', { QueueUrl: urlOf(name), Attributes });
  const summary = (name: string) => t.sqs.summaries().find((queue) => queue.name === name);

  it('exist with the attributes of their properties', () => {
    t.declare(
      ['jobs', { QueueName: 'jobs', VisibilityTimeout: 60, RedrivePolicy: { deadLetterTargetArn: arnOf('dead'), maxReceiveCount: 3 }, Tags: [{ Key: 'team', Value: 'a' }] }],
      ['dead', { MessageRetentionPeriod: '1209600' }],
      ['jobs.fifo', { FifoQueue: true, ContentBasedDeduplication: true }],
    );
    const jobs = t.attributes(urlOf('jobs'));
    assert.deepEqual([jobs.VisibilityTimeout, jobs.RedrivePolicy], ['60', `{"deadLetterTargetArn":"${arnOf('dead')}","maxReceiveCount":3}`]);
    assert.deepEqual(t.now('ListQueueTags', { QueueUrl: urlOf('jobs') }), { Tags: { team: 'a' } });
    assert.equal(t.attributes(urlOf('jobs.fifo')).ContentBasedDeduplication, 'true');
    assert.deepEqual(summary('jobs')?.origin, { kind: 'sam', logicalId: 'jobs' });
    assert.deepEqual(summary('dead')?.sourceArns, [arnOf('jobs')]);
    assert.deepEqual(t.log, []);
  });

  it('keep what an API call changed, and show it as changed, over a restart', () => {
    const declare = () => t.declare(['q', { VisibilityTimeout: 60, DelaySeconds: 1 }]);
    declare();
    set('q', { VisibilityTimeout: '90' });
    t.restart();
    declare();
    assert.equal(t.attributes(urlOf('q')).VisibilityTimeout, '90');
    assert.deepEqual(summary('q')?.changed, ['VisibilityTimeout']);
    set('q', { VisibilityTimeout: '60' });
    assert.deepEqual(summary('q')?.changed, []);
    t.now('TagQueue', { QueueUrl: urlOf('q'), Tags: { a: 'b' } });
    assert.deepEqual(summary('q')?.changed, ['Tags']);
  });

  it('follow the template where it changes the same property, and the log says so', () => {
    t.declare(['q', { VisibilityTimeout: 60 }]);
    set('q', { VisibilityTimeout: '90', DelaySeconds: '5' });
    t.declare(['q', { VisibilityTimeout: 120 }]);
    const { VisibilityTimeout, DelaySeconds } = t.attributes(urlOf('q'));
    assert.deepEqual([VisibilityTimeout, DelaySeconds], ['120', '5']);
    assert.deepEqual(summary('q')?.changed, ['DelaySeconds']);
    assert.match(t.log.join(), /The template changed VisibilityTimeout of queue q/);
  });

  it('may lose a policy by an API call, and get it back from the template', () => {
    const policy = (count: number) => ({ RedrivePolicy: { deadLetterTargetArn: arnOf('dead'), maxReceiveCount: count } });
    t.declare(['dead', {}], ['q', policy(1)]);
    set('q', { RedrivePolicy: '' });
    assert.equal(t.attributes(urlOf('q')).RedrivePolicy, undefined);
    t.declare(['dead', {}], ['q', policy(1)]);
    assert.equal(t.attributes(urlOf('q')).RedrivePolicy, undefined);
    t.declare(['dead', {}], ['q', policy(2)]);
    assert.match(t.attributes(urlOf('q')).RedrivePolicy as string, /:2}$/);
  });

  it('stay with their messages when their entry goes, until somebody deletes them', () => {
    t.declare(['q', { VisibilityTimeout: 60 }]);
    t.send(urlOf('q'), 'x');
    t.declare();
    t.restart();
    assert.equal(t.attributes(urlOf('q')).VisibilityTimeout, '60');
    assert.equal(summary('q')?.visible, 1);
    assert.equal(summary('q')?.origin, undefined);
    t.now('DeleteQueue', { QueueUrl: urlOf('q') });
    assert.equal(summary('q'), undefined);
  });

  it('that are deleted come back when their entry changes', () => {
    t.declare(['q', { VisibilityTimeout: 60 }]);
    t.send(urlOf('q'), 'x');
    t.now('DeleteQueue', { QueueUrl: urlOf('q') });
    t.restart();
    t.declare(['q', { VisibilityTimeout: 60 }]);
    assert.equal(summary('q'), undefined);
    t.declare(['q', { VisibilityTimeout: 61 }]);
    assert.equal(summary('q')?.visible, 0);
  });

  it('are used without what the template has wrong, and the log says so', () => {
    t.declare(['q', { VisibilityTimeout: 99_999_999, DelaySeconds: 5, RedrivePolicy: { deadLetterTargetArn: arnOf('nowhere'), maxReceiveCount: 2 } }]);
    const { VisibilityTimeout, DelaySeconds, RedrivePolicy } = t.attributes(urlOf('q'));
    assert.deepEqual([VisibilityTimeout, DelaySeconds], ['30', '5']);
    assert.match(t.log.join(), /Queue q in the template is used without VisibilityTimeout: Invalid value for the parameter VisibilityTimeout\./);
    assert.match(t.log.join(), /RedrivePolicy of queue q names arn:aws:sqs:us-east-1:123456789012:nowhere, which does not exist here/);
    assert.ok(RedrivePolicy, 'a dead-letter queue may come later');
  });

  it('take over a queue that an API call made, with its messages', () => {
    t.send(t.create('q', { VisibilityTimeout: '5' }), 'x');
    t.declare(['q', { DelaySeconds: 1 }]);
    assert.deepEqual([summary('q')?.visible, summary('q')?.visibilityTimeoutSeconds, summary('q')?.changed], [1, 30, []]);
  });
});

describe('SQS: what views show', () => {
  let t: Harness;
  let url: string;
  beforeEach(() => { t = new Harness(); url = t.create('q'); });
  afterEach(() => { t.close(); });

  it('counts messages by their state, and tells the age of the oldest', () => {
    t.send(url, 'a');
    t.send(url, 'b');
    t.send(url, 'c', { DelaySeconds: 60 });
    t.receive(url);
    t.clock.time += 5500;
    assert.deepEqual(t.sqs.summaries(), [{
      kind: 'queue', name: 'q', arn: arnOf('q'), url, fifo: false, visible: 1, inFlight: 1, delayed: 1, oldestAgeSeconds: 5,
      visibilityTimeoutSeconds: 30, sourceArns: [], changed: [],
    }]);
  });

  it('tells of every change', () => {
    const changed = (work: () => void) => { const before = t.changes; work(); return t.changes > before; };
    assert.ok(changed(() => t.send(url, 'x')));
    let message: ReceivedMessage | undefined;
    assert.ok(changed(() => { [message] = t.receive(url); }));
    assert.ok(changed(() => t.delete(url, message as ReceivedMessage)));
    assert.ok(changed(() => t.now('PurgeQueue', { QueueUrl: url })));
    assert.ok(changed(() => t.create('other')));
    assert.ok(changed(() => t.now('DeleteQueue', { QueueUrl: url })));
  });

  it('tells when a hidden message has become visible, though nobody asks', async () => {
    t.send(url, 'x', { DelaySeconds: 1 });
    const before = t.changes;
    await t.clock.pass(1000);
    assert.ok(t.changes > before);
  });

  it('looks at messages without receiving them, oldest first, page by page', () => {
    t.clock.scale = 60;
    t.now('SendMessage', { QueueUrl: url, MessageBody: 'a', MessageAttributes: { n: { DataType: 'Number', StringValue: '1' } } }, { traceHeader: 'Root=1-a;Parent=b' });
    t.send(url, 'b', { DelaySeconds: 60 });
    t.send(url, 'c');
    t.receive(url);
    const [a, b] = t.sqs.peek(arnOf('q'), 2);
    assert.deepEqual([a?.body, a?.state, a?.visibleAt, a?.receiveCount, a?.causedBy], ['a', 'in-flight', t.clock.time + 30_000, 1, 'execution-1']);
    assert.deepEqual(a?.messageAttributes, { n: { DataType: 'Number', StringValue: '1' } });
    assert.equal(a?.attributes.AWSTraceHeader, 'Root=1-a;Parent=b');
    assert.deepEqual([b?.body, b?.state, b?.visibleAt], ['b', 'delayed', t.clock.time + 1000]);
    const [c, ...none] = t.sqs.peek(arnOf('q'), 2, b?.messageId);
    assert.deepEqual([c?.body, c?.state, c?.visibleAt, none], ['c', 'visible', undefined, []]);
    assert.equal(t.receive(url)[0]?.Attributes.ApproximateReceiveCount, '1');
    assert.throws(() => t.sqs.peek(arnOf('nowhere'), 1), { name: 'QueueDoesNotExist' });
  });

  it('removes a message whether or not somebody holds it', () => {
    const { MessageId } = t.send(url, 'x');
    t.receive(url);
    assert.equal(t.sqs.removeMessage(arnOf('q'), MessageId), true);
    assert.equal(t.sqs.removeMessage(arnOf('q'), MessageId), false);
    assert.equal(t.sqs.removeMessage(arnOf('q'), 'nonsense'), false);
    assert.deepEqual(t.counts(url), [0, 0, 0]);
  });
});
