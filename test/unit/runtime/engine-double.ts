/** Stands for the engine in the test of orphans: runs one function that spins, says its pid, and waits to be killed. */
import { openWorkbench, functionIn } from './fixture.ts';

const bench = openWorkbench();
bench.place.write('spin/index.js', 'exports.handler = async () => { for (;;); };');
void bench.call(functionIn(bench.place, 'spin', { timeout: 600 }), {}, {
  onStart: (pid) => process.stdout.write(`${JSON.stringify({ pid, root: bench.place.root })}\n`),
});
setInterval(() => {}, 1000);
