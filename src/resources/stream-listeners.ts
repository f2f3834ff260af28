/** Who wants to know of new records, by stream. */

export class StreamListeners {
  readonly #listeners = new Map<string, Set<() => void>>();
  readonly #announced = new Set<string>();
  #closed = false;

  /** Calls `listener` after records were written or shards changed. Returns the unsubscribe function. */
  listen(stream: string, listener: () => void): () => void {
    const listeners = this.#listeners.get(stream) ?? new Set();
    this.#listeners.set(stream, listeners);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(stream) === listeners) this.#listeners.delete(stream);
    };
  }

  /** Listeners get their turn after the present work, so that what it wrote is committed by then, or undone. */
  announce(stream: string): void {
    if (this.#closed || this.#announced.has(stream) || !this.#listeners.has(stream)) return;
    this.#announced.add(stream);
    queueMicrotask(() => {
      this.#announced.delete(stream);
      if (!this.#closed) for (const listener of [...this.#listeners.get(stream) ?? []]) listener();
    });
  }

  close(): void {
    this.#closed = true;
    this.#listeners.clear();
  }
}
