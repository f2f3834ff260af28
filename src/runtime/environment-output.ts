/** Turns byte streams into log lines, within bounded memory. */

const newline = 0x0a;
/** A longer line is handed on in pieces of this size, bytes. */
export const longestLineBytes = 256 * 1024;

export class LineSplitter {
  readonly #onLine: (text: string) => void;
  #pieces: Buffer[] = [];
  #held = 0;

  constructor(onLine: (text: string) => void) {
    this.#onLine = onLine;
  }

  push(bytes: Buffer): void {
    let start = 0;
    for (;;) {
      const end = bytes.indexOf(newline, start);
      if (end < 0) break;
      this.#append(bytes.subarray(start, end));
      this.#emit();
      start = end + 1;
    }
    if (start < bytes.length) this.#append(bytes.subarray(start));
  }

  /** Hands on a line that has no newline yet. */
  flush(): void {
    if (this.#held > 0) this.#emit();
  }

  #append(bytes: Buffer): void {
    let rest = bytes;
    while (this.#held + rest.length > longestLineBytes) {
      const room = longestLineBytes - this.#held;
      const whole = this.#held === 0 ? rest : Buffer.concat([...this.#pieces, rest.subarray(0, room + 3)]);
      const cut = characterBoundary(whole, longestLineBytes);
      this.#pieces = [whole.subarray(0, cut)];
      const taken = cut - this.#held;
      this.#emit();
      rest = rest.subarray(taken);
    }
    if (rest.length === 0) return;
    this.#pieces.push(rest);
    this.#held += rest.length;
  }

  #emit(): void {
    const [first] = this.#pieces;
    let line = this.#pieces.length > 1 ? Buffer.concat(this.#pieces) : first ?? Buffer.alloc(0);
    // Windows programs end lines with CR LF. A carriage return inside a line is AWS's way to write a newline.
    if (line.length > 0 && line[line.length - 1] === 0x0d) line = line.subarray(0, -1);
    this.#pieces = [];
    this.#held = 0;
    this.#onLine(line.toString('utf8'));
  }
}

/** Largest index up to `limit` that does not stand inside a UTF-8 character. */
function characterBoundary(bytes: Buffer, limit: number): number {
  let at = limit;
  while (at > limit - 4 && ((bytes[at] ?? 0) & 0xc0) === 0x80) at--;
  return at;
}
