/**
 * Topics. What templates say is the baseline; what API calls make and change is an overlay on it, durable, attribute by
 * attribute. When a template changes an attribute that was overlaid, the template wins.
 */
import type { DocumentCollection } from '../../contracts/documents.ts';
import type { FunctionOrigin } from '../../contracts/functions.ts';
import type { Logger } from '../../contracts/logger.ts';
import { topicArn, type Place } from './arns.ts';
import { change, dropOverruled, noChanges, overlaid, type AttributeOverlay, type Attributes } from '../overlay.ts';

export interface TopicDefinition {
  name: string;
  /** Those that the template sets. */
  attributes: Attributes;
  tags: Attributes;
  origin: FunctionOrigin;
}

export interface Topic {
  name: string;
  arn: string;
  fifo: boolean;
  /** Those that somebody set. */
  attributes: Attributes;
  tags: Attributes;
  /** Absent for a topic that CreateTopic made. */
  origin?: FunctionOrigin;
  /** Attributes that API calls changed over the template. */
  changed: readonly string[];
  deletedSubscriptions: number;
}

export interface StoredTopic extends AttributeOverlay {
  /** Present for topics that CreateTopic made. */
  created?: Attributes;
  tags?: Record<string, string>;
  /** A template's topic that DeleteTopic hid; it comes back when its template entry changes. */
  hidden?: string;
  deletedSubscriptions?: number;
}

export class TopicRegistry {
  readonly #stored: DocumentCollection<StoredTopic>;
  readonly #place: () => Place;
  readonly #logger: Logger;
  #baseline = new Map<string, TopicDefinition>();
  readonly #topics = new Map<string, Topic>();

  constructor(stored: DocumentCollection<StoredTopic>, place: () => Place, logger: Logger) {
    this.#stored = stored;
    this.#place = place;
    this.#logger = logger;
  }

  setBaseline(definitions: readonly TopicDefinition[]): void {
    this.#baseline = new Map(definitions.map((definition) => [definition.name, definition]));
    this.#topics.clear();
    for (const [name, stored] of this.#stored.entries()) {
      const definition = this.#baseline.get(name);
      if (!definition) continue;
      if (stored.hidden !== undefined && stored.hidden !== JSON.stringify(definition)) {
        this.#stored.delete(name);
        this.#logger.info(`The topic ${name} was deleted here; its template entry has changed, so it is back.`);
        continue;
      }
      const overruled = dropOverruled(stored, definition.attributes);
      if (overruled.length === 0) continue;
      this.#stored.put(name, stored);
      this.#logger.info(`The template changed ${overruled.join(', ')} of the topic ${name}: the changes made here are dropped.`);
    }
  }

  /** By name. */
  all(): Topic[] {
    const names = new Set(this.#baseline.keys());
    for (const [name, { created }] of this.#stored.entries()) if (created) names.add(name);
    return [...names].sort().flatMap((name) => this.get(name) ?? []);
  }

  get(name: string): Topic | undefined {
    const known = this.#topics.get(name);
    if (known && known.arn === topicArn(this.#place(), name)) return known;
    const definition = this.#baseline.get(name);
    const stored = this.#stored.get(name) ?? noChanges() as StoredTopic;
    const base = stored.created ?? definition?.attributes;
    if (!base || stored.hidden !== undefined) return undefined;
    const topic: Topic = {
      name, arn: topicArn(this.#place(), name), fifo: name.endsWith('.fifo'),
      attributes: overlaid(base, stored),
      tags: stored.tags ?? definition?.tags ?? {},
      changed: Object.keys(stored.changes),
      deletedSubscriptions: stored.deletedSubscriptions ?? 0,
      ...(definition && !stored.created ? { origin: definition.origin } : {}),
    };
    this.#topics.set(name, topic);
    return topic;
  }

  byArn(arn: string): Topic | undefined {
    const topic = this.get(arn.slice(arn.lastIndexOf(':') + 1));
    return topic?.arn === arn ? topic : undefined;
  }

  create(name: string, attributes: Attributes, tags: Record<string, string>): Topic {
    this.#put(name, { ...noChanges(), created: attributes, tags });
    return this.get(name) as Topic;
  }

  /** @param value `undefined` removes the attribute. */
  setAttribute({ name }: Topic, attribute: string, value: string | undefined): void {
    this.#update(name, (stored) => {
      if (stored.created) {
        const { [attribute]: _old, ...rest } = stored.created;
        stored.created = value === undefined ? rest : { ...rest, [attribute]: value };
      } else change(stored, this.#baseline.get(name)?.attributes ?? {}, attribute, value);
    });
  }

  setTags({ name }: Topic, tags: Record<string, string>): void {
    this.#update(name, (stored) => { stored.tags = tags; });
  }

  countDeletedSubscription({ name }: Topic): void {
    this.#update(name, (stored) => { stored.deletedSubscriptions = (stored.deletedSubscriptions ?? 0) + 1; });
  }

  delete({ name }: Topic): void {
    const definition = this.#baseline.get(name);
    if (definition) this.#put(name, { ...noChanges(), hidden: JSON.stringify(definition) });
    else {
      this.#stored.delete(name);
      this.#topics.delete(name);
    }
  }

  /** What is cached may be of a transaction that was undone. */
  forgetCache(): void {
    this.#topics.clear();
  }

  #update(name: string, work: (stored: StoredTopic) => void): void {
    const stored = this.#stored.get(name) ?? noChanges();
    work(stored);
    this.#put(name, stored);
  }

  #put(name: string, stored: StoredTopic): void {
    this.#stored.put(name, stored);
    this.#topics.delete(name);
  }
}
