/** Cancels a timer; harmless when it has already fired. */
export type CancelTimer = () => void;

/**
 * The only source of time and timers in `lambda/` and `resources/`.
 *
 * Two kinds of waiting exist. *Work* (function timeouts, long polling, housekeeping) passes in real time. A *wait* that
 * AWS imposes (retry delay, throttle backoff, batching window, message delay) keeps its AWS duration but passes at the
 * chosen scale.
 */
export interface Clock {
  /** Wall-clock time in epoch milliseconds, for every timestamp that leaves the engine. */
  now(): number;
  /** Monotonic milliseconds with sub-millisecond precision, for durations. */
  monotonic(): number;
  /** Runs `callback` once after `milliseconds` of real time. Does not keep the process alive. */
  after(milliseconds: number, callback: () => void): CancelTimer;
}
