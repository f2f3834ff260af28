/**
 * EventBridge refuses patterns whose wildcards could keep its automaton in too many places at once: the measure that
 * event-ruler calls machine complexity.
 */
import type { FieldPattern, SubRule } from './compile-fields.ts';
import { InvalidPatternError } from './invalid-pattern-error.ts';
import { parseWildcard, type Wildcard } from './wildcard.ts';

/** EventBridge was seen to accept 7 and to refuse 11 (DOUBT: where between them its bound lies). */
const maximumComplexity = 10;

/** More sets of places than this are not looked at; the measure is then a lower bound. */
const maximumSets = 5000;

/** @throws InvalidPatternError with EventBridge's text. */
export function checkWildcardComplexity(subRules: readonly SubRule[]): void {
  const fields = new Set(subRules.flatMap((subRule) => [...subRule.values()]));
  for (const field of fields) {
    if (wildcardComplexity(field, maximumComplexity) > maximumComplexity) {
      throw new InvalidPatternError('Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences after a wildcard character');
    }
  }
}

/** A place in the automaton: what was read of a wildcard text. */
interface Place {
  /** A wildcard: any byte leads back here. */
  any: boolean;
  next: Map<number, Place>;
  /** Where a wildcard follows, which may stand for nothing. */
  wildcard: Place | undefined;
}

/**
 * In how many places at most an automaton of the field's wildcards can be after some text. Counting stops above `limit`.
 */
export function wildcardComplexity({ patterns }: FieldPattern, limit: number): number {
  const starts = new Map<string, Place>();
  for (const pattern of patterns) {
    // Each pattern has places of its own; the texts of one pattern share those that they begin with.
    if (pattern.kind === 'wildcard') addGroup(starts, [pattern.wildcard]);
    else if (pattern.kind === 'anything-but-operator' && pattern.operator === 'wildcard') addGroup(starts, pattern.texts.map(parseWildcard));
  }
  return starts.size === 0 ? 0 : largestSet([...starts.values()], limit);
}

function addGroup(starts: Map<string, Place>, wildcards: readonly Wildcard[]): void {
  const key = JSON.stringify(wildcards);
  if (starts.has(key)) return;
  const start = newPlace(false);
  starts.set(key, start);
  for (const wildcard of wildcards) addText(start, wildcard);
}

function addText(start: Place, wildcard: Wildcard): void {
  const encoder = new TextEncoder();
  let place = start;
  wildcard.forEach((part, index) => {
    if (index > 0) place = place.wildcard ??= newPlace(true);
    const opening = index === 0 ? '"' : '';
    const closing = index === wildcard.length - 1 ? '"' : '';
    for (const byte of encoder.encode(opening + part + closing)) {
      const known = place.next.get(byte);
      if (known) place = known;
      else place.next.set(byte, place = newPlace(false));
    }
  });
}

function newPlace(any: boolean): Place {
  return { any, next: new Map(), wildcard: undefined };
}

const anyOtherByte = -1;

function largestSet(starts: readonly Place[], limit: number): number {
  const ids = new Map<Place, number>();
  const keyOf = (places: ReadonlySet<Place>) => [...places].map((place) => {
    let id = ids.get(place);
    if (id === undefined) ids.set(place, id = ids.size);
    return id;
  }).sort((a, b) => a - b).join();
  const seen = new Set<string>();
  const open: ReadonlySet<Place>[] = [new Set(starts)];
  let largest = 0;
  for (let places = open.pop(); places && seen.size < maximumSets; places = open.pop()) {
    for (const byte of new Set([anyOtherByte, ...[...places].flatMap((place) => [...place.next.keys()])])) {
      const reached = read(places, byte);
      if (reached.size > limit) return reached.size;
      const key = keyOf(reached);
      if (reached.size === 0 || seen.has(key)) continue;
      seen.add(key);
      largest = Math.max(largest, reached.size);
      open.push(reached);
    }
  }
  return largest;
}

function read(places: ReadonlySet<Place>, byte: number): ReadonlySet<Place> {
  const reached = new Set<Place>();
  for (const place of places) {
    const next = place.next.get(byte);
    for (const target of [place.any ? place : undefined, next, next?.wildcard]) if (target) reached.add(target);
  }
  return reached;
}
