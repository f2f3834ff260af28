/** Settings of the engine: defaults, what clients send, and what stands in `.vscode/settings.json` for the CLI. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, type ParseError } from 'jsonc-parser';
import { defaultSettings } from '../contracts/default-settings.ts';
import { UserError } from '../contracts/faults.ts';
import type { EngineSettings } from '../contracts/settings.ts';

type Patch = Partial<EngineSettings>;

/** Later patches win; `template` and `history` merge member by member. */
export function resolveSettings(...patches: readonly (Patch | undefined)[]): EngineSettings {
  let result = defaultSettings;
  for (const patch of patches) {
    if (!patch) continue;
    result = {
      ...result,
      ...patch,
      template: { ...result.template, ...patch.template },
      history: { ...result.history, ...patch.history },
    };
  }
  return result;
}

/**
 * Reads `localLambda.*` from the workspace settings of each folder, the first folder winning, as the editor would hand
 * them over. Values of the wrong type are passed over with a line in the log.
 */
export function readWorkspaceSettings(folders: readonly string[], warn: (message: string) => void): Patch {
  const result: Record<string, unknown> = {};
  for (const folder of folders.toReversed()) {
    const file = join(folder, '.vscode', 'settings.json');
    let text: string;
    try {
      text = readFileSync(file, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') warn(`${file} could not be read: ${String(error)}`);
      continue;
    }
    const errors: ParseError[] = [];
    const values = parse(text, errors, { allowTrailingComma: true }) as Record<string, unknown> | undefined;
    if (errors.length > 0) warn(`${file} has a syntax error at offset ${errors[0]?.offset}: what could be read of it is used.`);
    for (const [key, value] of Object.entries(values ?? {})) {
      if (key.startsWith('localLambda.')) take(result, key.slice('localLambda.'.length), value, (problem) => warn(`${file}: ${problem}`));
    }
  }
  return result as Patch;
}

function take(result: Record<string, unknown>, key: string, value: unknown, warn: (message: string) => void): void {
  const [group = '', member] = key.split('.', 2);
  const defaults = defaultSettings as unknown as Record<string, unknown>;
  const model = member === undefined ? defaults[group] : (defaults[group] as Record<string, unknown> | undefined)?.[member];
  // Settings of the editor alone (code lenses, panel) are none of the engine's business.
  if (model === undefined) return;
  if (typeof model !== typeof value || Array.isArray(model) !== Array.isArray(value) || value === null) {
    warn(`localLambda.${key} should be ${Array.isArray(model) ? 'an array' : `of type ${typeof model}`}; the default is used.`);
    return;
  }
  if (member === undefined) result[group] = value;
  else result[group] = { ...(result[group] as object | undefined), [member]: value };
}

/** As in package.json, which only has the editor underline what is outside. */
export const settingBounds: readonly [name: string, least: number, most: number, value: (settings: EngineSettings) => number][] = [
  ['accountConcurrency', 1, 100_000, (settings) => settings.accountConcurrency],
  ['asynchronousConcurrency', 1, 1000, (settings) => settings.asynchronousConcurrency],
  ['environmentIdleSeconds', 1, 86_400, (settings) => settings.environmentIdleSeconds],
  ['maxProcesses', 1, 4096, (settings) => settings.maxProcesses],
  ['history.maxExecutions', 1, 1_000_000, (settings) => settings.history.maxExecutions],
  ['history.maxMegabytes', 1, 100_000, (settings) => settings.history.maxMegabytes],
  ['stayAliveSeconds', 0, 86_400, (settings) => settings.stayAliveSeconds],
];

/** @throws UserError naming the setting. */
export function checkSettings(settings: EngineSettings): EngineSettings {
  if (!/^\d{12}$/.test(settings.accountId)) {
    throw new UserError(`localLambda.accountId is "${settings.accountId}": an AWS account id has 12 digits.`);
  }
  if (!/^[a-z]{2}(-[a-z]+)+-\d$/.test(settings.region)) {
    throw new UserError(`localLambda.region is "${settings.region}": a region looks like us-east-1.`);
  }
  if (!Number.isInteger(settings.port) || settings.port < 0 || settings.port > 65_535) {
    throw new UserError(`localLambda.port is ${settings.port}: a port is a whole number from 0 (any free one) to 65535.`);
  }
  for (const [name, least, most, value] of settingBounds) {
    const given = value(settings);
    if (!(given >= least && given <= most)) throw new UserError(`localLambda.${name} is ${given}: a number from ${least} to ${most} is wanted.`);
  }
  return settings;
}
