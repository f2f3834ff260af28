/**
 * Names and ARNs of resources that no one deployed: a resource keeps the name its template gives, else gets
 * `<stack>-<LogicalId>-<hash>`, the same on every machine and after every restart.
 */
import { createHash } from 'node:crypto';
import { localStreamLabel } from '../contracts/resources.ts';

export interface StackIdentity {
  accountId: string;
  region: string;
  stackName: string;
  /** What tells this stack from all others of the workspace: folder name and relative path of the template. */
  seed: string;
}

export interface PhysicalResource {
  /** What a person calls it; for a function the function name. */
  name: string;
  /** What `Ref` gives. */
  ref: string;
  /** What `Fn::GetAtt` gives, by attribute. */
  attributes: Readonly<Record<string, string>>;
  /** True when `attributes` has every attribute of the type, so that any other name is a mistake. */
  complete: boolean;
}

const hashLetters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
const hashLength = 12;
const uuidShape = [8, 4, 4, 4, 12];

/** A name that CloudFormation would take for a stack. */
export function legalStackName(name: string): string {
  return name.normalize('NFKD').replace(/[^A-Za-z0-9-]+/g, '-').replace(/^[^A-Za-z]+|-+$/g, '') || 'stack';
}

/** `length` letters and digits that depend on nothing but the stack and the logical id. */
export function stableHash(stack: StackIdentity, logicalId: string, length = hashLength): string {
  const digest = createHash('sha256').update(`${stack.seed}\0${logicalId}`).digest();
  return Array.from({ length }, (_, at) => hashLetters[digest[at % digest.length]! % hashLetters.length]).join('');
}

/**
 * `<stack>-<LogicalId>-<hash>`, cut as CloudFormation cuts it so that it fits `limit` characters (64 for functions).
 * `distinct` goes into the hash alone, for several of one logical id.
 */
export function generatedName(stack: StackIdentity, logicalId: string, limit = 64, distinct = ''): string {
  const room = limit - hashLength - 2;
  const id = logicalId.replace(/[^\w-]+/g, '').slice(0, Math.max(room - stack.stackName.length, Math.ceil(room / 2)));
  return `${stack.stackName.slice(0, room - id.length)}-${id}-${stableHash(stack, `${logicalId}${distinct}`)}`;
}

export function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}

export function urlSuffixOf(region: string): string {
  return region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
}

export function arnOf(stack: StackIdentity, service: string, resource: string): string {
  return `arn:${partitionOf(stack.region)}:${service}:${stack.region}:${stack.accountId}:${resource}`;
}

export function functionArnOf(stack: StackIdentity, functionName: string): string {
  return arnOf(stack, 'lambda', `function:${functionName}`);
}

function uuidOf(stack: StackIdentity, logicalId: string): string {
  const hex = createHash('sha256').update(`${stack.seed}\0${logicalId}`).digest('hex');
  let at = 0;
  return uuidShape.map((length) => hex.slice(at, (at += length))).join('-');
}

/**
 * Name, `Ref` and attributes of a resource by its type.
 * `property` gives a resolved text property of the resource; undefined when the template does not set it.
 */
