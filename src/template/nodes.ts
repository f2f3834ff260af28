/** The tree that every reader works on: plain values with their place in the file, intrinsic functions told apart. */

/** Offsets into the text of the file, end exclusive. */
export interface TextRange {
  start: number;
  end: number;
}

export interface ScalarNode {
  kind: 'scalar';
  value: string | number | boolean | null;
  /** As written, without quotes: `0123` where `value` is 123. */
  source: string;
  range: TextRange;
}

export interface ListNode {
  kind: 'list';
  items: readonly TemplateNode[];
  range: TextRange;
}

export interface MapEntry {
  key: string;
  keyRange: TextRange;
  value: TemplateNode;
}

export interface MapNode {
  kind: 'map';
  entries: ReadonlyMap<string, MapEntry>;
  range: TextRange;
}

/** `!Sub text`, `{"Fn::Sub": "text"}` and `Fn::Sub: text` are all this. */
export interface IntrinsicNode {
  kind: 'intrinsic';
  /** Full name: `Ref`, `Condition`, `Fn::Sub`. */
  name: string;
  argument: TemplateNode;
  range: TextRange;
}

export type TemplateNode = ScalarNode | ListNode | MapNode | IntrinsicNode;

/** What is wrong with the text itself. */
export interface SyntaxProblem {
  severity: 'error' | 'warning';
  message: string;
  range: TextRange;
}

export interface ParsedText {
  /** Absent when the text holds no value (empty, only comments). */
  root?: TemplateNode;
  problems: readonly SyntaxProblem[];
  lines: LineIndex;
}

/** Turns offsets into zero-based lines and columns. */
export class LineIndex {
  readonly #starts: number[] = [0];

  constructor(text: string) {
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) this.#starts.push(at + 1);
  }

  position(offset: number): { line: number; column: number } {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#starts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low, column: Math.max(0, offset - this.#starts[low]!) };
  }
}

const conditionFunctions = ['Fn::And', 'Fn::Or', 'Fn::Not', 'Fn::Equals'];

/** Names of the intrinsic functions of CloudFormation and of its AWS::LanguageExtensions transform. */
export const intrinsicNames: ReadonlySet<string> = new Set([
  'Ref', 'Fn::Sub', 'Fn::GetAtt', 'Fn::If', 'Fn::Join', 'Fn::Select', 'Fn::Split', 'Fn::FindInMap', 'Fn::ImportValue',
  'Fn::Base64', 'Fn::Cidr', 'Fn::GetAZs', 'Fn::Transform', 'Fn::Length', 'Fn::ToJsonString', ...conditionFunctions,
]);

/** A map of one key that names an intrinsic function is that function; all else stays a map. */
export function intrinsicOrMap(node: MapNode): MapNode | IntrinsicNode {
  if (node.entries.size !== 1) return node;
  const [entry] = node.entries.values();
  if (entry === undefined || !intrinsicNames.has(entry.key)) return node;
  return { kind: 'intrinsic', name: entry.key, argument: entry.value, range: node.range };
}

/** The value below a key of a map; undefined for all other nodes. */
export function member(node: TemplateNode | undefined, key: string): TemplateNode | undefined {
  return node?.kind === 'map' ? node.entries.get(key)?.value : undefined;
}

export function memberAt(node: TemplateNode | undefined, ...path: readonly string[]): TemplateNode | undefined {
  return path.reduce<TemplateNode | undefined>((at, key) => member(at, key), node);
}

/** Where a value below `node` stands: the value when it is written on one place, else its key; the last step of `path` that exists counts. */
export function rangeAt(node: TemplateNode | undefined, path: readonly string[], fallback: TextRange): TextRange {
  let range = fallback;
  let at = node;
  for (const key of path) {
    const entry = at?.kind === 'map' ? at.entries.get(key) : undefined;
    if (entry === undefined) break;
    at = entry.value;
    range = at.kind === 'scalar' && at.range.end > at.range.start ? at.range : entry.keyRange;
  }
  return range;
}

/** The entries of a map; none for all other nodes. */
export function entriesOf(node: TemplateNode | undefined): readonly MapEntry[] {
  return node?.kind === 'map' ? [...node.entries.values()] : [];
}

/** A scalar as CloudFormation makes text of it; undefined for null and for all other nodes. */
export function scalarText(node: TemplateNode | undefined): string | undefined {
  if (node?.kind !== 'scalar' || node.value === null) return undefined;
  if (typeof node.value === 'boolean') return String(node.value);
  return typeof node.value === 'number' ? node.source : node.value;
}

/** The node as plain JavaScript; intrinsic functions appear in their long form, as in a JSON template. */
export function plainValue(node: TemplateNode): unknown {
  switch (node.kind) {
    case 'scalar':
      return node.value;
    case 'list':
      return node.items.map(plainValue);
    case 'map':
      return Object.fromEntries([...node.entries.values()].map((entry) => [entry.key, plainValue(entry.value)]));
    case 'intrinsic':
      return { [node.name]: plainValue(node.argument) };
  }
}
