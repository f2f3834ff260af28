/**
 * Copies of code that nothing changes any more, for published versions and for functions made from a zip.
 *
 * `code/<id>/code` in the data folder holds the files, `code/<id>/zip.json` what is told of the zip they came in. Packages
 * and virtual environments that stand outside the code folder, or are too large or too tied to their place to be copied, are
 * linked beside it and named in `leftOut`.
 */
import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, readdir, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { dirname, extname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { AwsFault, UserError } from '../contracts/faults.ts';
import type { RunnableFunction } from '../contracts/functions.ts';
import type { Logger } from '../contracts/logger.ts';
import type { CodeStore, FrozenCode } from '../contracts/runner.ts';
import type { EngineSettings } from '../contracts/settings.ts';
import { CodeHasher, listCode, missingCode, type CodeListing } from './code-folder.ts';
import { HandlerBundle, isTypeScript, moduleGraph } from './esbuild-bundle.ts';
import { SharedLooks } from './shared-looks.ts';
import { readZip, unzippedLimitBytes, writeEntries } from './zip.ts';

export interface CodeStoreOptions {
  dataFolder: string;
  logger: Logger;
  /** Names the Python environments of workspace folders, which copies go on using. */
  settings: () => EngineSettings;
}

/** What an interrupted copy left is removed after this long, in milliseconds. */
const stagingLife = 3_600_000;
const stagingPrefix = 'staging-';
const zipFile = 'zip.json';

export function createCodeStore(options: CodeStoreOptions): CodeStore {
  return new FolderCodeStore(options);
}

interface Description {
  sha256: string;
  size: number;
}

/** A folder that a copy uses where it stands. */
interface Link {
  /** Relative to `code/<id>`. */
  at: string;
  target: string;
}

class FolderCodeStore implements CodeStore {
  readonly #options: CodeStoreOptions;
  readonly #root: string;
  readonly #hasher = new CodeHasher();
  /** By code folder. */
  readonly #zips = new Map<string, Description>();
  readonly #looks = new SharedLooks<Description>();

  constructor(options: CodeStoreOptions) {
    this.#options = options;
    this.#root = join(options.dataFolder, 'code');
  }

  async unpack(zip: Uint8Array): Promise<FrozenCode> {
    const entries = readZip(zip);
    const digest = createHash('sha256').update(zip).digest();
    const description: Description = { sha256: digest.toString('base64'), size: zip.length };
    const folder = await this.#keep(digest.toString('hex').slice(0, 32), async (staging) => {
      writeEntries(join(staging, 'code'), entries);
      await writeFile(join(staging, zipFile), JSON.stringify(description));
    });
    return { folder, ...description, leftOut: [] };
  }

  async describe(fn: RunnableFunction): Promise<Description> {
    const { folder, inline } = fn.configuration.code;
    if (inline !== undefined) return describeInline(inline);
    const zip = leaves(this.#root, folder) ? undefined : await this.#zipOf(folder);
    if (zip) return zip;
    // What cannot be deployed has a configuration all the same, which people and tools read.
    if (missingCode(fn.configuration) !== undefined) return { sha256: createHash('sha256').digest('base64'), size: 0 };
    // Those who list functions ask for many of one folder.
    return this.#looks.at(`${withPackages(fn)} ${folder}`, () => this.#look(fn));
  }

  async #look(fn: RunnableFunction): Promise<Description> {
    const listing = await this.#list(fn);
    const sha256 = listing.bytes > unzippedLimitBytes ? this.#hasher.outline(listing) : await this.#hasher.hash(listing);
    return { sha256, size: listing.bytes };
  }

  async freeze(fn: RunnableFunction): Promise<FrozenCode> {
    const { configuration } = fn;
    if (configuration.code.inline !== undefined) return this.#freezeInline(fn, configuration.code.inline);
    const missing = missingCode(configuration);
    if (missing !== undefined) throw new UserError(missing);
    const listing = await this.#list(fn);
    if (listing.bytes > unzippedLimitBytes) {
      throw new AwsFault('InvalidParameterValueException', 400, `Unzipped size must be smaller than ${unzippedLimitBytes} bytes`);
    }
    const sha256 = await this.#hasher.hash(listing);
    const links = this.#links(fn, listing);
    const entry = configuration.code.handlerFile;
    const bundled = entry !== undefined && await needsBundle(entry, configuration.code.folder);
    const handlerPath = entry === undefined ? undefined : relative(configuration.code.folder, entry);
    // Links and the handler are part of what a copy is, though not of AWS's hash.
    const id = createHash('sha256').update(JSON.stringify([sha256, links, bundled ? entry : ''])).digest('hex').slice(0, 32);
    let bundle: string | undefined;
    const folder = await this.#keep(id, async (staging) => {
      await copyListing(listing, join(staging, 'code'));
      for (const { at, target } of links) {
        await mkdir(dirname(join(staging, at)), { recursive: true });
        // A junction needs no privilege on Windows; elsewhere the type is ignored.
        await symlink(target, join(staging, at), 'junction');
      }
      if (bundled) await build(fn, entry, join(staging, 'code', bundleFolder), join(this.#root, id, 'code'));
    });
    if (bundled) bundle = (await readdir(join(folder, bundleFolder))).find((name) => /\.[mc]js$/.test(name));
    return {
      folder,
      sha256,
      size: listing.bytes,
      ...(bundle !== undefined ? { handlerFile: join(folder, bundleFolder, bundle) }
        : handlerPath !== undefined ? { handlerFile: join(folder, handlerPath) } : {}),
      ...(configuration.code.handlerExport === undefined ? {} : { handlerExport: configuration.code.handlerExport }),
      leftOut: links.map(({ target }) => `${target} is not copied: this version uses it where it stands.`),
    };
  }

  async collect(foldersInUse: ReadonlySet<string>): Promise<void> {
    for (const name of await readdir(this.#root).catch(() => [])) {
      const place = join(this.#root, name);
      if (name.startsWith(stagingPrefix)) {
        const found = await stat(place).catch(() => undefined);
        if (!found || Date.now() - found.mtimeMs < stagingLife) continue;
      } else if (foldersInUse.has(join(place, 'code'))) {
        continue;
      }
      this.#options.logger.debug(`Removing ${place}, which no function uses any more.`);
      await rm(place, { recursive: true, force: true, maxRetries: 3 });
    }
  }

  /** The zip that a folder of this store was unpacked from; undefined when it was copied from elsewhere. */
  async #zipOf(folder: string): Promise<Description | undefined> {
    const known = this.#zips.get(folder);
    if (known) return known;
    try {
      const found = JSON.parse(await readFile(join(dirname(folder), zipFile), 'utf8')) as Description;
      this.#zips.set(folder, found);
      return found;
    } catch {
      return undefined;
    }
  }

  /** TypeScript is bundled, so its packages are not copied; packages too large to be deployed are linked. */
  async #list(fn: RunnableFunction): Promise<CodeListing> {
    const { folder } = fn.configuration.code;
    const whole = withPackages(fn);
    const listing = await listCode(folder, whole);
    return listing.bytes > unzippedLimitBytes && whole ? listCode(folder, false) : listing;
  }

  #links(fn: RunnableFunction, listing: CodeListing): Link[] {
    const { runtime, code: { folder } } = fn.configuration;
    const inside = listing.leftOut.map((path) => ({ at: join('code', path), target: join(folder, path) }));
    const top = fn.origin.folder ?? folder;
    if (runtime.startsWith('python')) {
      if (inside.some(({ at }) => !at.endsWith('node_modules'))) return inside;
      const environment = ['.venv', 'venv', 'env'].map((name) => nearest(folder, top, name, 'pyvenv.cfg')).find((path) => path !== undefined)
        ?? chosenEnvironment(this.#options.settings(), top);
      return environment === undefined ? inside : [...inside, { at: join('code', '.venv'), target: environment }];
    }
    const packages = nearest(dirname(folder), top, 'node_modules', '');
    return packages === undefined || folder === top ? inside : [...inside, { at: 'node_modules', target: packages }];
  }

  async #freezeInline(fn: RunnableFunction, text: string): Promise<FrozenCode> {
    const { runtime, handler } = fn.configuration;
    const name = `${handler.split('.')[0] || 'index'}${runtime.startsWith('python') ? '.py' : '.js'}`;
    const described = describeInline(text);
    const id = createHash('sha256').update(`${name}\0${text}`).digest('hex').slice(0, 32);
    const folder = await this.#keep(id, async (staging) => {
      const file = join(staging, 'code', name);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, text);
    });
    return { folder, ...described, leftOut: [] };
  }

  /** Fills a folder aside and puts it in place whole, so that a copy is either there or not. */
  async #keep(id: string, fill: (staging: string) => Promise<void>): Promise<string> {
    const place = join(this.#root, id);
    const folder = join(place, 'code');
    if (existsSync(folder)) return folder;
    const staging = join(this.#root, `${stagingPrefix}${randomUUID()}`);
    await mkdir(join(staging, 'code'), { recursive: true });
    try {
      await fill(staging);
      await rename(staging, place);
    } catch (error) {
      await rm(staging, { recursive: true, force: true });
      // Somebody else has just kept the same content.
      if (!existsSync(folder)) throw error;
    }
    return folder;
  }
}