export function identifyResource(
  stack: StackIdentity,
  logicalId: string,
  type: string,
  property: (name: string) => string | undefined,
): PhysicalResource {
  const named = (key: string, limit = 64) => property(key) ?? generatedName(stack, logicalId, limit);
  const made = (name: string, ref: string, attributes: Record<string, string>, complete = false): PhysicalResource =>
    ({ name, ref, attributes, complete });
  const { region, accountId } = stack;
  const partition = partitionOf(region);
  switch (type) {
    case 'AWS::Serverless::Function':
    case 'AWS::Lambda::Function': {
      const name = named('FunctionName');
      return made(name, name, { Arn: functionArnOf(stack, name) });
    }
    case 'AWS::Serverless::LayerVersion':
    case 'AWS::Lambda::LayerVersion': {
      const name = property('LayerName') ?? logicalId;
      const arn = arnOf(stack, 'lambda', `layer:${name}:1`);
      return made(name, arn, { LayerVersionArn: arn, Arn: arn }, true);
    }
    case 'AWS::Lambda::EventSourceMapping': {
      const id = uuidOf(stack, logicalId);
      return made(id, id, { Id: id, EventSourceMappingArn: arnOf(stack, 'lambda', `event-source-mapping:${id}`) }, true);
    }
    case 'AWS::SQS::Queue': {
      const name = property('QueueName') ?? withFifo(generatedName(stack, logicalId, 75), property('FifoQueue'));
      const url = `https://sqs.${region}.${urlSuffixOf(region)}/${accountId}/${name}`;
      return made(name, url, { Arn: arnOf(stack, 'sqs', name), QueueName: name, QueueUrl: url }, true);
    }
    case 'AWS::SNS::Topic': {
      const name = property('TopicName') ?? withFifo(generatedName(stack, logicalId, 250), property('FifoTopic'));
      const arn = arnOf(stack, 'sns', name);
      return made(name, arn, { TopicArn: arn, TopicName: name }, true);
    }
    case 'AWS::DynamoDB::Table':
    case 'AWS::DynamoDB::GlobalTable':
    case 'AWS::Serverless::SimpleTable': {
      const name = named('TableName', 255);
      const arn = arnOf(stack, 'dynamodb', `table/${name}`);
      return made(name, name, { Arn: arn, StreamArn: `${arn}/stream/${localStreamLabel}`, TableId: uuidOf(stack, logicalId) }, true);
    }
    case 'AWS::Kinesis::Stream': {
      const name = named('Name', 128);
      return made(name, name, { Arn: arnOf(stack, 'kinesis', `stream/${name}`) });
    }
    case 'AWS::KinesisFirehose::DeliveryStream': {
      const name = named('DeliveryStreamName');
      return made(name, name, { Arn: arnOf(stack, 'firehose', `deliverystream/${name}`) });
    }
    case 'AWS::S3::Bucket': {
      const name = property('BucketName') ?? generatedName(stack, logicalId, 63).toLowerCase();
      return made(name, name, {
        Arn: `arn:${partition}:s3:::${name}`,
        DomainName: `${name}.s3.amazonaws.com`,
        RegionalDomainName: `${name}.s3.${region}.amazonaws.com`,
        DualStackDomainName: `${name}.s3.dualstack.${region}.amazonaws.com`,
        WebsiteURL: `http://${name}.s3-website-${region}.amazonaws.com`,
      });
    }
    case 'AWS::Events::EventBus': {
      const name = named('Name', 256);
      return made(name, name, { Arn: arnOf(stack, 'events', `event-bus/${name}`), Name: name });
    }
    case 'AWS::Events::Rule': {
      const name = named('Name');
      const bus = property('EventBusName');
      const path = bus === undefined || bus === 'default' ? name : `${bus.split('/').at(-1)}/${name}`;
      return made(name, bus === undefined ? name : `${bus.split('/').at(-1)}|${name}`, { Arn: arnOf(stack, 'events', `rule/${path}`) });
    }
    case 'AWS::IAM::Role': {
      const name = named('RoleName');
      return made(name, name, { Arn: roleArn(stack, name, property('Path')), RoleId: `AROA${stableHash(stack, logicalId, 17)}` }, true);
    }
    case 'AWS::Logs::LogGroup': {
      const name = named('LogGroupName', 512);
      return made(name, name, { Arn: `${arnOf(stack, 'logs', `log-group:${name}`)}:*` });
    }
    case 'AWS::Serverless::StateMachine':
    case 'AWS::StepFunctions::StateMachine': {
      const name = named(type === 'AWS::Serverless::StateMachine' ? 'Name' : 'StateMachineName', 80);
      const arn = arnOf(stack, 'states', `stateMachine:${name}`);
      return made(name, arn, { Arn: arn, Name: name });
    }
    case 'AWS::SecretsManager::Secret': {
      const name = named('Name', 512);
      const arn = arnOf(stack, 'secretsmanager', `secret:${name}-${stableHash(stack, logicalId, 6)}`);
      return made(name, arn, { Id: arn });
    }
    case 'AWS::SSM::Parameter': {
      const name = named('Name', 512);
      return made(name, name, { Type: property('Type') ?? 'String', Value: property('Value') ?? '' });
    }
    case 'AWS::KMS::Key': {
      const id = uuidOf(stack, logicalId);
      return made(id, id, { Arn: arnOf(stack, 'kms', `key/${id}`), KeyId: id });
    }
    case 'AWS::Serverless::Api':
    case 'AWS::Serverless::HttpApi':
    case 'AWS::ApiGateway::RestApi':
    case 'AWS::ApiGatewayV2::Api': {
      const id = stableHash(stack, logicalId, 10).toLowerCase();
      const root = stableHash(stack, `${logicalId}/`, 10).toLowerCase();
      const endpoint = `https://${id}.execute-api.${region}.${urlSuffixOf(region)}`;
      return made(property('Name') ?? id, id, { ApiEndpoint: endpoint, ApiId: id, RestApiId: id, RootResourceId: root });
    }
    default: {
      const name = generatedName(stack, logicalId);
      return made(name, name, {});
    }
  }
}

export function roleArn(stack: StackIdentity, name: string, path = '/'): string {
  return `arn:${partitionOf(stack.region)}:iam::${stack.accountId}:role${path}${name}`;
}

function withFifo(name: string, fifo: string | undefined): string {
  return fifo === 'true' ? `${name.slice(0, 75)}.fifo` : name;
}
