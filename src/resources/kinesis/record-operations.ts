/** Operations on records: put, one or many, and read through shard iterators. */
import type { Clock } from '../../contracts/clock.ts';
import type { AwsFault } from '../../contracts/faults.ts';
import type { Logger } from '../../contracts/logger.ts';
import type { ServiceInput, ServiceOutput } from '../../contracts/resources.ts';
import type { StoredStreamRecord, StreamRecordStore } from '../../contracts/stream-records.ts';
import { InputCheck, validation } from '../input-check.ts';
import { positionBefore, readShard } from '../shard-reading.ts';
import { invalidArgument, invalidIterator, shardDoesNotExist } from './faults.ts';
import { readSequenceNumber, sequenceNumber } from './sequence-numbers.ts';
import { readIterator, writeIterator, type ShardIterator } from './shard-iterators.ts';
import { hashKeyOf, shardIdOf, shardNumberOf, type StoredShard } from './shards.ts';
import { shardHash } from './shard-operations.ts';
import { largestMaxRecordSize } from './stream-attributes.ts';
import { findStream, nameOf, shardIdRules, streamReference, type StreamReference } from './stream-names.ts';
import { retentionOf, type Stream, type StreamRegistry } from './stream-registry.ts';

export interface RecordParts {
  clock: Clock;
  records: StreamRecordStore;
  registry: StreamRegistry;
  logger: Logger;
  /** Records were written. */
  written: (stream: string) => void;
}

interface Outgoing {
  data: Buffer;
  partitionKey: string;
  explicitHashKey?: string;
}

export interface Put {
  shardId: string;
  sequenceNumber: string;
}

/** Of one GetRecords and of one PutRecords, bytes. */
const largestRead = 10 * 1024 * 1024;
const largestBatch = 10 * 1024 * 1024;
const batchRecords = 500;
const readRecords = 10_000;
const hashKeys = 1n << 128n;
const sequenceNumberRules = { pattern: '0|([1-9]\\d{0,128})' } as const;

export class RecordOperations {
  readonly #parts: RecordParts;

  constructor(parts: RecordParts) {
    this.#parts = parts;
  }

