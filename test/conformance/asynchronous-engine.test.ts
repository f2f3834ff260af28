import assert from 'node:assert/strict';
import { once } from 'node:events';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  GetFunctionEventInvokeConfigCommand, InvokeAsyncCommand, InvokeCommand, LambdaClient, ListFunctionEventInvokeConfigsCommand,
  PutFunctionEventInvokeConfigCommand, DeleteFunctionEventInvokeConfigCommand, PutFunctionRecursionConfigCommand, GetFunctionRecursionConfigCommand,
} from '@aws-sdk/client-lambda';
import type { Execution } from '../../src/contracts/executions.ts';
import { startEngineProcess, type EngineProcess } from '../support/engine-process.ts';

const files = {
  'template.yaml': ['Log', 'Flaky', 'Fails', 'Relay'].reduce(
    (text, name) => `${text}  ${name}:\n    Type: AWS::Serverless::Function\n    Properties: { CodeUri: code/, Handler: ${name.toLowerCase()}.handler, Runtime: nodejs24.x, Timeout: 20 }\n`,
    'Transform: AWS::Serverless-2016-10-31\nResources:\n',
  ),
  // Appends one short line with one write: what many processes append does not mix.
  'code/log.js': "const fs = require('node:fs');\nexports.handler = async ({ file, line, sleep }) => { if (sleep) await new Promise((done) => setTimeout(done, sleep)); fs.appendFileSync(file, `${line}\\n`); return line; };\n",
  'code/flaky.js': "const fs = require('node:fs');\nexports.handler = async ({ file }) => { fs.appendFileSync(file, '.'); const tries = fs.readFileSync(file).length; if (tries < 3) throw new Error(`try ${tries}`); return { tries }; };\n",
  'code/fails.js': "exports.handler = async () => { throw new Error('always'); };\n",
  'code/relay.js': [
    "const http = require('node:http');",
    // As an SDK does: the trace of the invocation goes on with the call.
    "exports.handler = (event, context) => new Promise((resolve, reject) => {",
    "  const url = new URL('/2015-03-31/functions/Log/invocations', process.env.AWS_ENDPOINT_URL);",
    "  const request = http.request(url, { method: 'POST', headers: { 'X-Amz-Invocation-Type': 'Event', 'X-Amzn-Trace-Id': process.env._X_AMZN_TRACE_ID } }, (answer) => { answer.resume(); answer.on('end', () => resolve(answer.statusCode)); });",
    '  request.on(\'error\', reject);',
    '  request.end(JSON.stringify(event));',
    '});\n',
  ].join('\n'),
};

function clientOf({ info }: EngineProcess): LambdaClient {
  return new LambdaClient({ endpoint: info.endpoint, region: info.region, maxAttempts: 1, credentials: { accessKeyId: info.accessKeyId, secretAccessKey: info.secretAccessKey } });
}

async function own<T>({ info }: EngineProcess, path: string, body?: unknown): Promise<T> {
  const answer = await fetch(`${info.endpoint}/_local-lambda/${path}`, {
    headers: { authorization: `Bearer ${info.token}` }, ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  });
  assert.ok(answer.ok, `${path}: ${answer.status} ${await answer.clone().text()}`);
  return await answer.json() as T;
}

const executionOf = async (engine: EngineProcess, id: string) => (await own<{ execution: Execution }>(engine, `execution?id=${id}`)).execution;

async function until<T>(what: string, look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (let turn = 0; turn < 400; turn += 1) {
    const found = await look();
    if (found !== undefined) return found;
    await delay(50);
  }
  return assert.fail(`waited in vain: ${what}`);
}

const finished = (engine: EngineProcess, id: string) => until(`${id} finished`, async () => {
  const execution = await executionOf(engine, id);
  return ['queued', 'running'].includes(execution.status) ? undefined : execution;
});

