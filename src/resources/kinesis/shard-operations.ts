/** Operations on shards: list, split, merge, scale. All are done when they answer; a stream is never UPDATING. */
import type { Clock } from '../../contracts/clock.ts';
import type { ServiceInput, ServiceOutput } from '../../contracts/resources.ts';
import { InputCheck, validation } from '../input-check.ts';
import { expiredToken, invalidArgument, limitExceeded, shardIsClosed, shardNotFound } from './faults.ts';
import { endingSequenceNumber, startingSequenceNumber } from './sequence-numbers.ts';
import { isOpen, merge, openShards, scale, shardIdOf, shardNumberOf, split, type StoredShard } from './shards.ts';
import { mostShards } from './stream-attributes.ts';
import { findStream, shardIdRules, streamReference } from './stream-names.ts';
import { retentionOf, type Stream, type StreamRegistry } from './stream-registry.ts';

/** Milliseconds. */
const tokenLifetime = 300_000;
const filterTypes = ['AFTER_SHARD_ID', 'AT_TRIM_HORIZON', 'FROM_TRIM_HORIZON', 'AT_LATEST', 'AT_TIMESTAMP', 'FROM_TIMESTAMP'];

interface ShardFilter {
  type: string;
  shardId?: string;
  /** Epoch seconds. */
  timestamp?: number;
}

interface ListToken {
  stream: string;
  createdAt: number;
  issued: number;
  /** Number of the last shard of the page before. */
  after: number;
  filter?: ShardFilter;
}

export class ShardOperations {
  readonly #clock: Clock;
  readonly #registry: StreamRegistry;
  readonly #changed: (stream: string) => void;

  /** @param parts.changed Shards of a stream changed. */
  constructor({ clock, registry, changed }: { clock: Clock; registry: StreamRegistry; changed: (stream: string) => void }) {
    this.#clock = clock;
    this.#registry = registry;
    this.#changed = changed;
  }

