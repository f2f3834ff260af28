/** Records of a source as functions get them, to try filters with. Nothing is received, and no position moves. */
import { createHash } from 'node:crypto';
import type { EventSourceMappingHost, RecordSample } from '../contracts/event-source-mappings.ts';
import type { EventShapes, EventSources } from '../contracts/event-sources.ts';
import type { ExecutionHistory } from '../contracts/executions.ts';
import type { PeekedMessage } from '../contracts/resource-views.ts';
import type { ResourceHosts } from '../contracts/resources.ts';

export interface RecordSampleParts {
  hosts: Partial<ResourceHosts>;
  embedded: EventSources;
  /** Whether a source is polled elsewhere: nothing is asked of it for this. */
  isElsewhere(sourceArn: string): boolean;
  shapes: EventShapes;
  mappings: EventSourceMappingHost;
  history: ExecutionHistory;
}

/** Executions of one function that are looked through for records of the source. */
const mostExecutions = 200;

/** First what filters kept away, then what is in the source, then what functions had; each newest first and once. */
export async function recordSamples({ sourceArn, limit }: { sourceArn: string; limit: number }, parts: RecordSampleParts): Promise<RecordSample[]> {
  const samples = new Map<string, RecordSample>();
  const all = [parts.mappings.filteredRecords(sourceArn), await inSource(sourceArn, limit, parts), handled(sourceArn, limit, parts)];
  for (const sample of all.flat()) if (!samples.has(sample.id)) samples.set(sample.id, sample);
  return [...samples.values()].slice(0, limit);
}

async function inSource(sourceArn: string, limit: number, parts: RecordSampleParts): Promise<RecordSample[]> {
  const { hosts } = parts;
  if (parts.isElsewhere(sourceArn)) return [];
  if (hosts.queues?.summaries().some(({ arn }) => arn === sourceArn)) return queued(sourceArn, limit, parts);
  const streamArn = sourceArn.replace(/\/consumer\/[^/]+$/, '');
  const host = [hosts.streams, hosts.tableStreams].find((each) => each?.summaries().some(({ arn }) => arn === streamArn));
  if (!host) return [];
  const shape = host === hosts.streams ? parts.shapes.kinesis : parts.shapes.dynamodb;
  const source = parts.embedded.stream(streamArn);
  const samples: RecordSample[] = [];
  for (const { shardId, sequenceNumber } of host.peek(streamArn, { order: 'newest', limit })) {
    const [record] = (await source.read(streamArn, shardId, { kind: 'at', sequenceNumber }, 1)).records;
    // It may have been trimmed meanwhile.
    if (record?.sequenceNumber === sequenceNumber) samples.push({ id: sequenceNumber, from: 'source', at: record.arrivedAt, json: shape.record(record, { streamArn: sourceArn, shardId, roleArn: '' }) });
  }
  return samples;
}

/** A queue is peeked at from its oldest message on. */
function queued(queueArn: string, limit: number, { hosts, shapes }: RecordSampleParts): RecordSample[] {
  return (hosts.queues?.peek(queueArn, limit) ?? []).toReversed().map((message) => ({ id: message.messageId, from: 'source', at: message.sentAt, json: shapes.sqs.record(asReceived(message), queueArn, 0) }));
}

function asReceived({ messageId, body, attributes, messageAttributes }: PeekedMessage) {
  return { messageId, receiptHandle: '', body, md5OfBody: createHash('md5').update(body).digest('hex'), attributes, messageAttributes };
}

function handled(sourceArn: string, limit: number, { mappings, history }: RecordSampleParts): RecordSample[] {
  const names = new Set(mappings.summaries().filter(({ eventSourceArn }) => eventSourceArn === sourceArn).map(({ functionName }) => functionName));
  const samples: RecordSample[] = [];
  for (const functionName of names) {
    for (const { id, polled, receivedAt } of history.list({ functionName, limit: mostExecutions })) {
      if (polled?.sourceArn !== sourceArn) continue;
      samples.push(...recordsOf(history.content(id)?.request).map((record): RecordSample => ({ id: idOf(record), from: 'handled', at: receivedAt, json: JSON.stringify(record) })));
      if (samples.length >= limit) return samples;
    }
  }
  return samples;
}

interface EventRecord {
  messageId?: string;
  kinesis?: { sequenceNumber?: string };
  dynamodb?: { SequenceNumber?: string };
}

function recordsOf(request = ''): EventRecord[] {
  try {
    return (JSON.parse(request) as { Records?: EventRecord[] }).Records ?? [];
  } catch {
    // A request that was too large to be kept whole.
    return [];
  }
}

function idOf({ messageId, kinesis, dynamodb }: EventRecord): string {
  return messageId ?? kinesis?.sequenceNumber ?? dynamodb?.SequenceNumber ?? '';
}
