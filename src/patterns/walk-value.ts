/** A walk over an event that was parsed before: fast, where the spelling of numbers and duplicate keys do not matter. */
import type { Membership, TyingArray } from './array-consistency.ts';
import { nodeOf, type FieldNode } from './field-tree.ts';
import { maximumEventDepth, type Findings } from './findings.ts';

/** Thrown out of a walk where the event nests deeper than AWS's parser goes. */
export class TooDeep extends Error {}

/** @throws TooDeep */
export function walkObject(node: FieldNode, object: Readonly<Record<string, unknown>>, findings: Findings, membership: Membership | undefined, depth: number): void {
  if (!node.spelled) {
    for (const key of Object.keys(object)) {
      const child = nodeOf(node, key);
      if (child) walkValue(child, object[key], findings, membership, depth);
    }
    return;
  }
  for (const { key, node: child, inherited } of node.spelled) {
    if (inherited && !Object.hasOwn(object, key)) continue;
    const value = object[key];
    if (value !== undefined) walkValue(child, value, findings, membership, depth);
  }
}

/** @throws TooDeep */
export function walkValue(node: FieldNode, value: unknown, findings: Findings, membership: Membership | undefined, depth: number): void {
  switch (typeof value) {
    case 'string':
      if (node.pathIndex >= 0) findings.string(node, value, membership);
      return;
    case 'number':
      if (node.pathIndex >= 0) findings.number(node, value, membership);
      return;
    case 'boolean':
      if (node.pathIndex >= 0) findings.literal(node, value, membership);
      return;
    case 'object':
      if (value === null) {
        if (node.pathIndex >= 0) findings.literal(node, null, membership);
      } else if (depth >= maximumEventDepth) throw new TooDeep();
      else if (Array.isArray(value)) walkArray(node, value, findings, membership, depth + 1);
      else if (node.children.size > 0) walkObject(node, value as Record<string, unknown>, findings, membership, depth + 1);
      return;
    default:
  }
}

function walkArray(node: FieldNode, array: readonly unknown[], findings: Findings, membership: Membership | undefined, depth: number): void {
  const tying: TyingArray | undefined = node.ties ? { chosen: undefined } : undefined;
  for (const element of array) {
    const inside = tying && typeof element === 'object' && element !== null ? { array: tying, outer: membership } : membership;
    walkValue(node, element, findings, inside, depth);
  }
}
