/** Reads all workspace folders into one model, and again when something changes. */
import { statSync } from 'node:fs';
import { dirname, relative, resolve, sep } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { UserError } from '../contracts/faults.ts';
import type { FunctionDefinition, SourceLocation } from '../contracts/functions.ts';
import type { Logger } from '../contracts/logger.ts';
import type { ResourceDefinition } from '../contracts/resources.ts';
import type { TemplateSettings, WorkspaceDiagnostic, WorkspaceModel, WorkspaceReader } from '../contracts/workspace.ts';
import { readTemplate } from './cloudformation.ts';
import { decideNames } from './contribution.ts';
import type { BuiltFunctions, Contribution, ContributionContext } from './contribution.ts';
import { ParsedFiles } from './parsed-files.ts';
import { readRegisteredFunctions } from './registered.ts';
import { readServerless } from './serverless.ts';
import type { TargetReference } from './diagnostics.ts';
import { discoverTemplates, isExcludedName } from './template-discovery.ts';
import type { DiscoveredFile, DiscoveredKind } from './template-discovery.ts';
import { reportUnknownTargets, uniqueResources } from './workspace-resources.ts';
import { WorkspaceWatcher } from './workspace-watcher.ts';

export interface WorkspaceReaderOptions {
  /** Absolute paths of the workspace folders. */
  folders: readonly string[];
  settings: TemplateSettings;
  logger: Logger;
  /** True reads again whenever a file of the model changes, appears or disappears. */
  watch: boolean;
}

const readers: Readonly<Record<DiscoveredKind, (context: ContributionContext) => Contribution>> = {
  template: readTemplate,
  serverless: readServerless,
  registered: readRegisteredFunctions,
};

/** Nothing is read before the first `read`. */
export function createWorkspaceReader(options: WorkspaceReaderOptions): WorkspaceReader {
  return new FileWorkspaceReader(options);
}

const nothingBuilt: BuiltFunctions = { functions: [], resources: [], references: [], diagnostics: [] };

/** CloudFormation takes templates of 1 MB; what is many times larger is no template. */
const maximumFileBytes = 8 * 1024 * 1024;

function withinSize(file: string): true {
  const { size } = statSync(file);
  if (size <= maximumFileBytes) return true;
  throw new UserError(`it has ${Math.round(size / 1024 / 1024)} MB, and ${maximumFileBytes / 1024 / 1024} MB is the most that is read`);
}

class FileWorkspaceReader implements WorkspaceReader {
  readonly #logger: Logger;
  readonly #watcher: WorkspaceWatcher | undefined;
  readonly #parsed = new ParsedFiles();
  readonly #listeners = new Set<(model: WorkspaceModel) => void>();
  #folders: readonly string[];
  #settings: TemplateSettings;
  #model: WorkspaceModel = { functions: [], resources: [], files: [], diagnostics: [] };
  /** The model as text, to see whether a read changed anything. */
  #shown = JSON.stringify(this.#model);
  #reading: Promise<WorkspaceModel> | undefined;
  #disposed = false;

  constructor({ folders, settings, logger, watch }: WorkspaceReaderOptions) {
    this.#folders = folders;
    this.#settings = settings;
    this.#logger = logger;
    if (watch) this.#watcher = new WorkspaceWatcher({ logger, onChange: () => void this.#readAfterChange() });
  }

  get model(): WorkspaceModel {
    return this.#model;
  }

  read(): Promise<WorkspaceModel> {
    this.#reading ??= this.#readAll().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async setFolders(folders: readonly string[]): Promise<void> {
    this.#folders = folders;
    await this.#readAnew();
  }

  async setSettings(settings: TemplateSettings): Promise<void> {
    this.#settings = settings;
    await this.#readAnew();
  }

  onDidChange(listener: (model: WorkspaceModel) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  dispose(): void {
    this.#disposed = true;
    this.#listeners.clear();
    this.#watcher?.dispose();
  }

  /** A read that began before now: what it read may be old, so another one follows it. */
  async #readAnew(): Promise<void> {
    await this.#reading?.catch(() => undefined);
    await this.read();
  }

