import assert from 'node:assert/strict';
import { AwsFault } from '../../src/contracts/faults.ts';
import type { RunOutcome } from '../../src/contracts/runner.ts';
import { settle } from '../support/fake-clock.ts';
import { arnOf, definition, harness, invoke, json, memoryDocuments, type Harness } from '../unit/lambda/fakes.ts';

const queueArn = 'arn:aws:sqs:us-east-1:123456789012:results';
const deadLetterArn = 'arn:aws:sqs:us-east-1:123456789012:dead';
const topicArn = 'arn:aws:sns:us-east-1:123456789012:results';
const busArn = 'arn:aws:events:us-east-1:123456789012:event-bus/orders';
const bucketArn = 'arn:aws:s3:::failures';

const failed: RunOutcome = {
  kind: 'function-error', errorType: 'Exception',
  payload: json({ errorMessage: 'Test exception', errorType: 'Exception', requestId: 'x', stackTrace: [] }),
};

interface Options {
  config?: Record<string, unknown>;
  deadLetter?: string;
  reserved?: number;
}

async function functions(made: Harness, { config, deadLetter, reserved }: Options = {}): Promise<void> {
  made.service.setBaseline([
    definition('fn', deadLetter === undefined ? {} : { deadLetterTargetArn: deadLetter }, reserved === undefined ? {} : { reservedConcurrency: reserved }),
    definition('next'),
  ]);
  made.service.start();
  if (config) await made.service.call('PutFunctionEventInvokeConfig', { FunctionName: 'fn', ...config });
}

async function made(options: Options = {}, outcome: () => RunOutcome = () => ({ kind: 'response', payload: json('ok') })): Promise<Harness> {
  const result = harness();
  result.script = outcome;
  await functions(result, options);
  return result;
}

async function send(to: Harness, payload: unknown = {}, more: object = {}): Promise<string> {
  const output = await invoke(to, 'fn', { invocationType: 'Event', payload: json(payload), ...more });
  await to.clock.pass(25);
  return output.requestId;
}

const runsOf = (of: Harness, name = 'fn') => of.requests.filter((request) => request.function.configuration.functionName === name).length;
const execution = (of: Harness, id: string) => of.history.get(id) ?? assert.fail(`no execution ${id}`);
const body = (of: Harness, index = 0) => of.delivered[index]?.what['body'] as string;

async function fault(work: Promise<unknown>): Promise<AwsFault> {
  const error: unknown = await work.then(() => assert.fail('it should have failed'), (reason: unknown) => reason);
  assert.ok(error instanceof AwsFault, String(error));
  return error;
}

