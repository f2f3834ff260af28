/** The records panel: joins state, host and views. */
import type { PanelMessage, PanelRequestBody } from '../src/protocol/panel.ts';
import { Announcer, newlyFinished } from './announcer.ts';
import { iconButton, registerControls } from './controls.ts';
import { Countdowns } from './countdown.ts';
import { DetailView } from './detail.ts';
import { h } from './dom.ts';
import { ExecutionList } from './execution-list.ts';
import { Filters, isEmptyFilter } from './filters.ts';
import { Notices } from './notices.ts';
import { readSavedState } from './saved-state.ts';
import { Splitter } from './splitter.ts';
import { initialState, pageSize, reduce, requestsFor, selectedIndex, type PanelIntent, type PanelState, type SavedState } from './state.ts';
import { Host } from './vscode-api.ts';

/** A selection that moves on within so long is not asked for: held arrow keys ask once. Milliseconds. */
const selectionRest = 60;
/** The state is saved at most so often, milliseconds. */
const saveDelay = 200;

const host = new Host();
const saved = readSavedState(host.savedState);
let state = initialState(saved);
let selecting: number | undefined;
let drawing: number | undefined;
let saving: number | undefined;
/** The selected row must come into view with the next frame. */
let revealing = false;
/** Where the list was before a reload, until its rows are back. */
let restoreTop = saved?.topSequence;

registerControls();
const announcer = new Announcer();
const countdowns = new Countdowns();
const panel = document.getElementById('panel') ?? document.body;
const list = new ExecutionList({
  onSelect: (row) => dispatch({ type: 'select', executionId: row.id }),
  onOpen: () => detail.focus(),
  onNearEnd: () => dispatch({ type: 'load-more' }),
  onEnd: () => dispatch({ type: 'load-all' }),
  onScroll: saveSoon,
}, countdowns);
const filters = new Filters((filter) => {
  list.scrollToTop();
  dispatch({ type: 'filter', filter });
});
const notices = new Notices({
  act: (action) => host.send({ type: 'action', action }),
  clearFilter: () => dispatch({ type: 'filter', filter: {} }),
  retry: () => dispatch({ type: 'retry' }),
});
const detail = new DetailView({
  act: (action, executionId) => {
    if (action.startsWith('replay')) dispatch({ type: 'replay', executionId });
    host.send({ type: 'execution-action', action, executionId });
  },
  open: (part, executionId) => host.send({ type: 'open-part', executionId, part }),
  onTab: (tab) => dispatch({ type: 'tab', tab }),
  resume: () => host.send({ type: 'action', action: 'resume' }),
  copy: (text, what) => {
    host.send({ type: 'copy', text });
    announcer.say(`Copied ${what}`);
  },
  openTarget: (arn) => host.send({ type: 'open-target', arn }),
  ask: (executionId, from, limit, outcome) => host.send({ type: 'batch-rows', executionId, from, limit, ...(outcome !== undefined && { outcome }) }),
  go: (executionId) => {
    dispatch({ type: 'select', executionId });
    detail.focus();
  },
  onFacts: saveSoon,
}, countdowns, saved?.factsOpen);
const follow = iconButton('arrow-circle-up', 'Follow the newest execution', () => {
  dispatch({ type: 'follow', follow: !state.follow });
  if (state.follow) list.scrollToTop();
});
const toolbar = h('div', { class: 'toolbar', role: 'group', 'aria-label': 'History' },
  follow.element,
  iconButton('export', 'Export all executions as JSON Lines', () => host.send({ type: 'action', action: 'export' })).element,
  iconButton('clear-all', 'Clear the history', () => host.send({ type: 'action', action: 'clear' })).element);
const splitter = new Splitter(panel, saved?.listShare, saveSoon);
const listPane = h('section', { class: 'list-pane', 'aria-label': 'History' },
  h('div', { class: 'list-head' }, filters.element, toolbar), notices.element, list.element);
panel.append(h('h1', { class: 'visually-hidden' }, 'Lambda Records'), listPane, splitter.element, detail.element, announcer.element);

/** Takes an intent of the user or a message of the host; asks the host what the change calls for; draws with the next frame. */
function dispatch(event: PanelIntent | PanelMessage): void {
  const before = state;
  state = reduce(state, event, Math.max(saved?.rowCount ?? 0, before.rows.length, pageSize));
  if (event.type === 'rows-changed') announcer.finished(newlyFinished(before.rows, event.rows));
  revealing ||= event.type === 'reveal' || (before.loadAll && !state.loadAll && state.complete);
  if (state === before && !revealing) return;
  for (const request of requestsFor(before, state)) send(request);
  drawing ??= requestAnimationFrame(() => {
    drawing = undefined;
    draw();
  });
  saveSoon();
}

function send(request: PanelRequestBody): void {
  if (request.type !== 'select') {
    host.send(request);
    return;
  }
  clearTimeout(selecting);
  selecting = window.setTimeout(() => host.send(request), selectionRest);
}

function draw(): void {
  const { engine, filter, rows, complete } = state;
  filters.show(filter, engine?.functionNames ?? []);
  follow.setPressed(state.follow);
  const replaced = notices.show(state);
  list.element.hidden = replaced;
  list.show({ rows, selected: selectedIndex(state), complete });
  if (restoreTop !== undefined && rows.length > 0) {
    list.scrollTo(restoreTop);
    restoreTop = undefined;
  }
  if (revealing) list.revealSelected();
  revealing = false;
  detail.show(state);
  // A notice about everything gets the whole panel, unless a filter could be to blame.
  panel.classList.toggle('without-detail', replaced && isEmptyFilter(filter) && state.detail === undefined && state.detailFailure === undefined);
}

function saveSoon(): void {
  saving ??= window.setTimeout(() => {
    saving = undefined;
    host.save(stateToSave(state));
  }, saveDelay);
}

function stateToSave({ filter, tab, follow: follows, selectedId, rows, eventTab, batchTab }: PanelState): SavedState {
  const topSequence = restoreTop ?? list.topSequence;
  return {
    version: 1, filter, tab, eventTab, batchTab, follow: follows, rowCount: rows.length, listShare: splitter.share,
    ...(selectedId !== undefined && { selectedId }),
    ...(detail.factsOpen !== undefined && { factsOpen: detail.factsOpen }),
    ...(topSequence !== undefined && { topSequence }),
  };
}

function report(error: unknown): void {
  const message = error instanceof Error ? error.stack ?? error.message : String(error);
  if (message !== '') host.send({ type: 'problem', message: message.slice(0, 5000) });
}

window.addEventListener('error', (event) => report(event.error ?? event.message));
window.addEventListener('unhandledrejection', (event) => report(event.reason));
window.addEventListener('keydown', (event) => {
  // In a field the key is a letter; composedPath sees through the controls' shadow.
  const typing = event.composedPath().some((target) => target instanceof HTMLInputElement);
  if (event.key === '/' && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    filters.focus();
  } else if (event.key === 'Escape' && !list.element.hidden && !event.defaultPrevented) {
    list.element.focus();
  }
});
window.addEventListener('focus', () => {
  if (document.activeElement === document.body && !list.element.hidden) list.element.focus();
});
list.attach();
draw();
host.onMessage((message) => {
  if (message.type === 'clock') countdowns.take(message);
  if (message.type === 'batch-rows') detail.takeRows(message);
  dispatch(message);
});
host.send({ type: 'ready' });
