/** What may stand in the array of a field: plain values and match expressions, read as event-ruler reads them. */
import { InvalidPatternError } from './invalid-pattern-error.ts';
import { addressDigits, parseCidr, type AddressRange } from './ip-address.ts';
import type { JsonTokens, TokenKind } from './json-tokens.ts';
import { readNumber, UnrepresentableNumber } from './numbers.ts';
import { parseWildcard, type Wildcard } from './wildcard.ts';

/** Operators that `anything-but` takes. */
export type NegatedOperator = 'prefix' | 'suffix' | 'equals-ignore-case' | 'wildcard';

export type ValuePattern =
  | { kind: 'exact'; text: string }
  | { kind: 'literal'; text: 'true' | 'false' | 'null' }
  | { kind: 'number'; number: number | UnrepresentableNumber }
  | { kind: 'prefix' | 'suffix'; text: string; ignoreCase: boolean }
  | { kind: 'equals-ignore-case'; text: string }
  | { kind: 'wildcard'; wildcard: Wildcard }
  | { kind: 'numeric'; low: number; lowIncluded: boolean; high: number; highIncluded: boolean }
  | { kind: 'address'; digits: string }
  | { kind: 'cidr'; range: AddressRange }
  | { kind: 'exists' }
  | { kind: 'absent' }
  | { kind: 'anything-but'; strings: ReadonlySet<string> }
  | { kind: 'anything-but-numbers'; numbers: ReadonlySet<number> }
  | { kind: 'anything-but-operator'; operator: NegatedOperator; texts: readonly string[] };

/** How event-ruler differs between the services that embed it. */
export interface OperatorDialect {
  /** What `anything-but` takes besides values. */
  negated: ReadonlySet<string>;
  /** What is said of a prefix or suffix inside `anything-but` that is no string. */
  negatedAffixMessage: (operator: 'prefix' | 'suffix') => string;
  /** Whether that is said of a literal or an object too, which otherwise gets the text about `anything-but` values. */
  judgesNegatedType: boolean;
}

const oneKey = 'Only one key allowed in match expression';
const tooManyElements = 'Too many elements in numeric expression';

/** Reads the array whose `[` is the current token, to its `]`. */
export function readValuePatterns(tokens: JsonTokens, dialect: OperatorDialect): ValuePattern[] {
  const patterns: ValuePattern[] = [];
  for (let kind = tokens.next(); kind !== ']'; kind = tokens.next()) patterns.push(readValuePattern(kind, tokens, dialect));
  if (patterns.length === 0) throw new InvalidPatternError('Empty arrays are not allowed');
  return patterns;
}

function readValuePattern(kind: TokenKind, tokens: JsonTokens, dialect: OperatorDialect): ValuePattern {
  switch (kind) {
    case '{':
      return readExpression(tokens, dialect);
    case 'string': {
      const digits = addressDigits(tokens.text);
      return digits === undefined ? { kind: 'exact', text: tokens.text } : { kind: 'address', digits };
    }
    case 'number':
      return { kind: 'number', number: readNumber(tokens.text) };
    case 'true':
    case 'false':
    case 'null':
      return { kind: 'literal', text: kind };
    default:
      throw new InvalidPatternError('Match value must be String, number, true, false, or null');
  }
}

function readExpression(tokens: JsonTokens, dialect: OperatorDialect): ValuePattern {
  if (tokens.next() !== 'name') throw new InvalidPatternError('Match expression name not found');
  const operator = tokens.text;
  tokens.next();
  switch (operator) {
    case 'exactly':
      return closed(tokens, { kind: 'exact', text: stringValue(tokens, 'exact match pattern must be a string') });
    case 'prefix':
    case 'suffix':
      return tokens.kind === '{'
        ? readAffixIgnoringCase(operator, tokens)
        : closed(tokens, { kind: operator, text: stringValue(tokens, `${operator} match pattern must be a string`), ignoreCase: false });
    case 'equals-ignore-case':
      return closed(tokens, { kind: operator, text: stringValue(tokens, 'equals-ignore-case match pattern must be a string') });
    case 'wildcard':
      return closed(tokens, { kind: operator, wildcard: parseWildcard(stringValue(tokens, 'wildcard match pattern must be a string')) });
    case 'cidr':
      // The text speaks of a prefix; event-ruler's does.
      return closed(tokens, { kind: operator, range: parseCidr(stringValue(tokens, 'prefix match pattern must be a string')) });
    case 'exists':
      if (tokens.kind !== 'true' && tokens.kind !== 'false') throw new InvalidPatternError('exists match pattern must be either true or false.');
      return closed(tokens, { kind: tokens.kind === 'true' ? 'exists' : 'absent' });
    case 'numeric':
      if (tokens.kind !== '[') throw new InvalidPatternError('Value of numeric must be an array.');
      return closed(tokens, readNumeric(tokens), tooManyElements);
    case 'anything-but':
      return readAnythingBut(tokens, dialect);
    default:
      throw new InvalidPatternError(`Unrecognized match type ${operator}`);
  }
}

function stringValue(tokens: JsonTokens, message: string): string {
  if (tokens.kind !== 'string') throw new InvalidPatternError(message);
  return tokens.text;
}

/** Reads the `}` that must follow. */
function closed(tokens: JsonTokens, pattern: ValuePattern, message = oneKey): ValuePattern {
  if (tokens.next() !== '}') throw new InvalidPatternError(message);
  return pattern;
}

