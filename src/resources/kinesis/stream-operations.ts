/** Operations on streams: create, delete, describe, list, retention, mode, size of records. All are done when they answer. */
import type { ServiceInput, ServiceOutput } from '../../contracts/resources.ts';
import type { Clock } from '../../contracts/clock.ts';
import { InputCheck, validation } from '../input-check.ts';
import { invalidArgument, limitExceeded, resourceInUse, streamExists } from './faults.ts';
import { listedShards, shardOutput } from './shard-operations.ts';
import { openShards, shardNumberOf } from './shards.ts';
import { defaultMaxRecordSize, largestMaxRecordSize, longestRetention, mostShards, shortestRetention } from './stream-attributes.ts';
import { findStream, shardIdRules, streamNameRules, streamReference } from './stream-names.ts';
import type { Stream, StreamRegistry } from './stream-registry.ts';
import { checkTags } from './stream-tags.ts';

const modes = ['PROVISIONED', 'ON_DEMAND'];

export interface StreamOperationParts {
  clock: Clock;
  registry: StreamRegistry;
  /** Streams or their shards changed. */
  changed: (stream: string) => void;
  /** Records were put out of sight. */
  retired: () => void;
}

export class StreamOperations {
  readonly #parts: StreamOperationParts;

  constructor(parts: StreamOperationParts) {
    this.#parts = parts;
  }

  create(input: ServiceInput): ServiceOutput {
    const { registry, changed } = this.#parts;
    const check = new InputCheck(input);
    const name = check.requiredText('StreamName', streamNameRules);
    const count = check.integer('ShardCount', { least: 1 });
    const mode = check.structure('StreamModeDetails')?.requiredText('StreamMode', { values: modes }) ?? 'PROVISIONED';
    const size = check.integer('MaxRecordSizeInKiB', { least: defaultMaxRecordSize, most: largestMaxRecordSize });
    const tags = check.textMap('Tags');
    check.done();
    if (mode === 'ON_DEMAND' && count !== undefined) throw validation('ShardCount must not be specified for streams in ON_DEMAND mode.');
    if (mode === 'PROVISIONED' && count === undefined) throw validation('ShardCount must be specified for streams in PROVISIONED mode.');
    if (count !== undefined && count > mostShards) throw limitExceeded(`A stream cannot have more than ${mostShards} shards.`);
    checkTags(tags);
    if (registry.get(name)) throw streamExists(name, registry.accountId);
    registry.create(name, {
      StreamMode: mode, ...(count === undefined ? {} : { ShardCount: String(count) }), ...(size === undefined ? {} : { MaxRecordSizeInKiB: String(size) }),
    }, tags);
    changed(name);
    return {};
  }

  delete(input: ServiceInput): ServiceOutput {
    const check = new InputCheck(input);
    const reference = streamReference(check);
    const enforced = check.flag('EnforceConsumerDeletion') ?? false;
    check.done();
    const { registry, changed, retired } = this.#parts;
    const stream = findStream(registry, reference);
    if (stream.stored.consumers.length > 0 && !enforced) {
      throw resourceInUse(`Stream ${stream.name} under account ${registry.accountId} has consumers registered. Deregister consumers before deleting the stream, or set EnforceConsumerDeletion.`);
    }
    registry.delete(stream);
    changed(stream.name);
    retired();
    return {};
  }

  describe(input: ServiceInput): ServiceOutput {
    const check = new InputCheck(input);
    const reference = streamReference(check);
    // More than 100 are asked for in vain, as on AWS.
    const limit = Math.min(check.integer('Limit', { least: 1, most: 10_000 }) ?? 100, 100);
    const start = check.text('ExclusiveStartShardId', shardIdRules);
    check.done();
    const { registry, clock } = this.#parts;
    const stream = findStream(registry, reference);
    const after = start === undefined ? -1 : shardNumberOf(start) ?? -1;
    const found = listedShards(stream, clock.now()).filter(({ number }) => number > after);
    const { RetentionPeriodHours, StreamCreationTimestamp, EnhancedMonitoring, EncryptionType, KeyId, ...facts } = this.#facts(stream);
    return { StreamDescription: {
      ...facts, Shards: found.slice(0, limit).map(shardOutput), HasMoreShards: found.length > limit,
      RetentionPeriodHours, StreamCreationTimestamp, EnhancedMonitoring, EncryptionType, ...(KeyId === undefined ? {} : { KeyId }),
    } };
  }

  describeSummary(input: ServiceInput): ServiceOutput {
    const stream = this.#named(input);
    return { StreamDescriptionSummary: {
      ...this.#facts(stream),
      OpenShardCount: openShards(stream.shards).length,
      ConsumerCount: stream.stored.consumers.length,
      MaxRecordSizeInKiB: Number(stream.attributes.MaxRecordSizeInKiB),
    } };
  }

