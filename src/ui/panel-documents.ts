/** Texts of executions as read-only documents (`local-lambda-execution:/<id>/result.json`), for "Open in editor". */
import * as vscode from 'vscode';
import type { Execution } from '../contracts/executions.ts';
import { UserError } from '../contracts/faults.ts';
import { getExecutionContent, getInvocationRecord } from '../protocol/engine.ts';
import type { ExecutionPart } from '../protocol/panel.ts';
import { partFileName } from './panel-content.ts';
import type { PanelEngine } from './panel-engine.ts';
import { indentJson } from '../protocol/panel-json.ts';
import { columnForText } from './text-column.ts';

const scheme = 'local-lambda-execution';
const parts: readonly ExecutionPart[] = ['result', 'logs', 'event', 'record'];

export class ExecutionDocuments implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #engine: PanelEngine;
  readonly #registration: vscode.Disposable;

  constructor(engine: PanelEngine) {
    this.#engine = engine;
    this.#registration = vscode.workspace.registerTextDocumentContentProvider(scheme, this);
  }

  dispose(): void {
    this.#registration.dispose();
  }

  /** Opens one text outside the panel's column, as a preview. @throws UserError when the history lost the execution. */
  async open(execution: Execution, part: ExecutionPart): Promise<void> {
    const uri = vscode.Uri.from({ scheme, path: `/${execution.id}/${execution.functionName} ${partFileName(part)}` });
    // What the provider throws does not reach the caller: fail here first.
    await this.#text(execution.id, part);
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri), {
      viewColumn: columnForText(),
      preview: true,
    });
  }

  /** Also called after a window reload, for documents that were open. */
  provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const [, id = '', name = ''] = uri.path.split('/');
    const part = parts.find((candidate) => name.endsWith(partFileName(candidate)));
    return part ? this.#text(id, part) : Promise.resolve('');
  }

  async #text(id: string, part: ExecutionPart): Promise<string> {
    if (part === 'record') {
      const record = await this.#engine.request(getInvocationRecord, { id });
      if (record === null) throw new UserError('There is no invocation record until the execution has finished.');
      return indentJson(record);
    }
    const content = await this.#engine.request(getExecutionContent, { id });
    if (!content) throw new UserError('The history no longer has this execution.');
    if (part === 'logs') return content.log;
    if (part === 'event') return indentJson(content.request);
    if (content.response === undefined) throw new UserError('This execution has no result.');
    return indentJson(content.response);
  }
}
