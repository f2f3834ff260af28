/** "Register as Lambda function": a command, and a quiet code action on exported handlers that nothing names. */
import * as vscode from 'vscode';
import { UserError } from '../contracts/faults.ts';
import type { EngineClient } from './engine-client.ts';
import type { FunctionStates } from './function-states.ts';
import { addRegisteredFunction, describeHandler, functionNameProblem, guessRuntime, registeredAt } from './functions-file.ts';
import { sourceSelector, type HandlerIndex } from './handler-index.ts';
import { sourceLanguage } from './handler-source.ts';
import { columnForText } from './text-column.ts';

/** The engine reads a changed file within a second; later than this it has a reason, which diagnostics tell. Milliseconds. */
const appearLimit = 10_000;

const actionKind = vscode.CodeActionKind.Refactor.append('registerLambdaFunction');

export class FunctionRegistration implements vscode.CodeActionProvider, vscode.Disposable {
  readonly #engine: EngineClient;
  readonly #states: FunctionStates;
  readonly #index: HandlerIndex;
  readonly #provider: vscode.Disposable;

  constructor(engine: EngineClient, states: FunctionStates, index: HandlerIndex) {
    this.#engine = engine;
    this.#states = states;
    this.#index = index;
    this.#provider = vscode.languages.registerCodeActionsProvider(sourceSelector, this, { providedCodeActionKinds: [actionKind] });
  }

  provideCodeActions(document: vscode.TextDocument, range: vscode.Range): vscode.CodeAction[] {
    if (!vscode.workspace.isTrusted) return [];
    const handler = this.#index.unregistered(document).find(({ likely, line }) => likely && line === range.start.line);
    if (!handler) return [];
    const action = new vscode.CodeAction('Register as Lambda function', actionKind);
    action.command = { command: 'localLambda.register', title: action.title, arguments: [document.uri, handler.name] };
    return [action];
  }

  /**
   * Asks for what is not given and writes `.local-lambda/functions.json`. Returns the name under which the function was
   * registered, or undefined when the user gave up.
   * @throws UserError when there is nothing to register or the file cannot take it.
   */
  async register(uri?: vscode.Uri, exportName?: string, givenName?: string): Promise<string | undefined> {
    if (!vscode.workspace.isTrusted) throw new UserError('Nothing runs in Restricted Mode: trust this workspace to register functions.');
    const document = uri ? await vscode.workspace.openTextDocument(uri) : vscode.window.activeTextEditor?.document;
    const folder = document && vscode.workspace.getWorkspaceFolder(document.uri);
    if (!document || !sourceLanguage(document.languageId) || !folder) {
      throw new UserError('Open a JavaScript, TypeScript or Python file of the workspace that exports a handler, then register it.');
    }
    const chosen = exportName ?? await this.#chooseExport(document);
    if (chosen === undefined) return undefined;
    const path = vscode.workspace.asRelativePath(document.uri, false);
    const inPackage = path.endsWith('.py') && await exists(vscode.Uri.joinPath(document.uri, '..', '__init__.py'));
    const { name: suggestion, handler, codeUri } = describeHandler(path, chosen, { inPackage });
    const name = givenName ?? await vscode.window.showInputBox({
      title: `Register ${chosen} as a Lambda Function`,
      prompt: 'Name of the function. Timeout, memory and environment can be changed in .local-lambda/functions.json.',
      value: this.#freeName(suggestion),
      validateInput: (value) => functionNameProblem(value) ?? (this.#states.find(value) ? `There is a function ${value} already.` : undefined),
    });
    if (name === undefined) return undefined;
    const problem = functionNameProblem(name);
    if (problem !== undefined) throw new UserError(problem);
    const file = vscode.Uri.joinPath(folder.uri, '.local-lambda', 'functions.json');
    await write(file, (text) => addRegisteredFunction(text, name, {
      handler, runtime: guessRuntime(path), timeout: 3, memorySize: 128, environment: {}, ...(codeUri !== undefined && { codeUri }),
    }));
    void this.#offerFile(file, name);
    return name;
  }

  /** Resolves when the engine has read a function that was just registered. @throws UserError when it does not come. */
  async appeared(name: string): Promise<void> {
    await this.#engine.start();
    if (this.#states.find(name)) return;
    await new Promise<void>((resolve, reject) => {
      const settle = (finish: () => void) => {
        clearTimeout(timer);
        subscription.dispose();
        finish();
      };
      const timer = setTimeout(
        () => settle(() => reject(new UserError(`${name} was registered but the engine does not list it: see the problems of .local-lambda/functions.json.`))),
        appearLimit,
      );
      const subscription = this.#states.onDidChange(() => { if (this.#states.find(name)) settle(resolve); });
    });
  }

  dispose(): void {
    this.#provider.dispose();
  }

  async #chooseExport(document: vscode.TextDocument): Promise<string | undefined> {
    const candidates = this.#index.unregistered(document);
    if (candidates.length === 0) throw new UserError('This file exports no function that is not registered yet.');
    const cursor = vscode.window.activeTextEditor?.document === document ? vscode.window.activeTextEditor.selection.active.line : -1;
    const here = candidates.find(({ line }) => line === cursor);
    const likely = candidates.filter((candidate) => candidate.likely);
    if (here) return here.name;
    if (candidates.length === 1) return candidates[0]?.name;
    const picked = await vscode.window.showQuickPick(
      [...likely, ...candidates.filter((candidate) => !candidate.likely)].map(({ name, line }) => ({ label: name, description: `line ${line + 1}` })),
      { title: 'Register as Lambda Function', placeHolder: 'Choose the exported handler' },
    );
    return picked?.label;
  }

  #freeName(suggestion: string): string {
    let name = suggestion;
    for (let number = 2; this.#states.find(name); number += 1) name = `${suggestion.slice(0, 60)}-${number}`;
    return name;
  }

  async #offerFile(file: vscode.Uri, name: string): Promise<void> {
    const open = 'Open functions.json';
    if (await vscode.window.showInformationMessage(`${name} is registered.`, open) !== open) return;
    const document = await vscode.workspace.openTextDocument(file);
    const position = document.positionAt(registeredAt(document.getText(), name) ?? 0);
    await vscode.window.showTextDocument(document, { viewColumn: columnForText(), selection: new vscode.Range(position, position) });
  }
}

/** Edits through the editor, so that an open, changed file takes part and the edit can be undone. */
async function write(file: vscode.Uri, change: (text: string | undefined) => string): Promise<void> {
  if (!await exists(file)) {
    await vscode.workspace.fs.createDirectory(vscode.Uri.joinPath(file, '..'));
    await vscode.workspace.fs.writeFile(file, new TextEncoder().encode(change(undefined)));
    return;
  }
  const document = await vscode.workspace.openTextDocument(file);
  const edit = new vscode.WorkspaceEdit();
  const whole = new vscode.Range(new vscode.Position(0, 0), document.positionAt(document.getText().length));
  edit.replace(file, whole, change(document.getText()));
  if (!await vscode.workspace.applyEdit(edit) || !await document.save()) {
    throw new UserError('.local-lambda/functions.json could not be written: check that it is not read-only.');
  }
}

async function exists(uri: vscode.Uri): Promise<boolean> {
  try {
    await vscode.workspace.fs.stat(uri);
    return true;
  } catch (error) {
    if (error instanceof vscode.FileSystemError && (error.code === 'FileNotFound' || error.code === 'FileNotADirectory')) return false;
    throw error;
  }
}
