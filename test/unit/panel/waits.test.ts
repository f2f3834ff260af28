/** How waits, conditions and targets read, and how they count down. */
import assert from 'node:assert/strict';
import { remaining, scaleText, waitText } from '../../../src/protocol/wait-clock.ts';
import { conditionSentence, countdownText, deliveredIdName, pastWaitText, targetWords, waitLead } from '../../../webview/event-words.ts';

describe('waits in the panel', () => {
  const clock = { scale: 60, now: 1_000_000, waitNow: 5_000_000 };

  it('count AWS time and local time, following the scale', () => {
    const wait = { due: 5_060_000, notBefore: 1_000_250 };
    assert.deepEqual(remaining(wait, clock, 1_000_000), { awsMs: 60_000, realMs: 1000 });
    assert.deepEqual(remaining(wait, clock, 1_000_500), { awsMs: 30_000, realMs: 500 });
    assert.deepEqual(remaining(wait, { ...clock, scale: 1 }, 1_000_000), { awsMs: 60_000, realMs: 60_000 });
  });

  it('never end before 250 ms of real time have passed, and never go below zero', () => {
    assert.deepEqual(remaining({ due: 5_001_000, notBefore: 1_000_250 }, { ...clock, scale: 600 }, 1_000_000), { awsMs: 1000, realMs: 250 });
    assert.deepEqual(remaining({ due: 4_000_000, notBefore: 0 }, clock, 1_000_000), { awsMs: 0, realMs: 0 });
  });

  it('read as both times unless they are the same', () => {
    assert.equal(countdownText({ awsMs: 72_000, realMs: 1200 }, 60), '1 min 12 s · 1.2 s here');
    assert.equal(countdownText({ awsMs: 72_000, realMs: 72_000 }, 1), '1 min 12 s');
    assert.equal(countdownText({ awsMs: 0, realMs: 130 }, 600), '0.1 s');
    assert.equal(countdownText({ awsMs: 0, realMs: 0 }, 60), 'due now');
    assert.deepEqual([400, 9949, 12_000, 60_000, 65_000, 3_600_000, 7_380_000].map(waitText), ['0.4 s', '9.9 s', '12 s', '1 min', '1 min 5 s', '1 h', '2 h 3 min']);
    assert.deepEqual([1, 60, 2.5].map(scaleText), ['real time', '×60', '×2.5']);
  });

  it('say what is waited for, and how a wait that is over passed', () => {
    assert.equal(waitLead('retry', 1), 'Attempt 2 in');
    assert.equal(waitLead('throttle', 0), 'Throttled, again in');
    assert.equal(pastWaitText({ awsSeconds: 60, since: 0, until: 1000 }), '1 min of AWS time · 1.00 s here');
    assert.equal(pastWaitText({ awsSeconds: 60, since: 0, until: 60_020 }), '1 min 0 s');
    assert.equal(pastWaitText({ awsSeconds: 120, since: 0, until: 700, cutShort: true }), '2 min of AWS time · 700 ms here · ended by hand');
  });

  it('end for one of four conditions', () => {
    assert.equal(conditionSentence('Success', 1), 'Succeeded after 1 attempt');
    assert.equal(conditionSentence('RetriesExhausted', 3), 'Given up after 3 attempts: no retry was left');
    assert.match(conditionSentence('EventAgeExceeded', 2), /too old/);
    assert.match(conditionSentence('ZeroReservedConcurrency', 0), /reserved concurrency of the function is 0/);
  });

  it('name targets as people do', () => {
    const arn = (tail: string) => `arn:aws:${tail}`;
    assert.equal(targetWords(arn('sqs:us-east-1:123456789012:failed-payments')), 'SQS queue failed-payments');
    assert.equal(targetWords(arn('sns:us-east-1:123456789012:alerts')), 'SNS topic alerts');
    assert.equal(targetWords(arn('lambda:us-east-1:123456789012:function:Ship:live')), 'function Ship:live');
    assert.equal(targetWords(arn('events:us-east-1:123456789012:event-bus/orders')), 'EventBridge bus orders');
    assert.equal(targetWords('arn:aws:s3:::failures'), 'S3 bucket failures');
    assert.equal(deliveredIdName('arn:aws:s3:::failures'), 'object key');
  });
});
