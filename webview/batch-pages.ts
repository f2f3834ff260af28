/** Records of a batch that the panel holds: pages of those that were in view. Pure, so that Node tests it. */
import type { PanelMessage } from '../src/protocol/panel.ts';
import { maxBatchRows, type BatchRow } from '../src/protocol/panel-batch.ts';
import type { Outcome } from './batch-words.ts';

/** Pages kept; those that were asked for longest ago go first. */
const mostPages = 20;

export class BatchPages {
  readonly executionId: string;
  readonly outcome: Outcome | undefined;
  /** Known or expected. */
  total: number;
  readonly #pages = new Map<number, readonly BatchRow[]>();
  readonly #asked = new Set<number>();

  constructor(executionId: string, outcome: Outcome | undefined, total: number) {
    this.executionId = executionId;
    this.outcome = outcome;
    this.total = total;
  }

  /** The record at a place of the list; undefined while it is not here. */
  at(index: number): BatchRow | undefined {
    return this.#pages.get(Math.floor(index / maxBatchRows))?.[index % maxBatchRows];
  }

  /** First indexes of pages to ask for, so that these places can be shown. Each is named once. */
  missing(first: number, last: number): number[] {
    const wanted: number[] = [];
    for (let page = Math.floor(Math.max(0, first) / maxBatchRows); page * maxBatchRows <= Math.min(last, this.total - 1); page += 1) {
      if (this.#pages.has(page) || this.#asked.has(page)) continue;
      this.#asked.add(page);
      wanted.push(page * maxBatchRows);
    }
    return wanted;
  }

  /** False when the answer is to another question. */
  take({ executionId, outcome, from, rows, total }: Extract<PanelMessage, { type: 'batch-rows' }>): boolean {
    const page = from / maxBatchRows;
    if (executionId !== this.executionId || outcome !== this.outcome || !this.#asked.delete(page)) return false;
    this.total = total;
    this.#pages.set(page, rows);
    const [oldest] = this.#pages.keys();
    if (this.#pages.size > mostPages && oldest !== undefined) this.#pages.delete(oldest);
    return true;
  }
}
