/** HTTP/2 on the endpoint's port: who may ask, bounds and time-outs as for HTTP/1.1, and HTTP/1.1 untouched beside it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, constants, type ClientHttp2Session, type OutgoingHttpHeaders } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { SignatureV4 } from '@smithy/signature-v4';
import { credentials, Fixture, Sha256 } from './fixtures.ts';

const invokePath = '/2015-03-31/functions/f/invocations';

interface Got {
  status: number;
  headers: Record<string, unknown>;
  body: string;
}

function ask(session: ClientHttp2Session, headers: OutgoingHttpHeaders, body?: string): Promise<Got> {
  return new Promise((resolve, reject) => {
    const stream = session.request(headers, { endStream: body === undefined });
    let got: Got | undefined;
    let text = '';
    stream.on('response', (head) => { got = { status: Number(head[':status']), headers: head, body: '' }; });
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => { text += chunk; });
    stream.on('error', reject);
    stream.on('close', () => {
      if (got) resolve({ ...got, body: text });
      else reject(new Error(`closed with ${stream.rstCode}`));
    });
    if (body !== undefined) stream.end(body);
  });
}

describe('HTTP/2 without TLS, on the port that speaks HTTP/1.1', () => {
  let fixture: Fixture;
  const sessions: ClientHttp2Session[] = [];
  const open = (): ClientHttp2Session => {
    const session = connect(`http://127.0.0.1:${fixture.port}`);
    session.on('error', () => {});
    sessions.push(session);
    return session;
  };
  const start = async (...options: Parameters<typeof Fixture.start>): Promise<void> => { fixture = await Fixture.start(...options); };
  afterEach(async () => {
    for (const session of sessions.splice(0)) session.destroy();
    await fixture.stop();
  });

  it('answers both protocols side by side, the body of each intact', async () => {
    await start();
    const session = open();
    const [two, one] = await Promise.all([
      ask(session, { ':method': 'POST', ':path': invokePath }, '{"over":2}'),
      fixture.send(invokePath, { method: 'POST', body: '{"over":1}' }),
    ]);
    assert.deepEqual([two.status, two.body, one.status, one.text], [200, '{"over":2}', 200, '{"over":1}']);
    assert.equal(two.headers['content-length'], '10');
  });

  it('a preface that comes byte by byte is still HTTP/2, a request line that does is still HTTP/1.1', async () => {
    await start();
    const slowly = async (text: string): Promise<Buffer> => {
      const socket = connectTcp(fixture.port, '127.0.0.1').setNoDelay(true);
      await once(socket, 'connect');
      const received = once(socket, 'data') as Promise<[Buffer]>;
      for (const letter of text.slice(0, 4)) {
        socket.write(letter);
        await delay(5);
      }
      socket.write(text.slice(4));
      const [data] = await received;
      socket.destroy();
      return data;
    };
    const frame = await slowly('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0');
    assert.equal(frame[3], 4, 'the first frame of a server is SETTINGS');
    assert.match((await slowly(`PUT / HTTP/1.1\r\nHost: 127.0.0.1:${fixture.port}\r\n\r\n`)).toString(), /^HTTP\/1\.1 4/);
  });

  it('refuses a foreign :authority, a Host that differs from it, and any Origin', async () => {
    await start();
    const session = open();
    const request = { ':method': 'GET', ':path': '/2015-03-31/functions' };
    assert.equal((await ask(session, { ...request, ':authority': 'evil.example' })).status, 403);
    assert.equal((await ask(session, { ...request, ':authority': '127.0.0.1', host: 'evil.example' })).status, 403);
    assert.equal((await ask(session, { ...request, origin: 'http://evil.example' })).status, 403);
    assert.equal((await ask(session, request)).status, 200);
  });

  for (const signed of [':authority', 'host']) {
    it(`the signature covers ${signed}`, async () => {
      await start({ requireSignatures: () => true });
      const session = open();
      const authority = `127.0.0.1:${fixture.port}`;
      const signer = new SignatureV4({ service: 'lambda', region: 'us-east-1', credentials, sha256: Sha256 });
      const { headers } = await signer.sign({
        method: 'POST', protocol: 'http:', hostname: '127.0.0.1', port: fixture.port, path: invokePath, query: {}, body: '{}', headers: { [signed]: authority },
      });
      const { host: _, ...others } = headers;
      const request = { ...others, ':method': 'POST', ':path': invokePath, ':authority': authority };
      assert.equal((await ask(session, request, '{}')).status, 200);
      assert.equal((await ask(session, request, '{"other":1}')).status, 403);
      assert.equal((await ask(session, { ...request, ':authority': `localhost:${fixture.port}` }, '{}')).status, 403);
    });
  }

  it('a body larger than the operation takes is refused, the session goes on', async () => {
    await start();
    const session = open();
    const large = await ask(session, { ':method': 'POST', ':path': invokePath }, 'x'.repeat(12_000_000));
    assert.equal(large.status, 413);
    assert.equal((await ask(session, { ':method': 'POST', ':path': invokePath }, '1')).status, 200);
  });

  it('headers above the bound end the request, not the endpoint', async () => {
    await start({ limits: { headerBytes: 2048 } });
    const session = open();
    const long = { ':method': 'GET', ':path': '/', 'x-long': 'x'.repeat(4096) };
    // Before the client has agreed to the bound it gets an answer, afterwards its request is reset.
    assert.equal((await ask(session, long)).status, 431);
    await assert.rejects(ask(session, long));
    assert.equal((await ask(open(), { ':method': 'GET', ':path': '/2015-03-31/functions' })).status, 200);
  });

  it('a body that does not come ends its request', async () => {
    await start({ limits: { headersTimeout: 50, requestTimeout: 50 } });
    const stream = open().request({ ':method': 'POST', ':path': invokePath }, { endStream: false });
    stream.on('error', () => {});
    stream.write('{');
    await once(stream, 'close');
    assert.equal(stream.rstCode, constants.NGHTTP2_CANCEL);
  });

  it('a function that runs longer than a request may take to arrive is waited for', async () => {
    await start({ limits: { headersTimeout: 50, requestTimeout: 50 } });
    const plain = fixture.lambda.onInvoke;
    fixture.lambda.onInvoke = async (input) => {
      await delay(120);
      return plain(input);
    };
    assert.equal((await ask(open(), { ':method': 'POST', ':path': invokePath }, '1')).status, 200);
  });

  it('a connection that never asks is closed, whether or not it sent a preface', async () => {
    await start({ limits: { headersTimeout: 50 } });
    const session = open();
    const silent = connectTcp(fixture.port, '127.0.0.1');
    silent.on('error', () => {});
    silent.resume();
    await Promise.all([once(session, 'close'), once(silent, 'close')]);
  });

  it('more open requests than the bound are refused', async () => {
    await start({ limits: { connections: 3 } });
    const answers: (() => void)[] = [];
    const plain = fixture.lambda.onInvoke;
    fixture.lambda.onInvoke = async (input) => {
      await new Promise<void>((resolve) => { answers.push(resolve); });
      return plain(input);
    };
    const session = open();
    const running = Array.from({ length: 3 }, () => ask(session, { ':method': 'POST', ':path': invokePath }, '1'));
    await assert.rejects(ask(session, { ':method': 'POST', ':path': invokePath }, '1'), /REFUSED_STREAM|closed with 7/);
    for (const answer of answers) answer();
    assert.deepEqual((await Promise.all(running)).map(({ status }) => status), [200, 200, 200]);
  });

  it('closing the endpoint answers what runs and ends idle connections', async () => {
    await start();
    let finish: (() => void) | undefined;
    const plain = fixture.lambda.onInvoke;
    const begun = new Promise<void>((resolve) => {
      fixture.lambda.onInvoke = async (input) => {
        resolve();
        await new Promise<void>((go) => { finish = go; });
        return plain(input);
      };
    });
    const [busy, idle] = [open(), open()];
    await ask(idle, { ':method': 'GET', ':path': '/2015-03-31/functions' });
    const running = ask(busy, { ':method': 'POST', ':path': invokePath }, '1');
    await begun;
    const ended = once(idle, 'close');
    const closed = fixture.endpoint.close();
    await ended;
    finish?.();
    assert.equal((await running).status, 200);
    await closed;
  });

  it('a client that goes away in the middle of its body leaves nothing behind', async () => {
    await start();
    const session = open();
    const stream = session.request({ ':method': 'POST', ':path': invokePath }, { endStream: false });
    stream.on('error', () => {});
    stream.write('{"half');
    await delay(20);
    session.destroy();
    assert.equal((await ask(open(), { ':method': 'POST', ':path': invokePath }, '1')).status, 200);
    assert.deepEqual(fixture.logger.entries.filter(({ level }) => level === 'error'), []);
  });
});
