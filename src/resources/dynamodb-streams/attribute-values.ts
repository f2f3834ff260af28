/** DynamoDB JSON: what an item may be, how large it is, and when two are the same. */
import { validation } from '../input-check.ts';

/** One of S, N, B, SS, NS, BS, M, L, NULL, BOOL. */
export type AttributeValue = Readonly<Record<string, unknown>>;
export type Item = Readonly<Record<string, AttributeValue>>;

export interface KeyAttribute {
  name: string;
  keyType: 'HASH' | 'RANGE';
  /** S, N or B; absent when nobody said. */
  attributeType?: string;
}

const types = new Set(['S', 'N', 'B', 'SS', 'NS', 'BS', 'M', 'L', 'NULL', 'BOOL']);
const deepest = 32;
const largestItem = 400 * 1024;

const invalid = (message: string) => validation(`One or more parameter values were invalid: ${message}`);

/** Checks an item and brings its numbers into the form that DynamoDB keeps. @throws AwsFault ValidationException */
export function checkedItem(given: unknown, keys: readonly KeyAttribute[]): Item {
  if (given === null || typeof given !== 'object' || Array.isArray(given)) throw invalid('An item must be a map of attributes.');
  const item = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, checkedValue(value, 1)]));
  for (const { name, attributeType } of keys) {
    const value = item[name];
    if (value === undefined) throw invalid(`Missing the key ${name} in the item`);
    const [type = ''] = Object.keys(value);
    if (!['S', 'N', 'B'].includes(type) || (attributeType !== undefined && type !== attributeType)) {
      throw invalid(`Type mismatch for key ${name} expected: ${attributeType ?? 'S, N or B'} actual: ${type}`);
    }
    if (value[type] === '') throw validation(`One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty ${type === 'B' ? 'binary' : 'string'} value. Key: ${name}`);
  }
  if (sizeOf(item) > largestItem) throw validation('Item size has exceeded the maximum allowed size');
  return item;
}

export const keysOf = (item: Item, keys: readonly KeyAttribute[]): Item =>
  Object.fromEntries(keys.map(({ name }) => [name, item[name] as AttributeValue]));

function checkedValue(given: unknown, depth: number): AttributeValue {
  if (depth > deepest) throw validation('Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit');
  const entries = given !== null && typeof given === 'object' && !Array.isArray(given) ? Object.entries(given).filter(([type]) => types.has(type)) : [];
  if (entries.length === 0) throw validation('Supplied AttributeValue is empty, must contain exactly one of the supported datatypes');
  if (entries.length > 1) throw validation('Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes');
  const [type, value] = entries[0] as [string, unknown];
  switch (type) {
    case 'S': return { S: text(value) };
    case 'N': return { N: number(value) };
    case 'B': return { B: binary(value) };
    case 'BOOL':
      if (typeof value !== 'boolean') throw validation('The value of BOOL must be true or false');
      return { BOOL: value };
    case 'NULL':
      if (value !== true) throw invalid('Null attribute value types must have the value of true');
      return { NULL: true };
    case 'L': return { L: listOf(value).map((each) => checkedValue(each, depth + 1)) };
    case 'M':
      if (value === null || typeof value !== 'object' || Array.isArray(value)) throw validation('The value of M must be a map');
      return { M: Object.fromEntries(Object.entries(value).map(([name, each]) => [name, checkedValue(each, depth + 1)])) };
    default: return { [type]: checkedSet(type, listOf(value)) };
  }
}

const setWords: Readonly<Record<string, string>> = { SS: 'string', NS: 'number', BS: 'binary' };

function checkedSet(type: string, given: unknown[]): string[] {
  if (given.length === 0) throw invalid(`An ${setWords[type]} set  may not be empty`);
  const values = given.map((each) => (type === 'NS' ? number(each) : type === 'BS' ? binary(each) : text(each)));
  if (new Set(values).size < values.length) throw invalid(`Input collection [${values.join(', ')}] contains duplicates.`);
  return values;
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw validation('The value of S must be text');
  return value;
}

