/** Operations on rules and their targets, and TestEventPattern. */
import type { BusStore } from '../../contracts/buses.ts';
import type { ServiceInput, ServiceOutput } from '../../contracts/resources.ts';
import { InvalidPatternError } from '../../patterns/invalid-pattern-error.ts';
import { compilePattern, matchesText, type CompiledPattern } from '../../patterns/patterns.ts';
import { defaultBus } from './arns.ts';
import type { BusOperations } from './bus-operations.ts';
import { bounds, Constraints } from './constraints.ts';
import { invalidPattern, limitExceeded, ruleDoesNotExist, validation } from './faults.ts';
import { flag, optionalMaps, optionalText, optionalTexts } from './input.ts';
import { page } from './paging.ts';
import { targetAttribute, type Rule, type RuleRegistry, type Target } from './rule-registry.ts';
import { ruleSchedule } from './schedule-expressions.ts';
import { readTags } from './tags.ts';
import { checkTarget, constrainTarget } from './targets.ts';

/** Characters of a pattern that PutRule takes, although its model says 4096 (measured in 2026). */
const patternLimit = 2048;
const mostTargetsPerCall = 100;
/** AWS's default quota. */
const mostTargets = 5;

/** Members that TestEventPattern asks of an event. `resources` is documented too, but was seen not to be asked for. */
const envelope = ['id', 'account', 'source', 'time', 'region', 'detail-type'];

export interface RuleOperationParts {
  rules: RuleRegistry;
  buses: BusOperations;
  store: BusStore;
  accountId: () => string;
}

export class RuleOperations {
  readonly #parts: RuleOperationParts;

  constructor(parts: RuleOperationParts) {
    this.#parts = parts;
  }

