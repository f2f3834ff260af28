import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import fc from 'fast-check';
import type { BucketApi, ObjectHead } from '../../../src/contracts/buckets.ts';
import { AwsFault } from '../../../src/contracts/faults.ts';
import { isUnchanged, rangeOf, storedHeaders } from '../../../src/endpoint/s3-objects.ts';
import { readS3Request } from '../../../src/endpoint/s3-operations.ts';
import { S3Protocol } from '../../../src/endpoint/s3-protocol.ts';
import type { RequestHead } from '../../../src/endpoint/service-protocol.ts';
import { SignatureCheck } from '../../../src/endpoint/signature-check.ts';
import { credentials, Fixture, Sha256 } from './fixtures.ts';

const head = (method: string, target: string, headers: Record<string, string> = {}): RequestHead => {
  const [path = '', query = ''] = target.split('?');
  return { method, path, query, headers: { host: '127.0.0.1:4000', ...headers } };
};
const operation = (method: string, target: string, headers: Record<string, string> = {}) => readS3Request(head(method, target, headers))?.operation;

/** One bucket `b` in memory. */
class OneBucket implements BucketApi {
  readonly objects = new Map<string, { head: ObjectHead; body: Uint8Array }>();
  createBucket(): void { throw new Error('not used'); }
  deleteBucket(): void { throw new Error('not used'); }
  headBucket(name: string): void { if (name !== 'b') throw new AwsFault('NoSuchBucket', 404, 'The specified bucket does not exist', { fields: { BucketName: name } }); }
  listBuckets(): { buckets: [] } { return { buckets: [] }; }
  listObjects(): { objects: ObjectHead[]; commonPrefixes: string[]; nextToken: string } {
    return { objects: [...this.objects.values()].map((object) => object.head), commonPrefixes: ['a & b/'], nextToken: 'more' };
  }
  putObject(_bucket: string, key: string, body: Uint8Array, headers: Record<string, string>): ObjectHead {
    const object: ObjectHead = { key, bytes: body.length, etag: createHash('md5').update(body).digest('hex'), modifiedAt: 5500, headers };
    this.objects.set(key, { head: object, body });
    return object;
  }
  headObject(_bucket: string, key: string): ObjectHead { return this.#of(key).head; }
  readObject(_bucket: string, key: string, part?: { start: number; length: number }): Uint8Array {
    const { body } = this.#of(key);
    return part ? body.subarray(part.start, part.start + part.length) : body;
  }
  deleteObject(_bucket: string, key: string): void { this.objects.delete(key); }
  #of(key: string): { head: ObjectHead; body: Uint8Array } {
    const object = this.objects.get(key);
    if (!object) throw new AwsFault('NoSuchKey', 404, 'The specified key does not exist.', { fields: { Key: key } });
    return object;
  }
}

describe('S3 on the wire: which operation', () => {
  it('the ones that are here', () => {
    assert.deepEqual([
      operation('GET', '/'), operation('GET', '/?x-id=ListBuckets'), operation('PUT', '/b'), operation('HEAD', '/b/'), operation('DELETE', '/b'), operation('GET', '/b?list-type=2&prefix=a'),
      operation('PUT', '/b/k?x-id=PutObject'), operation('GET', '/b/a/b'), operation('HEAD', '/b/k'), operation('DELETE', '/b/k'),
    ], ['ListBuckets', 'ListBuckets', 'CreateBucket', 'HeadBucket', 'DeleteBucket', 'ListObjectsV2', 'PutObject', 'GetObject', 'HeadObject', 'DeleteObject']);
  });

  it('the others by AWS\'s name for them', () => {
    assert.deepEqual([
      operation('GET', '/b'), operation('GET', '/b?versions'), operation('GET', '/b?location'), operation('PUT', '/b?versioning'), operation('GET', '/b?policyStatus'), operation('DELETE', '/b?lifecycle'),
      operation('POST', '/b?delete'), operation('GET', '/b?uploads'), operation('POST', '/b/k?uploads'), operation('PUT', '/b/k?partNumber=1&uploadId=u'), operation('GET', '/b/k?uploadId=u'),
      operation('POST', '/b/k?uploadId=u'), operation('DELETE', '/b/k?uploadId=u'), operation('GET', '/b/k?acl'), operation('GET', '/b?acl'), operation('PUT', '/b/k?tagging'),
      operation('PUT', '/b/k', { 'x-amz-copy-source': '/b/other' }), operation('GET', '/b/k?versionId=1'), operation('GET', '/b/k?attributes'), operation('POST', '/b/k?select&select-type=2'),
    ], [
      'ListObjects', 'ListObjectVersions', 'GetBucketLocation', 'PutBucketVersioning', 'GetBucketPolicyStatus', 'DeleteBucketLifecycleConfiguration',
      'DeleteObjects', 'ListMultipartUploads', 'CreateMultipartUpload', 'UploadPart', 'ListParts',
      'CompleteMultipartUpload', 'AbortMultipartUpload', 'GetObjectAcl', 'GetBucketAcl', 'PutObjectTagging',
      'CopyObject', 'GetObject of a version', 'GetObjectAttributes', 'SelectObjectContent',
    ]);
  });

  it('buckets in the path or in the host, keys decoded', () => {
    const place = (path: string, host?: string) => { const request = readS3Request(head('GET', path, host ? { host } : {})); return [request?.bucket, request?.key]; };
    assert.deepEqual(place('/b/a%20b/%C3%A9%2Bc//d'), ['b', 'a b/é+c//d']);
    assert.deepEqual(place('/a/b', 'my.bucket.s3.us-east-1.localhost:4000'), ['my.bucket', 'a/b']);
    assert.deepEqual(place('/a/b', 'bucket.localhost:4000'), ['bucket', 'a/b']);
    assert.deepEqual(place('/a/b', 's3.localhost:4000'), ['a', 'b']);
    assert.deepEqual(place('/a/b', 'localhost:4000'), ['a', 'b']);
    assert.equal(readS3Request(head('GET', '/b/%E9')), undefined);
  });
});

