/** Which subscriptions of a topic would get a message: asked of the engine while it is written. */
import type { TopicSummary } from '../../contracts/resource-views.ts';
import { explainPattern, type PatternAnswer } from '../../protocol/engine.ts';
import type { EngineClient } from '../engine-client.ts';
import type { Draft } from './drafts.ts';
import type { Subscription } from './nodes.ts';
import { readDraft } from './texts.ts';
import { subscriptionName } from './words.ts';

/** Subscriptions with a filter policy that are asked about at most. */
const mostAsked = 50;

/** A few words, or undefined when there is nothing to tell. */
export async function previewOf(engine: EngineClient, draft: Draft, text: string): Promise<string | undefined> {
  if (draft.kind !== 'publish' || engine.state !== 'ready') return undefined;
  const topic = engine.resources.topics.find(({ arn }) => arn === draft.arn);
  if (!topic || topic.subscriptions.length === 0) return topic && 'no subscriptions: nobody gets it';
  let message: string;
  let attributes: Record<string, { DataType: string; StringValue?: string; BinaryValue?: string }>;
  try {
    const { input } = readDraft('publish', text, { arn: topic.arn, unique: '' });
    message = String(input.Message);
    attributes = (input.MessageAttributes ?? {}) as typeof attributes;
  } catch {
    return undefined;
  }
  const wire = JSON.stringify(Object.fromEntries(Object.entries(attributes).map(([name, { DataType, StringValue, BinaryValue }]) => [name, { Type: DataType, Value: StringValue ?? BinaryValue ?? '' }])));
  const matching = await Promise.all(topic.subscriptions.slice(0, mostAsked).map((subscription) => matches(engine, subscription, message, wire)));
  return sentenceOf(topic, matching);
}

async function matches(engine: EngineClient, { filterPolicy, filterPolicyScope }: Subscription, message: string, attributes: string): Promise<boolean> {
  if (filterPolicy === undefined) return true;
  const body = filterPolicyScope === 'MessageBody';
  const answer: PatternAnswer = await engine.request(explainPattern, { dialect: body ? 'sns-body' : 'sns-attributes', pattern: filterPolicy, event: body ? message : attributes });
  return answer.result === 'match';
}

function sentenceOf({ subscriptions }: TopicSummary, matching: readonly boolean[]): string {
  const names = subscriptions.filter((_subscription, index) => matching[index]).map(subscriptionName);
  const all = subscriptions.length > matching.length ? `first ${matching.length}` : String(matching.length);
  const shown = names.length > 4 ? `${names.slice(0, 4).join(', ')}, …` : names.join(', ');
  return `${names.length} of ${all} subscriptions match${shown === '' ? '' : `: ${shown}`}`;
}
