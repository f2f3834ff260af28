/** A tree view tells VS Code only of the rows that look different. */
import assert from 'node:assert/strict';
import type { TreeItem } from 'vscode';
import { TreeRows } from '../../../src/ui/tree-rows.ts';

interface Row {
  name: string;
  text: string;
  below: Row[];
}

const row = (name: string, text = '', below: Row[] = []): Row => ({ name, text, below });

function view(top: Row[]) {
  const shown = { top };
  const rows = new TreeRows<Row>({
    keyOf: ({ name }) => name,
    childrenOf: (node) => (node ? node.below : shown.top),
    itemOf: ({ name, text }) => ({ id: name, label: name, description: text }) as TreeItem,
  });
  const changed = () => rows.changes().map((node) => node?.name ?? 'all');
  assert.deepEqual(changed(), ['all']);
  return { rows, changed, show: (next: Row[]) => { shown.top = next; } };
}

describe('rows of a tree view', () => {
  it('asks for nothing when everything looks as it did', () => {
    const { changed, show } = view([row('one'), row('two', '', [row('three')])]);
    show([row('one'), row('two', '', [row('three')])]);
    assert.deepEqual(changed(), []);
  });

  it('asks for the row that changed, not for its neighbours or those above', () => {
    const { changed, show } = view([row('one'), row('two', '', [row('three'), row('four')])]);
    show([row('one'), row('two', '', [row('three', 'running'), row('four')])]);
    assert.deepEqual(changed(), ['three']);
    show([row('one', 'failed'), row('two', '', [row('three', 'running'), row('four', 'running')])]);
    assert.deepEqual(changed(), ['one', 'four']);
    assert.deepEqual(changed(), []);
  });

  it('asks for the row above where one came, went or moved, and for none below it', () => {
    const { changed, show } = view([row('one'), row('two', '', [row('three'), row('four')])]);
    show([row('one'), row('two', '', [row('four', 'changed'), row('three')])]);
    assert.deepEqual(changed(), ['two']);
    show([row('one'), row('two', '', [row('four', 'changed')])]);
    assert.deepEqual(changed(), ['two']);
    show([row('two', 'changed', [row('four')])]);
    assert.deepEqual(changed(), ['all']);
  });

  it('keeps one object for each row, which holds what is new of it, also where it looks the same', () => {
    const { rows, changed, show } = view([row('one', 'text')]);
    const first = rows.kept(row('one', 'text'));
    const next = row('one', 'text', []);
    show([next]);
    assert.deepEqual(changed(), []);
    assert.equal(rows.kept(next), first);
    assert.equal(first.below, next.below);
    show([]);
    assert.deepEqual(changed(), ['all']);
    assert.notEqual(rows.kept(row('one')), first);
  });

  it('counts what is shown beside the item, for example a tooltip made later', () => {
    let tooltip = 'one';
    const only = row('only');
    const rows = new TreeRows<Row>({ keyOf: ({ name }) => name, childrenOf: (node) => (node ? [] : [only]), itemOf: ({ name }) => ({ id: name, label: name }) as TreeItem, moreOf: () => tooltip });
    rows.changes();
    tooltip = 'two';
    assert.deepEqual(rows.changes(), [only]);
  });
});
