/** Reads what the panel saved before a reload: foreign data, because an older version may have written it. */
import type { ExecutionFilter } from '../src/protocol/panel.ts';
import { statusWords, type Status } from './formatting.ts';
import type { SavedState, Tab } from './state.ts';

const tabs: readonly string[] = ['batch', 'timeline', 'result', 'logs', 'event', 'record'] satisfies Tab[];

/** Undefined when there is nothing usable. */
export function readSavedState(value: unknown): SavedState | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const saved = value as Partial<Record<keyof SavedState, unknown>>;
  if (saved.version !== 1) return undefined;
  return {
    version: 1,
    filter: readFilter(saved.filter),
    tab: typeof saved.tab === 'string' && tabs.includes(saved.tab) ? saved.tab as Tab : 'result',
    eventTab: typeof saved.eventTab === 'string' && tabs.includes(saved.eventTab) ? saved.eventTab as Tab : 'timeline',
    batchTab: typeof saved.batchTab === 'string' && tabs.includes(saved.batchTab) ? saved.batchTab as Tab : 'batch',
    follow: saved.follow === true,
    rowCount: typeof saved.rowCount === 'number' ? saved.rowCount : 0,
    ...(typeof saved.selectedId === 'string' && { selectedId: saved.selectedId }),
    ...(typeof saved.topSequence === 'number' && { topSequence: saved.topSequence }),
    ...(typeof saved.listShare === 'number' && { listShare: saved.listShare }),
    ...(typeof saved.factsOpen === 'boolean' && { factsOpen: saved.factsOpen }),
  };
}

function readFilter(value: unknown): ExecutionFilter {
  if (typeof value !== 'object' || value === null) return {};
  const { text, status, functionName } = value as Record<string, unknown>;
  return {
    ...(typeof text === 'string' && text !== '' && { text }),
    ...(typeof status === 'string' && status in statusWords && { status: status as Status }),
    ...(typeof functionName === 'string' && functionName !== '' && { functionName }),
  };
}
