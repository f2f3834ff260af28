/** The functions of one template, with their versions' aliases and all that belongs to them. */
import { dirname } from 'node:path';
import type { AliasDefinition, EventInvokeConfigDefinition, FunctionDefinition } from '../contracts/functions.ts';
import type { PolicyStatement } from '../contracts/permissions.ts';
import type { OpenTemplate } from './cloudformation.ts';
import { locateCode, shownPath } from './code-location.ts';
import type { CodeLocation } from './code-location.ts';
import type { NameDecision } from './contribution.ts';
import { deadLetterTarget } from './delivery-targets.ts';
import type { EmbeddedResources } from './embedded-resources.ts';
import { addEventInvokeConfig } from './event-invoke-config.ts';
import { FunctionPropertyReader, list, record, tagsOf } from './function-properties.ts';
import type { Properties } from './function-properties.ts';
import { readSatellites } from './function-satellites.ts';
import type { Satellites } from './function-satellites.ts';
import { isFolder, languageOf, resolveHandler } from './handler-resolution.ts';
import type { ResolvedHandler } from './handler-resolution.ts';
import { isSymbolic, textOf } from './intrinsics.ts';
import { member, memberAt, rangeAt } from './nodes.ts';
import type { TemplateNode, TextRange } from './nodes.ts';
import { functionArnOf, generatedName, roleArn } from './physical-ids.ts';
import { functionTypes } from './resource-table.ts';
import type { TemplateResource } from './resource-table.ts';
import { RolePermissions } from './role-permissions.ts';
import { esbuildEntryPoints, mergeGlobals } from './sam.ts';
import { readSamEventInvokeConfig } from './sam-destinations.ts';
import { readSamEvents } from './sam-events.ts';
import type { SamEvents } from './sam-events.ts';
import { allowDeliveries, samConnectors, samPolicies } from './sam-permissions.ts';

/** Properties that have a place in FunctionDefinition; all others are kept in `rest`. */
const modelled = new Set([
  'FunctionName', 'Description', 'Runtime', 'Handler', 'Role', 'Timeout', 'MemorySize', 'Environment', 'Layers',
  'Architectures', 'EphemeralStorage', 'PackageType', 'Tracing', 'TracingConfig', 'LoggingConfig', 'DeadLetterQueue',
  'DeadLetterConfig', 'Code', 'CodeUri', 'InlineCode', 'Tags', 'ReservedConcurrentExecutions', 'EventInvokeConfig', 'Events',
]);

/** What SAM makes beside a function (queues, subscriptions, rules) goes into `made`. */
export function buildTemplateFunctions(
  template: OpenTemplate,
  names: ReadonlyMap<string, NameDecision>,
  layers: ReadonlyMap<string, string>,
  made: EmbeddedResources,
): FunctionDefinition[] {
  const satellites = readSatellites(template);
  const roles = new RolePermissions(template.resources, template.resolver);
  const connectors = samConnectors(template.resources, template.resolver);
  const globals = template.kind === 'sam' ? memberAt(template.root, 'Globals', 'Function') : undefined;
  const functions: FunctionDefinition[] = [];
  for (const resource of template.resources.created(...functionTypes)) {
    const decision = names.get(resource.logicalId);
    const place = memberAt(resource.node, 'Properties', 'FunctionName')?.range ?? resource.keyRange;
    if (decision?.note !== undefined) template.diagnostics.add(decision.note.severity, decision.note.message, place);
    if (decision?.name === undefined) continue;
    const own = member(resource.node, 'Properties');
    const node = resource.type === 'AWS::Serverless::Function' ? mergeGlobals(globals, own) : own;
    functions.push(new TemplateFunction(template, resource, node, decision.name, { layers, made, roles, connectors }).read(satellites.get(resource.logicalId)));
  }
  return functions;
}

/** What the functions of a template share. */
interface Surroundings {
  /** Content folders of known layers, by ARN. */
  layers: ReadonlyMap<string, string>;
  made: EmbeddedResources;
  roles: RolePermissions;
  /** What connectors allow, by logical id of their source. */
  connectors: ReadonlyMap<string, readonly PolicyStatement[]>;
}

class TemplateFunction {
  readonly #template: OpenTemplate;
  readonly #resource: TemplateResource;
  readonly #node: TemplateNode | undefined;
  readonly #name: string;
  readonly #surroundings: Surroundings;
  readonly #properties: Properties;

