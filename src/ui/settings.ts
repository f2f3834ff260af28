/** Settings below `localLambda.`: those of the engine as it wants them, and those of the editor alone. */
import * as vscode from 'vscode';
import { defaultSettings } from '../contracts/default-settings.ts';
import type { EngineSettings } from '../contracts/settings.ts';

export const section = 'localLambda';

/** Settings that only the editor reads. */
export interface EditorSettings {
  codeLensInvoke: boolean;
  codeLensInvokeAsync: boolean;
  codeLensLastOutcome: boolean;
  openRecordAfterInvoke: 'always' | 'onFailure' | 'never';
  notifyFailedEvents: boolean;
}

export function editorSettings(): EditorSettings {
  const configuration = vscode.workspace.getConfiguration(section);
  return {
    codeLensInvoke: configuration.get('codeLens.invoke', true),
    codeLensInvokeAsync: configuration.get('codeLens.invokeAsync', true),
    codeLensLastOutcome: configuration.get('codeLens.lastOutcome', true),
    openRecordAfterInvoke: configuration.get('openRecordAfterInvoke', 'always'),
    notifyFailedEvents: configuration.get('notifyFailedEvents', true),
  };
}

/** What the user set for the engine, without what equals the defaults. Values of the wrong type are left out. */
export function engineSettings(): Partial<EngineSettings> {
  const configuration = vscode.workspace.getConfiguration(section);
  const result: Record<string, unknown> = {};
  for (const [key, standard] of Object.entries(defaultSettings)) {
    // The interpreters come from the Python extension, not from a setting.
    if (key === 'pythonInterpreters') continue;
    const value = key === 'template' || key === 'history' ? group(configuration, key, standard) : configuration.get<unknown>(key);
    if (sameType(value, standard) && !same(value, standard)) result[key] = value;
  }
  return result as Partial<EngineSettings>;
}

/** A setting with members (`template.include`) that the engine takes whole. */
function group(configuration: vscode.WorkspaceConfiguration, name: string, standard: object): object {
  return Object.fromEntries(Object.entries(standard).map(([member, fallback]) => {
    const value = configuration.get<unknown>(`${name}.${member}`);
    return [member, sameType(value, fallback) ? value : fallback];
  }));
}

function sameType(value: unknown, model: unknown): boolean {
  return value !== null && typeof value === typeof model && Array.isArray(value) === Array.isArray(model);
}

function same(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}
