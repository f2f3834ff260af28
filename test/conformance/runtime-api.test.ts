/** The Runtime API as a `bootstrap` program sees it: plain HTTP, no client of AWS. */
import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { openRuntimeApi } from '../../src/runtime/runtime-api.ts';
import type { Delivery, Transport } from '../../src/runtime/transport.ts';

const logger = { debug() {}, info() {}, warn() {}, error() {} };
const delivery: Delivery = {
  requestId: '8476a536-e9f4-11e8-9739-2dfe598c3fcd', invokedFunctionArn: 'arn:aws:lambda:us-east-1:123456789012:function:f:live',
  deadline: 1_542_409_706_888, traceId: 'Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1', payload: Buffer.from('{"k": 1}'),
};

describe('lambda-facts §6.1: Runtime API', () => {
  let heard: [string, ...unknown[]][];
  let transport: Transport;
  let base: string;

  beforeEach(async () => {
    heard = [];
    transport = await openRuntimeApi({
      onReady: () => heard.push(['ready']),
      onInitError: (type, payload) => heard.push(['init-error', type, payload.toString()]),
      onResponse: (id, payload) => heard.push(['response', id, payload.toString()]),
      onResponseTooLarge: (id, bytes) => heard.push(['too-large', id, bytes]),
      onError: (id, type, payload) => heard.push(['error', id, type, payload.toString()]),
      onRawOutput: () => {}, onLog: () => {}, onFiles: () => {}, onMemory: () => {},
    }, logger);
    base = `http://${transport.environment['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime`;
  });
  afterEach(() => transport.close());

  async function next(more: Partial<Delivery> = {}): Promise<Response> {
    const waiting = fetch(`${base}/invocation/next`);
    transport.deliver({ ...delivery, ...more });
    return waiting;
  }
  const post = (path: string, body: string, headers: Record<string, string> = {}) => fetch(base + path, { method: 'POST', body, headers });
  const answerTo = (what: 'response' | 'error', body: string, headers: Record<string, string> = {}) => post(`/invocation/${delivery.requestId}/${what}`, body, headers);

  it('invocation/next waits, and hands over the event with its headers', async () => {
    const answer = await next();
    assert.equal(answer.status, 200);
    assert.equal(await answer.text(), '{"k": 1}');
    const header = (name: string) => answer.headers.get(name);
    assert.equal(header('Lambda-Runtime-Aws-Request-Id'), delivery.requestId);
    assert.equal(header('Lambda-Runtime-Deadline-Ms'), '1542409706888');
    assert.equal(header('Lambda-Runtime-Invoked-Function-Arn'), delivery.invokedFunctionArn);
    assert.equal(header('Lambda-Runtime-Trace-Id'), delivery.traceId);
    assert.match(header('Lambda-Runtime-Invocation-Id') ?? '', /^[0-9a-f-]{36}$/);
    assert.equal(header('Lambda-Runtime-Client-Context'), null);
    assert.deepEqual(heard, [['ready']]);
  });

  it('the client context is a header of decoded JSON, escaped where a header cannot hold it', async () => {
    const answer = await next({ clientContext: '{"custom":{"name":"Grüße ✓"}}' });
    const text = answer.headers.get('Lambda-Runtime-Client-Context') ?? '';
    assert.match(text, /^[\x20-\x7e]+$/);
    assert.deepEqual(JSON.parse(text), { custom: { name: 'Grüße ✓' } });
  });

  it('a response is accepted with 202 and status OK, once', async () => {
    await next();
    const accepted = await answerTo('response', '"done"');
    assert.equal(accepted.status, 202);
    assert.deepEqual(await accepted.json(), { status: 'OK' });
    assert.equal((await answerTo('response', '"again"')).status, 400);
    assert.deepEqual(heard, [['ready'], ['response', delivery.requestId, '"done"']]);
  });

  it('an error carries its type in a header, else in its body', async () => {
    await next();
    assert.equal((await answerTo('error', '{"errorMessage":"m","errorType":"Body"}', { 'Lambda-Runtime-Function-Error-Type': 'Runtime.Mine' })).status, 202);
    await next();
    await answerTo('error', '{"errorMessage":"m","errorType":"Body"}');
    assert.deepEqual(heard.filter(([kind]) => kind === 'error').map(([, , type]) => type), ['Runtime.Mine', 'Body']);
  });

  it('init/error is accepted before the first next, and refused with 403 after it', async () => {
    assert.equal((await post('/init/error', '{"errorMessage":"m","errorType":"Init"}', { 'Lambda-Runtime-Function-Error-Type': 'Runtime.NoSuchHandler' })).status, 202);
    assert.deepEqual(heard, [['init-error', 'Runtime.NoSuchHandler', '{"errorMessage":"m","errorType":"Init"}']]);
    await next();
    assert.equal((await post('/init/error', '{}')).status, 403);
  });

  it('another request id, or an invocation id that is not the one handed out, is refused with 400', async () => {
    const answer = await next();
    const wrong = await post('/invocation/00000000-0000-0000-0000-000000000000/response', '1');
    assert.deepEqual([wrong.status, (await wrong.json() as { errorType: string }).errorType], [400, 'InvalidRequestID']);
    const mismatch = await answerTo('response', '1', { 'Lambda-Runtime-Invocation-Id': 'another' });
    assert.deepEqual([mismatch.status, (await mismatch.json() as { errorType: string }).errorType], [400, 'InvalidInvocationId']);
    const echoed = await answerTo('response', '1', { 'Lambda-Runtime-Invocation-Id': answer.headers.get('Lambda-Runtime-Invocation-Id') ?? '' });
    assert.equal(echoed.status, 202);
  });

  it('a response over 6 MB is refused with 413', async () => {
    await next();
    assert.equal((await answerTo('response', 'x'.repeat(6_291_557))).status, 413);
    assert.deepEqual(heard.at(-1), ['too-large', delivery.requestId, 6_291_557]);
    await next();
    assert.equal((await answerTo('response', 'x'.repeat(6_291_556))).status, 202);
  });

  it('a streamed response may end as an error, told in trailers', async () => {
    await next();
    const body = Buffer.from('{"errorMessage":"midway","errorType":"Late"}');
    const status = await new Promise<number>((resolve, reject) => {
      const outgoing = httpRequest(`${base}/invocation/${delivery.requestId}/response`, {
        method: 'POST',
        headers: { 'Lambda-Runtime-Function-Response-Mode': 'streaming', 'Transfer-Encoding': 'chunked', Trailer: 'Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body' },
      }, (answer) => {
        answer.resume();
        resolve(answer.statusCode ?? 0);
      });
      outgoing.on('error', reject);
      outgoing.write('half');
      outgoing.addTrailers({ 'Lambda-Runtime-Function-Error-Type': 'Late', 'Lambda-Runtime-Function-Error-Body': body.toString('base64') });
      outgoing.end();
    });
    assert.equal(status, 202);
    assert.deepEqual(heard.at(-1), ['error', delivery.requestId, 'Late', body.toString()]);
  });

  it('restore/next goes straight on, and what is not there answers 404 in JSON', async () => {
    assert.equal((await fetch(`${base}/restore/next`)).status, 200);
    const missing = await fetch(`${base}/nowhere`, { method: 'POST' });
    assert.deepEqual([missing.status, missing.headers.get('content-type')], [404, 'application/json']);
  });
});
