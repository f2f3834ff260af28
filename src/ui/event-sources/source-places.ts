/** Where a source lives, as a person says it: checks while it is typed, and what becomes of the setting. No VS Code, so that Node tests it. */
import type { MappingSource } from '../../contracts/event-source-mappings.ts';
import type { EventSourceChoice } from '../../contracts/settings.ts';

type Choices = Readonly<Record<string, EventSourceChoice>>;

/** The kind of source of an ARN; undefined for what no mapping can poll. */
export function sourceKind(arn: string): MappingSource | undefined {
  const [, service, resource = ''] = /^arn:[\w-]+:(sqs|kinesis|dynamodb):[\w-]*:[^:]*:(.+)$/.exec(arn) ?? [];
  if (service === 'sqs') return 'sqs';
  if (service === 'kinesis') return resource.startsWith('stream/') ? 'kinesis' : undefined;
  return service === 'dynamodb' && /^table\/[^/]+\/stream\/./.test(resource) ? 'dynamodb' : undefined;
}

export function arnProblem(text: string): string | undefined {
  if (sourceKind(text.trim()) !== undefined) return undefined;
  return 'An ARN of a queue, a Kinesis stream or a table\'s stream, such as arn:aws:sqs:eu-west-1:111122223333:orders.';
}

export function urlProblem(text: string): string | undefined {
  const url = URL.parse(text.trim());
  return url && (url.protocol === 'http:' || url.protocol === 'https:') ? undefined : 'A URL, such as http://127.0.0.1:4566.';
}

export function profileProblem(text: string): string | undefined {
  return text.trim() === '' ? 'Name a profile of your AWS configuration.' : undefined;
}

export function regionProblem(text: string): string | undefined {
  return /^[a-z0-9-]+$/.test(text.trim()) ? undefined : 'A region, such as eu-west-1.';
}

export const regionOf = (arn: string): string => arn.split(':')[3] ?? '';

/** The setting once that source lives there. @param choice undefined for an embedded source: entries with its ARN or name go. */
export function withPlace(choices: Choices, { arn, name }: { arn: string; name: string }, choice: EventSourceChoice | undefined): Record<string, EventSourceChoice> {
  const others = Object.fromEntries(Object.entries(choices).filter(([key]) => key !== arn && (choice !== undefined || key !== name)));
  return choice === undefined ? others : { ...others, [arn]: choice };
}

/** Entries that may still say that a source lives elsewhere. */
export function patternsIn(choices: Choices): string[] {
  return Object.keys(choices).filter((key) => key.includes('*'));
}
