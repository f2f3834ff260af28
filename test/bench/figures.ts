/**
 * The figures of the project, end to end on the built engine, each beside a floor of the same run: figure and floor are
 * measured in turns, and medians are what is compared. `--quick` takes fewer of everything.
 */
import { createHash, createHmac, type BinaryLike, type Hash, type Hmac } from 'node:crypto';
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { SignatureV4 } from '@smithy/signature-v4';
import { residentMegabytes } from '../../src/runtime/memory-sampling.ts';
import { projectRoot, startEngineProcess, type EngineProcess } from '../support/engine-process.ts';
import { forkToFirstMessage, poster, spawnToExit, startEcho, type Post } from './floors.ts';
import { distribution, print, Rounds, sequential, throughput } from './measure.ts';

const quick = process.argv.includes('--quick');
/** Calls of one measurement, and how often figure and floor take turns. */
const calls = quick ? 200 : 500;
const rounds = quick ? 3 : 11;
const warmUp = quick ? 500 : 3000;
const coldRuns = quick ? 3 : 9;
const starts = quick ? 1 : 3;
const flat = quick ? 10_000 : 100_000;
const callers = 16;
const environments = 4;
const body = Buffer.from(JSON.stringify({ text: 'x'.repeat(1000) }));
const python = execFileSync('python3', ['-c', 'import sys; print(sys.executable); print("%d.%d" % sys.version_info[:2])'], { encoding: 'utf8' }).split('\n');

