/** The records panel: one webview panel per window that lists every execution and shows the detail of one. */
import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import type { Execution } from '../contracts/executions.ts';
import type { Logger } from '../contracts/logger.ts';
import { panelViewType, type PanelAction } from '../protocol/panel.ts';
import { ExecutionDocuments } from './panel-documents.ts';
import type { PanelEngine } from './panel-engine.ts';
import { panelHtml } from './panel-html.ts';
import { PanelSession, type PanelEditor } from './panel-session.ts';
import { isForTheUser, sentence } from './sentences.ts';

/** What the panel leaves to commands that exist outside it too. */
export interface RecordsPanelActions {
  saveAsTestEvent(functionName: string, payload: string): Promise<void>;
  copyAsCli(execution: Execution, payload: string): Promise<void>;
  /** The user looks at this execution. */
  seen(executionId: string): void;
}

/** What the panel can do as a whole is a command, so that the palette can do it too. */
const commandOf: Readonly<Record<PanelAction, string>> = {
  export: 'localLambda.exportRecords',
  clear: 'localLambda.clearRecords',
  'start-engine': 'localLambda.startEngine',
  'show-log': 'localLambda.showOutput',
  'manage-trust': 'workbench.trust.manage',
  'open-folder': 'vscode.openFolder',
  resume: 'localLambda.resume',
};

/** How long a confirmation stays in the status bar, milliseconds. */
const informFor = 3000;

export class RecordsPanel implements vscode.Disposable {
  readonly #context: vscode.ExtensionContext;
  readonly #engine: PanelEngine;
  readonly #actions: RecordsPanelActions;
  readonly #logger: Logger | undefined;
  readonly #documents: ExecutionDocuments;
  readonly #disposables: vscode.Disposable[];
  #open: { panel: vscode.WebviewPanel; session: PanelSession } | undefined;

  /** `logger` takes errors that nobody expected, with their stacks. */
  constructor(context: vscode.ExtensionContext, engine: PanelEngine, actions: RecordsPanelActions, logger?: Logger) {
    this.#context = context;
    this.#engine = engine;
    this.#actions = actions;
    this.#logger = logger;
    this.#documents = new ExecutionDocuments(engine);
    this.#disposables = [
      this.#documents,
      vscode.window.registerWebviewPanelSerializer(panelViewType, {
        // The panel keeps its own state (`setState`): the document reads it back by itself.
        deserializeWebviewPanel: (panel) => {
          this.#adopt(panel);
          return Promise.resolve();
        },
      }),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.#open?.session.surroundingsChanged()),
      vscode.workspace.onDidChangeWorkspaceFolders(() => this.#open?.session.surroundingsChanged()),
    ];
  }

  /** Opens the panel or brings it to the front; with an id shows that execution. */
  show(executionId?: string): Promise<void> {
    if (this.#open) {
      this.#open.panel.reveal(undefined, executionId !== undefined);
    } else {
      const waiting = waitingTabs();
      if (waiting.length > 0) void vscode.window.tabGroups.close(waiting, true);
      this.#adopt(vscode.window.createWebviewPanel(
        panelViewType,
        'Lambda Records',
        {
          viewColumn: waiting[0]?.group.viewColumn ?? (executionId === undefined ? vscode.ViewColumn.Active : vscode.ViewColumn.Beside),
          preserveFocus: executionId !== undefined,
        },
      ));
    }
    if (executionId !== undefined) this.#open?.session.reveal(executionId);
    return Promise.resolve();
  }

  dispose(): void {
    this.#open?.panel.dispose();
    for (const disposable of this.#disposables) disposable.dispose();
  }

  #adopt(panel: vscode.WebviewPanel): void {
    // VS Code may restore a panel while one is open already.
    this.#open?.panel.dispose();
    const folder = vscode.Uri.joinPath(this.#context.extensionUri, 'dist', 'webview');
    const { webview } = panel;
    const drawing = (theme: string) => vscode.Uri.joinPath(this.#context.extensionUri, 'media', `records-${theme}.svg`);
    panel.iconPath = { light: drawing('light'), dark: drawing('dark') };
    webview.options = { enableScripts: true, enableForms: false, localResourceRoots: [folder] };
    const session = new PanelSession(this.#engine, this.#editor(panel));
    const opened = { panel, session };
    this.#open = opened;
    webview.onDidReceiveMessage((message: unknown) => { void session.receive(message); });
    panel.onDidChangeViewState(() => { if (!panel.visible) session.pause(); });
    panel.onDidDispose(() => {
      session.dispose();
      if (this.#open === opened) this.#open = undefined;
    });
    const file = (name: string) => webview.asWebviewUri(vscode.Uri.joinPath(folder, name)).toString();
    webview.html = panelHtml({
      nonce: randomBytes(18).toString('base64url'),
      cspSource: webview.cspSource,
      script: file('panel.js'),
      style: file('panel.css'),
      icons: file('codicon.css'),
    });
  }

  #editor(panel: vscode.WebviewPanel): PanelEditor {
    return {
      get trusted() { return vscode.workspace.isTrusted; },
      get hasFolder() { return (vscode.workspace.workspaceFolders ?? []).length > 0; },
      post: (message) => {
        // Rejects only when the panel was closed meanwhile.
        panel.webview.postMessage(message).then(undefined, (error: unknown) => this.#logger?.debug(`The records panel is gone: ${sentence(error)}`));
      },
      perform: async (action) => {
        await vscode.commands.executeCommand(commandOf[action]);
      },
      openPart: (execution, part) => this.#documents.open(execution, part),
      openTarget: async (arn) => { await vscode.commands.executeCommand('localLambda.revealTarget', arn); },
      copy: async (text) => {
        await vscode.env.clipboard.writeText(text);
        this.#inform('Copied.');
      },
      copyAsCli: (execution, payload) => this.#actions.copyAsCli(execution, payload),
      saveAsTestEvent: (functionName, payload) => this.#actions.saveAsTestEvent(functionName, payload),
      seen: (executionId) => this.#actions.seen(executionId),
      inform: (message) => this.#inform(message),
      fail: (what, error) => {
        if (!isForTheUser(error)) this.#logger?.error(what, error);
        void vscode.window.showErrorMessage(`${what} ${sentence(error)}`);
      },
      report: (message) => this.#logger?.error(`Records panel: ${message}`),
    };
  }

  #inform(message: string): void {
    vscode.window.setStatusBarMessage(`Local Lambda: ${message}`, informFor);
  }
}

/** Tabs from before a reload that VS Code fills only when they are looked at: they would be a second panel. */
function waitingTabs(): vscode.Tab[] {
  return vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs)
    // VS Code puts a prefix of its own before the view type.
    .filter(({ input }) => input instanceof vscode.TabInputWebview && input.viewType.endsWith(panelViewType));
}
