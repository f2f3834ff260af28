/** The variables of serverless.yml: `${self:custom.x}`, `${opt:stage, 'dev'}`, `${env:X}`, `${file(x.yml):a.b}` and the like. */
import { readFileSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import type { FileDiagnostics } from './diagnostics.ts';
import { member, scalarText } from './nodes.ts';
import type { MapEntry, ScalarNode, TemplateNode, TextRange } from './nodes.ts';
import type { ParsedFiles } from './parsed-files.ts';

export interface VariableOptions {
  root: TemplateNode | undefined;
  /** Absolute path of the folder that holds serverless.yml. */
  folder: string;
  /** Values of `${opt:…}`. */
  options: Readonly<Record<string, string>>;
  /** Values of `${env:…}`. */
  environment: Readonly<Record<string, string | undefined>>;
  accountId: string;
  region: string;
  diagnostics: FileDiagnostics;
  parsed: ParsedFiles;
  /** Hears of every file that a variable reads. */
  onFile: (file: string) => void;
}

/** A value that a variable stands for; `unknown` when only a deployment could say. */
type Found = { node: TemplateNode } | 'missing' | 'unknown';

/** How deep variables may lead to each other; a circle is longer than any real chain. */
const maximumDepth = 50;
/** Texts with variables that are resolved for one file, and characters that one may grow to. */
const maximumTexts = 50_000;
const maximumLength = 1_000_000;
const sourcePattern = /^(?:(\w+)(?:\(([^)]*)\))?)(?::(.*))?$/s;

export class ServerlessVariables {
  readonly #options: VariableOptions;
  readonly #files = new Map<string, TemplateNode | undefined>();
  readonly #reported = new Set<string>();
  #depth = 0;
  #texts = 0;

  constructor(options: VariableOptions) {
    this.#options = options;
  }

  /** The node with all variables in it replaced; what nobody knows here stays as written. */
  resolve(node: TemplateNode): TemplateNode {
    switch (node.kind) {
      case 'scalar':
        return typeof node.value === 'string' && node.value.includes('${') ? this.#text(node.value, node.range) : node;
      case 'list':
        return { ...node, items: node.items.map((item) => this.resolve(item)) };
      case 'intrinsic':
        return { ...node, argument: this.resolve(node.argument) };
      case 'map':
        return { ...node, entries: new Map([...node.entries].map(([key, entry]): [string, MapEntry] => [key, { ...entry, value: this.resolve(entry.value) }])) };
    }
  }

  /** A value by its path from the top of the file, for example `provider.stage`, resolved. */
  self(path: string): TemplateNode | undefined {
    const found = this.#below(this.#options.root, path);
    return found === undefined ? undefined : this.resolve(found);
  }

  /** `provider.stage` unless an option says otherwise; `dev` as the framework's default. */
  get stage(): string {
    return this.#options.options['stage'] ?? scalarText(this.self('provider.stage')) ?? 'dev';
  }

  #text(text: string, range: TextRange): TemplateNode {
    if (this.#depth >= maximumDepth) {
      this.#report('error', `Variable ${text} leads back to itself: break the circle.`, range);
      return scalar('', range);
    }
    this.#texts += 1;
    if (this.#texts > maximumTexts || text.length > maximumLength) {
      if (this.#texts === maximumTexts + 1) this.#report('error', 'Variables of this file repeat each other too often to be resolved.', range);
      return scalar('', range);
    }
    this.#depth += 1;
    try {
      return this.#replace(text, range);
    } finally {
      this.#depth -= 1;
    }
  }

