import assert from 'node:assert/strict';
import { busArn, Fixture, functionArn, queueArn, role, ruleArn, topicArn } from './fixture.ts';

describe('EventBridge: targets', () => {
  let aws: Fixture;
  beforeEach(() => { aws = new Fixture(); aws.rule('r'); });
  afterEach(() => { aws.close(); });
  const put = (...Targets: object[]) => aws.refusal('PutTargets', { Rule: 'r', Targets });
  const sqs = { Id: 'a', Arn: queueArn('q') };

  it('five at most for a rule', () => {
    const targets = ['1', '2', '3', '4', '5', '6'].map((Id) => ({ ...sqs, Id }));
    assert.equal(put(...targets), 'LimitExceededException: The requested resource exceeds the maximum number allowed.');
    assert.deepEqual(aws.call('PutTargets', { Rule: 'r', Targets: targets.slice(1) }), { FailedEntryCount: 0, FailedEntries: [] });
    assert.equal(put(targets[0] as object), 'LimitExceededException: The requested resource exceeds the maximum number allowed.');
    aws.call('PutTargets', { Rule: 'r', Targets: [{ ...sqs, Id: '2', Input: '1' }] });
    assert.equal(aws.call<{ Targets: object[] }>('ListTargetsByRule', { Rule: 'r' }).Targets.length, 5);
  });

  it('ids are checked (as recorded), and differ (measured)', () => {
    assert.equal(put({ ...sqs, Id: '!@#$@!#$' }), "ValidationException: 1 validation error detected: Value '!@#$@!#$' at 'targets.1.member.id' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\.\\-_A-Za-z0-9]+");
    assert.equal(put({ ...sqs, Id: 'x'.repeat(65) }), `ValidationException: 1 validation error detected: Value '${'x'.repeat(65)}' at 'targets.1.member.id' failed to satisfy constraint: Member must have length less than or equal to 64`);
    assert.equal(put(sqs, sqs), "ValidationException: Parameter targets is not valid. Reason: More than one target with Id 'a' is provided.");
  });

  it('ARNs are of services that take events, with a role where AWS wants one (measured)', () => {
    assert.equal(put({ Id: 'a', Arn: 'not-an-arn' }), 'ValidationException: Parameter not-an-arn is not valid. Reason: Provided Arn is not in correct format.');
    assert.equal(put({ Id: 'a', Arn: 'arn:aws:s3:::b' }), 'ValidationException: s3 is not a supported service for a target.');
    assert.equal(put({ Id: 'a', Arn: busArn('b') }), `ValidationException: RoleArn is required for target ${busArn('b')}.`);
    assert.equal(put({ Id: 'a', Arn: queueArn('q.fifo') }), 'ValidationException: Parameter(s) SqsParameters must be specified for target: a.');
  });

  it('one of Input, InputPath and InputTransformer at most (as recorded)', () => {
    assert.equal(put({ ...sqs, InputPath: '$.detail', InputTransformer: { InputTemplate: '"x"' } }), 'ValidationException: Only one of Input, InputPath, or InputTransformer must be provided for target a.');
  });

  it('inputs are checked (measured)', () => {
    assert.equal(put({ ...sqs, Input: 'word' }), 'ValidationException: JSON syntax error in input for target a.');
    for (const InputPath of ['detail', "$.detail['key']", '$.a b']) assert.equal(put({ ...sqs, InputPath }), 'ValidationException: InputPath for target a is invalid.');
    const transformer = (InputTemplate: string, InputPathsMap?: object) => put({ ...sqs, InputTransformer: { InputTemplate, ...(InputPathsMap ? { InputPathsMap } : {}) } });
    assert.equal(transformer('"x"', { a: 'detail' }), 'ValidationException: InputPath for target a is invalid.');
    assert.equal(transformer('"with <notdefinedkey>"', { a: '$.detail' }), 'ValidationException: InputTemplate for target a contains invalid placeholder notdefinedkey.');
    for (const template of ['[<aws.events.event.json>]', '"<aws.events.event.json>"']) {
      assert.equal(transformer(template), 'ValidationException: InputTemplate for target a contains placeholder aws.events.event.json valid only for JSON template.');
    }
    assert.match(transformer('{"a": <a>', { a: '$.detail' }), /^ValidationException: Invalid InputTemplate for target a : \[Source: \(String\)"\{"a": <a>"; line: 1, column: \d+\]\.$/);
    assert.match(transformer('no quotes <a>', { a: '$.detail' }), /^ValidationException: Invalid InputTemplate for target a/);
    assert.match(transformer('"x"', { 'aws.events.rule-name': '$.x' }), /Value '\{aws\.events\.rule-name=\$\.x\}' at 'targets\.1\.member\.inputTransformer\.inputPathsMap' failed to satisfy constraint: Map keys must satisfy constraint: \[/);
    const many = Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`k${index}`, '$.x']));
    assert.match(transformer('"x"', many), /Member must have length less than or equal to 100$/);
  });

  it('dead-letter queues are standard queues, retries within bounds (measured)', () => {
    assert.equal(put({ ...sqs, DeadLetterConfig: { Arn: topicArn('t') } }), 'ValidationException: sns is not supported as a dead letter resource.');
    assert.equal(put({ ...sqs, DeadLetterConfig: { Arn: queueArn('q.fifo') } }), 'ValidationException: SQS FIFO is not supported by Dead Letter Queues.');
    assert.match(put({ ...sqs, RetryPolicy: { MaximumRetryAttempts: 186, MaximumEventAgeInSeconds: 59 } }), /^ValidationException: 2 validation errors detected: Value '186' .* less than or equal to 185; Value '59' .* greater than or equal to 60$/);
  });

  it('are listed as they were put', () => {
    const target = { ...sqs, InputPath: '$.detail', RetryPolicy: { MaximumRetryAttempts: 2 }, DeadLetterConfig: { Arn: queueArn('d') } };
    aws.call('PutTargets', { Rule: 'r', Targets: [target] });
    assert.deepEqual(aws.call('ListTargetsByRule', { Rule: 'r' }), { Targets: [target] });
  });
});

