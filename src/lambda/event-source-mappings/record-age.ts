/**
 * The age of stream records: waits in AWS time plus work in real time. A record's arrival is a moment of real time, so what
 * scaled waits passed over since then is added.
 */
import type { Clock } from '../../contracts/clock.ts';

interface Wait {
  /** Epoch milliseconds. */
  from: number;
  to: number;
  /** AWS milliseconds beyond the real ones. */
  extra: number;
}

const mostWaits = 500;

export class RecordAge {
  readonly #clock: Clock;
  readonly #waits: Wait[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Notes a wait that is over. @param from When it began, epoch milliseconds. @param waited How long it was on the wait axis, AWS milliseconds. */
  waited(from: number, waited: number): void {
    const to = this.#clock.now();
    const extra = waited - (to - from);
    if (extra <= 0) return;
    this.#waits.push({ from, to, extra });
    if (this.#waits.length <= mostWaits) return;
    const [first, second] = this.#waits.splice(0, 2) as [Wait, Wait];
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
