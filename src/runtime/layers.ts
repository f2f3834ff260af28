/**
 * Layers. AWS merges them into `/opt`; here each stays where it is, and its folders join the search paths of the
 * runtime instead. So code that names `/opt/…` literally does not find a layer's files.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Interpreter } from './interpreters.ts';

export interface LayerPaths {
  /** For `NODE_PATH`, in the order in which they are searched. */
  nodeModules: string[];
  /** For `PYTHONPATH`, in the order in which they are searched. */
  python: string[];
  /** For `PATH`. */
  bin: string[];
  /** For `LD_LIBRARY_PATH`. */
  lib: string[];
  /** Layer folders that do not exist. */
  missing: string[];
}

/**
 * Where the content of layers is searched. `layers` are absolute folders in merge order: a later layer's files win over
 * an earlier one's, so it comes first in every path.
 */
export function layerPaths(layers: readonly string[], interpreter: Pick<Interpreter, 'version'> | undefined): LayerPaths {
  const paths: LayerPaths = { nodeModules: [], python: [], bin: [], lib: [], missing: [] };
  const [major = '', minor = ''] = (interpreter?.version ?? '').split('.');
  for (const layer of layers.toReversed()) {
    if (!existsSync(layer)) {
      paths.missing.push(layer);
      continue;
    }
    const add = (to: string[], ...parts: string[]): void => {
      const folder = join(layer, ...parts);
      if (existsSync(folder)) to.push(folder);
    };
    add(paths.nodeModules, 'nodejs', `node${major}`, 'node_modules');
    add(paths.nodeModules, 'nodejs', 'node_modules');
    add(paths.python, 'python');
    add(paths.python, 'python', 'lib', `python${major}.${minor}`, 'site-packages');
    add(paths.bin, 'bin');
    add(paths.lib, 'lib');
  }
  return paths;
}
