/**
 * For a moment after an answer, and again after a payload that came within that moment, the event loop turns without sleeping:
 * waking a process that sleeps takes longer than many a function does, and who has an answer often asks again at once. Only
 * while no more than one invocation runs, so that no processor is kept from other work; and not for a payload that came after
 * a rest, whose function may have to wait for the very processor that the engine would keep busy.
 */

/** Milliseconds of processor time: an invocation may cost them twice, a lone one costs them once. */
const limit = 0.2;

export class BusyWait {
  #running = 0;
  #turning = false;
  /** Monotonic milliseconds. */
  #until = 0;

  /** A payload has been handed over. */
  begin(): void {
    this.#running += 1;
    if (this.#running === 1 && this.#turning) this.#wait();
  }

  /** Its answer is there. */
  end(): void {
    this.#running -= 1;
    if (this.#running === 0) this.#wait();
  }

  #wait(): void {
    this.#until = performance.now() + limit;
    if (this.#turning) return;
    this.#turning = true;
    setImmediate(this.#turn);
  }

  readonly #turn = (): void => {
    this.#turning = this.#running <= 1 && performance.now() < this.#until;
    if (this.#turning) setImmediate(this.#turn);
  };
}
