/** What a try-out says of patterns: in words and marks. No VS Code, so that Node tests it. */
import type { PatternAnswer } from '../protocol/engine.ts';
import { fieldAt, type WrittenPattern } from './pattern-positions.ts';

export interface Judged {
  pattern: WrittenPattern;
  answer: PatternAnswer;
}

/** Something to mark in the text of the patterns. */
export interface Mark {
  offset: number;
  length: number;
  message: string;
  severity: 'error' | 'warning';
}

/** @param what `pattern` for one of a rule or policy; `filter` for those of a mapping, of which one must match. */
export function verdictOf(judged: readonly Judged[], what: 'pattern' | 'filter'): string {
  const [only] = judged;
  if (!only) return `$(pass) No ${what}: every record is processed`;
  const name = (index: number) => (judged.length === 1 ? 'The filter' : `Filter ${index + 1}`);
  const invalid = judged.findIndex(({ answer }) => answer.result === 'invalid');
  if (invalid !== -1) return `$(error) ${what === 'filter' && judged.length > 1 ? `${name(invalid)}: ` : ''}${judged[invalid]?.answer.message ?? 'Invalid'}`;
  const matching = judged.flatMap(({ answer }, index) => (answer.result === 'match' ? [index] : []));
  if (what === 'pattern') return single(only);
  if (matching.length > 0) return judged.length === 1 ? '$(pass) Matches' : `$(pass) ${matching.length === 1 ? `${name(matching[0] ?? 0)} matches` : `Filters ${matching.map((index) => index + 1).join(', ')} match`}`;
  return judged.length === 1 ? single(only) : `$(circle-slash) No filter matches: ${judged.map(({ answer }, index) => `${index + 1}: ${whyNot(answer)}`).join('; ')}`;
}

/** Of one pattern by itself. */
export function single({ answer }: Judged): string {
  if (answer.result === 'match') return '$(pass) Matches';
  if (answer.result === 'invalid') return `$(error) ${answer.message ?? 'Invalid'}`;
  const why = whyNot(answer);
  return `$(circle-slash) Does not match${why === '' ? '' : `: ${why}`}`;
}

export function marksOf({ pattern, answer }: Judged): Mark[] {
  if (answer.result === 'match') return [];
  if (answer.result === 'invalid') return [{ offset: pattern.offset, length: Math.max(1, pattern.text.trimEnd().length), message: answer.message ?? 'The pattern is invalid.', severity: 'error' }];
  return mismatches(answer).flatMap(({ path, reason, found }) => {
    const place = fieldAt(pattern.text, path);
    if (!place) return [];
    const has = found.length === 0 ? '' : ` The event has ${found.slice(0, 3).join(', ')}${found.length > 3 ? ', …' : ''}.`;
    return [{ offset: pattern.offset + place.offset, length: place.length, message: `${reason ?? `${path} does not match.`}${has}`, severity: 'warning' as const }];
  });
}

function whyNot(answer: PatternAnswer): string {
  const fields = mismatches(answer);
  return fields.length === 0 ? answer.message ?? '' : fields.map(({ path }) => path).join(', ');
}

/** Fields that did not match, of the alternative that came closest. */
function mismatches({ alternatives }: PatternAnswer) {
  const failed = alternatives.map(({ fields }) => fields.filter(({ matched }) => !matched));
  return failed.toSorted((one, other) => one.length - other.length)[0] ?? [];
}
