import assert from 'node:assert/strict';
import { AwsFault } from '../../src/contracts/faults.ts';
import type { RunOutcome } from '../../src/contracts/runner.ts';
import { arnOf, definition, harness, invoke, json, memoryDocuments, parse, type Harness } from '../unit/lambda/fakes.ts';

function withFunctions(...names: string[]): Harness {
  const made = harness();
  made.service.setBaseline(names.map((name) => definition(name)));
  return made;
}

async function fault(work: Promise<unknown>): Promise<AwsFault> {
  const error: unknown = await work.then(() => assert.fail('it should have failed'), (reason: unknown) => reason);
  assert.ok(error instanceof AwsFault, String(error));
  return error;
}

describe('lambda-facts §1.1: Invoke', () => {
  it('takes a name, name:qualifier, partial and full ARNs', async () => {
    const made = withFunctions('fn');
    for (const name of ['fn', 'fn:$LATEST', '123456789012:function:fn', arnOf('fn'), `${arnOf('fn')}:$LATEST`, 'function:fn']) {
      assert.equal((await invoke(made, name)).statusCode, 200, name);
    }
    assert.equal(made.requests.length, 6);
  });

  it('refuses other names with ValidationException and AWS\'s pattern', async () => {
    const error = await fault(invoke(withFunctions('fn'), 'no spaces allowed'));
    assert.equal(error.name, 'ValidationException');
    assert.match(error.message, /^1 validation error detected: Value 'no spaces allowed' at 'functionName' failed to satisfy constraint: Member must satisfy regular expression pattern: /);
  });

  it('refuses a qualifier that disagrees with the one in the name', async () => {
    assert.equal((await fault(invoke(withFunctions('fn'), 'fn:1', { qualifier: '2' }))).message, 'The derived qualifier from the function name does not match the specified qualifier.');
  });

  it('answers DryRun with 204, without version, and does not run the function', async () => {
    const made = withFunctions('fn');
    const output = await invoke(made, 'fn', { invocationType: 'DryRun' });
    assert.deepEqual([output.statusCode, output.payload.length, output.executedVersion], [204, 0, undefined]);
    assert.equal(made.requests.length, 0);
  });

  it('hands an empty body over as {}', async () => {
    const made = withFunctions('fn');
    await invoke(made, 'fn', { payload: new Uint8Array() });
    assert.deepEqual(parse(made.requests[0]?.payload as Uint8Array), {});
  });

  it('hands the payload over byte for byte', async () => {
    const made = withFunctions('fn');
    const payload = Buffer.from('{ "n": 1.00, "n": 1e2 }\n');
    await invoke(made, 'fn', { payload });
    assert.deepEqual(Buffer.from(made.requests[0]?.payload ?? []), payload);
  });

  it('shows the ARN unqualified, by $LATEST, by version and by alias', async () => {
    const made = withFunctions('fn');
    await made.service.call('PublishVersion', { FunctionName: 'fn' });
    await made.service.call('CreateAlias', { FunctionName: 'fn', Name: 'live', FunctionVersion: '1' });
    const versions = [];
    for (const qualifier of [undefined, '$LATEST', '1', 'live']) {
      versions.push((await invoke(made, 'fn', qualifier === undefined ? {} : { qualifier })).executedVersion);
    }
    assert.deepEqual(made.requests.map(({ invokedFunctionArn }) => invokedFunctionArn), [arnOf('fn'), `${arnOf('fn')}:$LATEST`, `${arnOf('fn')}:1`, `${arnOf('fn')}:live`]);
    assert.deepEqual(versions, ['$LATEST', '$LATEST', '1', '1']);
  });

  it('answers LogType Tail with the last 4096 bytes from START to REPORT', async () => {
    const made = withFunctions('fn');
    made.script = (_request, observer) => {
      observer.onLog({ time: 0, text: 'hello' });
      return { kind: 'response', payload: json(1) };
    };
    const output = await invoke(made, 'fn', { logType: 'Tail' });
    const id = output.requestId;
    assert.equal(Buffer.from(output.logResult ?? '', 'base64').toString(),
      `START RequestId: ${id} Version: $LATEST\nhello\nEND RequestId: ${id}\nREPORT RequestId: ${id}\tDuration: 3.00 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\tMax Memory Used: 36 MB\t\n`);
    made.script = (_request, observer) => {
      for (let index = 0; index < 500; index += 1) observer.onLog({ time: 0, text: `é line ${index}` });
      return { kind: 'response', payload: json(1) };
    };
    const long = Buffer.from((await invoke(made, 'fn', { logType: 'Tail' })).logResult ?? '', 'base64');
    assert.equal(long.length, 4096);
    assert.match(long.toString(), /line 499\nEND RequestId/);
    assert.equal((await invoke(made, 'fn')).logResult, undefined);
  });

  it('carries a caller\'s trace on and knows the cause', async () => {
    const made = withFunctions('outer', 'inner');
    made.script = async (request) => {
      if (request.function.configuration.functionName === 'outer') await invoke(made, 'inner', { traceHeader: request.traceId });
      return { kind: 'response', payload: json(1) };
    };
    const { requestId } = await invoke(made, 'outer');
    const [outer, inner] = made.requests;
    assert.match(outer?.traceId ?? '', /^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=1;Lineage=[0-9a-f]{8}:1$/);
    assert.equal(inner?.traceId.split(';')[0], outer?.traceId.split(';')[0]);
    assert.equal(made.history.get(inner?.requestId ?? '')?.causedBy, requestId);
  });
});

