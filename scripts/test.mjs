// Runs every suite and ends with one line: `N passed, N failed`. A suite that could not run counts as failed.
// `node scripts/test.mjs unit panel` runs only the named parts.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { ensureChromium } from './chromium.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const counts = mkdtempSync(join(tmpdir(), 'local-lambda-test-'));
const mocha = join(root, 'node_modules', 'mocha', 'bin', 'mocha.js');
const total = { passed: 0, failed: 0, skipped: 0 };
const summary = [];

function run(command, parameters, { env = {}, minutes = 10 } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, parameters, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, ...env } });
    const timer = setTimeout(() => { console.error(`Stopped after ${minutes} minutes.`); child.kill('SIGKILL'); }, minutes * 60_000);
    child.once('error', (error) => { clearTimeout(timer); console.error(error.message); resolve(1); });
    child.once('exit', (code, signal) => { clearTimeout(timer); resolve(code ?? signal); });
  });
}

/** A tool that passes or fails as a whole. */
async function check(name, parameters) {
  const started = performance.now();
  const code = await run(process.execPath, parameters);
  record(name, code === 0 ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0 }, started);
  return code === 0;
}

/** A run that leaves its own counts. */
async function suite(name, parameters, options = {}) {
  const started = performance.now();
  const file = join(counts, `${name.replaceAll(' ', '-')}.json`);
  const code = await run(process.execPath, parameters, { ...options, env: { ...options.env, MOCHA_COUNTS: file } });
  const result = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { passed: 0, failed: 0, skipped: 0 };
  if (result.passed + result.failed === 0) {
    console.error(`${name}: no test ran (exit ${code}).`);
    result.failed += 1;
  } else if (code !== 0 && result.failed === 0) {
    console.error(`${name}: ended with ${code} although no test failed.`);
    result.failed += 1;
  }
  record(name, result, started);
}

function record(name, result, started) {
  total.passed += result.passed;
  total.failed += result.failed;
  total.skipped += result.skipped;
  summary.push(`  ${name}: ${result.passed} passed, ${result.failed} failed${result.skipped ? `, ${result.skipped} skipped` : ''} (${((performance.now() - started) / 1000).toFixed(1)} s)`);
}

let building;
/** Suites that run what is in dist/ must not run what was built from older sources. */
function built() {
  building ??= check('build', ['scripts/build.mjs']);
  return building;
}

const parts = {
  async types() {
    await check('types', ['node_modules/typescript/bin/tsc', '--noEmit', '-p', 'tsconfig.json']);
    await check('types of the webview', ['node_modules/typescript/bin/tsc', '--noEmit', '-p', 'webview/tsconfig.json']);
  },
  lint: () => check('lint', ['node_modules/eslint/bin/eslint.js', '.']),
  build: () => built(),
  async unit() {
    await built();
    await suite('unit', mochaRun('test/unit/**/*.test.ts'));
  },
  async conformance() {
    await built();
    await suite('conformance', mochaRun('test/conformance/**/*.test.ts'));
  },
  async extension() {
    ensureChromium();
    await built();
    await suite('extension', ['test/extension/run.ts', 'trusted']);
    await suite('extension in Restricted Mode', ['test/extension/run.ts', 'restricted']);
  },
  async panel() {
    ensureChromium();
    await built();
    await suite('panel', mochaRun('test/panel/**/*.test.ts', '--timeout', '90000'));
  },
  /** Leaves a production build in dist/, so it comes last. */
  async package() {
    ensureChromium();
    await suite('package', mochaRun('test/package/**/*.test.ts', '--timeout', '180000'));
  },
};

function mochaRun(pattern, ...more) {
  return [mocha, '--exit', '--timeout', '30000', ...more, '--reporter', 'scripts/counting-reporter.cjs', pattern];
}

if (!existsSync(join(root, '..', 'shared', 'data'))) {
  console.error('The shared conformance data is not beside the project: suites that need it are skipped.');
}
const wanted = process.argv.slice(2);
for (const name of wanted) {
  if (!parts[name]) {
    console.error(`No part is called ${name}: ${Object.keys(parts).join(', ')}.`);
    process.exit(2);
  }
}
for (const [name, part] of Object.entries(parts)) {
  if (wanted.length === 0 || wanted.includes(name)) await part();
}
rmSync(counts, { recursive: true, force: true });
console.log(`\n${summary.join('\n')}\n`);
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed === 0 ? 0 : 1;
