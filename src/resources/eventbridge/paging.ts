/** Lists that come in pages. */
import type { ServiceInput } from '../../contracts/resources.ts';
import { bounds, Constraints } from './constraints.ts';
import { validation } from './faults.ts';
import { optionalNumber, optionalText } from './input.ts';

const largestPage = 100;

/**
 * The page that the request asks for, and its token when more follows.
 * @param items In the order of their keys.
 * @throws AwsFault ValidationException
 */
export function page<T>(items: readonly T[], key: (item: T) => string, input: ServiceInput): { items: T[]; NextToken: { NextToken?: string } } {
  const limit = optionalNumber(input, 'Limit');
  const token = optionalText(input, 'NextToken');
  new Constraints().text('nextToken', token, bounds.nextToken).number('limit', limit, 1, largestPage).check();
  const after = token === undefined ? undefined : read(token);
  const rest = after === undefined ? items : items.filter((item) => key(item) > after);
  const shown = rest.slice(0, limit ?? largestPage);
  const last = shown.at(-1);
  return {
    items: shown,
    NextToken: last !== undefined && shown.length < rest.length ? { NextToken: Buffer.from(key(last)).toString('base64') } : {},
  };
}

function read(token: string): string {
  const key = Buffer.from(token, 'base64').toString();
  if (Buffer.from(key).toString('base64') !== token) throw validation('Parameter NextToken is not valid.');
  return key;
}
