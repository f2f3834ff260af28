/** What a try-out of patterns says and marks, without VS Code: the answers are the engine's own. */
import assert from 'node:assert/strict';
import { explainPattern } from '../../../src/host/pattern-explanation.ts';
import { patternsIn } from '../../../src/ui/pattern-positions.ts';
import { marksOf, single, verdictOf, type Judged } from '../../../src/ui/pattern-verdicts.ts';

function judge(text: string, event: string, dialect = 'esm-sqs'): Judged[] {
  return patternsIn(text).map((pattern) => ({ pattern, answer: explainPattern({ dialect, pattern: pattern.text, event }) }));
}
const message = (body: unknown) => JSON.stringify({ messageId: 'm', body: typeof body === 'string' ? body : JSON.stringify(body) });
const filters = '[\n  {"body":{"kind":["order"]}},\n  {"body":{"total":[{"numeric":[">",100]}]}}\n]';

describe('filters of a mapping, tried', () => {
  it('say which of several matches', () => {
    assert.equal(verdictOf(judge(filters, message({ kind: 'order', total: 1 })), 'filter'), '$(pass) Filter 1 matches');
    assert.equal(verdictOf(judge(filters, message({ kind: 'order', total: 101 })), 'filter'), '$(pass) Filters 1, 2 match');
    assert.equal(verdictOf(judge(filters, message({ kind: 'x', total: 5 })), 'filter'), '$(circle-slash) No filter matches: 1: body.kind; 2: body.total');
    assert.deepEqual(judge(filters, message({ kind: 'x', total: 101 })).map(single), ['$(circle-slash) Does not match: body.kind', '$(pass) Matches']);
  });

  it('mark the field that did not match, with the value that is there, in the right filter', () => {
    const marks = judge(filters, message({ kind: 'x', total: 5 })).flatMap(marksOf);
    assert.deepEqual(marks.map(({ offset, length }) => filters.slice(offset, offset + length)), ['["order"]', '[{"numeric":[">",100]}]']);
    assert.match(marks[0]?.message ?? '', /body\.kind.* The event has "x"\./);
    assert.match(marks[1]?.message ?? '', /The event has 5\./);
  });

  it('one by itself, none at all, and one that is invalid', () => {
    assert.equal(verdictOf(judge('{"body":{"a":[1]}}', message({ a: 1 })), 'filter'), '$(pass) Matches');
    assert.equal(verdictOf(judge('[]', message({})), 'filter'), '$(pass) No filter: every record is processed');
    const invalid = judge('[{"body":{"a":[1]}},{"body":{"a":1}}]', message({ a: 1 }));
    assert.match(verdictOf(invalid, 'filter'), /^\$\(error\) Filter 2: Invalid filter pattern definition\. "a" must be/);
    assert.deepEqual(invalid.flatMap(marksOf).map(({ severity, offset }) => [severity, offset]), [['error', 20]]);
  });

  it('say that plain text is dropped where a filter asks for JSON, and that base64 is read', () => {
    assert.match(marksOf(judge('{"body":{"a":[1]}}', message('plain'))[0] as Judged)[0]?.message ?? '', /plain text, and the pattern asks for JSON: Lambda drops it/);
    const record = JSON.stringify({ kinesis: { data: Buffer.from('{"kind":"order"}').toString('base64') } });
    assert.equal(verdictOf(judge('{"data":{"kind":["order"]}}', record, 'esm-kinesis'), 'filter'), '$(pass) Matches');
    assert.match(verdictOf(judge('{"data":["order"]}', record, 'esm-kinesis'), 'filter'), /Kinesis takes no pattern for data that is no JSON/);
  });

  it('a pattern that is no JSON yet is one pattern', () => {
    assert.deepEqual(patternsIn('{"a"').map(({ text, offset }) => [text, offset]), [['{"a"', 0]]);
  });
});
