/** The Lambda service: joins invocation, synchronous and asynchronous, with the operations on functions. */
import type { Clock } from '../contracts/clock.ts';
import type { EventShapes, EventSources } from '../contracts/event-sources.ts';
import type { DocumentStore } from '../contracts/documents.ts';
import type { EventQueue } from '../contracts/event-queue.ts';
import { isFinal, type Execution, type ExecutionContent, type ExecutionHistory } from '../contracts/executions.ts';
import { AwsFault, UserError } from '../contracts/faults.ts';
import type { FunctionDefinition, RunnableFunction } from '../contracts/functions.ts';
import type {
  EventAction, FaultSettings, FunctionSummary, InvokeInput, InvokeOutput, LambdaHost, LambdaOperation, OperationResult,
} from '../contracts/lambda-api.ts';
import type { Logger } from '../contracts/logger.ts';
import type { DeliverySource, EventInvoker } from '../contracts/resources.ts';
import type { ResumeGate } from '../contracts/resume-gate.ts';
import type { CodeStore, FunctionRunner } from '../contracts/runner.ts';
import type { EngineSettings } from '../contracts/settings.ts';
import { TransientMap } from '../contracts/transient-map.ts';
import { Asynchronous, type AcceptedEvent } from './asynchronous.ts';
import { Concurrency } from './concurrency.ts';
import { Destinations, type DeliveryHint, type DestinationPorts } from './destinations.ts';
import { defaultEventAgeSeconds, defaultRetryAttempts, EventInvokeConfigs } from './event-invoke-configs.ts';
import { functionArn, functionNotFound, parseFunctionName } from './function-names.ts';
import { EventSourceMappings } from './event-source-mappings/event-source-mappings.ts';
import { PolledInvocations } from './event-source-mappings/polled-invocations.ts';
import { FunctionRegistry, type FunctionState } from './function-registry.ts';
import { functionSummary } from './function-summary.ts';
import { FaultingRunner } from './faulting-runner.ts';
import { InjectedFaults } from './injected-faults.ts';
import { invocationRecord } from './invocation-record.ts';
import { Operations } from './operations.ts';
import { checkedPayload, decodeClientContext, eventLimitBytes, requestLimitBytes } from './payload.ts';
import { runnableFor } from './qualifiers.ts';
import { RecursionConfigs } from './recursion-configs.ts';
import { SynchronousInvocation, type SynchronousAnswer } from './synchronous.ts';
import { invocationsInChain, parseTrace, recursionLimit, traceFor } from './trace.ts';

export interface LambdaServiceOptions {
  clock: Clock;
  ids: { uuid(): string; hex(bytes: number): string; random(): number };
  runner: FunctionRunner;
  codeStore: CodeStore;
  history: ExecutionHistory;
  documents: DocumentStore;
  queue: EventQueue;
  gate: ResumeGate;
  /** What event source mappings poll, and how its records look. */
  sources: EventSources;
  shapes: EventShapes;
  /** Where results and dead letters go, beside other functions. */
  targets: Omit<DestinationPorts, 'invoker'>;
  /** IAM is not enforced: a delivery that AWS would deny says so. */
  deliveryHint: DeliveryHint;
  settings: () => EngineSettings;
  logger: Logger;
  events: {
    executionChanged(execution: Execution): void;
    logWritten(executionId: string, functionName: string, lines: readonly string[]): void;
    functionsChanged(): void;
    mappingsChanged(): void;
  };
}

/** What an invocation is about, checked. */
interface Invocation {
  name: string;
  qualifier: string | undefined;
  state: FunctionState;
  target: RunnableFunction;
  payload: Uint8Array;
  causedBy?: string;
  invokedFunctionArn: string;
}

const emptyBytes = new Uint8Array();

export class LambdaService implements LambdaHost, EventInvoker {
  readonly mappings: EventSourceMappings;
  readonly #options: LambdaServiceOptions;
  readonly #registry: FunctionRegistry;
  readonly #concurrency = new Concurrency();
  readonly #eventConfigs: EventInvokeConfigs;
  readonly #recursion: RecursionConfigs;
  readonly #faults: InjectedFaults;
  readonly #runner: FunctionRunner;
  readonly #operations: Operations;
  readonly #asynchronous: Asynchronous;
  readonly #polled: PolledInvocations;
  readonly #running = new TransientMap<SynchronousInvocation>();
  #last: Map<string, Execution> | undefined;

