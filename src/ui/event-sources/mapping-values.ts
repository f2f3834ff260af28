/** What a person types about a mapping: its fields, AWS's ranges, and the input of the API. No VS Code, so that Node tests it. */
import type { MappingSource } from '../../contracts/event-source-mappings.ts';
import { patternsIn } from '../pattern-positions.ts';
import { compactJson } from '../../protocol/panel-json.ts';
import { listed, momentProblem, oneOf, pairsOf, pairsProblem, partsOf, wholeNumber } from './typed-values.ts';

export interface SourceFacts {
  source: MappingSource;
  fifo: boolean;
}

export type FieldId =
  | 'BatchSize' | 'MaximumBatchingWindowInSeconds' | 'Filters' | 'ReportBatchItemFailures' | 'MaximumConcurrency' | 'MinimumPollers' | 'MaximumPollers'
  | 'StartingPosition' | 'StartingPositionTimestamp' | 'ParallelizationFactor' | 'MaximumRetryAttempts' | 'MaximumRecordAgeInSeconds'
  | 'BisectBatchOnFunctionError' | 'TumblingWindowInSeconds' | 'OnFailure' | 'Metrics' | 'Tags' | 'Enabled';

/** As typed; flags are `true` and `false`, an absent or empty text is AWS's default. */
export type MappingValues = Partial<Record<FieldId, string>>;

export interface Field {
  id: FieldId;
  label: string;
  /** It is chosen from these; else typed. */
  choices?(facts: SourceFacts): readonly string[];
  /** What it means and its range, one sentence. */
  prompt(facts: SourceFacts): string;
  /** AWS's default in words. */
  absent(facts: SourceFacts): string;
  /** One sentence about what is wrong with a text that is not empty. */
  problem(text: string, facts: SourceFacts): string | undefined;
  fits(facts: SourceFacts): boolean;
  /** It means something only with these other values. */
  when?(values: MappingValues): boolean;
  /** Cannot be changed after the mapping was made, or has a command of its own then. */
  onlyNew?: true;
}

const always = () => true;
const queues = ({ source }: SourceFacts) => source === 'sqs';
const streams = ({ source }: SourceFacts) => source !== 'sqs';
const flag = { choices: () => ['true', 'false'], problem: oneOf(['true', 'false']) } as const;
const most = 10_000;
const positions = ({ source }: SourceFacts) => ['TRIM_HORIZON', 'LATEST', ...(source === 'kinesis' ? ['AT_TIMESTAMP'] : [])];
/** `KafkaMetrics` is for Apache Kafka only. */
const metrics = ['EventCount', 'ErrorCount'];

