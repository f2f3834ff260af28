/** Injected faults as typed and read, and failures gathered into few notifications. */
import assert from 'node:assert/strict';
import type { Execution } from '../../../src/contracts/executions.ts';
import { FailureGatherer, failureSentence } from '../../../src/ui/failure-gathering.ts';
import { delayProblem, faultWords, percentProblem, readDelay, readPercent, withoutZeros } from '../../../src/ui/fault-words.ts';
import { eventEntry, givenUpEntry } from '../../panel/fake-events.ts';

describe('injected faults as text', () => {
  it('reads percentages and delays as typed', () => {
    assert.deepEqual(['0', '20', '20 %', '0.5%', '100'].map(readPercent), [0, 0.2, 0.2, 0.005, 1]);
    assert.deepEqual(['', '101', '-1', 'often', '1e1'].map(readPercent), Array.from({ length: 5 }, () => undefined));
    assert.deepEqual(['500', '500 ms', '2 s', '900000'].map(readDelay), [500, 500, 2000, 900_000]);
    assert.deepEqual(['', '900001', '901 s', '1.5', 'long'].map(readDelay), Array.from({ length: 5 }, () => undefined));
    assert.match(percentProblem('x') ?? '', /0 to 100/);
    assert.match(delayProblem('x') ?? '', /900000/);
  });

  it('says what is set, and leaves out rates of zero', () => {
    assert.equal(faultWords({ throttle: 0.2, fail: 0, delay: 1, delayMs: 500, duplicate: 0.005 }), 'throttle 20 %, delay 100 % by 500 ms, duplicate 0.5 %');
    assert.deepEqual(withoutZeros({ throttle: 0, fail: 1, delay: 0, delayMs: 10 }), { fail: 1 });
    assert.deepEqual(withoutZeros({ delay: 0.1 }), { delay: 0.1, delayMs: 0 });
    assert.equal(withoutZeros({ throttle: 0, delayMs: 10 }), undefined);
  });
});

describe('failed events', () => {
  const failure = (sequence: number, change: Partial<Execution> = {}) => ({ ...givenUpEntry(sequence, 0).execution, ...change });

  it('read as one sentence that says where to look', () => {
    assert.equal(failureSentence([failure(1)]), 'ChargeCard: an event failed for good after 3 attempts (CardDeclinedError), and its delivery failed too.');
    const delivered = eventEntry(2, { invokeCount: 1, condition: 'RetriesExhausted', deliveries: [{ kind: 'OnFailure', targetArn: 'arn:aws:sqs:us-east-1:123456789012:dead', at: 0, status: 'delivered' }] }, { status: 'failed', errorType: 'Oops' }).execution;
    assert.equal(failureSentence([delivered]), 'ChargeCard: an event failed for good after 1 attempt (Oops); see dead.');
    assert.equal(failureSentence([failure(1), failure(2, { functionName: 'Other' })]), '2 events failed for good: ChargeCard, Other.');
    assert.equal(failureSentence(['A', 'B', 'C', 'D', 'E'].map((functionName, index) => failure(index, { functionName }))), '5 events failed for good: A, B, C and 2 more.');
  });

  it('a thousand at once are one notification; what fails while it is open is the next one', async () => {
    const shown: { count: number; close: () => void }[] = [];
    const waiting: (() => void)[] = [];
    const gatherer = new FailureGatherer((failures) => new Promise((close) => {
      shown.push({ count: failures.length, close });
      waiting.shift()?.();
    }));
    const next = () => new Promise<void>((resolve) => { waiting.push(resolve); });
    const first = next();
    for (let sequence = 0; sequence < 1000; sequence += 1) gatherer.add([failure(sequence)]);
    await first;
    assert.deepEqual(shown.map(({ count }) => count), [1000]);
    gatherer.add([failure(1), failure(2)]);
    gatherer.add([failure(3)]);
    const second = next();
    shown[0]?.close();
    await second;
    assert.deepEqual(shown.map(({ count }) => count), [1000, 3]);
    gatherer.dispose();
  });
});
