/**
 * The age of stream records: waits in AWS time plus work in real time. A record's arrival is a moment of real time, so what
 * scaled waits passed over since then is added.
 */
import type { Clock } from '../../contracts/clock.ts';

export interface PastWait {
  /** Epoch milliseconds. */
  from: number;
  to: number;
  /** AWS milliseconds beyond the real ones. */
  extra: number;
}

const mostWaits = 100;

export class RecordAge {
  readonly #clock: Clock;
  readonly #waits: PastWait[];

  /** @param before Waits from before the engine was started. */
  constructor(clock: Clock, before: readonly PastWait[] = []) {
    this.#clock = clock;
    this.#waits = [...before];
  }

  get waits(): readonly PastWait[] {
    return this.#waits;
  }

  /** Nobody asks any more for records that arrived before. @param arrivedAt Epoch milliseconds. */
  forgetBefore(arrivedAt: number): void {
    while (this.#waits[0] && this.#waits[0].to <= arrivedAt) this.#waits.shift();
  }

  /** Notes a wait that is over. @param from When it began, epoch milliseconds. @param waited How long it was on the wait axis, AWS milliseconds. */
  waited(from: number, waited: number): void {
    const to = this.#clock.now();
    const extra = waited - (to - from);
    if (extra <= 0) return;
    this.#waits.push({ from, to, extra });
    if (this.#waits.length <= mostWaits) return;
    const [first, second] = this.#waits.splice(0, 2) as [PastWait, PastWait];
    this.#waits.unshift({ from: first.from, to: second.to, extra: first.extra + second.extra });
  }

  /** AWS milliseconds since the record arrived. @param arrivedAt Epoch milliseconds. */
  of(arrivedAt: number): number {
    let age = this.#clock.now() - arrivedAt;
    for (const { from, to, extra } of this.#waits) {
      if (arrivedAt >= to) continue;
      age += arrivedAt <= from ? extra : extra * (to - arrivedAt) / (to - from);
    }
    return age;
  }
}
