/** What the Serverless Framework makes of a function's `events`: topics and buses, their subscriptions and rules, schedules. */
import { createHash } from 'node:crypto';
import type { PolicyStatement } from '../contracts/permissions.ts';
import type { EventSourceMappingDefinition } from '../contracts/functions.ts';
import type { EmbeddedResources } from './embedded-resources.ts';
import { locatedMapping, serverlessMapping, serverlessNames } from './event-source-mappings.ts';
import type { FileDiagnostics } from './diagnostics.ts';
import { record } from './function-properties.ts';
import type { Properties } from './function-properties.ts';
import { textOf } from './intrinsics.ts';
import type { IntrinsicResolver } from './intrinsics.ts';
import { entriesOf, member, scalarText } from './nodes.ts';
import type { MapEntry, TemplateNode, TextRange } from './nodes.ts';
import { allowService } from './policy-statements.ts';
import { defined, resolvedProperties } from './resolved-properties.ts';
import type { ResourceTable } from './resource-table.ts';
import { schedulerProperties } from './sam-events.ts';

/** A resource that the framework adds to its template. */
export interface MadeResource {
  logicalId: string;
  type: string;
  properties: Readonly<Record<string, string>>;
  range: TextRange;
}

/** `hello-world` -> `HelloDashworld`, as in the framework's logical ids. */
export function normalizedName(key: string): string {
  const name = key.replaceAll('-', 'Dash').replaceAll('_', 'Underscore');
  return name.slice(0, 1).toUpperCase() + name.slice(1);
}

function alphanumeric(name: string): string {
  return normalizedName(name.replace(/[^0-9A-Za-z]/g, ''));
}

/** Logical id of a function's resource: `hello-world` -> `HelloDashworldLambdaFunction`. */
export function functionLogicalId(key: string): string {
  return `${normalizedName(key)}LambdaFunction`;
}

function topicLogicalId(topicName: string): string {
  return `SNSTopic${alphanumeric(topicName)}`;
}

/** Topics and buses that events name without an ARN, and the queue or topic of `deadLetter` (a plugin's). */
export function madeByFunctions(functions: readonly MapEntry[]): MadeResource[] {
  const made = new Map<string, MadeResource>();
  const add = (resource: MadeResource) => void (made.has(resource.logicalId) || made.set(resource.logicalId, resource));
  for (const { key, value } of functions) {
    for (const event of itemsOf(member(value, 'events'))) {
      const sns = member(event, 'sns');
      const topicName = scalarText(sns) ?? (member(sns, 'arn') === undefined ? scalarText(member(sns, 'topicName')) : undefined);
      if (topicName !== undefined && !topicName.startsWith('arn:')) {
        const displayName = scalarText(member(sns, 'displayName'));
        add({
          logicalId: topicLogicalId(topicName), type: 'AWS::SNS::Topic', range: sns!.range,
          properties: { TopicName: topicName, ...(displayName === undefined ? {} : { DisplayName: displayName }) },
        });
      }
      const bus = member(member(event, 'eventBridge'), 'eventBus');
      const busName = scalarText(bus);
      if (busName !== undefined && busName !== 'default' && !busName.startsWith('arn:')) {
        add({ logicalId: `${alphanumeric(busName)}EventBridgeEventBus`, type: 'AWS::Events::EventBus', properties: { Name: busName }, range: bus!.range });
      }
    }
    const deadLetters = madeDeadLetters(key, member(value, 'deadLetter'));
    if (deadLetters !== undefined) add(deadLetters);
  }
  return [...made.values()];
}

function madeDeadLetters(key: string, deadLetter: TemplateNode | undefined): MadeResource | undefined {
  const queue = member(deadLetter, 'sqs');
  if (queue !== undefined) {
    const properties = Object.fromEntries(entriesOf(queue).map((entry) => [capitalised(entry.key), scalarText(entry.value)] as const)
      .filter((pair): pair is [string, string] => pair[1] !== undefined));
    const name = scalarText(queue);
    return { logicalId: deadLetterLogicalId(key, 'Queue'), type: 'AWS::SQS::Queue', properties: name === undefined ? properties : { QueueName: name }, range: queue.range };
  }
  const topic = member(deadLetter, 'sns');
  const topicName = scalarText(topic);
  return topicName === undefined ? undefined : { logicalId: deadLetterLogicalId(key, 'Topic'), type: 'AWS::SNS::Topic', properties: { TopicName: topicName }, range: topic!.range };
}

