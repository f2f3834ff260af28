/**
 * Tells a run that nobody wants it any more. What an AbortSignal is in large: every invocation has one, and making one with
 * its listeners would take longer than handing the payload over.
 */
export class Cancellation {
  #cancelled = false;
  #listener: (() => void) | undefined;

  get cancelled(): boolean {
    return this.#cancelled;
  }

  cancel(): void {
    if (this.#cancelled) return;
    this.#cancelled = true;
    this.#listener?.();
  }

  /**
   * Calls `listener` at the moment of cancelling, at once when that is past. It takes the place of the one before: a run waits
   * for one thing at a time. Undefined takes it away.
   */
  follow(listener: (() => void) | undefined): void {
    this.#listener = listener;
    if (this.#cancelled) listener?.();
  }
}
