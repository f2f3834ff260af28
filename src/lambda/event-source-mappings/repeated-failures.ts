/**
 * Counts how often a record or batch failed in the same way: scaled waits must never turn days of redelivery into a hot loop,
 * so a mapping that fails so often alike pauses itself.
 */

/** Failures alike after which a mapping pauses itself. */
export const mostAlike = 20;
const mostRemembered = 10_000;

export class RepeatedFailures {
  readonly #counts = new Map<string, { alike: string; count: number }>();

  /** @param alike What the failures have in common. Returns how often in a row that was it. */
  failed(id: string, alike: string): number {
    const before = this.#counts.get(id);
    const count = before?.alike === alike ? before.count + 1 : 1;
    this.#counts.delete(id);
    this.#counts.set(id, { alike, count });
    if (this.#counts.size > mostRemembered) this.#counts.delete(this.#counts.keys().next().value as string);
    return count;
  }

  succeeded(id: string): void {
    if (this.#counts.size > 0) this.#counts.delete(id);
  }

  forget(): void {
    this.#counts.clear();
  }
}
