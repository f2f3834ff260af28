/**
 * The panel's state and how it changes. Pure: the reducer takes the host's messages and the user's intents,
 * `requestsFor` says what a change asks of the host, and Node tests both.
 */
import type {
  ChainLink, DetailContent, ExecutionFilter, ExecutionPart, ExecutionRow, PanelMessage, PanelRequestBody,
} from '../src/protocol/panel.ts';
import type { BatchDetail } from '../src/protocol/panel-batch.ts';
import { isUnderWay } from './formatting.ts';
import { linesOf } from './log-lines.ts';
import { insertRows, placeOf } from './rows.ts';

type DetailMessage = Extract<PanelMessage, { type: 'detail' }>;
type EngineMessage = Extract<PanelMessage, { type: 'engine' }>;

export interface Page {
  request: number;
  before?: number;
  limit: number;
}

export interface Log {
  /** Changes when the lines were read anew rather than added to. */
  generation: number;
  lines: readonly string[];
  /** Lines left out before the first one. */
  dropped: number;
}

export interface Detail {
  execution: DetailMessage['execution'];
  content: DetailContent;
  log: Log;
  /** Cause and consequences; empty when it stands alone or they have not come yet. */
  chain: { links: readonly ChainLink[]; cut: boolean };
  /** Of a polled one; absent until it has come. */
  batch?: BatchDetail;
}

/** The tabs of the detail: the texts, for asynchronous executions how their event travelled, for polled ones their batch. */
export type Tab = ExecutionPart | 'timeline' | 'batch';

export interface PanelState {
  /** Unknown until the host has spoken. */
  engine?: Pick<EngineMessage, 'state' | 'failure' | 'functionNames' | 'endpoint'>;
  filter: ExecutionFilter;
  /** Newest first. */
  rows: readonly ExecutionRow[];
  /** True when the history has nothing older than the last row. */
  complete: boolean;
  /** The page that was asked for and has not come. */
  loading?: Page;
  /** Number of the last page asked for. */
  lastRequest: number;
  listFailure?: string;
  /** Load page after page until the history is complete, then select the oldest (the End key). */
  loadAll: boolean;
  /** The newest execution is selected as it arrives. */
  follow: boolean;
  selectedId?: string;
  /** Of the execution shown, which lags behind `selectedId` while that one loads. */
  detail?: Detail;
  /** Why the selected execution cannot be shown. */
  detailFailure?: { executionId: string; missing: boolean; message: string };
  /** Tab of executions that a caller waited for. */
  tab: Tab;
  /** Tab of asynchronous ones. */
  eventTab: Tab;
  /** Tab of those that a mapping polled. */
  batchTab: Tab;
  /** The next replay of this execution is selected when it appears. */
  replaying?: { id: string; after: number };
}

/** What survives a reload of the window: where the user was, never what was shown. */
export interface SavedState {
  version: 1;
  filter: ExecutionFilter;
  tab: Tab;
  eventTab: Tab;
  batchTab: Tab;
  follow: boolean;
  selectedId?: string;
  /** Rows that were loaded. */
  rowCount: number;
  /** First visible row; absent at the top. */
  topSequence?: number;
  /** Share of the list in the width, 0 to 1. */
  listShare?: number;
  /** Whether the facts above the tabs are open; absent when the user never chose. */
  factsOpen?: boolean;
}

export type PanelIntent =
  | { type: 'filter'; filter: ExecutionFilter }
  | { type: 'select'; executionId: string }
  | { type: 'follow'; follow: boolean }
  | { type: 'tab'; tab: Tab }
  /** The list shows its last rows. */
  | { type: 'load-more' }
  | { type: 'load-all' }
  | { type: 'retry' }
  | { type: 'replay'; executionId: string };

export const pageSize = 200;
/** The engine's own limit of a page. */
const largestPage = 1000;
/** Rows held at most; older ones are read again when needed. */
export const maxRows = 20_000;
/** Lines of a log held at most. */
export const maxLogLines = 4000;

export function initialState(saved?: SavedState): PanelState {
  return {
    filter: saved?.filter ?? {},
    rows: [],
    complete: false,
    lastRequest: 0,
    loadAll: false,
    follow: saved?.follow ?? true,
    tab: saved?.tab ?? 'result',
    eventTab: saved?.eventTab ?? 'timeline',
    batchTab: saved?.batchTab ?? 'batch',
    ...(saved?.selectedId !== undefined && { selectedId: saved.selectedId }),
  };
}

