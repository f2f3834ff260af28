/**
 * Invokes a function once more with a batch that was given up. The record that a stream's on-failure destination got names the
 * batch by shard and sequence numbers: its records are read from the stream again, as the poller would. AWS leaves this to whoever
 * reads the failure queue.
 */
import { writeOutcomes } from '../../contracts/batch-outcomes.ts';
import type { BatchRedrive } from '../../contracts/event-source-mappings.ts';
import type { EventShapes, EventSources, StreamPosition } from '../../contracts/event-sources.ts';
import type { PolledBatch } from '../../contracts/executions.ts';
import { UserError } from '../../contracts/faults.ts';
import { compareSequences } from './checkpoints.ts';
import { RecordFilters } from './filters.ts';
import { functionOf, streamArnOf } from './mapping.ts';
import type { Mapping } from './mapping-registry.ts';
import type { PolledInvocations } from './polled-invocations.ts';
import { firstFailure, judgeAnswer } from './stream-answers.ts';
import { laneOf } from './stream-lane.ts';
import type { StreamItem } from './stream-segments.ts';
import { windowMembers, windowStart, windowTimes } from './tumbling-windows.ts';

export interface RedriveParts {
  sources: EventSources;
  shapes: EventShapes;
  invocations: PolledInvocations;
  newId: () => string;
}

interface GivenUp {
  /** Unqualified. */
  functionArn: string;
  requestId: string;
  streamArn: string;
  shardId: string;
  first: string;
  last: string;
  size: number;
}

/** Records of one read. */
const pageSize = 1000;
/** Reads without a record, one after the other, after which what is sought has been trimmed away. */
const mostEmptyReads = 20;

/** The batch that an on-failure record names; undefined for any other text. */
function givenUpBatch(text: string): GivenUp | undefined {
  let record: { requestContext?: { functionArn?: unknown; requestId?: unknown }; KinesisBatchInfo?: object; DDBStreamBatchInfo?: object } | null;
  try {
    record = JSON.parse(text) as typeof record;
  } catch {
    return undefined;
  }
  const info = (record?.KinesisBatchInfo ?? record?.DDBStreamBatchInfo) as Readonly<Record<string, unknown>> | undefined;
  const { functionArn, requestId } = record?.requestContext ?? {};
  if (!info || typeof functionArn !== 'string') return undefined;
  const [streamArn, shardId, first, last] = ['streamArn', 'shardId', 'startSequenceNumber', 'endSequenceNumber'].map((name) => info[name]);
  if (typeof streamArn !== 'string' || typeof shardId !== 'string' || typeof first !== 'string' || typeof last !== 'string') return undefined;
  return { functionArn, requestId: String(requestId), streamArn, shardId, first, last, size: Number(info['batchSize']) || 0 };
}

/**
 * Undefined when the text is no record of a stream's on-failure destination.
 * @param mappings All there are: the batch is invoked as the one of its stream and function says.
 * @throws UserError when the mapping, the stream or its records are gone. @throws AwsFault when the function cannot be invoked.
 */
export async function redriveBatch(text: string, mappings: readonly Mapping[], parts: RedriveParts): Promise<BatchRedrive & { sequences: readonly string[] } | undefined> {
  const batch = givenUpBatch(text);
  if (!batch) return undefined;
  const fitting = mappings.filter(({ configuration }) => streamArnOf(configuration.eventSourceArn) === batch.streamArn
    && configuration.functionArn.split(':').slice(0, 7).join(':') === batch.functionArn);
  const [only] = fitting;
  if (!only) {
    throw new UserError(`No event source mapping of ${batch.streamArn} to ${functionOf(batch.functionArn).name} is here any more: create it again, disabled if you like, then redrive.`);
  }
  const between = await recordsOf(batch, only, parts);
  // Of several mappings, which differ in version or alias, that one whose filters give the batch its size.
  const choices = fitting.map((mapping) => ({ mapping, items: chosen(between, mapping) }));
  const { mapping, items } = choices.find((choice) => choice.items.length === batch.size) ?? choices[0] as (typeof choices)[number];
  return { ...await invoke(batch, mapping, items, parts), sequences: items.map(({ record }) => record.sequenceNumber) };
}

