/**
 * Framing on the short road between the engine and its own bootstraps, and between the engine and its supervisor:
 * a 32-bit big-endian length (of what follows), a type byte, then the body. Bodies that carry both a header and a payload
 * start with a 32-bit header length; the payload stays bytes.
 */

/** Engine to bootstrap. */
export const FrameType = {
  invoke: 1,
  hello: 16,
  ready: 17,
  initError: 18,
  response: 19,
  error: 20,
  log: 21,
  files: 22,
  // Engine to supervisor.
  spawn: 32,
  kill: 33,
  sync: 34,
  // Supervisor to engine.
  spawned: 48,
  spawnFailed: 49,
  output: 50,
  exited: 51,
  synced: 52,
} as const;

/** A frame of `type` with a JSON body. */
export function jsonFrame(type: number, body: unknown): Buffer {
  return bytesFrame(type, Buffer.from(JSON.stringify(body)));
}

export function bytesFrame(type: number, body: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(5 + body.length);
  frame.writeUInt32BE(body.length + 1, 0);
  frame[4] = type;
  frame.set(body, 5);
  return frame;
}

/** A frame with a JSON header and a payload. Small payloads are copied into one buffer, large ones are sent apart. */
export function payloadFrame(type: number, header: string, payload: Uint8Array): Buffer[] {
  const headerBytes = Buffer.byteLength(header);
  const inline = payload.length <= 65_536;
  const head = Buffer.allocUnsafe(9 + headerBytes + (inline ? payload.length : 0));
  head.writeUInt32BE(5 + headerBytes + payload.length, 0);
  head[4] = type;
  head.writeUInt32BE(headerBytes, 5);
  head.write(header, 9);
  if (!inline) return [head, Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength)];
  head.set(payload, 9 + headerBytes);
  return [head];
}

/** Splits the body of a payload frame. */
export function splitPayload(body: Buffer): { header: string; payload: Buffer } {
  const length = body.readUInt32BE(0);
  return { header: body.toString('utf8', 4, 4 + length), payload: body.subarray(4 + length) };
}

/** Bodies of at most this many bytes are kept; of a longer one only its first bytes are (see `onOversize`). */
const headKept = 4096;

/** Reassembles frames from a byte stream. */
export class FrameReader {
  readonly #onFrame: (type: number, body: Buffer) => void;
  readonly #onOversize: (type: number, length: number, head: Buffer) => void;
  readonly #limit: number;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #skip: { type: number; length: number; left: number; head: Buffer } | undefined;

  /** `limit` bounds a body in bytes; a longer one is passed over and reported with its first 4 KB. */
  constructor(
    onFrame: (type: number, body: Buffer) => void,
    limit = 64 * 1024 * 1024,
    onOversize: (type: number, length: number, head: Buffer) => void = () => {},
  ) {
    this.#onFrame = onFrame;
    this.#limit = limit;
    this.#onOversize = onOversize;
  }

  push(chunk: Buffer): void {
    let data = chunk;
    if (this.#skip) {
      const skip = this.#skip;
      if (data.length < skip.left) {
        skip.left -= data.length;
        return;
      }
      data = data.subarray(skip.left);
      this.#skip = undefined;
      this.#onOversize(skip.type, skip.length, skip.head);
    }
    if (this.#pendingBytes > 0) {
      this.#pending.push(data);
      this.#pendingBytes += data.length;
      const first = this.#pending[0] as Buffer;
      // Joining once the frame is whole keeps a 6 MB payload from being copied for every chunk.
      if (first.length >= 5 && this.#pendingBytes < 4 + first.readUInt32BE(0) && first.readUInt32BE(0) - 1 <= this.#limit) return;
      data = Buffer.concat(this.#pending, this.#pendingBytes);
      this.#pending = [];
      this.#pendingBytes = 0;
    }
    let offset = 0;
    while (data.length - offset >= 5) {
      const length = data.readUInt32BE(offset) - 1;
      const type = data[offset + 4] as number;
      const start = offset + 5;
      if (length > this.#limit) {
        const head = Buffer.from(data.subarray(start, Math.min(data.length, start + headKept)));
        if (head.length < headKept && data.length - start < length) break;
        const here = Math.min(length, data.length - start);
        offset = start + here;
        if (here < length) {
          this.#skip = { type, length, left: length - here, head };
          return;
        }
        this.#onOversize(type, length, head);
        continue;
      }
      if (data.length - start < length) break;
      offset = start + length;
      this.#onFrame(type, data.subarray(start, offset));
    }
    if (offset < data.length) {
      this.#pending.push(offset === 0 ? data : data.subarray(offset));
      this.#pendingBytes = data.length - offset;
    }
  }
}
