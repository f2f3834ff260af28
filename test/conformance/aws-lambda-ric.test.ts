/**
 * The official runtime interface client for Node as a conformance client of our Runtime API: it runs as the `bootstrap`
 * of a `provided.al2023` function. It builds a native part, so it needs a compiler; it is never a dependency.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { startEngineProcess, projectRoot, type EngineProcess } from '../support/engine-process.ts';

const version = '4.0.2';
const home = join(projectRoot, '.vscode-test', `aws-lambda-ric-${version}`);
const canBuild = process.platform === 'linux' && ['cmake', 'make', 'g++'].every((tool) => spawnSync(tool, ['--version']).status === 0);
if (!canBuild) console.error('No Linux with cmake, make and g++: the aws-lambda-ric conformance suite is skipped.');

function ensureClient(): void {
  if (existsSync(join(home, 'node_modules', 'aws-lambda-ric', 'rapid-client.node'))) return;
  const staging = mkdtempSync(`${home}-`);
  try {
    writeFileSync(join(staging, 'package.json'), JSON.stringify({ private: true, allowScripts: { 'aws-lambda-ric': true } }));
    const result = spawnSync('npm', ['install', `aws-lambda-ric@${version}`, '--no-audit', '--no-fund'], { cwd: staging, encoding: 'utf8' });
    if (result.status !== 0) throw new Error(`aws-lambda-ric could not be built:\n${result.stderr.slice(-3000)}`);
    rmSync(home, { recursive: true, force: true });
    renameSync(staging, home);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

(canBuild ? describe : describe.skip)('Runtime API driven by the official aws-lambda-ric', function () {
  this.timeout(300_000);
  let engine: EngineProcess;
  let client: LambdaClient;

  before(async () => {
    mkdirSync(join(projectRoot, '.vscode-test'), { recursive: true });
    ensureClient();
    engine = await startEngineProcess({
      files: {
        'template.yaml': `
Transform: AWS::Serverless-2016-10-31
Resources:
  Ric:
    Type: AWS::Serverless::Function
    Properties: { FunctionName: ric, CodeUri: ric, Handler: index.handler, Runtime: provided.al2023, Timeout: 2 }
`,
        'ric/bootstrap': `#!/bin/sh\nexec "${process.execPath}" "${join(home, 'node_modules', 'aws-lambda-ric', 'index.mjs')}" "$_HANDLER"\n`,
        'ric/index.mjs': `
export const handler = async (event, context) => {
  if (event.fail) throw new RangeError('as asked');
  if (event.spin) for (;;);
  if (event.big) return 'x'.repeat(event.big);
  console.log('hello from ric');
  return { event, id: context.awsRequestId, arn: context.invokedFunctionArn, client: context.clientContext, left: context.getRemainingTimeInMillis() };
};
`,
      },
      parameters: [],
    });
    chmodSync(join(engine.workspace, 'ric', 'bootstrap'), 0o755);
    client = new LambdaClient({
      endpoint: engine.info.endpoint,
      region: engine.info.region,
      credentials: { accessKeyId: engine.info.accessKeyId, secretAccessKey: engine.info.secretAccessKey },
      maxAttempts: 1,
    });
  });
  after(async () => {
    client?.destroy();
    await engine?.stop();
  });

  async function invoke(event: unknown, more: Partial<ConstructorParameters<typeof InvokeCommand>[0]> = {}) {
    const answer = await client.send(new InvokeCommand({ FunctionName: 'ric', Payload: JSON.stringify(event), ...more }));
    return { ...answer, body: JSON.parse(answer.Payload!.transformToString()) as Record<string, unknown> };
  }

  it('gets the event, the context and its headers, and answers', async () => {
    const context = Buffer.from('{"custom":{"k":"v"}}').toString('base64');
    const answer = await invoke({ a: 1 }, { ClientContext: context, LogType: 'Tail' });
    assert.equal(answer.FunctionError, undefined);
    assert.deepEqual(answer.body.event, { a: 1 });
    assert.equal(answer.body.id, answer.$metadata.requestId);
    assert.equal(answer.body.arn, 'arn:aws:lambda:us-east-1:123456789012:function:ric');
    assert.deepEqual(answer.body.client, { custom: { k: 'v' } });
    assert.ok((answer.body.left as number) > 0 && (answer.body.left as number) <= 2000);
    assert.match(Buffer.from(answer.LogResult ?? '', 'base64').toString(), /hello from ric/);
  });

  it('reports an error of the handler', async () => {
    const answer = await invoke({ fail: true });
    assert.equal(answer.FunctionError, 'Unhandled');
    assert.equal(answer.body.errorType, 'RangeError');
    assert.equal(answer.body.errorMessage, 'as asked');
  });

  it('is ended at its timeout while it spins, and a new one takes over', async () => {
    const answer = await invoke({ spin: true });
    assert.equal(answer.body.errorType, 'Sandbox.Timedout');
    assert.deepEqual((await invoke({ again: true })).body.event, { again: true });
  });

  it('is refused a response over 6 MB', async () => {
    const answer = await invoke({ big: 7_000_000 });
    assert.equal(answer.body.errorType, 'Function.ResponseSizeTooLarge');
  });

  it('serves many invocations from one environment', async () => {
    for (let index = 0; index < 50; index++) assert.deepEqual((await invoke({ index })).body.event, { index });
  });
});
