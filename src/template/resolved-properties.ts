import { record } from './function-properties.ts';
import type { Properties } from './function-properties.ts';
import type { IntrinsicResolver } from './intrinsics.ts';
import { member } from './nodes.ts';
import type { TemplateNode } from './nodes.ts';

/** Properties that are JSON to AWS, in every spelling that a reader meets. */
const documents: ReadonlySet<string> = new Set([
  'RedrivePolicy', 'RedriveAllowPolicy', 'FilterPolicy', 'DeliveryPolicy', 'ReplayPolicy', 'EventPattern', 'Pattern', 'filterPolicy', 'pattern',
]);

/** Resolved properties of a resource, an event or the like; numbers inside of patterns and policies stay numbers. */
export function resolvedProperties(resolver: IntrinsicResolver, node: TemplateNode | undefined): Record<string, unknown> {
  const properties = { ...record(resolver.value(node)) };
  for (const key of Object.keys(properties)) {
    if (documents.has(key)) properties[key] = resolver.json(member(node, key));
  }
  return properties;
}

/** Without the properties that are undefined. */
export function defined(properties: Properties): Record<string, unknown> {
  return Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== undefined));
}
