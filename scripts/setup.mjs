// Installs what a fresh clone needs, with whatever Node starts it; everything after this runs on the `node` package.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';

const root = fileURLToPath(new URL('..', import.meta.url));
const stamp = join(root, 'node_modules', '.local-lambda-setup');
// What the install depends on: a changed command or setting in package.json is no reason for another one.
const { dependencies, devDependencies, allowScripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const wanted = createHash('sha256')
  .update(readFileSync(join(root, 'package-lock.json')))
  .update(JSON.stringify({ dependencies, devDependencies, allowScripts }))
  .digest('hex');

if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) {
  console.error('Installing dependencies (npm ci) …');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const result = spawnSync(npm, ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  });
  if (result.status !== 0) {
    console.error('npm ci failed: see its output above.');
    process.exit(1);
  }
}

const node = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
try {
  const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
  if (Number(version.slice(1).split('.')[0]) < 24) throw new Error(`found ${version}`);
} catch (error) {
  console.error(
    `The Node 24 that scripts run on is not at ${node} (${error.message}): the "node" package's install script did not run. `
    + 'Allow it ("allowScripts" in package.json) and run npm ci again.',
  );
  process.exit(1);
}
writeFileSync(stamp, wanted);
