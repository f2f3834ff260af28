/**
 * HMAC-SHA256 with one key for many texts: two one-shot hashes (RFC 2104), which together take a third of what an HMAC object
 * does in OpenSSL 3.
 */
import { hash } from 'node:crypto';

const blockBytes = 64;

export class HmacKey {
  readonly #inner = Buffer.alloc(blockBytes, 0x36);
  readonly #outer = Buffer.alloc(blockBytes + 32, 0x5c);

  /** @param key at most 64 bytes */
  constructor(key: Uint8Array) {
    if (key.length > blockBytes) throw new RangeError(`An HMAC key of ${key.length} bytes must be hashed first.`);
    key.forEach((byte, index) => {
      this.#inner[index] = byte ^ 0x36;
      this.#outer[index] = byte ^ 0x5c;
    });
  }

  digest(text: string): Buffer {
    const inner = hash('sha256', Buffer.concat([this.#inner, Buffer.from(text)]), 'buffer');
    inner.copy(this.#outer, blockBytes);
    return hash('sha256', this.#outer, 'buffer');
  }
}
