/** Amazon Kinesis Data Streams, embedded: its API, what pollers read, and what views show. */
import type { Clock } from '../../contracts/clock.ts';
import type { DocumentStore } from '../../contracts/documents.ts';
import { SourceNotFound, type Shard, type StreamPosition, type StreamRead, type StreamSource } from '../../contracts/event-sources.ts';
import type { Logger } from '../../contracts/logger.ts';
import type { PeekedRecord, PeekRecords, StreamSummary } from '../../contracts/resource-views.ts';
import type { ResourceDefinition, ServiceInput, ServiceOutput, StreamHost } from '../../contracts/resources.ts';
import type { StreamRecordStore } from '../../contracts/stream-records.ts';
import { peekedData, peekShards, shardCounts } from '../record-peeking.ts';
import { recordTrimming } from '../record-trimming.ts';
import type { Rounds } from '../rounds.ts';
import { StreamListeners } from '../stream-listeners.ts';
import { invalidArgument, shardDoesNotExist, streamNotFound } from './faults.ts';
import { readPosition } from './poller-reading.ts';
import { RecordOperations, type Put } from './record-operations.ts';
import { endingSequenceNumber, readSequenceNumber, sequenceNumber } from './sequence-numbers.ts';
import { listedShards, ShardOperations } from './shard-operations.ts';
import { isOpen, shardIdOf, shardNumberOf, type StoredShard } from './shards.ts';
import { StreamConsumers } from './stream-consumers.ts';
import { StreamOperations } from './stream-operations.ts';
import { retentionOf, StreamRegistry, type AccountContext, type Stream } from './stream-registry.ts';
import { StreamTags } from './stream-tags.ts';

export interface KinesisParts {
  clock: Clock;
  documents: DocumentStore;
  records: StreamRecordStore;
  account: () => AccountContext;
  logger: Logger;
  /** Something that views show has changed. */
  changed: () => void;
}

type Operation = (input: ServiceInput) => ServiceOutput;

export class KinesisService implements StreamHost, StreamSource {
  readonly signingName = 'kinesis';
  readonly #parts: KinesisParts;
  readonly #registry: StreamRegistry;
  readonly #listeners = new StreamListeners();
  readonly #trimming: Rounds;
  readonly #records: RecordOperations;
  readonly #consumers: StreamConsumers;
  readonly #operations: ReadonlyMap<string, Operation>;

