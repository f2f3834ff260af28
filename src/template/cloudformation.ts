/** Reads one SAM, CloudFormation or synthesised CDK template. */
import { readFileSync } from 'node:fs';
import { basename, dirname, relative } from 'node:path';
import type { FunctionOriginKind } from '../contracts/functions.ts';
import { CdkAssets, isCdkTemplate, isNestedCdkTemplate } from './cdk.ts';
import { locateCode } from './code-location.ts';
import type { BuiltFunctions, Contribution, ContributionContext, WantedName } from './contribution.ts';
import { reportDependencyCycles } from './dependency-cycles.ts';
import { FileDiagnostics } from './diagnostics.ts';
import { EmbeddedResources } from './embedded-resources.ts';
import { IntrinsicResolver, isSymbolic } from './intrinsics.ts';
import { expandLoops } from './language-extensions.ts';
import { memberAt } from './nodes.ts';
import type { ParsedText, TemplateNode } from './nodes.ts';
import { TemplateParameters } from './parameters.ts';
import { generatedName, legalStackName, partitionOf, urlSuffixOf } from './physical-ids.ts';
import type { StackIdentity } from './physical-ids.ts';
import { functionTypes, ResourceTable } from './resource-table.ts';
import { hasSamTransform } from './sam.ts';
import { buildTemplateFunctions } from './template-functions.ts';
import { readResourcePolicies, readTemplateResources } from './template-resources.ts';

/** All that reading one template needs at hand. */
export interface OpenTemplate {
  context: ContributionContext;
  root: TemplateNode | undefined;
  kind: FunctionOriginKind;
  stack: StackIdentity;
  resolver: IntrinsicResolver;
  resources: ResourceTable;
  diagnostics: FileDiagnostics;
  assets?: CdkAssets;
}

/** Never throws for what stands in the file. Throws when the file cannot be read. */
export function readTemplate(context: ContributionContext): Contribution {
  const text = readFileSync(context.file, 'utf8');
  const parsed = context.parsed.parse(context.file, text);
  const files = [context.file];
  const onManifest = (file: string) => void files.push(file);
  const first = openTemplate(context, parsed, new Map(), onManifest);
  return {
    files,
    names: wantedNames(first),
    layers: declaredLayers(first),
    build: (names, layers) => {
      const settled = new Map([...names].map(([key, decision]) => [key, decision.name ?? key]));
      const template = openTemplate(context, parsed, settled, onManifest);
      reportShape(template);
      declaredLayers(template);
      const { kind, stack, resolver, diagnostics } = template;
      const resources = new EmbeddedResources({ stack, kind, folder: context.folder, diagnostics });
      readTemplateResources(template.resources, resolver, resources);
      readResourcePolicies(template.resources, resolver, stack, resources);
      const functions = buildTemplateFunctions(template, names, layers, resources);
      reportDependencyCycles(template);
      return { functions, resources: resources.all, ...reportedOf(template, parsed) };
    },
  };
}

function openTemplate(
  context: ContributionContext,
  parsed: ParsedText,
  functionNames: ReadonlyMap<string, string>,
  onManifest: (file: string) => void,
): OpenTemplate {
  const { file } = context;
  const cdk = isCdkTemplate(file);
  const sam = hasSamTransform(parsed.root);
  const kind = cdk ? 'cdk' : sam ? 'sam' : 'cloudformation';
  const diagnostics = new FileDiagnostics(file, parsed.lines, kind);
  const stack = stackIdentity(context, cdk);
  const parameters = new TemplateParameters(parsed.root, context.parameterOverrides, diagnostics, cdk || isNestedCdkTemplate(file));
  const root = expandLoops(parsed.root, parameters, diagnostics);
  const resolver = new IntrinsicResolver({ root, parameters, pseudoParameters: pseudoParameters(stack), diagnostics });
  const resources = new ResourceTable({ root, stack, resolver, diagnostics, sam, functionNames });
  resolver.useReferences(resources);
  return { context, root, kind, stack, resolver, resources, diagnostics, ...(cdk ? { assets: new CdkAssets(file, onManifest) } : {}) };
}