export const fields: readonly Field[] = [
  {
    id: 'BatchSize', label: 'Batch size', fits: always, absent: ({ source }) => (source === 'sqs' ? '10' : '100'),
    prompt: (facts) => `Records in one event, 1 to ${largestBatch(facts).toLocaleString('en-US')}.${facts.source === 'sqs' && !facts.fifo ? ' More than 10 wants a batching window.' : ''}`,
    problem: (text, facts) => wholeNumber(text, 1, largestBatch(facts)),
  },
  {
    id: 'MaximumBatchingWindowInSeconds', label: 'Batching window', fits: ({ fifo }) => !fifo, absent: () => '0 s',
    prompt: () => 'Seconds to gather records for, 0 to 300.', problem: (text) => wholeNumber(text, 0, 300),
  },
  {
    id: 'Filters', label: 'Filters', fits: always, absent: () => 'none: every record is processed',
    prompt: ({ source }) => `A pattern, or a list of up to 10 patterns, such as ${filterSample[source]}.`, problem: filtersProblem,
  },
  {
    id: 'StartingPosition', label: 'Starting position', choices: positions, onlyNew: true, fits: streams, absent: () => 'TRIM_HORIZON',
    prompt: ({ source }) => `TRIM_HORIZON reads all records that are there, LATEST only those to come${source === 'kinesis' ? ', AT_TIMESTAMP those from a moment on' : ''}.`,
    problem: (text, facts) => oneOf(positions(facts))(text),
  },
  {
    id: 'StartingPositionTimestamp', label: 'Starting moment', onlyNew: true, fits: ({ source }) => source === 'kinesis', absent: () => 'none',
    when: ({ StartingPosition }) => StartingPosition === 'AT_TIMESTAMP',
    prompt: () => 'A date and time in the past, such as 2026-05-01T12:00:00Z.', problem: (text) => momentProblem(text, Date.now()),
  },
  {
    id: 'ReportBatchItemFailures', label: 'Report batch item failures', ...flag, fits: always, absent: () => 'false',
    prompt: () => 'Whether the function answers with the records that failed, so that only those come again.',
  },
  {
    id: 'MaximumConcurrency', label: 'Maximum concurrency', fits: queues, absent: () => 'no limit of its own',
    prompt: () => 'Invocations at once, 2 to 1,000; not together with provisioned pollers. Empty for no limit.', problem: (text) => wholeNumber(text, 2, 1000),
  },
  {
    id: 'MinimumPollers', label: 'Provisioned pollers, minimum', fits: queues, absent: () => 'pollers on demand',
    prompt: () => 'Pollers that are always there, 2 to 200. Empty for pollers on demand.', problem: (text) => wholeNumber(text, 2, 200),
  },
  {
    id: 'MaximumPollers', label: 'Provisioned pollers, maximum', fits: queues, absent: () => 'pollers on demand',
    prompt: () => 'Pollers that there may be, 2 to 10,000; AWS takes 200 when only the minimum is given. Empty for pollers on demand.', problem: (text) => wholeNumber(text, 2, most),
  },
  {
    id: 'ParallelizationFactor', label: 'Parallelization factor', fits: streams, absent: () => '1',
    prompt: () => 'Batches of one shard at once, 1 to 10.', problem: (text) => wholeNumber(text, 1, 10),
  },
  {
    id: 'MaximumRetryAttempts', label: 'Maximum retry attempts', fits: streams, absent: () => '-1: until the records expire',
    prompt: () => 'Retries of a failed batch, 0 to 10,000; -1 until the records expire.', problem: (text) => wholeNumber(text, -1, most),
  },
  {
    id: 'MaximumRecordAgeInSeconds', label: 'Maximum record age', fits: streams, absent: () => '-1: any',
    prompt: () => 'Seconds, 60 to 604,800; -1 for any age.', problem: (text) => (text.trim() === '-1' ? undefined : wholeNumber(text, 60, 604_800) && 'A whole number from 60 to 604,800, or -1.'),
  },
  {
    id: 'BisectBatchOnFunctionError', label: 'Bisect batch on function error', ...flag, fits: streams, absent: () => 'false',
    prompt: () => 'Whether a batch that failed is split in two, to find the record that fails.',
  },
  {
    id: 'TumblingWindowInSeconds', label: 'Tumbling window', fits: streams, absent: () => '0 s',
    prompt: () => 'Seconds of one window, 0 to 900.', problem: (text) => wholeNumber(text, 0, 900),
  },
  {
    id: 'OnFailure', label: 'On-failure destination', fits: streams, absent: () => 'none',
    prompt: () => 'ARN of a standard SQS queue, a standard SNS topic or an S3 bucket that is told of batches given up.',
    problem: (text) => (/^arn:[\w-]+:(sqs|sns|s3):/.test(text.trim()) && !text.trim().endsWith('.fifo') ? undefined : 'The ARN of a standard queue or topic, or of a bucket.'),
  },
  {
    id: 'Metrics', label: 'Metrics', fits: always, absent: () => 'none',
    prompt: () => `What CloudWatch counts on AWS, of ${metrics.join(' and ')}; it changes nothing here.`, problem: (text) => listed(text, metrics),
  },
  {
    id: 'Tags', label: 'Tags', onlyNew: true, fits: always, absent: () => 'none',
    prompt: () => 'Keys with values, such as team=orders, stage=dev; at most 50.', problem: pairsProblem,
  },
  {
    id: 'Enabled', label: 'Enabled', ...flag, onlyNew: true, fits: always, absent: () => 'true',
    prompt: () => 'Whether it polls as soon as it is made.',
  },
];

export const filterSample: Readonly<Record<MappingSource, string>> = {
  sqs: '{"body":{"total":[{"numeric":[">",100]}]}}', kinesis: '{"data":{"kind":["order"]}}', dynamodb: '{"eventName":["INSERT"]}',
};

export function factsOf(source: MappingSource, arn: string): SourceFacts {
  return { source, fifo: source === 'sqs' && arn.endsWith('.fifo') };
}

/** What is wrong with the values together; each is right by itself. */
export function valuesProblem(values: MappingValues, facts: SourceFacts): string | undefined {
  for (const field of fields) {
    const text = values[field.id];
    if (text === undefined || text === '' || !isAsked(field, values, facts)) continue;
    const problem = field.problem(text, facts);
    if (problem !== undefined) return `${field.label}: ${problem}`;
  }
  const window = Number(values.MaximumBatchingWindowInSeconds || 0);
  const { MinimumPollers: least, MaximumPollers: largest } = values;
  if (facts.source === 'kinesis' && values.StartingPosition === 'AT_TIMESTAMP' && !values.StartingPositionTimestamp) return 'AT_TIMESTAMP wants a starting moment.';
  if (facts.source !== 'sqs') return undefined;
  if (!facts.fifo && Number(values.BatchSize || 0) > 10 && window === 0) return 'A batch size over 10 wants a batching window of at least 1 second.';
  if (values.MaximumConcurrency && (least || largest)) return 'Maximum concurrency and provisioned pollers exclude each other.';
  if (least && largest && Number(least) > Number(largest)) return 'The minimum of provisioned pollers is over their maximum.';
  return undefined;
}

/** Whether a field means something for this source, with the other values. */
export function isAsked({ fits, when }: Field, values: MappingValues, facts: SourceFacts): boolean {
  return fits(facts) && (when?.(values) ?? true);
}

