import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { ScaledClock } from '../../../src/host/scaled-clock.ts';
import { memoryDocuments } from '../lambda/fakes.ts';

type Store = ConstructorParameters<typeof ScaledClock>[0];

function clockAt(time: { now: number }, store: Store = memoryDocuments().collection('clock')) {
  return new ScaledClock(store, () => time.now);
}

describe('the wait axis', () => {
  it('moves 60 times as fast as real time at first', () => {
    const time = { now: 1000 };
    const clock = clockAt(time);
    const start = clock.waitNow();
    time.now += 1000;
    assert.equal(clock.waitNow() - start, 60_000);
    assert.equal(clock.state().scale, 60);
  });

  it('goes on from where it is when the scale changes, and jumps when it is advanced', () => {
    const time = { now: 1000 };
    const clock = clockAt(time);
    const start = clock.waitNow();
    time.now += 100;
    clock.setScale(1);
    assert.equal(clock.waitNow() - start, 6000);
    time.now += 100;
    assert.equal(clock.waitNow() - start, 6100);
    clock.advance(60);
    assert.equal(clock.waitNow() - start, 66_100);
  });

  it('goes on over a restart, with its scale', () => {
    const time = { now: 1000 };
    const store: Store = memoryDocuments().collection('clock');
    const first = clockAt(time, store);
    first.setScale(600);
    const before = first.waitNow();
    time.now += 1000;
    const second = clockAt(time, store);
    assert.deepEqual([second.state().scale, second.waitNow() - before], [600, 600_000]);
  });

  it('never goes back when the system clock does', () => {
    const time = { now: 10_000 };
    const clock = clockAt(time);
    time.now += 1000;
    const reached = clock.waitNow();
    time.now -= 5000;
    assert.equal(clock.waitNow(), reached);
  });

  it('does not stand still until a clock that was set back is as late again, nor does the next engine', () => {
    const time = { now: 10_000 };
    const store: Store = memoryDocuments().collection('clock');
    const clock = clockAt(time, store);
    time.now += 1000;
    const reached = clock.waitNow();
    time.now -= 3_600_000;
    assert.equal(clock.waitNow(), reached);
    time.now += 100;
    assert.equal(clock.waitNow() - reached, 6000);
    time.now -= 3_600_000;
    const next = clockAt(time, store);
    const begun = next.waitNow();
    time.now += 100;
    assert.equal(next.waitNow() - begun, 6000);
  });

  it('repeats never end sooner than 250 ms of real time', () => {
    const time = { now: 0 };
    const clock = clockAt(time);
    for (const [scale, aws, expected] of [[60, 60_000, 60_000], [600, 60_000, 150_000], [1, 100, 250]] as const) {
      clock.setScale(scale);
      assert.equal(clock.repeatDue(aws) - clock.waitNow(), expected);
    }
  });

  it('says how long ago in real time a wait ended', () => {
    const time = { now: 0 };
    const clock = clockAt(time);
    const due = clock.waitNow() + 60_000;
    time.now += 3000;
    assert.equal(clock.overdue(due), 2000);
    assert.equal(clock.overdue(clock.waitNow() + 1), 0);
  });

  it('calls back when a wait is over: by itself, at once when advanced, never when cancelled', async () => {
    const clock = new ScaledClock(memoryDocuments().collection('clock'));
    const ended: string[] = [];
    clock.afterWait(clock.waitNow() + 60_000 * 60, () => ended.push('far'));
    clock.afterWait(clock.waitNow() + 60, () => ended.push('near'));
    const cancel = clock.afterWait(clock.waitNow() + 60, () => ended.push('cancelled'));
    cancel();
    for (let turn = 0; turn < 100 && ended.length === 0; turn += 1) await delay(5);
    assert.deepEqual(ended, ['near']);
    clock.advance(3600);
    for (let turn = 0; turn < 100 && ended.length === 1; turn += 1) await delay(5);
    assert.deepEqual(ended, ['near', 'far']);
  });

  it('refuses a scale or a jump out of range, and tells of changes', () => {
    const clock = clockAt({ now: 0 });
    const scales: number[] = [];
    const stop = clock.onDidChange(({ scale }) => scales.push(scale));
    for (const scale of [0, 0.5, 3601, Number.NaN]) assert.throws(() => clock.setScale(scale), /from 1 \(real time\) to 3600/);
    for (const seconds of [-1, Number.NaN]) assert.throws(() => clock.advance(seconds), /advanceSeconds/);
    clock.setScale(1);
    stop();
    clock.setScale(2);
    assert.deepEqual(scales, [1]);
  });
});
