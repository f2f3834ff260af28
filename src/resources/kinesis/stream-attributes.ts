/** What a stream is besides its shards: attributes, their ranges and defaults, and what a template says in other words. */

/** By AWS name, as text. What is absent has its default. */
export type StreamAttributes = Readonly<Record<string, string>>;

export const shortestRetention = 24;
export const longestRetention = 8760;
/** KiB of a record's data and partition key together. AWS raised the limit to 10 MiB in 2025, for streams that ask for it. */
export const defaultMaxRecordSize = 1024;
export const largestMaxRecordSize = 10_240;
/** Shards of a new on-demand stream. */
export const onDemandShards = 4;
/** AWS's limit is per account, and may be raised; ours keeps a mistyped number from filling the machine. */
export const mostShards = 10_000;

export function withDefaults(attributes: StreamAttributes): Record<string, string> {
  const StreamMode = attributes.StreamMode ?? 'PROVISIONED';
  return {
    RetentionPeriodHours: String(shortestRetention), MaxRecordSizeInKiB: String(defaultMaxRecordSize), EncryptionType: 'NONE',
    ShardCount: StreamMode === 'ON_DEMAND' ? String(onDemandShards) : '1',
    StreamMode, ...attributes,
  };
}

/** CloudFormation's properties of `AWS::Kinesis::Stream` as attributes; what is out of range has been left out. */
export function attributesOfTemplate(properties: Readonly<Record<string, unknown>>): StreamAttributes {
  const { ShardCount, RetentionPeriodHours, MaxRecordSizeInKiB, StreamModeDetails, StreamEncryption } = properties;
  const attributes: Record<string, string> = {};
  const mode = (StreamModeDetails as { StreamMode?: unknown } | undefined)?.StreamMode;
  if (mode === 'ON_DEMAND' || mode === 'PROVISIONED') attributes.StreamMode = mode;
  if (typeof ShardCount === 'number' && mode !== 'ON_DEMAND') attributes.ShardCount = String(ShardCount);
  if (typeof RetentionPeriodHours === 'number') attributes.RetentionPeriodHours = String(RetentionPeriodHours);
  if (typeof MaxRecordSizeInKiB === 'number') attributes.MaxRecordSizeInKiB = String(MaxRecordSizeInKiB);
  const encryption = StreamEncryption as { EncryptionType?: unknown; KeyId?: unknown } | undefined;
  if (encryption?.EncryptionType === 'KMS' && typeof encryption.KeyId === 'string') Object.assign(attributes, { EncryptionType: 'KMS', KeyId: encryption.KeyId });
  return attributes;
}

export function tagsOfTemplate(properties: Readonly<Record<string, unknown>>): Record<string, string> {
  const tags = Array.isArray(properties.Tags) ? properties.Tags as { Key?: unknown; Value?: unknown }[] : [];
  return Object.fromEntries(tags.filter((tag) => typeof tag?.Key === 'string').map(({ Key, Value }) => [String(Key), String(Value ?? '')]));
}
