/** A function's log, live while it runs: lines are added at the end, and the view stays at the end when it was there. */
import { levelOf, readable } from '../src/protocol/log-lines.ts';
import { textButton } from './controls.ts';
import { h, setText } from './dom.ts';
import { count } from './formatting.ts';
import { condense, startsAttempt } from './log-lines.ts';
import type { Log } from './state.ts';

/** A longer line is cut here; the editor shows it whole. */
const longestLine = 20_000;
/** So close to the end the view follows new lines, pixels. */
const atEnd = 24;

export interface LogShown {
  /** Whose log; another one starts from its beginning. */
  executionId: string;
  log: Log;
  running: boolean;
  /** Lines before the first one exist that the panel does not have. */
  cut: boolean;
  /** The engine itself kept only the first and last part. */
  truncated: boolean;
  /** Attempts so far; of more than one each is headed. */
  attempts: number;
}

export class LogView {
  readonly element = h('div', { class: 'log-view' });
  readonly #notice = h('div', { class: 'notice', hidden: true });
  readonly #noticeText = h('span');
  readonly #lines = h('div', { class: 'code log', tabindex: '0', role: 'log', 'aria-live': 'off', 'aria-label': 'Log' });
  readonly #empty = h('p', { class: 'hint' });
  #shown: LogShown | undefined;
  #scroller: HTMLElement | undefined;
  /** Whether the reader has the end in view. By their scrolling, not by sizes, which change with what stands above. */
  #atEnd = false;
  /** Attempts that begin in the lines shown, and those before them. */
  #started = 0;

  constructor(openInEditor: () => void) {
    this.#notice.append(this.#noticeText, textButton('Open in Editor', openInEditor).element);
    this.element.append(this.#notice, this.#empty, this.#lines);
  }

  /** `scroller` is the element that scrolls the view. */
  show(next: LogShown, scroller: HTMLElement): void {
    const previous = this.#shown;
    if (previous && previous.executionId === next.executionId && previous.log === next.log && previous.running === next.running && previous.attempts === next.attempts) return;
    this.#shown = next;
    const same = previous?.executionId === next.executionId;
    this.#watch(scroller);
    const follows = same ? this.#atEnd : next.running;
    // The first attempt gets its heading with the second.
    const headed = next.attempts > 1;
    if (same && previous.attempts > 1 === headed && continues(previous.log, next.log)) {
      this.#add(previous.log, next);
    } else {
      const starts = next.log.lines.filter(startsAttempt).length;
      this.#started = next.cut || next.log.dropped > 0 ? Math.max(0, next.attempts - starts) : 0;
      this.#lines.replaceChildren(...next.log.lines.map((line) => this.#line(line, next)));
    }
    this.#describe(next);
    if (follows && (next.running || previous?.running)) scroller.scrollTop = scroller.scrollHeight;
    else if (!same) scroller.scrollTop = 0;
    // A log that fits has its end in view and makes no scroll event.
    if (!same) this.#look(scroller);
  }

  #watch(scroller: HTMLElement): void {
    if (this.#scroller === scroller) return;
    this.#scroller = scroller;
    scroller.addEventListener('scroll', () => this.#look(scroller), { passive: true });
  }

  #look({ scrollHeight, scrollTop, clientHeight }: HTMLElement): void {
    this.#atEnd = scrollHeight - scrollTop - clientHeight < atEnd;
  }

  /** Brings the start of an attempt into view; the beginning when its line is not shown. */
  showAttempt(number: number, scroller: HTMLElement): void {
    const line = this.#lines.querySelector<HTMLElement>(`[data-attempt="${number}"]`);
    if (line) line.scrollIntoView({ block: 'start' });
    else scroller.scrollTop = 0;
  }

  #line(line: string, { executionId, attempts }: LogShown): HTMLElement {
    const element = lineElement(line, executionId);
    if (!startsAttempt(line)) return element;
    this.#started += 1;
    element.dataset.attempt = String(this.#started);
    if (attempts > 1) {
      element.classList.add('starts-attempt');
      element.prepend(h('span', { class: 'attempt-head' }, `Attempt ${this.#started}`));
    }
    return element;
  }

  #add(before: Log, shown: LogShown): void {
    const after = shown.log;
    for (let gone = after.dropped - before.dropped; gone > 0; gone -= 1) this.#lines.firstElementChild?.remove();
    const known = before.dropped + before.lines.length - after.dropped;
    this.#lines.append(...after.lines.slice(Math.max(0, known)).map((line) => this.#line(line, shown)));
  }

  #describe({ log, running, cut, truncated }: LogShown): void {
    const nothing = log.lines.length === 0;
    this.#empty.hidden = !nothing;
    this.#lines.hidden = nothing;
    setText(this.#empty, running ? 'No output yet. Lines appear here as the function writes them.' : 'The function wrote nothing.');
    const partial = cut || log.dropped > 0;
    this.#notice.hidden = !partial && !truncated;
    setText(this.#noticeText, partial
      ? `Only the last ${count(log.lines.length, 'line')} are shown.`
      : 'This log was too large to keep: its middle was left out.');
  }
}

/** True when `after` only adds lines to `before` (or reads the same ones anew). */
function continues(before: Log, after: Log): boolean {
  if (before.generation === after.generation) return true;
  const { length } = before.lines;
  return before.dropped === after.dropped && length <= after.lines.length
    && before.lines.every((line, index) => line === after.lines[index]);
}

function lineElement(line: string, executionId: string): HTMLElement {
  const level = levelOf(line);
  const { time, text } = condense(line, executionId);
  const shown = readable(text.length > longestLine ? `${text.slice(0, longestLine)} … (${count(text.length - longestLine, 'more character')})` : text);
  return h('div', { class: level ? `line level-${level}` : 'line' },
    time !== undefined && h('span', { class: 'time' }, time),
    // An empty line keeps its height.
    h('span', { class: 'text' }, shown === '' ? '\u200b' : shown));
}
