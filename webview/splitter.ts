/** The bar between list and detail: dragged by the pointer, or moved by the arrow keys. */
import { h } from './dom.ts';

/** Shares of the list in the width. */
const smallest = 0.2;
const largest = 0.7;
const step = 0.02;
const usual = 0.36;

export class Splitter {
  readonly element = h('div', {
    class: 'splitter', role: 'separator', tabindex: '0', 'aria-orientation': 'vertical', 'aria-label': 'Width of the list',
    'aria-valuemin': String(smallest * 100), 'aria-valuemax': String(largest * 100),
  });
  readonly #container: HTMLElement;
  readonly #onMove: () => void;
  #share: number;

  /** `container` gets the share as `--list-share`. */
  constructor(container: HTMLElement, share: number | undefined, onMove: () => void) {
    this.#container = container;
    this.#onMove = onMove;
    this.#share = usual;
    this.#set(share ?? usual);
    this.element.addEventListener('pointerdown', (event) => {
      if (event.button !== 0) return;
      event.preventDefault();
      this.element.setPointerCapture(event.pointerId);
    });
    this.element.addEventListener('pointermove', (event) => {
      if (!this.element.hasPointerCapture(event.pointerId)) return;
      const { left, width } = container.getBoundingClientRect();
      this.#set((event.clientX - left) / width);
    });
    this.element.addEventListener('lostpointercapture', onMove);
    this.element.addEventListener('dblclick', () => this.#move(usual));
    this.element.addEventListener('keydown', (event) => {
      switch (event.key) {
        case 'ArrowLeft': this.#move(this.#share - step); break;
        case 'ArrowRight': this.#move(this.#share + step); break;
        case 'Home': this.#move(smallest); break;
        case 'End': this.#move(largest); break;
        default: return;
      }
      event.preventDefault();
    });
  }

  get share(): number {
    return this.#share;
  }

  #move(share: number): void {
    this.#set(share);
    this.#onMove();
  }

  #set(share: number): void {
    this.#share = Math.min(Math.max(share, smallest), largest);
    this.#container.style.setProperty('--list-share', `${(this.#share * 100).toFixed(2)}%`);
    this.element.setAttribute('aria-valuenow', String(Math.round(this.#share * 100)));
  }
}
