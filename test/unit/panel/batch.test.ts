/** The batch of a polled execution, as the panel tells it: read from what real pollers put on record. */
import assert from 'node:assert/strict';
import type { Execution, PolledBatch } from '../../../src/contracts/executions.ts';
import { maxBatchRows, type BatchDetail, type BatchRow } from '../../../src/protocol/panel-batch.ts';
import { batchDetail, familyOf, maxFamily, type BatchSurroundings } from '../../../src/ui/panel-batch.ts';
import { BatchRecords, sourceOf } from '../../../src/ui/panel-batch-records.ts';
import { BatchPages } from '../../../webview/batch-pages.ts';
import { choices, deadLetterSentence, endMark, endSentence, isPoison, nodeLook, nodeOutcome, nodeTitle, recordState, shortPlace } from '../../../webview/batch-words.ts';
import { bisectEntries, largeEntry, partialEntry, polledEntry, sequenceNumber } from '../../panel/fake-batches.ts';
import { definition, FunctionFailure, Mappings, queueArn, type Answer } from '../lambda/mapping-harness.ts';
import { MemoryStream } from '../lambda/memory-stream.ts';

type Polled = Execution & { polled: PolledBatch };

const streamArn = 'arn:aws:kinesis:us-east-1:123456789012:stream/s';
const failuresArn = 'arn:aws:sqs:us-east-1:123456789012:failures';
const nothing: Pick<BatchSurroundings, 'mappings' | 'resources' | 'why'> = {
  mappings: [], resources: { queues: [], topics: [], buses: [], buckets: [], streams: [], tableStreams: [] }, why: () => Promise.resolve([]),
};
const made: Mappings[] = [];
const now = Date.UTC(2026, 10, 24, 9, 0, 0);

interface KinesisRecord { kinesis: { sequenceNumber: string; data: string } }
const texts = (event: { Records: unknown[] }) => (event.Records as KinesisRecord[]).map(({ kinesis }) => Buffer.from(kinesis.data, 'base64').toString());
const failOn = (poison: string): Answer => (event) => { if (texts(event).includes(poison)) throw new FunctionFailure('no'); };

/** Executions of a stream's mapping, oldest first, each with its batch as the panel gets it. */
async function streamed(mapping: object, answer: Answer, data: readonly string[]) {
  const streams = new MemoryStream();
  streams.create(streamArn, 1);
  const of = new Mappings({ streams });
  made.push(of);
  of.answer = answer;
  of.start([definition('fn')]);
  for (const each of data) streams.put(streamArn, each, { at: of.clock.time });
  await of.create({ EventSourceArn: streamArn, StartingPosition: 'TRIM_HORIZON', DestinationConfig: { OnFailure: { Destination: failuresArn } }, ...mapping });
  await of.clock.pass(60_000);
  return told(of);
}

async function told(of: Mappings) {
  const executions = of.lambda.history.list({ limit: 100 }).reverse() as Polled[];
  const get = (id: string) => Promise.resolve(of.lambda.history.get(id) ?? null);
  const batches = await Promise.all(executions.map((execution) => batchDetail(
    execution, new BatchRecords(of.lambda.history.content(execution.id)?.request ?? '', sourceOf(execution.polled.sourceArn)),
    { ...nothing, mappings: of.lambda.service.mappings.summaries(), why: (id, arn) => Promise.resolve(of.lambda.service.mappings.why(id, arn)), get },
  )));
  return { of, executions, batches, sentences: executions.map((execution, index) => endSentence(execution, batches[index] as BatchDetail, of.clock.time)) };
}

const tree = ({ family, source }: BatchDetail) => family.map((node) => `${'  '.repeat(node.depth)}${nodeTitle(node, source)}: ${nodeOutcome(node)}${isPoison(node) ? ' (poison)' : ''}`);

afterEach(async () => {
  for (const of of made.splice(0)) await of.close();
});