/** All records of the shard from the first to the last of a batch. @throws UserError */
async function recordsOf(batch: GivenUp, { configuration, source }: Mapping, { sources, shapes, invocations }: RedriveParts): Promise<StreamItem[]> {
  const { streamArn, shardId, first, last } = batch;
  const stream = sources.stream(streamArn);
  const shape = shapes[source === 'dynamodb' ? 'dynamodb' : 'kinesis'];
  const { role: roleArn } = invocations.target(configuration.functionArn).configuration;
  const gone = `The records of this batch are not in ${streamArn.split('/')[1] ?? streamArn} any more: a stream keeps its records for its retention period only.`;
  if (!(await stream.shards(streamArn)).some((shard) => shard.shardId === shardId)) throw new UserError(gone);
  const items: StreamItem[] = [];
  let position: StreamPosition = { kind: 'at', sequenceNumber: first };
  for (let empty = 0; ;) {
    const read = await stream.read(streamArn, shardId, position, pageSize);
    for (const record of read.records) {
      if (compareSequences(record.sequenceNumber, last) > 0) break;
      const json = shape.record(record, { streamArn, shardId, roleArn });
      items.push({ record, json, bytes: Buffer.byteLength(json) });
    }
    const end = read.records.at(-1);
    if (read.ended || (end && compareSequences(end.sequenceNumber, last) >= 0)) break;
    // A source elsewhere may answer with nothing though there is something.
    if (!end && (read.behindMilliseconds === 0 || (empty += 1) >= mostEmptyReads)) break;
    position = read.next;
  }
  // What is trimmed is trimmed from the oldest on.
  if (items.length === 0 || items.at(-1)?.record.sequenceNumber !== last) throw new UserError(gone);
  if (items[0]?.record.sequenceNumber !== first) throw new UserError(`The first records of this batch are not in the stream any more, so it cannot be redriven as it was. ${gone}`);
  return items;
}

/** Without what the filters of the mapping, or another lane, would keep out. */
function chosen(items: readonly StreamItem[], { configuration, source }: Mapping): StreamItem[] {
  const lanes = configuration.stream?.parallelizationFactor ?? 1;
  const filters = new RecordFilters(source, configuration.filters);
  const lane = laneOf(items[0]?.record.partitionKey ?? '', lanes);
  return items.filter(({ record, json }) => (lanes === 1 || laneOf(record.partitionKey, lanes) === lane) && filters.matches(json));
}

async function invoke(batch: GivenUp, { uuid, configuration }: Mapping, items: readonly StreamItem[], { invocations, newId }: RedriveParts): Promise<BatchRedrive> {
  const { functionArn, eventSourceArn, stream } = configuration;
  const { name: functionName } = functionOf(functionArn);
  if (items.length === 0) throw new UserError(`No record of this batch passes the filters that its mapping to ${functionName} has now.`);
  const seconds = stream?.tumblingWindowInSeconds ?? 0;
  const window = seconds === 0 ? undefined : { start: windowStart(items[0]?.record.arrivedAt ?? 0, seconds), state: '{}' };
  const members = window === undefined ? '' : windowMembers({ window, seconds, shardId: batch.shardId, streamArn: batch.streamArn, final: false, terminatedEarly: false });
  const before = invocations.hasRun(batch.requestId) ? [batch.requestId] : undefined;
  const polled: PolledBatch = {
    mappingUuid: uuid, sourceArn: eventSourceArn, shardId: batch.shardId, batchId: newId(), attempt: 1, size: items.length, filtered: 0, throttles: 0, redrive: true,
    ...(before === undefined ? {} : { previous: before }),
    ...(window === undefined ? {} : { window: { ...windowTimes(window, seconds), final: false, terminatedEarly: false } }),
  };
  const executionId = newId();
  if (before !== undefined) invocations.conclude(batch.requestId, { next: [executionId] });
  const answer = await invocations.run({ functionArn, payload: Buffer.from(`{"Records":[${items.map(({ json }) => json).join(',')}]${members}}`), batch: polled, executionId });
  const { failures } = judgeAnswer(answer, items, configuration, false);
  const done = firstFailure(failures, items);
  const failed = items.length - done;
  const why = failures.kind === 'all' ? failures.reason : 'The function named the next one in batchItemFailures.';
  invocations.conclude(executionId, {
    outcomes: writeOutcomes([{ count: done, outcome: 'checkpointed' }, { count: failed, outcome: 'failed' }]),
    end: failed === 0 ? { kind: 'done' } : { kind: 'not-redriven', why },
  });
  return { executionId, functionName, records: items.length, failed, ...(failed === 0 ? {} : { why }) };
}
