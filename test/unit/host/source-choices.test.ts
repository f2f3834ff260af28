import assert from 'node:assert/strict';
import { choiceFor, placeOf } from '../../../src/host/source-choices.ts';
import type { EventSourceChoice } from '../../../src/contracts/settings.ts';

const queue = 'arn:aws:sqs:eu-west-1:111122223333:orders';
const stream = 'arn:aws:kinesis:eu-west-1:111122223333:stream/clicks';
const table = 'arn:aws:dynamodb:eu-west-1:111122223333:table/customers/stream/2026-11-25T00:00:00.000';
const here = { endpoint: 'http://127.0.0.1:4566' };
const label = (arn: string, choices: Record<string, EventSourceChoice>) => placeOf(arn, choices)?.label;

describe('where event sources live, by the setting localLambda.eventSources', () => {
  it('is here, for all that no entry names', () => {
    assert.equal(choiceFor(queue, {}), undefined);
    assert.equal(choiceFor(queue, { order: here, 'orders-dead': here, [stream]: here, 'arn:aws:sqs:us-east-1:*': here }), undefined);
  });

  it('is found by ARN, by name of the queue, stream or table, and by pattern', () => {
    for (const key of [queue, 'orders', 'ord*', '*', 'arn:aws:sqs:*', 'arn:*:orders']) assert.equal(label(queue, { [key]: here }), 'server at http://127.0.0.1:4566', key);
    for (const key of [stream, 'clicks', 'arn:aws:kinesis:*:stream/c*']) assert.ok(label(stream, { [key]: here }), key);
    for (const key of [table, 'customers', '*:table/customers/*']) assert.ok(label(table, { [key]: here }), key);
    assert.ok(label(`${stream}/consumer/mine:1545084650`, { clicks: here }), 'a consumer is of its stream');
  });

  it('takes the ARN before the name, the name before patterns, and the first pattern', () => {
    const ports = (choices: Record<string, number>) => Object.fromEntries(Object.entries(choices).map(([key, port]) => [key, { endpoint: `http://127.0.0.1:${port}` }]));
    assert.equal(label(queue, ports({ '*': 1, orders: 2, [queue]: 3 })), 'server at http://127.0.0.1:3');
    assert.equal(label(queue, ports({ '*': 1, orders: 2 })), 'server at http://127.0.0.1:2');
    assert.equal(label(queue, ports({ 'o*': 1, '*': 2 })), 'server at http://127.0.0.1:1');
  });

  it('takes what looks like an expression for what it is', () => {
    assert.equal(choiceFor('arn:aws:sqs:eu-west-1:1:oxders', { 'o.d*': here }), undefined);
    assert.equal(choiceFor(queue, { constructor: here }), undefined);
    assert.equal(choiceFor('arn:aws:sqs:eu-west-1:1:constructor', {}), undefined);
  });

  it('is AWS only with a profile, and always labelled so', () => {
    assert.deepEqual(placeOf(queue, { orders: { profile: 'dev' } })?.label, 'AWS account of profile dev, eu-west-1');
    const chosen = choiceFor(queue, { orders: { profile: 'dev', region: 'us-west-2' } });
    assert.deepEqual([chosen?.place.kind, chosen?.place.label, chosen?.endpoint], ['aws', 'AWS account of profile dev, us-west-2', undefined]);
    const byUrl = placeOf(queue, { orders: { endpoint: 'https://sqs.eu-west-1.amazonaws.com', profile: 'dev' } });
    assert.deepEqual([byUrl?.kind, byUrl?.label], ['aws', 'AWS at https://sqs.eu-west-1.amazonaws.com, eu-west-1, keys of profile dev']);
  });

  it('is labelled when it is not on this machine', () => {
    assert.equal(label(queue, { orders: { endpoint: 'https://emulator.example.org/' } }), 'server at https://emulator.example.org, not on this machine');
    for (const host of ['localhost', 'queues.localhost', '[::1]', '127.0.0.2']) assert.equal(label(queue, { orders: { endpoint: `http://${host}:1` } }), `server at http://${host}:1`);
    assert.equal(label(queue, { orders: { ...here, profile: 'dev' } }), 'server at http://127.0.0.1:4566, keys of profile dev');
  });

  it('is another place when anything of the choice changes', () => {
    const keys = [here, { ...here, region: 'x-1' }, { ...here, queueUrl: 'http://127.0.0.1:1/q' }, { ...here, profile: 'dev' }, { profile: 'dev' }].map((choice) => placeOf(queue, { orders: choice })?.key);
    assert.equal(new Set(keys).size, keys.length);
    assert.equal(placeOf(queue, { orders: here })?.key, placeOf(queue, { '*': here })?.key);
  });

  it('says what is wrong with an entry, and is nowhere then: never embedded instead', () => {
    const wrong = (choice: unknown, what: RegExp, arn = queue) => {
      const choices = { orders: choice as EventSourceChoice, clicks: choice as EventSourceChoice };
      assert.throws(() => choiceFor(arn, choices), (error: Error) => error.name === 'UserError' && what.test(error.message) && error.message.includes('of localLambda.eventSources'));
      assert.match(label(arn, choices) ?? '', /cannot be followed/);
    };
    wrong({}, /names neither an endpoint .* nor a profile/);
    wrong({ region: 'eu-west-1' }, /neither/);
    wrong('http://127.0.0.1', /is not an object/);
    wrong(null, /is not an object/);
    wrong({ endpoint: 'localhost:4566' }, /for a URL: one looks like http:/);
    wrong({ endpoint: 4566 }, /has something else than a text for endpoint/);
    wrong({ endpoint: '' }, /something else than a text/);
    wrong({ ...here, queueUrl: 'orders' }, /for a URL/);
    wrong({ ...here, streamArn: 'clicks' }, /an ARN begins with arn:/, stream);
    wrong({ ...here, region: 'EU West' }, /needs a region/);
  });
});