function readAffixIgnoringCase(kind: 'prefix' | 'suffix', tokens: JsonTokens): ValuePattern {
  if (tokens.next() !== 'name') throw new InvalidPatternError(`${kind === 'prefix' ? 'Prefix' : 'Suffix'} expression name not found`);
  if (tokens.text !== 'equals-ignore-case') throw new InvalidPatternError(`Unsupported ${kind} pattern: ${tokens.text}`);
  tokens.next();
  const text = stringValue(tokens, 'equals-ignore-case match pattern must be a string');
  return closed(tokens, closed(tokens, { kind, text, ignoreCase: true }));
}

/** Reads to the `]` of the expression. */
function readNumeric(tokens: JsonTokens): ValuePattern {
  if (tokens.next() !== 'string') throw new InvalidPatternError(`Invalid member in numeric match: ${tokens.text}`);
  const operator = tokens.text;
  tokens.next();
  if (!['=', '>', '>=', '<', '<='].includes(operator)) throw new InvalidPatternError(`Unrecognized numeric range operator: ${operator}`);
  const first = numberSpelling(tokens, operator === '=' ? 'equals' : operator);
  const upperOnly = operator.startsWith('<');
  if (tokens.next() === ']') {
    const bound = comparable(first);
    if (operator === '=') return { kind: 'number', number: bound };
    if (upperOnly) return { kind: 'numeric', low: -Infinity, lowIncluded: true, high: bound, highIncluded: operator === '<=' };
    return { kind: 'numeric', low: bound, lowIncluded: operator === '>=', high: Infinity, highIncluded: true };
  }
  if (operator === '=' || upperOnly) throw new InvalidPatternError(tooManyElements);
  if (tokens.kind !== 'string') throw new InvalidPatternError(`Bad value in numeric range: ${tokens.text}`);
  const upper = tokens.text;
  if (upper !== '<' && upper !== '<=') throw new InvalidPatternError(`Bad numeric range operator: ${upper}`);
  tokens.next();
  const second = numberSpelling(tokens, upper);
  if (tokens.next() !== ']') throw new InvalidPatternError('Too many terms in numeric range expression');
  const low = comparable(first);
  const high = comparable(second);
  if (low >= high) throw new InvalidPatternError('Bottom must be less than top');
  return { kind: 'numeric', low, lowIncluded: operator === '>=', high, highIncluded: upper === '<=' };
}

function numberSpelling(tokens: JsonTokens, name: string): string {
  if (tokens.kind !== 'number') throw new InvalidPatternError(`Value of ${name} must be numeric`);
  return tokens.text;
}

function comparable(spelling: string): number {
  const number = readNumber(spelling);
  if (number instanceof UnrepresentableNumber) throw new InvalidPatternError(`Cannot compare number : ${spelling}`);
  return number;
}

function readAnythingBut(tokens: JsonTokens, dialect: OperatorDialect): ValuePattern {
  let operator: NegatedOperator | undefined;
  if (tokens.kind === '{') {
    if (tokens.next() !== 'name') throw new InvalidPatternError('Anything-But expression name not found');
    if (!dialect.negated.has(tokens.text)) throw new InvalidPatternError(`Unsupported anything-but pattern: ${tokens.text}`);
    operator = tokens.text as NegatedOperator;
    tokens.next();
  }
  const pattern = operator === undefined ? readOtherValues(tokens) : readOtherTexts(operator, tokens, dialect);
  closed(tokens, pattern, tooManyElements);
  return operator === undefined ? pattern : closed(tokens, pattern, tooManyElements);
}

function readOtherValues(tokens: JsonTokens): ValuePattern {
  const strings = new Set<string>();
  const numbers = new Set<number>();
  if (tokens.kind === 'string') strings.add(tokens.text);
  else if (tokens.kind === 'number') numbers.add(comparable(tokens.text));
  else if (tokens.kind === '[') {
    for (let kind = tokens.next(); kind !== ']'; kind = tokens.next()) {
      if (kind === 'string') strings.add(tokens.text);
      else if (kind === 'number') numbers.add(comparable(tokens.text));
      else throw new InvalidPatternError('Inside anything but list, start|null|boolean is not supported.');
    }
    if (strings.size > 0 === numbers.size > 0) throw new InvalidPatternError('Inside anything but list, either all values are number or string, mixed type is not supported');
  } else throw new InvalidPatternError('Value of anything-but must be an array or single string/number value.');
  return strings.size > 0 ? { kind: 'anything-but', strings } : { kind: 'anything-but-numbers', numbers };
}

function readOtherTexts(operator: NegatedOperator, tokens: JsonTokens, dialect: OperatorDialect): ValuePattern {
  const texts: string[] = [];
  const read = (kind: TokenKind) => {
    if (kind !== 'string') throw new InvalidPatternError(negatedTypeMessage(operator, dialect));
    if (tokens.text === '' && (operator === 'prefix' || operator === 'suffix')) throw new InvalidPatternError('Null prefix/suffix not allowed');
    texts.push(tokens.text);
  };
  if (tokens.kind === '[') {
    for (let kind = tokens.next(); kind !== ']'; kind = tokens.next()) read(kind);
    // event-ruler fails on the empty list without a message of its own (DOUBT): it gets the one of the plain list.
    if (texts.length === 0) throw new InvalidPatternError('Inside anything but list, either all values are number or string, mixed type is not supported');
  } else if (tokens.kind === 'string' || tokens.kind === 'number' || dialect.judgesNegatedType) read(tokens.kind);
  else throw new InvalidPatternError('Value of anything-but must be an array or single string/number value.');
  if (operator === 'wildcard') for (const text of texts) parseWildcard(text);
  return { kind: 'anything-but-operator', operator, texts };
}

function negatedTypeMessage(operator: NegatedOperator, dialect: OperatorDialect): string {
  if (operator === 'equals-ignore-case') return 'Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.';
  return operator === 'wildcard' ? 'wildcard match pattern must be a string' : dialect.negatedAffixMessage(operator);
}
