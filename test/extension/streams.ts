/** A poison record in a Kinesis stream, from the mapping to the redrive, inside a real VS Code. */
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { Execution } from '../../src/contracts/executions.ts';
import type { ExtensionInternals } from '../../src/extension.ts';
import { callService, explainRecord, listExecutions } from '../../src/protocol/engine.ts';
import type { Node } from '../../src/ui/destinations/nodes.ts';
import { extensionId, until } from './support.ts';

const encoder = new TextEncoder();
/** Fails on a poison record until somebody has mended it, which is a file beside it. */
const handler = `const { existsSync } = require('node:fs');
exports.handler = async ({ Records }) => {
  const texts = Records.map(({ kinesis }) => Buffer.from(kinesis.data, 'base64').toString());
  if (texts.includes('poison') && !existsSync(__dirname + '/mended')) throw new TypeError('cannot read poison');
  return texts;
};
`;

describe('streams in a trusted workspace', () => {
  let internals: ExtensionInternals;
  let root: vscode.Uri;
  let uuid: string;
  let sequences: string[];
  const engine = () => internals.engine;
  const file = (path: string) => vscode.Uri.joinPath(root, path);
  const write = (path: string, text: string) => vscode.workspace.fs.writeFile(file(path), encoder.encode(text));
  const run = <T = unknown>(command: string, ...parameters: unknown[]) => vscode.commands.executeCommand<T>(`localLambda.${command}`, ...parameters);
  const call = (service: string, operation: string, input: Record<string, unknown>) => engine().request(callService, { service, operation, input });
  const failures = () => engine().resources.queues.find(({ name }) => name === 'poisoned');
  const executions = async () => (await engine().request(listExecutions, { functionName: 'Clicks', limit: 50 })).reverse() as (Execution & { polled: NonNullable<Execution['polled']> })[];
  const fate = async (id: string) => (await engine().request(explainRecord, { id })).find(({ mappingUuid }) => mappingUuid === uuid);
  /** The queue's row in the Destinations view. */
  const queueRow = async (): Promise<Extract<Node, { kind: 'queue' }> | undefined> => {
    const { tree } = internals.destinations;
    const section = (await tree.getChildren()).find((node) => node.kind === 'section' && node.section === 'queues');
    return section && (await tree.getChildren(section)).find((node): node is Extract<Node, { kind: 'queue' }> => node.kind === 'queue' && node.queue.name === 'poisoned');
  };

  before(async () => {
    root = vscode.workspace.workspaceFolders![0]!.uri;
    internals = await vscode.extensions.getExtension<ExtensionInternals>(extensionId)!.activate();
    await run('eventSources.focus');
    await vscode.workspace.getConfiguration('localLambda').update('openRecordAfterInvoke', 'never', vscode.ConfigurationTarget.Workspace);
    await until(engine().onDidChangeState, () => (engine().state === 'ready' ? true : undefined));
    await write('clicks/index.js', handler);
    await write('.local-lambda/functions.json', JSON.stringify({ functions: { Clicks: { handler: 'clicks/index.handler', runtime: 'nodejs22.x', timeout: 10 } } }));
    await until(internals.states.onDidChange, () => internals.states.find('Clicks'));
    await call('kinesis', 'CreateStream', { StreamName: 'clicks', ShardCount: 1 });
    await call('sqs', 'CreateQueue', { QueueName: 'poisoned' });
    await until(engine().onDidChangeResources, () => (failures() && engine().resources.streams.some(({ name }) => name === 'clicks') ? true : undefined));
  });

  after(async () => {
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    if (uuid) await run('deleteMapping', uuid, true);
    const queue = failures();
    if (queue) await call('sqs', 'DeleteQueue', { QueueUrl: queue.url });
    await call('kinesis', 'DeleteStream', { StreamName: 'clicks' });
    await vscode.workspace.fs.delete(file('.local-lambda/functions.json'));
    await vscode.workspace.fs.delete(file('clicks'), { recursive: true });
    await until(internals.states.onDidChange, () => (internals.states.find('Clicks') ? undefined : true));
  });

  it('a mapping made in the tree bisects a batch until the poison record lies alone in the failure queue', async () => {
    const queue = failures() ?? assert.fail();
    uuid = await run<string>('createMapping', 'clicks', 'Clicks', {
      StartingPosition: 'TRIM_HORIZON', BisectBatchOnFunctionError: true, MaximumRetryAttempts: 1, DestinationConfig: { OnFailure: { Destination: queue.arn } },
    });
    const enabled = () => engine().mappings.find((mapping) => mapping.uuid === uuid)?.state === 'Enabled';
    await until(engine().onDidChangeMappings, () => (enabled() ? true : undefined));
    const { Records } = await call('kinesis', 'PutRecords', {
      StreamName: 'clicks', Records: ['a', 'b', 'poison', 'c'].map((data) => ({ Data: Buffer.from(data).toString('base64'), PartitionKey: data })),
    });
    sequences = (Records as { SequenceNumber: string }[]).map(({ SequenceNumber }) => SequenceNumber);
    await until(engine().onDidChangeResources, () => (failures()?.visible === 1 ? true : undefined));
    await until(engine().onDidChangeMappings, () => (engine().mappings.find((mapping) => mapping.uuid === uuid)?.shards?.[0]?.checkpoint === sequences[3] ? true : undefined));
    const all = await executions();
    assert.equal(all[0]?.polled.end?.kind, 'split');
    const poison = all.find(({ polled }) => polled.deliveries !== undefined) ?? assert.fail('no delivery is on record');
    assert.deepEqual([poison.polled.size, poison.polled.outcomes, poison.polled.end?.condition, poison.polled.deliveries?.map(({ status, targetArn }) => [status, targetArn])],
      [1, '1x', 'RetryAttemptsExhausted', [['delivered', queue.arn]]]);
    // Every other record was done, once.
    const done = all.filter(({ polled }) => polled.end?.kind === 'done');
    assert.deepEqual([done.reduce((sum, { polled }) => sum + polled.size, 0), done.every(({ polled }) => polled.outcomes === `${polled.size}c`)], [3, true]);
    const fates = await Promise.all(sequences.map(fate));
    assert.deepEqual(fates.map((each) => each?.fate), ['delivered', 'delivered', 'discarded', 'delivered']);
    assert.equal(fates[2]?.executionId, poison.id);
  });

  it('the record of the failure leads to the execution that had it last', async () => {
    const row = await queueRow() ?? assert.fail('the queue has no row');
    assert.match(internals.destinations.tree.getTreeItem(row).contextValue ?? '', /\bdeadLetters\b.*\bholds\b/);
    const [message] = await internals.destinations.tree.getChildren(row);
    assert.ok(message?.kind === 'message');
    assert.match(internals.destinations.tree.getTreeItem(message).contextValue ?? '', /\bcaused\b/);
    const tabs = () => vscode.window.tabGroups.all.flatMap((group) => group.tabs).filter(({ input }) => input instanceof vscode.TabInputWebview && input.viewType.endsWith('localLambda.records'));
    await run('showSender', message);
    await until(vscode.window.tabGroups.onDidChangeTabs, () => tabs()[0]);
    await vscode.window.tabGroups.close(tabs());
  });

  it('"Why did nothing happen?" tells of it, with a link to that execution', async () => {
    await run('explainRecord', undefined, sequences[2]);
    const editor = await until(vscode.window.onDidChangeActiveTextEditor, () => (vscode.window.activeTextEditor?.document.uri.scheme === 'local-lambda-mapping' ? vscode.window.activeTextEditor : undefined));
    assert.match(editor.document.getText(), /clicks → Clicks: Given up/);
    const links = await vscode.commands.executeCommand<vscode.DocumentLink[]>('vscode.executeLinkProvider', editor.document.uri);
    const poison = await fate(sequences[2] ?? '');
    assert.deepEqual(links.map(({ range, target }) => [editor.document.getText(range), target?.scheme]), [[poison?.executionId, 'command'], [uuid, 'command']]);
  });

  it('a redrive invokes the function with the record again: while it fails the message stays, mended it is done', async () => {
    assert.equal(await run('redriveQueue', failures()?.arn), undefined);
    assert.equal(failures()?.visible, 1);
    const [again] = (await executions()).filter(({ polled }) => polled.redrive);
    assert.deepEqual([again?.status, again?.polled.end?.kind], ['failed', 'not-redriven']);
    await write('clicks/mended', '');
    assert.equal(await run<number>('redriveQueue', failures()?.arn), 1);
    await until(engine().onDidChangeResources, () => (failures()?.visible === 0 ? true : undefined));
    const last = (await executions()).filter(({ polled }) => polled.redrive).at(-1);
    assert.deepEqual([last?.status, last?.polled.outcomes, last?.polled.end], ['succeeded', '1c', { kind: 'done' }]);
    const poison = await fate(sequences[2] ?? '');
    assert.deepEqual([poison?.fate, poison?.executionId], ['delivered', last?.id]);
  });
});
