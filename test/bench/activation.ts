/** What the extension costs VS Code at its start, as VS Code itself measures it, in the server from the npm registry. */
import { findChromium } from '../../scripts/chromium.mjs';
import { Workbench } from '../support/workbench.ts';
import { distribution, print } from './measure.ts';

/** Windows opened; the first one also fills VS Code's own caches. */
const windows = 6;

if (findChromium()) {
  const workbench = await Workbench.open();
  try {
    const times: { load: number; activate: number }[] = [];
    for (let opened = 0; opened < windows; opened += 1) {
      if (opened > 0) {
        await workbench.load();
        await workbench.row('PlaceOrder').waitFor({ timeout: 60_000 });
      }
      times.push(await workbench.activationTimes());
    }
    print({ name: 'activate() in VS Code, p50', value: distribution(times.map(({ activate }) => activate)).p50, unit: 'ms', promise: { absolute: 50 } });
    print({ name: 'Loading the bundle in VS Code, p50', value: distribution(times.map(({ load }) => load)).p50, unit: 'ms' });
  } finally {
    await workbench.close();
  }
} else {
  console.log('activate() in VS Code: not measured, no Chromium was found.');
}
