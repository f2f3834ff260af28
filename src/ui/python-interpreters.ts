/** The interpreters that the user chose in Microsoft's Python extension, when it is installed. */
import * as vscode from 'vscode';
import type { Logger } from '../contracts/logger.ts';

/** The part of ms-python's exported API that is used here (its `PythonExtension`). */
interface PythonApi {
  environments: {
    getActiveEnvironmentPath(resource?: vscode.Uri): { id: string; path: string };
    resolveEnvironment(environment: { id: string; path: string }): Promise<{ executable: { uri?: vscode.Uri } } | undefined>;
    onDidChangeActiveEnvironmentPath: vscode.Event<unknown>;
  };
}

export class PythonInterpreters implements vscode.Disposable {
  readonly #logger: Logger;
  readonly #changed = new vscode.EventEmitter<void>();
  #api: Promise<PythonApi | undefined> | undefined;
  #subscription: vscode.Disposable | undefined;

  /** The user chose another interpreter. Fires only after `read` was called once. */
  readonly onDidChange = this.#changed.event;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /**
   * Absolute interpreter paths by absolute workspace folder. Empty without the Python extension. Activates it only when
   * the workspace holds Python, so that others never wait for it.
   */
  async read(): Promise<Record<string, string>> {
    const extension = vscode.extensions.getExtension<PythonApi>('ms-python.python');
    const folders = vscode.workspace.workspaceFolders ?? [];
    if (!extension || folders.length === 0) return {};
    try {
      if (!extension.isActive && (await vscode.workspace.findFiles('**/*.py', undefined, 1)).length === 0) return {};
      const api = await (this.#api ??= this.#open(extension));
      if (!api) return {};
      const found = await Promise.all(folders.map(async ({ uri }) => {
        const environment = await api.environments.resolveEnvironment(api.environments.getActiveEnvironmentPath(uri));
        return [uri.fsPath, environment?.executable.uri?.fsPath] as const;
      }));
      return Object.fromEntries(found.filter((entry): entry is readonly [string, string] => entry[1] !== undefined));
    } catch (error) {
      this.#logger.error('The Python extension did not name its interpreter; the engine looks for one itself.', error);
      return {};
    }
  }

  dispose(): void {
    this.#subscription?.dispose();
    this.#changed.dispose();
  }

  async #open(extension: vscode.Extension<PythonApi>): Promise<PythonApi | undefined> {
    const api: Partial<PythonApi> | undefined = await extension.activate();
    // Versions before 2023 export something else.
    if (!api?.environments) return undefined;
    this.#subscription = api.environments.onDidChangeActiveEnvironmentPath(() => this.#changed.fire());
    return api as PythonApi;
  }
}
