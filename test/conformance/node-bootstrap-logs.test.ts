/** What AWS's Node runtimes write to the log, asserted of our Node bootstrap. */
import assert from 'node:assert/strict';
import { processes } from '../unit/runtime-bootstraps/bootstrap-process.ts';

const time = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`;

describe('Node bootstrap, logs', function () {
  this.timeout(20_000);
  const start = processes({ runtime: 'nodejs22.x' });
  const logging = (body: string, environment: Record<string, string> = {}) => start({ files: { 'index.js': `exports.handler = async () => { ${body} };` }, environment });
  const json = { AWS_LAMBDA_LOG_FORMAT: 'JSON' };

  it('lambda-facts §6.4: text: time, request id, level and message, separated by tabs', async () => {
    const process = await logging("console.log('hello');");
    await process.invoke();
    assert.match(process.logs, new RegExp(`^${time}\trequest-1\tINFO\thello\n$`));
  });

  it('lambda-facts §6.4: text: the levels of the console methods', async () => {
    const process = await logging("for (const name of ['trace', 'debug', 'info', 'log', 'warn', 'error', 'fatal']) console[name](name);");
    await process.invoke();
    assert.deepEqual(process.lines.map((line) => line.split('\t').slice(2).join(' ')), ['TRACE trace', 'DEBUG debug', 'INFO info', 'INFO log', 'WARN warn', 'ERROR error', 'FATAL fatal']);
  });

  it('lambda-facts §6.4: text: a newline inside a message becomes a carriage return', async () => {
    const process = await logging("console.log('a\\nb', { c: 1 });");
    await process.invoke();
    assert.deepEqual(process.lines.map((line) => line.split('\t')[3]), ['a\rb { c: 1 }']);
  });

  it('lambda-facts §6.4: text: values are formatted as by util.format', async () => {
    const process = await logging("console.log('%s and %d', 'text', 5, [1]); console.log({ a: 1 }); console.log('100%%'); console.log();");
    await process.invoke();
    assert.deepEqual(process.lines.map((line) => line.split('\t')[3]), ['text and 5 [ 1 ]', '{ a: 1 }', '100%%', '']);
  });

  it('lambda-facts §6.4: text: before the first invocation the request id reads undefined', async () => {
    const process = await start({ files: { 'index.js': "console.log('init'); exports.handler = async () => {};" } });
    await process.init;
    assert.match(process.logs, new RegExp(`^${time}\tundefined\tINFO\tinit\n$`));
  });

  it('lambda-facts §6.4: JSON: timestamp, level, requestId and message, in this order', async () => {
    const process = await logging("console.log('hello'); console.warn('%s!', 'careful'); console.log({ order: 5 });", json);
    await process.invoke();
    assert.match(process.lines[0]!, new RegExp(`^\\{"timestamp":"${time}","level":"INFO","requestId":"request-1","message":"hello"\\}$`));
    assert.deepEqual(process.lines.map((line) => (JSON.parse(line) as { message: unknown }).message), ['hello', 'careful!', { order: 5 }]);
  });

  it('lambda-facts §6.4: JSON: an error among the values adds errorType, errorMessage and stackTrace', async () => {
    const process = await logging("console.error('failed:', new RangeError('far'));", json);
    await process.invoke();
    const line = JSON.parse(process.lines[0]!) as Record<string, unknown>;
    assert.deepEqual(Object.keys(line), ['timestamp', 'level', 'requestId', 'message', 'errorType', 'errorMessage', 'stackTrace']);
    assert.equal(line['errorType'], 'RangeError');
    assert.equal((line['stackTrace'] as string[])[0], 'RangeError: far');
  });

  it('lambda-facts §6.4: JSON: an error alone is the message, with its own fields', async () => {
    const process = await logging("console.error(Object.assign(new RangeError('far'), { code: 'E1' }));", json);
    await process.invoke();
    const { message } = JSON.parse(process.lines[0]!) as { message: Record<string, unknown> };
    assert.deepEqual(Object.keys(message), ['errorType', 'errorMessage', 'stackTrace', 'code']);
  });

  it('lambda-facts §6.4: JSON: what JSON cannot express is formatted', async () => {
    const process = await logging('const round = {}; round.round = round; console.log(round); console.log(5n);', json);
    await process.invoke();
    assert.deepEqual(process.lines.map((line) => (JSON.parse(line) as { message: unknown }).message), ['<ref *1> { round: [Circular *1] }', '5n']);
  });

  it('lambda-facts §6.4: JSON: the default level is INFO', async () => {
    const process = await logging("console.debug('no'); console.info('yes');", json);
    await process.invoke();
    assert.equal(process.lines.length, 1);
  });

  it('lambda-facts §6.4: JSON: AWS_LAMBDA_LOG_LEVEL filters', async () => {
    const process = await logging("for (const name of ['trace', 'debug', 'info', 'log', 'warn', 'error', 'fatal']) console[name](name);", { ...json, AWS_LAMBDA_LOG_LEVEL: 'WARN' });
    await process.invoke();
    assert.deepEqual(process.lines.map((line) => (JSON.parse(line) as { level: unknown }).level), ['WARN', 'ERROR', 'FATAL']);
  });

  it('lambda-facts §6.4: JSON: a failed invocation logs the error as its message', async () => {
    const process = await logging("throw new RangeError('far');", json);
    await process.invoke();
    const line = JSON.parse(process.lines[0]!) as { level: string; message: { errorType: string; errorMessage: string } };
    assert.equal(line.level, 'ERROR');
    assert.equal(line.message.errorType, 'RangeError');
    assert.equal(line.message.errorMessage, 'far');
  });
});
