/**
 * For a moment after an answer, and again after a payload that came within that moment, the event loop turns without sleeping:
 * waking a process that sleeps takes longer than many a function does, and who has an answer often asks again at once.
 *
 * It is given up where it does not help: while more than one invocation runs, so that no processor is kept from other work;
 * for a payload that came after a rest; and for a while after an answer that was not there within the moment, as the function
 * may be waiting for the very processor that the engine keeps busy.
 */

/** Milliseconds of processor time: an invocation may cost them twice, a lone one costs them once. */
const limit = 0.2;
/** Payloads that are not waited for after one whose answer took longer. */
const discouraged = 32;

export class BusyWait {
  #running = 0;
  #turning = false;
  /** Monotonic milliseconds. */
  #until = 0;
  /** It is the answer to a payload that is waited for. */
  #forAnswer = false;
  #discouraged = 0;

  /** A payload has been handed over. */
  begin(): void {
    this.#running += 1;
    if (this.#running > 1 || !this.#turning) return;
    if (this.#discouraged > 0) {
      this.#discouraged -= 1;
      this.#until = 0;
      return;
    }
    this.#forAnswer = true;
    this.#wait();
  }

  /** Its answer is there. */
  end(): void {
    this.#running -= 1;
    if (this.#forAnswer && performance.now() > this.#until) this.#discouraged = discouraged;
    this.#forAnswer = false;
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
