/** What AWS's Python runtimes do with handlers, errors and logs, asserted of our Python bootstrap. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { processes, type Init } from '../unit/runtime-bootstraps/bootstrap-process.ts';

interface Fault { errorMessage: string; errorType: string; requestId: string; stackTrace: string[] }
const faultOf = (init: Init) => JSON.parse((init as { payload: string }).payload) as Fault;
const nbsp = '\u00a0';
const time = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`;

/** A module with one handler of these lines. */
const body = (...lines: string[]) => ({ 'index.py': `def handler(event, context):\n${lines.map((line) => `    ${line}\n`).join('')}` });

describe('Python bootstrap, loading', function () {
  this.timeout(30_000);
  const start = processes({ runtime: 'python3.12' });
  const here = 'def handler(event, context):\n    return "here"\n';

  const found: [string, string, Record<string, string>][] = [
    ['index.handler', 'a module', { 'index.py': here }],
    ['pkg/index.handler', 'a module of a folder', { 'pkg/index.py': here }],
    ['pkg.sub.index.handler', 'a module of a package', { 'pkg/__init__.py': '', 'pkg/sub/__init__.py': '', 'pkg/sub/index.py': here }],
  ];
  for (const [handler, what, files] of found) {
    it(`lambda-facts §6.3: loads ${what} (${handler})`, async () => {
      assert.equal(await (await start({ files, handler })).result(), 'here');
    });
  }

  const refused: [string, string, Record<string, string>, string, string | RegExp][] = [
    ['gone.handler', 'a missing module', {}, 'Runtime.ImportModuleError', "Unable to import module 'gone': No module named 'gone'"],
    ['pkg/gone.handler', 'a missing module of a folder', {}, 'Runtime.ImportModuleError', "Unable to import module 'pkg/gone': No module named 'pkg'"],
    ['index.handler', 'a missing import', { 'index.py': 'import gone' }, 'Runtime.ImportModuleError', "Unable to import module 'index': No module named 'gone'"],
    ['index.nothing', 'a missing function', { 'index.py': here }, 'Runtime.HandlerNotFound', "Handler 'nothing' missing on module 'index'"],
    ['index', 'a name without a dot', { 'index.py': here }, 'Runtime.MalformedHandlerName', "Bad handler 'index': not enough values to unpack (expected 2, got 1)"],
    ['sys.exit', 'a built-in module', {}, 'Runtime.BuiltInModuleConflict', 'Cannot use built-in module sys as a handler module'],
    ['index.handler', 'broken syntax', { 'index.py': 'def handler(:\n' }, 'Runtime.UserCodeSyntaxError', /^Syntax error in module 'index': .* \(index\.py, line 1\)$/],
  ];
  for (const [handler, what, files, errorType, message] of refused) {
    it(`lambda-facts §1.3: ${what} is ${errorType} at init`, async () => {
      const process = await start({ files, handler });
      const init = await process.init;
      assert.equal(init.kind, 'init-error', process.raw);
      assert.equal((init as { errorType: string }).errorType, errorType);
      const fault = faultOf(init);
      assert.deepEqual(Object.keys(fault), ['errorMessage', 'errorType', 'requestId', 'stackTrace']);
      if (typeof message === 'string') assert.equal(fault.errorMessage, message);
      else assert.match(fault.errorMessage, message);
      assert.equal(fault.requestId, '');
      assert.ok(process.logs.startsWith(`[ERROR] ${errorType}: ${fault.errorMessage}\rTraceback (most recent call last):`), process.logs);
      assert.equal(await process.exit, 1);
    });
  }

  it('lambda-facts §1.3: the trace of Runtime.UserCodeSyntaxError is the line of the source', async () => {
    const process = await start({ files: { 'index.py': 'x = 1\ndef handler(:\n' } });
    assert.deepEqual(faultOf(await process.init).stackTrace, [`  File "${join(process.folder, 'index.py')}" Line 2\n    def handler(:\n`]);
  });

  it('lambda-facts §1.3: an exception while loading has an empty requestId and the frames of importlib', async () => {
    const process = await start({ files: { 'index.py': 'raise Exception("at load")' } });
    const fault = faultOf(await process.init);
    assert.equal(fault.errorType, 'Exception');
    assert.equal(fault.requestId, '');
    assert.match(fault.stackTrace[0]!, /importlib.*in import_module/);
    assert.equal(fault.stackTrace.at(-1), `  File "${join(process.folder, 'index.py')}", line 1, in <module>\n    raise Exception("at load")\n`);
  });
});

