/** Queues, topics, subscriptions, buses, rules, buckets, streams and tables: from resolved CloudFormation properties to their definitions. */
import type { FunctionOriginKind } from '../contracts/functions.ts';
import type { PolicyStatement } from '../contracts/permissions.ts';
import type { ResourceDefinition, ResourceType } from '../contracts/resources.ts';
import type { FileDiagnostics } from './diagnostics.ts';
import { list, record } from './function-properties.ts';
import type { Properties } from './function-properties.ts';
import { isSymbolic, textOf } from './intrinsics.ts';
import { rangeAt } from './nodes.ts';
import type { TemplateNode, TextRange } from './nodes.ts';
import { generatedName, identifyResource } from './physical-ids.ts';
import type { StackIdentity } from './physical-ids.ts';
import { PropertyChecker } from './property-checks.ts';

export interface DeclaredResource {
  logicalId: string;
  type: ResourceType;
  properties: Properties;
  /** Of the resource itself. */
  range: TextRange;
  /** Its properties as written, for places of single ones; absent when a reader made the resource. */
  node?: TemplateNode;
}

/** Where the resources of one file come from. */
export interface ResourceSource {
  stack: StackIdentity;
  kind: FunctionOriginKind;
  /** Absolute path of the workspace folder. */
  folder: string;
  diagnostics: FileDiagnostics;
}

/** Property that holds the name of a resource. */
const nameProperties: Readonly<Partial<Record<ResourceType, string>>> = {
  'AWS::SQS::Queue': 'QueueName', 'AWS::SNS::Topic': 'TopicName', 'AWS::Events::EventBus': 'Name', 'AWS::Events::Rule': 'Name', 'AWS::S3::Bucket': 'BucketName',
  'AWS::Kinesis::Stream': 'Name', 'AWS::DynamoDB::Table': 'TableName',
};

const namePatterns: Readonly<Partial<Record<ResourceType, readonly [pattern: RegExp, words: string]>>> = {
  'AWS::SQS::Queue': [/^(?=.{1,80}$)[A-Za-z0-9_-]+(\.fifo)?$/, '1 to 80 letters, digits, hyphens and underscores'],
  'AWS::SNS::Topic': [/^(?=.{1,256}$)[A-Za-z0-9_-]+(\.fifo)?$/, '1 to 256 letters, digits, hyphens and underscores'],
  'AWS::Events::EventBus': [/^(?!default$)[/.\-_A-Za-z0-9]{1,256}$/, '1 to 256 letters, digits, dots, hyphens, slashes and underscores, and not default'],
  'AWS::Events::Rule': [/^[.\-_A-Za-z0-9]{1,64}$/, '1 to 64 letters, digits, dots, hyphens and underscores'],
  'AWS::S3::Bucket': [/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, '3 to 63 lower-case letters, digits, dots and hyphens'],
  'AWS::Kinesis::Stream': [/^[.\-_A-Za-z0-9]{1,128}$/, '1 to 128 letters, digits, dots, hyphens and underscores'],
  'AWS::DynamoDB::Table': [/^[.\-_A-Za-z0-9]{3,255}$/, '3 to 255 letters, digits, dots, hyphens and underscores'],
};

const embeddedTypes: ReadonlySet<string> = new Set<ResourceType>([
  'AWS::SQS::Queue', 'AWS::SNS::Topic', 'AWS::SNS::Subscription', 'AWS::Events::EventBus', 'AWS::Events::Rule', 'AWS::S3::Bucket',
  'AWS::Kinesis::Stream', 'AWS::DynamoDB::Table',
]);

export function isEmbeddedType(type: string): type is ResourceType {
  return embeddedTypes.has(type);
}

/** Collects the resources of one file; what AWS would refuse is reported, and left out. */
export class EmbeddedResources {
  readonly #source: ResourceSource;
  readonly #definitions: ResourceDefinition[] = [];
  /** Statements by the ARN of the queue or topic that they stand on. */
  readonly #policies = new Map<string, PolicyStatement[]>();

