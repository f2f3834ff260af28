/** The operations of the Lambda API beside Invoke, by their AWS names. */
import { AwsFault } from '../contracts/faults.ts';
import type { FunctionConfiguration } from '../contracts/functions.ts';
import type { LambdaOperation, OperationResult } from '../contracts/lambda-api.ts';
import type { CodeStore, FrozenCode } from '../contracts/runner.ts';
import type { EngineSettings } from '../contracts/settings.ts';
import { AliasOperations, preconditionFailed } from './alias-operations.ts';
import { minimumUnreserved, type Concurrency } from './concurrency.ts';
import { changesFrom, newConfiguration } from './function-input.ts';
import { functionNotFound, parseFunctionName, type FunctionReference } from './function-names.ts';
import type { EventInvokeConfigs } from './event-invoke-configs.ts';
import { configurationResponse } from './function-responses.ts';
import { revisionOf, type FunctionRegistry, type FunctionState, type PublishedVersion } from './function-registry.ts';
import type { MappingOperations } from './event-source-mappings/mapping-operations.ts';
import { optionalNumber, optionalObject, optionalText, page, requiredText, textMap, type Input } from './input.ts';
import type { RecursionConfigs } from './recursion-configs.ts';

export interface OperationsParts {
  registry: FunctionRegistry;
  codeStore: CodeStore;
  settings: () => EngineSettings;
  ids: { uuid(): string };
  concurrency: Concurrency;
  eventConfigs: EventInvokeConfigs;
  recursion: RecursionConfigs;
  mappings: MappingOperations;
  /** A function was made, changed or removed. */
  changed(name: string): void;
}

type Handler = (input: Input) => OperationResult | Promise<OperationResult>;

export class Operations {
  readonly #parts: OperationsParts;
  readonly #handlers: Readonly<Record<LambdaOperation, Handler>>;

