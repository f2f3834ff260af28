import assert from 'node:assert/strict';
import fc from 'fast-check';
import { indentJson, layOutJson, type JsonPieceKind } from '../../../src/protocol/panel-json.ts';

function pieces(text: string): [JsonPieceKind, string][] {
  const found: [JsonPieceKind, string][] = [];
  layOutJson(text, (kind, piece) => { if (kind !== 'space') found.push([kind, piece]); });
  return found;
}

describe('JSON layout', () => {
  it('is what JSON.stringify with two spaces gives, for any value', () => {
    fc.assert(fc.property(fc.json(), fc.constantFrom(0, 2, '\t'), (json, space) => {
      const value: unknown = JSON.parse(json);
      assert.equal(indentJson(JSON.stringify(value, null, space)), JSON.stringify(value, null, 2));
    }));
  });

  it('keeps numbers, escapes and duplicate keys as they were written', () => {
    const text = '{"id":12345678901234567890,"a":"\\u00e9\\"\\\\","a":1.0,"e":-1E+2}';
    assert.equal(indentJson(text), '{\n  "id": 12345678901234567890,\n  "a": "\\u00e9\\"\\\\",\n  "a": 1.0,\n  "e": -1E+2\n}');
  });

  it('tells keys from strings, numbers and literals', () => {
    assert.deepEqual(pieces('{"a":["b",1,null,true]}'), [
      ['punctuation', '{'], ['key', '"a"'], ['punctuation', ':'], ['punctuation', '['], ['string', '"b"'], ['punctuation', ','],
      ['number', '1'], ['punctuation', ','], ['literal', 'null'], ['punctuation', ','], ['literal', 'true'],
      ['punctuation', ']'], ['punctuation', '}'],
    ]);
  });

  it('lays out every prefix of a JSON text without losing a character of it', () => {
    fc.assert(fc.property(fc.json(), fc.nat(), (json, length) => {
      const compact = JSON.stringify(JSON.parse(json));
      const prefix = compact.slice(0, length % (compact.length + 1));
      assert.equal(pieces(prefix).map(([, piece]) => piece).join(''), prefix);
    }));
  });

  it('passes on what is not JSON as it is', () => {
    for (const text of ['Hello, world: [1', '<html>\n  <p>"x"</p>', 'undefined is not a function', ']', '{"a":1]  rest']) {
      assert.ok(indentJson(text).endsWith(text.slice(text.indexOf(' ') + 1)), text);
    }
    assert.equal(indentJson('plain text with spaces\nand lines'), 'plain text with spaces\nand lines');
  });

  it('does not grow a text of brackets by its square', () => {
    const depth = 20_000;
    assert.ok(indentJson('['.repeat(depth) + ']'.repeat(depth)).length < depth * 300);
  });
});
