import assert from 'node:assert/strict';
import { account, Fixture, functionArn, queueArn, region, ruleArn, ruleDefinition } from './fixture.ts';

const minute = 60_000;
const day = 1440 * minute;

describe('EventBridge: schedules', () => {
  let aws: Fixture;

  beforeEach(() => { aws = new Fixture(); });
  afterEach(() => { aws.close(); });

  /** A rule that runs every five minutes and tells the queue `q`. */
  function everyFiveMinutes(more: Record<string, unknown> = {}): string {
    const arn = aws.call<{ RuleArn: string }>('PutRule', { Name: 'tick', ScheduleExpression: 'rate(5 minutes)', ...more }).RuleArn;
    aws.target('tick', { Arn: aws.queue('q') });
    return arn;
  }

  const times = () => aws.bodies('q').map((body) => (JSON.parse(body) as { time: string }).time);
  const nextRun = (name = 'tick') => aws.summary().rules.find((rule) => rule.name === name)?.nextRun;

  it('the event is AWS\'s, key for key (as recorded)', async () => {
    everyFiveMinutes();
    await aws.clock.pass(5 * minute);
    const [body = ''] = aws.bodies('q');
    const { id } = JSON.parse(body) as { id: string };
    assert.equal(body, `{"version":"0","id":"${id}","detail-type":"Scheduled Event","source":"aws.events","account":"${account}",`
      + `"time":"2026-11-24T12:05:00Z","region":"${region}","resources":["${ruleArn('tick')}"],"detail":{}}`);
  });

  it('functions are told that a schedule called', async () => {
    aws.call('PutRule', { Name: 'tick', ScheduleExpression: 'rate(1 minute)' });
    aws.target('tick', { Arn: aws.fn('f'), Input: '{"wake":"up"}' });
    await aws.clock.pass(minute);
    assert.deepEqual(aws.invocations, [{ functionArn: functionArn('f'), payload: '{"wake":"up"}', source: 'schedule' }]);
  });

  it('run in real time: the wait scale changes nothing', async () => {
    assert.equal(aws.clock.scale, 60);
    everyFiveMinutes();
    await aws.clock.pass(5 * minute - 1);
    assert.deepEqual(times(), []);
    await aws.clock.advance(day / 1000);
    assert.deepEqual(times(), []);
    await aws.clock.pass(10 * minute + 1);
    assert.deepEqual(times(), ['2026-11-24T12:05:00Z', '2026-11-24T12:10:00Z', '2026-11-24T12:15:00Z']);
  });

  it('cron: at the minute, each one once', async () => {
    aws.call('PutRule', { Name: 'tick', ScheduleExpression: 'cron(0/2 13 * * ? *)' });
    aws.target('tick', { Arn: aws.queue('q') });
    await aws.clock.pass(65 * minute);
    assert.deepEqual(times(), ['2026-11-24T13:00:00Z', '2026-11-24T13:02:00Z', '2026-11-24T13:04:00Z']);
  });

  it('several schedules that are due together all run', async () => {
    everyFiveMinutes();
    aws.call('PutRule', { Name: 'also', ScheduleExpression: 'cron(5 12 * * ? *)' });
    aws.target('also', { Arn: queueArn('q') });
    await aws.clock.pass(5 * minute);
    assert.equal(times().length, 2);
  });

  it('no other rule sees the event, not even one of its source', async () => {
    aws.rule('watcher', { EventPattern: '{"source":["aws.events"]}' });
    aws.target('watcher', { Arn: aws.queue('watched') });
    everyFiveMinutes();
    await aws.clock.pass(5 * minute);
    assert.equal(times().length, 1);
    assert.deepEqual(aws.messages('watched'), []);
  });

  it('show when they run next and ran last', async () => {
    everyFiveMinutes();
    const start = aws.clock.now();
    assert.equal(nextRun(), start + 5 * minute);
    await aws.clock.pass(6 * minute);
    const rule = aws.summary().rules.find(({ name }) => name === 'tick');
    assert.equal(rule?.nextRun, start + 10 * minute);
    assert.equal(rule?.lastRun, start + 5 * minute);
    assert.equal(rule?.matched, 1);
    assert.deepEqual(aws.summary().lastEvents[0]?.matchedRules, ['tick']);
  });

  it('disabled rules do not run', async () => {
    everyFiveMinutes({ State: 'DISABLED' });
    assert.equal(nextRun(), undefined);
    await aws.clock.pass(day);
    assert.deepEqual(times(), []);
    aws.call('EnableRule', { Name: 'tick' });
    await aws.clock.pass(5 * minute);
    assert.equal(times().length, 1);
  });

  it('deleted rules do not run', async () => {
    everyFiveMinutes();
    aws.call('RemoveTargets', { Rule: 'tick', Ids: ['one'] });
    aws.call('DeleteRule', { Name: 'tick' });
    await aws.clock.pass(day);
    assert.deepEqual(aws.messages('q'), []);
  });

  it('a new expression begins anew', async () => {
    everyFiveMinutes();
    await aws.clock.pass(4 * minute);
    aws.call('PutRule', { Name: 'tick', ScheduleExpression: 'rate(2 minutes)' });
    await aws.clock.pass(2 * minute);
    assert.deepEqual(times(), ['2026-11-24T12:06:00Z']);
  });

  it('survive a restart: a rate counts on from when it was made, not from the restart', async () => {
    everyFiveMinutes();
    await aws.clock.pass(3 * minute);
    aws.restart();
    await aws.clock.pass(2 * minute);
    assert.deepEqual(times(), ['2026-11-24T12:05:00Z']);
  });

  it('missed runs are not made up after a stop', async () => {
    everyFiveMinutes();
    aws.service.close();
    await aws.clock.pass(23 * minute);
    assert.deepEqual(times(), []);
    aws.restart();
    await aws.clock.pass(2 * minute);
    assert.deepEqual(times(), ['2026-11-24T12:25:00Z']);
  });

  it('nor after the machine slept', async () => {
    everyFiveMinutes();
    await aws.clock.pass(minute);
    // As a timer that fires late: time went on, and nothing was called meanwhile.
    aws.clock.time += 21 * minute;
    await aws.clock.pass(0);
    assert.deepEqual(times(), []);
    await aws.clock.pass(3 * minute);
    assert.deepEqual(times(), ['2026-11-24T12:25:00Z']);
  });

  it('while everything is paused none runs, and none is made up', async () => {
    everyFiveMinutes();
    aws.gate.pause();
    await aws.clock.pass(11 * minute);
    assert.deepEqual(times(), []);
    aws.gate.resume();
    await aws.clock.pass(4 * minute);
    assert.deepEqual(times(), ['2026-11-24T12:15:00Z']);
  });

  it('fire runs one now, paused or disabled or not, and leaves the next run where it was', async () => {
    const arn = everyFiveMinutes({ State: 'DISABLED' });
    aws.gate.pause();
    await aws.clock.pass(minute);
    aws.service.fire(arn);
    assert.deepEqual(times(), ['2026-11-24T12:01:00Z']);
    aws.gate.resume();
    aws.call('EnableRule', { Name: 'tick' });
    const next = nextRun();
    await aws.clock.pass(minute);
    aws.service.fire(arn);
    assert.deepEqual(times(), ['2026-11-24T12:02:00Z']);
    assert.equal(nextRun(), next);
    await aws.clock.pass(4 * minute);
    assert.deepEqual(times(), ['2026-11-24T12:06:00Z']);
  });

  it('fire names what is wrong', () => {
    assert.throws(() => aws.service.fire(ruleArn('gone')), { name: 'ResourceNotFoundException', message: 'Rule gone does not exist on EventBus default.' });
    const arn = aws.rule('no-schedule');
    assert.throws(() => aws.service.fire(arn), { name: 'UserError', message: 'The rule no-schedule has no schedule that could run now: put an event on its bus instead.' });
  });

  it('wait on one timer, whatever their number', () => {
    const waiting = new Set<object>();
    const { clock } = aws;
    const after = clock.after.bind(clock);
    clock.after = (milliseconds, callback) => {
      const timer = {};
      waiting.add(timer);
      const cancel = after(milliseconds, () => { waiting.delete(timer); callback(); });
      return () => { waiting.delete(timer); cancel(); };
    };
    for (const n of [1, 2, 3, 4, 5]) aws.call('PutRule', { Name: `r${n}`, ScheduleExpression: `rate(${n + 1} minutes)` });
    assert.equal(waiting.size, 1);
    aws.service.close();
    assert.equal(waiting.size, 0);
  });

  it('a target that is gone gets a dead letter with the scheduled event', async () => {
    aws.call('PutRule', { Name: 'tick', ScheduleExpression: 'rate(1 minute)' });
    aws.target('tick', { Arn: queueArn('gone'), DeadLetterConfig: { Arn: aws.queue('dead') } });
    await aws.clock.pass(minute);
    const [letter] = aws.messages('dead');
    assert.equal((JSON.parse(letter?.body ?? '') as { source: string }).source, 'aws.events');
    assert.equal(letter?.attributes?.['ERROR_CODE']?.StringValue, 'NO_RESOURCE');
    assert.equal(letter?.attributes?.['RULE_ARN']?.StringValue, ruleArn('tick'));
  });
});

