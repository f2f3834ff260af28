import type { FileDiagnostics } from './diagnostics.ts';
import { entriesOf, member, scalarText } from './nodes.ts';
import type { MapEntry, TemplateNode } from './nodes.ts';

/** Parameters of one template: the override from settings, else the default, else a word that says what is missing. */
export class TemplateParameters {
  readonly #declared = new Map<string, MapEntry>();
  readonly #overrides: Readonly<Record<string, string>>;
  readonly #diagnostics: FileDiagnostics;
  readonly #valuesCome: boolean;
  readonly #values = new Map<string, string | readonly string[]>();

  /** `valuesCome`: a deployment fills the parameters (CDK assets, nested stacks), so that a missing value is no mistake. */
  constructor(root: TemplateNode | undefined, overrides: Readonly<Record<string, string>>, diagnostics: FileDiagnostics, valuesCome: boolean) {
    for (const entry of entriesOf(member(root, 'Parameters'))) this.#declared.set(entry.key, entry);
    this.#overrides = overrides;
    this.#diagnostics = diagnostics;
    this.#valuesCome = valuesCome;
  }

  has(name: string): boolean {
    return this.#declared.has(name);
  }

  /** Text, or a list for the list types. A parameter that is missing is reported once, when something first needs it. */
  value(name: string): string | readonly string[] {
    const known = this.#values.get(name);
    if (known !== undefined) return known;
    const value = this.#read(name);
    this.#values.set(name, value);
    return value;
  }

  #read(name: string): string | readonly string[] {
    const entry = this.#declared.get(name);
    const type = scalarText(member(entry?.value, 'Type')) ?? 'String';
    const override = Object.hasOwn(this.#overrides, name) ? this.#overrides[name] : undefined;
    const text = override ?? scalarText(member(entry?.value, 'Default'));
    if (entry === undefined || text === undefined) {
      if (entry !== undefined && !this.#valuesCome) {
        this.#diagnostics.add('warning', `Parameter ${name} has no value: give it a Default, or set it in localLambda.template.parameterOverrides.`, entry.keyRange);
      }
      return `\${${name}}`;
    }
    // The Default of an SSM parameter type is the name of the value, which only an account knows.
    if (type.startsWith('AWS::SSM::Parameter::Value') && override === undefined) return `\${ssm:${text}}`;
    this.#checkAllowed(entry, text);
    const list = type === 'CommaDelimitedList' || type.startsWith('List<') || type.includes('<List<');
    return list ? (text === '' ? [] : text.split(',').map((item) => item.trim())) : text;
  }

  #checkAllowed(entry: MapEntry, text: string): void {
    const allowed = member(entry.value, 'AllowedValues');
    if (allowed?.kind !== 'list') return;
    const values = allowed.items.map(scalarText);
    if (values.includes(undefined) || values.includes(text)) return;
    this.#diagnostics.add('warning', `Parameter ${entry.key} is "${text}", which is none of its AllowedValues (${values.join(', ')}).`, entry.keyRange);
  }
}
