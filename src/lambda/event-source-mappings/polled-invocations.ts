/** Invokes functions for pollers: synchronously, each invocation an execution that tells of its batch. */
import type { Clock } from '../../contracts/clock.ts';
import type { Execution, ExecutionHistory, PolledBatch } from '../../contracts/executions.ts';
import { AwsFault } from '../../contracts/faults.ts';
import type { RunnableFunction } from '../../contracts/functions.ts';
import { TransientMap } from '../../contracts/transient-map.ts';
import type { AttemptServices } from '../attempt.ts';
import type { InjectedFaults } from '../injected-faults.ts';
import { SynchronousInvocation } from '../synchronous.ts';
import { invocationsInChain, recursionLimit, traceFor } from '../trace.ts';
import { functionOf } from './mapping.ts';

export interface PolledInvocationsParts extends AttemptServices {
  clock: Clock;
  history: ExecutionHistory;
  ids: { uuid(): string; hex(bytes: number): string };
  faults: InjectedFaults;
  /** @throws AwsFault ResourceNotFoundException */
  target(name: string, qualifier: string | undefined): RunnableFunction;
  /** Takes one unit of concurrency; the returned function gives it back. @throws AwsFault TooManyRequestsException */
  acquire(functionName: string): () => void;
  /** Concurrency of a function came free. */
  released(functionName: string): void;
  /** `RecursiveLoop: Allow`. */
  mayLoop(functionName: string): boolean;
  /** The execution that a trace header comes from. */
  causeOf(traceHeader: string): string | undefined;
  executionChanged(execution: Execution): void;
}

export interface PolledRequest {
  functionArn: string;
  payload: Uint8Array;
  batch: PolledBatch;
  /** Of the record that is furthest in a chain of requests. */
  traceHeader?: string;
  /** Of the execution, when somebody has named it already; never used twice. */
  executionId?: string;
}

export interface PolledAnswer {
  executionId: string;
  executedVersion: string;
  payload: Uint8Array;
  /** Absent when the function succeeded. */
  failure?: { errorType: string; errorMessage: string };
}

export class PolledInvocations {
  readonly #parts: PolledInvocationsParts;
  readonly #running = new TransientMap<SynchronousInvocation>();
  #closed = false;

  constructor(parts: PolledInvocationsParts) {
    this.#parts = parts;
  }

  get running(): number {
    return this.#running.size;
  }

  /** The function that an ARN stands for now. @throws AwsFault ResourceNotFoundException */
  target(functionArn: string): RunnableFunction {
    const { name, qualifier } = functionOf(functionArn);
    return this.#parts.target(name, qualifier);
  }

  /** Whether Lambda would stop this chain of requests here (lambda-facts §2.6). */
  wouldLoop(functionArn: string, traceHeader: string): boolean {
    const { name } = functionOf(functionArn);
    return !this.#parts.mayLoop(name) && invocationsInChain(unqualified(functionArn), traceHeader) >= recursionLimit;
  }

