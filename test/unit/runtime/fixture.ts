/** Functions on disk and a runner over them, for the tests of this room. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { randomUUID } from 'node:crypto';
import type { Cancellation } from '../../../src/contracts/cancellation.ts';
import { defaultSettings } from '../../../src/contracts/default-settings.ts';
import type { FunctionConfiguration, RunnableFunction } from '../../../src/contracts/functions.ts';
import type { Logger } from '../../../src/contracts/logger.ts';
import type { FunctionRunner, InitFailure, RunResult } from '../../../src/contracts/runner.ts';
import type { EngineSettings } from '../../../src/contracts/settings.ts';
import { createCodePreparer } from '../../../src/runtime/code-preparer.ts';
import { createFunctionRunner } from '../../../src/runtime/function-runner.ts';
import type { CodePreparer } from '../../../src/runtime/prepared-code.ts';

export const source = fileURLToPath(new URL('../../../src', import.meta.url));

/** Keeps what went wrong, so that a test can look at it. */
export class KeptLogger implements Logger {
  readonly problems: string[] = [];
  debug(): void {}
  info(): void {}
  warn(message: string): void { this.problems.push(message); }
  error(message: string, error?: unknown): void { this.problems.push(`${message} ${error instanceof Error ? error.stack ?? '' : ''}`); }
}

/** A folder whose name holds a space and letters beyond ASCII, removed by `dispose`. */
export class Place {
  readonly root = realpathSync(mkdtempSync(join(tmpdir(), 'local lambda ä ')));

  write(path: string, text: string | Uint8Array, mode?: number): string {
    const file = join(this.root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text, mode === undefined ? {} : { mode });
    return file;
  }

  path(...parts: string[]): string {
    return join(this.root, ...parts);
  }

  dispose(): void {
    rmSync(this.root, { recursive: true, force: true, maxRetries: 5 });
  }
}

export type Changes = Partial<Omit<FunctionConfiguration, 'code'>> & { code?: Partial<FunctionConfiguration['code']>; version?: string };

/** A function whose code folder is `<place>/<name>`. */
export function functionIn(place: Place, name: string, changes: Changes = {}): RunnableFunction {
  const { code, version, ...rest } = changes;
  return {
    configuration: {
      functionName: name, description: '', runtime: 'nodejs24.x', handler: 'index.handler', role: '', timeout: 10, memorySize: 256,
      environment: {}, layers: [], unresolvedLayers: [], architectures: ['x86_64'], ephemeralStorage: 512, packageType: 'Zip',
      tracing: 'PassThrough', loggingConfig: { logFormat: 'Text', logGroup: `/aws/lambda/${name}` },
      code: { folder: place.path(name), ...code },
      ...rest,
    },
    version: version ?? '$LATEST',
    functionArn: `arn:aws:lambda:us-east-1:123456789012:function:${name}`,
    revisionId: randomUUID(),
    origin: { kind: 'sam', folder: place.root },
  };
}

export interface Workbench {
  place: Place;
  preparer: CodePreparer;
  runner: FunctionRunner;
  logger: KeptLogger;
  settings: EngineSettings;
  call(fn: RunnableFunction, event?: unknown, more?: { cancellation?: Cancellation; onLog?: (text: string) => void; onStart?: (pid: number) => void; onInitFailed?: (failure: InitFailure) => void }): Promise<RunResult>;
  close(): Promise<void>;
}

/** A preparer and a runner with a data folder of their own. */
export function openWorkbench(options: { settings?: Partial<EngineSettings>; maxProcesses?: number; idleMilliseconds?: () => number; initLimitMilliseconds?: number } = {}): Workbench {
  const place = new Place();
  const logger = new KeptLogger();
  const settings: EngineSettings = { ...defaultSettings, ...options.settings };
  const endpoint = { endpoint: 'http://127.0.0.1:9', region: 'eu-central-1', accountId: '123456789012', accessKeyId: 'LOCALKEY', secretAccessKey: 'local-secret' };
  const bootstrapFolder = join(source, 'runtime', 'bootstraps');
  const preparer = createCodePreparer({
    dataFolder: place.path('.data'), logger, settings: () => settings, endpoint: () => endpoint,
    workspaceFolders: () => [place.root], realAws: () => Promise.resolve(undefined), bootstrapFolder, engineNode: process.execPath,
  });
  const runner = createFunctionRunner({
    preparer, logger, nodeBinary: process.execPath, supervisorEntry: join(source, 'runtime', 'supervisor.ts'), bootstrapFolder,
    maxProcesses: () => options.maxProcesses ?? 16,
    idleMilliseconds: options.idleMilliseconds ?? (() => 60_000),
    enforceMemory: () => settings.enforceMemory,
    ...(options.initLimitMilliseconds === undefined ? {} : { initLimitMilliseconds: options.initLimitMilliseconds }),
  });
  return {
    place, preparer, runner, logger, settings,
    call: (fn, event = {}, more = {}) => runner.run(
      {
        function: fn, requestId: randomUUID(), invokedFunctionArn: fn.functionArn, traceId: 'Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0',
        payload: Buffer.from(JSON.stringify(event)),
      },
      { onStart: ({ pid }) => more.onStart?.(pid), onLog: ({ text }) => more.onLog?.(text), onInitFailed: (failure) => more.onInitFailed?.(failure) },
      more.cancellation,
    ),
    async close() {
      await runner.close();
      await preparer.close();
      place.dispose();
    },
  };
}

/** The answer as a value. @throws when there is none */
export function answerOf({ outcome }: RunResult): unknown {
  if (outcome.kind === 'response') return JSON.parse(Buffer.from(outcome.payload).toString());
  const payload = 'payload' in outcome ? Buffer.from(outcome.payload).toString() : '';
  throw new Error(`No response but ${JSON.stringify(outcome.kind)} ${payload} ${JSON.stringify('message' in outcome ? outcome.message : '')}`);
}

/** Waits for a condition that no event tells, at most ten seconds. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  for (let tries = 0; !condition(); tries += 1) {
    if (tries > 1000) throw new Error(`Never happened: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
