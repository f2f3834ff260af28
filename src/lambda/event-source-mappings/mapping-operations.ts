/** Create-, Get-, Update-, Delete- and ListEventSourceMappings (lambda-facts §3.1). */
import type { EventSources } from '../../contracts/event-sources.ts';
import { SourceNotFound, SourceUnavailable } from '../../contracts/event-sources.ts';
import { AwsFault, UserError } from '../../contracts/faults.ts';
import type { RunnableFunction } from '../../contracts/functions.ts';
import type { OperationResult } from '../../contracts/lambda-api.ts';
import type { Clock } from '../../contracts/clock.ts';
import type { MappingSource } from '../../contracts/event-source-mappings.ts';
import { functionArn, parseFunctionName, type AccountContext } from '../function-names.ts';
import { optionalText, page, requiredText, type Input } from '../input.ts';
import { checkedConfiguration, checkedSource, invalid } from './mapping-input.ts';
import type { Mapping, MappingRegistry } from './mapping-registry.ts';
import { mappingResponse, type MappingStatus } from './mapping-response.ts';
import { functionOf, streamArnOf, type MappingConfiguration } from './mapping.ts';

export interface MappingOperationsParts {
  registry: MappingRegistry;
  sources: EventSources;
  clock: Clock;
  account: () => AccountContext;
  uuid: () => string;
  /** @throws AwsFault ResourceNotFoundException */
  target(name: string, qualifier: string | undefined): RunnableFunction;
  status(mapping: Mapping): MappingStatus;
  /** Takes up a new mapping; answers with its state. */
  created(mapping: Mapping): MappingStatus;
  updated(mapping: Mapping, before: MappingConfiguration): MappingStatus;
  /** Stops it, then removes it. */
  deleted(mapping: Mapping): MappingStatus;
}

/** Mappings that one answer lists at most. */
const largestPage = 100;

export class MappingOperations {
  readonly #parts: MappingOperationsParts;

  constructor(parts: MappingOperationsParts) {
    this.#parts = parts;
  }

  async create(input: Input): Promise<OperationResult> {
    const { registry, clock, uuid } = this.#parts;
    const name = requiredText(input, 'FunctionName');
    const { source, arn: eventSourceArn } = checkedSource(input);
    const functionArn = this.#functionArn(name);
    const configuration = checkedConfiguration(input, { source, eventSourceArn, functionArn, now: clock.now() });
    const target = this.#target(configuration);
    this.#checkDuplicate(source, configuration);
    await this.#checkSource(source, configuration, target);
    return this.#answer(202, this.#parts.created(registry.create(uuid(), configuration)));
  }

  get(input: Input): OperationResult {
    return this.#answer(200, this.#parts.status(this.#mapping(input)));
  }

  async update(input: Input): Promise<OperationResult> {
    const { registry, clock } = this.#parts;
    const mapping = this.#mapping(input);
    this.#checkIdle(mapping, 'update');
    const { configuration: before, source } = mapping;
    const name = optionalText(input, 'FunctionName');
    const functionArn = name === undefined ? before.functionArn : this.#functionArn(name);
    const { EventSourceArn, StartingPosition, StartingPositionTimestamp, ...changes } = input;
    const configuration = checkedConfiguration(changes, { source, eventSourceArn: before.eventSourceArn, functionArn, now: clock.now() }, before);
    if (name !== undefined) {
      this.#target(configuration);
      this.#checkDuplicate(source, configuration, mapping.uuid);
    }
    await this.#checkSource(source, configuration, undefined);
    // Another call may have removed it meanwhile.
    this.#mapping(input);
    return this.#answer(202, this.#parts.updated(registry.update(mapping.uuid, configuration), before));
  }

  delete(input: Input): OperationResult {
    const mapping = this.#mapping(input);
    this.#checkIdle(mapping, 'delete');
    return this.#answer(202, this.#parts.deleted(mapping));
  }

