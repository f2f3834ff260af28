/** Kinesis on a clock that moves by hand and a database in memory, which can be opened again. */
import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import type { AwsFault } from '../../../../src/contracts/faults.ts';
import type { Logger } from '../../../../src/contracts/logger.ts';
import type { ResourceDefinition, ServiceInput, ServiceOutput } from '../../../../src/contracts/resources.ts';
import { KinesisService } from '../../../../src/resources/kinesis/kinesis-service.ts';
import { documentsSchema, SqliteDocumentStore } from '../../../../src/store/document-store.ts';
import { SqliteStreamRecords, streamRecordsSchema } from '../../../../src/store/stream-records.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

export const account = '123456789012';
export const arnOf = (name: string) => `arn:aws:kinesis:us-east-1:${account}:stream/${name}`;
export const shardId = (number: number) => `shardId-${String(number).padStart(12, '0')}`;
export const hours = (count: number) => count * 3_600_000;

export interface ReadRecord {
  SequenceNumber: string;
  ApproximateArrivalTimestamp: number;
  Data: string;
  PartitionKey: string;
}

export interface ListedShard {
  ShardId: string;
  ParentShardId?: string;
  AdjacentParentShardId?: string;
  HashKeyRange: { StartingHashKey: string; EndingHashKey: string };
  SequenceNumberRange: { StartingSequenceNumber: string; EndingSequenceNumber?: string };
}

export class Harness {
  readonly clock = new FakeClock();
  readonly database = new DatabaseSync(':memory:');
  readonly log: string[] = [];
  changes = 0;
  kinesis: KinesisService;

  constructor() {
    this.database.exec(`${documentsSchema};${streamRecordsSchema}`);
    this.kinesis = this.#open();
  }

  /** What a restart of the engine does to streams. */
  restart(): void {
    this.kinesis.close();
    this.kinesis = this.#open();
  }

  close(): void {
    this.kinesis.close();
    this.database.close();
  }

  call<T = ServiceOutput>(operation: string, input: ServiceInput = {}): T {
    return this.kinesis.call(operation, input) as T;
  }

  fails(operation: string, input: ServiceInput = {}): string {
    let fault: AwsFault | undefined;
    assert.throws(() => this.call(operation, input), (error) => { fault = error as AwsFault; return true; });
    return `${fault?.name}: ${fault?.message}`;
  }

  create(StreamName: string, ShardCount = 1): void {
    this.call('CreateStream', { StreamName, ShardCount });
  }

  put(StreamName: string, text: string, PartitionKey = 'p', more: ServiceInput = {}): { ShardId: string; SequenceNumber: string } {
    return this.call('PutRecord', { StreamName, PartitionKey, Data: Buffer.from(text).toString('base64'), ...more });
  }

  shards(StreamName: string, input: ServiceInput = {}): ListedShard[] {
    return this.call<{ Shards: ListedShard[] }>('ListShards', { StreamName, ...input }).Shards;
  }

  iterator(StreamName: string, shard = 0, ShardIteratorType = 'TRIM_HORIZON', more: ServiceInput = {}): string {
    return this.call<{ ShardIterator: string }>('GetShardIterator', { StreamName, ShardId: shardId(shard), ShardIteratorType, ...more }).ShardIterator;
  }

  read(ShardIterator: string, more: ServiceInput = {}): { Records: ReadRecord[]; NextShardIterator?: string; MillisBehindLatest: number; ChildShards?: ListedShard[] } {
    return this.call('GetRecords', { ShardIterator, ...more });
  }

  texts(StreamName: string, shard = 0): string[] {
    return this.read(this.iterator(StreamName, shard)).Records.map(({ Data }) => Buffer.from(Data, 'base64').toString());
  }

  declare(...streams: [name: string, properties: Record<string, unknown>][]): void {
    this.kinesis.setBaseline(streams.map(([name, properties]): ResourceDefinition => ({
      type: 'AWS::Kinesis::Stream', name, arn: arnOf(name), origin: { kind: 'sam', logicalId: name }, properties,
    })));
  }

  #open(): KinesisService {
    const say = (message: string): void => { this.log.push(message); };
    const logger: Logger = { debug: say, info: say, warn: say, error: (message, error) => say(`${message} ${String(error)}`) };
    const kinesis = new KinesisService({
      clock: this.clock, documents: new SqliteDocumentStore(this.database), records: new SqliteStreamRecords(this.database),
      account: () => ({ accountId: account, region: 'us-east-1' }), logger, changed: () => { this.changes += 1; },
    });
    kinesis.start();
    return kinesis;
  }
}
