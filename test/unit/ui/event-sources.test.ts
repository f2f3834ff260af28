/** The view "Event Sources" without VS Code: its words, what a person may type, and the answer to "Why did nothing happen?". */
import assert from 'node:assert/strict';
import type { EventSourceMappingSummary } from '../../../src/contracts/event-source-mappings.ts';
import { fateLinks, fateText } from '../../../src/ui/event-sources/fate-text.ts';
import {
  bySource, mappingContext, mappingDescription, mappingFacts, mappingIcon, mappingSpoken, pausedSentence, shardDescription, sourceDescription, sourceName, sourceTooltip,
} from '../../../src/ui/event-sources/mapping-words.ts';
import { arnProblem, patternsIn, regionProblem, sourceKind, urlProblem, withPlace } from '../../../src/ui/event-sources/source-places.ts';
import { factsOf, fields, fromConfiguration, isAsked, toInput, valuesProblem, type FieldId } from '../../../src/ui/event-sources/mapping-values.ts';
import { dataNote, editableRecord, sampleOf, wireRecord } from '../../../src/ui/event-sources/record-text.ts';

const orders = 'arn:aws:sqs:us-east-1:123456789012:orders';
const clicks = 'arn:aws:kinesis:us-east-1:123456789012:stream/clicks';
const table = 'arn:aws:dynamodb:us-east-1:123456789012:table/carts/stream/2026-01-01T00:00:00.000';
const none = { received: 0, matched: 0, filtered: 0, batches: 0, succeeded: 0, failed: 0, throttled: 0 };

function mapping(more: Partial<EventSourceMappingSummary> = {}): EventSourceMappingSummary {
  return {
    uuid: 'one', source: 'sqs', eventSourceArn: orders, functionName: 'ShipOrder', functionArn: 'arn:aws:lambda:us-east-1:123456789012:function:ShipOrder',
    state: 'Enabled', stateTransitionReason: 'USER_INITIATED', lastProcessingResult: 'No records processed', configuration: {}, batchesInFlight: 0, concurrency: 5,
    counts: none, lastFiltered: [], changed: [], ...more,
  };
}

const queue = factsOf('sqs', orders);
const fifo = factsOf('sqs', `${orders}.fifo`);
const stream = factsOf('kinesis', clicks);
const problem = (id: FieldId, text: string, facts = queue) => fields.find((field) => field.id === id)?.problem(text, facts);

