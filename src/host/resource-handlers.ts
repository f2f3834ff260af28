/** Answers the messages about resources and the calls of service operations that clients send. */
import { randomUUID } from 'node:crypto';
import type { MessageConnection } from 'vscode-jsonrpc/node';
import { UserError } from '../contracts/faults.ts';
import type { LambdaApi, LambdaOperation } from '../contracts/lambda-api.ts';
import type { Logger } from '../contracts/logger.ts';
import type { BusSummary, ResourcesSnapshot, TopicSummary } from '../contracts/resource-views.ts';
import type {
  BucketPort, EventBusPort, QueuePort, ResourceDefinition, ResourceHosts, ServiceDelivery, ServiceInput, ServiceOutput, TopicPort,
} from '../contracts/resources.ts';
import {
  callService, deleteBucketObject, deleteMessage, explainEvent, fireRule, listBucketObjects, listResources, peekMessages, peekRecords, putStreamRecord,
  putTableChange, readBucketObject,
} from '../protocol/engine.ts';
import { answer } from './rpc-server.ts';

export interface ResourceParts {
  hosts: Partial<ResourceHosts>;
  hint: DeliveryHint;
  lambda: LambdaApi;
  logger: Logger;
  endpoint: () => string;
}

/** What AWS would say of a delivery that works here; undefined when it would make it too, or nobody knows. */
export type DeliveryHint = (delivery: ServiceDelivery) => string | undefined;

export function resourcesSnapshot(hosts: Partial<ResourceHosts>, hint: DeliveryHint): ResourcesSnapshot {
  const queues = hosts.queues?.summaries() ?? [];
  const topics = hosts.topics?.summaries() ?? [];
  // Templates do not tell a policy that was changed by a call.
  const changed = new Set([...queues, ...topics].filter((each) => each.changed.includes('Policy')).map(({ arn }) => arn));
  const known: DeliveryHint = (delivery) => (changed.has(delivery.targetArn) ? undefined : hint(delivery));
  return {
    streams: hosts.streams?.summaries() ?? [],
    tableStreams: hosts.tableStreams?.summaries() ?? [],
    queues,
    topics: topics.map((topic) => withTopicHints(topic, known)),
    buses: (hosts.buses?.summaries() ?? []).map((bus) => withRuleHints(bus, known)),
    buckets: hosts.buckets?.summaries() ?? [],
  };
}

function withTopicHints(topic: TopicSummary, hint: DeliveryHint): TopicSummary {
  const subscriptions = topic.subscriptions.map((subscription) => {
    const found = hint({ principal: 'sns.amazonaws.com', sourceArn: topic.arn, targetArn: subscription.endpoint });
    return found === undefined ? subscription : { ...subscription, hint: found };
  });
  return { ...topic, subscriptions };
}

function withRuleHints(bus: BusSummary, hint: DeliveryHint): BusSummary {
  const rules = bus.rules.map((rule) => {
    // Schedules of EventBridge Scheduler deliver by a role of their own.
    if (!rule.arn.includes(':rule/')) return rule;
    const hints = rule.targetArns.flatMap((targetArn) => {
      const found = hint({ principal: 'events.amazonaws.com', sourceArn: rule.arn, targetArn });
      return found === undefined ? [] : [[targetArn, found] as const];
    });
    return hints.length === 0 ? rule : { ...rule, hints: Object.fromEntries(hints) };
  });
  return { ...bus, rules };
}

/** Hands each service the definitions that are its own. */
export function setResourceBaselines(hosts: Partial<ResourceHosts>, definitions: readonly ResourceDefinition[]): void {
  const some = (...types: readonly string[]) => definitions.filter(({ type }) => types.includes(type));
  hosts.queues?.setBaseline(some('AWS::SQS::Queue'));
  hosts.topics?.setBaseline(some('AWS::SNS::Topic', 'AWS::SNS::Subscription'));
  hosts.buses?.setBaseline(some('AWS::Events::EventBus', 'AWS::Events::Rule'));
  hosts.buckets?.setBaseline(some('AWS::S3::Bucket'));
  hosts.streams?.setBaseline(some('AWS::Kinesis::Stream'));
  hosts.tableStreams?.setBaseline(some('AWS::DynamoDB::Table'));
}

