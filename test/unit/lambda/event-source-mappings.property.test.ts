/** For any course of sends, failures, crashes and restarts: each record is processed, in order, and each deletion was earned. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { definition, FunctionFailure, Mappings, queueArn } from './mapping-harness.ts';
import { MemoryStream } from './memory-stream.ts';

const streamArn = 'arn:aws:kinesis:us-east-1:123456789012:stream/s';

type Step = { kind: 'send'; key: number } | { kind: 'pass'; seconds: number } | { kind: 'kill' } | { kind: 'restart' } | { kind: 'toggle' };

const steps = fc.array(fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('send' as const), key: fc.integer({ min: 0, max: 2 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('pass' as const), seconds: fc.constantFrom(0, 1, 31, 70) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'kill' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'restart' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'toggle' as const }) },
), { minLength: 1, maxLength: 25 });

/** What the function does at each of its invocations; afterwards it succeeds. `slow`: after 5 seconds. */
const script = fc.array(fc.constantFrom('ok', 'fail', 'report', 'slow'), { maxLength: 12 });

interface Course {
  steps: Step[];
  script: string[];
}

/** Keeps what succeeded, in order, by the identifiers that the answer did not name. */
function scripted(of: Mappings, script: string[], idOf: (record: unknown) => string, bodyOf: (record: unknown) => string) {
  const done: string[] = [];
  of.answer = async (event) => {
    const step = script.shift() ?? 'ok';
    if (step === 'slow') await new Promise<void>((resolve) => { of.clock.after(5000, resolve); });
    if (step === 'fail') throw new FunctionFailure('no');
    const records = event.Records as unknown[];
    // As AWS asks of FIFO and stream handlers: stop at the first failure and name it and what follows.
    const from = step === 'report' ? Math.floor(records.length / 2) : records.length;
    done.push(...records.slice(0, from).map(bodyOf));
    return { batchItemFailures: records.slice(from).map((record) => ({ itemIdentifier: idOf(record) })) };
  };
  return done;
}

async function play(of: Mappings, course: Course, send: (key: number, index: number) => void): Promise<void> {
  let enabled = true;
  for (const [index, step] of course.steps.entries()) {
    switch (step.kind) {
      case 'send': send(step.key, index); break;
      case 'pass': await of.clock.pass(step.seconds * 1000); break;
      case 'kill': await of.restart(); break;
      case 'restart': {
        const restarted = of.restart({ kill: false });
        await of.clock.pass(6000);
        await restarted;
        break;
      }
      case 'toggle':
        await of.clock.pass(6000);
        enabled = !enabled;
        await of.call('UpdateEventSourceMapping', { UUID: of.summary().uuid, Enabled: enabled });
        await of.clock.pass(0);
    }
  }
  await of.clock.pass(6000);
  if (!enabled) await of.call('UpdateEventSourceMapping', { UUID: of.summary().uuid, Enabled: true });
  await of.clock.pass(1_500_000);
}

/** The first time that each of a key's records was done is in the order of sending. */
function assertOrder(done: readonly string[], sent: readonly string[]): void {
  const firsts = [...new Set(done)];
  for (const key of ['0', '1', '2']) {
    const ofKey = (bodies: readonly string[]) => bodies.filter((body) => body.startsWith(`${key}-`));
    assert.deepEqual(ofKey(firsts), ofKey(sent));
  }
}

const course = fc.record({ steps, script });

describe('event source mappings, for any course of events', () => {
  it('a FIFO queue: all processed, in order per message group, and deleted only when done', async () => {
    await fc.assert(fc.asyncProperty(course, fc.constantFrom(1, 3, 10), fc.constantFrom(1, 60), async (given, BatchSize, scale) => {
      const of = new Mappings({ scale });
      const url = of.queues.create('q.fifo');
      of.start([definition('fn')]);
      await of.create({ EventSourceArn: queueArn('q.fifo'), BatchSize, FunctionResponseTypes: ['ReportBatchItemFailures'] });
      const done = scripted(of, [...given.script], (record) => (record as { messageId: string }).messageId, (record) => (record as { body: string }).body);
      const sent: string[] = [];
      await play(of, given, (key, index) => {
        const body = `${key}-${index}`;
        sent.push(body);
        of.queues.send(url, body, { MessageGroupId: String(key), MessageDeduplicationId: body });
      });
      assert.deepEqual(new Set(done), new Set(sent));
      assertOrder(done, sent);
      assert.deepEqual(of.queues.counts(url), [0, 0, 0]);
      await of.close();
    }), { numRuns: 60 });
  });

  it('a standard queue: all processed, and none deleted that was not done', async () => {
    await fc.assert(fc.asyncProperty(course, fc.constantFrom(1, 4, 10), fc.constantFrom(0, 2), async (given, BatchSize, MaximumBatchingWindowInSeconds) => {
      const of = new Mappings();
      const url = of.queues.create('q');
      of.start([definition('fn')]);
      await of.create({ EventSourceArn: queueArn('q'), BatchSize, MaximumBatchingWindowInSeconds, FunctionResponseTypes: ['ReportBatchItemFailures'] });
      const done = scripted(of, [...given.script], (record) => (record as { messageId: string }).messageId, (record) => (record as { body: string }).body);
      const sent: string[] = [];
      await play(of, given, (key, index) => {
        sent.push(`${key}-${index}`);
        of.queues.send(url, `${key}-${index}`);
      });
      assert.deepEqual(new Set(done), new Set(sent));
      assert.deepEqual(of.queues.counts(url), [0, 0, 0]);
      await of.close();
    }), { numRuns: 60 });
  });

  it('a stream: nothing skipped, in order per partition key, at any ParallelizationFactor, with and without bisecting', async () => {
    await fc.assert(fc.asyncProperty(course, fc.constantFrom(1, 3, 100), fc.constantFrom(1, 2, 3), fc.boolean(), fc.boolean(), async (given, BatchSize, ParallelizationFactor, bisect, split) => {
      const streams = new MemoryStream();
      streams.create(streamArn, 1);
      const of = new Mappings({ streams });
      of.start([definition('fn')]);
      await of.create({ EventSourceArn: streamArn, StartingPosition: 'LATEST', BatchSize, ParallelizationFactor, BisectBatchOnFunctionError: bisect, FunctionResponseTypes: ['ReportBatchItemFailures'] });
      type Kinesis = { kinesis: { sequenceNumber: string; data: string } };
      const done = scripted(of, [...given.script], (record) => (record as Kinesis).kinesis.sequenceNumber, (record) => Buffer.from((record as Kinesis).kinesis.data, 'base64').toString());
      const sent: string[] = [];
      let shard = 0;
      await play(of, given, (key, index) => {
        if (split && shard === 0 && sent.length === 5) {
          streams.split(streamArn, 0);
          shard = 1;
        }
        const body = `${key}-${index}`;
        sent.push(body);
        streams.put(streamArn, body, { key: String(key), at: of.clock.time, shard });
      });
      assert.deepEqual(new Set(done), new Set(sent));
      assertOrder(done, sent);
      await of.close();
    }), { numRuns: 80 });
  });
});
