// `npm run bench`: prints each figure beside a floor that was measured in the same run. Builds first, so that what ships is measured.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const figures = ['figures', 'asynchronous', 'queues', 'streams', 'event-sources', 'patterns', 'activation'].map((name) => [`test/bench/${name}.ts`, ...process.argv.slice(2)]);
for (const parameters of [['scripts/build.mjs', '--production'], ...figures, ['scripts/build.mjs']]) {
  const { status } = spawnSync(process.execPath, parameters, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