  put(input: ServiceInput): ServiceOutput {
    const text = (name: string) => optionalText(input, name);
    const tags = readTags(input);
    this.#constrain(input, 'Name').text('scheduleExpression', text('ScheduleExpression'), bounds.schedule)
      .text('eventPattern', text('EventPattern'), bounds.pattern).text('state', text('State'), bounds.state)
      .text('description', text('Description'), bounds.description).text('roleArn', text('RoleArn'), bounds.arn).check();
    const bus = this.#parts.buses.find(text('EventBusName'));
    const name = text('Name') ?? '';
    const [pattern, schedule] = [text('EventPattern') || undefined, text('ScheduleExpression') || undefined];
    if (pattern === undefined && schedule === undefined) throw validation('Parameter(s) EventPattern or ScheduleExpression must be specified.');
    if (schedule !== undefined) {
      if (bus.name !== defaultBus) throw validation('ScheduleExpression is supported only on the default event bus.');
      if (!ruleSchedule(schedule)) throw validation('Parameter ScheduleExpression is not valid.');
    }
    if (pattern !== undefined) {
      if (pattern.length > patternLimit) throw validation(`Parameter EventPattern for rule ${name} exceeds limit of ${patternLimit}.`);
      compiled(pattern);
    }
    // Tags of a rule that exists are left as they are; its targets stay.
    const existing = this.#parts.rules.get(bus.name, name);
    const rule = this.#parts.rules.set(bus.name, name, {
      EventPattern: pattern, ScheduleExpression: schedule, State: text('State') ?? 'ENABLED', Description: text('Description'), RoleArn: text('RoleArn'),
      ...(existing || !tags ? {} : { Tags: JSON.stringify(tags) }),
    });
    return { RuleArn: rule.arn };
  }

  /** A rule that is not there is deleted already. */
  delete(input: ServiceInput): ServiceOutput {
    this.#constrain(input, 'Name').check();
    flag(input, 'Force');
    const bus = this.#parts.buses.find(optionalText(input, 'EventBusName'));
    const rule = this.#parts.rules.get(bus.name, optionalText(input, 'Name') ?? '');
    if (!rule) return {};
    // Force is for rules that an AWS service manages: it does not remove targets.
    if (rule.targets.length > 0) throw validation("Rule can't be deleted since it has targets.");
    this.#parts.rules.delete(rule);
    this.#parts.store.removeRule(rule.arn);
    return {};
  }

  describe(input: ServiceInput): ServiceOutput {
    const rule = this.#find(input, 'Name');
    return { ...described(rule), CreatedBy: this.#parts.accountId() };
  }

  list(input: ServiceInput): ServiceOutput {
    const prefix = optionalText(input, 'NamePrefix');
    new Constraints().text('namePrefix', prefix, bounds.ruleName).text('eventBusName', optionalText(input, 'EventBusName'), bounds.busNameOrArn).check();
    const bus = this.#parts.buses.find(optionalText(input, 'EventBusName'));
    const rules = this.#parts.rules.of(bus.name).filter(({ name }) => name.startsWith(prefix ?? ''));
    const { items, NextToken } = page(rules, ({ name }) => name, input);
    return { Rules: items.map(described), ...NextToken };
  }

  setState(input: ServiceInput, state: 'ENABLED' | 'DISABLED'): ServiceOutput {
    const rule = this.#find(input, 'Name');
    this.#parts.rules.set(rule.bus, rule.name, { State: state });
    return {};
  }

  putTargets(input: ServiceInput): ServiceOutput {
    const targets = optionalMaps(input, 'Targets');
    const constraints = this.#constrain(input, 'Rule').list('targets', targets?.length, 1, mostTargetsPerCall, () => JSON.stringify(targets));
    targets?.forEach((target, index) => constrainTarget(target, `targets.${index + 1}.member`, constraints));
    constraints.check();
    const checked = (targets ?? []) as unknown as Target[];
    const twice = checked.find(({ Id }, index) => checked.findIndex((other) => other.Id === Id) !== index);
    if (twice) throw validation(`Parameter targets is not valid. Reason: More than one target with Id '${twice.Id}' is provided.`);
    const rule = this.#find(input, 'Rule');
    for (const target of checked) checkTarget(target, true);
    if (new Set([...rule.targets, ...checked].map(({ Id }) => Id)).size > mostTargets) throw limitExceeded();
    this.#parts.rules.set(rule.bus, rule.name, Object.fromEntries(checked.map((target) => [targetAttribute(target.Id), JSON.stringify(target)])));
    // AWS fails single entries only when too many requests meet, which does not happen here.
    return { FailedEntryCount: 0, FailedEntries: [] };
  }

  removeTargets(input: ServiceInput): ServiceOutput {
    const ids = optionalTexts(input, 'Ids');
    const constraints = this.#constrain(input, 'Rule').list('ids', ids?.length, 1, mostTargetsPerCall, () => `[${(ids ?? []).join(', ')}]`);
    ids?.forEach((id, index) => constraints.text(`ids.${index + 1}.member`, id, bounds.targetId));
    constraints.check();
    const rule = this.#find(input, 'Rule');
    const known = new Set(rule.targets.map(({ Id }) => Id));
    this.#parts.rules.set(rule.bus, rule.name, Object.fromEntries((ids ?? []).filter((id) => known.has(id)).map((id) => [targetAttribute(id), undefined])));
    return { FailedEntryCount: 0, FailedEntries: [] };
  }

  listTargets(input: ServiceInput): ServiceOutput {
    const rule = this.#find(input, 'Rule');
    const { items, NextToken } = page([...rule.targets].sort((a, b) => (a.Id < b.Id ? -1 : 1)), ({ Id }) => Id, input);
    return { Targets: items, ...NextToken };
  }

  listNamesByTarget(input: ServiceInput): ServiceOutput {
    const arn = optionalText(input, 'TargetArn');
    new Constraints().text('targetArn', arn, { ...bounds.arn, required: true }).text('eventBusName', optionalText(input, 'EventBusName'), bounds.busNameOrArn).check();
    const bus = this.#parts.buses.find(optionalText(input, 'EventBusName'));
    const names = this.#parts.rules.of(bus.name).filter(({ targets }) => targets.some(({ Arn }) => Arn === arn)).map(({ name }) => name);
    const { items, NextToken } = page(names, (name) => name, input);
    return { RuleNames: items, ...NextToken };
  }

  testPattern(input: ServiceInput): ServiceOutput {
    const [pattern, event] = [optionalText(input, 'EventPattern'), optionalText(input, 'Event')];
    new Constraints().text('eventPattern', pattern, { ...bounds.pattern, required: true }).text('event', event, { required: true }).check();
    const matcher = compiled(pattern ?? '');
    if (!hasEnvelope(event ?? '')) throw validation('Parameter Event is not valid.');
    return { Result: matchesText(matcher, event ?? '') };
  }

  #constrain(input: ServiceInput, member: 'Name' | 'Rule'): Constraints {
    return new Constraints().text(member.toLowerCase(), optionalText(input, member), { ...bounds.ruleName, required: true })
      .text('eventBusName', optionalText(input, 'EventBusName'), bounds.busNameOrArn);
  }

  #find(input: ServiceInput, member: 'Name' | 'Rule'): Rule {
    this.#constrain(input, member).check();
    const bus = this.#parts.buses.find(optionalText(input, 'EventBusName'));
    const name = optionalText(input, member) ?? '';
    const rule = this.#parts.rules.get(bus.name, name);
    if (!rule) throw ruleDoesNotExist(name, bus.name);
    return rule;
  }
}

function described({ name, arn, bus, attributes }: Rule): ServiceOutput {
  const { EventPattern, ScheduleExpression, State = 'ENABLED', Description, RoleArn } = attributes;
  const members = { Name: name, Arn: arn, EventPattern, ScheduleExpression, State, Description, RoleArn, EventBusName: bus };
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

function compiled(pattern: string): CompiledPattern {
  try {
    return compilePattern(pattern, 'eventbridge');
  } catch (error) {
    if (error instanceof InvalidPatternError) throw invalidPattern(error.message);
    throw error;
  }
}

function hasEnvelope(text: string): boolean {
  try {
    const event: unknown = JSON.parse(text);
    return event !== null && typeof event === 'object' && !Array.isArray(event) && envelope.every((name) => name in event);
  } catch {
    // Said by the caller, in AWS's words.
    return false;
  }
}
