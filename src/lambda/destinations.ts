/** Deliveries of asynchronous invocation: results to destinations, events to dead-letter queues (lambda-facts §2.4, §2.5). */
import type { Clock } from '../contracts/clock.ts';
import type { EventDelivery, InvocationCondition } from '../contracts/executions.ts';
import { AwsFault, UserError } from '../contracts/faults.ts';
import type { Logger } from '../contracts/logger.ts';
import type { BucketPort, EventBusPort, EventInvoker, MessageAttribute, QueuePort, TopicPort } from '../contracts/resources.ts';
import { targetKind, type TargetKind } from './destination-arns.ts';
import { qualifiedArn, writeRecord, type RecordParts } from './invocation-record.ts';

/**
 * The source of the event that a bus receives. AWS was recorded to send `lambda`; its 2026 documentation says
 * `aws.lambda` (lambda-facts §C4).
 */
export const destinationEventSource = 'lambda';

/** Bytes of a record that a target takes; a larger one is sent without its payloads. */
const recordLimits: Readonly<Record<TargetKind, number>> = { sqs: 1_048_576, sns: 262_144, events: 1_048_576, lambda: 1_048_576, s3: Number.MAX_SAFE_INTEGER };

/** `ErrorMessage` of a dead letter is cut at 1 KB. */
const deadLetterMessageLimit = 1024;
/** DOUBT: what AWS says of events that were never run is not recorded (lambda-facts §C2). */
const notRun = { code: 429, message: 'Rate Exceeded.' } as const;

export interface DestinationPorts {
  queues: QueuePort;
  topics: TopicPort;
  buses: EventBusPort;
  buckets: BucketPort;
  invoker: EventInvoker;
}

/** What AWS would deny of a delivery, with the missing statement; undefined when it would not, or nobody here knows. */
export type DeliveryHint = (functionName: string, targetArn: string) => string | undefined;

/** An event that is over. */
export interface FinishedEvent extends RecordParts {
  functionName: string;
  /** Header that goes on to whatever is delivered. */
  traceId: string;
  /** The event itself, JSON text. */
  event: string;
  /** Of the last attempt. */
  errorMessage?: string;
}

export class Destinations {
  readonly #ports: DestinationPorts;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #uuid: () => string;
  readonly #hint: DeliveryHint;

  constructor(ports: DestinationPorts, clock: Clock, logger: Logger, uuid: () => string, hint: DeliveryHint) {
    this.#ports = ports;
    this.#clock = clock;
    this.#logger = logger;
    this.#uuid = uuid;
    this.#hint = hint;
  }

  /** Delivers the record. Never throws for what the target does: that is a failed delivery. */
  deliverRecord(kind: 'OnSuccess' | 'OnFailure', targetArn: string, finished: FinishedEvent): EventDelivery {
    const target = targetKind(targetArn);
    let record = writeRecord(finished);
    const payloadDropped = target !== undefined && Buffer.byteLength(record) > recordLimits[target];
    if (payloadDropped) {
      const { request, responsePayload, ...rest } = finished;
      record = writeRecord(rest);
    }
    return this.#attempt(finished, { kind, targetArn, ...(payloadDropped ? { payloadDropped } : {}) }, () => this.#send(target, targetArn, record, finished));
  }

