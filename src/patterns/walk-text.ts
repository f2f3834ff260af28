/**
 * A walk over an event's text: it reads only what the patterns ask for and checks the rest, keeps the spelling of numbers,
 * and lets both values of a duplicate key take part.
 */
import type { Membership, TyingArray } from './array-consistency.ts';
import { nodeOf, type FieldNode } from './field-tree.ts';
import { maximumEventDepth, type Findings } from './findings.ts';
import { exactDigits } from './numbers.ts';

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

/** Texts are copied here before they are read: an array of units is read far faster than a string, whatever kind it is of. */
let scratch = newScratch(64 * 1024);
/** A larger text gets an array of its own, which is not kept. */
const largestKept = 512 * 1024;

interface Scratch {
  bytes: Buffer;
  units: Uint16Array;
}

function newScratch(units: number): Scratch {
  const memory = new ArrayBuffer(units * 2);
  return { bytes: Buffer.from(memory), units: new Uint16Array(memory) };
}

/** The UTF-16 units of a text, ended by a zero. The machine is little-endian, as all are that Node.js is offered for here. */
function unitsOf(text: string): Uint16Array {
  let room = scratch;
  if (text.length >= room.units.length) {
    room = newScratch(text.length + 1);
    if (text.length < largestKept) scratch = room;
  }
  room.bytes.write(text, 0, 'utf16le');
  room.units[text.length] = 0;
  return room.units;
}

const powersOfTen = Array.from({ length: exactDigits + 1 }, (_, exponent) => 10 ** exponent);

/** One text at a time: a walk ends before the next begins. */
export class TextWalk {
  readonly #text: string;
  readonly #units: Uint16Array;
  readonly #findings: Findings;
  #at = 0;
  #depth = 0;
  /** Of the number that was passed over last: its value where few digits say it all, else NaN. */
  #simple = 0;

  constructor(text: string, findings: Findings) {
    this.#text = text;
    this.#units = unitsOf(text);
    this.#findings = findings;
  }

  /**
   * Walks the whole text, whose value stands at `node`.
   * @returns what kind of value it is.
   * @throws NotJson
   */
  value(node: FieldNode): 'object' | 'array' | 'scalar' {
    const first = this.#space();
    this.#value(node, first, undefined);
    this.#space();
    if (this.#at !== this.#text.length) throw new NotJson();
    return first === openBrace ? 'object' : first === openBracket ? 'array' : 'scalar';
  }

  /** Skips white space. @returns the unit that follows, zero at the end. */
  #space(): number {
    const units = this.#units;
    let at = this.#at;
    let unit = units[at] as number;
    while (unit === space || unit === lineFeed || unit === carriageReturn || unit === tab) unit = units[at += 1] as number;
    this.#at = at;
    return unit;
  }