describe('asynchronous invocation, by the AWS SDK', () => {
  let engine: EngineProcess;
  let client: LambdaClient;
  let scratch: string;
  before(async () => {
    scratch = realpathSync(mkdtempSync(join(tmpdir(), 'local-lambda-async-')));
    engine = await startEngineProcess({ files, parameters: ['--no-sign'] });
    client = clientOf(engine);
  });
  after(async () => {
    client.destroy();
    await engine.stop();
    rmSync(scratch, { recursive: true, force: true });
  });

  const event = async (FunctionName: string, payload: unknown) => {
    const output = await client.send(new InvokeCommand({ FunctionName, InvocationType: 'Event', Payload: JSON.stringify(payload) }));
    assert.equal(output.StatusCode, 202);
    assert.equal(output.Payload?.length ?? 0, 0);
    return output.$metadata.requestId ?? '';
  };

  it('InvocationType Event answers 202 and runs; an InvokeAsync too', async () => {
    const file = join(scratch, 'simple');
    const id = await event('Log', { file, line: 'event' });
    assert.equal((await finished(engine, id)).status, 'succeeded');
    const older = await client.send(new InvokeAsyncCommand({ FunctionName: 'Log', InvokeArgs: JSON.stringify({ file, line: 'older' }) }));
    assert.equal(older.Status, 202);
    await until('both lines', () => (readFileSync(file, 'utf8') === 'event\nolder\n' ? true : undefined));
  });

  it('fails twice and then succeeds, hurried by POST /_local-lambda/clock', async () => {
    await own(engine, 'clock', { scale: 1 });
    const id = await event('Flaky', { file: join(scratch, 'flaky') });
    for (const tries of [1, 2]) {
      const waiting = await until(`wait ${tries}`, async () => {
        const execution = await executionOf(engine, id);
        return execution.asynchronous?.wait?.kind === 'retry' && execution.attempts.length === tries ? execution : undefined;
      });
      assert.equal(waiting.asynchronous?.wait?.awsSeconds, tries * 60);
      await own(engine, 'clock', { advanceSeconds: tries * 60 });
    }
    const execution = await finished(engine, id);
    assert.deepEqual([execution.status, execution.attempts.map(({ status }) => status)], ['succeeded', ['failed', 'failed', 'succeeded']]);
    const record = await own<Record<string, Record<string, unknown>>>(engine, `record?id=${id}`);
    assert.deepEqual([record['requestContext']?.['condition'], record['requestContext']?.['approximateInvokeCount']], ['Success', 3]);
    await own(engine, 'clock', { scale: 60 });
  });

  it('keeps event invoke configs and recursion configs as the API models them', async () => {
    const put = await client.send(new PutFunctionEventInvokeConfigCommand({
      FunctionName: 'Fails', MaximumRetryAttempts: 0, DestinationConfig: { OnFailure: { Destination: put0(engine, 'Log') } },
    }));
    assert.deepEqual([put.MaximumRetryAttempts, put.DestinationConfig?.OnSuccess, put.LastModified instanceof Date], [0, {}, true]);
    assert.equal((await client.send(new ListFunctionEventInvokeConfigsCommand({ FunctionName: 'Fails' }))).FunctionEventInvokeConfigs?.length, 1);
    const id = await event('Fails', {});
    const { asynchronous } = await finished(engine, id);
    assert.deepEqual([asynchronous?.condition, asynchronous?.deliveries[0]?.status], ['RetriesExhausted', 'delivered']);
    await client.send(new DeleteFunctionEventInvokeConfigCommand({ FunctionName: 'Fails' }));
    await assert.rejects(client.send(new GetFunctionEventInvokeConfigCommand({ FunctionName: 'Fails' })), { name: 'ResourceNotFoundException' });
    await client.send(new PutFunctionRecursionConfigCommand({ FunctionName: 'Fails', RecursiveLoop: 'Allow' }));
    assert.equal((await client.send(new GetFunctionRecursionConfigCommand({ FunctionName: 'Fails' }))).RecursiveLoop, 'Allow');
  });

  it('an event that a handler sends knows its cause', async () => {
    const cause = await event('Relay', { file: join(scratch, 'relay'), line: 'relayed' });
    await finished(engine, cause);
    const caused = await until('the relayed event', async () => {
      const { executions } = await own<{ executions: Execution[] }>(engine, 'executions?limit=20&function=Log');
      return executions.find(({ causedBy }) => causedBy === cause);
    });
    assert.equal(/Root=([^;]+)/.exec(caused.traceId)?.[1], /Root=([^;]+)/.exec((await executionOf(engine, cause)).traceId)?.[1]);
  });

  it('refuses an event over 1 MB with 413 and the limit in its text', async () => {
    await assert.rejects(
      client.send(new InvokeCommand({ FunctionName: 'Log', InvocationType: 'Event', Payload: JSON.stringify('x'.repeat(1_048_576)) })),
      (error: Error & { $metadata?: { httpStatusCode?: number } }) => error.name === 'RequestTooLargeException' && error.$metadata?.httpStatusCode === 413 && error.message.includes('1048576'),
    );
  });

  it('answers for the clock: reads it, refuses nonsense', async () => {
    assert.equal((await own<{ scale: number }>(engine, 'clock')).scale, 60);
    for (const body of [{}, { scale: 0 }, { scale: 'fast' }, { advanceSeconds: -1 }]) {
      const answer = await fetch(`${engine.info.endpoint}/_local-lambda/clock`, { method: 'POST', headers: { authorization: `Bearer ${engine.info.token}` }, body: JSON.stringify(body) });
      assert.equal(answer.status, 400, JSON.stringify(body));
    }
  });
});

