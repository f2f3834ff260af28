/**
 * Opening a folder runs nothing by itself. While the gate is paused, what was left over from last time waits: events that
 * were queued before, and schedules. What a person or a caller starts now is not held. The CLI never pauses.
 */
export interface ResumeGate {
  readonly paused: boolean;
  /** Epoch milliseconds of the pause; undefined while open. Events accepted until then are held, later ones are not. */
  readonly pausedSince: number | undefined;
  pause(): void;
  resume(): void;
  /** Returns the unsubscribe function. */
  onDidChange(listener: (paused: boolean) => void): () => void;
}