describe('lambda-facts §2.1: queue, retries, age', () => {
  it('answers 202 with an empty body and no version, before the function runs', async () => {
    const of = await made();
    const output = await invoke(of, 'fn', { invocationType: 'Event' });
    assert.deepEqual([output.statusCode, output.payload.length, output.executedVersion], [202, 0, undefined]);
    assert.equal(runsOf(of), 0);
    assert.equal(execution(of, output.requestId).status, 'queued');
    await settle();
    assert.equal(runsOf(of), 1);
  });

  it('tries twice more by default: one minute before the second attempt, two before the third', async () => {
    const of = await made({}, () => failed);
    const id = await send(of);
    assert.equal(runsOf(of), 1);
    await of.clock.pass(59_000);
    assert.equal(runsOf(of), 1);
    await of.clock.pass(1_100);
    assert.equal(runsOf(of), 2);
    await of.clock.pass(119_000);
    assert.equal(runsOf(of), 2);
    await of.clock.pass(1_100);
    assert.equal(runsOf(of), 3);
    await of.clock.pass(3_600_000);
    assert.equal(runsOf(of), 3);
    const { status, attempts, asynchronous } = execution(of, id);
    assert.deepEqual([status, attempts.length, asynchronous?.condition, asynchronous?.invokeCount], ['failed', 3, 'RetriesExhausted', 3]);
    assert.deepEqual(asynchronous?.waits?.map(({ kind, awsSeconds }) => [kind, awsSeconds]), [['retry', 60], ['retry', 120]]);
    assert.equal(of.queue.get(id), undefined);
  });

  it('does as many retries as MaximumRetryAttempts says', async () => {
    for (const attempts of [0, 1]) {
      const of = await made({ config: { MaximumRetryAttempts: attempts } }, () => failed);
      await send(of);
      await of.clock.pass(600_000);
      assert.equal(runsOf(of), attempts + 1);
    }
  });

  it('keeps the request id through all attempts', async () => {
    const of = await made({}, () => failed);
    const id = await send(of);
    await of.clock.pass(600_000);
    assert.deepEqual(new Set(of.requests.map(({ requestId }) => requestId)), new Set([id]));
  });

  it('gives up at once when the next wait would pass MaximumEventAge: 60 s one attempt, 90 s two', async () => {
    for (const [age, count] of [[60, 1], [90, 2]] as const) {
      const of = await made({ config: { MaximumEventAgeInSeconds: age, DestinationConfig: { OnFailure: { Destination: queueArn } } } }, () => failed);
      const id = await send(of);
      await of.clock.pass(3_600_000);
      assert.equal(runsOf(of), count);
      assert.equal(execution(of, id).asynchronous?.condition, 'EventAgeExceeded');
      const record = JSON.parse(body(of)) as Record<string, Record<string, unknown>>;
      assert.equal(record['requestContext']?.['approximateInvokeCount'], count);
      // The record still carries the last attempt's answer.
      assert.equal(record['responseContext']?.['functionError'], 'Unhandled');
      assert.equal(record['responsePayload']?.['errorMessage'], 'Test exception');
    }
  });

  it('decides the same at any scale', async () => {
    for (const scale of [1, 60, 600]) {
      const of = harness();
      of.clock.scale = scale;
      of.script = () => failed;
      await functions(of, { config: { MaximumEventAgeInSeconds: 90, MaximumRetryAttempts: 2 } });
      const id = await send(of);
      await of.clock.pass(400_000);
      assert.deepEqual([execution(of, id).asynchronous?.condition, execution(of, id).asynchronous?.invokeCount], ['EventAgeExceeded', 2], `×${scale}`);
    }
  });

  it('never repeats sooner than 250 ms of real time, however fast waits pass', async () => {
    const of = harness();
    of.clock.scale = 3600;
    of.script = () => failed;
    await functions(of);
    await send(of);
    await of.clock.pass(220);
    assert.equal(runsOf(of), 1);
    await of.clock.pass(40);
    assert.equal(runsOf(of), 2);
  });

  it('waits 1 s, doubled up to 5 minutes, after throttles, which use up no attempt', async () => {
    const of = await made({ reserved: 1 });
    let release: (outcome: RunOutcome) => void = () => {};
    of.script = () => new Promise<RunOutcome>((resolve) => { release = resolve; });
    const holding = invoke(of, 'fn');
    await settle();
    const id = await send(of);
    assert.equal(execution(of, id).asynchronous?.wait?.kind, 'throttle');
    await of.clock.pass(3_600_000);
    const waits = execution(of, id).asynchronous?.waits ?? [];
    assert.deepEqual(waits.slice(0, 10).map(({ awsSeconds }) => awsSeconds), [1, 2, 4, 8, 16, 32, 64, 128, 256, 300]);
    assert.equal(execution(of, id).asynchronous?.invokeCount, 0);
    release({ kind: 'response', payload: json(1) });
    await holding;
    of.script = () => ({ kind: 'response', payload: json('ok') });
    await of.clock.pass(300_000);
    assert.deepEqual([execution(of, id).status, execution(of, id).asynchronous?.invokeCount], ['succeeded', 1]);
  });

  it('gives an event that is only ever throttled up when it is too old', async () => {
    const of = await made({ reserved: 1, deadLetter: deadLetterArn, config: { MaximumEventAgeInSeconds: 60, DestinationConfig: { OnFailure: { Destination: queueArn } } } });
    of.script = () => new Promise<RunOutcome>(() => {});
    void invoke(of, 'fn');
    await settle();
    const id = await send(of, { n: 1 });
    await of.clock.pass(120_000);
    assert.equal(execution(of, id).asynchronous?.condition, 'EventAgeExceeded');
    assert.deepEqual(Object.keys(JSON.parse(body(of)) as object), ['version', 'timestamp', 'requestContext', 'requestPayload']);
  });

  it('sends events of a function with reserved concurrency 0 straight to where failures go, without an attempt', async () => {
    const of = await made({ reserved: 0, deadLetter: deadLetterArn, config: { DestinationConfig: { OnFailure: { Destination: queueArn } } } });
    const id = await send(of, { n: 1 });
    assert.equal(runsOf(of), 0);
    const record = JSON.parse(body(of)) as Record<string, Record<string, unknown>>;
    assert.deepEqual(Object.keys(record), ['version', 'timestamp', 'requestContext', 'requestPayload']);
    assert.deepEqual(record['requestContext'], { requestId: id, functionArn: `${arnOf('fn')}:$LATEST`, condition: 'ZeroReservedConcurrency', approximateInvokeCount: 0 });
    assert.deepEqual(of.delivered.map(({ arn }) => arn), [queueArn, deadLetterArn]);
  });

  it('runs queued events with the code and configuration of the moment', async () => {
    const of = await made({}, () => failed);
    await send(of);
    await of.service.call('UpdateFunctionConfiguration', { FunctionName: 'fn', Timeout: 77 });
    await of.clock.pass(61_000);
    assert.deepEqual(of.requests.map(({ function: { configuration } }) => configuration.timeout), [3, 77]);
  });

  it('counts a failure of the platform as no attempt and tries again', async () => {
    const of = await made({}, () => ({ kind: 'no-runtime', message: 'There is no Python here.' }));
    const id = await send(of);
    assert.deepEqual([execution(of, id).status, execution(of, id).asynchronous?.wait?.kind], ['queued', 'system-error']);
    of.script = () => ({ kind: 'response', payload: json('ok') });
    await of.clock.pass(1_100);
    assert.deepEqual([execution(of, id).status, execution(of, id).asynchronous?.invokeCount], ['succeeded', 1]);
  });
});

