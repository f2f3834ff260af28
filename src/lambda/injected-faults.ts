/** Faults that a person injects on purpose, per function: so that retries, dead letters and idempotency can be tried out. */
import type { DocumentCollection, DocumentStore } from '../contracts/documents.ts';
import { AwsFault, UserError } from '../contracts/faults.ts';
import type { FaultSettings } from '../contracts/lambda-api.ts';
import type { RunOutcome } from '../contracts/runner.ts';

const longestDelay = 900_000;
export const injectedErrorType = 'LocalLambda.InjectedFault';

export class InjectedFaults {
  readonly #settings: DocumentCollection<FaultSettings>;
  readonly #random: () => number;
  /** Read from the database once. */
  readonly #known = new Map<string, FaultSettings>();

  constructor(documents: DocumentStore, random: () => number) {
    this.#settings = documents.collection('faults');
    this.#random = random;
    for (const [name, settings] of this.#settings.entries()) this.#known.set(name, settings);
  }

  get(functionName: string): FaultSettings | undefined {
    return this.#known.get(functionName);
  }

  /** @throws UserError for a rate outside 0-1 or a delay outside 0-900000 ms. */
  set(functionName: string, faults: FaultSettings | undefined): void {
    const rates = [faults?.throttle, faults?.fail, faults?.delay, faults?.duplicate];
    if (rates.some((rate) => rate !== undefined && !(rate >= 0 && rate <= 1))) throw new UserError('The rate of a fault is a number from 0 to 1.');
    const { delayMs } = faults ?? {};
    if (delayMs !== undefined && !(delayMs >= 0 && delayMs <= longestDelay)) throw new UserError(`The delay of a fault is 0 to ${longestDelay} milliseconds.`);
    if (!faults || rates.every((rate) => !rate)) {
      this.#settings.delete(functionName);
      this.#known.delete(functionName);
      return;
    }
    this.#settings.put(functionName, faults);
    this.#known.set(functionName, faults);
  }

  /** @throws AwsFault TooManyRequestsException when the draw says so. */
  throttle(functionName: string): void {
    if (!this.#drawn(functionName, 'throttle')) return;
    throw new AwsFault('TooManyRequestsException', 429, 'Rate Exceeded.', {
      fields: { Reason: 'ConcurrentInvocationLimitExceeded' }, headers: { 'retry-after': '1' },
    });
  }

  /** Milliseconds of real time to hold the invocation back; 0 for none. */
  delay(functionName: string): number {
    return this.#drawn(functionName, 'delay') ? this.get(functionName)?.delayMs ?? 1000 : 0;
  }

  /** The outcome that stands in for a run; undefined lets the function run. */
  failure(functionName: string): RunOutcome | undefined {
    if (!this.#drawn(functionName, 'fail')) return undefined;
    const errorMessage = `The function was not run: a fault is injected into ${functionName}.`;
    return { kind: 'function-error', errorType: injectedErrorType, payload: Buffer.from(JSON.stringify({ errorType: injectedErrorType, errorMessage })) };
  }

  duplicates(functionName: string): boolean {
    return this.#drawn(functionName, 'duplicate');
  }

  #drawn(functionName: string, fault: 'throttle' | 'fail' | 'delay' | 'duplicate'): boolean {
    const rate = this.#known.get(functionName)?.[fault] ?? 0;
    return rate > 0 && this.#random() < rate;
  }
}
