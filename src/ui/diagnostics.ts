/** Problems that the engine found in templates and other files, on their lines. */
import * as vscode from 'vscode';
import type { WorkspaceDiagnostic } from '../contracts/workspace.ts';
import type { EngineClient } from './engine-client.ts';

const severities = {
  error: vscode.DiagnosticSeverity.Error,
  warning: vscode.DiagnosticSeverity.Warning,
  information: vscode.DiagnosticSeverity.Information,
} as const;

export class Diagnostics implements vscode.Disposable {
  readonly #collection = vscode.languages.createDiagnosticCollection('local-lambda');
  readonly #subscription: vscode.Disposable;

  constructor(engine: EngineClient) {
    this.#subscription = engine.onDidChangeDiagnostics((diagnostics) => this.#show(diagnostics));
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#collection.dispose();
  }

  #show(diagnostics: readonly WorkspaceDiagnostic[]): void {
    const byFile = Map.groupBy(diagnostics, ({ location }) => location.file);
    this.#collection.clear();
    for (const [file, found] of byFile) this.#collection.set(vscode.Uri.file(file), found.map(toEditor));
  }
}

function toEditor({ severity, message, location, end, source }: WorkspaceDiagnostic): vscode.Diagnostic {
  const range = new vscode.Range(location.line, location.column, end?.line ?? location.line, end?.column ?? Number.MAX_SAFE_INTEGER);
  const diagnostic = new vscode.Diagnostic(range, message, severities[severity]);
  diagnostic.source = `Local Lambda (${source})`;
  return diagnostic;
}
