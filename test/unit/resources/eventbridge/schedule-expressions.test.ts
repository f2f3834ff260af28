import assert from 'node:assert/strict';
import fc from 'fast-check';
import { cronPattern } from '../../../../src/resources/eventbridge/cron-fields.ts';
import { ruleSchedule, scheduleOf } from '../../../../src/resources/eventbridge/schedule-expressions.ts';

/** The next runs, as `yyyy-mm-ddThh:mm`. */
function runs(expression: string, after: string, count: number): string[] {
  const schedule = ruleSchedule(expression);
  assert.ok(schedule, expression);
  const times: string[] = [];
  for (let time: number | undefined = Date.parse(after); times.length < count;) {
    time = schedule.next(time as number, 0);
    if (time === undefined) break;
    times.push(new Date(time).toISOString().slice(0, 16));
  }
  return times;
}

function scheduler(ScheduleExpression: string, more: Record<string, string> = {}) {
  return scheduleOf({ ScheduleExpression, GroupName: 'default', ...more });
}

const iso = (time: number | undefined) => time === undefined ? undefined : new Date(time).toISOString();

describe('EventBridge: rate expressions', () => {
  it('are taken in one spelling only (as recorded)', () => {
    for (const rate of ['rate(1 minute)', 'rate(1 hour)', 'rate(1 day)', 'rate(2 minutes)', 'rate(10 hours)', 'rate(365 days)']) assert.ok(ruleSchedule(rate), rate);
    for (const rate of [
      'rate(10 seconds)', 'rate(10 years)', 'rate(1 minutes)', 'rate(1 hours)', 'rate(1 days)', 'rate(10 minute)', 'rate(10 hour)', 'rate(10 day)', 'rate()',
      'rate(10)', 'rate(10 minutess)', 'rate(foo minutes)', 'rate(0 minutes)', 'rate(-10 minutes)', 'rate(10 MINUTES)', 'rate( 10 minutes )', ' rate(10 minutes)', '',
    ]) assert.equal(ruleSchedule(rate), undefined, rate);
  });

  it('run one interval after the rule was made, and then at that distance', () => {
    const schedule = ruleSchedule('rate(5 minutes)');
    assert.equal(schedule?.next(1000, 1000), 301_000);
    assert.equal(schedule?.next(301_000, 1000), 601_000);
    assert.equal(schedule?.next(300_999, 1000), 301_000);
    assert.equal(schedule?.next(1_000_000, 1000), 1_201_000);
  });
});

