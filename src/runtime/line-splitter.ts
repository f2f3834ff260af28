/** A longer line is cut, so that a function that never ends its line cannot grow the engine. */
const longestLine = 256 * 1024;

/** Turns chunks of output into lines without their line ends. */
export class LineSplitter {
  readonly #onLine: (text: string) => void;
  readonly #decoder = new TextDecoder();
  #rest = '';

  constructor(onLine: (text: string) => void) {
    this.#onLine = onLine;
  }

  push(chunk: Uint8Array | string): void {
    const text = typeof chunk === 'string' ? chunk : this.#decoder.decode(chunk, { stream: true });
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      const line = this.#rest + text.slice(start, end);
      this.#rest = '';
      this.#emit(line.endsWith('\r') ? line.slice(0, -1) : line);
      start = end + 1;
    }
    this.#rest += text.slice(start);
    while (this.#rest.length > longestLine) {
      this.#onLine(this.#rest.slice(0, longestLine));
      this.#rest = this.#rest.slice(longestLine);
    }
  }

  /** Hands over an unfinished last line. */
  flush(): void {
    if (this.#rest === '') return;
    const rest = this.#rest;
    this.#rest = '';
    this.#emit(rest);
  }

  #emit(line: string): void {
    for (let at = 0; at === 0 || at < line.length; at += longestLine) this.#onLine(line.slice(at, at + longestLine));
  }
}