  list(input: Input): OperationResult {
    const source = optionalText(input, 'EventSourceArn') || undefined;
    const name = optionalText(input, 'FunctionName') || undefined;
    const functionArn = name === undefined ? undefined : this.#functionArn(name);
    const found = this.#parts.registry.all().filter(({ configuration }) => (
      (source === undefined || configuration.eventSourceArn === source) && (functionArn === undefined || configuration.functionArn === functionArn)));
    const { items, nextMarker } = page(input, found, largestPage);
    return {
      status: 200,
      body: {
        EventSourceMappings: items.map((mapping) => mappingResponse(this.#parts.status(mapping), this.#parts.account())),
        ...(nextMarker === undefined ? {} : { NextMarker: nextMarker }),
      },
    };
  }

  /** @throws AwsFault ResourceNotFoundException */
  #mapping(input: Input): Mapping {
    const mapping = this.#parts.registry.get(requiredText(input, 'UUID'));
    if (!mapping) throw mappingNotFound();
    return mapping;
  }

  #answer(status: number, mapping: MappingStatus): OperationResult {
    return { status, body: mappingResponse(mapping, this.#parts.account()) };
  }

  #functionArn(name: string): string {
    const account = this.#parts.account();
    const reference = parseFunctionName(name, account);
    return functionArn(reference.name, account) + (reference.qualifier === undefined ? '' : `:${reference.qualifier}`);
  }

  #target(configuration: MappingConfiguration): RunnableFunction {
    const { name, qualifier } = functionOf(configuration.functionArn);
    try {
      return this.#parts.target(name, qualifier);
    } catch (error) {
      if (error instanceof AwsFault && error.name === 'ResourceNotFoundException') throw invalid('Function does not exist');
      throw error;
    }
  }

  #checkIdle(mapping: Mapping, what: 'update' | 'delete'): void {
    const { state } = this.#parts.status(mapping);
    if (state === 'Enabled' || state === 'Disabled') return;
    throw new AwsFault('ResourceInUseException', 400, `Cannot ${what} the event source mapping because it is in use.`, { messageKey: 'Message' });
  }

  /** Spaces inside the quotes as recorded. */
  #checkDuplicate(source: MappingSource, { eventSourceArn, functionArn }: MappingConfiguration, except?: string): void {
    const twin = this.#parts.registry.all().find(({ uuid, configuration }) => (
      uuid !== except && configuration.eventSourceArn === eventSourceArn && configuration.functionArn === functionArn));
    if (!twin) return;
    const { name } = functionOf(functionArn);
    const again = `Please update or delete the existing mapping with UUID ${twin.uuid}`;
    throw new AwsFault('ResourceConflictException', 409, source === 'sqs'
      ? `An event source mapping with SQS arn (" ${eventSourceArn} ") and function (" ${name} ") already exists. ${again}`
      : `The event source arn (" ${eventSourceArn} ") and function (" ${name} ") provided mapping already exists. ${again}`);
  }

  /** @param target When it is known. @throws AwsFault InvalidParameterValueException when the source is not there or does not suit. */
  async #checkSource(source: MappingSource, configuration: MappingConfiguration, target: RunnableFunction | undefined): Promise<void> {
    const { eventSourceArn } = configuration;
    try {
      if (source !== 'sqs') {
        await this.#parts.sources.stream(streamArnOf(eventSourceArn)).shards(streamArnOf(eventSourceArn));
        return;
      }
      const { visibilityTimeoutSeconds } = await this.#parts.sources.queue(eventSourceArn).describe(eventSourceArn);
      const timeout = (target ?? this.#known(configuration))?.configuration.timeout ?? 0;
      const problem = visibilityProblem(visibilityTimeoutSeconds, timeout);
      if (problem !== undefined) throw invalid(problem);
    } catch (error) {
      if (error instanceof UserError) throw invalid(error.message);
      if (error instanceof SourceUnavailable) {
        throw invalid(source === 'sqs' ? `Error occurred while ReceiveMessage. SQS Error Code: ${error.code}. SQS Error Message: ${error.message}` : error.message);
      }
      if (!(error instanceof SourceNotFound)) throw error;
      throw invalid(source === 'sqs'
        ? 'Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue does not exist.'
        : `Stream not found: ${eventSourceArn}`);
    }
  }

  #known(configuration: MappingConfiguration): RunnableFunction | undefined {
    const { name, qualifier } = functionOf(configuration.functionArn);
    try {
      return this.#parts.target(name, qualifier);
    } catch {
      return undefined;
    }
  }
}

/** AWS's text; undefined when the function has enough time. */
export function visibilityProblem(visibilityTimeoutSeconds: number, functionTimeout: number): string | undefined {
  if (functionTimeout <= visibilityTimeoutSeconds) return undefined;
  return `Queue visibility timeout: ${visibilityTimeoutSeconds} seconds is less than Function timeout: ${functionTimeout} seconds`;
}

export function mappingNotFound(): AwsFault {
  return new AwsFault('ResourceNotFoundException', 404, 'The resource you requested does not exist.', { messageKey: 'Message' });
}
