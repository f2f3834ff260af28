/** Amazon SQS by the AWS CLI and by boto3, where they are installed; and by an SDK inside a function. */
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startEngineProcess, type EngineProcess } from '../support/engine-process.ts';

const run = promisify(execFile);
const cli = spawnSync('aws', ['--version']).status === 0;
const boto3 = spawnSync('python3', ['-c', 'import boto3']).status === 0;
if (!cli) console.error('The AWS CLI is not installed: its part of the SQS suite is skipped.');
if (!boto3) console.error('boto3 is not installed: its part of the SQS suite is skipped.');

const program = `
import boto3, json, os
from botocore.exceptions import ClientError
sqs = boto3.client('sqs', endpoint_url=os.environ['ENDPOINT'], region_name='us-east-1')
resource = boto3.resource('sqs', endpoint_url=os.environ['ENDPOINT'], region_name='us-east-1')
queue = resource.create_queue(QueueName='boto', Attributes={'VisibilityTimeout': '60'}, tags={'k': 'v'})
queue.send_message(MessageBody='one', MessageAttributes={'b': {'DataType': 'Binary', 'BinaryValue': b'\\x00\\xff'}})
queue.send_messages(Entries=[{'Id': str(i), 'MessageBody': str(i)} for i in range(3)])
messages = queue.receive_messages(MaxNumberOfMessages=10, MessageAttributeNames=['All'], WaitTimeSeconds=1)
for message in messages: message.delete()
errors = []
for call in (
    lambda: resource.get_queue_by_name(QueueName='none'),
    lambda: sqs.send_message(QueueUrl=queue.url, MessageBody='x' * 1048577),
    lambda: sqs.create_queue(QueueName='boto', Attributes={'VisibilityTimeout': '61'}),
    lambda: sqs.receive_message(QueueUrl=queue.url, MaxNumberOfMessages=11),
):
    try: call()
    except ClientError as problem: errors.append([problem.response['Error']['Code'], problem.response['Error'].get('QueryErrorCode'), problem.response['ResponseMetadata']['HTTPStatusCode']])
queue.reload()
print(json.dumps({
    'bodies': [message.body for message in messages],
    'binary': list(messages[0].message_attributes['b']['BinaryValue']),
    'errors': errors,
    'left': queue.attributes['ApproximateNumberOfMessages'],
    'tags': sqs.list_queue_tags(QueueUrl=queue.url)['Tags'],
    'known': isinstance(sqs.exceptions.QueueDoesNotExist, type),
}))
`;

const sender = `import boto3, os
def handler(event, context):
    sqs = boto3.client('sqs')
    sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName='from-function')['QueueUrl'], MessageBody=event['body'])
    return os.environ['_X_AMZN_TRACE_ID']
`;

(cli || boto3 ? describe : describe.skip)('Amazon SQS, by other clients', function () {
  this.timeout(60_000);
  let engine: EngineProcess;
  before(async () => {
    engine = await startEngineProcess({ files: {
      'template.yaml': 'Resources:\n  Sender:\n    Type: AWS::Lambda::Function\n    Properties: { FunctionName: Sender, Handler: app.handler, Runtime: python3.11, Code: code, Role: r, Timeout: 30 }\n',
      'code/app.py': sender,
      'event.json': '{"body":"from inside"}',
    } });
  });
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
  const aws = async (...parameters: string[]): Promise<Record<string, unknown>> => {
    const { stdout } = await run('aws', ['--endpoint-url', engine.info.endpoint, '--output', 'json', ...parameters], { env: environment() });
    return stdout === '' ? {} : JSON.parse(stdout) as Record<string, unknown>;
  };

  (cli ? it : it.skip)('the AWS CLI creates, sends, receives, deletes', async () => {
    const { QueueUrl } = await aws('sqs', 'create-queue', '--queue-name', 'cli', '--attributes', 'VisibilityTimeout=45') as { QueueUrl: string };
    await aws('sqs', 'send-message', '--queue-url', QueueUrl, '--message-body', 'hello', '--message-attributes', 'n={DataType=Number,StringValue=1}');
    const { Messages } = await aws('sqs', 'receive-message', '--queue-url', QueueUrl, '--attribute-names', 'All', '--message-attribute-names', 'All') as { Messages: { Body: string; ReceiptHandle: string }[] };
    assert.equal(Messages[0]?.Body, 'hello');
    await aws('sqs', 'delete-message', '--queue-url', QueueUrl, '--receipt-handle', Messages[0].ReceiptHandle);
    const { Attributes } = await aws('sqs', 'get-queue-attributes', '--queue-url', QueueUrl, '--attribute-names', 'All') as { Attributes: Record<string, string> };
    assert.deepEqual([Attributes.VisibilityTimeout, Attributes.ApproximateNumberOfMessages, Attributes.ApproximateNumberOfMessagesNotVisible], ['45', '0', '0']);
    await assert.rejects(aws('sqs', 'get-queue-url', '--queue-name', 'none'), /AWS\.SimpleQueueService\.NonExistentQueue.*The specified queue does not exist/);
  });

  (boto3 ? it : it.skip)('boto3 uses queues as resources, and knows their errors by the older codes', async () => {
    const { stdout } = await run('python3', ['-c', program], { env: environment() });
    assert.deepEqual(JSON.parse(stdout), {
      bodies: ['one', '0', '1', '2'],
      binary: [0, 255],
      errors: [
        ['AWS.SimpleQueueService.NonExistentQueue', 'QueueDoesNotExist', 400],
        ['InvalidParameterValue', 'InvalidParameterValueException', 400],
        ['QueueAlreadyExists', 'QueueNameExists', 400],
        ['InvalidParameterValue', 'InvalidParameterValueException', 400],
      ],
      left: '0',
      tags: { k: 'v' },
      known: true,
    });
  });

  (cli && boto3 ? it : it.skip)('an SDK inside a function reaches the queue and carries the function\'s trace', async () => {
    const { QueueUrl } = await aws('sqs', 'create-queue', '--queue-name', 'from-function') as { QueueUrl: string };
    const out = join(engine.data, 'out.json');
    await aws('lambda', 'invoke', '--function-name', 'Sender', '--payload', `fileb://${join(engine.workspace, 'event.json')}`, out);
    const trace = JSON.parse(readFileSync(out, 'utf8')) as string;
    assert.match(trace, /^Root=/);
    const { Messages } = await aws('sqs', 'receive-message', '--queue-url', QueueUrl, '--attribute-names', 'All', '--wait-time-seconds', '5') as { Messages: { Body: string; Attributes: Record<string, string> }[] };
    assert.equal(Messages[0]?.Body, 'from inside');
    assert.equal(Messages[0].Attributes.AWSTraceHeader, trace);
  });
});
