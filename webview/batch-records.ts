/** The records of a batch: only the rows in view exist as elements, and only their pages are fetched. */
import { elementScroll, observeElementOffset, observeElementRect, Virtualizer, type VirtualizerOptions } from '@tanstack/virtual-core';
import type { PanelMessage } from '../src/protocol/panel.ts';
import { maxBatchRows, type BatchDetail, type BatchRow } from '../src/protocol/panel-batch.ts';
import { BatchPages } from './batch-pages.ts';
import { choices, recordState, type Outcome } from './batch-words.ts';
import { h, icon, setText } from './dom.ts';
import { fact } from './facts.ts';
import { count, duration, fullTime, size } from './formatting.ts';
import type { Detail } from './state.ts';
import { copyable } from './summary.ts';

type Execution = Detail['execution'];

export interface BatchRecordsEvents {
  ask(executionId: string, from: number, limit: number, outcome: Outcome | undefined): void;
  copy(text: string, what: string): void;
  openEvent(): void;
}

/** Row height in font sizes. */
const rowHeightInEms = 1.85;
/** Rows in view at most; more scroll. */
const mostRows = 14;
const overscan = 6;

export class BatchRecordsView {
  readonly element: HTMLElement;
  readonly #events: BatchRecordsEvents;
  readonly #choices = h('div', { class: 'batch-choices', role: 'group', 'aria-label': 'Which records are listed' });
  readonly #list = h('div', { class: 'batch-rows', role: 'listbox', tabindex: '0', 'aria-label': 'Records' });
  readonly #space = h('div', { class: 'batch-rows-space', role: 'presentation' });
  readonly #one = h('div', { class: 'batch-record' });
  readonly #none = h('p', { class: 'hint' });
  readonly #rowHeight: number;
  readonly #virtualizer: Virtualizer<HTMLElement, HTMLElement>;
  readonly #elements = new Map<number, { element: HTMLElement; row: BatchRow | undefined; execution: Execution | undefined }>();
  #shown: { execution: Execution; batch: BatchDetail } | undefined;
  #pages: BatchPages | undefined;
  #outcome: Outcome | undefined;
  #selected = 0;
  #drawing: number | undefined;
  #described = '';

  constructor(events: BatchRecordsEvents) {
    this.#events = events;
    this.#list.append(this.#space);
    this.element = h('section', { class: 'batch-section', 'aria-label': 'Records' }, h('h3', {}, 'Records'), this.#choices, this.#none, this.#list, this.#one);
    this.#rowHeight = Math.round(parseFloat(getComputedStyle(document.body).fontSize) * rowHeightInEms);
    this.#list.style.setProperty('--row-height', `${this.#rowHeight}px`);
    this.#virtualizer = new Virtualizer(this.#options());
    this.#virtualizer._didMount();
    this.#list.addEventListener('click', (event) => this.#click(event));
    this.#list.addEventListener('keydown', (event) => this.#key(event));
  }

  show(execution: Execution, batch: BatchDetail): void {
    const previous = this.#shown;
    if (previous?.execution === execution && previous.batch === batch) return;
    this.#shown = { execution, batch };
    const same = previous?.execution.id === execution.id;
    if (!same) {
      this.#outcome = undefined;
      this.#selected = 0;
      this.#list.scrollTop = 0;
    }
    // Outcomes that are known now are in pages that are fetched anew.
    if (!same || previous.execution.polled?.outcomes !== execution.polled?.outcomes || !this.#pages) this.#turn(this.#outcome);
    this.#drawChoices(batch);
    this.#draw();
  }

  take(answer: Extract<PanelMessage, { type: 'batch-rows' }>): void {
    if (this.#pages?.take(answer)) this.#resize();
  }

  /** Shows all records, or those of one outcome. */
  #turn(outcome: Outcome | undefined): void {
    if (!this.#shown) return;
    const { execution, batch } = this.#shown;
    const known = outcome === undefined ? execution.polled?.size ?? 0 : batch.counts.find((each) => each.outcome === outcome)?.count ?? 0;
    this.#outcome = outcome;
    this.#pages = new BatchPages(execution.id, outcome, known);
    this.#selected = Math.min(this.#selected, Math.max(0, known - 1));
    this.#resize();
  }

  #resize(): void {
    const total = this.#pages?.total ?? 0;
    this.#list.style.height = `${Math.min(total, mostRows) * this.#rowHeight + 2}px`;
    this.#space.style.height = `${total * this.#rowHeight}px`;
    this.#list.hidden = total === 0;
    this.#none.hidden = total > 0;
    setText(this.#none, 'The event has no records.');
    this.#virtualizer.setOptions(this.#options());
    this.#virtualizer._willUpdate();
    this.#drawSoon();
  }

  #options(): VirtualizerOptions<HTMLElement, HTMLElement> {
    return {
      count: this.#pages?.total ?? 0, getScrollElement: () => this.#list, estimateSize: () => this.#rowHeight, scrollToFn: elementScroll,
      observeElementRect, observeElementOffset, overscan, onChange: () => this.#drawSoon(),
      // The selected row always exists, because `aria-activedescendant` names it.
      rangeExtractor: ({ startIndex, endIndex, count: total }) => {
        const indexes: number[] = [];
        for (let index = Math.max(0, startIndex - overscan); index <= Math.min(total - 1, endIndex + overscan); index += 1) indexes.push(index);
        return indexes.includes(this.#selected) || this.#selected >= total ? indexes : [...indexes, this.#selected];
      },
    };
  }

  #drawSoon(): void {
    this.#drawing ??= requestAnimationFrame(() => {
      this.#drawing = undefined;
      this.#draw();
    });
  }

