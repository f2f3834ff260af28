/**
 * The streams there are. What templates say is the baseline; what API calls change is kept over it, attribute by attribute,
 * until the template changes the same one. A stream whose template entry has gone stays with its records until it is deleted.
 */
import type { Clock } from '../../contracts/clock.ts';
import type { DocumentCollection, DocumentStore } from '../../contracts/documents.ts';
import type { FunctionOrigin } from '../../contracts/functions.ts';
import type { Logger } from '../../contracts/logger.ts';
import type { ResourceDefinition } from '../../contracts/resources.ts';
import type { StreamRecordStore } from '../../contracts/stream-records.ts';
import { evenRanges, isOpen, openShards, scale, ShardMap, type Resharding, type StoredShard } from './shards.ts';
import { attributesOfTemplate, tagsOfTemplate, withDefaults, type StreamAttributes } from './stream-attributes.ts';

export interface AccountContext {
  accountId: string;
  region: string;
}

export interface StoredConsumer {
  name: string;
  /** Epoch milliseconds. */
  createdAt: number;
}

export interface StoredStream {
  createdAt: number;
  /** True for a stream of a template, of which `base` is the last that was read; false for one made by CreateStream. */
  declared: boolean;
  base: StreamAttributes;
  baseTags: Readonly<Record<string, string>>;
  /** What API calls set over the base. */
  changes: Record<string, string>;
  tags: Record<string, string>;
  shards: readonly StoredShard[];
  consumers: readonly StoredConsumer[];
  /** A template's stream that DeleteStream removed; it comes back when its template entry changes. Holds that entry as JSON. */
  hidden?: string;
}

/** A stream as it is now. */
export interface Stream {
  name: string;
  attributes: Readonly<Record<string, string>>;
  shards: readonly StoredShard[];
  /** Whose a hash key is. */
  map: ShardMap;
  stored: StoredStream;
  origin?: FunctionOrigin;
}

export const retentionOf = ({ attributes }: Stream): number => Number(attributes.RetentionPeriodHours) * 3_600_000;

export class StreamRegistry {
  readonly #documents: DocumentCollection<StoredStream>;
  readonly #records: StreamRecordStore;
  readonly #clock: Clock;
  readonly #account: () => AccountContext;
  readonly #logger: Logger;
  readonly #streams = new Map<string, Stream>();
  #origins = new Map<string, FunctionOrigin>();

