/** `rate(…)` and `cron(…)` of rules, and what EventBridge Scheduler has beyond them: `at(…)`, time zones, a start and an end. */
import { Cron } from 'croner';
import type { Attributes } from '../overlay.ts';
import { cronPattern } from './cron-fields.ts';

export interface Schedule {
  /**
   * The first run after a time; undefined when there is none.
   *
   * @param after Epoch milliseconds.
   * @param since Epoch milliseconds from which a rate counts.
   */
  next(after: number, since: number): number | undefined;
}

const unitMilliseconds: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** The schedule of a rule, by its attributes; undefined when it has none, or none that is valid. */
export function scheduleOf(attributes: Attributes): Schedule | undefined {
  const { ScheduleExpression: expression, GroupName } = attributes;
  if (expression === undefined) return undefined;
  return GroupName === undefined ? ruleSchedule(expression) : schedulerSchedule(expression, attributes);
}

/** A rule's schedule, in UTC. undefined when PutRule would refuse it. */
export function ruleSchedule(expression: string): Schedule | undefined {
  const rate = /^rate\((?:1 (minute|hour|day)|([2-9]|[1-9]\d{1,8}) (minute|hour|day)s)\)$/.exec(expression);
  if (rate) return rateSchedule(Number(rate[2] ?? 1), rate[1] ?? rate[3] ?? '');
  const fields = /^cron\((.+)\)$/.exec(expression)?.[1];
  return fields === undefined ? undefined : cronSchedule(fields, 'Etc/UTC');
}

/** EventBridge Scheduler was seen to be laxer: keywords in any case, `rate(5 minute)`, cron without a year. */
function schedulerSchedule(expression: string, { ScheduleExpressionTimezone: zone = 'Etc/UTC', StartDate, EndDate }: Attributes): Schedule | undefined {
  const [, keyword = '', body = ''] = /^([A-Za-z]+)\((.+)\)$/.exec(expression) ?? [];
  const start = StartDate === undefined ? undefined : Date.parse(StartDate);
  const end = EndDate === undefined ? undefined : Date.parse(EndDate);
  const schedule = schedulerExpression(keyword.toLowerCase(), body, zone);
  if (!schedule || Number.isNaN(start) || Number.isNaN(end)) return undefined;
  return {
    next: (after, since) => {
      const run = schedule.next(Math.max(after, (start ?? -Infinity) - 1), start ?? since);
      return run === undefined || (end !== undefined && run > end) ? undefined : run;
    },
  };
}

function schedulerExpression(keyword: string, body: string, zone: string): Schedule | undefined {
  switch (keyword) {
    case 'rate': {
      const [, value = '', unit = ''] = /^(\d{1,9}) *([a-z]+?)s?$/i.exec(body) ?? [];
      return Number(value) < 1 ? undefined : rateSchedule(Number(value), unit.toLowerCase());
    }
    case 'cron': return cronSchedule(body.split(/\s+/).length === 5 ? `${body} *` : body, zone);
    case 'at': return atSchedule(body, zone);
    default: return undefined;
  }
}

/** The first run is one interval after the beginning, or the beginning itself while that is still to come. */
function rateSchedule(value: number, unit: string): Schedule | undefined {
  const interval = value * (unitMilliseconds[unit] ?? Number.NaN);
  if (Number.isNaN(interval)) return undefined;
  return { next: (after, since) => since + Math.max(0, Math.floor((after - since) / interval) + 1) * interval };
}

function cronSchedule(fields: string, zone: string): Schedule | undefined {
  const pattern = cronPattern(fields);
  return pattern === undefined ? undefined : fromCroner(pattern, zone);
}

/** `yyyy-mm-ddThh:mm[:ss]` in the schedule's time zone. */
function atSchedule(body: string, zone: string): Schedule | undefined {
  const [, year, month, day, hour, minute, second = '0'] = /^(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?$/.exec(body) ?? [];
  if (year === undefined) return undefined;
  return fromCroner([second, minute, hour, day, month, '*', year].map((part) => part?.replace(/^0(?=\d)/, '')).join(' '), zone);
}

function fromCroner(pattern: string, timezone: string): Schedule | undefined {
  let cron: Cron;
  try {
    cron = new Cron(pattern, { timezone, alternativeWeekdays: true, mode: '7-part', paused: true });
    // An unknown time zone shows only when it is used.
    cron.nextRun(new Date(0));
  } catch {
    // Not a schedule: the caller says so.
    return undefined;
  }
  return { next: (after) => cron.nextRun(new Date(after))?.getTime() };
}
