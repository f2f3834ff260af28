/** DynamoDB Streams' calls for pollers, and its records in the form in which a function gets them (lambda-facts §3.5). */
import type { _Record as ChangeRecord, AttributeValue, DescribeStreamCommandOutput, GetShardIteratorCommandInput, ListStreamsCommandOutput, Shard as TableShard } from '@aws-sdk/client-dynamodb-streams';
import { SourceNotFound, type Shard, type StreamPosition, type StreamRecord } from '../contracts/event-sources.ts';
import { localStreamLabel } from '../contracts/resources.ts';
import type { RemoteClient } from './remote-client.ts';
import type { StreamCalls } from './remote-streams.ts';
import { unreadableAnswer } from './source-failures.ts';
import type { DynamoDbStreamsOperations } from './source-clients.ts';

/** Records of one GetRecords. */
const largestRead = 1000;

export interface DynamoDbStreamsCallsParts {
  client: RemoteClient<DynamoDbStreamsOperations>;
  /** ARN of the stream there, where it is not asked for. */
  streamArn?: string;
}

export function dynamodbStreamsCalls({ client, streamArn: given }: DynamoDbStreamsCallsParts): StreamCalls {
  /** What templates here call a stream says only the table's name: its newest stream is meant. */
  const known = new Map<string, string>();
  const resolved = async (streamArn: string): Promise<string> => {
    const arn = given ?? streamArn;
    if (!arn.endsWith(`/stream/${localStreamLabel}`)) return arn;
    const found = known.get(arn) ?? await newestStream(client, arn.split('/')[1] ?? '');
    known.set(arn, found);
    return found;
  };
  return {
    async shards(streamArn) {
      const arn = await resolved(streamArn);
      try {
        return await allShards(client, arn);
      } catch (error) {
        if (error instanceof SourceNotFound) known.clear();
        throw error;
      }
    },
    shard: (streamArn, shardId) => ({
      async iterator(position) {
        const input: GetShardIteratorCommandInput = { StreamArn: await resolved(streamArn), ShardId: shardId, ...iteratorInput(position) };
        const { ShardIterator: iterator, serverTime } = await client.call('GetShardIterator', input);
        if (iterator === undefined) throw unreadableAnswer('GetShardIterator', 'ShardIterator');
        return {
          iterator, ...(serverTime === undefined ? {} : { serverTime }),
          // There is no iterator for a time, and records know theirs to the second.
          ...(position.kind === 'timestamp' ? { skipBefore: Math.floor(position.at / 1000) * 1000 } : {}),
        };
      },
      async records(iterator) {
        const { Records, NextShardIterator: next } = await client.call('GetRecords', { ShardIterator: iterator, Limit: largestRead });
        if (!Array.isArray(Records)) throw unreadableAnswer('GetRecords', 'Records');
        return { records: Records.map((record) => polled(record, streamArn.split(':')[3] ?? '')), next };
      },
    }),
  };
}

async function newestStream(client: RemoteClient<DynamoDbStreamsOperations>, table: string): Promise<string> {
  const streams: { StreamArn?: string | undefined; StreamLabel?: string | undefined }[] = [];
  let after: string | undefined;
  do {
    const page: ListStreamsCommandOutput = await client.call('ListStreams', { TableName: table, ...(after === undefined ? {} : { ExclusiveStartStreamArn: after }) });
    if (!Array.isArray(page.Streams)) throw unreadableAnswer('ListStreams', 'Streams');
    streams.push(...page.Streams);
    after = page.LastEvaluatedStreamArn;
  } while (after !== undefined);
  // Labels are times.
  const newest = streams.toSorted((one, other) => ((one.StreamLabel ?? '') < (other.StreamLabel ?? '') ? 1 : -1))[0]?.StreamArn;
  if (newest === undefined) throw new SourceNotFound(`Table ${table} has no stream.`);
  return newest;
}

