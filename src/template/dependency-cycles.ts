/** Resources that need each other: CloudFormation refuses such a template, which is better known before a deployment. */
import type { OpenTemplate } from './cloudformation.ts';
import { entriesOf, member, scalarText } from './nodes.ts';
import type { TemplateNode } from './nodes.ts';
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
  const found = new Set<string>();
  const add = (name: string) => {
    if (template.resources.resources.get(name)?.created === true) found.add(name);
  };
  const dependsOn = member(resource.node, 'DependsOn');
  for (const node of dependsOn?.kind === 'list' ? dependsOn.items : [dependsOn]) add(scalarText(node) ?? '');
  for (const entry of entriesOf(member(resource.node, 'Properties'))) {
    if (resource.type === 'AWS::Serverless::Function' && ownResources.has(entry.key)) continue;
    collect(template, entry.value, add);
  }
  return found;
}

function collect(template: OpenTemplate, node: TemplateNode, add: (name: string) => void): void {
  if (node.kind === 'list') for (const item of node.items) collect(template, item, add);
  if (node.kind === 'map') for (const entry of node.entries.values()) collect(template, entry.value, add);
  if (node.kind !== 'intrinsic') return;
  const { name, argument } = node;
  if (name === 'Ref') add(scalarText(argument) ?? '');
  else if (name === 'Fn::GetAtt') add((scalarText(argument) ?? (argument.kind === 'list' ? scalarText(argument.items[0]) : undefined) ?? '').split('.')[0]!);
  else if (name === 'Fn::Sub') collectSub(template, argument, add);
  else if (name === 'Fn::If' && argument.kind === 'list') {
    const [condition, yes, no] = argument.items;
    const branch = template.resolver.holds(scalarText(condition) ?? '', node.range) ? yes : no;
    if (branch !== undefined) collect(template, branch, add);
  } else collect(template, argument, add);
}

function collectSub(template: OpenTemplate, argument: TemplateNode, add: (name: string) => void): void {
  const [text, own] = argument.kind === 'list' ? argument.items : [argument];
  for (const [, name] of (scalarText(text) ?? '').matchAll(/\$\{([^!}][^}]*)\}/g)) {
    if (member(own, name!.trim()) === undefined) add(name!.trim().split('.')[0]!);
  }
  if (own !== undefined) collect(template, own, add);
}
