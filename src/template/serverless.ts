/** Reads the functions of a serverless.yml (Serverless Framework) without running the framework or its plugins. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import type { FunctionDefinition } from '../contracts/functions.ts';
import { shownPath } from './code-location.ts';
import type { Contribution, ContributionContext, NameDecision } from './contribution.ts';
import { FileDiagnostics } from './diagnostics.ts';
import { EmbeddedResources } from './embedded-resources.ts';
import { readSatellites } from './function-satellites.ts';
import { isFolder } from './handler-resolution.ts';
import { IntrinsicResolver } from './intrinsics.ts';
import { entriesOf, member, scalarText } from './nodes.ts';
import type { MapEntry, MapNode, ScalarNode, TemplateNode, TextRange } from './nodes.ts';
import { TemplateParameters } from './parameters.ts';
import { arnOf, legalStackName, partitionOf, urlSuffixOf } from './physical-ids.ts';
import type { StackIdentity } from './physical-ids.ts';
import { ResourceTable } from './resource-table.ts';
import { RolePermissions } from './role-permissions.ts';
import { functionLogicalId, madeByFunctions, normalizedName } from './serverless-events.ts';
import { buildServerlessFunction } from './serverless-functions.ts';
import type { ServerlessSurroundings } from './serverless-functions.ts';
import { frameworkRoleName } from './serverless-permissions.ts';
import { ServerlessVariables } from './serverless-variables.ts';
import { readResourcePolicies, readTemplateResources } from './template-resources.ts';

/** A serverless.yml with its variables replaced. */
export interface OpenServerless {
  context: ContributionContext;
  /** Absolute path of the folder that holds it: the code folder of all its functions. */
  folder: string;
  provider: TemplateNode | undefined;
  stack: StackIdentity;
  resolver: IntrinsicResolver;
  /** Resources of the file, and those that the framework makes of its functions. */
  table: ResourceTable;
  diagnostics: FileDiagnostics;
  /** Functions with their deployed names. */
  functions: readonly { entry: MapEntry; name: string; explicit: boolean }[];
}

/** Never throws for what stands in the file. Throws when the file cannot be read. */
export function readServerless(context: ContributionContext): Contribution {
  const { file } = context;
  const text = readFileSync(file, 'utf8');
  const parsed = context.parsed.parse(file, text);
  const diagnostics = new FileDiagnostics(file, parsed.lines, 'serverless');
  diagnostics.addSyntaxProblems(parsed.problems);
  if (parsed.root === undefined && parsed.problems.length === 0) {
    diagnostics.add('information', 'This file is empty: describe a service with functions, or delete the file.', { start: 0, end: 0 });
  }
  const files = [file];
  const { open, layers } = openServerless(context, parsed.root, diagnostics, (read) => files.push(read));
  return {
    files,
    names: open.functions.map(({ entry, name, explicit }) => ({
      key: entry.key, name, explicit, fallback: `${open.stack.stackName}-${entry.key}`, location: diagnostics.locate(entry.keyRange),
    })),
    layers,
    build: (names, known) => {
      const resources = new EmbeddedResources({ stack: open.stack, kind: 'serverless', folder: context.folder, diagnostics });
      const { table, resolver, stack } = open;
      readTemplateResources(table, resolver, resources);
      readResourcePolicies(table, resolver, stack, resources);
      const surroundings = {
        layers: known, resources, roles: new RolePermissions(table, resolver), satellites: readSatellites({ resources: table, resolver, stack, diagnostics }),
      };
      const functions = open.functions.flatMap(({ entry }) => build(open, entry, names.get(entry.key), surroundings));
      const broken = parsed.problems.some(({ severity }) => severity === 'error');
      return { functions, resources: resources.all, references: broken ? [] : diagnostics.references, diagnostics: diagnostics.all };
    },
  };
}

function build(
  open: OpenServerless,
  entry: MapEntry,
  decision: NameDecision | undefined,
  surroundings: ServerlessSurroundings,
): FunctionDefinition[] {
  if (decision?.note !== undefined) open.diagnostics.add(decision.note.severity, decision.note.message, entry.keyRange);
  return decision?.name === undefined ? [] : [buildServerlessFunction(open, entry, decision.name, surroundings)];
}

function openServerless(
  context: ContributionContext,
  root: TemplateNode | undefined,
  diagnostics: FileDiagnostics,
  onFile: (file: string) => void,
): { open: OpenServerless; layers: Map<string, string> } {
  const folder = dirname(context.file);
  const environment = { ...process.env };
  const { accountId } = context;
  const variables = new ServerlessVariables({
    root, folder, options: {}, environment, accountId, region: context.region, diagnostics, onFile, parsed: context.parsed,
  });
  if (scalarText(member(root, 'useDotenv')) === 'true') addDotenv(folder, variables.stage, environment, onFile);
  const provider = variables.self('provider');
  const { region } = context;
  const { stage } = variables;
  const service = scalarText(variables.self('service')) ?? scalarText(variables.self('service.name')) ?? 'service';
  const stack: StackIdentity = { accountId, region, stackName: legalStackName(`${service}-${stage}`), seed: shownPath(context.file, context.folder) };
  const providerName = scalarText(member(provider, 'name')) ?? scalarText(provider);
  const foreign = providerName !== undefined && providerName !== 'aws';
  if (foreign) diagnostics.add('information', `Provider ${providerName} is not AWS, so this service's functions are not read.`, member(root, 'provider')!.range);
  const functions = foreign ? [] : mergeSections(variables.self('functions')).filter((entry) => entry.value.kind === 'map').map((entry) => {
    const own = scalarText(member(entry.value, 'name'));
    return { entry, name: own ?? `${service}-${stage}-${entry.key}`, explicit: own !== undefined };
  });
  const layerFolders = declaredLayers(variables.self('layers'), stack, folder);
  const resourceRoot = cloudFormationRoot(variables.self('resources'), functions, layerFolders, stack);
  const functionNames = new Map(functions.map(({ entry, name }) => [functionLogicalId(entry.key), name]));
  const { resolver, table } = makeResolver(resourceRoot, context, stack, diagnostics, functionNames);
  const layers = new Map([...layerFolders.values()].filter(({ path }) => isFolder(path)).map(({ arn, path }) => [arn, path]));
  return { open: { context, folder, provider, stack, resolver, table, diagnostics, functions }, layers };
}

