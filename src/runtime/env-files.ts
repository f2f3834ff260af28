/** `.env` files: `KEY=VALUE` lines as dotenv understands them, without interpolation (`$` is an ordinary character). */

export interface EnvFile {
  /** Later lines win over earlier ones. */
  values: Record<string, string>;
  /** One-based numbers of lines that are neither an assignment, a comment nor blank. */
  invalidLines: number[];
}

const assignment = /^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.-]*)[ \t]*=[ \t]*/;

/**
 * Parses a `.env` file. Values may be bare (trimmed, ended by ` #`), in single quotes or backticks (taken literally) or
 * in double quotes (`\n`, `\r`, `\t`, `\"`, `\\` are understood); quoted values may span lines. An opening quote that
 * never closes is part of a bare value.
 */
export function parseEnvFile(text: string): EnvFile {
  const source = text.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n');
  const values: Record<string, string> = {};
  const invalidLines: number[] = [];
  let line = 1;
  for (let at = 0; at < source.length;) {
    const lineEnd = endOfLine(source, at);
    const content = source.slice(at, lineEnd);
    const match = assignment.exec(content);
    let next = lineEnd;
    if (match) {
      const value = readValue(source, at + match[0].length, lineEnd);
      values[match[1] as string] = value.text;
      next = value.end;
    } else if (!/^[ \t]*(#.*)?$/.test(content)) {
      invalidLines.push(line);
    }
    for (let scan = at; scan < next; scan += 1) if (source[scan] === '\n') line += 1;
    line += 1;
    at = next + 1;
  }
  return { values, invalidLines };
}

function readValue(source: string, start: number, lineEnd: number): { text: string; end: number } {
  const quote = source[start];
  if (quote === '"' || quote === "'" || quote === '`') {
    const close = closingQuote(source, start, quote);
    if (close >= 0) {
      const inner = source.slice(start + 1, close);
      return { text: quote === '"' ? unescape(inner) : inner, end: endOfLine(source, close) };
    }
  }
  const bare = source.slice(start, lineEnd);
  const comment = /(^|[ \t])#/.exec(bare);
  return { text: (comment ? bare.slice(0, comment.index) : bare).trim(), end: lineEnd };
}

function closingQuote(source: string, start: number, quote: string): number {
  for (let at = start + 1; at < source.length; at += 1) {
    if (source[at] === '\\' && quote === '"') at += 1;
    else if (source[at] === quote) return at;
  }
  return -1;
}

function unescape(text: string): string {
  return text.replace(/\\([nrt"\\])/g, (_, letter: string) => ({ n: '\n', r: '\r', t: '\t' })[letter] ?? letter);
}

function endOfLine(source: string, from: number): number {
  const end = source.indexOf('\n', from);
  return end < 0 ? source.length : end;
}
