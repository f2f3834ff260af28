/** What a person types about a mapping: its fields, AWS's ranges, and the input of the API. No VS Code, so that Node tests it. */
import type { MappingSource } from '../../contracts/event-source-mappings.ts';

export interface SourceFacts {
  source: MappingSource;
  fifo: boolean;
}

export type FieldId =
  | 'BatchSize' | 'MaximumBatchingWindowInSeconds' | 'Filters' | 'ReportBatchItemFailures' | 'MaximumConcurrency' | 'StartingPosition'
  | 'ParallelizationFactor' | 'MaximumRetryAttempts' | 'MaximumRecordAgeInSeconds' | 'BisectBatchOnFunctionError' | 'TumblingWindowInSeconds' | 'OnFailure';

/** As typed; flags are `true` and `false`, an absent or empty text is AWS's default. */
export type MappingValues = Partial<Record<FieldId, string>>;

export interface Field {
  id: FieldId;
  label: string;
  /** How it is asked for: typed, or chosen from these. */
  choices?: readonly string[];
  /** What it means and its range, one sentence. */
  prompt(facts: SourceFacts): string;
  /** AWS's default in words. */
  absent(facts: SourceFacts): string;
  /** One sentence about what is wrong with a text that is not empty. */
  problem(text: string, facts: SourceFacts): string | undefined;
  fits(facts: SourceFacts): boolean;
  /** Cannot be changed after the mapping was made. */
  onlyNew?: true;
}

const always = () => true;
const streams = ({ source }: SourceFacts) => source !== 'sqs';
const flags = ['true', 'false'];
const oneOf = (choices: readonly string[]) => (text: string) => (choices.includes(text) ? undefined : `One of ${choices.join(', ')}.`);
const most = 10_000;

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
    id: 'ReportBatchItemFailures', label: 'Report batch item failures', choices: flags, fits: always, absent: () => 'false',
    prompt: () => 'Whether the function answers with the records that failed, so that only those come again.', problem: oneOf(flags),
  },
  {
    id: 'MaximumConcurrency', label: 'Maximum concurrency', fits: ({ source }) => source === 'sqs', absent: () => 'no limit of its own',
    prompt: () => 'Invocations at once, 2 to 1,000. Empty for no limit.', problem: (text) => wholeNumber(text, 2, 1000),
  },
  {
    id: 'StartingPosition', label: 'Starting position', choices: ['TRIM_HORIZON', 'LATEST'], onlyNew: true, fits: streams, absent: () => 'TRIM_HORIZON',
    prompt: () => 'TRIM_HORIZON reads all records that are there, LATEST only those to come.', problem: oneOf(['TRIM_HORIZON', 'LATEST']),
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
    id: 'BisectBatchOnFunctionError', label: 'Bisect batch on function error', choices: flags, fits: streams, absent: () => 'false',
    prompt: () => 'Whether a batch that failed is split in two, to find the record that fails.', problem: oneOf(flags),
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
];

const filterSample: Readonly<Record<MappingSource, string>> = {
  sqs: '{"body":{"total":[{"numeric":[">",100]}]}}', kinesis: '{"data":{"kind":["order"]}}', dynamodb: '{"eventName":["INSERT"]}',
};

export function factsOf(source: MappingSource, arn: string): SourceFacts {
  return { source, fifo: source === 'sqs' && arn.endsWith('.fifo') };
}

/** What is wrong with the values together; each is right by itself. */
export function valuesProblem(values: MappingValues, facts: SourceFacts): string | undefined {
  for (const field of fields) {
    const text = values[field.id];
    if (text === undefined || text === '' || !field.fits(facts)) continue;
    const problem = field.problem(text, facts);
    if (problem !== undefined) return `${field.label}: ${problem}`;
  }
  const window = Number(values.MaximumBatchingWindowInSeconds || 0);
  if (facts.source === 'sqs' && !facts.fifo && Number(values.BatchSize || 0) > 10 && window === 0) return 'A batch size over 10 wants a batching window of at least 1 second.';
  return undefined;
}

