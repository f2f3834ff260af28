/** Message attributes: what is allowed, how large they are, their MD5, and which of them a receive asks for. */
import { createHash } from 'node:crypto';
import type { MessageAttribute } from '../../contracts/resources.ts';
import { invalidCharacters, invalidParameter, unsupportedOperation } from './faults.ts';

export type MessageAttributes = Readonly<Record<string, MessageAttribute>>;

const mostAttributes = 10;
/** Outside of what XML 1.0 can hold. Half a surrogate pair is outside too. */
const forbidden = /[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;

export function hasForbiddenCharacters(text: string): boolean {
  return forbidden.test(text);
}

/** @throws AwsFault InvalidParameterValueException, UnsupportedOperation */
export function checkMessageAttributes(attributes: MessageAttributes): void {
  const names = Object.keys(attributes);
  if (names.length > mostAttributes) throw invalidParameter(`Number of message attributes [${names.length}] exceeds the allowed maximum [${mostAttributes}].`);
  for (const name of names) {
    checkName(name);
    checkValue(name, attributes[name] as MessageAttribute);
  }
}

function checkName(name: string): void {
  if (name === '' || Buffer.byteLength(name) > 256) throw invalidParameter('Message (user) attribute names must be shorter than 256 Bytes');
  // Letters with accents are let through although the documentation leaves them out.
  if (!/^[\u00c0-\u017fa-z0-9_.-]+$/i.test(name)) {
    throw invalidParameter('Message (user) attributes name can only contain upper and lower score characters, digits, periods, hyphens and underscores. ');
  }
  if (/^(?:aws\.|amazon\.|\.)|\.$|\.\./i.test(name)) {
    throw invalidParameter("You can't use message attribute names beginning with 'AWS.' or 'Amazon.'. These strings are reserved for internal use. Additionally, they cannot start or end with '.'.");
  }
}

function checkValue(name: string, attribute: MessageAttribute & { StringListValues?: unknown; BinaryListValues?: unknown }): void {
  const { DataType: type, StringValue: text, BinaryValue: binary, StringListValues: texts, BinaryListValues: binaries } = attribute;
  if (isFilled(texts) || isFilled(binaries)) {
    throw unsupportedOperation('Message attribute list values in SendMessage operation are not supported.');
  }
  if (!type) throw invalidParameter(`The message attribute '${name}' must contain a non-empty message attribute type.`);
  const kind = type.split('.', 1)[0] as string;
  if (!['String', 'Number', 'Binary'].includes(kind)) {
    throw invalidParameter(`The message attribute '${name}' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.`);
  }
  if (Buffer.byteLength(type) > 256) throw invalidParameter('Message (user) attribute types must be shorter than 256 Bytes');
  if (kind === 'Binary' ? text !== undefined : binary !== undefined) {
    throw invalidParameter(`The message attribute '${name}' with type '${kind}' must use field '${kind === 'Binary' ? 'Binary' : 'String'}'.`);
  }
  if (kind === 'Binary' ? !binary : !text) throw invalidParameter(`Message (user) attribute '${name}' must contain a non-empty value of type '${kind}'.`);
  if (kind === 'Number' && !/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test((text as string).trim())) {
    throw invalidParameter(`Can't cast the value of message (user) attribute '${name}' to a number.`);
  }
  if (text !== undefined && hasForbiddenCharacters(text)) throw invalidParameter(invalidCharacters);
}

const isFilled = (list: unknown): boolean => Array.isArray(list) && list.length > 0;

/** Bytes that count towards a message's size: names, types and values. */
export function attributesSize(attributes: MessageAttributes): number {
  return Object.entries(attributes).reduce((size, [name, { DataType, StringValue, BinaryValue }]) => size
    + Buffer.byteLength(name) + Buffer.byteLength(DataType ?? '')
    + (BinaryValue === undefined ? Buffer.byteLength(StringValue ?? '') : Buffer.byteLength(BinaryValue, 'base64')), 0);
}

/**
 * Attributes in name order, each as name, type, a byte that tells text from bytes, and value; every part behind its length
 * in four bytes. Undefined without attributes.
 */
export function attributesMd5(attributes: MessageAttributes): string | undefined {
  const names = Object.keys(attributes);
  if (names.length === 0) return undefined;
  const digest = createHash('md5');
  const part = (bytes: Uint8Array): void => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    digest.update(length).update(bytes);
  };
  for (const name of names.sort(byBytes)) {
    const { DataType, StringValue, BinaryValue } = attributes[name] as MessageAttribute;
    part(Buffer.from(name));
    part(Buffer.from(DataType));
    digest.update(Uint8Array.of(BinaryValue === undefined ? 1 : 2));
    part(BinaryValue === undefined ? Buffer.from(StringValue ?? '') : Buffer.from(BinaryValue, 'base64'));
  }
  return digest.digest('hex');
}

const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

/**
 * The attributes that `MessageAttributeNames` asks for: `All`, `*` or `.*`, names, and prefixes such as `trace.*`. The dot before
 * the star belongs to the spelling, not to the prefix.
 */
export function selectAttributes(attributes: MessageAttributes, wanted: readonly string[]): MessageAttributes {
  if (wanted.some((name) => ['All', '*', '.*'].includes(name))) return attributes;
  const prefixes = wanted.filter((name) => name.endsWith('.*')).map((name) => name.slice(0, -2));
  return Object.fromEntries(Object.entries(attributes).filter(([name]) =>
    wanted.includes(name) || prefixes.some((prefix) => name.startsWith(prefix))));
}
