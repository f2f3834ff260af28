/** Answers whether a pattern matches an event, and field by field why not: for the editor. */
import { UserError } from '../contracts/faults.ts';
import { dialects } from '../patterns/dialects.ts';
import { explain } from '../patterns/explain.ts';
import { compilePattern } from '../patterns/patterns.ts';
import { isDialect, testPattern } from '../patterns/test-pattern.ts';
import type { PatternAnswer, PatternQuestion } from '../protocol/engine.ts';

/** @throws UserError for an unknown dialect. */
export function explainPattern({ dialect, pattern, event }: PatternQuestion): PatternAnswer {
  if (!isDialect(dialect)) throw new UserError(`dialect is one of ${dialects.join(', ')}.`);
  const answer = testPattern(dialect, pattern, event);
  if (answer.result === 'invalid') {
    const { message = 'The pattern is invalid.', reason } = answer;
    return { result: 'invalid', message: reason === undefined ? message : `${message} ${reason}`, alternatives: [] };
  }
  const { alternatives, problem } = explain(compilePattern(pattern, dialect), event);
  return { ...answer, alternatives, ...(problem !== undefined && { message: problem }) };
}
