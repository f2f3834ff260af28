/** Tells clients what changed: coalesced, so that a busy engine never floods an editor. */
import type { MessageConnection, NotificationType } from 'vscode-jsonrpc';
import type { Execution } from '../contracts/executions.ts';
import type { ClockState } from '../contracts/clock.ts';
import type { EventSourceMappingSummary } from '../contracts/event-source-mappings.ts';
import type { FunctionSummary } from '../contracts/lambda-api.ts';
import type { ResourcesSnapshot } from '../contracts/resource-views.ts';
import {
  clockChanged, executionsChanged, functionsChanged, logWritten, mappingsChanged, resourcesChanged, statusChanged, type EngineStatus, type LogBatch,
} from '../protocol/engine.ts';

/** Longest time that a change waits for others, milliseconds. */
const coalesceMilliseconds = 50;
/** A busy queue changes all the time: what views show of resources is sent at most this often, milliseconds. */
const resourcesMilliseconds = 250;
/** Lines of one execution in one message; of more, the first and the newest are sent. */
const maxLines = 1000;

export interface BroadcasterOptions {
  connections: () => readonly MessageConnection[];
  functions: () => FunctionSummary[];
  status: () => EngineStatus;
  resources: () => ResourcesSnapshot;
  mappings: () => EventSourceMappingSummary[];
}

export class Broadcaster {
  readonly #options: BroadcasterOptions;
  readonly #executions = new Map<string, Execution>();
  readonly #logs = new Map<string, { functionName: string; lines: string[]; dropped: number }>();
  #functions = false;
  #timer: NodeJS.Timeout | undefined;
  #resourcesTimer: NodeJS.Timeout | undefined;
  #mappingsTimer: NodeJS.Timeout | undefined;
  /** As JSON. */
  #mappingsSent = '';

  constructor(options: BroadcasterOptions) {
    this.#options = options;
  }

  executionChanged(execution: Execution): void {
    if (this.#options.connections().length === 0) return;
    this.#executions.set(execution.id, execution);
    this.#schedule();
  }

  logWritten(executionId: string, functionName: string, lines: readonly string[]): void {
    if (this.#options.connections().length === 0) return;
    let log = this.#logs.get(executionId);
    if (!log) this.#logs.set(executionId, log = { functionName, lines: [], dropped: 0 });
    log.lines.push(...lines);
    if (log.lines.length > 2 * maxLines) log.dropped += log.lines.splice(maxLines / 2, log.lines.length - maxLines).length;
    this.#schedule();
  }

  functionsChanged(): void {
    if (this.#options.connections().length === 0) return;
    this.#functions = true;
    this.#schedule();
  }

  resourcesChanged(): void {
    if (this.#options.connections().length === 0) return;
    this.#resourcesTimer ??= setTimeout(() => {
      this.#resourcesTimer = undefined;
      this.#send(resourcesChanged, this.#options.resources());
    }, resourcesMilliseconds);
    // What waits in a source is part of a mapping, also while nobody polls.
    this.mappingsChanged();
  }

  mappingsChanged(): void {
    if (this.#options.connections().length === 0) return;
    this.#mappingsTimer ??= setTimeout(() => {
      this.#mappingsTimer = undefined;
      const mappings = this.#options.mappings();
      const text = JSON.stringify(mappings);
      if (text === this.#mappingsSent) return;
      this.#mappingsSent = text;
      this.#send(mappingsChanged, { mappings });
    }, resourcesMilliseconds);
  }

  clockChanged(state: ClockState): void {
    this.#send(clockChanged, state);
  }

  /** Sends what waits, at once. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const executions = [...this.#executions.values()];
    const batches: LogBatch[] = [...this.#logs].map(([executionId, { functionName, lines, dropped }]) => ({
      executionId,
      functionName,
      lines: dropped === 0 ? lines : lines.toSpliced(maxLines / 2, 0, `… ${dropped} lines are not shown here; the record's log has more …`),
    }));
    this.#executions.clear();
    this.#logs.clear();
    if (batches.length > 0) this.#send(logWritten, { batches });
    if (this.#functions) {
      this.#functions = false;
      this.#send(functionsChanged, { functions: this.#options.functions() });
    }
    if (executions.length > 0) this.#send(executionsChanged, { executions });
    this.#send(statusChanged, this.#options.status());
  }

  close(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#resourcesTimer);
    clearTimeout(this.#mappingsTimer);
  }

  #send<P>(type: NotificationType<P>, parameters: P): void {
    for (const connection of this.#options.connections()) {
      // A client that is leaving is taken off the list by its socket's close event.
      connection.sendNotification(type.method, parameters).catch(() => {});
    }
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => this.flush(), coalesceMilliseconds);
  }
}
