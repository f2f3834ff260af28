/**
 * JSON text as a stream of tokens, for patterns. AWS reads patterns with a streaming parser (Jackson) and names the first
 * thing wrong that this parser comes to; so this one is pulled token by token, reports in the same words, keeps the spelling
 * of numbers, and leaves duplicate keys to its reader. As there, what follows the outermost object is not looked at.
 */
import { InvalidPatternError } from './invalid-pattern-error.ts';

export type TokenKind = '{' | '}' | '[' | ']' | 'name' | 'string' | 'number' | 'true' | 'false' | 'null' | 'end';

/** Jackson's own bounds. */
const maximumDepth = 1000;
const maximumNumberLength = 1000;
const maximumNameLength = 50_000;
const maximumQuotedSource = 500;
const maximumQuotedToken = 256;

const validTokens = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";
const simpleEscapes: Record<string, string> = { '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

interface Scope {
  kind: 'Array' | 'Object';
  /** Where its opening bracket stands. */
  at: number;
  entries: number;
}

/** Not a fault of the pattern language but of JSON. */
export class JsonFault extends InvalidPatternError {}

/** Reads the outermost value to its end. @throws JsonFault */
export function checkJson(text: string): void {
  const tokens = new JsonTokens(text);
  let depth = 0;
  do {
    const kind = tokens.next();
    if (kind === '{' || kind === '[') depth += 1;
    else if (kind === '}' || kind === ']') depth -= 1;
  } while (depth > 0);
}

export class JsonTokens {
  readonly #text: string;
  readonly #scopes: Scope[] = [];
  #position = 0;
  #kind: TokenKind = 'end';
  #name = '';
  #value = '';
  /** The value that was met while its name was read: the parser looks one token ahead there. */
  #pending: TokenKind | undefined;
  /** True while the string at `#position` was met but not yet read. */
  #stringUnread = false;

  constructor(text: string) {
    this.#text = text;
  }

  get kind(): TokenKind {
    return this.#kind;
  }

  /** A name or string unescaped, or the spelling of any other token. */
  get text(): string {
    if (this.#kind === 'name') return this.#name;
    if (this.#stringUnread) this.#value = this.#readString('string');
    this.#stringUnread = false;
    return this.#value;
  }

  /** Where the text read so far ends: behind the current token, but for a name or a string. */
  get offset(): number {
    return this.#position;
  }

  /** @throws JsonFault where the text is not JSON. */
  next(): TokenKind {
    if (this.#pending !== undefined) {
      const kind = this.#pending;
      this.#pending = undefined;
      return this.#enter(kind);
    }
    if (this.#stringUnread) this.#readString('string');
    this.#stringUnread = false;
    const scope = this.#scopes.at(-1);
    let character = this.#skipSpace();
    if (character === undefined) {
      if (scope) this.#endOfInput(`: expected close marker for ${scope.kind} (start marker at ${this.#location(scope.at)})`);
      return this.#enter('end');
    }
    if (character === ']' || character === '}') return this.#close(character);
    if (scope && scope.entries > 0) {
      if (character !== ',') this.#unexpected(character, `was expecting comma to separate ${scope.kind} entries`);
      character = this.#skipSpace();
      if (character === undefined) this.#endOfInput(` within/between ${scope.kind} entries`);
    }
    if (scope) scope.entries += 1;
    if (scope?.kind !== 'Object') return this.#enter(this.#readValue(character));
    if (character !== '"') this.#unexpected(character, 'was expecting double-quote to start field name');
    this.#name = this.#readString('name');
    if (this.#name.length > maximumNameLength) throw new JsonFault(`Name length (${this.#name.length}) exceeds the maximum allowed (${maximumNameLength}, from \`StreamReadConstraints.getMaxNameLength()\`)`);
    this.#pending = this.#readValue(this.#skipColon());
    this.#kind = 'name';
    return 'name';
  }

  #enter(kind: TokenKind): TokenKind {
    if (kind === '{' || kind === '[') {
      if (this.#scopes.length === maximumDepth) throw new JsonFault(`Document nesting depth (${maximumDepth + 1}) exceeds the maximum allowed (${maximumDepth}, from \`StreamReadConstraints.getMaxNestingDepth()\`)`);
      this.#scopes.push({ kind: kind === '{' ? 'Object' : 'Array', at: this.#position - 1, entries: 0 });
      this.#value = kind;
    }
    this.#kind = kind;
    return kind;
  }

  #close(character: '}' | ']'): TokenKind {
    const scope = this.#scopes.at(-1);
    const kind = character === ']' ? 'Array' : 'Object';
    if (scope?.kind !== kind) {
      const start = `${scope?.kind ?? 'root'} starting at ${this.#location(scope?.at ?? 0)}`;
      throw new JsonFault(`Unexpected close marker '${character}': expected '${character === ']' ? '}' : ']'}' (for ${start})`);
    }
    this.#scopes.pop();
    this.#value = character;
    return this.#enter(character);
  }

  /** The value that begins with `character`, which was read. A string's content stays unread. */
  #readValue(character: string): TokenKind {
    switch (character) {
      case '"':
        this.#stringUnread = true;
        return 'string';
      case '{':
      case '[':
        return character;
      case 't':
        return this.#literal('true');
      case 'f':
        return this.#literal('false');
      case 'n':
        return this.#literal('null');
      case 'N':
        return this.#nonNumeric('NaN');
      case 'I':
        return this.#nonNumeric('Infinity');
      case '+':
        this.#unexpectedInNumber('+', 'JSON spec does not allow numbers to have plus signs: enable `JsonReadFeature.ALLOW_LEADING_PLUS_SIGN_FOR_NUMBERS` to allow');
      case '}':
        this.#unexpected('}', 'expected a value');
      default:
        if (character === '-' || isDigit(character)) return this.#number(character);
        if (isIdentifierStart(character)) this.#unrecognised(character);
        this.#unexpected(character, `expected a valid value ${validTokens}`);
    }
  }

  #literal(word: 'true' | 'false' | 'null'): TokenKind {
    this.#matchWord(word);
    this.#value = word;
    return word;
  }

  #nonNumeric(word: string): never {
    this.#matchWord(word);
    throw new JsonFault(`Non-standard token '${word}': enable \`JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS\` to allow`);
  }

  /** The rest of a word whose first letter was read. */
  #matchWord(word: string): void {
    for (let index = 1; index < word.length; index += 1) {
      if (this.#text[this.#position] !== word[index]) this.#unrecognised(word.slice(0, index));
      this.#position += 1;
    }
    const after = this.#text[this.#position];
    if (after !== undefined && isIdentifierPart(after)) this.#unrecognised(word);
  }

  #number(first: string): TokenKind {
    const start = this.#position - 1;
    if (first === '-') {
      const digit = this.#text[this.#position];
      if (digit === undefined) this.#endOfInput(' in a Number value');
      if (!isDigit(digit)) this.#unexpectedInNumber(digit, 'expected digit (0-9) to follow minus sign, for valid numeric value');
      this.#position += 1;
      first = digit;
    }
    if (first === '0' && isDigit(this.#text[this.#position])) throw new JsonFault('Invalid numeric value: Leading zeroes not allowed');
    this.#digits();
    if (this.#text[this.#position] === '.') {
      this.#position += 1;
      if (this.#digits() === 0) this.#unexpectedInNumber(this.#text[this.#position], 'Decimal point not followed by a digit');
    }
    if (this.#text[this.#position] === 'e' || this.#text[this.#position] === 'E') {
      this.#position += 1;
      if (this.#text[this.#position] === '+' || this.#text[this.#position] === '-') this.#position += 1;
      if (this.#digits() === 0) this.#unexpectedInNumber(this.#text[this.#position], 'Exponent indicator not followed by a digit');
    }
    const length = this.#position - start;
    if (length > maximumNumberLength) throw new JsonFault(`Number value length (${length}) exceeds the maximum allowed (${maximumNumberLength}, from \`StreamReadConstraints.getMaxNumberLength()\`)`);
    this.#value = this.#text.slice(start, this.#position);
    return 'number';
  }

  #digits(): number {
    const start = this.#position;
    while (isDigit(this.#text[this.#position])) this.#position += 1;
    return this.#position - start;
  }

  /** The string whose opening quote was read. */
  #readString(what: 'string' | 'name'): string {
    let result = '';
    let from = this.#position;
    for (;;) {
      const character = this.#text[this.#position];
      if (character === undefined) this.#endOfInput(what === 'name' ? ' in field name' : ': was expecting closing quote for a string value');
      this.#position += 1;
      if (character === '"') return result + this.#text.slice(from, this.#position - 1);
      if (character < ' ') throw new JsonFault(`Illegal unquoted character (${describe(character)}): has to be escaped using backslash to be included in ${what === 'name' ? 'name' : 'string value'}`);
      if (character !== '\\') continue;
      result += this.#text.slice(from, this.#position - 1) + this.#readEscape();
      from = this.#position;
    }
  }

  #readEscape(): string {
    const character = this.#text[this.#position];
    if (character === undefined) this.#endOfInput(' in character escape sequence');
    this.#position += 1;
    if (character !== 'u') {
      const plain = Object.hasOwn(simpleEscapes, character) ? simpleEscapes[character] : undefined;
      if (plain === undefined) throw new JsonFault(`Unrecognized character escape ${describe(character)}`);
      return plain;
    }
    for (let count = 0; count < 4; count += 1) {
      const digit = this.#text[this.#position];
      if (digit === undefined) this.#endOfInput(' in character escape sequence');
      if (!/[0-9a-fA-F]/.test(digit)) this.#unexpected(digit, 'expected a hex-digit for character escape sequence');
      this.#position += 1;
    }
    return String.fromCharCode(parseInt(this.#text.slice(this.#position - 4, this.#position), 16));
  }

  #skipColon(): string {
    const character = this.#skipSpace();
    if (character === undefined) this.#endOfInput(' within/between Object entries');
    if (character !== ':') this.#unexpected(character, 'was expecting a colon to separate field name and value');
    const first = this.#skipSpace();
    if (first === undefined) this.#endOfInput(' within/between Object entries');
    return first;
  }

  /** The next character that is not white space, read; undefined at the end. */
  #skipSpace(): string | undefined {
    for (;;) {
      const character = this.#text[this.#position];
      if (character === undefined) return undefined;
      this.#position += 1;
      if (character > ' ') {
        if (character === '/') this.#unexpected('/', "maybe a (non-standard) comment? (not recognized as one since Feature 'ALLOW_COMMENTS' not enabled for parser)");
        return character;
      }
      if (character !== ' ' && character !== '\n' && character !== '\r' && character !== '\t') {
        throw new JsonFault(`Illegal character (${describe(character)}): only regular white space (\\r, \\n, \\t) is allowed between tokens`);
      }
    }
  }

  #unrecognised(matched: string): never {
    let end = this.#position;
    while (end - this.#position + matched.length < maximumQuotedToken && isIdentifierPart(this.#text[end])) end += 1;
    const more = end - this.#position + matched.length >= maximumQuotedToken ? '...' : '';
    throw new JsonFault(`Unrecognized token '${matched}${this.#text.slice(this.#position, end)}${more}': was expecting ${validTokens}`);
  }

  #unexpected(character: string, expectation: string): never {
    throw new JsonFault(`Unexpected character (${describe(character)}): ${expectation}`);
  }

  #unexpectedInNumber(character: string | undefined, expectation: string): never {
    throw new JsonFault(`Unexpected character (${describe(character ?? '\0')}) in numeric value: ${expectation}`);
  }

  #endOfInput(detail: string): never {
    throw new JsonFault(`Unexpected end-of-input${detail}`);
  }

  #location(at: number): string {
    const before = this.#text.slice(0, at).split(/\r\n|\r|\n/);
    const quoted = this.#text.slice(0, maximumQuotedSource).replace(/[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/g, (character) => `\\u${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`);
    const left = this.#text.length - maximumQuotedSource;
    const truncated = left > 0 ? `[truncated ${left} chars]` : '';
    return `[Source: (String)"${quoted}"${truncated}; line: ${before.length}, column: ${(before.at(-1)?.length ?? 0) + 1}]`;
  }
}

function isDigit(character: string | undefined): character is string {
  return character !== undefined && character >= '0' && character <= '9';
}

/** Java's Character.isJavaIdentifierStart, of one UTF-16 unit. */
function isIdentifierStart(character: string): boolean {
  return /[\p{L}\p{Nl}\p{Sc}\p{Pc}]/u.test(character);
}

/** Java's Character.isJavaIdentifierPart, of one UTF-16 unit. */
function isIdentifierPart(character: string | undefined): boolean {
  return character !== undefined && /[\p{L}\p{Nl}\p{Sc}\p{Pc}\p{Nd}\p{Mc}\p{Mn}\p{Cf}\0-\x08\x0e-\x1b\x7f-\x9f]/u.test(character);
}

function describe(character: string): string {
  const code = character.charCodeAt(0);
  if (code < 32 || (code >= 127 && code < 160)) return `(CTRL-CHAR, code ${code})`;
  return code > 255 ? `'${character}' (code ${code} / 0x${code.toString(16)})` : `'${character}' (code ${code})`;
}
