/** ListObjectsV2: pages of objects and of groups of them. */
import type { ListQuery, ObjectHead, ObjectPage, ObjectStore } from '../../contracts/buckets.ts';
import { invalidArgument } from './faults.ts';

/** Where a page goes on: behind a key, or behind all keys of a group. */
interface Place {
  after: string;
  group: boolean;
}

const tokenMarks = { key: 'k', group: 'g' } as const;

export function listObjects(store: ObjectStore, bucket: string, { prefix, delimiter, startAfter, continuationToken, maxKeys }: ListQuery): ObjectPage {
  let place: Place = continuationToken === undefined ? { after: startAfter, group: false } : placeOf(continuationToken);
  const objects: ObjectHead[] = [];
  const commonPrefixes: string[] = [];
  while (maxKeys > 0) {
    const wanted = maxKeys - objects.length - commonPrefixes.length;
    const found = store.list(bucket, { prefix, ...place, limit: wanted + 1 });
    for (const object of found) {
      if (objects.length + commonPrefixes.length === maxKeys) return { objects, commonPrefixes, nextToken: tokenOf(place) };
      const end = delimiter === '' ? -1 : object.key.indexOf(delimiter, prefix.length);
      if (end === -1) {
        objects.push(object);
        place = { after: object.key, group: false };
        continue;
      }
      const group = object.key.slice(0, end + delimiter.length);
      commonPrefixes.push(group);
      place = { after: group, group: true };
      break;
    }
    // What was found behind a group belongs to it: the rest is asked for anew.
    if (!place.group && found.length <= wanted || found.length === 0) break;
  }
  return { objects, commonPrefixes };
}

function tokenOf({ after, group }: Place): string {
  return Buffer.from(`${group ? tokenMarks.group : tokenMarks.key}${after}`).toString('base64');
}

function placeOf(token: string): Place {
  const text = Buffer.from(token, 'base64').toString();
  const mark = text[0];
  if ((mark !== tokenMarks.key && mark !== tokenMarks.group) || Buffer.from(text).toString('base64') !== token) {
    throw invalidArgument('The continuation token provided is incorrect', 'continuation-token', token);
  }
  return { after: text.slice(1), group: mark === tokenMarks.group };
}
