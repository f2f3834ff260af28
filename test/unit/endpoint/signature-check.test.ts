import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import fc from 'fast-check';
import { SignatureCheck } from '../../../src/endpoint/signature-check.ts';
import type { RequestHead } from '../../../src/endpoint/service-protocol.ts';
import { Sha256 } from './fixtures.ts';

const credentials = { accessKeyId: 'AKIALOCALLAMBDA00001', secretAccessKey: 'a/secret+with=signs' };
const signedAt = new Date('2026-11-24T12:00:00Z');

const signer = (identity = credentials) =>
  new SignatureV4({ credentials: identity, region: 'us-east-1', service: 'lambda', sha256: Sha256, uriEscapePath: true, applyChecksum: true });

interface Shape {
  method: string;
  path: string;
  query: Record<string, string | string[]>;
  headers: Record<string, string>;
  body: string;
}

/** `~` and friends as SDKs put them on the wire. */
const wire = (text: string) => encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);

/** What the server sees of a signed request: the query in the order that it was written, headers with stray blanks. */
function received(shape: Shape, headers: Record<string, string>): { head: RequestHead; rawHeaders: string[]; body: Buffer } {
  const query = Object.entries(shape.query)
    .flatMap(([name, value]) => [value].flat().map((one) => `${wire(name)}=${wire(one)}`)).join('&');
  return {
    head: {
      method: shape.method, path: shape.path, query,
      headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
    },
    rawHeaders: Object.entries(headers).flat(),
    body: Buffer.from(shape.body),
  };
}

async function sign(shape: Shape, identity = credentials): Promise<Record<string, string>> {
  const signed = await signer(identity).sign(
    { protocol: 'http:', hostname: '127.0.0.1', ...shape, headers: { host: '127.0.0.1:4000', ...shape.headers } },
    { signingDate: signedAt },
  );
  return signed.headers;
}

const check = (options: Partial<ConstructorParameters<typeof SignatureCheck>[0]> = {}) =>
  new SignatureCheck({ credentials, region: () => 'us-east-1', now: () => signedAt.getTime(), ...options });

function verify(subject: SignatureCheck, { head, rawHeaders, body }: ReturnType<typeof received>): void {
  subject.verify(subject.open(head, 'lambda'), head, rawHeaders, body);
}

const plain: Shape = { method: 'POST', path: '/2015-03-31/functions/greet/invocations', query: {}, headers: {}, body: '{"name":"Ana"}' };

/** Everything about a thrown fault that a client sees. */
function fault(act: () => void): { name: string; status: number; message: string } {
  try {
    act();
  } catch (error) {
    const { name, status, message } = error as { name: string; status: number; message: string };
    return { name, status, message };
  }
  throw new Error('nothing was thrown');
}

