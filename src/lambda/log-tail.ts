/** `X-Amz-Log-Result`: the last 4096 bytes of an invocation's log, base64 (lambda-facts §1.1). */
const tailBytes = 4096;

export class LogTail {
  #lines: string[] = [];
  #length = 0;

  add(line: string): void {
    this.#lines.push(line);
    this.#length += line.length + 1;
    // Lines are at least as many bytes as characters, so what is dropped here could never be in the tail.
    while (this.#lines.length > 1 && this.#length - (this.#lines[0]?.length ?? 0) - 1 > tailBytes) {
      this.#length -= (this.#lines.shift()?.length ?? 0) + 1;
    }
  }

  base64(): string {
    const bytes = Buffer.from(`${this.#lines.join('\n')}\n`);
    return bytes.subarray(Math.max(0, bytes.length - tailBytes)).toString('base64');
  }
}
