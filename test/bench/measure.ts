/** Medians and percentiles: machines are noisy, so nothing here reports a mean or a single run. */
export interface Distribution {
  p50: number;
  p99: number;
  samples: number;
}

export function distribution(values: readonly number[]): Distribution {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (quantile: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * quantile))] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99), samples: sorted.length };
}

/** Milliseconds of each of `count` sequential calls, after `warmUp` calls that are not counted. */
export async function sequential(count: number, warmUp: number, call: () => Promise<unknown>): Promise<Distribution> {
  for (let index = 0; index < warmUp; index++) await call();
  const times: number[] = [];
  for (let index = 0; index < count; index++) {
    const started = performance.now();
    await call();
    times.push(performance.now() - started);
  }
  return distribution(times);
}

/** Calls per second with `callers` callers at once. */
export async function throughput(callers: number, count: number, call: () => Promise<unknown>): Promise<number> {
  let left = count;
  const started = performance.now();
  await Promise.all(Array.from({ length: callers }, async () => {
    while (left-- > 0) await call();
  }));
  return count / ((performance.now() - started) / 1000);
}

/** The middle of several runs of the same measurement. */
export async function median(runs: number, measure: () => Promise<number>): Promise<number> {
  const values: number[] = [];
  for (let index = 0; index < runs; index++) values.push(await measure());
  return distribution(values).p50;
}

export interface Figure {
  name: string;
  value: number;
  unit: 'ms' | '/s' | 'KB' | 'MB';
  /** What the machine can do at best, measured in the same run. */
  floor?: { name: string; value: number };
  /** Largest ratio value/floor, or for rates the smallest, that the project promises. */
  promise?: { ratio?: number; absolute?: number };
}

const format = (value: number, unit: Figure['unit']) =>
  unit === '/s' ? `${Math.round(value)}/s` : `${value < 10 ? value.toFixed(3) : value.toFixed(1)} ${unit}`;

/** One line a figure: what it is, its floor, the ratio, and whether the promise holds. */
export function print(figure: Figure): void {
  const parts = [figure.name.padEnd(58), format(figure.value, figure.unit).padStart(12)];
  if (figure.floor) {
    const ratio = figure.value / figure.floor.value;
    parts.push(`${ratio.toFixed(2)}x of ${figure.floor.name} (${format(figure.floor.value, figure.unit)})`);
  }
  if (figure.promise) parts.push(`wanted ${wanted(figure)}: ${holds(figure) ? 'yes' : 'NO'}`);
  console.log(parts.join('  '));
}

function wanted({ promise, unit }: Figure): string {
  const sign = unit === '/s' ? 'at least' : 'at most';
  return promise?.ratio === undefined ? `${sign} ${format(promise?.absolute ?? 0, unit)}` : `${sign} ${promise.ratio}x`;
}

function holds({ value, floor, promise, unit }: Figure): boolean {
  const limit = promise?.ratio === undefined ? promise?.absolute ?? Infinity : promise.ratio * (floor?.value ?? Number.NaN);
  return unit === '/s' ? value >= limit : value <= limit;
}