describe('SignatureCheck', () => {
  it('accepts what @smithy/signature-v4 signs, whatever the path, query, headers and body', async () => {
    const text = fc.string({ unit: 'binary', maxLength: 12 });
    const segment = fc.oneof(
      text.map(wire),
      fc.constantFrom('functions', '2015-03-31', '..', '.', '', 'arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Agreet%3Alive', 'arn:aws:lambda:us-east-1:123456789012:function:greet', '$LATEST', 'a b+c'.replace(' ', '%20')),
    );
    const headerValue = fc.string({ unit: fc.constantFrom('a', 'Z', '0', ' ', '  ', '\t', ',', ', ', '; ', '=', '"', 'é', '\u00a0'), maxLength: 12 });
    const shape = fc.record<Shape>({
      method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE'),
      path: fc.array(segment, { maxLength: 6 }).map((segments) => `/${segments.join('/')}`),
      query: fc.dictionary(
        text.filter((name) => name.toLowerCase() !== 'x-amz-signature' && name !== '__proto__'),
        fc.oneof(text, fc.array(text, { minLength: 1, maxLength: 3 })), { maxKeys: 5 },
      ),
      headers: fc.dictionary(fc.stringMatching(/^x-amz-meta-[a-z0-9]{1,6}$/), headerValue, { maxKeys: 4 }),
      body: text,
    });
    const subject = check();
    await fc.assert(fc.asyncProperty(shape, async (request) => {
      verify(subject, received(request, await sign(request)));
    }), { numRuns: 400 });
  }).timeout(30_000);

  it('refuses a request of which anything signed was changed', async () => {
    const request = { ...plain, query: { Qualifier: 'live' }, headers: { 'x-amz-invocation-type': 'Event' } };
    const headers = await sign(request);
    const changes: [string, (seen: ReturnType<typeof received>) => void][] = [
      ['method', (seen) => { seen.head.method = 'PUT'; }],
      ['path', (seen) => { seen.head.path += 'x'; }],
      ['query', (seen) => { seen.head.query = 'Qualifier=dead'; }],
      ['one more parameter', (seen) => { seen.head.query += '&a=b'; }],
      ['header', (seen) => { seen.head.headers['x-amz-invocation-type'] = 'DryRun'; }],
      ['host', (seen) => { seen.head.headers.host = 'localhost:4000'; }],
      ['body', (seen) => { seen.body = Buffer.from('{"name":"Eve"}'); }],
      ['signature', (seen) => { seen.head.headers.authorization = seen.head.headers.authorization?.replace(/.$/, (last) => (last === '0' ? '1' : '0')); }],
      ['signature cut short', (seen) => { seen.head.headers.authorization = seen.head.headers.authorization?.slice(0, -2); }],
      ['signature that is no hexadecimal', (seen) => { seen.head.headers.authorization = seen.head.headers.authorization?.replace(/Signature=.*/, `Signature=${'z'.repeat(64)}`); }],
    ];
    verify(check(), received(request, headers));
    for (const [what, change] of changes) {
      const seen = received(request, headers);
      change(seen);
      const { name, status, message } = fault(() => verify(check(), seen));
      assert.deepEqual([name, status], ['InvalidSignatureException', 403], what);
      assert.match(message, /^The request signature we calculated does not match the signature you provided\. Check your AWS Secret Access Key and signing method\./, what);
    }
  });

  it('names the canonical request and the string to sign, so that a signer can be compared', async () => {
    const headers = await sign(plain, { ...credentials, secretAccessKey: 'wrong' });
    const { message } = fault(() => verify(check(), received(plain, headers)));
    assert.match(message, /The Canonical String for this request should have been\n'POST\n\/2015-03-31\/functions\/greet\/invocations\n\nhost:127\.0\.0\.1:4000\n/);
    assert.match(message, /The String-to-Sign should have been\n'AWS4-HMAC-SHA256\n20261124T120000Z\n20261124\/us-east-1\/lambda\/aws4_request\n[0-9a-f]{64}'/);
    assert.ok(!message.includes(credentials.secretAccessKey));
  });

  it('takes UNSIGNED-PAYLOAD for the body, and never believes a declared hash', async () => {
    const unsigned = { ...plain, headers: { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } };
    const seen = received(unsigned, await sign(unsigned));
    seen.body = Buffer.from('anything');
    verify(check(), seen);

    const declared = { ...plain, headers: { 'x-amz-content-sha256': createHash('sha256').update(plain.body).digest('hex') } };
    const altered = received(declared, await sign(declared));
    verify(check(), altered);
    altered.body = Buffer.from('anything');
    assert.equal(fault(() => verify(check(), altered)).name, 'InvalidSignatureException');
  });

  it('refuses chunk signatures by name rather than leaving the body unsigned', async () => {
    const streaming = { ...plain, headers: { 'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD' } };
    const refused = fault(() => verify(check(), received(streaming, { host: 'h', ...streaming.headers, authorization: '' })));
    assert.equal(refused.name, 'IncompleteSignatureException');
    const headers = await sign(streaming);
    assert.deepEqual(fault(() => verify(check(), received(streaming, headers))), {
      name: 'NotImplementedException', status: 501,
      message: 'A header you provided implies functionality that is not implemented: x-amz-content-sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
    });
  });

  it('joins a header that was sent twice as the signer did, without a blank', async () => {
    const request = { ...plain, headers: { 'x-amz-meta-list': 'a,b' } };
    const seen = received(request, await sign(request));
    seen.head.headers['x-amz-meta-list'] = 'a, b';
    const at = seen.rawHeaders.indexOf('x-amz-meta-list');
    seen.rawHeaders.splice(at, 2, 'X-Amz-Meta-List', 'a', 'x-amz-meta-list', ' b ');
    verify(check(), seen);
  });

  it('accepts a presigned request until it expires', async () => {
    const request = { ...plain, query: { Qualifier: 'live' } };
    const presigned = await signer().presign(
      { protocol: 'http:', hostname: '127.0.0.1', ...request, headers: { host: '127.0.0.1:4000' } },
      { signingDate: signedAt, expiresIn: 600 },
    );
    const seen = received({ ...request, query: presigned.query as Record<string, string> }, { host: '127.0.0.1:4000' });
    verify(check(), seen);
    verify(check({ now: () => signedAt.getTime() + 599_000 }), seen);
    const late = fault(() => verify(check({ now: () => signedAt.getTime() + 601_000 }), seen));
    assert.equal(late.name, 'InvalidSignatureException');
    assert.match(late.message, /^Signature expired/);
    seen.head.query = seen.head.query.replace('Qualifier=live', 'Qualifier=dead');
    assert.equal(fault(() => verify(check(), seen)).name, 'InvalidSignatureException');
  });

  it('allows five minutes of difference between the clocks', async () => {
    const seen = received(plain, await sign(plain));
    const at = (minutes: number) => check({ now: () => signedAt.getTime() + minutes * 60_000 });
    verify(at(5), seen);
    verify(at(-5), seen);
    assert.deepEqual(fault(() => verify(at(6), seen)), {
      name: 'InvalidSignatureException', status: 403,
      message: 'Signature expired: 20261124T120000Z is now earlier than 20261124T120100Z (20261124T120600Z - 5 min.)',
    });
    assert.deepEqual(fault(() => verify(at(-6), seen)), {
      name: 'InvalidSignatureException', status: 403,
      message: 'Signature not yet current: 20261124T120000Z is still later than 20261124T115900Z (20261124T115400Z + 5 min.)',
    });
  });

  it('knows its own key pair and those that lookup knows, each with its own secret', async () => {
    const other = { accessKeyId: 'AKIAOTHER', secretAccessKey: 'other' };
    const seen = received(plain, await sign(plain, other));
    assert.deepEqual(fault(() => verify(check(), seen)), {
      name: 'UnrecognizedClientException', status: 403, message: 'The security token included in the request is invalid.',
    });
    let secret = 'other';
    const subject = check({ credentials: { ...credentials, lookup: (id) => (id === 'AKIAOTHER' ? secret : undefined) } });
    verify(subject, seen);
    secret = 'rotated';
    assert.equal(fault(() => verify(subject, seen)).name, 'InvalidSignatureException');
  });

  it('wants the scope of this region and service', async () => {
    const seen = received(plain, await sign(plain));
    assert.equal(fault(() => verify(check({ region: () => 'eu-west-1' }), seen)).message, "Credential should be scoped to a valid region, not 'us-east-1'. ");
    assert.equal(fault(() => check().open(seen.head, 'sqs')).message, "Credential should be scoped to correct service: 'sqs'. ");
  });

  const scope = '20261124/us-east-1/lambda/aws4_request';
  const incomplete: [string, string | undefined, Record<string, string>, string, string][] = [
    ['nothing', undefined, {}, 'MissingAuthenticationTokenException', 'Missing Authentication Token'],
    ['a bearer token', 'Bearer abc', {}, 'IncompleteSignatureException', "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. Authorization=Bearer abc"],
    ['no signature', `AWS4-HMAC-SHA256 Credential=A/${scope}, SignedHeaders=host`, { 'x-amz-date': '20261124T120000Z' }, 'IncompleteSignatureException', `Authorization header requires 'Signature' parameter. Authorization=AWS4-HMAC-SHA256 Credential=A/${scope}, SignedHeaders=host`],
    ['a blank in the access key', `AWS4-HMAC-SHA256 Credential=A /${scope}, SignedHeaders=host, Signature=0`, { 'x-amz-date': '20261124T120000Z' }, 'IncompleteSignatureException', `'/${scope}' not a valid key=value pair (missing equal-sign) in Authorization header: 'AWS4-HMAC-SHA256 Credential=A /${scope}, SignedHeaders=host, Signature=0'.`],
    ['another algorithm', `AWS4-ECDSA-P256-SHA256 Credential=A/${scope}, SignedHeaders=host, Signature=0`, { 'x-amz-date': '20261124T120000Z' }, 'IncompleteSignatureException', "Unsupported AWS 'algorithm': 'AWS4-ECDSA-P256-SHA256'."],
    ['a short credential', 'AWS4-HMAC-SHA256 Credential=A/lambda/aws4_request, SignedHeaders=host, Signature=0', { 'x-amz-date': '20261124T120000Z' }, 'IncompleteSignatureException', "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'A/lambda/aws4_request'"],
    ['a foreign terminator', 'AWS4-HMAC-SHA256 Credential=A/20261124/us-east-1/lambda/aws5, SignedHeaders=host, Signature=0', { 'x-amz-date': '20261124T120000Z' }, 'InvalidSignatureException', "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5'."],
    ['another day in the scope', `AWS4-HMAC-SHA256 Credential=A/${scope}, SignedHeaders=host, Signature=0`, { 'x-amz-date': '20261125T120000Z' }, 'InvalidSignatureException', "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20261124' != '20261125', from '20261125T120000Z'."],
    ['a date that is none', `AWS4-HMAC-SHA256 Credential=A/${scope}, SignedHeaders=host, Signature=0`, { 'x-amz-date': 'yesterday' }, 'IncompleteSignatureException', "Date must be in ISO-8601 'basic format'. Got 'yesterday'. See http://en.wikipedia.org/wiki/ISO_8601"],
    ['an unsigned host', `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=x-amz-date, Signature=0`, { 'x-amz-date': '20261124T120000Z' }, 'InvalidSignatureException', "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."],
  ];
  for (const [what, authorization, headers, name, message] of incomplete) {
    it(`answers a request with ${what} with ${name}`, () => {
      const head: RequestHead = { method: 'GET', path: '/', query: '', headers: { host: '127.0.0.1', ...headers, ...(authorization === undefined ? {} : { authorization }) } };
      const seen = fault(() => check().open(head, 'lambda'));
      assert.deepEqual(seen, { name, status: 403, message });
    });
  }

  it('reads the day from a Date header when there is no X-Amz-Date', async () => {
    const head: RequestHead = { method: 'GET', path: '/', query: '', headers: {
      host: '127.0.0.1', date: 'Tue, 24 Nov 2026 12:00:00 GMT',
      authorization: `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=host, Signature=0`,
    } };
    assert.equal(check().open(head, 'lambda').amzDate, '20261124T120000Z');
  });

  it('says which parameters a presigned request lacks', () => {
    const head: RequestHead = { method: 'GET', path: '/', query: 'X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=60', headers: { host: '127.0.0.1' } };
    assert.deepEqual(fault(() => check().open(head, 'lambda')), {
      name: 'IncompleteSignatureException', status: 403,
      message: "AWS query-string parameters must include 'X-Amz-Credential'. AWS query-string parameters must include 'X-Amz-Signature'. AWS query-string parameters must include 'X-Amz-SignedHeaders'. AWS query-string parameters must include 'X-Amz-Date'. Re-examine the query-string parameters.",
    });
  });
});