/**
 * The input of CreateEventSourceMapping (`fresh`) or UpdateEventSourceMapping without source, function and UUID. An update
 * says everything, so that an emptied field goes back to its default.
 */
export function toInput(values: MappingValues, facts: SourceFacts, fresh: boolean): Record<string, unknown> {
  const input: Record<string, unknown> = {};
  for (const { id, fits, absent, choices, onlyNew } of fields) {
    if (!fits(facts) || (onlyNew && !fresh)) continue;
    const text = (values[id] ?? '').trim();
    switch (id) {
      case 'Filters':
        if (text !== '' || !fresh) input['FilterCriteria'] = { Filters: readFilters(text).map((Pattern) => ({ Pattern })) };
        break;
      case 'ReportBatchItemFailures':
        if (text !== '' || !fresh) input['FunctionResponseTypes'] = text === 'true' ? ['ReportBatchItemFailures'] : [];
        break;
      case 'MaximumConcurrency':
        if (text !== '' || !fresh) input['ScalingConfig'] = text === '' ? {} : { MaximumConcurrency: Number(text) };
        break;
      case 'OnFailure':
        if (text !== '' || !fresh) input['DestinationConfig'] = { OnFailure: text === '' ? {} : { Destination: text } };
        break;
      case 'StartingPosition':
        input[id] = text === '' ? absent(facts) : text;
        break;
      default: {
        if (text === '' && fresh) break;
        const chosen = text === '' ? absent(facts).replace(/[: ].*$/, '') : text;
        input[id] = choices === flags ? chosen === 'true' : Number(chosen);
      }
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
  switch (id) {
    case 'Filters': {
      const patterns = ((configuration['FilterCriteria'] as { Filters?: { Pattern?: string }[] } | undefined)?.Filters ?? []).map(({ Pattern = '{}' }) => Pattern);
      return patterns.length === 0 ? undefined : patterns.length === 1 ? patterns[0] : `[${patterns.join(',')}]`;
    }
    case 'ReportBatchItemFailures': return String(((configuration['FunctionResponseTypes'] as string[] | undefined) ?? []).includes('ReportBatchItemFailures'));
    case 'MaximumConcurrency': return (configuration['ScalingConfig'] as { MaximumConcurrency?: number } | undefined)?.MaximumConcurrency?.toString();
    case 'OnFailure': return (configuration['DestinationConfig'] as { OnFailure?: { Destination?: string } } | undefined)?.OnFailure?.Destination;
    default: {
      const value = configuration[id];
      return value === undefined || value === null ? undefined : String(value as string | number | boolean);
    }
  }
}

/** A pattern, or a list of patterns, each as JSON text. @throws SyntaxError */
function readFilters(text: string): string[] {
  if (text === '') return [];
  const read = JSON.parse(text) as unknown;
  // One pattern stays as it was typed.
  return Array.isArray(read) ? read.map((pattern) => JSON.stringify(pattern)) : [text];
}

function filtersProblem(text: string): string | undefined {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch (error) {
    return `Not JSON yet: ${(error as Error).message}.`;
  }
  const patterns: unknown[] = Array.isArray(read) ? read : [read];
  if (patterns.length > 10) return 'A mapping has at most 10 filters.';
  if (patterns.some((pattern) => typeof pattern !== 'object' || pattern === null || Array.isArray(pattern))) return 'Each pattern is a JSON object.';
  if (patterns.some((pattern) => JSON.stringify(pattern).length > 4096)) return 'A pattern has at most 4,096 characters.';
  return undefined;
}

function largestBatch({ fifo }: SourceFacts): number {
  return fifo ? 10 : most;
}

function wholeNumber(text: string, least: number, largest: number): string | undefined {
  const value = Number(text);
  const right = /^\s*-?\d+\s*$/.test(text) && value >= least && value <= largest;
  return right ? undefined : `A whole number from ${least} to ${largest.toLocaleString('en-US')}.`;
}
