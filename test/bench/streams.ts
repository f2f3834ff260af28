/** Figures of Kinesis: records of 1 KB put and read in a second, by HTTP/1.1 and by HTTP/2. */
import { connect } from 'node:http2';
import { startEngineProcess } from '../support/engine-process.ts';
import { poster, startEcho } from './floors.ts';
import { print, sequential, throughput } from './measure.ts';

const quick = process.argv.includes('--quick');
const calls = quick ? 500 : 4000;
const batches = quick ? 40 : 200;
const callers = 16;
const data = Buffer.alloc(1024, 120).toString('base64');
const echo = await startEcho();
const engine = await startEngineProcess({ files: { 'template.yaml': 'Resources: {}\n' }, parameters: ['--no-sign'] });
const port = Number(new URL(engine.info.endpoint).port);
const { post, close } = poster(port, callers);
const session = connect(engine.info.endpoint);
const headersOf = (operation: string) => ({ 'x-amz-target': `Kinesis_20131202.${operation}`, 'content-type': 'application/x-amz-json-1.1' });

async function call<T>(operation: string, input: object): Promise<T> {
  const { status, body } = await post('/', headersOf(operation), Buffer.from(JSON.stringify(input)));
  if (status !== 200) throw new Error(`${operation} answered ${status}: ${body.toString()}`);
  return JSON.parse(body.toString()) as T;
}

function overHttp2(operation: string, input: object): Promise<void> {
  return new Promise((resolve, reject) => {
    const stream = session.request({ ':method': 'POST', ':path': '/', ...headersOf(operation) });
    let status = 0;
    stream.on('response', (head) => { status = Number(head[':status']); });
    stream.resume().on('error', reject).on('end', () => (status === 200 ? resolve() : reject(new Error(`${operation} answered ${status}`))));
    stream.end(JSON.stringify(input));
  });
}

try {
  const bare = poster(echo.port);
  const floored = { name: 'HTTP echo', value: (await sequential(calls / 4, calls / 20, () => bare.post('/', {}, Buffer.from(data)))).p50 };
  bare.close();
  await call('CreateStream', { StreamName: 's', ShardCount: 4 });
  let key = 0;
  const record = () => ({ StreamName: 's', PartitionKey: `k${key += 1}`, Data: data });
  print({ name: 'PutRecord of 1 KB, p50', value: (await sequential(calls / 4, calls / 20, () => call('PutRecord', record()))).p50, unit: 'ms', floor: floored });
  print({ name: 'PutRecord of 1 KB over HTTP/2, p50', value: (await sequential(calls / 4, calls / 20, () => overHttp2('PutRecord', record()))).p50, unit: 'ms', floor: floored });
  print({ name: `PutRecord of 1 KB, ${callers} callers`, value: await throughput(callers, calls, () => call('PutRecord', record())), unit: '/s' });
  print({ name: `PutRecord of 1 KB over HTTP/2, ${callers} callers`, value: await throughput(callers, calls, () => overHttp2('PutRecord', record())), unit: '/s' });
  const batch = () => ({ StreamName: 's', Records: Array.from({ length: 500 }, () => ({ PartitionKey: `k${key += 1}`, Data: data })) });
  print({ name: 'PutRecords of 500 × 1 KB, records', value: await throughput(2, batches, () => call('PutRecords', batch())) * 500, unit: '/s' });

  const started = performance.now();
  let read = 0;
  for (const number of [0, 1, 2, 3]) {
    let { ShardIterator } = await call<{ ShardIterator: string }>('GetShardIterator', { StreamName: 's', ShardId: `shardId-00000000000${number}`, ShardIteratorType: 'TRIM_HORIZON' });
    for (;;) {
      const page = await call<{ Records: unknown[]; NextShardIterator: string; MillisBehindLatest: number }>('GetRecords', { ShardIterator, Limit: 1000 });
      read += page.Records.length;
      ShardIterator = page.NextShardIterator;
      if (page.MillisBehindLatest === 0) break;
    }
  }
  print({ name: 'GetRecords of 1 KB, one reader, records', value: read / ((performance.now() - started) / 1000), unit: '/s' });
} finally {
  session.close();
  close();
  await engine.stop();
  await echo.stop();
}
