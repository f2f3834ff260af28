/** What a queued event waits for, with what can be done about it: stands above the tabs while it waits. */
import type { ExecutionAction } from '../src/protocol/panel.ts';
import type { Countdowns } from './countdown.ts';
import { textButton } from './controls.ts';
import { h, icon, setText } from './dom.ts';
import { atScale, waitLead } from './event-words.ts';
import type { Detail } from './state.ts';

export class WaitBanner {
  readonly element: HTMLElement;
  readonly #countdowns: Countdowns;
  readonly #text = h('span', { class: 'wait-text' });
  readonly #hint = h('span', { class: 'hint' });
  readonly #resume;
  readonly #tryNow;
  #shown: Detail['execution'] | undefined;

  constructor(countdowns: Countdowns, act: (action: ExecutionAction) => void, resume: () => void) {
    this.#countdowns = countdowns;
    this.#tryNow = textButton('Try Now', () => act('try-now'), { iconName: 'debug-continue' });
    this.#tryNow.element.title = 'End the wait: the next attempt starts at once';
    const expire = textButton('Expire Now', () => act('expire-now'), { iconName: 'history' });
    expire.element.title = 'Let the event become too old: it is given up, and destination and dead-letter queue get it';
    this.#resume = textButton('Resume', resume, { primary: true, iconName: 'play' });
    this.#resume.element.title = 'Let everything go on that was left over from last time';
    this.element = h('div', { class: 'wait-banner', role: 'group', 'aria-label': 'Waiting event', hidden: true },
      icon('watch'), h('div', { class: 'wait-words' }, this.#text, this.#hint),
      h('div', { class: 'buttons' }, this.#resume.element, this.#tryNow.element, expire.element));
    countdowns.onChange(() => { if (this.#shown) this.show(this.#shown); });
  }

  show(execution: Detail['execution']): void {
    this.#shown = execution;
    const { asynchronous, receivedAt, status } = execution;
    const wait = status === 'queued' ? asynchronous?.wait : undefined;
    this.element.hidden = !wait;
    if (!wait || !asynchronous) {
      this.#text.replaceChildren();
      return;
    }
    const held = this.#countdowns.isHeld(wait, receivedAt);
    this.#resume.setHidden(!held);
    this.#tryNow.setHidden(wait.kind === 'turn' && !held);
    this.#text.replaceChildren(held ? 'Left over from last time: waits until you resume' : this.#countdowns.element(waitLead(wait.kind, asynchronous.invokeCount), wait, receivedAt));
    const { scale } = this.#countdowns;
    setText(this.#hint, held || wait.kind === 'turn' || scale === undefined ? '' : `Waits pass ${atScale(scale)}.`);
  }
}
