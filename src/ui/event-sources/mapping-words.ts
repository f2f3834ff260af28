/** What the view "Event Sources" says of each mapping. No VS Code, so that Node tests it. */
import type { EventSourceMappingSummary, FilteredRecord, MappingSource, ShardSummary } from '../../contracts/event-source-mappings.ts';

export interface SourceGroup {
  arn: string;
  name: string;
  source: MappingSource;
  mappings: readonly EventSourceMappingSummary[];
}

export interface IconWords {
  icon: string;
  /** Theme colour. */
  color?: string;
}

export const sourceTitles: Readonly<Record<MappingSource, string>> = { sqs: 'SQS queue', kinesis: 'Kinesis stream', dynamodb: 'DynamoDB stream' };
export const sourceIcons: Readonly<Record<MappingSource, string>> = { sqs: 'inbox', kinesis: 'pulse', dynamodb: 'database' };

/** `orders` of a queue or stream, the table's name of a table's stream. */
export function sourceName(arn: string): string {
  const resource = arn.split(':').slice(5).join(':');
  return /^(?:table|stream)\/([^/]+)/.exec(resource)?.[1] ?? resource;
}

/** Sources by name, each with its mappings by function. */
export function bySource(mappings: readonly EventSourceMappingSummary[]): SourceGroup[] {
  const groups = new Map<string, EventSourceMappingSummary[]>();
  for (const mapping of mappings) {
    const group = groups.get(mapping.eventSourceArn);
    if (group) group.push(mapping);
    else groups.set(mapping.eventSourceArn, [mapping]);
  }
  return [...groups].map(([arn, group]): SourceGroup => ({
    arn, name: sourceName(arn), source: group[0]?.source ?? 'sqs',
    mappings: group.toSorted((one, other) => one.functionName.localeCompare(other.functionName) || one.uuid.localeCompare(other.uuid)),
  })).toSorted((one, other) => one.name.localeCompare(other.name) || one.arn.localeCompare(other.arn));
}

/** `SQS queue`, and where it lives when it is not embedded. */
export function sourceDescription({ source, mappings }: SourceGroup): string {
  const place = mappings[0]?.place;
  return place === undefined ? sourceTitles[source] : `${sourceTitles[source]} · ${place.label}`;
}

/** What a hover says of a source. */
export function sourceTooltip({ source, arn, mappings }: SourceGroup): string {
  const place = mappings[0]?.place;
  return `${sourceTitles[source]} ${arn}${place === undefined ? '' : `\nNot embedded: ${place.label} (setting localLambda.eventSources)`}`;
}

/** Enabled, and does not poll. */
export function isPaused({ state, pause }: EventSourceMappingSummary): boolean {
  return pause !== undefined && state !== 'Disabled' && state !== 'Disabling';
}

/** Enabled, and polls: as far as it is up to its state. */
export function isPolling({ state, pause }: EventSourceMappingSummary): boolean {
  return pause === undefined && state !== 'Disabled' && state !== 'Disabling' && state !== 'Deleting';
}

/** What the view says above its rows; undefined while nothing is paused. */
export function pausedSentence(mappings: readonly EventSourceMappingSummary[]): string | undefined {
  const paused = mappings.filter(isPaused).length;
  if (paused === 0) return undefined;
  const enabled = paused + mappings.filter(isPolling).length;
  const which = paused < enabled ? `${number(paused)} of ${count(enabled, 'event source mapping')} ${paused === 1 ? 'is' : 'are'}` : paused === 1 ? 'The event source mapping is' : `All ${count(paused, 'event source mapping')} are`;
  return `${which} paused: records wait in their sources until you resume.`;
}

const pauseWords = { 'left-over': 'waits since last time', paused: 'paused', failing: 'paused: keeps failing' } as const;

/** `Enabled · 3 waiting · 2 batches in flight · 120 matched, 4 filtered · last: OK`. */
export function mappingDescription(mapping: EventSourceMappingSummary): string {
  const { state, pause, problem, backlog, batchesInFlight, counts } = mapping;
  return [
    pause ? pauseWords[pause.reason] : state,
    problem !== undefined && 'problem',
    backlog !== undefined && backlog > 0 && `${number(backlog)} waiting`,
    batchesInFlight > 0 && `${count(batchesInFlight, 'batch', 'batches')} in flight`,
    counts.received > 0 && `${number(counts.matched)} matched${counts.filtered > 0 ? `, ${number(counts.filtered)} filtered` : ''}`,
    lastResult(mapping),
    mapping.changed.length > 0 && 'changed',
  ].filter((part) => part !== false && part !== undefined).join(' · ');
}

/** The mapping's last processing result once it has one; queues, for which AWS names none, tell of their batches. */
export function lastResult({ lastProcessingResult, counts }: EventSourceMappingSummary): string | undefined {
  if (counts.batches === 0 && !lastProcessingResult.startsWith('PROBLEM')) return undefined;
  return lastProcessingResult;
}

