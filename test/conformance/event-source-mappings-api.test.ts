/** The API of event source mappings: lambda-facts §3.1. */
import assert from 'node:assert/strict';
import { AwsFault } from '../../src/contracts/faults.ts';
import { definition, Mappings, queueArn } from '../unit/lambda/mapping-harness.ts';
import { MemoryStream } from '../unit/lambda/memory-stream.ts';

const streamArn = 'arn:aws:kinesis:us-east-1:123456789012:stream/s';
const tableArn = 'arn:aws:dynamodb:us-east-1:123456789012:table/t/stream/2026-11-24T00:00:00.000';
const fn = 'arn:aws:lambda:us-east-1:123456789012:function:fn';
const made: Mappings[] = [];

function started(): Mappings {
  const streams = new MemoryStream();
  streams.create(streamArn, 1);
  streams.create(tableArn, 1);
  const of = new Mappings({ streams });
  made.push(of);
  of.queues.create('q');
  of.queues.create('q.fifo');
  return of.start([definition('fn', {}, { aliases: [{ name: 'live', functionVersion: '$LATEST', description: '', additionalVersionWeights: {} }] }), definition('other')]);
}

async function fault(of: Mappings, operation: Parameters<Mappings['call']>[0], input: object): Promise<AwsFault> {
  const error: unknown = await of.call(operation, input).then(() => assert.fail('it should have failed'), (reason: unknown) => reason);
  assert.ok(error instanceof AwsFault, String(error));
  return error;
}

const refused = (of: Mappings, input: object) => fault(of, 'CreateEventSourceMapping', { FunctionName: 'fn', ...input });
const sqs = { EventSourceArn: queueArn('q') };
const kinesis = { EventSourceArn: streamArn, StartingPosition: 'LATEST' };

afterEach(async () => {
  for (const of of made.splice(0)) await of.close();
});

