/** Parses YAML with CloudFormation's short tags; every node keeps its place. */
import { isAlias, isMap, isScalar, isSeq, parseDocument } from 'yaml';
import type { CollectionTag, Document, Node, Pair, ScalarTag } from 'yaml';
import { intrinsicOrMap, LineIndex } from './nodes.ts';
import type { ListNode, MapEntry, ParsedText, ScalarNode, SyntaxProblem, TemplateNode, TextRange } from './nodes.ts';

const shortTags = [
  'Ref', 'Condition', 'Sub', 'GetAtt', 'If', 'Join', 'Select', 'Split', 'FindInMap', 'ImportValue', 'Base64', 'Cidr',
  'GetAZs', 'Transform', 'Equals', 'And', 'Or', 'Not', 'Length', 'ToJsonString',
];

/** `Ref` and `Condition` have no `Fn::` in front in the long form. */
const longNames = new Map(shortTags.map((tag) => [`!${tag}`, tag === 'Ref' || tag === 'Condition' ? tag : `Fn::${tag}`]));

/** Each tag may stand before a scalar, a list or a map; only the tag is kept here, `NodeReader` makes the node of it. */
const customTags = shortTags.flatMap((tag): (ScalarTag | CollectionTag)[] => [
  { tag: `!${tag}`, resolve: (text: string) => text },
  { tag: `!${tag}`, collection: 'seq', resolve: (value) => value },
  { tag: `!${tag}`, collection: 'map', resolve: (value) => value },
]);

/** What the parser says of each further piece of a text once it has lost its way in it. */
const lostPiece = /^Unexpected \S+ token in YAML stream/;

/** Only the first document is a template; CloudFormation refuses more than one. */
export function parseTemplateYaml(text: string): ParsedText {
  const lines = new LineIndex(text);
  const document = parseDocument(text, {
    customTags, keepSourceTokens: false, logLevel: 'silent', merge: true, prettyErrors: false, strict: true, uniqueKeys: true,
  });
  const errors = document.errors.filter(({ message }, index) => index === 0 || !lostPiece.test(message));
  const problems: SyntaxProblem[] = [...errors, ...document.warnings].map((problem) => ({
    severity: problem.name === 'YAMLWarning' ? 'warning' : 'error',
    message: `YAML: ${problem.message.replace(/\s+/g, ' ').trim().replace(/\.?$/, '.')}`,
    range: { start: problem.pos[0], end: problem.pos[1] },
  }));
  const root = new NodeReader(document, problems).read(document.contents);
  const empty = root.kind === 'scalar' && root.value === null;
  return empty ? { problems, lines } : { root, problems, lines };
}

class NodeReader {
  readonly #document: Document;
  readonly #problems: SyntaxProblem[];
  /** Anchored nodes are converted once and shared, so that aliases of aliases cost nothing. */
  readonly #converted = new Map<Node, TemplateNode>();
  readonly #open = new Set<Node>();

  constructor(document: Document, problems: SyntaxProblem[]) {
    this.#document = document;
    this.#problems = problems;
  }

  read(node: unknown, fallback: TextRange = { start: 0, end: 0 }): TemplateNode {
    if (isAlias(node)) {
      const target = node.resolve(this.#document);
      const range = rangeOf(node, fallback);
      if (target === undefined || this.#open.has(target)) {
        this.#problems.push({ severity: 'error', message: `YAML: alias *${node.source} stands for no value.`, range });
        return nullNode(range);
      }
      return this.read(target, range);
    }
    if (!isScalar(node) && !isSeq(node) && !isMap(node)) return nullNode(fallback);
    const known = this.#converted.get(node);
    if (known !== undefined) return known;
    this.#open.add(node);
    const made = this.#withTag(node, this.#plain(node, rangeOf(node, fallback)));
    this.#open.delete(node);
    if (node.anchor !== undefined) this.#converted.set(node, made);
    return made;
  }

  #plain(node: Node, range: TextRange): TemplateNode {
    if (isMap(node)) return intrinsicOrMap({ kind: 'map', entries: this.#entries(node.items, range), range });
    if (isSeq(node)) {
      return { kind: 'list', items: node.items.map((item) => this.read(item, range)), range } satisfies ListNode;
    }
    if (!isScalar(node)) return nullNode(range);
    const { value } = node;
    const plain = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
    return { kind: 'scalar', value: plain, source: node.source ?? String(plain ?? ''), range } satisfies ScalarNode;
  }

  #withTag(node: Node, plain: TemplateNode): TemplateNode {
    const name = node.tag === undefined ? undefined : longNames.get(node.tag);
    return name === undefined ? plain : { kind: 'intrinsic', name, argument: plain, range: plain.range };
  }

  #entries(items: readonly Pair<unknown, unknown>[], around: TextRange): Map<string, MapEntry> {
    const own = new Map<string, MapEntry>();
    const merged = new Map<string, MapEntry>();
    for (const { key, value } of items) {
      const keyRange = rangeOf(key, around);
      const name = isScalar(key) ? (typeof key.value === 'number' ? (key.source ?? String(key.value)) : String(key.value)) : undefined;
      if (name === undefined) continue;
      const read = this.read(value, { start: keyRange.end, end: keyRange.end });
      if (name !== '<<' && name !== 'Symbol(<<)') {
        if (!own.has(name)) own.set(name, { key: name, keyRange, value: read });
        continue;
      }
      for (const source of read.kind === 'list' ? read.items : [read]) {
        if (source.kind !== 'map') continue;
        for (const entry of source.entries.values()) if (!merged.has(entry.key)) merged.set(entry.key, entry);
      }
    }
    for (const [name, entry] of merged) if (!own.has(name)) own.set(name, entry);
    return own;
  }
}

function rangeOf(node: unknown, fallback: TextRange): TextRange {
  const range = (node as { range?: readonly number[] | null } | null | undefined)?.range;
  return range?.[0] === undefined || range[1] === undefined ? fallback : { start: range[0], end: range[1] };
}

function nullNode(range: TextRange): ScalarNode {
  return { kind: 'scalar', value: null, source: '', range };
}
