import assert from 'node:assert/strict';
import { BusyWait } from '../../../src/runtime/busy-wait.ts';

const pause = (milliseconds: number) => new Promise<void>((resolve) => { setTimeout(resolve, milliseconds); });

/** Turns of the event loop that keep it from sleeping, as long as there are any. */
function turns(): { count: () => number; stop: () => void } {
  const { setImmediate: real } = globalThis;
  let count = 0;
  globalThis.setImmediate = ((callback: () => void) => {
    count += 1;
    return real(callback);
  }) as typeof setImmediate;
  return { count: () => count, stop: () => { globalThis.setImmediate = real; } };
}

describe('waiting without sleep', () => {
  let counted: ReturnType<typeof turns>;
  beforeEach(() => { counted = turns(); });
  afterEach(() => counted.stop());

  it('does not begin with a payload that comes after a rest', async () => {
    const wait = new BusyWait();
    wait.begin();
    await pause(20);
    assert.equal(counted.count(), 0);
    wait.end();
  });

  it('goes on with a payload that follows an answer, and ends by itself when no answer comes', async () => {
    const wait = new BusyWait();
    wait.begin();
    wait.end();
    wait.begin();
    await pause(20);
    const before = counted.count();
    assert.ok(before >= 1);
    await pause(20);
    assert.equal(counted.count(), before);
    wait.end();
  });

  it('is given up for 32 payloads after an answer that came late', async () => {
    const wait = new BusyWait();
    const follow = () => {
      wait.begin();
      wait.end();
    };
    /** Whether a payload that follows an answer at once is waited for. */
    const waits = async () => {
      wait.begin();
      const before = counted.count();
      await pause(20);
      return counted.count() > before;
    };
    follow();
    assert.equal(await waits(), true);
    // That took 20 milliseconds.
    wait.end();
    assert.equal(await waits(), false);
    wait.end();
    for (let payload = 2; payload <= 32; payload += 1) follow();
    assert.equal(await waits(), true);
    wait.end();
  });

  it('does not begin while other invocations run', async () => {
    const wait = new BusyWait();
    wait.begin();
    wait.begin();
    wait.end();
    await pause(20);
    assert.equal(counted.count(), 0);
    wait.end();
  });

  it('begins with the answer, and ends by itself when nothing more is asked', async () => {
    const wait = new BusyWait();
    wait.begin();
    wait.end();
    await pause(20);
    const after = counted.count();
    assert.ok(after >= 1);
    await pause(20);
    assert.equal(counted.count(), after);
  });
});