describe('lambda-facts §3.1: CreateEventSourceMapping', () => {
  it('answers as recorded for SQS', async () => {
    const of = started();
    const { UUID, EventSourceMappingArn, LastModified, ...rest } = await of.call('CreateEventSourceMapping', { FunctionName: 'fn', ...sqs });
    assert.match(String(UUID), /^[0-9a-f-]{36}$/);
    assert.equal(EventSourceMappingArn, `arn:aws:lambda:us-east-1:123456789012:event-source-mapping:${String(UUID)}`);
    assert.equal(LastModified, of.clock.time / 1000);
    assert.deepEqual(rest, {
      BatchSize: 10, EventSourceArn: queueArn('q'), FunctionArn: fn, FunctionResponseTypes: [], MaximumBatchingWindowInSeconds: 0,
      State: 'Creating', StateTransitionReason: 'USER_INITIATED',
    });
  });

  it('answers as recorded for Kinesis and DynamoDB', async () => {
    for (const arn of [streamArn, tableArn]) {
      const of = started();
      const { UUID, EventSourceMappingArn, LastModified, ...rest } = await of.call('CreateEventSourceMapping', { FunctionName: 'fn', EventSourceArn: arn, StartingPosition: 'LATEST' });
      assert.ok(UUID && EventSourceMappingArn && LastModified);
      assert.deepEqual(rest, {
        BatchSize: 100, BisectBatchOnFunctionError: false, DestinationConfig: { OnFailure: {} }, EventSourceArn: arn, FunctionArn: fn, FunctionResponseTypes: [],
        LastProcessingResult: 'No records processed', MaximumBatchingWindowInSeconds: 0, MaximumRecordAgeInSeconds: -1, MaximumRetryAttempts: -1,
        ParallelizationFactor: 1, StartingPosition: 'LATEST', State: 'Creating', StateTransitionReason: 'User action', TumblingWindowInSeconds: 0,
      });
    }
  });

  it('status 202, and 200 for Get', async () => {
    const of = started();
    const { status, body } = await of.lambda.service.call('CreateEventSourceMapping', { FunctionName: 'fn', ...sqs });
    assert.equal(status, 202);
    assert.equal((await of.lambda.service.call('GetEventSourceMapping', { UUID: (body as { UUID: string }).UUID })).status, 200);
  });

  it('FunctionArn is what was passed, expanded: :$LATEST and aliases stay', async () => {
    for (const [given, shown] of [['fn', fn], [fn, fn], ['123456789012:function:fn', fn], ['fn:$LATEST', `${fn}:$LATEST`], ['fn:live', `${fn}:live`], [`${fn}:live`, `${fn}:live`]]) {
      const of = started();
      assert.equal((await of.call('CreateEventSourceMapping', { FunctionName: given, ...sqs }))['FunctionArn'], shown);
    }
  });

  it('an empty FilterCriteria is left out of the answer', async () => {
    const of = started();
    assert.equal('FilterCriteria' in await of.call('CreateEventSourceMapping', { FunctionName: 'fn', ...sqs, FilterCriteria: { Filters: [] } }), false);
  });

  const cases: [name: string, input: object, fault: string, message: string][] = [
    ['no source', {}, 'InvalidParameterValueException', 'Unrecognized event source.'],
    ['an unknown source', { EventSourceArn: 'arn:aws:s3:::b' }, 'InvalidParameterValueException', 'Unrecognized event source.'],
    ['no function of that name', { ...sqs, FunctionName: 'nobody' }, 'InvalidParameterValueException', 'Function does not exist'],
    ['a destination for SQS', { ...sqs, DestinationConfig: { OnFailure: { Destination: queueArn('d') } } }, 'InvalidParameterValueException', 'Unsupported DestinationConfig parameter for given event source mapping type.'],
    ['a destination for success', { ...kinesis, DestinationConfig: { OnSuccess: { Destination: queueArn('d') } } }, 'InvalidParameterValueException', 'Unsupported DestinationConfig parameter for given event source mapping type.'],
    ['a batch above 10 without a window', { ...sqs, BatchSize: 11 }, 'InvalidParameterValueException', 'Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10'],
    ['no starting position for a stream', { EventSourceArn: streamArn }, 'InvalidParameterValueException', "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not be null."],
    ['AT_TIMESTAMP for DynamoDB', { EventSourceArn: tableArn, StartingPosition: 'AT_TIMESTAMP', StartingPositionTimestamp: 1 }, 'InvalidParameterValueException', `Unsupported starting position for arn type: ${tableArn}`],
    ['a stream that is not there', { ...kinesis, EventSourceArn: `${streamArn}x` }, 'InvalidParameterValueException', `Stream not found: ${streamArn}x`],
    ['a queue that is not there', { EventSourceArn: queueArn('none') }, 'InvalidParameterValueException', 'Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue does not exist.'],
    ['self-managed Kafka without access', { SelfManagedEventSource: { Endpoints: { KAFKA_BOOTSTRAP_SERVERS: ['kafka:1000'] } }, Topics: ['topic'] }, 'InvalidParameterValueException', "Required 'sourceAccessConfigurations' parameter is missing."],
    ['Amazon MSK', { EventSourceArn: 'arn:aws:kafka:us-east-1:123456789012:cluster/c/u' }, 'InvalidParameterValueException', 'Local Lambda does not poll Amazon MSK yet: it polls SQS queues, Kinesis streams and DynamoDB streams.'],
    ['a KMS key', { ...sqs, KMSKeyArn: 'arn:aws:kms:us-east-1:123456789012:key/k' }, 'InvalidParameterValueException', 'Filter criteria that are encrypted with a KMS key cannot be read here: leave KMSKeyArn out.'],
    ['BatchSize 0', { ...sqs, BatchSize: 0 }, 'ValidationException', "1 validation error detected: Value '0' at 'batchSize' failed to satisfy constraint: Member must have value greater than or equal to 1"],
    ['BatchSize 10001', { ...sqs, BatchSize: 10_001 }, 'ValidationException', "1 validation error detected: Value '10001' at 'batchSize' failed to satisfy constraint: Member must have value less than or equal to 10000"],
    ['a window of 301', { ...sqs, MaximumBatchingWindowInSeconds: 301 }, 'ValidationException', "1 validation error detected: Value '301' at 'maximumBatchingWindowInSeconds' failed to satisfy constraint: Member must have value less than or equal to 300"],
    ['ParallelizationFactor 11', { ...kinesis, ParallelizationFactor: 11 }, 'ValidationException', "1 validation error detected: Value '11' at 'parallelizationFactor' failed to satisfy constraint: Member must have value less than or equal to 10"],
    ['MaximumRetryAttempts 10001', { ...kinesis, MaximumRetryAttempts: 10_001 }, 'ValidationException', "1 validation error detected: Value '10001' at 'maximumRetryAttempts' failed to satisfy constraint: Member must have value less than or equal to 10000"],
    ['TumblingWindowInSeconds 901', { ...kinesis, TumblingWindowInSeconds: 901 }, 'ValidationException', "1 validation error detected: Value '901' at 'tumblingWindowInSeconds' failed to satisfy constraint: Member must have value less than or equal to 900"],
    ['MaximumConcurrency 1', { ...sqs, ScalingConfig: { MaximumConcurrency: 1 } }, 'ValidationException', "1 validation error detected: Value '1' at 'maximumConcurrency' failed to satisfy constraint: Member must have value greater than or equal to 2"],
    ['MaximumConcurrency with provisioned pollers', { ...sqs, ScalingConfig: { MaximumConcurrency: 2 }, ProvisionedPollerConfig: { MinimumPollers: 2 } }, 'InvalidParameterValueException', 'MaximumConcurrency and ProvisionedPollerConfig cannot be set together.'],
    ['another FunctionResponseType', { ...sqs, FunctionResponseTypes: ['Other'] }, 'ValidationException', "1 validation error detected: Value '[Other]' at 'functionResponseTypes' failed to satisfy constraint: Member must satisfy constraint: [Member must satisfy enum value set: [ReportBatchItemFailures]]"],
    ['a parameter of streams for SQS', { ...sqs, ParallelizationFactor: 2 }, 'InvalidParameterValueException', 'Unsupported ParallelizationFactor parameter for given event source mapping type.'],
    ['a parameter of SQS for streams', { ...kinesis, ScalingConfig: { MaximumConcurrency: 2 } }, 'InvalidParameterValueException', 'Unsupported ScalingConfig parameter for given event source mapping type.'],
    ['a starting position for SQS', { ...sqs, StartingPosition: 'LATEST' }, 'InvalidParameterValueException', 'StartingPosition is not valid for SQS event sources.'],
    ['a FIFO batch above 10', { EventSourceArn: queueArn('q.fifo'), BatchSize: 11 }, 'InvalidParameterValueException', 'Batch size must be between 1 and 10 for FIFO queues.'],
    ['a FIFO window', { EventSourceArn: queueArn('q.fifo'), MaximumBatchingWindowInSeconds: 1 }, 'InvalidParameterValueException', 'Batching window is not supported for FIFO queues.'],
    ['a timestamp in the future', { EventSourceArn: streamArn, StartingPosition: 'AT_TIMESTAMP', StartingPositionTimestamp: 9e9 }, 'InvalidParameterValueException', 'StartingPositionTimestamp must not be in the future.'],
    ['an unknown starting position', { EventSourceArn: streamArn, StartingPosition: 'invalid' }, 'ValidationException', "1 validation error detected: Value 'invalid' at 'startingPosition' failed to satisfy constraint: Member must satisfy enum value set: [LATEST, AT_TIMESTAMP, TRIM_HORIZON]"],
  ];
  for (const [name, input, errorName, message] of cases) {
    it(`refuses ${name}`, async () => {
      const error = await refused(started(), input);
      assert.deepEqual([error.name, error.status, error.message], [errorName, 400, message]);
    });
  }

  for (const [name, pattern] of Object.entries<unknown>({
    'no pattern': undefined, 'a plain string': 'simple_string', 'a leaf that is no array': '{"eventSource":"aws:sqs"}', 'an empty array': '{"eventSource":[]}',
    'malformed JSON': '[{"eventName": ["INSERT"=123}]',
  })) {
    it(`refuses a filter with ${name}`, async () => {
      const { name: errorName, message } = await refused(started(), { ...sqs, FilterCriteria: { Filters: [{ Pattern: pattern }] } });
      assert.deepEqual([errorName, message], ['InvalidParameterValueException', 'Invalid filter pattern definition.']);
    });
  }

  it('Kinesis refuses a pattern for data that is no JSON', async () => {
    const { message } = await refused(started(), { ...kinesis, FilterCriteria: { Filters: [{ Pattern: '{"data":["text"]}' }] } });
    assert.equal(message, 'Invalid filter pattern definition.');
  });

  it('refuses a queue whose visibility timeout is shorter than the function\'s timeout, also when it is updated', async () => {
    const of = started();
    of.lambda.service.setBaseline([definition('fn', { timeout: 60 })]);
    const { message } = await refused(of, sqs);
    assert.equal(message, 'Queue visibility timeout: 30 seconds is less than Function timeout: 60 seconds');
    of.lambda.service.setBaseline([definition('fn')]);
    const UUID = await of.create(sqs);
    of.lambda.service.setBaseline([definition('fn', { timeout: 31 })]);
    assert.equal((await fault(of, 'UpdateEventSourceMapping', { UUID, BatchSize: 5 })).message, 'Queue visibility timeout: 30 seconds is less than Function timeout: 31 seconds');
  });

  it('refuses duplicates in the words of each source', async () => {
    const of = started();
    const first = await of.create(sqs);
    const again = await refused(of, { ...sqs, FunctionName: fn });
    assert.deepEqual([again.name, again.status, again.message], ['ResourceConflictException', 409,
      `An event source mapping with SQS arn (" ${queueArn('q')} ") and function (" fn ") already exists. Please update or delete the existing mapping with UUID ${first}`]);
    const second = await of.create(kinesis);
    assert.equal((await refused(of, kinesis)).message,
      `The event source arn (" ${streamArn} ") and function (" fn ") provided mapping already exists. Please update or delete the existing mapping with UUID ${second}`);
    await of.create({ ...sqs, FunctionName: 'other' });
  });
});

