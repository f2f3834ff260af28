/**
 * Event buses. What templates say is the baseline; what API calls make and change is an overlay on it, durable, attribute by
 * attribute. The default bus is always there.
 */
import type { Clock } from '../../contracts/clock.ts';
import type { DocumentCollection } from '../../contracts/documents.ts';
import type { FunctionOrigin } from '../../contracts/functions.ts';
import type { Logger } from '../../contracts/logger.ts';
import { change, dropOverruled, noChanges, overlaid, type AttributeOverlay, type Attributes } from '../overlay.ts';
import { busArn, busNameOf, defaultBus, type Place } from './arns.ts';

/** AWS parameter names with their values; structures, policies and tags as JSON text. */
export interface BusDefinition {
  name: string;
  attributes: Attributes;
  origin: FunctionOrigin;
}

export interface Bus {
  name: string;
  arn: string;
  attributes: Attributes;
  tags: Readonly<Record<string, string>>;
  /** Epoch milliseconds. */
  createdAt: number;
  modifiedAt: number;
  /** Absent for a bus that no template declares. */
  origin?: FunctionOrigin;
  changed: readonly string[];
}

export interface StoredBus extends AttributeOverlay {
  /** Present for buses that CreateEventBus made. */
  created?: Record<string, string>;
  createdAt: number;
  modifiedAt: number;
  /** A template's bus that DeleteEventBus hid; it comes back when its template entry changes. Holds that entry. */
  hidden?: string;
}

export class BusRegistry {
  readonly #stored: DocumentCollection<StoredBus>;
  readonly #clock: Clock;
  readonly #place: () => Place;
  readonly #logger: Logger;
  #baseline = new Map<string, BusDefinition>();
  readonly #buses = new Map<string, Bus>();

  constructor({ stored, clock, place, logger }: { stored: DocumentCollection<StoredBus>; clock: Clock; place: () => Place; logger: Logger }) {
    this.#stored = stored;
    this.#clock = clock;
    this.#place = place;
    this.#logger = logger;
    if (!stored.get(defaultBus)) stored.put(defaultBus, { ...this.#fresh(), created: {} });
  }

  setBaseline(definitions: readonly BusDefinition[]): void {
    this.#baseline = new Map(definitions.map((definition) => [definition.name, definition]));
    this.#buses.clear();
    for (const { name, attributes } of definitions) {
      const stored = this.#stored.get(name);
      if (!stored) this.#stored.put(name, this.#fresh());
      else if (stored.hidden !== undefined) {
        if (stored.hidden === JSON.stringify(attributes)) continue;
        this.#stored.put(name, this.#fresh());
        this.#logger.info(`The event bus ${name} was deleted here; its template entry has changed, so it is back.`);
      } else if (stored.created) {
        this.#stored.put(name, { ...noChanges(), createdAt: stored.createdAt, modifiedAt: this.#clock.now() });
        this.#logger.info(`The event bus ${name}, made by an API call, is now the template's.`);
      } else {
        const overruled = dropOverruled(stored, attributes);
        if (overruled.length === 0) continue;
        this.#stored.put(name, { ...stored, modifiedAt: this.#clock.now() });
        this.#logger.info(`The template changed ${overruled.join(', ')} of the event bus ${name}: the changes made here are dropped.`);
      }
    }
  }

  /** By name. */
  all(): Bus[] {
    return this.#stored.entries().flatMap(([name]) => this.get(name) ?? []);
  }

  get(name: string): Bus | undefined {
    const arn = busArn(this.#place(), name);
    const known = this.#buses.get(name);
    if (known?.arn === arn) return known;
    const stored = this.#stored.get(name);
    const definition = this.#baseline.get(name);
    const base = stored?.created ?? definition?.attributes;
    if (!stored || !base || stored.hidden !== undefined) return undefined;
    const attributes = overlaid(base, stored);
    const bus: Bus = {
      name, arn, attributes, tags: JSON.parse(attributes['Tags'] ?? '{}') as Record<string, string>,
      createdAt: stored.createdAt, modifiedAt: stored.modifiedAt, changed: Object.keys(stored.changes),
      ...(definition && !stored.created ? { origin: definition.origin } : {}),
    };
    this.#buses.set(name, bus);
    return bus;
  }

  /** Finds a bus of this account and region. */
  byArn(arn: string): Bus | undefined {
    const bus = this.get(busNameOf(arn));
    return bus?.arn === arn ? bus : undefined;
  }

  create(name: string, attributes: Attributes): Bus {
    this.#put(name, { ...this.#fresh(), created: { ...attributes } });
    return this.get(name) as Bus;
  }

  /** @param attributes `undefined` removes one. */
  setAttributes({ name }: Bus, attributes: Readonly<Record<string, string | undefined>>): Bus {
    const stored = this.#stored.get(name) ?? this.#fresh();
    for (const [attribute, value] of Object.entries(attributes)) {
      if (stored.created) {
        const { [attribute]: _old, ...rest } = stored.created;
        stored.created = value === undefined ? rest : { ...rest, [attribute]: value };
      } else change(stored, this.#baseline.get(name)?.attributes ?? {}, attribute, value);
    }
    this.#put(name, { ...stored, modifiedAt: this.#clock.now() });
    return this.get(name) as Bus;
  }

  delete({ name }: Bus): void {
    const definition = this.#baseline.get(name);
    if (definition) this.#put(name, { ...this.#fresh(), hidden: JSON.stringify(definition.attributes) });
    else {
      this.#stored.delete(name);
      this.#buses.delete(name);
    }
  }

  /** What is cached may be of a transaction that was undone. */
  forgetCache(): void {
    this.#buses.clear();
  }

  #fresh(): StoredBus {
    const now = this.#clock.now();
    return { ...noChanges(), createdAt: now, modifiedAt: now };
  }

  #put(name: string, stored: StoredBus): void {
    this.#stored.put(name, stored);
    this.#buses.delete(name);
  }
}
