import type { ResumeGate } from '../contracts/resume-gate.ts';

/** Starts paused in the editor and open from the command line. */
export class PausingGate implements ResumeGate {
  readonly #now: () => number;
  #pausedSince: number | undefined;
  readonly #listeners = new Set<(paused: boolean) => void>();

  constructor(paused: boolean, now: () => number = Date.now) {
    this.#now = now;
    this.#pausedSince = paused ? now() : undefined;
  }

  get paused(): boolean {
    return this.#pausedSince !== undefined;
  }

  get pausedSince(): number | undefined {
    return this.#pausedSince;
  }

  pause(): void {
    this.#set(true);
  }

  resume(): void {
    this.#set(false);
  }

  onDidChange(listener: (paused: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #set(paused: boolean): void {
    if (this.paused === paused) return;
    this.#pausedSince = paused ? this.#now() : undefined;
    for (const listener of this.#listeners) listener(paused);
  }
}