describe('event sources', () => {
  it('are grouped by source, by name', () => {
    const groups = bySource([mapping({ uuid: 'b', functionName: 'Zeta' }), mapping({ uuid: 'c', eventSourceArn: clicks, source: 'kinesis' }), mapping({ uuid: 'a', functionName: 'Alpha', backlog: 7 })]);
    assert.deepEqual(groups.map(({ name, mappings }) => [name, mappings.map(({ functionName }) => functionName)]), [['clicks', ['ShipOrder']], ['orders', ['Alpha', 'Zeta']]]);
    assert.deepEqual([orders, clicks, table].map(sourceName), ['orders', 'clicks', 'carts']);
  });

  it('say where they live when they are not embedded', () => {
    const place = { kind: 'aws', label: 'AWS account of profile dev, eu-west-1', key: 'k' } as const;
    const [here] = bySource([mapping()]);
    const [there] = bySource([mapping({ place })]);
    assert.ok(here && there);
    assert.deepEqual([here, there].map(sourceDescription), ['SQS queue', 'SQS queue · AWS account of profile dev, eu-west-1']);
    assert.equal(sourceTooltip(here), `SQS queue ${orders}`);
    assert.match(sourceTooltip(there), /Not embedded: AWS account of profile dev, eu-west-1 \(setting localLambda\.eventSources\)/);
    assert.match(mappingSpoken(mapping({ place })), /^ShipOrder from orders, AWS account of profile dev, eu-west-1, Enabled/);
    assert.deepEqual(mappingFacts(mapping({ place })).find(([name]) => name === 'Lives in'), ['Lives in', place.label]);
    assert.equal(mappingDescription(mapping({ problem: 'x', lastProcessingResult: 'PROBLEM: Connection error' })), 'Enabled · problem · PROBLEM: Connection error');
    const text = fateText('m-1', [{ mappingUuid: 'one', functionName: 'ShipOrder', place: place.label, fate: 'unknown', sentence: 'Not seen.' }], [mapping({ place })], 0);
    assert.match(text, /Its source: AWS account of profile dev, eu-west-1/);
  });

  it('elsewhere are named by ARN, URL, profile and region, checked while they are typed', () => {
    assert.deepEqual([orders, clicks, table].map(sourceKind), ['sqs', 'kinesis', 'dynamodb']);
    for (const wrong of ['orders', 'arn:aws:sns:us-east-1:1:t', 'arn:aws:kinesis:us-east-1:1:clicks', 'arn:aws:dynamodb:us-east-1:1:table/t', '']) assert.ok(arnProblem(wrong), wrong);
    assert.equal(arnProblem(` ${orders} `), undefined);
    assert.deepEqual(['http://127.0.0.1:4566', 'https://example.org'].map(urlProblem), [undefined, undefined]);
    for (const wrong of ['127.0.0.1:4566', 'ftp://x', '']) assert.ok(urlProblem(wrong), wrong);
    assert.deepEqual([regionProblem('eu-west-1'), Boolean(regionProblem('EU West'))], [undefined, true]);
  });

  it('elsewhere stand in the setting by ARN, and leave it when they are embedded again', () => {
    const endpoint = { endpoint: 'http://127.0.0.1:1' };
    const source = { arn: orders, name: 'orders' };
    assert.deepEqual(withPlace({ other: endpoint }, source, { profile: 'dev' }), { other: endpoint, [orders]: { profile: 'dev' } });
    assert.deepEqual(withPlace({ other: endpoint, orders: endpoint, [orders]: endpoint, '*': endpoint }, source, undefined), { other: endpoint, '*': endpoint });
    assert.deepEqual(patternsIn({ other: endpoint, 'o*': endpoint }), ['o*']);
  });

  it('say what each mapping does', () => {
    assert.equal(mappingDescription(mapping()), 'Enabled');
    const busy = mapping({ backlog: 1200, batchesInFlight: 1, lastProcessingResult: 'OK', counts: { ...none, received: 12, matched: 10, filtered: 2, batches: 3, succeeded: 3 }, changed: ['BatchSize'] });
    assert.equal(mappingDescription(busy), 'Enabled · 1,200 waiting · 1 batch in flight · 10 matched, 2 filtered · OK · changed');
    assert.equal(mappingDescription(mapping({ state: 'Disabled' })), 'Disabled');
  });

  it('say why one does not poll', () => {
    const failing = mapping({ pause: { reason: 'failing', message: 'The batch failed 20 times in the same way.', since: 0 } });
    assert.match(mappingDescription(failing), /^paused: keeps failing/);
    assert.match(mappingSpoken(failing), /ShipOrder from orders.*The batch failed 20 times/);
    assert.match(mappingDescription(mapping({ pause: { reason: 'left-over', message: '', since: 0 } })), /^waits since last time/);
    assert.match(mappingDescription(mapping({ problem: 'The queue orders is gone.' })), /Enabled · problem/);
  });

  it('say above the rows how many of them are paused; one that is disabled is not', () => {
    const paused = mapping({ uuid: 'p', pause: { reason: 'paused', message: '', since: 0 } });
    const off = mapping({ uuid: 'o', state: 'Disabled', pause: { reason: 'paused', message: '', since: 0 } });
    assert.equal(pausedSentence([mapping(), off]), undefined);
    assert.equal(pausedSentence([mapping(), paused, off]), '1 of 2 event source mappings is paused: records wait in their sources until you resume.');
    assert.equal(pausedSentence([paused]), 'The event source mapping is paused: records wait in their sources until you resume.');
    assert.equal(pausedSentence([paused, paused]), 'All 2 event source mappings are paused: records wait in their sources until you resume.');
  });

  it('have an icon for each state', () => {
    assert.deepEqual(mappingIcon(mapping()), { icon: 'zap' });
    assert.equal(mappingIcon(mapping({ state: 'Disabled', pause: { reason: 'paused', message: '', since: 0 } })).icon, 'circle-slash');
    assert.equal(mappingIcon(mapping({ state: 'Creating' })).icon, 'sync~spin');
    assert.equal(mappingIcon(mapping({ problem: 'gone' })).icon, 'warning');
    assert.equal(mappingIcon(mapping({ pause: { reason: 'failing', message: '', since: 0 } })).color, 'problemsErrorIcon.foreground');
    assert.equal(mappingIcon(mapping({ lastProcessingResult: 'PROBLEM: Function call failed', counts: { ...none, batches: 1, failed: 1 } })).icon, 'error');
  });

  it('offer in menus what can be done', () => {
    assert.equal(mappingContext(mapping()), 'mapping queue sqs on');
    assert.equal(mappingContext(mapping({ source: 'kinesis', state: 'Disabled' })), 'mapping stream kinesis off');
    const declared = mapping({ pause: { reason: 'paused', message: '', since: 0 }, changed: ['Enabled'], origin: { kind: 'sam', location: { file: '/t.yaml', line: 1, column: 0 } } });
    assert.equal(mappingContext(declared), 'mapping queue sqs on paused template changed');
  });

  it('tell counts and configuration on hover', () => {
    const facts = new Map(mappingFacts(mapping({
      counts: { ...none, received: 5, matched: 3, filtered: 2, batches: 2, succeeded: 1, failed: 1 },
      configuration: { BatchSize: 10, MaximumBatchingWindowInSeconds: 5, FilterCriteria: { Filters: [{ Pattern: '{"body":{"a":[1]}}' }] }, FunctionResponseTypes: [] },
    })));
    assert.equal(facts.get('Received'), '5: 3 matched, 2 filtered out');
    assert.equal(facts.get('Batches'), '2: 1 succeeded, 1 failed, 0 throttled');
    assert.equal(facts.get('Filter 1'), '{"body":{"a":[1]}}');
    assert.equal(facts.get('Batching window'), '5 s');
    assert.ok(!facts.has('Answers') && !facts.has('Starting position'));
  });

  it('tell of shards', () => {
    assert.equal(shardDescription({ shardId: 's', state: 'retrying', attempts: 2, checkpoint: '4950000000000012345678', behindMilliseconds: 4200 }), 'retrying · 2 attempts · checkpoint …12345678 · 4 s behind');
    assert.equal(shardDescription({ shardId: 's', state: 'reading' }), 'reading · no checkpoint');
  });
});

