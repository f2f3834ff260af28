/**
 * A walk over an event's text: it reads only what the patterns ask for and checks the rest, keeps the spelling of numbers,
 * and lets both values of a duplicate key take part.
 */
import type { Membership, TyingArray } from './array-consistency.ts';
import { nodeOf, type FieldNode } from './field-tree.ts';
import { maximumEventDepth, type Findings } from './findings.ts';

/** Thrown out of a walk where the text is not JSON, or nests deeper than AWS's parser goes. */
export class NotJson extends Error {}

const tab = 9;
const lineFeed = 10;
const carriageReturn = 13;
const space = 32;
const quote = 34;
const plus = 43;
const comma = 44;
const minus = 45;
const dot = 46;
const zero = 48;
const nine = 57;
const colon = 58;
const openBracket = 91;
const backslash = 92;
const closeBracket = 93;
const letterE = 101;
const openBrace = 123;
const closeBrace = 125;

export class TextWalk {
  readonly #text: string;
  readonly #findings: Findings;
  #at = 0;
  #depth = 0;

  constructor(text: string, findings: Findings) {
    this.#text = text;
    this.#findings = findings;
  }

  /**
   * Walks the whole text, whose value stands at `node`.
   * @returns what kind of value it is.
   * @throws NotJson
   */
  value(node: FieldNode): 'object' | 'array' | 'scalar' {
    const first = this.#space();
    this.#value(node, undefined);
    if (!Number.isNaN(this.#space())) throw new NotJson();
    return first === openBrace ? 'object' : first === openBracket ? 'array' : 'scalar';
  }

  /** Skips white space. @returns the code of the character that follows, NaN at the end. */
  #space(): number {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== space && code !== lineFeed && code !== carriageReturn && code !== tab) return code;
      this.#at += 1;
    }
  }

