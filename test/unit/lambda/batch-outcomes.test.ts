import assert from 'node:assert/strict';
import { countOutcomes, outcomeAt, readOutcomes, writeOutcomes } from '../../../src/contracts/batch-outcomes.ts';
import type { BatchRecordOutcome } from '../../../src/contracts/executions.ts';

describe('outcomes of a batch\'s records', () => {
  it('are runs: neighbours that came to the same are one', () => {
    assert.equal(writeOutcomes([{ count: 4, outcome: 'deleted' }, { count: 1, outcome: 'deleted' }, { count: 0, outcome: 'given-back' }, { count: 2, outcome: 'given-back' }]), '5d2b');
    assert.equal(writeOutcomes([]), '');
  });

  it('are read back, each record its own', () => {
    const all: BatchRecordOutcome[] = ['deleted', 'given-back', 'given-back', 'checkpointed', 'failed', 'discarded', 'deleted'];
    const runs = readOutcomes(writeOutcomes(all.map((outcome) => ({ count: 1, outcome }))));
    assert.deepEqual(all.map((_, index) => outcomeAt(runs, index)), all);
    assert.equal(outcomeAt(runs, all.length), undefined);
    assert.deepEqual([...countOutcomes('5d2b1d')], [['deleted', 6], ['given-back', 2]]);
  });

  it('ten thousand that alternate stay small', () => {
    const text = writeOutcomes(Array.from({ length: 10_000 }, (_, index) => ({ count: 1, outcome: index % 2 === 0 ? 'deleted' as const : 'given-back' as const })));
    assert.equal(text.length, 20_000);
  });

  it('of a later version are passed over', () => {
    assert.deepEqual(readOutcomes('3c2z1c'), [{ count: 3, outcome: 'checkpointed' }]);
  });
});
