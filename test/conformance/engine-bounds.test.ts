/** What an engine keeps to itself, what it bounds, and what it answers when its surroundings are broken. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cliEntry, startEngineProcess, type EngineProcess } from '../support/engine-process.ts';

const run = promisify(execFile);

const fn = (name: string, more = '') => `  ${name}:
    Type: AWS::Serverless::Function
    Properties: { CodeUri: code, Handler: ${name.toLowerCase()}.handler, Runtime: nodejs24.x, Timeout: 10, FunctionName: ${name}${more} }
`;

const secrets = { setting: 'setting-secret-4711', all: 'all-secret-4712', file: 'file-secret-4713', allFile: 'all-file-secret-4714' };

const files: Record<string, string> = {
  'template.yaml': `Transform: AWS::Serverless-2016-10-31\nResources:\n${['Echo', 'Knows', 'Opens'].map((name) => fn(name)).join('')}${fn('Sized', ', MemorySize: 512')}`,
  'broken/template.yaml': `Transform: AWS::Serverless-2016-10-31\nResources:\n${fn('Good')}  Bad:\n    Type: AWS::Serverless::Function\n    Properties: { CodeUri: code, Handler: bad.handler, Runtime: nodejs24.x, Timeout: 1000 }\n`,
  'unreadable/template.yaml': 'Transform: AWS::Serverless-2016-10-31\nResources:\n  A: [\n',
  'broken/code/good.js': 'exports.handler = async () => "good";',
  '.vscode/settings.json': JSON.stringify({
    'localLambda.environment': { '*': { ALL: secrets.all }, Knows: { SETTING: secrets.setting } },
    'localLambda.environmentFiles': { '*': 'all.env', Knows: 'own.env' },
  }),
  'all.env': `ALL_FILE=${secrets.allFile}\n`,
  'own.env': `OWN_FILE=${secrets.file}\n`,
  'code/echo.js': 'exports.handler = async (event, context) => { console.log("seen"); return { id: context.awsRequestId, event }; };',
  'code/knows.js': 'const { createHash } = require("node:crypto"); exports.handler = async () => ["SETTING", "ALL", "OWN_FILE", "ALL_FILE"].map((name) => createHash("sha256").update(process.env[name] ?? "").digest("hex"));',
  'code/opens.js': 'exports.handler = async () => { require("node:net").createServer().listen(0, "127.0.0.1"); setInterval(() => {}, 1000); return "open"; };',
  'code/sized.js': 'exports.handler = async (event) => ("make" in event ? "x".repeat(event.make) : JSON.stringify(event).length);',
};

describe('an engine without signatures', () => {
  let engine: EngineProcess;
  before(async () => { engine = await startEngineProcess({ files, parameters: ['--no-sign'] }); });
  after(async () => { await engine.stop(); });

  const invoke = (name: string, body: string, headers: Record<string, string> = {}) =>
    fetch(`${engine.info.endpoint}/2015-03-31/functions/${name}/invocations`, { method: 'POST', body, headers });
  const own = async (path: string) => (await fetch(engine.info.endpoint + path, { headers: { authorization: `Bearer ${engine.info.token}` } })).json() as Promise<Record<string, unknown>>;

  it('relaxes nothing but signatures', async () => {
    assert.equal((await invoke('Echo', '{}')).status, 200);
    const status = (headers: Record<string, string>) => new Promise<number>((resolve, reject) => {
      request(`${engine.info.endpoint}/2015-03-31/functions/Echo/invocations`, { method: 'POST', headers }, (answer) => {
        answer.resume();
        resolve(answer.statusCode ?? 0);
      }).on('error', reject).end('{}');
    });
    assert.equal(await status({ origin: 'http://localhost' }), 403);
    assert.equal(await status({ host: 'rebound.example' }), 403);
    assert.equal((await fetch(`${engine.info.endpoint}/_local-lambda/health`)).status, 401);
  });

  it('lambda-facts §1.1: one request id in the answer, the context and the log', async () => {
    const answer = await invoke('Echo', '{"a":1}', { 'x-amz-log-type': 'Tail' });
    const id = answer.headers.get('x-amzn-requestid') ?? '';
    assert.match(id, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    assert.deepEqual(await answer.json(), { id, event: { a: 1 } });
    const lines = Buffer.from(answer.headers.get('x-amz-log-result') ?? '', 'base64').toString().split('\n');
    for (const start of ['START', 'END', 'REPORT']) assert.ok(lines.some((line) => line.startsWith(`${start} RequestId: ${id}`)), start);
    assert.ok(lines.some((line) => line.includes(`\t${id}\tINFO\tseen`)));
    const { execution } = await own(`/_local-lambda/execution?id=${id}`) as { execution: { id: string; attempts: { binary: string; binaryVersion: string }[] } };
    assert.deepEqual(execution.attempts.map(({ binary, binaryVersion }) => [binary, binaryVersion]), [[process.execPath, process.versions.node]]);
  });

  it('lambda-facts §1.2, §1.4: 6 MB go in and out, one byte more does not', async () => {
    const sized = (bytes: number) => `{"p":"${'x'.repeat(bytes - 8)}"}`;
    assert.equal(await (await invoke('Sized', sized(6_291_456))).json(), 6_291_456);
    const refused = await invoke('Sized', sized(6_291_457));
    assert.deepEqual([refused.status, refused.headers.get('x-amzn-errortype')], [413, 'RequestTooLargeException']);
    assert.equal((await (await invoke('Sized', '{"make":6291554}')).text()).length, 6_291_556);
    const tooLarge = await invoke('Sized', '{"make":6291555}');
    assert.equal(tooLarge.headers.get('x-amz-function-error'), 'Unhandled');
    assert.deepEqual(await tooLarge.json(), { errorMessage: 'Response payload size exceeded maximum allowed payload size (6291556 bytes).', errorType: 'Function.ResponseSizeTooLarge' });
  });

  it('answers though a function leaves handles open, and goes on using its environment', async () => {
    for (let turn = 0; turn < 3; turn += 1) assert.equal(await (await invoke('Opens', '{}')).json(), 'open');
  });

  it('says what is broken in templates on its line, and runs the rest', async () => {
    const { functions, diagnostics } = await own('/_local-lambda/functions') as { functions: { name: string }[]; diagnostics: { location: { file: string; line: number } }[] };
    assert.ok(functions.some(({ name }) => name === 'Good'));
    assert.equal(await (await invoke('Good', '{}')).json(), 'good');
    const told = diagnostics.map(({ location: { file, line } }) => `${file.slice(engine.workspace.length + 1).replaceAll('\\', '/')}:${line + 1}`);
    assert.ok(told.includes('broken/template.yaml:8'), JSON.stringify(diagnostics));
    assert.ok(told.some((place) => place.startsWith('unreadable/template.yaml:')), JSON.stringify(diagnostics));
  });

  it('never shows values of settings and .env files: not in records, logs, configuration or files', async () => {
    const { createHash } = await import('node:crypto');
    const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
    const answer = await invoke('Knows', '{}');
    assert.deepEqual(await answer.json(), [secrets.setting, secrets.all, secrets.file, secrets.allFile].map(sha256));
    const id = answer.headers.get('x-amzn-requestid');
    const shown = [
      await own('/_local-lambda/executions?limit=100'), await own(`/_local-lambda/execution?id=${id}`), await own('/_local-lambda/functions'),
      await (await fetch(`${engine.info.endpoint}/2015-03-31/functions/Knows`)).json(), await (await fetch(`${engine.info.endpoint}/2015-03-31/functions`)).json(),
    ].map((value) => JSON.stringify(value));
    const data = readdirSync(engine.data, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    assert.ok(data.some(({ name }) => name === 'history.sqlite'));
    const kept = data.map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'latin1'));
    for (const secret of Object.values(secrets)) {
      assert.ok(!engine.log().includes(secret), 'log');
      assert.ok(shown.every((text) => !text.includes(secret)), 'routes');
      assert.ok(kept.every((text) => !text.includes(secret)), 'data folder');
    }
  });
});

describe('an engine whose data folder', () => {
  let place: string;
  beforeEach(() => { place = mkdtempSync(join(tmpdir(), 'data folder é ')); });
  afterEach(() => { rmSync(place, { recursive: true, force: true }); });

  const failure = async (data: string) => {
    const error = await run(process.execPath, [cliEntry(), 'start', '--workspace', place, '--data', data]).then(() => undefined, (reason: unknown) => reason as { code: number; stderr: string });
    assert.equal(error?.code, 1);
    return error?.stderr ?? '';
  };

  it('cannot be made says so in one sentence', async () => {
    writeFileSync(join(place, 'file'), '');
    for (const data of [join(place, 'file'), join(place, 'file', 'below')]) {
      const stderr = await failure(data);
      assert.match(stderr, /^local-lambda: The data folder .* cannot be used \(.*\): make it writable, or choose another one\.\n$/);
    }
  });

  it('was written by a newer version says so in one sentence', async () => {
    const engine = await startEngineProcess({ files: { 'template.yaml': 'Resources: {}\n' }, data: join(place, 'data') });
    await engine.stop();
    const { DatabaseSync } = await import('node:sqlite');
    const database = new DatabaseSync(join(place, 'data', 'history.sqlite'));
    database.exec('PRAGMA user_version = 4711');
    database.close();
    assert.match(await failure(join(place, 'data')), /^local-lambda: .*history\.sqlite was written by a newer Local Lambda \(schema 4711,.*\n$/m);
  });
});
