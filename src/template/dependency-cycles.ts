/** Resources that need each other: CloudFormation refuses such a template, which is better known before a deployment. */
import type { OpenTemplate } from './cloudformation.ts';
import { entriesOf, member, scalarText } from './nodes.ts';
import type { IntrinsicNode, TemplateNode } from './nodes.ts';
import type { TemplateResource } from './resource-table.ts';

/** Properties from which SAM makes resources of their own, which depend on the function rather than the function on them. */
const ownResources = new Set(['Events', 'EventInvokeConfig', 'DeploymentPreference', 'FunctionUrlConfig', 'ProvisionedConcurrencyConfig', 'AutoPublishAlias']);

/** Reports every circle once, on the resource of it that stands first. */
export function reportDependencyCycles(template: OpenTemplate): void {
  const { resources, diagnostics } = template;
  const needs = new Map<string, Set<string>>();
  for (const resource of resources.resources.values()) {
    if (resource.created) needs.set(resource.logicalId, dependenciesOf(template, resource));
  }
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (logicalId: string): void => {
    const start = path.indexOf(logicalId);
    if (start !== -1) {
      const circle = [...path.slice(start), logicalId];
      const at = resources.resources.get(logicalId)!.keyRange;
      diagnostics.add('warning', `Circular dependency: ${circle.join(' → ')}; CloudFormation refuses this, so break the circle.`, at);
      return;
    }
    if (done.has(logicalId)) return;
    path.push(logicalId);
    for (const next of needs.get(logicalId) ?? []) visit(next);
    path.pop();
    done.add(logicalId);
  };
  for (const logicalId of needs.keys()) visit(logicalId);
}

function dependenciesOf(template: OpenTemplate, resource: TemplateResource): Set<string> {
  const collector = new ReferenceCollector(template);
  const dependsOn = member(resource.node, 'DependsOn');
  for (const node of dependsOn?.kind === 'list' ? dependsOn.items : [dependsOn]) collector.add(scalarText(node));
  for (const entry of entriesOf(member(resource.node, 'Properties'))) {
    if (resource.type !== 'AWS::Serverless::Function' || !ownResources.has(entry.key)) collector.collect(entry.value);
  }
  return collector.found;
}

/** Gathers the resources that a tree refers to, in the branches that conditions choose. */
class ReferenceCollector {
  readonly found = new Set<string>();
  readonly #template: OpenTemplate;
  /** YAML aliases share nodes: each is looked at once. */
  readonly #seen = new Set<TemplateNode>();

  constructor(template: OpenTemplate) {
    this.#template = template;
  }

  /** `reference` is a logical id, with an attribute behind a dot or without. */
  add(reference: string | undefined): void {
    const name = reference?.split('.')[0] ?? '';
    if (this.#template.resources.resources.get(name)?.created === true) this.found.add(name);
  }

  collect(node: TemplateNode): void {
    if (node.kind === 'scalar' || this.#seen.has(node)) return;
    this.#seen.add(node);
    if (node.kind === 'list') for (const item of node.items) this.collect(item);
    else if (node.kind === 'map') for (const entry of node.entries.values()) this.collect(entry.value);
    else this.#intrinsic(node);
  }

  #intrinsic({ name, argument }: IntrinsicNode): void {
    const items = argument.kind === 'list' ? argument.items : [argument];
    if (name === 'Ref') this.add(scalarText(argument));
    else if (name === 'Fn::GetAtt') this.add(scalarText(items[0]));
    else if (name === 'Fn::Sub') this.#sub(items);
    else if (name === 'Fn::If' && items.length === 3 && items[0]?.kind === 'scalar') {
      const [condition, yes, no] = items as [TemplateNode, TemplateNode, TemplateNode];
      this.collect(this.#template.resolver.holds(scalarText(condition) ?? '', condition.range) ? yes : no);
    } else this.collect(argument);
  }

  #sub([text, own]: readonly TemplateNode[]): void {
    for (const [, name] of (scalarText(text) ?? '').matchAll(/\$\{([^!}][^}]*)\}/g)) {
      if (member(own, name!.trim()) === undefined) this.add(name!.trim());
    }
    if (own !== undefined) this.collect(own);
  }
}
