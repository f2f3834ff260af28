/** Figures of SQS: sending, receiving from a long queue, waking a long poll, and what emptying a long queue does to callers. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { residentMegabytes } from '../../src/runtime/memory-sampling.ts';
import { startEngineProcess, type EngineProcess } from '../support/engine-process.ts';
import { fillQueue } from './fill-queue.ts';
import { poster, startEcho } from './floors.ts';
import { distribution, print, sequential } from './measure.ts';

const quick = process.argv.includes('--quick');
const calls = quick ? 300 : 2000;
const waiting = quick ? 100_000 : 1_000_000;
const waitingFifo = waiting / 5;
const text = 'x'.repeat(100);
const files = { 'template.yaml': 'Resources: {}\n' };

function caller(engine: EngineProcess) {
  const { post, close } = poster(Number(new URL(engine.info.endpoint).port), 4);
  const call = async <T>(operation: string, input: object): Promise<T> => {
    const { status, body } = await post('/', { 'x-amz-target': `AmazonSQS.${operation}`, 'content-type': 'application/x-amz-json-1.0' }, Buffer.from(JSON.stringify(input)));
    if (status !== 200) throw new Error(`${operation} answered ${status}: ${body.toString()}`);
    return JSON.parse(body.toString()) as T;
  };
  return { call, close };
}

const urlOf = (name: string) => `/123456789012/${name}`;
const echo = await startEcho();
const scratch = mkdtempSync(join(tmpdir(), 'local-lambda-bench-'));
const options = { workspace: join(scratch, 'w'), data: join(scratch, 'd'), files, parameters: ['--no-sign'] };
let engine = await startEngineProcess(options);
let client = caller(engine);
try {
  const bare = poster(echo.port);
  const floor = await sequential(calls, calls / 5, () => bare.post('/', {}, Buffer.from(text)));
  const floored = { name: 'HTTP echo', value: floor.p50 };
  for (const [QueueName, Attributes] of [['q', {}], ['long', {}], ['long.fifo', { FifoQueue: 'true', ContentBasedDeduplication: 'true' }]] as const) await client.call('CreateQueue', { QueueName, Attributes });
  const send = await sequential(calls, calls / 5, () => client.call('SendMessage', { QueueUrl: urlOf('q'), MessageBody: text }));
  print({ name: 'SendMessage, p50', value: send.p50, unit: 'ms', floor: floored });
  const receive = await sequential(calls, calls / 5, () => client.call('ReceiveMessage', { QueueUrl: urlOf('q') }));
  print({ name: 'ReceiveMessage, p50', value: receive.p50, unit: 'ms', floor: floored });

  const wakes: number[] = [];
  await client.call('CreateQueue', { QueueName: 'polled' });
  for (let turn = 0; turn < calls / 10; turn += 1) {
    const polling = client.call('ReceiveMessage', { QueueUrl: urlOf('polled'), WaitTimeSeconds: 20 }).then(() => performance.now());
    await client.call('GetQueueUrl', { QueueName: 'polled' });
    const started = performance.now();
    await client.call('SendMessage', { QueueUrl: urlOf('polled'), MessageBody: text });
    wakes.push(await polling - started);
  }
  print({ name: 'A send until the long poll is answered, p50', value: distribution(wakes).p50, unit: 'ms', floor: floored });
  const empty = await residentMegabytes(engine.child.pid ?? 0);

  client.close();
  await engine.stop({ keep: true });
  const beganEmpty = performance.now();
  engine = await startEngineProcess(options);
  const startEmpty = performance.now() - beganEmpty;
  await engine.stop({ keep: true });
  fillQueue(options.data, 'long', waiting, text);
  fillQueue(options.data, 'long.fifo', waitingFifo, text, 1000);
  const began = performance.now();
  engine = await startEngineProcess(options);
  print({ name: `Start with ${waiting + waitingFifo} messages`, value: performance.now() - began, unit: 'ms', floor: { name: 'with none', value: startEmpty }, promise: { ratio: 2 } });
  client = caller(engine);
  for (const [name, kind, count] of [['long', 'standard', waiting], ['long.fifo', 'FIFO', waitingFifo]] as const) {
    const one = await sequential(calls, calls / 5, () => client.call('ReceiveMessage', { QueueUrl: urlOf(name) }));
    print({ name: `ReceiveMessage, ${kind}, ${count} waiting, p50`, value: one.p50, unit: 'ms', floor: floored, promise: { absolute: 2 } });
  }
  const ten = await sequential(calls, calls / 5, async () => {
    const { Messages } = await client.call<{ Messages: { ReceiptHandle: string }[] }>('ReceiveMessage', { QueueUrl: urlOf('long'), MaxNumberOfMessages: 10 });
    await client.call('DeleteMessageBatch', { QueueUrl: urlOf('long'), Entries: Messages.map(({ ReceiptHandle }, at) => ({ Id: String(at), ReceiptHandle })) });
  });
  print({ name: `Receive and delete ten, ${waiting} waiting, p50`, value: ten.p50, unit: 'ms', floor: floored });
  print({ name: `Memory growth by ${waiting + waitingFifo} messages`, value: (await residentMegabytes(engine.child.pid ?? 0)) - empty, unit: 'MB', promise: { absolute: 50 } });

  const purging = performance.now();
  await client.call('PurgeQueue', { QueueUrl: urlOf('long') });
  print({ name: `PurgeQueue of ${waiting} messages`, value: performance.now() - purging, unit: 'ms' });
  const meanwhile = await sequential(calls, 0, () => client.call('SendMessage', { QueueUrl: urlOf('q'), MessageBody: text }));
  print({ name: 'SendMessage while the purged rows go, p50', value: meanwhile.p50, unit: 'ms', floor: floored });
  print({ name: 'SendMessage while the purged rows go, p99', value: meanwhile.p99, unit: 'ms' });
  bare.close();
} finally {
  client.close();
  await echo.stop();
  await engine.stop();
  rmSync(scratch, { recursive: true, force: true });
}