  /** @param first the unit at which the value begins. */
  #value(node: FieldNode, first: number, membership: Membership | undefined): void {
    if (first === openBrace) {
      if (node.children.size === 0) this.#skipObject();
      else this.#object(node, membership);
    } else if (first === openBracket) this.#array(node, membership);
    else if (node.pathIndex < 0 || (membership === undefined && this.#findings.settled(node))) this.#skip(first);
    else if (first === quote) {
      this.#at += 1;
      this.#findings.string(node, this.#string(), membership);
    } else if (first === minus || isDigit(first)) {
      const start = this.#at;
      this.#skipNumber(first);
      if (!Number.isNaN(this.#simple) && !node.asksSpelling && !this.#findings.observe) this.#findings.number(node, this.#simple, membership);
      else this.#findings.numberText(node, this.#text.slice(start, this.#at), membership);
    } else this.#findings.literal(node, this.#literal(first), membership);
  }

  #object(node: FieldNode, membership: Membership | undefined): void {
    this.#enter();
    let unit = this.#space();
    if (unit === closeBrace) return this.#leave();
    for (;;) {
      if (unit !== quote) throw new NotJson();
      this.#at += 1;
      const child = this.#key(node);
      if (this.#space() !== colon) throw new NotJson();
      this.#at += 1;
      unit = this.#space();
      if (child) this.#value(child, unit, membership);
      else this.#skip(unit);
      unit = this.#space();
      if (unit === closeBrace) return this.#leave();
      if (unit !== comma) throw new NotJson();
      this.#at += 1;
      unit = this.#space();
    }
  }

  #array(node: FieldNode, membership: Membership | undefined): void {
    const tying: TyingArray | undefined = node.ties ? { chosen: undefined } : undefined;
    this.#enter();
    let unit = this.#space();
    if (unit === closeBracket) return this.#leave();
    for (;;) {
      this.#value(node, unit, tying && (unit === openBrace || unit === openBracket) ? { array: tying, outer: membership } : membership);
      unit = this.#space();
      if (unit === closeBracket) return this.#leave();
      if (unit !== comma) throw new NotJson();
      this.#at += 1;
      unit = this.#space();
    }
  }

  /** Reads a key behind its opening quote. @returns the node that it leads to. */
  #key(node: FieldNode): FieldNode | undefined {
    const units = this.#units;
    const start = this.#at;
    const { names, nodes } = node;
    for (let index = 0; index < names.length; index += 1) {
      const name = names[index] as Uint16Array;
      let length = 0;
      while (length < name.length && units[start + length] === name[length]) length += 1;
      if (length === name.length && units[start + length] === quote) {
        this.#at = start + length + 1;
        return nodes[index];
      }
    }
    let dotted = false;
    for (let at = start; ; at += 1) {
      const unit = units[at] as number;
      if (unit === quote) {
        this.#at = at + 1;
        return dotted ? nodeOf(node, this.#text.slice(start, at)) : undefined;
      }
      if (unit === dot) dotted = true;
      else if (unit === backslash || unit < space) return nodeOf(node, this.#string());
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
    const escaped = this.#skipString();
    return escaped ? JSON.parse(this.#text.slice(start - 1, this.#at)) as string : this.#text.slice(start, this.#at - 1);
  }

  #literal(first: number): boolean | null {
    const word = first === 116 ? 'true' : first === 102 ? 'false' : 'null';
    if (!this.#text.startsWith(word, this.#at)) throw new NotJson();
    this.#at += word.length;
    return word === 'null' ? null : word === 'true';
  }

  /** Checks and passes over the value that begins with `first`. */
  #skip(first: number): void {
    if (first === quote) {
      this.#at += 1;
      this.#skipString();
    } else if (first === openBrace) this.#skipObject();
    else if (first === openBracket) this.#skipArray();
    else if (first === minus || isDigit(first)) this.#skipNumber(first);
    else this.#literal(first);
  }

  #skipObject(): void {
    this.#enter();
    let unit = this.#space();
    if (unit === closeBrace) return this.#leave();
    for (;;) {
      if (unit !== quote) throw new NotJson();
      this.#at += 1;
      this.#skipString();
      if (this.#space() !== colon) throw new NotJson();
      this.#at += 1;
      this.#skip(this.#space());
      unit = this.#space();
      if (unit === closeBrace) return this.#leave();
      if (unit !== comma) throw new NotJson();
      this.#at += 1;
      unit = this.#space();
    }
  }

  #skipArray(): void {
    this.#enter();
    let unit = this.#space();
    if (unit === closeBracket) return this.#leave();
    for (;;) {
      this.#skip(unit);
      unit = this.#space();
      if (unit === closeBracket) return this.#leave();
      if (unit !== comma) throw new NotJson();
      this.#at += 1;
      unit = this.#space();
    }
  }

  /** From behind the opening quote to behind the closing one. @returns whether anything is escaped between. */
  #skipString(): boolean {
    const units = this.#units;
    let at = this.#at;
    let escaped = false;
    for (;;) {
      const unit = units[at] as number;
      at += 1;
      if (unit === quote) break;
      if (unit < space) throw new NotJson();
      if (unit !== backslash) continue;
      escaped = true;
      at = this.#skipEscape(at);
    }
    this.#at = at;
    return escaped;
  }

  #skipEscape(at: number): number {
    const unit = this.#units[at] as number;
    if (unit !== 117) {
      if (unit === 0 || !'"\\/bfnrt'.includes(String.fromCharCode(unit))) throw new NotJson();
      return at + 1;
    }
    for (let digit = at + 1; digit < at + 5; digit += 1) if (!isHexDigit(this.#units[digit] as number)) throw new NotJson();
    return at + 5;
  }

  #skipNumber(first: number): void {
    const units = this.#units;
    const start = this.#at;
    let at = start;
    let unit = first;
    if (first === minus && !isDigit(unit = units[at += 1] as number)) throw new NotJson();
    let value = 0;
    let decimals = 0;
    if (unit === zero) unit = units[at += 1] as number;
    else {
      while (isDigit(unit)) {
        value = value * 10 + (unit - zero);
        unit = units[at += 1] as number;
      }
    }
    if (unit === dot) {
      const from = at;
      unit = units[at += 1] as number;
      if (!isDigit(unit)) throw new NotJson();
      while (isDigit(unit)) {
        value = value * 10 + (unit - zero);
        unit = units[at += 1] as number;
      }
      decimals = at - from - 1;
    }
    // Integers up to 10^15 and powers of ten up to 10^22 are exact, and so is their quotient rounded.
    const digits = at - start - (first === minus ? 1 : 0) - (decimals > 0 ? 1 : 0);
    this.#simple = digits > exactDigits ? NaN : (first === minus ? -value : value) / (powersOfTen[decimals] as number);
    if ((unit | 32) === letterE) {
      unit = units[at += 1] as number;
      if (unit === plus || unit === minus) unit = units[at += 1] as number;
      if (!isDigit(unit)) throw new NotJson();
      while (isDigit(unit)) unit = units[at += 1] as number;
      this.#simple = NaN;
    }
    this.#at = at;
  }
}

function isDigit(unit: number): boolean {
  return unit >= zero && unit <= nine;
}

function isHexDigit(unit: number): boolean {
  return isDigit(unit) || ((unit | 32) >= 97 && (unit | 32) <= 102);
}
