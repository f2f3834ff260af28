/** The fields of one or more patterns as a tree of names, along which an event is walked once for all of them. */
import type { SubRule } from './compile-fields.ts';
import { FieldTest } from './field-test.ts';

/** One test on one path, shared by the sub-rules that ask the same. */
export interface Slot {
  index: number;
  path: string;
  pathIndex: number;
  test: FieldTest;
  /** Whether a field that may be absent is tied after this one: then a value in an array can serve better than one outside. */
  beforeAbsence: boolean;
}

export interface SpelledNode {
  /** The names between, joined with dots. */
  key: string;
  node: FieldNode;
  /** Whether every object has something by this name, so that only an own property counts. */
  inherited: boolean;
}

/** A name, below the one that leads to it. */
export interface FieldNode {
  /** Children, by one name each. */
  children: Map<string, FieldNode>;
  /** The same, in UTF-16 units, for a scan that compares texts in place; without names that JSON must escape. */
  names: readonly Uint16Array[];
  nodes: readonly FieldNode[];
  /** All nodes below, by what a key of an event must spell to lead there; undefined where there are too many to ask for each. */
  spelled: readonly SpelledNode[] | undefined;
  /** Tests of the values that stand here. */
  slots: readonly Slot[];
  /** -1 where no field ends. */
  pathIndex: number;
  /** Whether some test here looks at the spelling of every number. */
  asksSpelling: boolean;
  /** Whether an array that stands here ties the fields of some sub-rule to one element. */
  ties: boolean;
}

/** A sub-rule, its slots in the order of their paths: the order in which event-ruler ties them to elements of arrays. */
export interface LinkedSubRule {
  /** Which of the given patterns it belongs to. */
  pattern: number;
  slots: readonly Slot[];
}

export interface FieldTree {
  root: FieldNode;
  slotCount: number;
  pathCount: number;
  subRules: readonly LinkedSubRule[];
}

/** Keys to ask an object for; beyond that its own keys are gone through. */
const maximumSpelled = 32;

/** @param patterns the sub-rules of each pattern. */
export function buildFieldTree(patterns: readonly (readonly SubRule[])[]): FieldTree {
  const root = newNode();
  const slots = new Map<string, Slot>();
  const leaves = new Map<string, FieldNode>();
  const linked = patterns.flatMap((subRules, pattern) => subRules.map((subRule): LinkedSubRule => ({
    pattern,
    slots: [...subRule.values()].sort((a, b) => a.path < b.path ? -1 : 1).map(({ path, patterns: values, source }) => {
      const key = `${path}\0${source}`;
      const known = slots.get(key);
      if (known) return known;
      const leaf = reach(root, path, leaves);
      const slot: Slot = { index: slots.size, path, pathIndex: leaf.pathIndex, test: new FieldTest(values), beforeAbsence: false };
      slots.set(key, slot);
      leaf.slots = [...leaf.slots, slot];
      return slot;
    }),
  })));
  for (const { slots: own } of linked) {
    markTies(root, own);
    const lastAbsence = own.findLastIndex(({ test }) => test.absent);
    own.slice(0, Math.max(lastAbsence, 0)).forEach((slot) => { slot.beforeAbsence = true; });
  }
  finish(root);
  return { root, slotCount: slots.size, pathCount: leaves.size, subRules: linked };
}

function newNode(): FieldNode {
  return { children: new Map(), names: [], nodes: [], spelled: undefined, slots: [], pathIndex: -1, asksSpelling: false, ties: false };
}

function reach(root: FieldNode, path: string, leaves: Map<string, FieldNode>): FieldNode {
  let node = root;
  for (const name of path.split('.')) {
    let child = node.children.get(name);
    if (!child) node.children.set(name, child = newNode());
    node = child;
  }
  if (node.pathIndex < 0) {
    node.pathIndex = leaves.size;
    leaves.set(path, node);
  }
  return node;
}

/** An array ties where two fields of one sub-rule lie in or below it. */
function markTies(root: FieldNode, slots: readonly Slot[]): void {
  if (slots.length < 2) return;
  const seen = new Set<FieldNode>([root]);
  for (const { path } of slots) {
    let node: FieldNode | undefined = root;
    for (const name of path.split('.')) {
      node = node?.children.get(name);
      if (!node) break;
      if (seen.has(node)) node.ties = true;
      seen.add(node);
    }
  }
}

function finish(root: FieldNode): void {
  const nodes: FieldNode[] = [root];
  for (let node = nodes.pop(); node; node = nodes.pop()) {
    const plain = [...node.children].filter(([name]) => !mustBeEscaped.test(name));
    node.names = plain.map(([name]) => Uint16Array.from(name.split(''), (unit) => unit.charCodeAt(0)));
    node.nodes = plain.map(([, child]) => child);
    node.spelled = spelledBelow(node);
    node.asksSpelling = node.slots.some(({ test }) => test.asksSpelling);
    nodes.push(...node.children.values());
  }
}

/** What JSON escapes. */
const mustBeEscaped = /["\\\0-\x1f]/;

function spelledBelow(node: FieldNode): readonly SpelledNode[] | undefined {
  const found: SpelledNode[] = [];
  const open = [...node.children].map(([key, child]) => ({ key, node: child }));
  for (let next = open.shift(); next; next = open.shift()) {
    if (found.length === maximumSpelled) return undefined;
    found.push({ ...next, inherited: next.key in Object.prototype });
    for (const [name, child] of next.node.children) open.push({ key: `${next.key}.${name}`, node: child });
  }
  return found;
}

/** The node that a key of an event leads to, dots and all. */
export function nodeOf(node: FieldNode, key: string): FieldNode | undefined {
  let found: FieldNode | undefined = node;
  for (const name of key.split('.')) {
    found = found.children.get(name);
    if (!found) return undefined;
  }
  return found;
}
