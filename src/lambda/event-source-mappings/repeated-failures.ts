/**
 * Counts how often a record or batch failed in the same way: scaled waits must never turn days of redelivery into a hot loop,
 * so a mapping that fails so often alike pauses itself.
 */

/** Failures alike after which a mapping pauses itself. */
export const mostAlike = 20;
const mostRemembered = 10_000;

export class RepeatedFailures {
  readonly #counts = new Map<string, { alike: string; count: number; executionId?: string }>();

  /** @param alike What the failures have in common. Returns how often in a row that was it. @param executionId Where it failed. */
  failed(id: string, alike: string, executionId?: string): number {
    const before = this.#counts.get(id);
    const count = before?.alike === alike ? before.count + 1 : 1;
    this.#counts.delete(id);
    this.#counts.set(id, { alike, count, ...(executionId === undefined ? {} : { executionId }) });
    if (this.#counts.size > mostRemembered) this.#counts.delete(this.#counts.keys().next().value as string);
    return count;
  }

  get none(): boolean {
    return this.#counts.size === 0;
  }

  /** Where it failed last. */
  executionOf(id: string): string | undefined {
    return this.#counts.get(id)?.executionId;
  }

  succeeded(id: string): void {
    if (this.#counts.size > 0) this.#counts.delete(id);
  }

  forget(): void {
    this.#counts.clear();
  }
}
