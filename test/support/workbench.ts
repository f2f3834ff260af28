/** A real VS Code workbench in a real Chromium, on a copy of the orders workspace, and what a person does in it. */
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { chromium, type Frame, type FrameLocator, type Locator, type Page } from 'playwright-core';
import { chromiumArguments, findChromium } from '../../scripts/chromium.mjs';
import { startServer, workbenchUrl } from '../../scripts/vscode-server.mjs';
import { projectRoot } from './engine-process.ts';

/** Counts the clicks that reached an action of a tree's row. */
const countActions = `
  window.actionClicks = 0;
  window.addEventListener('click', ({ target }) => { if (target instanceof Element && target.closest('.monaco-list-row a.action-label')) window.actionClicks += 1; }, true);
`;
/** So long a person would try the same click again, milliseconds. */
const patience = 30_000;

export interface WorkbenchOptions {
  /** A .vsix to install; without it the extension runs from this folder. */
  vsix?: string;
  settings?: Record<string, unknown>;
  /** Files to write into the workspace, by path. */
  files?: Readonly<Record<string, string>>;
}

export class Workbench {
  readonly page: Page;
  /** Absolute path of the copied workspace. */
  readonly workspace: string;
  /** Where the engines of this workbench keep their data folders. */
  readonly data: string;
  /** What the browser's console said about a Content Security Policy of our panel. */
  readonly violations: string[];
  readonly #address: string;
  readonly #close: () => Promise<void>;

  private constructor(page: Page, places: { workspace: string; data: string; address: string }, violations: string[], close: () => Promise<void>) {
    this.page = page;
    this.workspace = places.workspace;
    this.data = places.data;
    this.violations = violations;
    this.#address = places.address;
    this.#close = close;
  }

