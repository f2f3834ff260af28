/** Composition root of the engine: joins the rooms. The extension and the CLI both run this. */
import { randomBytes, randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import type { MessageConnection } from 'vscode-jsonrpc/node';
import type { ResourceHosts } from './contracts/resources.ts';
import type { LambdaHost } from './contracts/lambda-api.ts';
import type { FunctionRunner } from './contracts/runner.ts';
import { UserError } from './contracts/faults.ts';
import type { EngineSettings } from './contracts/settings.ts';
import type { TemplateSettings, WorkspaceModel } from './contracts/workspace.ts';
import { Endpoint } from './endpoint/endpoint.ts';
import { DynamoDbProtocol } from './endpoint/dynamodb-protocol.ts';
import { EventBridgeProtocol } from './endpoint/eventbridge-protocol.ts';
import { KinesisProtocol } from './endpoint/kinesis-protocol.ts';
import { S3Protocol } from './endpoint/s3-protocol.ts';
import { SnsProtocol } from './endpoint/sns-protocol.ts';
import { SqsProtocol } from './endpoint/sqs-protocol.ts';
import { Broadcaster } from './host/broadcaster.ts';
import { registerClient } from './host/client-handlers.ts';
import { engineCredentials } from './host/credentials.ts';
import { dataFiles, isSameFolder } from './host/data-folder.ts';
import { removeDiscovery, writeDiscovery } from './host/discovery.ts';
import type { EngineLogger } from './host/engine-logger.ts';
import { takeOwnership } from './host/engine-ownership.ts';
import { checkSettings, resolveSettings } from './host/engine-settings.ts';
import { ChosenSources } from './host/chosen-sources.ts';
import { embeddedSources } from './host/embedded-sources.ts';
import { LoopbackPoster } from './host/http-poster.ts';
import { mappingDiagnostics } from './host/mapping-diagnostics.ts';
import { registerMappings } from './host/mapping-handlers.ts';
import { ownRoutes } from './host/own-routes.ts';
import { recordSamples } from './host/record-samples.ts';
import { RealAws } from './host/real-aws.ts';
import { deliveryPorts, registerResources, resourcesSnapshot, setResourceBaselines, type DeliveryHint } from './host/resource-handlers.ts';
import { PausingGate } from './host/pausing-gate.ts';
import { RpcServer, socketPathFor } from './host/rpc-server.ts';
import { randomHex } from './host/random-hex.ts';
import { ScaledClock } from './host/scaled-clock.ts';
import { bootstrapFolder, supervisorEntry, version } from './host/shipped-files.ts';
import { TrustGate } from './host/trust-gate.ts';
import { LambdaService } from './lambda/lambda-service.ts';
import { engineLog, type EngineInfo, type EngineStatus, type InitializeParams, type WorkspaceUpdate } from './protocol/engine.ts';
import { DynamoDbStreamsService } from './resources/dynamodb-streams/dynamodb-streams-service.ts';
import { EventBridgeService } from './resources/eventbridge/eventbridge-service.ts';
import { KinesisService } from './resources/kinesis/kinesis-service.ts';
import { S3Service } from './resources/s3/s3-service.ts';
import { SnsService } from './resources/sns/sns-service.ts';
import { SqsService } from './resources/sqs/sqs-service.ts';
import { dynamodbEvents } from './sources/dynamodb.ts';
import { kinesisEvents } from './sources/kinesis.ts';
import { sqsEvents } from './sources/sqs.ts';
import { createCodePreparer } from './runtime/code-preparer.ts';
import { createCodeStore } from './runtime/frozen-code.ts';
import { createFunctionRunner } from './runtime/function-runner.ts';
import { SqliteBusStore } from './store/bus-store.ts';
import { SqliteDocumentStore } from './store/document-store.ts';
import { SqliteEventQueue } from './store/event-queue.ts';
import { SqliteExecutionHistory } from './store/execution-history.ts';
import { ObjectFiles } from './store/object-files.ts';
import { SqliteQueueMessages } from './store/queue-messages.ts';
import { openState } from './store/state-database.ts';
import { SqliteStreamRecords } from './store/stream-records.ts';
import { SqliteTopicStore } from './store/topic-store.ts';
import { functionDeliveryHint, serviceDeliveryHint } from './template/delivery-hints.ts';
import { createWorkspaceReader } from './template/workspace-reader.ts';

export interface EngineOptions {
  dataFolder: string;
  folders: readonly string[];
  settings: Partial<EngineSettings>;
  /** False reads the workspace and runs nothing, until a client says otherwise. */
  trusted: boolean;
  /** Wins over the setting and over the port of the last run. */
  port?: number;
  /** False relaxes signatures, whatever the setting says. */
  requireSignatures?: boolean;
  /** Ends the engine a while after its last client has left. */
  endWithClients: boolean;
  logger: EngineLogger;
  /** The engine has ended, by a request or because nobody needs it. */
  onEnded?(): void;
}

export interface Engine {
  readonly info: EngineInfo;
  readonly lambda: LambdaHost;
  close(): Promise<void>;
}

/** @throws UserError when the data folder cannot be used; resolves to undefined when another engine owns it. */
export async function startEngine(options: EngineOptions): Promise<Engine | undefined> {
  const { dataFolder, logger } = options;
  const files = dataFiles(dataFolder);
  const ownership = takeOwnership(files.owner);
  if (!ownership) return undefined;

  let folders = options.folders;
  let settings = checkSettings(resolveSettings(options.settings));
  let trusted = false;
  let closing: Promise<void> | undefined;
  const currentSettings = () => settings;

  const state = openState(files.state);
  const documents = new SqliteDocumentStore(state.database);
  const history = new SqliteExecutionHistory(files.history, () => settings.history, logger);
  const notices = [state.setAside, history.setAside].filter((path) => path !== undefined)
    .map((path) => `A damaged database was set aside as ${path} and a new one was begun.`);
  for (const notice of notices) logger.warn(notice);
  const clock = new ScaledClock(documents.collection('clock'));
  // What a person opened in the editor runs nothing by itself; who started the engine by hand wants it to go on.
  const gate = new PausingGate(options.endWithClients, () => clock.now());
  const credentials = engineCredentials(documents);
  const remembered = documents.collection<number>('engine');

  const info: EngineInfo = {
    endpoint: '', region: settings.region, accountId: settings.accountId, ...credentials,
    pid: process.pid, version, dataFolder, nodeVersion: process.versions.node, notices,
  };
  const realAws = new RealAws(currentSettings, logger);
  const preparer = createCodePreparer({
    dataFolder, logger, settings: currentSettings, endpoint: () => info, workspaceFolders: () => folders, realAws: () => realAws.access(),
    bootstrapFolder, engineNode: process.execPath,
  });
  const runner = new TrustGate((): FunctionRunner => createFunctionRunner({
    preparer, logger, nodeBinary: process.execPath, supervisorEntry, bootstrapFolder, channelPath: socketPathFor(dataFolder, 'channel'),
    maxProcesses: () => settings.maxProcesses,
    idleMilliseconds: () => settings.environmentIdleSeconds * 1000,
    enforceMemory: () => settings.enforceMemory,
  }));
  const deliveryHint = (name: string, targetArn: string) => functionDeliveryHint(reader.model, name, targetArn);
  const hint: DeliveryHint = (delivery) => serviceDeliveryHint(reader.model, delivery);
  const hosts: Partial<ResourceHosts> = {};
  const embedded = embeddedSources({ queues: () => queues.source, kinesis: () => streams, dynamodb: () => tableStreams });
  const sources = new ChosenSources({
    embedded, settings: currentSettings, clock, trusted: () => trusted, changed: () => broadcaster.mappingsChanged(),
  });
  const shapes = { sqs: sqsEvents, kinesis: kinesisEvents, dynamodb: dynamodbEvents };
  const lambda: LambdaService = new LambdaService({
    clock, runner, history, documents, gate, queue: new SqliteEventQueue(state.database), targets: deliveryPorts(hosts), deliveryHint, settings: currentSettings, logger,
    sources, shapes,
    codeStore: createCodeStore({ dataFolder, logger, settings: currentSettings }),
    ids: { uuid: randomUUID, hex: randomHex, random: Math.random },
    events: {
      executionChanged: (execution) => broadcaster.executionChanged(execution),
      logWritten: (id, functionName, lines) => broadcaster.logWritten(id, functionName, lines),
      functionsChanged: () => broadcaster.functionsChanged(),
      mappingsChanged: () => broadcaster.mappingsChanged(),
    },
  });
  const account = () => ({ accountId: settings.accountId, region: settings.region });
  const queues = new SqsService({
    clock, documents, account, logger, uuid: randomUUID, messages: new SqliteQueueMessages(state.database),
    endpoint: () => info.endpoint, scale: () => clock.state().scale,
    changed: () => broadcaster.resourcesChanged(),
    executionOf: (traceHeader) => history.bySegment(/Parent=([0-9a-f]{16})/.exec(traceHeader)?.[1] ?? '')?.id,
  });
  hosts.queues = queues;
  const topics = new SnsService({
    clock, documents, account, logger, gate, store: new SqliteTopicStore(state.database), queues, functions: lambda, poster: new LoopbackPoster(),
    ids: { uuid: randomUUID, hex: randomHex }, endpoint: () => info.endpoint,
    changed: () => broadcaster.resourcesChanged(),
  });
  hosts.topics = topics;
  const buses = new EventBridgeService({
    clock, documents, account, logger, gate, store: new SqliteBusStore(state.database), queues, topics, functions: lambda, uuid: randomUUID,
    changed: () => broadcaster.resourcesChanged(),
  });
  hosts.buses = buses;
  const streamRecords = new SqliteStreamRecords(state.database);
  const streams = new KinesisService({ clock, documents, account, logger, records: streamRecords, changed: () => broadcaster.resourcesChanged() });
  hosts.streams = streams;
  const tableStreams = new DynamoDbStreamsService({ clock, documents, account, logger, records: streamRecords, changed: () => broadcaster.resourcesChanged() });
  hosts.tableStreams = tableStreams;
  const buckets = new S3Service({
    clock, documents, logger, objects: new ObjectFiles(state.database, files.objects, { anew: state.setAside !== undefined }),
    region: () => settings.region, changed: () => broadcaster.resourcesChanged(),
  });
  hosts.buckets = buckets;
  const reader = createWorkspaceReader({ folders, settings: templateSettings(settings), logger, watch: true });
  const secret = randomBytes(24).toString('base64url');
  const socketPath = socketPathFor(dataFolder);
  const rpc = new RpcServer({
    socketPath, secret, logger,
    onInitialize: async ({ connection, params }) => {
      await admit(params);
      register(connection);
      return info;
    },
    onClientsChanged: (count) => scheduleEnd(count),
  });
  const broadcaster = new Broadcaster({
    connections: () => rpc.connections, functions: () => lambda.listSummaries(), status: engineStatus,
    resources: () => resourcesSnapshot(hosts, hint), mappings: () => lambda.mappings.summaries(),
  });
  const endpoint = new Endpoint({
    lambda, credentials: { ...credentials, lookup: (id) => realAws.secretOf(id) }, token: credentials.token, logger,
    requireSignatures: () => options.requireSignatures ?? settings.requireSignatures,
    region: () => settings.region, accountId: () => settings.accountId,
    ownRoutes: ownRoutes({ info, clock, gate, lambda, history, settings: currentSettings, reader, tableStreams }),
    services: [
      new SqsProtocol(queues, () => info.endpoint), new SnsProtocol(topics, () => topics.signingCertificate(), () => info.endpoint),
      new EventBridgeProtocol(buses, () => info.endpoint), new KinesisProtocol(streams, () => info.endpoint),
      new DynamoDbProtocol(tableStreams, () => info.endpoint), new S3Protocol(buckets, () => settings.region),
    ],
  });

  function engineStatus(): EngineStatus {
    const { paused, pausedSince } = gate;
    return { ...lambda.status(), paused, ...(pausedSince !== undefined && { pausedSince }) };
  }
  function setBaselines(model: WorkspaceModel): void {
    lambda.setBaseline(model.functions);
    setResourceBaselines(hosts, model.resources);
  }
  const diagnostics = () => [...reader.model.diagnostics, ...mappingDiagnostics(reader.model, lambda.mappings)];
  clock.onDidChange((state) => broadcaster.clockChanged(state));
  gate.onDidChange(() => broadcaster.functionsChanged());

  const stopForwarding = logger.addSink((level, message) => {
    for (const connection of rpc.connections) connection.sendNotification(engineLog, { level, message }).catch(() => {});
  });
  reader.onDidChange((model) => {
    setBaselines(model);
    registered.diagnosticsChanged(diagnostics());
    broadcaster.functionsChanged();
  });
  const registered = registerClient({
    lambda, history, diagnostics, logger, connections: () => rpc.connections, broadcaster, clock, gate, status: engineStatus,
    updateWorkspace: (update) => applyWorkspace(update),
    shutdown: () => close(),
    reset: async () => {
      await close();
      for (const name of ['state', 'history'] as const) {
        for (const suffix of ['', '-wal', '-shm']) rmSync(files[name] + suffix, { force: true });
      }
      rmSync(files.objects, { recursive: true, force: true });
    },
  });
  const register = (connection: MessageConnection) => {
    registered.register(connection);
    registerMappings(connection, { mappings: lambda.mappings, logger, samples: (query) => recordSamples(query, { hosts, embedded, isElsewhere: (arn) => sources.place(arn) !== undefined, shapes, mappings: lambda.mappings, history }) });
    registerResources(connection, { hosts, hint, lambda, logger, endpoint: () => info.endpoint });
  };

  let endTimer: NodeJS.Timeout | undefined;
  function scheduleEnd(clients: number): void {
    clearTimeout(endTimer);
    if (!options.endWithClients || clients > 0 || closing) return;
    endTimer = setTimeout(() => {
      // What still runs was asked for: it is waited for, as a window reload must lose nothing.
      if (lambda.status().inFlight > 0) scheduleEnd(0);
      else void close();
    }, settings.stayAliveSeconds * 1000);
  }

  async function trust(): Promise<void> {
    if (trusted) return;
    trusted = true;
    runner.open();
    lambda.start();
    const wanted = options.port ?? (settings.port || remembered.get('port') || 0);
    let port: number;
    try {
      port = await endpoint.listen(wanted);
    } catch (error) {
      // A port that was only remembered may have been taken meanwhile; one that was asked for must be the one.
      if (options.port !== undefined || settings.port !== 0 || wanted === 0) throw error;
      logger.warn(`Port ${wanted} of the last run is taken: the endpoint uses another one.`);
      port = await endpoint.listen(0);
    }
    remembered.put('port', port);
    info.endpoint = `http://127.0.0.1:${port}`;
    topics.start();
    buses.start();
  }

  /** A terminal takes a running engine as it is: folders and settings stay those of whoever had it started. */
  async function admit(params: InitializeParams): Promise<void> {
    if (params.client !== 'cli' || folders.length === 0) return applyWorkspace(params);
    const foreign = params.folders.find((folder) => !folders.some((own) => isSameFolder(own, folder)));
    if (foreign !== undefined) {
      throw new UserError(`The data folder ${dataFolder} is in use by the engine of ${folders.join(', ')}, not of ${foreign}: choose another one with --data.`);
    }
    return applyWorkspace({ trusted: params.trusted });
  }

  async function applyWorkspace(update: WorkspaceUpdate | InitializeParams): Promise<void> {
    if (update.settings) {
      const next = checkSettings(resolveSettings(update.settings));
      if (JSON.stringify(next) !== JSON.stringify(settings)) {
        settings = next;
        Object.assign(info, { region: settings.region, accountId: settings.accountId });
        await reader.setSettings(templateSettings(settings));
        lambda.mappings.sourcesChanged();
      }
    }
    if (update.folders && update.folders.join('\0') !== folders.join('\0')) {
      folders = update.folders;
      await reader.setFolders(folders);
    }
    if (update.trusted) await trust();
    writeDiscovery(files.discovery, { ...info, socket: socketPath, secret });
  }

  function close(): Promise<void> {
    closing ??= (async () => {
      clearTimeout(endTimer);
      removeDiscovery(files.discovery, process.pid);
      stopForwarding();
      reader.dispose();
      // Pollers first: a closed queue answers at once, with nothing.
      await lambda.mappings.close();
      sources.close();
      queues.close();
      streams.close();
      tableStreams.close();
      topics.close();
      buses.close();
      await endpoint.close();
      await lambda.close();
      await runner.close();
      await preparer.close();
      broadcaster.flush();
      broadcaster.close();
      await history.close();
      state.database.close();
      // The answer to the client that asked for the end still has to leave.
      setTimeout(() => {
        rpc.close();
        ownership?.release();
        options.onEnded?.();
      }, 20);
    })();
    return closing;
  }

  try {
    const model = await reader.read();
    setBaselines(model);
    queues.start();
    streams.start();
    tableStreams.start();
    if (options.trusted) await trust();
    await rpc.listen();
    writeDiscovery(files.discovery, { ...info, socket: socketPath, secret });
    scheduleEnd(0);
  } catch (error) {
    await close();
    throw error;
  }
  logger.info(`Engine ${version} on Node ${process.versions.node}: ${info.endpoint || 'not trusted, so no endpoint'}, data in ${dataFolder}.`);
  return { info, lambda, close };
}

function templateSettings(settings: EngineSettings): TemplateSettings {
  return {
    accountId: settings.accountId,
    region: settings.region,
    parameterOverrides: settings.template.parameterOverrides,
    templateGlobs: settings.template.include,
    excludeGlobs: settings.template.exclude,
  };
}
