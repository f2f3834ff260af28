/** One mapping at work: its state, its poller, and why it pauses. */
import type { Clock } from '../../contracts/clock.ts';
import type { DocumentStore } from '../../contracts/documents.ts';
import type { MappingPause, MappingState, ResetPosition } from '../../contracts/event-source-mappings.ts';
import type { EventShapes, EventSources, SourcePlace } from '../../contracts/event-sources.ts';
import type { Logger } from '../../contracts/logger.ts';
import type { FailureDeliveries } from './failure-records.ts';
import { FilteredRecords, RecordFilters } from './filters.ts';
import type { KeptPauses } from './kept-pauses.ts';
import { makePoller } from './make-poller.ts';
import type { Mapping } from './mapping-registry.ts';
import { userAction, type MappingStatus } from './mapping-response.ts';
import { streamArnOf } from './mapping.ts';
import type { PolledInvocations } from './polled-invocations.ts';
import { Fates, results, type PollCounts, type Poller, type PollerParts } from './poller.ts';

export interface MappingEntryParts {
  mapping: Mapping;
  clock: Clock;
  documents: DocumentStore;
  logger: Logger;
  sources: EventSources;
  shapes: EventShapes;
  deliveries: FailureDeliveries;
  pauses: KeptPauses;
  uuid: () => string;
  random: () => number;
  invocations: PolledInvocations;
  processes: () => number;
  /** Whether pollers may run at all. */
  running: () => boolean;
  changed(): void;
}

export class MappingEntry {
  readonly #parts: MappingEntryParts;
  readonly counts: PollCounts = { received: 0, matched: 0, filtered: 0, batches: 0, succeeded: 0, failed: 0, throttled: 0 };
  mapping: Mapping;
  poller: Poller;
  readonly filtered = new FilteredRecords();
  readonly #fates = new Fates();
  /** Where the source lives that the poller polls; undefined for an embedded one. */
  place: SourcePlace | undefined;
  /** What keeps its function or its source from working; goes away by itself. */
  #problem: string | undefined;
  #trouble: { sentence: string; result: string } | undefined;
  #pause: MappingPause | undefined;
  #state: MappingState;
  #result: string = results.none;
  /** Changes follow each other. */
  #work: Promise<void> = Promise.resolve();
  #takenUp = false;
  #gone = false;

  constructor(parts: MappingEntryParts) {
    this.#parts = parts;
    this.mapping = parts.mapping;
    this.#state = settledState(parts.mapping);
    this.poller = this.#made();
  }

  /** What keeps it from working, one sentence. */
  get problem(): string | undefined {
    return this.#trouble?.sentence ?? this.#problem;
  }

  get pause(): MappingPause | undefined {
    return this.#pause;
  }

