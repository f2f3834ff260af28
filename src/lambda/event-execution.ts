/** What the history shows of a queued event. */
import type { QueuedEvent } from '../contracts/event-queue.ts';
import type { AsynchronousState, Execution, PastWait } from '../contracts/executions.ts';

const noDeliveries: AsynchronousState['deliveries'] = [];
/** Waits that an execution tells of. */
const mostWaits = 40;

/** The execution of an event that was accepted just now, or that the bounded history has lost. */
export function executionOf(event: QueuedEvent, invokedFunctionArn: string): Execution {
  return {
    id: event.id, ...(event.requestId === event.id ? {} : { requestId: event.requestId }), sequence: event.executionSequence,
    functionName: event.functionName, ...(event.qualifier === undefined ? {} : { qualifier: event.qualifier }), invokedFunctionArn,
    executedVersion: event.lastAnswer?.executedVersion ?? '$LATEST', invocationType: 'Event', logType: 'None', source: event.source,
    ...(event.replayOf === undefined ? {} : { replayOf: event.replayOf }), ...(event.causedBy === undefined ? {} : { causedBy: event.causedBy }),
    traceId: event.traceId, status: 'queued', receivedAt: event.acceptedAt, requestBytes: event.requestBytes, attempts: [],
    asynchronous: { ...stateOf(event, undefined), wait: event.wait },
  };
}

/** The asynchronous side as the event stands now; waits and deliveries of before stay. */
export function stateOf(event: QueuedEvent, before: Execution | undefined): AsynchronousState {
  const { waits, deliveries = noDeliveries } = before?.asynchronous ?? {};
  return {
    ...(waits === undefined ? {} : { waits }),
    ageMs: event.ageMs, invokeCount: event.invokeCount, throttles: event.throttles, deliveries,
    ...(event.duplicate ? { duplicate: true } : {}),
  };
}

/** The execution when the wait of its event is over. @param now Epoch milliseconds. */
export function afterWait(execution: Execution, event: QueuedEvent, now: number, cutShort: boolean): Execution {
  const { kind, awsSeconds, since } = event.wait;
  const past: PastWait[] = kind === 'turn' ? [] : [{ kind, awsSeconds, since, until: now, ...(cutShort ? { cutShort: true } : {}) }];
  const { wait, waits = [], ...state } = execution.asynchronous ?? stateOf(event, undefined);
  const all = [...waits, ...past].slice(-mostWaits);
  return { ...execution, asynchronous: { ...state, ...(all.length === 0 ? {} : { waits: all }) } };
}
