/** What the AWS::Serverless-2016-10-31 transform does to a function before CloudFormation sees it. */
import { member, scalarText } from './nodes.ts';
import type { MapEntry, MapNode, TemplateNode } from './nodes.ts';

const transformName = 'AWS::Serverless-2016-10-31';

export function hasSamTransform(root: TemplateNode | undefined): boolean {
  const transform = member(root, 'Transform');
  const names = transform?.kind === 'list' ? transform.items.map(scalarText) : [scalarText(transform)];
  return names.includes(transformName);
}

/**
 * `Globals` merged under a function's own properties: maps merge key by key, lists are joined (globals first), all else
 * and every intrinsic function is the function's own when it has one (SAM: docs/globals.rst, "Overridable").
 */
export function mergeGlobals(globals: TemplateNode | undefined, own: TemplateNode | undefined): TemplateNode | undefined {
  if (globals === undefined || isNull(globals)) return own;
  if (own === undefined) return globals;
  if (globals.kind === 'map' && own.kind === 'map') {
    const entries = new Map<string, MapEntry>(globals.entries);
    for (const entry of own.entries.values()) {
      entries.set(entry.key, { ...entry, value: mergeGlobals(globals.entries.get(entry.key)?.value, entry.value)! });
    }
    return { kind: 'map', entries, range: own.range } satisfies MapNode;
  }
  if (globals.kind === 'list' && own.kind === 'list') {
    return { kind: 'list', items: [...globals.items, ...own.items], range: own.range };
  }
  return own;
}

function isNull(node: TemplateNode): boolean {
  return node.kind === 'scalar' && node.value === null;
}

/** `Metadata.BuildProperties.EntryPoints` of a function that SAM builds with esbuild. */
export function esbuildEntryPoints(resource: TemplateNode): readonly string[] {
  const metadata = member(resource, 'Metadata');
  if (scalarText(member(metadata, 'BuildMethod')) !== 'esbuild') return [];
  const entries = member(member(metadata, 'BuildProperties'), 'EntryPoints');
  return entries?.kind === 'list' ? entries.items.map(scalarText).filter((entry) => entry !== undefined) : [];
}
