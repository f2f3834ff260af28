/** How many batches of one queue may be in flight: 5 at first, 300 more each minute while that is not enough (lambda-facts §3.3). */
import type { Clock } from '../../contracts/clock.ts';
import type { MappingConfiguration } from './mapping.ts';

const atFirst = 5;
const morePerMinute = 300;
const most = 1250;
/** What it falls to at most after failures; DOUBT: how far and how fast it falls is not published. */
const least = 2;
/** Concurrent batches of one provisioned poller. */
const perProvisionedPoller = 10;
const provisionedMinimum = 2;
const provisionedMaximum = 200;
/** Without a batch for so long it begins again, milliseconds of real time. */
const forgottenAfter = 60_000;

export class PollConcurrency {
  readonly #clock: Clock;
  readonly #first: number;
  readonly #most: number;
  /** What this machine runs at once. */
  readonly #processes: () => number;
  #limit: number;
  #inFlight = 0;
  /** Since when it is at its limit, epoch milliseconds. */
  #fullSince: number | undefined;
  #idleSince: number;

  constructor({ maximumConcurrency, provisionedPollers }: MappingConfiguration, clock: Clock, processes: () => number) {
    this.#clock = clock;
    this.#processes = processes;
    this.#most = provisionedPollers ? (provisionedPollers.maximum ?? provisionedMaximum) * perProvisionedPoller : maximumConcurrency ?? most;
    this.#first = Math.min(this.#most, provisionedPollers ? (provisionedPollers.minimum ?? provisionedMinimum) * perProvisionedPoller : atFirst);
    this.#limit = this.#first;
    this.#idleSince = clock.now();
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get limit(): number {
    this.#grow();
    return Math.max(1, Math.min(Math.floor(this.#limit), this.#processes()));
  }

  get free(): number {
    return Math.max(0, this.limit - this.#inFlight);
  }

  begin(): void {
    if (this.#inFlight === 0 && this.#clock.now() - this.#idleSince > forgottenAfter) this.#limit = this.#first;
    this.#inFlight += 1;
    if (this.#inFlight >= this.#limit) this.#fullSince ??= this.#clock.now();
  }

  end(): void {
    this.#grow();
    this.#inFlight -= 1;
    this.#fullSince = undefined;
    if (this.#inFlight === 0) this.#idleSince = this.#clock.now();
  }

  /** The function failed or was throttled. */
  slowDown(): void {
    this.#grow();
    this.#limit = Math.max(Math.min(least, this.#most), this.#limit / 2);
    this.#fullSince = this.#inFlight >= this.#limit ? this.#clock.now() : undefined;
  }

  #grow(): void {
    if (this.#fullSince === undefined) return;
    const now = this.#clock.now();
    this.#limit = Math.min(this.#most, this.#limit + Math.max(0, now - this.#fullSince) * morePerMinute / 60_000);
    this.#fullSince = now;
  }
}