/**
 * The input of CreateEventSourceMapping (`fresh`) or UpdateEventSourceMapping without source, function and UUID. An update
 * says everything, so that an emptied field goes back to its default.
 */
export function toInput(values: MappingValues, facts: SourceFacts, fresh: boolean): Record<string, unknown> {
  const input: Record<string, unknown> = {};
  for (const field of fields) {
    const { id, absent, onlyNew } = field;
    if (!isAsked(field, values, facts) || (onlyNew && !fresh)) continue;
    const text = (values[id] ?? '').trim();
    switch (id) {
      case 'Filters':
        if (text !== '' || !fresh) input['FilterCriteria'] = filterCriteria(text);
        break;
      case 'ReportBatchItemFailures':
        if (text !== '' || !fresh) input['FunctionResponseTypes'] = text === 'true' ? ['ReportBatchItemFailures'] : [];
        break;
      case 'MaximumConcurrency':
        if (text !== '' || !fresh) input['ScalingConfig'] = text === '' ? {} : { MaximumConcurrency: Number(text) };
        break;
      case 'MinimumPollers':
      case 'MaximumPollers':
        if (text !== '' || !fresh) input['ProvisionedPollerConfig'] = { ...input['ProvisionedPollerConfig'] as object | undefined, ...(text === '' ? {} : { [id]: Number(text) }) };
        break;
      case 'OnFailure':
        if (text !== '' || !fresh) input['DestinationConfig'] = { OnFailure: text === '' ? {} : { Destination: text } };
        break;
      case 'Metrics':
        if (text !== '' || !fresh) input['MetricsConfig'] = { Metrics: partsOf(text) };
        break;
      case 'Tags':
        if (text !== '') input['Tags'] = pairsOf(text);
        break;
      case 'StartingPosition':
        input[id] = text === '' ? absent(facts) : text;
        break;
      case 'StartingPositionTimestamp':
        input[id] = Date.parse(text) / 1000;
        break;
      case 'Enabled':
      case 'BisectBatchOnFunctionError':
        if (text !== '' || !fresh) input[id] = (text === '' ? absent(facts) : text) === 'true';
        break;
      default:
        if (text !== '' || !fresh) input[id] = Number(text === '' ? absent(facts).replace(/[: ].*$/, '') : text);
    }
  }
  return input;
}

/** What GetEventSourceMapping answers, as one would have typed it. */
export function fromConfiguration(configuration: Readonly<Record<string, unknown>>): MappingValues {
  const values: MappingValues = {};
  for (const { id } of fields) {
    const value = valueOf(id, configuration);
    if (value !== undefined) values[id] = value;
  }
  return values;
}

function valueOf(id: FieldId, configuration: Readonly<Record<string, unknown>>): string | undefined {
  const member = (owner: string, name: string) => (configuration[owner] as Record<string, unknown> | undefined)?.[name];
  const text = (value: unknown) => (value === undefined || value === null ? undefined : String(value as string | number | boolean));
  switch (id) {
    case 'Filters': {
      const patterns = ((configuration['FilterCriteria'] as { Filters?: { Pattern?: string }[] } | undefined)?.Filters ?? []).map(({ Pattern = '{}' }) => Pattern);
      return patterns.length === 0 ? undefined : patterns.length === 1 ? patterns[0] : `[${patterns.join(',')}]`;
    }
    case 'ReportBatchItemFailures': return String(((configuration['FunctionResponseTypes'] as string[] | undefined) ?? []).includes('ReportBatchItemFailures'));
    case 'MaximumConcurrency': return text(member('ScalingConfig', id));
    case 'MinimumPollers':
    case 'MaximumPollers': return text(member('ProvisionedPollerConfig', id));
    case 'OnFailure': return (member('DestinationConfig', 'OnFailure') as { Destination?: string } | undefined)?.Destination;
    case 'Metrics': return (member('MetricsConfig', 'Metrics') as string[] | undefined)?.join(', ') || undefined;
    default: return text(configuration[id]);
  }
}

/** `FilterCriteria` of what was typed: a pattern, or a list of patterns. Each keeps its spelling, without what is between. */
export function filterCriteria(text: string): { Filters: { Pattern: string }[] } {
  return { Filters: text.trim() === '' ? [] : patternsIn(text).map((pattern) => ({ Pattern: compactJson(pattern.text) })) };
}

export function filtersProblem(text: string): string | undefined {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch (error) {
    return `Not JSON yet: ${(error as Error).message}.`;
  }
  const patterns: unknown[] = Array.isArray(read) ? read : [read];
  if (patterns.length > 10) return 'A mapping has at most 10 filters.';
  if (patterns.some((pattern) => typeof pattern !== 'object' || pattern === null || Array.isArray(pattern))) return 'Each pattern is a JSON object.';
  if (filterCriteria(text).Filters.some(({ Pattern }) => Pattern.length > 4096)) return 'A pattern has at most 4,096 characters.';
  return undefined;
}

function largestBatch({ fifo }: SourceFacts): number {
  return fifo ? 10 : most;
}
