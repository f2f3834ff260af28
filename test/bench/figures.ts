/** The figures of the project, end to end on the built engine. */
import { createHash, createHmac, type BinaryLike, type Hash, type Hmac } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SignatureV4 } from '@smithy/signature-v4';
import { residentMegabytes } from '../../src/runtime/memory-sampling.ts';
import { projectRoot, startEngineProcess, type EngineProcess } from '../support/engine-process.ts';
import { childRoundTrip, forkToFirstMessage, poster, spawnToExit, startEcho, type Post } from './floors.ts';
import { distribution, print, sequential, throughput } from './measure.ts';

const quick = process.argv.includes('--quick');
const calls = quick ? 500 : 3000;
const flat = quick ? 5000 : 100_000;
const coldRuns = quick ? 3 : 9;
const body = Buffer.from(JSON.stringify({ text: 'x'.repeat(1000) }));

class Sha256 {
  readonly #hash: Hash | Hmac;
  constructor(secret?: BinaryLike) { this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret); }
  update(data: Uint8Array | string): void { this.#hash.update(data); }
  digest(): Promise<Uint8Array> { return Promise.resolve(this.#hash.digest()); }
}

function template(): string {
  const fn = (name: string, runtime: string, handler: string) => `  ${name}:\n    Type: AWS::Serverless::Function\n    Properties:\n      CodeUri: ${name}/\n      Handler: ${handler}\n      Runtime: ${runtime}\n      MemorySize: 256\n      Timeout: 30\n`;
  return `Transform: AWS::Serverless-2016-10-31\nResources:\n${fn('Echo', 'nodejs24.x', 'index.handler')}${fn('Typed', 'nodejs24.x', 'index.handler')}${fn('Snake', 'python3.11', 'app.handler')}`;
}

const files = {
  'template.yaml': template(),
  'Echo/index.js': 'exports.handler = async (event) => event;\n',
  'Typed/index.ts': 'enum Size { Small }\nexport const handler = async (event: object) => ({ ...event, size: Size.Small });\n',
  'Snake/app.py': 'def handler(event, context):\n    return event\n',
};

function invoker(post: Post, name: string, headers: Record<string, string> = {}) {
  return async () => {
    const { status, body: answer } = await post(`/2015-03-31/functions/${name}/invocations`, headers, body);
    if (status !== 200) throw new Error(`${name} answered ${status}: ${answer.toString()}`);
  };
}

async function signedHeaders(engine: EngineProcess, name: string): Promise<Record<string, string>> {
  const { endpoint, region, accessKeyId, secretAccessKey } = engine.info;
  const { hostname, port } = new URL(endpoint);
  const signer = new SignatureV4({ service: 'lambda', region, credentials: { accessKeyId, secretAccessKey }, sha256: Sha256 as never });
  const signed = await signer.sign({
    method: 'POST', protocol: 'http:', hostname, port: Number(port), path: `/2015-03-31/functions/${name}/invocations`, query: {},
    headers: { host: `${hostname}:${port}`, 'content-type': 'application/octet-stream' }, body,
  } as never);
  return (signed as unknown as { headers: Record<string, string> }).headers;
}

/** Each measured start is of a function that was just changed, so that nothing is warm. */
async function coldStarts(engine: EngineProcess, call: () => Promise<void>, file: string, name: string): Promise<number> {
  const times: number[] = [];
  for (let run = 0; run < coldRuns; run += 1) {
    const path = join(engine.workspace, file);
    writeFileSync(path, `${readFileSync(path, 'utf8').split('\n#')[0]?.split('\n//')[0]?.trimEnd()}\n${file.endsWith('.py') ? '#' : '//'} ${run}\n`);
    utimesSync(path, new Date(), new Date());
    const before = await lastInit(engine, name);
    await call();
    const init = await lastInit(engine, name);
    if (init === undefined || init === before) continue;
    times.push(init);
  }
  return distribution(times).p50;
}

async function lastInit(engine: EngineProcess, name: string): Promise<number | undefined> {
  const answer = await fetch(`${engine.info.endpoint}/_local-lambda/executions?limit=1&function=${name}`, { headers: { authorization: `Bearer ${engine.info.token}` } });
  const { executions } = await answer.json() as { executions: { attempts: { initDurationMs?: number }[] }[] };
  return executions[0]?.attempts[0]?.initDurationMs;
}

const started = performance.now();
const engine = await startEngineProcess({ files, parameters: ['--no-sign'] });
const ready = performance.now() - started;
const signedEngine = await startEngineProcess({ files });
const echo = await startEcho();
const port = Number(new URL(engine.info.endpoint).port);
try {
  const one = poster(port);
  const bare = poster(echo.port);
  const call = invoker(one.post, 'Echo');
  const floor = await sequential(calls, calls / 5, () => bare.post('/', {}, body));
  const unsigned = await sequential(calls, calls / 5, call);
  print({ name: 'Endpoint, unsigned, warm Node, p50', value: unsigned.p50, unit: 'ms', floor: { name: 'HTTP echo', value: floor.p50 }, promise: { ratio: 2 } });
  const signedPost = poster(Number(new URL(signedEngine.info.endpoint).port));
  const signed = await sequential(calls, calls / 5, invoker(signedPost.post, 'Echo', await signedHeaders(signedEngine, 'Echo')));
  print({ name: 'Endpoint, signed, warm Node, p50', value: signed.p50, unit: 'ms', floor: { name: 'HTTP echo', value: floor.p50 }, promise: { ratio: 3 } });
  const round = await childRoundTrip(body.toString(), calls);
  print({ name: 'Endpoint, unsigned, against the process alone, p50', value: unsigned.p50, unit: 'ms', floor: { name: 'child round trip', value: round.p50 } });
  const python = await sequential(calls, calls / 5, invoker(one.post, 'Snake'));
  print({ name: 'Endpoint, unsigned, warm Python, p50', value: python.p50, unit: 'ms', floor: { name: 'HTTP echo', value: floor.p50 } });

  const many = poster(port, 16);
  const bareMany = poster(echo.port, 16);
  await throughput(16, calls, invoker(many.post, 'Echo'));
  const rate = await throughput(16, calls * 2, invoker(many.post, 'Echo'));
  const bareRate = await throughput(16, calls * 2, () => bareMany.post('/', {}, body));
  print({ name: '16 callers, invocations per second', value: rate, unit: '/s', floor: { name: 'HTTP echo', value: bareRate }, promise: { ratio: 0.4 } });

  const emptyNode = await forkToFirstMessage(process.execPath, coldRuns);
  const js = await coldStarts(engine, call, 'Echo/index.js', 'Echo');
  print({ name: 'Cold start, JavaScript (init duration)', value: js, unit: 'ms', floor: { name: 'empty Node child', value: emptyNode.p50 }, promise: { ratio: 1.6 } });
  const ts = await coldStarts(engine, invoker(one.post, 'Typed'), 'Typed/index.ts', 'Typed');
  print({ name: 'Cold start, TypeScript (init duration, bundle built)', value: ts, unit: 'ms', floor: { name: 'empty Node child', value: emptyNode.p50 } });
  const interpreter = execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim();
  const pass = await spawnToExit(interpreter, ['-c', 'pass'], coldRuns);
  const py = await coldStarts(engine, invoker(one.post, 'Snake'), 'Snake/app.py', 'Snake');
  print({ name: 'Cold start, Python (init duration)', value: py, unit: 'ms', floor: { name: 'python3 -c pass', value: pass.p50 }, promise: { ratio: 1.6 } });

  const pid = engine.child.pid ?? 0;
  const before = await residentMegabytes(pid);
  await throughput(4, flat, call);
  print({ name: `Memory growth of the engine over ${flat} invocations`, value: (await residentMegabytes(pid)) - before, unit: 'MB' });
  print({ name: 'local-lambda start, until it is ready', value: ready, unit: 'ms', promise: { absolute: 2000 } });
  print({ name: 'Extension bundle, minified', value: statSync(join(projectRoot, 'dist', 'extension.cjs')).size / 1024, unit: 'KB', promise: { absolute: 400 } });
  for (const client of [one, bare, signedPost, many, bareMany]) client.close();
} finally {
  await echo.stop();
  await engine.stop();
  await signedEngine.stop();
}
