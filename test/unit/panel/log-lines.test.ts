import assert from 'node:assert/strict';
import { levelOf, readable } from '../../../src/protocol/log-lines.ts';
import { condense, linesOf } from '../../../webview/log-lines.ts';

const id = '7b1d4f0e-52c3-4a0f-9d6e-000000000001';
const at = '2026-11-24T09:00:01.733Z';

describe('log lines', () => {
  for (const [line, level] of [
    [`${at}\t${id}\tINFO\tplaced`, 'info'], [`${at}\t${id}\tWARN\tlow`, 'warn'], [`${at}\t${id}\tERROR\tfailed`, 'error'],
    [`${at}\t${id}\tTRACE\tdeep`, 'debug'], [`[WARNING]\t${at}\t${id}\tlow`, 'warn'], [`[CRITICAL]\t${at}\t${id}\tgone`, 'error'],
    [`{"timestamp":"${at}","level":"DEBUG","message":"x"}`, 'debug'], [`{"level":"error","msg":"of a logger"}`, 'error'],
    [`START RequestId: ${id} Version: $LATEST`, 'platform'], [`REPORT RequestId: ${id}\tDuration: 1.00 ms`, 'platform'],
    [`{"time":"${at}","type":"platform.start","record":{}}`, 'platform'], ['INIT_START Runtime Version: nodejs:22.v1', 'platform'],
    ['plain print', undefined], ['an ERROR in the middle', undefined], ['{"level":30}', undefined],
  ] as const) {
    it(`${level ?? 'no level'}: ${line.slice(0, 60)}`, () => assert.equal(levelOf(line), level));
  }

  it('lose terminal colours and keep their line breaks', () => {
    assert.equal(readable('\u001b[31mred\u001b[0m\rsecond\r'), 'red\nsecond');
  });

  it('lose date and request id where runtimes write them, and nowhere else', () => {
    assert.deepEqual(condense(`${at}\t${id}\tINFO\tplaced`, id), { time: '09:00:01.733Z', text: 'INFO\tplaced' });
    assert.deepEqual(condense(`[ERROR]\t${at}\t${id}\tfailed`, id), { time: '09:00:01.733Z', text: '[ERROR]\tfailed' });
    assert.deepEqual(condense(`seen at ${at}`, id), { text: `seen at ${at}` });
  });

  it('are split at line feeds, the last of which starts no other', () => {
    assert.deepEqual(linesOf('a\n\nb\n'), ['a', '', 'b']);
    assert.deepEqual(linesOf(''), []);
  });
});