describe('S3 on the wire: headers', () => {
  it('what is kept with an object', () => {
    assert.deepEqual(storedHeaders({
      'content-type': 'text/plain', 'content-encoding': 'aws-chunked,gzip', 'cache-control': 'no-store', 'x-amz-meta-a': '1', 'x-amz-checksum-crc32': 'AAAAAA==',
      'x-amz-checksum-algorithm': 'CRC32', 'content-length': '5', 'x-amz-acl': 'private', 'host': 'h', 'authorization': 'secret',
    }), { 'content-type': 'text/plain', 'content-encoding': 'gzip', 'cache-control': 'no-store', 'x-amz-meta-a': '1', 'x-amz-checksum-crc32': 'AAAAAA==' });
    assert.deepEqual(storedHeaders({ 'content-encoding': 'aws-chunked' }), {});
  });

  it('ranges', () => {
    assert.deepEqual([rangeOf('bytes=0-4', 10), rangeOf('bytes=5-', 10), rangeOf('bytes=-3', 10), rangeOf('bytes=8-99', 10), rangeOf('bytes=-99', 10)],
      [{ start: 0, length: 5 }, { start: 5, length: 5 }, { start: 7, length: 3 }, { start: 8, length: 2 }, { start: 0, length: 10 }]);
    for (const ignored of [undefined, 'bytes=4-2', 'bytes=-', 'bytes=0-1,3-4', 'items=0-1', 'bytes=a-b']) assert.equal(rangeOf(ignored, 10), undefined, ignored);
    for (const range of ['bytes=10-', 'bytes=99-100', 'bytes=-0']) assert.throws(() => rangeOf(range, 10), { name: 'InvalidRange', status: 416 }, range);
    assert.throws(() => rangeOf('bytes=0-', 0), { name: 'InvalidRange' });
  });

  it('conditions', () => {
    const object: ObjectHead = { key: 'k', bytes: 1, etag: 'aa', modifiedAt: 5500, headers: {} };
    const [before, then, later] = [4000, 5000, 6000].map((time) => new Date(time).toUTCString());
    assert.deepEqual([
      isUnchanged({}, object), isUnchanged({ 'if-none-match': '"aa"' }, object), isUnchanged({ 'if-none-match': '"b", W/"aa"' }, object), isUnchanged({ 'if-none-match': '"b"' }, object),
      isUnchanged({ 'if-modified-since': then }, object), isUnchanged({ 'if-modified-since': before }, object), isUnchanged({ 'if-none-match': '"b"', 'if-modified-since': later }, object),
      isUnchanged({ 'if-match': '"aa"', 'if-unmodified-since': before }, object),
    ], [false, true, true, false, true, false, false, false]);
    assert.throws(() => isUnchanged({ 'if-match': '"b"' }, object), { name: 'PreconditionFailed', status: 412 });
    assert.throws(() => isUnchanged({ 'if-unmodified-since': before }, object), { name: 'PreconditionFailed' });
  });
});

