/** What holds for all patterns and events. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { dialects } from '../../../src/patterns/dialects.ts';
import { explain } from '../../../src/patterns/explain.ts';
import { InvalidPatternError } from '../../../src/patterns/invalid-pattern-error.ts';
import { readNumber } from '../../../src/patterns/numbers.ts';
import { compilePattern, matchesText, matchesValue, PatternSet, type CompiledPattern } from '../../../src/patterns/patterns.ts';
import { referenceMatches, witnessOf, type ReferencePattern } from './reference.ts';

const names = fc.constantFrom('a', 'b', 'c', 'a.b', 'b.c');
const strings = fc.constantFrom('', 'a', 'b', 'ab', 'aB', 'ba', 'abab', '10.0.0.1', '10.0.0.7', '2001:db8::1', 'é"\\', '1', 'true');
const numbers = fc.constantFrom(0, 1, -1, 5, 0.5, 1e15, 301.8, -122.46350161304535, 1e300);
const scalars = fc.oneof(strings, numbers, fc.boolean(), fc.constant(null));

const { event } = fc.letrec<{ value: unknown; event: Record<string, unknown> }>((tie) => ({
  value: fc.oneof({ maxDepth: 4 }, scalars, scalars, fc.array(tie('value'), { maxLength: 4 }), tie('event')),
  event: fc.dictionary(names, tie('value'), { maxKeys: 3 }),
}));

/** Operators whose meaning does not rest on what the others say. */
const positive = fc.oneof(
  scalars,
  fc.record({ prefix: strings }),
  fc.record({ suffix: strings }),
  fc.record({ 'equals-ignore-case': strings }),
  fc.record({ wildcard: fc.constantFrom('*', 'a*', '*b', 'a*b*', '\\**') }),
  fc.record({ numeric: fc.constantFrom(['>', 0], ['<=', 1], ['>', 0, '<', 300], ['=', 301.8]) }),
  fc.record({ cidr: fc.constantFrom('10.0.0.0/29', '2001:db8::/32') }),
);
const anyOperator = fc.oneof(
  positive,
  positive,
  fc.record({ exists: fc.boolean() }),
  fc.record({ 'anything-but': fc.oneof(strings, numbers, fc.array(strings, { minLength: 1, maxLength: 2 }), fc.record({ prefix: fc.constantFrom('a', 'b') }), fc.record({ wildcard: fc.constantFrom('a*', '*') })) }),
);

function patterns(operator: fc.Arbitrary<unknown>): fc.Arbitrary<ReferencePattern> {
  const { object } = fc.letrec<{ object: ReferencePattern; field: unknown }>((tie) => ({
    field: fc.oneof({ maxDepth: 2 }, fc.array(operator, { minLength: 1, maxLength: 3 }), tie('object')),
    object: fc.dictionary(fc.constantFrom('a', 'b', 'c', 'a.b'), tie('field'), { minKeys: 1, maxKeys: 3 }) as fc.Arbitrary<ReferencePattern>,
  }));
  const withOr = fc.tuple(object, fc.array(object, { minLength: 2, maxLength: 3 })).map(([rest, $or]): ReferencePattern => ({ ...rest, $or }));
  return fc.oneof({ arbitrary: object, weight: 4 }, { arbitrary: withOr, weight: 1 });
}

const anyPattern = patterns(anyOperator);

function compile(pattern: unknown): CompiledPattern {
  return compilePattern(JSON.stringify(pattern), 'eventbridge');
}

/** Text that was JSON before some of it was cut, doubled or replaced. */
const damaged = (texts: fc.Arbitrary<string>) => fc.tuple(texts, fc.nat(), fc.nat({ max: 4 }), fc.constantFrom('', '{', '}', '[', ']', '"', ',', ':', '\\', '\\u12', '1', '-', '.', 'e', 'true', 'nul', ' ', '\n', '\0', '$or', 'é'))
  .map(([text, at, cut, put]) => text.slice(0, at % (text.length + 1)) + put + text.slice((at % (text.length + 1)) + cut));

