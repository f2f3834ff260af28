/** What a code folder consists of when it is deployed: its files, their hash, and what is left out. */
import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { readFile, readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { FunctionConfiguration } from '../contracts/functions.ts';

export interface CodeFile {
  /** Relative, with `/` between its parts. */
  path: string;
  /** Absolute. */
  source: string;
  size: number;
  mtimeMs: number;
  executable: boolean;
}

export interface CodeListing {
  /** Sorted by path. */
  files: CodeFile[];
  /** Sum of all sizes, bytes. */
  bytes: number;
  /** Relative paths of folders that are not part of the code. */
  leftOut: string[];
}

/** Tools' own state and the output of other tools: never part of a function. */
const foreignFolders = new Set([
  '.git', '.hg', '.svn', '.aws-sam', '.serverless', 'cdk.out', '__pycache__', '.pytest_cache', '.mypy_cache', '.ruff_cache',
  '.vscode', '.idea', '.local-lambda', '.nyc_output',
]);
/** These are worth a word when they are left out, because the function may need them. */
const worthNaming = (name: string, isEnvironment: boolean): boolean => isEnvironment || name === 'node_modules';

/**
 * All files below `folder` that belong to the function, links followed.
 * @param withPackages false leaves `node_modules` out (a bundle holds what it needs of them)
 */
export async function listCode(folder: string, withPackages: boolean): Promise<CodeListing> {
  const listing: CodeListing = { files: [], bytes: 0, leftOut: [] };
  await walk(folder, '', withPackages, [await realpath(folder)], listing);
  listing.files.sort((a, b) => (a.path < b.path ? -1 : 1));
  return listing;
}

async function walk(folder: string, prefix: string, withPackages: boolean, above: readonly string[], listing: CodeListing): Promise<void> {
  for (const { name } of await readdir(folder, { withFileTypes: true })) {
    const source = join(folder, name);
    const path = prefix + name;
    const found = await stat(source).catch(() => undefined);
    // A link that leads nowhere.
    if (!found) continue;
    if (found.isFile()) {
      if (name === '.DS_Store') continue;
      listing.files.push({ path, source, size: found.size, mtimeMs: found.mtimeMs, executable: (found.mode & 0o111) !== 0 });
      listing.bytes += found.size;
    } else if (found.isDirectory()) {
      const isEnvironment = existsSync(join(source, 'pyvenv.cfg'));
      const isCache = name === '.cache' && prefix.endsWith('node_modules/');
      if (isEnvironment || isCache || foreignFolders.has(name) || (name === 'node_modules' && !withPackages)) {
        if (worthNaming(name, isEnvironment)) listing.leftOut.push(path);
        continue;
      }
      const real = await realpath(source);
      // A link to a folder that it stands in would never end.
      if (!above.includes(real)) await walk(source, `${path}/`, withPackages, [...above, real], listing);
    }
  }
}

/** Why there is no code to use, in one sentence; undefined when there is a folder, or inline code. */
export function missingCode({ functionName, code: { folder, inline } }: FunctionConfiguration): string | undefined {
  if (inline !== undefined) return undefined;
  const found = statSync(folder, { throwIfNoEntry: false });
  if (!found) return `The code folder ${folder} of ${functionName} does not exist: correct CodeUri in the template.`;
  if (found.isDirectory()) return undefined;
  return `The code of ${functionName} is the archive ${folder}: point CodeUri at the folder that the archive is made from.`;
}

/** Hashes files once per content: unchanged ones (same size and time) are not read again. */
export class CodeHasher {
  readonly #known = new Map<string, { stamp: string; digest: string }>();

  /** Base64 SHA-256 over paths, sizes and times: for more than anybody wants to read. */
  outline({ files }: CodeListing): string {
    return createHash('sha256').update(JSON.stringify(files.map(({ path, size, mtimeMs }) => [path, size, mtimeMs]))).digest('base64');
  }

  /** Base64 SHA-256 over paths, permissions and contents. */
  async hash(listing: CodeListing): Promise<string> {
    const whole = createHash('sha256');
    for (const file of listing.files) {
      const stamp = `${file.mtimeMs}:${file.size}`;
      let known = this.#known.get(file.source);
      if (known?.stamp !== stamp) {
        known = { stamp, digest: createHash('sha256').update(await readFile(file.source)).digest('hex') };
        this.#known.set(file.source, known);
      }
      whole.update(`${file.path}\0${file.executable ? 'x' : '-'}\0${known.digest}\n`);
    }
    return whole.digest('base64');
  }
}
