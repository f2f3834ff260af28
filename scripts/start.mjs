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
const folder = resolve(parameters.find((parameter) => !parameter.startsWith('-')) ?? join(root, 'test', 'workspaces', 'orders'));
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
  const profile = join(root, '.vscode-test', 'profile');
  mkdirSync(profile, { recursive: true });
  const server = await startServer({ port, profile });
  console.log(`VS Code is at ${workbenchUrl(server, { folder, extension: root })}`);
  console.log('Trust the workspace when it asks; Ctrl+C here ends it.');
  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    void server.stop().then(() => process.exit(0));
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
}
