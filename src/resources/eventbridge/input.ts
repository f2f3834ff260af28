/** Members of an operation's input, checked for their JSON type only. */
import type { ServiceInput } from '../../contracts/resources.ts';
import { serialization } from './faults.ts';

export function optionalText(input: ServiceInput, name: string): string | undefined {
  const value = input[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw serialization(`${name} must be a string.`);
  return value;
}

export function optionalNumber(input: ServiceInput, name: string): number | undefined {
  const value = input[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number' || !Number.isInteger(value)) throw serialization(`${name} must be an integer.`);
  return value;
}

export function flag(input: ServiceInput, name: string): boolean {
  const value = input[name];
  if (value === undefined || value === null) return false;
  if (typeof value !== 'boolean') throw serialization(`${name} must be a boolean.`);
  return value;
}

export function optionalMap(input: ServiceInput, name: string): ServiceInput | undefined {
  const value = input[name];
  if (value === undefined || value === null) return undefined;
  if (!isMap(value)) throw serialization(`${name} must be a structure.`);
  return value;
}

/** undefined when absent. */
export function optionalMaps(input: ServiceInput, name: string): readonly ServiceInput[] | undefined {
  const list = optionalList(input, name);
  if (list?.some((item) => !isMap(item))) throw serialization(`The members of ${name} must be structures.`);
  return list as readonly ServiceInput[] | undefined;
}

/** undefined when absent. */
export function optionalTexts(input: ServiceInput, name: string): readonly string[] | undefined {
  const list = optionalList(input, name);
  if (list?.some((item) => typeof item !== 'string')) throw serialization(`The members of ${name} must be strings.`);
  return list as readonly string[] | undefined;
}

function optionalList(input: ServiceInput, name: string): readonly unknown[] | undefined {
  const value = input[name];
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value)) throw serialization(`${name} must be a list.`);
  return value;
}

function isMap(value: unknown): value is ServiceInput {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
