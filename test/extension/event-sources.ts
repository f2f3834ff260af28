/** The view "Event Sources" and its commands, inside a real VS Code. */
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { ExtensionInternals } from '../../src/extension.ts';
import { callService, listExecutions } from '../../src/protocol/engine.ts';
import type { SourceNode } from '../../src/ui/event-sources/tree.ts';
import { extensionId, until } from './support.ts';

const encoder = new TextEncoder();

describe('event source mappings in a trusted workspace', () => {
  let internals: ExtensionInternals;
  let root: vscode.Uri;
  let uuid: string;
  const engine = () => internals.engine;
  const tree = () => internals.eventSources.tree;
  const run = <T = unknown>(command: string, ...parameters: unknown[]) => vscode.commands.executeCommand<T>(`localLambda.${command}`, ...parameters);
  const summary = () => engine().mappings.find((mapping) => mapping.uuid === uuid);
  const sourceNode = (name: string) => tree().getChildren().find((node) => node.kind === 'source' && node.group.name === name);
  const mappingNode = () => {
    const source = sourceNode('parcels');
    return source && tree().getChildren(source).find((node): node is Extract<SourceNode, { kind: 'mapping' }> => node.kind === 'mapping' && node.mapping.uuid === uuid);
  };
  const item = () => {
    const node = mappingNode();
    return node && tree().getTreeItem(node);
  };
  /** The tree's row, once what it says matches. */
  const says = (words: RegExp) => until(tree().onDidChangeTreeData, () => (words.test(String(item()?.description)) ? item() : undefined));
  const document = async (matching: RegExp) => {
    const editor = await until(vscode.window.onDidChangeActiveTextEditor, () => (matching.test(decodeURIComponent(vscode.window.activeTextEditor?.document.uri.toString() ?? '')) ? vscode.window.activeTextEditor : undefined));
    return editor.document.getText();
  };

  before(async () => {
    root = vscode.workspace.workspaceFolders![0]!.uri;
    internals = await vscode.extensions.getExtension<ExtensionInternals>(extensionId)!.activate();
    await run('eventSources.focus');
    await vscode.workspace.getConfiguration('localLambda').update('openRecordAfterInvoke', 'never', vscode.ConfigurationTarget.Workspace);
    await until(engine().onDidChangeState, () => (engine().state === 'ready' ? true : undefined));
    await vscode.workspace.fs.writeFile(vscode.Uri.joinPath(root, 'polled/index.js'), encoder.encode('exports.handler = async (event) => event.Records.map(({ body }) => body);\n'));
    await vscode.workspace.fs.writeFile(vscode.Uri.joinPath(root, '.local-lambda/functions.json'), encoder.encode(JSON.stringify({ functions: { Polled: { handler: 'polled/index.handler', runtime: 'nodejs22.x', timeout: 10 } } })));
    await until(internals.states.onDidChange, () => internals.states.find('Polled'));
    await engine().request(callService, { service: 'sqs', operation: 'CreateQueue', input: { QueueName: 'parcels' } });
    await until(engine().onDidChangeResources, () => engine().resources.queues.find(({ name }) => name === 'parcels'));
  });

  after(async () => {
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    const queue = engine().resources.queues.find(({ name }) => name === 'parcels');
    if (queue) await engine().request(callService, { service: 'sqs', operation: 'DeleteQueue', input: { QueueUrl: queue.url } });
    await vscode.workspace.fs.delete(vscode.Uri.joinPath(root, '.local-lambda/functions.json'));
    await vscode.workspace.fs.delete(vscode.Uri.joinPath(root, 'polled'), { recursive: true });
    await until(internals.states.onDidChange, () => (internals.states.find('Polled') ? undefined : true));
  });

  it('shows the mapping of the template under its queue, and where it is defined', async () => {
    const source = await until(tree().onDidChangeTreeData, () => sourceNode('orders'));
    const [mapping] = tree().getChildren(source);
    assert.ok(mapping?.kind === 'mapping');
    const row = tree().getTreeItem(mapping);
    assert.equal(row.label, 'ShipOrder');
    assert.match(row.contextValue ?? '', /^mapping queue sqs on\b.*\btemplate\b/);
    await run('openMapping', mapping);
    const editor = await until(vscode.window.onDidChangeActiveTextEditor, () => (vscode.window.activeTextEditor?.document.uri.path.endsWith('/template.yaml') ? vscode.window.activeTextEditor : undefined));
    assert.ok(editor.selection.active.line > 0);
  });

  it('is created by the command, invokes its function with what is sent, and says so', async () => {
    uuid = await run<string>('createMapping', 'parcels', 'Polled', { BatchSize: 5, FilterCriteria: { Filters: [{ Pattern: '{"body":{"kind":["parcel"]}}' }] } });
    assert.match(uuid, /^[\da-f-]{36}$/);
    await says(/^Enabled/);
    const id = await run<string>('sendRecord', 'parcels', '{"kind":"parcel","n":1}');
    assert.ok(id);
    // The result comes with the end of the execution; what matched is counted before.
    const row = await says(/1 matched.*OK/);
    assert.match(row.accessibilityInformation?.label ?? '', /^Polled from parcels, Enabled/);
    const [execution] = await engine().request(listExecutions, { functionName: 'Polled', limit: 1 });
    assert.deepEqual([execution?.source, execution?.status, execution?.polled?.outcomes], ['event-source-mapping', 'succeeded', '1d']);
  });

  it('shows what its filter kept away, and why', async () => {
    const id = await run<string>('sendRecord', mappingNode(), '{"kind":"letter"}');
    await says(/1 filtered/);
    const filtered = tree().getChildren(mappingNode()).find((node) => node.kind === 'filtered');
    assert.ok(filtered?.kind === 'filtered' && filtered.record.id === id);
    assert.match(String(tree().getTreeItem(filtered).tooltip), /Filter 1: .*kind/);
    await run('explainRecord', filtered);
    const text = await document(/local-lambda-mapping:.*Why/);
    assert.match(text, /parcels → Polled: Filtered out/);
    assert.match(text, /- Filter 1: .*kind/);
  });

  it('is disabled and enabled again; what is sent in between waits and is told of', async () => {
    await run('disableMapping', mappingNode());
    await says(/^Disabled/);
    assert.match(item()?.contextValue ?? '', /\boff\b/);
    const id = await run<string>('sendRecord', 'parcels', '{"kind":"parcel","n":2}');
    await run('explainRecord', mappingNode(), id);
    assert.match(await document(new RegExp(id)), /The mapping is disabled/);
    await run('enableMapping', uuid);
    await says(/^Enabled.*2 matched/);
  });

  it('is paused, polled by hand and resumed', async () => {
    await run('pauseMapping', uuid);
    await says(/^paused/);
    await run('sendRecord', 'parcels', '{"kind":"parcel","n":3}');
    assert.equal(await run<number>('pollMapping', mappingNode()), 1);
    await run('resumeMapping', mappingNode());
    await says(/^Enabled.*3 matched/);
  });

  it('is paused and resumed with all others; view and status bar say so', async () => {
    assert.ok(await run<number>('pauseMappings') >= 1);
    await says(/^paused/);
    await until(tree().onDidChangeTreeData, () => (/paused: records wait/.test(tree().message ?? '') ? true : undefined));
    await until(engine().onDidChangeMappings, () => (internals.time.texts.resume === undefined ? undefined : true));
    await run('sendRecord', 'parcels', '{"kind":"parcel","n":4}');
    await says(/^paused.*1 waiting/);
    await run('resumeMappings');
    await says(/^Enabled.*4 matched/);
    await until(tree().onDidChangeTreeData, () => (tree().message === undefined ? true : undefined));
  });

  it('is edited, and shown as JSON', async () => {
    await run('editMapping', mappingNode(), { BatchSize: 7 });
    await until(engine().onDidChangeMappings, () => (summary()?.configuration['BatchSize'] === 7 && summary()?.state === 'Enabled' ? true : undefined));
    await run('showMapping', mappingNode());
    const shown = JSON.parse(await document(/local-lambda-mapping:.*parcels to Polled/)) as { UUID: string; BatchSize: number };
    assert.deepEqual([shown.UUID, shown.BatchSize], [uuid, 7]);
  });

  it('polls elsewhere when a person says so: the rows say where and what is the matter, nothing is sent there by hand, and back', async () => {
    const row = () => {
      const node = sourceNode('parcels');
      return node && tree().getTreeItem(node);
    };
    // Nothing listens at port 1.
    await run('chooseSourcePlace', 'parcels', { endpoint: 'http://127.0.0.1:1' });
    await until(tree().onDidChangeTreeData, () => (row()?.description === 'SQS queue · server at http://127.0.0.1:1' ? true : undefined));
    assert.match(String(row()?.tooltip), /Not embedded: server at http:\/\/127\.0\.0\.1:1/);
    await says(/problem.*PROBLEM: Connection error/);
    const note = await until(tree().onDidChangeTreeData, () => tree().getChildren(mappingNode()).find((node) => node.kind === 'note'));
    assert.match(String(tree().getTreeItem(note).label), /\(server at http:\/\/127\.0\.0\.1:1\) cannot be polled: There is no answer/);
    assert.equal(await run('sendRecord', 'parcels', '{"kind":"parcel"}'), undefined, 'a sentence says that it lives elsewhere');
    await run('chooseSourcePlace', sourceNode('parcels'), null);
    await until(tree().onDidChangeTreeData, () => (row()?.description === 'SQS queue' ? true : undefined));
    await run('sendRecord', 'parcels', '{"kind":"parcel","n":5}');
    await says(/^Enabled.*5 matched/);
  });

  it('is deleted', async () => {
    await run('deleteMapping', mappingNode(), true);
    await until(tree().onDidChangeTreeData, () => (sourceNode('parcels') ? undefined : true));
    assert.equal(summary(), undefined);
  });
});
