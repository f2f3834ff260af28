/** `Fn::ForEach` of the AWS::LanguageExtensions transform: written out before anything else looks at the template. */
import type { FileDiagnostics } from './diagnostics.ts';
import { intrinsicOrMap, scalarText } from './nodes.ts';
import type { MapEntry, TemplateNode } from './nodes.ts';
import type { TemplateParameters } from './parameters.ts';

const prefix = 'Fn::ForEach::';
/** Entries that loops may make in one template, nested loops multiplied. */
const maximumEntries = 5000;

/** The same tree with loops written out; the very same node when it has none. */
export function expandLoops(root: TemplateNode | undefined, parameters: TemplateParameters, diagnostics: FileDiagnostics): TemplateNode | undefined {
  return root === undefined || !hasLoop(root) ? root : new LoopExpander(parameters, diagnostics).expand(root, new Map());
}

function hasLoop(node: TemplateNode): boolean {
  // CloudFormation allows loops in sections, in resources and in their properties: three levels of maps.
  const search = (at: TemplateNode, depth: number): boolean => at.kind === 'map' && depth >= 0
    && [...at.entries.values()].some((entry) => entry.key.startsWith(prefix) || search(entry.value, depth - 1));
  return search(node, 3);
}

class LoopExpander {
  readonly #parameters: TemplateParameters;
  readonly #diagnostics: FileDiagnostics;
  #made = 0;

  constructor(parameters: TemplateParameters, diagnostics: FileDiagnostics) {
    this.#parameters = parameters;
    this.#diagnostics = diagnostics;
  }

  expand(node: TemplateNode, names: ReadonlyMap<string, string>): TemplateNode {
    switch (node.kind) {
      case 'scalar':
        return typeof node.value === 'string' && names.size > 0 ? { ...node, value: replaceNames(node.value, names) } : node;
      case 'list':
        return { ...node, items: node.items.map((item) => this.expand(item, names)) };
      case 'intrinsic': {
        const own = node.name === 'Ref' ? names.get(scalarText(node.argument) ?? '') : undefined;
        if (own !== undefined) return { kind: 'scalar', value: own, source: own, range: node.range };
        return { ...node, argument: this.expand(node.argument, names) };
      }
      case 'map': {
        const entries = new Map<string, MapEntry>();
        for (const entry of node.entries.values()) this.#expandEntry(entry, names, entries);
        return intrinsicOrMap({ ...node, entries });
      }
    }
  }

  #expandEntry(entry: MapEntry, names: ReadonlyMap<string, string>, into: Map<string, MapEntry>): void {
    if (!entry.key.startsWith(prefix)) {
      const key = replaceNames(entry.key, names);
      into.set(key, { ...entry, key, value: this.expand(entry.value, names) });
      return;
    }
    const [identifier, collection, body] = entry.value.kind === 'list' ? entry.value.items : [];
    const name = scalarText(identifier);
    const values = collection === undefined ? undefined : this.#values(this.expand(collection, names));
    if (name === undefined || values === undefined || body?.kind !== 'map') {
      this.#diagnostics.add('error', `${entry.key} wants a name, a list and a map, for example [Name, [A, B], {"Fn\${Name}": …}].`, entry.keyRange);
      return;
    }
    for (const value of values) {
      for (const part of body.entries.values()) {
        this.#made += 1;
        if (this.#made > maximumEntries) {
          this.#diagnostics.add('error', `Loops make more than ${maximumEntries} entries; the rest is left out.`, entry.keyRange);
          return;
        }
        this.#expandEntry({ ...part, keyRange: part.keyRange }, new Map([...names, [name, value]]), into);
      }
    }
  }

  #values(collection: TemplateNode): readonly string[] | undefined {
    if (collection.kind === 'list') return collection.items.map(scalarText).filter((value) => value !== undefined);
    const name = collection.kind === 'intrinsic' && collection.name === 'Ref' ? scalarText(collection.argument) : undefined;
    if (name === undefined || !this.#parameters.has(name)) return undefined;
    const value = this.#parameters.value(name);
    return typeof value === 'string' ? undefined : value;
  }
}

/** `${Name}` as it is; `&{Name}` with its letters and digits only, as logical ids want them. */
function replaceNames(text: string, names: ReadonlyMap<string, string>): string {
  return text.replace(/([$&])\{(\w+)\}/g, (whole, sign: string, name: string) => {
    const value = names.get(name);
    if (value === undefined) return whole;
    return sign === '&' ? value.replace(/[^A-Za-z0-9]/g, '') : value;
  });
}
