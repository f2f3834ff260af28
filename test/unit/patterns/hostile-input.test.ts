/** What a pattern or an event may not do to the engine, whatever is in it. */
import assert from 'node:assert/strict';
import { InvalidPatternError } from '../../../src/patterns/invalid-pattern-error.ts';
import { compilePattern, matchesText, matchesValue } from '../../../src/patterns/patterns.ts';

const nested = (open: string, close: string, depth: number, core: string) => open.repeat(depth) + core + close.repeat(depth);

describe('hostile patterns', () => {
  it('nesting is bounded as in AWS\'s parser, at 1000', () => {
    const deep = (depth: number) => nested('{"a":', '}', depth, '["x"]');
    assert.ok(compilePattern(deep(999), 'eventbridge'));
    assert.throws(() => compilePattern(deep(1000), 'eventbridge'), (error) => error instanceof InvalidPatternError && error.message.startsWith('Document nesting depth (1001) exceeds'));
    assert.throws(() => compilePattern(deep(500_000), 'eventbridge'), InvalidPatternError);
  });

  it('a deep pattern matches an event as deep', () => {
    const pattern = compilePattern(nested('{"a":', '}', 900, '["x"]'), 'eventbridge');
    const event = nested('{"a":', '}', 900, '"x"');
    assert.equal(matchesText(pattern, event), true);
    assert.equal(matchesValue(pattern, JSON.parse(event)), true);
  });

  it('$or multiplies into at most 1000 sub-rules', () => {
    const or = (name: string) => `"${name}":{"$or":[{"a":["1"]},{"b":["2"]}]}`;
    const pattern = (count: number) => `{${Array.from({ length: count }, (_, index) => or(`n${index}`)).join(',')}}`;
    assert.ok(compilePattern(pattern(9), 'eventbridge'));
    assert.throws(() => compilePattern(pattern(40), 'eventbridge'), InvalidPatternError);
  });
});

describe('hostile events', () => {
  const pattern = compilePattern('{"a":{"b":["x"],"c":["y"]}}', 'eventbridge');

  it('nesting is bounded, in text and value', () => {
    for (const [open, close] of [['[', ']'], ['{"a":', '}']] as const) {
      const event = `{"a":${nested(open, close, 200_000, '1')}}`;
      assert.equal(matchesText(pattern, event), false);
      assert.equal(matchesValue(pattern, JSON.parse(event)), false);
    }
    assert.equal(matchesText(pattern, `{"z":${nested('[', ']', 200_000, '1')}}`), false);
  });

  it('fields in many elements are tied without trying all pairs', () => {
    const elements = Array.from({ length: 20_000 }, (_, index) => (index % 2 ? { b: 'x' } : { c: 'y' }));
    assert.equal(matchesValue(pattern, { a: elements }), false);
    assert.equal(matchesValue(pattern, { a: [...elements, { b: 'x', c: 'y' }] }), true);
  });

  it('fields in many sibling arrays are not multiplied out', () => {
    const siblings = compilePattern('{"a":{"b":{"z":["x"]},"c":{"z":["x"]},"d":{"z":["x"]},"e":{"z":["no"]}}}', 'eventbridge');
    const many = Array.from({ length: 2000 }, () => ({ z: 'x' }));
    assert.equal(matchesValue(siblings, { a: [{ b: many, c: many, d: many, e: many }] }), false);
  });

  it('names of every object are no fields', () => {
    for (const name of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) {
      const present = compilePattern(`{"${name}":[{"exists":true}]}`, 'eventbridge');
      const below = compilePattern(`{"${name}":{"name":[{"exists":true}]}}`, 'eventbridge');
      assert.equal(matchesValue(present, {}), false);
      assert.equal(matchesValue(below, {}), false);
      const event = `{"${name}":"x"}`;
      assert.equal(matchesText(present, event), true);
      assert.equal(matchesValue(present, JSON.parse(event)), true);
    }
  });

  it('what is not JSON matches nothing, however much of it was read', () => {
    const anything = compilePattern('{"a":{"b":["x"]}}', 'eventbridge');
    const good = '{"a":{"b":"x"},"z":[1,-0.5e+3,true,false,null,"\\u00e9\\n",{"y":{}}]}';
    assert.equal(matchesText(anything, ` ${good}\n`), true);
    for (let length = 0; length < good.length; length += 1) assert.equal(matchesText(anything, good.slice(0, length)), false, good.slice(0, length));
    for (const bad of [`${good}x`, `${good},`, good.replace('true', 'True'), good.replace('-0.5', '-.5'), good.replace('[1', '[01'), good.replace('\\u00e9', '\\u00g9'), good.replace('\\n', '\n'), good.replace('\\n', '\\x'), good.replace('{}', '{,}'), good.replace('{}', '[,]'), good.replace('{}', '[1,]')]) {
      assert.equal(matchesText(anything, bad), false, bad);
    }
  });
});
