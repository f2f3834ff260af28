/** The status bar item: whether the engine is there, and how many functions run now. */
import * as vscode from 'vscode';
import type { EngineClient } from './engine-client.ts';

export class StatusBar implements vscode.Disposable {
  readonly #engine: EngineClient;
  readonly #item = vscode.window.createStatusBarItem('localLambda.engine', vscode.StatusBarAlignment.Left, 10);
  readonly #disposables: vscode.Disposable[];

  constructor(engine: EngineClient) {
    this.#engine = engine;
    this.#item.name = 'Local Lambda';
    this.#item.command = 'localLambda.engineMenu';
    this.#disposables = [
      this.#item,
      engine.onDidChangeState(() => this.#show()),
      engine.onDidChangeStatus(() => this.#show()),
    ];
  }

  dispose(): void {
    for (const disposable of this.#disposables) disposable.dispose();
  }

  /** Hidden until an engine was wanted: a workspace without functions should not carry the item. */
  #show(): void {
    const { state, failure, info, status } = this.#engine;
    const { icon, words } = this.#appearance();
    this.#item.text = `$(${icon}) Lambda${status.inFlight > 0 ? ` ${status.inFlight}` : ''}`;
    this.#item.backgroundColor = state === 'failed' ? new vscode.ThemeColor('statusBarItem.errorBackground') : undefined;
    const tooltip = new vscode.MarkdownString(`**Local Lambda**: ${words}\n\n`);
    if (failure !== undefined) tooltip.appendText(failure);
    if (info) {
      tooltip.appendMarkdown(`| | |\n|---|---|\n| Endpoint | \`${info.endpoint}\` |\n| Running | ${status.inFlight} |\n| Processes | ${status.processes} |\n| Data folder | \`${info.dataFolder.replaceAll(/[`|]/g, ' ')}\` |\n`);
    }
    this.#item.tooltip = tooltip;
    this.#item.accessibilityInformation = { label: `Local Lambda: ${words}`, role: 'button' };
    this.#item.show();
  }

  #appearance(): { icon: string; words: string } {
    const { state, status } = this.#engine;
    switch (state) {
      case 'stopped': return { icon: 'circle-outline', words: 'the engine is stopped' };
      case 'starting': return { icon: 'loading~spin', words: 'the engine is starting' };
      case 'failed': return { icon: 'error', words: 'the engine is not available' };
      case 'ready': return status.inFlight > 0
        ? { icon: 'loading~spin', words: `${status.inFlight} running` }
        : { icon: 'play-circle', words: 'the engine is ready' };
    }
  }
}
