/**
 * The bare HTTP floor: parses nothing, answers with the body it got. Runs as its own process. With a number as
 * its argument, the body makes a round trip first to one of so many child processes, over a bare socket.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createSocketServer, type AddressInfo, type Socket } from 'node:net';

const children = Number(process.argv[2] ?? 0);
const viaChild = children > 0 ? await throughChildren(children) : undefined;
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
    else viaChild(body, answer);
  });
});
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.once('disconnect', () => process.exit(0));

interface Call {
  body: Buffer;
  answer: (echoed: Buffer) => void;
}

/** A child has one call at a time, as an environment has; further calls wait in order. Children end with their sockets. */
async function throughChildren(count: number): Promise<(body: Buffer, answer: (echoed: Buffer) => void) => void> {
  const listener = createSocketServer({ noDelay: true });
  listener.listen(process.platform === 'win32' ? { port: 0, host: '127.0.0.1' } : { path: join(tmpdir(), `local-lambda-floor-${process.pid}.sock`) });
  await once(listener, 'listening');
  const address = listener.address();
  const target = JSON.stringify(typeof address === 'string' ? address : (address as AddressInfo).port);
  const source = `const s = require('node:net').connect(${target}).on('data', (d) => s.write(d)).on('close', () => process.exit(0));`;
  const idle: ((call: Call) => void)[] = [];
  const waiting: Call[] = [];
  for (let child = 0; child < count; child++) {
    spawn(process.execPath, ['-e', source], { stdio: 'ignore' });
    const [socket] = await once(listener, 'connection') as [Socket];
    idle.push(taker(socket, (take) => {
      const next = waiting.shift();
      if (next) take(next);
      else idle.push(take);
    }));
  }
  listener.close();
  return (body, answer) => {
    const take = idle.pop();
    if (take) take({ body, answer });
    else waiting.push({ body, answer });
  };
}

/** Sends a call to the child behind `socket`; `done` is called before its answer goes out, when the child can take the next one. */
function taker(socket: Socket, done: (take: (call: Call) => void) => void): (call: Call) => void {
  let current: Call | undefined;
  let chunks: Buffer[] = [];
  let length = 0;
  const take = (call: Call) => {
    current = call;
    socket.write(call.body);
  };
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    length += chunk.length;
    if (!current || length < current.body.length) return;
    const { answer } = current;
    const echoed = Buffer.concat(chunks);
    [current, chunks, length] = [undefined, [], 0];
    done(take);
    answer(echoed);
  });
  return take;
}