describe('Python bootstrap, handlers', function () {
  this.timeout(30_000);
  const start = processes({ runtime: 'python3.12' });
  const handler = (...lines: string[]) => start({ files: body(...lines) });

  it('lambda-facts §1.1: a handler that returns nothing answers null', async () => {
    assert.deepEqual(await (await handler('pass')).invoke(), { kind: 'response', payload: 'null' });
  });

  it('lambda-facts §6.3: the fields of the context', async () => {
    const process = await handler(
      'names = ["aws_request_id", "log_group_name", "log_stream_name", "function_name", "memory_limit_in_mb", "function_version", "invoked_function_arn", "tenant_id"]',
      'return {name: getattr(context, name) for name in names}',
    );
    assert.deepEqual(await process.result({}, { requestId: 'an-id', invokedFunctionArn: 'arn:x' }), {
      aws_request_id: 'an-id', log_group_name: '/aws/lambda/orders', log_stream_name: '2026/11/24/[$LATEST]abc', function_name: 'orders',
      memory_limit_in_mb: '128', function_version: '$LATEST', invoked_function_arn: 'arn:x', tenant_id: null,
    });
  });

  it('lambda-facts §6.3: client_context has client, custom and env; it is None when absent', async () => {
    const process = await handler(
      'client = context.client_context',
      'return client and [client.client.app_title, client.client.installation_id, client.custom, client.env]',
    );
    assert.equal(await process.result(), null);
    assert.deepEqual(await process.result({}, { clientContext: '{"client":{"app_title":"shop"},"custom":{"k":"v"}}' }), ['shop', null, { k: 'v' }, null]);
  });

  it('lambda-facts §1.3: a client context that is not JSON is Runtime.LambdaContextUnmarshalError', async () => {
    assert.equal((await (await handler('pass')).invoke({}, { clientContext: '{' })).errorType, 'Runtime.LambdaContextUnmarshalError');
  });

  it('lambda-facts §6.3: identity is an object of None values', async () => {
    assert.deepEqual(await (await handler('return [context.identity.cognito_identity_id, context.identity.cognito_identity_pool_id]')).result(), [null, null]);
  });

  it('lambda-facts §6.3: get_remaining_time_in_millis ends at 0', async () => {
    const process = await handler('return context.get_remaining_time_in_millis()');
    const left = await process.result<number>({}, { deadline: Date.now() + 60_000 });
    assert.ok(Number.isInteger(left) && left > 0 && left <= 60_000, String(left));
    assert.equal(await process.result({}, { deadline: Date.now() - 5000 }), 0);
  });

  it('lambda-facts §6.3: context.log writes to the log as it is', async () => {
    const process = await handler('context.log("a")', 'context.log("b\\n")');
    await process.invoke();
    assert.equal(process.logs, 'ab\n');
  });

  it('lambda-facts §6.2: _X_AMZN_TRACE_ID is set for each invocation', async () => {
    const process = await handler('import os', 'return os.environ.get("_X_AMZN_TRACE_ID")');
    assert.equal(await process.result({}, { traceId: 'Root=1-a' }), 'Root=1-a');
    assert.equal(await process.result({}, { traceId: '' }), null);
  });

  it('lambda-facts §1.3: the payload of an exception, in AWS\'s order', async () => {
    const process = await handler('raise Exception("Handler fails")');
    const answer = await process.invoke({}, { requestId: 'an-id' });
    assert.equal(answer.errorType, 'Exception');
    const file = join(process.folder, 'index.py');
    assert.equal(answer.payload, JSON.stringify({
      errorMessage: 'Handler fails', errorType: 'Exception', requestId: 'an-id',
      stackTrace: [`  File "${file}", line 2, in handler\n    raise Exception("Handler fails")\n`],
    }).replaceAll('","', '", "').replaceAll('":', '": ').replaceAll('],"', '], "'));
  });

  it('lambda-facts §1.3: the trace has one entry for each frame, without markers below the line', async () => {
    const process = await start({ files: { 'index.py': 'def inner():\n    return 1 + None\n\ndef handler(event, context):\n    return inner()\n' } });
    const { stackTrace } = await process.result<Fault>();
    const file = join(process.folder, 'index.py');
    assert.deepEqual(stackTrace, [`  File "${file}", line 5, in handler\n    return inner()\n`, `  File "${file}", line 2, in inner\n    return 1 + None\n`]);
  });

  const unmarshalled: [string, string][] = [
    ['return {1, 2}', 'Object of type set is not JSON serializable'],
    ['import datetime; return datetime.datetime.now()', 'Object of type datetime is not JSON serializable'],
    ['loop = []; loop.append(loop); return loop', 'Circular reference detected'],
  ];
  for (const [line, message] of unmarshalled) {
    it(`lambda-facts §1.3: a result that JSON cannot express is Runtime.MarshalError (${message})`, async () => {
      const fault = await (await handler(line)).result<Fault>();
      assert.deepEqual(fault, { errorMessage: `Unable to marshal response: ${message}`, errorType: 'Runtime.MarshalError', requestId: 'request-1', stackTrace: [] });
    });
  }

  it('lambda-facts §1.3 DOUBT: NaN in a result is Runtime.MarshalError', async () => {
    assert.equal((await (await handler('return float("nan")')).invoke()).errorType, 'Runtime.MarshalError');
  });

  it('lambda-facts §1.3: an event that is not JSON is Runtime.UnmarshalError', async () => {
    assert.equal((await (await handler('pass')).invoke({}, { payload: Buffer.from('{') })).errorType, 'Runtime.UnmarshalError');
  });

  it('lambda-facts §1.4: sys.exit in a handler ends the process with its code', async () => {
    assert.deepEqual(await (await handler('import sys', 'sys.exit(3)')).invoke(), { kind: 'exit', payload: '', code: 3 });
    assert.deepEqual(await (await handler('import sys', 'sys.exit()')).invoke(), { kind: 'exit', payload: '', code: 0 });
  });

  it('lambda-facts §1.4: sys.exit during init ends the process', async () => {
    assert.deepEqual(await (await start({ files: { 'index.py': 'import sys\nprint("bye")\nsys.exit(4)\n' } })).init, { kind: 'exit', code: 4 });
  });
});

