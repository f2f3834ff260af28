/** The structure of a pattern: objects nest names, arrays hold the values of a field, `$or` offers alternatives. */
import { InvalidPatternError } from './invalid-pattern-error.ts';
import { JsonTokens } from './json-tokens.ts';
import { readValuePatterns, type OperatorDialect, type ValuePattern } from './value-patterns.ts';

/** What one field must be. */
export interface FieldPattern {
  /** Names joined by dots: a dot in a name is the same as nesting. */
  path: string;
  patterns: readonly ValuePattern[];
  /** The array as it stands in the pattern. */
  source: string;
}

/** Fields by path, all of which must match. A pattern matches when one of its sub-rules does. */
export type SubRule = ReadonlyMap<string, FieldPattern>;

/** Sub-rules that `$or` may multiply into; event-ruler and EventBridge name this number. */
export const maximumSubRules = 1000;

/** Fields of one sub-rule: event-ruler's bound. */
const maximumFields = 256;

const or = '$or';
/** Names of operators, present and to come: not to be used as names of fields inside `$or`. */
const reservedInOr = new Set([
  'exactly', 'equals-ignore-case', 'prefix', 'suffix', 'anything-but', 'exists', 'wildcard', 'numeric', 'cidr', '=', '<', '<=', '>', '>=',
  'regex', 'not-wildcard', 'not-equals-ignore-case', 'date-after', 'date-on-or-after', 'date-before', 'date-on-or-before', 'in-date-range',
  'ip-address-in-range', 'ip-address-not-in-range',
]);

export interface CompiledFields {
  subRules: readonly SubRule[];
  /** The outermost names, `$or` among them. */
  names: ReadonlySet<string>;
  /** Whether a name stands inside another. */
  nested: boolean;
  /** Numbers of values multiplied, each by the depth of its name; alternatives of `$or` add up. */
  combinations: number;
}

/** @throws InvalidPatternError with event-ruler's text for what it comes to first. */
export function compileFields(text: string, dialect: OperatorDialect): CompiledFields {
  return new FieldReader(text, dialect).read();
}

class FieldReader {
  readonly #text: string;
  readonly #tokens: JsonTokens;
  readonly #dialect: OperatorDialect;
  readonly #names = new Set<string>();
  #nested = false;
  #combinations = 1;
  #subRules: Map<string, FieldPattern>[] = [];

  constructor(text: string, dialect: OperatorDialect) {
    this.#text = text;
    this.#tokens = new JsonTokens(text);
    this.#dialect = dialect;
  }

  read(): CompiledFields {
    if (this.#tokens.next() !== '{') throw new InvalidPatternError('Filter is not an object');
    this.#object([], false);
    return { subRules: this.#subRules, names: this.#names, nested: this.#nested, combinations: this.#combinations };
  }

  /** From behind a `{` to its `}`. */
  #object(path: string[], insideOr: boolean): void {
    let empty = true;
    while (this.#tokens.next() !== '}') {
      empty = false;
      const name = this.#tokens.text;
      if (path.length === 0 && !insideOr) this.#names.add(name);
      if (name === or) {
        this.#alternatives(path);
        continue;
      }
      if (insideOr && reservedInOr.has(name)) throw new InvalidPatternError(`${name} is Ruler reserved fieldName which cannot be used inside ${or}.`);
      if (path.length > 0) this.#nested = true;
      path.push(name);
      const kind = this.#tokens.next();
      if (kind === '{') this.#object(path, insideOr);
      else if (kind === '[') this.#field(path.join('.'), path.length);
      else throw new InvalidPatternError(`"${name}" must be an object or an array`);
      path.pop();
    }
    if (empty) throw new InvalidPatternError('Empty objects are not allowed');
  }

  /** Each alternative continues from what was read before the `$or`; what follows is added to all of them. */
  #alternatives(path: string[]): void {
    const before = this.#subRules;
    const after: Map<string, FieldPattern>[] = [];
    if (this.#tokens.next() !== '[') throw new InvalidPatternError(`It must be an Array followed with ${or}.`);
    let count = 0;
    const combinations = this.#combinations;
    let sum = 0;
    for (let kind = this.#tokens.next(); kind !== ']'; kind = this.#tokens.next()) {
      count += 1;
      if (kind !== '{') throw new InvalidPatternError(`Only JSON object is allowed in array of ${or} relationship.`);
      this.#subRules = before.length === 0 ? [new Map()] : before.map((subRule) => new Map(subRule));
      this.#combinations = combinations;
      this.#object(path, true);
      sum += this.#combinations;
      after.push(...this.#subRules);
      if (after.length > maximumSubRules) throw new InvalidPatternError(`Rule is too complex - ${or} leads to more than ${maximumSubRules} combinations`);
    }
    if (count < 2) throw new InvalidPatternError(`There must have at least 2 Objects in ${or} relationship.`);
    this.#subRules = after;
    this.#combinations = sum;
  }

  /** The last array of a path wins. */
  #field(path: string, depth: number): void {
    const start = this.#tokens.offset - 1;
    const patterns = readValuePatterns(this.#tokens, this.#dialect);
    this.#combinations *= patterns.length * depth;
    const field: FieldPattern = { path, patterns, source: this.#text.slice(start, this.#tokens.offset) };
    if (this.#subRules.length === 0) this.#subRules = [new Map()];
    for (const subRule of this.#subRules) {
      subRule.set(path, field);
      if (subRule.size > maximumFields) throw new InvalidPatternError(`Size of rule exceeds max value of ${maximumFields}`);
    }
  }
}
