/** Members of an operation's input, checked for their JSON type only: what they say is checked where it is used. */
import type { MessageAttribute, ServiceInput } from '../../contracts/resources.ts';
import { invalidParameter } from './faults.ts';

/** @throws AwsFault when it is not text. */
export function optionalText(input: ServiceInput, name: string): string | undefined {
  const value = input[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw invalidParameter(`${name} Reason: must be a string`);
  return value;
}

/** @throws AwsFault when it is absent. An empty one is left to whoever reads it. */
export function requiredText(input: ServiceInput, name: string): string {
  const value = optionalText(input, name);
  if (value === undefined) throw invalidParameter(`${name} Reason: no value for required parameter`);
  return value;
}

export function flag(input: ServiceInput, name: string): boolean {
  const value = input[name];
  return value === true || (typeof value === 'string' && value.toLowerCase() === 'true');
}

/** A map of texts; empty when absent. */
export function textMap(input: ServiceInput, name: string): Record<string, string> {
  const map: Record<string, string> = {};
  for (const [key, value] of Object.entries(members(input, name))) {
    if (typeof value !== 'string') throw invalidParameter(`${name} Reason: the value of ${key} must be a string`);
    map[key] = value;
  }
  return map;
}

/** A list of maps; empty when absent. */
export function maps(input: ServiceInput, name: string): ServiceInput[] {
  return list(input, name).map((item) => {
    if (item === null || typeof item !== 'object' || Array.isArray(item)) throw invalidParameter(`${name} Reason: its members must be structures`);
    return item as ServiceInput;
  });
}

export function texts(input: ServiceInput, name: string): string[] {
  return list(input, name).map((item) => {
    if (typeof item !== 'string') throw invalidParameter(`${name} Reason: its members must be strings`);
    return item;
  });
}

/** Message attributes as they came: types and values are checked in message-attributes.ts. */
export function attributeMap(input: ServiceInput): Record<string, Partial<MessageAttribute>> {
  const map: Record<string, Partial<MessageAttribute>> = {};
  for (const [name, value] of Object.entries(members(input, 'MessageAttributes'))) {
    if (value === null || typeof value !== 'object' || Array.isArray(value)) throw invalidParameter(`MessageAttributes Reason: ${name} must be a structure`);
    const attribute = value as ServiceInput;
    const [DataType, StringValue, BinaryValue] = ['DataType', 'StringValue', 'BinaryValue'].map((member) => optionalText(attribute, member));
    map[name] = {
      ...(DataType === undefined ? {} : { DataType }),
      ...(StringValue === undefined ? {} : { StringValue }),
      ...(BinaryValue === undefined ? {} : { BinaryValue }),
    };
  }
  return map;
}

function members(input: ServiceInput, name: string): ServiceInput {
  const value = input[name];
  if (value === undefined || value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value)) throw invalidParameter(`${name} Reason: must be a map`);
  return value as ServiceInput;
}

function list(input: ServiceInput, name: string): readonly unknown[] {
  const value = input[name];
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw invalidParameter(`${name} Reason: must be a list`);
  return value;
}
