/** What SAM makes of a function's `Events`: subscriptions of topics, rules and schedules with the function as their target. */
import type { PolicyStatement } from '../contracts/permissions.ts';
import type { EventSourceMappingDefinition } from '../contracts/functions.ts';
import type { ResourceDefinition } from '../contracts/resources.ts';
import type { EmbeddedResources } from './embedded-resources.ts';
import { laterEvents, locatedMapping, polledEvents, samMapping, samNames } from './event-source-mappings.ts';
import type { FileDiagnostics } from './diagnostics.ts';
import { record } from './function-properties.ts';
import type { Properties } from './function-properties.ts';
import { textOf } from './intrinsics.ts';
import type { IntrinsicResolver } from './intrinsics.ts';
import { entriesOf, member, rangeAt, scalarText } from './nodes.ts';
import type { MapEntry, TemplateNode } from './nodes.ts';
import { arnOf, identifyResource } from './physical-ids.ts';
import type { StackIdentity } from './physical-ids.ts';
import { allowService } from './policy-statements.ts';
import { defined, resolvedProperties } from './resolved-properties.ts';
import { ruleEvents } from './sam-references.ts';

export interface SamEventContext {
  functionLogicalId: string;
  /** ARN of the alias that SAM publishes, else of the function. */
  targetArn: string;
  stack: StackIdentity;
  resolver: IntrinsicResolver;
  diagnostics: FileDiagnostics;
  resources: EmbeddedResources;
}

export interface SamEvents {
  /** Events of other types as written, resolved, by their key. */
  rest: Readonly<Record<string, unknown>>;
  /** What SAM lets topics and rules invoke. */
  invokers: readonly PolicyStatement[];
  /** Of queues and streams, and those that SAM makes for topics behind queues. */
  mappings: readonly EventSourceMappingDefinition[];
}

/** `events` is the function's `Events`. */
export function readSamEvents(events: TemplateNode | undefined, context: SamEventContext): SamEvents {
  const rest: Record<string, unknown> = {};
  const mappings: EventSourceMappingDefinition[] = [];
  const invokers: PolicyStatement[] = [];
  for (const entry of entriesOf(events)) {
    const type = scalarText(member(entry.value, 'Type')) ?? '';
    if (type === 'SNS') {
      const made = new SamEvent(entry, context).topic();
      mappings.push(...made.mappings);
      invokers.push(...made.invokers);
    } else if (ruleEvents.has(type)) invokers.push(...new SamEvent(entry, context).rule(type));
    else if (Object.hasOwn(polledEvents, type)) mappings.push(...new SamEvent(entry, context).mapping(type));
    else {
      rest[entry.key] = context.resolver.value(entry.value);
      const source = laterEvents[type];
      if (source !== undefined) context.diagnostics.add('information', `Local Lambda does not poll ${source} yet, so this event invokes nothing here.`, rangeAt(entry.value, ['Type'], entry.keyRange));
    }
  }
  return { rest, mappings, invokers };
}

class SamEvent {
  readonly #entry: MapEntry;
  readonly #context: SamEventContext;
  readonly #logicalId: string;
  readonly #node: TemplateNode | undefined;
  readonly #properties: Properties;

  constructor(entry: MapEntry, context: SamEventContext) {
    this.#entry = entry;
    this.#context = context;
    this.#logicalId = `${context.functionLogicalId}${entry.key}`;
    this.#node = member(entry.value, 'Properties');
    this.#properties = resolvedProperties(context.resolver, this.#node);
  }

