/** What a stream's on-failure destination gets: members and their order as recorded (lambda-facts §3.6). */
import type { Clock } from '../../contracts/clock.ts';
import type { StreamEventShape, StreamRecord } from '../../contracts/event-sources.ts';
import type { EventDelivery } from '../../contracts/executions.ts';
import { AwsFault, UserError } from '../../contracts/faults.ts';
import type { BucketPort, QueuePort, TopicPort } from '../../contracts/resources.ts';
import { targetKind } from '../destination-arns.ts';
import { isDiskError } from '../destinations.ts';

export type FailureCondition = 'RetryAttemptsExhausted' | 'RecordAgeExceeded' | 'MaximumPayloadSizeExceeded';

export interface FailedBatch {
  requestId: string;
  /** As the mapping has it; the record shows it unqualified. */
  functionArn: string;
  condition: FailureCondition;
  invokeCount: number;
  /** Absent for records that were too old. `functionError` null: the function named them in batchItemFailures. */
  response?: { executedVersion: string; functionError: string | null };
  shardId: string;
  streamArn: string;
  records: readonly StreamRecord[];
  /** The whole event, JSON text. */
  payload: string;
  /** Epoch milliseconds. */
  timestamp: number;
}

/** JSON text, compact, in wire order. @param withPayload Buckets get the event too, as a string. */
export function failureRecord(batch: FailedBatch, shape: StreamEventShape, withPayload: boolean): string {
  const { records, response } = batch;
  const first = records[0] as StreamRecord;
  const last = records.at(-1) as StreamRecord;
  return JSON.stringify({
    requestContext: {
      requestId: batch.requestId,
      functionArn: batch.functionArn.split(':').slice(0, 7).join(':'),
      condition: batch.condition,
      approximateInvokeCount: batch.invokeCount,
    },
    // DOUBT: for records too large for an event the null is documented for Kafka only.
    ...(response !== undefined ? { responseContext: { statusCode: 200, executedVersion: response.executedVersion, functionError: response.functionError } }
      : batch.condition === 'MaximumPayloadSizeExceeded' ? { responseContext: null } : {}),
    version: '1.0',
    timestamp: new Date(batch.timestamp).toISOString(),
    [shape.batchInfo]: {
      shardId: batch.shardId,
      startSequenceNumber: first.sequenceNumber,
      endSequenceNumber: last.sequenceNumber,
      approximateArrivalOfFirstRecord: shape.arrival(first.arrivedAt),
      approximateArrivalOfLastRecord: shape.arrival(last.arrivedAt),
      batchSize: records.length,
      streamArn: batch.streamArn,
    },
    ...(withPayload ? { payload: batch.payload } : {}),
  });
}

export interface FailureTargets {
  queues: QueuePort;
  topics: TopicPort;
  buckets: BucketPort;
}

export class FailureDeliveries {
  readonly #targets: FailureTargets;
  readonly #clock: Clock;
  readonly #uuid: () => string;

  constructor(targets: FailureTargets, clock: Clock, uuid: () => string) {
    this.#targets = targets;
    this.#clock = clock;
    this.#uuid = uuid;
  }

  /** Joins the open transaction. Never throws for what the target does: that is a failed delivery. */
  deliver(targetArn: string, batch: FailedBatch, shape: StreamEventShape, mappingUuid: string): EventDelivery {
    const delivery = { kind: 'OnFailure', targetArn, at: this.#clock.now() } as const;
    try {
      return { ...delivery, status: 'delivered', deliveredId: this.#send(targetArn, batch, shape, mappingUuid) };
    } catch (error) {
      // A disk that cannot be written is no answer of the target.
      if (isDiskError(error)) throw error;
      return { ...delivery, status: 'failed', error: error instanceof AwsFault ? `${error.name}: ${error.message}` : (error as Error).message };
    }
  }

  #send(targetArn: string, batch: FailedBatch, shape: StreamEventShape, mappingUuid: string): string {
    switch (targetKind(targetArn)) {
      case 'sqs': return this.#targets.queues.send(targetArn, { body: failureRecord(batch, shape, false) }).messageId;
      case 'sns': return this.#targets.topics.publish(targetArn, { message: failureRecord(batch, shape, false) }).messageId;
      case 's3': {
        const key = objectKey(mappingUuid, batch, this.#uuid());
        this.#targets.buckets.put(targetArn, key, Buffer.from(failureRecord(batch, shape, true)));
        return key;
      }
      case 'lambda': case 'events': case undefined:
        throw new UserError(`${targetArn} cannot be an on-failure destination of a stream: only queues, topics and buckets can.`);
    }
  }
}

/** `aws/lambda/<UUID>/<shardId>/YYYY/MM/DD/YYYY-MM-DDTHH.MM.SS-<random UUID>` */
function objectKey(mappingUuid: string, { shardId, timestamp }: FailedBatch, random: string): string {
  const time = new Date(timestamp).toISOString();
  const day = time.slice(0, 10);
  return `aws/lambda/${mappingUuid}/${shardId}/${day.replaceAll('-', '/')}/${day}T${time.slice(11, 19).replaceAll(':', '.')}-${random}`;
}
