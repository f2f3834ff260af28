/** Shards of a stream: which hash keys are whose, and what splitting, merging and scaling make of them. Pure. */
import { createHash } from 'node:crypto';
import type { ShardKey } from '../../contracts/stream-records.ts';
import type { ShardIdentity } from './sequence-numbers.ts';

export interface StoredShard extends ShardIdentity {
  /** Of its records. */
  key: ShardKey;
  /** Hash keys, both included, decimal. */
  from: string;
  to: string;
  parent?: number;
  /** The other parent of a merged shard. */
  adjacent?: number;
  /** Epoch milliseconds. */
  createdAt: number;
  /** Absent while it takes records. */
  closedAt?: number;
}

const hashKeys = 1n << 128n;

export const shardIdOf = (number: number): string => `shardId-${String(number).padStart(12, '0')}`;

/** AWS takes the bare number too. undefined for what is no shard id. */
export function shardNumberOf(shardId: string): number | undefined {
  const digits = /^(?:shardId-)?(\d{1,12})$/.exec(shardId)?.[1];
  const number = digits === undefined ? Number.NaN : Number(digits);
  return number <= 2_147_483_647 ? number : undefined;
}

/** The MD5 of a partition key as a number below 2^128, decimal. */
export function hashKeyOf(partitionKey: string): bigint {
  return BigInt(`0x${createHash('md5').update(partitionKey).digest('hex')}`);
}

export const isOpen = ({ closedAt }: StoredShard): boolean => closedAt === undefined;

export function openShards(shards: readonly StoredShard[]): StoredShard[] {
  return shards.filter(isOpen);
}

/** Equal parts of all hash keys. */
export function evenRanges(count: number): { from: string; to: string }[] {
  const width = hashKeys / BigInt(count);
  return Array.from({ length: count }, (_, index) => ({
    from: String(width * BigInt(index)),
    to: String(index === count - 1 ? hashKeys - 1n : width * BigInt(index + 1) - 1n),
  }));
}

/** Finds the open shard of a hash key. */
export class ShardMap {
  readonly #starts: bigint[];
  readonly #shards: StoredShard[];

  constructor(shards: readonly StoredShard[]) {
    this.#shards = openShards(shards).sort((a, b) => (BigInt(a.from) < BigInt(b.from) ? -1 : 1));
    this.#starts = this.#shards.map(({ from }) => BigInt(from));
  }

  of(hashKey: bigint): StoredShard {
    let [low, high] = [0, this.#starts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] as bigint) <= hashKey) low = middle;
      else high = middle - 1;
    }
    return this.#shards[low] as StoredShard;
  }
}

export interface Resharding {
  /** Epoch milliseconds. */
  now: number;
  open(): ShardKey;
}

/** @param at First hash key of the upper child; within the shard, but not its first. */
export function split(shards: readonly StoredShard[], number: number, at: bigint, resharding: Resharding): StoredShard[] {
  const parent = shards.find((shard) => shard.number === number) as StoredShard;
  return closed(shards, [number], resharding, [
    { from: parent.from, to: String(at - 1n), parent: number },
    { from: String(at), to: parent.to, parent: number },
  ]);
}

/** @param numbers Lower and upper, adjacent. */
export function merge(shards: readonly StoredShard[], [lower, upper]: readonly [number, number], resharding: Resharding): StoredShard[] {
  const find = (number: number): StoredShard => shards.find((shard) => shard.number === number) as StoredShard;
  return closed(shards, [lower, upper], resharding, [{ from: find(lower).from, to: find(upper).to, parent: lower, adjacent: upper }]);
}

/**
 * Splits and merges until there are `count` open shards of equal width. As on AWS, shards in between are made and closed
 * at once.
 */
export function scale(shards: readonly StoredShard[], count: number, resharding: Resharding): StoredShard[] {
  let result = [...shards];
  const byRange = (): StoredShard[] => openShards(result).sort((a, b) => (BigInt(a.from) < BigInt(b.from) ? -1 : 1));
  const ranges = evenRanges(count);
  for (const { from } of ranges) {
    const start = BigInt(from);
    const around = byRange().find((shard) => BigInt(shard.from) < start && start <= BigInt(shard.to));
    if (around) result = split(result, around.number, start, resharding);
  }
  for (const { from, to } of ranges) {
    for (;;) {
      const [lower, upper] = byRange().filter((shard) => BigInt(shard.from) >= BigInt(from) && BigInt(shard.to) <= BigInt(to));
      if (!lower || !upper) break;
      result = merge(result, [lower.number, upper.number], resharding);
    }
  }
  return result;
}

function closed(
  shards: readonly StoredShard[],
  numbers: readonly number[],
  { now, open }: Resharding,
  children: readonly Pick<StoredShard, 'from' | 'to' | 'parent' | 'adjacent'>[],
): StoredShard[] {
  const parents = shards.filter(({ number }) => numbers.includes(number));
  // Within one second too, all sequence numbers of a child are larger than its parents'.
  const epoch = Math.max(Math.floor(now / 1000), ...parents.map((parent) => parent.epoch + 1));
  const next = Math.max(...shards.map(({ number }) => number)) + 1;
  return [
    ...shards.map((shard) => (numbers.includes(shard.number) ? { ...shard, closedAt: now } : shard)),
    ...children.map((child, index) => ({ number: next + index, epoch, key: open(), createdAt: now, ...child })),
  ];
}