describe('a polled batch in the panel', () => {
  it('of a bisect: the same tree from every invocation, the poison record at its end, and one sentence for each', async () => {
    const { batches, sentences } = await streamed({ BisectBatchOnFunctionError: true, MaximumRetryAttempts: 1 }, failOn('4'), ['1', '2', '3', '4', '5', '6', '7', '8']);
    const expected = [
      'Records 1–8: Error, split in two',
      '  Records 1–4: Error, split in two',
      '    Records 1–2: done',
      '    Records 3–4: Error, split in two',
      '      Record 3: done',
      '      Record 4: Error, tried again',
      '      Attempt 2: record 4: Error, isolated and given up (poison)',
      '  Records 5–8: done',
    ];
    for (const batch of batches) assert.deepEqual(tree(batch), expected);
    assert.deepEqual(sentences, [
      'Failed: split in two, 4 + 4.', 'Failed: split in two, 2 + 2.', 'Succeeded: 2 records done.', 'Failed: split in two, 1 + 1.', 'Succeeded: 1 record done.',
      'Failed: the record is tried again.', 'Given up after 2 attempts: sent to SQS queue failures.', 'Succeeded: 4 records done.',
    ]);
    assert.deepEqual(batches[6]?.family[6]?.deliveries?.map(({ targetArn }) => targetArn), [failuresArn]);
    assert.deepEqual([batches[0]?.mapping?.batchSize, batches[0]?.mapping?.onFailureArn, batches[0]?.sourceName, batches[0]?.source], [100, failuresArn, 's', 'kinesis']);
  });

  it('of partial failures: what is left is the end of the batch', async () => {
    const { batches, sentences } = await streamed({ MaximumRetryAttempts: 1, FunctionResponseTypes: ['ReportBatchItemFailures'] },
      (event) => ({ batchItemFailures: (event.Records as unknown as KinesisRecord[]).filter((_, index) => texts(event)[index] === '3').map(({ kinesis }) => ({ itemIdentifier: kinesis.sequenceNumber })) }), ['1', '2', '3', '4']);
    assert.deepEqual(tree(batches[0] as BatchDetail).slice(0, 3), ['Records 1–4: done in part, the others are tried again', '  Records 3–4: tried again', '  Attempt 2: records 3–4: given up']);
    assert.equal(sentences[0], 'Partial: 2 of 4 records done, the others are tried again.');
  });

  it('of a redrive: it stands at the end of the tree', async () => {
    const { of } = await streamed({ MaximumRetryAttempts: 0 }, failOn('1'), ['1']);
    of.answer = () => null;
    await of.lambda.service.mappings.redrive(of.lambda.delivered[0]?.what['body'] as string);
    const { batches, sentences } = await told(of);
    for (const batch of batches) assert.deepEqual(tree(batch), ['Record 1: Error, isolated and given up (poison)', 'Redrive: 1 record: done']);
    assert.deepEqual(sentences, ['Given up after 1 attempt: sent to SQS queue failures.', 'Redriven by hand: 1 record done.']);
  });

  it('of a queue: messages that came again, and what filters kept out with the reason', async () => {
    const of = new Mappings();
    made.push(of);
    let fails = 1;
    of.answer = () => { if (fails-- > 0) throw new FunctionFailure('no'); };
    const url = of.queues.create('q', { VisibilityTimeout: '40' });
    of.start();
    for (const body of ['{"kind":"a"}', '{"kind":"b"}', '{"kind":"a"}']) of.queues.send(url, body);
    await of.create({ EventSourceArn: queueArn('q'), FilterCriteria: { Filters: [{ Pattern: '{"body":{"kind":["a"]}}' }] } });
    await of.clock.pass(0);
    const before = await told(of);
    assert.match(before.sentences[0] ?? '', /^Failed: all 2 messages came back, they are visible again at \d\d:\d\d:\d\d\.$/);
    await of.clock.pass(41_000);
    const { batches, sentences } = await told(of);
    for (const batch of batches) assert.deepEqual(tree(batch), ['2 messages: Error, came back', 'Again: 2 messages: done']);
    assert.match(sentences[0] ?? '', /they were visible again at/);
    assert.equal(sentences[1], 'Succeeded: 2 messages deleted.');
    const [{ id, reasons } = { id: '', reasons: [] }] = batches[0]?.filtered ?? [];
    assert.equal(id.length, 36);
    assert.match(reasons?.[0] ?? '', /kind/);
  });

  it('of an invocation that has not come back says what the function has', () => {
    const { execution } = polledEntry(1, {}, [{}, {}], { status: 'running' });
    assert.equal(endSentence(execution, { counts: [], source: 'kinesis' }, now), 'The function has the 2 records now.');
    assert.equal(endSentence({ ...execution, status: 'interrupted' }, { counts: [], source: 'kinesis' }, now), 'Interrupted: the 2 records come again.');
    assert.equal(recordState({}, execution).word, 'With the function');
  });

  it('says which messages that came back go to the dead-letter queue', () => {
    const { execution, content } = partialEntry(1, now);
    const records = new BatchRecords(content.request, 'sqs');
    const deadLetterQueue = { arn: failuresArn, maxReceiveCount: 2 };
    // Of the two that came back the second is in its second delivery.
    assert.equal(deadLetterSentence({ exhausted: records.exhausted(execution.polled as PolledBatch, 2), deadLetterQueue }), 'One of them was received 2 times: the queue moves it to SQS queue failures at the next receive.');
    assert.equal(records.exhausted(execution.polled as PolledBatch, 1), 2);
    assert.equal(deadLetterSentence({ exhausted: records.exhausted(execution.polled as PolledBatch, 3), deadLetterQueue }), undefined);
  });

  it('looks undone in tree and list when the function answered well but records are left', () => {
    const run = { status: 'succeeded', attempt: 1, receivedAt: 0 } as const;
    const look = (kind: NonNullable<PolledBatch['end']>['kind']) => nodeLook({ id: 'e', depth: 0, relation: 'first', run, end: { kind } });
    assert.deepEqual([look('done'), look('returned'), look('progressed'), look('given-up'), nodeLook({ id: 'e', depth: 0, relation: 'part' })], ['succeeded', 'throttled', 'throttled', 'failed', 'queued']);
    assert.deepEqual([endMark('done'), endMark('returned'), endMark('given-up'), endMark(undefined)], [undefined, 'came back', 'given up', undefined]);
  });

  it('tells every other end', () => {
    const sentence = (polled: Partial<PolledBatch>, counts: BatchDetail['counts'] = [], source: BatchDetail['source'] = 'kinesis') => endSentence(polledEntry(1, polled, [{}, {}, {}]).execution, { counts, source }, now);
    assert.equal(sentence({ end: { kind: 'retried' } }), 'Failed: the same 3 records are tried again.');
    assert.equal(sentence({ end: { kind: 'given-up', condition: 'RecordAgeExceeded' } }, [{ outcome: 'discarded', count: 2 }, { outcome: 'failed', count: 1 }]), 'Given up, too old: 2 records: no on-failure destination is set.');
    assert.equal(sentence({ attempt: 3, end: { kind: 'given-up', condition: 'RetryAttemptsExhausted' }, deliveries: [{ kind: 'OnFailure', targetArn: failuresArn, at: 0, status: 'failed', error: 'gone' }] }, [{ outcome: 'discarded', count: 3 }]),
      'Given up after 3 attempts: the record did not reach SQS queue failures.');
    assert.equal(sentence({ end: { kind: 'not-run' } }, [], 'sqs'), 'Not run: the 3 messages came back.');
    assert.equal(sentence({ redrive: true, end: { kind: 'not-redriven' } }, [{ outcome: 'checkpointed', count: 1 }, { outcome: 'failed', count: 2 }]), 'Redriven by hand: 1 record done, 2 failed again.');
    assert.equal(sentence({ end: { kind: 'done' }, size: 0, window: { start: '', end: '', final: true, terminatedEarly: false } }), 'Succeeded: the tumbling window is closed.');
  });
});

