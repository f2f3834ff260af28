/** The resources of one template: which are created, how they are called, what `Ref` and `Fn::GetAtt` give for them. */
import type { FileDiagnostics } from './diagnostics.ts';
import { isEmbeddedType } from './embedded-resources.ts';
import type { IntrinsicResolver, ResourceReferences } from './intrinsics.ts';
import { isSymbolic } from './intrinsics.ts';
import { entriesOf, member, memberAt, scalarText } from './nodes.ts';
import type { TemplateNode, TextRange } from './nodes.ts';
import { functionArnOf, generatedName, identifyResource } from './physical-ids.ts';
import type { PhysicalResource, StackIdentity } from './physical-ids.ts';
import { SamReferences } from './sam-references.ts';

export interface TemplateResource {
  logicalId: string;
  keyRange: TextRange;
  type: string;
  node: TemplateNode;
  /** False when the resource's condition is false: CloudFormation does not create it. */
  created: boolean;
}

export interface ResourceTableOptions {
  root: TemplateNode | undefined;
  stack: StackIdentity;
  resolver: IntrinsicResolver;
  diagnostics: FileDiagnostics;
  /** SAM makes resources that stand in no template (roles, versions, implicit APIs). */
  sam: boolean;
  /** Names that the workspace gave to functions, by logical id. */
  functionNames: ReadonlyMap<string, string>;
}

export const functionTypes: ReadonlySet<string> = new Set(['AWS::Serverless::Function', 'AWS::Lambda::Function']);

/** What SAM's references to functions have behind the dot; `DestinationQueue` may have an attribute of the queue behind another. */
const samAttributes = /^(Alias|Version|DestinationQueue|DestinationTopic)(\.|$)/;

/** Transforms and macros may make anything, so that unknown names prove nothing. */
const generatedByMacro = /^(AWS::Serverless|AWS::LanguageExtensions)/;

export class ResourceTable implements ResourceReferences {
  readonly resources: ReadonlyMap<string, TemplateResource>;
  readonly #options: ResourceTableOptions;
  readonly #sam: SamReferences | undefined;
  readonly #identities = new Map<string, PhysicalResource>();

  constructor(options: ResourceTableOptions) {
    this.#options = options;
    const resources = new Map<string, TemplateResource>();
    for (const entry of entriesOf(member(options.root, 'Resources'))) {
      const type = scalarText(member(entry.value, 'Type'));
      if (type === undefined) {
        if (!entry.key.startsWith('Fn::')) options.diagnostics.add('error', `Resource ${entry.key} has no Type: give it one, for example AWS::Serverless::Function.`, entry.keyRange);
        continue;
      }
      const condition = scalarText(member(entry.value, 'Condition'));
      const created = condition === undefined || options.resolver.holds(condition, member(entry.value, 'Condition')!.range);
      resources.set(entry.key, { logicalId: entry.key, keyRange: entry.keyRange, type, node: entry.value, created });
    }
    this.resources = resources;
    const { root, stack, resolver } = options;
    this.#sam = options.sam ? new SamReferences({ root, stack, resolver, resources, identity: (resource) => this.identity(resource) }) : undefined;
  }

  /** Resources that are created and whose type is one of `types`, in template order. */
  created(...types: readonly string[]): TemplateResource[] {
    return [...this.resources.values()].filter((resource) => resource.created && types.includes(resource.type));
  }

