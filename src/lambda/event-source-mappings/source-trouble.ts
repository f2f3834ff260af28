/** A source that cannot be polled: says so once, backs off, and tells when it is over. */
import { SourceNotFound, SourceUnavailable } from '../../contracts/event-sources.ts';
import type { PollerParts } from './poller.ts';

const firstBackoff = 500;
const longestBackoff = 30_000;

/** `LastProcessingResult` while a source cannot be polled. DOUBT: of AWS's texts only that of a failed call is known (lambda-facts §3.1). */
const words = {
  missing: 'PROBLEM: Event source not found', connection: 'PROBLEM: Connection error', access: 'PROBLEM: Access denied', throttled: 'PROBLEM: Event source throttled',
  other: 'PROBLEM: Event source call failed',
} as const;

export class SourceTrouble {
  readonly #parts: PollerParts;
  readonly #name: string;
  readonly #verb: 'polled' | 'read';
  /** Failures in a row, by the part of the source that fails. */
  readonly #failures = new Map<string, number>();
  /** What was said since the trouble began. */
  readonly #said = new Set<string>();

  /** @param name Of the source, at the beginning of a sentence. */
  constructor(parts: PollerParts, name: string, verb: 'polled' | 'read') {
    this.#parts = parts;
    this.#name = name;
    this.#verb = verb;
  }

  failing(part: string): boolean {
    return this.#failures.has(part);
  }

  /**
   * Gives milliseconds of real time in which the source is left alone: exponential with jitter.
   * @param part What failed; each part has its own count.
   */
  failed(part: string, error: Error): number {
    const failures = (this.#failures.get(part) ?? 0) + 1;
    this.#failures.set(part, failures);
    const sentence = error instanceof SourceNotFound ? `${this.#name} does not exist.` : `${this.#name} cannot be ${this.#verb}: ${error.message.replace(/\.?$/, '.')}`;
    const kind = error instanceof SourceNotFound ? 'missing' : error instanceof SourceUnavailable ? error.kind : 'other';
    this.#parts.trouble({ sentence, result: words[kind] });
    // A message may hold a time or an id: what counts is what kind of failure it is.
    const alike = error instanceof SourceUnavailable ? `${kind} ${error.code}` : `${kind} ${error.message}`;
    if (!this.#said.has(alike)) {
      this.#said.add(alike);
      this.#parts.logger.warn(`Event source mapping ${this.#parts.uuid}: ${sentence} It is tried again, at longer and longer intervals.`);
    }
    return Math.min(longestBackoff, firstBackoff * 2 ** (failures - 1)) * (0.5 + this.#parts.random() / 2);
  }

  /** The part was read. */
  over(part: string): void {
    if (!this.#failures.delete(part) || this.#failures.size > 0) return;
    this.#said.clear();
    this.#parts.trouble(undefined);
    this.#parts.logger.info(`Event source mapping ${this.#parts.uuid}: ${this.#name} is ${this.#verb} again.`);
  }
}
