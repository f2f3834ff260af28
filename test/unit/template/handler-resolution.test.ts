import assert from 'node:assert/strict';
import { relative } from 'node:path';
import { resolveHandler, splitNodeHandler } from '../../../src/template/handler-resolution.ts';
import { Fixture } from './fixture.ts';

describe('handler resolution', () => {
  let workspace: Fixture;
  beforeEach(() => {
    workspace = new Fixture();
  });
  afterEach(() => workspace.dispose());

  /** `<file>#<export>`, relative to the workspace. */
  function resolved(files: readonly string[], handler: string, options: { runtime?: string; folder?: string; entryPoints?: string[] } = {}): string | undefined {
    workspace.write(Object.fromEntries(files.map((file) => [file, ''])));
    const found = resolveHandler({
      folder: workspace.path(options.folder ?? '.'), handler, runtime: options.runtime ?? 'nodejs22.x', root: workspace.folder,
      ...(options.entryPoints === undefined ? {} : { entryPoints: options.entryPoints }),
    });
    return found && `${relative(workspace.folder, found.handlerFile).replaceAll('\\', '/')}#${found.handlerExport}`;
  }

  it('splits at the first dot of the last segment, as the Node runtime does', () => {
    assert.deepEqual(splitNodeHandler('src/a.b/app.handler'), { module: 'src/a.b/app', name: 'handler' });
    assert.deepEqual(splitNodeHandler('app.api.get'), { module: 'app', name: 'api.get' });
    assert.equal(splitNodeHandler('app'), undefined);
    assert.equal(splitNodeHandler('src/.handler'), undefined);
  });

  for (const extension of ['ts', 'mts', 'cts', 'js', 'mjs', 'cjs']) {
    it(`finds a .${extension} file in a nested folder`, () => {
      assert.equal(resolved([`src/é ü/app.${extension}`], 'src/é ü/app.handler'), `src/é ü/app.${extension}#handler`);
    });
  }

  it('prefers TypeScript over the JavaScript that stands beside it', () => {
    assert.equal(resolved(['app.js', 'app.ts'], 'app.handler'), 'app.ts#handler');
  });

  it('gives nothing for a file that is missing, and for runtimes whose handler names no file', () => {
    assert.equal(resolved([], 'app.handler'), undefined);
    assert.equal(resolved(['app.js'], 'app.handler', { runtime: 'java21' }), undefined);
    assert.equal(resolved(['app.js'], 'app.handler', { runtime: 'provided.al2023' }), undefined);
  });

  it('Python: packages by dots and by slashes, and a package itself', () => {
    const python = { runtime: 'python3.13' };
    assert.equal(resolved(['pkg/module.py'], 'pkg.module.run', python), 'pkg/module.py#run');
    assert.equal(resolved([], 'pkg/module.run', python), 'pkg/module.py#run');
    assert.equal(resolved(['whole/__init__.py'], 'whole.run', python), 'whole/__init__.py#run');
    assert.equal(resolved([], 'nope.run', python), undefined);
  });

  describe('built output leads to its TypeScript source', () => {
    const cases: readonly (readonly [string, string, string | undefined, string])[] = [
      ['src/app.ts', 'dist/app.handler', undefined, 'src/app.ts#handler'],
      ['src/orders/place.ts', 'build/orders/place.main', undefined, 'src/orders/place.ts#main'],
      ['src/app.ts', 'app.handler', 'dist', 'src/app.ts#handler'],
      ['svc/src/app.mts', 'app.handler', 'svc/dist', 'svc/src/app.mts#handler'],
      ['src/charge.ts', 'index.handler', 'dist/charge', 'src/charge.ts#handler'],
      ['src/charge/index.ts', 'index.handler', 'dist/charge', 'src/charge/index.ts#handler'],
      ['src/app.ts', 'dist/src/app.handler', undefined, 'src/app.ts#handler'],
      ['app.ts', 'dist/app.handler', undefined, 'app.ts#handler'],
      ['src/handlers/pay.ts', 'pay.handler', 'dist', 'src/handlers/pay.ts#handler'],
    ];
    for (const [source, handler, folder, expected] of cases) {
      it(`${folder ?? '.'} ${handler} -> ${source}`, () => {
        assert.equal(resolved([source], handler, folder === undefined ? {} : { folder }), expected);
      });
    }

    it('also when the built file exists; the built file itself when there is no source', () => {
      assert.equal(resolved(['dist/lonely.js'], 'dist/lonely.handler'), 'dist/lonely.js#handler');
      assert.equal(resolved(['src/lonely.ts'], 'dist/lonely.handler'), 'src/lonely.ts#handler');
    });
  });

  it('SAM entry points of esbuild: by path, by name, or the only one', () => {
    assert.equal(resolved(['src/app.ts'], 'app.handler', { entryPoints: ['src/app.ts'] }), 'src/app.ts#handler');
    assert.equal(resolved(['src/a.ts', 'src/b.ts'], 'b.handler', { entryPoints: ['src/a.ts', './src/b.ts'] }), 'src/b.ts#handler');
    assert.equal(resolved(['src/main.ts'], 'bundle.handler', { entryPoints: ['src/main.ts'] }), 'src/main.ts#handler');
    assert.equal(resolved(['lib/x.ts'], 'lib/x.handler', { entryPoints: ['lib/x.js'] }), 'lib/x.ts#handler');
  });
});
