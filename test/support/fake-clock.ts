/** A clock that moves only when a test says so; waits pass at `scale`. */
import { shortestRepeat, type CancelTimer, type Clock } from '../../src/contracts/clock.ts';

interface Timer {
  /** Real or wait time, by `waits`. */
  at: number;
  waits: boolean;
  callback: () => void;
}

export class FakeClock implements Clock {
  /** Epoch milliseconds. */
  time: number;
  scale: number;
  #wait: number;
  /** How far the system's clock was set, milliseconds. */
  #jumped = 0;
  readonly #timers = new Set<Timer>();

  constructor(time = Date.UTC(2026, 10, 23, 12), scale = 1) {
    this.time = time;
    this.scale = scale;
    this.#wait = time;
  }

  now(): number {
    return this.time + this.#jumped;
  }

  monotonic(): number {
    return this.time;
  }

  after(milliseconds: number, callback: () => void): CancelTimer {
    return this.#add({ at: this.time + milliseconds, waits: false, callback });
  }

  soon(callback: () => void): void {
    setImmediate(callback);
  }

  waitNow(): number {
    return this.#wait;
  }

  repeatDue(awsMilliseconds: number): number {
    return this.#wait + Math.max(awsMilliseconds, shortestRepeat * this.scale);
  }

  overdue(due: number): number {
    return Math.max(0, this.#wait - due) / this.scale;
  }

  afterWait(due: number, callback: () => void): CancelTimer {
    return this.#add({ at: due, waits: true, callback });
  }

  /** Lets real time pass, and what it makes due happen, in order. */
  async pass(milliseconds: number): Promise<void> {
    const end = this.time + milliseconds;
    await settle();
    for (;;) {
      const next = this.#next(end);
      if (next === undefined) break;
      this.#moveTo(next);
      this.#fire();
      await settle();
    }
    this.#moveTo(end);
    await settle();
  }

  /** Moves the wait axis ahead, as `advanceSeconds` does. */
  async advance(seconds: number): Promise<void> {
    this.#wait += seconds * 1000;
    this.#fire();
    await settle();
  }

  /** Sets the system's clock ahead or back; timers know nothing of it. The wait axis follows it ahead, and never goes back. */
  async jump(milliseconds: number): Promise<void> {
    this.#jumped += milliseconds;
    if (milliseconds > 0) await this.advance(milliseconds * this.scale / 1000);
    else await settle();
  }

  #add(timer: Timer): CancelTimer {
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  #realTimeOf({ at, waits }: Timer): number {
    // In whole milliseconds, as the engine's clock has them: parts of one get lost in the size of the epoch.
    return waits ? Math.ceil(this.time + Math.max(0, at - this.#wait) / this.scale) : at;
  }

  #next(end: number): number | undefined {
    const times = [...this.#timers].map((timer) => this.#realTimeOf(timer)).filter((time) => time <= end);
    return times.length === 0 ? undefined : Math.max(this.time, Math.min(...times));
  }

  #moveTo(time: number): void {
    this.#wait += (time - this.time) * this.scale;
    this.time = time;
  }

  #fire(): void {
    // Tolerance: real time and wait time are converted into each other, and doubles of their size end at 0.0002.
    const due = [...this.#timers].filter((timer) => timer.at <= (timer.waits ? this.#wait : this.time) + 0.01);
    for (const timer of due) {
      if (this.#timers.delete(timer)) {
        if (timer.waits) this.#wait = Math.max(this.#wait, timer.at);
        timer.callback();
      }
    }
  }
}

/** Lets promises and microtasks run. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => { setImmediate(resolve); });
}