class Sha256 {
  readonly #hash: Hash | Hmac;
  constructor(secret?: BinaryLike) { this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret); }
  update(data: Uint8Array | string): void { this.#hash.update(data); }
  digest(): Promise<Uint8Array> { return Promise.resolve(this.#hash.digest()); }
}

function template(): string {
  const fn = (name: string, runtime: string, handler: string) => `  ${name}:\n    Type: AWS::Serverless::Function\n    Properties:\n      CodeUri: ${name}/\n      Handler: ${handler}\n      Runtime: ${runtime}\n      MemorySize: 256\n      Timeout: 30\n`;
  return `Transform: AWS::Serverless-2016-10-31\nResources:\n${fn('Echo', 'nodejs24.x', 'index.handler')}${fn('Typed', 'nodejs24.x', 'index.handler')}${fn('Snake', `python${python[1]}`, 'app.handler')}`;
}

const files = {
  'template.yaml': template(),
  '.vscode/settings.json': JSON.stringify({ 'localLambda.maxProcesses': environments }),
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

const portOf = (engine: EngineProcess) => Number(new URL(engine.info.endpoint).port);

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

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** Changes a source, so that nothing of it is warm, and takes the time until its answer. */
function afterEdit(engine: EngineProcess, file: string, call: () => Promise<void>): () => Promise<number> {
  const path = join(engine.workspace, file);
  const source = readFileSync(path, 'utf8');
  let edit = 0;
  return () => {
    edit += 1;
    writeFileSync(path, `${source}${file.endsWith('.py') ? '#' : '//'} ${edit}\n`);
    return timed(call);
  };
}

async function initDuration(engine: EngineProcess, name: string): Promise<number> {
  const answer = await fetch(`${engine.info.endpoint}/_local-lambda/executions?limit=1&function=${name}`, { headers: { authorization: `Bearer ${engine.info.token}` } });
  const { executions } = await answer.json() as { executions: { attempts: { initDurationMs?: number }[] }[] };
  const init = executions[0]?.attempts[0]?.initDurationMs;
  if (init === undefined) throw new Error(`The last invocation of ${name} was no cold start.`);
  return init;
}

/** First answers of engines that have just started, and how long they took to be ready. */
async function freshStarts(): Promise<Rounds<'ready' | 'Echo' | 'Typed'>> {
  const times = new Rounds<'ready' | 'Echo' | 'Typed'>();
  for (let start = 0; start < starts; start++) {
    for (const name of ['Echo', 'Typed'] as const) {
      const started = performance.now();
      const engine = await startEngineProcess({ files, parameters: ['--no-sign'] });
      const ready = performance.now() - started;
      if (name === 'Echo') times.add('ready', ready);
      const client = poster(portOf(engine));
      times.add(name, await timed(invoker(client.post, name)));
      client.close();
      await engine.stop();
    }
  }
  return times;
}

async function insideEngine(): Promise<Rounds<'value' | 'floor'>> {
  const data = mkdtempSync(join(tmpdir(), 'local-lambda-bench-'));
  const result = new Rounds<'value' | 'floor'>();
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [
      fileURLToPath(new URL('./inside-engine.ts', import.meta.url)), engine.workspace, data, String(calls), String(rounds),
    ]);
    for (const { value, floor } of JSON.parse(stdout) as { value: number; floor: number }[]) {
      result.add('value', value);
      result.add('floor', floor);
    }
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
  return result;
}

const engine = await startEngineProcess({ files, parameters: ['--no-sign'] });
const signedEngine = await startEngineProcess({ files });
const echo = await startEcho();
// One caller always meets the same child.
const childEcho = await startEcho(environments);
const clients = { one: poster(portOf(engine)), signed: poster(portOf(signedEngine)), echo: poster(echo.port), child: poster(childEcho.port), many: poster(portOf(engine), callers), echoMany: poster(echo.port, callers), childrenMany: poster(childEcho.port, callers) };
try {
  // ---- latency ----
  const callEcho = invoker(clients.one.post, 'Echo');
  const one = {
    echo: () => clients.echo.post('/', {}, body),
    child: () => clients.child.post('/', {}, body),
    unsigned: callEcho,
    signed: invoker(clients.signed.post, 'Echo', await signedHeaders(signedEngine, 'Echo')),
    python: invoker(clients.one.post, 'Snake'),
  };
  for (const call of Object.values(one)) await sequential(1, warmUp, call);
  const p50 = (call: () => Promise<unknown>) => async () => (await sequential(calls, 20, call)).p50;
  const latency = await new Rounds<keyof typeof one>().run(rounds, {
    echo: p50(one.echo), unsigned: p50(one.unsigned), child: p50(one.child), signed: p50(one.signed), python: p50(one.python),
  });
  const beside = (name: keyof typeof one, floor: 'echo' | 'child') => ({ name: floor === 'echo' ? 'HTTP echo' : 'HTTP echo by way of a child', value: latency.median(floor), ratio: latency.ratio(name, floor) });
  const endpointFigure = (name: keyof typeof one, title: string, ratio?: number) => print({
    name: title, value: latency.median(name), unit: 'ms', floor: beside(name, 'echo'), ...(ratio === undefined ? {} : { promise: { ratio } }),
  });
  endpointFigure('unsigned', 'Endpoint, unsigned, warm Node, p50', 2);
  endpointFigure('signed', 'Endpoint, signed, warm Node, p50', 3);
  endpointFigure('python', 'Endpoint, unsigned, warm Python, p50');
  endpointFigure('child', 'The least that two processes can do, p50');
  print({ name: 'Endpoint, unsigned, warm Node, p50', value: latency.median('unsigned'), unit: 'ms', floor: beside('unsigned', 'child') });

  const inside = await insideEngine();
  print({ name: 'Inside the engine, warm Node, p50', value: inside.median('value'), unit: 'ms', floor: { name: 'child round trip', value: inside.median('floor'), ratio: inside.ratio('value', 'floor') }, promise: { ratio: 4 } });

  // ---- throughput ----
  const callMany = invoker(clients.many.post, 'Echo');
  const echoMany = () => clients.echoMany.post('/', {}, body);
  await throughput(callers, 2 * warmUp, callMany);
  await throughput(callers, 2 * warmUp, echoMany);
  const childrenMany = () => clients.childrenMany.post('/', {}, body);
  await throughput(callers, 2 * warmUp, childrenMany);
  const rate = await new Rounds<'value' | 'floor' | 'children'>().run(rounds, {
    floor: () => throughput(callers, 6 * calls, echoMany), value: () => throughput(callers, 4 * calls, callMany),
    children: () => throughput(callers, 6 * calls, childrenMany),
  });
  const least = `${callers} callers, the least that ${environments} children can do`;
  print({ name: least, value: rate.median('children'), unit: '/s', floor: { name: 'HTTP echo', value: rate.median('floor'), ratio: rate.ratio('children', 'floor') } });
  print({ name: `${callers} callers, ${environments} environments, invocations`, value: rate.median('value'), unit: '/s', floor: { name: 'HTTP echo', value: rate.median('floor'), ratio: rate.ratio('value', 'floor') }, promise: { ratio: 0.4 } });

  // ---- cold starts ----
  const callTyped = invoker(clients.one.post, 'Typed');
  await callTyped();
  const editEcho = afterEdit(engine, 'Echo/index.js', callEcho);
  const editTyped = afterEdit(engine, 'Typed/index.ts', callTyped);
  const editSnake = afterEdit(engine, 'Snake/app.py', one.python);
  const cold = await new Rounds<'node' | 'js' | 'jsInit' | 'ts' | 'pass' | 'py' | 'pyInit'>().run(coldRuns, {
    node: forkToFirstMessage,
    js: editEcho, jsInit: () => initDuration(engine, 'Echo'), ts: editTyped,
    pass: () => spawnToExit(python[0] as string, ['-c', 'pass']),
    py: editSnake, pyInit: () => initDuration(engine, 'Snake'),
  });
  const coldFigure = (name: 'js' | 'jsInit' | 'py' | 'pyInit', title: string, floor: 'node' | 'pass', ratio?: number) => print({
    name: title, value: cold.median(name), unit: 'ms',
    floor: { name: floor === 'node' ? 'empty Node child' : 'python3 -c pass', value: cold.median(floor), ratio: cold.ratio(name, floor) },
    ...(ratio === undefined ? {} : { promise: { ratio } }),
  });
  coldFigure('jsInit', 'Cold start, JavaScript (init)', 'node', 1.6);
  coldFigure('js', 'Cold start, JavaScript (until the answer)', 'node');
  coldFigure('pyInit', 'Cold start, Python (init)', 'pass', 1.6);
  coldFigure('py', 'Cold start, Python (until the answer)', 'pass');
  print({ name: 'TypeScript, rebuild, beyond a cold start of JavaScript', value: cold.difference('ts', 'js'), unit: 'ms', promise: { absolute: 30 } });
  const fresh = await freshStarts();
  print({ name: 'TypeScript, first build, beyond JavaScript', value: fresh.difference('Typed', 'Echo'), unit: 'ms', promise: { absolute: 150 } });
  print({ name: 'local-lambda start, until it is ready', value: fresh.median('ready'), unit: 'ms', promise: { absolute: 2000 } });

  // ---- memory ----
  const pid = engine.child.pid ?? 0;
  const resident: number[] = [];
  // V8's young generation takes its full size some ten thousands of invocations after its start.
  await throughput(environments, flat * 0.6, callEcho);
  for (let part = 0; part < 20; part++) {
    await throughput(environments, flat / 20, callEcho);
    resident.push(await residentMegabytes(pid));
  }
  const growth = distribution(resident.slice(-5)).p50 - distribution(resident.slice(5, 10)).p50;
  print({ name: `Memory of the engine, growth over ${flat} invocations`, value: growth, unit: 'MB', promise: { absolute: 10 } });
  console.log(`  resident after each twentieth, MB: ${resident.join(' ')}`);
  print({ name: 'Extension bundle, minified', value: statSync(join(projectRoot, 'dist', 'extension.cjs')).size / 1024, unit: 'KB', promise: { absolute: 400 } });
} finally {
  for (const client of Object.values(clients)) client.close();
  await echo.stop();
  await childEcho.stop();
  await engine.stop();
  await signedEngine.stop();
}
