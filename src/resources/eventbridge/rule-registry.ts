/**
 * Rules of all buses, with their targets. What templates say is the baseline; what API calls make and change is an overlay on
 * it, durable, property by property and target by target. When a template changes what was overlaid, the template wins.
 */
import type { DocumentCollection } from '../../contracts/documents.ts';
import type { FunctionOrigin } from '../../contracts/functions.ts';
import type { Logger } from '../../contracts/logger.ts';
import { InvalidPatternError } from '../../patterns/invalid-pattern-error.ts';
import { compilePattern, PatternSet, type CompiledPattern } from '../../patterns/patterns.ts';
import { change, dropOverruled, noChanges, overlaid, type AttributeOverlay, type Attributes } from '../overlay.ts';
import { defaultBus, ruleArn, scheduleArn, type Place } from './arns.ts';
import { scheduleOf, type Schedule } from './schedule-expressions.ts';

/** What PutTargets takes. Members that only services need that are not here are kept as they came. */
export interface Target {
  Id: string;
  Arn: string;
  RoleArn?: string;
  Input?: string;
  InputPath?: string;
  InputTransformer?: { InputPathsMap?: Readonly<Record<string, string>>; InputTemplate: string };
  SqsParameters?: { MessageGroupId?: string };
  DeadLetterConfig?: { Arn?: string };
  RetryPolicy?: { MaximumRetryAttempts?: number; MaximumEventAgeInSeconds?: number };
  [parameter: string]: unknown;
}

/**
 * AWS parameter names with their values: EventPattern, ScheduleExpression, State, Description, RoleArn; `Tags` as a JSON map;
 * `Target <Id>` as JSON; of a schedule of EventBridge Scheduler also its GroupName, ScheduleExpressionTimezone, StartDate, EndDate.
 */
export interface RuleDefinition {
  bus: string;
  name: string;
  attributes: Attributes;
  origin: FunctionOrigin;
}

export interface Rule {
  bus: string;
  name: string;
  arn: string;
  attributes: Attributes;
  targets: readonly Target[];
  tags: Readonly<Record<string, string>>;
  enabled: boolean;
  /** Absent when there is none, or none that can match. */
  pattern?: CompiledPattern;
  /** Absent when there is none, or none that can run. */
  schedule?: Schedule;
  /** ARN of the schedule, when it is one of EventBridge Scheduler. */
  schedulerArn?: string;
  /** Why it cannot work as it stands. */
  problem?: string;
  origin?: FunctionOrigin;
  changed: readonly string[];
}

export interface StoredRule extends AttributeOverlay {
  /** Present for rules that PutRule made. */
  created?: Record<string, string>;
  /** A template's rule that DeleteRule hid; it comes back when its template entry changes. Holds that entry. */
  hidden?: string;
}

const targetPrefix = 'Target ';
export const targetAttribute = (id: string): string => `${targetPrefix}${id}`;

/** Neither names of buses that can be made here nor names of rules hold it. */
const separator = '/';
const keyOf = (bus: string, name: string): string => `${bus}${separator}${name}`;

interface BusRules {
  all: Map<string, Rule>;
  /** The enabled ones with a pattern, and the same as one set. */
  matchable: Rule[];
  set: PatternSet;
}

interface Texts {
  patterns: ReadonlyMap<string, CompiledPattern | InvalidPatternError>;
  schedules: ReadonlyMap<string, Schedule | undefined>;
}

const none: BusRules = { all: new Map(), matchable: [], set: new PatternSet('eventbridge', []) };

export class RuleRegistry {
  readonly #stored: DocumentCollection<StoredRule>;
  readonly #place: () => Place;
  readonly #logger: Logger;
  #baseline = new Map<string, RuleDefinition>();
  #buses: Map<string, BusRules> | undefined;
  #loadedFor = '';
  /** By text: they outlive changes of other properties. */
  #patterns = new Map<string, CompiledPattern | InvalidPatternError>();
  #schedules = new Map<string, Schedule | undefined>();

