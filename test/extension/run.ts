/**
 * Runs the extension suite in a real VS Code: `node test/extension/run.ts trusted|restricted [desktop]`.
 *
 * `desktop` downloads VS Code through `@vscode/test-electron`; otherwise the VS Code server from the npm registry runs
 * with a real Chromium. Both load `test/extension/index.ts`, bundled.
 */
import { build } from 'esbuild';
import { cpSync, mkdtempSync, rmSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format } from 'node:util';
import { chromium } from 'playwright-core';
import { chromiumArguments, findChromium } from '../../scripts/chromium.mjs';
import { startServer, workbenchUrl } from '../../scripts/vscode-server.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '');
const mode = process.argv[2] === 'restricted' ? 'restricted' : 'trusted';
const desktop = process.argv[3] === 'desktop' || process.env.LOCAL_LAMBDA_DESKTOP === '1';

// Two runs at once do not share it.
const entry = join(root, '.vscode-test', 'suites', `${mode}-${process.pid}.cjs`);
await build({
  entryPoints: [join(root, 'test', 'extension', 'index.ts')],
  outfile: entry,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node22.13',
  external: ['vscode', 'mocha'],
  sourcemap: 'inline',
  logLevel: 'warning',
});

// The suite edits its workspace, so it works on a copy; data and discovery files stay in the same temporary folder.
const scratch = realpathSync(mkdtempSync(join(tmpdir(), 'local-lambda-suite-')));
const workspace = join(scratch, 'orders');
cpSync(join(root, 'test', 'workspaces', 'orders'), workspace, { recursive: true });
const environment = {
  LOCAL_LAMBDA_SUITE: mode,
  LOCAL_LAMBDA_DATA_HOME: join(scratch, 'data'),
  MOCHA_COUNTS: process.env.MOCHA_COUNTS ?? '',
};

let failed: boolean;
try {
  failed = desktop ? await runOnDesktop() : await runOnServer();
} finally {
  rmSync(scratch, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  rmSync(entry, { force: true });
}
process.exit(failed ? 1 : 0);

async function runOnServer(): Promise<boolean> {
  const executablePath = findChromium();
  if (!executablePath) throw new Error('No Chromium was found: install one, or name it in the CHROMIUM variable.');
  const server = await startServer({
    settings: mode === 'trusted' ? { 'security.workspace.trust.enabled': false } : { 'security.workspace.trust.startupPrompt': 'never' },
    env: environment,
  });
  const browser = await chromium.launch({ executablePath, args: chromiumArguments });
  try {
    const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
    const finished = new Promise<number>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('The extension suite did not end within 5 minutes.')), 300_000);
      void page.exposeFunction('codeAutomationExit', (code: number) => { clearTimeout(timer); resolve(code); });
    });
    await page.exposeFunction('codeAutomationLog', (type: string, args: unknown[]) => {
      const text = format(...args);
      // What the reporter prints arrives as information; what VS Code says of itself (native parts that the npm package lacks) is noise.
      if (!['log', 'info'].includes(type) && !text.includes('local-lambda')) return;
      if (/^(Resolv\w+ connection token|Creating a socket|Updating additional|\[[\w-]+(:\w+)?\] )/.test(text)) return;
      process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
    });
    await page.goto(workbenchUrl(server, { folder: workspace, extension: root, tests: entry }));
    return await finished !== 0;
  } finally {
    await browser.close();
    await server.stop();
  }
}

async function runOnDesktop(): Promise<boolean> {
  const { runTests } = await import('@vscode/test-electron');
  const code = await runTests({
    extensionDevelopmentPath: root,
    extensionTestsPath: entry,
    extensionTestsEnv: environment,
    launchArgs: [workspace, '--disable-extensions', ...(mode === 'trusted' ? ['--disable-workspace-trust'] : [])],
  });
  return code !== 0;
}
