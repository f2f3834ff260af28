// A real VS Code (workbench and Node extension host) from the npm registry, for tests and for `npm start` where no
// desktop VS Code can be had. Kept in .vscode-test/, which git ignores.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';

const root = fileURLToPath(new URL('..', import.meta.url));
const version = '4.139.1';
const home = join(root, '.vscode-test', `server-${version}`);
const nodeBinary = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');

function run(command, parameters, cwd) {
  const result = spawnSync(command, parameters, { cwd, encoding: 'utf8', shell: process.platform === 'win32' });
  if (result.status !== 0) {
    throw new Error(`${command} ${parameters.join(' ')} failed in ${cwd}: ${(result.stderr || result.error?.message || '').slice(-2000)}`);
  }
  return result.stdout;
}

/** Downloads the server once (about 600 MB unpacked). Returns its lib/vscode folder. */
export function ensureServer() {
  const lib = join(home, 'package', 'lib', 'vscode');
  if (existsSync(join(home, '.complete'))) {
    replaceNativeParts(lib);
    return lib;
  }
  console.error(`Fetching VS Code server (code-server ${version}) from the npm registry …`);
  mkdirSync(join(root, '.vscode-test'), { recursive: true });
  const staging = mkdtempSync(join(root, '.vscode-test', 'staging-'));
  try {
    run('npm', ['pack', `code-server@${version}`, '--silent'], staging);
    const archive = readdirSync(staging).find((name) => name.endsWith('.tgz'));
    run('tar', ['-xzf', archive], staging);
    rmSync(join(staging, archive));
    run('npm', ['install', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], join(staging, 'package', 'lib', 'vscode'));
    writeFileSync(join(staging, '.complete'), version);
    rmSync(home, { recursive: true, force: true });
    renameSync(staging, home);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
  replaceNativeParts(lib);
  return lib;
}

/** Without a compiler two small packages have no native part: without the first, output channels would stay empty. */
function replaceNativeParts(lib) {
  for (const name of ['spdlog', 'native-watchdog']) {
    const target = join(lib, 'node_modules', '@vscode', name, 'index.js');
    const ours = readFileSync(join(root, 'scripts', 'server-parts', `${name}.cjs`), 'utf8');
    if (readFileSync(target, 'utf8') === ours) continue;
    // Whole or not at all, for a server that starts meanwhile.
    writeFileSync(`${target}.new`, ours);
    renameSync(`${target}.new`, target);
  }
}

/** A free port on 127.0.0.1. */
export async function freePort() {
  const server = createServer();
  await new Promise((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/**
 * Starts a server with an empty profile, or with the one named. `settings` become user settings unless the profile has
 * its own. `port` 0 chooses one. `install` names .vsix files to install first. The environment may be extended with
 * `env`. `stop()` ends it and, unless `keepProfile`, removes the profile.
 */
export async function startServer({ settings = {}, port = 0, env = {}, keepProfile = false, profile, install = [] } = {}) {
  const lib = ensureServer();
  const folder = profile ?? mkdtempSync(join(tmpdir(), 'local-lambda-vscode-'));
  mkdirSync(join(folder, 'data', 'User'), { recursive: true });
  mkdirSync(join(folder, 'data', 'Machine'), { recursive: true });
  const settingsFile = join(folder, 'data', 'User', 'settings.json');
  // In a profile that is kept, what the user has changed since stays.
  if (!existsSync(settingsFile)) {
    writeFileSync(settingsFile, JSON.stringify({
      'chat.disableAIFeatures': true,
      'workbench.startupEditor': 'none',
      'workbench.secondarySideBar.defaultVisibility': 'hidden',
      'workbench.tips.enabled': false,
      'workbench.colorTheme': 'Default Dark Modern',
      'telemetry.telemetryLevel': 'off',
      'extensions.ignoreRecommendations': true,
      'git.openRepositoryInParentFolders': 'never',
      // The npm package leaves the language server of its TypeScript extension out.
      'typescript.tsdk': join(root, 'node_modules', 'typescript', 'lib'),
      ...settings,
    }, null, 2));
  }
  const main = join(lib, 'out', 'server-main.js');
  const folders = ['--server-data-dir', folder, '--user-data-dir', join(folder, 'data'), '--extensions-dir', join(folder, 'extensions')];
  for (const vsix of install) run(nodeBinary, [main, ...folders, '--accept-server-license-terms', '--install-extension', vsix], root);
  const chosen = port || await freePort();
  const child = spawn(nodeBinary, [
    main, '--host', '127.0.0.1', '--port', String(chosen), '--without-connection-token', '--accept-server-license-terms',
    '--telemetry-level', 'off', '--enable-smoke-test-driver', ...folders,
  ], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
    detached: process.platform !== 'win32',
  });
  let log = '';
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      // The server's own children (extension hosts, file watchers) share its process group.
      try {
        if (process.platform === 'win32') child.kill();
        else process.kill(-child.pid, 'SIGTERM');
      } catch {
        child.kill();
      }
      const hard = setTimeout(() => { try { process.kill(-child.pid, 'SIGKILL'); } catch { child.kill('SIGKILL'); } }, 5000);
      await exited;
      clearTimeout(hard);
    }
    if (!keepProfile && !profile) rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  };
  await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`VS Code server did not start in 60 s:\n${log}`)), 60_000);
    const read = (chunk) => {
      log = (log + chunk).slice(-20_000);
      if (log.includes(`Extension host agent listening on ${chosen}`)) { clearTimeout(timer); resolve(); }
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('exit', (code) => { clearTimeout(timer); reject(new Error(`VS Code server ended with ${code}:\n${log}`)); });
  });
  return { port: chosen, authority: `127.0.0.1:${chosen}`, origin: `http://127.0.0.1:${chosen}`, profile: folder, stop, log: () => log, pid: child.pid };
}

/** Address of a workbench page. `folder` is absolute; paths become vscode-remote URIs. */
export function workbenchUrl(server, { folder, workspace, extension, tests, openFile }) {
  const remote = (path) => `vscode-remote://${server.authority}${encodeURI(path)}`;
  const payload = [
    ...(extension ? [['extensionDevelopmentPath', remote(extension)]] : []),
    ...(tests ? [['extensionTestsPath', remote(tests)]] : []),
    ...(openFile ? [['openFile', remote(openFile)]] : []),
    ['skipWelcome', 'true'],
  ];
  const place = workspace ? `workspace=${encodeURIComponent(workspace)}` : folder ? `folder=${encodeURIComponent(folder)}` : 'ew=true';
  return `${server.origin}/?${place}&payload=${encodeURIComponent(JSON.stringify(payload))}`;
}
