/** Resources that belong to the function they name: aliases, asynchronous-invocation settings, mappings, permissions. */
import type { AliasDefinition, EventInvokeConfigDefinition, EventSourceMappingDefinition } from '../contracts/functions.ts';
import type { PolicyStatement } from '../contracts/permissions.ts';
import type { FileDiagnostics } from './diagnostics.ts';
import { addEventInvokeConfig, readEventInvokeConfig } from './event-invoke-config.ts';
import { locatedMapping } from './event-source-mappings.ts';
import { list, record } from './function-properties.ts';
import type { Properties } from './function-properties.ts';
import { textOf } from './intrinsics.ts';
import type { IntrinsicResolver } from './intrinsics.ts';
import { member, rangeAt } from './nodes.ts';
import { functionArnOf } from './physical-ids.ts';
import type { StackIdentity } from './physical-ids.ts';
import type { ResourceTable, TemplateResource } from './resource-table.ts';

/** Kept in the function's `rest` as a list below their type. */
const satelliteTypes = ['AWS::Lambda::Url', 'AWS::Lambda::Permission', 'AWS::Lambda::Version'];

export interface Satellites {
  aliases: AliasDefinition[];
  eventInvokeConfigs: EventInvokeConfigDefinition[];
  eventSourceMappings: EventSourceMappingDefinition[];
  /** `AWS::Lambda::Permission` of the function. */
  invokers: PolicyStatement[];
  rest: Record<string, unknown[]>;
}

/** A template, or what the Serverless Framework makes one of. */
export interface SatelliteSource {
  resources: ResourceTable;
  resolver: IntrinsicResolver;
  stack: StackIdentity;
  diagnostics: FileDiagnostics;
}

/** By logical id of the function. */
export function readSatellites(template: SatelliteSource): Map<string, Satellites> {
  const { resources, resolver, diagnostics } = template;
  const byFunction = new Map<string, Satellites>();
  for (const resource of resources.created(...satelliteTypes, 'AWS::Lambda::Alias', 'AWS::Lambda::EventInvokeConfig', 'AWS::Lambda::EventSourceMapping')) {
    const properties = record(resolver.value(member(resource.node, 'Properties')));
    const owner = resources.functionNamed(textOf(properties['FunctionName']) ?? '');
    if (owner === undefined) {
      const stray = strayWords[resource.type];
      if (stray !== undefined) reportStray(template, stray, resource, properties);
      continue;
    }
    const satellites = byFunction.get(owner.logicalId) ?? { aliases: [], eventInvokeConfigs: [], eventSourceMappings: [], invokers: [], rest: {} };
    byFunction.set(owner.logicalId, satellites);
    if (resource.type === 'AWS::Lambda::Permission') satellites.invokers.push(invokerOf(properties, functionArnOf(template.stack, resources.identity(owner).name)));
    if (resource.type === 'AWS::Lambda::EventSourceMapping') satellites.eventSourceMappings.push(...mappingOf(template, resource, properties));
    else if (resource.type === 'AWS::Lambda::Alias') satellites.aliases.push(aliasOf(resource.logicalId, properties));
    else if (resource.type === 'AWS::Lambda::EventInvokeConfig') {
      const config = eventInvokeConfigOf(template, resource, owner, properties);
      addEventInvokeConfig(satellites.eventInvokeConfigs, config, resource.keyRange, diagnostics);
    }
    else (satellites.rest[resource.type] ??= []).push({ LogicalId: resource.logicalId, ...properties });
  }
  return byFunction;
}

function mappingOf({ diagnostics }: SatelliteSource, { logicalId, node, keyRange }: TemplateResource, properties: Properties): EventSourceMappingDefinition[] {
  const mapping = locatedMapping({ logicalId, properties }, { node: member(node, 'Properties'), range: keyRange, diagnostics });
  return mapping === undefined ? [] : [mapping];
}

function eventInvokeConfigOf(
  { stack, resources, diagnostics }: SatelliteSource,
  resource: TemplateResource,
  owner: TemplateResource,
  properties: Properties,
): EventInvokeConfigDefinition | undefined {
  const destinations = record(properties['DestinationConfig']);
  const own = member(resource.node, 'Properties');
  return readEventInvokeConfig({
    // A reference to a version or alias is its ARN.
    qualifier: textOf(properties['Qualifier'])?.split(':').at(-1) || '$LATEST',
    functionArn: functionArnOf(stack, resources.identity(owner).name),
    values: {
      MaximumRetryAttempts: properties['MaximumRetryAttempts'],
      MaximumEventAgeInSeconds: properties['MaximumEventAgeInSeconds'],
      OnSuccess: record(destinations['OnSuccess'])['Destination'],
      OnFailure: record(destinations['OnFailure'])['Destination'],
    },
    place: (part) => rangeAt(own, part.startsWith('On') ? ['DestinationConfig', part, 'Destination'] : [part], resource.keyRange),
  }, diagnostics);
}

function invokerOf(properties: Properties, functionArn: string): PolicyStatement {
  const sources = { 'aws:SourceArn': textOf(properties['SourceArn']), 'aws:SourceAccount': textOf(properties['SourceAccount']) };
  const conditions = Object.entries(sources).flatMap(([key, value]) => (value === undefined ? [] : [[key, [value]] as const]));
  return {
    effect: 'Allow',
    actions: [textOf(properties['Action']) ?? 'lambda:InvokeFunction'],
    // A permission on an alias or version is one on the function here: hints may be missing, never wrong.
    resources: [functionArn, `${functionArn}:*`],
    principals: [textOf(properties['Principal']) ?? '*'],
    ...(conditions.length === 0 ? {} : { conditions: { ArnLike: Object.fromEntries(conditions) } }),
  };
}

const strayWords: Readonly<Record<string, string>> = { 'AWS::Lambda::EventInvokeConfig': 'config', 'AWS::Lambda::EventSourceMapping': 'event source mapping' };

function reportStray({ diagnostics }: SatelliteSource, what: string, resource: TemplateResource, properties: Properties): void {
  const name = textOf(properties['FunctionName']) ?? 'no function';
  const place = rangeAt(member(resource.node, 'Properties'), ['FunctionName'], resource.keyRange);
  diagnostics.add('information', `This ${what} is for ${name}, which this template does not declare, so it is left out here.`, place);
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