  #draw(): void {
    const [shown, pages] = [this.#shown, this.#pages];
    if (!shown || !pages) return;
    const items = this.#virtualizer.getVirtualItems();
    const [first, last] = [items[0], items.findLast(({ index }) => index !== this.#selected) ?? items.at(-1)];
    if (first && last) for (const from of pages.missing(first.index, last.index)) this.#events.ask(pages.executionId, from, maxBatchRows, pages.outcome);
    const kept = new Set(items.map(({ index }) => index));
    for (const [index, { element }] of this.#elements) {
      if (kept.has(index)) continue;
      element.remove();
      this.#elements.delete(index);
    }
    for (const { index, start } of items) {
      let entry = this.#elements.get(index);
      if (!entry) {
        entry = { element: h('div', { class: 'batch-row', role: 'option', id: `batch-row-${index}`, 'data-index': String(index) }), row: undefined, execution: undefined };
        this.#elements.set(index, entry);
        this.#space.append(entry.element);
      }
      const row = pages.at(index);
      if (entry.row !== row || entry.execution !== shown.execution) {
        Object.assign(entry, { row, execution: shown.execution });
        this.#fill(entry.element, row, shown.execution);
      }
      entry.element.style.transform = `translateY(${start}px)`;
      entry.element.setAttribute('aria-posinset', String(index + 1));
      entry.element.setAttribute('aria-setsize', String(pages.total));
      entry.element.setAttribute('aria-selected', String(index === this.#selected));
    }
    if (kept.has(this.#selected)) this.#list.setAttribute('aria-activedescendant', `batch-row-${this.#selected}`);
    else this.#list.removeAttribute('aria-activedescendant');
    this.#drawOne(pages.at(this.#selected), shown.execution);
  }

  #fill(element: HTMLElement, row: BatchRow | undefined, execution: Execution): void {
    if (!row) {
      element.className = 'batch-row';
      element.replaceChildren(h('span', { class: 'hint' }, 'Loading…'));
      return;
    }
    const { icon: glyph, word, look } = recordState(row, execution);
    element.className = `batch-row status-${look}`;
    element.replaceChildren(
      icon(glyph === 'loading' ? 'loading codicon-modifier-spin' : glyph),
      h('span', { class: 'number' }, spoken('Record '), (row.index + 1).toLocaleString('en-US'), spoken(',')),
      h('span', { class: 'state' }, word, spoken(',')),
      h('span', { class: 'id', title: row.id }, row.id.length > 24 ? `…${row.id.slice(-14)}` : row.id),
      h('span', { class: 'key' }, [row.change, row.key, row.receiveCount !== undefined && row.receiveCount > 1 && `delivery ${row.receiveCount}`].filter(Boolean).join(' · ')),
      h('span', { class: 'age' }, ageOf(row, execution), spoken(' old,')),
      h('span', { class: 'body' }, row.binary ? `${size(row.length)} of binary data` : row.body.slice(0, 160)));
  }

  /** All about the selected record. */
  #drawOne(row: BatchRow | undefined, execution: Execution): void {
    const key = row ? `${execution.id} ${row.index} ${row.outcome ?? ''} ${execution.polled?.deliveries?.length ?? 0}` : '';
    if (key === this.#described) return;
    this.#described = key;
    if (!row) {
      this.#one.replaceChildren();
      return;
    }
    const facts = h('dl', { class: 'facts' });
    const add = (name: string, ...value: (Node | string)[]) => facts.append(fact(name, ...value));
    const isMessage = row.receiveCount !== undefined;
    add(isMessage ? 'Message ID' : 'Sequence', ...copyable(row.id, isMessage ? 'message ID' : 'sequence number', this.#events));
    add('State', recordState(row, execution).word);
    if (row.key !== undefined) add(isMessage ? 'Group' : row.change === undefined ? 'Partition key' : 'Keys', h('code', { title: row.key }, row.key));
    if (row.change !== undefined) add('Change', row.change);
    if (row.arrivedAt !== undefined) add(isMessage ? 'Sent' : 'Arrived', h('time', { datetime: new Date(row.arrivedAt).toISOString() }, `${fullTime(row.arrivedAt)} (${ageOf(row, execution)} before the invocation)`));
    if (row.receiveCount !== undefined) add('Delivery', String(row.receiveCount));
    const cut = row.body.length < row.length && !row.binary;
    const all = h('button', { class: 'link', title: 'Show the event that the function got' }, 'Event');
    all.addEventListener('click', () => this.#events.openEvent());
    this.#one.replaceChildren(
      facts,
      h('pre', { class: 'code', tabindex: '0', role: 'region', 'aria-label': `Body of record ${row.index + 1}` }, row.body),
      ...(cut || row.binary ? [h('p', { class: 'hint' }, row.binary ? `${size(row.length)} of binary data, as base64. ` : `The first ${row.body.length} of ${count(row.length, 'character')}. `, 'All of it is in the ', all, '.')] : []));
  }

  #drawChoices({ counts }: BatchDetail): void {
    const offered = choices(counts);
    if (this.#outcome !== undefined && !offered.some(({ outcome }) => outcome === this.#outcome)) this.#turn(undefined);
    const all = [{ outcome: undefined as Outcome | undefined, label: `All ${counts.reduce((sum, each) => sum + each.count, 0).toLocaleString('en-US')}` }, ...offered];
    const focused = this.#choices.contains(document.activeElement) ? (document.activeElement as HTMLElement).dataset.outcome : undefined;
    this.#choices.hidden = offered.length === 0;
    this.#choices.replaceChildren(...(offered.length === 0 ? [] : all).map(({ outcome, label }) => {
      const button = h('button', { class: 'choice', 'aria-pressed': String(outcome === this.#outcome), 'data-outcome': outcome ?? 'all' }, label);
      button.addEventListener('click', () => {
        this.#selected = 0;
        this.#list.scrollTop = 0;
        this.#turn(outcome);
        for (const each of this.#choices.children) each.setAttribute('aria-pressed', String(each === button));
      });
      return button;
    }));
    if (focused !== undefined && document.hasFocus()) this.#choices.querySelector<HTMLElement>(`[data-outcome="${focused}"]`)?.focus();
  }

  #click(event: MouseEvent): void {
    const index = (event.target as Element).closest<HTMLElement>('.batch-row')?.dataset.index;
    if (index !== undefined) this.#select(Number(index));
  }

  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const total = this.#pages?.total ?? 0;
    const page = Math.max(1, Math.floor(this.#list.clientHeight / this.#rowHeight) - 1);
    const targets: Readonly<Record<string, number>> = {
      ArrowDown: this.#selected + 1, ArrowUp: this.#selected - 1, PageDown: this.#selected + page, PageUp: this.#selected - page, Home: 0, End: total - 1,
    };
    const target = targets[event.key];
    if (target === undefined || total === 0) return;
    event.preventDefault();
    this.#select(Math.min(Math.max(target, 0), total - 1));
  }

  #select(index: number): void {
    this.#selected = index;
    const top = index * this.#rowHeight;
    const { scrollTop, clientHeight } = this.#list;
    if (top < scrollTop) this.#list.scrollTop = top;
    else if (top + this.#rowHeight > scrollTop + clientHeight) this.#list.scrollTop = top + this.#rowHeight - clientHeight;
    this.#virtualizer.setOptions(this.#options());
    this.#drawSoon();
  }
}

/** For screen readers: the row's name is what it holds. */
function spoken(text: string): HTMLElement {
  return h('span', { class: 'visually-hidden' }, text);
}

/** How old a record was when its batch was invoked, here. */
function ageOf({ arrivedAt }: BatchRow, { attempts, receivedAt }: Execution): string {
  if (arrivedAt === undefined) return '';
  return duration(Math.max(0, (attempts[0]?.startedAt ?? receivedAt) - arrivedAt));
}
