/** Real time, and the wait axis: how far the waits that AWS imposes have come. */
import { shortestRepeat, type CancelTimer, type Clock, type ClockState, type WaitTime } from '../contracts/clock.ts';
import type { DocumentCollection } from '../contracts/documents.ts';
import { UserError } from '../contracts/faults.ts';

/** One AWS minute takes one second. */
const defaultScale = 60;
const largestScale = 3600;
const largestAdvance = 31_536_000;
/** Longest delay of a Node timer, milliseconds. */
const longestTimer = 2 ** 31 - 1;

/** A point from which the wait axis can be computed: it survives a restart. */
interface Anchor {
  scale: number;
  /** Epoch milliseconds of real time. */
  real: number;
  /** Wait axis at `real`, AWS milliseconds. */
  wait: number;
}

interface Waiting {
  due: number;
  callback: () => void;
  timer?: NodeJS.Timeout;
}

export class ScaledClock implements Clock, WaitTime {
  readonly #store: DocumentCollection<Anchor>;
  readonly #now: () => number;
  readonly #waiting = new Set<Waiting>();
  readonly #listeners = new Set<(state: ClockState) => void>();
  #anchor: Anchor;
  /** The axis never goes back, even when the system's clock does: it goes on from the farthest place. */
  #reached = 0;
  /** Real time when that was last asked for. */
  #seen: number;

  /** @param store Keeps the anchor below the key `anchor`. */
  constructor(store: DocumentCollection<Anchor>, now: () => number = Date.now) {
    this.#store = store;
    this.#now = now;
    this.#seen = now();
    const { scale, real, wait } = store.get('anchor') ?? { scale: defaultScale, real: this.#seen, wait: this.#seen };
    this.#anchor = { scale, real: Math.min(real, this.#seen), wait };
    store.put('anchor', this.#anchor);
  }

  now(): number {
    return this.#now();
  }

  monotonic(): number {
    return performance.now();
  }

  after(milliseconds: number, callback: () => void): CancelTimer {
    const timer = setTimeout(callback, milliseconds);
    timer.unref();
    return () => clearTimeout(timer);
  }

  soon(callback: () => void): void {
    setImmediate(callback);
  }

  waitNow(): number {
    const now = this.#now();
    if (now < this.#seen) {
      // Somebody set the clock back. Waits must not stand still until it is again as late as it was.
      this.#anchor = { ...this.#anchor, real: now, wait: this.#reached };
      this.#store.put('anchor', this.#anchor);
    }
    this.#seen = now;
    const { scale, real, wait } = this.#anchor;
    this.#reached = Math.max(this.#reached, wait + (now - real) * scale);
    return this.#reached;
  }

  repeatDue(awsMilliseconds: number): number {
    return this.waitNow() + Math.max(awsMilliseconds, shortestRepeat * this.#anchor.scale);
  }

  overdue(due: number): number {
    return Math.max(0, this.waitNow() - due) / this.#anchor.scale;
  }

  afterWait(due: number, callback: () => void): CancelTimer {
    const waiting: Waiting = { due, callback };
    this.#waiting.add(waiting);
    this.#arm(waiting);
    return () => this.#forget(waiting);
  }

  state(): ClockState {
    return { scale: this.#anchor.scale, now: this.#now(), waitNow: this.waitNow() };
  }

  setScale(scale: number): ClockState {
    if (!Number.isFinite(scale) || scale < 1 || scale > largestScale) {
      throw new UserError(`The scale of waits is a number from 1 (real time) to ${largestScale}: ${String(scale)} is not.`);
    }
    return this.#move({ scale, real: this.#now(), wait: this.waitNow() });
  }

  advance(seconds: number): ClockState {
    if (!Number.isFinite(seconds) || seconds < 0 || seconds > largestAdvance) {
      throw new UserError(`advanceSeconds is a number from 0 to ${largestAdvance}: ${String(seconds)} is not.`);
    }
    return this.#move({ scale: this.#anchor.scale, real: this.#now(), wait: this.waitNow() + seconds * 1000 });
  }

  onDidChange(listener: (state: ClockState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #move(anchor: Anchor): ClockState {
    this.#anchor = anchor;
    this.#store.put('anchor', anchor);
    for (const waiting of this.#waiting) this.#arm(waiting);
    const state = this.state();
    for (const listener of this.#listeners) listener(state);
    return state;
  }

  #arm(waiting: Waiting): void {
    clearTimeout(waiting.timer);
    const real = Math.ceil((waiting.due - this.waitNow()) / this.#anchor.scale);
    waiting.timer = setTimeout(() => {
      if (this.waitNow() < waiting.due) {
        this.#arm(waiting);
        return;
      }
      this.#forget(waiting);
      waiting.callback();
    }, Math.min(longestTimer, Math.max(0, real)));
    waiting.timer.unref();
  }

  #forget(waiting: Waiting): void {
    clearTimeout(waiting.timer);
    this.#waiting.delete(waiting);
  }
}