  constructor(options: LambdaServiceOptions) {
    this.#options = options;
    const { documents, clock, settings, logger, ids, history, events } = options;
    const changed = (name: string) => {
      options.runner.retire(name);
      events.functionsChanged();
    };
    this.#registry = new FunctionRegistry(documents, clock, settings, logger);
    this.#faults = new InjectedFaults(documents, ids.random);
    this.#runner = new FaultingRunner(options.runner, this.#faults);
    this.#eventConfigs = new EventInvokeConfigs({
      registry: this.#registry, documents, account: settings, clock, logger, changed: () => events.functionsChanged(),
    });
    this.#recursion = new RecursionConfigs(documents);
    const target = (name: string, qualifier: string | undefined) => this.#target(name, qualifier);
    this.#polled = new PolledInvocations({
      clock, history, ids, runner: this.#runner, faults: this.#faults, target,
      acquire: (name) => this.#acquire(name), released: (name) => this.#asynchronous.released(name),
      mayLoop: (name) => this.#recursion.get(name) === 'Allow', causeOf: (header) => this.#causeOf(header),
      logWritten: (id, name, lines) => events.logWritten(id, name, lines), executionChanged: (execution) => this.#executionChanged(execution),
    });
    this.mappings = new EventSourceMappings({
      clock, documents, logger, gate: options.gate, sources: options.sources, shapes: options.shapes, account: settings, uuid: ids.uuid, random: ids.random, targets: options.targets,
      invocations: this.#polled, target, processes: () => settings().maxProcesses, changed: () => events.mappingsChanged(),
    });
    this.#operations = new Operations({
      registry: this.#registry, codeStore: options.codeStore, settings, ids, concurrency: this.#concurrency, changed,
      eventConfigs: this.#eventConfigs, recursion: this.#recursion, mappings: this.mappings.operations,
    });
    this.#asynchronous = new Asynchronous({
      clock, history, logger, ids, queue: options.queue, gate: options.gate, runner: this.#runner, faults: this.#faults,
      destinations: new Destinations({ ...options.targets, invoker: this }, clock, logger, ids.uuid, options.deliveryHint),
      limits: () => ({ perFunction: settings().asynchronousConcurrency, total: settings().maxProcesses }),
      target,
      rules: (name, qualifier) => this.#rules(name, qualifier),
      acquire: (name) => this.#acquire(name),
      logWritten: (id, name, lines) => events.logWritten(id, name, lines),
      executionChanged: (execution) => this.#executionChanged(execution),
      queueChanged: () => events.functionsChanged(),
    });
  }

  /** Begins to run queued events and to poll. */
  start(): void {
    this.#asynchronous.start();
    this.mappings.start();
  }

  setBaseline(definitions: readonly FunctionDefinition[]): void {
    for (const name of this.#registry.setBaseline(definitions)) this.#options.runner.retire(name);
    this.#eventConfigs.setBaseline(definitions.map(({ configuration, eventInvokeConfigs }) => ({ functionName: configuration.functionName, configs: eventInvokeConfigs })));
    this.mappings.setBaseline(definitions);
    this.#options.events.functionsChanged();
  }

  async invoke(input: InvokeInput): Promise<InvokeOutput> {
    const invocation = this.#check(input);
    if (input.invocationType === 'DryRun') return { statusCode: 204, payload: emptyBytes, requestId: this.#options.ids.uuid() };
    if (input.invocationType === 'Event') {
      const execution = await this.#asynchronous.acceptSoon(this.#accepted(invocation, input));
      input.onExecution?.(execution);
      return { statusCode: 202, payload: emptyBytes, requestId: execution.id };
    }
    return this.#invokeSynchronously(invocation, input);
  }

  invokeAsync(functionArn: string, payload: Uint8Array, { source, traceHeader }: { source: DeliverySource; traceHeader?: string }): { requestId: string } {
    const input: InvokeInput = {
      functionName: functionArn, invocationType: 'Event', logType: 'None', payload, source, ...(traceHeader === undefined ? {} : { traceHeader }),
    };
    return { requestId: this.#asynchronous.accept(this.#accepted(this.#check(input), input)).id };
  }

  call(operation: LambdaOperation, input: Readonly<Record<string, unknown>>): Promise<OperationResult> {
    return this.#operations.call(operation, input);
  }

  cancel(executionId: string): boolean {
    const invocation = this.#running.get(executionId);
    invocation?.cancel();
    return invocation !== undefined || this.#asynchronous.cancel(executionId) || this.#polled.cancel(executionId);
  }

  actOnEvent(id: string, action: EventAction): boolean {
    const execution = this.#options.history.get(id);
    if (execution?.invocationType !== 'Event') throw new UserError('That event is no longer in the history, so nothing can be done with it.');
    switch (action) {
      case 'try-now': return this.#asynchronous.tryNow(id);
      case 'expire-now': return this.#asynchronous.expire(id);
      case 'cancel': return this.#asynchronous.cancel(id);
      case 'deliver-twice': return this.#deliverTwice(execution);
    }
  }

  setFaults(functionName: string, faults: FaultSettings | undefined): void {
    const { name } = parseFunctionName(functionName, this.#options.settings());
    this.#state(name, undefined);
    this.#faults.set(name, faults);
    this.#options.events.functionsChanged();
  }

  resetEventInvokeConfig(functionName: string, qualifier: string | undefined): void {
    const { name } = parseFunctionName(functionName, this.#options.settings());
    this.#state(name, qualifier);
    this.#eventConfigs.reset(name, qualifier);
  }

  resetDeadLetterQueue(functionName: string): void {
    const { name } = parseFunctionName(functionName, this.#options.settings());
    this.#state(name, undefined);
    this.#registry.reset(name, 'deadLetterTargetArn');
    this.#options.events.functionsChanged();
  }

  status(): ReturnType<LambdaHost['status']> {
    return {
      inFlight: this.#running.size + this.#asynchronous.running + this.#polled.running, queued: this.#asynchronous.queued, held: this.#asynchronous.held,
      processes: this.#options.runner.processCount, inFlightByFunction: this.#concurrency.byFunction(), queuedByFunction: this.#asynchronous.queuedByFunction,
    };
  }

  listSummaries(): FunctionSummary[] {
    const last = this.#last ??= this.#options.history.lastByFunction();
    const parts = { registry: this.#registry, concurrency: this.#concurrency, asynchronous: this.#asynchronous, eventConfigs: this.#eventConfigs, recursion: this.#recursion, faults: this.#faults };
    return this.#registry.names().map((name) => functionSummary(name, this.#registry.get(name) as FunctionState, last.get(name), parts));
  }

  content(executionId: string): ExecutionContent | undefined {
    const content = this.#options.history.content(executionId);
    // What a queued event carries is in the queue only.
    const queued = content?.request === '' ? this.#asynchronous.payloadOf(executionId) : undefined;
    return content && queued ? { ...content, request: Buffer.from(queued).toString('utf8') } : content;
  }

  invocationRecord(executionId: string): string | undefined {
    const execution = this.#options.history.get(executionId);
    const content = this.content(executionId);
    return execution && content ? invocationRecord(execution, content) : undefined;
  }

  /** Cancels what callers wait for and lets go of what runs for queued events, which stay queued. */
  async close(): Promise<void> {
    const running = this.#running.values();
    for (const invocation of running) invocation.cancel();
    await Promise.allSettled([...running.map((invocation) => invocation.finished), this.#asynchronous.close(), this.mappings.close()]);
  }

  // ---- invocation ----

  /** @throws AwsFault for everything that AWS refuses before it runs or queues anything. */
  #check(input: InvokeInput): Invocation {
    const settings = this.#options.settings();
    const { name, qualifier } = parseFunctionName(input.functionName, settings, input.qualifier);
    const state = this.#state(name, qualifier ?? '$LATEST');
    const target = runnableFor(this.#registry, name, state, qualifier, settings, this.#options.ids.random);
    const asynchronous = input.invocationType === 'Event';
    const payload = checkedPayload(input.payload, asynchronous ? { type: 'Event', limit: eventLimitBytes } : { type: 'RequestResponse', limit: requestLimitBytes });
    const causedBy = this.#causeOf(input.traceHeader);
    return {
      name, qualifier, state, target, payload,
      ...(causedBy === undefined ? {} : { causedBy }),
      invokedFunctionArn: functionArn(name, settings) + (qualifier === undefined ? '' : `:${qualifier}`),
    };
  }

  #accepted({ name, qualifier, payload, causedBy, invokedFunctionArn, target }: Invocation, input: InvokeInput): AcceptedEvent {
    return {
      functionName: name, invokedFunctionArn, functionArn: target.functionArn, payload, source: input.source,
      ...(qualifier === undefined ? {} : { qualifier }),
      ...(input.traceHeader === undefined ? {} : { traceHeader: input.traceHeader }),
      ...(causedBy === undefined ? {} : { causedBy }),
      ...(input.replayOf === undefined ? {} : { replayOf: input.replayOf }),
    };
  }

  async #invokeSynchronously({ name, qualifier, target, payload, causedBy, invokedFunctionArn }: Invocation, input: InvokeInput): Promise<InvokeOutput> {
    const { clock, ids, history, events } = this.#options;
    const clientContext = decodeClientContext(input.clientContextBase64);
    this.#checkRecursion(name, target, input.traceHeader);
    const id = ids.uuid();
    const execution: Execution = {
      id, sequence: history.nextSequence(), functionName: name,
      ...(qualifier === undefined ? {} : { qualifier }),
      invokedFunctionArn, executedVersion: target.version, invocationType: 'RequestResponse', logType: input.logType,
      ...(clientContext === undefined ? {} : { clientContext }),
      source: input.source,
      ...(input.replayOf === undefined ? {} : { replayOf: input.replayOf }),
      ...(causedBy === undefined ? {} : { causedBy }),
      traceId: traceFor({ executionId: id, functionArn: target.functionArn, incoming: input.traceHeader, now: clock.now(), hex: ids.hex }),
      status: 'running', receivedAt: clock.now(), requestBytes: payload.length, attempts: [],
    };
    let release: () => void;
    try {
      this.#faults.throttle(name);
      release = this.#acquire(name);
    } catch (error) {
      this.#saveThrottled(execution, payload, error as AwsFault);
      throw error;
    }
    const invocation = new SynchronousInvocation({
      execution, payload, target, clock, history, runner: this.#runner, logWritten: (...line) => events.logWritten(...line),
      executionChanged: (changed) => this.#executionChanged(changed),
    });
    this.#running.set(id, invocation);
    input.onExecution?.(execution);
    let told = false;
    try {
      const delay = this.#faults.delay(name);
      if (delay > 0) await new Promise<void>((resolve) => { clock.after(delay, resolve); });
      const outputOf = (answer: SynchronousAnswer): InvokeOutput => ({ statusCode: 200, executedVersion: target.version, requestId: id, ...answer });
      const { onAnswer } = input;
      return outputOf(await invocation.run(input.logType === 'Tail', onAnswer && ((answer) => {
        told = true;
        onAnswer(outputOf(answer));
      })));
    } catch (error) {
      // Whoever has the answer does not wait for this any more.
      if (told) this.#options.logger.error(`Execution ${id} was answered, but could not be noted as finished.`, error);
      throw error;
    } finally {
      release();
      this.#asynchronous.released(name);
      this.#running.delete(id);
    }
  }

  #deliverTwice(execution: Execution): boolean {
    const payload = this.#asynchronous.payloadOf(execution.id) ?? Buffer.from(this.#options.history.content(execution.id)?.request ?? '');
    if (payload.length === 0) return false;
    const { functionName, qualifier, invokedFunctionArn, source, causedBy } = execution;
    const { functionArn: arn } = this.#target(functionName, qualifier);
    this.#asynchronous.accept({
      functionName, invokedFunctionArn, functionArn: arn, payload, source,
      ...(qualifier === undefined ? {} : { qualifier }), ...(causedBy === undefined ? {} : { causedBy }),
      duplicateOf: { requestId: execution.requestId ?? execution.id, traceId: execution.traceId },
    });
    return true;
  }

  /** The execution whose function made the call, or whose result is delivered: it is the trace's parent. */
  #causeOf(traceHeader: string | undefined): string | undefined {
    if (traceHeader === undefined) return undefined;
    const { parent } = parseTrace(traceHeader);
    return parent === undefined ? undefined : this.#options.history.bySegment(parent)?.id;
  }

  #checkRecursion(name: string, target: RunnableFunction, traceHeader: string | undefined): void {
    if (this.#recursion.get(name) === 'Allow' || invocationsInChain(target.functionArn, traceHeader) < recursionLimit) return;
    throw new AwsFault('RecursiveInvocationException', 400, recursionText(name), { messageKey: 'Message' });
  }

  #acquire(name: string): () => void {
    const reserved = this.#registry.get(name)?.reservedConcurrency;
    return this.#concurrency.acquire(name, reserved, this.#unreservedLimit(this.#options.settings()));
  }

  #target(name: string, qualifier: string | undefined): RunnableFunction {
    const { settings, ids } = this.#options;
    return runnableFor(this.#registry, name, this.#state(name, qualifier ?? '$LATEST'), qualifier, settings(), ids.random);
  }

  #rules(name: string, qualifier: string | undefined) {
    const config = this.#eventConfigs.get(name, qualifier);
    const reserved = this.#registry.get(name)?.reservedConcurrency;
    return {
      maximumRetryAttempts: config?.maximumRetryAttempts ?? defaultRetryAttempts,
      maximumEventAgeInSeconds: config?.maximumEventAgeInSeconds ?? defaultEventAgeSeconds,
      ...(reserved === undefined ? {} : { reservedConcurrency: reserved }),
      ...(config?.onSuccess === undefined ? {} : { onSuccess: config.onSuccess }),
      ...(config?.onFailure === undefined ? {} : { onFailure: config.onFailure }),
      mayLoop: this.#recursion.get(name) === 'Allow',
    };
  }

  #state(name: string, qualifier: string | undefined): FunctionState {
    const state = this.#registry.get(name);
    if (!state) throw functionNotFound(name, qualifier, this.#options.settings());
    return state;
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

/** AWS's own text is not recorded. */
function recursionText(name: string): string {
  return `Lambda has detected ${name} being invoked in a recursive loop with other AWS resources and stopped the invocation.`;
}
