/**
 * Resolves CloudFormation's intrinsic functions. What nobody can know here (`Fn::ImportValue`, an attribute of an unknown
 * type) stays as readable text such as `${ImportValue:Name}`; `AWS::NoValue` removes the property, as on AWS.
 */
import { cidrBlocks } from './cidr.ts';
import type { FileDiagnostics } from './diagnostics.ts';
import { entriesOf, member, memberAt, plainValue, scalarText } from './nodes.ts';
import type { IntrinsicNode, MapEntry, TemplateNode, TextRange } from './nodes.ts';
import type { TemplateParameters } from './parameters.ts';

/** What `Ref` and `Fn::GetAtt` may name beside parameters: resources. Reports by itself what it does not know. */
export interface ResourceReferences {
  /** Undefined when there is no such resource. */
  ref(name: string, at: TextRange): string | undefined;
  /** Undefined when there is no such resource. */
  attribute(name: string, attribute: string, at: TextRange): string | undefined;
}

export interface IntrinsicOptions {
  root: TemplateNode | undefined;
  parameters: TemplateParameters;
  /** By name, for example `AWS::Region`. */
  pseudoParameters: Readonly<Record<string, string | readonly string[]>>;
  diagnostics: FileDiagnostics;
}

/** Nodes resolved per template; aliases of aliases could otherwise ask for billions. */
const maximumNodes = 300_000;

export class IntrinsicResolver {
  readonly #options: IntrinsicOptions;
  readonly #conditions = new Map<string, MapEntry>();
  readonly #known = new Map<string, boolean>();
  /** What is being resolved now, outermost first: a name met twice is a circle. */
  readonly #open: string[] = [];
  #references: ResourceReferences = { ref: () => undefined, attribute: () => undefined };
  #nodes = 0;

  constructor(options: IntrinsicOptions) {
    this.#options = options;
    for (const entry of entriesOf(member(options.root, 'Conditions'))) this.#conditions.set(entry.key, entry);
  }

  /** The table of resources resolves names through this resolver, so it comes after it. */
  useReferences(references: ResourceReferences): void {
    this.#references = references;
  }

  /** Plain value of a node; undefined for `AWS::NoValue` and for an absent node. */
  value(node: TemplateNode | undefined): unknown {
    return this.#value(node, true);
  }

  /** As `value`, for properties that are JSON to AWS (patterns, policies): there numbers are numbers, however they are spelled. */
  json(node: TemplateNode | undefined): unknown {
    return this.#value(node, false);
  }

