/** Event source mappings: their states, their pollers, and what people ask of them beside the API. */
import type { Clock } from '../../contracts/clock.ts';
import type { DocumentStore } from '../../contracts/documents.ts';
import type { BatchRedrive, EventSourceMappingHost, EventSourceMappingSummary, MappingProblem, RecordFate, RecordSample, ResetPosition } from '../../contracts/event-source-mappings.ts';
import type { EventShapes, EventSources } from '../../contracts/event-sources.ts';
import { UserError } from '../../contracts/faults.ts';
import type { FunctionDefinition, RunnableFunction } from '../../contracts/functions.ts';
import type { Logger } from '../../contracts/logger.ts';
import type { ResumeGate } from '../../contracts/resume-gate.ts';
import type { AccountContext } from '../function-names.ts';
import { FailureDeliveries, type FailureTargets } from './failure-records.ts';
import { fateOf } from './fate-of.ts';
import { KeptPauses } from './kept-pauses.ts';
import { MappingEntry, type MappingEntryParts } from './mapping-entry.ts';
import { mappingNotFound, MappingOperations, visibilityProblem } from './mapping-operations.ts';
import { MappingRegistry, type Mapping } from './mapping-registry.ts';
import { mappingResponse, type MappingStatus } from './mapping-response.ts';
import { functionOf } from './mapping.ts';
import type { PolledInvocations } from './polled-invocations.ts';
import { redriveBatch } from './redrive.ts';

export interface EventSourceMappingsParts {
  clock: Clock;
  documents: DocumentStore;
  logger: Logger;
  gate: ResumeGate;
  sources: EventSources;
  shapes: EventShapes;
  /** On-failure destinations of streams. */
  targets: FailureTargets;
  account: () => AccountContext;
  uuid: () => string;
  random: () => number;
  invocations: PolledInvocations;
  /** @throws AwsFault ResourceNotFoundException */
  target(name: string, qualifier: string | undefined): RunnableFunction;
  processes: () => number;
  changed(): void;
}

const allPaused = 'All event source mappings are paused: resume them to go on.';

/** Filtered records that a summary shows. */
const mostShownFiltered = 20;

export class EventSourceMappings implements EventSourceMappingHost {
  readonly operations: MappingOperations;
  readonly #parts: EventSourceMappingsParts;
  readonly #registry: MappingRegistry;
  readonly #entries = new Map<string, MappingEntry>();
  readonly #pauses: KeptPauses;
  /** Of functions as templates declare them, seconds. */
  #timeouts: ReadonlyMap<string, number> = new Map();
  #started = false;
  #closed = false;

  constructor(parts: EventSourceMappingsParts) {
    this.#parts = parts;
    const { documents, clock, account, logger, sources, uuid, gate } = parts;
    this.#registry = new MappingRegistry(documents, clock, account, logger);
    // Who starts the engine with an open gate wants everything to go on.
    this.#pauses = new KeptPauses(documents, gate.paused);
    this.operations = new MappingOperations({
      registry: this.#registry, sources, clock, account, uuid, target: (name, qualifier) => parts.target(name, qualifier),
      status: (mapping) => this.#status(mapping),
      created: (mapping) => this.#entry(mapping).begin(),
      updated: (mapping) => this.#entry(mapping).update(mapping),
      deleted: (mapping) => this.#remove(mapping),
    });
    gate.onDidChange((paused) => {
      for (const entry of this.#entries.values()) {
        if (paused) entry.pauseFor('paused', allPaused);
        else entry.resume();
      }
    });
  }

  /** Begins to poll. */
  start(): void {
    this.#started = true;
    this.#takeUp();
  }

