/** Counts waits down: elements whose text follows the clock, whatever happens to the scale. */
import type { PanelMessage } from '../src/protocol/panel.ts';
import { remaining, type Remaining } from '../src/protocol/wait-clock.ts';
import { h, setText } from './dom.ts';
import { countdownText, type Wait } from './event-words.ts';

type ClockMessage = Extract<PanelMessage, { type: 'clock' }>;

/** Texts are written anew so often, milliseconds. */
const tick = 200;

interface Counting {
  /** What is waited for, before the time. */
  lead: string;
  wait: Wait;
  receivedAt: number;
}

export class Countdowns {
  readonly #counting = new Map<HTMLElement, Counting>();
  readonly #listeners = new Set<() => void>();
  #clock: { state: ClockMessage['clock']; offset: number; pausedSince?: number } | undefined;
  #timer: number | undefined;

  /** The browser's clock may differ from that of the host: from now on both are known. */
  take({ clock, pausedSince }: ClockMessage): void {
    const now = Date.now();
    this.#clock = { state: { ...clock, now }, offset: now - clock.now, ...(pausedSince !== undefined && { pausedSince }) };
    this.#write();
    for (const listener of this.#listeners) listener();
  }

  /** AWS time that passes in one unit of real time; undefined until the host has told. */
  get scale(): number | undefined {
    return this.#clock?.state.scale;
  }

  /** Called when scale or pause change. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** Whether it was accepted before the pause and waits for "Resume". One that was let go by hand has waited anew since. */
  isHeld(wait: Wait, receivedAt: number): boolean {
    const pausedSince = this.#clock?.pausedSince;
    return pausedSince !== undefined && receivedAt <= pausedSince && wait.since <= pausedSince;
  }

  /** Undefined until the host has told how fast waits pass. */
  remaining({ due, notBefore }: Wait): Remaining | undefined {
    if (!this.#clock) return undefined;
    return remaining({ due, notBefore: notBefore + this.#clock.offset }, this.#clock.state, Date.now());
  }

  /** What is waited for and what is left of it, as long as the element is in the document. */
  element(lead: string, wait: Wait, receivedAt: number): HTMLElement {
    const element = h('span', { class: 'countdown', role: 'timer' });
    const counting = { lead, wait, receivedAt };
    this.#counting.set(element, counting);
    setText(element, this.#text(counting));
    this.#timer ??= window.setInterval(() => this.#tick(), tick);
    return element;
  }

  #tick(): void {
    for (const element of this.#counting.keys()) if (!element.isConnected) this.#counting.delete(element);
    if (this.#counting.size > 0) {
      this.#write();
      return;
    }
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #write(): void {
    for (const [element, counting] of this.#counting) setText(element, this.#text(counting));
  }

  #text({ lead, wait, receivedAt }: Counting): string {
    if (this.isHeld(wait, receivedAt)) return 'Held until you resume';
    const left = this.remaining(wait);
    return left && wait.kind !== 'turn' ? `${lead} ${countdownText(left, this.#clock?.state.scale ?? 1)}` : lead;
  }
}