  constructor({ stored, place, logger }: { stored: DocumentCollection<StoredRule>; place: () => Place; logger: Logger }) {
    this.#stored = stored;
    this.#place = place;
    this.#logger = logger;
  }

  setBaseline(definitions: readonly RuleDefinition[]): void {
    this.#baseline = new Map(definitions.map((definition) => [keyOf(definition.bus, definition.name), definition]));
    this.#buses = undefined;
    for (const [key, stored] of this.#stored.entries()) {
      const definition = this.#baseline.get(key);
      if (!definition) continue;
      if (stored.created) {
        this.#stored.delete(key);
        this.#logger.info(`The rule ${key}, made by an API call, is now the template's.`);
      } else if (stored.hidden !== undefined) {
        if (stored.hidden === JSON.stringify(definition.attributes)) continue;
        this.#stored.delete(key);
        this.#logger.info(`The rule ${key} was deleted here; its template entry has changed, so it is back.`);
      } else {
        const overruled = dropOverruled(stored, definition.attributes);
        if (overruled.length === 0) continue;
        this.#stored.put(key, stored);
        this.#logger.info(`The template changed ${overruled.join(', ')} of the rule ${key}: the changes made here are dropped.`);
      }
    }
  }

  /** By name. */
  of(bus: string): Rule[] {
    return [...(this.#load().get(bus)?.all.values() ?? [])];
  }

  get(bus: string, name: string): Rule | undefined {
    return this.#load().get(bus)?.all.get(name);
  }

  /** All rules, of whatever bus. */
  all(): Rule[] {
    return [...this.#load().values()].flatMap(({ all }) => [...all.values()]);
  }

  /** The enabled rules of a bus that match an event. @param eventText JSON */
  matching(bus: string, eventText: string): Rule[] {
    const { matchable, set } = this.#load().get(bus) ?? none;
    return set.matchingText(eventText).map((index) => matchable[index] as Rule);
  }

  /** @param attributes `undefined` removes one. Makes the rule when it is not there. */
  set(bus: string, name: string, attributes: Readonly<Record<string, string | undefined>>): Rule {
    const key = keyOf(bus, name);
    const definition = this.#baseline.get(key);
    const known = this.#stored.get(key);
    // A template's rule that was deleted and is put again is the template's, with everything of it changed.
    const stored: StoredRule = known && known.hidden === undefined ? known : { ...noChanges(), ...(definition ? {} : { created: {} }) };
    if (known?.hidden !== undefined) for (const attribute of Object.keys(definition?.attributes ?? {})) change(stored, definition?.attributes ?? {}, attribute, undefined);
    for (const [attribute, value] of Object.entries(attributes)) {
      if (stored.created) {
        const { [attribute]: _old, ...rest } = stored.created;
        stored.created = value === undefined ? rest : { ...rest, [attribute]: value };
      } else change(stored, definition?.attributes ?? {}, attribute, value);
    }
    this.#put(key, stored);
    return this.get(bus, name) as Rule;
  }

  delete({ bus, name }: Rule): void {
    const key = keyOf(bus, name);
    const definition = this.#baseline.get(key);
    if (definition) this.#put(key, { ...noChanges(), hidden: JSON.stringify(definition.attributes) });
    else {
      this.#stored.delete(key);
      this.#buses = undefined;
    }
  }

  /** What is cached may be of a transaction that was undone. */
  forgetCache(): void {
    this.#buses = undefined;
  }

  #put(key: string, stored: StoredRule): void {
    this.#stored.put(key, stored);
    this.#buses = undefined;
  }

  #load(): Map<string, BusRules> {
    const place = this.#place();
    const loadedFor = `${place.region} ${place.accountId}`;
    if (this.#buses && this.#loadedFor === loadedFor) return this.#buses;
    this.#loadedFor = loadedFor;
    const before = { patterns: this.#patterns, schedules: this.#schedules };
    this.#patterns = new Map();
    this.#schedules = new Map();
    const stored = new Map(this.#stored.entries());
    const buses = new Map<string, Rule[]>();
    for (const key of [...new Set([...this.#baseline.keys(), ...stored.keys()])].sort()) {
      const rule = this.#merged(key, stored.get(key) ?? noChanges(), before);
      if (!rule) continue;
      const siblings = buses.get(rule.bus);
      if (siblings) siblings.push(rule);
      else buses.set(rule.bus, [rule]);
    }
    return this.#buses = new Map([...buses].map(([bus, rules]) => {
      const matchable = rules.filter(({ enabled, pattern }) => enabled && pattern !== undefined);
      return [bus, {
        all: new Map(rules.map((rule) => [rule.name, rule])), matchable,
        set: new PatternSet('eventbridge', matchable.map(({ pattern }) => pattern as CompiledPattern)),
      }];
    }));
  }

  #merged(key: string, stored: StoredRule, before: Texts): Rule | undefined {
    const definition = this.#baseline.get(key);
    const base = stored.created ?? definition?.attributes;
    if (!base || stored.hidden !== undefined) return undefined;
    const attributes = overlaid(base, stored);
    const bus = key.slice(0, key.lastIndexOf(separator));
    const name = key.slice(key.lastIndexOf(separator) + 1);
    const pattern = attributes['EventPattern'] === undefined ? undefined : this.#compiled(attributes['EventPattern'], before);
    const schedule = bus === defaultBus ? this.#scheduled(attributes, before) : undefined;
    const problem = pattern instanceof InvalidPatternError ? `Its event pattern is not valid: ${pattern.message}` : scheduleProblem(bus, attributes, schedule);
    const group = attributes['GroupName'];
    return {
      bus, name, arn: ruleArn(this.#place(), bus, name), attributes,
      targets: Object.entries(attributes).filter(([attribute]) => attribute.startsWith(targetPrefix)).map(([, text]) => JSON.parse(text) as Target),
      tags: JSON.parse(attributes['Tags'] ?? '{}') as Record<string, string>,
      enabled: attributes['State'] !== 'DISABLED',
      ...(pattern === undefined || pattern instanceof InvalidPatternError ? {} : { pattern }),
      ...(schedule === undefined ? {} : { schedule }),
      ...(group === undefined ? {} : { schedulerArn: scheduleArn(this.#place(), group, name) }),
      ...(problem === undefined ? {} : { problem }),
      ...(definition && !stored.created ? { origin: definition.origin } : {}),
      changed: Object.keys(stored.changes),
    };
  }

  #compiled(text: string, before: Texts): CompiledPattern | InvalidPatternError {
    const known = this.#patterns.get(text) ?? before.patterns.get(text) ?? compiled(text);
    this.#patterns.set(text, known);
    return known;
  }

  #scheduled(attributes: Attributes, before: Texts): Schedule | undefined {
    const { ScheduleExpression, GroupName, ScheduleExpressionTimezone, StartDate, EndDate } = attributes;
    if (ScheduleExpression === undefined) return undefined;
    const key = JSON.stringify([ScheduleExpression, GroupName !== undefined, ScheduleExpressionTimezone, StartDate, EndDate]);
    const schedule = before.schedules.has(key) ? before.schedules.get(key) : scheduleOf(attributes);
    this.#schedules.set(key, schedule);
    return schedule;
  }
}

function scheduleProblem(bus: string, { ScheduleExpression: expression }: Attributes, schedule: Schedule | undefined): string | undefined {
  if (expression === undefined || schedule) return undefined;
  return bus === defaultBus ? `Its schedule ${expression} is not valid.` : 'Its schedule does not run: schedules work on the default event bus only.';
}

function compiled(text: string): CompiledPattern | InvalidPatternError {
  try {
    return compilePattern(text, 'eventbridge');
  } catch (error) {
    if (error instanceof InvalidPatternError) return error;
    throw error;
  }
}
