/** The log of one execution, bounded: the first and the last part of one that is too large. */

/** Characters kept from the start and from the end, each. */
export const keptCharacters = 512 * 1024;

export class LogText {
  #head = '';
  #tail = '';
  #cut = false;

  append(text: string): void {
    const room = keptCharacters - this.#head.length;
    if (room > 0 && this.#tail === '') {
      this.#head += text.slice(0, room);
      text = text.slice(room);
    }
    if (text === '') return;
    this.#tail += text;
    // Cutting at twice the limit keeps appending linear.
    if (this.#tail.length > 2 * keptCharacters) this.#trim();
  }

  #trim(): void {
    if (this.#tail.length <= keptCharacters) return;
    this.#tail = this.#tail.slice(-keptCharacters);
    this.#cut = true;
  }

  read(): { text: string; truncated: boolean } {
    this.#trim();
    return {
      text: this.#cut ? `${this.#head}\n… the middle of this log was left out …\n${this.#tail}` : this.#head + this.#tail,
      truncated: this.#cut,
    };
  }
}
