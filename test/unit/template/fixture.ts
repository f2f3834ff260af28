/** Workspaces that tests write into a folder of their own. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import type { FunctionDefinition } from '../../../src/contracts/functions.ts';
import type { Logger } from '../../../src/contracts/logger.ts';
import type { TemplateSettings, WorkspaceModel, WorkspaceReader } from '../../../src/contracts/workspace.ts';
import { createWorkspaceReader } from '../../../src/template/workspace-reader.ts';

export const settings: TemplateSettings = {
  accountId: '123456789012', region: 'eu-west-1', parameterOverrides: {}, templateGlobs: [], excludeGlobs: [],
};

/** Mappings without where they stand. */
export function mappingsOf({ eventSourceMappings }: FunctionDefinition): { logicalId: string; properties: Readonly<Record<string, unknown>> }[] {
  return eventSourceMappings.map(({ logicalId, properties }) => ({ logicalId, properties }));
}

export class RecordingLogger implements Logger {
  readonly warnings: string[] = [];
  readonly errors: string[] = [];
  debug(): void {}
  info(): void {}
  warn(message: string): void {
    this.warnings.push(message);
  }
  error(message: string, error?: unknown): void {
    this.errors.push(`${message} ${String(error)}`);
  }
}

export class Fixture {
  readonly folder: string;
  readonly logger = new RecordingLogger();
  #readers: WorkspaceReader[] = [];

  constructor(name = 'local lambda é 測試 ') {
    // The temporary folder of macOS is behind a symbolic link.
    this.folder = realpathSync(mkdtempSync(join(tmpdir(), name)));
  }

  path(...parts: readonly string[]): string {
    return join(this.folder, ...parts);
  }

  write(files: Readonly<Record<string, string>>): this {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(this.path(name)), { recursive: true });
      writeFileSync(this.path(name), text);
    }
    return this;
  }

  reader(options: { folders?: readonly string[]; settings?: Partial<TemplateSettings>; watch?: boolean } = {}): WorkspaceReader {
    const reader = createWorkspaceReader({
      folders: options.folders ?? [this.folder],
      settings: { ...settings, ...options.settings },
      logger: this.logger,
      watch: options.watch ?? false,
    });
    this.#readers.push(reader);
    return reader;
  }

  async read(changed: Partial<TemplateSettings> = {}): Promise<ReadModel> {
    return new ReadModel(this.folder, await this.reader({ settings: changed }).read());
  }

  dispose(): void {
    for (const reader of this.#readers) reader.dispose();
    rmSync(this.folder, { recursive: true, force: true });
    assert.deepEqual(this.logger.errors, [], 'nothing unexpected was logged');
  }
}

export class ReadModel {
  readonly model: WorkspaceModel;
  readonly #folder: string;

  constructor(folder: string, model: WorkspaceModel) {
    this.#folder = folder;
    this.model = model;
  }

  get names(): string[] {
    return this.model.functions.map((each) => each.configuration.functionName);
  }

  get files(): string[] {
    return this.model.files.map((file) => this.#relative(file));
  }

  function(name: string): FunctionDefinition {
    const found = this.model.functions.find((each) => each.configuration.functionName === name);
    assert.ok(found, `${name} is one of ${this.names.join(', ')}`);
    return found;
  }

  /** Path of the handler's source, relative to the workspace folder. */
  handlerFile(name: string): string | undefined {
    const { handlerFile } = this.function(name).configuration.code;
    return handlerFile === undefined ? undefined : this.#relative(handlerFile);
  }

  environment(name: string): Readonly<Record<string, string>> {
    return this.function(name).configuration.environment;
  }

  /** `<file>:<line from 1> <severity> <message>` */
  get diagnostics(): string[] {
    return this.model.diagnostics.map(({ location, severity, message }) =>
      `${this.#relative(location.file)}:${location.line + 1} ${severity} ${message}`);
  }

  #relative(path: string): string {
    return relative(this.#folder, path).replaceAll('\\', '/');
  }
}
