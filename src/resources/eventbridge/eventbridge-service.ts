/** Amazon EventBridge, embedded: its operations, the port of deliveries inside the engine, schedules, and what templates declare. */
import type { BusStore } from '../../contracts/buses.ts';
import type { Clock } from '../../contracts/clock.ts';
import type { DocumentStore } from '../../contracts/documents.ts';
import { AwsFault, UserError } from '../../contracts/faults.ts';
import type { Logger } from '../../contracts/logger.ts';
import type { BusSummary, EventExplanation } from '../../contracts/resource-views.ts';
import type {
  BusHost, CallContext, EventBusPort, EventInvoker, QueuePort, ResourceDefinition, ServiceInput, ServiceOutput, TopicPort,
} from '../../contracts/resources.ts';
import type { ResumeGate } from '../../contracts/resume-gate.ts';
import { busNameOf, defaultBus, parseRuleArn, type Place } from './arns.ts';
import { readBaseline } from './baseline.ts';
import { BusOperations } from './bus-operations.ts';
import { BusRegistry, type Bus, type StoredBus } from './bus-registry.ts';
import { eventTime } from './events.ts';
import { explainRules } from './explanation.ts';
import { busDoesNotExist, ruleDoesNotExist } from './faults.ts';
import { putEvents } from './put-events.ts';
import { Router, scheduledEvent, schedulerEvent } from './router.ts';
import { RuleOperations } from './rule-operations.ts';
import { RuleRegistry, type Rule, type StoredRule } from './rule-registry.ts';
import { Scheduler } from './scheduler.ts';
import { TagOperations } from './tags.ts';

export interface EventBridgeParts {
  clock: Clock;
  documents: DocumentStore;
  store: BusStore;
  queues: QueuePort;
  topics: TopicPort;
  functions: EventInvoker;
  gate: ResumeGate;
  logger: Logger;
  uuid: () => string;
  account: () => Place;
  /** Something that views show has changed. */
  changed: () => void;
}

type Operation = (input: ServiceInput, context: CallContext) => ServiceOutput;

/** Operations after which nothing looks different. */
const reading = /^(Describe|List|Test)/;

export class EventBridgeService implements BusHost {
  readonly signingName = 'events';
  readonly #parts: EventBridgeParts;
  readonly #buses: BusRegistry;
  readonly #rules: RuleRegistry;
  readonly #router: Router;
  readonly #scheduler: Scheduler;
  readonly #operations: ReadonlyMap<string, Operation>;
  #problems: ReadonlySet<string> = new Set();

  constructor(parts: EventBridgeParts) {
    this.#parts = parts;
    const { clock, documents, store, queues, topics, functions, gate, logger, account, changed } = parts;
    this.#buses = new BusRegistry({ stored: documents.collection<StoredBus>('event-buses'), clock, place: account, logger });
    this.#rules = new RuleRegistry({ stored: documents.collection<StoredRule>('event-rules'), place: account, logger });
    this.#router = new Router({ store, clock, buses: this.#buses, rules: this.#rules, queues, topics, functions, place: account });
    this.#scheduler = new Scheduler({ store, clock, gate, rules: this.#rules, logger, changed, run: (rule, time) => this.#runSchedule(rule, time) });
    this.#operations = this.#allOperations();
  }

  /** Schedules begin to run. */
  start(): void {
    this.#scheduler.start();
  }

  close(): void {
    this.#scheduler.close();
  }

  hasOperation(name: string): boolean {
    return this.#operations.has(name);
  }

  call(operation: string, input: ServiceInput, context: CallContext): ServiceOutput {
    const work = this.#operations.get(operation);
    if (!work) throw new AwsFault('UnknownOperationException', 400, `Local Lambda does not have the operation ${operation} of events.`);
    if (reading.test(operation)) return work(input, context);
    const output = this.#guarded(() => this.#parts.store.transaction(() => work(input, context)));
    if (operation !== 'PutEvents') this.#scheduler.rulesChanged();
    this.#parts.changed();
    return output;
  }

