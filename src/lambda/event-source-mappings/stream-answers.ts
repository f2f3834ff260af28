/** What the answer of a function means for a batch of a stream (lambda-facts §3.6). */
import { readItemFailures, type ItemFailures } from './batch-item-failures.ts';
import { reportsFailures, type MappingConfiguration } from './mapping.ts';
import type { PolledAnswer } from './polled-invocations.ts';
import type { StreamItem } from './stream-segments.ts';
import { stateOf } from './tumbling-windows.ts';

export interface JudgedAnswer {
  failures: ItemFailures;
  /** What the answer has for the tumbling window, JSON text. */
  state?: string;
}

/** @param final It closes a tumbling window: no state is wanted. */
export function judgeAnswer(answer: PolledAnswer, items: readonly StreamItem[], configuration: MappingConfiguration, final: boolean): JudgedAnswer {
  if (answer.failure) return { failures: { kind: 'all', reason: `The function failed: ${answer.failure.errorType}.` } };
  let state: string | undefined;
  if ((configuration.stream?.tumblingWindowInSeconds ?? 0) > 0) {
    state = stateOf(answer.payload);
    if (state === undefined && !final) return { failures: { kind: 'all', reason: 'The answer has no state, which a tumbling window wants.' } };
  }
  if (!reportsFailures(configuration)) return { failures: { kind: 'none' }, ...(state === undefined ? {} : { state }) };
  const sequences = new Set(items.map(({ record }) => record.sequenceNumber));
  return { failures: readItemFailures(answer.payload, (id) => sequences.has(id)), ...(state === undefined ? {} : { state }) };
}

/** Index of the first record that failed; the number of records when none did. */
export function firstFailure(failures: ItemFailures, items: readonly StreamItem[]): number {
  if (failures.kind === 'none') return items.length;
  return failures.kind === 'all' ? 0 : items.findIndex(({ record }) => failures.ids.has(record.sequenceNumber));
}
