/** What makes a bundle behave as its sources would where they stand. */
import { readFile } from 'node:fs/promises';
import { dirname, extname, isAbsolute, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Loader, OnResolveArgs, PluginBuild, Plugin } from 'esbuild';

/** Marks our own questions to esbuild's resolver, so that they are not answered by asking again. */
const asking = Symbol('asking');

/** The SDK is there on AWS without being installed: a missing one must not fail the build. */
export const optionalSdk: Plugin = {
  name: 'optional-sdk',
  setup(build) {
    build.onResolve({ filter: /^(@aws-sdk\/|@smithy\/|aws-sdk$)/ }, async (question) => {
      if (question.pluginData === asking) return undefined;
      const result = await resolved(build, question);
      return result.errors.length > 0 ? { path: question.path, external: true } : result;
    });
  },
};

/** Loads the packages in `names`, which may grow between builds, from where they are installed instead of bundling them. */
export function loadedInPlace(names: ReadonlySet<string>): Plugin {
  return {
    name: 'loaded-in-place',
    setup(build) {
      build.onResolve({ filter: /^[^./]/ }, async (question) => {
        const name = /^(@[^/]+\/)?[^/]+/.exec(question.path)?.[0] ?? '';
        if (question.pluginData === asking || !names.has(name)) return undefined;
        const { path, errors } = await resolved(build, question);
        if (errors.length > 0) return { path: question.path, external: true };
        // An import takes a URL, which Windows paths are not; in CommonJS output only a dynamic one stays an import.
        const imported = question.kind === 'dynamic-import' || (question.kind === 'import-statement' && build.initialOptions.format === 'esm');
        return { path: imported ? pathToFileURL(path).href : path, external: true };
      });
    },
  };
}

/** Follows imports into packages that are linked from elsewhere, as those of a workspace are, and not into installed ones. */
export const linkedPackages: Plugin = {
  name: 'linked-packages',
  setup(build) {
    build.onResolve({ filter: /^[^./]/ }, async (question) => {
      if (question.pluginData === asking || question.kind === 'entry-point') return undefined;
      const { path, errors } = await resolved(build, question);
      return errors.length > 0 || !isAbsolute(path) || packageOf(path) !== undefined ? { path: question.path, external: true } : { path };
    });
  },
};

/** The package that a file belongs to; undefined outside `node_modules`. */
export function packageOf(file: string): string | undefined {
  return /.*[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)/.exec(sep + file)?.[1]?.replaceAll('\\', '/');
}

const places = ['__dirname', '__filename', 'import.meta.url', 'import.meta.dirname', 'import.meta.filename'];

/** Goes with `sourcePlaces`: names that a module's own place is read by. */
export const sourcePlaceNames: Readonly<Record<string, string>> = {
  '__dirname': '__source_folder',
  '__filename': '__source_file',
  'import.meta.url': '__source_url',
  'import.meta.dirname': '__source_folder',
  'import.meta.filename': '__source_file',
};

/**
 * A module that asks where it stands hears where its source stands (or `placeOf` says it does), not where the bundle
 * does: files beside the source are found, as they would be without bundling. Lines keep their numbers.
 */
export function sourcePlaces(placeOf: (file: string) => string): Plugin {
  return {
    name: 'source-places',
    setup(build) {
      build.onLoad({ filter: /\.[cm]?[jt]sx?$/, namespace: 'file' }, async ({ path }) => {
        const text = await readFile(path, 'utf8');
        if (!places.some((name) => text.includes(name))) return { contents: text, loader: loaderOf(path) };
        const place = placeOf(path);
        const declarations = `const __source_folder=${JSON.stringify(dirname(place))},__source_file=${JSON.stringify(place)},__source_url=${JSON.stringify(pathToFileURL(place).href)};`;
        // A first line for shells and directives must stay first.
        const head = /^(#!.*\r?\n)?(\s*(['"])use strict\3;?)?/.exec(text)?.[0] ?? '';
        const separator = head === '' || /[;\n]$/.test(head) ? '' : ';';
        return { contents: head + separator + declarations + text.slice(head.length), loader: loaderOf(path) };
      });
    },
  };
}

function resolved(build: PluginBuild, { path, importer, resolveDir, kind }: OnResolveArgs) {
  return build.resolve(path, { importer, resolveDir, kind, pluginData: asking });
}

function loaderOf(path: string): Loader {
  const extension = extname(path);
  if (extension === '.tsx' || extension === '.jsx') return extension.slice(1) as Loader;
  return extension.endsWith('ts') ? 'ts' : 'js';
}
