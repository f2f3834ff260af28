/**
 * An engine in this process, as `local-lambda start` composes it, so that `LambdaHost.invoke` can be measured without HTTP.
 * Runs as a process of its own: `inside-engine.ts WORKSPACE DATA CALLS ROUNDS`, and prints its rounds as JSON.
 */
import { startEngine } from '../../src/engine.ts';
import { EngineLogger } from '../../src/host/engine-logger.ts';
import { childEcho } from './floors.ts';
import { sequential } from './measure.ts';

const [workspace = '', data = '', calls = '', rounds = ''] = process.argv.slice(2);
const body = Buffer.from(JSON.stringify({ text: 'x'.repeat(1000) }));
const engine = await startEngine({
  dataFolder: data, folders: [workspace], settings: {}, trusted: true, endWithClients: false, logger: new EngineLogger(),
});
if (!engine) throw new Error('Another engine owns the data folder.');
const child = await childEcho(body.toString());
const invoke = () => engine.lambda.invoke({ functionName: 'Echo', invocationType: 'RequestResponse', logType: 'None', payload: body, source: 'endpoint' });
await sequential(1, 2000, invoke);
await sequential(1, 2000, child.call);
const measured: { floor: number; value: number }[] = [];
for (let round = 0; round < Number(rounds); round++) {
  const floor = (await sequential(Number(calls), 50, child.call)).p50;
  measured.push({ floor, value: (await sequential(Number(calls), 50, invoke)).p50 });
}
await child.stop();
await engine.close();
process.stdout.write(JSON.stringify(measured), () => process.exit(0));
