/**
 * The event source mappings there are. What templates say is the baseline; what API calls change is kept over it, property by
 * property, until the template changes the same one.
 */
import type { MappingProblem, MappingSource } from '../../contracts/event-source-mappings.ts';
import type { Clock } from '../../contracts/clock.ts';
import type { DocumentCollection, DocumentStore } from '../../contracts/documents.ts';
import { AwsFault } from '../../contracts/faults.ts';
import type { FunctionDefinition, FunctionOrigin } from '../../contracts/functions.ts';
import type { Logger } from '../../contracts/logger.ts';
import { functionArn, parseFunctionName, type AccountContext } from '../function-names.ts';
import { revisionOf } from '../function-registry.ts';
import { checkedConfiguration, checkedSource } from './mapping-input.ts';
import { allFindings, type Finding } from './template-problems.ts';
import { sourceOf, type MappingConfiguration } from './mapping.ts';

interface Stored {
  /** Of a mapping that CreateEventSourceMapping made. */
  created?: MappingConfiguration;
  changes: Partial<MappingConfiguration>;
  /** Baseline values under the changes, as JSON by property. */
  over: Record<string, string>;
  /** A template's mapping that DeleteEventSourceMapping removed; it comes back when its template entry changes. Holds that as JSON. */
  hidden?: string;
  lastModified: number;
}

export interface Mapping {
  uuid: string;
  source: MappingSource;
  configuration: MappingConfiguration;
  /** Absent for one that an API call made. */
  origin?: FunctionOrigin;
  /** AWS property names. */
  changed: readonly string[];
  /** Epoch milliseconds. */
  lastModified: number;
}

interface Declared {
  functionName: string;
  configuration: MappingConfiguration;
  origin: FunctionOrigin;
  readAt: number;
}

export class MappingRegistry {
  readonly #stored: DocumentCollection<Stored>;
  readonly #clock: Clock;
  readonly #account: () => AccountContext;
  readonly #logger: Logger;
  #declared = new Map<string, Declared>();
  #problems: MappingProblem[] = [];
  /** What was said about templates' mappings that AWS would refuse, so that it is said once. */
  #complaints = new Set<string>();

  constructor(documents: DocumentStore, clock: Clock, account: () => AccountContext, logger: Logger) {
    this.#stored = documents.collection('event-source-mappings');
    this.#clock = clock;
    this.#account = account;
    this.#logger = logger;
  }

  /** What AWS would refuse of the mappings that templates declare, which are left out. */
  get problems(): readonly MappingProblem[] {
    return this.#problems;
  }

