/** Event source mappings of queues: every fact of lambda-facts §3.2, §3.3 and §3.7 that applies. */
import assert from 'node:assert/strict';
import { definition, FunctionFailure, Mappings, queueArn, type Answer } from '../unit/lambda/mapping-harness.ts';

const made: Mappings[] = [];

interface Options {
  queue?: Record<string, string>;
  mapping?: object;
  answer?: Answer;
  fifo?: boolean;
  dead?: number;
  scale?: number;
  timeout?: number;
}

/** A queue `q`, a function `fn` and a mapping between the two. */
async function mapped({ queue = {}, mapping = {}, answer, fifo = false, dead, scale, timeout }: Options = {}) {
  const of = new Mappings(scale === undefined ? {} : { scale });
  made.push(of);
  const suffix = fifo ? '.fifo' : '';
  const deadUrl = dead === undefined ? '' : of.queues.create(`dead${suffix}`);
  const redrive: Record<string, string> = dead === undefined ? {} : { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: queueArn(`dead${suffix}`), maxReceiveCount: dead }) };
  const url = of.queues.create(`q${suffix}`, { ...redrive, ...queue });
  if (answer) of.answer = answer;
  of.start([definition('fn', timeout === undefined ? {} : { timeout })]);
  const uuid = await of.create({ EventSourceArn: queueArn(`q${suffix}`), ...mapping });
  return { of, url, uuid, deadUrl };
}

const group = (name: string, key: string) => ({ MessageGroupId: name, MessageDeduplicationId: key });
const fail: Answer = () => { throw new FunctionFailure('no'); };

afterEach(async () => {
  for (const of of made.splice(0)) await of.close();
});

describe('lambda-facts §3.3: records of SQS', () => {
  it('wakes the poller the moment a message is sent', async () => {
    const { of, url } = await mapped();
    of.queues.send(url, 'one');
    await of.clock.pass(0);
    assert.deepEqual(of.bodies(), [['one']]);
    assert.deepEqual(of.queues.counts(url), [0, 0, 0]);
  });

  it('has the recorded members in wire order, without md5OfMessageAttributes when there are none and no window', async () => {
    const { of, url } = await mapped();
    const { MessageId } = of.queues.send(url, '{"a":1}');
    await of.clock.pass(0);
    const text = Buffer.from(of.lambda.requests[0]?.payload ?? []).toString();
    const [record] = of.events[0]?.Records ?? [];
    assert.deepEqual(Object.keys(record ?? {}), ['messageId', 'receiptHandle', 'body', 'attributes', 'messageAttributes', 'md5OfBody', 'eventSource', 'eventSourceARN', 'awsRegion']);
    assert.deepEqual(Object.keys(record?.attributes ?? {}), ['ApproximateReceiveCount', 'SentTimestamp', 'SenderId', 'ApproximateFirstReceiveTimestamp']);
    assert.deepEqual([record?.messageId, record?.body, record?.attributes['ApproximateReceiveCount'], record?.messageAttributes], [MessageId, '{"a":1}', '1', {}]);
    assert.ok(text.startsWith('{"Records":[{"messageId":') && text.endsWith(`"eventSource":"aws:sqs","eventSourceARN":"${queueArn('q')}","awsRegion":"us-east-1"}]}`));
  });
});

describe('lambda-facts §3.3: attributes, quirks and order', () => {
  it('md5OfMessageAttributes is null with a batching window, when there are no attributes', async () => {
    const { of, url } = await mapped({ mapping: { MaximumBatchingWindowInSeconds: 1 } });
    of.queues.send(url, 'one');
    await of.clock.pass(1000);
    const [record] = of.events[0]?.Records ?? [];
    assert.equal(record?.md5OfMessageAttributes, null);
    assert.deepEqual(Object.keys(record ?? {}).slice(4, 7), ['messageAttributes', 'md5OfMessageAttributes', 'md5OfBody']);
  });

  it('message attributes as recorded: Number, String, Binary, and their MD5', async () => {
    const { of, url } = await mapped();
    const { MD5OfMessageAttributes } = of.queues.send(url, 'one', { MessageAttributes: {
      WeeksOn: { DataType: 'Number', StringValue: '6' }, Picture: { DataType: 'Binary', BinaryValue: 'AAE=' },
    } });
    await of.clock.pass(0);
    const [record] = of.events[0]?.Records ?? [];
    assert.deepEqual(record?.messageAttributes, {
      WeeksOn: { stringValue: '6', stringListValues: [], binaryListValues: [], dataType: 'Number' },
      Picture: { binaryValue: 'AAE=', stringListValues: [], binaryListValues: [], dataType: 'Binary' },
    });
    assert.deepEqual(Object.keys(record?.messageAttributes['WeeksOn'] as object), ['stringValue', 'stringListValues', 'binaryListValues', 'dataType']);
    assert.equal(record?.md5OfMessageAttributes, MD5OfMessageAttributes);
  });

  it('FIFO adds SequenceNumber, MessageGroupId and MessageDeduplicationId; AWSTraceHeader and DeadLetterQueueSourceArn where there are any', async () => {
    const { of, url } = await mapped({ fifo: true });
    const { SequenceNumber } = of.queues.send(url, 'one', group('a', '1'));
    await of.clock.pass(0);
    const { SequenceNumber: shown, MessageGroupId, MessageDeduplicationId } = of.events[0]?.Records[0]?.attributes ?? {};
    assert.deepEqual([shown, MessageGroupId, MessageDeduplicationId], [SequenceNumber, 'a', '1']);
    const second = await mapped({ dead: 1, answer: fail });
    await second.of.create({ EventSourceArn: queueArn('dead') });
    second.of.queues.send(second.url, 'x', { MessageSystemAttributes: { AWSTraceHeader: { DataType: 'String', StringValue: 'Root=1-00000001-000000000000000000000001' } } });
    await second.of.clock.pass(31_000);
    const last = second.of.events.at(-1)?.Records[0];
    assert.equal(last?.attributes['DeadLetterQueueSourceArn'], queueArn('q'));
    assert.equal(last?.attributes['AWSTraceHeader'], 'Root=1-00000001-000000000000000000000001');
  });
});

