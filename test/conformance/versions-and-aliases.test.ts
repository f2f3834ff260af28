/** Facts of lambda-facts §5 and §1.2 about functions, versions and aliases that need no process. */
import assert from 'node:assert/strict';
import { AwsFault } from '../../src/contracts/faults.ts';
import { definition, harness, invoke, type Harness } from '../unit/lambda/fakes.ts';

function withFunction(more: Parameters<typeof definition>[1] = {}): Harness {
  const made = harness();
  made.service.setBaseline([definition('fn', more)]);
  return made;
}

async function fault(work: Promise<unknown>): Promise<AwsFault> {
  const error: unknown = await work.then(() => assert.fail('it should have failed'), (reason: unknown) => reason);
  assert.ok(error instanceof AwsFault, String(error));
  return error;
}

const call = async (made: Harness, operation: Parameters<Harness['service']['call']>[0], input: object) =>
  (await made.service.call(operation, { FunctionName: 'fn', ...input })).body as Record<string, unknown>;

describe('lambda-facts §5: a published version', () => {
  it('answers 201, keeps code, handler, runtime, memory, timeout, variables and logging, and takes a description of its own', async () => {
    const made = withFunction({ environment: { STAGE: 'one' }, memorySize: 256 });
    const { status, body } = await made.service.call('PublishVersion', { FunctionName: 'fn', Description: 'first' });
    assert.equal(status, 201);
    assert.deepEqual(['Version', 'Description', 'MemorySize'].map((name) => (body as Record<string, unknown>)[name]), ['1', 'first', 256]);
    await call(made, 'UpdateFunctionConfiguration', { Environment: { Variables: { STAGE: 'two' } }, MemorySize: 512, Handler: 'other.handler', LoggingConfig: { LogFormat: 'JSON' } });
    await invoke(made, 'fn', { qualifier: '1' });
    const { configuration } = made.requests[0]!.function;
    assert.deepEqual([configuration.environment, configuration.memorySize, configuration.handler, configuration.loggingConfig.logFormat], [{ STAGE: 'one' }, 256, 'index.handler', 'Text']);
    const frozen = await call(made, 'GetFunctionConfiguration', { Qualifier: '1' });
    assert.deepEqual([frozen['Description'], frozen['MemorySize'], frozen['FunctionArn']], ['first', 256, 'arn:aws:lambda:us-east-1:123456789012:function:fn:1']);
  });

  it('is published when only the CodeSha256 that the caller expects is in $LATEST', async () => {
    const made = withFunction();
    const { CodeSha256 } = await call(made, 'GetFunctionConfiguration', {});
    assert.equal((await call(made, 'PublishVersion', { CodeSha256 }))['Version'], '1');
  });

  it('cannot be deleted while an alias points to it, and $LATEST never', async () => {
    const made = withFunction();
    await call(made, 'PublishVersion', {});
    await call(made, 'CreateAlias', { Name: 'live', FunctionVersion: '1' });
    assert.deepEqual([(await fault(made.service.call('DeleteFunction', { FunctionName: 'fn', Qualifier: '1' }))).status], [409]);
    assert.equal((await fault(made.service.call('DeleteFunction', { FunctionName: 'fn', Qualifier: '$LATEST' }))).name, 'InvalidParameterValueException');
    await made.service.call('DeleteAlias', { FunctionName: 'fn', Name: 'live' });
    assert.equal((await made.service.call('DeleteFunction', { FunctionName: 'fn', Qualifier: '1' })).status, 204);
    assert.equal((await fault(invoke(made, 'fn:1'))).status, 404);
  });

  it('is listed after $LATEST, by qualified ARN', async () => {
    const made = withFunction();
    await call(made, 'PublishVersion', {});
    const { Versions } = await call(made, 'ListVersionsByFunction', {}) as { Versions: { Version: string; FunctionArn: string }[] };
    assert.deepEqual(Versions.map(({ Version, FunctionArn }) => [Version, FunctionArn.split(':').at(-1)]), [['$LATEST', '$LATEST'], ['1', '1']]);
  });
});

