/** Numbers of JSON as event-ruler compares them: as doubles where a double says all that their spelling says. */

/**
 * A number that a double cannot hold exactly, such as `9007199254740993` or `1e400`. It is compared by its spelling alone,
 * and takes no part in `numeric`.
 */
export class UnrepresentableNumber {
  readonly spelling: string;

  constructor(spelling: string) {
    this.spelling = spelling;
  }
}

/** A double tells all numbers apart that have no more digits than this, and an exponent in its range. */
export const exactDigits = 15;

/** @param spelling a number in JSON's grammar. */
export function readNumber(spelling: string): number | UnrepresentableNumber {
  const number = Number(spelling);
  if (spelling.length <= exactDigits && !hasExponent(spelling)) return number === 0 ? 0 : number;
  if (String(number) === spelling) return number;
  if (!Number.isFinite(number)) return new UnrepresentableNumber(spelling);
  return sameDecimal(decimalOf(spelling), decimalOf(String(number))) ? (number === 0 ? 0 : number) : new UnrepresentableNumber(spelling);
}

function hasExponent(spelling: string): boolean {
  return spelling.includes('e') || spelling.includes('E');
}

interface Decimal {
  negative: boolean;
  /** Without leading or trailing zeros; empty for zero. */
  digits: string;
  /** Of the last digit, as text: it may exceed what a number holds. */
  exponent: bigint;
}

function decimalOf(spelling: string): Decimal {
  const [mantissa = '', power = '0'] = spelling.toLowerCase().split('e');
  const negative = mantissa.startsWith('-');
  const [whole = '', fraction = ''] = mantissa.replace('-', '').split('.');
  const all = (whole + fraction).replace(/^0+/, '');
  const digits = all.replace(/0+$/, '');
  return { negative, digits, exponent: BigInt(power.replace('+', '')) - BigInt(fraction.length) + BigInt(all.length - digits.length) };
}

function sameDecimal(one: Decimal, other: Decimal): boolean {
  if (one.digits === '' || other.digits === '') return one.digits === other.digits;
  return one.negative === other.negative && one.digits === other.digits && one.exponent === other.exponent;
}