describe('lambda-facts §3.2: batching', () => {
  it('invokes when the batch is full, before the window is over', async () => {
    const { of, url } = await mapped({ mapping: { BatchSize: 3, MaximumBatchingWindowInSeconds: 60 } });
    for (const body of ['a', 'b', 'c', 'd']) of.queues.send(url, body);
    await of.clock.pass(100);
    assert.deepEqual(of.bodies(), [['a', 'b', 'c']]);
  });

  it('invokes with what there is when the window is over, which began when polling did', async () => {
    const { of, url } = await mapped({ mapping: { BatchSize: 10, MaximumBatchingWindowInSeconds: 20 } });
    await of.clock.pass(15_000);
    of.queues.send(url, 'a');
    await of.clock.pass(4000);
    of.queues.send(url, 'b');
    assert.deepEqual(of.bodies(), []);
    await of.clock.pass(1100);
    assert.deepEqual(of.bodies(), [['a', 'b']]);
  });

  it('a window is a wait: it passes at the chosen scale', async () => {
    const { of, url } = await mapped({ scale: 60, mapping: { BatchSize: 10, MaximumBatchingWindowInSeconds: 300 } });
    of.queues.send(url, 'a');
    await of.clock.pass(4900);
    assert.equal(of.events.length, 0);
    await of.clock.pass(200);
    assert.deepEqual(of.bodies(), [['a']]);
  });

  it('a batch larger than 10 takes up to 10,000 messages', async () => {
    const { of, url } = await mapped({ mapping: { BatchSize: 10_000, MaximumBatchingWindowInSeconds: 5 } });
    for (let index = 0; index < 25; index += 1) of.queues.send(url, String(index));
    await of.clock.pass(5000);
    assert.deepEqual(of.bodies().map(({ length }) => length), [25]);
  });

  it('closes a batch before its event JSON passes 6 MB', async () => {
    const { of, url } = await mapped({ mapping: { BatchSize: 10 } });
    for (let index = 0; index < 8; index += 1) of.queues.send(url, 'x'.repeat(1_000_000));
    await of.clock.pass(0);
    assert.deepEqual(of.bodies().flat().length, 8);
    assert.ok(of.lambda.requests.every(({ payload }) => payload.length <= 6_291_456));
    assert.ok(of.events.some(({ Records }) => Records.length === 6), of.bodies().map(({ length }) => length).join());
  });

  it('a FIFO group whose batch passes 6 MB keeps its order, also when the first part fails', async () => {
    let fails = 1;
    const { of, url } = await mapped({ fifo: true, answer: (event) => { if (event.Records.length > 2 && fails-- > 0) throw new FunctionFailure('no'); } });
    for (let index = 0; index < 8; index += 1) of.queues.send(url, `${index}${'x'.repeat(1_000_000)}`, group('a', String(index)));
    await of.clock.pass(120_000);
    const order = of.events.slice(1).flatMap(({ Records }) => Records.map(({ body }) => Number(body[0])));
    assert.deepEqual(order, [0, 1, 2, 3, 4, 5, 6, 7]);
    assert.deepEqual(of.queues.counts(url), [0, 0, 0]);
  });

  it('a message of 1 MiB fits, also when JSON doubles it', async () => {
    const { of, url } = await mapped();
    of.queues.send(url, '\\'.repeat(1_048_576));
    await of.clock.pass(0);
    assert.deepEqual([of.bodies()[0]?.[0]?.length, of.queues.counts(url)], [1_048_576, [0, 0, 0]]);
  });
});

