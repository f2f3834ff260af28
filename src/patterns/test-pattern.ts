/** One pattern against one event, both as texts: what the engine's own route and the editor's try-out answer. */
import { dialects, type Dialect } from './dialects.ts';
import { InvalidPatternError } from './invalid-pattern-error.ts';
import { compilePattern, matchesText } from './patterns.ts';

export interface PatternTestResult {
  result: 'match' | 'nomatch' | 'invalid';
  /** Why the pattern, or for EventBridge the event, is invalid. */
  message?: string;
  /** What is wrong with the pattern where `message` does not say so: for people. */
  reason?: string;
}

export function isDialect(value: unknown): value is Dialect {
  return dialects.includes(value as Dialect);
}

/**
 * @param pattern text of the pattern.
 * @param event text of the event, in the form that the dialect asks for. The envelope of EventBridge is not checked, but for
 * being a JSON object, as TestEventPattern does.
 */
export function testPattern(dialect: Dialect, pattern: string, event: string): PatternTestResult {
  try {
    const compiled = compilePattern(pattern, dialect);
    if (matchesText(compiled, event)) return { result: 'match' };
    return dialect === 'eventbridge' && !isObjectText(event) ? { result: 'invalid', message: 'Parameter Event is not valid.' } : { result: 'nomatch' };
  } catch (error) {
    if (error instanceof InvalidPatternError) return { result: 'invalid', message: error.message, ...(error.reason === undefined ? {} : { reason: error.reason }) };
    throw error;
  }
}

function isObjectText(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
