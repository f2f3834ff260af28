/** How AWS's Node runtimes find a handler, what they tell it, and how they report errors, asserted of our Node bootstrap. */
import assert from 'node:assert/strict';
import { processes, type Init } from '../unit/runtime-bootstraps/bootstrap-process.ts';

interface Fault { errorType: string; errorMessage: string; trace: string[] }
const faultOf = (init: Init) => JSON.parse((init as { payload: string }).payload) as Fault;

describe('Node bootstrap, loading', function () {
  this.timeout(20_000);
  const start = processes({ runtime: 'nodejs22.x' });

  const found: [string, string, Record<string, string>][] = [
    ['index.handler', 'CommonJS', { 'index.js': 'exports.handler = async () => "here";' }],
    ['src/app/index.handler', 'a path', { 'src/app/index.js': 'exports.handler = async () => "here";' }],
    ['index.api.orders.list', 'a nested property', { 'index.js': 'exports.api = { orders: { list: async () => "here" } };' }],
    ['index.handler', 'an ES module by its extension', { 'index.mjs': 'export const handler = async () => "here";' }],
    ['index.handler', 'an ES module by the type of its package', { 'package.json': '{"type":"module"}', 'index.js': 'export const handler = async () => "here";' }],
    ['src/index.handler', 'an ES module by the type of a package above it', { 'package.json': '{"type":"module"}', 'src/index.js': 'export const handler = async () => "here";' }],
    ['index.handler', 'CommonJS by its extension in a module package', { 'package.json': '{"type":"module"}', 'index.cjs': 'exports.handler = async () => "here";' }],
    ['index.handler', 'an ES module that awaits at its top', { 'index.mjs': 'await new Promise((done) => setTimeout(done, 5)); export const handler = async () => "here";' }],
    ['index.handler', 'a file without extension', { index: 'exports.handler = async () => "here";' }],
    ['index.handler', '.js before .mjs and .cjs', { 'index.js': 'exports.handler = async () => "here";', 'index.mjs': 'throw new Error("not me");', 'index.cjs': 'throw new Error("not me");' }],
    ['app.handler', 'a folder with an index', { 'app/index.js': 'exports.handler = async () => "here";' }],
    ['wrapper.handler', 'a package', { 'node_modules/wrapper/index.js': 'exports.handler = async () => "here";' }],
  ];
  for (const [handler, what, files] of found) {
    for (const runtime of ['nodejs22.x', 'nodejs24.x']) {
      it(`lambda-facts §6.3: ${runtime} loads ${what} (${handler})`, async () => {
        const process = await start({ files, handler, runtime });
        assert.equal(await process.result(), 'here');
      });
    }
  }

  const refused: [string, string, Record<string, string>, string, RegExp][] = [
    ['index.handler', 'a missing module', {}, 'Runtime.ImportModuleError', /^Error: Cannot find module 'index'\nRequire stack:\n/],
    ['index.handler', 'a missing import', { 'index.js': 'require("not-there");' }, 'Runtime.ImportModuleError', /^Error: Cannot find module 'not-there'\nRequire stack:\n/],
    ['index.nothing', 'a missing export', { 'index.js': 'exports.handler = () => {};' }, 'Runtime.HandlerNotFound', /^index\.nothing is undefined or not exported$/],
    ['index.handler', 'an export that is not a function', { 'index.js': 'exports.handler = 5;' }, 'Runtime.HandlerNotFound', /^index\.handler is not a function$/],
    ['index', 'a name without a dot', { 'index.js': '' }, 'Runtime.MalformedHandlerName', /^Bad handler$/],
    ['../index.handler', 'a name with ..', { 'index.js': '' }, 'Runtime.MalformedHandlerName', /^'\.\.\/index\.handler' is not a valid handler name\. Use absolute paths when specifying root directories in handler names\.$/],
    ['index.handler', 'broken syntax', { 'index.js': 'exports.handler = (;' }, 'Runtime.UserCodeSyntaxError', /^SyntaxError: Unexpected token ';'$/],
    ['index.handler', 'an unknown kind of streaming', { 'index.js': 'exports.handler = async () => {}; exports.handler[Symbol.for("aws.lambda.runtime.handler.streaming")] = "both";' }, 'Runtime.MalformedStreamingHandler', /^Only response streaming is supported\.$/],
    ['index.handler', 'an exception while loading', { 'index.js': 'throw new RangeError("at load");' }, 'RangeError', /^at load$/],
    ['index.handler', "an ES module's missing import", { 'index.mjs': 'import "not-there"; export const handler = async () => {};' }, 'Error', /^Cannot find package 'not-there'/],
  ];
  for (const [handler, what, files, errorType, message] of refused) {
    it(`lambda-facts §1.3: ${what} is ${errorType} at init`, async () => {
      const process = await start({ files, handler });
      const init = await process.init;
      assert.equal(init.kind, 'init-error', JSON.stringify(init));
      assert.equal((init as { errorType: string }).errorType, errorType);
      const fault = faultOf(init);
      assert.deepEqual(Object.keys(fault), ['errorType', 'errorMessage', 'trace']);
      assert.equal(fault.errorType, errorType);
      assert.match(fault.errorMessage, message);
      assert.ok(process.logs.includes(`\tundefined\tERROR\tUncaught Exception \t{"errorType":"${errorType}"`), process.logs);
      assert.equal(await process.exit, 129);
    });
  }

  it('lambda-facts §1.3: the trace of Runtime.UserCodeSyntaxError is the stack of the original error', async () => {
    const fault = faultOf(await (await start({ files: { 'index.js': '\nexports.handler = (;' } })).init);
    assert.match(fault.trace[0]!, /index\.js:2$/);
    assert.ok(fault.trace.includes("SyntaxError: Unexpected token ';'"), fault.trace.join('\n'));
  });

  it('lambda-facts §6.3: an unhandled rejection during init is an init error, and the process exits 128', async () => {
    const process = await start({ files: { 'index.mjs': 'Promise.reject(new Error("lost")); await new Promise((done) => setTimeout(done, 1000)); export const handler = 1;' } });
    assert.equal(((await process.init) as { errorType: string }).errorType, 'Runtime.UnhandledPromiseRejection');
    assert.equal(await process.exit, 128);
  });

  it('lambda-facts §6.3 DOUBT: a module that can never be loaded ends the process with Node\'s exit code 13', async () => {
    const process = await start({ files: { 'index.mjs': 'await new Promise(() => {}); export const handler = 1;' } });
    assert.deepEqual(await process.init, { kind: 'exit', code: 13 });
  });
});

