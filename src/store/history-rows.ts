/** Executions as rows of the history hold them. */
import type { Execution } from '../contracts/executions.ts';

/** What ran when the engine ended. */
export function interrupted(execution: Execution): Execution {
  return {
    ...execution,
    // An event is still in its queue, and runs again.
    status: execution.invocationType === 'Event' ? 'queued' : 'interrupted',
    attempts: execution.attempts.map((attempt) => (attempt.status === 'running' ? { ...attempt, status: 'interrupted' } : attempt)),
  };
}

export function bytesText(bytes: Uint8Array | null | undefined): string | undefined {
  return bytes ? Buffer.from(bytes).toString('utf8') : undefined;
}

/** What a search looks into, in lower case. */
export function searchText({ id, functionName, errorType, errorMessage }: Execution): string {
  return `${id}\n${functionName}\n${errorType ?? ''}\n${errorMessage ?? ''}`.toLowerCase();
}