  /** Delivers the event itself, as it was sent, with AWS's three attributes. */
  deliverDeadLetter(targetArn: string, finished: FinishedEvent): EventDelivery {
    const ran = finished.response !== undefined;
    const attributes: Record<string, MessageAttribute> = {
      RequestID: { DataType: 'String', StringValue: finished.requestId },
      ErrorCode: { DataType: 'Number', StringValue: String(ran ? 200 : notRun.code) },
      ErrorMessage: { DataType: 'String', StringValue: shortened(ran ? finished.errorMessage ?? '' : notRun.message) },
    };
    const { traceId: traceHeader } = finished;
    return this.#attempt(finished, { kind: 'DeadLetterQueue', targetArn }, () => {
      const kind = targetKind(targetArn);
      if (kind === 'sqs') return this.#ports.queues.send(targetArn, { body: finished.event, attributes, traceHeader }).messageId;
      if (kind === 'sns') return this.#ports.topics.publish(targetArn, { message: finished.event, attributes, traceHeader }).messageId;
      throw new UserError(`${targetArn} cannot be a dead-letter queue: only SQS queues and SNS topics can.`);
    });
  }

  #send(target: TargetKind | undefined, arn: string, record: string, finished: FinishedEvent): string {
    const { traceId: traceHeader } = finished;
    switch (target) {
      case 'sqs': return this.#ports.queues.send(arn, { body: record, traceHeader }).messageId;
      case 'sns': return this.#ports.topics.publish(arn, { message: record, traceHeader }).messageId;
      case 'lambda': return this.#ports.invoker.invokeAsync(arn, Buffer.from(record), { source: 'destination', traceHeader }).requestId;
      case 'events':
        return this.#ports.buses.put(arn, {
          source: destinationEventSource,
          detailType: `Lambda Function Invocation Result - ${resultWord(finished.condition)}`,
          detail: record,
          resources: [arn, qualifiedArn(finished.invokedFunctionArn)],
          traceHeader,
        }).eventId;
      case 's3': {
        const key = this.#objectKey(finished);
        this.#ports.buckets.put(arn, key, Buffer.from(record));
        return key;
      }
      case undefined: throw new UserError(`${arn} is no kind of destination: SQS, SNS, Lambda, EventBridge and S3 are.`);
    }
  }

  #attempt({ functionName }: FinishedEvent, delivery: Omit<EventDelivery, 'at' | 'status'>, send: () => string): EventDelivery {
    const at = this.#clock.now();
    try {
      const deliveredId = send();
      const hint = this.#hint(functionName, delivery.targetArn);
      return { ...delivery, at, status: 'delivered', deliveredId, ...(hint === undefined ? {} : { hint }) };
    } catch (error) {
      // A disk that cannot be written is no answer of the target: the event must be settled again.
      if (isDiskError(error)) throw error;
      if (!(error instanceof AwsFault) && !(error instanceof UserError)) this.#logger.error(`The delivery to ${delivery.targetArn} failed.`, error);
      return { ...delivery, at, status: 'failed', error: error instanceof AwsFault ? `${error.name}: ${error.message}` : (error as Error).message };
    }
  }

  /** `aws/lambda/async/<function>/YYYY/MM/DD/YYYY-MM-DDTHH.MM.SS-<UUID>` (lambda-facts §2.4). */
  #objectKey({ functionName, timestamp }: FinishedEvent): string {
    const time = new Date(timestamp).toISOString();
    const day = time.slice(0, 10);
    return `aws/lambda/async/${functionName}/${day.replaceAll('-', '/')}/${day}T${time.slice(11, 19).replaceAll(':', '.')}-${this.#uuid()}`;
  }
}

function resultWord(condition: InvocationCondition): 'Success' | 'Failure' {
  return condition === 'Success' ? 'Success' : 'Failure';
}

/** The first 1 KB, never half a character; an attribute cannot be empty. */
function shortened(message: string): string {
  const bytes = Buffer.from(message === '' ? ' ' : message);
  if (bytes.length <= deadLetterMessageLimit) return bytes.toString();
  return bytes.subarray(0, deadLetterMessageLimit).toString().replace(/\ufffd$/, '');
}

/** Of the state database, or of a file that an object of a bucket becomes: nothing else here makes calls of the system. */
export function isDiskError(error: unknown): boolean {
  const { code, syscall } = (error ?? {}) as { code?: unknown; syscall?: unknown };
  return code === 'ERR_SQLITE_ERROR' || syscall !== undefined;
}
