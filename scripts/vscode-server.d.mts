export interface VsCodeServer {
  port: number;
  authority: string;
  origin: string;
  profile: string;
  pid: number;
  stop(): Promise<void>;
  log(): string;
}
export function ensureServer(): string;
export function freePort(): Promise<number>;
export function startServer(options?: {
  settings?: Record<string, unknown>;
  port?: number;
  env?: Record<string, string>;
  keepProfile?: boolean;
  profile?: string;
  install?: readonly string[];
}): Promise<VsCodeServer>;
export function workbenchUrl(server: VsCodeServer, place: {
  folder?: string;
  workspace?: string;
  extension?: string;
  tests?: string;
  openFile?: string;
}): string;