describe('lambda-facts §3.1: states and the other operations', () => {
  it('Creating, then Enabled; Enabled false: Disabled', async () => {
    const of = started();
    const uuid = await of.create(sqs, false);
    assert.equal(await of.state(uuid), 'Creating');
    await of.clock.pass(0);
    assert.equal(await of.state(uuid), 'Enabled');
    const disabled = await of.create({ ...kinesis, Enabled: false });
    assert.equal(await of.state(disabled), 'Disabled');
  });

  it('Update answers 202 with Updating, Disabling and Enabling', async () => {
    const of = started();
    const UUID = await of.create(sqs);
    const step = async (change: object) => {
      const { status, body } = await of.lambda.service.call('UpdateEventSourceMapping', { UUID, ...change });
      await of.clock.pass(0);
      return [status, (body as { State: string }).State, await of.state(UUID)];
    };
    assert.deepEqual(await step({ BatchSize: 5 }), [202, 'Updating', 'Enabled']);
    assert.deepEqual(await step({ Enabled: false }), [202, 'Disabling', 'Disabled']);
    assert.deepEqual(await step({ Enabled: true }), [202, 'Enabling', 'Enabled']);
    assert.equal((await of.call('GetEventSourceMapping', { UUID }))['BatchSize'], 5);
  });

  it('Update keeps what is left out and removes what is empty', async () => {
    const of = started();
    const UUID = await of.create({ ...sqs, BatchSize: 3, ScalingConfig: { MaximumConcurrency: 4 }, FilterCriteria: { Filters: [{ Pattern: '{"body":{"a":[1]}}' }] } });
    const kept = await of.call('UpdateEventSourceMapping', { UUID, MaximumBatchingWindowInSeconds: 2 });
    assert.deepEqual([kept['BatchSize'], kept['ScalingConfig'], kept['FilterCriteria']], [3, { MaximumConcurrency: 4 }, { Filters: [{ Pattern: '{"body":{"a":[1]}}' }] }]);
    await of.clock.pass(0);
    const removed = await of.call('UpdateEventSourceMapping', { UUID, ScalingConfig: {}, FilterCriteria: { Filters: [] } });
    assert.deepEqual(['ScalingConfig' in removed, 'FilterCriteria' in removed], [false, false]);
  });

  it('Delete answers 202 with Deleting; a mapping is gone when nothing is in flight any more', async () => {
    const of = started();
    const UUID = await of.create(sqs);
    let end: () => void = () => {};
    of.answer = () => new Promise<void>((resolve) => { end = resolve; });
    of.queues.send(of.queues.now<{ QueueUrl: string }>('GetQueueUrl', { QueueName: 'q' }).QueueUrl, 'x');
    await of.clock.pass(0);
    const { status, body } = await of.lambda.service.call('DeleteEventSourceMapping', { UUID });
    assert.deepEqual([status, (body as { State: string }).State], [202, 'Deleting']);
    await of.clock.pass(0);
    assert.equal(await of.state(UUID), 'Deleting');
    assert.equal((await fault(of, 'UpdateEventSourceMapping', { UUID, BatchSize: 1 })).name, 'ResourceInUseException');
    end();
    await of.clock.pass(0);
    const { name, status: gone, message } = await fault(of, 'GetEventSourceMapping', { UUID });
    assert.deepEqual([name, gone, message], ['ResourceNotFoundException', 404, 'The resource you requested does not exist.']);
  });

  it('an unknown UUID is 404 for every operation', async () => {
    const of = started();
    for (const operation of ['GetEventSourceMapping', 'UpdateEventSourceMapping', 'DeleteEventSourceMapping'] as const) {
      assert.deepEqual([(await fault(of, operation, { UUID: 'x' })).name, (await fault(of, operation, { UUID: 'x' })).status], ['ResourceNotFoundException', 404]);
    }
  });

  it('deleting the function leaves the mapping Enabled', async () => {
    const of = started();
    const uuid = await of.create(sqs);
    await of.call('DeleteFunction', { FunctionName: 'fn' });
    await of.clock.pass(100);
    assert.equal(await of.state(uuid), 'Enabled');
  });

  it('List filters by source and function, in pages', async () => {
    const of = started();
    const [a, b, c] = [await of.create(sqs), await of.create({ ...sqs, FunctionName: 'other' }), await of.create(kinesis)];
    const list = async (input: object) => (await of.call<{ EventSourceMappings: { UUID: string }[]; NextMarker?: string }>('ListEventSourceMappings', input));
    const uuids = async (input: object) => (await list(input)).EventSourceMappings.map(({ UUID }) => UUID).sort();
    assert.deepEqual(await uuids({}), [a, b, c].sort());
    assert.deepEqual(await uuids({ EventSourceArn: queueArn('q') }), [a, b].sort());
    assert.deepEqual(await uuids({ FunctionName: fn }), [a, c].sort());
    assert.deepEqual(await uuids({ FunctionName: 'fn', EventSourceArn: streamArn }), [c]);
    const first = await list({ MaxItems: 2 });
    const second = await list({ MaxItems: 2, Marker: first.NextMarker });
    assert.deepEqual([...first.EventSourceMappings, ...second.EventSourceMappings].map(({ UUID }) => UUID).sort(), [a, b, c].sort());
    assert.equal(second.NextMarker, undefined);
  });

  it('is durable: another start has the same mappings', async () => {
    const of = started();
    const uuid = await of.create({ ...sqs, BatchSize: 7 });
    await of.restart();
    await of.clock.pass(0);
    const { BatchSize, State, UUID } = await of.call('GetEventSourceMapping', { UUID: uuid });
    assert.deepEqual([BatchSize, State, UUID], [7, 'Enabled', uuid]);
  });
});

