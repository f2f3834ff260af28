/** Whatever is done to queues: their counts, what is offered and what is oldest are those of the rows. */
import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import type { QueueKey, StoredMessage } from '../../../src/contracts/queue-messages.ts';
import { SqliteQueueMessages } from '../../../src/store/queue-messages.ts';
import { queueMessagesSchema } from '../../../src/store/queue-messages-schema.ts';

const queue = fc.constantFrom('a' as const, 'b' as const);
const count = fc.integer({ min: 1, max: 5 });
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('send' as const), queue, count }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delay' as const), queue, count }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('receive' as const), queue, count, hidden: fc.constantFrom(0, 3, 50) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('delete' as const), queue, every: count }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('give back' as const), queue, every: count }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('promote' as const), queue, count }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('expire' as const), queue, count, age: fc.constantFrom(5, 20) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('move' as const), queue, count }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('pass' as const), by: fc.constantFrom(1, 10, -4) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('purge' as const), queue }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'reopen' as const }) },
);

interface Receipt {
  key: QueueKey;
  position: number;
  messageId: string;
  receives: number;
}

class Course {
  readonly #database = new DatabaseSync(':memory:');
  readonly #receipts: Receipt[] = [];
  #store: SqliteQueueMessages;
  #now = 1000;
  #ids = 0;

  constructor() {
    this.#database.exec(queueMessagesSchema);
    this.#store = new SqliteQueueMessages(this.#database);
  }

  close(): void {
    this.#database.close();
  }

  play(given: typeof step extends fc.Arbitrary<infer Step> ? Step : never): void {
    const store = this.#store;
    const key = (name: string) => store.open(name, false);
    switch (given.kind) {
      case 'send': this.#send(key(given.queue), given.count); break;
      case 'delay': this.#send(key(given.queue), given.count, this.#now + given.count); break;
      case 'receive': {
        const messages = store.ready(key(given.queue), given.count);
        store.receive(key(given.queue), messages, this.#now, this.#now + given.hidden);
        this.#receipts.push(...messages.map(({ position, messageId, receives }) => ({ key: key(given.queue), position, messageId, receives: receives + 1 })));
        break;
      }
      case 'delete': this.#delete(key(given.queue), given.every); break;
      case 'give back': {
        for (const { position } of store.list(key(given.queue), 100).filter(({ state }, index) => state === 'held' && index % given.every === 0)) {
          store.reschedule(key(given.queue), position, given.every % 2 === 0 ? 'returning' : 'ready', this.#now + given.every, this.#now);
        }
        break;
      }
      case 'promote': store.promote(key(given.queue), this.#now, this.#now, given.count); break;
      case 'expire': store.expire(key(given.queue), this.#now - given.age, given.count); break;
      case 'move': {
        for (const { position } of store.ready(key(given.queue), given.count)) store.move(key(given.queue), position, key(given.queue === 'a' ? 'b' : 'a'), { at: this.#now });
        break;
      }
      case 'pass': this.#now += given.by; break;
      case 'purge': store.retire(given.queue); break;
      case 'reopen': this.#store = new SqliteQueueMessages(this.#database);
    }
    while (this.#store.sweep(3));
  }

  check(): void {
    const store = this.#store;
    for (const name of ['a', 'b']) {
      const key = store.open(name, false);
      const rows = store.list(key, 1000);
      const of = (...states: StoredMessage['state'][]) => rows.filter(({ state }) => states.includes(state));
      assert.deepEqual(store.counts(key), { ready: of('ready').length, inFlight: of('held', 'returning').length, delayed: of('delayed').length });
      const offered = [...of('ready')].sort((a, b) => a.at - b.at || a.position - b.position).map(({ position }) => position);
      assert.deepEqual(store.ready(key, 1000).map(({ position }) => position), offered);
      assert.equal(store.oldest(key), rows.length === 0 ? undefined : Math.min(...rows.map(({ sentAt }) => sentAt)));
      for (const { messageId, position } of rows) assert.equal(store.find(key, messageId)?.position, position);
    }
  }

  #send(key: QueueKey, messages: number, delayedUntil?: number): void {
    for (let index = 0; index < messages; index += 1) {
      this.#ids += 1;
      const messageId = `00000000-0000-4000-8000-${String(this.#ids).padStart(12, '0')}`;
      this.#store.add(key, { messageId, body: 'x'.repeat(index), bodyMd5: 'm', sentAt: this.#now, ...(delayedUntil === undefined ? {} : { delayedUntil }) });
    }
  }

  /** With receipts new and old, of this and other queues, of messages that are still there and that are not. */
  #delete(key: QueueKey, every: number): void {
    const receipts = this.#receipts.filter((_, index) => index % every === 0);
    const before = this.#store.list(key, 1000);
    const kept = this.#store.removeReceived(key, receipts);
    const is = (message: StoredMessage, receipt: Receipt) => receipt.key === key && receipt.position === message.position;
    const earned = (message: StoredMessage) => receipts.some((receipt) => is(message, receipt) && receipt.receives === message.receives);
    assert.deepEqual(this.#store.list(key, 1000).map(({ position }) => position), before.filter((message) => !earned(message)).map(({ position }) => position));
    assert.deepEqual(new Set(kept), new Set(before.filter((message) => receipts.some((receipt) => is(message, receipt) && receipt.receives !== message.receives)).map(({ position }) => position)));
  }
}

describe('queue messages in SQLite, whatever is done to them', () => {
  it('are counted, offered longest visible first, and deleted only by the receipt of their last receive', () => {
    fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const course = new Course();
      try {
        for (const each of steps) {
          course.play(each);
          course.check();
        }
      } finally {
        course.close();
      }
    }), { numRuns: 200 });
  });
});
