/**
 * Functions, versions and aliases. What templates say is the baseline; what API calls change is an overlay on it, durable,
 * property by property. When a template changes a property that was overlaid, the template wins.
 */
import { createHash } from 'node:crypto';
import type { Clock } from '../contracts/clock.ts';
import type { DocumentCollection, DocumentStore } from '../contracts/documents.ts';
import type { AliasDefinition, FunctionConfiguration, FunctionDefinition, FunctionOrigin, RunnableFunction } from '../contracts/functions.ts';
import type { Logger } from '../contracts/logger.ts';
import { functionArn, type AccountContext } from './function-names.ts';

type Properties = Partial<FunctionConfiguration>;

interface Overlay {
  /** Present for functions that CreateFunction made. */
  created?: FunctionConfiguration;
  changes: Properties;
  /** Baseline values under the changes, as JSON by property. */
  over: Record<string, string>;
  /** `null`: removed by DeleteFunctionConcurrency. */
  reservedConcurrency?: number | null;
  /** A template's function that DeleteFunction hid; it comes back when its template entry changes. */
  hidden?: string;
  tags?: Record<string, string>;
  lastModified: number;
}

export interface PublishedVersion {
  version: number;
  configuration: FunctionConfiguration;
  codeSha256: string;
  codeSize: number;
  revisionId: string;
  lastModified: number;
  leftOut: readonly string[];
}

export interface StoredAlias extends AliasDefinition {
  revisionId: string;
  /** True when a template declares it and nothing changed it. */
  baseline?: boolean;
}

export interface FunctionState {
  configuration: FunctionConfiguration;
  origin: FunctionOrigin;
  reservedConcurrency?: number;
  tags: Readonly<Record<string, string>>;
  changed: readonly string[];
  lastModified: number;
  runnable: RunnableFunction;
}

const apiOrigin: FunctionOrigin = { kind: 'api' };

export class FunctionRegistry {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #account: () => AccountContext;
  readonly #overlays: DocumentCollection<Overlay>;
  readonly #versions: DocumentCollection<PublishedVersion>;
  readonly #aliases: DocumentCollection<StoredAlias | { deleted: true }>;
  readonly #counters: DocumentCollection<number>;
  #baseline = new Map<string, FunctionDefinition>();
  readonly #baselineRead = new Map<string, number>();
  readonly #states = new Map<string, FunctionState>();
  #reserved: number | undefined;

  constructor(documents: DocumentStore, clock: Clock, account: () => AccountContext, logger: Logger) {
    this.#clock = clock;
    this.#account = account;
    this.#logger = logger;
    this.#overlays = documents.collection('functions');
    this.#versions = documents.collection('versions');
    this.#aliases = documents.collection('aliases');
    this.#counters = documents.collection('version-counters');
  }