async function allShards(client: RemoteClient<DynamoDbStreamsOperations>, arn: string): Promise<Shard[]> {
  const shards: Shard[] = [];
  let after: string | undefined;
  do {
    const page: DescribeStreamCommandOutput = await client.call('DescribeStream', { StreamArn: arn, ...(after === undefined ? {} : { ExclusiveStartShardId: after }) });
    const { Shards, LastEvaluatedShardId } = page.StreamDescription ?? {};
    // A stream that is being enabled has none yet.
    if (page.StreamDescription === undefined) throw unreadableAnswer('DescribeStream', 'StreamDescription');
    shards.push(...(Shards ?? []).map(shardOf));
    after = LastEvaluatedShardId;
  } while (after !== undefined);
  return shards;
}

function shardOf({ ShardId, ParentShardId, SequenceNumberRange }: TableShard): Shard {
  if (ShardId === undefined) throw unreadableAnswer('DescribeStream', 'ShardId');
  const end = SequenceNumberRange?.EndingSequenceNumber;
  return { shardId: ShardId, parentShardIds: ParentShardId === undefined ? [] : [ParentShardId], ...(end === undefined ? {} : { endingSequenceNumber: end }) };
}

function iteratorInput(position: StreamPosition): Pick<GetShardIteratorCommandInput, 'ShardIteratorType' | 'SequenceNumber'> {
  switch (position.kind) {
    case 'trim-horizon':
    case 'timestamp': return { ShardIteratorType: 'TRIM_HORIZON' };
    case 'latest': return { ShardIteratorType: 'LATEST' };
    case 'after': return { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', SequenceNumber: position.sequenceNumber };
    case 'at': return { ShardIteratorType: 'AT_SEQUENCE_NUMBER', SequenceNumber: position.sequenceNumber };
  }
}

function polled(record: ChangeRecord, region: string): StreamRecord {
  const { dynamodb, userIdentity } = record;
  const sequenceNumber = dynamodb?.SequenceNumber;
  if (dynamodb === undefined || sequenceNumber === undefined) throw unreadableAnswer('GetRecords', dynamodb ? 'SequenceNumber' : 'dynamodb');
  const arrivedAt = dynamodb.ApproximateCreationDateTime?.getTime() ?? 0;
  const head = JSON.stringify({
    eventID: record.eventID, eventName: record.eventName, eventVersion: record.eventVersion ?? '1.1', eventSource: 'aws:dynamodb', awsRegion: record.awsRegion ?? region,
  }).slice(0, -1);
  const keys = plain(dynamodb.Keys);
  const change = JSON.stringify({
    Keys: keys, NewImage: plain(dynamodb.NewImage), OldImage: plain(dynamodb.OldImage), SequenceNumber: sequenceNumber, SizeBytes: dynamodb.SizeBytes, StreamViewType: dynamodb.StreamViewType,
  });
  const identity = userIdentity ? `,"userIdentity":${JSON.stringify({ type: userIdentity.Type, principalId: userIdentity.PrincipalId })}` : '';
  return {
    sequenceNumber, arrivedAt,
    partitionKey: JSON.stringify(Object.entries(keys ?? {}).sort(([one], [other]) => (one < other ? -1 : 1))),
    // Recorded with a fraction that is always zero.
    json: `${head},"dynamodb":{"ApproximateCreationDateTime":${Math.floor(arrivedAt / 1000)}.0,${change.slice(1)}${identity}}`,
  };
}

type Item = Readonly<Record<string, AttributeValue>>;

function plain(item: Item | undefined): Record<string, unknown> | undefined {
  return item && Object.fromEntries(Object.entries(item).map(([name, value]) => [name, plainValue(value)]));
}

/** DynamoDB JSON: binary values are base64 strings. */
function plainValue(value: AttributeValue): unknown {
  if (value.B !== undefined) return { B: base64(value.B) };
  if (value.BS !== undefined) return { BS: value.BS.map(base64) };
  if (value.M !== undefined) return { M: plain(value.M) };
  if (value.L !== undefined) return { L: value.L.map(plainValue) };
  return value;
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