  #replace(text: string, range: TextRange): TemplateNode {
    let result = '';
    let at = 0;
    while (at < text.length) {
      const start = text.indexOf('${', at);
      const end = start === -1 ? -1 : closingBrace(text, start + 2);
      if (end === -1) break;
      const written = text.slice(start, end + 1);
      const value = this.#variable(text.slice(start + 2, end), range);
      if (value !== undefined && start === 0 && end === text.length - 1) return value;
      if (result.length > maximumLength) break;
      result += text.slice(at, start) + (value === undefined ? written : (scalarText(value) ?? (isNull(value) ? '' : written)));
      at = end + 1;
    }
    return scalar(result + text.slice(at), range);
  }

  /** Undefined for what is no variable of the framework (`${AWS::Region}`, `${Name}` of Fn::Sub) and for unknown values. */
  #variable(written: string, range: TextRange): TemplateNode | undefined {
    if (/^\s*(AWS::|!|\w+(\.\w+)*\s*$)/.test(written)) return undefined;
    // Variables inside of the address come first: `self:custom.${opt:stage}`.
    const inner = written.includes('${') ? scalarText(this.#text(written, range)) : written;
    if (inner === undefined || inner.includes('${')) return undefined;
    const sources = splitSources(inner);
    let unknown = false;
    for (const source of sources) {
      const found = this.#source(source.trim(), range);
      if (found === 'unknown') unknown = true;
      else if (found !== 'missing') return this.resolve(withRange(found.node, range));
    }
    // The framework asks its command line for these two; here they have what it takes without one.
    const usual = { 'opt:stage': 'dev', 'opt:region': this.#options.region }[inner.trim()];
    if (usual !== undefined) return scalar(usual, range);
    if (unknown) this.#report('information', `\${${inner}} is known to a deployment only, so it stays as written.`, range);
    else this.#report('warning', `\${${inner}} has no value: set it, or give it a default as in \${${inner}, 'value'}.`, range);
    return undefined;
  }

  #source(source: string, range: TextRange): Found {
    const quoted = /^(["'])(.*)\1$/s.exec(source);
    if (quoted !== null) return { node: scalar(quoted[2]!, range) };
    const literal = literals.get(source) ?? (/^-?\d+(\.\d+)?$/.test(source) ? Number(source) : undefined);
    if (literal !== undefined) return { node: { kind: 'scalar', value: literal, source, range } };
    const [, type = '', written, address = ''] = sourcePattern.exec(source) ?? [];
    const parameter = written?.trim().replace(/^(["'])(.*)\1$/, '$2');
    const { options, environment, accountId, region } = this.#options;
    const text = (value: string | undefined): Found => (value === undefined ? 'missing' : { node: scalar(value, range) });
    switch (type) {
      case 'self':
        return found(this.#below(this.#options.root, address));
      case 'opt':
        return text(options[address]);
      case 'env':
        return text(environment[address]);
      case 'sls':
        return address === 'stage' ? text(this.stage) : address === 'instanceId' ? text('local') : 'missing';
      case 'param':
        return found(this.self(`params.${this.stage}.${address}`) ?? this.self(`params.default.${address}`));
      case 'aws':
        return address === 'accountId' ? text(accountId) : address === 'region' ? text(region) : 'unknown';
      case 'file':
        return this.#file(parameter ?? '', address, range);
      case 'strToBool':
        return { node: { kind: 'scalar', value: /^(true|1)$/i.test(parameter ?? ''), source: parameter ?? '', range } };
      default:
        return 'unknown';
    }
  }

  #file(path: string, address: string, range: TextRange): Found {
    const file = resolve(this.#options.folder, path.trim());
    if (!this.#files.has(file)) this.#files.set(file, this.#read(file, range));
    const root = this.#files.get(file);
    // Programs are not run for reading: an untrusted workspace must be readable.
    if (/\.[cm]?[jt]s$/.test(file)) return 'unknown';
    return found(address === '' ? root : this.#below(root, address));
  }

  #read(file: string, range: TextRange): TemplateNode | undefined {
    const extension = extname(file).toLowerCase();
    if (/^\.[cm]?[jt]s$/.test(extension)) return undefined;
    this.#options.onFile(file);
    let text: string;
    try {
      text = readFileSync(file, 'utf8');
    } catch {
      // Reported by the variable that has no value then, unless it has a default for this case.
      return undefined;
    }
    if (extension !== '.json' && extension !== '.yml' && extension !== '.yaml') return scalar(text.trim(), range);
    const parsed = this.#options.parsed.parse(file, text);
    const [problem] = parsed.problems;
    if (problem !== undefined) {
      const line = parsed.lines.position(problem.range.start).line + 1;
      this.#report('error', `${file}, line ${line}: ${problem.message}`, range);
    }
    return parsed.root;
  }

  /** Walks a dotted path; a variable on the way is resolved first. */
  #below(from: TemplateNode | undefined, path: string): TemplateNode | undefined {
    let at = from;
    for (const key of path === '' ? [] : path.split('.')) {
      if (at?.kind === 'scalar' && typeof at.value === 'string' && at.value.includes('${')) at = this.#text(at.value, at.range);
      at = at?.kind === 'list' ? at.items[Number(key)] : member(at, key);
    }
    return at;
  }

  #report(severity: 'error' | 'warning' | 'information', message: string, range: TextRange): void {
    const key = `${range.start} ${message}`;
    if (this.#reported.has(key)) return;
    this.#reported.add(key);
    this.#options.diagnostics.add(severity, message, range);
  }
}

const literals = new Map<string, boolean | null>([['true', true], ['false', false], ['null', null]]);

function found(node: TemplateNode | undefined): Found {
  return node === undefined || isNull(node) ? 'missing' : { node };
}

function isNull(node: TemplateNode): boolean {
  return node.kind === 'scalar' && node.value === null;
}

function scalar(value: string, range: TextRange): ScalarNode {
  return { kind: 'scalar', value, source: value, range };
}

/** A value from elsewhere is reported where its variable stands: its own offsets may belong to another file. */
function withRange(node: TemplateNode, range: TextRange): TemplateNode {
  switch (node.kind) {
    case 'scalar':
      return { ...node, range };
    case 'list':
      return { ...node, items: node.items.map((item) => withRange(item, range)), range };
    case 'intrinsic':
      return { ...node, argument: withRange(node.argument, range), range };
    case 'map':
      return { ...node, entries: new Map([...node.entries].map(([key, entry]) => [key, { key, keyRange: range, value: withRange(entry.value, range) }])), range };
  }
}

function closingBrace(text: string, from: number): number {
  let depth = 1;
  for (let at = from; at < text.length; at += 1) {
    if (text.startsWith('${', at)) depth += 1;
    else if (text[at] === '}') depth -= 1;
    if (depth === 0) return at;
  }
  return -1;
}

/** Splits at commas outside of quotes and parentheses. */
function splitSources(text: string): string[] {
  return text.match(/(?:"[^"]*"|'[^']*'|\([^)]*\)|[^,"'(]|["'(])+/g) ?? [];
}