describe('lambda-facts §5: an alias', () => {
  it('may point to $LATEST, without weights', async () => {
    const made = withFunction();
    const alias = await call(made, 'CreateAlias', { Name: 'next', FunctionVersion: '$LATEST' });
    assert.deepEqual([alias['AliasArn'], alias['FunctionVersion']], ['arn:aws:lambda:us-east-1:123456789012:function:fn:next', '$LATEST']);
    assert.equal((await invoke(made, 'fn:next')).executedVersion, '$LATEST');
  });

  it('shows the version that was drawn in ExecutedVersion and START, and itself in the ARN', async () => {
    const made = withFunction();
    await call(made, 'PublishVersion', {});
    await call(made, 'CreateAlias', { Name: 'live', FunctionVersion: '1' });
    const answer = await invoke(made, 'fn:live', { logType: 'Tail' });
    assert.equal(answer.executedVersion, '1');
    assert.match(Buffer.from(answer.logResult ?? '', 'base64').toString(), /^START RequestId: \S+ Version: 1\n/);
    assert.equal(made.requests[0]?.invokedFunctionArn, 'arn:aws:lambda:us-east-1:123456789012:function:fn:live');
    assert.equal(made.requests[0]?.function.version, '1');
  });

  it('moves with UpdateAlias, which a wrong RevisionId stops with 412', async () => {
    const made = withFunction();
    await call(made, 'PublishVersion', {});
    const created = await call(made, 'CreateAlias', { Name: 'live', FunctionVersion: '1' });
    await call(made, 'UpdateFunctionConfiguration', { Timeout: 9 });
    await call(made, 'PublishVersion', {});
    assert.equal((await fault(made.service.call('UpdateAlias', { FunctionName: 'fn', Name: 'live', FunctionVersion: '2', RevisionId: 'stale' }))).status, 412);
    await call(made, 'UpdateAlias', { Name: 'live', FunctionVersion: '2', RevisionId: created['RevisionId'] });
    assert.equal((await invoke(made, 'fn:live')).executedVersion, '2');
    assert.equal((await fault(made.service.call('UpdateAlias', { FunctionName: 'fn', Name: 'live', FunctionVersion: '7' }))).status, 404);
  });

  it('is found by the version it points to, and is known to GetFunction and GetFunctionConfiguration', async () => {
    const made = withFunction();
    await call(made, 'PublishVersion', {});
    for (const [Name, FunctionVersion] of [['live', '1'], ['next', '$LATEST']]) await call(made, 'CreateAlias', { Name, FunctionVersion });
    const { Aliases } = await call(made, 'ListAliases', { FunctionVersion: '1' }) as { Aliases: { Name: string }[] };
    assert.deepEqual(Aliases.map(({ Name }) => Name), ['live']);
    assert.equal((await call(made, 'GetFunctionConfiguration', { Qualifier: 'live' }))['Version'], '1');
    assert.equal((await fault(made.service.call('GetFunctionConfiguration', { FunctionName: 'fn', Qualifier: 'nowhere' }))).status, 404);
    assert.match((await fault(made.service.call('GetAlias', { FunctionName: 'fn', Name: 'nowhere' }))).message, /^Cannot find alias arn: arn:aws:lambda:us-east-1:123456789012:function:fn:nowhere$/);
  });

  it('shares the reserved concurrency of its function, which is the function’s alone', async () => {
    const made = withFunction();
    await call(made, 'PublishVersion', {});
    await call(made, 'PutFunctionConcurrency', { ReservedConcurrentExecutions: 1 });
    const gate = Promise.withResolvers<void>();
    made.script = async () => { await gate.promise; return { kind: 'response', payload: Buffer.from('1') }; };
    const running = invoke(made, 'fn:1');
    const refused = await fault(invoke(made, 'fn'));
    assert.deepEqual([refused.status, refused.fields['Reason']], [429, 'ReservedFunctionConcurrentInvocationLimitExceeded']);
    gate.resolve();
    await running;
  });
});

describe('lambda-facts §1.2: functions that are created', () => {
  const code = { ZipFile: Buffer.from('zip').toString('base64') };
  const create = { FunctionName: 'made', Runtime: 'nodejs24.x', Role: 'arn:aws:iam::123456789012:role/r', Handler: 'index.handler', Code: code };

  it('have 3 seconds, 128 MB and 512 MB of storage unless they say otherwise', async () => {
    const made = await call(harness(), 'CreateFunction', create);
    assert.deepEqual([made['Timeout'], made['MemorySize'], made['EphemeralStorage']], [3, 128, { Size: 512 }]);
  });

  for (const [member, low, high] of [['Timeout', 1, 900], ['MemorySize', 128, 10_240]] as const) {
    it(`take a ${member} of ${low} to ${high}`, async () => {
      for (const value of [low - 1, high + 1]) assert.equal((await fault(harness().service.call('CreateFunction', { ...create, [member]: value }))).name, 'ValidationException');
      for (const value of [low, high]) assert.equal((await call(harness(), 'CreateFunction', { ...create, [member]: value }))[member], value);
    });
  }

  it('take 4 KB of environment variables and no more', async () => {
    const variables = (bytes: number) => ({ ...create, Environment: { Variables: { A1: 'x'.repeat(bytes) } } });
    await call(harness(), 'CreateFunction', variables(4000));
    assert.match((await fault(harness().service.call('CreateFunction', variables(4096)))).message, /exceeded the 4KB limit/);
  });
});

describe('lambda-facts §6.2: names of environment variables', () => {
  const reserved = [
    '_HANDLER', '_X_AMZN_TRACE_ID', 'AWS_DEFAULT_REGION', 'AWS_REGION', 'AWS_EXECUTION_ENV', 'AWS_LAMBDA_FUNCTION_NAME', 'AWS_LAMBDA_FUNCTION_MEMORY_SIZE',
    'AWS_LAMBDA_FUNCTION_VERSION', 'AWS_LAMBDA_INITIALIZATION_TYPE', 'AWS_LAMBDA_LOG_GROUP_NAME', 'AWS_LAMBDA_LOG_STREAM_NAME', 'AWS_ACCESS_KEY',
    'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_LAMBDA_RUNTIME_API', 'LAMBDA_TASK_ROOT', 'LAMBDA_RUNTIME_DIR',
    'AWS_LAMBDA_MAX_CONCURRENCY', 'AWS_LAMBDA_METADATA_API', 'AWS_LAMBDA_METADATA_TOKEN',
  ];
  const update = (name: string) => withFunction().service.call('UpdateFunctionConfiguration', { FunctionName: 'fn', Environment: { Variables: { [name]: 'x' } } });

  for (const name of reserved) {
    it(`${name} is reserved`, async () => {
      assert.match((await fault(update(name))).message, new RegExp(`reserved keys .* Reserved keys used in this request: ${name}$`));
    });
  }

  it('start with a letter and have two characters or more', async () => {
    for (const name of ['A', '1A', '_A', 'A-B', 'A B', '']) assert.equal((await fault(update(name))).name, 'ValidationException', name);
    for (const name of ['AB', 'A1', 'a_', 'TZ']) assert.equal((await update(name)).status, 200, name);
  });
});