  list(input: ServiceInput): ServiceOutput {
    const check = new InputCheck(input);
    const limit = check.integer('Limit', { least: 1, most: 10_000 }) ?? 100;
    const start = check.text('ExclusiveStartStreamName', streamNameRules);
    const token = check.text('NextToken', { least: 1, most: 1_048_576 });
    check.done();
    const after = start ?? (token === undefined ? '' : Buffer.from(token, 'base64').toString());
    const found = this.#parts.registry.all().filter(({ name }) => name > after);
    const page = found.slice(0, limit);
    const more = found.length > page.length;
    return {
      StreamNames: page.map(({ name }) => name),
      HasMoreStreams: more,
      ...(more ? { NextToken: Buffer.from(page.at(-1)?.name ?? '').toString('base64') } : {}),
      StreamSummaries: page.map((stream) => {
        const { StreamName, StreamARN, StreamStatus, StreamModeDetails, StreamCreationTimestamp } = this.#facts(stream);
        return { StreamName, StreamARN, StreamStatus, StreamModeDetails, StreamCreationTimestamp };
      }),
    };
  }

  limits(): ServiceOutput {
    const streams = this.#parts.registry.all();
    const onDemand = streams.filter(({ attributes }) => attributes.StreamMode === 'ON_DEMAND').length;
    return {
      ShardLimit: mostShards, OpenShardCount: streams.reduce((sum, { shards }) => sum + openShards(shards).length, 0),
      OnDemandStreamCount: onDemand, OnDemandStreamCountLimit: 50,
    };
  }

  increaseRetention(input: ServiceInput): ServiceOutput {
    return this.#setRetention(input, (hours, present, name) => {
      if (hours < present) throw invalidArgument(`Requested retention period (${hours} hours) for stream ${name} can not be shorter than existing retention period (${present} hours). Use DecreaseRetentionPeriod API.`);
    });
  }

  decreaseRetention(input: ServiceInput): ServiceOutput {
    return this.#setRetention(input, (hours, present, name) => {
      if (hours > present) throw invalidArgument(`Requested retention period (${hours} hours) for stream ${name} can not be longer than existing retention period (${present} hours). Use IncreaseRetentionPeriod API.`);
    });
  }

  updateMode(input: ServiceInput): ServiceOutput {
    const check = new InputCheck(input);
    const reference = streamReference(check);
    const mode = check.structure('StreamModeDetails')?.requiredText('StreamMode', { values: modes }) ?? '';
    check.done();
    this.#set(findStream(this.#parts.registry, reference), { StreamMode: mode || 'PROVISIONED' });
    return {};
  }

  updateMaxRecordSize(input: ServiceInput): ServiceOutput {
    const check = new InputCheck(input);
    const reference = streamReference(check);
    const size = check.integer('MaxRecordSizeInKiB', { required: true, least: defaultMaxRecordSize, most: largestMaxRecordSize });
    check.done();
    this.#set(findStream(this.#parts.registry, reference), { MaxRecordSizeInKiB: String(size) });
    return {};
  }

  #setRetention(input: ServiceInput, judge: (hours: number, present: number, name: string) => void): ServiceOutput {
    const check = new InputCheck(input);
    const reference = streamReference(check);
    const hours = check.integer('RetentionPeriodHours', { required: true }) ?? 0;
    check.done();
    const stream = findStream(this.#parts.registry, reference);
    if (hours < shortestRetention) throw invalidArgument(`Minimum allowed retention period is ${shortestRetention} hours. Requested retention period (${hours} hours) is too short.`);
    if (hours > longestRetention) throw invalidArgument(`Maximum allowed retention period is ${longestRetention} hours. Requested retention period (${hours} hours) is too long.`);
    judge(hours, Number(stream.attributes.RetentionPeriodHours), stream.name);
    this.#set(stream, { RetentionPeriodHours: String(hours) });
    return {};
  }

  #set(stream: Stream, attributes: Record<string, string>): void {
    this.#parts.registry.setAttributes(stream, attributes);
    this.#parts.changed(stream.name);
    this.#parts.retired();
  }

  #named(input: ServiceInput): Stream {
    const check = new InputCheck(input);
    const reference = streamReference(check);
    check.done();
    return findStream(this.#parts.registry, reference);
  }

  #facts({ name, attributes, stored }: Stream): ServiceOutput {
    return {
      StreamName: name, StreamARN: this.#parts.registry.arnOf(name), StreamStatus: 'ACTIVE',
      StreamModeDetails: { StreamMode: attributes.StreamMode }, RetentionPeriodHours: Number(attributes.RetentionPeriodHours),
      // AWS knows it to the second.
      StreamCreationTimestamp: Math.floor(stored.createdAt / 1000),
      EnhancedMonitoring: [{ ShardLevelMetrics: [] }], EncryptionType: attributes.EncryptionType,
      ...(attributes.KeyId === undefined ? {} : { KeyId: attributes.KeyId }),
    };
  }
}
