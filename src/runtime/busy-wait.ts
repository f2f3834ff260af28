/**
 * For a moment after a payload was handed over, the event loop turns without sleeping: waking a process that sleeps takes longer
 * than many a function does. Only while one invocation runs alone, so that no processor is kept from other work.
 */

/** Milliseconds of processor time that one invocation may cost this way. */
const limit = 0.2;

export class BusyWait {
  #running = 0;
  #turning = false;
  /** Monotonic milliseconds. */
  #until = 0;

  /** A payload has been handed over. */
  begin(): void {
    this.#running += 1;
    if (this.#running > 1) return;
    this.#until = performance.now() + limit;
    if (this.#turning) return;
    this.#turning = true;
    setImmediate(this.#turn);
  }

  /** Its answer is there. */
  end(): void {
    this.#running -= 1;
  }

  readonly #turn = (): void => {
    this.#turning = this.#running === 1 && performance.now() < this.#until;
    if (this.#turning) setImmediate(this.#turn);
  };
}
