/** What holds whatever is done with a queue, in whatever order. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Harness, type ReceivedMessage } from './harness.ts';

type Step =
  | { do: 'send'; group: number; delay: number }
  | { do: 'receive'; max: number; timeout: number }
  | { do: 'delete' | 'hide' | 'show' | 'give back'; which: number }
  | { do: 'pass'; seconds: number }
  | { do: 'advance' | 'restart' };

const steps = fc.array(fc.oneof<fc.Arbitrary<Step>[]>(
  fc.record({ do: fc.constant('send' as const), group: fc.integer({ min: 0, max: 3 }), delay: fc.constantFrom(0, 0, 0, 5, 900) }),
  fc.record({ do: fc.constant('send' as const), group: fc.integer({ min: 0, max: 3 }), delay: fc.constant(0) }),
  fc.record({ do: fc.constant('receive' as const), max: fc.integer({ min: 1, max: 10 }), timeout: fc.constantFrom(0, 1, 30) }),
  fc.record({ do: fc.constantFrom('delete' as const, 'hide' as const, 'show' as const, 'give back' as const), which: fc.nat(20) }),
  fc.record({ do: fc.constant('pass' as const), seconds: fc.constantFrom(0.1, 1, 31) }),
  fc.record({ do: fc.constantFrom('advance' as const, 'restart' as const) }),
), { minLength: 5, maxLength: 60 });

/** Runs the steps; `received` sees each receive, with the handles that were valid before it. */
async function run(t: Harness, url: string, fifo: boolean, script: readonly Step[], watch: Watch): Promise<void> {
  let number = 0;
  for (const step of script) {
    switch (step.do) {
      case 'send': {
        const body = String(number);
        number += 1;
        const { MessageId } = t.send(url, body, fifo ? { MessageGroupId: `g${step.group}` } : { DelaySeconds: step.delay });
        watch.sent(MessageId, `g${step.group}`);
        break;
      }
      case 'receive':
        watch.received(t.receive(url, { MaxNumberOfMessages: step.max, VisibilityTimeout: step.timeout }));
        break;
      case 'pass': await t.clock.pass(step.seconds * 1000); break;
      case 'advance': await t.clock.advance(3600); break;
      case 'restart': t.restart(); break;
      case 'delete': case 'hide': case 'show': case 'give back': {
        const message = watch.held(step.which);
        if (!message) break;
        const input = { QueueUrl: url, ReceiptHandle: message.ReceiptHandle };
        try {
          if (step.do === 'delete') t.now('DeleteMessage', input);
          else if (step.do === 'give back') t.giveBack(url, message);
          else t.now('ChangeMessageVisibility', { ...input, VisibilityTimeout: step.do === 'hide' ? 60 : 0 });
        } catch (error) {
          assert.match((error as Error).message, /expired|beyond the limit|not available/);
          break;
        }
        if (step.do === 'delete') watch.deleted(message);
      }
    }
    watch.counted(t.counts(url));
  }
}

/** Keeps its own books beside the queue. */
class Watch {
  readonly live = new Map<string, string>();
  readonly #order: string[] = [];
  #newest: ReceivedMessage[] = [];

  sent(id: string, group: string): void {
    this.live.set(id, group);
    this.#order.push(id);
  }

  received(messages: readonly ReceivedMessage[]): void {
    for (const message of messages) {
      assert.ok(this.live.has(message.MessageId), 'a deleted message came back');
      this.#newest = [...this.#newest.filter(({ MessageId }) => MessageId !== message.MessageId), message];
    }
  }

  /** In the order of sending. */
  liveOf(group: string): string[] {
    return this.#order.filter((id) => this.live.get(id) === group);
  }

  held(which: number): ReceivedMessage | undefined {
    return this.#newest[which % Math.max(1, this.#newest.length)];
  }

  deleted({ MessageId }: ReceivedMessage): void {
    this.live.delete(MessageId);
    this.#newest = this.#newest.filter((message) => message.MessageId !== MessageId);
  }

