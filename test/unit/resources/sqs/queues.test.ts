/** Queues themselves: making, finding, attributes, policies, tags, permissions, purging. */
import assert from 'node:assert/strict';
import { account, arnOf, endpoint, Harness, urlOf } from './harness.ts';

describe('SQS: queues', () => {
  let t: Harness;
  beforeEach(() => { t = new Harness(); });
  afterEach(() => { t.close(); });
  const refused = (QueueName: string, Attributes: Record<string, string> = {}) => t.fails('CreateQueue', { QueueName, Attributes });

  it('have URLs of the endpoint that the caller reached', () => {
    assert.equal(t.create('q'), `${endpoint}/${account}/q`);
    const there = t.sqs.call('GetQueueUrl', { QueueName: 'q' }, { requestId: 'r', endpoint: 'http://localhost:9' });
    assert.deepEqual(there, { QueueUrl: `http://localhost:9/${account}/q` });
  });

  it('have AWS\'s defaults', () => {
    const { CreatedTimestamp, LastModifiedTimestamp, ...attributes } = t.attributes(t.create('q'));
    assert.deepEqual([CreatedTimestamp, LastModifiedTimestamp], [String(t.clock.time / 1000), String(t.clock.time / 1000)]);
    assert.deepEqual(attributes, {
      QueueArn: arnOf('q'), ApproximateNumberOfMessages: '0', ApproximateNumberOfMessagesNotVisible: '0', ApproximateNumberOfMessagesDelayed: '0',
      VisibilityTimeout: '30', MaximumMessageSize: '1048576', MessageRetentionPeriod: '345600', DelaySeconds: '0',
      ReceiveMessageWaitTimeSeconds: '0', SqsManagedSseEnabled: 'true',
    });
    const fifo = t.attributes(t.create('q.fifo'));
    assert.deepEqual([fifo.FifoQueue, fifo.ContentBasedDeduplication, fifo.DeduplicationScope, fifo.FifoThroughputLimit], ['true', 'false', 'queue', 'perQueue']);
  });

  it('are the same again when made with the same attributes, and refused with others', () => {
    t.create('q', { DelaySeconds: '5' });
    assert.equal(t.create('q', { DelaySeconds: '5' }), urlOf('q'));
    assert.equal(t.create('q'), urlOf('q'));
    assert.equal(t.create('q', { VisibilityTimeout: '30' }), urlOf('q'), 'a default given by name is the same');
    const fault = refused('q', { DelaySeconds: '6' });
    assert.deepEqual([fault.name, fault.queryCode, fault.message], ['QueueNameExists', 'QueueAlreadyExists', 'A queue already exists with the same name and a different value for attribute DelaySeconds']);
  });

  it('have names of letters, digits, hyphens and underscores', () => {
    for (const name of ['', 'a b', 'a.b', 'a/b', 'x'.repeat(81), 'q.fifo']) assert.equal(refused(name).queryCode, 'InvalidParameterValue', name);
    assert.equal(refused('a b').message, 'Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length');
    assert.match(refused('q', { FifoQueue: 'true' }).message, /^The name of a FIFO queue can only include .* must end with \.fifo suffix and be 1 to 80 in length/);
    t.create('x'.repeat(80));
    t.create(`${'x'.repeat(75)}.fifo`);
    assert.equal(refused(`${'x'.repeat(76)}.fifo`, { FifoQueue: 'true' }).queryCode, 'InvalidParameterValue');
  });

  it('refuse attributes that there are not, or that are out of range', () => {
    const cases: [string, string, string, string][] = [
      ['Colour', 'red', 'InvalidAttributeName', 'Unknown Attribute Colour.'],
      ['QueueArn', 'x', 'InvalidAttributeName', 'Unknown Attribute QueueArn.'],
      ['FifoQueue', 'false', 'InvalidAttributeName', 'Unknown Attribute FifoQueue.'],
      ['ContentBasedDeduplication', 'true', 'InvalidAttributeName', 'Unknown Attribute ContentBasedDeduplication.'],
      ['DeduplicationScope', 'queue', 'InvalidAttributeName', 'You can specify the DeduplicationScope only when FifoQueue is set to true.'],
      ...[['VisibilityTimeout', '-1', '43201'], ['MaximumMessageSize', '1023', '1048577'], ['MessageRetentionPeriod', '59', '1209601'], ['DelaySeconds', 'x', '901'], ['ReceiveMessageWaitTimeSeconds', '1.5', '21']]
        .flatMap(([name, ...values]) => values.map((value): [string, string, string, string] => [name as string, value, 'InvalidAttributeValue', `Invalid value for the parameter ${name}.`])),
    ];
    const url = t.create('q');
    for (const [name, value, fault, message] of cases) {
      for (const found of [refused('new', { [name]: value }), t.fails('SetQueueAttributes', { QueueUrl: url, Attributes: { [name]: value } })]) {
        assert.deepEqual([found.name, found.message], [fault, message]);
      }
    }
    assert.equal(t.fails('GetQueueAttributes', { QueueUrl: url, AttributeNames: ['Colour'] }).message, 'Unknown Attribute Colour.');
    assert.deepEqual(t.now('ListQueues'), { QueueUrls: [url] });
  });

  it('answer no attributes when none was asked for, and only those that were', () => {
    const url = t.create('q');
    assert.deepEqual(t.now('GetQueueAttributes', { QueueUrl: url }), {});
    assert.deepEqual(t.now('GetQueueAttributes', { QueueUrl: url, AttributeNames: ['VisibilityTimeout', 'Policy'] }), { Attributes: { VisibilityTimeout: '30' } });
    assert.deepEqual(t.now('GetQueueAttributes', { QueueUrl: url, AttributeNames: ['Policy'] }), {});
  });

  it('keep what is set, over a restart', () => {
    const url = t.create('q');
    t.clock.time += 60_000;
    t.now('SetQueueAttributes', { QueueUrl: url, Attributes: { VisibilityTimeout: '69', MaximumMessageSize: '2048', DelaySeconds: '420' } });
    t.restart();
    const attributes = t.attributes(url);
    assert.deepEqual([attributes.VisibilityTimeout, attributes.MaximumMessageSize, attributes.DelaySeconds], ['69', '2048', '420']);
    assert.equal(Number(attributes.LastModifiedTimestamp) - Number(attributes.CreatedTimestamp), 60);
  });

  it('use one kind of encryption', () => {
    const url = t.create('q', { KmsMasterKeyId: 'testKeyId', KmsDataKeyReusePeriodSeconds: '6000' });
    const all = t.attributes(url);
    assert.deepEqual([all.KmsMasterKeyId, all.KmsDataKeyReusePeriodSeconds, all.SqsManagedSseEnabled], ['testKeyId', '6000', 'false']);
    const both = refused('r', { KmsMasterKeyId: 'k', SqsManagedSseEnabled: 'true' });
    assert.deepEqual([both.name, both.message], ['InvalidAttributeName', 'You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE.']);
    t.now('SetQueueAttributes', { QueueUrl: url, Attributes: { KmsMasterKeyId: '' } });
    assert.equal(t.attributes(url).KmsMasterKeyId, undefined);
  });

  it('check their redrive policy', () => {
    t.create('dead');
    const policy = (value: unknown) => refused('q', { RedrivePolicy: typeof value === 'string' ? value : JSON.stringify(value) });
    assert.equal(
      policy('{"deadLetterTargetArn": "dummy", "maxReceiveCount": 42}').message,
      'Value {"deadLetterTargetArn": "dummy", "maxReceiveCount": 42} for parameter RedrivePolicy is invalid. Reason: Invalid value for deadLetterTargetArn.',
    );
    assert.match(policy('nonsense').message, /Reason: Redrive policy is not a valid JSON map\.$/);
    assert.match(policy({ deadLetterTargetArn: arnOf('dead') }).message, /does not contain mandatory attribute: maxReceiveCount\.$/);
    assert.match(policy({ maxReceiveCount: 1 }).message, /does not contain mandatory attribute: deadLetterTargetArn\.$/);
    assert.match(policy({ deadLetterTargetArn: arnOf('dead'), maxReceiveCount: 1001 }).message, /Invalid value for maxReceiveCount: 1001, valid values are from 1 to 1000 both inclusive\.$/);
    assert.match(policy({ deadLetterTargetArn: arnOf('gone'), maxReceiveCount: 1 }).message, /Reason: Dead letter target does not exist\.$/);
    const url = t.create('q', { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: arnOf('dead'), maxReceiveCount: '3' }) });
    assert.equal(t.attributes(url).RedrivePolicy, `{"deadLetterTargetArn":"${arnOf('dead')}","maxReceiveCount":3}`);
    t.now('SetQueueAttributes', { QueueUrl: url, Attributes: { RedrivePolicy: '' } });
    assert.equal(t.attributes(url).RedrivePolicy, undefined);
  });

  it('let a redrive allow policy say whose dead letters they take', () => {
    const dead = t.create('dead');
    const allow = (value: object) => t.now('SetQueueAttributes', { QueueUrl: dead, Attributes: { RedriveAllowPolicy: JSON.stringify(value) } });
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: arnOf('dead'), maxReceiveCount: 1 });
    allow({ redrivePermission: 'denyAll' });
    assert.equal(refused('a', { RedrivePolicy }).queryCode, 'InvalidParameterValue');
    allow({ redrivePermission: 'byQueue', sourceQueueArns: [arnOf('a')] });
    t.create('a', { RedrivePolicy });
    assert.equal(refused('b', { RedrivePolicy }).queryCode, 'InvalidParameterValue');
    allow({ redrivePermission: 'allowAll' });
    t.create('b', { RedrivePolicy });
    for (const wrong of [{ redrivePermission: 'some' }, { redrivePermission: 'byQueue' }, { redrivePermission: 'allowAll', sourceQueueArns: [arnOf('a')] }]) {
      assert.equal(t.fails('SetQueueAttributes', { QueueUrl: dead, Attributes: { RedriveAllowPolicy: JSON.stringify(wrong) } }).queryCode, 'InvalidParameterValue');
    }
    assert.deepEqual(t.now('ListDeadLetterSourceQueues', { QueueUrl: dead }), { queueUrls: [urlOf('a'), urlOf('b')] });
  });

  it('are listed in pages, by prefix', () => {
    for (const name of ['b1', 'a1', 'a3', 'a2']) t.create(name);
    assert.deepEqual(t.now('ListQueues', { QueueNamePrefix: 'a' }), { QueueUrls: ['a1', 'a2', 'a3'].map(urlOf) });
    const first = t.now<{ QueueUrls: string[]; NextToken: string }>('ListQueues', { MaxResults: 3 });
    assert.deepEqual(first.QueueUrls, ['a1', 'a2', 'a3'].map(urlOf));
    assert.deepEqual(t.now('ListQueues', { MaxResults: 3, NextToken: first.NextToken }), { QueueUrls: [urlOf('b1')] });
    assert.deepEqual(t.now('ListQueues', { QueueNamePrefix: 'zz' }), {});
    for (const input of [{ MaxResults: 0 }, { MaxResults: 1001 }, { NextToken: '!' }]) assert.equal(t.fails('ListQueues', input).queryCode, 'InvalidParameterValue');
  });

  it('are gone when deleted, with their messages', () => {
    const url = t.create('q');
    t.send(url, 'x');
    t.now('DeleteQueue', { QueueUrl: url });
    assert.equal(t.fails('ReceiveMessage', { QueueUrl: url }).name, 'QueueDoesNotExist');
    assert.equal(t.fails('GetQueueUrl', { QueueName: 'q' }).name, 'QueueDoesNotExist');
    t.create('q');
    assert.deepEqual(t.counts(url), [0, 0, 0]);
  });

  it('are empty at once when purged; what comes after stays; the rows go in slices', async () => {
    const url = t.create('q');
    for (let at = 0; at < 1200; at += 1) t.send(url, 'x');
    t.receive(url);
    t.now('PurgeQueue', { QueueUrl: url });
    t.send(url, 'after');
    assert.deepEqual(t.counts(url), [1, 0, 0]);
    const rows = () => (t.database.prepare('SELECT count(*) AS n FROM queue_messages').get() as { n: number }).n;
    assert.equal(rows(), 1201);
    await t.clock.pass(1000);
    assert.equal(rows(), 1);
    assert.deepEqual(t.bodies(url), ['after']);
  });

  it('are purged at most once in 60 seconds of real time', async () => {
    const url = t.create('q');
    t.now('PurgeQueue', { QueueUrl: url });
    const fault = t.fails('PurgeQueue', { QueueUrl: url });
    assert.deepEqual([fault.name, fault.status, fault.queryCode], ['PurgeQueueInProgress', 403, 'AWS.SimpleQueueService.PurgeQueueInProgress']);
    assert.equal(fault.message, 'Only one PurgeQueue operation on q is allowed every 60 seconds.');
    await t.clock.pass(60_000);
    t.now('PurgeQueue', { QueueUrl: url });
  });

  it('have tags', () => {
    const url = t.now<{ QueueUrl: string }>('CreateQueue', { QueueName: 'q', tags: { a: '1' } }).QueueUrl;
    t.now('TagQueue', { QueueUrl: url, Tags: { a: '2', b: '' } });
    assert.deepEqual(t.now('ListQueueTags', { QueueUrl: url }), { Tags: { a: '2', b: '' } });
    t.now('UntagQueue', { QueueUrl: url, TagKeys: ['a', 'b'] });
    assert.deepEqual(t.now('ListQueueTags', { QueueUrl: url }), {});
  });

  it('write permissions into their policy as AWS does', () => {
    const url = t.create('q');
    const add = (Label: string, AWSAccountIds: string[]) => ({ QueueUrl: url, Label, AWSAccountIds, Actions: ['ReceiveMessage'] });
    t.now('AddPermission', add('crossaccountpermission', ['111111111111', '668614515564']));
    assert.deepEqual(JSON.parse(t.attributes(url).Policy as string), {
      Version: '2008-10-17', Id: `${arnOf('q')}/SQSDefaultPolicy`,
      Statement: [{
        Sid: 'crossaccountpermission', Effect: 'Allow', Principal: { AWS: ['arn:aws:iam::111111111111:root', 'arn:aws:iam::668614515564:root'] },
        Action: 'SQS:ReceiveMessage', Resource: arnOf('q'),
      }],
    });
    assert.equal(t.fails('AddPermission', add('crossaccountpermission', ['1'])).message, 'Value crossaccountpermission for parameter Label is invalid. Reason: Already exists.');
    t.now('RemovePermission', { QueueUrl: url, Label: 'crossaccountpermission' });
    assert.equal(t.attributes(url).Policy, undefined);
    assert.equal(t.fails('RemovePermission', { QueueUrl: url, Label: 'x' }).message, "Value x for parameter Label is invalid. Reason: can't find label.");
  });
});
