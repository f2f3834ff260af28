/** Parses JSON templates: many times faster than as YAML, which matters for CDK output of several megabytes. */
import { parseTree, printParseErrorCode } from 'jsonc-parser';
import type { Node, ParseError } from 'jsonc-parser';
import { intrinsicOrMap, LineIndex } from './nodes.ts';
import type { MapEntry, ParsedText, ScalarNode, TemplateNode, TextRange } from './nodes.ts';

/** Comments and trailing commas are let through; broken text gives problems, and what can be read of it. */
export function parseTemplateJson(text: string): ParsedText {
  const errors: ParseError[] = [];
  const lines = new LineIndex(text);
  // A byte order mark is no JSON, but Windows editors write one.
  const tree = parseTree(text.replace(/^\uFEFF/, ' '), errors, { allowTrailingComma: true, allowEmptyContent: true });
  const problems = errors.map((error) => ({
    severity: 'error' as const,
    message: `JSON: ${sentenceOf(printParseErrorCode(error.error))}.`,
    range: { start: error.offset, end: error.offset + error.length },
  }));
  return tree === undefined ? { problems, lines } : { root: convert(text, tree), problems, lines };
}

/** `CommaExpected` -> `comma expected`. */
function sentenceOf(code: string): string {
  return code.replace(/(?!^)[A-Z]/g, (letter) => ` ${letter}`).toLowerCase();
}

function convert(text: string, node: Node): TemplateNode {
  const range: TextRange = { start: node.offset, end: node.offset + node.length };
  if (node.type === 'array') return { kind: 'list', items: (node.children ?? []).map((child) => convert(text, child)), range };
  if (node.type === 'object') {
    const entries = new Map<string, MapEntry>();
    for (const property of node.children ?? []) {
      const [key, value] = property.children ?? [];
      if (key === undefined) continue;
      const keyRange = { start: key.offset, end: key.offset + key.length };
      const read = value === undefined ? nothing({ start: keyRange.end, end: keyRange.end }) : convert(text, value);
      entries.set(String(key.value), { key: String(key.value), keyRange, value: read });
    }
    return intrinsicOrMap({ kind: 'map', entries, range });
  }
  const value: unknown = node.value;
  if (typeof value === 'string') return { kind: 'scalar', value, source: value, range };
  if (typeof value === 'number' || typeof value === 'boolean') {
    return { kind: 'scalar', value, source: text.slice(range.start, range.end), range };
  }
  return nothing(range);
}

function nothing(range: TextRange): ScalarNode {
  return { kind: 'scalar', value: null, source: '', range };
}
