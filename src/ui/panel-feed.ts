/** What the panel's list gets to see of the stream of executions: rows that match its filter, coalesced. */
import type { AsynchronousState, Execution } from '../contracts/executions.ts';
import type { ExecutionFilter, ExecutionRow, RowEvent } from '../protocol/panel.ts';

/** The part of an execution that the list shows. */
export function rowOf(execution: Execution): ExecutionRow {
  const { id, sequence, functionName, invocationType, source, status, receivedAt } = execution;
  const { qualifier, replayOf, finishedAt, durationMs, errorType, errorMessage, causedBy, asynchronous, polled } = execution;
  return {
    id, sequence, functionName, invocationType, source, status, receivedAt,
    coldStart: execution.attempts.some((attempt) => attempt.coldStart),
    chain: /Root=([^;]+)/.exec(execution.traceId)?.[1] ?? execution.traceId,
    ...(qualifier !== undefined && { qualifier }),
    ...(replayOf !== undefined && { replayOf }),
    ...(finishedAt !== undefined && { finishedAt }),
    ...(durationMs !== undefined && { durationMs }),
    ...(errorType !== undefined && { errorType }),
    ...(errorMessage !== undefined && { errorMessage }),
    ...(causedBy !== undefined && { causedBy }),
    ...(asynchronous && { event: eventOf(asynchronous) }),
    ...(polled && { batch: { size: polled.size, ...(polled.end && { end: polled.end.kind }) } }),
  };
}

function eventOf({ wait, condition, invokeCount, throttles, duplicate, deliveries }: AsynchronousState): RowEvent {
  return {
    invokeCount, throttles,
    failedDeliveries: deliveries.filter(({ status }) => status === 'failed').length,
    ...(wait && { wait }),
    ...(condition !== undefined && { condition }),
    ...(duplicate !== undefined && { duplicate }),
  };
}

/** As the engine filters its history (see `ExecutionQuery`), for executions that arrive later. */
export function matches(execution: Execution, filter: ExecutionFilter): boolean {
  if (filter.status !== undefined && execution.status !== filter.status) return false;
  if (filter.functionName !== undefined && execution.functionName !== filter.functionName) return false;
  if (filter.text === undefined) return true;
  return [execution.id, execution.functionName, execution.errorType ?? '', execution.errorMessage ?? '']
    .join('\n').toLowerCase().includes(filter.text.toLowerCase());
}

/** Gathers changed executions until they are taken; only the newest state of each is kept. */
export class ExecutionFeed {
  #filter: ExecutionFilter = {};
  readonly #pending = new Map<string, Execution>();

  /** Executions gathered so far are judged by the new filter. */
  set filter(filter: ExecutionFilter) {
    this.#filter = filter;
  }

  /** True when there is something to take. */
  get waiting(): boolean {
    return this.#pending.size > 0;
  }

  add(executions: readonly Execution[]): void {
    for (const execution of executions) this.#pending.set(execution.id, execution);
  }

  /** Forgets what was gathered. */
  clear(): void {
    this.#pending.clear();
  }

  /** Rows that match, and ids of executions that do not (the panel may show them from before they changed). */
  take(): { rows: ExecutionRow[]; removed: string[] } {
    const rows: ExecutionRow[] = [];
    const removed: string[] = [];
    for (const execution of this.#pending.values()) {
      if (matches(execution, this.#filter)) rows.push(rowOf(execution));
      else removed.push(execution.id);
    }
    this.#pending.clear();
    return { rows, removed };
  }
}
