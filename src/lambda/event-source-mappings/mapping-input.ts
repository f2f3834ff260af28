/** Reads the parameters of Create- and UpdateEventSourceMapping with AWS's ranges, defaults and error texts (lambda-facts §3.1). */
import type { MappingSource } from '../../contracts/event-source-mappings.ts';
import { AwsFault } from '../../contracts/faults.ts';
import { InvalidPatternError } from '../../patterns/invalid-pattern-error.ts';
import { targetKind } from '../destination-arns.ts';
import { validationFault } from '../function-names.ts';
import { optionalNumber, optionalObject, optionalText, textMap, type Input } from '../input.ts';
import { RecordFilters } from './filters.ts';
import { isFifoQueue, laterSourceOf, sourceOf, type MappingConfiguration, type StreamConfiguration } from './mapping.ts';

/** Filters of one mapping: 5, and 10 when asked for, which nobody has to here. */
const mostFilters = 10;
const longestPattern = 4096;
const mostSqsBatch = 10_000;
const mostFifoBatch = 10;
/** A batch larger than this wants a batching window. */
const batchWithoutWindow = 10;

const streamParameters = [
  'StartingPosition', 'StartingPositionTimestamp', 'ParallelizationFactor', 'MaximumRecordAgeInSeconds', 'MaximumRetryAttempts',
  'BisectBatchOnFunctionError', 'TumblingWindowInSeconds',
] as const;
const queueParameters = ['ScalingConfig'] as const;
/** Parameters of sources that come later. */
const laterParameters = [
  'Topics', 'Queues', 'SourceAccessConfigurations', 'SelfManagedEventSource', 'AmazonManagedKafkaEventSourceConfig',
  'SelfManagedKafkaEventSourceConfig', 'DocumentDBEventSourceConfig', 'LoggingConfig',
] as const;

/**
 * The source that a new mapping is for.
 * @throws AwsFault InvalidParameterValueException
 */
export function checkedSource(input: Input): { source: MappingSource; arn: string } {
  checkDestinationSide(input);
  if (given(input, 'SelfManagedEventSource')) {
    if (!given(input, 'SourceAccessConfigurations')) throw invalid("Required 'sourceAccessConfigurations' parameter is missing.", 'SelfManagedEventSource');
    throw notHere('self-managed Apache Kafka');
  }
  const arn = optionalText(input, 'EventSourceArn');
  if (arn === undefined || arn === '') throw invalid('Unrecognized event source.', 'EventSourceArn');
  const source = sourceOf(arn);
  if (source !== undefined) return { source, arn };
  const later = laterSourceOf(arn);
  throw later === undefined ? invalid('Unrecognized event source.', 'EventSourceArn') : notHere(later);
}

export interface MappingInputContext {
  source: MappingSource;
  eventSourceArn: string;
  functionArn: string;
  /** Epoch milliseconds. */
  now: number;
}

/**
 * The whole configuration: what the input says, else what was before, else the default.
 * @throws AwsFault ValidationException, InvalidParameterValueException
 */
export function checkedConfiguration(input: Input, context: MappingInputContext, before?: MappingConfiguration): MappingConfiguration {
  const { source, eventSourceArn, functionArn } = context;
  checkParameters(input, source);
  const queue = source === 'sqs';
  const batchSize = optionalNumber(input, 'BatchSize', 1, mostSqsBatch) ?? before?.batchSize ?? (queue ? 10 : 100);
  const window = optionalNumber(input, 'MaximumBatchingWindowInSeconds', 0, 300) ?? before?.maximumBatchingWindowInSeconds ?? 0;
  const stream = queue ? undefined : checkedStream(input, context, before?.stream);
  if (queue) checkQueueBatch(eventSourceArn, batchSize, window);
  const metrics = given(input, 'MetricsConfig') ? checkedMetrics(input) : before?.metrics;
  return {
    functionArn, eventSourceArn,
    enabled: flag(input, 'Enabled') ?? before?.enabled ?? true,
    batchSize,
    maximumBatchingWindowInSeconds: window,
    filters: given(input, 'FilterCriteria') ? checkedFilters(input, source) : before?.filters ?? [],
    functionResponseTypes: given(input, 'FunctionResponseTypes') ? checkedResponseTypes(input) : before?.functionResponseTypes ?? [],
    ...(metrics === undefined ? {} : { metrics }),
    tags: tagsOf(input) ?? before?.tags ?? {},
    ...(queue ? checkedScaling(input, before) : {}),
    ...(stream === undefined ? {} : { stream }),
  };
}

