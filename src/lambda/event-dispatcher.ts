/** Decides which queued events run now: due ones, oldest due first, a window of each function at a time. */
import type { CancelTimer, Clock } from '../contracts/clock.ts';
import type { EventQueue, QueuedEvent } from '../contracts/event-queue.ts';
import type { Logger } from '../contracts/logger.ts';
import type { ResumeGate } from '../contracts/resume-gate.ts';

export interface EventDispatcherOptions {
  queue: EventQueue;
  clock: Clock;
  gate: ResumeGate;
  logger: Logger;
  /** Events of one function, and of all, that run at once. */
  limits: () => { perFunction: number; total: number };
  /**
   * Resolves when its execution environment is free again, with whether it had taken concurrency. The event stays claimed
   * until `settled`.
   */
  run(event: QueuedEvent): Promise<boolean>;
}

/** While callers send, accepting goes first: a function's events are looked at only this often, in milliseconds. */
const busyMilliseconds = 16;

interface Lane {
  /** Events that run or are being settled: nobody else may take them. */
  claimed: Set<string>;
  running: number;
  scheduled: boolean;
  /** Monotonic. */
  lookedAt: number;
  /** Until then on the wait axis, nothing is taken: the function was throttled. */
  heldUntil?: number;
  timer?: CancelTimer;
}

export class EventDispatcher {
  readonly #options: EventDispatcherOptions;
  readonly #lanes = new Map<string, Lane>();
  #running = 0;
  /** Monotonic: when a caller last sent an event. */
  #sentAt = -Infinity;
  #closed = true;
  /** Functions that found no room; they are looked at when some comes free. */
  readonly #starved = new Set<string>();
  #stopListening: (() => void) | undefined;

  constructor(options: EventDispatcherOptions) {
    this.#options = options;
  }

  start(): void {
    this.#closed = false;
    this.#stopListening = this.#options.gate.onDidChange(() => this.#wakeAll());
    this.#wakeAll();
  }

  /** Takes nothing more. */
  close(): void {
    this.#closed = true;
    this.#stopListening?.();
    for (const lane of this.#lanes.values()) lane.timer?.();
  }

  /** Whether the event runs or is being settled. */
  claims(event: Pick<QueuedEvent, 'id' | 'functionName'>): boolean {
    return this.#lanes.get(event.functionName)?.claimed.has(event.id) ?? false;
  }

  /** Events accepted before the pause, which wait for the gate. */
  get held(): number {
    const { gate: { pausedSince }, queue } = this.#options;
    return pausedSince !== undefined && queue.counts().size > 0 ? queue.countUpTo(pausedSince) : 0;
  }

  /** Looks at a function's events after the present work. */
  wake(functionName: string): void {
    const lane = this.#lane(functionName);
    if (lane.scheduled || this.#closed) return;
    lane.scheduled = true;
    const { clock } = this.#options;
    const look = () => {
      lane.scheduled = false;
      lane.lookedAt = clock.monotonic();
      this.#pump(functionName, lane);
    };
    const now = clock.monotonic();
    const since = now - lane.lookedAt;
    if (since < busyMilliseconds && now - this.#sentAt < busyMilliseconds) clock.after(busyMilliseconds - since, look);
    else clock.soon(look);
  }

  /** A caller sends events. */
  callersSend(): void {
    this.#sentAt = this.#options.clock.monotonic();
  }

  /** The function was throttled: nothing of it is taken before `due`, or before something of it ends. */
  hold(functionName: string, due: number): void {
    this.#lane(functionName).heldUntil = due;
  }

  /** Concurrency came free, here or by a caller's invocation that ended. */
  release(functionName: string): void {
    const lane = this.#lanes.get(functionName);
    if (lane?.heldUntil === undefined) return;
    delete lane.heldUntil;
    this.wake(functionName);
  }

  /** The event's outcome is committed: it is gone, or waits again. */
  settled(event: Pick<QueuedEvent, 'id' | 'functionName'>): void {
    this.#lane(event.functionName).claimed.delete(event.id);
    this.wake(event.functionName);
  }

  #wakeAll(): void {
    for (const name of this.#options.queue.counts().keys()) this.wake(name);
  }

  #lane(functionName: string): Lane {
    let lane = this.#lanes.get(functionName);
    if (!lane) this.#lanes.set(functionName, lane = { claimed: new Set(), running: 0, scheduled: false, lookedAt: -Infinity });
    return lane;
  }

  #pump(functionName: string, lane: Lane): void {
    if (this.#closed) return;
    lane.timer?.();
    delete lane.timer;
    const { queue, clock, gate, limits } = this.#options;
    const waiting = (queue.counts().get(functionName) ?? 0) - lane.claimed.size;
    if (waiting <= 0) {
      if (lane.claimed.size === 0 && lane.heldUntil === undefined) this.#lanes.delete(functionName);
      return;
    }
    const now = clock.waitNow();
    if (lane.heldUntil !== undefined && lane.heldUntil > now) {
      this.#wakeAt(functionName, lane, lane.heldUntil);
      return;
    }
    delete lane.heldUntil;
    const { perFunction, total } = limits();
    const room = Math.min(perFunction - lane.running, total - this.#running);
    if (room <= 0) {
      if (lane.running === 0) this.#starved.add(functionName);
      return;
    }
    const events = queue.due(functionName, now, room, lane.claimed, gate.pausedSince);
    for (const event of events) this.#start(event, lane);
    if (events.length === room) return;
    const due = queue.nextDue(functionName, lane.claimed);
    if (due !== undefined && due > now) this.#wakeAt(functionName, lane, due);
  }

  #wakeAt(functionName: string, lane: Lane, due: number): void {
    lane.timer = this.#options.clock.afterWait(due, () => this.wake(functionName));
  }

  #start(event: QueuedEvent, lane: Lane): void {
    lane.claimed.add(event.id);
    lane.running += 1;
    this.#running += 1;
    void this.#options.run(event).catch((error: unknown) => {
      this.#options.logger.error(`Event ${event.id} of ${event.functionName} could not be dispatched; it is tried again when the engine starts.`, error);
      return false;
    }).then((ran) => {
      lane.running -= 1;
      this.#running -= 1;
      if (ran) this.release(event.functionName);
      this.wake(event.functionName);
      for (const name of this.#starved) {
        this.#starved.delete(name);
        this.wake(name);
      }
    });
  }
}