describe('Node bootstrap, context', function () {
  this.timeout(20_000);
  const start = processes({ runtime: 'nodejs22.x' });

  for (const runtime of ['nodejs22.x', 'nodejs24.x']) {
    it(`lambda-facts §6.3: ${runtime}: the fields of the context`, async () => {
      const process = await start({ files: { 'index.js': 'exports.handler = async (event, context) => ({ ...context, fields: Object.keys(context) });' }, runtime });
      const { fields, ...context } = await process.result({}, { requestId: 'an-id', invokedFunctionArn: 'arn:x', clientContext: '{"custom":{"k":"v"}}' });
      const expected: Record<string, unknown> = {
        functionVersion: '$LATEST', functionName: 'orders', memoryLimitInMB: '128', logGroupName: '/aws/lambda/orders',
        logStreamName: '2026/11/24/[$LATEST]abc', clientContext: { custom: { k: 'v' } }, invokedFunctionArn: 'arn:x', awsRequestId: 'an-id',
        ...(runtime === 'nodejs22.x' ? { callbackWaitsForEmptyEventLoop: true } : { xRayTraceId: 'Root=1-5759e988-bd862e3fe1be46a994272793' }),
      };
      assert.deepEqual(context, expected);
      for (const name of ['identity', 'getRemainingTimeInMillis']) assert.ok((fields as string[]).includes(name), name);
    });
  }

  it('lambda-facts §6.3: clientContext is undefined when there is none', async () => {
    const process = await start({ files: { 'index.js': 'exports.handler = async (event, context) => String(context.clientContext);' } });
    assert.equal(await process.result(), 'undefined');
  });

  it('lambda-facts §6.3: getRemainingTimeInMillis counts down to the deadline, and below zero', async () => {
    const process = await start({ files: { 'index.js': 'exports.handler = async (event, context) => context.getRemainingTimeInMillis();' } });
    const left = await process.result<number>({}, { deadline: Date.now() + 60_000 });
    assert.ok(left > 0 && left <= 60_000, String(left));
    assert.ok(await process.result<number>({}, { deadline: Date.now() - 5000 }) <= -5000);
  });

  it('lambda-facts §6.3: _X_AMZN_TRACE_ID is set for each invocation, and deleted when there is none', async () => {
    const process = await start({ files: { 'index.js': 'exports.handler = async () => String(process.env._X_AMZN_TRACE_ID);' } });
    assert.equal(await process.result({}, { traceId: 'Root=1-a' }), 'Root=1-a');
    assert.equal(await process.result({}, { traceId: '' }), 'undefined');
  });
});

