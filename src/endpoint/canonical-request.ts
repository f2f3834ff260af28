/**
 * The canonical request of Signature Version 4, built from what came over the wire.
 * Source: "Create a signed AWS API request", IAM User Guide; `@smithy/signature-v4` is the oracle in the tests.
 */
import type { IncomingHttpHeaders } from 'node:http';

const plainPath = /^\/[A-Za-z0-9\-_.~/]*$/;
const needsNormalising = /\/\.?\.?(?:\/|$)/;
const irregularBlanks = /^[ \t]|[ \t]$|[ \t][ \t]|\t/;

/** RFC 3986: everything but unreserved characters becomes an escape. */
export function escapeUri(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** The path with dot segments and empty segments removed, and escaped once more than on the wire. */
export function canonicalPath(path: string): string {
  if (plainPath.test(path) && (path === '/' || !needsNormalising.test(path))) return path;
  const segments: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '' || segment === '.') continue;
    if (segment === '..') segments.pop();
    else segments.push(segment);
  }
  const normalised = `/${segments.join('/')}${segments.length > 0 && path.endsWith('/') ? '/' : ''}`;
  return escapeUri(normalised).replaceAll('%2F', '/');
}

/** The path as S3 signs it: neither normalised nor escaped twice. */
export function objectPath(path: string): string {
  return path.split('/').map(reescape).join('/');
}

/** Parameters decoded, escaped and sorted by name, then value. `without` is left out (`X-Amz-Signature`). */
export function canonicalQuery(query: string, without?: string): string {
  if (query === '') return '';
  const pairs: [string, string][] = [];
  for (const pair of query.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = reescape(equals === -1 ? pair : pair.slice(0, equals));
    if (name !== without) pairs.push([name, equals === -1 ? '' : reescape(pair.slice(equals + 1))]);
  }
  pairs.sort((a, b) => compare(a[0], b[0]) || compare(a[1], b[1]));
  return pairs.map(([name, value]) => `${name}=${value}`).join('&');
}

function reescape(text: string): string {
  try {
    return escapeUri(decodeURIComponent(text));
  } catch {
    return escapeUri(text);
  }
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** `name:value\n` for every signed header in the order that the signer gave. */
export function canonicalHeaders(signedHeaders: string, headers: IncomingHttpHeaders, rawHeaders: readonly string[]): string {
  let text = '';
  for (const name of signedHeaders.split(';')) {
    const value = headers[name];
    // A joined value looks like a list that was one header; only the raw headers tell them apart.
    const exact = typeof value === 'string' && !value.includes(', ') && !value.includes('; ') ? canonicalValue(value) : fromRaw(name, rawHeaders);
    text += `${name}:${exact}\n`;
  }
  return text;
}

function fromRaw(name: string, rawHeaders: readonly string[]): string {
  const values: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if ((rawHeaders[index] as string).toLowerCase() === name) values.push(canonicalValue(rawHeaders[index + 1] as string));
  }
  return values.join(',');
}

function canonicalValue(value: string): string {
  return irregularBlanks.test(value) ? value.replace(/[ \t]+/g, ' ').replace(/^ | $/g, '') : value;
}