  #value(node: FieldNode, membership: Membership | undefined): void {
    const code = this.#text.charCodeAt(this.#at);
    if (code === openBrace) {
      if (node.names.length === 0) this.#skip();
      else this.#object(node, membership);
    } else if (code === openBracket) this.#array(node, membership);
    else if (node.pathIndex < 0 || (membership === undefined && this.#findings.settled(node))) this.#skip();
    else if (code === quote) {
      this.#at += 1;
      this.#findings.string(node, this.#string(), membership);
    } else if (code === minus || (code >= zero && code <= nine)) {
      const start = this.#at;
      this.#skipNumber(code);
      this.#findings.numberText(node, this.#text.slice(start, this.#at), membership);
    } else this.#findings.literal(node, this.#literal(code), membership);
  }

  #object(node: FieldNode, membership: Membership | undefined): void {
    this.#enter();
    if (this.#space() === closeBrace) return this.#leave();
    for (;;) {
      if (this.#space() !== quote) throw new NotJson();
      this.#at += 1;
      const child = this.#key(node);
      if (this.#space() !== colon) throw new NotJson();
      this.#at += 1;
      this.#space();
      if (child) this.#value(child, membership);
      else this.#skip();
      const code = this.#space();
      if (code === closeBrace) return this.#leave();
      if (code !== comma) throw new NotJson();
      this.#at += 1;
    }
  }

  #array(node: FieldNode, membership: Membership | undefined): void {
    const tying: TyingArray | undefined = node.ties ? { chosen: undefined } : undefined;
    this.#enter();
    if (this.#space() === closeBracket) return this.#leave();
    for (;;) {
      const first = this.#space();
      this.#value(node, tying && (first === openBrace || first === openBracket) ? { array: tying, outer: membership } : membership);
      const code = this.#space();
      if (code === closeBracket) return this.#leave();
      if (code !== comma) throw new NotJson();
      this.#at += 1;
    }
  }

  /** Reads a key behind its opening quote. @returns the node that it leads to. */
  #key(node: FieldNode): FieldNode | undefined {
    const text = this.#text;
    const start = this.#at;
    const { names, nodes } = node;
    for (let index = 0; index < names.length; index += 1) {
      const name = names[index] as string;
      if (text.charCodeAt(start + name.length) === quote && text.startsWith(name, start) && !/["\\]/.test(name)) {
        this.#at = start + name.length + 1;
        return nodes[index];
      }
    }
    let dotted = false;
    for (let at = start; ; at += 1) {
      const code = text.charCodeAt(at);
      if (code === quote) {
        this.#at = at + 1;
        return dotted ? nodeOf(node, text.slice(start, at)) : undefined;
      }
      if (code === dot) dotted = true;
      if (code === backslash || !(code >= space)) return nodeOf(node, this.#string());
    }
  }

  #enter(): void {
    this.#at += 1;
    this.#depth += 1;
    if (this.#depth > maximumEventDepth) throw new NotJson();
  }

  #leave(): void {
    this.#at += 1;
    this.#depth -= 1;
  }

  /** Reads a string behind its opening quote. */
  #string(): string {
    const start = this.#at;
    const text = this.#text;
    for (let at = start; ; at += 1) {
      const code = text.charCodeAt(at);
      if (code === quote) {
        this.#at = at + 1;
        return text.slice(start, at);
      }
      if (code === backslash || !(code >= space)) break;
    }
    this.#skipString();
    return JSON.parse(text.slice(start - 1, this.#at)) as string;
  }

  #literal(code: number): boolean | null {
    const text = this.#text;
    const word = code === 116 ? 'true' : code === 102 ? 'false' : 'null';
    if (!text.startsWith(word, this.#at)) throw new NotJson();
    this.#at += word.length;
    return word === 'null' ? null : word === 'true';
  }

  /** Checks and passes over one value. */
  #skip(): void {
    const code = this.#text.charCodeAt(this.#at);
    if (code === quote) {
      this.#at += 1;
      this.#skipString();
    } else if (code === openBrace) this.#skipObject();
    else if (code === openBracket) this.#skipArray();
    else if (code === minus || (code >= zero && code <= nine)) this.#skipNumber(code);
    else this.#literal(code);
  }

  #skipObject(): void {
    this.#enter();
    if (this.#space() === closeBrace) return this.#leave();
    for (;;) {
      if (this.#space() !== quote) throw new NotJson();
      this.#at += 1;
      this.#skipString();
      if (this.#space() !== colon) throw new NotJson();
      this.#at += 1;
      this.#space();
      this.#skip();
      const code = this.#space();
      if (code === closeBrace) return this.#leave();
      if (code !== comma) throw new NotJson();
      this.#at += 1;
    }
  }

  #skipArray(): void {
    this.#enter();
    if (this.#space() === closeBracket) return this.#leave();
    for (;;) {
      this.#space();
      this.#skip();
      const code = this.#space();
      if (code === closeBracket) return this.#leave();
      if (code !== comma) throw new NotJson();
      this.#at += 1;
    }
  }

  /** Behind the opening quote, to behind the closing one. */
  #skipString(): void {
    const text = this.#text;
    let at = this.#at;
    for (;;) {
      const code = text.charCodeAt(at);
      at += 1;
      if (code === quote) break;
      if (!(code >= space)) throw new NotJson();
      if (code !== backslash) continue;
      const escaped = text[at];
      at += 1;
      if (escaped === 'u') {
        for (let count = 0; count < 4; count += 1, at += 1) if (!isHexDigit(text.charCodeAt(at))) throw new NotJson();
      } else if (escaped === undefined || !'"\\/bfnrt'.includes(escaped)) throw new NotJson();
    }
    this.#at = at;
  }

  #skipNumber(first: number): void {
    const text = this.#text;
    let at = this.#at + 1;
    let code = text.charCodeAt(at);
    if (first === minus) {
      if (!isDigit(code)) throw new NotJson();
      first = code;
      at += 1;
      code = text.charCodeAt(at);
    }
    if (first !== zero) while (isDigit(code)) code = text.charCodeAt(at += 1);
    if (code === dot) {
      if (!isDigit(code = text.charCodeAt(at += 1))) throw new NotJson();
      while (isDigit(code)) code = text.charCodeAt(at += 1);
    }
    if ((code | 32) === letterE) {
      code = text.charCodeAt(at += 1);
      if (code === plus || code === minus) code = text.charCodeAt(at += 1);
      if (!isDigit(code)) throw new NotJson();
      while (isDigit(code)) code = text.charCodeAt(at += 1);
    }
    this.#at = at;
  }
}

function isDigit(code: number): boolean {
  return code >= zero && code <= nine;
}

function isHexDigit(code: number): boolean {
  return isDigit(code) || ((code | 32) >= 97 && (code | 32) <= 102);
}
