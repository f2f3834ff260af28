/** What EventBridge writes with every event, in SQLite: the last events of each bus, counts of matches, runs of schedules. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { BusStore, KeptEvent, ScheduleRun } from '../contracts/buses.ts';
import type { BusEvent } from '../contracts/resource-views.ts';
import { inTransaction, statementsOf } from './database.ts';

export const busStoreSchema = `
  CREATE TABLE bus_events (
    number INTEGER PRIMARY KEY AUTOINCREMENT, bus TEXT NOT NULL, event_id TEXT NOT NULL, document TEXT NOT NULL, text TEXT);
  CREATE INDEX bus_events_bus ON bus_events (bus, number);
  CREATE TABLE rule_matches (rule TEXT PRIMARY KEY, matches INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE schedule_runs (rule TEXT PRIMARY KEY, expression TEXT NOT NULL, since INTEGER NOT NULL, last_run INTEGER) WITHOUT ROWID`;

export class SqliteBusStore implements BusStore {
  readonly #database: DatabaseSync;
  readonly #sql: (text: string) => StatementSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#sql = statementsOf(database);
  }

  transaction<R>(work: () => R): R {
    return inTransaction(this.#database, work);
  }

  noteEvent(busArn: string, { text, ...event }: KeptEvent, keep: number): void {
    this.#sql('INSERT INTO bus_events (bus, event_id, document, text) VALUES (?, ?, ?, ?)').run(busArn, event.id, JSON.stringify(event), text ?? null);
    this.#sql('DELETE FROM bus_events WHERE bus = ?1 AND number <= (SELECT number FROM bus_events WHERE bus = ?1 ORDER BY number DESC LIMIT 1 OFFSET ?2)')
      .run(busArn, keep);
  }

  lastEvents(busArn: string): BusEvent[] {
    const rows = this.#sql('SELECT document FROM bus_events WHERE bus = ? ORDER BY number DESC').all(busArn) as { document: string }[];
    return rows.map(({ document }) => JSON.parse(document) as BusEvent);
  }

  event(busArn: string, eventId: string): KeptEvent | undefined {
    const row = this.#sql('SELECT document, text FROM bus_events WHERE bus = ? AND event_id = ? ORDER BY number DESC LIMIT 1')
      .get(busArn, eventId) as { document: string; text: string | null } | undefined;
    if (!row) return undefined;
    return { ...JSON.parse(row.document) as BusEvent, ...(row.text === null ? {} : { text: row.text }) };
  }

  countMatch(ruleArn: string): void {
    this.#sql('INSERT INTO rule_matches VALUES (?, 1) ON CONFLICT DO UPDATE SET matches = matches + 1').run(ruleArn);
  }

  matchCounts(): ReadonlyMap<string, number> {
    const rows = this.#sql('SELECT rule, matches FROM rule_matches').all() as { rule: string; matches: number }[];
    return new Map(rows.map(({ rule, matches }) => [rule, matches]));
  }

  scheduleRun(ruleArn: string): ScheduleRun | undefined {
    const row = this.#sql('SELECT expression, since, last_run AS lastRun FROM schedule_runs WHERE rule = ?')
      .get(ruleArn) as { expression: string; since: number; lastRun: number | null } | undefined;
    if (!row) return undefined;
    const { expression, since, lastRun } = row;
    return { expression, since, ...(lastRun === null ? {} : { lastRun }) };
  }

  putScheduleRun(ruleArn: string, { expression, since, lastRun }: ScheduleRun): void {
    this.#sql('INSERT OR REPLACE INTO schedule_runs VALUES (?, ?, ?, ?)').run(ruleArn, expression, since, lastRun ?? null);
  }

  removeRule(ruleArn: string): void {
    this.#sql('DELETE FROM rule_matches WHERE rule = ?').run(ruleArn);
    this.#sql('DELETE FROM schedule_runs WHERE rule = ?').run(ruleArn);
  }

  removeBus(busArn: string): void {
    this.#sql('DELETE FROM bus_events WHERE bus = ?').run(busArn);
  }
}