describe('EventBridge: cron expressions', () => {
  // What AWS documents of each, from Monday, 23 November 2026, noon.
  const documented: [fields: string, next: string[]][] = [
    ['0 10 * * ? *', ['2026-11-24T10:00', '2026-11-25T10:00']],
    ['15 12 * * ? *', ['2026-11-23T12:15', '2026-11-24T12:15']],
    ['0 18 ? * MON-FRI *', ['2026-11-23T18:00', '2026-11-24T18:00', '2026-11-25T18:00', '2026-11-26T18:00', '2026-11-27T18:00', '2026-11-30T18:00']],
    ['0 8 1 * ? *', ['2026-12-01T08:00', '2027-01-01T08:00']],
    ['0/15 * * * ? *', ['2026-11-23T12:15', '2026-11-23T12:30', '2026-11-23T12:45', '2026-11-23T13:00']],
    ['0/10 * ? * MON-FRI *', ['2026-11-23T12:10', '2026-11-23T12:20']],
    ['0/5 8-17 ? * MON-FRI *', ['2026-11-23T12:05']],
    ['0/30 20-23 ? * MON-FRI *', ['2026-11-23T20:00', '2026-11-23T20:30', '2026-11-23T21:00']],
    ['0/30 0-2 ? * TUE-SAT *', ['2026-11-24T00:00', '2026-11-24T00:30', '2026-11-24T01:00', '2026-11-24T01:30', '2026-11-24T02:00', '2026-11-24T02:30', '2026-11-25T00:00']],
    ['5,35 14 * * ? *', ['2026-11-23T14:05', '2026-11-23T14:35', '2026-11-24T14:05']],
    ['15 10 ? * 6L 2026-2027', ['2026-11-27T10:15', '2026-12-25T10:15', '2027-01-29T10:15']],
    ['15 10 ? * 6L 2019-2022', []],
    ['0 9 ? * 2#1 *', ['2026-12-07T09:00', '2027-01-04T09:00']],
    ['0 0 3W * ? *', ['2026-12-03T00:00', '2027-01-04T00:00', '2027-02-03T00:00']],
    ['0 0 L * ? *', ['2026-11-30T00:00', '2026-12-31T00:00']],
    ['0 0 LW * ? *', ['2026-11-30T00:00', '2026-12-31T00:00', '2027-01-29T00:00']],
    ['0 0 29 2 ? *', ['2028-02-29T00:00']],
    ['30 23 ? * SAT,SUN *', ['2026-11-28T23:30', '2026-11-29T23:30', '2026-12-05T23:30']],
    ['0 12 ? JAN,jul 1 *', ['2027-01-03T12:00']],
    ['0 22-1 * * ? *', ['2026-11-23T22:00', '2026-11-23T23:00', '2026-11-24T00:00', '2026-11-24T01:00', '2026-11-24T22:00']],
  ];
  for (const [fields, next] of documented) {
    it(`cron(${fields})`, () => { assert.deepEqual(runs(`cron(${fields})`, '2026-11-23T12:00:00Z', Math.max(1, next.length)), next); });
  }

  it('of the recorded kinds are taken', () => {
    for (const fields of [
      '0 10 * * ? *', '15 12 * * ? *', '0 18 ? * MON-FRI *', '0 8 1 * ? *', '0/15 * * * ? *', '0/10 * ? * MON-FRI *', '0/5 8-17 ? * MON-FRI *',
      '0/30 20-23 ? * MON-FRI *', '0/30 0-2 ? * MON-FRI *', '0 0 1 1 ? 2500',
    ]) assert.ok(ruleSchedule(`cron(${fields})`), fields);
  });

  it('have six fields, one ? among the two of days, and values within bounds', () => {
    for (const fields of [
      '0 10 * * ?', '0 10 * * * *', '0 10 ? * ? *', '* * * * *', '0 0 10 * * ? *', '60 10 * * ? *', '0 24 * * ? *', '0 0 0 * ? *', '0 0 32 * ? *', '0 0 1 13 ? *',
      '0 0 ? * 0 *', '0 0 ? * 8 *', '0 0 ? * MON#6 *', '0 0 ? * MON#1,FRI#1 *', '0 0 32W * ? *', '0 0 ? * FOO *', '0 0 1 1 ? 1969', '0/0 0 1 * ? *', '? 0 1 * ? *',
      '1--2 0 1 * ? *', ', 0 1 * ? *', '-1 0 1 * ? *', '0.5 0 1 * ? *', '0 0 1 * ? 2030-2029',
    ]) assert.equal(ruleSchedule(`cron(${fields})`), undefined, fields);
    for (const text of ['cron()', 'cron', 'CRON(0 10 * * ? *)', 'cron(0 10 * * ? *', 'at(2026-12-01T00:00:00)']) assert.equal(ruleSchedule(text), undefined, text);
  });

  it('are written out as plain numbers for the library', () => {
    assert.equal(cronPattern('0/20 8-10 ? * MON-WED,6L 2026/2'), `0 0,20,40 8,9,10 * * 2,3,4,6L ${Array.from({ length: 87 }, (_, index) => 2026 + 2 * index).join(',')}`);
    assert.equal(cronPattern('*/30 * L,15 12-2 ? *'), '0 0,30 * L,15 12,1,2 * *');
    assert.equal(cronPattern('0 0 ? * FRI-MON *'), '0 0 0 * * 6,7,1,2 *');
  });

  it('property: the next run is the first minute that each field has', () => {
    const list = (least: number, most: number) => fc.oneof(
      fc.constant('*'),
      fc.array(fc.oneof(
        fc.integer({ min: least, max: most }).map(String),
        fc.tuple(fc.integer({ min: least, max: most }), fc.integer({ min: least, max: most })).map(([from, to]) => `${Math.min(from, to)}-${Math.max(from, to)}`),
        fc.tuple(fc.integer({ min: least, max: most }), fc.integer({ min: 1, max: most })).map(([from, by]) => `${from}/${by}`),
      ), { minLength: 1, maxLength: 3 }).map((items) => items.join(',')),
    );
    const day = fc.oneof(fc.tuple(list(1, 28), fc.constant('?')), fc.tuple(fc.constant('?'), list(1, 7)));
    fc.assert(fc.property(list(0, 59), list(0, 23), day, list(1, 12), fc.integer({ min: 0, max: 20 * 365 * 1440 }), (minute, hour, [date, weekday], month, offset) => {
      const fields = `${minute} ${hour} ${date} ${month} ${weekday} *`;
      const after = Date.UTC(2020, 0, 1) + offset * 60_000;
      assert.equal(iso(ruleSchedule(`cron(${fields})`)?.next(after, 0)), iso(firstMinute([minute, hour, date, month, weekday], after)), fields);
    }), { numRuns: 300 });
  });
});