/** What does not belong to the source is refused, never ignored. */
function checkParameters(input: Input, source: MappingSource): void {
  checkDestinationSide(input);
  const refused = source === 'sqs' ? streamParameters : queueParameters;
  for (const name of [...refused, ...laterParameters]) {
    if (!given(input, name)) continue;
    if (source === 'sqs' && name === 'StartingPosition') throw invalid('StartingPosition is not valid for SQS event sources.', name);
    throw unsupported(name);
  }
  if (source === 'sqs' && destinationGiven(input)) throw unsupported('DestinationConfig');
  if (source !== 'sqs' && given(input, 'ProvisionedPollerConfig')) throw unsupported('ProvisionedPollerConfig');
  if (optionalText(input, 'KMSKeyArn') || optionalText(input, 'KmsKeyArn')) {
    throw new NotHere('Filter criteria that are encrypted with a KMS key cannot be read here: leave KMSKeyArn out.', given(input, 'KMSKeyArn') ? 'KMSKeyArn' : 'KmsKeyArn');
  }
}

/** AWS has no destination for success in mappings. */
function checkDestinationSide(input: Input): void {
  const success = optionalObject(optionalObject(input, 'DestinationConfig') ?? {}, 'OnSuccess');
  if (success && optionalText(success, 'Destination')) throw unsupported('DestinationConfig');
}

function destinationGiven(input: Input): boolean {
  const failure = optionalObject(optionalObject(input, 'DestinationConfig') ?? {}, 'OnFailure');
  return Boolean(failure && optionalText(failure, 'Destination'));
}

/** The texts for FIFO queues are not recorded. */
function checkQueueBatch(arn: string, batchSize: number, window: number): void {
  if (isFifoQueue(arn)) {
    if (batchSize > mostFifoBatch) throw invalid(`Batch size must be between 1 and ${mostFifoBatch} for FIFO queues.`, 'BatchSize');
    if (window > 0) throw invalid('Batching window is not supported for FIFO queues.', 'MaximumBatchingWindowInSeconds');
  }
  if (batchSize > batchWithoutWindow && window === 0) {
    throw invalid('Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10', 'BatchSize');
  }
}

function checkedScaling(input: Input, before: MappingConfiguration | undefined): Pick<MappingConfiguration, 'maximumConcurrency' | 'provisionedPollers'> {
  const scaling = optionalObject(input, 'ScalingConfig');
  const pollers = optionalObject(input, 'ProvisionedPollerConfig');
  const most = scaling ? optionalNumber(scaling, 'MaximumConcurrency', 2, 1000) : before?.maximumConcurrency;
  const provisioned = pollers ? checkedPollers(pollers) : before?.provisionedPollers;
  if (most !== undefined && provisioned !== undefined) throw invalid('MaximumConcurrency and ProvisionedPollerConfig cannot be set together.', 'ProvisionedPollerConfig');
  return { ...(most === undefined ? {} : { maximumConcurrency: most }), ...(provisioned === undefined ? {} : { provisionedPollers: provisioned }) };
}

/** An empty object goes back to pollers on demand. */
function checkedPollers(input: Input): MappingConfiguration['provisionedPollers'] {
  const minimum = optionalNumber(input, 'MinimumPollers', 2, 200);
  const maximum = optionalNumber(input, 'MaximumPollers', 2, 10_000);
  if (minimum === undefined && maximum === undefined) return undefined;
  if (minimum !== undefined && maximum !== undefined && minimum > maximum) throw invalid('MinimumPollers must not be greater than MaximumPollers.', 'ProvisionedPollerConfig.MinimumPollers');
  return { ...(minimum === undefined ? {} : { minimum }), ...(maximum === undefined ? {} : { maximum }) };
}

