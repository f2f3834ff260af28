/** Deployment packages: zip archives read with their Unix permission bits and without surprises. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import { unzipSync } from 'fflate';
import { AwsFault } from '../contracts/faults.ts';

/** AWS's documented limit on the unzipped size of a deployment package (250 MB), in bytes. */
export const unzippedLimitBytes = 262_144_000;
/** Directory entries cost memory too: an archive with more is not a deployment package. */
const mostEntries = 200_000;

export interface ZipEntry {
  /** Relative, with `/` between its parts, never leaving its folder. */
  path: string;
  bytes: Uint8Array;
  executable: boolean;
}

/**
 * Reads all files of an archive. Sizes are judged by the directory before anything is inflated.
 * @throws AwsFault InvalidParameterValueException when it is not a zip, would leave its folder, holds links, or is larger
 * than `limitBytes` when unzipped
 */
export function readZip(zip: Uint8Array, limitBytes = unzippedLimitBytes): ZipEntry[] {
  const attributes = centralDirectory(zip);
  let total = 0;
  for (const [name, { size, isLink }] of attributes) {
    total += size;
    if (total > limitBytes) {
      throw invalid(`Unzipped size must be smaller than ${limitBytes} bytes`);
    }
    if (isLink || !staysInside(name)) throw unreadable();
  }
  let files: Record<string, Uint8Array>;
  try {
    files = unzipSync(zip, { filter: ({ name }) => !name.endsWith('/') });
  } catch (error) {
    throw unreadable(error);
  }
  return Object.entries(files).map(([name, bytes]) => {
    const stated = attributes.get(name);
    // fflate inflates no more than the stated size and checks nothing.
    if (!stated || stated.size !== bytes.length || stated.checksum !== crc32(bytes)) throw unreadable();
    return { path: normal(name), bytes, executable: stated.executable };
  });
}

/** Writes entries below `folder`, which must be new or empty. Executable files become executable where the system knows that. */
export function writeEntries(folder: string, entries: readonly ZipEntry[]): void {
  mkdirSync(folder, { recursive: true });
  const made = new Set<string>([folder]);
  for (const { path, bytes, executable } of entries) {
    const file = join(folder, ...path.split('/'));
    const parent = dirname(file);
    if (!made.has(parent)) {
      mkdirSync(parent, { recursive: true });
      made.add(parent);
    }
    writeFileSync(file, bytes);
    if (executable) chmodSync(file, 0o755);
  }
}

interface Attributes {
  size: number;
  /** CRC-32. */
  checksum: number;
  executable: boolean;
  isLink: boolean;
}

/**
 * Unix modes stand in the central directory only, which fflate does not hand out. Archives that need zip64 are larger
 * than AWS accepts.
 * (APPNOTE.TXT 4.3.12 and 4.3.16; "version made by" 3 in its upper byte means Unix.)
 */
function centralDirectory(zip: Uint8Array): Map<string, Attributes> {
  const view = new DataView(zip.buffer, zip.byteOffset, zip.byteLength);
  const end = endOfDirectory(view);
  const count = view.getUint16(end + 10, true);
  let at = view.getUint32(end + 16, true);
  const found = new Map<string, Attributes>();
  for (let index = 0; index < count; index += 1) {
    if (at + 46 > view.byteLength || view.getUint32(at, true) !== 0x02014b50 || index >= mostEntries) throw unreadable();
    const nameLength = view.getUint16(at + 28, true);
    const next = at + 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    if (next > view.byteLength) throw unreadable();
    const utf8 = (view.getUint16(at + 8, true) & 0x800) !== 0;
    const mode = view.getUint8(at + 5) === 3 ? view.getUint32(at + 38, true) >>> 16 : 0;
    const name = Buffer.from(zip.subarray(at + 46, at + 46 + nameLength)).toString(utf8 ? 'utf8' : 'latin1');
    found.set(name, {
      size: view.getUint32(at + 24, true),
      checksum: view.getUint32(at + 16, true),
      executable: (mode & 0o111) !== 0,
      isLink: (mode & 0o170000) === 0o120000,
    });
    at = next;
  }
  return found;
}

function endOfDirectory(view: DataView): number {
  const first = Math.max(0, view.byteLength - 22 - 65_535);
  for (let at = view.byteLength - 22; at >= first; at -= 1) {
    if (view.getUint32(at, true) === 0x06054b50) return at;
  }
  throw unreadable();
}

function staysInside(name: string): boolean {
  const path = normal(name);
  return path !== '' && !path.startsWith('/') && !/^[A-Za-z]:/.test(path) && !path.includes('\0') && !path.split('/').includes('..');
}

/** Some Windows tools write backslashes. */
function normal(name: string): string {
  return name.replaceAll('\\', '/').replace(/^(\.\/)+/, '');
}

function unreadable(cause?: unknown): AwsFault {
  return invalid('Could not unzip uploaded file. Please check your file, then try to upload again.', cause);
}

function invalid(message: string, cause?: unknown): AwsFault {
  return new AwsFault('InvalidParameterValueException', 400, message, cause === undefined ? {} : { cause });
}
