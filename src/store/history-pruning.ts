/** Keeps the history within its bounds: the oldest finished executions go first, a slice at a time. */
import type { DatabaseSync } from 'node:sqlite';
import { inTransaction } from './database.ts';
import type { prepareHistory } from './history-schema.ts';

export interface HistoryBounds {
  maxExecutions: number;
  /** Of payloads and logs. */
  maxMegabytes: number;
}

/** What the history holds, or what was removed of it. */
export interface HistorySize {
  count: number;
  /** Of payloads and logs. */
  bytes: number;
}

/** Rows removed in one slice, so that pruning never holds the engine up. */
const sliceRows = 500;

export class HistoryPruning {
  readonly #database: DatabaseSync;
  readonly #statements: ReturnType<typeof prepareHistory>;
  readonly #bounds: () => HistoryBounds;
  /** No execution before this one has finished: those that wait may be very many, and are not looked through again and again. */
  #finishedFrom = 0;

  constructor(database: DatabaseSync, statements: ReturnType<typeof prepareHistory>, bounds: () => HistoryBounds) {
    this.#database = database;
    this.#statements = statements;
    this.#bounds = bounds;
  }

  /** To be told of every execution that has finished. */
  finished(sequence: number): void {
    if (sequence < this.#finishedFrom) this.#finishedFrom = sequence;
  }

  /** Removes a slice of what is too much. `more` says that there is more of it. */
  prune({ count, bytes }: HistorySize): { removed: HistorySize; more: boolean } {
    const { maxExecutions, maxMegabytes } = this.#bounds();
    const removed: HistorySize = { count: 0, bytes: 0 };
    // Pruning some hundreds at once costs half of what pruning after every group does.
    const slack = Math.min(250, Math.ceil(maxExecutions / 40));
    if (count <= maxExecutions + slack && bytes <= maxMegabytes * 1_048_576) return { removed, more: false };
    let surplus = count - maxExecutions;
    let tooMany = bytes - maxMegabytes * 1_048_576;
    const from = this.#finishedFrom;
    const oldest = this.#statements.oldest.all(from, sliceRows) as { sequence: number; bytes: number }[];
    if (oldest.length === 0) {
      // Nothing has finished: what does from now on is told.
      this.#finishedFrom = Number.MAX_SAFE_INTEGER;
      return { removed, more: false };
    }
    let last = -1;
    for (const row of oldest) {
      if (surplus <= 0 && tooMany <= 0) break;
      last = row.sequence;
      removed.bytes += row.bytes;
      surplus -= 1;
      tooMany -= row.bytes;
    }
    inTransaction(this.#database, () => {
      this.#statements.removeContents.run(from, last);
      removed.count = Number(this.#statements.remove.run(from, last).changes);
    });
    this.#finishedFrom = last + 1;
    return { removed, more: (surplus > slack || tooMany > 0) && oldest.length === sliceRows };
  }
}
