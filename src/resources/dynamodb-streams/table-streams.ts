/**
 * The tables whose template turns their stream on, and the one shard of each. A stream whose template entry has gone is
 * DISABLED: it takes no records, and goes when its last one is past its retention, as on AWS.
 */
import { createHash } from 'node:crypto';
import type { Clock } from '../../contracts/clock.ts';
import type { DocumentCollection, DocumentStore } from '../../contracts/documents.ts';
import type { FunctionOrigin } from '../../contracts/functions.ts';
import { type StreamViewType } from '../../contracts/resource-views.ts';
import { localStreamLabel, type ResourceDefinition } from '../../contracts/resources.ts';
import type { ShardKey, StreamRecordStore } from '../../contracts/stream-records.ts';
import type { KeyAttribute } from './attribute-values.ts';

/** Milliseconds. Every stream keeps its records for a day. */
export const retention = 24 * 3_600_000;

interface StoredTableStream {
  /** Epoch milliseconds. */
  createdAt: number;
  key: ShardKey;
  viewType: StreamViewType;
  keySchema: readonly KeyAttribute[];
  /** Since when the template has it no more; absent while it does. */
  disabledAt?: number;
}

export interface TableStream extends StoredTableStream {
  tableName: string;
  shardId: string;
  origin?: FunctionOrigin;
}

export class TableStreams {
  readonly #documents: DocumentCollection<StoredTableStream>;
  readonly #records: StreamRecordStore;
  readonly #clock: Clock;
  readonly #account: () => { accountId: string; region: string };
  readonly #streams = new Map<string, TableStream>();

  constructor({ documents, records, clock, account }: {
    documents: DocumentStore; records: StreamRecordStore; clock: Clock; account: () => { accountId: string; region: string };
  }) {
    this.#documents = documents.collection('table-streams');
    this.#records = records;
    this.#clock = clock;
    this.#account = account;
    for (const [name, stored] of this.#documents.entries()) this.#streams.set(name, streamOf(name, stored));
  }

  get region(): string {
    return this.#account().region;
  }

  tableArn(name: string): string {
    const { accountId, region } = this.#account();
    return `arn:${partitionOf(region)}:dynamodb:${region}:${accountId}:table/${name}`;
  }

  arnOf(name: string): string {
    return `${this.tableArn(name)}/stream/${localStreamLabel}`;
  }

  /** Finds a stream of this account and region. */
  byArn(arn: string): TableStream | undefined {
    const name = arn.split('/')[1] ?? '';
    return arn === this.arnOf(name) ? this.#streams.get(name) : undefined;
  }

  /** In the order of table names. */
  all(): TableStream[] {
    return [...this.#streams.values()].sort((a, b) => (a.tableName < b.tableName ? -1 : 1));
  }

  setBaseline(definitions: readonly ResourceDefinition[]): void {
    const declared = new Map(definitions.filter(({ properties }) => properties.StreamSpecification !== undefined).map((each) => [each.name, each]));
    this.#records.transaction(() => {
      for (const [name, { properties, origin }] of declared) {
        const known = this.#streams.get(name);
        this.#put(name, {
          createdAt: known?.createdAt ?? this.#clock.now(), key: known?.key ?? this.#records.open(),
          viewType: (properties.StreamSpecification as { StreamViewType: StreamViewType }).StreamViewType, keySchema: keySchemaOf(properties),
        }, origin);
      }
      for (const { tableName, createdAt, key, viewType, keySchema, disabledAt = this.#clock.now() } of this.#streams.values()) {
        if (!declared.has(tableName)) this.#put(tableName, { createdAt, key, viewType, keySchema, disabledAt });
      }
    });
  }

  dropExpired(): void {
    const before = this.#clock.now() - retention;
    for (const { tableName, key, disabledAt } of this.#streams.values()) {
      if (disabledAt === undefined || disabledAt >= before) continue;
      this.#records.transaction(() => {
        this.#records.retire(key);
        this.#documents.delete(tableName);
      });
      this.#streams.delete(tableName);
    }
  }

  #put(name: string, stored: StoredTableStream, origin?: FunctionOrigin): void {
    this.#documents.put(name, stored);
    this.#streams.set(name, { ...streamOf(name, stored), ...(origin === undefined ? {} : { origin }) });
  }
}

function streamOf(tableName: string, stored: StoredTableStream): TableStream {
  const mark = createHash('md5').update(`${tableName}\n${stored.key}`).digest('hex').slice(0, 8);
  return { ...stored, tableName, shardId: `shardId-${String(stored.createdAt).padStart(20, '0')}-${mark}` };
}

function keySchemaOf({ KeySchema, AttributeDefinitions }: Readonly<Record<string, unknown>>): KeyAttribute[] {
  const types = new Map(listOf(AttributeDefinitions).map(({ AttributeName, AttributeType }) => [AttributeName, AttributeType]));
  return listOf(KeySchema).map(({ AttributeName, KeyType }) => {
    const attributeType = types.get(AttributeName);
    return { name: String(AttributeName), keyType: KeyType === 'RANGE' ? 'RANGE' : 'HASH', ...(typeof attributeType === 'string' ? { attributeType } : {}) };
  });
}

const listOf = (value: unknown): Record<string, unknown>[] => (Array.isArray(value) ? value as Record<string, unknown>[] : []);

function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}
