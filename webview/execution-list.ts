/** The list of executions: only the rows in view exist as elements, so that ten thousand scroll like ten. */
import { defaultRangeExtractor, elementScroll, observeElementOffset, observeElementRect, Virtualizer, type VirtualizerOptions } from '@tanstack/virtual-core';
import type { ExecutionRow } from '../src/protocol/panel.ts';
import type { Countdowns } from './countdown.ts';
import { h, icon } from './dom.ts';
import { endMark } from './batch-words.ts';
import { waitLead } from './event-words.ts';
import { ago, count, duration, fullTime, outcome, shortTime, sourceWords, statusWords } from './formatting.ts';
import { firstNotNewer } from './rows.ts';

export interface ListShown {
  rows: readonly ExecutionRow[];
  /** -1 when the selected execution is not in the list. */
  selected: number;
  /** False while older executions are not loaded. */
  complete: boolean;
}

export interface ListEvents {
  onSelect(row: ExecutionRow): void;
  /** Enter: the reader wants the detail. */
  onOpen(): void;
  /** The last rows are in view. */
  onNearEnd(): void;
  /** The End key: the oldest execution is wanted. */
  onEnd(): void;
  onScroll(): void;
}

interface RowElement {
  element: HTMLElement;
  row: ExecutionRow | undefined;
  day: string;
}

/** Row height in font sizes: two lines and some air. */
const rowHeightInEms = 3.5;
/** Rows above and below the view that exist too. */
const overscan = 8;
/** Older rows are asked for when so few are left below the view. */
const nearEnd = 40;

export class ExecutionList {
  readonly element = h('div', { class: 'executions', role: 'listbox', tabindex: '0', 'aria-label': 'Executions' });
  readonly #space = h('div', { class: 'executions-space', role: 'presentation' });
  readonly #events: ListEvents;
  readonly #countdowns: Countdowns;
  readonly #rowHeight: number;
  readonly #virtualizer: Virtualizer<HTMLElement, HTMLElement>;
  readonly #elements = new Map<string, RowElement>();
  #shown: ListShown = { rows: [], selected: -1, complete: true };
  #drawing: number | undefined;

