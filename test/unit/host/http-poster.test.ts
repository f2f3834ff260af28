import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { LoopbackPoster } from '../../../src/host/http-poster.ts';
import { selfSignedCertificate } from '../../../src/resources/sns/certificate.ts';

describe('posts to HTTP endpoints', () => {
  const servers: Server[] = [];
  const seen: { headers: IncomingHttpHeaders; body: string; url: string }[] = [];
  afterEach(() => {
    seen.length = 0;
    for (const server of servers.splice(0)) {
      server.close();
      server.closeAllConnections();
    }
  });

  async function listen(server: Server): Promise<number> {
    servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }

  const answering = (status: number, body = ''): RequestListener => (request, response) => {
    let text = '';
    request.on('data', (chunk) => { text += String(chunk); });
    request.on('end', () => {
      seen.push({ headers: request.headers, body: text, url: request.url ?? '' });
      response.writeHead(status, status === 302 ? { location: 'http://127.0.0.1:1/' } : {}).end(body);
    });
  };

  it('sends body and headers as AWS\'s agent does, and tells the status, without following redirects', async () => {
    const port = await listen(createServer(answering(302, 'x'.repeat(100_000))));
    const outcome = await new LoopbackPoster().post(`http://127.0.0.1:${port}/hook?a=1`, { 'x-amz-sns-message-type': 'Notification', 'Content-Type': 'text/csv' }, 'größe');
    assert.deepEqual(outcome, { status: 302 });
    const [{ headers, body, url }] = seen as [(typeof seen)[number]];
    assert.deepEqual([body, url], ['größe', '/hook?a=1']);
    assert.deepEqual(
      ['x-amz-sns-message-type', 'content-type', 'content-length', 'user-agent', 'accept-encoding', 'host'].map((name) => headers[name]),
      ['Notification', 'text/csv', '7', 'Amazon Simple Notification Service Agent', 'gzip,deflate', `127.0.0.1:${port}`],
    );
  });

  it('reaches localhost by name', async () => {
    const port = await listen(createServer(answering(204)));
    assert.deepEqual(await new LoopbackPoster().post(`http://localhost:${port}/`, {}, 'x'), { status: 204 });
  });

  it('takes any certificate of this machine', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const cert = selfSignedCertificate(createPublicKey(privateKey), privateKey, 'localhost', Date.now());
    const port = await listen(createSecureServer({ key: privateKey.export({ type: 'pkcs8', format: 'pem' }), cert }, answering(200)) as unknown as Server);
    assert.deepEqual(await new LoopbackPoster().post(`https://127.0.0.1:${port}/`, {}, 'x'), { status: 200 });
  });

  it('says why there is no answer: nobody listens, or nothing comes in time', async () => {
    const port = await listen(createServer(() => {}));
    assert.deepEqual(await new LoopbackPoster(50).post(`http://127.0.0.1:${port}/`, {}, 'x'), { failure: 'no answer within 0.05 seconds' });
    const closed = servers.pop() as Server;
    closed.closeAllConnections();
    await new Promise((resolve) => { closed.close(resolve); });
    const refused = await new LoopbackPoster().post(`http://127.0.0.1:${port}/`, {}, 'x');
    assert.match('failure' in refused ? refused.failure : '', /ECONNREFUSED/);
  });

  it('connects to no other machine, neither by address nor by name', async () => {
    for (const host of ['192.0.2.1', '[2001:db8::1]', '169.254.169.254', '0.0.0.0']) {
      const outcome = await new LoopbackPoster(1000).post(`http://${host}:9/`, {}, 'x');
      assert.match('failure' in outcome ? outcome.failure : '', /is not this machine/, host);
    }
  });
});