  constructor(parts: KinesisParts) {
    this.#parts = parts;
    const { clock, documents, records, account, logger } = parts;
    const registry = this.#registry = new StreamRegistry({ documents, records, clock, account, logger });
    const changed = (stream: string): void => {
      this.#listeners.announce(stream);
      parts.changed();
    };
    this.#trimming = recordTrimming({
      clock, records, logger, changed: parts.changed,
      also: () => { for (const stream of registry.all()) registry.dropExpired(stream); },
      shards: () => registry.all().flatMap((stream) => stream.shards.map(({ key }) => ({ key, before: clock.now() - retentionOf(stream) }))),
    });
    const streams = new StreamOperations({ clock, registry, changed, retired: () => this.#trimming.start() });
    const shards = new ShardOperations({ clock, registry, changed });
    const data = this.#records = new RecordOperations({ clock, records, registry, logger, written: changed });
    const consumers = this.#consumers = new StreamConsumers({ clock, registry, changed });
    const tags = new StreamTags(registry, changed);
    this.#operations = new Map<string, Operation>(Object.entries({
      CreateStream: (input) => streams.create(input),
      DeleteStream: (input) => streams.delete(input),
      DescribeStream: (input) => streams.describe(input),
      DescribeStreamSummary: (input) => streams.describeSummary(input),
      ListStreams: (input) => streams.list(input),
      DescribeLimits: () => streams.limits(),
      IncreaseStreamRetentionPeriod: (input) => streams.increaseRetention(input),
      DecreaseStreamRetentionPeriod: (input) => streams.decreaseRetention(input),
      UpdateStreamMode: (input) => streams.updateMode(input),
      UpdateMaxRecordSize: (input) => streams.updateMaxRecordSize(input),
      ListShards: (input) => shards.list(input),
      SplitShard: (input) => shards.split(input),
      MergeShards: (input) => shards.merge(input),
      UpdateShardCount: (input) => shards.updateCount(input),
      PutRecord: (input) => data.put(input),
      PutRecords: (input) => data.putMany(input),
      GetShardIterator: (input) => data.iterator(input),
      GetRecords: (input) => data.get(input),
      RegisterStreamConsumer: (input) => consumers.register(input),
      DeregisterStreamConsumer: (input) => consumers.deregister(input),
      DescribeStreamConsumer: (input) => consumers.describe(input),
      ListStreamConsumers: (input) => consumers.list(input),
      SubscribeToShard: () => consumers.subscribe(),
      AddTagsToStream: (input) => tags.add(input),
      RemoveTagsFromStream: (input) => tags.remove(input),
      ListTagsForStream: (input) => tags.list(input),
      TagResource: (input) => tags.add(input),
      UntagResource: (input) => tags.remove(input),
      ListTagsForResource: (input) => tags.listOfResource(input),
    } satisfies Record<string, Operation>));
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
    if (!work) throw invalidArgument(`There is no operation ${operation}.`);
    return work(input);
  }

  setBaseline(definitions: readonly ResourceDefinition[]): void {
    this.#registry.setBaseline(definitions);
    for (const { name } of this.#registry.all()) this.#listeners.announce(name);
    this.#parts.changed();
  }

  // ---- for pollers ----

  shards(streamArn: string): Promise<Shard[]> {
    return Promise.resolve().then(() => listedShards(this.#source(streamArn), this.#parts.clock.now()).map((shard) => ({
      shardId: shardIdOf(shard.number), parentShardIds: parentsOf(shard),
      ...(shard.closedAt === undefined ? {} : { endingSequenceNumber: endingSequenceNumber(shard, shard.closedAt) }),
    })));
  }

  read(streamArn: string, shardId: string, position: StreamPosition, limit: number): Promise<StreamRead> {
    return Promise.resolve().then(() => {
      const stream = this.#source(streamArn);
      const shard = stream.shards.find(({ number }) => number === shardNumberOf(shardId));
      if (!shard) throw new SourceNotFound(`There is no shard ${shardId} in stream ${stream.name} any more.`);
      const { clock, records } = this.#parts;
      return readPosition(records, shard, position, { limit, now: clock.now(), retention: retentionOf(stream) });
    });
  }

  onRecords(streamArn: string, listener: () => void): () => void {
    return this.#listeners.listen(streamArn.slice(streamArn.indexOf('/') + 1), listener);
  }

  // ---- for views ----

  summaries(): StreamSummary[] {
    const now = this.#parts.clock.now();
    return this.#registry.all().map((stream) => {
      const shards = listedShards(stream, now).map((shard) => ({
        shardId: shardIdOf(shard.number), open: isOpen(shard), parentShardIds: parentsOf(shard), startingHashKey: shard.from, endingHashKey: shard.to,
        ...shardCounts(this.#parts.records, shard.key, (position, at) => sequenceNumber(shard, position, at)),
      }));
      return {
        kind: 'stream', name: stream.name, arn: this.#registry.arnOf(stream.name), status: 'ACTIVE',
        mode: stream.attributes.StreamMode === 'ON_DEMAND' ? 'ON_DEMAND' : 'PROVISIONED',
        retentionHours: Number(stream.attributes.RetentionPeriodHours),
        shards, records: shards.reduce((sum, { records }) => sum + records, 0),
        consumers: stream.stored.consumers.map((consumer) => ({ name: consumer.name, arn: this.#consumers.arnOf(stream, consumer) })),
        ...(stream.origin === undefined ? {} : { origin: stream.origin }),
        changed: this.#registry.changesOf(stream),
      };
    });
  }

  peek(streamArn: string, options: PeekRecords): PeekedRecord[] {
    const stream = this.#require(streamArn);
    const { clock, records } = this.#parts;
    const now = clock.now();
    const shards = listedShards(stream, now).filter(({ number }) => options.shardId === undefined || number === shardNumberOf(options.shardId));
    if (shards.length === 0) throw shardDoesNotExist(options.shardId ?? '', stream.name, this.#registry.accountId);
    const after = options.after === undefined ? undefined : readSequenceNumber(options.after)?.position;
    return peekShards(records, shards, { ...options, horizon: now - retentionOf(stream), ...(after === undefined ? {} : { place: after }) })
      .map(({ shard, record }) => ({
        shardId: shardIdOf(shard.number), sequenceNumber: sequenceNumber(shard, record.position, record.arrivedAt), arrivedAt: record.arrivedAt,
        partitionKey: record.partitionKey, ...peekedData(record.data),
      }));
  }

  put(streamArn: string, { partitionKey, text, explicitHashKey }: { partitionKey: string; text: string; explicitHashKey?: string }): Put {
    const { ShardId, SequenceNumber } = this.#records.put({
      StreamARN: streamArn, PartitionKey: partitionKey, Data: Buffer.from(text).toString('base64'), ...(explicitHashKey === undefined ? {} : { ExplicitHashKey: explicitHashKey }),
    });
    return { shardId: String(ShardId), sequenceNumber: String(SequenceNumber) };
  }

  #require(streamArn: string): Stream {
    const stream = this.#registry.byArn(streamArn);
    if (!stream) throw streamNotFound(streamArn.slice(streamArn.indexOf('/') + 1), this.#registry.accountId);
    return stream;
  }

  #source(streamArn: string): Stream {
    const stream = this.#registry.byArn(streamArn);
    if (!stream) throw new SourceNotFound(`There is no stream ${streamArn}.`);
    return stream;
  }
}

function parentsOf({ parent, adjacent }: StoredShard): string[] {
  return [parent, adjacent].filter((each) => each !== undefined).map(shardIdOf);
}
