/** Where the code and the layers of a function in a template stand on disk. */
import { dirname, extname, isAbsolute, relative, resolve } from 'node:path';
import type { CdkAssets } from './cdk.ts';
import { isFile, isFolder } from './handler-resolution.ts';
import { textOf } from './intrinsics.ts';
import { record } from './function-properties.ts';
import type { TemplateNode } from './nodes.ts';

export interface CodeLocation {
  /** Absolute path; exists, and is a folder, unless `problem` says otherwise. */
  folder: string;
  inline?: string;
  /** False when the code stands nowhere on this machine, so that no handler file can be found. */
  local: boolean;
  problem?: { severity: 'warning' | 'information'; message: string };
}

export interface CodeQuery {
  /** Absolute path of the folder that holds the template. */
  templateFolder: string;
  /** Absolute path of the workspace folder. */
  root: string;
  /** Resolved value of `CodeUri`, `ContentUri`, `Code` or `Content`. */
  value: unknown;
  /** AWS's name of that property, for messages. */
  property: string;
  resource: TemplateNode;
  /** Given for CDK output. */
  assets?: CdkAssets;
}

const archives = new Set(['.zip', '.jar', '.war']);

/** A function or layer whose template names no code has its code beside the template, as SAM CLI sees it. */
export function locateCode(query: CodeQuery): CodeLocation {
  const { templateFolder, value, property } = query;
  const parts = record(value);
  const inline = textOf(parts['ZipFile']);
  if (inline !== undefined) return { folder: templateFolder, inline, local: true };
  const asset = query.assets?.path(query.resource, textOf(parts['S3Key'] ?? parts['Key']));
  if (asset !== undefined) return localFolder(query, asset);
  if (parts['ImageUri'] !== undefined) return { folder: templateFolder, local: false };
  const path = typeof value === 'string' ? value : undefined;
  if (path?.startsWith('s3://') || parts['S3Key'] !== undefined || parts['Key'] !== undefined) {
    return {
      folder: templateFolder,
      local: false,
      problem: { severity: 'warning', message: `${property} names code in S3, which is not on this machine: point it at a folder to run this function.` },
    };
  }
  return localFolder(query, resolve(templateFolder, path ?? '.'));
}

function localFolder(query: CodeQuery, path: string): CodeLocation {
  if (isFolder(path)) return { folder: path, local: true };
  const shown = shownPath(path, query.root);
  if (!isFile(path)) {
    return { folder: path, local: false, problem: { severity: 'warning', message: `${query.property} names ${shown}, which does not exist: create it, build it, or correct the path.` } };
  }
  if (!archives.has(extname(path).toLowerCase())) return { folder: dirname(path), local: true };
  return {
    folder: path,
    local: false,
    problem: { severity: 'warning', message: `${query.property} names the archive ${shown}: point it at the folder that the archive is made from.` },
  };
}

/** Relative to the workspace folder with forward slashes; absolute when outside of it. */
export function shownPath(path: string, root: string): string {
  const inside = relative(root, path);
  return inside === '' ? '.' : inside.startsWith('..') || isAbsolute(inside) ? path : inside.replaceAll('\\', '/');
}
