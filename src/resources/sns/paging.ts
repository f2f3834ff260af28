/** Lists that come in pages. */
import { invalidParameter } from './faults.ts';

const pageSize = 100;

/**
 * The page after the one that ended with the token.
 * @param items In the order of their keys.
 * @throws AwsFault for a token that nobody was given.
 */
export function page<T>(items: readonly T[], key: (item: T) => string, token: string | undefined): { items: T[]; NextToken: { NextToken?: string } } {
  const after = token === undefined ? '' : read(token);
  const rest = items.filter((item) => key(item) > after);
  const last = rest[pageSize - 1];
  return {
    items: rest.slice(0, pageSize),
    NextToken: rest.length > pageSize && last !== undefined ? { NextToken: Buffer.from(key(last)).toString('base64') } : {},
  };
}

function read(token: string): string {
  const key = Buffer.from(token, 'base64').toString();
  if (Buffer.from(key).toString('base64') !== token || !key.startsWith('arn:')) throw invalidParameter('NextToken');
  return key;
}
