import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { InvokeCommand, LambdaClient, ListFunctionsCommand, CreateFunctionCommand, DeleteFunctionCommand } from '@aws-sdk/client-lambda';
import { strToU8, zipSync } from 'fflate';
import { cliEntry, projectRoot, startEngineProcess, type EngineProcess } from '../support/engine-process.ts';

const run = promisify(execFile);

function clientOf({ info }: EngineProcess): LambdaClient {
  return new LambdaClient({ endpoint: info.endpoint, region: info.region, maxAttempts: 1, credentials: { accessKeyId: info.accessKeyId, secretAccessKey: info.secretAccessKey } });
}

async function invoke(client: LambdaClient, FunctionName: string, payload: unknown = {}) {
  const output = await client.send(new InvokeCommand({ FunctionName, Payload: JSON.stringify(payload), LogType: 'Tail' }));
  return {
    error: output.FunctionError,
    payload: JSON.parse(Buffer.from(output.Payload ?? []).toString()) as Record<string, unknown>,
    log: Buffer.from(output.LogResult ?? '', 'base64').toString(),
  };
}

function get(engine: EngineProcess, path: string, headers: Record<string, string>): Promise<{ status: number; body: string }> {
  const { port } = new URL(engine.info.endpoint);
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path, headers }, (incoming) => {
      let body = '';
      incoming.on('data', (chunk) => { body += String(chunk); });
      incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, body }));
    }).on('error', reject).end();
  });
}

const oneFunction = (name: string): string => (
  `Transform: AWS::Serverless-2016-10-31\nResources:\n  ${name}:\n    Type: AWS::Serverless::Function\n    Properties: { InlineCode: "exports.handler = async () => 1", Handler: index.handler, Runtime: nodejs22.x }\n`
);

const handlers = {
  'template.yaml': ['Busy', 'Quits', 'Loud', 'Circular', 'Throws', 'Live', 'Environment', 'Spawns'].reduce(
    (text, name) => `${text}  ${name}:\n    Type: AWS::Serverless::Function\n    Properties: { CodeUri: code/, Handler: ${name.toLowerCase()}.handler, Runtime: nodejs22.x, Timeout: ${name === 'Busy' ? 1 : 20} }\n`,
    'Transform: AWS::Serverless-2016-10-31\nResources:\n',
  ),
  'code/busy.js': 'exports.handler = async () => { for (;;); };\n',
  'code/quits.js': 'exports.handler = async ({ code }) => { process.exit(code); };\n',
  'code/loud.js': "exports.handler = async () => { const line = 'x'.repeat(1000); for (let i = 0; i < 100_000; i++) process.stdout.write(line + '\\n'); return 'done'; };\n",
  'code/circular.js': 'exports.handler = async () => { const me = {}; me.me = me; return me; };\n',
  'code/throws.js': "exports.handler = async () => { throw 'a string'; };\n",
  'code/live.js': "exports.handler = async () => ({ revision: 1, pid: process.pid });\n",
  'code/environment.js': 'exports.handler = async () => process.env;\n',
  'code/spawns.js': "const { spawn } = require('node:child_process'); exports.handler = async () => { const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' }); return { pid: child.pid, own: process.pid }; };\n",
};

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function gone(pid: number): Promise<void> {
  for (let turn = 0; turn < 200 && alive(pid); turn += 1) await delay(50);
  assert.equal(alive(pid), false, `process ${pid} is still there`);
}