  constructor({ documents, records, clock, account, logger }: {
    documents: DocumentStore; records: StreamRecordStore; clock: Clock; account: () => AccountContext; logger: Logger;
  }) {
    this.#documents = documents.collection('streams');
    this.#records = records;
    this.#clock = clock;
    this.#account = account;
    this.#logger = logger;
    for (const [name, stored] of this.#documents.entries()) this.#remember(name, stored);
  }

  get(name: string): Stream | undefined {
    return this.#streams.get(name);
  }

  /** Finds a stream of this account and region. */
  byArn(arn: string): Stream | undefined {
    const name = arn.slice(arn.indexOf('/') + 1);
    return arn === this.arnOf(name) ? this.#streams.get(name) : undefined;
  }

  get accountId(): string {
    return this.#account().accountId;
  }

  arnOf(name: string): string {
    const { accountId, region } = this.#account();
    return `arn:${partitionOf(region)}:kinesis:${region}:${accountId}:stream/${name}`;
  }

  /** In name order. */
  all(): Stream[] {
    return [...this.#streams.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Where a resharding begins: the time, and how new shards get their place. */
  resharding(): Resharding {
    return { now: this.#clock.now(), open: () => this.#records.open() };
  }

  create(name: string, attributes: StreamAttributes, tags: Record<string, string>): Stream {
    return this.#records.transaction(() => this.#put(name, {
      createdAt: this.#clock.now(), declared: false, base: attributes, baseTags: {}, changes: {}, tags, shards: this.#fresh(attributes), consumers: [],
    }));
  }

  /** @param attributes Checked. */
  setAttributes({ name, stored }: Stream, attributes: StreamAttributes): Stream {
    if (!stored.declared) return this.#put(name, { ...stored, base: { ...stored.base, ...attributes } });
    const changes = { ...stored.changes, ...attributes };
    const under = withDefaults(stored.base);
    for (const [attribute, value] of Object.entries(changes)) if (under[attribute] === value) delete changes[attribute];
    return this.#put(name, { ...stored, changes });
  }

  /** Splits, merges or scales; the number of open shards then stands over the template's. */
  reshard({ name, stored }: Stream, work: (shards: readonly StoredShard[], resharding: Resharding) => StoredShard[]): Stream {
    return this.#records.transaction(() => {
      const shards = work(stored.shards, this.resharding());
      const stream = this.#put(name, { ...stored, shards });
      return this.setAttributes(stream, { ShardCount: String(openShards(shards).length) });
    });
  }

  setTags({ name, stored }: Stream, tags: Record<string, string>): Stream {
    return this.#put(name, { ...stored, tags });
  }

  setConsumers({ name, stored }: Stream, consumers: readonly StoredConsumer[]): Stream {
    return this.#put(name, { ...stored, consumers });
  }

  delete({ name, stored }: Stream): void {
    this.#records.transaction(() => {
      for (const { key } of stored.shards) this.#records.retire(key);
      if (this.#origins.has(name)) this.#documents.put(name, { ...stored, shards: [], consumers: [], hidden: fingerprint(stored.base, stored.baseTags) });
      else this.#documents.delete(name);
    });
    this.#streams.delete(name);
  }

  /** Forgets shards that were closed longer ago than records are kept. */
  dropExpired(stream: Stream): void {
    const { name, stored } = stream;
    const before = this.#clock.now() - retentionOf(stream);
    const gone = stored.shards.filter(({ closedAt }) => closedAt !== undefined && closedAt < before);
    if (gone.length === 0) return;
    this.#records.transaction(() => {
      for (const { key } of gone) this.#records.retire(key);
      this.#put(name, { ...stored, shards: stored.shards.filter((shard) => !gone.includes(shard)) });
    });
  }

  /** What API calls changed over the template, AWS attribute names. */
  changesOf({ stored, origin }: Stream): string[] {
    if (!origin) return [];
    return [...Object.keys(stored.changes), ...(JSON.stringify(stored.tags) === JSON.stringify(stored.baseTags) ? [] : ['Tags'])];
  }

  setBaseline(definitions: readonly ResourceDefinition[]): void {
    this.#origins = new Map(definitions.map(({ name, origin }) => [name, origin]));
    this.#records.transaction(() => { for (const definition of definitions) this.#declare(definition); });
    for (const [name, stream] of this.#streams) this.#remember(name, stream.stored);
  }

  #declare({ name, properties }: ResourceDefinition): void {
    const base = attributesOfTemplate(properties);
    const baseTags = tagsOfTemplate(properties);
    const stored = this.#documents.get(name);
    const anew = (): void => {
      this.#put(name, {
        createdAt: this.#clock.now(), declared: true, base, baseTags, changes: {}, tags: baseTags, shards: this.#fresh(base), consumers: [],
      });
    };
    if (!stored) anew();
    else if (stored.hidden !== undefined) {
      if (stored.hidden !== fingerprint(base, baseTags)) anew();
    } else if (!stored.declared) {
      this.#logger.info(`Stream ${name}, made by an API call, is now the template's; its attributes are what the template says.`);
      this.#put(name, this.#scaled({ ...stored, declared: true, base, baseTags, tags: baseTags, changes: {} }));
    } else if (fingerprint(stored.base, stored.baseTags) !== fingerprint(base, baseTags)) this.#put(name, this.#overruled(name, stored, base, baseTags));
  }

  /** The template changed: where that is what an API call had changed, the template wins and the log says so. */
  #overruled(name: string, stored: StoredStream, base: StreamAttributes, baseTags: Record<string, string>): StoredStream {
    const changes = { ...stored.changes };
    const [before, after] = [withDefaults(stored.base), withDefaults(base)];
    for (const attribute of Object.keys(changes)) {
      if (before[attribute] === after[attribute]) continue;
      delete changes[attribute];
      this.#logger.warn(`The template changed ${attribute} of stream ${name}: its value replaces the one that was set by an API call.`);
    }
    const tags = JSON.stringify(stored.baseTags) === JSON.stringify(baseTags) ? stored.tags : baseTags;
    const next = { ...stored, base, baseTags, tags, changes };
    return before.ShardCount === after.ShardCount ? next : this.#scaled(next);
  }

  /** As CloudFormation does when a stack is updated. */
  #scaled(stored: StoredStream): StoredStream {
    const count = Number(withDefaults({ ...stored.base, ...stored.changes }).ShardCount);
    return openShards(stored.shards).length === count ? stored : { ...stored, shards: scale(stored.shards, count, this.resharding()) };
  }

  #fresh(attributes: StreamAttributes): StoredShard[] {
    const now = this.#clock.now();
    return evenRanges(Number(withDefaults(attributes).ShardCount))
      .map((range, number) => ({ number, epoch: Math.floor(now / 1000), key: this.#records.open(), createdAt: now, ...range }));
  }

  #put(name: string, stored: StoredStream): Stream {
    this.#documents.put(name, stored);
    return this.#remember(name, stored) as Stream;
  }

  #remember(name: string, stored: StoredStream): Stream | undefined {
    if (stored.hidden !== undefined) return undefined;
    const origin = this.#origins.get(name);
    const known = this.#streams.get(name);
    const stream: Stream = {
      name, stored, shards: stored.shards,
      attributes: withDefaults({ ...stored.base, ...stored.changes }),
      map: known && known.shards === stored.shards ? known.map : new ShardMap(stored.shards.filter(isOpen)),
      ...(origin === undefined ? {} : { origin }),
    };
    this.#streams.set(name, stream);
    return stream;
  }
}

const fingerprint = (attributes: StreamAttributes, tags: Readonly<Record<string, string>>): string => JSON.stringify([attributes, tags]);

function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}
