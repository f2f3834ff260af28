/** The chain of an execution, up to its first cause and down to all consequences. */
import assert from 'node:assert/strict';
import type { Execution, ExecutionQuery } from '../../../src/contracts/executions.ts';
import { chainOf, maxChainLinks } from '../../../src/ui/panel-chain.ts';
import { entry } from '../../panel/fake-history.ts';

/** @param causes Sequence of the cause by sequence; 0 for none. */
function history(causes: Readonly<Record<number, number>>) {
  const id = (sequence: number) => entry(sequence).execution.id;
  const all = Object.entries(causes).map(([sequence, cause]) => entry(Number(sequence), cause === 0 ? {} : { causedBy: id(cause) }).execution);
  let asked = 0;
  return {
    find: (sequence: number) => all.find((execution) => execution.sequence === sequence) as Execution,
    get asked() { return asked; },
    get: (wanted: string) => { asked += 1; return Promise.resolve(all.find((execution) => execution.id === wanted) ?? null); },
    list: ({ causedBy, limit }: ExecutionQuery) => {
      asked += 1;
      return Promise.resolve(all.filter((execution) => execution.causedBy === causedBy).toReversed().slice(0, limit));
    },
  };
}

describe('chain', () => {
  it('is empty for an execution that stands alone, with one question', async () => {
    const source = history({ 1: 0 });
    assert.deepEqual(await chainOf(source.find(1), source), { links: [], cut: false });
    assert.equal(source.asked, 1);
  });

  it('is the same seen from any of its executions: causes before consequences, siblings as they happened', async () => {
    const source = history({ 1: 0, 2: 1, 3: 2, 4: 1, 5: 4, 9: 0 });
    for (const sequence of [1, 2, 3, 5]) {
      const { links, cut } = await chainOf(source.find(sequence), source);
      assert.deepEqual(links.map((link) => [link.sequence, link.depth]), [[1, 0], [2, 1], [3, 2], [4, 1], [5, 2]]);
      assert.equal(cut, false);
    }
  });

  it('begins at the first cause that the history still has', async () => {
    const source = history({ 3: 2, 4: 3 });
    assert.deepEqual((await chainOf(source.find(4), source)).links.map(({ sequence }) => sequence), [3, 4]);
  });

  it('is cut when one execution caused very many, and still holds the one looked at', async () => {
    const source = history({ 1: 0, 2: 1, ...Object.fromEntries(Array.from({ length: 500 }, (_, index) => [index + 10, 1])), 3: 2 });
    const { links, cut } = await chainOf(source.find(3), source);
    assert.equal(cut, true);
    assert.ok(links.length <= maxChainLinks);
    assert.ok([1, 2, 3].every((sequence) => links.some((link) => link.sequence === sequence)));
  });

  it('ends when causes go round in a circle', async () => {
    const source = history({ 1: 2, 2: 1 });
    assert.equal((await chainOf(source.find(1), source)).links.length, 2);
  });
});
