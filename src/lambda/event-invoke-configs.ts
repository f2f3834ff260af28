/** Configuration of asynchronous invocation per function, version or alias (lambda-facts §2.2), over what templates say. */
import type { Clock } from '../contracts/clock.ts';
import type { DocumentCollection, DocumentStore } from '../contracts/documents.ts';
import { AwsFault } from '../contracts/faults.ts';
import type { EventInvokeConfigDefinition } from '../contracts/functions.ts';
import type { EventInvokeConfigSummary, OperationResult } from '../contracts/lambda-api.ts';
import type { Logger } from '../contracts/logger.ts';
import { checkedDestinations } from './destination-arns.ts';
import { functionArn, parseFunctionName, type AccountContext, type FunctionReference } from './function-names.ts';
import type { FunctionRegistry } from './function-registry.ts';
import { optionalNumber, optionalText, page, requiredText, type Input } from './input.ts';

/** Defaults of Lambda itself. */
export const defaultRetryAttempts = 2;
export const defaultEventAgeSeconds = 21_600;

type Config = Omit<EventInvokeConfigDefinition, 'qualifier'>;

interface Overlay {
  /** Absent: an API call deleted what the template declares. */
  config?: Config;
  lastModified: number;
  /** The template's configuration under it, as JSON: when it changes, the template wins. */
  over: string;
}

export interface EventInvokeConfigsParts {
  registry: FunctionRegistry;
  documents: DocumentStore;
  account: () => AccountContext;
  clock: Clock;
  logger: Logger;
  changed(name: string): void;
}

export class EventInvokeConfigs {
  readonly #parts: EventInvokeConfigsParts;
  readonly #overlays: DocumentCollection<Overlay>;
  #baseline = new Map<string, Config>();
  readonly #baselineRead = new Map<string, number>();

  constructor(parts: EventInvokeConfigsParts) {
    this.#parts = parts;
    this.#overlays = parts.documents.collection('event-invoke-configs');
  }

