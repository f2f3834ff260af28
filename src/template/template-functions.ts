/** The functions of one template, with their versions' aliases and all that belongs to them. */
import { dirname } from 'node:path';
import type { AliasDefinition, FunctionDefinition } from '../contracts/functions.ts';
import type { OpenTemplate } from './cloudformation.ts';
import { locateCode, shownPath } from './code-location.ts';
import type { CodeLocation } from './code-location.ts';
import type { NameDecision } from './contribution.ts';
import { FunctionPropertyReader, list, record, tagsOf } from './function-properties.ts';
import type { Properties } from './function-properties.ts';
import { isFolder, languageOf, resolveHandler } from './handler-resolution.ts';
import type { ResolvedHandler } from './handler-resolution.ts';
import { isSymbolic, textOf } from './intrinsics.ts';
import { member, memberAt } from './nodes.ts';
import type { TemplateNode, TextRange } from './nodes.ts';
import { generatedName, roleArn } from './physical-ids.ts';
import { functionTypes } from './resource-table.ts';
import type { TemplateResource } from './resource-table.ts';
import { esbuildEntryPoints, mergeGlobals } from './sam.ts';

/** Properties that have a place in FunctionDefinition; all others are kept in `rest`. */
const modelled = new Set([
  'FunctionName', 'Description', 'Runtime', 'Handler', 'Role', 'Timeout', 'MemorySize', 'Environment', 'Layers',
  'Architectures', 'EphemeralStorage', 'PackageType', 'Tracing', 'TracingConfig', 'LoggingConfig', 'DeadLetterQueue',
  'DeadLetterConfig', 'Code', 'CodeUri', 'InlineCode', 'Tags', 'ReservedConcurrentExecutions',
]);

/** Resources that belong to the function they name, kept in its `rest` as a list below their type. */
const satelliteTypes = ['AWS::Lambda::EventInvokeConfig', 'AWS::Lambda::EventSourceMapping', 'AWS::Lambda::Url', 'AWS::Lambda::Permission', 'AWS::Lambda::Version'];

interface Satellites {
  aliases: AliasDefinition[];
  rest: Record<string, unknown[]>;
}

export function buildTemplateFunctions(
  template: OpenTemplate,
  names: ReadonlyMap<string, NameDecision>,
  layers: ReadonlyMap<string, string>,
): FunctionDefinition[] {
  const satellites = readSatellites(template);
  const globals = template.kind === 'sam' ? memberAt(template.root, 'Globals', 'Function') : undefined;
  const functions: FunctionDefinition[] = [];
  for (const resource of template.resources.created(...functionTypes)) {
    const decision = names.get(resource.logicalId);
    const place = memberAt(resource.node, 'Properties', 'FunctionName')?.range ?? resource.keyRange;
    if (decision?.note !== undefined) template.diagnostics.add(decision.note.severity, decision.note.message, place);
    if (decision?.name === undefined) continue;
    const own = member(resource.node, 'Properties');
    const node = resource.type === 'AWS::Serverless::Function' ? mergeGlobals(globals, own) : own;
    functions.push(new TemplateFunction(template, resource, node, decision.name, layers).read(satellites.get(resource.logicalId)));
  }
  return functions;
}

class TemplateFunction {
  readonly #template: OpenTemplate;
  readonly #resource: TemplateResource;
  readonly #node: TemplateNode | undefined;
  readonly #name: string;
  readonly #knownLayers: ReadonlyMap<string, string>;
  readonly #properties: Properties;

  constructor(template: OpenTemplate, resource: TemplateResource, node: TemplateNode | undefined, name: string, layers: ReadonlyMap<string, string>) {
    this.#template = template;
    this.#resource = resource;
    this.#node = node;
    this.#name = name;
    this.#knownLayers = layers;
    this.#properties = record(template.resolver.value(node));
  }