describe('local-lambda start, on the sample workspace', () => {
  let engine: EngineProcess;
  let client: LambdaClient;
  before(async () => {
    engine = await startEngineProcess({ copyOf: join(projectRoot, 'test/workspaces/orders') });
    client = clientOf(engine);
  });
  after(async () => { await engine.stop(); });

  it('prints exactly the promised keys when it is ready', () => {
    assert.deepEqual(Object.keys(engine.info), ['endpoint', 'region', 'accountId', 'accessKeyId', 'secretAccessKey', 'token']);
  });

  it('answers its health to the bearer of the token only', async () => {
    assert.equal((await get(engine, '/_local-lambda/health', {})).status, 401);
    const { status, body } = await get(engine, '/_local-lambda/health', { authorization: `Bearer ${engine.info.token}` });
    assert.equal(status, 200);
    assert.equal((JSON.parse(body) as { status: string }).status, 'ok');
  });

  it('refuses a foreign Host and any Origin', async () => {
    const authorization = `Bearer ${engine.info.token}`;
    assert.equal((await get(engine, '/_local-lambda/health', { authorization, host: 'evil.example' })).status, 403);
    assert.equal((await get(engine, '/_local-lambda/health', { authorization, origin: 'http://localhost' })).status, 403);
  });

  it('refuses a wrong signature', async () => {
    const stranger = new LambdaClient({ endpoint: engine.info.endpoint, region: engine.info.region, maxAttempts: 1, credentials: { accessKeyId: engine.info.accessKeyId, secretAccessKey: 'wrong' } });
    await assert.rejects(stranger.send(new ListFunctionsCommand({})), (error: { $metadata?: { httpStatusCode?: number } }) => error.$metadata?.httpStatusCode === 403);
  });

  it('lists the functions of the template, without the one whose condition is false', async () => {
    const { Functions = [] } = await client.send(new ListFunctionsCommand({}));
    assert.deepEqual(Functions.map(({ FunctionName }) => FunctionName), ['ChargeCard', 'ConfirmOrder', 'PlaceOrder', 'PriceBasket', 'SendReceipt', 'ShipOrder']);
  });

  it('runs TypeScript, and names the .ts line of a failure', async () => {
    const { log, payload } = await invoke(client, 'PlaceOrder', { body: '{' });
    assert.match(log, /^INIT_START[^\n]*\nSTART RequestId: /);
    assert.ok(JSON.stringify(payload).length > 2);
  });

  it('runs the test events of the sample', async () => {
    const event = (path: string) => JSON.parse(readFileSync(join(engine.workspace, '.local-lambda/events', path), 'utf8')) as unknown;
    const answer = async (name: string, path: string) => (await invoke(client, name, event(`${name}/${path}.json`))).payload;
    assert.deepEqual(await answer('ConfirmOrder', 'order-placed'), {
      status: 'CONFIRMED', id: 'ord-1', customer: 'Ana', address: { country: 'PT' }, email: 'ana@example.com', token: 'tok_visa', amount: 1780, weight: 0.24,
    });
    assert.deepEqual(await answer('SendReceipt', 'payment'), { sent: [{ to: 'ana@example.com', subject: 'Receipt: 19.90 EUR' }] });
    assert.equal((await answer('SendReceipt', 'without-address'))['errorType'], 'NoAddress');
    // Each run counts its own attempts, whatever an earlier one left.
    const orderId = `ord-${randomUUID()}`;
    const charges: Record<string, unknown>[] = [];
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      charges.push((await invoke(client, 'ChargeCard', { ...(event('ChargeCard/unstable-provider.json') as object), orderId })).payload);
    }
    assert.deepEqual(charges.map((charge) => charge['errorType'] ?? charge['orderId']), ['ProviderUnavailable', 'ProviderUnavailable', orderId]);
  });

  it('runs a function that came as a zip, of any client', async () => {
    const code = zipSync({ 'index.mjs': strToU8('export const handler = async (event) => ({ got: event });') });
    const created = await client.send(new CreateFunctionCommand({ FunctionName: 'FromZip', Runtime: 'nodejs24.x', Role: 'arn:aws:iam::123456789012:role/r', Handler: 'index.handler', Code: { ZipFile: code } }));
    assert.deepEqual([created.CodeSha256, created.CodeSize], [createHash('sha256').update(code).digest('base64'), code.length]);
    assert.deepEqual((await invoke(client, 'FromZip', { a: 1 })).payload, { got: { a: 1 } });
    await client.send(new DeleteFunctionCommand({ FunctionName: 'FromZip' }));
    await assert.rejects(invoke(client, 'FromZip'), { name: 'ResourceNotFoundException' });
  });
});

