/** Polled executions made up for the panel's page: a bisect, a partial failure, a batch of thousands. */
import type { Execution, PolledBatch } from '../../src/contracts/executions.ts';
import { entry, type Entry } from './fake-history.ts';

export const streamArn = 'arn:aws:kinesis:us-east-1:123456789012:stream/clicks';
export const queueArn = 'arn:aws:sqs:us-east-1:123456789012:orders';
export const failuresArn = 'arn:aws:sqs:us-east-1:123456789012:failed-clicks';
export const mappingUuid = '14e0db71-5d35-4d1b-b2c5-3f4c5d6e7f80';

export const sequenceNumber = (index: number) => `4959${String(33_000_000_000 + index).padStart(52, '0')}`;

function kinesisRecord(index: number, arrivedAt: number): object {
  const data = JSON.stringify({ page: `/products/${index}`, user: `user-${index % 7}`, ...(index === 3 && { poison: true }) });
  return {
    kinesis: { kinesisSchemaVersion: '1.0', partitionKey: `user-${index % 7}`, sequenceNumber: sequenceNumber(index), data: Buffer.from(data).toString('base64'), approximateArrivalTimestamp: arrivedAt / 1000 },
    eventSource: 'aws:kinesis', eventVersion: '1.0', eventID: `shardId-000000000000:${sequenceNumber(index)}`, eventName: 'aws:kinesis:record',
    invokeIdentityArn: 'arn:aws:iam::123456789012:role/r', awsRegion: 'us-east-1', eventSourceARN: streamArn,
  };
}

function sqsRecord(index: number, sentAt: number): object {
  return {
    messageId: `5f3b1d3c-0d6f-4b6b-8d42-${String(index).padStart(12, '0')}`, receiptHandle: 'AQEB', body: JSON.stringify({ orderId: `ord-${index}`, express: index % 3 === 0 }),
    attributes: { ApproximateReceiveCount: index % 5 === 0 ? '2' : '1', SentTimestamp: String(sentAt), SenderId: 'AIDA', ApproximateFirstReceiveTimestamp: String(sentAt) },
    messageAttributes: {}, md5OfBody: '0', eventSource: 'aws:sqs', eventSourceARN: queueArn, awsRegion: 'us-east-1',
  };
}

/** @param sequence As in `entry`. */
export function polledEntry(sequence: number, polled: Partial<PolledBatch>, records: readonly object[], change: Partial<Execution> = {}): Entry {
  const made = entry(sequence, {
    functionName: 'PriceBasket', source: 'event-source-mapping', status: 'succeeded',
    polled: { mappingUuid, sourceArn: streamArn, batchId: `batch-${sequence}`, attempt: 1, size: records.length, filtered: 0, throttles: 0, ...polled },
    ...change,
  });
  return { execution: made.execution, content: { ...made.content, request: JSON.stringify({ Records: records }) } };
}

const failed = { status: 'failed', functionError: 'Unhandled', errorType: 'PoisonError', errorMessage: 'This record cannot be read.' } as const;

/** Eight records; the fourth is poison, is isolated, tried twice and sent to the failure queue. Oldest first. */
export function bisectEntries(sequence: number, at: number): Entry[] {
  const all = Array.from({ length: 8 }, (_, index) => kinesisRecord(index, at - 4000 + index * 20));
  const id = (index: number) => entry(sequence + index).execution.id;
  const of = (index: number, from: number, to: number, attempt: number, batch: string, end: PolledBatch['end'], more: Partial<PolledBatch>): Entry => {
    const parent = more.previous?.[0];
    const receivedAt = at + index * 400;
    return polledEntry(sequence + index, {
      shardId: 'shardId-000000000000', batchId: batch, attempt, ...(end && { end }),
      outcomes: `${to - from}${end?.kind === 'done' ? 'c' : end?.kind === 'given-up' ? 'x' : 'f'}`,
      checkpoint: { before: 'TRIM_HORIZON', after: end?.kind === 'done' || end?.kind === 'given-up' ? sequenceNumber(to - 1) : 'TRIM_HORIZON' },
      ...(parent !== undefined && attempt === 1 && { splitFrom: { batchId: 'parent', by: 'bisect' } }), ...more,
    }, all.slice(from, to), { receivedAt, finishedAt: receivedAt + 31, ...(end?.kind === 'done' ? {} : failed) });
  };
  const why = 'The function failed: PoisonError.';
  return [
    of(0, 0, 8, 1, 'whole', { kind: 'split', why }, { next: [id(1), id(7)] }),
    of(1, 0, 4, 1, 'left', { kind: 'split', why }, { previous: [id(0)], next: [id(2), id(3)] }),
    of(2, 0, 2, 1, 'first', { kind: 'done' }, { previous: [id(1)] }),
    of(3, 2, 4, 1, 'second', { kind: 'split', why }, { previous: [id(1)], next: [id(4), id(5)] }),
    of(4, 2, 3, 1, 'third', { kind: 'done' }, { previous: [id(3)] }),
    of(5, 3, 4, 1, 'poison', { kind: 'retried', why }, { previous: [id(3)], next: [id(6)] }),
    of(6, 3, 4, 2, 'poison', { kind: 'given-up', why, condition: 'RetryAttemptsExhausted' }, {
      previous: [id(5)], deliveries: [{ kind: 'OnFailure', targetArn: failuresArn, at: at + 2431, status: 'delivered', deliveredId: '0c9a2a55-7b1c-4c8e-9a53-0f5b1e0f2a11' }],
    }),
    of(7, 4, 8, 1, 'right', { kind: 'done' }, { previous: [id(0)] }),
  ];
}

/** Ten messages of which two came back; filters kept three more out. */
export function partialEntry(sequence: number, at: number): Entry {
  return polledEntry(sequence, {
    sourceArn: queueArn, outcomes: '4d2b4d', filtered: 3, filteredIds: ['kept-out-1', 'kept-out-2', 'kept-out-3'],
    end: { kind: 'returned', why: 'The function named them in batchItemFailures.', visibleAt: at + 30_000 },
  }, Array.from({ length: 10 }, (_, index) => sqsRecord(index, at - 900)), { receivedAt: at, finishedAt: at + 12 });
}

/** Every hundredth message came back. */
export function largeEntry(sequence: number, at: number, size: number): Entry {
  return polledEntry(sequence, {
    sourceArn: queueArn, outcomes: '99d1b'.repeat(size / 100), end: { kind: 'returned', why: 'The function named them in batchItemFailures.' },
  }, Array.from({ length: size }, (_, index) => sqsRecord(index, at - 900)), { receivedAt: at, finishedAt: at + 12 });
}
