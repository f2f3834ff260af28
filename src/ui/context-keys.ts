/** Context keys that decide which menus and welcome texts show. */
import * as vscode from 'vscode';
import type { EngineClient } from './engine-client.ts';
import { isPaused, isPolling } from './event-sources/mapping-words.ts';
import type { FunctionStates } from './function-states.ts';
import type { HandlerIndex } from './handler-index.ts';
import { sourceLanguage } from './handler-source.ts';
import type { LeftOvers } from './left-over.ts';

export class ContextKeys implements vscode.Disposable {
  readonly #index: HandlerIndex;
  readonly #disposables: vscode.Disposable[];
  readonly #known = new Map<string, string>();

  constructor(engine: EngineClient, states: FunctionStates, index: HandlerIndex, leftOvers: LeftOvers) {
    this.#index = index;
    const showFunctions = () => {
      // Paths as keys: the `in` operator looks into arrays and objects alike.
      this.#set('handlerFiles', [...new Set(states.all.map(({ handlerFile }) => handlerFile).filter((file) => file !== undefined))]);
      this.#showEditor(vscode.window.activeTextEditor);
    };
    const showLeftOvers = () => {
      this.#set('paused', leftOvers.state.paused);
      this.#set('held', leftOvers.waits);
    };
    const showMappings = () => {
      this.#set('mappingsPaused', engine.mappings.some(isPaused));
      this.#set('mappingsPolling', engine.mappings.some(isPolling));
    };
    this.#disposables = [
      engine.onDidChangeMappings(showMappings),
      leftOvers.onDidChange(showLeftOvers),
      engine.onDidChangeState((state) => this.#set('engineState', state)),
      states.onDidChange(showFunctions),
      vscode.window.onDidChangeActiveTextEditor((editor) => this.#showEditor(editor)),
      vscode.workspace.onDidSaveTextDocument(() => this.#showEditor(vscode.window.activeTextEditor)),
    ];
    this.#set('engineState', engine.state);
    showLeftOvers();
    this.#showEditor(vscode.window.activeTextEditor);
  }

  dispose(): void {
    for (const disposable of this.#disposables) disposable.dispose();
  }

  #showEditor(editor: vscode.TextEditor | undefined): void {
    const offers = editor && sourceLanguage(editor.document.languageId) && this.#index.unregistered(editor.document).some(({ likely }) => likely);
    this.#set('unregisteredFiles', offers ? [editor.document.uri.fsPath] : []);
  }

  #set(key: string, value: unknown): void {
    const text = JSON.stringify(value);
    if (this.#known.get(key) === text) return;
    this.#known.set(key, text);
    void vscode.commands.executeCommand('setContext', `localLambda.${key}`, value);
  }
}
