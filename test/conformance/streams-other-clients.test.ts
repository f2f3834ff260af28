/** Kinesis and DynamoDB Streams by the AWS CLI and by boto3, where they are installed: HTTP/1.1, JSON. */
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startEngineProcess, type EngineProcess } from '../support/engine-process.ts';

const run = promisify(execFile);
const cli = spawnSync('aws', ['--version']).status === 0;
const boto3 = spawnSync('python3', ['-c', 'import boto3']).status === 0;
if (!cli) console.error('The AWS CLI is not installed: its part of the streams suite is skipped.');
if (!boto3) console.error('boto3 is not installed: its part of the streams suite is skipped.');

const files = {
  'template.yaml': `
Resources:
  Orders:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: orders
      AttributeDefinitions: [{ AttributeName: id, AttributeType: S }]
      KeySchema: [{ AttributeName: id, KeyType: HASH }]
      StreamSpecification: { StreamViewType: NEW_IMAGE }
`,
};

const program = `
import boto3, datetime, json, os, urllib.request
options = {'endpoint_url': os.environ['ENDPOINT'], 'region_name': 'us-east-1'}
kinesis, streams, tables = boto3.client('kinesis', **options), boto3.client('dynamodbstreams', **options), boto3.client('dynamodb', **options)
kinesis.create_stream(StreamName='boto', ShardCount=2)
kinesis.get_waiter('stream_exists').wait(StreamName='boto')
kinesis.put_records(StreamName='boto', Records=[{'PartitionKey': str(n), 'Data': bytes([n, 255])} for n in range(20)])
read = []
page = kinesis.list_shards(StreamName='boto', MaxResults=1)
shards = page['Shards'] + kinesis.list_shards(NextToken=page['NextToken'])['Shards']
for shard in shards:
    iterator = kinesis.get_shard_iterator(StreamName='boto', ShardId=shard['ShardId'], ShardIteratorType='AT_TIMESTAMP', Timestamp=datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=1))['ShardIterator']
    for record in kinesis.get_records(ShardIterator=iterator)['Records']:
        age = (datetime.datetime.now(datetime.timezone.utc) - record['ApproximateArrivalTimestamp']).total_seconds()
        read.append((record['Data'][0], record['Data'][1], record['PartitionKey'], 0 <= age < 60))
try:
    kinesis.get_records(ShardIterator='AAAA')
    error = None
except kinesis.exceptions.InvalidArgumentException as problem:
    error = problem.response['Error']
stream = streams.list_streams(TableName='orders')['Streams'][0]['StreamArn']
shard = streams.describe_stream(StreamArn=stream)['StreamDescription']['Shards'][0]['ShardId']
iterator = streams.get_shard_iterator(StreamArn=stream, ShardId=shard, ShardIteratorType='TRIM_HORIZON')['ShardIterator']
change = json.dumps({'streamArn': stream, 'newImage': {'id': {'S': 'x'}}}).encode()
urllib.request.urlopen(urllib.request.Request(os.environ['ENDPOINT'] + '/_local-lambda/table-change', data=change, headers={'Authorization': 'Bearer ' + os.environ['TOKEN']}))
record = streams.get_records(ShardIterator=iterator)['Records'][0]
try:
    tables.put_item(TableName='orders', Item={'id': {'S': 'x'}})
    refused = None
except Exception as problem:
    refused = str(problem)
print(json.dumps({'read': sorted(read), 'error': error, 'record': [record['eventName'], record['dynamodb']['NewImage'], record['dynamodb']['SizeBytes']], 'refused': refused}))
`;

(cli || boto3 ? describe : describe.skip)('Kinesis and DynamoDB Streams, by other clients', function () {
  this.timeout(60_000);
  let engine: EngineProcess;
  before(async () => { engine = await startEngineProcess({ files }); });
  after(() => engine.stop());

  const environment = () => ({
    ...process.env,
    ENDPOINT: engine.info.endpoint,
    TOKEN: engine.info.token,
    AWS_ACCESS_KEY_ID: engine.info.accessKeyId,
    AWS_SECRET_ACCESS_KEY: engine.info.secretAccessKey,
    AWS_DEFAULT_REGION: engine.info.region,
    AWS_CONFIG_FILE: join(engine.data, 'no-config'),
    AWS_SHARED_CREDENTIALS_FILE: join(engine.data, 'no-credentials'),
    AWS_EC2_METADATA_DISABLED: 'true',
  });

  async function aws<R = Record<string, unknown>>(...parameters: string[]): Promise<R> {
    const { stdout } = await run('aws', ['--endpoint-url', engine.info.endpoint, '--output', 'json', ...parameters], { env: environment() });
    return (stdout === '' ? {} : JSON.parse(stdout)) as R;
  }

  (cli ? it : it.skip)('the AWS CLI creates, puts and reads', async () => {
    await aws('kinesis', 'create-stream', '--stream-name', 'cli', '--shard-count', '1');
    const data = Buffer.from('from the CLI').toString('base64');
    const put = await aws<{ SequenceNumber: string }>('kinesis', 'put-record', '--stream-name', 'cli', '--partition-key', 'p', '--data', data);
    const { ShardIterator } = await aws<{ ShardIterator: string }>('kinesis', 'get-shard-iterator', '--stream-name', 'cli', '--shard-id', 'shardId-000000000000', '--shard-iterator-type', 'TRIM_HORIZON');
    const { Records } = await aws<{ Records: { SequenceNumber: string }[] }>('kinesis', 'get-records', '--shard-iterator', ShardIterator);
    assert.deepEqual(Records.map(({ SequenceNumber }) => SequenceNumber), [put.SequenceNumber]);
    await assert.rejects(aws('kinesis', 'describe-stream', '--stream-name', 'none'), /An error occurred \(ResourceNotFoundException\) when calling the DescribeStream operation: Stream none under account \d{12} not found\./);
  });

  (boto3 ? it : it.skip)('boto3 puts, pages and reads both kinds of streams', async () => {
    const { stdout } = await run('python3', ['-c', program], { env: environment() });
    const { read, error, record, refused } = JSON.parse(stdout) as { read: unknown[]; error: object; record: unknown[]; refused: string };
    assert.deepEqual(read, Array.from({ length: 20 }, (_, n) => [n, 255, String(n), true]));
    assert.deepEqual(error, { Message: 'Invalid ShardIterator.', Code: 'InvalidArgumentException' });
    assert.deepEqual(record, ['INSERT', { id: { S: 'x' } }, 6]);
    assert.match(refused, /does not have DynamoDB, only its streams: PutItem was refused here/);
  });
});
