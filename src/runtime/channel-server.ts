/** The engine's end of the channel: one loopback port on which bootstraps announce themselves with a one-time secret. */
import { randomBytes } from 'node:crypto';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Logger } from '../contracts/logger.ts';
import { FrameDecoder } from './channel-frames.ts';
import { channelFrame, decodeAnswer, decodeError, encodeInvocation } from './channel-protocol.ts';
import type { Invocation, LinkListener, OutputSource, RuntimeLink } from './environment-link.ts';

/** Time that a stranger has to say who it is. */
const helloMilliseconds = 5_000;
const outputSources: readonly OutputSource[] = ['log', 'stdout', 'stderr'];
/** Room in a frame beside the response itself: headers, or a piece of output. */
const frameSlackBytes = 1024 * 1024;

export class ChannelServer {
  readonly #server: Server;
  readonly #logger: Logger;
  readonly #responseLimitBytes: number;
  readonly #expected = new Map<string, ChannelLink>();
  readonly #sockets = new Set<Socket>();
  #port: Promise<number> | undefined;

  constructor(options: { logger: Logger; responseLimitBytes: number }) {
    this.#logger = options.logger;
    this.#responseLimitBytes = options.responseLimitBytes;
    this.#server = createServer({ noDelay: true }, (socket) => this.#greet(socket));
    this.#server.unref();
  }

  /** A link for a process that is about to be started with the link's `environment`. */
  async open(listener: LinkListener): Promise<RuntimeLink> {
    const port = await (this.#port ??= this.#listen());
    const secret = randomBytes(18).toString('base64url');
    const link = new ChannelLink(listener, `${port}:${secret}:${this.#responseLimitBytes}`, () => this.#expected.delete(secret));
    this.#expected.set(secret, link);
    return link;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    this.#expected.clear();
  }

  #listen(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(0, '127.0.0.1', () => {
        this.#server.off('error', reject);
        this.#server.on('error', (error) => this.#logger.error('The channel to execution environments failed.', error));
        resolve((this.#server.address() as AddressInfo).port);
      });
    });
  }

  #greet(socket: Socket): void {
    this.#sockets.add(socket);
    let link: ChannelLink | undefined;
    const impatience = setTimeout(() => socket.destroy(), helloMilliseconds);
    impatience.unref();
    const refuse = (reason: string) => {
      if (link) link.broken(reason);
      else this.#logger.warn(`A connection to the channel was refused: ${reason}`);
      socket.destroy();
    };
    const decoder = new FrameDecoder(this.#responseLimitBytes + frameSlackBytes, (type, body) => {
      if (link) return link.receive(type, body);
      const secret = type === channelFrame.hello ? body.toString('latin1') : '';
      link = this.#expected.get(secret);
      if (!link) return refuse('it does not know the secret.');
      this.#expected.delete(secret);
      clearTimeout(impatience);
      link.attach(socket);
    });
    socket.on('data', (chunk: Buffer) => {
      if (socket.destroyed) return;
      try {
        decoder.push(chunk);
      } catch (error) {
        refuse(error instanceof Error ? error.message : String(error));
      }
    });
    // A reset is how a killed process says goodbye; what it sent before has been read.
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(impatience);
      this.#sockets.delete(socket);
      link?.detach();
    });
  }
}

class ChannelLink implements RuntimeLink {
  readonly environment: Readonly<Record<string, string>>;
  readonly outputComesApart = false;
  readonly #listener: LinkListener;
  readonly #forget: () => void;
  #socket: Socket | undefined;
  #closed = false;
  #onClosed: (() => void)[] = [];
  #lastAccepted: number | undefined;

  constructor(listener: LinkListener, address: string, forget: () => void) {
    this.#listener = listener;
    this.#forget = forget;
    this.environment = { LOCAL_LAMBDA_CHANNEL: address };
  }

  attach(socket: Socket): void {
    this.#socket = socket;
  }

  detach(): void {
    this.#closed = true;
    for (const listener of this.#onClosed.splice(0)) listener();
  }

  broken(reason: string): void {
    this.#listener.broken(reason);
  }

  receive(type: number, body: Buffer): void {
    switch (type) {
      case channelFrame.response:
      case channelFrame.error:
      case channelFrame.tooLarge: {
        const { sequence, answer } = decodeAnswer(type, body);
        return this.#listener.answer(sequence, answer);
      }
      case channelFrame.output:
        return this.#listener.output(outputSources[body.readUInt8(0)] ?? 'stdout', body.subarray(1));
      case channelFrame.ready:
        return this.#listener.ready();
      case channelFrame.initError: {
        const { errorType, payload } = decodeError(body);
        return this.#listener.initError(errorType, payload);
      }
      case channelFrame.loadedFiles:
        return this.#listener.loadedFiles(body.toString('utf8').split('\0'));
      case channelFrame.exiting:
        this.#lastAccepted = body.readUInt32BE(0);
        return this.#listener.exiting(this.#lastAccepted);
      default:
        return this.#listener.broken(`the frame type ${type} does not exist.`);
    }
  }

  invoke(invocation: Invocation): void {
    this.#socket?.write(encodeInvocation(invocation));
  }

  wasDelivered(sequence: number): boolean {
    return this.#lastAccepted === undefined || this.#lastAccepted >= sequence;
  }

  drained(milliseconds: number): Promise<void> {
    if (!this.#socket || this.#closed) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#onClosed.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  close(): void {
    this.#forget();
    this.#socket?.destroy();
  }
}
