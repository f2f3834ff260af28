import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { defaultSettings } from '../../../src/contracts/default-settings.ts';
import { checkSettings, resolveSettings, settingBounds } from '../../../src/host/engine-settings.ts';

interface Contributed {
  type: string;
  minimum?: number;
  maximum?: number;
  default: unknown;
}

const { contributes } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
  contributes: { configuration: { properties: Record<string, Contributed> }[] };
};
const contributed = new Map(contributes.configuration.flatMap(({ properties }) => Object.entries(properties)));

describe('settings of the engine', () => {
  it('have the defaults that package.json shows', () => {
    for (const [name, standard] of Object.entries(defaultSettings)) {
      // The Python extension says them.
      if (name === 'pythonInterpreters') continue;
      const members = name === 'template' || name === 'history' ? Object.entries(standard as object).map(([member, value]) => [`${name}.${member}`, value] as const) : [[name, standard] as const];
      for (const [key, value] of members) assert.deepEqual(contributed.get(`localLambda.${key}`)?.default, value, key);
    }
  });

  it('have the bounds that package.json shows', () => {
    const shown = [...contributed].filter(([, { type }]) => type === 'integer').map(([name, { minimum, maximum }]) => [name, minimum, maximum]);
    const kept = settingBounds.map(([name, least, most]) => [`localLambda.${name}`, least, most]);
    assert.deepEqual(kept.toSorted(), shown.filter(([name]) => name !== 'localLambda.port').toSorted());
  });

  it('outside of them are refused by name', () => {
    assert.equal(checkSettings(defaultSettings), defaultSettings);
    assert.throws(() => checkSettings(resolveSettings({ maxProcesses: 0 })), { message: 'localLambda.maxProcesses is 0: a number from 1 to 4096 is wanted.' });
    assert.throws(() => checkSettings(resolveSettings({ history: { maxExecutions: 10_000, maxMegabytes: -1 } })), { message: 'localLambda.history.maxMegabytes is -1: a number from 1 to 100000 is wanted.' });
    assert.throws(() => checkSettings(resolveSettings({ port: 70_000 })), { message: /^localLambda\.port is 70000: / });
    assert.throws(() => checkSettings(resolveSettings({ accountId: '12' })), { message: /^localLambda\.accountId is "12": / });
  });
});
