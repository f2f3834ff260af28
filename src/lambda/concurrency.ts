/** Account and reserved concurrency, and the throttling that AWS answers with (lambda-facts §1.5). */
import { AwsFault } from '../contracts/faults.ts';

/** AWS keeps at least this much of the account limit unreserved. */
export const minimumUnreserved = 100;

export class Concurrency {
  readonly #running = new Map<string, number>();
  /** Running invocations of functions without a reservation. */
  #unreserved = 0;

  running(name: string): number {
    return this.#running.get(name) ?? 0;
  }

  byFunction(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#running);
  }

  /**
   * Takes one unit; the returned function gives it back.
   * @throws AwsFault TooManyRequestsException
   */
  acquire(name: string, reserved: number | undefined, unreservedLimit: number): () => void {
    const running = this.running(name);
    if (reserved !== undefined) {
      if (running >= reserved) throw throttled('ReservedFunctionConcurrentInvocationLimitExceeded');
    } else if (this.#unreserved >= unreservedLimit) {
      throw throttled('ConcurrentInvocationLimitExceeded');
    }
    this.#running.set(name, running + 1);
    if (reserved === undefined) this.#unreserved += 1;
    let released = false;
    return () => {
      if (released) return;
      released = true;
      const left = this.running(name) - 1;
      if (left > 0) this.#running.set(name, left);
      else this.#running.delete(name);
      if (reserved === undefined) this.#unreserved -= 1;
    };
  }
}

/** Seconds in `Retry-After`. */
const retryAfter = '1';

function throttled(reason: string): AwsFault {
  return new AwsFault('TooManyRequestsException', 429, 'Rate Exceeded.', { fields: { Reason: reason }, headers: { 'retry-after': retryAfter } });
}
