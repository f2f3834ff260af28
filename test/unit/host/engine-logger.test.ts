/** The engine's log when whoever read it has ended. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';

const program = `
  import { EngineLogger, stderrSink } from ${JSON.stringify(new URL('../../../src/host/engine-logger.ts', import.meta.url).href)};
  const logger = new EngineLogger();
  logger.addSink(stderrSink());
  let thrown = 0;
  process.on('uncaughtException', (error) => { thrown += 1; if (thrown < 5) logger.error('An unexpected error in the engine.', error); });
  process.on('message', () => {
    logger.info('one');
    setImmediate(() => { logger.info('two'); setImmediate(() => process.send({ thrown }, () => process.disconnect())); });
  });
  process.send('ready');
`;

describe('the log of an engine', () => {
  it('whose reader has ended is written no more, and no error comes of it', async () => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    await once(child, 'message');
    child.stderr?.destroy();
    await once(child.stderr as NonNullable<typeof child.stderr>, 'close');
    const answer = once(child, 'message');
    child.send('log');
    assert.deepEqual((await answer)[0], { thrown: 0 });
    if (child.exitCode === null) await once(child, 'exit');
  });
});
