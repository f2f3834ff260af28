/** What the suites inside VS Code share. */
import type * as vscode from 'vscode';

export const extensionId = 'local-lambda.local-lambda';

/** Resolves when `check` gives something, looking again after each event; mocha's timeout is the limit. */
export function until<T>(event: vscode.Event<unknown>, check: () => T | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    const look = () => {
      try {
        const found = check();
        if (found === undefined) return;
        subscription.dispose();
        resolve(found);
      } catch (error) {
        subscription.dispose();
        reject(error as Error);
      }
    };
    const subscription = event(look);
    look();
  });
}