describe('the family of a batch', () => {
  it('is bounded, and has the way to the invocation that is shown', async () => {
    const id = (index: number) => `retry-${index}`;
    const all = Array.from({ length: 400 }, (_, index): Polled => {
      const { execution } = polledEntry(index + 1, {
        batchId: 'same', attempt: index + 1, end: { kind: 'retried' }, outcomes: '1f', ...(index > 0 && { previous: [id(index - 1)] }), ...(index < 399 && { next: [id(index + 1)] }),
      }, [{}]);
      return { ...execution, id: id(index) } as Polled;
    });
    const get = (wanted: string) => Promise.resolve(all.find((each) => each.id === wanted) ?? null);
    for (const index of [0, 200, 399]) {
      const { nodes, cut } = await familyOf(all[index] as Polled, get);
      assert.ok(nodes.length <= maxFamily + 41 && cut, String(nodes.length));
      assert.ok(nodes.some((node) => node.id === id(index)));
    }
  });

  it('names what has not run, but nothing after a batch was given up', async () => {
    const [whole] = bisectEntries(1, now);
    const { nodes } = await familyOf(whole?.execution as Polled, () => Promise.resolve(null));
    assert.deepEqual(nodes.map((node) => [nodeTitle(node, 'kinesis'), nodeOutcome(node)]), [['Records 1–8', 'PoisonError, split in two'], ['Records 1–4', 'has not run'], ['Records 5–8', 'has not run']]);
    const { execution } = polledEntry(1, { end: { kind: 'given-up' }, next: ['never'] }, [{}]);
    assert.equal((await familyOf(execution as Polled, () => Promise.resolve(null))).nodes.length, 1);
  });
});

