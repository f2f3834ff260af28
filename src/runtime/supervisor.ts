/**
 * The supervisor process: parent of every function process. It spawns, relays raw output, kills on request, and ends
 * them all when its pipe to the engine closes, however the engine went. Being small it also forks quickly and keeps the
 * engine's event loop free. It speaks frames (channel.ts) on stdin and stdout.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { FrameReader, FrameType, bytesFrame, jsonFrame } from './channel.ts';
import { groupedSpawnOptions, killTree, killTrees, markOf, type ProcessTree } from './process-tree.ts';

export interface SpawnRequest {
  id: number;
  command: string;
  arguments: readonly string[];
  cwd: string;
  environment: Record<string, string>;
}

interface Child extends ProcessTree {
  process: ChildProcess;
  /** Changes whenever output arrives, so that `sync` knows when the pipes are drained. */
  outputs: number;
}

const children = new Map<number, Child>();
let blocked = false;

function send(frame: Buffer): void {
  if (process.stdout.write(frame) || blocked) return;
  // The engine reads slower than the functions print: let their pipes fill until it has caught up.
  blocked = true;
  for (const { process: child } of children.values()) {
    child.stdout?.pause();
    child.stderr?.pause();
  }
  process.stdout.once('drain', () => {
    blocked = false;
    for (const { process: child } of children.values()) {
      child.stdout?.resume();
      child.stderr?.resume();
    }
  });
}

function start(request: SpawnRequest): void {
  let child: ChildProcess;
  try {
    child = spawn(request.command, [...request.arguments], {
      cwd: request.cwd,
      env: request.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...groupedSpawnOptions,
    });
  } catch (error) {
    failed(request.id, error as NodeJS.ErrnoException);
    return;
  }
  child.once('error', (error) => {
    if (child.pid === undefined) failed(request.id, error);
  });
  if (child.pid === undefined) return;
  const entry: Child = { process: child, pid: child.pid, mark: markOf(request.environment), outputs: 0 };
  children.set(request.id, entry);
  send(jsonFrame(FrameType.spawned, { id: request.id, pid: child.pid }));
  relay(request.id, entry, 1);
  relay(request.id, entry, 2);
  child.once('exit', (code, signal) => {
    // What the function started goes with it, as the sandbox would.
    killTree(entry);
    // Output that is already in the pipes is read before the engine hears of the end.
    drained(entry, () => {
      children.delete(request.id);
      send(jsonFrame(FrameType.exited, { id: request.id, code, signal }));
    });
  });
}

function failed(id: number, error: NodeJS.ErrnoException): void {
  send(jsonFrame(FrameType.spawnFailed, { id, code: error.code ?? '', message: error.message }));
}

function relay(id: number, entry: Child, stream: 1 | 2): void {
  const source = stream === 1 ? entry.process.stdout : entry.process.stderr;
  source?.on('data', (chunk: Buffer) => {
    entry.outputs += 1;
    const body = Buffer.allocUnsafe(5 + chunk.length);
    body.writeUInt32BE(id, 0);
    body[4] = stream;
    chunk.copy(body, 5);
    send(bytesFrame(FrameType.output, body));
  });
  source?.on('error', () => {});
  if (blocked) source?.pause();
}

/** Calls back once whole turns of the event loop have passed in which no output arrived. */
function drained(entry: Child, done: () => void): void {
  let seen = entry.outputs;
  let quiet = 0;
  const look = () => {
    if (!blocked && entry.outputs === seen) quiet += 1;
    else quiet = 0;
    seen = entry.outputs;
    if (quiet >= 3) done();
    else setImmediate(look);
  };
  setImmediate(look);
}

function endAll(): void {
  killTrees([...children.values()]);
  process.exit(0);
}

/**
 * Functions inherit the scheduling policy SCHED_BATCH: they have their full share of the processors, but one that wakes up
 * does not interrupt what runs, be it the engine, the editor or whoever called. With many callers at once that spares most
 * of the switches between processes. Where there is no `chrt`, nothing changes.
 */
function letOthersFinish(): void {
  if (process.platform === 'linux') spawnSync('chrt', ['-b', '-p', '0', String(process.pid)], { stdio: 'ignore' });
}

letOthersFinish();
const reader = new FrameReader((type, body) => {
  if (type === FrameType.spawn) {
    start(JSON.parse(body.toString()) as SpawnRequest);
  } else if (type === FrameType.kill) {
    const entry = children.get(body.readUInt32BE(0));
    if (entry) killTree(entry);
  } else if (type === FrameType.sync) {
    const id = body.readUInt32BE(0);
    const entry = children.get(id);
    const answer = () => send(bytesFrame(FrameType.synced, body.subarray(0, 8)));
    if (entry) drained(entry, answer);
    else answer();
  }
});
process.stdin.on('data', (chunk: Buffer) => reader.push(chunk));
process.stdin.once('end', endAll);
process.stdin.once('close', endAll);
process.stdin.once('error', endAll);
process.stdout.once('error', endAll);
// Ctrl+C in a terminal reaches the whole foreground group: the engine decides when to stop.
for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});
process.once('SIGTERM', endAll);