describe('Python bootstrap, logs', function () {
  this.timeout(30_000);
  const start = processes({ runtime: 'python3.12' });
  const logging = async (lines: string[], environment: Record<string, string> = {}) => {
    const process = await start({ files: body('import logging', 'logger = logging.getLogger()', ...lines), environment });
    await process.invoke();
    return process;
  };
  const json = { AWS_LAMBDA_LOG_FORMAT: 'JSON' };

  it('lambda-facts §6.4: text: [LEVEL], time, request id and message, separated by tabs', async () => {
    const { logs } = await logging(['logger.setLevel("INFO")', 'logger.info("Lambda log %s", "message")']);
    assert.match(logs, new RegExp(`^\\[INFO\\]\t${time}\trequest-1\tLambda log message\n$`));
  });

  it('lambda-facts §6.4: text: nothing below WARNING unless the function lowers the level', async () => {
    const { lines } = await logging(['logger.info("no")', 'logging.getLogger("orders").warning("yes")']);
    assert.deepEqual(lines.map((line) => line.split('\t').at(-1)), ['yes']);
  });

  it('lambda-facts §6.4: text: a traceback follows its message', async () => {
    const { lines } = await logging(['try:', '    1 / 0', 'except ZeroDivisionError:', '    logger.exception("failed")']);
    assert.match(lines[0]!, /\tfailed$/);
    assert.equal(lines[1], 'Traceback (most recent call last):');
    assert.equal(lines.at(-1), 'ZeroDivisionError: division by zero');
  });

  it('lambda-facts §6.4: text: a formatter of the function\'s own may use aws_request_id', async () => {
    const { logs } = await logging(['logger.handlers[0].setFormatter(logging.Formatter("%(aws_request_id)s:%(message)s"))', 'logger.warning("a")', 'logger.warning("b")']);
    assert.equal(logs, 'request-1:a\nrequest-1:b\n');
  });

  it('lambda-facts §6.4: text: a request id is absent during init', async () => {
    const process = await start({ files: { 'index.py': 'import logging\nlogging.warning("init")\nhandler = print\n' } });
    await process.init;
    assert.match(process.logs, new RegExp(`^\\[WARNING\\]\t${time}\t\tinit\n$`));
  });

  it('lambda-facts §6.4: print is written as it is', async () => {
    const { logs } = await logging(['print("plain", 5)']);
    assert.equal(logs, 'plain 5\n');
  });

  it('lambda-facts §6.4: the log of an exception is one event, indented by no-break spaces', async () => {
    const process = await start({ files: body('raise Exception("Test exception")') });
    await process.invoke();
    assert.equal(process.logs, [
      '[ERROR] Exception: Test exception', 'Traceback (most recent call last):',
      `${nbsp.repeat(2)}File "${join(process.folder, 'index.py')}", line 2, in handler`, `${nbsp.repeat(4)}raise Exception("Test exception")\n`,
    ].join('\r'));
  });

  it('lambda-facts §6.4: JSON: timestamp, level, message, logger and requestId, in this order', async () => {
    const { lines } = await logging(['logger.warning("to %s", "you")'], json);
    assert.match(lines[0]!, new RegExp(`^\\{"timestamp": "${time}", "level": "WARNING", "message": "to you", "logger": "root", "requestId": "request-1"\\}$`));
  });

  it('lambda-facts §6.4: JSON: the default level is INFO; AWS_LAMBDA_LOG_LEVEL sets another', async () => {
    const levels = ['logger.debug("d")', 'logger.info("i")', 'logger.error("e")'];
    const shown = (lines: string[]) => lines.map((line) => (JSON.parse(line) as { message: string }).message).join('');
    assert.equal(shown((await logging(levels, json)).lines), 'ie');
    assert.equal(shown((await logging(levels, { ...json, AWS_LAMBDA_LOG_LEVEL: 'TRACE' })).lines), 'die');
    assert.equal(shown((await logging(levels, { ...json, AWS_LAMBDA_LOG_LEVEL: 'ERROR' })).lines), 'e');
  });

  it('lambda-facts §6.4: JSON: an exception adds stackTrace, errorType, errorMessage and location; extra fields follow', async () => {
    const { lines } = await logging(['try:', '    1 / 0', 'except ZeroDivisionError:', '    logger.exception("failed", extra={"order": 5})'], json);
    const line = JSON.parse(lines[0]!) as Record<string, unknown>;
    assert.deepEqual(Object.keys(line), ['timestamp', 'level', 'message', 'logger', 'stackTrace', 'errorType', 'errorMessage', 'requestId', 'location', 'order']);
    assert.equal(line['errorType'], 'ZeroDivisionError');
    assert.match(String(line['location']), /index\.py:handler:7$/);
    assert.equal(line['order'], 5);
  });

  it('lambda-facts §6.4: JSON: a failed invocation is one line with log_level', async () => {
    const process = await start({ files: body('raise KeyError("k")'), environment: json });
    await process.invoke();
    const line = JSON.parse(process.lines[0]!) as Record<string, unknown>;
    assert.deepEqual(Object.keys(line), ['timestamp', 'log_level', 'errorMessage', 'errorType', 'requestId', 'stackTrace']);
    assert.deepEqual([line['log_level'], line['errorMessage'], line['errorType']], ['ERROR', "'k'", 'KeyError']);
  });
});
