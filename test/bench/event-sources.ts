/**
 * Figures of event source mappings: draining a queue in small and large batches and from among a million messages, reading a
 * stream, and how soon a message reaches its function. Beside each rate stands the engine's CPU time a record, which other
 * work on the machine changes least.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { EventSourceMappingSummary, RecordFate } from '../../src/contracts/event-source-mappings.ts';
import { residentMegabytes } from '../../src/runtime/memory-sampling.ts';
import { startEngineProcess, type EngineProcess } from '../support/engine-process.ts';
import { bareDrain, type Drained } from './bare-drain.ts';
import { fillQueue } from './fill-queue.ts';
import { poster } from './floors.ts';
import { distribution, print, Rounds, throughput } from './measure.ts';

const quick = process.argv.includes('--quick');
const messages = quick ? 10_000 : 30_000;
const rounds = quick ? 1 : 3;
const single = quick ? 60 : 200;
const waiting = quick ? 100_000 : 1_000_000;
const body = JSON.stringify({ text: 'x'.repeat(100) });
const kilobyte = Buffer.alloc(1024, 'x').toString('base64');

const files = {
  'template.yaml': `Transform: AWS::Serverless-2016-10-31
Resources:
${['Small', 'Large', 'Streamed', 'Idle', 'Long'].map((name) => `  ${name}Queue: { Type: AWS::SQS::Queue, Properties: { QueueName: ${name}, VisibilityTimeout: 900 } }
  ${name}: { Type: AWS::Serverless::Function, Properties: { FunctionName: ${name}, CodeUri: code/, Handler: index.handler, Runtime: nodejs24.x } }\n`).join('')}`,
  'code/index.js': 'exports.handler = async () => Date.now();\n',
};

/** CPU time of a process so far, milliseconds. */
function cpuOf(pid: number): number {
  if (process.platform !== 'linux') return Number.NaN;
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

class Bench {
  readonly #engine: EngineProcess;
  readonly #client: ReturnType<typeof poster>;

  constructor(engine: EngineProcess) {
    this.#engine = engine;
    this.#client = poster(Number(new URL(engine.info.endpoint).port), 8);
  }

  close(): void {
    this.#client.close();
  }

  async own<T>(path: string): Promise<T> {
    const answer = await fetch(`${this.#engine.info.endpoint}/_local-lambda/${path}`, { headers: { authorization: `Bearer ${this.#engine.info.token}` } });
    return await answer.json() as T;
  }

  async call(target: string, input: object): Promise<Buffer> {
    const type = target.startsWith('Kinesis') ? 'application/x-amz-json-1.1' : 'application/x-amz-json-1.0';
    const answer = await this.#client.post('/', { 'X-Amz-Target': target, 'Content-Type': type }, Buffer.from(JSON.stringify(input)));
    if (answer.status !== 200) throw new Error(`${target} answered ${answer.status}: ${answer.body.toString()}`);
    return answer.body;
  }

  async mapping(method: string, path: string, input: object): Promise<string> {
    const answer = await fetch(`${this.#engine.info.endpoint}/2015-03-31/event-source-mappings/${path}`, { method, body: JSON.stringify(input) });
    if (!answer.ok) throw new Error(await answer.text());
    return (await answer.json() as { UUID: string }).UUID;
  }

  create(name: string, more: object): Promise<string> {
    return this.mapping('POST', '', { FunctionName: name, EventSourceArn: `arn:aws:sqs:us-east-1:123456789012:${name}`, ...more });
  }

  urlOf(queue: string): string {
    return `${this.#engine.info.endpoint}/123456789012/${queue}`;
  }

  async fill(queue: string): Promise<void> {
    const Entries = Array.from({ length: 10 }, (_, index) => ({ Id: String(index), MessageBody: body }));
    await throughput(8, messages / 10, () => this.call('AmazonSQS.SendMessageBatch', { QueueUrl: this.urlOf(queue), Entries }));
  }

  async fillStream(): Promise<void> {
    const record = () => ({ Data: kilobyte, PartitionKey: String(Math.random()) });
    await throughput(4, messages / 500, () => this.call('Kinesis_20131202.PutRecords', { StreamName: 'clicks', Records: Array.from({ length: 500 }, record) }));
  }

  /** Enables a mapping until it has processed so many records more. Measured between the first and the last tenth, so that cold starts are not in it. */
  async drain(uuid: string, count: number): Promise<Drained> {
    const pid = this.#engine.child.pid ?? 0;
    const matched = async () => (await this.own<{ mappings: EventSourceMappingSummary[] }>('mappings')).mappings.find((mapping) => mapping.uuid === uuid)?.counts.matched ?? 0;
    const begin = await matched();
    await this.mapping('PUT', uuid, { Enabled: true });
    const reach = async (part: number) => {
      for (;;) {
        const now = await matched() - begin;
        if (now >= count * part) return { at: performance.now(), count: now, cpu: cpuOf(pid) };
        await delay(20);
      }
    };
    const [first, last] = [await reach(0.1), await reach(0.9)];
    await reach(1);
    await this.mapping('PUT', uuid, { Enabled: false });
    while ((await this.own<{ mappings: EventSourceMappingSummary[] }>('mappings')).mappings.find((mapping) => mapping.uuid === uuid)?.state !== 'Disabled') await delay(20);
    return { rate: (last.count - first.count) / ((last.at - first.at) / 1000), cpu: (last.cpu - first.cpu) * 1000 / (last.count - first.count) };
  }

  async sentToHandler(): Promise<number> {
    const sentAt = Date.now();
    const { MessageId } = JSON.parse((await this.call('AmazonSQS.SendMessage', { QueueUrl: this.urlOf('Idle'), MessageBody: '{}' })).toString()) as { MessageId: string };
    for (;;) {
      const [fate] = (await this.own<{ fates: RecordFate[] }>(`why?id=${MessageId}`)).fates;
      if (fate?.fate === 'delivered') {
        const { content } = await this.own<{ content: { response: string } }>(`execution?id=${fate.executionId ?? ''}`);
        return Number(content.response) - sentAt;
      }
      await delay(2);
    }
  }
}

interface Drain {
  /** Of the figures. */
  name: string;
  /** Records in an event. */
  batch: number;
  /** Of one record. */
  bytes: number;
  /** Records per second that are promised. */
  wanted: number;
  drain(): Promise<Drained>;
}

/** Prints how fast it is and what it costs, beside a bare drain that was measured in turns with it. */
async function figures({ name, batch, bytes, wanted, drain }: Drain): Promise<void> {
  const taken = new Rounds<'rate' | 'cpu' | 'bareRate' | 'bareCpu'>();
  for (let round = 0; round < rounds; round += 1) {
    const bare = await bareDrain({ records: messages, bytes, batch });
    const drained = await drain();
    for (const [key, value] of [['rate', drained.rate], ['cpu', drained.cpu], ['bareRate', bare.rate], ['bareCpu', bare.cpu]] as const) taken.add(key, value);
  }
  const floor = (of: 'rate' | 'cpu') => {
    const bare = of === 'rate' ? 'bareRate' : 'bareCpu';
    return { name: 'a bare table and children', value: taken.median(bare), ratio: taken.ratio(of, bare) };
  };
  print({ name: `${name}, records/s`, value: taken.median('rate'), unit: '/s', floor: floor('rate'), promise: { absolute: wanted } });
  // One thread does it all: what a record may cost follows from the rate that is wanted.
  if (Number.isFinite(taken.median('cpu'))) print({ name: `${name}, engine CPU a record`, value: taken.median('cpu'), unit: 'us', floor: floor('cpu'), promise: { absolute: 1_000_000 / wanted } });
}

let engine = await startEngineProcess({ files, parameters: ['--no-sign'] });
let bench = new Bench(engine);
try {
  const filled = (uuid: string, fill: () => Promise<void>) => async () => {
    await fill();
    return bench.drain(uuid, messages);
  };
  const small = await bench.create('Small', { Enabled: false });
  await figures({ name: 'SQS to function, batch 10', batch: 10, bytes: body.length, wanted: 8000, drain: filled(small, () => bench.fill('Small')) });
  const large = await bench.create('Large', { Enabled: false, BatchSize: 100, MaximumBatchingWindowInSeconds: 1 });
  await figures({ name: 'SQS to function, 100, window', batch: 100, bytes: body.length, wanted: 20_000, drain: filled(large, () => bench.fill('Large')) });
  await bench.call('Kinesis_20131202.CreateStream', { StreamName: 'clicks', ShardCount: 4 });
  const streamed = await bench.create('Streamed', { Enabled: false, EventSourceArn: 'arn:aws:kinesis:us-east-1:123456789012:stream/clicks', StartingPosition: 'TRIM_HORIZON' });
  await figures({ name: 'Kinesis, 4 shards, 1 KB, 100', batch: 100, bytes: 1024, wanted: 20_000, drain: filled(streamed, () => bench.fillStream()) });

  await bench.create('Idle', {});
  const taken: number[] = [];
  for (let index = 0; index < single; index += 1) taken.push(await bench.sentToHandler());
  print({ name: 'From send to handler, one message, p50', value: distribution(taken).p50, unit: 'ms', promise: { absolute: 15 } });

  const long = await bench.create('Long', { Enabled: false });
  const restarted = async (before: () => void): Promise<void> => {
    bench.close();
    await engine.stop({ keep: true });
    before();
    engine = await startEngineProcess({ workspace: engine.workspace, data: engine.data, parameters: ['--no-sign'] });
    bench = new Bench(engine);
  };
  const resident = () => residentMegabytes(engine.child.pid ?? 0);
  await restarted(() => fillQueue(engine.data, 'Long', messages, body));
  const short = { ...await bench.drain(long, messages), memory: await resident() };
  await restarted(() => fillQueue(engine.data, 'Long', waiting, body));
  const among = { ...await bench.drain(long, messages), memory: await resident() };
  print({ name: `Batch 10 from among ${waiting} messages, per second`, value: among.rate, unit: '/s', floor: { name: `from among ${messages}`, value: short.rate }, promise: { ratio: 0.7 } });
  print({ name: `Batch 10 from among ${waiting}, CPU of the engine`, value: among.cpu, unit: 'us', floor: { name: `from among ${messages}`, value: short.cpu }, promise: { ratio: 1.3 } });
  print({ name: `Memory by ${waiting} messages that wait, while polling`, value: among.memory - short.memory, unit: 'MB', promise: { absolute: 50 } });
} finally {
  bench.close();
  await engine.stop();
}