  setBaseline(definitions: readonly FunctionDefinition[]): void {
    this.#registry.setBaseline(definitions);
    this.#timeouts = new Map(definitions.map(({ configuration }) => [configuration.functionName, configuration.timeout]));
    if (this.#started) this.#takeUp();
  }

  /** Settings say anew where sources live. */
  sourcesChanged(): void {
    for (const entry of this.#entries.values()) entry.sourceChanged();
    this.#parts.changed();
  }

  /** Ends polling; what runs is cancelled, and its records come back. */
  async close(): Promise<void> {
    this.#closed = true;
    const stopped = [...this.#entries.values()].map((entry) => entry.stop());
    await this.#parts.invocations.close();
    await Promise.all(stopped);
  }

  summaries(): EventSourceMappingSummary[] {
    return this.#registry.all().map((mapping) => this.#summary(mapping));
  }

  async pollOnce(uuid: string): Promise<number> {
    return this.#known(uuid).pollOnce();
  }

  pause(uuid: string): void {
    this.#known(uuid).pauseFor('paused', 'The event source mapping is paused: resume it to go on.');
  }

  resume(uuid: string): void {
    this.#known(uuid).resume();
  }

  pauseAll(): number {
    const polling = [...this.#entries.values()].filter(({ mapping, pause }) => mapping.configuration.enabled && !pause);
    for (const entry of polling) entry.pauseFor('paused', allPaused);
    return polling.length;
  }

  resumeAll(): number {
    const paused = [...this.#entries.values()].filter(({ pause }) => pause);
    for (const entry of paused) entry.resume();
    return paused.length;
  }

  async resetPosition(uuid: string, position: ResetPosition): Promise<void> {
    const entry = this.#known(uuid);
    if (entry.mapping.source === 'sqs') throw new UserError('A queue has no position: what is in it is what is left to do.');
    await entry.resetPosition(position);
  }

  reset(uuid: string): boolean {
    const entry = this.#known(uuid);
    if (!this.#registry.reset(uuid)) return false;
    entry.update(this.#registry.get(uuid) as Mapping);
    return true;
  }

  filteredRecords(sourceArn: string): RecordSample[] {
    return [...this.#entries.values()].filter(({ mapping }) => mapping.configuration.eventSourceArn === sourceArn)
      .flatMap(({ filtered }) => filtered.samples(mostShownFiltered)).map((sample): RecordSample => ({ ...sample, from: 'filtered' }));
  }

  templateProblems(visibilityTimeoutOf: (queueArn: string) => number | undefined): MappingProblem[] {
    const tooShort = this.#registry.declared().flatMap(({ functionName, logicalId, configuration }): MappingProblem[] => {
      const visibility = visibilityTimeoutOf(configuration.eventSourceArn);
      const timeout = this.#timeouts.get(functionName);
      const message = visibility === undefined || timeout === undefined ? undefined : visibilityProblem(visibility, timeout);
      // AWS refuses it on create and on update; messages that come back too early are all that it does here.
      return message === undefined ? [] : [{ functionName, logicalId, parameter: 'EventSourceArn', message, by: 'aws', leftOut: false }];
    });
    return [...this.#registry.problems, ...tooShort];
  }

  why(id: string, sourceArn?: string): RecordFate[] {
    return [...this.#entries.values()].filter(({ mapping }) => sourceArn === undefined || mapping.configuration.eventSourceArn === sourceArn)
      .map((entry) => fateOf(entry, id, sourceArn !== undefined)).filter((fate) => fate !== undefined);
  }

  async redrive(record: string): Promise<BatchRedrive | undefined> {
    const { sources, shapes, invocations, uuid: newId } = this.#parts;
    const redriven = await redriveBatch(record, this.#registry.all(), { sources, shapes, invocations, newId });
    if (!redriven) return undefined;
    const { sequences, ...result } = redriven;
    if (result.failed === 0) for (const { poller } of this.#entries.values()) poller.redriven?.(sequences, result.executionId);
    this.#parts.changed();
    return result;
  }

  // ---- states ----

  /** Brings what polls in line with what there is. */
  #takeUp(): void {
    if (this.#closed) return;
    const mappings = new Map(this.#registry.all().map((mapping) => [mapping.uuid, mapping]));
    for (const [uuid, entry] of this.#entries) {
      if (mappings.has(uuid)) continue;
      this.#entries.delete(uuid);
      void entry.stop();
    }
    for (const mapping of mappings.values()) this.#entry(mapping).takeUp(mapping, this.#parts.gate.paused);
    this.#parts.changed();
  }

  #entry(mapping: Mapping): MappingEntry {
    let entry = this.#entries.get(mapping.uuid);
    if (!entry) {
      const { targets, clock, uuid } = this.#parts;
      const parts: MappingEntryParts = { ...this.#parts, pauses: this.#pauses, deliveries: new FailureDeliveries(targets, clock, uuid), mapping, running: () => this.#started && !this.#closed };
      this.#entries.set(mapping.uuid, entry = new MappingEntry(parts));
    }
    return entry;
  }

  #known(uuid: string): MappingEntry {
    const mapping = this.#registry.get(uuid);
    if (!mapping) throw mappingNotFound();
    return this.#entry(mapping);
  }

  #remove(mapping: Mapping): MappingStatus {
    const entry = this.#entry(mapping);
    return entry.remove(() => {
      this.#registry.delete(mapping.uuid);
      this.#entries.delete(mapping.uuid);
      this.#parts.changed();
    });
  }

  #status(mapping: Mapping): MappingStatus {
    return this.#entry(mapping).status();
  }

  #summary(mapping: Mapping): EventSourceMappingSummary {
    const entry = this.#entry(mapping);
    const { pause, problem, counts, filtered, place } = entry;
    const status = entry.status();
    const { backlog, batchesInFlight, concurrency, shards } = entry.poller.status();
    return {
      uuid: mapping.uuid, source: mapping.source, eventSourceArn: mapping.configuration.eventSourceArn, ...(place === undefined ? {} : { place }),
      functionName: functionOf(mapping.configuration.functionArn).name, functionArn: mapping.configuration.functionArn,
      state: status.state, stateTransitionReason: status.stateTransitionReason, lastProcessingResult: status.lastProcessingResult,
      ...(pause === undefined ? {} : { pause }), ...(problem === undefined ? {} : { problem }),
      configuration: mappingResponse(status, this.#parts.account()),
      ...(backlog === undefined ? {} : { backlog }), batchesInFlight, concurrency, counts: { ...counts }, lastFiltered: filtered.newest(mostShownFiltered),
      ...(shards === undefined ? {} : { shards }),
      ...(mapping.origin === undefined ? {} : { origin: mapping.origin }), changed: mapping.changed,
    };
  }
}

