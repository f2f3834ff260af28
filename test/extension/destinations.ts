/** The view "Destinations" and its commands, inside a real VS Code, on the resources of the sample workspace. */
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { ExtensionInternals } from '../../src/extension.ts';
import { callService, listExecutions, peekMessages, type InvokeResult } from '../../src/protocol/engine.ts';
import type { Node } from '../../src/ui/destinations/nodes.ts';
import { extensionId, until } from './support.ts';

const encoder = new TextEncoder();

const handlers = `
exports.picky = async (event) => {
  if (!require('node:fs').existsSync(event.file)) throw new TypeError('not there yet');
  return { found: event.file };
};
exports.link = async (event) => ({ from: process.env.AWS_LAMBDA_FUNCTION_NAME, got: Object.keys(event) });
`;

describe('destinations in a trusted workspace', () => {
  let internals: ExtensionInternals;
  let root: vscode.Uri;
  const tree = () => internals.destinations.tree;
  const engine = () => internals.engine;
  const run = <T = unknown>(command: string, ...parameters: unknown[]) => vscode.commands.executeCommand<T>(`localLambda.${command}`, ...parameters);
  const setting = (name: string, value: unknown) => vscode.workspace.getConfiguration('localLambda').update(name, value, vscode.ConfigurationTarget.Workspace);
  const queue = (name: string) => engine().resources.queues.find((candidate) => candidate.name === name);
  const holds = (name: string, visible: number) => until(engine().onDidChangeResources, () => (queue(name)?.visible === visible ? queue(name) : undefined));
  /** What the view shows below the titles, which are labels or their beginnings. */
  const at = async (...titles: string[]): Promise<{ node: Node; item: vscode.TreeItem }[]> => {
    let nodes = await tree().getChildren();
    for (const title of titles) {
      const found = nodes.find((node) => String(tree().getTreeItem(node).label).startsWith(title));
      assert.ok(found, `${title} is not among ${nodes.map((node) => String(tree().getTreeItem(node).label)).join(', ')}`);
      nodes = await tree().getChildren(found);
    }
    return nodes.map((node) => ({ node, item: tree().getTreeItem(node) }));
  };
  const labels = async (...titles: string[]) => (await at(...titles)).map(({ item }) => String(item.label));
  const textOf = async (matching: RegExp) => {
    const editor = await until(vscode.window.onDidChangeActiveTextEditor, () => (matching.test(vscode.window.activeTextEditor?.document.uri.toString() ?? '') ? vscode.window.activeTextEditor : undefined));
    return editor.document.getText();
  };
  const closeEditors = async () => {
    // Untitled drafts would ask whether to save them.
    for (const { document } of vscode.window.visibleTextEditors) {
      if (!document.isUntitled) continue;
      await vscode.window.showTextDocument(document);
      await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
    }
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  };

  before(async () => {
    root = vscode.workspace.workspaceFolders![0]!.uri;
    internals = await vscode.extensions.getExtension<ExtensionInternals>(extensionId)!.activate();
    await run('destinations.focus');
    await setting('openRecordAfterInvoke', 'never');
    await until(engine().onDidChangeState, () => (engine().state === 'ready' ? true : undefined));
    await vscode.workspace.fs.writeFile(vscode.Uri.joinPath(root, 'hops/index.js'), encoder.encode(handlers));
    const functions = Object.fromEntries([['Picky', 'hops/index.picky'], ['Alpha', 'hops/index.link'], ['Beta', 'hops/index.link'], ['Gamma', 'hops/index.link']]
      .map(([name, handler]) => [name, { handler, runtime: 'nodejs22.x', timeout: 10 }]));
    await vscode.workspace.fs.writeFile(vscode.Uri.joinPath(root, '.local-lambda/functions.json'), encoder.encode(JSON.stringify({ functions })));
    await until(internals.states.onDidChange, () => internals.states.find('Gamma'));
  });

  after(async () => {
    await closeEditors();
    await vscode.workspace.fs.delete(vscode.Uri.joinPath(root, '.local-lambda/functions.json'));
    await vscode.workspace.fs.delete(vscode.Uri.joinPath(root, 'hops'), { recursive: true });
    await until(internals.states.onDidChange, () => (internals.states.find('Gamma') ? undefined : true));
  });

  it('shows what the template declares: functions with their destinations, queues, topics, buses and rules', async () => {
    await until(engine().onDidChangeResources, () => (engine().resources.buses.length > 1 ? true : undefined));
    assert.deepEqual(await labels(), ['Functions', 'SQS Queues', 'SNS Topics', 'EventBridge']);
    assert.deepEqual(await labels('Functions', 'ChargeCard'), ['On success → payments', 'On failure → failed-payments', 'Retries']);
    assert.deepEqual(await labels('Functions', 'SendReceipt'), ['On failure → unsent-receipts', 'Retries', 'Dead-letter queue → failed-receipts']);
    const queues = await at('SQS Queues');
    assert.ok(queues.some(({ item }) => item.label === 'failed-orders' && item.description === 'empty · dead letters'));
    assert.deepEqual(await labels('SNS Topics', 'payments'), ['SendReceipt', 'large-payments']);
    assert.deepEqual(await labels('EventBridge', 'shop'), ['charge-confirmed-orders', 'ship-confirmed-orders']);
  });

  it('sends, shows without receiving, pages, deletes and purges messages', async () => {
    for (let number = 0; number < 30; number += 1) await run('sendMessage', 'large-payments', JSON.stringify({ number }));
    await holds('large-payments', 30);
    const page = await at('SQS Queues', 'large-payments');
    assert.equal(page.length, 26);
    assert.deepEqual([page[0]!.item.label, page[25]!.item.label], ['{"number":0}', 'Show more']);
    await run('showMore', page[25]!.node);
    assert.equal((await at('SQS Queues', 'large-payments')).length, 30);
    assert.match((await at('SQS Queues')).map(({ item }) => `${String(item.label)}: ${String(item.description)}`).join('; '), /large-payments: 30 messages · oldest/);
    await run('openMessage', page[3]!.node);
    const shown = JSON.parse(await textOf(/^local-lambda-resource:/)) as { Body: unknown; State: string; Received: number };
    assert.deepEqual([shown.Body, shown.State, shown.Received], [{ number: 3 }, 'visible', 0]);
    // Looking took nothing, and counted no receive.
    assert.equal((await engine().request(peekMessages, { queueArn: queue('large-payments')!.arn, limit: 30 })).every(({ receiveCount }) => receiveCount === 0), true);
    await run('purgeQueue', 'large-payments', true);
    await holds('large-payments', 0);
    assert.deepEqual(await labels('SQS Queues', 'large-payments'), []);
  });

  it('moves dead letters of a queue back to it', async () => {
    // Queues of its own: nothing polls them.
    const dead = await run<string>('createQueue', 'jobs-dead');
    await run('createQueue', 'jobs');
    const { url } = await until(engine().onDidChangeResources, () => queue('jobs'));
    await engine().request(callService, { service: 'sqs', operation: 'SetQueueAttributes', input: { QueueUrl: url, Attributes: { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead, maxReceiveCount: 3 }) } } });
    await until(engine().onDidChangeResources, () => queue('jobs-dead')?.sourceArns[0]);
    await run('sendMessage', 'jobs-dead', '{"order":1}');
    await holds('jobs-dead', 1);
    await until(tree().onDidChangeTreeData, () => (tree().view.badge?.value === 1 ? true : undefined));
    assert.equal(await run('redriveQueue', 'jobs-dead'), 1);
    await holds('jobs', 1);
    await holds('jobs-dead', 0);
    for (const name of ['jobs', 'jobs-dead']) await run('deleteQueue', name, true);
  });

  it('an event that ends in a dead-letter queue is redriven: invoked again, and gone from the queue', async () => {
    const arn = await run<string>('createQueue', 'dead-events');
    await until(engine().onDidChangeResources, () => queue('dead-events'));
    await run('setDestination', 'Picky', { qualifier: '$LATEST', kind: 'DeadLetterQueue', target: arn });
    await run('editEventInvokeConfig', 'Picky', { maximumRetryAttempts: 0 });
    await until(engine().onDidChangeFunctions, () => (internals.states.find('Picky')?.eventInvokeConfigs[0]?.maximumRetryAttempts === 0 ? true : undefined));
    const picky = await at('Functions', 'Picky');
    assert.deepEqual(picky.map(({ item }) => `${String(item.label)} ${String(item.description)}`), ['Retries 0 retries · at most 6 h old · changed', 'Dead-letter queue → dead-events SQS · changed']);

    const file = vscode.Uri.joinPath(root, 'hops/found').fsPath;
    const { executionId } = await run<InvokeResult>('invokeAsync', 'Picky', { payload: JSON.stringify({ file }) });
    await holds('dead-events', 1);
    assert.deepEqual(internals.failed.of('Picky'), [executionId]);
    const [letter] = await at('SQS Queues', 'dead-events');
    assert.equal(letter?.item.label, JSON.stringify({ file }));
    await run('openMessage', letter?.node);
    const shown = JSON.parse(await textOf(/dead-events/)) as { MessageAttributes: Record<string, { StringValue: string }> };
    assert.deepEqual([shown.MessageAttributes.RequestID?.StringValue, shown.MessageAttributes.ErrorMessage?.StringValue], [executionId, 'not there yet']);

    await vscode.workspace.fs.writeFile(vscode.Uri.file(file), encoder.encode('here'));
    assert.equal(await run('redriveQueue', 'dead-events'), 1);
    await holds('dead-events', 0);
    const succeeded = await until(internals.states.onDidChange, () => {
      const last = internals.states.find('Picky')?.last;
      return last?.status === 'succeeded' ? last : undefined;
    });
    assert.equal(succeeded.invocationType, 'Event');

    await run('resetDestinations', 'Picky');
    await until(engine().onDidChangeFunctions, () => (internals.states.find('Picky')?.eventInvokeConfigs.length === 0 ? true : undefined));
    assert.ok(!(await labels('Functions')).includes('Picky'));
    await run('deleteQueue', 'dead-events', true);
    await until(engine().onDidChangeResources, () => (queue('dead-events') ? undefined : true));
  });

  it('a chain of three functions through destinations is one chain of causes', async () => {
    const arnOf = (name: string) => internals.states.find(name)!.arn;
    await run('setDestination', 'Alpha', { qualifier: '$LATEST', kind: 'OnSuccess', target: arnOf('Beta') });
    await run('setDestination', 'Beta', { qualifier: '$LATEST', kind: 'OnSuccess', target: arnOf('Gamma') });
    await until(engine().onDidChangeFunctions, () => internals.states.find('Beta')?.eventInvokeConfigs[0]?.onSuccess);
    assert.deepEqual(await labels('Functions', 'Alpha'), ['On success → Beta', 'Retries']);
    const { executionId } = await run<InvokeResult>('invokeAsync', 'Alpha', { payload: '{"hop":1}' });
    const last = await until(internals.states.onDidChange, () => internals.states.find('Gamma')?.last);
    const [second] = await engine().request(listExecutions, { causedBy: executionId, limit: 10 });
    const [third] = await engine().request(listExecutions, { causedBy: second!.id, limit: 10 });
    assert.deepEqual([second?.functionName, third?.functionName, third?.id], ['Beta', 'Gamma', last.id]);
    for (const name of ['Alpha', 'Beta']) await run('resetDestinations', name);
  });

  it('overrides a destination of the template, shows it as changed, and resets it', async () => {
    const before = internals.states.find('ChargeCard')!.eventInvokeConfigs[0]!;
    await run('setDestination', 'ChargeCard', { qualifier: '$LATEST', kind: 'OnFailure', target: queue('large-payments')!.arn });
    await until(engine().onDidChangeFunctions, () => (internals.states.find('ChargeCard')?.eventInvokeConfigs[0]?.changed ? true : undefined));
    const [success, failure] = await at('Functions', 'ChargeCard');
    assert.deepEqual([success?.item.label, failure?.item.label, failure?.item.description], ['On success → payments', 'On failure → large-payments', 'SQS · changed']);
    assert.match(failure?.item.contextValue ?? '', /\bchanged\b/);
    await run('removeDestination', failure?.node);
    await until(engine().onDidChangeFunctions, () => (internals.states.find('ChargeCard')?.eventInvokeConfigs[0]?.onFailure === undefined ? true : undefined));
    await run('resetDestinations', 'ChargeCard');
    const after = await until(engine().onDidChangeFunctions, () => {
      const config = internals.states.find('ChargeCard')?.eventInvokeConfigs[0];
      return config && !config.changed ? config : undefined;
    });
    assert.deepEqual(after, before);
  });

  it('shows failure records that went to a bucket, and opens and deletes them', async () => {
    await vscode.workspace.fs.writeFile(vscode.Uri.joinPath(root, 'hops/template.yaml'), encoder.encode('Resources:\n  Failures: { Type: AWS::S3::Bucket, Properties: { BucketName: hops-failures } }\n'));
    const bucket = () => engine().resources.buckets.find(({ name }) => name === 'hops-failures');
    const { arn } = await until(engine().onDidChangeResources, bucket);
    await run('setDestination', 'Picky', { qualifier: '$LATEST', kind: 'OnFailure', target: arn });
    await run('editEventInvokeConfig', 'Picky', { maximumRetryAttempts: 0 });
    const { executionId } = await run<InvokeResult>('invokeAsync', 'Picky', { payload: '{"file":"/nowhere"}' });
    await until(engine().onDidChangeResources, () => (bucket()?.objects === 1 ? true : undefined));
    const [object] = await at('S3 Buckets', 'hops-failures');
    assert.match(String(object?.item.description), /aws\/lambda\/async\/Picky\/\d{4}\/\d\d\/\d\d\//);
    await run('openObject', object?.node);
    const record = JSON.parse(await textOf(/^local-lambda-resource:/)) as { requestContext: { requestId: string; condition: string } };
    assert.deepEqual([record.requestContext.requestId, record.requestContext.condition], [executionId, 'RetriesExhausted']);
    await run('deleteObject', object?.node, true);
    await until(engine().onDidChangeResources, () => (bucket()?.objects === 0 ? true : undefined));
    await run('resetDestinations', 'Picky');
    await vscode.workspace.fs.delete(vscode.Uri.joinPath(root, 'hops/template.yaml'));
    await until(engine().onDidChangeResources, () => (bucket() ? undefined : true));
  });

  it('refuses what AWS refuses, by name', async () => {
    const fifo = await run<string>('createQueue', 'ordered.fifo');
    await assert.rejects(engine().request(callService, {
      service: 'lambda', operation: 'PutFunctionEventInvokeConfig', input: { FunctionName: 'Alpha', DestinationConfig: { OnFailure: { Destination: fifo } } },
    }), /is invalid/);
    await run('deleteQueue', 'ordered.fifo', true);
  });

  it('publishes to a topic from a draft, which says first who would get it', async () => {
    await run('createTopic', 'news');
    const topic = await until(engine().onDidChangeResources, () => engine().resources.topics.find(({ name }) => name === 'news'));
    await engine().request(callService, { service: 'sns', operation: 'Subscribe', input: { TopicArn: topic.arn, Protocol: 'sqs', Endpoint: queue('large-payments')!.arn, Attributes: { FilterPolicy: '{"kind":["big"]}', RawMessageDelivery: 'true' } } });
    await until(engine().onDidChangeResources, () => (engine().resources.topics.find(({ name }) => name === 'news')?.subscriptions.length === 1 ? true : undefined));
    const opened = until(vscode.window.onDidChangeActiveTextEditor, () => (vscode.window.activeTextEditor?.document.isUntitled ? vscode.window.activeTextEditor : undefined));
    await run('publishMessage', 'news', { draft: true });
    const editor = await opened;
    const lenses = async () => (await vscode.commands.executeCommand<vscode.CodeLens[]>('vscode.executeCodeLensProvider', editor.document.uri, 10)).map(({ command }) => command?.title);
    assert.deepEqual(await lenses(), ['$(send) Publish to news', '0 of 1 subscriptions match']);
    const whole = new vscode.Range(0, 0, editor.document.lineCount, 0);
    await editor.edit((edit) => edit.replace(whole, '{ "Message": { "id": 90071992547409919 }, "MessageAttributes": { "kind": "big" } }'));
    assert.deepEqual(await lenses(), ['$(send) Publish to news', '1 of 1 subscriptions match: large-payments']);
    await run('sendDraft', editor.document.uri);
    await holds('large-payments', 1);
    assert.deepEqual(await labels('SQS Queues', 'large-payments'), ['{ "id": 90071992547409919 }']);
    await closeEditors();
    await run('purgeQueue', 'large-payments', true);
    await run('deleteTopic', 'news', true);
  });

  it('puts an event on a bus from a draft, and tells what became of it', async () => {
    const opened = until(vscode.window.onDidChangeActiveTextEditor, () => (vscode.window.activeTextEditor?.document.isUntitled ? vscode.window.activeTextEditor : undefined));
    await run('putEvent', 'shop');
    const editor = await opened;
    await editor.edit((edit) => edit.replace(new vscode.Range(0, 0, editor.document.lineCount, 0),
      '{ "Source": "lambda-like", "DetailType": "Tried Out", "Detail": { "responsePayload": { "status": "CONFIRMED" } } }'));
    await run('sendDraft');
    const bus = await until(engine().onDidChangeResources, () => engine().resources.buses.find(({ lastEvents }) => lastEvents.some(({ detailType }) => detailType === 'Tried Out')));
    const events = await at('EventBridge', bus.name, 'Last events');
    assert.match(String(events[0]?.item.description), /^lambda-like · no rule matched/);
    await closeEditors();
    await run('openBusEvent', events[0]?.node);
    const told = JSON.parse(await textOf(/^local-lambda-resource:/)) as { Event: { detail: unknown }; Rules: { Matched: boolean; Why: string[] }[] };
    assert.deepEqual(told.Event.detail, { responsePayload: { status: 'CONFIRMED' } });
    assert.ok(told.Rules.length === 2 && told.Rules.every(({ Matched, Why }) => !Matched && Why.length > 0));
  });

  it('runs a schedule now, and switches rules off and on', async () => {
    const call = (operation: string, input: Record<string, unknown>) => engine().request(callService, { service: 'events', operation, input });
    await call('PutRule', { Name: 'nightly', ScheduleExpression: 'rate(1 day)' });
    await call('PutTargets', { Rule: 'nightly', Targets: [{ Id: 'q', Arn: queue('large-payments')!.arn }] });
    const nightly = () => engine().resources.buses.flatMap(({ rules }) => rules).find(({ name }) => name === 'nightly');
    await until(engine().onDidChangeResources, () => (nightly()?.targetArns.length === 1 ? true : undefined));
    // A schedule waits for Resume in a window that was just opened.
    assert.match(internals.time.texts.resume ?? 'resumed before', /Resume|resumed before/);
    await run('fireRule', 'nightly');
    await holds('large-payments', 1);
    await run('disableRule', 'nightly');
    await until(engine().onDidChangeResources, () => (nightly()?.enabled === false ? true : undefined));
    const rule = (await at('EventBridge', 'default')).find(({ item }) => item.label === 'nightly');
    assert.match(String(rule?.item.description), /^disabled · rate\(1 day\)/);
    await run('enableRule', 'nightly');
    await until(engine().onDidChangeResources, () => (nightly()?.enabled ? true : undefined));
    await call('RemoveTargets', { Rule: 'nightly', Ids: ['q'] });
    await call('DeleteRule', { Name: 'nightly' });
    await run('purgeQueue', 'large-payments', true);
  });

  it('tries a pattern out while it is written', async () => {
    const { pattern } = await run<{ pattern: vscode.TextDocument }>('tryPattern', {
      dialect: 'eventbridge', pattern: '{ "source": ["shop"], "detail": { "total": [{ "numeric": [">", 100] }] } }', event: '{ "source": "shop", "detail": { "total": 50 } }',
    });
    const titles = async () => (await vscode.commands.executeCommand<vscode.CodeLens[]>('vscode.executeCodeLensProvider', pattern.uri, 10)).map(({ command }) => command?.title);
    assert.deepEqual(await titles(), ['$(circle-slash) Does not match: detail.total', 'Pattern of EventBridge']);
    const [problem] = vscode.languages.getDiagnostics(pattern.uri).filter(({ source }) => source === 'Local Lambda');
    assert.equal(pattern.getText(problem?.range), '[{ "numeric": [">", 100] }]');
    assert.match(problem?.message ?? '', /The event has 50/);
    const edit = new vscode.WorkspaceEdit();
    edit.replace(pattern.uri, problem!.range, '[{ "numeric": ["<", 100] }]');
    await vscode.workspace.applyEdit(edit);
    await until(vscode.languages.onDidChangeDiagnostics, () => (vscode.languages.getDiagnostics(pattern.uri).every(({ source }) => source !== 'Local Lambda') ? true : undefined));
    assert.equal((await titles())[0], '$(pass) Matches');
    await closeEditors();
  });

  it('leads from a destination to its target, and to the template', async () => {
    const [success] = await at('Functions', 'ChargeCard');
    await run('revealTarget', success?.node);
    await until(tree().view.onDidChangeSelection, () => (tree().view.selection[0]?.kind === 'topic' ? true : undefined));
    const node = (await at('SQS Queues')).find(({ item }) => item.label === 'failed-payments')?.node;
    await run('openResourceTemplate', node);
    const editor = vscode.window.activeTextEditor!;
    assert.match(editor.document.lineAt(editor.selection.active.line).text, /FailedPayments:/);
    await run('copyResourceArn', node);
    assert.equal(await vscode.env.clipboard.readText(), queue('failed-payments')!.arn);
  });
});