describe('lambda-facts §1.2: limits of an event', () => {
  it('refuses more than 1 MB with 413 and names the limit', async () => {
    const of = await made();
    const error = await fault(invoke(of, 'fn', { invocationType: 'Event', payload: json('x'.repeat(1_048_575)) }));
    assert.deepEqual([error.name, error.status], ['RequestTooLargeException', 413]);
    assert.equal(error.message, '1048577 byte payload is too large for the Event invocation type (limit 1048576 bytes)');
    assert.equal((await invoke(of, 'fn', { invocationType: 'Event', payload: json('x'.repeat(1_048_574)) })).statusCode, 202);
  });

  it('refuses a payload that is not JSON, and an unknown function', async () => {
    const of = await made();
    assert.equal((await fault(invoke(of, 'fn', { invocationType: 'Event', payload: Buffer.from('{') }))).name, 'InvalidRequestContentException');
    assert.equal((await fault(invoke(of, 'nobody', { invocationType: 'Event' }))).message, `Function not found: ${arnOf('nobody')}:$LATEST`);
  });
});

describe('lambda-facts §2.2: event invoke config', () => {
  const put = (of: Harness, config: object) => of.service.call('PutFunctionEventInvokeConfig', { FunctionName: 'fn', ...config });

  it('answers with both destinations present and numbers only when set', async () => {
    const of = await made();
    const { body: answer } = await put(of, { MaximumRetryAttempts: 0, DestinationConfig: { OnFailure: { Destination: queueArn } } });
    assert.deepEqual(Object.keys(answer as object), ['LastModified', 'FunctionArn', 'MaximumRetryAttempts', 'DestinationConfig']);
    assert.deepEqual(answer, {
      LastModified: of.time / 1000, FunctionArn: `${arnOf('fn')}:$LATEST`, MaximumRetryAttempts: 0,
      DestinationConfig: { OnSuccess: {}, OnFailure: { Destination: queueArn } },
    });
  });

  it('replaces on Put and merges on Update', async () => {
    const of = await made();
    await put(of, { MaximumRetryAttempts: 1, MaximumEventAgeInSeconds: 60 });
    const updated = await of.service.call('UpdateFunctionEventInvokeConfig', { FunctionName: 'fn', MaximumRetryAttempts: 0 });
    assert.deepEqual([(updated.body as Record<string, unknown>)['MaximumRetryAttempts'], (updated.body as Record<string, unknown>)['MaximumEventAgeInSeconds']], [0, 60]);
    const replaced = await put(of, { MaximumRetryAttempts: 2 });
    assert.equal((replaced.body as Record<string, unknown>)['MaximumEventAgeInSeconds'], undefined);
  });

  it('belongs to its qualifier: publishing a version does not copy it', async () => {
    const of = await made({ config: { MaximumRetryAttempts: 0 } });
    await of.service.call('PublishVersion', { FunctionName: 'fn' });
    const error = await fault(of.service.call('GetFunctionEventInvokeConfig', { FunctionName: 'fn', Qualifier: '1' }));
    assert.deepEqual([error.status, error.message], [404, `The function ${arnOf('fn')}:1 doesn't have an EventInvokeConfig`]);
    await of.service.call('PutFunctionEventInvokeConfig', { FunctionName: 'fn:1', MaximumRetryAttempts: 1 });
    const listed = await of.service.call('ListFunctionEventInvokeConfigs', { FunctionName: 'fn' });
    const configs = (listed.body as { FunctionEventInvokeConfigs: { FunctionArn: string }[] }).FunctionEventInvokeConfigs;
    assert.deepEqual(configs.map(({ FunctionArn }) => FunctionArn), [`${arnOf('fn')}:$LATEST`, `${arnOf('fn')}:1`]);
  });

  it('is deleted with 204, and then is not there', async () => {
    const of = await made({ config: { MaximumRetryAttempts: 0 } });
    assert.deepEqual(await of.service.call('DeleteFunctionEventInvokeConfig', { FunctionName: 'fn' }), { status: 204 });
    assert.equal((await fault(of.service.call('GetFunctionEventInvokeConfig', { FunctionName: 'fn' }))).status, 404);
  });

  it('has AWS\'s texts for what it refuses', async () => {
    const of = await made();
    const destination = (arn: string, member = 'OnFailure') => put(of, { DestinationConfig: { [member]: { Destination: arn } } });
    const messages: readonly (readonly [Promise<unknown>, string, string])[] = [
      [put(of, {}), 'InvalidParameterValueException', 'You must specify at least one of error handling or destination setting.'],
      [destination(arnOf('fn')), 'InvalidParameterValueException', "You can't specify the function as a destination for itself."],
      [destination(arnOf('nobody')), 'InvalidParameterValueException', `The destination ARN ${arnOf('nobody')} is invalid.`],
      [destination('arn:aws:iam::123456789012:role/r', 'OnSuccess'), 'InvalidParameterValueException',
        'The provided destination config DestinationConfig(onSuccess=OnSuccess(destination=arn:aws:iam::123456789012:role/r), onFailure=null) is invalid.'],
      [of.service.call('PutFunctionEventInvokeConfig', { FunctionName: 'nobody', MaximumRetryAttempts: 0 }), 'ResourceNotFoundException', "The function doesn't exist."],
      [of.service.call('PutFunctionEventInvokeConfig', { FunctionName: 'fn:1', Qualifier: '2', MaximumRetryAttempts: 0 }), 'InvalidParameterValueException',
        'The derived qualifier from the function name does not match the specified qualifier.'],
      [put(of, { MaximumRetryAttempts: 3 }), 'ValidationException', "1 validation error detected: Value '3' at 'maximumRetryAttempts' failed to satisfy constraint: Member must have value less than or equal to 2"],
      [put(of, { MaximumEventAgeInSeconds: 59 }), 'ValidationException', "1 validation error detected: Value '59' at 'maximumEventAgeInSeconds' failed to satisfy constraint: Member must have value greater than or equal to 60"],
    ];
    for (const [work, name, message] of messages) {
      const error = await fault(work);
      assert.deepEqual([error.name, error.message], [name, message]);
    }
    assert.match((await fault(destination('not-an-arn'))).message, /^1 validation error detected: Value 'not-an-arn' at 'destinationConfig.onFailure.destination' failed to satisfy constraint: Member must satisfy regular expression pattern: \$\|kafka:/);
  });

  it('refuses FIFO targets, and S3 for successes', async () => {
    const of = await made();
    for (const [member, arn] of [['OnFailure', `${queueArn}.fifo`], ['OnSuccess', `${topicArn}.fifo`], ['OnSuccess', bucketArn]] as const) {
      assert.match((await fault(put(of, { DestinationConfig: { [member]: { Destination: arn } } }))).message, /^The provided destination config DestinationConfig\(.* is invalid\.$/);
    }
  });

  it('from a template holds until an API call puts another over it, and wins again when the template changes', async () => {
    const of = harness();
    const baseline = (retries: number) => of.service.setBaseline([definition('fn', {}, { eventInvokeConfigs: [{ qualifier: '$LATEST', maximumRetryAttempts: retries }] })]);
    const now = () => of.service.listSummaries()[0]?.eventInvokeConfigs;
    baseline(1);
    assert.deepEqual(now(), [{ qualifier: '$LATEST', maximumRetryAttempts: 1, changed: false }]);
    await put(of, { MaximumRetryAttempts: 0 });
    baseline(1);
    assert.deepEqual(now(), [{ qualifier: '$LATEST', maximumRetryAttempts: 0, changed: true }]);
    of.service.resetEventInvokeConfig('fn', undefined);
    assert.deepEqual(now(), [{ qualifier: '$LATEST', maximumRetryAttempts: 1, changed: false }]);
    await put(of, { MaximumRetryAttempts: 0 });
    baseline(2);
    assert.deepEqual(now(), [{ qualifier: '$LATEST', maximumRetryAttempts: 2, changed: false }]);
  });
});

describe('lambda-facts §2.3 and §2.4: records at their destinations', () => {
  const to = (member: 'OnSuccess' | 'OnFailure', arn: string) => ({ config: { MaximumRetryAttempts: 0, DestinationConfig: { [member]: { Destination: arn } } } });

  it('SQS: the body is the record, compact, in wire order, with the trace header and no attributes', async () => {
    const of = await made(to('OnSuccess', queueArn), () => ({ kind: 'response', payload: Buffer.from('{ "any": 1.0 }') }));
    const id = await send(of, { n: 1 });
    const { finishedAt, traceId } = execution(of, id);
    assert.equal(body(of), `{"version":"1.0","timestamp":"${new Date(finishedAt as number).toISOString()}","requestContext":{"requestId":"${id}",`
      + `"functionArn":"${arnOf('fn')}:$LATEST","condition":"Success","approximateInvokeCount":1},"requestPayload":{"n":1},`
      + '"responseContext":{"statusCode":200,"executedVersion":"$LATEST"},"responsePayload":{ "any": 1.0 }}');
    assert.deepEqual(Object.keys(of.delivered[0]?.what ?? {}), ['body', 'traceHeader']);
    assert.equal(of.delivered[0]?.what['traceHeader'], traceId);
  });

  it('a failure adds functionError and carries the error as responsePayload', async () => {
    const of = await made(to('OnFailure', queueArn), () => failed);
    await send(of);
    const record = JSON.parse(body(of)) as Record<string, Record<string, unknown>>;
    assert.deepEqual(record['requestContext']?.['condition'], 'RetriesExhausted');
    assert.deepEqual(Object.entries(record['responseContext'] ?? {}), [['statusCode', 200], ['executedVersion', '$LATEST'], ['functionError', 'Unhandled']]);
    assert.deepEqual(record['responsePayload']?.['errorType'], 'Exception');
  });

  it('SNS: the message is the record, without a subject', async () => {
    const of = await made(to('OnFailure', topicArn), () => failed);
    await send(of);
    assert.deepEqual(Object.keys(of.delivered[0]?.what ?? {}), ['message', 'traceHeader']);
    assert.match(String(of.delivered[0]?.what['message']), /^\{"version":"1\.0","timestamp"/);
  });

  it('EventBridge: source lambda, detail-type by result, resources bus and qualified function, detail the record', async () => {
    for (const [member, outcome, word] of [['OnSuccess', () => ({ kind: 'response', payload: json(1) }), 'Success'], ['OnFailure', () => failed, 'Failure']] as const) {
      const of = await made(to(member, busArn), outcome as () => RunOutcome);
      await send(of);
      const { source, detailType, resources, detail } = of.delivered[0]?.what as Record<string, unknown>;
      assert.deepEqual([source, detailType, resources], ['lambda', `Lambda Function Invocation Result - ${word}`, [busArn, `${arnOf('fn')}:$LATEST`]]);
      assert.match(String(detail), /^\{"version":"1\.0"/);
    }
  });

  it('Lambda: invoked asynchronously with the record, so that chains work and know their cause', async () => {
    const of = await made(to('OnSuccess', arnOf('next')));
    const id = await send(of, { n: 1 });
    await settle();
    const next = of.requests.find((request) => request.function.configuration.functionName === 'next');
    const record = JSON.parse(Buffer.from(next?.payload ?? []).toString()) as { requestContext: { requestId: string } };
    assert.equal(record.requestContext.requestId, id);
    const [caused] = of.history.list({ limit: 10, causedBy: id });
    assert.deepEqual([caused?.functionName, caused?.source, caused?.status], ['next', 'destination', 'succeeded']);
    assert.equal(execution(of, id).asynchronous?.deliveries[0]?.deliveredId, caused?.id);
    assert.equal(/Root=([^;]+)/.exec(caused?.traceId ?? '')?.[1], /Root=([^;]+)/.exec(execution(of, id).traceId)?.[1]);
  });

  it('S3: failures only, by function and date', async () => {
    const of = await made(to('OnFailure', bucketArn), () => failed);
    await send(of);
    assert.match(String(of.delivered[0]?.what['key']), /^aws\/lambda\/async\/fn\/2026\/11\/23\/2026-11-23T12\.00\.0\d-[0-9a-f-]{36}$/);
  });

  it('fires only for asynchronous invocations', async () => {
    const of = await made(to('OnSuccess', queueArn));
    await invoke(of, 'fn');
    await of.clock.pass(10);
    assert.deepEqual(of.delivered, []);
  });

  it('leaves the payloads out of a record that its target would not take', async () => {
    const of = await made(to('OnFailure', topicArn), () => failed);
    const id = await send(of, 'x'.repeat(300_000));
    assert.deepEqual(Object.keys(JSON.parse(String(of.delivered[0]?.what['message'])) as object), ['version', 'timestamp', 'requestContext', 'responseContext']);
    assert.equal(execution(of, id).asynchronous?.deliveries[0]?.payloadDropped, true);
  });

  it('a target that refuses is a failed delivery; the event is over all the same', async () => {
    const of = await made({ ...to('OnFailure', queueArn), deadLetter: deadLetterArn }, () => failed);
    of.refusing.set(queueArn, new AwsFault('QueueDoesNotExist', 400, 'The specified queue does not exist.'));
    const id = await send(of);
    const { asynchronous } = execution(of, id);
    assert.deepEqual(asynchronous?.deliveries.map(({ kind, status, error }) => [kind, status, error]), [
      ['OnFailure', 'failed', 'QueueDoesNotExist: The specified queue does not exist.'], ['DeadLetterQueue', 'delivered', undefined],
    ]);
    assert.equal(of.queue.get(id), undefined);
  });

  it('a full disk is no answer of a bucket: the event stays', async () => {
    const of = await made(to('OnFailure', bucketArn), () => failed);
    of.refusing.set(bucketArn, Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', syscall: 'write' }));
    const { requestId } = await invoke(of, 'fn', { invocationType: 'Event' });
    await assert.rejects(of.clock.pass(25), /could not be written; it is tried again/);
    assert.deepEqual([of.delivered, of.queue.get(requestId)?.id, execution(of, requestId).asynchronous?.deliveries], [[], requestId, []]);
  });

  it('a delivery that AWS would deny works and carries the hint', async () => {
    const of = await made(to('OnSuccess', `${queueArn}-denied`));
    const id = await send(of);
    assert.deepEqual(execution(of, id).asynchronous?.deliveries.map(({ status, hint }) => [status, hint]), [['delivered', 'denied to fn']]);
  });

  it('the record of an alias names the alias (docs/fidelity.md)', async () => {
    const of = await made();
    await of.service.call('PublishVersion', { FunctionName: 'fn' });
    await of.service.call('CreateAlias', { FunctionName: 'fn', Name: 'live', FunctionVersion: '1' });
    await of.service.call('PutFunctionEventInvokeConfig', { FunctionName: 'fn', Qualifier: 'live', DestinationConfig: { OnSuccess: { Destination: queueArn } } });
    await send(of, {}, { qualifier: 'live' });
    const record = JSON.parse(body(of)) as Record<string, Record<string, unknown>>;
    assert.deepEqual([record['requestContext']?.['functionArn'], record['responseContext']?.['executedVersion']], [`${arnOf('fn')}:live`, '1']);
  });

  it('the configuration of another qualifier does not apply', async () => {
    const of = await made(to('OnSuccess', queueArn));
    await of.service.call('PublishVersion', { FunctionName: 'fn' });
    await send(of, {}, { qualifier: '1' });
    assert.deepEqual(of.delivered, []);
  });
});

describe('lambda-facts §2.5: dead-letter queue', () => {
  it('gets the event unchanged, with RequestID, ErrorCode and ErrorMessage', async () => {
    const of = await made({ deadLetter: deadLetterArn, config: { MaximumRetryAttempts: 0 } }, () => failed);
    const output = await invoke(of, 'fn', { invocationType: 'Event', payload: Buffer.from('{ "n": 1.00 }') });
    await of.clock.pass(10);
    assert.equal(body(of), '{ "n": 1.00 }');
    assert.deepEqual(of.delivered[0]?.what['attributes'], {
      RequestID: { DataType: 'String', StringValue: output.requestId },
      ErrorCode: { DataType: 'Number', StringValue: '200' },
      ErrorMessage: { DataType: 'String', StringValue: 'Test exception' },
    });
  });

  it('cuts ErrorMessage at 1 KB', async () => {
    const of = await made({ deadLetter: topicArn, config: { MaximumRetryAttempts: 0 } }, () => ({
      kind: 'function-error', errorType: 'E', payload: json({ errorType: 'E', errorMessage: 'é'.repeat(2000) }),
    }));
    await send(of);
    const attributes = of.delivered[0]?.what['attributes'] as { ErrorMessage: { StringValue: string } };
    assert.equal(attributes.ErrorMessage.StringValue, 'é'.repeat(512));
  });

  it('receives together with the on-failure destination, after it', async () => {
    const of = await made({ deadLetter: deadLetterArn, config: { MaximumRetryAttempts: 0, DestinationConfig: { OnFailure: { Destination: queueArn } } } }, () => failed);
    await send(of);
    assert.deepEqual(of.delivered.map(({ arn }) => arn), [queueArn, deadLetterArn]);
  });

  it('gets nothing of a success', async () => {
    const of = await made({ deadLetter: deadLetterArn });
    await send(of);
    assert.deepEqual(of.delivered, []);
  });

  it('is frozen into a version when it is published', async () => {
    const of = await made({ deadLetter: deadLetterArn }, () => failed);
    await of.service.call('PublishVersion', { FunctionName: 'fn' });
    await of.service.call('UpdateFunctionConfiguration', { FunctionName: 'fn', DeadLetterConfig: { TargetArn: '' } });
    const answers = await Promise.all([undefined, '1'].map((Qualifier) => of.service.call('GetFunctionConfiguration', { FunctionName: 'fn', ...(Qualifier ? { Qualifier } : {}) })));
    assert.deepEqual(answers.map(({ body: answer }) => (answer as Record<string, unknown>)['DeadLetterConfig']), [undefined, { TargetArn: deadLetterArn }]);
    await of.service.call('PutFunctionEventInvokeConfig', { FunctionName: 'fn:1', MaximumRetryAttempts: 0 });
    await of.service.call('PutFunctionEventInvokeConfig', { FunctionName: 'fn', MaximumRetryAttempts: 0 });
    await send(of);
    assert.equal(of.delivered.length, 0);
    await send(of, {}, { qualifier: '1' });
    assert.deepEqual(of.delivered.map(({ arn }) => arn), [deadLetterArn]);
  });
});

describe('lambda-facts §2.6: recursion', () => {
  it('stops a chain after 16 invocations of a function; the event goes where failures go', async () => {
    const of = harness();
    of.service.setBaseline([definition('a', { deadLetterTargetArn: deadLetterArn }), definition('b')]);
    of.service.start();
    await of.service.call('PutFunctionEventInvokeConfig', { FunctionName: 'a', DestinationConfig: { OnSuccess: { Destination: arnOf('b') } } });
    await of.service.call('PutFunctionEventInvokeConfig', { FunctionName: 'b', DestinationConfig: { OnSuccess: { Destination: arnOf('a') } } });
    await invoke(of, 'a', { invocationType: 'Event' });
    await of.clock.pass(1000);
    assert.deepEqual([runsOf(of, 'a'), runsOf(of, 'b')], [16, 16]);
    assert.deepEqual(of.delivered.map(({ arn }) => arn), [deadLetterArn]);
    const [last] = of.history.list({ limit: 1, functionName: 'a' });
    assert.deepEqual([last?.errorType, last?.asynchronous?.invokeCount], ['RecursiveInvocationException', 0]);
  });

  it('goes on with RecursiveLoop Allow, and refuses other values', async () => {
    const of = await made();
    const deep = `Root=1-00000000-000000000000000000000000;Parent=0000000000000000;Sampled=1`;
    const first = await invoke(of, 'fn', { traceHeader: deep });
    let traceHeader = execution(of, first.requestId).traceId;
    for (let count = 1; count < 16; count += 1) traceHeader = execution(of, (await invoke(of, 'fn', { traceHeader })).requestId).traceId;
    const error = await fault(invoke(of, 'fn', { traceHeader }));
    assert.deepEqual([error.name, error.status], ['RecursiveInvocationException', 400]);
    assert.deepEqual(await of.service.call('PutFunctionRecursionConfig', { FunctionName: 'fn', RecursiveLoop: 'Allow' }), { status: 200, body: { RecursiveLoop: 'Allow' } });
    assert.equal((await invoke(of, 'fn', { traceHeader })).statusCode, 200);
    assert.match((await fault(of.service.call('PutFunctionRecursionConfig', { FunctionName: 'fn', RecursiveLoop: 'Sometimes' }))).message, /enum value set: \[Terminate, Allow\]$/);
  });
});

describe('what a person does to an event', () => {
  it('tries it now', async () => {
    const of = await made({}, () => failed);
    const id = await send(of);
    assert.equal(of.service.actOnEvent(id, 'try-now'), true);
    await of.clock.pass(20);
    assert.equal(runsOf(of), 2);
    await of.clock.pass(5);
    assert.equal(execution(of, id).asynchronous?.waits?.[0]?.cutShort, true);
    // The wait counts in full: what happens next does not depend on the hurry.
    assert.ok((execution(of, id).asynchronous?.ageMs ?? 0) >= 60_000);
  });

  it('expires it now: failures go where they go, with the last answer', async () => {
    const of = await made({ config: { DestinationConfig: { OnFailure: { Destination: queueArn } } } }, () => failed);
    const id = await send(of);
    assert.equal(of.service.actOnEvent(id, 'expire-now'), true);
    const record = JSON.parse(body(of)) as Record<string, Record<string, unknown>>;
    assert.deepEqual([record['requestContext']?.['condition'], record['responsePayload']?.['errorMessage']], ['EventAgeExceeded', 'Test exception']);
    assert.equal(of.service.actOnEvent(id, 'expire-now'), false);
  });

  it('cancels it while it waits and while it runs: nothing is delivered', async () => {
    const of = await made({ deadLetter: deadLetterArn }, () => failed);
    const waiting = await send(of);
    assert.equal(of.service.actOnEvent(waiting, 'cancel'), true);
    of.script = (_request, _observer, cancellation) => new Promise((resolve) => { cancellation?.follow(() => resolve({ kind: 'cancelled' })); });
    const running = await send(of);
    assert.equal(of.service.actOnEvent(running, 'cancel'), true);
    await of.clock.pass(10);
    assert.deepEqual([waiting, running].map((id) => execution(of, id).status), ['cancelled', 'cancelled']);
    assert.deepEqual([of.delivered.length, of.service.status().queued], [0, 0]);
  });

  it('delivers it twice, queued or finished: the function sees the same request id', async () => {
    const of = await made();
    const id = await send(of, { n: 1 });
    assert.equal(of.service.actOnEvent(id, 'deliver-twice'), true);
    await of.clock.pass(10);
    assert.deepEqual(of.requests.map(({ requestId }) => requestId), [id, id]);
    const duplicate = of.history.list({ limit: 1 })[0];
    assert.deepEqual([duplicate?.requestId, duplicate?.asynchronous?.duplicate, duplicate?.status], [id, true, 'succeeded']);
  });
});

describe('injected faults', () => {
  it('throttle, fail, delay and duplicate by rate', async () => {
    const of = await made({ config: { MaximumRetryAttempts: 0 } });
    const attempt = async (faults: object) => {
      of.service.setFaults('fn', faults);
      return execution(of, await send(of));
    };
    of.draw = 0;
    assert.equal((await attempt({ fail: 1 })).errorType, 'LocalLambda.InjectedFault');
    const before = runsOf(of);
    await attempt({ duplicate: 1 });
    assert.equal(runsOf(of), before + 2);
    const delayed = await attempt({ delay: 1, delayMs: 500 });
    assert.equal(delayed.status, 'queued');
    await of.clock.pass(600);
    assert.equal(execution(of, delayed.id).status, 'succeeded');
    assert.equal((await attempt({ throttle: 1 })).asynchronous?.wait?.kind, 'throttle');
    of.draw = 0.5;
    of.service.setFaults('fn', undefined);
    await of.clock.pass(10_000);
    assert.equal((await attempt({ fail: 0.4 })).status, 'succeeded');
    assert.deepEqual(of.service.listSummaries()[0]?.faults, { fail: 0.4 });
    of.service.setFaults('fn', undefined);
    assert.equal(of.service.listSummaries()[0]?.faults, undefined);
  });

  it('refuses rates outside 0 to 1', async () => {
    const of = await made();
    assert.throws(() => of.service.setFaults('fn', { fail: 2 }), /from 0 to 1/);
  });
});

describe('what is left over from last time', () => {
  it('waits while paused; new events do not; resume lets go', async () => {
    const first = harness();
    const documents = memoryDocuments();
    first.gate.pause();
    first.service.setBaseline([definition('fn')]);
    const left = await invoke(first, 'fn', { invocationType: 'Event' });
    await first.clock.pass(1000);
    const second = harness({}, documents, { queue: first.queue, gate: first.gate, history: first.history, clock: first.clock });
    await first.clock.pass(1);
    second.service.setBaseline([definition('fn')]);
    second.service.start();
    const fresh = await send(second);
    assert.deepEqual([left.requestId, fresh].map((id) => execution(second, id).status), ['queued', 'succeeded']);
    assert.equal(second.service.status().held, 1);
    await second.clock.pass(100_000_000);
    second.gate.resume();
    await second.clock.pass(10);
    // A night in the queue while nothing could run is no age.
    assert.equal(execution(second, left.requestId).status, 'succeeded');
  });

  it('one of them may be run by hand while the others wait', async () => {
    const first = harness();
    first.gate.pause();
    first.service.setBaseline([definition('fn')]);
    const ids = [await invoke(first, 'fn', { invocationType: 'Event' }), await invoke(first, 'fn', { invocationType: 'Event' })].map(({ requestId }) => requestId);
    await first.clock.pass(1000);
    const second = harness({}, memoryDocuments(), { queue: first.queue, gate: first.gate, history: first.history, clock: first.clock });
    second.service.setBaseline([definition('fn')]);
    second.service.start();
    assert.equal(second.service.actOnEvent(ids[1] as string, 'try-now'), true);
    await second.clock.pass(30);
    assert.deepEqual(ids.map((id) => execution(second, id).status), ['queued', 'succeeded']);
  });

  it('a pause by hand holds what is queued then, and nothing that comes later', async () => {
    const of = await made({}, () => failed);
    const before = await send(of);
    await of.clock.pass(10);
    of.gate.pause();
    of.script = () => ({ kind: 'response', payload: json('ok') });
    await of.clock.pass(1);
    const after = await send(of);
    await of.clock.pass(3_600_000);
    assert.deepEqual([before, after].map((id) => execution(of, id).status), ['queued', 'succeeded']);
    of.gate.resume();
    await of.clock.pass(10);
    assert.equal(execution(of, before).status, 'succeeded');
  });

  it('an event that ran when the engine ended runs again', async () => {
    const of = await made({}, () => failed);
    of.script = (_request, _observer, cancellation) => new Promise((resolve) => { cancellation?.follow(() => resolve({ kind: 'cancelled' })); });
    const id = await send(of);
    const closed = of.service.close();
    await of.clock.pass(50);
    await closed;
    assert.deepEqual([execution(of, id).status, execution(of, id).attempts[0]?.status], ['queued', 'interrupted']);
    const next = harness({}, memoryDocuments(), { queue: of.queue, history: of.history, clock: of.clock });
    await functions(next);
    await next.clock.pass(10);
    assert.deepEqual([execution(next, id).status, execution(next, id).asynchronous?.invokeCount], ['succeeded', 1]);
  });
});
