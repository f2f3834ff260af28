/** One event to one target: Lambda, SQS, SNS or another bus, and to the target's dead-letter queue when it is not taken. */
import { AwsFault, UserError } from '../../contracts/faults.ts';
import type { RuleDelivery } from '../../contracts/resource-views.ts';
import type { DeliverySource, EventInvoker, MessageAttribute, QueuePort, TopicPort } from '../../contracts/resources.ts';
import { serviceOf } from './arns.ts';
import { targetInput, InvalidInput, type RoutedEvent } from './target-input.ts';
import type { Rule, Target } from './rule-registry.ts';

/** An event that came from another bus is not sent on to a third one (documented), so loops of buses end. */
const mostBusHops = 1;

export interface Delivered extends RoutedEvent {
  /** As in the event. */
  time: string;
  source: string;
  detailType: string;
  traceHeader?: string;
  /** Buses that handed it on before. */
  busHops: number;
  /** What functions are told of the caller. */
  invokedBy: DeliverySource;
  /** Of a schedule of EventBridge Scheduler: what its dead letters say beside the error. */
  scheduled?: { scheduleArn: string; time: string; executionId: string };
}

export interface DeliveryParts {
  queues: QueuePort;
  topics: TopicPort;
  functions: EventInvoker;
  /** Hands the event on to another bus. @param input What the target's transformation made of it; absent without one. */
  toBus: (busArn: string, event: Delivered, input: string | undefined) => string;
  /** Undoes what was written inside when it throws. */
  transaction: <R>(work: () => R) => R;
}

/** Why a target did not get an event, as its dead letters say it. */
interface Refusal {
  code: 'NO_RESOURCE' | 'INVALID_PARAMETER' | 'INVALID_JSON' | 'ERROR_FROM_TARGET' | 'THIRD_ACCOUNT_HOP_DETECTED' | 'UNKNOWN';
  message: string;
  /** AWS would deliver it: no dead letter is written for what only Local Lambda cannot do. */
  onlyHere?: boolean;
}

class Refused extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.message);
    this.refusal = refusal;
  }
}

export class Deliveries {
  readonly #parts: DeliveryParts;

  constructor(parts: DeliveryParts) {
    this.#parts = parts;
  }

  /** Within the open transaction. Never throws for what the target does: that is a failed delivery. */
  deliver(event: Delivered, rule: Rule, target: Target): RuleDelivery {
    const delivery = { rule: rule.name, targetId: target.Id, targetArn: target.Arn };
    try {
      return { ...delivery, status: 'delivered', deliveredId: this.#parts.transaction(() => this.#send(event, rule, target)) };
    } catch (error) {
      const refusal = refusalOf(error);
      if (!refusal) throw error;
      return { ...delivery, ...this.#deadLetter(event, rule, target, refusal) };
    }
  }

  #send(event: Delivered, rule: Rule, target: Target): string {
    const { queues, topics, functions, toBus } = this.#parts;
    const { Arn: arn } = target;
    const trace = event.traceHeader === undefined ? {} : { traceHeader: event.traceHeader };
    const input = (asJson: boolean) => filledSchedule(targetInput(target, rule, event, asJson), event);
    switch (serviceOf(arn)) {
      case 'lambda':
        return functions.invokeAsync(arn, Buffer.from(input(true)), { source: event.invokedBy, ...trace }).requestId;
      case 'sqs': {
        const groupId = target.SqsParameters?.MessageGroupId;
        // Parameters of FIFO queues are taken for any target, and used for FIFO queues only.
        return queues.send(arn, { body: input(false), ...trace, ...(groupId !== undefined && arn.endsWith('.fifo') ? { groupId } : {}) }).messageId;
      }
      case 'sns': return topics.publish(arn, { message: input(false), ...trace }).messageId;
      case 'events': {
        if (!/:event-bus\//.test(arn)) throw new Refused({ code: 'UNKNOWN', message: 'Local Lambda does not have API destinations.', onlyHere: true });
        if (event.busHops >= mostBusHops) {
          throw new Refused({ code: 'THIRD_ACCOUNT_HOP_DETECTED', message: 'EventBridge does not send an event that came from another bus on to a third bus.' });
        }
        const changed = target.Input !== undefined || target.InputPath !== undefined || target.InputTransformer !== undefined;
        return toBus(arn, event, changed ? input(true) : undefined);
      }
      default:
        throw new Refused({ code: 'UNKNOWN', message: `Local Lambda does not deliver events to ${serviceOf(arn) ?? arn}, only to Lambda, SQS, SNS and event buses.`, onlyHere: true });
    }
  }

  /** The dead letter is the event as it matched, whatever the target would have got of it. */
  #deadLetter(event: Delivered, rule: Rule, target: Target, { code, message, onlyHere }: Refusal): Pick<RuleDelivery, 'status' | 'error'> {
    const queue = target.DeadLetterConfig?.Arn;
    if (queue === undefined || onlyHere) return { status: 'failed', error: message };
    const trace = event.traceHeader === undefined ? {} : { traceHeader: event.traceHeader };
    const attributes = deadLetterAttributes(event, rule, target, code, message);
    try {
      this.#parts.transaction(() => this.#parts.queues.send(queue, { body: event.text, attributes, ...trace }));
      return { status: 'dead-lettered', error: message };
    } catch (error) {
      const refusal = refusalOf(error);
      if (!refusal) throw error;
      return { status: 'failed', error: `${message} Its dead-letter queue ${queue} did not take it either: ${refusal.message}` };
    }
  }
}

/** Attributes as AWS documents them. What is not there is tried once: nothing that happens here gets better by itself. */
function deadLetterAttributes({ scheduled }: Delivered, rule: Rule, target: Target, code: string, message: string): Record<string, MessageAttribute> {
  const values: Record<string, string> = {
    ...(scheduled ? {
      SCHEDULE_ARN: scheduled.scheduleArn, SCHEDULED_TIME: scheduled.time, EXECUTION_ID: scheduled.executionId, IS_PAYLOAD_TRUNCATED: 'false',
    } : { RULE_ARN: rule.arn }),
    TARGET_ARN: target.Arn, ERROR_CODE: code, ERROR_MESSAGE: message, RETRY_ATTEMPTS: '0',
  };
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { DataType: 'String', StringValue: value }]));
}

/** What EventBridge Scheduler puts into the input of a schedule, in the place of these words. */
function filledSchedule(input: string, { scheduled }: Delivered): string {
  if (!scheduled || !input.includes('<aws.scheduler.')) return input;
  return input.replaceAll('<aws.scheduler.schedule-arn>', scheduled.scheduleArn).replaceAll('<aws.scheduler.scheduled-time>', scheduled.time)
    .replaceAll('<aws.scheduler.execution-id>', scheduled.executionId).replaceAll('<aws.scheduler.attempt-number>', '1');
}

/** Services' errors for what is not there. */
const absences = new Set(['ResourceNotFoundException', 'QueueDoesNotExist', 'NotFound', 'NotFoundException']);

/** undefined for problems of the engine's own, such as a full disk: they end the whole call. */
function refusalOf(error: unknown): Refusal | undefined {
  if (error instanceof Refused) return error.refusal;
  if (error instanceof InvalidInput) return { code: 'INVALID_JSON', message: error.message };
  if (error instanceof AwsFault) {
    const code = absences.has(error.name) ? 'NO_RESOURCE' : error.status < 500 ? 'INVALID_PARAMETER' : 'ERROR_FROM_TARGET';
    return { code, message: error.message };
  }
  return error instanceof UserError ? { code: 'UNKNOWN', message: error.message, onlyHere: true } : undefined;
}
