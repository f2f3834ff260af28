/** What a person is told about an event that did not match, or did. */
import assert from 'node:assert/strict';
import type { Dialect } from '../../../src/patterns/dialects.ts';
import { explain } from '../../../src/patterns/explain.ts';
import { compilePattern } from '../../../src/patterns/patterns.ts';

function explained(pattern: unknown, event: unknown, dialect: Dialect = 'eventbridge') {
  return explain(compilePattern(JSON.stringify(pattern), dialect), typeof event === 'string' ? event : JSON.stringify(event));
}

describe('explanations', () => {
  it('say of each field what was expected and what was found', () => {
    const { matched, alternatives } = explained({ source: ['my.app'], detail: { n: [{ numeric: ['>', 5] }], gone: [{ exists: false }], lost: ['x'] } }, '{"source":"my.app","detail":{"n":[1.0,"2"],"gone":null}}');
    assert.equal(matched, false);
    assert.deepEqual(alternatives, [{
      matched: false,
      fields: [
        { path: 'detail.gone', expected: '[{"exists":false}]', found: ['null'], matched: false, reason: 'The event has a value at detail.gone, and the pattern wants none.' },
        { path: 'detail.lost', expected: '["x"]', found: [], matched: false, reason: 'The event has no value at detail.lost.' },
        { path: 'detail.n', expected: '[{"numeric":[">",5]}]', found: ['1.0', '"2"'], matched: false, reason: 'No value at detail.n is one that the pattern asks for.' },
        { path: 'source', expected: '["my.app"]', found: ['"my.app"'], matched: true },
      ],
    }]);
  });

  it('of $or: each alternative', () => {
    const { matched, alternatives } = explained({ $or: [{ a: ['x'] }, { b: ['y'] }] }, { b: 'y' });
    assert.equal(matched, true);
    assert.deepEqual(alternatives.map((alternative) => alternative.matched), [false, true]);
  });

  it('of arrays: fields that match in different elements', () => {
    const { alternatives } = explained({ a: { b: ['x'], c: ['y'] }, d: ['z'] }, { a: [{ b: 'x' }, { c: 'y' }], d: 'z' });
    assert.deepEqual(alternatives[0]?.fields.map(({ path, matched }) => [path, matched]), [['a.b', false], ['a.c', false], ['d', true]]);
    assert.match(alternatives[0]?.fields[0]?.reason ?? '', /another element/);
  });

  it('of records whose data is of the other kind', () => {
    const { matched, alternatives } = explained({ body: { a: ['x'] } }, { body: 'text' }, 'esm-sqs');
    assert.equal(matched, false);
    assert.equal(alternatives[0]?.fields[0]?.reason, "The record's data is plain text, and the pattern asks for JSON: Lambda drops it.");
    assert.match(explained({ body: ['x'] }, { body: '{"a":1}' }, 'esm-sqs').alternatives[0]?.fields[0]?.reason ?? '', /is JSON, and the pattern asks for plain text/);
  });

  it('of what is no event', () => {
    const { matched, problem, alternatives } = explained({ a: [{ exists: false }] }, 'text', 'sns-body');
    assert.deepEqual([matched, alternatives[0]?.fields[0]?.matched], [false, false]);
    assert.equal(problem, 'The event is not a JSON object that this kind of pattern could match.');
  });

  it('show at most 20 values, and not all of a long one', () => {
    const { alternatives } = explained({ a: ['x'] }, { a: ['y'.repeat(1000), ...Array<string>(50).fill('z')] });
    const found = alternatives[0]?.fields[0]?.found ?? [];
    assert.equal(found.length, 20);
    assert.equal(found[0]?.length, 201);
  });
});