  constructor(source: ResourceSource) {
    this.#source = source;
  }

  get all(): ResourceDefinition[] {
    return this.#definitions.map((each) =>
      each.type === 'AWS::SQS::Queue' || each.type === 'AWS::SNS::Topic' ? { ...each, policy: this.#policies.get(each.arn) ?? [] } : each);
  }

  /** Adds to the policy of a queue or topic. */
  allow(arn: string, ...statements: readonly PolicyStatement[]): void {
    this.#policies.set(arn, [...this.#policies.get(arn) ?? [], ...statements]);
  }

  /** Undefined when the resource is left out. A topic's inline subscriptions become resources of their own. */
  add(declared: DeclaredResource): ResourceDefinition | undefined {
    const { logicalId, type, range, node } = declared;
    const { diagnostics, stack } = this.#source;
    const { [nameProperties[type] ?? '']: own, Subscription: subscriptions, ...others } = declared.properties;
    const name = this.#ownName(declared, own);
    if (name === null) return undefined;
    const written: Properties = name === undefined ? others : { [nameProperties[type]!]: name, ...others };
    const checker = new PropertyChecker(written, diagnostics, (path) => rangeAt(node, path, range));
    const properties = checker.check(type);
    if (properties === undefined) return undefined;
    const identity = identifyResource(stack, logicalId, type, (key) => textOf(properties[key]));
    const arn = type === 'AWS::SNS::Topic' ? identity.ref : (identity.attributes['Arn'] ?? '');
    const definition = this.#define(declared, identity.name, arn, properties);
    if (type === 'AWS::SNS::Topic') this.#addInline(declared, arn, list(subscriptions));
    return definition;
  }

  #define({ type, range, logicalId }: DeclaredResource, name: string, arn: string, properties: Properties): ResourceDefinition {
    const { kind, folder, diagnostics } = this.#source;
    const definition: ResourceDefinition = { type, name, arn, origin: { kind, location: diagnostics.locate(range), logicalId, folder }, properties };
    this.#definitions.push(definition);
    return definition;
  }

  /** Undefined for a name that is to be made up, null for one that AWS would refuse. */
  #ownName({ type, range, node }: DeclaredResource, value: unknown): string | undefined | null {
    const key = nameProperties[type];
    if (key === undefined || value === undefined) return undefined;
    const { diagnostics } = this.#source;
    const place = rangeAt(node, [key], range);
    const name = textOf(value) ?? '';
    if (isSymbolic(name)) {
      diagnostics.add('information', `${key} holds a value that is known to a deployment only (${name}), so another name is made up here.`, place);
      return undefined;
    }
    const [pattern, words] = namePatterns[type] ?? [/./, ''];
    if (pattern.test(name)) return name;
    diagnostics.add('error', `${key} must be ${words}, not "${name}", so this resource is left out.`, place);
    return null;
  }

  #addInline({ logicalId, range, node }: DeclaredResource, topicArn: string, subscriptions: readonly unknown[]): void {
    const place = rangeAt(node, ['Subscription'], range);
    const known = new Set<string>();
    for (const each of subscriptions.map(record)) {
      const distinct = `${textOf(each['Protocol'])} ${textOf(each['Endpoint'])}`;
      // A topic has one subscription for an endpoint, however often it is asked for.
      if (known.has(distinct)) continue;
      known.add(distinct);
      const checker = new PropertyChecker({ TopicArn: topicArn, ...each }, this.#source.diagnostics, () => place);
      const properties = checker.check('AWS::SNS::Subscription');
      if (properties === undefined) continue;
      const name = generatedName(this.#source.stack, `${logicalId}Subscription`, 64, `\0${distinct}`);
      this.#define({ logicalId, type: 'AWS::SNS::Subscription', properties, range: place }, name, '', properties);
    }
  }
}