/** `firstPage`: rows to ask for when the list is read from its beginning (after a reload, as many as there were). */
export function reduce(state: PanelState, event: PanelIntent | PanelMessage, firstPage = pageSize): PanelState {
  switch (event.type) {
    case 'engine': {
      const { state: engineState, functionNames, failure, endpoint } = event;
      const engine = { state: engineState, functionNames, ...(failure !== undefined && { failure }), ...(endpoint !== undefined && { endpoint }) };
      const wasReady = state.engine?.state === 'ready';
      const next = { ...state, engine };
      return engine.state === 'ready' && !wasReady ? reload(next, firstPage) : next;
    }
    case 'page': return takePage(state, event);
    case 'page-failed': {
      if (event.request !== state.loading?.request) return state;
      return { ...without(state, 'loading'), loadAll: false, listFailure: event.message };
    }
    case 'rows-changed': return takeChanges(state, event);
    case 'cleared': {
      const rows = state.rows.filter(({ status }) => isUnderWay(status));
      const keepsSelection = rows.some(({ id }) => id === state.selectedId);
      return reload({ ...(keepsSelection ? state : without(state, 'selectedId', 'detail', 'detailFailure')), rows, complete: true }, pageSize);
    }
    case 'detail': {
      if (event.execution.id !== state.selectedId) return state;
      return { ...without(state, 'detailFailure'), detail: takeDetail(state.detail, event) };
    }
    case 'detail-missing':
      return failDetail(state, event.executionId, true, 'The history no longer has this execution.');
    case 'detail-failed':
      return failDetail(state, event.executionId, false, event.message);
    case 'execution-changed':
      if (event.execution.id !== state.detail?.execution.id) return state;
      return { ...state, detail: { ...state.detail, execution: event.execution } };
    case 'log':
      if (event.executionId !== state.detail?.execution.id) return state;
      return { ...state, detail: { ...state.detail, log: addLines(state.detail.log, event.lines) } };
    case 'reveal':
    case 'select':
      return select({ ...without(state, 'replaying'), follow: false, loadAll: false }, event.executionId);
    case 'follow': {
      const newest = state.rows[0];
      const next = { ...state, follow: event.follow };
      return event.follow && newest ? select(next, newest.id) : next;
    }
    case 'tab':
      if (state.detail?.execution.asynchronous) return { ...state, eventTab: event.tab };
      if (state.detail?.execution.polled) return { ...state, batchTab: event.tab };
      return { ...state, tab: event.tab };
    case 'chain': {
      if (event.executionId !== state.detail?.execution.id) return state;
      return { ...state, detail: { ...state.detail, chain: { links: event.links, cut: event.cut } } };
    }
    case 'batch': {
      if (event.executionId !== state.detail?.execution.id) return state;
      return { ...state, detail: { ...state.detail, batch: event.batch } };
    }
    // Counts down outside of this state (`countdown.ts`), and is paged there (`batch-pages.ts`).
    case 'clock': case 'batch-rows': return state;
    case 'filter': return reload({ ...state, filter: event.filter }, pageSize);
    case 'load-more': return loadOlder(state, pageSize);
    case 'load-all': return loadOlder({ ...state, follow: false, loadAll: !state.complete }, largestPage);
    case 'retry': return reload(state, pageSize);
    case 'replay':
      return { ...state, follow: false, replaying: { id: event.executionId, after: state.rows[0]?.sequence ?? 0 } };
  }
}

/** What the host must be asked because `before` became `after`. */
export function requestsFor(before: PanelState, after: PanelState): PanelRequestBody[] {
  const requests: PanelRequestBody[] = [];
  if (after.loading && after.loading !== before.loading) requests.push({ type: 'list', ...after.loading, filter: after.filter });
  const ready = after.engine?.state === 'ready';
  const becameReady = ready && before.engine?.state !== 'ready';
  if (ready && (after.selectedId !== before.selectedId || (becameReady && after.selectedId !== undefined))) {
    requests.push({ type: 'select', ...(after.selectedId !== undefined && { executionId: after.selectedId }) });
  }
  return requests;
}

function reload(state: PanelState, limit: number): PanelState {
  const request = state.lastRequest + 1;
  return { ...without(state, 'listFailure'), loadAll: false, lastRequest: request, loading: { request, limit: Math.min(Math.max(limit, pageSize), largestPage) } };
}

