/** Why an event matches a pattern or not, field by field: for a try-out in the editor, and for "why did nothing happen?". */
import type { FieldState } from './findings.ts';
import { Matcher } from './matcher.ts';
import type { CompiledPattern } from './patterns.ts';

export interface FieldExplanation {
  /** Names joined by dots. */
  path: string;
  /** The array of the pattern, as it is written there. */
  expected: string;
  /** Values that the event has there, as JSON in its own spelling; at most 20. */
  found: string[];
  matched: boolean;
  /** Why not; absent when it matched. One sentence. */
  reason?: string;
}

/** One way for the pattern to match: without `$or` there is only one. */
export interface AlternativeExplanation {
  /** All fields matched. */
  matched: boolean;
  fields: FieldExplanation[];
}

export interface Explanation {
  /** As `matchesText` says. */
  matched: boolean;
  /** Set when the event is not what the dialect takes for an event. One sentence. */
  problem?: string;
  alternatives: AlternativeExplanation[];
}

const maximumFound = 20;
const maximumFoundLength = 200;

/** Compiles anew, so it is no way to match. @param eventText as `matchesText` takes it. */
export function explain(pattern: CompiledPattern, eventText: string): Explanation {
  const found = new Map<string, string[]>();
  const observe = (path: string, json: string) => {
    const values = found.get(path) ?? [];
    found.set(path, values);
    if (values.length < maximumFound) values.push(json.length > maximumFoundLength ? `${json.slice(0, maximumFoundLength)}…` : json);
  };
  const { readable, subRules } = new Matcher(pattern.dialect, [pattern.subRules]).examineText(eventText, observe);
  const alternatives = subRules.map(({ matched, fields }, index): AlternativeExplanation => {
    // Where no field fails by itself, those in arrays found no element in common.
    const clash = !matched && fields.every(({ state }) => state === 'matched' || state === 'tied');
    return {
      matched,
      fields: fields.map(({ path, state }) => {
        const values = found.get(path) ?? [];
        const failed = state === 'tied' ? clash : state !== 'matched';
        return {
          path,
          expected: pattern.subRules[index]?.get(path)?.source ?? '',
          found: values,
          matched: !failed,
          ...(failed ? { reason: readable ? sentences[state](path) : `There is no event to look for ${path} in.` } : {}),
        };
      }),
    };
  });
  const matched = alternatives.some((alternative) => alternative.matched);
  return readable || matched ? { matched, alternatives } : { matched, problem: 'The event is not a JSON object that this kind of pattern could match.', alternatives };
}

const sentences: Record<FieldState | 'dropped', (path: string) => string> = {
  matched: () => '',
  missing: (path) => `The event has no value at ${path}.`,
  different: (path) => `No value at ${path} is one that the pattern asks for.`,
  present: (path) => `The event has a value at ${path}, and the pattern wants none.`,
  tied: (path) => `What matches at ${path} stands in another element of its array than what matches the other fields.`,
  dropped: (path) => `The record's data is ${path.includes('.') ? 'plain text, and the pattern asks for JSON' : 'JSON, and the pattern asks for plain text'}: Lambda drops it.`,
};
