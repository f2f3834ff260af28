/** Commands about a function's asynchronous events: those that wait, and faults that are injected on purpose. */
import * as vscode from 'vscode';
import { UserError } from '../contracts/faults.ts';
import type { EventAction, FaultSettings, FunctionSummary } from '../contracts/lambda-api.ts';
import { actOnEvent, listExecutions, setFaults } from '../protocol/engine.ts';
import type { CommandRegistry } from './command-registry.ts';
import type { EngineClient } from './engine-client.ts';
import type { FailedEvents } from './failed-events.ts';
import { delayProblem, faultWords, percentProblem, readDelay, readPercent, withoutZeros, type FaultKind } from './fault-words.ts';
import type { FunctionChooser } from './function-chooser.ts';
import type { FunctionStates } from './function-states.ts';

export interface EventCommandParts {
  engine: EngineClient;
  states: FunctionStates;
  chooser: FunctionChooser;
  failed: FailedEvents;
}

/** Events that one command acts on at most. */
const mostEvents = 1000;

const kinds: readonly { kind: FaultKind; label: string; detail: string }[] = [
  { kind: 'fail', label: '$(error) Fail', detail: 'The invocation ends with a function error; the function does not run' },
  { kind: 'throttle', label: '$(warning) Throttle', detail: 'Refused with 429 before it runs; a queued event waits and is tried again' },
  { kind: 'delay', label: '$(watch) Delay', detail: 'Starts only after a while of real time' },
  { kind: 'duplicate', label: '$(copy) Duplicate', detail: 'A queued event reaches the function a second time, as AWS may do' },
];

export function registerEventCommands(commands: CommandRegistry, { engine, states, chooser, failed }: EventCommandParts): void {
  const onWaiting = (name: string, title: string, action: EventAction) => {
    commands.register(name, async (argument) => {
      const fn = await chooser.choose(argument, title);
      if (!fn) return undefined;
      const waiting = await engine.request(listExecutions, { functionName: fn.name, status: 'queued', limit: mostEvents });
      if (waiting.length === 0) throw new UserError(`No event of ${fn.name} waits.`);
      // In order, so that events are tried in the order of their arrival.
      let count = 0;
      for (const { id } of waiting.toReversed()) if (await engine.request(actOnEvent, { id, action })) count += 1;
      return count;
    });
  };
  onWaiting('tryEventsNow', 'Try Waiting Events Now', 'try-now');
  onWaiting('expireEvents', 'Expire Waiting Events', 'expire-now');
  onWaiting('cancelEvents', 'Cancel Waiting Events', 'cancel');

  commands.register('forgetFailures', async (argument) => {
    const fn = await chooser.choose(argument, 'Clear Failure Mark');
    if (fn) failed.forget(fn.name);
  });

  commands.register('injectFaults', async (argument, given) => {
    const fn = await chooser.choose(argument, 'Inject Faults');
    if (!fn) return;
    if (isFaultSettings(given)) await set(fn, given);
    else await choose(fn);
  });
  commands.register('endFaults', async (argument) => {
    if (argument !== undefined) {
      const fn = await chooser.choose(argument, 'End Faults');
      if (fn) await set(fn, undefined);
      return;
    }
    const faulty = states.all.filter(({ faults }) => faults);
    if (faulty.length === 0) throw new UserError('No faults are injected.');
    await Promise.all(faulty.map((fn) => set(fn, undefined)));
  });

  const set = (fn: FunctionSummary, faults: FaultSettings | undefined) => engine.request(setFaults, { functionName: fn.name, faults: (faults && withoutZeros(faults)) ?? null });

  /** Kinds and rates one after the other, until the user is done. */
  async function choose(fn: FunctionSummary): Promise<void> {
    let faults: FaultSettings = { ...fn.faults };
    for (;;) {
      const items: (vscode.QuickPickItem & { kind?: vscode.QuickPickItemKind; fault?: FaultKind })[] = kinds.map(({ kind, label, detail }) => ({
        label, detail, fault: kind, description: faultWords({ [kind]: faults[kind], ...(kind === 'delay' && { delayMs: faults.delayMs ?? 0 }) }).replace(`${kind} `, '') || 'off',
      }));
      const any = withoutZeros(faults) !== undefined;
      if (any) items.push({ label: '', kind: vscode.QuickPickItemKind.Separator }, { label: '$(circle-slash) End all faults' });
      const picked = await vscode.window.showQuickPick(items, {
        title: `Inject Faults into ${fn.name}`,
        placeHolder: any ? `Now: ${faultWords(faults)}` : 'Choose what is to happen, and how often',
      });
      if (!picked) return;
      if (picked.fault === undefined) return set(fn, undefined);
      const next = await rateOf(fn, picked.fault, faults);
      if (!next) continue;
      faults = next;
      await set(fn, faults);
    }
  }
}

async function rateOf(fn: FunctionSummary, kind: FaultKind, faults: FaultSettings): Promise<FaultSettings | undefined> {
  const title = `${kind.slice(0, 1).toUpperCase()}${kind.slice(1)}: ${fn.name}`;
  const picked = await vscode.window.showQuickPick(
    [
      { label: 'Always', rate: 1 }, { label: 'Every second time', description: '50 %', rate: 0.5 }, { label: 'Every tenth time', description: '10 %', rate: 0.1 },
      { label: 'Custom…', rate: undefined }, { label: 'Never', rate: 0 },
    ],
    { title, placeHolder: 'How often, by chance' },
  );
  if (!picked) return undefined;
  let { rate } = picked;
  if (rate === undefined) {
    const text = await vscode.window.showInputBox({ title, prompt: 'Percent of invocations.', value: '20', validateInput: percentProblem });
    rate = text === undefined ? undefined : readPercent(text);
    if (rate === undefined) return undefined;
  }
  if (kind !== 'delay' || rate === 0) return { ...faults, [kind]: rate };
  const text = await vscode.window.showInputBox({ title, prompt: 'How long, in milliseconds of real time.', value: String(faults.delayMs ?? 500), validateInput: delayProblem });
  const delayMs = text === undefined ? undefined : readDelay(text);
  return delayMs === undefined ? undefined : { ...faults, delay: rate, delayMs };
}

function isFaultSettings(value: unknown): value is FaultSettings {
  // Menus pass the selected nodes as a second argument, as an array.
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every((member) => typeof member === 'number');
}
