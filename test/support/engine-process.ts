/** `local-lambda start` as a user would run it, on a temporary workspace: for tests that need the whole engine. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { EndpointInfo } from '../../src/protocol/engine.ts';

export const projectRoot = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '');

export interface EngineProcess {
  info: EndpointInfo;
  workspace: string;
  data: string;
  child: ChildProcess;
  /** What it wrote to stderr so far. */
  log(): string;
  /** SIGTERM; resolves with the exit code. Removes the folders unless told to keep them. */
  stop(options?: { keep?: boolean }): Promise<number | null>;
}

export interface EngineProcessOptions {
  /** Files to write, by path relative to the workspace. */
  files?: Record<string, string>;
  /** A folder to copy as the workspace. */
  copyOf?: string;
  workspace?: string;
  data?: string;
  parameters?: string[];
  /** The sources as if they were of this version, in place of what was built. */
  sourcesOf?: string;
}

/** The bundled CLI when it has been built, else the sources. */
export function cliEntry(): string {
  const built = join(projectRoot, 'dist', 'cli.js');
  return existsSync(built) ? built : join(projectRoot, 'src', 'cli.ts');
}

export async function startEngineProcess(options: EngineProcessOptions = {}): Promise<EngineProcess> {
  const scratch = realpathSync(mkdtempSync(join(tmpdir(), 'local-lambda-engine-')));
  const workspace = options.workspace ?? join(scratch, 'workspace');
  const data = options.data ?? join(scratch, 'data');
  mkdirSync(workspace, { recursive: true });
  if (options.copyOf) cpSync(options.copyOf, workspace, { recursive: true });
  for (const [path, text] of Object.entries(options.files ?? {})) {
    mkdirSync(dirname(join(workspace, path)), { recursive: true });
    writeFileSync(join(workspace, path), text);
  }
  const child = spawn(
    process.execPath,
    [options.sourcesOf === undefined ? cliEntry() : join(projectRoot, 'src', 'cli.ts'), 'start', '--workspace', workspace, '--data', data, ...(options.parameters ?? [])],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...(options.sourcesOf === undefined ? {} : { LOCAL_LAMBDA_VERSION: options.sourcesOf }) } },
  );
  let log = '';
  child.stderr.on('data', (chunk) => { log = (log + String(chunk)).slice(-100_000); });
  const lines = createInterface({ input: child.stdout });
  const line = await Promise.race([
    once(lines, 'line').then(([text]) => text as string),
    once(child, 'exit').then(([code]) => { throw new Error(`local-lambda start ended with ${code}:\n${log}`); }),
  ]);
  return {
    info: JSON.parse(line) as EndpointInfo,
    workspace,
    data,
    child,
    log: () => log,
    async stop({ keep = false } = {}) {
      if (child.exitCode === null && child.signalCode === null) {
        const exited = once(child, 'exit');
        child.kill('SIGTERM');
        await exited;
      }
      if (!keep) rmSync(scratch, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
      return child.exitCode;
    },
  };
}
