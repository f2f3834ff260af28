/** Short forms for tests of patterns. */
import assert from 'node:assert/strict';
import type { Dialect } from '../../../src/patterns/dialects.ts';
import { InvalidPatternError } from '../../../src/patterns/invalid-pattern-error.ts';
import { compilePattern, matchesText, matchesValue } from '../../../src/patterns/patterns.ts';

const textOf = (value: unknown) => typeof value === 'string' ? value : JSON.stringify(value);

/** Of an event given as a value both ways of matching are asked; a string is taken for the text. */
function answer(dialect: Dialect, pattern: unknown, event: unknown): boolean {
  const compiled = compilePattern(textOf(pattern), dialect);
  const matched = matchesText(compiled, textOf(event));
  if (typeof event !== 'string') assert.equal(matchesValue(compiled, event), matched, `text and value differ: ${textOf(pattern)} against ${textOf(event)}`);
  return matched;
}

export function matches(pattern: unknown, event: unknown, dialect: Dialect = 'eventbridge'): void {
  assert.equal(answer(dialect, pattern, event), true, `${textOf(pattern)} against ${textOf(event)}`);
}

export function misses(pattern: unknown, event: unknown, dialect: Dialect = 'eventbridge'): void {
  assert.equal(answer(dialect, pattern, event), false, `${textOf(pattern)} against ${textOf(event)}`);
}

export function refuses(pattern: unknown, message: string, dialect: Dialect = 'eventbridge'): void {
  assert.throws(() => compilePattern(textOf(pattern), dialect), (error) => {
    assert.ok(error instanceof InvalidPatternError, String(error));
    assert.equal(error.message, message, textOf(pattern));
    return true;
  });
}
