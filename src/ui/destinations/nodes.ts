/** What stands in the view "Destinations": functions with where their results go, and the resources themselves. No VS Code. */
import type { EventInvokeConfigSummary, FunctionSummary } from '../../contracts/lambda-api.ts';
import type {
  BucketObject, BucketSummary, BusSummary, PeekedMessage, PublishedMessage, QueueSummary, ResourcesSnapshot, TopicSummary,
} from '../../contracts/resource-views.ts';

export type Section = 'functions' | 'queues' | 'topics' | 'buses' | 'buckets';
export type Rule = BusSummary['rules'][number];
export type BusEvent = BusSummary['lastEvents'][number];
export type Subscription = TopicSummary['subscriptions'][number];
export type DestinationKind = 'OnSuccess' | 'OnFailure' | 'DeadLetterQueue';

export interface SectionNode { kind: 'section'; section: Section; count: number }
/** A function that sends its results somewhere, or whose retries are set. */
export interface OwnerNode { kind: 'owner'; fn: FunctionSummary; expanded: boolean }
/** One qualifier of a function that has more than `$LATEST`. */
export interface QualifierNode { kind: 'qualifier'; fn: FunctionSummary; config: EventInvokeConfigSummary }
export interface DestinationNode {
  kind: 'destination';
  fn: FunctionSummary;
  /** Dead-letter queues belong to the function as a whole: `$LATEST`. */
  qualifier: string;
  destination: DestinationKind;
  /** Empty for a dead-letter queue that was removed over the template. */
  targetArn: string;
  /** False when there is no such resource here. */
  exists: boolean;
  /** An API call or edit put it over the template. */
  changed: boolean;
}
/** Retries and age of a qualifier. */
export interface RetriesNode { kind: 'retries'; fn: FunctionSummary; config: EventInvokeConfigSummary }
export interface QueueNode { kind: 'queue'; queue: QueueSummary; deadLetters: boolean }
export interface MessageNode { kind: 'message'; queueArn: string; queueName: string; message: PeekedMessage }
/** Loads the next page of a queue's messages or a bucket's objects. */
export interface MoreNode { kind: 'more'; arn: string; shown: number }
export interface TopicNode { kind: 'topic'; topic: TopicSummary }
export interface SubscriptionNode { kind: 'subscription'; topic: TopicSummary; subscription: Subscription }
export interface PublishedGroupNode { kind: 'publishedGroup'; topic: TopicSummary }
export interface PublishedNode { kind: 'published'; topic: TopicSummary; message: PublishedMessage }
export interface BusNode { kind: 'bus'; bus: BusSummary }
export interface RuleNode { kind: 'rule'; bus: BusSummary; rule: Rule }
export interface RuleTargetNode { kind: 'ruleTarget'; rule: Rule; targetArn: string }
export interface EventGroupNode { kind: 'eventGroup'; bus: BusSummary }
export interface BusEventNode { kind: 'busEvent'; bus: BusSummary; event: BusEvent }
export interface BucketNode { kind: 'bucket'; bucket: BucketSummary }
export interface ObjectNode { kind: 'object'; bucketArn: string; bucketName: string; object: BucketObject }

export type Node =
  | SectionNode | OwnerNode | QualifierNode | DestinationNode | RetriesNode | QueueNode | MessageNode | MoreNode | TopicNode
  | SubscriptionNode | PublishedGroupNode | PublishedNode | BusNode | RuleNode | RuleTargetNode | EventGroupNode | BusEventNode
  | BucketNode | ObjectNode;

/** More functions than these start collapsed. */
const fewOwners = 6;

/** What AWS does unless it is set otherwise. */
export const defaultRetries = 2;
export const defaultAgeSeconds = 21_600;

/** The top of the view: only sections that hold something. */
export function sections(functions: readonly FunctionSummary[], { queues, topics, buses, buckets }: ResourcesSnapshot): SectionNode[] {
  const all: SectionNode[] = [
    { kind: 'section', section: 'functions', count: functions.filter(hasDestinations).length },
    { kind: 'section', section: 'queues', count: queues.length },
    { kind: 'section', section: 'topics', count: topics.length },
    { kind: 'section', section: 'buses', count: buses.filter(isUsed).length },
    { kind: 'section', section: 'buckets', count: buckets.length },
  ];
  return all.filter(({ count }) => count > 0);
}

