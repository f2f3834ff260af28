// Bundles everything that ships into dist/. `--production` minifies and leaves source maps out.
import { build } from 'esbuild';
import { cpSync, mkdirSync, rmSync, writeFileSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');
const production = process.argv.includes('--production');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

rmSync(dist, { recursive: true, force: true });
mkdirSync(join(dist, 'webview'), { recursive: true });
// The project is ES modules; what ships for Node is CommonJS, whatever its ending.
writeFileSync(join(dist, 'package.json'), '{ "type": "commonjs" }\n');

const common = {
  absWorkingDir: root,
  bundle: true,
  minify: production,
  sourcemap: production ? false : 'linked',
  legalComments: 'none',
  logLevel: 'warning',
  metafile: true,
};
const host = {
  ...common,
  platform: 'node',
  format: 'cjs',
  target: 'node22.13',
  // esbuild finds its own binary beside itself, so it is never bundled.
  external: ['vscode', 'esbuild', 'esbuild-wasm'],
  // A bundle stands in dist/, sources in src/: code that looks for shipped files asks this.
  define: { 'process.env.LOCAL_LAMBDA_BUNDLED': '"true"', 'process.env.LOCAL_LAMBDA_VERSION': JSON.stringify(version), 'import.meta.url': '__bundle_url' },
  banner: { js: "const __bundle_url = require('node:url').pathToFileURL(__filename).href;" },
  mainFields: ['module', 'main'],
};

const started = performance.now();
const built = await Promise.all([
  build({ ...host, entryPoints: ['src/extension.ts'], outfile: 'dist/extension.cjs' }),
  build({ ...host, entryPoints: ['src/engine-process.ts'], outfile: 'dist/engine.cjs' }),
  build({ ...host, entryPoints: ['src/aws/profile-credentials.ts'], outfile: 'dist/profile-credentials.cjs' }),
  build({ ...host, entryPoints: ['src/aws/source-clients.ts'], outfile: 'dist/source-clients.cjs' }),
  build({ ...host, entryPoints: ['src/runtime/supervisor.ts'], outfile: 'dist/supervisor.cjs' }),
  // One file is read faster than ten, at every cold start.
  build({ ...common, platform: 'node', format: 'cjs', target: 'node16', minify: false, sourcemap: false, entryPoints: ['src/runtime/bootstraps/node/bootstrap.cjs'], outfile: 'dist/bootstraps/node/bootstrap.cjs' }),
  build({ ...host, entryPoints: ['src/cli.ts'], outfile: 'dist/cli.js', banner: { js: `#!/usr/bin/env node\n${host.banner.js}` } }),
  build({
    ...common,
    entryPoints: { panel: 'webview/main.ts' },
    outdir: 'dist/webview',
    platform: 'browser',
    format: 'iife',
    target: 'chrome130',
  }),
  build({ ...common, entryPoints: { panel: 'webview/styles.css' }, outdir: 'dist/webview', sourcemap: false }),
]);
cpSync(join(root, 'src/runtime/bootstraps/python'), join(dist, 'bootstraps/python'), {
  recursive: true,
  filter: (source) => !source.includes('__pycache__'),
});
for (const file of ['codicon.css', 'codicon.ttf']) {
  cpSync(join(root, 'node_modules/@vscode/codicons/dist', file), join(dist, 'webview', file));
}

writeFileSync(join(dist, 'THIRD-PARTY-NOTICES.txt'), notices(built.flatMap(({ metafile }) => Object.keys(metafile.inputs))));

/** Licences of the packages that parts of were bundled, and of the icon font. */
function notices(inputs) {
  const packages = new Set([...inputs, 'node_modules/@vscode/codicons/dist/codicon.ttf']
    .map((input) => /.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0]).filter(Boolean));
  const namesByText = new Map();
  for (const folder of [...packages].sort()) {
    const { name, version, license } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
    const texts = readdirSync(join(root, folder)).filter((file) => /^(licen[cs]e|notice)/i.test(file));
    const text = texts.map((file) => readFileSync(join(root, folder, file), 'utf8').trim()).join('\n\n');
    namesByText.set(text, [...namesByText.get(text) ?? [], `${name} ${version} (${license})`]);
  }
  return [...namesByText].map(([text, names]) => `${names.join('\n')}\n\n${text}\n`).join(`\n${'-'.repeat(80)}\n\n`);
}

const kilobytes = (file) => `${(statSync(join(dist, file)).size / 1024).toFixed(0)} KB`;
console.error(
  `Built dist/ in ${(performance.now() - started).toFixed(0)} ms: `
  + ['extension.cjs', 'engine.cjs', 'supervisor.cjs', 'cli.js', 'webview/panel.js'].map((file) => `${file} ${kilobytes(file)}`).join(', '),
);
