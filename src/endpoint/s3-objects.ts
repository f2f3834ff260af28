/** What S3 reads from the headers of requests for objects, and writes into those of its answers. */
import type { IncomingHttpHeaders } from 'node:http';
import type { ObjectHead } from '../contracts/buckets.ts';
import { AwsFault } from '../contracts/faults.ts';

/** Bytes of a body, from `start`. */
export interface Part {
  start: number;
  length: number;
}

/** Headers of PutObject that come back with the object. A request's `response-…` parameters replace them in its answer. */
const keptHeaders = ['content-type', 'cache-control', 'content-disposition', 'content-encoding', 'content-language', 'expires'] as const;
const defaultType = 'binary/octet-stream';
/** Spelled as they go out. */
const spelling: Readonly<Record<string, string>> = {
  'content-type': 'Content-Type', 'cache-control': 'Cache-Control', 'content-disposition': 'Content-Disposition',
  'content-encoding': 'Content-Encoding', 'content-language': 'Content-Language', 'expires': 'Expires',
};
const checksumPrefix = 'x-amz-checksum-';
/** About a checksum, not one. */
const checksumNotes = new Set(['x-amz-checksum-algorithm', 'x-amz-checksum-type', 'x-amz-checksum-mode']);

/** What of the headers of PutObject is kept with the object. */
export function storedHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value !== 'string') continue;
    if (name === 'content-encoding') {
      // What the body came wrapped in is not what it is.
      const codings = value.split(',').map((coding) => coding.trim()).filter((coding) => coding !== '' && coding.toLowerCase() !== 'aws-chunked');
      if (codings.length > 0) kept[name] = codings.join(',');
    } else if (spelling[name] !== undefined || name.startsWith('x-amz-meta-') || (name.startsWith(checksumPrefix) && !checksumNotes.has(name))) kept[name] = value;
  }
  return kept;
}

export function objectHeaders({ bytes, etag, modifiedAt, headers }: ObjectHead, request: IncomingHttpHeaders, parameters: Readonly<Record<string, string>>, part: Part | undefined): string[] {
  const written = ['Last-Modified', new Date(modifiedAt).toUTCString(), 'ETag', `"${etag}"`, 'Accept-Ranges', 'bytes'];
  for (const name of keptHeaders) {
    const value = parameters[`response-${name}`] ?? headers[name] ?? (name === 'content-type' ? defaultType : undefined);
    if (value !== undefined) written.push(spelling[name] as string, sendable(value, name));
  }
  for (const [name, value] of Object.entries(headers)) if (name.startsWith('x-amz-meta-')) written.push(name, value);
  if (request['x-amz-checksum-mode'] === 'ENABLED' && !part) written.push(...checksumHeaders(headers));
  if (part) written.push('Content-Range', `bytes ${part.start}-${part.start + part.length - 1}/${bytes}`);
  return written;
}

export function checksumHeaders(headers: Readonly<Record<string, string>>): string[] {
  const checksums = Object.entries(headers).filter(([name]) => name.startsWith(checksumPrefix)).flat();
  return checksums.length === 0 ? [] : [...checksums, 'x-amz-checksum-type', 'FULL_OBJECT'];
}

function sendable(value: string, name: string): string {
  if (/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) return value;
  throw new AwsFault('InvalidArgument', 400, 'Header value cannot be represented.', { fields: { ArgumentName: `response-${name}`, ArgumentValue: value } });
}

/**
 * The part that a Range header asks for; undefined for the whole object, also when the header is not one that S3 follows.
 *
 * @throws AwsFault InvalidRange
 */
export function rangeOf(range: string | undefined, bytes: number): Part | undefined {
  const [, from, to] = /^bytes=(\d*)-(\d*)$/.exec(range ?? '') ?? [];
  if (from === undefined || to === undefined || (from === '' && to === '') || (from !== '' && to !== '' && Number(to) < Number(from))) return undefined;
  const start = from === '' ? Math.max(0, bytes - Number(to)) : Number(from);
  const end = from === '' || to === '' ? bytes - 1 : Math.min(Number(to), bytes - 1);
  if (start > end) {
    throw new AwsFault('InvalidRange', 416, 'The requested range is not satisfiable', { fields: { RangeRequested: range ?? '', ActualObjectSize: String(bytes) } });
  }
  return { start, length: end - start + 1 };
}

/**
 * Whether the caller has the object already (304).
 *
 * @throws AwsFault PreconditionFailed
 */
export function isUnchanged(headers: IncomingHttpHeaders, { etag, modifiedAt }: ObjectHead): boolean {
  const modified = Math.floor(modifiedAt / 1000) * 1000;
  const has = (list: string) => list.trim() === '*' || list.split(',').some((tag) => tag.trim().replace(/^W\//, '').replaceAll('"', '') === etag);
  const { 'if-match': match, 'if-none-match': noneMatch, 'if-modified-since': since, 'if-unmodified-since': unmodifiedSince } = headers;
  if (match !== undefined && !has(match)) throw preconditionFailed('If-Match');
  if (match === undefined && unmodifiedSince !== undefined && modified > Date.parse(unmodifiedSince)) throw preconditionFailed('If-Unmodified-Since');
  if (noneMatch !== undefined) return has(noneMatch);
  return since !== undefined && modified <= Date.parse(since);
}

function preconditionFailed(condition: string): AwsFault {
  return new AwsFault('PreconditionFailed', 412, 'At least one of the pre-conditions you specified did not hold', { fields: { Condition: condition } });
}
