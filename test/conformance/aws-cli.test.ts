/** The AWS CLI as a user's shell would run it, against `local-lambda start`. */
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { zipSync, strToU8 } from 'fflate';
import { startEngineProcess, projectRoot, type EngineProcess } from '../support/engine-process.ts';

const run = promisify(execFile);
const present = spawnSync('aws', ['--version']).status === 0;
if (!present) console.error('The AWS CLI is not installed: its conformance suite is skipped.');

(present ? describe : describe.skip)('AWS CLI', function () {
  this.timeout(60_000);
  let engine: EngineProcess;

  before(async () => {
    engine = await startEngineProcess({ copyOf: join(projectRoot, 'test', 'workspaces', 'orders') });
  });
  after(() => engine.stop());

  async function aws(...parameters: string[]): Promise<{ stdout: string; stderr: string }> {
    return run('aws', ['--endpoint-url', engine.info.endpoint, '--output', 'json', ...parameters], {
      env: {
        ...process.env,
        AWS_ACCESS_KEY_ID: engine.info.accessKeyId,
        AWS_SECRET_ACCESS_KEY: engine.info.secretAccessKey,
        AWS_DEFAULT_REGION: engine.info.region,
        AWS_CONFIG_FILE: join(engine.data, 'no-config'),
        AWS_SHARED_CREDENTIALS_FILE: join(engine.data, 'no-credentials'),
        AWS_EC2_METADATA_DISABLED: 'true',
      },
    });
  }

  it('lists the functions of the template', async () => {
    const { Functions } = JSON.parse((await aws('lambda', 'list-functions')).stdout) as { Functions: { FunctionName: string }[] };
    assert.deepEqual(Functions.map((fn) => fn.FunctionName).sort(), ['ChargeCard', 'ConfirmOrder', 'PlaceOrder', 'PriceBasket', 'SendReceipt', 'ShipOrder']);
  });

  it('invokes a TypeScript function, a Python function and one that throws, with log tails', async () => {
    const out = join(engine.data, 'out.json');
    const event = (name: string, path: string) =>
      ['--payload', `fileb://${join(engine.workspace, path)}`, '--function-name', name, '--log-type', 'Tail', out];
    const placed = JSON.parse((await aws('lambda', 'invoke', ...event('PlaceOrder', 'events/order.json'))).stdout) as Record<string, string>;
    assert.equal(placed.StatusCode as unknown, 200);
    assert.equal(placed.ExecutedVersion, '$LATEST');
    assert.match(Buffer.from(placed.LogResult ?? '', 'base64').toString(), /START RequestId: [\s\S]*order placed[\s\S]*REPORT RequestId/);
    assert.equal((JSON.parse(readFileSync(out, 'utf8')) as { statusCode: number }).statusCode, 201);

    await aws('lambda', 'invoke', ...event('ShipOrder', '.local-lambda/events/ShipOrder/batch-with-bad-order.json'));
    assert.deepEqual(JSON.parse(readFileSync(out, 'utf8')), {
      batchItemFailures: [{ itemIdentifier: '059f36b4-87a3-44ab-83d2-661975830a7d' }],
      labels: ['post: ord-1 from lisbon'],
    });

    const declined = JSON.parse((await aws('lambda', 'invoke', ...event('ChargeCard', '.local-lambda/events/ChargeCard/stolen-card.json'))).stdout) as Record<string, string>;
    assert.equal(declined.FunctionError, 'Unhandled');
    const error = JSON.parse(readFileSync(out, 'utf8')) as { errorType: string; errorMessage: string };
    assert.equal(error.errorType, 'PaymentDeclined');
    assert.equal(error.errorMessage, 'Card tok_stolen was declined: reported as stolen');
  });

  it('creates a function from a zip, publishes it, aliases it, invokes the alias, and deletes it', async () => {
    const zip = join(engine.data, 'hello.zip');
    const out = join(engine.data, 'out.json');
    writeFileSync(zip, zipSync({ 'index.mjs': strToU8('export const handler = async (event, context) => ({ hello: event.name, version: context.functionVersion });') }));
    const created = JSON.parse((await aws(
      'lambda', 'create-function', '--function-name', 'hello', '--runtime', 'nodejs22.x', '--handler', 'index.handler',
      '--role', 'arn:aws:iam::123456789012:role/hello', '--zip-file', `fileb://${zip}`,
    )).stdout) as { State: string; FunctionArn: string };
    assert.equal(created.FunctionArn, 'arn:aws:lambda:us-east-1:123456789012:function:hello');
    const published = JSON.parse((await aws('lambda', 'publish-version', '--function-name', 'hello')).stdout) as { Version: string };
    assert.equal(published.Version, '1');
    await aws('lambda', 'create-alias', '--function-name', 'hello', '--name', 'live', '--function-version', '1');
    const invoked = JSON.parse((await aws(
      'lambda', 'invoke', '--function-name', 'hello:live', '--payload', Buffer.from('{"name":"Ana"}').toString('base64'), out,
    ).catch(async () => aws('lambda', 'invoke', '--function-name', 'hello:live', '--payload', '{"name":"Ana"}', out))).stdout) as { ExecutedVersion: string };
    assert.equal(invoked.ExecutedVersion, '1');
    assert.deepEqual(JSON.parse(readFileSync(out, 'utf8')), { hello: 'Ana', version: '1' });
    await aws('lambda', 'delete-function', '--function-name', 'hello');
    await assert.rejects(aws('lambda', 'get-function', '--function-name', 'hello'), /ResourceNotFoundException/);
  });

  it('answers an unknown function by name', async () => {
    await assert.rejects(
      aws('lambda', 'invoke', '--function-name', 'nobody', join(engine.data, 'out.json')),
      /ResourceNotFoundException.*Function not found: arn:aws:lambda:us-east-1:123456789012:function:nobody:\$LATEST/,
    );
  });

  it('answers an operation that does not exist here by name', async () => {
    await assert.rejects(aws('lambda', 'list-layers'), /ListLayers/);
    await assert.rejects(aws('dynamodb', 'list-tables'), /DynamoDB/);
  });

  it('refuses a wrong secret', async () => {
    await assert.rejects(
      run('aws', ['--endpoint-url', engine.info.endpoint, 'lambda', 'list-functions'], {
        env: { ...process.env, AWS_ACCESS_KEY_ID: engine.info.accessKeyId, AWS_SECRET_ACCESS_KEY: 'wrong', AWS_DEFAULT_REGION: 'us-east-1' },
      }),
      /InvalidSignatureException/,
    );
  });
});
