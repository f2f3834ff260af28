/** The event pattern language against vectors collected from AWS and event-ruler, read where they lie. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Dialect } from '../../src/patterns/dialects.ts';
import { explain } from '../../src/patterns/explain.ts';
import { compilePattern, matchesText, matchesValue } from '../../src/patterns/patterns.ts';
import { testPattern } from '../../src/patterns/test-pattern.ts';
import { projectRoot } from '../support/engine-process.ts';

interface Vector {
  id: string;
  dialect: Dialect;
  family: string;
  pattern: unknown;
  event: unknown;
  expect: 'match' | 'nomatch' | 'invalid';
  error?: string;
  /** Given where JSON.parse would lose something, or where the text is no JSON. */
  patternText?: string;
  eventText?: string;
}

const file = join(projectRoot, '..', 'shared', 'data', 'patterns', 'dev.jsonl');
const present = existsSync(file);
if (!present) console.error(`There are no event pattern vectors at ../shared/data/patterns: their conformance suite is skipped.`);

const vectors = present ? readFileSync(file, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as Vector) : [];
const groups = Map.groupBy(vectors, ({ dialect, family }) => `${dialect}, ${family}`);

(present ? describe : describe.skip)('event pattern vectors', () => {
  for (const [name, group] of groups) {
    it(`${name}: ${group.length}`, () => {
      const wrong = group.map((vector) => ({ vector, fault: faultOf(vector) })).filter(({ fault }) => fault !== undefined);
      assert.deepEqual(wrong.map(({ vector, fault }) => `${vector.id}: ${fault}`), []);
    });
  }
});

/** Undefined when all ways of asking answer as AWS did. */
function faultOf({ dialect, pattern, event, patternText, eventText, expect, error }: Vector): string | undefined {
  const text = patternText ?? JSON.stringify(pattern);
  const eventAsText = eventText ?? JSON.stringify(event);
  const { result, message } = testPattern(dialect, text, eventAsText);
  if (result !== expect) return `${result} instead of ${expect}`;
  // Services put their own prefix before the text.
  if (error !== undefined && (message === undefined || !error.endsWith(message))) return `says ${message} instead of ${error}`;
  if (result === 'invalid') return undefined;
  const compiled = compilePattern(text, dialect);
  const { matched, alternatives } = explain(compiled, eventAsText);
  if (matched !== (result === 'match')) return `is explained as ${matched}`;
  const agree = alternatives.every((alternative) => alternative.matched === alternative.fields.every((field) => field.matched));
  if (!agree) return 'has an alternative whose fields say something else';
  if (eventText === undefined && matchesValue(compiled, event) !== matchesText(compiled, eventAsText)) return 'differs between text and value';
  return undefined;
}
