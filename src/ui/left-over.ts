/** What waits for "Resume": events that were queued before the pause, schedules, and event source mappings that are paused. */
import * as vscode from 'vscode';
import type { EngineClient } from './engine-client.ts';
import { isPaused } from './event-sources/mapping-words.ts';

export interface LeftOver {
  paused: boolean;
  events: number;
  mappings: number;
  schedules: number;
}

export class LeftOvers implements vscode.Disposable {
  readonly #engine: EngineClient;
  readonly #changed = new vscode.EventEmitter<LeftOver>();
  readonly #disposables: vscode.Disposable[];
  #state: LeftOver = { paused: false, events: 0, mappings: 0, schedules: 0 };

  readonly onDidChange = this.#changed.event;

  constructor(engine: EngineClient) {
    this.#engine = engine;
    this.#disposables = [
      this.#changed,
      engine.onDidChangeStatus(() => this.#look()),
      engine.onDidChangeResources(() => this.#look()),
      engine.onDidChangeMappings(() => this.#look()),
      engine.onDidChangeState(() => this.#look()),
    ];
    this.#look();
  }

  get state(): LeftOver {
    return this.#state;
  }

  /** Whether there is anything that "Resume" would let go. */
  get waits(): boolean {
    const { events, mappings, schedules } = this.#state;
    return events + mappings + schedules > 0;
  }

  dispose(): void {
    for (const disposable of this.#disposables) disposable.dispose();
  }

  #look(): void {
    const { status, resources, state, mappings: all } = this.#engine;
    const paused = state === 'ready' && status.paused;
    const schedules = resources.buses.flatMap(({ rules }) => rules).filter(({ enabled, schedule }) => enabled && schedule !== undefined).length;
    // One that keeps failing has paused itself, and waits for more than this.
    const mappings = all.filter((mapping) => isPaused(mapping) && mapping.pause?.reason !== 'failing').length;
    const next: LeftOver = { paused, events: paused ? status.held : 0, mappings, schedules: paused ? schedules : 0 };
    if (JSON.stringify(next) === JSON.stringify(this.#state)) return;
    this.#state = next;
    this.#changed.fire(next);
  }
}

/** `2 events and 1 schedule wait until you resume.` */
export function leftOverSentence({ events, mappings, schedules }: LeftOver): string {
  const parts = [
    events > 0 && (events === 1 ? '1 event' : `${events} events`),
    mappings > 0 && (mappings === 1 ? '1 event source mapping' : `${mappings} event source mappings`),
    schedules > 0 && (schedules === 1 ? '1 schedule' : `${schedules} schedules`),
  ].filter((part) => part !== false);
  return `${parts.length > 2 ? `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}` : parts.join(' and ')} ${events + mappings + schedules === 1 ? 'waits' : 'wait'} until you resume.`;
}