  constructor(
    template: OpenTemplate,
    resource: TemplateResource,
    node: TemplateNode | undefined,
    name: string,
    surroundings: Surroundings,
  ) {
    this.#template = template;
    this.#resource = resource;
    this.#node = node;
    this.#name = name;
    this.#surroundings = surroundings;
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
    const { deadLetterTargetArn: deadLetters, ...others } = configuration;
    const deadLetterTargetArn = deadLetterTarget(deadLetters, this.#arn, this.#deadLetterPlace(), diagnostics);
    const events = this.#events();
    const role = this.#role();
    const own = this.#ownEventInvokeConfig();
    const permissions = this.#permissions(role, own, deadLetterTargetArn);
    return {
      origin: {
        kind,
        location: diagnostics.locate(this.#resource.keyRange),
        logicalId: this.#resource.logicalId,
        folder: context.folder,
      },
      configuration: {
        functionName: this.#name,
        ...others,
        ...(deadLetterTargetArn === undefined ? {} : { deadLetterTargetArn }),
        role,
        ...this.#layers(),
        code: { folder: code.folder, ...(code.inline === undefined ? {} : { inline: code.inline }), ...found },
      },
      ...(Number.isInteger(reserved) && reserved >= 0 ? { reservedConcurrency: reserved } : {}),
      aliases: [...this.#publishedAlias(), ...(satellites?.aliases ?? [])],
      eventInvokeConfigs: this.#eventInvokeConfigs(own, satellites),
      eventSourceMappings: [...satellites?.eventSourceMappings ?? [], ...events.mappings],
      ...(permissions === undefined ? {} : { permissions }),
      resourcePolicy: [...satellites?.invokers ?? [], ...events.invokers],
      tags: { ...tagsOf(this.#properties['Tags']), ...(this.#isSam ? { 'lambda:createdBy': 'SAM' } : {}) },
      rest: { ...this.#rest(), ...satellites?.rest, ...(Object.keys(events.rest).length === 0 ? {} : { Events: events.rest }) },
    };
  }

  get #arn(): string {
    return functionArnOf(this.#template.stack, this.#name);
  }

  get #alias(): string | undefined {
    return this.#isSam ? textOf(this.#properties['AutoPublishAlias']) : undefined;
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
    const local = (layer: string) => this.#surroundings.layers.get(layer);
    return {
      layers: named.map(local).filter((folder) => folder !== undefined),
      unresolvedLayers: named.filter((layer) => local(layer) === undefined),
    };
  }

  /** SAM publishes a version on every change of the code and points the alias at it; the first one is 1. */
  #publishedAlias(): AliasDefinition[] {
    const name = this.#alias;
    if (name === undefined) return [];
    return [{ name, functionVersion: '1', description: '', additionalVersionWeights: {} }];
  }

  #deadLetterPlace(): TextRange {
    const property = this.#properties['DeadLetterConfig'] === undefined ? 'DeadLetterQueue' : 'DeadLetterConfig';
    return rangeAt(this.#node, [property, 'TargetArn'], this.#resource.keyRange);
  }

  #ownEventInvokeConfig(): EventInvokeConfigDefinition | undefined {
    if (!this.#isSam) return undefined;
    const { logicalId: functionLogicalId, keyRange: range } = this.#resource;
    return readSamEventInvokeConfig(this.#properties['EventInvokeConfig'], {
      functionLogicalId, functionArn: this.#arn, alias: this.#alias, node: this.#node, range, diagnostics: this.#template.diagnostics, resources: this.#surroundings.made,
    });
  }

  #eventInvokeConfigs(own: EventInvokeConfigDefinition | undefined, satellites: Satellites | undefined): EventInvokeConfigDefinition[] {
    const configs: EventInvokeConfigDefinition[] = [];
    for (const config of [own, ...satellites?.eventInvokeConfigs ?? []]) {
      addEventInvokeConfig(configs, config, this.#resource.keyRange, this.#template.diagnostics);
    }
    return configs;
  }

  /** SAM makes a role for a function that names none, and gives it what its destinations and dead letters need. */
  #permissions(role: string, own: EventInvokeConfigDefinition | undefined, deadLetterTargetArn: string | undefined): PolicyStatement[] | undefined {
    const { stack } = this.#template;
    const { roles } = this.#surroundings;
    if (!this.#isSam || this.#properties['Role'] !== undefined) return roles.ofRole(role);
    if (this.#properties['PermissionsBoundary'] !== undefined) return undefined;
    return [
      ...samPolicies(this.#properties['Policies'], stack, roles),
      ...this.#surroundings.connectors.get(this.#resource.logicalId) ?? [],
      ...roles.attachedTo(role.slice(role.lastIndexOf('/') + 1)),
      ...allowDeliveries(own === undefined ? [] : [own], deadLetterTargetArn),
    ];
  }

  #events(): SamEvents {
    if (!this.#isSam) return { rest: {}, mappings: [], invokers: [] };
    const { stack, resolver, diagnostics } = this.#template;
    const targetArn = this.#alias === undefined ? this.#arn : `${this.#arn}:${this.#alias}`;
    return readSamEvents(member(this.#node, 'Events'), {
      functionLogicalId: this.#resource.logicalId, targetArn, stack, resolver, diagnostics, resources: this.#surroundings.made,
    });
  }

  #rest(): Record<string, unknown> {
    return Object.fromEntries(Object.entries(this.#properties).filter(([key]) => !modelled.has(key)));
  }
}
