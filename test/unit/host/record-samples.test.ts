/** Records to try filters with: what filters kept away, what waits, what functions had, as functions get them. */
import assert from 'node:assert/strict';
import { embeddedSources } from '../../../src/host/embedded-sources.ts';
import { recordSamples } from '../../../src/host/record-samples.ts';
import { dynamodbEvents } from '../../../src/sources/dynamodb.ts';
import { kinesisEvents } from '../../../src/sources/kinesis.ts';
import { sqsEvents } from '../../../src/sources/sqs.ts';
import { Mappings, queueArn } from '../lambda/mapping-harness.ts';

describe('samples of a source', () => {
  it('of a queue: filtered out, waiting, handled; each once, in the shape of the event, and nothing is received', async () => {
    const of = new Mappings().start();
    try {
      const url = of.queues.create('q');
      const uuid = await of.create({ EventSourceArn: queueArn('q'), FilterCriteria: { Filters: [{ Pattern: '{"body":{"kind":["parcel"]}}' }] } });
      const handled = of.queues.send(url, '{"kind":"parcel"}').MessageId;
      const filtered = of.queues.send(url, '{"kind":"letter"}').MessageId;
      await of.clock.pass(100);
      of.lambda.service.mappings.pause(uuid);
      await of.clock.pass(100);
      const waiting = of.queues.send(url, 'plain', { MessageAttributes: { colour: { DataType: 'String', StringValue: 'red' } } }).MessageId;
      const parts = {
        hosts: { queues: of.queues.sqs }, embedded: embeddedSources({ queues: () => of.queues.sqs.source }), isElsewhere: (arn: string) => arn === queueArn('elsewhere'), mappings: of.lambda.service.mappings, history: of.lambda.history,
        shapes: { sqs: sqsEvents, kinesis: kinesisEvents, dynamodb: dynamodbEvents },
      };
      const samples = await recordSamples({ sourceArn: queueArn('q'), limit: 10 }, parts);
      assert.deepEqual(samples.map(({ id, from }) => [id, from]), [[filtered, 'filtered'], [waiting, 'source'], [handled, 'handled']]);
      const record = JSON.parse(samples[1]?.json ?? '') as { body: string; messageAttributes: unknown; eventSourceARN: string };
      assert.deepEqual([record.body, record.messageAttributes, record.eventSourceARN], ['plain', { colour: { stringValue: 'red', stringListValues: [], binaryListValues: [], dataType: 'String' } }, queueArn('q')]);
      assert.deepEqual(of.queues.counts(url), [1, 0, 0]);
      assert.equal((await recordSamples({ sourceArn: queueArn('q'), limit: 1 }, parts)).length, 1);
      of.queues.send(of.queues.create('elsewhere'), 'not looked at');
      assert.deepEqual(await recordSamples({ sourceArn: queueArn('elsewhere'), limit: 10 }, parts), []);
      assert.deepEqual(await recordSamples({ sourceArn: queueArn('unknown'), limit: 10 }, parts), []);
    } finally {
      await of.close();
    }
  });
});