  put(input: ServiceInput): ServiceOutput {
    const check = new InputCheck(input);
    const reference = streamReference(check);
    check.text('SequenceNumberForOrdering', sequenceNumberRules);
    const record = outgoing(check);
    check.done();
    const stream = findStream(this.#parts.registry, reference);
    checkSizes(stream, [record], () => 'data');
    const { shardId, sequenceNumber: number } = this.#parts.records.transaction(() => this.add(stream, record));
    return { ShardId: shardId, SequenceNumber: number, ...encryption(stream) };
  }

  putMany(input: ServiceInput): ServiceOutput {
    const check = new InputCheck(input);
    const reference = streamReference(check);
    const given = check.structures('Records', { required: true, least: 1, most: batchRecords }).map(outgoing);
    check.done();
    const stream = findStream(this.#parts.registry, reference);
    checkSizes(stream, given, (index) => `records.${index + 1}.member.data`);
    if (given.reduce((sum, record) => sum + sizeOf(record), 0) > largestBatch) throw invalidArgument('Records size exceeds 10 MB limit');
    for (const { explicitHashKey } of given) explicitHash(explicitHashKey);
    let failed = 0;
    const { records, logger } = this.#parts;
    // One commit for all. A record that cannot be stored does not keep the others from it, as on AWS.
    const results = records.transaction(() => given.map((record) => {
      try {
        const { shardId, sequenceNumber: number } = records.transaction(() => this.add(stream, record));
        return { SequenceNumber: number, ShardId: shardId };
      } catch (error) {
        failed += 1;
        logger.error(`A record of stream ${stream.name} could not be stored.`, error);
        return { ErrorCode: 'InternalFailure', ErrorMessage: 'Internal Service Failure' };
      }
    }));
    return { FailedRecordCount: failed, Records: results, ...encryption(stream) };
  }

  /** Writes one record that was checked. */
  add(stream: Stream, { data, partitionKey, explicitHashKey }: Outgoing): Put {
    const { clock, records, written } = this.#parts;
    const shard = stream.map.of(explicitHash(explicitHashKey) ?? hashKeyOf(partitionKey));
    const { position, arrivedAt } = records.add(shard.key, { partitionKey, data, arrivedAt: clock.now() });
    written(stream.name);
    return { shardId: shardIdOf(shard.number), sequenceNumber: sequenceNumber(shard, position, arrivedAt) };
  }

  iterator(input: ServiceInput): ServiceOutput {
    const check = new InputCheck(input);
    const reference = streamReference(check);
    const shardId = check.requiredText('ShardId', shardIdRules);
    const type = check.requiredText('ShardIteratorType', { values: ['AFTER_SEQUENCE_NUMBER', 'LATEST', 'AT_TIMESTAMP', 'AT_SEQUENCE_NUMBER', 'TRIM_HORIZON'] });
    const start = check.text('StartingSequenceNumber', sequenceNumberRules);
    const timestamp = check.number('Timestamp');
    check.done();
    const { registry, records, clock } = this.#parts;
    const { stream, shard } = this.#shard(reference, shardId);
    const now = clock.now();
    const place = (): number => {
      const wantsNumber = type === 'AT_SEQUENCE_NUMBER' || type === 'AFTER_SEQUENCE_NUMBER';
      if (wantsNumber !== (start !== undefined)) throw unfitting(type, start);
      switch (type) {
        case 'TRIM_HORIZON': return 0;
        case 'LATEST': return records.last(shard.key)?.position ?? 0;
        case 'AT_TIMESTAMP': {
          if (timestamp === undefined) throw invalidArgument('Must specify timestampInMillis parameter for iterator of type AT_TIMESTAMP. Current request has no timestamp parameter.');
          const at = Math.round(timestamp * 1000);
          if (at > now) {
            throw invalidArgument(`The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. timestampInMillis: ${at}, currentTimestampInMillis: ${now}`);
          }
          return positionBefore(records, shard.key, at);
        }
        default: {
          const position = positionIn(stream, shard, start as string, registry.accountId);
          return type === 'AFTER_SEQUENCE_NUMBER' ? position : Math.max(0, position - 1);
        }
      }
    };
    return { ShardIterator: writeIterator({ stream: stream.name, shard: shard.number, key: shard.key, after: place() }, now) };
  }

  get(input: ServiceInput): ServiceOutput {
    const check = new InputCheck(input);
    const text = check.requiredText('ShardIterator', { least: 1, most: 512 });
    const limit = check.integer('Limit', { least: 1, most: readRecords }) ?? readRecords;
    streamReference(check);
    check.done();
    const { clock, records } = this.#parts;
    const now = clock.now();
    const iterator = readIterator(text, now);
    const { stream, shard } = this.#shardOf(iterator);
    const read = readShard(records, shard.key, { after: iterator.after, limit, bytes: largestRead, horizon: now - retentionOf(stream) });
    const ended = read.caughtUp && shard.closedAt !== undefined;
    const behind = read.caughtUp ? 0 : Math.max(0, now - (read.arrivedAt ?? read.newestAt ?? now));
    return {
      Records: read.records.map((record) => recordOutput(stream, shard, record)),
      ...(ended ? {} : { NextShardIterator: writeIterator({ ...iterator, after: read.after }, now) }),
      MillisBehindLatest: behind,
      ...(ended ? { ChildShards: childrenOf(stream, shard) } : {}),
    };
  }

  #shard(reference: StreamReference, shardId: string): { stream: Stream; shard: StoredShard } {
    const { registry } = this.#parts;
    const number = shardNumberOf(shardId);
    const stream = findStream(registry, reference);
    const shard = stream.shards.find((each) => each.number === number);
    if (!shard) throw shardDoesNotExist(number === undefined ? shardId : shardIdOf(number), nameOf(reference), registry.accountId);
    return { stream, shard };
  }

  #shardOf({ stream: name, shard: number, key }: ShardIterator): { stream: Stream; shard: StoredShard } {
    const { registry } = this.#parts;
    const stream = registry.get(name);
    const shard = stream?.shards.find((each) => each.number === number);
    if (!stream || !shard) throw shardDoesNotExist(shardIdOf(number), name, registry.accountId);
    if (shard.key !== key) throw invalidIterator();
    return { stream, shard };
  }
}

