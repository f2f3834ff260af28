import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { startEngineProcess, type EngineProcess } from '../support/engine-process.ts';

const files = (services: readonly string[], profile: string) => ({
  'template.yaml': 'Transform: AWS::Serverless-2016-10-31\nResources:\n  Env:\n    Type: AWS::Serverless::Function\n    Properties: { CodeUri: code/, Handler: index.handler, Runtime: nodejs24.x }\n',
  'code/index.js': "exports.handler = async () => Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith('AWS_')));\n",
  '.vscode/settings.json': JSON.stringify({ 'localLambda.awsProfile': profile, 'localLambda.awsServices': services }),
});

const credentialsOf = ({ info }: EngineProcess) => ({ accessKeyId: info.accessKeyId, secretAccessKey: info.secretAccessKey });

async function environmentOf(engine: EngineProcess, credentials = credentialsOf(engine)): Promise<Record<string, string>> {
  const client = new LambdaClient({ endpoint: engine.info.endpoint, region: engine.info.region, maxAttempts: 1, credentials });
  try {
    const output = await client.send(new InvokeCommand({ FunctionName: 'Env' }));
    return JSON.parse(Buffer.from(output.Payload ?? []).toString()) as Record<string, string>;
  } finally {
    client.destroy();
  }
}

/** No call leaves the machine in these tests: only what functions are given is looked at. */
describe('services of real AWS, by a named profile', () => {
  let folder: string;
  const before0 = process.env['AWS_SHARED_CREDENTIALS_FILE'];
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'local-lambda-profile-'));
    writeFileSync(join(folder, 'credentials'), '[dev]\naws_access_key_id = AKIADEVDEVDEVDEVDEV1\naws_secret_access_key = dev-secret\naws_session_token = dev-token\n');
    process.env['AWS_SHARED_CREDENTIALS_FILE'] = join(folder, 'credentials');
  });
  after(() => {
    if (before0 === undefined) delete process.env['AWS_SHARED_CREDENTIALS_FILE'];
    else process.env['AWS_SHARED_CREDENTIALS_FILE'] = before0;
    rmSync(folder, { recursive: true, force: true });
  });

  it('gives functions the profile\'s keys and those services\' own endpoints; every other call stays here and is recognised', async () => {
    const engine = await startEngineProcess({ files: files(['dynamodb', 'secretsmanager'], 'dev') });
    try {
      const environment = await environmentOf(engine);
      assert.deepEqual(
        ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_ENDPOINT_URL', 'AWS_ENDPOINT_URL_DYNAMODB', 'AWS_ENDPOINT_URL_SECRETS_MANAGER'].map((name) => environment[name]),
        ['AKIADEVDEVDEVDEVDEV1', 'dev-secret', 'dev-token', engine.info.endpoint, 'https://dynamodb.us-east-1.amazonaws.com', 'https://secretsmanager.us-east-1.amazonaws.com'],
      );
      const asTheFunction = { accessKeyId: 'AKIADEVDEVDEVDEVDEV1', secretAccessKey: 'dev-secret', sessionToken: 'dev-token' };
      assert.equal((await environmentOf(engine, asTheFunction))['AWS_LAMBDA_FUNCTION_NAME'], 'Env');
      await assert.rejects(environmentOf(engine, { ...asTheFunction, secretAccessKey: 'guessed' }), { name: 'InvalidSignatureException' });
      const answer = await fetch(`${engine.info.endpoint}/_local-lambda/executions?limit=1`, { headers: { authorization: `Bearer ${engine.info.token}` } });
      const { executions } = await answer.json() as { executions: { attempts: { note?: string }[] }[] };
      assert.match(executions[0]?.attempts[0]?.note ?? '', /Calls to dynamodb, secretsmanager go to AWS in us-east-1 with profile dev\./);
      assert.ok(!engine.log().includes('dev-secret') && !engine.log().includes('dev-token'));
    } finally {
      await engine.stop();
    }
  });

  it('gives nothing of the profile while no service is named', async () => {
    const engine = await startEngineProcess({ files: files([], 'dev') });
    try {
      const environment = await environmentOf(engine);
      assert.deepEqual([environment['AWS_ACCESS_KEY_ID'], environment['AWS_SESSION_TOKEN']], [engine.info.accessKeyId, undefined]);
    } finally {
      await engine.stop();
    }
  });

  it('says which setting names a profile that is not there, and does not run the function', async () => {
    const engine = await startEngineProcess({ files: files(['dynamodb'], 'nobody') });
    try {
      await assert.rejects(environmentOf(engine), /The AWS profile nobody \(setting localLambda\.awsProfile\) gives no credentials/);
    } finally {
      await engine.stop();
    }
  });
});