  counted(counts: readonly number[]): void {
    assert.equal(counts.reduce((sum, count) => sum + count, 0), this.live.size, `counts ${counts.join()} do not add up`);
  }
}

/** Of a group only what comes first may be received: its messages, from the first one on without a gap. */
class OrderWatch extends Watch {
  override received(messages: readonly ReceivedMessage[]): void {
    super.received(messages);
    const groups = new Map<string, string[]>();
    for (const { MessageId, Attributes } of messages) {
      const group = Attributes.MessageGroupId as string;
      groups.set(group, [...(groups.get(group) ?? []), MessageId]);
    }
    for (const [group, ids] of groups) assert.deepEqual(ids, this.liveOf(group).slice(0, ids.length));
  }
}

async function drain(t: Harness, url: string, watch: Watch): Promise<void> {
  for (let turn = 0; turn < 300 && watch.live.size > 0; turn += 1) {
    await t.clock.advance(1000);
    await t.clock.pass(61_000);
    const messages = t.receive(url, { MaxNumberOfMessages: 10 });
    watch.received(messages);
    for (const message of messages) {
      t.delete(url, message);
      watch.deleted(message);
    }
  }
}

describe('SQS, whatever is done', () => {
  for (const scale of [1, 60]) {
    it(`loses no message and brings none back, and counts add up (waits ×${scale})`, async () => {
      await fc.assert(fc.asyncProperty(steps, async (script) => {
        const t = new Harness();
        t.clock.scale = scale;
        const watch = new Watch();
        const url = t.create('q', { VisibilityTimeout: '30' });
        try {
          await run(t, url, false, script, watch);
          await drain(t, url, watch);
          assert.equal(watch.live.size, 0, 'a message was lost');
          assert.deepEqual(t.counts(url), [0, 0, 0]);
        } finally {
          t.close();
        }
      }), { numRuns: 60 });
    });
  }

  it('keeps the order of each group of a FIFO queue, through failures and restarts', async () => {
    await fc.assert(fc.asyncProperty(steps, fc.constantFrom('0', '5'), async (script, DelaySeconds) => {
      const t = new Harness();
      const watch = new OrderWatch();
      const url = t.create('q.fifo', { VisibilityTimeout: '30', ContentBasedDeduplication: 'true', DelaySeconds });
      try {
        await run(t, url, true, script, watch);
        await drain(t, url, watch);
        assert.equal(watch.live.size, 0, 'a message was lost');
      } finally {
        t.close();
      }
    }), { numRuns: 100 });
  });

  it('moves each message that fails to the dead-letter queue after exactly maxReceiveCount receives', async () => {
    await fc.assert(fc.asyncProperty(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 25 }), fc.integer({ min: 1, max: 10 }), fc.boolean(), async (count, sent, max, fifo) => {
      const t = new Harness();
      const [url, dead] = t.createWithDeadLetters(count, fifo ? '.fifo' : '', fifo ? { ContentBasedDeduplication: 'true' } : {});
      const receives = new Map<string, number>();
      try {
        for (let at = 0; at < sent; at += 1) receives.set(t.send(url, String(at), fifo ? { MessageGroupId: `g${at % 3}` } : {}).MessageId, 0);
        for (let turn = 0; turn < 1000 && t.counts(dead)[0] < sent; turn += 1) {
          for (const { MessageId } of t.receive(url, { MaxNumberOfMessages: max, VisibilityTimeout: 1 })) receives.set(MessageId, (receives.get(MessageId) ?? 0) + 1);
          await t.clock.pass(1000);
        }
        assert.deepEqual([t.counts(url), t.counts(dead)], [[0, 0, 0], [sent, 0, 0]]);
        assert.ok([...receives.values()].every((times) => times === count), [...receives.values()].join());
      } finally {
        t.close();
      }
    }), { numRuns: 30 });
  });
});
