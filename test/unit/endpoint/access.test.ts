/** Who is let in: signatures for AWS requests, the token for the engine's own routes. */
import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { SignatureV4 } from '@smithy/signature-v4';
import { UserError } from '../../../src/contracts/faults.ts';
import type { OwnRequest, OwnResponse } from '../../../src/endpoint/own-routes.ts';
import { credentials, Fixture, Sha256, token, type Reply, type Sent } from './fixtures.ts';

const path = '/2015-03-31/functions/greet/invocations';

async function signed(fixture: Fixture, { headers = {}, body = '{}', identity = credentials, service = 'lambda', signedAt = new Date() }: {
  headers?: Record<string, string>; body?: string | Buffer; identity?: typeof credentials; service?: string; signedAt?: Date;
} = {}): Promise<Sent> {
  const request = await new SignatureV4({ credentials: identity, region: 'us-east-1', service, sha256: Sha256 }).sign(
    { method: 'POST', protocol: 'http:', hostname: '127.0.0.1', path, query: {}, body, headers: { host: `127.0.0.1:${fixture.port}`, ...headers } },
    { signingDate: signedAt },
  );
  return { method: 'POST', headers: request.headers, body };
}

describe('signatures at the endpoint', () => {
  let fixture: Fixture;
  let required = true;
  const other = { accessKeyId: 'AKIAFUNCTION', secretAccessKey: 'handed-to-a-function' };
  before(async () => {
    fixture = await Fixture.start({
      requireSignatures: () => required,
      credentials: { ...credentials, lookup: (id) => (id === other.accessKeyId ? other.secretAccessKey : undefined) },
    });
  });
  after(() => fixture.stop());
  beforeEach(() => { required = true; fixture.lambda.invocations.length = 0; });

  const error = ({ status, headers, json }: Reply) => ({ status, name: headers['x-amzn-errortype'], keys: Object.keys(json), message: String(json.message).split('\n')[0] });

  it('lets in what the workspace key pair or a key that was handed out has signed', async () => {
    assert.equal((await fixture.send(path, await signed(fixture))).text, '{}');
    assert.equal((await fixture.send(path, await signed(fixture, { identity: other }))).status, 200);
  });

  it('checks the bytes on the wire, then unpacks them', async () => {
    const body = gzipSync('{"a":1}');
    assert.equal((await fixture.send(path, await signed(fixture, { body, headers: { 'content-encoding': 'gzip' } }))).text, '{"a":1}');
    const chunked = '7\r\n{"b":1}\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n';
    const headers = { 'content-encoding': 'aws-chunked', 'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER', 'x-amz-trailer': 'x-amz-checksum-crc32' };
    assert.equal((await fixture.send(path, await signed(fixture, { body: chunked, headers }))).text, '{"b":1}');
  });

  it('answers each failure in the words of AWS, with message alone in the body', async () => {
    assert.deepEqual(error(await fixture.invoke()), { status: 403, name: 'MissingAuthenticationTokenException', keys: ['message'], message: 'Missing Authentication Token' });
    const stranger = await signed(fixture, { identity: { ...credentials, accessKeyId: 'AKIASTRANGER' } });
    assert.deepEqual(error(await fixture.send(path, stranger)), { status: 403, name: 'UnrecognizedClientException', keys: ['message'], message: 'The security token included in the request is invalid.' });
    const wrong = await signed(fixture, { identity: { ...credentials, secretAccessKey: 'wrong' } });
    assert.deepEqual(error(await fixture.send(path, wrong)), {
      status: 403, name: 'InvalidSignatureException', keys: ['message'],
      message: 'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
    });
    const old = await signed(fixture, { signedAt: new Date(Date.now() - 16 * 60_000) });
    assert.match(error(await fixture.send(path, old)).message ?? '', /^Signature expired: /);
    const tampered = await signed(fixture);
    assert.equal(error(await fixture.send(path, { ...tampered, body: '[]' })).name, 'InvalidSignatureException');
    assert.equal(error(await fixture.invoke('{}', { authorization: 'Bearer x' })).name, 'IncompleteSignatureException');
    assert.equal(fixture.lambda.invocations.length, 0);
  });

  it('refuses an unsigned caller before it reads the body', async () => {
    const answer = await fixture.raw(`POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n`);
    assert.match(answer, /^HTTP\/1\.1 403 /);
  });

  it('lets everyone in when signatures are not required, but keeps the other checks', async () => {
    required = false;
    const wrong = await signed(fixture, { identity: { ...credentials, secretAccessKey: 'wrong' } });
    assert.equal((await fixture.send(path, wrong)).status, 200);
    assert.equal((await fixture.invoke()).status, 200);
    assert.equal((await fixture.invoke('{}', { origin: 'https://evil.example' })).status, 403);
    assert.equal((await fixture.invoke('{}', { host: 'evil.example' })).status, 403);
    assert.equal((await fixture.send('/_local-lambda/health')).status, 401);
  });
});