  constructor(events: ListEvents, countdowns: Countdowns) {
    this.#events = events;
    this.#countdowns = countdowns;
    this.element.append(this.#space);
    this.#rowHeight = Math.round(parseFloat(getComputedStyle(document.body).fontSize) * rowHeightInEms);
    this.element.style.setProperty('--row-height', `${this.#rowHeight}px`);
    this.#virtualizer = new Virtualizer(this.#virtualizerOptions());
    this.#virtualizer._didMount();
    this.element.addEventListener('click', (event) => this.#click(event));
    this.element.addEventListener('dblclick', () => events.onOpen());
    this.element.addEventListener('keydown', (event) => this.#key(event));
    this.element.addEventListener('scroll', () => events.onScroll(), { passive: true });
  }

  /** Call once the list is in the document. */
  attach(): void {
    this.#virtualizer._willUpdate();
  }

  /** Sequence of the first row in view; undefined at the top. */
  get topSequence(): number | undefined {
    const index = Math.floor(this.element.scrollTop / this.#rowHeight);
    return index === 0 ? undefined : this.#shown.rows[index]?.sequence;
  }

  show(next: ListShown): void {
    const previous = this.#shown;
    if (previous.rows === next.rows && previous.selected === next.selected && previous.complete === next.complete) return;
    const anchor = this.#anchor();
    this.#shown = next;
    this.#virtualizer.setOptions(this.#virtualizerOptions());
    this.#virtualizer._willUpdate();
    if (previous.rows !== next.rows) {
      this.#space.style.height = `${next.rows.length * this.#rowHeight}px`;
      // Rows that arrive above must not move what is being read.
      if (anchor) this.element.scrollTop = firstNotNewer(next.rows, anchor.sequence) * this.#rowHeight + anchor.offset;
    }
    this.#draw();
  }

  /** Brings the selected row into view. */
  revealSelected(): void {
    if (this.#shown.selected >= 0) this.#reveal(this.#shown.selected);
  }

  /** Brings the first row that is not newer than `sequence` to the top. */
  scrollTo(sequence: number): void {
    this.element.scrollTop = firstNotNewer(this.#shown.rows, sequence) * this.#rowHeight;
  }

  scrollToTop(): void {
    this.element.scrollTop = 0;
  }

  #virtualizerOptions(): VirtualizerOptions<HTMLElement, HTMLElement> {
    return {
      count: this.#shown.rows.length,
      getScrollElement: () => this.element,
      estimateSize: () => this.#rowHeight,
      scrollToFn: elementScroll,
      observeElementRect,
      observeElementOffset,
      overscan,
      // The selected row always exists, because `aria-activedescendant` names it.
      rangeExtractor: (range) => {
        const indexes = defaultRangeExtractor(range);
        const { selected } = this.#shown;
        return selected < 0 || indexes.includes(selected) ? indexes : [...indexes, selected];
      },
      onChange: () => this.#drawSoon(),
    };
  }

  #anchor(): { sequence: number; offset: number } | undefined {
    const { scrollTop } = this.element;
    if (scrollTop < 1) return undefined;
    const row = this.#shown.rows[Math.floor(scrollTop / this.#rowHeight)];
    return row && { sequence: row.sequence, offset: scrollTop % this.#rowHeight };
  }

  #drawSoon(): void {
    this.#drawing ??= requestAnimationFrame(() => {
      this.#drawing = undefined;
      this.#draw();
    });
  }

  #draw(): void {
    const { rows, selected, complete } = this.#shown;
    const items = this.#virtualizer.getVirtualItems();
    const now = Date.now();
    const kept = new Set<string>();
    const chain = rows[selected]?.chain;
    for (const { index, start } of items) {
      const row = rows[index];
      if (!row) continue;
      kept.add(row.id);
      const entry = this.#elements.get(row.id) ?? this.#create(row.id);
      this.#fill(entry, row, now);
      const { element } = entry;
      element.style.transform = `translateY(${start}px)`;
      element.setAttribute('aria-posinset', String(index + 1));
      element.setAttribute('aria-setsize', complete ? String(rows.length) : '-1');
      element.setAttribute('aria-selected', String(index === selected));
      element.classList.toggle('related', row.chain === chain && index !== selected);
    }
    for (const [id, { element }] of this.#elements) {
      if (kept.has(id)) continue;
      element.remove();
      this.#elements.delete(id);
    }
    const selectedRow = rows[selected];
    if (selectedRow && kept.has(selectedRow.id)) this.element.setAttribute('aria-activedescendant', elementId(selectedRow.id));
    else this.element.removeAttribute('aria-activedescendant');
    const lastInView = this.#virtualizer.range?.endIndex ?? 0;
    if (!complete && rows.length > 0 && lastInView > rows.length - nearEnd) this.#events.onNearEnd();
  }

  #create(id: string): RowElement {
    const element = h('div', { class: 'execution', role: 'option', id: elementId(id), 'data-id': id });
    const entry: RowElement = { element, row: undefined, day: '' };
    this.#elements.set(id, entry);
    this.#space.append(element);
    return entry;
  }