const textsOf = (values: fc.Arbitrary<unknown>) => fc.tuple(values, fc.constantFrom(undefined, 1)).map(([value, space]) => JSON.stringify(value, null, space));

describe('all event patterns', function () {
  this.timeout(60_000);

  it('compile, or fail with an error of their own', () => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.json(), damaged(textsOf(anyPattern)));
    fc.assert(fc.property(text, fc.constantFrom(...dialects), (pattern, dialect) => {
      try {
        compilePattern(pattern, dialect);
      } catch (error) {
        assert.ok(error instanceof InvalidPatternError, String(error));
        assert.notEqual(error.message, '');
      }
    }), { numRuns: 2000 });
  });

  it('can be asked about any text', () => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.json(), damaged(textsOf(event)));
    fc.assert(fc.property(anyPattern, text, fc.constantFrom('eventbridge', 'sns-body', 'esm-sqs', 'esm-dynamodb', 'esm-kinesis'), (pattern, eventText, dialect) => {
      const compiled = compilePattern(JSON.stringify(pattern), dialect === 'sns-body' ? 'eventbridge' : dialect);
      assert.equal(typeof matchesText(compiled, eventText), 'boolean');
    }), { numRuns: 2000 });
  });

  it('take for JSON what JSON.parse takes, and nothing else', () => {
    // A name that no text has by chance: two letters came up once in thousands of runs.
    const absent = 'a name of no field anywhere';
    const always = compile({ [absent]: [{ exists: false }] });
    const inside = compile({ a: { [absent]: [{ exists: false }], b: [{ exists: false }, { exists: true }] } });
    fc.assert(fc.property(fc.oneof(fc.json(), damaged(textsOf(event)), damaged(fc.json())), (text) => {
      let object = false;
      try {
        const value: unknown = JSON.parse(text);
        object = typeof value === 'object' && value !== null && !Array.isArray(value);
      } catch {
        // Not JSON.
      }
      assert.equal(matchesText(always, text), object, text);
      if (!object) assert.equal(matchesText(inside, text), false, text);
    }), { numRuns: 3000 });
  });

  it('answer alike for a text and for what was parsed from it', () => {
    fc.assert(fc.property(anyPattern, event, fc.constantFrom(undefined, 1, '\t'), (pattern, value, space) => {
      const compiled = compile(pattern);
      const text = JSON.stringify(value, null, space);
      assert.equal(matchesText(compiled, text), matchesValue(compiled, JSON.parse(text)), text);
    }), { numRuns: 3000 });
  });

  it('answer as a plain reading of the rules does', () => {
    fc.assert(fc.property(anyPattern, event, (pattern, value) => {
      assert.equal(matchesValue(compile(pattern), value), referenceMatches(pattern, value));
    }), { numRuns: 5000 });
  });

  it('are explained as they match', () => {
    fc.assert(fc.property(anyPattern, event, (pattern, value) => {
      const compiled = compile(pattern);
      const { matched, alternatives } = explain(compiled, JSON.stringify(value));
      assert.equal(matched, matchesValue(compiled, value));
      assert.equal(matched, alternatives.some((alternative) => alternative.fields.every((field) => field.matched)));
      for (const alternative of alternatives) {
        assert.equal(alternative.matched, alternative.fields.every((field) => field.matched));
        for (const field of alternative.fields) assert.equal(field.reason === undefined, field.matched);
      }
    }), { numRuns: 2000 });
  });

  it('match in a set as they match alone', () => {
    fc.assert(fc.property(fc.array(anyPattern, { maxLength: 5 }), event, (list, value) => {
      const compiled = list.map(compile);
      const alone = compiled.flatMap((pattern, index) => matchesValue(pattern, value) ? [index] : []);
      const set = new PatternSet('eventbridge', compiled);
      assert.deepEqual(set.matchingValue(value), alone);
      assert.deepEqual(set.matchingText(JSON.stringify(value)), alone);
    }), { numRuns: 1000 });
  });

  it('keep matching when an event gains a field, unless they ask for absence', () => {
    fc.assert(fc.property(patterns(positive), fc.constantFrom('a', 'b', 'c', 'z'), event, (pattern, name, more) => {
      const compiled = compile(pattern);
      const value = witnessOf(pattern);
      assert.equal(matchesValue(compiled, value), true);
      fc.pre(!Object.hasOwn(value, name));
      assert.equal(matchesValue(compiled, { ...value, [name]: more }), true);
      assert.equal(matchesText(compiled, JSON.stringify({ [name]: more, ...value })), true);
    }), { numRuns: 1000 });
  });

  it('keep matching when an array of the event gains elements, unless they ask for absence', () => {
    fc.assert(fc.property(patterns(positive), fc.array(event, { maxLength: 30 }), (pattern, more) => {
      const compiled = compile({ a: pattern });
      const value = witnessOf(pattern);
      assert.equal(matchesValue(compiled, { a: value }), true);
      assert.equal(matchesValue(compiled, { a: [...more, value, ...more] }), true);
      assert.equal(matchesValue(compiled, { a: [[[value]], ...more] }), true);
    }), { numRuns: 1000 });
  });

  it('see no difference between a dot and nesting', () => {
    const flat = (object: Record<string, unknown>): Record<string, unknown> => Object.fromEntries(Object.entries(object).flatMap(([name, value]) => typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.entries(flat(value as Record<string, unknown>)).map(([inner, leaf]): [string, unknown] => [`${name}.${inner}`, leaf])
      : [[name, value] as [string, unknown]]));
    const nested = fc.letrec<{ object: Record<string, unknown> }>((tie) => ({
      object: fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.oneof({ maxDepth: 3 }, scalars, fc.array(scalars, { maxLength: 2 }), tie('object')), { maxKeys: 3 }),
    })).object;
    fc.assert(fc.property(anyPattern, nested, (pattern, value) => {
      const compiled = compile(pattern);
      assert.equal(matchesValue(compiled, flat(value)), matchesValue(compiled, value));
    }), { numRuns: 1000 });
  });
});

