import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { loadEsbuild } from '../../../src/runtime/esbuild-bundle.ts';
import { answerOf, functionIn, openWorkbench, type Workbench } from './fixture.ts';

describe('TypeScript without set-up', () => {
  let bench: Workbench;
  beforeEach(() => { bench = openWorkbench(); });
  afterEach(async () => bench.close());

  const run = async (files: Record<string, string>, entry: string, event: unknown = {}) => {
    for (const [path, text] of Object.entries(files)) bench.place.write(`fn/${path}`, text);
    const name = entry.replace(/\.[^.]+$/, '');
    return bench.call(functionIn(bench.place, 'fn', { handler: `${name}.handler`, code: { handlerFile: bench.place.path('fn', entry), handlerExport: 'handler' } }), event);
  };

  for (const type of ['commonjs', 'module'] as const) {
    const manifest = JSON.stringify({ type });
    it(`${type}: __dirname and import.meta name the source's own place`, async () => {
      const answer = answerOf(await run({
        'package.json': manifest,
        'lib/text.txt': 'beside',
        'lib/read.ts': type === 'module'
          ? "import { readFileSync } from 'node:fs';\nexport const text = readFileSync(new URL('./text.txt', import.meta.url), 'utf8');"
          : "import { readFileSync } from 'node:fs';\nexport const text = readFileSync(__dirname + '/text.txt', 'utf8');",
        'app.ts': "import { text } from './lib/read';\nexport const handler = async () => text;",
      }, 'app.ts'));
      assert.equal(answer, 'beside');
    });

    it(`${type}: tsconfig paths, decorators and JSON`, async () => {
      assert.deepEqual(answerOf(await run({
        'package.json': manifest,
        'tsconfig.json': JSON.stringify({ compilerOptions: { baseUrl: '.', paths: { '@lib/*': ['lib/*'] }, experimentalDecorators: true } }),
        'lib/tag.ts': 'export function tag(target: new () => object): void { (target as unknown as { tagged: boolean }).tagged = true; }',
        'lib/table.json': '{"rate": 3}',
        'app.ts': "import { tag } from '@lib/tag';\nimport table from '@lib/table.json';\n@tag class Thing {}\nexport const handler = async () => [(Thing as unknown as { tagged: boolean }).tagged, table.rate];",
      }, 'app.ts')), [true, 3]);
    });
  }

  it('a module may make its own require and __dirname, as ES modules do', async () => {
    assert.deepEqual(answerOf(await run({
      'package.json': '{"type":"module"}',
      'app.ts': `import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
const require = createRequire(import.meta.url);
const __dirname = dirname(fileURLToPath(import.meta.url));
export const handler = async () => [__dirname, require('./data.json').n];`,
      'data.json': '{"n":4}',
    }, 'app.ts')), [bench.place.path('fn'), 4]);
  });

  it('an ES module may import a CommonJS package that requires built-in modules', async () => {
    assert.deepEqual(answerOf(await run({
      'package.json': '{"type":"module"}',
      'node_modules/old/package.json': '{"name":"old","main":"index.js"}',
      'node_modules/old/index.js': "const path = require('path'); exports.base = (p) => path.basename(p) + require('fs').readFileSync(__dirname + '/own.txt', 'utf8');",
      'node_modules/old/own.txt': '!',
      'app.ts': "import { base } from 'old';\nexport const handler = async () => base('/a/b');",
    }, 'app.ts')), 'b!');
  });

  it('top-level await works in an ES module', async () => {
    assert.equal(answerOf(await run({ 'package.json': '{"type":"module"}', 'app.ts': 'const n: number = await Promise.resolve(5);\nexport const handler = async () => n;' }, 'app.ts')), 5);
  });

  it('top-level await works where no package type says what a file is', async () => {
    assert.equal(answerOf(await run({
      'lib/value.ts': "import { basename } from 'node:path';\nexport const value = (): string => basename(__dirname);",
      'app.ts': "import { value } from './lib/value';\nconst at = await Promise.resolve(value());\nexport const handler = async () => at;",
    }, 'app.ts')), 'lib');
  });

  it('is built by the esbuild of the workspace, or by ours when that one does not work here', async () => {
    const ours = createRequire(import.meta.url).resolve('esbuild');
    const place = (name: string, source: string) => {
      bench.place.write(`${name}/node_modules/esbuild/package.json`, '{"name":"esbuild","main":"index.js"}');
      bench.place.write(`${name}/node_modules/esbuild/index.js`, source);
      return bench.place.write(`${name}/app.ts`, 'export const handler = async (): Promise<number> => 1;');
    };
    const own = place('own', `module.exports = { ...require(${JSON.stringify(ours)}), whose: 'workspace' };`);
    assert.equal((await loadEsbuild(own) as unknown as { whose?: string }).whose, 'workspace');
    const foreign = place('foreign', "exports.transform = () => Promise.reject(new Error('built for another platform'));");
    assert.equal(typeof (await loadEsbuild(foreign)).build, 'function');
    for (const [name, file] of [['own', own], ['foreign', foreign]] as const) {
      assert.equal(answerOf(await bench.call(functionIn(bench.place, name, { handler: 'app.handler', code: { handlerFile: file } }))), 1);
    }
  });

  it('.mts and .cts say themselves what they are', async () => {
    assert.equal(answerOf(await run({ 'app.mts': 'const kind: string = await Promise.resolve(typeof module);\nexport const handler = async () => kind;' }, 'app.mts')), 'undefined');
    assert.equal(answerOf(await run({ 'other.cts': 'exports.handler = async (): Promise<string> => typeof module;' }, 'other.cts')), 'object');
  });

  for (const type of ['commonjs', 'module']) it(`${type}: a dependency that cannot be bundled is loaded where it stands`, async () => {
    assert.equal(answerOf(await run({
      'package.json': JSON.stringify({ type }),
      'node_modules/odd/package.json': '{"name":"odd","main":"index.js"}',
      'node_modules/odd/index.js': "let extra; if (process.env.NEVER) extra = require.resolve('./x.weird'), require('./x.weird'); exports.odd = () => 'odd';",
      'node_modules/odd/x.weird': 'not code',
      'app.ts': "import { odd } from 'odd';\nexport const handler = async () => odd();",
    }, 'app.ts')), 'odd');
  });

  it('an SDK that is not installed fails when it is loaded, not when it is built', async () => {
    const { outcome } = await run({ 'app.ts': "import { SQSClient } from '@aws-sdk/client-sqs';\nexport const handler = async () => new SQSClient({});" }, 'app.ts');
    assert.equal(outcome.kind, 'init-error');
    assert.match(Buffer.from((outcome as { payload: Uint8Array }).payload).toString(), /@aws-sdk\/client-sqs/);
  });

  it('an unknown package is a build error that names the line', async () => {
    const { outcome } = await run({ 'app.ts': "\nimport { x } from 'not-installed';\nexport const handler = async () => x;" }, 'app.ts');
    assert.equal(outcome.kind, 'build-error');
    assert.match((outcome as { details: readonly string[] }).details[0] ?? '', /app\.ts:2:\d+: .*not-installed/);
  });

  it('JavaScript with extensionless imports runs as bundlers would have it', async () => {
    assert.equal(answerOf(await run({
      'package.json': '{"type":"module"}',
      'lib/value.js': 'export const value = 6;',
      'app.js': "import { value } from './lib/value';\nexport const handler = async () => value;",
    }, 'app.js')), 6);
  });

  it('other JavaScript runs in place', async () => {
    assert.equal(answerOf(await run({ 'package.json': '{"type":"module"}', 'app.js': 'export const handler = async () => import.meta.url;' }, 'app.js')), new URL(`file://${bench.place.path('fn', 'app.js')}`).href);
  });
});
