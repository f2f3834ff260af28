/** `local-lambda start` and `local-lambda env`: the engine without an editor. */
import { statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { UserError } from './contracts/faults.ts';
import { dataFolderFor } from './host/data-folder.ts';
import type { Discovery } from './host/discovery.ts';
import { findEngine, isNewEnough, joinEngine } from './host/engine-connection.ts';
import { EngineLogger, stderrSink } from './host/engine-logger.ts';
import { readWorkspaceSettings } from './host/engine-settings.ts';
import { version } from './host/shipped-files.ts';
import type { EndpointInfo } from './protocol/engine.ts';

const usage = `Usage:
  local-lambda start [--workspace DIR] [--port N] [--data DIR] [--no-sign]
      Runs the engine for a workspace (default: the current folder) until it is interrupted. When it is ready it prints
      one JSON line: endpoint, region, accountId, accessKeyId, secretAccessKey, token.
      --port N      port of the endpoint (default: the one of the last run)
      --data DIR    data folder (default: one per workspace in the user's data directory)
      --no-sign     accept requests without a valid signature
  local-lambda env [--workspace DIR] [--data DIR]
      Prints shell exports for the engine that runs for the workspace, for example: eval "$(local-lambda env)"
  local-lambda --version | --help
`;

/** An engine that leaves, or has just begun, has so many milliseconds. */
const takeOverLimit = 15_000;

async function main(): Promise<number> {
  const [command, ...rest] = process.argv.slice(2);
  if (command === '--version') {
    process.stdout.write(`${version}\n`);
    return 0;
  }
  if (command === '--help' || command === '-h' || command === 'help') {
    process.stdout.write(usage);
    return 0;
  }
  if (!isNewEnough(process.versions.node)) {
    throw new UserError(`local-lambda needs Node 22.13 or newer and this is ${process.versions.node}: run it with a newer Node.`);
  }
  if (command === 'start') return start(rest);
  if (command === 'env') return env(rest);
  process.stderr.write(command === undefined ? usage : `local-lambda has no command "${command}".\n\n${usage}`);
  return 2;
}

async function start(parameters: string[]): Promise<number> {
  const { values } = parse(parameters, {
    workspace: { type: 'string' }, port: { type: 'string' }, data: { type: 'string' }, 'no-sign': { type: 'boolean' },
  });
  const workspace = folder(values['workspace']);
  const port = values['port'] === undefined ? undefined : portNumber(values['port'] as string);
  const dataFolder = values['data'] === undefined ? dataFolderFor([workspace]) : resolve(values['data'] as string);
  const logger = new EngineLogger();
  logger.addSink(stderrSink());
  process.on('uncaughtException', (error) => logger.error('An unexpected error in the engine.', error));
  process.on('unhandledRejection', (reason) => logger.error('An unexpected rejection in the engine.', reason));

  const settings = readWorkspaceSettings([workspace], (message) => logger.warn(message));
  const { startEngine } = await import('./engine.ts');
  const stopped = Promise.withResolvers<number>();
  // Until there is something to stop, the process may just end.
  let stop = async (): Promise<void> => stopped.resolve(0);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => void stop().catch((error: unknown) => {
      logger.error('The engine did not stop cleanly.', error);
      stopped.resolve(1);
    }));
  }
  const deadline = performance.now() + takeOverLimit;
  while (performance.now() < deadline) {
    const engine = await startEngine({
      dataFolder,
      folders: [workspace],
      settings,
      trusted: true,
      ...(port === undefined ? {} : { port }),
      ...(values['no-sign'] === true ? { requireSignatures: false } : {}),
      endWithClients: false,
      logger,
      onEnded: () => stopped.resolve(0),
    });
    if (engine) {
      // `onEnded` follows, when its sockets are closed too.
      stop = () => engine.close();
      announce(engine.info);
      return stopped.promise;
    }
    let ended = (): void => {};
    const joined = await joinEngine(dataFolder, {
      folders: [workspace], settings, trusted: true, client: 'cli', version, prepare: (made) => made.onClose(() => ended()),
    });
    if (joined) {
      const { connection, info } = joined;
      ended = () => {
        logger.error('The engine that this command had joined has ended: start again.');
        stopped.resolve(1);
      };
      // Staying connected keeps that engine alive.
      stop = async () => {
        connection.end();
        stopped.resolve(0);
      };
      const ignored = port !== undefined || values['no-sign'] === true;
      logger[ignored ? 'warn' : 'info'](
        `An engine runs for this workspace already (a VS Code window or another terminal): it is used${ignored ? ' as it is, without --port and --no-sign' : ''}.`,
      );
      announce(info);
      return stopped.promise;
    }
    // It leaves, or has just begun: in a moment its place is free, or it answers.
    await delay(50);
  }
  throw new UserError(`The engine that runs on ${dataFolder} neither answers nor ends: close what uses it, or choose another folder with --data.`);
}

