/** What the detail says above its tabs: which function, how it went, how long, what ran it, what belongs to it. */
import type { Detail } from './state.ts';
import { append, h, icon } from './dom.ts';
import { fact } from './facts.ts';
import { ago, count, duration, fullTime, preciseTime, shortTime, size, sourceWords, statusWords } from './formatting.ts';

type Execution = Detail['execution'];
type Attempt = Execution['attempts'][number];

export interface SummaryEvents {
  copy(text: string, what: string): void;
  /** Another execution was clicked. */
  go(executionId: string): void;
  /** The target of a delivery was clicked. */
  openTarget(arn: string): void;
}

export function title(execution: Execution): HTMLElement {
  const { icon: glyph, word } = statusWords[execution.status];
  return h('div', { class: `title status-${execution.status}` },
    icon(execution.status === 'running' ? `${glyph} codicon-modifier-spin` : glyph),
    h('h2', {}, execution.functionName, h('span', { class: 'qualifier' }, `:${execution.qualifier ?? execution.executedVersion}`)),
    h('span', { class: 'word' }, execution.statusCode === undefined || execution.status === 'queued' ? word : `${word} · ${execution.statusCode}`));
}

/** Why it failed, and notes about what ran it. */
export function messages(execution: Execution): HTMLElement[] {
  const found: HTMLElement[] = [];
  if (execution.errorType !== undefined || execution.errorMessage !== undefined) {
    // What the user ended is no error to them.
    const cancelled = execution.status === 'cancelled';
    found.push(h('div', { class: cancelled ? 'message' : 'message error' }, icon(cancelled ? 'circle-slash' : 'error'),
      h('span', {},
        execution.errorType !== undefined && h('strong', {}, execution.errorType),
        execution.errorType !== undefined && execution.errorMessage !== undefined && ': ',
        execution.errorMessage)));
  }
  for (const note of new Set(execution.attempts.map((attempt) => attempt.note))) {
    if (note !== undefined) found.push(h('div', { class: 'message' }, icon('info'), h('span', {}, note)));
  }
  return found;
}

/** The few numbers that one looks for first, in one line. */
export function brief(execution: Execution, now: number): string {
  const last = execution.attempts.at(-1);
  const { asynchronous } = execution;
  return [
    asynchronous && count(asynchronous.invokeCount, 'attempt'),
    asynchronous && `age ${duration(asynchronous.ageMs)}`,
    execution.durationMs === undefined ? undefined : duration(execution.durationMs),
    last?.maxMemoryUsedMb === undefined ? undefined : `${last.maxMemoryUsedMb} MB`,
    last?.coldStart ? 'cold start' : undefined,
    `${shortTime(execution.receivedAt, now)} (${ago(execution.receivedAt, now)})`,
  ].filter((part) => part !== undefined).join(' · ');
}

/** A table of names and values; `now` is for the relative time. */
export function facts(execution: Execution, events: SummaryEvents, now: number): HTMLElement {
  const last = execution.attempts.at(-1);
  const list = h('dl', { class: 'facts' });
  const add = (name: string, ...value: (Node | string | undefined)[]) => {
    if (value.every((part) => part === undefined)) return;
    append(list, [fact(name, ...value)]);
  };
  add('Request ID', ...copyable(execution.requestId ?? execution.id, 'request ID', events));
  if (execution.requestId !== undefined) add('Duplicate of', link(execution.requestId, events));
  add('Received', h('time', { datetime: new Date(execution.receivedAt).toISOString(), title: fullTime(execution.receivedAt) },
    `${preciseTime(execution.receivedAt, now)} (${ago(execution.receivedAt, now)})`));
  const { asynchronous } = execution;
  if (asynchronous) {
    add('Attempts', `${asynchronous.invokeCount}${asynchronous.throttles === 0 ? '' : `, throttled ${asynchronous.throttles}×`}`);
    add('Age', duration(asynchronous.ageMs));
    if (asynchronous.condition !== undefined) add('Condition', h('code', {}, asynchronous.condition));
  }
  if (execution.durationMs !== undefined) add('Duration', timing(execution, last));
  if (last?.maxMemoryUsedMb !== undefined) add('Memory used', `${last.maxMemoryUsedMb} MB`);
  add('Start', last && (last.coldStart ? 'Cold: new environment' : 'Warm: reused environment'));
  add('Payload', `${size(execution.requestBytes)} in${execution.responseBytes === undefined ? '' : `, ${size(execution.responseBytes)} out`}`);
  add('Invocation', `${execution.invocationType}, from ${sourceWords[execution.source]}`);
  if (execution.qualifier !== undefined && execution.qualifier !== execution.executedVersion) add('Version', execution.executedVersion);
  if (last?.binary !== undefined) {
    // The end of a long path tells more than its beginning: the outer direction cuts it there, the inner one reads it.
    const path = h('span', { class: 'path', dir: 'rtl', title: last.binary }, h('bdi', { dir: 'ltr' }, last.binary));
    add('Ran on', last.binaryVersion === undefined ? undefined : h('span', { class: 'version' }, last.binaryVersion), path);
  }
  if (last?.logStreamName !== undefined) add('Log stream', ...copyable(last.logStreamName, 'log stream name', events));
  add('Trace ID', ...copyable(execution.traceId, 'trace ID', events));
  if (execution.replayOf !== undefined) add('Replay of', link(execution.replayOf, events));
  if (execution.causedBy !== undefined) add('Caused by', link(execution.causedBy, events));
  return list;
}

/** Only when it was tried more than once; asynchronous executions have a timeline. */
export function attempts(execution: Execution): HTMLElement | undefined {
  if (execution.attempts.length < 2 || execution.asynchronous) return undefined;
  const head = ['Attempt', 'Status', 'Started', 'Duration', 'Start'].map((name) => h('th', { scope: 'col' }, name));
  const lines = execution.attempts.map((attempt) => h('tr', {},
    h('th', { scope: 'row' }, String(attempt.number)),
    h('td', {}, attempt.status === 'failed' && attempt.errorType !== undefined ? attempt.errorType : statusWords[attempt.status].word),
    h('td', {}, fullTime(attempt.startedAt).slice(11, 23)),
    h('td', {}, attempt.durationMs === undefined ? '' : duration(attempt.durationMs)),
    h('td', {}, attempt.coldStart ? 'Cold' : 'Warm')));
  return h('table', { class: 'attempts' }, h('thead', {}, h('tr', {}, ...head)), h('tbody', {}, ...lines));
}

function timing(execution: Execution, last: Attempt | undefined): string {
  const parts = [duration(execution.durationMs ?? 0)];
  if (last?.initDurationMs !== undefined) parts.push(`init ${duration(last.initDurationMs)}`);
  if (last?.billedDurationMs !== undefined) parts.push(`billed ${last.billedDurationMs} ms`);
  return parts.join(' · ');
}

/** A value and a button that copies it. */
export function copyable(text: string, what: string, events: Pick<SummaryEvents, 'copy'>): Node[] {
  const button = h('button', { class: 'copy', title: `Copy ${what}`, 'aria-label': `Copy ${what}` }, icon('copy'));
  button.addEventListener('click', () => events.copy(text, what));
  return [h('code', { title: text }, text), button];
}

/** Shows another execution. */
export function link(executionId: string, events: SummaryEvents): HTMLElement {
  const button = h('button', { class: 'link', title: 'Show this execution' }, executionId);
  button.addEventListener('click', () => events.go(executionId));
  return button;
}
