/** The endpoint as `@aws-sdk/client-lambda` sees it, with a Lambda that answers what each test says. */
import assert from 'node:assert/strict';
import {
  CreateAliasCommand, CreateFunctionCommand, DeleteAliasCommand, GetFunctionCommand, InvokeCommand, LambdaClient, LambdaServiceException,
  ListLayersCommand, ListFunctionsCommand, ListTagsCommand, PutFunctionConcurrencyCommand, ResourceNotFoundException,
  TooManyRequestsException, type LambdaClientConfig,
} from '@aws-sdk/client-lambda';
import { AwsFault } from '../../src/contracts/faults.ts';
import type { Execution } from '../../src/contracts/executions.ts';
import { credentials, Fixture } from '../unit/endpoint/fixtures.ts';

const arn = 'arn:aws:lambda:us-east-1:123456789012:function:greet';
const requestId = '8f5e7ad2-3cbb-4a19-9a25-5d9e3e0c1f11';

describe('endpoint with @aws-sdk/client-lambda', function () {
  this.timeout(20_000);

  let fixture: Fixture;
  let client: LambdaClient;

  const clientWith = (options: LambdaClientConfig = {}) =>
    new LambdaClient({ endpoint: `http://127.0.0.1:${fixture.port}`, region: 'us-east-1', credentials, maxAttempts: 1, ...options });

  before(async () => {
    fixture = await Fixture.start({ requireSignatures: () => true });
    client = clientWith();
  });
  after(async () => {
    client.destroy();
    await fixture.stop();
  });
  beforeEach(() => {
    fixture.lambda.invocations.length = fixture.lambda.calls.length = 0;
    fixture.lambda.onInvoke = ({ payload }) => ({ statusCode: 200, payload, executedVersion: '$LATEST', requestId });
    fixture.lambda.onCall = () => ({ status: 200, body: {} });
  });

  /** The error that the SDK makes of what Lambda answers. */
  async function failure(fault: AwsFault): Promise<LambdaServiceException> {
    fixture.lambda.onInvoke = () => { throw fault; };
    return client.send(new InvokeCommand({ FunctionName: 'greet' })).then(
      () => { throw new Error('no error'); },
      (error: LambdaServiceException) => error,
    );
  }

  it('lambda-facts §1.1: a synchronous invocation answers 200 with payload, version, log tail and the request id', async () => {
    const log = Buffer.from(`START RequestId: ${requestId}`).toString('base64');
    fixture.lambda.onInvoke = ({ payload }) => ({ statusCode: 200, payload, executedVersion: '7', logResult: log, requestId });
    const output = await client.send(new InvokeCommand({
      FunctionName: `${arn}:live`, Qualifier: 'live', LogType: 'Tail', ClientContext: 'e30=', Payload: '{"name":"Ána"}',
    }));
    assert.equal(output.StatusCode, 200);
    assert.equal(output.ExecutedVersion, '7');
    assert.equal(output.LogResult, log);
    assert.equal(output.FunctionError, undefined);
    assert.equal(output.$metadata.requestId, requestId);
    assert.equal(output.Payload?.transformToString(), '{"name":"Ána"}');
    const [input] = fixture.lambda.invocations;
    assert.deepEqual(
      [input?.functionName, input?.qualifier, input?.logType, input?.clientContextBase64, input?.invocationType],
      [`${arn}:live`, 'live', 'Tail', 'e30=', 'RequestResponse'],
    );
  });

  it('lambda-facts §1.1: Event answers 202 and DryRun 204, with an empty body and no ExecutedVersion', async () => {
    for (const [type, statusCode] of [['Event', 202], ['DryRun', 204]] as const) {
      fixture.lambda.onInvoke = () => ({ statusCode, payload: new Uint8Array(), requestId });
      const output = await client.send(new InvokeCommand({ FunctionName: 'greet', InvocationType: type }));
      assert.equal(output.StatusCode, statusCode);
      assert.equal(output.Payload?.length ?? 0, 0);
      assert.equal(output.ExecutedVersion, undefined);
      assert.equal(fixture.lambda.invocations.at(-1)?.invocationType, type);
    }
  });

  it('lambda-facts §1.3: a function that failed answers 200 with X-Amz-Function-Error: Unhandled', async () => {
    fixture.lambda.onInvoke = () => ({
      statusCode: 200, payload: Buffer.from('{"errorType":"Error"}'), functionError: 'Unhandled', executedVersion: '$LATEST', requestId,
    });
    const output = await client.send(new InvokeCommand({ FunctionName: 'greet' }));
    assert.deepEqual([output.StatusCode, output.FunctionError, output.ExecutedVersion], [200, 'Unhandled', '$LATEST']);
  });

  it('lambda-facts §1.1: the headers of an Invoke answer are spelled as AWS spells them', async () => {
    const unsigned = await Fixture.start();
    unsigned.lambda.onInvoke = ({ onExecution }) => {
      onExecution?.({ traceId: 'Root=1-67891233-abcdef012345678912345678;Parent=53995c3f42cd8ad8;Sampled=0' } as Execution);
      return { statusCode: 200, payload: Buffer.from('null'), functionError: 'Unhandled', executedVersion: '$LATEST', logResult: 'eA==', requestId };
    };
    const { rawHeaders } = await unsigned.invoke();
    const names = rawHeaders.filter((_, index) => index % 2 === 0);
    assert.deepEqual(names.filter((name) => name !== 'Keep-Alive').sort(), [
      'Connection', 'Content-Length', 'Content-Type', 'Date', 'X-Amz-Executed-Version', 'X-Amz-Function-Error', 'X-Amz-Log-Result',
      'X-Amzn-Trace-Id', 'x-amzn-Remapped-Content-Length', 'x-amzn-RequestId',
    ]);
    const value = (name: string) => rawHeaders[rawHeaders.indexOf(name) + 1];
    assert.equal(value('Content-Type'), 'application/json');
    assert.equal(value('Connection'), 'keep-alive');
    assert.equal(value('x-amzn-Remapped-Content-Length'), '0');
    assert.equal(value('X-Amzn-Trace-Id'), 'Root=1-67891233-abcdef012345678912345678;Parent=53995c3f42cd8ad8;Sampled=0');
    unsigned.lambda.onInvoke = () => ({ statusCode: 202, payload: new Uint8Array(), requestId });
    const event = await unsigned.invoke('{}', { 'x-amz-invocation-type': 'Event' });
    assert.deepEqual([event.text, event.headers['content-length'], event.headers['content-type'], event.headers['x-amz-executed-version']], ['', '0', undefined, undefined]);
    await unsigned.stop();
  });

  it('lambda-facts §1.5: ResourceNotFoundException has a capital Message, Type User and its name in x-amzn-ErrorType', async () => {
    const message = `Function not found: ${arn}:$LATEST`;
    const fault = new AwsFault('ResourceNotFoundException', 404, message, { messageKey: 'Message' });
    const error = await failure(fault);
    assert.ok(error instanceof ResourceNotFoundException);
    assert.deepEqual([error.$metadata.httpStatusCode, error.message, error.Type], [404, message, 'User']);
    const unsigned = await Fixture.start();
    unsigned.lambda.onInvoke = () => { throw fault; };
    const raw = await unsigned.invoke();
    assert.equal(raw.text, JSON.stringify({ Type: 'User', Message: message }));
    assert.ok(raw.rawHeaders.includes('x-amzn-ErrorType'));
    await unsigned.stop();
  });

  it('lambda-facts §1.5: TooManyRequestsException has a lower-case message, Reason before Type, and Retry-After', async () => {
    const fault = new AwsFault('TooManyRequestsException', 429, 'Rate Exceeded.', {
      fields: { Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded' }, headers: { 'retry-after': '1' },
    });
    const error = await failure(fault);
    assert.ok(error instanceof TooManyRequestsException);
    assert.deepEqual([error.Reason, error.Type, error.message, error.retryAfterSeconds], ['ReservedFunctionConcurrentInvocationLimitExceeded', 'User', 'Rate Exceeded.', '1']);
    const unsigned = await Fixture.start();
    unsigned.lambda.onInvoke = () => { throw fault; };
    assert.equal((await unsigned.invoke()).text, '{"Reason":"ReservedFunctionConcurrentInvocationLimitExceeded","Type":"User","message":"Rate Exceeded."}');
    await unsigned.stop();
  });

  it('lambda-facts §1.2: a payload far beyond 6 MB answers 413 RequestTooLargeException', async () => {
    await assert.rejects(client.send(new InvokeCommand({ FunctionName: 'greet', Payload: Buffer.alloc(9_000_000, 32) })), (error) =>
      error instanceof LambdaServiceException && error.name === 'RequestTooLargeException' && error.$metadata.httpStatusCode === 413
      && error.message === 'Request must be smaller than 6291456 bytes for the InvokeFunction operation');
    assert.equal(fixture.lambda.invocations.length, 0);
  });

  it('lambda-facts §1.2: a payload of exactly 6 MB reaches the function', async () => {
    const output = await client.send(new InvokeCommand({ FunctionName: 'greet', Payload: Buffer.alloc(6_291_456, 32) }));
    assert.equal(output.Payload?.length, 6_291_456);
  });

  it('lambda-facts §1.2: request line and headers may take 1 MB and no more', async () => {
    const unsigned = await Fixture.start();
    assert.equal((await unsigned.invoke('{}', { 'x-large': 'a'.repeat(1_040_000) })).status, 200);
    const answer = await unsigned.raw(`GET /2015-03-31/functions HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Large: ${'a'.repeat(1_060_000)}\r\n\r\n`);
    assert.match(answer, /^HTTP\/1\.1 431 /);
    await unsigned.stop();
  });

  it('reads the operations with path, query and body members under their AWS names', async () => {
    fixture.lambda.onCall = () => ({ status: 201, body: { FunctionName: 'greet', FunctionArn: arn } });
    const created = await client.send(new CreateFunctionCommand({
      FunctionName: 'greet', Role: 'arn:aws:iam::123456789012:role/r', Runtime: 'nodejs22.x', Handler: 'index.handler', Code: { ZipFile: Buffer.from('PK') },
    }));
    assert.deepEqual([created.FunctionArn, created.$metadata.httpStatusCode], [arn, 201]);
    assert.deepEqual(fixture.lambda.calls.at(-1)?.input.Code, { ZipFile: Buffer.from('PK').toString('base64') });

    fixture.lambda.onCall = () => ({ status: 200, body: { Functions: [{ FunctionName: 'greet' }], NextMarker: 'm' } });
    const listed = await client.send(new ListFunctionsCommand({ MaxItems: 2, Marker: 'a/b+c=', FunctionVersion: 'ALL' }));
    assert.deepEqual([listed.Functions?.[0]?.FunctionName, listed.NextMarker], ['greet', 'm']);
    assert.deepEqual(fixture.lambda.calls.at(-1), { operation: 'ListFunctions', input: { MaxItems: 2, Marker: 'a/b+c=', FunctionVersion: 'ALL' } });

    await client.send(new CreateAliasCommand({ FunctionName: 'greet', Name: 'live', FunctionVersion: '1', RoutingConfig: { AdditionalVersionWeights: { 2: 0.5 } } }));
    assert.deepEqual(fixture.lambda.calls.at(-1)?.input, { FunctionName: 'greet', Name: 'live', FunctionVersion: '1', RoutingConfig: { AdditionalVersionWeights: { 2: 0.5 } } });
    await client.send(new PutFunctionConcurrencyCommand({ FunctionName: arn, ReservedConcurrentExecutions: 0 }));
    assert.deepEqual(fixture.lambda.calls.at(-1), { operation: 'PutFunctionConcurrency', input: { FunctionName: arn, ReservedConcurrentExecutions: 0 } });
    await client.send(new ListTagsCommand({ Resource: arn }));
    assert.deepEqual(fixture.lambda.calls.at(-1), { operation: 'ListTags', input: { Resource: arn } });
    fixture.lambda.onCall = () => ({ status: 204 });
    assert.equal((await client.send(new DeleteAliasCommand({ FunctionName: 'greet', Name: 'live' }))).$metadata.httpStatusCode, 204);
  });

  it('accepts names that need escaping, twice in the signature', async () => {
    for (const name of [arn, `${arn}:$LATEST`, '123456789012:function:greet', 'greet:live', "a b/c!'()*~é你"]) {
      await client.send(new GetFunctionCommand({ FunctionName: name, Qualifier: "a'b (c)*é" }));
      assert.deepEqual(fixture.lambda.calls.at(-1)?.input, { FunctionName: name, Qualifier: "a'b (c)*é" });
    }
  });

  it('accepts a client that asks for checksums and has a session token', async () => {
    const careful = clientWith({ requestChecksumCalculation: 'WHEN_SUPPORTED', credentials: { ...credentials, sessionToken: 'a-session-token' } } as LambdaClientConfig);
    const output = await careful.send(new InvokeCommand({ FunctionName: 'greet', Payload: '{}' }));
    assert.equal(output.StatusCode, 200);
    careful.destroy();
  });

  it('refuses wrong keys, wrong regions and unknown operations with errors that the SDK names', async () => {
    const refused = async (options: LambdaClientConfig, name: string, message: RegExp) => {
      const wrong = clientWith(options);
      await assert.rejects(wrong.send(new InvokeCommand({ FunctionName: 'greet' })), (error) =>
        error instanceof LambdaServiceException && error.name === name && message.test(error.message) && error.$metadata.httpStatusCode === 403);
      wrong.destroy();
    };
    await refused({ credentials: { ...credentials, secretAccessKey: 'wrong' } }, 'InvalidSignatureException', /^The request signature we calculated does not match/);
    await refused({ credentials: { ...credentials, accessKeyId: 'AKIASTRANGER' } }, 'UnrecognizedClientException', /^The security token included in the request is invalid\.$/);
    await refused({ region: 'eu-west-1' }, 'InvalidSignatureException', /^Credential should be scoped to a valid region, not 'eu-west-1'\./);
    await assert.rejects(client.send(new ListLayersCommand({})), (error) =>
      error instanceof LambdaServiceException && error.name === 'UnknownOperationException' && /ListLayers/.test(error.message));
  });

  it('recovers the clock of a client that is hours off, as against AWS', async () => {
    const late = clientWith({ systemClockOffset: -3 * 3_600_000, maxAttempts: 2 });
    assert.equal((await late.send(new InvokeCommand({ FunctionName: 'greet' }))).StatusCode, 200);
    late.destroy();
  });
});
