/** What the services ask and see beyond the language; facts of sections 3.7 and 4 of the fact sheet. */
import assert from 'node:assert/strict';
import { InvalidPatternError } from '../../../src/patterns/invalid-pattern-error.ts';
import { compilePattern, matchesValue, PatternSet } from '../../../src/patterns/patterns.ts';
import { testPattern } from '../../../src/patterns/test-pattern.ts';
import { matches, misses, refuses } from './answers.ts';

const attribute = (Type: string, Value: unknown) => ({ a: { Type, Value } });

describe('SNS filter policies on attributes', () => {
  const hit = (pattern: unknown, event: unknown) => matches(pattern, event, 'sns-attributes');
  const miss = (pattern: unknown, event: unknown) => misses(pattern, event, 'sns-attributes');

  it('String is a string, Number a number, String.Array an array', () => {
    hit({ a: ['1'] }, attribute('String', '1'));
    miss({ a: [1] }, attribute('String', '1'));
    hit({ a: [{ numeric: ['>', 0, '<=', 100] }] }, attribute('Number', '99'));
    hit({ a: [1.5] }, attribute('Number', '1.50'));
    hit({ a: [300] }, attribute('Number', 300));
    miss({ a: ['99'] }, attribute('Number', '99'));
    hit({ a: [5] }, attribute('Number', '+05'));
    hit({ a: [9007199254740992] }, attribute('Number', '9007199254740992'));
    miss({ a: [{ 'anything-but': 5 }] }, attribute('Number', 'five'));
    hit({ a: ['x', 1] }, attribute('String.Array', '["q", 1]'));
    hit({ a: [{ prefix: 'so' }] }, attribute('String.Array', '["any","something"]'));
    hit({ a: [null, true] }, attribute('String.Array', '[true]'));
  });

  it('other types and broken arrays are not seen', () => {
    for (const value of [attribute('Binary', 'eA=='), attribute('String.Array', "['x']"), attribute('String.Array', '"x"')]) {
      miss({ a: [{ exists: true }] }, value);
      hit({ a: [{ exists: false }] }, value);
    }
  });

  it('names must not nest, $or may', () => {
    assert.throws(() => compilePattern('{"a":{"b":["x"]}}', 'sns-attributes'), (error) => {
      assert.ok(error instanceof InvalidPatternError);
      assert.equal(error.message, 'Filter policy scope MessageAttributes does not support nested filter policy');
      assert.equal(error.filterPolicy, false);
      return true;
    });
    refuses({ a: { suffix: 'x' } }, '"suffix" must be an object or an array', 'sns-attributes');
    hit({ $or: [{ a: ['x'] }, { b: ['y'] }] }, attribute('String', 'x'));
  });

  it('the texts of the older event-ruler that SNS was recorded with', () => {
    for (const value of [false, 1, null]) refuses({ a: [{ 'anything-but': { prefix: value } }] }, 'prefix match pattern must be a string', 'sns-attributes');
    refuses({ a: [{ 'anything-but': { suffix: 'x' } }] }, 'Unsupported anything-but pattern: suffix', 'sns-attributes');
    hit({ a: [{ 'anything-but': { prefix: 'x' } }] }, attribute('String', 'y'));
  });
});