describe('values of a mapping as they are typed', () => {
  it('keep AWS ranges for each source', () => {
    for (const [id, right, wrong] of [
      ['BatchSize', ['1', '10000'], ['0', '10001', 'ten', '1.5', '']], ['MaximumBatchingWindowInSeconds', ['0', '300'], ['301', '-1']], ['MaximumConcurrency', ['2', '1000'], ['1', '1001']],
      ['ParallelizationFactor', ['1', '10'], ['0', '11']], ['MaximumRetryAttempts', ['-1', '0', '10000'], ['-2', '10001']], ['MaximumRecordAgeInSeconds', ['-1', '60', '604800'], ['59', '0', '604801']],
      ['TumblingWindowInSeconds', ['0', '900'], ['901']], ['BisectBatchOnFunctionError', ['true'], ['yes']],
      ['OnFailure', [orders, 'arn:aws:s3:::bucket'], ['orders', `${orders}.fifo`]],
    ] as [FieldId, string[], string[]][]) {
      for (const text of right) assert.equal(problem(id, text), undefined, `${id} ${text}`);
      for (const text of wrong) assert.ok(problem(id, text), `${id} ${text}`);
    }
    assert.ok(problem('BatchSize', '11', fifo));
    assert.equal(problem('BatchSize', '10', fifo), undefined);
  });

  it('take one filter or a list of at most ten', () => {
    assert.equal(problem('Filters', '{"body":{"a":[1]}}'), undefined);
    assert.equal(problem('Filters', JSON.stringify(Array.from({ length: 10 }, () => ({ body: {} })))), undefined);
    assert.match(problem('Filters', '{"body"') ?? '', /Not JSON yet/);
    assert.match(problem('Filters', '[1]') ?? '', /JSON object/);
    assert.match(problem('Filters', JSON.stringify(Array.from({ length: 11 }, () => ({})))) ?? '', /at most 10/);
    assert.match(problem('Filters', JSON.stringify({ body: { a: ['x'.repeat(4096)] } })) ?? '', /4,096/);
  });

  it('want a window for a batch over 10 of a standard queue only', () => {
    assert.match(valuesProblem({ BatchSize: '11' }, queue) ?? '', /batching window/);
    assert.equal(valuesProblem({ BatchSize: '11', MaximumBatchingWindowInSeconds: '1' }, queue), undefined);
    assert.equal(valuesProblem({ BatchSize: '500' }, stream), undefined);
  });

  it('become the input of the API: a new mapping says what was typed only', () => {
    assert.deepEqual(toInput({}, queue, true), {});
    assert.deepEqual(toInput({ BatchSize: '20', MaximumBatchingWindowInSeconds: '2', Filters: '{"body":{"a":[1]}}', ReportBatchItemFailures: 'true', MaximumConcurrency: '4' }, queue, true), {
      BatchSize: 20, MaximumBatchingWindowInSeconds: 2, FilterCriteria: { Filters: [{ Pattern: '{"body":{"a":[1]}}' }] },
      FunctionResponseTypes: ['ReportBatchItemFailures'], ScalingConfig: { MaximumConcurrency: 4 },
    });
    assert.deepEqual(toInput({ BisectBatchOnFunctionError: 'true', MaximumRetryAttempts: '3' }, stream, true), { StartingPosition: 'TRIM_HORIZON', BisectBatchOnFunctionError: true, MaximumRetryAttempts: 3 });
  });

  it('go back to the default when they are emptied', () => {
    assert.deepEqual(toInput({}, queue, false), { BatchSize: 10, MaximumBatchingWindowInSeconds: 0, FilterCriteria: { Filters: [] }, FunctionResponseTypes: [], ScalingConfig: {}, ProvisionedPollerConfig: {}, MetricsConfig: { Metrics: [] } });
    const emptied = toInput({}, stream, false);
    assert.deepEqual([emptied['MaximumRetryAttempts'], emptied['MaximumRecordAgeInSeconds'], emptied['BisectBatchOnFunctionError'], emptied['BatchSize']], [-1, -1, false, 100]);
    assert.ok(!('StartingPosition' in emptied) && !('MaximumBatchingWindowInSeconds' in toInput({}, fifo, false)));
  });

  it('a starting moment is asked for with AT_TIMESTAMP only, of Kinesis only, and lies in the past', () => {
    const asked = (values: object, facts = stream) => fields.filter((field) => isAsked(field, values, facts)).map(({ id }) => id).includes('StartingPositionTimestamp');
    const table = factsOf('dynamodb', 'arn:aws:dynamodb:us-east-1:123456789012:table/t/stream/x');
    assert.deepEqual([asked({}), asked({ StartingPosition: 'AT_TIMESTAMP' }), asked({ StartingPosition: 'AT_TIMESTAMP' }, table)], [false, true, false]);
    assert.deepEqual([problem('StartingPosition', 'AT_TIMESTAMP', stream), Boolean(problem('StartingPosition', 'AT_TIMESTAMP', table))], [undefined, true]);
    assert.match(valuesProblem({ StartingPosition: 'AT_TIMESTAMP' }, stream) ?? '', /starting moment/);
    for (const text of ['yesterday', '5', '2999-01-01T00:00:00Z']) assert.ok(problem('StartingPositionTimestamp', text, stream), text);
    assert.deepEqual(toInput({ StartingPosition: 'AT_TIMESTAMP', StartingPositionTimestamp: '2026-05-01T12:00:00.5Z' }, stream, true), { StartingPosition: 'AT_TIMESTAMP', StartingPositionTimestamp: 1777636800.5 });
    assert.deepEqual(toInput({ StartingPosition: 'LATEST', StartingPositionTimestamp: '2026-05-01T12:00:00Z' }, stream, true), { StartingPosition: 'LATEST' });
  });

  it('provisioned pollers have their ranges, a minimum below the maximum, and exclude a maximum concurrency', () => {
    assert.deepEqual([problem('MinimumPollers', '2'), problem('MinimumPollers', '200'), problem('MaximumPollers', '10000')], [undefined, undefined, undefined]);
    for (const [id, text] of [['MinimumPollers', '1'], ['MinimumPollers', '201'], ['MaximumPollers', '1'], ['MaximumPollers', '10001']] as const) assert.ok(problem(id, text), `${id} ${text}`);
    assert.match(valuesProblem({ MinimumPollers: '5', MaximumPollers: '4' }, queue) ?? '', /over their maximum/);
    assert.match(valuesProblem({ MinimumPollers: '5', MaximumConcurrency: '4' }, queue) ?? '', /exclude each other/);
    assert.deepEqual(toInput({ MinimumPollers: '3', MaximumPollers: '9' }, queue, true), { ProvisionedPollerConfig: { MinimumPollers: 3, MaximumPollers: 9 } });
    assert.deepEqual(fromConfiguration({ ProvisionedPollerConfig: { MinimumPollers: 3 } }), { MinimumPollers: '3', ReportBatchItemFailures: 'false' });
  });

  it('metrics, tags and the state at the start', () => {
    assert.deepEqual(toInput({ Metrics: 'EventCount, ErrorCount', Tags: 'team=orders, stage = dev', Enabled: 'false' }, queue, true), { MetricsConfig: { Metrics: ['EventCount', 'ErrorCount'] }, Tags: { team: 'orders', stage: 'dev' }, Enabled: false });
    assert.ok(!('Tags' in toInput({ Tags: 'a=b' }, queue, false)) && !('Enabled' in toInput({}, queue, false)));
    for (const [id, text] of [['Metrics', 'KafkaMetrics'], ['Metrics', 'EventCount, EventCount'], ['Tags', '=x'], ['Tags', 'aws:x=y'], ['Tags', Array.from({ length: 51 }, (_, at) => `k${at}=v`).join()]] as const) assert.ok(problem(id, text), `${id} ${text}`);
  });

  it('filters keep their spelling, without the space between', () => {
    assert.deepEqual(toInput({ Filters: '[ { "body": { "a": [ 1.0 ] } },\n { "body": {"b": ["x  y"]} } ]' }, queue, true), {
      FilterCriteria: { Filters: [{ Pattern: '{"body":{"a":[1.0]}}' }, { Pattern: '{"body":{"b":["x  y"]}}' }] },
    });
    assert.deepEqual(toInput({ Filters: '[]' }, queue, true), { FilterCriteria: { Filters: [] } });
  });

  it('are read from a mapping as they were given', () => {
    const given = { BatchSize: '20', MaximumBatchingWindowInSeconds: '2', Filters: '[{"body":{"a":[1]}},{"body":{"b":[2]}}]', ReportBatchItemFailures: 'true', MaximumConcurrency: '4' };
    assert.deepEqual(fromConfiguration(toInput(given, queue, true)), given);
  });
});

