/** Finds the engine of a workspace, or starts it, and speaks the first words with it. */
import { execFile, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { promisify } from 'node:util';
import { createMessageConnection, SocketMessageReader, SocketMessageWriter, type MessageConnection } from 'vscode-jsonrpc/node';
import { UserError } from '../contracts/faults.ts';
import type { EngineSettings } from '../contracts/settings.ts';
import { initialize, shutdownEngine, type EngineInfo } from '../protocol/engine.ts';
import { dataFiles, dataFolderFor } from './data-folder.ts';
import { readDiscovery, type Discovery } from './discovery.ts';

export interface JoinOptions {
  folders: readonly string[];
  settings: Partial<EngineSettings>;
  trusted: boolean;
  client: 'vscode' | 'cli';
  /** This project's version: an engine of another one is asked to leave. */
  version: string;
  /** Called with the connection before the first message, to register handlers. */
  prepare(connection: MessageConnection): void;
}

export interface ConnectOptions extends JoinOptions {
  /** Script of the engine process. */
  engineEntry: string;
  dataFolder?: string;
}

export interface JoinedEngine {
  connection: MessageConnection;
  info: EngineInfo;
}

export interface EngineConnection extends JoinedEngine {
  spawned: boolean;
}

/** An engine that is not up after this many milliseconds will not come. */
const startLimit = 15_000;
const pollInterval = 20;

/** @throws UserError when no engine could be reached or started; its message names the log file. */
export async function connectEngine(options: ConnectOptions): Promise<EngineConnection> {
  const dataFolder = options.dataFolder ?? dataFolderFor(options.folders);
  const files = dataFiles(dataFolder);
  const deadline = performance.now() + startLimit;
  let spawned = false;
  let ended: number | null | undefined;
  while (performance.now() < deadline) {
    const reached = await reach(dataFolder);
    if (reached) {
      const connected = await greet(reached, options);
      if (connected) return { ...connected, spawned };
    } else if (!spawned || ended === 0) {
      spawned = true;
      ended = undefined;
      await spawnEngine(options.engineEntry, dataFolder, (code) => { ended = code ?? 1; });
    } else if (ended !== undefined) {
      break;
    }
    await new Promise((resolve) => setTimeout(resolve, pollInterval));
  }
  const lastLine = tail(files.log);
  throw new UserError(`The engine could not be started${lastLine === '' ? '' : ` (${lastLine})`}: see ${files.log}.`);
}

/**
 * Joins the engine that runs on a data folder. Undefined when there is none, or when it was of another version and leaves: then
 * the folder is free in a moment.
 */
export async function joinEngine(dataFolder: string, options: JoinOptions): Promise<JoinedEngine | undefined> {
  const reached = await reach(dataFolder);
  return reached && greet(reached, options);
}

/** The running engine of a data folder, when one answers. */
export async function findEngine(dataFolder: string): Promise<Discovery | undefined> {
  const reached = await reach(dataFolder);
  reached?.socket.destroy();
  return reached?.discovery;
}

interface Reached {
  discovery: Discovery;
  socket: Socket;
}

async function reach(dataFolder: string): Promise<Reached | undefined> {
  const discovery = readDiscovery(dataFiles(dataFolder).discovery);
  const socket = discovery && await openSocket(discovery.socket);
  return discovery && socket && { discovery, socket };
}

function openSocket(path: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(socket));
    socket.once('error', () => resolve(undefined));
  });
}

async function greet({ socket, discovery }: Reached, options: JoinOptions): Promise<JoinedEngine | undefined> {
  const connection = createMessageConnection(new SocketMessageReader(socket), new SocketMessageWriter(socket));
  socket.on('error', () => {});
  options.prepare(connection);
  // A socket that an engine accepts while it dies closes without an answer: what waits for one must hear of it.
  connection.onClose(() => connection.dispose());
  connection.listen();
  try {
    const info = await connection.sendRequest(initialize, {
      client: options.client, secret: discovery.secret, folders: options.folders, settings: options.settings, trusted: options.trusted,
    });
    if (info.version === options.version) return { connection, info };
    await connection.sendRequest(shutdownEngine);
  } catch (error) {
    // An engine that is leaving closes the socket in mid-sentence: the next round finds or starts another.
    if (!socket.destroyed && socket.readyState === 'open' && error instanceof Error && error.name !== 'ConnectionError') {
      connection.dispose();
      socket.destroy();
      throw new UserError(error.message);
    }
  }
  connection.dispose();
  socket.destroy();
  return undefined;
}

async function spawnEngine(entry: string, dataFolder: string, onExit: (code: number | null) => void): Promise<void> {
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  const log = openSync(dataFiles(dataFolder).log, 'w', 0o600);
  const node = await engineNode();
  try {
    const child = spawn(node.binary, ['--disable-warning=ExperimentalWarning', entry, '--data', dataFolder], {
      detached: true,
      windowsHide: true,
      stdio: ['ignore', log, log],
      cwd: dataFolder,
      env: { ...process.env, ...node.environment },
    });
    child.once('error', () => onExit(1));
    child.once('exit', onExit);
    child.unref();
  } finally {
    closeSync(log);
  }
}

/** The user's own Node when it has SQLite (22.13 or newer), else the one that runs this process. */
async function engineNode(): Promise<{ binary: string; environment: Record<string, string> }> {
  const own = { binary: process.execPath, environment: process.versions['electron'] ? { ELECTRON_RUN_AS_NODE: '1' } : {} };
  if (!process.versions['electron'] && isNewEnough(process.versions.node)) return { ...own, environment: {} };
  try {
    const { stdout } = await promisify(execFile)('node', ['-p', 'JSON.stringify([process.execPath, process.versions.node])'], { timeout: 3000 });
    const [binary, version] = JSON.parse(stdout) as [string, string];
    if (isNewEnough(version)) return { binary, environment: {} };
  } catch {
    // No Node on PATH: VS Code's own runs the engine.
  }
  return own;
}

/** `node:sqlite` needs no flag from 22.13 on. */
export function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 22 || (major === 22 && minor >= 13);
}

function tail(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim().split('\n').at(-1)?.slice(0, 300) ?? '';
  } catch {
    return '';
  }
}
