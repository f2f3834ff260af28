/** Queues elsewhere: what is asked of SQS, and what becomes of its answers. */
import assert from 'node:assert/strict';
import type { PolledMessage } from '../../../src/contracts/event-sources.ts';
import { RemoteQueues } from '../../../src/aws/remote-queues.ts';
import type { SqsOperations } from '../../../src/aws/source-clients.ts';
import { FakeClock, settle } from '../../support/fake-clock.ts';
import { FakeClient, sdkError } from './fake-client.ts';

const arn = 'arn:aws:sqs:eu-west-1:111122223333:orders';
const url = 'https://sqs.eu-west-1.amazonaws.com/111122223333/orders';
const never = new AbortController().signal;

interface Waiting {
  signal: AbortSignal | undefined;
  answer(ids: readonly string[]): void;
  fail(error: Error): void;
}

class Queue {
  readonly clock = new FakeClock();
  readonly messages: string[] = [];
  /** Long polls that wait. */
  readonly waiting: Waiting[] = [];
  changes = 0;
  /** Answers instead of the queue while it is set. */
  instead: ((operation: string, input: Record<string, unknown>) => unknown) | undefined;
  readonly fake = new FakeClient<SqsOperations>((operation, input, signal) => {
    const other = this.instead?.(operation, input);
    if (other !== undefined) return other;
    switch (operation) {
      case 'GetQueueUrl': return { QueueUrl: url };
      case 'ReceiveMessage': return this.#receive(Number(input['MaxNumberOfMessages']), Number(input['WaitTimeSeconds']), signal);
      case 'DeleteMessageBatch': return { Successful: [], Failed: [] };
      default: return { Attributes: { VisibilityTimeout: '45', ApproximateNumberOfMessages: '3', ApproximateNumberOfMessagesNotVisible: '2', ApproximateNumberOfMessagesDelayed: '1' } };
    }
  });
  readonly queues: RemoteQueues;

  constructor(parts: { queueUrl?: string; accountId?: string } = {}) {
    const { accountId = '123456789012', ...rest } = parts;
    this.queues = new RemoteQueues({ client: this.fake.client, clock: this.clock, accountId: () => accountId, newId: () => 'attempt-1', changed: () => { this.changes += 1; }, ...rest });
  }

  put(...ids: string[]): this {
    this.messages.push(...ids);
    return this;
  }

  receive(maximum: number, { signal = never, waitMilliseconds = 20_000, queueArn = arn } = {}): Promise<PolledMessage[]> {
    return this.queues.receive(queueArn, { maximum, waitMilliseconds, signal });
  }

  #receive(maximum: number, seconds: number, signal: AbortSignal | undefined): unknown {
    const taken = this.messages.splice(0, maximum);
    if (taken.length > 0 || seconds === 0) return answerOf(taken);
    return new Promise((resolve, reject) => {
      this.waiting.push({ signal, answer: (ids) => resolve(answerOf(ids)), fail: reject });
      signal?.addEventListener('abort', () => reject(sdkError('AbortError')));
    });
  }
}

const answerOf = (ids: readonly string[]) => (ids.length === 0 ? {} : { Messages: ids.map((id) => ({ MessageId: id, ReceiptHandle: `handle ${id}`, Body: `body ${id}`, MD5OfBody: 'md5' })) });
const numbers = (count: number) => Array.from({ length: count }, (_, index) => `m${index}`);
const idsOf = (messages: readonly PolledMessage[]) => messages.map(({ messageId }) => messageId);

