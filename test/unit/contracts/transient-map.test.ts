import assert from 'node:assert/strict';
import { TransientMap } from '../../../src/contracts/transient-map.ts';

describe('TransientMap', () => {
  it('holds what was set until it is deleted, in order', () => {
    const map = new TransientMap<number>();
    for (const [value, id] of ['b', 'a', 'c'].entries()) map.set(id, value);
    map.set('b', 10);
    assert.deepEqual(map.entries(), [['b', 10], ['a', 1], ['c', 2]]);
    assert.equal(map.delete('a'), true);
    assert.equal(map.delete('a'), false);
    assert.equal(map.get('a'), undefined);
    assert.equal(map.size, 2);
    map.set('a', 3);
    assert.deepEqual(map.keys(), ['b', 'c', 'a']);
    assert.deepEqual(map.values(), [10, 2, 3]);
  });

  it('knows no id that was not set', () => {
    const map = new TransientMap<unknown>();
    for (const id of ['__proto__', 'constructor', 'toString']) {
      assert.equal(map.get(id), undefined, id);
      assert.equal(map.delete(id), false, id);
    }
    map.set('__proto__', 'one');
    assert.deepEqual([map.get('__proto__'), map.size, map.keys()], ['one', 1, ['__proto__']]);
  });

  it('counts an id whose value is undefined', () => {
    const map = new TransientMap<undefined>();
    map.set('a', undefined);
    map.set('a', undefined);
    assert.equal(map.size, 1);
    assert.equal(map.delete('a'), true);
    assert.equal(map.size, 0);
  });

  it('is empty when it was cleared, and can be filled again', () => {
    const map = new TransientMap<number>();
    map.set('a', 1);
    map.clear();
    assert.deepEqual([map.size, map.get('a'), map.entries()], [0, undefined, []]);
    map.set('b', 2);
    assert.deepEqual(map.entries(), [['b', 2]]);
  });
});
