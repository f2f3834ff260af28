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

export class Rounds<Name extends string> {
  readonly #values = new Map<Name, number[]>();

  /** Measures each of `what` in turn, `count` times: a figure and its floor meet the same weather. */
  async run(count: number, what: Readonly<Partial<Record<Name, () => Promise<number>>>>): Promise<this> {
    for (let round = 0; round < count; round++) {
      for (const [name, measure] of Object.entries(what) as [Name, () => Promise<number>][]) this.add(name, await measure());
    }
    return this;
  }

  add(name: Name, value: number): void {
    const values = this.#values.get(name) ?? [];
    values.push(value);
    this.#values.set(name, values);
  }

  median(name: Name): number {
    return distribution(this.#values.get(name) ?? []).p50;
  }

  /** Median of the ratios of each round. */
  ratio(name: Name, floor: Name): number {
    return this.#compared(name, floor, (value, other) => value / other);
  }

  /** Median of the differences of each round. */
  difference(name: Name, other: Name): number {
    return this.#compared(name, other, (value, subtracted) => value - subtracted);
  }

  #compared(name: Name, other: Name, compare: (value: number, other: number) => number): number {
    const others = this.#values.get(other) ?? [];
    return distribution((this.#values.get(name) ?? []).map((value, round) => compare(value, others[round] ?? Number.NaN))).p50;
  }
}

export interface Figure {
  name: string;
  value: number;
  unit: 'ms' | 'us' | '/s' | 'KB' | 'MB';
  /** What the machine can do at best, measured in the same run. `ratio` is that of the two values unless it was measured in turns. */
  floor?: { name: string; value: number; ratio?: number };
  /** Largest ratio to the floor, or for rates the smallest, or the largest value that the project promises. */
  promise?: { ratio: number } | { absolute: number };
}

const format = (value: number, unit: Figure['unit']) =>
  unit === '/s' ? `${Math.round(value)}/s` : `${Math.abs(value) < 10 ? value.toFixed(3) : value.toFixed(1)} ${unit}`;

/** One line a figure: what it is, its floor, the ratio, and whether the promise holds. */
export function print(figure: Figure): void {
  const parts = [figure.name.padEnd(54), format(figure.value, figure.unit).padStart(12)];
  if (figure.floor) parts.push(`${ratioOf(figure).toFixed(2)}x of ${figure.floor.name} (${format(figure.floor.value, figure.unit)})`);
  if (figure.promise) parts.push(`wanted ${wanted(figure)}: ${holds(figure) ? 'yes' : 'NO'}`);
  console.log(parts.join('  '));
}

function wanted({ promise, unit }: Figure): string {
  const sign = unit === '/s' ? 'at least' : 'at most';
  if (promise === undefined) return '';
  return 'ratio' in promise ? `${sign} ${promise.ratio}x` : `${sign} ${format(promise.absolute, unit)}`;
}

function ratioOf({ value, floor }: Figure): number {
  return floor?.ratio ?? value / (floor?.value ?? Number.NaN);
}

function holds(figure: Figure): boolean {
  const { value, promise, unit } = figure;
  if (promise === undefined) return true;
  const [measured, limit] = 'ratio' in promise ? [ratioOf(figure), promise.ratio] : [value, promise.absolute];
  return unit === '/s' ? measured >= limit : measured <= limit;
}