/** The plain reading: minute by minute, skipping days and hours that do not fit. */
function firstMinute([minute = '', hour = '', date = '', month = '', weekday = '']: string[], after: number): number {
  const has = (field: string, value: number, most: number) => field === '*' || field === '?' || field.split(',').some((item) => {
    const [range = '', by] = item.split('/');
    const [from = 0, to] = range.split('-').map(Number);
    const end = to ?? (by === undefined ? from : most);
    return value >= from && value <= end && (value - from) % Number(by ?? 1) === 0;
  });
  for (let time = after + 60_000; ;) {
    const now = new Date(time);
    if (!has(month, now.getUTCMonth() + 1, 12) || !has(date, now.getUTCDate(), 31) || !has(weekday, now.getUTCDay() + 1, 7)) time += 86_400_000 - time % 86_400_000;
    else if (!has(hour, now.getUTCHours(), 23)) time += 3_600_000 - time % 3_600_000;
    else if (!has(minute, now.getUTCMinutes(), 59)) time += 60_000;
    else return time;
  }
}

describe('EventBridge Scheduler: expressions', () => {
  it('is laxer than rules', () => {
    for (const expression of ['rate(5 minute)', 'rate(1 hours)', 'RATE(5 MINUTES)', 'cron(0 12 * * ?)', 'at(2030-01-01T00:00:00)', 'at(2030-01-01T00:00)']) assert.ok(scheduler(expression), expression);
    for (const expression of ['rate(0 minutes)', 'rate(5 seconds)', 'at(2030-01-01)', 'at(2030-13-01T00:00:00)', 'at(2030-01-01T25:00:00)', 'at()', 'now', 'cron(* * *)']) {
      assert.equal(scheduler(expression), undefined, expression);
    }
  });

  it('at(…) runs once, in its time zone', () => {
    const schedule = scheduler('at(2026-07-01T09:30:15)', { ScheduleExpressionTimezone: 'America/New_York' });
    const run = Date.UTC(2026, 6, 1, 13, 30, 15);
    assert.equal(iso(schedule?.next(Date.UTC(2026, 0, 1), 0)), iso(run));
    assert.equal(schedule?.next(run, 0), undefined);
  });

  it('cron(…) keeps its local hour over a change of the clocks', () => {
    const schedule = scheduler('cron(0 8 * * ? *)', { ScheduleExpressionTimezone: 'Europe/Berlin' });
    assert.equal(iso(schedule?.next(Date.parse('2026-10-24T00:00:00Z'), 0)), '2026-10-24T06:00:00.000Z');
    assert.equal(iso(schedule?.next(Date.parse('2026-10-25T00:00:00Z'), 0)), '2026-10-25T07:00:00.000Z');
    assert.equal(scheduler('cron(0 8 * * ? *)', { ScheduleExpressionTimezone: 'Mars/Olympus' }), undefined);
  });

  it('nothing runs before the start or after the end', () => {
    const [StartDate, EndDate] = ['2026-06-01T00:00:00Z', '2026-06-01T00:10:00Z'];
    const schedule = scheduler('rate(5 minutes)', { StartDate, EndDate });
    const start = Date.parse(StartDate);
    assert.equal(iso(schedule?.next(start - 86_400_000, 0)), iso(start));
    assert.equal(iso(schedule?.next(start, 0)), iso(start + 300_000));
    assert.equal(iso(schedule?.next(start + 300_000, 0)), iso(start + 600_000));
    assert.equal(schedule?.next(start + 600_000, 0), undefined);
    assert.equal(scheduler('rate(5 minutes)', { StartDate: 'soon' }), undefined);
  });
});
