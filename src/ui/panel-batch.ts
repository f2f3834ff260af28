/** A polled batch for the records panel: its mapping, what filters kept out, and the invocations before and after it. */
import { countOutcomes } from '../contracts/batch-outcomes.ts';
import type { EventSourceMappingSummary, RecordFate } from '../contracts/event-source-mappings.ts';
import type { Execution, PolledBatch } from '../contracts/executions.ts';
import type { ResourcesSnapshot } from '../contracts/resource-views.ts';
import type { BatchDetail, BatchNode } from '../protocol/panel-batch.ts';
import { sourceName } from './event-sources/mapping-words.ts';
import { sourceOf, type BatchRecords } from './panel-batch-records.ts';

export interface BatchSurroundings {
  mappings: readonly EventSourceMappingSummary[];
  resources: ResourcesSnapshot;
  /** From the history. */
  get(id: string): Promise<Execution | null>;
  /** Why a record reached no function. */
  why(id: string, sourceArn: string): Promise<readonly RecordFate[]>;
}

/** Invocations of a family that are shown at most. */
export const maxFamily = 150;
/** Invocations before the one that is shown; a batch may be retried ten thousand times. */
const longestWayUp = 40;
const mostGroups = 3;

export async function batchDetail(execution: Execution & { polled: PolledBatch }, records: BatchRecords, around: BatchSurroundings): Promise<BatchDetail> {
  const { polled } = execution;
  const { sourceArn, mappingUuid } = polled;
  const mapping = around.mappings.find(({ uuid }) => uuid === mappingUuid);
  const queue = around.resources.queues.find(({ arn }) => arn === sourceArn);
  const { nodes, cut } = await familyOf(execution, (id) => around.get(id));
  return {
    source: sourceOf(sourceArn), sourceName: sourceName(sourceArn),
    ...(mapping && { mapping: configured(mapping) }),
    groups: records.groups(mostGroups),
    counts: [...countOutcomes(polled.outcomes ?? '')].map(([outcome, count]) => ({ outcome, count })),
    filtered: await Promise.all((polled.filteredIds ?? []).map(async (id) => {
      const fate = (await around.why(id, sourceArn)).find((each) => each.mappingUuid === mappingUuid && each.fate === 'filtered');
      return { id, ...(fate?.filters && { reasons: fate.filters }) };
    })),
    ...(queue?.deadLetterTargetArn !== undefined && queue.maxReceiveCount !== undefined && { deadLetterQueue: { arn: queue.deadLetterTargetArn, maxReceiveCount: queue.maxReceiveCount } }),
    exhausted: queue?.maxReceiveCount === undefined ? 0 : records.exhausted(polled, queue.maxReceiveCount),
    family: nodes, cut,
  };
}

function configured({ configuration }: EventSourceMappingSummary): NonNullable<BatchDetail['mapping']> {
  const { BatchSize, MaximumBatchingWindowInSeconds, DestinationConfig } = configuration;
  const onFailureArn = (DestinationConfig as { OnFailure?: { Destination?: string } } | undefined)?.OnFailure?.Destination;
  return {
    ...(typeof BatchSize === 'number' && { batchSize: BatchSize }),
    ...(typeof MaximumBatchingWindowInSeconds === 'number' && { windowSeconds: MaximumBatchingWindowInSeconds }),
    ...(onFailureArn !== undefined && { onFailureArn }),
  };
}

/**
 * The batch as it was read, every retry of it and every part of it, each before what followed it. Those on the way from the first
 * one to this one are always among them.
 */
export async function familyOf(execution: Execution & { polled: PolledBatch }, get: BatchSurroundings['get']): Promise<{ nodes: BatchNode[]; cut: boolean }> {
  const path: Execution[] = [execution];
  const known = new Map<string, Execution | null>([[execution.id, execution]]);
  const find = async (id: string) => {
    if (!known.has(id)) known.set(id, await get(id));
    return known.get(id) ?? undefined;
  };
  let cut = false;
  for (let first = execution.polled.previous?.[0]; first !== undefined;) {
    const before = await find(first);
    if (!before?.polled || path.includes(before)) break;
    if (path.length > longestWayUp) {
      cut = true;
      break;
    }
    path.unshift(before);
    first = before.polled.previous?.[0];
  }
  const onTheWay = new Set(path.map(({ id }) => id));
  const nodes: BatchNode[] = [];
  const seen = new Set<string>();
  // Without recursion: a batch may be retried very often.
  const left: { id: string; parent?: Parent; place: number | undefined; size: number | undefined }[] = [{ id: path[0]?.id ?? '', place: 0, size: path[0]?.polled?.size }];
  for (let next = left.shift(); next; next = left.shift()) {
    const { id, parent, place } = next;
    if (seen.has(id)) continue;
    if (nodes.length >= maxFamily && !onTheWay.has(id)) {
      cut = true;
      continue;
    }
    seen.add(id);
    const member = await find(id);
    const polled = member?.polled;
    // Given up before it was tried again: what was to come did not.
    if (!member || !polled) {
      if (parent && parent.polled.end?.kind !== 'given-up') nodes.push({ id, depth: parent.depth + (isRetry(parent.polled) ? 0 : 1), relation: isRetry(parent.polled) ? 'retry' : 'part', ...located(place, next.size) });
      continue;
    }
    const relation = relationOf(polled, parent);
    const depth = (parent?.depth ?? 0) + (relation === 'part' ? 1 : 0);
    const at = relation === 'delivery' || relation === 'redrive' ? undefined : place;
    nodes.push(nodeOf(member, polled, { depth, relation, ...located(at, polled.size) }));
    left.unshift(...following(polled, at).map((child) => ({ ...child, parent: { depth, polled } })));
  }
  return { nodes, cut };
}

interface Parent {
  depth: number;
  polled: PolledBatch;
}

/** What comes after an invocation, and which part of the batch each has. */
function following({ next = [], end, size, outcomes = '' }: PolledBatch, place: number | undefined): { id: string; place: number | undefined; size: number | undefined }[] {
  if (place === undefined) return next.map((id) => ({ id, place: undefined, size: undefined }));
  if (end?.kind === 'split') {
    const half = Math.ceil(size / 2);
    return next.map((id, index) => ({ id, place: place + index * half, size: index === 0 ? half : size - half }));
  }
  // Of the others what is left is at the end.
  const left = countOutcomes(outcomes).get('failed') ?? size;
  return next.map((id) => ({ id, place: place + size - left, size: left }));
}

function isRetry({ end }: PolledBatch): boolean {
  return end?.kind === 'retried' || end?.kind === 'not-run';
}

function relationOf(polled: PolledBatch, parent: Parent | undefined): BatchNode['relation'] {
  if (polled.redrive) return 'redrive';
  if (!parent) return 'first';
  if (polled.batchId === parent.polled.batchId) return 'retry';
  return polled.splitFrom ? 'part' : 'delivery';
}

function located(place: number | undefined, size: number | undefined): Pick<BatchNode, 'place' | 'size'> {
  return { ...(place !== undefined && { place }), ...(size !== undefined && { size }) };
}

function nodeOf({ id, status, errorType, receivedAt, durationMs }: Execution, { attempt, end, deliveries }: PolledBatch, where: Omit<BatchNode, 'id' | 'run' | 'end' | 'deliveries'>): BatchNode {
  return {
    id, ...where,
    run: { status, receivedAt, attempt, ...(errorType !== undefined && { errorType }), ...(durationMs !== undefined && { durationMs }) },
    ...(end && { end }), ...(deliveries && { deliveries }),
  };
}
