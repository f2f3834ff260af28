/** `wildcard`: `*` stands for any run of characters, the empty one too; `\*` and `\\` for the character itself. */
import { InvalidPatternError } from './invalid-pattern-error.ts';

/** The texts between the wildcards; one alone for a pattern without any. */
export type Wildcard = readonly string[];

/** @throws InvalidPatternError with event-ruler's text; positions count bytes of UTF-8 behind an opening quote. */
export function parseWildcard(text: string): Wildcard {
  const parts: string[] = [];
  let part = '';
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index];
    const next = text[index + 1];
    if (character === '*') {
      if (next === '*') throw new InvalidPatternError(`Consecutive wildcard characters at pos ${position(text, index)}`);
      parts.push(part);
      part = '';
    } else if (character === '\\') {
      if (next !== '*' && next !== '\\') throw new InvalidPatternError(`Invalid escape character at pos ${position(text, index)}`);
      part += next;
      index += 1;
    } else part += character;
  }
  return [...parts, part];
}

function position(text: string, index: number): number {
  return new TextEncoder().encode(text.slice(0, index)).length + 1;
}

/** A test of a string against `wildcard`, in time that no string can blow up. */
export function wildcardTest(wildcard: Wildcard): (text: string) => boolean {
  const [first = '', ...rest] = wildcard;
  const last = rest.pop();
  if (last === undefined) return (text) => text === first;
  const fixed = first.length + last.length;
  return (text) => {
    if (text.length < fixed || !text.startsWith(first) || !text.endsWith(last)) return false;
    let from = first.length;
    const end = text.length - last.length;
    for (const part of rest) {
      const at = text.indexOf(part, from);
      if (at < 0 || at + part.length > end) return false;
      from = at + part.length;
    }
    return true;
  };
}
