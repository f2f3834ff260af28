/** The queues, topics, subscriptions, buses, rules, buckets, streams and tables that stand among the resources of a template. */
import type { ResourceType } from '../contracts/resources.ts';
import { isEmbeddedType } from './embedded-resources.ts';
import type { EmbeddedResources } from './embedded-resources.ts';
import { record } from './function-properties.ts';
import type { Properties } from './function-properties.ts';
import type { IntrinsicResolver } from './intrinsics.ts';
import { member } from './nodes.ts';
import { arnOf } from './physical-ids.ts';
import type { StackIdentity } from './physical-ids.ts';
import { statementsOf, texts } from './policy-statements.ts';
import { defined, resolvedProperties } from './resolved-properties.ts';
import type { ResourceTable } from './resource-table.ts';
import { schedulerProperties } from './sam-events.ts';

export function readTemplateResources(table: ResourceTable, resolver: IntrinsicResolver, into: EmbeddedResources): void {
  for (const resource of table.resources.values()) {
    const { logicalId, type, node, keyRange } = resource;
    if (!resource.created) continue;
    // Names first: they may depend on each other, and a circle is best told from where it starts.
    if (isEmbeddedType(type)) table.identity(resource);
    const written = member(node, 'Properties');
    // Of a table only its stream is here.
    if (type === 'AWS::DynamoDB::Table' && member(written, 'StreamSpecification') === undefined) continue;
    const add = (as: ResourceType, properties: Properties) =>
      into.add({ logicalId, type: as, properties, range: keyRange, ...(written === undefined ? {} : { node: written }) });
    if (isEmbeddedType(type)) add(type, resolvedProperties(resolver, written));
    else if (type === 'AWS::Scheduler::Schedule') add('AWS::Events::Rule', ruleOfSchedule(resolvedProperties(resolver, written), logicalId));
  }
}

/** Policies of queues and topics: a queue is named by its URL there, a topic by its ARN. */
export function readResourcePolicies(table: ResourceTable, resolver: IntrinsicResolver, stack: StackIdentity, into: EmbeddedResources): void {
  for (const { node } of table.created('AWS::SQS::QueuePolicy', 'AWS::SQS::QueueInlinePolicy', 'AWS::SNS::TopicPolicy', 'AWS::SNS::TopicInlinePolicy')) {
    const own = record(resolver.value(member(node, 'Properties')));
    const targets = [own['Queues'], own['Queue'], own['Topics'], own['TopicArn']].flatMap(texts);
    for (const target of targets) {
      const arn = target.startsWith('arn:') ? target : arnOf(stack, 'sqs', target.split('/').at(-1)!);
      into.allow(arn, ...statementsOf(own['PolicyDocument']));
    }
  }
}

function ruleOfSchedule(own: Properties, logicalId: string): Properties {
  const { Name, Description, ScheduleExpression, State } = own;
  const { Arn, Input, RetryPolicy, DeadLetterConfig, SqsParameters } = record(own['Target']);
  return defined({
    Name, Description, ScheduleExpression, State,
    Targets: [defined({ Id: logicalId, Arn, Input, RetryPolicy, DeadLetterConfig, SqsParameters })],
    ...schedulerProperties(own),
  });
}
