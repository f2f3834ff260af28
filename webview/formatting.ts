/** How the panel writes numbers, times and outcomes. Pure, so that Node tests it. */
import type { ExecutionRow } from '../src/protocol/panel.ts';

export type Status = ExecutionRow['status'];

/** Codicon (without the `codicon-` prefix) and word of each status: colour is never alone. */
export const statusWords: Readonly<Record<Status, { icon: string; word: string }>> = {
  queued: { icon: 'watch', word: 'Queued' },
  running: { icon: 'loading', word: 'Running' },
  succeeded: { icon: 'pass', word: 'Succeeded' },
  failed: { icon: 'error', word: 'Failed' },
  throttled: { icon: 'warning', word: 'Throttled' },
  cancelled: { icon: 'circle-slash', word: 'Cancelled' },
  interrupted: { icon: 'debug-disconnect', word: 'Interrupted' },
};

/** Queued or running: more will happen to it. */
export function isUnderWay(status: Status): boolean {
  return status === 'queued' || status === 'running';
}

/** Who made a call, after "from". */
export const sourceWords: Readonly<Record<ExecutionRow['source'], string>> = {
  editor: 'the editor',
  endpoint: 'the endpoint',
  replay: 'a replay',
  destination: 'a destination',
  'event-source-mapping': 'an event source mapping',
  sns: 'an SNS topic',
  eventbridge: 'an EventBridge rule',
  schedule: 'a schedule',
  s3: 'an S3 bucket',
};

/** `4.1 ms`, `312 ms`, `1.25 s`, `2 min 5 s`. */
export function duration(milliseconds: number): string {
  if (milliseconds < 9.95) return `${milliseconds.toFixed(1)} ms`;
  if (milliseconds < 999.5) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 59_995) return `${(milliseconds / 1000).toFixed(2)} s`;
  const seconds = Math.round(milliseconds / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** `340 B`, `1.2 KB`, `5.9 MB`, in units of 1024. */
export function size(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(1)} KB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

/** `just now`, `42 s ago`, `5 min ago`, `3 h ago`, `2 days ago`. */
export function ago(then: number, now: number): string {
  const seconds = Math.floor((now - then) / 1000);
  if (seconds < 5) return 'just now';
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  const days = Math.floor(seconds / 86_400);
  return days === 1 ? 'yesterday' : `${days} days ago`;
}

/** Local time: `14:03:22` on the day of `now`, `Nov 23 14:03` before it. */
export function shortTime(then: number, now: number): string {
  const date = new Date(then);
  const time = date.toLocaleTimeString('en-GB', { hour12: false });
  if (date.toDateString() === new Date(now).toDateString()) return time;
  return `${date.toLocaleDateString('en-US', { month: 'short', day: 'numeric' })} ${time.slice(0, 5)}`;
}

/** Local date and time with milliseconds and offset: `2026-11-24 14:03:22.118 +01:00`. */
export function fullTime(then: number): string {
  const date = new Date(then);
  const offset = -date.getTimezoneOffset();
  const local = new Date(then + offset * 60_000).toISOString();
  const sign = offset < 0 ? '-' : '+';
  const [hours, minutes] = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60].map((part) => String(part).padStart(2, '0'));
  return `${local.slice(0, 10)} ${local.slice(11, 23)} ${sign}${hours}:${minutes}`;
}

/** Local time with milliseconds, after the date when that is not the date of `now`. */
export function preciseTime(then: number, now: number): string {
  const full = fullTime(then);
  return fullTime(now).slice(0, 10) === full.slice(0, 10) ? full.slice(11, 23) : full.slice(0, 23);
}

/** What the second line of a row says: the error's type, else the status. */
export function outcome({ status, errorType }: Pick<ExecutionRow, 'status' | 'errorType'>): string {
  return status === 'failed' && errorType ? errorType : statusWords[status].word;
}

/** What a screen reader hears when executions finish; undefined when none did. */
export function finishedSentence(finished: readonly ExecutionRow[]): string | undefined {
  const [only] = finished;
  if (!only) return undefined;
  if (finished.length === 1) {
    const took = only.durationMs === undefined ? '' : ` after ${duration(only.durationMs)}`;
    const why = only.status === 'failed' && only.errorType ? `: ${only.errorType}` : '';
    return `${only.functionName} ${statusWords[only.status].word.toLowerCase()}${took}${why}`;
  }
  const bad = finished.filter(({ status }) => status !== 'succeeded').length;
  return `${finished.length} executions finished, ${bad === 0 ? 'all succeeded' : `${bad} did not succeed`}`;
}

/** `count(2, 'line')` is `2 lines`. */
export function count(number: number, noun: string): string {
  return `${number.toLocaleString('en-US')} ${noun}${number === 1 ? '' : 's'}`;
}
