/** CDK output: where the assets of a synthesised template stand. */
import { readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { isFile } from './handler-resolution.ts';
import { member, scalarText } from './nodes.ts';
import type { TemplateNode } from './nodes.ts';

interface AssetManifest {
  files?: Record<string, { source?: { path?: string } }>;
}

/** A cloud assembly is a folder with a file named `cdk.out` in it; the root one usually has that name too. */
export function isCdkTemplate(file: string): boolean {
  if (!file.endsWith('.template.json')) return false;
  const folder = dirname(file);
  return basename(folder) === 'cdk.out' || isFile(join(folder, 'cdk.out'));
}

/** Nested stacks stand in the assembly as files of their own; their parameters come from the parent stack. */
export function isNestedCdkTemplate(file: string): boolean {
  return file.endsWith('.nested.template.json');
}

/** Assets of one synthesised template; the manifest beside it is read once, when first needed. */
export class CdkAssets {
  readonly #file: string;
  readonly #onManifest: (file: string) => void;
  #manifest: AssetManifest | undefined;

  /** `onManifest` hears which manifest was read, so that it can be watched. */
  constructor(file: string, onManifest: (file: string) => void) {
    this.#file = file;
    this.#onManifest = onManifest;
  }

  /**
   * Absolute path of the asset that holds a resource's code: `aws:asset:path` of its metadata, else the entry of the
   * assets manifest that `S3Key` names. Undefined when neither says.
   */
  path(resource: TemplateNode, s3Key: string | undefined): string | undefined {
    const named = scalarText(member(member(resource, 'Metadata'), 'aws:asset:path'));
    if (named !== undefined) return resolve(dirname(this.#file), named);
    const hash = s3Key === undefined ? undefined : /([0-9a-f]{64})(?:\.\w+)?$/.exec(s3Key)?.[1];
    const source = hash === undefined ? undefined : this.#assets().files?.[hash]?.source?.path;
    return source === undefined ? undefined : resolve(dirname(this.#file), source);
  }

  #assets(): AssetManifest {
    if (this.#manifest !== undefined) return this.#manifest;
    const manifest = this.#file.replace(/(\.nested)?\.template\.json$/, '.assets.json');
    this.#manifest = {};
    if (isFile(manifest)) {
      this.#onManifest(manifest);
      try {
        this.#manifest = JSON.parse(readFileSync(manifest, 'utf8')) as AssetManifest;
      } catch {
        // A manifest that is being written has no assets yet; the next read finds them, and functions say what they miss.
        this.#manifest = {};
      }
    }
    return this.#manifest;
  }
}
