/**
 * The queues there are. What templates say is the baseline; what API calls change is kept over it, attribute by attribute,
 * until the template changes the same one. A queue whose template entry has gone stays with its messages until it is deleted.
 */
import type { Clock } from '../../contracts/clock.ts';
import type { DocumentCollection, DocumentStore } from '../../contracts/documents.ts';
import type { FunctionOrigin } from '../../contracts/functions.ts';
import type { Logger } from '../../contracts/logger.ts';
import type { QueueKey, QueueMessageStore } from '../../contracts/queue-messages.ts';
import type { ResourceDefinition } from '../../contracts/resources.ts';
import { attributesOfTemplate, isFifoName, tagsOfTemplate, withDefaults, type QueueAttributes } from './queue-attributes.ts';
import type { RedrivePolicy } from './redrive-policy.ts';

export interface AccountContext {
  accountId: string;
  region: string;
}

export interface StoredQueue {
  createdAt: number;
  modifiedAt: number;
  /** True for a queue of a template, of which `base` is the last that was read; false for one made by CreateQueue. */
  declared: boolean;
  base: QueueAttributes;
  baseTags: Readonly<Record<string, string>>;
  /** What API calls set over the base; an empty text takes an attribute away. */
  changes: Record<string, string>;
  /** The base values below the changes; empty where there was none. */
  over: Record<string, string>;
  tags: Record<string, string>;
  /** A template's queue that DeleteQueue removed; it comes back when its template entry changes. Holds that entry as JSON. */
  hidden?: string;
}

/** A queue as it is now. */
export interface Queue {
  name: string;
  fifo: boolean;
  key: QueueKey;
  attributes: QueueAttributes;
  redrive?: RedrivePolicy;
  stored: StoredQueue;
  origin?: FunctionOrigin;
}

export class QueueRegistry {
  readonly #documents: DocumentCollection<StoredQueue>;
  readonly #messages: QueueMessageStore;
  readonly #clock: Clock;
  readonly #account: () => AccountContext;
  readonly #logger: Logger;
  readonly #queues = new Map<string, Queue>();
  #origins = new Map<string, FunctionOrigin>();

