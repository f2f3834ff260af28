/**
 * The panel in a real browser: the built page under its real Content-Security-Policy, from loopback, with VS Code's
 * part played by the test (theme variables as a real VS Code 1.139 sets them, `acquireVsCodeApi`, messages).
 */
import { build } from 'esbuild';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import { ensureChromium, chromiumArguments } from '../../scripts/chromium.mjs';
import { panelVersion, type PanelMessageBody } from '../../src/protocol/panel.ts';
import { readPanelRequest } from '../../src/ui/panel-validation.ts';
import { panelHtml } from '../../src/ui/panel-html.ts';
import { FakeHistory } from './fake-history.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const themes = JSON.parse(readFileSync(new URL('themes.json', import.meta.url), 'utf8')) as Record<Theme, { bodyClass: string; variables: Record<string, string> }>;
const pageScript = readFileSync(new URL('act-as-vscode.js', import.meta.url), 'utf8');
/** What VS Code puts into every webview, and what of it meets our styles. */
const defaultStyles = `@layer vscode-default {
  html { scrollbar-color: var(--vscode-scrollbarSlider-background) var(--vscode-editor-background); }
  body { overscroll-behavior-x: none; background-color: transparent; color: var(--vscode-editor-foreground); font-family: var(--vscode-font-family);
    font-weight: var(--vscode-font-weight); font-size: var(--vscode-font-size); margin: 0; padding: 0 20px; }
  code { color: var(--vscode-textPreformat-foreground); background-color: var(--vscode-textPreformat-background); padding: 1px 3px; border-radius: 4px; }
}`;

export type Theme = 'dark' | 'light' | 'high-contrast' | 'high-contrast-light';
export const allThemes: readonly Theme[] = ['dark', 'light', 'high-contrast', 'high-contrast-light'];

export interface PanelPage {
  page: Page;
  history: FakeHistory;
  /** Console errors, uncaught errors and CSP violations, and messages that the host would refuse. */
  problems: string[];
  /** What the page last saved by `setState`. */
  savedState(): Promise<unknown>;
  close(): Promise<void>;
}

export class PanelBrowser {
  readonly #browser: Browser;
  readonly #server: Server;
  readonly #origin: string;

  private constructor(browser: Browser, server: Server) {
    this.#browser = browser;
    this.#server = server;
    this.#origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start(): Promise<PanelBrowser> {
    const executablePath = ensureChromium();
    if (!executablePath) throw new Error('No Chromium was found: install one, or name it in the CHROMIUM variable.');
    const [files, browser] = await Promise.all([buildFiles(), chromium.launch({ executablePath, args: chromiumArguments })]);
    const server = createServer((request, response) => {
      const path = (request.url ?? '/').split('?')[0] ?? '/';
      const file = path === '/' ? page(`http://${request.headers.host}`) : files.get(path);
      if (!file) {
        response.writeHead(404).end();
        return;
      }
      response.writeHead(200, { 'content-type': file.type, 'cache-control': 'no-store' }).end(file.body);
    });
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    return new PanelBrowser(browser, server);
  }

  async stop(): Promise<void> {
    await this.#browser.close();
    await new Promise((resolve) => { this.#server.close(resolve); });
  }

  /** Opens the panel; `prepare` fills the history before the page asks for it. */
  async open(theme: Theme, prepare: (history: FakeHistory) => void, options: { savedState?: unknown; width?: number; height?: number; reducedMotion?: boolean } = {}): Promise<PanelPage> {
    const { width = 1200, height = 800, savedState } = options;
    const context = await this.#browser.newContext({
      viewport: { width, height }, timezoneId: 'Europe/Lisbon', reducedMotion: options.reducedMotion ? 'reduce' : 'no-preference',
      ...(theme.startsWith('high-contrast') && { forcedColors: 'none' as const }),
    });
    const page = await context.newPage();
    const problems: string[] = [];
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type()) || /content security policy/i.test(message.text())) problems.push(message.text());
    });
    page.on('pageerror', (error) => problems.push(error.stack ?? error.message));
    const history = new FakeHistory((body) => deliver(page, body));
    prepare(history);
    await page.route('**/favicon.ico', (route) => route.fulfill({ status: 204 }));
    await page.exposeFunction('toHost', (message: unknown) => {
      const request = readPanelRequest(message);
      if (request?.type === 'problem') problems.push(request.message);
      if (request) return history.receive(request);
      problems.push(`Not a message of the protocol: ${JSON.stringify(message)}`);
    });
    await page.addInitScript({ content: `${pageScript}\nactAsVsCode(${JSON.stringify({ theme: themes[theme], savedState, defaultStyles })});` });
    await page.goto(this.#origin);
    return {
      page, history, problems,
      savedState: () => page.evaluate('savedState'),
      close: () => context.close(),
    };
  }
}

async function deliver(page: Page, body: PanelMessageBody): Promise<void> {
  await page.evaluate(`postMessage(${JSON.stringify({ version: panelVersion, ...body })}, '*')`);
}

function page(origin: string): { type: string; body: string } {
  const body = panelHtml({ nonce: 'dGVzdG5vbmNldGVzdG5vbmNl', cspSource: origin, script: `${origin}/panel.js`, style: `${origin}/panel.css`, icons: `${origin}/codicon.css` });
  return { type: 'text/html', body };
}

/** The same sources and options as scripts/build.mjs, so that a stale dist/ is never what is tested. */
async function buildFiles(): Promise<Map<string, { type: string; body: string | Uint8Array }>> {
  const common = { absWorkingDir: root, bundle: true, minify: true, write: false, logLevel: 'warning', legalComments: 'none' } as const;
  const [script, style] = await Promise.all([
    build({ ...common, entryPoints: { panel: 'webview/main.ts' }, outdir: 'out', platform: 'browser', format: 'iife', target: 'chrome130' }),
    build({ ...common, entryPoints: { panel: 'webview/styles.css' }, outdir: 'out' }),
  ]);
  const codicons = join(root, 'node_modules', '@vscode', 'codicons', 'dist');
  return new Map([
    ['/panel.js', { type: 'text/javascript', body: script.outputFiles[0]?.contents ?? '' }],
    ['/panel.css', { type: 'text/css', body: style.outputFiles[0]?.contents ?? '' }],
    ['/codicon.css', { type: 'text/css', body: readFileSync(join(codicons, 'codicon.css')) }],
    ['/codicon.ttf', { type: 'font/ttf', body: readFileSync(join(codicons, 'codicon.ttf')) }],
  ]);
}
