/** Reads the answer of a function whose mapping has ReportBatchItemFailures (lambda-facts §3.3, §3.6). */

/** `all`: the answer is one that fails the whole batch. */
export type ItemFailures = { kind: 'none' } | { kind: 'some'; ids: ReadonlySet<string> } | { kind: 'all'; reason: string };

const none: ItemFailures = { kind: 'none' };

/**
 * - Nothing failed: no answer, `null`, `{}`, `[]`, `""`, `{"batchItemFailures": []}` and `{"batchItemFailures": null}`. For
 *   queues `[]` and `""` are not recorded (DOUBT); an object without the member counts as an empty one.
 * - Everything failed: what is not JSON or has another shape, an identifier that is empty, null, missing, spelled otherwise
 *   or not of the batch.
 * @param isOfBatch Whether an identifier is of the batch.
 */
export function readItemFailures(payload: Uint8Array, isOfBatch: (id: string) => boolean): ItemFailures {
  if (payload.length === 0) return none;
  let answer: unknown;
  try {
    answer = JSON.parse(Buffer.from(payload).toString('utf8'));
  } catch {
    return { kind: 'all', reason: 'The answer is not JSON.' };
  }
  if (answer === null || answer === '' || (Array.isArray(answer) && answer.length === 0)) return none;
  if (typeof answer !== 'object' || Array.isArray(answer)) return { kind: 'all', reason: 'The answer is no object with batchItemFailures.' };
  const failures = (answer as Record<string, unknown>)['batchItemFailures'];
  if (failures === undefined || failures === null) return none;
  if (!Array.isArray(failures)) return { kind: 'all', reason: 'batchItemFailures is no list.' };
  const ids = new Set<string>();
  for (const failure of failures as unknown[]) {
    const id = typeof failure === 'object' && failure !== null ? (failure as Record<string, unknown>)['itemIdentifier'] : undefined;
    if (typeof id !== 'string' || id === '') return { kind: 'all', reason: 'An entry of batchItemFailures has no itemIdentifier.' };
    if (!isOfBatch(id)) return { kind: 'all', reason: `itemIdentifier ${id} is not of this batch.` };
    ids.add(id);
  }
  return ids.size === 0 ? none : { kind: 'some', ids };
}
