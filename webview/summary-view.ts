/** The part between title and tabs: errors and notes, one line of numbers, and all the facts on demand. */
import { h, icon, setText } from './dom.ts';
import type { Detail } from './state.ts';
import { attempts, brief, facts, messages, type SummaryEvents } from './summary.ts';

type Execution = Detail['execution'];

/** Relative times are written anew so often, milliseconds. */
const clockTick = 15_000;
/** In a panel at least so large the facts leave room for the result, so they are open unless the user closed them. */
const roomy = '(min-width: 900px) and (min-height: 700px)';

export class Summary {
  readonly element: HTMLElement;
  readonly #events: SummaryEvents;
  readonly #messages = h('div');
  readonly #brief = h('span', { class: 'brief' });
  readonly #facts = h('div');
  readonly #more: HTMLDetailsElement;
  #shown: Execution | undefined;
  #chosen: boolean | undefined;

  /** `chosen`: whether the facts are open, undefined to go by the size of the panel. */
  constructor(events: SummaryEvents, chosen: boolean | undefined, onChoice: () => void) {
    this.#events = events;
    this.#chosen = chosen;
    const head = h('summary', { title: 'Show or hide the facts' }, icon('chevron-right'), this.#brief);
    this.#more = h('details', { class: 'more' }, head, this.#facts);
    this.element = h('div', { class: 'summary' }, this.#messages, this.#more);
    const room = matchMedia(roomy);
    this.#more.open = chosen ?? room.matches;
    room.addEventListener('change', () => { this.#more.open = this.#chosen ?? room.matches; });
    head.addEventListener('click', () => {
      // Before the element itself reacts.
      this.#chosen = !this.#more.open;
      onChoice();
    });
    setInterval(() => this.#tick(), clockTick);
  }

  get chosen(): boolean | undefined {
    return this.#chosen;
  }

  show(execution: Execution): void {
    this.#shown = execution;
    this.#messages.replaceChildren(...messages(execution));
    const { activeElement } = document;
    const focused = this.#facts.contains(activeElement) ? activeElement?.getAttribute('title') : undefined;
    this.#draw(execution);
    // The same button of what is shown now keeps the focus; a page that has none must not take it from the workbench.
    if (focused && document.hasFocus()) [...this.#facts.querySelectorAll<HTMLElement>('button')].find(({ title }) => title === focused)?.focus();
  }

  #tick(): void {
    // A focused button is not replaced under the reader's hands.
    if (this.#shown && !this.#facts.contains(document.activeElement)) this.#draw(this.#shown);
  }

  #draw(execution: Execution): void {
    const now = Date.now();
    const table = attempts(execution);
    setText(this.#brief, brief(execution, now));
    this.#facts.replaceChildren(facts(execution, this.#events, now), ...(table ? [table] : []));
  }
}
