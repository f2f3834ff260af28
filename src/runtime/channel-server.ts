/** The short road: our own bootstraps connect to one local socket and speak frames. */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import type { Logger } from '../contracts/logger.ts';
import { FrameReader, FrameType, payloadFrame, splitPayload } from './channel.ts';
import { responseLimitBytes, type Delivery, type Transport, type TransportListener } from './transport.ts';

/** Room for the header of a response frame beside the largest payload. */
const frameLimit = responseLimitBytes + 4096;
/** Longest wait for the last words of a process that ended, milliseconds: its own child may hold the connection open. */
const drainLimit = 250;
/** A connection that has not said who it is by then is dropped. */
const helloTimeout = 10_000;

interface Expected {
  secret: Buffer;
  listener: TransportListener;
  socket?: Socket;
  /** Called with the socket of a process that ended before its connection was accepted. */
  onSocket?: (socket: Socket) => void;
  /** Deliveries made before the process has connected. */
  waiting: Buffer[];
}

export class ChannelServer {
  readonly #logger: Logger;
  readonly #socketPath: string | undefined;
  readonly #expected = new Map<string, Expected>();
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #listening: Promise<void> | undefined;
  /** What bootstraps connect to: a path, or a port of 127.0.0.1. */
  #address = '';

  /**
   * @param socketPath Where to make a Unix domain socket, whose road takes half as long as loopback TCP's. Without one it is
   *   a port of 127.0.0.1, as on Windows, where Python has no such sockets.
   */
  constructor(logger: Logger, socketPath?: string) {
    this.#logger = logger;
    this.#socketPath = process.platform === 'win32' ? undefined : socketPath;
  }

  /** Concurrent calls share the work: nobody may read the port before it is known. */
  listen(): Promise<void> {
    return this.#listening ??= this.#listen();
  }

  async #listen(): Promise<void> {
    const server = createServer({ noDelay: true }, (socket) => this.#accept(socket));
    this.#server = server;
    const path = this.#socketPath;
    if (path !== undefined) {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      // Left by an engine that was killed: the data folder has one owner.
      rmSync(path, { force: true });
    }
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      if (path === undefined) server.listen(0, '127.0.0.1', resolve);
      else server.listen(path, resolve);
    });
    server.on('error', (error) => this.#logger.error('The channel to execution environments failed.', error));
    server.unref();
    if (path !== undefined) chmodSync(path, 0o600);
    this.#address = path ?? String((server.address() as AddressInfo).port);
  }

  /** Prepares for one process, which authenticates with a secret of its own. */
  open(environmentId: string, listener: TransportListener): Transport {
    const secret = randomBytes(24).toString('base64url');
    const expected: Expected = { secret: Buffer.from(secret), listener, waiting: [] };
    this.#expected.set(environmentId, expected);
    return {
      environment: { LOCAL_LAMBDA_CHANNEL: `${environmentId}:${secret}:${this.#address}` },
      deliver: (delivery) => {
        const frames = invokeFrames(delivery);
        const { socket } = expected;
        if (!socket) expected.waiting.push(...frames);
        else for (const frame of frames) socket.write(frame);
      },
      drained: () => drained(expected),
      close: () => {
        this.#expected.delete(environmentId);
        expected.socket?.destroy();
      },
    };
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server?.close();
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    socket.setTimeout(helloTimeout, () => socket.destroy());
    socket.on('error', (error) => this.#logger.debug(`channel: ${error.message}`));
    socket.once('close', () => this.#sockets.delete(socket));
    let peer: Expected | undefined;
    const reader = new FrameReader(
      (type, body) => {
        if (peer) receive(peer.listener, type, body);
        else peer = this.#greet(socket, type, body);
      },
      frameLimit,
      (type, length, head) => {
        if (!peer || type !== FrameType.response) return;
        const headerBytes = head.readUInt32BE(0);
        const { id, raw } = JSON.parse(head.toString('utf8', 4, 4 + headerBytes)) as { id: string; raw?: boolean };
        if (raw) peer.listener.onRawOutput();
        peer.listener.onResponseTooLarge(id, length - 4 - headerBytes);
      },
    );
    socket.on('data', (chunk: Buffer) => {
      try {
        reader.push(chunk);
      } catch (error) {
        // The function has its hands on everything in its process; it ends with its connection.
        this.#logger.warn(`An execution environment sent what is no frame and is ended: ${(error as Error).message}`);
        socket.destroy();
      }
    });
  }

  #greet(socket: Socket, type: number, body: Buffer): Expected | undefined {
    const text = body.toString();
    const separator = text.indexOf(':');
    const expected = this.#expected.get(text.slice(0, separator));
    const secret = Buffer.from(text.slice(separator + 1));
    if (type !== FrameType.hello || !expected || expected.socket || secret.length !== expected.secret.length
      || !timingSafeEqual(secret, expected.secret)) {
      this.#logger.warn('A process that is not an execution environment connected to the channel and was refused.');
      socket.destroy();
      return undefined;
    }
    socket.setTimeout(0);
    expected.socket = socket;
    expected.onSocket?.(socket);
    for (const frame of expected.waiting.splice(0)) socket.write(frame);
    return expected;
  }
}

async function drained(expected: Expected): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, drainLimit);
  const untilClosed = (socket: Socket) => {
    if (socket.closed) resolve();
    else socket.once('close', () => resolve());
  };
  if (expected.socket) untilClosed(expected.socket);
  else expected.onSocket = untilClosed;
  await promise;
  clearTimeout(timer);
}

function invokeFrames({ requestId, invokedFunctionArn, deadline, traceId, clientContext, payload }: Delivery): Buffer[] {
  return payloadFrame(
    FrameType.invoke,
    JSON.stringify({ id: requestId, arn: invokedFunctionArn, deadline, trace: traceId, client: clientContext }),
    payload,
  );
}

function receive(listener: TransportListener, type: number, body: Buffer): void {
  switch (type) {
    case FrameType.log:
      listener.onLog(body[0] === 2 ? 2 : 1, body.subarray(1));
      break;
    case FrameType.response:
    case FrameType.error:
    case FrameType.initError: {
      const { header, payload } = splitPayload(body);
      const { id, errorType, rss, raw } = JSON.parse(header) as { id: string; errorType: string; rss?: number; raw?: boolean };
      if (raw) listener.onRawOutput();
      if (rss) listener.onMemory(rss);
      if (type === FrameType.error) listener.onError(id, errorType, payload);
      else if (type === FrameType.initError) listener.onInitError(errorType, payload);
      else if (payload.length > responseLimitBytes) listener.onResponseTooLarge(id, payload.length);
      else listener.onResponse(id, payload);
      break;
    }
    case FrameType.ready:
      listener.onReady();
      break;
    case FrameType.files:
      listener.onFiles(Array.from(JSON.parse(body.toString()) as string[], String));
      break;
    default:
  }
}
