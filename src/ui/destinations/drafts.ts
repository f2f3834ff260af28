/**
 * Messages, notifications and events that are written in an editor before they are sent: untitled JSON documents with a
 * lens that sends them. What they are for is remembered with the workspace, as VS Code keeps unsaved documents.
 */
import * as vscode from 'vscode';
import { UserError } from '../../contracts/faults.ts';
import { columnForText } from '../text-column.ts';
import { draftText, type DraftKind } from './texts.ts';

export interface Draft {
  kind: DraftKind;
  /** Of the queue, topic or bus. */
  arn: string;
  /** Its name. */
  name: string;
}

const memoryKey = 'drafts';
const selector: vscode.DocumentSelector = { scheme: 'untitled', language: 'json' };
const verbs: Readonly<Record<DraftKind, string>> = { message: 'Send Message to', publish: 'Publish to', event: 'Put Event on' };

export class Drafts implements vscode.CodeLensProvider, vscode.Disposable {
  readonly #memory: vscode.Memento;
  readonly #preview: (draft: Draft, text: string) => Promise<string | undefined>;
  readonly #drafts: Map<string, Draft>;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #disposables: vscode.Disposable[];

  readonly onDidChangeCodeLenses = this.#changed.event;

  /** `memory` is the workspace's; `preview` says in a few words what sending a draft would do, when it can tell. */
  constructor(memory: vscode.Memento, preview: (draft: Draft, text: string) => Promise<string | undefined>) {
    this.#memory = memory;
    this.#preview = preview;
    this.#drafts = new Map(Object.entries(memory.get<Record<string, Draft>>(memoryKey) ?? {}));
    this.#disposables = [
      this.#changed,
      vscode.languages.registerCodeLensProvider(selector, this),
      vscode.workspace.onDidCloseTextDocument(({ uri, isUntitled }) => { if (isUntitled && this.#drafts.delete(uri.toString())) void this.#save(); }),
    ];
    void this.#setContext();
  }

  /** Opens a new draft with a sensible beginning. `sample`: JSON text for its body. */
  async open(draft: Draft, target: { fifo?: boolean; busName?: string }, sample?: string): Promise<vscode.TextDocument> {
    const document = await vscode.workspace.openTextDocument({ language: 'json', content: draftText(draft.kind, target, sample) });
    this.#drafts.set(document.uri.toString(), draft);
    await this.#save();
    await vscode.window.showTextDocument(document, { viewColumn: columnForText(), preview: false });
    this.#changed.fire();
    return document;
  }

  /** The draft in this document, or in the active editor. @throws UserError when there is none. */
  find(uri: unknown): { draft: Draft; document: vscode.TextDocument } {
    const document = uri instanceof vscode.Uri
      ? vscode.workspace.textDocuments.find((candidate) => candidate.uri.toString() === uri.toString())
      : vscode.window.activeTextEditor?.document;
    const draft = document && this.#drafts.get(document.uri.toString());
    if (!document || !draft) throw new UserError('This editor holds no draft: begin one with "Send Message…", "Publish to Topic…" or "Put Event on Bus…".');
    return { draft, document };
  }

  /** What they show may have changed. */
  refresh(): void {
    if (this.#drafts.size > 0) this.#changed.fire();
  }

  async provideCodeLenses(document: vscode.TextDocument): Promise<vscode.CodeLens[]> {
    const draft = this.#drafts.get(document.uri.toString());
    if (!draft) return [];
    const range = new vscode.Range(0, 0, 0, 0);
    const preview = await this.#preview(draft, document.getText());
    return [
      new vscode.CodeLens(range, { command: 'localLambda.sendDraft', title: `$(send) ${verbs[draft.kind]} ${draft.name}`, tooltip: 'Send what stands here; the draft stays open', arguments: [document.uri] }),
      ...(preview === undefined ? [] : [new vscode.CodeLens(range, { command: '', title: preview })]),
    ];
  }

  dispose(): void {
    for (const disposable of this.#disposables) disposable.dispose();
  }

  async #save(): Promise<void> {
    await this.#memory.update(memoryKey, Object.fromEntries(this.#drafts));
    await this.#setContext();
  }

  async #setContext(): Promise<void> {
    await vscode.commands.executeCommand('setContext', 'localLambda.drafts', [...this.#drafts.keys()].map((uri) => vscode.Uri.parse(uri).path));
  }
}