/** Inside a copy: where the bundle of a TypeScript handler stands. */
const bundleFolder = '.bundle';

function withPackages({ configuration: { code: { handlerFile } } }: RunnableFunction): boolean {
  return handlerFile === undefined || !isTypeScript(handlerFile);
}

function describeInline(text: string): Description {
  return { sha256: createHash('sha256').update(text).digest('base64'), size: Buffer.byteLength(text) };
}

/** TypeScript, and JavaScript that imports files from outside its code folder. */
async function needsBundle(entry: string, folder: string): Promise<boolean> {
  if (isTypeScript(entry)) return true;
  if (!/^\.[cm]?js$/.test(extname(entry))) return false;
  const graph = await moduleGraph(entry);
  return graph !== undefined
    && (graph.needsBundle || graph.files.some((file) => leaves(folder, file) && !file.includes(`${sep}node_modules${sep}`)));
}

/** `home` is where the copied code folder will stand. */
async function build(fn: RunnableFunction, entry: string, output: string, home: string): Promise<void> {
  const { functionName, code: { folder } } = fn.configuration;
  const bundle = new HandlerBundle(entry, output, (file) => (leaves(folder, file) ? file : join(home, relative(folder, file))));
  try {
    const result = await bundle.build();
    if (result.kind === 'built') await mapToCopies(`${result.file}.map`, output, home, folder);
    if (result.kind === 'failed') throw new UserError(`${functionName} cannot be published because it does not build: ${result.details.join('; ')}`);
  } finally {
    await bundle.dispose();
  }
}