describe('lambda-facts §1.2: limits', () => {
  it('refuses a request above 6 MB with 413 RequestTooLargeException', async () => {
    const error = await fault(invoke(withFunctions('fn'), 'fn', { payload: new Uint8Array(6_291_457) }));
    assert.deepEqual([error.status, error.name], [413, 'RequestTooLargeException']);
    assert.equal(error.message, '6291457 byte payload is too large for the RequestResponse invocation type (limit 6291456 bytes)');
  });

  it('refuses a client context above 3583 characters, and one that is no JSON', async () => {
    const made = withFunctions('fn');
    assert.equal((await fault(invoke(made, 'fn', { clientContextBase64: 'a'.repeat(3584) }))).name, 'InvalidRequestContentException');
    assert.equal((await fault(invoke(made, 'fn', { clientContextBase64: 'bm90IGpzb24=' }))).name, 'InvalidRequestContentException');
  });
});

describe('lambda-facts §1.4: platform errors', () => {
  const cases: [string, RunOutcome, object][] = [
    ['a timeout in the form of 2025', { kind: 'timeout', phase: 'invoke' }, { errorType: 'Sandbox.Timedout', errorMessage: 'RequestId: <id> Error: Task timed out after 3.00 seconds' }],
    ['an exit without a reason', { kind: 'exit', phase: 'invoke', code: 0, signal: null }, { errorType: 'Runtime.ExitError', errorMessage: 'RequestId: <id> Error: Runtime exited without providing a reason' }],
    ['an exit status', { kind: 'exit', phase: 'init', code: 127, signal: null }, { errorType: 'Runtime.ExitError', errorMessage: 'RequestId: <id> Error: Runtime exited with error: exit status 127' }],
    ['a kill', { kind: 'exit', phase: 'invoke', code: null, signal: 'SIGKILL' }, { errorType: 'Runtime.ExitError', errorMessage: 'RequestId: <id> Error: Runtime exited with error: signal: killed' }],
    ['no bootstrap', { kind: 'invalid-entrypoint', searched: ['/var/task/bootstrap', '/opt/bootstrap'] }, { errorType: 'Runtime.InvalidEntrypoint', errorMessage: "RequestId: <id> Error: Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]" }],
    ['a response that is too large', { kind: 'response-too-large', bytes: 7_000_000 }, { errorMessage: 'Response payload size exceeded maximum allowed payload size (6291556 bytes).', errorType: 'Function.ResponseSizeTooLarge' }],
  ];
  for (const [title, outcome, payload] of cases) {
    it(`words ${title}, as FunctionError Unhandled with status 200`, async () => {
      const made = withFunctions('fn');
      made.script = () => outcome;
      const output = await invoke(made, 'fn');
      assert.deepEqual([output.statusCode, output.functionError], [200, 'Unhandled']);
      assert.equal(Buffer.from(output.payload).toString(), JSON.stringify(payload).replace('<id>', output.requestId));
    });
  }

  it('passes a function\'s own error payload on unchanged', async () => {
    const made = withFunctions('fn');
    const payload = Buffer.from('{"errorType":"Error","errorMessage":"no","trace":[]}');
    made.script = () => ({ kind: 'function-error', errorType: 'Error', payload });
    const output = await invoke(made, 'fn');
    assert.equal(output.functionError, 'Unhandled');
    assert.deepEqual(Buffer.from(output.payload), payload);
    const execution = made.history.get(output.requestId);
    assert.deepEqual([execution?.status, execution?.errorType, execution?.errorMessage], ['failed', 'Error', 'no']);
  });
});

