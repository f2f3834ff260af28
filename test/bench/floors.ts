/** What this machine can do at best, measured in the same run as the figures beside it. */
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export type Post = (path: string, headers: Record<string, string>, body: Buffer) => Promise<{ status: number; body: Buffer }>;

/** A keep-alive client as lean as `node:http` allows, so that the server is what is measured. */
export function poster(port: number, sockets = 1): { post: Post; close: () => void } {
  const agent = new Agent({ keepAlive: true, maxSockets: sockets });
  const post: Post = (path, headers, body) => new Promise((resolve, reject) => {
    const outgoing = request(
      { host: '127.0.0.1', port, path, method: 'POST', agent, headers: { 'content-length': body.length, ...headers } },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, body: Buffer.concat(chunks) }));
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
  return { post, close: () => agent.destroy() };
}

export interface EchoServer {
  port: number;
  stop: () => Promise<void>;
}

/** @param children The answer comes from one of so many children of the server, as an invocation's must; 0: from itself. */
export async function startEcho(children = 0): Promise<EchoServer> {
  const server = fork(fileURLToPath(new URL('./echo-server.ts', import.meta.url)), [String(children)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const [port] = await once(server, 'message') as [number];
  return { port, stop: () => end(server) };
}

/** Round trip of `payload` to a child process and back over Node's own IPC. */
export async function childEcho(payload: string): Promise<{ call: () => Promise<void>; stop: () => Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'local-lambda-floor-'));
  const file = join(folder, 'floor.cjs');
  writeFileSync(file, "process.on('message', (message) => process.send(message)); process.send('ready');");
  const child = fork(file, { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  await once(child, 'message');
  return {
    call: () => new Promise<void>((resolve) => {
      child.once('message', () => resolve());
      child.send(payload);
    }),
    async stop() {
      await end(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Milliseconds from fork to the first message of a Node child that does nothing else. */
export async function forkToFirstMessage(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'local-lambda-floor-'));
  try {
    const file = join(folder, 'floor.cjs');
    writeFileSync(file, "process.send('ready');");
    const started = performance.now();
    const child = fork(file, { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    await once(child, 'message');
    const time = performance.now() - started;
    await end(child);
    return time;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Milliseconds from spawn to exit. */
export async function spawnToExit(command: string, parameters: string[]): Promise<number> {
  const started = performance.now();
  const child = spawn(command, parameters, { stdio: 'ignore' });
  await once(child, 'exit');
  return performance.now() - started;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}
