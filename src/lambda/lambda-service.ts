/** The Lambda service: synchronous invocation, and the operations on functions, versions and aliases. */
import type { Clock } from '../contracts/clock.ts';
import type { DocumentStore } from '../contracts/documents.ts';
import { isFinal, type Execution, type ExecutionHistory } from '../contracts/executions.ts';
import { AwsFault } from '../contracts/faults.ts';
import type { FunctionDefinition, RunnableFunction } from '../contracts/functions.ts';
import type { FunctionSummary, InvokeInput, InvokeOutput, LambdaHost, LambdaOperation, OperationResult } from '../contracts/lambda-api.ts';
import type { Logger } from '../contracts/logger.ts';
import type { CodeStore, FunctionRunner } from '../contracts/runner.ts';
import type { EngineSettings } from '../contracts/settings.ts';
import { Concurrency } from './concurrency.ts';
import { functionArn, functionNotFound, parseFunctionName } from './function-names.ts';
import { FunctionRegistry, type FunctionState } from './function-registry.ts';
import { invocationRecord } from './invocation-record.ts';
import { Operations } from './operations.ts';
import { checkedPayload, decodeClientContext } from './payload.ts';
import { SynchronousInvocation } from './synchronous.ts';

export interface LambdaServiceOptions {
  clock: Clock;
  ids: { uuid(): string; hex(bytes: number): string; random(): number };
  runner: FunctionRunner;
  codeStore: CodeStore;
  history: ExecutionHistory;
  documents: DocumentStore;
  settings: () => EngineSettings;
  logger: Logger;
  events: {
    executionChanged(execution: Execution): void;
    logWritten(executionId: string, functionName: string, lines: readonly string[]): void;
    functionsChanged(): void;
  };
}

/**
 * A template's alias may point to a version that was never published here; it then runs `$LATEST`, as there is nothing
 * else to run (docs/fidelity.md).
 */
const unpublishedAliasTarget = '$LATEST';
const emptyBytes = new Uint8Array();

export class LambdaService implements LambdaHost {
  readonly #options: LambdaServiceOptions;
  readonly #registry: FunctionRegistry;
  readonly #concurrency = new Concurrency();
  readonly #operations: Operations;
  readonly #running = new Map<string, SynchronousInvocation>();
  /** Root of a running execution's trace: a call that carries it was made by that function. */
  readonly #traces = new Map<string, string>();
  #last: Map<string, Execution> | undefined;