  /** Returns the names of functions that are gone or changed. */
  setBaseline(definitions: readonly FunctionDefinition[]): string[] {
    const before = new Map(this.names().map((name) => [name, this.get(name)?.runnable.revisionId]));
    const next = new Map(definitions.map((definition) => [definition.configuration.functionName, definition]));
    for (const [name, definition] of next) {
      const old = this.#baseline.get(name);
      if (!old || JSON.stringify(old.configuration) !== JSON.stringify(definition.configuration)) this.#baselineRead.set(name, this.#clock.now());
    }
    this.#baseline = next;
    this.#states.clear();
    this.#reserved = undefined;
    for (const [name, overlay] of this.#overlays.entries()) this.#dropOverruled(name, overlay);
    return [...new Set([...before.keys(), ...this.names()])].filter((name) => this.get(name)?.runnable.revisionId !== before.get(name));
  }

  names(): string[] {
    const names = new Set(this.#baseline.keys());
    for (const [name, overlay] of this.#overlays.entries()) {
      if (overlay.created) names.add(name);
      if (overlay.hidden !== undefined) names.delete(name);
    }
    return [...names].sort((a, b) => (a < b ? -1 : 1));
  }

  get(name: string): FunctionState | undefined {
    const known = this.#states.get(name);
    if (known) return known;
    const definition = this.#baseline.get(name);
    const overlay = this.#overlays.get(name);
    const base = overlay?.created ?? definition?.configuration;
    if (!base || overlay?.hidden !== undefined) return undefined;
    const configuration: FunctionConfiguration = { ...base, ...overlay?.changes };
    const reserved = overlay?.reservedConcurrency === undefined ? definition?.reservedConcurrency : overlay.reservedConcurrency ?? undefined;
    const origin = overlay?.created ? apiOrigin : definition?.origin ?? apiOrigin;
    const state: FunctionState = {
      configuration,
      origin,
      ...(reserved === undefined ? {} : { reservedConcurrency: reserved }),
      tags: overlay?.tags ?? definition?.tags ?? {},
      changed: overlay?.created ? [] : [
        ...Object.keys(overlay?.changes ?? {}).map((key) => awsNames[key] ?? key),
        ...(overlay?.reservedConcurrency === undefined ? [] : ['ReservedConcurrentExecutions']),
      ],
      lastModified: Math.max(overlay?.lastModified ?? 0, this.#baselineRead.get(name) ?? 0),
      runnable: this.#runnable(configuration, '$LATEST', origin, revisionOf(configuration)),
    };
    this.#states.set(name, state);
    return state;
  }

  create(configuration: FunctionConfiguration, tags: Record<string, string>): FunctionState {
    this.#put(configuration.functionName, { created: configuration, changes: {}, over: {}, tags, lastModified: this.#clock.now() });
    return this.get(configuration.functionName) as FunctionState;
  }

  update(name: string, changes: Properties): FunctionState {
    const overlay = this.#overlays.get(name) ?? { changes: {}, over: {}, lastModified: 0 };
    overlay.lastModified = this.#clock.now();
    if (overlay.created) {
      overlay.created = { ...overlay.created, ...changes };
    } else {
      const base = this.#baseline.get(name)?.configuration as unknown as Record<string, unknown>;
      for (const [key, value] of Object.entries(changes)) {
        if (JSON.stringify(value) === JSON.stringify(base[key])) {
          delete (overlay.changes as Record<string, unknown>)[key];
          delete overlay.over[key];
          continue;
        }
        Object.assign(overlay.changes, { [key]: value });
        overlay.over[key] = JSON.stringify(base[key]) ?? '';
      }
    }
    this.#put(name, overlay);
    return this.get(name) as FunctionState;
  }

  /** Drops what was set over the template for one property; nothing for a function that no template declares. */
  reset(name: string, property: keyof Properties): void {
    const overlay = this.#overlays.get(name);
    if (!overlay || overlay.created) return;
    delete overlay.changes[property];
    delete overlay.over[property];
    this.#put(name, { ...overlay, lastModified: this.#clock.now() });
  }

  /** Sum of the reserved concurrency of all functions. */
  get reservedConcurrency(): number {
    return this.#reserved ??= this.names().reduce((sum, name) => sum + (this.get(name)?.reservedConcurrency ?? 0), 0);
  }

  /** `undefined` removes the reservation. */
  setReservedConcurrency(name: string, value: number | undefined): void {
    const overlay = this.#overlays.get(name) ?? { changes: {}, over: {}, lastModified: this.#clock.now() };
    overlay.reservedConcurrency = value ?? null;
    overlay.over['reservedConcurrency'] = JSON.stringify(this.#baseline.get(name)?.reservedConcurrency) ?? '';
    this.#put(name, overlay);
  }

  /** Removes a function with its versions and aliases. */
  delete(name: string): void {
    for (const [key] of this.#versions.entries(`${name}/`)) this.#versions.delete(key);
    for (const [key] of this.#aliases.entries(`${name}/`)) this.#aliases.delete(key);
    const definition = this.#baseline.get(name);
    if (definition) this.#put(name, { changes: {}, over: {}, hidden: JSON.stringify(definition.configuration), lastModified: this.#clock.now() });
    else {
      this.#overlays.delete(name);
      this.#states.delete(name);
      this.#reserved = undefined;
    }
  }

  // ---- versions ----

  versions(name: string): PublishedVersion[] {
    return this.#versions.entries(`${name}/`).map(([, version]) => version).sort((a, b) => a.version - b.version);
  }

  version(name: string, version: string): PublishedVersion | undefined {
    return /^\d+$/.test(version) ? this.#versions.get(`${name}/${version}`) : undefined;
  }

  addVersion(name: string, version: Omit<PublishedVersion, 'version' | 'lastModified'>): PublishedVersion {
    const number = (this.#counters.get(name) ?? 0) + 1;
    const published = { ...version, version: number, lastModified: this.#clock.now() };
    this.#counters.put(name, number);
    this.#versions.put(`${name}/${number}`, published);
    return published;
  }

  deleteVersion(name: string, version: string): void {
    this.#versions.delete(`${name}/${version}`);
  }

  runnableVersion(name: string, published: PublishedVersion): RunnableFunction {
    return this.#runnable(published.configuration, String(published.version), this.get(name)?.origin ?? apiOrigin, published.revisionId);
  }

  /** Folders of frozen code that something refers to. */
  foldersInUse(): Set<string> {
    const folders = new Set<string>();
    for (const [, { configuration }] of this.#versions.entries()) folders.add(configuration.code.folder);
    for (const name of this.names()) folders.add((this.get(name) as FunctionState).configuration.code.folder);
    return folders;
  }

  // ---- aliases ----

  aliases(name: string): StoredAlias[] {
    const result = new Map<string, StoredAlias>();
    for (const alias of this.#baseline.get(name)?.aliases ?? []) {
      result.set(alias.name, { ...alias, baseline: true, revisionId: revisionOf(alias) });
    }
    for (const [key, alias] of this.#aliases.entries(`${name}/`)) {
      if ('deleted' in alias) result.delete(key.slice(name.length + 1));
      else result.set(alias.name, alias);
    }
    return [...result.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  alias(name: string, alias: string): StoredAlias | undefined {
    return this.aliases(name).find((candidate) => candidate.name === alias);
  }

  putAlias(name: string, alias: AliasDefinition): StoredAlias {
    const stored = { ...alias, revisionId: revisionOf([alias, this.#clock.now()]) };
    this.#aliases.put(`${name}/${alias.name}`, stored);
    return stored;
  }

  deleteAlias(name: string, alias: string): void {
    if (this.#baseline.get(name)?.aliases.some((candidate) => candidate.name === alias)) this.#aliases.put(`${name}/${alias}`, { deleted: true });
    else this.#aliases.delete(`${name}/${alias}`);
  }

  #put(name: string, overlay: Overlay): void {
    this.#overlays.put(name, overlay);
    this.#states.delete(name);
    this.#reserved = undefined;
  }

  /** The template changed what an edit had changed: the template wins and the log says so. */
  #dropOverruled(name: string, overlay: Overlay): void {
    const definition = this.#baseline.get(name);
    if (!definition || overlay.created) return;
    const base = { ...definition.configuration, reservedConcurrency: definition.reservedConcurrency } as unknown as Record<string, unknown>;
    let changed = false;
    if (overlay.hidden !== undefined && overlay.hidden !== JSON.stringify(definition.configuration)) {
      delete overlay.hidden;
      changed = true;
    }
    for (const [key, under] of Object.entries(overlay.over)) {
      if ((JSON.stringify(base[key]) ?? '') === under) continue;
      delete overlay.over[key];
      if (key === 'reservedConcurrency') delete overlay.reservedConcurrency;
      else delete (overlay.changes as Record<string, unknown>)[key];
      this.#logger.warn(`The template changed ${awsNames[key] ?? key} of ${name}: its value replaces the one that was set by an API call.`);
      changed = true;
    }
    if (changed) this.#put(name, overlay);
  }

  #runnable(configuration: FunctionConfiguration, version: string, origin: FunctionOrigin, revisionId: string): RunnableFunction {
    return { configuration, version, origin, functionArn: functionArn(configuration.functionName, this.#account()), revisionId };
  }
}

const awsNames: Readonly<Record<string, string>> = {
  description: 'Description', runtime: 'Runtime', handler: 'Handler', role: 'Role', timeout: 'Timeout', memorySize: 'MemorySize',
  environment: 'Environment', layers: 'Layers', ephemeralStorage: 'EphemeralStorage', loggingConfig: 'LoggingConfig',
  tracing: 'TracingConfig', deadLetterTargetArn: 'DeadLetterConfig', code: 'Code', architectures: 'Architectures',
  reservedConcurrency: 'ReservedConcurrentExecutions',
};

/** A UUID-shaped digest: the same content has the same revision, across restarts too. */
export function revisionOf(value: unknown): string {
  const hash = createHash('sha256').update(JSON.stringify(value)).digest('hex');
  return `${hash.slice(0, 8)}-${hash.slice(8, 12)}-4${hash.slice(13, 16)}-a${hash.slice(17, 20)}-${hash.slice(20, 32)}`;
}
