import assert from 'node:assert/strict';
import { delimiter, join } from 'node:path';
import { functionEnvironment, reservedVariables } from '../../../src/runtime/process-environment.ts';
import { answerOf, functionIn, openWorkbench, type Workbench } from './fixture.ts';

describe('Environment of a function', () => {
  let bench: Workbench;
  beforeEach(() => { bench = openWorkbench(); });
  afterEach(async () => bench.close());

  const environmentOf = async (name: string, changes: Parameters<typeof functionIn>[2] = {}) => {
    bench.place.write(`${name}/index.js`, 'exports.handler = async () => process.env;');
    return answerOf(await bench.call(functionIn(bench.place, name, changes))) as Record<string, string>;
  };

  it('lambda-facts §6.2: reserved variables are set as on AWS', async () => {
    const environment = await environmentOf('facts', { memorySize: 512 });
    const expected = {
      _HANDLER: 'index.handler', AWS_REGION: 'eu-central-1', AWS_DEFAULT_REGION: 'eu-central-1', AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
      AWS_LAMBDA_FUNCTION_NAME: 'facts', AWS_LAMBDA_FUNCTION_VERSION: '$LATEST', AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512',
      AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/facts', AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand', LAMBDA_TASK_ROOT: bench.place.path('facts'),
      TZ: ':UTC', LANG: 'en_US.UTF-8', AWS_XRAY_CONTEXT_MISSING: 'LOG_ERROR',
      AWS_ACCESS_KEY_ID: 'LOCALKEY', AWS_SECRET_ACCESS_KEY: 'local-secret', AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
    };
    assert.deepEqual(Object.fromEntries(Object.keys(expected).map((name) => [name, environment[name]])), expected);
    assert.match(environment.AWS_LAMBDA_LOG_STREAM_NAME ?? '', /^\d{4}\/\d\d\/\d\d\/\[\$LATEST\][0-9a-f]{32}$/);
    assert.equal(environment.AWS_LAMBDA_LOG_FORMAT, undefined);
    assert.equal(environment.LOCAL_LAMBDA_CHANNEL, undefined, 'the secret of the channel stays out of sight');
  });

  it('lambda-facts §6.2: what differs by language', () => {
    const of = (runtime: string) => functionEnvironment({
      fn: functionIn(bench.place, 'f', { runtime, layers: ['/layer'] }), settings: bench.settings, taskRoot: '/task', handler: 'a.b', runtimeFolder: '/runtime', files: [],
      endpoint: { endpoint: '', region: 'us-east-1', accountId: '123456789012', accessKeyId: 'K', secretAccessKey: 'S' },
    }).variables;
    const node = of('nodejs22.x');
    const python = of('python3.13');
    const custom = of('provided.al2023');
    assert.deepEqual([node, python, custom].map((variables) => variables['AWS_EXECUTION_ENV']), ['AWS_Lambda_nodejs22.x', 'AWS_Lambda_python3.13', undefined]);
    assert.deepEqual([node, python, custom].map((variables) => variables['LC_CTYPE']), [undefined, 'C.UTF-8', undefined]);
    assert.deepEqual(node['NODE_PATH']?.split(delimiter), [join('/layer', 'nodejs', 'node22', 'node_modules'), join('/layer', 'nodejs', 'node_modules'), '/task']);
    assert.deepEqual(python['PYTHONPATH']?.split(delimiter), [join('/layer', 'python'), join('/layer', 'python', 'lib', 'python3.13', 'site-packages')]);
    for (const variables of [node, python, custom]) {
      assert.deepEqual(['LAMBDA_RUNTIME_DIR', '_AWS_XRAY_DAEMON_PORT', 'TZ'].map((name) => variables[name]), ['/runtime', '2000', ':UTC']);
      assert.equal(variables['AWS_SESSION_TOKEN'], undefined);
    }
  });

  it('lambda-facts §6.2: no source of variables can set a reserved one', () => {
    const given = Object.fromEntries([...reservedVariables].map((name) => [name, 'given']));
    Object.assign(bench.settings, { environment: { '*': given } });
    const { variables, refused } = functionEnvironment({
      fn: functionIn(bench.place, 'f', { environment: given }), settings: bench.settings, taskRoot: '/task', handler: 'a.b', runtimeFolder: '/runtime',
      files: [[...reservedVariables].map((name) => `${name}=given`).join('\n')],
      endpoint: { endpoint: '', region: 'us-east-1', accountId: '123456789012', accessKeyId: 'K', secretAccessKey: 'S' },
    });
    assert.equal(reservedVariables.size, 21);
    assert.deepEqual(Object.entries(variables).filter(([, value]) => value === 'given'), []);
    assert.deepEqual(refused.toSorted(), [...reservedVariables].toSorted());
  });

  it('lambda-facts §6.2: log format and level only with JSON logging', async () => {
    const environment = await environmentOf('json', { loggingConfig: { logFormat: 'JSON', logGroup: '/g', applicationLogLevel: 'WARN' } });
    assert.deepEqual([environment.AWS_LAMBDA_LOG_FORMAT, environment.AWS_LAMBDA_LOG_LEVEL], ['JSON', 'WARN']);
  });

  it('nothing of the engine\'s own leaks in, AWS_* least of all', async () => {
    process.env.AWS_PROFILE = 'production';
    process.env.AWS_SESSION_TOKEN = 'real';
    process.env.LL_TEST_SECRET = 'secret';
    try {
      const environment = await environmentOf('leak');
      for (const name of ['AWS_PROFILE', 'AWS_SESSION_TOKEN', 'LL_TEST_SECRET', 'NODE_OPTIONS']) assert.equal(environment[name], undefined);
      assert.ok(environment.PATH);
    } finally {
      for (const name of ['AWS_PROFILE', 'AWS_SESSION_TOKEN', 'LL_TEST_SECRET']) delete process.env[name];
    }
  });

  it('queue URLs of AWS name the endpoint, because SDKs send to the host of the URL; unless SQS is meant to be elsewhere', async () => {
    const environment = {
      QUEUE: 'https://sqs.eu-central-1.amazonaws.com/123456789012/jobs.fifo',
      SEVERAL: '{"a":"https://eu-central-1.queue.amazonaws.com/123456789012/a","b":"https://sqs.cn-north-1.amazonaws.com.cn/123456789012/b"}',
      OTHER: 'https://sqs.eu-central-1.amazonaws.com/ https://example.com/123456789012/x',
    };
    const local = await environmentOf('urls', { environment });
    assert.equal(local.QUEUE, 'http://127.0.0.1:9/123456789012/jobs.fifo');
    assert.equal(local.SEVERAL, '{"a":"http://127.0.0.1:9/123456789012/a","b":"http://127.0.0.1:9/123456789012/b"}');
    assert.equal(local.OTHER, environment.OTHER);
    const elsewhere = await environmentOf('elsewhere', { environment: { ...environment, AWS_ENDPOINT_URL_SQS: 'http://127.0.0.1:1' } });
    assert.equal(elsewhere.QUEUE, environment.QUEUE);
  });

  it('.env files win over the template, settings over both, reserved names over all', async () => {
    bench.place.write('all.env', 'A=file-all\nB=file-all\nC=file-all\n');
    bench.place.write('own.env', 'export B="own\\nline"\n# comment\nC=file-own\nAWS_REGION=us-west-2\nD=\'$HOME\'\n');
    Object.assign(bench.settings, {
      environmentFiles: { '*': 'all.env', order: 'own.env' },
      environment: { '*': { C: 'settings-all', E: 'settings-all' }, order: { E: 'settings-own', AWS_REGION: 'us-west-1' } },
    });
    const environment = await environmentOf('order', { environment: { A: 'template', Z: 'template', _HANDLER: 'x.y' } });
    assert.deepEqual(['Z', 'A', 'B', 'C', 'D', 'E', 'AWS_REGION', '_HANDLER'].map((name) => environment[name]), [
      'template', 'file-all', 'own\nline', 'settings-all', '$HOME', 'settings-own', 'eu-central-1', 'index.handler',
    ]);
  });

  it('reserved names that were given a value are named on the record, never their values', async () => {
    bench.place.write('order/index.js', 'exports.handler = async () => 1;');
    const record = await bench.call(functionIn(bench.place, 'order', { environment: { _HANDLER: 'given.value', FINE: '1' }, unresolvedLayers: ['arn:aws:lambda:us-east-1:1:layer:x:2'] }));
    assert.equal(record.environment?.note, 'Reserved by Lambda, so their given values are not used: _HANDLER. Without a folder here, and so missing: layer arn:aws:lambda:us-east-1:1:layer:x:2.');
  });

  it('a change of an .env file shows in the next call', async () => {
    const file = bench.place.write('own.env', 'A=1');
    bench.settings.environmentFiles = { dotenv: 'own.env' };
    bench.place.write('dotenv/index.js', 'exports.handler = async () => process.env.A;');
    const fn = functionIn(bench.place, 'dotenv');
    assert.equal(answerOf(await bench.call(fn)), '1');
    bench.place.write('own.env', 'A=22');
    assert.equal(answerOf(await bench.call(fn)), '22');
    assert.ok(file);
  });

  it('a later layer wins over an earlier one, for Node and for Python', async () => {
    for (const layer of ['one', 'two']) {
      bench.place.write(`layers/${layer}/nodejs/node_modules/which/index.js`, `exports.layer = '${layer}';`);
      bench.place.write(`layers/${layer}/python/which.py`, `layer = '${layer}'\n`);
    }
    bench.place.write('layers/one/nodejs/node_modules/only/index.js', "exports.here = 'one';");
    const layers = [bench.place.path('layers', 'one'), bench.place.path('layers', 'two')];
    bench.place.write('node/index.js', "exports.handler = async () => [require('which').layer, require('only').here];");
    assert.deepEqual(answerOf(await bench.call(functionIn(bench.place, 'node', { layers }))), ['two', 'one']);
    bench.place.write('py/app.py', 'import which\ndef handler(event, context):\n    return which.layer\n');
    assert.equal(answerOf(await bench.call(functionIn(bench.place, 'py', { runtime: 'python3.13', handler: 'app.handler', layers }))), 'two');
    const environment = await environmentOf('paths', { layers });
    assert.equal(environment.NODE_PATH?.split(delimiter).at(-1), bench.place.path('paths'));
  });

  it('the heap is bounded by MemorySize', async () => {
    bench.place.write('heap/index.js', "exports.handler = async () => require('node:v8').getHeapStatistics().heap_size_limit / 1048576;");
    const limit = answerOf(await bench.call(functionIn(bench.place, 'heap', { memorySize: 1024 }))) as number;
    assert.ok(limit > 800 && limit < 1124, `${limit} MB`);
  });
});