export function deadLetterLogicalId(key: string, kind: 'Queue' | 'Topic'): string {
  return `${normalizedName(key)}DeadLetter${kind}`;
}

function itemsOf(node: TemplateNode | undefined): readonly TemplateNode[] {
  return node?.kind === 'list' ? node.items : [];
}

function capitalised(key: string): string {
  return key.slice(0, 1).toUpperCase() + key.slice(1);
}

export interface ServerlessEventContext {
  /** Key of the function in the file. */
  key: string;
  functionName: string;
  functionArn: string;
  resolver: IntrinsicResolver;
  table: ResourceTable;
  diagnostics: FileDiagnostics;
  resources: EmbeddedResources;
}

export interface ServerlessEvents {
  /** Events of other kinds, resolved. */
  others: readonly unknown[];
  /** What the framework lets topics and rules invoke. */
  invokers: readonly PolicyStatement[];
  mappings: readonly EventSourceMappingDefinition[];
}

export function readServerlessEvents(events: TemplateNode | undefined, context: ServerlessEventContext): ServerlessEvents {
  const reader = new EventReader(context);
  const others: unknown[] = [];
  for (const [at, event] of itemsOf(events).entries()) if (!reader.read(event, at + 1)) others.push(context.resolver.value(event));
  return { others, invokers: reader.invokers, mappings: reader.mappings };
}

class EventReader {
  readonly invokers: PolicyStatement[] = [];
  readonly mappings: EventSourceMappingDefinition[] = [];
  readonly #context: ServerlessEventContext;
  #schedules = 0;

  constructor(context: ServerlessEventContext) {
    this.#context = context;
  }

  /** `number` counts the function's events from 1. False for an event of another kind. */
  read(event: TemplateNode, number: number): boolean {
    const sns = member(event, 'sns');
    const rule = member(event, 'eventBridge');
    const schedule = member(event, 'schedule');
    const queue = member(event, 'sqs');
    const stream = member(event, 'stream');
    if (sns !== undefined) this.#topic(sns);
    else if (rule !== undefined) this.#rule(rule, number);
    else if (schedule !== undefined) this.#schedule(schedule);
    else if (queue !== undefined) this.#mapping('sqs', queue);
    else if (stream !== undefined) this.#mapping('stream', stream);
    else return false;
    return true;
  }

