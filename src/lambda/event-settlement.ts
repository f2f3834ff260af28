/**
 * Ends attempts of events durably: first the attempt goes into the history, then deliveries and the event's end (or its next
 * wait) commit in one transaction. So an event leaves the queue only with all its deliveries, and an engine that dies in
 * between repeats the event rather than losing it.
 */
import type { Clock } from '../contracts/clock.ts';
import type { EventQueue, QueuedEvent } from '../contracts/event-queue.ts';
import type { EventDelivery, Execution, ExecutionHistory } from '../contracts/executions.ts';
import type { Logger } from '../contracts/logger.ts';

export interface Settlement {
  /** As it waits from now on, or as it ended. */
  event: QueuedEvent;
  /** The execution with the outcome, without deliveries. */
  execution: Execution;
  /** Answer of the attempt that ended. */
  response?: Uint8Array;
  /** Present when the event is over: makes its deliveries, inside the transaction. */
  deliver?: () => EventDelivery[];
}

/** Real milliseconds in which outcomes gather for one commit. */
const gatherMilliseconds = 2;
const largestGroup = 64;
const retryMilliseconds = 1000;

export interface EventSettlementOptions {
  queue: EventQueue;
  history: ExecutionHistory;
  clock: Clock;
  logger: Logger;
  executionChanged(execution: Execution): void;
  /** The outcome is committed. */
  settled(settlement: Settlement, final: boolean): void;
}

export class EventSettlements {
  readonly #options: EventSettlementOptions;
  #gathered: Settlement[] = [];
  #cancelTimer: (() => void) | undefined;

  constructor(options: EventSettlementOptions) {
    this.#options = options;
  }

  add(settlement: Settlement): void {
    this.#gathered.push(settlement);
    if (this.#gathered.length >= largestGroup) this.commit();
    else this.#cancelTimer ??= this.#options.clock.after(gatherMilliseconds, () => this.commit());
  }

  /** Commits what has gathered; when the disk does not allow it, again a while later. */
  commit(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const group = this.#gathered;
    if (group.length === 0) return;
    const { history, queue, clock, logger } = this.#options;
    const deliveries: EventDelivery[][] = [];
    try {
      for (const { execution, response } of group) {
        if (response) history.saveResponse(execution.id, response);
        history.save(execution);
      }
      history.flush();
      queue.transaction(() => {
        for (const settlement of group) deliveries.push(this.#write(settlement));
      });
    } catch (error) {
      logger.error('Outcomes of asynchronous invocations could not be written; it is tried again.', error);
      this.#cancelTimer = clock.after(retryMilliseconds, () => this.commit());
      return;
    }
    this.#gathered = [];
    group.forEach((settlement, index) => this.#tell(settlement, deliveries[index] ?? []));
  }

  #write({ event, response, deliver }: Settlement): EventDelivery[] {
    const { queue } = this.#options;
    if (!deliver) {
      queue.update(event, response);
      return [];
    }
    const made = deliver();
    queue.remove(event.id);
    return made;
  }

  #tell(settlement: Settlement, made: EventDelivery[]): void {
    const { history, executionChanged, settled } = this.#options;
    let { execution } = settlement;
    if (made.length > 0 && execution.asynchronous) {
      execution = { ...execution, asynchronous: { ...execution.asynchronous, deliveries: [...execution.asynchronous.deliveries, ...made] } };
      history.save(execution);
    }
    executionChanged(execution);
    settled({ ...settlement, execution }, settlement.deliver !== undefined);
  }
}