  constructor(options: LambdaServiceOptions) {
    this.#options = options;
    this.#registry = new FunctionRegistry(options.documents, options.clock, options.settings, options.logger);
    this.#operations = new Operations({
      registry: this.#registry, codeStore: options.codeStore, settings: options.settings, ids: options.ids, concurrency: this.#concurrency,
      changed: (name) => {
        options.runner.retire(name);
        options.events.functionsChanged();
      },
    });
  }

  setBaseline(definitions: readonly FunctionDefinition[]): void {
    for (const name of this.#registry.setBaseline(definitions)) this.#options.runner.retire(name);
    this.#options.events.functionsChanged();
  }

  async invoke(input: InvokeInput): Promise<InvokeOutput> {
    const settings = this.#options.settings();
    const { name, qualifier } = parseFunctionName(input.functionName, settings, input.qualifier);
    const state = this.#registry.get(name);
    if (!state) throw functionNotFound(name, qualifier ?? '$LATEST', settings);
    const target = this.#resolve(name, state, qualifier);
    if (input.invocationType === 'Event') {
      throw new AwsFault('InvalidParameterValueException', 400, 'Asynchronous invocation (InvocationType Event) is not available yet: use RequestResponse.');
    }
    const clientContext = decodeClientContext(input.clientContextBase64);
    const payload = checkedPayload(input.payload);
    const requestId = this.#options.ids.uuid();
    if (input.invocationType === 'DryRun') return { statusCode: 204, payload: emptyBytes, requestId };

    const { traceId, root } = this.#trace(input.traceHeader);
    const causedBy = this.#traces.get(root);
    const arn = functionArn(name, settings) + (qualifier === undefined ? '' : `:${qualifier}`);
    const execution: Execution = {
      id: requestId, sequence: this.#options.history.nextSequence(), functionName: name,
      ...(qualifier === undefined ? {} : { qualifier }),
      invokedFunctionArn: arn, executedVersion: target.version, invocationType: 'RequestResponse', logType: input.logType,
      ...(clientContext === undefined ? {} : { clientContext }),
      source: input.source,
      ...(input.replayOf === undefined ? {} : { replayOf: input.replayOf }),
      ...(causedBy === undefined ? {} : { causedBy }),
      traceId, status: 'running', receivedAt: this.#options.clock.now(), requestBytes: payload.length, attempts: [],
    };
    let release: () => void;
    try {
      release = this.#concurrency.acquire(name, state.reservedConcurrency, this.#unreservedLimit(settings));
    } catch (error) {
      this.#saveThrottled(execution, payload, error as AwsFault);
      throw error;
    }
    const invocation = new SynchronousInvocation({
      execution, payload, target, clock: this.#options.clock, runner: this.#options.runner, history: this.#options.history,
      events: { ...this.#options.events, executionChanged: (changed) => this.#executionChanged(changed) },
    });
    this.#running.set(requestId, invocation);
    this.#traces.set(root, this.#traces.get(root) ?? requestId);
    input.onExecution?.(execution);
    try {
      const answer = await invocation.run(input.logType === 'Tail');
      return { statusCode: 200, executedVersion: target.version, requestId, ...answer };
    } finally {
      release();
      this.#running.delete(requestId);
      if (this.#traces.get(root) === requestId) this.#traces.delete(root);
    }
  }

  call(operation: LambdaOperation, input: Readonly<Record<string, unknown>>): Promise<OperationResult> {
    return this.#operations.call(operation, input);
  }

  cancel(executionId: string): boolean {
    const invocation = this.#running.get(executionId);
    invocation?.cancel();
    return invocation !== undefined;
  }

  status(): { inFlight: number; queued: number; processes: number; inFlightByFunction: Readonly<Record<string, number>> } {
    return { inFlight: this.#running.size, queued: 0, processes: this.#options.runner.processCount, inFlightByFunction: this.#concurrency.byFunction() };
  }

  listSummaries(): FunctionSummary[] {
    this.#last ??= this.#options.history.lastByFunction();
    return this.#registry.names().map((name) => this.#summary(name, this.#registry.get(name) as FunctionState));
  }

  invocationRecord(executionId: string): string | undefined {
    const execution = this.#options.history.get(executionId);
    const content = this.#options.history.content(executionId);
    return execution && content ? invocationRecord(execution, content) : undefined;
  }

  /** Cancels what runs and waits for it. */
  async close(): Promise<void> {
    const running = [...this.#running.values()];
    for (const invocation of running) invocation.cancel();
    await Promise.allSettled(running.map((invocation) => invocation.finished));
  }

  #summary(name: string, state: FunctionState): FunctionSummary {
    const { configuration, origin } = state;
    const last = this.#last?.get(name);
    return {
      name, arn: state.runnable.functionArn, runtime: configuration.runtime, handler: configuration.handler,
      ...(configuration.code.handlerFile === undefined ? {} : { handlerFile: configuration.code.handlerFile }),
      ...(configuration.code.handlerExport === undefined ? {} : { handlerExport: configuration.code.handlerExport }),
      codeFolder: configuration.code.folder, origin, description: configuration.description, timeout: configuration.timeout,
      memorySize: configuration.memorySize, environmentNames: Object.keys(configuration.environment),
      layers: [...configuration.layers, ...configuration.unresolvedLayers],
      versions: this.#registry.versions(name).map(({ version }) => String(version)),
      aliases: this.#registry.aliases(name).map((alias) => ({ name: alias.name, functionVersion: alias.functionVersion, additionalVersionWeights: alias.additionalVersionWeights })),
      ...(state.reservedConcurrency === undefined ? {} : { reservedConcurrency: state.reservedConcurrency }),
      inFlight: this.#concurrency.running(name), queued: 0, eventInvokeConfigs: [], recursiveLoop: 'Terminate', changed: state.changed,
      ...(last === undefined ? {} : { last }),
    };
  }

  /** The version that a qualifier stands for; an alias with weights is drawn anew for each invocation. */
  #resolve(name: string, state: FunctionState, qualifier: string | undefined): RunnableFunction {
    if (qualifier === undefined || qualifier === '$LATEST') return state.runnable;
    let version = qualifier;
    if (!/^\d+$/.test(qualifier)) {
      const alias = this.#registry.alias(name, qualifier);
      if (!alias) throw functionNotFound(name, qualifier, this.#options.settings());
      version = alias.functionVersion;
      let draw = this.#options.ids.random();
      for (const [candidate, weight] of Object.entries(alias.additionalVersionWeights)) {
        if (draw < weight) {
          version = candidate;
          break;
        }
        draw -= weight;
      }
      if (alias.baseline && version !== '$LATEST' && !this.#registry.version(name, version)) version = unpublishedAliasTarget;
      if (version === '$LATEST') return state.runnable;
    }
    const published = this.#registry.version(name, version);
    if (!published) throw functionNotFound(name, qualifier, this.#options.settings());
    return this.#registry.runnableVersion(name, published);
  }

  /** A caller's trace goes on; otherwise a new one begins (`Root=1-<8 hex seconds>-<24 hex>`). */
  #trace(header: string | undefined): { traceId: string; root: string } {
    const { ids, clock } = this.#options;
    const given = /Root=(1-[0-9a-f]{8}-[0-9a-f]{24})/i.exec(header ?? '')?.[1];
    const root = given ?? `1-${Math.floor(clock.now() / 1000).toString(16).padStart(8, '0')}-${ids.hex(12)}`;
    const sampled = /Sampled=([01])/.exec(header ?? '')?.[1] ?? '1';
    return { root, traceId: `Root=${root};Parent=${ids.hex(8)};Sampled=${sampled}` };
  }

  #unreservedLimit(settings: EngineSettings): number {
    return Math.max(0, settings.accountConcurrency - this.#registry.reservedConcurrency);
  }

  #saveThrottled(execution: Execution, payload: Uint8Array, fault: AwsFault): void {
    const refused: Execution = {
      ...execution, status: 'throttled', finishedAt: execution.receivedAt, statusCode: fault.status, errorType: fault.name,
      errorMessage: `${fault.message} (${fault.fields['Reason'] ?? ''})`,
    };
    this.#options.history.saveRequest(execution.id, payload);
    this.#options.history.save(refused);
    this.#executionChanged(refused);
  }

  #executionChanged(execution: Execution): void {
    if (isFinal(execution.status)) this.#last?.set(execution.functionName, execution);
    this.#options.events.executionChanged(execution);
  }
}
