/** Reads request bodies within bounds, and undoes what clients wrap them in: gzip and aws-chunked. */
import type { IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import { gunzip } from 'node:zlib';
import { promisify } from 'node:util';
import { AwsFault } from '../contracts/faults.ts';

/** The body is larger than its operation takes. The rest of it may still be on its way. */
export class BodyTooLarge extends Error {
  override readonly name = 'BodyTooLarge';
}

/** The client went away, or was cut off, before the body was complete: nobody waits for an answer. */
export class BodyAborted extends Error {
  override readonly name = 'BodyAborted';
}

const empty = Buffer.alloc(0);
const gunzipAsync = promisify(gunzip);

/**
 * The body as it came over the wire.
 *
 * @param limit Bytes.
 * @throws BodyTooLarge as soon as that is known; what follows is read and dropped, so that a client that is still sending
 *   gets to read its answer.
 * @throws BodyAborted
 */
export function readBody(request: IncomingMessage | Http2ServerRequest, limit: number): Promise<Buffer> {
  const { headers } = request;
  const declared = headers['content-length'];
  const hasBody = 'stream' in request ? !request.stream.endAfterHeaders : declared !== undefined || headers['transfer-encoding'] !== undefined;
  if (!hasBody) return Promise.resolve(empty);
  if (declared !== undefined && Number(declared) > limit) {
    request.resume();
    return Promise.reject(new BodyTooLarge());
  }
  return new Promise((resolve, reject) => {
    let first: Buffer | undefined;
    let more: Buffer[] | undefined;
    let length = 0;
    let done = false;
    request.on('data', (chunk: Buffer) => {
      if (done) return;
      length += chunk.length;
      if (length > limit) {
        done = true;
        first = more = undefined;
        reject(new BodyTooLarge());
      } else if (first === undefined) first = chunk;
      else if (more === undefined) more = [first, chunk];
      else more.push(chunk);
    });
    request.on('end', () => {
      done = true;
      resolve(more === undefined ? first ?? empty : Buffer.concat(more, length));
    });
    request.on('error', () => reject(new BodyAborted()));
    request.on('close', () => { if (!done) reject(new BodyAborted()); });
  });
}

/** Whether the body is wrapped and may be somewhat longer on the wire than it is. */
export function isFramed(request: IncomingMessage | Http2ServerRequest): boolean {
  return codings(request).includes('aws-chunked') || request.headers['x-amz-content-sha256'] === 'STREAMING-UNSIGNED-PAYLOAD-TRAILER';
}

/** Bytes that a body of `limit` bytes may take on the wire: AWS wants chunks of at least 8 KB, some clients send smaller. */
export function framedLimit(limit: number): number {
  return limit + limit / 8 + 65_536;
}

/**
 * The body that the service sees.
 *
 * @param keepCodings Leaves gzip as it is.
 * @throws BodyTooLarge also when it would only unpack to more than `limit` bytes
 * @throws AwsFault UnsupportedMediaTypeException, InvalidRequestContentException
 */
export async function unwrapBody(request: IncomingMessage | Http2ServerRequest, wire: Buffer, limit: number, keepCodings = false): Promise<Buffer> {
  let body = isFramed(request) ? unframe(wire) : wire;
  for (const coding of keepCodings ? [] : codings(request).reverse()) {
    if (coding === 'gzip' || coding === 'x-gzip') body = await unzip(body, limit);
    else if (coding !== 'aws-chunked' && coding !== 'identity') {
      throw new AwsFault('UnsupportedMediaTypeException', 415, `Content-Encoding '${coding}' is not supported; send gzip or none.`);
    }
  }
  if (body.length > limit) throw new BodyTooLarge();
  return body;
}

/** Whether `unwrapBody` has anything to do. */
export function isWrapped(request: IncomingMessage | Http2ServerRequest): boolean {
  return request.headers['content-encoding'] !== undefined || isFramed(request);
}

function codings(request: IncomingMessage | Http2ServerRequest): string[] {
  const header = request.headers['content-encoding'];
  return header === undefined ? [] : header.toLowerCase().split(',').map((coding) => coding.trim()).filter((coding) => coding !== '');
}

async function unzip(body: Buffer, limit: number): Promise<Buffer> {
  try {
    return await gunzipAsync(body, { maxOutputLength: limit });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw new BodyTooLarge();
    throw new AwsFault('InvalidRequestContentException', 400, `Could not decompress the gzip request body: ${(error as Error).message}`);
  }
}

/**
 * aws-chunked: `hex-size[;chunk-signature=…]\r\n data \r\n` repeated, a chunk of size 0, then trailers such as
 * `x-amz-checksum-crc32:…`, which only repeat what loopback TCP already guarantees.
 */
function unframe(wire: Buffer): Buffer {
  const chunks: Buffer[] = [];
  let at = 0;
  for (;;) {
    const lineEnd = wire.indexOf('\r\n', at, 'latin1');
    if (lineEnd === -1) throw malformedFrame();
    const size = /^([0-9a-f]{1,8})(?:;.*)?$/i.exec(wire.toString('latin1', at, Math.min(lineEnd, at + 256)))?.[1];
    if (size === undefined) throw malformedFrame();
    const length = Number.parseInt(size, 16);
    const start = lineEnd + 2;
    if (length === 0) return Buffer.concat(chunks);
    if (wire.length < start + length + 2 || wire[start + length] !== 0x0d || wire[start + length + 1] !== 0x0a) throw malformedFrame();
    chunks.push(wire.subarray(start, start + length));
    at = start + length + 2;
  }
}

function malformedFrame(): AwsFault {
  return new AwsFault('InvalidRequestContentException', 400, 'The request body is not well-formed aws-chunked content.');
}
