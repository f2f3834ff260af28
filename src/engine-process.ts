/** The engine process that an editor starts: `engine --data DIR`. Folders, settings and trust come with its first client. */
import { parseArgs } from 'node:util';
import { UserError } from './contracts/faults.ts';
import { startEngine } from './engine.ts';
import { EngineLogger, stderrSink } from './host/engine-logger.ts';

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { data: { type: 'string' } } });
  if (values.data === undefined) throw new UserError('The engine needs --data DIR, its data folder.');
  const logger = new EngineLogger();
  logger.addSink(stderrSink());
  process.on('uncaughtException', (error) => logger.error('An unexpected error in the engine.', error));
  process.on('unhandledRejection', (reason) => logger.error('An unexpected rejection in the engine.', reason));
  try {
    const engine = await startEngine({
      dataFolder: values.data, folders: [], settings: {}, trusted: false, endWithClients: true, logger, onEnded: () => process.exit(0),
    });
    // Another engine owns the folder: the client that started this one will find it.
    if (!engine) process.exit(0);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void engine.close());
  } catch (error) {
    logger.error('The engine could not start.', error);
    process.exitCode = 1;
    setTimeout(() => process.exit(1), 100).unref();
  }
}

void main();