describe('lambda-facts §1.5: API errors', () => {
  it('answers an unknown function with :$LATEST appended, key Message', async () => {
    const error = await fault(invoke(withFunctions('fn'), 'doesnotexist'));
    assert.deepEqual([error.status, error.name, error.messageKey, error.message], [404, 'ResourceNotFoundException', 'Message', `Function not found: ${arnOf('doesnotexist')}:$LATEST`]);
  });

  it('answers an unknown alias and version by its qualifier', async () => {
    const made = withFunctions('fn');
    assert.equal((await fault(invoke(made, 'fn:non-existent-alias'))).message, `Function not found: ${arnOf('fn')}:non-existent-alias`);
    assert.equal((await fault(invoke(made, 'fn', { qualifier: '7' }))).message, `Function not found: ${arnOf('fn')}:7`);
  });

  it('answers an ARN of another region', async () => {
    const error = await fault(invoke(withFunctions('fn'), 'arn:aws:lambda:eu-west-1:123456789012:function:fn'));
    assert.equal(error.message, "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')");
  });

  it('answers a body that is no JSON as Jackson would', async () => {
    const made = withFunctions('fn');
    const error = await fault(invoke(made, 'fn', { payload: Buffer.from([0x99]) }));
    assert.deepEqual([error.status, error.name], [400, 'InvalidRequestContentException']);
    assert.equal(error.message, 'Could not parse request body into json: Could not parse payload into json: Unexpected character ((CTRL-CHAR, code 153)): '
      + "expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')\n"
      + ' at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, column: 1]');
    for (const text of ['{', '[1,]', 'nope', '{"a":1}x', '\n  oops']) assert.equal((await fault(invoke(made, 'fn', { payload: Buffer.from(text) }))).name, 'InvalidRequestContentException', text);
  });

  it('names the character that a body goes wrong at, and its place', async () => {
    const made = withFunctions('fn');
    for (const [text, character, place] of [
      ['{"a":}', "'}' (code 125)", 'line: 1, column: 6'], ['[1,]', "']' (code 93)", 'line: 1, column: 4'], ['nope', "'o' (code 111)", 'line: 1, column: 2'],
      [' \n {"a":\n }', "'}' (code 125)", 'line: 3, column: 2'], ["{'a':1}", "''' (code 39)", 'line: 1, column: 2'], ['{"a":1}x', "'x' (code 120)", 'line: 1, column: 8'],
      [`{"a":[1,2,{"b":undefined}],"c":"${'long '.repeat(50)}"}`, "'u' (code 117)", 'line: 1, column: 16'],
    ]) {
      const { message } = await fault(invoke(made, 'fn', { payload: Buffer.from(text as string) }));
      assert.ok(message.includes(`Unexpected character (${character}):`) && message.endsWith(`${place}]`), `${text}: ${message}`);
    }
  });

  it('throttles at reserved concurrency with Reason, Retry-After and key message', async () => {
    const made = withFunctions('fn');
    await made.service.call('PutFunctionConcurrency', { FunctionName: 'fn', ReservedConcurrentExecutions: 0 });
    const error = await fault(invoke(made, 'fn'));
    assert.deepEqual([error.status, error.name, error.message, error.messageKey, error.fields], [429, 'TooManyRequestsException', 'Rate Exceeded.', 'message', { Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded' }]);
    assert.ok(Number(error.headers['retry-after']) > 0);
    assert.equal(made.changes.at(-1)?.status, 'throttled');
  });

  it('throttles at the account limit, and lets calls in again when others end', async () => {
    const made = harness({ accountConcurrency: 1 });
    made.service.setBaseline([definition('fn')]);
    const gate = Promise.withResolvers<RunOutcome>();
    made.script = () => gate.promise;
    const first = invoke(made, 'fn');
    assert.deepEqual((await fault(invoke(made, 'fn'))).fields, { Reason: 'ConcurrentInvocationLimitExceeded' });
    assert.deepEqual(made.service.status().inFlightByFunction, { fn: 1 });
    gate.resolve({ kind: 'response', payload: json(1) });
    await first;
    assert.equal((await invoke(made, 'fn')).statusCode, 200);
  });

  it('answers a language that is not installed as InvalidRuntimeException 502', async () => {
    const made = withFunctions('fn');
    made.script = () => ({ kind: 'no-runtime', message: 'Python is not installed.' });
    const error = await fault(invoke(made, 'fn'));
    assert.deepEqual([error.status, error.name, error.messageKey], [502, 'InvalidRuntimeException', 'Message']);
    assert.equal(made.changes.at(-1)?.status, 'failed');
  });
});

describe('lambda-facts §2.3: invocation record', () => {
  it('has the recorded members in the recorded order', async () => {
    const made = withFunctions('fn');
    const { requestId } = await invoke(made, 'fn', { payload: Buffer.from('{ "a": 1.0 }') });
    assert.equal(made.service.invocationRecord(requestId),
      `{"version":"1.0","timestamp":"2026-11-23T12:00:00.000Z","requestContext":{"requestId":"${requestId}","functionArn":"${arnOf('fn')}:$LATEST","condition":"Success","approximateInvokeCount":1},`
      + '"requestPayload":{ "a": 1.0 },"responseContext":{"statusCode":200,"executedVersion":"$LATEST"},"responsePayload":"ok"}');
    made.script = () => ({ kind: 'function-error', errorType: 'Error', payload: Buffer.from('{"errorMessage":"x"}') });
    const failed = await invoke(made, 'fn');
    assert.match(made.service.invocationRecord(failed.requestId) ?? '', /"condition":"RetriesExhausted","approximateInvokeCount":1\}.*"functionError":"Unhandled"\},"responsePayload":\{"errorMessage":"x"\}\}$/);
  });
});

