/**
 * Amazon DynamoDB Streams, embedded: its API, what pollers read, and what views show. The tables themselves are not here:
 * changes come through `record`, by hand today, and from a table's items once there are such.
 */
import type { Clock } from '../../contracts/clock.ts';
import type { DocumentStore } from '../../contracts/documents.ts';
import { SourceNotFound, type Shard, type StreamPosition, type StreamRead, type StreamSource } from '../../contracts/event-sources.ts';
import type { Logger } from '../../contracts/logger.ts';
import type { PeekedRecord, PeekRecords, TableStreamSummary } from '../../contracts/resource-views.ts';
import type { ResourceDefinition, ServiceInput, ServiceOutput, TableChange, TableStreamHost } from '../../contracts/resources.ts';
import type { StreamRecordStore } from '../../contracts/stream-records.ts';
import { validation } from '../input-check.ts';
import { peekedData, peekShards, shardCounts } from '../record-peeking.ts';
import { recordTrimming } from '../record-trimming.ts';
import type { Rounds } from '../rounds.ts';
import { positionBefore, readShard } from '../shard-reading.ts';
import { StreamListeners } from '../stream-listeners.ts';
import { changeRecord, polledRecord, positionOf, sequenceNumber, storedChange } from './change-records.ts';
import { StreamOperations } from './stream-operations.ts';
import { retention, TableStreams, type TableStream } from './table-streams.ts';

export interface DynamoDbStreamsParts {
  clock: Clock;
  documents: DocumentStore;
  records: StreamRecordStore;
  account: () => { accountId: string; region: string };
  logger: Logger;
  /** Something that views show has changed. */
  changed: () => void;
}

/** Of one read for a poller, bytes, as GetRecords. */
const largestRead = 1_048_576;

export class DynamoDbStreamsService implements TableStreamHost, StreamSource {
  /** DynamoDB and its streams sign alike. */
  readonly signingName = 'dynamodb';
  readonly #parts: DynamoDbStreamsParts;
  readonly #tables: TableStreams;
  readonly #listeners = new StreamListeners();
  readonly #trimming: Rounds;
  readonly #streams: StreamOperations;
  readonly #operations: ReadonlyMap<string, (input: ServiceInput) => ServiceOutput>;