/** Children that are known without asking the engine. */
export function childrenOf(node: SectionNode | OwnerNode | QualifierNode | TopicNode | PublishedGroupNode | BusNode | RuleNode | EventGroupNode, functions: readonly FunctionSummary[], resources: ResourcesSnapshot, batchFailures: readonly string[] = []): Node[] {
  switch (node.kind) {
    case 'section': return inSection(node.section, functions, resources, batchFailures);
    case 'owner': return ofFunction(node.fn, knownArns(functions, resources));
    case 'qualifier': return ofConfig(node.fn, node.config, knownArns(functions, resources));
    case 'topic': {
      const { topic } = node;
      return [
        ...topic.subscriptions.map((subscription): Node => ({ kind: 'subscription', topic, subscription })),
        ...(topic.lastMessages.length > 0 ? [{ kind: 'publishedGroup', topic } as const] : []),
      ];
    }
    case 'publishedGroup': return node.topic.lastMessages.map((message) => ({ kind: 'published', topic: node.topic, message }));
    case 'bus': {
      const { bus } = node;
      return [
        ...bus.rules.map((rule): Node => ({ kind: 'rule', bus, rule })),
        ...(bus.lastEvents.length > 0 ? [{ kind: 'eventGroup', bus } as const] : []),
      ];
    }
    case 'rule': return node.rule.targetArns.map((targetArn) => ({ kind: 'ruleTarget', rule: node.rule, targetArn }));
    case 'eventGroup': return node.bus.lastEvents.map((event) => ({ kind: 'busEvent', bus: node.bus, event }));
  }
}

/** Every account has a default bus: alone and unused it is nothing to show. */
function isUsed({ name, rules, lastEvents }: BusSummary): boolean {
  return name !== 'default' || rules.length > 0 || lastEvents.length > 0;
}

function inSection(section: Section, functions: readonly FunctionSummary[], resources: ResourcesSnapshot, batchFailures: readonly string[]): Node[] {
  switch (section) {
    case 'functions': {
      const owners = functions.filter(hasDestinations).toSorted(byName);
      return owners.map((fn) => ({ kind: 'owner', fn, expanded: owners.length <= fewOwners }));
    }
    case 'queues': {
      const dead = deadLetterArns(functions, resources, batchFailures);
      return resources.queues.toSorted(byName).map((queue) => ({ kind: 'queue', queue, deadLetters: dead.has(queue.arn) }));
    }
    case 'topics': return resources.topics.toSorted(byName).map((topic) => ({ kind: 'topic', topic }));
    case 'buses': return resources.buses.toSorted(byName).map((bus) => ({ kind: 'bus', bus }));
    case 'buckets': return resources.buckets.toSorted(byName).map((bucket) => ({ kind: 'bucket', bucket }));
  }
}

/** Whether anything of its asynchronous side is set. */
export function hasDestinations({ eventInvokeConfigs, deadLetterTargetArn, changed }: FunctionSummary): boolean {
  return eventInvokeConfigs.length > 0 || (deadLetterTargetArn ?? '') !== '' || changed.includes('DeadLetterConfig');
}

function ofFunction(fn: FunctionSummary, known: ReadonlySet<string>): Node[] {
  const changed = fn.changed.includes('DeadLetterConfig');
  const target = fn.deadLetterTargetArn ?? '';
  // One that was removed over the template still stands here, to be reset.
  const dead = target === '' && !changed ? [] : [destination(fn, '$LATEST', 'DeadLetterQueue', target, known, changed)];
  const [only] = fn.eventInvokeConfigs;
  if (fn.eventInvokeConfigs.length === 1 && only?.qualifier === '$LATEST') return [...ofConfig(fn, only, known), ...dead];
  return [...fn.eventInvokeConfigs.map((config): Node => ({ kind: 'qualifier', fn, config })), ...dead];
}

function ofConfig(fn: FunctionSummary, config: EventInvokeConfigSummary, known: ReadonlySet<string>): Node[] {
  const { qualifier, onSuccess, onFailure, maximumRetryAttempts, maximumEventAgeInSeconds, changed } = config;
  return [
    ...(onSuccess === undefined ? [] : [destination(fn, qualifier, 'OnSuccess', onSuccess, known, changed)]),
    ...(onFailure === undefined ? [] : [destination(fn, qualifier, 'OnFailure', onFailure, known, changed)]),
    ...(maximumRetryAttempts === undefined && maximumEventAgeInSeconds === undefined && !changed ? [] : [{ kind: 'retries', fn, config } as const]),
  ];
}

