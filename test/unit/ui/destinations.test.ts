/** The view "Destinations" without VS Code: its nodes, their words, documents and drafts. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { EventInvokeConfigSummary, FunctionSummary } from '../../../src/contracts/lambda-api.ts';
import type { BusSummary, PeekedMessage, QueueSummary, ResourcesSnapshot, TopicSummary } from '../../../src/contracts/resource-views.ts';
import { eventOf, failedBatch } from '../../../src/ui/destinations/dead-letters.ts';
import { ageProblem, readAge, readRetries, resourceNameProblem, retriesProblem } from '../../../src/ui/destinations/names.ts';
import { childrenOf, deadLetterCount, idOf, sections, unqualified, type Node } from '../../../src/ui/destinations/nodes.ts';
import { fieldAt } from '../../../src/ui/pattern-positions.ts';
import { redriveText, type Redriven } from '../../../src/ui/destinations/redrive-words.ts';
import { draftText, messageText, objectText, rawMember, readAttributes, readDraft } from '../../../src/ui/destinations/texts.ts';
import { age, messageTitle, preview, queueDescription, retriesText, ruleDescription, subscriptionDescription, targetText } from '../../../src/ui/destinations/words.ts';

const arn = (service: string, name: string) => `arn:aws:${service}:us-east-1:123456789012:${name}`;

function fn(name: string, more: Partial<FunctionSummary> = {}): FunctionSummary {
  return {
    name, arn: arn('lambda', `function:${name}`), runtime: 'nodejs24.x', handler: 'index.handler', codeFolder: '/', origin: { kind: 'sam' }, description: '',
    timeout: 3, memorySize: 128, environmentNames: [], layers: [], versions: ['$LATEST'], aliases: [], inFlight: 0, queued: 0, eventInvokeConfigs: [],
    recursiveLoop: 'Terminate', changed: [], ...more,
  };
}

function config(more: Partial<EventInvokeConfigSummary>): EventInvokeConfigSummary {
  return { qualifier: '$LATEST', changed: false, ...more };
}

function queue(name: string, more: Partial<QueueSummary> = {}): QueueSummary {
  return { kind: 'queue', name, arn: arn('sqs', name), url: `http://localhost/${name}`, fifo: false, visible: 0, inFlight: 0, delayed: 0, visibilityTimeoutSeconds: 30, sourceArns: [], changed: [], ...more };
}

const topic: TopicSummary = {
  kind: 'topic', name: 'payments', arn: arn('sns', 'payments'), fifo: false, published: 2, lastMessages: [], changed: [],
  subscriptions: [
    { arn: arn('sns', 'payments:1'), protocol: 'sqs', endpoint: arn('sqs', 'large'), rawMessageDelivery: true, filterPolicy: '{"amount":[1]}', filterPolicyScope: 'MessageBody', deadLetterTargetArn: arn('sqs', 'lost'), pending: false, waiting: 0 },
  ],
};
const bus: BusSummary = {
  kind: 'bus', name: 'shop', arn: arn('events', 'event-bus/shop'), changed: [], lastEvents: [],
  rules: [{ name: 'nightly', arn: arn('events', 'rule/shop/nightly'), enabled: true, schedule: 'rate(1 day)', targetArns: [arn('sqs', 'orders')], matched: 3, changed: [] }],
};
const nothing: ResourcesSnapshot = { queues: [], topics: [], buses: [], buckets: [], streams: [], tableStreams: [] };
const something: ResourcesSnapshot = { queues: [queue('orders'), queue('lost', { visible: 2, oldestAgeSeconds: 3 }), queue('dead', { visible: 1, sourceArns: [arn('sqs', 'orders')] })], topics: [topic], buses: [bus], buckets: [], streams: [], tableStreams: [] };

describe('nodes of the Destinations view', () => {
  it('has only sections that hold something', () => {
    assert.deepEqual(sections([fn('A')], nothing), []);
    // The default bus is always there.
    assert.deepEqual(sections([], { ...nothing, buses: [{ ...bus, name: 'default', rules: [] }] }), []);
    const shown = sections([fn('A'), fn('B', { eventInvokeConfigs: [config({ maximumRetryAttempts: 0 })] })], something);
    assert.deepEqual(shown.map(({ section, count }) => [section, count]), [['functions', 1], ['queues', 3], ['topics', 1], ['buses', 1]]);
  });

  const children = (node: Parameters<typeof childrenOf>[0], functions: readonly FunctionSummary[], resources = something) => childrenOf(node, functions, resources);

  it('shows destinations, dead-letter queue and retries of a function, and marks targets that are not here', () => {
    const charge = fn('Charge', {
      deadLetterTargetArn: arn('sqs', 'gone'), changed: ['DeadLetterConfig'],
      eventInvokeConfigs: [config({ onSuccess: arn('lambda', 'function:Ship:live'), onFailure: arn('sqs', 'lost'), maximumRetryAttempts: 1, changed: true })],
    });
    const found = children({ kind: 'owner', fn: charge, expanded: true }, [charge, fn('Ship')]);
    assert.deepEqual(found.map((node) => (node.kind === 'destination' ? [node.destination, node.exists, node.changed] : [node.kind])),
      [['OnSuccess', true, true], ['OnFailure', true, true], ['retries'], ['DeadLetterQueue', false, true]]);
  });

  it('groups by qualifier when there is more than $LATEST', () => {
    const live = fn('Live', { eventInvokeConfigs: [config({ qualifier: 'live', onFailure: arn('sqs', 'lost') })] });
    const [group] = children({ kind: 'owner', fn: live, expanded: true }, [live]);
    assert.equal(group?.kind, 'qualifier');
    assert.deepEqual(children(group as Extract<Node, { kind: 'qualifier' }>, [live]).map(({ kind }) => kind), ['destination']);
  });

  it('keeps what was removed over the template, so that it can be reset', () => {
    const removed = fn('Removed', { deadLetterTargetArn: '', changed: ['DeadLetterConfig'], eventInvokeConfigs: [config({ changed: true })] });
    assert.equal(sections([removed], nothing).length, 1);
    assert.deepEqual(children({ kind: 'owner', fn: removed, expanded: true }, [removed]).map((node) => [node.kind, 'targetArn' in node && node.targetArn]), [['retries', false], ['destination', '']]);
  });

  it('knows queues where failures end, of functions, queues and subscriptions, and counts their messages', () => {
    const charge = fn('Charge', { eventInvokeConfigs: [config({ onFailure: arn('sqs', 'orders') })] });
    assert.equal(deadLetterCount([], something), 3);
    assert.equal(deadLetterCount([charge], { ...something, queues: [...something.queues.slice(1), queue('orders', { visible: 4, inFlight: 1 })] }), 8);
    const queues = children({ kind: 'section', section: 'queues', count: 3 }, [charge]);
    assert.deepEqual(queues.map((node) => node.kind === 'queue' && [node.queue.name, node.deadLetters]), [['dead', true], ['lost', true], ['orders', true]]);
  });

  it('gives every node an id of its own', () => {
    const functions = [fn('Charge', { deadLetterTargetArn: arn('sqs', 'lost'), eventInvokeConfigs: [config({ onSuccess: arn('sqs', 'lost'), onFailure: arn('sqs', 'lost'), maximumRetryAttempts: 1 })] })];
    const all: Node[] = sections(functions, something);
    for (const node of all) {
      if (node.kind === 'section' || node.kind === 'owner' || node.kind === 'topic' || node.kind === 'bus' || node.kind === 'rule') all.push(...children(node, functions));
    }
    assert.equal(new Set(all.map(idOf)).size, all.length);
    assert.ok(all.length > 15);
  });

  it('drops version and alias of a function only', () => {
    assert.equal(unqualified(arn('lambda', 'function:Ship:live')), arn('lambda', 'function:Ship'));
    assert.equal(unqualified(arn('sqs', 'a')), arn('sqs', 'a'));
  });
});

describe('words of the Destinations view', () => {
  it('tell depth, flight, delay and age of a queue', () => {
    assert.equal(queueDescription(queue('q')), 'empty');
    assert.equal(queueDescription(queue('q', { visible: 1, oldestAgeSeconds: 90 })), '1 message · oldest 1 min');
    assert.equal(queueDescription(queue('q', { visible: 12_000, inFlight: 2, delayed: 1, oldestAgeSeconds: 2 }), 60_000), '12,000 messages · 2 in flight · 1 delayed · oldest 1 min');
    assert.equal(queueDescription(queue('q', { inFlight: 3 })), '3 in flight');
    assert.deepEqual([1000, 59_000, 3_600_000, 200_000_000].map(age), ['just now', '59 s', '1 h', '2 days']);
  });

  it('tell rules, subscriptions, retries and targets', () => {
    assert.equal(ruleDescription(bus.rules[0]!), 'rate(1 day) · matched 3');
    assert.equal(ruleDescription({ ...bus.rules[0]!, enabled: false, nextRun: 1, problem: 'x' }), 'disabled · cannot work · rate(1 day) · matched 3');
    assert.equal(subscriptionDescription(topic.subscriptions[0]!), 'sqs · filter on body · raw');
    assert.equal(subscriptionDescription({ ...topic.subscriptions[0]!, hint: 'x' }), 'sqs · filter on body · raw · AWS would deny it');
    assert.equal(retriesText({}), '2 retries · at most 6 h old');
    assert.equal(retriesText({ maximumRetryAttempts: 1, maximumEventAgeInSeconds: 90 }), '1 retry · at most 1 min 30 s old');
    assert.equal(targetText(arn('events', 'event-bus/shop')), 'shop (EventBridge)');
  });

  it('title messages by what they are', () => {
    const record = JSON.stringify({ version: '1.0', requestContext: { requestId: 'x', functionArn: arn('lambda', 'function:Charge:$LATEST'), condition: 'RetriesExhausted' }, responsePayload: { errorType: 'Declined' } });
    assert.equal(messageTitle(record), 'Charge: RetriesExhausted, Declined');
    assert.equal(messageTitle(JSON.stringify({ Type: 'Notification', Message: record })), 'Charge: RetriesExhausted, Declined');
    assert.equal(messageTitle(JSON.stringify({ Type: 'Notification', Subject: 'Hello', Message: '{}' })), 'Hello');
    assert.equal(messageTitle(JSON.stringify({ 'detail-type': 'Order Placed', source: 'shop' })), 'Order Placed (shop)');
    assert.equal(messageTitle('plain\n text'), 'plain text');
    assert.equal(messageTitle('{"unfinished'), '{"unfinished');
    assert.equal(messageTitle('null'), 'null');
    assert.equal(preview(''), '(empty)');
    assert.equal(preview('x'.repeat(100)).length, 61);
  });
});

describe('texts of resources', () => {
  const message: PeekedMessage = { messageId: 'm', body: '{"big":90071992547409919,"a":1.0}', sentAt: 0, state: 'visible', receiveCount: 2, attributes: { SenderId: 'x' }, messageAttributes: {} };

  it('show a message with its body first, every number as it was written', () => {
    assert.match(messageText(message), /^\{\n {2}"Body": \{\n {4}"big": 90071992547409919,\n {4}"a": 1\.0\n/);
    assert.match(messageText({ ...message, body: 'not "json"' }), /"Body": "not \\"json\\""/);
    assert.equal((JSON.parse(messageText({ ...message, causedBy: 'e' })) as Record<string, unknown>).CausedBy, 'e');
    assert.equal(objectText('plain'), 'plain');
  });

  it('of any message are JSON', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (body) => {
      const read = JSON.parse(messageText({ ...message, body })) as { Body: unknown };
      let wanted: unknown = body;
      try {
        if (/^\s*[[{]/.test(body)) wanted = JSON.parse(body);
      } catch {
        // Text it is.
      }
      assert.deepEqual(read.Body, wanted);
    }));
  });

  it('of drafts are JSON that can be sent as it stands', () => {
    const target = { url: 'http://q', arn: 'arn', busName: 'shop', unique: 'u' };
    assert.deepEqual(readDraft('message', draftText('message', {}), target), { service: 'sqs', operation: 'SendMessage', input: { QueueUrl: 'http://q', MessageBody: '{\n    "hello": "world"\n  }', DelaySeconds: 0 } });
    assert.deepEqual(readDraft('publish', draftText('publish', { fifo: true }, '"text"'), { ...target, fifo: true }),
      { service: 'sns', operation: 'Publish', input: { TopicArn: 'arn', Message: 'text', MessageGroupId: 'group-1', MessageDeduplicationId: 'u' } });
    assert.deepEqual(readDraft('event', draftText('event', {}, '[1]'), target).input,
      { Entries: [{ Source: 'my.application', DetailType: 'Something Happened', Detail: '[\n    1\n  ]', Resources: [], EventBusName: 'shop' }] });
  });

  it('of drafts keep numbers beyond 2^53 and give attributes their types', () => {
    const { input } = readDraft('message', '{"MessageBody": {"id": 90071992547409919}, "MessageAttributes": {"n": 1.5, "s": "x", "a": [1], "b": {"DataType":"Binary","BinaryValue":"AA=="}}}', { url: 'u', unique: '' });
    assert.equal(input.MessageBody, '{"id": 90071992547409919}');
    assert.deepEqual(input.MessageAttributes, {
      n: { DataType: 'Number', StringValue: '1.5' }, s: { DataType: 'String', StringValue: 'x' }, a: { DataType: 'String.Array', StringValue: '[1]' }, b: { DataType: 'Binary', BinaryValue: 'AA==' },
    });
    assert.throws(() => readAttributes({ x: true }), /"x" is a string, a number/);
  });

  it('of drafts that cannot be sent say why', () => {
    assert.throws(() => readDraft('message', '{', { unique: '' }), /not JSON yet/);
    assert.throws(() => readDraft('message', '[]', { unique: '' }), /not a JSON object/);
    assert.throws(() => readDraft('message', '{}', { unique: '' }), /needs a "MessageBody"/);
    assert.throws(() => readDraft('publish', '{}', { unique: '' }), /needs a "Message"/);
    assert.throws(() => readDraft('event', '{}', { unique: '' }), /needs a "Detail"/);
  });

  it('find a member exactly as it was written, whatever stands around it', () => {
    assert.equal(rawMember('{"a": {"b": 1}, "b": [1, "}", {"b": 2}] , "c": 3}', 'b'), '[1, "}", {"b": 2}]');
    assert.equal(rawMember('{"x":"\\"b\\":1","b":-1.0e5}', 'b'), '-1.0e5');
    assert.equal(rawMember('{"a":1}', 'b'), undefined);
    fc.assert(fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.jsonValue(), (around, value) => {
      const text = JSON.stringify({ ...around, wanted: value });
      assert.deepEqual(JSON.parse(rawMember(text, 'wanted') ?? ''), JSON.parse(JSON.stringify(value)));
    }));
  });
});

describe('dead letters', () => {
  const dead = (body: string, attributes: PeekedMessage['messageAttributes'] = {}): PeekedMessage => ({ messageId: 'm', body, sentAt: 0, state: 'visible', receiveCount: 0, attributes: {}, messageAttributes: attributes });
  const requestId = { RequestID: { DataType: 'String', StringValue: 'x' } };

  it('of a destination name their function and hold its event as it was', () => {
    const record = `{"version":"1.0","requestContext":{"functionArn":"${arn('lambda', 'function:Charge:live')}"},"requestPayload":{"id":90071992547409919}}`;
    assert.deepEqual(eventOf(dead(record), []), { functionName: 'Charge', qualifier: 'live', payload: '{"id":90071992547409919}' });
    assert.deepEqual(eventOf(dead(record.replace(':live', ':$LATEST')), ['Other']), { functionName: 'Charge', payload: '{"id":90071992547409919}' });
  });

  it('of a dead-letter queue are the event, of the only function whose queue it is', () => {
    assert.deepEqual(eventOf(dead('{"a":1}', requestId), ['Charge']), { functionName: 'Charge', payload: '{"a":1}' });
    assert.equal(eventOf(dead('{"a":1}', requestId), ['Charge', 'Ship']), undefined);
    assert.equal(eventOf(dead('{"a":1}'), ['Charge']), undefined);
  });
});

describe('names and limits as typed', () => {
  it('follow AWS', () => {
    for (const [kind, name] of [['queue', 'orders'], ['queue', 'orders.fifo'], ['topic', 'a_b-1'], ['bus', 'com.shop/1'.replace('/', '-')]] as const) assert.equal(resourceNameProblem(kind, name, []), undefined, name);
    for (const [kind, name] of [['queue', ''], ['queue', 'a b'], ['queue', 'x'.repeat(81)], ['topic', 'a.b'], ['bus', 'aws.mine'], ['bus', 'a/b']] as const) assert.ok(resourceNameProblem(kind, name, []), name);
    assert.match(resourceNameProblem('queue', 'taken', ['taken']) ?? '', /already/);
  });

  it('retries are 0 to 2, ages 60 to 21600 seconds', () => {
    assert.deepEqual(['0', '1', ' 2 ', '3', '-1', ''].map(readRetries), [0, 1, 2, undefined, undefined, undefined]);
    assert.deepEqual(['60', '21600', '5 min', '6 h', '59', '21601', '7 h', 'soon', ''].map(readAge), [60, 21_600, 300, 21_600, undefined, undefined, undefined, undefined, undefined]);
    assert.match(retriesProblem('3') ?? '', /0, 1 or 2/);
    assert.match(ageProblem('59') ?? '', /60 to 21600/);
  });
});

describe('places in a pattern', () => {
  it('are found by path, through $or and names with dots', () => {
    const text = '{ "source": ["a"], "detail": { "x.y": ["b"], "$or": [{ "z": ["c"] }, { "w": [1] }] } }';
    const at = (path: string) => {
      const place = fieldAt(text, path);
      return place && text.slice(place.offset, place.offset + place.length);
    };
    assert.deepEqual(['source', 'detail.x.y', 'detail.z', 'detail.w', 'detail', 'missing'].map(at), ['["a"]', '["b"]', '["c"]', '[1]', undefined, undefined]);
  });
});

describe('batches that streams\' mappings gave up', () => {
  const record = { requestContext: { requestId: 'e1', functionArn: arn('lambda', 'function:Charge') }, KinesisBatchInfo: { shardId: 'shardId-000000000000' } };

  it('are known by their record, with the execution that had them last', () => {
    assert.deepEqual(failedBatch(JSON.stringify(record)), { executionId: 'e1' });
    const { KinesisBatchInfo: _, ...rest } = record;
    assert.deepEqual(failedBatch(JSON.stringify({ ...rest, DDBStreamBatchInfo: {} })), { executionId: 'e1' });
    for (const body of ['', '{}', 'KinesisBatchInfo', '"KinesisBatchInfo":', JSON.stringify(rest), JSON.stringify({ KinesisBatchInfo: {} })]) assert.equal(failedBatch(body), undefined);
  });

  it('make a queue one of dead letters', () => {
    assert.equal(deadLetterCount([], { ...something, queues: [queue('batches', { visible: 2 })] }, [arn('sqs', 'batches')]), 2);
    const [node] = childrenOf({ kind: 'section', section: 'queues', count: 1 }, [], { ...nothing, queues: [queue('batches')] }, [arn('sqs', 'batches')]);
    assert.ok(node?.kind === 'queue' && node.deadLetters);
  });

  const redriven = (more: Partial<Redriven>): Redriven => ({ queueName: 'failures', owners: [], events: 0, batches: [], strangers: 0, failures: [], ...more });
  const batch = (more: Partial<Redriven['batches'][number]> = {}) => ({ executionId: 'e2', functionName: 'Charge', records: 1, failed: 0, ...more });

  it('are told of when they are redriven', () => {
    assert.equal(redriveText(redriven({ batches: [batch()] })), '1 batch of failures (1 record) was read from the stream again, and Charge succeeded.');
    assert.equal(redriveText(redriven({ batches: [batch({ records: 10 }), batch({ failed: 1 })], failures: ['Charge failed again with it. The function failed: Error.'], strangers: 2 })),
      '1 batch of failures (10 records) was read from the stream again, and Charge succeeded. 1 message stayed: Charge failed again with it. The function failed: Error. 2 messages stayed: they hold no event of a function, or somebody is receiving them.');
    assert.equal(redriveText(redriven({ failures: ['gone', 'gone', 'a', 'b', 'c'] })), 'Nothing of failures could be sent back. 5 messages stayed: gone a b …');
    assert.equal(redriveText(redriven({ events: 2, owners: ['Charge'] })), '2 events of failures went back to Charge.');
  });
});