/** The ports that deliveries travel through; a service that is not here fails the delivery. */
export function deliveryPorts(hosts: Partial<ResourceHosts>): { queues: QueuePort; topics: TopicPort; buses: EventBusPort; buckets: BucketPort } {
  const part = <K extends keyof ResourceHosts>(name: K): ResourceHosts[K] => {
    const host = hosts[name];
    if (!host) throw new UserError(`This engine has no ${name}.`);
    return host;
  };
  return {
    queues: { send: (...message) => part('queues').send(...message) },
    topics: { publish: (...message) => part('topics').publish(...message) },
    buses: { put: (...event) => part('buses').put(...event) },
    buckets: { put: (...object) => part('buckets').put(...object) },
  };
}

export function registerResources(connection: MessageConnection, { hosts, hint, lambda, logger, endpoint }: ResourceParts): void {
  const guarded = <R>(work: () => R | Promise<R>): Promise<R> => answer(logger, work);
  const part = <K extends keyof ResourceHosts>(name: K): ResourceHosts[K] => {
    const host = hosts[name];
    if (!host) throw new UserError(`This engine has no ${name}.`);
    return host;
  };
  const call = async (service: string, operation: string, input: ServiceInput): Promise<ServiceOutput> => {
    if (service === 'lambda') return (await lambda.call(operation as LambdaOperation, input)).body as ServiceOutput ?? {};
    const found = Object.values(hosts).find((host) => 'signingName' in host && host.signingName === service);
    if (!found || !('call' in found) || !found.hasOperation(operation)) throw new UserError(`There is no operation ${operation} of ${service} here.`);
    return found.call(operation, input, { requestId: randomUUID(), endpoint: endpoint() });
  };
  connection.onRequest(listResources, () => guarded(() => resourcesSnapshot(hosts, hint)));
  connection.onRequest(callService, ({ service, operation, input }) => guarded(() => call(service, operation, input)));
  connection.onRequest(peekMessages, ({ queueArn, limit, after }) => guarded(() => part('queues').peek(queueArn, limit, after)));
  connection.onRequest(deleteMessage, ({ queueArn, messageId }) => guarded(() => part('queues').removeMessage(queueArn, messageId)));
  connection.onRequest(peekRecords, ({ streamArn, ...options }) => guarded(() => part(isTableStream(streamArn) ? 'tableStreams' : 'streams').peek(streamArn, options)));
  connection.onRequest(putStreamRecord, ({ streamArn, ...record }) => guarded(() => part('streams').put(streamArn, record)));
  connection.onRequest(putTableChange, ({ streamArn, ...change }) => guarded(() => part('tableStreams').record(streamArn, change) ?? null));
  connection.onRequest(listBucketObjects, ({ bucketArn, limit }) => guarded(() => part('buckets').list(bucketArn, limit)));
  connection.onRequest(readBucketObject, ({ bucketArn, key }) => guarded(() => {
    const bytes = part('buckets').read(bucketArn, key);
    if (!bytes) throw new UserError(`There is no object ${key} in ${bucketArn} any more.`);
    return Buffer.from(bytes).toString('utf8');
  }));
  connection.onRequest(deleteBucketObject, ({ bucketArn, key }) => guarded(() => part('buckets').remove(bucketArn, key)));
  connection.onRequest(fireRule, ({ ruleArn }) => guarded(() => part('buses').fire(ruleArn)));
  connection.onRequest(explainEvent, ({ busArn, eventId }) => guarded(() => part('buses').explain(busArn, eventId)));
}

const isTableStream = (streamArn: string): boolean => streamArn.split(':')[2] === 'dynamodb';
