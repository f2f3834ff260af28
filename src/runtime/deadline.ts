/**
 * The time limit of an environment's invocations. They come far more often than one takes too long, so the timer of an earlier
 * invocation stays and looks, when it fires, whether anything is due yet.
 */
export class Deadline {
  readonly #passed: () => void;
  /** Monotonic milliseconds; Infinity while nothing runs. */
  #due = Number.POSITIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #firesAt = Number.POSITIVE_INFINITY;

  /** `passed` is called when a limit passes that nobody cleared. */
  constructor(passed: () => void) {
    this.#passed = passed;
  }

  /** @param milliseconds From now, 0 and more. */
  set(milliseconds: number): void {
    const now = performance.now();
    this.#due = now + milliseconds;
    if (this.#firesAt > this.#due) this.#arm(now);
  }

  clear(): void {
    this.#due = Number.POSITIVE_INFINITY;
  }

  /** For the end of the environment: no timer is left. */
  close(): void {
    this.clear();
    clearTimeout(this.#timer);
    this.#firesAt = Number.POSITIVE_INFINITY;
  }

  #arm(now: number): void {
    clearTimeout(this.#timer);
    this.#firesAt = this.#due;
    this.#timer = setTimeout(() => this.#look(), Math.ceil(this.#due - now));
    this.#timer.unref();
  }

  #look(): void {
    this.#firesAt = Number.POSITIVE_INFINITY;
    if (this.#due === Number.POSITIVE_INFINITY) return;
    const now = performance.now();
    if (now < this.#due) {
      this.#arm(now);
      return;
    }
    this.clear();
    this.#passed();
  }
}
