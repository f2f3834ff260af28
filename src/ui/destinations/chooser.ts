/** Which queue, topic, bus, rule or bucket a command means: a node of the view, an ARN or name, or a Quick Pick. */
import * as vscode from 'vscode';
import { UserError } from '../../contracts/faults.ts';
import type { BucketSummary, BusSummary, QueueSummary, ResourcesSnapshot, TopicSummary } from '../../contracts/resource-views.ts';
import type { EngineClient } from '../engine-client.ts';
import type { Node, Rule } from './nodes.ts';
import { bucketDescription, queueDescription, ruleDescription, topicDescription } from './words.ts';

export interface ChosenRule {
  bus: BusSummary;
  rule: Rule;
}

interface Kinds {
  queue: QueueSummary;
  topic: TopicSummary;
  bus: BusSummary;
  bucket: BucketSummary;
}

const plurals: Readonly<Record<keyof Kinds, string>> = { queue: 'SQS queues', topic: 'SNS topics', bus: 'EventBridge buses', bucket: 'S3 buckets' };

export class ResourceChooser {
  readonly #engine: EngineClient;

  constructor(engine: EngineClient) {
    this.#engine = engine;
  }

  /**
   * Undefined when the user gave up.
   * @param fits Only those are offered.
   * @throws UserError when there is no such resource, or none to choose from.
   */
  async choose<K extends keyof Kinds>(kind: K, argument: unknown, title: string, fits: (resource: Kinds[K]) => boolean = () => true): Promise<Kinds[K] | undefined> {
    await this.#engine.start();
    const all = this.#all(kind);
    const wanted = typeof argument === 'string' ? argument : arnOfKind(kind, argument);
    if (wanted !== undefined) {
      const found = all.find(({ arn, name }) => arn === wanted || name === wanted);
      if (!found) throw new UserError(`There is no ${kind} ${wanted} any more.`);
      return found;
    }
    const candidates = all.filter(fits);
    const [only] = candidates;
    if (!only) throw new UserError(all.length === 0 ? `There are no ${plurals[kind]} here: declare one in a template, or create one from the Destinations view.` : `None of the ${plurals[kind]} here fits.`);
    if (candidates.length === 1) return only;
    const picked = await vscode.window.showQuickPick(candidates.map((resource) => ({ label: resource.name, description: descriptionOf(resource), resource })), { title, placeHolder: `Choose a ${kind}`, matchOnDescription: true });
    return picked?.resource;
  }

  /** A rule of any bus. */
  async rule(argument: unknown, title: string, fits: (rule: Rule) => boolean = () => true): Promise<ChosenRule | undefined> {
    await this.#engine.start();
    const all = this.#engine.resources.buses.flatMap((bus) => bus.rules.map((rule): ChosenRule => ({ bus, rule })));
    const node = argument as Partial<Node> | undefined;
    const wanted = typeof argument === 'string' ? argument : node?.kind === 'rule' ? (node as Extract<Node, { kind: 'rule' }>).rule.arn : undefined;
    if (wanted !== undefined) {
      const found = all.find(({ rule }) => rule.arn === wanted || rule.name === wanted);
      if (!found) throw new UserError(`There is no rule ${wanted} any more.`);
      return found;
    }
    const candidates = all.filter(({ rule }) => fits(rule));
    if (candidates.length === 0) throw new UserError('There is no rule here that this could be done to.');
    const picked = await vscode.window.showQuickPick(candidates.map((chosen) => ({ label: chosen.rule.name, description: `${chosen.bus.name} · ${ruleDescription(chosen.rule)}`, chosen })), { title, placeHolder: 'Choose a rule', matchOnDescription: true });
    return picked?.chosen;
  }

  #all<K extends keyof Kinds>(kind: K): readonly Kinds[K][] {
    const { queues, topics, buses, buckets }: ResourcesSnapshot = this.#engine.resources;
    const byKind: { [Kind in keyof Kinds]: readonly Kinds[Kind][] } = { queue: queues, topic: topics, bus: buses, bucket: buckets };
    return byKind[kind];
  }
}

/** The ARN of such a resource that a node is, or belongs to. */
function arnOfKind(kind: keyof Kinds, argument: unknown): string | undefined {
  if (!isNode(argument)) return undefined;
  switch (argument.kind) {
    case 'queue': return kind === 'queue' ? argument.queue.arn : undefined;
    case 'message': return kind === 'queue' ? argument.queueArn : undefined;
    case 'topic': case 'subscription': case 'publishedGroup': case 'published': return kind === 'topic' ? argument.topic.arn : undefined;
    case 'bus': case 'rule': case 'eventGroup': case 'busEvent': return kind === 'bus' ? argument.bus.arn : undefined;
    case 'bucket': return kind === 'bucket' ? argument.bucket.arn : undefined;
    case 'object': return kind === 'bucket' ? argument.bucketArn : undefined;
    case 'section': case 'owner': case 'qualifier': case 'destination': case 'retries': case 'more': case 'ruleTarget': return undefined;
  }
}

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as Partial<Node>).kind === 'string';
}

function descriptionOf(resource: Kinds[keyof Kinds]): string {
  switch (resource.kind) {
    case 'queue': return queueDescription(resource);
    case 'topic': return topicDescription(resource);
    case 'bus': return `${resource.rules.length} rules`;
    case 'bucket': return bucketDescription(resource);
  }
}