describe('functions that misbehave', () => {
  let engine: EngineProcess;
  let client: LambdaClient;
  before(async () => {
    engine = await startEngineProcess({ files: handlers });
    client = clientOf(engine);
  });
  after(async () => { await engine.stop(); });

  it('are killed in a busy loop at their timeout, and harm nobody else', async () => {
    const [busy, other] = await Promise.all([invoke(client, 'Busy'), invoke(client, 'Live')]);
    assert.equal(busy.error, 'Unhandled');
    assert.match(JSON.stringify(busy.payload), /"errorType":"Sandbox.Timedout","errorMessage":"RequestId: [0-9a-f-]{36} Error: Task timed out after 1.00 seconds"/);
    assert.equal(other.payload['revision'], 1);
  });

  it('may exit', async () => {
    assert.match(String((await invoke(client, 'Quits', { code: 0 })).payload['errorMessage']), /Runtime exited without providing a reason$/);
    assert.match(String((await invoke(client, 'Quits', { code: 3 })).payload['errorMessage']), /Runtime exited with error: exit status 3$/);
  });

  it('may print 100 MB', async () => {
    const { payload, log } = await invoke(client, 'Loud');
    assert.equal(payload as unknown, 'done');
    assert.match(log, /REPORT RequestId/);
  });

  it('may return a circular object or throw a string', async () => {
    assert.equal((await invoke(client, 'Circular')).payload['errorMessage'], 'Unable to stringify response body');
    assert.deepEqual((await invoke(client, 'Throws')).payload, { errorType: 'string', errorMessage: 'a string', trace: [] });
  });

  it('see the engine\'s endpoint and key pair, and no credentials of this machine', async () => {
    const { payload } = await invoke(client, 'Environment');
    assert.equal(payload['AWS_ENDPOINT_URL'], engine.info.endpoint);
    assert.equal(payload['AWS_ACCESS_KEY_ID'], engine.info.accessKeyId);
    assert.equal(payload['AWS_EXECUTION_ENV'], 'AWS_Lambda_nodejs22.x');
    assert.deepEqual(Object.keys(payload).filter((name) => name.startsWith('LOCAL_LAMBDA_') || name === 'AWS_PROFILE'), []);
  });

  it('run their newest code at once, each change reloading only its own function', async () => {
    const before = await invoke(client, 'Live');
    const other = await invoke(client, 'Environment');
    writeFileSync(join(engine.workspace, 'code/live.js'), 'exports.handler = async () => ({ revision: 2, pid: process.pid });\n');
    const after = await invoke(client, 'Live');
    assert.equal(after.payload['revision'], 2);
    assert.notEqual(after.payload['pid'], before.payload['pid']);
    const again = await invoke(client, 'Environment');
    assert.equal(again.payload['AWS_LAMBDA_LOG_STREAM_NAME'], other.payload['AWS_LAMBDA_LOG_STREAM_NAME']);
  });

  it('leave no process behind when the engine is killed', async () => {
    const { payload } = await invoke(client, 'Spawns');
    engine.child.kill('SIGKILL');
    await once(engine.child, 'exit');
    await gone(Number(payload['own']));
    await gone(Number(payload['pid']));
  });
});

