/** Clients for event sources that are not embedded. A bundle of its own, loaded only when a setting names such a source. */
import type * as dynamodb from '@aws-sdk/client-dynamodb-streams';
import type * as kinesis from '@aws-sdk/client-kinesis';
import type * as sqs from '@aws-sdk/client-sqs';
import type { Answer, AwsClient, ClientOptions, Operations } from './client.ts';

export type SqsOperations = {
  GetQueueUrl: { input: sqs.GetQueueUrlCommandInput; output: sqs.GetQueueUrlCommandOutput };
  GetQueueAttributes: { input: sqs.GetQueueAttributesCommandInput; output: sqs.GetQueueAttributesCommandOutput };
  ReceiveMessage: { input: sqs.ReceiveMessageCommandInput; output: sqs.ReceiveMessageCommandOutput };
  DeleteMessageBatch: { input: sqs.DeleteMessageBatchCommandInput; output: sqs.DeleteMessageBatchCommandOutput };
};
export type KinesisOperations = {
  ListShards: { input: kinesis.ListShardsCommandInput; output: kinesis.ListShardsCommandOutput };
  GetShardIterator: { input: kinesis.GetShardIteratorCommandInput; output: kinesis.GetShardIteratorCommandOutput };
  GetRecords: { input: kinesis.GetRecordsCommandInput; output: kinesis.GetRecordsCommandOutput };
};
export type DynamoDbStreamsOperations = {
  ListStreams: { input: dynamodb.ListStreamsCommandInput; output: dynamodb.ListStreamsCommandOutput };
  DescribeStream: { input: dynamodb.DescribeStreamCommandInput; output: dynamodb.DescribeStreamCommandOutput };
  GetShardIterator: { input: dynamodb.GetShardIteratorCommandInput; output: dynamodb.GetShardIteratorCommandOutput };
  GetRecords: { input: dynamodb.GetRecordsCommandInput; output: dynamodb.GetRecordsCommandOutput };
};

/** Milliseconds in which a server has to take a connection. */
const connectionTimeout = 5000;
/** Milliseconds in which it has to answer: longer than the longest poll. */
const requestTimeout = 30_000;

export async function sqsClient(options: ClientOptions): Promise<AwsClient<SqsOperations>> {
  const { SQSClient, GetQueueUrlCommand, GetQueueAttributesCommand, ReceiveMessageCommand, DeleteMessageBatchCommand } = await import('@aws-sdk/client-sqs');
  // Servers in containers give URLs that lead nowhere from outside: requests go to the endpoint that was chosen.
  const client = new SQSClient({ ...await configuration(options), useQueueUrlAsEndpoint: false });
  return clientOf<SqsOperations>(client, {
    GetQueueUrl: GetQueueUrlCommand, GetQueueAttributes: GetQueueAttributesCommand, ReceiveMessage: ReceiveMessageCommand, DeleteMessageBatch: DeleteMessageBatchCommand,
  });
}

export async function kinesisClient(options: ClientOptions): Promise<AwsClient<KinesisOperations>> {
  const { KinesisClient, ListShardsCommand, GetShardIteratorCommand, GetRecordsCommand } = await import('@aws-sdk/client-kinesis');
  const client = new KinesisClient(await configuration(options));
  return clientOf<KinesisOperations>(client, { ListShards: ListShardsCommand, GetShardIterator: GetShardIteratorCommand, GetRecords: GetRecordsCommand });
}

export async function dynamodbStreamsClient(options: ClientOptions): Promise<AwsClient<DynamoDbStreamsOperations>> {
  const { DynamoDBStreamsClient, ListStreamsCommand, DescribeStreamCommand, GetShardIteratorCommand, GetRecordsCommand } = await import('@aws-sdk/client-dynamodb-streams');
  const client = new DynamoDBStreamsClient(await configuration(options));
  return clientOf<DynamoDbStreamsOperations>(client, { ListStreams: ListStreamsCommand, DescribeStream: DescribeStreamCommand, GetShardIterator: GetShardIteratorCommand, GetRecords: GetRecordsCommand });
}

/** Everything that the SDK would else look for in the environment and in the user's files is said here. */
async function configuration({ endpoint, region, credentials }: ClientOptions) {
  // Kinesis's client would speak HTTP/2, which compatible servers often do not; AWS answers HTTP/1.1 alike.
  const { NodeHttpHandler } = await import('@smithy/node-http-handler');
  return {
    endpoint, region, credentials, maxAttempts: 3, retryMode: 'standard', useFipsEndpoint: false, useDualstackEndpoint: false, defaultsMode: 'standard' as const,
    requestHandler: new NodeHttpHandler({ connectionTimeout, requestTimeout, throwOnRequestTimeout: true }),
  };
}

interface SdkClient {
  send(command: never, options: { abortSignal?: AbortSignal }): Promise<object>;
  destroy(): void;
  middlewareStack: { add(middleware: never, options: { step: 'deserialize'; priority: 'high'; name: string }): void };
}

type Middleware = (next: (request: object) => Promise<{ response: unknown; output: object }>) => (request: object) => Promise<{ response: unknown; output: object }>;

function clientOf<O extends Operations>(client: SdkClient, commands: { [K in keyof O]: new (input: never) => object }): AwsClient<O> {
  const withTime: Middleware = (next) => async (request) => {
    const result = await next(request);
    const date = Date.parse((result.response as { headers?: Record<string, string> }).headers?.['date'] ?? '');
    return Number.isNaN(date) ? result : { ...result, output: { ...result.output, serverTime: date } };
  };
  // Around the SDK's own, which makes the output.
  client.middlewareStack.add(withTime as never, { step: 'deserialize', priority: 'high', name: 'serverTime' });
  return {
    call: async <K extends keyof O & string>(operation: K, input: O[K]['input'], signal?: AbortSignal) => {
      const command = new commands[operation](input as never);
      return await client.send(command as never, signal === undefined ? {} : { abortSignal: signal }) as Answer<O[K]['output']>;
    },
    destroy: () => client.destroy(),
  };
}