/** `.env.<stage>` before `.env`, and what the process has before both, as the framework does with `useDotenv: true`. */
function addDotenv(folder: string, stage: string, environment: Record<string, string | undefined>, onFile: (file: string) => void): void {
  for (const name of [`.env.${stage}`, '.env']) {
    const file = join(folder, name);
    if (!existsSync(file)) continue;
    onFile(file);
    for (const [key, value] of Object.entries(parseEnv(readFileSync(file, 'utf8')))) environment[key] ??= value;
  }
}

/** Sections may be a map, or a list of maps that are joined. */
function mergeSections(node: TemplateNode | undefined): MapEntry[] {
  return node?.kind === 'list' ? node.items.flatMap((item) => [...entriesOf(item)]) : [...entriesOf(node)];
}

interface DeclaredLayer {
  name: string;
  arn: string;
  /** Absolute path. */
  path: string;
  range: TextRange;
}

function declaredLayers(node: TemplateNode | undefined, stack: StackIdentity, folder: string): Map<string, DeclaredLayer> {
  return new Map(mergeSections(node).map((entry) => {
    const name = scalarText(member(entry.value, 'name')) ?? entry.key;
    const path = resolve(folder, scalarText(member(entry.value, 'path')) ?? '.');
    return [`${normalizedName(entry.key)}LambdaLayer`, { name, arn: arnOf(stack, 'lambda', `layer:${name}:1`), path, range: entry.keyRange }];
  }));
}

/** `resources` of the file with the functions and layers beside them, under the logical ids that the framework gives. */
function cloudFormationRoot(
  resources: TemplateNode | undefined,
  functions: OpenServerless['functions'],
  layers: ReadonlyMap<string, DeclaredLayer>,
  stack: StackIdentity,
): MapNode {
  const range = resources?.range ?? { start: 0, end: 0 };
  const sections = resources?.kind === 'list' ? resources.items : [resources];
  const gather = (name: string): MapNode => mapOf(sections.flatMap((section) => [...entriesOf(member(section, name))]), range);
  const own = [
    ...functions.map(({ entry }) => made(functionLogicalId(entry.key), 'AWS::Lambda::Function', {}, entry.keyRange)),
    ...[...layers].map(([logicalId, layer]) => made(logicalId, 'AWS::Lambda::LayerVersion', { LayerName: layer.name }, layer.range)),
    made('IamRoleLambdaExecution', 'AWS::IAM::Role', { RoleName: frameworkRoleName(stack) }, range),
    ...madeByFunctions(functions.map(({ entry }) => entry)).map(({ logicalId, type, properties, range: place }) => made(logicalId, type, properties, place)),
  ];
  const all = mapOf([...own, ...gather('Resources').entries.values()], range);
  const entry = (key: string, value: TemplateNode): MapEntry => ({ key, keyRange: range, value });
  return mapOf([
    entry('Resources', all),
    ...['Parameters', 'Mappings', 'Conditions'].map((name) => entry(name, gather(name))),
  ], range);
}

function made(logicalId: string, type: string, properties: Readonly<Record<string, string>>, range: TextRange): MapEntry {
  const scalar = (value: string): ScalarNode => ({ kind: 'scalar', value, source: value, range });
  const map = (values: Record<string, TemplateNode>) =>
    mapOf(Object.entries(values).map(([key, value]) => ({ key, keyRange: range, value })), range);
  const texts = Object.fromEntries(Object.entries(properties).map(([key, value]) => [key, scalar(value)]));
  return { key: logicalId, keyRange: range, value: map({ Type: scalar(type), Properties: map(texts) }) };
}

function mapOf(entries: readonly MapEntry[], range: TextRange): MapNode {
  return { kind: 'map', entries: new Map(entries.map((entry) => [entry.key, entry])), range };
}

function makeResolver(
  root: MapNode,
  context: ContributionContext,
  stack: StackIdentity,
  diagnostics: FileDiagnostics,
  functionNames: ReadonlyMap<string, string>,
): { resolver: IntrinsicResolver; table: ResourceTable } {
  const parameters = new TemplateParameters(root, context.parameterOverrides, diagnostics, false);
  const pseudoParameters = {
    'AWS::AccountId': stack.accountId,
    'AWS::Region': stack.region,
    'AWS::Partition': partitionOf(stack.region),
    'AWS::StackName': stack.stackName,
    'AWS::StackId': `arn:${partitionOf(stack.region)}:cloudformation:${stack.region}:${stack.accountId}:stack/${stack.stackName}/local`,
    'AWS::URLSuffix': urlSuffixOf(stack.region),
    'AWS::NotificationARNs': [],
  };
  const resolver = new IntrinsicResolver({ root, parameters, pseudoParameters, diagnostics });
  const table = new ResourceTable({ root, stack, resolver, diagnostics, sam: false, functionNames });
  resolver.useReferences(table);
  return { resolver, table };
}
