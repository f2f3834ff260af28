import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect, createServer } from 'node:net';
import { gzipSync } from 'node:zlib';
import { UserError } from '../../../src/contracts/faults.ts';
import { Fixture } from './fixtures.ts';

const invocations = '/2015-03-31/functions/greet/invocations';

describe('Endpoint', function () {
  this.timeout(20_000);

  let fixture: Fixture;
  beforeEach(async () => { fixture = await Fixture.start(); });
  afterEach(() => fixture.stop());

  describe('listening', () => {
    it('names the port that is in use, and can listen elsewhere afterwards', async () => {
      const other = createServer().listen(0, '127.0.0.1');
      await once(other, 'listening');
      const { port } = other.address() as { port: number };
      const second = new Fixture();
      await assert.rejects(second.endpoint.listen(port), (error) => error instanceof UserError && error.message.includes(String(port)));
      assert.ok(await second.endpoint.listen(0) > 0);
      await second.stop();
      other.close();
    });

    it('refuses a port that is none with one sentence', async () => {
      await assert.rejects(new Fixture().endpoint.listen(70_000), (error) => error instanceof UserError && error.message.startsWith('Port 70000'));
    });

    it('drops idle sockets at once when it closes, those that never sent anything too', async () => {
      const silent = connect(fixture.port, '127.0.0.1');
      silent.on('error', () => {});
      await once(silent, 'connect');
      await fixture.invoke();
      const patient = await Fixture.start({ limits: { closeGrace: 60_000 } });
      const quiet = connect(patient.port, '127.0.0.1').on('error', () => {});
      await once(quiet, 'connect');
      await patient.invoke();
      await patient.endpoint.close();
      await fixture.endpoint.close();
      patient.agent.destroy();
    });

    it('lets a running request finish when it closes, and cuts off one that lasts too long', async () => {
      const running = await Fixture.start({ limits: { closeGrace: 60_000 } });
      let finish = () => {};
      const entered = new Promise<void>((resolve) => {
        running.lambda.onInvoke = () => new Promise((answer) => {
          finish = () => answer({ statusCode: 200, payload: Buffer.from('"late"'), requestId: 'r' });
          resolve();
        });
      });
      const reply = running.invoke();
      await entered;
      const closed = running.endpoint.close();
      finish();
      assert.equal((await reply).text, '"late"');
      assert.equal((await reply).headers.connection, 'close');
      await closed;

      const stuck = await Fixture.start({ limits: { closeGrace: 1 } });
      const inside = new Promise<void>((resolve) => { stuck.lambda.onInvoke = () => { resolve(); return new Promise(() => {}); }; });
      const cut = assert.rejects(stuck.invoke(), { code: 'ECONNRESET' });
      await inside;
      await stuck.endpoint.close();
      await cut;
    });
  });

  describe('callers', () => {
    for (const host of ['127.0.0.1', '127.0.0.1:4566', 'localhost', 'LOCALHOST:1', '[::1]:80', 'lambda.us-east-1.localhost:4566']) {
      it(`answers to the host ${host}`, async () => {
        assert.equal((await fixture.invoke('{}', { host })).status, 200);
      });
    }
    for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', 'evil.example:80', '127.0.0.2', 'notlocalhost', 'localhost:', '127.0.0.1@evil.example']) {
      it(`refuses the host ${host} before anything else`, async () => {
        const reply = await fixture.invoke('{}', { host });
        assert.equal(reply.status, 403);
        assert.equal(reply.headers['x-amzn-errortype'], 'AccessDeniedException');
        assert.equal((await fixture.send('/_local-lambda/health', { headers: { host } })).status, 403);
        assert.equal(fixture.lambda.invocations.length, 0);
      });
    }
    it('refuses any Origin, its own too', async () => {
      for (const origin of ['https://evil.example', 'null', `http://127.0.0.1:${fixture.port}`, '']) {
        assert.equal((await fixture.invoke('{}', { origin })).status, 403, origin);
      }
      assert.equal((await fixture.send(invocations, { method: 'OPTIONS', headers: { origin: 'https://evil.example' } })).status, 403);
      assert.equal(fixture.lambda.invocations.length, 0);
    });
    it('finds an Origin behind thousands of other headers', async () => {
      const many = Object.fromEntries(Array.from({ length: 3000 }, (_, index) => [`x-${index}`, 'a']));
      assert.equal((await fixture.invoke('{}', { ...many, origin: 'https://evil.example' })).status, 403);
    });
    it('refuses HTTP/1.0 without a host', async () => {
      assert.match(await fixture.raw('GET / HTTP/1.0\r\n\r\n'), /^HTTP\/1\.1 403 /);
    });
    it('wants a path, not an absolute target', async () => {
      assert.match(await fixture.raw(`GET http://evil.example/ HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`), /^HTTP\/1\.1 400 /);
    });
  });

  describe('bodies', () => {
    const tooLarge = { Type: 'User', message: 'Request must be smaller than 6291456 bytes for the InvokeFunction operation' };

    it('takes chunked and gzip bodies', async () => {
      const payload = JSON.stringify({ text: 'x'.repeat(100_000) });
      assert.equal((await fixture.invoke(gzipSync(payload), { 'content-encoding': 'gzip' })).text, payload);
      const chunked = await new Promise<string>((resolve, reject) => {
        const outgoing = request({ host: '127.0.0.1', port: fixture.port, path: invocations, method: 'POST', agent: fixture.agent }, (incoming) => {
          let text = '';
          incoming.on('data', (chunk) => { text += String(chunk); }).on('end', () => resolve(text));
        });
        outgoing.on('error', reject);
        outgoing.write('{"a":');
        outgoing.write('1');
        outgoing.end('}');
      });
      assert.equal(chunked, '{"a":1}');
    });

    it('takes aws-chunked bodies with trailing checksums', async () => {
      const body = '5\r\n{"a":\r\n2;chunk-signature=00\r\n1}\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n';
      const reply = await fixture.invoke(body, {
        'content-encoding': 'aws-chunked', 'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
        'x-amz-decoded-content-length': '7', 'x-amz-trailer': 'x-amz-checksum-crc32',
      });
      assert.equal(reply.text, '{"a":1}');
    });

    it('answers broken aws-chunked, broken gzip and unknown codings by name', async () => {
      for (const body of ['', '5', 'zz\r\n', '5\r\nab\r\n', '2\r\nabcd\r\n0\r\n\r\n', 'ffffffff\r\nab\r\n']) {
        const reply = await fixture.invoke(body, { 'content-encoding': 'aws-chunked' });
        assert.deepEqual([reply.status, reply.headers['x-amzn-errortype']], [400, 'InvalidRequestContentException'], body);
      }
      const gzip = await fixture.invoke('not gzip', { 'content-encoding': 'gzip' });
      assert.deepEqual([gzip.status, gzip.headers['x-amzn-errortype']], [400, 'InvalidRequestContentException']);
      const brotli = await fixture.invoke('{}', { 'content-encoding': 'br' });
      assert.deepEqual([brotli.status, brotli.headers['x-amzn-errortype']], [415, 'UnsupportedMediaTypeException']);
      assert.equal(fixture.lambda.invocations.length, 0);
    });

    it('leaves payloads a little over 6 MB to the service, which knows the exact text', async () => {
      assert.equal((await fixture.invoke(Buffer.alloc(6_291_457, 32))).status, 200);
      assert.equal(fixture.lambda.invocations[0]?.payload.length, 6_291_457);
    });

    it('answers 413 to a larger body, announced or not, and keeps the connection', async () => {
      const announced = await fixture.invoke(Buffer.alloc(8_000_000));
      assert.deepEqual([announced.status, announced.headers['x-amzn-errortype'], announced.json], [413, 'RequestTooLargeException', tooLarge]);
      const chunked = await fixture.invoke(Buffer.alloc(8_000_000), { 'transfer-encoding': 'chunked', 'content-length': [] as unknown as string });
      assert.deepEqual([chunked.status, chunked.json], [413, tooLarge]);
      assert.equal((await fixture.invoke()).status, 200);
      assert.equal(fixture.lambda.invocations.length, 1);
    });

    it('answers 413 while the client is still sending', async () => {
      const outgoing = request({ host: '127.0.0.1', port: fixture.port, path: invocations, method: 'POST', headers: { 'content-length': 50_000_000 } });
      outgoing.on('error', () => {});
      outgoing.write(Buffer.alloc(7_000_000));
      const [incoming] = await once(outgoing, 'response') as [{ statusCode: number; resume(): void }];
      assert.equal(incoming.statusCode, 413);
      outgoing.destroy();
    });

    it('answers 413 to a small body that unpacks to a large one', async () => {
      const bomb = await fixture.invoke(gzipSync(Buffer.alloc(20_000_000)), { 'content-encoding': 'gzip' });
      assert.deepEqual([bomb.status, bomb.json], [413, tooLarge]);
    });

    it('takes 50 MB zips in base64, and says how much is too much', async () => {
      const body = (bytes: number) => `{"ZipFile":"${'A'.repeat(bytes)}"}`;
      const path = '/2015-03-31/functions/greet/code';
      assert.equal((await fixture.send(path, { method: 'PUT', body: body(69_900_000) })).status, 200);
      assert.equal((fixture.lambda.calls[0]?.input.ZipFile as string).length, 69_900_000);
      const refused = await fixture.send(path, { method: 'PUT', body: body(70_200_000) });
      assert.equal(refused.status, 413);
      assert.equal(refused.headers['x-amzn-errortype'], 'RequestEntityTooLargeException');
      assert.deepEqual(refused.json, { Type: 'User', Message: 'Request must be smaller than 70167211 bytes for the UpdateFunctionCode operation' });
    });

    it('tells a client that expects 100 Continue to go on', async () => {
      const outgoing = request({ host: '127.0.0.1', port: fixture.port, path: invocations, method: 'POST', headers: { expect: '100-continue', 'content-length': 2 } });
      outgoing.flushHeaders();
      await once(outgoing, 'continue');
      outgoing.end('{}');
      const [incoming] = await once(outgoing, 'response') as [{ statusCode: number; headers: Record<string, string>; resume(): void }];
      assert.equal(incoming.statusCode, 200);
      assert.equal(incoming.headers.connection, 'keep-alive');
      incoming.resume();
    });

    it('refuses a client that expects 100 Continue with too much before it sends, and closes', async () => {
      const answer = await fixture.raw(`POST ${invocations} HTTP/1.1\r\nHost: 127.0.0.1\r\nExpect: 100-continue\r\nContent-Length: 99000000\r\n\r\n`);
      assert.match(answer, /^HTTP\/1\.1 413 /);
      assert.match(answer, /\r\nConnection: close\r\n/i);
    });
  });

  describe('broken and slow clients', () => {
    it('survives what is not HTTP', async () => {
      const lines = [
        'not http\r\n\r\n', '\u0016\u0003\u0001\u0002\u0000', 'GET\r\n\r\n', 'POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\n\r\n',
        `POST ${invocations} HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`,
        `POST ${invocations} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
        'GET / HTTP/1.1\r\n\r\n',
      ];
      for (const line of lines) assert.match(await fixture.raw(line), /^HTTP\/1\.1 400 /, line);
      await fixture.raw('CONNECT 127.0.0.1:80 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
      assert.equal((await fixture.invoke()).status, 200);
      assert.equal(fixture.lambda.invocations.length, 1);
    });

    it('bounds the request line and headers', async () => {
      const small = await Fixture.start({ limits: { headerBytes: 16_384 } });
      const answer = await small.raw(`GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: ${'a'.repeat(20_000)}\r\n\r\n`);
      assert.match(answer, /^HTTP\/1\.1 431 /);
      await small.stop();
    });

    it('gives up on headers and bodies that never end', async () => {
      const impatient = await Fixture.start({ limits: { headersTimeout: 50, requestTimeout: 100 } });
      assert.match(await impatient.raw('GET / HTTP/1.1\r\nHost:'), /^HTTP\/1\.1 408 /);
      assert.match(await impatient.raw(`POST ${invocations} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 10\r\n\r\n{`), /^HTTP\/1\.1 408 /);
      assert.equal(impatient.lambda.invocations.length, 0);
      await impatient.stop();
    });

    it('bounds the number of connections', async () => {
      const few = await Fixture.start({ limits: { connections: 2 } });
      const held = [1, 2].map(() => connect(few.port, '127.0.0.1').on('error', () => {}));
      await Promise.all(held.map((socket) => once(socket, 'connect')));
      assert.equal(await few.raw('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'), '');
      assert.ok(few.logger.entries.some(({ level, message }) => level === 'warn' && message.includes('2 connections')));
      await few.stop();
    });

    it('lets the function go on when the caller goes away', async () => {
      let finish = () => {};
      const finished = new Promise<void>((resolve) => {
        fixture.lambda.onInvoke = () => new Promise((answer) => {
          finish = () => { answer({ statusCode: 200, payload: Buffer.from('1'), requestId: 'r' }); resolve(); };
        });
      });
      const outgoing = request({ host: '127.0.0.1', port: fixture.port, path: invocations, method: 'POST' });
      const gone = new Promise((resolve) => { outgoing.once('close', resolve); });
      outgoing.on('error', () => {});
      outgoing.end('{}');
      while (fixture.lambda.invocations.length === 0) await new Promise(setImmediate);
      outgoing.destroy();
      await gone;
      finish();
      await finished;
      fixture.lambda.onInvoke = ({ payload }) => ({ statusCode: 200, payload, requestId: 'r' });
      assert.equal((await fixture.invoke('2')).text, '2');
      assert.deepEqual(fixture.logger.entries, []);
    });

    it('invokes nothing for a caller that goes away while sending', async () => {
      const socket = connect(fixture.port, '127.0.0.1');
      socket.write(`POST ${invocations} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 10\r\n\r\n{`);
      await once(socket, 'connect');
      socket.destroy();
      await once(socket, 'close');
      assert.equal((await fixture.invoke()).status, 200);
      assert.equal(fixture.lambda.invocations.length, 1);
      assert.deepEqual(fixture.logger.entries, []);
    });

    it('answers pipelined requests in order', async () => {
      const one = (body: string) => `POST ${invocations} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: ${body.length}\r\n`;
      const answer = await fixture.raw(`${one('"a"')}\r\n"a"${one('"b"')}Connection: close\r\n\r\n"b"`);
      assert.match(answer, /"a"HTTP\/1\.1 200 [\s\S]*"b"$/);
    });
  });
});
