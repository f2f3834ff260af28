/** The records panel as a person meets it: a real VS Code in a real Chromium, driven by mouse and keyboard. */
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser, type FrameLocator, type Page } from 'playwright-core';
import { chromiumArguments, findChromium } from '../../scripts/chromium.mjs';
import { startServer, workbenchUrl } from '../../scripts/vscode-server.mjs';
import { projectRoot } from '../support/engine-process.ts';

describe('the records panel in VS Code', function () {
  this.timeout(120_000);
  let scratch: string;
  let server: Awaited<ReturnType<typeof startServer>>;
  let browser: Browser;
  let page: Page;
  const violations: string[] = [];

  before(async () => {
    scratch = realpathSync(mkdtempSync(join(tmpdir(), 'local-lambda-panel-')));
    const workspace = join(scratch, 'orders');
    cpSync(join(projectRoot, 'test', 'workspaces', 'orders'), workspace, { recursive: true });
    server = await startServer({ settings: { 'security.workspace.trust.enabled': false }, env: { LOCAL_LAMBDA_DATA_HOME: join(scratch, 'data') } });
    const executablePath = findChromium();
    assert.ok(executablePath, 'No Chromium was found: install one, or name it in the CHROMIUM variable.');
    browser = await chromium.launch({ executablePath, args: chromiumArguments });
    page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    page.on('console', (message) => {
      // The workbench has a policy of its own; only what names our panel's files is ours.
      if (/Content Security Policy/.test(message.text()) && /panel\.(js|css)/.test(message.text())) violations.push(message.text());
    });
    await page.goto(workbenchUrl(server, { folder: workspace, extension: projectRoot }));
    await page.waitForSelector('.monaco-workbench', { timeout: 60_000 });
    await page.getByRole('tab', { name: /^Lambda/ }).first().click();
    await row('PlaceOrder').waitFor({ timeout: 60_000 });
  });

  after(async () => {
    await browser?.close();
    await server?.stop();
    rmSync(scratch, { recursive: true, force: true, maxRetries: 20, retryDelay: 200 });
  });

  const row = (name: string) => page.getByRole('treeitem', { name: new RegExp(`^${name},`) }).first();

  function panel(): FrameLocator {
    return page.frameLocator('iframe.webview.ready').first().frameLocator('#active-frame');
  }

  async function invoke(name: string): Promise<void> {
    await row(name).hover();
    await row(name).locator('a.action-label').first().click();
    // With one event it runs at once; with several a pick is shown, whose first entry is the last used.
    const pick = page.locator('.quick-input-list .monaco-list-row').first();
    await Promise.race([pick.waitFor({ timeout: 3000 }).then(() => page.keyboard.press('Enter')), page.waitForTimeout(3000)]).catch(() => {});
  }

  it('opens the record of an invocation from the tree, with its result', async () => {
    await invoke('PriceBasket');
    await panel().getByText('"currency"').first().waitFor({ timeout: 60_000 });
    await panel().getByText('"EUR"').first().waitFor();
    await page.getByRole('treeitem', { name: /^PriceBasket,.*200/ }).first().waitFor();
  });

  it('shows logs, event and the invocation record of it', async () => {
    await panel().getByRole('tab', { name: /Logs/ }).click();
    await panel().getByText(/START RequestId/).locator('visible=true').first().waitFor();
    await panel().getByRole('tab', { name: 'Event' }).click();
    await panel().getByText('"sku"').locator('visible=true').first().waitFor();
    await panel().getByRole('tab', { name: 'Record' }).click();
    await panel().getByText(/As a destination would receive it/i).locator('visible=true').first().waitFor();
    await panel().getByText('"approximateInvokeCount"').locator('visible=true').first().waitFor();
  });

  it('replays it: the list grows while one looks on', async () => {
    await panel().getByRole('button', { name: /Replay/ }).first().click();
    await panel().locator('div[role="option"], div[role="row"], li').filter({ hasText: 'PriceBasket' }).locator('visible=true').nth(1).waitFor({ timeout: 30_000 });
  });

  it('shows a failed function as failed, in the tree and in the panel', async () => {
    await invoke('ChargeCard');
    await page.getByRole('treeitem', { name: /^ChargeCard,.*PaymentDeclined/ }).first().waitFor({ timeout: 60_000 });
    await panel().getByText('PaymentDeclined').first().waitFor();
  });

  it('breaks no rule of its content security policy', () => {
    assert.deepEqual(violations, []);
  });
});