  put(arn: string, { source, detailType, detail, resources, traceHeader }: Parameters<EventBusPort['put']>[1]): { eventId: string } {
    const bus = this.#buses.byArn(arn);
    if (!bus) throw busDoesNotExist(busNameOf(arn));
    const eventId = this.#parts.uuid();
    const event = { id: eventId, source, detailType, detail, resources, time: this.#parts.clock.now() };
    this.#guarded(() => this.#router.put(bus, event, traceHeader === undefined ? {} : { traceHeader }));
    this.#parts.changed();
    return { eventId };
  }

  fire(ruleArn: string): void {
    const { bus, name } = parseRuleArn(ruleArn) ?? { bus: defaultBus, name: ruleArn };
    const rule = this.#rules.get(bus, name);
    if (!rule || rule.arn !== ruleArn) throw ruleDoesNotExist(name, bus);
    if (!rule.schedule) throw new UserError(`The rule ${name} has no schedule that could run now: put an event on its bus instead.`);
    this.#guarded(() => this.#scheduler.fire(rule));
  }

  explain(arn: string, eventId: string): EventExplanation {
    const event = this.#parts.store.event(arn, eventId);
    if (!event) throw new UserError(`The event ${eventId} is no longer kept: a bus keeps its last 20.`);
    return explainRules(event.text, this.#rules.of(busNameOf(arn)), event.matchedRules);
  }

  setBaseline(definitions: readonly ResourceDefinition[]): void {
    const { buses, rules, problems } = readBaseline(definitions, (name) => this.#buses.get(name) !== undefined);
    this.#parts.documents.transaction(() => {
      this.#buses.setBaseline(buses);
      this.#rules.setBaseline(rules);
    });
    this.#warn([...problems, ...this.#rules.all().flatMap(({ name, problem, origin }) => problem === undefined || !origin ? [] : `The rule ${name} does not work as it stands. ${problem}`)]);
    this.#scheduler.rulesChanged();
    this.#parts.changed();
  }

  /** Says what was not said of the last templates. */
  #warn(problems: readonly string[]): void {
    for (const problem of problems) if (!this.#problems.has(problem)) this.#parts.logger.warn(problem);
    this.#problems = new Set(problems);
  }

  summaries(): BusSummary[] {
    const matches = this.#parts.store.matchCounts();
    return this.#buses.all().map((bus) => ({
      kind: 'bus', name: bus.name, arn: bus.arn,
      rules: this.#rules.of(bus.name).map((rule) => this.#summary(rule, matches.get(rule.arn) ?? 0)),
      lastEvents: this.#parts.store.lastEvents(bus.arn),
      ...(bus.origin === undefined ? {} : { origin: bus.origin }),
      changed: bus.changed,
    }));
  }

  #summary(rule: Rule, matched: number): BusSummary['rules'][number] {
    const { name, arn, enabled, attributes, targets, problem, origin, changed } = rule;
    const { EventPattern: pattern, ScheduleExpression: schedule } = attributes;
    const nextRun = this.#scheduler.nextRun(rule);
    const lastRun = schedule === undefined ? undefined : this.#parts.store.scheduleRun(arn)?.lastRun;
    return {
      name, arn, enabled, targetArns: targets.map(({ Arn }) => Arn), matched, changed,
      ...(pattern === undefined ? {} : { pattern }), ...(schedule === undefined ? {} : { schedule }),
      ...(nextRun === undefined ? {} : { nextRun }), ...(lastRun === undefined ? {} : { lastRun }),
      ...(problem === undefined ? {} : { problem }), ...(origin === undefined ? {} : { origin }),
    };
  }

  #runSchedule(rule: Rule, time: number): void {
    const { uuid } = this.#parts;
    const bus = this.#buses.get(defaultBus) as Bus;
    const id = uuid();
    const { schedulerArn: scheduleArn } = rule;
    if (scheduleArn === undefined) this.#router.run(bus, rule, scheduledEvent(id, time, rule));
    else this.#router.run(bus, rule, schedulerEvent(id, time, scheduleArn), { scheduleArn, time: eventTime(time), executionId: uuid() });
  }

  /** What a failed call changed was undone, so what was cached of it must go too. */
  #guarded<R>(work: () => R): R {
    try {
      return work();
    } catch (error) {
      this.#buses.forgetCache();
      this.#rules.forgetCache();
      throw error;
    }
  }

  #allOperations(): ReadonlyMap<string, Operation> {
    const { store, account, clock, uuid } = this.#parts;
    const [buses, rules] = [this.#buses, this.#rules];
    const busOperations = new BusOperations({ buses, rules, store, place: account });
    const ruleOperations = new RuleOperations({ rules, buses: busOperations, store, accountId: () => account().accountId });
    const tags = new TagOperations(buses, rules);
    const events = { buses, router: this.#router, now: () => clock.now(), uuid, transaction: <R>(work: () => R) => store.transaction(work) };
    return new Map<string, Operation>([
      ['CreateEventBus', (input) => busOperations.create(input)],
      ['UpdateEventBus', (input) => busOperations.update(input)],
      ['DeleteEventBus', (input) => busOperations.delete(input)],
      ['DescribeEventBus', (input) => busOperations.describe(input)],
      ['ListEventBuses', (input) => busOperations.list(input)],
      ['PutPermission', (input) => busOperations.putPermission(input)],
      ['RemovePermission', (input) => busOperations.removePermission(input)],
      ['PutRule', (input) => ruleOperations.put(input)],
      ['DeleteRule', (input) => ruleOperations.delete(input)],
      ['DescribeRule', (input) => ruleOperations.describe(input)],
      ['ListRules', (input) => ruleOperations.list(input)],
      ['EnableRule', (input) => ruleOperations.setState(input, 'ENABLED')],
      ['DisableRule', (input) => ruleOperations.setState(input, 'DISABLED')],
      ['PutTargets', (input) => ruleOperations.putTargets(input)],
      ['RemoveTargets', (input) => ruleOperations.removeTargets(input)],
      ['ListTargetsByRule', (input) => ruleOperations.listTargets(input)],
      ['ListRuleNamesByTarget', (input) => ruleOperations.listNamesByTarget(input)],
      ['TestEventPattern', (input) => ruleOperations.testPattern(input)],
      ['TagResource', (input) => tags.tag(input)],
      ['UntagResource', (input) => tags.untag(input)],
      ['ListTagsForResource', (input) => tags.list(input)],
      ['PutEvents', (input, context) => putEvents(events, input, context)],
    ]);
  }
}