function destination(fn: FunctionSummary, qualifier: string, kind: DestinationKind, targetArn: string, known: ReadonlySet<string>, changed: boolean): DestinationNode {
  return { kind: 'destination', fn, qualifier, destination: kind, targetArn, exists: known.has(unqualified(targetArn)), changed };
}

function knownArns(functions: readonly FunctionSummary[], { queues, topics, buses, buckets }: ResourcesSnapshot): ReadonlySet<string> {
  return new Set([...functions, ...queues, ...topics, ...buses, ...buckets].map(({ arn }) => arn));
}

/** A function's ARN without version or alias; any other ARN as it is. */
export function unqualified(arn: string): string {
  return /^(arn:aws[^:]*:lambda:[^:]*:[^:]*:function:[^:]+)/.exec(arn)?.[1] ?? arn;
}

/** Queues where failures end: of functions, of queues that redrive, of subscriptions, of mappings of streams. */
export function deadLetterArns(functions: readonly FunctionSummary[], { queues, topics }: ResourcesSnapshot, batchFailures: readonly string[]): ReadonlySet<string> {
  const arns = [
    ...batchFailures,
    ...functions.flatMap(({ deadLetterTargetArn, eventInvokeConfigs }) => [deadLetterTargetArn, ...eventInvokeConfigs.map(({ onFailure }) => onFailure)]),
    ...queues.filter(({ sourceArns }) => sourceArns.length > 0).map(({ arn }) => arn),
    ...topics.flatMap(({ subscriptions }) => subscriptions.map(({ deadLetterTargetArn }) => deadLetterTargetArn)),
  ];
  return new Set(arns.filter((arn) => arn !== undefined));
}

/** Messages that wait in queues where failures end. */
export function deadLetterCount(functions: readonly FunctionSummary[], resources: ResourcesSnapshot, batchFailures: readonly string[] = []): number {
  const dead = deadLetterArns(functions, resources, batchFailures);
  return resources.queues.filter(({ arn }) => dead.has(arn)).reduce((sum, { visible, delayed, inFlight }) => sum + visible + delayed + inFlight, 0);
}

/** Unique and the same in every snapshot. */
export function idOf(node: Node): string {
  switch (node.kind) {
    case 'section': return `section:${node.section}`;
    case 'owner': return `owner:${node.fn.arn}`;
    case 'qualifier': return `qualifier:${node.fn.arn}:${node.config.qualifier}`;
    case 'destination': return `destination:${node.fn.arn}:${node.qualifier}:${node.destination}`;
    case 'retries': return `retries:${node.fn.arn}:${node.config.qualifier}`;
    case 'queue': return `queue:${node.queue.arn}`;
    case 'message': return `message:${node.queueArn}:${node.message.messageId}`;
    case 'more': return `more:${node.arn}`;
    case 'topic': return `topic:${node.topic.arn}`;
    case 'subscription': return `subscription:${node.subscription.arn}`;
    case 'publishedGroup': return `published:${node.topic.arn}`;
    case 'published': return `published:${node.topic.arn}:${node.message.messageId}`;
    case 'bus': return `bus:${node.bus.arn}`;
    case 'rule': return `rule:${node.rule.arn}`;
    case 'ruleTarget': return `ruleTarget:${node.rule.arn}:${node.targetArn}`;
    case 'eventGroup': return `events:${node.bus.arn}`;
    case 'busEvent': return `event:${node.bus.arn}:${node.event.id}`;
    case 'bucket': return `bucket:${node.bucket.arn}`;
    case 'object': return `object:${node.bucketArn}:${node.object.key}`;
  }
}

/** The ARN that "Copy ARN" gives; undefined for what has none. */
export function arnOf(node: Node): string | undefined {
  switch (node.kind) {
    case 'owner': case 'qualifier': case 'retries': return node.fn.arn;
    case 'destination': case 'ruleTarget': return node.targetArn;
    case 'queue': return node.queue.arn;
    case 'topic': return node.topic.arn;
    case 'subscription': return node.subscription.arn;
    case 'bus': return node.bus.arn;
    case 'rule': return node.rule.arn;
    case 'bucket': return node.bucket.arn;
    case 'object': return `${node.bucketArn}/${node.object.key}`;
    case 'section': case 'message': case 'more': case 'publishedGroup': case 'published': case 'eventGroup': case 'busEvent': return undefined;
  }
}

function byName(one: { name: string }, other: { name: string }): number {
  return one.name.localeCompare(other.name);
}