describe('Node bootstrap, error payloads', function () {
  this.timeout(20_000);
  const start = processes({ runtime: 'nodejs22.x' });

  for (const runtime of ['nodejs22.x', 'nodejs24.x']) {
    const fail = async (source: string) => {
      const process = await start({ files: { 'index.js': `exports.handler = async () => { ${source} };` }, runtime });
      const answer = await process.invoke();
      assert.equal(answer.kind, 'error');
      return { answer, process, fault: JSON.parse(answer.payload) as Fault };
    };

    it(`lambda-facts §1.3: ${runtime}: errorType, errorMessage and trace of a thrown Error, in this order`, async () => {
      const { answer, fault, process } = await fail("throw new RangeError('too far');");
      assert.match(answer.payload, /^\{"errorType":"RangeError","errorMessage":"too far","trace":\["RangeError: too far","/);
      assert.equal(answer.errorType, 'RangeError');
      assert.ok(fault.trace[1]!.includes(`${process.folder}`) && fault.trace[1]!.includes('index.js:1:'), fault.trace[1]);
    });

    it(`lambda-facts §1.3: ${runtime}: a thrown value that is no Error is its type and its text`, async () => {
      assert.deepEqual((await fail("throw 'words';")).fault, { errorType: 'string', errorMessage: 'words', trace: [] });
      assert.deepEqual((await fail('throw 5;')).fault, { errorType: 'number', errorMessage: '5', trace: [] });
      assert.deepEqual((await fail('throw { a: 1 };')).fault, { errorType: 'object', errorMessage: '[object Object]', trace: [] });
    });

    it(`lambda-facts §1.3: ${runtime}: an error whose reading throws is "handled"`, async () => {
      const { fault } = await fail("throw { get name() { throw new Error('no'); } };");
      assert.equal(fault.errorType, 'handled');
      assert.equal(fault.errorMessage, 'callback called with Error argument, but there was a problem while retrieving one or more of its message, name, and stack');
    });

    it(`lambda-facts §1.3: ${runtime}: U+007F becomes %7F`, async () => {
      assert.equal((await fail("throw new Error('a\\x7fb');")).fault.errorMessage, 'a%7Fb');
    });

    it(`lambda-facts §1.3: ${runtime}: an error with circular fields is reported and logged`, async () => {
      const { fault, process } = await fail("const error = new Error('round'); error.self = { error }; throw error;");
      assert.equal(fault.errorMessage, 'round');
      assert.match(process.logs, /\tERROR\tInvoke Error \t\{"errorType":"Error","errorMessage":"round"/);
    });

    it(`lambda-facts §6.4: ${runtime}: the log line of an error: Invoke Error, a tab, the error with its own fields`, async () => {
      const { process } = await fail("throw Object.assign(new Error('x'), { code: 'E1', statusCode: 404 });");
      const line = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\trequest-1\tERROR\tInvoke Error \t(\{.*\})\n$/.exec(process.logs);
      assert.ok(line, process.logs);
      const shown = JSON.parse(line[1]!) as Record<string, unknown>;
      assert.deepEqual(Object.keys(shown), ['errorType', 'errorMessage', 'code', 'statusCode', 'stack']);
      assert.equal((shown['stack'] as string[])[0], 'Error: x');
    });
  }
});