/** A stack is named after its folder, and after its file too when that has a name of its own. */
function stackIdentity({ file, folder, accountId, region }: ContributionContext, cdk: boolean): StackIdentity {
  const own = basename(file).replace(/\.(json|ya?ml)$/, '').replace(/\.template$/, '');
  const home = basename(dirname(file));
  const name = cdk ? own : /^(template|sam)$/.test(own) ? home : `${home}-${own}`;
  const seed = `${basename(folder)}/${relative(folder, file).replaceAll('\\', '/')}`;
  return { accountId, region, stackName: legalStackName(name), seed };
}

function pseudoParameters({ accountId, region, stackName, seed }: StackIdentity): Record<string, string | readonly string[]> {
  const partition = partitionOf(region);
  const id = generatedName({ accountId, region, stackName, seed }, 'stack').slice(-12).toLowerCase();
  return {
    'AWS::AccountId': accountId,
    'AWS::Region': region,
    'AWS::Partition': partition,
    'AWS::StackName': stackName,
    'AWS::StackId': `arn:${partition}:cloudformation:${region}:${accountId}:stack/${stackName}/${id}`,
    'AWS::URLSuffix': urlSuffixOf(region),
    'AWS::NotificationARNs': [],
  };
}

function wantedNames({ resolver, resources, stack, diagnostics }: OpenTemplate): WantedName[] {
  return resources.created(...functionTypes).map((resource) => {
    const { logicalId } = resource;
    const own = resolver.text(memberAt(resource.node, 'Properties', 'FunctionName'));
    // A name that holds an unknown value is no name that anyone could call.
    const named = own !== undefined && own !== '' && !isSymbolic(own);
    return {
      key: logicalId,
      name: named ? own : logicalId,
      explicit: named,
      fallback: generatedName(stack, logicalId),
      location: diagnostics.locate(resource.keyRange),
    };
  });
}

/** Layers whose content stands on this machine, by ARN; reports the others. */
function declaredLayers({ resolver, resources, context, assets, diagnostics }: OpenTemplate): Map<string, string> {
  const layers = new Map<string, string>();
  for (const resource of resources.created('AWS::Serverless::LayerVersion', 'AWS::Lambda::LayerVersion')) {
    const property = resource.type === 'AWS::Serverless::LayerVersion' ? 'ContentUri' : 'Content';
    const code = locateCode({
      templateFolder: dirname(context.file),
      root: context.folder,
      value: resolver.value(memberAt(resource.node, 'Properties', property)),
      property,
      resource: resource.node,
      ...(assets === undefined ? {} : { assets }),
    });
    if (code.problem !== undefined) diagnostics.add(code.problem.severity, code.problem.message, resource.keyRange);
    if (code.local) layers.set(resources.identity(resource).ref, code.folder);
  }
  return layers;
}

/** Where the text is broken, all other findings may be nothing but its consequences, so they wait until it is mended. */
function reportedOf({ context, kind, diagnostics }: OpenTemplate, parsed: ParsedText): Pick<BuiltFunctions, 'diagnostics' | 'references'> {
  const syntax = new FileDiagnostics(context.file, parsed.lines, kind);
  syntax.addSyntaxProblems(parsed.problems);
  const broken = parsed.problems.some((problem) => problem.severity === 'error');
  if (broken) return { diagnostics: syntax.all, references: [] };
  return { diagnostics: [...syntax.all, ...diagnostics.all], references: diagnostics.references };
}

function reportShape({ root, diagnostics, kind }: OpenTemplate): void {
  const whole = root?.range ?? { start: 0, end: 0 };
  if (root === undefined) {
    diagnostics.add('information', 'This template is empty: add Resources, or delete the file.', whole);
  } else if (root.kind !== 'map') {
    diagnostics.add('error', 'This is no template: its outermost value must be a map with Resources.', { start: whole.start, end: whole.start });
  } else if (memberAt(root, 'Resources')?.kind !== 'map') {
    diagnostics.add('warning', `This ${kind === 'sam' ? 'SAM' : 'CloudFormation'} template has no Resources, so it declares no functions.`, { start: whole.start, end: whole.start });
  }
}
