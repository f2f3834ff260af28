/** Words of asynchronous invocation: waits, conditions, targets. Pure, so that Node tests it. */
import type { RowEvent } from '../src/protocol/panel.ts';
import { duration } from './formatting.ts';
import { scaleText, waitText, type Remaining } from '../src/protocol/wait-clock.ts';

export type Wait = NonNullable<RowEvent['wait']>;
type Condition = NonNullable<RowEvent['condition']>;

/** What an event waits for, before its countdown: `Attempt 2 in`. */
export function waitLead(kind: Wait['kind'], invokeCount: number): string {
  switch (kind) {
    case 'retry': return `Attempt ${invokeCount + 1} in`;
    case 'throttle': return 'Throttled, again in';
    case 'system-error': return 'System error, again in';
    case 'fault-delay': return 'Delayed by a fault for';
    case 'turn': return 'Waits its turn';
  }
}

/** `1 min 12 s · 1.2 s here`; in real time both are the same. */
export function countdownText({ awsMs, realMs }: Remaining, scale: number): string {
  if (realMs <= 0) return 'due now';
  return scale === 1 || awsMs === 0 ? waitText(realMs) : `${waitText(awsMs)} · ${waitText(realMs)} here`;
}

/** Why an event waited, of a wait that is over. */
export function pastWaitTitle(kind: Wait['kind']): string {
  switch (kind) {
    case 'retry': return 'Waited before the retry';
    case 'throttle': return 'Throttled';
    case 'system-error': return 'System error';
    case 'fault-delay': return 'Delayed by an injected fault';
    case 'turn': return 'Waited its turn';
  }
}

/** `1 min of AWS time · 1.0 s here`. */
export function pastWaitText({ awsSeconds, since, until, cutShort }: { awsSeconds: number; since: number; until: number; cutShort?: boolean }): string {
  const here = until - since;
  const same = Math.abs(here - awsSeconds * 1000) < 100;
  return [same ? duration(here) : `${waitText(awsSeconds * 1000)} of AWS time · ${duration(here)} here`, cutShort && 'ended by hand'].filter(Boolean).join(' · ');
}

export function conditionSentence(condition: Condition, invokeCount: number): string {
  const attempts = `${invokeCount} ${invokeCount === 1 ? 'attempt' : 'attempts'}`;
  switch (condition) {
    case 'Success': return `Succeeded after ${attempts}`;
    case 'RetriesExhausted': return `Given up after ${attempts}: no retry was left`;
    case 'EventAgeExceeded': return `Given up after ${attempts}: the event became too old`;
    case 'ZeroReservedConcurrency': return 'Not tried: the reserved concurrency of the function is 0';
  }
}

/** The end of a name that says what it is: `SQS queue failed-payments`. */
export function targetWords(arn: string): string {
  const [, , service = '', , , ...rest] = arn.split(':');
  const name = rest.join(':');
  switch (service) {
    case 'sqs': return `SQS queue ${name}`;
    case 'sns': return `SNS topic ${name}`;
    case 'lambda': return `function ${name.replace(/^function:/, '')}`;
    case 'events': return `EventBridge bus ${name.replace(/^event-bus\//, '')}`;
    case 's3': return `S3 bucket ${name}`;
    default: return arn;
  }
}

/** What the id of a delivery is, by the service that gave it. */
export function deliveredIdName(arn: string): string {
  switch (arn.split(':')[2]) {
    case 'sqs': case 'sns': return 'message ID';
    case 'events': return 'event ID';
    case 's3': return 'object key';
    default: return 'request ID';
  }
}

export const deliveryTitles = { OnSuccess: 'On success', OnFailure: 'On failure', DeadLetterQueue: 'Dead-letter queue' } as const;

/** `×60`, for a sentence about the present scale. */
export function atScale(scale: number): string {
  return scale === 1 ? 'in real time' : `at ${scaleText(scale)}`;
}
