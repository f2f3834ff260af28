/** Injected faults as people read and type them: rates in percent. No VS Code, so that Node tests it. */
import type { FaultSettings } from '../contracts/lambda-api.ts';

export type FaultKind = 'throttle' | 'fail' | 'delay' | 'duplicate';

/** Milliseconds; as the engine takes it. */
export const longestDelay = 900_000;

/** `throttle 20 %, delay 100 % by 500 ms`. */
export function faultWords(faults: FaultSettings): string {
  const { throttle, fail, delay, delayMs, duplicate } = faults;
  return [
    throttle !== undefined && throttle > 0 && `throttle ${percent(throttle)}`,
    fail !== undefined && fail > 0 && `fail ${percent(fail)}`,
    delay !== undefined && delay > 0 && `delay ${percent(delay)} by ${delayMs ?? 0} ms`,
    duplicate !== undefined && duplicate > 0 && `duplicate ${percent(duplicate)}`,
  ].filter((part) => part !== false).join(', ');
}

function percent(rate: number): string {
  return `${Number((rate * 100).toFixed(2))} %`;
}

/** `20`, `20 %` or `0.5 %` as a rate from 0 to 1; undefined when it is none. */
export function readPercent(text: string): number | undefined {
  const match = /^\s*(\d+(?:\.\d+)?)\s*%?\s*$/.exec(text);
  const value = Number(match?.[1]);
  return match && value <= 100 ? value / 100 : undefined;
}

export function percentProblem(text: string): string | undefined {
  return readPercent(text) === undefined ? 'A percentage from 0 to 100.' : undefined;
}

/** Milliseconds, 0 to 15 minutes; undefined when it is none. */
export function readDelay(text: string): number | undefined {
  const match = /^\s*(\d+)\s*(ms|s)?\s*$/.exec(text);
  const value = Number(match?.[1]) * (match?.[2] === 's' ? 1000 : 1);
  return match && value <= longestDelay ? value : undefined;
}

export function delayProblem(text: string): string | undefined {
  return readDelay(text) === undefined ? 'Milliseconds from 0 to 900000, or seconds as in 2 s.' : undefined;
}

/** Without rates of 0; undefined when none is left. */
export function withoutZeros(faults: FaultSettings): FaultSettings | undefined {
  const { delayMs, ...rates } = faults;
  const kept = Object.fromEntries(Object.entries(rates).filter(([, rate]) => rate !== undefined && rate > 0)) as FaultSettings;
  if (Object.keys(kept).length === 0) return undefined;
  return kept.delay === undefined ? kept : { ...kept, delayMs: delayMs ?? 0 };
}
