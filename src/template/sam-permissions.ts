/** What the role that SAM makes for a function allows: `Policies`, connectors, and what SAM adds for its destinations and dead letters. */
import type { EventInvokeConfigDefinition } from '../contracts/functions.ts';
import type { PolicyStatement } from '../contracts/permissions.ts';
import { record } from './function-properties.ts';
import type { Properties } from './function-properties.ts';
import { textOf } from './intrinsics.ts';
import type { IntrinsicResolver } from './intrinsics.ts';
import { member } from './nodes.ts';
import { deliveryRequest } from './permission-check.ts';
import { arnOf, partitionOf } from './physical-ids.ts';
import type { StackIdentity } from './physical-ids.ts';
import { allow, statementsOf, texts } from './policy-statements.ts';
import type { ResourceTable } from './resource-table.ts';
import type { RolePermissions } from './role-permissions.ts';

/** Policy templates of SAM that concern the services here (SAM: policy_templates.json); the others allow none of their actions. */
const policyTemplates: Readonly<Record<string, { parameter: string; actions: readonly string[]; arns: (stack: StackIdentity, name: string) => readonly string[] }>> = {
  SQSSendMessagePolicy: { parameter: 'QueueName', actions: ['sqs:SendMessage*'], arns: (stack, name) => [arnOf(stack, 'sqs', name)] },
  SNSPublishMessagePolicy: { parameter: 'TopicName', actions: ['sns:Publish'], arns: (stack, name) => [arnOf(stack, 'sns', name)] },
  SNSCrudPolicy: { parameter: 'TopicName', actions: ['sns:Publish', 'sns:Subscribe'], arns: (stack, name) => [arnOf(stack, 'sns', `${name}*`)] },
  LambdaInvokePolicy: { parameter: 'FunctionName', actions: ['lambda:InvokeFunction'], arns: (stack, name) => [arnOf(stack, 'lambda', `function:${name}*`)] },
  EventBridgePutEventsPolicy: { parameter: 'EventBusName', actions: ['events:PutEvents'], arns: (stack, name) => [arnOf(stack, 'events', `event-bus/${name}`)] },
  S3WritePolicy: { parameter: 'BucketName', actions: ['s3:PutObject', 's3:PutObjectAcl'], arns: bucketArns },
  S3CrudPolicy: { parameter: 'BucketName', actions: ['s3:PutObject', 's3:PutObjectAcl', 's3:GetObject', 's3:DeleteObject'], arns: bucketArns },
  S3FullAccessPolicy: { parameter: 'BucketName', actions: ['s3:PutObject', 's3:PutObjectAcl', 's3:GetObject', 's3:DeleteObject'], arns: bucketArns },
};

function bucketArns({ region }: StackIdentity, name: string): readonly string[] {
  const bucket = `arn:${partitionOf(region)}:s3:::${name}`;
  return [bucket, `${bucket}/*`];
}

/** The statement that lets a function's role deliver to a target. */
export function allowDelivery(targetArn: string): PolicyStatement[] {
  const request = deliveryRequest(targetArn);
  return request === undefined ? [] : [allow([request.action], [request.resource])];
}

/** SAM and the Serverless Framework add these to the roles that they make. */
export function allowDeliveries(configs: readonly EventInvokeConfigDefinition[], deadLetterTargetArn: string | undefined): PolicyStatement[] {
  const targets = [...configs.flatMap(({ onSuccess, onFailure }) => [onSuccess, onFailure]), deadLetterTargetArn];
  return targets.filter((target) => target !== undefined).flatMap(allowDelivery);
}

/** `value` is the function's resolved `Policies`: one or a list of names, ARNs, documents and policy templates. */
export function samPolicies(value: unknown, stack: StackIdentity, roles: RolePermissions): PolicyStatement[] {
  const policies: readonly unknown[] = Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];
  return policies.flatMap((policy) => {
    if (typeof policy === 'string') return roles.managed([policy]);
    const map = record(policy);
    if (map['Statement'] !== undefined) return statementsOf(map);
    return Object.entries(map).flatMap(([name, parameters]) => {
      const template = Object.hasOwn(policyTemplates, name) ? policyTemplates[name] : undefined;
      if (template === undefined) return [];
      return [allow(template.actions, template.arns(stack, textOf(record(parameters)[template.parameter]) ?? '${unknown}'))];
    });
  });
}

/** What `Write` connectors of a template allow, by logical id of their source: embedded in it, or as AWS::Serverless::Connector. */
export function samConnectors(table: ResourceTable, resolver: IntrinsicResolver): Map<string, PolicyStatement[]> {
  const allowed = new Map<string, PolicyStatement[]>();
  const connect = (source: string, { Permissions, Destination }: Properties) => {
    if (!texts(Permissions).includes('Write')) return;
    const statements = (Array.isArray(Destination) ? (Destination as unknown[]) : [Destination]).flatMap((each) => {
      const { Id, Arn } = record(each);
      const target = table.resources.get(textOf(Id) ?? '');
      if (target === undefined) return allowDelivery(textOf(Arn) ?? '');
      const { ref, attributes } = table.identity(target);
      return allowDelivery(attributes['Arn'] ?? ref);
    });
    allowed.set(source, [...allowed.get(source) ?? [], ...statements]);
  };
  for (const { logicalId, node, type } of table.resources.values()) {
    if (type === 'AWS::Serverless::Connector') {
      const properties = record(resolver.value(member(node, 'Properties')));
      connect(textOf(record(properties['Source'])['Id']) ?? '', properties);
    }
    for (const each of Object.values(record(resolver.value(member(node, 'Connectors'))))) connect(logicalId, record(record(each)['Properties']));
  }
  return allowed;
}
