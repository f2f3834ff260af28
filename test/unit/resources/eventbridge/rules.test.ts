import assert from 'node:assert/strict';
import { busArn, Fixture, queueArn, ruleArn } from './fixture.ts';

describe('EventBridge: rules', () => {
  let aws: Fixture;
  beforeEach(() => { aws = new Fixture(); });
  afterEach(() => { aws.close(); });

  it('a rule is put, described and listed (shapes as recorded)', () => {
    aws.bus();
    const EventPattern = '{"source": ["shop"], "detail": {"total": [{"numeric": [">", 1.0]}]}}';
    assert.deepEqual(aws.call('PutRule', { Name: 'big', EventBusName: busArn('orders'), EventPattern, Description: 'd' }), { RuleArn: ruleArn('orders/big') });
    const shown = { Name: 'big', Arn: ruleArn('orders/big'), EventPattern, State: 'ENABLED', Description: 'd', EventBusName: 'orders' };
    assert.deepEqual(aws.call('DescribeRule', { Name: 'big', EventBusName: 'orders' }), { ...shown, CreatedBy: '123456789012' });
    assert.deepEqual(aws.call('ListRules', { EventBusName: 'orders', NamePrefix: 'b' }), { Rules: [shown] });
    assert.deepEqual(aws.call('PutRule', { Name: 'small', EventPattern }), { RuleArn: ruleArn('small') });
  });

  it('putting a rule again replaces what it says, but neither its targets nor its tags', () => {
    aws.rule('r', { Description: 'd', State: 'DISABLED', Tags: [{ Key: 'a', Value: '1' }] });
    aws.target('r', { Arn: queueArn('q') });
    aws.rule('r', { EventPattern: '{"source":["other"]}', Tags: [{ Key: 'b', Value: '2' }] });
    const rule = aws.call<Record<string, unknown>>('DescribeRule', { Name: 'r' });
    assert.equal(rule['EventPattern'], '{"source":["other"]}');
    assert.equal(rule['Description'], undefined);
    assert.equal(rule['State'], 'ENABLED');
    assert.deepEqual(aws.call('ListTargetsByRule', { Rule: 'r' }), { Targets: [{ Id: 'one', Arn: queueArn('q') }] });
    assert.deepEqual(aws.call('ListTagsForResource', { ResourceARN: ruleArn('r') }), { Tags: [{ Key: 'a', Value: '1' }] });
  });

  it('refuses what AWS refuses, in its words', () => {
    aws.bus();
    assert.equal(aws.refusal('PutRule', { Name: 'r' }), 'ValidationException: Parameter(s) EventPattern or ScheduleExpression must be specified.');
    assert.equal(aws.refusal('PutRule', { Name: 'r', EventPattern: '{"source":"shop"}' }), 'InvalidEventPatternException: Event pattern is not valid. Reason: "source" must be an object or an array');
    assert.equal(aws.refusal('PutRule', { Name: 'r', EventPattern: '{"source":[]}' }), 'InvalidEventPatternException: Event pattern is not valid. Reason: Empty arrays are not allowed');
    assert.equal(aws.refusal('PutRule', { Name: 'r', EventBusName: 'orders', ScheduleExpression: 'rate(1 minute)' }), 'ValidationException: ScheduleExpression is supported only on the default event bus.');
    assert.equal(aws.refusal('PutRule', { Name: 'r', EventBusName: 'nobody', EventPattern: '{"source":["shop"]}' }), 'ResourceNotFoundException: Event bus nobody does not exist.');
    assert.equal(aws.refusal('PutRule', { Name: 'r', EventPattern: JSON.stringify({ source: ['x'.repeat(2050)] }) }), 'ValidationException: Parameter EventPattern for rule r exceeds limit of 2048.');
    assert.match(aws.refusal('PutRule', { Name: 'r', EventPattern: 'x'.repeat(4097) }), /at 'eventPattern' failed to satisfy constraint: Member must have length less than or equal to 4096$/);
    assert.match(aws.refusal('PutRule', { Name: '!', State: 'ON', EventPattern: '{}' }), /^ValidationException: 2 validation errors detected: Value '!' at 'name' .*; Value 'ON' at 'state' failed to satisfy constraint: Member must satisfy enum value set: \[/);
  });

  it('a rule that does not exist is named with its bus', () => {
    for (const operation of ['DescribeRule', 'EnableRule', 'DisableRule']) {
      assert.equal(aws.refusal(operation, { Name: 'nope' }), 'ResourceNotFoundException: Rule nope does not exist on EventBus default.');
    }
    assert.equal(aws.refusal('PutTargets', { Rule: 'nope', Targets: [{ Id: 'a', Arn: queueArn('q') }] }), 'ResourceNotFoundException: Rule nope does not exist on EventBus default.');
  });

  it('targets go before their rule; a rule that is not there is deleted all the same', () => {
    aws.rule('r');
    aws.target('r', { Arn: queueArn('q') });
    assert.equal(aws.refusal('DeleteRule', { Name: 'r' }), "ValidationException: Rule can't be deleted since it has targets.");
    assert.deepEqual(aws.call('RemoveTargets', { Rule: 'r', Ids: ['one', 'unknown'] }), { FailedEntryCount: 0, FailedEntries: [] });
    assert.deepEqual(aws.call('DeleteRule', { Name: 'r', Force: true }), {});
    assert.deepEqual(aws.call('ListRules'), { Rules: [] });
    assert.deepEqual(aws.call('DeleteRule', { Name: 'r' }), {});
    assert.equal(aws.refusal('DeleteRule', { Name: 'r', EventBusName: 'nobody' }), 'ResourceNotFoundException: Event bus nobody does not exist.');
  });

  it('a disabled rule matches nothing until it is enabled', () => {
    aws.queue('q');
    aws.rule('r');
    aws.target('r', { Arn: queueArn('q') });
    aws.call('DisableRule', { Name: 'r' });
    aws.put();
    assert.equal(aws.messages('q').length, 0);
    aws.call('EnableRule', { Name: 'r' });
    aws.put();
    assert.equal(aws.messages('q').length, 1);
  });

  it('rules are found by their target', () => {
    aws.rule('a');
    aws.rule('b');
    aws.target('a', { Arn: queueArn('q') });
    assert.deepEqual(aws.call('ListRuleNamesByTarget', { TargetArn: queueArn('q') }), { RuleNames: ['a'] });
  });

  it('lists of rules and targets come in pages', () => {
    for (const name of ['a', 'b', 'c']) aws.rule(name);
    const { Rules, NextToken } = aws.call<{ Rules: { Name: string }[]; NextToken: string }>('ListRules', { Limit: 2 });
    assert.deepEqual(Rules.map(({ Name }) => Name), ['a', 'b']);
    assert.deepEqual(aws.call<{ Rules: { Name: string }[] }>('ListRules', { Limit: 2, NextToken }).Rules.map(({ Name }) => Name), ['c']);
    aws.call('PutTargets', { Rule: 'a', Targets: ['1', '2', '3', '4', '5'].map((Id) => ({ Id, Arn: queueArn('q') })) });
    const targets = aws.call<{ Targets: { Id: string }[]; NextToken: string }>('ListTargetsByRule', { Rule: 'a', Limit: 3 });
    assert.deepEqual(targets.Targets.map(({ Id }) => Id), ['1', '2', '3']);
    assert.deepEqual(aws.call<{ Targets: { Id: string }[] }>('ListTargetsByRule', { Rule: 'a', Limit: 3, NextToken: targets.NextToken }).Targets.map(({ Id }) => Id), ['4', '5']);
  });
});

describe('EventBridge: TestEventPattern', () => {
  const event = { id: '1', account: '123456789012', source: 'shop', time: '2026-11-24T12:00:00Z', region: 'us-east-1', 'detail-type': 'Order Placed', detail: { id: 1 } };
  let aws: Fixture;
  beforeEach(() => { aws = new Fixture(); });
  afterEach(() => { aws.close(); });
  const test = (EventPattern: string, Event: string) => aws.call('TestEventPattern', { EventPattern, Event });

  it('says whether an event matches', () => {
    assert.deepEqual(test('{"source":["shop"]}', JSON.stringify(event)), { Result: true });
    assert.deepEqual(test('{"source":["other"]}', JSON.stringify(event)), { Result: false });
  });

  it('asks for the envelope, without resources (as recorded) and detail', () => {
    for (const name of ['id', 'account', 'source', 'time', 'region', 'detail-type']) {
      const { [name as keyof typeof event]: _gone, ...rest } = event;
      assert.equal(aws.refusal('TestEventPattern', { EventPattern: '{"source":["shop"]}', Event: JSON.stringify(rest) }), 'ValidationException: Parameter Event is not valid.', name);
    }
    for (const Event of ['[]', '"x"', '{']) assert.equal(aws.refusal('TestEventPattern', { EventPattern: '{"source":["shop"]}', Event }), 'ValidationException: Parameter Event is not valid.');
  });

  it('names what is wrong with a pattern behind AWS\'s prefix', () => {
    assert.equal(aws.refusal('TestEventPattern', { EventPattern: '{"a":[{"EXISTS":true}]}', Event: JSON.stringify(event) }), 'InvalidEventPatternException: Event pattern is not valid. Reason: Unrecognized match type EXISTS');
  });
});
