/**
 * For any course of sends, failures, kills and restarts: each record is processed at least once, in order per message group or
 * partition key, and each deletion was earned. Queues, streams and checkpoints are in a file, which a killed engine leaves as
 * it stood on the disk.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { laneOf } from '../../../src/lambda/event-source-mappings/stream-lane.ts';
import { definition, FunctionFailure, Mappings, queueArn } from './mapping-harness.ts';
import { StoresInFiles } from './stores-in-files.ts';

const streamArn = 'arn:aws:kinesis:us-east-1:123456789012:stream/s';
const failuresArn = 'arn:aws:sqs:us-east-1:123456789012:failures';

type Step = { kind: 'send'; key: number } | { kind: 'pass'; seconds: number } | { kind: 'kill'; after: number | undefined } | { kind: 'restart' } | { kind: 'toggle' };

const steps = fc.array(fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('send' as const), key: fc.integer({ min: 0, max: 2 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('pass' as const), seconds: fc.constantFrom(0, 0.5, 1, 31, 70) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('kill' as const), after: fc.constantFrom(undefined, 0, 0.3, 2) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'restart' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'toggle' as const }) },
), { minLength: 1, maxLength: 25 });

/** What the function does at each of its invocations; afterwards it succeeds. `slow`: after 5 seconds. */
const script = (minLength: number, ...does: ('ok' | 'fail' | 'report' | 'slow')[]) => fc.array(fc.constantFrom(...does), { minLength, maxLength: 12 });

interface Course {
  steps: Step[];
  script: string[];
}

interface RecordIn {
  messageId?: string;
  body?: string;
  kinesis?: { sequenceNumber: string; data: string };
}

const idOf = ({ messageId, kinesis }: RecordIn): string => messageId ?? kinesis?.sequenceNumber ?? '';
const bodyOf = ({ body, kinesis }: RecordIn): string => body ?? Buffer.from(kinesis?.data ?? '', 'base64').toString();

interface Played {
  /** Bodies that were processed, in order, by the answers of the function. */
  done: string[];
  /** Ids of records whose processing the function has answered for. */
  earned: Set<string>;
  /** Bodies of each invocation that failed as a whole. */
  failed: string[][];
}

/** @param before Called at the beginning of each invocation. */
function scripted(of: Mappings, given: readonly string[], before: () => void = () => {}): Played {
  const [played, left] = [{ done: [], earned: new Set(), failed: [] } as Played, [...given]];
  of.answer = async (event) => {
    before();
    const step = left.shift() ?? 'ok';
    const records = event.Records as RecordIn[];
    if (step === 'slow') await new Promise<void>((resolve) => { of.clock.after(5000, resolve); });
    if (step === 'fail') {
      played.failed.push(records.map(bodyOf));
      throw new FunctionFailure('no');
    }
    // As AWS asks of FIFO and stream handlers: stop at the first failure and name it and what follows.
    const from = step === 'report' ? Math.floor(records.length / 2) : records.length;
    played.done.push(...records.slice(0, from).map(bodyOf));
    for (const record of records.slice(0, from)) played.earned.add(idOf(record));
    return { batchItemFailures: records.slice(from).map((record) => ({ itemIdentifier: idOf(record) })) };
  };
  return played;
}