  constructor(parts: DynamoDbStreamsParts) {
    this.#parts = parts;
    const { clock, documents, records, account, logger, changed } = parts;
    const tables = this.#tables = new TableStreams({ documents, records, clock, account });
    this.#trimming = recordTrimming({
      clock, records, logger, changed, also: () => tables.dropExpired(),
      shards: () => tables.all().map(({ key }) => ({ key, before: clock.now() - retention })),
    });
    const streams = this.#streams = new StreamOperations({ clock, records, tables });
    this.#operations = new Map(Object.entries({
      ListStreams: (input: ServiceInput) => streams.list(input),
      DescribeStream: (input: ServiceInput) => streams.describe(input),
      GetShardIterator: (input: ServiceInput) => streams.iterator(input),
      GetRecords: (input: ServiceInput) => streams.get(input),
    }));
  }

  /** Goes on where the last run stopped. */
  start(): void {
    this.#trimming.start();
  }

  close(): void {
    this.#trimming.close();
    this.#listeners.close();
  }

  hasOperation(name: string): boolean {
    return this.#operations.has(name);
  }

  call(operation: string, input: ServiceInput): ServiceOutput {
    const work = this.#operations.get(operation);
    if (!work) throw validation(`There is no operation ${operation}.`);
    return work(input);
  }

  setBaseline(definitions: readonly ResourceDefinition[]): void {
    this.#tables.setBaseline(definitions);
    this.#parts.changed();
  }

  record(streamArn: string, change: TableChange): { sequenceNumber: string } | undefined {
    const stream = this.#streams.find(streamArn);
    if (stream.disabledAt !== undefined) throw validation(`The stream of table ${stream.tableName} is disabled: its template has it no more.`);
    const { clock, records, changed } = this.#parts;
    const record = changeRecord(change, stream);
    if (!record) return undefined;
    const { position } = records.transaction(() => records.add(stream.key, { ...record, arrivedAt: clock.now() }));
    this.#listeners.announce(stream.tableName);
    changed();
    return { sequenceNumber: sequenceNumber(position) };
  }

  // ---- for pollers ----

  shards(streamArn: string): Promise<Shard[]> {
    return Promise.resolve().then(() => [{ shardId: this.#source(streamArn).shardId, parentShardIds: [] }]);
  }

  read(streamArn: string, shardId: string, position: StreamPosition, limit: number): Promise<StreamRead> {
    return Promise.resolve().then(() => {
      const stream = this.#source(streamArn);
      if (stream.shardId !== shardId) throw new SourceNotFound(`There is no shard ${shardId} in the stream of table ${stream.tableName}.`);
      const { clock, records } = this.#parts;
      const now = clock.now();
      if (position.kind === 'timestamp' && position.at > now) return { records: [], next: position, ended: false, behindMilliseconds: 0 };
      const read = readShard(records, stream.key, { after: this.#begin(stream, position), limit, bytes: largestRead, horizon: now - retention });
      const place = { streamArn, region: this.#tables.region };
      return {
        records: read.records.map((record) => polledRecord(record, place)),
        next: { kind: 'after', sequenceNumber: sequenceNumber(read.after) },
        ended: false,
        behindMilliseconds: read.caughtUp ? 0 : Math.max(0, (read.newestAt ?? 0) - (read.arrivedAt ?? 0)),
      };
    });
  }

  onRecords(streamArn: string, listener: () => void): () => void {
    return this.#listeners.listen(streamArn.split('/')[1] ?? '', listener);
  }

  // ---- for views ----

  summaries(): TableStreamSummary[] {
    return this.#tables.all().map((stream) => {
      const counts = shardCounts(this.#parts.records, stream.key, (position) => sequenceNumber(position));
      return {
        kind: 'table-stream', tableName: stream.tableName, tableArn: this.#tables.tableArn(stream.tableName), arn: this.#tables.arnOf(stream.tableName),
        enabled: stream.disabledAt === undefined, viewType: stream.viewType, keySchema: stream.keySchema, retentionHours: retention / 3_600_000,
        shards: [{ shardId: stream.shardId, open: stream.disabledAt === undefined, parentShardIds: [], ...counts }], records: counts.records,
        ...(stream.origin === undefined ? {} : { origin: stream.origin }),
      };
    });
  }

  peek(streamArn: string, options: PeekRecords): PeekedRecord[] {
    const stream = this.#streams.find(streamArn);
    const { clock, records } = this.#parts;
    const after = options.after === undefined ? undefined : positionOf(options.after);
    const place = { streamArn, region: this.#tables.region };
    return peekShards(records, [stream], { ...options, horizon: clock.now() - retention, ...(after === undefined ? {} : { place: after }) }).map(({ record }) => ({
      shardId: stream.shardId, sequenceNumber: sequenceNumber(record.position), arrivedAt: record.arrivedAt, partitionKey: record.partitionKey,
      ...peekedData(Buffer.from(polledRecord(record, place).json)), eventName: storedChange(record).eventName,
    }));
  }

  #source(streamArn: string): TableStream {
    const stream = this.#tables.byArn(streamArn);
    if (!stream) throw new SourceNotFound(`There is no stream ${streamArn}.`);
    return stream;
  }

  /** Position of the last record that is not wanted. */
  #begin({ key, tableName }: TableStream, position: StreamPosition): number {
    const { records } = this.#parts;
    switch (position.kind) {
      case 'trim-horizon': return 0;
      case 'latest': return records.last(key)?.position ?? 0;
      case 'timestamp': return positionBefore(records, key, position.at);
      default: {
        const place = positionOf(position.sequenceNumber);
        if (place === undefined) throw new SourceNotFound(`Sequence number ${position.sequenceNumber} is not of the stream of table ${tableName}.`);
        return position.kind === 'after' ? place : Math.max(0, place - 1);
      }
    }
  }
}
