/** Shard iterators: where to read on in one shard of one stream, for five minutes. */
import type { ShardKey } from '../../contracts/stream-records.ts';
import { expiredIterator, invalidIterator } from './faults.ts';

/** Milliseconds. */
export const iteratorLifetime = 300_000;

export interface ShardIterator {
  stream: string;
  /** Number of the shard. */
  shard: number;
  /** Tells the shard from one of a stream of the same name that was deleted. */
  key: ShardKey;
  /** Position of the last record that was read. */
  after: number;
}

/** AWS's begin like this. */
const head = Buffer.from([0, 0, 0, 0, 0, 0, 0, 1]);

export function writeIterator({ stream, shard, key, after }: ShardIterator, now: number): string {
  return Buffer.concat([head, Buffer.from([now, stream, shard, key, after].join('\n'))]).toString('base64');
}

/** @throws AwsFault InvalidArgumentException, ExpiredIteratorException */
export function readIterator(text: string, now: number): ShardIterator {
  const bytes = Buffer.from(text, 'base64');
  const [issued, stream = '', ...numbers] = bytes.subarray(head.length).toString().split('\n');
  const [shard, key, after] = numbers.map(Number);
  const valid = bytes.subarray(0, head.length).equals(head) && bytes.toString('base64') === text && numbers.length === 3
    && [issued, ...numbers].every((each) => /^\d{1,16}$/.test(each ?? ''));
  if (!valid) throw invalidIterator();
  if (now - Number(issued) > iteratorLifetime) throw expiredIterator(Number(issued), now, iteratorLifetime);
  return { stream, shard: shard as number, key: key as number, after: after as number };
}