/** Position of a sequence number, which must be of this shard. @throws AwsFault InvalidArgumentException */
function positionIn({ name }: Stream, shard: StoredShard, text: string, accountId: string): number {
  const shardId = shardIdOf(shard.number);
  const read = readSequenceNumber(text);
  const used = `StartingSequenceNumber ${text} used in GetShardIterator on shard ${shardId} in stream ${name} under account ${accountId} is invalid`;
  if (!read) throw invalidArgument(`${used}.`);
  if (read.number !== shard.number) {
    throw invalidArgument(`Invalid StartingSequenceNumber. It encodes ${shardIdOf(read.number)}, while it was used in a call to a shard with ${shardId}`);
  }
  if (read.epoch !== shard.epoch) throw invalidArgument(`${used} because it did not come from this stream.`);
  return read.position;
}

function unfitting(type: string, start: string | undefined): AwsFault {
  return invalidArgument('Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and StartingSequenceNumber or '
    + '(2) TRIM_HORIZON or LATEST or AT_TIMESTAMP and no StartingSequenceNumber. '
    + `Request specified ${type} and ${start === undefined ? 'no' : 'also a'} StartingSequenceNumber.`);
}

function outgoing(check: InputCheck): Outgoing {
  const data = check.blob('Data', { required: true, most: largestMaxRecordSize * 1024 }) ?? Buffer.alloc(0);
  const partitionKey = check.requiredText('PartitionKey', { least: 1, most: 256 });
  const explicitHashKey = check.text('ExplicitHashKey', { pattern: '0|([1-9]\\d{0,38})' });
  return { data, partitionKey, ...(explicitHashKey === undefined ? {} : { explicitHashKey }) };
}

/** @throws AwsFault InvalidArgumentException */
function explicitHash(text: string | undefined): bigint | undefined {
  if (text === undefined) return undefined;
  const hashKey = BigInt(text);
  if (hashKey >= hashKeys) throw invalidArgument(`Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was ${text}`);
  return hashKey;
}

const sizeOf = ({ data, partitionKey }: Outgoing): number => data.length + Buffer.byteLength(partitionKey);

/** A record may be as large as its stream allows, its partition key not counted. @throws AwsFault ValidationException */
function checkSizes({ attributes }: Stream, records: readonly Outgoing[], place: (index: number) => string): void {
  const most = Number(attributes.MaxRecordSizeInKiB) * 1024;
  const wrong = records.map(({ data }, index) => (data.length > most ? `Value at '${place(index)}' failed to satisfy constraint: Member must have length less than or equal to ${most}` : ''))
    .filter((problem) => problem !== '').slice(0, 10);
  if (wrong.length > 0) throw validation(`${wrong.length} validation error${wrong.length > 1 ? 's' : ''} detected: ${wrong.join('; ')}`);
}

const encryption = ({ attributes }: Stream): ServiceOutput => (attributes.EncryptionType === 'KMS' ? { EncryptionType: 'KMS' } : {});

function recordOutput(stream: Stream, shard: StoredShard, { position, arrivedAt, partitionKey, data }: StoredStreamRecord): ServiceOutput {
  return {
    SequenceNumber: sequenceNumber(shard, position, arrivedAt), ApproximateArrivalTimestamp: arrivedAt / 1000,
    Data: base64(data), PartitionKey: partitionKey, ...encryption(stream),
  };
}

export const base64 = (data: Uint8Array): string => Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64');

/** Where a reader goes on after the end of a closed shard. */
function childrenOf({ shards }: Stream, parent: StoredShard): ServiceOutput[] {
  return shards.filter((shard) => shard.parent === parent.number || shard.adjacent === parent.number).map((shard) => ({
    ShardId: shardIdOf(shard.number),
    ParentShards: [shard.parent, shard.adjacent].filter((each) => each !== undefined).map(shardIdOf),
    HashKeyRange: shardHash(shard),
  }));
}
