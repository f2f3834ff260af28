/** Tells screen readers politely what finished, gathered so that a flood is one sentence. */
import type { ExecutionRow } from '../src/protocol/panel.ts';
import { h } from './dom.ts';
import { finishedSentence, isUnderWay } from './formatting.ts';
import { placeOf } from './rows.ts';

/** Executions that finish within so long are one announcement, milliseconds. */
const gatherFor = 1000;

/** Changed rows that are finished now and were not before. */
export function newlyFinished(before: readonly ExecutionRow[], changed: readonly ExecutionRow[]): ExecutionRow[] {
  return changed.filter((row) => {
    if (isUnderWay(row.status)) return false;
    const place = placeOf(before, row.sequence);
    const known = before[place];
    return place < 0 || (known !== undefined && isUnderWay(known.status));
  });
}

export class Announcer {
  readonly element = h('div', { class: 'visually-hidden', role: 'status', 'aria-live': 'polite' });
  #finished = new Map<string, ExecutionRow>();
  #timer: number | undefined;

  finished(rows: readonly ExecutionRow[]): void {
    for (const row of rows) this.#finished.set(row.id, row);
    if (this.#finished.size === 0) return;
    this.#timer ??= window.setTimeout(() => {
      this.#timer = undefined;
      const sentence = finishedSentence([...this.#finished.values()]);
      this.#finished = new Map();
      if (sentence !== undefined) this.say(sentence);
    }, gatherFor);
  }

  say(sentence: string): void {
    // The same text twice is announced twice only when the node is new.
    this.element.replaceChildren(h('span', {}, sentence));
  }
}
