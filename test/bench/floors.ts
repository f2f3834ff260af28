/** What this machine can do at best, measured in the same run as the figures beside it. */
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { distribution, sequential, type Distribution } from './measure.ts';

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

export async function startEcho(): Promise<{ port: number; stop: () => Promise<void> }> {
  const child = fork(fileURLToPath(new URL('./echo-server.ts', import.meta.url)), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const [port] = await once(child, 'message') as [number];
  return { port, stop: () => end(child) };
}

/** Round trip of `payload` to a child process and back over Node's own IPC. */
export async function childRoundTrip(payload: string, count: number): Promise<Distribution> {
  return withScript("process.on('message', (message) => process.send(message)); process.send('ready');", async (file) => {
    const child = fork(file, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    await once(child, 'message');
    const result = await sequential(count, Math.ceil(count / 5), () => new Promise<void>((resolve) => {
      child.once('message', () => resolve());
      child.send(payload);
    }));
    await end(child);
    return result;
  });
}

/** From fork to the first message of a Node child that does nothing else. */
export async function forkToFirstMessage(nodeBinary: string, runs: number): Promise<Distribution> {
  return withScript("process.send('ready');", async (file) => {
    const times: number[] = [];
    for (let run = 0; run < runs; run++) {
      const started = performance.now();
      const child = fork(file, { execPath: nodeBinary, execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
      await once(child, 'message');
      times.push(performance.now() - started);
      await end(child);
    }
    return distribution(times);
  });
}

/** From spawn to exit. */
export async function spawnToExit(command: string, parameters: string[], runs: number): Promise<Distribution> {
  const times: number[] = [];
  for (let run = 0; run < runs; run++) {
    const started = performance.now();
    const child = spawn(command, parameters, { stdio: 'ignore' });
    await once(child, 'exit');
    times.push(performance.now() - started);
  }
  return distribution(times);
}

async function withScript<R>(source: string, use: (file: string) => Promise<R>): Promise<R> {
  const folder = mkdtempSync(join(tmpdir(), 'local-lambda-floor-'));
  try {
    const file = join(folder, 'floor.cjs');
    writeFileSync(file, source);
    return await use(file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}
