/** What the EventBridge service asks of the store, in tables of its own. Each call joins the open transaction. */
import type { BusEvent } from './resource-views.ts';

export interface KeptEvent extends BusEvent {
  /** JSON text; absent when it was too large to be kept. */
  text?: string;
}

export interface ScheduleRun {
  /** The rule and its expression: another expression begins anew. */
  expression: string;
  /** Epoch milliseconds: where the intervals of a rate begin. */
  since: number;
  /** Epoch milliseconds of the last run. */
  lastRun?: number;
}

export interface BusStore {
  /** All writes inside commit together or not at all; inside an open transaction, only its own are undone when it throws. */
  transaction<R>(work: () => R): R;
  /** Keeps an event of a bus, and of its earlier ones the newest `keep - 1`. */
  noteEvent(busArn: string, event: KeptEvent, keep: number): void;
  /** Newest first, without their texts. */
  lastEvents(busArn: string): BusEvent[];
  event(busArn: string, eventId: string): KeptEvent | undefined;
  countMatch(ruleArn: string): void;
  /** By rule ARN. */
  matchCounts(): ReadonlyMap<string, number>;
  scheduleRun(ruleArn: string): ScheduleRun | undefined;
  putScheduleRun(ruleArn: string, run: ScheduleRun): void;
  /** Forgets the counts and runs of a rule. */
  removeRule(ruleArn: string): void;
  /** Forgets the events of a bus. */
  removeBus(busArn: string): void;
}
