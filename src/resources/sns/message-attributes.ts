/** Message attributes: what SNS accepts, how long they are, and how its envelopes spell them. */
import type { MessageAttribute } from '../../contracts/resources.ts';
import { invalidValue, validationError } from './faults.ts';

export type MessageAttributes = Readonly<Record<string, MessageAttribute>>;

/** @param path Where they stand in the request, for the one error that is the API model's own. */
export function checkMessageAttributes(attributes: Readonly<Record<string, Partial<MessageAttribute>>>, path = ''): MessageAttributes {
  for (const [name, attribute] of Object.entries(attributes)) {
    if (attribute.DataType === undefined) {
      throw validationError(`1 validation error detected: Value null at '${path}messageAttributes.${name}.member.dataType' failed to satisfy constraint: Member must not be null`);
    }
    checkName(name);
    checkValue(name, attribute.DataType, attribute);
  }
  return attributes as MessageAttributes;
}

/** Bytes that they add to the size of a message: names, types and values. */
export function attributeBytes(attributes: MessageAttributes): number {
  let bytes = 0;
  for (const [name, { DataType, StringValue, BinaryValue }] of Object.entries(attributes)) {
    bytes += Buffer.byteLength(name) + Buffer.byteLength(DataType);
    bytes += StringValue === undefined ? Buffer.byteLength(BinaryValue ?? '', 'base64') : Buffer.byteLength(StringValue);
  }
  return bytes;
}

/** `{name: {Type, Value}}`, as envelopes, Lambda records and filter policies have them, in AWS's order. */
export function wireAttributes(attributes: MessageAttributes): Record<string, { Type: string; Value: string }> {
  return Object.fromEntries(awsOrder(Object.keys(attributes)).map((name) => {
    const { DataType, StringValue, BinaryValue } = attributes[name] as MessageAttribute;
    return [name, { Type: DataType, Value: StringValue ?? BinaryValue ?? '' }];
  }));
}

const longestName = 255;

function checkName(name: string): void {
  if (Buffer.byteLength(name) > longestName) throw invalidValue('Length of message attribute name must be less than 256 bytes.');
  const [strange] = /[^a-zA-Z0-9_.-]/u.exec(name) ?? [];
  if (strange !== undefined) {
    const code = (strange.codePointAt(0) as number).toString(16).toUpperCase();
    throw invalidValue(`Invalid non-alphanumeric character '#x${code}' was found in the message attribute name. Can only include alphanumeric characters, hyphens, underscores, or dots.`);
  }
  if (name.startsWith('.')) throw invalidValue('Invalid message attribute name starting with character \'.\' was found.');
  if (name.endsWith('.')) throw invalidValue('Invalid message attribute name ending with character \'.\' was found.');
  if (name.includes('..')) throw invalidValue('Message attribute name can not have successive \'.\' character.');
}

function checkValue(name: string, dataType: string, { StringValue, BinaryValue }: Partial<MessageAttribute>): void {
  // Anything may stand after a dot: String.Array, and types of the sender's own.
  const [, base] = /^(String|Number|Binary)(?:\.|$)/.exec(dataType) ?? [];
  if (base === undefined) {
    throw invalidValue(`The message attribute '${name}' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.`);
  }
  const [value, other] = base === 'Binary' ? [BinaryValue, StringValue] : [StringValue, BinaryValue];
  if (value === undefined || value === '') {
    throw invalidValue(other === undefined || other === ''
      ? `The message attribute '${name}' must contain non-empty message attribute value for message attribute type '${dataType}'.`
      : `The message attribute '${name}' with type '${dataType}' must use field '${base === 'Binary' ? 'Binary' : 'String'}'.`);
  }
  if (base === 'Number' && !isNumber(value)) throw invalidValue(`Could not cast message attribute '${name}' value to number.`);
}

function isNumber(text: string): boolean {
  return text.trim() !== '' && Number.isFinite(Number(text));
}

/**
 * Names in the order in which AWS writes them. It keeps them in a Java HashMap, which every message that was ever quoted
 * shows: by bucket of the spread hash code, within a bucket as they came; 16 buckets, doubled while three quarters are full.
 */
export function awsOrder(names: readonly string[]): string[] {
  let buckets = 16;
  while (names.length > buckets * 0.75) buckets *= 2;
  const bucket = (name: string): number => {
    const hash = javaHash(name);
    return (hash ^ hash >>> 16) & buckets - 1;
  };
  return [...names].sort((one, other) => bucket(one) - bucket(other));
}

function javaHash(text: string): number {
  let hash = 0;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(31, hash) + text.charCodeAt(at) | 0;
  return hash;
}
