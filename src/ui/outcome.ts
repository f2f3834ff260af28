/** How an execution reads in a tree, a lens or a tooltip: words first, colour never alone. */
import type { Execution, ExecutionStatus } from '../contracts/executions.ts';
import { duration } from './sentences.ts';

/** `200 · 12 ms`, `TypeError · 3.1 ms`, `throttled`. */
export function outcomeText(execution: Execution): string {
  const parts = [outcome(execution)];
  if (execution.durationMs !== undefined) parts.push(duration(execution.durationMs));
  return parts.join(' · ');
}

function outcome({ status, statusCode, errorType, functionError }: Execution): string {
  switch (status) {
    case 'succeeded': return String(statusCode ?? 200);
    case 'failed': return errorType ?? functionError ?? 'failed';
    default: return status;
  }
}

/** Codicon and theme colour of a status. */
export const statusIcons: Readonly<Record<ExecutionStatus, { icon: string; color?: string }>> = {
  queued: { icon: 'watch' },
  running: { icon: 'loading~spin' },
  succeeded: { icon: 'pass', color: 'testing.iconPassed' },
  failed: { icon: 'error', color: 'testing.iconFailed' },
  throttled: { icon: 'warning', color: 'problemsWarningIcon.foreground' },
  cancelled: { icon: 'circle-slash', color: 'testing.iconSkipped' },
  interrupted: { icon: 'debug-disconnect', color: 'problemsWarningIcon.foreground' },
};
