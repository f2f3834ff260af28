/** Pauses that somebody made, or that a mapping made for itself, kept for the engine's next start. */
import type { DocumentCollection, DocumentStore } from '../../contracts/documents.ts';
import type { MappingPause } from '../../contracts/event-source-mappings.ts';

export class KeptPauses {
  readonly #pauses: DocumentCollection<MappingPause>;
  readonly #hold: boolean;

  /** @param hold False for an engine that goes on at once: it forgets what was paused before. */
  constructor(documents: DocumentStore, hold: boolean) {
    this.#pauses = documents.collection('event-source-mapping-pauses');
    this.#hold = hold;
  }

  /** The pause from last time. */
  take(uuid: string): MappingPause | undefined {
    if (!this.#hold) this.#pauses.delete(uuid);
    return this.#pauses.get(uuid);
  }

  /** What waits since last time is looked for anew at each start, so it is not kept. */
  set(uuid: string, pause: MappingPause | undefined): void {
    if (pause && pause.reason !== 'left-over') this.#pauses.put(uuid, pause);
    else this.#pauses.delete(uuid);
  }
}