  mapping(type: string): EventSourceMappingDefinition[] {
    const { targetArn, diagnostics } = this.#context;
    const made = locatedMapping(samMapping(this.#logicalId, targetArn, type, this.#properties), { node: this.#node, range: this.#entry.keyRange, names: samNames, diagnostics });
    return made === undefined ? [] : [made];
  }

  topic(): Omit<SamEvents, 'rest'> {
    const { Topic, SqsSubscription, Region, FilterPolicy, FilterPolicyScope, RedrivePolicy } = this.#properties;
    const { targetArn } = this.#context;
    const queue = this.#subscribedQueue(SqsSubscription);
    this.#add('AWS::SNS::Subscription', defined({
      TopicArn: Topic, Protocol: queue === undefined ? 'lambda' : 'sqs', Endpoint: queue ?? targetArn, Region, FilterPolicy, FilterPolicyScope, RedrivePolicy,
    }));
    const topic = textOf(Topic) ?? '';
    if (queue === undefined) return { mappings: [], invokers: [allowService('sns.amazonaws.com', 'lambda:InvokeFunction', targetArn, topic)] };
    this.#context.resources.allow(queue, allowService('sns.amazonaws.com', 'sqs:SendMessage', queue, topic));
    const options = record(SqsSubscription);
    const mapping = locatedMapping({
      logicalId: `${this.#logicalId}EventSourceMapping`,
      properties: { FunctionName: targetArn, EventSourceArn: queue, BatchSize: options['BatchSize'] ?? 10, Enabled: options['Enabled'] ?? true },
    }, { node: member(this.#node, 'SqsSubscription'), range: this.#entry.keyRange, names: { QueueArn: 'EventSourceArn' }, diagnostics: this.#context.diagnostics });
    return { mappings: mapping === undefined ? [] : [mapping], invokers: [] };
  }

  /** ARN of the queue between topic and function: the named one, or the one that SAM makes. */
  #subscribedQueue(option: unknown): string | undefined {
    if (option === undefined || option === null || option === false || option === 'false') return undefined;
    return textOf(record(option)['QueueArn']) ?? this.#madeQueue(`${this.#logicalId}Queue`);
  }

  #madeQueue(logicalId: string): string {
    this.#context.resources.add({ logicalId, type: 'AWS::SQS::Queue', properties: {}, range: this.#entry.keyRange });
    return arnOf(this.#context.stack, 'sqs', identifyResource(this.#context.stack, logicalId, 'AWS::SQS::Queue', () => undefined).name);
  }

  rule(type: string): PolicyStatement[] {
    const own = this.#properties;
    const deadLetters = this.#deadLetters();
    const target = defined({
      Arn: this.#context.targetArn,
      Id: record(own['Target'])['Id'] ?? `${this.#logicalId}LambdaTarget`,
      Input: own['Input'],
      InputPath: own['InputPath'],
      InputTransformer: own['InputTransformer'],
      RetryPolicy: own['RetryPolicy'],
      DeadLetterConfig: deadLetters && { Arn: deadLetters.arn },
    });
    const name = own['RuleName'] ?? own['Name'];
    const rule = this.#add('AWS::Events::Rule', defined({
      Name: name ?? (type === 'ScheduleV2' ? this.#logicalId : undefined),
      Description: own['Description'],
      EventBusName: own['EventBusName'],
      EventPattern: own['Pattern'],
      ScheduleExpression: type === 'ScheduleV2' ? own['ScheduleExpression'] : own['Schedule'],
      State: own['State'] ?? stateOf(own['Enabled']),
      Targets: [target],
      ...(type === 'ScheduleV2' ? schedulerProperties(own) : {}),
    }));
    if (rule === undefined) return [];
    if (deadLetters?.made === true) this.#context.resources.allow(deadLetters.arn, allowService('events.amazonaws.com', 'sqs:SendMessage', deadLetters.arn, rule.arn));
    return [allowService(type === 'ScheduleV2' ? 'scheduler.amazonaws.com' : 'events.amazonaws.com', 'lambda:InvokeFunction', this.#context.targetArn, rule.arn)];
  }

  /** SAM makes the queue when the event names none. */
  #deadLetters(): { arn: string; made: boolean } | undefined {
    const { DeadLetterConfig } = this.#properties;
    if (DeadLetterConfig === undefined) return undefined;
    const { Arn, Type, QueueLogicalId } = record(DeadLetterConfig);
    if (Arn !== undefined) return { arn: textOf(Arn) ?? '', made: false };
    if (textOf(Type) === 'SQS') return { arn: this.#madeQueue(textOf(QueueLogicalId) ?? `${this.#logicalId}Queue`), made: true };
    const place = rangeAt(this.#node, ['DeadLetterConfig'], this.#entry.keyRange);
    this.#context.diagnostics.add('error', 'DeadLetterConfig must have an Arn, or Type: SQS to have a queue made, so it is left out.', place);
    return undefined;
  }

  #add(type: 'AWS::SNS::Subscription' | 'AWS::Events::Rule', properties: Properties): ResourceDefinition | undefined {
    const node = renamed(this.#node);
    return this.#context.resources.add({ logicalId: this.#logicalId, type, properties, range: this.#entry.keyRange, ...(node === undefined ? {} : { node }) });
  }
}

/** CloudFormation's names of what SAM calls otherwise, so that findings stand on the right line. */
const cloudFormationNames: Readonly<Record<string, string>> = { Topic: 'TopicArn', Pattern: 'EventPattern', Schedule: 'ScheduleExpression', RuleName: 'Name' };

function renamed(node: TemplateNode | undefined): TemplateNode | undefined {
  if (node?.kind !== 'map') return node;
  return { ...node, entries: new Map([...node.entries].map(([key, entry]) => [cloudFormationNames[key] ?? key, entry])) };
}

/**
 * A schedule of EventBridge Scheduler is a rule here. What a rule does not have keeps Scheduler's own spelling;
 * `GroupName` is always there and tells the two apart.
 */
export function schedulerProperties(own: Properties): Properties {
  const { ScheduleExpressionTimezone, StartDate, EndDate, FlexibleTimeWindow } = own;
  return { GroupName: own['GroupName'] ?? 'default', ...defined({ ScheduleExpressionTimezone, StartDate, EndDate, FlexibleTimeWindow }) };
}

function stateOf(enabled: unknown): string | undefined {
  const text = textOf(enabled);
  return text === undefined ? undefined : text === 'false' ? 'DISABLED' : 'ENABLED';
}