  #fill(entry: RowElement, row: ExecutionRow, now: number): void {
    const day = new Date(now).toDateString();
    if (entry.row === row && entry.day === day) return;
    entry.row = row;
    entry.day = day;
    const { element } = entry;
    const { icon: glyph } = statusWords[row.status];
    element.className = `execution status-${row.status}`;
    element.title = `${row.errorMessage ? `${outcome(row)}: ${row.errorMessage}\n` : ''}${fullTime(row.receivedAt)} (${ago(row.receivedAt, now)})`;
    element.replaceChildren(
      icon(row.status === 'running' ? `${glyph} codicon-modifier-spin` : glyph),
      h('span', { class: 'name' },
        row.causedBy !== undefined && h('span', { class: 'codicon codicon-indent caused', 'aria-hidden': 'true' }),
        row.functionName, row.qualifier !== undefined && h('span', { class: 'qualifier' }, `:${row.qualifier}`)),
      h('span', { class: 'took' }, row.durationMs === undefined || row.status === 'queued' ? '' : duration(row.durationMs)),
      h('span', { class: 'outcome' }, ...this.#outcome(row), ...marks(row).flatMap((mark) => [
        h('span', { class: 'visually-hidden' }, ', '),
        h('span', { class: mark.warn ? 'mark warn' : 'mark' }, mark.text),
      ])),
      h('time', { class: 'when', datetime: new Date(row.receivedAt).toISOString() }, shortTime(row.receivedAt, now)),
    );
  }

  #outcome(row: ExecutionRow): (Node | false)[] {
    const { word } = statusWords[row.status];
    const wait = row.status === 'queued' ? row.event?.wait : undefined;
    if (wait) {
      return [
        h('span', { class: 'visually-hidden' }, `${word}: `),
        h('span', { class: 'word' }, this.#countdowns.element(waitLead(wait.kind, row.event?.invokeCount ?? 0), wait, row.receivedAt)),
      ];
    }
    return [
      // An error's type alone does not say "failed" to who cannot see the icon.
      outcome(row) !== word && h('span', { class: 'visually-hidden' }, `${word}: `),
      h('span', { class: 'word' }, outcome(row)),
    ];
  }

  #click(event: MouseEvent): void {
    const id = (event.target as Element).closest<HTMLElement>('.execution')?.dataset.id;
    const row = id === undefined ? undefined : this.#elements.get(id)?.row;
    if (row) this.#events.onSelect(row);
  }

  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { rows, selected } = this.#shown;
    const page = Math.max(1, Math.floor(this.element.clientHeight / this.#rowHeight) - 1);
    let target: number;
    switch (event.key) {
      case 'ArrowDown': target = selected + 1; break;
      case 'ArrowUp': target = selected - 1; break;
      case 'PageDown': target = selected + page; break;
      case 'PageUp': target = selected - page; break;
      case 'Home': target = 0; break;
      case 'End':
        if (!this.#shown.complete) {
          event.preventDefault();
          this.#events.onEnd();
          return;
        }
        target = rows.length - 1;
        break;
      case 'Enter':
        event.preventDefault();
        if (selected >= 0) this.#events.onOpen();
        return;
      default: return;
    }
    event.preventDefault();
    const index = Math.min(Math.max(target, 0), rows.length - 1);
    const row = rows[index];
    if (!row) return;
    this.#reveal(index);
    // At once: the next key may come before the next frame.
    this.#shown = { ...this.#shown, selected: index };
    this.#drawSoon();
    this.#events.onSelect(row);
  }

  #reveal(index: number): void {
    const top = index * this.#rowHeight;
    const { scrollTop, clientHeight } = this.element;
    if (top < scrollTop) this.element.scrollTop = top;
    else if (top + this.#rowHeight > scrollTop + clientHeight) this.element.scrollTop = top + this.#rowHeight - clientHeight;
  }
}

/** Small words after the outcome. */
function marks({ coldStart, source, invocationType, causedBy, event, batch, status }: ExecutionRow): { text: string; warn?: boolean }[] {
  const found: { text: string; warn?: boolean }[] = [];
  if (event && event.failedDeliveries > 0) found.push({ text: event.failedDeliveries === 1 ? 'delivery failed' : `${event.failedDeliveries} deliveries failed`, warn: true });
  if (event && event.invokeCount > 1) found.push({ text: `${event.invokeCount} attempts` });
  if (event && event.throttles > 0) found.push({ text: event.throttles === 1 ? 'throttled once' : `throttled ${event.throttles}×` });
  if (event?.condition === 'EventAgeExceeded') found.push({ text: 'too old' });
  const ended = endMark(batch?.end);
  if (ended !== undefined) found.push({ text: ended, warn: true });
  if (batch) found.push({ text: count(batch.size, 'record') });
  if (coldStart && status !== 'queued') found.push({ text: 'cold start' });
  if (event?.duplicate) found.push({ text: 'duplicate' });
  if (source === 'replay') found.push({ text: 'replay' });
  if (causedBy !== undefined || (!batch && source !== 'replay' && source !== 'editor' && source !== 'endpoint')) found.push({ text: `from ${sourceWords[source]}` });
  else if (invocationType === 'DryRun') found.push({ text: 'dry run' });
  else if (event && status !== 'queued') found.push({ text: 'async' });
  return found;
}

function elementId(executionId: string): string {
  return `execution-${executionId}`;
}
