/** `.local-lambda/functions.json`: functions that no template names. Its JSON schema is media/functions.schema.json. */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { EventInvokeConfigDefinition, FunctionDefinition } from '../contracts/functions.ts';
import { shownPath } from './code-location.ts';
import type { Contribution, ContributionContext, NameDecision } from './contribution.ts';
import { deadLetterTarget } from './delivery-targets.ts';
import { FileDiagnostics } from './diagnostics.ts';
import { readEventInvokeConfig } from './event-invoke-config.ts';
import { FunctionPropertyReader, list, record } from './function-properties.ts';
import type { Properties } from './function-properties.ts';
import { isFolder, languageOf, resolveHandler } from './handler-resolution.ts';
import { textOf } from './intrinsics.ts';
import { entriesOf, member, plainValue, rangeAt } from './nodes.ts';
import type { MapEntry, TextRange } from './nodes.ts';
import { functionArnOf, generatedName, roleArn } from './physical-ids.ts';
import type { StackIdentity } from './physical-ids.ts';

/** Members of an entry by the AWS property that they set. */
const memberNames: Readonly<Record<string, string>> = {
  Handler: 'handler',
  Runtime: 'runtime',
  Timeout: 'timeout',
  MemorySize: 'memorySize',
  Environment: 'environment',
  Description: 'description',
};

const namePattern = /^[A-Za-z0-9_-]{1,64}$/;

/** Never throws for what stands in the file. Throws when the file cannot be read. */
export function readRegisteredFunctions(context: ContributionContext): Contribution {
  const parsed = context.parsed.parse(context.file, readFileSync(context.file, 'utf8'));
  const diagnostics = new FileDiagnostics(context.file, parsed.lines, 'local-lambda');
  diagnostics.addSyntaxProblems(parsed.problems);
  const table = member(parsed.root, 'functions');
  if (parsed.root === undefined) {
    diagnostics.add('information', 'This file is empty: write {"functions": {}} and add functions, or delete it.', { start: 0, end: 0 });
  } else if (table?.kind !== 'map' && parsed.problems.length === 0) {
    diagnostics.add('error', 'This file has no "functions" object: write {"functions": {"name": {"handler": …, "runtime": …}}}.', { start: 0, end: 1 });
  }
  const entries = entriesOf(table).filter((entry) => isUsable(entry, diagnostics));
  return {
    files: [context.file],
    names: entries.map((entry) => ({
      key: entry.key, name: entry.key, explicit: true, fallback: entry.key, location: diagnostics.locate(entry.keyRange),
    })),
    layers: new Map(),
    build: (names) => ({
      functions: entries.flatMap((entry) => build(context, entry, names.get(entry.key), diagnostics)),
      resources: [],
      references: parsed.problems.length === 0 ? diagnostics.references : [],
      diagnostics: diagnostics.all,
    }),
  };
}

function isUsable(entry: MapEntry, diagnostics: FileDiagnostics): boolean {
  if (!namePattern.test(entry.key)) {
    diagnostics.add('error', `"${entry.key}" is no function name: use 1 to 64 letters, digits, hyphens and underscores.`, entry.keyRange);
    return false;
  }
  if (entry.value.kind === 'map') return true;
  diagnostics.add('error', `Function ${entry.key} must be an object with handler and runtime.`, entry.keyRange);
  return false;
}

function build(context: ContributionContext, entry: MapEntry, decision: NameDecision | undefined, diagnostics: FileDiagnostics): FunctionDefinition[] {
  if (decision?.note !== undefined) diagnostics.add(decision.note.severity, decision.note.message, entry.keyRange);
  if (decision?.name === undefined) return [];
  const written = record(plainValue(entry.value));
  const properties = Object.fromEntries(Object.entries(memberNames).map(([property, key]) =>
    [property, property === 'Environment' ? { Variables: written[key] } : written[key]]));
  const reader = new FunctionPropertyReader(properties);
  const configuration = reader.configuration(entry.key);
  const place = (property: string): TextRange => {
    const own = entry.value.kind === 'map' ? entry.value.entries.get(memberNames[property] ?? '') : undefined;
    return own === undefined ? entry.keyRange : own.value.kind === 'scalar' ? own.value.range : own.keyRange;
  };
  for (const finding of reader.findings) diagnostics.add(finding.severity, finding.message, place(finding.property));

  const { folder: root, file } = context;
  const stack: StackIdentity = { accountId: context.accountId, region: context.region, stackName: 'local', seed: shownPath(file, root) };
  // The file stands in `<workspace folder>/.local-lambda`.
  const home = dirname(dirname(file));
  const folder = resolve(home, textOf(written['codeUri']) ?? '.');
  const { handler, runtime } = configuration;
  const found = resolveHandler({ folder, handler, runtime, root });
  const language = languageOf(runtime);
  if (found === undefined && handler !== '' && (language === 'node' || language === 'python')) {
    diagnostics.add('warning', `No file for handler ${handler} in ${shownPath(folder, root)}: create it, or correct the handler.`, place('Handler'));
  }
  const layers = list(written['layers']).map(textOf).filter((layer) => layer !== undefined);
  const layerFolder = (layer: string) => resolve(home, layer);
  const isLocal = (layer: string) => !layer.startsWith('arn:') && isFolder(layerFolder(layer));
  const deadLetterPlace = rangeAt(entry.value, ['deadLetterTargetArn'], entry.keyRange);
  const deadLetterTargetArn = deadLetterTarget(written['deadLetterTargetArn'], functionArnOf(stack, decision.name), deadLetterPlace, diagnostics);
  return [{
    origin: { kind: 'registered', location: diagnostics.locate(entry.keyRange), logicalId: entry.key, folder: root },
    configuration: {
      functionName: decision.name,
      ...configuration,
      ...(deadLetterTargetArn === undefined ? {} : { deadLetterTargetArn }),
      role: roleArn(stack, generatedName(stack, `${entry.key}Role`)),
      layers: layers.filter(isLocal).map(layerFolder),
      unresolvedLayers: layers.filter((layer) => !isLocal(layer)),
      code: { folder, ...found },
    },
    aliases: [],
    eventSourceMappings: [],
    eventInvokeConfigs: eventInvokeConfigs(entry, written, functionArnOf(stack, decision.name), diagnostics),
    tags: {},
    rest: {},
  }];
}

/** `eventInvokeConfig` of an entry, in which a destination may be the name of a function. */
function eventInvokeConfigs(entry: MapEntry, written: Properties, functionArn: string, diagnostics: FileDiagnostics): EventInvokeConfigDefinition[] {
  const config = record(written['eventInvokeConfig']);
  const destination = (value: unknown) => {
    const text = textOf(value);
    return text !== undefined && namePattern.test(text) ? functionArn.replace(/[^:]*$/, text) : value;
  };
  const keys = { MaximumRetryAttempts: 'maximumRetryAttempts', MaximumEventAgeInSeconds: 'maximumEventAgeInSeconds', OnSuccess: 'onSuccess', OnFailure: 'onFailure' } as const;
  const read = readEventInvokeConfig({
    qualifier: '$LATEST',
    functionArn,
    values: {
      MaximumRetryAttempts: config[keys.MaximumRetryAttempts],
      MaximumEventAgeInSeconds: config[keys.MaximumEventAgeInSeconds],
      OnSuccess: destination(config[keys.OnSuccess]),
      OnFailure: destination(config[keys.OnFailure]),
    },
    place: (part) => rangeAt(entry.value, ['eventInvokeConfig', keys[part]], entry.keyRange),
  }, diagnostics);
  return read === undefined ? [] : [read];
}