  /** Opens the workspace with the Lambda view in front and its functions listed. */
  static async open({ vsix, settings = {}, files = {} }: WorkbenchOptions = {}): Promise<Workbench> {
    const executablePath = findChromium();
    if (!executablePath) throw new Error('No Chromium was found: install one, or name it in the CHROMIUM variable.');
    const scratch = realpathSync(mkdtempSync(join(tmpdir(), 'local-lambda-workbench-')));
    const workspace = join(scratch, 'orders');
    const data = join(scratch, 'data');
    cpSync(join(projectRoot, 'test', 'workspaces', 'orders'), workspace, { recursive: true });
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(workspace, path)), { recursive: true });
      writeFileSync(join(workspace, path), text);
    }
    const server = await startServer({
      settings: { 'security.workspace.trust.enabled': false, ...settings },
      env: { LOCAL_LAMBDA_DATA_HOME: data },
      ...(vsix !== undefined && { install: [vsix] }),
    });
    const browser = await chromium.launch({ executablePath, args: chromiumArguments });
    const close = async () => {
      await browser.close();
      await server.stop();
      rmSync(scratch, { recursive: true, force: true, maxRetries: 20, retryDelay: 200 });
    };
    try {
      const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, permissions: ['clipboard-read', 'clipboard-write'] });
      await context.addInitScript(countActions);
      const page = await context.newPage();
      const violations: string[] = [];
      page.on('console', (message) => {
        // The workbench has a policy of its own; only what names our panel's files is ours.
        if (/Content Security Policy/.test(message.text()) && /panel\.(js|css)/.test(message.text())) violations.push(message.text());
      });
      const address = workbenchUrl(server, { folder: workspace, ...(vsix === undefined && { extension: projectRoot }) });
      const workbench = new Workbench(page, { workspace, data, address }, violations, close);
      await workbench.load();
      await workbench.showFunctions();
      await workbench.row('PlaceOrder').waitFor({ timeout: 60_000 });
      return workbench;
    } catch (error) {
      await close();
      throw error;
    }
  }

  /** Ends browser, server and engine, and removes all folders. */
  close(): Promise<void> {
    return this.#close();
  }

  /** As "Developer: Reload Window" does, which lets VS Code save what it keeps. */
  async reload(): Promise<void> {
    const loaded = this.page.waitForEvent('load', { timeout: 60_000 });
    await this.command('Developer: Reload Window');
    await loaded;
    await this.page.waitForSelector('.monaco-workbench', { timeout: 60_000 });
  }

  /** Opens the workspace anew; with a query (`ew=true`, `folder=…`) something else. */
  async load(query?: string): Promise<void> {
    await this.page.goto(query === undefined ? this.#address : this.#address.replace(/\?folder=[^&]*/, `?${query}`));
    await this.page.waitForSelector('.monaco-workbench', { timeout: 60_000 });
  }

  /** Brings the Functions view to the front. */
  async showFunctions(): Promise<void> {
    // The palette knows the view's command once VS Code has read the extensions, which brings the tab.
    await this.page.getByRole('tab', { name: /^Lambda/ }).first().waitFor({ timeout: 60_000 });
    await this.command('Lambda: Focus on Functions View');
  }

  /** A function in the Functions view. */
  row(name: string): Locator {
    return this.page.getByRole('treeitem', { name: new RegExp(`^${name},`) }).first();
  }

  /** The document of the records panel that is in view. */
  panel(): FrameLocator {
    return this.page.frameLocator('iframe.webview.ready').first().frameLocator('#active-frame');
  }

  /** As `panel`, to run expressions in. */
  async panelFrame(): Promise<Frame> {
    const element = await this.page.locator('iframe.webview.ready').first().elementHandle();
    const inner = await (await element?.contentFrame())?.waitForSelector('#active-frame');
    const frame = await inner?.contentFrame();
    if (!frame) throw new Error('The records panel is not in view.');
    return frame;
  }

  /**
   * Clicks an action on a tree's row. VS Code shows it only under the mouse and makes the rows anew that change, so that
   * one pointed at may be gone before the click: then once more. A click that has arrived is never repeated.
   */
  async act(row: Locator, action: string): Promise<void> {
    const button = row.locator(`a.action-label[aria-label="${action}"]`);
    const clicks = () => this.page.evaluate<number>('window.actionClicks');
    const before = await clicks();
    const end = performance.now() + patience;
    for (;;) {
      let problem: unknown;
      try {
        await row.hover({ timeout: 2000 });
        await button.click({ timeout: 1000 });
      } catch (error) {
        problem = error;
      }
      if (await clicks() > before) return;
      if (performance.now() > end) throw new Error(`No click reached "${action}".`, { cause: problem });
    }
  }

  /** Chooses from the context menu of a tree's row. A menu that has just opened passes over clicks; one that took a click closes. */
  async chooseFromMenu(row: Locator, title: string): Promise<void> {
    const entry = this.page.getByRole('menuitem', { name: title });
    const end = performance.now() + patience;
    while (performance.now() < end) {
      if (!await entry.isVisible()) await row.click({ button: 'right' });
      if (!await entry.waitFor({ timeout: 2000 }).then(() => true, () => false)) continue;
      let clicked = false;
      while (await entry.isVisible()) {
        clicked = await entry.click({ timeout: 1000 }).then(() => true, () => clicked);
        await entry.waitFor({ state: 'hidden', timeout: 500 }).catch(() => {});
      }
      if (clicked) return;
    }
    throw new Error(`The menu does not take "${title}".`);
  }

  /** Chooses in the Quick Pick that is open or about to open. */
  async pick(text: string): Promise<void> {
    const entry = this.page.locator('.quick-input-list .monaco-list-row', { hasText: text }).first();
    await entry.click();
    await entry.waitFor({ state: 'hidden' });
  }

  /** Invokes a function with the test event named, whatever was used last. */
  async invoke(name: string, event: string): Promise<void> {
    await this.chooseFromMenu(this.row(name), 'Invoke with Event…');
    await this.pick(event);
  }

  /** Runs a command of the palette. */
  async command(title: string): Promise<void> {
    const entry = this.page.locator('.quick-input-list .monaco-list-row').filter({ hasText: title }).first();
    // A palette that was opened before VS Code knows the command does not learn it.
    for (const end = performance.now() + 2 * patience; performance.now() < end && !await entry.isVisible();) {
      await this.page.keyboard.press('Escape');
      await this.page.keyboard.press('F1');
      await this.page.locator('.quick-input-widget input').first().fill(`>${title}`);
      await entry.waitFor({ timeout: 2000 }).catch(() => {});
    }
    await entry.click();
    await entry.waitFor({ state: 'hidden' });
  }

  /** Puts away what the step before may have left open: questions, menus, notifications. */
  async calm(): Promise<void> {
    const open = this.page.locator('.quick-input-widget:visible, .monaco-menu:visible').first();
    for (let turn = 0; turn < 5 && await open.isVisible(); turn += 1) {
      await this.page.keyboard.press('Escape');
      await open.waitFor({ state: 'hidden', timeout: 2000 }).catch(() => {});
    }
    if (await this.page.locator('.notifications-toasts.visible, .notifications-center.visible').first().isVisible()) {
      await this.command('Notifications: Clear All Notifications');
    }
  }

  /** What a person would see, in words: for the report of a test that failed. */
  async describe(): Promise<string> {
    const texts = async (selector: string) => (await this.page.locator(selector).allInnerTexts()).map((text) => text.replaceAll(/\s+/g, ' ').trim());
    const panel = await this.panel().locator('body').innerText({ timeout: 1000 }).catch(() => 'not in view');
    return [
      `Rows: ${(await texts('.pane-body .monaco-list-row')).join(' | ')}`,
      `Quick input: ${(await texts('.quick-input-widget:visible')).join(' | ')}`,
      `Notifications: ${(await texts('.notification-list-item')).join(' | ')}`,
      `Status bar: ${(await texts('.statusbar-item:visible')).join(' | ')}`,
      `Tabs: ${(await texts('.tabs-container .tab')).join(' | ')}`,
      `Panel: ${panel.replaceAll(/\s+/g, ' ').slice(0, 1500)}`,
    ].join('\n');
  }

  /** Changes settings of the workspace, which VS Code takes up at once. */
  set(settings: Record<string, unknown>): void {
    mkdirSync(join(this.workspace, '.vscode'), { recursive: true });
    writeFileSync(join(this.workspace, '.vscode', 'settings.json'), JSON.stringify(settings));
  }

  /** VS Code's own measure of the extension's activation, from "Developer: Startup Performance". Milliseconds. */
  async activationTimes(): Promise<{ load: number; activate: number }> {
    await this.command('Developer: Startup Performance');
    const editor = this.page.locator('.editor-instance .monaco-editor').filter({ hasText: 'System Info' }).first();
    await editor.waitFor({ timeout: 30_000 });
    await editor.click();
    await this.page.keyboard.press('ControlOrMeta+a');
    await this.page.keyboard.press('ControlOrMeta+c');
    const text = await this.page.evaluate<string>('navigator.clipboard.readText()');
    const line = text.split('\n').find((candidate) => candidate.startsWith('| local-lambda.local-lambda'));
    const [, , , load, activate] = line?.split('|') ?? [];
    if (load === undefined || activate === undefined) throw new Error('VS Code did not list the activation of the extension.');
    return { load: Number(load), activate: Number(activate) };
  }
}
