/** Asynchronous invocation as a person drives it, inside a real VS Code: commands, trees and status bar. */
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { Execution } from '../../src/contracts/executions.ts';
import type { ExtensionInternals } from '../../src/extension.ts';
import { getExecution, type InvokeResult } from '../../src/protocol/engine.ts';
import { extensionId, until } from './support.ts';

const encoder = new TextEncoder();

/** Fails as often as the event says, counting in a file; then passes on what its event holds. */
const flaky = `
const { existsSync, readFileSync, writeFileSync } = require('node:fs');
exports.handler = async (event) => {
  const tried = existsSync(event.file) ? Number(readFileSync(event.file, 'utf8')) : 0;
  writeFileSync(event.file, String(tried + 1));
  if (tried < event.failures) throw new TypeError('not yet: ' + (tried + 1));
  return { tried: tried + 1 };
};
exports.link = async (event) => ({ from: process.env.AWS_LAMBDA_FUNCTION_NAME, got: Object.keys(event) });
`;

describe('asynchronous invocation in a trusted workspace', () => {
  let internals: ExtensionInternals;
  let root: vscode.Uri;
  const write = (path: string, text: string) => vscode.workspace.fs.writeFile(vscode.Uri.joinPath(root, path), encoder.encode(text));
  const setting = (name: string, value: unknown) => vscode.workspace.getConfiguration('localLambda').update(name, value, vscode.ConfigurationTarget.Workspace);
  const treeItem = (name: string) => {
    const node = internals.tree.getChildren().find((candidate) => candidate.kind === 'function' && candidate.summary.name === name);
    return node && internals.tree.getTreeItem(node);
  };
  const invokeAsync = async (name: string, payload: unknown) => {
    const result = await vscode.commands.executeCommand<InvokeResult>('localLambda.invokeAsync', name, { payload: JSON.stringify(payload) });
    assert.equal(result.statusCode, 202);
    return result.executionId;
  };
  const execution = (id: string) => internals.engine.request(getExecution, { id }) as Promise<Execution>;
  /** The newest state of an execution that passes the test, as notifications bring it. */
  const seen = async (id: string, test: (state: Execution) => boolean): Promise<Execution> => {
    let newest: Execution | undefined = await execution(id);
    const subscription = internals.engine.onDidChangeExecutions((changed) => { newest = changed.findLast((candidate) => candidate.id === id) ?? newest; });
    try {
      return await until(internals.engine.onDidChangeExecutions, () => (newest && test(newest) ? newest : undefined));
    } finally {
      subscription.dispose();
    }
  };

  before(async () => {
    root = vscode.workspace.workspaceFolders![0]!.uri;
    internals = await vscode.extensions.getExtension<ExtensionInternals>(extensionId)!.activate();
    await vscode.commands.executeCommand('localLambda.functions.focus');
    await setting('openRecordAfterInvoke', 'never');
    await until(internals.engine.onDidChangeState, () => (internals.engine.state === 'ready' ? true : undefined));
    await write('async/index.js', flaky);
    const functions = Object.fromEntries([['Flaky', 'async/index.handler'], ['First', 'async/index.link'], ['Second', 'async/index.link'], ['Third', 'async/index.link']]
      .map(([name, handler]) => [name, { handler, runtime: 'nodejs22.x', timeout: 10 }]));
    await write('.local-lambda/functions.json', JSON.stringify({ functions }));
    await until(internals.states.onDidChange, () => internals.states.find('Third'));
    // Waits pass when the tests say so.
    await vscode.commands.executeCommand('localLambda.setTimeScale', 1);
  });

  after(async () => {
    await vscode.commands.executeCommand('localLambda.setTimeScale', 60);
    await vscode.workspace.fs.delete(vscode.Uri.joinPath(root, '.local-lambda/functions.json'));
    await vscode.workspace.fs.delete(vscode.Uri.joinPath(root, 'async'), { recursive: true });
    await until(internals.states.onDidChange, () => (internals.states.find('Third') ? undefined : true));
  });

  it('a new window is paused, without a Resume where nothing waits', () => {
    assert.equal(internals.engine.status.paused, true);
    assert.equal(internals.time.texts.resume, undefined);
  });

  it('an event that fails twice waits a minute, then two, and then succeeds', async () => {
    const id = await invokeAsync('Flaky', { file: vscode.Uri.joinPath(root, 'async/count').fsPath, failures: 2 });
    const once = await seen(id, ({ status, asynchronous }) => status === 'queued' && asynchronous?.invokeCount === 1);
    assert.deepEqual([once.asynchronous?.wait?.kind, once.asynchronous?.wait?.awsSeconds], ['retry', 60]);
    await until(internals.tree.onDidChangeTreeData, () => (/1 waiting/.test(String(treeItem('Flaky')?.description)) ? true : undefined));
    assert.match(internals.time.texts.speed ?? '', /real time 1$/);
    await vscode.commands.executeCommand('localLambda.advanceTime', 60);
    const twice = await seen(id, ({ status, asynchronous }) => status === 'queued' && asynchronous?.invokeCount === 2);
    assert.equal(twice.asynchronous?.wait?.awsSeconds, 120);
    await vscode.commands.executeCommand('localLambda.tryEventsNow', 'Flaky');
    const over = await seen(id, ({ status }) => status === 'succeeded');
    assert.deepEqual(over.attempts.map(({ status, errorType }) => errorType ?? status), ['TypeError', 'TypeError', 'succeeded']);
    assert.deepEqual([over.asynchronous?.condition, over.asynchronous?.invokeCount], ['Success', 3]);
    assert.deepEqual(over.asynchronous?.waits?.map(({ awsSeconds, cutShort }) => [awsSeconds, cutShort ?? false]), [[60, false], [120, true]]);
    await until(internals.tree.onDidChangeTreeData, () => (/· 200 ·/.test(String(treeItem('Flaky')?.description)) ? true : undefined));
    assert.deepEqual(internals.failed.of('Flaky'), []);
  });

  it('an event that fails for good marks its function until its record is looked at', async () => {
    const id = await invokeAsync('Flaky', { file: vscode.Uri.joinPath(root, 'async/never').fsPath, failures: 9 });
    await seen(id, ({ asynchronous }) => asynchronous?.invokeCount === 1 && asynchronous.wait !== undefined);
    await vscode.commands.executeCommand('localLambda.expireEvents', 'Flaky');
    const over = await seen(id, ({ status }) => status === 'failed');
    assert.equal(over.asynchronous?.condition, 'EventAgeExceeded');
    await until(internals.tree.onDidChangeTreeData, () => (/1 failed event/.test(String(treeItem('Flaky')?.description)) ? true : undefined));
    assert.match(treeItem('Flaky')?.contextValue ?? '', /\bfailures\b/);
    await vscode.commands.executeCommand('localLambda.showRecord', id);
    await until(internals.failed.onDidChange, () => (internals.failed.of('Flaky').length === 0 ? true : undefined));
    const records = vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs).filter(({ input }) => input instanceof vscode.TabInputWebview);
    await vscode.window.tabGroups.close(records);
  });

  it('a waiting event can be cancelled', async () => {
    const id = await invokeAsync('Flaky', { file: vscode.Uri.joinPath(root, 'async/cancelled').fsPath, failures: 9 });
    await seen(id, ({ asynchronous }) => asynchronous?.invokeCount === 1 && asynchronous.wait !== undefined);
    assert.equal(await vscode.commands.executeCommand('localLambda.cancelEvents', 'Flaky'), 1);
    await seen(id, ({ status }) => status === 'cancelled');
    assert.deepEqual(internals.failed.of('Flaky'), []);
  });

  it('injected faults show in tree and status bar while they are set, and one command ends them', async () => {
    await vscode.commands.executeCommand('localLambda.injectFaults', 'First', { throttle: 1 });
    await until(internals.tree.onDidChangeTreeData, () => (/faults: throttle 100 %/.test(String(treeItem('First')?.description)) ? true : undefined));
    assert.match(internals.time.texts.faults ?? '', /Faults: First/);
    const id = await invokeAsync('First', {});
    const throttled = await seen(id, ({ asynchronous }) => asynchronous?.wait?.kind === 'throttle');
    assert.deepEqual([throttled.status, throttled.asynchronous?.throttles, throttled.asynchronous?.invokeCount], ['queued', 1, 0]);
    await vscode.commands.executeCommand('localLambda.endFaults');
    await until(internals.states.onDidChange, () => (internals.time.texts.faults === undefined ? true : undefined));
    await vscode.commands.executeCommand('localLambda.advanceTime', 60);
    await seen(id, ({ status }) => status === 'succeeded');
  });

  it('an event that waits when the engine is paused by hand is held, and goes on with Resume', async () => {
    const id = await invokeAsync('Flaky', { file: vscode.Uri.joinPath(root, 'async/held').fsPath, failures: 1 });
    await seen(id, ({ asynchronous }) => asynchronous?.invokeCount === 1 && asynchronous.wait !== undefined);
    await vscode.commands.executeCommand('localLambda.resume');
    await vscode.commands.executeCommand('localLambda.pause');
    await until(internals.time.onDidShow, () => (internals.time.texts.resume === undefined ? undefined : true));
    await vscode.commands.executeCommand('localLambda.advanceTime', 60);
    const fresh = await invokeAsync('Second', {});
    await seen(fresh, ({ status }) => status === 'succeeded');
    assert.equal((await execution(id)).status, 'queued');
    await vscode.commands.executeCommand('localLambda.resume');
    await seen(id, ({ status }) => status === 'succeeded');
    await until(internals.time.onDidShow, () => (internals.time.texts.resume === undefined ? true : undefined));
  });
});
