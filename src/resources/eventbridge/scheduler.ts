/**
 * Runs rules by their schedules, in real time. One timer waits for the next run of all of them. Runs that were missed, while the
 * engine was down, paused or its machine asleep, are not made up.
 */
import type { BusStore } from '../../contracts/buses.ts';
import type { CancelTimer, Clock } from '../../contracts/clock.ts';
import type { Logger } from '../../contracts/logger.ts';
import type { ResumeGate } from '../../contracts/resume-gate.ts';
import { defaultBus } from './arns.ts';
import type { Rule, RuleRegistry } from './rule-registry.ts';

/** The timer does not sleep longer than this, milliseconds: timers do not see that a machine slept or its clock was set. */
const longestSleep = 60_000;
/** A run that is later than this was missed, milliseconds. */
const latest = 60_000;

export interface SchedulerParts {
  store: BusStore;
  clock: Clock;
  gate: ResumeGate;
  rules: RuleRegistry;
  logger: Logger;
  /** Delivers one run. @param time Epoch milliseconds when it was due. */
  run: (rule: Rule, time: number) => void;
  changed: () => void;
}

interface Waiting {
  expression: string;
  /** Epoch milliseconds of the next run; undefined when there is none. */
  next: number | undefined;
}

export class Scheduler {
  readonly #parts: SchedulerParts;
  /** By rule ARN. */
  #waiting = new Map<string, Waiting>();
  #started = false;
  #cancel: CancelTimer | undefined;

  constructor(parts: SchedulerParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#started = true;
    this.rulesChanged();
  }

  close(): void {
    this.#started = false;
    this.#cancel?.();
  }

  /** Looks at all schedules anew. */
  rulesChanged(): void {
    if (!this.#started) return;
    const { rules, clock } = this.#parts;
    const now = clock.now();
    const waiting = new Map<string, Waiting>();
    for (const rule of rules.of(defaultBus)) {
      if (!rule.enabled || !rule.schedule) continue;
      const expression = expressionOf(rule);
      const known = this.#waiting.get(rule.arn);
      waiting.set(rule.arn, known?.expression === expression ? known : { expression, next: rule.schedule.next(now, this.#since(rule, now)) });
    }
    this.#waiting = waiting;
    this.#arm();
  }

  /** Epoch milliseconds; undefined for a rule that has no run before it. */
  nextRun(rule: Rule): number | undefined {
    return this.#waiting.get(rule.arn)?.next;
  }

  /** Runs the rule now, whatever its schedule and state say. */
  fire(rule: Rule): void {
    this.#run(rule, this.#parts.clock.now());
  }

  #arm(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    const { clock } = this.#parts;
    const due = [...this.#waiting.values()].reduce((least, { next }) => Math.min(least, next ?? Infinity), Infinity);
    if (due === Infinity) return;
    this.#cancel = clock.after(Math.min(longestSleep, Math.max(0, due - clock.now())), () => this.#look());
  }

  #look(): void {
    const { clock, rules, gate, logger } = this.#parts;
    const now = clock.now();
    for (const [arn, waiting] of this.#waiting) {
      const { next } = waiting;
      if (next === undefined || next > now) continue;
      const rule = rules.of(defaultBus).find((each) => each.arn === arn);
      if (!rule?.schedule) continue;
      waiting.next = rule.schedule.next(now, this.#since(rule, now));
      if (gate.paused || now - next > latest) continue;
      try {
        this.#run(rule, next);
      } catch (error) {
        logger.error(`The schedule of rule ${rule.name} could not run.`, error);
      }
    }
    this.#arm();
  }

  #run(rule: Rule, time: number): void {
    const { store, run, changed } = this.#parts;
    store.transaction(() => {
      const since = this.#since(rule, time);
      run(rule, time);
      store.putScheduleRun(rule.arn, { expression: expressionOf(rule), since, lastRun: time });
    });
    changed();
  }

  /** From when a rate counts: the moment when the expression was first seen. Durable, so that a restart does not move it. */
  #since(rule: Rule, now: number): number {
    const { store } = this.#parts;
    const expression = expressionOf(rule);
    const known = store.scheduleRun(rule.arn);
    if (known?.expression === expression) return known.since;
    store.putScheduleRun(rule.arn, { expression, since: now });
    return now;
  }
}

/** All that the schedule depends on. */
function expressionOf({ attributes }: Rule): string {
  const { ScheduleExpression = '', ScheduleExpressionTimezone, StartDate, EndDate } = attributes;
  return [ScheduleExpression, ScheduleExpressionTimezone, StartDate, EndDate].filter((part) => part !== undefined).join(' ');
}