  identity(resource: TemplateResource): PhysicalResource {
    const known = this.#identities.get(resource.logicalId);
    if (known !== undefined) return known;
    const { resolver, stack } = this.#options;
    const { logicalId } = resource;
    const generated: PhysicalResource = { name: generatedName(stack, logicalId), ref: generatedName(stack, logicalId), attributes: {}, complete: false };
    const identity = resolver.guard(`resource ${logicalId}`, resource.keyRange, () => this.#identify(resource), generated);
    this.#identities.set(logicalId, identity);
    return identity;
  }

  ref(name: string, at: TextRange): string | undefined {
    const resource = this.resources.get(name);
    if (resource === undefined) return this.#sam?.ref(name, at) ?? this.#fromMacro(name);
    this.#warnWhenNotCreated(resource, at);
    return this.identity(resource).ref;
  }

  attribute(name: string, attribute: string, at: TextRange): string | undefined {
    const resource = this.resources.get(name);
    if (resource === undefined) return this.#sam?.attribute(name, attribute, at) ?? this.#fromMacro(name);
    this.#warnWhenNotCreated(resource, at);
    if (resource.type === 'AWS::Serverless::Function' && samAttributes.test(attribute)) {
      // SAM reads `!Sub ${MyFunction.Alias}` as `!Ref MyFunction.Alias`.
      const made = attribute.includes('.') ? this.#sam?.attribute(name, attribute, at) : this.#sam?.ref(`${name}.${attribute}`, at);
      if (made !== undefined) return made;
    }
    const { attributes, complete } = this.identity(resource);
    if (Object.hasOwn(attributes, attribute)) return attributes[attribute];
    if (complete) {
      this.#options.diagnostics.add('error', `${name} (${resource.type}) has no attribute ${attribute}: it has ${Object.keys(attributes).join(', ')}.`, at);
    }
    return `\${${name}.${attribute}}`;
  }

  /** The resource that a resolved `FunctionName` (name, ARN or qualified ARN) stands for. */
  functionNamed(text: string): TemplateResource | undefined {
    const arn = /:function:([^:]+)/.exec(text);
    const name = arn?.[1] ?? text.replace(/:[^:]*$/, '');
    return this.created(...functionTypes).find((resource) => {
      const own = this.identity(resource).name;
      return own === name || own === text;
    });
  }

  #identify(resource: TemplateResource): PhysicalResource {
    const { stack, resolver, functionNames } = this.#options;
    const { logicalId, type, node } = resource;
    const property = (name: string) => {
      const text = resolver.text(memberAt(node, 'Properties', name));
      // A queue whose name nobody knows gets one, so that it can be used.
      return isEmbeddedType(type) && isSymbolic(text) ? undefined : text;
    };
    if (functionTypes.has(type)) {
      const name = functionNames.get(logicalId) ?? property('FunctionName') ?? logicalId;
      return identifyResource(stack, logicalId, type, (key) => (key === 'FunctionName' ? name : undefined));
    }
    if (type === 'AWS::Lambda::Version') {
      const number = this.#versionNumber(resource, property('FunctionName'));
      const arn = `${this.#functionArn(property('FunctionName'))}:${number}`;
      return { name: number, ref: arn, attributes: { Version: number, FunctionArn: arn }, complete: true };
    }
    if (type === 'AWS::Lambda::Alias') {
      const name = property('Name') ?? logicalId;
      const arn = `${this.#functionArn(property('FunctionName'))}:${name}`;
      return { name, ref: arn, attributes: { AliasArn: arn }, complete: true };
    }
    return identifyResource(stack, logicalId, type, property);
  }

  #functionArn(name: string | undefined): string {
    if (name === undefined || name.startsWith('arn:') || isSymbolic(name)) return name ?? '';
    return functionArnOf(this.#options.stack, name);
  }

  /** Versions of one function count from 1, in the order they stand in the template. */
  #versionNumber(resource: TemplateResource, functionName: string | undefined): string {
    const { resolver } = this.#options;
    const siblings = this.created('AWS::Lambda::Version').filter((other) =>
      resolver.text(memberAt(other.node, 'Properties', 'FunctionName')) === functionName);
    return String(Math.max(1, siblings.indexOf(resource) + 1));
  }

  #warnWhenNotCreated(resource: TemplateResource, at: TextRange): void {
    if (resource.created) return;
    this.#options.diagnostics.add('warning', `${resource.logicalId} is not created, because its condition is false: CloudFormation would refuse this reference.`, at);
  }

  #fromMacro(name: string): string | undefined {
    const transform = member(this.#options.root, 'Transform');
    const names = transform?.kind === 'list' ? transform.items.map(scalarText) : [scalarText(transform)];
    return names.some((each) => each !== undefined && !generatedByMacro.test(each)) ? `\${${name}}` : undefined;
  }
}
