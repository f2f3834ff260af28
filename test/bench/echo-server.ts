/**
 * The bare HTTP floor: parses nothing, answers with the body it got. Runs as its own process. With the argument `child` the
 * body makes a round trip to a child process first, over a bare socket.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createSocketServer, type AddressInfo, type Socket } from 'node:net';

const viaChild = process.argv[2] === 'child' ? await throughChild() : undefined;
const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const body = Buffer.concat(chunks);
    const answer = (echoed: Buffer) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': echoed.length });
      response.end(echoed);
    };
    if (viaChild === undefined) answer(body);
    else void viaChild(body).then(answer);
  });
});
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.once('disconnect', () => process.exit(0));

/** One call at a time. The child ends with its socket. */
async function throughChild(): Promise<(body: Buffer) => Promise<Buffer>> {
  const listener = createSocketServer({ noDelay: true });
  listener.listen(process.platform === 'win32' ? { port: 0, host: '127.0.0.1' } : { path: join(tmpdir(), `local-lambda-floor-${process.pid}.sock`) });
  await once(listener, 'listening');
  const address = listener.address();
  const target = JSON.stringify(typeof address === 'string' ? address : (address as AddressInfo).port);
  const source = `const s = require('node:net').connect(${target}).on('data', (d) => s.write(d)).on('close', () => process.exit(0));`;
  spawn(process.execPath, ['-e', source], { stdio: 'ignore' });
  const [socket] = await once(listener, 'connection') as [Socket];
  listener.close();
  return (body) => new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const take = (chunk: Buffer) => {
      chunks.push(chunk);
      length += chunk.length;
      if (length < body.length) return;
      socket.off('data', take);
      resolve(Buffer.concat(chunks));
    };
    socket.on('data', take);
    socket.write(body);
  });
}