async function play(of: Mappings, course: Course, send: (key: number, index: number) => void, check: () => void = () => {}): Promise<void> {
  let enabled = true;
  for (const [index, step] of course.steps.entries()) {
    switch (step.kind) {
      case 'send': send(step.key, index); break;
      case 'pass': await of.clock.pass(step.seconds * 1000); break;
      case 'kill':
        // At once, while nothing of what was sent has been taken, or in the midst of the work or a wait.
        if (step.after !== undefined) await of.clock.pass(step.after * 1000);
        await of.restart();
        break;
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
    check();
  }
  await of.clock.pass(6000);
  if (!enabled) await of.call('UpdateEventSourceMapping', { UUID: of.summary().uuid, Enabled: true });
  await of.clock.pass(1_500_000);
  check();
}

/** The first time that each of a key's records was settled is in the order of sending. */
function assertOrder(settled: readonly string[], sent: readonly string[]): void {
  const firsts = [...new Set(settled)];
  for (const key of ['0', '1', '2']) {
    const ofKey = (bodies: readonly string[]) => bodies.filter((body) => body.startsWith(`${key}-`));
    assert.deepEqual(ofKey(firsts), ofKey(sent));
  }
}

/** A mapping on stores in files, closed whatever comes of it. */
async function withMappings(scale: number, work: (of: Mappings, stores: StoresInFiles) => Promise<void>): Promise<void> {
  let stores: StoresInFiles | undefined;
  const of = new Mappings({ scale, stores: (clock) => stores = new StoresInFiles(clock) });
  try {
    await work(of, stores as StoresInFiles);
  } finally {
    await of.close();
  }
}

/** What was sent to a queue and is not in it any more was answered for, or lies in the dead-letter queue. */
function earnedDeletions(of: Mappings, queue: string, sent: ReadonlyMap<string, string>, { earned }: Played, dead: () => readonly string[] = () => []): () => void {
  return () => {
    const there = new Set([...of.queues.sqs.peek(queueArn(queue), 1000).map(({ messageId }) => messageId), ...dead()]);
    for (const [id, body] of sent) assert.ok(there.has(id) || earned.has(id), `${body} was deleted, and the function never answered for it`);
  };
}

const course = fc.record({ steps, script: script(0, 'ok', 'fail', 'report', 'slow') });

describe('event source mappings, for any course of events', () => {
  it('a FIFO queue: all processed, in order per message group, and deleted only when done', async () => {
    await fc.assert(fc.asyncProperty(course, fc.constantFrom(1, 3, 10), fc.constantFrom(1, 60), (given, BatchSize, scale) => withMappings(scale, async (of) => {
      const url = of.queues.create('q.fifo');
      of.start([definition('fn')]);
      await of.create({ EventSourceArn: queueArn('q.fifo'), BatchSize, FunctionResponseTypes: ['ReportBatchItemFailures'] });
      const played = scripted(of, given.script);
      const sent = new Map<string, string>();
      await play(of, given, (key, index) => {
        const body = `${key}-${index}`;
        sent.set(of.queues.send(url, body, { MessageGroupId: String(key), MessageDeduplicationId: body }).MessageId, body);
      }, earnedDeletions(of, 'q.fifo', sent, played));
      assert.deepEqual(new Set(played.done), new Set(sent.values()));
      assertOrder(played.done, [...sent.values()]);
      assert.deepEqual(of.queues.counts(url), [0, 0, 0]);
    })), { numRuns: 40 });
  });

  it('a standard queue: all processed or, after its receives, in the dead-letter queue; none deleted that was not done', async () => {
    await fc.assert(fc.asyncProperty(course, fc.constantFrom(1, 4, 10), fc.constantFrom(0, 2), fc.constantFrom(undefined, 2, 4), (given, BatchSize, MaximumBatchingWindowInSeconds, most) => withMappings(1, async (of) => {
      const [url] = most === undefined ? [of.queues.create('q')] : of.queues.createWithDeadLetters(most);
      of.start([definition('fn')]);
      await of.create({ EventSourceArn: queueArn('q'), BatchSize, MaximumBatchingWindowInSeconds, FunctionResponseTypes: ['ReportBatchItemFailures'] });
      const played = scripted(of, given.script);
      const sent = new Map<string, string>();
      const dead = () => (most === undefined ? [] : of.queues.sqs.peek(queueArn('dead'), 1000));
      await play(of, given, (key, index) => {
        const body = `${key}-${index}`;
        sent.set(of.queues.send(url, body).MessageId, body);
      }, earnedDeletions(of, 'q', sent, played, () => dead().map(({ messageId }) => messageId)));
      assert.deepEqual(new Set([...played.done, ...dead().map(({ body }) => body)]), new Set(sent.values()));
      for (const { receiveCount } of dead()) assert.equal(receiveCount, most);
      assert.deepEqual(of.queues.counts(url), [0, 0, 0]);
    })), { numRuns: 40 });
  });

  it('a stream: nothing skipped, in order per partition key, at any ParallelizationFactor, with and without bisecting', async () => {
    await fc.assert(fc.asyncProperty(course, fc.constantFrom(1, 3, 100), fc.constantFrom(1, 2, 3), fc.boolean(), fc.boolean(), (given, BatchSize, ParallelizationFactor, bisect, split) => withMappings(1, async (of, stores) => {
      const stream = new Stream(stores);
      of.start([definition('fn')]);
      await of.create({ EventSourceArn: streamArn, StartingPosition: 'LATEST', BatchSize, ParallelizationFactor, BisectBatchOnFunctionError: bisect, FunctionResponseTypes: ['ReportBatchItemFailures'] });
      const played = scripted(of, given.script);
      await play(of, given, (key, index) => {
        if (split && stream.sent.length === 5) stream.split();
        stream.put(`${key}-${index}`, String(key));
      });
      assert.deepEqual(new Set(played.done), new Set(stream.bodies));
      assertOrder(played.done, stream.bodies);
    })), { numRuns: 60 });
  });

  it('a stream whose retries end: each record is processed or told of on failure, in order, after as many attempts as allowed', async () => {
    const retrying = fc.record({ steps, script: script(4, 'ok', 'fail', 'fail', 'fail', 'slow') });
    await fc.assert(fc.asyncProperty(retrying, fc.constantFrom(1, 3, 100), fc.constantFrom(1, 3), fc.boolean(), fc.constantFrom(0, 1, 2), (given, BatchSize, ParallelizationFactor, bisect, MaximumRetryAttempts) => withMappings(1, async (of, stores) => {
      const stream = new Stream(stores);
      const settled: string[] = [];
      const givenUp: { bodies: string[]; attempts: number }[] = [];
      let told = 0;
      const gather = (): void => {
        for (; told < of.lambda.delivered.length; told += 1) {
          const record = JSON.parse(of.lambda.delivered[told]?.what['body'] as string) as { requestContext: { approximateInvokeCount: number }; KinesisBatchInfo: { startSequenceNumber: string; endSequenceNumber: string; batchSize: number } };
          const { startSequenceNumber, endSequenceNumber, batchSize } = record.KinesisBatchInfo;
          const bodies = stream.between(startSequenceNumber, endSequenceNumber, ParallelizationFactor);
          assert.equal(bodies.length, batchSize);
          givenUp.push({ bodies, attempts: record.requestContext.approximateInvokeCount });
          settled.push(...bodies);
        }
        settled.push(...played.done.slice(taken));
        taken = played.done.length;
      };
      let taken = 0;
      of.start([definition('fn')]);
      await of.create({
        EventSourceArn: streamArn, StartingPosition: 'TRIM_HORIZON', BatchSize, ParallelizationFactor, BisectBatchOnFunctionError: bisect, MaximumRetryAttempts,
        DestinationConfig: { OnFailure: { Destination: failuresArn } },
      });
      const played: Played = scripted(of, given.script, gather);
      await play(of, given, (key, index) => stream.put(`${key}-${index}`, String(key)), gather);
      assert.deepEqual(new Set(settled), new Set(stream.bodies));
      assertOrder(settled, stream.bodies);
      for (const { bodies, attempts } of givenUp) {
        const failed = played.failed.filter((each) => each.includes(bodies[0] as string)).length;
        assert.equal(attempts, MaximumRetryAttempts + 1);
        assert.ok(bisect ? failed >= attempts : failed === attempts, `${bodies[0]} failed ${failed} times, and was given up after ${attempts}`);
      }
    })), { numRuns: 60 });
  });
});

/** A stream of one shard, and what was put into it. */
class Stream {
  readonly sent: { body: string; key: string; sequence: string }[] = [];
  readonly #stores: StoresInFiles;

  constructor(stores: StoresInFiles) {
    this.#stores = stores;
    stores.streams.call('CreateStream', { StreamName: 's', ShardCount: 1 });
  }

  get bodies(): string[] {
    return this.sent.map(({ body }) => body);
  }

  put(body: string, key: string): void {
    const { SequenceNumber } = this.#stores.streams.call('PutRecord', { StreamName: 's', PartitionKey: key, Data: Buffer.from(body).toString('base64') });
    this.sent.push({ body, key, sequence: SequenceNumber as string });
  }

  split(): void {
    this.#stores.streams.call('SplitShard', { StreamName: 's', ShardToSplit: 'shardId-000000000000', NewStartingHashKey: String(1n << 127n) });
  }

  /** Bodies of one lane's records from one sequence number to another. */
  between(from: string, to: string, lanes: number): string[] {
    const first = this.sent.findIndex(({ sequence }) => sequence === from);
    const last = this.sent.findIndex(({ sequence }) => sequence === to);
    const lane = laneOf(this.sent[first]?.key ?? '', lanes);
    return this.sent.slice(first, last + 1).filter(({ key }) => lanes === 1 || laneOf(key, lanes) === lane).map(({ body }) => body);
  }
}