describe('a queue elsewhere', () => {
  it('is asked for once by its ARN\'s name, and by its owner when that is another account', async () => {
    const queue = new Queue().put('a', 'b');
    await queue.receive(1);
    await queue.receive(1);
    assert.deepEqual(queue.fake.inputs('GetQueueUrl'), [{ QueueName: 'orders', QueueOwnerAWSAccountId: '111122223333' }]);
    const own = new Queue({ accountId: '111122223333' }).put('a');
    await own.receive(1);
    assert.deepEqual(own.fake.inputs('GetQueueUrl'), [{ QueueName: 'orders' }]);
  });

  it('has the URL that was given, without being asked for it', async () => {
    const queue = new Queue({ queueUrl: 'http://127.0.0.1:9324/000000000000/orders' }).put('a');
    await queue.receive(1);
    assert.deepEqual([queue.fake.inputs('GetQueueUrl').length, queue.fake.inputs('ReceiveMessage')[0]?.['QueueUrl']], [0, 'http://127.0.0.1:9324/000000000000/orders']);
  });

  it('is long-polled for all attributes, ten messages a call; a full call brings the rest by short polls', async () => {
    const queue = new Queue().put(...numbers(25));
    assert.deepEqual(idsOf(await queue.receive(25)), numbers(25));
    const calls = queue.fake.inputs('ReceiveMessage');
    assert.deepEqual(calls.map(({ MaxNumberOfMessages, WaitTimeSeconds }) => [MaxNumberOfMessages, WaitTimeSeconds]), [[10, 20], [10, 0], [5, 0]]);
    assert.deepEqual([calls[0]?.['MessageAttributeNames'], calls[0]?.['MessageSystemAttributeNames'], calls[0]?.['ReceiveRequestAttemptId']], [['All'], ['All'], undefined]);
  });

  it('of few messages costs one call', async () => {
    const queue = new Queue().put(...numbers(3));
    assert.equal((await queue.receive(200)).length, 3);
    assert.equal(queue.fake.inputs('ReceiveMessage').length, 1);
  });

  it('loses nothing when one of several calls fails', async () => {
    const queue = new Queue().put(...numbers(30));
    let calls = 0;
    queue.instead = (operation) => {
      if (operation === 'ReceiveMessage' && (calls += 1) === 2) throw sdkError('InternalError');
      return undefined;
    };
    assert.equal((await queue.receive(30)).length, 20);
  });

  it('of kind FIFO is asked with an attempt id, so that a lost answer is given again', async () => {
    const queue = new Queue().put('a');
    await queue.receive(10, { queueArn: `${arn}.fifo` });
    assert.equal(queue.fake.inputs('ReceiveMessage')[0]?.['ReceiveRequestAttemptId'], 'attempt-1');
  });

  it('gives attributes as they are, binary ones in base64', async () => {
    const queue = new Queue();
    queue.instead = (operation) => (operation !== 'ReceiveMessage' ? undefined : {
      Messages: [{
        MessageId: 'a', ReceiptHandle: 'h', Body: 'b', MD5OfBody: '1', MD5OfMessageAttributes: '2', Attributes: { SentTimestamp: '1', MessageGroupId: 'g' },
        MessageAttributes: { Raw: { DataType: 'Binary.gif', BinaryValue: new Uint8Array([0, 255]) }, Text: { DataType: 'String', StringValue: 'x' } },
      }],
    });
    assert.deepEqual(await queue.receive(1), [{
      messageId: 'a', receiptHandle: 'h', body: 'b', md5OfBody: '1', md5OfMessageAttributes: '2', attributes: { SentTimestamp: '1', MessageGroupId: 'g' },
      messageAttributes: { Raw: { DataType: 'Binary.gif', BinaryValue: 'AP8=' }, Text: { DataType: 'String', StringValue: 'x' } },
    }]);
  });

  it('describes itself, and counts what waits at most every five seconds', async () => {
    const queue = new Queue();
    assert.equal(queue.queues.backlog(arn), undefined);
    assert.deepEqual(queue.fake.calls, [], 'nothing is asked about a queue that nobody polls');
    assert.deepEqual(await queue.queues.describe(arn), { fifo: false, visibilityTimeoutSeconds: 45, messages: 6 });
    queue.queues.backlog(arn);
    await settle();
    assert.deepEqual([queue.queues.backlog(arn), queue.changes], [3, 1]);
    await queue.clock.pass(4999);
    queue.queues.backlog(arn);
    assert.equal(queue.fake.inputs('GetQueueAttributes').length, 2);
    await queue.clock.pass(1);
    assert.deepEqual([queue.fake.inputs('GetQueueAttributes').length, queue.changes], [3, 1], 'who asked too early is told later');
    await queue.clock.pass(60_000);
    assert.equal(queue.fake.inputs('GetQueueAttributes').length, 3, 'nobody asks, nothing is asked');
  });

  it('that is not there is SourceNotFound, and is asked for anew when it is back', async () => {
    const queue = new Queue();
    queue.instead = () => { throw sdkError('QueueDoesNotExist', 'The specified queue does not exist.'); };
    await assert.rejects(queue.receive(1), { name: 'SourceNotFound', message: 'The specified queue does not exist.' });
    queue.instead = undefined;
    await queue.put('a').receive(1);
    queue.instead = (operation) => { if (operation === 'ReceiveMessage') throw sdkError('AWS.SimpleQueueService.NonExistentQueue'); };
    await assert.rejects(queue.receive(1), { name: 'SourceNotFound' });
    queue.instead = undefined;
    await queue.put('b').receive(1);
    assert.equal(queue.fake.inputs('GetQueueUrl').length, 3);
  });

  it('whose answers are garbage says so', async () => {
    const queue = new Queue();
    queue.instead = (operation) => (operation === 'GetQueueUrl' ? {} : undefined);
    await assert.rejects(queue.receive(1), { name: 'SourceUnavailable', message: 'The answer to GetQueueUrl is not one that AWS would give: it has no QueueUrl.' });
    queue.instead = (operation) => (operation === 'ReceiveMessage' ? { Messages: [{ Body: 'x' }] } : undefined);
    await assert.rejects(queue.receive(1), /ReceiveMessage is not one that AWS would give: it has no MessageId/);
  });

  describe('a long poll whose poller turns away, as at the end of a batching window', () => {
    it('goes on for the next poll: its messages are not lost to their visibility timeout', async () => {
      const queue = new Queue();
      const window = new AbortController();
      const first = queue.receive(10, { signal: window.signal });
      await settle();
      window.abort();
      assert.deepEqual(await first, []);
      const next = queue.receive(10);
      await settle();
      assert.equal(queue.waiting.length, 1, 'no second long poll');
      queue.waiting[0]?.answer(['a']);
      assert.deepEqual(idsOf(await next), ['a']);
    });

    it('hands over what came before the next poll', async () => {
      const queue = new Queue();
      const window = new AbortController();
      const first = queue.receive(10, { signal: window.signal });
      await settle();
      window.abort();
      await first;
      queue.waiting[0]?.answer(['a', 'b', 'c']);
      await settle();
      assert.deepEqual(idsOf(await queue.receive(2)), ['a', 'b']);
      assert.deepEqual(idsOf(await queue.receive(2)), ['c']);
    });

    it('is ended when nobody takes it over within a second', async () => {
      const queue = new Queue();
      const window = new AbortController();
      const first = queue.receive(10, { signal: window.signal });
      await settle();
      window.abort();
      await first;
      await queue.clock.pass(999);
      assert.equal(queue.waiting[0]?.signal?.aborted, false);
      await queue.clock.pass(1);
      assert.equal(queue.waiting[0]?.signal?.aborted, true);
      void queue.receive(10);
      await settle();
      assert.equal(queue.waiting.length, 2);
    });

    it('keeps what came late only while it cannot have come back by itself', async () => {
      const queue = new Queue();
      const window = new AbortController();
      const first = queue.receive(10, { signal: window.signal });
      await settle();
      window.abort();
      await first;
      queue.waiting[0]?.answer(['late']);
      await settle();
      await queue.clock.pass(5000);
      assert.deepEqual(idsOf(await queue.put('fresh').receive(10)), ['fresh']);
    });

    it('is of one poller only: two mappings of a queue never get the same message', async () => {
      const queue = new Queue();
      const both = [queue.receive(10), queue.receive(10)];
      await settle();
      assert.equal(queue.waiting.length, 2);
      queue.waiting[0]?.answer(['a']);
      queue.waiting[1]?.answer(['b']);
      assert.deepEqual((await Promise.all(both)).map(idsOf), [['a'], ['b']]);
    });

    it('is ended by close', async () => {
      const queue = new Queue();
      const poll = queue.receive(10);
      await settle();
      queue.queues.close();
      await assert.rejects(poll);
      assert.equal(queue.waiting[0]?.signal?.aborted, true);
    });
  });

  describe('deletions', () => {
    const handles = (count: number) => numbers(count).map((id) => ({ messageId: id, receiptHandle: `handle ${id}` }));

    it('go ten by ten', async () => {
      const queue = new Queue();
      assert.deepEqual(await queue.queues.delete(arn, handles(23)), []);
      assert.deepEqual(queue.fake.inputs('DeleteMessageBatch').map(({ Entries }) => (Entries as unknown[]).length), [10, 10, 3]);
    });

    it('that were refused for their handle stay, those that the server failed at are tried again', async () => {
      const queue = new Queue();
      let calls = 0;
      queue.instead = (operation) => {
        if (operation !== 'DeleteMessageBatch') return undefined;
        calls += 1;
        return calls === 1 ? { Failed: [{ Id: '0', SenderFault: true, Code: 'ReceiptHandleIsInvalid' }, { Id: '2', SenderFault: false, Code: 'InternalError' }] } : { Successful: [{ Id: '0' }] };
      };
      const deleted = queue.queues.delete(arn, handles(3));
      await queue.clock.pass(200);
      assert.deepEqual(await deleted, ['m0']);
      assert.deepEqual(queue.fake.inputs('DeleteMessageBatch').map(({ Entries }) => (Entries as { ReceiptHandle: string }[]).map(({ ReceiptHandle }) => ReceiptHandle)), [['handle m0', 'handle m1', 'handle m2'], ['handle m2']]);
    });

    it('outlast a short outage, as the function has had the messages', async () => {
      const queue = new Queue();
      await queue.put('a').receive(1);
      queue.instead = () => { throw sdkError('Error', 'connect ECONNREFUSED 127.0.0.1:1', { code: 'ECONNREFUSED' }); };
      const deleted = queue.queues.delete(arn, handles(1));
      await queue.clock.pass(1199);
      queue.instead = undefined;
      await queue.clock.pass(1);
      assert.deepEqual(await deleted, []);
      assert.equal(queue.fake.inputs('DeleteMessageBatch').length, 3);
    });

    it('that never succeed stay', async () => {
      const queue = new Queue();
      queue.instead = (operation) => (operation === 'DeleteMessageBatch' ? { Failed: [{ Id: '0', SenderFault: false }] } : undefined);
      const deleted = queue.queues.delete(arn, handles(2));
      await queue.clock.pass(4200);
      assert.deepEqual(await deleted, ['m0']);
    });

    it('none are made for messages that are given back: their visibility timeout ends by itself', async () => {
      const queue = new Queue();
      await queue.queues.giveBack();
      assert.deepEqual(queue.fake.calls, []);
    });
  });
});

describe('a client elsewhere', () => {
  it('is opened anew after its keys were refused, as they may have been mended', async () => {
    const queue = new Queue();
    queue.instead = () => { throw sdkError('UnrecognizedClientException', 'The security token included in the request is invalid.'); };
    await assert.rejects(queue.receive(1), { name: 'SourceUnavailable', kind: 'access', message: /^Access was denied: UnrecognizedClientException/ });
    queue.instead = undefined;
    await queue.put('a').receive(1);
    assert.deepEqual([queue.fake.opened, queue.fake.destroyed], [2, 1]);
  });

  it('stays through a connection that fails', async () => {
    const queue = new Queue();
    queue.instead = () => { throw sdkError('TimeoutError', 'timed out'); };
    await assert.rejects(queue.receive(1), { kind: 'connection' });
    queue.instead = undefined;
    await queue.put('a').receive(1);
    assert.equal(queue.fake.opened, 1);
  });
});
