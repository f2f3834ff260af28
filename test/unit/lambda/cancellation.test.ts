import assert from 'node:assert/strict';
import { Cancellation } from '../../../src/contracts/cancellation.ts';

describe('cancellation', () => {
  it('tells the one that listens now, once', () => {
    const heard: string[] = [];
    const cancellation = new Cancellation();
    cancellation.follow(() => heard.push('first'));
    cancellation.follow(() => heard.push('second'));
    cancellation.cancel();
    cancellation.cancel();
    assert.deepEqual([heard, cancellation.cancelled], [['second'], true]);
  });

  it('tells at once whoever comes too late, and nobody who has left', () => {
    const heard: string[] = [];
    const cancellation = new Cancellation();
    cancellation.follow(() => heard.push('left'));
    cancellation.follow(undefined);
    cancellation.cancel();
    cancellation.follow(() => heard.push('late'));
    assert.deepEqual(heard, ['late']);
  });
});
