/**
 * CBOR (RFC 8949) as far as AWS's `application/x-amz-cbor-1.1` goes, which the SDK for Java speaks with Kinesis. Byte strings
 * stand for blobs, tag 1 for timestamps, in milliseconds. Values here are those of the JSON protocol: blobs in base64,
 * timestamps in seconds.
 */
import { AwsFault } from '../contracts/faults.ts';

export interface CborMembers {
  /** Members whose text is base64 of a blob. */
  blobs: ReadonlySet<string>;
  /** Members that are timestamps in seconds. */
  timestamps: ReadonlySet<string>;
}

const deepest = 32;
const timestampTag = 1;

/** @throws AwsFault SerializationException */
export function decodeCbor(bytes: Buffer): unknown {
  const reader = new Reader(bytes);
  const value = reader.value(0);
  if (value === ends || !reader.atEnd) throw malformed();
  return value;
}

const malformed = (): AwsFault => new AwsFault('SerializationException', 400, 'The request body is not well-formed CBOR.');

/** The mark that ends what has no length. */
const ends = Symbol('break');

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  value(depth: number): unknown {
    if (depth > deepest) throw malformed();
    const head = this.#byte();
    const [kind, info] = [head >> 5, head & 31];
    switch (kind) {
      case 0: return this.#length(info);
      case 1: return -1 - this.#length(info);
      case 2: return (info === 31 ? this.#chunks(kind) : this.#take(this.#length(info))).toString('base64');
      case 3: return (info === 31 ? this.#chunks(kind) : this.#take(this.#length(info))).toString('utf8');
      case 4: return this.#list(info, depth);
      case 5: return this.#map(info, depth);
      case 6: return this.#tagged(this.#length(info), depth);
      default: return this.#simple(info);
    }
  }

  #list(info: number, depth: number): unknown[] {
    const list: unknown[] = [];
    const length = info === 31 ? Number.POSITIVE_INFINITY : this.#length(info);
    while (list.length < length) {
      const value = this.value(depth + 1);
      if (value === ends) {
        if (info === 31) break;
        throw malformed();
      }
      list.push(value);
    }
    return list;
  }

  #map(info: number, depth: number): Record<string, unknown> {
    const entries: [string, unknown][] = [];
    const length = info === 31 ? Number.POSITIVE_INFINITY : this.#length(info);
    while (entries.length < length) {
      const key = this.value(depth + 1);
      if (key === ends && info === 31) break;
      const value = this.value(depth + 1);
      if (typeof key !== 'string' || value === ends) throw malformed();
      entries.push([key, value]);
    }
    return Object.fromEntries(entries);
  }

  /** Timestamps come in milliseconds as AWS writes them, in seconds when they are floating-point. Other tags say nothing here. */
  #tagged(tag: number, depth: number): unknown {
    const floating = (this.#bytes[this.#at] ?? 0) >> 5 === 7;
    const value = this.value(depth + 1);
    if (value === ends) throw malformed();
    if (tag !== timestampTag || typeof value !== 'number') return value;
    return floating ? value : value / 1000;
  }

  #simple(info: number): unknown {
    switch (info) {
      case 20: return false;
      case 21: return true;
      case 22: case 23: return null;
      case 25: return half(this.#take(2).readUInt16BE());
      case 26: return this.#take(4).readFloatBE();
      case 27: return this.#take(8).readDoubleBE();
      case 31: return ends;
      default: throw malformed();
    }
  }

  #chunks(kind: number): Buffer {
    const chunks: Buffer[] = [];
    for (;;) {
      const head = this.#byte();
      if (head === 0xff) return Buffer.concat(chunks);
      if (head >> 5 !== kind || (head & 31) === 31) throw malformed();
      chunks.push(this.#take(this.#length(head & 31)));
    }
  }

  #length(info: number): number {
    if (info < 24) return info;
    switch (info) {
      case 24: return this.#byte();
      case 25: return this.#take(2).readUInt16BE();
      case 26: return this.#take(4).readUInt32BE();
      case 27: return Number(this.#take(8).readBigUInt64BE());
      default: throw malformed();
    }
  }

  #byte(): number {
    return this.#take(1)[0] as number;
  }

  #take(length: number): Buffer {
    if (this.#at + length > this.#bytes.length) throw malformed();
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}

/** A number of two bytes (RFC 8949 appendix D). */
function half(bits: number): number {
  const [exponent, fraction] = [bits >> 10 & 31, bits & 1023];
  const size = exponent === 0 ? fraction * 2 ** -24 : exponent === 31 ? (fraction === 0 ? Number.POSITIVE_INFINITY : Number.NaN) : (fraction + 1024) * 2 ** (exponent - 25);
  return bits & 0x8000 ? -size : size;
}

/** @param value Of JSON: no functions, no circles. Members without a value are left out. */
export function encodeCbor(value: unknown, members: CborMembers): Buffer {
  const parts: Buffer[] = [];
  write(value, undefined, members, parts);
  return Buffer.concat(parts);
}

function write(value: unknown, member: string | undefined, members: CborMembers, parts: Buffer[]): void {
  if (typeof value === 'string') {
    const blob = member !== undefined && members.blobs.has(member);
    const bytes = Buffer.from(value, blob ? 'base64' : 'utf8');
    parts.push(headOf(blob ? 2 : 3, bytes.length), bytes);
  } else if (typeof value === 'number') writeNumber(value, member !== undefined && members.timestamps.has(member), parts);
  else if (typeof value === 'boolean') parts.push(Buffer.from([value ? 0xf5 : 0xf4]));
  else if (value === null || value === undefined) parts.push(Buffer.from([0xf6]));
  else if (Array.isArray(value)) {
    parts.push(headOf(4, value.length));
    for (const item of value) write(item, member, members, parts);
  } else {
    const entries = Object.entries(value as object).filter(([, each]) => each !== undefined);
    parts.push(headOf(5, entries.length));
    for (const [key, each] of entries) {
      write(key, undefined, members, parts);
      write(each, key, members, parts);
    }
  }
}

function writeNumber(value: number, timestamp: boolean, parts: Buffer[]): void {
  const number = timestamp ? Math.round(value * 1000) : value;
  if (timestamp) parts.push(headOf(6, timestampTag));
  if (Number.isSafeInteger(number)) parts.push(number < 0 ? headOf(1, -1 - number) : headOf(0, number));
  else {
    const bytes = Buffer.alloc(9, 0xfb);
    bytes.writeDoubleBE(number, 1);
    parts.push(bytes);
  }
}

function headOf(kind: number, length: number): Buffer {
  const type = kind << 5;
  if (length < 24) return Buffer.from([type | length]);
  if (length < 0x100) return Buffer.from([type | 24, length]);
  if (length < 0x1_0000) return Buffer.from([type | 25, length >> 8, length & 255]);
  const bytes = Buffer.alloc(length < 0x1_0000_0000 ? 5 : 9, type | (length < 0x1_0000_0000 ? 26 : 27));
  if (bytes.length === 5) bytes.writeUInt32BE(length, 1);
  else bytes.writeBigUInt64BE(BigInt(length), 1);
  return bytes;
}
