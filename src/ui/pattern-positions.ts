/** Where a field of an event pattern stands in its text. No VS Code, so that Node tests it. */
import { parseTree, type Node as JsonNode } from 'jsonc-parser';

/** One pattern among those of a text. */
export interface WrittenPattern {
  text: string;
  offset: number;
}

/** A text is one pattern, or a list of them: as each is written. What is no JSON yet is one. */
export function patternsIn(text: string): WrittenPattern[] {
  const root = parseTree(text);
  if (root?.type !== 'array') return [{ text, offset: 0 }];
  return (root.children ?? []).map(({ offset, length }) => ({ text: text.slice(offset, offset + length), offset }));
}

/** Offset and length of the value of a field, named by its path as explanations name it; undefined when it is not there. */
export function fieldAt(text: string, path: string): { offset: number; length: number } | undefined {
  const root = parseTree(text);
  const found = root && find(root, path);
  return found && { offset: found.offset, length: found.length };
}

function find(node: JsonNode, path: string): JsonNode | undefined {
  if (node.type === 'array') return firstOf(node.children ?? [], (child) => find(child, path));
  if (node.type !== 'object') return undefined;
  return firstOf(node.children ?? [], (property) => {
    const [key, value] = property.children ?? [];
    const name = key?.value as string | undefined;
    if (name === undefined || !value) return undefined;
    if (name === '$or') return find(value, path);
    // Names may hold dots themselves.
    if (name === path && value.type === 'array') return value;
    return path.startsWith(`${name}.`) ? find(value, path.slice(name.length + 1)) : undefined;
  });
}

function firstOf<T, R>(list: readonly T[], look: (entry: T) => R | undefined): R | undefined {
  for (const entry of list) {
    const found = look(entry);
    if (found !== undefined) return found;
  }
  return undefined;
}
