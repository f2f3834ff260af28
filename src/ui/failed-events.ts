/**
 * Asynchronous events that ended in failure: nobody waits for their answer, so each is told. One notification for all that
 * fail together, and a mark on the function until they have been looked at.
 */
import * as vscode from 'vscode';
import { isFinal, type Execution } from '../contracts/executions.ts';
import type { EngineClient } from './engine-client.ts';
import { FailureGatherer, failureSentence } from './failure-gathering.ts';
import { editorSettings, section } from './settings.ts';

/** Failures that are remembered of one function; the newest. */
export const mostRemembered = 1000;

export class FailedEvents implements vscode.Disposable {
  readonly #showRecord: (id: string) => Promise<void>;
  readonly #showRecords: () => Promise<void>;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #gatherer: FailureGatherer;
  readonly #disposables: vscode.Disposable[];
  /** Ids that nobody has looked at, newest last, by function. */
  readonly #unseen = new Map<string, string[]>();
  /** Each is told once, whatever changes about its execution later. */
  readonly #told = new Set<string>();

  /** The marks of functions changed. */
  readonly onDidChange = this.#changed.event;

  constructor(engine: EngineClient, showRecord: (id: string) => Promise<void>, showRecords: () => Promise<void>) {
    this.#showRecord = showRecord;
    this.#showRecords = showRecords;
    this.#gatherer = new FailureGatherer((failures) => this.#notify(failures));
    this.#disposables = [
      this.#changed,
      { dispose: () => this.#gatherer.dispose() },
      engine.onDidChangeExecutions((executions) => this.#take(executions)),
      engine.onDidClearExecutions(() => {
        this.#unseen.clear();
        this.#changed.fire();
      }),
    ];
  }

  /** Ids of failures that nobody has looked at, newest last. */
  of(functionName: string): readonly string[] {
    return this.#unseen.get(functionName) ?? [];
  }

  /** A record is looked at: the mark of its function counts one less, or goes. */
  seen(executionId: string): void {
    for (const [name, ids] of this.#unseen) {
      if (!ids.includes(executionId)) continue;
      const left = ids.filter((id) => id !== executionId);
      if (left.length === 0) this.#unseen.delete(name);
      else this.#unseen.set(name, left);
      this.#changed.fire();
    }
  }

  forget(functionName: string): void {
    if (this.#unseen.delete(functionName)) this.#changed.fire();
  }

  dispose(): void {
    for (const disposable of this.#disposables) disposable.dispose();
  }

  #take(executions: readonly Execution[]): void {
    const failures = executions.filter(({ id, asynchronous, status }) => asynchronous && isFinal(status) && status !== 'succeeded' && status !== 'cancelled' && !this.#told.has(id));
    if (failures.length === 0) return;
    for (const failure of failures) {
      this.#told.add(failure.id);
      const ids = this.#unseen.get(failure.functionName) ?? [];
      this.#unseen.set(failure.functionName, [...ids, failure.id].slice(-mostRemembered));
    }
    // Oldest first out: only a repeated message about the same execution has to be recognised.
    for (const id of this.#told) {
      if (this.#told.size <= 10_000) break;
      this.#told.delete(id);
    }
    this.#changed.fire();
    if (editorSettings().notifyFailedEvents) this.#gatherer.add(failures);
  }

  async #notify(failures: readonly Execution[]): Promise<void> {
    const show = failures.length === 1 ? 'Show Record' : 'Show Records';
    const never = 'Don\'t Show Again';
    const answer = await vscode.window.showWarningMessage(failureSentence(failures), show, never);
    if (answer === never) {
      await vscode.workspace.getConfiguration(section).update('notifyFailedEvents', false, vscode.ConfigurationTarget.Global);
    } else if (answer === show) {
      const [only] = failures;
      if (failures.length === 1 && only) await this.#showRecord(only.id);
      else {
        for (const name of new Set(failures.map(({ functionName }) => functionName))) this.forget(name);
        await this.#showRecords();
      }
    }
  }
}
