/**
 * AWS's dialect of cron: six fields (minutes, hours, day of month, month, day of week from SUN = 1, year), `?` in exactly one of
 * the two day fields, `L`, `W` and `#`. Each field is checked and written out as plain numbers, so that nothing is left to how
 * another dialect would read it.
 */

interface Field {
  least: number;
  most: number;
  names?: readonly string[];
}

const minutes: Field = { least: 0, most: 59 };
const hours: Field = { least: 0, most: 23 };
const days: Field = { least: 1, most: 31 };
const months: Field = { least: 1, most: 12, names: ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'] };
const weekdays: Field = { least: 1, most: 7, names: ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'] };
/** AWS documents 1970-2199; 2500 was seen to be taken. */
const years: Field = { least: 1970, most: 9999 };
/** Where steps and open ranges of years end. */
const lastYear = 2199;

/**
 * The pattern for Croner with `alternativeWeekdays`: seconds first, days of the week from 1.
 *
 * @param fields What stands inside the parentheses of `cron(…)`.
 * @returns undefined when AWS would refuse it.
 */
export function cronPattern(fields: string): string | undefined {
  const parts = fields.split(/\s+/);
  const [minute = '', hour = '', day = '', month = '', weekday = '', year = ''] = parts;
  if (parts.length !== 6 || (day === '?') === (weekday === '?')) return undefined;
  const written = [
    list(minute, minutes), list(hour, hours), day === '?' ? '*' : dayOfMonth(day), list(month, months),
    weekday === '?' ? '*' : dayOfWeek(weekday), list(year, years, lastYear),
  ];
  return written.includes(undefined) ? undefined : ['0', ...written].join(' ');
}

function dayOfMonth(text: string): string | undefined {
  return each(text, (item) => {
    const upper = item.toUpperCase();
    if (upper === 'L' || upper === 'LW') return upper;
    const weekday = /^(\d{1,2})W$/.exec(upper)?.[1];
    if (weekday !== undefined) return inRange(Number(weekday), days) ? `${Number(weekday)}W` : undefined;
    return items(item, days)?.join(',');
  });
}

function dayOfWeek(text: string): string | undefined {
  // With # there is one expression only.
  if (text.includes('#') && text.includes(',')) return undefined;
  return each(text, (item) => {
    if (item.toUpperCase() === 'L') return String(weekdays.most);
    const [, day = '', nth, last] = /^([A-Za-z]{3}|\d)(?:#(\d)|(L))$/i.exec(item) ?? [];
    if (nth === undefined && last === undefined) return items(item, weekdays)?.join(',');
    const number = numberOf(day, weekdays);
    if (number === undefined || (nth !== undefined && (Number(nth) < 1 || Number(nth) > 5))) return undefined;
    return nth === undefined ? `${number}L` : `${number}#${nth}`;
  });
}

function list(text: string, field: Field, end = field.most): string | undefined {
  return text === '*' ? '*' : each(text, (item) => items(item, field, end)?.join(','));
}

function each(text: string, write: (item: string) => string | undefined): string | undefined {
  const written = text.split(',').map(write);
  return written.includes(undefined) ? undefined : written.join(',');
}

/** The numbers of one value, a range, a range with a step, or a value with a step; a range may go over the end and on from the start. */
function items(text: string, field: Field, end = field.most): number[] | undefined {
  const [, range = '', step] = /^([^/]+)(?:\/(\d{1,4}))?$/.exec(text) ?? [];
  const by = step === undefined ? 1 : Number(step);
  if (range === '' || by < 1 || by > field.most) return undefined;
  const [from = '', to, more] = range.split('-');
  if (more !== undefined) return undefined;
  const first = from === '*' && to === undefined ? field.least : numberOf(from, field);
  const last = to === undefined ? (step === undefined && from !== '*' ? first : end) : numberOf(to, field);
  if (first === undefined || last === undefined) return undefined;
  const size = field.most - field.least + 1;
  const length = last >= first ? last - first : last - first + size;
  if (last < first && field === years) return undefined;
  return Array.from({ length: Math.floor(length / by) + 1 }, (_, index) => field.least + (first - field.least + index * by) % size);
}

function numberOf(text: string, field: Field): number | undefined {
  const name = field.names?.indexOf(text.toUpperCase()) ?? -1;
  if (name !== -1) return name + 1;
  const number = /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
  return inRange(number, field) ? number : undefined;
}

function inRange(number: number, { least, most }: Field): boolean {
  return number >= least && number <= most;
}