function checkedStream(input: Input, { source, eventSourceArn, now }: MappingInputContext, before: StreamConfiguration | undefined): StreamConfiguration {
  const position = before === undefined ? checkedPosition(input, source, eventSourceArn, now) : before;
  const onFailure = given(input, 'DestinationConfig') ? checkedOnFailure(input) : before?.onFailure;
  return {
    startingPosition: position.startingPosition,
    ...(position.startingPositionTimestamp === undefined ? {} : { startingPositionTimestamp: position.startingPositionTimestamp }),
    parallelizationFactor: optionalNumber(input, 'ParallelizationFactor', 1, 10) ?? before?.parallelizationFactor ?? 1,
    ...(onFailure === undefined ? {} : { onFailure }),
    maximumRecordAgeInSeconds: checkedAge(input) ?? before?.maximumRecordAgeInSeconds ?? -1,
    maximumRetryAttempts: optionalNumber(input, 'MaximumRetryAttempts', -1, 10_000) ?? before?.maximumRetryAttempts ?? -1,
    bisectBatchOnFunctionError: flag(input, 'BisectBatchOnFunctionError') ?? before?.bisectBatchOnFunctionError ?? false,
    tumblingWindowInSeconds: optionalNumber(input, 'TumblingWindowInSeconds', 0, 900) ?? before?.tumblingWindowInSeconds ?? 0,
  };
}

const positions = ['LATEST', 'AT_TIMESTAMP', 'TRIM_HORIZON'] as const;

function checkedPosition(input: Input, source: MappingSource, arn: string, now: number): Pick<StreamConfiguration, 'startingPosition' | 'startingPositionTimestamp'> {
  const text = optionalText(input, 'StartingPosition');
  if (text === undefined) throw invalid("1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not be null.", 'StartingPosition');
  const startingPosition = positions.find((each) => each === text);
  if (startingPosition === undefined) throw validationFault(text, 'startingPosition', `Member must satisfy enum value set: [${positions.join(', ')}]`);
  if (startingPosition !== 'AT_TIMESTAMP') {
    if (given(input, 'StartingPositionTimestamp')) throw invalid('StartingPositionTimestamp is only allowed with StartingPosition AT_TIMESTAMP.', 'StartingPositionTimestamp');
    return { startingPosition };
  }
  if (source === 'dynamodb') throw invalid(`Unsupported starting position for arn type: ${arn}`, 'StartingPosition');
  const startingPositionTimestamp = timestamp(input);
  if (startingPositionTimestamp === undefined) throw invalid('StartingPositionTimestamp is required with StartingPosition AT_TIMESTAMP.', 'StartingPosition');
  if (startingPositionTimestamp * 1000 > now) throw invalid('StartingPositionTimestamp must not be in the future.', 'StartingPositionTimestamp');
  return { startingPosition, startingPositionTimestamp };
}

/** Epoch seconds, or an ISO text as templates have it. */
function timestamp(input: Input): number | undefined {
  const value = input['StartingPositionTimestamp'];
  if (value === undefined || value === null) return undefined;
  const number = typeof value === 'string' && Number.isNaN(Number(value)) ? Date.parse(value) / 1000 : Number(value);
  if (!Number.isFinite(number)) throw new AwsFault('SerializationException', 400, 'StartingPositionTimestamp should be a timestamp.', { messageKey: 'Message', parameter: 'StartingPositionTimestamp' });
  return number;
}

function checkedAge(input: Input): number | undefined {
  const age = optionalNumber(input, 'MaximumRecordAgeInSeconds', -1, 604_800);
  if (age !== undefined && age !== -1 && age < 60) {
    throw validationFault(String(age), 'maximumRecordAgeInSeconds', 'Member must be -1 or have value greater than or equal to 60');
  }
  return age;
}

/** Standard queues and topics, and buckets. The text for other targets is not recorded. */
function checkedOnFailure(input: Input): string | undefined {
  const arn = optionalText(optionalObject(optionalObject(input, 'DestinationConfig') ?? {}, 'OnFailure') ?? {}, 'Destination');
  if (arn === undefined || arn === '') return undefined;
  const kind = targetKind(arn);
  if ((kind !== 'sqs' && kind !== 'sns' && kind !== 's3') || arn.endsWith('.fifo')) {
    throw invalid(`The provided destination config DestinationConfig(onSuccess=null, onFailure=OnFailure(destination=${arn})) is invalid.`, 'DestinationConfig.OnFailure.Destination',
      arn.endsWith('.fifo') ? 'A FIFO queue or topic cannot be an on-failure destination of a mapping.' : 'The on-failure destination of a mapping is a standard queue, a standard topic or a bucket.');
  }
  return arn;
}