/** A source map whose sources inside the code folder are the copies beside the bundle, which stay as they are. */
async function mapToCopies(file: string, output: string, home: string, folder: string): Promise<void> {
  const map = JSON.parse(await readFile(file, 'utf8')) as { sources: string[] };
  const bundle = join(home, bundleFolder);
  map.sources = map.sources.map((source) => {
    const absolute = resolve(output, source);
    const place = leaves(folder, absolute) ? absolute : join(home, relative(folder, absolute));
    return relative(bundle, place).replaceAll(sep, '/');
  });
  await writeFile(file, JSON.stringify(map));
}

async function copyListing(listing: CodeListing, target: string): Promise<void> {
  const made = new Set<string>();
  for (const file of listing.files) {
    const copy = join(target, ...file.path.split('/'));
    const parent = dirname(copy);
    if (!made.has(parent)) {
      await mkdir(parent, { recursive: true });
      made.add(parent);
    }
    await copyFile(file.source, copy);
    await utimes(copy, new Date(), file.mtimeMs / 1000);
  }
}

/** The folder `name` (holding `mark`, when given) in `from` or the nearest folder above it, up to `top`. */
function nearest(from: string, top: string, name: string, mark: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, name);
    if (!leaves(top, folder) && existsSync(join(candidate, mark))) return candidate;
    if (folder === top || folder === dirname(folder)) return undefined;
  }
}

function chosenEnvironment(settings: EngineSettings, workspaceFolder: string): string | undefined {
  const interpreter = settings.pythonInterpreters[workspaceFolder];
  if (interpreter === undefined) return undefined;
  const environment = dirname(dirname(interpreter));
  return existsSync(join(environment, 'pyvenv.cfg')) ? environment : undefined;
}

function leaves(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way.startsWith('..') || isAbsolute(way);
}
