/** How an event travelled: received, each attempt, each wait with its countdown, how it ended, each delivery. */
import type { Countdowns } from './countdown.ts';
import { append, h, icon } from './dom.ts';
import { conditionSentence, deliveredIdName, deliveryTitles, pastWaitText, pastWaitTitle, targetWords, waitLead } from './event-words.ts';
import { duration, fullTime, preciseTime, sourceWords, statusWords } from './formatting.ts';
import type { Detail } from './state.ts';
import { copyable, link, type SummaryEvents } from './summary.ts';

type Execution = Detail['execution'];
type Asynchronous = NonNullable<Execution['asynchronous']>;
type Attempt = Execution['attempts'][number];
type Delivery = Asynchronous['deliveries'][number];

export interface TimelineEvents extends SummaryEvents {
  /** The log from the start of this attempt. */
  showLog(attempt: number): void;
}

interface Step {
  at: number;
  /** Among steps of one moment. */
  order: number;
  element: HTMLElement;
}

export function timeline(execution: Execution, events: TimelineEvents, countdowns: Countdowns, now: number): HTMLElement {
  const steps: Step[] = [received(execution, events, now), ...execution.attempts.map((attempt) => attemptStep(execution, attempt, events, now))];
  const { asynchronous } = execution;
  if (asynchronous) {
    for (const wait of asynchronous.waits ?? []) {
      const glyph = wait.kind === 'retry' ? 'watch' : 'warning';
      steps.push({ at: wait.since, order: 2, element: step(glyph, wait.kind === 'retry' ? '' : 'throttled', wait.since, now, pastWaitTitle(wait.kind), pastWaitText(wait)) });
    }
    if (execution.status === 'queued' && asynchronous.wait) steps.push(present(execution, asynchronous, asynchronous.wait, countdowns, now));
    if (asynchronous.condition !== undefined || execution.status === 'cancelled') steps.push(end(execution, asynchronous, now));
    const over = execution.finishedAt ?? 0;
    steps.push(...asynchronous.deliveries.map((delivery) => ({ at: Math.max(delivery.at, over), order: 5, element: deliveryStep(delivery, events, now) })));
  }
  // What happened, in its order; a delivery may carry a time just before the end, with which it was committed.
  steps.sort((one, other) => one.at - other.at || one.order - other.order);
  return h('ol', { class: 'timeline', 'aria-label': 'Timeline' }, ...steps.map(({ element }) => element));
}

function received({ receivedAt, source, causedBy, asynchronous }: Execution, events: SummaryEvents, now: number): Step {
  const title = asynchronous ? 'Accepted' : 'Received';
  const element = step('inbox', '', receivedAt, now, asynchronous?.duplicate ? `${title} a second time` : title, `from ${sourceWords[source]}`);
  if (causedBy !== undefined) append(element, [h('div', { class: 'more' }, 'Caused by ', link(causedBy, events))]);
  return { at: receivedAt, order: 0, element };
}

function attemptStep(execution: Execution, attempt: Attempt, events: TimelineEvents, now: number): Step {
  const { icon: glyph, word } = statusWords[attempt.status];
  const facts = [
    attempt.durationMs !== undefined && duration(attempt.durationMs),
    attempt.initDurationMs !== undefined && `init ${duration(attempt.initDurationMs)}`,
    attempt.coldStart ? 'cold start' : 'warm',
    attempt.executedVersion !== '$LATEST' && `version ${attempt.executedVersion}`,
    attempt.environmentId !== undefined && `environment ${attempt.environmentId.slice(0, 8)}`,
  ];
  const failed = attempt.status === 'failed' ? attempt.errorType ?? attempt.functionError : undefined;
  const element = step(attempt.status === 'running' ? `${glyph} codicon-modifier-spin` : glyph, attempt.status, attempt.startedAt, now,
    `Attempt ${attempt.number}: ${failed ?? word}`, facts.filter(Boolean).join(' · '));
  const log = h('button', { class: 'link', title: `Show the log of attempt ${attempt.number}` }, 'Log');
  log.addEventListener('click', () => events.showLog(attempt.number));
  append(element, [h('div', { class: 'more' }, log)]);
  if (execution.attempts.length === 1 && !execution.asynchronous) element.querySelector('.more')?.remove();
  return { at: attempt.startedAt, order: 1, element };
}

function present(execution: Execution, { invokeCount }: Asynchronous, wait: NonNullable<Asynchronous['wait']>, countdowns: Countdowns, now: number): Step {
  const element = step('watch', 'queued', wait.since, now, '');
  element.querySelector('.step-title')?.append(countdowns.element(waitLead(wait.kind, invokeCount), wait, execution.receivedAt));
  element.setAttribute('aria-current', 'step');
  return { at: Math.max(wait.since, execution.receivedAt), order: 3, element };
}

function end(execution: Execution, { condition, invokeCount, ageMs, throttles }: Asynchronous, now: number): Step {
  const at = execution.finishedAt ?? now;
  const facts = [`age ${duration(ageMs)}`, throttles > 0 && `throttled ${throttles === 1 ? 'once' : `${throttles} times`}`].filter(Boolean).join(' · ');
  const title = condition === undefined ? 'Cancelled' : conditionSentence(condition, invokeCount);
  const element = step(condition === 'Success' ? 'pass' : condition === undefined ? 'circle-slash' : 'error', condition === 'Success' ? 'succeeded' : condition === undefined ? 'cancelled' : 'failed', at, now, title, facts);
  if (condition !== undefined) append(element, [h('div', { class: 'more' }, h('span', { class: 'hint' }, 'Condition '), h('code', {}, condition))]);
  return { at, order: 4, element };
}

function deliveryStep(delivery: Delivery, events: SummaryEvents, now: number): HTMLElement {
  const { kind, targetArn, status, deliveredId, error, payloadDropped, hint } = delivery;
  const delivered = status === 'delivered';
  const element = step(delivered ? 'arrow-right' : 'error', delivered ? 'succeeded' : 'failed', delivery.at, now,
    `${deliveryTitles[kind]}: ${delivered ? 'delivered to' : 'not delivered to'} `);
  const target = h('button', { class: 'link', title: `Show ${targetWords(targetArn)}` }, targetWords(targetArn));
  target.addEventListener('click', () => events.openTarget(targetArn));
  element.querySelector('.step-title')?.append(target);
  const more: (Node | false)[] = [
    deliveredId !== undefined && h('div', { class: 'more' }, h('span', { class: 'hint' }, `${capital(deliveredIdName(targetArn))} `),
      ...(targetArn.split(':')[2] === 'lambda' ? [link(deliveredId, events)] : copyable(deliveredId, deliveredIdName(targetArn), events))),
    error !== undefined && h('div', { class: 'message error' }, icon('error'), h('span', {}, error)),
    payloadDropped === true && h('div', { class: 'message' }, icon('warning'), h('span', {}, 'Payload dropped: the record was too large for this target, so AWS leaves request and response payload out.')),
    hint !== undefined && h('div', { class: 'message' }, icon('warning'), h('span', {}, h('strong', {}, 'AWS would deny this. '), hint)),
  ];
  append(element, more);
  return element;
}

function step(glyph: string, status: string, at: number, now: number, title: string, facts = ''): HTMLElement {
  return h('li', { class: status === '' ? 'step' : `step status-${status}` },
    icon(glyph),
    h('div', { class: 'step-head' }, h('span', { class: 'step-title' }, title), facts !== '' && h('span', { class: 'hint' }, facts)),
    h('time', { class: 'when', datetime: new Date(at).toISOString(), title: fullTime(at) }, preciseTime(at, now)));
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
