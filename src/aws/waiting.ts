/** Waits that end early when a signal aborts. */
import type { Clock } from '../contracts/clock.ts';

/** Resolves after real time, or at once when the signal aborts. */
export function pause(clock: Clock, milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) {
      resolve();
      return;
    }
    const over = (): void => {
      signal?.removeEventListener('abort', over);
      cancel();
      resolve();
    };
    const cancel = clock.after(milliseconds, over);
    signal?.addEventListener('abort', over, { once: true });
  });
}

/** What the promise gives; rejects with the signal's reason when that aborts first. The work itself goes on. */
export function abortable<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  return new Promise((resolve, reject) => {
    const aborted = (): void => reject(signal.reason as Error);
    if (signal.aborted) aborted();
    signal.addEventListener('abort', aborted, { once: true });
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', aborted));
  });
}
