/** The payload of an invocation: bounds and JSON, checked as AWS does; the bytes themselves go on unchanged. */
import { AwsFault } from '../contracts/faults.ts';

/** Bytes of a synchronous request (lambda-facts §1.2). */
export const requestLimitBytes = 6_291_456;
/** Bytes of an event (lambda-facts §1.2: 1 MB since late 2025). */
export const eventLimitBytes = 1_048_576;
/** Base64 characters of `X-Amz-Client-Context` (lambda-facts §1.1). */
const clientContextLimit = 3583;

/** Characters of a text in which the place of a fault is looked for: in a longer one that would hold up everybody else. */
const searchedLength = 262_144;

const emptyPayload = new TextEncoder().encode('{}');
const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * The payload that the function gets: `{}` for an empty one.
 * @throws AwsFault RequestTooLargeException, InvalidRequestContentException.
 */
export function checkedPayload(payload: Uint8Array, { type, limit }: { type: 'RequestResponse' | 'Event'; limit: number }): Uint8Array {
  if (payload.length > limit) {
    throw new AwsFault(
      'RequestTooLargeException', 413,
      // DOUBT: the text is known from field reports only (lambda-facts §1.2).
      `${payload.length} byte payload is too large for the ${type} invocation type (limit ${limit} bytes)`,
    );
  }
  if (payload.length === 0) return emptyPayload;
  let text: string;
  try {
    text = decoder.decode(payload);
  } catch {
    throw invalidJson(payload[firstInvalidByte(payload)] ?? 0, 1, 1);
  }
  try {
    JSON.parse(text);
  } catch (error) {
    const at = position(error as SyntaxError, text);
    const before = text.slice(0, at);
    const line = before.split('\n').length;
    const column = at - before.lastIndexOf('\n');
    const character = text.codePointAt(at);
    if (character === undefined) {
      throw contentFault(`Unexpected end-of-input\n at ${source(line, column)}`);
    }
    throw invalidJson(character, line, column);
  }
  return payload;
}

function invalidJson(code: number, line: number, column: number): AwsFault {
  const shown = code < 0x20 || (code >= 0x7f && code <= 0x9f) || code > 0xffff ? `(CTRL-CHAR, code ${code})` : `'${String.fromCodePoint(code)}' (code ${code})`;
  return contentFault(
    `Unexpected character (${shown}): expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')\n at ${source(line, column)}`,
  );
}

function contentFault(text: string): AwsFault {
  return new AwsFault('InvalidRequestContentException', 400, `Could not parse request body into json: Could not parse payload into json: ${text}`);
}

function source(line: number, column: number): string {
  return `[Source: REDACTED (\`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION\` disabled); line: ${line}, column: ${column}]`;
}

function position(error: SyntaxError, text: string): number {
  return toldPosition(error, text) ?? (text.length > searchedLength ? Math.max(0, text.search(/\S/)) : firstFault(text));
}

function toldPosition({ message }: SyntaxError, text: string): number | undefined {
  const match = /at position (\d+)/.exec(message);
  if (match) return Number(match[1]);
  return message.includes('Unexpected end') ? text.length : undefined;
}

/** V8 tells the place of some faults only: of the others it is where the shortest text ends that nothing could make whole. */
function firstFault(text: string): number {
  let whole = 0;
  let broken = text.length;
  while (broken - whole > 1) {
    const middle = Math.floor((whole + broken) / 2);
    if (mayGoOn(text.slice(0, middle))) whole = middle;
    else broken = middle;
  }
  return broken - 1;
}

function mayGoOn(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    return toldPosition(error as SyntaxError, text) === text.length;
  }
}

function firstInvalidByte(payload: Uint8Array): number {
  for (let index = 0; index < payload.length; index += 1) {
    const byte = payload[index] as number;
    if (byte < 0x80) continue;
    const length = byte >= 0xf0 && byte < 0xf5 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc2 ? 2 : 0;
    if (length === 0 || byte >= 0xf5) return index;
    for (let offset = 1; offset < length; offset += 1) if (((payload[index + offset] ?? 0) & 0xc0) !== 0x80) return index;
    index += length - 1;
  }
  return 0;
}

/** @throws AwsFault InvalidRequestContentException when it is too long or no JSON object in base64. */
export function decodeClientContext(base64: string | undefined): string | undefined {
  if (base64 === undefined || base64 === '') return undefined;
  if (base64.length > clientContextLimit) {
    throw new AwsFault('InvalidRequestContentException', 400, `Client context must be no more than ${clientContextLimit} bytes in length.`);
  }
  const text = Buffer.from(base64, 'base64').toString('utf8');
  try {
    JSON.parse(text);
  } catch {
    throw new AwsFault('InvalidRequestContentException', 400, 'Client context must be a valid Base64-encoded JSON object.');
  }
  return text;
}