function checkedFilters(input: Input, source: MappingSource): string[] {
  const filters = list(optionalObject(input, 'FilterCriteria') ?? {}, 'Filters');
  if (filters.length > mostFilters) throw invalid(`Too many filters: a mapping has at most ${mostFilters}.`, 'FilterCriteria.Filters');
  return filters.map((filter, index) => {
    const pattern = typeof filter === 'object' && filter !== null ? (filter as Record<string, unknown>)['Pattern'] : undefined;
    // Templates may hold a pattern as an object.
    const text = typeof pattern === 'object' && pattern !== null ? JSON.stringify(pattern) : pattern;
    const parameter = `FilterCriteria.Filters.${index}.Pattern`;
    if (typeof text !== 'string') throw invalid(invalidFilter, parameter);
    if (text.length > longestPattern) throw validationFault(text, 'filterCriteria.filters.1.member.pattern', `Member must have length less than or equal to ${longestPattern}`, parameter);
    try {
      void new RecordFilters(source, [text]);
    } catch (error) {
      if (error instanceof InvalidPatternError) throw invalid(invalidFilter, parameter, error.reason);
      throw error;
    }
    return text;
  });
}

const invalidFilter = 'Invalid filter pattern definition.';

function checkedResponseTypes(input: Input): string[] {
  const types = list(input, 'FunctionResponseTypes').map(String);
  const wrong = types.find((type) => type !== 'ReportBatchItemFailures');
  if (wrong !== undefined) {
    throw validationFault(`[${types.join(', ')}]`, 'functionResponseTypes', 'Member must satisfy constraint: [Member must satisfy enum value set: [ReportBatchItemFailures]]');
  }
  if (types.length > 1) throw validationFault(`[${types.join(', ')}]`, 'functionResponseTypes', 'Member must have length less than or equal to 1');
  return types;
}

const metricNames = ['EventCount', 'ErrorCount', 'KafkaMetrics'];

/** An empty list is none. */
function checkedMetrics(input: Input): string[] | undefined {
  const metrics = list(optionalObject(input, 'MetricsConfig') ?? {}, 'Metrics').map(String);
  if (metrics.some((metric) => !metricNames.includes(metric))) {
    throw validationFault(`[${metrics.join(', ')}]`, 'metricsConfig.metrics', `Member must satisfy constraint: [Member must satisfy enum value set: [${metricNames.join(', ')}]]`);
  }
  return metrics.length === 0 ? undefined : metrics;
}

/** A map, or a list of Key and Value as CloudFormation has it. */
function tagsOf(input: Input): Record<string, string> | undefined {
  const { Tags } = input;
  if (!Array.isArray(Tags)) return textMap(input, 'Tags');
  return Object.fromEntries((Tags as Record<string, unknown>[]).map(({ Key, Value }) => [String(Key), String(Value)]));
}

function given(input: Input, name: string): boolean {
  return input[name] !== undefined && input[name] !== null;
}

function list(input: Input, name: string): unknown[] {
  const value = input[name];
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new AwsFault('SerializationException', 400, `${name} should be a list.`, { messageKey: 'Message', parameter: name });
  return value as unknown[];
}

/** Templates may hold a flag as text. */
function flag(input: Input, name: string): boolean | undefined {
  const value = input[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'boolean') return value;
  if (value === 'true' || value === 'false') return value === 'true';
  throw new AwsFault('SerializationException', 400, `${name} should be a boolean.`, { messageKey: 'Message', parameter: name });
}

function unsupported(name: string): AwsFault {
  return invalid(`Unsupported ${name} parameter for given event source mapping type.`, name);
}

function notHere(source: string): AwsFault {
  return new NotHere(`Local Lambda does not poll ${source} yet: it polls SQS queues, Kinesis streams and DynamoDB streams.`, 'EventSourceArn');
}

/** @param parameter As `AwsFault.parameter` has it. */
export function invalid(message: string, parameter?: string, detail?: string): AwsFault {
  return new AwsFault('InvalidParameterValueException', 400, message, { ...(parameter === undefined ? {} : { parameter }), ...(detail === undefined ? {} : { detail }) });
}

/** What AWS takes, and this engine does not. */
export class NotHere extends AwsFault {
  constructor(message: string, parameter: string) {
    super('InvalidParameterValueException', 400, message, { parameter });
  }
}
