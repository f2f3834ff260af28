import assert from 'node:assert/strict';
import { AwsFault, UserError } from '../../../src/contracts/faults.ts';
import type { Execution } from '../../../src/contracts/executions.ts';
import type { LambdaOperation } from '../../../src/contracts/lambda-api.ts';
import { matchOperation } from '../../../src/endpoint/lambda-operations.ts';
import { Fixture } from './fixtures.ts';

describe('Lambda REST JSON', () => {
  let fixture: Fixture;
  before(async () => { fixture = await Fixture.start(); });
  after(() => fixture.stop());
  beforeEach(() => {
    fixture.lambda.invocations.length = fixture.lambda.calls.length = fixture.logger.entries.length = 0;
    fixture.lambda.onInvoke = ({ payload }) => ({ statusCode: 200, payload, executedVersion: '$LATEST', requestId: 'request-1' });
    fixture.lambda.onCall = () => ({ status: 200, body: {} });
  });

  const fn = '/2015-03-31/functions';
  const routes: [LambdaOperation, string, string, Record<string, unknown>, string?][] = [
    ['CreateFunction', 'POST', fn, { FunctionName: 'greet', Code: { ZipFile: 'UEs=' } }, '{"FunctionName":"greet","Code":{"ZipFile":"UEs="}}'],
    ['ListFunctions', 'GET', `${fn}?FunctionVersion=ALL&Marker=a%2Bb%3D&MaxItems=50`, { FunctionVersion: 'ALL', Marker: 'a+b=', MaxItems: 50 }],
    ['ListFunctions', 'GET', `${fn}/`, {}],
    ['GetFunction', 'GET', `${fn}/greet?Qualifier=live`, { FunctionName: 'greet', Qualifier: 'live' }],
    ['GetFunctionConfiguration', 'GET', `${fn}/greet/configuration?Qualifier=%24LATEST`, { FunctionName: 'greet', Qualifier: '$LATEST' }],
    ['DeleteFunction', 'DELETE', `${fn}/greet`, { FunctionName: 'greet' }],
    ['UpdateFunctionCode', 'PUT', `${fn}/greet/code`, { FunctionName: 'greet', Publish: true }, '{"Publish":true}'],
    ['UpdateFunctionConfiguration', 'PUT', `${fn}/greet/configuration`, { FunctionName: 'greet', Timeout: 9 }, '{"Timeout":9}'],
    ['PublishVersion', 'POST', `${fn}/greet/versions`, { FunctionName: 'greet', Description: 'é' }, '{"Description":"é"}'],
    ['ListVersionsByFunction', 'GET', `${fn}/greet/versions?MaxItems=1`, { FunctionName: 'greet', MaxItems: 1 }],
    ['CreateAlias', 'POST', `${fn}/greet/aliases`, { FunctionName: 'greet', Name: 'live' }, '{"Name":"live"}'],
    ['ListAliases', 'GET', `${fn}/greet/aliases?FunctionVersion=1`, { FunctionName: 'greet', FunctionVersion: '1' }],
    ['GetAlias', 'GET', `${fn}/greet/aliases/live`, { FunctionName: 'greet', Name: 'live' }],
    ['UpdateAlias', 'PUT', `${fn}/greet/aliases/live`, { FunctionName: 'greet', Name: 'live', FunctionVersion: '2' }, '{"FunctionVersion":"2"}'],
    ['DeleteAlias', 'DELETE', `${fn}/greet/aliases/live`, { FunctionName: 'greet', Name: 'live' }],
    ['PutFunctionConcurrency', 'PUT', '/2017-10-31/functions/greet/concurrency', { FunctionName: 'greet', ReservedConcurrentExecutions: 3 }, '{"ReservedConcurrentExecutions":3}'],
    ['DeleteFunctionConcurrency', 'DELETE', '/2017-10-31/functions/greet/concurrency', { FunctionName: 'greet' }],
    ['GetFunctionConcurrency', 'GET', '/2019-09-30/functions/greet/concurrency', { FunctionName: 'greet' }],
    ['ListTags', 'GET', '/2017-03-31/tags/arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Agreet', { Resource: 'arn:aws:lambda:us-east-1:123456789012:function:greet' }],
    ['GetAccountSettings', 'GET', '/2016-08-19/account-settings/', {}],
    ['GetFunction', 'GET', `${fn}/arn:aws:lambda:us-east-1:123456789012:function:greet:live`, { FunctionName: 'arn:aws:lambda:us-east-1:123456789012:function:greet:live' }],
    ['GetFunction', 'GET', `${fn}/%E4%BD%A0%2F%25`, { FunctionName: '你/%' }],
    ['GetFunction', 'GET', `${fn}/100%`, { FunctionName: '100%' }],
  ];
  for (const [operation, method, path, input, body] of routes) {
    it(`reads ${operation} from ${method} ${path}`, async () => {
      const reply = await fixture.send(path, { method, ...(body === undefined ? {} : { body }) });
      assert.equal(reply.status, 200);
      assert.deepEqual(fixture.lambda.calls, [{ operation, input }]);
    });
  }

  it('lets path and query win over members of the body', async () => {
    await fixture.send(`${fn}/greet/code`, { method: 'PUT', body: '{"FunctionName":"other","__proto__":{"x":1}}' });
    assert.equal(fixture.lambda.calls[0]?.input.FunctionName, 'greet');
    assert.equal((fixture.lambda.calls[0]?.input as { x?: number }).x, undefined);
  });

  it('answers with the status and body of the operation, and none where there is none', async () => {
    fixture.lambda.onCall = () => ({ status: 201, body: { Version: '1', Description: 'ü' } });
    const created = await fixture.send(`${fn}/greet/versions`, { method: 'POST', body: '{}' });
    assert.deepEqual([created.status, created.text, created.headers['content-type']], [201, '{"Version":"1","Description":"ü"}', 'application/json']);
    assert.match(String(created.headers['x-amzn-requestid']), /^[0-9a-f-]{36}$/);
    fixture.lambda.onCall = () => ({ status: 204 });
    const deleted = await fixture.send(`${fn}/greet`, { method: 'DELETE' });
    assert.deepEqual([deleted.status, deleted.text, deleted.headers['content-length']], [204, '', undefined]);
  });

  it('hands every header and the qualifier of Invoke to the service', async () => {
    await fixture.send(`${fn}/greet/invocations?Qualifier=live`, { method: 'POST', body: '{"a":1}', headers: {
      'X-Amz-Invocation-Type': 'DryRun', 'X-Amz-Log-Type': 'Tail', 'X-Amz-Client-Context': 'e30=', 'X-Amzn-Trace-Id': 'Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1',
    } });
    const [{ onExecution, onAnswer, payload, ...input } = assert.fail()] = fixture.lambda.invocations;
    assert.deepEqual([typeof onExecution, typeof onAnswer], ['function', 'function']);
    assert.equal(Buffer.from(payload).toString(), '{"a":1}');
    assert.deepEqual(input, {
      functionName: 'greet', qualifier: 'live', invocationType: 'DryRun', logType: 'Tail', clientContextBase64: 'e30=', source: 'endpoint',
      traceHeader: 'Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1',
    });
  });

  it('has defaults for a bare Invoke', async () => {
    await fixture.send(`${fn}/arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Agreet%3Alive/invocations`, { method: 'POST' });
    const [{ functionName, invocationType, logType, payload, qualifier } = assert.fail()] = fixture.lambda.invocations;
    assert.deepEqual([functionName, invocationType, logType, payload.length, qualifier], ['arn:aws:lambda:us-east-1:123456789012:function:greet:live', 'RequestResponse', 'None', 0, undefined]);
  });

  it('passes payload bytes through unchanged', async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
    assert.deepEqual((await fixture.invoke(bytes)).body, bytes);
  });

  it('refuses invocation and log types that do not exist', async () => {
    const reply = await fixture.invoke('{}', { 'x-amz-invocation-type': 'Sync' });
    assert.deepEqual([reply.status, reply.headers['x-amzn-errortype']], [400, 'ValidationException']);
    assert.equal(reply.json.message, "1 validation error detected: Value 'Sync' at 'invocationType' failed to satisfy constraint: Member must satisfy enum value set: [Event, RequestResponse, DryRun]");
    assert.equal((await fixture.invoke('{}', { 'x-amz-log-type': 'tail' })).headers['x-amzn-errortype'], 'ValidationException');
  });

  it('answers the trace of the execution', async () => {
    const trace = async (traceId: string, headers = {}) => {
      fixture.lambda.onInvoke = ({ onExecution }) => {
        onExecution?.({ traceId } as Execution);
        return { statusCode: 200, payload: Buffer.from('1'), requestId: 'r' };
      };
      return (await fixture.invoke('{}', headers)).headers['x-amzn-trace-id'];
    };
    assert.equal(await trace('Root=1-a;Parent=b;Sampled=0'), 'Root=1-a;Parent=b;Sampled=0');
    assert.equal(await trace('1-a', { 'x-amzn-trace-id': 'Root=1-a;Sampled=1' }), 'Root=1-a;Sampled=1');
    assert.equal(await trace('1-a'), 'Root=1-a;Sampled=0');
  });

  it('answers bodies that are no JSON object by name', async () => {
    for (const body of ['{', '[]', '"a"', 'null', '7']) {
      const reply = await fixture.send(fn, { method: 'POST', body });
      assert.deepEqual([reply.status, reply.headers['x-amzn-errortype']], [400, 'InvalidRequestContentException'], body);
      assert.match(String(reply.json.message), /^Could not parse request body into json: ./);
    }
    const items = await fixture.send(`${fn}?MaxItems=many`);
    assert.deepEqual([items.status, items.headers['x-amzn-errortype']], [400, 'SerializationException']);
  });

  it('bounds the bodies of other operations', async () => {
    const reply = await fixture.send(`${fn}/greet/configuration`, { method: 'PUT', body: Buffer.alloc(1_048_577) });
    assert.deepEqual([reply.status, reply.json.Message], [413, 'Request must be smaller than 1048576 bytes for the UpdateFunctionConfiguration operation']);
  });

  it('hides the text of unexpected errors, and logs them with the request id', async () => {
    const bug = new TypeError('secret detail');
    fixture.lambda.onInvoke = () => { throw bug; };
    const reply = await fixture.invoke();
    const requestId = String(reply.headers['x-amzn-requestid']);
    assert.equal(reply.status, 500);
    assert.equal(reply.headers['x-amzn-errortype'], 'ServiceException');
    assert.deepEqual(reply.json, { Type: 'Server', Message: `Local Lambda failed to answer; its log has the error under request ${requestId}.` });
    assert.deepEqual(fixture.logger.entries, [{ level: 'error', message: `Invoke failed (request ${requestId}).`, error: bug }]);
  });

  it('passes sentences for the user on', async () => {
    fixture.lambda.onInvoke = () => { throw new UserError('Python 3.13 is not installed.'); };
    const reply = await fixture.invoke();
    assert.deepEqual([reply.status, reply.json], [500, { Type: 'Server', Message: 'Python 3.13 is not installed.' }]);
  });

  it('cuts the connection rather than sending a header that HTTP cannot carry', async () => {
    fixture.lambda.onInvoke = () => ({ statusCode: 200, payload: Buffer.from('1'), requestId: 'r', functionError: 'a\r\nb' });
    await assert.rejects(fixture.invoke(), { code: 'ECONNRESET' });
    assert.equal(fixture.logger.entries[0]?.level, 'error');
  });

  it('answers a known operation that is not here by name, and an unknown path by its path', async () => {
    const named: [string, string, string][] = [
      ['PUT', '/2025-11-30/functions/greet/function-scaling-config', 'PutFunctionScalingConfig'],
      ['POST', '/2021-10-31/functions/greet/url', 'CreateFunctionUrlConfig'],
      ['POST', '/2021-11-15/functions/greet/response-streaming-invocations', 'InvokeWithResponseStream'],
      ['GET', '/2018-10-31/layers', 'ListLayers'],
      ['GET', '/2018-10-31/layers?find=LayerVersion&Arn=a', 'GetLayerVersionByArn'],
      ['GET', '/2019-09-30/functions/greet/provisioned-concurrency?List=ALL', 'ListProvisionedConcurrencyConfigs'],
      ['POST', '/2017-03-31/tags/arn', 'TagResource'],
    ];
    for (const [method, path, name] of named) {
      const reply = await fixture.send(path, { method });
      assert.deepEqual([reply.status, reply.headers['x-amzn-errortype'], reply.json], [404, 'UnknownOperationException', { Type: 'User', message: `Local Lambda does not have the operation ${name}.` }]);
    }
    for (const path of ['/', '/2015-03-31/nothing', '/2015-03-31/functions/a/b/c/d/e', '//', '/favicon.ico', '/2015-03-31/functions//invocations']) {
      const reply = await fixture.send(path, { method: 'POST' });
      assert.deepEqual([reply.status, reply.headers['x-amzn-errortype'], reply.headers['content-type']], [404, 'UnknownOperationException', 'application/json'], path);
    }
    assert.equal(fixture.lambda.calls.length, 0);
  });

  it('knows every operation of the SDK by its own method and path', async () => {
    const sdk = await import('@aws-sdk/client-lambda') as unknown as Record<string, unknown>;
    const operations = Object.values(sdk).filter((schema): schema is [9, string, string, { http: [string, string, number] }] =>
      Array.isArray(schema) && schema[0] === 9 && Array.isArray((schema[3] as { http?: unknown }).http));
    assert.ok(operations.length > 80, `${operations.length} operations`);
    for (const [, , name, { http: [method, uri] }] of operations) {
      const [path = '', query = ''] = uri.replace(/\{[^}]+\}/g, 'x').split('?');
      assert.equal(matchOperation(method, path, query)?.name, name);
    }
  });

  it('puts the error name in x-amzn-ErrorType and extra headers beside it', async () => {
    fixture.lambda.onCall = () => { throw new AwsFault('ResourceConflictException', 409, 'taken', { headers: { 'retry-after': '1' }, fields: { Reason: 'x' } }); };
    const reply = await fixture.send(fn, { method: 'POST', body: '{}' });
    assert.deepEqual([reply.status, reply.headers['x-amzn-errortype'], reply.headers['retry-after']], [409, 'ResourceConflictException', '1']);
    assert.equal(reply.text, '{"Reason":"x","Type":"User","message":"taken"}');
  });
});