  #mapping(kind: 'sqs' | 'stream', node: TemplateNode): void {
    const { key, functionArn, resolver, diagnostics } = this.#context;
    const made = locatedMapping(serverlessMapping(normalizedName(key), kind, functionArn, resolver.value(node)), { node, range: node.range, names: serverlessNames, diagnostics });
    if (made !== undefined) this.mappings.push(made);
  }

  #add(logicalId: string, type: 'AWS::SNS::Subscription' | 'AWS::Events::Rule', properties: Properties, node: TemplateNode): void {
    const { resources, functionArn } = this.#context;
    const made = resources.add({ logicalId, type, properties: defined(properties), range: node.range });
    if (made === undefined) return;
    const [service, source] = type === 'AWS::SNS::Subscription' ? ['sns.amazonaws.com', textOf(made.properties['TopicArn']) ?? ''] : ['events.amazonaws.com', made.arn];
    this.invokers.push(allowService(service, 'lambda:InvokeFunction', functionArn, source));
  }

  #topic(node: TemplateNode): void {
    const { resolver, table, key, functionArn } = this.#context;
    const own = resolvedProperties(resolver, node);
    const written = textOf(resolver.value(node)) ?? textOf(own['arn']);
    const name = textOf(own['topicName']) ?? written?.split(':').at(-1) ?? '';
    const arn = written?.startsWith('arn:') || own['arn'] !== undefined ? written : table.ref(topicLogicalId(name), node.range);
    const redrivePolicy = this.#redrivePolicy(member(node, 'redrivePolicy'), node);
    this.#add(`${normalizedName(key)}SnsSubscription${alphanumeric(name)}`, 'AWS::SNS::Subscription', {
      TopicArn: arn,
      Protocol: 'lambda',
      Endpoint: functionArn,
      FilterPolicy: own['filterPolicy'],
      FilterPolicyScope: own['filterPolicyScope'],
      RedrivePolicy: redrivePolicy,
    }, node);
    const deadLetters = textOf(redrivePolicy?.['deadLetterTargetArn']);
    if (deadLetters !== undefined) this.#context.resources.allow(deadLetters, allowService('sns.amazonaws.com', 'sqs:SendMessage', deadLetters, arn ?? ''));
  }

  #redrivePolicy(node: TemplateNode | undefined, event: TemplateNode): Properties | undefined {
    if (node === undefined) return undefined;
    const { deadLetterTargetArn, deadLetterTargetRef, deadLetterTargetImport } = record(this.#context.resolver.value(node));
    const reference = textOf(deadLetterTargetRef);
    if (reference !== undefined) return { deadLetterTargetArn: this.#context.table.attribute(reference, 'Arn', event.range) };
    const imported = textOf(record(deadLetterTargetImport)['arn']);
    return { deadLetterTargetArn: imported === undefined ? deadLetterTargetArn : `\${ImportValue:${imported}}` };
  }

  #rule(node: TemplateNode, number: number): void {
    const { resolver, functionName } = this.#context;
    const own = resolvedProperties(resolver, node);
    const made = `${functionName}-rule-${number}`;
    const retry = own['retryPolicy'] === undefined ? undefined : record(own['retryPolicy']);
    const bus = textOf(own['eventBus']);
    this.#add(`${alphanumeric(made)}EventBridgeRule`, 'AWS::Events::Rule', {
      Name: own['name'] ?? shortRuleName(made),
      Description: own['description'],
      // The framework takes what stands behind the slash of an ARN.
      EventBusName: bus === undefined || bus === 'default' ? undefined : bus.startsWith('arn:') ? bus.slice(bus.indexOf('/') + 1) : bus,
      EventPattern: own['pattern'],
      ScheduleExpression: own['schedule'],
      State: stateOf(own),
      Targets: [this.#target(own, {
        RetryPolicy: retry && defined({ MaximumEventAgeInSeconds: retry['maximumEventAge'], MaximumRetryAttempts: retry['maximumRetryAttempts'] }),
        DeadLetterConfig: own['deadLetterQueueArn'] === undefined ? undefined : { Arn: own['deadLetterQueueArn'] },
      }, `${shortRuleName(made)}-target`)],
    }, node);
  }

  #schedule(node: TemplateNode): void {
    const { resolver, key } = this.#context;
    const own = resolvedProperties(resolver, node);
    const rate = own['rate'] ?? resolver.value(node);
    const expressions = Array.isArray(rate) ? (rate as unknown[]) : [rate];
    const scheduler = textOf(own['method']) === 'scheduler';
    for (const expression of expressions) {
      this.#schedules += 1;
      const logicalId = `${normalizedName(key)}EventsRuleSchedule${this.#schedules}`;
      this.#add(logicalId, 'AWS::Events::Rule', {
        Name: own['name'],
        Description: own['description'],
        ScheduleExpression: textOf(expression),
        State: stateOf(own),
        Targets: [this.#target(own, {}, `${key}Schedule`)],
        ...(scheduler ? schedulerProperties({ ScheduleExpressionTimezone: own['timezone'] }) : {}),
      }, node);
    }
  }

  #target(own: Properties, others: Properties, id: string): Properties {
    const transformer = own['inputTransformer'] === undefined ? undefined : record(own['inputTransformer']);
    return defined({
      Arn: this.#context.functionArn,
      Id: id,
      Input: typeof own['input'] === 'object' ? JSON.stringify(own['input']) : own['input'],
      InputPath: own['inputPath'],
      InputTransformer: transformer && defined({ InputPathsMap: transformer['inputPathsMap'], InputTemplate: transformer['inputTemplate'] }),
      ...others,
    });
  }
}

function stateOf(own: Properties): string {
  return textOf(own['enabled']) === 'false' ? 'DISABLED' : 'ENABLED';
}

/** A rule's name has 64 characters at most; the framework ends longer ones in a hash. */
function shortRuleName(name: string): string {
  return name.length <= 64 ? name : `${name.slice(0, 31)}-${createHash('sha256').update(name).digest('hex').slice(0, 32)}`;
}
