// Makes a .vsix that holds only what ships. The native esbuild of this platform goes with it;
// `npm run package -- --universal` ships esbuild-wasm instead, for any platform; `--out FILE` names the .vsix.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join, resolve } from 'node:path';

const root = fileURLToPath(new URL('..', import.meta.url));
const universal = process.argv.includes('--universal');
const target = `${process.platform === 'linux' && isMusl() ? 'alpine' : process.platform}-${process.arch === 'arm' ? 'armhf' : process.arch}`;
const { name, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const outAt = process.argv.indexOf('--out');
const output = outAt >= 0 ? resolve(process.argv[outAt + 1]) : join(root, universal ? `${name}-${version}.vsix` : `${name}-${target}-${version}.vsix`);

function isMusl() {
  return !process.report.getReport().header.glibcVersionRuntime;
}

/** Copies a package from node_modules into the shipped dist/node_modules. */
function ship(packageName, files) {
  const from = join(root, 'node_modules', packageName);
  const to = join(root, 'dist', 'node_modules', packageName);
  mkdirSync(to, { recursive: true });
  for (const file of ['package.json', ...files]) {
    if (existsSync(join(from, file))) cpSync(join(from, file), join(to, file), { recursive: true });
  }
}

execFileSync(process.execPath, ['scripts/build.mjs', '--production'], { cwd: root, stdio: 'inherit' });
if (universal) {
  ship('esbuild-wasm', ['lib/main.js', 'bin', 'esbuild.wasm', 'wasm_exec.js', 'wasm_exec_node.js', 'LICENSE.md']);
} else {
  ship('esbuild', ['lib/main.js', 'LICENSE.md']);
  const native = readdirSync(join(root, 'node_modules', '@esbuild'));
  for (const platformPackage of native) ship(`@esbuild/${platformPackage}`, ['bin', 'esbuild.exe']);
}
rmSync(output, { force: true });
execFileSync(process.execPath, [
  'node_modules/@vscode/vsce/vsce', 'package', '--no-dependencies', '--allow-missing-repository', '--no-rewrite-relative-links',
  '--out', output, ...(universal ? [] : ['--target', target]),
], {
  cwd: root,
  stdio: 'inherit',
  // The bundles are built already, with the right esbuild beside them.
  env: { ...process.env, LOCAL_LAMBDA_PREBUILT: '1' },
});
console.error(`${output}: ${(statSync(output).size / 1024 / 1024).toFixed(1)} MB`);
