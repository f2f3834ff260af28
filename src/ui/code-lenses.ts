/** Lenses above proven handlers: Invoke, Invoke Async, and the last outcome, which opens its record. */
import * as vscode from 'vscode';
import type { FunctionStates } from './function-states.ts';
import { sourceSelector, type FoundHandler, type HandlerIndex } from './handler-index.ts';
import { outcomeText, statusIcons } from './outcome.ts';
import { editorSettings, section, type EditorSettings } from './settings.ts';

export class CodeLenses implements vscode.CodeLensProvider, vscode.Disposable {
  readonly #states: FunctionStates;
  readonly #index: HandlerIndex;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #disposables: vscode.Disposable[];

  readonly onDidChangeCodeLenses = this.#changed.event;

  constructor(states: FunctionStates, index: HandlerIndex) {
    this.#states = states;
    this.#index = index;
    this.#disposables = [
      this.#changed,
      vscode.languages.registerCodeLensProvider(sourceSelector, this),
      states.onDidChange(() => this.#changed.fire()),
      vscode.workspace.onDidChangeConfiguration((event) => { if (event.affectsConfiguration(`${section}.codeLens`)) this.#changed.fire(); }),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.#changed.fire()),
    ];
  }

  async provideCodeLenses(document: vscode.TextDocument): Promise<vscode.CodeLens[]> {
    const settings = editorSettings();
    if (!vscode.workspace.isTrusted || (!settings.codeLensInvoke && !settings.codeLensInvokeAsync && !settings.codeLensLastOutcome)) return [];
    const handlers = await this.#index.find(document);
    return handlers.flatMap((handler) => {
      const shared = handlers.filter(({ line }) => line === handler.line).length > 1;
      return this.#lenses(document.uri, handler, shared, settings);
    });
  }

  dispose(): void {
    for (const disposable of this.#disposables) disposable.dispose();
  }

  #lenses(uri: vscode.Uri, { line, exportName, functionName }: FoundHandler, shared: boolean, settings: EditorSettings): vscode.CodeLens[] {
    const range = new vscode.Range(line, 0, line, 0);
    if (functionName === undefined) {
      return settings.codeLensInvoke
        ? [new vscode.CodeLens(range, {
            command: 'localLambda.register', title: '$(play) Invoke', tooltip: 'Nothing names this handler yet: register it as a Lambda function, then invoke it',
            arguments: [uri, exportName, { thenInvoke: true }],
          })]
        : [];
    }
    const lenses: vscode.CodeLens[] = [];
    const suffix = shared ? ` ${functionName}` : '';
    if (settings.codeLensInvoke) {
      lenses.push(new vscode.CodeLens(range, { command: 'localLambda.invoke', title: `$(play) Invoke${suffix}`, tooltip: `Invoke ${functionName}`, arguments: [functionName] }));
    }
    if (settings.codeLensInvokeAsync) {
      lenses.push(new vscode.CodeLens(range, {
        command: 'localLambda.invokeAsync', title: `$(send) Invoke Async${suffix}`, tooltip: `Queue an event for ${functionName}: retries, destinations and dead-letter queue apply`, arguments: [functionName],
      }));
    }
    const fn = this.#states.find(functionName);
    if (!settings.codeLensLastOutcome || !fn) return lenses;
    if (fn.inFlight > 0) {
      lenses.push(new vscode.CodeLens(range, { command: 'localLambda.showRecords', title: '$(loading~spin) running', tooltip: 'Show the records' }));
    } else if (fn.queued > 0) {
      lenses.push(new vscode.CodeLens(range, { command: 'localLambda.showRecords', title: `$(watch) ${fn.queued.toLocaleString('en-US')} waiting`, tooltip: `Events in the queue of ${functionName}: show the records` }));
    } else if (fn.last) {
      lenses.push(new vscode.CodeLens(range, {
        command: 'localLambda.showRecord', title: `$(${statusIcons[fn.last.status].icon}) ${outcomeText(fn.last)}`, tooltip: `Last outcome of ${functionName}: show its record`, arguments: [fn.last.id],
      }));
    }
    return lenses;
  }
}
