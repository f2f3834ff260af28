/** The extension inside a real VS Code, on a copy of the orders workspace. */
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { WorkspaceDiagnostic } from '../../src/contracts/workspace.ts';
import type { ExtensionInternals } from '../../src/extension.ts';
import { listExecutions, type InvokeResult } from '../../src/protocol/engine.ts';
import { extensionId, until } from './support.ts';

const decoder = new TextDecoder();
const encoder = new TextEncoder();

describe('Local Lambda in a trusted workspace', () => {
  let internals: ExtensionInternals;
  let root: vscode.Uri;
  const file = (path: string) => vscode.Uri.joinPath(root, path);
  const functionNames = () => internals.states.all.map(({ name }) => name);
  const write = (path: string, text: string) => vscode.workspace.fs.writeFile(file(path), encoder.encode(text));
  const read = async (path: string) => decoder.decode(await vscode.workspace.fs.readFile(file(path)));
  const setting = (name: string, value: unknown) => vscode.workspace.getConfiguration('localLambda').update(name, value, vscode.ConfigurationTarget.Workspace);
  const invoke = (name: string, payload: unknown) =>
    vscode.commands.executeCommand<InvokeResult | undefined>('localLambda.invoke', name, { payload: JSON.stringify(payload) });
  const lenses = async (path: string) => {
    // Lenses are computed for open documents only.
    await vscode.workspace.openTextDocument(file(path));
    const found = await vscode.commands.executeCommand<vscode.CodeLens[]>('vscode.executeCodeLensProvider', file(path), 100);
    return found.filter(({ command }) => command?.command.startsWith('localLambda.')).map(({ range, command }) => ({ line: range.start.line, title: command?.title ?? '', command: command?.command ?? '', arguments: command?.arguments ?? [] }));
  };
  const lineOf = async (path: string, text: string) => (await read(path)).split('\n').findIndex((line) => line.includes(text));

  before(async () => {
    root = vscode.workspace.workspaceFolders![0]!.uri;
    internals = await vscode.extensions.getExtension<ExtensionInternals>(extensionId)!.activate();
    await vscode.commands.executeCommand('localLambda.functions.focus');
    await setting('openRecordAfterInvoke', 'never');
    await until(internals.engine.onDidChangeState, () => (internals.engine.state === 'ready' ? true : undefined));
  });

  describe('functions view', () => {
    it('lists the functions of the template at the root, in alphabetical order', async () => {
      await until(internals.states.onDidChange, () => (functionNames().length >= 6 ? true : undefined));
      const labels = internals.tree.getChildren().map((node) => internals.tree.getTreeItem(node).label);
      assert.deepEqual(labels, ['ChargeCard', 'ConfirmOrder', 'PlaceOrder', 'PriceBasket', 'SendReceipt', 'ShipOrder']);
    });

    it('shows runtime and outcome, and offers what each row can do', async () => {
      const item = () => internals.tree.getTreeItem(internals.tree.getChildren()[3]!);
      assert.equal(item().description, 'nodejs24.x');
      assert.equal(item().contextValue, 'function handler template local');
      await invoke('PriceBasket', { lines: [{ sku: 'CUP-2', price: 1500, quantity: 1 }] });
      await until(internals.tree.onDidChangeTreeData, () => (/^nodejs24\.x · 200 · [\d.]+ m?s$/.test(String(item().description)) ? true : undefined));
      assert.match(item().contextValue ?? '', /\blast\b/);
      assert.match(item().accessibilityInformation?.label ?? '', /succeeded/);
    });

    it('tells handler, limits and ARN on hover, environment by name only', () => {
      const node = internals.tree.getChildren()[2]!;
      const tooltip = (internals.tree.resolveTreeItem(internals.tree.getTreeItem(node), node).tooltip as vscode.MarkdownString).value;
      for (const part of ['src/handlers/place-order.handler', '10 s', '256 MB', 'arn:aws:lambda:us-east-1:123456789012:function:PlaceOrder', 'STAGE']) {
        assert.ok(tooltip.includes(part), `${part} is missing in ${tooltip}`);
      }
      assert.ok(!/\bdev\b/.test(tooltip), 'a value of the environment shows');
    });
  });

  describe('invoke', () => {
    it('answers with what the function returned', async () => {
      const result = await invoke('PlaceOrder', { body: JSON.stringify({ customer: 'Ana', lines: [{ sku: 'TEA-100', quantity: 2 }] }) });
      assert.equal(result?.statusCode, 200);
      assert.equal(result.functionError, undefined);
      const answer = JSON.parse(result.payload) as { statusCode: number; body: string };
      assert.equal(answer.statusCode, 201);
      assert.equal((JSON.parse(answer.body) as { total: string }).total, '€17.80');
    });

    it('runs Python, and reports a function error as an answer', async () => {
      const batch = JSON.parse(await read('.local-lambda/events/ShipOrder/batch-with-bad-order.json')) as unknown;
      const shipped = await invoke('ShipOrder', batch);
      assert.equal(shipped?.functionError, undefined, shipped?.payload);
      const declined = await invoke('ChargeCard', { token: 'tok_stolen', amount: 1990 });
      assert.equal(declined?.functionError, 'Unhandled');
      const last = await until(internals.states.onDidChange, () => internals.states.find('ChargeCard')?.last);
      assert.equal(last.status, 'failed');
    });

    it('saves what is being edited first, and runs the new code', async () => {
      const path = 'functions/price-basket/index.js';
      const document = await vscode.workspace.openTextDocument(file(path));
      const before = document.getText();
      const edit = new vscode.WorkspaceEdit();
      edit.insert(document.uri, document.positionAt(before.length), '\n// edited by the suite\n');
      await vscode.workspace.applyEdit(edit);
      assert.ok(document.isDirty);
      await invoke('PriceBasket', { lines: [] });
      assert.ok(!document.isDirty);
      await write(path, before);
    });

    it('opens its record unless the setting says never', async () => {
      const recordTabs = () => vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs)
        .filter(({ input }) => input instanceof vscode.TabInputWebview && input.viewType.endsWith('localLambda.records'));
      assert.equal(recordTabs().length, 0);
      await setting('openRecordAfterInvoke', 'always');
      await invoke('PriceBasket', { lines: [] });
      await until(vscode.window.tabGroups.onDidChangeTabs, () => recordTabs()[0]);
      await vscode.window.tabGroups.close(recordTabs());
      await setting('openRecordAfterInvoke', 'never');
    });
  });

  describe('code lenses', () => {
    it('stand above a handler that the template names, and above nothing else in the file', async () => {
      const path = 'src/handlers/place-order.ts';
      const found = await lenses(path);
      const line = await lineOf(path, 'export const handler');
      assert.deepEqual(found.map((lens) => [lens.line, lens.command]), [[line, 'localLambda.invoke'], [line, 'localLambda.invokeAsync'], [line, 'localLambda.showRecord']]);
      assert.equal(found[0]?.title, '$(play) Invoke');
      assert.match(found[2]?.title ?? '', /200 · [\d.]+ m?s/);
      assert.equal(found[2]?.arguments[0], internals.states.find('PlaceOrder')?.last?.id);
    });

    it('stand above JavaScript and Python handlers', async () => {
      for (const [path, declaration] of [['functions/charge-card/index.js', 'handler'], ['functions/ship-order/app.py', 'def lambda_handler']] as const) {
        const text = await read(path);
        const found = await lenses(path);
        assert.ok(found.length >= 1, path);
        assert.ok(text.split('\n')[found[0]!.line]?.includes(declaration), `${path} line ${found[0]!.line}`);
      }
    });

    it('stay away from ordinary functions', async () => {
      assert.deepEqual(await lenses('src/lib/catalog.ts'), []);
      assert.deepEqual(await lenses('src/lib/money.ts'), []);
      assert.deepEqual(await lenses('functions/ship-order/carriers.py'), []);
    });

    it('stand where a language server says that the handler is', async () => {
      const path = 'src/handlers/symbols.js';
      // In this text the patterns would find the first line; a symbol provider knows that it is a comment.
      await write(path, '/*\nexport const handler = 1;\n*/\nexport const { handler } = make();\n');
      await write('.local-lambda/functions.json', JSON.stringify({ functions: { Symbols: { handler: 'src/handlers/symbols.handler', runtime: 'nodejs22.x' } } }));
      await until(internals.states.onDidChange, () => internals.states.find('Symbols'));
      const line = new vscode.Range(3, 0, 3, 20);
      const provider = vscode.languages.registerDocumentSymbolProvider({ language: 'javascript', pattern: '**/symbols.js' }, {
        provideDocumentSymbols: () => [new vscode.DocumentSymbol('handler', '', vscode.SymbolKind.Function, line, line)],
      });
      try {
        assert.deepEqual((await lenses(path)).map((lens) => [lens.line, lens.command, lens.arguments]), [[3, 'localLambda.invoke', ['Symbols']], [3, 'localLambda.invokeAsync', ['Symbols']]]);
      } finally {
        provider.dispose();
        await vscode.workspace.fs.delete(file(path));
        await vscode.workspace.fs.delete(file('.local-lambda/functions.json'));
      }
      await until(internals.states.onDidChange, () => (internals.states.find('Symbols') ? undefined : true));
    });

    it('can be switched off, each by itself', async () => {
      await setting('codeLens.invokeAsync', false);
      assert.deepEqual((await lenses('src/handlers/place-order.ts')).map(({ command }) => command), ['localLambda.invoke', 'localLambda.showRecord']);
      await setting('codeLens.invoke', false);
      assert.deepEqual((await lenses('src/handlers/place-order.ts')).map(({ command }) => command), ['localLambda.showRecord']);
      await setting('codeLens.lastOutcome', false);
      assert.deepEqual(await lenses('src/handlers/place-order.ts'), []);
      await setting('codeLens.invoke', undefined);
      await setting('codeLens.invokeAsync', undefined);
      await setting('codeLens.lastOutcome', undefined);
    });

    it('offer a typed handler that nothing names', async () => {
      await write('src/handlers/typed.ts', "import type { SQSHandler } from 'aws-lambda';\n\nexport const work: SQSHandler = async () => {};\nexport const helper = (event: unknown) => event;\n");
      const found = await lenses('src/handlers/typed.ts');
      assert.deepEqual(found.map(({ line, command }) => [line, command]), [[2, 'localLambda.register']]);
      await vscode.workspace.fs.delete(file('src/handlers/typed.ts'));
    });
  });

  describe('registering', () => {
    it('is a quiet code action on an exported handler', async () => {
      await write('src/jobs.js', 'export const nightly = async (event) => ({ seen: event.day });\n\nconst inner = (event) => event;\n');
      const actions = (line: number) => vscode.commands.executeCommand<vscode.CodeAction[]>('vscode.executeCodeActionProvider', file('src/jobs.js'), new vscode.Range(line, 0, line, 0), vscode.CodeActionKind.Refactor.value);
      await vscode.workspace.openTextDocument(file('src/jobs.js'));
      const offered = (await actions(0)).filter(({ command }) => command?.command === 'localLambda.register');
      assert.equal(offered.length, 1);
      assert.equal((await actions(2)).filter(({ command }) => command?.command === 'localLambda.register').length, 0);
    });

    it('writes functions.json, and the function can be invoked', async () => {
      const name = await vscode.commands.executeCommand<string>('localLambda.register', file('src/jobs.js'), 'nightly', { name: 'Nightly' });
      assert.equal(name, 'Nightly');
      const written = JSON.parse(await read('.local-lambda/functions.json')) as unknown;
      assert.deepEqual(written, { functions: { Nightly: { handler: 'src/jobs.nightly', runtime: 'nodejs22.x', timeout: 3, memorySize: 128, environment: {} } } });
      const result = await invoke('Nightly', { day: 'Monday' });
      assert.deepEqual(JSON.parse(result?.payload ?? ''), { seen: 'Monday' });
      assert.deepEqual((await lenses('src/jobs.js'))[0]?.arguments, ['Nightly']);
    });
  });

  describe('schemas', () => {
    it('mark what is wrong in functions.json and options.json as one types', async () => {
      const wrong = { '.local-lambda/functions.json': '{ "functions": { "Wrong": { "handler": 7 } } }', '.local-lambda/events/PriceBasket/options.json': '{ "logType": "All" }' };
      const before = await read('.local-lambda/functions.json');
      for (const [path, text] of Object.entries(wrong)) {
        await write(path, text);
        await vscode.window.showTextDocument(file(path));
        await until(vscode.languages.onDidChangeDiagnostics, () => vscode.languages.getDiagnostics(file(path)).find(({ source }) => !source?.startsWith('Local Lambda')));
      }
      await write('.local-lambda/functions.json', before);
      await vscode.workspace.fs.delete(file('.local-lambda/events/PriceBasket/options.json'));
      await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    });
  });

  describe('test events', () => {
    it('are used without asking when the function has one', async () => {
      const result = await vscode.commands.executeCommand<InvokeResult>('localLambda.invoke', 'PriceBasket');
      assert.equal(result.functionError, undefined, result.payload);
      const { total } = JSON.parse(result.payload) as { total?: unknown };
      assert.ok(total !== undefined, result.payload);
    });

    it('have invocation options beside them', async () => {
      await vscode.commands.executeCommand('localLambda.editOptions', 'PriceBasket');
      assert.deepEqual(JSON.parse(await read('.local-lambda/events/PriceBasket/options.json')), { logType: 'Tail' });
      await write('.local-lambda/events/PriceBasket/options.json', '{ "qualifier": "$LATEST", "clientContext": { "custom": { "a": "b" } } }');
      const result = await vscode.commands.executeCommand<InvokeResult>('localLambda.invoke', 'PriceBasket');
      assert.equal(result.executedVersion, '$LATEST');
      const last = await until(internals.states.onDidChange, () => {
        const found = internals.states.find('PriceBasket')?.last;
        return found?.id === result.executionId ? found : undefined;
      });
      assert.equal(last.qualifier, '$LATEST');
      assert.deepEqual(JSON.parse(last.clientContext ?? ''), { custom: { a: 'b' } });
      await vscode.workspace.fs.delete(file('.local-lambda/events/PriceBasket/options.json'));
    });
  });

  describe('diagnostics', () => {
    const ofTemplate = (path: string) => vscode.languages.getDiagnostics(file(path)).filter(({ source }) => source?.startsWith('Local Lambda'));

    it('mark a broken template on its line and leave the other functions usable', async () => {
      await write('broken/template.yaml', 'Resources:\n  Broken:\n    Type: AWS::Serverless::Function\n    Properties:\n      Handler: [unclosed\n');
      const found = await until(vscode.languages.onDidChangeDiagnostics, () => ofTemplate('broken/template.yaml').find(({ range }) => range.start.line >= 4));
      assert.equal(found.severity, vscode.DiagnosticSeverity.Error);
      assert.ok(functionNames().includes('PlaceOrder'));
      const result = await invoke('PriceBasket', { lines: [] });
      assert.equal(result?.statusCode, 200);
    });

    it('go when the file is gone', async () => {
      await vscode.workspace.fs.delete(file('broken'), { recursive: true });
      await until(vscode.languages.onDidChangeDiagnostics, () => (ofTemplate('broken/template.yaml').length === 0 ? true : undefined));
      assert.deepEqual(internals.engine.diagnostics.filter(({ severity }: WorkspaceDiagnostic) => severity === 'error'), []);
    });
  });

  describe('template edits', () => {
    it('show in the tree', async () => {
      const before = await read('template.yaml');
      await write('template.yaml', before.replaceAll('PriceBasket', 'QuoteBasket'));
      await until(internals.states.onDidChange, () => (functionNames().includes('QuoteBasket') && !functionNames().includes('PriceBasket') ? true : undefined));
      await write('template.yaml', before);
      await until(internals.states.onDidChange, () => (functionNames().includes('PriceBasket') ? true : undefined));
    });
  });

  describe('commands', () => {
    it('that package.json contributes are all registered', async () => {
      const { contributes } = vscode.extensions.getExtension(extensionId)!.packageJSON as { contributes: { commands: { command: string }[] } };
      const registered = new Set(await vscode.commands.getCommands(true));
      assert.deepEqual(contributes.commands.map(({ command }) => command).filter((command) => !registered.has(command)), []);
    });

    it('copy name and ARN', async () => {
      await vscode.commands.executeCommand('localLambda.copyArn', 'PlaceOrder');
      assert.equal(await vscode.env.clipboard.readText(), 'arn:aws:lambda:us-east-1:123456789012:function:PlaceOrder');
    });

    it('open handler and template at the function', async () => {
      await vscode.commands.executeCommand('localLambda.openHandler', 'ShipOrder');
      const handler = vscode.window.activeTextEditor!;
      assert.ok(handler.document.uri.path.endsWith('/functions/ship-order/app.py'));
      assert.ok(handler.document.lineAt(handler.selection.active.line).text.startsWith('def lambda_handler'));
      await vscode.commands.executeCommand('localLambda.openTemplate', 'ShipOrder');
      const template = vscode.window.activeTextEditor!;
      assert.ok(template.document.uri.path.endsWith('/template.yaml'));
      assert.match(template.document.lineAt(template.selection.active.line).text, /ShipOrder:/);
    });
  });

  describe('time', () => {
    it('shows the speed of waits in the status bar, and changes it', async () => {
      assert.match(internals.time.texts.speed ?? '', /×60/);
      await vscode.commands.executeCommand('localLambda.setTimeScale', 1);
      await until(internals.engine.onDidChangeClock, () => (internals.time.texts.speed?.includes('real time') ? true : undefined));
      await vscode.commands.executeCommand('localLambda.setTimeScale', 60);
      await until(internals.engine.onDidChangeClock, () => (internals.time.texts.speed?.includes('×60') ? true : undefined));
    });

    it('jumps ahead', async () => {
      const before = internals.engine.clock!;
      await vscode.commands.executeCommand('localLambda.advanceTime', 3600);
      const after = await until(internals.engine.onDidChangeClock, () => (internals.engine.clock !== before ? internals.engine.clock : undefined));
      assert.ok(after.waitNow - before.waitNow >= 3_600_000);
    });
  });

  describe('the engine', () => {
    it('takes changed settings', async () => {
      await setting('template.parameterOverrides', { Stage: 'prod' });
      await until(internals.states.onDidChange, () => functionNames().find((name) => name.includes('DailyReport')));
      await setting('template.parameterOverrides', undefined);
      await until(internals.states.onDidChange, () => (functionNames().some((name) => name.includes('DailyReport')) ? undefined : true));
    });

    it('comes back when it dies', async () => {
      const { pid } = internals.engine.info!;
      process.kill(pid, 'SIGKILL');
      await until(internals.engine.onDidChangeState, () => (internals.engine.state === 'ready' && internals.engine.info!.pid !== pid ? true : undefined));
      const result = await invoke('PriceBasket', { lines: [] });
      assert.equal(result?.statusCode, 200);
    });

    it('restarts on command', async () => {
      const { pid } = internals.engine.info!;
      await vscode.commands.executeCommand('localLambda.restartEngine');
      assert.equal(internals.engine.state, 'ready');
      assert.notEqual(internals.engine.info!.pid, pid);
    });

    it('comes back when it hangs', async function () {
      if (process.platform === 'win32') this.skip();
      const { pid } = internals.engine.info!;
      process.kill(pid, 'SIGSTOP');
      await vscode.commands.executeCommand('localLambda.restartEngine');
      assert.equal(internals.engine.state, 'ready');
      assert.notEqual(internals.engine.info!.pid, pid);
    });

    it('forgets its records when it is reset', async () => {
      await invoke('PriceBasket', { lines: [] });
      await internals.engine.reset();
      assert.equal(internals.engine.state, 'ready');
      assert.deepEqual(await internals.engine.request(listExecutions, { limit: 10 }), []);
      assert.equal(internals.states.find('PriceBasket')?.last, undefined);
    });

    it('gives exports that reach its endpoint', async () => {
      await vscode.commands.executeCommand('localLambda.copyEndpointExports');
      const text = await vscode.env.clipboard.readText();
      const endpoint = /AWS_ENDPOINT_URL *= *'([^']+)'/.exec(text)?.[1] ?? '';
      const token = /LOCAL_LAMBDA_TOKEN *= *'([^']+)'/.exec(text)?.[1] ?? '';
      const answer = await fetch(`${endpoint}/_local-lambda/health`, { headers: { authorization: `Bearer ${token}` } });
      assert.equal(answer.status, 200);
    });

    after(() => internals.engine.dispose());
  });
});