  #value(node: TemplateNode | undefined, spelled: boolean): unknown {
    if (node === undefined) return undefined;
    this.#nodes += 1;
    if (this.#nodes > maximumNodes) {
      if (this.#nodes === maximumNodes + 1) this.#report('error', 'This template is too large to resolve: remove YAML aliases that repeat each other.', node.range);
      return null;
    }
    switch (node.kind) {
      case 'scalar':
        // A number keeps its spelling where it has one of its own: `0123` and `1.10` are text to whoever wrote them.
        return spelled && typeof node.value === 'number' && String(node.value) !== node.source ? node.source : node.value;
      case 'list':
        return node.items.map((item) => this.#value(item, spelled)).filter((item) => item !== undefined);
      case 'map': {
        const result: Record<string, unknown> = {};
        for (const entry of node.entries.values()) {
          const value = this.#value(entry.value, spelled);
          if (value !== undefined) define(result, entry.key, value);
        }
        return result;
      }
      case 'intrinsic':
        return node.name === 'Fn::If' ? this.#if(node, spelled) : this.#intrinsic(node);
    }
  }

  /** As `value`, made text the way CloudFormation does for text properties; undefined when it is a map, a list or absent. */
  text(node: TemplateNode | undefined): string | undefined {
    const written = scalarText(node);
    if (written !== undefined) return written;
    return textOf(this.value(node));
  }

  /** Whether a condition holds. An unknown condition is reported and holds. */
  holds(name: string, at: TextRange): boolean {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const entry = this.#conditions.get(name);
    if (entry === undefined) {
      this.#report('error', `Condition ${name} does not exist: define it under Conditions, or correct the name.`, at);
      return true;
    }
    const result = this.guard(`condition ${name}`, at, () => this.#truth(entry.value), true);
    this.#known.set(name, result);
    return result;
  }

  /** Runs `resolve` under a name; a name that is met again inside itself is reported as a circle and gives `fallback`. */
  guard<T>(name: string, at: TextRange, resolve: () => T, fallback: T): T {
    const first = this.#open.indexOf(name);
    if (first !== -1) {
      this.#report('error', `Circular reference: ${[...this.#open.slice(first), name].join(' → ')}; break the circle.`, at);
      return fallback;
    }
    this.#open.push(name);
    try {
      return resolve();
    } finally {
      this.#open.pop();
    }
  }

  #report(severity: 'error' | 'warning' | 'information', message: string, at: TextRange): void {
    this.#options.diagnostics.add(severity, message, at);
  }

  #intrinsic(node: IntrinsicNode): unknown {
    const { name, argument } = node;
    switch (name) {
      case 'Ref':
        return this.#ref(this.text(argument) ?? '', node.range);
      case 'Condition':
        return this.holds(scalarText(argument) ?? '', node.range);
      case 'Fn::GetAtt':
        return this.#getAtt(node);
      case 'Fn::Sub':
        return this.#sub(node);
      case 'Fn::Join':
        return this.#join(node);
      case 'Fn::Select':
        return this.#select(node);
      case 'Fn::Split':
        return this.#split(node);
      case 'Fn::FindInMap':
        return this.#findInMap(node);
      case 'Fn::ImportValue':
        return `\${ImportValue:${this.text(argument) ?? ''}}`;
      case 'Fn::Base64':
        return Buffer.from(this.text(argument) ?? '').toString('base64');
      case 'Fn::Cidr': {
        const [block, count, bits] = this.#arguments(node, 2, 3).map((item) => this.text(item) ?? '');
        return cidrBlocks(block ?? '', Number(count), bits === undefined ? 8 : Number(bits)) ?? [`\${Cidr:${block}}`];
      }
      case 'Fn::GetAZs':
        return ['a', 'b', 'c'].map((zone) => `${this.text(argument) || String(this.#options.pseudoParameters['AWS::Region'])}${zone}`);
      case 'Fn::Length': {
        const value = this.value(argument);
        return Array.isArray(value) ? value.length : 0;
      }
      case 'Fn::ToJsonString':
        return JSON.stringify(this.value(argument));
      case 'Fn::Transform':
        this.#report('information', 'Fn::Transform runs on AWS only; what it would insert is missing here.', node.range);
        return `\${Transform:${this.text(member(argument, 'Name')) ?? ''}}`;
      default:
        return this.#truth(node);
    }
  }

  #truth(node: TemplateNode): boolean {
    const part = (item: TemplateNode) => this.#truth(item);
    if (node.kind === 'intrinsic') {
      switch (node.name) {
        case 'Fn::Equals': {
          const [left, right] = this.#arguments(node, 2, 2);
          return comparable(this.#comparand(left)) === comparable(this.#comparand(right));
        }
        case 'Fn::And':
          return this.#arguments(node, 2, 10).every(part);
        case 'Fn::Or':
          return this.#arguments(node, 2, 10).some(part);
        case 'Fn::Not':
          return !this.#arguments(node, 1, 1).some(part);
        default:
      }
    }
    // `{Condition: Name}` in the long form is an ordinary map to the parser.
    const named = member(node, 'Condition');
    if (named !== undefined) return this.holds(scalarText(named) ?? '', named.range);
    const value = this.value(node);
    return value === true || value === 'true';
  }