describe('SNS filter policies on bodies', () => {
  it('names may nest, and the body is JSON', () => {
    matches({ a: { b: ['x'] } }, { a: { b: 'x' } }, 'sns-body');
    for (const body of ['Regular string message', '"x"', '[{"a":1}]', '']) misses({ z: [{ exists: false }] }, body, 'sns-body');
  });

  it('at most 5 outermost names', () => {
    const policy = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, ['x']]));
    for (const dialect of ['sns-attributes', 'sns-body'] as const) {
      assert.ok(compilePattern(JSON.stringify(policy(5)), dialect));
      refuses(policy(6), 'Filter policy can not have more than 5 keys', dialect);
    }
    assert.ok(compilePattern(JSON.stringify({ a: policy(5), b: ['x'] }), 'sns-body'));
  });

  it('at most 150 combinations: values times depth, alternatives added', () => {
    const values = (count: number) => Array.from({ length: count }, (_, index) => `v${index}`);
    assert.ok(compilePattern(JSON.stringify({ a: values(15), b: values(10) }), 'sns-body'));
    refuses({ a: values(151) }, 'Filter policy is too complex', 'sns-body');
    refuses({ a: { b: { c: values(4) } }, d: { e: values(7) } }, 'Filter policy is too complex', 'sns-body');
    assert.ok(compilePattern(JSON.stringify({ $or: [{ a: values(100) }, { b: values(50) }] }), 'sns-body'));
    refuses({ $or: [{ a: values(100) }, { b: values(51) }] }, 'Filter policy is too complex', 'sns-body');
  });

  it('an empty policy lets every message pass', () => {
    matches('{ }', 'any text', 'sns-body');
    matches('{}', {}, 'sns-attributes');
    matches('', {}, 'sns-attributes');
  });

  it('what is no JSON is said to fail as JSON (recorded), before anything else', () => {
    for (const dialect of ['sns-attributes', 'sns-body'] as const) {
      refuses('{invalidjson}', "failed to parse JSON. Unexpected character ('i' (code 105)): was expecting double-quote to start field name", dialect);
      refuses('{"a":[{"prefix":1}', 'failed to parse JSON. Unexpected end-of-input: expected close marker for Array (start marker at [Source: (String)"{"a":[{"prefix":1}"; line: 1, column: 6])', dialect);
      refuses('["a"]', 'Filter is not an object', dialect);
    }
  });
});

describe('filters of event source mappings', () => {
  const message = (body: string) => ({ messageId: '1', body, attributes: { SenderId: 'me' }, messageAttributes: {}, eventSource: 'aws:sqs' });
  const record = (data: string) => ({ kinesis: { partitionKey: 'p', data: Buffer.from(data).toString('base64') }, eventSource: 'aws:kinesis', eventID: 's:1' });

  it('SQS: a JSON body is matched as JSON, with the spelling of its numbers', () => {
    matches({ body: { n: [{ numeric: ['>', 100] }] } }, message('{"n":101}'), 'esm-sqs');
    misses({ body: { n: [{ numeric: ['>', 100] }] } }, message('{"n":100}'), 'esm-sqs');
    matches('{"body":{"n":[9007199254740993]}}', message('{"n":9007199254740993}'), 'esm-sqs');
    misses('{"body":{"n":[9007199254740993]}}', message('{"n":9007199254740992}'), 'esm-sqs');
  });

  it('SQS: a plain body is matched by plain patterns', () => {
    matches({ body: ['Result: ACCEPT'] }, message('Result: ACCEPT'), 'esm-sqs');
    matches({ body: [{ 'anything-but': 'Result: REJECT' }] }, message('Result: ACCEPT'), 'esm-sqs');
    misses({ body: ['{"a":1'] }, message('{"a":1}'), 'esm-sqs');
    matches({ body: [{ prefix: '{"a"' }] }, message('{"a":1'), 'esm-sqs');
  });

  it('JSON where the pattern wants plain text is dropped, and plain text where it wants JSON', () => {
    misses({ body: [{ exists: false }] }, message('{"a":1}'), 'esm-sqs');
    misses({ body: { a: [{ exists: false }] } }, message('text'), 'esm-sqs');
    misses({ body: { a: [{ exists: false }] } }, message('5'), 'esm-sqs');
    matches({ body: { a: [{ exists: false }] } }, message('{"b":1}'), 'esm-sqs');
    misses({ data: { a: [{ exists: false }] } }, record('text'), 'esm-kinesis');
    matches({ data: { a: [{ exists: false }] } }, record('{"b":1}'), 'esm-kinesis');
  });

  it('without a pattern for data only the other keys count', () => {
    matches({ attributes: { SenderId: ['me'] } }, message('text'), 'esm-sqs');
    matches({ eventSource: ['aws:sqs'] }, message('{"a":1}'), 'esm-sqs');
    matches({ partitionKey: ['p'] }, record('text'), 'esm-kinesis');
    matches({ eventSource: ['aws:kinesis'], data: { a: [1] } }, record('{"a":1}'), 'esm-kinesis');
  });

  it('Kinesis: patterns name the decoded data at the top, and are refused where they are no JSON', () => {
    matches({ data: { a: ['x'] } }, record('{"a":"x"}'), 'esm-kinesis');
    misses({ kinesis: { data: { a: ['x'] } } }, record('{"a":"x"}'), 'esm-kinesis');
    refuses({ data: ['text'] }, 'Invalid filter pattern definition.', 'esm-kinesis');
  });

  it('DynamoDB: attribute values are strings, whatever their type', () => {
    const change = { eventName: 'INSERT', dynamodb: { ApproximateCreationDateTime: 1635448208.0, NewImage: { key: { S: 'v' }, n: { N: '42' } } } };
    matches({ dynamodb: { NewImage: { key: { S: ['v'] } } } }, change, 'esm-dynamodb');
    misses({ dynamodb: { NewImage: { key: ['v'] } } }, change, 'esm-dynamodb');
    matches({ dynamodb: { NewImage: { key: [{ exists: false }] } } }, change, 'esm-dynamodb');
    misses({ dynamodb: { NewImage: { n: { N: [{ numeric: ['>', 0] }] } } } }, change, 'esm-dynamodb');
    matches({ dynamodb: { NewImage: { n: { N: [{ numeric: ['>', 100] }, { 'anything-but': '101' }] } } } }, change, 'esm-dynamodb');
    matches({ dynamodb: { ApproximateCreationDateTime: [{ numeric: ['>', 0] }] } }, change, 'esm-dynamodb');
  });

  it('whatever is wrong with a filter, Lambda says the same', () => {
    for (const pattern of ['single-string', '', '{}', '{"eventSource":"aws:sqs"}', '{"eventSource":[]}', '[{"eventName": ["INSERT"=123}]', '{"a":[{"nope":1}]}']) {
      for (const dialect of ['esm-sqs', 'esm-dynamodb', 'esm-kinesis'] as const) refuses(pattern, 'Invalid filter pattern definition.', dialect);
    }
  });

  it('operators that Lambda does not document are taken', () => {
    matches({ body: { a: [{ wildcard: 'x*' }, { cidr: '10.0.0.0/8' }] } }, message('{"a":"xy"}'), 'esm-sqs');
  });
});

