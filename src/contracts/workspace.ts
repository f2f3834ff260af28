import type { FunctionDefinition, SourceLocation } from './functions.ts';
import type { ResourceDefinition } from './resources.ts';

export interface WorkspaceDiagnostic {
  severity: 'error' | 'warning' | 'information';
  /** One sentence: what is wrong and what to do. */
  message: string;
  /** Start of the range. */
  location: SourceLocation;
  /** Zero-based end position; the end of the start line when absent. */
  end?: { line: number; column: number };
  /** For example `sam`, `serverless`. */
  source: string;
}

/** All that was read from the workspace folders: never partial, a broken file leaves the others usable. */
export interface WorkspaceModel {
  functions: readonly FunctionDefinition[];
  /** Queues, topics, subscriptions, buses, rules and buckets, also those that SAM makes beside a function. */
  resources: readonly ResourceDefinition[];
  /** Files that were read (templates, functions.json), absolute paths; also those that were broken. */
  files: readonly string[];
  diagnostics: readonly WorkspaceDiagnostic[];
}

/** What the readers need to know from settings. */
export interface TemplateSettings {
  accountId: string;
  region: string;
  /** Overrides of template parameters, by parameter name. */
  parameterOverrides: Readonly<Record<string, string>>;
  /** Globs (relative to a workspace folder) of files that are templates beyond those found by name. */
  templateGlobs: readonly string[];
  /** Globs never searched, besides node_modules, .git, .aws-sam and the like. */
  excludeGlobs: readonly string[];
}

/** Reads the workspace and keeps the model fresh. */
export interface WorkspaceReader {
  /** The model of the last completed read; empty before the first. */
  readonly model: WorkspaceModel;
  /** Reads everything again. Concurrent calls share one read. */
  read(): Promise<WorkspaceModel>;
  setFolders(folders: readonly string[]): Promise<void>;
  setSettings(settings: TemplateSettings): Promise<void>;
  /** Called after each read that changed the model. Returns the unsubscribe function. */
  onDidChange(listener: (model: WorkspaceModel) => void): () => void;
  dispose(): void;
}
