/**
 * Lays out JSON texts for reading, in the panel and in documents opened from it. Works on the text, never on parsed
 * values: numbers beyond 2^53, duplicate keys and escapes stay as the function wrote them, a text that was cut is laid
 * out as far as it goes, and what is not JSON is passed on as it is.
 */

export type JsonPieceKind = 'key' | 'string' | 'number' | 'literal' | 'punctuation' | 'space' | 'text';

/** Called for each piece in order; `space` holds all line breaks and indentation. */
export type JsonPieceListener = (kind: JsonPieceKind, text: string) => void;

/** Deeper levels are not indented further: a text of a million brackets would grow by its square. */
const deepestIndent = 60;
const plainToken = /[^\s"{}[\],:]+/y;
const number = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** Indents by two spaces, as `JSON.stringify(value, null, 2)` does. */
export function layOutJson(text: string, emit: JsonPieceListener): void {
  const open: string[] = [];
  let position = 0;
  /** The last bracket opened and nothing has come since. */
  let justOpened = false;
  /** Inside an object, between `{` or `,` and `:`. */
  let expectsKey = false;

  const breakLine = () => emit('space', `\n${'  '.repeat(Math.min(open.length, deepestIndent))}`);
  const beforeValue = () => {
    if (justOpened) breakLine();
    justOpened = false;
  };

  while (position < text.length) {
    const character = text[position] as string;
    switch (character) {
      case ' ': case '\n': case '\r': case '\t':
        position += 1;
        continue;
      case '{': case '[':
        beforeValue();
        emit('punctuation', character);
        open.push(character);
        justOpened = true;
        expectsKey = character === '{';
        break;
      case '}': case ']':
        if (open.pop() !== (character === '}' ? '{' : '[')) return emit('text', text.slice(position));
        if (!justOpened) breakLine();
        justOpened = false;
        expectsKey = false;
        emit('punctuation', character);
        break;
      case ',':
        emit('punctuation', ',');
        if (open.length > 0) breakLine();
        expectsKey = open.at(-1) === '{';
        break;
      case ':':
        emit('punctuation', ':');
        emit('space', ' ');
        expectsKey = false;
        break;
      case '"': {
        const end = endOfString(text, position);
        beforeValue();
        emit(expectsKey ? 'key' : 'string', text.slice(position, end));
        position = end;
        continue;
      }
      default: {
        plainToken.lastIndex = position;
        const token = plainToken.exec(text)?.[0] ?? character;
        const kind = number.test(token) ? 'number' : token === 'true' || token === 'false' || token === 'null' ? 'literal' : undefined;
        // A last token may have been cut.
        if (kind === undefined && position + token.length < text.length) return emit('text', text.slice(position));
        beforeValue();
        emit(kind ?? 'text', token);
        position += token.length;
        continue;
      }
    }
    position += 1;
  }
}

/** The text laid out. */
export function indentJson(text: string): string {
  const pieces: string[] = [];
  layOutJson(text, (_kind, piece) => { pieces.push(piece); });
  return pieces.join('');
}

/** The text without what stands between its tokens, each of which keeps its spelling. */
export function compactJson(text: string): string {
  const pieces: string[] = [];
  layOutJson(text, (kind, piece) => { if (kind !== 'space') pieces.push(piece.trim()); });
  return pieces.join('');
}

/** Position after the closing quote, or the end of the text when it was cut. */
function endOfString(text: string, start: number): number {
  for (let quote = text.indexOf('"', start + 1); quote !== -1; quote = text.indexOf('"', quote + 1)) {
    let backslashes = 0;
    while (text[quote - 1 - backslashes] === '\\') backslashes += 1;
    if (backslashes % 2 === 0) return quote + 1;
  }
  return text.length;
}