describe('EventBridge: schedules of EventBridge Scheduler, from templates', () => {
  let aws: Fixture;
  const scheduleArn = `arn:aws:scheduler:${region}:${account}:schedule/nightly/report`;

  beforeEach(() => { aws = new Fixture(); });
  afterEach(() => { aws.close(); });

  function declare(properties: Record<string, unknown>, target: Record<string, unknown> = {}): void {
    aws.fn('f');
    aws.service.setBaseline([ruleDefinition('report', { GroupName: 'nightly', Targets: [{ Id: 't', Arn: functionArn('f'), ...target }], ...properties })]);
  }

  const payloads = () => aws.invocations.splice(0).map(({ payload }) => payload);

  it('the default event is Scheduler\'s', async () => {
    declare({ ScheduleExpression: 'rate(5 minutes)' });
    await aws.clock.pass(5 * minute);
    const [payload = ''] = payloads();
    const { id } = JSON.parse(payload) as { id: string };
    assert.deepEqual(JSON.parse(payload), {
      version: '0', id, 'detail-type': 'Scheduled Event', source: 'aws.scheduler', account, time: '2026-11-24T12:05:00Z', region, resources: [scheduleArn], detail: '{}',
    });
  });

  it('at(…) runs once, in its time zone', async () => {
    declare({ ScheduleExpression: 'at(2026-11-24T13:10:00)', ScheduleExpressionTimezone: 'Europe/Berlin' });
    await aws.clock.pass(9 * minute);
    assert.deepEqual(payloads(), []);
    await aws.clock.pass(day);
    assert.equal(payloads().length, 1);
    assert.equal(aws.summary().rules[0]?.nextRun, undefined);
  });

  it('words in its input are filled in', async () => {
    declare({ ScheduleExpression: 'rate(5 minutes)' }, { Input: '{"arn":"<aws.scheduler.schedule-arn>","at":"<aws.scheduler.scheduled-time>","attempt":"<aws.scheduler.attempt-number>"}' });
    await aws.clock.pass(5 * minute);
    assert.deepEqual(payloads(), [`{"arn":"${scheduleArn}","at":"2026-11-24T12:05:00Z","attempt":"1"}`]);
  });

  it('dead letters name the schedule', async () => {
    declare({ ScheduleExpression: 'rate(5 minutes)' }, { Arn: functionArn('gone'), DeadLetterConfig: { Arn: aws.queue('dead') } });
    await aws.clock.pass(5 * minute);
    const attributes = Object.fromEntries(Object.entries(aws.messages('dead')[0]?.attributes ?? {}).map(([name, { StringValue }]) => [name, StringValue]));
    assert.equal(attributes['SCHEDULE_ARN'], scheduleArn);
    assert.equal(attributes['SCHEDULED_TIME'], '2026-11-24T12:05:00Z');
    assert.equal(attributes['RULE_ARN'], undefined);
  });

  it('a schedule that is no longer in the template no longer runs', async () => {
    declare({ ScheduleExpression: 'rate(5 minutes)' });
    aws.service.setBaseline([]);
    await aws.clock.pass(day);
    assert.deepEqual(payloads(), []);
  });
});
