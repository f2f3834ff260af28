/** Amazon SNS by the AWS CLI and by boto3, where they are installed. */
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startEngineProcess, type EngineProcess } from '../support/engine-process.ts';

const run = promisify(execFile);
const cli = spawnSync('aws', ['--version']).status === 0;
const boto3 = spawnSync('python3', ['-c', 'import boto3']).status === 0;
if (!cli) console.error('The AWS CLI is not installed: its part of the SNS suite is skipped.');
if (!boto3) console.error('boto3 is not installed: its part of the SNS suite is skipped.');

const program = `
import boto3, json, os
from botocore.exceptions import ClientError
options = {'endpoint_url': os.environ['ENDPOINT'], 'region_name': 'us-east-1'}
sns, sqs = boto3.client('sns', **options), boto3.client('sqs', **options)
topic = sns.create_topic(Name='boto', Tags=[{'Key': 'k', 'Value': 'v'}])['TopicArn']
url = sqs.create_queue(QueueName='boto')['QueueUrl']
arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=['QueueArn'])['Attributes']['QueueArn']
subscription = sns.subscribe(TopicArn=topic, Protocol='sqs', Endpoint=arn, Attributes={'RawMessageDelivery': 'true', 'FilterPolicyScope': 'MessageBody', 'FilterPolicy': json.dumps({'order': {'total': [{'numeric': ['>', 10]}]}})}, ReturnSubscriptionArn=True)['SubscriptionArn']
batch = sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=[
    {'Id': 'small', 'Message': json.dumps({'order': {'total': 1}})},
    {'Id': 'large', 'Message': json.dumps({'order': {'total': 11}}), 'MessageAttributes': {'n': {'DataType': 'Number', 'StringValue': '7'}, 'b': {'DataType': 'Binary', 'BinaryValue': b'\\x00\\xff'}}},
])
messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=['All'])['Messages']
try:
    sns.set_subscription_attributes(SubscriptionArn=subscription, AttributeName='FilterPolicy', AttributeValue='{"a":"b"}')
    error = None
except ClientError as problem:
    error = problem.response['Error']
sns.add_permission(TopicArn=topic, Label='l', AWSAccountId=['111111111111'], ActionName=['Publish'])
print(json.dumps({
    'batch': [sorted(entry['Id'] for entry in batch['Successful']), batch['Failed']],
    'messages': [[message['Body'], {name: value.get('StringValue') or list(value['BinaryValue']) for name, value in message['MessageAttributes'].items()}] for message in messages],
    'error': error,
    'tags': sns.list_tags_for_resource(ResourceArn=topic)['Tags'],
    'subscriptions': [one['Endpoint'] for page in sns.get_paginator('list_subscriptions_by_topic').paginate(TopicArn=topic) for one in page['Subscriptions']],
    'permissions': len(json.loads(sns.get_topic_attributes(TopicArn=topic)['Attributes']['Policy'])['Statement']),
}))
`;

(cli || boto3 ? describe : describe.skip)('Amazon SNS, by other clients', function () {
  this.timeout(60_000);
  let engine: EngineProcess;
  before(async () => { engine = await startEngineProcess(); });
  after(() => engine.stop());

  const environment = () => ({
    ...process.env,
    ENDPOINT: engine.info.endpoint,
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

  (cli ? it : it.skip)('the AWS CLI creates, subscribes, publishes and lists', async () => {
    // Each call of the CLI takes a second or more: those that can run side by side.
    const [{ TopicArn }, { QueueUrl }] = await Promise.all([
      aws<{ TopicArn: string }>('sns', 'create-topic', '--name', 'cli', '--attributes', 'DisplayName=From the CLI'),
      aws<{ QueueUrl: string }>('sqs', 'create-queue', '--queue-name', 'cli'),
    ]);
    const queueArn = `arn:aws:sqs:us-east-1:${engine.info.accountId}:cli`;
    await aws('sns', 'subscribe', '--topic-arn', TopicArn, '--protocol', 'sqs', '--notification-endpoint', queueArn, '--attributes', '{"FilterPolicy":"{\\"kind\\":[{\\"prefix\\":\\"a\\"}]}"}');
    const publish = (text: string, kind: string) =>
      aws<{ MessageId: string }>('sns', 'publish', '--topic-arn', TopicArn, '--message', text, '--message-attributes', JSON.stringify({ kind: { DataType: 'String', StringValue: kind } }));
    const [, { MessageId }] = await Promise.all([
      publish('dropped', 'b'),
      publish('kept', 'a1'),
      assert.rejects(aws('sns', 'publish', '--topic-arn', `${TopicArn}-none`, '--message', 'x'), /An error occurred \(NotFound\) when calling the Publish operation: Topic does not exist/),
    ]);
    const [{ Messages }, endpoints] = await Promise.all([
      aws<{ Messages: { Body: string }[] }>('sqs', 'receive-message', '--queue-url', QueueUrl, '--max-number-of-messages', '10'),
      aws('sns', 'list-subscriptions', '--query', 'Subscriptions[].Endpoint'),
    ]);
    assert.deepEqual(Messages.map(({ Body }) => (JSON.parse(Body) as { MessageId: string }).MessageId), [MessageId]);
    assert.deepEqual(endpoints, [queueArn]);
  });

  (boto3 ? it : it.skip)('boto3 publishes batches through a policy on the body, and reads errors, tags and pages', async () => {
    const { stdout } = await run('python3', ['-c', program], { env: environment() });
    assert.deepEqual(JSON.parse(stdout), {
      batch: [['large', 'small'], []],
      messages: [['{"order": {"total": 11}}', { n: '7', b: [0, 255] }]],
      error: { Type: 'Sender', Code: 'InvalidParameter', Message: 'Invalid parameter: FilterPolicy: "a" must be an object or an array' },
      tags: [{ Key: 'k', Value: 'v' }],
      subscriptions: [`arn:aws:sqs:us-east-1:${engine.info.accountId}:boto`],
      permissions: 2,
    });
  });
});