describe('S3 on the wire: signatures', () => {
  const now = new Date('2026-11-24T12:00:00Z');
  const check = (at = now) => new SignatureCheck({ credentials, region: () => 'us-east-1', now: () => at.getTime() });
  const signer = new SignatureV4({ credentials, region: 'us-east-1', service: 's3', sha256: Sha256, uriEscapePath: false, applyChecksum: true });
  const wire = (text: string) => encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);

  it('property: keys of any kind are signed as they stand, neither normalised nor escaped twice', async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.string({ unit: fc.constantFrom('a', ' ', '+', '.', '%', '~', 'é', '*', '='), maxLength: 4 }), { maxLength: 5 }), async (segments) => {
      const path = `/bucket/${segments.map(wire).join('/')}`;
      const signed = await signer.sign({ method: 'PUT', protocol: 'http:', hostname: 'h', path, query: {}, headers: { host: '127.0.0.1:4000' }, body: 'x' }, { signingDate: now });
      const request = { ...head('PUT', '/'), path, headers: Object.fromEntries(Object.entries(signed.headers).map(([name, value]) => [name.toLowerCase(), value])) };
      check().verify(check().open(request, 's3'), request, Object.entries(signed.headers).flat(), Buffer.from('x'));
    }));
  });

  it('a presigned URL signs no body', async () => {
    const { query = {} } = await signer.presign({
      method: 'PUT', protocol: 'http:', hostname: '127.0.0.1', path: '/bucket/key', query: {},
      headers: { 'host': '127.0.0.1:4000', 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' },
    }, { signingDate: now, expiresIn: 60, unsignableHeaders: new Set(['x-amz-content-sha256']) });
    const request = { ...head('PUT', '/bucket/key'), query: Object.entries(query).map(([name, value]) => `${wire(name)}=${wire(String(value))}`).join('&') };
    check().verify(check().open(request, 's3'), request, ['Host', '127.0.0.1:4000'], Buffer.from('any body'));
  });

  it('clocks may differ by 15 minutes', async () => {
    const signed = await signer.sign({ method: 'GET', protocol: 'http:', hostname: 'h', path: '/b', query: {}, headers: { host: '127.0.0.1:4000' } }, { signingDate: now });
    const request = { ...head('GET', '/b'), headers: Object.fromEntries(Object.entries(signed.headers).map(([name, value]) => [name.toLowerCase(), value])) };
    const later = (minutes: number) => check(new Date(now.getTime() + minutes * 60_000));
    later(14).open(request, 's3');
    assert.throws(() => later(16).open(request, 's3'), /Signature expired/);
  });
});

