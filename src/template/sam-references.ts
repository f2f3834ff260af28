/** Names that SAM makes up: `MyFunction.Alias`, `MyFunction.DestinationQueue`, the logical ids of what it makes beside a function. */
import type { IntrinsicResolver } from './intrinsics.ts';
import { entriesOf, member, memberAt, scalarText } from './nodes.ts';
import type { TemplateNode, TextRange } from './nodes.ts';
import { functionArnOf, generatedName, identifyResource, roleArn, stableHash } from './physical-ids.ts';
import type { PhysicalResource, StackIdentity } from './physical-ids.ts';
import type { TemplateResource } from './resource-table.ts';
import { mergeGlobals } from './sam.ts';

export interface SamReferenceOptions {
  root: TemplateNode | undefined;
  stack: StackIdentity;
  resolver: IntrinsicResolver;
  resources: ReadonlyMap<string, TemplateResource>;
  identity(resource: TemplateResource): PhysicalResource;
}

/** Event types whose resource is an AWS::Events::Rule here. */
export const ruleEvents: ReadonlySet<string> = new Set(['CloudWatchEvent', 'EventBridgeRule', 'Schedule', 'ScheduleV2']);

/** Logical id of the queue or topic that SAM makes for a destination without an ARN. */
export function destinationLogicalId(functionLogicalId: string, part: 'OnSuccess' | 'OnFailure', type: 'SQS' | 'SNS'): string {
  return `${functionLogicalId}EventInvokeConfig${part}${type === 'SQS' ? 'Queue' : 'Topic'}`;
}

export class SamReferences {
  readonly #options: SamReferenceOptions;

  constructor(options: SamReferenceOptions) {
    this.#options = options;
  }

  /** What `Ref` gives; undefined for what SAM does not make. */
  ref(name: string, at: TextRange): string | undefined {
    return this.#options.resolver.guard(`reference ${name}`, at, () => this.#ref(name), undefined);
  }

  /** What `Fn::GetAtt` gives; undefined for what SAM does not make. */
  attribute(name: string, attribute: string, at: TextRange): string | undefined {
    return this.#options.resolver.guard(`reference ${name}.${attribute}`, at, () => this.#attribute(name, attribute), undefined);
  }

  #ref(name: string): string | undefined {
    const { stack, resources, resolver, identity } = this.#options;
    const [owner = '', part] = name.split('.', 2);
    const resource = resources.get(owner);
    if (resource?.type === 'AWS::Serverless::Function' && part !== undefined) {
      const arn = functionArnOf(stack, identity(resource).name);
      if (part === 'Version') return `${arn}:1`;
      if (part === 'Alias') return `${arn}:${resolver.text(memberAt(resource.node, 'Properties', 'AutoPublishAlias')) ?? 'live'}`;
      return this.#destination(resource, part)?.ref;
    }
    if (/^Serverless(Rest|Http)Api$/.test(name)) return stableHash(stack, name, 10).toLowerCase();
    return this.#made(name)?.ref ?? (this.#isGenerated(name) ? generatedName(stack, name) : undefined);
  }

  #attribute(name: string, attribute: string): string | undefined {
    const { stack, resources } = this.#options;
    const [owner = '', part = '', inner = ''] = `${name}.${attribute}`.split('.', 3);
    const resource = resources.get(owner);
    if (resource?.type === 'AWS::Serverless::Function' && part.startsWith('Destination')) {
      return this.#destination(resource, part)?.attributes[inner];
    }
    const made = this.#made(name)?.attributes[attribute];
    if (made !== undefined) return made;
    if (!this.#isGenerated(name)) return undefined;
    if (attribute === 'Arn' && name.endsWith('Role')) return roleArn(stack, generatedName(stack, name));
    return `\${${name}.${attribute}}`;
  }

  /** `DestinationQueue` and `DestinationTopic`: the one that SAM makes because the function's config names none. */
  #destination(resource: TemplateResource, part: string): PhysicalResource | undefined {
    const type = part === 'DestinationQueue' ? 'SQS' : part === 'DestinationTopic' ? 'SNS' : undefined;
    if (type === undefined) return undefined;
    const globals = memberAt(this.#options.root, 'Globals', 'Function', 'EventInvokeConfig');
    const config = mergeGlobals(globals, memberAt(resource.node, 'Properties', 'EventInvokeConfig'));
    for (const side of ['OnSuccess', 'OnFailure'] as const) {
      const written = memberAt(config, 'DestinationConfig', side);
      if (scalarText(member(written, 'Type')) !== type || this.#options.resolver.text(member(written, 'Destination')) !== undefined) continue;
      return this.#made(destinationLogicalId(resource.logicalId, side, type));
    }
    return undefined;
  }

  /** Queues, topics and rules that SAM makes of a function's destinations and events. */
  #made(name: string): PhysicalResource | undefined {
    const { stack, resources, resolver } = this.#options;
    const plain = (type: string) => identifyResource(stack, name, type, () => undefined);
    for (const resource of resources.values()) {
      if (resource.type !== 'AWS::Serverless::Function') continue;
      const events = memberAt(resource.node, 'Properties', 'Events');
      const rest = name.startsWith(resource.logicalId) ? name.slice(resource.logicalId.length) : undefined;
      if (rest !== undefined) {
        if (/^EventInvokeConfigOn(Success|Failure)Queue$/.test(rest)) return plain('AWS::SQS::Queue');
        if (/^EventInvokeConfigOn(Success|Failure)Topic$/.test(rest)) return plain('AWS::SNS::Topic');
        const event = member(events, rest);
        const type = scalarText(member(event, 'Type')) ?? '';
        if (ruleEvents.has(type)) {
          return identifyResource(stack, name, 'AWS::Events::Rule', (key) => {
            const own = key === 'Name' ? ['RuleName', 'Name'] : [key];
            const text = own.map((each) => resolver.text(memberAt(event, 'Properties', each))).find((each) => each !== undefined);
            return text ?? (key === 'Name' && type === 'ScheduleV2' ? name : undefined);
          });
        }
        if (rest.endsWith('Queue') && member(events, rest.slice(0, -'Queue'.length)) !== undefined) return plain('AWS::SQS::Queue');
      }
      const named = (entry: TemplateNode) => scalarText(memberAt(entry, 'Properties', 'DeadLetterConfig', 'QueueLogicalId')) === name;
      if (entriesOf(events).some((entry) => named(entry.value))) return plain('AWS::SQS::Queue');
    }
    return undefined;
  }

  #isGenerated(name: string): boolean {
    if (name.startsWith('Serverless')) return true;
    return [...this.#options.resources.values()].some((resource) =>
      resource.type.startsWith('AWS::Serverless::') && name !== resource.logicalId && name.startsWith(resource.logicalId));
  }
}
