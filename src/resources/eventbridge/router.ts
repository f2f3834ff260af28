/** Events on a bus: which rules match, what their targets get, and what is kept of it for those who ask why. */
import type { BusStore } from '../../contracts/buses.ts';
import type { Clock } from '../../contracts/clock.ts';
import type { RuleDelivery } from '../../contracts/resource-views.ts';
import type { EventInvoker, QueuePort, TopicPort } from '../../contracts/resources.ts';
import { valueAt } from './json-path.ts';
import type { Place } from './arns.ts';
import type { Bus, BusRegistry } from './bus-registry.ts';
import { Deliveries, type Delivered } from './deliveries.ts';
import { eventText, eventTime, isObjectText, type EventParts } from './events.ts';
import { busDoesNotExist } from './faults.ts';
import type { Rule, RuleRegistry } from './rule-registry.ts';
import { InvalidInput } from './target-input.ts';

/** Events of a bus that are kept. */
const keptEvents = 20;
/** Characters of an event that is kept with its text, so that its rules can be explained. */
const keptCharacters = 262_144;

export interface RouterParts {
  store: BusStore;
  clock: Clock;
  buses: BusRegistry;
  rules: RuleRegistry;
  queues: QueuePort;
  topics: TopicPort;
  functions: EventInvoker;
  place: () => Place;
}

export class Router {
  readonly #parts: RouterParts;
  readonly #deliveries: Deliveries;

  constructor(parts: RouterParts) {
    this.#parts = parts;
    const { queues, topics, functions, store } = parts;
    this.#deliveries = new Deliveries({
      queues, topics, functions, transaction: (work) => store.transaction(work),
      toBus: (arn, event, input) => this.#handOn(arn, event, input),
    });
  }

  /** The event and its deliveries commit together, or with the open transaction. */
  put(bus: Bus, event: EventParts, options: { traceHeader?: string; busHops?: number } = {}): void {
    const { place, clock } = this.#parts;
    const { busHops = 0, ...trace } = options;
    this.#route(bus, { ...head(event), text: eventText(event, place()), ingestedAt: clock.now(), busHops, invokedBy: 'eventbridge', ...trace });
  }

  /** Runs a rule by its schedule: its own targets get the event, no other rule sees it. */
  run(bus: Bus, rule: Rule, event: EventParts, scheduled?: Delivered['scheduled']): void {
    const { place, clock, store } = this.#parts;
    const routed: Delivered = {
      ...head(event), text: eventText(event, place()), ingestedAt: clock.now(), busHops: 0, invokedBy: 'schedule', ...(scheduled ? { scheduled } : {}),
    };
    store.transaction(() => this.#deliver(bus, routed, [rule]));
  }

  #route(bus: Bus, event: Delivered): void {
    this.#parts.store.transaction(() => this.#deliver(bus, event, this.#parts.rules.matching(bus.name, event.text)));
  }

  #deliver(bus: Bus, event: Delivered, matched: readonly Rule[]): void {
    const { store } = this.#parts;
    const deliveries: RuleDelivery[] = [];
    for (const rule of matched) {
      store.countMatch(rule.arn);
      for (const target of rule.targets) deliveries.push(this.#deliveries.deliver(event, rule, target));
    }
    const { id, time, source, detailType, text } = event;
    store.noteEvent(bus.arn, {
      id, time, source, detailType, matchedRules: matched.map(({ name }) => name), deliveries, ...(text.length > keptCharacters ? {} : { text }),
    }, keptEvents);
  }

  /** The event keeps its id and all else; what the target's transformation made becomes its detail (DOUBT). */
  #handOn(arn: string, event: Delivered, input: string | undefined): string {
    const bus = this.#parts.buses.byArn(arn);
    if (!bus) throw busDoesNotExist(arn.slice(arn.indexOf('event-bus/') + 'event-bus/'.length));
    if (input !== undefined && !isObjectText(input)) throw new InvalidInput(`The detail of an event must be a JSON object: ${input.slice(0, 200)}`);
    const text = input === undefined ? event.text : withDetail(event.text, input);
    this.#route(bus, { ...event, text, busHops: event.busHops + 1, invokedBy: 'eventbridge' });
    return event.id;
  }
}

function head({ id, time, source, detailType }: EventParts): Pick<Delivered, 'id' | 'time' | 'source' | 'detailType'> {
  return { id, time: eventTime(time), source, detailType };
}

function withDetail(text: string, detail: string): string {
  const old = valueAt(text, ['detail']) ?? '{}';
  return `${text.slice(0, text.length - old.length - 1)}${detail}}`;
}

/** The event of a rule's schedule, as recorded. */
export function scheduledEvent(id: string, time: number, rule: Rule): EventParts {
  return { id, detailType: 'Scheduled Event', source: 'aws.events', time, resources: [rule.arn], detail: '{}' };
}

/** The default event of EventBridge Scheduler: its detail is a text. */
export function schedulerEvent(id: string, time: number, scheduleArn: string): EventParts {
  return { id, detailType: 'Scheduled Event', source: 'aws.scheduler', time, resources: [scheduleArn], detail: '"{}"' };
}
