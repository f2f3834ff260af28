/** One or more patterns of one dialect, ready to be asked about events. */
import type { SubRule } from './compile-fields.ts';
import type { Dialect } from './dialects.ts';
import { buildFieldTree, nodeOf, type FieldTree, type LinkedSubRule } from './field-tree.ts';
import { Findings, type FieldState } from './findings.ts';
import { NotJson, TextWalk } from './walk-text.ts';
import { TooDeep, walkObject } from './walk-value.ts';

/**
 * What an event source mapping decodes before it matches, by the name that patterns give it. Lambda drops a record whose data
 * is JSON where the pattern wants plain text, and the other way round.
 */
const dataNames: Partial<Record<Dialect, string>> = { 'esm-sqs': 'body', 'esm-kinesis': 'data' };

/** How each sub-rule fared with an event, for explanations. */
export interface Examination {
  /** Whether the event is what the dialect takes for one. */
  readable: boolean;
  subRules: { matched: boolean; fields: { path: string; state: FieldState | 'dropped' }[] }[];
}

type Fields = Readonly<Record<string, unknown>>;

export class Matcher {
  readonly #dialect: Dialect;
  readonly #tree: FieldTree;
  readonly #findings: Findings;
  readonly #dataName: string | undefined;
  /** Whether a JSON object or array stands in the data of the record at hand. */
  #structured = false;

  /** @param patterns the sub-rules of each pattern. */
  constructor(dialect: Dialect, patterns: readonly (readonly SubRule[])[]) {
    this.#dialect = dialect;
    this.#tree = buildFieldTree(patterns);
    this.#findings = new Findings(this.#tree);
    this.#dataName = dataNames[dialect];
  }

  /** Whether any pattern matches the event. */
  matchesText(text: string): boolean {
    return this.#any(this.#load(text, true));
  }

  /** The same, of an event that was parsed. */
  matchesValue(event: unknown): boolean {
    return this.#any(this.#load(event, false));
  }

  /** The indexes of the patterns that match the event, in order. */
  matchingText(text: string): number[] {
    return this.#all(this.#load(text, true));
  }

  /** The same, of an event that was parsed. */
  matchingValue(event: unknown): number[] {
    return this.#all(this.#load(event, false));
  }

  /** @param observe gets the values that stand at the paths of the patterns, as JSON. */
  examineText(text: string, observe: (path: string, json: string) => void): Examination {
    this.#findings.observe = (node, json) => observe(node.slots[0]?.path ?? '', json);
    const readable = this.#load(text, true);
    this.#findings.observe = undefined;
    return {
      readable,
      subRules: this.#tree.subRules.map((subRule) => ({
        matched: this.#matches(subRule, readable),
        fields: subRule.slots.map((slot) => ({ path: slot.path, state: !readable ? 'missing' : this.#slotFits(slot.path) ? this.#findings.stateOf(slot) : 'dropped' })),
      })),
    };
  }

  #any(loaded: boolean): boolean {
    for (const subRule of this.#tree.subRules) if (this.#matches(subRule, loaded)) return true;
    return false;
  }

  #all(loaded: boolean): number[] {
    const found: number[] = [];
    for (const subRule of this.#tree.subRules) {
      if (found.at(-1) !== subRule.pattern && this.#matches(subRule, loaded)) found.push(subRule.pattern);
    }
    return found;
  }

  #matches(subRule: LinkedSubRule, loaded: boolean): boolean {
    if (!loaded) return subRule.slots.length === 0;
    if (this.#dataName !== undefined && !subRule.slots.every(({ path }) => this.#slotFits(path))) return false;
    return this.#findings.matches(subRule);
  }

  /** Whether the data of the record is of the kind that a pattern of this path is for. */
  #slotFits(path: string): boolean {
    if (this.#dataName === undefined) return true;
    return path === this.#dataName ? !this.#structured : this.#structured || !path.startsWith(`${this.#dataName}.`);
  }

  /** Walks the event. @returns false for what cannot be an event of the dialect. */
  #load(event: unknown, asText: boolean): boolean {
    this.#findings.reset();
    try {
      if (asText && typeof event === 'string') {
        if (this.#dialect === 'eventbridge' || this.#dialect === 'sns-body' || this.#dialect === 'esm-dynamodb') {
          return new TextWalk(event, this.#findings).value(this.#tree.root) === 'object';
        }
        event = JSON.parse(event);
      }
      if (!isObject(event)) return false;
      switch (this.#dialect) {
        case 'sns-attributes': this.#attributes(event); break;
        case 'esm-sqs': this.#record(event, event['body']); break;
        case 'esm-kinesis': this.#kinesisRecord(event); break;
        default: walkObject(this.#tree.root, event, this.#findings, undefined, 1);
      }
      return true;
    } catch (error) {
      if (error instanceof NotJson || error instanceof TooDeep || error instanceof SyntaxError) return false;
      throw error;
    }
  }

  /** The fields of a Kinesis record stand beside its envelope's in patterns, not below `kinesis`. */
  #kinesisRecord(record: Fields): void {
    const { kinesis, ...envelope } = record;
    const inner = isObject(kinesis) ? kinesis : {};
    const data = inner['data'];
    this.#record({ ...envelope, ...inner }, typeof data === 'string' ? Buffer.from(data, 'base64').toString() : undefined);
  }

  /** @param data what the record carries, as text. */
  #record(record: Fields, data: unknown): void {
    this.#structured = false;
    const dataName = this.#dataName ?? '';
    const node = this.#tree.root.children.get(dataName);
    if (node && typeof data === 'string') {
      try {
        this.#structured = new TextWalk(data, this.#findings).value(node) !== 'scalar';
      } catch (error) {
        if (!(error instanceof NotJson)) throw error;
        this.#findings.reset();
        if (node.pathIndex >= 0) this.#findings.string(node, data, undefined);
      }
    }
    walkObject(this.#tree.root, { ...record, [dataName]: undefined }, this.#findings, undefined, 1);
  }

  /** SNS looks at attributes of type String, Number and String.Array; to the others policies are blind. */
  #attributes(attributes: Fields): void {
    for (const [name, attribute] of Object.entries(attributes)) {
      const node = nodeOf(this.#tree.root, name);
      if (!node || !isObject(attribute)) continue;
      const text = String(attribute['Value']);
      switch (attribute['Type']) {
        case 'String':
          if (node.pathIndex >= 0) this.#findings.string(node, text, undefined);
          break;
        case 'Number': {
          const spelling = numberSpelling(text.trim());
          if (node.pathIndex >= 0 && spelling !== undefined) this.#findings.numberText(node, spelling, undefined);
          break;
        }
        case 'String.Array':
          if (isArrayText(text)) new TextWalk(text, this.#findings).value(node);
          break;
        default:
      }
    }
  }
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** SNS checks a Number when it is published, and takes spellings that JSON does not have. */
function numberSpelling(text: string): string | undefined {
  if (/^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$/.test(text)) return text;
  const number = Number(text === '' ? NaN : text);
  return Number.isFinite(number) ? String(number) : undefined;
}

function isArrayText(text: string): boolean {
  try {
    return Array.isArray(JSON.parse(text));
  } catch {
    return false;
  }
}
