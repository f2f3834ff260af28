/** One function of a serverless.yml, with the provider's and the framework's defaults, as a FunctionDefinition. */
import type { EventInvokeConfigDefinition, FunctionDefinition } from '../contracts/functions.ts';
import { shownPath } from './code-location.ts';
import type { EmbeddedResources } from './embedded-resources.ts';
import { addEventInvokeConfig } from './event-invoke-config.ts';
import { FunctionPropertyReader, list, record, tagsOf } from './function-properties.ts';
import type { Satellites } from './function-satellites.ts';
import { languageOf, resolveHandler } from './handler-resolution.ts';
import { isSymbolic, textOf } from './intrinsics.ts';
import { entriesOf, member } from './nodes.ts';
import type { MapEntry, TemplateNode, TextRange } from './nodes.ts';
import { functionArnOf } from './physical-ids.ts';
import type { RolePermissions } from './role-permissions.ts';
import { serverlessDeadLetterTarget, serverlessEventInvokeConfig } from './serverless-destinations.ts';
import { functionLogicalId, readServerlessEvents } from './serverless-events.ts';
import { serverlessPermissions, serverlessRole } from './serverless-permissions.ts';
import type { OpenServerless } from './serverless.ts';

/** What the framework gives a function that says nothing (serverless.com/framework/docs/providers/aws/guide/serverless.yml). */
const frameworkDefaults = { runtime: 'nodejs20.x', memorySize: 1024, timeout: 6 } as const;

/** Keys of serverless.yml by the AWS property that they set. */
const keyNames: Readonly<Record<string, string>> = {
  Handler: 'handler', Runtime: 'runtime', Timeout: 'timeout', MemorySize: 'memorySize', Environment: 'environment', PackageType: 'image',
  EphemeralStorage: 'ephemeralStorageSize',
};

/** Keys that have a place in FunctionDefinition; the others are kept in `rest`, as the file spells them, below `Serverless`. */
const modelled = new Set([
  'name', 'handler', 'runtime', 'timeout', 'memorySize', 'environment', 'description', 'layers', 'architecture', 'tags', 'image',
  'ephemeralStorageSize', 'tracing', 'role', 'onError', 'reservedConcurrency', 'maximumEventAge', 'maximumRetryAttempts', 'destinations', 'logs',
  'deadLetter', 'events', 'iamRoleStatements', 'iamRoleStatementsInherit',
]);

/** What the functions of a file share. */
export interface ServerlessSurroundings {
  /** Content folders of known layers, by ARN. */
  layers: ReadonlyMap<string, string>;
  resources: EmbeddedResources;
  roles: RolePermissions;
  /** By logical id of the function. */
  satellites: ReadonlyMap<string, Satellites>;
}

