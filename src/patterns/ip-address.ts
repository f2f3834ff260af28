/**
 * IP addresses as event-ruler reads and compares them: read by Java's parser behind two loose regular expressions, compared as
 * hexadecimal digits from the left.
 */
import { InvalidPatternError } from './invalid-pattern-error.ts';

/** Hexadecimal digits of equal number; both ends belong to it. */
export interface AddressRange {
  low: string;
  high: string;
}

const looksLikeV4 = /^[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+$/;
const looksLikeV6 = /^[0-9a-fA-F:]*:[0-9a-fA-F:]*$/;
const maximumV4Length = 15;
const v4Digits = 8;
const v6Digits = 32;

/**
 * The address that `text` spells, as 8 or 32 upper-case hexadecimal digits; undefined for any other text. `010.0.0.1` is
 * `10.0.0.1`; an IPv4 address mapped into IPv6 is IPv4.
 */
export function addressDigits(text: string): string | undefined {
  if (looksLikeV4.test(text)) return v4(text);
  return looksLikeV6.test(text) ? v6(text) : undefined;
}

/**
 * The range of a `cidr` match. The base may have bits set behind the mask; they do not count.
 * @throws InvalidPatternError with event-ruler's text.
 */
export function parseCidr(text: string): AddressRange {
  const parts = text.split('/');
  // Java's split leaves empty parts at the end out.
  while (parts.length > 1 && parts.at(-1) === '') parts.pop();
  const [base, mask] = parts;
  if (base === undefined || mask === undefined || parts.length !== 2) throw new InvalidPatternError("Malformed CIDR, one '/' required");
  const bits = /^[+-]?[0-9]{1,20}$/.test(mask) ? Number(mask) : NaN;
  if (!(Math.abs(bits) <= 2 ** 31 - 1)) throw new InvalidPatternError('Malformed CIDR, mask bits must be an integer');
  if (bits < 0) throw new InvalidPatternError('Malformed CIDR, mask bits must not be negative');
  if (!looksLikeV4.test(base) && !looksLikeV6.test(base)) throw new InvalidPatternError(`Nonstandard IP address: ${base}`);
  const digits = addressDigits(base);
  if (digits === undefined) throw new InvalidPatternError(`Invalid IP address: ${base}`);
  const width = digits.length * 4;
  if (bits >= width) throw new InvalidPatternError(`IPv${digits.length === v4Digits ? 4 : 6} mask bits must be < ${width}`);
  const host = (1n << BigInt(width - bits)) - 1n;
  const address = BigInt(`0x${digits}`);
  return { low: hexadecimal(address & ~host, digits.length), high: hexadecimal(address | host, digits.length) };
}

/**
 * Whether `digits` lie in `range`, as event-ruler's automaton sees it: digit by digit, and decided by the first one that
 * decides. So an address of one family can lie in a range of the other (`2001:db8::1` in `0.0.0.0/0`), and so can a number.
 */
export function inRange(digits: string, { low, high }: AddressRange): boolean {
  let index = 0;
  while (low.charCodeAt(index) === high.charCodeAt(index)) {
    if (digits.charCodeAt(index) !== low.charCodeAt(index)) return false;
    index += 1;
  }
  const fork = digits.charCodeAt(index);
  if (fork > low.charCodeAt(index) && fork < high.charCodeAt(index)) return isHexDigit(fork);
  const alongLow = fork === low.charCodeAt(index);
  if (!alongLow && fork !== high.charCodeAt(index)) return false;
  const bound = alongLow ? low : high;
  for (index += 1; index < bound.length; index += 1) {
    const digit = digits.charCodeAt(index);
    const edge = bound.charCodeAt(index);
    if (digit !== edge) return isHexDigit(digit) && digit > edge === alongLow;
  }
  return true;
}

function isHexDigit(code: number): boolean {
  return (code >= 48 && code <= 57) || (code >= 65 && code <= 70);
}

function hexadecimal(value: bigint, digits: number): string {
  return value.toString(16).toUpperCase().padStart(digits, '0');
}

function v4(text: string): string | undefined {
  if (text.length > maximumV4Length) return undefined;
  let digits = '';
  for (const part of text.split('.')) {
    const number = Number(part);
    if (number > 255) return undefined;
    digits += (number + 256).toString(16).slice(1);
  }
  return digits.toUpperCase();
}

function v6(text: string): string | undefined {
  const halves = text.split('::');
  const [left, right] = halves.map((half) => half === '' ? [] : half.split(':'));
  if (halves.length > 2 || left === undefined) return undefined;
  const count = left.length + (right?.length ?? 0);
  if (right === undefined ? count !== 8 : count > 7) return undefined;
  let digits = '';
  for (const group of [...left, ...Array<string>(8 - count).fill('0'), ...right ?? []]) {
    if (!/^0*[0-9a-fA-F]{1,4}$/.test(group)) return undefined;
    digits += group.slice(-4).padStart(4, '0');
  }
  digits = digits.toUpperCase();
  return /^0{20}FFFF/.test(digits) ? digits.slice(v6Digits - v4Digits) : digits;
}
