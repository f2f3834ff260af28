/** What waits for "Resume": events that were queued before the pause, and schedules. */
import * as vscode from 'vscode';
import type { EngineClient } from './engine-client.ts';

export interface LeftOver {
  paused: boolean;
  events: number;
  schedules: number;
}

export class LeftOvers implements vscode.Disposable {
  readonly #engine: EngineClient;
  readonly #changed = new vscode.EventEmitter<LeftOver>();
  readonly #disposables: vscode.Disposable[];
  #state: LeftOver = { paused: false, events: 0, schedules: 0 };

  readonly onDidChange = this.#changed.event;

  constructor(engine: EngineClient) {
    this.#engine = engine;
    this.#disposables = [
      this.#changed,
      engine.onDidChangeStatus(() => this.#look()),
      engine.onDidChangeResources(() => this.#look()),
      engine.onDidChangeState(() => this.#look()),
    ];
    this.#look();
  }

  get state(): LeftOver {
    return this.#state;
  }

  /** Whether there is anything that "Resume" would let go. */
  get waits(): boolean {
    const { paused, events, schedules } = this.#state;
    return paused && events + schedules > 0;
  }

  dispose(): void {
    for (const disposable of this.#disposables) disposable.dispose();
  }

  #look(): void {
    const { status, resources, state } = this.#engine;
    const paused = state === 'ready' && status.paused;
    const schedules = resources.buses.flatMap(({ rules }) => rules).filter(({ enabled, schedule }) => enabled && schedule !== undefined).length;
    const next: LeftOver = paused ? { paused, events: status.held, schedules } : { paused, events: 0, schedules: 0 };
    const { paused: was, events, schedules: before } = this.#state;
    if (was === next.paused && events === next.events && before === next.schedules) return;
    this.#state = next;
    this.#changed.fire(next);
  }
}

/** `2 events and a schedule wait since last time.` */
export function leftOverSentence({ events, schedules }: LeftOver): string {
  const parts = [
    events > 0 && (events === 1 ? '1 event' : `${events} events`),
    schedules > 0 && (schedules === 1 ? '1 schedule' : `${schedules} schedules`),
  ].filter((part) => part !== false);
  return `${parts.join(' and ')} ${events + schedules === 1 ? 'waits' : 'wait'} until you resume.`;
}