  constructor(parts: OperationsParts) {
    this.#parts = parts;
    const aliases = new AliasOperations(parts);
    this.#handlers = {
      CreateFunction: (input) => this.#createFunction(input),
      DeleteFunction: (input) => this.#deleteFunction(input),
      GetFunction: (input) => this.#getFunction(input),
      GetFunctionConfiguration: async (input) => ({ status: 200, body: await this.#configuration(input) }),
      ListFunctions: (input) => this.#listFunctions(input),
      UpdateFunctionCode: (input) => this.#updateFunctionCode(input),
      UpdateFunctionConfiguration: (input) => this.#updateFunctionConfiguration(input),
      PublishVersion: (input) => this.#publishVersion(input),
      ListVersionsByFunction: (input) => this.#listVersions(input),
      CreateAlias: (input) => aliases.create(input),
      GetAlias: (input) => aliases.get(input),
      ListAliases: (input) => aliases.list(input),
      UpdateAlias: (input) => aliases.update(input),
      DeleteAlias: (input) => aliases.delete(input),
      PutFunctionConcurrency: (input) => this.#putConcurrency(input),
      GetFunctionConcurrency: (input) => this.#getConcurrency(input),
      DeleteFunctionConcurrency: (input) => this.#deleteConcurrency(input),
      PutFunctionEventInvokeConfig: (input) => parts.eventConfigs.put(input),
      UpdateFunctionEventInvokeConfig: (input) => parts.eventConfigs.update(input),
      GetFunctionEventInvokeConfig: (input) => parts.eventConfigs.read(input),
      DeleteFunctionEventInvokeConfig: (input) => parts.eventConfigs.delete(input),
      ListFunctionEventInvokeConfigs: (input) => parts.eventConfigs.list(input),
      PutFunctionRecursionConfig: (input) => this.#putRecursion(input),
      GetFunctionRecursionConfig: (input) => this.#getRecursion(input),
      CreateEventSourceMapping: (input) => parts.mappings.create(input),
      GetEventSourceMapping: (input) => parts.mappings.get(input),
      UpdateEventSourceMapping: (input) => parts.mappings.update(input),
      DeleteEventSourceMapping: (input) => parts.mappings.delete(input),
      ListEventSourceMappings: (input) => parts.mappings.list(input),
      ListTags: (input) => this.#listTags(input),
      GetAccountSettings: () => this.#accountSettings(),
    };
  }

  async call(operation: LambdaOperation, input: Input): Promise<OperationResult> {
    return this.#handlers[operation](input);
  }

  // ---- functions ----

  async #createFunction(input: Input): Promise<OperationResult> {
    const { registry, codeStore } = this.#parts;
    const { name } = parseFunctionName(requiredText(input, 'FunctionName'), this.#account());
    const configuration = newConfiguration(input, name);
    if (registry.get(name)) throw new AwsFault('ResourceConflictException', 409, `Function already exist: ${name}`);
    const frozen = await codeStore.unpack(zipOf(optionalObject(input, 'Code') ?? {}));
    const state = registry.create({ ...configuration, code: codeOf(frozen) }, textMap(input, 'Tags') ?? {});
    this.#parts.changed(name);
    const published = input['Publish'] === true ? await this.#publish(name, state, '') : undefined;
    return { status: 201, body: published ? this.#versionResponse(published) : await this.#latestResponse(state) };
  }

  #deleteFunction(input: Input): OperationResult {
    const { name, qualifier } = this.#reference(input);
    this.#state(name);
    if (qualifier === undefined || qualifier === '$LATEST') {
      if (qualifier === '$LATEST') throw new AwsFault('InvalidParameterValueException', 400, '$LATEST version cannot be deleted without deleting the function.');
      this.#parts.registry.delete(name);
      this.#parts.eventConfigs.deleteFunction(name);
      this.#parts.recursion.delete(name);
    } else {
      const user = this.#parts.registry.aliases(name).find((alias) => alias.functionVersion === qualifier || qualifier in alias.additionalVersionWeights);
      if (user) {
        throw new AwsFault('ResourceConflictException', 409, `Cannot delete version ${qualifier} of the function: alias ${user.name} points to it.`);
      }
      this.#parts.registry.deleteVersion(name, qualifier);
    }
    this.#parts.changed(name);
    this.#collect();
    return { status: 204 };
  }

  async #getFunction(input: Input): Promise<OperationResult> {
    const { name } = this.#reference(input);
    const state = this.#state(name);
    const Configuration = await this.#configuration(input);
    return {
      status: 200,
      body: {
        Configuration,
        // There is no bucket to download from: the folder itself.
        Code: { RepositoryType: 'S3', Location: `file://${state.configuration.code.folder}` },
        ...(Object.keys(state.tags).length === 0 ? {} : { Tags: state.tags }),
        ...(state.reservedConcurrency === undefined ? {} : { Concurrency: { ReservedConcurrentExecutions: state.reservedConcurrency } }),
      },
    };
  }

