/** Reads members of an operation's input. Values of a wrong type are refused as a JSON protocol refuses them. */
import type { MessageAttribute, ServiceInput } from '../../contracts/resources.ts';
import { missingParameter, serializationFault } from './faults.ts';

export function optionalText(input: ServiceInput, name: string): string | undefined {
  const value = input[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw serializationFault(name, 'a string');
  return value;
}

export function requiredText(input: ServiceInput, name: string): string {
  const value = optionalText(input, name);
  if (value === undefined || value === '') throw missingParameter(name);
  return value;
}

/** A whole number; the Query protocol brings it as text. */
export function optionalInteger(input: ServiceInput, name: string): number | undefined {
  const value = input[name];
  if (value === undefined || value === null) return undefined;
  const number = typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isInteger(number)) throw serializationFault(name, 'an integer');
  return number;
}

export function optionalTexts(input: ServiceInput, name: string): string[] {
  const value = input[name];
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || value.some((item) => typeof item !== 'string')) throw serializationFault(name, 'a list of strings');
  return value as string[];
}

export function optionalMap(input: ServiceInput, name: string): ServiceInput | undefined {
  const value = input[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'object' || Array.isArray(value)) throw serializationFault(name, 'a map');
  return value as ServiceInput;
}

export function optionalTextMap(input: ServiceInput, name: string): Record<string, string> {
  const map = optionalMap(input, name) ?? {};
  for (const [key, value] of Object.entries(map)) if (typeof value !== 'string') throw serializationFault(`${name}.${key}`, 'a string');
  return map as Record<string, string>;
}

export function optionalMaps(input: ServiceInput, name: string): ServiceInput[] {
  const value = input[name];
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || value.some((item) => item === null || typeof item !== 'object' || Array.isArray(item))) throw serializationFault(name, 'a list');
  return value as ServiceInput[];
}

/** Message attributes by name; what is in them is judged elsewhere. */
export function attributeMap(input: ServiceInput, name: string): Record<string, MessageAttribute> {
  const map = optionalMap(input, name) ?? {};
  for (const [key, value] of Object.entries(map)) {
    if (value === null || typeof value !== 'object' || Array.isArray(value)) throw serializationFault(`${name}.${key}`, 'a map');
    for (const member of ['DataType', 'StringValue', 'BinaryValue']) optionalText(value as ServiceInput, member);
  }
  return map as Record<string, MessageAttribute>;
}
