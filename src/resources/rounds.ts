/** Work that nobody waits for, such as deleting what is past its retention: in slices, so that callers get most of the time. */
import type { CancelTimer, Clock } from '../contracts/clock.ts';
import type { Logger } from '../contracts/logger.ts';

/** Rows of one slice: some milliseconds. */
export const slice = 500;
/** Between slices, milliseconds. */
const pause = 20;
/** Between rounds, milliseconds. */
const round = 60_000;

export interface RoundsParts {
  clock: Clock;
  logger: Logger;
  /** Does a slice; true when more is left, which then is done soon. */
  work: () => boolean;
  /** For the log, one sentence: the work failed, and is tried again in the next round. */
  failure: string;
}

export class Rounds {
  readonly #parts: RoundsParts;
  #cancel: CancelTimer | undefined;
  #next = Number.POSITIVE_INFINITY;
  #closed = false;

  constructor(parts: RoundsParts) {
    this.#parts = parts;
  }

  /** Begins, or goes on soon when there is new work. */
  start(): void {
    this.#schedule(pause);
  }

  close(): void {
    this.#closed = true;
    this.#cancel?.();
  }

  #schedule(milliseconds: number): void {
    const at = this.#parts.clock.now() + milliseconds;
    if (this.#closed || at >= this.#next) return;
    this.#cancel?.();
    this.#next = at;
    this.#cancel = this.#parts.clock.after(milliseconds, () => this.#run());
  }

  #run(): void {
    this.#next = Number.POSITIVE_INFINITY;
    const { logger, work, failure } = this.#parts;
    let more = false;
    try {
      more = work();
    } catch (error) {
      logger.error(failure, error);
    }
    this.#schedule(more ? pause : round);
  }
}