function announce({ endpoint, region, accountId, accessKeyId, secretAccessKey, token }: EndpointInfo): void {
  process.stdout.write(`${JSON.stringify({ endpoint, region, accountId, accessKeyId, secretAccessKey, token })}\n`);
}

async function env(parameters: string[]): Promise<number> {
  const { values } = parse(parameters, { workspace: { type: 'string' }, data: { type: 'string' } });
  const found = values['data'] === undefined
    ? await findAbove(folder(values['workspace']), values['workspace'] === undefined)
    : await findEngine(resolve(values['data'] as string));
  if (!found) {
    throw new UserError('No engine runs for this workspace: open it in VS Code with Local Lambda, or run "local-lambda start".');
  }
  if (found.endpoint === '') throw new UserError('The engine of this workspace has no endpoint, as the workspace is not trusted in VS Code: trust it first.');
  const variables: [string, string][] = [
    ['AWS_ENDPOINT_URL', found.endpoint],
    ['AWS_REGION', found.region],
    ['AWS_DEFAULT_REGION', found.region],
    ['AWS_ACCESS_KEY_ID', found.accessKeyId],
    ['AWS_SECRET_ACCESS_KEY', found.secretAccessKey],
    ['LOCAL_LAMBDA_TOKEN', found.token],
  ];
  // A session token or profile of a real account would win over, or break, the pair above.
  const cleared = ['AWS_SESSION_TOKEN', 'AWS_PROFILE'];
  const lines = process.platform === 'win32'
    ? [...variables.map(([name, value]) => `$env:${name} = '${value}'`), ...cleared.map((name) => `Remove-Item Env:${name} -ErrorAction SilentlyContinue`)]
    : [...variables.map(([name, value]) => `export ${name}='${value}'`), `unset ${cleared.join(' ')}`];
  process.stdout.write(`${lines.join('\n')}\n`);
  return 0;
}

async function findAbove(start: string, upwards: boolean): Promise<Discovery | undefined> {
  for (let current = start; ; current = dirname(current)) {
    const found = await findEngine(dataFolderFor([current]));
    if (found || !upwards || current === dirname(current)) return found;
  }
}

function parse(parameters: string[], options: NonNullable<Parameters<typeof parseArgs>[0]>['options']) {
  try {
    return parseArgs({ args: parameters, options: options ?? {}, strict: true });
  } catch (error) {
    const [problem = ''] = (error as Error).message.split('\n');
    throw new UserError(`${problem.replace(/\.?$/, '')}: run "local-lambda --help".`);
  }
}

function folder(value: unknown): string {
  const path = resolve(typeof value === 'string' ? value : '.');
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
    throw new UserError(`The workspace ${path} is not a folder: name one that exists with --workspace.`);
  }
  return path;
}

function portNumber(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new UserError(`--port ${text} is not a port: use a whole number from 0 (any free one) to 65535.`);
  return port;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(error instanceof UserError ? `local-lambda: ${error.message}\n` : `${(error as Error).stack ?? String(error)}\n`);
    process.exit(1);
  },
);
