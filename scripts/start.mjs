// Opens VS Code with the extension on the sample workspace: desktop VS Code when there is one, else in the browser.
// `npm start -- --browser` prefers the browser; `--port N` fixes its port; a folder may follow.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join, resolve } from 'node:path';

const root = fileURLToPath(new URL('..', import.meta.url)).replace(/[\\/]$/, '');
const parameters = process.argv.slice(2);
const portAt = parameters.indexOf('--port');
const port = portAt >= 0 ? Number(parameters.splice(portAt, 2)[1]) : 0;
const browserOnly = parameters.includes('--browser');
const sample = join(root, 'test', 'workspaces', 'orders');
const folder = resolve(parameters.find((parameter) => !parameter.startsWith('-')) ?? sample);
if (!existsSync(folder)) {
  console.error(`There is no folder ${folder}.`);
  process.exit(1);
}

const code = process.platform === 'win32' ? 'code.cmd' : 'code';
const shell = process.platform === 'win32';
const desktop = !browserOnly && (process.platform !== 'linux' || process.env.DISPLAY || process.env.WAYLAND_DISPLAY)
  && spawnSync(code, ['--version'], { shell, stdio: 'ignore' }).status === 0;

if (desktop) {
  console.log(`Opening VS Code on ${folder}.`);
  spawn(code, ['--new-window', `--extensionDevelopmentPath=${root}`, folder], { shell, stdio: 'inherit' });
} else {
  const { startServer, workbenchUrl } = await import('./vscode-server.mjs');
  // The sample is part of this project, so it is trusted; any other folder is opened as VS Code would open it.
  const own = folder === sample;
  const profile = join(root, '.vscode-test', own ? 'profile-of-sample' : 'profile');
  mkdirSync(profile, { recursive: true });
  const server = await startServer({ port, profile, settings: own ? { 'security.workspace.trust.enabled': false } : {} });
  const openFile = own ? join(sample, 'src', 'handlers', 'place-order.ts') : undefined;
  console.log(`VS Code is at ${workbenchUrl(server, { folder, extension: root, openFile })}`);
  console.log(own ? 'Ctrl+C here ends it.' : 'It opens in Restricted Mode until you trust the folder. Ctrl+C here ends it.');
  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    void server.stop().then(() => process.exit(0));
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
}
