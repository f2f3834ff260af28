/**
 * What became of the records of a batch, small enough for ten thousand of them: runs of one outcome in the order of the
 * event, each a count and a letter. `98d2b` is 98 deleted messages, then two that went back.
 */
import type { BatchRecordOutcome } from './executions.ts';

const letters: Readonly<Record<BatchRecordOutcome, string>> = { deleted: 'd', 'given-back': 'b', checkpointed: 'c', failed: 'f', discarded: 'x' };
const outcomes = new Map(Object.entries(letters).map(([outcome, letter]) => [letter, outcome as BatchRecordOutcome]));

export interface OutcomeRun {
  count: number;
  outcome: BatchRecordOutcome;
}

export function writeOutcomes(runs: Iterable<OutcomeRun>): string {
  let text = '';
  let count = 0;
  let last: BatchRecordOutcome | undefined;
  for (const run of runs) {
    if (run.count === 0) continue;
    if (last !== undefined && run.outcome !== last) {
      text += `${count}${letters[last]}`;
      count = 0;
    }
    last = run.outcome;
    count += run.count;
  }
  return last === undefined ? '' : `${text}${count}${letters[last]}`;
}

/** Letters that this version does not know end the list. */
export function readOutcomes(text: string): OutcomeRun[] {
  const runs: OutcomeRun[] = [];
  for (const [, count, letter] of text.matchAll(/(\d+)([a-z])/g)) {
    const outcome = outcomes.get(letter ?? '');
    if (outcome === undefined) break;
    runs.push({ count: Number(count), outcome });
  }
  return runs;
}

/** How many records came to each outcome. */
export function countOutcomes(text: string): ReadonlyMap<BatchRecordOutcome, number> {
  const counts = new Map<BatchRecordOutcome, number>();
  for (const { count, outcome } of readOutcomes(text)) counts.set(outcome, (counts.get(outcome) ?? 0) + count);
  return counts;
}

/** The outcome of one record; undefined where none is known. @param index In the event, from 0. */
export function outcomeAt(runs: readonly OutcomeRun[], index: number): BatchRecordOutcome | undefined {
  let before = 0;
  for (const { count, outcome } of runs) {
    before += count;
    if (index < before) return outcome;
  }
  return undefined;
}
