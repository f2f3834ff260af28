/** What runs inside VS Code's extension host: the same entry for desktop VS Code and for the VS Code server. */
import Mocha from 'mocha';
import { writeFileSync } from 'node:fs';

export async function run(): Promise<void> {
  const restricted = process.env.LOCAL_LAMBDA_SUITE === 'restricted';
  const mocha = new Mocha({ ui: 'bdd', timeout: 60_000, reporter: 'spec', color: false });
  // Registers the globals that the test files use before they are evaluated.
  mocha.suite.emit('pre-require', globalThis as never, '', mocha);
  if (restricted) await import('./restricted.ts');
  else {
    await import('./asynchronous.ts');
    await import('./event-sources.ts');
    await import('./streams.ts');
    await import('./destinations.ts');
    // Ends with an engine that was reset and left.
    await import('./suite.ts');
  }
  const failures = await new Promise<number>((resolve) => {
    const runner = mocha.run(resolve);
    runner.once('end', () => {
      const counts = process.env.MOCHA_COUNTS;
      const { passes = 0, failures: failed = 0, pending = 0 } = runner.stats ?? {};
      if (counts) writeFileSync(counts, JSON.stringify({ passed: passes, failed, skipped: pending }));
    });
  });
  if (failures > 0) throw new Error(`${failures} test(s) failed`);
}
