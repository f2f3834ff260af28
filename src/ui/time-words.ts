/** Reads what people type about the speed of waits and about stretches of AWS time. No VS Code, so that Node tests it. */

/** As the engine's clock takes it. */
export const largestScale = 3600;
/** A year; as the engine's clock takes it. Seconds. */
export const longestAdvance = 31_536_000;

/** A number of at least 1, with or without a leading × or x; undefined when it is none. */
export function readScale(text: string): number | undefined {
  const match = /^\s*[×x]?\s*(\d+(?:\.\d+)?)\s*$/i.exec(text);
  const scale = Number(match?.[1]);
  return match && scale >= 1 && scale <= largestScale ? scale : undefined;
}

export function scaleProblem(text: string): string | undefined {
  return readScale(text) === undefined ? `A number from 1 (real time) to ${largestScale}.` : undefined;
}

const units: Readonly<Record<string, number>> = { s: 1, m: 60, min: 60, h: 3600, d: 86_400 };

/** `90 s`, `5 min`, `1 h 30 min`, `2d`, or a bare number of seconds; undefined when it is none. Seconds. */
export function readStretch(text: string): number | undefined {
  const trimmed = text.trim();
  if (/^\d+$/.test(trimmed)) return within(Number(trimmed));
  let seconds = 0;
  const rest = trimmed.replaceAll(/(\d+(?:\.\d+)?)\s*(min|[smhd])\b\s*/gi, (_part, count: string, unit: string) => {
    seconds += Number(count) * (units[unit.toLowerCase()] ?? 0);
    return '';
  });
  return rest === '' && trimmed !== '' ? within(seconds) : undefined;
}

export function stretchProblem(text: string): string | undefined {
  return readStretch(text) === undefined ? 'A stretch of time such as 90 s, 5 min or 1 h 30 min, at most a year.' : undefined;
}

function within(seconds: number): number | undefined {
  return seconds > 0 && seconds <= longestAdvance ? seconds : undefined;
}
