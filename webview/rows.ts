/** The list's rows: always newest first, so places are found by halving. */
import type { ExecutionRow } from '../src/protocol/panel.ts';

/** Index of the first row that is not newer than `sequence`. */
export function firstNotNewer(rows: readonly ExecutionRow[], sequence: number): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((rows[middle] as ExecutionRow).sequence > sequence) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Index of the row with this sequence, or -1. */
export function placeOf(rows: readonly ExecutionRow[], sequence: number): number {
  const index = firstNotNewer(rows, sequence);
  return rows[index]?.sequence === sequence ? index : -1;
}

/**
 * Rows after a change: known ones replaced, new ones put in their place, removed ones gone. In a list whose older part
 * is not loaded (`complete` false) a row older than the last one waits for its page.
 */
export function insertRows(
  rows: readonly ExecutionRow[],
  changed: readonly ExecutionRow[],
  removed: readonly string[],
  { complete, maxRows }: { complete: boolean; maxRows: number },
): readonly ExecutionRow[] {
  const added: ExecutionRow[] = [];
  const next = [...rows];
  const oldest = rows.at(-1)?.sequence ?? 0;
  for (const row of changed) {
    const index = placeOf(next, row.sequence);
    if (index >= 0) next[index] = row;
    else if (complete || row.sequence > oldest) added.push(row);
  }
  const gone = new Set(removed);
  const kept = gone.size === 0 ? next : next.filter(({ id }) => !gone.has(id));
  if (added.length === 0) return kept;
  added.sort((one, other) => other.sequence - one.sequence);
  // New executions usually go before all others; late matches of a filter go between.
  const newest = kept[0]?.sequence ?? -1;
  const merged = (added.at(-1) as ExecutionRow).sequence > newest
    ? [...added, ...kept]
    : [...added, ...kept].sort((one, other) => other.sequence - one.sequence);
  return merged.length > maxRows ? merged.slice(0, maxRows) : merged;
}