describe('lambda-facts §5: versions and aliases', () => {
  it('publishes only when code or configuration changed, and never reuses a number', async () => {
    const made = withFunctions('fn');
    const publish = async () => ((await made.service.call('PublishVersion', { FunctionName: 'fn' })).body as { Version: string }).Version;
    assert.equal(await publish(), '1');
    assert.equal(await publish(), '1');
    await made.service.call('UpdateFunctionConfiguration', { FunctionName: 'fn', Timeout: 10 });
    assert.equal(await publish(), '2');
    await made.service.call('DeleteFunction', { FunctionName: 'fn', Qualifier: '2' });
    await made.service.call('UpdateFunctionConfiguration', { FunctionName: 'fn', Timeout: 11 });
    assert.equal(await publish(), '3');
  });

  it('refuses a wrong RevisionId with 412 and a wrong CodeSha256 by both hashes', async () => {
    const made = withFunctions('fn');
    assert.equal((await fault(made.service.call('PublishVersion', { FunctionName: 'fn', RevisionId: 'x' }))).status, 412);
    assert.equal((await fault(made.service.call('PublishVersion', { FunctionName: 'fn', CodeSha256: 'x' }))).message,
      'CodeSHA256 (x) is different from current CodeSHA256 in $LATEST (sha /w/src). Please try again with the CodeSHA256 in $LATEST.');
  });

  it('keeps a published version as it was', async () => {
    const made = withFunctions('fn');
    await made.service.call('PublishVersion', { FunctionName: 'fn' });
    made.service.setBaseline([definition('fn', { timeout: 60 })]);
    await invoke(made, 'fn:1');
    assert.equal(made.requests[0]?.function.configuration.timeout, 3);
    assert.match(made.requests[0]?.function.configuration.code.folder ?? '', /^\/frozen\//);
  });

  it('routes an alias by weight, per invocation', async () => {
    const made = withFunctions('fn');
    await made.service.call('PublishVersion', { FunctionName: 'fn' });
    await made.service.call('UpdateFunctionConfiguration', { FunctionName: 'fn', Timeout: 5 });
    await made.service.call('PublishVersion', { FunctionName: 'fn' });
    await made.service.call('CreateAlias', { FunctionName: 'fn', Name: 'live', FunctionVersion: '1', RoutingConfig: { AdditionalVersionWeights: { 2: 0.25 } } });
    made.draw = 0.2;
    assert.equal((await invoke(made, 'fn:live')).executedVersion, '2');
    made.draw = 0.3;
    assert.equal((await invoke(made, 'fn:live')).executedVersion, '1');
  });

  it('refuses aliases as AWS words it', async () => {
    const made = withFunctions('fn');
    await made.service.call('PublishVersion', { FunctionName: 'fn' });
    const create = (input: object) => fault(made.service.call('CreateAlias', { FunctionName: 'fn', Name: 'a', FunctionVersion: '1', ...input }));
    const weights = (map: object) => ({ RoutingConfig: { AdditionalVersionWeights: map } });
    assert.equal((await create({ FunctionVersion: '$LATEST', ...weights({ 1: 0.5 }) })).message, '$LATEST is not supported for an alias pointing to more than 1 version');
    assert.equal((await create(weights({ 2: 0.5, 3: 0.5 }))).message, 'Number of items in AdditionalVersionWeights cannot be greater than 1');
    assert.equal((await create(weights({ 1: 0.5 }))).message, 'Invalid function version 1. Function version 1 is already included in routing configuration.');
    assert.equal((await create({ Name: '12' })).name, 'ValidationException');
    assert.equal((await made.service.call('DeleteAlias', { FunctionName: 'fn', Name: 'missing' })).status, 204);
  });
});

describe('functions made and changed by API calls', () => {
  const zip = Buffer.from('zip').toString('base64');
  const create = { FunctionName: 'made', Runtime: 'nodejs24.x', Role: 'arn:aws:iam::123456789012:role/r', Handler: 'index.handler', Code: { ZipFile: zip } };

  it('are listed, invoked, updated and deleted', async () => {
    const made = withFunctions();
    const created = await made.service.call('CreateFunction', { ...create, Environment: { Variables: { STAGE: 'dev' } } });
    assert.equal(created.status, 201);
    assert.deepEqual((created.body as { Environment: object }).Environment, { Variables: { STAGE: 'dev' } });
    assert.equal((await invoke(made, 'made')).statusCode, 200);
    assert.equal((await fault(made.service.call('CreateFunction', create))).message, 'Function already exist: made');
    assert.deepEqual(made.service.listSummaries().map(({ name, origin }) => [name, origin.kind]), [['made', 'api']]);
    assert.equal((await made.service.call('DeleteFunction', { FunctionName: 'made' })).status, 204);
    assert.equal((await fault(invoke(made, 'made'))).status, 404);
  });

  it('are refused with AWS\'s ranges and reserved names', async () => {
    const made = withFunctions();
    assert.equal((await fault(made.service.call('CreateFunction', { ...create, Timeout: 901 }))).message,
      "1 validation error detected: Value '901' at 'timeout' failed to satisfy constraint: Member must have value less than or equal to 900");
    assert.match((await fault(made.service.call('CreateFunction', { ...create, Environment: { Variables: { AWS_REGION: 'x' } } }))).message, /Reserved keys used in this request: AWS_REGION$/);
    assert.equal((await fault(made.service.call('CreateFunction', { ...create, Runtime: 'cobol' }))).name, 'InvalidParameterValueException');
  });

  it('survive a restart, and the template wins where it changes the same property', async () => {
    const documents = memoryDocuments();
    const first = harness({}, documents);
    first.service.setBaseline([definition('fn')]);
    await first.service.call('UpdateFunctionConfiguration', { FunctionName: 'fn', Timeout: 20, Description: 'edited' });
    const second = harness({}, documents);
    second.service.setBaseline([definition('fn')]);
    assert.deepEqual(second.service.listSummaries()[0]?.changed.toSorted(), ['Description', 'Timeout']);
    second.service.setBaseline([definition('fn', { timeout: 7 })]);
    const [summary] = second.service.listSummaries();
    assert.deepEqual([summary?.timeout, summary?.description, summary?.changed], [7, 'edited', ['Description']]);
  });

  it('keep 100 of the account limit unreserved', async () => {
    const made = withFunctions('fn');
    assert.match((await fault(made.service.call('PutFunctionConcurrency', { FunctionName: 'fn', ReservedConcurrentExecutions: 901 }))).message, /below its minimum value of \[100\]/);
    await made.service.call('PutFunctionConcurrency', { FunctionName: 'fn', ReservedConcurrentExecutions: 900 });
    assert.deepEqual((await made.service.call('GetAccountSettings', {})).body, { AccountLimit: { TotalCodeSize: 80_530_636_800, CodeSizeUnzipped: 262_144_000, CodeSizeZipped: 52_428_800, ConcurrentExecutions: 1000, UnreservedConcurrentExecutions: 100 }, AccountUsage: { TotalCodeSize: 0, FunctionCount: 1 } });
  });

  it('page through lists', async () => {
    const made = withFunctions('a', 'b', 'c');
    const first = (await made.service.call('ListFunctions', { MaxItems: 2 })).body as { Functions: { FunctionName: string }[]; NextMarker: string };
    assert.deepEqual(first.Functions.map(({ FunctionName }) => FunctionName), ['a', 'b']);
    const rest = (await made.service.call('ListFunctions', { Marker: first.NextMarker })).body as { Functions: { FunctionName: string }[]; NextMarker?: string };
    assert.deepEqual([rest.Functions.map(({ FunctionName }) => FunctionName), rest.NextMarker], [['c'], undefined]);
  });
});

describe('an answer', () => {
  it('is told before the execution is noted as finished, which it is when the call is over', async () => {
    const made = withFunctions('fn');
    let told: { requestId: string; payload: string; status: string | undefined } | undefined;
    const output = await invoke(made, 'fn', { onAnswer: ({ requestId, payload }: { requestId: string; payload: Uint8Array }) => {
      told = { requestId, payload: Buffer.from(payload).toString(), status: made.history.get(requestId)?.status };
    } });
    assert.deepEqual(told, { requestId: output.requestId, payload: Buffer.from(output.payload).toString(), status: 'running' });
    assert.equal(made.history.get(output.requestId)?.status, 'succeeded');
  });

  it('that cannot be noted any more is in the log: nobody waits for the error', async () => {
    const made = withFunctions('fn');
    made.history.saveResponse = () => { throw new Error('no room'); };
    let answered = false;
    // The logger of the harness throws what it is told.
    await assert.rejects(invoke(made, 'fn', { onAnswer: () => { answered = true; } }), /was answered, but could not be noted as finished/);
    assert.equal(answered, true);
  });

  it('with a log tail waits for the last line of the log', async () => {
    const made = withFunctions('fn');
    const output = await invoke(made, 'fn', { logType: 'Tail', onAnswer: () => assert.fail('told too early') });
    assert.match(Buffer.from(output.logResult ?? '', 'base64').toString(), /^REPORT RequestId/m);
  });
});

describe('cancelling', () => {
  it('ends a running invocation through the runner\'s cancellation', async () => {
    const made = withFunctions('fn');
    made.script = (_request, _observer, cancellation) => new Promise((resolve) => {
      cancellation?.follow(() => resolve({ kind: 'cancelled' }));
    });
    let id = '';
    const running = invoke(made, 'fn', { onExecution: (execution: { id: string }) => { id = execution.id; } });
    assert.equal(made.service.cancel(id), true);
    assert.equal((await running).functionError, 'Unhandled');
    assert.equal(made.history.get(id)?.status, 'cancelled');
    assert.equal(made.service.cancel(id), false);
  });
});
