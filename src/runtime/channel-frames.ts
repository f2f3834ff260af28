/**
 * Length-prefixed binary frames: `u32 length | u8 type | body`, big-endian, where `length` counts type and body. Both the
 * channel to our bootstraps and the pipe to the supervisor speak them.
 */

const prefixBytes = 4;
export const frameHeaderBytes = prefixBytes + 1;

/** A whole frame with room for `bodyBytes` of body, which starts at `frameHeaderBytes`. */
export function allocateFrame(type: number, bodyBytes: number): Buffer {
  const frame = Buffer.allocUnsafe(frameHeaderBytes + bodyBytes);
  frame.writeUInt32BE(bodyBytes + 1, 0);
  frame[prefixBytes] = type;
  return frame;
}

/** Raised when the other side does not speak the protocol; the connection cannot go on. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
}

/** Cuts a byte stream into frames without copying small ones, and never holds more than one frame of the largest size. */
export class FrameDecoder {
  readonly #maximumBytes: number;
  readonly #onFrame: (type: number, body: Buffer) => void;
  #chunks: Buffer[] = [];
  #held = 0;
  /** Bytes that must be there before looking again. */
  #wanted = prefixBytes;

  /** `maximumBytes` bounds type and body of one frame. */
  constructor(maximumBytes: number, onFrame: (type: number, body: Buffer) => void) {
    this.#maximumBytes = maximumBytes;
    this.#onFrame = onFrame;
  }

  /** @throws FrameError when a frame is empty or longer than the maximum. */
  push(chunk: Buffer): void {
    let data = chunk;
    if (this.#held > 0) {
      this.#chunks.push(chunk);
      this.#held += chunk.length;
      if (this.#held < this.#wanted) return;
      data = Buffer.concat(this.#chunks, this.#held);
      this.#chunks = [];
      this.#held = 0;
    }
    let offset = 0;
    for (;;) {
      const left = data.length - offset;
      if (left < prefixBytes) {
        this.#wanted = prefixBytes;
        break;
      }
      const length = data.readUInt32BE(offset);
      if (length === 0 || length > this.#maximumBytes) throw new FrameError(`A frame of ${length} bytes is out of bounds.`);
      if (left < prefixBytes + length) {
        this.#wanted = prefixBytes + length;
        break;
      }
      const body = data.subarray(offset + frameHeaderBytes, offset + prefixBytes + length);
      const type = data[offset + prefixBytes]!;
      offset += prefixBytes + length;
      this.#onFrame(type, body);
    }
    if (offset < data.length) {
      this.#chunks.push(offset === 0 ? data : data.subarray(offset));
      this.#held = data.length - offset;
    }
  }
}