  read(satellites: Satellites | undefined): FunctionDefinition {
    const { context, kind, diagnostics } = this.#template;
    const reader = new FunctionPropertyReader(this.#properties);
    const configuration = reader.configuration(this.#name);
    for (const finding of reader.findings) diagnostics.add(finding.severity, finding.message, this.#place(finding.property));
    const code = this.#code();
    const found = code.local && code.inline === undefined ? this.#handler(code, configuration.runtime, configuration.handler) : undefined;
    const reserved = Number(textOf(this.#properties['ReservedConcurrentExecutions']) ?? Number.NaN);
    return {
      origin: {
        kind,
        location: diagnostics.locate(this.#resource.keyRange),
        logicalId: this.#resource.logicalId,
        folder: context.folder,
      },
      configuration: {
        functionName: this.#name,
        ...configuration,
        role: this.#role(),
        ...this.#layers(),
        code: { folder: code.folder, ...(code.inline === undefined ? {} : { inline: code.inline }), ...found },
      },
      ...(Number.isInteger(reserved) && reserved >= 0 ? { reservedConcurrency: reserved } : {}),
      aliases: [...this.#publishedAlias(), ...(satellites?.aliases ?? [])],
      eventInvokeConfigs: [],
      tags: { ...tagsOf(this.#properties['Tags']), ...(this.#isSam ? { 'lambda:createdBy': 'SAM' } : {}) },
      rest: { ...this.#rest(), ...satellites?.rest },
    };
  }

  get #isSam(): boolean {
    return this.#resource.type === 'AWS::Serverless::Function';
  }

  /** The value of a scalar property, the key of any other; the resource when the property is absent. */
  #place(property: string): TextRange {
    const entry = this.#node?.kind === 'map' ? this.#node.entries.get(property) : undefined;
    if (entry === undefined) return this.#resource.keyRange;
    return entry.value.kind === 'scalar' && entry.value.range.end > entry.value.range.start ? entry.value.range : entry.keyRange;
  }

  #code(): CodeLocation {
    const { context, assets, diagnostics } = this.#template;
    const inline = textOf(this.#properties['InlineCode']);
    const property = this.#isSam ? 'CodeUri' : 'Code';
    const code = locateCode({
      templateFolder: dirname(context.file),
      root: context.folder,
      value: inline === undefined ? this.#properties[property] : { ZipFile: inline },
      property,
      resource: this.#resource.node,
      ...(assets === undefined ? {} : { assets }),
    });
    if (code.problem === undefined || this.#properties['PackageType'] === 'Image') return code;
    // A code folder that a build makes may be missing while its source stands there.
    if (!isFolder(code.folder) && this.#builtFrom(code.folder)) return { ...code, local: true };
    diagnostics.add(code.problem.severity, code.problem.message, this.#place(property));
    return code;
  }

  #builtFrom(folder: string): boolean {
    return this.#resolve(folder, textOf(this.#properties['Runtime']) ?? '', textOf(this.#properties['Handler']) ?? '') !== undefined;
  }

  #resolve(folder: string, runtime: string, handler: string): ResolvedHandler | undefined {
    const entryPoints = esbuildEntryPoints(this.#resource.node);
    return resolveHandler({ folder, handler, runtime, root: this.#template.context.folder, entryPoints });
  }

  #handler(code: CodeLocation, runtime: string, handler: string): ResolvedHandler | undefined {
    const found = this.#resolve(code.folder, runtime, handler);
    const language = languageOf(runtime);
    if (found === undefined && handler !== '' && !isSymbolic(handler) && (language === 'node' || language === 'python')) {
      const folder = shownPath(code.folder, this.#template.context.folder);
      this.#template.diagnostics.add('warning', `No file for handler ${handler} in ${folder}: create it, or correct Handler or the code folder.`, this.#place('Handler'));
    }
    return found;
  }

  #role(): string {
    const { stack } = this.#template;
    return textOf(this.#properties['Role']) ?? roleArn(stack, generatedName(stack, `${this.#resource.logicalId}Role`));
  }

  #layers(): { layers: string[]; unresolvedLayers: string[] } {
    const named = list(this.#properties['Layers']).map(textOf).filter((layer) => layer !== undefined);
    const local = (layer: string) => this.#knownLayers.get(layer);
    return {
      layers: named.map(local).filter((folder) => folder !== undefined),
      unresolvedLayers: named.filter((layer) => local(layer) === undefined),
    };
  }

  /** SAM publishes a version on every change of the code and points the alias at it; the first one is 1. */
  #publishedAlias(): AliasDefinition[] {
    const name = textOf(this.#properties['AutoPublishAlias']);
    if (!this.#isSam || name === undefined) return [];
    return [{ name, functionVersion: '1', description: '', additionalVersionWeights: {} }];
  }

  #rest(): Record<string, unknown> {
    return Object.fromEntries(Object.entries(this.#properties).filter(([key]) => !modelled.has(key)));
  }
}

function readSatellites({ resources, resolver }: OpenTemplate): Map<string, Satellites> {
  const byFunction = new Map<string, Satellites>();
  for (const resource of resources.created(...satelliteTypes, 'AWS::Lambda::Alias')) {
    const properties = record(resolver.value(member(resource.node, 'Properties')));
    const owner = resources.functionNamed(textOf(properties['FunctionName']) ?? '');
    if (owner === undefined) continue;
    const satellites = byFunction.get(owner.logicalId) ?? { aliases: [], rest: {} };
    byFunction.set(owner.logicalId, satellites);
    if (resource.type === 'AWS::Lambda::Alias') satellites.aliases.push(aliasOf(resource.logicalId, properties));
    else (satellites.rest[resource.type] ??= []).push({ LogicalId: resource.logicalId, ...properties });
  }
  return byFunction;
}

function aliasOf(logicalId: string, properties: Properties): AliasDefinition {
  const routes = list(record(properties['RoutingConfig'])['AdditionalVersionWeights']).map(record);
  const weights = routes.map((route) => [textOf(route['FunctionVersion']) ?? '', Number(textOf(route['FunctionWeight']))] as const);
  return {
    name: textOf(properties['Name']) ?? logicalId,
    functionVersion: textOf(properties['FunctionVersion']) ?? '$LATEST',
    description: textOf(properties['Description']) ?? '',
    additionalVersionWeights: Object.fromEntries(weights.filter(([version, weight]) => version !== '' && Number.isFinite(weight))),
  };
}
