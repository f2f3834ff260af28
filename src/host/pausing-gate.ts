import type { ResumeGate } from '../contracts/resume-gate.ts';

/** Starts paused in the editor and open from the command line. */
export class PausingGate implements ResumeGate {
  #paused: boolean;
  readonly #listeners = new Set<(paused: boolean) => void>();

  constructor(paused: boolean) {
    this.#paused = paused;
  }

  get paused(): boolean {
    return this.#paused;
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
    if (this.#paused === paused) return;
    this.#paused = paused;
    for (const listener of this.#listeners) listener(paused);
  }
}