  /**
   * Settles when the function has answered. The execution stands in the history by then; `conclude` adds what the poller made
   * of it.
   * @throws AwsFault when it did not run: throttled, no such function, no interpreter.
   */
  async run({ functionArn, payload, batch, traceHeader, executionId }: PolledRequest): Promise<PolledAnswer> {
    const { clock, ids, history, faults } = this.#parts;
    if (this.#closed) throw new AwsFault('ServiceUnavailableException', 503, 'The engine ends.');
    const { name, qualifier } = functionOf(functionArn);
    const target = this.#parts.target(name, qualifier);
    faults.throttle(name);
    const release = this.#parts.acquire(name);
    const id = executionId ?? ids.uuid();
    const causedBy = traceHeader === undefined ? undefined : this.#parts.causeOf(traceHeader);
    const invocation = new SynchronousInvocation({
      ...this.#parts, payload, target,
      execution: {
        ...this.#execution(id, functionArn, target, payload, batch),
        ...(causedBy === undefined ? {} : { causedBy }),
        traceId: traceFor({ executionId: id, functionArn: target.functionArn, incoming: traceHeader, now: clock.now(), hex: ids.hex }),
        status: 'running',
      },
    });
    this.#running.set(id, invocation);
    try {
      const delay = faults.delay(name);
      if (delay > 0) await new Promise<void>((resolve) => { clock.after(delay, resolve); });
      const answer = await invocation.run(false);
      const { errorType, errorMessage } = history.get(id) ?? {};
      return {
        executionId: id, executedVersion: target.version, payload: answer.payload,
        ...(answer.functionError === undefined ? {} : { failure: { errorType: errorType ?? answer.functionError, errorMessage: errorMessage ?? '' } }),
      };
    } finally {
      release();
      this.#parts.released(name);
      this.#running.delete(id);
    }
  }

  /** Whether an invocation of this id has begun. */
  hasRun(executionId: string): boolean {
    return this.#parts.history.get(executionId) !== undefined;
  }

  /** Adds to an execution what became of its batch; `next` and `deliveries` are added to what is there. @param checkpoint Where it stands now. */
  conclude(executionId: string, changes: Partial<PolledBatch>, checkpoint?: string): void {
    const { history, executionChanged } = this.#parts;
    const execution = history.get(executionId);
    if (!execution?.polled) return;
    const { next, deliveries, checkpoint: place } = execution.polled;
    const concluded: Execution = {
      ...execution, polled: {
        ...execution.polled, ...changes,
        ...(next && changes.next ? { next: [...next, ...changes.next].slice(0, mostNext) } : {}),
        ...(place && checkpoint !== undefined ? { checkpoint: { ...place, after: checkpoint } } : {}),
        ...(deliveries && changes.deliveries ? { deliveries: [...deliveries, ...changes.deliveries] } : {}),
      },
    };
    history.save(concluded);
    executionChanged(concluded);
  }

  /** Notes a batch that was never run: turned away until its time was over. */
  refused(functionArn: string, payload: Uint8Array, batch: PolledBatch, fault: AwsFault): void {
    if (this.#closed) return;
    const { clock, ids, history, executionChanged } = this.#parts;
    let target: RunnableFunction;
    try {
      target = this.target(functionArn);
    } catch {
      // A function that is not there has no executions.
      return;
    }
    const id = ids.uuid();
    const execution: Execution = {
      ...this.#execution(id, functionArn, target, payload, batch), status: 'throttled', finishedAt: clock.now(), statusCode: fault.status, errorType: fault.name,
      errorMessage: `${fault.message}${fault.fields['Reason'] === undefined ? '' : ` (${fault.fields['Reason']})`}`,
    };
    history.saveRequest(id, payload);
    history.save(execution);
    executionChanged(execution);
  }

  /** Ends a running invocation. False when it does not run here. */
  cancel(executionId: string): boolean {
    const invocation = this.#running.get(executionId);
    invocation?.cancel();
    return invocation !== undefined;
  }

  /** Ends everything that runs. */
  async close(): Promise<void> {
    this.#closed = true;
    const running = this.#running.values();
    for (const invocation of running) invocation.cancel();
    await Promise.allSettled(running.map((invocation) => invocation.finished));
  }

  #execution(id: string, functionArn: string, target: RunnableFunction, payload: Uint8Array, polled: PolledBatch): Execution {
    const { clock, history, ids } = this.#parts;
    const { name, qualifier } = functionOf(functionArn);
    const now = clock.now();
    return {
      id, sequence: history.nextSequence(), functionName: name, ...(qualifier === undefined ? {} : { qualifier }),
      invokedFunctionArn: functionArn, executedVersion: target.version, invocationType: 'RequestResponse', logType: 'None', source: 'event-source-mapping',
      traceId: traceFor({ executionId: id, functionArn: target.functionArn, incoming: undefined, now, hex: ids.hex }),
      status: 'throttled', receivedAt: now, requestBytes: payload.length, attempts: [], polled,
    };
  }
}

/** Ids of records kept out by filters that an execution lists. */
export const mostFilteredIds = 20;
/** Executions that an execution names as its next: the messages of one batch may come again one by one. */
const mostNext = 50;

function unqualified(functionArn: string): string {
  return functionArn.split(':').slice(0, 7).join(':');
}