describe('the records of a batch', () => {
  it('are read from the event: Kinesis data as text, or base64 when it is none', () => {
    const { content, execution } = bisectEntries(1, now)[0] ?? assert.fail();
    const { rows, total } = new BatchRecords(content.request, 'kinesis').rows(execution.polled as PolledBatch, { from: 2, limit: 2 });
    assert.equal(total, 8);
    assert.deepEqual(rows.map(({ index, id, key, outcome }) => [index, id, key, outcome]), [[2, sequenceNumber(2), 'user-2', 'failed'], [3, sequenceNumber(3), 'user-3', 'failed']]);
    assert.match(rows[1]?.body ?? '', /"poison":true/);
    const binary = JSON.stringify({ Records: [{ kinesis: { sequenceNumber: '1', partitionKey: 'k', data: '/w==' } }] });
    assert.deepEqual(new BatchRecords(binary, 'kinesis').rows({}, { from: 0, limit: 1 }).rows[0], { index: 0, id: '1', key: 'k', body: '/w==', length: 1, binary: true });
  });

  it('of a table have their keys, change and images', () => {
    const request = JSON.stringify({ Records: [{ eventName: 'MODIFY', dynamodb: { SequenceNumber: '7', Keys: { id: { S: 'x' } }, NewImage: { id: { S: 'x' } }, OldImage: { id: { S: 'x' }, n: { N: '1' } }, ApproximateCreationDateTime: 1764086807 } }] });
    assert.deepEqual(new BatchRecords(request, 'dynamodb').rows({ outcomes: '1c' }, { from: 0, limit: 9 }).rows, [{
      index: 0, id: '7', key: '{"id":{"S":"x"}}', change: 'MODIFY', arrivedAt: 1764086807000, outcome: 'checkpointed',
      body: '{"NewImage":{"id":{"S":"x"}},"OldImage":{"id":{"S":"x"},"n":{"N":"1"}}}', length: 71,
    }]);
  });

  it('of one outcome are paged, in ten thousand too', () => {
    const { content, execution } = largeEntry(1, now, 10_000);
    const records = new BatchRecords(content.request, 'sqs');
    const polled = execution.polled as PolledBatch;
    const page = records.rows(polled, { from: 98, limit: maxBatchRows, outcome: 'given-back' });
    assert.deepEqual([page.total, page.rows.map(({ index }) => index)], [100, [9899, 9999]]);
    assert.deepEqual(records.rows(polled, { from: 9800, limit: 2, outcome: 'deleted' }).rows.map(({ index }) => index), [9898, 9900]);
    assert.equal(records.rows(polled, { from: 9999, limit: 200 }).rows.length, 1);
  });

  it('of an event that is not there are none', () => {
    for (const request of ['', '{"Records":', '[]', '{"Records":{}}']) assert.deepEqual(new BatchRecords(request, 'sqs').rows({}, { from: 0, limit: 5 }), { rows: [], total: 0 });
  });

  it('are held by the page: each is asked for once, and answers to other questions are passed over', () => {
    const pages = new BatchPages('e1', undefined, 1000);
    assert.deepEqual(pages.missing(150, 450), [0, 200, 400]);
    assert.deepEqual(pages.missing(0, 999), [600, 800]);
    const row = (index: number): BatchRow => ({ index, id: String(index), body: '', length: 0 });
    const answer = { version: 1, type: 'batch-rows', executionId: 'e1', from: 200, rows: [row(200), row(201)], total: 1000 } as const;
    assert.equal(pages.take({ ...answer, executionId: 'e2' }), false);
    assert.equal(pages.take({ ...answer, outcome: 'failed' }), false);
    assert.equal(pages.take(answer), true);
    assert.equal(pages.take(answer), false);
    assert.deepEqual([pages.at(201)?.id, pages.at(0)], ['201', undefined]);
  });

  it('can be chosen by outcome once there are several', () => {
    assert.deepEqual(choices([{ outcome: 'deleted', count: 3 }]), []);
    assert.deepEqual(choices([{ outcome: 'deleted', count: 9900 }, { outcome: 'given-back', count: 100 }]).map(({ label }) => label), ['Deleted 9,900', 'Returned 100']);
    const { execution } = bisectEntries(1, now)[6] ?? assert.fail();
    assert.equal(recordState({ outcome: 'discarded' }, execution).word, 'Sent to SQS queue failed-clicks');
    assert.equal(shortPlace(sequenceNumber(3)), '…3000000003');
    assert.equal(shortPlace('TRIM_HORIZON'), 'TRIM_HORIZON');
    assert.equal(partialEntry(1, now).execution.polled?.size, 10);
  });
});
