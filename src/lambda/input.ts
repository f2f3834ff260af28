/** Reads members of an operation's input with AWS's validation texts. */
import { AwsFault } from '../contracts/faults.ts';
import { validationFault } from './function-names.ts';

export type Input = Readonly<Record<string, unknown>>;

/** Member names in validation texts begin in lower case. */
function memberName(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

export function optionalText(input: Input, name: string): string | undefined {
  const value = input[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw new AwsFault('SerializationException', 400, `${name} should be a string.`, { messageKey: 'Message', parameter: name });
  return value;
}

export function requiredText(input: Input, name: string): string {
  const value = optionalText(input, name);
  if (value === undefined) throw new AwsFault('ValidationException', 400, `1 validation error detected: Value null at '${memberName(name)}' failed to satisfy constraint: Member must not be null`);
  return value;
}

/** A whole number within AWS's range. */
export function optionalNumber(input: Input, name: string, minimum: number, maximum: number): number | undefined {
  const value = input[name];
  if (value === undefined || value === null) return undefined;
  const number = Number(value);
  if (!Number.isInteger(number)) throw new AwsFault('SerializationException', 400, `${name} should be an integer.`, { messageKey: 'Message', parameter: name });
  if (number < minimum) throw validationFault(String(number), memberName(name), `Member must have value greater than or equal to ${minimum}`);
  if (number > maximum) throw validationFault(String(number), memberName(name), `Member must have value less than or equal to ${maximum}`);
  return number;
}

export function optionalObject(input: Input, name: string): Input | undefined {
  const value = input[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'object' || Array.isArray(value)) throw new AwsFault('SerializationException', 400, `${name} should be an object.`, { messageKey: 'Message', parameter: name });
  return value as Input;
}

export function textMap(input: Input, name: string): Record<string, string> | undefined {
  const object = optionalObject(input, name);
  return object && Object.fromEntries(Object.entries(object).map(([key, value]) => [key, String(value)]));
}

export interface Page<T> {
  items: T[];
  nextMarker?: string;
}

/** `Marker` and `MaxItems`: the marker is the index of the next item. */
export function page<T>(input: Input, all: readonly T[], largest = 50): Page<T> {
  const size = Math.min(optionalNumber(input, 'MaxItems', 1, 10_000) ?? largest, largest);
  const marker = optionalText(input, 'Marker');
  const start = marker === undefined ? 0 : Number(Buffer.from(marker, 'base64').toString());
  if (!Number.isInteger(start) || start < 0) throw new AwsFault('InvalidParameterValueException', 400, 'Invalid marker.');
  const end = start + size;
  return { items: all.slice(start, end), ...(end < all.length ? { nextMarker: Buffer.from(String(end)).toString('base64') } : {}) };
}
