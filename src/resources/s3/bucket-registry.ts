/**
 * Buckets. What templates say is the baseline; what API calls make and delete is an overlay on it, durable. A bucket's objects
 * stay when its template entry goes: they are there again when it comes back.
 */
import type { Clock } from '../../contracts/clock.ts';
import type { DocumentCollection } from '../../contracts/documents.ts';
import type { FunctionOrigin } from '../../contracts/functions.ts';
import type { Logger } from '../../contracts/logger.ts';
import type { ResourceDefinition } from '../../contracts/resources.ts';

export interface Bucket {
  name: string;
  /** Epoch milliseconds. */
  createdAt: number;
  /** Absent for a bucket that no template declares. */
  origin?: FunctionOrigin;
}

export interface StoredBucket {
  createdAt: number;
  /** CreateBucket made it. */
  created?: boolean;
  /** A template's bucket that DeleteBucket hid; it comes back when its template entry changes. Holds that entry. */
  hidden?: string;
}

export class BucketRegistry {
  readonly #stored: DocumentCollection<StoredBucket>;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #baseline = new Map<string, ResourceDefinition>();

  constructor({ stored, clock, logger }: { stored: DocumentCollection<StoredBucket>; clock: Clock; logger: Logger }) {
    this.#stored = stored;
    this.#clock = clock;
    this.#logger = logger;
  }

  setBaseline(definitions: readonly ResourceDefinition[]): void {
    this.#baseline = new Map(definitions.map((definition) => [definition.name, definition]));
    for (const definition of definitions) {
      const { name } = definition;
      const stored = this.#stored.get(name);
      if (!stored) this.#stored.put(name, { createdAt: this.#clock.now() });
      else if (stored.hidden !== undefined && stored.hidden !== entryOf(definition)) {
        this.#stored.put(name, { createdAt: this.#clock.now() });
        this.#logger.info(`The bucket ${name} was deleted here; its template entry has changed, so it is back.`);
      } else if (stored.created) {
        this.#stored.put(name, { createdAt: stored.createdAt });
        this.#logger.info(`The bucket ${name}, made by an API call, is now the template's.`);
      }
    }
  }

  /** By name. */
  all(): Bucket[] {
    return this.#stored.entries().flatMap(([name, stored]) => this.#seen(name, stored) ?? []);
  }

  get(name: string): Bucket | undefined {
    const stored = this.#stored.get(name);
    return stored && this.#seen(name, stored);
  }

  create(name: string): void {
    this.#stored.put(name, { createdAt: this.#clock.now(), ...(this.#baseline.has(name) ? {} : { created: true }) });
  }

  delete(name: string): void {
    const definition = this.#baseline.get(name);
    if (definition) this.#stored.put(name, { createdAt: 0, hidden: entryOf(definition) });
    else this.#stored.delete(name);
  }

  #seen(name: string, { createdAt, created, hidden }: StoredBucket): Bucket | undefined {
    const definition = this.#baseline.get(name);
    if (hidden !== undefined || (!created && !definition)) return undefined;
    return { name, createdAt, ...(definition ? { origin: definition.origin } : {}) };
  }
}

function entryOf({ properties }: ResourceDefinition): string {
  return JSON.stringify(properties);
}