describe('S3 on the wire: answers', () => {
  let fixture: Fixture;
  let api: OneBucket;

  before(async () => {
    api = new OneBucket();
    fixture = await Fixture.start({ services: [new S3Protocol(api, () => 'us-east-1')] });
  });
  after(() => fixture.stop());

  it('objects come back as they were put, with their headers', async () => {
    const put = await fixture.send('/b/a%20b', { method: 'PUT', body: Buffer.from([0, 255, 10]), headers: { 'content-type': 'x/y', 'content-encoding': 'gzip', 'x-amz-meta-who': 'me' } });
    assert.deepEqual([put.status, put.headers.etag], [200, `"${createHash('md5').update(Buffer.from([0, 255, 10])).digest('hex')}"`]);
    const got = await fixture.send('/b/a%20b');
    assert.deepEqual([got.status, [...got.body], got.headers['content-type'], got.headers['content-encoding'], got.headers['x-amz-meta-who'], got.headers['last-modified']],
      [200, [0, 255, 10], 'x/y', 'gzip', 'me', 'Thu, 01 Jan 1970 00:00:05 GMT']);
    const headed = await fixture.send('/b/a%20b', { method: 'HEAD' });
    assert.deepEqual([headed.status, headed.headers['content-length'], headed.body.length], [200, '3', 0]);
    const part = await fixture.send('/b/a%20b?response-content-type=text%2Fplain', { headers: { range: 'bytes=1-' } });
    assert.deepEqual([part.status, [...part.body], part.headers['content-range'], part.headers['content-type']], [206, [255, 10], 'bytes 1-2/3', 'text/plain']);
    const unchanged = await fixture.send('/b/a%20b', { headers: { 'if-none-match': String(got.headers.etag) } });
    assert.deepEqual([unchanged.status, unchanged.body.length, unchanged.headers['content-length']], [304, 0, undefined]);
    assert.equal((await fixture.send('/b/a%20b', { method: 'DELETE' })).status, 204);
  });

  it('aws-chunked frames are taken off, other codings stay', async () => {
    await fixture.send('/b/framed', { method: 'PUT', body: '5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n', headers: { 'content-encoding': 'aws-chunked', 'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER', 'x-amz-decoded-content-length': '5' } });
    const got = await fixture.send('/b/framed');
    assert.deepEqual([got.text, got.headers['content-encoding']], ['hello', undefined]);
  });

  it('checksums come back when they are asked for', async () => {
    await fixture.send('/b/sum', { method: 'PUT', body: 'hello', headers: { 'x-amz-checksum-crc32': 'NhCmhg==' } });
    const [plain, asked] = [await fixture.send('/b/sum'), await fixture.send('/b/sum', { headers: { 'x-amz-checksum-mode': 'ENABLED' } })];
    assert.deepEqual([plain.headers['x-amz-checksum-crc32'], asked.headers['x-amz-checksum-crc32'], asked.headers['x-amz-checksum-type']], [undefined, 'NhCmhg==', 'FULL_OBJECT']);
  });

  it('a listing in XML, with what it was asked for, URL-encoded on demand', async () => {
    api.objects.clear();
    await fixture.send('/b/x%20%26', { method: 'PUT', body: 'hello' });
    const { text, headers } = await fixture.send('/b?list-type=2&prefix=x%20&encoding-type=url&delimiter=%2F&max-keys=5');
    assert.equal(headers['x-amz-bucket-region'], 'us-east-1');
    assert.equal(text, '<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name><Prefix>x%20</Prefix>'
      + '<NextContinuationToken>more</NextContinuationToken><KeyCount>2</KeyCount><MaxKeys>5</MaxKeys><Delimiter>/</Delimiter><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>'
      + '<Contents><Key>x%20%26</Key><LastModified>1970-01-01T00:00:05.000Z</LastModified><ETag>&quot;5d41402abc4b2a76b9719d911017c592&quot;</ETag><Size>5</Size><StorageClass>STANDARD</StorageClass></Contents>'
      + '<CommonPrefixes><Prefix>a%20%26%20b/</Prefix></CommonPrefixes></ListBucketResult>');
  });

  it('errors are S3\'s, with the bucket or key that they are about', async () => {
    const missing = await fixture.send('/b/none');
    assert.equal(missing.status, 404);
    assert.match(missing.text, /<Error><Code>NoSuchKey<\/Code><Message>The specified key does not exist.<\/Message><Key>none<\/Key><Resource>\/b\/none<\/Resource><RequestId>/);
    const absent = await fixture.send('/b?acl', { method: 'PUT' });
    assert.deepEqual([absent.status, /<Code>(.*?)<\/Code><Message>(.*?)<\/Message>/.exec(absent.text)?.slice(1)], [501, ['NotImplemented', 'Local Lambda does not have the operation PutBucketAcl of s3.']]);
    assert.match((await fixture.send('/b?list-type=2&max-keys=many')).text, /<Code>InvalidArgument<\/Code>/);
    const large = await fixture.raw('PUT /b/large HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99999999\r\nExpect: 100-continue\r\n\r\n');
    assert.match(large, /^HTTP\/1.1 400 [^]*<Code>EntityTooLarge<\/Code>/);
  });

  it('unsigned requests are S3\'s when their bucket is there, their host says so, or they list; others are not', async () => {
    assert.match((await fixture.send('/none/k')).text, /is not an operation of Lambda/);
    assert.match((await fixture.send('/none/k', { headers: { host: 's3.localhost' } })).text, /NoSuchKey/);
    assert.equal((await fixture.send('/?list-type=2', { headers: { host: 'b.localhost' } })).status, 200);
    assert.equal((await fixture.send('/2015-03-31/functions/f/invocations', { method: 'POST', body: '1' })).status, 200);
  });
});

describe('S3 on the wire: refusals of the signature check', () => {
  let fixture: Fixture;
  before(async () => {
    fixture = await Fixture.start({ services: [new S3Protocol(new OneBucket(), () => 'us-east-1')], requireSignatures: () => true });
  });
  after(() => fixture.stop());

  const code = (text: string) => /<Code>(.*?)<\/Code>/.exec(text)?.[1];
  const authorization = (key: string, region = 'us-east-1') => `AWS4-HMAC-SHA256 Credential=${key}/20261124/${region}/s3/aws4_request, SignedHeaders=host, Signature=${'0'.repeat(64)}`;

  it('in S3\'s own codes', async () => {
    const stamp = new Date().toISOString().replace(/[-:]|\.\d{3}/g, '');
    const signed = (key: string, region?: string, date = stamp) => fixture.send('/b/k', { headers: { 'authorization': authorization(key, region).replace('20261124', date.slice(0, 8)), 'x-amz-date': date } });
    assert.equal(code((await fixture.send('/b/k')).text), 'AccessDenied');
    assert.equal(code((await signed('LKIAUNKNOWN000000000')).text), 'InvalidAccessKeyId');
    assert.equal(code((await signed(credentials.accessKeyId)).text), 'SignatureDoesNotMatch');
    assert.equal(code((await signed(credentials.accessKeyId, 'eu-west-1')).text), 'AuthorizationHeaderMalformed');
    assert.equal(code((await signed(credentials.accessKeyId, 'us-east-1', '20200101T000000Z')).text), 'RequestTimeTooSkewed');
  });
});
