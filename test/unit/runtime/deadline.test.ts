import assert from 'node:assert/strict';
import { Deadline } from '../../../src/runtime/deadline.ts';

const pause = (milliseconds: number) => new Promise<void>((resolve) => { setTimeout(resolve, milliseconds); });

describe('the time limit of an environment', () => {
  let passed: number;
  let heard: PromiseWithResolvers<void>;
  let deadline: Deadline;
  beforeEach(() => {
    passed = 0;
    heard = Promise.withResolvers<void>();
    deadline = new Deadline(() => {
      passed += 1;
      heard.resolve();
    });
  });
  afterEach(() => deadline.close());

  it('passes once, not before its time', async () => {
    const started = performance.now();
    deadline.set(20);
    await heard.promise;
    assert.ok(performance.now() - started >= 20);
    await pause(30);
    assert.equal(passed, 1);
  });

  it('says nothing about an invocation that ended in time', async () => {
    deadline.set(10);
    deadline.clear();
    await pause(30);
    assert.equal(passed, 0);
  });

  it('does not take the timer of an earlier invocation for its own', async () => {
    deadline.set(10);
    deadline.clear();
    const started = performance.now();
    deadline.set(60);
    await heard.promise;
    assert.ok(performance.now() - started >= 60);
    assert.equal(passed, 1);
  });

  it('passes in time when the earlier limit was longer', async () => {
    deadline.set(60_000);
    deadline.clear();
    deadline.set(5);
    await heard.promise;
    assert.equal(passed, 1);
  });

  it('is over with its environment', async () => {
    deadline.set(5);
    deadline.close();
    await pause(20);
    assert.equal(passed, 0);
  });
});
