/** The poller for a mapping's source. */
import type { DocumentStore } from '../../contracts/documents.ts';
import type { EventShapes, EventSources } from '../../contracts/event-sources.ts';
import { UserError } from '../../contracts/faults.ts';
import type { Poller, PollerParts } from './poller.ts';
import type { FailureDeliveries } from './failure-records.ts';
import { QueuePoller } from './sqs.ts';
import { streamArnOf } from './mapping.ts';
import { StreamPoller } from './streams.ts';

export interface PollerServices {
  sources: EventSources;
  shapes: EventShapes;
  documents: DocumentStore;
  deliveries: FailureDeliveries;
}

export function makePoller(parts: PollerParts, { sources, shapes, documents, deliveries }: PollerServices): Poller {
  const { eventSourceArn } = parts.configuration;
  try {
    switch (parts.source) {
      case 'sqs': return new QueuePoller(parts, sources.queue(eventSourceArn), shapes.sqs);
      case 'kinesis':
      case 'dynamodb':
        return new StreamPoller(parts, { source: sources.stream(streamArnOf(eventSourceArn)), shape: shapes[parts.source], documents, deliveries });
    }
  } catch (error) {
    if (error instanceof UserError) return unreachable(parts, error);
    throw error;
  }
}

/** Stands in where this engine has no such source: says so, and polls nothing. */
function unreachable({ trouble }: PollerParts, error: UserError): Poller {
  return {
    start: () => trouble({ sentence: error.message, result: 'PROBLEM: Event source not found' }),
    stop: () => Promise.resolve(),
    pollOnce: () => Promise.reject(error),
    leftOver: () => Promise.resolve(false),
    status: () => ({ batchesInFlight: 0, concurrency: 0 }),
    fate: () => undefined,
  };
}
