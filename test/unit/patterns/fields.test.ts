/** Fields: names, arrays, absence, `$or`; facts of section 4.2 of the fact sheet. */
import { matches, misses, refuses } from './answers.ts';

describe('fields of event patterns', () => {
  it('fields are ANDed, the values of one field ORed', () => {
    const pattern = { a: ['x', 'y'], b: ['z'] };
    matches(pattern, { a: 'y', b: 'z', c: 1 });
    misses(pattern, { a: 'y' });
    misses(pattern, { a: 'z', b: 'z' });
  });

  it('an array of the event matches when one of its values does', () => {
    matches({ a: ['x', 'y'] }, { a: ['q', 'y'] });
    misses({ a: ['x'] }, { a: ['q'] });
    misses({ a: ['x'] }, { a: [] });
  });

  it('nested arrays are flattened', () => {
    matches({ a: ['x'] }, { a: [[['x']], 1] });
    matches({ a: { b: ['x'] } }, { a: [[{ b: 1 }], [{ b: 'x' }]] });
  });

  it('names and values are case-sensitive', () => {
    misses({ a: ['x'] }, { A: 'x' });
    misses({ a: ['x'] }, { a: 'X' });
  });

  it('a dot in a name is the same as nesting, in the pattern and in the event', () => {
    for (const pattern of [{ 'a.b.c': ['x'] }, { a: { 'b.c': ['x'] } }, { 'a.b': { c: ['x'] } }]) {
      for (const event of [{ 'a.b.c': 'x' }, { a: { 'b.c': 'x' } }, { 'a.b': { c: 'x' } }, { a: { b: { c: 'x' } } }]) matches(pattern, event);
      misses(pattern, { a: { b: 'x' } });
    }
    misses({ 'a.b': { b: ['x'] } }, { a: { b: 'x' } });
    matches({ a: { b: ['x'] } }, { 'a.b': 'x', a: { b: 'y' } });
  });

  it('of two arrays at one path in a pattern the last wins', () => {
    matches('{"a":["x"],"a":["y"]}', { a: 'y' });
    misses('{"a":["x"],"a":["y"]}', { a: 'x' });
    misses('{"a":{"b":["x"]},"a.b":["y"]}', { a: { b: 'x' } });
  });

  it('two objects under one name in a pattern are merged', () => {
    const pattern = '{"dynamodb":{"Keys":{"id":["1"]}},"dynamodb":{"NewImage":{"x":["2"]}}}';
    matches(pattern, { dynamodb: { Keys: { id: '1' }, NewImage: { x: '2' } } });
    misses(pattern, { dynamodb: { NewImage: { x: '2' } } });
  });

  it('of a duplicate key in an event both values take part', () => {
    for (const value of ['"x"', '"y"']) matches(`{"a":[${value}]}`, '{"a":"x","a":"y"}');
    matches('{"a":{"b":["1"],"c":["2"]}}', '{"a":{"b":"1"},"a":{"c":"2"}}');
  });

  it('keys of an event may be escaped', () => {
    matches({ ab: ['x'] }, '{"\\u0061b":"x"}');
    matches({ 'a"b': ['x'] }, { 'a"b': 'x' });
    matches({ a: { 'b\\': ['x'] } }, '{"a\\u002eb\\\\":"x"}');
  });

  it('fields of one array of objects must match in the same element', () => {
    const pattern = { a: { b: ['x'], c: ['y'] } };
    matches(pattern, { a: [{ b: 'q' }, { b: 'x', c: 'y' }] });
    misses(pattern, { a: [{ b: 'x', c: 'q' }, { b: 'q', c: 'y' }] });
    misses(pattern, { a: [[{ b: 'x' }], [{ c: 'y' }]] });
    misses(pattern, { a: [[{ b: 'x' }, { c: 'y' }]] });
  });

  it('elements of inner arrays are tied through the outer ones', () => {
    const pattern = { a: { b: { c: ['1'], d: ['2'] }, e: ['3'] } };
    matches(pattern, { a: [{ b: [{ c: '1' }, { c: '1', d: '2' }], e: '3' }] });
    misses(pattern, { a: [{ b: [{ c: '1', d: '2' }], e: 'q' }, { b: [], e: '3' }] });
    misses(pattern, { a: [{ b: [{ c: '1' }], e: '3' }, { b: [{ d: '2' }], e: '3' }] });
  });

  it('sibling arrays are not tied to each other', () => {
    matches({ a: { b: ['x'] }, c: { d: ['y'] } }, { a: [{ b: 'q' }, { b: 'x' }], c: [{ d: 'y' }, { d: 'q' }] });
    matches({ a: { b: { z: ['x'] }, c: { z: ['y'] } } }, { a: [{ b: [{ z: 'q' }, { z: 'x' }], c: [{ z: 'y' }] }] });
  });

  it('plain values of an array are not tied', () => {
    matches({ a: ['x'], b: ['y'] }, { a: ['q', 'x'], b: ['y', 'q'] });
    matches({ a: { b: ['x'], c: ['y'] } }, { a: { b: ['q', 'x'], c: ['y', 'q'] } });
  });

  it('absence is seen from the element that the fields before it chose', () => {
    const absentLast = { a: { b: ['x'], c: [{ exists: false }] } };
    matches(absentLast, { a: [{ b: 'x' }, { b: 'q', c: 1 }] });
    misses(absentLast, { a: [{ b: 'x', c: 1 }, { b: 'q' }] });
    matches({ a: [{ exists: true }], 'a.c': [{ exists: false }] }, { a: [['q'], 'q', { c: 1 }] });
    misses({ a: [{ exists: true }], 'a.c': [{ exists: false }] }, { a: ['q', { c: 1 }] });
    const absentFirst = { a: { b: [{ exists: false }], c: ['x'] } };
    misses(absentFirst, { a: [{ c: 'x' }, { b: 1, c: 'q' }] });
    matches(absentFirst, { a: [{ c: 'x' }, { c: 'q' }] });
  });

  it('many elements are found as few are', () => {
    const filler = Array.from({ length: 40 }, (_, index) => ({ b: index % 2 ? 'x' : 'q', c: index % 2 ? 'q' : 'y', d: [{ e: 'z' }] }));
    const pattern = { a: { b: ['x'], c: ['y'], d: { e: ['z'] } } };
    misses(pattern, { a: filler });
    matches(pattern, { a: [...filler, { b: 'x', c: 'y', d: [{ e: 'q' }, { e: 'z' }] }] });
    misses(pattern, { a: [...filler, { b: 'x', c: 'y', d: [{ e: 'q' }] }] });
  });

  it('exists looks at leaves: not at objects, empty arrays or empty objects', () => {
    for (const value of [1, 'x', true, null, '', [null], [1, {}], [[0]]]) {
      matches({ a: [{ exists: true }] }, { a: value });
      misses({ a: [{ exists: false }] }, { a: value });
    }
    for (const value of [{}, [], { b: 1 }, [{}], [[]], [{ b: 1 }]]) {
      misses({ a: [{ exists: true }] }, { a: value });
      matches({ a: [{ exists: false }] }, { a: value });
    }
    matches({ a: [{ exists: false }] }, {});
    misses({ a: [{ exists: true }] }, {});
  });

  it('a field may be absent or have a value', () => {
    const pattern = { a: [{ exists: false }, 'x'], b: ['y'] };
    matches(pattern, { b: 'y' });
    matches(pattern, { a: 'x', b: 'y' });
    misses(pattern, { a: 'q', b: 'y' });
  });

  it('JSON inside a string is not parsed', () => {
    misses({ a: { b: ['x'] } }, { a: '{"b":"x"}' });
  });

  it('$or offers alternatives, beside and inside other fields', () => {
    const pattern = { s: ['1'], $or: [{ a: ['x'] }, { b: ['y'], $or: [{ c: ['p'] }, { d: { e: ['q'] } }] }] };
    matches(pattern, { s: '1', a: 'x' });
    matches(pattern, { s: '1', b: 'y', d: { e: 'q' } });
    misses(pattern, { s: '1', b: 'y' });
    misses(pattern, { a: 'x' });
    matches({ d: { $or: [{ a: ['x'] }, { b: ['y'] }] } }, { d: { b: 'y' } });
  });

  it('fields behind $or are added to all alternatives, and override there', () => {
    matches('{"$or":[{"a":["x"]},{"b":["y"]}],"a":["z"]}', { a: 'z', b: 'y' });
    matches('{"$or":[{"a":["x"]},{"b":["y"]}],"a":["z"]}', { a: 'z' });
    misses('{"$or":[{"a":["x"]},{"b":["y"]}],"a":["z"]}', { a: 'x' });
  });

  it('$or takes two objects or more, whose names are no operators', () => {
    refuses({ $or: { a: ['x'] } }, 'It must be an Array followed with $or.');
    refuses({ $or: [{ a: ['x'] }] }, 'There must have at least 2 Objects in $or relationship.');
    refuses({ $or: [{ a: ['x'] }, 'b'] }, 'Only JSON object is allowed in array of $or relationship.');
    refuses({ $or: [{ a: ['x'] }, { b: { numeric: ['y'] } }] }, 'numeric is Ruler reserved fieldName which cannot be used inside $or.');
    matches({ numeric: ['x'] }, { numeric: 'x' });
  });

  it('a pattern is an object of objects and arrays, none of them empty', () => {
    refuses('[]', 'Filter is not an object');
    refuses('', 'Filter is not an object');
    refuses('{}', 'Empty objects are not allowed');
    refuses({ a: {} }, 'Empty objects are not allowed');
    refuses({ a: [] }, 'Empty arrays are not allowed');
    for (const value of ['x', 1, null, true]) refuses({ a: { b: value } }, '"b" must be an object or an array');
    refuses({ a: [['x']] }, 'Match value must be String, number, true, false, or null');
  });

  it('an event that is no JSON object matches nothing', () => {
    for (const event of ['', 'text', '"x"', '[{"a":"x"}]', 'null', '{"a":"x"', '{"a":"x"}}']) misses({ a: ['x'] }, event);
  });

  it('a sub-rule has at most 256 fields', () => {
    const fields = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`f${index}`, ['x']]));
    misses(fields(256), {});
    refuses(fields(257), 'Size of rule exceeds max value of 256');
  });
});