export function mappingIcon({ state, pause, problem, batchesInFlight, lastProcessingResult, counts }: EventSourceMappingSummary): IconWords {
  if (state === 'Disabled' || state === 'Disabling') return { icon: 'circle-slash' };
  if (pause) return pause.reason === 'failing' ? { icon: 'debug-pause', color: 'problemsErrorIcon.foreground' } : { icon: 'debug-pause', color: 'problemsWarningIcon.foreground' };
  if (problem !== undefined) return { icon: 'warning', color: 'problemsWarningIcon.foreground' };
  if (state !== 'Enabled' || batchesInFlight > 0) return { icon: 'sync~spin' };
  if (counts.batches > 0 && /problem/i.test(lastProcessingResult)) return { icon: 'error', color: 'testing.iconFailed' };
  return { icon: 'zap', ...(counts.succeeded > 0 && { color: 'testing.iconPassed' }) };
}

/** Words that menus look for. */
export function mappingContext({ source, state, pause, origin, changed }: EventSourceMappingSummary): string {
  return [
    'mapping',
    source === 'sqs' ? 'queue' : 'stream',
    source,
    state === 'Disabled' || state === 'Disabling' ? 'off' : 'on',
    pause && 'paused',
    origin?.location && 'template',
    changed.length > 0 && 'changed',
  ].filter(Boolean).join(' ');
}

export function mappingSpoken(mapping: EventSourceMappingSummary): string {
  const { functionName, eventSourceArn, pause, problem } = mapping;
  return [`${functionName} from ${sourceName(eventSourceArn)}`, mapping.place?.label, mappingDescription(mapping), pause?.message, problem].filter((part) => part !== undefined).join(', ');
}

/** Names and values of the hover, in their order. */
export function mappingFacts(mapping: EventSourceMappingSummary): [string, string][] {
  const { configuration, counts, shards } = mapping;
  const value = (name: string) => (configuration[name] === undefined ? undefined : String(configuration[name] as string | number | boolean));
  const filters = (configuration['FilterCriteria'] as { Filters?: { Pattern?: string }[] } | undefined)?.Filters ?? [];
  const window = value('MaximumBatchingWindowInSeconds');
  const rows: [string, string | undefined][] = [
    ['Source', mapping.eventSourceArn],
    ['Lives in', mapping.place?.label],
    ['Function', mapping.functionArn],
    ['State', `${mapping.state} (${mapping.stateTransitionReason})`],
    ['Last processing result', mapping.lastProcessingResult],
    ['Waiting', mapping.backlog === undefined ? undefined : number(mapping.backlog)],
    ['Batches in flight', `${number(mapping.batchesInFlight)} of ${number(mapping.concurrency)}`],
    ['Received', `${number(counts.received)}: ${number(counts.matched)} matched, ${number(counts.filtered)} filtered out`],
    ['Batches', `${number(counts.batches)}: ${number(counts.succeeded)} succeeded, ${number(counts.failed)} failed, ${number(counts.throttled)} throttled`],
    ['Batch size', value('BatchSize')],
    ['Batching window', window === undefined ? undefined : `${window} s`],
    ...filters.map(({ Pattern = '' }, index): [string, string] => [`Filter ${index + 1}`, Pattern]),
    ['Answers', (configuration['FunctionResponseTypes'] as string[] | undefined)?.join(', ') || undefined],
    ['Maximum concurrency', (configuration['ScalingConfig'] as { MaximumConcurrency?: number } | undefined)?.MaximumConcurrency?.toString()],
    ['Starting position', value('StartingPosition')],
    ['Parallelization factor', value('ParallelizationFactor')],
    ['Retries', value('MaximumRetryAttempts') === '-1' ? 'until the record expires' : value('MaximumRetryAttempts')],
    ['Record age', value('MaximumRecordAgeInSeconds') === '-1' ? 'any' : value('MaximumRecordAgeInSeconds')],
    ['Bisect on error', value('BisectBatchOnFunctionError')],
    ['On failure', (configuration['DestinationConfig'] as { OnFailure?: { Destination?: string } } | undefined)?.OnFailure?.Destination],
    ['Shards', shards === undefined ? undefined : number(shards.length)],
    ['Changed by API', mapping.changed.join(', ') || undefined],
    ['UUID', mapping.uuid],
  ];
  return rows.filter((row): row is [string, string] => row[1] !== undefined);
}

export function shardDescription({ state, attempts, checkpoint, behindMilliseconds }: ShardSummary): string {
  return [
    state,
    attempts !== undefined && attempts > 0 && `${count(attempts, 'attempt')}`,
    checkpoint === undefined ? 'no checkpoint' : `checkpoint …${checkpoint.slice(-8)}`,
    behindMilliseconds !== undefined && behindMilliseconds >= 1000 && `${Math.round(behindMilliseconds / 1000)} s behind`,
  ].filter((part) => part !== false).join(' · ');
}

export function filteredDescription({ reasons }: FilteredRecord): string {
  return reasons[0] ?? 'no filter matches it';
}

export function count(amount: number, one: string, many = `${one}s`): string {
  return `${number(amount)} ${amount === 1 ? one : many}`;
}

function number(value: number): string {
  return value.toLocaleString('en-US');
}
