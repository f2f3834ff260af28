/** The extension in Restricted Mode: it can be looked at, and nothing runs. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import * as vscode from 'vscode';
import type { ExtensionInternals } from '../../src/extension.ts';

const extensionId = 'local-lambda.local-lambda';

describe('Local Lambda in Restricted Mode', () => {
  let internals: ExtensionInternals;
  let root: vscode.Uri;

  before(async () => {
    root = vscode.workspace.workspaceFolders![0]!.uri;
    internals = await vscode.extensions.getExtension<ExtensionInternals>(extensionId)!.activate();
    await vscode.commands.executeCommand('localLambda.functions.focus');
    // The workbench tells the extension of its view a while after it shows.
    for (let turn = 0; turn < 200 && !internals.tree.view.visible; turn += 1) await new Promise((resolve) => { setTimeout(resolve, 50); });
  });

  it('is really restricted', () => {
    assert.equal(vscode.workspace.isTrusted, false);
  });

  it('starts no engine, neither with the view nor when asked', async () => {
    assert.equal(internals.tree.view.visible, true);
    await assert.rejects(internals.engine.start(), /Restricted Mode/);
    assert.equal(internals.engine.state, 'stopped');
    assert.equal(internals.engine.info, undefined);
    const dataHome = process.env.LOCAL_LAMBDA_DATA_HOME;
    assert.ok(dataHome, 'the suite needs its own data folder to see that none is made');
    assert.equal(existsSync(dataHome), false);
  });

  it('invokes nothing', async () => {
    // The command tells its reason in a message and answers with nothing.
    assert.equal(await vscode.commands.executeCommand('localLambda.invoke', 'PriceBasket', { payload: '{}' }), undefined);
    assert.equal(internals.engine.state, 'stopped');
  });

  it('registers nothing', async () => {
    const source = vscode.Uri.joinPath(root, 'src/handlers/place-order.ts');
    assert.equal(await vscode.commands.executeCommand('localLambda.register', source, 'handler', { name: 'Sneaky' }), undefined);
    assert.equal(existsSync(vscode.Uri.joinPath(root, '.local-lambda/functions.json').fsPath), false);
  });

  it('leaves each view to its welcome text, which leads to trust', () => {
    assert.deepEqual(internals.tree.getChildren(), []);
    const { contributes } = vscode.extensions.getExtension(extensionId)!.packageJSON as {
      contributes: { views: { localLambda: { id: string }[] }; viewsWelcome: { view: string; when: string; contents: string }[] };
    };
    const welcome = contributes.viewsWelcome.filter(({ when }) => when.includes('!isWorkspaceTrusted'));
    assert.deepEqual(welcome.map(({ view }) => view).sort(), contributes.views.localLambda.map(({ id }) => id).sort());
    for (const { contents } of welcome) assert.match(contents, /command:workbench\.trust\.manage/);
    assert.match(welcome.find(({ view }) => view === 'localLambda.functions')!.contents, /Restricted Mode/);
  });

  it('shows no lens', async () => {
    const source = vscode.Uri.joinPath(root, 'src/handlers/place-order.ts');
    await vscode.workspace.openTextDocument(source);
    const found = await vscode.commands.executeCommand<vscode.CodeLens[]>('vscode.executeCodeLensProvider', source, 100);
    assert.deepEqual(found.filter(({ command }) => command?.command.startsWith('localLambda.')), []);
  });

  it('lets test events be read', async () => {
    const document = await vscode.workspace.openTextDocument(vscode.Uri.joinPath(root, '.local-lambda/events/PlaceOrder/two-teas.json'));
    assert.ok(document.getText().includes('TEA-100'));
  });
});