  async #readAfterChange(): Promise<void> {
    try {
      await this.#readAnew();
    } catch (error) {
      this.#logger.error('The workspace could not be read again after a change.', error);
    }
  }

  async #readAll(): Promise<WorkspaceModel> {
    const roots = new Set(this.#folders);
    const searched = new Set<string>();
    const settings = this.#settings;
    let root = '';
    const found = await discoverTemplates(this.#folders, {
      templateGlobs: settings.templateGlobs,
      excludeGlobs: settings.excludeGlobs,
      logger: this.#logger,
      onFolder: (folder) => {
        if (roots.has(folder)) root = folder;
        searched.add(folder);
        this.#watcher?.watchFolder(folder, root);
      },
    });
    const model = await this.#readFiles(found, settings);
    await this.#watcher?.settle(searched, roots, [...model.files, ...buildOutputs(model)]);
    if (this.#disposed) return this.#model;
    this.#publish(model);
    return this.#model;
  }

  async #readFiles(found: readonly DiscoveredFile[], settings: TemplateSettings): Promise<WorkspaceModel> {
    const contributions: Contribution[] = [];
    const diagnostics: WorkspaceDiagnostic[] = [];
    const { accountId, region, parameterOverrides } = settings;
    for (const { kind, file, folder } of found) {
      const read = () => withinSize(file) && readers[kind]({ file, folder, accountId, region, parameterOverrides, parsed: this.#parsed });
      contributions.push(this.#protected(file, diagnostics, read) ?? { files: [file], names: [], layers: new Map(), build: () => nothingBuilt });
      // The engine goes on answering while large workspaces are read.
      await setImmediate();
    }
    const decisions = decideNames(contributions, (location) => this.#show(location));
    const layers = new Map(contributions.flatMap((contribution) => [...contribution.layers]));
    const functions: FunctionDefinition[] = [];
    const declared: ResourceDefinition[] = [];
    const references: TargetReference[] = [];
    for (const [at, contribution] of contributions.entries()) {
      const built = this.#protected(contribution.files[0] ?? '', diagnostics, () => contribution.build(decisions[at]!, layers));
      functions.push(...built?.functions ?? []);
      declared.push(...built?.resources ?? []);
      references.push(...built?.references ?? []);
      diagnostics.push(...built?.diagnostics ?? []);
      await setImmediate();
    }
    const files = [...new Set(contributions.flatMap((each) => each.files))];
    this.#parsed.keep(files);
    const { resources, diagnostics: taken } = uniqueResources(declared, (location) => this.#show(location));
    diagnostics.push(...taken, ...reportUnknownTargets(references, { functions, resources, accountId, region }));
    return { functions, resources, files, diagnostics };
  }

  /** One file that cannot be read takes nothing from the others. */
  #protected<T>(file: string, diagnostics: WorkspaceDiagnostic[], read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      const system = (error as NodeJS.ErrnoException).code;
      // The file went away since the search found it: the next read will not find it.
      if (system === 'ENOENT') return undefined;
      if (system === undefined && !(error instanceof UserError)) this.#logger.error(`Reading ${file} failed.`, error);
      const why = error instanceof Error ? error.message : String(error);
      diagnostics.push({ severity: 'error', message: `This file could not be read: ${why}.`, location: { file, line: 0, column: 0 }, source: 'local-lambda' });
      return undefined;
    }
  }

  #show({ file, line }: SourceLocation): string {
    const folder = this.#folders.find((each) => file.startsWith(each.endsWith(sep) ? each : `${each}${sep}`));
    return `${(folder === undefined ? file : relative(folder, file)).replaceAll('\\', '/')}:${line + 1}`;
  }

  #publish(model: WorkspaceModel): void {
    const shown = JSON.stringify(model);
    if (shown === this.#shown) return;
    this.#model = model;
    this.#shown = shown;
    for (const listener of [...this.#listeners]) {
      try {
        listener(model);
      } catch (error) {
        this.#logger.error('A listener to workspace changes failed.', error);
      }
    }
  }
}

/**
 * Paths in folders that are not searched but decide which file a handler stands for: built code that is there, and where
 * the code of functions without a handler file would appear.
 */
function buildOutputs({ functions }: WorkspaceModel): Set<string> {
  const paths = new Set<string>();
  for (const { configuration: { code, handler } } of functions) {
    if (code.handlerFile !== undefined) {
      if (code.handlerFile.split(/[/\\]/).some(isExcludedName)) paths.add(code.handlerFile);
    } else if (code.inline === undefined) {
      paths.add(code.folder);
      paths.add(dirname(resolve(code.folder, handler)));
    }
  }
  return paths;
}
