/** Figures of asynchronous invocation: accepting, draining, and what a long queue costs. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import type { QueuedEvent } from '../../src/contracts/event-queue.ts';
import type { EventWait } from '../../src/contracts/executions.ts';
import { residentMegabytes } from '../../src/runtime/memory-sampling.ts';
import { startEngineProcess, type EngineProcess } from '../support/engine-process.ts';
import { poster, startEcho } from './floors.ts';
import { print, sequential, throughput } from './measure.ts';

const quick = process.argv.includes('--quick');
const calls = quick ? 500 : 3000;
const drained = quick ? 2000 : 10_000;
const waiting = quick ? 20_000 : 100_000;
const body = Buffer.from(JSON.stringify({ text: 'x'.repeat(1000) }));
const asynchronously = { 'X-Amz-Invocation-Type': 'Event' };

const files = {
  'template.yaml': ['Drained', 'Held'].reduce(
    (text, name) => `${text}  ${name}:\n    Type: AWS::Serverless::Function\n    Properties: { CodeUri: code/, Handler: index.handler, Runtime: nodejs24.x }\n`,
    'Transform: AWS::Serverless-2016-10-31\nResources:\n',
  ),
  'code/index.js': 'exports.handler = async () => {};\n',
};

const path = (name: string) => `/2015-03-31/functions/${name}/invocations`;

async function health(engine: EngineProcess): Promise<{ queued: number; inFlight: number }> {
  const answer = await fetch(`${engine.info.endpoint}/_local-lambda/health`, { headers: { authorization: `Bearer ${engine.info.token}` } });
  return await answer.json() as { queued: number; inFlight: number };
}

async function emptied(engine: EngineProcess): Promise<void> {
  for (;;) {
    const { queued, inFlight } = await health(engine);
    if (queued + inFlight === 0) return;
    await delay(20);
  }
}

/** Puts events into the queue of a stopped engine as quickly as the disk allows: the rows are those of the engine. */
function fill(data: string, name: string, count: number, due: number): void {
  const database = new DatabaseSync(join(data, 'state.sqlite'));
  const insert = database.prepare('INSERT INTO events (id, function_name, due, accepted_at, document, payload) VALUES (?, ?, ?, ?, ?, ?)');
  database.exec('BEGIN');
  const now = Date.now();
  for (let index = 0; index < count; index += 1) {
    const id = randomUUID();
    const wait: EventWait = { kind: 'turn', awsSeconds: 0, due, notBefore: now, since: now };
    const event: QueuedEvent = {
      id, requestId: id, functionName: name, traceId: 'Root=1-00000000-000000000000000000000000', source: 'endpoint', executionSequence: 1e6 + index,
      acceptedAt: now, requestBytes: body.length, invokeCount: 0, throttles: 0, throttlesInARow: 0, ageMs: 0, wait,
    };
    insert.run(id, name, due, now, JSON.stringify(event), body);
  }
  database.exec('COMMIT');
  database.close();
}

/** Between the first and the last tenth, so that cold starts are not in it. */
async function drainRate(engine: EngineProcess): Promise<number> {
  const wait = async (left: number): Promise<{ at: number; queued: number }> => {
    for (;;) {
      const { queued } = await health(engine);
      if (queued <= left) return { at: performance.now(), queued };
      await delay(5);
    }
  };
  const first = await wait(drained * 0.9);
  const last = await wait(drained * 0.1);
  await emptied(engine);
  return (first.queued - last.queued) / ((last.at - first.at) / 1000);
}

const echo = await startEcho();
const scratch = mkdtempSync(join(tmpdir(), 'local-lambda-bench-'));
const options = { workspace: join(scratch, 'w'), data: join(scratch, 'd'), files, parameters: ['--no-sign'] };
let engine = await startEngineProcess(options);
try {
  const post = () => poster(Number(new URL(engine.info.endpoint).port), 16);
  let many = post();
  const bare = poster(echo.port, 16);
  const call = (name: string, headers: Record<string, string>, expected: number) => async () => {
    const { status } = await many.post(path(name), headers, body);
    if (status !== expected) throw new Error(`${name} answered ${status}`);
  };
  const accept = call('Drained', asynchronously, 202);

  const floor = await sequential(calls, calls / 5, () => bare.post('/', {}, body));
  const accepting = await sequential(calls, calls / 5, accept);
  await emptied(engine);
  print({ name: 'Accepting an event, p50', value: accepting.p50, unit: 'ms', floor: { name: 'HTTP echo', value: floor.p50 }, promise: { ratio: 2.5 } });

  const echoRate = await throughput(16, calls * 2, () => bare.post('/', {}, body));
  const acceptRate = await throughput(16, calls * 2, accept);
  print({
    name: '16 callers, events accepted per second', value: acceptRate, unit: '/s', floor: { name: 'HTTP echo', value: echoRate },
    promise: { absolute: Math.min(4000, echoRate * 0.25) },
  });
  await emptied(engine);

  // Eight at once, as many as the dispatcher runs of one function.
  const syncRate = await throughput(8, calls * 2, call('Drained', {}, 200));
  many.close();

  await engine.stop({ keep: true });
  fill(options.data, 'Drained', drained, Date.now());
  engine = await startEngineProcess(options);
  print({
    name: `Drain of ${drained} queued events, per second`, value: await drainRate(engine), unit: '/s',
    floor: { name: 'synchronous, 8 callers', value: syncRate }, promise: { ratio: 0.6 },
  });
  const empty = await residentMegabytes(engine.child.pid ?? 0);

  await engine.stop({ keep: true });
  fill(options.data, 'Held', waiting, Number.MAX_SAFE_INTEGER);
  const began = performance.now();
  engine = await startEngineProcess(options);
  print({ name: `Start with ${waiting} queued events`, value: performance.now() - began, unit: 'ms', promise: { absolute: 1000 } });
  many = post();
  await throughput(4, 1000, accept);
  print({ name: `Memory growth by ${waiting} queued events`, value: (await residentMegabytes(engine.child.pid ?? 0)) - empty, unit: 'MB', promise: { absolute: 50 } });
  many.close();
  bare.close();
} finally {
  await echo.stop();
  await engine.stop();
  rmSync(scratch, { recursive: true, force: true });
}