describe('sets of patterns', () => {
  it('say which of them match, in order', () => {
    const patterns = ['{"a":["x"]}', '{"b":["y"]}', '{"$or":[{"a":["x"]},{"b":["y"]}]}', '{"a":{"c":["x"]}}', '{"a":["x"]}'].map((text) => compilePattern(text, 'eventbridge'));
    const set = new PatternSet('eventbridge', patterns);
    assert.deepEqual(set.matchingValue({ a: 'x' }), [0, 2, 4]);
    assert.deepEqual(set.matchingText('{"b":"y","a":{"c":"x"}}'), [1, 2, 3]);
    assert.deepEqual(set.matchingText('text'), []);
    assert.deepEqual(new PatternSet('eventbridge', []).matchingValue({ a: 'x' }), []);
    assert.throws(() => new PatternSet('sns-body', patterns), RangeError);
  });

  it('share nothing that changes what a pattern means', () => {
    const tied = compilePattern('{"a":{"b":["x"],"c":["y"]}}', 'eventbridge');
    const single = compilePattern('{"a":{"c":["y"]}}', 'eventbridge');
    const event = { a: [{ b: 'x' }, { c: 'y' }] };
    assert.deepEqual(new PatternSet('eventbridge', [tied, single]).matchingValue(event), [1]);
    assert.deepEqual([matchesValue(tied, event), matchesValue(single, event)], [false, true]);
  });
});

describe('one pattern against one event, as texts', () => {
  it('names the fault of the pattern, and for EventBridge of the event', () => {
    assert.deepEqual(testPattern('eventbridge', '{"a":[]}', '{}'), { result: 'invalid', message: 'Empty arrays are not allowed' });
    for (const event of ['', '[]', '"x"', '{"a":1']) assert.deepEqual(testPattern('eventbridge', '{"a":["x"]}', event), { result: 'invalid', message: 'Parameter Event is not valid.' });
    assert.deepEqual(testPattern('sns-body', '{"a":["x"]}', 'text'), { result: 'nomatch' });
  });
});
