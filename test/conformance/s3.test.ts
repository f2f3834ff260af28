/** Amazon S3 as its own clients see it: failure records of functions, read by the SDK for JavaScript, the AWS CLI and boto3 against a whole engine. */
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { InvokeCommand, LambdaClient, UpdateFunctionEventInvokeConfigCommand } from '@aws-sdk/client-lambda';
import {
  CreateBucketCommand, DeleteBucketCommand, DeleteObjectCommand, GetBucketAclCommand, GetObjectCommand, HeadBucketCommand, HeadObjectCommand,
  ListBucketsCommand, ListObjectsV2Command, NoSuchBucket, NoSuchKey, NotFound, PutObjectCommand, S3Client, S3ServiceException, paginateListObjectsV2,
} from '@aws-sdk/client-s3';
import { startEngineProcess, type EngineProcess } from '../support/engine-process.ts';

const run = promisify(execFile);
const cli = spawnSync('aws', ['--version']).status === 0;
const boto3 = spawnSync('python3', ['-c', 'import boto3']).status === 0;
if (!cli) console.error('The AWS CLI is not installed: its part of the S3 suite is skipped.');
if (!boto3) console.error('boto3 is not installed: its part of the S3 suite is skipped.');

const files = {
  'template.yaml': `
Transform: AWS::Serverless-2016-10-31
Resources:
  Failures: { Type: AWS::S3::Bucket, Properties: { BucketName: failures } }
  Failing:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: code/
      Handler: index.handler
      Runtime: nodejs24.x
      EventInvokeConfig: { MaximumRetryAttempts: 0, DestinationConfig: { OnFailure: { Type: S3Bucket, Destination: !GetAtt Failures.Arn } } }
`,
  'code/index.js': "exports.handler = async () => { throw new TypeError('card refused'); };\n",
};

const program = `
import boto3, io, json, os
from botocore.config import Config
from botocore.exceptions import ClientError
s3 = boto3.client('s3', endpoint_url=os.environ['ENDPOINT'], region_name='us-east-1')
s3.create_bucket(Bucket='boto')
s3.put_object(Bucket='boto', Key='a b/\\u00e9+%.json', Body=b'{"a":1}', ContentType='application/json', Metadata={'who': 'boto'})
s3.upload_fileobj(io.BytesIO(b'x' * 100000), 'boto', 'large')
got = s3.get_object(Bucket='boto', Key='a b/\\u00e9+%.json')
try:
    s3.get_object(Bucket='boto', Key='none')
    error = None
except ClientError as problem:
    error = [problem.response['Error']['Code'], problem.response['Error']['Message']]
import urllib.error, urllib.request
def presigned(client):
    try:
        return urllib.request.urlopen(client.generate_presigned_url('get_object', Params={'Bucket': 'boto', 'Key': 'a b/\\u00e9+%.json'})).read().decode()
    except urllib.error.HTTPError as problem:
        return problem.read().decode().split('<Message>')[1].split('</Message>')[0]
print(json.dumps({
    'body': got['Body'].read().decode(), 'type': got['ContentType'], 'metadata': got['Metadata'], 'error': error,
    'presigned': [presigned(boto3.client('s3', endpoint_url=os.environ['ENDPOINT'], region_name='us-east-1', config=Config(signature_version='s3v4'))), presigned(s3)],
    'keys': [item['Key'] for page in s3.get_paginator('list_objects_v2').paginate(Bucket='boto', PaginationConfig={'PageSize': 1}) for item in page['Contents']],
    'size': s3.head_object(Bucket='boto', Key='large')['ContentLength'],
}))
`;

