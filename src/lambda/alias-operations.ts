/** The operations of the Lambda API on aliases. */
import { AwsFault } from '../contracts/faults.ts';
import type { OperationResult } from '../contracts/lambda-api.ts';
import type { EngineSettings } from '../contracts/settings.ts';
import { functionArn, functionNotFound, parseFunctionName, validationFault, type FunctionReference } from './function-names.ts';
import type { FunctionRegistry } from './function-registry.ts';
import { aliasResponse } from './function-responses.ts';
import { optionalObject, optionalText, page, requiredText, type Input } from './input.ts';

export interface AliasOperationsParts {
  registry: FunctionRegistry;
  settings: () => EngineSettings;
  /** A function's aliases changed. */
  changed(name: string): void;
}

export class AliasOperations {
  readonly #parts: AliasOperationsParts;

  constructor(parts: AliasOperationsParts) {
    this.#parts = parts;
  }

  create(input: Input): OperationResult {
    const { name } = this.#reference(input);
    this.#requireFunction(name);
    const alias = requiredText(input, 'Name');
    if (!/^(?!^[0-9]+$)([a-zA-Z0-9-_]+)$/.test(alias) || alias.length > 128) {
      throw validationFault(alias, 'name', 'Member must satisfy regular expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)');
    }
    const existing = this.#parts.registry.alias(name, alias);
    if (existing) {
      throw new AwsFault('ResourceConflictException', 409, `Alias already exists: ${functionArn(name, this.#account())}:${alias}`);
    }
    const functionVersion = requiredText(input, 'FunctionVersion');
    const additionalVersionWeights = this.#weights(name, functionVersion, input) ?? {};
    this.#checkVersion(name, functionVersion);
    const stored = this.#parts.registry.putAlias(name, { name: alias, functionVersion, description: optionalText(input, 'Description') ?? '', additionalVersionWeights });
    this.#parts.changed(name);
    return { status: 201, body: aliasResponse(name, stored, this.#account()) };
  }

  get(input: Input): OperationResult {
    const { name } = this.#reference(input);
    return { status: 200, body: aliasResponse(name, this.#alias(name, requiredText(input, 'Name')), this.#account()) };
  }

  list(input: Input): OperationResult {
    const { name } = this.#reference(input);
    this.#requireFunction(name);
    const version = optionalText(input, 'FunctionVersion');
    const aliases = this.#parts.registry.aliases(name).filter((alias) => version === undefined || alias.functionVersion === version || version in alias.additionalVersionWeights);
    const { items, nextMarker } = page(input, aliases);
    return { status: 200, body: { Aliases: items.map((alias) => aliasResponse(name, alias, this.#account())), ...(nextMarker === undefined ? {} : { NextMarker: nextMarker }) } };
  }

  update(input: Input): OperationResult {
    const { name } = this.#reference(input);
    const alias = this.#alias(name, requiredText(input, 'Name'));
    const revision = optionalText(input, 'RevisionId');
    if (revision !== undefined && revision !== alias.revisionId) throw preconditionFailed();
    const functionVersion = optionalText(input, 'FunctionVersion') ?? alias.functionVersion;
    const additionalVersionWeights = this.#weights(name, functionVersion, input) ?? alias.additionalVersionWeights;
    this.#checkVersion(name, functionVersion);
    const stored = this.#parts.registry.putAlias(name, {
      name: alias.name, functionVersion, description: optionalText(input, 'Description') ?? alias.description, additionalVersionWeights,
    });
    this.#parts.changed(name);
    return { status: 200, body: aliasResponse(name, stored, this.#account()) };
  }

  delete(input: Input): OperationResult {
    const { name } = this.#reference(input);
    // Deleting an alias that is not there answers 204 too (lambda-facts §5).
    if (this.#parts.registry.get(name)) {
      this.#parts.registry.deleteAlias(name, requiredText(input, 'Name'));
      this.#parts.changed(name);
    }
    return { status: 204 };
  }

  #weights(name: string, functionVersion: string, input: Input): Record<string, number> | undefined {
    const routing = optionalObject(input, 'RoutingConfig');
    if (!routing) return undefined;
    const entries = Object.entries(optionalObject(routing, 'AdditionalVersionWeights') ?? {});
    if (entries.length > 1) throw new AwsFault('InvalidParameterValueException', 400, 'Number of items in AdditionalVersionWeights cannot be greater than 1');
    for (const [version, weight] of entries) {
      if (functionVersion === '$LATEST' || version === '$LATEST') {
        throw new AwsFault('InvalidParameterValueException', 400, '$LATEST is not supported for an alias pointing to more than 1 version');
      }
      if (version === functionVersion) {
        throw new AwsFault('InvalidParameterValueException', 400, `Invalid function version ${version}. Function version ${version} is already included in routing configuration.`);
      }
      if (typeof weight !== 'number' || weight < 0 || weight > 1) {
        throw validationFault(JSON.stringify(Object.fromEntries(entries)), 'routingConfig.additionalVersionWeights', 'Map value must satisfy constraint: [Member must have value less than or equal to 1.0, Member must have value greater than or equal to 0.0]');
      }
      this.#checkVersion(name, version);
    }
    return Object.fromEntries(entries) as Record<string, number>;
  }

  #checkVersion(name: string, version: string): void {
    if (version !== '$LATEST' && !this.#parts.registry.version(name, version)) throw functionNotFound(name, version, this.#account());
  }

  #account(): EngineSettings {
    return this.#parts.settings();
  }

  #reference(input: Input): FunctionReference {
    return parseFunctionName(requiredText(input, 'FunctionName'), this.#account(), optionalText(input, 'Qualifier'));
  }

  #requireFunction(name: string): void {
    if (!this.#parts.registry.get(name)) throw functionNotFound(name, undefined, this.#account());
  }

  #alias(name: string, alias: string) {
    this.#requireFunction(name);
    const found = this.#parts.registry.alias(name, alias);
    if (!found) {
      throw new AwsFault('ResourceNotFoundException', 404, `Cannot find alias arn: ${functionArn(name, this.#account())}:${alias}`, { messageKey: 'Message' });
    }
    return found;
  }
}

/** A `RevisionId` is not that of what it names. */
export function preconditionFailed(): AwsFault {
  return new AwsFault(
    'PreconditionFailedException', 412,
    'The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id',
    { messageKey: 'Message' },
  );
}
