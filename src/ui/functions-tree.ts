/** The view "Functions": workspace folders › functions, with what each is doing and how it last ended. */
import * as vscode from 'vscode';
import type { FunctionSummary } from '../contracts/lambda-api.ts';
import type { EngineClient } from './engine-client.ts';
import { mostRemembered, type FailedEvents } from './failed-events.ts';
import { faultWords } from './fault-words.ts';
import type { FunctionStates } from './function-states.ts';
import { functionTooltip } from './function-tooltip.ts';
import { outcomeText, statusIcons } from './outcome.ts';
import { TreeRows } from './tree-rows.ts';

export const viewId = 'localLambda.functions';

export interface GroupNode {
  kind: 'folder' | 'api';
  label: string;
  /** Absolute path; absent for `api`. */
  folder?: string;
}

export interface FunctionNode {
  kind: 'function';
  summary: FunctionSummary;
}

export type TreeNode = GroupNode | FunctionNode;

const createdByApi: GroupNode = { kind: 'api', label: 'Created by API' };

export class FunctionsTree implements vscode.TreeDataProvider<TreeNode>, vscode.Disposable {
  readonly #engine: EngineClient;
  readonly #states: FunctionStates;
  readonly #failed: FailedEvents;
  readonly #changed = new vscode.EventEmitter<TreeNode | undefined>();
  readonly #disposables: vscode.Disposable[];
  readonly #view: vscode.TreeView<TreeNode>;
  readonly #rows = new TreeRows<TreeNode>({
    keyOf: (node) => (node.kind === 'function' ? `function:${node.summary.arn}` : groupId(node)),
    childrenOf: (node) => this.#children(node),
    itemOf: (node) => this.getTreeItem(node),
    moreOf: (node) => (node.kind === 'function' ? functionTooltip(node.summary).value : ''),
  });

  readonly onDidChangeTreeData = this.#changed.event;

  /** `onVisible` is called when the user looks at the view. */
  constructor(engine: EngineClient, states: FunctionStates, failed: FailedEvents, onVisible: () => void) {
    this.#engine = engine;
    this.#states = states;
    this.#failed = failed;
    this.#view = vscode.window.createTreeView(viewId, { treeDataProvider: this });
    this.#disposables = [
      this.#changed,
      this.#view,
      this.#view.onDidChangeVisibility(({ visible }) => { if (visible) onVisible(); }),
      states.onDidChange(() => this.#refresh()),
      failed.onDidChange(() => this.#refresh()),
      engine.onDidChangeState(() => this.#refresh()),
      vscode.workspace.onDidChangeWorkspaceFolders(() => this.#refresh()),
    ];
    if (this.#view.visible) onVisible();
    this.#refresh();
  }

  get view(): vscode.TreeView<TreeNode> {
    return this.#view;
  }

  getChildren(node?: TreeNode): TreeNode[] {
    return this.#children(node).map((child) => this.#rows.kept(child));
  }

  getParent(node: TreeNode): TreeNode | undefined {
    if (node.kind !== 'function') return undefined;
    return this.getChildren().find((candidate) => candidate.kind !== 'function' && inGroup(candidate)(node.summary));
  }

  getTreeItem(node: TreeNode): vscode.TreeItem {
    return node.kind === 'function' ? functionItem(node.summary, this.#failed.of(node.summary.name).length) : groupItem(node, this.#states.all.some(inGroup(node)));
  }

  resolveTreeItem(item: vscode.TreeItem, node: TreeNode): vscode.TreeItem {
    if (node.kind === 'function') item.tooltip = functionTooltip(this.#states.find(node.summary.name) ?? node.summary);
    return item;
  }

  dispose(): void {
    for (const disposable of this.#disposables) disposable.dispose();
  }

  #children(node?: TreeNode): TreeNode[] {
    if (node?.kind === 'function') return [];
    const functions = this.#states.all;
    if (node) return functions.filter(inGroup(node)).map(asNode);
    const fromApi = functions.some(({ origin }) => origin.kind === 'api') ? [createdByApi] : [];
    const folders = (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === 'file');
    // A welcome text shows only in a view without any row.
    if (functions.length === 0) return [];
    if (folders.length <= 1) return [...functions.filter(({ origin }) => origin.kind !== 'api').map(asNode), ...fromApi];
    return [...folders.map(({ name, uri }): GroupNode => ({ kind: 'folder', label: name, folder: uri.fsPath })), ...fromApi];
  }

  #refresh(): void {
    const { inFlight } = this.#engine.status;
    this.#view.badge = inFlight === 0 ? undefined : { value: inFlight, tooltip: `${inFlight} running` };
    const message = this.#message();
    // exactOptionalPropertyTypes: VS Code takes undefined as "no message".
    if (this.#view.message !== message) (this.#view as { message: string | undefined }).message = message;
    for (const node of this.#rows.changes()) this.#changed.fire(node);
  }

  /** None where a welcome text has buttons: VS Code shows that only in a view without a message. */
  #message(): string | undefined {
    if (!vscode.workspace.isTrusted || (vscode.workspace.workspaceFolders ?? []).length === 0) return undefined;
    return this.#engine.state === 'starting' && this.#states.all.length === 0 ? 'Starting the engine…' : undefined;
  }
}

function asNode(summary: FunctionSummary): FunctionNode {
  return { kind: 'function', summary };
}

function inGroup(group: GroupNode): (fn: FunctionSummary) => boolean {
  return ({ origin }) => (group.kind === 'api' ? origin.kind === 'api' : origin.kind !== 'api' && origin.folder === group.folder);
}

function groupId({ kind, folder }: GroupNode): string {
  return `${kind}:${folder ?? ''}`;
}

function groupItem(group: GroupNode, filled: boolean): vscode.TreeItem {
  const item = new vscode.TreeItem(group.label, filled ? vscode.TreeItemCollapsibleState.Expanded : vscode.TreeItemCollapsibleState.None);
  if (!filled) item.description = 'no functions';
  item.id = groupId(group);
  item.iconPath = new vscode.ThemeIcon(group.kind === 'api' ? 'plug' : 'root-folder');
  item.contextValue = group.kind;
  if (group.folder) item.resourceUri = vscode.Uri.file(group.folder);
  return item;
}

/** @param failures Events that ended in failure and that nobody has looked at. */
function functionItem(fn: FunctionSummary, failures: number): vscode.TreeItem {
  const item = new vscode.TreeItem(fn.name, vscode.TreeItemCollapsibleState.None);
  const running = fn.inFlight > 0;
  const progress = fn.inFlight > 1 ? `running ${fn.inFlight}` : 'running';
  const state = running ? progress : fn.last && outcomeText(fn.last);
  const more = [
    fn.queued > 0 && `${fn.queued.toLocaleString('en-US')} waiting`,
    failures > 0 && (failures === 1 ? '1 failed event' : `${failures.toLocaleString('en-US')}${failures >= mostRemembered ? '+' : ''} failed events`),
    fn.faults && `faults: ${faultWords(fn.faults)}`,
  ].filter((part) => part !== undefined && part !== false);
  item.id = `function:${fn.arn}`;
  item.description = [fn.runtime, state, ...more].filter(Boolean).join(' · ');
  item.iconPath = icon(fn, running, failures > 0);
  item.contextValue = [
    'function',
    fn.handlerFile && 'handler',
    fn.origin.location && 'template',
    fn.origin.kind !== 'api' && 'local',
    running && 'running',
    fn.last && 'last',
    fn.queued > 0 && 'queued',
    failures > 0 && 'failures',
    fn.faults && 'faults',
  ].filter(Boolean).join(' ');
  item.accessibilityInformation = {
    label: [fn.name, fn.runtime, running ? progress : fn.last ? `last run ${fn.last.status}, ${outcomeText(fn.last)}` : 'not run yet', ...more].join(', '),
  };
  if (fn.handlerFile) item.command = { command: 'localLambda.openHandler', title: 'Open Handler', arguments: [fn.name] };
  return item;
}

function icon(fn: FunctionSummary, running: boolean, failures: boolean): vscode.ThemeIcon {
  if (fn.faults && !running) return new vscode.ThemeIcon('bug', new vscode.ThemeColor('problemsWarningIcon.foreground'));
  const status = running ? 'running' : failures ? 'failed' : fn.last?.status;
  if (!status) return new vscode.ThemeIcon('symbol-function');
  const { icon: name, color } = statusIcons[status];
  return new vscode.ThemeIcon(name, color === undefined ? undefined : new vscode.ThemeColor(color));
}