  status(): MappingStatus {
    const { uuid, configuration, lastModified } = this.mapping;
    return { uuid, configuration, lastModified, state: this.#state, stateTransitionReason: userAction(configuration), lastProcessingResult: this.#trouble?.result ?? this.#result };
  }

  /** A mapping that an API call has made just now. */
  begin(): MappingStatus {
    this.#takenUp = true;
    this.#state = 'Creating';
    const status = this.status();
    this.#parts.clock.soon(() => this.#settle());
    return status;
  }

  /**
   * A mapping of the template or of last time, as it is now.
   * @param paused What was left over from last time waits.
   */
  takeUp(mapping: Mapping, paused: boolean): void {
    if (this.#takenUp) {
      if (JSON.stringify(mapping.configuration) !== JSON.stringify(this.mapping.configuration)) this.update(mapping);
      else this.mapping = mapping;
      return;
    }
    this.#takenUp = true;
    this.mapping = mapping;
    this.#state = settledState(mapping);
    this.#pause = this.#parts.pauses.take(mapping.uuid);
    if (paused && mapping.configuration.enabled) this.#work = this.#work.then(() => this.#holdLeftOver());
    this.#settle();
  }

  update(mapping: Mapping): MappingStatus {
    const { enabled } = mapping.configuration;
    this.#state = enabled === this.mapping.configuration.enabled ? 'Updating' : enabled ? 'Enabling' : 'Disabling';
    this.mapping = mapping;
    // Whoever enables a mapping wants it to poll; a change may be what mends it. What else was paused stays so, whatever is edited.
    if (this.#state === 'Enabling' || this.#pause?.reason === 'failing') this.#setPause(undefined);
    const status = this.status();
    this.#parts.clock.soon(() => this.#settle());
    return status;
  }

  /** @param done Called when nothing is in flight any more. */
  remove(done: () => void): MappingStatus {
    this.#state = 'Deleting';
    void this.stop().then(() => {
      this.poller.forget?.();
      this.#setPause(undefined);
      done();
    });
    return this.status();
  }

  /** Ends for good. */
  async stop(): Promise<void> {
    this.#gone = true;
    await this.poller.stop();
    await this.#work;
  }

  pauseFor(reason: MappingPause['reason'], message: string): void {
    // What failed stays failed when everything pauses beside it.
    if (this.#pause?.reason === 'failing' && reason === 'paused') return;
    this.#setPause({ reason, message, since: this.#parts.clock.now() });
    this.#settle();
  }

  resume(): void {
    if (!this.#pause) return;
    this.#setPause(undefined);
    this.#settle();
  }

  pollOnce(): Promise<number> {
    return this.poller.pollOnce();
  }

  resetPosition(position: ResetPosition): Promise<void> {
    const reset = this.#work.then(async () => {
      await this.poller.stop();
      await this.poller.resetPosition?.(position);
      await this.#apply();
    });
    this.#work = reset.catch(() => {});
    return reset;
  }

  #setPause(pause: MappingPause | undefined): void {
    this.#pause = pause;
    this.#parts.pauses.set(this.mapping.uuid, pause);
  }

  /** The setting may say now that the source lives elsewhere. */
  sourceChanged(): void {
    this.#settle();
  }

  async #holdLeftOver(): Promise<void> {
    if (this.place?.kind === 'aws') {
      // Others may work with it: nobody takes from it because a folder was opened.
      this.#pause ??= { reason: 'left-over', message: `Its source is not local (${this.place.label}): resume the mapping to poll it.`, since: this.#parts.clock.now() };
      return;
    }
    let left = false;
    try {
      left = await this.poller.leftOver();
    } catch {
      // A source that is not there has nothing left over; the poller says so.
    }
    if (!left || this.#pause) return;
    const what = this.mapping.source === 'sqs' ? 'Messages' : 'Records';
    this.#pause = { reason: 'left-over', message: `${what} from last time wait: resume the mapping to go on.`, since: this.#parts.clock.now() };
  }

  #settle(): void {
    this.#work = this.#work.then(() => this.#apply()).catch((error: unknown) => {
      this.#parts.logger.error(`Event source mapping ${this.mapping.uuid} could not change its state.`, error);
    });
  }

  async #apply(): Promise<void> {
    if (this.#gone) return;
    const { configuration } = this.mapping;
    const polls = this.#parts.running() && configuration.enabled && !this.#pause;
    if (this.#polled !== this.#toPoll()) {
      await this.poller.stop();
      this.poller = this.#made();
    } else if (!polls) await this.poller.stop();
    if (this.#gone) return;
    // The pause may have come while the last batch ended.
    if (polls && !this.#pause) this.#start();
    else this.#problem = this.#trouble = undefined;
    this.#state = settledState(this.mapping);
    this.#parts.changed();
  }

  /** What the poller works by. */
  #polled = '';
  #saidWhere = false;

  #toPoll(): string {
    const { configuration } = this.mapping;
    return JSON.stringify([configuration, this.#parts.sources.place(configuration.eventSourceArn)?.key]);
  }

  #start(): void {
    const { uuid, configuration: { eventSourceArn } } = this.mapping;
    if (this.place && !this.#saidWhere) {
      const consumer = streamArnOf(eventSourceArn) === eventSourceArn ? '' : ' The stream itself is polled: consumers have no enhanced fan-out here.';
      const text = `Event source mapping ${uuid} polls ${eventSourceArn}: ${this.place.label}.${consumer}`;
      if (this.place.kind === 'aws') this.#parts.logger.warn(text);
      else this.#parts.logger.info(text);
      this.#saidWhere = true;
    }
    this.poller.start();
  }

  #made(): Poller {
    const { uuid, source, configuration } = this.mapping;
    const { changed, uuid: newId, sources } = this.#parts;
    this.#polled = this.#toPoll();
    this.place = sources.place(configuration.eventSourceArn);
    this.#saidWhere = false;
    this.#trouble = undefined;
    const filters = new RecordFilters(source, configuration.filters);
    this.filtered.use(filters);
    const parts: PollerParts = {
      ...this.#parts, uuid, source, place: this.place, configuration, newId, filters, filtered: this.filtered, fates: this.#fates, counts: this.counts,
      result: (text) => { this.#result = text; },
      problem: (text) => {
        if (this.#problem === text) return;
        this.#problem = text;
        changed();
      },
      trouble: (trouble) => {
        const before = this.#trouble?.sentence;
        this.#trouble = trouble;
        if (before !== trouble?.sentence) changed();
      },
      failing: (message) => {
        this.#parts.logger.warn(`Event source mapping ${uuid}: ${message}`);
        this.pauseFor('failing', message);
      },
    };
    return makePoller(parts, this.#parts);
  }
}

function settledState(mapping: Mapping): MappingState {
  return mapping.configuration.enabled ? 'Enabled' : 'Disabled';
}
