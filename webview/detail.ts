/** One execution: summary, actions, and the tabs Batch, Timeline, Result, Logs, Event and Record. */
import type { BoundedText, ExecutionAction, ExecutionPart, PanelMessage } from '../src/protocol/panel.ts';
import { Actions } from './actions.ts';
import { BatchView, type BatchEvents } from './batch.ts';
import { chainView } from './chain.ts';
import { tabs } from './controls.ts';
import type { Countdowns } from './countdown.ts';
import { h } from './dom.ts';
import { isUnderWay } from './formatting.ts';
import { jsonView } from './json-view.ts';
import { LogView } from './log-view.ts';
import { activeTab, hasTimeline, type Detail, type PanelState, type Tab } from './state.ts';
import { Summary } from './summary-view.ts';
import { title, type SummaryEvents } from './summary.ts';
import { timeline } from './timeline.ts';
import { WaitBanner } from './wait-banner.ts';

export interface DetailEvents extends SummaryEvents {
  act(action: ExecutionAction, executionId: string): void;
  open(part: ExecutionPart, executionId: string): void;
  ask: BatchEvents['ask'];
  onTab(tab: Tab): void;
  /** Lets go what was left over from last time. */
  resume(): void;
  /** The facts were opened or closed. */
  onFacts(): void;
}

export class DetailView {
  readonly element: HTMLElement;
  readonly #events: DetailEvents;
  readonly #head = h('header', { class: 'detail-head' });
  readonly #title = h('div', { class: 'detail-title' });
  readonly #summary: Summary;
  readonly #actions: Actions;
  readonly #countdowns: Countdowns;
  readonly #banner: WaitBanner;
  readonly #views: Readonly<Record<Tab, HTMLElement>>;
  readonly #batch: BatchView;
  readonly #log: LogView;
  readonly #tabs;
  readonly #empty = h('div', { class: 'placeholder' });
  readonly #body: HTMLElement;
  #shown: Detail | undefined;
  #tab: Tab | undefined;
  /** What each tab shows now, to leave unchanged ones alone. */
  #contents = new Map<Tab, unknown>();

  /** `factsOpen` as the user left it, undefined when they never chose. */
  constructor(events: DetailEvents, countdowns: Countdowns, factsOpen: boolean | undefined) {
    this.#events = events;
    this.#countdowns = countdowns;
    this.#summary = new Summary(events, factsOpen, () => events.onFacts());
    this.#banner = new WaitBanner(countdowns, (action) => { if (this.#shown) events.act(action, this.#shown.execution.id); }, () => events.resume());
    this.#actions = new Actions({
      act: (action) => { if (this.#shown) events.act(action, this.#shown.execution.id); },
      openInEditor: () => this.#open(this.#tab === 'timeline' ? 'record' : this.#tab === 'batch' ? 'event' : this.#tab ?? 'result'),
    });
    this.#log = new LogView(() => this.#open('logs'));
    this.#batch = new BatchView({ ...events, openEvent: () => events.onTab('event') });
    this.#views = { batch: this.#batch.element, timeline: h('div'), result: h('div'), logs: this.#log.element, event: h('div'), record: h('div') };
    this.#tabs = tabs([
      { id: 'batch', title: 'Batch', view: this.#views.batch },
      { id: 'timeline', title: 'Timeline', view: this.#views.timeline },
      { id: 'result', title: 'Result', view: this.#views.result },
      { id: 'logs', title: 'Logs', view: this.#views.logs },
      { id: 'event', title: 'Event', view: this.#views.event },
      { id: 'record', title: 'Record', view: this.#views.record },
    ], (id) => events.onTab(id as Tab));
    this.#head.append(this.#title, this.#actions.element);
    this.#body = h('div', { class: 'detail-body', hidden: true }, this.#head, this.#banner.element, this.#summary.element, this.#tabs.element);
    this.element = h('section', { class: 'detail', 'aria-label': 'Execution', tabindex: '-1' }, this.#empty, this.#body);
  }

  /** Undefined until the user opens or closes the facts. */
  get factsOpen(): boolean | undefined {
    return this.#summary.chosen;
  }

  focus(): void {
    this.element.querySelector<HTMLElement>('vscode-panel-tab[aria-selected="true"]')?.focus();
  }

  show(state: PanelState): void {
    const { detail, detailFailure, selectedId } = state;
    const tab = activeTab(state);
    this.#body.hidden = !detail || selectedId === undefined;
    this.#empty.hidden = !this.#body.hidden;
    this.#empty.replaceChildren(detailFailure
      ? h('p', {}, detailFailure.message)
      : h('p', { class: 'hint' }, selectedId === undefined ? 'Select an execution to see its result, logs and event.' : 'Loading…'));
    this.element.toggleAttribute('data-stale', detail !== undefined && detail.execution.id !== selectedId);
    if (!detail) {
      this.#shown = undefined;
      this.#contents = new Map();
      return;
    }
    const summaryChanged = this.#shown?.execution !== detail.execution;
    this.#shown = detail;
    this.#tab = tab;
    if (summaryChanged) {
      this.#title.replaceChildren(title(detail.execution));
      this.#actions.show(detail.execution);
      this.#summary.show(detail.execution);
      this.#banner.show(detail.execution);
    }
    this.#tabs.setHidden('batch', !detail.execution.polled);
    this.#tabs.setHidden('timeline', !hasTimeline(detail));
    this.#tabs.activate(tab);
    this.#tabs.setBadge('timeline', detail.execution.attempts.length > 1 ? String(detail.execution.attempts.length) : undefined);
    this.#tabs.setBadge('batch', detail.execution.polled && detail.execution.polled.size.toLocaleString('en-US'));
    this.#tabs.setBadge('logs', detail.log.lines.length === 0 ? undefined : lineCount(detail));
    this.#drawTab(detail, tab);
  }

  takeRows(answer: Extract<PanelMessage, { type: 'batch-rows' }>): void {
    this.#batch.take(answer);
  }

  #open(part: ExecutionPart): void {
    if (this.#shown) this.#events.open(part, this.#shown.execution.id);
  }

  #drawTab(detail: Detail, tab: Tab): void {
    const { execution, content, log } = detail;
    const running = isUnderWay(execution.status);
    switch (tab) {
      case 'batch':
        this.#batch.show(detail);
        break;
      case 'timeline':
        this.#drawTimeline(detail);
        break;
      case 'result':
        this.#drawText('result', content.result, 'Result', running
          ? 'The result appears here when the function has answered.'
          : resultHint(execution.status));
        break;
      case 'event':
        this.#drawText('event', content.event, 'Event', '');
        break;
      case 'record':
        this.#drawText('record', content.record, 'Record', 'The record exists once the execution has finished.', () => h('p', { class: 'hint' },
          ...(execution.asynchronous
            ? ['The invocation record: what destinations receive.']
            : [h('strong', {}, 'As a destination would receive it. '), 'AWS Lambda delivers this invocation record for asynchronous invocations only.'])));
        break;
      case 'logs': {
        const scroller = this.#views.logs.closest<HTMLElement>('vscode-panel-view');
        if (scroller) {
          this.#log.show({ executionId: execution.id, log, running, cut: content.log.cut, truncated: content.logTruncated, attempts: execution.attempts.length }, scroller);
        }
        break;
      }
    }
  }

