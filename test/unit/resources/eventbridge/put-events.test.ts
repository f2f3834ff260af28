import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { totalLimit } from '../../../../src/resources/eventbridge/put-events.ts';
import { account, busArn, Fixture, functionArn, queueArn, role } from './fixture.ts';

const recordings = new URL('../../../../../shared/data/aws-recorded-shapes/eventbridge.json', import.meta.url);

describe('EventBridge: PutEvents', () => {
  let aws: Fixture;
  beforeEach(() => { aws = new Fixture(); });
  afterEach(() => { aws.close(); });

  function watch(): void {
    aws.queue('q');
    aws.rule('r');
    aws.target('r', { Arn: queueArn('q') });
  }

  it('an event has AWS\'s keys in AWS\'s order, its time in whole seconds, no white space (as recorded)', () => {
    watch();
    aws.clock.time += 1999;
    const { EventId } = aws.put({ Detail: '{"command": "update-account",\n "payload": {"acc_id": "0a787ecb-4015", "sf_id": "b a\\"z"}}', Resources: ['arn:aws:s3:::b'] });
    assert.deepEqual(aws.bodies('q'), [
      `{"version":"0","id":"${EventId}","detail-type":"Order Placed","source":"shop","account":"${account}","time":"2026-11-24T12:00:01Z","region":"us-east-1",`
      + '"resources":["arn:aws:s3:::b"],"detail":{"command":"update-account","payload":{"acc_id":"0a787ecb-4015","sf_id":"b a\\"z"}}}',
    ]);
  });

  it('has the keys of the recorded events', function compare() {
    if (!existsSync(recordings)) this.skip();
    watch();
    aws.put();
    const ours = Object.keys(JSON.parse(aws.bodies('q')[0] ?? '') as object);
    const recorded = (JSON.parse(readFileSync(recordings, 'utf8')) as { source: string; event: object }[]).find(({ source }) => source.includes('test_put_events_time'));
    assert.deepEqual(ours, Object.keys(recorded?.event ?? {}));
  });

  it('a detail keeps the spelling of its numbers and its duplicate keys', () => {
    watch();
    aws.put({ Detail: '{"big": 12345678901234567890, "one": 1.0, "a": 1, "a": 2}' });
    assert.match(aws.bodies('q')[0] ?? '', /"detail":\{"big":12345678901234567890,"one":1\.0,"a":1,"a":2\}\}$/);
  });

  it('a given time is taken, as epoch seconds or ISO 8601', () => {
    watch();
    aws.put({ Time: 1_735_689_600.5 });
    aws.put({ Time: '2025-01-02T00:00:00Z' });
    assert.deepEqual(aws.bodies('q').map((body) => (JSON.parse(body) as { time: string }).time), ['2025-01-01T00:00:00Z', '2025-01-02T00:00:00Z']);
    assert.match(aws.refusal('PutEvents', { Entries: [{ Time: 'yesterday' }] }), /^SerializationException/);
  });

  it('entries that lack something fail one by one, in AWS\'s words', () => {
    watch();
    const entry = { Source: 'shop', DetailType: 't', Detail: '{}' };
    assert.deepEqual(aws.call('PutEvents', { Entries: [
      { ...entry, Source: undefined }, { ...entry, DetailType: undefined }, { ...entry, Detail: undefined }, entry,
      { ...entry, Detail: 'text' }, { ...entry, Detail: '[1]' }, { ...entry, Detail: '{"a":' }, { ...entry, Detail: '"{}"' }, { ...entry, Source: 'aws.s3' },
    ] }), {
      FailedEntryCount: 8,
      Entries: [
        { ErrorCode: 'InvalidArgument', ErrorMessage: 'Parameter Source is not valid. Reason: Source is a required argument.' },
        { ErrorCode: 'InvalidArgument', ErrorMessage: 'Parameter DetailType is not valid. Reason: DetailType is a required argument.' },
        { ErrorCode: 'InvalidArgument', ErrorMessage: 'Parameter Detail is not valid. Reason: Detail is a required argument.' },
        { EventId: (JSON.parse(aws.bodies('q')[0] ?? '') as { id: string }).id },
        ...[1, 2, 3, 4].map(() => ({ ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' })),
        { ErrorCode: 'NotAuthorizedForSourceException', ErrorMessage: 'Not authorized for the source.' },
      ],
    });
  });

  it('at most ten entries, said as AWS says it', () => {
    const entry = { Source: 's', DetailType: 't', Detail: '{}', EventBusName: 'b' };
    const shown = 'PutEventsRequestEntry(time=null, source=s, resources=null, detailType=t, detail={}, eventBusName=b, traceHeader=null, kmsKeyIdentifier=null, internalMetadata=null)';
    assert.equal(aws.refusal('PutEvents', { Entries: Array.from({ length: 11 }, () => entry) }),
      `ValidationException: 1 validation error detected: Value '[${Array.from({ length: 11 }, () => shown).join(', ')}]' at 'entries' failed to satisfy constraint: Member must have length less than or equal to 10`);
    assert.match(aws.refusal('PutEvents', { Entries: [] }), /Value '\[\]' at 'entries' failed to satisfy constraint: Member must have length greater than or equal to 1$/);
    assert.match(aws.refusal('PutEvents'), /Value null at 'entries' failed to satisfy constraint: Member must not be null$/);
  });

  it('at most 1 MB of entries: source, detail type, detail, resources and 14 bytes for a time', () => {
    const fits = { Source: 'shop', DetailType: 't', Detail: JSON.stringify({ x: 'x'.repeat(totalLimit - 4 - 1 - 8 - 14) }), Time: 1 };
    assert.equal(aws.call<{ FailedEntryCount: number }>('PutEvents', { Entries: [fits] }).FailedEntryCount, 0);
    assert.equal(aws.refusal('PutEvents', { Entries: [{ ...fits, Resources: ['a'] }] }), 'ValidationException: Total size of the entries in the request is over the limit.');
    assert.equal(aws.refusal('PutEvents', { Entries: [{ ...fits, DetailType: 'é' }] }), 'ValidationException: Total size of the entries in the request is over the limit.');
  });

  it('an event for a bus that does not exist is taken and goes nowhere (as recorded)', () => {
    watch();
    assert.ok(aws.put({ EventBusName: 'nobody' }).EventId);
    assert.equal(aws.messages('q').length, 0);
  });

  it('goes to the bus of its name or ARN only', () => {
    aws.queue('orders');
    watch();
    aws.bus();
    aws.rule('r', { EventBusName: 'orders' });
    aws.target('r', { Arn: queueArn('orders') }, { EventBusName: 'orders' });
    aws.put({ EventBusName: busArn('orders') });
    assert.deepEqual([aws.messages('q').length, aws.messages('orders').length], [0, 1]);
    aws.put();
    assert.deepEqual([aws.messages('q').length, aws.messages('orders').length], [1, 0]);
  });

  it('all entries and their deliveries commit together or not at all', () => {
    watch();
    aws.queueError = Object.assign(new Error('disk I/O error'), { code: 'ERR_SQLITE_ERROR' });
    assert.throws(() => aws.put(), /disk I\/O error/);
    assert.equal(aws.summary().lastEvents.length, 0);
    assert.equal(aws.summary().rules[0]?.matched, 0);
    aws.queueError = undefined;
    aws.put();
    assert.equal(aws.summary().lastEvents.length, 1);
  });

  it('carries the trace of its entry, else of its call', () => {
    watch();
    aws.put({ TraceHeader: 'Root=1-5759e988-bd862e3fe1be46a994272793' }, { traceHeader: 'Root=1-00000000-000000000000000000000000' });
    aws.put({}, { traceHeader: 'Root=1-00000000-000000000000000000000000' });
    assert.deepEqual(aws.messages('q').map(({ traceHeader }) => traceHeader), ['Root=1-5759e988-bd862e3fe1be46a994272793', 'Root=1-00000000-000000000000000000000000']);
  });

  it('every rule that matches delivers, each target once', () => {
    aws.queue('q');
    const fn = aws.fn('f');
    const topic = aws.topic('t');
    aws.rule('a');
    aws.rule('b', { EventPattern: '{"detail":{"id":[1]}}' });
    aws.rule('c', { EventPattern: '{"detail":{"id":[2]}}' });
    for (const rule of ['a', 'b', 'c']) aws.target(rule, { Arn: queueArn('q') });
    aws.call('PutTargets', { Rule: 'a', Targets: [{ Id: 'f', Arn: fn }, { Id: 't', Arn: topic }] });
    const { EventId } = aws.put({}, { traceHeader: 'Root=1-5759e988-bd862e3fe1be46a994272793' });
    assert.equal(aws.bodies('q').length, 2);
    assert.equal(aws.invocations.length, 1);
    const [invocation] = aws.invocations;
    assert.deepEqual({ ...invocation, payload: (JSON.parse(invocation?.payload ?? '') as { id: string }).id }, {
      functionArn: functionArn('f'), payload: EventId, source: 'eventbridge', traceHeader: 'Root=1-5759e988-bd862e3fe1be46a994272793',
    });
    assert.equal(aws.topics.get(topic)?.[0]?.message, invocation?.payload);
    assert.equal(aws.topics.get(topic)?.[0]?.subject, undefined);
  });

  it('the port takes any source, and refuses a bus that is not there', () => {
    aws.queue('q');
    aws.bus();
    aws.rule('r', { EventBusName: 'orders', EventPattern: '{"source":["lambda"]}' });
    aws.target('r', { Arn: queueArn('q') }, { EventBusName: 'orders' });
    const event = { source: 'lambda', detailType: 'Lambda Function Invocation Result - Success', detail: '{"version":"1.0"}', resources: [busArn('orders'), `${functionArn('f')}:$LATEST`], traceHeader: 't' };
    const { eventId } = aws.service.put(busArn('orders'), event);
    const [message] = aws.messages('q');
    assert.equal(message?.traceHeader, 't');
    assert.deepEqual(JSON.parse(message?.body ?? ''), {
      version: '0', id: eventId, 'detail-type': event.detailType, source: 'lambda', account, time: '2026-11-24T12:00:00Z', region: 'us-east-1',
      resources: event.resources, detail: { version: '1.0' },
    });
    assert.throws(() => aws.service.put(busArn('nobody'), event), { name: 'ResourceNotFoundException', message: 'Event bus nobody does not exist.' });
    assert.throws(() => aws.service.put('arn:aws:events:eu-west-1:123456789012:event-bus/orders', event), { name: 'ResourceNotFoundException' });
  });

  it('an event may go on to another bus, with its id, but not to a third one: loops end', () => {
    aws.queue('q');
    for (const bus of ['b', 'c']) aws.bus(bus);
    aws.rule('to-b');
    aws.target('to-b', { Arn: busArn('b'), RoleArn: role });
    aws.rule('to-c', { EventBusName: 'b' });
    aws.call('PutTargets', { Rule: 'to-c', EventBusName: 'b', Targets: [{ Id: 'c', Arn: busArn('c'), RoleArn: role }, { Id: 'back', Arn: busArn('default'), RoleArn: role }, { Id: 'q', Arn: queueArn('q') }] });
    const { EventId } = aws.put();
    assert.equal((JSON.parse(aws.bodies('q')[0] ?? '') as { id: string }).id, EventId);
    assert.deepEqual(aws.summary('b').lastEvents[0]?.deliveries.map(({ targetId, status }) => [targetId, status]), [['c', 'failed'], ['back', 'failed'], ['q', 'delivered']]);
    assert.equal(aws.summary('c').lastEvents.length, 0);
    assert.equal(aws.summary().lastEvents.length, 1);
  });
});