describe('lambda-facts §3.3: success and failure', () => {
  it('deletes the whole batch when the function returns', async () => {
    const { of, url, uuid } = await mapped();
    for (const body of ['a', 'b']) of.queues.send(url, body);
    await of.clock.pass(0);
    assert.deepEqual(of.queues.counts(url), [0, 0, 0]);
    const [execution] = of.lambda.history.list({ limit: 1 });
    assert.deepEqual([execution?.source, execution?.status, execution?.polled?.mappingUuid, execution?.polled?.size], ['event-source-mapping', 'succeeded', uuid, 2]);
    assert.deepEqual([execution?.polled?.outcomes, execution?.polled?.end], ['2d', { kind: 'done' }]);
  });

  it('deletes nothing after an error; messages come back after the queue\'s visibility timeout with a new receipt handle and count 2', async () => {
    let fails = 1;
    const { of, url } = await mapped({ queue: { VisibilityTimeout: '40' }, answer: () => { if (fails-- > 0) throw new FunctionFailure('no'); } });
    of.queues.send(url, 'a');
    await of.clock.pass(39_000);
    assert.equal(of.events.length, 1);
    assert.deepEqual(of.queues.counts(url), [0, 1, 0]);
    await of.clock.pass(1100);
    const [first, second] = of.events.map(({ Records }) => Records[0]);
    assert.equal(second?.messageId, first?.messageId);
    assert.notEqual(second?.receiptHandle, first?.receiptHandle);
    assert.deepEqual([first?.attributes['ApproximateReceiveCount'], second?.attributes['ApproximateReceiveCount']], ['1', '2']);
    const [again, failed] = of.lambda.history.list({ limit: 2 });
    assert.deepEqual([failed?.status, failed?.polled?.outcomes, failed?.polled?.end?.kind], ['failed', '1b', 'returned']);
    // Each names the other, so that one can follow the message through its deliveries.
    assert.deepEqual([failed?.polled?.next, again?.polled?.previous, again?.polled?.outcomes], [[again?.id], [failed?.id], '1d']);
  });

  it('what is left of the visibility timeout passes at the chosen scale', async () => {
    const { of, url } = await mapped({ scale: 60, queue: { VisibilityTimeout: '600' }, answer: fail });
    of.queues.send(url, 'a');
    await of.clock.pass(9900);
    assert.equal(of.events.length, 1);
    await of.clock.pass(300);
    assert.equal(of.events.length, 2);
  });

  it('a timeout or a crash counts as an error', async () => {
    for (const outcome of [{ kind: 'timeout', phase: 'invoke' }, { kind: 'exit', phase: 'invoke', code: 1, signal: null }] as const) {
      const { of, url } = await mapped();
      of.lambda.script = () => outcome;
      of.queues.send(url, 'a');
      await of.clock.pass(100);
      assert.deepEqual(of.queues.counts(url), [0, 1, 0]);
    }
  });

  it('maxReceiveCount 2: the function is called twice, then the message is in the dead-letter queue, unchanged', async () => {
    const { of, url, deadUrl } = await mapped({ dead: 2, answer: fail });
    const { MessageId } = of.queues.send(url, 'a');
    await of.clock.pass(300_000);
    assert.equal(of.events.length, 2);
    const [message] = of.queues.receive(deadUrl);
    assert.deepEqual([message?.MessageId, message?.Body, message?.MessageAttributes], [MessageId, 'a', undefined]);
    assert.deepEqual(of.queues.counts(url), [0, 0, 0]);
  });

  it('the same at any scale: as many calls before the dead-letter queue', async () => {
    for (const scale of [1, 60, 600]) {
      const { of, url, deadUrl } = await mapped({ dead: 5, answer: fail, scale });
      of.queues.send(url, 'a');
      await of.clock.pass(200_000);
      assert.deepEqual([of.events.length, of.queues.counts(deadUrl)], [5, [1, 0, 0]]);
    }
  });

  it('a throttled batch is tried again until the visibility timeout has passed, then comes back with a receive more', async () => {
    const { of, url } = await mapped();
    await of.call('PutFunctionConcurrency', { FunctionName: 'fn', ReservedConcurrentExecutions: 0 });
    const { MessageId } = of.queues.send(url, 'a');
    await of.clock.pass(10_000);
    assert.equal(of.events.length, 0);
    assert.equal(of.lambda.service.mappings.why(MessageId)[0]?.fate, 'throttled');
    await of.call('DeleteFunctionConcurrency', { FunctionName: 'fn' });
    await of.clock.pass(20_000);
    assert.deepEqual(of.events.map(({ Records }) => Records[0]?.attributes['ApproximateReceiveCount']), ['1']);
    await of.call('PutFunctionConcurrency', { FunctionName: 'fn', ReservedConcurrentExecutions: 0 });
    of.queues.send(url, 'b');
    await of.clock.pass(64_000);
    const [throttled] = of.lambda.history.list({ limit: 1, status: 'throttled' });
    assert.equal(throttled?.polled?.throttles, 5);
    await of.call('DeleteFunctionConcurrency', { FunctionName: 'fn' });
    await of.clock.pass(60_000);
    assert.ok(Number(of.events.at(-1)?.Records[0]?.attributes['ApproximateReceiveCount']) >= 2);
    assert.deepEqual(of.queues.counts(url), [0, 0, 0]);
  });

  it('reserved concurrency is respected: never more at once', async () => {
    let running = 0;
    let most = 0;
    const { of, url } = await mapped({ mapping: { BatchSize: 1 }, answer: async () => {
      most = Math.max(most, running += 1);
      await new Promise<void>((resolve) => { of.clock.after(1000, resolve); });
      running -= 1;
    } });
    await of.call('PutFunctionConcurrency', { FunctionName: 'fn', ReservedConcurrentExecutions: 2 });
    for (let index = 0; index < 12; index += 1) of.queues.send(url, String(index));
    await of.clock.pass(300_000);
    assert.equal(most, 2);
    assert.deepEqual(of.queues.counts(url), [0, 0, 0]);
  });
});