  #drawTimeline(detail: Detail): void {
    const previous = this.#contents.get('timeline') as Detail | undefined;
    if (previous?.execution === detail.execution && previous.chain === detail.chain) return;
    this.#contents.set('timeline', detail);
    const view = this.#views.timeline;
    const { activeElement } = document;
    const focused = view.contains(activeElement) ? activeElement?.getAttribute('title') : undefined;
    const chain = chainView(detail, this.#events);
    view.replaceChildren(
      timeline(detail.execution, { ...this.#events, showLog: (attempt) => this.#showLog(attempt) }, this.#countdowns, Date.now()),
      ...(chain ? [chain] : []));
    // The same button of what is shown now keeps the focus; a page that has none must not take it from the workbench.
    if (focused && document.hasFocus()) [...view.querySelectorAll<HTMLElement>('button')].find(({ title }) => title === focused)?.focus();
    const scroller = view.closest('vscode-panel-view');
    if (scroller && previous?.execution.id !== detail.execution.id) scroller.scrollTop = 0;
  }

  #showLog(attempt: number): void {
    this.#events.onTab('logs');
    // The tab is drawn with the next frame.
    requestAnimationFrame(() => requestAnimationFrame(() => {
      const scroller = this.#views.logs.closest<HTMLElement>('vscode-panel-view');
      if (scroller) this.#log.showAttempt(attempt, scroller);
    }));
  }

  #drawText(part: 'result' | 'event' | 'record', text: BoundedText | undefined, kind: string, absent: string, before?: () => HTMLElement): void {
    const shown = text ?? absent;
    const previous = this.#contents.get(part);
    if (previous === shown) return;
    this.#contents.set(part, shown);
    const view = this.#views[part];
    view.replaceChildren(
      ...(before ? [before()] : []),
      text ? jsonView(text, kind, () => this.#open(part)) : h('p', { class: 'hint' }, absent),
    );
    const scroller = view.closest('vscode-panel-view');
    if (scroller) scroller.scrollTop = 0;
  }
}

function resultHint(status: Detail['execution']['status']): string {
  switch (status) {
    case 'cancelled': return 'Cancelled before it answered: there is no result.';
    case 'interrupted': return 'The engine ended while this ran: there is no result.';
    case 'queued': return 'The result appears here when the function has answered.';
    case 'throttled': return 'Throttled: the function was not run, so there is no result.';
    default: return 'There is no result.';
  }
}

function lineCount({ content, log }: Detail): string {
  const known = log.dropped + log.lines.length;
  return content.log.cut ? `${known.toLocaleString('en-US')}+` : known.toLocaleString('en-US');
}
