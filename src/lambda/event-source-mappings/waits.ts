/** Waits of pollers, which end when the poller stops. */
import type { CancelTimer, Clock } from '../../contracts/clock.ts';

/** Resolves when the wait axis has reached `due`, or at once when the signal aborts. */
export function waitUntil(clock: Clock, due: number, signal: AbortSignal): Promise<void> {
  return untilOver(signal, (done) => clock.afterWait(due, done));
}

/** Resolves after real time, or at once when the signal aborts. */
export function pause(clock: Clock, milliseconds: number, signal: AbortSignal): Promise<void> {
  return untilOver(signal, (done) => clock.after(milliseconds, done));
}

function untilOver(signal: AbortSignal, arm: (done: () => void) => CancelTimer): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const over = (): void => {
      signal.removeEventListener('abort', over);
      cancel();
      resolve();
    };
    const cancel = arm(over);
    signal.addEventListener('abort', over, { once: true });
  });
}