describe('lambda-facts §3.3: polling and scaling', () => {
  const slow = () => {
    const seen = { running: 0, most: 0 };
    const answer: (of: () => Mappings, seconds: number) => Answer = (of, seconds) => async () => {
      seen.most = Math.max(seen.most, seen.running += 1);
      await new Promise<void>((resolve) => { of().clock.after(seconds * 1000, resolve); });
      seen.running -= 1;
    };
    return { seen, answer };
  };

  it('begins with 5 batches at once and adds 300 a minute while that is not enough', async () => {
    const { seen, answer } = slow();
    const result = await mapped({ mapping: { BatchSize: 1 }, queue: { VisibilityTimeout: '900' } });
    result.of.answer = answer(() => result.of, 600);
    for (let index = 0; index < 100; index += 1) result.of.queues.send(result.url, String(index));
    await result.of.clock.pass(100);
    assert.equal(seen.most, 5);
    await result.of.clock.pass(2000);
    assert.ok(seen.most >= 13 && seen.most <= 16, String(seen.most));
    await result.of.clock.pass(60_000);
    // The processes of this machine are the bound.
    assert.equal(seen.most, 64);
    result.of.answer = () => null;
    await result.of.clock.pass(700_000);
  });

  it('a function that fails gets fewer batches at once, one that reports batch item failures does not', async () => {
    for (const reports of [false, true]) {
      const { of, url } = await mapped({
        mapping: { BatchSize: 1, ...(reports ? { FunctionResponseTypes: ['ReportBatchItemFailures'] } : {}) }, queue: { VisibilityTimeout: '3' },
        answer: ({ Records: [record] }) => {
          if (!reports) throw new FunctionFailure('no');
          return { batchItemFailures: [{ itemIdentifier: record?.messageId }] };
        },
      });
      for (let index = 0; index < 10; index += 1) of.queues.send(url, String(index));
      await of.clock.pass(2000);
      assert.equal(of.events.length, 10);
      // Both fail on; only then are batches held open, to be counted.
      let running = 0;
      let most = 0;
      of.answer = async () => {
        most = Math.max(most, running += 1);
        await new Promise<void>((resolve) => { of.clock.after(500, resolve); });
        running -= 1;
      };
      await of.clock.pass(1100);
      assert.equal(most, reports ? 5 : 2);
      await of.clock.pass(10_000);
      assert.deepEqual(of.queues.counts(url), [0, 0, 0]);
    }
  });

  it('MaximumConcurrency bounds the batches at once', async () => {
    const { seen, answer } = slow();
    const result = await mapped({ mapping: { BatchSize: 1, ScalingConfig: { MaximumConcurrency: 2 } }, queue: { VisibilityTimeout: '900' } });
    result.of.answer = answer(() => result.of, 1);
    for (let index = 0; index < 10; index += 1) result.of.queues.send(result.url, String(index));
    await result.of.clock.pass(20_000);
    assert.equal(seen.most, 2);
    assert.deepEqual(result.of.queues.counts(result.url), [0, 0, 0]);
  });

  it('provisioned pollers run ten batches each', async () => {
    const { seen, answer } = slow();
    const result = await mapped({ mapping: { BatchSize: 1, ProvisionedPollerConfig: { MinimumPollers: 2, MaximumPollers: 3 } }, queue: { VisibilityTimeout: '900' } });
    result.of.answer = answer(() => result.of, 100);
    for (let index = 0; index < 60; index += 1) result.of.queues.send(result.url, String(index));
    await result.of.clock.pass(0);
    assert.equal(seen.most, 20);
    await result.of.clock.pass(30_000);
    assert.equal(seen.most, 30);
    result.of.answer = () => null;
    await result.of.clock.pass(300_000);
  });

  it('FIFO, five messages of one group, batch size 1: strictly serial', async () => {
    const { seen, answer } = slow();
    const result = await mapped({ fifo: true, mapping: { BatchSize: 1 } });
    result.of.answer = answer(() => result.of, 1);
    for (let index = 0; index < 5; index += 1) result.of.queues.send(result.url, String(index), group('a', String(index)));
    await result.of.clock.pass(10_000);
    assert.equal(seen.most, 1);
    assert.deepEqual(result.of.bodies().flat(), ['0', '1', '2', '3', '4']);
  });

  it('FIFO: groups run beside each other, and a failed message blocks its own group only', async () => {
    const { of, url } = await mapped({ fifo: true, mapping: { BatchSize: 1 }, answer: ({ Records: [record] }) => {
      if (record?.body === 'a0' && record.attributes['ApproximateReceiveCount'] === '1') throw new FunctionFailure('no');
    } });
    for (const body of ['a0', 'a1', 'b0', 'b1']) of.queues.send(url, body, group(body.charAt(0), body));
    await of.clock.pass(1000);
    assert.deepEqual(of.bodies().flat().sort(), ['a0', 'b0', 'b1']);
    await of.clock.pass(30_000);
    assert.deepEqual(of.bodies().flat().filter((body) => body.startsWith('a')), ['a0', 'a0', 'a1']);
  });
});

