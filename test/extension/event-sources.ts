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
    await until(internals.time.onDidShow, () => (internals.time.texts.resume === undefined ? undefined : true));
    await run('sendRecord', 'parcels', '{"kind":"parcel","n":4}');
    await says(/^paused.*1 waiting/);
    await run('resumeMappings');
    await says(/^Enabled.*4 matched/);
    await until(tree().onDidChangeTreeData, () => (tree().message === undefined ? true : undefined));
  });

  it('has its filters tried beside a record, and used from there', async () => {
    const { pattern, event } = await run<{ pattern: vscode.TextDocument; event: vscode.TextDocument }>('tryFilters', mappingNode());
    const titles = async (document: vscode.TextDocument) => (await vscode.commands.executeCommand<vscode.CodeLens[]>('vscode.executeCodeLensProvider', document.uri, 10)).map(({ command }) => command?.title);
    const marks = () => vscode.languages.getDiagnostics(pattern.uri).filter(({ source }) => source === 'Local Lambda');
    const replace = async (document: vscode.TextDocument, text: string) => {
      const edit = new vscode.WorkspaceEdit();
      edit.replace(document.uri, new vscode.Range(0, 0, document.lineCount, 0), text);
      await vscode.workspace.applyEdit(edit);
    };
    // The letter that was filtered out, its body as JSON.
    assert.match(event.getText(), /"body": \{\s+"kind": "letter"/);
    assert.deepEqual(await titles(pattern), ['$(circle-slash) Does not match: body.kind', '$(check) Use in parcels → Polled', 'Filters of Event source mapping, SQS']);
    assert.match((await titles(event)).join('|'), /was filtered out\|.*stands as JSON here/);
    assert.match(marks()[0]?.message ?? '', /The event has "letter"/);
    await replace(pattern, '[{"body":{"kind":["parcel"]}},\n{"body":{"kind":["letter"]}}]');
    await until(vscode.languages.onDidChangeDiagnostics, () => (marks().length === 0 ? true : undefined));
    assert.deepEqual((await titles(pattern)).slice(0, 1), ['$(pass) Filter 2 matches']);
    assert.deepEqual((await titles(pattern)).slice(-2), ['Filter 1 · $(circle-slash) Does not match: body.kind', 'Filter 2 · $(pass) Matches']);
    await run('useFilters', pattern.uri);
    await until(engine().onDidChangeMappings, () => (JSON.stringify(summary()?.configuration['FilterCriteria']) === JSON.stringify({ Filters: [{ Pattern: '{"body":{"kind":["parcel"]}}' }, { Pattern: '{"body":{"kind":["letter"]}}' }] }) && summary()?.state === 'Enabled' ? true : undefined));
    assert.equal((await titles(pattern))[1], '$(pass-filled) In use in parcels → Polled');
    await replace(pattern, '{"body":{"kind":["parcel"');
    await until(vscode.languages.onDidChangeDiagnostics, () => (marks().length === 1 ? true : undefined));
    assert.match((await titles(pattern))[0] ?? '', /Invalid filter pattern definition/);
    await vscode.window.showTextDocument(pattern);
    await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
    await vscode.window.showTextDocument(event);
    await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
  });

  it('what AWS would refuse of a template is marked on its line, and goes when it is put right', async () => {
    const template = vscode.Uri.joinPath(root, 'mappings.template.yaml');
    const text = (size: number) => `AWSTemplateFormatVersion: "2010-09-09"
Resources:
  Wide:
    Type: AWS::Lambda::Function
    Properties: { FunctionName: Wide, Runtime: nodejs22.x, Handler: index.handler, Code: polled, Role: arn:aws:iam::123456789012:role/r, Timeout: 10 }
  WideQueue: { Type: AWS::SQS::Queue }
  WideMapping:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      FunctionName: !Ref Wide
      EventSourceArn: !GetAtt WideQueue.Arn
      BatchSize: ${size}
`;
    const marked = () => vscode.languages.getDiagnostics(template).filter(({ message }) => message.startsWith('AWS refuses this event source mapping'));
    try {
      await vscode.workspace.fs.writeFile(template, encoder.encode(text(50)));
      const [problem] = await until(vscode.languages.onDidChangeDiagnostics, () => (marked().length > 0 ? marked() : undefined));
      assert.match(problem?.message ?? '', /Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10\. It is left out here\./);
      assert.deepEqual([problem?.range.start.line, problem?.severity], [11, vscode.DiagnosticSeverity.Error]);
      await vscode.workspace.fs.writeFile(template, encoder.encode(text(5)));
      await until(vscode.languages.onDidChangeDiagnostics, () => (marked().length === 0 ? true : undefined));
      await until(engine().onDidChangeMappings, () => engine().mappings.find(({ functionName }) => functionName === 'Wide'));
    } finally {
      await vscode.workspace.fs.delete(template);
    }
    await until(engine().onDidChangeMappings, () => (engine().mappings.some(({ functionName }) => functionName === 'Wide') ? undefined : true));
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
