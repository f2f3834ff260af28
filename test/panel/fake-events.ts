/** Asynchronous executions made up for the panel's page: waiting, given up, chained. */
import type { AsynchronousState, Execution, ExecutionAttempt, PastWait } from '../../src/contracts/executions.ts';
import { entry, type Entry } from './fake-history.ts';

const minute = 60_000;

/** An attempt that failed at `startedAt`, or succeeded. */
export function attempt(number: number, startedAt: number, change: Partial<ExecutionAttempt> = {}): ExecutionAttempt {
  return {
    number, startedAt, finishedAt: startedAt + 41, status: 'failed', executedVersion: '$LATEST', coldStart: number === 1,
    ...(number === 1 && { initDurationMs: 138.4 }),
    durationMs: 38.2 + number, billedDurationMs: 40, maxMemoryUsedMb: 71, functionError: 'Unhandled', errorType: 'CardDeclinedError',
    environmentId: '3f7a9c21d0b84e6f9a5c2e8d71b60c34', logStreamName: '2026/11/24/[$LATEST]3f7a9c21d0b84e6f9a5c2e8d71b60c34',
    ...change,
  };
}

/** @param sequence As in `entry`, whose texts it has. */
export function eventEntry(sequence: number, asynchronous: Partial<AsynchronousState>, change: Partial<Execution> = {}): Entry {
  const made = entry(sequence, {
    functionName: 'ChargeCard', invocationType: 'Event', status: 'queued',
    asynchronous: { ageMs: 3 * minute + 120, invokeCount: 1, throttles: 0, deliveries: [], ...asynchronous },
    ...change,
  });
  const { execution, content } = made;
  if (execution.attempts.length > 1) {
    const lines = execution.attempts.flatMap(({ number }) => [
      `START RequestId: ${execution.id} Version: $LATEST`, `charging, try ${number}`, `END RequestId: ${execution.id}`,
      `REPORT RequestId: ${execution.id}\tDuration: 38.20 ms\tBilled Duration: 40 ms\tMemory Size: 128 MB\tMax Memory Used: 71 MB`,
    ]);
    content.log = `${lines.join('\n')}\n`;
  }
  return made;
}

export function pastWait(since: number, seconds: number, change: Partial<PastWait> = {}): PastWait {
  return { kind: 'retry', awsSeconds: seconds, since, until: since + (seconds * 1000) / 60, ...change };
}

/** Failed once, tried again after the rest of a minute of AWS time. */
export function waitingEntry(sequence: number, due: number, receivedAt: number): Entry {
  return eventEntry(sequence, {
    wait: { kind: 'retry', awsSeconds: 60, due, notBefore: receivedAt, since: receivedAt + 60 },
  }, { receivedAt, attempts: [attempt(1, receivedAt + 12)] });
}

/** Failed three times; its destination took the record, its dead-letter queue is gone. */
export function givenUpEntry(sequence: number, receivedAt: number): Entry {
  return eventEntry(sequence, {
    invokeCount: 3, throttles: 1, condition: 'RetriesExhausted',
    waits: [pastWait(receivedAt + 1, 1, { kind: 'throttle' }), pastWait(receivedAt + 100, 60), pastWait(receivedAt + 1200, 120, { cutShort: true, until: receivedAt + 1900 })],
    deliveries: [
      { kind: 'OnFailure', targetArn: 'arn:aws:sqs:us-east-1:123456789012:failed-payments', at: receivedAt + 2000, status: 'delivered', deliveredId: '5f3b1d3c-0d6f-4b6b-8d42-3a9f4f0f9c11', payloadDropped: true, hint: 'The role of ChargeCard lacks sqs:SendMessage on failed-payments.' },
      { kind: 'DeadLetterQueue', targetArn: 'arn:aws:sqs:us-east-1:123456789012:gone', at: receivedAt + 2001, status: 'failed', error: 'The queue arn:aws:sqs:us-east-1:123456789012:gone does not exist.' },
    ],
  }, {
    status: 'failed', receivedAt, finishedAt: receivedAt + 1999, functionError: 'Unhandled', errorType: 'CardDeclinedError', errorMessage: 'The card issuer declined the charge.',
    attempts: [attempt(1, receivedAt + 40), attempt(2, receivedAt + 1100), attempt(3, receivedAt + 1950)],
  });
}

/** Three functions, each caused by the one before, and one more that the second caused. */
export function chainEntries(sequence: number, receivedAt: number): Entry[] {
  const trace = 'Root=1-6924a3c1-aaaaaaaaaaaaaaaaaaaaaaaa';
  const names = ['PlaceOrder', 'PriceBasket', 'ShipOrder', 'ChargeCard'];
  const made: Entry[] = [];
  for (const [index, functionName] of names.entries()) {
    const cause = made[Math.min(index - 1, 1)];
    const at = receivedAt + index * 200;
    made.push(eventEntry(sequence + index, { condition: 'Success', ageMs: 35, deliveries: index === 0 ? [{ kind: 'OnSuccess', targetArn: 'arn:aws:lambda:us-east-1:123456789012:function:PriceBasket', at: at + 50, status: 'delivered', deliveredId: entry(sequence + 1).execution.id }] : [] }, {
      functionName, status: 'succeeded', receivedAt: at, finishedAt: at + 35, traceId: trace, source: index === 0 ? 'editor' : 'destination',
      attempts: [attempt(1, at + 2, { status: 'succeeded' })],
      ...(cause && { causedBy: cause.execution.id }),
    }));
  }
  return made;
}