describe('lambda-facts §3.3: ReportBatchItemFailures', () => {
  const report = { FunctionResponseTypes: ['ReportBatchItemFailures'] };

  it('FIFO batch of 4, failures {2,3,4}: those come again with count 2; failures {4}: 4 ends in the dead-letter queue', async () => {
    const rounds = [[2, 3, 4], [4]];
    const { of, url, deadUrl } = await mapped({ fifo: true, dead: 2, mapping: report, answer: ({ Records }) => ({
      batchItemFailures: Records.filter(({ body }) => rounds[0]?.includes(Number(body))).map(({ messageId }) => ({ itemIdentifier: messageId })),
    }) });
    await of.call('UpdateEventSourceMapping', { UUID: of.summary().uuid, Enabled: false });
    await of.clock.pass(0);
    for (const index of [1, 2, 3, 4]) of.queues.send(url, String(index), group('1', `dedup-${index}`));
    await of.call('UpdateEventSourceMapping', { UUID: of.summary().uuid, Enabled: true });
    await of.clock.pass(1000);
    rounds.shift();
    await of.clock.pass(60_000);
    rounds.shift();
    await of.clock.pass(60_000);
    assert.deepEqual(of.bodies(), [['1', '2', '3', '4'], ['2', '3', '4']]);
    assert.deepEqual(of.events[1]?.Records.map(({ attributes }) => attributes['ApproximateReceiveCount']), ['2', '2', '2']);
    assert.deepEqual(of.queues.bodies(deadUrl), ['4']);
  });

  for (const [name, answer] of Object.entries<unknown>({
    'an empty list': { batchItemFailures: [] }, 'a null list': { batchItemFailures: null }, 'an empty object': {}, null: null, 'an empty answer': new Uint8Array(),
  })) {
    it(`${name} is full success`, async () => {
      const { of, url } = await mapped({ mapping: report, answer: () => answer });
      of.queues.send(url, 'a');
      await of.clock.pass(100);
      assert.deepEqual(of.queues.counts(url), [0, 0, 0]);
    });
  }

  for (const [name, answer] of Object.entries<unknown>({
    'what is not JSON': Buffer.from('not JSON'), 'another shape': { batchItemFailures: 'x' }, 'a string': 'ok', 'an empty itemIdentifier': { batchItemFailures: [{ itemIdentifier: '' }] },
    'a null itemIdentifier': { batchItemFailures: [{ itemIdentifier: null }] }, 'a wrong key': { batchItemFailures: [{ foo: 'x' }] },
    'an itemIdentifier that is not of the batch': { batchItemFailures: [{ itemIdentifier: 'x' }] },
  })) {
    it(`${name} is full failure`, async () => {
      const { of, url } = await mapped({ mapping: report, answer: () => answer });
      of.queues.send(url, 'a');
      of.queues.send(url, 'b');
      await of.clock.pass(100);
      assert.deepEqual(of.queues.counts(url), [0, 2, 0]);
    });
  }

  it('an exception is full failure', async () => {
    const { of, url } = await mapped({ mapping: report, answer: fail });
    of.queues.send(url, 'a');
    await of.clock.pass(100);
    assert.deepEqual(of.queues.counts(url), [0, 1, 0]);
  });

  it('without FunctionResponseTypes the same answer deletes everything', async () => {
    const { of, url } = await mapped({ answer: ({ Records }) => ({ batchItemFailures: Records.map(({ messageId }) => ({ itemIdentifier: messageId })) }) });
    of.queues.send(url, 'a');
    await of.clock.pass(100);
    assert.deepEqual(of.queues.counts(url), [0, 0, 0]);
  });
});

