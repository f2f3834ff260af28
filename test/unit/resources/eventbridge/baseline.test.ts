import assert from 'node:assert/strict';
import { busArn, busDefinition, Fixture, functionArn, queueArn, ruleArn, ruleDefinition } from './fixture.ts';

describe('EventBridge: what templates declare', () => {
  let aws: Fixture;

  beforeEach(() => { aws = new Fixture(); });
  afterEach(() => { aws.close(); });

  const pattern = { source: ['shop'] };
  const target = (Arn: string, more: Record<string, unknown> = {}) => ({ Id: 't', Arn, ...more });
  const orders = (properties: Record<string, unknown> = {}) => ruleDefinition('orders', { EventPattern: pattern, Targets: [target(aws.fn('f'))], ...properties });
  const onBus = (name: string, bus: string, properties: Record<string, unknown> = {}) => ({ ...ruleDefinition(name, { EventPattern: pattern, EventBusName: bus, ...properties }), arn: ruleArn(`${bus}/${name}`) });
  const rule = (name = 'orders', bus = 'default') => aws.summary(bus).rules.find((one) => one.name === name);
  const warnings = () => aws.log.filter((line) => line.startsWith('warn: '));

  it('a rule with its pattern, targets and tags', () => {
    aws.service.setBaseline([orders({ Description: 'of the shop', Tags: [{ Key: 'team', Value: 'a' }] })]);
    assert.deepEqual(aws.call('DescribeRule', { Name: 'orders' }), {
      Name: 'orders', Arn: ruleArn('orders'), EventPattern: '{"source":["shop"]}', State: 'ENABLED', Description: 'of the shop', EventBusName: 'default', CreatedBy: '123456789012',
    });
    assert.deepEqual(aws.call('ListTargetsByRule', { Rule: 'orders' }), { Targets: [target(functionArn('f'))] });
    assert.deepEqual(aws.call('ListTagsForResource', { ResourceARN: ruleArn('orders') }), { Tags: [{ Key: 'team', Value: 'a' }] });
    assert.deepEqual([rule()?.origin, rule()?.changed], [{ kind: 'sam', logicalId: 'orders' }, []]);
    aws.put();
    assert.equal(aws.invocations.length, 1);
  });

  it('a bus with a rule on it, named by its ARN', () => {
    aws.service.setBaseline([busDefinition('shop', { Description: 'sales' }), onBus('orders', busArn('shop'), { Targets: [target(aws.queue('q'))] })]);
    assert.equal(aws.summary('shop').origin?.kind, 'sam');
    assert.equal(rule('orders', 'shop')?.arn, ruleArn('shop/orders'));
    aws.put({ EventBusName: 'shop' });
    assert.equal(aws.messages('q').length, 1);
  });

  it('two buses may have rules of one name', () => {
    aws.service.setBaseline([busDefinition('shop'), orders(), onBus('orders', 'shop')]);
    assert.equal(rule('orders', 'shop')?.arn, ruleArn('shop/orders'));
    assert.equal(rule()?.arn, ruleArn('orders'));
  });

  it('a disabled rule stays so', () => {
    aws.service.setBaseline([orders({ State: 'DISABLED' })]);
    aws.put();
    assert.deepEqual([aws.invocations, rule()?.enabled], [[], false]);
  });

  it('roles are not needed: templates often leave them to what deploys them', () => {
    aws.service.setBaseline([busDefinition('other'), orders({ Targets: [target(busArn('other'))] })]);
    aws.put();
    assert.equal(aws.summary('other').lastEvents.length, 1);
  });

  it('what is wrong is said once, and the rest works', () => {
    const definitions = [
      orders({ Targets: [target(functionArn('f')), { Id: 'bad', Arn: 'nonsense' }] }),
      ruleDefinition('odd', { EventPattern: { source: 'shop' } }),
      ruleDefinition('late', { ScheduleExpression: 'rate(1 minutes)' }),
      onBus('lost', 'nowhere'),
      busDefinition('shop'), { ...onBus('elsewhere', 'shop', { ScheduleExpression: 'rate(1 minute)' }) },
    ];
    aws.service.setBaseline(definitions);
    aws.service.setBaseline(definitions);
    assert.deepEqual(warnings(), [
      'warn: A target of the rule orders is left out: Parameter nonsense is not valid. Reason: Provided Arn is not in correct format.',
      'warn: The rule lost does nothing: there is no event bus nowhere here.',
      'warn: The rule late does not work as it stands. Its schedule rate(1 minutes) is not valid.',
      'warn: The rule odd does not work as it stands. Its event pattern is not valid: "source" must be an object or an array',
      'warn: The rule elsewhere does not work as it stands. Its schedule does not run: schedules work on the default event bus only.',
    ]);
    aws.put();
    assert.equal(aws.invocations.length, 1);
    assert.match(rule('odd')?.problem ?? '', /^Its event pattern is not valid: /);
    assert.equal(rule('late')?.problem, 'Its schedule rate(1 minutes) is not valid.');
  });

  it('an API call is an overlay: shown as changed, kept over restarts, gone when it says what the template says', () => {
    const definitions = [orders()];
    aws.service.setBaseline(definitions);
    aws.call('DisableRule', { Name: 'orders' });
    aws.target('orders', { Arn: aws.queue('q') });
    assert.deepEqual(rule()?.changed, ['State', 'Target one']);
    aws.restart().setBaseline(definitions);
    assert.deepEqual([rule()?.changed, rule()?.enabled, rule()?.targetArns], [['State', 'Target one'], false, [functionArn('f'), queueArn('q')]]);
    aws.call('EnableRule', { Name: 'orders' });
    aws.call('RemoveTargets', { Rule: 'orders', Ids: ['one'] });
    assert.deepEqual(rule()?.changed, []);
  });

  it('when the template changes the same property, the template wins and says so; other changes stay', () => {
    aws.service.setBaseline([orders()]);
    aws.call('DisableRule', { Name: 'orders' });
    aws.call('PutTargets', { Rule: 'orders', Targets: [{ Id: 't', Arn: aws.queue('q') }] });
    aws.service.setBaseline([orders({ Targets: [target(aws.fn('g'))] })]);
    assert.deepEqual([rule()?.changed, rule()?.targetArns, rule()?.enabled], [['State'], [functionArn('g')], false]);
    assert.ok(aws.log.includes('info: The template changed Target t of the rule default/orders: the changes made here are dropped.'));
  });

  it('what was deleted here stays deleted until its template entry changes', () => {
    aws.service.setBaseline([orders()]);
    aws.call('RemoveTargets', { Rule: 'orders', Ids: ['t'] });
    aws.call('DeleteRule', { Name: 'orders' });
    aws.restart().setBaseline([orders()]);
    assert.equal(rule(), undefined);
    aws.put();
    assert.deepEqual(aws.invocations, []);
    aws.service.setBaseline([orders({ Description: 'new' })]);
    assert.deepEqual([rule()?.targetArns, rule()?.changed], [[functionArn('f')], []]);
  });

  it('the same holds for buses', () => {
    aws.service.setBaseline([busDefinition('shop')]);
    aws.call('UpdateEventBus', { Name: 'shop', Description: 'mine' });
    assert.deepEqual(aws.summary('shop').changed, ['Description']);
    aws.service.setBaseline([busDefinition('shop', { Description: 'theirs' })]);
    assert.deepEqual([aws.summary('shop').changed, aws.call('DescribeEventBus', { Name: 'shop' })['Description']], [[], 'theirs']);
    aws.call('DeleteEventBus', { Name: 'shop' });
    aws.restart().setBaseline([busDefinition('shop', { Description: 'theirs' })]);
    assert.deepEqual(aws.service.summaries().map(({ name }) => name), ['default']);
    aws.service.setBaseline([busDefinition('shop')]);
    assert.deepEqual(aws.service.summaries().map(({ name }) => name), ['default', 'shop']);
  });

  it('what API calls made becomes the template\'s when it has the same name', () => {
    aws.bus('shop');
    aws.rule('orders');
    assert.deepEqual([aws.summary('shop').origin, rule()?.origin], [undefined, undefined]);
    aws.service.setBaseline([busDefinition('shop'), orders()]);
    assert.ok(aws.summary('shop').origin && rule()?.origin);
    assert.ok(aws.log.includes('info: The rule default/orders, made by an API call, is now the template\'s.'));
    aws.service.setBaseline([]);
    assert.deepEqual([aws.service.summaries().map(({ name }) => name), rule()], [['default'], undefined]);
  });

  it('what API calls made stays when templates change', () => {
    aws.bus('mine');
    aws.rule('mine', { EventBusName: 'mine' });
    aws.service.setBaseline([orders()]);
    aws.restart().setBaseline([]);
    assert.deepEqual(aws.summary('mine').rules.map(({ name }) => name), ['mine']);
  });
});