describe('records as a person reads and writes them', () => {
  const message = '{"messageId":"m","body":"{\\"total\\":1.0}","attributes":{}}';
  const base64 = (text: string) => Buffer.from(text).toString('base64');

  it('a body that is JSON stands as JSON, and goes back as exactly that text', () => {
    const editable = editableRecord('sqs', message);
    assert.match(editable, /"body": \{\n {4}"total": 1\.0\n {2}\}/);
    assert.deepEqual(JSON.parse(wireRecord('sqs', editable)), { messageId: 'm', body: '{\n    "total": 1.0\n  }', attributes: {} });
  });

  it('text that is no JSON stays text, and so do numbers and quoted texts', () => {
    for (const body of ['hello', '5', '"quoted"', '{"broken"']) {
      const record = JSON.stringify({ body });
      assert.deepEqual(JSON.parse(wireRecord('sqs', editableRecord('sqs', record))), { body });
    }
  });

  it('data of Kinesis is read out of its base64 and put back; what is no text stays as it is', () => {
    const record = JSON.stringify({ kinesis: { data: base64('{"kind":"order"}') }, eventName: 'x' });
    assert.match(editableRecord('kinesis', record), /"data": \{\n {6}"kind": "order"/);
    const wire = JSON.parse(wireRecord('kinesis', editableRecord('kinesis', record))) as { kinesis: { data: string } };
    assert.deepEqual(JSON.parse(Buffer.from(wire.kinesis.data, 'base64').toString()), { kind: 'order' });
    const binary = JSON.stringify({ kinesis: { data: Buffer.from([0xff, 0xfe, 0x00]).toString('base64') } });
    assert.deepEqual(JSON.parse(wireRecord('kinesis', editableRecord('kinesis', binary))), JSON.parse(binary));
  });

  it('images of DynamoDB stand as they are', () => {
    const record = '{"dynamodb":{"NewImage":{"id":{"S":"1"}}}}';
    assert.equal(wireRecord('dynamodb', record), record);
    assert.deepEqual(JSON.parse(editableRecord('dynamodb', record)), JSON.parse(record));
    assert.equal(dataNote('dynamodb', record), undefined);
  });

  it('say what filters see of them', () => {
    assert.match(dataNote('sqs', '{"body":"hello"}') ?? '', /plain text: a filter that asks for JSON drops it/);
    assert.equal(dataNote('sqs', '{"body":"{}"}'), 'body is JSON');
    assert.match(dataNote('sqs', '{"body":{}}') ?? '', /stands as JSON here; the function gets its text/);
    assert.match(dataNote('sqs', '{"body":5}') ?? '', /no text/);
    assert.match(dataNote('kinesis', '{"kinesis":{"data":{}}}') ?? '', /base64/);
    assert.match(dataNote('kinesis', '{"kinesis":{"data":"/w=="}}') ?? '', /not text in base64/);
    assert.match(dataNote('kinesis', '{}') ?? '', /no kinesis\.data/);
  });

  it('a made-up record is one of this source', () => {
    assert.deepEqual(JSON.parse(sampleOf('{"Records":[{"body":"x","awsRegion":"a"}]}', orders)), { body: 'x', awsRegion: 'us-east-1', eventSourceARN: orders });
  });
});

describe('"Why did nothing happen?"', () => {
  it('answers for each mapping, with each filter and the time', () => {
    const text = fateText('m-1', [
      { mappingUuid: 'one', functionName: 'ShipOrder', fate: 'filtered', sentence: 'No filter of the mapping matches it, so it was deleted.', filters: ['Filter 1: body.total is 5, not over 100'] },
      { mappingUuid: 'two', functionName: 'Audit', fate: 'hidden', sentence: 'It was given back.', until: 61_000, executionId: 'e-1' },
    ], [mapping()], 1000);
    for (const part of ['`m-1`', '## orders → ShipOrder: Filtered out', '- Filter 1: body.total is 5, not over 100', '## Audit: Not visible yet', 'Until 1970-01-01T00:01:01.000Z, 60 s from now.', '`e-1`']) {
      assert.ok(text.includes(part), `${part} is missing in ${text}`);
    }
    assert.deepEqual(fateLinks(text).map(({ from, to, command, argument }) => [text.slice(from, to), command, argument]), [
      ['one', 'revealEventSource', 'one'], ['e-1', 'showRecord', 'e-1'], ['two', 'revealEventSource', 'two'],
    ]);
  });

  it('says so when nobody polls, or nobody knows it', () => {
    assert.match(fateText('m-1', [], [], 0), /There is no event source mapping here/);
    assert.match(fateText('m-1', [], [mapping()], 0), /No event source mapping knows it/);
  });
});