describe('lambda-facts §3.7: filters on queues', () => {
  const filters = (...patterns: object[]) => ({ FilterCriteria: { Filters: patterns.map((pattern) => ({ Pattern: JSON.stringify(pattern) })) } });
  const table: [name: string, patterns: object[], matching: string[], others: string[]][] = [
    ['single', [{ body: { testItem: ['test24'] } }], ['{"testItem":"test24"}'], ['{"testItem":"tesWER"}']],
    ['or', [{ body: { testItem: ['test24', 'test45'] } }], ['{"testItem":"test45"}'], ['{"testItem":"WERTD"}']],
    ['and', [{ body: { testItem: ['test24', 'test45'], test2: ['go'] } }], ['{"testItem":"test45","test2":"go"}'], ['{"testItem":"test67","test2":"go"}']],
    ['exists', [{ body: { test2: [{ exists: true }] } }], ['{"test2":"7411"}'], ['{"test5":"74545"}']],
    ['numeric-bigger', [{ body: { test2: [{ numeric: ['>', 100] }] } }], ['{"test2":101}'], ['{"test2":100}', 'this is a test string']],
    ['numeric-range', [{ body: { test2: [{ numeric: ['>=', 100, '<', 200] }] } }], ['{"test2":100}'], ['{"test2":200}']],
    ['prefix', [{ body: { test2: [{ prefix: 'us-1' }] } }], ['{"test2":"us-1-48454"}'], ['{"test2":"eu-wert"}']],
    ['two filters are OR-ed', [{ body: { a: [1] } }, { body: { b: [1] } }], ['{"a":1}', '{"b":1}'], ['{"c":1}']],
  ];
  for (const [name, patterns, matching, others] of table) {
    it(`${name}: the others are deleted, never seen`, async () => {
      const { of, url } = await mapped({ mapping: filters(...patterns) });
      for (const body of [...others, ...matching]) of.queues.send(url, body);
      await of.clock.pass(100);
      assert.deepEqual(of.bodies().flat().sort(), [...matching].sort());
      assert.deepEqual(of.queues.counts(url), [0, 0, 0]);
      const { counts, lastFiltered } = of.summary();
      assert.deepEqual([counts.matched, counts.filtered, lastFiltered.length], [matching.length, others.length, others.length]);
    });
  }

  it('the explanation of a message that was filtered out names filter and field', async () => {
    const { of, url } = await mapped({ mapping: filters({ body: { kind: ['order'] } }) });
    const { MessageId } = of.queues.send(url, '{"kind":"refund"}');
    await of.clock.pass(0);
    const [fate] = of.lambda.service.mappings.why(MessageId);
    assert.equal(fate?.fate, 'filtered');
    assert.match(fate?.filters?.[0] ?? '', /body\.kind.*"order".*"refund"/);
  });

  it('filters before batching: an empty batch is not sent', async () => {
    const { of, url } = await mapped({ mapping: { ...filters({ body: { a: [1] } }), BatchSize: 2, MaximumBatchingWindowInSeconds: 10 } });
    for (const body of ['{"a":0}', '{"a":1}', '{"a":0}', '{"a":1}']) of.queues.send(url, body);
    await of.clock.pass(100);
    assert.deepEqual(of.bodies(), [['{"a":1}', '{"a":1}']]);
    assert.equal(of.lambda.history.list({ limit: 1 })[0]?.polled?.filtered, 2);
  });
});

describe('lambda-facts §2.6: recursion', () => {
  it('a message of a chain of 16 invocations goes back to the queue, and its redrive policy applies', async () => {
    const { of, url, deadUrl } = await mapped({ dead: 1 });
    of.queues.send(url, 'first');
    await of.clock.pass(0);
    const lineage = /Lineage=([0-9a-f]+):1/.exec(of.lambda.requests[0]?.traceId ?? '')?.[1];
    const header = (count: number) => ({ MessageSystemAttributes: { AWSTraceHeader: { DataType: 'String', StringValue: `Root=1-00000001-000000000000000000000001;Lineage=${lineage}:${count}` } } });
    of.queues.send(url, 'fifteen', header(15));
    of.queues.send(url, 'sixteen', header(16));
    await of.clock.pass(60_000);
    assert.deepEqual(of.bodies().flat(), ['first', 'fifteen']);
    assert.deepEqual(of.queues.bodies(deadUrl), ['sixteen']);
  });

  it('RecursiveLoop Allow lets it run', async () => {
    const { of, url } = await mapped();
    await of.call('PutFunctionRecursionConfig', { FunctionName: 'fn', RecursiveLoop: 'Allow' });
    of.queues.send(url, 'first');
    await of.clock.pass(0);
    const lineage = /Lineage=([0-9a-f]+):1/.exec(of.lambda.requests[0]?.traceId ?? '')?.[1];
    of.queues.send(url, 'sixteen', { MessageSystemAttributes: { AWSTraceHeader: { DataType: 'String', StringValue: `Root=1-00000001-000000000000000000000001;Lineage=${lineage}:16` } } });
    await of.clock.pass(100);
    assert.deepEqual(of.bodies().flat(), ['first', 'sixteen']);
  });
});

