/** The API of DynamoDB Streams: list, describe, iterators, records. */
import type { Clock } from '../../contracts/clock.ts';
import { AwsFault } from '../../contracts/faults.ts';
import type { ServiceInput, ServiceOutput } from '../../contracts/resources.ts';
import { localStreamLabel } from '../../contracts/resources.ts';
import type { StreamRecordStore } from '../../contracts/stream-records.ts';
import { InputCheck, validation } from '../input-check.ts';
import { readShard } from '../shard-reading.ts';
import { apiRecord, positionOf, sequenceNumber } from './change-records.ts';
import { retention, type TableStream, type TableStreams } from './table-streams.ts';

/** Milliseconds. */
const iteratorLifetime = 15 * 60_000;
const largestRead = 1_048_576;
const readRecords = 1000;
const arnRules = { least: 37, most: 1024 } as const;
const shardIdRules = { least: 28, most: 65 } as const;

export class StreamOperations {
  readonly #clock: Clock;
  readonly #records: StreamRecordStore;
  readonly #tables: TableStreams;

  constructor({ clock, records, tables }: { clock: Clock; records: StreamRecordStore; tables: TableStreams }) {
    this.#clock = clock;
    this.#records = records;
    this.#tables = tables;
  }

  list(input: ServiceInput): ServiceOutput {
    const check = new InputCheck(input);
    const table = check.text('TableName', { least: 3, most: 255, pattern: '[a-zA-Z0-9_.-]+' });
    const limit = Math.min(check.integer('Limit', { least: 1 }) ?? 100, 100);
    const start = check.text('ExclusiveStartStreamArn', arnRules) ?? '';
    check.done();
    const found = this.#tables.all().filter(({ tableName }) => table === undefined || tableName === table)
      .map(({ tableName }) => ({ StreamArn: this.#tables.arnOf(tableName), TableName: tableName, StreamLabel: localStreamLabel }))
      .filter(({ StreamArn }) => StreamArn > start).sort((a, b) => (a.StreamArn < b.StreamArn ? -1 : 1));
    const page = found.slice(0, limit);
    return { Streams: page, ...(found.length > page.length ? { LastEvaluatedStreamArn: page.at(-1)?.StreamArn } : {}) };
  }

  describe(input: ServiceInput): ServiceOutput {
    const check = new InputCheck(input);
    const arn = check.requiredText('StreamArn', arnRules);
    check.integer('Limit', { least: 1 });
    const after = check.text('ExclusiveStartShardId', shardIdRules);
    const filter = check.structure('ShardFilter')?.text('Type', { values: ['CHILD_SHARDS'] });
    check.done();
    const stream = this.find(arn);
    // The one shard has neither children nor others after it.
    const shown = after === undefined && filter === undefined;
    return { StreamDescription: {
      StreamArn: arn, StreamLabel: localStreamLabel, StreamStatus: stream.disabledAt === undefined ? 'ENABLED' : 'DISABLED', StreamViewType: stream.viewType,
      CreationRequestDateTime: stream.createdAt / 1000, TableName: stream.tableName,
      KeySchema: stream.keySchema.map(({ name, keyType }) => ({ AttributeName: name, KeyType: keyType })),
      Shards: shown ? [{ ShardId: stream.shardId, SequenceNumberRange: { StartingSequenceNumber: sequenceNumber(0) } }] : [],
    } };
  }

  iterator(input: ServiceInput): ServiceOutput {
    const check = new InputCheck(input);
    const arn = check.requiredText('StreamArn', arnRules);
    const shardId = check.requiredText('ShardId', shardIdRules);
    const type = check.requiredText('ShardIteratorType', { values: ['AFTER_SEQUENCE_NUMBER', 'LATEST', 'AT_SEQUENCE_NUMBER', 'TRIM_HORIZON'] });
    const number = check.text('SequenceNumber', { least: 21, most: 40 });
    check.done();
    const stream = this.find(arn);
    if (stream.shardId !== shardId) throw notFound(`Requested resource not found: Shard does not exist in stream ${arn}`);
    return { ShardIterator: this.#iterator(arn, stream, this.#place(stream, type, number)) };
  }

  get(input: ServiceInput): ServiceOutput {
    const check = new InputCheck(input);
    const text = check.requiredText('ShardIterator', { least: 1, most: 2048 });
    const limit = check.integer('Limit', { least: 1, most: readRecords }) ?? readRecords;
    check.done();
    const [arn = '', , token = ''] = text.split('|');
    const numbers = Buffer.from(token, 'base64').toString().split('\n');
    if (numbers.length !== 3 || numbers.some((each) => !/^\d{1,16}$/.test(each))) throw validation('Invalid ShardIterator');
    const [issued, key, after] = numbers.map(Number) as [number, number, number];
    const now = this.#clock.now();
    if (now - issued > iteratorLifetime) throw new AwsFault('ExpiredIteratorException', 400, 'Iterator expired. The iterator is only valid for 15 minutes.');
    const stream = this.find(arn);
    if (stream.key !== key) throw validation('Invalid ShardIterator');
    const read = readShard(this.#records, key, { after, limit, bytes: largestRead, horizon: now - retention });
    const place = { streamArn: arn, region: this.#tables.region };
    return { Records: read.records.map((record) => apiRecord(record, place)), NextShardIterator: this.#iterator(arn, stream, read.after) };
  }

  /** @throws AwsFault ResourceNotFoundException */
  find(arn: string): TableStream {
    const stream = this.#tables.byArn(arn);
    if (!stream) throw notFound(`Requested resource not found: Stream: ${arn} not found`);
    return stream;
  }

  #iterator(arn: string, { key }: TableStream, after: number): string {
    return `${arn}|1|${Buffer.from([this.#clock.now(), key, after].join('\n')).toString('base64')}`;
  }

  /** Position of the last record that is not wanted. */
  #place({ key }: TableStream, type: string, number: string | undefined): number {
    const wantsNumber = type.endsWith('SEQUENCE_NUMBER');
    if (wantsNumber && number === undefined) throw validation(`SequenceNumber is required for ShardIteratorType ${type}`);
    if (!wantsNumber && number !== undefined) throw validation(`SequenceNumber is not allowed for ShardIteratorType ${type}`);
    if (type === 'TRIM_HORIZON') return 0;
    if (type === 'LATEST') return this.#records.last(key)?.position ?? 0;
    const position = positionOf(number as string);
    if (position === undefined) throw validation(`Invalid SequenceNumber ${number}`);
    const oldest = this.#records.positionAt(key, this.#clock.now() - retention);
    if (position > 0 && oldest !== undefined && position < oldest) throw new AwsFault('TrimmedDataAccessException', 400, 'The operation attempted to read past the oldest stream record in a shard.');
    return type === 'AFTER_SEQUENCE_NUMBER' ? position : Math.max(0, position - 1);
  }
}

const notFound = (message: string): AwsFault => new AwsFault('ResourceNotFoundException', 400, message);
