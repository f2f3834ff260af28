/** What tests ask of a page: to wait for an expression, and for the serious findings of axe. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** So long a page is given to come to what is waited for, milliseconds. */
const patience = 30_000;

/**
 * Waits in the page, frame by frame, until the expression is truthy. (Playwright's own way needs `unsafe-eval`.)
 * @throws after 30 s, with the expression and what it was worth.
 */
export async function until(page: Pick<Page, 'evaluate'>, expression: string): Promise<void> {
  const last = await page.evaluate<string | undefined>(`(async () => {
    const end = performance.now() + ${patience};
    for (;;) {
      const value = (${expression});
      if (value) return undefined;
      if (performance.now() > end) return String(value);
      await new Promise(requestAnimationFrame);
    }
  })()`);
  if (last !== undefined) throw new Error(`After ${patience / 1000} s still ${last}: ${expression}`);
}

/** Rule, impact and element of each serious or critical finding. */
export async function violations(page: Pick<Page, 'evaluate'>): Promise<string[]> {
  // What is about to be replaced is dimmed.
  await until(page, `!document.querySelector('[data-stale]')`);
  await page.evaluate(axeSource);
  const results = await page.evaluate<AxeResults>(`axe.run(document, { resultTypes: ['violations'] })`);
  return results.violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id} ${target.join(' ')} ${failureSummary?.replaceAll(/\s+/g, ' ')}`));
}