  async #listFunctions(input: Input): Promise<OperationResult> {
    const { registry } = this.#parts;
    const all = optionalText(input, 'FunctionVersion') === 'ALL';
    const { items, nextMarker } = page(input, registry.names());
    const each = await Promise.all(items.map(async (name) => [
      await this.#latestResponse(registry.get(name) as FunctionState),
      ...(all ? registry.versions(name).map((version) => this.#versionResponse(version)) : []),
    ]));
    const Functions = each.flat();
    return { status: 200, body: { Functions, ...(nextMarker === undefined ? {} : { NextMarker: nextMarker }) } };
  }

  async #updateFunctionCode(input: Input): Promise<OperationResult> {
    const { registry, codeStore } = this.#parts;
    const { name } = this.#reference(input);
    await this.#checkRevision(this.#state(name), input);
    const frozen = await codeStore.unpack(zipOf(input));
    if (input['DryRun'] === true) return { status: 200, body: await this.#latestResponse(this.#state(name)) };
    const state = registry.update(name, { code: codeOf(frozen) });
    this.#parts.changed(name);
    const published = input['Publish'] === true ? await this.#publish(name, state, '') : undefined;
    return { status: 200, body: published ? this.#versionResponse(published) : await this.#latestResponse(state) };
  }

  async #updateFunctionConfiguration(input: Input): Promise<OperationResult> {
    const { name } = this.#reference(input);
    const state = this.#state(name);
    await this.#checkRevision(state, input);
    const updated = this.#parts.registry.update(name, changesFrom(input, state.configuration));
    this.#parts.changed(name);
    return { status: 200, body: await this.#latestResponse(updated) };
  }

  // ---- versions ----

  async #publishVersion(input: Input): Promise<OperationResult> {
    const { name } = this.#reference(input);
    const state = this.#state(name);
    await this.#checkRevision(state, input);
    const { sha256 } = await this.#parts.codeStore.describe(state.runnable);
    const wanted = optionalText(input, 'CodeSha256');
    if (wanted !== undefined && wanted !== '' && wanted !== sha256) {
      throw new AwsFault('InvalidParameterValueException', 400, `CodeSHA256 (${wanted}) is different from current CodeSHA256 in $LATEST (${sha256}). Please try again with the CodeSHA256 in $LATEST.`);
    }
    return { status: 201, body: this.#versionResponse(await this.#publish(name, state, optionalText(input, 'Description') ?? '')) };
  }

  /** Freezes code and configuration; the last version again when nothing changed since (lambda-facts §5). */
  async #publish(name: string, state: FunctionState, description: string): Promise<PublishedVersion> {
    const { registry, codeStore } = this.#parts;
    const last = registry.versions(name).at(-1);
    const comparable = (configuration: FunctionConfiguration) => JSON.stringify({ ...configuration, code: undefined, description: undefined });
    const { sha256, size } = await codeStore.describe(state.runnable);
    if (last?.codeSha256 === sha256 && comparable(last.configuration) === comparable(state.configuration)) return last;
    const frozen = await codeStore.freeze(state.runnable);
    const configuration = { ...state.configuration, code: codeOf(frozen), description: description || state.configuration.description };
    const published = registry.addVersion(name, {
      configuration, codeSha256: sha256, codeSize: size, leftOut: frozen.leftOut,
      revisionId: revisionOf([configuration, sha256, registry.versions(name).length]),
    });
    this.#parts.changed(name);
    return published;
  }

  async #listVersions(input: Input): Promise<OperationResult> {
    const { name } = this.#reference(input);
    const latest = await this.#latestResponse(this.#state(name), '$LATEST');
    const { items, nextMarker } = page(input, [latest, ...this.#parts.registry.versions(name).map((version) => this.#versionResponse(version))]);
    return { status: 200, body: { Versions: items, ...(nextMarker === undefined ? {} : { NextMarker: nextMarker }) } };
  }

  // ---- concurrency, tags, account ----

  #putConcurrency(input: Input): OperationResult {
    const { name } = this.#reference(input);
    this.#state(name);
    const value = optionalNumber(input, 'ReservedConcurrentExecutions', 0, Number.MAX_SAFE_INTEGER);
    if (value === undefined) throw new AwsFault('ValidationException', 400, "1 validation error detected: Value null at 'reservedConcurrentExecutions' failed to satisfy constraint: Member must not be null");
    const { registry, settings } = this.#parts;
    const others = registry.reservedConcurrency - (registry.get(name)?.reservedConcurrency ?? 0);
    if (settings().accountConcurrency - others - value < minimumUnreserved && value > 0) {
      throw new AwsFault('InvalidParameterValueException', 400, `Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [${minimumUnreserved}].`);
    }
    registry.setReservedConcurrency(name, value);
    this.#parts.changed(name);
    return { status: 200, body: { ReservedConcurrentExecutions: value } };
  }

  #getConcurrency(input: Input): OperationResult {
    const { reservedConcurrency } = this.#state(this.#reference(input).name);
    return { status: 200, body: reservedConcurrency === undefined ? {} : { ReservedConcurrentExecutions: reservedConcurrency } };
  }