export function buildServerlessFunction(open: OpenServerless, entry: MapEntry, functionName: string, surroundings: ServerlessSurroundings): FunctionDefinition {
  const { layers: knownLayers, resources, roles } = surroundings;
  const satellites = surroundings.satellites.get(functionLogicalId(entry.key));
  const { context, folder, resolver, diagnostics, stack } = open;
  const value = (key: string) => resolver.value(inherited(open, entry, key));
  const own = (key: string) => resolver.value(member(entry.value, key));
  const image = own('image') !== undefined;
  const tracing = own('tracing') ?? record(resolver.value(member(open.provider, 'tracing')))['lambda'];
  const logs = record(own('logs') ?? record(resolver.value(member(open.provider, 'logs')))['lambda']);
  const reader = new FunctionPropertyReader({
    Description: own('description'),
    Handler: own('handler'),
    Runtime: value('runtime') ?? (image ? undefined : frameworkDefaults.runtime),
    Timeout: value('timeout') ?? frameworkDefaults.timeout,
    MemorySize: value('memorySize') ?? frameworkDefaults.memorySize,
    Environment: { Variables: { ...record(resolver.value(member(open.provider, 'environment'))), ...record(own('environment')) } },
    Architectures: [value('architecture') ?? 'x86_64'],
    EphemeralStorage: { Size: value('ephemeralStorageSize') },
    PackageType: image ? 'Image' : 'Zip',
    TracingConfig: { Mode: tracing === true || tracing === 'Active' ? 'Active' : 'PassThrough' },
    LoggingConfig: { LogFormat: logs['logFormat'], LogGroup: logs['logGroup'], ApplicationLogLevel: logs['applicationLogLevel'], SystemLogLevel: logs['systemLogLevel'] },
  });
  const configuration = reader.configuration(functionName);
  for (const finding of reader.findings) diagnostics.add(finding.severity, finding.message, placeOf(open, entry, finding.property));

  const { handler, runtime } = configuration;
  const found = image ? undefined : resolveHandler({ folder, handler, runtime, root: context.folder });
  const language = languageOf(runtime);
  if (found === undefined && !image && handler !== '' && !isSymbolic(handler) && (language === 'node' || language === 'python')) {
    diagnostics.add('warning', `No file for handler ${handler} in ${shownPath(folder, context.folder)}: create it, or correct the handler.`, placeOf(open, entry, 'Handler'));
  }
  const layers = list(value('layers')).map(textOf).filter((layer) => layer !== undefined);
  const reserved = Number(textOf(own('reservedConcurrency')) ?? Number.NaN);
  const functionArn = functionArnOf(stack, functionName);
  const deadLetterTargetArn = serverlessDeadLetterTarget(open, entry, functionArn);
  const role = serverlessRole(open, entry);
  const framework = serverlessEventInvokeConfig(open, entry, functionArn);
  const configs: EventInvokeConfigDefinition[] = [];
  for (const config of [framework, ...satellites?.eventInvokeConfigs ?? []]) addEventInvokeConfig(configs, config, entry.keyRange, diagnostics);
  const permissions = serverlessPermissions(open, entry, role, roles, { configs: framework === undefined ? [] : [framework], deadLetterTargetArn });
  const events = readServerlessEvents(member(entry.value, 'events'), { key: entry.key, functionName, functionArn, resolver, table: open.table, diagnostics, resources });
  return {
    origin: { kind: 'serverless', location: diagnostics.locate(entry.keyRange), logicalId: entry.key, folder: context.folder },
    configuration: {
      functionName,
      ...configuration,
      ...(deadLetterTargetArn === undefined ? {} : { deadLetterTargetArn }),
      role: role.arn,
      layers: layers.map((layer) => knownLayers.get(layer)).filter((path) => path !== undefined),
      unresolvedLayers: layers.filter((layer) => !knownLayers.has(layer)),
      code: { folder, ...found },
    },
    ...(Number.isInteger(reserved) && reserved >= 0 ? { reservedConcurrency: reserved } : {}),
    aliases: satellites?.aliases ?? [],
    eventInvokeConfigs: configs,
    ...(permissions === undefined ? {} : { permissions }),
    eventSourceMappings: [...satellites?.eventSourceMappings ?? [], ...events.mappings],
    resourcePolicy: [...satellites?.invokers ?? [], ...events.invokers],
    tags: { ...tagsOf(resolver.value(member(open.provider, 'tags'))), ...tagsOf(own('tags')) },
    rest: { ...kept(open, entry, events.others), ...satellites?.rest },
  };
}

/** A setting of a function, else of the provider. */
function inherited(open: OpenServerless, entry: MapEntry, key: string): TemplateNode | undefined {
  return member(entry.value, key) ?? member(open.provider, key);
}

function placeOf(open: OpenServerless, entry: MapEntry, property: string): TextRange {
  const node = inherited(open, entry, keyNames[property] ?? property);
  return node?.kind === 'scalar' ? node.range : entry.keyRange;
}

function kept(open: OpenServerless, entry: MapEntry, events: readonly unknown[]): Record<string, unknown> {
  const others = entriesOf(entry.value).filter(({ key }) => !modelled.has(key)).map(({ key, value }) => [key, open.resolver.value(value)] as const);
  const all = { ...Object.fromEntries(others), ...(events.length === 0 ? {} : { events }) };
  return Object.keys(all).length === 0 ? {} : { Serverless: all };
}
