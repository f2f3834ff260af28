/** What tests ask of a page: to wait for an expression, and for the serious findings of axe. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Waits in the page, frame by frame, until the expression is truthy. (Playwright's own way needs `unsafe-eval`.) */
export async function until(page: Page, expression: string): Promise<void> {
  await page.evaluate(`(async () => { while (!(${expression})) await new Promise(requestAnimationFrame); })()`);
}

/** Rule, impact and element of each serious or critical finding. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axeSource);
  const results = await page.evaluate<AxeResults>(`axe.run(document, { resultTypes: ['violations'] })`);
  return results.violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id} ${target.join(' ')} ${failureSummary?.replaceAll(/\s+/g, ' ')}`));
}