describe('event source mappings of queues: pausing, asking, going on', () => {
  it('a message that failed 20 times alike pauses the mapping, which says so and goes on when it is resumed', async () => {
    const { of, url, uuid } = await mapped({ answer: fail, scale: 60 });
    const { MessageId } = of.queues.send(url, 'a');
    await of.clock.pass(60_000);
    assert.equal(of.events.length, 20);
    assert.equal(of.summary().pause?.reason, 'failing');
    assert.match(of.summary().pause?.message ?? '', /20 times.*Error: no/);
    assert.equal(await of.state(uuid), 'Enabled');
    assert.equal(of.lambda.service.mappings.why(MessageId)[0]?.fate, 'paused');
    of.answer = () => null;
    of.lambda.service.mappings.resume(uuid);
    await of.clock.pass(1000);
    assert.deepEqual([of.events.length, of.summary().pause, of.queues.counts(url)], [21, undefined, [0, 0, 0]]);
  });

  it('what waits in the queue from last time stays until it is resumed; an empty queue runs at once', async () => {
    const of = new Mappings({ paused: true });
    made.push(of);
    const [url, other] = [of.queues.create('q'), of.queues.create('other')];
    of.queues.send(url, 'old');
    of.documents.collection('x');
    of.start([definition('fn', {}, { eventSourceMappings: ['q', 'other'].map((name) => ({ logicalId: name, properties: { EventSourceArn: queueArn(name) } })) })]);
    await of.clock.pass(1000);
    of.queues.send(other, 'new');
    await of.clock.pass(1000);
    assert.deepEqual(of.bodies(), [['new']]);
    const held = of.lambda.service.mappings.summaries().find(({ eventSourceArn }) => eventSourceArn === queueArn('q'));
    assert.equal(held?.pause?.reason, 'left-over');
    of.gate.resume();
    await of.clock.pass(100);
    assert.deepEqual(of.bodies(), [['new'], ['old']]);
    of.gate.pause();
    await of.clock.pass(100);
    of.queues.send(url, 'while paused');
    await of.clock.pass(100);
    assert.equal(of.events.length, 2);
    of.gate.resume();
    await of.clock.pass(100);
    assert.equal(of.events.length, 3);
  });

  it('all are paused and resumed at once; a change leaves a mapping paused, enabling it lets it go on', async () => {
    const { of, url, uuid } = await mapped({});
    const other = of.queues.create('other');
    const off = await of.create({ EventSourceArn: queueArn('other'), Enabled: false });
    assert.equal(of.lambda.service.mappings.pauseAll(), 1);
    assert.equal(of.lambda.service.mappings.pauseAll(), 0);
    await of.clock.pass(100);
    of.queues.send(url, 'while paused');
    await of.call('UpdateEventSourceMapping', { UUID: uuid, BatchSize: 3 });
    await of.clock.pass(100);
    assert.deepEqual([of.events.length, of.summary(uuid).pause?.reason, of.summary(off).pause], [0, 'paused', undefined]);
    assert.equal(of.lambda.service.mappings.resumeAll(), 1);
    await of.clock.pass(100);
    assert.deepEqual([of.bodies(), of.summary(uuid).pause], [[['while paused']], undefined]);
    of.lambda.service.mappings.pauseAll();
    of.queues.send(other, 'waits');
    await of.call('UpdateEventSourceMapping', { UUID: off, Enabled: true });
    await of.clock.pass(100);
    assert.deepEqual(of.bodies().at(-1), ['waits']);
    for (const Enabled of [false, true]) {
      await of.call('UpdateEventSourceMapping', { UUID: uuid, Enabled });
      await of.clock.pass(100);
    }
    assert.equal(of.summary(uuid).pause, undefined);
  });

  it('a pause outlives the engine in the editor, and ends with an engine that goes on at once', async () => {
    const { of, url, uuid } = await mapped({});
    of.lambda.service.mappings.pause(uuid);
    await of.clock.pass(100);
    of.queues.send(url, 'a');
    await of.restart({ paused: true });
    await of.clock.pass(1000);
    assert.deepEqual([of.events.length, of.summary().pause?.reason], [0, 'paused']);
    of.lambda.service.mappings.resumeAll();
    await of.clock.pass(100);
    assert.deepEqual(of.bodies(), [['a']]);
    of.lambda.service.mappings.pauseAll();
    await of.clock.pass(100);
    of.queues.send(url, 'b');
    await of.restart();
    await of.clock.pass(1000);
    assert.deepEqual([of.bodies(), of.summary().pause], [[['a'], ['b']], undefined]);
  });

  it('"poll once" takes one batch of a disabled mapping', async () => {
    const { of, url, uuid } = await mapped({ mapping: { Enabled: false, BatchSize: 2 } });
    for (const body of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l']) of.queues.send(url, body);
    await of.clock.pass(100);
    assert.equal(of.events.length, 0);
    const polled = of.lambda.service.mappings.pollOnce(uuid);
    await of.clock.pass(10);
    assert.equal(await polled, 2);
    assert.deepEqual(of.bodies(), [['a', 'b']]);
  });

  it('a queue that vanishes is a problem that goes away by itself', async () => {
    const { of, url } = await mapped();
    of.queues.now('DeleteQueue', { QueueUrl: url });
    await of.clock.pass(1000);
    assert.match(of.summary().problem ?? '', /does not exist/);
    await of.clock.pass(61_000);
    of.queues.create('q');
    await of.clock.pass(60_000);
    of.queues.send(url, 'again');
    await of.clock.pass(1000);
    assert.deepEqual([of.bodies(), of.summary().problem], [[['again']], undefined]);
  });

  it('a system clock that is set ahead or back loses nothing, and stops nothing', async () => {
    for (const hours of [1, -1]) {
      let fails = 1;
      const { of, url } = await mapped({ mapping: { BatchSize: 1 }, queue: { VisibilityTimeout: '30' }, answer: ({ Records: [record] }) => {
        if (record?.body === 'again' && fails-- > 0) throw new FunctionFailure('no');
      } });
      of.queues.send(url, 'again');
      await of.clock.pass(100);
      await of.clock.jump(hours * 3_600_000);
      of.queues.send(url, 'next');
      await of.clock.pass(1000);
      assert.ok(of.bodies().flat().includes('next'), 'what is sent after the jump runs at once');
      // A visibility timeout ends at a time of day, so setting the clock back puts it off by as much.
      await of.clock.pass(hours > 0 ? 60_000 : 3_700_000);
      assert.deepEqual([of.bodies().flat().filter((body) => body === 'again').length, ...of.queues.counts(url)], [2, 0, 0, 0]);
    }
  });

  it('a function that is deleted leaves the mapping Enabled, and its messages in the queue', async () => {
    const { of, url, uuid } = await mapped();
    await of.call('DeleteFunction', { FunctionName: 'fn' });
    of.queues.send(url, 'a');
    await of.clock.pass(40_000);
    assert.deepEqual([await of.state(uuid), of.events.length], ['Enabled', 0]);
    assert.match(of.summary().problem ?? '', /Function not found/);
  });

  it('what a filter kept away is known by that filter, also when the mapping was changed since', async () => {
    const { of, url, uuid } = await mapped({ mapping: { FilterCriteria: { Filters: [{ Pattern: '{"body":{"kind":["order"]}}' }] } } });
    const { MessageId } = of.queues.send(url, '{"kind":"refund"}');
    await of.clock.pass(100);
    await of.call('UpdateEventSourceMapping', { UUID: uuid, FilterCriteria: { Filters: [] } });
    await of.clock.pass(100);
    const { MessageId: later } = of.queues.send(url, '{"kind":"refund"}');
    await of.clock.pass(100);
    const [fate, other] = [MessageId, later].map((id) => of.lambda.service.mappings.why(id)[0]);
    assert.deepEqual([fate?.fate, other?.fate], ['filtered', 'delivered']);
    assert.match(fate?.filters?.[0] ?? '', /body\.kind.*"order".*"refund"/);
    assert.deepEqual(of.summary(uuid).lastFiltered.map(({ id }) => id), [MessageId]);
  });

  it('a message of a mapping that is disabled or paused says when it becomes visible, too', async () => {
    const { of, url, uuid } = await mapped({ mapping: { Enabled: false } });
    const { MessageId } = of.queues.send(url, 'b', { DelaySeconds: 100 });
    const why = () => of.lambda.service.mappings.why(MessageId, queueArn('q'))[0];
    assert.match(`${why()?.fate} ${why()?.sentence}`, /^disabled The mapping is disabled, so nobody polls\. The message is delayed\./);
    assert.ok((why()?.until ?? 0) > of.clock.now());
    await of.call('UpdateEventSourceMapping', { UUID: uuid, Enabled: true });
    await of.clock.pass(0);
    of.lambda.service.mappings.pauseAll();
    assert.match(`${why()?.fate} ${why()?.sentence}`, /^paused All event source mappings are paused.* The message is delayed\./);
  });

  it('what waits behind a throttled function says so', async () => {
    const { of, url } = await mapped({ mapping: { BatchSize: 1 }, queue: { VisibilityTimeout: '600' } });
    await of.call('PutFunctionConcurrency', { FunctionName: 'fn', ReservedConcurrentExecutions: 0 });
    const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((body) => of.queues.send(url, body).MessageId);
    await of.clock.pass(100);
    const fates = ids.map((id) => of.lambda.service.mappings.why(id)[0]);
    assert.equal(fates[0]?.fate, 'throttled');
    assert.match(fates.find((each) => each?.fate === 'behind')?.sentence ?? '', /received in its turn\. fn cannot be invoked now, and is tried again: Rate Exceeded/);
  });

  it('every fate of a message has its sentence', async () => {
    const { of, url, uuid } = await mapped({ queue: { VisibilityTimeout: '120' }, mapping: { BatchSize: 10, MaximumBatchingWindowInSeconds: 60 } });
    const why = (id: string) => of.lambda.service.mappings.why(id, queueArn('q'))[0]?.fate;
    const { MessageId: waiting } = of.queues.send(url, 'a');
    await of.clock.pass(100);
    assert.equal(why(waiting), 'collecting');
    await of.clock.pass(60_000);
    assert.equal(why(waiting), 'delivered');
    const { MessageId: delayed } = of.queues.send(url, 'b', { DelaySeconds: 100 });
    assert.equal(why(delayed), 'hidden');
    assert.equal(why('00000000-0000-0000-0000-000000000000'), 'unknown');
    await of.call('UpdateEventSourceMapping', { UUID: uuid, Enabled: false });
    await of.clock.pass(0);
    assert.equal(why(of.queues.send(url, 'c').MessageId), 'disabled');
  });
});
