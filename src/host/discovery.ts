/** The file by which clients find a running engine. */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { EngineInfo } from '../protocol/engine.ts';

export interface Discovery extends EngineInfo {
  /** Unix socket path or Windows named pipe. */
  socket: string;
  /** Must be shown in `initialize`. */
  secret: string;
}

export function writeDiscovery(file: string, discovery: Discovery): void {
  const partial = `${file}.${process.pid}`;
  writeFileSync(partial, JSON.stringify(discovery, undefined, 2), { mode: 0o600 });
  renameSync(partial, file);
}

/** Undefined when there is none, or one that cannot be read (another version wrote it, or it is being replaced). */
export function readDiscovery(file: string): Discovery | undefined {
  try {
    const parsed = JSON.parse(readFileSync(file, 'utf8')) as Partial<Discovery>;
    return typeof parsed.socket === 'string' && typeof parsed.secret === 'string' && typeof parsed.pid === 'number'
      ? (parsed as Discovery)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Removes the file when it is still ours. */
export function removeDiscovery(file: string, pid: number): void {
  if (readDiscovery(file)?.pid === pid) rmSync(file, { force: true });
}