describe('EventBridge: deliveries', () => {
  let aws: Fixture;
  beforeEach(() => { aws = new Fixture(); aws.rule('r'); });
  afterEach(() => { aws.close(); });
  const delivery = () => aws.summary().lastEvents[0]?.deliveries[0];

  it('a FIFO queue gets its group and no deduplication id, a standard queue neither', () => {
    aws.queue('q.fifo');
    aws.queue('q');
    aws.call('PutTargets', { Rule: 'r', Targets: [
      { Id: 'f', Arn: queueArn('q.fifo'), SqsParameters: { MessageGroupId: 'g' } }, { Id: 's', Arn: queueArn('q'), SqsParameters: { MessageGroupId: 'g' } },
    ] });
    aws.put();
    const [fifo] = aws.messages('q.fifo');
    assert.deepEqual([fifo?.groupId, fifo?.deduplicationId], ['g', undefined]);
    assert.equal(aws.messages('q')[0]?.groupId, undefined);
  });

  it('a target that does not exist: the event goes to the dead-letter queue with AWS\'s attributes', () => {
    aws.queue('dead');
    aws.target('r', { Arn: functionArn('gone'), InputPath: '$.detail', DeadLetterConfig: { Arn: queueArn('dead') } });
    const { EventId } = aws.put({}, { traceHeader: 't' });
    const [letter] = aws.messages('dead');
    assert.equal((JSON.parse(letter?.body ?? '') as { id: string }).id, EventId, 'the event itself, not what the target would have got');
    assert.equal(letter?.traceHeader, 't');
    assert.deepEqual(letter?.attributes, Object.fromEntries(Object.entries({
      RULE_ARN: ruleArn('r'), TARGET_ARN: functionArn('gone'), ERROR_CODE: 'NO_RESOURCE', ERROR_MESSAGE: `Function not found: ${functionArn('gone')}`, RETRY_ATTEMPTS: '0',
    }).map(([name, StringValue]) => [name, { DataType: 'String', StringValue }])));
    assert.deepEqual(delivery(), { rule: 'r', targetId: 'one', targetArn: functionArn('gone'), status: 'dead-lettered', error: `Function not found: ${functionArn('gone')}` });
  });

  it('queues, topics and buses that do not exist are NO_RESOURCE, too', () => {
    aws.queue('dead');
    const DeadLetterConfig = { Arn: queueArn('dead') };
    aws.call('PutTargets', { Rule: 'r', Targets: [queueArn('gone'), topicArn('gone'), busArn('gone')].map((Arn, index) => ({ Id: String(index), Arn, DeadLetterConfig, RoleArn: role })) });
    aws.put();
    assert.deepEqual(aws.messages('dead').map(({ attributes }) => attributes?.['ERROR_CODE']?.StringValue), ['NO_RESOURCE', 'NO_RESOURCE', 'NO_RESOURCE']);
  });

  it('without a dead-letter queue, or when that refuses too, the failed delivery is on record', () => {
    aws.target('r', { Arn: queueArn('gone') });
    aws.put();
    assert.deepEqual(delivery(), { rule: 'r', targetId: 'one', targetArn: queueArn('gone'), status: 'failed', error: 'The specified queue does not exist.' });
    aws.target('r', { Arn: queueArn('gone'), DeadLetterConfig: { Arn: queueArn('gone-too') } });
    aws.put();
    assert.deepEqual([delivery()?.status, delivery()?.error], ['failed', `The specified queue does not exist. Its dead-letter queue ${queueArn('gone-too')} did not take it either: The specified queue does not exist.`]);
  });

  it('a service that is not here is said by name, and leaves no dead letter', () => {
    aws.queue('dead');
    aws.target('r', { Arn: 'arn:aws:states:us-east-1:123456789012:stateMachine:m', RoleArn: role, DeadLetterConfig: { Arn: queueArn('dead') } });
    aws.put();
    assert.equal(delivery()?.error, 'Local Lambda does not deliver events to states, only to Lambda, SQS, SNS and event buses.');
    assert.equal(aws.messages('dead').length, 0);
  });

  it('one target that fails holds up no other', () => {
    aws.queue('q');
    aws.call('PutTargets', { Rule: 'r', Targets: [{ Id: '1', Arn: queueArn('gone') }, { Id: '2', Arn: queueArn('q') }] });
    aws.put();
    assert.equal(aws.messages('q').length, 1);
  });
});

