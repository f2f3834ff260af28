/** Makes a function's log lines readable. Pure, so that Node tests it. */

/** Whether the Lambda service wrote this line where an attempt begins: as text, or in the JSON log format. */
export function startsAttempt(line: string): boolean {
  return /^START RequestId: /.test(line) || /^\{[^{]*"type"\s*:\s*"platform\.start"/.test(line.slice(0, 2000));
}

/** `2026-11-24T` of a time stamp that stands where runtimes write it: first, or after Python's `[LEVEL]`. */
const timeStamp = /^((?:\[[A-Z]+\]\t)?)\d{4}-\d\d-\d\dT(\d\d:\d\d:\d\d(?:\.\d+)?Z)\t/;

/**
 * A line for reading: its time of day (UTC, as it was written) apart, without the date and the request id that all lines of one
 * execution share. Lines that no runtime wrote stay as they are.
 */
export function condense(line: string, requestId: string): { time?: string; text: string } {
  const stamp = timeStamp.exec(line);
  const [whole, level = '', time] = stamp ?? [];
  if (whole === undefined || time === undefined) return { text: line };
  const rest = line.slice(whole.length);
  return { time, text: level + (rest.startsWith(`${requestId}\t`) ? rest.slice(requestId.length + 1) : rest) };
}

/** The lines of a log; a last line break does not start another. */
export function linesOf(log: string): string[] {
  if (log === '') return [];
  return (log.endsWith('\n') ? log.slice(0, -1) : log).split('\n');
}
