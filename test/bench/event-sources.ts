/** Figures of event source mappings: draining a queue in small and large batches, reading a stream, and how soon a message reaches its function. */
import { setTimeout as delay } from 'node:timers/promises';
import type { EventSourceMappingSummary, RecordFate } from '../../src/contracts/event-source-mappings.ts';
import { startEngineProcess, type EngineProcess } from '../support/engine-process.ts';
import { poster } from './floors.ts';
import { distribution, print, throughput } from './measure.ts';

const quick = process.argv.includes('--quick');
const messages = quick ? 10_000 : 40_000;
const single = quick ? 60 : 200;

const files = {
  'template.yaml': `Transform: AWS::Serverless-2016-10-31
Resources:
${['Small', 'Large', 'Streamed', 'Idle'].map((name) => `  ${name}Queue: { Type: AWS::SQS::Queue, Properties: { QueueName: ${name}, VisibilityTimeout: 900 } }
  ${name}: { Type: AWS::Serverless::Function, Properties: { FunctionName: ${name}, CodeUri: code/, Handler: index.handler, Runtime: nodejs24.x } }\n`).join('')}`,
  'code/index.js': 'exports.handler = async () => Date.now();\n',
};

const engine: EngineProcess = await startEngineProcess({ files, parameters: ['--no-sign'] });
const own = async <T>(path: string): Promise<T> => {
  const answer = await fetch(`${engine.info.endpoint}/_local-lambda/${path}`, { headers: { authorization: `Bearer ${engine.info.token}` } });
  return await answer.json() as T;
};
const { post, close } = poster(Number(new URL(engine.info.endpoint).port), 8);
const sqs = (operation: string, input: object) => post('/', { 'X-Amz-Target': `AmazonSQS.${operation}`, 'Content-Type': 'application/x-amz-json-1.0' }, Buffer.from(JSON.stringify(input)));
const urlOf = (queue: string) => `${engine.info.endpoint}/123456789012/${queue}`;
const lambda = async (method: string, path: string, input: object): Promise<{ UUID: string }> => {
  const answer = await fetch(`${engine.info.endpoint}/2015-03-31/event-source-mappings/${path}`, { method, body: JSON.stringify(input) });
  if (!answer.ok) throw new Error(await answer.text());
  return await answer.json() as { UUID: string };
};
const create = (name: string, more: object) => lambda('POST', '', { FunctionName: name, EventSourceArn: `arn:aws:sqs:us-east-1:123456789012:${name}`, ...more });
const matched = async (uuid: string) => {
  const { mappings } = await own<{ mappings: EventSourceMappingSummary[] }>('mappings');
  return mappings.find((mapping) => mapping.uuid === uuid)?.counts.matched ?? 0;
};

const kinesis = async (operation: string, input: object): Promise<void> => {
  const { status } = await post('/', { 'X-Amz-Target': `Kinesis_20131202.${operation}`, 'Content-Type': 'application/x-amz-json-1.1' }, Buffer.from(JSON.stringify(input)));
  if (status !== 200) throw new Error(`${operation} answered ${status}`);
};

async function fillStream(): Promise<void> {
  await kinesis('CreateStream', { StreamName: 'clicks', ShardCount: 4 });
  const data = Buffer.alloc(1024, 'x').toString('base64');
  await throughput(4, messages / 500, () => kinesis('PutRecords', {
    StreamName: 'clicks', Records: Array.from({ length: 500 }, () => ({ Data: data, PartitionKey: String(Math.random()) })),
  }));
}

async function fill(queue: string): Promise<void> {
  const Entries = Array.from({ length: 10 }, (_, index) => ({ Id: String(index), MessageBody: JSON.stringify({ text: 'x'.repeat(100) }) }));
  await throughput(8, messages / 10, async () => {
    const { status } = await sqs('SendMessageBatch', { QueueUrl: urlOf(queue), Entries });
    if (status !== 200) throw new Error(`SendMessageBatch answered ${status}`);
  });
}

/** Messages per second between the first and the last tenth, so that cold starts are not in it. */
async function drainRate(name: string, mapping: object, filled: () => Promise<void> = () => fill(name)): Promise<number> {
  const { UUID } = await create(name, { Enabled: false, ...mapping });
  await filled();
  await lambda('PUT', UUID, { Enabled: true });
  const reach = async (count: number): Promise<{ at: number; count: number }> => {
    for (;;) {
      const now = await matched(UUID);
      if (now >= count) return { at: performance.now(), count: now };
      await delay(5);
    }
  };
  const first = await reach(messages * 0.1);
  const last = await reach(messages * 0.9);
  await reach(messages);
  await lambda('PUT', UUID, { Enabled: false });
  return (last.count - first.count) / ((last.at - first.at) / 1000);
}

try {
  const invoke = () => post('/2015-03-31/functions/Small/invocations', {}, Buffer.from('{}'));
  const invocations = await throughput(5, quick ? 1000 : 4000, invoke);
  const floor = (batch: number) => ({ name: `synchronous, 5 callers, times ${batch}`, value: invocations * batch });
  print({ name: 'SQS to function, batch 10, messages per second', value: await drainRate('Small', {}), unit: '/s', floor: floor(10), promise: { absolute: 8000 } });
  print({
    name: 'SQS to function, batch 100 with a window, messages/s', value: await drainRate('Large', { BatchSize: 100, MaximumBatchingWindowInSeconds: 1 }), unit: '/s', floor: floor(100),
    promise: { absolute: 20_000 },
  });

  await fillStream();
  print({
    name: 'Kinesis to function, 4 shards, 1 KB, batch 100, records/s', unit: '/s', floor: floor(100), promise: { absolute: 20_000 },
    value: await drainRate('Streamed', { EventSourceArn: 'arn:aws:kinesis:us-east-1:123456789012:stream/clicks', StartingPosition: 'TRIM_HORIZON' }, () => Promise.resolve()),
  });

  await create('Idle', {});
  const taken: number[] = [];
  for (let index = 0; index < single; index += 1) {
    const sentAt = Date.now();
    const { MessageId } = JSON.parse((await sqs('SendMessage', { QueueUrl: urlOf('Idle'), MessageBody: '{}' })).body.toString()) as { MessageId: string };
    for (;;) {
      const [fate] = (await own<{ fates: RecordFate[] }>(`why?id=${MessageId}`)).fates;
      if (fate?.fate === 'delivered') {
        const { content } = await own<{ content: { response: string } }>(`execution?id=${fate.executionId ?? ''}`);
        taken.push(Number(content.response) - sentAt);
        break;
      }
      await delay(2);
    }
  }
  print({ name: 'From send to handler, one message, p50', value: distribution(taken).p50, unit: 'ms', promise: { absolute: 15 } });
} finally {
  close();
  await engine.stop();
}
