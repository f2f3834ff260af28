/** The patterns of one field, compiled into tests by the type of the value. */
import { ignoringCase } from './ignore-case.ts';
import { addressDigits, inRange } from './ip-address.ts';
import { readNumber, UnrepresentableNumber } from './numbers.ts';
import type { NegatedOperator, ValuePattern } from './value-patterns.ts';
import { parseWildcard, wildcardTest } from './wildcard.ts';

type StringTest = (text: string) => boolean;

export class FieldTest {
  /** Whether the field may be missing. */
  readonly absent: boolean;
  /** Whether the spelling of a number counts even where a double says all. */
  readonly asksSpelling: boolean;
  /** Matches whatever is there. */
  readonly #any: boolean;
  readonly #true: boolean;
  readonly #false: boolean;
  readonly #null: boolean;
  readonly #exact: string | ReadonlySet<string> | undefined;
  readonly #strings: readonly StringTest[];
  /** Tests of an address as digits. */
  readonly #addresses: readonly StringTest[];
  readonly #numbers: readonly number[];
  readonly #ranges: readonly Extract<ValuePattern, { kind: 'numeric' }>[];
  readonly #otherNumbers: readonly ReadonlySet<number>[];
  readonly #spellings: ReadonlySet<string>;
  /** Passes numbers and literals: some `anything-but` that speaks of strings. */
  readonly #anyButStrings: boolean;
  /** Otherwise event-ruler leaves numbers as they are spelled, and so compares them with digits of addresses. */
  readonly #comparesNumbers: boolean;

  constructor(patterns: readonly ValuePattern[]) {
    const exact = new Set<string>();
    const spellings = new Set<string>();
    const strings: StringTest[] = [];
    const addresses: StringTest[] = [];
    const numbers: number[] = [];
    const ranges: Extract<ValuePattern, { kind: 'numeric' }>[] = [];
    const otherNumbers: ReadonlySet<number>[] = [];
    const literals = new Set<string>();
    let exists = false;
    let absent = false;
    let anyButStrings = false;
    for (const pattern of patterns) {
      switch (pattern.kind) {
        case 'exact': exact.add(pattern.text); break;
        case 'literal': literals.add(pattern.text); break;
        case 'number':
          if (pattern.number instanceof UnrepresentableNumber) spellings.add(pattern.number.spelling);
          else numbers.push(pattern.number);
          break;
        case 'prefix':
        case 'suffix': strings.push(affixTest(pattern.kind, pattern.text, pattern.ignoreCase)); break;
        case 'equals-ignore-case': strings.push(ignoringCase(pattern.text).equals); break;
        case 'wildcard': strings.push(wildcardTest(pattern.wildcard)); break;
        case 'numeric': ranges.push(pattern); break;
        case 'address': {
          const { digits: start } = pattern;
          addresses.push((digits) => digits.startsWith(start));
          break;
        }
        case 'cidr': {
          const { range } = pattern;
          addresses.push((digits) => inRange(digits, range));
          break;
        }
        case 'exists': exists = true; break;
        case 'absent': absent = true; break;
        case 'anything-but': {
          const { strings: others } = pattern;
          anyButStrings = true;
          strings.push((text) => !others.has(text));
          break;
        }
        case 'anything-but-numbers':
          otherNumbers.push(pattern.numbers);
          strings.push(() => true);
          break;
        case 'anything-but-operator': {
          anyButStrings = true;
          const tests = pattern.texts.map((text) => negatedTest(pattern.operator, text));
          strings.push((text) => !tests.some((test) => test(text)));
          break;
        }
      }
    }
    this.absent = absent;
    this.asksSpelling = addresses.length > 0;
    this.#any = exists;
    this.#exact = exact.size === 1 ? exact.values().next().value : exact.size === 0 ? undefined : exact;
    this.#strings = strings;
    this.#addresses = addresses;
    this.#numbers = numbers;
    this.#ranges = ranges;
    this.#otherNumbers = otherNumbers;
    this.#spellings = spellings;
    this.#anyButStrings = anyButStrings;
    this.#comparesNumbers = numbers.length + ranges.length + otherNumbers.length > 0;
    const others = exists || anyButStrings || otherNumbers.length > 0;
    this.#true = others || literals.has('true');
    this.#false = others || literals.has('false');
    this.#null = others || literals.has('null');
  }

  string(text: string): boolean {
    if (this.#any) return true;
    const exact = this.#exact;
    if (exact !== undefined && (typeof exact === 'string' ? exact === text : exact.has(text))) return true;
    for (const test of this.#strings) if (test(text)) return true;
    if (this.#addresses.length === 0) return false;
    const digits = addressDigits(text);
    return digits !== undefined && this.#address(digits);
  }

  boolean(value: boolean): boolean {
    return value ? this.#true : this.#false;
  }

  null(): boolean {
    return this.#null;
  }

  /** A number whose spelling is not at hand: taken for what a double says. */
  number(value: number): boolean {
    if (this.#any || this.#anyButStrings) return true;
    if (!Number.isFinite(value)) return this.#otherNumbers.length > 0;
    return this.#comparable(value) || (!this.#comparesNumbers && this.#addresses.length > 0 && this.#address(String(value)));
  }

  /** @param spelling a number in JSON's grammar. @param value what a double makes of it. */
  numberText(spelling: string, value: number): boolean {
    if (this.#any || this.#anyButStrings) return true;
    const matched = this.#comparable(value);
    // The look at the spelling is dear, and seldom changes anything.
    if (!matched && this.#spellings.size === 0 && this.#otherNumbers.length === 0 && this.#addresses.length === 0) return false;
    if (this.#comparesNumbers && !(readNumber(spelling) instanceof UnrepresentableNumber)) return matched;
    return this.#spellings.has(spelling) || this.#otherNumbers.length > 0 || this.#address(spelling);
  }

  #comparable(value: number): boolean {
    for (const number of this.#numbers) if (number === value) return true;
    for (const range of this.#ranges) {
      if ((value > range.low || (range.lowIncluded && value === range.low)) && (value < range.high || (range.highIncluded && value === range.high))) return true;
    }
    for (const others of this.#otherNumbers) if (!others.has(value === 0 ? 0 : value)) return true;
    return false;
  }

  #address(digits: string): boolean {
    for (const test of this.#addresses) if (test(digits)) return true;
    return false;
  }
}

function affixTest(kind: 'prefix' | 'suffix', text: string, ignoreCase: boolean): StringTest {
  if (!ignoreCase) return kind === 'prefix' ? (value) => value.startsWith(text) : (value) => value.endsWith(text);
  const { endOfPrefix, isSuffix } = ignoringCase(text);
  return kind === 'suffix' ? isSuffix : (value) => endOfPrefix(value) >= 0;
}

function negatedTest(operator: NegatedOperator, text: string): StringTest {
  switch (operator) {
    case 'prefix':
    case 'suffix': return affixTest(operator, text, false);
    case 'equals-ignore-case': return ignoringCase(text).equals;
    case 'wildcard': return wildcardTest(parseWildcard(text));
  }
}
