/** The .vsix that `npm run package` makes: what is in it, and that it works where it is installed. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { projectRoot } from '../support/engine-process.ts';
import { Workbench } from '../support/workbench.ts';

const kilobyte = 1024;

describe('the packaged extension', function () {
  this.timeout(180_000);
  let scratch: string;
  let vsix: string;
  let files: Record<string, Uint8Array>;

  before(() => {
    scratch = mkdtempSync(join(tmpdir(), 'local-lambda-package-'));
    vsix = join(scratch, 'local-lambda.vsix');
    execFileSync(process.execPath, ['scripts/package.mjs', '--out', vsix], { cwd: projectRoot, stdio: ['ignore', 'ignore', 'pipe'] });
    files = unzipSync(readFileSync(vsix));
  });
  after(() => rmSync(scratch, { recursive: true, force: true }));

  it('holds only what ships', () => {
    const ships = [
      /^extension\.vsixmanifest$/, /^\[Content_Types\]\.xml$/,
      /^extension\/(package\.json|readme\.md|changelog\.md|LICENSE\.txt)$/,
      /^extension\/dist\/(extension|engine|supervisor|profile-credentials|source-clients)\.cjs$/, /^extension\/dist\/(cli\.js|package\.json|THIRD-PARTY-NOTICES\.txt)$/,
      /^extension\/dist\/webview\/(panel\.(js|css)|codicon\.(css|ttf))$/,
      /^extension\/dist\/bootstraps\/(node\/[\w-]+\.cjs|python\/\w+\.py)$/,
      /^extension\/dist\/node_modules\/esbuild\/(package\.json|LICENSE\.md|lib\/main\.js)$/,
      /^extension\/dist\/node_modules\/@esbuild\/[\w-]+\/(package\.json|bin\/esbuild|esbuild\.exe)$/,
      /^extension\/media\/[\w-]+\.(svg|png|schema\.json)$/, /^extension\/media\/samples\/[\w-]+\.json$/,
    ];
    assert.deepEqual(Object.keys(files).filter((name) => !ships.some((pattern) => pattern.test(name))), []);
    for (const needed of ['extension.cjs', 'engine.cjs', 'supervisor.cjs', 'cli.js', 'webview/panel.js', 'bootstraps/node/bootstrap.cjs', 'bootstraps/python/bootstrap.py', 'node_modules/esbuild/lib/main.js']) {
      assert.ok(files[`extension/dist/${needed}`], `${needed} is missing`);
    }
  });

  it('is small: the extension under 400 KB, everything but esbuild under 4 MB, the whole under 8 MB', () => {
    const size = (name: string) => files[name]?.length ?? 0;
    assert.ok(size('extension/dist/extension.cjs') < 400 * kilobyte, `${size('extension/dist/extension.cjs')} bytes`);
    const own = Object.keys(files).filter((name) => !name.includes('/node_modules/')).reduce((sum, name) => sum + size(name), 0);
    assert.ok(own < 4096 * kilobyte, `${own} bytes`);
    assert.ok(statSync(vsix).size < 8192 * kilobyte, `${statSync(vsix).size} bytes`);
  });

  it('installs, activates and invokes TypeScript and Python in VS Code', async () => {
    const workbench = await Workbench.open({ vsix });
    try {
      await workbench.invoke('PlaceOrder', 'two-teas');
      await workbench.panel().getByText('"statusCode"').first().waitFor({ timeout: 60_000 });
      await workbench.page.getByRole('treeitem', { name: /^PlaceOrder,.*200/ }).first().waitFor();
      await workbench.invoke('ShipOrder', 'batch-with-bad-order');
      await workbench.page.getByRole('treeitem', { name: /^ShipOrder,.*200/ }).first().waitFor({ timeout: 60_000 });
      assert.deepEqual(workbench.violations, []);
      const { load, activate } = await workbench.activationTimes();
      console.log(`      as VS Code measured it: activate() ${activate} ms, loading the bundle ${load} ms; .vsix ${(statSync(vsix).size / kilobyte / kilobyte).toFixed(1)} MB`);
    } finally {
      await workbench.close();
    }
  });
});
