/** Registers commands; what goes wrong in one is told in one sentence, and logged with its stack when nobody foresaw it. */
import * as vscode from 'vscode';
import type { Logger } from '../contracts/logger.ts';
import { isForTheUser, sentence } from './sentences.ts';

export class CommandRegistry implements vscode.Disposable {
  readonly #logger: Logger;
  readonly #disposables: vscode.Disposable[] = [];

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** `name` without the prefix. Arguments come from menus and other extensions, so handlers check them. */
  register(name: string, handler: (...parameters: unknown[]) => Promise<unknown>): void {
    this.#disposables.push(vscode.commands.registerCommand(`localLambda.${name}`, async (...parameters: unknown[]) => {
      try {
        return await handler(...parameters);
      } catch (error) {
        await this.#tell(name, error);
        return undefined;
      }
    }));
  }

  dispose(): void {
    for (const disposable of this.#disposables) disposable.dispose();
  }

  async #tell(name: string, error: unknown): Promise<void> {
    const expected = isForTheUser(error);
    if (expected) this.#logger.warn(`${name}: ${sentence(error)}`);
    else this.#logger.error(`The command ${name} failed unexpectedly.`, error);
    const showLog = 'Show Log';
    const shown = expected ? vscode.window.showErrorMessage(sentence(error)) : vscode.window.showErrorMessage(sentence(error), showLog);
    // Not awaited: a command ends when its work has, not when the message is closed.
    shown.then((answer) => { if (answer === showLog) void vscode.commands.executeCommand('localLambda.showOutput'); });
  }
}
