/** What AWS's Node runtimes do with handlers and their results, asserted of our Node bootstrap. */
import assert from 'node:assert/strict';
import { processes } from '../unit/runtime-bootstraps/bootstrap-process.ts';

describe('Node bootstrap, nodejs22 and older', function () {
  this.timeout(20_000);
  const start = processes({ runtime: 'nodejs22.x' });
  const handler = (source: string) => start({ files: { 'index.js': `exports.handler = ${source};` } });

  it('lambda-facts §6.3: a plain return value is ignored and answers null', async () => {
    const process = await handler('() => 5');
    assert.deepEqual(await process.invoke(), { kind: 'response', payload: 'null' });
    assert.deepEqual(await process.invoke(), { kind: 'response', payload: 'null' }, 'and the environment lives on');
  });

  it('lambda-facts §6.3: the value of a promise is the answer, of any thenable too', async () => {
    const process = await handler("(event) => event.bare ? { then: (done) => done('thenable') } : Promise.resolve({ got: event })");
    assert.deepEqual(await process.result({ a: 1 }), { got: { a: 1 } });
    assert.equal(await process.result({ bare: true }), 'thenable');
  });

  it('lambda-facts §6.3: undefined answers null', async () => {
    const process = await handler('async () => {}');
    assert.deepEqual(await process.invoke(), { kind: 'response', payload: 'null' });
  });

  it('lambda-facts §6.3: a callback answers once the event loop is empty', async () => {
    const process = await handler("(event, context, callback) => { setTimeout(() => console.log('later'), 50); callback(null, 'called'); }");
    assert.equal(await process.result(), 'called');
    assert.deepEqual(process.timeline.slice(-2).map((entry) => entry.replace(/^.*\t/s, '')), ['later\n', '<response>']);
  });

  it('lambda-facts §6.3: callbackWaitsForEmptyEventLoop = false answers at once', async () => {
    const process = await handler("(event, context, callback) => { setInterval(() => {}, 1000); context.callbackWaitsForEmptyEventLoop = false; callback(null, context.callbackWaitsForEmptyEventLoop); }");
    assert.equal(await process.result(), false);
  });

  it('lambda-facts §6.3: callbackWaitsForEmptyEventLoop is true unless set', async () => {
    const process = await handler('async (event, context) => context.callbackWaitsForEmptyEventLoop');
    assert.equal(await process.result(), true);
  });

  it('lambda-facts §6.3: an error passed to the callback fails the invocation', async () => {
    const process = await handler("(event, context, callback) => callback(new TypeError('no'))");
    const answer = await process.invoke();
    assert.equal(answer.kind, 'error');
    assert.equal(answer.errorType, 'TypeError');
  });

  it('lambda-facts §6.3: the first completion wins', async () => {
    const process = await handler("(event, context, callback) => { context.succeed('first'); callback(null, 'second'); context.fail('third'); return Promise.resolve('fourth'); }");
    assert.equal(await process.result(), 'first');
    assert.equal(await process.result(), 'first', 'nothing of the first invocation reaches the second');
    assert.equal(process.timeline.filter((entry) => entry.startsWith('<r') || entry === '<error>').length, 3);
  });

  it('lambda-facts §6.3: context.done and context.fail complete it too', async () => {
    const process = await handler("(event, context) => event.fail ? context.fail(event.fail === true ? undefined : event.fail) : context.done(null, 'done')");
    assert.equal(await process.result(), 'done');
    assert.deepEqual(await process.result({ fail: 'reason' }), { errorType: 'string', errorMessage: 'reason', trace: [] });
    assert.deepEqual(await process.result({ fail: true }), { errorType: 'string', errorMessage: 'handled', trace: [] });
  });

  it('lambda-facts §6.3: an async handler that can never settle fails with Runtime.NodeJsExit', async () => {
    const process = await handler('async () => new Promise(() => {})');
    const answer = await process.invoke();
    assert.equal(answer.errorType, 'Runtime.NodeJsExit');
    assert.equal((JSON.parse(answer.payload) as { errorMessage: string }).errorMessage, 'The Lambda runtime client detected an unexpected Node.js exit '
      + 'code. This is most commonly caused by a Promise that was never settled. For more information, see https://nodejs.org/docs/latest/api/process.html#exit-codes');
    assert.equal((await process.invoke()).errorType, 'Runtime.NodeJsExit', 'and the environment lives on');
  });

  it('lambda-facts §6.3: a handler that is not async and never calls back answers null', async () => {
    const process = await handler('(event, context, callback) => {}');
    assert.deepEqual(await process.invoke(), { kind: 'response', payload: 'null' });
  });

  it('lambda-facts §6.3: a handler of three parameters is warned about, unless the warning is off', async () => {
    const loud = await handler('(event, context, callback) => callback()');
    await loud.init;
    assert.match(loud.logs, /\tWARN\tAWS Lambda plans to remove support for callback-based function handlers starting with Node\.js 24\./);
    const silent = await start({
      files: { 'index.js': 'exports.handler = (event, context, callback) => callback();' },
      environment: { AWS_LAMBDA_NODEJS_DISABLE_CALLBACK_WARNING: '1' },
    });
    await silent.init;
    assert.equal(silent.logs, '');
  });

  it('lambda-facts §6.3: an unhandled rejection is Runtime.UnhandledPromiseRejection, and the process exits 128', async () => {
    const process = await handler("async () => { Promise.reject(new Error('lost')); await new Promise(() => setTimeout(() => {}, 5000)); }");
    const answer = await process.invoke();
    assert.equal(answer.errorType, 'Runtime.UnhandledPromiseRejection');
    assert.equal((JSON.parse(answer.payload) as { errorMessage: string }).errorMessage, 'Error: lost');
    assert.equal(await process.exit, 128);
    assert.match(process.logs, /\tERROR\tUnhandled Promise Rejection \t\{"errorType":"Runtime\.UnhandledPromiseRejection","errorMessage":"Error: lost","reason":\{"errorType":"Error","errorMessage":"lost"/);
  });

  it('lambda-facts §6.3: an uncaught exception is the error of the invocation, and the process exits 129', async () => {
    const process = await handler("() => { setTimeout(() => { throw new RangeError('thrown late'); }, 1); }");
    const answer = await process.invoke();
    assert.equal(answer.errorType, 'RangeError');
    assert.equal(await process.exit, 129);
    assert.match(process.logs, /\tERROR\tUncaught Exception \t\{"errorType":"RangeError","errorMessage":"thrown late"/);
  });

  it('lambda-facts §1.3: a result that JSON cannot express fails with "Unable to stringify response body"', async () => {
    const process = await handler('async (event) => { const value = {}; value.value = event.big ? 1n : value; return value; }');
    const circular = await process.invoke();
    assert.equal(circular.errorType, 'Error');
    assert.equal((JSON.parse(circular.payload) as { errorMessage: string }).errorMessage, 'Unable to stringify response body');
    assert.equal((await process.invoke({ big: true })).errorType, 'Error');
  });
});

describe('Node bootstrap, nodejs24 and newer', function () {
  this.timeout(20_000);
  const start = processes({ runtime: 'nodejs24.x' });
  const handler = (source: string) => start({ files: { 'index.js': `exports.handler = ${source};` } });

  it('lambda-facts §6.3: a plain return value is returned', async () => {
    const process = await handler('(event) => event.n + 1');
    assert.equal(await process.result({ n: 4 }), 5);
  });

  it('lambda-facts §6.3: a handler of three parameters is refused at init with Runtime.CallbackHandlerDeprecated', async () => {
    const process = await handler('(event, context, callback) => callback(null, 1)');
    const init = await process.init;
    assert.equal(init.kind, 'init-error');
    assert.deepEqual(JSON.parse((init as { payload: string }).payload), {
      errorType: 'Runtime.CallbackHandlerDeprecated',
      errorMessage: 'ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You need to modify this '
        + 'function to use a supported handler signature to use Node.js 24 or later. For more information see '
        + 'https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html.',
      trace: JSON.parse((init as { payload: string }).payload).trace,
    });
    assert.equal(await process.exit, 1);
  });

  it('lambda-facts §6.3: there is no callback, no succeed, fail or done, no callbackWaitsForEmptyEventLoop', async () => {
    const process = await handler("function (event, context) { return [arguments.length, ...['succeed', 'fail', 'done', 'callbackWaitsForEmptyEventLoop'].map((name) => name in context)]; }");
    assert.deepEqual(await process.result(), [2, false, false, false, false]);
  });

  it('lambda-facts §6.3: the context has xRayTraceId and tenantId', async () => {
    const process = await handler("(event, context) => [context.xRayTraceId, 'tenantId' in context]");
    assert.deepEqual(await process.result({}, { traceId: 'Root=1-2-3' }), ['Root=1-2-3', true]);
  });

  it('lambda-facts §6.3: the global awslambda has InvokeStore', async () => {
    const process = await handler('async (event, context) => [awslambda.InvokeStore.getRequestId() === context.awsRequestId, awslambda.InvokeStore.getXRayTraceId()]');
    assert.deepEqual(await process.result({}, { traceId: 'Root=1-2-3' }), [true, 'Root=1-2-3']);
  });

  it('lambda-facts §1.3: a result that JSON cannot express is Runtime.JSONStringifyError', async () => {
    const process = await handler('() => ({ n: 1n })');
    const answer = await process.invoke();
    assert.equal(answer.errorType, 'Runtime.JSONStringifyError');
    assert.equal((JSON.parse(answer.payload) as { errorMessage: string }).errorMessage, 'Unable to stringify response body');
  });

  it('lambda-facts §6.3: nothing catches an exception outside the handler: the process ends, its words in the log', async () => {
    const process = await handler("() => new Promise(() => { setTimeout(() => { throw new RangeError('thrown late'); }, 1); })");
    assert.deepEqual(await process.invoke(), { kind: 'exit', payload: '', code: 1 });
    assert.match(process.raw, /RangeError: thrown late/);
  });

  it('lambda-facts §6.3 DOUBT: a promise that can never settle ends the process with Node\'s exit code 13', async () => {
    const process = await handler('() => new Promise(() => {})');
    assert.deepEqual(await process.invoke(), { kind: 'exit', payload: '', code: 13 });
  });

  it('lambda-facts §6.3: module.default is searched for the handler too; up to nodejs22 it is not', async () => {
    const files = { 'index.mjs': 'export default { handler: async () => "default" };' };
    assert.equal(await (await start({ files })).result(), 'default');
    assert.equal(((await (await start({ files, runtime: 'nodejs22.x' })).init) as { errorType: string }).errorType, 'Runtime.HandlerNotFound');
  });
});

describe('Node bootstrap, streaming handlers', function () {
  this.timeout(20_000);
  for (const runtime of ['nodejs22.x', 'nodejs24.x']) {
    const start = processes({ runtime });
    const handler = (source: string) => start({ files: { 'index.mjs': `export const handler = awslambda.streamifyResponse(${source});` } });

    it(`lambda-facts §6.3: ${runtime}: what is written to the stream is the answer`, async () => {
      const process = await handler("async (event, stream, context) => { stream.setContentType('text/plain'); stream.write('a'); stream.write(Buffer.from('b')); stream.end(context.awsRequestId); }");
      assert.equal((await process.invoke()).payload, 'abrequest-1');
    });

    it(`lambda-facts §6.1: ${runtime}: HttpResponseStream puts a JSON prelude and eight NUL bytes before the body`, async () => {
      const process = await handler("async (event, stream) => { const http = awslambda.HttpResponseStream.from(stream, { statusCode: 201 }); http.end('body'); }");
      assert.equal((await process.invoke()).payload, `{"statusCode":201}${'\0'.repeat(8)}body`);
    });

    it(`lambda-facts §6.3: ${runtime}: a handler that is not async fails`, async () => {
      const process = await handler('(event, stream) => { stream.end(); }');
      assert.equal((await process.result())['errorMessage'], 'Streaming does not support non-async handlers.');
    });

    it(`lambda-facts §6.3: ${runtime}: a stream left open fails`, async () => {
      const process = await handler("async (event, stream) => { stream.write('a'); }");
      assert.equal((await process.result())['errorMessage'], 'Response stream is not finished.');
    });

    it(`lambda-facts §6.3: ${runtime}: return values are ignored with a warning`, async () => {
      const process = await handler("async (event, stream) => { stream.end('x'); return 1; }");
      assert.equal((await process.invoke()).payload, 'x');
      assert.match(process.logs, /\tWARN\tStreaming handlers ignore return values\.\n/);
    });
  }

  const start = processes({ runtime: 'nodejs24.x' });
  it('lambda-facts §6.3: AWS_LAMBDA_NODEJS_NO_GLOBAL_AWSLAMBDA takes the global away', async () => {
    const process = await start({ files: { 'index.js': 'exports.handler = () => typeof awslambda;' }, environment: { AWS_LAMBDA_NODEJS_NO_GLOBAL_AWSLAMBDA: '1' } });
    assert.equal(await process.result(), 'undefined');
  });
});
