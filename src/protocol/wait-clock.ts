/** Where waits stand on the wait axis between two messages about the clock: panel, trees and status bar count alike. */
import type { ClockState } from '../contracts/clock.ts';
import type { EventWait } from '../contracts/executions.ts';

export interface Remaining {
  /** AWS time, milliseconds. */
  awsMs: number;
  /** What passes here until then at the present scale, milliseconds. */
  realMs: number;
}

/** What is left of a wait at `now` (epoch milliseconds of the clock that made `clock`). Never negative. */
export function remaining({ due, notBefore }: Pick<EventWait, 'due' | 'notBefore'>, clock: ClockState, now: number): Remaining {
  const axis = clock.waitNow + Math.max(0, now - clock.now) * clock.scale;
  const awsMs = Math.max(0, due - axis);
  return { awsMs, realMs: Math.max(awsMs / clock.scale, notBefore - now, 0) };
}

/** `real time`, `×60`. */
export function scaleText(scale: number): string {
  return scale === 1 ? 'real time' : `×${Number(scale.toFixed(2))}`;
}

/** `0.4 s`, `12 s`, `1 min 5 s`, `2 h 3 min`: what a person reads while it passes. */
export function waitText(milliseconds: number): string {
  if (milliseconds < 9950) return `${(Math.round(milliseconds / 100) / 10).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return seconds % 60 === 0 ? `${seconds / 60} min` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = Math.round(seconds / 60);
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
