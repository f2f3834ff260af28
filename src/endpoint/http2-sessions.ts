/**
 * HTTP/2 without TLS on the port that speaks HTTP/1.1: the AWS SDK for JavaScript opens Kinesis so, also to an `http://`
 * endpoint. The first bytes of a connection tell which of both it is; HTTP/1.1 then goes on as if nobody had looked.
 */
import { constants, createServer, type Http2Server, type Http2ServerRequest, type Http2ServerResponse, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';

export interface Http2Limits {
  headerBytes: number;
  /** Open requests of all connections together. */
  connections: number;
  /** Milliseconds until the first request of a connection must have its headers complete. */
  headersTimeout: number;
  /** Milliseconds until the whole request must have arrived. */
  requestTimeout: number;
  /** Milliseconds that a connection may have no open request. */
  keepAliveTimeout: number;
}

/** How every HTTP/2 connection begins (RFC 9113 §3.4). No method of HTTP/1.1 begins with these three letters. */
const preface = Buffer.from('PRI');
/** Open requests of one connection. */
const concurrentStreams = 128;
/** Megabytes that one connection may hold: its answers wait here while their reader is slow. */
const sessionMegabytes = 256;
const window = 1_048_576;

/**
 * Looks at the first bytes of a connection without taking them.
 *
 * @param timeout Milliseconds to wait for them.
 */
export function sortConnection(socket: Socket, timeout: number, http1: (socket: Socket) => void, http2: (socket: Socket) => void): void {
  let seen: Buffer = Buffer.alloc(0);
  const look = (): void => {
    const bytes = socket.read() as Buffer | null;
    if (bytes === null) return;
    seen = seen.length === 0 ? bytes : Buffer.concat([seen, bytes]);
    const like = Math.min(seen.length, preface.length);
    const maybe = seen.subarray(0, like).equals(preface.subarray(0, like));
    if (maybe && seen.length < preface.length) return;
    done();
    socket.unshift(seen);
    (maybe ? http2 : http1)(socket);
  };
  const drop = (): void => { socket.destroy(); };
  const done = (): void => {
    socket.setTimeout(0);
    socket.off('readable', look).off('timeout', drop).off('error', drop).off('end', drop);
  };
  socket.on('readable', look).on('timeout', drop).on('error', drop).on('end', drop);
  socket.setTimeout(timeout);
}

export class Http2Sessions {
  readonly #server: Http2Server;
  readonly #limits: Http2Limits;
  readonly #sessions = new Set<ServerHttp2Session>();
  #streams = 0;

  constructor(limits: Http2Limits, accept: (request: Http2ServerRequest, response: Http2ServerResponse, expectsContinue: boolean) => void) {
    this.#limits = limits;
    const server = this.#server = createServer({
      maxSessionMemory: sessionMegabytes,
      settings: { maxConcurrentStreams: concurrentStreams, maxHeaderListSize: limits.headerBytes, initialWindowSize: window, enablePush: false },
    });
    server.on('session', (session) => this.#begin(session));
    server.on('sessionError', (_error, session: ServerHttp2Session) => session.destroy());
    server.on('request', (request, response) => accept(request, response, false));
    server.on('checkContinue', (request, response) => accept(request, response, true));
  }

  accept(socket: Socket): void {
    this.#server.emit('connection', socket);
  }

  /** Takes no more requests. Connections without one end at once, the others when theirs are answered. */
  close(): void {
    for (const session of this.#sessions) session.close();
  }

  destroy(): void {
    for (const session of this.#sessions) session.destroy();
  }

  #begin(session: ServerHttp2Session): void {
    const { headersTimeout, keepAliveTimeout } = this.#limits;
    this.#sessions.add(session);
    session.setLocalWindowSize(16 * window);
    let open = 0;
    let idle: NodeJS.Timeout | undefined;
    // Counted from the last request, not from the last byte: bytes that never make a request keep nothing open.
    const rest = (milliseconds: number): void => {
      idle = setTimeout(() => session.close(), milliseconds).unref();
    };
    rest(headersTimeout);
    session.on('stream', (stream) => {
      open += 1;
      this.#streams += 1;
      clearTimeout(idle);
      stream.once('close', () => {
        open -= 1;
        this.#streams -= 1;
        if (open === 0 && !session.closed) rest(keepAliveTimeout);
      });
      this.#guard(stream);
    });
    session.once('close', () => {
      clearTimeout(idle);
      this.#sessions.delete(session);
    });
  }

  /** Refuses one request too many, and one whose body does not come. */
  #guard(stream: ServerHttp2Stream): void {
    const { connections, requestTimeout } = this.#limits;
    if (this.#streams > connections) {
      stream.close(constants.NGHTTP2_REFUSED_STREAM);
      return;
    }
    if (stream.endAfterHeaders) return;
    const late = setTimeout(() => stream.close(constants.NGHTTP2_CANCEL), requestTimeout).unref();
    stream.once('end', () => clearTimeout(late)).once('close', () => clearTimeout(late));
  }
}