  #deleteConcurrency(input: Input): OperationResult {
    const { name } = this.#reference(input);
    this.#state(name);
    this.#parts.registry.setReservedConcurrency(name, undefined);
    this.#parts.changed(name);
    return { status: 204 };
  }

  #putRecursion(input: Input): OperationResult {
    const { name } = this.#reference(input);
    this.#state(name);
    const RecursiveLoop = this.#parts.recursion.put(name, input);
    this.#parts.changed(name);
    return { status: 200, body: { RecursiveLoop } };
  }

  #getRecursion(input: Input): OperationResult {
    const { name } = this.#reference(input);
    this.#state(name);
    return { status: 200, body: { RecursiveLoop: this.#parts.recursion.get(name) } };
  }

  #listTags(input: Input): OperationResult {
    const { name } = parseFunctionName(requiredText(input, 'Resource'), this.#account());
    return { status: 200, body: { Tags: this.#state(name).tags } };
  }

  #accountSettings(): OperationResult {
    const { registry, settings } = this.#parts;
    const limit = settings().accountConcurrency;
    return {
      status: 200,
      body: {
        AccountLimit: {
          TotalCodeSize: 80_530_636_800, CodeSizeUnzipped: 262_144_000, CodeSizeZipped: 52_428_800,
          ConcurrentExecutions: limit, UnreservedConcurrentExecutions: Math.max(0, limit - registry.reservedConcurrency),
        },
        AccountUsage: { TotalCodeSize: 0, FunctionCount: registry.names().length },
      },
    };
  }

  // ---- shared ----

  #account(): EngineSettings {
    return this.#parts.settings();
  }

  #reference(input: Input): FunctionReference {
    return parseFunctionName(requiredText(input, 'FunctionName'), this.#account(), optionalText(input, 'Qualifier'));
  }

  #state(name: string): FunctionState {
    const state = this.#parts.registry.get(name);
    if (!state) throw functionNotFound(name, undefined, this.#account());
    return state;
  }

  async #configuration(input: Input): Promise<Record<string, unknown>> {
    const { name, qualifier } = this.#reference(input);
    const state = this.#parts.registry.get(name);
    if (!state) throw functionNotFound(name, qualifier, this.#account());
    if (qualifier === undefined || qualifier === '$LATEST') return this.#latestResponse(state, qualifier);
    const alias = /^\d+$/.test(qualifier) ? undefined : this.#parts.registry.alias(name, qualifier);
    const version = alias?.functionVersion ?? qualifier;
    const published = this.#parts.registry.version(name, version);
    if (published) return this.#versionResponse(published, alias?.name);
    if (alias) return this.#latestResponse(state, alias.name);
    throw functionNotFound(name, qualifier, this.#account());
  }

  async #latestResponse(state: FunctionState, qualifier?: string): Promise<Record<string, unknown>> {
    const { sha256, size } = await this.#parts.codeStore.describe(state.runnable);
    return configurationResponse({
      configuration: state.configuration, version: '$LATEST', codeSha256: sha256, codeSize: size, lastModified: state.lastModified,
      revisionId: revisionOf([state.runnable.revisionId, sha256]), ...(qualifier === undefined ? {} : { qualifier }),
    }, this.#account());
  }

  #versionResponse(published: PublishedVersion, qualifier?: string): Record<string, unknown> {
    return configurationResponse({ ...published, version: String(published.version), ...(qualifier === undefined ? {} : { qualifier }) }, this.#account());
  }

  async #checkRevision(state: FunctionState, input: Input): Promise<void> {
    const wanted = optionalText(input, 'RevisionId');
    if (wanted === undefined) return;
    const { sha256 } = await this.#parts.codeStore.describe(state.runnable);
    if (wanted !== revisionOf([state.runnable.revisionId, sha256])) throw preconditionFailed();
  }

  #collect(): void {
    void this.#parts.codeStore.collect(this.#parts.registry.foldersInUse());
  }
}

function codeOf(frozen: FrozenCode): FunctionConfiguration['code'] {
  return {
    folder: frozen.folder,
    ...(frozen.handlerFile === undefined ? {} : { handlerFile: frozen.handlerFile }),
    ...(frozen.handlerExport === undefined ? {} : { handlerExport: frozen.handlerExport }),
  };
}

function zipOf(code: Input): Uint8Array {
  const zip = code['ZipFile'];
  if (zip instanceof Uint8Array) return zip;
  if (typeof zip === 'string') return Buffer.from(zip, 'base64');
  if (code['S3Bucket'] !== undefined || code['ImageUri'] !== undefined) {
    throw new AwsFault('InvalidParameterValueException', 400, 'Only code given as ZipFile can be run here: S3 objects and container images cannot be fetched.');
  }
  throw new AwsFault('InvalidParameterValueException', 400, 'Please provide a source for function code.');
}