  setBaseline(definitions: readonly { functionName: string; configs: readonly EventInvokeConfigDefinition[] }[]): void {
    const baseline = new Map<string, Config>();
    for (const { functionName, configs } of definitions) {
      for (const { qualifier, ...config } of configs) baseline.set(keyOf(functionName, qualifier), config);
    }
    for (const [key, config] of baseline) {
      if (JSON.stringify(this.#baseline.get(key)) !== JSON.stringify(config)) this.#baselineRead.set(key, this.#parts.clock.now());
    }
    this.#baseline = baseline;
    for (const [key, { over }] of this.#overlays.entries()) {
      if (over === underlying(baseline.get(key))) continue;
      this.#overlays.delete(key);
      this.#parts.logger.warn(`The template changed the asynchronous invocation of ${key.replace('/', ':')}: it replaces what was set by an API call.`);
    }
  }

  /** What holds for an invocation by this qualifier; another qualifier's configuration never does (lambda-facts §C1). */
  get(functionName: string, qualifier: string | undefined): Config | undefined {
    const key = keyOf(functionName, qualifier);
    const overlay = this.#overlays.get(key);
    return overlay ? overlay.config : this.#baseline.get(key);
  }

  summaries(functionName: string): EventInvokeConfigSummary[] {
    return this.#qualifiers(functionName).map((qualifier) => ({
      qualifier, ...this.get(functionName, qualifier), changed: this.#overlays.get(keyOf(functionName, qualifier)) !== undefined,
    }));
  }

  /** Forgets what belongs to a function that is deleted. */
  deleteFunction(functionName: string): void {
    for (const [key] of this.#overlays.entries(`${functionName}/`)) this.#overlays.delete(key);
  }

  /** Replaces: what is left out is unset. */
  put(input: Input): OperationResult {
    return this.#write(input, undefined);
  }

  /** Merges: what is left out stays. */
  update(input: Input): OperationResult {
    const reference = this.#reference(input);
    return this.#write(input, this.get(reference.name, reference.qualifier) ?? {});
  }

  read(input: Input): OperationResult {
    const { name, qualifier } = this.#reference(input);
    return { status: 200, body: this.#response(name, qualifier, this.#existing(name, qualifier)) };
  }

  delete(input: Input): OperationResult {
    const { name, qualifier } = this.#reference(input);
    this.#existing(name, qualifier);
    const key = keyOf(name, qualifier);
    const under = this.#baseline.get(key);
    if (under) this.#overlays.put(key, { lastModified: this.#parts.clock.now(), over: underlying(under) });
    else this.#overlays.delete(key);
    this.#parts.changed(name);
    return { status: 204 };
  }

  list(input: Input): OperationResult {
    const { name } = this.#reference(input);
    const { items, nextMarker } = page(input, this.#qualifiers(name));
    return {
      status: 200,
      body: {
        FunctionEventInvokeConfigs: items.map((qualifier) => this.#response(name, qualifier, this.#existing(name, qualifier))),
        ...(nextMarker === undefined ? {} : { NextMarker: nextMarker }),
      },
    };
  }

  /** Drops an edit, so that the template's configuration holds again. */
  reset(functionName: string, qualifier: string | undefined): void {
    this.#overlays.delete(keyOf(functionName, qualifier));
    this.#parts.changed(functionName);
  }

  #write(input: Input, before: Config | undefined): OperationResult {
    const { name, qualifier } = this.#reference(input);
    const maximumRetryAttempts = optionalNumber(input, 'MaximumRetryAttempts', 0, 2);
    const maximumEventAgeInSeconds = optionalNumber(input, 'MaximumEventAgeInSeconds', 60, 21_600);
    const destinations = checkedDestinations(input, {
      functionArn: functionArn(name, this.#parts.account()),
      functionExists: (arn) => this.#parts.registry.get(parseFunctionName(arn, this.#parts.account()).name) !== undefined,
    });
    if (maximumRetryAttempts === undefined && maximumEventAgeInSeconds === undefined && destinations === undefined) {
      throw new AwsFault('InvalidParameterValueException', 400, 'You must specify at least one of error handling or destination setting.');
    }
    const kept = destinations === undefined ? before : withoutDestinations(before);
    const config: Config = {
      ...kept,
      ...(maximumRetryAttempts === undefined ? {} : { maximumRetryAttempts }),
      ...(maximumEventAgeInSeconds === undefined ? {} : { maximumEventAgeInSeconds }),
      ...destinations,
    };
    const key = keyOf(name, qualifier);
    this.#overlays.put(key, { config, lastModified: this.#parts.clock.now(), over: underlying(this.#baseline.get(key)) });
    this.#parts.changed(name);
    return { status: 200, body: this.#response(name, qualifier, config) };
  }

  #qualifiers(functionName: string): string[] {
    const prefix = `${functionName}/`;
    const keys = new Set([...this.#baseline.keys()].filter((key) => key.startsWith(prefix)));
    for (const [key, { config }] of this.#overlays.entries(prefix)) {
      if (config) keys.add(key);
      else keys.delete(key);
    }
    return [...keys].map((key) => key.slice(prefix.length)).sort();
  }

  #existing(name: string, qualifier: string | undefined): Config {
    const config = this.get(name, qualifier);
    if (!config) {
      const arn = `${functionArn(name, this.#parts.account())}:${qualifier ?? '$LATEST'}`;
      throw new AwsFault('ResourceNotFoundException', 404, `The function ${arn} doesn't have an EventInvokeConfig`, { messageKey: 'Message' });
    }
    return config;
  }

  #reference(input: Input): FunctionReference {
    const reference = parseFunctionName(requiredText(input, 'FunctionName'), this.#parts.account(), optionalText(input, 'Qualifier'));
    const { name, qualifier } = reference;
    const { registry } = this.#parts;
    const known = registry.get(name) && (qualifier === undefined || qualifier === '$LATEST' || registry.version(name, qualifier) || registry.alias(name, qualifier));
    if (!known) throw new AwsFault('ResourceNotFoundException', 404, "The function doesn't exist.", { messageKey: 'Message' });
    return reference;
  }

  /** Members and their order as recorded (lambda-facts §2.2). */
  #response(name: string, qualifier: string | undefined, config: Config): Record<string, unknown> {
    const key = keyOf(name, qualifier);
    const modified = this.#overlays.get(key)?.lastModified ?? this.#baselineRead.get(key) ?? this.#parts.clock.now();
    const { maximumRetryAttempts, maximumEventAgeInSeconds, onSuccess, onFailure } = config;
    return {
      LastModified: modified / 1000,
      FunctionArn: `${functionArn(name, this.#parts.account())}:${qualifier ?? '$LATEST'}`,
      ...(maximumRetryAttempts === undefined ? {} : { MaximumRetryAttempts: maximumRetryAttempts }),
      ...(maximumEventAgeInSeconds === undefined ? {} : { MaximumEventAgeInSeconds: maximumEventAgeInSeconds }),
      DestinationConfig: {
        OnSuccess: onSuccess === undefined ? {} : { Destination: onSuccess },
        OnFailure: onFailure === undefined ? {} : { Destination: onFailure },
      },
    };
  }
}

function keyOf(functionName: string, qualifier: string | undefined): string {
  return `${functionName}/${qualifier ?? '$LATEST'}`;
}

function underlying(config: Config | undefined): string {
  return config === undefined ? '' : JSON.stringify(config);
}

function withoutDestinations(config: Config | undefined): Config {
  const { onSuccess, onFailure, ...rest } = config ?? {};
  return rest;
}
