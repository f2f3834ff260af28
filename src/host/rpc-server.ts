/** Serves the messages of `src/protocol/engine.ts` to windows and CLIs over a local socket. */
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHash, timingSafeEqual } from 'node:crypto';
import {
  createMessageConnection, ResponseError, SocketMessageReader, SocketMessageWriter, type MessageConnection,
} from 'vscode-jsonrpc/node';
import { AwsFault, UserError } from '../contracts/faults.ts';
import type { Logger } from '../contracts/logger.ts';
import { initialize, type EngineInfo, type ErrorData, type InitializeParams } from '../protocol/engine.ts';

export interface RpcClient {
  connection: MessageConnection;
  params: InitializeParams;
}

export interface RpcServerOptions {
  socketPath: string;
  secret: string;
  logger: Logger;
  /** Answers `initialize`; handlers of other messages are registered on the connection here. */
  onInitialize(client: RpcClient): Promise<EngineInfo>;
  onClientsChanged(count: number): void;
}

/** A socket path short enough for every platform (104 characters on macOS), in a folder of this user only. */
export function socketPathFor(dataFolder: string, name = 'engine'): string {
  const hash = createHash('sha256').update(dataFolder).digest('hex').slice(0, 16);
  if (process.platform === 'win32') return `\\\\.\\pipe\\local-lambda-${hash}-${name}`;
  const inside = join(dataFolder, `${name}.sock`);
  if (Buffer.byteLength(inside) <= 100) return inside;
  return join(tmpdir(), `local-lambda-${process.getuid?.() ?? 0}`, `${hash}-${name}.sock`);
}

/** Runs `work`, turning what it throws into an error that clients understand. */
export async function answer<R>(logger: Logger, work: () => R | Promise<R>): Promise<R> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof AwsFault) throw new ResponseError<ErrorData>(1, error.message, { name: error.name, status: error.status });
    if (error instanceof UserError) throw new ResponseError<ErrorData>(2, error.message, { name: error.name });
    logger.error('A client request failed unexpectedly.', error);
    throw new ResponseError<ErrorData>(-32603, error instanceof Error ? error.message : String(error), { name: 'InternalError' });
  }
}

export class RpcServer {
  readonly #options: RpcServerOptions;
  readonly #clients = new Map<Socket, MessageConnection | undefined>();
  #connections: readonly MessageConnection[] = [];
  #server: Server | undefined;

  constructor(options: RpcServerOptions) {
    this.#options = options;
  }

  /** Connections that have been initialised. */
  get connections(): readonly MessageConnection[] {
    return this.#connections;
  }

  async listen(): Promise<void> {
    const path = this.#options.socketPath;
    if (process.platform !== 'win32') {
      mkdirSync(join(path, '..'), { recursive: true, mode: 0o700 });
      // Ownership is already ours: what stands there was left by an engine that was killed.
      rmSync(path, { force: true });
    }
    const server = createServer((socket) => this.#accept(socket));
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, resolve);
    });
    if (process.platform !== 'win32') chmodSync(path, 0o600);
  }

  close(): void {
    this.#server?.close();
    for (const [socket, connection] of this.#clients) {
      connection?.end();
      socket.end();
    }
  }

  #accept(socket: Socket): void {
    const { logger } = this.#options;
    this.#clients.set(socket, undefined);
    const connection = createMessageConnection(new SocketMessageReader(socket), new SocketMessageWriter(socket));
    connection.onError(([error]) => logger.warn(`A client's connection failed: ${error.message}`));
    socket.on('error', (error) => logger.debug(`A client's socket failed: ${error.message}`));
    socket.on('close', () => {
      const known = this.#clients.get(socket) !== undefined;
      this.#clients.delete(socket);
      connection.dispose();
      if (known) this.#clientsChanged();
    });
    connection.onRequest(initialize, (params) => answer(logger, async () => {
      if (!sameSecret(params.secret, this.#options.secret)) {
        setImmediate(() => socket.destroy());
        throw new UserError('The engine refused the client: its secret does not match the data folder.');
      }
      this.#clients.set(socket, connection);
      this.#clientsChanged();
      return this.#options.onInitialize({ connection, params });
    }));
    connection.listen();
  }

  #clientsChanged(): void {
    this.#connections = [...this.#clients.values()].filter((connection) => connection !== undefined);
    this.#options.onClientsChanged(this.#connections.length);
  }
}

function sameSecret(given: string, wanted: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return typeof given === 'string' && timingSafeEqual(digest(given), digest(wanted));
}
