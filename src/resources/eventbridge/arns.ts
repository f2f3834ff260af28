/** ARNs of buses, rules and schedules. */

/** The account and region that buses stand in. */
export interface Place {
  accountId: string;
  region: string;
}

export const defaultBus = 'default';

export function busArn(place: Place, name: string): string {
  return `${prefix(place)}:event-bus/${name}`;
}

/** Rules of the default bus have its name left out. */
export function ruleArn(place: Place, bus: string, name: string): string {
  return `${prefix(place)}:rule/${bus === defaultBus ? '' : `${bus}/`}${name}`;
}

/** Of a schedule of EventBridge Scheduler, as it stands in its events. */
export function scheduleArn({ region, accountId }: Place, group: string, name: string): string {
  return `arn:${partition(region)}:scheduler:${region}:${accountId}:schedule/${group}/${name}`;
}

/** @param nameOrArn As operations take it; the default bus when absent. */
export function busNameOf(nameOrArn: string | undefined): string {
  if (nameOrArn === undefined) return defaultBus;
  return /^arn:[^:]*:events:[^:]*:[^:]*:event-bus\/(.*)$/.exec(nameOrArn)?.[1] ?? nameOrArn;
}

/** Bus and name of a rule; undefined for any other ARN. */
export function parseRuleArn(arn: string): { bus: string; name: string } | undefined {
  const path = /^arn:[^:]*:events:[^:]*:[^:]*:rule\/(.+)$/.exec(arn)?.[1];
  if (path === undefined) return undefined;
  const slash = path.lastIndexOf('/');
  return slash === -1 ? { bus: defaultBus, name: path } : { bus: path.slice(0, slash), name: path.slice(slash + 1) };
}

/** The service in an ARN, for example `lambda`; undefined for what is none. */
export function serviceOf(arn: string): string | undefined {
  const [start, , service, , , ...rest] = arn.split(':');
  return start === 'arn' && service && rest.join(':') !== '' ? service : undefined;
}

function prefix({ region, accountId }: Place): string {
  return `arn:${partition(region)}:events:${region}:${accountId}`;
}

function partition(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}
