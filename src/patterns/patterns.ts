/**
 * The event pattern language of EventBridge rules, SNS filter policies and Lambda's event source mappings, as AWS's own
 * event-ruler defines it. Compile a pattern once, then match events against it:
 *
 *     const rule = compilePattern('{"source":["my.app"]}', 'eventbridge');   // throws InvalidPatternError
 *     matchesText(rule, eventText);    // exact: spelling of numbers, duplicate keys
 *     matchesValue(rule, event);       // faster, of an event that JSON.parse read
 *
 * Many patterns against one event (the rules of a bus, the filters of a mapping): `PatternSet`, which walks the event once.
 * Why an event matches or not: `explain` in explain.ts. Both texts in, one answer out: `testPattern` in test-pattern.ts.
 *
 * What an event is depends on the dialect (`Dialect` in dialects.ts). Error texts come without the service's prefix: see
 * InvalidPatternError. Left to callers: EventBridge's bound of 4096 characters and its check of the envelope, Lambda's bounds
 * on the number and length of filters, SNS's 256 KB.
 */
import type { SubRule } from './compile-fields.ts';
import { compileSubRules, type Dialect } from './dialects.ts';
import { Matcher } from './matcher.ts';

/** A pattern that can match. Make one with `compilePattern`. */
export class CompiledPattern {
  readonly dialect: Dialect;
  /** As it was given. */
  readonly text: string;
  /** Alternatives, of which one must match. */
  readonly subRules: readonly SubRule[];
  readonly matcher: Matcher;

  constructor(text: string, dialect: Dialect) {
    this.dialect = dialect;
    this.text = text;
    this.subRules = compileSubRules(text, dialect);
    this.matcher = new Matcher(dialect, [this.subRules]);
  }
}

/**
 * @param text JSON of the pattern. Of two arrays under one path the last counts; objects under one name are merged.
 * @throws InvalidPatternError with the text that the service would give, and nothing else.
 */
export function compilePattern(text: string, dialect: Dialect): CompiledPattern {
  return new CompiledPattern(text, dialect);
}

/** Whether the event with this text matches. What is not JSON, or not what the dialect takes for an event, matches nothing. */
export function matchesText(pattern: CompiledPattern, eventText: string): boolean {
  return pattern.matcher.matchesText(eventText);
}

/** The same, of an event that was parsed. A number is taken for what its double says. */
export function matchesValue(pattern: CompiledPattern, event: unknown): boolean {
  return pattern.matcher.matchesValue(event);
}

/** Patterns of one dialect that are matched together. */
export class PatternSet {
  readonly #matcher: Matcher;

  /** @throws RangeError for patterns of different dialects. */
  constructor(dialect: Dialect, patterns: readonly CompiledPattern[]) {
    if (patterns.some((pattern) => pattern.dialect !== dialect)) throw new RangeError(`Not all patterns are of the dialect ${dialect}.`);
    this.#matcher = new Matcher(dialect, patterns.map(({ subRules }) => subRules));
  }

  /** The indexes of the patterns that match, in order. */
  matchingText(eventText: string): number[] {
    return this.#matcher.matchingText(eventText);
  }

  /** The same, of an event that was parsed. */
  matchingValue(event: unknown): number[] {
    return this.#matcher.matchingValue(event);
  }
}