  setBaseline(definitions: readonly FunctionDefinition[]): void {
    const before = this.#declared;
    this.#problems = [];
    const complaints = new Set<string>();
    this.#declared = new Map();
    for (const definition of definitions) {
      for (const { logicalId, properties } of definition.eventSourceMappings) {
        try {
          this.#declare(definition, logicalId, properties, before);
        } catch (error) {
          if (!(error instanceof AwsFault)) throw error;
          const complaint = `Event source mapping ${logicalId} of ${definition.configuration.functionName} in the template is left out: ${error.message}`;
          complaints.add(complaint);
          if (!this.#complaints.has(complaint)) this.#logger.warn(complaint);
          this.#tell(definition, logicalId, properties, error);
        }
      }
    }
    this.#complaints = complaints;
    for (const [uuid, stored] of this.#stored.entries()) this.#dropOverruled(uuid, stored);
  }

  /** What the templates say, by UUID. */
  declared(): { functionName: string; logicalId: string; configuration: MappingConfiguration }[] {
    return [...this.#declared.values()].map(({ configuration, origin, functionName }) => ({ functionName, logicalId: origin.logicalId ?? '', configuration }));
  }

  get(uuid: string): Mapping | undefined {
    const stored = this.#stored.get(uuid);
    const declared = this.#declared.get(uuid);
    const base = stored?.created ?? declared?.configuration;
    if (!base || stored?.hidden !== undefined) return undefined;
    const configuration = merged(base, stored?.changes);
    return {
      uuid, configuration, source: sourceOf(configuration.eventSourceArn) as MappingSource,
      ...(declared === undefined ? {} : { origin: declared.origin }),
      changed: Object.keys(stored?.changes ?? {}).flatMap((key) => awsNames[key] ?? []),
      lastModified: Math.max(stored?.lastModified ?? 0, declared?.readAt ?? 0),
    };
  }

  /** By UUID. */
  all(): Mapping[] {
    const uuids = new Set([...this.#declared.keys(), ...this.#stored.entries().flatMap(([uuid, { created }]) => (created ? [uuid] : []))]);
    return [...uuids].sort().map((uuid) => this.get(uuid)).filter((mapping) => mapping !== undefined);
  }

  create(uuid: string, configuration: MappingConfiguration): Mapping {
    this.#stored.put(uuid, { created: configuration, changes: {}, over: {}, lastModified: this.#clock.now() });
    return this.get(uuid) as Mapping;
  }

  update(uuid: string, configuration: MappingConfiguration): Mapping {
    const stored: Stored = { ...this.#stored.get(uuid) ?? { changes: {}, over: {} }, lastModified: this.#clock.now() };
    const base = this.#declared.get(uuid)?.configuration;
    if (stored.created || !base) this.#stored.put(uuid, { ...stored, created: configuration });
    else this.#stored.put(uuid, { ...stored, ...difference(base, configuration) });
    return this.get(uuid) as Mapping;
  }

  delete(uuid: string): void {
    const declared = this.#declared.get(uuid);
    if (declared) this.#stored.put(uuid, { changes: {}, over: {}, hidden: JSON.stringify(declared.configuration), lastModified: this.#clock.now() });
    else this.#stored.delete(uuid);
  }

  /** Back to what the template says. False when nothing was changed. */
  reset(uuid: string): boolean {
    const stored = this.#stored.get(uuid);
    if (!stored || stored.created) return false;
    return this.#stored.delete(uuid);
  }

  #tell(definition: FunctionDefinition, logicalId: string, properties: Readonly<Record<string, unknown>>, fault: AwsFault): void {
    const { functionName } = definition.configuration;
    const found: Finding[] = allFindings(properties, (input) => void this.#checked(functionName, input));
    // What is right by itself has a twin.
    const findings: Finding[] = found.length > 0 ? found : [{ message: fault.message, parameter: 'EventSourceArn', by: 'aws' }];
    this.#problems.push(...findings.map((finding): MappingProblem => ({ functionName, logicalId, ...finding, leftOut: true })));
  }

  #checked(functionName: string, properties: Readonly<Record<string, unknown>>): MappingConfiguration {
    const { source, arn: eventSourceArn } = checkedSource(properties);
    const named = properties['FunctionName'];
    const { name, qualifier } = parseFunctionName(typeof named === 'string' ? named : functionName, this.#account());
    const arn = functionArn(name, this.#account()) + (qualifier === undefined ? '' : `:${qualifier}`);
    return checkedConfiguration(properties, { source, eventSourceArn, functionArn: arn, now: this.#clock.now() });
  }

  #declare(definition: FunctionDefinition, logicalId: string, properties: Readonly<Record<string, unknown>>, before: ReadonlyMap<string, Declared>): void {
    const { functionName } = definition.configuration;
    const configuration = this.#checked(functionName, properties);
    const { eventSourceArn, functionArn: arn } = configuration;
    const twin = [...this.#declared.values()].find(({ configuration: other }) => other.eventSourceArn === eventSourceArn && other.functionArn === arn);
    if (twin) throw new AwsFault('ResourceConflictException', 409, `The function has a mapping of ${eventSourceArn} already.`);
    // CloudFormation makes another mapping, with a UUID of its own, when the source changes.
    const uuid = revisionOf([functionName, logicalId, eventSourceArn]);
    const old = before.get(uuid);
    const same = old && JSON.stringify(old.configuration) === JSON.stringify(configuration);
    this.#declared.set(uuid, { functionName, configuration, origin: { ...definition.origin, logicalId }, readAt: same ? old.readAt : this.#clock.now() });
  }

  /** The template changed what an API call had changed: the template wins and the log says so. */
  #dropOverruled(uuid: string, stored: Stored): void {
    const declared = this.#declared.get(uuid);
    if (!declared || stored.created) return;
    const base = declared.configuration as unknown as Record<string, unknown>;
    if (stored.hidden !== undefined) {
      if (stored.hidden !== JSON.stringify(base)) this.#stored.delete(uuid);
      return;
    }
    const overruled = Object.entries(stored.over).filter(([key, under]) => (JSON.stringify(base[key]) ?? '') !== under).map(([key]) => key);
    if (overruled.length === 0) return;
    const changes = { ...stored.changes } as Record<string, unknown>;
    const over = { ...stored.over };
    for (const key of overruled) {
      delete changes[key];
      delete over[key];
      this.#logger.warn(`The template changed ${awsNames[key]?.join(', ') ?? key} of event source mapping ${uuid}: its value replaces the one that was set by an API call.`);
    }
    this.#stored.put(uuid, { ...stored, changes, over });
  }
}

/** A change to `null` takes a property away. */
function merged(base: MappingConfiguration, changes: Partial<MappingConfiguration> = {}): MappingConfiguration {
  return Object.fromEntries(Object.entries({ ...base, ...changes }).filter(([, value]) => value !== null)) as unknown as MappingConfiguration;
}

function difference(base: MappingConfiguration, configuration: MappingConfiguration): Pick<Stored, 'changes' | 'over'> {
  const changes: Record<string, unknown> = {};
  const over: Record<string, string> = {};
  const under = base as unknown as Record<string, unknown>;
  const wanted = configuration as unknown as Record<string, unknown>;
  for (const key of new Set([...Object.keys(under), ...Object.keys(wanted)])) {
    if (JSON.stringify(under[key]) === JSON.stringify(wanted[key])) continue;
    changes[key] = wanted[key] ?? null;
    over[key] = JSON.stringify(under[key]) ?? '';
  }
  return { changes, over };
}

const awsNames: Readonly<Record<string, readonly string[]>> = {
  functionArn: ['FunctionName'], enabled: ['Enabled'], batchSize: ['BatchSize'], maximumBatchingWindowInSeconds: ['MaximumBatchingWindowInSeconds'],
  filters: ['FilterCriteria'], functionResponseTypes: ['FunctionResponseTypes'], metrics: ['MetricsConfig'], tags: ['Tags'],
  maximumConcurrency: ['ScalingConfig'], provisionedPollers: ['ProvisionedPollerConfig'],
  stream: ['ParallelizationFactor', 'DestinationConfig', 'MaximumRecordAgeInSeconds', 'MaximumRetryAttempts', 'BisectBatchOnFunctionError', 'TumblingWindowInSeconds'],
};
