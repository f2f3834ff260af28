/**
 * The editor's end of the engine: starts or finds it when first needed, keeps it informed about folders, settings and
 * trust, starts it again when it dies, and turns its notifications into VS Code events.
 */
import * as vscode from 'vscode';
import type { MessageConnection, RequestType, RequestType0 } from 'vscode-jsonrpc';
import type { ClockState } from '../contracts/clock.ts';
import type { EventSourceMappingSummary } from '../contracts/event-source-mappings.ts';
import type { Execution } from '../contracts/executions.ts';
import { UserError } from '../contracts/faults.ts';
import type { FunctionSummary } from '../contracts/lambda-api.ts';
import type { Logger } from '../contracts/logger.ts';
import type { ResourcesSnapshot } from '../contracts/resource-views.ts';
import type { EngineSettings } from '../contracts/settings.ts';
import type { WorkspaceDiagnostic } from '../contracts/workspace.ts';
import { connectEngine } from '../host/engine-connection.ts';
import {
  clockChanged, diagnosticsChanged, engineLog, executionsChanged, executionsCleared, functionsChanged, getClock, getStatus,
  listDiagnostics, listFunctions, listMappings, listResources, logWritten, mappingsChanged, resetEngine, resourcesChanged, shutdownEngine, statusChanged, updateWorkspace,
  type EngineInfo, type EngineStatus, type ErrorData, type LogBatch, type WorkspaceUpdate,
} from '../protocol/engine.ts';
import { sentence } from './sentences.ts';

export type EngineState = 'stopped' | 'starting' | 'ready' | 'failed';

export interface EngineClientOptions {
  /** Script of the engine process. */
  engineEntry: string;
  /** Version of this extension. */
  version: string;
  logger: Logger;
  /** Only what differs from the defaults. */
  readSettings(): Promise<Partial<EngineSettings>>;
  onDidChangeSettings: vscode.Event<void>;
}

const idleStatus: EngineStatus = { inFlight: 0, queued: 0, paused: false, held: 0, processes: 0, inFlightByFunction: {}, queuedByFunction: {} };
const noResources: ResourcesSnapshot = { streams: [], tableStreams: [], queues: [], topics: [], buses: [], buckets: [] };
/** Waits between attempts to bring back an engine that died, milliseconds; after the last one the client gives up. */
const restartDelays = [250, 1000, 3000, 10_000];
/** An engine that has not gone this long after it was asked to hangs, and is ended. Milliseconds. */
const farewellLimit = 10_000;
/** An engine that lived this long is healthy: the next death starts counting anew. Milliseconds. */
const healthyAfter = 60_000;

export class EngineClient implements vscode.Disposable {
  readonly #options: EngineClientOptions;
  readonly #disposables: vscode.Disposable[] = [];
  readonly #state = this.#emitter<EngineState>();
  readonly #functionsChanged = this.#emitter<readonly FunctionSummary[]>();
  readonly #diagnosticsChanged = this.#emitter<readonly WorkspaceDiagnostic[]>();
  readonly #executionsChanged = this.#emitter<readonly Execution[]>();
  readonly #executionsCleared = this.#emitter<void>();
  readonly #logWritten = this.#emitter<readonly LogBatch[]>();
  readonly #statusChanged = this.#emitter<EngineStatus>();
  readonly #clockChanged = this.#emitter<ClockState>();
  readonly #resourcesChanged = this.#emitter<ResourcesSnapshot>();
  readonly #mappingsChanged = this.#emitter<readonly EventSourceMappingSummary[]>();