describe('EventBridge: why did nothing happen', () => {
  let aws: Fixture;
  beforeEach(() => { aws = new Fixture(); });
  afterEach(() => { aws.close(); });

  it('the last events of a bus are kept with the rules they matched, at most 20', () => {
    aws.rule('r');
    aws.put({ Source: 'other' });
    for (let index = 0; index < 21; index += 1) aws.put({ Detail: `{"id":${index}}` });
    const { lastEvents, rules } = aws.summary();
    assert.equal(lastEvents.length, 20);
    assert.equal(rules[0]?.matched, 21);
    assert.deepEqual({ ...lastEvents[0], id: '' }, { id: '', time: '2026-11-24T12:00:00Z', source: 'shop', detailType: 'Order Placed', matchedRules: ['r'], deliveries: [] });
    aws.restart();
    assert.deepEqual(aws.summary().lastEvents, lastEvents);
  });

  it('and why the other rules did not match, field by field', () => {
    aws.rule('by-total', { EventPattern: '{"source":["shop"],"detail":{"total":[{"numeric":[">",100]}],"state":["paid"]}}' });
    aws.rule('off', { State: 'DISABLED' });
    aws.rule('idle');
    aws.call('PutRule', { Name: 'timed', ScheduleExpression: 'rate(1 day)' });
    const { EventId = '' } = aws.put({ Detail: '{"total":50}' });
    const { event, rules } = aws.service.explain(busArn('default'), EventId);
    assert.equal((JSON.parse(event ?? '') as { id: string }).id, EventId);
    const of = (name: string) => rules.find((rule) => rule.name === name);
    assert.equal(of('by-total')?.matched, false);
    assert.deepEqual(of('by-total')?.reasons.toSorted(), [
      'No value at detail.total is one that the pattern asks for. The pattern has [{"numeric":[">",100]}] and the event 50.',
      'The event has no value at detail.state. The pattern has ["paid"].',
    ]);
    assert.deepEqual(of('off')?.reasons, ['It is disabled.']);
    assert.deepEqual(of('idle')?.reasons, ['It matches, but has no target.']);
    assert.deepEqual(of('timed')?.reasons, ['It runs by its schedule only: it has no event pattern.']);
    assert.throws(() => aws.service.explain(busArn('default'), 'gone'), { name: 'UserError' });
  });

  it('an event that is too large to be kept says so', () => {
    aws.rule('r');
    const { EventId = '' } = aws.put({ Detail: JSON.stringify({ x: 'x'.repeat(300_000) }) });
    assert.deepEqual(aws.service.explain(busArn('default'), EventId), { rules: [{ name: 'r', matched: true, reasons: ['The event was too large to be kept with its contents.'] }] });
  });
});
