/** The AWS SDK's clients for sources elsewhere, against a server on loopback that answers as a test says. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { kinesisCalls } from '../../src/aws/kinesis-calls.ts';
import { RemoteClient } from '../../src/aws/remote-client.ts';
import { RemoteQueues } from '../../src/aws/remote-queues.ts';
import { RemoteStreams } from '../../src/aws/remote-streams.ts';
import { kinesisClient, sqsClient, type KinesisOperations, type SqsOperations } from '../../src/aws/source-clients.ts';
import { ScaledClock } from '../../src/host/scaled-clock.ts';
import { memoryDocuments } from '../unit/lambda/fakes.ts';

const queue = 'arn:aws:sqs:eu-west-1:111122223333:orders';
const stream = 'arn:aws:kinesis:eu-west-1:111122223333:stream/clicks';

describe('clients for sources elsewhere', function () {
  this.timeout(30_000);
  let server: Server;
  let answer: (target: string, input: Record<string, unknown>, response: ServerResponse) => void;
  let requests: { target: string; request: IncomingMessage; body: string }[];
  let endpoint: string;
  let queues: RemoteQueues;
  let streams: RemoteStreams;
  let clients: { close(): void }[];
  const clock = new ScaledClock(memoryDocuments().collection('clock'));
  const json = (response: ServerResponse, body: object, status = 200) => {
    response.writeHead(status, { 'Content-Type': 'application/x-amz-json-1.0' }).end(JSON.stringify(body));
  };

  beforeEach(async () => {
    requests = [];
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => { body += String(chunk); });
      request.on('end', () => {
        const target = String(request.headers['x-amz-target']).split('.')[1] ?? '';
        requests.push({ target, request, body });
        answer(target, (body.startsWith('{') ? JSON.parse(body) : {}) as Record<string, unknown>, response);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const options = { endpoint, region: 'eu-west-1', credentials: () => Promise.resolve({ accessKeyId: 'key', secretAccessKey: 'secret' }) };
    const sqs = new RemoteClient<SqsOperations>(() => sqsClient(options));
    const kinesis = new RemoteClient<KinesisOperations>(() => kinesisClient(options));
    queues = new RemoteQueues({ client: sqs, clock, accountId: () => '123456789012', newId: () => 'id', changed: () => {} });
    streams = new RemoteStreams(clock, kinesisCalls({ client: kinesis, target: () => ({ StreamName: 'clicks' }) }));
    clients = [queues, sqs, kinesis];
  });
  afterEach(async () => {
    for (const client of clients) client.close();
    server.closeAllConnections();
    await new Promise((resolve) => { server.close(resolve); });
  });

  const receive = () => queues.receive(queue, { maximum: 10, waitMilliseconds: 20_000, signal: new AbortController().signal });

  it('ask the endpoint that was chosen, whatever host a queue\'s URL names, and sign with the keys and region they were given', async () => {
    answer = (target, _input, response) => json(response, target === 'GetQueueUrl' ? { QueueUrl: 'http://sqs.eu-west-1.localhost.example:4566/000000000000/orders' } : {});
    assert.deepEqual(await receive(), []);
    assert.deepEqual(requests.map(({ target }) => target), ['GetQueueUrl', 'ReceiveMessage']);
    const { request, body } = requests[1] as typeof requests[number];
    assert.match(request.headers.authorization ?? '', /Credential=key\/\d{8}\/eu-west-1\/sqs\/aws4_request/);
    assert.equal((JSON.parse(body) as { QueueUrl: string }).QueueUrl, 'http://sqs.eu-west-1.localhost.example:4566/000000000000/orders');
  });

  it('speak HTTP/1.1 to Kinesis, which compatible servers want, and take LATEST\'s time from the server', async () => {
    const date = new Date(Date.now() - 60_000).toUTCString();
    answer = (target, _input, response) => json(response.setHeader('Date', date), target === 'GetShardIterator' ? { ShardIterator: 'i' } : { Records: [], NextShardIterator: 'j', MillisBehindLatest: 0 });
    const { next } = await streams.read(stream, 'shardId-000000000000', { kind: 'latest' }, 1);
    assert.deepEqual(next, { kind: 'timestamp', at: Date.parse(date) });
    assert.equal(requests[0]?.request.httpVersion, '1.1');
  });

  it('a page of HTML with status 502 is no answer of AWS\'s', async () => {
    answer = (_target, _input, response) => response.writeHead(502, { 'Content-Type': 'text/html' }).end('<html>Bad gateway</html>');
    await assert.rejects(receive(), (error: Error & { kind?: string }) => error.name === 'SourceUnavailable' && error.kind === 'other' && /502/.test(error.message));
    await assert.rejects(streams.shards(stream), (error: Error & { kind?: string }) => error.name === 'SourceUnavailable' && error.kind === 'other' && /502/.test(error.message));
  });

  it('a page of HTML with status 200 is none either', async () => {
    answer = (_target, _input, response) => response.writeHead(200, { 'Content-Type': 'text/html' }).end('<html>Welcome</html>');
    await assert.rejects(receive(), { name: 'SourceUnavailable', kind: 'other', code: 'UnreadableAnswer' });
    await assert.rejects(streams.shards(stream), { name: 'SourceUnavailable', kind: 'other', code: 'UnreadableAnswer' });
  });

  it('a message whose digest is wrong is not taken', async () => {
    answer = (target, _input, response) => json(response, target === 'GetQueueUrl' ? { QueueUrl: endpoint } : { Messages: [{ MessageId: 'a', ReceiptHandle: 'h', Body: 'changed', MD5OfBody: 'd41d8cd98f00b204e9800998ecf8427e' }] });
    await assert.rejects(receive(), { name: 'SourceUnavailable', code: 'UnreadableAnswer', message: /checksum/i });
  });

  it('throttling is told after the SDK\'s own attempts, and wrong keys at once', async () => {
    answer = (_target, _input, response) => json(response, { __type: 'com.amazonaws.sqs#ThrottlingException', message: 'Rate exceeded' }, 400);
    await assert.rejects(receive(), { name: 'SourceUnavailable', kind: 'throttled' });
    assert.equal(requests.length, 3);
    answer = (_target, _input, response) => json(response, { __type: 'InvalidClientTokenId', message: 'The security token included in the request is invalid.' }, 403);
    await assert.rejects(receive(), { name: 'SourceUnavailable', kind: 'access' });
    assert.equal(requests.length, 4);
  });

  it('a queue that does not exist is not found, in the JSON protocol\'s name for it', async () => {
    answer = (_target, _input, response) => json(response, { __type: 'com.amazonaws.sqs#QueueDoesNotExist', message: 'The specified queue does not exist.' }, 400);
    await assert.rejects(receive(), { name: 'SourceNotFound', message: 'The specified queue does not exist.' });
  });

  it('a connection that is cut is no answer', async () => {
    answer = (_target, _input, response) => { response.destroy(); };
    await assert.rejects(receive(), { name: 'SourceUnavailable', kind: 'connection' });
  });

  it('close ends a long poll', async () => {
    const polled = Promise.withResolvers<undefined>();
    answer = (target, _input, response) => {
      if (target === 'GetQueueUrl') json(response, { QueueUrl: endpoint });
      else polled.resolve(undefined);
    };
    const poll = receive();
    await polled.promise;
    queues.close();
    await assert.rejects(poll);
  });
});