  constructor({ documents, messages, clock, account, logger }: {
    documents: DocumentStore; messages: QueueMessageStore; clock: Clock; account: () => AccountContext; logger: Logger;
  }) {
    this.#documents = documents.collection('queues');
    this.#messages = messages;
    this.#clock = clock;
    this.#account = account;
    this.#logger = logger;
    for (const [name, stored] of this.#documents.entries()) this.#remember(name, stored);
  }

  get(name: string): Queue | undefined {
    return this.#queues.get(name);
  }

  /** Finds a queue of this account and region. */
  byArn(arn: string): Queue | undefined {
    const name = arn.slice(arn.lastIndexOf(':') + 1);
    return arn === this.arnOf(name) ? this.#queues.get(name) : undefined;
  }

  arnOf(name: string): string {
    const { accountId, region } = this.#account();
    return `arn:${partitionOf(region)}:sqs:${region}:${accountId}:${name}`;
  }

  /** In name order. */
  all(): Queue[] {
    return [...this.#queues.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Queues whose redrive policy names this one. */
  sourcesOf(arn: string): Queue[] {
    return this.all().filter(({ redrive }) => redrive?.deadLetterTargetArn === arn);
  }

  /** ARNs of the queues whose redrive policy names a queue, by that queue's ARN. */
  sourceArns(): Map<string, string[]> {
    const sources = new Map<string, string[]>();
    for (const { name, redrive } of this.all()) {
      if (redrive) sources.set(redrive.deadLetterTargetArn, [...sources.get(redrive.deadLetterTargetArn) ?? [], this.arnOf(name)]);
    }
    return sources;
  }

  create(name: string, attributes: QueueAttributes, tags: Record<string, string>): Queue {
    const now = this.#clock.now();
    return this.#put(name, { createdAt: now, modifiedAt: now, declared: false, base: attributes, baseTags: {}, changes: {}, over: {}, tags });
  }

  /** @param attributes Checked; an empty text takes an attribute away. */
  setAttributes({ name, stored }: Queue, attributes: QueueAttributes): Queue {
    const next: StoredQueue = { ...stored, changes: { ...stored.changes }, over: { ...stored.over }, modifiedAt: this.#clock.now() };
    if (!stored.declared) next.base = withoutEmpty({ ...stored.base, ...attributes });
    else {
      for (const [attribute, value] of Object.entries(attributes)) {
        const base = stored.base[attribute] ?? '';
        const defaults = withDefaults(stored.base, isFifoName(name))[attribute] ?? '';
        if (value === base || (base === '' && value === defaults)) {
          delete next.changes[attribute];
          delete next.over[attribute];
        } else {
          next.changes[attribute] = value;
          next.over[attribute] = base;
        }
      }
    }
    return this.#put(name, next);
  }

  setTags({ name, stored }: Queue, tags: Record<string, string>): Queue {
    return this.#put(name, { ...stored, tags, modifiedAt: this.#clock.now() });
  }

  delete({ name, stored }: Queue): void {
    this.#messages.transaction(() => {
      this.#messages.drop(name);
      if (this.#origins.has(name)) this.#documents.put(name, { ...stored, hidden: fingerprint(stored.base, stored.baseTags) });
      else this.#documents.delete(name);
    });
    this.#queues.delete(name);
  }

  /** Everything in the queue is gone at once. */
  empty({ name, stored }: Queue): void {
    this.#messages.transaction(() => {
      this.#messages.retire(name);
      this.#remember(name, stored);
    });
  }

  /** What API calls changed over the template, AWS attribute names. */
  changesOf({ stored, origin }: Queue): string[] {
    if (!origin) return [];
    return [...Object.keys(stored.changes), ...(JSON.stringify(stored.tags) === JSON.stringify(stored.baseTags) ? [] : ['Tags'])];
  }

  setBaseline(definitions: readonly ResourceDefinition[]): void {
    this.#origins = new Map(definitions.map(({ name, origin }) => [name, origin]));
    this.#messages.transaction(() => { for (const definition of definitions) this.#declare(definition); });
    for (const [name, queue] of this.#queues) this.#remember(name, queue.stored);
    for (const { name } of definitions) {
      const target = this.#queues.get(name)?.redrive?.deadLetterTargetArn;
      if (target !== undefined && !this.byArn(target)) {
        this.#logger.warn(`RedrivePolicy of queue ${name} names ${target}, which does not exist here: messages stay in ${name} until it does.`);
      }
    }
  }

  #declare({ name, properties }: ResourceDefinition): void {
    const { attributes, problems } = attributesOfTemplate(properties, isFifoName(name));
    for (const problem of problems) this.#logger.warn(`Queue ${name} in the template is used without ${problem}`);
    const tags = tagsOfTemplate(properties);
    const now = this.#clock.now();
    const fresh: StoredQueue = { createdAt: now, modifiedAt: now, declared: true, base: attributes, baseTags: tags, changes: {}, over: {}, tags };
    const stored = this.#documents.get(name);
    if (!stored) this.#put(name, fresh);
    else if (stored.hidden !== undefined) {
      if (stored.hidden !== fingerprint(attributes, tags)) this.#put(name, fresh);
    } else if (!stored.declared) {
      this.#logger.info(`Queue ${name}, made by an API call, is now the template's; its attributes are what the template says.`);
      this.#put(name, { ...fresh, createdAt: stored.createdAt });
    } else if (fingerprint(stored.base, stored.baseTags) !== fingerprint(attributes, tags)) {
      this.#put(name, this.#overruled(name, { ...stored, changes: { ...stored.changes }, over: { ...stored.over } }, attributes, tags));
    }
  }

  /** The template changed: where that is what an API call had changed, the template wins and the log says so. */
  #overruled(name: string, stored: StoredQueue, base: QueueAttributes, baseTags: Record<string, string>): StoredQueue {
    for (const [attribute, under] of Object.entries(stored.over)) {
      if ((base[attribute] ?? '') === under) continue;
      delete stored.over[attribute];
      delete stored.changes[attribute];
      this.#logger.warn(`The template changed ${attribute} of queue ${name}: its value replaces the one that was set by an API call.`);
    }
    const tags = JSON.stringify(stored.baseTags) === JSON.stringify(baseTags) ? stored.tags : baseTags;
    return { ...stored, base, baseTags, tags, modifiedAt: this.#clock.now() };
  }

  #put(name: string, stored: StoredQueue): Queue {
    return this.#messages.transaction(() => {
      this.#documents.put(name, stored);
      return this.#remember(name, stored) as Queue;
    });
  }

  #remember(name: string, stored: StoredQueue): Queue | undefined {
    if (stored.hidden !== undefined) return undefined;
    const fifo = isFifoName(name);
    const attributes = withDefaults({ ...stored.base, ...stored.changes }, fifo);
    const origin = this.#origins.get(name);
    const queue: Queue = {
      name, fifo, attributes, stored, key: this.#messages.open(name, fifo),
      ...(attributes.RedrivePolicy === undefined ? {} : { redrive: JSON.parse(attributes.RedrivePolicy) as RedrivePolicy }),
      ...(origin === undefined ? {} : { origin }),
    };
    this.#queues.set(name, queue);
    return queue;
  }
}

const fingerprint = (attributes: QueueAttributes, tags: Readonly<Record<string, string>>): string => JSON.stringify([attributes, tags]);

const withoutEmpty = (attributes: QueueAttributes): QueueAttributes =>
  Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== ''));

function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}
