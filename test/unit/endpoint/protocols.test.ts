import assert from 'node:assert/strict';
import { Fixture } from './fixtures.ts';

const scoped = (service: string) =>
  `AWS4-HMAC-SHA256 Credential=AKIAANY/20261124/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=00`;

describe('services that are not here', () => {
  let fixture: Fixture;
  before(async () => { fixture = await Fixture.start({ requireSignatures: () => true }); });
  after(() => fixture.stop());

  it('answers JSON services in their own error shape, naming service and action', async () => {
    const reply = await fixture.send('/', { method: 'POST', body: '{}', headers: {
      'x-amz-target': 'AmazonSQS.SendMessage', 'content-type': 'application/x-amz-json-1.0', authorization: scoped('sqs'),
    } });
    assert.equal(reply.status, 400);
    assert.equal(reply.headers['content-type'], 'application/x-amz-json-1.0');
    assert.equal(reply.headers['x-amzn-query-error'], 'UnknownOperationException;Sender');
    assert.deepEqual(reply.json, {
      __type: 'UnknownOperationException',
      message: 'Local Lambda does not have SQS: SendMessage was refused here, and nothing was sent to AWS.',
    });
  });

  it('answers JSON 1.1 in its version, and a service it has no name for by its own', async () => {
    const reply = await fixture.send('/', { method: 'POST', body: '{}', headers: {
      'x-amz-target': 'Oddity_20300101.DoIt', 'content-type': 'application/x-amz-json-1.1', authorization: scoped('oddity'),
    } });
    assert.equal(reply.headers['content-type'], 'application/x-amz-json-1.1');
    assert.match(String(reply.json.message), /^Local Lambda does not have oddity: DoIt /);
    const unsigned = await fixture.send('/', { method: 'POST', body: '{}', headers: { 'x-amz-target': 'DynamoDB_20120810.GetItem' } });
    assert.match(String(unsigned.json.message), /^Local Lambda does not have DynamoDB: GetItem /);
  });

  it('answers Query services in XML, with the action from the body or the query', async () => {
    const body = await fixture.send('/', { method: 'POST', body: 'Action=Publish&Version=2010-03-31&Message=%3Ca%3E', headers: {
      'content-type': 'application/x-www-form-urlencoded; charset=utf-8', authorization: scoped('sns'),
    } });
    assert.equal(body.status, 400);
    assert.equal(body.headers['content-type'], 'text/xml');
    assert.match(body.text, /^<\?xml version="1\.0" encoding="UTF-8"\?>\n<ErrorResponse><Error><Type>Sender<\/Type><Code>InvalidAction<\/Code><Message>Local Lambda does not have SNS: Publish was refused here, and nothing was sent to AWS\.<\/Message><\/Error><RequestId>[0-9a-f-]{36}<\/RequestId><\/ErrorResponse>$/);
    const query = await fixture.send('/?Version=2011-06-15&Action=GetCallerIdentity');
    assert.match(query.text, /does not have STS: GetCallerIdentity /);
    const unsigned = await fixture.send('/', { method: 'POST', body: 'Action=ListQueues&Version=2012-11-05', headers: { 'content-type': 'application/x-www-form-urlencoded' } });
    assert.match(unsigned.text, /does not have SQS: ListQueues /);
  });

  it('knows a Query request by a queue URL, and curl by a path of Lambda', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const body = 'Action=SendMessage&Version=2012-11-05';
    assert.match((await fixture.send('/123456789012/orders', { method: 'POST', body, headers: { ...headers, authorization: scoped('sqs') } })).text, /<Code>InvalidAction<\/Code><Message>Local Lambda does not have SQS: SendMessage /);
    assert.match((await fixture.send('/123456789012/orders', { method: 'POST', body, headers })).text, /does not have SQS: SendMessage /);
    const unsigned = await Fixture.start();
    assert.equal((await unsigned.invoke('{"a":1}', headers)).text, '{"a":1}');
    await unsigned.stop();
  });

  it('escapes what it repeats in XML', async () => {
    const reply = await fixture.send('/?Action=%3Cscript%3E%26%22%00&Version=2010-03-31');
    assert.match(reply.text, /SNS: &lt;script&gt;&amp;&quot;\ufffd was/);
  });

  it('answers a Query body without action, or far too large, all the same', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded', authorization: scoped('ec2') };
    assert.match((await fixture.send('/', { method: 'POST', body: '', headers })).text, /<Response><Errors><Error><Code>InvalidAction<\/Code><Message>Local Lambda does not have EC2: POST \/ was/);
    assert.match((await fixture.send('/', { method: 'POST', body: Buffer.alloc(300_000), headers })).text, /InvalidAction/);
  });

  it('answers S3 as S3 does', async () => {
    const reply = await fixture.send('/bucket/key?x-id=GetObject', { headers: { authorization: scoped('s3') } });
    assert.equal(reply.status, 501);
    assert.match(reply.text, /<Error><Code>NotImplemented<\/Code><Message>Local Lambda does not have S3: GET \/bucket\/key was refused/);
  });

  it('answers REST JSON services by method and path, also when the scope is in the query', async () => {
    const reply = await fixture.send('/schedules/nightly', { headers: { authorization: scoped('scheduler') } });
    assert.deepEqual([reply.status, reply.headers['x-amzn-errortype']], [404, 'UnknownOperationException']);
    assert.deepEqual(reply.json, { message: 'Local Lambda does not have EventBridge Scheduler: GET /schedules/nightly was refused here, and nothing was sent to AWS.' });
    const presigned = await fixture.send('/2015-02-01/file-systems?X-Amz-Credential=AKIA%2F20261124%2Fus-east-1%2Felasticfilesystem%2Faws4_request');
    assert.match(presigned.text, /does not have elasticfilesystem/);
  });

  it('answers CBOR services in CBOR', async () => {
    const reply = await fixture.send('/service/GraniteServiceVersion20100801/operation/PutMetricData', { method: 'POST', body: Buffer.from([0xa0]), headers: {
      'smithy-protocol': 'rpc-v2-cbor', 'content-type': 'application/cbor', authorization: scoped('monitoring'),
    } });
    assert.equal(reply.headers['smithy-protocol'], 'rpc-v2-cbor');
    const { cbor } = await import('@smithy/core/cbor') as unknown as { cbor: { deserialize(bytes: Uint8Array): unknown } };
    assert.deepEqual(cbor.deserialize(reply.body), {
      __type: 'UnknownOperationException',
      message: 'Local Lambda does not have CloudWatch: PutMetricData was refused here, and nothing was sent to AWS.',
    });
  });

  it('never asks Lambda', () => {
    assert.deepEqual([fixture.lambda.calls, fixture.lambda.invocations], [[], []]);
  });
});