  readonly onDidChangeState = this.#state.event;
  readonly onDidChangeFunctions = this.#functionsChanged.event;
  readonly onDidChangeDiagnostics = this.#diagnosticsChanged.event;
  /** Each execution in its newest state; new and changed ones alike. */
  readonly onDidChangeExecutions = this.#executionsChanged.event;
  readonly onDidClearExecutions = this.#executionsCleared.event;
  readonly onDidWriteLog = this.#logWritten.event;
  readonly onDidChangeStatus = this.#statusChanged.event;
  readonly onDidChangeClock = this.#clockChanged.event;
  readonly onDidChangeResources = this.#resourcesChanged.event;
  readonly onDidChangeMappings = this.#mappingsChanged.event;

  #currentState: EngineState = 'stopped';
  #failure: string | undefined;
  #connection: MessageConnection | undefined;
  #info: EngineInfo | undefined;
  #functions: readonly FunctionSummary[] = [];
  #diagnostics: readonly WorkspaceDiagnostic[] = [];
  #status = idleStatus;
  #clock: ClockState | undefined;
  #resources = noResources;
  #mappings: readonly EventSourceMappingSummary[] = [];
  #starting: Promise<void> | undefined;
  #restartTimer: ReturnType<typeof setTimeout> | undefined;
  #restarts = 0;
  #readySince = 0;
  #leaving = false;
  #disposed = false;

