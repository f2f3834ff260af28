import assert from 'node:assert/strict';
import { busArn, Fixture, queueArn, ruleArn } from './fixture.ts';

describe('EventBridge: buses', () => {
  let aws: Fixture;
  beforeEach(() => { aws = new Fixture(); });
  afterEach(() => { aws.close(); });

  it('the default bus is there without being made', () => {
    const { EventBuses } = aws.call<{ EventBuses: object[] }>('ListEventBuses');
    assert.deepEqual(EventBuses, [{ Name: 'default', Arn: busArn('default'), CreationTime: 1795521600, LastModifiedTime: 1795521600 }]);
    assert.equal(aws.refusal('DeleteEventBus', { Name: 'default' }), 'ValidationException: Cannot delete event bus default.');
    assert.equal(aws.refusal('CreateEventBus', { Name: 'default' }), 'ResourceAlreadyExistsException: Event bus default already exists.');
  });

  it('a bus is made, described, listed by prefix and deleted', () => {
    assert.deepEqual(aws.call('CreateEventBus', { Name: 'orders', Description: 'd', Tags: [{ Key: 'a', Value: 'b' }] }), { EventBusArn: busArn('orders'), Description: 'd' });
    assert.deepEqual(aws.call('DescribeEventBus', { Name: 'orders' }), {
      Name: 'orders', Arn: busArn('orders'), Description: 'd', CreationTime: 1795521600, LastModifiedTime: 1795521600,
    });
    assert.equal(aws.call<{ Name: string }>('DescribeEventBus', { Name: busArn('orders') }).Name, 'orders');
    assert.deepEqual(aws.call<{ EventBuses: { Name: string }[] }>('ListEventBuses', { NamePrefix: 'ord' }).EventBuses.map(({ Name }) => Name), ['orders']);
    assert.deepEqual(aws.call('DeleteEventBus', { Name: 'orders' }), {});
    assert.equal(aws.refusal('DescribeEventBus', { Name: 'orders' }), 'ResourceNotFoundException: Event bus orders does not exist.');
  });

  it('a bus that is not there is deleted all the same (as recorded)', () => {
    assert.deepEqual(aws.call('DeleteEventBus', { Name: 'nobody' }), {});
  });

  it('a bus with rules is not deleted', () => {
    aws.bus();
    aws.rule('r', { EventBusName: 'orders' });
    assert.equal(aws.refusal('DeleteEventBus', { Name: 'orders' }), "ValidationException: EventBus can't be deleted since it has rules.");
  });

  it('names are checked in AWS\'s words', () => {
    assert.equal(aws.refusal('CreateEventBus', { Name: 'team/bus' }), "ValidationException: Event bus name must not contain '/'.");
    assert.equal(aws.refusal('CreateEventBus', { Name: 'a b' }), "ValidationException: 1 validation error detected: Value 'a b' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: [/\\.\\-_A-Za-z0-9]+");
    assert.equal(aws.refusal('CreateEventBus', {}), "ValidationException: 1 validation error detected: Value null at 'name' failed to satisfy constraint: Member must not be null");
    aws.bus();
    assert.equal(aws.refusal('CreateEventBus', { Name: 'orders' }), 'ResourceAlreadyExistsException: Event bus orders already exists.');
  });

  it('the dead-letter queue of a bus is a standard queue (measured)', () => {
    assert.equal(aws.refusal('CreateEventBus', { Name: 'b', DeadLetterConfig: { Arn: 'arn:aws:sns:us-east-1:123456789012:t' } }), 'ValidationException: sns is not supported as a dead letter resource.');
    assert.deepEqual(aws.call('CreateEventBus', { Name: 'b', DeadLetterConfig: { Arn: queueArn('q') } }), { EventBusArn: busArn('b'), DeadLetterConfig: { Arn: queueArn('q') } });
  });

  it('lists come in pages', () => {
    for (const name of ['a', 'b', 'c']) aws.bus(name);
    const first = aws.call<{ EventBuses: { Name: string }[]; NextToken: string }>('ListEventBuses', { Limit: 2 });
    assert.deepEqual(first.EventBuses.map(({ Name }) => Name), ['a', 'b']);
    const second = aws.call<{ EventBuses: { Name: string }[]; NextToken?: string }>('ListEventBuses', { Limit: 2, NextToken: first.NextToken });
    assert.deepEqual(second.EventBuses.map(({ Name }) => Name), ['c', 'default']);
    assert.equal(second.NextToken, undefined);
    assert.match(aws.refusal('ListEventBuses', { Limit: 101 }), /Member must have value less than or equal to 100$/);
  });

  it('permissions are kept as a policy (as recorded), and ask nobody', () => {
    aws.bus();
    assert.deepEqual(aws.call('PutPermission', { EventBusName: 'orders', Action: 'events:PutEvents', Principal: '111111111111', StatementId: 's1' }), {});
    aws.call('PutPermission', { EventBusName: 'orders', Action: 'events:PutEvents', Principal: '*', StatementId: 's2' });
    const policy = () => aws.call<{ Policy?: string }>('DescribeEventBus', { Name: 'orders' }).Policy;
    assert.deepEqual(JSON.parse(policy() ?? ''), { Version: '2012-10-17', Statement: [
      { Sid: 's1', Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::111111111111:root' }, Action: 'events:PutEvents', Resource: busArn('orders') },
      { Sid: 's2', Effect: 'Allow', Principal: '*', Action: 'events:PutEvents', Resource: busArn('orders') },
    ] });
    assert.equal(aws.refusal('RemovePermission', { EventBusName: 'orders', StatementId: 's9' }), 'ResourceNotFoundException: Statement with the provided id does not exist.');
    aws.call('RemovePermission', { EventBusName: 'orders', StatementId: 's1' });
    assert.equal((JSON.parse(policy() ?? '') as { Statement: object[] }).Statement.length, 1);
    aws.call('RemovePermission', { EventBusName: 'orders', RemoveAllPermissions: true });
    assert.equal(policy(), undefined);
    assert.equal(aws.refusal('PutPermission', { EventBusName: 'nobody', Action: 'events:PutEvents', Principal: '*', StatementId: 's' }), 'ResourceNotFoundException: Event bus nobody does not exist.');
  });

  it('buses and rules have tags', () => {
    aws.bus();
    aws.rule('r', { EventBusName: 'orders', Tags: [{ Key: 'tag1', Value: 'value1' }] });
    for (const ResourceARN of [busArn('orders'), ruleArn('orders/r')]) {
      aws.call('TagResource', { ResourceARN, Tags: [{ Key: 'tag1', Value: 'value1' }, { Key: 'tag2', Value: 'value2' }] });
      assert.deepEqual(aws.call('ListTagsForResource', { ResourceARN }), { Tags: [{ Key: 'tag1', Value: 'value1' }, { Key: 'tag2', Value: 'value2' }] });
      aws.call('UntagResource', { ResourceARN, TagKeys: ['tag2'] });
      assert.deepEqual(aws.call('ListTagsForResource', { ResourceARN }), { Tags: [{ Key: 'tag1', Value: 'value1' }] });
    }
    assert.equal(aws.refusal('ListTagsForResource', { ResourceARN: ruleArn('nope') }), 'ResourceNotFoundException: Rule nope does not exist on EventBus default.');
    assert.equal(aws.refusal('TagResource', { ResourceARN: busArn('nope'), Tags: [] }), 'ResourceNotFoundException: Event bus nope does not exist.');
  });

  it('archives and replays are not here, by name', () => {
    assert.equal(aws.service.hasOperation('CreateArchive'), false);
    assert.equal(aws.refusal('StartReplay'), 'UnknownOperationException: Local Lambda does not have the operation StartReplay of events.');
  });

  it('survive a restart', () => {
    aws.bus();
    aws.rule('r', { EventBusName: 'orders' });
    aws.restart();
    assert.equal(aws.summary('orders').rules.length, 1);
    assert.equal(aws.call<{ CreationTime: number }>('DescribeEventBus', { Name: 'orders' }).CreationTime, 1795521600);
  });
});
