import assert from 'node:assert/strict';
import fc from 'fast-check';
import { compactJson, parsePath, valueAt } from '../../../../src/resources/eventbridge/json-path.ts';
import { Fixture, functionArn, queueArn, ruleArn } from './fixture.ts';

describe('EventBridge: what a target gets', () => {
  const detail = '{"command": "update-account", "payload": {"acc_id": "0a787ecb-4015", "sf_id": "baz"}, "n": 1.50, "list": [{"x": 1}, {"x": 2}], "none": null}';
  let aws: Fixture;
  beforeEach(() => { aws = new Fixture(); aws.queue('q'); aws.rule('r'); });
  afterEach(() => { aws.close(); });

  function body(target: object): string {
    aws.target('r', { Arn: queueArn('q'), ...target });
    aws.put({ Detail: detail });
    return aws.bodies('q')[0] ?? '';
  }
  const transformed = (InputTemplate: string, InputPathsMap: object = {}) => body({ InputTransformer: { InputPathsMap, InputTemplate } });

  it('Input: the constant, as it was written', () => {
    assert.equal(body({ Input: '{ "custom-value": "somecustominput" }' }), '{ "custom-value": "somecustominput" }');
  });

  it('InputPath: the part of the event, a string with its quotes (as recorded)', () => {
    assert.equal(body({ InputPath: '$.detail.payload' }), '{"acc_id":"0a787ecb-4015","sf_id":"baz"}');
    assert.equal(body({ InputPath: '$.detail.payload.sf_id' }), '"baz"');
    assert.equal(body({ InputPath: '$.detail.n' }), '1.50');
    assert.equal(body({ InputPath: '$.detail.list[1].x' }), '2');
    assert.equal(body({ InputPath: '$.detail.list[*].x' }), '[1,2]');
    assert.equal(body({ InputPath: '$.detail.nothing' }), 'null');
    assert.match(body({ InputPath: '$' }), /^\{"version":"0"/);
  });

  it('InputTransformer with a string: it keeps its quotes, what is missing is empty (as recorded)', () => {
    const template = '"Event of <detail-type> type, at time <timestamp>, info extracted from detail <command>"';
    assert.equal(transformed(template, { 'detail-type': '$.detail-type', timestamp: '$.time', command: '$.detail.command' }),
      '"Event of Order Placed type, at time 2026-11-24T12:00:00Z, info extracted from detail update-account"');
    assert.equal(transformed(template, { 'detail-type': '$.detail-type', timestamp: '$.time', command: '$.detail.notinmessage' }),
      '"Event of Order Placed type, at time 2026-11-24T12:00:00Z, info extracted from detail "');
    assert.equal(transformed('"{[/Check with special starting characters for event of <t> type"', { t: '$.detail-type' }), '"{[/Check with special starting characters for event of Order Placed type"');
  });

  it('InputTransformer with JSON: strings get their quotes, what is missing is an empty string (as recorded)', () => {
    const map = { type: '$.detail-type', command: '$.detail.command', payload: '$.detail.payload', n: '$.detail.n', gone: '$.detail.gone', none: '$.detail.none' };
    assert.equal(transformed('{"detailType": <type>,  "command": <command>, "payload": <payload>, "n": <n>, "gone": <gone>, "none": <none>}', map),
      '{"detailType": "Order Placed",  "command": "update-account", "payload": {"acc_id":"0a787ecb-4015","sf_id":"baz"}, "n": 1.50, "gone": "", "none": null}');
  });

  it('a variable inside quotes is text; objects lose their quotes there (documented)', () => {
    assert.equal(transformed('{"a": "<command>", "b": "is \\"<command>\\" of <payload> and <n>"}', { command: '$.detail.command', payload: '$.detail.payload', n: '$.detail.n' }),
      '{"a": "update-account", "b": "is \\"update-account\\" of {acc_id:0a787ecb-4015,sf_id:baz} and 1.50"}');
  });

  it('reserved variables (as recorded): rule, time of arrival, the event with and without its detail', () => {
    aws.clock.time += 123;
    assert.equal(transformed('"<aws.events.rule-arn> <aws.events.rule-name> <aws.events.event.ingestion-time>"'), `"${ruleArn('r')} r 2026-11-24T12:00:00.123Z"`);
    const { originalEvent, originalEventJson } = JSON.parse(transformed('{"originalEvent": <aws.events.event>, "originalEventJson": <aws.events.event.json>}')) as Record<string, object>;
    assert.deepEqual(Object.keys(originalEvent ?? {}), ['id', 'account', 'detailType', 'time', 'source', 'region', 'resources', 'version']);
    assert.deepEqual(Object.keys(originalEventJson ?? {}), ['version', 'id', 'detail-type', 'source', 'account', 'time', 'region', 'resources', 'detail']);
  });

  it('a template of several quoted lines', () => {
    assert.equal(transformed('"Job <command> has run."\n"It is <n>."\n', { command: '$.detail.command', n: '$.detail.n' }), '"Job update-account has run."\n"It is 1.50."\n');
  });

  it('what is no JSON after all is not delivered: INVALID_JSON', () => {
    aws.queue('dead');
    const fn = aws.fn('f');
    aws.target('r', { Arn: fn, InputTransformer: { InputPathsMap: { quote: '$.detail.quote' }, InputTemplate: '{"says": "<quote>"}' }, DeadLetterConfig: { Arn: queueArn('dead') } });
    aws.put({ Detail: '{"quote":"so \\"be\\" it"}' });
    assert.deepEqual(aws.invocations, []);
    const [letter] = aws.messages('dead');
    assert.equal(letter?.attributes?.['ERROR_CODE']?.StringValue, 'INVALID_JSON');
    assert.equal(letter?.attributes?.['TARGET_ARN']?.StringValue, functionArn('f'));
  });
});

describe('EventBridge: values cut out of JSON text', () => {
  it('are what parsing finds, wherever they stand', () => {
    fc.assert(fc.property(fc.object({ maxDepth: 4, key: fc.string({ maxLength: 6 }).filter((key) => key !== '*'), values: [fc.string(), fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean(), fc.constant(null)] }), (value) => {
      const text = JSON.stringify(value);
      const plain = JSON.parse(text) as Record<string, unknown>;
      for (const [name, child] of Object.entries(plain)) {
        const found = valueAt(text, [name]);
        assert.equal(found, JSON.stringify(child));
        if (Array.isArray(child)) child.forEach((item, index) => assert.equal(valueAt(text, [name, index]), JSON.stringify(item)));
      }
    }));
  });

  it('white space goes, texts stay', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => {
      assert.equal(compactJson(JSON.stringify(value, null, '\t ')), JSON.stringify(JSON.parse(JSON.stringify(value, null, 2))));
    }));
  });

  it('the last of duplicate keys counts', () => {
    assert.equal(valueAt('{"a":1,"a":{"b":"x,}"},"c":[]}', ['a', 'b']), '"x,}"');
  });

  it('paths', () => {
    assert.deepEqual(parsePath('$'), []);
    assert.deepEqual(parsePath('$.detail-type'), ['detail-type']);
    assert.deepEqual(parsePath('$.a/b.c_d[0][*].*'), ['a/b', 'c_d', 0, '*', '*']);
    for (const path of ['', 'detail', '$detail', "$['a']", '$.a[', '$..a']) assert.equal(parsePath(path), undefined, path);
  });
});
