/** A real VS Code workbench in a real Chromium, on a copy of the orders workspace, and what a person does in it. */
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { chromium, type Frame, type FrameLocator, type Locator, type Page } from 'playwright-core';
import { chromiumArguments, findChromium } from '../../scripts/chromium.mjs';
import { startServer, workbenchUrl } from '../../scripts/vscode-server.mjs';
import { projectRoot } from './engine-process.ts';

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

  /** Clicks Invoke on a function's row; when an event is to be picked, the first. */
  async invoke(name: string): Promise<void> {
    await this.row(name).hover();
    await this.row(name).locator('a.action-label').first().click();
    const pick = this.page.locator('.quick-input-list .monaco-list-row').first();
    await Promise.race([
      pick.waitFor({ timeout: 3000 }).then(() => this.page.keyboard.press('Enter')),
      this.page.waitForTimeout(3000),
    ]).catch(() => {});
  }

  /** Chooses from the context menu of a function's row. VS Code passes over a click that comes as soon as the menu is open. */
  async chooseFromMenu(name: string, title: string): Promise<void> {
    const entry = this.page.getByRole('menuitem', { name: title });
    for (let turn = 0; turn < 5; turn += 1) {
      if (turn > 0) await this.page.keyboard.press('Escape');
      await this.row(name).click({ button: 'right' });
      await entry.waitFor();
      await this.page.waitForTimeout(400);
      await entry.click();
      if (await entry.waitFor({ state: 'hidden', timeout: 3000 }).then(() => true, () => false)) return;
    }
    throw new Error(`The menu of ${name} does not take "${title}".`);
  }

  /** Runs a command of the palette. */
  async command(title: string): Promise<void> {
    const entry = this.page.locator('.quick-input-list .monaco-list-row').filter({ hasText: title }).first();
    // A palette that was opened before VS Code knows the command does not learn it.
    for (let attempt = 0; attempt < 6 && !await entry.isVisible(); attempt += 1) {
      await this.page.keyboard.press('Escape');
      await this.page.keyboard.press('F1');
      await this.page.locator('.quick-input-widget input').first().fill(`>${title}`);
      await entry.waitFor({ timeout: 10_000 }).catch(() => {});
    }
    await entry.click();
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
