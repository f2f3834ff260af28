/** What people type about the speed of waits and about stretches of time. */
import assert from 'node:assert/strict';
import { readScale, readStretch, scaleProblem, stretchProblem } from '../../../src/ui/time-words.ts';

describe('time as typed', () => {
  it('scale: a number from 1 to 3600, with or without ×', () => {
    assert.deepEqual(['1', '60', '×600', 'x 2.5', ' 3600 '].map(readScale), [1, 60, 600, 2.5, 3600]);
    assert.deepEqual(['', '0', '0.5', '3601', '-60', 'fast', '1e3', '60s'].map(readScale), Array.from({ length: 8 }, () => undefined));
    assert.equal(scaleProblem('60'), undefined);
    assert.match(scaleProblem('0') ?? '', /1 \(real time\) to 3600/);
  });

  it('stretch: seconds, minutes, hours, days, also together', () => {
    assert.deepEqual(['90', '90 s', '5 min', '5m', '1 h 30 min', '2d', '1.5h', '365 d'].map(readStretch), [90, 90, 300, 300, 5400, 172_800, 5400, 31_536_000]);
    assert.deepEqual(['', '0', 'soon', '5 parsecs', '5 min later', '366 d', '-5 min', '5 x 3 min'].map(readStretch), Array.from({ length: 8 }, () => undefined));
    assert.match(stretchProblem('soon') ?? '', /90 s, 5 min/);
  });
});
