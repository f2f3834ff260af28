import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Execution } from '../../../src/contracts/executions.ts';
import { panelVersion, type ExecutionRow, type PanelMessage, type PanelMessageBody } from '../../../src/protocol/panel.ts';
import { insertRows } from '../../../webview/rows.ts';
import { initialState, maxLogLines, reduce, requestsFor, selectedIndex, type PanelIntent, type PanelState } from '../../../webview/state.ts';

function row(sequence: number, more: Partial<ExecutionRow> = {}): ExecutionRow {
  return {
    id: `id-${sequence}`, sequence, functionName: 'PlaceOrder', invocationType: 'RequestResponse', source: 'editor',
    status: 'succeeded', receivedAt: 1_700_000_000_000 + sequence, coldStart: false, chain: '1-6924a3c1', ...more,
  };
}

function rows(from: number, to: number): ExecutionRow[] {
  return Array.from({ length: from - to + 1 }, (_, index) => row(from - index));
}

function host(body: PanelMessageBody): PanelMessage {
  return { version: panelVersion, ...body };
}

function detail(sequence: number, log = '', status: Execution['status'] = 'succeeded'): PanelMessage {
  const execution: Execution = {
    ...row(sequence), status, invokedFunctionArn: 'arn', executedVersion: '$LATEST', logType: 'None', traceId: 'Root=1', requestBytes: 2, attempts: [],
  };
  const cut = { cut: false };
  return host({
    type: 'detail', execution,
    content: { event: { text: '{}', length: 2, ...cut }, log: { text: log, length: log.length, ...cut }, logTruncated: false },
  });
}

function after(state: PanelState, ...events: (PanelIntent | PanelMessage)[]): PanelState {
  return events.reduce((current, event) => reduce(current, event), state);
}

const ready = host({ type: 'engine', state: 'ready', functionNames: [] });
const page = (request: number, listed: ExecutionRow[], complete = false) => host({ type: 'page', request, rows: listed, complete });
/** A list of the executions 10 to 6, with older ones not loaded, following the newest. */
const listed = after(initialState(), ready, page(1, rows(10, 6)));