  list(input: ServiceInput): ServiceOutput {
    const check = new InputCheck(input);
    const reference = streamReference(check);
    const token = check.text('NextToken', { least: 1, most: 1_048_576 });
    const start = check.text('ExclusiveStartShardId', shardIdRules);
    const limit = check.integer('MaxResults', { least: 1, most: 10_000 }) ?? 1000;
    const creation = check.number('StreamCreationTimestamp');
    const given = check.structure('ShardFilter');
    const filter = given === undefined ? undefined : shardFilter(given);
    check.done();
    if (token !== undefined) {
      if (reference.name !== undefined || reference.arn !== undefined) throw invalidArgument('NextToken and StreamName cannot be provided together.');
      return this.#continued(readToken(token), limit);
    }
    if (reference.name === undefined && reference.arn === undefined) throw invalidArgument('Either NextToken or StreamName should be provided.');
    const stream = findStream(this.#registry, reference);
    if (creation !== undefined && Math.abs(creation * 1000 - stream.stored.createdAt) >= 1000) {
      throw invalidArgument('StreamCreationTimestamp is not that of the stream that exists now.');
    }
    return this.#page(stream, start === undefined ? -1 : shardNumberOf(start) ?? -1, limit, filter);
  }

  split(input: ServiceInput): ServiceOutput {
    const check = new InputCheck(input);
    const reference = streamReference(check);
    const shardId = check.requiredText('ShardToSplit', shardIdRules);
    const hash = check.requiredText('NewStartingHashKey', { pattern: '0|([1-9]\\d{0,38})' });
    check.done();
    const stream = this.#provisioned(findStream(this.#registry, reference), 'SplitShard');
    const shard = this.#shard(stream, shardId);
    const at = BigInt(hash);
    if (!isOpen(shard)) throw shardIsClosed(shardIdOf(shard.number), stream.name, this.#registry.accountId);
    if (at <= BigInt(shard.from) + 1n || at >= BigInt(shard.to)) {
      throw invalidArgument(`NewStartingHashKey ${hash} used in SplitShard() on shard ${shardIdOf(shard.number)} in stream ${stream.name} under account ${this.#registry.accountId}`
        + ` is not both greater than one plus the shard's StartingHashKey ${shard.from} and less than the shard's EndingHashKey ${shard.to}.`);
    }
    this.#checkLimit(openShards(stream.shards).length + 1);
    this.#registry.reshard(stream, (shards, resharding) => split(shards, shard.number, at, resharding));
    this.#changed(stream.name);
    return {};
  }

  merge(input: ServiceInput): ServiceOutput {
    const check = new InputCheck(input);
    const reference = streamReference(check);
    const ids = [check.requiredText('ShardToMerge', shardIdRules), check.requiredText('AdjacentShardToMerge', shardIdRules)];
    check.done();
    const stream = this.#provisioned(findStream(this.#registry, reference), 'MergeShards');
    const [first, second] = ids.map((id) => this.#shard(stream, id)) as [StoredShard, StoredShard];
    for (const { number, closedAt } of [first, second]) if (closedAt !== undefined) throw shardIsClosed(shardIdOf(number), stream.name, this.#registry.accountId);
    const [lower, upper] = BigInt(first.from) < BigInt(second.from) ? [first, second] : [second, first];
    if (BigInt(lower.to) + 1n !== BigInt(upper.from)) {
      throw invalidArgument(`Shards ${shardIdOf(first.number)} and ${shardIdOf(second.number)} in stream ${stream.name} under account ${this.#registry.accountId} are not an adjacent pair of shards eligible for merging`);
    }
    this.#registry.reshard(stream, (shards, resharding) => merge(shards, [lower.number, upper.number], resharding));
    this.#changed(stream.name);
    return {};
  }

  updateCount(input: ServiceInput): ServiceOutput {
    const check = new InputCheck(input);
    const reference = streamReference(check);
    const target = check.integer('TargetShardCount', { required: true, least: 1 }) ?? 0;
    check.requiredText('ScalingType', { values: ['UNIFORM_SCALING'] });
    check.done();
    const stream = this.#provisioned(findStream(this.#registry, reference), 'UpdateShardCount');
    const current = openShards(stream.shards).length;
    const counts = `Current open shard count: ${current}, Target shard count: ${target}`;
    if (target > current * 2) throw limitExceeded(`UpdateShardCount cannot scale up over double your current open shard count. ${counts}`);
    if (target < current / 2) throw limitExceeded(`UpdateShardCount cannot scale down below half your current open shard count. ${counts}`);
    this.#checkLimit(target);
    if (target !== current) {
      this.#registry.reshard(stream, (shards, resharding) => scale(shards, target, resharding));
      this.#changed(stream.name);
    }
    return { StreamName: stream.name, CurrentShardCount: current, TargetShardCount: target, StreamARN: this.#registry.arnOf(stream.name) };
  }

  #provisioned(stream: Stream, operation: string): Stream {
    if (stream.attributes.StreamMode === 'ON_DEMAND') throw validation(`${operation} is not supported for stream ${stream.name} under account ${this.#registry.accountId}, which is in ON_DEMAND mode.`);
    return stream;
  }

  #shard(stream: Stream, shardId: string): StoredShard {
    const number = shardNumberOf(shardId);
    const shard = stream.shards.find((each) => each.number === number);
    if (!shard) throw shardNotFound(number === undefined ? shardId : shardIdOf(number), stream.name, this.#registry.accountId);
    return shard;
  }

  #checkLimit(count: number): void {
    if (count > mostShards) throw limitExceeded(`A stream cannot have more than ${mostShards} shards.`);
  }

  #continued(token: ListToken, limit: number): ServiceOutput {
    const stream = this.#registry.get(token.stream);
    if (!stream || stream.stored.createdAt !== token.createdAt || this.#clock.now() - token.issued > tokenLifetime) throw expiredToken();
    return this.#page(stream, token.after, limit, token.filter);
  }

  #page(stream: Stream, after: number, limit: number, filter: ShardFilter | undefined): ServiceOutput {
    const now = this.#clock.now();
    const found = filtered(stream, filter, now).filter(({ number }) => number > after);
    const page = found.slice(0, limit);
    const token: ListToken = {
      stream: stream.name, createdAt: stream.stored.createdAt, issued: now, after: page.at(-1)?.number ?? after, ...(filter === undefined ? {} : { filter }),
    };
    return {
      Shards: page.map(shardOutput),
      ...(found.length > page.length ? { NextToken: Buffer.from(JSON.stringify(token)).toString('base64') } : {}),
    };
  }
}

/** Shards of which records may still be had, in the order of their numbers: parents before children. */
export function listedShards(stream: Stream, now: number): StoredShard[] {
  const before = now - retentionOf(stream);
  return stream.shards.filter(({ closedAt }) => closedAt === undefined || closedAt >= before);
}

function filtered(stream: Stream, filter: ShardFilter | undefined, now: number): StoredShard[] {
  const listed = listedShards(stream, now);
  const openAt = (at: number) => ({ createdAt, closedAt }: StoredShard): boolean => createdAt <= at && (closedAt === undefined || closedAt > at);
  switch (filter?.type) {
    case undefined: case 'FROM_TRIM_HORIZON': return listed;
    case 'AFTER_SHARD_ID': return listed.filter(({ number }) => number > (shardNumberOf(filter.shardId as string) ?? -1));
    case 'AT_TRIM_HORIZON': return listed.filter(openAt(Math.max(now - retentionOf(stream), stream.stored.createdAt)));
    case 'AT_LATEST': return openShards(listed);
    case 'AT_TIMESTAMP': return listed.filter(openAt(Math.max((filter.timestamp as number) * 1000, stream.stored.createdAt)));
    default: {
      const since = (filter?.timestamp ?? 0) * 1000;
      return listed.filter(({ closedAt }) => closedAt === undefined || closedAt >= since);
    }
  }
}

function shardFilter(check: InputCheck): ShardFilter {
  const type = check.requiredText('Type', { values: filterTypes });
  const shardId = check.text('ShardId', shardIdRules);
  const timestamp = check.number('Timestamp');
  check.done();
  if (type === 'AFTER_SHARD_ID' && shardId === undefined) throw invalidArgument('ShardId must be provided when ShardFilter is AFTER_SHARD_ID.');
  if (type.endsWith('TIMESTAMP') && timestamp === undefined) throw invalidArgument(`Timestamp must be provided when ShardFilter is ${type}.`);
  return { type, ...(shardId === undefined ? {} : { shardId }), ...(timestamp === undefined ? {} : { timestamp }) };
}

function readToken(text: string): ListToken {
  try {
    const token = JSON.parse(Buffer.from(text, 'base64').toString()) as ListToken;
    if (typeof token.stream === 'string' && typeof token.after === 'number' && typeof token.issued === 'number') return token;
  } catch {
    // Said below.
  }
  throw invalidArgument('NextToken is invalid.');
}

export const shardHash = ({ from, to }: StoredShard): ServiceOutput => ({ StartingHashKey: from, EndingHashKey: to });

export function shardOutput(shard: StoredShard): ServiceOutput {
  return {
    ShardId: shardIdOf(shard.number),
    ...(shard.parent === undefined ? {} : { ParentShardId: shardIdOf(shard.parent) }),
    ...(shard.adjacent === undefined ? {} : { AdjacentParentShardId: shardIdOf(shard.adjacent) }),
    HashKeyRange: shardHash(shard),
    SequenceNumberRange: {
      StartingSequenceNumber: startingSequenceNumber(shard),
      ...(shard.closedAt === undefined ? {} : { EndingSequenceNumber: endingSequenceNumber(shard, shard.closedAt) }),
    },
  };
}
