/** Commands about waits: how fast they pass, jumping ahead, and letting go what was left over from last time. */
import * as vscode from 'vscode';
import type { ClockState } from '../contracts/clock.ts';
import { pauseEngine, resumeEngine, resumeMappings, setClock } from '../protocol/engine.ts';
import { scaleText, waitText } from '../protocol/wait-clock.ts';
import type { CommandRegistry } from './command-registry.ts';
import type { EngineClient } from './engine-client.ts';
import { readScale, readStretch, scaleProblem, stretchProblem } from './time-words.ts';

interface TimeItem extends vscode.QuickPickItem {
  /** Undefined asks for it. */
  value?: number;
  command?: string;
}

const scales: readonly { value: number; detail: string }[] = [
  { value: 1, detail: 'A retry waits a minute, then two, as on AWS' },
  { value: 60, detail: 'One AWS minute takes one second' },
  { value: 600, detail: 'One AWS hour takes six seconds' },
];

/** Seconds. */
const stretches = [60, 300, 3600];

export function registerTimeCommands(commands: CommandRegistry, engine: EngineClient): void {
  const change = async (wanted: { scale?: number; advanceSeconds?: number }): Promise<ClockState> => engine.request(setClock, wanted);

  commands.register('setTimeScale', async (given) => {
    await engine.start();
    if (typeof given === 'number') return change({ scale: given });
    const present = engine.clock?.scale;
    const items: TimeItem[] = [
      ...scales.map(({ value, detail }): TimeItem => ({
        label: `${value === present ? '$(check) ' : ''}${value === 1 ? 'Real time' : scaleText(value)}`,
        description: value === 60 ? 'default' : '',
        detail, value,
      })),
      { label: 'Custom…', detail: `A scale from 1 to 3600${present !== undefined && !scales.some(({ value }) => value === present) ? `; now ${scaleText(present)}` : ''}` },
      { label: '', kind: vscode.QuickPickItemKind.Separator },
      { label: '$(debug-step-over) Advance…', detail: 'Every wait that ends within that AWS time is due now', command: 'localLambda.advanceTime' },
    ];
    const picked = await vscode.window.showQuickPick(items, {
      title: 'How Fast Waits Pass', placeHolder: 'Retry delays, throttle backoff and message delays pass at this speed; functions run in real time',
    });
    if (!picked) return undefined;
    if (picked.command !== undefined) return vscode.commands.executeCommand(picked.command);
    if (picked.value !== undefined) return change({ scale: picked.value });
    const text = await vscode.window.showInputBox({ title: 'How Fast Waits Pass', prompt: 'AWS time that passes in one unit of real time.', value: String(present ?? 60), validateInput: scaleProblem });
    const scale = text === undefined ? undefined : readScale(text);
    return scale === undefined ? undefined : change({ scale });
  });

  commands.register('advanceTime', async (given) => {
    await engine.start();
    if (typeof given === 'number') return change({ advanceSeconds: given });
    const items: TimeItem[] = [
      ...stretches.map((value): TimeItem => ({ label: `${waitText(value * 1000)}`, value })),
      { label: 'Custom…' },
    ];
    const picked = await vscode.window.showQuickPick(items, { title: 'Advance AWS Time', placeHolder: 'Every wait that ends within this time is due now' });
    if (!picked) return undefined;
    if (picked.value !== undefined) return change({ advanceSeconds: picked.value });
    const text = await vscode.window.showInputBox({ title: 'Advance AWS Time', prompt: 'For example 90 s, 5 min or 1 h 30 min.', validateInput: stretchProblem });
    const advanceSeconds = text === undefined ? undefined : readStretch(text);
    return advanceSeconds === undefined ? undefined : change({ advanceSeconds });
  });

  commands.register('resume', async () => {
    await engine.request0(resumeEngine);
    // Mappings may be paused while nothing else is.
    await engine.request0(resumeMappings);
  });
  commands.register('pause', () => engine.request0(pauseEngine));
}
