/** Kinesis's calls for pollers, and its records in the form in which a function gets them (lambda-facts §3.4). */
import type { _Record as KinesisRecord, GetShardIteratorCommandInput, ListShardsCommandOutput, Shard as KinesisShard } from '@aws-sdk/client-kinesis';
import { SourceUnavailable, type Shard, type StreamPosition, type StreamRecord } from '../contracts/event-sources.ts';
import type { RemoteClient } from './remote-client.ts';
import type { StreamCalls } from './remote-streams.ts';
import { unreadableAnswer } from './source-failures.ts';
import type { KinesisOperations } from './source-clients.ts';

/** Records of one GetRecords. */
const largestRead = 10_000;

export interface KinesisCallsParts {
  client: RemoteClient<KinesisOperations>;
  /** How the stream is named to the server: by ARN where that matters, else by name, which all know. */
  target(streamArn: string): { StreamARN: string } | { StreamName: string };
}

export function kinesisCalls({ client, target }: KinesisCallsParts): StreamCalls {
  return {
    async shards(streamArn) {
      const shards: Shard[] = [];
      let token: string | undefined;
      do {
        // With a token the stream must not be named again.
        const page: ListShardsCommandOutput = await client.call('ListShards', token === undefined ? target(streamArn) : { NextToken: token });
        if (!Array.isArray(page.Shards)) throw unreadableAnswer('ListShards', 'Shards');
        shards.push(...page.Shards.map(shardOf));
        token = page.NextToken;
      } while (token !== undefined);
      return shards;
    },
    shard: (streamArn, shardId) => ({
      async iterator(position) {
        try {
          const { ShardIterator: iterator, serverTime } = await client.call('GetShardIterator', { ...target(streamArn), ShardId: shardId, ...iteratorInput(position) });
          if (iterator === undefined) throw unreadableAnswer('GetShardIterator', 'ShardIterator');
          return { iterator, ...(serverTime === undefined ? {} : { serverTime }) };
        } catch (error) {
          if (!('sequenceNumber' in position) || !(error instanceof SourceUnavailable) || error.code !== 'InvalidArgumentException') throw error;
          throw new SourceUnavailable(
            `Its checkpoint ${position.sequenceNumber} is of no record of ${shardId} as it is now, as after the stream was made anew: reset the mapping's position. ${error.message}`,
            { kind: 'other', code: error.code, cause: error },
          );
        }
      },
      async records(iterator) {
        const { Records, NextShardIterator: next, MillisBehindLatest: behind } = await client.call('GetRecords', { ShardIterator: iterator, Limit: largestRead });
        if (!Array.isArray(Records)) throw unreadableAnswer('GetRecords', 'Records');
        return { records: Records.map(polled), next, ...(behind === undefined ? {} : { behindMilliseconds: behind }) };
      },
    }),
  };
}

function shardOf({ ShardId, ParentShardId, AdjacentParentShardId, SequenceNumberRange }: KinesisShard): Shard {
  if (ShardId === undefined) throw unreadableAnswer('ListShards', 'ShardId');
  const end = SequenceNumberRange?.EndingSequenceNumber;
  return { shardId: ShardId, parentShardIds: [ParentShardId, AdjacentParentShardId].filter((id) => id !== undefined), ...(end === undefined ? {} : { endingSequenceNumber: end }) };
}

function iteratorInput(position: StreamPosition): Pick<GetShardIteratorCommandInput, 'ShardIteratorType' | 'StartingSequenceNumber' | 'Timestamp'> {
  switch (position.kind) {
    case 'trim-horizon': return { ShardIteratorType: 'TRIM_HORIZON' };
    case 'latest': return { ShardIteratorType: 'LATEST' };
    case 'timestamp': return { ShardIteratorType: 'AT_TIMESTAMP', Timestamp: new Date(position.at) };
    case 'after': return { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', StartingSequenceNumber: position.sequenceNumber };
    case 'at': return { ShardIteratorType: 'AT_SEQUENCE_NUMBER', StartingSequenceNumber: position.sequenceNumber };
  }
}

function polled({ SequenceNumber, PartitionKey = '', Data, ApproximateArrivalTimestamp }: KinesisRecord): StreamRecord {
  if (SequenceNumber === undefined) throw unreadableAnswer('GetRecords', 'SequenceNumber');
  const arrivedAt = ApproximateArrivalTimestamp?.getTime() ?? 0;
  const data = Buffer.from(Data ?? new Uint8Array()).toString('base64');
  return {
    sequenceNumber: SequenceNumber, partitionKey: PartitionKey, arrivedAt,
    json: `{"kinesisSchemaVersion":"1.0","partitionKey":${JSON.stringify(PartitionKey)},"sequenceNumber":"${SequenceNumber}","data":"${data}","approximateArrivalTimestamp":${seconds(arrivedAt)}}`,
  };
}

/** A number with a fraction, as AWS's always is. */
const seconds = (at: number): string => (at % 1000 === 0 ? `${at / 1000}.0` : String(at / 1000));
