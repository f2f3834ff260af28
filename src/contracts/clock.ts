/** Cancels a timer; harmless when it has already fired. */
export type CancelTimer = () => void;

/**
 * The only source of time and timers in `lambda/` and `resources/`.
 *
 * Two kinds of waiting exist. *Work* (function timeouts, long polling, visibility while a message is held, schedules,
 * housekeeping) passes in real time. A *wait* that AWS imposes (retry delay, throttle backoff, batching window, message
 * delay) keeps its AWS duration but passes at the chosen scale.
 *
 * Waits are measured on an axis of their own, the wait axis: it moves `scale` times as fast as real time and jumps ahead
 * when a person or script advances it. A wait is stored as the place on that axis where it ends, so it follows every
 * change of the scale, and a restart too: the axis is durable and goes on while the engine is down.
 */
export interface Clock {
  /** Wall-clock time in epoch milliseconds, for every timestamp that leaves the engine. */
  now(): number;
  /** Monotonic milliseconds with sub-millisecond precision, for durations. */
  monotonic(): number;
  /** Runs `callback` once after `milliseconds` of real time. Does not keep the process alive. */
  after(milliseconds: number, callback: () => void): CancelTimer;
  /** Runs `callback` after the present work and the input that has arrived: answers leave before what follows from them. */
  soon(callback: () => void): void;
  /** Place on the wait axis, in AWS milliseconds. Never goes back. */
  waitNow(): number;
  /**
   * Where on the wait axis a repeat ends that is to wait `awsMilliseconds` from now; at the present scale never sooner
   * than `shortestRepeat`.
   */
  repeatDue(awsMilliseconds: number): number;
  /** Real milliseconds, at the present scale, since the wait axis passed `due`; 0 when it has not. */
  overdue(due: number): number;
  /** Runs `callback` once when the wait axis has reached `due`, whatever happens to the scale meanwhile. */
  afterWait(due: number, callback: () => void): CancelTimer;
}

/** No repeat (retry, redelivery) comes sooner than this after the one before, in milliseconds of real time. */
export const shortestRepeat = 250;

export interface ClockState {
  /** AWS time that passes in one unit of real time while something waits: 1 is real time, 60 the default. */
  scale: number;
  /** Epoch milliseconds of real time. */
  now: number;
  /** Place on the wait axis at `now`, AWS milliseconds. */
  waitNow: number;
}

/** How fast waits pass, as people and scripts change it. Durable. */
export interface WaitTime {
  state(): ClockState;
  /** @param scale 1-3600. @throws UserError outside of it. */
  setScale(scale: number): ClockState;
  /** Moves the wait axis ahead: every wait due within that AWS time is due now. @param seconds 0-31,536,000. @throws UserError */
  advance(seconds: number): ClockState;
  /** Returns the unsubscribe function. */
  onDidChange(listener: (state: ClockState) => void): () => void;
}