describe('panel state', () => {
  it('asks for the first page when the engine is ready, and once only', () => {
    const started = reduce(initialState(), ready);
    assert.deepEqual(requestsFor(initialState(), started), [{ type: 'list', request: 1, limit: 200, filter: {} }]);
    assert.deepEqual(requestsFor(started, reduce(started, ready)), []);
  });

  it('asks again for list and detail when the engine came back', () => {
    const lost = after(listed, host({ type: 'engine', state: 'starting', functionNames: [] }));
    assert.equal(lost.rows.length, 5);
    assert.deepEqual(requestsFor(lost, reduce(lost, ready)).map(({ type }) => type), ['list', 'select']);
  });

  it('ignores the page of a filter that was changed since', () => {
    const state = after(listed, { type: 'filter', filter: { text: 'a' } }, { type: 'filter', filter: { text: 'ab' } }, page(2, rows(3, 1)));
    assert.equal(state.rows, listed.rows);
    assert.deepEqual(after(state, page(3, [row(2)], true)).rows, [row(2)]);
  });

  it('loads older pages before the last row, one at a time, until the history is complete', () => {
    const asking = reduce(listed, { type: 'load-more' });
    assert.deepEqual(asking.loading, { request: 2, limit: 200, before: 6 });
    assert.equal(reduce(asking, { type: 'load-more' }), asking);
    const complete = reduce(asking, page(2, rows(5, 1), true));
    assert.deepEqual(complete.rows.map(({ sequence }) => sequence), [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
    assert.equal(reduce(complete, { type: 'load-more' }), complete);
  });

  it('the End key loads page after page and ends at the oldest, unless something else is selected meanwhile', () => {
    const asking = reduce(listed, { type: 'load-all' });
    const more = reduce(asking, page(2, [row(5), row(4)]));
    assert.deepEqual(requestsFor(asking, more), [{ type: 'list', request: 3, limit: 1000, before: 4, filter: {} }]);
    const done = reduce(more, page(3, rows(3, 1), true));
    assert.equal(done.loadAll, false);
    assert.equal(done.rows.length, 10);
    assert.equal(done.selectedId, 'id-1');
    const elsewhere = after(more, { type: 'select', executionId: 'id-9' }, page(3, rows(3, 1), true));
    assert.equal(elsewhere.selectedId, 'id-9');
  });

  it('a failed page shows why and can be retried', () => {
    const failed = after(listed, { type: 'load-more' }, host({ type: 'page-failed', request: 2, message: 'The engine ended.' }));
    assert.equal(failed.listFailure, 'The engine ended.');
    assert.equal(reduce(failed, { type: 'load-more' }), failed);
    assert.equal(reduce(failed, { type: 'retry' }).listFailure, undefined);
  });

  it('puts new executions on top, replaces changed ones, and drops those that no longer match', () => {
    const state = reduce(listed, host({ type: 'rows-changed', rows: [row(12), row(9, { status: 'failed' }), row(11)], removed: ['id-7'] }));
    assert.deepEqual(state.rows.map(({ sequence, status }) => `${sequence} ${status}`), [
      '12 succeeded', '11 succeeded', '10 succeeded', '9 failed', '8 succeeded', '6 succeeded',
    ]);
  });

  it('leaves a row that is older than the loaded part to its page', () => {
    const changed = host({ type: 'rows-changed', rows: [row(2)], removed: [] });
    assert.equal(reduce(listed, changed).rows.length, 5);
    const complete = after(listed, { type: 'load-more' }, page(2, [], true), changed);
    assert.equal(complete.rows.at(-1)?.sequence, 2);
  });

  it('follows the newest execution until the user selects one', () => {
    assert.equal(listed.selectedId, 'id-10');
    const newer = host({ type: 'rows-changed', rows: [row(11)], removed: [] });
    assert.equal(reduce(listed, newer).selectedId, 'id-11');
    const chosen = after(listed, { type: 'select', executionId: 'id-8' }, newer);
    assert.equal(chosen.selectedId, 'id-8');
    assert.equal(selectedIndex(chosen), 3);
    assert.equal(reduce(chosen, { type: 'follow', follow: true }).selectedId, 'id-11');
  });

  it('selects the replay that was asked for, not another execution that arrives with it', () => {
    const state = after(
      listed, { type: 'select', executionId: 'id-8' }, { type: 'replay', executionId: 'id-8' },
      host({ type: 'rows-changed', rows: [row(11), row(12, { replayOf: 'id-8' }), row(13)], removed: [] }),
    );
    assert.equal(state.selectedId, 'id-12');
    assert.equal(reduce(state, host({ type: 'rows-changed', rows: [row(14, { replayOf: 'id-8' })], removed: [] })).selectedId, 'id-12');
  });

  it('takes only the detail of the selected execution', () => {
    assert.equal(reduce(listed, detail(9)).detail, undefined);
    assert.equal(reduce(listed, detail(10)).detail?.execution.id, 'id-10');
    const missing = reduce(listed, host({ type: 'detail-missing', executionId: 'id-10' }));
    assert.equal(missing.detailFailure?.missing, true);
    assert.equal(reduce(missing, { type: 'select', executionId: 'id-9' }).detailFailure, undefined);
  });

  it('adds live log lines and keeps the last of a long log', () => {
    const start = reduce(listed, detail(10, 'one\ntwo\n', 'running'));
    const longer = reduce(start, host({ type: 'log', executionId: 'id-10', lines: ['three'] }));
    assert.deepEqual(longer.detail?.log, { generation: 1, lines: ['one', 'two', 'three'], dropped: 0 });
    const flood = reduce(longer, host({ type: 'log', executionId: 'id-10', lines: Array.from({ length: maxLogLines }, (_, index) => `${index}`) }));
    assert.equal(flood.detail?.log.lines.length, maxLogLines);
    assert.equal(flood.detail?.log.dropped, 3);
    assert.equal(reduce(flood, host({ type: 'log', executionId: 'id-9', lines: ['x'] })), flood);
  });

  it('a cleared history keeps what runs and reads itself again', () => {
    const running = reduce(listed, host({ type: 'rows-changed', rows: [row(11, { status: 'running' })], removed: [] }));
    const cleared = reduce(running, host({ type: 'cleared' }));
    assert.deepEqual(cleared.rows.map(({ id }) => id), ['id-11']);
    assert.equal(cleared.selectedId, 'id-11');
    assert.equal(requestsFor(running, cleared)[0]?.type, 'list');
    assert.equal(reduce(listed, host({ type: 'cleared' })).selectedId, undefined);
  });

  it('keeps rows in order and without duplicates, whatever arrives', () => {
    fc.assert(fc.property(
      fc.uniqueArray(fc.nat(60), { minLength: 1 }), fc.array(fc.uniqueArray(fc.nat(60)), { maxLength: 8 }), fc.boolean(),
      (start, batches, complete) => {
        let current: readonly ExecutionRow[] = start.toSorted((a, b) => b - a).map((sequence) => row(sequence));
        const oldest = current.at(-1)?.sequence ?? 0;
        const expected = new Set(start);
        for (const batch of batches) {
          current = insertRows(current, batch.map((sequence) => row(sequence)), [], { complete, maxRows: 1000 });
          for (const sequence of batch) if (complete || sequence > oldest) expected.add(sequence);
        }
        assert.deepEqual(current.map(({ sequence }) => sequence), [...expected].toSorted((a, b) => b - a));
      },
    ));
  });
});