describe('Amazon S3, by its clients', function () {
  this.timeout(60_000);
  let engine: EngineProcess;
  let client: S3Client;

  before(async () => {
    engine = await startEngineProcess({ files });
    connect();
  });
  after(async () => {
    client.destroy();
    await engine.stop();
  });

  function connect(): void {
    const { endpoint, region, accessKeyId, secretAccessKey } = engine.info;
    client = new S3Client({ endpoint, region, maxAttempts: 1, credentials: { accessKeyId, secretAccessKey } });
  }

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

  async function failureRecord(): Promise<{ key: string; record: Record<string, Record<string, unknown>> }> {
    for (let turn = 0; turn < 400; turn += 1) {
      const { Contents } = await client.send(new ListObjectsV2Command({ Bucket: 'failures' }));
      if (Contents?.[0]?.Key !== undefined) {
        const { Body } = await client.send(new GetObjectCommand({ Bucket: 'failures', Key: Contents[0].Key }));
        return { key: Contents[0].Key, record: JSON.parse(await Body?.transformToString() ?? '') as Record<string, Record<string, unknown>> };
      }
      await delay(50);
    }
    return assert.fail('no failure record came');
  }

  it('a function\'s failed event lands in the bucket of its template, under AWS\'s key', async () => {
    const lambda = new LambdaClient({ endpoint: engine.info.endpoint, region: engine.info.region, credentials: engine.info });
    await lambda.send(new InvokeCommand({ FunctionName: 'Failing', InvocationType: 'Event', Payload: '{"order":1}' }));
    const { key, record } = await failureRecord();
    assert.match(key, /^aws\/lambda\/async\/Failing\/\d{4}\/\d\d\/\d\d\/\d{4}-\d\d-\d\dT\d\d\.\d\d\.\d\d-[0-9a-f-]{36}$/);
    assert.deepEqual([record['requestContext']?.['condition'], record['requestPayload'], record['responsePayload']?.['errorMessage']], ['RetriesExhausted', { order: 1 }, 'card refused']);
    await client.send(new DeleteObjectCommand({ Bucket: 'failures', Key: key }));
    assert.equal((await client.send(new ListObjectsV2Command({ Bucket: 'failures' }))).KeyCount, 0);
    // A bucket that is not there: nothing is lost silently, and nothing else fails.
    await lambda.send(new UpdateFunctionEventInvokeConfigCommand({ FunctionName: 'Failing', DestinationConfig: { OnFailure: { Destination: 'arn:aws:s3:::nowhere' } } }));
    await lambda.send(new InvokeCommand({ FunctionName: 'Failing', InvocationType: 'Event', Payload: '{"order":2}' }));
    let error: string | undefined;
    for (let turn = 0; turn < 400 && error === undefined; turn += 1) {
      await delay(50);
      const answer = await fetch(`${engine.info.endpoint}/_local-lambda/executions?function=Failing`, { headers: { authorization: `Bearer ${engine.info.token}` } });
      const { executions } = await answer.json() as { executions: { asynchronous?: { deliveries: { error?: string }[] } }[] };
      error = executions.flatMap(({ asynchronous }) => asynchronous?.deliveries ?? []).find((delivery) => delivery.error !== undefined)?.error;
    }
    assert.equal(error, 'NoSuchBucket: The specified bucket does not exist');
    lambda.destroy();
  });

  it('buckets: created, found, listed, deleted', async () => {
    await client.send(new CreateBucketCommand({ Bucket: 'mine' }));
    await client.send(new CreateBucketCommand({ Bucket: 'mine' }));
    assert.equal((await client.send(new HeadBucketCommand({ Bucket: 'mine' }))).BucketRegion, 'us-east-1');
    const { Buckets } = await client.send(new ListBucketsCommand({}));
    assert.deepEqual(Buckets?.map(({ Name, CreationDate }) => [Name, CreationDate instanceof Date]), [['failures', true], ['mine', true]]);
    await client.send(new DeleteBucketCommand({ Bucket: 'mine' }));
    await assert.rejects(client.send(new HeadBucketCommand({ Bucket: 'mine' })), NotFound);
  });

  it('objects: put, got whole and in part, described, deleted; by any key', async () => {
    await client.send(new CreateBucketCommand({ Bucket: 'objects' }));
    for (const Key of ['plain', 'a b/é+%.json', 'x//y/../z', "~!*'()&=@:,$", '\u{1f600}']) {
      const { ETag } = await client.send(new PutObjectCommand({ Bucket: 'objects', Key, Body: 'hello', ContentType: 'text/plain', Metadata: { who: 'sdk' }, ContentEncoding: 'identity' }));
      const got = await client.send(new GetObjectCommand({ Bucket: 'objects', Key }));
      assert.deepEqual([await got.Body?.transformToString(), got.ETag, got.ContentType, got.Metadata, got.ContentEncoding], ['hello', ETag, 'text/plain', { who: 'sdk' }, 'identity'], Key);
      const { ContentLength } = await client.send(new HeadObjectCommand({ Bucket: 'objects', Key }));
      assert.equal(ContentLength, 5);
    }
    const part = await client.send(new GetObjectCommand({ Bucket: 'objects', Key: 'plain', Range: 'bytes=1-3' }));
    assert.deepEqual([await part.Body?.transformToString(), part.ContentRange], ['ell', 'bytes 1-3/5']);
    await client.send(new DeleteObjectCommand({ Bucket: 'objects', Key: 'plain' }));
    await assert.rejects(client.send(new HeadObjectCommand({ Bucket: 'objects', Key: 'plain' })), NotFound);
    assert.deepEqual((await client.send(new ListObjectsV2Command({ Bucket: 'objects' }))).Contents?.map(({ Key }) => Key), ['a b/é+%.json', 'x//y/../z', "~!*'()&=@:,$", '\u{1f600}']);
  });

  it('a stream of known length', async () => {
    const body = Buffer.alloc(300_000, 'abc');
    await client.send(new PutObjectCommand({ Bucket: 'objects', Key: 'streamed', Body: Readable.from([body.subarray(0, 100_000), body.subarray(100_000)]), ContentLength: body.length }));
    const { Body } = await client.send(new GetObjectCommand({ Bucket: 'objects', Key: 'streamed' }));
    assert.ok(Buffer.from(await Body?.transformToByteArray() ?? []).equals(body));
  });

  it('listings: prefixes, groups, pages', async () => {
    await client.send(new CreateBucketCommand({ Bucket: 'listed' }));
    await Promise.all(['a', 'b/1', 'b/2', 'b/c/3', 'd'].map((Key) => client.send(new PutObjectCommand({ Bucket: 'listed', Key, Body: Key }))));
    const grouped = await client.send(new ListObjectsV2Command({ Bucket: 'listed', Prefix: 'b/', Delimiter: '/' }));
    assert.deepEqual([grouped.Contents?.map(({ Key, Size }) => [Key, Size]), grouped.CommonPrefixes, grouped.IsTruncated], [[['b/1', 3], ['b/2', 3]], [{ Prefix: 'b/c/' }], false]);
    const keys: (string | undefined)[] = [];
    for await (const page of paginateListObjectsV2({ client, pageSize: 2 }, { Bucket: 'listed' })) keys.push(...(page.Contents ?? []).map(({ Key }) => Key));
    assert.deepEqual(keys, ['a', 'b/1', 'b/2', 'b/c/3', 'd']);
  });

  it('errors arrive as the SDK\'s own exceptions', async () => {
    await assert.rejects(client.send(new GetObjectCommand({ Bucket: 'objects', Key: 'none' })), (error) => error instanceof NoSuchKey && error.message === 'The specified key does not exist.');
    await assert.rejects(client.send(new ListObjectsV2Command({ Bucket: 'none' })), NoSuchBucket);
    await assert.rejects(client.send(new DeleteBucketCommand({ Bucket: 'objects' })), { name: 'BucketNotEmpty' });
    await assert.rejects(client.send(new PutObjectCommand({ Bucket: 'objects', Key: 'k', Body: 'x', IfNoneMatch: '*' })).then(() => client.send(new PutObjectCommand({ Bucket: 'objects', Key: 'k', Body: 'x', IfNoneMatch: '*' }))), { name: 'PreconditionFailed' });
    await assert.rejects(client.send(new GetBucketAclCommand({ Bucket: 'objects' })), (error) => error instanceof S3ServiceException && error.name === 'NotImplemented' && error.message === 'Local Lambda does not have the operation GetBucketAcl of s3.');
    const foreign = new S3Client({ endpoint: engine.info.endpoint, region: engine.info.region, maxAttempts: 1, credentials: { accessKeyId: engine.info.accessKeyId, secretAccessKey: 'wrong' } });
    await assert.rejects(foreign.send(new ListBucketsCommand({})), { name: 'SignatureDoesNotMatch' });
    foreign.destroy();
  });

  (cli ? it : it.skip)('the AWS CLI copies, lists and removes', async () => {
    const aws = async (...parameters: string[]): Promise<string> => (await run('aws', ['--endpoint-url', engine.info.endpoint, ...parameters], { env: environment() })).stdout;
    const [from, to] = [join(engine.data, 'from.json'), join(engine.data, 'to.json')];
    writeFileSync(from, '{"a":1}');
    await aws('s3', 'mb', 's3://cli');
    await aws('s3', 'cp', from, 's3://cli/in/a b.json');
    const [listing] = await Promise.all([aws('s3', 'ls', 's3://cli/in/'), aws('s3', 'cp', 's3://cli/in/a b.json', to)]);
    assert.match(listing, / 7 a b\.json\n$/);
    assert.equal(readFileSync(to, 'utf8'), '{"a":1}');
    const head = JSON.parse(await aws('s3api', 'head-object', '--bucket', 'cli', '--key', 'in/a b.json')) as { ContentType: string };
    assert.equal(head.ContentType, 'application/json');
    await aws('s3', 'rb', 's3://cli', '--force');
    assert.doesNotMatch(await aws('s3', 'ls'), /cli/);
  });

  (boto3 ? it : it.skip)('boto3 puts, uploads, pages and presigns', async () => {
    const { stdout } = await run('python3', ['-c', program], { env: environment() });
    assert.deepEqual(JSON.parse(stdout), {
      body: '{"a":1}', type: 'application/json', metadata: { who: 'boto' }, error: ['NoSuchKey', 'The specified key does not exist.'], 
      presigned: ['{"a":1}', 'The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.'],
      keys: ['a b/é+%.json', 'large'], size: 100_000,
    });
  });

  it('what was accepted before a kill -9 is there, whole; no file is left over', async () => {
    await client.send(new CreateBucketCommand({ Bucket: 'crash' }));
    const accepted: string[] = [];
    let killed = false;
    const writer = async (name: string) => {
      for (let number = 0; !killed; number += 1) {
        // Some keys are written again and again.
        const [Key, Body] = [`${name}-${number % 7}`, `${name}-${number}`];
        await client.send(new PutObjectCommand({ Bucket: 'crash', Key, Body })).then(() => accepted.push(Body), (error: unknown) => { if (!killed) throw error; });
      }
    };
    const writers = ['a', 'b', 'c'].map(writer);
    while (accepted.length < 60) await delay(5);
    const exited = once(engine.child, 'exit');
    killed = engine.child.kill('SIGKILL');
    await Promise.all([exited, ...writers]);
    const started = await startEngineProcess({ workspace: engine.workspace, data: engine.data });
    const { stop } = engine;
    client.destroy();
    // The scratch folder is the first engine's to remove.
    engine = { ...started, stop: async (options) => { await started.stop({ keep: true }); return stop(options); } };
    connect();
    const bodies = new Map<string, number>();
    for await (const page of paginateListObjectsV2({ client }, { Bucket: 'crash' })) {
      for (const { Key, Size } of page.Contents ?? []) {
        const text = await (await client.send(new GetObjectCommand({ Bucket: 'crash', Key }))).Body?.transformToString() ?? '';
        assert.equal(text.length, Size);
        bodies.set(Key as string, Number(text.slice(2)));
      }
    }
    for (const body of accepted) {
      const [name, number] = [body[0], Number(body.slice(2))];
      assert.ok((bodies.get(`${name}-${number % 7}`) ?? -1) >= number, body);
    }
    let objects = 0;
    for (const { Name } of (await client.send(new ListBucketsCommand({}))).Buckets ?? []) objects += (await client.send(new ListObjectsV2Command({ Bucket: Name }))).KeyCount ?? 0;
    assert.equal(readdirSync(join(engine.data, 'objects')).length, objects);
  });
});