function binary(value: unknown): string {
  if (typeof value !== 'string' || Buffer.from(value, 'base64').toString('base64') !== value) throw validation('The value of B must be base64');
  return value;
}

function listOf(value: unknown): unknown[] {
  if (!Array.isArray(value)) throw validation('The value of a list or set must be a list');
  return value as unknown[];
}

/** Without sign, leading and trailing zeros and exponent: `+01.50E1` is `15`. */
function number(value: unknown): string {
  const parts = typeof value === 'string' ? /^\s*([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,6}))?\s*$/.exec(value) : null;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = parts ?? [];
  if (!parts || (whole === '' && fraction === '')) throw validation(`The parameter cannot be converted to a numeric value: ${String(value)}`);
  const leading = /^0*/.exec(whole + fraction)?.[0].length ?? 0;
  const digits = (whole + fraction).slice(leading).replace(/0+$/, '');
  if (digits === '') return '0';
  if (digits.length > 38) throw validation('Attempting to store more than 38 significant digits in a Number');
  /** Where the point is, counted from before the first digit. */
  const point = whole.length + Number(exponent) - leading;
  if (point > 126) throw validation('Number overflow. Attempting to store a number with magnitude larger than supported range');
  if (point < -129) throw validation('Number underflow. Attempting to store a number with magnitude smaller than supported range');
  const plain = point <= 0 ? `0.${'0'.repeat(-point)}${digits}` : point >= digits.length ? digits.padEnd(point, '0') : `${digits.slice(0, point)}.${digits.slice(point)}`;
  return sign === '-' ? `-${plain}` : plain;
}

/** Bytes of an item as DynamoDB counts them: names and values. */
export function sizeOf(item: Item): number {
  return Object.entries(item).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + valueSize(value), 0);
}

function valueSize(value: AttributeValue): number {
  const [type, content] = Object.entries(value)[0] as [string, unknown];
  const sum = (items: readonly unknown[], size: (item: unknown) => number): number => items.reduce<number>((total, item) => total + size(item), 0);
  switch (type) {
    case 'S': return Buffer.byteLength(content as string);
    case 'N': return numberSize(content as string);
    case 'B': return Buffer.byteLength(content as string, 'base64');
    case 'SS': return sum(content as string[], (each) => Buffer.byteLength(each as string));
    case 'NS': return sum(content as string[], (each) => numberSize(each as string));
    case 'BS': return sum(content as string[], (each) => Buffer.byteLength(each as string, 'base64'));
    case 'L': return 3 + sum(content as unknown[], (each) => 1 + valueSize(each as AttributeValue));
    case 'M': return 3 + Object.keys(content as Item).length + sizeOf(content as Item);
    default: return 1;
  }
}

/** DOUBT: the guide says "approximately" one byte for two significant digits and one more; one more still for a minus. */
function numberSize(text: string): number {
  const digits = text.replace(/^-?(?:0\.)?0*|\./g, '').replace(/0+$/, '');
  return Math.ceil(digits.length / 2) + 1 + (text.startsWith('-') ? 1 : 0);
}

/** Text that is the same for items that DynamoDB takes for the same: neither maps nor sets have an order. */
export function canonical(item: Item): string {
  return `{${Object.keys(item).sort().map((name) => `${JSON.stringify(name)}:${canonicalValue(item[name] as AttributeValue)}`).join(',')}}`;
}

function canonicalValue(value: AttributeValue): string {
  const [type, content] = Object.entries(value)[0] as [string, unknown];
  if (type === 'M') return `M${canonical(content as Item)}`;
  if (type === 'L') return `L[${(content as AttributeValue[]).map(canonicalValue).join(',')}]`;
  return `${type}${JSON.stringify(type.length === 2 ? [...content as string[]].sort() : content)}`;
}
