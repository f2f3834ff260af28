/** Status bar items beside the engine's: how fast waits pass, "Resume" while something waits since last time, injected faults. */
import * as vscode from 'vscode';
import { scaleText } from '../protocol/wait-clock.ts';
import type { EngineClient } from './engine-client.ts';
import { faultWords } from './fault-words.ts';
import type { FunctionStates } from './function-states.ts';
import { leftOverSentence, type LeftOvers } from './left-over.ts';

export class TimeStatus implements vscode.Disposable {
  readonly #engine: EngineClient;
  readonly #leftOvers: LeftOvers;
  readonly #states: FunctionStates;
  readonly #speed = vscode.window.createStatusBarItem('localLambda.speed', vscode.StatusBarAlignment.Left, 9.9);
  readonly #resume = vscode.window.createStatusBarItem('localLambda.resume', vscode.StatusBarAlignment.Left, 9.8);
  readonly #faults = vscode.window.createStatusBarItem('localLambda.faults', vscode.StatusBarAlignment.Left, 9.7);
  readonly #shown = new vscode.EventEmitter<void>();
  readonly #disposables: vscode.Disposable[];

  /** The items say something else, or the same anew. */
  readonly onDidShow = this.#shown.event;

  constructor(engine: EngineClient, leftOvers: LeftOvers, states: FunctionStates) {
    this.#engine = engine;
    this.#leftOvers = leftOvers;
    this.#states = states;
    this.#speed.name = 'Local Lambda: Speed of Waits';
    this.#speed.command = 'localLambda.setTimeScale';
    this.#resume.name = 'Local Lambda: Resume';
    this.#resume.command = 'localLambda.resume';
    this.#resume.backgroundColor = new vscode.ThemeColor('statusBarItem.warningBackground');
    this.#faults.name = 'Local Lambda: Injected Faults';
    this.#faults.command = 'localLambda.endFaults';
    this.#faults.backgroundColor = new vscode.ThemeColor('statusBarItem.warningBackground');
    this.#disposables = [
      this.#shown,
      this.#speed,
      this.#resume,
      this.#faults,
      states.onDidChange(() => this.#showFaults()),
      engine.onDidChangeState(() => this.#show()),
      engine.onDidChangeClock(() => this.#show()),
      engine.onDidChangeStatus(() => this.#show()),
      leftOvers.onDidChange(() => this.#show()),
    ];
    this.#show();
  }

  /** As shown; undefined while hidden. */
  get texts(): { speed: string | undefined; resume: string | undefined; faults: string | undefined } {
    const { clock } = this.#engine;
    return { speed: clock && this.#speed.text, resume: this.#leftOvers.waits ? this.#resume.text : undefined, faults: this.#faulty.length > 0 ? this.#faults.text : undefined };
  }

  dispose(): void {
    for (const disposable of this.#disposables) disposable.dispose();
  }

  get #faulty() {
    return this.#states.all.filter(({ faults }) => faults);
  }

  #showFaults(): void {
    const faulty = this.#faulty;
    const [first] = faulty;
    if (!first) {
      this.#faults.hide();
      return;
    }
    this.#faults.text = `$(bug) Faults: ${faulty.length === 1 ? first.name : `${faulty.length} functions`}`;
    const sentences = faulty.map(({ name, faults }) => `${name}: ${faultWords(faults ?? {})}`);
    this.#faults.tooltip = `Faults are injected on purpose. ${sentences.join('; ')}. Click to end them all.`;
    this.#faults.accessibilityInformation = { label: `Local Lambda: faults are injected. ${sentences.join('; ')}. End them all`, role: 'button' };
    this.#faults.show();
  }

  #show(): void {
    const { clock, status } = this.#engine;
    if (clock) {
      const scale = scaleText(clock.scale);
      const waiting = status.queued === 0 ? '' : ` ${status.queued.toLocaleString('en-US')}`;
      this.#speed.text = `$(watch) ${scale}${waiting}`;
      const words = clock.scale === 1 ? 'Waits pass in real time.' : `Waits pass ${clock.scale.toLocaleString('en-US')} times as fast as on AWS; functions run in real time.`;
      const events = status.queued === 0 ? 'No event waits.' : `${status.queued.toLocaleString('en-US')} ${status.queued === 1 ? 'event waits' : 'events wait'}.`;
      this.#speed.tooltip = `${words} ${events} Click to change the speed or to advance.`;
      this.#speed.accessibilityInformation = { label: `Local Lambda: ${words} ${events}`, role: 'button' };
      this.#speed.show();
    } else {
      this.#speed.hide();
    }
    if (this.#leftOvers.waits) {
      const sentence = leftOverSentence(this.#leftOvers.state);
      this.#resume.text = '$(debug-continue) Resume';
      this.#resume.tooltip = `Paused: ${sentence}`;
      this.#resume.accessibilityInformation = { label: `Local Lambda is paused: ${sentence} Resume`, role: 'button' };
      this.#resume.show();
    } else {
      this.#resume.hide();
    }
    this.#shown.fire();
  }
}
