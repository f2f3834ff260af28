/** Where a text opens, so that it does not cover the records panel, which stands beside the code. */
import * as vscode from 'vscode';

/** The active column, or another one when the active one shows a webview; beside it when there is no other. */
export function columnForText(): vscode.ViewColumn {
  const { activeTabGroup, all } = vscode.window.tabGroups;
  if (!(activeTabGroup.activeTab?.input instanceof vscode.TabInputWebview)) return vscode.ViewColumn.Active;
  const others = all.filter((group) => group !== activeTabGroup && !(group.activeTab?.input instanceof vscode.TabInputWebview));
  return others[0]?.viewColumn ?? vscode.ViewColumn.Beside;
}
