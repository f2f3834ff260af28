/** A source elsewhere with the keys of a named profile: signed calls to a second engine that checks them. No call leaves the machine. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { EventSourceMappingSummary } from '../../src/contracts/event-source-mappings.ts';
import { startEngineProcess, type EngineProcess } from '../support/engine-process.ts';

const source = 'Resources:\n  Orders: { Type: AWS::SQS::Queue, Properties: { QueueName: orders } }\n';
const template = `Transform: AWS::Serverless-2016-10-31
Resources:
  Orders: { Type: AWS::SQS::Queue, Properties: { QueueName: orders } }
  Worker:
    Type: AWS::Serverless::Function
    Properties: { FunctionName: worker, CodeUri: code/, Handler: index.handler, Runtime: nodejs24.x, Events: { Orders: { Type: SQS, Properties: { Queue: !GetAtt Orders.Arn } } } }
`;

describe('event sources elsewhere, by a named profile', function () {
  this.timeout(60_000);
  let folder: string;
  let second: EngineProcess;
  let engine: EngineProcess | undefined;
  const before0 = process.env['AWS_SHARED_CREDENTIALS_FILE'];
  const keys = (secret: string) => writeFileSync(join(folder, 'credentials'), `[dev]\naws_access_key_id = ${second.info.accessKeyId}\naws_secret_access_key = ${secret}\n`);

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'local-lambda-by-profile-'));
    process.env['AWS_SHARED_CREDENTIALS_FILE'] = join(folder, 'credentials');
    second = await startEngineProcess({ files: { 'template.yaml': source } });
  });
  after(async () => {
    if (before0 === undefined) delete process.env['AWS_SHARED_CREDENTIALS_FILE'];
    else process.env['AWS_SHARED_CREDENTIALS_FILE'] = before0;
    await Promise.all([engine?.stop(), second.stop()]);
    rmSync(folder, { recursive: true, force: true });
  });

  const mapping = async ({ info }: EngineProcess) => {
    const answer = await fetch(`${info.endpoint}/_local-lambda/mappings`, { headers: { authorization: `Bearer ${info.token}` } });
    return (await answer.json() as { mappings: EventSourceMappingSummary[] }).mappings[0];
  };
  const until = async (of: EngineProcess, what: string, test: (mapping: EventSourceMappingSummary) => boolean) => {
    for (let turn = 0; turn < 1200; turn += 1) {
      const found = await mapping(of);
      if (found && test(found)) return found;
      await delay(25);
    }
    return assert.fail(`${what}\n${of.log()}`);
  };

  it('says that its keys are wrong, and polls by itself once they are mended; no secret is logged', async () => {
    keys('not-the-secret');
    const of = engine = await startEngineProcess({ files: {
      'template.yaml': template, 'code/index.js': 'exports.handler = async () => {};\n',
      '.vscode/settings.json': JSON.stringify({ 'localLambda.eventSources': { orders: { endpoint: second.info.endpoint, profile: 'dev' } } }),
    } });
    const refused = await until(of, 'wrong keys were not told of', ({ problem }) => problem !== undefined);
    assert.equal(refused.lastProcessingResult, 'PROBLEM: Access denied');
    assert.match(refused.problem ?? '', /\(server at http:\/\/127\.0\.0\.1:\d+, keys of profile dev\) cannot be polled: Access was denied: /);
    keys(second.info.secretAccessKey);
    const sqs = new SQSClient({ endpoint: second.info.endpoint, region: second.info.region, credentials: { accessKeyId: second.info.accessKeyId, secretAccessKey: second.info.secretAccessKey } });
    try {
      await sqs.send(new SendMessageCommand({ QueueUrl: `${second.info.endpoint}/123456789012/orders`, MessageBody: 'x' }));
    } finally {
      sqs.destroy();
    }
    const mended = await until(of, 'the message did not come', ({ counts }) => counts.succeeded === 1);
    assert.deepEqual([mended.problem, mended.lastProcessingResult], [undefined, 'OK']);
    assert.ok(!of.log().includes(second.info.secretAccessKey) && !of.log().includes('not-the-secret'));
  });
});
