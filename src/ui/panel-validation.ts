/** Checks what the records panel sends: a webview shows foreign text, so its messages are not trusted. */
import type { BatchRecordOutcome, ExecutionStatus } from '../contracts/executions.ts';
import {
  maxCopyLength, maxFilterLength, maxPageSize, panelVersion,
  type ExecutionAction, type ExecutionFilter, type ExecutionPart, type PanelAction, type PanelRequest,
} from '../protocol/panel.ts';
import { maxBatchRows } from '../protocol/panel-batch.ts';

const statuses: ReadonlySet<string> = new Set<ExecutionStatus>(['queued', 'running', 'succeeded', 'failed', 'throttled', 'cancelled', 'interrupted']);
const parts: ReadonlySet<string> = new Set<ExecutionPart>(['result', 'logs', 'event', 'record']);
const executionActions: ReadonlySet<string> = new Set<ExecutionAction>([
  'replay', 'replay-async', 'replay-sync', 'cancel', 'copy-as-cli', 'save-as-test-event', 'try-now', 'expire-now', 'deliver-twice',
]);
const actions: ReadonlySet<string> = new Set<PanelAction>(['export', 'clear', 'start-engine', 'show-log', 'manage-trust', 'open-folder', 'resume']);
const outcomes: ReadonlySet<string> = new Set<BatchRecordOutcome>(['deleted', 'given-back', 'checkpointed', 'failed', 'discarded']);
/** Request ids are UUIDs; a little room, no markup. */
const idPattern = /^[A-Za-z0-9-]{1,64}$/;
/** Any ARN: no spaces, no markup. */
const arnPattern = /^arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:\d*:[A-Za-z0-9-_.:/$]{1,400}$/;
/** As Lambda names functions, with room for ARNs. */
const namePattern = /^[A-Za-z0-9-_:$]{1,170}$/;

/**
 * The message rebuilt from its known members only, or undefined when anything about it is wrong. The panel is built
 * from the same sources, so a wrong message is a bug or an attack, never something to repair.
 */
export function readPanelRequest(value: unknown): PanelRequest | undefined {
  if (!isObject(value) || value.version !== panelVersion) return undefined;
  const version = panelVersion;
  switch (value.type) {
    case 'ready':
      return { version, type: 'ready' };
    case 'list': {
      const { request, before, limit } = value;
      const filter = readFilter(value.filter);
      if (!filter || !isCount(request) || !isCount(limit) || limit < 1 || limit > maxPageSize) return undefined;
      if (before === undefined) return { version, type: 'list', request, limit, filter };
      return isCount(before) ? { version, type: 'list', request, before, limit, filter } : undefined;
    }
    case 'select':
      if (value.executionId === undefined) return { version, type: 'select' };
      return isId(value.executionId) ? { version, type: 'select', executionId: value.executionId } : undefined;
    case 'execution-action':
      return isId(value.executionId) && isOneOf<ExecutionAction>(executionActions, value.action)
        ? { version, type: 'execution-action', action: value.action, executionId: value.executionId } : undefined;
    case 'open-part':
      return isId(value.executionId) && isOneOf<ExecutionPart>(parts, value.part)
        ? { version, type: 'open-part', executionId: value.executionId, part: value.part } : undefined;
    case 'batch-rows': {
      const { executionId, from, limit, outcome } = value;
      if (!isId(executionId) || !isCount(from) || !isCount(limit) || limit < 1 || limit > maxBatchRows) return undefined;
      if (outcome === undefined) return { version, type: 'batch-rows', executionId, from, limit };
      return isOneOf<BatchRecordOutcome>(outcomes, outcome) ? { version, type: 'batch-rows', executionId, from, limit, outcome } : undefined;
    }
    case 'open-target':
      return typeof value.arn === 'string' && arnPattern.test(value.arn) ? { version, type: 'open-target', arn: value.arn } : undefined;
    case 'copy':
      return isText(value.text, maxCopyLength) ? { version, type: 'copy', text: value.text } : undefined;
    case 'action':
      return isOneOf<PanelAction>(actions, value.action) ? { version, type: 'action', action: value.action } : undefined;
    case 'problem':
      return isText(value.message, maxCopyLength) ? { version, type: 'problem', message: value.message } : undefined;
    default:
      return undefined;
  }
}

function readFilter(value: unknown): ExecutionFilter | undefined {
  if (!isObject(value)) return undefined;
  const filter: ExecutionFilter = {};
  if (value.text !== undefined) {
    if (!isText(value.text, maxFilterLength)) return undefined;
    filter.text = value.text;
  }
  if (value.status !== undefined) {
    if (!isOneOf<ExecutionStatus>(statuses, value.status)) return undefined;
    filter.status = value.status;
  }
  if (value.functionName !== undefined) {
    if (typeof value.functionName !== 'string' || !namePattern.test(value.functionName)) return undefined;
    filter.functionName = value.functionName;
  }
  return filter;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && idPattern.test(value);
}

function isText(value: unknown, maxLength: number): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= maxLength;
}

function isOneOf<T extends string>(allowed: ReadonlySet<string>, value: unknown): value is T {
  return typeof value === 'string' && allowed.has(value);
}
