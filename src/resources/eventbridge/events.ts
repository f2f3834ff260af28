/** Events as rules see them and targets get them: keys, their order and the form of `time` as recorded. */
import { compactJson } from './json-path.ts';
import type { Place } from './arns.ts';

export interface EventParts {
  id: string;
  detailType: string;
  source: string;
  /** Epoch milliseconds. */
  time: number;
  resources: readonly string[];
  /** JSON text. */
  detail: string;
}

/** JSON text without white space outside of strings. The detail keeps the spelling of its numbers and its duplicate keys. */
export function eventText({ id, detailType, source, time, resources, detail }: EventParts, { accountId, region }: Place): string {
  const head = JSON.stringify({
    version: '0', id, 'detail-type': detailType, source, account: accountId, time: eventTime(time), region, resources,
  });
  return `${head.slice(0, -1)},"detail":${compactJson(detail)}}`;
}

/** ISO 8601 in whole seconds. */
export function eventTime(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`;
}

/** Whether the text is a JSON object. */
export function isObjectText(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === 'object' && !Array.isArray(value);
  } catch {
    // Said by the caller, in AWS's words.
    return false;
  }
}
