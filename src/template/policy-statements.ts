/** Policy documents and the names of AWS's own policies, as statements. */
import type { PolicyStatement } from '../contracts/permissions.ts';
import { record } from './function-properties.ts';
import { isSymbolic, textOf } from './intrinsics.ts';

/** Statements of a resolved policy document; nothing for what is none. */
export function statementsOf(document: unknown): PolicyStatement[] {
  return listed(record(document)['Statement']).map(record).flatMap((written): PolicyStatement[] => {
    const actions = texts(written['Action'] ?? written['NotAction']);
    const principals = principalsOf(written['Principal']);
    const conditions = Object.entries(record(written['Condition'])).map(([operator, keys]) =>
      [operator, Object.fromEntries(Object.entries(record(keys)).map(([key, values]) => [key, texts(values)]))] as const);
    if (actions.length === 0) return [];
    return [{
      effect: written['Effect'] === 'Deny' ? 'Deny' : 'Allow',
      actions,
      ...(written['Action'] === undefined ? { notActions: true } : {}),
      resources: written['Resource'] === undefined && written['NotResource'] === undefined ? ['*'] : texts(written['Resource'] ?? written['NotResource']),
      ...(written['NotResource'] === undefined ? {} : { notResources: true }),
      ...(principals === undefined ? {} : { principals }),
      ...(conditions.length === 0 ? {} : { conditions: Object.fromEntries(conditions) }),
    }];
  });
}

export function allow(actions: readonly string[], resources: readonly string[]): PolicyStatement {
  return { effect: 'Allow', actions, resources };
}

/** Lets one service send what belongs to `sourceArn`, as SAM and the Serverless Framework write it beside a subscription or rule. */
export function allowService(principal: string, action: string, resource: string, sourceArn: string): PolicyStatement {
  return { effect: 'Allow', actions: [action], resources: [resource], principals: [principal], conditions: { ArnEquals: { 'aws:SourceArn': [sourceArn] } } };
}

/** A policy whose content only an account knows: it may allow anything. */
export function unknownPolicy(name: string): PolicyStatement {
  return { effect: 'Allow', actions: ['*'], resources: ['*'], conditions: { Unknown: { policy: [name] } } };
}

/** AWS's managed policies that say something of the services here. */
const managedActions: Readonly<Record<string, readonly string[]>> = {
  AdministratorAccess: ['*'],
  PowerUserAccess: ['sqs:*', 'sns:*', 'events:*', 'lambda:*', 's3:*'],
  AmazonSQSFullAccess: ['sqs:*'],
  AmazonSNSFullAccess: ['sns:*'],
  AmazonEventBridgeFullAccess: ['events:*'],
  AmazonS3FullAccess: ['s3:*'],
  AWSLambda_FullAccess: ['lambda:*'],
  AWSLambdaRole: ['lambda:InvokeFunction'],
};

/** And those that surely allow no delivery. */
const managedElsewhere = /^(AWSLambda(BasicExecution|VPCAccessExecution|KinesisExecution|DynamoDBExecution|SQSQueueExecution|MSKExecution|ENIManagementAccess|Invocation-DynamoDB)\w*|AWSLambda_ReadOnlyAccess|AWSXray\w*|AWSXRay\w*|CloudWatch\w*|AmazonDynamoDB\w*|AmazonKinesis\w*|AmazonRDS\w*|AmazonSSM\w*|AmazonSES\w*|AmazonCognito\w*|SecretsManager\w*|Amazon(SQS|SNS|S3|EventBridge)ReadOnlyAccess|AmazonBedrock\w*)$/;

/** By name, or by ARN `arn:aws:iam::aws:policy/…`. */
export function managedPolicy(nameOrArn: string): PolicyStatement[] {
  const name = nameOrArn.split('/').at(-1) ?? '';
  const actions = managedActions[name];
  if (actions !== undefined) return [allow(actions, ['*'])];
  return managedElsewhere.test(name) && !isSymbolic(nameOrArn) ? [] : [unknownPolicy(nameOrArn)];
}

function principalsOf(value: unknown): string[] | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'string') return [value];
  return Object.values(record(value)).flatMap(texts);
}

function listed(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : value === undefined ? [] : [value];
}

export function texts(value: unknown): string[] {
  return listed(value).map(textOf).filter((text) => text !== undefined);
}