describe('the life of an engine', () => {
  let data: string;
  beforeEach(() => { data = mkdtempSync(join(tmpdir(), 'data folder é ')); });
  afterEach(() => { rmSync(data, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }); });
  const files = { 'template.yaml': 'Resources: {}\n' };

  it('ends with exit code 0 at SIGTERM, and keeps port and key pair', async () => {
    const first = await startEngineProcess({ files, data });
    assert.equal(await first.stop(), 0);
    assert.deepEqual(readdirSync(data).filter((name) => name.endsWith('.sock') || name === 'engine.json'), []);
    const second = await startEngineProcess({ files, data });
    assert.deepEqual(second.info, first.info);
    assert.equal(await second.stop(), 0);
  });

  it('is taken over at once after a kill -9', async () => {
    const first = await startEngineProcess({ files, data });
    first.child.kill('SIGKILL');
    await once(first.child, 'exit');
    const second = await startEngineProcess({ files, data });
    assert.equal((await get(second, '/_local-lambda/health', { authorization: `Bearer ${second.info.token}` })).status, 200);
    await second.stop();
  });

  it('is shared by a second start on the same workspace', async () => {
    const first = await startEngineProcess({ files, data });
    const second = await startEngineProcess({ workspace: first.workspace, data });
    assert.deepEqual(second.info, first.info);
    assert.equal(await second.stop(), 0);
    assert.equal(await first.stop(), 0);
  });

  it('keeps its settings and functions when a second start joins it', async () => {
    const own = { ...files, '.vscode/settings.json': '{"localLambda.accountId": "210987654321", "localLambda.requireSignatures": false}' };
    const first = await startEngineProcess({ files: own, data });
    const second = await startEngineProcess({ workspace: first.workspace, data });
    assert.equal(second.info.accountId, '210987654321');
    assert.equal((await get(first, '/2015-03-31/functions/', {})).status, 200);
    await second.stop();
    await first.stop();
  });

  it('gives its place to a start of another version', async () => {
    const first = await startEngineProcess({ files, data, sourcesOf: '1.0.0' });
    const left = once(first.child, 'exit');
    const second = await startEngineProcess({ workspace: first.workspace, data, sourcesOf: '1.0.1' });
    assert.deepEqual(await left, [0, null]);
    const { body } = await get(second, '/_local-lambda/health', { authorization: `Bearer ${second.info.token}` });
    const { version, pid } = JSON.parse(body) as { version: string; pid: number };
    assert.deepEqual([version, pid], ['1.0.1', second.child.pid]);
    assert.equal(await second.stop(), 0);
    await first.stop();
  });

  it('is not taken away by a start for another workspace on its data folder', async () => {
    const first = await startEngineProcess({ files: { 'template.yaml': oneFunction('Mine') }, data });
    const authorization = { authorization: `Bearer ${first.info.token}` };
    await assert.rejects(startEngineProcess({ files: { 'template.yaml': oneFunction('Theirs') }, data }), /is in use by the engine of .*: choose another one with --data/);
    assert.match((await get(first, '/_local-lambda/functions', authorization)).body, /"Mine"/);
    await first.stop();
  });

  it('prints shell exports for `env`, and one sentence when there is none', async () => {
    await assert.rejects(run(process.execPath, [cliEntry(), 'env', '--data', data]), /No engine runs for this workspace/);
    const engine = await startEngineProcess({ files, data });
    const { stdout } = await run(process.execPath, [cliEntry(), 'env', '--data', data]);
    assert.match(stdout, new RegExp(`AWS_ENDPOINT_URL\\s*=\\s*'${engine.info.endpoint}'`));
    assert.match(stdout, /AWS_SECRET_ACCESS_KEY/);
    await engine.stop();
  });

  it('refuses nonsense on the command line in one sentence', async () => {
    await assert.rejects(run(process.execPath, [cliEntry(), 'start', '--workspace', join(data, 'nowhere')]), /is not a folder/);
    await assert.rejects(run(process.execPath, [cliEntry(), 'start', '--port', '99999', '--workspace', data]), /--port 99999 is not a port/);
    await assert.rejects(run(process.execPath, [cliEntry(), 'frobnicate']), /has no command "frobnicate"/);
  });

  it('shows an edit of a template within a second', async () => {
    const engine = await startEngineProcess({ files: { ...files, 'app.py': 'def handler(event, context):\n    return 1\n' }, data });
    const client = clientOf(engine);
    writeFileSync(join(engine.workspace, 'template.yaml'), 'Resources:\n  Added:\n    Type: AWS::Lambda::Function\n    Properties: { Handler: app.handler, Runtime: python3.11, Code: ., Role: r }\n');
    let names: (string | undefined)[] = [];
    for (let turn = 0; turn < 100 && names.length === 0; turn += 1) {
      await delay(50);
      names = ((await client.send(new ListFunctionsCommand({}))).Functions ?? []).map(({ FunctionName }) => FunctionName);
    }
    assert.deepEqual(names, ['Added']);
    await engine.stop();
  });
});