  constructor(options: EngineClientOptions) {
    this.#options = options;
    this.#disposables.push(
      vscode.workspace.onDidChangeWorkspaceFolders(() => { void this.#update(async () => ({ folders: workspaceFolders() })); }),
      vscode.workspace.onDidGrantWorkspaceTrust(() => {
        // Settings restricted until now take effect with trust.
        void this.#update(async () => ({ trusted: true, settings: await options.readSettings() }));
      }),
      options.onDidChangeSettings(() => { void this.#update(async () => ({ settings: await options.readSettings() })); }),
    );
  }

  get state(): EngineState {
    return this.#currentState;
  }

  /** Why the state is `failed`: one sentence. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** Known while the engine is ready. */
  get info(): EngineInfo | undefined {
    return this.#info;
  }

  /** Newest list; empty before the engine is ready. */
  get functions(): readonly FunctionSummary[] {
    return this.#functions;
  }

  get diagnostics(): readonly WorkspaceDiagnostic[] {
    return this.#diagnostics;
  }

  get status(): EngineStatus {
    return this.#status;
  }

  /** How fast waits pass, as the engine said last; known while the engine is ready. */
  get clock(): ClockState | undefined {
    return this.#clock;
  }

  /** Queues, topics, buses and buckets; empty before the engine is ready. */
  get resources(): ResourcesSnapshot {
    return this.#resources;
  }

  /** Event source mappings; empty before the engine is ready. */
  get mappings(): readonly EventSourceMappingSummary[] {
    return this.#mappings;
  }

  /**
   * Resolves when the engine is ready; calls share one start.
   * @throws UserError in Restricted Mode, without a folder, and when the engine does not come up.
   */
  start(): Promise<void> {
    if (this.#connection) return Promise.resolve();
    this.#starting ??= this.#start().finally(() => { this.#starting = undefined; });
    return this.#starting;
  }

  /** Starts the engine when needed, then asks it. @throws ResponseError with ErrorData, or UserError as `start` does. */
  async request<P, R>(type: RequestType<P, R, ErrorData>, params: P): Promise<R> {
    await this.start();
    return this.#send(type.method, params) as Promise<R>;
  }

  /** As `request`, for messages without parameters. */
  async request0<R>(type: RequestType0<R, ErrorData>): Promise<R> {
    await this.start();
    return this.#send(type.method) as Promise<R>;
  }

  /** Ends the engine for all its windows, and starts it again. */
  async restart(): Promise<void> {
    await this.#leave(shutdownEngine);
    this.#restarts = 0;
    await this.start();
  }

  /** Throws the engine's state away (functions made by API, history), and starts it again. */
  async reset(): Promise<void> {
    await this.start();
    await this.#leave(resetEngine);
    this.#executionsCleared.fire();
    await this.start();
  }

  dispose(): void {
    this.#disposed = true;
    clearTimeout(this.#restartTimer);
    // The engine goes on for other windows and ends by itself after its last client.
    this.#connection?.end();
    this.#connection?.dispose();
    this.#connection = undefined;
    for (const disposable of this.#disposables) disposable.dispose();
  }

  async #start(): Promise<void> {
    clearTimeout(this.#restartTimer);
    const folders = workspaceFolders();
    if (this.#disposed) throw new UserError('The window is closing.');
    if (folders.length === 0) throw new UserError('Open a folder that holds your Lambda functions first.');
    if (!vscode.workspace.isTrusted) throw new UserError('Nothing runs in Restricted Mode: trust this workspace to start the engine.');
    this.#become('starting');
    const { logger } = this.#options;
    try {
      const { connection, info, spawned } = await connectEngine({
        folders,
        settings: await this.#options.readSettings(),
        trusted: vscode.workspace.isTrusted,
        client: 'vscode',
        engineEntry: this.#options.engineEntry,
        version: this.#options.version,
        prepare: (prepared) => this.#listen(prepared),
      });
      connection.onClose(() => this.#closed(connection));
      if (this.#disposed) {
        connection.end();
        connection.dispose();
        return;
      }
      this.#connection = connection;
      this.#info = info;
      this.#readySince = performance.now();
      logger.info(`${spawned ? 'Started' : 'Found'} the engine (process ${info.pid}, Node ${info.nodeVersion}), data folder ${info.dataFolder}.`);
      for (const notice of info.notices) logger.warn(notice);
      const [functions, diagnostics, clock, resources, status, mappings] = await Promise.all([
        connection.sendRequest(listFunctions), connection.sendRequest(listDiagnostics), connection.sendRequest(getClock),
        connection.sendRequest(listResources), connection.sendRequest(getStatus), connection.sendRequest(listMappings),
      ]);
      this.#takeFunctions(functions);
      this.#takeDiagnostics(diagnostics);
      this.#takeClock(clock);
      this.#takeResources(resources);
      this.#takeMappings(mappings);
      this.#takeStatus(status);
      this.#become('ready');
    } catch (error) {
      this.#connection?.dispose();
      this.#connection = undefined;
      this.#info = undefined;
      logger.error('The engine is not available.', error);
      this.#become('failed', sentence(error));
      throw error instanceof UserError ? error : new UserError(sentence(error), { cause: error });
    }
  }

  #listen(connection: MessageConnection): void {
    const { logger } = this.#options;
    connection.onNotification(functionsChanged, ({ functions }) => this.#takeFunctions(functions));
    connection.onNotification(diagnosticsChanged, ({ diagnostics }) => this.#takeDiagnostics(diagnostics));
    connection.onNotification(executionsChanged, ({ executions }) => this.#executionsChanged.fire(executions));
    connection.onNotification(executionsCleared, () => this.#executionsCleared.fire());
    connection.onNotification(logWritten, ({ batches }) => this.#logWritten.fire(batches));
    connection.onNotification(statusChanged, (status) => this.#takeStatus(status));
    connection.onNotification(clockChanged, (clock) => this.#takeClock(clock));
    connection.onNotification(resourcesChanged, (resources) => this.#takeResources(resources));
    connection.onNotification(mappingsChanged, ({ mappings }) => this.#takeMappings(mappings));
    connection.onNotification(engineLog, ({ level, message }) => logger[level](message));
    connection.onError(([error]) => logger.warn(`The connection to the engine failed: ${error.message}`));
  }

  #takeFunctions(functions: readonly FunctionSummary[]): void {
    this.#functions = functions;
    this.#functionsChanged.fire(functions);
  }

  #takeDiagnostics(diagnostics: readonly WorkspaceDiagnostic[]): void {
    this.#diagnostics = diagnostics;
    this.#diagnosticsChanged.fire(diagnostics);
  }

  #takeStatus(status: EngineStatus): void {
    this.#status = status;
    this.#statusChanged.fire(status);
  }

  #takeClock(clock: ClockState): void {
    this.#clock = clock;
    this.#clockChanged.fire(clock);
  }

  #takeResources(resources: ResourcesSnapshot): void {
    this.#resources = resources;
    this.#resourcesChanged.fire(resources);
  }

  #takeMappings(mappings: readonly EventSourceMappingSummary[]): void {
    this.#mappings = mappings;
    this.#mappingsChanged.fire(mappings);
  }

  async #send(method: string, ...params: unknown[]): Promise<unknown> {
    const connection = this.#connection;
    if (!connection) throw new UserError('The engine ended before it could be asked: try again.');
    try {
      return await connection.sendRequest(method, ...params);
    } catch (error) {
      if (this.#connection === connection) throw error;
      throw new UserError('The engine ended before it answered: the records tell how far the invocation came.', { cause: error });
    }
  }

  async #update(change: () => Promise<WorkspaceUpdate>): Promise<void> {
    try {
      await this.#starting;
      if (this.#connection) await this.#send(updateWorkspace.method, await change());
    } catch (error) {
      this.#options.logger.error('The engine did not take the change of folders, settings or trust.', error);
    }
  }

  /** Asks the engine to go and waits until it has. */
  async #leave(farewell: typeof shutdownEngine): Promise<void> {
    const connection = this.#connection;
    const pid = this.#info?.pid;
    if (!connection || pid === undefined) return;
    this.#leaving = true;
    const hanging = setTimeout(() => {
      this.#options.logger.warn(`The engine does not answer: process ${pid} is ended.`);
      try {
        process.kill(pid, 'SIGKILL');
      } catch (error) {
        this.#options.logger.error(`Process ${pid} could not be ended.`, error);
      }
    }, farewellLimit);
    try {
      const closed = new Promise<void>((resolve) => { connection.onClose(() => resolve()); });
      await connection.sendRequest(farewell).catch((error: unknown) => {
        // An engine that closes the socket before it answers has understood.
        if (this.#connection === connection) throw error;
      });
      await closed;
    } finally {
      clearTimeout(hanging);
      this.#leaving = false;
    }
  }

  #closed(connection: MessageConnection): void {
    connection.dispose();
    if (this.#connection !== connection) return;
    this.#connection = undefined;
    this.#info = undefined;
    this.#clock = undefined;
    this.#takeStatus(idleStatus);
    this.#takeResources(noResources);
    this.#takeMappings([]);
    if (this.#disposed) return;
    if (this.#leaving || !vscode.workspace.isTrusted) {
      this.#become('stopped');
      return;
    }
    this.#restartLater();
  }

  #restartLater(): void {
    if (performance.now() - this.#readySince > healthyAfter) this.#restarts = 0;
    const delay = restartDelays[this.#restarts++];
    if (delay === undefined) {
      this.#become('failed', 'The engine ended several times in a row: its log says why, and "Local Lambda: Restart Engine" tries again.');
      return;
    }
    this.#options.logger.warn(`The engine ended unexpectedly; starting it again in ${delay} ms.`);
    this.#become('starting');
    this.#restartTimer = setTimeout(() => {
      // #start has logged and shown the failure.
      this.start().catch(() => {});
    }, delay);
  }

  #become(state: EngineState, failure?: string): void {
    if (this.#currentState === state && this.#failure === failure) return;
    this.#currentState = state;
    this.#failure = failure;
    this.#state.fire(state);
  }

  #emitter<T>(): vscode.EventEmitter<T> {
    const emitter = new vscode.EventEmitter<T>();
    this.#disposables.push(emitter);
    return emitter;
  }
}

/** Absolute paths of the workspace folders that are on disk. */
export function workspaceFolders(): string[] {
  return (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === 'file').map(({ uri }) => uri.fsPath);
}