describe('numbers of event patterns', () => {
  const digits = fc.stringMatching(/^-?(0|[1-9][0-9]{0,19})(\.[0-9]{1,12})?(e[+-]?[0-9]{1,2})?$/);

  /** As a fraction. */
  function exact(spelling: string): [bigint, bigint] {
    const [mantissa = '', power = '0'] = spelling.split('e');
    const [whole = '', fraction = ''] = mantissa.split('.');
    const exponent = Number(power) - fraction.length;
    const value = BigInt(whole + fraction);
    return exponent >= 0 ? [value * 10n ** BigInt(exponent), 1n] : [value, 10n ** BigInt(-exponent)];
  }

  it('equal each other where a double holds both, just when their values are equal', () => {
    fc.assert(fc.property(digits, digits, (one, other) => {
      const [a, b] = [readNumber(one), readNumber(other)];
      if (typeof a !== 'number' || typeof b !== 'number') return;
      const [[p, q], [r, s]] = [exact(one), exact(other)];
      assert.equal(a === b, p * s === r * q, `${one} and ${other}`);
    }), { numRuns: 2000 });
  });

  it('match themselves, in any spelling that JSON.stringify gives', () => {
    fc.assert(fc.property(digits, fc.double({ noNaN: true, noDefaultInfinity: true }), (spelling, double) => {
      assert.equal(matchesText(compilePattern(`{"a":[${spelling}]}`, 'eventbridge'), `{"a":${spelling}}`), true);
      const text = JSON.stringify(double);
      assert.equal(matchesText(compilePattern(`{"a":[${text}]}`, 'eventbridge'), `{"a":${text}}`), true);
      assert.equal(matchesValue(compilePattern(`{"a":[${text}]}`, 'eventbridge'), { a: double }), true);
    }), { numRuns: 1000 });
  });
});
