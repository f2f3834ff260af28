/** What the views show of each function: the engine's list, kept fresh by every execution and status message. */
import * as vscode from 'vscode';
import { isFinal, type Execution } from '../contracts/executions.ts';
import type { FunctionSummary } from '../contracts/lambda-api.ts';
import type { EngineClient } from './engine-client.ts';

/**
 * Executions and counts are told to the views at most so often, milliseconds: VS Code draws a tree when its changes have
 * rested for 200 ms, so a steady stream of shorter ones would never be drawn.
 */
const restBetweenChanges = 300;

export class FunctionStates implements vscode.Disposable {
  readonly #engine: EngineClient;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #disposables: vscode.Disposable[];
  /** Newest finished execution by function name. */
  readonly #last = new Map<string, Execution>();
  #list: readonly FunctionSummary[] | undefined;
  #lastFired = -Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Any function came, went, started, finished or changed. */
  readonly onDidChange = this.#changed.event;

  constructor(engine: EngineClient) {
    this.#engine = engine;
    this.#disposables = [
      this.#changed,
      engine.onDidChangeFunctions((functions) => {
        for (const { last } of functions) if (last) this.#finished(last);
        this.#refresh();
      }),
      engine.onDidChangeExecutions((executions) => {
        for (const execution of executions) if (isFinal(execution.status)) this.#finished(execution);
        this.#refreshSoon();
      }),
      engine.onDidClearExecutions(() => {
        this.#last.clear();
        this.#refresh();
      }),
      engine.onDidChangeStatus(() => this.#refreshSoon()),
      engine.onDidChangeState(() => this.#refresh()),
    ];
  }

  /** By name. Empty while there is no engine to run them. */
  get all(): readonly FunctionSummary[] {
    this.#list ??= this.#combine();
    return this.#list;
  }

  find(name: string): FunctionSummary | undefined {
    return this.all.find((candidate) => candidate.name === name);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    for (const disposable of this.#disposables) disposable.dispose();
  }

  #finished(execution: Execution): void {
    const known = this.#last.get(execution.functionName);
    if (!known || known.sequence <= execution.sequence) this.#last.set(execution.functionName, execution);
  }

  #refresh(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#lastFired = performance.now();
    this.#list = undefined;
    this.#changed.fire();
  }

  /** At once after a rest, so that a single invocation shows without delay. */
  #refreshSoon(): void {
    this.#list = undefined;
    const wait = this.#lastFired + restBetweenChanges - performance.now();
    if (wait <= 0) this.#refresh();
    else this.#timer ??= setTimeout(() => this.#refresh(), wait);
  }

  #combine(): FunctionSummary[] {
    if (this.#engine.state === 'failed' || this.#engine.state === 'stopped') return [];
    const { inFlightByFunction, queuedByFunction } = this.#engine.status;
    return this.#engine.functions
      .map((fn) => {
        const summary = { ...fn, inFlight: inFlightByFunction[fn.name] ?? 0, queued: queuedByFunction[fn.name] ?? 0 };
        const last = this.#last.get(fn.name);
        if (last) summary.last = last;
        else delete summary.last;
        return summary;
      })
      .sort((left, right) => left.name.localeCompare(right.name));
  }
}