  #comparand(node: TemplateNode | undefined): unknown {
    return scalarText(node) ?? this.value(node);
  }

  #ref(name: string, at: TextRange): unknown {
    if (name === 'AWS::NoValue') return undefined;
    const { parameters, pseudoParameters } = this.#options;
    if (parameters.has(name)) return parameters.value(name);
    if (Object.hasOwn(pseudoParameters, name)) return pseudoParameters[name];
    const resource = this.#references.ref(name, at);
    if (resource !== undefined) return resource;
    this.#report('error', `Ref to ${name || 'nothing'}, which is no parameter or resource of this template: add it, or correct the name.`, at);
    return `\${Ref:${name}}`;
  }

  #getAtt(node: IntrinsicNode): string {
    const { argument } = node;
    let name: string | undefined;
    let attribute: string | undefined;
    if (argument.kind === 'list') {
      name = this.text(argument.items[0]);
      attribute = argument.items.slice(1).map((item) => this.text(item) ?? '').join('.');
    } else {
      const written = scalarText(argument) ?? '';
      const dot = written.indexOf('.');
      if (dot > 0) [name, attribute] = [written.slice(0, dot), written.slice(dot + 1)];
    }
    if (!name || !attribute) {
      this.#report('error', 'Fn::GetAtt wants a resource and an attribute, for example MyQueue.Arn.', node.range);
      return '${GetAtt}';
    }
    return this.#attribute(name, attribute, node.range);
  }

  #attribute(name: string, attribute: string, at: TextRange): string {
    const value = this.#references.attribute(name, attribute, at);
    if (value !== undefined) return value;
    this.#report('error', `Fn::GetAtt of ${name}, which is no resource of this template: add it, or correct the name.`, at);
    return `\${GetAtt:${name}.${attribute}}`;
  }

  #sub(node: IntrinsicNode): string {
    const list = node.argument.kind === 'list' ? node.argument.items : [node.argument];
    const template = scalarText(list[0]) ?? '';
    return template.replace(/\$\{([^}]*)\}/g, (_, inner: string) => {
      const name = inner.trim();
      if (name.startsWith('!')) return `\${${name.slice(1)}}`;
      const own = member(list[1], name);
      if (own !== undefined) return this.text(own) ?? '';
      const dot = name.indexOf('.');
      if (dot > 0) return this.#attribute(name.slice(0, dot), name.slice(dot + 1), node.range);
      return textOf(this.#ref(name, node.range)) ?? '';
    });
  }

  #if(node: IntrinsicNode, spelled: boolean): unknown {
    const [condition, yes, no] = this.#arguments(node, 3, 3);
    if (condition === undefined) return undefined;
    const name = scalarText(condition);
    return this.#value((name === undefined ? this.#truth(condition) : this.holds(name, condition.range)) ? yes : no, spelled);
  }

  #join(node: IntrinsicNode): string {
    const [delimiter, items] = this.#arguments(node, 2, 2);
    return asList(this.value(items)).map(textOf).filter((part) => part !== undefined).join(scalarText(delimiter) ?? '');
  }

  #select(node: IntrinsicNode): unknown {
    const [index, items] = this.#arguments(node, 2, 2);
    const list = asList(this.value(items));
    const at = Number(this.text(index));
    if (Number.isInteger(at) && at >= 0 && at < list.length) return list[at];
    if (list.length === 1 && isSymbolic(list[0])) return `\${Select:${at}:${String(list[0])}}`;
    this.#report('error', `Fn::Select asks for item ${this.text(index) ?? ''} of a list of ${list.length}; the first item is 0.`, node.range);
    return '${Select}';
  }

  #split(node: IntrinsicNode): string[] {
    const [delimiter, source] = this.#arguments(node, 2, 2);
    const text = this.text(source) ?? '';
    return isSymbolic(text) ? [text] : text.split(scalarText(delimiter) ?? ',');
  }

  #findInMap(node: IntrinsicNode): unknown {
    const [map, first, second, options] = this.#arguments(node, 3, 4);
    const keys = [this.text(map) ?? '', this.text(first) ?? '', this.text(second) ?? ''];
    const found = memberAt(this.#options.root, 'Mappings', ...keys);
    if (found !== undefined) return scalarText(found) ?? plainValue(found);
    const fallback = member(options, 'DefaultValue');
    if (fallback !== undefined) return this.value(fallback);
    if (!keys.some(isSymbolic)) {
      this.#report('error', `Mappings have no ${keys.join(' › ')}: add it, or correct the keys.`, node.range);
    }
    return `\${FindInMap:${keys.join('.')}}`;
  }

  #arguments(node: IntrinsicNode, least: number, most: number): readonly TemplateNode[] {
    const items = node.argument.kind === 'list' ? node.argument.items : [node.argument];
    if (items.length < least || items.length > most) {
      this.#report('error', `${node.name} wants ${least === most ? least : `${least} to ${most}`} values, not ${items.length}.`, node.range);
    }
    return items.slice(0, most);
  }
}

/** Text that stands for a value nobody knows here. */
export function isSymbolic(value: unknown): boolean {
  return typeof value === 'string' && value.includes('${');
}

/** Text of a resolved value; undefined for maps and absent values. A list joins with commas, as CloudFormation does. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (Array.isArray(value) && value.every((item) => typeof item !== 'object')) return value.join(',');
  return undefined;
}

function asList(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return value === undefined || value === null ? [] : [value];
}

function comparable(value: unknown): string {
  return textOf(value) ?? JSON.stringify(value ?? null);
}

/** A key may be `__proto__`, which plain assignment would lose. */
function define(target: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: true, writable: true, configurable: true });
}