describe('own routes', () => {
  let fixture: Fixture;
  let seen: OwnRequest | undefined;
  before(async () => {
    fixture = await Fixture.start({ ownRoutes: new Map<string, (request: OwnRequest) => OwnResponse | Promise<OwnResponse>>([
      ['GET /_local-lambda/health', (request) => { seen = request; return { status: 200, body: { status: 'ok' } }; }],
      ['POST /_local-lambda/echo', async (request) => { seen = request; return { status: 204 }; }],
      ['GET /_local-lambda/sentence', () => { throw new UserError('The limit is too large.'); }],
      ['GET /_local-lambda/bug', () => { throw new TypeError('secret detail'); }],
    ]) });
  });
  after(() => fixture.stop());
  const authorised = { authorization: `Bearer ${token}` };

  it('answers with JSON to who carries the token', async () => {
    const reply = await fixture.send('/_local-lambda/health?limit=5&a=b%20c', { headers: authorised });
    assert.deepEqual([reply.status, reply.headers['content-type'], reply.json], [200, 'application/json', { status: 'ok' }]);
    assert.deepEqual([seen?.query.get('limit'), seen?.query.get('a'), seen?.path], ['5', 'b c', '/_local-lambda/health']);
  });

  it('hands over the body, and answers nothing where there is nothing', async () => {
    const reply = await fixture.send('/_local-lambda/echo', { method: 'POST', headers: authorised, body: 'text' });
    assert.deepEqual([reply.status, reply.text, seen?.body.toString()], [204, '', 'text']);
    const large = await fixture.send('/_local-lambda/echo', { method: 'POST', headers: authorised, body: Buffer.alloc(1_048_577) });
    assert.equal(large.status, 413);
  });

  it('refuses everyone else, whatever the route', async () => {
    const attempts: (string | undefined)[] = [undefined, '', 'Bearer', 'Bearer ', `Bearer ${token}x`, `Bearer ${token.slice(1)}`, token, `Basic ${token}`];
    for (const route of ['health', 'nothing']) {
      for (const authorization of attempts) {
        const reply = await fixture.send(`/_local-lambda/${route}`, { headers: authorization === undefined ? {} : { authorization } });
        assert.deepEqual([reply.status, reply.headers['www-authenticate']], [401, 'Bearer'], authorization);
        assert.ok(!reply.text.includes(token));
      }
    }
    const tokenless = await Fixture.start({ token: '' });
    assert.equal((await tokenless.send('/_local-lambda/health', { headers: { authorization: 'Bearer ' } })).status, 401);
    await tokenless.stop();
  });

  it('answers 404 in JSON for routes and methods that do not exist', async () => {
    for (const [method, route] of [['GET', '/_local-lambda'], ['GET', '/_local-lambda/nothing'], ['POST', '/_local-lambda/health']] as const) {
      const reply = await fixture.send(route, { method, headers: authorised });
      assert.deepEqual([reply.status, reply.json], [404, { message: `There is no ${method} ${route}.` }]);
    }
    assert.equal((await fixture.send('/_local-lambda-not', { headers: authorised })).headers['x-amzn-errortype'], 'UnknownOperationException');
  });

  it('passes sentences on and hides bugs', async () => {
    const sentence = await fixture.send('/_local-lambda/sentence', { headers: authorised });
    assert.deepEqual([sentence.status, sentence.json], [400, { message: 'The limit is too large.' }]);
    const bug = await fixture.send('/_local-lambda/bug', { headers: authorised });
    assert.deepEqual([bug.status, bug.json], [500, { message: 'Local Lambda failed to answer; its log has the error.' }]);
    assert.ok(fixture.logger.entries.some(({ level, error }) => level === 'error' && error instanceof TypeError));
  });
});
