/**
 * Event patterns on event-ruler's own benchmark: each of its rule sets (5 rules) against 2,000 events of about 830 bytes. One
 * match is one event against all rules of one set; the figure of a group of sets is the slowest set. The floor is a bare
 * JSON.parse of the same lines. Skipped without the shared data.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compilePattern, PatternSet } from '../../src/patterns/patterns.ts';
import { distribution, print } from './measure.ts';

const data = join(fileURLToPath(new URL('../../..', import.meta.url)), 'shared', 'data', 'bench');
const seconds = process.argv.includes('--quick') ? 0.2 : 1;
const runs = 3;

/** Events per second of processor time, so that other load on the machine counts little: the middle of several runs. */
function rate<T>(events: readonly T[], match: (event: T) => unknown): number {
  const values: number[] = [];
  for (let run = 0; run <= runs; run += 1) {
    let count = 0;
    let elapsed = 0;
    const started = process.cpuUsage();
    do {
      for (const event of events) match(event);
      count += events.length;
      const { user, system } = process.cpuUsage(started);
      elapsed = (user + system) / 1e6;
    } while (elapsed < seconds);
    if (run > 0) values.push(count / elapsed);
  }
  return distribution(values).p50;
}

if (existsSync(data)) {
  const lines = readFileSync(join(data, 'citylots-synth-2k.jsonl'), 'utf8').trim().split('\n');
  const events = lines.map((line) => JSON.parse(line) as unknown);
  const ruleSets = JSON.parse(readFileSync(join(data, 'ruler-bench-rules.json'), 'utf8')) as Record<string, unknown[]>;
  const floor = { name: 'JSON.parse', value: rate(lines, (line) => JSON.parse(line) as unknown) };
  for (const [name, rules] of Object.entries(ruleSets)) {
    const set = new PatternSet('eventbridge', rules.map((rule) => compilePattern(JSON.stringify(rule), 'eventbridge')));
    const label = `Patterns, ${name.toLowerCase().replaceAll('_', ' ')}`;
    print({ name: `${label}, parsed`, value: rate(events, (event) => set.matchingValue(event)), unit: '/s', floor, promise: { absolute: 500_000 } });
    print({ name: `${label}, text`, value: rate(lines, (line) => set.matchingText(line)), unit: '/s', floor, promise: { absolute: 120_000 } });
  }
} else console.log('Patterns: skipped, there is no benchmark data at ../shared/data/bench.');
