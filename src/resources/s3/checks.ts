/** What S3 refuses of names, keys and bodies. */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { AwsFault } from '../../contracts/faults.ts';
import { invalidBucketName } from './faults.ts';

const longestKey = 1024;
/** Bytes of all `x-amz-meta-…` names and values together, without that prefix. */
const mostMetadata = 2048;
const metadataPrefix = 'x-amz-meta-';

/** Rules for buckets of general purpose ("Bucket naming rules", S3 User Guide). */
export function checkBucketName(name: string): void {
  const valid = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) && !name.includes('..') && !/^\d{1,3}(?:\.\d{1,3}){3}$/.test(name)
    && !/^(?:xn--|sthree-|amzn-s3-demo-)/.test(name) && !/(?:-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$/.test(name);
  if (!valid) throw invalidBucketName(name);
}

export function checkKey(key: string): void {
  const bytes = Buffer.byteLength(key);
  if (bytes <= longestKey) return;
  throw new AwsFault('KeyTooLongError', 400, 'Your key is too long', { fields: { Size: String(bytes), MaxSizeAllowed: String(longestKey) } });
}

export function checkMetadata(headers: Readonly<Record<string, string>>): void {
  const bytes = Object.entries(headers).filter(([name]) => name.startsWith(metadataPrefix))
    .reduce((sum, [name, value]) => sum + Buffer.byteLength(name) - metadataPrefix.length + Buffer.byteLength(value), 0);
  if (bytes <= mostMetadata) return;
  throw new AwsFault('MetadataTooLarge', 400, 'Your metadata headers exceed the maximum allowed metadata size', { fields: { Size: String(bytes), MaxSizeAllowed: String(mostMetadata) } });
}

export function checkMd5(body: Uint8Array, given: string): void {
  if (Buffer.from(given, 'base64').length !== 16) throw new AwsFault('InvalidDigest', 400, 'The Content-MD5 you specified was invalid.', { fields: { 'Content-MD5': given } });
  const calculated = createHash('md5').update(body).digest('base64');
  if (given === calculated) return;
  throw new AwsFault('BadDigest', 400, 'The Content-MD5 you specified did not match what we received.', { fields: { ExpectedDigest: given, CalculatedDigest: calculated } });
}

/** Those that Node calculates; the others (CRC32C, CRC64NVME) are neither checked nor kept. */
const checksums: Readonly<Record<string, (body: Uint8Array) => string>> = {
  'x-amz-checksum-crc32': (body) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(crc32(body));
    return bytes.toString('base64');
  },
  'x-amz-checksum-sha1': (body) => createHash('sha1').update(body).digest('base64'),
  'x-amz-checksum-sha256': (body) => createHash('sha256').update(body).digest('base64'),
};

/** @returns The headers that are kept: without checksums that nobody checked. */
export function checkChecksums(body: Uint8Array, headers: Readonly<Record<string, string>>): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith('x-amz-checksum-')) {
      const calculate = checksums[name];
      if (!calculate) continue;
      if (calculate(body) !== value) {
        throw new AwsFault('BadDigest', 400, `The ${name.slice('x-amz-checksum-'.length).toUpperCase()} you specified did not match the calculated checksum.`);
      }
    }
    kept[name] = value;
  }
  return kept;
}