function loadOlder(state: PanelState, limit: number): PanelState {
  const last = state.rows.at(-1);
  if (state.loading || state.complete || !last || state.listFailure !== undefined) return state;
  const request = state.lastRequest + 1;
  return { ...state, lastRequest: request, loading: { request, limit, before: last.sequence } };
}

function takePage(state: PanelState, page: Extract<PanelMessage, { type: 'page' }>): PanelState {
  const { loading } = state;
  if (loading?.request !== page.request) return state;
  const last = loading.before === undefined ? undefined : state.rows.at(-1);
  const rows = last ? [...state.rows, ...page.rows.filter(({ sequence }) => sequence < last.sequence)] : page.rows;
  const full = rows.length >= maxRows;
  let next: PanelState = { ...without(state, 'loading'), rows, complete: page.complete || full };
  if (next.loadAll && next.complete) {
    const oldest = next.rows.at(-1);
    next = { ...next, loadAll: false };
    return oldest ? select(next, oldest.id) : next;
  }
  if (next.loadAll) next = loadOlder(next, largestPage);
  return selectNewest(next);
}

function takeChanges(state: PanelState, changes: Extract<PanelMessage, { type: 'rows-changed' }>): PanelState {
  // The first page, when it comes, holds all that changed before it.
  if (state.loading && state.loading.before === undefined) return state;
  const rows = insertRows(state.rows, changes.rows, changes.removed, { complete: state.complete, maxRows });
  const next: PanelState = { ...state, rows, complete: state.complete && rows.length < maxRows };
  const { replaying } = state;
  const replay = replaying && changes.rows.find((row) => row.replayOf === replaying.id && row.sequence > replaying.after);
  if (!replay) return selectNewest(next);
  return select(without(next, 'replaying'), replay.id);
}

function selectNewest(state: PanelState): PanelState {
  const newest = state.rows[0];
  return state.follow && newest ? select(state, newest.id) : state;
}

function select(state: PanelState, executionId: string): PanelState {
  if (state.selectedId === executionId) return state;
  return { ...without(state, 'detailFailure'), selectedId: executionId };
}

function failDetail(state: PanelState, executionId: string, missing: boolean, message: string): PanelState {
  if (executionId !== state.selectedId) return state;
  return { ...without(state, 'detail'), detailFailure: { executionId, missing, message } };
}

function takeDetail(previous: Detail | undefined, { execution, content }: DetailMessage): Detail {
  const lines = linesOf(content.log.text);
  const dropped = Math.max(0, lines.length - maxLogLines);
  const log = { generation: (previous?.log.generation ?? 0) + 1, lines: lines.slice(dropped), dropped };
  const sameOne = previous?.execution.id === execution.id;
  return { execution, content, log, chain: sameOne ? previous.chain : { links: [], cut: false }, ...(sameOne && previous.batch && { batch: previous.batch }) };
}

function addLines(log: Log, added: readonly string[]): Log {
  const lines = [...log.lines, ...added];
  const excess = Math.max(0, lines.length - maxLogLines);
  return { ...log, lines: lines.slice(excess), dropped: log.dropped + excess };
}

type OptionalMember = 'loading' | 'listFailure' | 'selectedId' | 'detail' | 'detailFailure' | 'replaying';

function without(state: PanelState, ...members: readonly OptionalMember[]): PanelState {
  const rest = { ...state };
  for (const member of members) delete rest[member];
  return rest;
}

/** Whether there is more to tell of it than one attempt that somebody waited for. */
export function hasTimeline({ execution, chain }: Detail): boolean {
  return execution.asynchronous !== undefined || chain.links.length > 0;
}

/** The tab that is shown: asynchronous executions have their own, and so have polled ones. */
export function activeTab({ detail, tab, eventTab, batchTab }: PanelState): Tab {
  if (detail?.execution.asynchronous) return eventTab === 'batch' ? 'timeline' : eventTab;
  const chosen = detail?.execution.polled ? batchTab : tab;
  if (chosen === 'batch' && !detail?.execution.polled) return 'result';
  return chosen === 'timeline' && !(detail && hasTimeline(detail)) ? detail?.execution.polled ? 'batch' : 'result' : chosen;
}

/** Index of the selected row, or -1 when the list does not hold it. */
export function selectedIndex(state: PanelState): number {
  const { selectedId, detail } = state;
  if (selectedId === undefined) return -1;
  // The sequence is known when the detail is: no search through thousands of rows.
  if (detail?.execution.id === selectedId) return placeOf(state.rows, detail.execution.sequence);
  return state.rows.findIndex(({ id }) => id === selectedId);
}