const put0 = ({ info }: EngineProcess, name: string) => `arn:aws:lambda:${info.region}:${info.accountId}:function:${name}`;

describe('asynchronous invocation, when the engine is killed', () => {
  it('kill -9 under load, again and again: every accepted event runs, none stays stuck', async function crash() {
    this.timeout(120_000);
    const scratch = realpathSync(mkdtempSync(join(tmpdir(), 'local-lambda-crash-')));
    const file = join(scratch, 'lines');
    const workspace = join(scratch, 'w');
    const data = join(scratch, 'd');
    const accepted: string[] = [];
    let sent = 0;
    const start = () => startEngineProcess({ workspace, data, files, parameters: ['--no-sign'] });
    let engine = await start();
    try {
      for (const lifetime of [400, 150, 700, 300]) {
        const { endpoint } = engine.info;
        let alive = true;
        const callers = Array.from({ length: 8 }, async () => {
          while (alive) {
            const line = `e${sent += 1}`;
            try {
              const answer = await fetch(`${endpoint}/2015-03-31/functions/Log/invocations`, {
                method: 'POST', headers: { 'X-Amz-Invocation-Type': 'Event' }, body: JSON.stringify({ file, line, sleep: sent % 7 }),
              });
              await answer.arrayBuffer();
              if (answer.status === 202) accepted.push(line);
            } catch {
              // The engine is gone: whether it had taken this one is its own affair.
              return;
            }
          }
        });
        await delay(lifetime);
        const exited = once(engine.child, 'exit');
        engine.child.kill('SIGKILL');
        await exited;
        alive = false;
        await Promise.all(callers);
        engine = await start();
      }
      assert.ok(accepted.length > 20, `only ${accepted.length} events were accepted`);
      await until('the queue is empty', async () => {
        const { queued, inFlight } = await own<{ queued: number; inFlight: number }>(engine, 'health');
        return queued + inFlight === 0 ? true : undefined;
      });
      const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
      const ran = new Set(lines);
      assert.deepEqual(accepted.filter((line) => !ran.has(line)), [], 'lost events');
      const { executions } = await own<{ executions: Execution[] }>(engine, 'executions?limit=1000');
      const stuck = executions.filter(({ status }) => status === 'queued' || status === 'running');
      assert.deepEqual(stuck.map(({ id, status }) => [id, status]), []);
    } finally {
      await engine.stop();
      rmSync(scratch, { recursive: true, force: true });
    }
  });

  it('answers an error, never 202, when the event cannot be stored', async () => {
    const engine = await startEngineProcess({ files, parameters: ['--no-sign'] });
    const { DatabaseSync } = await import('node:sqlite');
    const lock = new DatabaseSync(join(engine.data, 'state.sqlite'));
    try {
      lock.exec('BEGIN EXCLUSIVE');
      const file = join(engine.workspace, 'never');
      const answer = await fetch(`${engine.info.endpoint}/2015-03-31/functions/Log/invocations`, {
        method: 'POST', headers: { 'X-Amz-Invocation-Type': 'Event' }, body: JSON.stringify({ file, line: 'x' }),
      });
      assert.deepEqual([answer.status, answer.headers.get('x-amzn-errortype')], [500, 'ServiceException']);
      lock.exec('ROLLBACK');
      appendFileSync(file, '');
      await delay(200);
      assert.equal(readFileSync(file, 'utf8'), '');
      assert.ok(existsSync(file));
    } finally {
      lock.close();
      await engine.stop();
    }
  });
});
