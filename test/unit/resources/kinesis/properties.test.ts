/** Properties: whatever is put, split, merged, restarted and trimmed, each shard tells its records in order and completely. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { arnOf, Harness, hours, type ReadRecord } from './harness.ts';

type Step =
  | { do: 'put'; key: string; count: number }
  | { do: 'split' | 'merge'; pick: number }
  | { do: 'scale'; count: number }
  | { do: 'restart' }
  | { do: 'pass'; hours: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('put' as const), key: fc.string({ minLength: 1, maxLength: 3 }), count: fc.integer({ min: 1, max: 5 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('split' as const, 'merge' as const), pick: fc.nat(20) }) },
  fc.record({ do: fc.constant('scale' as const), count: fc.integer({ min: 1, max: 8 }) }),
  fc.constant({ do: 'restart' as const }),
  { weight: 2, arbitrary: fc.record({ do: fc.constant('pass' as const), hours: fc.integer({ min: 1, max: 20 }) }) },
);

interface Kept {
  text: string;
  key: string;
  at: number;
  shard: string;
  sequence: string;
}

async function run(at: Harness, steps: readonly Step[]): Promise<Kept[]> {
  const kept: Kept[] = [];
  let number = 0;
  at.create('s', 2);
  const open = () => at.shards('s', { ShardFilter: { Type: 'AT_LATEST' } });
  for (const each of steps) {
    switch (each.do) {
      case 'put':
        for (let count = 0; count < each.count; count += 1) {
          const text = `${number += 1}`;
          const { ShardId, SequenceNumber } = at.put('s', text, each.key);
          kept.push({ text, key: each.key, at: at.clock.now(), shard: ShardId, sequence: SequenceNumber });
        }
        break;
      case 'split': {
        const shards = open();
        const { ShardId, HashKeyRange: { StartingHashKey, EndingHashKey } } = shards[each.pick % shards.length] as typeof shards[number];
        at.call('SplitShard', { StreamName: 's', ShardToSplit: ShardId, NewStartingHashKey: String((BigInt(StartingHashKey) + BigInt(EndingHashKey)) / 2n) });
        break;
      }
      case 'merge': {
        const shards = open().sort((a, b) => (BigInt(a.HashKeyRange.StartingHashKey) < BigInt(b.HashKeyRange.StartingHashKey) ? -1 : 1));
        if (shards.length < 2) break;
        const index = each.pick % (shards.length - 1);
        at.call('MergeShards', { StreamName: 's', ShardToMerge: shards[index]?.ShardId, AdjacentShardToMerge: shards[index + 1]?.ShardId });
        break;
      }
      case 'scale': {
        const current = open().length;
        at.call('UpdateShardCount', { StreamName: 's', TargetShardCount: Math.min(current * 2, Math.max(Math.ceil(current / 2), each.count)), ScalingType: 'UNIFORM_SCALING' });
        break;
      }
      case 'restart': at.restart(); break;
      case 'pass': await at.clock.pass(hours(each.hours)); break;
    }
  }
  return kept;
}

/** Reads every shard from its oldest record in small pages. */
function readAll(at: Harness, limit: number): Map<string, ReadRecord[]> {
  return new Map(at.shards('s').map(({ ShardId }) => {
    const records: ReadRecord[] = [];
    let iterator: string | undefined = at.iterator('s', Number(ShardId.slice(-12)));
    while (iterator !== undefined) {
      const page = at.read(iterator, { Limit: limit });
      records.push(...page.Records);
      iterator = page.Records.length === 0 ? undefined : page.NextShardIterator;
    }
    return [ShardId, records];
  }));
}

const textOf = ({ Data }: ReadRecord) => Buffer.from(Data, 'base64').toString();

describe('Kinesis, properties', function () {
  this.timeout(60_000);

  it('every record within its retention is read once, in its shard, in the order of its sequence numbers', async () => {
    await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 25 }), fc.integer({ min: 1, max: 4 }), async (steps, limit) => {
      const at = new Harness();
      try {
        const kept = (await run(at, steps)).filter(({ at: time }) => time >= at.clock.now() - hours(24));
        const read = readAll(at, limit);
        for (const [shard, records] of read) {
          assert.deepEqual(records.map(textOf), kept.filter((each) => each.shard === shard).map(({ text }) => text), shard);
          assert.deepEqual(records.map(({ SequenceNumber }) => SequenceNumber), kept.filter((each) => each.shard === shard).map(({ sequence }) => sequence));
        }
        assert.equal([...read.values()].flat().length, kept.length);
      } finally {
        at.close();
      }
    }), { numRuns: 60 });
  });

  it('records of one key read parents first come in the order in which they were put; numbers rise across shards', async () => {
    await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const at = new Harness();
      try {
        const kept = await run(at, steps.filter((each) => each.do !== 'pass'));
        const shards = await at.kinesis.shards(arnOf('s'));
        const seen = new Set<string>();
        const order: { key: string; text: string; sequence: bigint }[] = [];
        for (const { shardId: id, parentShardIds } of shards) {
          for (const parent of parentShardIds) assert.ok(seen.has(parent), 'parents come before children');
          seen.add(id);
          const { records } = await at.kinesis.read(arnOf('s'), id, { kind: 'trim-horizon' }, 10_000);
          for (const { json, partitionKey, sequenceNumber } of records) {
            order.push({ key: partitionKey, text: Buffer.from((JSON.parse(json) as { data: string }).data, 'base64').toString(), sequence: BigInt(sequenceNumber) });
          }
        }
        for (const key of new Set(kept.map((each) => each.key))) {
          const mine = order.filter((each) => each.key === key);
          assert.deepEqual(mine.map(({ text }) => text), kept.filter((each) => each.key === key).map(({ text }) => text));
          mine.slice(1).forEach(({ sequence }, index) => assert.ok(sequence > (mine[index]?.sequence ?? 0n)));
        }
      } finally {
        at.close();
      }
    }), { numRuns: 60 });
  });

  it('open shards cover all hash keys without gap or overlap, after anything', async () => {
    await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const at = new Harness();
      try {
        await run(at, steps.filter((each) => each.do !== 'put'));
        const ranges = at.shards('s', { ShardFilter: { Type: 'AT_LATEST' } })
          .map(({ HashKeyRange }) => [BigInt(HashKeyRange.StartingHashKey), BigInt(HashKeyRange.EndingHashKey)] as const).sort(([a], [b]) => (a < b ? -1 : 1));
        let next = 0n;
        for (const [from, to] of ranges) {
          assert.equal(from, next);
          next = to + 1n;
        }
        assert.equal(next, 1n << 128n);
      } finally {
        at.close();
      }
    }), { numRuns: 40 });
  });
});
