/** Notices whether the workspace holds functions at all, so that no engine is started where there are none. */
import * as vscode from 'vscode';
import type { Logger } from '../contracts/logger.ts';

/** As `activationEvents` in package.json. */
const suggestive = '**/{template.{yaml,yml,json},serverless.{yml,yaml},cdk.out/*.template.json,.local-lambda/functions.json}';
const excluded = '**/{node_modules,.git,.aws-sam,.venv,.serverless}/**';
/** Looked for first, as most workspaces have them there and no search is needed. */
const atRoot = ['template.yaml', 'template.yml', 'template.json', 'serverless.yml', 'serverless.yaml', 'cdk.out', '.local-lambda/functions.json'];

/**
 * Calls `start` once such a file is there, now or later, and the workspace is trusted. The search runs after activation
 * and stops at the first file.
 */
export function startWithFunctions(start: () => void, logger: Logger): vscode.Disposable {
  const disposables: vscode.Disposable[] = [];
  let ended = false;
  const end = () => {
    ended = true;
    for (const disposable of disposables) disposable.dispose();
  };
  const found = () => {
    if (ended || !vscode.workspace.isTrusted) return;
    end();
    start();
  };
  const look = async () => {
    if (ended || !vscode.workspace.isTrusted) return;
    try {
      if (await standsAtRoot() || (await vscode.workspace.findFiles(suggestive, excluded, 1)).length > 0) found();
    } catch (error) {
      logger.error('The workspace could not be searched for templates: opening the Functions view starts the engine.', error);
    }
  };
  const watcher = vscode.workspace.createFileSystemWatcher(suggestive, false, true, true);
  disposables.push(
    watcher,
    watcher.onDidCreate((uri) => { if (!/[\\/](node_modules|\.git|\.aws-sam|\.venv|\.serverless)[\\/]/.test(uri.path)) found(); }),
    vscode.workspace.onDidGrantWorkspaceTrust(() => void look()),
    vscode.workspace.onDidChangeWorkspaceFolders(() => void look()),
  );
  const timer = setTimeout(() => void look(), 0);
  disposables.push({ dispose: () => clearTimeout(timer) });
  return { dispose: end };
}

async function standsAtRoot(): Promise<boolean> {
  const candidates = (vscode.workspace.workspaceFolders ?? []).flatMap(({ uri }) => atRoot.map((path) => vscode.Uri.joinPath(uri, path)));
  const found = await Promise.all(candidates.map((uri) => vscode.workspace.fs.stat(uri).then(() => true, () => false)));
  return found.includes(true);
}