describe('event source mappings of templates', () => {
  const declared = (properties: object) => [definition('fn', {}, { eventSourceMappings: [{ logicalId: 'FnQueue', properties: { EventSourceArn: queueArn('q'), ...properties } }] })];

  it('a mapping of the template polls, with a UUID that stays', async () => {
    const of = started();
    of.start(declared({ BatchSize: '5', Enabled: 'true' }));
    await of.clock.pass(0);
    const { uuid, state, configuration, changed } = of.summary();
    assert.deepEqual([state, configuration['BatchSize'], changed], ['Enabled', 5, []]);
    of.queues.send('http://127.0.0.1:4000/123456789012/q', 'x');
    await of.clock.pass(0);
    assert.deepEqual(of.bodies(), [['x']]);
    await of.restart();
    assert.equal(of.summary().uuid, uuid);
  });

  it('what an API call changes lies over the template, until the template changes the same property', async () => {
    const of = started();
    of.start(declared({ BatchSize: 5 }));
    await of.clock.pass(0);
    const { uuid } = of.summary();
    await of.call('UpdateEventSourceMapping', { UUID: uuid, BatchSize: 7, Enabled: false });
    await of.clock.pass(0);
    assert.deepEqual(of.summary().changed, ['Enabled', 'BatchSize']);
    of.start(declared({ BatchSize: 5, MaximumBatchingWindowInSeconds: 1 }));
    await of.clock.pass(0);
    assert.deepEqual([of.summary().configuration['BatchSize'], of.summary().state, of.summary().configuration['MaximumBatchingWindowInSeconds']], [7, 'Disabled', 1]);
    of.start(declared({ BatchSize: 6 }));
    await of.clock.pass(0);
    assert.deepEqual([of.summary().configuration['BatchSize'], of.summary().changed], [6, ['Enabled']]);
    assert.equal(of.lambda.service.mappings.reset(uuid), true);
    await of.clock.pass(0);
    assert.deepEqual([of.summary().state, of.summary().changed], ['Enabled', []]);
  });

  it('a mapping of the template that an API call deleted comes back when its entry changes', async () => {
    const of = started();
    of.start(declared({}));
    await of.clock.pass(0);
    await of.call('DeleteEventSourceMapping', { UUID: of.summary().uuid });
    await of.clock.pass(0);
    of.start(declared({}));
    assert.equal(of.lambda.service.mappings.summaries().length, 0);
    of.start(declared({ BatchSize: 2 }));
    assert.equal(of.lambda.service.mappings.summaries().length, 1);
  });

  it('what AWS would refuse is left out, the others stay', () => {
    const of = started();
    of.start([definition('fn', {}, { eventSourceMappings: [
      { logicalId: 'Broken', properties: { EventSourceArn: queueArn('q'), BatchSize: 11 } }, { logicalId: 'Good', properties: { EventSourceArn: queueArn('q.fifo') } },
    ] })]);
    assert.deepEqual(of.lambda.service.mappings.summaries().map(({ eventSourceArn }) => eventSourceArn), [queueArn('q.fifo')]);
  });
});
