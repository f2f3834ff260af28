import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';

const folder = new URL('../../../media/samples/', import.meta.url);
const sample = (name: string) => JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')) as { Records: Record<string, never>[] } & Record<string, never>;
const md5 = (text: string) => createHash('md5').update(text).digest('hex');

describe('sample events', () => {
  it('are those that the picker offers', () => {
    const source = readFileSync(new URL('../../../src/ui/event-picker.ts', import.meta.url), 'utf8');
    const offered = [...source.matchAll(/\{ file: '([\w-]+)'/g)].map(({ 1: name }) => `${name}.json`);
    assert.deepEqual(offered.sort(), readdirSync(folder).sort());
  });

  it('SQS: digests are those of body and attributes', () => {
    const [first, second] = sample('sqs').Records as unknown as { body: string; md5OfBody: string; md5OfMessageAttributes?: string; attributes: Record<string, unknown> }[];
    for (const record of [first!, second!]) {
      assert.equal(record.md5OfBody, md5(record.body));
      assert.ok(Object.values(record.attributes).every((value) => typeof value === 'string'));
    }
    assert.match(first!.md5OfMessageAttributes ?? '', /^[0-9a-f]{32}$/);
    assert.equal(second!.md5OfMessageAttributes, undefined);
  });

  it('Kinesis: data is base64, the event id names shard and sequence', () => {
    const [record] = sample('kinesis').Records as unknown as { eventID: string; kinesis: { data: string; sequenceNumber: string } }[];
    assert.equal(typeof (JSON.parse(Buffer.from(record!.kinesis.data, 'base64').toString()) as { orderId: string }).orderId, 'string');
    assert.equal(record!.eventID, `shardId-000000000000:${record!.kinesis.sequenceNumber}`);
    assert.equal(record!.kinesis.sequenceNumber.length, 56);
  });

  it('SNS spells Url as Lambda does', () => {
    const [record] = sample('sns').Records as unknown as { Sns: object }[];
    assert.ok('SigningCertUrl' in record!.Sns && 'UnsubscribeUrl' in record!.Sns);
  });

  it('DynamoDB Streams: numbers are strings, sequence numbers rise, images follow the kind of change', () => {
    const records = sample('dynamodb-stream').Records as unknown as { eventName: string; dynamodb: { NewImage?: object; OldImage?: object; SequenceNumber: string } }[];
    assert.deepEqual(records.map(({ eventName, dynamodb }) => [eventName, 'NewImage' in dynamodb, 'OldImage' in dynamodb]), [
      ['INSERT', true, false], ['MODIFY', true, true], ['REMOVE', false, true],
    ]);
    assert.deepEqual(records.map(({ dynamodb }) => dynamodb.SequenceNumber).toSorted(), records.map(({ dynamodb }) => dynamodb.SequenceNumber));
    assert.match(JSON.stringify(records), /"total":\{"N":"1990"\}/);
  });

  it('EventBridge: version 0, time in whole seconds', () => {
    for (const name of ['eventbridge', 'scheduled']) {
      const event = sample(name) as unknown as { version: string; time: string; resources: string[] };
      assert.equal(event.version, '0');
      assert.match(event.time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      assert.ok(Array.isArray(event.resources));
    }
  });

  it('API Gateway: 1.0 has null for what is absent, 2.0 leaves it out', () => {
    assert.equal((sample('api-gateway-v1') as unknown as { stageVariables: unknown }).stageVariables, null);
    const second = sample('api-gateway-v2') as unknown as Record<string, unknown>;
    assert.equal(second['version'], '2.0');
    assert.ok(!('stageVariables' in second) && !('multiValueHeaders' in second));
  });
});
