/** The texts of one execution, cut to what a person can read in a panel; the whole is for the editor. */
import type { ExecutionContent } from '../contracts/executions.ts';
import type { BoundedText, DetailContent, ExecutionPart } from '../protocol/panel.ts';

/** Characters of a JSON text that the panel shows. */
export const shownJsonLength = 96 * 1024;
/** Characters of a log that the panel shows. */
export const shownLogLength = 192 * 1024;

/** The beginning of a text. */
export function firstPart(text: string, limit: number): BoundedText {
  if (text.length <= limit) return { text, length: text.length, cut: false };
  // A surrogate pair is not cut in two.
  const end = isHighSurrogate(text.charCodeAt(limit - 1)) ? limit - 1 : limit;
  return { text: text.slice(0, end), length: text.length, cut: true };
}

/** The end of a text, from the start of a line when there is one within the limit. */
export function lastPart(text: string, limit: number): BoundedText {
  if (text.length <= limit) return { text, length: text.length, cut: false };
  const start = text.length - limit;
  const lineEnd = text.indexOf('\n', start - 1);
  return { text: text.slice(lineEnd === -1 || lineEnd === text.length - 1 ? start : lineEnd + 1), length: text.length, cut: true };
}

export function detailContent(content: ExecutionContent, record: string | null): DetailContent {
  return {
    event: firstPart(content.request, shownJsonLength),
    ...(content.response !== undefined && { result: firstPart(content.response, shownJsonLength) }),
    log: lastPart(content.log, shownLogLength),
    logTruncated: content.logTruncated,
    ...(record !== null && { record: firstPart(record, shownJsonLength) }),
  };
}

/**
 * The lines of `batch` that `log` does not end with yet. A log that was fetched while the function wrote may already
 * hold the first lines of the next notification, which come without their place in the log.
 */
export function linesAfter(log: string, batch: readonly string[]): readonly string[] {
  const lines = (log.endsWith('\n') ? log.slice(0, -1) : log).split('\n');
  for (let overlap = Math.min(batch.length, lines.length); overlap > 0; overlap -= 1) {
    const offset = lines.length - overlap;
    if (batch.slice(0, overlap).every((line, index) => line === lines[offset + index])) return batch.slice(overlap);
  }
  return batch;
}

/** What a part is called where it is opened as a document. */
export function partFileName(part: ExecutionPart): string {
  return part === 'logs' ? 'logs.log' : `${part}.json`;
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff;
}
